//! Which daemon does what, where several work on one PostgreSQL database.
//!
//! Every daemon says again and again that it lives, each time for the length of a lease, and in the same transaction takes what
//! is free of what it wants: mailboxes, and what one daemon does for all. A daemon whose lease is over is forgotten by the
//! next that comes, and what it had is free. The lease is measured twice: in the database by the server's clock, where others
//! look; and here by the time that has passed since it was asked for, so that a daemon that was stopped for a while knows
//! by itself, before it asks anybody, that others may have taken over. The second measure ends before the first.
//!
//! On SQLite a lock file lets one daemon run, whatever there is to do is its own, and the tables stay empty.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use rustix::time::{ClockId, clock_gettime};

use super::open::{execute, on};
use super::{Store, instant, random, sql};

/// What one daemon does for all: lists, comparisons with the mail servers, word to the operator. No mailbox has this name.
pub const FOR_ALL: &str = "*";

/// How long a daemon that ends tries to say so.
const LEAVE_MAX: Duration = Duration::from_secs(5);

/// The session in which this daemon has its place is gone: what the database is now, nobody here knows.
#[derive(Debug, thiserror::Error)]
#[error("The connection that keeps this daemon's place on the database is gone")]
pub struct PlaceLost;

/// This daemon, as others on the database see it, and what it knows of its own lease.
pub(super) struct Me {
    id: String,
    lease: Mutex<Lease>,
}

#[derive(Default)]
struct Lease {
    /// How often it was taken: a lease that was renewed in time is the same.
    term: u64,
    /// In time since the machine was started; `None` before the first.
    until: Option<Duration>,
    holds: BTreeSet<String>,
}

impl Lease {
    fn lasts(&self) -> bool {
        self.until.is_some_and(|until| uptime() < until)
    }
}

impl Me {
    pub(super) fn new() -> anyhow::Result<Me> {
        Ok(Me { id: hex::encode(random::<16>()?), lease: Mutex::default() })
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    fn lease(&self) -> MutexGuard<'_, Lease> {
        self.lease.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One line for each of a daemon's leases, or one without.
#[derive(sqlx::FromRow)]
struct DaemonColumns {
    id: String,
    host: String,
    since: i64,
    name: Option<String>,
    held_since: Option<i64>,
}

/// A daemon that works on the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DaemonRow {
    /// Its machine's name, and the number of its process there.
    pub host: String,
    pub since: Timestamp,
    /// What it alone does, and since when: mailboxes by their names, and [`FOR_ALL`].
    pub holds: Vec<(String, Timestamp)>,
}

impl DaemonRow {
    /// Whether it is the one that does what one does for all.
    pub fn is_for_all(&self) -> bool {
        self.holds.iter().any(|(name, _)| name == FOR_ALL)
    }

    /// The mailboxes it reads, and since when.
    pub fn mailboxes(&self) -> impl Iterator<Item = (&str, Timestamp)> {
        self.holds.iter().filter(|(name, _)| name != FOR_ALL).map(|(name, since)| (name.as_str(), *since))
    }
}

impl Store {
    /// Whether there is one daemon at most, by the database's kind; it needs no leases.
    pub fn is_ones_alone(&self) -> bool {
        self.db.is_ones_alone()
    }

    /// The number of this daemon's lease, while it lasts. Between two equal answers nobody took anything from this daemon.
    pub fn term(&self) -> Option<u64> {
        let lease = self.me.lease();
        (self.is_ones_alone() || lease.lasts()).then_some(lease.term)
    }

    /// Whether this daemon's lease lasts, so that it may work.
    pub fn lives(&self) -> bool {
        self.term().is_some()
    }

    /// Whether this daemon alone may do what has this name: a mailbox, or [`FOR_ALL`].
    pub fn holds(&self, name: &str) -> bool {
        let lease = self.me.lease();
        self.is_ones_alone() || (lease.lasts() && lease.holds.contains(name))
    }

    /// Says that this daemon, which runs on `host` since the moment given, lives for another `length`; takes what is free of
    /// what it wants. Gives what it holds.
    ///
    /// # Errors
    ///
    /// [`PlaceLost`]; the database's, and then the lease lasts as it did.
    pub async fn live_on(
        &self,
        host: &str,
        since: Timestamp,
        wants: &[String],
        length: Duration,
    ) -> anyhow::Result<BTreeSet<String>> {
        let asked = uptime();
        if !self.lock.still_ours().await {
            return Err(PlaceLost.into());
        }
        let id = self.me.id();
        let mut tx = self.db.begin().await?;
        tx.lock_leases().await?;
        let now = tx.lease_clock().await?;
        let lived: Option<i64> =
            on!(&mut tx, c => sqlx::query_scalar(sql::LIVES_UNTIL).bind(id).fetch_optional(c).await)?;
        execute!(&mut tx, sql::FORGET_THE_DEAD, now)?;
        let until = now.saturating_add(i64::try_from(length.as_millis())?);
        execute!(&mut tx, sql::LIVE_ON, id, host, since.as_millisecond(), until)?;
        for name in wants {
            execute!(&mut tx, sql::TAKE_LEASE, name, id, now)?;
        }
        let holds: Vec<String> = on!(&mut tx, c => sqlx::query_scalar(sql::HELD_BY).bind(id).fetch_all(c).await)?;
        tx.commit().await?;
        let mut lease = self.me.lease();
        lease.term += u64::from(lived.is_none_or(|until| until <= now));
        lease.until = Some(asked + length);
        lease.holds = holds.into_iter().collect();
        Ok(lease.holds.clone())
    }

    /// Daemons that live, the one that has run longest first. None on SQLite.
    pub async fn daemons(&self) -> anyhow::Result<Vec<DaemonRow>> {
        let mut tx = self.db.begin_read().await?;
        let now = tx.lease_clock().await?;
        let rows: Vec<DaemonColumns> = on!(&mut tx, c => sqlx::query_as(sql::DAEMONS).bind(now).fetch_all(c).await)?;
        let mut daemons: Vec<(String, DaemonRow)> = Vec::new();
        for row in rows {
            if daemons.last().is_none_or(|(last, _)| *last != row.id) {
                daemons.push((row.id, DaemonRow { host: row.host, since: instant(row.since), holds: Vec::new() }));
            }
            if let (Some((_, daemon)), Some(held)) = (daemons.last_mut(), row.name.zip(row.held_since.map(instant))) {
                daemon.holds.push(held);
            }
        }
        Ok(daemons.into_iter().map(|(_, daemon)| daemon).collect())
    }

    /// Ends this daemon's lease, so that nobody waits for it. One that cannot say so is missed when the lease is over.
    pub(super) async fn leave(&self) {
        if self.me.lease().until.take().is_none() {
            return;
        }
        let leave = async {
            let mut tx = self.db.begin().await?;
            tx.lock_leases().await?;
            execute!(&mut tx, sql::LEAVE, self.me.id())?;
            tx.commit().await
        };
        if !matches!(tokio::time::timeout(LEAVE_MAX, leave).await, Ok(Ok(()))) {
            tracing::warn!("The other daemons could not be told that this one ends; they will see it by themselves");
        }
    }
}

/// How long the machine has been running, asleep or not. No time of day: nobody sets it.
fn uptime() -> Duration {
    let now = clock_gettime(ClockId::Boottime);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or_default())
}
