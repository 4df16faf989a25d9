//! `redress reconcile`: does what is kept here agree with the mail servers?

use std::path::Path;

use anyhow::bail;
use clap::Args;
use serde_json::json;

use super::beside::Beside;
use super::page;
use crate::daemon::reconcile::{Found, compare, looks_only};
use crate::domain::reconcile::{Difference, Reconciled};

/// What `redress reconcile` is asked.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  redress reconcile                          after a restore, after trouble, or when you doubt
  redress reconcile --json | jq .differences

Every message in every watched folder, the junk folder and the folder that logged mail is moved to is looked for in the \
database, and every letter is held against the mail server's answers. It changes nothing, here or on the mail servers, and \
works beside a running daemon, which does the same every day at six in the morning.

Mail that came in this minute may be on its way in: ask again in a few minutes. The exit code is 0 when everything agrees.

JSON: an object with at, folders (mailbox, folder, server, ours), letters_sent, differences (difference, and what it is \
about; words).")]
pub struct Ask {
    /// For a program, as JSON
    #[arg(long)]
    json: bool,
}

impl Ask {
    /// Compares, and prints what came of it.
    ///
    /// # Errors
    ///
    /// When something does not agree, or the database cannot be asked.
    pub async fn run(&self, config: &Path) -> anyhow::Result<()> {
        let beside = Beside::open(config).await?;
        let reconciled = compare(&beside.config, &beside.store, looks_only, Found::Report, beside.now).await?;
        page::print(&if self.json { object(&reconciled)? } else { screen(&reconciled) })?;
        match reconciled.differences.len() {
            0 => Ok(()),
            1 => bail!("1 difference"),
            n => bail!("{n} differences"),
        }
    }
}

fn screen(reconciled: &Reconciled) -> String {
    let mut lines: Vec<(String, String)> = Vec::new();
    for tally in &reconciled.folders {
        let place = format!("{}/{}", tally.mailbox, tally.folder);
        lines.push((place, format!("the server has {}, we have {}", tally.server, tally.ours)));
    }
    let sent = page::count(reconciled.letters_sent as i64, "letter");
    lines.push(("letters".to_owned(), format!("{sent} sent")));
    lines.extend(reconciled.differences.iter().map(|one| (one.place(), format!("DIFFERS: {}", one.in_words()))));
    let lines: Vec<(&str, String)> = lines.iter().map(|(place, words)| (place.as_str(), words.clone())).collect();
    page::labelled(&lines, 0, page::width())
}

fn object(reconciled: &Reconciled) -> anyhow::Result<String> {
    let difference = |one: &Difference| {
        let mut object = serde_json::to_value(one)?;
        object["words"] = one.in_words().into();
        Ok(object)
    };
    let differences: Vec<serde_json::Value> =
        reconciled.differences.iter().map(difference).collect::<Result<_, serde_json::Error>>()?;
    let folders = reconciled.folders.iter().map(
        |tally| json!({ "mailbox": tally.mailbox, "folder": tally.folder, "server": tally.server, "ours": tally.ours }),
    );
    Ok(page::json(&json!({
        "at": reconciled.at,
        "folders": folders.collect::<Vec<_>>(),
        "letters_sent": reconciled.letters_sent,
        "differences": differences,
    })))
}
