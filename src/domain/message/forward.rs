//! Messages passed on: attached, or inline below a block of headers (Code 3.2: a complaint reaches us whoever it was
//! told to).

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

use super::mime::Entity;
use super::{Forward, Mailbox, Message, Own, address, body, date, quote};

/// Lines below a separator within which the block of headers must begin.
const LINES_TO_BLOCK: usize = 4;
/// Lines of a text within which what it passes on must begin.
const LINES_BEFORE_MAX: usize = 1_000;

/// The first message that this one passes on, attached or inline. What an answer quotes is not passed on, nor is a letter
/// of ours. Staff pass on more often than they say so: their word for it is not asked.
pub(super) fn find(entity: &Entity<'_>, message: &Message, own: &Own) -> Option<Forward> {
    let by_staff = message.from.as_ref().is_some_and(|from| own.staff.contains(&from.address));
    let said = by_staff || quote::forwards(&message.subject);
    let found = attached(entity).or_else(|| inline(&message.text, said, message.answers()));
    found.filter(|forward| !own.addresses.contains(&forward.from.address))
}

fn attached(entity: &Entity<'_>) -> Option<Forward> {
    let message = entity.walk(false).into_iter().find(|part| part.content_type == "message/rfc822")?.parts.first()?;
    let from = message
        .all("from")
        .chain(message.all("sender"))
        .find_map(|field| address::mailboxes(&field).into_iter().next())?;
    let text = body::read(message, &mut Vec::new()).text;
    let date = message.raw("date").and_then(|value| date(&value));
    Some(Forward { from, date, words: words(&text) })
}

/// A separator line, or a block of headers at the head of the text or behind the forwarder's own words.
fn inline(text: &str, mut said: bool, answers: bool) -> Option<Forward> {
    let lines = quote::lines(text);
    let block = (0..lines.len().min(LINES_BEFORE_MAX)).find_map(|at| {
        let words = lines[at].words;
        if words.is_empty() || lines[at].quoted() {
            return None;
        }
        said |= quote::forward_line(words);
        let reach =
            if quote::separator(words) { at + 1..(at + 1 + LINES_TO_BLOCK).min(lines.len()) } else { at..at + 1 };
        reach.into_iter().find_map(|at| quote::header_block(&lines, at))
    })?;
    let from = address::mailboxes(&block.from.replace("[mailto:", "<").replace(']', ">")).into_iter().next();
    // Answers quote such blocks too, and people write letters with a head of their own.
    if !said && (answers || from.is_none()) {
        return None;
    }
    let from = from.unwrap_or_else(|| Mailbox { name: block.from.clone(), address: String::new() });
    let start = lines.get(block.end).map_or(text.len(), |line| line.span.start);
    Some(Forward { from, date: written_date(&block.date), words: words(&text[start..]) })
}

fn words(text: &str) -> String {
    let quoted = quote::read(text, &quote::Setting::default());
    let pieces: Vec<&str> = quoted.new.iter().filter_map(|span| text.get(span.clone())).map(str::trim_end).collect();
    pieces.join("\n").trim().to_owned()
}

/// A date as mail programs print it above a quotation: "12 March 2024 10:15", "Tue, Mar 12, 2024 at 10:15 AM",
/// "12/03/2024 10:15", day before month; a time without zone is Europe/London.
fn written_date(value: &str) -> Option<Timestamp> {
    if let Some(exact) = date(value).filter(|_| value.contains(['+', '-']) || value.contains("GMT")) {
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
