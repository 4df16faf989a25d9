//! Which words of a message spoke most for a verdict, in pieces a person can read.
//!
//! The weight of each feature is shared among the words it rests on, an officer's ideas counting double; of every stretch
//! of a few words within a clause that begins and ends with a telling word, the heaviest are shown, each with as much of
//! its clause as makes sense of it.

use super::Words;
use super::features::Features;
use super::model::{Head, Model};
use super::text::{Field, Token};
use std::ops::Range;

/// How many stretches explain a verdict.
const REASONS_MAX: usize = 4;
/// The longest stretch, in words.
const STRETCH_MAX: usize = 9;
/// What a shorter stretch of a long clause is lengthened to, in words: "your man" explains less than what he did.
const STRETCH_MIN: usize = 5;
/// How much more an idea of the lexicon counts than a run of words.
const IDEA_WORTH: f64 = 2.0;
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

/// Words that tell nothing by themselves, beside those that begin or end no phrase.
const EMPTY: [&str; 56] = [
    "you", "me", "it", "us", "him", "them", "she", "those", "these", "there", "here", "what", "where", "how", "did",
    "does", "done", "all", "any", "some", "one", "two", "just", "only", "too", "out", "off", "over", "under", "down",
    "again", "now", "more", "other", "another", "should", "might", "may", "must", "being", "having", "got", "get",
    "dont", "youve", "ive", "thats", "dear", "yours", "message", "say", "says", "said", "write", "writes", "didnt",
];

/// The stretches of the message that spoke most for `head`, heaviest first, as they stand in it.
pub fn reasons(model: &Model, read: &Features, words: &Words, head: Head) -> Vec<String> {
    let weights = weights(model, read, head);
    let ideas: Vec<Range<usize>> = read
        .evidence
        .iter()
        .filter(|evidence| evidence.idea && model.weight(evidence.number, head) > 0.0)
        .map(|evidence| evidence.first..evidence.last + 1)
        .collect();
    let mut stretches = stretches(&read.tokens, &weights, &ideas);
    stretches.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.start.cmp(&b.1.start)).then(a.1.end.cmp(&b.1.end)));
    let least = stretches.first().map_or(0.0, |(weight, _)| weight * WORTH_SAYING);
    let mut taken: Vec<Range<usize>> = Vec::new();
    let mut said: Vec<String> = Vec::new();
    for (_, stretch) in stretches.iter().take_while(|(weight, _)| *weight >= least) {
        let at = phrase(&read.tokens, stretch);
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
    for evidence in &read.evidence {
        let value = f64::from(read.values.get(&evidence.number).copied().unwrap_or_default());
        let worth = if evidence.idea { IDEA_WORTH } else { 1.0 };
        let span = evidence.first..=evidence.last;
        let share = worth * model.weight(evidence.number, head) * value / span.clone().count() as f64;
        weights[span].iter_mut().for_each(|weight| *weight += share);
    }
    weights
}

/// Every stretch that could be quoted, with what it weighs, where that is more than nothing.
fn stretches(tokens: &[Token], weights: &[f64], ideas: &[Range<usize>]) -> Vec<(f64, Range<usize>)> {
    let speaking: Vec<f64> = weights.iter().copied().filter(|weight| *weight > 0.0).collect();
    let toll = WORD_WORTH * speaking.iter().sum::<f64>() / speaking.len().max(1) as f64;
    let mut all = Vec::new();
    for (first, token) in tokens.iter().enumerate() {
        if !begins(token) {
            continue;
        }
        let mut weight = 0.0;
        for (last, token) in tokens.iter().enumerate().skip(first).take(STRETCH_MAX) {
            if ends_clause(token) {
                break;
            }
            weight += weights[last] - toll;
            if weight > 0.0 && ends(token) && telling(tokens, &(first..last + 1), ideas) {
                all.push((weight, first..last + 1));
            }
        }
    }
    all
}

/// The whole clause a stretch stands in, where that is short enough to be quoted; else the stretch, lengthened.
fn phrase(tokens: &[Token], stretch: &Range<usize>) -> Range<usize> {
    let from = stretch.start.saturating_sub(STRETCH_MAX);
    let to = tokens.len().min(stretch.end + STRETCH_MAX);
    let start = tokens[from..stretch.start].iter().rposition(ends_clause).map_or(from, |at| from + at + 1);
    let end = tokens[stretch.end..to].iter().position(ends_clause).map_or(to, |at| stretch.end + at);
    if end - start <= STRETCH_MAX {
        return start..end;
    }
    let long_enough =
        |at: &Range<usize>| at.len() >= STRETCH_MIN && begins(&tokens[at.start]) && ends(&tokens[at.end - 1]);
    let to_the_right = (stretch.end..=end).map(|end| stretch.start..end);
    let to_the_left = (start..stretch.start).rev().map(|start| start..stretch.end);
    to_the_right
        .chain(to_the_left)
        .find(|at| at.len() <= STRETCH_MAX && long_enough(at))
        .unwrap_or_else(|| stretch.clone())
}

fn ends_clause(token: &Token) -> bool {
    token.ends_sentence() || token.is_pause() || matches!(token.word.as_str(), "?" | "!")
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

/// Whether a person would take the stretch for a reason: two words that say something, or a whole idea with one; "me"
/// decides a little, and explains nothing.
fn telling(tokens: &[Token], stretch: &Range<usize>, ideas: &[Range<usize>]) -> bool {
    let says = |token: &&Token| {
        let word = token.word.as_str();
        let empty =
            [EMPTY.as_slice(), NO_BEGINNING.as_slice(), NO_END.as_slice()].iter().any(|set| set.contains(&word));
        is_word(token) && !empty && word.chars().count() > 2
    };
    match tokens[stretch.clone()].iter().filter(says).count() {
        0 => false,
        1 => ideas.iter().any(|idea| stretch.start <= idea.start && idea.end <= stretch.end),
        _ => true,
    }
}
