//! What people do to a case: every command with its checks, what is recorded of it, and the letters it sends.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};

use super::decide::{AskedFor, Draft, Elsewhere, Input};
use super::letters::{LetterNo, News, Says};
use super::{
    Action, ActionNo, Cause, Ending, Event, Finding, Flags, Ground, Kind, NoteKind, Obligation, Opening, Outcome,
    Promised, Refusal, Resident, Response, Sorting,
};
use crate::domain::calendar::{WorkingDays, london, london_date};
use crate::domain::code::{Duty, Stage};
use crate::domain::command::{Command, Log, Redefinition};
use crate::domain::landlord::{Landlord, Person};
use crate::domain::reference::Reference;
use crate::domain::words::Words;

/// Duties to look again at what was agreed with the resident.
const REVIEWS: [Duty; 2] = [Duty::ReviewAdjustment, Duty::ReviewRestriction];

/// Whether a duty does not end with the case: what was agreed with the resident goes on, and what was promised is carried
/// through, however the complaint ends (6.6, 7.3).
fn outlives(duty: Duty) -> bool {
    REVIEWS.contains(&duty) || matches!(duty, Duty::Action(_))
}

/// The opening of a case that a member of staff logs: it came by telephone, letter, visit or social media (3.1, 3.2).
///
/// # Errors
///
/// When whoever logs it is not registered, nothing is said of what it is about, or the day it came is still to come.
pub fn logged(
    log: &Log,
    by: &Person,
    landlord: &Landlord,
    reference: Reference,
    now: Timestamp,
) -> Result<Opening, Refusal> {
    registered(by, landlord)?;
    if log.points.is_empty() {
        return Err(Refusal::NoPoints);
    }
    if log.received > now {
        return Err(Refusal::Future(london_date(log.received)));
    }
    let resident = Resident {
        name: log.name.clone(),
        address: log.address.clone(),
        post: log.post.clone(),
        telephone: log.telephone.clone(),
        estate: log.estate.clone(),
        prefers: log.prefers.unwrap_or_default(),
    };
    Ok(Opening {
        reference,
        kind: log.kind,
        matter: None,
        message: None,
        channel: log.channel,
        logged_by: Some(by.clone()),
        received: log.received,
        resident,
        subject: log.subject.clone().unwrap_or_else(|| Words::new("")),
        points: log.points.clone(),
        outcome_sought: log.outcome.clone(),
        because: Vec::new(),
        unsure: false,
        flags: Flags::default(),
        withheld: None,
        set_aside: None,
        related: Vec::new(),
    })
}

pub(super) fn registered(by: &Person, landlord: &Landlord) -> Result<(), Refusal> {
    match landlord.people().iter().any(|person| person.address == by.address) {
        true => Ok(()),
        false => Err(Refusal::NotRegistered { name: by.name.clone() }),
    }
}

impl Draft<'_> {
    pub(super) fn act(&mut self, by: &Person, command: &Command, next: Option<&Reference>) -> Result<(), Refusal> {
        self.may(by, command)?;
        if let Some(Ending::MergedInto(into)) = &self.case.ended {
            return Err(Refusal::Merged(into.clone()));
        }
        match command.clone() {
            Command::Sort { kind, because } => self.sort(by, kind, because),
            Command::Define(new) => self.define(by, &new),
            Command::Acknowledge(new) => self.acknowledge_now(by, &new),
            Command::Ask { questions } => self.ask(by, questions),
            Command::Assign { to, conflict, despite } => self.assign(by, to, conflict, despite),
            Command::Extend { until, reason, good_reason, updates_every } => {
                self.extend(by, until, reason, good_reason, updates_every)
            }
            Command::Respond { answers, decision, remedies, actions } => {
                self.respond(by, Response { answers, decision, remedies, actions })
            }
            Command::Escalate { received, reasons } => self.escalate_for(by, received, reasons),
            Command::StayAtStage1 { because } => self.stay_at_stage1(by, because),
            Command::Refuse { ground, because, evidence, discretion, instead } => {
                self.refuse(by, ground, because, evidence, discretion, instead)
            }
            Command::AddPoint { points } => self.add_point(by, points),
            Command::Complain { points, outcome, received } => self.complain(by, points, outcome, received, next),
            Command::Withdraw { how } => self.withdraw(by, how),
            Command::Close { learning } => self.close(by, learning),
            Command::Reopen { because } => self.reopen(by, because),
            Command::Promise(promised) => self.promise_and_tell(promised),
            Command::Done { action, evidence } => self.done(by, action, evidence),
            Command::Postpone { action, until, because } => self.postpone(by, action, until, because),
            Command::Update { text, every } => self.update(by, text, every),
            Command::Told { text, on, every } => {
                self.updated(by, every)?;
                self.note(by, NoteKind::Note, text, on)
            }
            Command::AnswerRequest { text } => self.answer_request(by, text),
            Command::Received { at, because } => self.received_earlier(by, at, because),
            Command::Resident { name, address, post, telephone, estate, prefers } => {
                let known = self.case.resident.clone().unwrap_or_else(|| Resident::by_email(Words::new(""), None));
                let resident = Resident {
                    name: name.unwrap_or(known.name.clone()),
                    address: address.or(known.address.clone()),
                    post: post.or(known.post.clone()),
                    telephone: telephone.or(known.telephone.clone()),
                    estate: estate.or(known.estate.clone()),
                    prefers: prefers.unwrap_or(known.prefers),
                };
                if resident == known {
                    return Err(Refusal::NothingNew);
                }
                self.record_now(Event::ResidentKnown { by: by.clone(), resident });
                self.write_lost_letters_again();
                Ok(())
            }
            Command::Represent { name, address, authority } => {
                self.record_now(Event::Represented { by: by.clone(), name, address, authority });
                Ok(())
            }
            Command::Adjust { need, adjustment, review } => {
                self.review_on(Duty::ReviewAdjustment, review, "5.10")?;
                self.record_now(Event::Adjusted { by: by.clone(), need, adjustment });
                Ok(())
            }
            Command::Restrict { restriction, because, evidence, equality, review } => {
                let review = self.review_on(Duty::ReviewRestriction, review, "5.14")?;
                let (told, why) = (restriction.clone(), because.clone());
                self.record_now(Event::Restricted { by: by.clone(), restriction, because, evidence, equality });
                self.write_to_resident(Says::Restriction { restriction: told, because: why, review });
                Ok(())
            }
            Command::LiftRestriction { because } => {
                if self.case.restriction.is_none() {
                    return Err(Refusal::NoRestriction);
                }
                self.record_now(Event::RestrictionLifted { by: by.clone(), because });
                self.lapse(Duty::ReviewRestriction);
                Ok(())
            }
            Command::Review { duty, found, next } => self.review(by, duty, found, next),
            Command::Link { to, because } => self.link_both(by, to, because),
            Command::Merge { into, because } => self.merge(by, into, because),
            Command::Note { kind, text, on } => self.note(by, kind, text, on),
            Command::DeclineSurvey => {
                self.record_now(Event::SurveyDeclined { by: by.clone() });
                self.lapse(Duty::Survey);
                Ok(())
            }
            Command::HandedOver { letter, on } => self.handed_over(by, letter, on),
            Command::Undo => self.undo(by),
        }
    }

    /// Who may give which command (4.1, 4.2): everybody registered may write down what they know, those who handle
    /// complaints may do the rest.
    fn may(&self, by: &Person, command: &Command) -> Result<(), Refusal> {
        let landlord = self.house.landlord;
        registered(by, landlord)?;
        let Landlord { officer, deputy, manager, reviewers, .. } = landlord;
        let handlers = self.case.handlers.values();
        let mut handling = [officer, deputy, manager].into_iter().chain(reviewers).chain(handlers);
        let handles = handling.any(|person| person.address == by.address) || self.stands_in(by);
        match command {
            Command::Note { .. } | Command::HandedOver { .. } => Ok(()),
            Command::Done { action, .. } if self.owns(by, *action) => Ok(()),
            _ if handles => Ok(()),
            _ => Err(Refusal::NotTheirs { name: by.name.clone() }),
        }
    }

    /// Whoever signs an answer answers for it: who may not handle the case may not answer it either (5.8, 6.13), unless it
    /// was given to them and a manager recorded why.
    fn may_answer(&self, by: &Person, stage: Stage) -> Result<(), Refusal> {
        let theirs = self.case.handlers.get(&stage).is_some_and(|handler| handler.address == by.address);
        match self.case.unfit(by, stage) {
            Some(refusal @ Refusal::SameOfficer { .. }) => Err(refusal),
            Some(refusal) if !theirs => Err(refusal),
            _ => Ok(()),
        }
    }

    /// Whether `by` gets today what is written to whoever handles the case, who is away.
    fn stands_in(&self, by: &Person) -> bool {
        self.case.handler().is_some_and(|handler| self.reader(handler).address.as_str() == by.address)
    }

    fn owns(&self, by: &Person, action: ActionNo) -> bool {
        let owner = self.case.actions.get(&action).and_then(|action| action.promised.owner_address.as_ref());
        let people = self.house.landlord.people();
        let stands_in = people.iter().find(|person| Some(&person.address) == owner).map(|owner| self.reader(owner));
        owner == Some(&by.address) || stands_in.is_some_and(|reader| reader.address.as_str() == by.address)
    }

    fn complaint(&self) -> Result<(), Refusal> {
        match self.case.kind {
            Some(Kind::ServiceRequest) => Err(Refusal::NotAComplaint("service request")),
            Some(Kind::Correspondence) => Err(Refusal::NotAComplaint("message that is no complaint")),
            _ => Ok(()),
        }
    }

    fn going_on(&self) -> Result<(), Refusal> {
        if self.case.ended.is_some() { Err(Refusal::Ended) } else { Ok(()) }
    }

    /// A complaint that has not ended, before the response of its stage.
    fn unanswered(&self) -> Result<Stage, Refusal> {
        self.complaint()?;
        self.going_on()?;
        let stage = self.case.stage;
        if self.case.responded(stage) { Err(Refusal::Responded(stage)) } else { Ok(stage) }
    }

    /// A date a person gave for something to come.
    fn to_come(&self, date: Date) -> Result<Date, Refusal> {
        if date < self.today() { Err(Refusal::Past(date)) } else { Ok(date) }
    }

    /// A moment a person gave for something that happened; now when they gave none.
    fn happened(&self, at: Option<Timestamp>) -> Result<Timestamp, Refusal> {
        match at {
            Some(at) if at > self.now => Err(Refusal::Future(london_date(at))),
            at => Ok(at.unwrap_or(self.now)),
        }
    }
}

// ── what it is, and who deals with it ─────────────────────────────────────────────────────────────────────────────

impl Draft<'_> {
    fn sort(&mut self, by: &Person, kind: Sorting, because: Words) -> Result<(), Refusal> {
        self.going_on()?;
        let was = self.case.kind;
        let acknowledged = self.case.is_complaint() && self.case.acknowledgement_written(Stage::One);
        match (kind, was) {
            (Sorting::Complaint, Some(Kind::Complaint)) if !self.case.unsure => return Err(Refusal::NotUnsure),
            (Sorting::Complaint, _) => {}
            (_, _) if acknowledged => return Err(Refusal::AcknowledgedAlready),
            (Sorting::ServiceRequest, Some(Kind::ServiceRequest)) => return Err(Refusal::NotUnsure),
            _ => {}
        }
        let by = by.clone();
        self.record_now(Event::Sorted { by, kind, because });
        match kind {
            Sorting::Complaint if was == Some(Kind::Complaint) => {
                let stage = self.case.stage;
                // That it is a complaint says nothing of its definition, which is still to be looked at.
                if !self.is_reviewed_first(stage) || self.must_acknowledge_now(stage) {
                    self.acknowledge(stage);
                }
            }
            Sorting::Complaint => {
                // Code 1.3, 6.2: its clock counts from the day it came, whatever it was taken for.
                self.lapse_all();
                self.begin_complaint();
            }
            Sorting::ServiceRequest => {
                self.lapse_all();
                self.set_deadline(Duty::ReviewRequest, self.today());
                self.write_to_resident(Says::RequestLogged);
            }
            Sorting::Neither => {
                self.lapse_all();
                self.write_to_resident(Says::Correspondence { text: None });
            }
        }
        Ok(())
    }

    /// The definition, confirmed or corrected. Once acknowledged, the resident gets the corrected letter; no date moves.
    fn define(&mut self, by: &Person, new: &Redefinition) -> Result<(), Refusal> {
        let stage = self.unanswered()?;
        let definition = new.of(&self.case.definition);
        if definition.points.is_empty() {
            return Err(Refusal::NoPoints);
        }
        let changed = definition != self.case.definition;
        let before = self.case.clone();
        self.record_now(Event::Defined { by: by.clone(), definition });
        self.keep_from_whoever_is_named(&before);
        if changed && self.case.acknowledgement_written(stage) {
            self.correct(stage);
        }
        Ok(())
    }

    pub(super) fn correct(&mut self, stage: Stage) {
        if let Some(respond_by) = self.case.duties.get(&stage.respond()).map(|owed| owed.due.date) {
            self.write_to_resident(Says::Correction { stage, respond_by });
        }
    }

    fn acknowledge_now(&mut self, by: &Person, new: &Redefinition) -> Result<(), Refusal> {
        let stage = self.unanswered()?;
        let (written, lost) = (self.case.acknowledgement_written(stage), self.case.lost(stage.acknowledge()));
        if written && !lost && *new == Redefinition::default() && self.case.confirmed.contains(&stage) {
            return Err(Refusal::NothingNew);
        }
        self.define(by, new)?;
        if !written {
            self.acknowledge(stage);
        }
        self.write_lost_letters_again();
        Ok(())
    }

    /// What the resident never got goes to where they are reached now; the dates stay.
    fn write_lost_letters_again(&mut self) {
        for stage in [Stage::One, Stage::Two] {
            let respond_by = self.case.duties.get(&stage.respond()).map(|owed| owed.due.date);
            if let Some(respond_by) = respond_by.filter(|_| self.case.lost(stage.acknowledge())) {
                self.write_to_resident(Says::Acknowledgement { stage, respond_by });
            }
            if self.case.lost(stage.respond()) {
                self.write_response(stage);
            }
        }
    }

    fn write_response(&mut self, stage: Stage) {
        let ombudsman_by = (stage == Stage::Two).then(|| self.today().saturating_add(1.year()));
        self.write_to_resident(Says::Response { stage, ombudsman_by });
    }

    fn ask(&mut self, by: &Person, questions: Vec<Words>) -> Result<(), Refusal> {
        let stage = self.unanswered()?;
        let respond_by = self.case.duties.get(&stage.respond()).map(|owed| owed.due.date);
        self.record_now(Event::Asked { by: by.clone(), questions: questions.clone() });
        self.write_to_resident(Says::Clarification { stage, questions, respond_by });
        Ok(())
    }

    fn assign(
        &mut self,
        by: &Person,
        to: Person,
        conflict: Option<Words>,
        despite: Option<Words>,
    ) -> Result<(), Refusal> {
        self.going_on()?;
        let stage = self.case.stage;
        if despite.is_some() && by.address != self.house.landlord.manager.address {
            return Err(Refusal::NotAManager);
        }
        let declared = conflict.is_some().then(|| Refusal::Conflict { name: to.name.clone() });
        match self.case.unfit(&to, stage).or(declared) {
            // Nobody can set this one aside (6.13).
            Some(refusal @ Refusal::SameOfficer { .. }) => return Err(refusal),
            Some(refusal) if despite.is_none() => return Err(refusal),
            _ => {}
        }
        let by = Some(by.clone());
        self.record_now(Event::Assigned { stage, to: to.clone(), by, conflict, despite });
        self.write_to(&to, Says::Assigned { stage });
        Ok(())
    }
}

// ── the response and its date ─────────────────────────────────────────────────────────────────────────────────────

impl Draft<'_> {
    fn extend(
        &mut self,
        by: &Person,
        until: Date,
        reason: Words,
        good_reason: Option<Words>,
        updates_every: Option<WorkingDays>,
    ) -> Result<(), Refusal> {
        let stage = self.unanswered()?;
        let duty = stage.respond();
        let Obligation { due, first_due, .. } = self.case.duties.get(&duty).cloned().ok_or(Refusal::NothingToExtend)?;
        let was = due.date;
        let (limit, provision) = self.rule(duty).extension.ok_or(Refusal::NothingToExtend)?;
        if self.today() > was {
            return Err(Refusal::TooLateToExtend { due: was, provision });
        }
        if until <= was {
            return Err(Refusal::NotLater { until, due: was });
        }
        let calendar = self.house.calendar;
        if until > calendar.working_days_after(first_due, limit) {
            if good_reason.is_none() {
                return Err(Refusal::TooLong { until, due: first_due, limit, provision });
            }
            if updates_every.or(self.case.updates_every).is_none() {
                return Err(Refusal::NoUpdates);
            }
        }
        let told = good_reason.clone().unwrap_or_else(|| reason.clone());
        self.record_now(Event::Extended { by: by.clone(), stage, until, reason, good_reason });
        self.move_deadline(duty, calendar.until(was, until), Cause::Extended);
        self.agree_updates(by, updates_every);
        let updates_every = self.case.updates_every.map(|every| every.0);
        self.write_to_resident(Says::Extension { stage, was, until, reason: told, updates_every });
        Ok(())
    }

    fn agree_updates(&mut self, by: &Person, every: Option<WorkingDays>) {
        if let Some(every) = every {
            self.record_now(Event::UpdatesAgreed { by: by.clone(), every });
        }
        if let Some(every) = self.case.updates_every {
            let next = self.house.calendar.working_days_after(self.today(), every);
            self.set_date(Duty::Update, next);
        }
    }

    fn respond(&mut self, by: &Person, response: Response) -> Result<(), Refusal> {
        let stage = self.unanswered()?;
        if !self.case.acknowledgement_written(stage) {
            return Err(Refusal::NotAcknowledged(stage));
        }
        self.may_answer(by, stage)?;
        let (points, answers) = (self.case.definition.points.len(), response.answers.len());
        if points != answers || points == 0 {
            return Err(Refusal::PointsUnanswered { points, answers });
        }
        let fault = response.answers.iter().any(|answer| answer.finding != Finding::NotUpheld);
        if fault && response.remedies.is_empty() && response.actions.is_empty() {
            return Err(Refusal::NoRemedy);
        }
        for promised in &response.actions {
            self.to_come(promised.by)?;
        }
        let actions = response.actions.clone();
        self.record_now(Event::Responded { by: by.clone(), stage, response });
        for promised in actions {
            self.promise(promised);
        }
        self.lapse(Duty::Update);
        self.set_deadline(Duty::Close, self.today());
        self.write_response(stage);
        Ok(())
    }

    fn escalate_for(
        &mut self,
        by: &Person,
        received: Option<Timestamp>,
        reasons: Option<Words>,
    ) -> Result<(), Refusal> {
        self.complaint()?;
        if self.case.stage == Stage::Two {
            return Err(Refusal::NoThirdStage);
        }
        if !self.case.responded(Stage::One) {
            return Err(Refusal::NotResponded);
        }
        if !self.case.can_escalate() {
            return Err(Refusal::Ended);
        }
        let received = self.happened(received)?;
        let by = Some(by.clone());
        self.escalate(AskedFor { received, message: None, by, reasons, unsure: false, answered: true });
        Ok(())
    }

    fn stay_at_stage1(&mut self, by: &Person, because: Words) -> Result<(), Refusal> {
        if self.case.stage != Stage::Two {
            return Err(Refusal::NotAtStage2);
        }
        self.going_on()?;
        if !self.case.unsure {
            return Err(Refusal::NotUnsure);
        }
        if self.case.acknowledgement_written(Stage::Two) {
            return Err(Refusal::AcknowledgedAlready);
        }
        self.record_now(Event::EscalationMistaken { by: by.clone(), because });
        self.lapse(Duty::AcknowledgeStage2);
        self.lapse(Duty::RespondStage2);
        self.owe_what_lapsed([Duty::Close]);
        // It had been closed, and what the resident wrote has opened it again.
        if !self.case.duties.get(&Duty::Close).is_some_and(Obligation::open) {
            self.set_deadline(Duty::Close, self.today());
        }
        Ok(())
    }

    fn refuse(
        &mut self,
        by: &Person,
        ground: Ground,
        because: Words,
        evidence: Words,
        discretion: Option<Words>,
        instead: Option<Words>,
    ) -> Result<(), Refusal> {
        let stage = self.unanswered()?;
        self.may_answer(by, stage)?;
        if ground == Ground::OverTwelveMonths && discretion.is_none() {
            return Err(Refusal::NoDiscretion);
        }
        let says = Says::Refusal {
            stage,
            ground: ground.clone(),
            because: because.clone(),
            discretion: discretion.clone(),
            instead,
        };
        self.record_now(Event::Refused { by: by.clone(), stage, ground, because, evidence, discretion });
        self.lapse_all();
        self.write_to_resident(says);
        Ok(())
    }

    fn add_point(&mut self, by: &Person, points: Vec<Words>) -> Result<(), Refusal> {
        self.complaint()?;
        self.going_on()?;
        let stage = self.case.stage;
        if stage == Stage::Two || self.case.responded(stage) {
            return Err(Refusal::TooLateForPoint(Stage::One));
        }
        let before = self.case.clone();
        self.record_now(Event::PointAdded { by: by.clone(), points });
        self.keep_from_whoever_is_named(&before);
        if self.case.acknowledgement_written(stage) {
            self.correct(stage);
        }
        Ok(())
    }

    /// A complaint of its own beside this case, which goes on (1.5, 6.8).
    fn complain(
        &mut self,
        by: &Person,
        points: Vec<Words>,
        outcome: Option<Words>,
        received: Option<Timestamp>,
        next: Option<&Reference>,
    ) -> Result<(), Refusal> {
        let received = self.happened(received)?;
        let (Some(reference), Some(opening), Some(resident)) =
            (next.cloned(), self.case.opening.clone(), self.case.resident.clone())
        else {
            return Err(Refusal::NotOpened);
        };
        let points = if points.is_empty() { self.case.definition.points.clone() } else { points };
        if points.is_empty() {
            return Err(Refusal::NoPoints);
        }
        let because = Words::new("a complaint was opened beside it");
        self.record_now(Event::Linked { by: by.clone(), to: reference.clone(), because });
        self.decision.elsewhere.push(Elsewhere::Open(Box::new(Opening {
            reference,
            kind: Kind::Complaint,
            matter: None,
            message: None,
            logged_by: Some(by.clone()),
            received,
            resident,
            points,
            outcome_sought: outcome,
            because: Vec::new(),
            unsure: false,
            withheld: None,
            set_aside: None,
            related: vec![opening.reference.clone()],
            ..opening
        })));
        Ok(())
    }
}

// ── the end, and after it ─────────────────────────────────────────────────────────────────────────────────────────

impl Draft<'_> {
    fn withdraw(&mut self, by: &Person, how: Words) -> Result<(), Refusal> {
        self.complaint()?;
        self.going_on()?;
        self.record_now(Event::Withdrawn { by: by.clone(), how });
        self.lapse_all();
        self.write_to_resident(Says::Withdrawal);
        Ok(())
    }

    fn close(&mut self, by: &Person, learning: Words) -> Result<(), Refusal> {
        self.going_on()?;
        if self.case.is_complaint() && !self.case.responded(self.case.stage) {
            return Err(Refusal::ResponseOwed);
        }
        let waiting = self.case.duties.get(&self.case.stage.respond()).is_some_and(Obligation::open);
        if waiting {
            return Err(Refusal::ResponseOwed); // Written, and it has not reached the resident.
        }
        let outstanding: Vec<ActionNo> = self.case.outstanding().map(|(number, _)| number).collect();
        if !outstanding.is_empty() {
            return Err(Refusal::Outstanding(outstanding));
        }
        self.record_now(Event::Closed { by: by.clone(), learning });
        for duty in [Duty::Close, Duty::ReviewRequest, Duty::Answer] {
            if self.case.duties.get(&duty).is_some_and(Obligation::open) {
                self.record_now(Event::DutyMet { duty });
            }
        }
        self.lapse_all();
        let asks =
            self.case.is_complaint() && self.house.terms.survey_after_days.is_some() && !self.case.survey_declined;
        if asks {
            self.set_deadline(Duty::Survey, self.today());
        }
        Ok(())
    }

    /// Everything is as it was before the end: what was owed then is owed again.
    fn reopen(&mut self, by: &Person, because: Words) -> Result<(), Refusal> {
        let Some(ending) = self.case.ended.clone() else { return Err(Refusal::NotEnded) };
        self.record_now(Event::Reopened { by: by.clone(), because });
        self.lapse(Duty::Survey);
        match (ending, self.case.kind) {
            (Ending::Correspondence, _) | (_, Some(Kind::Correspondence)) => {
                self.set_deadline(Duty::Answer, self.today());
            }
            (_, Some(Kind::ServiceRequest)) => {
                self.set_deadline(Duty::ReviewRequest, self.today());
            }
            _ if self.case.responded(self.case.stage) => {
                self.set_deadline(Duty::Close, self.today());
            }
            _ => self.owe_stage_again(),
        }
        Ok(())
    }

    fn owe_stage_again(&mut self) {
        let stage = self.case.stage;
        let acknowledge = Some(stage.acknowledge()).filter(|_| !self.case.acknowledged.contains_key(&stage));
        self.owe_what_lapsed(acknowledge.into_iter().chain([stage.respond()]));
        // Refused before it was acknowledged: then it is acknowledged now.
        if !self.case.acknowledgement_written(stage) && self.case.answered_by_itself() {
            self.acknowledge(stage);
        }
    }

    fn owe_what_lapsed(&mut self, duties: impl IntoIterator<Item = Duty>) {
        let lapsed = |duty: &Duty| self.case.duties.get(duty).is_some_and(|owed| owed.lapsed.is_some());
        let lapsed: Vec<Duty> = duties.into_iter().filter(lapsed).collect();
        self.owe_again(lapsed);
    }

    /// Nothing is owed any more, save what outlives the case.
    fn lapse_all(&mut self) {
        let open = self.case.duties.iter().filter(|(duty, owed)| owed.open() && !outlives(**duty));
        let open: Vec<Duty> = open.map(|(duty, _)| *duty).collect();
        open.into_iter().for_each(|duty| self.lapse(duty));
    }
}

// ── what was promised ─────────────────────────────────────────────────────────────────────────────────────────────

impl Draft<'_> {
    pub(super) fn promise(&mut self, promised: Promised) -> ActionNo {
        let action = self.case.actions.keys().next_back().map_or(1, |last| last + 1);
        let by = promised.by;
        self.record_now(Event::ActionPromised { action, promised });
        self.set_date(Duty::Action(action), by);
        action
    }

    fn promise_and_tell(&mut self, promised: Promised) -> Result<(), Refusal> {
        self.going_on()?;
        self.to_come(promised.by)?;
        let (text, next) = (promised.what.clone(), Some(promised.by));
        let news = News::Promised(self.promise(promised));
        self.write_to_resident(Says::Update { text, next, news });
        Ok(())
    }

    fn action(&self, number: ActionNo) -> Result<&Action, Refusal> {
        let action = self.case.actions.get(&number).ok_or(Refusal::NoSuchAction(number))?;
        if action.done.is_some() { Err(Refusal::ActionDone(number)) } else { Ok(action) }
    }

    fn done(&mut self, by: &Person, action: ActionNo, evidence: Words) -> Result<(), Refusal> {
        let text = self.action(action)?.promised.what.clone();
        self.record_now(Event::ActionDone { by: by.clone(), action, evidence });
        self.record_now(Event::DutyMet { duty: Duty::Action(action) });
        self.write_to_resident(Says::Update { text, next: None, news: News::Done(action) });
        Ok(())
    }

    fn postpone(&mut self, by: &Person, action: ActionNo, until: Date, because: Words) -> Result<(), Refusal> {
        let was = self.action(action)?.promised.by;
        self.to_come(until)?;
        if until <= was {
            return Err(Refusal::NotLater { until, due: was });
        }
        let text = because.clone();
        self.record_now(Event::ActionPostponed { by: by.clone(), action, until, because });
        self.move_deadline(Duty::Action(action), self.house.calendar.until(was, until), Cause::Postponed);
        self.write_to_resident(Says::Update { text, next: Some(until), news: News::Postponed(action) });
        Ok(())
    }

    fn update(&mut self, by: &Person, text: Words, every: Option<WorkingDays>) -> Result<(), Refusal> {
        let next = self.updated(by, every)?;
        self.write_to_resident(Says::Update { text, next, news: News::Case });
        Ok(())
    }

    /// The resident is told how it stands; the day they hear next.
    fn updated(&mut self, by: &Person, every: Option<WorkingDays>) -> Result<Option<Date>, Refusal> {
        self.going_on()?;
        self.record_now(Event::Updated { by: by.clone() });
        if self.case.duties.get(&Duty::Update).is_some_and(Obligation::open) {
            self.record_now(Event::DutyMet { duty: Duty::Update });
        }
        let response_owed = self.case.duties.get(&self.case.stage.respond()).is_some_and(Obligation::open);
        if response_owed {
            self.agree_updates(by, every);
        }
        let next = self.case.duties.get(&Duty::Update).filter(|owed| owed.open()).map(|owed| owed.due.date);
        self.look_at_request_again();
        Ok(next)
    }

    fn answer_request(&mut self, by: &Person, text: Words) -> Result<(), Refusal> {
        self.going_on()?;
        let says = match self.case.kind {
            Some(Kind::ServiceRequest) => Says::RequestAnswer { text },
            Some(Kind::Correspondence) => Says::Correspondence { text: Some(text) },
            _ => return Err(Refusal::IsAComplaint),
        };
        self.record_now(Event::Updated { by: by.clone() });
        self.look_at_request_again();
        self.write_to_resident(says);
        match self.case.kind {
            // Nothing follows: whoever writes again opens something new.
            Some(Kind::Correspondence) => self.close(by, Words::new("answered")),
            _ => Ok(()),
        }
    }

    /// A request that somebody has just looked at is looked at again after the usual time (1.4).
    fn look_at_request_again(&mut self) {
        if self.case.duties.get(&Duty::ReviewRequest).is_some_and(Obligation::open) {
            self.set_deadline(Duty::ReviewRequest, self.today());
        }
    }
}

// ── what is known ─────────────────────────────────────────────────────────────────────────────────────────────────

impl Draft<'_> {
    /// Dates count from the day any member of staff first had it (3.2): they move in, never out.
    fn received_earlier(&mut self, by: &Person, at: Timestamp, because: Words) -> Result<(), Refusal> {
        let (was, is) = (self.case.received.map(london_date), london_date(at));
        if was.is_some_and(|was| is >= was) {
            return Err(Refusal::NotEarlier(is));
        }
        self.record_now(Event::ReceivedEarlier { by: by.clone(), received: at, because });
        let calendar = self.house.calendar;
        let Some(owed) = self.case.duties.get(&Duty::Acknowledge).cloned() else { return Ok(()) };
        let acknowledge_by = calendar.due(is, owed.due.period);
        if owed.open() {
            self.move_deadline(Duty::Acknowledge, acknowledge_by.clone(), Cause::ReceivedEarlier);
            self.start_response_when_acknowledgement_is_late(Stage::One);
        }
        // The response counts from the day the acknowledgement was due when that came first, whenever it left. A date that
        // was extended is the one the resident was told.
        let response = self.case.duties.get(&Duty::RespondStage1).filter(|owed| owed.open() && !owed.due.set);
        if let Some(due) = response.map(|owed| owed.due.clone())
            && acknowledge_by.date < due.counted_from
        {
            let due = calendar.due(acknowledge_by.date, due.period);
            self.move_deadline(Duty::RespondStage1, due, Cause::ReceivedEarlier);
        }
        Ok(())
    }

    /// The day of the next look at an adjustment or a restriction; refused when it is not to come.
    fn review_on(&mut self, duty: Duty, on: Option<Date>, provision: &'static str) -> Result<Date, Refusal> {
        match on {
            Some(date) if date <= self.today() => Err(Refusal::NoReview(provision)),
            Some(date) => Ok(self.set_date(duty, date)),
            None => Ok(self.set_deadline(duty, self.today())),
        }
    }

    fn review(&mut self, by: &Person, duty: Duty, found: Words, next: Option<Date>) -> Result<(), Refusal> {
        let provision = self.rule(duty).provision;
        if !REVIEWS.contains(&duty) || !self.case.duties.contains_key(&duty) {
            return Err(Refusal::NothingToReview);
        }
        self.review_on(duty, next, provision)?;
        self.record_now(Event::Reviewed { by: by.clone(), duty, found });
        Ok(())
    }

    fn link_both(&mut self, by: &Person, to: Reference, because: Words) -> Result<(), Refusal> {
        let own = self.own_reference()?;
        if to == own {
            return Err(Refusal::Itself);
        }
        if self.case.links.contains(&to) {
            return Err(Refusal::NothingNew);
        }
        self.link(by, &to, &because);
        let linked = Input::Linked { by: by.clone(), to: own, because };
        self.decision.elsewhere.push(Elsewhere::On(to, Box::new(linked)));
        Ok(())
    }

    /// This case goes on as another one. Whoever carries this out must see to it that the other is the earlier.
    fn merge(&mut self, by: &Person, into: Reference, because: Words) -> Result<(), Refusal> {
        let own = self.own_reference()?;
        if into == own {
            return Err(Refusal::Itself);
        }
        let received = self.case.received.ok_or(Refusal::NotOpened)?;
        let kind = self.case.kind.ok_or(Refusal::NotOpened)?;
        if kind == Kind::Complaint {
            self.unanswered()?; // What was answered has a response and rights of its own.
        }
        let promised: Vec<(ActionNo, Promised)> =
            self.case.outstanding().map(|(number, promised)| (number, promised.clone())).collect();
        self.record_now(Event::MergedInto { by: by.clone(), into: into.clone(), because });
        self.lapse_all();
        promised.iter().for_each(|(number, _)| self.lapse(Duty::Action(*number)));
        let absorbed = Input::Absorbed {
            by: by.clone(),
            from: own,
            kind,
            received,
            messages: self.case.messages.clone(),
            points: self.case.definition.points.clone(),
            promised: promised.into_iter().map(|(_, promised)| promised).collect(),
        };
        self.decision.elsewhere.push(Elsewhere::On(into, Box::new(absorbed)));
        Ok(())
    }

    fn own_reference(&self) -> Result<Reference, Refusal> {
        self.case.opening.as_ref().map(|opening| opening.reference.clone()).ok_or(Refusal::NotOpened)
    }

    fn note(&mut self, by: &Person, kind: NoteKind, text: Words, on: Option<Date>) -> Result<(), Refusal> {
        let on = on.unwrap_or(self.today());
        if on > self.today() {
            return Err(Refusal::Future(on));
        }
        self.record_now(Event::Noted { by: by.clone(), kind, text, on });
        self.look_at_request_again();
        Ok(())
    }

    fn handed_over(&mut self, by: &Person, number: LetterNo, on: Option<Date>) -> Result<(), Refusal> {
        let letter = self.case.letters.get(&number).ok_or(Refusal::NoSuchLetter(number))?;
        let on = on.unwrap_or(self.today());
        if on > self.today() {
            return Err(Refusal::Future(on));
        }
        let (now, written) = (self.now, letter.written);
        if on < london_date(written) {
            return Err(Refusal::NotYetWritten { letter: number, on });
        }
        let for_the_resident = letter.kind.audience() == super::Audience::Resident;
        // They have it in another way before the e-mail has left: it is not to be said twice.
        let waits = letter.outcome.is_none() && !letter.by_hand;
        if !for_the_resident || !(letter.by_hand || letter.failed() || waits) || letter.arrived() {
            return Err(Refusal::NotByHand(number));
        }
        if waits {
            self.decision.taken_back = Some(vec![number]);
        }
        // What was done by the date counts as done by it, whenever it is written down.
        let at = if on == self.today() { now } else { london(on, 12, 0).max(written) };
        self.settle(number, &Outcome::HandedOver { on, by: by.clone() }, at)
    }
}
