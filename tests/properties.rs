//! What holds for every case, whatever happens to it and whenever.
//!
//! Goal: no order of messages, dates, refusals and long sleeps makes a case forget a duty, put a date off or say a thing
//! twice.
//! How: `decide` and `apply` are driven as the daemon drives them, with inputs, calendar and ladder picked at random.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use proptest::prelude::*;
use redress::domain::absence::{Absence, Absences};
use redress::domain::calendar::{Calendar, WorkingDays, london, london_date};
use redress::domain::case::{
    Addition, Answer, Audience, Case, Cause, Channel, Dissatisfied, Event, Finding, Flags, Ground, House, Input, Kind,
    Letter, LetterKind, LetterNo, NoteKind, Opening, Outcome, Posted, Prefers, Promised, Recorded, Remedy, RemedyKind,
    Resident, Says, Serves, Sorting, Terms, Writer, decide, serves,
};
use redress::domain::code::{Duty, Stage};
use redress::domain::command::{Command, Redefinition};
use redress::domain::ladder::{Ladder, WorkingHours};
use redress::domain::landlord::{Acknowledge, Landlord, Person};
use redress::domain::reference::Reference;
use redress::domain::words::Words;

/// Something that happens, after a while.
#[derive(Clone, Debug)]
struct Step {
    minutes: i64,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    /// The daemon looks at every date that has come.
    Look,
    /// Somebody asks about a date out of turn.
    Reached(Duty),
    Added {
        writer: Writer,
        withheld: bool,
        dissatisfied: Dissatisfied,
    },
    /// The fate of a letter, chosen among those written.
    Posted {
        letter: prop::sample::Index,
        outcome: Outcome,
    },
    /// The fate of a letter there is not.
    PostedUnknown,
    /// A person acts, one of the landlord's or somebody else.
    Act {
        by: prop::sample::Index,
        act: Act,
    },
    /// The landlord adds a bank holiday, so many days from now.
    Proclaimed {
        days: i64,
    },
}

/// A command in outline: what it needs of the case is filled in when it is given.
#[derive(Clone, Debug)]
enum Act {
    Sort(Sorting),
    Define(Option<u8>),
    Acknowledge,
    Ask,
    Assign { to: prop::sample::Index, conflict: bool, despite: bool },
    Extend { days: i64, good: bool, updates: bool },
    Respond { points_off: i8, finding: Finding, remedies: bool, action_days: Option<i64> },
    Escalate { days_ago: i64 },
    Stay,
    Refuse { old: bool, discretion: bool },
    AddPoint,
    Complain,
    Withdraw,
    Close,
    Reopen,
    Promise { days: i64 },
    Done(u32),
    Postpone { action: u32, days: i64 },
    Update { every: Option<u16> },
    Answer,
    Received { days_ago: i64 },
    Resident { prefers: Prefers },
    Represent { authority: bool },
    Adjust,
    Restrict,
    Lift,
    Review(Duty),
    Merge,
    Note,
    NoSurvey,
    HandedOver(prop::sample::Index),
}

fn act() -> impl Strategy<Value = Act> {
    let sorting = prop_oneof![Just(Sorting::Complaint), Just(Sorting::ServiceRequest), Just(Sorting::Neither)];
    let finding = prop_oneof![Just(Finding::Upheld), Just(Finding::PartlyUpheld), Just(Finding::NotUpheld)];
    let prefers = prop_oneof![Just(Prefers::Email), Just(Prefers::Post), Just(Prefers::Telephone)];
    let index = any::<prop::sample::Index>;
    prop_oneof![
        2 => sorting.prop_map(Act::Sort),
        2 => prop::option::of(0..4_u8).prop_map(Act::Define),
        4 => Just(Act::Acknowledge),
        1 => Just(Act::Ask),
        4 => (index(), prop::bool::weighted(0.2), prop::bool::weighted(0.2))
            .prop_map(|(to, conflict, despite)| Act::Assign { to, conflict, despite }),
        4 => (-5..60_i64, any::<bool>(), any::<bool>())
            .prop_map(|(days, good, updates)| Act::Extend { days, good, updates }),
        12 => (prop_oneof![8 => Just(0_i8), 1 => Just(-1), 1 => Just(1)], finding, any::<bool>(), prop::option::of(0..40_i64))
            .prop_map(|(points_off, finding, remedies, action_days)| {
                Act::Respond { points_off, finding, remedies, action_days }
            }),
        4 => (-1..10_i64).prop_map(|days_ago| Act::Escalate { days_ago }),
        1 => Just(Act::Stay),
        1 => (any::<bool>(), any::<bool>()).prop_map(|(old, discretion)| Act::Refuse { old, discretion }),
        1 => Just(Act::AddPoint),
        1 => Just(Act::Complain),
        1 => Just(Act::Withdraw),
        4 => Just(Act::Close),
        3 => Just(Act::Reopen),
        2 => (-2..30_i64).prop_map(|days| Act::Promise { days }),
        3 => (1..4_u32).prop_map(Act::Done),
        1 => (1..4_u32, -2..60_i64).prop_map(|(action, days)| Act::Postpone { action, days }),
        2 => prop::option::of(1..20_u16).prop_map(|every| Act::Update { every }),
        1 => Just(Act::Answer),
        1 => (-1..20_i64).prop_map(|days_ago| Act::Received { days_ago }),
        1 => prefers.prop_map(|prefers| Act::Resident { prefers }),
        1 => any::<bool>().prop_map(|authority| Act::Represent { authority }),
        1 => Just(Act::Adjust),
        1 => Just(Act::Restrict),
        1 => Just(Act::Lift),
        1 => prop::sample::select(Duty::all().collect::<Vec<_>>()).prop_map(Act::Review),
        1 => Just(Act::Merge),
        1 => Just(Act::Note),
        1 => Just(Act::NoSurvey),
        3 => index().prop_map(Act::HandedOver),
    ]
}

impl Act {
    /// The command, on this case at this moment.
    fn command(&self, driven: &Driven) -> Command {
        let Driven { case, now, house, .. } = driven;
        let text = || Words::new("as the file shows");
        let texts = |n: usize| (0..n).map(|n| Words::new(format!("Point {n}"))).collect::<Vec<_>>();
        let in_days = |days: i64| london_date(*now) + days.days();
        let promised =
            |days: i64| Promised { what: text(), owner: "Repairs".to_owned(), owner_address: None, by: in_days(days) };
        let people = house.landlord.people();
        match self.clone() {
            Act::Sort(kind) => Command::Sort { kind, because: text() },
            Act::Define(points) => Command::Define(Redefinition {
                points: points.map(|points| texts(points.into())),
                ..Redefinition::default()
            }),
            Act::Acknowledge => Command::Acknowledge(Redefinition {
                points: case.definition.points.is_empty().then(|| texts(2)),
                ..Redefinition::default()
            }),
            Act::Ask => Command::Ask { questions: texts(1) },
            Act::Assign { to, conflict, despite } => Command::Assign {
                to: (*to.get(&people)).clone(),
                conflict: conflict.then(text),
                despite: despite.then(text),
            },
            Act::Extend { days, good, updates } => {
                let due = case.duties.get(&case.stage.respond()).map_or(london_date(*now), |owed| owed.due.date);
                Command::Extend {
                    until: due + days.days(),
                    reason: text(),
                    good_reason: good.then(text),
                    updates_every: updates.then_some(WorkingDays(5)),
                }
            }
            Act::Respond { points_off, finding, remedies, action_days } => {
                let points = case.definition.points.len() as i64 + i64::from(points_off);
                let remedy = Remedy { kind: RemedyKind::Apology, what: text(), pence: None };
                Command::Respond {
                    answers: (0..points).map(|_| Answer { finding, reasons: text() }).collect(),
                    decision: None,
                    remedies: remedies.then_some(remedy).into_iter().collect(),
                    actions: action_days.map(promised).into_iter().collect(),
                }
            }
            Act::Escalate { days_ago } => {
                let received = Some(*now - SignedDuration::from_hours(24 * days_ago));
                Command::Escalate { received, reasons: None }
            }
            Act::Stay => Command::StayAtStage1 { because: text() },
            Act::Refuse { old, discretion } => Command::Refuse {
                ground: if old { Ground::OverTwelveMonths } else { Ground::LegalProceedings },
                because: text(),
                evidence: text(),
                discretion: discretion.then(text),
                instead: None,
            },
            Act::AddPoint => Command::AddPoint { points: texts(1) },
            Act::Complain => Command::Complain { points: texts(1), outcome: None, received: None },
            Act::Withdraw => Command::Withdraw { how: text() },
            Act::Close => Command::Close { learning: text() },
            Act::Reopen => Command::Reopen { because: text() },
            Act::Promise { days } => Command::Promise(promised(days)),
            Act::Done(action) => Command::Done { action, evidence: text() },
            Act::Postpone { action, days } => Command::Postpone { action, until: in_days(days), because: text() },
            Act::Update { every } => Command::Update { text: text(), every: every.map(WorkingDays) },
            Act::Answer => Command::AnswerRequest { text: text() },
            Act::Received { days_ago } => {
                let at = case.received.unwrap_or(*now) - SignedDuration::from_hours(24 * days_ago);
                Command::Received { at, because: text() }
            }
            Act::Resident { prefers } => Command::Resident {
                name: None,
                address: None,
                post: Some(Words::new("14 Alder Court")),
                telephone: None,
                estate: None,
                prefers: Some(prefers),
            },
            Act::Represent { authority } => Command::Represent {
                name: Words::new("Bo Example"),
                address: Some(Words::new("bo@example.com")),
                authority: authority.then(text),
            },
            Act::Adjust => Command::Adjust { need: text(), adjustment: text(), review: None },
            Act::Restrict => Command::Restrict {
                restriction: text(),
                because: text(),
                evidence: text(),
                equality: text(),
                review: None,
            },
            Act::Lift => Command::LiftRestriction { because: text() },
            Act::Review(duty) => Command::Review { duty, found: text(), next: None },
            Act::Merge => Command::Merge { into: Reference::new("RCH", 1000), because: text() },
            Act::Note => Command::Note { kind: NoteKind::Note, text: text(), on: None },
            Act::NoSurvey => Command::DeclineSurvey,
            Act::HandedOver(letter) => {
                let numbers: Vec<LetterNo> = case.letters.keys().copied().collect();
                Command::HandedOver { letter: *letter.get(&numbers), on: None }
            }
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    let writer = prop_oneof![
        4 => Just(Writer::Resident),
        1 => Just(Writer::Staff),
        1 => Just(Writer::Stranger),
        1 => Just(Writer::Ombudsman)
    ];
    let dissatisfied = prop_oneof![Just(Dissatisfied::No), Just(Dissatisfied::Perhaps), Just(Dissatisfied::Yes)];
    let outcome = prop_oneof![
        6 => Just(Outcome::Sent { reply: Words::new("250"), digest: String::new() }),
        2 => Just(Outcome::Refused { reply: Words::new("550") }),
        2 => Just(Outcome::Returned { message: 9, why: Words::new("5.1.1") }),
        1 => Just(Outcome::Absent { message: 10 }),
        1 => Just(Outcome::Dropped),
    ];
    let what = prop_oneof![
        4 => Just(What::Look),
        1 => prop::sample::select(Duty::all().collect::<Vec<_>>()).prop_map(What::Reached),
        2 => (writer, any::<bool>(), dissatisfied)
            .prop_map(|(writer, withheld, dissatisfied)| What::Added { writer, withheld, dissatisfied }),
        6 => (any::<prop::sample::Index>(), outcome).prop_map(|(letter, outcome)| What::Posted { letter, outcome }),
        1 => Just(What::PostedUnknown),
        9 => (any::<prop::sample::Index>(), act()).prop_map(|(by, act)| What::Act { by, act }),
        1 => (0..60_i64).prop_map(|days| What::Proclaimed { days }),
    ];
    let minutes = prop_oneof![3 => 0..600_i64, 2 => 600..3_000_i64, 1 => 3_000..40_000_i64];
    (minutes, what).prop_map(|(minutes, what)| Step { minutes, what })
}

fn opening() -> impl Strategy<Value = Opening> {
    let kind =
        prop_oneof![6 => Just(Kind::Complaint), 1 => Just(Kind::ServiceRequest), 1 => Just(Kind::Correspondence)];
    (kind, any::<bool>(), any::<bool>(), prop::bool::weighted(0.2), prop::bool::weighted(0.9), 0..1_000_000_i64)
        .prop_map(|(kind, unsure, set_aside, withheld, address, minute)| Opening {
            reference: Reference::new("RCH", 1001),
            kind,
            message: Some(1),
            matter: None,
            channel: Channel::Email,
            logged_by: None,
            received: london(date(2026, 1, 1), 0, 0) + SignedDuration::from_mins(minute),
            resident: Resident::by_email(Words::new("Ann Example"), address.then(|| Words::new("ann@example.com"))),
            subject: Words::new("Leak"),
            points: Vec::new(),
            outcome_sought: None,
            because: Vec::new(),
            unsure: unsure && kind == Kind::Complaint,
            flags: Flags::default(),
            withheld: withheld.then(|| "it lay in the junk folder".to_owned()),
            set_aside: set_aside.then(|| "it holds no words".to_owned()),
            related: Vec::new(),
        })
}

fn ladder() -> impl Strategy<Value = Ladder> {
    (0..5_u8, 0..5_u8, 1..4_u8).prop_map(|(officer_before, deputy_before, member_responsible_after)| Ladder {
        officer_before,
        deputy_before,
        member_responsible_after,
    })
}

fn calendar() -> impl Strategy<Value = Calendar> {
    prop::collection::vec(0..1_000_i64, 0..20).prop_map(|days| {
        let added: Vec<(Date, String)> =
            days.into_iter().map(|day| (date(2026, 1, 1) + day.days(), "Proclaimed".to_owned())).collect();
        Calendar::england_and_wales(&added, &[])
    })
}

/// Who is away when, in the days in which [`opening`]s begin and after them, and whom they asked to stand in.
fn away() -> impl Strategy<Value = Absences> {
    const NAMES: [&str; 6] = ["Ada", "Ben", "Cleo", "Dan", "Eve", "Stranger"];
    let cover = prop::option::of(prop::sample::select(&NAMES[..]));
    let absence = (prop::sample::select(&NAMES[..5]), 0..900_i64, 1..400_i64, cover);
    prop::collection::vec(absence, 0..5).prop_map(|absences| {
        Absences::new(absences.into_iter().map(|(name, since, days, cover)| Absence {
            address: person(name).address,
            since: date(2026, 1, 1) + since.days(),
            until: date(2026, 1, 1) + (since + days).days(),
            cover: cover.map(|cover| person(cover).address),
        }))
    })
}

fn person(name: &str) -> Person {
    let address = format!("{}@example.net", name.to_lowercase());
    Person { name: name.to_owned(), role: name.to_owned(), address, estate: None }
}

fn landlord() -> Landlord {
    Landlord {
        key: "orchard".to_owned(),
        name: "Orchard Housing Co-operative Limited".to_owned(),
        prefix: "RCH".to_owned(),
        addresses: vec!["complaints@example.org".to_owned()],
        acknowledge: Acknowledge::Automatic,
        officer: person("Ada"),
        deputy: person("Ben"),
        reviewers: vec![person("Cleo")],
        manager: person("Dan"),
        member_responsible: person("Eve"),
        staff: Vec::new(),
        forms: Vec::new(),
        policy_link: "https://www.example.org/complaints".to_owned(),
        emergency_telephone: "01632 960100".to_owned(),
        responsible_for: Vec::new(),
        not_responsible_for: Vec::new(),
    }
}

/// The letter that an event says did not reach its reader.
fn lost_letter(case: &Case, event: &Event) -> Option<LetterNo> {
    let Event::LetterPosted { letter, outcome } = event else { return None };
    let lost = match outcome {
        Outcome::Sent { .. } | Outcome::HandedOver { .. } => false,
        // A resident who is away has it; staff who are away hand nothing over.
        Outcome::Absent { .. } => case.letters[letter].by_hand,
        _ => true,
    };
    lost.then_some(*letter)
}

/// A case as it is driven, with everything it has said.
struct Driven<'a> {
    house: House<'a>,
    calendar: Calendar,
    now: Timestamp,
    case: Case,
    history: Vec<Recorded>,
    letters: Vec<Letter>,
    /// When the daemon looks at each duty next, as the last decision left it.
    looks: BTreeMap<Duty, Option<Timestamp>>,
}

impl<'a> Driven<'a> {
    fn new(house: House<'a>, now: Timestamp) -> Driven<'a> {
        let calendar = house.calendar.clone();
        let (case, history, letters) = (Case::default(), Vec::new(), Vec::new());
        Driven { house, calendar, now, case, history, letters, looks: BTreeMap::new() }
    }

    /// `false` when the input was refused.
    fn happens(&mut self, input: &Input) -> bool {
        let before = self.case.clone();
        let calendar = self.calendar.clone();
        let house = House { calendar: &calendar, ..self.house };
        let Ok(decision) = decide(&self.case, input, &house, self.now) else { return false };
        for recorded in &decision.events {
            assert_eq!(recorded.seq, self.case.seq + 1, "a gap in the history");
            assert_eq!(recorded.recorded_at, self.now);
            let case = std::mem::take(&mut self.case);
            self.judge(&case, recorded);
            self.case = case.apply(recorded);
        }
        assert!(before.seq <= self.case.seq);
        self.judge_the_readers(&decision.letters);
        self.looks =
            self.case.duties.keys().map(|duty| (*duty, self.case.next_look(*duty, &house, self.now))).collect();
        self.history.extend(decision.events);
        self.letters.extend(decision.letters);
        true
    }

    /// While anybody is there who can be reached, nothing is written to whoever is away.
    fn judge_the_readers(&self, letters: &[Letter]) {
        let landlord = self.house.landlord;
        let is_away = |person: &Person| self.house.away.of(person, london_date(self.now)).is_some();
        let line = [&landlord.officer, &landlord.deputy, &landlord.manager, &landlord.member_responsible];
        let unreached = |person: &Person| {
            self.case.letters.values().any(|letter| letter.to.as_str() == person.address && letter.failed())
        };
        if line.iter().all(|person| is_away(person) || unreached(person)) {
            return;
        }
        for letter in letters.iter().filter(|letter| letter.audience == Audience::Staff || letter.by_hand.is_some()) {
            let people = landlord.people();
            let reader = people.iter().find(|person| person.address == letter.address.as_str());
            assert!(reader.is_none_or(|reader| !is_away(reader)), "{letter:?} is written to somebody who is away");
            assert!(
                letter.in_place_of.as_ref().is_none_or(|away| Some(&away.name) != reader.map(|reader| &reader.name))
            );
        }
    }

    /// Whether what was taken for a request for stage 2 was none.
    fn was_mistaken(&self) -> bool {
        self.history.iter().any(|line| matches!(line.event, Event::EscalationMistaken { .. }))
    }

    /// What must hold of every event, on the case as it was before.
    fn judge(&self, before: &Case, recorded: &Recorded) {
        match &recorded.event {
            Event::Acknowledged { letter, stage, .. } => {
                let letter = &before.letters[letter];
                assert_eq!(
                    (letter.kind, letter.stage),
                    (LetterKind::Acknowledgement, *stage),
                    "a mere receipt counted"
                );
                assert!(letter.arrived() && !letter.copy, "counted, and not sent: {letter:?}");
            }
            Event::Reminded { duty, due, rung } => {
                let owed = &before.duties[duty];
                assert!(owed.open(), "reminded of {duty}, which was met");
                assert!(owed.due.date == *due && owed.taken < Some(*rung), "reminded again at {rung:?}");
            }
            Event::DeadlineSet { duty, due, .. } if duty.stage().is_some() => {
                let stage = duty.stage().unwrap_or_default();
                let was = before.duties.get(duty);
                let put_off = was.is_some_and(|was| was.due.date < due.date);
                // Sorted as something else and then as a complaint again, it has the dates it had; a response that nobody
                // was told a date for counts from the acknowledgement that goes out.
                let untold = *duty == stage.respond() && !before.acknowledgement_written(stage);
                // A request for stage 2 that was none is over, and the next one counts from its own day.
                let asked_anew = stage == Stage::Two && self.was_mistaken();
                let bound = was.is_some_and(|was| was.lapsed.is_none()) || !(untold || asked_anew);
                assert!(!put_off || !bound, "{duty} was put off");
                assert!(self.calendar.is_working_day(due.date));
            }
            Event::DeadlineMoved { duty, due, cause, .. } => {
                let owed = &before.duties[duty];
                assert!(owed.open(), "what is met or missed does not move");
                let later = due.date > owed.due.date;
                let may = matches!(cause, Cause::Extended | Cause::Calendar | Cause::Postponed);
                assert!(!later || may, "{duty} was put off by {cause:?}");
                let passed = owed.due.date < london_date(self.now);
                assert!(*cause != Cause::Extended || !passed, "a date that had passed was extended");
            }
            Event::Assigned { stage: Stage::Two, to, .. } => {
                assert!(!before.stage1_people.contains(&to.address), "stage 2 went to whoever answered stage 1");
            }
            Event::Responded { by, stage, response } => {
                assert!(*stage == Stage::One || !before.stage1_people.contains(&by.address), "answered by the same");
                assert_eq!(response.answers.len(), before.definition.points.len(), "a point was not answered");
                assert!(before.acknowledgement_written(*stage));
            }
            Event::Escalated { .. } => {
                assert!(before.responded(Stage::One) && before.stage == Stage::One, "a third stage, or one too soon");
            }
            Event::Refused { ground, discretion, .. } => {
                assert!(*ground != Ground::OverTwelveMonths || discretion.is_some());
            }
            Event::Closed { .. } => assert_eq!(before.outstanding().count(), 0, "something promised is not done"),
            _ => {}
        }
    }

    /// As the daemon does: every date that has come is looked at, until none waits.
    fn look(&mut self) {
        for _ in 0..10 {
            let come = self.looks.iter().filter(|(_, look)| look.is_some_and(|look| look <= self.now));
            let waiting: Vec<Duty> = come.map(|(duty, _)| *duty).collect();
            if waiting.is_empty() {
                return;
            }
            for duty in waiting {
                assert!(self.happens(&Input::Reached(duty)));
                assert!(self.looks[&duty].is_none_or(|next| next > self.now), "{duty} would be looked at for ever");
            }
        }
        panic!("dates go on waiting: {:?}", self.case.duties);
    }

    fn step(&mut self, step: &Step) {
        self.now += SignedDuration::from_mins(step.minutes);
        match &step.what {
            What::Look => self.look(),
            What::Reached(duty) => assert!(self.happens(&Input::Reached(*duty))),
            What::Added { writer, withheld, dissatisfied } => {
                assert!(self.happens(&Input::Added(Addition {
                    message: 2,
                    received: self.now,
                    writer: *writer,
                    name: Words::new("Ann Example"),
                    flags: Flags::default(),
                    dissatisfied: *dissatisfied,
                    words: None,
                    withheld: withheld.then(|| "it lay in the junk folder".to_owned()),
                })));
            }
            What::Posted { letter, outcome } => {
                // What was dropped is gone: the outbox tells no more of it.
                let there = self.case.letters.iter().filter(|(_, letter)| letter.outcome != Some(Outcome::Dropped));
                let numbers: Vec<LetterNo> = there.map(|(number, _)| *number).collect();
                if numbers.is_empty() {
                    return;
                }
                let letter = *letter.get(&numbers);
                assert!(self.happens(&Input::Posted { letter, outcome: outcome.clone() }));
            }
            What::PostedUnknown => {
                let outcome = Outcome::Dropped;
                assert!(!self.happens(&Input::Posted { letter: 10_000, outcome }), "a letter there is not");
            }
            What::Act { by, act } => {
                if self.case.letters.is_empty() {
                    return;
                }
                let stranger = person("Zed");
                let mut people = self.house.landlord.people();
                people.push(&stranger);
                let by = (*by.get(&people)).clone();
                let command = Box::new(act.command(self));
                let next = Some(Reference::new("RCH", 1002));
                let done = self.happens(&Input::Commanded { by: by.clone(), command, next });
                assert!(!done || by != stranger, "a stranger acted");
            }
            What::Proclaimed { days } => {
                let day = london_date(self.now) + days.days();
                let name = "Proclaimed".to_owned();
                let mut added: Vec<(Date, String)> = self.calendar.bank_holidays(day.year());
                added.push((day, name));
                self.calendar = Calendar::england_and_wales(&added, &[]);
                assert!(self.happens(&Input::CalendarChanged));
            }
        }
    }

    /// What must hold of the whole case, once the daemon has looked.
    fn judge_the_whole(&self) {
        let Driven { case, now, .. } = self;
        assert_eq!(Case::fold(&self.history), *case, "the history tells the case");
        for (duty, owed) in &case.duties {
            let next = self.looks[duty];
            match owed.settled() {
                Some(_) => assert_eq!(next, None),
                None => assert!(next.is_some_and(|next| next > *now), "{duty} is open, and nobody looks again"),
            }
        }
        assert!(case.open() || case.ended.is_some(), "a dead end: nothing is owed, and it has not ended\n{case:#?}");
        let numbers: BTreeSet<LetterNo> = self.letters.iter().map(|letter| letter.number).collect();
        assert_eq!(numbers.len(), self.letters.len(), "a letter's number was used twice");
        // A copy for whoever speaks for the resident is no second letter; whoever is asked again is acknowledged again.
        let again = self.was_mistaken();
        let lost: BTreeSet<LetterNo> = self.history.iter().filter_map(|line| lost_letter(case, &line.event)).collect();
        for stage in [Stage::One, Stage::Two] {
            let first =
                |letter: &Posted| letter.stage == stage && !letter.copy && letter.audience == Audience::Resident;
            // One that was refused, came back or was dropped may be written again.
            let of_kind = |kind| {
                let letters = case.letters.iter().filter(|(number, _)| !lost.contains(number));
                letters.filter(|(_, letter)| first(letter) && letter.kind == kind).count()
            };
            assert!(of_kind(LetterKind::Acknowledgement) <= 1, "acknowledged twice at {stage}");
            assert!(of_kind(LetterKind::Response) <= 1, "answered twice at {stage}");
            assert!(of_kind(LetterKind::Receipt) <= 1 || again, "two receipts at {stage}");
        }

        let mut added = BTreeMap::new();
        for recorded in &self.history {
            if matches!(recorded.event, Event::LetterWritten { kind: LetterKind::Added, copy: false, .. }) {
                *added.entry(london_date(recorded.recorded_at)).or_insert(0) += 1;
            }
        }
        assert!(added.values().all(|letters| *letters == 1), "more than one short letter on a day: {added:?}");
        for stage in [Stage::One, Stage::Two] {
            let handler = case.handlers.get(&stage);
            let clash = stage == Stage::Two && handler.is_some_and(|who| case.stage1_people.contains(&who.address));
            assert!(!clash, "the same officer at both stages");
        }
        self.judge_the_clocks();
    }

    /// No silence makes the five days lapse, and no lateness buys time.
    fn judge_the_clocks(&self) {
        let Driven { case, now, calendar, .. } = self;
        for stage in [Stage::One, Stage::Two] {
            let Some(owed) = case.duties.get(&stage.acknowledge()) else { continue };
            if !owed.open() || case.stage != stage {
                continue;
            }
            let fourth = calendar.working_days_before(owed.due.date, WorkingDays(1));
            if case.answered_by_itself() && *now >= london(fourth, 9, 0) {
                assert!(case.acknowledgement_written(stage), "the five days lapsed by silence at {stage}");
            }
            let response = case.duties.get(&stage.respond());
            if london_date(*now) > calendar.working_days_after(owed.due.date, WorkingDays(1)) {
                assert!(response.is_some(), "overdue, and no response date");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_no_duty_is_forgotten_no_date_put_off_and_nothing_said_twice(
        opening in opening(),
        late in prop_oneof![3 => Just(0_i64), 1 => 0..40_000_i64],
        ladder in ladder(),
        calendar in calendar(),
        away in away(),
        steps in prop::collection::vec(step(), 0..40),
    ) {
        let (landlord, hours) = (landlord(), WorkingHours::default());
        let house = House {
            landlord: &landlord,
            calendar: &calendar,
            ladder: &ladder,
            hours: &hours,
            terms: Terms::default(),
            away: &away,
        };
        let now = opening.received + SignedDuration::from_mins(late);
        let mut driven = Driven::new(house, now);
        prop_assert!(!driven.happens(&Input::Reached(Duty::Acknowledge)), "a case nobody opened");
        prop_assert!(driven.happens(&Input::Opened(Box::new(opening.clone()))));
        prop_assert!(!driven.happens(&Input::Opened(Box::new(opening.clone()))), "opened twice");
        driven.look();
        driven.judge_the_whole();
        for step in &steps {
            driven.step(step);
        }
        driven.look();
        driven.judge_the_whole();
    }

    #[test]
    fn a_reminder_serves_only_until_the_next_one_or_the_duty_is_met(
        opening in opening(),
        days in 1..40_i64,
        calendar in calendar(),
    ) {
        let (landlord, hours, away) = (landlord(), WorkingHours::default(), Absences::default());
        let ladder = Ladder { officer_before: 2, deputy_before: 1, member_responsible_after: 2 };
        let house = House {
            landlord: &landlord,
            calendar: &calendar,
            ladder: &ladder,
            hours: &hours,
            terms: Terms::default(),
            away: &away,
        };
        let mut driven = Driven::new(house, opening.received);
        driven.happens(&Input::Opened(Box::new(opening)));
        for _ in 0..days {
            driven.now += SignedDuration::from_hours(24);
            driven.look();
        }
        let (case, now) = (&driven.case, driven.now);
        let still: Vec<_> = driven
            .letters
            .iter()
            .filter_map(|letter| match &letter.says {
                Says::Reminder { duty, rung, .. } => Some((*duty, *rung, letter)),
                _ => None,
            })
            .filter(|(.., letter)| serves(case, &letter.says, now, now) != Serves::NoLonger)
            .collect();
        for (duty, rung, _) in still {
            prop_assert_eq!(Some(rung), case.duties[&duty].taken, "an old reminder would still leave");
        }
    }
}
