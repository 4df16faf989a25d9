//! Is everything still moving? Feeds systemd's watchdog from finished work, and tells the operator of what stands still.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use anyhow::{anyhow, ensure};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use sd_notify::NotifyState;
use secrecy::ExposeSecret as _;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use super::office::Office;
use super::{brakes, operator, set_right};
use crate::config::{Config, Expiry};
use crate::domain::calendar::{london_date, spoken};
use crate::store::{Alarm, FOR_ALL, sqlite_file};

const EVERY: Duration = Duration::from_secs(20);
/// The operator hears of a mailbox that was not read, or a letter that did not leave, for this long.
const STANDSTILL: SignedDuration = SignedDuration::from_hours(1);

/// A word to the operator that has waited for this long goes by the second way: something is wrong already.
const WORD_WAITS: SignedDuration = SignedDuration::from_mins(15);

/// A database that was away for less is a restart, and nobody's trouble.
pub const DATABASE_PATIENCE: SignedDuration = SignedDuration::from_mins(5);
/// A database that stays away is said again.
const SAID_AGAIN: SignedDuration = SignedDuration::from_hours(24);
/// How alarms of credentials end.
pub(super) const ENDS: [&str; 2] = ["ends soon", "ends within days"];
/// What the operator hears of a database that cannot be used.
pub const DATABASE: &str = "the database cannot be used";
/// The operator hears of a credential this many days before it ends: a new one may need an order, and a person who is away.
pub const CREDENTIAL_DAYS: i32 = 21;
/// A look takes moments, unless the database hangs or the second way does, which it waits for once.
const LOOK_MAX: Duration = Duration::from_secs(90);
/// Copies of the database are made every night; after so long without a good one it is no accident.
const COPY_WAITS: SignedDuration = SignedDuration::from_hours(3 * 24);
/// A program that was started this often, and never ran for long, does not end by accident.
const STARTS: u32 = 3;
/// How its alarm begins, before the machine's name.
pub const ENDS_AGAIN: &str = "the program ends again and again on ";
/// A date that could not be acted on this often is no accident.
pub(super) const DATE_TRIES: i64 = 3;

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
/// None; the form is that of all rounds.
pub async fn round(office: Arc<Office>, pulses: Vec<Pulse>, stop: CancellationToken) -> anyhow::Result<()> {
    let mut watch = Watch::new(Arc::clone(&office));
    pulses.iter().for_each(|pulse| pulse.beat(watch.started));
    loop {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(EVERY) => {}
        }
        let stuck = stuck(&pulses, office.clock.now());
        if stuck.is_empty() {
            let _ = sd_notify::notify(&[NotifyState::Watchdog]);
        } else {
            error!(?stuck, "A round has stood still for too long; the watchdog is not fed");
        }
        watch.step().await;
    }
}

/// Names of the rounds that have finished nothing for too long.
pub(super) fn stuck(pulses: &[Pulse], now: Timestamp) -> Vec<&str> {
    pulses.iter().filter(|pulse| !pulse.fresh(now)).map(|pulse| &*pulse.name).collect()
}

/// What is watched from one look to the next.
pub struct Watch {
    office: Arc<Office>,
    started: Timestamp,
    /// The moment of the last look.
    looked: Timestamp,
    database: Database,
}

/// The one trouble that cannot be noted in the database.
#[derive(Clone, Copy, Debug, Default)]
struct Database {
    failing_since: Option<Timestamp>,
    told: Option<Timestamp>,
}

impl Watch {
    pub fn new(office: Arc<Office>) -> Watch {
        let started = office.clock.now();
        Watch { office, started, looked: started, database: Database::default() }
    }

    /// Looks once at everything, and tells the operator what has changed. Nothing that goes wrong here ends a round.
    pub async fn step(&mut self) {
        let now = self.office.clock.now();
        if now < self.looked {
            self.clock_was_set_back(now).await;
        } else {
            self.looked = now;
        }
        let looked = tokio::time::timeout(LOOK_MAX, look(&self.office, self.started, now)).await;
        match looked.unwrap_or_else(|_| Err(anyhow!("No answer within {} seconds", LOOK_MAX.as_secs()))) {
            Ok(()) => self.database_answers(now).await,
            Err(trouble) => {
                error!(trouble = format!("{trouble:#}"), "Could not look whether all is well");
                self.database_fails(now).await;
            }
        }
    }

    /// What was to happen by the clock as it was happens by the clock as it is. Failing, it is tried again at the next look.
    async fn clock_was_set_back(&mut self, now: Timestamp) {
        let by_s = self.looked.duration_since(now).as_secs();
        match set_right(&self.office).await {
            Ok(()) => {
                info!(by_s, "The clock was set back");
                (self.started, self.looked) = (self.started.min(now), now);
                self.office.messages_wait.notify_one();
                self.office.letters_wait.notify_one();
            }
            Err(trouble) => {
                error!(trouble = format!("{trouble:#}"), "The clock was set back; its dates will be looked at")
            }
        }
    }

    /// By the second way, and not from the database: it is what is broken.
    async fn database_fails(&mut self, now: Timestamp) {
        let since = *self.database.failing_since.get_or_insert(now);
        let due = match self.database.told {
            None => since + DATABASE_PATIENCE,
            Some(told) => told + SAID_AGAIN,
        };
        let office = &self.office;
        if now >= due
            && operator::aloud(&office.config, &office.second_way, DATABASE, &no_database(&office.config), now).await
        {
            self.database.told = Some(now);
        }
    }

    async fn database_answers(&mut self, now: Timestamp) {
        self.database.failing_since = None;
        let over = format!("over: {DATABASE}");
        let (office, words) = (&self.office, "It can be used again.");
        if self.database.told.is_some() && operator::aloud(&office.config, &office.second_way, &over, words, now).await
        {
            self.database.told = None;
        }
    }
}

/// What the operator is told of a database that cannot be used.
pub fn no_database(config: &Config) -> String {
    let disk = match free_disk(config) {
        Some((folder, free)) => format!(" {} MiB are free in {}.", free >> 20, folder.display()),
        None => String::new(),
    };
    format!(
        "Nothing can be stored, and so nothing is taken in or answered. Mail is safe on the mail server.{disk} The log says \
         why: `journalctl -u redress`. It goes on by itself when the database does."
    )
}

async fn look(office: &Office, started: Timestamp, now: Timestamp) -> anyhow::Result<()> {
    // The database does not answer this daemon. Others may be well, and cannot know: each tells of its own machine.
    ensure!(office.store.lives(), "This daemon's lease on the database could not be renewed");
    if !office.store.holds(FOR_ALL) {
        return Ok(());
    }
    // While all is well nothing below writes, and another program may keep the database for itself.
    office.store.can_be_written().await?;
    unread_folders(office, started, now).await?;
    let counts = office.store.counts().await?;
    let longer = |oldest: Option<Timestamp>, than: SignedDuration| {
        oldest.is_some_and(|oldest| now.duration_since(oldest.max(started)) > than)
    };
    let name = "a message cannot be handled";
    if longer(counts.oldest_new, STANDSTILL) {
        let words = "A message has waited for an hour. `redress inbox list` shows which; the log says why. Is its mailbox in \
                     the configuration?";
        operator::tell(office, name, words).await?;
    } else {
        operator::over(office, name, "Every message has been handled.").await?;
    }
    if longer(counts.oldest_unsent, STANDSTILL) || longer(counts.oldest_to_operator, WORD_WAITS) {
        let words = "Letters wait that should have left. `redress outbox list --waiting` shows which, and the mail server's \
                     answers.";
        operator::alarm(office, operator::STANDSTILL, words).await?;
    } else {
        operator::over(office, operator::STANDSTILL, "Letters leave again.").await?;
    }
    // Another that waits shows as much.
    if counts.oldest_to_operator.is_none() {
        operator::try_again(office, started, now).await?;
    }
    stuck_dates(office).await?;
    restarts(office, now).await?;
    brakes::look(office).await?;
    disk(office).await?;
    copies(office, started, now).await?;
    credentials(office, now).await?;
    operator::end_what_is_gone(office).await?;
    // What is over is so by now.
    operator::tell_what_is_untold(office).await
}

async fn unread_folders(office: &Office, started: Timestamp, now: Timestamp) -> anyhow::Result<()> {
    let folders = office.store.folders().await?;
    for mailbox in &office.config.mailboxes {
        for folder in mailbox.folders.iter().chain(&mailbox.junk) {
            let read = folders.iter().find(|row| row.mailbox == mailbox.name && row.folder == *folder);
            // One that was read in days to come was read by a clock that was ahead.
            let read = read.filter(|row| row.read <= now);
            let since = read.map_or(started, |row| row.read.max(started));
            let name = operator::unread(folder, &mailbox.name);
            if now.duration_since(since) > STANDSTILL {
                let words = "No look into it has succeeded for an hour. Mail is safe on the mail server; clocks run. The log says why: `journalctl -u redress`.";
                operator::tell(office, &name, words).await?;
            } else {
                operator::over(office, &name, "It is being read again.").await?;
            }
        }
    }
    Ok(())
}

/// A program that is started anew before anything has stood still for an hour would tell of nothing.
pub(super) async fn restarts(office: &Office, now: Timestamp) -> anyhow::Result<()> {
    let often = office.store.started_often(STARTS, now).await?;
    let often: Vec<String> = often.iter().map(|machine| format!("{ENDS_AGAIN}{machine}")).collect();
    for name in &often {
        let words = "It was started three times or more, each time before it had run for an hour, and nobody had stopped it. Until \
                     it runs on, you may not hear of what stands still. The log says how it ended: `journalctl -u redress`.";
        operator::tell(office, name, words).await?;
    }
    for Alarm { name, .. } in office.store.alarms().await? {
        if name.starts_with(ENDS_AGAIN) && !often.contains(&name) {
            operator::over(office, &name, "It has run for an hour, or was stopped by somebody.").await?;
        }
    }
    Ok(())
}

/// A date that nothing can be decided about is a reminder that does not go.
async fn stuck_dates(office: &Office) -> anyhow::Result<()> {
    const NAME: &str = "a date cannot be acted on";
    let cases = office.store.stuck_deadlines(DATE_TRIES).await?;
    if cases.is_empty() {
        return operator::over(office, NAME, "Every date that has come was acted on.").await;
    }
    let words = format!(
        "Reminders of these cases do not go, so look after their dates by hand: {}. `redress case show` has the dates; the \
         log says why: `journalctl -u redress`.",
        cases.join(", ")
    );
    operator::tell(office, NAME, &words).await
}

async fn disk(office: &Office) -> anyhow::Result<()> {
    const NAME: &str = "disk nearly full";
    let Some((folder, free)) = free_disk(&office.config) else { return Ok(()) };
    if free >= office.config.limits.free_disk_bytes {
        return operator::over(office, NAME, "There is room again.").await;
    }
    let words = format!(
        "{} MiB are free where the database is ({}). When nothing is free, no mail can be stored: make room.",
        free >> 20,
        folder.display()
    );
    operator::tell(office, NAME, &words).await
}

/// Whoever has this program make no copies, or one now and then, makes them in another way.
async fn copies(office: &Office, started: Timestamp, now: Timestamp) -> anyhow::Result<()> {
    const NAME: &str = "the database is not being copied";
    let Some(made) = office.store.backed_up().await? else { return Ok(()) };
    // One of days to come was made by a clock that was ahead, and nobody knows when.
    if now.duration_since(made).abs() <= COPY_WAITS {
        return operator::over(office, NAME, "A good copy has been made.").await;
    }
    let before = office.store.backed_up_before().await?;
    let nightly = before.is_some_and(|before| made.duration_since(before).abs() <= COPY_WAITS);
    // A machine that was off makes up for its nights first.
    if !nightly || now.duration_since(started) <= STANDSTILL {
        return Ok(());
    }
    let words = format!(
        "As far as the database knows, the last good copy was made on {}. What hinders the next: `journalctl -u redress-backup`. \
         Then make one: `systemctl start redress-backup`.",
        spoken(london_date(made))
    );
    operator::tell(office, NAME, &words).await
}

/// Weeks ahead, and again three days ahead.
async fn credentials(office: &Office, now: Timestamp) -> anyhow::Result<()> {
    for Expiry { key, on } in &office.config.expiries {
        let left = days_left(*on, now);
        for (days, name) in
            [(CREDENTIAL_DAYS, ENDS[0]), (3, ENDS[1])].map(|(days, ends)| (days, format!("{key} {ends}")))
        {
            if left > days {
                operator::over(office, &name, "A new one is in its place.").await?;
                continue;
            }
            let words = format!(
                "Its last day is {}, says the configuration. Put the new one into its place, with its own date, and restart: \
                 without it mail does not come in, or letters do not leave.",
                spoken(*on)
            );
            operator::tell(office, &name, &words).await?;
        }
    }
    Ok(())
}

/// Days until the last day a secret is good, in Europe/London; below 0 it has ended.
pub fn days_left(on: Date, now: Timestamp) -> i32 {
    london_date(now).until(on).map_or(i32::MAX, |left| left.get_days())
}

/// Where an SQLite database lies, and how many bytes are free there.
pub fn free_disk(config: &Config) -> Option<(PathBuf, u64)> {
    let folder = sqlite_file(config.database.expose_secret())?.parent()?.to_owned();
    let disk = rustix::fs::statvfs(&folder).ok()?;
    Some((folder, disk.f_bavail.saturating_mul(disk.f_frsize)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_way_that_hangs_passes_for_no_database_that_does_and_lets_no_watchdog_bite() {
        assert!(operator::SECOND_WAY_MAX + EVERY < LOOK_MAX, "a look has time for the rest");
        let unit = include_str!("../../deploy/redress.service");
        let watchdog = unit.lines().find_map(|line| line.strip_prefix("WatchdogSec=")).unwrap().parse().unwrap();
        assert!(EVERY + LOOK_MAX + operator::SECOND_WAY_MAX < Duration::from_secs(watchdog));
    }
}
