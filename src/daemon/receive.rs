//! Mailbox → inbox. Every message is stored, as it came, before anybody looks at it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tracing::{info, warn};

use super::office::Office;
use super::operator;
use super::watch::Pulse;
use crate::config::MailboxConfig;
use crate::mail::mailbox::{Fetched, Mailbox, MailboxError, Raw, Uid, answer};
use crate::store::Arrived;

/// A batch is stored when it holds this many messages or bytes, whichever comes first.
const BATCH_MESSAGES: usize = 50;
const BATCH_BYTES: usize = 4 << 20;
/// How long one look may move stored mail: new mail waits meanwhile.
const FILING_MAX: SignedDuration = SignedDuration::from_mins(1);
/// IDLE is renewed well within this: servers and routers forget a quiet connection.
const IDLE_MAX: Duration = Duration::from_secs(9 * 60);
/// A message that could not be taken this often, and for this long, while its folder could be read, is logged without its
/// words for a person to look at in the mailbox.
const STRIKES_MAX: u32 = 8;
const GIVE_UP_AFTER: SignedDuration = SignedDuration::from_hours(6);
/// Of a message that could not be taken less is asked for, and in the end its headers: half the usual limit after every two
/// tries, this often at most.
const HALVINGS_MAX: u32 = 6;
/// More failures than this in one look are the connection's fault.
const FAILURES_MAX: u32 = 10;

/// Where a message lies: folder, UIDVALIDITY and UID.
type Place = (String, i64, Uid);

/// Reads one mailbox, all its folders.
pub struct Receive<M> {
    office: Arc<Office>,
    config: MailboxConfig,
    mailbox: M,
    /// Messages that could not be taken.
    stubborn: BTreeMap<Place, Strikes>,
    /// Felt at every folder listed and message taken: a first look into a full mailbox may last.
    pulse: Option<Pulse>,
}

/// How often a message could not be taken, and since when.
struct Strikes {
    count: u32,
    first: Timestamp,
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
        Receive { office, config, mailbox, stubborn: BTreeMap::new(), pulse: None }
    }

    /// Lets the watchdog feel every folder that is listed and every message that is taken.
    pub fn watched(self, pulse: Pulse) -> Receive<M> {
        Receive { pulse: Some(pulse), ..self }
    }

    pub fn name(&self) -> &str {
        &self.config.name
    }

    /// Takes in everything that waits in every folder. The first folder is looked at last and stays open, so that
    /// [`wait`](Self::wait) watches it; a folder that cannot be read keeps no other from being read. Returns how many
    /// messages are new.
    ///
    /// # Errors
    ///
    /// The first trouble; what was stored until then stays stored.
    pub async fn look(&mut self) -> Result<usize, Fault> {
        let folders: Vec<String> = self.config.folders.iter().chain(&self.config.junk).rev().cloned().collect();
        let (mut new, mut trouble) = (0, None);
        for (folder, last) in folders.iter().zip((0..folders.len()).rev()) {
            match self.look_into(folder).await {
                Ok(taken) => new += taken,
                // A folder that was renamed or closed to us: the operator hears of it when it stays unread.
                Err(Fault::Mailbox(MailboxError::Refused(answer))) if last > 0 => {
                    warn!(mailbox = self.config.name, folder, answer, "A folder cannot be read");
                }
                Err(fault) => trouble = trouble.or(Some(fault)),
            }
        }
        trouble.map_or(Ok(new), Err)
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
        self.beat();
        let waiting = on_server.iter().filter(|uid| !known.contains(*uid));
        let mut waiting: Vec<Place> = waiting.map(|uid| (folder.to_owned(), uidvalidity, uid.clone())).collect();
        self.stubborn.retain(|place, _| place.0 != folder || waiting.contains(place));
        // The least stubborn first: however many there are, new mail passes them, and each look tries others of them.
        waiting.sort_by_key(|place| self.strikes(place));
        let mut batch = Batch::default();
        let (mut new, mut failures) = (0, 0);
        for place in waiting {
            match self.fetch(&place).await {
                Ok(arrived) => batch.messages.extend(arrived),
                Err(error) => {
                    // What was taken before the trouble is stored, whatever the trouble is.
                    new += self.store(folder, uidvalidity, &mut batch).await?;
                    failures += 1;
                    // Only when the folder opens again is the message at fault, and its neighbours come in.
                    let broken = failures > FAILURES_MAX || matches!(error, MailboxError::Login(_));
                    if broken || self.mailbox.open(folder).await?.uidvalidity != uidvalidity {
                        return Err(error.into());
                    }
                    self.strike(&place, &error);
                }
            }
            self.beat();
            if batch.full() {
                new += self.store(folder, uidvalidity, &mut batch).await?;
            }
        }
        new += self.store(folder, uidvalidity, &mut batch).await?;
        self.office.store.looked(&self.config.name, folder, uidvalidity, self.office.clock.now()).await?;
        self.file(folder, uidvalidity, &on_server).await?;
        Ok(new)
    }

    /// One message; `None` when it has gone. One that could not be taken for hours is logged empty: a person is told, the
    /// clock runs, and it still lies in the mailbox.
    async fn fetch(&mut self, place: &Place) -> Result<Option<Arrived>, MailboxError> {
        let (_, _, uid) = place;
        if let Some(strikes) = self.stubborn.get(place)
            && strikes.count >= STRIKES_MAX
            && self.office.clock.now().duration_since(strikes.first) >= GIVE_UP_AFTER
        {
            let arrived = strikes.first;
            return Ok(Some(Arrived { uid: uid.clone(), arrived, size: 0, whole: false, raw: Vec::new() }));
        }
        // The line may be too slow for a large message.
        let limit = self.office.config.limits.message_bytes >> (self.strikes(place) / 2).min(HALVINGS_MAX);
        let fetched = answer(self.mailbox.fetch(uid, limit)).await?;
        self.stubborn.remove(place);
        Ok(fetched.map(arrived))
    }

    fn strikes(&self, place: &Place) -> u32 {
        self.stubborn.get(place).map_or(0, |strikes| strikes.count)
    }

    /// Notes that a message could not be taken although the folder can be read.
    fn strike(&mut self, place: &Place, error: &MailboxError) {
        let first = self.office.clock.now();
        let strikes = self.stubborn.entry(place.clone()).or_insert(Strikes { count: 0, first });
        strikes.count += 1;
        let (folder, _, uid) = place;
        warn!(
            mailbox = self.config.name,
            folder,
            uid,
            strikes = strikes.count,
            %error,
            "Could not take a message; it will be tried again"
        );
    }

    fn beat(&self) {
        if let Some(pulse) = &self.pulse {
            pulse.beat(self.office.clock.now());
        }
    }

    async fn store(&mut self, folder: &str, uidvalidity: i64, batch: &mut Batch) -> anyhow::Result<usize> {
        let mut messages = std::mem::take(batch).messages;
        if messages.is_empty() {
            return Ok(0);
        }
        // What comes again is a copy of what came first, however late that could be taken.
        messages.sort_by_key(|message| message.arrived);
        let (office, name) = (&self.office, &self.config.name);
        let new = office.store.receive(name, folder, uidvalidity, &messages, office.clock.now()).await?;
        info!(mailbox = name, folder, taken = messages.len(), new, "Messages stored");
        office.messages_wait.notify_one();
        Ok(new)
    }

    /// A courtesy to people: stored mail goes where the landlord keeps logged mail. Repeated until it holds; neither a server
    /// that refuses it nor a great many messages keep anybody from reading on.
    async fn file(&mut self, folder: &str, uidvalidity: i64, on_server: &[Uid]) -> Result<(), Fault> {
        let Some(to) = self.config.move_to.clone() else { return Ok(()) };
        let office = Arc::clone(&self.office);
        let (alarm, began) = (operator::unmoved(folder, &self.config.name), office.clock.now());
        for (message, uid) in office.store.unfiled(&self.config.name, folder, uidvalidity).await? {
            if office.clock.now().duration_since(began) > FILING_MAX {
                break;
            }
            if on_server.contains(&uid) {
                // Nothing is changed in a mailbox that another daemon may be reading by now.
                if !office.store.holds(&self.config.name) {
                    return Ok(());
                }
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
}

impl Batch {
    fn full(&self) -> bool {
        let bytes: usize = self.messages.iter().map(|arrived| arrived.raw.len()).sum();
        self.messages.len() >= BATCH_MESSAGES || bytes >= BATCH_BYTES
    }
}

/// A message as it is stored.
pub(super) fn arrived(fetched: Fetched) -> Arrived {
    let (whole, raw) = match fetched.raw {
        Raw::Whole(raw) => (true, raw),
        Raw::HeadersOnly(raw) => (false, raw),
    };
    Arrived { uid: fetched.uid, arrived: fetched.arrived, size: fetched.size, whole, raw }
}
