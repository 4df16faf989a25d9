//! New words and old: quotations, signatures and footers, in the languages and mail programs residents use.
//!
//! Nothing is deleted; lines are marked, and spans of the new ones handed back. One pass over the lines with a bounded
//! look ahead, so linear in the text whatever it holds. Where a mark is weak the words stay: reading an old line twice
//! costs a minute, losing a new one costs a breach of the Code.

use std::ops::Range;

use super::wording::{
    ANSWER_PREFIXES, BANNERS, DEVICE_STARTS, DEVICE_WHOLE, DEVICES, FORWARD_PREFIXES, FORWARDED, LABELS, LEADS,
    NOTICES, ORIGINAL, POINTS_DOWN, SPEAKER_WROTE, WROTE,
};
use super::{clean_line, folded};

/// Lines an attribution ("On … wrote:") may be wrapped over.
const ATTRIBUTION_LINES_MAX: usize = 4;
const ATTRIBUTION_BYTES_MAX: usize = 500;
/// "X@y.z wrote:" and shorter is no attribution.
const ATTRIBUTION_BYTES_MIN: usize = 14;
/// Lines a quoted header block may take.
const BLOCK_LINES_MAX: usize = 16;
/// A signature with more lines of words than this is no signature.
const SIGNATURE_LINES_MAX: usize = 15;
/// Marks of signatures that turned out to be none, after which such marks are taken for words.
const SIGNATURE_TRIES_MAX: usize = 50;
/// Bytes of one line, and of one paragraph, that are looked at.
const LOOKED_AT_MAX: usize = 2_000;

/// What is known of a message besides its text.
#[derive(Debug, Default)]
pub(super) struct Setting<'a> {
    /// It answers another: Re: or In-Reply-To.
    pub answers: bool,
    /// It forwards another: Fw:.
    pub forwards: bool,
    pub sender_name: &'a str,
}

/// Which parts of a text are newly written.
#[derive(Debug, Default)]
pub(super) struct Quoted {
    pub new: Vec<Range<usize>>,
    /// The new words point at answers within an unmarked quotation, or there are none beside one.
    pub answers_inside: bool,
}

/// A quoted block of headers: "From: … Sent: … To: … Subject: …".
#[derive(Debug, Default)]
pub(super) struct Block {
    pub from: String,
    pub date: String,
    pub subject: String,
    /// The line behind the block.
    pub end: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Blank,
    New,
    Old,
    Signature,
    Footer,
}

/// One line of a text.
#[derive(Debug)]
pub(super) struct Line<'t> {
    /// Trimmed, and at most [`LOOKED_AT_MAX`] bytes of it.
    pub words: &'t str,
    pub span: Range<usize>,
    /// What it is when it may belong to a block of headers, with its value.
    label: Option<(Label, &'t str)>,
}

impl Line<'_> {
    pub fn quoted(&self) -> bool {
        self.words.starts_with('>')
    }
}

/// The lines of a text.
pub(super) fn lines(text: &str) -> Vec<Line<'_>> {
    let mut at = 0;
    text.split_inclusive('\n')
        .map(|line| {
            let start = at;
            at += line.len();
            let words = head(line.trim(), LOOKED_AT_MAX);
            Line { words, span: start..at, label: label(words) }
        })
        .collect()
}

/// The first `limit` bytes of `text`, or a little less.
fn head(text: &str, limit: usize) -> &str {
    let end = (0..=limit.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    &text[..end]
}

fn tail(text: &str, limit: usize) -> &str {
    let start = text.len().saturating_sub(limit);
    let start = (start..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    &text[start..]
}

/// Marks the lines of `text` as old and new.
pub(super) fn read(text: &str, setting: &Setting<'_>) -> Quoted {
    let lines = lines(text);
    let mut marker =
        Marker { lines: &lines, marks: vec![Mark::Blank; lines.len()], setting, words_seen: false, signature_tries: 0 };
    marker.run();
    let Marker { mut marks, .. } = marker;
    drop_rules(&lines, &mut marks);
    if !marks.contains(&Mark::New) && (!setting.answers || setting.forwards || !marks.contains(&Mark::Old)) {
        // Nothing but a forwarded or a signed text: that is what they wanted us to read.
        for (line, mark) in lines.iter().zip(&mut marks) {
            *mark = if line.words.is_empty() { Mark::Blank } else { Mark::New };
        }
    }
    let unmarked = lines.iter().zip(&marks).filter(|(line, mark)| **mark == Mark::Old && !line.quoted()).count() > 3;
    let points_down = |line: &Line<'_>| {
        let words = line.words.to_lowercase();
        POINTS_DOWN.iter().any(|phrase| words.contains(phrase))
    };
    // Pointed at, or there must be some: nobody sends back our letter without a word.
    let answers_inside = unmarked
        && (!marks.contains(&Mark::New)
            || lines.iter().zip(&marks).take(40).any(|(line, mark)| *mark == Mark::New && points_down(line)));
    Quoted { new: spans(&lines, &marks), answers_inside }
}

/// Joins neighbouring new lines, with the blank ones between them.
fn spans(lines: &[Line<'_>], marks: &[Mark]) -> Vec<Range<usize>> {
    let mut spans: Vec<Range<usize>> = Vec::new();
    let mut joins = false;
    for (line, mark) in lines.iter().zip(marks) {
        match mark {
            Mark::New => match spans.last_mut().filter(|_| joins) {
                Some(span) => span.end = line.span.end,
                None => {
                    spans.push(line.span.clone());
                    joins = true;
                }
            },
            Mark::Blank => {}
            Mark::Old | Mark::Signature | Mark::Footer => joins = false,
        }
    }
    spans
}

/// A line of dashes or underscores in front of something old, or at the end, belongs to it.
fn drop_rules(lines: &[Line<'_>], marks: &mut [Mark]) {
    let mut next = Mark::Old;
    for (line, mark) in lines.iter().zip(marks).rev() {
        if *mark == Mark::New && next != Mark::New && is_rule(line.words) {
            *mark = Mark::Old;
        }
        if *mark != Mark::Blank {
            next = *mark;
        }
    }
}

fn is_rule(words: &str) -> bool {
    words.chars().count() >= 2
        && words.chars().all(|c| matches!(c, '-' | '_' | '=' | '*' | '~' | '—' | '–' | '─' | '‐' | '#' | '+'))
}

struct Marker<'l, 't> {
    lines: &'l [Line<'t>],
    marks: Vec<Mark>,
    setting: &'l Setting<'l>,
    words_seen: bool,
    signature_tries: usize,
}

impl Marker<'_, '_> {
    fn run(&mut self) {
        let mut at = 0;
        while at < self.lines.len() {
            at = self.step(at);
        }
    }

    /// Marks the line at `at`, and perhaps some behind it; returns the next one to mark.
    fn step(&mut self, at: usize) -> usize {
        let line = &self.lines[at];
        if line.words.is_empty() {
            return at + 1;
        }
        if line.quoted() {
            let unmarked =
                is_groupwise_mark(line.words) && self.next_words(at + 1).is_some_and(|next| !self.lines[next].quoted());
            return self.mark(at, if unmarked { self.lines.len() } else { at + 1 }, Mark::Old);
        }
        if let Some(end) = self.old_from(at) {
            return self.mark(at, end, Mark::Old);
        }
        let tries_left = self.signature_tries < SIGNATURE_TRIES_MAX;
        if tries_left && (is_signature_mark(line.words) || self.rules_off_contacts(at)) {
            return self.signature(at);
        }
        if is_device_line(line.words) {
            return self.mark(at, at + 1, Mark::Signature);
        }
        let starts_paragraph = at == 0 || self.lines[at - 1].words.is_empty();
        if starts_paragraph && let Some(end) = self.footer(at) {
            return self.mark(at, end, Mark::Footer);
        }
        self.words_seen = true;
        self.mark(at, at + 1, Mark::New)
    }

    fn mark(&mut self, from: usize, to: usize, mark: Mark) -> usize {
        for at in from..to {
            if !self.lines[at].words.is_empty() {
                self.marks[at] = mark;
            }
        }
        to
    }

    fn next_words(&self, from: usize) -> Option<usize> {
        (from..self.lines.len()).find(|at| !self.lines[*at].words.is_empty())
    }

    /// Where the old text that begins at `at` ends, if any does.
    fn old_from(&self, at: usize) -> Option<usize> {
        let to_the_end = self.lines.len();
        // With nothing said before it, a block of headers is a forward, or the head of a letter: to be read.
        let continues = self.words_seen || (self.setting.answers && !self.setting.forwards);
        let words = self.lines[at].words;
        if is_reply_line(words) {
            return Some(if self.words_seen { to_the_end } else { at + 1 });
        }
        if let Some((length, sure)) = attribution(self.lines, at) {
            let end = at + length;
            return match self.next_words(end) {
                Some(next) if self.lines[next].quoted() => Some(end),
                _ if !sure => None,
                _ if continues => Some(to_the_end),
                _ => Some(end),
            };
        }
        let above_quote = self.lines.get(at + 1).is_some_and(Line::quoted);
        if above_quote && self.lines[at].label.is_some_and(|(label, _)| label == Label::From) {
            return Some(at + 1);
        }
        let end = match (separator(words), header_block(self.lines, at)) {
            (_, Some(block)) => block.end,
            (true, None) => at + 1,
            (false, None) => {
                // Outlook draws a rule above the block.
                let next = self.next_words(at + 1).filter(|_| is_rule(words))?;
                header_block(self.lines, next)?.end
            }
        };
        let quoted = self.next_words(end).is_some_and(|next| self.lines[next].quoted());
        Some(if continues && !quoted { to_the_end } else { end })
    }

    /// Whether a drawn line at `at` has nothing below it but a few short lines with somebody's address or number.
    fn rules_off_contacts(&self, at: usize) -> bool {
        const CONTACT_LINES_MAX: usize = 8;
        if !is_rule(self.lines[at].words) || !self.words_seen {
            return false;
        }
        let below = self.lines[at + 1..].iter().filter(|line| !line.words.is_empty()).take_while(|line| !line.quoted());
        let below: Vec<&str> = below.take(CONTACT_LINES_MAX + 1).map(|line| line.words).collect();
        let digits = |words: &str| words.bytes().filter(u8::is_ascii_digit).count();
        let contact = |words: &&str| words.contains('@') || words.contains("www.") || digits(words) >= 7;
        below.len() <= CONTACT_LINES_MAX && below.iter().all(|words| words.len() <= 90) && below.iter().any(contact)
    }

    /// From a signature mark to the next quotation or the end.
    fn signature(&mut self, at: usize) -> usize {
        let mut end = at + 1;
        let mut count = 0;
        while end < self.lines.len() && count <= SIGNATURE_LINES_MAX {
            let line = &self.lines[end];
            if line.quoted() || self.old_from(end).is_some() {
                break;
            }
            count += usize::from(!line.words.is_empty());
            end += 1;
        }
        if count > SIGNATURE_LINES_MAX {
            self.signature_tries += 1;
            return self.mark(at, at + 1, Mark::New);
        }
        // Somebody who signs with the bare name, and a line at most, has signed: that belongs to the letter.
        let first = self.next_words(at + 1).map_or("", |first| self.lines[first].words);
        let signs = !self.setting.sender_name.is_empty() && first.eq_ignore_ascii_case(self.setting.sender_name);
        self.mark(at, end, if signs && count <= 2 { Mark::New } else { Mark::Signature })
    }

    /// The end of the paragraph at `at` when it is a legal notice, a virus scanner's or a gateway's line.
    fn footer(&self, at: usize) -> Option<usize> {
        let mut paragraph = String::new();
        let mut end = at;
        while end < self.lines.len() && !self.lines[end].words.is_empty() && !self.lines[end].quoted() {
            if paragraph.len() < LOOKED_AT_MAX {
                paragraph.push_str(self.lines[end].words);
                paragraph.push(' ');
            }
            end += 1;
        }
        let paragraph = folded(&paragraph);
        let banner = BANNERS.iter().any(|phrase| head(&paragraph, 200).contains(phrase));
        let notice = self.words_seen && NOTICES.iter().any(|phrase| paragraph.contains(phrase));
        // Words a person wrote may share a paragraph with a banner when lines are not kept apart.
        let long = paragraph.len() > 600 && banner && !notice;
        ((banner && !long) || notice).then_some(end)
    }
}

fn is_reply_line(words: &str) -> bool {
    const PHRASES: &[&str] = &[
        "reply above this line",
        "reply above the line",
        "type your reply above",
        "reply above -",
        "write above this line",
        "add your reply above",
        "oberhalb dieser zeile",
        "au-dessus de cette ligne",
        "encima de esta línea",
        "boven deze regel",
        "sopra questa linea",
        "acima desta linha",
    ];
    let marked = words.len() < 200 && words.starts_with(|c: char| !c.is_alphanumeric());
    let lower = if marked || words.len() < 90 { words.to_lowercase() } else { return false };
    PHRASES.iter().any(|phrase| lower.contains(phrase))
}

/// ">>> Mary Jones <mary@example.com> 11/03/2024 09:00 >>>": GroupWise marks only the head of what it quotes.
fn is_groupwise_mark(words: &str) -> bool {
    words.starts_with(">>> ") && (words.ends_with(">>>") || words.ends_with(':')) && has_year(words)
}

/// "-- " (RFC 3676, 4.3) and what programs and people make of it.
fn is_signature_mark(words: &str) -> bool {
    matches!(words, "--" | "—" | "-- -" | "--=20" | "__")
}

/// "Sent from my phone" and its like: a whole short line, no sentence.
fn is_device_line(words: &str) -> bool {
    let drawn = |c: char| {
        matches!(c, '(' | ')' | '*' | '_' | '-' | '[' | ']' | ' ' | '.' | '\u{200b}'..='\u{200f}' | '\u{2063}')
    };
    let words = words.trim_matches(drawn);
    if words.len() > 160 {
        return false;
    }
    // The program's name may be a link, shown in brackets.
    let lower = without_brackets(&words.to_lowercase().replace('\u{a0}', " "));
    let bare = lower.split('(').next().unwrap_or_default().trim_end();
    let count = bare.split_whitespace().count();
    let excuse = lower.contains("excuse") || lower.contains("typo") || lower.contains("brevity");
    let short = count <= 9 && !bare.contains(", ") && !bare.ends_with(['?', '!']);
    let device = DEVICES.iter().any(|device| bare.contains(device));
    let branded = lower.starts_with("sent from my ")
        && words.get("sent from my ".len()..).is_some_and(|brand| brand.starts_with(char::is_uppercase));
    (DEVICE_STARTS.iter().any(|start| lower.starts_with(start)) && (device || branded) && (short || excuse))
        || (count <= 6 && DEVICE_WHOLE.iter().any(|start| lower.starts_with(start)))
}

/// The line without what stands in angle brackets.
fn without_brackets(line: &str) -> String {
    let mut pieces = line.split('<');
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |words, piece| match piece.split_once('>') {
        Some((_, behind)) => format!("{} {}", words.trim_end(), behind.trim_start()),
        None => words,
    })
}

/// Lines and certainty of an attribution that begins at `at`. A sure one needs no ">" behind it.
fn attribution(lines: &[Line<'_>], at: usize) -> Option<(usize, bool)> {
    let mut joined = String::new();
    for (number, line) in lines[at..].iter().take(ATTRIBUTION_LINES_MAX).enumerate() {
        // Wrapping may leave the bracket of an address at the start of a line.
        let wrapped = joined.rfind('<') > joined.rfind('>');
        if line.words.is_empty()
            || (line.quoted() && !wrapped)
            || joined.len() + line.words.len() > ATTRIBUTION_BYTES_MAX
        {
            return None;
        }
        joined.push_str(line.words);
        let ends = joined.trim_end_matches(['*', ' ', '_', '-']);
        let ends = ends.ends_with([':', '：']) || ends.ends_with("wrote");
        if ends && joined.len() >= ATTRIBUTION_BYTES_MIN {
            let alone = number > 0 && has_time(line.words) && starts_attribution(line.words);
            if alone && attribution_certainty(&line.words.to_lowercase()).is_some() {
                // The last line is one by itself: the first is somebody's sentence.
                return None;
            }
            let lower = ascii_digits(&joined.to_lowercase());
            let sure = attribution_certainty(&lower).filter(|_| number == 0 || starts_attribution(lines[at].words));
            if sure.is_some() {
                return sure.map(|sure| (number + 1, sure));
            }
        }
        joined.push(' ');
    }
    None
}

fn starts_attribution(words: &str) -> bool {
    let start = head(words, 40).to_lowercase();
    let start = start.trim_start_matches(['*', '-', '_', ' ', '\u{202f}']);
    LEADS.iter().any(|lead| start.starts_with(lead)) || start.starts_with(|c: char| c.is_ascii_digit())
        || start.contains('<')
        // A day's name and a comma or full stop, in any language.
        || start.split([',', '.']).next().is_some_and(|day| (2..=10).contains(&day.chars().count()) && day.len() < start.len() && day.chars().all(char::is_alphabetic))
}

/// Whether a joined, lower-case line is an attribution: `Some(true)` when nothing else could be.
fn attribution_certainty(lower: &str) -> Option<bool> {
    let wrote = WROTE.iter().any(|verb| lower.contains(verb));
    let bracketed = lower.contains('<') && lower.contains('@') || lower.contains("mailto:");
    let timed = has_time(lower);
    let dated = has_year(lower);
    let digits = lower.bytes().any(|byte| byte.is_ascii_digit());
    let verb_ends = WROTE.iter().any(|verb| tail(lower, 90).contains(verb));
    let starts = starts_attribution(lower);
    if SPEAKER_WROTE.iter().any(|words| lower.contains(words)) {
        return (wrote && digits && starts).then_some(false);
    }
    // Gmail in languages not listed, and Chinese and Japanese programs, name no verb.
    let without_verb = bracketed && timed && dated && lower.chars().count() < 200;
    let sure = without_verb
        || (wrote && bracketed && (starts || verb_ends))
        || (wrote && timed && (dated || (starts && lower.len() < 120)))
        || (wrote && starts && dated && lower.contains('@'));
    if sure {
        return Some(true);
    }
    // Tutanota: "1 Dec 2026, 08:15 by mary@example.com:".
    let likely = (timed && dated && lower.contains('@'))
        || (wrote && verb_ends && (digits || lower.len() < 80))
        || (bracketed && lower.len() < 120);
    likely.then_some(false)
}

/// Arabic, Persian, Hindi and Bengali numbers in our digits.
fn ascii_digits(text: &str) -> String {
    const ZEROS: [char; 4] = ['٠', '۰', '०', '০'];
    let digit = |c: char| {
        let value =
            ZEROS.iter().find_map(|zero| u32::from(c).checked_sub(u32::from(*zero)).filter(|value| *value < 10));
        value.and_then(|value| char::from_digit(value, 10)).unwrap_or(c)
    };
    text.chars().map(digit).collect()
}

/// 16:02, 4.02, 16h02, 下午3:04.
fn has_time(text: &str) -> bool {
    text.as_bytes().windows(4).any(|window| {
        window[0].is_ascii_digit()
            && matches!(window[1], b':' | b'h' | b'.')
            && window[2].is_ascii_digit()
            && window[3].is_ascii_digit()
    })
}

/// A year, or a date of digits only.
fn has_year(text: &str) -> bool {
    let mut run = 0;
    let mut separated = 0;
    for byte in text.bytes().chain([b' ']) {
        if byte.is_ascii_digit() {
            run += 1;
            continue;
        }
        if run == 4 {
            return true;
        }
        separated = match (run, byte) {
            (1 | 2, b'/' | b'-' | b'.') => separated + 1,
            (1 | 2, _) if separated == 2 => return true,
            _ => 0,
        };
        run = 0;
    }
    false
}

/// "-----Original Message-----", "Begin forwarded message:" and their like.
pub(super) fn separator(words: &str) -> bool {
    forward_line(words)
        || separator_words(words).is_some_and(|inner| inner == "original" || begins_closely(&inner, ORIGINAL))
}

/// "---------- Forwarded message ---------" and its like.
pub(super) fn forward_line(words: &str) -> bool {
    // Lotus Notes: "----- Forwarded by Mary Jones/HQ on 11/03/2024 09:00 -----".
    const BY: &[&str] = &["forwarded by ", "weitergeleitet von ", "transféré par "];
    let drawn = words.starts_with(['-', '_', '*']);
    separator_words(words)
        .is_some_and(|inner| begins_closely(&inner, FORWARDED) || (drawn && BY.iter().any(|by| inner.starts_with(by))))
}

fn begins_closely(inner: &str, phrases: &[&str]) -> bool {
    phrases.iter().any(|phrase| inner.starts_with(phrase) && inner.len() <= phrase.len() + 12)
}

/// What stands between drawn lines, or in front of a colon, in lower case.
fn separator_words(words: &str) -> Option<String> {
    const DRAWN: [char; 9] = ['-', '_', '*', '=', '+', '~', '—', '–', '‐'];
    if words.len() > 160 || !(words.starts_with(DRAWN) || words.ends_with(':')) {
        return None;
    }
    let inner = words.trim_matches(|c: char| DRAWN.contains(&c) || matches!(c, ':' | '>') || c.is_whitespace());
    (!inner.is_empty()).then(|| folded(inner))
}

/// The headers a quoted block may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    From,
    Date,
    To,
    Cc,
    Subject,
    Other,
}

/// The label and value of a line like "*From:* Mary".
fn label(words: &str) -> Option<(Label, &str)> {
    let words = words.trim_start_matches(['*', '_', '|', ' ', '•']);
    let colon = words.find([':', '：'])?;
    let name = words.get(..colon.min(60))?.trim_matches(['*', '_', ' ', '\u{a0}', '\t']);
    if name.is_empty() || name.len() > 40 {
        return None;
    }
    let name = folded(name);
    let (label, _) = LABELS.iter().find(|(_, names)| names.contains(&name.as_str()))?;
    let value = words[colon..].trim_start_matches([':', '：']).trim_start_matches(['*', '_', ' ', '\t']).trim();
    Some((*label, value))
}

/// A block of quoted headers that begins at `at`, in any language.
pub(super) fn header_block(lines: &[Line<'_>], at: usize) -> Option<Block> {
    labelled_block(lines, at).or_else(|| foreign_block(lines, at))
}

/// The same in a language whose labels are not listed: "Word: Name <address>" and two more such lines, one with day and
/// time.
fn foreign_block(lines: &[Line<'_>], at: usize) -> Option<Block> {
    let value = |line: &Line<'_>| {
        let (label, value) = line.words.split_once(':')?;
        let proper = (1..=3).contains(&label.split_whitespace().count()) && label.chars().count() <= 24;
        // Vowel signs and joiners of Indian scripts count as letters.
        let letters = label.chars().all(|c| c.is_alphabetic() || !c.is_ascii() || matches!(c, '*' | ' ' | '-'));
        (proper && letters).then(|| value.trim_matches(['*', ' ', '\t']).to_owned())
    };
    let from = value(lines.get(at)?).filter(|from| from.contains('@') && from.ends_with('>'))?;
    let values: Vec<String> = lines[at..].iter().take(BLOCK_LINES_MAX).map_while(value).collect();
    let date = values.iter().find(|value| has_year(value) && has_time(value)).filter(|_| values.len() >= 3)?;
    Some(Block { from: clean_line(&from), date: clean_line(date), subject: String::new(), end: at + values.len() })
}

/// A sender and two more headers with known labels, next to each other.
fn labelled_block(lines: &[Line<'_>], at: usize) -> Option<Block> {
    let (first, _) = lines.get(at)?.label.filter(|(label, _)| !matches!(label, Label::Other | Label::Cc))?;
    let mut seen = vec![first];
    let mut block = Block::default();
    let mut folded = 0;
    let mut line = at;
    while let Some(next) = lines.get(line).filter(|_| line - at < BLOCK_LINES_MAX) {
        match next.label {
            Some((label, value)) => {
                let slot = match label {
                    Label::From => Some(&mut block.from),
                    Label::Date => Some(&mut block.date),
                    Label::Subject => Some(&mut block.subject),
                    Label::To | Label::Cc | Label::Other => None,
                };
                if let Some(slot) = slot.filter(|slot| slot.is_empty()) {
                    *slot = clean_line(value);
                }
                if !seen.contains(&label) {
                    seen.push(label);
                }
                folded = 0;
                block.end = line + 1;
            }
            None if next.words.is_empty() => {
                let follows = lines[line + 1..].iter().take(2).find(|line| !line.words.is_empty());
                if follows.is_none_or(|next| next.label.is_none()) {
                    break;
                }
            }
            // A long list of recipients, or a value on its own line, may be folded.
            None if folded < 3 && !next.quoted() => {
                if block.from.is_empty() && seen.last() == Some(&Label::From) {
                    block.from = clean_line(next.words);
                }
                folded += 1;
            }
            None => break,
        }
        line += 1;
    }
    let named = seen.iter().filter(|label| **label != Label::Other).count();
    // "From: Mary <mary@example.com>" above "Date: 11 March 2024 09:00" needs no third.
    let exact = block.from.contains('@') && has_year(&block.date) && has_time(&block.date);
    (seen.contains(&Label::From) && (named >= 3 || exact) && !block.from.is_empty()).then_some(block)
}

/// Bytes of "Re:" or its like at the start of `subject`, numbered ("Re[2]:") or not.
fn prefix_length(subject: &str, prefixes: &[&str]) -> usize {
    let lower = head(subject, 24).to_lowercase().replace('：', ":");
    let prefix = prefixes.iter().find(|prefix| lower.starts_with(**prefix)).map(|prefix| prefix.chars().count());
    let numbered = || {
        let rest = lower.strip_prefix("re").filter(|rest| rest.starts_with(['[', '(', '^', ' ']))?;
        let number = rest.split_once(':')?.0;
        let proper = number.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'[' | b']' | b'(' | b')' | b'^' | b' '));
        proper.then(|| number.len() + 3)
    };
    let characters = prefix.or_else(|| numbered().filter(|_| prefixes.contains(&"re:")));
    characters.map_or(0, |count| subject.char_indices().nth(count).map_or(subject.len(), |(at, _)| at))
}

/// Whether a subject says the message answers another.
pub(super) fn answers(subject: &str) -> bool {
    prefix_length(subject.trim(), ANSWER_PREFIXES) > 0
}

/// Whether a subject says the message passes another on.
pub(super) fn forwards(subject: &str) -> bool {
    prefix_length(subject.trim(), FORWARD_PREFIXES) > 0
}

/// The subject without "Re:", "Fw:" and their like.
pub(super) fn bare_subject(subject: &str) -> &str {
    let mut bare = subject.trim();
    loop {
        let length = prefix_length(bare, ANSWER_PREFIXES).max(prefix_length(bare, FORWARD_PREFIXES));
        match bare.get(length..).filter(|_| length > 0) {
            Some(rest) => bare = rest.trim_start(),
            None => return bare,
        }
    }
}
