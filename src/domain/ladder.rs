//! Who is reminded of a date, and when: before it, on it, and every working day after it.
//!
//! A rung is named by its distance from the due date in working days: -2, -1, 0, 1, 2 … All rungs come at 09:00
//! Europe/London on working days: what a person promised for a Saturday has its rung 0 on the Friday. People above the
//! officer hear of a date before it has passed, not after, and when nothing moves one person more hears at each rung.

use jiff::Timestamp;
use jiff::civil::{self, Date};
use serde::{Deserialize, Serialize};

use super::absence::Absences;
use super::calendar::{Calendar, WorkingDays, london, london_date, london_time};
use super::landlord::{Landlord, Person};

/// When to remind, counted in working days from the due date. All at 09:00 Europe/London.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ladder {
    /// Working days before the due date: to the officer.
    pub officer_before: u8,
    /// Working days before the due date: to the deputy as well. On the due date the manager hears of it too.
    pub deputy_before: u8,
    /// Working days after the due date: to the member responsible for complaints as well.
    pub member_responsible_after: u8,
}

/// One step of the ladder: working days from the due date, negative before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rung(pub i32);

impl Ladder {
    /// The highest rung whose moment has come by `now`, or `None` when it is too early for any.
    pub fn reached(&self, due: Date, calendar: &Calendar, now: Timestamp) -> Option<Rung> {
        let today = london_date(now);
        let day = if now < nine_o_clock(today) { today.yesterday().unwrap_or(today) } else { today };
        let last_day = last_working_day(due, calendar);
        if day >= last_day {
            return Some(Rung(calendar.working_days_between(last_day, day)));
        }
        self.before().into_iter().rev().find(|rung| day_of(*rung, last_day, calendar) <= day)
    }

    /// The moment of the rung that follows `taken`.
    pub fn next_moment(&self, taken: Option<Rung>, due: Date, calendar: &Calendar) -> Timestamp {
        let next = match taken {
            Some(Rung(days)) if days >= 0 => Rung(days + 1),
            taken => self.before().into_iter().find(|rung| Some(*rung) > taken).unwrap_or(Rung(0)),
        };
        nine_o_clock(day_of(next, last_working_day(due, calendar), calendar))
    }

    /// Who hears of a date at this rung, everybody once: `first`, who has the case in hand, and those above them.
    ///
    /// When the case has been `silent`, no person having done anything on it since the rung before, the next one up
    /// hears as well. In the place of whoever must not hear of it the next one up does, in the place of whoever is away
    /// whoever stands in (as in [`Circle::line`]); somebody always does. Who stands in for everybody below is not the only one
    /// to hear that a date has passed.
    pub fn hears<'p>(&self, rung: Rung, silent: bool, first: &'p Person, circle: &'p Circle) -> Vec<Hearer<'p>> {
        let landlord = circle.landlord;
        let everybody = once(above(first, landlord).map(Hearer::themselves));
        let hears_now =
            |hearer: &&Hearer| self.first_rung(hearer.person, first, landlord).is_none_or(|from| from <= rung);
        let heads = everybody.iter().filter(hears_now).count() + usize::from(silent);
        let places = circle.places(first);
        let heard = once(places.iter().copied().take(heads)).len();
        let mut line = once(places);
        line.truncate(if rung > Rung(0) { heard.max(2) } else { heard });
        line
    }

    /// The rung from which this person of the line hears, `None` for every rung.
    fn first_rung(&self, person: &Person, first: &Person, landlord: &Landlord) -> Option<Rung> {
        let is = |other: &Person| same_address(&person.address, &other.address);
        if is(first) {
            None
        } else if is(&landlord.officer) || is(&landlord.deputy) {
            Some(Rung(-i32::from(self.deputy_before)))
        } else if is(&landlord.manager) {
            Some(Rung(0))
        } else {
            Some(Rung(self.member_responsible_after.into()))
        }
    }

    /// Rungs before the due date, lowest first.
    fn before(&self) -> Vec<Rung> {
        let mut rungs = vec![Rung(-i32::from(self.officer_before)), Rung(-i32::from(self.deputy_before))];
        rungs.retain(|rung| rung.0 < 0);
        rungs.sort();
        rungs.dedup();
        rungs
    }
}

/// Somebody of the landlord's who hears of a case, for themselves or in somebody's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hearer<'p> {
    pub person: &'p Person,
    /// Who would hear of it and is away.
    pub in_place_of: Option<Gap<'p>>,
}

impl<'p> Hearer<'p> {
    fn themselves(person: &'p Person) -> Hearer<'p> {
        Hearer { person, in_place_of: None }
    }
}

/// The place of somebody who is away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap<'p> {
    pub person: &'p Person,
    /// The first day they are back (Europe/London).
    pub until: Date,
    /// Who stands in, when they asked somebody who may and can.
    pub cover: Option<&'p Person>,
}

/// Who of a landlord's people may hear of one case, on one day.
#[derive(Clone, Debug)]
pub struct Circle<'p> {
    landlord: &'p Landlord,
    /// Addresses of those who must get no letters of the case: whoever it names (Code 5.8), whoever declared a conflict of
    /// interest.
    unfit: Vec<String>,
    gaps: Vec<Gap<'p>>,
}

impl<'p> Circle<'p> {
    /// `unfit`: addresses of those who must get no letters of the case. Who of the `away` is so on `day` is told of by
    /// whoever they asked to stand in, when that person `may_cover`.
    pub fn new(
        landlord: &'p Landlord,
        unfit: Vec<String>,
        away: &Absences,
        day: Date,
        may_cover: impl Fn(&Person) -> bool,
    ) -> Circle<'p> {
        let gaps = landlord.people().into_iter().filter_map(|person| {
            let until = away.of(person, day)?.until;
            Some(Gap { person, until, cover: away.covers(person, day, landlord, &may_cover) })
        });
        Circle { landlord, unfit, gaps: gaps.collect() }
    }

    /// Who hears of the case, in the order in which they do: `first`, who has it in hand, then officer, deputy, manager and
    /// member responsible, everybody once.
    ///
    /// The unfit are left out. Whoever is away is replaced by their cover, else by the next of the line who is there. When
    /// nobody is fit, manager and member responsible hear all the same, and when nobody is there, those who are away: a
    /// complaint that nobody may hear of would be lost.
    pub fn line<'s>(&self, first: &'s Person) -> Vec<Hearer<'s>>
    where
        'p: 's,
    {
        once(self.places(first))
    }

    /// The [`line`](Circle::line), and behind it those who are away: for what has reached nobody yet.
    pub fn everybody<'s>(&self, first: &'s Person) -> Vec<Hearer<'s>>
    where
        'p: 's,
    {
        once(self.places(first).into_iter().chain(self.fit(first)))
    }

    /// Who reads what is written to `person`: they, or whoever stands in while they are away.
    pub fn reader<'s>(&self, person: &'s Person) -> Hearer<'s>
    where
        'p: 's,
    {
        if self.gap(person).is_some() { self.first(person) } else { Hearer::themselves(person) }
    }

    /// The head of the line.
    pub fn first<'s>(&self, person: &'s Person) -> Hearer<'s>
    where
        'p: 's,
    {
        self.places(person).first().copied().unwrap_or(Hearer::themselves(person))
    }

    /// The places of the line and who fills each; somebody may fill two.
    fn places<'s>(&self, first: &'s Person) -> Vec<Hearer<'s>>
    where
        'p: 's,
    {
        let fit = self.fit(first);
        let filled = fit.iter().enumerate().filter_map(|(at, place)| self.filled(*place, &fit[at + 1..]));
        let filled: Vec<Hearer> = filled.collect();
        if filled.is_empty() { fit } else { filled }
    }

    /// Whose the places of the line are, whether they are there or not.
    fn fit<'s>(&self, first: &'s Person) -> Vec<Hearer<'s>>
    where
        'p: 's,
    {
        let is_fit = |person: &&Person| !self.unfit.iter().any(|address| same_address(address, &person.address));
        let mut fit: Vec<&Person> = above(first, self.landlord).filter(is_fit).collect();
        if fit.is_empty() {
            fit = vec![&self.landlord.manager, &self.landlord.member_responsible];
        }
        once(fit.into_iter().map(Hearer::themselves))
    }

    /// The place as it is filled: when its owner is away by their cover, else by the next of those `after` who is there.
    fn filled<'s>(&self, place: Hearer<'s>, after: &[Hearer<'s>]) -> Option<Hearer<'s>>
    where
        'p: 's,
    {
        let Some(gap) = self.gap(place.person) else { return Some(place) };
        let next = || after.iter().map(|place| place.person).find(|person| self.gap(person).is_none());
        Some(Hearer { person: gap.cover.or_else(next)?, in_place_of: Some(gap) })
    }

    fn gap(&self, person: &Person) -> Option<Gap<'p>> {
        self.gaps.iter().copied().find(|gap| same_address(&gap.person.address, &person.address))
    }
}

/// Who of the [`Circle::line`] is told instead, when a letter to somebody of it came back or met an absence note: the next
/// one who is not among the `told`, by address. `None` when all have been.
pub fn next_person<'p>(line: &[Hearer<'p>], told: &[&str]) -> Option<Hearer<'p>> {
    line.iter().copied().find(|hearer| !told.iter().any(|address| same_address(address, &hearer.person.address)))
}

/// `first`, then those above the officer, the officer included.
fn above<'p>(first: &'p Person, landlord: &'p Landlord) -> impl Iterator<Item = &'p Person> {
    let Landlord { officer, deputy, manager, member_responsible, .. } = landlord;
    [first, officer, deputy, manager, member_responsible].into_iter()
}

/// Each person once, where they come first.
fn once<'p>(hearers: impl IntoIterator<Item = Hearer<'p>>) -> Vec<Hearer<'p>> {
    let mut line: Vec<Hearer> = Vec::new();
    for hearer in hearers {
        if !line.iter().any(|other| same_address(&other.person.address, &hearer.person.address)) {
            line.push(hearer);
        }
    }
    line
}

fn same_address(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// The last day on which people at work can still meet a date: itself, or the working day before a weekend or holiday.
fn last_working_day(due: Date, calendar: &Calendar) -> Date {
    if calendar.is_working_day(due) { due } else { calendar.working_days_before(due, WorkingDays(1)) }
}

fn day_of(rung: Rung, last_day: Date, calendar: &Calendar) -> Date {
    let distance = WorkingDays(rung.0.unsigned_abs() as u16);
    if rung.0 < 0 {
        calendar.working_days_before(last_day, distance)
    } else {
        calendar.working_days_after(last_day, distance)
    }
}

/// 09:00 Europe/London: when reminders and automatic steps come.
pub fn nine_o_clock(date: Date) -> Timestamp {
    london(date, 9, 0)
}

/// When letters to people at work go out: from `opens` until just before `closes`, civil time in Europe/London, on
/// working days. The configuration sees to it that 09:00 lies inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkingHours {
    pub opens: civil::Time,
    pub closes: civil::Time,
}

impl WorkingHours {
    /// `None` when `now` is inside the window, else when it opens next.
    pub fn opening(&self, now: Timestamp, calendar: &Calendar) -> Option<Timestamp> {
        let (today, time) = (london_date(now), london_time(now));
        let works = calendar.is_working_day(today);
        if works && self.contains(time) {
            return None;
        }
        let day = match works && time < self.opens {
            true => today,
            false => calendar.working_days_after(today, WorkingDays(1)),
        };
        Some(london(day, self.opens.hour(), self.opens.minute()))
    }

    /// Until when a reminder that is due now waits; `None` when it goes now. It waits for the opening, but never past
    /// the end of the date it reminds of; what is overdue already waits.
    pub fn wait(&self, due: Date, calendar: &Calendar, now: Timestamp) -> Option<Timestamp> {
        let opening = self.opening(now, calendar)?;
        let now_or_never = london_date(now) <= due && due < london_date(opening);
        (!now_or_never).then_some(opening)
    }

    pub fn contains(&self, time: civil::Time) -> bool {
        (self.opens..self.closes).contains(&time)
    }
}

impl Default for WorkingHours {
    /// 08:00 to 18:00.
    fn default() -> Self {
        WorkingHours { opens: civil::time(8, 0, 0, 0), closes: civil::time(18, 0, 0, 0) }
    }
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan as _;
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;
    use crate::domain::absence::Absence;
    use crate::domain::landlord::Acknowledge;

    const LADDER: Ladder = Ladder { officer_before: 2, deputy_before: 1, member_responsible_after: 2 };

    /// Due Tuesday 5 January 2027, over New Year.
    #[test]
    fn rungs_come_at_nine_on_working_days_and_a_daemon_that_slept_takes_only_the_highest() {
        let calendar = Calendar::england_and_wales(&[], &[]);
        let due = date(2027, 1, 5);
        let moments: Vec<_> = [None, Some(-2), Some(-1), Some(0), Some(1)]
            .map(|taken| LADDER.next_moment(taken.map(Rung), due, &calendar).to_string())
            .into();
        assert_eq!(
            moments,
            [
                "2026-12-31T09:00:00Z",
                "2027-01-04T09:00:00Z",
                "2027-01-05T09:00:00Z",
                "2027-01-06T09:00:00Z",
                "2027-01-07T09:00:00Z"
            ]
        );
        for (now, reached) in [
            ("2026-12-31T08:59:59Z", None),
            ("2026-12-31T09:00:00Z", Some(-2)),
            ("2027-01-03T12:00:00Z", Some(-2)),
            ("2027-01-04T09:00:00Z", Some(-1)),
            ("2027-01-05T08:00:00Z", Some(-1)),
            ("2027-01-05T09:00:00Z", Some(0)),
            ("2027-01-10T10:00:00Z", Some(3)),
        ] {
            let now = now.parse().unwrap();
            assert_eq!(LADDER.reached(due, &calendar, now), reached.map(Rung), "{now}");
        }
    }

    /// A promise for Saturday 28 November 2026, and one for Boxing Day, kept on Monday 28 December.
    #[test]
    fn a_date_on_a_day_off_has_its_last_rung_on_the_working_day_before() {
        let calendar = Calendar::england_and_wales(&[], &[]);
        let saturday = date(2026, 11, 28);
        let moments = [None, Some(-2), Some(-1), Some(0)]
            .map(|taken| LADDER.next_moment(taken.map(Rung), saturday, &calendar).to_string());
        let days = ["2026-11-25", "2026-11-26", "2026-11-27", "2026-11-30"];
        assert_eq!(moments, days.map(|day| format!("{day}T09:00:00Z")));
        for (now, reached) in [("2026-11-26T09:00:00Z", -1), ("2026-11-27T09:00:00Z", 0), ("2026-11-29T12:00:00Z", 0)] {
            assert_eq!(LADDER.reached(saturday, &calendar, at(now)), Some(Rung(reached)), "{now}");
        }
        assert_eq!(LADDER.reached(saturday, &calendar, at("2026-11-30T09:00:00Z")), Some(Rung(1)));
        assert_eq!(LADDER.reached(date(2026, 12, 28), &calendar, at("2026-12-24T09:00:00Z")), Some(Rung(0)));
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn person(name: &str) -> Person {
        Person { name: name.to_owned(), role: name.to_owned(), address: format!("{name}@example.net"), estate: None }
    }

    fn landlord() -> Landlord {
        Landlord {
            key: "wellington".to_owned(),
            name: "Wellington Homes Limited".to_owned(),
            prefix: "WEL".to_owned(),
            addresses: vec!["complaints@example.org".to_owned()],
            acknowledge: Acknowledge::Automatic,
            officer: person("officer"),
            deputy: person("deputy"),
            reviewers: vec![person("reviewer")],
            manager: person("manager"),
            member_responsible: person("member"),
            staff: Vec::new(),
            forms: Vec::new(),
            policy_link: String::new(),
            emergency_telephone: String::new(),
            responsible_for: Vec::new(),
            not_responsible_for: Vec::new(),
        }
    }

    fn circle<'a>(landlord: &'a Landlord, unfit: &[&str]) -> Circle<'a> {
        circle_on(landlord, unfit, &[])
    }

    /// The circle on a day on which the `away` are, each with whoever was asked to stand in.
    fn circle_on<'a>(landlord: &'a Landlord, unfit: &[&str], away: &[(&str, Option<&str>)]) -> Circle<'a> {
        let day = date(2026, 12, 15);
        let absences = away.iter().map(|(who, cover)| Absence {
            address: person(who).address,
            since: day,
            until: date(2027, 1, 4),
            cover: cover.map(|cover| person(cover).address),
        });
        let may_cover = |cover: &Person| !unfit.contains(&cover.address.as_str());
        let unfit = unfit.iter().map(|address| (*address).to_owned()).collect();
        Circle::new(landlord, unfit, &Absences::new(absences), day, may_cover)
    }

    /// The names of those who hear at the rungs -2, -1, 0 and 2.
    fn hearing(landlord: &Landlord, first: &Person, silent: bool, unfit: &[&str]) -> [String; 4] {
        heard(&circle(landlord, unfit), first, silent)
    }

    fn heard(circle: &Circle, first: &Person, silent: bool) -> [String; 4] {
        [-2, -1, 0, 2].map(|rung| names(&LADDER.hears(Rung(rung), silent, first, circle)))
    }

    fn names(hearers: &[Hearer]) -> String {
        hearers.iter().map(|hearer| hearer.person.name.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn whoever_stands_in_hears_at_once_and_nobody_is_told_twice() {
        let mut landlord = landlord();
        landlord.staff = vec![person("clerk")];
        let heard = |away: &[(&str, Option<&str>)], unfit: &[&str]| {
            heard(&circle_on(&landlord, unfit, away), &landlord.officer, false)
        };
        let clerk = [("officer", Some("clerk"))];
        assert_eq!(
            heard(&clerk, &[]),
            ["clerk", "clerk deputy", "clerk deputy manager", "clerk deputy manager member"]
        );
        let nobody = [("officer", None)];
        assert_eq!(heard(&nobody, &[]), ["deputy", "deputy", "deputy manager", "deputy manager member"]);
        assert_eq!(heard(&[("officer", Some("deputy"))], &[]), heard(&nobody, &[]), "as if nobody had been named");
        assert_eq!(heard(&clerk, &["clerk@example.net"]), heard(&nobody, &[]), "who is unfit stands in for nobody");
        let each_other = [("officer", Some("deputy")), ("deputy", Some("officer"))];
        assert_eq!(heard(&each_other, &[]), ["manager", "manager", "manager", "manager member"]);
        let alone = circle_on(&landlord, &[], &each_other);
        let passed = LADDER.hears(Rung(1), false, &landlord.officer, &alone);
        assert_eq!(names(&passed), "manager member", "the one who missed it is not the only one to hear");
        let everybody = ["officer", "deputy", "manager", "member"].map(|who| (who, None));
        assert_eq!(heard(&everybody, &[])[3], "officer deputy manager member", "rather than nobody");
    }

    #[test]
    fn what_is_written_to_somebody_who_is_away_says_in_whose_place_it_is_read() {
        let landlord = landlord();
        let circle = circle_on(&landlord, &[], &[("officer", None), ("reviewer", Some("deputy"))]);
        let officer = circle.reader(&landlord.officer);
        assert_eq!(officer.person.name, "deputy");
        let gap = officer.in_place_of.unwrap();
        assert_eq!((gap.person.name.as_str(), gap.until), ("officer", date(2027, 1, 4)));
        assert_eq!(circle.reader(&landlord.reviewers[0]).person.name, "deputy");
        assert_eq!(circle.reader(&landlord.manager), Hearer::themselves(&landlord.manager));
    }

    #[test]
    fn each_rung_is_heard_one_step_further_up() {
        let landlord = landlord();
        assert_eq!(
            hearing(&landlord, &landlord.officer, false, &[]),
            ["officer", "officer deputy", "officer deputy manager", "officer deputy manager member"]
        );
    }

    #[test]
    fn when_nothing_moves_the_manager_hears_before_the_date() {
        let landlord = landlord();
        assert_eq!(
            hearing(&landlord, &landlord.officer, true, &[]),
            [
                "officer deputy",
                "officer deputy manager",
                "officer deputy manager member",
                "officer deputy manager member"
            ]
        );
    }

    #[test]
    fn whoever_has_the_case_in_hand_hears_first_and_the_others_after_them() {
        let landlord = landlord();
        assert_eq!(
            hearing(&landlord, &landlord.reviewers[0], false, &[]),
            [
                "reviewer",
                "reviewer officer deputy",
                "reviewer officer deputy manager",
                "reviewer officer deputy manager member"
            ]
        );
        assert_eq!(
            hearing(&landlord, &landlord.manager, false, &[]),
            ["manager", "manager officer deputy", "manager officer deputy", "manager officer deputy member"]
        );
    }

    #[test]
    fn the_next_one_up_hears_instead_of_somebody_whom_the_complaint_names() {
        let landlord = landlord();
        assert_eq!(
            hearing(&landlord, &landlord.officer, false, &["Officer@example.net"]),
            ["deputy", "deputy manager", "deputy manager member", "deputy manager member"]
        );
        assert_eq!(
            hearing(&landlord, &landlord.officer, false, &["deputy@example.net", "stranger@example.org"]),
            ["officer", "officer manager", "officer manager member", "officer manager member"]
        );
    }

    #[test]
    fn somebody_hears_even_of_a_complaint_that_names_everybody() {
        let landlord = landlord();
        let everybody = ["officer", "deputy", "manager", "member"].map(|name| format!("{name}@example.net"));
        let everybody = everybody.each_ref().map(String::as_str);
        assert_eq!(
            hearing(&landlord, &landlord.officer, false, &everybody),
            ["manager", "manager member", "manager member", "manager member"]
        );
    }

    #[test]
    fn one_person_in_two_jobs_hears_once_from_the_lower_of_them() {
        let mut landlord = landlord();
        landlord.member_responsible = Person { name: "again".to_owned(), ..landlord.manager.clone() };
        assert_eq!(
            hearing(&landlord, &landlord.officer, false, &[]),
            ["officer", "officer deputy", "officer deputy manager", "officer deputy manager"]
        );
    }

    #[test]
    fn the_next_person_is_told_when_a_reminder_came_back_until_nobody_is_left() {
        let landlord = landlord();
        let circle = circle(&landlord, &["deputy@example.net"]);
        let line = circle.line(&landlord.reviewers[0]);
        assert_eq!(names(&line), "reviewer officer manager member");
        let mut told = Vec::new();
        while let Some(next) = next_person(&line, &told) {
            told.push(next.person.address.as_str());
        }
        assert_eq!(told, ["reviewer", "officer", "manager", "member"].map(|name| format!("{name}@example.net")));
        assert_eq!(
            next_person(&line, &["REVIEWER@example.net"]).map(|next| next.person.name.as_str()),
            Some("officer")
        );
    }

    #[test]
    fn the_working_hours_are_london_hours_on_working_days() {
        let calendar = Calendar::england_and_wales(&[], &[]);
        let hours = WorkingHours::default();
        for (now, opening) in [
            ("2026-11-27T07:59:59Z", Some("2026-11-27T08:00:00Z")),
            ("2026-11-27T08:00:00Z", None),
            ("2026-11-27T17:59:59Z", None),
            ("2026-11-27T18:00:00Z", Some("2026-11-30T08:00:00Z")), // Friday evening
            ("2026-11-28T12:00:00Z", Some("2026-11-30T08:00:00Z")),
            ("2026-12-24T20:00:00Z", Some("2026-12-29T08:00:00Z")), // over Christmas
            ("2026-07-01T07:00:00Z", None),                         // 08:00 British Summer Time
            ("2026-07-01T17:00:00Z", Some("2026-07-02T07:00:00Z")),
            ("2026-03-27T18:00:00Z", Some("2026-03-30T07:00:00Z")), // the clocks go forward on the Sunday
            ("2026-10-24T12:00:00Z", Some("2026-10-26T08:00:00Z")), // and back
        ] {
            assert_eq!(hours.opening(at(now), &calendar), opening.map(at), "{now}");
        }
    }

    /// Due on Friday 27 November 2026.
    #[test]
    fn a_reminder_waits_for_the_morning_unless_the_date_would_be_over() {
        let calendar = Calendar::england_and_wales(&[], &[]);
        let friday = date(2026, 11, 27);
        for (now, until) in [
            ("2026-11-25T20:00:00Z", Some("2026-11-26T08:00:00Z")),
            ("2026-11-26T12:00:00Z", None),
            ("2026-11-26T20:00:00Z", Some("2026-11-27T08:00:00Z")), // on the day itself
            ("2026-11-27T20:00:00Z", None),                         // now or never
            ("2026-11-27T23:59:59Z", None),
            ("2026-11-28T00:00:00Z", Some("2026-11-30T08:00:00Z")), // overdue already
            ("2026-11-30T20:00:00Z", Some("2026-12-01T08:00:00Z")),
        ] {
            assert_eq!(WorkingHours::default().wait(friday, &calendar, at(now)), until.map(at), "{now}");
        }
        // A promise for Saturday, and everybody has gone home.
        assert_eq!(WorkingHours::default().wait(date(2026, 11, 28), &calendar, at("2026-11-27T20:00:00Z")), None);
    }

    fn any_case() -> impl Strategy<Value = (Calendar, Ladder, Date, Timestamp)> {
        let ladder = (1..5_u8, 1..5_u8, 1..11_u8).prop_map(|(officer, deputy, member)| Ladder {
            officer_before: officer.max(deputy),
            deputy_before: deputy,
            member_responsible_after: member,
        });
        let added = prop::collection::vec(0..730_i64, 0..20);
        (added, ladder, 0..730_i64, -60 * 24 * 20..60 * 24 * 20_i64).prop_map(|(added, ladder, due, minutes)| {
            let day = |days: i64| date(2026, 1, 1) + days.days();
            let added: Vec<_> = added.into_iter().map(|days| (day(days), "Proclaimed".to_owned())).collect();
            let due = day(due);
            (Calendar::england_and_wales(&added, &[]), ladder, due, london(due, 0, 0) + minutes.minutes())
        })
    }

    proptest! {
        #[test]
        fn every_rung_comes_at_nine_on_a_working_day_later_than_the_one_before((calendar, ladder, due, now) in any_case()) {
            let mut taken = None;
            let mut before = Timestamp::MIN;
            for _ in 0..8 {
                let moment = ladder.next_moment(taken, due, &calendar);
                prop_assert!(moment > before);
                prop_assert_eq!(WorkingHours::default().opening(moment, &calendar), None);
                let reached = ladder.reached(due, &calendar, moment);
                prop_assert!(reached > taken, "{:?} after {:?}", reached, taken);
                prop_assert!(ladder.reached(due, &calendar, moment - 1.second()) <= taken);
                (taken, before) = (reached, moment);
            }
            if let Some(reached) = ladder.reached(due, &calendar, now) {
                prop_assert!(ladder.next_moment(Some(reached), due, &calendar) > now, "{reached:?} would come for ever");
            }
        }

        #[test]
        fn when_nothing_moves_somebody_above_officer_and_deputy_hears_before_the_date_has_come(
            (calendar, ladder, due, _) in any_case(),
            away in any::<bool>(),
        ) {
            let landlord = landlord();
            let last = ladder.before().pop().expect("a rung before the date");
            let away = if away { vec![("officer", None)] } else { Vec::new() };
            let circle = circle_on(&landlord, &[], &away);
            let hears = ladder.hears(last, true, &landlord.officer, &circle);
            prop_assert!(hears.iter().any(|hearer| hearer.person == &landlord.manager));
            prop_assert!(day_of(last, last_working_day(due, &calendar), &calendar) < due);
        }

        #[test]
        fn a_higher_rung_and_a_silent_case_never_have_fewer_hearers(
            (_, ladder, ..) in any_case(),
            rung in -4..12_i32,
            first in 0..5_usize,
            unfit in prop::collection::vec(0..5_usize, 0..5),
            away in prop::collection::vec((0..5_usize, prop::option::of(0..6_usize)), 0..5),
        ) {
            let landlord = landlord();
            let people = landlord.people();
            let unfit: Vec<&str> = unfit.into_iter().map(|who| people[who].address.as_str()).collect();
            let name = |who: usize| people.get(who).map_or("stranger", |person| person.name.as_str());
            let away: Vec<_> = away.into_iter().map(|(who, cover)| (name(who), cover.map(name))).collect();
            let circle = circle_on(&landlord, &unfit, &away);
            let hears = |rung, silent| ladder.hears(Rung(rung), silent, people[first], &circle);
            let (now, later, silent) = (hears(rung, false), hears(rung + 1, false), hears(rung, true));
            prop_assert!(!now.is_empty());
            prop_assert!(rung <= 0 || now.len() > 1 || circle.line(people[first]).len() == 1);
            prop_assert!(later.starts_with(&now) && silent.starts_with(&now));
            let line: Vec<&str> = above(people[first], &landlord).map(|person| person.address.as_str()).collect();
            let everybody_unfit = line.iter().all(|address| unfit.contains(address));
            prop_assert!(everybody_unfit || now.iter().all(|hearer| !unfit.contains(&hearer.person.address.as_str())));
            let is_away = |address: &str| away.iter().any(|(who, _)| person(who).address == address);
            let somebody_there = line.iter().any(|address| !unfit.contains(address) && !is_away(address));
            prop_assert!(!somebody_there || now.iter().all(|hearer| !is_away(&hearer.person.address)));
        }

        #[test]
        fn a_reminder_leaves_in_the_window_or_on_the_last_evening_and_never_after_its_date(
            (calendar, _, due, now) in any_case(),
        ) {
            let hours = WorkingHours::default();
            let over_by = |opening: Timestamp| london_date(now) <= due && due < london_date(opening);
            match hours.wait(due, &calendar, now) {
                Some(opening) => {
                    prop_assert!(opening > now && hours.opening(opening, &calendar).is_none() && !over_by(opening));
                }
                None => prop_assert!(hours.opening(now, &calendar).is_none_or(over_by)),
            }
        }
    }
}
