//! Dates as mail programs and people write them.
//!
//! Without a year, a date is the one nearest to the day of writing; day before month, as in Britain; a time without a zone
//! is Europe/London.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use crate::domain::calendar::{month_named, weekday_named};

/// Words behind "until" or "back" among which the date must begin.
const WORDS_TO_DATE: usize = 8;
/// A date without a year lies at most this many days before the day of writing: notes are forgotten and stay on.
const PAST_DAYS_MAX: i32 = 60;

/// A Date header (RFC 5322, 3.3).
pub(super) fn of_header(value: &str) -> Option<Timestamp> {
    let claimed = mail_parser::DateTime::parse_rfc822(value).filter(mail_parser::DateTime::is_valid)?;
    Timestamp::from_second(claimed.to_timestamp()).ok()
}

/// The civil day of an instant in England.
pub(super) fn day_of(instant: Timestamp) -> Option<Date> {
    Some(instant.to_zoned(TimeZone::get("Europe/London").ok()?).date())
}

/// A date as mail programs print it above a quotation: "12 March 2024 10:15", "Tue, Mar 12, 2024 at 10:15 AM",
/// "12/03/2024 10:15", day before month; a time without zone is Europe/London.
pub(super) fn written(value: &str) -> Option<Timestamp> {
    if let Some(exact) = of_header(value).filter(|_| value.contains(['+', '-']) || value.contains("GMT")) {
        return Some(exact);
    }
    let lower = value.to_lowercase();
    let tokens: Vec<&str> =
        lower.split(|c: char| !(c.is_alphanumeric() || c == ':')).filter(|token| !token.is_empty()).collect();
    // The weekday stands first and may look like a month ("mar." is Tuesday in French, March in English).
    let month_named = tokens.iter().rev().find_map(|token| month(token));
    let numbers: Vec<i16> = tokens.iter().filter_map(|token| ordinal(token)).collect();
    let year = *numbers.iter().find(|number| (1990..2200).contains(*number))?;
    let small: Vec<i8> =
        numbers.iter().filter(|number| (1..=31).contains(*number)).filter_map(|n| i8::try_from(*n).ok()).collect();
    let (day, month) = match month_named {
        Some(month) => (*small.first()?, month),
        // 2024-03-12 is year first; else Britain writes the day first.
        None if lower.trim_start().starts_with(&year.to_string()) => (*small.get(1)?, *small.first()?),
        None => (*small.first()?, *small.get(1)?),
    };
    let time = tokens.iter().enumerate().find_map(|(at, token)| {
        let half = tokens.get(at + 1).copied().unwrap_or_default();
        time_of_day(token, half)
    });
    let date = Date::new(year, month, day).ok()?;
    let civil = DateTime::from_parts(date, time.unwrap_or(Time::midnight()));
    let london = TimeZone::get("Europe/London").ok()?;
    Some(london.to_ambiguous_zoned(civil).compatible().ok()?.timestamp())
}

/// "12", "12th", "2024".
fn ordinal(token: &str) -> Option<i16> {
    let stem = ["st", "nd", "rd", "th"].into_iter().find_map(|ending| token.strip_suffix(ending));
    stem.unwrap_or(token).parse().ok()
}

/// "10:15", "9:05:00", "9:05pm", "9:05" followed by "pm".
fn time_of_day(token: &str, next: &str) -> Option<Time> {
    let (hour, rest) = token.split_once(':')?;
    let minute: String = rest.chars().take_while(char::is_ascii_digit).collect();
    let hour: i8 = hour.parse().ok()?;
    let hour = match (hour, rest.ends_with("pm") || next == "pm", rest.ends_with("am") || next == "am") {
        (1..=11, true, _) => hour + 12,
        (12, _, true) => 0,
        _ => hour,
    };
    Time::new(hour, minute.parse().ok()?, 0, 0).ok()
}

/// The month whose English, or most common European, name begins like `token`.
fn month(token: &str) -> Option<i8> {
    const MONTHS: [&[&str]; 12] = [
        &["jan", "janv", "ene", "gen", "sty", "ion"],
        &["feb", "fév", "lut", "chwe"],
        &["mar", "mär", "maa", "maw"],
        &["apr", "avr", "abr", "kwi", "ebr"],
        &["may", "mai", "maj", "mei", "mag"],
        &["jun", "juin", "giu", "cze", "meh"],
        &["jul", "juil", "lug", "lip", "gor"],
        &["aug", "aoû", "ago", "sie", "aws"],
        &["sep", "set", "wrz", "medi"],
        &["oct", "okt", "ott", "paź", "hyd", "out"],
        &["nov", "lis", "tach"],
        &["dec", "déc", "dez", "dic", "gru", "rhag"],
    ];
    let at = MONTHS.iter().position(|names| names.iter().any(|name| token.starts_with(name)))?;
    i8::try_from(at + 1).ok()
}

/// The day an English absence note names for its end: "until 3 April", "back on Monday 4th", "returning 04/12/2024",
/// "1 July to 14 July". `written` is the day it was sent, for dates without a year and for weekdays.
pub(super) fn end_of_absence(text: &str, written: Option<Date>) -> Option<Date> {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.split_whitespace().collect();
    words.iter().enumerate().find_map(|(at, word)| {
        let behind = words.get(at + 1..).unwrap_or_default();
        match trimmed(word) {
            "until" | "till" | "til" | "through" | "return" | "returns" | "returning" | "back"
                if !ends_sentence(word) =>
            {
                within_sentence(behind).find_map(|from| day(&behind[from..], written))
            }
            // "Monday to Friday" are office hours.
            "to" | "and" | "-" | "–" if at > 0 && names_day(words[at - 1]) => {
                day(behind, written).filter(|_| behind.iter().take(3).any(|word| month_or_digit(word)))
            }
            _ => None,
        }
    })
}

/// Where in `words` a date may begin: the first few, up to the end of the sentence.
fn within_sentence(words: &[&str]) -> impl Iterator<Item = usize> {
    let length = words.iter().position(|word| ends_sentence(word)).map_or(words.len(), |end| end + 1);
    0..length.min(WORDS_TO_DATE)
}

fn ends_sentence(word: &str) -> bool {
    word.ends_with(['.', '!', '?', ';']) && !names_day(word)
}

fn trimmed(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '-' | '–'))
}

fn month_or_digit(word: &str) -> bool {
    word.contains(|c: char| c.is_ascii_digit()) || month_named(trimmed(word)).is_some()
}

fn names_day(word: &str) -> bool {
    month_or_digit(word) || weekday_named(trimmed(word)).is_some()
}

/// The day that `words` begin with.
fn day(words: &[&str], written: Option<Date>) -> Option<Date> {
    let mut words = words.iter().map(|word| trimmed(word)).filter(|word| !matches!(*word, "the" | "of")).peekable();
    let first = words.next()?;
    if first == "tomorrow" {
        return written?.tomorrow().ok();
    }
    let Some(weekday) = weekday_named(first) else { return date_from(first, &mut words, written) };
    let next = words.next().and_then(|next| date_from(next, &mut words, written));
    next.or_else(|| written?.nth_weekday(1, weekday).ok())
}

/// "3 April 2024", "April 3rd", "03/04/2024", "2024-04-03", with or without a year.
fn date_from<'w>(
    first: &str,
    rest: &mut std::iter::Peekable<impl Iterator<Item = &'w str>>,
    written: Option<Date>,
) -> Option<Date> {
    let (day, month) = match (ordinal(first), month_named(first)) {
        (Some(day), _) => (day, month_named(rest.next()?)?),
        (None, Some(month)) => (ordinal(rest.next()?)?, month),
        (None, None) => return date_in_digits(first, written),
    };
    let year = rest.peek().and_then(|year| year.parse().ok()).filter(|year| (1990..2200).contains(year));
    dated(year, month, i8::try_from(day).ok()?, written)
}

fn date_in_digits(word: &str, written: Option<Date>) -> Option<Date> {
    let numbers: Vec<i16> = word.split(['/', '.', '-']).map(|number| number.parse().ok()).collect::<Option<_>>()?;
    let (day, month, year) = match *numbers.as_slice() {
        [day, month] => (day, month, None),
        [year, month, day] if year > 31 => (day, month, Some(year)),
        [day, month, year] => (day, month, Some(if year < 100 { 2000 + year } else { year })),
        _ => return None,
    };
    let (day, month) = if month > 12 { (month, day) } else { (day, month) };
    dated(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?, written)
}

fn dated(year: Option<i16>, month: i8, day: i8, written: Option<Date>) -> Option<Date> {
    if let Some(year) = year {
        return Date::new(year, month, day).ok();
    }
    let written = written?;
    let earliest = written.checked_sub(Span::new().days(PAST_DAYS_MAX)).ok()?;
    (-1..=1).filter_map(|offset| Date::new(written.year() + offset, month, day).ok()).find(|date| *date >= earliest)
}
