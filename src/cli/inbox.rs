//! `redress inbox`: what came in, what it was taken for, and why.

use std::path::Path;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::beside::Beside;
use super::{inspect, page};
use crate::daemon::office::own;
use crate::domain::calendar::listed;
use crate::domain::case::MessageNo;
use crate::domain::message::{self, Message};
use crate::store::{InboxRow, Messages};

/// What `redress inbox` is asked.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  redress inbox list --set-aside             what waits for a person
  redress inbox show 17                      what message 17 is, and why
  redress inbox raw 17 > message.eml         as it came")]
pub struct Ask {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    /// List stored messages, the newest first
    #[command(after_help = "\
Examples:
  redress inbox list                         the newest 50
  redress inbox list --before 1200           those before message 1200
  redress inbox list --set-aside             what waits for a person
  redress inbox list --older                 what is listed and never answered

States: new (waits to be sorted), handled, set_aside (waits for a person), copy (the same message is there already).

JSON: an array of objects with id, mailbox, folder, arrived, bytes, state, sorted, note, copy_of, attempts, cases (references). Who \
wrote and what about is left out: `redress inbox show NUMBER --json` says it of one message.")]
    List {
        /// Messages that wait for a person
        #[arg(long)]
        set_aside: bool,
        /// Messages from before the day from which mail is answered
        #[arg(long, conflicts_with = "set_aside")]
        older: bool,
        /// Only messages with a smaller number
        #[arg(long, value_name = "NUMBER")]
        before: Option<MessageNo>,
        /// How many at most
        #[arg(long, value_name = "COUNT", default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=10_000))]
        limit: i64,
        /// For a program, as JSON
        #[arg(long)]
        json: bool,
    },
    /// Show one message: what it is, why, and its words
    #[command(after_help = "\
Examples:
  redress inbox show 17
  redress inbox show 17 --json

JSON: an object with what `inbox list --json` has, and kind, may_answer, reasons, from, reply_to, subject, date_claimed, \
attachments, problems, text, new_text.")]
    Show {
        /// Its number in the list
        #[arg(value_name = "NUMBER")]
        id: MessageNo,
        /// For a program, as JSON
        #[arg(long)]
        json: bool,
    },
    /// Write one message to standard output, byte for byte as it came
    #[command(after_help = "\
Examples:
  redress inbox raw 17 > message.eml         any mail program opens it")]
    Raw {
        /// Its number in the list
        #[arg(value_name = "NUMBER")]
        id: MessageNo,
    },
}

impl Ask {
    /// Answers on standard output.
    ///
    /// # Errors
    ///
    /// When the database cannot be asked, or there is no such message.
    pub async fn run(&self, config: &Path) -> anyhow::Result<()> {
        let beside = Beside::open(config).await?;
        match &self.what {
            What::List { set_aside, older, before, limit, json } => {
                let which = match (set_aside, older) {
                    (true, _) => Messages::SetAside,
                    (_, true) => Messages::Older,
                    _ => Messages::All,
                };
                page::print(&list(&beside, which, *before, *limit, *json).await?)?;
            }
            What::Show { id, json } => page::print(&show(&beside, *id, *json).await?)?,
            What::Raw { id } => page::bytes(&raw(&beside, *id).await?)?,
        }
        Ok(())
    }
}

async fn list(
    beside: &Beside,
    which: Messages,
    before: Option<MessageNo>,
    limit: i64,
    json: bool,
) -> anyhow::Result<String> {
    let messages = beside.store.latest_messages(which, before, limit).await?;
    if json {
        let messages: Vec<Value> = messages.iter().map(|(row, _)| object(row)).collect();
        return Ok(page::json(&json!(messages)));
    }
    let Some((last, _)) = messages.last() else { return Ok("No such messages.\n".to_owned()) };
    let own = own(&beside.config);
    let mut table = page::Table::new(["Number", "Arrived", "State", "Sorted", "Case", "From", "Subject"]);
    for (row, beginning) in &messages {
        let read = message::read(beginning, &own);
        table.row([
            row.id.to_string(),
            listed(row.arrived()),
            row.state.replace('_', " "),
            row.sorted.clone().unwrap_or_else(|| "-".to_owned()),
            match row.cases().as_slice() {
                [] => "-".to_owned(),
                cases => cases.join(", "),
            },
            read.from.map_or_else(|| "-".to_owned(), |from| from.address),
            read.subject,
        ]);
    }
    Ok(table.text(0, page::width()) + &page::earlier(messages.len(), limit, last.id))
}

fn object(row: &InboxRow) -> Value {
    json!({
        "id": row.id,
        "mailbox": row.mailbox,
        "folder": row.folder,
        "arrived": row.arrived(),
        "bytes": row.size,
        "state": row.state,
        "sorted": row.sorted,
        "note": row.note,
        "copy_of": row.copy_of,
        "attempts": row.attempts,
        "cases": row.cases(),
    })
}

async fn raw(beside: &Beside, id: MessageNo) -> anyhow::Result<Vec<u8>> {
    let message = beside.store.message(id).await?.with_context(|| missing(id))?;
    message.raw.with_context(|| format!("The bytes of message {id} were erased"))
}

fn missing(id: MessageNo) -> String {
    format!("There is no message {id}; `redress inbox list` lists them")
}

async fn show(beside: &Beside, id: MessageNo, json: bool) -> anyhow::Result<String> {
    let row = beside.store.message_row(id).await?.with_context(|| missing(id))?;
    let read = message::read(&raw(beside, id).await?, &own(&beside.config));
    if json {
        let mut whole = object(&row);
        whole["kind"] = json!(read.kind);
        whole["may_answer"] = json!(read.may_answer);
        whole["reasons"] = json!(read.reasons);
        whole["from"] = json!(read.from);
        whole["reply_to"] = json!(read.reply_to);
        whole["subject"] = json!(read.subject);
        whole["date_claimed"] = json!(read.date_claimed);
        whole["attachments"] = json!(read.attachments);
        whole["problems"] = json!(read.problems);
        whole["new_text"] = json!(read.new_text());
        whole["text"] = json!(read.text);
        return Ok(page::json(&whole));
    }
    let text = format!("Message {id}\n\n{}", page::labelled(&facts(&row, &read), 2, page::width()));
    let words = if read.text.trim().is_empty() {
        "\n  (no words that can be read)\n".to_owned()
    } else {
        format!("\n{}", page::indented(&read.text, 2))
    };
    Ok(text + &words)
}

fn facts(row: &InboxRow, read: &Message) -> Vec<(&'static str, String)> {
    let writer = |from: &message::Mailbox| format!("{} <{}>", from.name, from.address).trim().to_owned();
    let mut facts = vec![
        ("Arrived", format!("{}, in {}/{}", listed(row.arrived()), row.mailbox, row.folder)),
        ("From", read.from.as_ref().map_or_else(|| "nobody".to_owned(), writer)),
    ];
    if read.reply_to != read.from {
        facts.extend(read.reply_to.as_ref().map(|to| ("Answers to", writer(to))));
    }
    facts.extend(inspect::proof(read).map(|proof| ("Sender", proof)));
    facts.push(("Subject", read.subject.clone()));
    facts.extend(read.date_claimed.map(|date| ("Dated", format!("{} (the sender's word)", listed(date)))));
    facts.push(("State", state(row)));
    facts.extend(row.sorted.iter().map(|sorted| ("Sorted as", sorted.clone())));
    facts.extend(row.note.iter().map(|note| ("Note", note.clone())));
    facts.extend(row.cases().iter().map(|case| ("Case", format!("{case} (`redress case show {case}`)"))));
    facts.push(("May be answered", if read.may_answer { "yes" } else { "no" }.to_owned()));
    facts.extend(read.reasons.iter().map(|reason| ("Because", reason.clone())));
    facts.extend(read.problems.iter().map(|problem| ("Odd", problem.clone())));
    for file in &read.attachments {
        facts.push(("Attachment", format!("{} ({}, {} bytes)", file.name, file.content_type, file.bytes)));
    }
    facts
}

fn state(row: &InboxRow) -> String {
    match (row.state.as_str(), row.copy_of) {
        ("new", _) if row.attempts > 0 => format!("waits to be sorted; tried {}", page::count(row.attempts, "time")),
        ("new", _) => "waits to be sorted".to_owned(),
        ("set_aside", _) => "set aside for a person".to_owned(),
        ("copy", Some(first)) => format!("a copy of message {first}"),
        (state, _) => state.to_owned(),
    }
}
