//! The wish a message puts, as an exact span of its body.
//!
//! Every sentence is asked whether it is the wish; the span runs from its words of asking to its end. An officer reads
//! it beside the message, so its edges are a matter of taste and a near miss does no harm.

use super::Context;
use super::features::{Features, features, number};
use super::lexicon::{Hit, Lexicon};
use super::model::{Head, Model};
use super::text::{Field, Token};
use std::collections::BTreeMap;
use std::ops::Range;

/// From which log odds a sentence counts as a wish; low, for a wish shown in vain costs nothing.
const WISH_FROM: f64 = -2.5;
/// The same for a sentence that asks in so many words.
const ASKED_WISH_FROM: f64 = -4.5;
/// The fewest tokens a wish is cut down to.
const WISH_WORDS: usize = 4;
/// A line this long was broken by the mail program and its sentence goes on, in bytes.
const WRAPPED_LINE: usize = 60;
/// Ideas of the lexicon that introduce a wish begin so.
const ASKING: &str = "wish_";
/// The one of them that introduces it only where a clause begins: "mend it", not "I pay for it".
const COMMAND: &str = "wish_command";
/// Words after which a clause begins as after a pause.
const JOINING: [&str; 9] = ["and", "or", "but", "so", "then", "just", "either", "please", "pls"];
/// The idea that takes a wish back: what the landlord wants, a question, a figure of speech.
const NOT_WISHED: &str = "not_wished";
/// The idea that takes it back unless the writer speaks for others: what a neighbour wants.
const OTHERS_WISH: &str = "others_wish";
/// Words after a comma that begin a reason, not a wish.
const REASONS: [&str; 14] =
    ["as", "because", "since", "so", "but", "there", "its", "not", "i", "hes", "shes", "we", "before", "which"];
/// Where a sentence stands from the beginning, and from the end.
const FIRST: [&str; 4] = ["first sentence", "second sentence", "third sentence", "later sentence"];
const LAST: [&str; 5] = ["last sentence", "last but one", "last but two", "last but three", "earlier sentence"];
/// The value of such a feature.
const PLACE: f32 = 0.7;

/// The sentences of the body, as index ranges of the tokens.
pub fn sentences(tokens: &[Token], body: &str) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut start = 0;
    for (i, token) in tokens.iter().enumerate() {
        if token.field == Field::Subject {
            start = i + 1;
        } else if (token.ends_sentence() && !wraps(body, token)) || token.word == "?" || token.word == "!" {
            if start < i {
                out.push(start..i + 1);
            }
            start = i + 1;
        }
    }
    if start < tokens.len() {
        out.push(start..tokens.len());
    }
    out
}

/// Whether a line end is only the mail program's.
fn wraps(body: &str, token: &Token) -> bool {
    let (before, after) = (&body[..token.at.start], &body[token.at.end..]);
    body.get(token.at.clone()) == Some("\n")
        && before.len() - before.rfind('\n').map_or(0, |n| n + 1) >= WRAPPED_LINE
        && after.starts_with(char::is_alphanumeric)
}

/// The body range of some tokens.
pub fn bytes(tokens: &[Token]) -> Range<usize> {
    let (first, last) = (tokens.first(), tokens.last());
    first.map_or(0, |token| token.at.start)..last.map_or(0, |token| token.at.end)
}

/// The features of the sentence that is number `n` of `count`.
pub fn sentence(
    lexicon: &Lexicon,
    body: &str,
    span: &Range<usize>,
    n: usize,
    count: usize,
    context: Context,
) -> BTreeMap<u32, f32> {
    let mut values = features(lexicon, "", body, std::slice::from_ref(span), context).values;
    let from_end = (count - n).min(LAST.len()) - 1;
    values.insert(number(0, FIRST[n.min(FIRST.len() - 1)]), PLACE);
    values.insert(number(0, LAST[from_end]), PLACE);
    values
}

/// The features that tell where a sentence stands; no whole message has them.
pub fn places() -> impl Iterator<Item = u32> {
    FIRST.iter().chain(&LAST).map(|name| number(0, name))
}

/// The wish, or `None` when none is put. Whoever speaks `for_others` puts theirs.
pub fn wish(
    lexicon: &Lexicon,
    model: &Model,
    read: &Features,
    body: &str,
    context: Context,
    for_others: bool,
) -> Option<Range<usize>> {
    let sentences = sentences(&read.tokens, body);
    let (asking, taken_back) = askings(lexicon, read, for_others);
    let mut best: Option<(f64, &Range<usize>)> = None;
    for (n, at) in sentences.iter().enumerate() {
        let asks = asking.iter().any(|first| at.contains(first));
        // Nothing is asked but by somebody else.
        if !asks && taken_back.iter().any(|first| at.contains(first)) {
            continue;
        }
        let values = sentence(lexicon, body, &bytes(&read.tokens[at.clone()]), n, sentences.len(), context);
        let score = model.score(&values, Head::Wish);
        let least = if asks { ASKED_WISH_FROM } else { WISH_FROM };
        if score > best.map_or(least, |(known, _)| known.max(least)) {
            best = Some((score, at));
        }
    }
    let (_, at) = best?;
    // A lone "please" at the end is not where the asking begins.
    let asked = asking.iter().copied().filter(|first| at.contains(first) && first + WISH_WORDS <= at.end).min();
    let first = asked.unwrap_or_else(|| at.start + usize::from(read.tokens[at.start].is_pause()));
    let words = trimmed(&read.tokens[first..at.end]);
    let span = bytes(words);
    body.get(span.clone()).filter(|text| !text.trim().is_empty()).map(|_| span)
}

/// The first tokens of the phrases that ask, and of those that would but are taken back.
fn askings(lexicon: &Lexicon, read: &Features, for_others: bool) -> (Vec<usize>, Vec<usize>) {
    let idea = |hit: &Hit| lexicon.idea(hit.idea);
    let takes_back = |hit: &&Hit| idea(hit) == NOT_WISHED || (idea(hit) == OTHERS_WISH && !for_others);
    let back: Vec<&Hit> = read.hits.iter().filter(takes_back).collect();
    let (taken_back, asking): (Vec<&Hit>, Vec<&Hit>) = read
        .hits
        .iter()
        .filter(|hit| idea(hit).starts_with(ASKING))
        .filter(|hit| idea(hit) != COMMAND || begins_clause(&read.tokens, hit.first))
        .partition(|hit| back.iter().any(|other| other.first <= hit.last && hit.first <= other.last));
    let firsts = |hits: Vec<&Hit>| hits.iter().map(|hit| hit.first).collect();
    (firsts(asking), firsts(taken_back))
}

/// Whether a clause begins with the token at `first`.
fn begins_clause(tokens: &[Token], first: usize) -> bool {
    first
        .checked_sub(1)
        .and_then(|before| tokens.get(before))
        .is_none_or(|before| !before.word.starts_with(char::is_alphanumeric) || JOINING.contains(&before.word.as_str()))
}

/// The wish without the full stop and without a reason that follows it.
fn trimmed(words: &[Token]) -> &[Token] {
    let reason = (WISH_WORDS..words.len().saturating_sub(1))
        .find(|i| words[*i].word == "," && REASONS.contains(&words[i + 1].word.as_str()));
    let words = &words[..reason.unwrap_or(words.len())];
    match words {
        [rest @ .., last] if last.ends_sentence() && !rest.is_empty() => rest,
        _ => words,
    }
}
