//! The history's lines: hashed in a chain, with residents' words taken out and kept apart.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::domain::case::{Event, Recorded};

/// An event as its row holds it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Line {
    pub seq: i64,
    pub occurred_at: i64,
    pub recorded_at: i64,
    pub body: String,
    pub previous: String,
    pub hash: String,
}

/// Words by their digest; `None` once erased.
pub(super) type WordsByDigest = BTreeMap<String, Option<String>>;

/// Turns an event into its row; the words it holds go to `words`.
pub(super) fn write(
    recorded: &Recorded,
    reference: &str,
    previous: &str,
    salt: &[u8],
    words: &mut WordsByDigest,
) -> anyhow::Result<Line> {
    let mut body = serde_json::to_value(&recorded.event).context("Could not write an event as JSON")?;
    take_words_out(&mut body, salt, words);
    let mut line = Line {
        seq: recorded.seq,
        occurred_at: recorded.occurred_at.as_millisecond(),
        recorded_at: recorded.recorded_at.as_millisecond(),
        body: body.to_string(),
        previous: previous.to_owned(),
        hash: String::new(),
    };
    line.hash = line.hash_of(reference);
    Ok(line)
}

/// Turns rows back into events, with their words; the chain is checked on the way.
///
/// # Errors
///
/// When a line was changed, is missing, or is not one this program knows.
pub(super) fn read(lines: &[Line], reference: &str, words: &WordsByDigest) -> anyhow::Result<Vec<Recorded>> {
    let mut previous = "";
    let mut events = Vec::with_capacity(lines.len());
    for (line, expected) in lines.iter().zip(1..) {
        if line.seq != expected {
            bail!("History of {reference}: line {expected} is missing");
        }
        if line.previous != previous || line.hash != line.hash_of(reference) {
            bail!("History of {reference}: line {expected} was changed after it was written");
        }
        previous = &line.hash;
        let mut body: Value = serde_json::from_str(&line.body).context("An event is not JSON")?;
        put_words_in(&mut body, words)?;
        let event: Event = serde_json::from_value(body)
            .with_context(|| format!("History of {reference}: line {expected} is of no known kind"))?;
        let instant = |ms| Timestamp::from_millisecond(ms).context("An event's time is out of range");
        events.push(Recorded {
            seq: line.seq,
            occurred_at: instant(line.occurred_at)?,
            recorded_at: instant(line.recorded_at)?,
            event,
        });
    }
    Ok(events)
}

impl Line {
    fn hash_of(&self, reference: &str) -> String {
        let mut hash = Sha256::new();
        for part in [
            self.previous.as_str(),
            reference,
            &self.seq.to_string(),
            &self.occurred_at.to_string(),
            &self.recorded_at.to_string(),
            &self.body,
        ] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hex(&hash.finalize())
    }
}

/// What stands in the history for somebody's words; the salt keeps short ones from being guessed once they are erased.
pub(super) fn digest(salt: &[u8], words: &str) -> String {
    hex(&Sha256::new().chain_update(salt).chain_update(words).finalize())
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `{"words": "text"}` becomes `{"digest": "…"}`; see [`crate::domain::words::Words`].
fn take_words_out(value: &mut Value, salt: &[u8], words: &mut WordsByDigest) {
    match value {
        Value::Object(object) => match only_text(object, "words") {
            Some(text) => {
                let digest = digest(salt, text);
                words.insert(digest.clone(), Some(text.to_owned()));
                *object = Map::from_iter([("digest".to_owned(), Value::String(digest))]);
            }
            None => object.values_mut().for_each(|value| take_words_out(value, salt, words)),
        },
        Value::Array(values) => values.iter_mut().for_each(|value| take_words_out(value, salt, words)),
        _ => {}
    }
}

fn put_words_in(value: &mut Value, words: &WordsByDigest) -> anyhow::Result<()> {
    match value {
        Value::Object(object) => match only_text(object, "digest") {
            Some(digest) => {
                let text = words.get(digest).context("The words of an event are missing, and were not erased")?;
                *object = match text {
                    Some(text) => Map::from_iter([("words".to_owned(), Value::String(text.clone()))]),
                    None => Map::from_iter([("erased".to_owned(), Value::Bool(true))]),
                };
            }
            None => {
                for value in object.values_mut() {
                    put_words_in(value, words)?;
                }
            }
        },
        Value::Array(values) => {
            for value in values {
                put_words_in(value, words)?;
            }
        }
        _ => {}
    }
    Ok(())
}

fn only_text<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    if object.len() == 1 { object.get(key)?.as_str() } else { None }
}
