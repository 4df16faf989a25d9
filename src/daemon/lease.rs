//! Beside other daemons on one PostgreSQL database: this one lives on, takes up what others leave, and stops by itself when it
//! cannot know whether others have taken over.
//!
//! | Round | Who | Why two at once do no harm |
//! |---|---|---|
//! | receive | who holds the mailbox | a UID is stored once; what changes the server is done by the holder only |
//! | handle, remind | every daemon, row by row | a row is taken by one; a decision is guarded by the case's last line |
//! | send | every daemon, row by row | a letter is claimed by one; only that try settles it |
//! | lists, comparison, word to the operator | who holds [`FOR_ALL`] | each letter's Message-ID is fixed, and stored once |
//! | health | every daemon | it changes nothing; each has an address and a heartbeat of its own |

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use anyhow::Context as _;
use jiff::Timestamp;
use rustix::system::uname;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::office::Office;
use super::watch::Pulse;
use crate::store::{FOR_ALL, PlaceLost, Store};

/// Renewed after this part of its length, so that one renewal may fail.
const PART: u32 = 3;
/// A renewal that failed is tried again after this; and whether something is ours is asked this often.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// This daemon's lease, which it renews as long as it runs.
pub struct Heartbeat {
    office: Arc<Office>,
    host: String,
    since: Timestamp,
    wants: Vec<String>,
    holds: BTreeSet<String>,
}

impl Heartbeat {
    /// Takes a lease, and with it what is free. Nothing of the kind on SQLite.
    ///
    /// # Errors
    ///
    /// The database's.
    pub async fn begin(office: &Arc<Office>) -> anyhow::Result<Heartbeat> {
        let host = format!("{}/{}", machine(), std::process::id());
        let wants = office.config.mailboxes.iter().map(|mailbox| mailbox.name.clone());
        let mut heartbeat = Heartbeat {
            office: Arc::clone(office),
            host,
            since: office.clock.now(),
            wants: wants.chain([FOR_ALL.to_owned()]).collect(),
            holds: BTreeSet::new(),
        };
        if !office.store.is_ones_alone() {
            heartbeat.beat().await?;
        }
        Ok(heartbeat)
    }

    /// Renews the lease for ever. While that fails it runs out, and the rounds stop by themselves until it is renewed.
    ///
    /// # Errors
    ///
    /// When this daemon has lost its place on the database.
    pub async fn goes_on(mut self) -> anyhow::Result<()> {
        if self.office.store.is_ones_alone() {
            return std::future::pending().await;
        }
        let mut rest = self.length() / PART;
        loop {
            tokio::time::sleep(rest).await;
            rest = match self.beat().await {
                Ok(()) => self.length() / PART,
                Err(trouble) if trouble.is::<PlaceLost>() => return Err(trouble),
                Err(trouble) => {
                    warn!(trouble = format!("{trouble:#}"), "The lease could not be renewed; it will be tried again");
                    ASK_EVERY
                }
            }
        }
    }

    fn length(&self) -> Duration {
        Duration::from_secs(self.office.config.limits.lease_s)
    }

    async fn beat(&mut self) -> anyhow::Result<()> {
        let Heartbeat { office, host, since, wants, .. } = &*self;
        let (store, term) = (&office.store, office.store.term());
        let beat = async {
            let holds = store.live_on(host, *since, wants, self.length()).await?;
            anyhow::Ok((holds, store.resume(office.clock.now()).await?))
        };
        // A try that takes longer than the lease still lasts is of no use; the next may do better.
        let answered = tokio::time::timeout(self.length() / PART * (PART - 1), beat).await;
        let (holds, resumed) = answered.context("The database gives no lease in time")??;
        if term.is_some() && term != store.term() {
            warn!("This daemon's lease had run out; others may have taken over what it was doing");
        }
        let (gained, lost) = (&holds - &self.holds, &self.holds - &holds);
        if !gained.is_empty() || !lost.is_empty() {
            info!(?gained, ?lost, "What this daemon alone does has changed");
        }
        if resumed > 0 {
            info!(resumed, "Letters go on that a daemon was sending when it ended");
            office.letters_wait.notify_one();
        }
        self.holds = holds;
        Ok(())
    }
}

/// The name of the machine.
pub(super) fn machine() -> String {
    uname().nodename().to_string_lossy().into_owned()
}

/// Waits until this daemon may do something, or it is told to stop. A round that waits for that does not stand still.
pub(super) async fn turn(office: &Office, ours: impl Fn(&Store) -> bool, pulse: &Pulse, stop: &CancellationToken) {
    while !ours(&office.store) && !stop.is_cancelled() {
        pulse.beat(office.clock.now());
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(ASK_EVERY) => {}
        }
    }
}

/// Goes on with `work` while the lease is the one with the number given; `None` when it broke. A machine that slept wakes with
/// others at work, and says not a word more.
pub(super) async fn within<T>(store: &Store, term: u64, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    poll_fn(|context| match store.term() == Some(term) {
        true => work.as_mut().poll(context).map(Some),
        false => Poll::Ready(None),
    })
    .await
}

/// Returns when this daemon does not hold the lease any more.
pub(super) async fn lost(office: &Office, name: &str) {
    if office.store.is_ones_alone() {
        return std::future::pending().await;
    }
    while office.store.holds(name) {
        tokio::time::sleep(ASK_EVERY).await;
    }
}
