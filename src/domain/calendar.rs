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

mod holidays;
mod london;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Serialize};

pub use self::london::{
    end_of, listed, listed_date, london, london_date, london_time, month_named, next_look, spoken, time_of_day,
    weekday_named,
};

use self::holidays::{PUBLISHED, statutory};

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

    /// What somebody should do, as it goes on after "Bank holidays:", once the last published year has no more than a
    /// quarter to go: the longest clocks that begin then run past it.
    pub fn horizon_warning(&self, today: Date) -> Option<String> {
        let last = self.published_to();
        (today >= Date::new(last, 10, 1).ok()?).then(|| {
            format!(
                "known to the end of {last} only; later dates are worked out by rule. Install a newer version of redress, \
                 or compare www.gov.uk/bank-holidays with `redress calendar {}` and write what differs under \
                 [bank_holidays]",
                last.saturating_add(1)
            )
        })
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

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use jiff::{Timestamp, ToSpan};
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
    fn mail_around_midnight_in_summer_counts_from_the_day_it_is_in_london() {
        for (arrived, acknowledge_by) in [
            ("2026-06-30T22:59:59Z", "Tue 7 Jul 2026"), // 23:59:59 on Tuesday
            ("2026-06-30T23:30:00Z", "Wed 8 Jul 2026"), // 00:30 on Wednesday
            ("2026-03-28T23:59:59Z", "Tue 7 Apr 2026"), // Saturday, then Easter, and the clocks change in between
            ("2026-10-25T23:30:00Z", "Fri 30 Oct 2026"),
            ("2026-10-24T23:30:00Z", "Fri 30 Oct 2026"), // 00:30 on the day summer time ends
        ] {
            let received = london_date(arrived.parse().unwrap());
            assert_eq!(calendar().due(received, FIVE).date, day(acknowledge_by), "{arrived}");
        }
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
    fn a_quarter_before_the_published_years_end_somebody_is_to_look() {
        let calendar = calendar();
        assert_eq!(calendar.horizon_warning(date(2028, 9, 30)), None);
        for today in [date(2028, 10, 1), date(2029, 3, 1)] {
            let warning = calendar.horizon_warning(today).expect("a warning");
            assert!(warning.starts_with("known to the end of 2028 only; "), "{warning}");
            assert!(warning.contains("`redress calendar 2029`"), "{warning}");
        }
        // It comes a little before the first escalation whose final response, extended, may be due beyond the list.
        let last_day = |received| {
            let acknowledged = calendar.due(received, FIVE);
            let response = calendar.due(acknowledged.date, TWENTY);
            calendar.due(response.date, TWENTY)
        };
        assert!(!last_day(date(2028, 10, 1)).provisional);
        assert!(last_day(date(2028, 10, 31)).provisional);
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
        fn working_days_between_add_up_and_are_those_counted_one_by_one(
            (calendar, from) in any_calendar(), on in -90i64..90, further in -90i64..90,
        ) {
            let to = from.saturating_add(on.days());
            let beyond = to.saturating_add(further.days());
            let between = |from, to| calendar.working_days_between(from, to);
            prop_assert_eq!(between(from, to) + between(to, beyond), between(from, beyond));
            prop_assert_eq!(between(from, to), -between(to, from));
            if from <= to {
                let n = u16::try_from(between(from, to)).unwrap();
                prop_assert!(by_naive_counting(&calendar, from, n) <= to);
                prop_assert!(by_naive_counting(&calendar, from, n + 1) > to || to == Date::MAX);
            }
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
    }
}
