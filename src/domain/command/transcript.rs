//! What an e-mail of the landlord's people is answered with: what was done, what was not and why, and how to go on.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::grammar::Mistake;
use crate::domain::case::{LetterKind, LetterNo};
use crate::domain::code::{Duty, Stage};
use crate::domain::words::Words;

/// The answer to one e-mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Transcript {
    /// All of it was done.
    Done {
        /// What was recorded, a sentence each, without a full stop.
        recorded: Vec<Words>,
        letters: Vec<Going>,
        /// Until when it can be undone, and the letters wait.
        undo_until: Option<Timestamp>,
        /// Names of attachments that went nowhere but on file.
        kept: Vec<Words>,
        /// Where reading stopped.
        unread: Option<Words>,
    },
    /// The rules do not allow it: nothing was done. Without a full stop.
    Refused { why: Words },
    /// Not all of it was understood: nothing was done.
    Misunderstood {
        /// The acts that were understood.
        understood: Vec<String>,
        mistakes: Vec<Unclear>,
    },
    /// No act was found in it: it is on file.
    Filed {
        /// It went to the resident too.
        to_resident: bool,
    },
    /// Nothing shows that it came from whom it says: nothing was done. Without a full stop.
    Disbelieved { why: String },
    /// They are away until that day, and who stands in when they named somebody; `None`: they are back.
    Absence { until: Option<Date>, cover: Option<String> },
    /// How the case stands.
    Status,
    /// The words there are; those of one act when one is named.
    Help { about: Option<String> },
}

impl Transcript {
    /// Whether one of its letters meets `duty` once it has left: then nobody need be told to see to it.
    pub fn meets(&self, stage: Stage, duty: Duty) -> bool {
        let letters = if let Transcript::Done { letters, .. } = self { letters.as_slice() } else { &[] };
        letters.iter().any(|letter| letter.held.is_none() && letter.kind.meets(stage) == Some(duty))
    }
}

/// A letter that an e-mail gave rise to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Going {
    pub letter: LetterNo,
    pub kind: LetterKind,
    pub to: Words,
    /// A letter to the resident, as they will read it; one to staff is only named.
    pub subject: Option<Words>,
    pub text: Option<Words>,
    /// Somebody must hand it over.
    pub by_hand: bool,
    /// Why it waits for a person, when it does. No full stop.
    pub held: Option<String>,
    /// Names of the files that go with it.
    pub files: Vec<Words>,
}

/// Something that was not understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unclear {
    /// "until: that is no date", without a full stop.
    pub wrong: Words,
    /// What can be written there; empty when nothing helps.
    pub example: String,
}

impl From<&Mistake> for Unclear {
    fn from(mistake: &Mistake) -> Unclear {
        let field = mistake.field.as_ref().map(|field| format!("{field}: ")).unwrap_or_default();
        Unclear { wrong: Words::new(format!("{field}{}", mistake.wrong)), example: mistake.example.clone() }
    }
}
