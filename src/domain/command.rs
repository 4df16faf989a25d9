//! What a person can do to a case. The same commands, checks and refusals whichever way they are given.
//!
//! `grammar.rs` has the words for them, `values.rs` and `dates.rs` read what people write into a form, and `written.rs` finds
//! the forms in what somebody wrote by e-mail.

mod dates;
pub mod form;
pub mod grammar;
pub mod transcript;
mod values;
pub mod written;

use jiff::Timestamp;
use jiff::civil::Date;

use super::calendar::WorkingDays;
use super::case::{
    ActionNo, Answer, Channel, Definition, Ground, Kind, LetterNo, NoteKind, Prefers, Promised, Remedy, Sorting,
};
use super::code::Duty;
use super::landlord::Person;
use super::reference::Reference;
use super::words::Words;

/// An act of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Say what an unsure message is (1.2 to 1.4).
    Sort {
        kind: Sorting,
        because: Words,
    },
    /// Confirm the definition as it stands, or give a better one (5.6). What is `None` stays.
    Define(Redefinition),
    /// Send the acknowledgement, with the definition as it stands or a better one (6.2, 6.11).
    Acknowledge(Redefinition),
    /// Ask the resident what is not clear (5.6).
    Ask {
        questions: Vec<Words>,
    },
    /// Give the case to somebody; `conflict` is what they have to do with it, as they declared (5.8).
    Assign {
        to: Person,
        conflict: Option<Words>,
        despite: Option<Words>,
    },
    /// Set a later date for the response (6.4, 6.15).
    Extend {
        until: Date,
        reason: Words,
        good_reason: Option<Words>,
        updates_every: Option<WorkingDays>,
    },
    /// Send the response of the stage the case is at (6.9, 6.19).
    Respond {
        answers: Vec<Answer>,
        decision: Option<Words>,
        remedies: Vec<Remedy>,
        actions: Vec<Promised>,
    },
    /// The resident is not content with the stage 1 response (6.10). They need not say why (6.12).
    Escalate {
        received: Option<Timestamp>,
        reasons: Option<Words>,
    },
    /// The resident did not ask for stage 2 after all.
    StayAtStage1 {
        because: Words,
    },
    /// Do not take the complaint, or do not take it to stage 2 (2.2 to 2.4, 5.11).
    Refuse {
        ground: Ground,
        because: Words,
        evidence: Words,
        discretion: Option<Words>,
        instead: Option<Words>,
    },
    /// Take a related point into the complaint (6.8).
    AddPoint {
        points: Vec<Words>,
    },
    /// Open a complaint beside this case, which goes on (1.5, 6.8).
    Complain {
        points: Vec<Words>,
        outcome: Option<Words>,
        received: Option<Timestamp>,
    },
    /// The resident takes the complaint back; `how` they said so.
    Withdraw {
        how: Words,
    },
    /// End the case with what was learnt from it (9.1).
    Close {
        learning: Words,
    },
    Reopen {
        because: Words,
    },
    /// Promise something (6.6, 7.3).
    Promise(Promised),
    /// A promised action is done; `evidence` of it.
    Done {
        action: ActionNo,
        evidence: Words,
    },
    /// Promise an action for a later day, and tell the resident why.
    Postpone {
        action: ActionNo,
        until: Date,
        because: Words,
    },
    /// Tell the resident how it stands (5.9, 6.6); `every`: how often from now on, as agreed with them.
    Update {
        text: Words,
        every: Option<WorkingDays>,
    },
    /// The resident was told how it stands by somebody's own letter or call: nothing goes out (5.9).
    Told {
        text: Words,
        on: Option<Date>,
        every: Option<WorkingDays>,
    },
    /// Answer a service request or other correspondence (1.3, 1.4).
    AnswerRequest {
        text: Words,
    },
    /// The landlord had it earlier than the case says (3.2).
    Received {
        at: Timestamp,
        because: Words,
    },
    /// Put right what is known of the resident, and how they want to hear from us. What is `None` stays.
    Resident {
        name: Option<Words>,
        address: Option<Words>,
        post: Option<Words>,
        telephone: Option<Words>,
        estate: Option<String>,
        prefers: Option<Prefers>,
    },
    /// Somebody speaks for the resident (3.6).
    Represent {
        name: Words,
        address: Option<Words>,
        authority: Option<Words>,
    },
    /// Record a disability or another need, and what is done differently (5.10).
    Adjust {
        need: Words,
        adjustment: Words,
        review: Option<Date>,
    },
    /// Restrict how the resident deals with us (5.14, 5.15). Their mail is logged all the same.
    Restrict {
        restriction: Words,
        because: Words,
        evidence: Words,
        equality: Words,
        review: Option<Date>,
    },
    LiftRestriction {
        because: Words,
    },
    /// An adjustment or a restriction was looked at again, and stays until `next`.
    Review {
        duty: Duty,
        found: Words,
        next: Option<Date>,
    },
    Link {
        to: Reference,
        because: Words,
    },
    /// This case is the same as an earlier one, and goes on as that.
    Merge {
        into: Reference,
        because: Words,
    },
    /// Write something down: a note, a call, a visit, evidence.
    Note {
        kind: NoteKind,
        text: Words,
        on: Option<Date>,
    },
    /// Do not ask this resident how it was.
    DeclineSurvey,
    /// A letter was handed over: posted, or read out.
    HandedOver {
        letter: LetterNo,
        on: Option<Date>,
    },
    /// Take back what the last e-mail did, while its letters wait.
    Undo,
}

/// A definition, or what is new in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Redefinition {
    /// `None`: as they are.
    pub points: Option<Vec<Words>>,
    pub outcome: Option<Words>,
    /// What of it the landlord is or is not responsible for (5.7).
    pub responsibility: Option<Words>,
}

impl Redefinition {
    /// The definition with this taken in.
    pub fn of(&self, before: &Definition) -> Definition {
        Definition {
            points: self.points.clone().unwrap_or_else(|| before.points.clone()),
            outcome: self.outcome.clone().or_else(|| before.outcome.clone()),
            responsibility: self.responsibility.clone().or_else(|| before.responsibility.clone()),
        }
    }
}

impl Command {
    /// Another case that the command is about.
    pub fn other_case(&self) -> Option<&Reference> {
        match self {
            Command::Link { to, .. } => Some(to),
            Command::Merge { into, .. } => Some(into),
            _ => None,
        }
    }
}

/// A complaint or request that came by telephone, letter, visit or social media (3.1, 3.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// The landlord's key in the configuration.
    pub landlord: String,
    pub kind: Kind,
    pub channel: Channel,
    /// When any member of staff first had it.
    pub received: Timestamp,
    pub name: Words,
    pub address: Option<Words>,
    pub post: Option<Words>,
    pub telephone: Option<Words>,
    pub estate: Option<String>,
    pub prefers: Option<Prefers>,
    pub subject: Option<Words>,
    pub points: Vec<Words>,
    pub outcome: Option<Words>,
}
