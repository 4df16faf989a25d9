//! What follows by itself: from a message, a date that has come, the fate of a letter, a change of the calendar.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use super::act::registered;
use super::heard::Order;
use super::letters::{Audience, ByHand, InPlaceOf, Letter, LetterKind, LetterNo, Says};
use super::{
    Addition, Case, Cause, Channel, Dissatisfied, Ending, Event, Kind, Matter, MessageNo, Obligation, Opening, Outcome,
    Posted, Prefers, Promised, Recorded, Refusal, Writer,
};
use crate::domain::absence::Absences;
use crate::domain::brake::{DANGERS_TOLD_A_DAY, MESSAGES_TOLD_A_DAY};
use crate::domain::calendar::{Calendar, Due, WorkingDays, london, london_date};
use crate::domain::code::{Duty, Limit, Rule, Stage, Start, rule};
use crate::domain::command::Command;
use crate::domain::command::transcript::Transcript;
use crate::domain::ladder::{Circle, Hearer, Ladder, Rung, WorkingHours, next_person, nine_o_clock};
use crate::domain::landlord::{Acknowledge, Landlord, Person};
use crate::domain::reference::Reference;
use crate::domain::words::Words;

/// Rungs between two reminders of a duty that the Code names no time for: once a week.
const QUIET_EVERY: i32 = 5;

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
    /// A person acts. `next` is the reference a case opened beside this one would get.
    Commanded {
        by: Person,
        command: Box<Command>,
        next: Option<Reference>,
    },
    /// An e-mail of somebody registered, proved to be theirs, does what it asks for.
    Heard(Order),
    /// Their e-mail is answered, and filed first when it has not been.
    Answered {
        to: Person,
        filed: Option<Addition>,
        transcript: Box<Transcript>,
    },
    /// An e-mail asked for something in the name of `claimed`, and nothing shows that it was theirs.
    Disbelieved {
        claimed: Person,
        message: MessageNo,
        why: String,
    },
    /// The calendar may have another edition than the one the dates were found with.
    CalendarChanged,
    /// Another case was linked to this one.
    Linked {
        by: Person,
        to: Reference,
        because: Words,
    },
    /// Another case goes on as this one.
    Absorbed {
        by: Person,
        from: Reference,
        kind: Kind,
        /// When the landlord first had the other one.
        received: Timestamp,
        messages: Vec<MessageNo>,
        points: Vec<Words>,
        /// What was promised on it and is not done.
        promised: Vec<Promised>,
    },
}

/// What follows: history to be written and letters to go out, together or not at all.
#[derive(Clone, Debug, Default)]
pub struct Decision {
    pub events: Vec<Recorded>,
    pub letters: Vec<Letter>,
    /// What happens to other cases by it, in the same transaction.
    pub elsewhere: Vec<Elsewhere>,
    /// These letters wait and are not to leave: what they were to say is undone, or has been said in another way.
    pub taken_back: Option<Vec<LetterNo>>,
}

/// What one case's decision brings about for another.
#[derive(Clone, Debug)]
pub enum Elsewhere {
    /// A case of the same landlord is opened.
    Open(Box<Opening>),
    On(Reference, Box<Input>),
}

/// The landlord's house rules, as `decide` needs them.
#[derive(Clone, Copy, Debug)]
pub struct House<'a> {
    pub landlord: &'a Landlord,
    pub calendar: &'a Calendar,
    pub ladder: &'a Ladder,
    /// When reminders may be sent.
    pub hours: &'a WorkingHours,
    pub terms: Terms,
    /// Who is away.
    pub away: &'a Absences,
}

/// Times the Code asks for and does not name: the landlord's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Working days after which an open service request is put before the officer again (1.4).
    pub review_requests_after: WorkingDays,
    /// Working days after a response in which the case is to be closed (9.1).
    pub close_after: WorkingDays,
    /// Days after closing on which the resident is asked how it was; `None` for never.
    pub survey_after_days: Option<u16>,
    /// Working days after which an adjustment is looked at again (5.10).
    pub review_adjustments_after: WorkingDays,
    /// Working days after which a restriction is looked at again (5.14).
    pub review_restrictions_after: WorkingDays,
}

impl Default for Terms {
    fn default() -> Terms {
        Terms {
            review_requests_after: WorkingDays(10),
            close_after: WorkingDays(20),
            survey_after_days: Some(28),
            review_adjustments_after: WorkingDays(120),
            review_restrictions_after: WorkingDays(60),
        }
    }
}

/// The whole behaviour of the daemon is this function: what follows when `input` happens to `case` at `now`.
///
/// # Errors
///
/// A [`Refusal`] when the input does not fit the case; nothing follows then.
pub fn decide(case: &Case, input: &Input, house: &House, now: Timestamp) -> Result<Decision, Refusal> {
    let mut draft =
        Draft { case: case.clone(), house, now, wait: None, files: Vec::new(), decision: Decision::default() };
    match (input, &case.opening) {
        (Input::Opened(_), Some(_)) => return Err(Refusal::AlreadyOpened),
        (Input::Opened(opening), None) => draft.open(opening),
        (_, None) => return Err(Refusal::NotOpened),
        (Input::Added(addition), Some(_)) => draft.add(addition),
        (Input::Reached(duty), Some(_)) => draft.reach(*duty),
        (Input::Posted { letter, outcome }, Some(_)) => draft.settle(*letter, outcome, now)?,
        (Input::Commanded { by, command, next }, Some(_)) => draft.act(by, command, next.as_ref())?,
        (Input::Heard(order), Some(_)) => draft.hear(order)?,
        (Input::Answered { to, filed, transcript }, Some(_)) => {
            if let Some(addition) = filed {
                draft.record(addition.received, Event::MessageAdded(addition.clone()));
            }
            draft.answer_mail(to, transcript);
        }
        (Input::Disbelieved { claimed, message, why }, Some(_)) => draft.disbelieve(claimed, *message, why),
        (Input::CalendarChanged, Some(_)) => draft.recount(),
        (Input::Linked { by, to, because }, Some(_)) => draft.link(by, to, because),
        (Input::Absorbed { .. }, Some(_)) => draft.absorb(input)?,
    }
    Ok(draft.decision)
}

impl Case {
    /// When to look at an open duty next: its next rung, or the moment of its automatic step.
    pub fn next_look(&self, duty: Duty, house: &House, now: Timestamp) -> Option<Timestamp> {
        let owed = self.duties.get(&duty).filter(|owed| owed.open())?;
        if duty == Duty::Survey {
            return Some(nine_o_clock(owed.due.date));
        }
        let rung = house.ladder.next_moment(self.climbed(duty, owed), owed.due.date, house.calendar);
        // What has come and waits for the office to open is looked at then.
        let opening = house.hours.wait(owed.due.date, house.calendar, now).filter(|_| rung <= now);
        let rung = opening.unwrap_or(rung);
        let automatic = [self.acknowledged_automatically_at(duty, house), self.response_starts_at(duty)];
        Some(automatic.into_iter().flatten().fold(rung, Timestamp::min))
    }

    /// The rung a duty stands on. Those nobody but the house wants are reminded of on the day and then once a week.
    fn climbed(&self, duty: Duty, owed: &Obligation) -> Option<Rung> {
        match owed.taken {
            _ if !self.quiet(duty) => owed.taken,
            None | Some(Rung(..0)) => Some(Rung(-1)),
            Some(Rung(days)) => Some(Rung(days + QUIET_EVERY - 1)),
        }
    }

    /// Whether the house, not the Code or the law, wants it done by a day.
    fn quiet(&self, duty: Duty) -> bool {
        let matter = self.opening.as_ref().and_then(|opening| opening.matter);
        match duty {
            Duty::ReviewRequest | Duty::ReviewAdjustment | Duty::ReviewRestriction | Duty::Close => true,
            Duty::Answer => matches!(matter, None | Some(Matter::Enquiry | Matter::Survey | Matter::Unclear)),
            _ => false,
        }
    }

    /// The end of the day the acknowledgement was due: then the response's clock starts without it.
    fn response_starts_at(&self, duty: Duty) -> Option<Timestamp> {
        let stage = duty.stage().filter(|stage| duty == stage.acknowledge())?;
        let due = self.duties.get(&duty)?.due.date;
        let started = self.duties.contains_key(&stage.respond());
        (!started).then(|| london(due.tomorrow().unwrap_or(due), 0, 0))
    }

    /// 09:00 on the last working day before the acknowledgement is due, when nobody has acknowledged by then.
    fn acknowledged_automatically_at(&self, duty: Duty, house: &House) -> Option<Timestamp> {
        let stage = duty.stage().filter(|stage| duty == stage.acknowledge())?;
        if !self.answered_by_itself() || self.acknowledgement_written(stage) {
            return None;
        }
        let due = self.duties.get(&duty)?.due.date;
        Some(nine_o_clock(house.calendar.working_days_before(due, WorkingDays(1))))
    }

    /// Whether letters go to the resident by themselves. What reached the landlord by another road is answered by hand,
    /// when the resident has no e-mail address. What kept the first letter back holds until a person has acknowledged the
    /// complaint.
    pub fn answered_by_itself(&self) -> bool {
        let (Some(opening), Some(resident)) = (&self.opening, &self.resident) else { return false };
        let reachable = resident.address.is_some()
            || resident.post.is_some()
            || resident.telephone.is_some()
            || opening.channel != Channel::Email;
        (opening.withheld.is_none() || self.acknowledgement_written(Stage::One)) && reachable
    }
}

/// A request for stage 2.
pub(super) struct AskedFor {
    pub(super) received: Timestamp,
    /// The message that asked, unless it came another way.
    pub(super) message: Option<MessageNo>,
    pub(super) by: Option<Person>,
    pub(super) reasons: Option<Words>,
    pub(super) unsure: bool,
    /// The resident gets a letter at once.
    pub(super) answered: bool,
}

/// A decision in the making. Each event is applied as it is recorded, so that later steps see earlier ones.
pub(super) struct Draft<'a> {
    pub(super) case: Case,
    pub(super) house: &'a House<'a>,
    pub(super) now: Timestamp,
    /// Until when its letters wait.
    pub(super) wait: Option<Timestamp>,
    /// Names of the files that go with an answer to the resident.
    pub(super) files: Vec<Words>,
    pub(super) decision: Decision,
}

/// Whom a letter goes to.
pub(super) struct Reader {
    name: Words,
    pub(super) address: Words,
    /// Whoever would have got it and is away.
    in_place_of: Option<InPlaceOf>,
}

impl From<Hearer<'_>> for Reader {
    fn from(hearer: Hearer<'_>) -> Reader {
        let in_place_of = hearer.in_place_of.map(|gap| InPlaceOf { name: gap.person.name.clone(), until: gap.until });
        let Person { name, address, .. } = hearer.person;
        Reader { name: Words::new(name), address: Words::new(address), in_place_of }
    }
}

// ── what comes in ─────────────────────────────────────────────────────────────────────────────────────────────────

impl Draft<'_> {
    fn open(&mut self, opening: &Opening) {
        self.record(opening.received, Event::Opened(Box::new(opening.clone())));
        match opening.kind {
            Kind::Complaint => self.begin_complaint(),
            Kind::ServiceRequest => self.begin_request(),
            Kind::Correspondence => self.begin_correspondence(opening),
        }
        let says = Says::NewCase { message: opening.message };
        match opening.matter {
            // Mail from the Ombudsman is the complaints officer's, whoever handles the case (4.1).
            Some(Matter::Ombudsman) => self.write_to(&self.house.landlord.officer.clone(), says),
            _ => self.write_to_handler(says),
        }
    }

    pub(super) fn begin_complaint(&mut self) {
        self.assign_by_rule(Stage::One);
        let received = self.received();
        let acknowledge_by = self.set_deadline(Duty::Acknowledge, received);
        if self.rule(Duty::RespondStage1).start == Start::Logging {
            self.set_deadline(Duty::RespondStage1, self.today().min(acknowledge_by));
        }
        self.start_response_when_acknowledgement_is_late(Stage::One);
        self.answer_the_request_for(Stage::One);
    }

    fn begin_request(&mut self) {
        self.assign_by_rule(Stage::One);
        self.set_deadline(Duty::ReviewRequest, self.received());
        if self.case.answered_by_itself() {
            self.write_to_resident(Says::RequestLogged);
        }
    }

    fn begin_correspondence(&mut self, opening: &Opening) {
        self.assign_by_rule(Stage::One);
        match opening.matter {
            Some(Matter::Survey) => {}
            _ => {
                self.set_deadline(Duty::Answer, self.received());
            }
        }
        let short_answer = matches!(opening.matter, None | Some(Matter::Enquiry | Matter::Survey | Matter::Unclear));
        if short_answer && self.case.answered_by_itself() {
            self.write_to_resident(Says::Correspondence { text: None });
        }
    }

    /// The first letter at `stage`: the acknowledgement, or a receipt while a person must look first.
    fn answer_the_request_for(&mut self, stage: Stage) {
        if !self.case.answered_by_itself() {
            return;
        }
        let review = self.is_reviewed_first(stage);
        match self.case.duties.get(&stage.acknowledge()).map(|owed| owed.due.date) {
            Some(acknowledge_by) if (self.case.unsure || review) && !self.must_acknowledge_now(stage) => {
                self.write_to_resident(Says::Receipt { stage, acknowledge_by });
            }
            _ => self.acknowledge(stage),
        }
    }

    /// Whether a person is to look at the definition before the acknowledgement goes out.
    pub(super) fn is_reviewed_first(&self, stage: Stage) -> bool {
        self.house.landlord.acknowledge == Acknowledge::AfterReview && !self.case.confirmed.contains(&stage)
    }

    fn add(&mut self, addition: &Addition) {
        self.record(addition.received, Event::MessageAdded(addition.clone()));
        let Addition { message, received, writer, name, flags, dissatisfied, words, withheld } = addition.clone();
        match writer {
            Writer::Handler => return, // They know what they wrote; it is on file.
            Writer::Resident if dissatisfied != Dissatisfied::No && self.case.can_escalate_by_mail(received) => {
                let answered = withheld.is_none();
                // What may be a machine's, or junk, is for a person to look at; the clock runs.
                let unsure = dissatisfied == Dissatisfied::Perhaps || !answered;
                let (message, by) = (Some(message), None);
                return self.escalate(AskedFor { received, message, by, reasons: words, unsure, answered });
            }
            Writer::Resident | Writer::Staff | Writer::Stranger | Writer::Ombudsman => {}
        }
        let urgent = flags.urgent_hazard;
        let lately = self.messages_told_lately();
        let more = writer != Writer::Ombudsman && lately == MESSAGES_TOLD_A_DAY;
        let says = Says::NewMessage { message, writer, name, flags, more };
        match writer {
            Writer::Ombudsman => self.write_to(&self.house.landlord.officer.clone(), says),
            _ if lately <= MESSAGES_TOLD_A_DAY || urgent && lately < DANGERS_TOLD_A_DAY => self.write_to_handler(says),
            // They were told that there are more, and where to see them.
            _ => {}
        }
        let told_today = self.case.added_told == Some(self.today());
        // One short letter a day, but word of a danger always gets the emergency numbers.
        if writer == Writer::Resident && withheld.is_none() && (!told_today || urgent) {
            self.write_to_resident(Says::Added { received: london_date(received) });
        }
    }

    /// Letters about further messages in the last 24 hours. None of a time that has yet to come: the clock was set back.
    fn messages_told_lately(&self) -> usize {
        let since = self.now - SignedDuration::from_hours(24);
        let lately = |letter: &&Posted| {
            letter.kind == LetterKind::NewMessage && letter.written > since && letter.written <= self.now
        };
        self.case.letters.values().filter(lately).count()
    }

    /// Stage 2 begins (6.10): its clock counts from the day the resident asked.
    pub(super) fn escalate(&mut self, asked_for: AskedFor) {
        let AskedFor { received, message, by, reasons, unsure, answered } = asked_for;
        self.record(received, Event::Escalated { received, message, by, reasons, unsure });
        for duty in [Duty::Close, Duty::Survey] {
            self.lapse(duty);
        }
        self.assign_by_rule(Stage::Two);
        let asked = london_date(received);
        self.set_deadline(Duty::AcknowledgeStage2, asked);
        if self.rule(Duty::RespondStage2).start == Start::Request {
            self.set_deadline(Duty::RespondStage2, asked);
        }
        self.start_response_when_acknowledgement_is_late(Stage::Two);
        if answered {
            self.answer_the_request_for(Stage::Two);
        }
        let told = self.reader_for_handler().address;
        self.write_to_handler(Says::Escalation { message, unsure });
        let officer = self.house.landlord.officer.clone();
        // Code 5.8: what names the officer is not for the officer's eyes.
        if self.reader(&officer).address != told && !self.case.names(&officer) {
            self.write_to(&officer, Says::Escalation { message, unsure });
        }
    }

    pub(super) fn link(&mut self, by: &Person, to: &Reference, because: &Words) {
        if !self.case.links.contains(to) {
            self.record_now(Event::Linked { by: by.clone(), to: to.clone(), because: because.clone() });
        }
    }

    /// The later of two cases goes on as the earlier, so that the earlier date holds, with all that is owed on it: its
    /// points are answered here, its promises are kept here, and no complaint is taken into what is none.
    fn absorb(&mut self, input: &Input) -> Result<(), Refusal> {
        let Input::Absorbed { by, from, kind, received, messages, points, promised } = input.clone() else {
            return Ok(());
        };
        let own = self.case.opening.as_ref().map(|opening| opening.reference.clone()).ok_or(Refusal::NotOpened)?;
        if self.case.received > Some(received) {
            return Err(Refusal::MergeTheLater(own));
        }
        if self.case.ended.is_some() {
            return Err(Refusal::Ended);
        }
        if kind == Kind::Complaint && !self.case.is_complaint() {
            return Err(Refusal::IntoNoComplaint(own));
        }
        let points: Vec<Words> =
            points.into_iter().filter(|point| !self.case.definition.points.contains(point)).collect();
        let new = self.case.is_complaint() && !points.is_empty();
        if new && (self.case.stage == Stage::Two || self.case.responded(Stage::One)) {
            return Err(Refusal::TooLateForPoint(Stage::One));
        }
        let before = self.case.clone();
        self.record_now(Event::Absorbed { by, from, messages, points });
        self.keep_from_whoever_is_named(&before);
        for promised in promised {
            self.promise(promised);
        }
        if new && self.case.acknowledgement_written(Stage::One) {
            self.correct(Stage::One);
        }
        Ok(())
    }
}

// ── what the time brings ──────────────────────────────────────────────────────────────────────────────────────────

impl Draft<'_> {
    fn reach(&mut self, duty: Duty) {
        let Some(owed) = self.case.duties.get(&duty).filter(|owed| owed.open()).cloned() else {
            return; // Met since the round looked.
        };
        if duty == Duty::Survey {
            if nine_o_clock(owed.due.date) <= self.now {
                self.survey();
            }
            return;
        }
        if let Some(stage) = duty.stage().filter(|stage| duty == stage.acknowledge()) {
            if self.must_acknowledge_now(stage) {
                self.acknowledge(stage);
            }
            self.start_response_when_acknowledgement_is_late(stage);
        }
        let House { ladder, calendar, hours, .. } = *self.house;
        let due = owed.due.date;
        let Some(rung) = ladder.reached(due, calendar, self.now) else { return };
        if Some(rung) <= self.case.climbed(duty, &owed) || hours.wait(due, calendar, self.now).is_some() {
            return;
        }
        self.record_now(Event::Reminded { duty, due, rung });
        let letter_waiting = self.waiting_letter(duty);
        // Nothing was recorded since people were last told: those above hear of it now.
        let silent = owed.taken.is_some() && self.case.last_act.is_none_or(|act| act < owed.told);
        let (first, circle) = (self.first_told(duty), self.circle());
        let hearing = match self.case.quiet(duty) {
            true => vec![circle.reader(&first)],
            false => ladder.hears(rung, silent, &first, &circle),
        };
        for reader in hearing.into_iter().map(Reader::from).collect::<Vec<_>>() {
            self.tell(reader, Says::Reminder { duty, due, rung, letter_waiting, not_reached: None });
        }
    }

    /// Whose a duty is: the owner of a promised action, else whoever handles the case.
    fn first_told(&self, duty: Duty) -> Person {
        let landlord = self.house.landlord;
        let owner = match duty {
            Duty::Action(action) => {
                self.case.actions.get(&action).and_then(|action| action.promised.owner_address.clone())
            }
            _ => None,
        };
        let owner = owner.and_then(|address| landlord.people().into_iter().find(|person| person.address == address));
        owner.or(self.handler()).unwrap_or(&landlord.officer).clone()
    }

    /// The survey goes out once, some weeks after the end (a practice of landlords; how to complain is in it, 1.6).
    fn survey(&mut self) {
        let answerable = self.case.resident.as_ref().is_some_and(|resident| resident.address.is_some());
        if self.case.survey_declined || !answerable || !self.case.answered_by_itself() {
            return self.lapse(Duty::Survey);
        }
        if !self.case.letters.values().any(|letter| letter.kind == LetterKind::Survey && letter.outcome.is_none()) {
            self.write_to_resident(Says::Survey);
        }
        self.record_now(Event::DutyMet { duty: Duty::Survey });
    }

    /// Nobody has looked, and the five days must not lapse by silence.
    pub(super) fn must_acknowledge_now(&self, stage: Stage) -> bool {
        let moment = self.case.acknowledged_automatically_at(stage.acknowledge(), self.house);
        moment.is_some_and(|moment| moment <= self.now)
    }

    /// The letter that carries everything the Code asks of an acknowledgement, and the clock it starts.
    pub(super) fn acknowledge(&mut self, stage: Stage) {
        if self.case.acknowledgement_written(stage) {
            return; // Said once; one that came back is handed over by a person.
        }
        let Some(due) = self.case.duties.get(&stage.acknowledge()).map(|owed| owed.due.date) else { return };
        let respond_by = match self.in_force(stage.respond()) {
            // A date once set never moves out: a late acknowledgement buys no time.
            Some(set) => set.due.date,
            None => self.set_deadline(stage.respond(), self.today().min(due)),
        };
        self.write_to_resident(Says::Acknowledgement { stage, respond_by });
    }

    /// Response dates count from the earlier of the acknowledgement and the day it was due.
    pub(super) fn start_response_when_acknowledgement_is_late(&mut self, stage: Stage) {
        let Some(due) = self.in_force(stage.acknowledge()).map(|owed| owed.due.date) else { return };
        if self.today() > due && self.in_force(stage.respond()).is_none() && !self.case.responded(stage) {
            self.set_deadline(stage.respond(), due);
        }
    }

    /// What is owed or was met. A date that lapsed, because the case was found to be no complaint, binds nobody when it turns
    /// out to be one after all.
    fn in_force(&self, duty: Duty) -> Option<&Obligation> {
        self.case.duties.get(&duty).filter(|owed| owed.lapsed.is_none())
    }

    /// What was met, or owed no more, is owed again: by the same dates, save where a bank holiday has moved them meanwhile.
    pub(super) fn owe_again(&mut self, duties: impl IntoIterator<Item = Duty>) {
        for duty in duties {
            self.record_now(Event::DutyReopened { duty });
        }
        self.recount();
    }

    /// Works out the open dates anew; each that moves is recorded with its cause.
    fn recount(&mut self) {
        let open = self.case.duties.iter().filter(|(_, owed)| owed.open());
        let again =
            open.filter_map(|(duty, owed)| Some((*duty, owed.due.clone(), self.house.calendar.again(&owed.due)?)));
        // What is missed, by the old calendar and by the new, stays as it is.
        let changed: Vec<(Duty, Due, Due)> =
            again.filter(|(_, was, due)| was.date.max(due.date) >= self.today()).collect();
        let mut moves = Vec::new();
        for (duty, was, due) in changed {
            if due.date != was.date {
                moves.push((duty, was.date, due.date));
            }
            if (due.date, due.provisional) != (was.date, was.provisional) {
                self.move_deadline(duty, due, Cause::Calendar);
            }
        }
        if !moves.is_empty() {
            self.write_to_handler(Says::DatesMoved { moves });
        }
    }
}

// ── what became of letters ────────────────────────────────────────────────────────────────────────────────────────

impl Draft<'_> {
    /// `at`: when it became of the letter.
    pub(super) fn settle(&mut self, number: LetterNo, outcome: &Outcome, at: Timestamp) -> Result<(), Refusal> {
        let letter = self.case.letter(number)?.clone();
        self.record_now(Event::LetterPosted { letter: number, outcome: outcome.clone() });
        let (why, returned) = match outcome {
            // Whoever is to hand it over has it: the resident has not.
            Outcome::Sent { .. } if letter.by_hand => return Ok(()),
            // A letter that was in doubt goes again; had the first of the two come back, the second will as well.
            Outcome::Sent { .. } if letter.failed() => return Ok(()),
            Outcome::Sent { .. } | Outcome::HandedOver { .. } => {
                self.it_arrived(number, &letter, at);
                return Ok(());
            }
            Outcome::Dropped => return Ok(()),
            Outcome::Refused { reply } => (reply.clone(), false),
            Outcome::Returned { why, .. } => (why.clone(), true),
            Outcome::Absent { .. } => (Words::new("they are away, says an automatic note"), true),
        };
        let met = letter.kind.meets(letter.stage).filter(|_| !letter.copy);
        if let Some(duty) = met
            && self.met_by(duty, number)
            && !matches!(outcome, Outcome::Absent { .. })
            && matches!(self.case.ended, None | Some(Ending::Closed))
        {
            self.owe_again([duty]);
        }
        let absent_resident = matches!(outcome, Outcome::Absent { .. }) && letter.audience == Audience::Resident;
        if letter.failed() || absent_resident {
            return Ok(()); // Servers report one failure more than once; people are told once.
        }
        match letter.about.and_then(|duty| Some((duty, self.case.duties.get(&duty)?.clone()))) {
            Some((duty, owed)) if owed.open() => self.remind_somebody_else(duty, &owed, &letter),
            Some(_) => {}
            None => {
                let (letter_kind, to) = (letter.kind, letter.to.clone());
                let says = Says::Undelivered { letter: number, letter_kind, to, why, returned };
                if let Some(reader) = self.who_hears_of(&letter) {
                    self.tell(reader, says);
                }
            }
        }
        Ok(())
    }

    /// What follows when a letter has reached its reader.
    fn it_arrived(&mut self, number: LetterNo, letter: &Posted, at: Timestamp) {
        let Some(duty) = letter.kind.meets(letter.stage).filter(|_| !letter.copy) else { return };
        let open = self.case.duties.get(&duty).is_some_and(Obligation::open);
        let stage = letter.stage;
        if letter.kind == LetterKind::Acknowledgement && !self.case.acknowledged.contains_key(&stage) {
            let automatic = !self.case.confirmed.contains(&stage);
            self.record(at, Event::Acknowledged { letter: number, automatic, stage });
        }
        if open {
            self.record(at, Event::DutyMet { duty });
        }
    }

    /// Whether it was letter `number` that met `duty`.
    fn met_by(&self, duty: Duty, number: LetterNo) -> bool {
        let met = self.case.duties.get(&duty).is_some_and(|owed| owed.met.is_some());
        let another = self.case.letters.iter().any(|(other, letter)| {
            *other != number && !letter.copy && letter.kind.meets(letter.stage) == Some(duty) && letter.arrived()
        });
        met && !another && duty != Duty::Survey
    }

    /// A reminder that did not reach its reader is no reminder: the next person is told, before the date and not after.
    /// Whoever is away is left in peace, unless nobody else can be reached.
    fn remind_somebody_else(&mut self, duty: Duty, owed: &Obligation, letter: &Posted) {
        let Some(rung) = owed.taken else { return };
        let landlord = self.house.landlord;
        let of_this_rung = |letter: &&Posted| letter.about == Some(duty) && letter.written >= owed.told;
        let letters: Vec<&Posted> = self.case.letters.values().filter(of_this_rung).collect();
        let told: Vec<&str> = letters.iter().map(|letter| letter.to.as_str()).collect();
        let (first, circle) = (self.first_told(duty), self.circle());
        let in_vain = letters.iter().all(|letter| letter.failed());
        let line = if in_vain { circle.everybody(&first) } else { circle.line(&first) };
        let Some(next) = next_person(&line, &told).map(Reader::from) else { return };
        let people = landlord.people();
        let missed = people.iter().find(|person| person.address == letter.to.as_str());
        let not_reached = Some(missed.map_or_else(|| letter.to.as_str().to_owned(), |person| person.name.clone()));
        let (due, letter_waiting) = (owed.due.date, self.waiting_letter(duty));
        self.tell(next, Says::Reminder { duty, due, rung, letter_waiting, not_reached });
    }

    /// Who is told that a letter did not reach its reader: the handler, or when it was the handler who was not reached, the
    /// next of the line; whoever stands in while they are away, and they themselves when nobody else can be reached. Nobody
    /// is told that *such* a letter failed: that chain ends with the operator.
    fn who_hears_of(&self, undelivered: &Posted) -> Option<Reader> {
        if undelivered.kind == LetterKind::Undelivered {
            return None;
        }
        let first = self.handler().unwrap_or(&self.house.landlord.officer);
        next_person(&self.circle().everybody(first), &[undelivered.to.as_str()]).map(Reader::from)
    }

    /// The letter that was written and has not reached the resident, when that is what the duty waits for.
    fn waiting_letter(&self, duty: Duty) -> Option<LetterKind> {
        let waits = |letter: &&Posted| {
            let on_its_way = letter.outcome.is_none() || letter.by_hand && !letter.arrived();
            letter.kind.meets(letter.stage) == Some(duty) && !letter.copy && on_its_way
        };
        self.case.letters.values().find(waits).map(|letter| letter.kind)
    }
}

// ── the pen ───────────────────────────────────────────────────────────────────────────────────────────────────────

impl Draft<'_> {
    pub(super) fn today(&self) -> Date {
        london_date(self.now)
    }

    /// The day the landlord first had it, in Europe/London.
    fn received(&self) -> Date {
        self.case.received.map_or(self.today(), london_date)
    }

    /// The rule behind a duty, in the edition that holds for this case.
    pub(super) fn rule(&self, duty: Duty) -> &'static Rule {
        rule(duty, self.case.edition(duty.stage().unwrap_or_default()))
    }

    pub(super) fn set_deadline(&mut self, duty: Duty, from: Date) -> Date {
        let House { calendar, .. } = *self.house;
        let due = match (self.rule(duty).limit, duty) {
            (Limit::Code(limit), _) => calendar.due(from, limit),
            (Limit::House, Duty::Answer) => match self.case.opening.as_ref().and_then(|opening| opening.matter) {
                // UK GDPR, Article 12(3): within one month of receipt.
                Some(Matter::Information) => calendar.until(from, from.saturating_add(1.month())),
                // Data (Use and Access) Act 2025: acknowledged within 30 days of receipt.
                Some(Matter::DataProtection) => calendar.until(from, from.saturating_add(30.days())),
                _ => calendar.due(from, self.house.terms.review_requests_after),
            },
            (Limit::House, Duty::Close) => calendar.due(from, self.house.terms.close_after),
            (Limit::House, Duty::Survey) => {
                let days = self.house.terms.survey_after_days.unwrap_or_default();
                calendar.until(from, from.saturating_add(i64::from(days).days()))
            }
            (Limit::House, Duty::ReviewAdjustment) => calendar.due(from, self.house.terms.review_adjustments_after),
            (Limit::House, Duty::ReviewRestriction) => calendar.due(from, self.house.terms.review_restrictions_after),
            (Limit::House, _) => calendar.due(from, self.house.terms.review_requests_after),
        };
        self.set_due(duty, due, self.rule(duty).start)
    }

    /// A date that a person chose.
    pub(super) fn set_date(&mut self, duty: Duty, date: Date) -> Date {
        let due = self.house.calendar.until(self.today(), date);
        self.set_due(duty, due, Start::Promise)
    }

    fn set_due(&mut self, duty: Duty, due: Due, counted_from: Start) -> Date {
        let date = due.date;
        let passed = self.house.ladder.reached(date, self.house.calendar, self.now);
        let provision = self.provision(duty);
        self.record_now(Event::DeadlineSet { duty, due, counted_from, provision, passed });
        date
    }

    fn provision(&self, duty: Duty) -> String {
        let matter = self.case.opening.as_ref().and_then(|opening| opening.matter);
        match (duty, matter) {
            (Duty::Answer, Some(Matter::Information)) => "UK GDPR, Article 12".to_owned(),
            (Duty::Answer, Some(Matter::DataProtection)) => "Data (Use and Access) Act 2025".to_owned(),
            (Duty::Answer, Some(Matter::Ombudsman)) => "4.1".to_owned(),
            _ => self.rule(duty).provision.to_owned(),
        }
    }

    pub(super) fn move_deadline(&mut self, duty: Duty, due: Due, cause: Cause) {
        let passed = self.house.ladder.reached(due.date, self.house.calendar, self.now);
        self.record_now(Event::DeadlineMoved { duty, due, cause, passed });
    }

    /// The duty is owed no more.
    pub(super) fn lapse(&mut self, duty: Duty) {
        if self.case.duties.get(&duty).is_some_and(Obligation::open) {
            self.record_now(Event::DutyLapsed { duty });
        }
    }

    /// Gives the case to the first who is fit for it; when nobody is, the manager hears that somebody must be found.
    pub(super) fn assign_by_rule(&mut self, stage: Stage) {
        match self.case.first_fit(self.house.landlord, self.house.away, self.today(), stage).cloned() {
            Some(to) => self.record_now(Event::Assigned { stage, to, by: None, conflict: None, despite: None }),
            None => self.record_now(Event::Unassigned { stage }),
        }
    }

    /// Gives the case to somebody else when its handler is named in what it has come to be about (5.8).
    pub(super) fn keep_from_whoever_is_named(&mut self, before: &Case) {
        let stage = self.case.stage;
        let newly = |handler: &&Person| self.case.names(handler) && !before.names(handler);
        if self.case.handler().filter(newly).is_some() {
            self.assign_by_rule(stage);
            self.write_to_handler(Says::Assigned { stage });
        }
    }

    /// To the resident, and a copy to whoever may speak for them. By e-mail where that is what they want and can be done;
    /// else to the handler, who hands it over.
    pub(super) fn write_to_resident(&mut self, says: Says) {
        let Some(resident) = self.case.resident.clone() else { return };
        let by_email = resident.address.clone().filter(|_| resident.prefers == Prefers::Email);
        match by_email {
            Some(address) => {
                let reader = Reader { name: resident.name, address, in_place_of: None };
                self.write(Audience::Resident, reader, None, false, says.clone());
            }
            None => {
                let hands_over = self.reader(self.handler().unwrap_or(&self.house.landlord.officer));
                let by_hand = Some(ByHand::to(&resident));
                let reader = Reader { name: resident.name, ..hands_over };
                self.write(Audience::Resident, reader, by_hand, false, says.clone());
            }
        }
        let representative = self.case.representative.clone().filter(|who| who.authority.is_some());
        if let Some((name, address)) = representative.and_then(|who| Some((who.name, who.address?))) {
            let reader = Reader { name, address, in_place_of: None };
            self.write(Audience::Resident, reader, None, true, says);
        }
    }

    /// Who handles the case, unless they have left the landlord: nothing of it goes to them any more.
    fn handler(&self) -> Option<&Person> {
        self.case.handler().filter(|handler| registered(handler, self.house.landlord).is_ok())
    }

    /// To whoever handles the case; when nobody is found yet, to the manager, who must find somebody.
    pub(super) fn write_to_handler(&mut self, says: Says) {
        let reader = self.reader_for_handler();
        self.tell(reader, says);
    }

    fn reader_for_handler(&self) -> Reader {
        self.reader(self.handler().unwrap_or(&self.house.landlord.manager))
    }

    /// To `person`, or while they are away to whoever stands in.
    pub(super) fn write_to(&mut self, person: &Person, says: Says) {
        let reader = self.reader(person);
        self.tell(reader, says);
    }

    /// To `person` themselves, wherever they say they are.
    pub(super) fn write_back(&mut self, person: &Person, says: Says) {
        let (name, address) = (Words::new(&person.name), Words::new(&person.address));
        self.tell(Reader { name, address, in_place_of: None }, says);
    }

    fn tell(&mut self, reader: Reader, says: Says) {
        self.write(Audience::Staff, reader, None, false, says);
    }

    /// Who reads what is written to `person` today.
    pub(super) fn reader(&self, person: &Person) -> Reader {
        match self.house.away.of(person, self.today()) {
            None => Reader { name: Words::new(&person.name), address: Words::new(&person.address), in_place_of: None },
            Some(_) => self.circle().reader(person).into(),
        }
    }

    fn circle(&self) -> Circle<'_> {
        self.case.circle(self.house.landlord, self.house.away, self.today())
    }

    fn write(&mut self, audience: Audience, reader: Reader, by_hand: Option<ByHand>, copy: bool, says: Says) {
        let Reader { name, address, in_place_of } = reader;
        let number = self.case.letters.keys().next_back().map_or(1, |last| last + 1);
        let about = match says {
            Says::Reminder { duty, .. } => Some(duty),
            _ => None,
        };
        let carries = says.kind().carries_files();
        self.record_now(Event::LetterWritten {
            letter: number,
            kind: says.kind(),
            audience,
            to: address.clone(),
            promises: says.promises(),
            by_hand: by_hand.is_some(),
            copy,
            stage: says.stage(),
            about,
            files: if carries { self.files.clone() } else { Vec::new() },
        });
        let (wait, files) = (self.wait, carries && !self.files.is_empty());
        self.decision.letters.push(Letter { number, audience, name, address, by_hand, in_place_of, wait, files, says });
    }

    pub(super) fn record_now(&mut self, event: Event) {
        self.record(self.now, event);
    }

    pub(super) fn record(&mut self, occurred_at: Timestamp, event: Event) {
        let recorded = Recorded { seq: self.case.seq + 1, occurred_at, recorded_at: self.now, event };
        self.case = std::mem::take(&mut self.case).apply(&recorded);
        self.decision.events.push(recorded);
    }
}
