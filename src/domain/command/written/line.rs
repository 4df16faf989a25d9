//! What one line of an e-mail is: a greeting, a farewell, something a mail program left behind, or a label and its value.

use crate::domain::calendar::weekday_named;
use crate::domain::command::values::squeezed;

/// A label longer than this is a sentence with a colon in it, in bytes and in words.
const LABEL_BYTES_MAX: usize = 60;
const LABEL_WORDS_MAX: usize = 4;
/// Nobody is greeted with more words.
const NAME_WORDS_MAX: usize = 4;
/// A program that breaks lines breaks them between these lengths, in characters.
const WRAPPED: std::ops::RangeInclusive<usize> = 60..=80;

const GREETINGS: &[&str] =
    &["hi", "hello", "hey", "hiya", "dear", "good morning", "good afternoon", "good evening", "morning", "afternoon"];

const FAREWELLS: &[&str] = &[
    "thanks",
    "thank you",
    "many thanks",
    "thanks again",
    "thanks in advance",
    "thanks very much",
    "thank you very much",
    "with thanks",
    "thx",
    "ta",
    "cheers",
    "regards",
    "kind regards",
    "rgds",
    "warm regards",
    "best regards",
    "with kind regards",
    "best",
    "best wishes",
    "all the best",
    "kr",
    "bw",
    "yours",
    "yours sincerely",
    "yours faithfully",
    "sincerely",
];

/// Beginnings of lines that mail programs write.
const LEFT_BEHIND: &[&str] = &[
    "-----",
    "_____",
    "sent from my ",
    "sent from outlook",
    "sent from yahoo",
    "sent from mail for",
    "get outlook for",
    "begin forwarded message",
];

/// Words that make a short line no name.
const NO_NAMES: &[&str] = &[
    "not", "no", "don't", "don’t", "do", "wait", "stop", "hold", "only", "but", "if", "yet", "sorry", "ignore",
    "cancel",
];

/// Labels of what stands below a name, or in a quoted message's head.
const CONTACT: &[&str] = &[
    "tel",
    "t",
    "m",
    "mob",
    "mobile",
    "phone",
    "telephone",
    "direct",
    "directdial",
    "ddi",
    "office",
    "fax",
    "email",
    "e",
    "web",
    "website",
    "w",
    "address",
    "from",
    "sent",
    "to",
    "cc",
    "subject",
    "date",
];

/// How two lines below each other belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Break {
    /// Whoever wrote them began a new line.
    Meant,
    /// The line above was full: the mail program may have done it.
    Perhaps,
}

/// What lies between the line `above` and the one below it. A program breaks a line only where the next word would not fit.
pub fn between(above: &str, below: &str) -> Break {
    let word = below.split_whitespace().next().unwrap_or_default();
    let width = |text: &str| text.chars().take(WRAPPED.end() + 1).count();
    let (length, with_word) = (width(above), width(above) + 1 + width(word));
    if with_word <= *WRAPPED.start() || length > *WRAPPED.end() { Break::Meant } else { Break::Perhaps }
}

/// The text without a line's bullet or number: "- ", "•", "1. ", "b) ".
pub fn without_bullet(line: &str) -> &str {
    let mut chars = line.chars();
    let rest = match chars.next() {
        Some('•' | '·' | '▪' | '◦' | '●' | '○' | '§' | '‣') => Some(chars.as_str()),
        Some('-' | '*' | '–' | '—') => Some(chars.as_str()).filter(|rest| rest.starts_with(char::is_whitespace)),
        _ => None,
    };
    let numbered = || {
        let (number, rest) = line.split_once(['.', ')'])?;
        let digits = (1..=2).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
        let letter = number.len() == 1 && number.bytes().all(|b| b.is_ascii_lowercase());
        ((digits || letter) && rest.starts_with(char::is_whitespace)).then_some(rest)
    };
    rest.or_else(numbered).unwrap_or(line).trim_start()
}

pub fn has_bullet(line: &str) -> bool {
    without_bullet(line).len() < line.len()
}

/// A line without what only shows it: bullet, marks of bold type, quotation marks around the whole.
pub fn bare(line: &str) -> &str {
    let line = without_bullet(line);
    let quoted = line.strip_prefix(['“', '"', '‘', '\'', '«']).and_then(|inner| {
        let inner = inner.strip_suffix(['”', '"', '’', '\'', '»', '“'])?;
        (!inner.contains(['“', '”', '"'])).then_some(inner)
    });
    let line = quoted.unwrap_or(line).trim();
    let starred = line.trim_start_matches(['*', '_', '`']);
    match starred.len() < line.len() {
        true => starred.trim_end_matches(['*', '_', '`']).trim(),
        false => line,
    }
}

/// A label and what stands behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label<'t> {
    pub name: &'t str,
    pub value: &'t str,
    /// A colon, which nothing but a label has, stands between them; else a dash, an equals sign or the edge of a cell.
    pub colon: bool,
}

/// The label that begins `line`, a [`bare`] one: "Until: 4 Dec", "Until (the new date) – 4 Dec", "*Until*: 4 Dec".
pub fn label(line: &str) -> Option<Label<'_>> {
    let mut depth = 0_usize;
    for (at, c) in line.char_indices().take_while(|(at, _)| *at <= LABEL_BYTES_MAX) {
        let behind = &line[at + c.len_utf8()..];
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            ':' | '：' | '=' | '\t' => return labelled(&line[..at], behind, matches!(c, ':' | '：')),
            '–' | '—' => return labelled(&line[..at], behind, false),
            '-' if line[..at].ends_with(' ') && (behind.is_empty() || behind.starts_with(' ')) => {
                return labelled(&line[..at], behind, false);
            }
            _ if c.is_alphanumeric() || " -'’*_./#`&".contains(c) => {}
            _ => return None,
        }
    }
    None
}

fn labelled<'t>(name: &'t str, value: &'t str, colon: bool) -> Option<Label<'t>> {
    let marks = |c: char| c.is_whitespace() || "*_`".contains(c);
    let name = name.split('(').next().unwrap_or_default().trim_matches(marks);
    let words = name.split_whitespace().count();
    let named = name.starts_with(char::is_alphabetic) && words <= LABEL_WORDS_MAX;
    // Behind a label in bold type stands the other end of it; a list's bullet has a space behind it.
    let value = match value.strip_prefix(['*', '_', '`']) {
        Some(_) => value.trim_start_matches(['*', '_', '`']),
        None => value,
    };
    let value = value.trim().trim_start_matches([':', '：']).trim_start();
    named.then_some(Label { name, value, colon })
}

/// A label without the number behind it: "Point 2" is "Point".
pub fn unnumbered(name: &str) -> &str {
    name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '#' || c == '.').trim_end()
}

/// `text` behind the words of `phrases` that begin it, the longest of them.
pub fn behind<'t>(text: &'t str, phrases: &[&str]) -> Option<&'t str> {
    let fits = |phrase: &&str| {
        let begins = text.get(..phrase.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(phrase));
        begins && !text[phrase.len()..].starts_with(char::is_alphanumeric)
    };
    let longest = phrases.iter().copied().filter(|phrase| fits(phrase)).max_by_key(|phrase| phrase.len())?;
    Some(&text[longest.len()..])
}

/// What stands behind the greeting that begins `line`: "" behind "Hello all,", "please …" behind "Hi, please …".
pub fn behind_greeting(line: &str) -> Option<&str> {
    let rest = behind(line, GREETINGS)?;
    let starts = rest.char_indices().filter(|(at, c)| *c == ' ' && *at <= LABEL_BYTES_MAX).map(|(at, _)| at + 1);
    let asks = |at: &usize| behind(&rest[*at..], &["please", "pls", "can you", "could you", "would you"]).is_some();
    if let Some(at) = starts.take(NAME_WORDS_MAX).find(asks) {
        return Some(&rest[at..]);
    }
    let name_max = |name: &str| name.split_whitespace().count() <= NAME_WORDS_MAX && !name.contains([':', '=']);
    match rest.split_once(" - ").or_else(|| rest.split_once([',', '!', '–', '—'])) {
        Some((name, rest)) if name_max(name) => Some(rest.trim_start()),
        _ if name_max(rest) => Some(""),
        _ => None,
    }
}

/// Whether `line` says farewell: "Thanks", "Kind regards, Ada", "-- ".
pub fn is_farewell(line: &str) -> bool {
    is_rule(line) || behind_farewell(line).is_some_and(|rest| rest.is_empty() || is_name(rest))
}

/// A line of nothing but dashes, stars or underscores.
fn is_rule(line: &str) -> bool {
    line.len() >= 2 && line.chars().all(|c| "-–—_*=".contains(c))
}

/// What stands behind the farewell that begins `line`.
pub fn behind_farewell(line: &str) -> Option<&str> {
    behind(line, FAREWELLS).map(|rest| rest.trim_matches(|c: char| c.is_whitespace() || ",.!–—-*_".contains(c)))
}

/// Whether `line` may be somebody's name: "Ada", "A. Example", "Ada O'Example-Smith".
pub fn is_name(line: &str) -> bool {
    let word = |word: &str| {
        let word = word.trim_end_matches(',');
        // A full stop ends a sentence, but behind an initial or a title.
        word.starts_with(char::is_uppercase)
            && (!word.ends_with('.') || word.chars().count() <= 3)
            && word.chars().all(|c| c.is_alphabetic() || "'’-.".contains(c))
    };
    let words = line.split_whitespace().take(5).collect::<Vec<_>>();
    let first = words.first().map(|first| first.to_lowercase()).unwrap_or_default();
    let other = NO_NAMES.contains(&&*first) || weekday_named(&first).is_some();
    (1..=4).contains(&words.len()) && words.into_iter().all(word) && !other
}

/// Whether `line` may stand below a name: a post, a house, a telephone number.
pub fn is_below_name(line: &str) -> bool {
    const WORDS_MAX: usize = 7;
    let words = line.split_whitespace().take(WORDS_MAX + 1).count();
    let contact = || label(line).is_some_and(|label| is_contact(&label));
    line.is_empty() || contact() || is_rule(line) || words <= WORDS_MAX && !line.ends_with(['.', '!', '?', ':'])
}

/// Whether a mail program wrote `line`, or it is quoted: what stands below is not newly written.
pub fn is_left_behind(line: &str) -> bool {
    let wrote = || line.ends_with("wrote:") && line.get(..3).is_some_and(|on| on.eq_ignore_ascii_case("on "));
    line.starts_with('>')
        || wrote()
        || LEFT_BEHIND.iter().any(|begin| line.get(..begin.len()).is_some_and(|head| head.eq_ignore_ascii_case(begin)))
}

/// Whether `line` is one of a signature that no label begins: the logo, as Outlook writes it into the text, a telephone number,
/// or "Orchard Housing | 01632 960100".
pub fn is_card(line: &str) -> bool {
    let sentence = || line.ends_with(['.', '?', '!', ':']) || line.contains(". ") || line.contains("? ");
    let logo = line.get(..5).is_some_and(|begin| begin.eq_ignore_ascii_case("[cid:"));
    logo || is_number(line) || line.contains('|') && !sentence() && line.split_whitespace().count() <= 12
}

/// Whether `text` is a telephone number, and nothing else.
pub fn is_number(text: &str) -> bool {
    text.len() > 5 && text.chars().all(|c| c.is_ascii_digit() || " +()-.".contains(c))
}

/// Whether `label` belongs to a signature or to a quoted message's head: "Tel: 020 7946 0000", "From: Ada".
pub fn is_contact(label: &Label) -> bool {
    is_number(label.value) || CONTACT.contains(&squeezed(label.name).as_str())
}
