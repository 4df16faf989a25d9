//! A case's history in plain words, for people and for programs.

use std::cmp::Ordering;

use serde_json::{Value, json};

use crate::domain::calendar::{DayOff, Due, WorkingDays, listed, spoken};
use crate::domain::case::{Audience, Event, Kind, LetterKind, Outcome, Writer};
use crate::domain::code::{Duty, Start, rule};
use crate::domain::ladder::Rung;
use crate::store::CaseFile;

/// One line of history as a sentence without a full stop.
pub fn sentence(event: &Event) -> String {
    match event {
        Event::Opened(opening) => {
            let unsure = if opening.unsure { ", which a person must confirm" } else { "" };
            format!("Opened as a {} by message {}{unsure}", kind(opening.kind), opening.message)
        }
        Event::MessageAdded(addition) => {
            let writer = match addition.writer {
                Writer::Resident => "the resident",
                Writer::Staff => "staff",
                Writer::Stranger => "somebody this case does not know",
            };
            format!("Message {} added, from {writer}", addition.message)
        }
        Event::DeadlineSet { duty, due, counted_from, provision, .. } => {
            format!(
                "To {} by {} (Code {provision}): {}",
                in_words(*duty),
                spoken(due.date),
                working(due, *counted_from)
            )
        }
        Event::DutyMet { duty } => format!("Done: {}", in_words(*duty)),
        Event::DutyReopened { duty } => format!("Open again: {}", in_words(*duty)),
        Event::LetterWritten { letter, kind, audience, to, promises } => {
            let promises = promises.map(|date| format!(", promising the next step by {}", spoken(date)));
            let promises = promises.unwrap_or_default();
            format!(
                "Letter {letter} written to {} {}: {}{promises}",
                reader(*audience),
                to.as_str(),
                letter_kind(*kind)
            )
        }
        Event::LetterPosted { letter, outcome: result } => format!("Letter {letter} {}", outcome(result)),
        Event::Acknowledged { letter, automatic } => {
            let automatic = if *automatic { "; no person confirmed the definition" } else { "" };
            format!("Acknowledged by letter {letter}{automatic}")
        }
        Event::Reminded { duty, due, rung } => {
            format!("Reminded, {}: {} by {}", when(*rung), in_words(*duty), spoken(*due))
        }
    }
}

/// A duty as a person says it, after "to".
pub fn in_words(duty: Duty) -> &'static str {
    rule(duty).in_words
}

pub fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Complaint => "complaint",
        Kind::ServiceRequest => "service request",
    }
}

fn letter_kind(kind: LetterKind) -> String {
    kind.key().replace('-', " ")
}

fn reader(audience: Audience) -> &'static str {
    match audience {
        Audience::Resident => "the resident",
        Audience::Staff => "staff",
    }
}

fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Sent { reply, .. } => format!("sent; the mail server said: {}", reply.as_str()),
        Outcome::Refused { reply } => format!("refused; the mail server said: {}", reply.as_str()),
        Outcome::Returned { message, why } => format!("came back (message {message}): {}", why.as_str()),
        Outcome::Dropped => "not sent: what it was to say no longer held".to_owned(),
    }
}

/// How a date was found.
fn working(due: &Due, start: Start) -> String {
    let start = match start {
        Start::Receipt => "receipt",
        Start::Acknowledgement => "acknowledgement",
    };
    let mut text = format!("{} after {start} on {}", due.period, spoken(due.counted_from));
    for (day, why) in &due.skipped {
        if let DayOff::BankHoliday(name) = why {
            text.push_str(&format!("; {} is {name}", spoken(*day)));
        }
    }
    if due.provisional {
        text.push_str("; provisional, for the bank holidays are not published so far ahead");
    }
    text
}

fn when(Rung(days): Rung) -> String {
    let distance = WorkingDays(days.unsigned_abs() as u16);
    match days.cmp(&0) {
        Ordering::Less => format!("{distance} before"),
        Ordering::Equal => "on the day".to_owned(),
        Ordering::Greater => format!("{distance} late"),
    }
}

/// The whole history, a line an event, in Europe/London time.
pub fn text(file: &CaseFile) -> String {
    let heading =
        file.case.opening.as_ref().map(|opening| format!("{}: {}\n\n", opening.reference, kind(opening.kind)));
    let lines = file.history.iter().map(|line| {
        let (counts, recorded) = (listed(line.occurred_at), listed(line.recorded_at));
        let late = if counts == recorded { String::new() } else { format!(" (recorded {recorded})") };
        format!("{:>3}  {counts}  {}{late}\n", line.seq, sentence(&line.event))
    });
    heading.into_iter().chain(lines).collect()
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
        "reference": file.case.opening.as_ref().map(|opening| &opening.reference),
        "landlord": file.landlord,
        "open": file.case.open(),
        "history": events.collect::<Vec<_>>(),
    })
}
