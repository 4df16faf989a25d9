//! A reader over the TOML tree that collects every mistake instead of stopping at the first.
//!
//! A [`Table`] hands out a [`Slot`] for each key it is asked for; whatever was not asked for is an unknown key. A slot
//! turns its value into what is wanted, or notes what is wrong and gives `None`: so a section reads all its keys first
//! and puts its type together last, and `None` always means that a mistake has been noted or the key is absent.
//!
//! Values are never printed: any of them may be a secret in the wrong place.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Display;
use std::ops::{Range, RangeInclusive};

use jiff::civil::Date;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{Problem, Problems};

/// Longest text in characters; all of them end up in one line of a letter or a command.
const TEXT_MAX: usize = 500;

/// Where in the file something stands.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) line: usize,
    pub(super) key: String,
}

/// Everything noted while one file is read.
pub(super) struct Notes<'a> {
    file: String,
    text: &'a str,
    /// Lines that are not TOML. What the parser made of them is a guess, and keys may have been lost with them.
    broken: BTreeSet<usize>,
    problems: RefCell<Vec<Problem>>,
    warnings: RefCell<Vec<Problem>>,
}

impl<'a> Notes<'a> {
    /// Notes on `text`, beginning with the lines that are not TOML.
    pub(super) fn new(file: String, text: &'a str, errors: &[toml::de::Error]) -> Self {
        let mut notes =
            Notes { file, text, broken: BTreeSet::new(), problems: RefCell::default(), warnings: RefCell::default() };
        for error in errors {
            // Only message() and the line: the error's own Display shows the offending line, which may hold a secret.
            let line = error.span().map_or(1, |span| notes.line(&span));
            if notes.broken.insert(line) {
                let what = match error.message() {
                    "duplicate key" => "this key is in this section twice. Leave one out.".to_owned(),
                    message => format!(
                        "this line is not TOML: {message}. Write key = value, text in double quotes, lists in [ ] with \
                         commas."
                    ),
                };
                notes.problems.borrow_mut().push(notes.problem(&Place { line, key: String::new() }, what));
            }
        }
        notes
    }

    /// Notes a mistake: what is wrong, and what to write instead.
    pub(super) fn refuse(&self, place: &Place, what: impl Into<String>) {
        if !self.broken.contains(&place.line) {
            self.problems.borrow_mut().push(self.problem(place, what.into()));
        }
    }

    /// Notes something a person should look at; the configuration is good nevertheless.
    pub(super) fn warn(&self, place: &Place, what: impl Into<String>) {
        self.warnings.borrow_mut().push(self.problem(place, what.into()));
    }

    /// Notes a key that is not there, or out of place; not in a file with broken lines, where one of them may be the
    /// reason.
    fn miss(&self, place: &Place, what: String) {
        if self.broken.is_empty() {
            self.refuse(place, what);
        }
    }

    fn problem(&self, place: &Place, what: String) -> Problem {
        Problem { file: self.file.clone(), line: Some(place.line), key: place.key.clone(), what }
    }

    fn line(&self, span: &Range<usize>) -> usize {
        self.text.as_bytes().iter().take(span.start).filter(|&&byte| byte == b'\n').count() + 1
    }

    /// Mistakes and warnings, each in the order of the file.
    pub(super) fn into_problems(self) -> (Problems, Vec<Problem>) {
        let (mut problems, mut warnings) = (self.problems.into_inner(), self.warnings.into_inner());
        problems.sort_by_key(|problem| problem.line);
        warnings.sort_by_key(|problem| problem.line);
        (Problems(problems), warnings)
    }
}

/// One table of the file.
pub(super) struct Table<'a> {
    notes: &'a Notes<'a>,
    place: Place,
    entries: &'a DeTable<'a>,
    asked: RefCell<BTreeSet<&'static str>>,
}

impl<'a> Table<'a> {
    /// Reads the whole file with `read`, then refuses the keys nobody asked for.
    pub(super) fn root<T>(notes: &'a Notes<'a>, tree: &'a DeTable<'a>, read: impl FnOnce(&Self) -> T) -> T {
        Table::open(notes, Place { line: 1, key: String::new() }, tree, read)
    }

    fn open<T>(notes: &'a Notes<'a>, place: Place, entries: &'a DeTable<'a>, read: impl FnOnce(&Self) -> T) -> T {
        let table = Table { notes, place, entries, asked: RefCell::default() };
        let result = read(&table);
        table.refuse_unknown();
        result
    }

    /// The value of `key`, which must be there. `example` is a value to write, or `section …` for what is a section.
    pub(super) fn need(&self, key: &'static str, example: &'static str) -> Slot<'a> {
        let slot = self.may(key, example);
        if slot.value.is_none() {
            self.notes.miss(&slot.place, format!("is missing. {}", slot.write()));
        }
        slot
    }

    /// The value of `key`, if it is there.
    pub(super) fn may(&self, key: &'static str, example: &'static str) -> Slot<'a> {
        self.asked.borrow_mut().insert(key);
        let value = self.entries.get(key);
        let line = value.map_or(self.place.line, |value| self.notes.line(&value.span()));
        let place = Place { line, key: self.path_of(key) };
        Slot { notes: self.notes, place, name: key, example, value: value.map(Spanned::get_ref) }
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    fn path_of(&self, key: &str) -> String {
        if self.place.key.is_empty() { key.to_owned() } else { format!("{}.{key}", self.place.key) }
    }

    fn refuse_unknown(&self) {
        let known = self.asked.borrow();
        for key in self.entries.keys() {
            let name = key.get_ref().as_ref();
            if known.contains(name) {
                continue;
            }
            let shown = self.path_of(&name.escape_debug().to_string());
            let place = Place { line: self.notes.line(&key.span()), key: shown };
            if let Some(nearest) = nearest(name, &known) {
                let what = format!("is not a key of this section. Write {nearest}, or leave it out.");
                self.notes.refuse(&place, what);
            } else if super::sections::TOP_KEYS.contains(&name) {
                let what = "belongs at the top of the file. Write it above the first [section].";
                self.notes.refuse(&place, what);
            } else {
                // A broken [section] line makes its keys look like those of the section before.
                let known = known.iter().copied().collect::<Vec<_>>().join(", ");
                self.notes.miss(&place, format!("is not a key of this section. Known here: {known}."));
            }
        }
    }
}

/// The known key that `name` was most likely meant to be.
fn nearest(name: &str, known: &BTreeSet<&'static str>) -> Option<&'static str> {
    let slip = |known: &&'static str| {
        let distance = strsim::damerau_levenshtein(name, known);
        (distance <= 1 + known.len() / 4).then_some((distance, *known))
    };
    let longer = || {
        known
            .iter()
            .find(|known| known.len().min(name.len()) >= 4 && (name.starts_with(**known) || known.starts_with(name)))
    };
    known.iter().filter_map(slip).min().map(|(_, nearest)| nearest).or_else(|| longer().copied())
}

/// The place of one value, and the value if there is one.
pub(super) struct Slot<'a> {
    notes: &'a Notes<'a>,
    place: Place,
    name: &'static str,
    example: &'static str,
    value: Option<&'a DeValue<'a>>,
}

impl<'a> Slot<'a> {
    pub(super) fn is_there(&self) -> bool {
        self.value.is_some()
    }

    pub(super) fn is_table(&self) -> bool {
        matches!(self.value, Some(DeValue::Table(_)))
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// Notes that the value is wrong, followed by the example of a right one.
    pub(super) fn refuse(&self, what: &str) {
        self.notes.refuse(&self.place, format!("{what}. {}", self.write()));
    }

    /// As [`Slot::refuse()`], where the example would not do either.
    pub(super) fn refuse_for(&self, instead: impl Display, what: &str) {
        self.notes.refuse(&self.place, format!("{what}. Write {} = {instead}", self.name));
    }

    /// "Write …", the way the example shows.
    fn write(&self) -> String {
        match self.example.strip_prefix("section ") {
            Some(section) => format!("Write the section {section}; config/example.toml shows one."),
            None => format!("Write {} = {}", self.name, self.example),
        }
    }

    /// One line of text, without the blanks around it.
    pub(super) fn text(&self) -> Option<String> {
        match self.value? {
            DeValue::String(text) => self.one_line(text),
            other => self.wrong_type(other, "text in double quotes"),
        }
    }

    /// One line of text that `check` turns into something better, or says what is wrong with.
    pub(super) fn parsed<T>(&self, check: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let text = self.text()?;
        check(&text).map_err(|what| self.refuse(&what)).ok()
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(&self, words: &[(&str, T)]) -> Option<T> {
        self.parsed(|text| {
            words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value).ok_or_else(|| {
                let words: Vec<_> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
                format!("must be {}", words.join(" or "))
            })
        })
    }

    /// A whole number within `range`.
    pub(super) fn number<T>(&self, range: RangeInclusive<T>) -> Option<T>
    where
        T: Copy + Into<u64> + TryFrom<u64>,
    {
        let (low, high): (u64, u64) = ((*range.start()).into(), (*range.end()).into());
        match self.value? {
            DeValue::Integer(number) => {
                let number = u64::from_str_radix(number.as_str(), number.radix()).ok();
                let fits = number.filter(|number| (low..=high).contains(number)).and_then(|n| T::try_from(n).ok());
                if fits.is_none() {
                    self.refuse(&format!("must be between {low} and {high}"));
                }
                fits
            }
            other => self.wrong_type(other, "a whole number without quotes"),
        }
    }

    /// Yes or no.
    pub(super) fn flag(&self) -> Option<bool> {
        match self.value? {
            DeValue::Boolean(flag) => Some(*flag),
            other => self.wrong_type(other, "true or false, without quotes"),
        }
    }

    /// A civil date.
    pub(super) fn date(&self) -> Option<Date> {
        let date = match self.value? {
            DeValue::Datetime(toml::value::Datetime { date: Some(date), time: None, offset: None }) => *date,
            other => return self.wrong_type(other, "a date without quotes, year-month-day"),
        };
        let civil = i8::try_from(date.month)
            .ok()
            .zip(i8::try_from(date.day).ok())
            .zip(i16::try_from(date.year).ok())
            .and_then(|((month, day), year)| Date::new(year, month, day).ok());
        if civil.is_none() {
            self.refuse("is not a day of the calendar");
        }
        civil
    }

    /// A list; an empty `Vec` when it is absent or wrong as a whole.
    pub(super) fn list(&self) -> Vec<Slot<'a>> {
        match self.value {
            None => Vec::new(),
            Some(DeValue::Array(items)) => items.iter().enumerate().map(|(at, item)| self.item(at, item)).collect(),
            Some(other) => self.wrong_type(other, "a list in [ ]").unwrap_or_default(),
        }
    }

    /// A list that must not be empty, if it is there.
    pub(super) fn at_least_one(&self) -> Vec<Slot<'a>> {
        let items = self.list();
        if let Some(DeValue::Array(list)) = self.value
            && list.is_empty()
        {
            self.refuse("is an empty list and must hold at least one");
        }
        items
    }

    /// A list of texts, none of them twice.
    pub(super) fn texts(&self) -> Vec<String> {
        let mut texts = Vec::new();
        for item in self.at_least_one() {
            match item.text() {
                Some(text) if texts.contains(&text) => item.refuse("is in the list twice; leave one out"),
                Some(text) => texts.push(text),
                None => {}
            }
        }
        texts
    }

    /// A table, read as a whole.
    pub(super) fn table<T>(&self, read: impl FnOnce(&Table<'a>) -> Option<T>) -> Option<T> {
        match self.value? {
            DeValue::Table(entries) => Table::open(self.notes, self.place.clone(), entries, read),
            other => self.wrong_type(other, "a table in { } or a section"),
        }
    }

    /// Sections of the same name, `[[landlord]]`; each is spoken of by the value of its key `named_by`, or counted.
    pub(super) fn sections<T>(&self, named_by: &str, mut read: impl FnMut(&Table<'a>) -> Option<T>) -> Vec<T> {
        let mut all = Vec::new();
        if let Some(DeValue::Table(_)) = self.value {
            let what = format!("is one section and must be a list of them. Write [[{}]] with two brackets.", self.name);
            self.notes.refuse(&self.place, what);
            all.extend(self.table(read));
            return all;
        }
        for mut item in self.at_least_one() {
            if let Some(DeValue::Table(entries)) = item.value
                && let Some(DeValue::String(name)) = entries.get(named_by).map(Spanned::get_ref)
                && is_key(name)
            {
                item.place.key = format!("{}.{name}", self.name);
            }
            all.extend(item.table(&mut read));
        }
        all
    }

    fn item(&self, at: usize, item: &'a Spanned<DeValue<'a>>) -> Slot<'a> {
        let place = Place { line: self.notes.line(&item.span()), key: format!("{}.{}", self.place.key, at + 1) };
        Slot { notes: self.notes, place, name: self.name, example: self.example, value: Some(item.get_ref()) }
    }

    fn one_line(&self, text: &str) -> Option<String> {
        let text = text.trim();
        if text.is_empty() {
            self.refuse("is empty");
        } else if text.chars().any(char::is_control) {
            // Names and addresses end up in header lines, where a line break would begin another header.
            self.refuse("holds a line break or another control character");
        } else if text.chars().count() > TEXT_MAX {
            self.refuse(&format!("is longer than {TEXT_MAX} characters"));
        } else {
            return Some(text.to_owned());
        }
        None
    }

    fn wrong_type<T>(&self, found: &DeValue<'_>, wanted: &str) -> Option<T> {
        let found = match found {
            DeValue::String(_) => "text in quotes",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number with a point",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date or time",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.refuse(&format!("is {found} and must be {wanted}"));
        None
    }
}

/// Whether `text` can be the short name of a landlord or a mailbox.
pub(super) fn is_key(text: &str) -> bool {
    (1..=40).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}
