//! `redress triage`: sorts messages from a file, learns to, or hands out what there is to learn from.

use super::beside::Beside;
use super::{corrections, run};
use crate::domain::triage::{Context, Example, Settings, Sorted, Sorter, Words};
use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::json;
use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// What `redress triage` is asked.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  redress triage messages.jsonl
  redress triage --json messages.jsonl | jq .label
  redress triage --config redress.toml messages.jsonl
  redress triage --train sorter.weights learnt-from.jsonl
  redress triage --corrections > corrections.jsonl

Sorts as the daemon does, by the words and the unsure band of [sorter] in the configuration; works without one.

--corrections needs the configuration and its database. It prints a line for each message that a person sorted: with sort, \
define, acknowledge, escalate or stay. \"label\" is what the person decided and \"said\" what the program had; the flags are the \
program's. The lines hold RESIDENTS' WORDS: keep them as safe as the mailbox, and delete them when they are no longer needed.

A line of input: {\"id\": \"a1\", \"subject\": \"Lift\", \"body\": \"It is broken again.\", \"context\": \"new\"}")]
pub struct Triage {
    /// Messages, one JSON object a line with id, subject, body and context.
    #[arg(required_unless_present = "corrections")]
    files: Vec<PathBuf>,
    /// For a program, one JSON object a line
    #[arg(long)]
    json: bool,
    /// Sort by the weights in this file instead of those that ship with the program.
    #[arg(long, value_name = "FILE", conflicts_with = "train")]
    weights: Option<PathBuf>,
    /// Learn from the files, which must hold the answers too, and write the weights here.
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    train: Option<PathBuf>,
    /// Print the messages that people sorted, with their answers, to learn from: residents' words.
    #[arg(long, conflicts_with_all = ["files", "json", "weights", "train"])]
    corrections: bool,
    /// Only this landlord's corrections, by its key in the configuration.
    #[arg(long, value_name = "KEY", requires = "corrections")]
    landlord: Option<String>,
}

/// A message as the command reads it.
#[derive(Deserialize)]
struct Message {
    id: String,
    #[serde(default)]
    subject: String,
    body: String,
    context: Context,
}

impl Triage {
    /// Sorts, learns, or prints what people corrected. The file at `config` need not be there, save for the last.
    ///
    /// # Errors
    /// When a file cannot be read or written, or a line of it is not a message; or the database cannot be asked.
    pub async fn run(&self, config: &Path, out: impl Write) -> Result<()> {
        if self.corrections {
            return corrections::write(&Beside::open(config).await?, self.landlord.as_deref(), BufWriter::new(out))
                .await;
        }
        match &self.train {
            Some(weights) => self.learn(weights, out),
            None => self.sort(&settings(config), out),
        }
    }

    fn learn(&self, weights: &Path, mut out: impl Write) -> Result<()> {
        let mut examples: Vec<Example> = Vec::new();
        for file in &self.files {
            examples.extend(lines(file)?);
        }
        let bytes = Sorter::train(&examples);
        fs::write(weights, &bytes).with_context(|| format!("Could not write {}", weights.display()))?;
        writeln!(out, "Learnt from {} messages; {} bytes in {}", examples.len(), bytes.len(), weights.display())?;
        Ok(())
    }

    fn sort(&self, settings: &Settings, out: impl Write) -> Result<()> {
        let own = match &self.weights {
            Some(file) => {
                let bytes = fs::read(file).with_context(|| format!("Could not read {}", file.display()))?;
                Some(Sorter::from_bytes(&bytes).with_context(|| format!("Could not use {}", file.display()))?)
            }
            None => None,
        };
        let sorter = own.as_ref().unwrap_or_else(|| Sorter::embedded());
        let mut out = BufWriter::new(out);
        for file in &self.files {
            for message in lines::<Message>(file)? {
                let words = Words { subject: &message.subject, body: &message.body, context: message.context };
                let sorted = sorter.sort(&words, settings);
                let line = if self.json { machine_line(&message, &sorted) } else { human_line(&message, &sorted) };
                writeln!(out, "{line}")?;
            }
        }
        out.flush()?;
        Ok(())
    }
}

/// What the landlord adjusted; the usual where there is no configuration, and where it cannot be used, which is said.
fn settings(config: &Path) -> Settings {
    match run::load(config) {
        Ok(loaded) => loaded.config.sorter,
        Err(_) => {
            if !matches!(config.try_exists(), Ok(false)) {
                eprintln!(
                    "The configuration cannot be used (`redress check` says why): sorted without your own words and band."
                );
            }
            Settings::default()
        }
    }
}

/// One verdict for a program.
fn machine_line(message: &Message, sorted: &Sorted) -> String {
    json!({
        "id": message.id,
        "label": sorted.label,
        "unsure": sorted.unsure,
        "confidence": (sorted.confidence * 1000.0).round() / 1000.0,
        "because": sorted.because,
        "other_kind": sorted.other_kind,
        "representative": sorted.representative,
        "vulnerability": sorted.vulnerability,
        "adjustment_requested": sorted.adjustment_requested,
        "urgent_hazard": sorted.urgent_hazard,
        "flag_words": sorted.flag_words,
        "outcome_sought": sorted.outcome_sought.clone().and_then(|span| message.body.get(span)),
        "exclusion_hint": sorted.exclusion_hint,
    })
    .to_string()
}

/// One verdict for a person: what it is, how sure, the words that decided, and each flag with the words that raised it.
fn human_line(message: &Message, sorted: &Sorted) -> String {
    let mut said = vec![name(&sorted.label)];
    said.extend(sorted.other_kind.as_ref().map(name));
    said.extend(sorted.unsure.then(|| "unsure".to_owned()));
    said.extend(sorted.exclusion_hint.as_ref().map(|ground| format!("perhaps excluded: {}", name(ground))));
    let flags = sorted.flag_words.iter().map(|(flag, words)| format!("  {}: {}", name(flag), quoted(words)));
    let verdict = format!("{}  {:.0} %  {}", message.id, sorted.confidence * 100.0, said.join(", "));
    format!("{verdict}  {}{}", quoted(&sorted.because), flags.collect::<String>())
}

fn quoted(phrases: &[String]) -> String {
    phrases.iter().map(|phrase| format!("\u{201c}{phrase}\u{201d}")).collect::<Vec<_>>().join(" ")
}

/// What data calls a value, in plain words.
fn name(value: &impl Serialize) -> String {
    json!(value).as_str().unwrap_or_default().replace('_', " ")
}

/// Reads a file of JSON objects, one a line; empty lines are passed over.
fn lines<T: DeserializeOwned>(file: &Path) -> Result<Vec<T>> {
    let text = fs::read_to_string(file).with_context(|| format!("Could not read {}", file.display()))?;
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(n, line)| {
            serde_json::from_str(line).with_context(|| format!("Line {} of {} is no message", n + 1, file.display()))
        })
        .collect()
}
