//! The facts a template may print.

use jiff::Timestamp;
use jiff::civil::Date;
use minijinja::value::Serde;
use minijinja::{Value, context};

use super::page::{Theirs, clean, one_line, together};
use super::{Desk, Enclosed};
use crate::domain::calendar::{self, london_date};
use crate::domain::case::{Audience, Case, Flags, Kind, Letter, LetterKind, Opening, Outcome, Posted, Says, Writer};
use crate::domain::code::{Duty, rule};
use crate::domain::ladder::Rung;
use crate::domain::words::Words;

/// An enclosed message is shown as far as this; the rest is in the attachment or in the register.
const EXCERPT_CHARS: usize = 4_000;
/// Points of a complaint quoted one by one; what comes after these follows the last in one piece.
const POINTS_MAX: usize = 40;
/// Longest quotation of a resident's words to themselves. All of them are in the register.
const QUOTATION_CHARS: usize = 8_000;
/// Words shown to staff as what decided.
const BECAUSE_MAX: usize = 20;
/// Longest name, address, reason or server reply within a line of ours.
const LINE_CHARS: usize = 200;

/// The first stage of the Code's two, as letters name it.
pub(super) const STAGE_1: &str = "stage 1";

pub(super) struct Source<'a> {
    pub(super) case: &'a Case,
    pub(super) opening: &'a Opening,
    pub(super) letter: &'a Letter,
    pub(super) enclosed: Option<&'a Enclosed<'a>>,
    pub(super) desk: &'a Desk<'a>,
    pub(super) now: Timestamp,
}

pub(super) struct Facts {
    /// What templates print, with marks in the places of other people's words.
    pub(super) values: Value,
    pub(super) theirs: Theirs,
    pub(super) marked: Marked,
}

pub(super) fn of(source: &Source) -> Facts {
    let mut theirs = Theirs::default();
    let marked = Marked::new(source, &mut theirs);
    let values = context! { ..specific(source, &mut theirs), ..common(source, &marked) };
    Facts { values, theirs, marked }
}

/// Other people's words that letters of every kind may quote, as marks.
#[derive(Clone)]
pub(super) struct Marked {
    /// `None` when the message gave no name.
    name: Option<String>,
    address: Option<String>,
    pub(super) points: Vec<String>,
    pub(super) outcome: Option<String>,
    pub(super) because: Vec<String>,
    pub(super) withheld: Option<String>,
    set_aside: Option<String>,
    exclusion_hint: Option<String>,
}

impl Marked {
    fn new(source: &Source, theirs: &mut Theirs) -> Marked {
        let Opening { resident, points, outcome_sought, because, withheld, set_aside, flags, .. } = source.opening;
        let mut line = |words: &str| theirs.mark_unless_empty(one_line(words, LINE_CHARS));
        let name = match &resident.name {
            Words::Words(name) => line(name),
            Words::Erased(_) => None,
        };
        let address = resident.address.as_ref().and_then(|address| line(address.as_str()));
        let because = because.iter().take(BECAUSE_MAX).filter_map(|words| line(words.as_str())).collect();
        let withheld = withheld.as_deref().and_then(&mut line);
        let set_aside = set_aside.as_deref().and_then(&mut line);
        let exclusion_hint = flags.exclusion_hint.as_deref().and_then(&mut line);
        let mut quotation = |words: &str| theirs.mark_unless_empty(shortened(&clean(words), QUOTATION_CHARS));
        let texts: Vec<&str> = points.iter().map(Words::as_str).collect();
        let (one_by_one, rest) = texts.split_at(texts.len().min(POINTS_MAX));
        let points =
            one_by_one.iter().copied().chain([rest.join("\n\n").as_str()]).filter_map(&mut quotation).collect();
        let outcome = outcome_sought.as_ref().and_then(|outcome| quotation(outcome.as_str()));
        Marked { name, address, points, outcome, because, withheld, set_aside, exclusion_hint }
    }
}

/// `text` up to `chars_max` characters, and a sign where it goes on.
fn shortened(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}\n[…]", text[..end].trim_end()),
    }
}

fn common(source: &Source, marked: &Marked) -> Value {
    let Source { case, opening, letter, desk, now, .. } = source;
    let Marked { name, address, points, outcome, because, withheld, set_aside, exclusion_hint } = marked.clone();
    let today = london_date(*now);
    let duties: Vec<Value> = case
        .duties
        .iter()
        .map(|(duty, owed)| {
            context! {
                in_words => duty.in_words(), provision => owed.provision.as_str(), date => spoken(owed.due.date),
                provisional => owed.due.provisional, met => owed.met.is_some(),
                overdue => owed.met.is_none() && owed.due.date < today,
            }
        })
        .collect();
    let letters = case.letters.values().filter(|letter| letter.audience == Audience::Resident);
    let sent: Vec<Value> = letters.clone().map(sent).collect();
    let reader = desk.landlord.people().into_iter().find(|person| person.address == letter.address.as_str());
    context! {
        date => spoken(today),
        reference => opening.reference.to_string(),
        complaint => opening.kind == Kind::Complaint,
        stage => STAGE_1,
        received => spoken(london_date(opening.received)),
        landlord => Serde(source.desk.landlord),
        ombudsman => Serde(source.desk.ombudsman),
        to_officer => letter.address.as_str() == desk.landlord.officer.address,
        reader_role => reader.map(|person| person.role.as_str()),
        name, address, points, outcome, because, withheld, set_aside, exclusion_hint,
        acknowledgement_written => letters.clone().any(|letter| letter.kind == LetterKind::Acknowledgement),
        unsure => opening.unsure,
        hazard => flags(source).urgent_hazard || (source.letter.says.kind() == LetterKind::Added && source.case.hazard),
        vulnerability => flags(source).vulnerability,
        adjustment_requested => flags(source).adjustment_requested,
        representative => flags(source).representative,
        related => opening.related.iter().map(ToString::to_string).collect::<Vec<_>>(),
        message => letter.says.encloses(),
        duties, sent,
    }
}

fn sent(letter: &Posted) -> Value {
    let state = match &letter.outcome {
        None => "written, not sent yet",
        Some(Outcome::Sent { .. }) => "sent",
        Some(Outcome::Refused { .. }) => "refused by the mail server",
        Some(Outcome::Returned { .. }) => "came back",
        Some(Outcome::Dropped) => "not sent",
        Some(Outcome::Absent { .. }) => "answered by an absence note",
        Some(Outcome::HandedOver { .. }) => "handed over",
    };
    context! { what => in_words(letter.kind), written => spoken(london_date(letter.written)), state }
}

/// The flags of the message the letter is about.
pub(super) fn flags<'a>(source: &'a Source) -> &'a Flags {
    match &source.letter.says {
        Says::NewMessage { flags, .. } => flags,
        _ => &source.opening.flags,
    }
}

fn specific(source: &Source, theirs: &mut Theirs) -> Value {
    let Source { case, letter, now, .. } = source;
    let today = london_date(*now);
    match &letter.says {
        Says::Receipt { acknowledge_by, .. } => {
            context! { acknowledge_by => spoken(*acknowledge_by), late => *acknowledge_by < today }
        }
        Says::Acknowledgement { respond_by, .. } => {
            let acknowledge_by = case.duties.get(&Duty::Acknowledge).map(|owed| owed.due.date);
            context! {
                respond_by => spoken(*respond_by),
                respond_by_passed => *respond_by < today,
                late => acknowledge_by.is_some_and(|date| date < today),
                acknowledge_by => acknowledge_by.map(spoken),
            }
        }
        Says::RequestLogged => context! {},
        Says::Added { received } => context! { added => spoken(*received) },
        Says::NewCase { .. } => context! { enclosed => source.enclosed.map(|enclosed| shown(enclosed, theirs)) },
        Says::NewMessage { writer, name, .. } => context! {
            enclosed => source.enclosed.map(|enclosed| shown(enclosed, theirs)),
            stranger => *writer == Writer::Stranger,
            writer_name => theirs.mark_unless_empty(one_line(name.as_str(), LINE_CHARS)),
        },
        Says::Reminder { duty, due, rung, letter_waiting, .. } => context! {
            duty => duty.to_string(),
            owed => duty.in_words(),
            provision => provision(case, *duty),
            due => spoken(*due),
            days_left => (-rung.0).max(0),
            days_late => rung.0.max(0),
            letter_waiting => letter_waiting.map(in_words),
        },
        Says::Undelivered { letter, letter_kind, to, why, returned } => context! {
            what => in_words(*letter_kind),
            to => theirs.mark(&one_line(to.as_str(), LINE_CHARS)),
            why => theirs.mark_unless_empty(shortened(&clean(why.as_str()), EXCERPT_CHARS)),
            returned,
            acknowledge_by => case.duties.get(&Duty::Acknowledge).map(|owed| spoken(owed.due.date)),
            acknowledgement => *letter_kind == LetterKind::Acknowledgement,
            to_resident => case.letters.get(letter).is_some_and(|letter| letter.audience == Audience::Resident),
        },
        _ => context! {},
    }
}

fn shown(enclosed: &Enclosed, theirs: &mut Theirs) -> Value {
    let text = clean(enclosed.text);
    context! {
        from => theirs.mark(&one_line(enclosed.from, LINE_CHARS)),
        subject => theirs.mark_unless_empty(one_line(enclosed.subject, LINE_CHARS)),
        cut => text.chars().nth(EXCERPT_CHARS).is_some(),
        text => theirs.mark_unless_empty(shortened(&text, EXCERPT_CHARS)),
        whole => enclosed.whole,
        received => spoken(london_date(enclosed.received)),
    }
}

/// A date as letters say it, kept on one line.
pub(super) fn spoken(date: Date) -> String {
    together(&calendar::spoken(date))
}

pub(super) fn provision(case: &Case, duty: Duty) -> &str {
    let edition = case.edition(duty.stage().unwrap_or_default());
    case.duties.get(&duty).map_or(rule(duty, edition).provision, |owed| &owed.provision)
}

/// A letter of this kind as staff call it, with its article.
pub(super) fn in_words(kind: LetterKind) -> &'static str {
    match kind {
        LetterKind::Receipt => "the receipt",
        LetterKind::Acknowledgement => "the acknowledgement",
        LetterKind::RequestLogged => "the letter about the service request",
        LetterKind::Added => "the note that a message was added",
        LetterKind::NewCase => "the letter about the new case",
        LetterKind::Correction => "the corrected letter",
        LetterKind::Clarification => "the letter with our questions",
        LetterKind::Response => "the response",
        LetterKind::Extension => "the letter about a later date",
        LetterKind::Refusal => "the letter saying that we do not take the complaint",
        LetterKind::RequestAnswer => "the answer to the service request",
        LetterKind::Correspondence => "the short answer",
        LetterKind::Update => "the letter saying how it stands",
        LetterKind::Withdrawal => "the letter about the withdrawal",
        LetterKind::Restriction => "the letter about the restriction",
        LetterKind::Survey => "the survey",
        LetterKind::Escalation => "the letter about stage 2",
        LetterKind::Assigned => "the letter that gives the case to somebody",
        LetterKind::DatesMoved => "the letter about moved dates",
        LetterKind::NewMessage => "the letter about a further message",
        LetterKind::Reminder => "the reminder",
        LetterKind::Undelivered => "the letter about an undelivered letter",
    }
}

/// The subject of a letter to staff: what it is and by when, and no word of the resident's.
pub(super) fn staff_subject(case: &Case, opening: &Opening, letter: &Letter) -> String {
    let reference = &opening.reference;
    let kind = match opening.kind {
        Kind::Complaint => "complaint",
        Kind::ServiceRequest => "service request",
        Kind::Correspondence => "message",
    };
    let new = |what: &str, hazard, unsure| match (hazard, unsure) {
        (true, _) => format!("URGENT, possible danger: new {what} {reference}"),
        (false, true) => format!("Please check: new {what} {reference}"),
        (false, false) => format!("New {what} {reference}"),
    };
    match &letter.says {
        Says::NewMessage { flags, .. } => new(&format!("message on {kind}"), flags.urgent_hazard, false),
        Says::Reminder { duty, due, rung: Rung(days), .. } => {
            let (owed, due) = (duty.in_words(), calendar::spoken(*due));
            match days {
                ..0 => format!("Due {due}: {owed} ({reference})"),
                0 => format!("Due today: {owed} ({reference})"),
                1 => format!("1 working day overdue: {owed} ({reference})"),
                2.. => format!("{days} working days overdue: {owed} ({reference})"),
            }
        }
        Says::Undelivered { letter_kind, .. } => format!("Not delivered: {} ({reference})", in_words(*letter_kind)),
        _ => {
            let new = new(kind, opening.flags.urgent_hazard, opening.unsure);
            match next_for_staff(case) {
                Some((duty, date)) => format!("{new}: {} by {}", duty.in_words(), calendar::spoken(date)),
                None => new,
            }
        }
    }
}

/// The first open duty that no letter of ours is about to meet.
fn next_for_staff(case: &Case) -> Option<(Duty, Date)> {
    let acknowledging = case.letters.values().any(|letter| letter.kind == LetterKind::Acknowledgement);
    let open = case.duties.iter().filter(|(_, owed)| owed.met.is_none());
    let ours = open.filter(|(duty, _)| **duty != Duty::Acknowledge || !acknowledging);
    ours.map(|(duty, owed)| (*duty, owed.due.date)).min_by_key(|(_, date)| *date)
}
