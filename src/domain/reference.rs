//! Case references: short, speakable on the telephone, unique across landlords, with a check letter.
//!
//! `WEL-1047-K`: the landlord's prefix, a number, and a letter worked out from both, so that a mistyped reference is
//! noticed instead of finding somebody else's case. I, O and U are never used: they are heard and read as 1, 0 and V.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Check letters; 23 of them, a prime, so that every single slip and every swap of neighbours changes the sum.
const CHECK: &[u8; 23] = b"ABCDEFGHJKLMNPQRSTVWXYZ";

/// The first case of a landlord: four digits from the start, so that the length says nothing.
pub const FIRST_NUMBER: i64 = 1001;

/// Prefixes and numbers longer than this are no reference of ours.
const PREFIX_MAX: usize = 4;
const DIGITS_MAX: usize = 9;

/// A case's name in letters, listings and on the telephone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Reference {
    prefix: String,
    number: i64,
}

impl Reference {
    /// The reference of a landlord's case. `prefix` was checked by the configuration.
    pub fn new(prefix: &str, number: i64) -> Reference {
        Reference { prefix: prefix.to_ascii_uppercase(), number }
    }

    /// Finds every valid reference in running text, as people and phones write it: any case, with spaces, dashes of any
    /// kind or nothing between the parts, in brackets or not.
    pub fn find_in(text: &str) -> Vec<Reference> {
        let mut found = Vec::new();
        for word in candidates(text) {
            if let Ok(reference) = word.parse::<Reference>()
                && !found.contains(&reference)
            {
                found.push(reference);
            }
        }
        found
    }

    fn check_letter(&self) -> char {
        let sum: i64 = self
            .prefix
            .bytes()
            .map(|letter| i64::from(letter - b'A' + 1))
            .chain(self.number.to_string().bytes().map(|digit| i64::from(digit - b'0')))
            .rev()
            .zip(2..)
            .map(|(value, weight)| value * weight)
            .sum();
        char::from(CHECK[(sum % 23) as usize])
    }
}

/// Maximal runs of `letters gap digits gap letter`, without the gaps.
fn candidates(text: &str) -> impl Iterator<Item = String> {
    let chars: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let mut start = 0;
    while start < chars.len() {
        let at_word_start = start == 0 || !chars[start - 1].is_alphanumeric();
        if at_word_start && chars[start].is_ascii_alphabetic() {
            found.extend(candidate_at(&chars[start..]));
        }
        start += 1;
    }
    found.into_iter()
}

fn candidate_at(chars: &[char]) -> Option<String> {
    let gap = |c: &char| matches!(c, '-' | ' ' | '\u{a0}' | '_' | '.' | '/') || ('\u{2010}'..='\u{2015}').contains(c);
    let mut word = String::new();
    let mut rest = chars.iter().copied().peekable();
    while word.len() <= PREFIX_MAX && rest.peek().is_some_and(char::is_ascii_alphabetic) {
        word.extend(rest.next());
    }
    let skip_gap = |rest: &mut std::iter::Peekable<_>| {
        for _ in 0..3 {
            rest.next_if(gap);
        }
    };
    skip_gap(&mut rest);
    let digits_from = word.len();
    while word.len() - digits_from <= DIGITS_MAX && rest.peek().is_some_and(char::is_ascii_digit) {
        word.extend(rest.next());
    }
    skip_gap(&mut rest);
    word.extend(rest.next().filter(char::is_ascii_alphabetic)?.to_uppercase());
    let ends_here = !rest.peek().is_some_and(|next| next.is_alphanumeric());
    ends_here.then_some(word)
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.prefix, self.number, self.check_letter())
    }
}

/// Why a word is no reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAReference {
    #[error("a case reference looks like WEL-1047-K")]
    Shape,
    #[error("this reference has a slip in it: its last letter does not fit the rest. Please check it")]
    Check,
}

impl FromStr for Reference {
    type Err = NotAReference;

    fn from_str(text: &str) -> Result<Reference, NotAReference> {
        let plain: String = text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase();
        let digits_at = plain.find(|c: char| c.is_ascii_digit()).ok_or(NotAReference::Shape)?;
        let (prefix, rest) = plain.split_at(digits_at);
        let (digits, check) = rest.split_at(rest.len() - 1);
        let shaped = (2..=PREFIX_MAX).contains(&prefix.len())
            && (1..=DIGITS_MAX).contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit());
        if !shaped || !check.bytes().all(|b| b.is_ascii_uppercase()) {
            return Err(NotAReference::Shape);
        }
        let reference = Reference::new(prefix, digits.parse().map_err(|_| NotAReference::Shape)?);
        if check.starts_with(reference.check_letter()) { Ok(reference) } else { Err(NotAReference::Check) }
    }
}

impl From<Reference> for String {
    fn from(reference: Reference) -> String {
        reference.to_string()
    }
}

impl TryFrom<String> for Reference {
    type Error = NotAReference;

    fn try_from(text: String) -> Result<Reference, NotAReference> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_read_as_people_and_phones_write_it() {
        let reference = Reference::new("WEL", 1047);
        let check = reference.check_letter();
        for written in [
            format!("WEL-1047-{check}"),
            format!("wel 1047 {check}"),
            format!("Wel1047{}", check.to_lowercase()),
            format!("WEL\u{2013}1047\u{2013}{check}"),
            format!("[WEL-1047-{check}]"),
        ] {
            assert_eq!(written.parse(), Ok(reference.clone()), "{written}");
            let found = Reference::find_in(&format!("Re: your case {written}: more"));
            assert_eq!(found, std::slice::from_ref(&reference), "{written}");
        }
    }

    #[test]
    fn every_single_slip_and_every_swap_of_neighbours_is_noticed() {
        for number in [1001, 1047, 2990, 98765] {
            let right = Reference::new("EKR", number).to_string();
            for at in 4..right.len() - 2 {
                for digit in b'0'..=b'9' {
                    let mut wrong = right.clone().into_bytes();
                    wrong[at] = digit;
                    let wrong = String::from_utf8(wrong).unwrap();
                    assert!(wrong == right || wrong.parse::<Reference>().is_err(), "{wrong} for {right}");
                }
                let mut swapped = right.clone().into_bytes();
                swapped.swap(at, at - 1);
                let swapped = String::from_utf8(swapped).unwrap();
                let same = swapped.replace('-', "") == right.replace('-', "");
                assert!(same || swapped.parse::<Reference>().is_err(), "{swapped} for {right}");
            }
        }
    }

    #[test]
    fn ordinary_words_and_numbers_are_no_reference() {
        for text in ["", "flat 22 B", "SW1A 1AA", "repair 20418", "W1 2 C", "-", "é1"] {
            assert_eq!(Reference::find_in(text), [], "{text:?}");
        }
    }
}
