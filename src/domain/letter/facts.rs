//! The facts a template may print, and with them the parts that the letter must have.
//!
//! What letters of many kinds say is here; what one kind says is in `resident.rs` or `staff.rs`.

use jiff::civil::Date;
use minijinja::value::Serde;
use minijinja::{Value, context};

use super::lint::Part;
use super::page::{Theirs, clean, one_line, together};
use super::{Desk, Enclosed, resident, staff};
use crate::domain::calendar::{self, london_date};
use crate::domain::case::{Audience, Case, Channel, Kind, Letter, LetterKind, Opening, Says};
use crate::domain::code::{Duty, Edition, Limit, Rule, Stage, Start, cite, rule};
use crate::domain::landlord::Person;
use crate::domain::words::Words;

/// An enclosed message, or a server's answer, is shown as far as this; the rest is in the attachment or in the register.
pub(super) const EXCERPT_CHARS: usize = 4_000;
/// Points of a complaint quoted one by one; what comes after these follows the last in one piece.
const POINTS_MAX: usize = 40;
/// Longest quotation of a resident's words to themselves. All of them are in the register.
const QUOTATION_CHARS: usize = 8_000;
/// Longest name, address, reason or server reply within a line of ours.
const LINE_CHARS: usize = 200;

pub(super) struct Source<'a> {
    pub(super) case: &'a Case,
    pub(super) opening: &'a Opening,
    pub(super) letter: &'a Letter,
    pub(super) enclosed: Option<&'a Enclosed<'a>>,
    pub(super) desk: &'a Desk<'a>,
    pub(super) now: jiff::Timestamp,
}

impl<'a> Source<'a> {
    pub(super) fn today(&self) -> Date {
        london_date(self.now)
    }

    /// The stage the letter speaks of; else the one the case is at.
    pub(super) fn stage(&self) -> Stage {
        match &self.letter.says {
            Says::Receipt { stage, .. }
            | Says::Acknowledgement { stage, .. }
            | Says::Correction { stage, .. }
            | Says::Clarification { stage, .. }
            | Says::Response { stage, .. }
            | Says::Extension { stage, .. }
            | Says::Refusal { stage, .. }
            | Says::Assigned { stage } => *stage,
            Says::Reminder { duty, .. } => duty.stage().unwrap_or(self.case.stage),
            _ => self.case.stage,
        }
    }

    pub(super) fn edition(&self) -> Edition {
        self.case.edition(self.stage())
    }

    /// The rule behind a duty, in the edition that holds.
    pub(super) fn rule(&self, duty: Duty) -> &'static Rule {
        rule(duty, self.case.edition(duty.stage().unwrap_or_default()))
    }

    /// Who handles the case at the letter's stage; `None` while nobody fit is found.
    pub(super) fn handler(&self) -> Option<&'a Person> {
        self.case.handlers.get(&self.stage())
    }

    /// When the landlord first had the case.
    pub(super) fn received(&self) -> Date {
        london_date(self.case.received.unwrap_or(self.opening.received))
    }

    /// When what the letter's stage began with reached us.
    pub(super) fn began(&self) -> Date {
        match (self.stage(), &self.case.escalation) {
            (Stage::Two, Some(escalation)) => london_date(escalation.received),
            _ => self.received(),
        }
    }

    /// Whether there may be a danger that the letter should speak of first.
    pub(super) fn hazard(&self) -> bool {
        match &self.letter.says {
            Says::NewMessage { flags, .. } => flags.urgent_hazard,
            Says::Response { .. } | Says::Withdrawal | Says::Survey => false,
            _ => self.case.hazard,
        }
    }
}

/// All that one letter is made of, as it is gathered.
#[derive(Default)]
pub(super) struct Pen {
    pub(super) theirs: Theirs,
    pub(super) parts: Vec<Part>,
}

impl Pen {
    /// A mark for somebody's words within a line of ours; `None` when there are none.
    pub(super) fn line(&mut self, words: &str) -> Option<String> {
        self.theirs.mark_unless_empty(one_line(words, LINE_CHARS))
    }

    /// A mark for somebody's words, quoted to themselves.
    pub(super) fn quotation(&mut self, words: &str) -> Option<String> {
        self.theirs.mark_unless_empty(shortened(&clean(words), QUOTATION_CHARS))
    }

    /// A mark for what one of the landlord's people says to the reader: whole, for they mean every word.
    pub(super) fn ours(&mut self, words: &Words) -> String {
        self.theirs.mark_ours(words.as_str())
    }

    pub(super) fn ours_if_any(&mut self, words: &Option<Words>) -> Option<String> {
        words.as_ref().map(|words| self.ours(words))
    }

    /// The letter must say this.
    pub(super) fn must(
        &mut self,
        name: &'static str,
        provision: &'static str,
        holds: impl IntoIterator<Item = String>,
    ) {
        self.parts.push(Part { name, provision, holds: holds.into_iter().collect() });
    }
}

/// Other people's words that letters of many kinds quote, as marks.
pub(super) struct Marked {
    /// The resident's; `None` when none is known.
    pub(super) name: Option<String>,
    pub(super) points: Vec<String>,
    pub(super) outcome: Option<String>,
}

impl Marked {
    fn new(source: &Source, pen: &mut Pen) -> Marked {
        let name = source.case.resident.as_ref().and_then(|resident| named(&resident.name, pen));
        let definition = &source.case.definition;
        let texts: Vec<&str> = definition.points.iter().map(Words::as_str).collect();
        let (one_by_one, rest) = texts.split_at(texts.len().min(POINTS_MAX));
        let rest = rest.join("\n\n");
        let points = one_by_one.iter().copied().chain([rest.as_str()]);
        let points = points.filter_map(|point| pen.quotation(point)).collect();
        let outcome = definition.outcome.as_ref().and_then(|outcome| pen.quotation(outcome.as_str()));
        Marked { name, points, outcome }
    }
}

/// A person's name, unless it is unknown or was erased: nobody is called "(erased)".
pub(super) fn named(name: &Words, pen: &mut Pen) -> Option<String> {
    match name {
        Words::Words(name) => pen.line(name),
        Words::Erased(_) => None,
    }
}

/// What templates print, with marks in the places of words that are not theirs.
pub(super) fn of(source: &Source, pen: &mut Pen) -> Value {
    let marked = Marked::new(source, pen);
    let own = match source.letter.audience {
        Audience::Resident => resident::facts(source, &marked, pen),
        Audience::Staff => staff::facts(source, &marked, pen),
    };
    context! { ..own, ..common(source, &marked) }
}

/// The page that asks a person to hand the letter over.
pub(super) fn of_cover(source: &Source, pen: &mut Pen) -> Value {
    let marked = Marked::new(source, pen);
    context! { ..staff::cover(source, pen), ..common(source, &marked) }
}

fn common(source: &Source, marked: &Marked) -> Value {
    let Source { case, opening, desk, .. } = source;
    let Marked { name, points, outcome } = marked;
    let handler = source.handler().unwrap_or(&desk.landlord.manager);
    context! {
        date => spoken(source.today()),
        reference => opening.reference.to_string(),
        complaint => case.is_complaint(),
        register => register(case),
        stage => source.stage().to_string(),
        stage2 => source.stage() == Stage::Two,
        received => spoken(source.received()),
        began => spoken(source.began()),
        contact => contact(opening.channel),
        landlord => Serde(desk.landlord),
        ombudsman => Serde(desk.ombudsman),
        handler_role => handler.role.as_str(),
        assigned => source.handler().is_some(),
        name, points, outcome,
        hazard => source.hazard(),
    }
}

/// What the case is, as people call it.
pub(super) fn register(case: &Case) -> &'static str {
    match case.kind {
        Some(Kind::ServiceRequest) => "service request",
        Some(Kind::Correspondence) => "message",
        _ => "complaint",
    }
}

/// What a resident is thanked for.
fn contact(channel: Channel) -> &'static str {
    match channel {
        Channel::Email | Channel::SocialMedia => "message",
        Channel::Telephone => "call",
        Channel::Letter => "letter",
        Channel::Visit => "visit",
    }
}

/// How long a duty may take, as a resident reads it.
pub(super) fn time_for(duty: Duty, edition: Edition) -> String {
    let Rule { limit: Limit::Code(days), start, .. } = rule(duty, edition) else { return String::new() };
    match (duty, start) {
        (_, Start::Logging) => format!("within {days} of logging it"),
        (_, Start::Acknowledgement | Start::Stage2Acknowledgement) => format!("within {days} after that"),
        (Duty::RespondStage2, Start::Request) => format!("within {days} of the day you ask"),
        _ => format!("within {days}"),
    }
}

/// `text` up to `chars_max` characters, and a sign where it goes on.
pub(super) fn shortened(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}\n[…]", text[..end].trim_end()),
    }
}

/// A date as letters say it, kept on one line.
pub(super) fn spoken(date: Date) -> String {
    together(&calendar::spoken(date))
}

/// A provision as letters cite it, kept on one line.
pub(super) fn cited(provision: &str) -> String {
    together(&cite(provision))
}

/// A letter of this kind as staff call it, with its article.
pub(super) fn in_words(kind: LetterKind) -> &'static str {
    match kind {
        LetterKind::Receipt => "the receipt",
        LetterKind::Acknowledgement => "the acknowledgement",
        LetterKind::Correction => "the corrected definition",
        LetterKind::Clarification => "the letter with our questions",
        LetterKind::Response => "the response",
        LetterKind::Extension => "the letter about a later date",
        LetterKind::Refusal => "the refusal",
        LetterKind::RequestLogged => "the letter about the service request",
        LetterKind::RequestAnswer => "the answer to the service request",
        LetterKind::Correspondence => "the short answer",
        LetterKind::Added => "the note that a message was added",
        LetterKind::Update => "the letter about how it stands",
        LetterKind::Withdrawal => "the letter about the withdrawal",
        LetterKind::Restriction => "the letter about the restriction",
        LetterKind::Survey => "the survey",
        LetterKind::NewCase => "the letter about the new case",
        LetterKind::NewMessage => "the letter about a further message",
        LetterKind::Escalation => "the letter about stage 2",
        LetterKind::Assigned => "the letter that hands over the case",
        LetterKind::Reminder => "the reminder",
        LetterKind::Undelivered => "the letter about an undelivered letter",
        LetterKind::DatesMoved => "the letter about moved dates",
        LetterKind::Transcript => "the answer to an e-mail",
    }
}
