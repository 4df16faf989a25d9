//! Mailbox → inbox. Every message is stored, as it came, before anybody looks at it.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use tracing::{info, warn};

use super::office::Office;
use super::operator;
use crate::config::MailboxConfig;
use crate::mail::mailbox::{Fetched, Mailbox, MailboxError, Raw, Uid};
use crate::store::Arrived;

/// A batch is stored when it holds this many messages or bytes, whichever comes first.
const BATCH_MESSAGES: usize = 50;
const BATCH_BYTES: usize = 4 << 20;
/// IDLE is renewed well within this: servers and routers forget a quiet connection.
const IDLE_MAX: Duration = Duration::from_secs(9 * 60);
/// A message that could not be taken this often is logged without its words, for a person to look at in the mailbox.
const TRIES_MAX: u32 = 8;

/// Reads one mailbox, all its folders.
pub struct Receive<M> {
    office: Arc<Office>,
    config: MailboxConfig,
    mailbox: M,
    /// Messages that could not be taken, by folder and UID, with how often.
    stubborn: BTreeMap<(String, Uid), u32>,
}

/// Why a look into a mailbox ended early.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error(transparent)]
    Mailbox(#[from] MailboxError),
    #[error("{0:#}")]
    Store(#[from] anyhow::Error),
}

impl<M: Mailbox> Receive<M> {
    pub fn new(office: Arc<Office>, config: MailboxConfig, mailbox: M) -> Receive<M> {
        Receive { office, config, mailbox, stubborn: BTreeMap::new() }
    }

    pub fn name(&self) -> &str {
        &self.config.name
    }

    /// Takes in everything that waits in every folder. The first folder is looked at last and stays open, so that
    /// [`wait`](Self::wait) watches it. Returns how many messages are new.
    ///
    /// # Errors
    ///
    /// The first trouble; what was stored until then stays stored.
    pub async fn look(&mut self) -> Result<usize, Fault> {
        let folders: Vec<String> = self.config.folders.iter().chain(&self.config.junk).rev().cloned().collect();
        let mut new = 0;
        for folder in &folders {
            new += self.look_into(folder).await?;
        }
        Ok(new)
    }

    /// Returns when the first folder may have changed, at the latest when it is time to look anyway.
    ///
    /// # Errors
    ///
    /// When the connection is lost.
    pub async fn wait(&mut self) -> Result<(), MailboxError> {
        self.mailbox.wait(IDLE_MAX.min(Duration::from_secs(self.office.config.limits.poll_s))).await
    }

    pub async fn close(&mut self) {
        self.mailbox.close().await;
    }

    async fn look_into(&mut self, folder: &str) -> Result<usize, Fault> {
        let uidvalidity = self.mailbox.open(folder).await?.uidvalidity;
        // The ledger says what is new, and no cursor: a gap in what was taken closes itself at the next look.
        let known = self.office.store.known_uids(&self.config.name, folder, uidvalidity).await?;
        let on_server = self.mailbox.list(None).await?;
        let mut batch = Batch::default();
        let mut new = 0;
        for uid in on_server.iter().filter(|uid| !known.contains(*uid)) {
            match self.fetch(folder, uid).await {
                Ok(Some(arrived)) => batch.add(arrived),
                Ok(None) => {}
                Err(error) => {
                    // What was taken before the trouble is stored, whatever the trouble is.
                    self.store(folder, uidvalidity, &mut batch).await?;
                    return Err(error.into());
                }
            }
            if batch.full() {
                new += self.store(folder, uidvalidity, &mut batch).await?;
            }
        }
        new += self.store(folder, uidvalidity, &mut batch).await?;
        self.office.store.looked(&self.config.name, folder, uidvalidity, self.office.clock.now()).await?;
        self.file(folder, uidvalidity, &on_server).await?;
        Ok(new)
    }

    /// One message; `None` when it has gone, or cannot be taken now and its neighbours shall not wait for it. One that can
    /// never be taken is logged empty: a person is told and the clock runs.
    async fn fetch(&mut self, folder: &str, uid: &Uid) -> Result<Option<Arrived>, MailboxError> {
        let key = (folder.to_owned(), uid.clone());
        let tries = self.stubborn.get(&key).copied().unwrap_or(0);
        if tries >= TRIES_MAX {
            let now = self.office.clock.now();
            self.stubborn.remove(&key);
            return Ok(Some(Arrived { uid: uid.clone(), arrived: now, size: 0, whole: false, raw: Vec::new() }));
        }
        let fetched = match AssertUnwindSafe(self.mailbox.fetch(uid, self.office.config.limits.message_bytes))
            .catch_unwind()
            .await
        {
            Ok(fetched) => fetched,
            // The protocol's parser may panic on a server's answer; the session is not to be trusted after that.
            Err(_) => Err(MailboxError::Lost("the answer could not be parsed".to_owned())),
        };
        match fetched {
            Ok(fetched) => {
                self.stubborn.remove(&key);
                Ok(fetched.map(arrived))
            }
            Err(error) => {
                self.stubborn.insert(key, tries + 1);
                warn!(mailbox = self.config.name, folder, uid, tries, %error, "Could not take a message; it will be tried again");
                match error {
                    MailboxError::Refused(_) => Ok(None),
                    // Its neighbours come in first at every second try.
                    MailboxError::Lost(_) | MailboxError::Login(_) if tries % 2 == 0 => Err(error),
                    MailboxError::Lost(_) | MailboxError::Login(_) => {
                        self.mailbox.open(folder).await?;
                        Ok(None)
                    }
                }
            }
        }
    }

    async fn store(&mut self, folder: &str, uidvalidity: i64, batch: &mut Batch) -> anyhow::Result<usize> {
        let messages = std::mem::take(batch).messages;
        if messages.is_empty() {
            return Ok(0);
        }
        let (office, name) = (&self.office, &self.config.name);
        let new = office.store.receive(name, folder, uidvalidity, &messages, office.clock.now()).await?;
        info!(mailbox = name, folder, taken = messages.len(), new, "Messages stored");
        office.messages_wait.notify_one();
        Ok(new)
    }

    /// A courtesy to people: stored mail goes where the landlord keeps logged mail. Repeated until it holds; a server that
    /// refuses it keeps nobody from reading on.
    async fn file(&mut self, folder: &str, uidvalidity: i64, on_server: &[Uid]) -> Result<(), Fault> {
        let Some(to) = self.config.move_to.clone() else { return Ok(()) };
        let office = Arc::clone(&self.office);
        let alarm = format!("moving mail out of {folder} of mailbox {}", self.config.name);
        for (message, uid) in office.store.unfiled(&self.config.name, folder, uidvalidity).await? {
            if on_server.contains(&uid) {
                match self.mailbox.file(&uid, &to).await {
                    Ok(()) => {}
                    Err(MailboxError::Refused(answer)) => {
                        let words = format!("Stored mail stays in {folder}, for it cannot be moved to {to}: {answer}");
                        operator::tell(&office, &alarm, &words).await?;
                        return Ok(());
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            office.store.filed(message, office.clock.now()).await?;
        }
        operator::over(&office, &alarm, "Stored mail is moved again.").await?;
        Ok(())
    }
}

#[derive(Default)]
struct Batch {
    messages: Vec<Arrived>,
    bytes: usize,
}

impl Batch {
    fn add(&mut self, arrived: Arrived) {
        self.bytes += arrived.raw.len();
        self.messages.push(arrived);
    }

    fn full(&self) -> bool {
        self.messages.len() >= BATCH_MESSAGES || self.bytes >= BATCH_BYTES
    }
}

fn arrived(fetched: Fetched) -> Arrived {
    let (whole, raw) = match fetched.raw {
        Raw::Whole(raw) => (true, raw),
        Raw::HeadersOnly(raw) => (false, raw),
    };
    Arrived { uid: fetched.uid, arrived: fetched.arrived, size: fetched.size, whole, raw }
}
