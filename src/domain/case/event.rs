//! What a case's history is made of.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::letters::{Audience, LetterKind, LetterNo};
use crate::domain::calendar::{Due, WorkingDays};
use crate::domain::code::{Duty, Stage, Start};
use crate::domain::ladder::Rung;
use crate::domain::landlord::Person;
use crate::domain::reference::Reference;
use crate::domain::triage::Flag;
use crate::domain::words::Words;

/// Row of the inbox: names one stored message.
pub type MessageNo = i64;

/// Names a promised action within its case; the first is 1.
pub type ActionNo = u32;

/// The two registers of the Code (1.2, 1.4), and the mail that belongs in neither and still must be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Complaint,
    ServiceRequest,
    Correspondence,
}

impl Kind {
    /// The word the database keeps.
    pub fn key(self) -> &'static str {
        match self {
            Kind::Complaint => "complaint",
            Kind::ServiceRequest => "service_request",
            Kind::Correspondence => "correspondence",
        }
    }
}

/// What correspondence is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Matter {
    /// A question.
    Enquiry,
    /// An answer to a survey (1.6).
    Survey,
    /// Nobody can tell what the writer wants.
    Unclear,
    /// A request for personal data or other information (UK GDPR, Article 15).
    Information,
    /// A complaint about the handling of personal data (Data (Use and Access) Act 2025).
    DataProtection,
    /// From the Housing Ombudsman (4.1).
    Ombudsman,
}

/// How something reached the landlord (3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    #[default]
    Email,
    Telephone,
    Letter,
    Visit,
    SocialMedia,
}

/// How a resident wants to hear from the landlord (5.10).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prefers {
    #[default]
    Email,
    /// A letter on paper.
    Post,
    /// A call, and the letter to keep.
    Telephone,
}

/// Hints for people: never the ground of an automatic decision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flags {
    pub urgent_hazard: bool,
    pub vulnerability: bool,
    pub adjustment_requested: bool,
    pub representative: bool,
    /// Stage 2 is asked for, in so many words or not (6.10, 6.12).
    #[serde(default)]
    pub stage2_asked: bool,
    /// A ground of 2.2 that may apply, in words.
    pub exclusion_hint: Option<String>,
    /// The writer's words that raised each of them, those that weighed most first.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub said: BTreeMap<Flag, Vec<Words>>,
}

impl Flags {
    /// The writer's words that raised `flag`.
    pub fn said(&self, flag: Flag) -> &[Words] {
        self.said.get(&flag).map_or(&[], Vec::as_slice)
    }
}

/// The person it is about, as far as the landlord knows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resident {
    pub name: Words,
    /// Where to write to them by e-mail; `None` when there is no usable address.
    pub address: Option<Words>,
    /// Postal address, for letters on paper.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post: Option<Words>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub telephone: Option<Words>,
    /// Where they live, as `estate` of a person in the configuration: who lives there too does not handle the case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estate: Option<String>,
    #[serde(default)]
    pub prefers: Prefers,
}

impl Resident {
    /// Somebody who wrote an e-mail.
    pub fn by_email(name: Words, address: Option<Words>) -> Resident {
        Resident { name, address, post: None, telephone: None, estate: None, prefers: Prefers::Email }
    }
}

/// What the complaint is, as the landlord understands it (5.6).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definition {
    /// Point by point; empty when nothing could be read.
    pub points: Vec<Words>,
    /// What the resident would like done.
    pub outcome: Option<Words>,
    /// Which part of it the landlord is or is not responsible for, when there is more to say than the general list (5.7).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub responsibility: Option<Words>,
}

/// What starts a case: a message, or a conversation that a member of staff logged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    pub reference: Reference,
    pub kind: Kind,
    /// What it is about, when it is correspondence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matter: Option<Matter>,
    /// The message, unless it came another way.
    pub message: Option<MessageNo>,
    #[serde(default)]
    pub channel: Channel,
    /// Who logged what came another way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logged_by: Option<Person>,
    /// When it reached the landlord's mail server, or any member of its staff (3.2).
    pub received: Timestamp,
    pub resident: Resident,
    pub subject: Words,
    /// The complaint in the resident's own words, point by point; empty when nothing could be read.
    pub points: Vec<Words>,
    pub outcome_sought: Option<Words>,
    /// Why it was sorted as it was: the words that decided.
    pub because: Vec<Words>,
    /// A person must look: the complaint clock runs provisionally until then.
    pub unsure: bool,
    pub flags: Flags,
    /// Why no letter goes to the resident by itself, when none does. No full stop.
    pub withheld: Option<String>,
    /// Why the message could not be read, when it could not. No full stop.
    pub set_aside: Option<String>,
    /// Open cases the same person has.
    pub related: Vec<Reference>,
}

/// Who wrote a further message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Writer {
    Resident,
    /// Whoever handles the case.
    Handler,
    /// Somebody else registered for the landlord.
    Staff,
    /// An address this case does not know: it held one of our letters, but may be anybody.
    Stranger,
    /// The Housing Ombudsman: never answered by itself.
    Ombudsman,
}

/// Whether a message speaks of dissatisfaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dissatisfied {
    #[default]
    No,
    /// A person must look.
    Perhaps,
    Yes,
}

/// A further message on a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addition {
    pub message: MessageNo,
    pub received: Timestamp,
    pub writer: Writer,
    pub name: Words,
    pub flags: Flags,
    #[serde(default)]
    pub dissatisfied: Dissatisfied,
    /// What they newly wrote: after a response, why they are still unhappy (6.12).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<Words>,
    /// Why the writer gets no answer by itself, when they do not. No full stop.
    pub withheld: Option<String>,
}

/// What became of a letter. Servers' words name addresses, so they are kept like residents' words: erasable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The mail server took it; `digest` (SHA-256, hex) is of the bytes that left.
    Sent { reply: Words, digest: String },
    /// The mail server refused it for good.
    Refused { reply: Words },
    /// A delivery report came back for it.
    Returned { message: MessageNo, why: Words },
    /// An absence note came back for it: nobody has read it.
    Absent { message: MessageNo },
    /// A person handed it over: put it in the post, or read it out and gave it.
    HandedOver { on: Date, by: Person },
    /// It was not sent: what it was to say no longer holds.
    Dropped,
}

/// Why a date moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A bank holiday was added or taken away.
    Calendar,
    /// A person extended it (6.4, 6.15).
    Extended,
    /// The landlord had it earlier than was thought (3.2).
    ReceivedEarlier,
    /// The person who promised it asked for another day.
    Postponed,
}

/// What a message turned out to be, by a person's decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sorting {
    Complaint,
    ServiceRequest,
    /// Neither: correspondence.
    Neither,
}

/// A ground for not taking a complaint, or not taking it to stage 2 (2.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// The issue came up over twelve months before, and the resident knew of it.
    OverTwelveMonths,
    /// Legal proceedings have started: the claim form and the particulars have been filed at court.
    LegalProceedings,
    /// It has been through the policy already.
    AlreadyConsidered,
    /// Another ground of the landlord's published policy, in its words.
    Other(String),
}

/// What the landlord found on one point of the definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    Upheld,
    PartlyUpheld,
    NotUpheld,
}

/// The answer to one point (6.7, 6.18).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub finding: Finding,
    /// Why, with the policy, law or good practice behind it.
    pub reasons: Words,
}

/// The eight kinds of 7.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RemedyKind {
    Apology,
    Acknowledgement,
    Explanation,
    /// Acting where there was delay.
    Action,
    ChangedDecision,
    CorrectedRecord,
    Money,
    ChangedPolicy,
}

impl RemedyKind {
    pub const ALL: [RemedyKind; 8] = [
        RemedyKind::Apology,
        RemedyKind::Acknowledgement,
        RemedyKind::Explanation,
        RemedyKind::Action,
        RemedyKind::ChangedDecision,
        RemedyKind::CorrectedRecord,
        RemedyKind::Money,
        RemedyKind::ChangedPolicy,
    ];

    /// What it is, as a letter says it.
    pub fn in_words(self) -> &'static str {
        match self {
            RemedyKind::Apology => "an apology",
            RemedyKind::Acknowledgement => "saying what went wrong",
            RemedyKind::Explanation => "an explanation, help or reasons",
            RemedyKind::Action => "doing what was late",
            RemedyKind::ChangedDecision => "changing a decision",
            RemedyKind::CorrectedRecord => "correcting a record",
            RemedyKind::Money => "money",
            RemedyKind::ChangedPolicy => "changing how we work",
        }
    }
}

/// How the landlord puts something right (7.1 to 7.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remedy {
    pub kind: RemedyKind,
    pub what: Words,
    /// Pounds and pence, in pence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pence: Option<u32>,
}

/// Something that will be done, by whom and by when (6.6, 7.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promised {
    pub what: Words,
    /// Who sees to it, as residents read it: a role.
    pub owner: String,
    /// Where they are reminded, when they are not the case's handler.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_address: Option<String>,
    pub by: Date,
}

/// The response at one stage (6.9, 6.19).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// One for each point of the definition, in its order.
    pub answers: Vec<Answer>,
    /// The decision on the whole, when there is more to say than the findings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Words>,
    pub remedies: Vec<Remedy>,
    /// What is still to be done.
    pub actions: Vec<Promised>,
}

/// What a person wrote down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoteKind {
    Note,
    Call,
    Visit,
    Evidence,
}

/// One line of a case's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    // ── what came in ──
    Opened(Box<Opening>),
    MessageAdded(Addition),
    /// The resident is not content with the stage 1 response (6.10): stage 2 begins.
    Escalated {
        received: Timestamp,
        /// The message that asked, unless it came another way.
        message: Option<MessageNo>,
        by: Option<Person>,
        /// Why, if they said so; nobody has to (6.12).
        reasons: Option<Words>,
        /// A person must look whether that is what the resident wants; the clock runs.
        unsure: bool,
    },
    /// The resident did not ask for stage 2 after all, a person found.
    EscalationMistaken {
        by: Person,
        because: Words,
    },

    // ── dates ──
    /// A duty with its date and the working that gave it.
    DeadlineSet {
        duty: Duty,
        due: Due,
        counted_from: Start,
        provision: String,
        /// The rung that lay behind already: whoever learns of the case now learns of its date, so it is not climbed.
        passed: Option<Rung>,
    },
    DeadlineMoved {
        duty: Duty,
        due: Due,
        cause: Cause,
        passed: Option<Rung>,
    },
    DutyMet {
        duty: Duty,
    },
    /// What had met the duty turned out not to have reached the resident.
    DutyReopened {
        duty: Duty,
    },
    /// It is owed no more, and was not done: the line before says why.
    DutyLapsed {
        duty: Duty,
    },
    Reminded {
        duty: Duty,
        due: Date,
        rung: Rung,
    },

    // ── letters ──
    LetterWritten {
        letter: LetterNo,
        kind: LetterKind,
        audience: Audience,
        to: Words,
        /// The date of the next step that the letter names to a resident.
        promises: Option<Date>,
        /// A person hands it over: it goes to them, not to the resident's mailbox.
        #[serde(default)]
        by_hand: bool,
        /// For whoever speaks for the resident, beside the resident's own.
        #[serde(default)]
        copy: bool,
        #[serde(default)]
        stage: Stage,
        /// The duty it reminds of.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        about: Option<Duty>,
        /// Names of the files that go with it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        files: Vec<Words>,
    },
    LetterPosted {
        letter: LetterNo,
        outcome: Outcome,
    },
    /// The Code's acknowledgement (5.6, 5.7, 6.2, 6.11), not a mere receipt: definition, dates and rights have gone out.
    Acknowledged {
        letter: LetterNo,
        /// No person confirmed the definition.
        automatic: bool,
        #[serde(default)]
        stage: Stage,
    },

    // ── what people did ──
    Sorted {
        by: Person,
        kind: Sorting,
        because: Words,
    },
    /// A person confirmed the definition, or gave a better one.
    Defined {
        by: Person,
        definition: Definition,
    },
    Assigned {
        stage: Stage,
        to: Person,
        /// `None`: by the house's rules.
        by: Option<Person>,
        /// What they have to do with it, as they declared (5.8); `None` when they declared nothing.
        conflict: Option<Words>,
        /// Why nobody else can, as a manager recorded.
        despite: Option<Words>,
    },
    /// Nobody fit is left: the manager must find somebody.
    Unassigned {
        stage: Stage,
    },
    Asked {
        by: Person,
        questions: Vec<Words>,
    },
    Extended {
        by: Person,
        stage: Stage,
        until: Date,
        reason: Words,
        good_reason: Option<Words>,
    },
    /// How often the resident hears how it stands (5.9).
    UpdatesAgreed {
        by: Person,
        every: WorkingDays,
    },
    Updated {
        by: Person,
    },
    Responded {
        by: Person,
        stage: Stage,
        response: Response,
    },
    /// Not accepted, or not taken to stage 2 (2.2, 5.11).
    Refused {
        by: Person,
        stage: Stage,
        ground: Ground,
        because: Words,
        evidence: Words,
        discretion: Option<Words>,
    },
    Withdrawn {
        by: Person,
        how: Words,
    },
    Closed {
        by: Person,
        learning: Words,
    },
    Reopened {
        by: Person,
        because: Words,
    },
    PointAdded {
        by: Person,
        points: Vec<Words>,
    },
    ActionPromised {
        action: ActionNo,
        promised: Promised,
    },
    ActionDone {
        by: Person,
        action: ActionNo,
        evidence: Words,
    },
    ActionPostponed {
        by: Person,
        action: ActionNo,
        until: Date,
        because: Words,
    },
    ReceivedEarlier {
        by: Person,
        received: Timestamp,
        because: Words,
    },
    ResidentKnown {
        by: Person,
        resident: Resident,
    },
    Represented {
        by: Person,
        name: Words,
        /// Where copies go; `None` when they want none.
        address: Option<Words>,
        /// How the resident said that they may; `None` while that is awaited.
        authority: Option<Words>,
    },
    Adjusted {
        by: Person,
        /// A disability or another need, as disclosed.
        need: Words,
        adjustment: Words,
    },
    Restricted {
        by: Person,
        restriction: Words,
        because: Words,
        evidence: Words,
        /// What the Equality Act 2010 asks for, and how it was weighed (5.15).
        equality: Words,
    },
    RestrictionLifted {
        by: Person,
        because: Words,
    },
    Reviewed {
        by: Person,
        duty: Duty,
        found: Words,
    },
    Linked {
        by: Person,
        to: Reference,
        because: Words,
    },
    /// This case goes on as another one.
    MergedInto {
        by: Person,
        into: Reference,
        because: Words,
    },
    /// Another case goes on as this one.
    Absorbed {
        by: Person,
        from: Reference,
        messages: Vec<MessageNo>,
        points: Vec<Words>,
    },
    Noted {
        by: Person,
        kind: NoteKind,
        text: Words,
        /// The day it happened.
        on: Date,
    },
    SurveyDeclined {
        by: Person,
    },

    // ── what came by e-mail from the landlord's people ──
    /// Somebody's e-mail did what follows, up to the letter that answers it.
    Heard {
        by: Person,
        message: MessageNo,
        /// Its letters wait until then, and it can be undone; `None` when it cannot.
        undo_until: Option<Timestamp>,
        /// The prefilled message that was used: each serves once.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        link: Option<Link>,
    },
    /// What the last e-mail did is taken back; its letters have not left and never will.
    Undone {
        by: Person,
        letters: Vec<LetterNo>,
    },
    /// A message asked for something in the name of `claimed`, and nothing was done: `why`, without a full stop.
    Disbelieved {
        claimed: Person,
        message: MessageNo,
        why: String,
        /// Whether they were told; once a day they are.
        told: bool,
    },
}

/// A prefilled message that a letter of ours offers: the letter, 0 for a list of cases; which of its links, from 0; and the
/// last day it may be used (Europe/London), which tells one day's list from the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Link {
    pub letter: LetterNo,
    pub number: u8,
    pub until: Date,
}

impl Event {
    /// The person whose act it was; `None` for what came in or followed by itself.
    pub fn by(&self) -> Option<&Person> {
        match self {
            Event::Escalated { by, .. } | Event::Assigned { by, .. } => by.as_ref(),
            Event::Opened(opening) => opening.logged_by.as_ref(),
            Event::LetterPosted { outcome: Outcome::HandedOver { by, .. }, .. } => Some(by),
            Event::EscalationMistaken { by, .. }
            | Event::Sorted { by, .. }
            | Event::Defined { by, .. }
            | Event::Asked { by, .. }
            | Event::Extended { by, .. }
            | Event::UpdatesAgreed { by, .. }
            | Event::Updated { by }
            | Event::Responded { by, .. }
            | Event::Refused { by, .. }
            | Event::Withdrawn { by, .. }
            | Event::Closed { by, .. }
            | Event::Reopened { by, .. }
            | Event::PointAdded { by, .. }
            | Event::ActionDone { by, .. }
            | Event::ActionPostponed { by, .. }
            | Event::ReceivedEarlier { by, .. }
            | Event::ResidentKnown { by, .. }
            | Event::Represented { by, .. }
            | Event::Adjusted { by, .. }
            | Event::Restricted { by, .. }
            | Event::RestrictionLifted { by, .. }
            | Event::Reviewed { by, .. }
            | Event::Linked { by, .. }
            | Event::MergedInto { by, .. }
            | Event::Absorbed { by, .. }
            | Event::Noted { by, .. }
            | Event::SurveyDeclined { by }
            | Event::Heard { by, .. }
            | Event::Undone { by, .. } => Some(by),
            Event::MessageAdded(_)
            | Event::DeadlineSet { .. }
            | Event::DeadlineMoved { .. }
            | Event::DutyMet { .. }
            | Event::DutyReopened { .. }
            | Event::DutyLapsed { .. }
            | Event::Reminded { .. }
            | Event::LetterWritten { .. }
            | Event::LetterPosted { .. }
            | Event::Acknowledged { .. }
            | Event::Unassigned { .. }
            | Event::ActionPromised { .. }
            | Event::Disbelieved { .. } => None,
        }
    }
}

/// An event as it stands in the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// 1 for the first event of the case.
    pub seq: i64,
    /// When it counts.
    pub occurred_at: Timestamp,
    /// When we wrote it.
    pub recorded_at: Timestamp,
    pub event: Event,
}
