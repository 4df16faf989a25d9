//! A case's history, for people and for programs.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::domain::calendar::{DayOff, WorkingDays, london_date, london_time, spoken};
use crate::domain::case::{Event, Kind, Opening, Outcome, Writer};
use crate::domain::code::rule;
use crate::domain::ladder::Rung;
use crate::store::CaseFile;

/// The whole history, one event a paragraph, in Europe/London time.
pub fn text(file: &CaseFile) -> String {
    let mut text = String::new();
    if let Some(opening) = &file.case.opening {
        text.push_str(&format!("{} {}\n\n", heading(opening), opening.reference));
    }
    for recorded in &file.history {
        let words = words(&recorded.event);
        let (counts, recorded_at) = (moment(recorded.occurred_at), moment(recorded.recorded_at));
        let late = if counts == recorded_at { String::new() } else { format!(" (recorded {recorded_at})") };
        text.push_str(&format!("{:>3}  {counts}  {words}{late}\n", recorded.seq));
    }
    text
}

/// The whole history as one object.
pub fn object(file: &CaseFile) -> Value {
    let events = file.history.iter().map(|recorded| {
        json!({
            "seq": recorded.seq,
            "occurred_at": recorded.occurred_at,
            "recorded_at": recorded.recorded_at,
            "event": recorded.event,
        })
    });
    json!({
        "reference": file.case.opening.as_ref().map(|opening| opening.reference.to_string()),
        "landlord": file.landlord,
        "open": file.case.open(),
        "history": events.collect::<Vec<_>>(),
    })
}

fn heading(opening: &Opening) -> &'static str {
    match opening.kind {
        Kind::Complaint => "Complaint",
        Kind::ServiceRequest => "Service request",
    }
}

fn words(event: &Event) -> String {
    match event {
        Event::Opened(opening) => opened(opening),
        Event::MessageAdded(added) => {
            let writer = match added.writer {
                Writer::Resident => "the resident",
                Writer::Staff => "staff",
                Writer::Stranger => "an address the case does not know",
            };
            format!("Message {} added, from {writer}", added.message)
        }
        Event::DeadlineSet { duty, due, provision, .. } => {
            let off = |(day, why): &(_, DayOff)| match why {
                DayOff::BankHoliday(name) => Some(format!("{} ({name})", spoken(*day))),
                DayOff::Weekend => None,
            };
            let holidays: Vec<String> = due.skipped.iter().filter_map(off).collect();
            let not =
                if holidays.is_empty() { String::new() } else { format!(", not counting {}", holidays.join(", ")) };
            format!(
                "Owed: {} by {}: {} after {}{not} (Code {provision})",
                rule(*duty).in_words,
                spoken(due.date),
                due.period,
                spoken(due.counted_from)
            )
        }
        Event::DutyMet { duty } => format!("Done: {}", rule(*duty).in_words),
        Event::DutyReopened { duty } => format!("Open again: {}", rule(*duty).in_words),
        Event::LetterWritten { letter, kind, to, promises, .. } => {
            let promises = promises.map_or_else(String::new, |date| format!(", promises {}", spoken(date)));
            format!("Letter {letter} written: {} to {}{promises}", kind.key(), to.as_str())
        }
        Event::LetterPosted { letter, outcome } => match outcome {
            Outcome::Sent { digest, .. } => format!("Letter {letter} sent (SHA-256 {digest})"),
            Outcome::Refused { reply } => format!("Letter {letter} refused: {reply}"),
            Outcome::Returned { message, why } => format!("Letter {letter} came back with message {message}: {why}"),
            Outcome::Dropped => format!("Letter {letter} not sent: it was no longer right"),
        },
        Event::Acknowledged { letter, automatic } => {
            let by = if *automatic { ", automatically" } else { "" };
            format!("Acknowledged by letter {letter}{by}")
        }
        Event::Reminded { duty, due, rung: Rung(rung) } => {
            let when = match rung {
                0 => "due today".to_owned(),
                1.. => format!("{} late", WorkingDays(rung.unsigned_abs() as u16)),
                _ => format!("{} left", WorkingDays(rung.unsigned_abs() as u16)),
            };
            format!("Reminded: {} by {}, {when}", rule(*duty).in_words, spoken(*due))
        }
    }
}

fn opened(opening: &Opening) -> String {
    let mut words = format!(
        "Opened from message {}, from {}, “{}”",
        opening.message,
        opening.resident.name.as_str(),
        opening.subject.as_str()
    );
    if opening.unsure {
        words.push_str("; not certain what it is");
    }
    if let Some(why) = opening.set_aside.as_ref().or(opening.withheld.as_ref()) {
        words.push_str(&format!("; no letter by itself: {why}"));
    }
    words
}

fn moment(at: Timestamp) -> String {
    format!("{} {}", london_date(at), london_time(at).strftime("%H:%M"))
}
