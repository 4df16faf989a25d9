//! Dates, times and spans as people write them: "Fri 18 Dec", "18/12/26", "in 10 working days", "yesterday 2pm", "weekly".
//!
//! The day comes before the month, as in Britain. What can be read in two ways ("next Friday") is not guessed at. Days and
//! times are civil ones in Europe/London. Nothing is said here of whether a date is past: that is for the case to judge.

use jiff::civil::{Date, Weekday};
use jiff::{Timestamp, ToSpan as _};

use crate::domain::calendar::{Calendar, WorkingDays, london, month_named, spoken, weekday_named};

/// Which way a date without a year lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Looking {
    /// For what is to come: the next such day, today included.
    Ahead,
    /// For what has happened: the last such day, today included.
    Back,
}

/// A date further off than this is a slip of the pen.
const YEARS_MAX: i16 = 20;
/// No span a person means is longer than this, in its own unit.
const SPAN_MAX: u16 = 999;
/// No date is written in more words than this.
const WORDS_MAX: usize = 9;

const NUMBERS: [&str; 13] =
    ["none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];

/// The day `text` means, seen from `today`; else what is wrong with it, without a full stop.
pub fn date(text: &str, today: Date, calendar: &Calendar, looking: Looking) -> Result<Date, String> {
    let words = words(text);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let found = relative(&words, today, calendar, looking)
        .map_or_else(|| named(&words, today, looking).unwrap_or_else(|| absolute(&words, today, looking)), Ok)?;
    if (found.year() - today.year()).abs() > YEARS_MAX {
        return Err(format!("{} is more than {YEARS_MAX} years away", spoken(found)));
    }
    Ok(found)
}

/// The moment `text` means: a day and a time of day, or the beginning of a day; else what is wrong with it.
pub fn instant(text: &str, today: Date, calendar: &Calendar) -> Result<Timestamp, String> {
    if let Ok(instant) = text.trim().parse::<Timestamp>() {
        let day = crate::domain::calendar::london_date(instant);
        return date(&day.to_string(), today, calendar, Looking::Back).map(|_| instant);
    }
    let words = words_with_time(text);
    let (day, (hour, minute)) = split_off_time(&words).unwrap_or((&words, (0, 0)));
    let day =
        if day.is_empty() && !words.is_empty() { today } else { date(&day.join(" "), today, calendar, Looking::Back)? };
    Ok(london(day, hour, minute))
}

/// Whether `text` is written like a day, or a moment of one, whatever it is that it means: "Fri 4 Dec", "yesterday 2pm".
///
/// A bare span ("10 working days") is none: it may be meant from today, or from a date that is there already.
pub fn shaped(text: &str) -> bool {
    let words = words_with_time(text);
    let digits = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_digit())
            && word.chars().all(|c| c.is_ascii_alphanumeric() || "-/.:".contains(c))
            && [' ', '-', '/', '.']
                .into_iter()
                .any(|mark| word.split(mark).all(|part| part.is_empty() || of_a_date(part)))
    };
    let day = |word: &str| digits(word) || weekday(word).is_some() || month_named(word.trim_end_matches('.')).is_some();
    let between = |word: &String| BETWEEN.contains(&word.as_str()) || number(word).is_some();
    let span = words.iter().any(|word| UNITS.contains(&word.as_str()));
    let directed = words.iter().any(|word| DIRECTED.contains(&word.as_str()) || day(word) && number(word).is_none());
    let unit = |word: &str| directed && UNITS.contains(&word);
    let day_or_unit = |word: &String| day(word) || ANCHORS.contains(&word.as_str()) || unit(word);
    words.len() <= WORDS_MAX
        && words.iter().any(day_or_unit)
        && words.iter().all(|word| day_or_unit(word) || between(word))
        && (!span || directed)
}

/// Whether `text` says a time of day.
pub fn timed(text: &str) -> bool {
    words_with_time(text).iter().any(|word| clock(word).is_some())
}

/// Words that make a date with a number, or without.
const ANCHORS: [&str; 4] = ["today", "tomorrow", "yesterday", "noon"];
const UNITS: [&str; 10] =
    ["day", "days", "week", "weeks", "fortnight", "fortnights", "month", "months", "working", "year"];
/// Words that say from where a span counts.
const DIRECTED: [&str; 8] = ["in", "within", "ago", "from", "next", "end", "tomorrow", "today"];
const BETWEEN: [&str; 25] = [
    "by",
    "on",
    "until",
    "till",
    "the",
    "of",
    "this",
    "in",
    "within",
    "ago",
    "from",
    "now",
    "next",
    "last",
    "end",
    "day",
    "days",
    "week",
    "weeks",
    "fortnight",
    "fortnights",
    "month",
    "months",
    "working",
    "at",
];

/// Whether `part` of a word may be of a date or a time: "18", "18th", "dec", "2026", "14:30", "2pm".
fn of_a_date(part: &str) -> bool {
    let year = || part.len() == 4 && part.bytes().all(|b| b.is_ascii_digit());
    day_of_month(part).is_some() || month_named(part).is_some() || year() || clock(part).is_some()
}

/// How often, or how long, in working days: "5 working days", "5", "weekly", "every two weeks".
pub fn working_days(text: &str) -> Result<WorkingDays, String> {
    let words: Vec<String> = parted(text).into_iter().filter(|word| !["every", "each"].contains(&&**word)).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let days = match words[..] {
        ["daily" | "day"] | ["working", "day"] => Some(1),
        ["weekly" | "week"] => Some(5),
        ["fortnightly" | "fortnight"] => Some(10),
        ["monthly" | "month"] => Some(20),
        [n] | [n, "day" | "days"] | [n, "working", "day" | "days"] => number(n),
        [n, "week" | "weeks"] => number(n).map(|weeks| weeks * 5),
        _ => None,
    };
    match days {
        Some(days @ 1..=SPAN_MAX) => Ok(WorkingDays(days)),
        _ => Err("that is no number of working days".to_owned()),
    }
}

/// Lower case, parted at white space and commas.
fn parted(text: &str) -> Vec<String> {
    let words = text.split(|c: char| c.is_whitespace() || ",()".contains(c)).filter(|word| !word.is_empty());
    words.take(WORDS_MAX + 1).map(str::to_lowercase).collect()
}

/// The words of a date that say something.
fn words(text: &str) -> Vec<String> {
    let mut words = parted(text);
    words.retain(|word| !["by", "on", "until", "till", "the", "of", "this"].contains(&word.as_str()));
    words
}

fn number(word: &str) -> Option<u16> {
    if ["a", "an"].contains(&word) {
        return Some(1);
    }
    let digits = word.bytes().all(|b| b.is_ascii_digit()).then(|| word.parse().ok()).flatten();
    let spelled = || NUMBERS.iter().position(|name| *name == word).and_then(|n| u16::try_from(n).ok());
    digits.or_else(spelled).filter(|n| (1..=SPAN_MAX).contains(n))
}

/// "in 10 working days", "3 weeks ago".
fn relative(words: &[&str], today: Date, calendar: &Calendar, looking: Looking) -> Option<Date> {
    let (words, ahead) = match words {
        ["in" | "within", rest @ ..] => (rest, true),
        [rest @ .., "ago"] => (rest, false),
        [rest @ .., "from", "now" | "today"] => (rest, true),
        rest if looking == Looking::Ahead => (rest, true),
        _ => return None,
    };
    let (n, unit) = words.split_first()?;
    let n = number(n)?;
    let sign = if ahead { 1 } else { -1 };
    let days = match unit {
        ["working", "day" | "days"] if ahead => return Some(calendar.working_days_after(today, WorkingDays(n))),
        ["working", "day" | "days"] => return Some(calendar.working_days_before(today, WorkingDays(n))),
        ["day" | "days"] => i64::from(n).days(),
        ["week" | "weeks"] => i64::from(n).weeks(),
        ["fortnight" | "fortnights"] => (2 * i64::from(n)).weeks(),
        ["month" | "months"] => i64::from(n).months(),
        _ => return None,
    };
    Some(today.saturating_add(days * sign))
}

/// "today", "tomorrow", "Friday", "last Friday", "end of next week"; an error when it can be read in two ways.
fn named(words: &[&str], today: Date, looking: Looking) -> Option<Result<Date, String>> {
    let later = |days: i64| Ok(today.saturating_add(days.days()));
    let monday = i64::from(today.weekday().to_monday_zero_offset());
    let coming = |day: Weekday| today.nth_weekday(1, day).ok();
    match words {
        // A working week ends on its Friday; on a Saturday it is over.
        ["end", "week"] if monday <= 4 => Some(later(4 - monday)),
        ["end", "next", "week"] => Some(later(11 - monday)),
        ["end", "month"] => Some(Ok(today.last_of_month())),
        ["end", "next", "month"] => Some(Ok(today.first_of_month().saturating_add(1.month()).last_of_month())),
        ["end", month] if month_named(month).is_some() => {
            let first = month_named(month).and_then(|month| nearest(1, month, today.first_of_month(), looking));
            first.map(|first| Ok(first.last_of_month()))
        }
        ["end", rest @ ..] => Some(named(rest, today, looking).unwrap_or_else(|| absolute(rest, today, looking))),
        ["next", "week", day] | [day, "next", "week"] if weekday(day).is_some() => {
            weekday(day).map(|day| later(7 - monday + i64::from(day.to_monday_zero_offset())))
        }
        [day, "week"] | ["week", day] | ["a", "week", day] if weekday(day).is_some() => {
            weekday(day).and_then(coming).map(|day| Ok(day.saturating_add(1.week())))
        }
        ["today"] => Some(Ok(today)),
        ["tomorrow"] => Some(later(1)),
        ["yesterday"] => Some(later(-1)),
        ["next", day] if weekday(day).is_some() => {
            Some(Err("that can be read as the coming one or the one after; write the date".to_owned()))
        }
        ["last", day] => weekday(day).and_then(|day| today.nth_weekday(-1, day).ok()).map(Ok),
        [day] => {
            let nth = if looking == Looking::Ahead { 1 } else { -1 };
            weekday(day).and_then(|day| today.nth_weekday(nth, day).ok()).map(Ok)
        }
        _ => None,
    }
}

/// Day, month and perhaps year, perhaps with the day of the week.
fn absolute(words: &[&str], today: Date, looking: Looking) -> Result<Date, String> {
    let no_date = || "that is no date this program can read".to_owned();
    if words.len() > WORDS_MAX {
        return Err(no_date());
    }
    let mut said = None;
    let mut parts = Vec::new();
    for word in words {
        match weekday(word) {
            Some(day) if said.is_none() => said = Some(day),
            _ => parts.extend(word.split(['-', '/', '.']).filter(|part| !part.is_empty())),
        }
    }
    let (day, month, year) = match parts[..] {
        [year, month, day] if year.len() == 4 && year_of(year).is_some() => {
            (day_of_month(day), month_of(month), Some(year))
        }
        [first, second] if month_named(first).is_some() => (day_of_month(second), month_named(first), None),
        [first, second, year] if month_named(first).is_some() => (day_of_month(second), month_named(first), Some(year)),
        [day, month] => (day_of_month(day), month_of(month), None),
        [day, month, year] => (day_of_month(day), month_of(month), Some(year)),
        _ => return Err(no_date()),
    };
    let (day, month) = day.zip(month).ok_or_else(no_date)?;
    let found = match year {
        Some(year) => year_of(year).and_then(|year| Date::new(year, month, day).ok()),
        None => nearest(day, month, today, looking),
    };
    let found = found.ok_or_else(no_date)?;
    match said {
        Some(said) if found.weekday() != said => Err(format!("that day is a {}", spoken(found).replacen(' ', ", ", 1))),
        _ => Ok(found),
    }
}

/// The next, or the last, such day of a year: 29 February may be some years off.
fn nearest(day: i8, month: i8, today: Date, looking: Looking) -> Option<Date> {
    let in_year = |years: i16| Date::new(today.year().checked_add(years)?, month, day).ok();
    match looking {
        Looking::Ahead => (0..=8).filter_map(in_year).find(|date| *date >= today),
        Looking::Back => (-8..=0).rev().filter_map(in_year).find(|date| *date <= today),
    }
}

fn weekday(word: &str) -> Option<Weekday> {
    let word = word.trim_end_matches('.');
    // "Weds"; "Tues" and "Thurs" are beginnings of theirs.
    weekday_named(word).or_else(|| weekday_named(word.strip_suffix('s')?))
}

fn month_of(word: &str) -> Option<i8> {
    let digits = (1..=2).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_digit());
    if digits { word.parse().ok() } else { month_named(word) }
}

fn day_of_month(word: &str) -> Option<i8> {
    let bare = ["st", "nd", "rd", "th"].iter().find_map(|ending| word.strip_suffix(ending)).unwrap_or(word);
    let digits = (1..=2).contains(&bare.len()) && bare.bytes().all(|b| b.is_ascii_digit());
    bare.parse().ok().filter(|_| digits)
}

fn year_of(word: &str) -> Option<i16> {
    let digits = word.bytes().all(|b| b.is_ascii_digit());
    match word.len() {
        2 if digits => word.parse().ok().map(|year: i16| 2000 + year),
        4 if digits => word.parse().ok(),
        _ => None,
    }
}

/// The words of a day and a time of day, each time one word: "2 pm" and "2026-11-20T14:30" are parted otherwise.
fn words_with_time(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in parted(text).into_iter().filter(|word| word != "at") {
        match (word.as_str(), words.last_mut()) {
            ("am" | "pm", Some(hour)) => hour.push_str(&word),
            _ => match word.split_once('t') {
                Some((day, time)) if day.contains('-') && time.contains(':') => {
                    words.extend([day.to_owned(), time.to_owned()]);
                }
                _ => words.push(word),
            },
        }
    }
    words
}

/// The time of day that begins or ends `words`, and the words without it. "14.30" is a time only behind a day.
fn split_off_time(words: &[String]) -> Option<(&[String], (i8, i8))> {
    let (first, after) = words.split_first()?;
    let (last, before) = words.split_last()?;
    let dotted = || clock(&last.replace('.', ":")).filter(|_| !before.is_empty() && last.contains('.'));
    let behind = clock(last).or_else(dotted).map(|time| (before, time));
    behind.or_else(|| clock(first).map(|time| (after, time)))
}

/// "14:30", "9:05am", "2pm", "2.30pm", "noon".
fn clock(word: &str) -> Option<(i8, i8)> {
    if word == "noon" {
        return Some((12, 0));
    }
    let (bare, half) = match (word.strip_suffix("am"), word.strip_suffix("pm")) {
        (Some(bare), _) => (bare, Some(0)),
        (_, Some(bare)) => (bare, Some(12)),
        _ => (word, None),
    };
    let (hour, minute) = match bare.split_once(':').or_else(|| bare.split_once('.').filter(|_| half.is_some())) {
        Some((hour, minute)) => (two_digits(hour)?, two_digits(minute).filter(|_| minute.len() == 2)?),
        None => (half.and_then(|_| two_digits(bare))?, 0),
    };
    let hour = match half {
        Some(_) if !(1..=12).contains(&hour) => return None,
        Some(half) => hour % 12 + half,
        None => hour,
    };
    (hour < 24 && minute < 60).then_some((hour, minute))
}

fn two_digits(text: &str) -> Option<i8> {
    let digits = (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date as day;

    use super::*;
    use crate::domain::calendar::listed;

    /// A Wednesday.
    const TODAY: Date = day(2026, 11, 25);

    fn calendar() -> Calendar {
        Calendar::england_and_wales(&[], &[])
    }

    #[test]
    fn a_date_is_read_as_people_write_it() {
        let ahead = |text: &str| date(text, TODAY, &calendar(), Looking::Ahead);
        let eighteenth = [
            "2026-12-18",
            "2026/12/18",
            "18/12/26",
            "18/12/2026",
            "18.12.2026",
            "18-12-26",
            "18/12",
            "18 December 2026",
            "18 December",
            "18 dec",
            "18th of December",
            "the 18th Dec, 2026",
            "Friday, 18 December 2026",
            "Fri 18 Dec",
            "fri. 18 dec.",
            "FRIDAY 18/12/26",
            "18-Dec-2026",
            "December 18, 2026",
            "Dec 18th",
            "by Friday 18\u{a0}December",
            "in 17 working days",
            "in 23 days",
            "23 days from now",
            "(Fri) 18 Dec",
            "end of Fri 18 Dec",
        ];
        for text in eighteenth {
            assert_eq!(ahead(text), Ok(day(2026, 12, 18)), "{text}");
        }
        for (text, expected) in [
            ("today", TODAY),
            ("tomorrow", day(2026, 11, 26)),
            ("Friday", day(2026, 11, 27)),
            ("on this Friday", day(2026, 11, 27)),
            ("Wednesday", day(2026, 12, 2)),
            ("in two weeks", day(2026, 12, 9)),
            ("a week from today", day(2026, 12, 2)),
            ("in 3 months", day(2027, 2, 25)),
            ("10 working days", day(2026, 12, 9)),
            ("25 Nov", TODAY),
            ("24 Nov", day(2027, 11, 24)),
            ("1/2", day(2027, 2, 1)),
            ("29 Feb", day(2028, 2, 29)),
            ("3 Sept 26", day(2026, 9, 3)),
            ("Weds", day(2026, 12, 2)),
            ("Thurs 26 Nov", day(2026, 11, 26)),
            ("the end of the week", day(2026, 11, 27)),
            ("end of next week", day(2026, 12, 4)),
            ("end of this month", day(2026, 11, 30)),
            ("the end of next month", day(2026, 12, 31)),
            ("end of November", day(2026, 11, 30)),
            ("end of Feb", day(2027, 2, 28)),
            ("end of Friday", day(2026, 11, 27)),
            ("Friday week", day(2026, 12, 4)),
            ("a week on Friday", day(2026, 12, 4)),
            ("Tuesday next week", day(2026, 12, 1)),
            ("in a fortnight", day(2026, 12, 9)),
        ] {
            assert_eq!(ahead(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn a_date_of_something_that_happened_is_the_last_such_day() {
        for (text, expected) in [
            ("25 Nov", TODAY),
            ("26 Nov", day(2025, 11, 26)),
            ("yesterday", day(2026, 11, 24)),
            ("Monday", day(2026, 11, 23)),
            ("last Monday", day(2026, 11, 23)),
            ("Wednesday", day(2026, 11, 18)),
            ("3 working days ago", day(2026, 11, 20)),
            ("two weeks ago", day(2026, 11, 11)),
            ("29 Feb", day(2024, 2, 29)),
        ] {
            assert_eq!(date(text, TODAY, &calendar(), Looking::Back), Ok(expected), "{text}");
        }
        assert!(date("3 days", TODAY, &calendar(), Looking::Back).is_err(), "ahead, or ago?");
    }

    #[test]
    fn what_is_no_date_or_could_be_two_is_not_guessed_at() {
        for (text, says) in [
            ("", "no date"),
            ("soon", "no date"),
            ("31 November", "no date"),
            ("12/18/26", "no date"),
            ("18", "no date"),
            ("2026", "no date"),
            ("in 0 days", "no date"),
            ("in 99999 working days", "no date"),
            ("18 12 26 10 11", "no date"),
            ("Saturday 18 December 2026", "is a Friday, 18 December 2026"),
            ("Sat 18 Dec", "is a Friday, 18 December 2026"),
            ("next Friday", "read as the coming one or the one after"),
            ("18 December 2226", "more than 20 years away"),
            ("18/12/0026", "more than 20 years away"),
            (&"x ".repeat(100_000), "no date"),
        ] {
            let wrong = date(text, TODAY, &calendar(), Looking::Ahead).unwrap_err();
            assert!(wrong.contains(says), "{text:.30}: {wrong}");
        }
    }

    #[test]
    fn the_shape_of_a_date_is_told_from_words() {
        for text in [
            "Fri 4 Dec",
            "4/12/26",
            "4.12.2026",
            "2026-12-04",
            "18-Dec-2026",
            "4th of December",
            "in 10 working days",
            "end of next week",
            "tomorrow",
            "Friday",
            "yesterday 14:30",
            "2pm on 3 May",
            "3 weeks ago",
            "Friday 4 Dec.",
        ] {
            assert!(shaped(text), "{text}");
        }
        for text in [
            "",
            "the",
            "soon",
            "4 Dec because",
            "Ben",
            "10 working days",
            "two weeks",
            "me back on Tuesday",
            "next",
            "whenever",
            "in the end",
            "1.2.3.4.5.6x",
            "a while",
            "the end of the line",
        ] {
            assert!(!shaped(text), "{text}");
        }
        assert!(timed("4 Dec at 5pm") && !timed("4 Dec"));
    }

    #[test]
    fn a_time_of_day_goes_with_a_date_on_either_side() {
        for (text, expected) in [
            ("2026-11-20 14:30", "Fri 20 Nov 2026 14:30"),
            ("2026-11-20T14:30", "Fri 20 Nov 2026 14:30"),
            ("2026-11-20T14:30:00Z", "Fri 20 Nov 2026 14:30"),
            ("2026-07-20T14:30:00Z", "Mon 20 Jul 2026 15:30"),
            ("20/11/26 at 2.30pm", "Fri 20 Nov 2026 14:30"),
            ("2:30 pm on Fri 20 Nov", "Fri 20 Nov 2026 14:30"),
            ("20 November 14.30", "Fri 20 Nov 2026 14:30"),
            ("yesterday 9am", "Tue 24 Nov 2026 09:00"),
            ("yesterday, noon", "Tue 24 Nov 2026 12:00"),
            ("12am yesterday", "Tue 24 Nov 2026 00:00"),
            ("last Tuesday 09:05", "Tue 24 Nov 2026 09:05"),
            ("09:05", "Wed 25 Nov 2026 09:05"),
            ("20.11", "Fri 20 Nov 2026 00:00"),
            ("20 August", "Thu 20 Aug 2026 00:00"),
            ("1 October at 10:00", "Thu 1 Oct 2026 10:00"),
            ("yesterday", "Tue 24 Nov 2026 00:00"),
        ] {
            assert_eq!(instant(text, TODAY, &calendar()).map(listed), Ok(expected.to_owned()), "{text}");
        }
        for text in
            ["25:00", "yesterday 14:7x", "20 November 24:00", "13pm", "0am yesterday", "9999-01-01T00:00:00Z", "t"]
        {
            assert!(instant(text, TODAY, &calendar()).is_err(), "{text}");
        }
    }

    #[test]
    fn how_often_is_read_in_working_days() {
        for (text, days) in [
            ("5 working days", 5),
            ("5", 5),
            ("every five working days", 5),
            ("3 days", 3),
            ("weekly", 5),
            ("every week", 5),
            ("every two weeks", 10),
            ("fortnightly", 10),
            ("monthly", 20),
            ("daily", 1),
        ] {
            assert_eq!(working_days(text), Ok(WorkingDays(days)), "{text}");
        }
        for text in ["", "0", "-1", "often", "5.5", "1000", "300 weeks", "none"] {
            assert!(working_days(text).is_err(), "{text}");
        }
    }
}
