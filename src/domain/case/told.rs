//! A case's history in plain words.

use std::cmp::Ordering;

use super::{Audience, Cause, Channel, Event, Finding, Kind, LetterKind, NoteKind, Outcome, Sorting, Writer};
use crate::domain::calendar::{DayOff, Due, WorkingDays, london_date, spoken};
use crate::domain::code::{Duty, Stage, Start, cite};
use crate::domain::ladder::Rung;

/// What whoever brought the event about is told of it, without a full stop: not how a date was counted, and nothing that
/// another line of the same answer says. Letters are listed by themselves.
pub fn news(event: &Event) -> Option<String> {
    match event {
        Event::Heard { .. } | Event::LetterWritten { .. } | Event::LetterPosted { .. } => None,
        Event::DeadlineSet { duty: Duty::Action(_), .. }
        | Event::DeadlineMoved { cause: Cause::Extended | Cause::Postponed, .. } => None,
        Event::DeadlineSet { duty, due, provision, .. } => {
            Some(format!("To {} by {} ({})", duty.in_words(), spoken(due.date), cite(provision)))
        }
        event => Some(sentence(event)),
    }
}

/// One line of history as a sentence without a full stop.
pub fn sentence(event: &Event) -> String {
    match event {
        Event::Opened(opening) => {
            let unsure = if opening.unsure { ", which a person must confirm" } else { "" };
            let how = match (opening.message, &opening.logged_by) {
                (Some(message), _) => format!("message {message}"),
                (None, Some(by)) => format!("{}, from {}", by.name, channel(opening.channel)),
                (None, None) => channel(opening.channel).to_owned(),
            };
            format!("Opened as a {} by {how}{unsure}", kind(opening.kind))
        }
        Event::MessageAdded(addition) => {
            let writer = match addition.writer {
                Writer::Resident => "the resident",
                Writer::Handler => "whoever handles it",
                Writer::Staff => "staff",
                Writer::Stranger => "somebody this case does not know",
                Writer::Ombudsman => "the Housing Ombudsman",
            };
            format!("Message {} added, from {writer}", addition.message)
        }
        Event::Escalated { received, by, unsure, .. } => {
            let by = by.as_ref().map(|by| format!(", recorded by {}", by.name)).unwrap_or_default();
            let unsure = if *unsure { ", which a person must confirm" } else { "" };
            format!("Stage 2 asked for on {}{by}{unsure}", spoken(london_date(*received)))
        }
        Event::EscalationMistaken { by, because } => {
            format!("Stage 2 was not asked for after all, found {}: {}", by.name, because.as_str())
        }
        Event::DeadlineSet { duty, due, counted_from, provision, .. } => {
            let (provision, working) = (cite(provision), working(due, *counted_from));
            format!("To {} by {} ({provision}): {working}", duty.in_words(), spoken(due.date))
        }
        Event::DeadlineMoved { duty, due, cause: why, .. } => {
            format!("To {}, now by {}: {}", duty.in_words(), spoken(due.date), cause(why))
        }
        Event::DutyMet { duty } => format!("Done: {}", duty.in_words()),
        Event::DutyReopened { duty } => format!("Open again: {}", duty.in_words()),
        Event::DutyLapsed { duty } => format!("No longer owed: {}", duty.in_words()),
        Event::Reminded { duty, due, rung } => {
            format!("Reminded, {}: {} by {}", when(*rung), duty.in_words(), spoken(*due))
        }
        Event::LetterWritten { letter, kind, audience, to, promises, by_hand, copy, stage, .. } => {
            let promises = promises.map(|date| format!(", promising the next step by {}", spoken(date)));
            let promises = promises.unwrap_or_default();
            let reader = match (audience, by_hand, copy) {
                (Audience::Staff, ..) => format!("staff {}", to.as_str()),
                (Audience::Resident, _, true) => format!("the representative {}", to.as_str()),
                (Audience::Resident, true, _) => format!("the resident, for {} to hand over", to.as_str()),
                (Audience::Resident, ..) => format!("the resident {}", to.as_str()),
            };
            let stage = if *stage == Stage::Two { ", stage 2" } else { "" };
            format!("Letter {letter} written to {reader}: {}{stage}{promises}", letter_kind(*kind))
        }
        Event::LetterPosted { letter, outcome: result } => format!("Letter {letter} {}", outcome(result)),
        Event::Acknowledged { letter, automatic, stage } => {
            let automatic = if *automatic { "; no person confirmed the definition" } else { "" };
            format!("Acknowledged at {stage} by letter {letter}{automatic}")
        }
        Event::Sorted { by, kind, because } => {
            let kind = match kind {
                Sorting::Complaint => "a complaint",
                Sorting::ServiceRequest => "a service request",
                Sorting::Neither => "neither complaint nor request",
            };
            format!("{} found that it is {kind}: {}", by.name, because.as_str())
        }
        Event::Defined { by, definition } => {
            let points = count(definition.points.len() as i64, "point");
            format!("{} confirmed the complaint definition, {points}", by.name)
        }
        Event::Assigned { stage, to, by, conflict, despite } => {
            let by = by.as_ref().map_or("by the house's rules".to_owned(), |by| format!("by {}", by.name));
            let conflict = conflict.as_ref().map(|conflict| format!("; declared: {}", conflict.as_str()));
            let despite = despite.as_ref().map(|despite| format!("; nobody else can: {}", despite.as_str()));
            let (conflict, despite) = (conflict.unwrap_or_default(), despite.unwrap_or_default());
            format!("Given to {}, {}, for {stage}, {by}{conflict}{despite}", to.name, to.role)
        }
        Event::Unassigned { stage } => format!("Nobody who may deal with it at {stage} was found"),
        Event::Asked { by, questions } => {
            format!("{} asked the resident {}", by.name, count(questions.len() as i64, "question"))
        }
        Event::Extended { by, stage, until, reason, good_reason } => {
            let good = good_reason.as_ref().map(|good| format!("; good reason: {}", good.as_str())).unwrap_or_default();
            let (by, until) = (&by.name, spoken(*until));
            format!("{by} extended the {stage} response to {until}: {}{good}", reason.as_str())
        }
        Event::UpdatesAgreed { by, every } => format!("{} agreed an update every {every}", by.name),
        Event::Updated { by } => format!("{} told the resident how it stands", by.name),
        Event::Responded { by, stage, response } => {
            let upheld = response.answers.iter().filter(|answer| answer.finding != Finding::NotUpheld).count();
            let points = count(response.answers.len() as i64, "point");
            format!("{} answered at {stage}: {points}, {upheld} upheld or partly upheld", by.name)
        }
        Event::Refused { by, stage, because, .. } => {
            format!("{} did not take it at {stage}: {}", by.name, because.as_str())
        }
        Event::Withdrawn { by, how } => format!("Withdrawn by the resident, recorded by {}: {}", by.name, how.as_str()),
        Event::Closed { by, learning } => format!("Closed by {}; learnt: {}", by.name, learning.as_str()),
        Event::Reopened { by, because } => format!("Opened again by {}: {}", by.name, because.as_str()),
        Event::PointAdded { by, points } => format!("{} added {}", by.name, count(points.len() as i64, "point")),
        Event::ActionPromised { action, promised } => {
            let (by, owner) = (spoken(promised.by), &promised.owner);
            format!("Action {action} promised by {by}, {owner}: {}", promised.what.as_str())
        }
        Event::ActionDone { by, action, evidence } => {
            format!("Action {action} done, says {}: {}", by.name, evidence.as_str())
        }
        Event::ActionPostponed { by, action, until, because } => {
            format!("{} put action {action} off to {}: {}", by.name, spoken(*until), because.as_str())
        }
        Event::ReceivedEarlier { by, received, because } => {
            let received = spoken(london_date(*received));
            format!("{} found that it was first received on {received}: {}", by.name, because.as_str())
        }
        Event::ResidentKnown { by, .. } => format!("{} put right what is known of the resident", by.name),
        Event::Represented { by, name, authority, .. } => {
            let authority = authority.as_ref().map_or("authority awaited".to_owned(), |how| how.as_str().to_owned());
            format!("{} speaks for the resident ({authority}), recorded by {}", name.as_str(), by.name)
        }
        Event::Adjusted { by, need, adjustment } => {
            format!("Adjustment recorded by {}: {}; {}", by.name, need.as_str(), adjustment.as_str())
        }
        Event::Restricted { by, restriction, because, .. } => {
            format!("Restriction by {}: {}; {}", by.name, restriction.as_str(), because.as_str())
        }
        Event::RestrictionLifted { by, because } => {
            format!("Restriction lifted by {}: {}", by.name, because.as_str())
        }
        Event::Reviewed { by, duty, found } => format!("{}, done by {}: {}", duty.in_words(), by.name, found.as_str()),
        Event::Linked { by, to, because } => format!("Linked to {to} by {}: {}", by.name, because.as_str()),
        Event::MergedInto { by, into, because } => {
            format!("Goes on as {into}, by {}: {}", by.name, because.as_str())
        }
        Event::Absorbed { by, from, messages, .. } => {
            format!("{from} goes on as this case, {}, by {}", count(messages.len() as i64, "message"), by.name)
        }
        Event::Noted { by, kind, text, on } => {
            let kind = match kind {
                NoteKind::Note => "Note",
                NoteKind::Call => "Telephone call",
                NoteKind::Visit => "Visit",
                NoteKind::Evidence => "Evidence",
            };
            format!("{kind} of {}, by {}: {}", spoken(*on), by.name, text.as_str())
        }
        Event::SurveyDeclined { by } => format!("No survey, recorded by {}", by.name),
        Event::Heard { by, message, .. } => format!("By e-mail from {} (message {message}):", by.name),
        Event::Undone { by, letters } => {
            let letters = count(letters.len() as i64, "letter");
            format!("{} took back what the last e-mail did; {letters} not sent", by.name)
        }
        Event::Disbelieved { claimed, message, why, .. } => {
            format!("Nothing done for message {message}, in the name of {}: {why}", claimed.name)
        }
    }
}

pub fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Complaint => "complaint",
        Kind::ServiceRequest => "service request",
        Kind::Correspondence => "message that is neither complaint nor request",
    }
}

/// As an answer to a point begins: "partly upheld".
pub fn finding(finding: Finding) -> &'static str {
    match finding {
        Finding::Upheld => "upheld",
        Finding::PartlyUpheld => "partly upheld",
        Finding::NotUpheld => "not upheld",
    }
}

fn channel(channel: Channel) -> &'static str {
    match channel {
        Channel::Email => "an e-mail",
        Channel::Telephone => "a telephone call",
        Channel::Letter => "a letter",
        Channel::Visit => "a visit",
        Channel::SocialMedia => "social media",
    }
}

fn letter_kind(kind: LetterKind) -> String {
    kind.key().replace('-', " ")
}

pub fn cause(cause: &Cause) -> &'static str {
    match cause {
        Cause::Calendar => "the bank holidays were changed",
        Cause::Extended => "it was extended",
        Cause::ReceivedEarlier => "the landlord had it earlier than was thought",
        Cause::Postponed => "it was put off",
    }
}

fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Sent { reply, .. } => format!("sent; the mail server said: {}", reply.as_str()),
        Outcome::Refused { reply } => format!("refused; the mail server said: {}", reply.as_str()),
        Outcome::Returned { message, why } => format!("came back (message {message}): {}", why.as_str()),
        Outcome::Absent { message } => format!("was answered by an absence note (message {message})"),
        Outcome::HandedOver { on, by } => format!("handed over on {} by {}", spoken(*on), by.name),
        Outcome::Dropped => "not sent: what it was to say no longer held".to_owned(),
    }
}

/// How a date was found.
fn working(due: &Due, start: Start) -> String {
    match start {
        Start::Promise if due.set => return format!("set by a person, on {}", spoken(due.counted_from)),
        _ if due.set => {
            return format!("counted from {} on {}, weekends too", start.in_words(), spoken(due.counted_from));
        }
        _ => {}
    }
    let mut text = format!("{} after {} on {}", due.period, start.in_words(), spoken(due.counted_from));
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

/// "1 letter", "2 letters".
pub fn count(n: i64, one: &str) -> String {
    match n {
        1 => format!("1 {one}"),
        n => format!("{n} {one}s"),
    }
}
