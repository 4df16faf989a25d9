//! What is open, said in time: each morning to whoever has cases in hand, once a week to the manager.
//!
//! Both are made from cases and their histories, and hold references, duties, roles and dates: never a resident's words.
//! Nobody reads here of a case that they must get no letters of (Code 5.8); the next in line does.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};

use super::calendar::{Calendar, WorkingDays, london_date};
use super::case::{Audience, Case, Cause, Event, Kind, LetterKind, LetterNo, Outcome, Posted, Recorded};
use super::code::{Duty, Stage};
use super::ladder::line;
use super::landlord::{Landlord, Ombudsman, Person};
use super::reference::Reference;

/// How far a list looks ahead: a working week.
const AHEAD: WorkingDays = WorkingDays(5);

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
    /// Letters that are kept back.
    pub held: usize,
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

/// What somebody should see to some time, whatever the cases are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Upkeep {
    /// As [`Calendar::horizon_warning`] says it.
    pub horizon: Option<String>,
    /// When the Ombudsman's details were last checked, if that is long ago.
    pub ombudsman_checked: Option<Date>,
}

impl Upkeep {
    /// What is to be seen to on `today`.
    pub fn on(today: Date, calendar: &Calendar, ombudsman: &Ombudsman) -> Upkeep {
        Upkeep {
            horizon: calendar.horizon_warning(today),
            ombudsman_checked: ombudsman.outdated(today).then_some(ombudsman.last_checked),
        }
    }
}

/// What one person has to see to, one morning. Each list is ordered by date or by case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Digest {
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
    /// make no letter: the week's letter says them too.
    pub fn is_empty(&self) -> bool {
        let quiet = Digest { provisional: Vec::new(), upkeep: Upkeep::default(), ..self.clone() };
        quiet == Digest::default()
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
/// the place of a person who must not hear of it, the next in line. Promised actions are also on the list of their owner.
/// `since` is the moment of the list before.
pub fn digests<'a>(
    landlord: &'a Landlord,
    cases: &[Filed],
    beside: &Beside,
    upkeep: &Upkeep,
    calendar: &Calendar,
    since: Timestamp,
    now: Timestamp,
) -> Vec<(&'a Person, Digest)> {
    let today = london_date(now);
    let mut lists = Lists::default();
    let officer = lists.of(&landlord.officer);
    officer.upkeep = upkeep.clone();
    officer.beside = Beside { junk: BTreeSet::new(), ..beside.clone() };
    for Filed { case, history } in cases {
        let Some(reference) = reference(case) else { continue };
        let Hands { handler, desk } = hands(case, landlord);
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
        list.undelivered.extend(stuck(case, Posted::failed_for_good));
        list.to_hand_over.extend(stuck(case, |posted, _| waits_to_be_handed_over(posted)));
        list.moved.extend(moved(case, history, since));
        for pledge in pledges(case, today, calendar) {
            if let Some(owner) = owner(case, &pledge, landlord).filter(|owner| owner.address != handler.address) {
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

/// Whose list a case is on.
struct Hands<'a> {
    /// Who has it in hand.
    handler: &'a Person,
    /// Who looks after it while nobody has, and nobody knows what it is.
    desk: &'a Person,
}

fn hands<'a>(case: &Case, landlord: &'a Landlord) -> Hands<'a> {
    let kept_out = case.kept_out(landlord);
    let unfit: Vec<&str> = kept_out.iter().map(String::as_str).collect();
    let first = |person| line(person, landlord, &unfit).first().copied().unwrap_or(&landlord.manager);
    let handler = case.handler().and_then(|handler| registered(handler, landlord));
    Hands { handler: first(handler.unwrap_or(&landlord.officer)), desk: first(&landlord.officer) }
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

impl Posted {
    /// Whether it did not reach its reader, and nothing that says the same went out after it.
    fn failed_for_good(&self, later: &[&Posted]) -> bool {
        let instead = |other: &&Posted| {
            (other.kind, other.audience, other.stage, other.copy, other.about)
                == (self.kind, self.audience, self.stage, self.copy, self.about)
                && !other.failed()
                && other.outcome != Some(Outcome::Dropped)
        };
        self.failed() && !later.iter().any(|other| instead(&other))
    }
}

fn waits_to_be_handed_over(posted: &Posted) -> bool {
    posted.by_hand && !matches!(posted.outcome, Some(Outcome::HandedOver { .. } | Outcome::Dropped))
}
