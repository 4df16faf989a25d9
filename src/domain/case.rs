//! A case: its history, what follows from each thing that happens to it, and the duties it leaves open.
//!
//! [`decide()`] looks at a case and at what happened, and says what is to be recorded and which letters go out; it changes
//! nothing. [`Case::apply`] takes one recorded event into the case; it cannot fail. A case is the fold of its events, so
//! whatever is known of it can be worked out again from its history.
//!
//! `event.rs` holds what a history is made of, `letters.rs` the letters, `decide.rs` what follows by itself, `act.rs` what
//! people do, `heard.rs` what their e-mails do and how that is undone, `people.rs` who may handle a case, `refusal.rs` why
//! something cannot be, `told.rs` the history in plain words.
//!
//! A complaint goes from stage 1 to its response, and from there to its end or to stage 2, the final response and its end.
//! At every step some duty with a date is open; a case that has ended owes what was promised on it, and nothing else.

mod act;
mod decide;
mod event;
mod heard;
mod letters;
mod people;
mod refusal;
pub mod told;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;

pub use act::logged;
pub use decide::{Decision, Elsewhere, House, Input, Terms, decide};
pub use event::{
    ActionNo, Addition, Answer, Cause, Channel, Definition, Dissatisfied, Event, Finding, Flags, Ground, Kind, Link,
    Matter, MessageNo, NoteKind, Opening, Outcome, Prefers, Promised, Recorded, Remedy, RemedyKind, Resident, Response,
    Sorting, Writer,
};
pub use heard::{Order, Undoable};
pub use letters::{Audience, ByHand, InPlaceOf, Letter, LetterKind, LetterNo, News, Says, Serves, serves};
pub use people::named_in;
pub use refusal::Refusal;

use super::calendar::{Due, WorkingDays, london_date};
use super::code::{Duty, Edition, Stage, Start};
use super::ladder::Rung;
use super::landlord::Person;
use super::reference::Reference;
use super::words::Words;

/// A duty of the case.
#[derive(Clone, Debug, PartialEq)]
pub struct Obligation {
    pub due: Due,
    /// The date before any extension: what the Code's limit of an extension is measured from.
    pub first_due: Date,
    pub counted_from: Start,
    pub provision: String,
    pub met: Option<Timestamp>,
    /// When it came to be owed no more without having been met.
    pub lapsed: Option<Timestamp>,
    /// The highest rung of the ladder taken for this date, or passed over because people had just been told.
    pub taken: Option<Rung>,
    /// When the last rung was taken, or the date set.
    pub told: Timestamp,
}

impl Obligation {
    /// Whether it is still owed.
    pub fn open(&self) -> bool {
        self.met.is_none() && self.lapsed.is_none()
    }

    /// When it was met, or lapsed.
    pub fn settled(&self) -> Option<Timestamp> {
        self.met.or(self.lapsed)
    }
}

/// A letter of the case, as far as its history tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    pub kind: LetterKind,
    pub audience: Audience,
    pub stage: Stage,
    pub to: Words,
    /// A person hands it over.
    pub by_hand: bool,
    /// For whoever speaks for the resident, beside the resident's own.
    pub copy: bool,
    /// The duty it reminds of.
    pub about: Option<Duty>,
    /// Names of the files that go with it.
    pub files: Vec<Words>,
    pub written: Timestamp,
    pub outcome: Option<Outcome>,
}

impl Posted {
    /// Whether it reached its reader, as far as anybody can tell: silence proves nothing. A resident who is away has it all
    /// the same.
    pub fn arrived(&self) -> bool {
        match &self.outcome {
            Some(Outcome::Sent { .. }) => !self.by_hand,
            Some(Outcome::Absent { .. }) => !self.by_hand && self.audience == Audience::Resident,
            Some(Outcome::HandedOver { .. }) => true,
            _ => false,
        }
    }

    /// Whether it is known not to have reached its reader. Staff who are away have heard of nothing.
    pub fn failed(&self) -> bool {
        match &self.outcome {
            Some(Outcome::Refused { .. } | Outcome::Returned { .. }) => true,
            Some(Outcome::Absent { .. }) => !self.arrived(),
            _ => false,
        }
    }
}

/// A promised action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    pub promised: Promised,
    /// When it was done, and what shows it.
    pub done: Option<(Timestamp, Words)>,
}

/// The resident's request for stage 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Escalation {
    pub received: Timestamp,
    pub reasons: Option<Words>,
    pub unsure: bool,
}

/// Somebody who speaks for the resident (3.6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Representative {
    pub name: Words,
    pub address: Option<Words>,
    pub authority: Option<Words>,
}

/// How a case ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    Closed,
    Refused(Stage),
    Withdrawn,
    /// A person found that it was neither complaint nor request.
    Correspondence,
    MergedInto(Reference),
}

/// The fold of a case's events.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Case {
    /// Events taken so far.
    pub seq: i64,
    /// What started it, as it was taken then. What has become of it since stands below.
    pub opening: Option<Opening>,
    /// The register it is in now; `None` before it was opened.
    pub kind: Option<Kind>,
    /// When the landlord first had it.
    pub received: Option<Timestamp>,
    pub resident: Option<Resident>,
    /// A person must look whether it was sorted right, or whether stage 2 was asked for.
    pub unsure: bool,
    pub definition: Definition,
    /// A person confirmed the definition, at this stage.
    pub confirmed: BTreeSet<Stage>,
    /// One of its messages may tell of a danger: a hint for people.
    pub hazard: bool,
    pub stage: Stage,
    pub escalation: Option<Escalation>,
    /// Who handles it, at each stage.
    pub handlers: BTreeMap<Stage, Person>,
    /// Addresses of those who dealt with it at stage 1: none of them does at stage 2 (6.13).
    pub stage1_people: BTreeSet<String>,
    pub duties: BTreeMap<Duty, Obligation>,
    pub letters: BTreeMap<LetterNo, Posted>,
    /// The letter that acknowledged it at each stage, and when it left.
    pub acknowledged: BTreeMap<Stage, (LetterNo, Timestamp)>,
    pub responses: BTreeMap<Stage, Response>,
    pub actions: BTreeMap<ActionNo, Action>,
    /// How often the resident hears how it stands (5.9).
    pub updates_every: Option<WorkingDays>,
    pub representative: Option<Representative>,
    /// Needs and what is done about each (5.10).
    pub adjustments: Vec<(Words, Words)>,
    /// How the resident is asked to deal with the landlord (5.14).
    pub restriction: Option<Words>,
    /// Cases it belongs together with.
    pub links: BTreeSet<Reference>,
    pub ended: Option<Ending>,
    pub survey_declined: bool,
    /// Every message of the case, oldest first.
    pub messages: Vec<MessageNo>,
    /// The last day the resident was told that a message had been added (Europe/London).
    pub added_told: Option<Date>,
    /// When a person last did something to it.
    pub last_act: Option<Timestamp>,
    /// Prefilled messages that were used, by address of who used them.
    pub used_links: BTreeSet<(String, Link)>,
    /// What the last e-mail of the landlord's people did, while it can be undone.
    pub undoable: Option<Undoable>,
    /// The last day each of the landlord's people was told that their name was used, by address (Europe/London).
    pub disbelief_told: BTreeMap<String, Date>,
}

impl Case {
    /// The case after one more event. Total: history that was written is taken as it is.
    pub fn apply(self, recorded: &Recorded) -> Case {
        match &recorded.event {
            Event::Undone { letters, .. } => self.undone(letters).take(recorded),
            _ => self.take(recorded).remembering(recorded),
        }
    }

    fn take(mut self, recorded: &Recorded) -> Case {
        self.seq = recorded.seq;
        let at = recorded.occurred_at;
        if recorded.event.by().is_some() {
            self.last_act = Some(recorded.recorded_at);
        }
        match &recorded.event {
            Event::Opened(opening) => self.take_opening(opening),
            Event::MessageAdded(addition) => {
                self.messages.push(addition.message);
                self.hazard |= addition.flags.urgent_hazard;
            }
            Event::Escalated { received, message, reasons, unsure, .. } => {
                self.stage = Stage::Two;
                self.unsure = *unsure;
                self.ended = None;
                self.messages.extend(message.filter(|message| !self.messages.contains(message)));
                self.escalation = Some(Escalation { received: *received, reasons: reasons.clone(), unsure: *unsure });
            }
            Event::EscalationMistaken { .. } => {
                self.stage = Stage::One;
                self.unsure = false;
                self.escalation = None;
                self.confirmed.remove(&Stage::Two);
                self.handlers.remove(&Stage::Two);
            }
            Event::DeadlineSet { duty, due, counted_from, provision, passed } => {
                let obligation = Obligation {
                    due: due.clone(),
                    first_due: due.date,
                    counted_from: *counted_from,
                    provision: provision.clone(),
                    met: None,
                    lapsed: None,
                    taken: *passed,
                    told: recorded.recorded_at,
                };
                self.duties.insert(*duty, obligation);
            }
            Event::DeadlineMoved { duty, due, cause, passed } => {
                self.duties.entry(*duty).and_modify(|owed| {
                    if *cause != Cause::Extended {
                        owed.first_due = due.date;
                    }
                    owed.due = due.clone();
                    owed.taken = *passed;
                    owed.told = recorded.recorded_at;
                });
            }
            Event::DutyMet { duty } => {
                self.duties.entry(*duty).and_modify(|owed| owed.met = Some(at));
            }
            Event::DutyReopened { duty } => {
                self.duties.entry(*duty).and_modify(|owed| (owed.met, owed.lapsed) = (None, None));
                if let Some(stage) = duty.stage()
                    && *duty == stage.acknowledge()
                {
                    self.acknowledged.remove(&stage);
                }
            }
            Event::DutyLapsed { duty } => {
                self.duties.entry(*duty).and_modify(|owed| owed.lapsed = Some(at));
            }
            Event::Reminded { duty, rung, .. } => {
                self.duties.entry(*duty).and_modify(|owed| {
                    owed.taken = owed.taken.max(Some(*rung));
                    owed.told = recorded.recorded_at;
                });
            }
            Event::LetterWritten { letter, kind, audience, to, by_hand, copy, stage, about, files, .. } => {
                if *kind == LetterKind::Added {
                    self.added_told = Some(london_date(recorded.recorded_at));
                }
                let posted = Posted {
                    kind: *kind,
                    audience: *audience,
                    stage: *stage,
                    to: to.clone(),
                    by_hand: *by_hand,
                    copy: *copy,
                    about: *about,
                    files: files.clone(),
                    written: at,
                    outcome: None,
                };
                self.letters.insert(*letter, posted);
            }
            Event::LetterPosted { letter, outcome } => {
                self.letters.entry(*letter).and_modify(|letter| letter.outcome = Some(outcome.clone()));
            }
            Event::Acknowledged { letter, stage, .. } => {
                self.acknowledged.insert(*stage, (*letter, at));
            }
            Event::Sorted { kind, .. } => {
                self.unsure = false;
                match kind {
                    Sorting::Complaint => self.kind = Some(Kind::Complaint),
                    Sorting::ServiceRequest => self.kind = Some(Kind::ServiceRequest),
                    Sorting::Neither => {
                        self.kind = Some(Kind::Correspondence);
                        self.ended = Some(Ending::Correspondence);
                    }
                }
            }
            Event::Defined { definition, .. } => {
                self.definition = definition.clone();
                self.confirmed.insert(self.stage);
                self.unsure = false;
            }
            Event::Assigned { stage, to, .. } => {
                if *stage == Stage::One {
                    self.stage1_people.insert(to.address.clone());
                }
                self.handlers.insert(*stage, to.clone());
            }
            Event::Unassigned { stage } => {
                self.handlers.remove(stage);
            }
            Event::UpdatesAgreed { every, .. } => self.updates_every = Some(*every),
            Event::Responded { by, stage, response } => {
                if *stage == Stage::One {
                    self.stage1_people.insert(by.address.clone());
                }
                self.responses.insert(*stage, response.clone());
                self.unsure = false;
            }
            Event::Refused { stage, .. } => {
                self.unsure = false;
                self.ended = Some(Ending::Refused(*stage));
            }
            Event::Withdrawn { .. } => self.ended = Some(Ending::Withdrawn),
            Event::Closed { .. } => self.ended = Some(Ending::Closed),
            Event::Reopened { .. } => self.ended = None,
            Event::PointAdded { points, .. } => self.definition.points.extend(points.iter().cloned()),
            Event::ActionPromised { action, promised } => {
                self.actions.insert(*action, Action { promised: promised.clone(), done: None });
            }
            Event::ActionDone { action, evidence, .. } => {
                self.actions.entry(*action).and_modify(|action| action.done = Some((at, evidence.clone())));
            }
            Event::ActionPostponed { action, until, .. } => {
                self.actions.entry(*action).and_modify(|action| action.promised.by = *until);
            }
            Event::ReceivedEarlier { received, .. } => self.received = Some(*received),
            Event::ResidentKnown { resident, .. } => self.resident = Some(resident.clone()),
            Event::Represented { name, address, authority, .. } => {
                let (name, address, authority) = (name.clone(), address.clone(), authority.clone());
                self.representative = Some(Representative { name, address, authority });
            }
            Event::Adjusted { need, adjustment, .. } => self.adjustments.push((need.clone(), adjustment.clone())),
            Event::Restricted { restriction, .. } => self.restriction = Some(restriction.clone()),
            Event::RestrictionLifted { .. } => self.restriction = None,
            Event::Linked { to, .. } => {
                self.links.insert(to.clone());
            }
            Event::MergedInto { into, .. } => self.ended = Some(Ending::MergedInto(into.clone())),
            Event::Absorbed { from, messages, points, .. } => {
                self.links.insert(from.clone());
                self.messages.extend(messages);
                self.definition.points.extend(points.iter().cloned());
            }
            Event::SurveyDeclined { .. } => self.survey_declined = true,
            Event::Heard { by, message, link, .. } => {
                self.messages.push(*message);
                self.used_links.extend(link.map(|link| (by.address.clone(), link)));
            }
            Event::Disbelieved { claimed, message, told, .. } => {
                self.messages.push(*message);
                if *told {
                    self.disbelief_told.insert(claimed.address.clone(), london_date(recorded.recorded_at));
                }
            }
            Event::Asked { .. }
            | Event::Extended { .. }
            | Event::Updated { .. }
            | Event::Reviewed { .. }
            | Event::Noted { .. }
            | Event::Undone { .. } => {}
        }
        self
    }

    fn take_opening(&mut self, opening: &Opening) {
        self.kind = Some(opening.kind);
        self.received = Some(opening.received);
        self.resident = Some(opening.resident.clone());
        self.unsure = opening.unsure;
        self.definition = Definition {
            points: opening.points.clone(),
            outcome: opening.outcome_sought.clone(),
            responsibility: None,
        };
        if opening.logged_by.is_some() {
            self.confirmed.insert(Stage::One); // A person wrote it down.
        }
        self.hazard = opening.flags.urgent_hazard;
        self.links = opening.related.iter().cloned().collect();
        self.messages.extend(opening.message);
        if opening.matter == Some(Matter::Survey) {
            self.ended = Some(Ending::Correspondence); // Nobody has to answer an answer.
        }
        self.opening = Some(opening.clone());
    }

    /// The case its events make.
    pub fn fold<'a>(events: impl IntoIterator<Item = &'a Recorded>) -> Case {
        events.into_iter().fold(Case::default(), Case::apply)
    }

    /// The case with the events of a decision taken in.
    pub fn after(&self, decision: &Decision) -> Case {
        decision.events.iter().fold(self.clone(), Case::apply)
    }

    /// Whether something is still owed on the matter itself: not merely a look at an adjustment, or a survey.
    pub fn open(&self) -> bool {
        let aside = |duty: &Duty| matches!(duty, Duty::Survey | Duty::ReviewAdjustment | Duty::ReviewRestriction);
        self.duties.iter().any(|(duty, owed)| !aside(duty) && owed.open())
    }

    pub fn is_complaint(&self) -> bool {
        self.kind == Some(Kind::Complaint)
    }

    /// Whether the response of `stage` was written.
    pub fn responded(&self, stage: Stage) -> bool {
        self.responses.contains_key(&stage)
    }

    /// Whether the resident may ask for stage 2 now (6.10): after the stage 1 response, and once.
    pub fn can_escalate(&self) -> bool {
        let over = matches!(self.ended, Some(Ending::MergedInto(_) | Ending::Refused(_)));
        self.is_complaint() && self.stage == Stage::One && self.responded(Stage::One) && !over
    }

    /// Whether it ended before it was answered, withdrawn or not taken on: what the resident is unhappy about next is a
    /// complaint that nobody has looked into (1.2, 6.2).
    pub fn ended_unanswered(&self) -> bool {
        let ended = matches!(self.ended, Some(Ending::Withdrawn | Ending::Refused(_)));
        self.is_complaint() && ended && self.stage == Stage::One && !self.responded(Stage::One)
    }

    /// The edition of the Code that holds at `stage`: by the day the complaint, or the request for stage 2, came in.
    pub fn edition(&self, stage: Stage) -> Edition {
        let began = match stage {
            Stage::One => self.received,
            Stage::Two => self.escalation.as_ref().map(|escalation| escalation.received),
        };
        began.map_or(Edition::Of2024, |began| Edition::on(london_date(began)))
    }

    /// Who handles it at the stage it is at.
    pub fn handler(&self) -> Option<&Person> {
        self.handlers.get(&self.stage)
    }

    /// Promised actions that are not done, the first promised first.
    pub fn outstanding(&self) -> impl Iterator<Item = (ActionNo, &Promised)> {
        let open = self.actions.iter().filter(|(_, action)| action.done.is_none());
        open.map(|(number, action)| (*number, &action.promised))
    }

    /// The open duty with the earliest date.
    pub fn next_duty(&self) -> Option<(Duty, &Obligation)> {
        let open = self.duties.iter().filter(|(_, owed)| owed.open());
        open.min_by_key(|(_, owed)| owed.due.date).map(|(duty, owed)| (*duty, owed))
    }

    /// Whether the letter that meets `duty` was written and is known not to have reached the resident, each time.
    pub fn lost(&self, duty: Duty) -> bool {
        let meets = |letter: &&Posted| letter.kind.meets(letter.stage) == Some(duty) && !letter.copy;
        let mut written = self.letters.values().filter(meets).peekable();
        let owed = self.duties.get(&duty).is_some_and(Obligation::open);
        owed && written.peek().is_some() && written.all(Posted::failed)
    }

    /// Whether the acknowledgement of `stage` was written.
    pub fn acknowledgement_written(&self, stage: Stage) -> bool {
        let of_stage = |letter: &&Posted| letter.kind == LetterKind::Acknowledgement && letter.stage == stage;
        self.letters.values().filter(of_stage).any(|letter| letter.outcome != Some(Outcome::Dropped))
    }

    /// Who reads a letter to the resident: they, or whoever speaks for them.
    pub fn reader(&self, number: LetterNo) -> Words {
        let copy = self.letters.get(&number).is_some_and(|letter| letter.copy);
        let representative = self.representative.as_ref().filter(|_| copy).map(|who| who.name.clone());
        let resident = || self.resident.as_ref().map(|resident| resident.name.clone());
        representative.or_else(resident).unwrap_or_else(|| Words::new(""))
    }

    /// How a person hands a letter over, when the resident is not written to by e-mail.
    pub fn by_hand(&self, number: LetterNo) -> Option<ByHand> {
        self.letters.get(&number).filter(|letter| letter.by_hand)?;
        self.resident.as_ref().map(ByHand::to)
    }

    fn letter(&self, number: LetterNo) -> Result<&Posted, Refusal> {
        self.letters.get(&number).ok_or(Refusal::NoSuchLetter(number))
    }
}
