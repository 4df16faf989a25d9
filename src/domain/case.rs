//! A case: its history, what follows from each thing that happens to it, and the duties it leaves open.
//!
//! [`decide`] looks at a case and at what happened, and says what is to be recorded and which letters go out; it changes
//! nothing. [`Case::apply`] takes one recorded event into the case; it cannot fail. A case is the fold of its events, so
//! whatever is known of it can be worked out again from its history.
//!
//! Known weakness: officers cannot act on a case yet; a duty ends only by a letter of ours.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::calendar::{Calendar, Due, WorkingDays, london_date};
use super::code::{Duty, Start, rule};
use super::ladder::{Ladder, Rung, nine_o_clock};
use super::landlord::{Landlord, Person};
use super::reference::Reference;
use super::words::Words;

/// Row of the inbox: names one stored message.
pub type MessageNo = i64;

/// Names a letter within its case; the first is 1.
pub type LetterNo = u32;

/// The two registers of the Code (1.2, 1.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Complaint,
    ServiceRequest,
}

impl Kind {
    /// The word the database keeps.
    pub fn key(self) -> &'static str {
        match self {
            Kind::Complaint => "complaint",
            Kind::ServiceRequest => "service_request",
        }
    }
}

/// Hints for people: never the ground of an automatic decision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flags {
    pub urgent_hazard: bool,
    pub vulnerability: bool,
    pub adjustment_requested: bool,
    pub representative: bool,
    /// A ground of 2.2 that may apply, in words.
    pub exclusion_hint: Option<String>,
}

/// The person who wrote, as their message gave them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resident {
    pub name: Words,
    /// Where to answer them; `None` when the message gave no usable address.
    pub address: Option<Words>,
}

/// A message that starts a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    pub reference: Reference,
    pub kind: Kind,
    pub message: MessageNo,
    /// When it reached the landlord's mail server.
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
    /// Why no letter goes to the resident by itself, when none does.
    pub withheld: Option<String>,
    /// Why the message could not be read, when it could not.
    pub set_aside: Option<String>,
    /// Open cases the same person has.
    pub related: Vec<Reference>,
}

impl Opening {
    /// Whether letters go to the resident by themselves.
    fn answered_by_itself(&self) -> bool {
        self.withheld.is_none() && self.resident.address.is_some()
    }
}

/// Who wrote a further message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Writer {
    Resident,
    /// Somebody registered for the landlord.
    Staff,
    /// An address this case does not know: it held one of our letters, but may be anybody.
    Stranger,
}

/// A further message on an open case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addition {
    pub message: MessageNo,
    pub received: Timestamp,
    pub writer: Writer,
    pub name: Words,
    pub flags: Flags,
    /// Why the writer gets no answer by itself, when they do not.
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
    /// It was not sent: what it was to say no longer holds.
    Dropped,
}

/// All that can happen to a case.
#[derive(Clone, Debug)]
pub enum Input {
    Opened(Box<Opening>),
    Added(Addition),
    /// A date we set may have come: a rung of its ladder, or the moment of an automatic step.
    Reached(Duty),
    Posted {
        letter: LetterNo,
        outcome: Outcome,
    },
}

/// One line of a case's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    Opened(Box<Opening>),
    MessageAdded(Addition),
    /// A duty with its date and the working that gave it.
    DeadlineSet {
        duty: Duty,
        due: Due,
        counted_from: Start,
        provision: String,
        /// The rung that lay behind already: whoever learns of the case now learns of its date, so it is not climbed.
        passed: Option<Rung>,
    },
    DutyMet {
        duty: Duty,
    },
    /// What had met the duty turned out not to have reached the resident.
    DutyReopened {
        duty: Duty,
    },
    LetterWritten {
        letter: LetterNo,
        kind: LetterKind,
        audience: Audience,
        to: Words,
        /// The date of the next step that the letter names to a resident.
        promises: Option<Date>,
    },
    LetterPosted {
        letter: LetterNo,
        outcome: Outcome,
    },
    /// The Code's acknowledgement (5.6, 5.7, 6.2), not a mere receipt: definition, dates and rights have gone out.
    Acknowledged {
        letter: LetterNo,
        /// No person confirmed the definition.
        automatic: bool,
    },
    Reminded {
        duty: Duty,
        due: Date,
        rung: Rung,
    },
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

/// Whom a letter is for. Only letters to residents are kept back in hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    Resident,
    Staff,
}

/// A letter's kind, without what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LetterKind {
    Receipt,
    Acknowledgement,
    RequestLogged,
    Added,
    NewCase,
    NewMessage,
    Reminder,
    Undelivered,
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

impl LetterKind {
    /// The word the database and the command line use.
    pub fn key(self) -> &'static str {
        match self {
            LetterKind::Receipt => "receipt",
            LetterKind::Acknowledgement => "acknowledgement",
            LetterKind::RequestLogged => "request-logged",
            LetterKind::Added => "added",
            LetterKind::NewCase => "new-case",
            LetterKind::NewMessage => "new-message",
            LetterKind::Reminder => "reminder",
            LetterKind::Undelivered => "undelivered",
        }
    }
}

/// A letter to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    pub number: LetterNo,
    pub audience: Audience,
    pub name: Words,
    pub address: Words,
    pub says: Says,
}

/// What a letter must say, beside what is true of the whole case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Says {
    /// To the resident: we have your message, and what happens by when. Never counts as the acknowledgement.
    Receipt { acknowledge_by: Date },
    /// To the resident: the Code's acknowledgement at stage 1.
    Acknowledgement { respond_by: Date },
    /// To the resident: logged as a service request; say so and it becomes a complaint (1.3, 1.5).
    RequestLogged,
    /// To the resident: your further message is with your case.
    Added { received: Date },
    /// To the officer: a new case, with the message.
    NewCase { message: MessageNo },
    /// To the officer: a further message.
    NewMessage { message: MessageNo, writer: Writer, name: Words, flags: Flags },
    /// A date is near, has come, or has passed.
    Reminder { duty: Duty, due: Date, rung: Rung, letter_waiting: Option<LetterKind> },
    /// A letter did not reach its reader.
    Undelivered { letter: LetterNo, letter_kind: LetterKind, to: Words, why: Words, returned: bool },
}

impl Says {
    pub fn kind(&self) -> LetterKind {
        match self {
            Says::Receipt { .. } => LetterKind::Receipt,
            Says::Acknowledgement { .. } => LetterKind::Acknowledgement,
            Says::RequestLogged => LetterKind::RequestLogged,
            Says::Added { .. } => LetterKind::Added,
            Says::NewCase { .. } => LetterKind::NewCase,
            Says::NewMessage { .. } => LetterKind::NewMessage,
            Says::Reminder { .. } => LetterKind::Reminder,
            Says::Undelivered { .. } => LetterKind::Undelivered,
        }
    }

    /// The inbox row that goes with the letter, whole or as an excerpt.
    pub fn encloses(&self) -> Option<MessageNo> {
        match self {
            Says::NewCase { message } | Says::NewMessage { message, .. } => Some(*message),
            _ => None,
        }
    }

    fn promises(&self) -> Option<Date> {
        match self {
            Says::Receipt { acknowledge_by } => Some(*acknowledge_by),
            Says::Acknowledgement { respond_by } => Some(*respond_by),
            _ => None,
        }
    }
}

/// What follows: history to be written and letters to go out, together or not at all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    pub events: Vec<Recorded>,
    pub letters: Vec<Letter>,
}

/// The landlord's house rules, as `decide` needs them.
#[derive(Clone, Copy, Debug)]
pub struct House<'a> {
    pub landlord: &'a Landlord,
    pub calendar: &'a Calendar,
    pub ladder: &'a Ladder,
    /// Working days after which an open service request is put before the officer again (1.4).
    pub review_requests_after: WorkingDays,
}

/// Why something cannot be: a sentence for whoever asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("this case has not been opened")]
    NotOpened,
    #[error("this case is open already")]
    AlreadyOpened,
    #[error("this case has no letter {0}")]
    NoSuchLetter(LetterNo),
}

/// A duty of the case.
#[derive(Clone, Debug, PartialEq)]
pub struct Obligation {
    pub due: Due,
    pub counted_from: Start,
    pub provision: String,
    pub met: Option<Timestamp>,
    /// The highest rung of the ladder taken for this date, or passed over because people had just been told.
    pub taken: Option<Rung>,
}

/// A letter of the case, as far as its history tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    pub kind: LetterKind,
    pub audience: Audience,
    pub to: Words,
    pub written: Timestamp,
    pub outcome: Option<Outcome>,
}

/// The fold of a case's events.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Case {
    /// Events taken so far.
    pub seq: i64,
    pub opening: Option<Opening>,
    /// One of its messages may tell of a danger: a hint for people.
    pub hazard: bool,
    pub duties: BTreeMap<Duty, Obligation>,
    pub letters: BTreeMap<LetterNo, Posted>,
    /// The letter that acknowledged the complaint, and when it left.
    pub acknowledged: Option<(LetterNo, Timestamp)>,
    /// Every message of the case, oldest first.
    pub messages: Vec<MessageNo>,
    /// The last day the resident was told that a message had been added (Europe/London).
    pub added_told: Option<Date>,
}

impl Case {
    /// The case after one more event. Total: history that was written is taken as it is.
    pub fn apply(mut self, recorded: &Recorded) -> Case {
        self.seq = recorded.seq;
        let at = recorded.occurred_at;
        match &recorded.event {
            Event::Opened(opening) => {
                self.messages.push(opening.message);
                self.hazard = opening.flags.urgent_hazard;
                self.opening = Some(Opening::clone(opening));
            }
            Event::MessageAdded(addition) => {
                self.messages.push(addition.message);
                self.hazard |= addition.flags.urgent_hazard;
            }
            Event::DeadlineSet { duty, due, counted_from, provision, passed } => {
                let (due, provision) = (due.clone(), provision.clone());
                let obligation = Obligation { due, counted_from: *counted_from, provision, met: None, taken: *passed };
                self.duties.insert(*duty, obligation);
            }
            Event::DutyMet { duty } => {
                self.duties.entry(*duty).and_modify(|duty| duty.met = Some(at));
            }
            Event::DutyReopened { duty } => {
                self.duties.entry(*duty).and_modify(|duty| duty.met = None);
                if *duty == Duty::Acknowledge {
                    self.acknowledged = None;
                }
            }
            Event::LetterWritten { letter, kind, audience, to, .. } => {
                if *kind == LetterKind::Added {
                    self.added_told = Some(london_date(recorded.recorded_at));
                }
                let posted = Posted { kind: *kind, audience: *audience, to: to.clone(), written: at, outcome: None };
                self.letters.insert(*letter, posted);
            }
            Event::LetterPosted { letter, outcome } => {
                self.letters.entry(*letter).and_modify(|letter| letter.outcome = Some(outcome.clone()));
            }
            Event::Acknowledged { letter, .. } => self.acknowledged = Some((*letter, at)),
            Event::Reminded { duty, rung, .. } => {
                self.duties.entry(*duty).and_modify(|duty| duty.taken = duty.taken.max(Some(*rung)));
            }
        }
        self
    }

    /// The case its events make.
    pub fn fold<'a>(events: impl IntoIterator<Item = &'a Recorded>) -> Case {
        events.into_iter().fold(Case::default(), Case::apply)
    }

    /// The case with a decision's events taken in.
    pub fn after(&self, decision: &Decision) -> Case {
        decision.events.iter().fold(self.clone(), Case::apply)
    }

    /// Whether something is still owed.
    pub fn open(&self) -> bool {
        self.duties.values().any(|duty| duty.met.is_none())
    }

    /// When to look at an open duty next: its next rung, or the moment of its automatic step.
    pub fn next_look(&self, duty: Duty, house: &House) -> Option<Timestamp> {
        let obligation = self.duties.get(&duty).filter(|duty| duty.met.is_none())?;
        let rung = house.ladder.next_moment(obligation.taken, obligation.due.date, house.calendar);
        let automatic = (duty == Duty::Acknowledge).then(|| self.acknowledged_automatically_at(house)).flatten();
        Some(automatic.map_or(rung, |moment| rung.min(moment)))
    }

    /// 09:00 on the last working day before the acknowledgement is due, when nobody has acknowledged by then.
    fn acknowledged_automatically_at(&self, house: &House) -> Option<Timestamp> {
        let by_itself = self.opening.as_ref().is_some_and(Opening::answered_by_itself);
        if !by_itself || self.acknowledgement_written() {
            return None;
        }
        let due = self.duties.get(&Duty::Acknowledge)?.due.date;
        Some(nine_o_clock(house.calendar.working_days_before(due, WorkingDays(1))))
    }

    fn acknowledgement_written(&self) -> bool {
        self.letters.values().any(|letter| letter.kind == LetterKind::Acknowledgement)
    }

    fn letter(&self, number: LetterNo) -> Result<&Posted, Refusal> {
        self.letters.get(&number).ok_or(Refusal::NoSuchLetter(number))
    }
}

/// The whole behaviour of the daemon is this function: what follows when `input` happens to `case` at `now`.
///
/// # Errors
///
/// A [`Refusal`] when the input does not fit the case; nothing follows then.
pub fn decide(case: &Case, input: &Input, house: &House, now: Timestamp) -> Result<Decision, Refusal> {
    let mut draft = Draft { case: case.clone(), house, now, decision: Decision::default() };
    match (input, &case.opening) {
        (Input::Opened(_), Some(_)) => return Err(Refusal::AlreadyOpened),
        (Input::Opened(opening), None) => draft.open(opening),
        (_, None) => return Err(Refusal::NotOpened),
        (Input::Added(addition), Some(_)) => draft.add(addition),
        (Input::Reached(duty), Some(_)) => draft.reach(*duty),
        (Input::Posted { letter, outcome }, Some(_)) => draft.settle(*letter, outcome)?,
    }
    Ok(draft.decision)
}

/// A decision in the making. Each event is applied as it is recorded, so that later steps see earlier ones.
struct Draft<'a> {
    case: Case,
    house: &'a House<'a>,
    now: Timestamp,
    decision: Decision,
}

impl Draft<'_> {
    fn open(&mut self, opening: &Opening) {
        self.record(opening.received, Event::Opened(Box::new(opening.clone())));
        let received = london_date(opening.received);
        match opening.kind {
            Kind::Complaint => {
                let acknowledge_by = self.set_deadline(Duty::Acknowledge, received);
                self.start_stage1_when_acknowledgement_is_late(acknowledge_by);
                if opening.answered_by_itself() {
                    match opening.unsure && !self.must_acknowledge_now() {
                        true => self.write_to_resident(Says::Receipt { acknowledge_by }),
                        false => self.acknowledge(),
                    }
                }
            }
            Kind::ServiceRequest => {
                self.set_deadline(Duty::ReviewRequest, received);
                if opening.answered_by_itself() {
                    self.write_to_resident(Says::RequestLogged);
                }
            }
        }
        self.write_to(&self.house.landlord.officer, Says::NewCase { message: opening.message });
    }

    fn add(&mut self, addition: &Addition) {
        self.record(addition.received, Event::MessageAdded(addition.clone()));
        let Addition { message, writer, name, flags, .. } = addition.clone();
        if writer == Writer::Staff {
            return; // They know what they wrote; it is on file.
        }
        self.write_to(&self.house.landlord.officer, Says::NewMessage { message, writer, name, flags });
        let told_today = self.case.added_told == Some(london_date(self.now));
        // One short letter a day, but word of a danger always gets the emergency numbers.
        let tell = !told_today || addition.flags.urgent_hazard;
        if writer == Writer::Resident && addition.withheld.is_none() && tell {
            self.write_to_resident(Says::Added { received: london_date(addition.received) });
        }
    }

    fn reach(&mut self, duty: Duty) {
        let Some(obligation) = self.case.duties.get(&duty).filter(|duty| duty.met.is_none()).cloned() else {
            return; // Met since the round looked.
        };
        if duty == Duty::Acknowledge {
            if self.must_acknowledge_now() {
                self.acknowledge();
            }
            self.start_stage1_when_acknowledgement_is_late(obligation.due.date);
        }
        let due = obligation.due.date;
        let Some(rung) = self.house.ladder.reached(due, self.house.calendar, self.now) else { return };
        if Some(rung) <= obligation.taken {
            return;
        }
        self.record(self.now, Event::Reminded { duty, due, rung });
        let letter_waiting = self.waiting_letter(duty);
        for person in self.house.ladder.hears(rung, self.house.landlord) {
            self.write_to(person, Says::Reminder { duty, due, rung, letter_waiting });
        }
    }

    fn settle(&mut self, number: LetterNo, outcome: &Outcome) -> Result<(), Refusal> {
        let letter = self.case.letter(number)?.clone();
        self.record(self.now, Event::LetterPosted { letter: number, outcome: outcome.clone() });
        let (why, returned) = match outcome {
            Outcome::Sent { .. } => {
                // A letter that was in doubt goes again; had the first of the two come back, the second will as well.
                let came_back = matches!(letter.outcome, Some(Outcome::Returned { .. }));
                if letter.kind == LetterKind::Acknowledgement && self.case.acknowledged.is_none() && !came_back {
                    self.record(self.now, Event::Acknowledged { letter: number, automatic: true });
                    self.record(self.now, Event::DutyMet { duty: Duty::Acknowledge });
                }
                return Ok(());
            }
            Outcome::Dropped => return Ok(()),
            Outcome::Refused { reply } => (reply.clone(), false),
            Outcome::Returned { why, .. } => (why.clone(), true),
        };
        if self.case.acknowledged.is_some_and(|(acknowledged_by, _)| acknowledged_by == number) {
            self.record(self.now, Event::DutyReopened { duty: Duty::Acknowledge });
        }
        if matches!(letter.outcome, Some(Outcome::Refused { .. } | Outcome::Returned { .. })) {
            return Ok(()); // Servers report one failure more than once; people are told once.
        }
        let says = Says::Undelivered { letter: number, letter_kind: letter.kind, to: letter.to.clone(), why, returned };
        if let Some(person) = self.who_hears_of(&letter) {
            self.write_to(&person.clone(), says);
        }
        Ok(())
    }

    /// Who is told that a letter did not reach its reader: the officer, or when it was the officer who was not reached,
    /// the deputy. Nobody is told that *such* a letter failed: that chain ends with the operator.
    fn who_hears_of(&self, undelivered: &Posted) -> Option<&Person> {
        let Landlord { officer, deputy, .. } = self.house.landlord;
        match undelivered.kind {
            LetterKind::Undelivered => None,
            _ if undelivered.to.as_str() == officer.address => Some(deputy),
            _ => Some(officer),
        }
    }

    /// Nobody has looked, and the five days must not lapse by silence.
    fn must_acknowledge_now(&self) -> bool {
        self.case.acknowledged_automatically_at(self.house).is_some_and(|moment| moment <= self.now)
    }

    /// The first letter that carries everything the Code asks of an acknowledgement, and the clock it starts.
    fn acknowledge(&mut self) {
        let Some(due) = self.case.duties.get(&Duty::Acknowledge).map(|duty| duty.due.date) else { return };
        let respond_by = match self.case.duties.get(&Duty::RespondStage1) {
            // A date once set never moves out: a late acknowledgement buys no time.
            Some(set) => set.due.date,
            None => self.set_deadline(Duty::RespondStage1, london_date(self.now).min(due)),
        };
        self.write_to_resident(Says::Acknowledgement { respond_by });
    }

    /// Response dates count from the earlier of the acknowledgement and the day it was due.
    fn start_stage1_when_acknowledgement_is_late(&mut self, acknowledge_by: Date) {
        if london_date(self.now) > acknowledge_by && !self.case.duties.contains_key(&Duty::RespondStage1) {
            self.set_deadline(Duty::RespondStage1, acknowledge_by);
        }
    }

    /// The acknowledgement that was written and has not left, when that is what the duty waits for.
    fn waiting_letter(&self, duty: Duty) -> Option<LetterKind> {
        let waits = |letter: &&Posted| letter.kind == LetterKind::Acknowledgement && letter.outcome.is_none();
        let waiting = self.case.letters.values().find(waits)?;
        (duty == Duty::Acknowledge).then_some(waiting.kind)
    }

    fn set_deadline(&mut self, duty: Duty, from: Date) -> Date {
        let rule = rule(duty);
        let limit = match duty {
            Duty::ReviewRequest => self.house.review_requests_after,
            Duty::Acknowledge | Duty::RespondStage1 => rule.limit,
        };
        let due = self.house.calendar.due(from, limit);
        let date = due.date;
        let passed = self.house.ladder.reached(date, self.house.calendar, self.now);
        let provision = rule.provision.to_owned();
        self.record(self.now, Event::DeadlineSet { duty, due, counted_from: rule.start, provision, passed });
        date
    }

    fn write_to_resident(&mut self, says: Says) {
        let Some(Resident { name, address: Some(address) }) = self.case.opening.as_ref().map(|o| o.resident.clone())
        else {
            return; // No usable address: the officer's letter says so.
        };
        self.write(Audience::Resident, name, address, says);
    }

    fn write_to(&mut self, person: &Person, says: Says) {
        let (name, address) = (Words::new(&person.name), Words::new(&person.address));
        self.write(Audience::Staff, name, address, says);
    }

    fn write(&mut self, audience: Audience, name: Words, address: Words, says: Says) {
        let number = self.case.letters.keys().next_back().map_or(1, |last| last + 1);
        let (kind, promises) = (says.kind(), says.promises());
        let to = address.clone();
        self.record(self.now, Event::LetterWritten { letter: number, kind, audience, to, promises });
        self.decision.letters.push(Letter { number, audience, name, address, says });
    }

    fn record(&mut self, occurred_at: Timestamp, event: Event) {
        let recorded = Recorded { seq: self.case.seq + 1, occurred_at, recorded_at: self.now, event };
        self.case = std::mem::take(&mut self.case).apply(&recorded);
        self.decision.events.push(recorded);
    }
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
            Some(open) if open.met.is_none() && open.due.date == *due && open.taken <= Some(*rung) => {
                Serves::AsItStands
            }
            _ => Serves::NoLonger,
        },
        // The acknowledgement says it all, and whoever gets both at once wonders which holds.
        Says::Receipt { .. } if case.acknowledgement_written() => Serves::NoLonger,
        Says::Receipt { acknowledge_by } if *acknowledge_by <= london_date(now) => Serves::NoLonger,
        // One of these a day; of several that waited the last one says it.
        Says::Added { .. } if case.added_told > Some(london_date(written)) => Serves::NoLonger,
        Says::Receipt { .. } | Says::Acknowledgement { .. } | Says::RequestLogged | Says::Added { .. }
            if london_date(written) != london_date(now) =>
        {
            Serves::Anew
        }
        _ => Serves::AsItStands,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn case_with(letters: &[(LetterNo, LetterKind, &str)]) -> Case {
        letters.iter().zip(1..).fold(Case::default(), |case, ((letter, kind, at), seq)| {
            let at = at.parse().unwrap();
            let (audience, to) = (Audience::Resident, Words::new("ann@example.com"));
            let event = Event::LetterWritten { letter: *letter, kind: *kind, audience, to, promises: None };
            case.apply(&Recorded { seq, occurred_at: at, recorded_at: at, event })
        })
    }

    fn serves_at(case: &Case, says: &Says, written: &str, now: &str) -> Serves {
        serves(case, says, written.parse().unwrap(), now.parse().unwrap())
    }

    #[test]
    fn a_receipt_serves_until_the_acknowledgement_is_written_or_due() {
        let receipt = Says::Receipt { acknowledge_by: date(2026, 11, 27) };
        let (friday, saturday, due) = ("2026-11-20T15:00:00Z", "2026-11-21T15:00:00Z", "2026-11-27T08:00:00Z");
        let waiting = case_with(&[(1, LetterKind::Receipt, friday)]);
        assert_eq!(serves_at(&waiting, &receipt, friday, friday), Serves::AsItStands);
        assert_eq!(serves_at(&waiting, &receipt, friday, saturday), Serves::Anew);
        assert_eq!(serves_at(&waiting, &receipt, friday, due), Serves::NoLonger);
        let written = case_with(&[(1, LetterKind::Receipt, friday), (2, LetterKind::Acknowledgement, saturday)]);
        assert_eq!(serves_at(&written, &receipt, friday, saturday), Serves::NoLonger);
    }

    #[test]
    fn of_the_short_letters_that_waited_only_the_last_one_serves() {
        let (friday, monday) = ("2026-11-20T15:00:00Z", "2026-11-23T15:00:00Z");
        let added = Says::Added { received: date(2026, 11, 20) };
        let two = case_with(&[(1, LetterKind::Added, friday), (2, LetterKind::Added, monday)]);
        assert_eq!(serves_at(&two, &added, friday, monday), Serves::NoLonger);
        assert_eq!(serves_at(&two, &added, monday, monday), Serves::AsItStands);
    }

    #[test]
    fn an_acknowledgement_is_written_anew_however_late_and_never_dropped() {
        let says = Says::Acknowledgement { respond_by: date(2026, 12, 4) };
        let friday = "2026-11-20T15:00:00Z";
        let case = case_with(&[(1, LetterKind::Acknowledgement, friday)]);
        assert_eq!(serves_at(&case, &says, friday, "2027-03-01T12:00:00Z"), Serves::Anew);
    }
}
