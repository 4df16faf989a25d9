//! The history's lines: hashed in a chain, with residents' words taken out and kept apart.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::storable;
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

/// A case's name, and where its history ends.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Head {
    pub reference: String,
    pub landlord: String,
    /// Lines of the history.
    pub seq: i64,
    /// Hash of the last line; empty when there is none.
    #[sqlx(rename = "head")]
    pub hash: String,
    /// What digests of the case's words are salted with, so that short words cannot be guessed from them.
    pub salt: Option<Vec<u8>>,
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

/// Turns rows back into events, with their words; the chain is checked on the way, and that the words are those that were
/// written.
///
/// # Errors
///
/// When a line was changed, is missing, or is not one this program knows.
pub(super) fn read(lines: &[Line], head: &Head, words: &WordsByDigest) -> anyhow::Result<Vec<Recorded>> {
    let Head { reference, .. } = head;
    let salt = head.salt.as_deref().unwrap_or_default();
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
        put_words_in(&mut body, salt, words).with_context(|| format!("History of {reference}: line {expected}"))?;
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
    if lines.len() as i64 != head.seq || previous != head.hash {
        bail!("History of {reference}: it ended with line {}, and what is there does not", head.seq);
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
        hex::encode(hash.finalize())
    }
}

/// `{"words": "text"}` becomes `{"digest": "…"}`; see [`crate::domain::words::Words`].
fn take_words_out(value: &mut Value, salt: &[u8], words: &mut WordsByDigest) {
    match value {
        Value::Object(object) => match only_text(object, "words") {
            Some(text) => {
                let text = storable(text);
                let digest = digest_of(salt, &text);
                words.insert(digest.clone(), Some(text));
                *object = Map::from_iter([("digest".to_owned(), Value::String(digest))]);
            }
            None => object.values_mut().for_each(|value| take_words_out(value, salt, words)),
        },
        Value::Array(values) => values.iter_mut().for_each(|value| take_words_out(value, salt, words)),
        _ => {}
    }
}

fn put_words_in(value: &mut Value, salt: &[u8], words: &WordsByDigest) -> anyhow::Result<()> {
    match value {
        Value::Object(object) => match only_text(object, "digest") {
            Some(digest) => {
                let text = words.get(digest).context("its words are missing, and were not erased")?;
                if text.as_ref().is_some_and(|text| digest_of(salt, text) != digest) {
                    bail!("its words were changed after they were written");
                }
                *object = match text {
                    Some(text) => Map::from_iter([("words".to_owned(), Value::String(text.clone()))]),
                    None => Map::from_iter([("erased".to_owned(), Value::Bool(true))]),
                };
            }
            None => {
                for value in object.values_mut() {
                    put_words_in(value, salt, words)?;
                }
            }
        },
        Value::Array(values) => {
            for value in values {
                put_words_in(value, salt, words)?;
            }
        }
        _ => {}
    }
    Ok(())
}

fn digest_of(salt: &[u8], text: &str) -> String {
    hex::encode(Sha256::new().chain_update(salt).chain_update(text).finalize())
}

fn only_text<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    if object.len() == 1 { object.get(key)?.as_str() } else { None }
}
