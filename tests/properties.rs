//! What holds for every case, whatever happens to it and whenever.
//!
//! Goal: no order of messages, dates, refusals and long sleeps makes a case forget a duty, put a date off or say a thing
//! twice.
//! How: `decide` and `apply` are driven as the daemon drives them, with inputs, calendar and ladder picked at random.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use proptest::prelude::*;
use redress::domain::calendar::{Calendar, WorkingDays, london, london_date};
use redress::domain::case::{
    Addition, Case, Channel, Dissatisfied, Event, Flags, House, Input, Kind, Letter, LetterKind, LetterNo, Opening,
    Outcome, Recorded, Resident, Says, Serves, Terms, Writer, decide, serves,
};
use redress::domain::code::Duty;
use redress::domain::ladder::{Ladder, WorkingHours};
use redress::domain::landlord::{Acknowledge, Landlord, Person};
use redress::domain::reference::Reference;
use redress::domain::words::Words;

const DUTIES: [Duty; 3] = [Duty::Acknowledge, Duty::RespondStage1, Duty::ReviewRequest];

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
    },
    /// The fate of a letter, chosen among those written.
    Posted {
        letter: prop::sample::Index,
        outcome: Outcome,
    },
    /// The fate of a letter there is not.
    PostedUnknown,
}

fn step() -> impl Strategy<Value = Step> {
    let writer = prop_oneof![Just(Writer::Resident), Just(Writer::Staff), Just(Writer::Stranger)];
    let outcome = prop_oneof![
        4 => Just(Outcome::Sent { reply: Words::new("250"), digest: String::new() }),
        2 => Just(Outcome::Refused { reply: Words::new("550") }),
        2 => Just(Outcome::Returned { message: 9, why: Words::new("5.1.1") }),
        1 => Just(Outcome::Dropped),
    ];
    let what = prop_oneof![
        4 => Just(What::Look),
        1 => prop::sample::select(DUTIES.to_vec()).prop_map(What::Reached),
        2 => (writer, any::<bool>()).prop_map(|(writer, withheld)| What::Added { writer, withheld }),
        6 => (any::<prop::sample::Index>(), outcome).prop_map(|(letter, outcome)| What::Posted { letter, outcome }),
        1 => Just(What::PostedUnknown),
    ];
    let minutes = prop_oneof![3 => 0..600_i64, 2 => 600..3_000_i64, 1 => 3_000..40_000_i64];
    (minutes, what).prop_map(|(minutes, what)| Step { minutes, what })
}

fn opening() -> impl Strategy<Value = Opening> {
    let kind = prop_oneof![3 => Just(Kind::Complaint), 1 => Just(Kind::ServiceRequest)];
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

fn landlord() -> Landlord {
    let person = |name: &str| Person {
        name: name.to_owned(),
        role: name.to_owned(),
        address: format!("{}@example.net", name.to_lowercase()),
        estate: None,
    };
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

/// A case as it is driven, with everything it has said.
struct Driven<'a> {
    house: House<'a>,
    now: Timestamp,
    case: Case,
    history: Vec<Recorded>,
    letters: Vec<Letter>,
}

impl Driven<'_> {
    /// `false` when the input was refused.
    fn happens(&mut self, input: &Input) -> bool {
        let before = self.case.clone();
        let Ok(decision) = decide(&self.case, input, &self.house, self.now) else { return false };
        for recorded in &decision.events {
            assert_eq!(recorded.seq, self.case.seq + 1, "a gap in the history");
            assert_eq!(recorded.recorded_at, self.now);
            self.case = std::mem::take(&mut self.case).apply(recorded);
        }
        for recorded in &decision.events {
            self.judge(&before, recorded);
        }
        self.history.extend(decision.events);
        self.letters.extend(decision.letters);
        true
    }

    /// What must hold of every event.
    fn judge(&self, before: &Case, recorded: &Recorded) {
        match &recorded.event {
            Event::Acknowledged { letter, .. } => {
                let letter = &self.case.letters[letter];
                assert_eq!(letter.kind, LetterKind::Acknowledgement, "a mere receipt counted");
                assert!(matches!(letter.outcome, Some(Outcome::Sent { .. })), "counted, and not sent: {letter:?}");
            }
            Event::Reminded { duty, due, rung } => {
                let obligation = &before.duties[duty];
                assert!(obligation.met.is_none(), "reminded of {duty:?}, which was met");
                assert!(obligation.due.date == *due && obligation.taken < Some(*rung), "reminded again at {rung:?}");
            }
            Event::DeadlineSet { duty, due, .. } => {
                let put_off = before.duties.get(duty).is_some_and(|set| set.due.date < due.date);
                assert!(!put_off, "{duty:?} was put off");
                assert!(self.house.calendar.is_working_day(due.date));
            }
            _ => {}
        }
    }

    /// As the daemon does: every date that has come is looked at, until none waits.
    fn look(&mut self) {
        for _ in 0..10 {
            let waits =
                |duty: &Duty| self.case.next_look(*duty, &self.house, self.now).is_some_and(|look| look <= self.now);
            let waiting: Vec<Duty> = self.case.duties.keys().copied().filter(waits).collect();
            if waiting.is_empty() {
                return;
            }
            for duty in waiting {
                assert!(self.happens(&Input::Reached(duty)));
                let next = self.case.next_look(duty, &self.house, self.now);
                assert!(next.is_none_or(|next| next > self.now), "{duty:?} would be looked at for ever");
            }
        }
        panic!("dates go on waiting: {:?}", self.case.duties);
    }

    fn step(&mut self, step: &Step) {
        self.now += SignedDuration::from_mins(step.minutes);
        match &step.what {
            What::Look => self.look(),
            What::Reached(duty) => assert!(self.happens(&Input::Reached(*duty))),
            What::Added { writer, withheld } => {
                assert!(self.happens(&Input::Added(Addition {
                    message: 2,
                    received: self.now,
                    writer: *writer,
                    name: Words::new("Ann Example"),
                    flags: Flags::default(),
                    dissatisfied: Dissatisfied::No,
                    words: None,
                    withheld: withheld.then(|| "it lay in the junk folder".to_owned()),
                })));
            }
            What::Posted { letter, outcome } => {
                let numbers: Vec<LetterNo> = self.case.letters.keys().copied().collect();
                let letter = *letter.get(&numbers);
                assert!(self.happens(&Input::Posted { letter, outcome: outcome.clone() }));
            }
            What::PostedUnknown => {
                let outcome = Outcome::Dropped;
                assert!(!self.happens(&Input::Posted { letter: 10_000, outcome }), "a letter there is not");
            }
        }
    }

    /// What must hold of the whole case, once the daemon has looked.
    fn judge_the_whole(&self, opening: &Opening) {
        let Driven { case, house, now, .. } = self;
        assert_eq!(Case::fold(&self.history), *case, "the history tells the case");
        for (duty, obligation) in &case.duties {
            let next = case.next_look(*duty, house, *now);
            match obligation.settled() {
                Some(_) => assert_eq!(next, None),
                None => assert!(next.is_some_and(|next| next > *now), "{duty:?} is open, and nobody looks again"),
            }
        }
        let numbers: BTreeSet<LetterNo> = self.letters.iter().map(|letter| letter.number).collect();
        assert_eq!(numbers.len(), self.letters.len(), "a letter's number was used twice");
        let of_kind = |kind| self.letters.iter().filter(|letter| letter.says.kind() == kind).count();
        assert!(of_kind(LetterKind::Acknowledgement) <= 1 && of_kind(LetterKind::Receipt) <= 1);

        let mut added = BTreeMap::new();
        for recorded in &self.history {
            if matches!(recorded.event, Event::LetterWritten { kind: LetterKind::Added, .. }) {
                *added.entry(london_date(recorded.recorded_at)).or_insert(0) += 1;
            }
        }
        assert!(added.values().all(|letters| *letters == 1), "more than one short letter on a day: {added:?}");

        let by_itself = opening.withheld.is_none() && opening.resident.address.is_some();
        let to_resident = self.letters.iter().filter(|letter| letter.says.kind() != LetterKind::Added);
        let to_resident = to_resident.filter(|letter| letter.address.as_str() == "ann@example.com").count();
        assert_eq!(to_resident > 0, by_itself, "withheld means withheld, and nothing else does");
        match opening.kind {
            Kind::ServiceRequest => assert!(case.duties.contains_key(&Duty::ReviewRequest)),
            Kind::Correspondence => assert!(case.duties.contains_key(&Duty::Answer)),
            Kind::Complaint => {
                let due = case.duties[&Duty::Acknowledge].due.date;
                let fourth = house.calendar.working_days_before(due, WorkingDays(1));
                if by_itself && *now >= london(fourth, 9, 0) {
                    assert_eq!(of_kind(LetterKind::Acknowledgement), 1, "the five days lapsed by silence");
                }
                let response = case.duties.get(&Duty::RespondStage1);
                let latest = house.calendar.due(due, WorkingDays(10)).date;
                assert!(response.is_none_or(|response| response.due.date <= latest), "lateness bought time");
                if london_date(*now) > house.calendar.working_days_after(due, WorkingDays(1)) {
                    assert!(response.is_some(), "overdue, and no response date");
                }
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
        steps in prop::collection::vec(step(), 0..40),
    ) {
        let (landlord, hours) = (landlord(), WorkingHours::default());
        let house = House {
            landlord: &landlord,
            calendar: &calendar,
            ladder: &ladder,
            hours: &hours,
            terms: Terms::default(),
        };
        let now = opening.received + SignedDuration::from_mins(late);
        let mut driven =
            Driven { house, now, case: Case::default(), history: Vec::new(), letters: Vec::new() };
        prop_assert!(!driven.happens(&Input::Reached(Duty::Acknowledge)), "a case nobody opened");
        prop_assert!(driven.happens(&Input::Opened(Box::new(opening.clone()))));
        prop_assert!(!driven.happens(&Input::Opened(Box::new(opening.clone()))), "opened twice");
        driven.look();
        driven.judge_the_whole(&opening);
        for step in &steps {
            driven.step(step);
        }
        driven.look();
        driven.judge_the_whole(&opening);
    }

    #[test]
    fn a_reminder_serves_only_until_the_next_one_or_the_duty_is_met(
        opening in opening(),
        days in 1..40_i64,
        calendar in calendar(),
    ) {
        let (landlord, hours) = (landlord(), WorkingHours::default());
        let ladder = Ladder { officer_before: 2, deputy_before: 1, member_responsible_after: 2 };
        let house = House {
            landlord: &landlord,
            calendar: &calendar,
            ladder: &ladder,
            hours: &hours,
            terms: Terms::default(),
        };
        let mut driven = Driven {
            house,
            now: opening.received,
            case: Case::default(),
            history: Vec::new(),
            letters: Vec::new(),
        };
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
