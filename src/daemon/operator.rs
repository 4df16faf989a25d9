//! Word to whoever keeps the program running: each trouble once, and once when it is over.
//!
//! By letter when letters leave; by the second way of the configuration when they are what is broken.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use tokio::io::AsyncWriteExt as _;
use tracing::{error, info};

use super::office::Office;
use crate::config::{Config, SecondWay};
use crate::domain::landlord::Landlord;
use crate::mail::smtp::SmtpTransport;
use crate::mail::transport::{Envelope, Transport as _};
use crate::store::NewLetter;

/// How long the second way may take.
const SECOND_WAY_MAX: Duration = Duration::from_secs(120);

/// Tells the operator that letters cannot leave, or that the letter to them was refused: by the second way, for a letter
/// would wait with the others. Said once, until it is over.
///
/// # Errors
///
/// Only the database's; a second way that fails is an error in the log and is tried again at the next occasion.
pub async fn alarm(office: &Office, name: &str, words: &str) -> anyhow::Result<()> {
    let now = office.clock.now();
    let alarm = office.store.raise(name, words, now).await?;
    if alarm.told.is_none() {
        match by_second_way(office, &format!("Redress: {name}"), words).await {
            Ok(()) => office.store.told(name, now).await?,
            Err(trouble) => {
                error!(
                    alarm = name,
                    trouble = format!("{trouble:#}"),
                    "The operator could not be told by the second way either"
                );
            }
        }
    }
    Ok(())
}

/// Tells the operator by letter. Said once, until it is over.
///
/// # Errors
///
/// Only the database's.
pub async fn tell(office: &Office, name: &str, words: &str) -> anyhow::Result<()> {
    let now = office.clock.now();
    let alarm = office.store.raise(name, words, now).await?;
    if alarm.told.is_none() {
        // The same letter, should the program end before it is noted that it was told.
        let id = format!("alarm.{}.{}", slug(name), alarm.since.as_millisecond());
        office.store.post(&letter(&office.config, &id, &format!("Redress: {name}"), words, now)?, now).await?;
        office.store.told(name, now).await?;
        office.letters_wait.notify_one();
    }
    Ok(())
}

/// Ends a trouble. Whoever was told of it hears that it is over.
///
/// # Errors
///
/// Only the database's.
pub async fn over(office: &Office, name: &str, words: &str) -> anyhow::Result<()> {
    if office.store.clear(name).await? {
        let now = office.clock.now();
        let id = format!("over.{}.{}", slug(name), now.as_millisecond());
        office.store.post(&letter(&office.config, &id, &format!("Redress: over: {name}"), words, now)?, now).await?;
        office.letters_wait.notify_one();
        info!(alarm = name, "Trouble over");
    }
    Ok(())
}

/// A plain letter to the operator.
///
/// # Errors
///
/// When the operator's or the landlord's address is not one that mail can be sent to; the configuration rules that out.
pub fn letter(config: &Config, id: &str, subject: &str, words: &str, now: Timestamp) -> anyhow::Result<NewLetter> {
    let landlord = config.landlords.first().context("The configuration has no landlord")?;
    let operator = &config.operator.person;
    let to = Mailbox::new(Some(operator.name.clone()), operator.address.parse().context("The operator's address")?);
    plain(landlord, to, id, subject, words, now)
}

/// A letter from a landlord's own address to that address: sent to see whether mail, and with it returned letters, comes
/// back into a mailbox that is read. Sorted as automatic when it does, for nobody is answered at an own address.
///
/// # Errors
///
/// When the landlord's address is not one that mail can be sent to; the configuration rules that out.
pub fn to_ourselves(
    landlord: &Landlord,
    id: &str,
    subject: &str,
    words: &str,
    now: Timestamp,
) -> anyhow::Result<NewLetter> {
    let address = landlord.addresses.first().context("The landlord has no address")?;
    plain(landlord, Mailbox::new(None, address.parse().context("The landlord's address")?), id, subject, words, now)
}

fn plain(
    landlord: &Landlord,
    to: Mailbox,
    id: &str,
    subject: &str,
    words: &str,
    now: Timestamp,
) -> anyhow::Result<NewLetter> {
    let from = landlord.addresses.first().context("The landlord has no address")?;
    let from = Mailbox::new(Some("Redress".to_owned()), from.parse().context("The landlord's address")?);
    let message_id = format!("{id}@{}", from.email.domain());
    let date = now.to_zoned(TimeZone::UTC);
    let message = Message::builder()
        .from(from.clone())
        .to(to.clone())
        .subject(subject)
        .message_id(Some(format!("<{message_id}>")))
        .header(ContentType::TEXT_PLAIN)
        .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()))
        .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Date"), jiff::fmt::rfc2822::to_string(&date)?))
        .body(format!("{words}\n\n-- \nRedress. `redress status` shows how things stand.\n"))?;
    Ok(NewLetter {
        number: 0,
        kind: "to-operator".to_owned(),
        audience: "operator".to_owned(),
        recipient: to.email.to_string(),
        envelope_from: from.email.to_string(),
        message_id,
        subject: subject.to_owned(),
        says: None,
        bytes: message.formatted(),
        held: None,
        wait: None,
    })
}

async fn by_second_way(office: &Office, subject: &str, words: &str) -> anyhow::Result<()> {
    let way = async {
        match &office.config.operator.second_way {
            SecondWay::Smtp(server) => {
                let now = office.clock.now();
                let id = format!("second-way.{}", now.as_millisecond());
                let letter = letter(&office.config, &id, subject, words, now)?;
                let envelope = Envelope { from: &letter.envelope_from, to: &letter.recipient, bytes: &letter.bytes };
                SmtpTransport::new(server.clone(), "redress").send(envelope).await.context("The second mail server")?;
                Ok(())
            }
            SecondWay::Command(command) => run(command, &format!("{subject}\n\n{words}\n")).await,
        }
    };
    tokio::time::timeout(SECOND_WAY_MAX, way).await.context("It took too long")?
}

/// Runs the operator's command without a shell; the words come on its standard input.
async fn run(command: &[String], words: &str) -> anyhow::Result<()> {
    let (program, arguments) = command.split_first().context("The command is empty")?;
    let mut child = tokio::process::Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("Could not start {program}"))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A command that does not read its input is free not to.
        let _ = stdin.write_all(words.as_bytes()).await;
    }
    let status = child.wait().await?;
    if !status.success() {
        bail!("{program} ended with {status}");
    }
    Ok(())
}

fn slug(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect()
}
