//! What is open, said in time: each morning to whoever has cases in hand, once a week to the manager.
//!
//! Both are made from cases and their histories, and hold references, duties, roles and dates: never a resident's words.
//! Nobody reads here of a case that they must get no letters of (Code 5.8); the next in line does.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};

use super::absence::Absences;
use super::calendar::{Calendar, WorkingDays, london_date};
use super::case::{Audience, Case, Cause, Event, Kind, LetterKind, LetterNo, Outcome, Posted, Recorded};
use super::code::{Duty, Stage};
use super::ladder::{Gap, Hearer};
use super::landlord::{Landlord, Ombudsman, Person};
use super::reference::Reference;

/// How far a list looks ahead: a working week.
const AHEAD: WorkingDays = WorkingDays(5);
/// So many messages from machines between two lists are a flood: somebody writes in the landlord's name, or a machine
/// answers itself.
pub const FLOOD: usize = 100;

/// A case with the history that made it.
#[derive(Clone, Copy, Debug)]
pub struct Filed<'a> {
    pub case: &'a Case,
    pub history: &'a [Recorded],
}

/// What a landlord's lists tell of, apart from its cases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beside {
    /// Cases with a message that was found in the junk folder since the last list.
    pub junk: BTreeSet<Reference>,
    /// Further messages found there, that belong to no case.
    pub junk_listed: usize,
    /// Messages since the last list that became no case and were answered by nobody: how many of what sort.
    pub listed: BTreeMap<String, usize>,
    /// Messages from machines since the last list, whatever they are about, when they are a [`FLOOD`]; else 0, and those that
    /// became no case are listed with the others.
    pub machines: usize,
    /// Letters that are kept back.
    pub held: usize,
    /// Of these, those that a limit holds (see [`brake`](super::brake)).
    pub stopped: usize,
}

/// A morning's circumstances.
#[derive(Clone, Copy, Debug)]
pub struct Morning<'a> {
    pub beside: &'a Beside,
    pub upkeep: &'a Upkeep,
    pub calendar: &'a Calendar,
    pub away: &'a Absences,
    /// When the list before was written.
    pub since: Timestamp,
    pub now: Timestamp,
}

/// A duty with its date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owed {
    pub reference: Reference,
    pub duty: Duty,
    pub by: Date,
    /// How many working days it is overdue; 0 when it is not.
    pub late: u16,
    /// Who has the case, by role, when somebody has.
    pub with: Option<String>,
}

/// A promised action that is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pledge {
    pub owed: Owed,
    /// Who sees to it, by role.
    pub owner: String,
}

/// A letter that waits for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stuck {
    pub reference: Reference,
    pub number: LetterNo,
    pub kind: LetterKind,
    pub audience: Audience,
}

/// A date that a change of the bank holidays moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    pub reference: Reference,
    pub duty: Duty,
    pub from: Date,
    pub to: Date,
}

/// The place of somebody who is away, in the list of whoever stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Covered {
    pub name: String,
    /// The first day they are back (Europe/London).
    pub until: Date,
    /// Their open cases.
    pub cases: BTreeSet<Reference>,
    /// They went since the list before.
    pub new: bool,
}

/// What somebody should see to some time, whatever the cases are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Upkeep {
    /// As [`Calendar::horizon_warning`] says it.
    pub horizon: Option<String>,
    /// When the Ombudsman's details were last checked, if that is long ago.
    pub ombudsman_checked: Option<Date>,
    /// The landlord's mailboxes, as they were last held against the mail server.
    pub mailboxes: Vec<Compared>,
}

/// A mailbox as it was last held against the mail server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// Its name in the configuration.
    pub mailbox: String,
    pub on: Date,
    /// Messages on the server, and how many of these are here; `None` when it could not be read.
    pub counts: Option<(usize, usize)>,
}

impl Upkeep {
    /// What is to be seen to on `today`.
    pub fn on(today: Date, calendar: &Calendar, ombudsman: &Ombudsman) -> Upkeep {
        Upkeep {
            horizon: calendar.horizon_warning(today),
            ombudsman_checked: ombudsman.outdated(today).then_some(ombudsman.last_checked),
            mailboxes: Vec::new(),
        }
    }
}

/// What one person has to see to, one morning. Each list is ordered by date or by case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Digest {
    /// For whom the reader stands in: what is on this list is theirs, or the reader's own.
    pub covered: Vec<Covered>,
    pub overdue: Vec<Owed>,
    pub today: Vec<Owed>,
    /// Due within the next five working days.
    pub soon: Vec<Owed>,
    /// Promised, and due by then or overdue.
    pub actions: Vec<Pledge>,
    /// Nobody has them.
    pub unassigned: Vec<Reference>,
    /// Whoever has them is registered no longer.
    pub left: Vec<Reference>,
    /// A person must look what they are.
    pub unsure: Vec<Reference>,
    /// Refused, come back or unread, and nothing went in their place.
    pub undelivered: Vec<Stuck>,
    /// For a person to post or to read out.
    pub to_hand_over: Vec<Stuck>,
    pub moved: Vec<Moved>,
    /// Open dates that a bank holiday not yet published may move.
    pub provisional: Vec<Owed>,
    pub beside: Beside,
    pub upkeep: Upkeep,
}

impl Digest {
    /// Whether nothing waits for anybody. Dates that may yet move, and upkeep, are said with the rest and by themselves
    /// make no letter: the week's letter says them too. For whom the reader stands in makes one on the first morning.
    pub fn is_empty(&self) -> bool {
        let (covered, provisional, upkeep) = (Vec::new(), Vec::new(), Upkeep::default());
        let quiet = Digest { covered, provisional, upkeep, ..self.clone() };
        quiet == Digest::default() && !self.covered.iter().any(|covered| covered.new)
    }
}

/// How much was done in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timeliness {
    pub in_time: usize,
    pub late: usize,
}

/// How one week went, and how things stand after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weekly {
    /// First and last day of the week that is told of (Europe/London).
    pub from: Date,
    pub to: Date,
    /// What came in, as it is sorted now.
    pub received: BTreeMap<Kind, usize>,
    /// Acknowledgements that left (6.2, 6.11).
    pub acknowledged: Timeliness,
    /// Of these, how many no person had confirmed the definition of, and how many somebody had.
    pub automatic: usize,
    pub confirmed: usize,
    /// Responses that left, at either stage (6.3, 6.14).
    pub responses: Timeliness,
    /// Of these, how many after an extension.
    pub extended: usize,
    /// What is open now.
    pub open: BTreeMap<Kind, usize>,
    /// How many duties are overdue now.
    pub overdue_count: usize,
    /// Those the reader may hear of, the oldest date first.
    pub overdue: Vec<Owed>,
    /// The open case that came first, of those the reader may hear of.
    pub oldest: Option<(Reference, Date)>,
    pub unassigned: usize,
    pub unsure: usize,
    pub undelivered: usize,
    pub to_hand_over: usize,
    pub upkeep: Upkeep,
}

/// The morning's list of each person who has something to see to, or who looks after the landlord's complaints.
///
/// A case is on the list of whoever handles it, and what nobody has, or nobody understands, on the complaints officer's; in
/// the place of a person who must not hear of it, the next in line, and of one who is away, whoever stands in. Promised
/// actions are also on the list of their owner.
pub fn digests<'a>(landlord: &'a Landlord, cases: &[Filed], morning: &Morning) -> Vec<(&'a Person, Digest)> {
    let Morning { beside, upkeep, calendar, away, since, now } = *morning;
    let today = london_date(now);
    let mut lists = Lists::default();
    let no_case = Case::default();
    let officer = lists.of(hands(&no_case, landlord, away, today).desk.person);
    officer.upkeep = upkeep.clone();
    officer.beside = Beside { junk: BTreeSet::new(), ..beside.clone() };
    for Filed { case, history } in cases {
        let Some(reference) = reference(case) else { continue };
        let Hands { handler, desk } = hands(case, landlord, away, today);
        if let Some(gap) = handler.in_place_of.filter(|_| case.open()) {
            let new = away.of(gap.person, today).is_some_and(|absence| absence.since >= london_date(since));
            lists.of(handler.person).covers(gap, reference, new);
        }
        let (handler, desk) = (handler.person, desk.person);
        let list = lists.of(handler);
        for owed in owed(case, today, calendar) {
            let week = calendar.working_days_after(today, AHEAD);
            if case.duties.get(&owed.duty).is_some_and(|duty| duty.due.provisional) {
                list.provisional.push(owed.clone());
            }
            match owed.by {
                by if by < today => list.overdue.push(owed),
                by if by == today => list.today.push(owed),
                by if by <= week => list.soon.push(owed),
                _ => {}
            }
        }
        list.undelivered.extend(undelivered(case));
        list.to_hand_over.extend(stuck(case, |posted, _| waits_to_be_handed_over(posted)));
        list.moved.extend(moved(case, history, since));
        for pledge in pledges(case, today, calendar) {
            let owner = owner(case, &pledge, landlord).and_then(|owner| match away.of(owner, today) {
                None => Some(owner),
                Some(_) => away.covers(owner, today, landlord, |cover| case.unfit(cover, case.stage).is_none()),
            });
            if let Some(owner) = owner.filter(|owner| owner.address != handler.address) {
                lists.of(owner).actions.push(pledge.clone());
            }
            lists.of(handler).actions.push(pledge);
        }
        let list = lists.of(desk);
        if case.open() {
            match case.handler() {
                None => list.unassigned.push(reference.clone()),
                Some(handler) if registered(handler, landlord).is_none() => list.left.push(reference.clone()),
                Some(_) => {}
            }
            if case.unsure {
                list.unsure.push(reference.clone());
            }
        }
        if beside.junk.contains(reference) {
            list.beside.junk.insert(reference.clone());
        }
    }
    lists.done()
}

/// The week's letter to `reader`: the seven days up to the day before `now`, and how things stand.
pub fn weekly(
    landlord: &Landlord,
    reader: &Person,
    cases: &[Filed],
    upkeep: &Upkeep,
    calendar: &Calendar,
    now: Timestamp,
) -> Weekly {
    let today = london_date(now);
    let (from, to) = (today.saturating_sub(7.days()), today.saturating_sub(1.day()));
    let this_week = |at: Timestamp| (from..=to).contains(&london_date(at));
    let mut week = Weekly {
        from,
        to,
        received: BTreeMap::new(),
        acknowledged: Timeliness::default(),
        automatic: 0,
        confirmed: 0,
        responses: Timeliness::default(),
        extended: 0,
        open: BTreeMap::new(),
        overdue_count: 0,
        overdue: Vec::new(),
        oldest: None,
        unassigned: 0,
        unsure: 0,
        undelivered: 0,
        to_hand_over: 0,
        upkeep: upkeep.clone(),
    };
    for Filed { case, history } in cases {
        let (Some(reference), Some(kind), Some(received)) = (reference(case), case.kind, case.received) else {
            continue;
        };
        if this_week(received) {
            *week.received.entry(kind).or_default() += 1;
        }
        for stage in [Stage::One, Stage::Two] {
            week.count_acknowledgement(case, history, stage, &this_week);
            week.count_response(case, stage, &this_week);
        }
        week.undelivered += stuck(case, Posted::failed_for_good).count();
        week.to_hand_over += stuck(case, |posted, _| waits_to_be_handed_over(posted)).count();
        if !case.open() {
            continue;
        }
        *week.open.entry(kind).or_default() += 1;
        week.unassigned += usize::from(case.handler().is_none());
        week.unsure += usize::from(case.unsure);
        let overdue: Vec<Owed> = owed(case, today, calendar).filter(|owed| owed.by < today).collect();
        week.overdue_count += overdue.len();
        if may_hear(case, reader, landlord) {
            week.overdue.extend(overdue);
            let came = london_date(received);
            if week.oldest.as_ref().is_none_or(|(_, oldest)| came < *oldest) {
                week.oldest = Some((reference.clone(), came));
            }
        }
    }
    week.overdue.sort_by_key(|owed| owed.by);
    week
}

impl Weekly {
    /// Whether no case is open.
    pub fn nothing_open(&self) -> bool {
        self.open.is_empty()
    }

    fn count_acknowledgement(
        &mut self,
        case: &Case,
        history: &[Recorded],
        stage: Stage,
        this_week: &dyn Fn(Timestamp) -> bool,
    ) {
        let Some((letter, at)) = case.acknowledged.get(&stage).filter(|(_, at)| this_week(*at)) else { return };
        self.acknowledged.count(case, stage.acknowledge(), *at);
        let by_itself = history.iter().any(|recorded| {
            matches!(&recorded.event, Event::Acknowledged { letter: that, automatic: true, .. } if that == letter)
        });
        match by_itself {
            true => self.automatic += 1,
            false => self.confirmed += 1,
        }
    }

    fn count_response(&mut self, case: &Case, stage: Stage, this_week: &dyn Fn(Timestamp) -> bool) {
        let Some(owed) = case.duties.get(&stage.respond()) else { return };
        let Some(met) = owed.met.filter(|met| case.responded(stage) && this_week(*met)) else { return };
        self.responses.count(case, stage.respond(), met);
        self.extended += usize::from(owed.due.date > owed.first_due);
    }
}

impl Timeliness {
    fn count(&mut self, case: &Case, duty: Duty, done: Timestamp) {
        match case.duties.get(&duty).is_none_or(|owed| london_date(done) <= owed.due.date) {
            true => self.in_time += 1,
            false => self.late += 1,
        }
    }

    pub fn all(self) -> usize {
        self.in_time + self.late
    }
}

/// Open cases whose handler is no longer registered for the landlord, and who that is.
pub fn handler_left<'a>(landlord: &Landlord, case: &'a Case) -> Option<(&'a Reference, &'a Person)> {
    let handler = case.handler().filter(|handler| case.open() && registered(handler, landlord).is_none())?;
    Some((reference(case)?, handler))
}

/// Open dates of the case that a change of the bank holidays moved since `since`, as they stand now.
pub fn moved(case: &Case, history: &[Recorded], since: Timestamp) -> Vec<Moved> {
    let mut before: BTreeMap<Duty, Date> = BTreeMap::new();
    let mut moved: BTreeMap<Duty, Date> = BTreeMap::new();
    for recorded in history {
        match &recorded.event {
            Event::DeadlineSet { duty, due, .. } => {
                before.insert(*duty, due.date);
            }
            Event::DeadlineMoved { duty, due, cause, .. } => {
                let from = before.insert(*duty, due.date);
                if *cause == Cause::Calendar && recorded.recorded_at >= since {
                    moved.entry(*duty).or_insert(from.unwrap_or(due.date));
                }
            }
            _ => {}
        }
    }
    let Some(reference) = reference(case) else { return Vec::new() };
    let now_at = |(duty, from): (Duty, Date)| {
        let to = case.duties.get(&duty).filter(|owed| owed.open())?.due.date;
        (to != from).then(|| Moved { reference: reference.clone(), duty, from, to })
    };
    moved.into_iter().filter_map(now_at).collect()
}

/// Letters that a person must still post or read out.
pub fn to_hand_over(case: &Case) -> impl Iterator<Item = Stuck> {
    stuck(case, |posted, _| waits_to_be_handed_over(posted))
}

/// Everybody's list, each person once, in the order in which they were met.
#[derive(Default)]
struct Lists<'a>(Vec<(&'a Person, Digest)>);

impl<'a> Lists<'a> {
    fn of(&mut self, person: &'a Person) -> &mut Digest {
        let at = self.0.iter().position(|(other, _)| same(other, person)).unwrap_or_else(|| {
            self.0.push((person, Digest::default()));
            self.0.len() - 1
        });
        &mut self.0[at].1
    }

    fn done(mut self) -> Vec<(&'a Person, Digest)> {
        for (_, list) in &mut self.0 {
            for owed in [&mut list.overdue, &mut list.today, &mut list.soon, &mut list.provisional] {
                owed.sort_by_key(|owed| owed.by);
            }
            list.actions.sort_by_key(|pledge| pledge.owed.by);
        }
        self.0
    }
}

impl Digest {
    fn covers(&mut self, gap: Gap, reference: &Reference, new: bool) {
        let Gap { person: Person { name, .. }, until, .. } = gap;
        let at = self.covered.iter().position(|covered| covered.name == *name).unwrap_or_else(|| {
            self.covered.push(Covered { name: name.clone(), until, cases: BTreeSet::new(), new });
            self.covered.len() - 1
        });
        self.covered[at].cases.insert(reference.clone());
    }
}

/// Whose list a case is on.
struct Hands<'a> {
    /// Who has it in hand.
    handler: Hearer<'a>,
    /// Who looks after it while nobody has, and nobody knows what it is.
    desk: Hearer<'a>,
}

fn hands<'a>(case: &Case, landlord: &'a Landlord, away: &Absences, today: Date) -> Hands<'a> {
    let circle = case.circle(landlord, away, today);
    let handler = case.handler().and_then(|handler| registered(handler, landlord));
    Hands { handler: circle.first(handler.unwrap_or(&landlord.officer)), desk: circle.first(&landlord.officer) }
}

/// The person as the configuration has them now.
fn registered<'a>(person: &Person, landlord: &'a Landlord) -> Option<&'a Person> {
    landlord.people().into_iter().find(|other| same(other, person))
}

fn same(one: &Person, other: &Person) -> bool {
    one.address.eq_ignore_ascii_case(&other.address)
}

fn may_hear(case: &Case, person: &Person, landlord: &Landlord) -> bool {
    !case.kept_out(landlord).iter().any(|address| address.eq_ignore_ascii_case(&person.address))
}

/// Who promised to see to it, when that is somebody of the landlord's who may hear of the case.
fn owner<'a>(case: &Case, pledge: &Pledge, landlord: &'a Landlord) -> Option<&'a Person> {
    let Duty::Action(number) = pledge.owed.duty else { return None };
    let address = case.actions.get(&number)?.promised.owner_address.as_deref()?;
    let people = landlord.people().into_iter();
    people.filter(|person| may_hear(case, person, landlord)).find(|person| person.address.eq_ignore_ascii_case(address))
}

fn reference(case: &Case) -> Option<&Reference> {
    case.opening.as_ref().map(|opening| &opening.reference)
}

/// What is owed on the case, without promised actions, which are told of by themselves, and the survey, which the program
/// sends.
fn owed(case: &Case, today: Date, calendar: &Calendar) -> impl Iterator<Item = Owed> {
    let told = |duty: &Duty| !matches!(duty, Duty::Action(_) | Duty::Survey);
    let open = case.duties.iter().filter(move |(duty, owed)| owed.open() && told(duty));
    open.filter_map(move |(duty, owed)| one_owed(case, *duty, owed.due.date, today, calendar))
}

fn one_owed(case: &Case, duty: Duty, by: Date, today: Date, calendar: &Calendar) -> Option<Owed> {
    Some(Owed {
        reference: reference(case)?.clone(),
        duty,
        by,
        late: u16::try_from(calendar.working_days_between(by, today)).unwrap_or_default(),
        with: case.handler().map(|handler| handler.role.clone()),
    })
}

/// Promised actions that are overdue, or due within a working week.
fn pledges(case: &Case, today: Date, calendar: &Calendar) -> Vec<Pledge> {
    let week = calendar.working_days_after(today, AHEAD);
    let near = case.outstanding().filter(|(_, promised)| promised.by <= week);
    near.filter_map(|(number, promised)| {
        let owed = one_owed(case, Duty::Action(number), promised.by, today, calendar)?;
        Some(Pledge { owed, owner: promised.owner.clone() })
    })
    .collect()
}

/// Letters of which `is` holds, given those that were written after them.
fn stuck(case: &Case, is: impl Fn(&Posted, &[&Posted]) -> bool) -> impl Iterator<Item = Stuck> {
    let Some(reference) = reference(case) else { return Vec::new().into_iter() };
    let found = case.letters.iter().filter(|(number, posted)| {
        let later: Vec<&Posted> = case.letters.range(*number + 1..).map(|(_, later)| later).collect();
        is(posted, &later)
    });
    let found = found.map(|(number, posted)| Stuck {
        reference: reference.clone(),
        number: *number,
        kind: posted.kind,
        audience: posted.audience,
    });
    found.collect::<Vec<_>>().into_iter()
}

/// Letters that did not arrive. To whom of the landlord's people, a list does not say: of those alike one line will do.
fn undelivered(case: &Case) -> Vec<Stuck> {
    let mut lines: Vec<Stuck> = Vec::new();
    for letter in stuck(case, Posted::failed_for_good) {
        let alike = |line: &Stuck| line.audience != Audience::Resident && line.kind == letter.kind;
        if letter.audience == Audience::Resident || !lines.iter().any(alike) {
            lines.push(letter);
        }
    }
    lines
}

impl Posted {
    /// Whether it did not reach its reader, and nothing that says the same went out after it.
    fn failed_for_good(&self, later: &[&Posted]) -> bool {
        let instead = |other: &&Posted| {
            (other.kind, other.audience, other.stage, other.copy, other.about)
                == (self.kind, self.audience, self.stage, self.copy, self.about)
                && !other.failed()
                && other.outcome != Some(Outcome::Dropped)
        };
        self.failed() && !later.iter().any(instead)
    }
}

fn waits_to_be_handed_over(posted: &Posted) -> bool {
    posted.by_hand && !matches!(posted.outcome, Some(Outcome::HandedOver { .. } | Outcome::Dropped))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::domain::absence::Absence;
    use crate::domain::calendar::{Due, london};
    use crate::domain::case::{Flags, Kind, Opening, Promised, Resident, Response};
    use crate::domain::code::Start;
    use crate::domain::words::Words;

    fn calendar() -> Calendar {
        Calendar::england_and_wales(&[], &[])
    }

    fn person(name: &str) -> Person {
        Person {
            name: format!("{name} Example"),
            role: format!("{name}'s role"),
            address: format!("{}@example.org", name.to_lowercase()),
            estate: None,
        }
    }

    fn landlord() -> Landlord {
        Landlord {
            key: "orchard".to_owned(),
            name: "Orchard Homes".to_owned(),
            prefix: "RCH".to_owned(),
            addresses: vec!["complaints@example.org".to_owned()],
            acknowledge: Default::default(),
            officer: person("Ada"),
            deputy: person("Ben"),
            reviewers: vec![person("Cleo")],
            manager: person("Dan"),
            member_responsible: person("Eve"),
            staff: vec![person("Fred")],
            forms: vec![],
            policy_link: "https://www.example.org".to_owned(),
            emergency_telephone: "01632 960100".to_owned(),
            responsible_for: vec![],
            not_responsible_for: vec![],
        }
    }

    /// Monday 14 December 2026, 08:30.
    fn now() -> Timestamp {
        london(date(2026, 12, 14), 8, 30)
    }

    fn day(day: i8) -> Date {
        date(2026, 12, day)
    }

    /// A complaint and what has happened to it, each thing at noon of a day in December 2026.
    struct Told(Vec<Recorded>);

    impl Told {
        fn new(number: i64, words: &str) -> Told {
            let opening = Opening {
                reference: Reference::new("RCH", number),
                kind: Kind::Complaint,
                matter: None,
                message: Some(1),
                channel: Default::default(),
                logged_by: None,
                received: london(day(7), 12, 0),
                resident: Resident::by_email(Words::new("Jo Fielding"), Some(Words::new("jo@example.com"))),
                subject: Words::new("Leak"),
                points: vec![Words::new(words)],
                outcome_sought: None,
                because: vec![],
                unsure: false,
                flags: Flags::default(),
                withheld: None,
                set_aside: None,
                related: vec![],
            };
            Told(vec![]).on(7, Event::Opened(Box::new(opening)))
        }

        fn on(mut self, at: i8, event: Event) -> Told {
            let at = london(day(at), 12, 0);
            let seq = self.0.len() as i64 + 1;
            self.0.push(Recorded { seq, occurred_at: at, recorded_at: at, event });
            self
        }

        fn due(self, duty: Duty, by: Date) -> Told {
            let due = Due { date: by, ..calendar().until(day(7), by) };
            let (counted_from, provision) = (Start::Receipt, "6.2".to_owned());
            self.on(7, Event::DeadlineSet { duty, due, counted_from, provision, passed: None })
        }

        fn with(self, name: &str) -> Told {
            let (stage, to) = (Stage::One, person(name));
            self.on(7, Event::Assigned { stage, to, by: None, conflict: None, despite: None })
        }

        fn letter(self, number: LetterNo, kind: LetterKind, audience: Audience, by_hand: bool) -> Told {
            let to = Words::new("somebody@example.com");
            let (promises, copy, stage, about) = (None, false, Stage::One, None);
            self.on(
                8,
                Event::LetterWritten {
                    letter: number,
                    kind,
                    audience,
                    to,
                    promises,
                    by_hand,
                    copy,
                    stage,
                    about,
                    files: Vec::new(),
                },
            )
        }

        fn posted(self, letter: LetterNo, outcome: Outcome) -> Told {
            self.on(9, Event::LetterPosted { letter, outcome })
        }

        fn case(&self) -> Case {
            Case::fold(&self.0)
        }
    }

    fn refused() -> Outcome {
        Outcome::Refused { reply: Words::new("550") }
    }

    /// Everybody's list, by first name.
    fn lists(told: &[Told]) -> BTreeMap<String, Digest> {
        lists_without(told, &Absences::default())
    }

    fn lists_without(told: &[Told], away: &Absences) -> BTreeMap<String, Digest> {
        let landlord = landlord();
        let cases: Vec<Case> = told.iter().map(Told::case).collect();
        let filed: Vec<Filed> = cases.iter().zip(told).map(|(case, told)| Filed { case, history: &told.0 }).collect();
        let since = london(day(11), 8, 30);
        let (beside, upkeep, calendar) = (&Beside::default(), &Upkeep::default(), &calendar());
        let morning = Morning { beside, upkeep, calendar, away, since, now: now() };
        let all = digests(&landlord, &filed, &morning);
        let first = |person: &Person| person.name.split(' ').next().unwrap_or_default().to_owned();
        all.into_iter().map(|(person, digest)| (first(person), digest)).collect()
    }

    fn numbers(owed: &[Owed]) -> Vec<String> {
        owed.iter().map(|owed| owed.reference.to_string().chars().skip(4).take(4).collect()).collect()
    }

    #[test]
    fn what_is_owed_is_overdue_due_today_due_soon_or_not_yet_said() {
        let due = |number, by| Told::new(number, "Leak").with("Ada").due(Duty::RespondStage1, by);
        let told = [
            due(1001, date(2027, 1, 5)),
            due(1002, day(21)), // the fifth working day from Monday
            due(1003, day(22)),
            due(1004, day(14)),
            due(1005, day(11)),
            due(1006, day(8)),
        ];
        let ada = lists(&told).remove("Ada").unwrap();
        assert_eq!(numbers(&ada.overdue), ["1006", "1005"], "the oldest date first");
        assert_eq!(ada.overdue.iter().map(|owed| owed.late).collect::<Vec<_>>(), [4, 1]);
        assert_eq!((numbers(&ada.today), numbers(&ada.soon)), (vec!["1004".to_owned()], vec!["1002".to_owned()]));
    }

    #[test]
    fn a_case_is_on_the_list_of_its_handler_and_what_nobody_has_on_the_officers() {
        let told = [
            Told::new(1001, "Leak").with("Cleo").due(Duty::RespondStage1, day(14)),
            Told::new(1002, "Leak").due(Duty::RespondStage1, day(14)),
            Told::new(1003, "Leak").with("Gone").due(Duty::RespondStage1, day(14)),
        ];
        let lists = lists(&told);
        assert_eq!(lists.keys().collect::<Vec<_>>(), ["Ada", "Cleo"], "who has left is told nothing");
        assert_eq!(numbers(&lists["Cleo"].today), ["1001"]);
        assert_eq!(numbers(&lists["Ada"].today), ["1002", "1003"]);
        assert_eq!(lists["Ada"].unassigned, [Reference::new("RCH", 1002)]);
        assert_eq!(lists["Ada"].left, [Reference::new("RCH", 1003)]);
        let gone = told[2].case();
        assert_eq!(handler_left(&landlord(), &gone).unwrap().1, &person("Gone"));
        assert_eq!(handler_left(&landlord(), &told[0].case()), None);
    }

    #[test]
    fn a_person_whom_a_complaint_names_is_told_nothing_of_it() {
        let told = [
            Told::new(1001, "Ada Example was rude").due(Duty::RespondStage1, day(14)),
            Told::new(1002, "Cleo Example was rude").with("Cleo").due(Duty::RespondStage1, day(14)),
        ];
        let lists = lists(&told);
        assert_eq!(numbers(&lists["Ben"].today), ["1001"]);
        assert_eq!(lists["Ben"].unassigned.len(), 1);
        assert_eq!(numbers(&lists["Ada"].today), ["1002"]);
        assert!(!lists.contains_key("Cleo"));
    }

    #[test]
    fn who_is_away_has_no_list_and_whoever_stands_in_has_theirs_with_their_own() {
        let told = [
            Told::new(1001, "Leak").with("Ada").due(Duty::RespondStage1, day(14)),
            Told::new(1002, "Leak").with("Ada").due(Duty::RespondStage1, date(2027, 1, 5)),
            Told::new(1003, "Fred Example was rude").with("Ada").due(Duty::RespondStage1, day(14)),
            Told::new(1004, "Leak").with("Fred").due(Duty::RespondStage1, day(15)),
            Told::new(1005, "Leak").due(Duty::RespondStage1, day(14)),
        ];
        let away = |since, until| {
            let cover = Some(person("Fred").address);
            Absences::new([Absence { address: person("Ada").address, since: day(since), until: day(until), cover }])
        };
        let lists = lists_without(&told, &away(13, 21));
        assert_eq!(lists.keys().collect::<Vec<_>>(), ["Ben", "Fred"]);
        assert_eq!(numbers(&lists["Fred"].today), ["1001", "1005"]);
        assert_eq!(numbers(&lists["Fred"].soon), ["1004"]);
        assert_eq!(lists["Fred"].unassigned.len(), 1, "what nobody has is on the officer's list");
        assert_eq!(numbers(&lists["Ben"].today), ["1003"], "it names the cover");
        let covered = |name: &str, cases: &[i64], new| Covered {
            name: format!("{name} Example"),
            until: day(21),
            cases: cases.iter().map(|number| Reference::new("RCH", *number)).collect(),
            new,
        };
        assert_eq!(lists["Fred"].covered, [covered("Ada", &[1001, 1002, 1005], true)]);
        assert_eq!(lists["Ben"].covered, [covered("Ada", &[1003], true)]);
        let later = lists_without(&told[1..2], &away(10, 21)).remove("Fred").unwrap();
        assert_eq!(later.covered, [covered("Ada", &[1002], false)]);
        assert!(later.is_empty(), "nothing is due, and the cover knows already");
        let back = lists_without(&told, &away(10, 14));
        assert_eq!(numbers(&back["Ada"].today), ["1001", "1003", "1005"]);
        assert!(back["Fred"].covered.is_empty());
    }

    #[test]
    fn a_letter_is_undelivered_until_another_goes_in_its_place() {
        let lost = |told: Told| {
            told.with("Ada").letter(1, LetterKind::Response, Audience::Resident, false).posted(1, refused())
        };
        let again = |told: Told| lost(told).letter(2, LetterKind::Response, Audience::Resident, false);
        let told = [
            lost(Told::new(1001, "Leak")),
            again(Told::new(1002, "Leak")),
            again(Told::new(1003, "Leak")).posted(2, refused()),
            lost(Told::new(1004, "Leak")).letter(2, LetterKind::Survey, Audience::Resident, false),
        ];
        let ada = lists(&told).remove("Ada").unwrap();
        let named: Vec<(String, LetterNo)> =
            ada.undelivered.iter().map(|stuck| (stuck.reference.to_string(), stuck.number)).collect();
        let of = |number| Reference::new("RCH", number).to_string();
        assert_eq!(named, [(of(1001), 1), (of(1003), 1), (of(1003), 2), (of(1004), 1)]);
    }

    #[test]
    fn a_letter_to_post_is_on_the_list_until_somebody_posted_it() {
        let by_hand =
            |number| Told::new(number, "Leak").with("Ada").letter(1, LetterKind::Receipt, Audience::Resident, true);
        let sent = Outcome::Sent { reply: Words::new("250"), digest: String::new() };
        let posted = Outcome::HandedOver { on: day(9), by: person("Ada") };
        let told = [by_hand(1001).posted(1, sent), by_hand(1002).posted(1, posted), by_hand(1003)];
        let ada = lists(&told).remove("Ada").unwrap();
        let numbers: Vec<_> = ada.to_hand_over.iter().map(|stuck| stuck.reference.clone()).collect();
        assert_eq!(numbers, [Reference::new("RCH", 1001), Reference::new("RCH", 1003)]);
    }

    #[test]
    fn a_promised_action_is_on_its_owners_list_and_on_the_handlers_and_said_once() {
        let promised = |by, owner: &str| Promised {
            what: Words::new("Mend the ceiling"),
            owner: "Surveyor".to_owned(),
            owner_address: Some(person(owner).address),
            by,
        };
        let told = [Told::new(1001, "Fred Example never came")
            .with("Ada")
            .on(8, Event::ActionPromised { action: 1, promised: promised(day(11), "Cleo") })
            .due(Duty::Action(1), day(11))
            .on(8, Event::ActionPromised { action: 2, promised: promised(day(15), "Fred") })
            .on(8, Event::ActionPromised { action: 3, promised: promised(date(2027, 2, 1), "Cleo") })];
        let lists = lists(&told);
        let actions = |name: &str| lists[name].actions.iter().map(|pledge| pledge.owed.duty).collect::<Vec<_>>();
        assert_eq!(actions("Ada"), [Duty::Action(1), Duty::Action(2)]);
        assert_eq!(actions("Cleo"), [Duty::Action(1)]);
        assert!(!lists.contains_key("Fred"), "the complaint is about him");
        assert!(lists["Ada"].overdue.is_empty(), "not twice");
    }

    #[test]
    fn dates_that_the_bank_holidays_moved_are_told_from_the_first_date_to_the_one_that_holds() {
        let moved_to = |by, cause| {
            let due = calendar().until(day(7), by);
            Event::DeadlineMoved { duty: Duty::RespondStage1, due, cause, passed: None }
        };
        let due = |number| Told::new(number, "Leak").with("Ada").due(Duty::RespondStage1, day(17));
        let told = [
            due(1001).on(11, moved_to(day(18), Cause::Calendar)).on(12, moved_to(day(21), Cause::Calendar)),
            due(1002).on(12, moved_to(day(22), Cause::Extended)),
            due(1003).on(9, moved_to(day(18), Cause::Calendar)),
            due(1004).on(12, moved_to(day(18), Cause::Calendar)).on(13, Event::DutyMet { duty: Duty::RespondStage1 }),
            due(1005).on(12, moved_to(day(18), Cause::Calendar)).on(13, moved_to(day(17), Cause::Calendar)),
        ];
        let ada = lists(&told).remove("Ada").unwrap();
        let reference = Reference::new("RCH", 1001);
        let moved = Moved { reference, duty: Duty::RespondStage1, from: day(17), to: day(21) };
        assert_eq!(ada.moved, [moved]);
    }

    #[test]
    fn what_only_may_come_makes_no_list_by_itself() {
        let mut digest =
            Digest { upkeep: Upkeep { horizon: Some("look".to_owned()), ..Upkeep::default() }, ..Digest::default() };
        assert!(digest.is_empty());
        digest.beside.junk_listed = 1;
        assert!(!digest.is_empty());
    }

    #[test]
    fn the_week_counts_what_left_in_time_and_late_and_who_had_confirmed_it() {
        let landlord = landlord();
        let acknowledged = |letter, automatic| Event::Acknowledged { letter, automatic, stage: Stage::One };
        let due = |number| {
            let told = Told::new(number, "Dan Example was rude").with("Ada");
            told.due(Duty::Acknowledge, day(9)).due(Duty::RespondStage1, day(10))
        };
        let response = Response { answers: vec![], decision: None, remedies: vec![], actions: vec![] };
        let responded = Event::Responded { by: person("Ada"), stage: Stage::One, response };
        let extended = Event::DeadlineMoved {
            duty: Duty::RespondStage1,
            due: calendar().until(day(7), day(12)),
            cause: Cause::Extended,
            passed: None,
        };
        let told = [
            due(1001).on(8, acknowledged(1, true)),
            due(1002).on(10, acknowledged(1, false)),
            due(1003).on(9, extended).on(11, responded.clone()).on(11, Event::DutyMet { duty: Duty::RespondStage1 }),
            due(1004).on(11, responded).on(11, Event::DutyMet { duty: Duty::RespondStage1 }),
            due(1005).on(14, acknowledged(1, true)), // Today: next week's letter tells of it.
        ];
        let cases: Vec<Case> = told.iter().map(Told::case).collect();
        let filed: Vec<Filed> = cases.iter().zip(&told).map(|(case, told)| Filed { case, history: &told.0 }).collect();
        let of = |reader: &Person| weekly(&landlord, reader, &filed, &Upkeep::default(), &calendar(), now());
        let week = of(&landlord.member_responsible);
        assert_eq!((week.from, week.to), (day(7), day(13)));
        assert_eq!(week.received, [(Kind::Complaint, 5)].into());
        assert_eq!((week.acknowledged, week.automatic, week.confirmed), (Timeliness { in_time: 1, late: 1 }, 1, 1));
        assert_eq!((week.responses, week.extended), (Timeliness { in_time: 1, late: 1 }, 1));
        assert_eq!(week.open, [(Kind::Complaint, 5)].into());
        assert_eq!(week.oldest, Some((Reference::new("RCH", 1001), day(7))));
        assert_eq!(week.overdue.len(), week.overdue_count);
        let manager = of(&landlord.manager);
        assert_eq!((manager.overdue_count, manager.overdue.len(), manager.oldest), (week.overdue_count, 0, None));
    }
}
