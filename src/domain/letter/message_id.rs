//! Message-IDs that say which letter of which case they name, and prove that they are ours.
//!
//! `wel-1047-k.3.9f86d081884c7d65@homes.example`: reference, letter, and 64 bits of an HMAC-SHA256 over both. Replies and
//! delivery reports carry it back. Whoever can show one has held one of our letters; nobody can make one up.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::domain::case::LetterNo;
use crate::domain::reference::Reference;

/// Bytes of the code kept: short enough for a header line, too long to guess by sending mail.
const CODE_BYTES: usize = 8;

/// The secret behind our Message-IDs. Change it, and answers to letters sent before are no longer recognised by it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct MessageKey([u8; 32]);

impl MessageKey {
    pub const fn new(secret: [u8; 32]) -> MessageKey {
        MessageKey(secret)
    }

    fn code(&self, local: &str) -> Hmac<Sha256> {
        let mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        mac.chain_update(b"redress message-id\0").chain_update(local)
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
    let local = format!("{reference}.{letter}").to_ascii_lowercase();
    let code = key.code(&local).finalize().into_bytes();
    format!("{local}.{}@{domain}", hex::encode(&code[..CODE_BYTES]))
}

/// The letter that `message_id` names, when the code in it shows that we wrote it. Mail systems on the way may have changed
/// case, or left the angle brackets on; the domain does not count, for a landlord may move.
pub fn our_letter(message_id: &str, key: &MessageKey) -> Option<(Reference, LetterNo)> {
    let id = message_id.trim().trim_start_matches('<').trim_end_matches('>').to_ascii_lowercase();
    let (local, _domain) = id.split_once('@')?;
    let (named, code) = local.rsplit_once('.')?;
    let code = hex::decode(code).ok().filter(|code| code.len() == CODE_BYTES)?;
    // In constant time: the time of a comparison must not help anybody guess.
    key.code(named).verify_truncated_left(&code).ok()?;
    let (reference, letter) = named.rsplit_once('.')?;
    Some((reference.parse().ok()?, letter.parse().ok()?))
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
    fn the_key_is_not_shown() {
        assert_eq!(format!("{KEY:?}"), "MessageKey(hidden)");
    }
}
