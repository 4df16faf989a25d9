//! The code in the subject of a message that a link of ours prepared: whoever sends it back has held our letter.
//!
//! `extend [WEL-1047-K] rd01087c031f3a9c0d5e7b2846`. It names letter, link and last day, and a keyed code binds these to one case,
//! one landlord and one address: sent by anybody else, or about another case, it proves nothing. Letters and digits only,
//! in one word, so that no mail program breaks it, and in any case, for telephones put capitals where they like.

use std::str;

use jiff::ToSpan as _;
use jiff::civil::{Date, date};

use super::message_id::{CODE_BYTES, MessageKey};
use crate::domain::case::LetterNo;
use crate::domain::reference::Reference;

/// Days a link may be used: the longest time from a letter to the act it asks for is a stage 2 response that was extended,
/// 40 working days (6.14, 6.15).
const DAYS: i32 = 60;

/// Begins every code, so that no other system's is taken for one.
const MARK: &str = "rd";
/// Hexadecimal digits of link, last day, and at least one byte of letter number; then those of the keyed code.
const NAMED_MIN: usize = 2 + 4 + 2;
const CODE_DIGITS: usize = 2 * CODE_BYTES;

/// Last days are written as days since this one.
const EPOCH: Date = date(2020, 1, 1);

/// What a link's code says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// The letter that the link stands in, by its number within the case.
    pub letter: LetterNo,
    /// The link within the letter, from 0.
    pub link: u8,
    /// The last day it may be used, in Europe/London.
    pub expires: Date,
}

/// Why a code proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenFault {
    /// We never gave it to this address for this case.
    Forged,
    /// It is ours; this was its last day.
    Expired(Date),
}

impl Token {
    /// Of a link in a letter that is written on `written`.
    pub fn new(letter: LetterNo, link: u8, written: Date) -> Token {
        Token { letter, link, expires: written.saturating_add(DAYS.days()) }
    }

    /// As it stands in a code, in hexadecimal.
    fn named(&self) -> String {
        let days = self.expires.duration_since(EPOCH).as_hours() / 24;
        let day = u16::try_from(days.max(0)).unwrap_or(u16::MAX);
        let digits = if self.letter <= 0xff { 2 } else { 8 };
        format!("{:02x}{day:04x}{:0digits$x}", self.link, self.letter)
    }

    fn of(named: &str) -> Option<Token> {
        let (link, rest) = named.split_at_checked(2)?;
        let (day, letter) = rest.split_at_checked(4)?;
        let days = u16::from_str_radix(day, 16).ok()?;
        Some(Token {
            letter: LetterNo::from_str_radix(letter, 16).ok()?,
            link: u8::from_str_radix(link, 16).ok()?,
            expires: EPOCH.saturating_add(i64::from(days).days()),
        })
    }
}

/// The code of a link for the reader at `address`.
pub fn token(token: &Token, reference: &Reference, landlord_key: &str, address: &str, key: &MessageKey) -> String {
    let named = token.named();
    let code = key.link_code(&bound(&named, reference, landlord_key, address)).into_bytes();
    format!("{MARK}{named}{}", hex::encode(&code[..CODE_BYTES]))
}

/// The word of `subject` that looks like a code of ours.
pub fn find(subject: &str) -> Option<&str> {
    subject.split(|c: char| !c.is_ascii_alphanumeric()).find(|word| parts(word).is_some())
}

/// What `text` says, when we wrote it for the reader at `address`, for this case, and `today` (Europe/London) is no later than
/// its last day.
///
/// # Errors
///
/// [`TokenFault`]: a code of another case, landlord or person is as forged as one made up.
pub fn prove(
    text: &str,
    reference: &Reference,
    landlord_key: &str,
    address: &str,
    today: Date,
    key: &MessageKey,
) -> Result<Token, TokenFault> {
    let (named, code) = parts(text.trim()).ok_or(TokenFault::Forged)?;
    let bound = bound(&named, reference, landlord_key, address);
    if !key.is_link_code(&bound, &code) {
        return Err(TokenFault::Forged);
    }
    let token = Token::of(&named).ok_or(TokenFault::Forged)?;
    if today > token.expires { Err(TokenFault::Expired(token.expires)) } else { Ok(token) }
}

/// What a code names, in lower case, and the keyed code behind it.
fn parts(word: &str) -> Option<(String, Vec<u8>)> {
    let word = word.to_ascii_lowercase();
    let digits = word.strip_prefix(MARK)?;
    let (named, code) = digits.split_at_checked(digits.len().checked_sub(CODE_DIGITS)?)?;
    let shaped = named.len() >= NAMED_MIN && named.bytes().all(|byte| byte.is_ascii_hexdigit());
    Some((named.to_owned(), hex::decode(code).ok()?)).filter(|_| shaped && Token::of(named).is_some())
}

/// All that the keyed code is made over: none of it can hold a NUL, so that nothing can be moved from one to the next.
fn bound(named: &str, reference: &Reference, landlord_key: &str, address: &str) -> String {
    format!("{named}\0{reference}\0{landlord_key}\0{address}").to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: MessageKey = MessageKey::new([7; 32]);
    const WRITTEN: Date = date(2026, 12, 1);
    const LAST: Date = date(2027, 1, 30);
    const SAM: &str = "sam@homes.example";

    fn case() -> Reference {
        Reference::new("WEL", 1047)
    }

    fn extend() -> String {
        token(&Token::new(3, 1, WRITTEN), &case(), "wellington", SAM, &KEY)
    }

    fn proved(text: &str, today: Date) -> Result<Token, TokenFault> {
        prove(text, &case(), "wellington", SAM, today, &KEY)
    }

    #[test]
    fn a_code_proves_itself_until_its_last_day_however_it_comes_back() {
        let ours = Ok(Token { letter: 3, link: 1, expires: LAST });
        for subject in [
            format!("extend [{}] {}", case(), extend()),
            format!("Re: EXTEND [{}] {}", case(), extend().to_uppercase()),
            format!("Fwd: {}. {} extend", extend(), case()),
            format!("{} extend ({})", case(), extend()),
        ] {
            let found = find(&subject).unwrap_or_else(|| panic!("{subject}"));
            assert_eq!(proved(found, WRITTEN), ours, "{subject}");
            assert_eq!(proved(found, LAST), ours, "{subject}");
            assert_eq!(Reference::find_in(&subject), [case()], "{subject}");
        }
        assert_eq!(proved(&extend(), date(2027, 1, 31)), Err(TokenFault::Expired(LAST)));
    }

    #[test]
    fn the_code_of_another_person_case_landlord_or_key_proves_nothing() {
        let code = extend();
        let other_case = Reference::new("WEL", 1048);
        for (reference, landlord, address, key) in [
            (&other_case, "wellington", SAM, KEY),
            (&case(), "other", SAM, KEY),
            (&case(), "wellington", "ben@homes.example", KEY),
            (&case(), "wellington", SAM, MessageKey::new([8; 32])),
        ] {
            let found = prove(&code, reference, landlord, address, WRITTEN, &key);
            assert_eq!(found, Err(TokenFault::Forged), "{reference} {landlord} {address}");
        }
        assert!(prove(&code, &case(), "wellington", "Sam@Homes.example", WRITTEN, &KEY).is_ok());
    }

    #[test]
    fn nobody_can_make_one_up_or_let_one_last_longer() {
        let code = extend();
        for at in MARK.len()..code.len() {
            let digit = if &code[at..=at] == "0" { "1" } else { "0" };
            let forged = format!("{}{digit}{}", &code[..at], &code[at + 1..]);
            assert_eq!(proved(&forged, WRITTEN), Err(TokenFault::Forged), "{forged}");
        }
        let short = &code[..code.len() - 2];
        for forged in ["", "rd", "rdé", short, &format!("{code}00"), &code[MARK.len()..], &"rd".repeat(9_000)] {
            assert_eq!(proved(forged, WRITTEN), Err(TokenFault::Forged), "{forged:.40}");
        }
        // A Message-ID's code is made under another label.
        let id = super::super::message_id(&case(), 3, &KEY, "homes.example");
        let stolen = id.split('@').next().and_then(|local| local.rsplit_once('.')).map(|(_, code)| code);
        assert_ne!(stolen, Some(&code[code.len() - CODE_DIGITS..]));
    }

    #[test]
    fn an_ordinary_subject_holds_no_code() {
        for subject in [
            "",
            "Re: the lift [WEL-1047-K]",
            "rd",
            "rd2026",
            "RD Engineering, 40 Road",
            "9f86d081884c7d659a2feaa0c55ad015",
            "rd9f86d081884c7d659a2feaa0c55ad015zz",
            "rd9f86d081884c7d659a2feaa0c55ad0151234567890",
            "rdé9f86d081884c7d659a2feaa0c55ad015",
        ] {
            assert_eq!(find(subject), None, "{subject}");
        }
    }

    #[test]
    fn every_letter_link_and_day_comes_back() {
        for (letter, link, written) in
            [(0, 0, date(2020, 1, 1)), (255, 255, WRITTEN), (256, 9, WRITTEN), (LetterNo::MAX, 0, date(2199, 1, 1))]
        {
            let made = Token::new(letter, link, written);
            assert_eq!(Token::of(&made.named()), Some(made));
        }
    }
}
