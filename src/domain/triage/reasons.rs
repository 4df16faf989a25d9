//! Which words of a message spoke most for a verdict, in pieces a person can read.
//!
//! The weight of each feature is shared among the words it rests on; of every stretch of a few words within a sentence
//! that begins and ends with a telling word, the heaviest are shown.

use super::Words;
use super::features::Features;
use super::model::{Head, Model};
use super::text::{Field, Token};
use std::ops::Range;

/// How many stretches explain a verdict.
const REASONS_MAX: usize = 4;
/// The longest stretch, in words.
const STRETCH_MAX: usize = 9;
/// A stretch that weighs less than this share of the heaviest explains nothing.
const WORTH_SAYING: f64 = 0.35;
/// What each further word must weigh to be taken in, as a share of the mean weight of the words that speak for it.
const WORD_WORTH: f64 = 0.5;
/// Words that begin no phrase a person would quote.
const NO_BEGINNING: [&str; 22] = [
    "and", "or", "of", "to", "as", "that", "than", "then", "at", "in", "by", "with", "for", "is", "was", "be", "s",
    "so", "also", "on", "from", "which",
];
/// Words that end none.
const NO_END: [&str; 56] = [
    "and", "or", "but", "of", "to", "as", "that", "than", "then", "at", "in", "by", "with", "for", "is", "was", "be",
    "so", "on", "from", "which", "the", "a", "an", "my", "your", "our", "his", "her", "their", "its", "this", "if",
    "when", "i", "we", "he", "she", "they", "are", "were", "been", "has", "have", "had", "will", "would", "could",
    "can", "very", "not", "about", "because", "who", "into", "im",
];

/// The stretches of the message that spoke most for `head`, heaviest first, as they stand in it.
pub fn reasons(model: &Model, read: &Features, words: &Words, head: Head) -> Vec<String> {
    let weights = weights(model, read, head);
    let mut stretches = stretches(&read.tokens, &weights);
    stretches.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.start.cmp(&b.1.start)).then(a.1.end.cmp(&b.1.end)));
    let least = stretches.first().map_or(0.0, |(weight, _)| weight * WORTH_SAYING);
    let mut taken: Vec<Range<usize>> = Vec::new();
    let mut said: Vec<String> = Vec::new();
    for (_, stretch) in stretches.iter().take_while(|(weight, _)| *weight >= least) {
        let at = clause(&read.tokens, stretch);
        // Neither overlapping nor adjoining one that is said already: they would be one.
        if said.len() == REASONS_MAX || taken.iter().any(|other| at.start <= other.end && other.start <= at.end) {
            continue;
        }
        let (first, last) = (&read.tokens[at.start], &read.tokens[at.end - 1]);
        taken.push(at);
        let whole = if first.field == Field::Subject { words.subject } else { words.body };
        if let Some(phrase) = whole.get(first.at.start..last.at.end).filter(|phrase| !said.iter().any(|s| s == phrase))
        {
            said.push(phrase.to_owned());
        }
    }
    said
}

/// How much each token speaks for `head`.
fn weights(model: &Model, read: &Features, head: Head) -> Vec<f64> {
    let mut weights = vec![0.0; read.tokens.len()];
    for (number, first, last) in &read.evidence {
        let value = f64::from(read.values.get(number).copied().unwrap_or_default());
        let share = model.weight(*number, head) * value / (last - first + 1) as f64;
        weights[*first..=*last].iter_mut().for_each(|weight| *weight += share);
    }
    weights
}

/// Every stretch that could be quoted, with what it weighs, where that is more than nothing.
fn stretches(tokens: &[Token], weights: &[f64]) -> Vec<(f64, Range<usize>)> {
    let speaking: Vec<f64> = weights.iter().copied().filter(|weight| *weight > 0.0).collect();
    let toll = WORD_WORTH * speaking.iter().sum::<f64>() / speaking.len().max(1) as f64;
    let mut all = Vec::new();
    for (first, token) in tokens.iter().enumerate() {
        if !begins(token) {
            continue;
        }
        let mut weight = 0.0;
        for (last, token) in tokens.iter().enumerate().skip(first).take(STRETCH_MAX) {
            if ends_stretch(token) {
                break;
            }
            weight += weights[last] - toll;
            if weight > 0.0 && ends(token) && telling(&tokens[first..=last]) {
                all.push((weight, first..last + 1));
            }
        }
    }
    all
}

/// The whole clause a stretch stands in, where that is short enough to be quoted; else the stretch.
fn clause(tokens: &[Token], stretch: &Range<usize>) -> Range<usize> {
    let edge = |token: &Token| ends_stretch(token) || token.is_pause();
    let from = stretch.start.saturating_sub(STRETCH_MAX);
    let to = tokens.len().min(stretch.end + STRETCH_MAX);
    let start = tokens[from..stretch.start].iter().rposition(edge).map_or(from, |at| from + at + 1);
    let end = tokens[stretch.end..to].iter().position(edge).map_or(to, |at| stretch.end + at);
    if end - start <= STRETCH_MAX { start..end } else { stretch.clone() }
}

fn ends_stretch(token: &Token) -> bool {
    token.ends_sentence() || matches!(token.word.as_str(), "?" | "!" | "\"")
}

fn begins(token: &Token) -> bool {
    is_word(token) && !NO_BEGINNING.contains(&token.word.as_str())
}

fn ends(token: &Token) -> bool {
    is_word(token) && !NO_END.contains(&token.word.as_str())
}

fn is_word(token: &Token) -> bool {
    token.word.starts_with(char::is_alphanumeric)
}

/// Whether a person would take the words for a reason: two or more, or a long one; "me" decides a little, and explains
/// nothing.
fn telling(words: &[Token]) -> bool {
    let letters = |token: &Token| token.word.chars().count();
    words.iter().filter(|token| letters(token) > 2).count() > 1 || words.iter().any(|token| letters(token) > 6)
}
