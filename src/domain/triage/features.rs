//! A message as numbers: five blocks of features, each scaled to its own length so that a long letter weighs no more
//! than a text message.
//!
//! 1. What an officer would ask: which ideas of the lexicon occur, in which context, together in one sentence, how many
//!    of those that speak of earlier dealings; quotation marks, questions, length.
//! 2. Word 1- to 3-grams.
//! 3. Character 3- to 5-grams within words, for misspelling and for languages few examples are in.
//! 4. 2- to 4-grams in which words give way to their class: "your lad said" and "yr plumber told" are one.
//! 5. The ideas behind flags and hints, and which of them meet.

use super::Context;
use super::lexicon::{Hit, Lexicon};
use super::text::{Field, Token, tokens};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// What a block may add to the length of the whole, see the module's head.
const BLOCK_WEIGHTS: [f32; 5] = [5.3, 11.0, 4.5, 4.5, 3.0];

/// What the names of ideas begin with that bear on flags and hints only.
const FLAG_IDEA: &str = "flag_";

/// Ideas that speak of earlier dealings with the landlord.
const EARLIER: [&str; 8] =
    ["told_before", "no_reply", "promised", "repeated", "still", "workmanship", "conduct", "agent_seen"];

/// Ideas whose meeting in one sentence says more than each alone.
const MEETING: [&str; 25] = [
    "told_before",
    "no_reply",
    "promised",
    "agent_seen",
    "duration",
    "repeated",
    "still",
    "recent",
    "first_report",
    "fault_now",
    "request",
    "reject",
    "accept",
    "irony",
    "anger",
    "contrast",
    "workmanship",
    "neighbour_blamed",
    "part_of_home",
    "plainly_unhappy",
    "act_asked",
    "had_answer",
    "stage_words",
    "praise",
    "thanks",
];

/// Ideas that colour each other from anywhere in a message: thanks for one thing, and still no reply about another.
const COLOURING: [&str; 20] = [
    "told_before",
    "no_reply",
    "promised",
    "still",
    "repeated",
    "duration",
    "first_report",
    "recent",
    "act_asked",
    "reject",
    "accept",
    "stage_words",
    "had_answer",
    "praise",
    "thanks",
    "contrast",
    "enquiry",
    "update",
    "neighbour_blamed",
    "anger",
];

/// A message taken apart.
pub struct Features {
    /// The tokens of subject and new words, in that order.
    pub tokens: Vec<Token>,
    /// Ideas met in them.
    pub hits: Vec<Hit>,
    /// Feature number → value, each once.
    pub values: BTreeMap<u32, f32>,
    /// Those of the fifth block: they say nothing of the label.
    pub flags: BTreeSet<u32>,
    /// Which words a feature stands for.
    pub evidence: Vec<Evidence>,
}

/// A feature and the words it stands for.
#[derive(Clone, Copy, Debug)]
pub struct Evidence {
    /// Its number.
    pub number: u32,
    /// Index of the first token.
    pub first: usize,
    /// Index of the last token.
    pub last: usize,
    /// Whether it is an idea of the lexicon, which people find telling, and not a run of words.
    pub idea: bool,
}

/// Takes a message apart; of its body only `ranges` are read.
pub fn features(lexicon: &Lexicon, subject: &str, body: &str, ranges: &[Range<usize>], context: Context) -> Features {
    let subject = if answers(subject, context) { "" } else { subject };
    let mut all = tokens(subject, std::slice::from_ref(&(0..subject.len())), Field::Subject);
    let split = all.len();
    let stop = |at: usize, field| Token { word: ".".to_owned(), field, at: at..at };
    all.push(stop(subject.len(), Field::Subject));
    all.extend(tokens(body, ranges, Field::Body));
    let hits = lexicon.find(&all);

    let mut blocks: [BTreeSet<u32>; 5] = Default::default();
    let mut evidence = Vec::new();
    let (flagged, dealings): (Vec<Hit>, Vec<Hit>) =
        hits.iter().partition(|hit| lexicon.idea(hit.idea).starts_with(FLAG_IDEA));
    domain(lexicon, &all, split, &dealings, context, &mut |name, span| {
        let number = number(0, name);
        blocks[0].insert(number);
        if let Some((first, last)) = span {
            evidence.push(Evidence { number, first, last, idea: true });
        }
    });
    flags(lexicon, &all, &flagged, &mut |name, span| {
        let number = number(4, name);
        blocks[4].insert(number);
        if let Some((first, last)) = span {
            evidence.push(Evidence { number, first, last, idea: true });
        }
    });
    let words: Vec<&str> = all.iter().map(|t| t.word.as_str()).collect();
    for n in 1..=3 {
        for (first, gram) in words.windows(n).enumerate() {
            let number = number(1, &gram.join(" "));
            blocks[1].insert(number);
            evidence.push(Evidence { number, first, last: first + n - 1, idea: false });
        }
    }
    for word in &words[..split] {
        blocks[1].insert(number(1, &format!("subject {word}")));
    }
    for word in words.iter().collect::<BTreeSet<_>>() {
        let letters: Vec<char> = std::iter::once('_').chain(word.chars()).chain(std::iter::once('_')).collect();
        for n in 3..=5 {
            for gram in letters.windows(n) {
                blocks[2].insert(number(2, &gram.iter().collect::<String>()));
            }
        }
    }
    let classes: Vec<&str> = words[split..].iter().map(|word| lexicon.class(word)).collect();
    for n in 2..=4 {
        for (first, gram) in classes.windows(n).enumerate() {
            if gram.iter().any(|class| class.starts_with(['@', '#'])) {
                let number = number(3, &gram.join(" "));
                blocks[3].insert(number);
                evidence.push(Evidence { number, first: split + first, last: split + first + n - 1, idea: false });
            }
        }
    }

    let mut values = BTreeMap::new();
    for (block, weight) in blocks.iter().zip(BLOCK_WEIGHTS) {
        let value = weight / (block.len().max(1) as f32).sqrt();
        values.extend(block.iter().map(|number| (*number, value)));
    }
    let [.., flags] = blocks;
    Features { tokens: all, hits, values, flags, evidence }
}

/// Whether the subject is that of our own letter, which says nothing of what the writer wants.
fn answers(subject: &str, context: Context) -> bool {
    let first = subject.split(|c: char| !c.is_alphanumeric()).find(|word| !word.is_empty()).unwrap_or_default();
    context != Context::New && ["re", "aw", "sv", "odp"].iter().any(|mark| first.eq_ignore_ascii_case(mark))
}

/// The first block. `add` takes a feature's name and the tokens it rests on, where it rests on any.
fn domain(
    lexicon: &Lexicon,
    tokens: &[Token],
    split: usize,
    hits: &[Hit],
    context: Context,
    add: &mut impl FnMut(&str, Option<(usize, usize)>),
) {
    let context = context.as_str();
    add(&format!("context {context}"), None);
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for hit in hits {
        *counts.entry(hit.idea).or_default() += 1;
        add(&format!("idea {}", lexicon.idea(hit.idea)), Some((hit.first, hit.last)));
    }
    for (idea, count) in &counts {
        let idea = lexicon.idea(*idea);
        add(&format!("{context} {idea}"), None);
        for least in [2, 4] {
            if *count >= least {
                add(&format!("{least} {idea}"), None);
            }
        }
    }

    let counted = |name: &str| lexicon.number(name).is_some_and(|idea| counts.contains_key(&idea));
    let earlier = EARLIER.iter().filter(|name| counted(name)).count();
    for least in 0..=earlier {
        add(&format!("earlier dealings {least}"), None);
    }
    if earlier == 0 {
        add("no earlier dealings", None);
    }
    if counted("first_report") || counted("recent") {
        add(&format!("news, earlier dealings {}", earlier.min(4)), None);
    }

    for (n, one) in COLOURING.iter().enumerate().filter(|(_, name)| counted(name)) {
        for other in COLOURING[n + 1..].iter().filter(|name| counted(name)) {
            add(&format!("{one} and {other}"), None);
        }
    }
    let meeting: Vec<Hit> = hits.iter().filter(|hit| MEETING.contains(&lexicon.idea(hit.idea))).copied().collect();
    meetings(lexicon, tokens, &meeting, &mut |name| add(name, None));

    let body = &tokens[split..];
    let count = |marks: &[&str]| body.iter().filter(|token| marks.contains(&token.word.as_str())).count();
    let lengths = body.iter().filter(|token| !token.is_pause()).count();
    let measures: [(&str, usize, &[usize]); 5] = [
        ("words", lengths, &[8, 15, 30, 60, 120, 250]),
        ("quotation marks", count(&["\""]), &[2, 4]),
        ("questions", count(&["?"]), &[1, 3]),
        ("exclamations", count(&["!"]), &[1, 3]),
        ("you", count(&["you", "u", "your", "ur", "yr", "yours"]), &[1, 3, 6]),
    ];
    for (name, measured, steps) in measures {
        for step in steps.iter().filter(|step| measured >= **step) {
            add(&format!("{name} {step}"), None);
        }
    }
    if let Some(first @ ("re" | "aw" | "sv" | "odp" | "fw" | "fwd")) = tokens.first().map(|token| token.word.as_str()) {
        add(&format!("subject begins {first}"), None);
    }
}

/// The fifth block: the ideas behind hazards, vulnerability and the other flags, alone, twice, and meeting.
fn flags(lexicon: &Lexicon, tokens: &[Token], hits: &[Hit], add: &mut impl FnMut(&str, Option<(usize, usize)>)) {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for hit in hits {
        let idea = lexicon.idea(hit.idea);
        *counts.entry(idea).or_default() += 1;
        add(&format!("idea {idea}"), Some((hit.first, hit.last)));
    }
    for (idea, count) in &counts {
        if *count >= 2 {
            add(&format!("2 {idea}"), None);
        }
        for other in counts.keys().filter(|other| *other > idea) {
            add(&format!("{idea} and {other}"), None);
        }
    }
    meetings(lexicon, tokens, hits, &mut |name| add(name, None));
}

/// Which two ideas meet in one sentence.
fn meetings(lexicon: &Lexicon, tokens: &[Token], hits: &[Hit], add: &mut impl FnMut(&str)) {
    let mut ends = 0;
    let sentences: Vec<usize> = tokens
        .iter()
        .map(|token| {
            ends += usize::from(token.ends_sentence());
            ends
        })
        .collect();
    let mut met: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
    for hit in hits {
        met.entry(sentences[hit.first]).or_default().insert(lexicon.idea(hit.idea));
    }
    for names in met.values() {
        for one in names {
            for other in names.iter().filter(|other| *other > one) {
                add(&format!("{one} with {other}"));
            }
        }
    }
}

/// A feature's number: the 32-bit FNV-1a hash of its block and name, the same on every machine.
pub fn number(block: u8, name: &str) -> u32 {
    let step = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    name.bytes().fold(step(0x811c_9dc5, block), step)
}
