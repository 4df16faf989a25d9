//! Word to whoever keeps the program running: each trouble once, and once when it is over.
//!
//! By letter when letters leave; by the second way of the configuration when they are what is broken.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use tokio::io::AsyncWriteExt as _;
use tracing::{error, info};

use super::clock::still_rests;
use super::health::NO_LISTENER;
use super::office::Office;
use super::watch::ENDS;
use crate::config::{Config, SecondWay};
use crate::domain::calendar::{london_date, spoken};
use crate::domain::landlord::Landlord;
use crate::mail::smtp::SmtpTransport;
use crate::mail::transport::{Envelope, Transport as _};
use crate::store::{Alarm, DaemonRow, FOR_ALL, NewLetter};

/// How long the second way may take: less than a look of the watch, or one that hangs would pass for a database that does.
pub(super) const SECOND_WAY_MAX: Duration = Duration::from_secs(60);

/// How long a second way that failed is left alone, in minutes, try by try.
const RESTS_M: [i64; 5] = [1, 5, 15, 30, 60];

/// The alarm of a way that is broken: a refused login, a missing TLS.
pub(super) const ROUTE: &str = "smtp";
/// The alarm of letters that stand still for whatever reason.
pub(super) const STANDSTILL: &str = "letters do not leave";
/// The alarm of letters to the operator being refused.
pub(super) const OWN_MAIL: &str = "operator's mail";

/// The alarm of the limit on all letters together, or of any that holds letters to the operator: a letter may not tell of it.
pub(super) const HELD_BACK: &str = "letters of every landlord are held back";

/// The alarm of a mailbox that refuses the login.
pub(super) fn no_login(mailbox: &str) -> String {
    format!("login to mailbox {mailbox}")
}

/// The alarm of a folder that no look succeeds into.
pub(super) fn unread(folder: &str, mailbox: &str) -> String {
    format!("folder {folder} of mailbox {mailbox}{NOT_READ}")
}

/// The alarm of stored mail that cannot be moved to where the landlord keeps it.
pub(super) fn unmoved(folder: &str, mailbox: &str) -> String {
    format!("moving mail out of {folder} of mailbox {mailbox}")
}

const NOT_READ: &str = " is not being read";

/// All alarms there can be of what this configuration has and another may not have.
fn of_what_is_configured(config: &Config) -> BTreeSet<String> {
    let mut alarms: BTreeSet<String> = config.health.listen.iter().map(|_| NO_LISTENER.to_owned()).collect();
    for mailbox in &config.mailboxes {
        alarms.insert(no_login(&mailbox.name));
        for folder in mailbox.folders.iter().chain(&mailbox.junk) {
            alarms.insert(unread(folder, &mailbox.name));
            alarms.extend(mailbox.move_to.iter().map(|_| unmoved(folder, &mailbox.name)));
        }
    }
    alarms.extend(config.expiries.iter().flat_map(|expiry| ENDS.map(|ends| format!("{} {ends}", expiry.key))));
    alarms
}

/// Whether an alarm is, in any configuration, one of [`of_what_is_configured`].
fn is_of_what_is_configured(name: &str) -> bool {
    const OF_MAILBOX: [&str; 3] = ["login to mailbox ", "folder ", "moving mail out of "];
    OF_MAILBOX.iter().any(|begins| name.starts_with(begins))
        || ENDS.iter().any(|ends| name.ends_with(ends))
        || name == NO_LISTENER
}

/// Tries at the second way that failed, by alarm. Not in the database: that may be what is broken.
///
/// After each of them all alarms leave it alone for the shortest rest: one look at many troubles waits for it once.
#[derive(Debug, Default)]
pub struct Tries(Mutex<BTreeMap<String, Rest>>);

/// How often it failed in a row, and until when it is left alone.
#[derive(Clone, Copy, Debug)]
struct Rest {
    failures: usize,
    failed: Timestamp,
    until: Timestamp,
}

impl Tries {
    fn may(&self, name: &str, now: Timestamp) -> bool {
        let tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (shortest, longest) =
            (SignedDuration::from_mins(RESTS_M[0]), SignedDuration::from_mins(RESTS_M[RESTS_M.len() - 1]));
        let just_failed = |rest: &Rest| still_rests(rest.failed + shortest, shortest, now);
        tries.get(name).is_none_or(|rest| !still_rests(rest.until, longest, now)) && !tries.values().any(just_failed)
    }

    fn ended(&self, name: &str, heard: bool, now: Timestamp) {
        let mut tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if heard {
            tries.clear();
            return;
        }
        let failures = tries.get(name).map_or(0, |rest| rest.failures);
        let rest = SignedDuration::from_mins(RESTS_M[failures.min(RESTS_M.len() - 1)]);
        tries.insert(name.to_owned(), Rest { failures: failures + 1, failed: now, until: now + rest });
    }
}

/// Tells the operator by the second way and without the database. Returns whether they were reached; a way that failed is
/// left alone for a while, longer each time.
pub async fn aloud(config: &Config, tries: &Tries, name: &str, words: &str, now: Timestamp) -> bool {
    if !tries.may(name, now) {
        return false;
    }
    let began = Instant::now();
    let tried = by_second_way(config, &format!("Redress: {name}"), words, now).await;
    // A rest begins when the try has ended.
    tries.ended(name, tried.is_ok(), now + SignedDuration::from_secs(began.elapsed().as_secs().cast_signed()));
    match tried {
        Ok(()) => {
            info!(alarm = name, "The operator is told by the second way");
            true
        }
        Err(trouble) => {
            error!(
                alarm = name,
                trouble = format!("{trouble:#}"),
                "The operator could not be told by the second way either"
            );
            false
        }
    }
}

/// Tells the operator that letters cannot leave, or that the letter to them was refused: by the second way, for a letter
/// would wait with the others. Said once, until it is over, and by one daemon: two would not know of each other's word while
/// it is on its way. With it whatever letters may have told in vain.
///
/// # Errors
///
/// Only the database's; a second way that fails is an error in the log and is tried again after a while.
pub async fn alarm(office: &Office, name: &str, words: &str) -> anyhow::Result<()> {
    let now = office.clock.now();
    let known_before = first_way(office).await? != FirstWay::Open;
    say_aloud(office, &office.store.raise(name, words, now).await?, known_before).await
}

async fn say_aloud(office: &Office, alarm: &Alarm, known_before: bool) -> anyhow::Result<()> {
    let (name, now) = (&alarm.name, office.clock.now());
    if alarm.told.is_some() || !office.store.holds(FOR_ALL) {
        return Ok(());
    }
    let mut words = alarm.words.clone();
    if !known_before {
        let others = office.store.alarms().await?.into_iter().filter(|other| other.name != *name);
        words.extend(others.map(|other| format!("\n\nThis is wrong too: {}. {}", other.name, other.words)));
    }
    if aloud(&office.config, &office.second_way, name, &words, now).await {
        office.store.told(name, now).await?;
    }
    Ok(())
}

/// Tells the operator what they could not be told when it was noticed: by this daemon, because neither way was open, or by
/// another, which leaves the second way to this one. Raises nothing anew: it may be over by now.
///
/// # Errors
///
/// Only the database's.
pub async fn tell_what_is_untold(office: &Office) -> anyhow::Result<()> {
    for noticed in office.store.alarms().await?.iter().filter(|noticed| noticed.told.is_none()) {
        match noticed.name.as_str() {
            ROUTE | OWN_MAIL | STANDSTILL | HELD_BACK => say_aloud(office, noticed, true).await?,
            _ => say(office, noticed).await?,
        }
    }
    Ok(())
}

/// Tells the operator: by letter; by the second way when letters are known not to leave. Said once, until it is over.
///
/// # Errors
///
/// Only the database's.
pub async fn tell(office: &Office, name: &str, words: &str) -> anyhow::Result<()> {
    let now = office.clock.now();
    say(office, &office.store.raise(name, words, now).await?).await
}

async fn say(office: &Office, alarm: &Alarm) -> anyhow::Result<()> {
    let (Alarm { name, words, .. }, now) = (alarm, office.clock.now());
    if alarm.told.is_some() {
        return Ok(());
    }
    let first_way = first_way(office).await?;
    if first_way != FirstWay::Open
        && office.store.holds(FOR_ALL)
        && aloud(&office.config, &office.second_way, name, words, now).await
    {
        office.store.told(name, now).await?;
        if first_way == FirstWay::Closed {
            return Ok(());
        }
    }
    // The same letter, should the program end before it is noted that it was told.
    let id = format!("alarm.{}.{}", slug(name), alarm.since.as_millisecond());
    office.store.post(&letter(&office.config, &id, &format!("Redress: {name}"), words, now)?, now).await?;
    office.letters_wait.notify_one();
    // With neither way open the letter waits, and the second way is tried again.
    if first_way == FirstWay::Open { office.store.told(name, now).await } else { Ok(()) }
}

/// Ends a trouble. Whoever was told of it hears that it is over.
///
/// # Errors
///
/// Only the database's.
pub async fn over(office: &Office, name: &str, words: &str) -> anyhow::Result<()> {
    if let Some(since) = office.store.clear(name).await? {
        let now = office.clock.now();
        info!(alarm = name, "Trouble over");
        let subject = format!("over: {name}");
        let first_way = first_way(office).await?;
        if first_way != FirstWay::Open
            && aloud(&office.config, &office.second_way, &subject, words, now).await
            && first_way == FirstWay::Closed
        {
            return Ok(());
        }
        // Of this very trouble: another of its name may end within the same millisecond.
        let id = format!("over.{}.{}", slug(name), since.as_millisecond());
        office.store.post(&letter(&office.config, &id, &format!("Redress: {subject}"), words, now)?, now).await?;
        office.letters_wait.notify_one();
    }
    Ok(())
}

/// Ends the alarms of what the configuration does not have any more: nothing else would, for nobody looks at it. What another
/// daemon reads is left to that one, and the listener while there is any other.
///
/// # Errors
///
/// Only the database's.
pub async fn end_what_is_gone(office: &Office) -> anyhow::Result<()> {
    if !office.store.holds(FOR_ALL) {
        return Ok(());
    }
    let has = of_what_is_configured(&office.config);
    let alarms = office.store.alarms().await?.into_iter().map(|alarm| alarm.name);
    let gone: Vec<String> = alarms.filter(|name| is_of_what_is_configured(name) && !has.contains(name)).collect();
    if gone.is_empty() {
        return Ok(());
    }
    let daemons = office.store.daemons().await?;
    let others: Vec<_> = daemons.iter().filter(|daemon| !daemon.is_for_all()).collect();
    for name in gone {
        let about = |mailbox: &str| name.trim_end_matches(NOT_READ).ends_with(&format!(" mailbox {mailbox}"));
        let reads = |other: &DaemonRow| other.mailboxes().any(|(mailbox, _)| about(mailbox));
        if !others.iter().any(|other| name == NO_LISTENER || reads(other)) {
            over(office, &name, "It is not in the configuration any more.").await?;
        }
    }
    Ok(())
}

/// Tries one letter a day while those to the operator are refused: it may be long before another goes that would show that
/// they are taken again. The first goes on the day after, or when the program was started anew, for so an address is corrected.
///
/// # Errors
///
/// Only the database's.
pub(super) async fn try_again(office: &Office, started: Timestamp, now: Timestamp) -> anyhow::Result<()> {
    let alarms = office.store.alarms().await?;
    let Some(refused) = alarms.iter().find(|alarm| alarm.name == OWN_MAIL) else { return Ok(()) };
    let (today, since) = (london_date(now), london_date(refused.since));
    if since == today && started <= refused.since {
        return Ok(());
    }
    let words = format!(
        "Since {} the mail server has refused letters to your address. Once a day a letter tries it again, and this is \
         today's. If you can read it, letters reach you again, and there is nothing to do.",
        spoken(since)
    );
    // The same letter, however often it is looked.
    let id = format!("trial.{}.{today}", slug(&office.config.operator.person.address));
    office.store.post(&letter(&office.config, &id, "Redress: can you read this?", &words, now)?, now).await?;
    office.letters_wait.notify_one();
    Ok(())
}

/// How letters to the operator fare, for all that is known.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FirstWay {
    Open,
    /// The last one was refused. The next is tried all the same: nothing else would show that they are taken again.
    Refused,
    /// No letters leave.
    Closed,
}

async fn first_way(office: &Office) -> anyhow::Result<FirstWay> {
    let alarms = office.store.alarms().await?;
    let open = |names: &[&str]| alarms.iter().any(|alarm| names.contains(&alarm.name.as_str()));
    Ok(match open(&[ROUTE, STANDSTILL]) {
        true => FirstWay::Closed,
        false if open(&[OWN_MAIL]) => FirstWay::Refused,
        false => FirstWay::Open,
    })
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

async fn by_second_way(config: &Config, subject: &str, words: &str, now: Timestamp) -> anyhow::Result<()> {
    let way = async {
        match &config.operator.second_way {
            SecondWay::Smtp(server) => {
                let id = format!("second-way.{}", now.as_millisecond());
                let letter = letter(config, &id, subject, words, now)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_way_that_just_failed_keeps_no_other_alarm_waiting_and_is_tried_for_it_a_minute_later() {
        let (tries, now) = (Tries::default(), Timestamp::UNIX_EPOCH);
        let later = |minutes| now + SignedDuration::from_mins(minutes);
        tries.ended("disk nearly full", false, now);
        assert!(!tries.may("smtp", now), "one look would wait for it twice");
        assert!(tries.may("smtp", later(1)));
        tries.ended("disk nearly full", false, later(1));
        assert!(tries.may("smtp", later(2)) && !tries.may("disk nearly full", later(2)), "the other's turn");
        tries.ended("smtp", true, later(2));
        assert!(tries.may("disk nearly full", later(2)), "the way is well");
    }
}
