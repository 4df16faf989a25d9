//! The bank holidays of England and Wales before configuration: as published, else by rule.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

pub(super) type BankHoliday = (Date, &'static str);

/// The official list, year by year.
pub(super) struct Published {
    pub(super) years: BTreeMap<i16, Vec<BankHoliday>>,
    pub(super) last: i16,
}

pub(super) static PUBLISHED: LazyLock<Published> = LazyLock::new(|| {
    let mut years: BTreeMap<i16, Vec<_>> = BTreeMap::new();
    for line in include_str!("../../../config/bank-holidays/england-and-wales.txt").lines() {
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
pub(super) fn statutory(year: i16) -> Cow<'static, [BankHoliday]> {
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_published_years_read_as_they_do_on_gov_uk() {
        // The years now in use, and those with days proclaimed once, each in order of the year.
        const YEARS: [(i16, &str); 8] = [
            (2020, "Wed 1 Jan, Fri 10 Apr, Mon 13 Apr, Fri 8 May, Mon 25 May, Mon 31 Aug, Fri 25 Dec, Mon 28 Dec"),
            (
                2022,
                "Mon 3 Jan, Fri 15 Apr, Mon 18 Apr, Mon 2 May, Thu 2 Jun, Fri 3 Jun, Mon 29 Aug, Mon 19 Sep, \
                 Mon 26 Dec, Tue 27 Dec",
            ),
            (
                2023,
                "Mon 2 Jan, Fri 7 Apr, Mon 10 Apr, Mon 1 May, Mon 8 May, Mon 29 May, Mon 28 Aug, Mon 25 Dec, Tue 26 Dec",
            ),
            (2024, "Mon 1 Jan, Fri 29 Mar, Mon 1 Apr, Mon 6 May, Mon 27 May, Mon 26 Aug, Wed 25 Dec, Thu 26 Dec"),
            (2025, "Wed 1 Jan, Fri 18 Apr, Mon 21 Apr, Mon 5 May, Mon 26 May, Mon 25 Aug, Thu 25 Dec, Fri 26 Dec"),
            (2026, "Thu 1 Jan, Fri 3 Apr, Mon 6 Apr, Mon 4 May, Mon 25 May, Mon 31 Aug, Fri 25 Dec, Mon 28 Dec"),
            (2027, "Fri 1 Jan, Fri 26 Mar, Mon 29 Mar, Mon 3 May, Mon 31 May, Mon 30 Aug, Mon 27 Dec, Tue 28 Dec"),
            (2028, "Mon 3 Jan, Fri 14 Apr, Mon 17 Apr, Mon 1 May, Mon 29 May, Mon 28 Aug, Mon 25 Dec, Tue 26 Dec"),
        ];
        for (year, expected) in YEARS {
            let days: Vec<String> =
                statutory(year).iter().map(|(day, _)| day.strftime("%a %-d %b").to_string()).collect();
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
        let source = include_str!("../../../tests/fixtures/bank-holidays/england-2029-2100.txt");
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
            let holidays = statutory(year);
            let december = holidays.iter().filter(|(day, _)| day.month() == 12);
            let days: Vec<String> = december.map(|(day, _)| day.strftime("%a %-d").to_string()).collect();
            assert_eq!(days.join(", "), expected, "{year}");
        }
    }

    /// The holidays of a year, put together in another way than [`by_rule`] does: days are looked for one after the other.
    fn by_looking_for_them(year: i16) -> Vec<(Date, String)> {
        let days_from = |first: Date| std::iter::successors(Some(first), |day| day.tomorrow().ok());
        let is_weekday = |day: &Date| day.weekday().to_monday_one_offset() <= 5;
        let sunday_after = |moon: Date| {
            let later = moon.tomorrow().unwrap();
            days_from(later).find(|day| day.weekday() == Weekday::Sunday).unwrap()
        };
        let first_monday =
            |month| days_from(date(year, month, 1)).find(|day| day.weekday() == Weekday::Monday).unwrap();
        let last_monday = |month| {
            let mondays = days_from(date(year, month, 1)).filter(|day| day.weekday() == Weekday::Monday);
            mondays.take_while(|day| day.month() == month).last().unwrap()
        };
        let easter = sunday_after(paschal_full_moon(year));
        let mut holidays = vec![
            (easter.yesterday().unwrap().yesterday().unwrap(), "Good Friday".to_owned()),
            (easter.tomorrow().unwrap(), "Easter Monday".to_owned()),
            (first_monday(5), "Early May bank holiday".to_owned()),
            (last_monday(5), "Spring bank holiday".to_owned()),
            (last_monday(8), "Summer bank holiday".to_owned()),
        ];
        let fixed = [(1, 1, "New Year’s Day"), (12, 25, "Christmas Day"), (12, 26, "Boxing Day")];
        let fixed = fixed.map(|(month, day, name)| (date(year, month, day), name));
        let (on_weekdays, on_weekends): (Vec<_>, Vec<_>) = fixed.into_iter().partition(|(day, _)| is_weekday(day));
        holidays.extend(on_weekdays.into_iter().map(|(day, name)| (day, name.to_owned())));
        for (day, name) in on_weekends {
            let is_free = |day: &Date| is_weekday(day) && !holidays.iter().any(|(taken, _)| taken == day);
            let substitute = days_from(day).find(is_free).unwrap();
            holidays.push((substitute, format!("{name} (substitute day)")));
        }
        holidays.sort();
        holidays
    }

    /// The fourteenth day of the moon by which Easter is kept, from the epact, as Clavius has it (Knuth, The Art of
    /// Computer Programming, 1.3.2, exercise 14).
    fn paschal_full_moon(year: i16) -> Date {
        let year = i32::from(year);
        let golden = year.rem_euclid(19) + 1;
        let century = year.div_euclid(100) + 1;
        let dropped_leap_years = (3 * century).div_euclid(4) - 12;
        let moon_correction = (8 * century + 5).div_euclid(25) - 5;
        let epact = match (11 * golden + 20 + moon_correction - dropped_leap_years).rem_euclid(30) {
            25 if golden > 11 => 26,
            24 => 25,
            epact => epact,
        };
        let of_march = if epact > 23 { 74 - epact } else { 44 - epact };
        date(i16::try_from(year).unwrap(), 3, 1) + (of_march - 1).days()
    }

    #[test]
    fn the_rules_agree_with_another_computation_of_them_in_every_year_there_is() {
        for year in -9999..=9999 {
            let ruled = by_rule(year).unwrap().into_iter().map(|(day, name)| (day, name.to_owned()));
            assert_eq!(ruled.collect::<Vec<_>>(), by_looking_for_them(year));
        }
    }
}
