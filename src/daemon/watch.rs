//! Is everything still moving? Feeds systemd's watchdog from finished work, and tells the operator of what stands still.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use anyhow::bail;
use jiff::{SignedDuration, Timestamp};
use sd_notify::NotifyState;
use secrecy::ExposeSecret as _;
use tokio_util::sync::CancellationToken;
use tracing::error;

use super::office::Office;
use super::operator;
use crate::config::Config;
use crate::store::sqlite_file;

const EVERY: Duration = Duration::from_secs(20);
/// The operator hears of a mailbox that was not read, or a letter that did not leave, for this long.
const STANDSTILL: SignedDuration = SignedDuration::from_hours(1);

/// When a round last finished a piece of work.
#[derive(Clone)]
pub struct Pulse {
    name: Arc<str>,
    limit: Duration,
    last_ms: Arc<AtomicI64>,
}

impl Pulse {
    pub fn new(name: &str, limit: Duration) -> Pulse {
        Pulse { name: name.into(), limit, last_ms: Arc::new(AtomicI64::new(i64::MIN)) }
    }

    pub fn beat(&self, now: Timestamp) {
        self.last_ms.store(now.as_millisecond(), Ordering::Relaxed);
    }

    /// Whether the round finished something within its limit; a clock that was set back counts as now.
    fn fresh(&self, now: Timestamp) -> bool {
        let last = self.last_ms.load(Ordering::Relaxed);
        now.as_millisecond().saturating_sub(last) <= self.limit.as_millis() as i64
    }
}

pub fn notify_ready() {
    let _ = sd_notify::notify(&[NotifyState::Ready]);
}

pub fn notify_stopping() {
    let _ = sd_notify::notify(&[NotifyState::Stopping]);
}

/// Goes round until told to stop.
///
/// # Errors
///
/// When the database belongs to another daemon now.
pub async fn round(office: Arc<Office>, pulses: Vec<Pulse>, stop: CancellationToken) -> anyhow::Result<()> {
    let started = office.clock.now();
    pulses.iter().for_each(|pulse| pulse.beat(started));
    loop {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(EVERY) => {}
        }
        if !office.store.still_ours().await {
            bail!("The connection that holds this daemon's place on the database is gone; another may work now");
        }
        let now = office.clock.now();
        let stuck: Vec<&str> = pulses.iter().filter(|pulse| !pulse.fresh(now)).map(|pulse| &*pulse.name).collect();
        if stuck.is_empty() {
            let _ = sd_notify::notify(&[NotifyState::Watchdog]);
        } else {
            error!(?stuck, "A round has stood still for too long; the watchdog is not fed");
        }
        if let Err(trouble) = look(&office, started, now).await {
            error!(trouble = format!("{trouble:#}"), "Could not look whether all is well");
        }
    }
}

async fn look(office: &Office, started: Timestamp, now: Timestamp) -> anyhow::Result<()> {
    let folders = office.store.folders().await?;
    for mailbox in &office.config.mailboxes {
        for folder in mailbox.folders.iter().chain(&mailbox.junk) {
            let read = folders.iter().find(|row| row.mailbox == mailbox.name && row.folder == *folder);
            let since = read.map_or(started, |row| row.read.max(started));
            let name = format!("folder {} of mailbox {} is not being read", folder, mailbox.name);
            if now.duration_since(since) > STANDSTILL {
                let words = "No look into it has succeeded for an hour. Mail is safe on the mail server; clocks run. The log says why: `journalctl -u redress`.";
                operator::tell(office, &name, words).await?;
            } else {
                operator::over(office, &name, "It is being read again.").await?;
            }
        }
    }
    let counts = office.store.counts().await?;
    let name = "a message cannot be handled";
    if counts.oldest_new.is_some_and(|oldest| now.duration_since(oldest.max(started)) > STANDSTILL) {
        let words = "A message has waited for an hour. `redress inbox list` shows which; the log says why.";
        operator::tell(office, name, words).await?;
    } else {
        operator::over(office, name, "Every message has been handled.").await?;
    }
    let oldest = counts.oldest_unsent;
    let name = "letters do not leave";
    if oldest.is_some_and(|oldest| now.duration_since(oldest.max(started)) > STANDSTILL) {
        let words =
            "A letter has waited for an hour. `redress outbox list` shows which, and the mail server's answers.";
        operator::alarm(office, name, words).await?;
    } else {
        operator::over(office, name, "Letters leave again.").await?;
    }
    if let Some((folder, free)) = free_disk(&office.config) {
        let name = "disk nearly full";
        if free < office.config.limits.free_disk_bytes {
            let words = format!(
                "{} MiB are free where the database is ({}). When nothing is free, no mail can be stored.",
                free >> 20,
                folder.display()
            );
            operator::tell(office, name, &words).await?;
        } else {
            operator::over(office, name, "There is room again.").await?;
        }
    }
    Ok(())
}

/// Where an SQLite database lies, and how many bytes are free there.
pub fn free_disk(config: &Config) -> Option<(PathBuf, u64)> {
    let folder = sqlite_file(config.database.expose_secret())?.parent()?.to_owned();
    let disk = rustix::fs::statvfs(&folder).ok()?;
    Some((folder, disk.f_bavail.saturating_mul(disk.f_frsize)))
}
