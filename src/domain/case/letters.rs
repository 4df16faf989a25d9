//! The letters a case gives rise to, and whether one that waited still says what should be said.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Case;
use super::event::{ActionNo, Flags, Ground, MessageNo, Prefers, Resident, Writer};
use crate::domain::calendar::london_date;
use crate::domain::code::{Duty, Stage};
use crate::domain::command::transcript::Transcript;
use crate::domain::ladder::Rung;
use crate::domain::words::Words;

/// Names a letter within its case; the first is 1.
pub type LetterNo = u32;

/// Whom a letter is for. Only letters to residents are kept back in hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    Resident,
    Staff,
}

impl Audience {
    /// The word the database keeps.
    pub fn key(self) -> &'static str {
        match self {
            Audience::Resident => "resident",
            Audience::Staff => "staff",
        }
    }
}

/// A letter to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    pub number: LetterNo,
    pub audience: Audience,
    /// Who reads it.
    pub name: Words,
    /// Where the e-mail goes: to the reader, or to whoever hands the letter over.
    pub address: Words,
    /// How a person hands it over, when the resident is not reached by e-mail.
    pub by_hand: Option<ByHand>,
    /// It does not leave before; `None`: at once.
    pub wait: Option<Timestamp>,
    /// The files that came with the e-mail which gave rise to it go with it.
    pub files: bool,
    /// Somebody of the landlord's gets it in the place of somebody who is away.
    pub in_place_of: Option<InPlaceOf>,
    pub says: Says,
}

/// Who is away and would have got a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InPlaceOf {
    pub name: String,
    /// The first day they are back (Europe/London).
    pub until: Date,
}

/// A letter that a person hands over: printed and posted, or read out on the telephone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByHand {
    pub how: Prefers,
    /// The postal address or the telephone number; `None` when neither is known.
    pub to: Option<Words>,
}

impl ByHand {
    /// How this resident is reached.
    pub fn to(resident: &Resident) -> ByHand {
        match resident.prefers {
            Prefers::Telephone => ByHand { how: Prefers::Telephone, to: resident.telephone.clone() },
            Prefers::Email | Prefers::Post => ByHand { how: Prefers::Post, to: resident.post.clone() },
        }
    }
}

/// A letter's kind, without what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LetterKind {
    Receipt,
    Acknowledgement,
    Correction,
    Clarification,
    Response,
    Extension,
    Refusal,
    RequestLogged,
    RequestAnswer,
    Correspondence,
    Added,
    Update,
    Withdrawal,
    Restriction,
    Survey,
    NewCase,
    NewMessage,
    Escalation,
    Assigned,
    Reminder,
    Undelivered,
    DatesMoved,
    Transcript,
}

impl LetterKind {
    pub const ALL: [LetterKind; 23] = [
        LetterKind::Receipt,
        LetterKind::Acknowledgement,
        LetterKind::Correction,
        LetterKind::Clarification,
        LetterKind::Response,
        LetterKind::Extension,
        LetterKind::Refusal,
        LetterKind::RequestLogged,
        LetterKind::RequestAnswer,
        LetterKind::Correspondence,
        LetterKind::Added,
        LetterKind::Update,
        LetterKind::Withdrawal,
        LetterKind::Restriction,
        LetterKind::Survey,
        LetterKind::NewCase,
        LetterKind::NewMessage,
        LetterKind::Escalation,
        LetterKind::Assigned,
        LetterKind::Reminder,
        LetterKind::Undelivered,
        LetterKind::DatesMoved,
        LetterKind::Transcript,
    ];

    /// The word the database and the command line use.
    pub fn key(self) -> &'static str {
        match self {
            LetterKind::Receipt => "receipt",
            LetterKind::Acknowledgement => "acknowledgement",
            LetterKind::Correction => "correction",
            LetterKind::Clarification => "clarification",
            LetterKind::Response => "response",
            LetterKind::Extension => "extension",
            LetterKind::Refusal => "refusal",
            LetterKind::RequestLogged => "request-logged",
            LetterKind::RequestAnswer => "request-answer",
            LetterKind::Correspondence => "correspondence",
            LetterKind::Added => "added",
            LetterKind::Update => "update",
            LetterKind::Withdrawal => "withdrawal",
            LetterKind::Restriction => "restriction",
            LetterKind::Survey => "survey",
            LetterKind::NewCase => "new-case",
            LetterKind::NewMessage => "new-message",
            LetterKind::Escalation => "escalation",
            LetterKind::Assigned => "assigned",
            LetterKind::Reminder => "reminder",
            LetterKind::Undelivered => "undelivered",
            LetterKind::DatesMoved => "dates-moved",
            LetterKind::Transcript => "transcript",
        }
    }

    /// Whom letters of this kind are for.
    pub fn audience(self) -> Audience {
        match self {
            LetterKind::NewCase
            | LetterKind::NewMessage
            | LetterKind::Escalation
            | LetterKind::Assigned
            | LetterKind::Reminder
            | LetterKind::Undelivered
            | LetterKind::DatesMoved
            | LetterKind::Transcript => Audience::Staff,
            _ => Audience::Resident,
        }
    }

    /// Whether it is somebody's own words to the resident: the files that came with those go on.
    pub fn carries_files(self) -> bool {
        matches!(
            self,
            LetterKind::Response | LetterKind::Update | LetterKind::RequestAnswer | LetterKind::Correspondence
        )
    }

    /// The duty of `stage` that is met when a letter of this kind has left.
    pub fn meets(self, stage: Stage) -> Option<Duty> {
        match self {
            LetterKind::Acknowledgement => Some(stage.acknowledge()),
            LetterKind::Response => Some(stage.respond()),
            LetterKind::Survey => Some(Duty::Survey),
            _ => None,
        }
    }
}

/// What a letter must say, beside what is true of the whole case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Says {
    /// To the resident: we have your message, and what happens by when. Never counts as the acknowledgement.
    Receipt {
        #[serde(default)]
        stage: Stage,
        acknowledge_by: Date,
    },
    /// To the resident: the Code's acknowledgement (6.2, 6.11).
    Acknowledgement {
        #[serde(default)]
        stage: Stage,
        respond_by: Date,
    },
    /// To the resident: we have put the definition right, or added to it (5.6, 6.8). The dates stay as they are.
    Correction { stage: Stage, respond_by: Date },
    /// To the resident: what we need to know to understand the complaint (5.6).
    Clarification { stage: Stage, questions: Vec<Words>, respond_by: Option<Date> },
    /// To the resident: the response at a stage (6.9, 6.19). After stage 2: until when the Ombudsman will look at it.
    Response { stage: Stage, ombudsman_by: Option<Date> },
    /// To the resident: we need longer (6.4, 6.5, 6.15, 6.16).
    Extension { stage: Stage, was: Date, until: Date, reason: Words, updates_every: Option<u16> },
    /// To the resident: we do not take the complaint, or do not take it to stage 2 (2.4, 5.11).
    Refusal { stage: Stage, ground: Ground, because: Words, discretion: Option<Words>, instead: Option<Words> },
    /// To the resident: logged as a service request; say so and it becomes a complaint (1.3, 1.5).
    RequestLogged,
    /// To the resident: the answer to a service request, and how to complain about it (1.3).
    RequestAnswer { text: Words },
    /// To the writer: we have it, it is not treated as a complaint, and how to make one (1.3, 1.6).
    Correspondence { text: Option<Words> },
    /// To the resident: your further message is with your case.
    Added { received: Date },
    /// To the resident: how it stands (5.9, 6.6), and when they hear next.
    Update {
        text: Words,
        next: Option<Date>,
        #[serde(default)]
        news: News,
    },
    /// To the resident: you have withdrawn the complaint, and may come back.
    Withdrawal,
    /// To the resident: how we ask them to deal with us from now on, why, until when (5.14).
    Restriction { restriction: Words, because: Words, review: Date },
    /// To the resident: how was it; and how to complain (1.6).
    Survey,
    /// To the handler: a new case, with the message.
    NewCase { message: Option<MessageNo> },
    /// To the handler: a further message.
    NewMessage {
        message: MessageNo,
        writer: Writer,
        name: Words,
        flags: Flags,
        /// So many came that those of the next hours are not told one by one.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        more: bool,
    },
    /// To the stage 2 handler, and whoever was on the case: stage 2 has begun.
    Escalation { message: Option<MessageNo>, unsure: bool },
    /// To whom the case was given.
    Assigned { stage: Stage },
    /// A date is near, has come, or has passed.
    Reminder {
        duty: Duty,
        due: Date,
        rung: Rung,
        letter_waiting: Option<LetterKind>,
        /// Who should have heard of it and was not reached.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        not_reached: Option<String>,
    },
    /// A letter did not reach its reader.
    Undelivered { letter: LetterNo, letter_kind: LetterKind, to: Words, why: Words, returned: bool },
    /// A change of the calendar moved dates of the case: duty, date before, date now.
    DatesMoved { moves: Vec<(Duty, Date, Date)> },
    /// The answer to an e-mail of one of the landlord's people: what was done, or why nothing was.
    Transcript(Box<Transcript>),
}

impl Says {
    pub fn kind(&self) -> LetterKind {
        match self {
            Says::Receipt { .. } => LetterKind::Receipt,
            Says::Acknowledgement { .. } => LetterKind::Acknowledgement,
            Says::Correction { .. } => LetterKind::Correction,
            Says::Clarification { .. } => LetterKind::Clarification,
            Says::Response { .. } => LetterKind::Response,
            Says::Extension { .. } => LetterKind::Extension,
            Says::Refusal { .. } => LetterKind::Refusal,
            Says::RequestLogged => LetterKind::RequestLogged,
            Says::RequestAnswer { .. } => LetterKind::RequestAnswer,
            Says::Correspondence { .. } => LetterKind::Correspondence,
            Says::Added { .. } => LetterKind::Added,
            Says::Update { .. } => LetterKind::Update,
            Says::Withdrawal => LetterKind::Withdrawal,
            Says::Restriction { .. } => LetterKind::Restriction,
            Says::Survey => LetterKind::Survey,
            Says::NewCase { .. } => LetterKind::NewCase,
            Says::NewMessage { .. } => LetterKind::NewMessage,
            Says::Escalation { .. } => LetterKind::Escalation,
            Says::Assigned { .. } => LetterKind::Assigned,
            Says::Reminder { .. } => LetterKind::Reminder,
            Says::Undelivered { .. } => LetterKind::Undelivered,
            Says::DatesMoved { .. } => LetterKind::DatesMoved,
            Says::Transcript(_) => LetterKind::Transcript,
        }
    }

    /// The stage it speaks of; stage 1 when it speaks of none.
    pub fn stage(&self) -> Stage {
        match self {
            Says::Receipt { stage, .. }
            | Says::Acknowledgement { stage, .. }
            | Says::Correction { stage, .. }
            | Says::Clarification { stage, .. }
            | Says::Response { stage, .. }
            | Says::Extension { stage, .. }
            | Says::Refusal { stage, .. }
            | Says::Assigned { stage } => *stage,
            Says::Escalation { .. } => Stage::Two,
            Says::Reminder { duty, .. } => duty.stage().unwrap_or_default(),
            _ => Stage::One,
        }
    }

    /// The inbox row that goes with the letter, whole or as an excerpt.
    pub fn encloses(&self) -> Option<MessageNo> {
        match self {
            Says::NewCase { message } | Says::Escalation { message, .. } => *message,
            Says::NewMessage { message, .. } => Some(*message),
            _ => None,
        }
    }

    /// The date of the next step that it names to a resident.
    pub(super) fn promises(&self) -> Option<Date> {
        match self {
            Says::Receipt { acknowledge_by, .. } => Some(*acknowledge_by),
            Says::Acknowledgement { respond_by, .. } | Says::Correction { respond_by, .. } => Some(*respond_by),
            Says::Extension { until, .. } => Some(*until),
            Says::Update { next, .. } => *next,
            _ => None,
        }
    }

    /// The action a reminder is about.
    pub fn action(&self) -> Option<ActionNo> {
        match self {
            Says::Reminder { duty: Duty::Action(action), .. } => Some(*action),
            _ => None,
        }
    }
}

/// What an update tells of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum News {
    /// How the whole case stands.
    #[default]
    Case,
    /// Something is promised, and by when.
    Promised(ActionNo),
    /// Something promised is done.
    Done(ActionNo),
    /// Something promised will be later, and why.
    Postponed(ActionNo),
}

/// What to do with a letter that has waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Serves {
    AsItStands,
    /// Still right, but dated in the past: write it anew.
    Anew,
    /// What it was to say no longer holds.
    NoLonger,
}

/// Whether a letter written at `written` and not yet tried still says what should be said at `now`.
pub fn serves(case: &Case, says: &Says, written: Timestamp, now: Timestamp) -> Serves {
    match says {
        Says::Reminder { duty, due, rung, .. } => match case.duties.get(duty) {
            Some(owed) if owed.open() && owed.due.date == *due && owed.taken <= Some(*rung) => Serves::AsItStands,
            _ => Serves::NoLonger,
        },
        // The acknowledgement says it all, and whoever gets both at once wonders which holds.
        Says::Receipt { stage, .. } if case.acknowledgement_written(*stage) => Serves::NoLonger,
        Says::Receipt { acknowledge_by, .. } if *acknowledge_by <= london_date(now) => Serves::NoLonger,
        // Withdrawn, refused or gone on as another case meanwhile.
        Says::Receipt { .. }
        | Says::Acknowledgement { .. }
        | Says::Correction { .. }
        | Says::Clarification { .. }
        | Says::Extension { .. }
            if case.ended.is_some() =>
        {
            Serves::NoLonger
        }
        // One of these a day; of several that waited the last one says it.
        Says::Added { .. } if case.added_told > Some(london_date(written)) => Serves::NoLonger,
        // The case was opened again, or never was to be asked about.
        Says::Survey if case.ended.is_none() || case.survey_declined => Serves::NoLonger,
        says if says.kind().audience() == Audience::Resident && london_date(written) != london_date(now) => {
            Serves::Anew
        }
        _ => Serves::AsItStands,
    }
}
