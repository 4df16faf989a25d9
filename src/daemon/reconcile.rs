//! Do the mail servers and the ledger agree? → a report for people, an alarm when they do not.
//!
//! Once a day, read-only on the servers, over connections of its own. The one thing it does: mail that lies where logged
//! mail is moved to, and was never taken in, is taken in. It gets there when somebody moves it by hand before the program
//! saw it, and when a database is restored that is older than what was moved since. So is mail that lies anywhere under the
//! UID of another message, as after the mail server's own restoring: a look takes that for known.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use futures::FutureExt as _;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::office::Office;
use super::receive::arrived;
use super::{Progress, operator};
use crate::config::{Config, Limits, MailboxConfig};
use crate::domain::calendar::next_look;
use crate::domain::reconcile::{Difference, Folder, Reconciled, Tally, given_again, in_doubt, never_read, not_taken};
use crate::mail::mailbox::{AnyMailbox, Mailbox, MailboxError, Raw, answer};
use crate::store::{FOR_ALL, Store};

/// When to compare each day, before anybody reads the morning's list.
const EVERY_DAY: &str = "0 0 6 * * *";
/// When something differs, the second look comes this soon: what was on its way has come in by then.
const SECOND_LOOK: SignedDuration = SignedDuration::from_mins(15);
/// While it goes on to differ, whether it still does.
const FURTHER_LOOKS: SignedDuration = SignedDuration::from_hours(1);
/// A letter may be late, or on its way, for this long: no try lasts as long.
const PATIENCE: SignedDuration = SignedDuration::from_hours(1);
/// Whether it is time is asked this often, so that a machine that slept is noticed.
const ASK_EVERY: Duration = Duration::from_secs(60);
/// What the operator hears of when a difference stands.
const APART: &str = "the mail servers and the database do not agree";
/// After so many failures in a row it is no message's fault.
const FAILURES_MAX: u32 = 10;
/// What is named in one letter to the operator.
const NAMED: usize = 5;

/// What becomes of mail that was never taken in and that no look will take in: it lies where logged mail is moved to, or under
/// the UID of another message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    TakeIn,
    /// It is a difference.
    Report,
}

/// Goes round until told to stop.
///
/// # Errors
///
/// None; the form is that of all rounds.
pub async fn round(office: Arc<Office>, stop: CancellationToken) -> anyhow::Result<()> {
    while !stop.is_cancelled() {
        if !office.store.holds(FOR_ALL) {
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(ASK_EVERY) => {}
            }
            continue;
        }
        // A comparison that fails, or meets an answer nobody can read, disturbs nothing else.
        let tried = AssertUnwindSafe(async {
            tokio::select! {
                () = stop.cancelled() => Ok(Progress::Idle),
                tried = step(&office, looks_only) => tried,
            }
        });
        if let Err(trouble) = tried.catch_unwind().await.unwrap_or_else(|_| Err(anyhow!("The program panicked on it")))
        {
            error!(trouble = format!("{trouble:#}"), "Could not compare the mail servers with the database");
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(ASK_EVERY) => {}
        }
    }
    Ok(())
}

/// The mailbox that the configuration names, over a connection that has no right to change anything.
pub fn looks_only(mailbox: &MailboxConfig) -> AnyMailbox {
    AnyMailbox::read_only(mailbox.source.clone())
}

/// Compares when it is time to, keeps what came of it, and tells the operator of what two looks in a row found. `session`
/// gives a mailbox of the configuration, to be opened and closed here.
///
/// # Errors
///
/// The database's.
pub async fn step<M: Mailbox>(office: &Office, session: impl Fn(&MailboxConfig) -> M) -> anyhow::Result<Progress> {
    let now = office.clock.now();
    let before = office.store.reconciled().await?;
    if before.as_ref().is_some_and(|before| before.at <= now && now < due(before)) {
        return Ok(Progress::Idle);
    }
    let reconciled = compare(&office.config, &office.store, session, Found::TakeIn, now).await?;
    let before = match before {
        Some(before) => Some(read_since(&office.store, before).await?),
        None => None,
    };
    let reconciled = reconciled.after(before.as_ref());
    office.store.keep_reconciled(&reconciled).await?;
    let found: usize = reconciled.folders.iter().map(|tally| tally.found).sum();
    if found > 0 {
        warn!(
            found,
            "Mail lay where logged mail is moved to, or under the UID of another message, and had never been taken in; now it is"
        );
        office.messages_wait.notify_one();
    }
    info!(
        folders = reconciled.folders.len(),
        differences = reconciled.differences.len(),
        standing = reconciled.standing.len(),
        "The mail servers and the database were compared"
    );
    match reconciled.standing.as_slice() {
        [] if reconciled.differences.is_empty() => {
            operator::over(office, APART, "The mail servers and the database agree again.").await?;
        }
        [] => {}
        standing => {
            let mut words: Vec<String> =
                standing.iter().take(NAMED).map(|one| format!("- {}", one.in_words())).collect();
            words.insert(0, "Two looks in a row found this:\n".to_owned());
            words.push("\n`redress reconcile` lists all of it.".to_owned());
            operator::tell(office, APART, &words.join("\n")).await?;
        }
    }
    Ok(Progress::Made)
}

/// When to compare next.
fn due(before: &Reconciled) -> Timestamp {
    let daily = EVERY_DAY.parse().ok().and_then(|schedule| next_look(&schedule, before.at));
    match (before.differences.is_empty(), before.standing.is_empty()) {
        (true, _) => daily.unwrap_or(before.at + SignedDuration::from_hours(24)),
        (false, true) => before.at + SECOND_LOOK,
        (false, false) => before.at + FURTHER_LOOKS,
    }
}

/// A look before, with only such missing mail as the daemon had the occasion to take in since. A folder that is not being read
/// is an alarm of its own.
async fn read_since(store: &Store, before: Reconciled) -> anyhow::Result<Reconciled> {
    let folders = store.folders().await?;
    let read_since = |difference: &Difference| match difference {
        Difference::NotHere { mailbox, folder, .. } => folders
            .iter()
            .find(|row| row.mailbox == *mailbox && row.folder == *folder)
            .is_some_and(|row| row.read > before.at),
        _ => true,
    };
    let differences = before.differences.iter().filter(|difference| read_since(difference)).cloned().collect();
    Ok(Reconciled { differences, ..before })
}

/// Compares every mailbox with the ledger, and every letter with the mail server's answers.
///
/// # Errors
///
/// The database's. A mailbox that cannot be read is a difference.
pub async fn compare<M: Mailbox>(
    config: &Config,
    store: &Store,
    session: impl Fn(&MailboxConfig) -> M,
    found: Found,
    now: Timestamp,
) -> anyhow::Result<Reconciled> {
    let counts = store.counts().await?;
    let letters_sent = counts.outbox.get("sent").copied().unwrap_or_default();
    let mut reconciled = Reconciled {
        at: now,
        folders: Vec::new(),
        letters_sent: usize::try_from(letters_sent).unwrap_or_default(),
        differences: Vec::new(),
        standing: Vec::new(),
    };
    for mailbox in &config.mailboxes {
        let mut session = session(mailbox);
        let desk = Desk { mailbox, limits: &config.limits, store, found, now };
        let compared = desk.compare(&mut session, &mut reconciled).await;
        session.close().await;
        compared?;
    }
    reconciled.differences.extend(store.letters_apart(now - PATIENCE).await?);
    Ok(reconciled)
}

/// One mailbox that is being compared.
struct Desk<'a> {
    mailbox: &'a MailboxConfig,
    limits: &'a Limits,
    store: &'a Store,
    found: Found,
    now: Timestamp,
}

impl Desk<'_> {
    async fn compare(&self, session: &mut impl Mailbox, reconciled: &mut Reconciled) -> anyhow::Result<()> {
        let mut watched = Vec::new();
        for folder in self.mailbox.folders.iter().chain(&self.mailbox.junk) {
            match answer(look(session, folder)).await {
                Ok(found) => watched.push(found),
                Err(trouble) => {
                    reconciled.differences.push(self.not_compared(folder, &trouble));
                    if !matches!(trouble, MailboxError::Refused(_)) {
                        return Ok(()); // The next folder would fail alike, and many refused logins lock an account.
                    }
                }
            }
        }
        let moved = match &self.mailbox.move_to {
            None => None,
            Some(folder) => {
                let made = self.store.has_moved(&self.mailbox.name, folder).await?;
                match answer(look_where_moved(session, folder, made)).await {
                    Ok(moved) => moved,
                    Err(trouble) => {
                        reconciled.differences.push(self.not_compared(folder, &trouble));
                        None
                    }
                }
            }
        };
        // Read after the servers: what was stored meanwhile is no difference.
        let ledger = self.store.ledger(&self.mailbox.name).await?;
        for folder in &watched {
            // What lies in another folder, in the junk say, may have come here anew.
            let mut reading = self.read(session, folder, given_again(&ledger, folder), 0, Some(&folder.name)).await?;
            reading.missing.extend(not_taken(&ledger, folder));
            self.count(folder, reading, reconciled);
        }
        if let Some(folder) = moved {
            let mut doubtful = in_doubt(&ledger, &watched, &folder);
            doubtful.extend(given_again(&ledger, &folder));
            let reading = self.read(session, &folder, doubtful, never_read(&ledger, &watched), None).await?;
            self.count(&folder, reading, reconciled);
        }
        Ok(())
    }

    /// Reads messages that may not be in the ledger, as taken in from folder `from` or from any. `never_read` are there without
    /// their words: as many may be impossible to read here too. One that cannot be read keeps no other from it.
    async fn read(
        &self,
        session: &mut impl Mailbox,
        folder: &Folder,
        doubtful: Vec<String>,
        mut never_read: usize,
        from: Option<&str>,
    ) -> anyhow::Result<Reading> {
        let mut reading = Reading::default();
        if doubtful.is_empty() {
            return Ok(reading);
        }
        if let Err(trouble) = open_again(session, folder).await {
            return Ok(Reading { unread: doubtful, trouble: Some(trouble), ..reading });
        }
        let (mut doubtful, mut failures) = (doubtful.into_iter(), 0);
        while let Some(uid) = doubtful.next() {
            let message = match answer(session.fetch(&uid, self.limits.message_bytes)).await {
                Ok(Some(message)) => message,
                Ok(None) => continue,
                Err(trouble) => {
                    reading.trouble = match open_again(session, folder).await {
                        Ok(()) if never_read > 0 => {
                            never_read -= 1;
                            continue;
                        }
                        Ok(()) => {
                            failures += 1;
                            Some(trouble)
                        }
                        Err(trouble) => {
                            failures = FAILURES_MAX;
                            Some(trouble)
                        }
                    };
                    reading.unread.push(uid);
                    if failures == FAILURES_MAX {
                        reading.unread.extend(doubtful);
                        break;
                    }
                    continue;
                }
            };
            failures = 0;
            let (Raw::Whole(raw) | Raw::HeadersOnly(raw)) = &message.raw;
            if self.store.has_digest(&self.mailbox.name, &hex::encode(Sha256::digest(raw)), from).await? {
                continue;
            }
            match self.found {
                Found::Report => reading.missing.push(uid),
                Found::TakeIn => {
                    let (mailbox, name, uidvalidity) = (&self.mailbox.name, &folder.name, folder.uidvalidity);
                    self.store.lies_there_no_more(mailbox, name, uidvalidity, &uid).await?;
                    reading.found +=
                        self.store.receive(mailbox, name, uidvalidity, &[arrived(message)], self.now).await?;
                }
            }
        }
        Ok(reading)
    }

    fn count(&self, folder: &Folder, reading: Reading, reconciled: &mut Reconciled) {
        let Reading { missing, found, unread, trouble } = reading;
        let (mailbox, server) = (self.mailbox.name.clone(), folder.uids.len());
        let ours = server.saturating_sub(missing.len() + unread.len());
        reconciled.folders.push(Tally { mailbox: mailbox.clone(), folder: folder.name.clone(), server, ours, found });
        if !missing.is_empty() {
            let (mailbox, folder, uids) = (mailbox.clone(), folder.name.clone(), missing.into_iter().collect());
            reconciled.differences.push(Difference::NotHere { mailbox, folder, uids });
        }
        if let (Some(first), Some(trouble)) = (unread.first(), trouble) {
            let why = format!(
                "{} of its messages could not be read, the first is the server's number {first}: {trouble}",
                unread.len()
            );
            reconciled.differences.push(Difference::NotCompared { mailbox, folder: folder.name.clone(), why });
        }
    }

    fn not_compared(&self, folder: &str, trouble: &MailboxError) -> Difference {
        Difference::NotCompared {
            mailbox: self.mailbox.name.clone(),
            folder: folder.to_owned(),
            why: trouble.to_string(),
        }
    }
}

/// What reading messages in doubt came to, by UID.
#[derive(Default)]
struct Reading {
    /// Not in the ledger.
    missing: Vec<String>,
    /// How many were not in the ledger, and now are.
    found: usize,
    unread: Vec<String>,
    /// Why the last of these could not be read.
    trouble: Option<MailboxError>,
}

/// Opens the folder after another one, or after an error, with which the session went: only when this succeeds is a message at
/// fault.
async fn open_again(session: &mut impl Mailbox, folder: &Folder) -> Result<(), MailboxError> {
    match answer(session.open(&folder.name)).await? {
        opened if opened.uidvalidity == folder.uidvalidity => Ok(()),
        _ => Err(MailboxError::Lost("the folder was made anew".to_owned())),
    }
}

async fn look(session: &mut impl Mailbox, name: &str) -> Result<Folder, MailboxError> {
    let uidvalidity = session.open(name).await?.uidvalidity;
    list(session, name, uidvalidity).await
}

/// Where logged mail goes; `None` when it is not made yet, as it is when the first message is moved.
async fn look_where_moved(session: &mut impl Mailbox, name: &str, made: bool) -> Result<Option<Folder>, MailboxError> {
    let uidvalidity = match session.open(name).await {
        Err(MailboxError::Refused(_)) if !made => return Ok(None),
        opened => opened?.uidvalidity,
    };
    list(session, name, uidvalidity).await.map(Some)
}

async fn list(session: &mut impl Mailbox, name: &str, uidvalidity: i64) -> Result<Folder, MailboxError> {
    let uids = session.list(None).await?;
    let facts = session.facts(&uids).await?;
    // The ledger keeps milliseconds; a Maildir's files know more.
    let kept = |arrived: Timestamp| Timestamp::from_millisecond(arrived.as_millisecond()).unwrap_or(arrived);
    let facts = facts.into_iter().map(|facts| (facts.uid, (kept(facts.arrived), facts.size))).collect();
    Ok(Folder { name: name.to_owned(), uidvalidity, uids, facts })
}
