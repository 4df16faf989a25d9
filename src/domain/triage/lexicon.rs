//! Phrases that mean the same thing to an officer, gathered under one name.
//!
//! A few thousand letters are too few to learn that "the lad you sent", "yr man" and "your contractor" are one idea;
//! `config/sorter.words` says so. What each idea then weighs is learnt, never written down. The file's first lines
//! explain its form. Pure; linear in the message.

use super::text::Token;
use std::collections::BTreeMap;

/// The most occurrences of one idea that are listed; more say nothing new.
const HITS_MAX: usize = 64;

/// Why a lexicon could not be read.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct LexiconError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: String,
}

/// One element of a phrase: a set of words, after a gap of at most `gap` others.
#[derive(Clone, Debug)]
struct Element {
    gap: usize,
    slot: usize,
}

/// A phrase and the idea it stands for.
#[derive(Clone, Debug)]
struct Phrase {
    idea: usize,
    /// Elements after the first; the first is where the phrase is filed.
    rest: Vec<Element>,
}

/// An idea found in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Its number, see [`Lexicon::idea`].
    pub idea: usize,
    /// Index of its first token.
    pub first: usize,
    /// Index of its last token.
    pub last: usize,
}

/// The phrases of a lexicon, ready for matching.
#[derive(Debug, Default)]
pub struct Lexicon {
    ideas: Vec<String>,
    /// Word → the sets it belongs to.
    words: BTreeMap<String, Vec<usize>>,
    /// Beginning of a word → the sets it belongs to.
    beginnings: Vec<(String, usize)>,
    /// The sets a number of some size belongs to: see [`sizes`].
    numbers: BTreeMap<&'static str, Vec<usize>>,
    /// By first set: the phrases beginning there.
    phrases: Vec<Vec<Phrase>>,
    /// Word → the class that stands for it in class n-grams.
    classes: BTreeMap<String, String>,
}

impl Lexicon {
    /// Reads a lexicon.
    ///
    /// # Errors
    /// When a phrase stands before the first heading, or names an unknown class.
    pub fn parse(text: &str) -> Result<Self, LexiconError> {
        let mut lexicon = Self::default();
        let mut classes: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut slots: BTreeMap<Vec<String>, usize> = BTreeMap::new();
        let mut section = Section::None;
        for (n, raw) in text.lines().enumerate() {
            let line = raw.split("//").next().unwrap_or_default().trim();
            let wrong = |problem: String| LexiconError { line: n + 1, problem };
            if line.is_empty() {
                continue;
            }
            if let Some(name) = line.strip_prefix("[=").and_then(|l| l.strip_suffix(']')) {
                section = Section::Class(name.to_owned());
                continue;
            }
            if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
                lexicon.ideas.push(name.to_owned());
                section = Section::Idea(lexicon.ideas.len() - 1);
                continue;
            }
            match &section {
                Section::None => return Err(wrong("a phrase before the first heading".to_owned())),
                Section::Class(name) => {
                    let words = alternatives(&line.replace(' ', "|"), &classes).map_err(wrong)?;
                    for word in &words {
                        lexicon.classes.entry(word.clone()).or_insert_with(|| format!("@{name}"));
                    }
                    classes.entry(name.clone()).or_default().extend(words);
                }
                Section::Idea(idea) => {
                    let mut elements = Vec::new();
                    let mut gap = 0;
                    for element in line.split_whitespace() {
                        if let Some(width) = element.strip_prefix("..") {
                            gap = width.parse().map_err(|_| wrong(format!("{element} is not a gap")))?;
                            continue;
                        }
                        let words = alternatives(element, &classes).map_err(wrong)?;
                        let next = slots.len();
                        let slot = *slots.entry(words).or_insert(next);
                        elements.push(Element { gap, slot });
                        gap = 0;
                    }
                    lexicon.phrases.resize_with(lexicon.phrases.len().max(slots.len()), Vec::new);
                    let mut elements = elements.into_iter();
                    if let Some(first) = elements.next() {
                        lexicon.phrases[first.slot].push(Phrase { idea: *idea, rest: elements.collect() });
                    }
                }
            }
        }
        for (words, slot) in slots {
            for word in words {
                if let Some(size) = SIZES.iter().find(|size| **size == word) {
                    lexicon.numbers.entry(size).or_default().push(slot);
                } else if let Some(beginning) = word.strip_suffix('*') {
                    lexicon.beginnings.push((beginning.to_owned(), slot));
                } else {
                    lexicon.words.entry(word).or_default().push(slot);
                }
            }
        }
        Ok(lexicon)
    }

    /// The name of an idea.
    pub fn idea(&self, number: usize) -> &str {
        &self.ideas[number]
    }

    /// The number of a named idea.
    pub fn number(&self, name: &str) -> Option<usize> {
        self.ideas.iter().position(|idea| idea == name)
    }

    /// What stands for a word in class n-grams: its class, `#` for a number, or the word itself.
    pub fn class<'a>(&'a self, word: &'a str) -> &'a str {
        if is_number(word) { "#" } else { self.classes.get(word).map_or(word, String::as_str) }
    }

    /// Every idea in the message with the place it was met, in reading order; once an idea and place.
    pub fn find(&self, tokens: &[Token]) -> Vec<Hit> {
        let read: Vec<usize> = (0..tokens.len()).filter(|i| !tokens[*i].is_pause()).collect();
        let slots: Vec<Vec<usize>> = read.iter().map(|i| self.slots(&tokens[*i].word)).collect();
        let mut hits: Vec<Hit> = Vec::new();
        let mut counts = vec![0; self.ideas.len()];
        for start in 0..read.len() {
            let first_hit = hits.len();
            for slot in &slots[start] {
                for phrase in &self.phrases[*slot] {
                    if counts[phrase.idea] >= HITS_MAX {
                        continue;
                    }
                    let Some(end) = follow(&phrase.rest, start, &slots, |i| tokens[read[i]].ends_sentence()) else {
                        continue;
                    };
                    let hit = Hit { idea: phrase.idea, first: read[start], last: read[end] };
                    match hits[first_hit..].iter_mut().find(|known| known.idea == hit.idea) {
                        Some(known) => known.last = known.last.max(hit.last),
                        None => {
                            counts[phrase.idea] += 1;
                            hits.push(hit);
                        }
                    }
                }
            }
        }
        hits
    }

    /// The sets a word belongs to, ascending.
    fn slots(&self, word: &str) -> Vec<usize> {
        let mut slots = self.words.get(word).cloned().unwrap_or_default();
        for size in sizes(word) {
            slots.extend(self.numbers.get(size).into_iter().flatten());
        }
        slots.extend(self.beginnings.iter().filter(|(b, _)| word.starts_with(b.as_str())).map(|(_, slot)| *slot));
        slots.sort_unstable();
        slots.dedup();
        slots
    }
}

enum Section {
    None,
    Class(String),
    Idea(usize),
}

/// The words an element stands for, classes written out, each once, sorted.
fn alternatives(element: &str, classes: &BTreeMap<String, Vec<String>>) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    for word in element.split('|').filter(|word| !word.is_empty()) {
        match word.strip_prefix('@') {
            None => words.push(word.to_owned()),
            Some(name) => words.extend(classes.get(name).ok_or_else(|| format!("no class {name}"))?.iter().cloned()),
        }
    }
    words.sort_unstable();
    words.dedup();
    Ok(words)
}

fn is_number(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit())
}

/// What a phrase may say of a number: any, an age of 65 or more (the data's "vulnerability"), or the age of a child.
const SIZES: [&str; 3] = ["#", "#old", "#few"];

/// Which of [`SIZES`] a word is.
fn sizes(word: &str) -> &'static [&'static str] {
    match word.parse::<u32>() {
        Ok(0..=12) => &["#", "#few"],
        Ok(65..=109) => &["#", "#old"],
        _ if is_number(word) => &["#"],
        _ => &[],
    }
}

/// Index of the token where a phrase ends that began at `at`, nearest first, or `None`.
fn follow(rest: &[Element], at: usize, slots: &[Vec<usize>], ends: impl Fn(usize) -> bool + Copy) -> Option<usize> {
    let Some((element, rest)) = rest.split_first() else {
        return Some(at);
    };
    for next in at + 1..(at + 2 + element.gap).min(slots.len()) {
        if slots[next].binary_search(&element.slot).is_ok()
            && let Some(end) = follow(rest, next, slots, ends)
        {
            return Some(end);
        }
        if ends(next) {
            return None;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::text::{Field, tokens};
    use super::*;

    const SAMPLE: &str = "[=man]\nman lad // who came\n[sent]\nyour|yr ..1 @man\n[count]\n# times\ncomplain*\n";

    fn found(text: &str) -> Vec<(String, String)> {
        let lexicon = Lexicon::parse(SAMPLE).unwrap();
        let tokens = tokens(text, std::slice::from_ref(&(0..text.len())), Field::Body);
        let span = |hit: &Hit| text[tokens[hit.first].at.start..tokens[hit.last].at.end].to_owned();
        lexicon.find(&tokens).iter().map(|hit| (lexicon.idea(hit.idea).to_owned(), span(hit))).collect()
    }

    #[test]
    fn a_phrase_is_found_across_a_gap_and_a_comma_but_never_across_a_sentence() {
        assert_eq!(found("So yr young, lad came"), [("sent".to_owned(), "yr young, lad".to_owned())]);
        assert_eq!(found("It is your. Man"), []);
        assert_eq!(found("your big old man"), []);
    }

    #[test]
    fn numbers_and_beginnings_of_words_match() {
        assert_eq!(found("11 times I complained")[0].1, "11 times");
        assert_eq!(found("11 times I complained")[1].1, "complained");
    }

    #[test]
    fn a_phrase_of_an_unknown_class_is_refused_by_line() {
        assert_eq!(Lexicon::parse("[x]\na @b\n").unwrap_err().to_string(), "line 2: no class b");
    }
}
