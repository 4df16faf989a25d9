//! The forms at the top of what an officer wrote by e-mail.
//!
//! ```text
//! Hi,                                                 passed over
//! Please extend until Fri 4 Dec because the part      a command: a verb, and fields on its line …
//! is on order                                         … as far as its paragraph goes
//! Updates: weekly                                     … or on lines of their own
//!                                                     an empty line ends a value, but for text with paragraphs
//! Update: The part is on order. It comes on 2 Dec.    the next command
//!
//! Thanks, Ada                                         here reading stops
//! ```
//!
//! A wrong act on a case is far worse than a question: what can be a command or prose is prose, and what can be a part of a
//! text or a command of its own is asked about. What a field holds is read later, by [`Form::asked`], which names a field
//! nobody knows as well. One pass, each line looked at a bounded number of times, so linear in the text.

mod head;
mod line;
mod names;

use std::borrow::Cow;

use self::head::{Head, Said};
use self::line::{Break, between};
use self::names::Names;
use super::grammar::{Field, Form, Mistake, unknown};
use super::values::{Holds, ends_label, finding, remedy_kind, said_back, squeezed};
use crate::domain::message::clean_text;
use crate::domain::reference::Reference;

/// Nobody's name, post and addresses take more lines.
const SIGNATURE_LINES_MAX: usize = 12;
/// Nobody writes more commands into one message, nor more fields into one form.
const COMMANDS_MAX: usize = 10;
const FIELDS_MAX: usize = 200;
/// As much of a text is read, in bytes: more than any form holds, and little enough to be read in an instant.
const READ_MAX: usize = 256 * 1024;
/// As much of a line is said to have been left unread, in characters.
const UNREAD_MAX: usize = 200;
/// Verbs whose text stays with us; that of others goes to the resident.
const RECORDS: &[&str] = &["note", "call", "visit", "evidence"];

/// What was found at the top of a letter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// In the order they were written.
    pub forms: Vec<Form>,
    /// What was not understood. Nothing should be done while there is any.
    pub mistakes: Vec<Mistake>,
    /// The first line that was not read, if any words were left but a farewell.
    pub unread: Option<String>,
    /// Cases the commands name as their own ("close WEL-1001-Z"). Nothing should be done when one of them is another case
    /// than the letter belongs to.
    pub cases: Vec<Reference>,
}

impl Written {
    /// Whether nothing in it was meant as a command: a plain letter.
    pub fn is_empty(&self) -> bool {
        self.forms.is_empty() && self.mistakes.is_empty()
    }
}

/// Reads the forms at the top of `text`, what somebody newly wrote.
pub fn read(text: &str) -> Written {
    let whole = clean(text);
    let text = &whole[..whole.floor_char_boundary(READ_MAX)];
    let mut reader = Reader { lines: text.lines().map(str::trim).collect(), at: 0, written: Written::default() };
    reader.run();
    if text.len() < whole.len() && reader.at == reader.lines.len() {
        let wrong = "the message is too long to be read to its end".to_owned();
        reader.written.mistakes.push(Mistake { field: None, wrong, example: String::new() });
    }
    reader.written
}

/// The text as it was typed: without the characters that only lay it out, and with plain spaces.
fn clean(text: &str) -> String {
    let invisible = |c: &char| matches!(c, '\u{ad}' | '\u{34f}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2060}');
    let plain = |c: char| if c != '\n' && c != '\t' && c.is_whitespace() { ' ' } else { c };
    clean_text(text).chars().filter(|c| !invisible(c)).map(plain).collect()
}

#[derive(Debug)]
struct Reader<'t> {
    /// Trimmed.
    lines: Vec<&'t str>,
    /// The line that is read next.
    at: usize,
    written: Written,
}

/// A form that is being read.
#[derive(Debug)]
struct Draft {
    names: &'static Names,
    /// The line of its verb.
    head: usize,
    fields: Vec<(&'static Field, String)>,
    /// What looks like a field and is none: [`Form::asked`] says so.
    unknown: Vec<(String, String)>,
}

/// Whether a line within a paragraph begins a command of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Begins {
    No,
    Yes,
    /// It may as well be a part of the text.
    Perhaps,
}

impl<'t> Reader<'t> {
    fn run(&mut self) {
        self.pass_over_greeting();
        loop {
            self.pass_over_blank();
            let Some(line) = self.lines.get(self.at) else { return };
            if is_end(line) && !self.written.is_empty() {
                self.at += 1;
            } else if line::is_left_behind(line) || line::is_farewell(line) || !self.command() {
                break;
            }
        }
        if self.written.unread.is_none() {
            self.written.unread = self.unread();
        }
    }

    fn pass_over_blank(&mut self) -> bool {
        let from = self.at;
        while self.lines.get(self.at).is_some_and(|line| line.is_empty()) {
            self.at += 1;
        }
        self.at > from
    }

    /// "Hi Redress," and "Thanks for this" are no words to be read; what follows on their line is.
    fn pass_over_greeting(&mut self) {
        for _ in 0..2 {
            self.pass_over_blank();
            let Some(line) = self.lines.get_mut(self.at) else { return };
            match line::behind_greeting(line) {
                Some("") => self.at += 1,
                Some(rest) => *line = rest,
                None if line::behind_farewell(line) == Some("") => self.at += 1,
                None => return,
            }
        }
    }

    /// The first line from here on that says more than farewell.
    fn unread(&self) -> Option<String> {
        let mut ended = !self.written.is_empty();
        for line in self.lines.get(self.at..)?.iter().filter(|line| !line.is_empty()) {
            let labelled = || line::label(line).is_some_and(|label| line::is_contact(&label));
            let contact = || labelled() || line::is_card(line) || !line.contains(' ') && line.contains('.');
            if line::is_left_behind(line) || *line == "--" {
                return None;
            }
            let farewell = line::is_farewell(line);
            ended |= farewell;
            if !farewell && !(ended && (line::is_name(line) || contact())) {
                return Some(line.chars().take(UNREAD_MAX).collect());
            }
        }
        None
    }

    // ── one command ───────────────────────────────────────────────────────────────────────────────────────────────

    /// Reads the command that begins here; false when none does.
    fn command(&mut self) -> bool {
        let line = self.lines[self.at];
        let (mut cases, slip) = (Vec::new(), head::head(line).is_none());
        let Some(found) = head::head(line).or_else(|| head::nearly(line)) else { return false };
        let alone = found.said(&mut cases);
        let mut draft = Draft { names: found.names, head: self.at, fields: Vec::new(), unknown: Vec::new() };
        if let Said::Fields(fields) = &alone {
            draft.fields.clone_from(fields);
        }
        let end = self.end_of_paragraph(self.at + 1, &draft);
        let whole = self.joined(self.at, end);
        let said = if end == self.at + 1 {
            alone
        } else {
            cases.clear();
            let said = if slip { head::nearly(&whole) } else { head::head(&whole) };
            match (said.map_or(Said::Prose, |head: Head| head.said(&mut cases)), alone) {
                (Said::Prose, Said::Prose) => Said::Prose,
                (Said::Prose, Said::Bare) if line::has_bullet(self.lines[self.at + 1]) => match found.lists() {
                    Some(field) => Said::Fields(vec![(field, self.joined(self.at + 1, end).into_owned())]),
                    None => Said::Mistake(head::mistake(draft.names, self.lines[self.at + 1])),
                },
                (Said::Prose, _) => Said::Mistake(head::mistake(draft.names, self.lines[self.at + 1])),
                (said, _) => said,
            }
        };
        draft.fields.clear();
        let mut wrong = Vec::new();
        match said {
            Said::Prose => return false,
            Said::Mistake(mistake) => wrong.push(mistake),
            Said::Bare => draft.fields.extend(found.waits_for().map(|field| (field, String::new()))),
            Said::Fields(fields) => draft.fields = fields,
        }
        if self.written.forms.len() == COMMANDS_MAX {
            let wrong = format!("there are more than {COMMANDS_MAX} commands in one message");
            self.written.mistakes.push(Mistake { field: None, wrong, example: String::new() });
            return false;
        }
        if slip {
            let word = line::bare(line).split(|c: char| !c.is_alphanumeric() && c != '-').next().unwrap_or_default();
            wrong = vec![unknown(word)];
        }
        self.at = end;
        self.fields(&mut draft, &mut wrong);
        if wrong.is_empty() {
            self.written.forms.push(draft.form());
            self.written.cases.append(&mut cases);
        }
        self.written.mistakes.append(&mut wrong);
        true
    }

    /// Reads the lines behind the command's own that belong to it.
    fn fields(&mut self, draft: &mut Draft, wrong: &mut Vec<Mistake>) {
        loop {
            let apart = self.pass_over_blank();
            let Some(line) = self.lines.get(self.at).copied() else { return };
            if is_end(line) {
                self.at += 1;
                return;
            }
            let open = draft.open();
            let runs_on = open.is_some_and(|field| field.paragraphs);
            if line::is_left_behind(line) || line::is_farewell(line) {
                return;
            }
            if apart && self.is_signature(self.at, draft) {
                // It may have been meant for the resident after all: then they must hear that it was left out.
                self.written.unread = runs_on.then(|| line.to_owned());
                return;
            }
            if let Some(field) = self.field(self.at, draft, apart) {
                if draft.fields.len() + draft.unknown.len() >= FIELDS_MAX {
                    let wrong_here = format!("there are more than {FIELDS_MAX} fields in one form");
                    wrong.push(Mistake { field: None, wrong: wrong_here, example: String::new() });
                    return;
                }
                self.take(field, draft);
                continue;
            }
            let begins = self.begins_command(self.at, draft, apart);
            match begins {
                Begins::Yes => return,
                Begins::Perhaps => {
                    let name = open.map_or(draft.names.row.name, |field| field.name);
                    let said = said_back(line);
                    wrong.push(Mistake {
                        field: None,
                        wrong: format!(
                            "“{said}” may be a command, or a part of “{name}”; leave an empty line above a command"
                        ),
                        example: String::new(),
                    });
                    self.at = self.end_of_paragraph(self.at + 1, draft);
                }
                Begins::No if apart && !draft.goes_on_with(line) => return,
                Begins::No if !apart && !self.is_signature(self.at, draft) => {
                    wrong.push(head::mistake(draft.names, line));
                    self.at = self.end_of_paragraph(self.at + 1, draft);
                }
                Begins::No if !apart => return,
                Begins::No => {
                    let end = self.end_of_paragraph(self.at + 1, draft);
                    let more = self.joined(self.at, end).into_owned();
                    if let Some((field, value)) = draft.fields.last_mut() {
                        let gap = if field.paragraphs { "\n\n" } else { "\n" };
                        if !value.is_empty() {
                            value.push_str(gap);
                        }
                        value.push_str(&more);
                    }
                    self.at = end;
                }
            }
        }
    }

    /// Takes the field that begins here, with the lines of its paragraph that belong to it.
    fn take(&mut self, found: Found, draft: &mut Draft) {
        let first = self.at;
        match found {
            Found::Unknown { name, value } => {
                draft.unknown.push((name, value));
                // Its value may have more lines: they are nobody's.
                self.at =
                    self.end_of_paragraph(first + 1, &Draft { fields: Vec::new(), unknown: Vec::new(), ..*draft });
            }
            Found::Fields(fields) => {
                draft.fields.extend(fields);
                let end = self.end_of_paragraph(first + 1, draft);
                self.at = end;
                let below = (first + 1 < end).then(|| self.joined(first + 1, end).into_owned());
                if let (Some(below), Some((field, value))) = (below, draft.fields.last_mut()) {
                    let whole = match (value.is_empty(), between(self.lines[first], &below)) {
                        (true, _) => below,
                        (false, Break::Perhaps) if !line::has_bullet(&below) => format!("{value} {below}"),
                        (false, _) => format!("{value}\n{below}"),
                    };
                    // A day is on one line; what stands below it is something else.
                    if field.holds.free()
                        || value.is_empty()
                        || field.holds.shaped(&whole)
                        || !field.holds.shaped(value)
                    {
                        *value = whole;
                    } else {
                        self.at = first + 1;
                    }
                }
            }
        }
    }

    // ── where things end ──────────────────────────────────────────────────────────────────────────────────────────

    /// The line behind the last one that only goes on with what stands above it, in the same paragraph.
    fn end_of_paragraph(&self, from: usize, draft: &Draft) -> usize {
        let ends = |at: &usize| self.lines[*at].is_empty() || self.interrupts(*at, draft);
        (from..self.lines.len()).find(ends).unwrap_or(self.lines.len())
    }

    fn interrupts(&self, at: usize, draft: &Draft) -> bool {
        let line = self.lines[at];
        let meant = between(self.lines[at - 1], line) == Break::Meant;
        line::is_left_behind(line)
            || meant && (is_end(line) || line::is_farewell(line))
            || self.is_signature(at, draft)
            || self.field(at, draft, false).is_some()
            || self.begins_command(at, draft, false) != Begins::No
    }

    /// Whether the line is the name below a letter: the last line, where no value needs it.
    fn is_signature(&self, at: usize, draft: &Draft) -> bool {
        let line = self.lines[at];
        if !line::is_name(line) {
            return false;
        }
        let above = self.lines[..at].iter().rev().find(|line| !line.is_empty()).copied().unwrap_or_default();
        let apart = self.lines[at.saturating_sub(1)].is_empty() && !above.ends_with([':', ',', ';', '-']);
        let ended = apart || above.ends_with(['.', '!', '?']) || at == draft.head + 1;
        let needed =
            draft.open().is_some_and(|field| field.holds.free() && (field.several && !field.paragraphs || !ended));
        let waiting = draft.fields.last().is_some_and(|(_, value)| value.is_empty());
        if needed || waiting {
            return false;
        }
        let mut below = self.lines[at + 1..].iter().enumerate();
        below.all(|(number, line)| {
            number < SIGNATURE_LINES_MAX && line::is_below_name(line) && head::head(line).is_none()
        })
    }

    fn begins_command(&self, at: usize, draft: &Draft, apart: bool) -> Begins {
        let line = self.lines[at];
        let Some(head) = head::head(line) else { return Begins::No };
        let said = head.said(&mut Vec::new());
        let bare = matches!(said, Said::Bare);
        // Text goes by the name of "note:" and "visit:" as well.
        let nouns = bare || matches!(&said, Said::Fields(fields) if fields[0].0.holds.free());
        let open = draft.open().filter(|field| field.holds.free());
        match (said, open) {
            (Said::Prose, _) => Begins::No,
            (Said::Mistake(_), Some(_)) => Begins::No,
            (_, None) => Begins::Yes,
            (_, Some(field)) if apart && field.paragraphs && head.is_polite() && nouns => Begins::No,
            (_, Some(_)) if apart => Begins::Yes,
            (_, Some(field)) => {
                let meant = between(self.lines[at - 1], line) == Break::Meant;
                let for_the_resident = field.paragraphs && !RECORDS.contains(&draft.names.row.name);
                let announced = self.lines[at - 1].ends_with([':', ',', '-']);
                match nouns && (!meant || for_the_resident || announced) {
                    true if bare && line.ends_with(['.', ',', '!', '?', ';']) => Begins::No,
                    true => Begins::Perhaps,
                    false => Begins::Yes,
                }
            }
        }
    }

    /// The lines from `from` on and before `to`, those joined that a mail program broke.
    fn joined(&self, from: usize, to: usize) -> Cow<'t, str> {
        let lines = &self.lines[from..to];
        let [only] = lines else {
            let mut text = String::new();
            for (at, line) in lines.iter().enumerate() {
                if let Some(above) = at.checked_sub(1).map(|above| lines[above]) {
                    let broken = between(above, line) == Break::Perhaps && !line::has_bullet(line);
                    text.push(if broken { ' ' } else { '\n' });
                }
                text.push_str(line);
            }
            return Cow::Owned(text);
        };
        Cow::Borrowed(only)
    }

    // ── one field ─────────────────────────────────────────────────────────────────────────────────────────────────

    /// The field that the line begins, or what looks like one.
    fn field(&self, at: usize, draft: &Draft, apart: bool) -> Option<Found> {
        let (line, names) = (self.lines[at], draft.names);
        let bare = line::bare(line);
        let open = draft.open();
        let in_words = open.is_some_and(|field| field.holds.free());
        let meant = apart || at == 0 || between(self.lines[at - 1], line) == Break::Meant;
        let new = |field: &Field| field.several || !draft.fields.iter().any(|(given, _)| given.name == field.name);
        if let Some(field) = led(bare, names).filter(|_| meant) {
            return Some(Found::Fields(vec![(field, bare.to_owned())]));
        }
        let Some(label) = line::label(bare) else {
            // The cell of a table, or a heading with its text below.
            let heading = names.field(bare).filter(|field| meant && new(field) && field.holds != Holds::Flag);
            let heading = heading.map(|field| Found::Fields(vec![(field, String::new())]));
            return heading.or_else(|| self.unlabelled(bare, draft, in_words));
        };
        let numbered = || names.field(line::unnumbered(label.name)).filter(|field| field.several);
        if let Some(field) =
            names.field(label.name).or_else(numbered).filter(|field| label.colon || meant || new(field))
        {
            let mut fields = Vec::new();
            if field.holds.free() || field.holds == Holds::Conflict {
                fields.push((field, without_hint(label.value, field).to_owned()));
            } else {
                head::values(names, field, without_hint(label.value, field), &mut fields);
            }
            return Some(Found::Fields(fields));
        }
        if !label.colon || !label_ends(bare, &label) || names::verb(label.name).is_some() {
            return self.unlabelled(bare, draft, in_words);
        }
        let near = names.near_field(label.name).filter(|field| new(field));
        let prose = open.is_some_and(|field| field.paragraphs)
            || in_words && (!meant || open.is_some_and(|field| field.several) && line::has_bullet(line))
            || line::is_contact(&label)
            || squeezed(label.name) == "ps";
        let unknown = || Found::Unknown { name: label.name.to_owned(), value: label.value.to_owned() };
        (near.is_some() && meant || !prose).then(unknown)
    }

    /// The field that a line without a colon begins, when its value leaves no doubt.
    fn unlabelled(&self, bare: &str, draft: &Draft, in_words: bool) -> Option<Found> {
        let fields = head::field_line(draft.names, bare, &draft.fields)?;
        let (first, _) = fields.first()?;
        // "… and we wait / because the part is late" goes on with the words above.
        (!first.holds.free() || !in_words).then_some(Found::Fields(fields))
    }
}

/// What a line of a form holds.
#[derive(Debug)]
enum Found {
    Fields(Vec<(&'static Field, String)>),
    Unknown { name: String, value: String },
}

impl Draft {
    /// The field that goes on with the next line.
    fn open(&self) -> Option<&'static Field> {
        self.fields.last().map(|(field, _)| *field)
    }

    /// Whether the last value goes on behind an empty line.
    fn goes_on_with(&self, line: &str) -> bool {
        self.fields.last().is_some_and(|(field, value)| {
            field.paragraphs || field.several && (value.is_empty() || line::has_bullet(line))
        })
    }

    /// The form, without what was left as we had sent it.
    fn form(self) -> Form {
        let fields = self.fields.into_iter().filter(|(field, value)| !is_left_blank(value, field));
        let fields = fields.map(|(field, value)| match field.holds.free() {
            true => (field.name.to_owned(), head::without_farewell(&value, field.paragraphs).to_owned()),
            false => (field.name.to_owned(), value),
        });
        Form { verb: self.names.row.name.to_owned(), fields: fields.chain(self.unknown).collect() }
    }
}

fn is_end(line: &str) -> bool {
    squeezed(line) == "end" && line.len() <= 6
}

/// The field whose values begin like `line`: "upheld: …", "money: £150 …".
fn led(line: &str, names: &Names) -> Option<&'static Field> {
    names.row.fields.iter().find(|field| match field.holds {
        Holds::Answer => finding(line).is_some_and(|(_, rest)| ends_label(rest)),
        Holds::Remedy => {
            names.field(line::label(line).map_or("", |label| label.name)).is_none() && remedy_kind(line).is_some()
        }
        _ => false,
    })
}

/// Whether the colon behind a label is one: "14:30" and "https://" have none.
fn label_ends(line: &str, label: &line::Label) -> bool {
    let at = line.find([':', '：']).unwrap_or_default();
    let behind = line[at..].chars().nth(1);
    behind.is_none_or(char::is_whitespace) || label.value.is_empty()
}

/// `value` without what we had written behind it to say what is to be put there.
fn without_hint<'t>(value: &'t str, field: &Field) -> &'t str {
    let hint = value.strip_suffix(')').and_then(|value| value.rsplit_once('('));
    match hint {
        Some((value, hint)) if hint == field.meaning || hint == field.holds.in_words() => value.trim_end(),
        _ => value,
    }
}

/// Whether a field holds nothing, or what we had put there to be replaced.
fn is_left_blank(value: &str, field: &Field) -> bool {
    let inner = value.strip_prefix(['<', '[']).and_then(|value| value.strip_suffix(['>', ']']));
    let hint =
        inner.is_some_and(|inner| inner == field.name || inner == field.meaning || inner == field.holds.in_words());
    let flag = field.holds == Holds::Flag;
    hint || if flag { ["no", "none", "n"].contains(&&*squeezed(value)) } else { !value.contains(char::is_alphanumeric) }
}

#[cfg(test)]
mod tests;
