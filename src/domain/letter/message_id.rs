//! Message-IDs that say which letter of which case they name, and prove that they are ours.
//!
//! `wel-1047-k.3.9f86d081884c7d65@homes.example`: reference, letter, and 64 bits of an HMAC-SHA256 over both. Replies and
//! delivery reports carry it back. Whoever can show one has held one of our letters; nobody can make one up. A list of open
//! cases belongs to none of them: its Message-ID names the list, the landlord, the day and the reader instead.

use std::fmt;

use hmac::digest::CtOutput;
use hmac::{Hmac, KeyInit, Mac};
use jiff::civil::Date;
use sha2::{Digest as _, Sha256};

use crate::domain::case::LetterNo;
use crate::domain::reference::Reference;

/// Bytes of the code kept: short enough for a header line, too long to guess by sending mail.
pub(super) const CODE_BYTES: usize = 8;
/// Bytes kept of the digest of a reader's address.
const READER_BYTES: usize = 8;

// What a code is for goes into it: the code of one thing is none of another. Each ends with a NUL, so none begins another.
const LETTERS: &[u8] = b"redress message-id\0";
const NOTICES: &[u8] = b"redress notice-id\0";
const LINKS: &[u8] = b"redress link\0";

/// The secret behind our Message-IDs. Change it, and answers to letters sent before are no longer recognised by it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct MessageKey([u8; 32]);

impl MessageKey {
    pub const fn new(secret: [u8; 32]) -> MessageKey {
        MessageKey(secret)
    }

    fn code(&self, purpose: &[u8], text: &str) -> Hmac<Sha256> {
        let mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        mac.chain_update(purpose).chain_update(text)
    }

    /// `local` with its code behind it.
    fn sign(&self, purpose: &[u8], local: &str, domain: &str) -> String {
        let code = self.code(purpose, local).finalize().into_bytes();
        format!("{local}.{}@{domain}", hex::encode(&code[..CODE_BYTES]))
    }

    /// What the code in `message_id` was made over, in lower case, when it is ours. Mail systems on the way may have changed
    /// case, or left the angle brackets on; the domain does not count, for a landlord may move.
    fn signed(&self, purpose: &[u8], message_id: &str) -> Option<String> {
        let id = message_id.trim().trim_start_matches('<').trim_end_matches('>').to_ascii_lowercase();
        let (local, _domain) = id.split_once('@')?;
        let (named, code) = local.rsplit_once('.')?;
        self.is_code(purpose, named, &hex::decode(code).ok()?).then(|| named.to_owned())
    }

    /// In constant time: the time of a comparison must not help anybody guess.
    fn is_code(&self, purpose: &[u8], text: &str, code: &[u8]) -> bool {
        code.len() == CODE_BYTES && self.code(purpose, text).verify_truncated_left(code).is_ok()
    }

    /// The code of a link over `bound`; its first [`CODE_BYTES`] are kept.
    pub(super) fn link_code(&self, bound: &str) -> CtOutput<Hmac<Sha256>> {
        self.code(LINKS, bound).finalize()
    }

    pub(super) fn is_link_code(&self, bound: &str, code: &[u8]) -> bool {
        self.is_code(LINKS, bound, code)
    }
}

impl fmt::Debug for MessageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MessageKey(hidden)")
    }
}

/// The Message-ID of a case's letter, without angle brackets (RFC 5322, 3.6.4). Letters are numbered from 1; number 0 stands
/// for the case itself, where its letters to staff are threaded together.
pub fn message_id(reference: &Reference, letter: LetterNo, key: &MessageKey, domain: &str) -> String {
    key.sign(LETTERS, &format!("{reference}.{letter}").to_ascii_lowercase(), domain)
}

/// The letter that `message_id` names, when the code in it shows that we wrote it.
pub fn our_letter(message_id: &str, key: &MessageKey) -> Option<(Reference, LetterNo)> {
    let named = key.signed(LETTERS, message_id)?;
    let (reference, letter) = named.rsplit_once('.')?;
    Some((reference.parse().ok()?, letter.parse().ok()?))
}

/// The Message-ID of a list of a landlord's open cases, without angle brackets; the same for one reader and `day`.
pub(super) fn notice_id(
    list: &str,
    landlord_key: &str,
    day: Date,
    address: &str,
    key: &MessageKey,
    domain: &str,
) -> String {
    let reader = hex::encode(reader(address));
    key.sign(NOTICES, &format!("{list}.{landlord_key}.{day}.{reader}").to_ascii_lowercase(), domain)
}

/// Which list went to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeId {
    /// The landlord's key in the configuration.
    pub landlord: String,
    /// The day it was for, in Europe/London.
    pub day: Date,
    reader: [u8; READER_BYTES],
}

impl NoticeId {
    /// Whether the list went to `address`.
    pub fn proves(&self, address: &str) -> bool {
        self.reader == reader(address)
    }
}

/// The list that `message_id` names, when the code in it shows that we wrote it.
pub fn our_notice(message_id: &str, key: &MessageKey) -> Option<NoticeId> {
    let named = key.signed(NOTICES, message_id)?;
    let [_list, landlord, day, reader] = named.split('.').collect::<Vec<_>>()[..] else { return None };
    let reader = hex::decode(reader).ok()?.try_into().ok()?;
    Some(NoticeId { landlord: landlord.to_owned(), day: day.parse().ok()?, reader })
}

fn reader(address: &str) -> [u8; READER_BYTES] {
    let digest = Sha256::digest(address.to_ascii_lowercase());
    std::array::from_fn(|at| digest[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: MessageKey = MessageKey([7; 32]);

    fn an_id() -> String {
        message_id(&Reference::new("WEL", 1047), 3, &KEY, "homes.example")
    }

    #[test]
    fn our_own_message_id_is_known_again_however_it_comes_back() {
        let id = an_id();
        let ours = Some((Reference::new("WEL", 1047), 3));
        for back in [id.clone(), format!("<{id}>"), id.to_uppercase(), format!(" <{id}>\r\n")] {
            assert_eq!(our_letter(&back, &KEY), ours, "{back}");
        }
        assert_eq!(our_letter(&id.replace("homes.example", "relay.example"), &KEY), ours);
    }

    #[test]
    fn the_form_of_a_message_id_does_not_change_or_replies_to_old_letters_are_lost() {
        let id = an_id();
        let (local, domain) = id.split_once('@').unwrap();
        assert_eq!(domain, "homes.example");
        assert!(local.starts_with(&format!("{}.3.", Reference::new("WEL", 1047)).to_lowercase()), "{local}");
        assert_eq!(local.rsplit_once('.').unwrap().1.len(), 16);
    }

    #[test]
    fn nobody_can_make_one_up_or_turn_one_letter_into_another() {
        let id = an_id();
        let (named, code) = id.split_once('@').unwrap().0.rsplit_once('.').unwrap();
        let other = message_id(&Reference::new("WEL", 1048), 3, &KEY, "homes.example");
        let other_case = other.rsplit_once('.').map(|(named, _)| named.rsplit_once('.').unwrap().0).unwrap();
        let flipped = if code.ends_with('0') { "1" } else { "0" };
        for forged in [
            format!("{}.4.{code}@homes.example", named.rsplit_once('.').unwrap().0),
            format!("{other_case}.{code}@homes.example"),
            format!("{named}.{}{flipped}@homes.example", &code[..15]),
            format!("{named}.{}@homes.example", &code[..14]),
            format!("{named}.{code}00@homes.example"),
            format!("{named}.@homes.example"),
            format!("{named}@homes.example"),
            "é.é.é@é".to_owned(),
            String::new(),
        ] {
            assert_eq!(our_letter(&forged, &KEY), None, "{forged}");
        }
        assert_eq!(our_letter(&id, &MessageKey([8; 32])), None);
    }

    #[test]
    fn a_list_proves_itself_to_its_reader_and_is_no_letter_of_a_case() {
        let day = jiff::civil::date(2026, 12, 14);
        let id = notice_id("digest", "wellington-2", day, "Sam@Homes.example", &KEY, "homes.example");
        assert!(id.starts_with("digest.wellington-2.2026-12-14."), "{id}");
        for back in [id.clone(), format!("<{id}>"), id.to_uppercase()] {
            let notice = our_notice(&back, &KEY).unwrap_or_else(|| panic!("{back}"));
            assert_eq!((notice.landlord.as_str(), notice.day), ("wellington-2", day));
            assert!(notice.proves("sam@homes.example") && !notice.proves("ben@homes.example"));
        }
        for other in [id.replace("wellington-2", "other"), id.replace("-14.", "-15."), id.replace("digest", "weekly")] {
            assert_eq!(our_notice(&other, &KEY), None, "{other}");
        }
        assert_eq!((our_letter(&id, &KEY), our_notice(&an_id(), &KEY)), (None, None));
        // Unsigned, as lists were named before.
        assert_eq!(our_notice("digest.wellington.2026-12-14.0f3b8bca67afd3fc@homes.example", &KEY), None);
    }

    #[test]
    fn the_key_is_not_shown() {
        assert_eq!(format!("{KEY:?}"), "MessageKey(hidden)");
    }
}
