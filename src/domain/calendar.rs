//! Working days and deadline dates: the only deadline arithmetic in the house.
//!
//! A working day is Monday to Friday and not a bank holiday in England and Wales. Day zero is the day of receipt, and a
//! duty of n working days is met until the end of the n-th working day after it. That is our reading, the stricter one:
//! the Code leaves "working day" undefined. Dates are civil dates in Europe/London.
//!
//! Bank holidays come from the list GOV.UK publishes, and in years it does not cover from the rules of the Banking and
//! Financial Dealings Act 1971 and the yearly proclamations. Days proclaimed later are added, or taken away, by
//! configuration. A date past the last published year is marked provisional.
//!
//! Everything here is total: counting that would leave the years jiff knows (−9999 to 9999) stops at their edge.
//!
//! Known weaknesses: a landlord's own closing days are not modelled, they do not stop the Code's clocks. The clock
//! changes of Europe/London are those the time zone database knew when the program was built.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, LazyLock};

use chrono::{DateTime, Utc};
use cron::TimeUnitSpec;
use jiff::civil::{self, Date, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

/// A length of time in working days, as the Code states its limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct WorkingDays(pub u16);

impl fmt::Display for WorkingDays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => f.write_str("1 working day"),
            n => write!(f, "{n} working days"),
        }
    }
}

/// Why a day does not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayOff {
    /// A Saturday or Sunday, whatever else it may be.
    Weekend,
    /// By its name, "Good Friday".
    BankHoliday(String),
}

impl fmt::Display for DayOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DayOff::Weekend => "weekend",
            DayOff::BankHoliday(name) => name,
        })
    }
}

/// A deadline with its working, so that a resident or the Ombudsman can follow how the date was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// The last day on which the duty is met in time.
    pub date: Date,
    /// Day zero.
    pub counted_from: Date,
    pub period: WorkingDays,
    /// Every day after `counted_from` up to `date` that did not count, in order.
    pub skipped: Vec<(Date, DayOff)>,
    /// [`Calendar::edition`] of the calendar that found the date.
    pub edition: String,
    /// The count touches a year whose bank holidays are not published, so a later proclamation may move the date. Never
    /// so of one that a person set.
    pub provisional: bool,
    /// A person set the date (an extension, a promise); `period` was counted up to it afterwards, and no calendar
    /// moves it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub set: bool,
}

/// Which days are working days. Cheap to clone and to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    changes: Arc<Changes>,
}

/// What the configuration changes in the published list and the rules.
#[derive(Debug, PartialEq, Eq)]
struct Changes {
    added: BTreeMap<Date, String>,
    removed: BTreeSet<Date>,
}

impl Calendar {
    /// England and Wales, with the bank holidays `added` and `removed` by configuration. A date in both is a bank
    /// holiday under its new name; a weekend stays a weekend; removing a day that is no bank holiday changes nothing.
    pub fn england_and_wales(added: &[(Date, String)], removed: &[Date]) -> Calendar {
        let changes = Changes { added: added.iter().cloned().collect(), removed: removed.iter().copied().collect() };
        Calendar { changes: Arc::new(changes) }
    }

    /// Why `date` is not a working day, or `None` when it is one.
    pub fn day_off(&self, date: Date) -> Option<DayOff> {
        if is_weekend(date) {
            return Some(DayOff::Weekend);
        }
        self.bank_holiday(date).map(|name| DayOff::BankHoliday(name.to_owned()))
    }

    pub fn is_working_day(&self, date: Date) -> bool {
        !is_weekend(date) && self.bank_holiday(date).is_none()
    }

    /// The last day for a duty of `period` that arose on the day `from`, with the working.
    pub fn due(&self, from: Date, period: WorkingDays) -> Due {
        let date = self.working_days_after(from, period);
        Due {
            date,
            counted_from: from,
            period,
            skipped: self.days_off(from, date),
            edition: self.edition(),
            provisional: !self.is_published(from.year()) || !self.is_published(date.year()),
            set: false,
        }
    }

    /// A date that a person set, working day or not, seen from the day `from`, with the same working: how many working
    /// days that gives (none when `date` is not later; 65,535 stands for any more), and the days that do not count.
    pub fn until(&self, from: Date, date: Date) -> Due {
        let days = self.working_days_between(from, date).max(0);
        Due {
            date,
            counted_from: from,
            period: WorkingDays(u16::try_from(days).unwrap_or(u16::MAX)),
            skipped: self.days_off(from, date),
            edition: self.edition(),
            provisional: false,
            set: true,
        }
    }

    /// What this calendar makes of a date that another edition found by counting: `None` when the working stays the same
    /// but for the edition's name, and for a date that a person set.
    pub fn again(&self, due: &Due) -> Option<Due> {
        if due.set {
            return None;
        }
        let again = Due { edition: due.edition.clone(), ..self.due(due.counted_from, due.period) };
        (again != *due).then(|| Due { edition: self.edition(), ..again })
    }

    /// The `n`-th working day before `date`; `date` itself, working day or not, when `n` is zero.
    pub fn working_days_before(&self, date: Date, n: WorkingDays) -> Date {
        self.nth_working_day(date, n, Date::yesterday)
    }

    /// The `n`-th working day after `date`; `date` itself, working day or not, when `n` is zero.
    pub fn working_days_after(&self, date: Date, n: WorkingDays) -> Date {
        self.nth_working_day(date, n, Date::tomorrow)
    }

    /// Working days after `from` up to and including `to`: how many are left on the day `from` until `to`. Negative
    /// when `to` is the earlier day: how many late.
    pub fn working_days_between(&self, from: Date, to: Date) -> i32 {
        if to < from {
            return -self.working_days_between(to, from);
        }
        days_after(from).take_while(|day| *day <= to).filter(|day| self.is_working_day(*day)).map(|_| 1).sum()
    }

    /// The bank holidays of `year` in order, with their names. Those that fall on a weekend are absent, as in the
    /// published list: their substitute days are there instead.
    pub fn bank_holidays(&self, year: i16) -> Vec<(Date, String)> {
        let added = self.changes.added.keys().copied().filter(|day| day.year() == year && !is_weekend(*day));
        let days: BTreeSet<Date> = statutory(year).iter().map(|(day, _)| *day).chain(added).collect();
        days.into_iter().filter_map(|day| Some((day, self.bank_holiday(day)?.to_owned()))).collect()
    }

    /// Names the list a date was found with: "England and Wales to 2028", and what the configuration adds to it or
    /// removes.
    pub fn edition(&self) -> String {
        let mut edition = format!("England and Wales to {}", PUBLISHED.last);
        for (day, name) in &self.changes.added {
            edition.push_str(&format!("; added {day} {name}"));
        }
        for day in &self.changes.removed {
            edition.push_str(&format!("; removed {day}"));
        }
        edition
    }

    /// Whether the bank holidays of `year` are the published ones, not only computed by rule.
    pub fn is_published(&self, year: i16) -> bool {
        PUBLISHED.years.contains_key(&year)
    }

    /// The last year whose bank holidays are published. Dates past it are provisional.
    pub fn published_to(&self) -> i16 {
        PUBLISHED.last
    }

    /// The days after `from` up to `to` that are no working days.
    fn days_off(&self, from: Date, to: Date) -> Vec<(Date, DayOff)> {
        let days = days_after(from).take_while(|day| *day <= to);
        days.filter_map(|day| Some((day, self.day_off(day)?))).collect()
    }

    fn nth_working_day(&self, from: Date, n: WorkingDays, step: fn(Date) -> Result<Date, jiff::Error>) -> Date {
        let mut day = from;
        let mut left = n.0;
        while left > 0 {
            let Ok(next) = step(day) else { break };
            day = next;
            left -= u16::from(self.is_working_day(day));
        }
        day
    }

    /// The name of the bank holiday kept on `date`, which is not a weekend.
    fn bank_holiday(&self, date: Date) -> Option<&str> {
        if let Some(name) = self.changes.added.get(&date) {
            return Some(name);
        }
        if self.changes.removed.contains(&date) {
            return None;
        }
        statutory(date.year()).iter().find(|(day, _)| *day == date).map(|(_, name)| *name)
    }
}

fn is_weekend(date: Date) -> bool {
    matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
}

fn days_after(date: Date) -> impl Iterator<Item = Date> {
    std::iter::successors(date.tomorrow().ok(), |day| day.tomorrow().ok())
}

type BankHoliday = (Date, &'static str);

/// The official list, year by year.
struct Published {
    years: BTreeMap<i16, Vec<BankHoliday>>,
    last: i16,
}

static PUBLISHED: LazyLock<Published> = LazyLock::new(|| {
    let mut years: BTreeMap<i16, Vec<_>> = BTreeMap::new();
    for line in include_str!("../../config/bank-holidays/england-and-wales.txt").lines() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (date, name) = line.split_once(' ').expect("a line of the embedded list is a date and a name");
        let date: Date = date.parse().expect("the embedded list holds dates");
        years.entry(date.year()).or_default().push((date, name));
    }
    let last = *years.keys().next_back().expect("the embedded list is not empty");
    Published { years, last }
});

/// The bank holidays of `year` before configuration: as published, else by rule; none outside jiff's years.
fn statutory(year: i16) -> Cow<'static, [BankHoliday]> {
    match PUBLISHED.years.get(&year) {
        Some(published) => Cow::Borrowed(published),
        None => Cow::Owned(by_rule(year).unwrap_or_default()),
    }
}

/// The bank holidays of `year` as the rules in force since 1978 give them, in order, without the days proclaimed for
/// one year only. Banking and Financial Dealings Act 1971, section 1 and schedule 1, and the yearly proclamations.
fn by_rule(year: i16) -> Option<Vec<BankHoliday>> {
    let day = |month, day| Date::new(year, month, day).ok();
    let monday = |month, nth| day(month, 1)?.nth_weekday_of_month(nth, Weekday::Monday).ok();
    let easter = easter_sunday(year)?;
    let new_year = match day(1, 1)?.weekday() {
        Weekday::Saturday => (day(1, 3)?, "New Year’s Day (substitute day)"),
        Weekday::Sunday => (day(1, 2)?, "New Year’s Day (substitute day)"),
        _ => (day(1, 1)?, "New Year’s Day"),
    };
    // Of the two, one on a weekend moves to the next weekday that is no holiday yet.
    let [christmas, boxing] = match day(12, 25)?.weekday() {
        Weekday::Friday => [(day(12, 25)?, "Christmas Day"), (day(12, 28)?, "Boxing Day (substitute day)")],
        Weekday::Saturday => {
            [(day(12, 27)?, "Christmas Day (substitute day)"), (day(12, 28)?, "Boxing Day (substitute day)")]
        }
        Weekday::Sunday => [(day(12, 26)?, "Boxing Day"), (day(12, 27)?, "Christmas Day (substitute day)")],
        _ => [(day(12, 25)?, "Christmas Day"), (day(12, 26)?, "Boxing Day")],
    };
    Some(vec![
        new_year,
        (easter.checked_sub(2.days()).ok()?, "Good Friday"),
        (easter.tomorrow().ok()?, "Easter Monday"),
        (monday(5, 1)?, "Early May bank holiday"),
        (monday(5, -1)?, "Spring bank holiday"),
        (monday(8, -1)?, "Summer bank holiday"),
        christmas,
        boxing,
    ])
}

/// Easter Sunday in the Gregorian calendar, by the anonymous algorithm in the form New Scientist printed on 30 March
/// 1961, and with its letters.
fn easter_sunday(year: i16) -> Option<Date> {
    let year = i32::from(year);
    let a = year.rem_euclid(19);
    let (b, c) = (year.div_euclid(100), year.rem_euclid(100));
    let (d, e) = (b.div_euclid(4), b.rem_euclid(4));
    let g = (8 * b + 13).div_euclid(25);
    let h = (19 * a + b - d - g + 15).rem_euclid(30);
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k).rem_euclid(7);
    let m = (a + 11 * h + 19 * l) / 433;
    let month = (h + l - 7 * m + 90) / 25;
    let day = (h + l - 7 * m + 33 * month + 19) % 32;
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

static LONDON: LazyLock<TimeZone> = LazyLock::new(|| {
    // The bundled database, not the machine's: the same answer everywhere, and no file is read.
    TimeZoneDatabase::bundled().get("Europe/London").expect("the bundled time zone database knows London")
});

/// The civil date in Europe/London at this instant: the date on which a message arrived.
pub fn london_date(at: Timestamp) -> Date {
    LONDON.to_datetime(at).date()
}

/// What the clocks in Europe/London show at this instant.
pub fn london_time(at: Timestamp) -> civil::Time {
    LONDON.to_datetime(at).time()
}

/// This time of day (`hour` 0 to 23, `minute` 0 to 59; others count as the nearest of these) on `date` in
/// Europe/London. A time the clocks skip in spring is the first instant after the gap; of a time they repeat in autumn
/// it is the first.
pub fn london(date: Date, hour: i8, minute: i8) -> Timestamp {
    instant(date.at(hour.clamp(0, 23), minute.clamp(0, 59), 0, 0))
}

/// The last millisecond of `date` in Europe/London, the finest instant the store keeps. Whether something came in time
/// is a question about dates: `london_date(at) <= due.date`.
pub fn end_of(date: Date) -> Timestamp {
    instant(date.at(23, 59, 59, 999_000_000))
}

fn instant(civil: civil::DateTime) -> Timestamp {
    let found = LONDON.to_ambiguous_timestamp(civil);
    let instant = match found.offset() {
        AmbiguousOffset::Gap { after, .. } => {
            let before_gap = after.to_timestamp(civil).ok();
            before_gap.and_then(|at| LONDON.following(at).next()).map(|transition| transition.timestamp())
        }
        _ => found.earlier().ok(),
    };
    // Only the last days of jiff's years have no instant.
    instant.unwrap_or(if civil.year() < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

/// A date as letters say it: "Friday 4 December 2026".
pub fn spoken(date: Date) -> String {
    date.strftime("%A %-d %B %Y").to_string()
}

/// An instant as listings show it, in civil time of Europe/London: "Fri 4 Dec 2026 09:12".
pub fn listed(at: Timestamp) -> String {
    LONDON.to_datetime(at).strftime("%a %-d %b %Y %H:%M").to_string()
}

/// A date as listings show it: "Fri 4 Dec 2026".
pub fn listed_date(date: Date) -> String {
    date.strftime("%a %-d %b %Y").to_string()
}

/// The next time after `after` at which `schedule`, read as civil time in Europe/London, says to look; `None` when it
/// never will again.
///
/// On the days the clocks change: a time they skip is taken at the first instant after the gap, a time they repeat is
/// taken once. A schedule for every hour goes on through the repeated hour, so that no look is an hour late.
pub fn next_look(schedule: &cron::Schedule, after: Timestamp) -> Option<Timestamp> {
    // The `cron` crate skips or doubles runs when given a zone whose clocks change: so it sees civil time as if it were
    // UTC, and starts an hour early to see the repeated hour again.
    let civil = LONDON.to_datetime(after);
    let disguised = TimeZone::UTC.to_timestamp(civil).ok()?.as_second() - 3600;
    let start: DateTime<Utc> = DateTime::from_timestamp(disguised, 0)?;
    let looks = || {
        schedule
            .after(&start)
            .map_while(|look| Some(TimeZone::UTC.to_datetime(Timestamp::from_second(look.timestamp()).ok()?)))
    };
    let once = looks().map(instant).find(|look| *look > after);
    if !schedule.hours().is_all() {
        return once;
    }
    let again = looks().map(last_instant).find(|look| *look > after);
    once.into_iter().chain(again).min()
}

/// As [`instant`], but the second of two.
fn last_instant(civil: civil::DateTime) -> Timestamp {
    let found = LONDON.to_ambiguous_timestamp(civil);
    match found.offset() {
        AmbiguousOffset::Fold { after, .. } => after.to_timestamp(civil).unwrap_or(Timestamp::MAX),
        _ => instant(civil),
    }
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    const FIVE: WorkingDays = WorkingDays(5);
    const TEN: WorkingDays = WorkingDays(10);
    const TWENTY: WorkingDays = WorkingDays(20);

    fn calendar() -> Calendar {
        Calendar::england_and_wales(&[], &[])
    }

    fn day(text: &str) -> Date {
        Date::strptime("%a %d %b %Y", text).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn acknowledgement_and_stage_one_dates_are_those_worked_out_by_hand() {
        // Received, acknowledge by, stage 1 if acknowledged that day, with ten more, stage 1 if acknowledged on
        // receipt.
        const CASES: &str = "
            Fri 20 Dec 2024 | Tue 31 Dec 2024 | Wed 15 Jan 2025 | Wed 29 Jan 2025 | Wed 8 Jan 2025
            Wed 25 Dec 2024 | Fri 3 Jan 2025  | Fri 17 Jan 2025 | Fri 31 Jan 2025 | Fri 10 Jan 2025
            Thu 17 Apr 2025 | Mon 28 Apr 2025 | Tue 13 May 2025 | Wed 28 May 2025 | Tue 6 May 2025
            Fri 5 May 2023  | Mon 15 May 2023 | Tue 30 May 2023 | Tue 13 Jun 2023 | Mon 22 May 2023
            Fri 27 May 2022 | Tue 7 Jun 2022  | Tue 21 Jun 2022 | Tue 5 Jul 2022  | Tue 14 Jun 2022
            Fri 28 Aug 2026 | Mon 7 Sep 2026  | Mon 21 Sep 2026 | Mon 5 Oct 2026  | Mon 14 Sep 2026
            Fri 20 Nov 2026 | Fri 27 Nov 2026 | Fri 11 Dec 2026 | Tue 29 Dec 2026 | Fri 4 Dec 2026
            Sat 21 Nov 2026 | Fri 27 Nov 2026 | Fri 11 Dec 2026 | Tue 29 Dec 2026 | Fri 4 Dec 2026
            Sun 22 Nov 2026 | Fri 27 Nov 2026 | Fri 11 Dec 2026 | Tue 29 Dec 2026 | Fri 4 Dec 2026
            Thu 24 Dec 2026 | Tue 5 Jan 2027  | Tue 19 Jan 2027 | Tue 2 Feb 2027  | Tue 12 Jan 2027
            Thu 23 Dec 2027 | Tue 4 Jan 2028  | Tue 18 Jan 2028 | Tue 1 Feb 2028  | Tue 11 Jan 2028";
        let calendar = calendar();
        let mut seen = 0;
        for line in CASES.lines().filter(|line| !line.trim().is_empty()) {
            let dates: Vec<Date> = line.split('|').map(|cell| day(cell.trim())).collect();
            let [received, acknowledge, stage_one, extended, stage_one_early] = dates[..] else { panic!("{line}") };
            let due = |from, period| calendar.due(from, period).date;
            assert_eq!(due(received, FIVE), acknowledge, "acknowledge: {line}");
            assert_eq!(due(acknowledge, TEN), stage_one, "stage 1: {line}");
            assert_eq!(due(stage_one, TEN), extended, "stage 1 extended: {line}");
            assert_eq!(due(received, TEN), stage_one_early, "acknowledged on receipt: {line}");
            seen += 1;
        }
        assert_eq!(seen, 11);
    }

    #[test]
    fn stage_two_and_hazard_dates_are_those_worked_out_by_hand() {
        let calendar = calendar();
        for (from, days, to) in [
            ("Tue 1 Dec 2026", 5, "Tue 8 Dec 2026"),
            ("Tue 8 Dec 2026", 20, "Fri 8 Jan 2027"),
            ("Fri 8 Jan 2027", 20, "Fri 5 Feb 2027"),
            ("Fri 18 Dec 2026", 10, "Wed 6 Jan 2027"),
            ("Wed 6 Jan 2027", 3, "Mon 11 Jan 2027"),
            ("Wed 6 Jan 2027", 5, "Wed 13 Jan 2027"),
        ] {
            assert_eq!(calendar.due(day(from), WorkingDays(days)).date, day(to), "{days} after {from}");
        }
    }

    #[test]
    fn the_published_years_read_as_they_do_on_gov_uk() {
        // 2024 to 2028, each in order of the year.
        const YEARS: [(i16, &str); 5] = [
            (2024, "Mon 1 Jan, Fri 29 Mar, Mon 1 Apr, Mon 6 May, Mon 27 May, Mon 26 Aug, Wed 25 Dec, Thu 26 Dec"),
            (2025, "Wed 1 Jan, Fri 18 Apr, Mon 21 Apr, Mon 5 May, Mon 26 May, Mon 25 Aug, Thu 25 Dec, Fri 26 Dec"),
            (2026, "Thu 1 Jan, Fri 3 Apr, Mon 6 Apr, Mon 4 May, Mon 25 May, Mon 31 Aug, Fri 25 Dec, Mon 28 Dec"),
            (2027, "Fri 1 Jan, Fri 26 Mar, Mon 29 Mar, Mon 3 May, Mon 31 May, Mon 30 Aug, Mon 27 Dec, Tue 28 Dec"),
            (2028, "Mon 3 Jan, Fri 14 Apr, Mon 17 Apr, Mon 1 May, Mon 29 May, Mon 28 Aug, Mon 25 Dec, Tue 26 Dec"),
        ];
        for (year, expected) in YEARS {
            let days: Vec<String> =
                calendar().bank_holidays(year).iter().map(|(day, _)| day.strftime("%a %-d %b").to_string()).collect();
            assert_eq!(days.join(", "), expected, "{year}");
        }
    }

    #[test]
    fn the_rules_and_the_days_proclaimed_once_give_the_published_list() {
        // Moved: (by rule, as proclaimed). Proclaimed: a ninth or tenth day.
        let moved = [
            (date(2012, 5, 28), date(2012, 6, 4)), // Diamond Jubilee
            (date(2020, 5, 4), date(2020, 5, 8)),  // VE day
            (date(2022, 5, 30), date(2022, 6, 2)), // Platinum Jubilee
        ];
        let proclaimed = [
            date(2012, 6, 5),  // Diamond Jubilee
            date(2022, 6, 3),  // Platinum Jubilee
            date(2022, 9, 19), // state funeral of Queen Elizabeth II
            date(2023, 5, 8),  // coronation of King Charles III
        ];
        assert_eq!(PUBLISHED.years.keys().copied().collect::<Vec<_>>(), (2012..=2028).collect::<Vec<_>>());
        for (year, published) in &PUBLISHED.years {
            let ruled = by_rule(*year).unwrap();
            let mut days: BTreeSet<Date> = ruled.iter().map(|(day, _)| *day).collect();
            for (usual, kept) in moved.iter().filter(|(usual, _)| usual.year() == *year) {
                assert!(days.remove(usual), "{usual} is a holiday by rule");
                days.insert(*kept);
            }
            days.extend(proclaimed.iter().filter(|day| day.year() == *year));
            assert_eq!(days, published.iter().map(|(day, _)| *day).collect(), "{year}");
            for (day, name) in published.iter().filter(|(day, _)| ruled.iter().any(|(ruled, _)| ruled == day)) {
                assert!(ruled.contains(&(*day, *name)), "{day} is called {name} in both");
            }
        }
    }

    #[test]
    fn the_rules_agree_with_an_independent_source_past_the_published_years() {
        let source = include_str!("../../tests/fixtures/bank-holidays/england-2029-2100.txt");
        let mut years = 2029..=2100;
        for line in source.lines().filter(|line| !line.starts_with('#')) {
            let (year, expected) = line.split_once(' ').unwrap();
            let year: i16 = year.parse().unwrap();
            assert_eq!(years.next(), Some(year));
            let days: Vec<String> =
                by_rule(year).unwrap().iter().map(|(day, _)| day.strftime("%m-%d").to_string()).collect();
            assert_eq!(days.join(" "), expected, "{year}");
        }
        assert_eq!(years.next(), None);
    }

    #[test]
    fn easter_falls_where_it_was_kept() {
        // The earliest and latest possible, a century's leap day left out, and years long past the published list.
        for (year, month, day) in [
            (1818, 3, 22),
            (1900, 4, 15),
            (1943, 4, 25),
            (1954, 4, 18),
            (1961, 4, 2),
            (1981, 4, 19),
            (2000, 4, 23),
            (2011, 4, 24),
            (2029, 4, 1),
            (2038, 4, 25),
            (2049, 4, 18),
            (2076, 4, 19),
            (2100, 3, 28),
            (2285, 3, 22),
        ] {
            assert_eq!(easter_sunday(year), Some(date(year, month, day)));
        }
    }

    #[test]
    fn every_way_the_weekend_can_meet_christmas_has_its_substitute_days() {
        for (year, expected) in [
            (2029, "Tue 25, Wed 26"),
            (2030, "Wed 25, Thu 26"),
            (2031, "Thu 25, Fri 26"),
            (2034, "Mon 25, Tue 26"),
            (2032, "Mon 27, Tue 28"), // Saturday and Sunday
            (2033, "Mon 26, Tue 27"), // Sunday and Monday
            (2037, "Fri 25, Mon 28"), // Friday and Saturday
        ] {
            let holidays = calendar().bank_holidays(year);
            let december = holidays.iter().filter(|(day, _)| day.month() == 12);
            let days: Vec<String> = december.map(|(day, _)| day.strftime("%a %-d").to_string()).collect();
            assert_eq!(days.join(", "), expected, "{year}");
        }
    }

    #[test]
    fn a_complaint_of_maundy_thursday_has_the_tuesday_after_easter_as_day_one() {
        let due = calendar().due(date(2025, 4, 17), WorkingDays(1));
        assert_eq!(due.date, date(2025, 4, 22));
        assert_eq!(
            due.skipped,
            [
                (date(2025, 4, 18), DayOff::BankHoliday("Good Friday".into())),
                (date(2025, 4, 19), DayOff::Weekend),
                (date(2025, 4, 20), DayOff::Weekend),
                (date(2025, 4, 21), DayOff::BankHoliday("Easter Monday".into())),
            ]
        );
        assert_eq!(due.counted_from, date(2025, 4, 17));
        assert_eq!(due.edition, "England and Wales to 2028");
        assert!(!due.provisional);
    }

    #[test]
    fn a_leap_day_counts_when_it_is_a_weekday() {
        assert_eq!(calendar().due(date(2024, 2, 28), WorkingDays(1)).date, date(2024, 2, 29));
        assert_eq!(calendar().due(date(2024, 2, 29), FIVE).date, date(2024, 3, 7));
        assert_eq!(calendar().due(date(2023, 2, 28), WorkingDays(1)).date, date(2023, 3, 1));
        assert_eq!(calendar().working_days_before(date(2028, 3, 1), WorkingDays(1)), date(2028, 2, 29));
    }

    #[test]
    fn a_date_past_the_published_years_is_provisional() {
        let calendar = calendar();
        assert_eq!(calendar.published_to(), 2028);
        assert!(!calendar.due(date(2028, 12, 18), FIVE).provisional);
        let over_the_edge = calendar.due(date(2028, 12, 22), FIVE);
        assert_eq!((over_the_edge.date, over_the_edge.provisional), (date(2029, 1, 3), true));
        assert!(calendar.due(date(2041, 7, 1), FIVE).provisional);
    }

    #[test]
    fn a_proclaimed_day_is_added_and_a_moved_one_removed_by_configuration() {
        let jubilee = (date(2026, 7, 20), "Day of Thanks".to_owned());
        let changed = Calendar::england_and_wales(std::slice::from_ref(&jubilee), &[date(2026, 8, 31)]);
        assert_eq!(changed.day_off(jubilee.0), Some(DayOff::BankHoliday("Day of Thanks".into())));
        assert!(changed.is_working_day(date(2026, 8, 31)));
        assert_eq!(changed.due(date(2026, 7, 17), FIVE).date, date(2026, 7, 27));
        assert_eq!(calendar().due(date(2026, 7, 17), FIVE).date, date(2026, 7, 24));
        assert_eq!(changed.edition(), "England and Wales to 2028; added 2026-07-20 Day of Thanks; removed 2026-08-31");
        assert!(changed.bank_holidays(2026).contains(&jubilee));
        assert_eq!(changed.bank_holidays(2026).len(), 8);
    }

    #[test]
    fn a_day_both_added_and_removed_is_a_holiday_and_a_weekend_stays_a_weekend() {
        let (monday, saturday) = (date(2026, 8, 31), date(2026, 8, 29));
        let added = [(monday, "Harvest Monday".to_owned()), (saturday, "Harvest Saturday".to_owned())];
        let calendar = Calendar::england_and_wales(&added, &[monday]);
        assert_eq!(calendar.day_off(monday), Some(DayOff::BankHoliday("Harvest Monday".into())));
        assert_eq!(calendar.day_off(saturday), Some(DayOff::Weekend));
        let august: Vec<_> = calendar.bank_holidays(2026).into_iter().filter(|(day, _)| day.month() == 8).collect();
        assert_eq!(august, [(monday, "Harvest Monday".to_owned())]);
    }

    #[test]
    fn a_promise_for_a_saturday_shows_how_many_working_days_it_gives() {
        let promised = calendar().until(date(2026, 12, 23), date(2027, 1, 2));
        let skipped: Vec<String> = promised.skipped.iter().map(|(day, why)| format!("{day} {why}")).collect();
        assert_eq!(
            skipped,
            [
                "2026-12-25 Christmas Day",
                "2026-12-26 weekend",
                "2026-12-27 weekend",
                "2026-12-28 Boxing Day (substitute day)",
                "2027-01-01 New Year’s Day",
                "2027-01-02 weekend",
            ]
        );
        assert_eq!((promised.date, promised.counted_from), (date(2027, 1, 2), date(2026, 12, 23)));
        assert_eq!((promised.period, promised.set, promised.provisional), (WorkingDays(4), true, false));
        assert_eq!(promised.edition, "England and Wales to 2028");
    }

    #[test]
    fn a_promise_for_today_or_a_day_gone_by_gives_no_working_days() {
        let (monday, friday) = (date(2026, 11, 23), date(2026, 11, 20));
        for promised in [calendar().until(monday, monday), calendar().until(monday, friday)] {
            assert_eq!((promised.period, promised.skipped), (WorkingDays(0), vec![]));
        }
        assert_eq!(calendar().until(monday, friday).date, friday);
    }

    #[test]
    fn a_holiday_proclaimed_between_moves_a_counted_date_and_no_promised_one() {
        let (friday, next_friday) = (date(2026, 11, 20), date(2026, 11, 27));
        let (counted, promised) = (calendar().due(friday, FIVE), calendar().until(friday, next_friday));
        assert_eq!(counted.date, promised.date);
        let proclaimed = Calendar::england_and_wales(&[(date(2026, 11, 25), "Day of Thanks".to_owned())], &[]);
        let moved = proclaimed.again(&counted).expect("one day later");
        assert_eq!(moved.date, date(2026, 11, 30));
        assert_eq!(moved.skipped[2], (date(2026, 11, 25), DayOff::BankHoliday("Day of Thanks".into())));
        assert_eq!(moved.edition, "England and Wales to 2028; added 2026-11-25 Day of Thanks");
        assert_eq!(proclaimed.again(&promised), None);
        assert_eq!(calendar().again(&moved).expect("withdrawn"), counted);
    }

    #[test]
    fn a_holiday_proclaimed_elsewhere_leaves_a_date_and_its_working_alone() {
        let counted = calendar().due(date(2026, 11, 20), FIVE);
        for day in [date(2026, 11, 20), date(2026, 11, 30), date(2027, 6, 7)] {
            let proclaimed = Calendar::england_and_wales(&[(day, "Day of Thanks".to_owned())], &[]);
            assert_ne!(proclaimed.edition(), counted.edition);
            assert_eq!(proclaimed.again(&counted), None, "{day}");
        }
    }

    #[test]
    fn a_date_whose_year_has_been_published_since_is_no_longer_provisional() {
        let counted = calendar().due(date(2028, 2, 1), FIVE);
        let as_found_before =
            Due { provisional: true, edition: "England and Wales to 2027".to_owned(), ..counted.clone() };
        assert_eq!(calendar().again(&as_found_before), Some(counted));
    }

    #[test]
    fn a_message_belongs_to_the_london_date_on_which_it_arrived() {
        for (arrived, expected) in [
            ("2026-07-01T22:59:59Z", date(2026, 7, 1)), // 23:59:59 British Summer Time
            ("2026-07-01T23:00:00Z", date(2026, 7, 2)),
            ("2026-06-30T23:30:00Z", date(2026, 7, 1)), // 00:30 British Summer Time
            ("2026-12-31T23:59:59Z", date(2026, 12, 31)),
            ("2027-01-01T00:00:00Z", date(2027, 1, 1)),
            ("2026-10-24T23:30:00Z", date(2026, 10, 25)), // 00:30 on the day summer time ends
            ("2026-10-25T23:30:00Z", date(2026, 10, 25)),
        ] {
            assert_eq!(london_date(at(arrived)), expected, "{arrived}");
        }
    }

    #[test]
    fn a_time_of_day_is_london_time_and_clock_changes_are_bridged() {
        for (day, hour, minute, expected) in [
            (date(2026, 1, 5), 9, 0, "2026-01-05T09:00:00Z"),
            (date(2026, 7, 6), 9, 0, "2026-07-06T08:00:00Z"),
            (date(2026, 3, 29), 0, 59, "2026-03-29T00:59:00Z"),
            (date(2026, 3, 29), 1, 0, "2026-03-29T01:00:00Z"), // the gap ends at this instant, 02:00 summer time
            (date(2026, 3, 29), 1, 30, "2026-03-29T01:00:00Z"),
            (date(2026, 3, 29), 2, 0, "2026-03-29T01:00:00Z"),
            (date(2026, 10, 25), 1, 30, "2026-10-25T00:30:00Z"), // the first of the two
            (date(2026, 10, 25), 2, 0, "2026-10-25T02:00:00Z"),
        ] {
            assert_eq!(london(day, hour, minute), at(expected), "{day} {hour}:{minute}");
        }
        assert_eq!(end_of(date(2026, 7, 1)), at("2026-07-01T22:59:59.999Z"));
        assert_eq!(end_of(date(2026, 10, 25)), at("2026-10-25T23:59:59.999Z"));
    }

    #[test]
    fn a_date_is_spoken_as_letters_say_it() {
        assert_eq!(spoken(date(2026, 12, 4)), "Friday 4 December 2026");
        assert_eq!(spoken(date(2028, 2, 29)), "Tuesday 29 February 2028");
    }

    #[test]
    fn a_deadline_reads_the_same_after_it_was_stored() {
        let due = calendar().due(date(2026, 12, 24), TWENTY);
        let stored = serde_json::to_string(&due).unwrap();
        assert!(
            stored.contains(r#"["2026-12-25",{"bank_holiday":"Christmas Day"}],["2026-12-26","weekend"]"#),
            "{stored}"
        );
        assert!(!stored.contains("set"), "as it was stored before people could set dates: {stored}");
        assert_eq!(serde_json::from_str::<Due>(&stored).unwrap(), due);
        let promised = calendar().until(date(2026, 12, 24), date(2027, 1, 29));
        let stored = serde_json::to_string(&promised).unwrap();
        assert_eq!(serde_json::from_str::<Due>(&stored).unwrap(), promised);
    }

    fn looks(schedule: &str, after: &str, count: usize) -> Vec<String> {
        let schedule = cron::Schedule::from_str(schedule).unwrap();
        let looks = std::iter::successors(next_look(&schedule, at(after)), |look| next_look(&schedule, *look));
        looks.take(count).map(|look| look.to_string()).collect()
    }

    #[test]
    fn a_look_at_a_time_the_clocks_skip_is_taken_once_right_after_the_gap() {
        assert_eq!(
            looks("0 30 1 * * *", "2026-03-28T12:00:00Z", 3),
            ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z", "2026-03-31T00:30:00Z"]
        );
    }

    #[test]
    fn a_look_at_a_time_the_clocks_repeat_is_taken_once() {
        assert_eq!(
            looks("0 30 1 * * *", "2026-10-24T12:00:00Z", 3),
            ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z", "2026-10-27T01:30:00Z"]
        );
    }

    #[test]
    fn a_look_every_quarter_of_an_hour_neither_stops_nor_repeats_itself_in_spring() {
        assert_eq!(
            looks("0 */15 * * * *", "2026-03-29T00:30:00Z", 4),
            ["2026-03-29T00:45:00Z", "2026-03-29T01:00:00Z", "2026-03-29T01:15:00Z", "2026-03-29T01:30:00Z"]
        );
    }

    #[test]
    fn a_look_every_quarter_of_an_hour_loses_no_hour_in_autumn() {
        let looks = looks("0 */15 * * * *", "2026-10-24T23:45:00Z", 14);
        let expected: Vec<String> =
            (0..14).map(|n| (at("2026-10-25T00:00:00Z") + (15 * n).minutes()).to_string()).collect();
        assert_eq!(looks, expected);
    }

    #[test]
    fn a_morning_look_is_at_nine_in_london_winter_and_summer() {
        assert_eq!(
            looks("0 0 9 * * Mon-Fri", "2026-03-26T10:00:00Z", 2),
            ["2026-03-27T09:00:00Z", "2026-03-30T08:00:00Z"]
        );
        assert_eq!(
            looks("0 0 9 * * Mon-Fri", "2026-10-23T07:59:59.5Z", 2),
            ["2026-10-23T08:00:00Z", "2026-10-26T09:00:00Z"]
        );
    }

    #[test]
    fn a_schedule_that_is_over_gives_no_look() {
        assert_eq!(looks("0 0 9 1 1 * 2020", "2026-01-01T00:00:00Z", 1), Vec::<String>::new());
    }

    #[test]
    fn counting_stops_at_the_edge_of_the_calendar_instead_of_failing() {
        let calendar = calendar();
        assert_eq!(calendar.due(Date::MAX, FIVE).date, Date::MAX);
        assert_eq!(calendar.working_days_before(Date::MIN, FIVE), Date::MIN);
        assert_eq!(calendar.bank_holidays(i16::MAX), []);
        assert_eq!(end_of(Date::MAX), Timestamp::MAX);
        assert_eq!(london(Date::MIN, 0, 0), Timestamp::MIN);
    }

    fn any_date() -> impl Strategy<Value = Date> {
        // Mostly the years anybody works in, sometimes any that jiff knows.
        let near = (2012i16..2060, 1i16..=365);
        let far = (-9999i16..=9999, 1i16..=365);
        prop_oneof![4 => near, 1 => far]
            .prop_map(|(year, of_year)| date(year, 1, 1).checked_add(i64::from(of_year - 1).days()).unwrap())
    }

    prop_compose! {
        /// A calendar with days added and removed around a date, and that date.
        fn any_calendar()(
            from in any_date(),
            added in prop::collection::vec(-80i64..80, 0..6),
            removed in prop::collection::vec(-80i64..80, 0..6),
        ) -> (Calendar, Date) {
            let near = |days: &i64| from.saturating_add(days.days());
            let added: Vec<_> = added.iter().map(|days| (near(days), "Extra".to_owned())).collect();
            let removed: Vec<_> = removed.iter().map(near).collect();
            (Calendar::england_and_wales(&added, &removed), from)
        }
    }

    /// The n-th working day by looking at one day after the other, with holidays looked up in each year's list.
    fn by_naive_counting(calendar: &Calendar, from: Date, n: u16) -> Date {
        let (mut day, mut counted) = (from, 0);
        while counted < n && day < Date::MAX {
            day = day.tomorrow().unwrap();
            let weekday = day.weekday().to_monday_one_offset() <= 5;
            if weekday && !calendar.bank_holidays(day.year()).iter().any(|(holiday, _)| *holiday == day) {
                counted += 1;
            }
        }
        day
    }

    proptest! {
        #[test]
        fn the_date_due_is_found_by_naive_counting_too((calendar, from) in any_calendar(), n in 0u16..45) {
            prop_assert_eq!(calendar.due(from, WorkingDays(n)).date, by_naive_counting(&calendar, from, n));
        }

        #[test]
        fn days_skipped_and_days_counted_are_all_the_days((calendar, from) in any_calendar(), n in 1u16..45) {
            let due = calendar.due(from, WorkingDays(n));
            prop_assume!(due.date < Date::MAX);
            let days = from.until(due.date).unwrap().get_days();
            prop_assert_eq!(days, i32::from(n) + i32::try_from(due.skipped.len()).unwrap());
            prop_assert!(calendar.is_working_day(due.date));
            for (day, why) in due.skipped {
                prop_assert_eq!(calendar.day_off(day), Some(why));
            }
        }

        #[test]
        fn a_date_set_by_hand_is_worked_out_like_one_found_by_counting((calendar, from) in any_calendar(), n in 0u16..45) {
            let counted = calendar.due(from, WorkingDays(n));
            prop_assume!(counted.date < Date::MAX);
            prop_assert_eq!(Due { set: false, ..calendar.until(from, counted.date) }, Due { provisional: false, ..counted });
        }

        #[test]
        fn days_skipped_and_days_counted_are_all_the_days_to_any_day(
            (calendar, from) in any_calendar(), later in 0i64..200,
        ) {
            let set = calendar.until(from, from.saturating_add(later.days()));
            let days = i32::from(set.period.0) + i32::try_from(set.skipped.len()).unwrap();
            prop_assert_eq!(from.until(set.date).unwrap().get_days(), days);
        }

        #[test]
        fn a_date_is_found_again_by_whatever_calendar_exactly_when_its_working_changes(
            (calendar, from) in any_calendar(), n in 0u16..30, on in -5i64..60, back in any::<bool>(),
        ) {
            let counted = calendar.due(from, WorkingDays(n));
            prop_assert_eq!(calendar.again(&counted), None);
            let day = from.saturating_add(on.days());
            let other = if back {
                Calendar::england_and_wales(&[], &[day])
            } else {
                Calendar::england_and_wales(&[(day, "Proclaimed".to_owned())], &[])
            };
            let anew = other.due(from, WorkingDays(n));
            match other.again(&counted) {
                Some(found) => prop_assert!(found == anew && (found.date != counted.date || found.skipped != counted.skipped)),
                None => prop_assert_eq!((anew.date, anew.skipped), (counted.date, counted.skipped)),
            }
        }

        #[test]
        fn what_comes_later_is_never_due_earlier((calendar, from) in any_calendar(), n in 0u16..30, later in 0i64..30) {
            let due = |from, n| calendar.due(from, WorkingDays(n)).date;
            prop_assert!(due(from, n) <= due(from.saturating_add(later.days()), n));
            prop_assert!(due(from, n) <= due(from, n + 1));
        }

        #[test]
        fn a_further_holiday_never_brings_a_date_forward(
            (calendar, from) in any_calendar(), n in 0u16..30, on in 0i64..60,
        ) {
            let mut added: Vec<_> = calendar.changes.added.clone().into_iter().collect();
            added.push((from.saturating_add(on.days()), "Proclaimed".to_owned()));
            let removed: Vec<Date> = calendar.changes.removed.iter().copied().collect();
            let with_it = Calendar::england_and_wales(&added, &removed);
            prop_assert!(calendar.due(from, WorkingDays(n)).date <= with_it.due(from, WorkingDays(n)).date);
        }

        #[test]
        fn counting_back_from_a_date_due_leads_to_day_zero((calendar, from) in any_calendar(), n in 1u16..30) {
            let due = calendar.working_days_after(from, WorkingDays(n));
            prop_assume!(due < Date::MAX);
            let back = calendar.working_days_before(due, WorkingDays(n));
            let working_day_before = calendar.working_days_before(from, WorkingDays(1));
            prop_assert_eq!(back, if calendar.is_working_day(from) { from } else { working_day_before });
            prop_assert_eq!(calendar.working_days_between(from, due), i32::from(n));
            prop_assert_eq!(calendar.working_days_between(due, from), -i32::from(n));
        }

        #[test]
        fn every_year_has_its_eight_holidays_on_weekdays(year in -9999i16..=9999) {
            let holidays = by_rule(year).unwrap();
            prop_assert_eq!(holidays.len(), 8);
            prop_assert!(holidays.is_sorted_by_key(|(day, _)| *day));
            prop_assert!(holidays.iter().all(|(day, _)| day.year() == year && !is_weekend(*day)));
        }

        #[test]
        fn a_day_ends_on_its_own_date_and_the_next_begins_right_after(
            day in any_date(), hour in 0i8..24, minute in 0i8..60,
        ) {
            prop_assume!(day > date(-9998, 1, 1) && day < date(9999, 12, 29));
            prop_assert_eq!(london_date(london(day, hour, minute)), day);
            prop_assert_eq!(london_date(end_of(day)), day);
            prop_assert_eq!(end_of(day) + 1.millisecond(), london(day.tomorrow().unwrap(), 0, 0));
        }

        #[test]
        fn the_next_look_is_later_and_on_schedule(second in 1_577_836_800i64..1_893_456_000, minute in 0u8..60) {
            let after = Timestamp::from_second(second).unwrap();
            let hourly = cron::Schedule::from_str(&format!("0 {minute} * * * *")).unwrap();
            let look = next_look(&hourly, after).unwrap();
            prop_assert!(after < look && look <= after + 1.hour());
            prop_assert_eq!(LONDON.to_datetime(look).minute(), i8::try_from(minute).unwrap());
        }
    }
}
