//! Civil time in Europe/London: what the clocks there show, what they will, and how dates are written.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use cron::TimeUnitSpec;
use jiff::Timestamp;
use jiff::civil::{self, Date, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};

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

/// The weekday that `word` (lower case) names in English, in full or by at least its first three letters.
pub fn weekday_named(word: &str) -> Option<Weekday> {
    const DAYS: [(&str, Weekday); 7] = [
        ("monday", Weekday::Monday),
        ("tuesday", Weekday::Tuesday),
        ("wednesday", Weekday::Wednesday),
        ("thursday", Weekday::Thursday),
        ("friday", Weekday::Friday),
        ("saturday", Weekday::Saturday),
        ("sunday", Weekday::Sunday),
    ];
    DAYS.into_iter().find(|(name, _)| word.len() >= 3 && name.starts_with(word)).map(|(_, day)| day)
}

/// The month, 1 to 12, that `word` (lower case) names in English, in full or by at least its first three letters.
pub fn month_named(word: &str) -> Option<i8> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let at = MONTHS.iter().position(|name| word.len() >= 3 && name.starts_with(word))?;
    i8::try_from(at + 1).ok()
}

/// A date as letters say it: "Friday 4 December 2026".
pub fn spoken(date: Date) -> String {
    date.strftime("%A %-d %B %Y").to_string()
}

/// An instant as listings show it, in civil time of Europe/London: "Fri 4 Dec 2026 09:12".
pub fn listed(at: Timestamp) -> String {
    LONDON.to_datetime(at).strftime("%a %-d %b %Y %H:%M").to_string()
}

/// The time of day, as "14:35" in Europe/London.
pub fn time_of_day(at: Timestamp) -> String {
    LONDON.to_datetime(at).strftime("%H:%M").to_string()
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

    use jiff::ToSpan;
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
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

    proptest! {
        #[test]
        fn a_day_ends_on_its_own_date_and_the_next_begins_right_after(
            (year, of_year) in (-9998i16..=9998, 0i64..365), hour in 0i8..24, minute in 0i8..60,
        ) {
            let day = date(year, 1, 1) + of_year.days();
            prop_assert_eq!(london_date(london(day, hour, minute)), day);
            prop_assert_eq!(london_date(end_of(day)), day);
            prop_assert_eq!(end_of(day) + 1.millisecond(), london(day.tomorrow().unwrap(), 0, 0));
        }

        #[test]
        fn summer_time_runs_from_the_last_sunday_of_march_to_that_of_october(
            year in 1996i16..=2100, march in any::<bool>(), minutes in prop_oneof![-180i64..180, -263_520i64..263_520],
        ) {
            // Directive 2000/84/EC and the Summer Time Order 2002, both at 01:00 Greenwich time.
            let last_sunday = |month| {
                let mut days = (25..=31).map(|day| date(year, month, day));
                days.rfind(|day| day.weekday() == civil::Weekday::Sunday).unwrap()
            };
            let change = |month| TimeZone::UTC.to_timestamp(last_sunday(month).at(1, 0, 0, 0)).unwrap();
            let at = change(if march { 3 } else { 10 }) + minutes.minutes();
            let year_of_at = TimeZone::UTC.to_datetime(at).year();
            prop_assume!(year_of_at == year);
            let summer = change(3) <= at && at < change(10);
            let shown = TimeZone::UTC.to_datetime(at + i64::from(summer).hours());
            prop_assert_eq!((london_date(at), london_time(at)), (shown.date(), shown.time()));
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
