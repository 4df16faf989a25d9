//! What a field may hold, and how it is read from what a person wrote.

use jiff::Timestamp;
use jiff::civil::Date;

use super::dates::{self, Looking};
use super::grammar;
use crate::domain::calendar::{Calendar, WorkingDays};
use crate::domain::case::{Answer, Finding, Ground, Promised, Remedy, RemedyKind};
use crate::domain::landlord::{Landlord, Person};
use crate::domain::letter::can_be_written_to;
use crate::domain::message::clean_text;
use crate::domain::reference::Reference;
use crate::domain::words::Words;

/// Nothing anybody means to write into one field is longer, in characters.
const LONGEST: usize = 20_000;
/// As much of a value as is said back when it is not understood, in characters.
const SAID_BACK: usize = 40;
/// Several names are listed up to this many.
const NAMED: usize = 12;
/// Nobody's name or role, and no reference, is written in more words than this.
const NAME_WORDS: usize = 5;

/// Words that mean the same, the first of them the one that is kept.
pub type Choices = &'static [&'static [&'static str]];

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    Words,
    /// A day to come.
    Date,
    /// A day on which something happened.
    Day,
    /// When something happened.
    Instant,
    /// Somebody registered for the landlord.
    Person,
    /// What somebody has to do with a case (5.8): "none", or what it is.
    Conflict,
    WorkingDays,
    Reference,
    /// Of an action or a letter, within its case.
    Number,
    Email,
    /// Written, or not.
    Flag,
    Choice(Choices),
    /// The name of a verb.
    Verb,
    /// A ground of 2.2.
    Ground,
    /// The answer to one point: what was found, and why.
    Answer,
    /// One of the eight kinds of 7.1, and what it is.
    Remedy,
    /// Something promised: what, by whom, by when.
    Promise,
    /// Who sees to something: a role, or somebody registered.
    Owner,
}

impl Holds {
    /// In one word, as a form names it.
    pub fn in_words(self) -> &'static str {
        match self {
            Holds::Words => "words",
            Holds::Date | Holds::Day => "date",
            Holds::Instant => "date and time",
            Holds::Person => "person",
            Holds::Conflict => "none, or what",
            Holds::WorkingDays => "working days",
            Holds::Reference => "reference",
            Holds::Number => "number",
            Holds::Email => "e-mail address",
            Holds::Flag => "",
            Holds::Choice(_) => "choice",
            Holds::Verb => "what to do",
            Holds::Ground => "ground",
            Holds::Answer => "finding: reasons",
            Holds::Remedy => "kind: what",
            Holds::Promise => "what; owner who; by date",
            Holds::Owner => "role or person",
        }
    }

    /// Whether it is somebody's own words, with no shape of their own.
    pub(super) fn free(self) -> bool {
        matches!(self, Holds::Words | Holds::Answer | Holds::Remedy | Holds::Promise)
    }

    /// Whether `text` has the shape of such a value, whatever it means on a given day: enough to tell it from the words
    /// around it.
    pub(super) fn shaped(self, text: &str) -> bool {
        let few = |words: usize| (1..=words).contains(&text.split_whitespace().take(words + 1).count());
        let name = |c: char| c.is_alphanumeric() || c.is_whitespace() || "@.-_'’<>()&+".contains(c);
        match self {
            Holds::Words | Holds::Promise => false,
            Holds::Date | Holds::Day => dates::shaped(text) && !dates::timed(text),
            Holds::Instant => dates::shaped(text),
            Holds::Person | Holds::Owner => few(NAME_WORDS) && text.chars().all(name),
            Holds::Conflict => is_none(text),
            Holds::WorkingDays => dates::working_days(text).is_ok(),
            Holds::Reference => few(NAME_WORDS) && text.contains(|c: char| c.is_ascii_digit()) && reference_like(text),
            Holds::Number => few(2) && number(text).is_some(),
            Holds::Email => email(text).is_some(),
            Holds::Flag => text.is_empty(),
            Holds::Choice(choices) => choice(choices, text).is_ok(),
            Holds::Verb => grammar::row(text).is_some(),
            Holds::Ground => ground(text).is_ok(),
            Holds::Answer => finding(text).is_some(),
            Holds::Remedy => remedy_kind(text).is_some(),
        }
    }

    /// Reads one value.
    ///
    /// # Errors
    ///
    /// What is wrong with it, without a full stop.
    pub(super) fn read(self, text: &str, context: &Context) -> Result<Value, String> {
        if text.chars().nth(LONGEST).is_some() {
            return Err(format!("that is longer than {LONGEST} characters"));
        }
        let text = clean_text(text);
        let text = text.trim();
        if text.is_empty() && self != Holds::Flag {
            return Err("nothing is written there".to_owned());
        }
        let Context { today, calendar, .. } = *context;
        let said = |wrong: String| format!("{wrong} (“{}”)", said_back(text));
        match self {
            Holds::Words => Ok(Value::Words(Words::new(text))),
            Holds::Date => dates::date(text, today, calendar, Looking::Ahead).map(Value::Date).map_err(said),
            Holds::Day => dates::date(text, today, calendar, Looking::Back).map(Value::Date).map_err(said),
            Holds::Instant => dates::instant(text, today, calendar).map(Value::Instant).map_err(said),
            Holds::Person => context.person(text).map(|person| Value::Person(person.clone())),
            Holds::Conflict => Ok(Value::Conflict((!is_none(text)).then(|| Words::new(text)))),
            Holds::WorkingDays => dates::working_days(text).map(Value::WorkingDays).map_err(said),
            Holds::Reference => reference(text).map(Value::Reference).map_err(said),
            Holds::Number => number(text).map(Value::Number).ok_or_else(|| said("that is no number".to_owned())),
            Holds::Email => email(text).ok_or_else(|| said("that is no e-mail address".to_owned())).map(Value::Words),
            Holds::Flag if text.is_empty() || ["yes", "true"].contains(&&*squeezed(text)) => Ok(Value::Flag),
            Holds::Flag => Err(said("nothing is to be written after it".to_owned())),
            Holds::Choice(choices) => choice(choices, text).map(Value::Choice).map_err(said),
            Holds::Verb => {
                let row = grammar::row(text).ok_or_else(|| said("nothing that can be done has that name".to_owned()));
                row.map(|row| Value::Choice(row.name))
            }
            Holds::Ground => ground(text).map(Value::Ground),
            Holds::Answer => answer(text).map(Value::Answer),
            Holds::Remedy => remedy(text).map(Value::Remedy),
            Holds::Promise => promise(text, context).map(Value::Promise),
            Holds::Owner => context.owner(text).map(Value::Owner),
        }
    }
}

/// A value as it was read.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Words(Words),
    Date(Date),
    Instant(Timestamp),
    Person(Person),
    Conflict(Option<Words>),
    WorkingDays(WorkingDays),
    Reference(Reference),
    Number(u32),
    Flag,
    Choice(&'static str),
    Ground(Ground),
    Answer(Answer),
    Remedy(Remedy),
    Promise(Promised),
    Owner((String, Option<String>)),
}

/// What values are read against.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// In Europe/London.
    pub today: Date,
    pub calendar: &'a Calendar,
    /// Its people are those who can be named.
    pub landlord: &'a Landlord,
}

impl<'a> Context<'a> {
    /// The registered person that `text` names: by e-mail address, by name or a part of it, or by role.
    ///
    /// # Errors
    ///
    /// When nobody or more than one is meant; the sentence says who there is, without a full stop.
    pub fn person(&self, text: &str) -> Result<&'a Person, String> {
        match self.people_named(text)[..] {
            [person] => Ok(person),
            [] => {
                let (everybody, written) = (self.landlord.people(), said_back(text));
                Err(format!("“{written}” is nobody registered for this landlord. There are {}", listed(&everybody)))
            }
            ref several => Err(format!("“{}” may be {}; give the e-mail address", said_back(text), listed(several))),
        }
    }

    /// The day to come that `text` means, as people write it.
    ///
    /// # Errors
    ///
    /// What is wrong with it, without a full stop.
    pub fn day_ahead(&self, text: &str) -> Result<Date, String> {
        dates::date(text, self.today, self.calendar, Looking::Ahead)
    }

    /// Everybody `text` may name, by their post or as [`named`] finds them.
    fn people_named(&self, text: &str) -> Vec<&'a Person> {
        let Landlord { officer, deputy, manager, member_responsible, .. } = self.landlord;
        let posts =
            [("officer", officer), ("deputy", deputy), ("manager", manager), ("memberresponsible", member_responsible)];
        let written = squeezed(text);
        match posts.into_iter().find(|(post, _)| *post == written) {
            Some((_, person)) => vec![person],
            None => named(&self.landlord.people(), text),
        }
    }

    /// Who sees to something, as residents read it, and where they are reminded.
    fn owner(&self, text: &str) -> Result<(String, Option<String>), String> {
        match self.people_named(text)[..] {
            [person] => Ok((person.role.clone(), Some(person.address.clone()))),
            // A role that nobody registered has: the repairs team.
            [] if !text.contains('@') => Ok((text.trim().to_owned(), None)),
            _ => self.person(text).map(|person| (person.role.clone(), Some(person.address.clone()))),
        }
    }
}

/// Those of `people` whom `text` may name: by e-mail address, name, role, or a part of the name; by the surest of these
/// that fits anybody at all.
pub fn named<'a>(people: &[&'a Person], text: &str) -> Vec<&'a Person> {
    let text = text.trim().trim_start_matches('@');
    // "Ben Example <ben@example.org>": the address says who.
    let address =
        text.rsplit_once('<').and_then(|(_, rest)| rest.strip_suffix('>')).filter(|inner| inner.contains('@'));
    let text = address.unwrap_or(text).to_lowercase();
    let ways: [fn(&Person, &str) -> bool; 4] = [
        |person, text| person.address == text,
        |person, text| person.name.to_lowercase() == text,
        |person, text| person.role.to_lowercase() == text,
        |person, text| person.name.to_lowercase().split_whitespace().any(|part| part == text),
    ];
    let fitting = |fits: fn(&Person, &str) -> bool| -> Vec<&Person> {
        people.iter().copied().filter(|person| fits(person, &text)).collect()
    };
    ways.into_iter().map(fitting).find(|fitting| !fitting.is_empty()).unwrap_or_default()
}

fn listed(people: &[&Person]) -> String {
    let names: Vec<String> =
        people.iter().take(NAMED).map(|person| format!("{} ({})", person.name, person.role)).collect();
    let more = if people.len() > NAMED { " and others" } else { "" };
    format!("{}{more}", names.join(", "))
}

/// The beginning of what was written, on one line, without what could act on a terminal.
pub(super) fn said_back(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let line = words.take(SAID_BACK).collect::<Vec<_>>().join(" ");
    let kept: String = line.chars().take(SAID_BACK).collect();
    if kept == line { line } else { format!("{kept}…") }
}

/// Lower case, letters and digits only: "E-Mail" is "email".
pub(super) fn squeezed(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The values in one text: paragraphs and list items, when there are several lines.
pub(super) fn items(text: &str) -> Vec<String> {
    let mut items: Vec<String> = Vec::new();
    let mut open = false;
    for line in text.lines().map(str::trim) {
        let bare = without_marker(line);
        match items.last_mut().filter(|_| open && bare == line) {
            _ if line.is_empty() => {}
            Some(item) => item.extend([" ", line]),
            None => items.push(bare.to_owned()),
        }
        open = !line.is_empty();
    }
    if items.is_empty() { vec![String::new()] } else { items }
}

/// The answers in one text. A paragraph that begins with no finding goes on with the reasons before it.
pub(super) fn answers(text: &str) -> Vec<String> {
    let mut answers: Vec<String> = Vec::new();
    for item in items(text) {
        match answers.last_mut().filter(|_| finding(&item).is_none()) {
            Some(answer) => answer.extend(["\n\n", &item]),
            None => answers.push(item),
        }
    }
    answers
}

/// A list item without what marks it: "- ", "• ", "2. ", "3) ".
fn without_marker(line: &str) -> &str {
    let bullet = ["- ", "* ", "• ", "– ", "· "].iter().find_map(|marker| line.strip_prefix(marker));
    let numbered = || {
        let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
        let digits = line.len() - rest.len();
        (1..=2).contains(&digits).then(|| rest.strip_prefix(". ").or_else(|| rest.strip_prefix(") "))).flatten()
    };
    bullet.or_else(numbered).map_or(line, str::trim_start)
}

fn is_none(text: &str) -> bool {
    ["none", "no", "nothing", "noconflict", "na"].contains(&squeezed(text).as_str())
}

fn reference(text: &str) -> Result<Reference, String> {
    let sole = || match Reference::find_in(text).as_slice() {
        [only] => Some(only.clone()),
        _ => None,
    };
    text.parse().or_else(|why: crate::domain::reference::NotAReference| sole().ok_or(why.to_string()))
}

/// Whether `text` is a reference, perhaps with a slip in it.
fn reference_like(text: &str) -> bool {
    use crate::domain::reference::NotAReference;
    !matches!(text.parse::<Reference>(), Err(NotAReference::Shape))
}

/// "2", "#2", "action 2".
fn number(text: &str) -> Option<u32> {
    let digits = text.trim_start_matches(|c: char| !c.is_ascii_digit() && c != '-');
    digits.parse().ok()
}

fn email(text: &str) -> Option<Words> {
    let bare = text.trim_start_matches("mailto:").trim_matches(['<', '>']).to_lowercase();
    let (local, domain) = bare.split_once('@')?;
    let part = |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || "<>,;@\"".contains(c));
    let whole = part(local) && part(domain) && domain.contains('.') && can_be_written_to(&bare);
    whole.then(|| Words::new(&*bare))
}

fn choice(choices: Choices, text: &str) -> Result<&'static str, String> {
    let written = squeezed(text);
    let meant = choices.iter().find(|same| same.iter().any(|word| squeezed(word) == written));
    meant.and_then(|same| same.first().copied()).ok_or_else(|| {
        let names: Vec<&str> = choices.iter().filter_map(|same| same.first().copied()).collect();
        format!("that is none of {}", names.join(", "))
    })
}

/// What stands before the first colon, or dash between words, and what stands behind it.
fn parted(text: &str) -> Option<(&str, &str)> {
    let part = [":", " - ", " – ", " — "].iter().filter_map(|mark| Some((text.find(mark)?, mark.len()))).min()?;
    Some((text[..part.0].trim(), text[part.0 + part.1..].trim()))
}

const GROUNDS: Choices = &[
    &["over 12 months", "over twelve months", "12 months", "more than 12 months"],
    &["legal proceedings", "legal", "court"],
    &["already considered", "considered"],
];

fn ground(text: &str) -> Result<Ground, String> {
    match (choice(GROUNDS, text), parted(text)) {
        (Ok("over 12 months"), _) => Ok(Ground::OverTwelveMonths),
        (Ok("legal proceedings"), _) => Ok(Ground::LegalProceedings),
        (Ok(_), _) => Ok(Ground::AlreadyConsidered),
        (Err(_), Some((other, words))) if squeezed(other) == "other" && !words.is_empty() => {
            Ok(Ground::Other(words.to_owned()))
        }
        (Err(wrong), _) => {
            Err(format!("{wrong}, or “other:” with the ground as your policy words it (“{}”)", said_back(text)))
        }
    }
}

/// The longer before those they begin with.
const FINDINGS: [(&str, Finding); 13] = [
    ("partly upheld", Finding::PartlyUpheld),
    ("partially upheld", Finding::PartlyUpheld),
    ("partly-upheld", Finding::PartlyUpheld),
    ("part upheld", Finding::PartlyUpheld),
    ("not upheld", Finding::NotUpheld),
    ("not-upheld", Finding::NotUpheld),
    ("upheld in part", Finding::PartlyUpheld),
    ("upheld partly", Finding::PartlyUpheld),
    ("upheld partially", Finding::PartlyUpheld),
    ("upheld in full", Finding::Upheld),
    ("fully upheld", Finding::Upheld),
    ("upheld", Finding::Upheld),
    ("not to be upheld", Finding::NotUpheld),
];
/// These begin a sentence as well, so that a mark must stand behind them.
const FINDINGS_WITH_MARK: [(&str, Finding); 2] =
    [("partly", Finding::PartlyUpheld), ("partially", Finding::PartlyUpheld)];

/// The finding that begins `text`, and what stands behind it.
pub(super) fn finding(text: &str) -> Option<(Finding, &str)> {
    let (yes, no) = (after(text, "yes"), after(text, "no"));
    let text = yes.or(no).unwrap_or(text).trim_start_matches([' ', ',', ':', '.', '-', '–']);
    let among = |findings: &'static [(&str, Finding)]| {
        findings.iter().find_map(|(words, finding)| Some((*finding, after(text, words)?)))
    };
    let found = among(&FINDINGS).or_else(|| among(&FINDINGS_WITH_MARK).filter(|(_, rest)| ends_label(rest)));
    // "No, upheld" contradicts itself.
    found.filter(|(finding, _)| match *finding {
        Finding::NotUpheld => yes.is_none(),
        _ => no.is_none(),
    })
}

/// What stands behind `words` when they begin `text`, in any case.
fn after<'t>(text: &'t str, words: &str) -> Option<&'t str> {
    let begins = text.get(..words.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(words));
    begins.then(|| &text[words.len()..]).filter(|rest| !rest.starts_with(char::is_alphanumeric))
}

/// Whether what stands before `rest` ends there as a label does.
pub(super) fn ends_label(rest: &str) -> bool {
    let rest = rest.trim_start_matches(' ');
    rest.is_empty() || rest.starts_with([':', '：', '.', ',', ';', '-', '–', '—', '=', '\n', '\t'])
}

fn answer(text: &str) -> Result<Answer, String> {
    let text = without_marker(text);
    let Some((finding, rest)) = finding(text) else {
        return Err(format!(
            "it begins with none of “upheld:”, “partly upheld:”, “not upheld:” (“{}”)",
            said_back(text)
        ));
    };
    match rest.trim_start_matches(|c: char| c.is_whitespace() || ":;,.-–—".contains(c)) {
        "" => Err("the reasons are missing (Code 6.7, 6.18)".to_owned()),
        reasons => Ok(Answer { finding, reasons: Words::new(reasons) }),
    }
}

/// The eight kinds of 7.1 as they are written.
const REMEDIES: Choices = &[
    &["apology", "an apology", "apologise"],
    &["acknowledgement", "acknowledge"],
    &["explanation", "explain"],
    &["action"],
    &["changed decision", "decision"],
    &["corrected record", "record"],
    &["money", "compensation", "payment"],
    &["changed policy", "policy"],
];

fn remedy(text: &str) -> Result<Remedy, String> {
    let (name, what) = remedy_kind(text).ok_or_else(|| {
        let wrong = choice(REMEDIES, parted(text).map_or(text, |(kind, _)| kind)).err().unwrap_or_default();
        format!("{wrong} (“{}”)", said_back(text))
    })?;
    let kind = REMEDIES.iter().position(|same| same.first() == Some(&name)).map(|at| RemedyKind::ALL[at]);
    let kind = kind.unwrap_or(RemedyKind::Action);
    let (pence, what) = match kind {
        RemedyKind::Money => {
            let (pence, what) = money(what).ok_or_else(|| format!("the amount is missing (“{}”)", said_back(text)))?;
            (Some(pence), what)
        }
        _ => (None, what),
    };
    match what {
        "" => Err(format!("what it is, or what it is for, is missing (“{}”)", said_back(text))),
        what => Ok(Remedy { kind, what: Words::new(what), pence }),
    }
}

/// The kind of remedy that begins `text`, and what it is.
pub(super) fn remedy_kind(text: &str) -> Option<(&'static str, &str)> {
    // An amount says what kind it is.
    if text.starts_with('£') {
        return choice(REMEDIES, "money").ok().map(|kind| (kind, text));
    }
    let (kind, what) = parted(text).unwrap_or((text, ""));
    let amount = || {
        let kinds = ["money", "compensation of", "compensation", "payment of", "payment"];
        let what = kinds.iter().find_map(|kind| after(text, kind))?.trim_start();
        money(what).and_then(|_| choice(REMEDIES, "money").ok()).map(|kind| (kind, what))
    };
    choice(REMEDIES, kind).ok().map(|kind| (kind, what)).or_else(amount)
}

/// The amount in pence that begins `text`, and the rest: "£1,250.50 for the delay", "150", "150 pounds for the delay".
fn money(text: &str) -> Option<(u32, &str)> {
    let amount = after(text, "gbp").unwrap_or(text).trim_start_matches(['£', ' ']);
    let (signed, text) = (amount.len() < text.len(), amount);
    let pounds_end = text.find(|c: char| !c.is_ascii_digit() && c != ',').unwrap_or(text.len());
    let (pounds, rest) = text.split_at(pounds_end);
    let pounds: u32 = pounds.trim_end_matches(',').replace(',', "").parse().ok()?;
    let behind = rest.strip_prefix('.').filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let (pence, rest) = match behind {
        Some(behind) => {
            let end = behind.find(|c: char| !c.is_ascii_digit()).unwrap_or(behind.len());
            (behind[..end].parse().ok().filter(|_| end == 2)?, &behind[end..])
        }
        None => (0, rest),
    };
    if rest.starts_with(char::is_alphanumeric) {
        return None;
    }
    let named = ["pounds", "pound", "gbp"].iter().find_map(|unit| after(rest.trim_start(), unit));
    let rest = named.unwrap_or(rest);
    // "12 weeks late" is no amount.
    let counts = rest.trim_start().starts_with(char::is_alphabetic);
    let spent =
        || ["for", "to", "towards", "as", "in", "because"].iter().any(|word| after(rest.trim_start(), word).is_some());
    if counts && !signed && named.is_none() && !spent() {
        return None;
    }
    let rest = rest.trim_start_matches(|c: char| c.is_whitespace() || ":;,.-–—".contains(c));
    Some((pounds.checked_mul(100)?.checked_add(pence)?, rest))
}

/// "Renew the extractor fan; owner Repairs Team; by 18 December"; "Repair the lift by 4 December, owner Repairs Team".
fn promise(text: &str, context: &Context) -> Result<Promised, String> {
    let mark = if text.contains(';') { "; " } else { ", " };
    let (mut what, mut owner, mut by) = (Vec::new(), None, None);
    let date = |text: &str| {
        let date = dates::date(text, context.today, context.calendar, Looking::Ahead);
        date.map_err(|wrong| format!("{wrong} (“{}”)", said_back(text)))
    };
    for part in text.split(mark.trim()).map(str::trim).filter(|part| !part.is_empty()) {
        match part.split_once([' ', ':']).map(|(first, rest)| (squeezed(first), rest.trim_start_matches([':', ' ']))) {
            Some((label, rest)) if label == "owner" && owner.is_none() => owner = Some(context.owner(rest)?),
            Some((label, rest)) if label == "by" && by.is_none() => by = Some(date(rest)?),
            _ => what.push(part),
        }
    }
    let what = what.join(mark);
    let (what, by) = match (what.rsplit_once(" by "), by) {
        (Some((what, last)), None) if dates::shaped(last) => (what.trim().to_owned(), Some(date(last)?)),
        (_, by) => (what, by),
    };
    let said = || said_back(text);
    if what.is_empty() {
        return Err(format!("what will be done is missing (“{}”)", said()));
    }
    let (owner, owner_address) = owner.ok_or_else(|| format!("the owner is missing (Code 6.6) (“{}”)", said()))?;
    let by = by.ok_or_else(|| format!("the date is missing (Code 6.6, 7.3) (“{}”)", said()))?;
    Ok(Promised { what: Words::new(what), owner, owner_address, by })
}
