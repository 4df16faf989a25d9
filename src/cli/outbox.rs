//! `redress outbox`: letters, what became of them, and what a person may do about them.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::beside::Beside;
use super::{page, run};
use crate::daemon::clock::{Clock as _, SystemClock};
use crate::daemon::office::{Office, own};
use crate::daemon::send;
use crate::domain::brake::Brake;
use crate::domain::calendar::listed;
use crate::domain::message;
use crate::store::{AttemptRow, Claimed, LetGo, LetterRow, Letters, OutboxId, Purpose, Store};

/// What `redress outbox` is asked, or told.
#[derive(Args, Debug)]
pub struct Ask {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    /// List letters, the newest first
    #[command(after_help = "\
Examples:
  redress outbox list --waiting              what has not left yet, and why
  redress outbox list --held                 what waits for you
  redress outbox list --failed               what somebody must telephone about
  redress outbox list --before 300

States: queued, sending, held, sent, failed, dropped (what it was to say no longer held).

JSON: an array of objects with id, reference, letter, kind, audience, state, held_because, stopped_by, written, next, attempts, \
settled, reply. To whom and what about is left out: `redress outbox show NUMBER --json` says it of one letter.")]
    List {
        /// Letters that are to leave and have not
        #[arg(long, group = "which")]
        waiting: bool,
        /// Letters that are held back
        #[arg(long, group = "which")]
        held: bool,
        /// Letters that were refused for good
        #[arg(long, group = "which")]
        failed: bool,
        /// Only letters with a smaller number
        #[arg(long, value_name = "NUMBER")]
        before: Option<OutboxId>,
        /// How many at most
        #[arg(long, value_name = "COUNT", default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=10_000))]
        limit: i64,
        /// For a program, as JSON
        #[arg(long)]
        json: bool,
    },
    /// Show one letter: its headers and text, and every try with the mail server's answer
    #[command(after_help = "\
Examples:
  redress outbox show 12
  redress outbox show 12 --raw > letter.eml  byte for byte as it leaves

JSON: an object with what `outbox list --json` has, and to, envelope_from, subject, message_id, text, tries.")]
    Show {
        /// Its number in the list
        #[arg(value_name = "NUMBER")]
        id: OutboxId,
        /// The letter alone, byte for byte
        #[arg(long, conflicts_with = "json")]
        raw: bool,
        /// For a program, as JSON
        #[arg(long)]
        json: bool,
    },
    /// Keep waiting letters back until they are released
    #[command(after_help = "\
Examples:
  redress outbox hold 12 13

A letter held in this way stays when sending goes from \"hold\" to \"live\"; only `redress outbox release` lets it go.")]
    Hold {
        /// Their numbers in the list
        #[arg(value_name = "NUMBER", required = true)]
        ids: Vec<OutboxId>,
    },
    /// Let held letters go: one of another day is written anew, one that no longer serves is dropped
    #[command(after_help = "\
Examples:
  redress outbox release 12 13
  redress outbox release --all
  redress outbox release --stopped --dry-run            what the limits on letters hold
  redress outbox release --stopped=per_message          all that one limit holds

This lets letters to residents leave even while the configuration says sending = \"hold\". No limit stops a letter again that \
a person has let go.")]
    Release {
        /// Their numbers in the list
        #[arg(value_name = "NUMBER", required_unless_present_any = ["all", "stopped"])]
        ids: Vec<OutboxId>,
        /// Every letter that is held
        #[arg(long, conflicts_with_all = ["ids", "stopped"])]
        all: bool,
        /// Every letter that this limit holds; without a name, that any does
        #[arg(long, value_name = "LIMIT", num_args = 0..=1, require_equals = true, default_missing_value = "",
              hide_default_value = true, conflicts_with = "ids", value_parser = limit_parser())]
        stopped: Option<String>,
        /// Say which would go, and let none go
        #[arg(long)]
        dry_run: bool,
    },
    /// Send failed or waiting letters at once, once the cause is gone
    #[command(after_help = "\
Examples:
  redress outbox retry 12                    the same letter, byte for byte")]
    Retry {
        /// Their numbers in the list
        #[arg(value_name = "NUMBER", required = true)]
        ids: Vec<OutboxId>,
    },
}

impl Ask {
    /// Answers, or does it, and says so on standard output.
    ///
    /// # Errors
    ///
    /// When the database fails, or one of the letters is not there or not such that it can be done.
    pub async fn run(&self, config: &Path) -> anyhow::Result<()> {
        match &self.what {
            What::List { waiting, held, failed, before, limit, json } => {
                let which = match (waiting, held, failed) {
                    (true, ..) => Letters::Waiting,
                    (_, true, _) => Letters::Held,
                    (.., true) => Letters::Failed,
                    _ => Letters::All,
                };
                Ok(page::print(&list(&Beside::open(config).await?, which, *before, *limit, *json).await?)?)
            }
            What::Show { id, raw, json } => show(&Beside::open(config).await?, *id, *raw, *json).await,
            What::Hold { ids } => hold(&Beside::open(config).await?, ids).await,
            What::Release { ids, all, stopped, dry_run } => {
                let which = match (all, stopped) {
                    (true, _) => Which::All,
                    (false, Some(limit)) => Which::Stopped(limit),
                    (false, None) => Which::Named(ids),
                };
                release(config, which, *dry_run).await
            }
            What::Retry { ids } => retry(&Beside::open(config).await?, ids).await,
        }
    }
}

async fn list(
    beside: &Beside,
    which: Letters,
    before: Option<OutboxId>,
    limit: i64,
    json: bool,
) -> anyhow::Result<String> {
    let letters = beside.store.latest_letters(which, before, limit).await?;
    if json {
        let letters: Vec<Value> = letters.iter().map(object).collect();
        return Ok(page::json(&json!(letters)));
    }
    let Some(last) = letters.last() else { return Ok("No such letters.\n".to_owned()) };
    let mut table = page::Table::new(["Number", "Written", "Case", "Kind", "To", "What became of it"]);
    for letter in &letters {
        table.row([
            letter.id.to_string(),
            listed(letter.written()),
            letter.reference.clone().unwrap_or_else(|| "-".to_owned()),
            letter.kind.replace('-', " "),
            letter.recipient.clone(),
            fate(letter),
        ]);
    }
    Ok(table.text(0, page::width()) + &page::earlier(letters.len(), limit, last.id))
}

/// What became of a letter, or is to become of it, with the mail server's last answer.
pub fn fate(letter: &LetterRow) -> String {
    let reply = letter.reply.as_ref().map(|reply| format!(": {reply}")).unwrap_or_default();
    let settled = letter.settled().map(|at| format!(" {}", listed(at))).unwrap_or_default();
    match letter.state.as_str() {
        "queued" if letter.attempts == 0 => "waits to be sent".to_owned(),
        "queued" => {
            let tries = if letter.attempts == 1 { "1 try".to_owned() } else { format!("{} tries", letter.attempts) };
            format!("again from {} after {tries}{reply}", listed(letter.next()))
        }
        "sending" => "is being sent".to_owned(),
        "held" => format!("held: {}", letter.held_because.as_deref().unwrap_or("for a person")),
        "dropped" => format!("dropped{settled}: no longer needed"),
        state => format!("{state}{settled}{reply}"),
    }
}

fn object(letter: &LetterRow) -> Value {
    json!({
        "id": letter.id,
        "reference": letter.reference,
        "letter": letter.letter,
        "kind": letter.kind,
        "audience": letter.audience,
        "state": letter.state,
        "held_because": letter.held_because,
        "stopped_by": letter.brake,
        "written": letter.written(),
        "next": letter.next(),
        "attempts": letter.attempts,
        "settled": letter.settled(),
        "reply": letter.reply,
    })
}

fn missing(id: OutboxId) -> String {
    format!("There is no letter {id}; `redress outbox list` lists them")
}

async fn show(beside: &Beside, id: OutboxId, raw: bool, json: bool) -> anyhow::Result<()> {
    let row = beside.store.letter_row(id).await?.with_context(|| missing(id))?;
    let letter = beside.store.letter(id).await?.with_context(|| missing(id))?;
    if raw {
        ensure!(!letter.bytes().is_empty(), "The bytes of letter {id} were erased");
        return Ok(page::bytes(letter.bytes())?);
    }
    let tries = beside.store.attempts(id).await?;
    let read = message::read(letter.bytes(), &own(&beside.config));
    if json {
        let mut whole = object(&row);
        whole["to"] = json!(letter.recipient);
        whole["envelope_from"] = json!(letter.envelope_from);
        whole["subject"] = json!(row.subject);
        whole["message_id"] = json!(letter.message_id);
        whole["text"] = json!(read.text);
        whole["tries"] = tries.iter().map(attempt_object).collect();
        return Ok(page::print(&page::json(&whole))?);
    }
    let text = format!(
        "Letter {id}\n\n{}\n{}{}",
        page::labelled(&facts(&row, &letter, &read), 2, page::width()),
        page::indented(&read.text, 2),
        tries_in_words(&tries)
    );
    Ok(page::print(&text)?)
}

fn facts(row: &LetterRow, letter: &Claimed, read: &message::Message) -> Vec<(&'static str, String)> {
    let from = read.from.as_ref().map_or_else(String::new, |from| format!("{} <{}>", from.name, from.address));
    let mut facts = vec![("Kind", row.kind.replace('-', " "))];
    facts.extend(row.reference.iter().map(|case| ("Case", format!("{case} (`redress case show {case}`)"))));
    facts.extend([
        ("State", fate(row)),
        ("From", from.trim().to_owned()),
        ("To", letter.recipient.clone()),
        ("Subject", row.subject.clone()),
        ("Date", listed(letter.written())),
        ("Message-ID", format!("<{}>", letter.message_id)),
    ]);
    facts.extend(read.in_reply_to.iter().map(|id| ("In-Reply-To", format!("<{id}>"))));
    facts.push(("Returns to", letter.envelope_from.clone()));
    for file in &read.attachments {
        facts.push(("Attachment", format!("{} ({}, {} bytes)", file.name, file.content_type, file.bytes)));
    }
    facts
}

fn tries_in_words(tries: &[AttemptRow]) -> String {
    if tries.is_empty() {
        return "\nNot tried yet.\n".to_owned();
    }
    let mut table = page::Table::new(["Try", "Began", "Ended as", "The mail server's answer"]);
    for attempt in tries {
        table.row([
            attempt.number.to_string(),
            listed(attempt.started()),
            attempt.outcome.clone().unwrap_or_else(|| "going on".to_owned()),
            attempt.reply.clone().unwrap_or_else(|| "-".to_owned()),
        ]);
    }
    format!("\n{}", table.text(0, page::width()))
}

fn attempt_object(attempt: &AttemptRow) -> Value {
    json!({
        "number": attempt.number,
        "started": attempt.started(),
        "ended": attempt.ended(),
        "outcome": attempt.outcome,
        "reply": attempt.reply,
    })
}

/// Does something to each letter, says of each what came of it, and fails if it could not be done to one.
struct Report {
    text: String,
    failed: usize,
}

impl Report {
    fn new() -> Report {
        Report { text: String::new(), failed: 0 }
    }

    fn done(&mut self, id: OutboxId, what: &str) {
        self.text.push_str(&format!("Letter {id}: {what}\n"));
    }

    async fn not_done(&mut self, store: &Store, id: OutboxId, wanted: &str) -> anyhow::Result<()> {
        let why = match store.letter_row(id).await? {
            Some(letter) => format!("cannot be {wanted}; it stands as: {}", fate(&letter)),
            None => "is not there; `redress outbox list` lists them".to_owned(),
        };
        self.failed += 1;
        self.done(id, &why);
        Ok(())
    }

    fn end(self) -> anyhow::Result<()> {
        page::print(&self.text)?;
        match self.failed {
            0 => Ok(()),
            n => bail!("{} left as it was", page::count(n as i64, "letter")),
        }
    }
}

async fn hold(beside: &Beside, ids: &[OutboxId]) -> anyhow::Result<()> {
    let because = format!("by {}", user());
    let mut report = Report::new();
    for id in ids {
        match beside.store.hold(*id, &because).await? {
            true => report.done(*id, &format!("held {because}; `redress outbox release {id}` lets it go")),
            false => report.not_done(&beside.store, *id, "held").await?,
        }
    }
    report.end()
}

/// Who types. Through `sudo -u redress` it is still the person.
fn user() -> String {
    let variables = ["SUDO_USER", "LOGNAME", "USER"].into_iter();
    let name = variables.filter_map(|name| std::env::var(name).ok()).find(|name| !name.is_empty());
    message::clean_line(&name.unwrap_or_else(|| "a person".to_owned()))
}

/// Which letters are to be let go.
enum Which<'a> {
    Named(&'a [OutboxId]),
    All,
    /// Those that this limit holds; any, when it is empty.
    Stopped(&'a str),
}

async fn release(config: &Path, which: Which<'_>, dry_run: bool) -> anyhow::Result<()> {
    let office = Office::open(run::load(config)?.config, Arc::new(SystemClock), Purpose::Beside).await?;
    let mut held = office.store.latest_letters(Letters::Held, None, i64::MAX).await?;
    held.reverse();
    let stopped_by = |limit: &str, letter: &&LetterRow| match &letter.brake {
        Some(brake) => limit.is_empty() || brake == limit,
        None => false,
    };
    let ids: Vec<OutboxId> = match which {
        Which::Named(ids) => ids.to_vec(),
        Which::All => held.iter().map(|letter| letter.id).collect(),
        Which::Stopped(limit) => held.iter().filter(|row| stopped_by(limit, row)).map(|letter| letter.id).collect(),
    };
    if ids.is_empty() {
        return Ok(page::print("No such letter is held.\n")?);
    }
    let mut report = Report::new();
    for id in ids {
        let row = held.iter().find(|row| row.id == id);
        match (row, office.store.letter(id).await?) {
            (Some(row), Some(_)) if dry_run => report.done(id, &would_go(row)),
            // A person has looked: no limit stops it again.
            (Some(_), Some(letter)) => match send::release(&office, &letter, LetGo::ForGood).await? {
                true => report.done(id, "released; the daemon sends it within half a minute"),
                false => report.done(id, "not sent: what it was to say no longer holds"),
            },
            _ => report.not_done(&office.store, id, "released").await?,
        }
    }
    report.end()
}

fn would_go(letter: &LetterRow) -> String {
    let case = letter.reference.as_ref().map(|case| format!(" on {case}")).unwrap_or_default();
    format!("would go: {}{case} to {} ({})", letter.kind.replace('-', " "), letter.recipient, fate(letter))
}

/// The limits by their names, and the empty one for any.
fn limit_parser() -> PossibleValuesParser {
    let named = [""].into_iter().chain(Brake::KEYS);
    PossibleValuesParser::new(named.map(|limit| PossibleValue::new(limit).hide(limit.is_empty())))
}

async fn retry(beside: &Beside, ids: &[OutboxId]) -> anyhow::Result<()> {
    let mut report = Report::new();
    for id in ids {
        match beside.store.retry(*id, SystemClock.now()).await? {
            true => report.done(*id, "tried again within half a minute, by the daemon"),
            false => report.not_done(&beside.store, *id, "tried again").await?,
        }
    }
    report.end()
}
