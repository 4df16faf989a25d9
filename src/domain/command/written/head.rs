//! A line that begins with a verb → the verb and its fields, or prose.
//!
//! Most verbs are words people use in passing: "Call me back", "Close the window". So a line is a command only when all of
//! it is understood. A line of which something is understood and something is not makes a mistake; nothing is guessed at.

use super::line;
use super::names::{self, Names};
use crate::domain::command::grammar::{ASIDE, Field, Mistake};
use crate::domain::command::values::{Holds, said_back};
use crate::domain::reference::Reference;

/// As much of a line is looked at for names of fields, in bytes; what is behind it are words.
const LOOKED_AT: usize = 2_000;
/// A value with a shape is never longer, in bytes.
const SHAPED_MAX: usize = 200;
/// No verb and no field has more words in its name.
const NAME_WORDS: usize = 5;

const POLITE: &[&str] = &["please", "pls", "plz", "kindly", "and", "then", "also"];
const ASKING: &[&str] =
    &["can you", "could you", "would you", "can you please", "could you please", "would you please"];
const WISHING: &[&str] = &[
    "i would like to",
    "i'd like to",
    "i’d like to",
    "we would like to",
    "we'd like to",
    "we’d like to",
    "i want to",
    "we want to",
    "we need to",
    "i need to",
];

/// What is meant anyway, between a verb and its fields.
const FILLERS: &[&str] = &[
    "please",
    "pls",
    "plz",
    "this",
    "it",
    "that",
    "now",
    "as",
    "the case",
    "this case",
    "case",
    "this complaint",
    "the complaint",
    "to this",
    "to it",
    "to this complaint",
    "to the complaint",
    "the deadline",
    "the date",
    "the response",
    "the response date",
    "the response deadline",
    "the last one",
    "that one",
    "for now",
];
/// Words at the end of a value that are no part of it.
const TRAILERS: &[&str] = &["please", "pls", "plz", "thanks", "thank you", "many thanks", "and", "cheers", "ta"];

/// Words that give the reason, whatever the field is called.
const REASONS: &[&str] = &["because", "because of", "as", "since", "due to", "owing to"];

/// "Lift: out of order" is what half of all complaints are about, and says nothing of a restriction.
const HOMONYMS: &[&str] = &["lift"];

/// What is said of a person is short, one thing behind the other: "name: Rosa Quill, telephone 07700 900123".
const PARTICULARS: &[&str] = &["resident", "represent", "log"];

/// Words behind "note" that make it an order to the reader, or the beginning of a sentence.
const NOTE_TO_READER: &[&str] = &[
    "that", "the", "this", "these", "those", "there", "my", "our", "your", "his", "her", "their", "its", "a", "an",
    "i", "we", "you", "he", "she", "they", "it", "to", "on", "of", "in", "from", "for", "with", "how", "what", "well",
    "also", "any", "all", "down", "and",
];

/// How a verb is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Follow {
    /// By a colon: what follows is meant.
    Colon,
    Space,
}

/// A line that begins with a verb.
#[derive(Clone, Copy, Debug)]
pub struct Head<'t> {
    pub names: &'static Names,
    /// Behind the verb, the colon and a little politeness.
    rest: &'t str,
    follow: Follow,
    /// What stood before the verb.
    lead: Lead,
    question: bool,
    /// "note" in small letters: no sentence begins like that.
    small: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lead {
    None,
    Polite,
    Asking,
    Wishing,
}

/// What a line that begins with a verb says.
#[derive(Debug)]
pub enum Said {
    /// Nothing but the verb.
    Bare,
    Fields(Vec<(&'static Field, String)>),
    Mistake(Mistake),
    /// No command at all.
    Prose,
}

/// The verb that begins `text`: a line, perhaps with the lines that go on with it.
pub fn head(text: &str) -> Option<Head<'_>> {
    head_by(text, verb)
}

/// The verb that `text` would begin with but for a slip of the pen.
pub fn nearly(text: &str) -> Option<Head<'_>> {
    head_by(text, |text| {
        let end = name_ends(text).into_iter().next()?;
        Some((names::near_verb(&text[..end])?, &text[end..]))
    })
}

fn head_by(text: &str, verb: fn(&str) -> Option<(&'static Names, &str)>) -> Option<Head<'_>> {
    let (mut text, mut lead) = (line::bare(text), Lead::None);
    for _ in 0..3 {
        let ways = [(Lead::Asking, ASKING), (Lead::Wishing, WISHING), (Lead::Polite, POLITE)];
        let found = ways.into_iter().find_map(|(way, phrases)| Some((way, line::behind(text, phrases)?)));
        match found.filter(|(_, rest)| rest.starts_with([' ', ','])) {
            Some((way, rest)) => {
                text = rest.trim_start_matches([' ', ',']);
                lead = if lead == Lead::None || way != Lead::Polite { way } else { lead };
            }
            None => break,
        }
    }
    let text = line::bare(text);
    let (names, behind) = verb(text)?;
    let small = text.starts_with(char::is_lowercase);
    let (follow, rest) = follow(behind.trim_start_matches(['*', '_']));
    let question = rest.ends_with('?');
    Some(Head { names, rest: rest.trim_start_matches(['*', '_']).trim(), follow, lead, question, small })
}

/// The verb that begins `text`, the longest of them, and what is behind.
fn verb(text: &str) -> Option<(&'static Names, &str)> {
    if !text.starts_with(char::is_alphabetic) {
        return None;
    }
    name_ends(text).into_iter().rev().find_map(|end| Some((names::verb(&text[..end])?, &text[end..])))
}

/// Where a name that begins `text` may end, after each of its first words.
fn name_ends(text: &str) -> Vec<usize> {
    let mut ends = Vec::new();
    for (at, c) in text.char_indices().take_while(|(at, _)| *at <= SHAPED_MAX) {
        let breaks = c.is_whitespace() || ":：=.,;!?*_()–—".contains(c);
        if breaks && text[..at].ends_with(|c: char| c.is_alphanumeric()) {
            ends.push(at);
        }
        if !c.is_whitespace() && breaks || ends.len() == NAME_WORDS {
            return ends;
        }
    }
    if text.len() <= SHAPED_MAX && text.ends_with(char::is_alphanumeric) {
        ends.push(text.len());
    }
    ends
}

fn follow(behind: &str) -> (Follow, &str) {
    let behind = behind.trim_start();
    if let Some(rest) = behind.strip_prefix([':', '：', '=']) {
        return (Follow::Colon, rest);
    }
    let dash = ["– ", "— ", "- "].iter().find_map(|dash| behind.strip_prefix(dash));
    (Follow::Space, dash.or(behind.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'))).unwrap_or(behind))
}

impl Head<'_> {
    /// The field whose words are still to come: nothing but a colon stands behind the verb.
    pub fn waits_for(&self) -> Option<&'static Field> {
        self.names.first().filter(|first| self.follow == Follow::Colon && self.rest.is_empty() && first.holds.free())
    }

    /// The field whose items a list below the verb holds: "define", and a point behind each bullet.
    pub fn lists(&self) -> Option<&'static Field> {
        self.names.row.fields.first().filter(|first| first.several && first.holds.free())
    }

    /// Whether a word of politeness stands before the verb, as before "Please note".
    pub fn is_polite(&self) -> bool {
        self.lead != Lead::None
    }

    /// What it says; references to a case go to `cases`.
    pub fn said(&self, cases: &mut Vec<Reference>) -> Said {
        let Head { names, mut follow, .. } = *self;
        // "I would like to ask: is this ours?" asks us.
        if follow == Follow::Colon && (self.lead == Lead::Wishing || self.lead == Lead::Asking && self.question) {
            return Said::Prose;
        }
        let mut rest = self.rest;
        if follow == Follow::Space {
            // The reference behind "merge" is the case it is to be merged into.
            let own = names.first().is_none_or(|first| first.holds != Holds::Reference);
            rest = without_fillers(rest, own.then_some(cases));
            if let Some(behind) = rest.strip_prefix([':', '：']) {
                (follow, rest) = (Follow::Colon, behind.trim_start());
            }
        }
        if is_bare(without_farewell(rest, false)) {
            let aside = ASIDE.iter().any(|verb| verb.name == names.row.name);
            let wondering = self.question && !aside && self.lead != Lead::Asking;
            return if wondering || self.lead == Lead::Wishing { Said::Prose } else { Said::Bare };
        }
        // "Extend until 4 Dec because it is late?" asks whether it should be; "Telephone: 07700 900123" is a signature.
        let wondering = self.question && follow == Follow::Space && self.lead == Lead::None;
        if wondering || line::is_number(rest) && follow == Follow::Colon {
            return Said::Prose;
        }
        let rest = if self.lead == Lead::Asking { rest.trim_end_matches('?') } else { rest };
        let given = &mut Vec::new();
        if let Some(mark) = mark_at(names, rest, given, After::Verb) {
            let shaped = values(names, mark.field, &rest[mark.behind..], given);
            if shaped || mark.strong || mark.reason || mark.field.holds == Holds::Date {
                return Said::Fields(std::mem::take(given));
            }
            given.clear();
        }
        let Some(first) = names.first() else {
            return self.not_understood(rest);
        };
        if HOMONYMS.contains(&names.row.name) {
            return self.not_understood(rest);
        }
        let noted = || {
            names.row.name == "note"
                && self.small
                && self.lead == Lead::None
                && line::behind(rest, NOTE_TO_READER).is_none()
        };
        match follow {
            Follow::Space if noted() => Said::Fields(vec![(first, rest.to_owned())]),
            Follow::Space if first.holds.free() && !first.holds.shaped(rest) => self.not_understood(rest),
            _ => match values(names, first, rest, given) || follow == Follow::Colon {
                true => Said::Fields(std::mem::take(given)),
                false => self.not_understood(rest),
            },
        }
    }

    /// A mistake, when `rest` has a field that was understood or was written behind a colon; else prose.
    fn not_understood(&self, rest: &str) -> Said {
        let meant = starts_of_words(rest).filter(|at| *at > 0).find(|at| {
            mark_at(self.names, &rest[*at..], &[], After::Words).is_some_and(|mark| {
                mark.strong
                    || mark.reason
                    || mark.field.needed && closed(self.names, mark.field, &rest[at + mark.behind..], &[]).is_some()
            })
        });
        match (meant, self.follow) {
            (Some(at), _) => Said::Mistake(mistake(self.names, rest[..at].trim_end_matches([' ', ',', ';', '-']))),
            (None, Follow::Colon) if !HOMONYMS.contains(&self.names.row.name) => {
                Said::Mistake(mistake(self.names, rest))
            }
            (None, _) => Said::Prose,
        }
    }
}

/// The fields on a line without a colon, each with what its field asks for: "until 4 Dec because the part is late".
pub fn field_line(names: &Names, line: &str, given: &Given) -> Option<Vec<(&'static Field, String)>> {
    // Below a value with a shape the name of a field begins one; below the verb alone, or below words, it may be prose.
    let shaped = given.last().is_some_and(|(field, value)| !field.holds.free() && !value.is_empty());
    let mark = mark_at(names, line, given, if shaped { After::Value } else { After::Verb })?;
    // Their values are long, and only their names matter here.
    let mut fields: Vec<_> = given.iter().map(|(field, _)| (*field, String::new())).collect();
    let shaped = values(names, mark.field, &line[mark.behind..], &mut fields);
    shaped.then(|| fields.split_off(given.len()))
}

/// That `piece` was not understood, with an example of the verb.
pub fn mistake(names: &Names, piece: &str) -> Mistake {
    let name = names.row.name;
    let example = match names.first() {
        Some(first) if first.holds.free() => format!("{name}: {}", first.example),
        Some(first) => format!("{name} {} {}", first.name, first.example).trim_end().to_owned(),
        None => match names.row.fields.first() {
            Some(field) => format!("{name}, and on the next line {}: {}", field.name, field.example),
            None => name.to_owned(),
        },
    };
    Mistake {
        field: None, wrong: format!("“{}” behind “{name}” was not understood", said_back(piece)), example
    }
}

fn is_bare(rest: &str) -> bool {
    !rest.contains(|c: char| c.is_alphanumeric() || "\"“”‘’'<>".contains(c))
}

/// `rest` without "this case", "please" and references at its beginning.
fn without_fillers<'t>(mut rest: &'t str, mut cases: Option<&mut Vec<Reference>>) -> &'t str {
    for _ in 0..4 {
        let trimmed = rest.trim_start_matches(|c: char| c.is_whitespace() || ",.!;[]".contains(c));
        if let Some(behind) = line::behind(trimmed, FILLERS) {
            rest = behind;
        } else if let (Some(cases), Some((reference, behind))) = (cases.as_deref_mut(), reference(trimmed)) {
            cases.push(reference);
            rest = behind;
        } else {
            return trimmed;
        }
    }
    rest.trim_start()
}

/// The reference that begins `text`, and what is behind.
fn reference(text: &str) -> Option<(Reference, &str)> {
    let end = text.find(|c: char| c.is_whitespace() || ",;:]：".contains(c)).unwrap_or(text.len());
    Some((text[..end].trim_end_matches(['.', '!', '?']).parse().ok()?, &text[end..]))
}

/// `text` without a farewell that is its last sentence: "… on order. Thanks, Ada". Without a name behind it "Many thanks."
/// stays where it may be `meant` for the resident.
pub fn without_farewell(text: &str, meant: bool) -> &str {
    let sentences = text.char_indices().rev().filter(|(_, c)| ".!?\n".contains(*c)).take(3);
    let starts = sentences.map(|(at, c)| at + c.len_utf8());
    let farewell = |at: &usize| {
        let rest = line::behind_farewell(text[*at..].trim());
        rest.is_some_and(|rest| rest.is_empty() && !meant || line::is_name(rest))
    };
    match starts.filter(farewell).last() {
        Some(at) => text[..at].trim_end(),
        // "Received with thanks" is no farewell.
        None if !meant && line::is_farewell(text.trim()) && line::behind(text, &["with"]).is_none() => "",
        None => text,
    }
}

/// Fields and what was written into them.
pub type Given = [(&'static Field, String)];

/// The name of a field, found in a line.
#[derive(Clone, Copy, Debug)]
struct Mark {
    field: &'static Field,
    /// Where its value begins.
    behind: usize,
    /// A colon or an equals sign stands behind it.
    strong: bool,
    /// A word that gives the reason.
    reason: bool,
}

/// What stands before the name of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    Verb,
    /// A value with a shape, so that what follows is no part of it.
    Value,
    /// Somebody's words, in which the name of a field is a word like others.
    Words,
}

/// The field that `text` begins with the name of, when it is not among `given` yet.
fn mark_at(names: &Names, text: &str, given: &Given, after: After) -> Option<Mark> {
    let new = |field: &Field| field.several || !given.iter().any(|(known, _)| known.name == field.name);
    for end in name_ends(text).into_iter().rev() {
        let (name, rest) = (&text[..end], text[end..].trim_start_matches(['*', '_']));
        let field = names.field(name).or_else(|| names.field(line::unnumbered(name)).filter(|field| field.several));
        let Some(field) = field.filter(|field| new(field)) else { continue };
        let behind = |rest: &str| text.len() - rest.trim_start_matches(|c: char| c.is_whitespace() || c == '*').len();
        let strong = rest.trim_start().strip_prefix([':', '：', '=']);
        if let Some(rest) = strong {
            return Some(Mark { field, behind: behind(rest), strong: true, reason: false });
        }
        let dashed = ["– ", "— ", "- "].iter().find_map(|dash| rest.trim_start().strip_prefix(dash));
        let apart = rest.starts_with(char::is_whitespace) || rest.is_empty() && field.holds == Holds::Flag;
        let weak = apart && (!field.holds.free() || after == After::Value);
        if weak {
            return Some(Mark { field, behind: behind(dashed.unwrap_or(rest)), strong: false, reason: false });
        }
    }
    let why = || names.field("because").filter(|field| new(field));
    let reasons = if after == After::Value { REASONS } else { &REASONS[..2] };
    let rest = line::behind(text, reasons).filter(|rest| rest.starts_with(char::is_whitespace))?;
    let behind = text.len() - rest.trim_start().len();
    why().map(|field| Mark { field, behind, strong: false, reason: true })
}

/// Where words begin in as much of `text` as is looked at.
fn starts_of_words(text: &str) -> impl Iterator<Item = usize> {
    let mut apart = true;
    text.char_indices().take_while(|(at, _)| *at < LOOKED_AT).filter_map(move |(at, c)| {
        let starts = apart && (c.is_alphanumeric() || c == '*');
        apart = c.is_whitespace();
        starts.then_some(at)
    })
}

/// Adds the value of `field` that begins `text`, and the fields behind it, to `given`.
///
/// Whether every value has the shape its field asks for; one that has not is added all the same, for the form to name.
pub fn values(
    names: &Names,
    mut field: &'static Field,
    mut text: &str,
    given: &mut Vec<(&'static Field, String)>,
) -> bool {
    let mut shaped = true;
    // Every round adds a field; what is given once is not found again, and what may be given often has a colon behind it.
    loop {
        given.push((field, String::new()));
        let free = field.holds.free();
        let found = if free { Some(words(names, text, given)) } else { closed(names, field, text, given) };
        shaped &= found.is_some();
        let (end, next) = found.unwrap_or_else(|| up_to(text, marks(names, text, given, After::Value).next()));
        let value = if free {
            without_farewell(text[..end].trim(), field.paragraphs).trim_end_matches([',', ';', ' '])
        } else {
            tidy(&text[..end])
        };
        if let Some(last) = given.last_mut() {
            value.clone_into(&mut last.1);
        }
        let Some((next, behind)) = next else { return shaped };
        (field, text) = (next, &text[behind..]);
    }
}

/// Where a value ends, and the field behind it with the place where its value begins.
type End = (usize, Option<(&'static Field, usize)>);

fn up_to(text: &str, mark: Option<(usize, Mark)>) -> End {
    match mark {
        Some((at, mark)) => (at, Some((mark.field, at + mark.behind))),
        None => (text.len(), None),
    }
}

/// The names of fields in `text`, and where.
fn marks<'a>(
    names: &'a Names,
    text: &'a str,
    given: &'a Given,
    after: After,
) -> impl Iterator<Item = (usize, Mark)> + 'a {
    let at = starts_of_words(text).filter(|at| *at > 0);
    at.filter_map(move |at| Some((at, mark_at(names, &text[at..], given, after)?)))
}

/// Where words end: before the name of a field that stands behind a comma and has a colon behind it, or is needed and
/// followed by what it asks for.
fn words(names: &Names, text: &str, given: &Given) -> End {
    let apart = |at: usize| text[..at].trim_end_matches([' ', '*']).ends_with([',', ';', '.', '\n', '?', '!']);
    let needed = |at: usize, mark: &Mark| {
        // The day a call was made is not told from the days spoken of in it.
        let plain = mark.field.needed && !mark.field.holds.free();
        plain && closed(names, mark.field, &text[at + mark.behind..], given).is_some()
    };
    // Behind what is promised its date may follow directly: "repair the lift by 4 December". Behind a reason it may not:
    // "extend because nobody can come until 3 December" names another day.
    let direct = given.len() == 1 && names.row.fields.first().is_some_and(|field| field.name == given[0].0.name);
    let direct = |mark: &Mark| direct && mark.field.holds == Holds::Date;
    let particulars = PARTICULARS.contains(&names.row.name);
    let ends = |(at, mark): &(usize, Mark)| {
        let apart = apart(*at);
        apart && (mark.strong || particulars) || (apart || direct(mark)) && needed(*at, mark)
    };
    let after = if particulars { After::Value } else { After::Words };
    up_to(text, marks(names, text, given, after).find(ends))
}

/// Where a value with a shape ends: before the name of the next field, before the colon that begins the words of the next
/// field needed, or with the text.
fn closed(names: &Names, field: &'static Field, text: &str, given: &Given) -> Option<End> {
    let shaped = |text: &str| text.len() <= SHAPED_MAX && field.holds.shaped(tidy(text));
    let mut marks = marks(names, text, given, After::Value).take_while(|(at, _)| *at <= SHAPED_MAX);
    if let Some(mark) = marks.find(|(at, _)| shaped(&text[..*at])) {
        return Some(up_to(text, Some(mark)));
    }
    if shaped(text) {
        return Some((text.len(), None));
    }
    let next =
        names.row.fields.iter().find(|field| {
            field.needed && field.holds.free() && !given.iter().any(|(known, _)| known.name == field.name)
        })?;
    let colon = text.match_indices([':', '：']).map(|(at, colon)| (at, at + colon.len()));
    let mut colon =
        colon.take_while(|(at, _)| *at <= SHAPED_MAX).filter(|(_, behind)| text[*behind..].starts_with(' '));
    colon.find(|(at, _)| shaped(&text[..*at])).map(|(at, behind)| (at, Some((next, behind))))
}

/// A value with a shape, without what is only punctuation or politeness around it.
fn tidy(mut text: &str) -> &str {
    let around = |c: char| c.is_whitespace() || ",;.!*_“”\"‘’'`".contains(c);
    loop {
        text = text.trim_start_matches(around).trim_end_matches(around);
        let polite = TRAILERS.iter().find_map(|word| {
            let at = text.len().checked_sub(word.len())?;
            let ends = text.get(at..)?.eq_ignore_ascii_case(word);
            let apart =
                text[..at].is_empty() || text[..at].ends_with(|c: char| c.is_whitespace() || c == ',' || c == '.');
            (ends && apart).then(|| &text[..at])
        });
        match polite {
            Some(rest) => text = rest,
            None => return text,
        }
    }
}
