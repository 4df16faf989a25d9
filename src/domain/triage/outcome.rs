//! The wish a message puts, as an exact span of its body.
//!
//! The span runs from the words of asking to the end of their sentence; an officer reads it beside the message, so its
//! edges are a matter of taste and a near miss does no harm.

use super::features::Features;
use super::lexicon::Lexicon;
use super::text::Field;
use std::ops::Range;

/// Ideas that introduce a wish, the plainest first.
const ASKING: [&str; 3] = ["wish_plain", "wish_want", "wish_need"];

/// The wish, or `None` when none is put.
pub fn wish(lexicon: &Lexicon, read: &Features, body: &str) -> Option<Range<usize>> {
    let mut best: Option<(usize, Range<usize>)> = None;
    for (rank, idea) in ASKING.iter().enumerate() {
        let Some(idea) = lexicon.number(idea) else { continue };
        for hit in read.hits.iter().filter(|hit| hit.idea == idea) {
            let first = &read.tokens[hit.first];
            if first.field == Field::Subject {
                continue;
            }
            let last = read.tokens[hit.last..].iter().take_while(|token| !token.ends_sentence()).last()?;
            let span = first.at.start..last.at.end;
            let length = span.len();
            if length < 6 || body.get(span.clone()).is_none() {
                continue;
            }
            // The later wish is the one a letter has been leading up to.
            if best.as_ref().is_none_or(|(known, _)| rank <= *known) {
                best = Some((rank, span));
            }
        }
    }
    best.map(|(_, span)| span)
}
