//! REMEMBERS. The only SQL: four transactions, and questions.
//!
//! | | Written together | Guard |
//! |---|---|---|
//! | T1 [`Store::receive`] | messages, as they came, before anybody looks at them | the UID is not stored yet |
//! | T2 [`Store::decide_message`], [`Store::decide_case`] | history, deadlines, letters, the message's state | the message is new; the case stands where the decider saw it |
//! | T3 [`Store::claim`] | the letter is being sent, a new attempt; or it is held, and why | it waits |
//! | T4 [`Store::settle`] | how the attempt ended, and what follows from it | it is being sent, and by this attempt |
//!
//! No transaction is open while anybody talks to a mail server. T2 and T4 take an ordinary closure: nothing can be awaited
//! inside it, so no socket can keep a transaction open. It may be asked again when another decider was faster, and sees
//! the case anew then.
//!
//! Isolation: SQLite has one writer at a time. PostgreSQL runs at READ COMMITTED, so each transaction first takes the lock
//! of what it is about (the message, then the landlords' numbering; the letter), and looks afterwards. Several daemons may
//! work there; [`Store::live_on`] says who does what alone.

mod absence;
mod backup;
mod decide;
mod edge;
mod history;
mod lease;
mod open;
mod questions;
mod receive;
mod reconcile;
mod rounds;
mod send;
mod sql;
mod starts;
mod verify;

use jiff::Timestamp;

pub use absence::AwayNote;
pub use backup::{Verified, restore, url_of, verify_copy};
pub use decide::{Beside, Change, Found, Keys, Known, Leaving, Message, MessageState, NewLetter, Settled, Undone};
pub use edge::{EDGES, Edge, Edges};
use lease::Me;
pub use lease::{DaemonRow, FOR_ALL, PlaceLost};
use open::{Db, RunLock, alone, ask, execute, on};
pub use open::{Purpose, Unready, failed, may_pass, sqlite_file};
pub use questions::{
    Alarm, AttemptRow, CaseFile, CaseRow, Counts, DeadlineRow, FolderRow, InboxRow, LetterRow, Letters, Messages,
};
pub use receive::Arrived;
pub use send::{Braked, Claim, Claimed, LetGo, Overtaken, Sent};

/// Row of the case table.
pub type CaseId = i64;
/// Row of the outbox.
pub type OutboxId = i64;

/// Times a decision is made again when another decider was faster.
const RACES_MAX: u32 = 20;

/// The longest Message-ID or address that is looked up, in bytes: RFC 5322, 2.1.1 has no longer line, and PostgreSQL
/// indexes nothing above 2,700 bytes.
const HINT_MAX: usize = 998;

/// The database.
pub struct Store {
    db: Db,
    lock: RunLock,
    me: Me,
    key: [u8; 32],
}

impl Store {
    /// Opens the database behind `url` for `purpose`. On PostgreSQL it waits with [`Purpose::Run`] while another program
    /// prepares the database, and until no daemon works there when it has to do so itself; with [`Purpose::Alone`] always.
    ///
    /// # Errors
    ///
    /// When it cannot be reached, migrated or locked; each message says what to do.
    pub async fn open(url: &str, purpose: Purpose) -> anyhow::Result<Store> {
        let (db, lock) = Db::open(url, purpose).await?;
        let mut store = Store { db, lock, me: Me::new()?, key: [0; 32] };
        store.key = store.signing_key().await?;
        Ok(store)
    }

    /// The key that signs our Message-IDs; made once and kept with the data, so that a restored backup knows its letters.
    pub fn key(&self) -> [u8; 32] {
        self.key
    }

    /// Ends this daemon's lease and all connections: others take over at once, once this value is dropped.
    pub async fn close(&self) {
        self.leave().await;
        self.db.close().await;
    }

    /// What is kept among the facts about the database under this name.
    async fn fact(&self, name: &str) -> anyhow::Result<Option<Vec<u8>>> {
        Ok(ask!(self.db, c => sqlx::query_scalar(sql::INFO).bind(name).fetch_optional(c).await)?)
    }

    /// Keeps a fact about the database, in place of one of that name.
    async fn keep_fact(&self, name: &str, kept: Vec<u8>) -> anyhow::Result<()> {
        Ok(alone!(self.db, c => sqlx::query(sql::KEEP_INFO).bind(name).bind(kept).execute(c).await.map(drop))?)
    }

    async fn signing_key(&self) -> anyhow::Result<[u8; 32]> {
        const NAME: &str = "message_id_key";
        let mut tx = self.db.begin_read().await?;
        let kept: Option<Vec<u8>> =
            on!(&mut tx, c => sqlx::query_scalar(sql::INFO).bind(NAME).fetch_optional(c).await)?;
        drop(tx);
        let key = match kept {
            Some(key) => key,
            None => {
                let mut tx = self.db.begin().await?;
                execute!(&mut tx, sql::SET_INFO, NAME, random::<32>()?.to_vec())?;
                let key = on!(&mut tx, c => sqlx::query_scalar(sql::INFO).bind(NAME).fetch_one(c).await)?;
                tx.commit().await?;
                key
            }
        };
        key.try_into().map_err(|_| anyhow::anyhow!("The signing key in the database is damaged; restore a backup"))
    }
}

/// Another decider was faster; the case must be loaded and decided again.
#[derive(Debug, thiserror::Error)]
#[error("another decision about this case came first")]
struct Raced;

/// How often a decision may still be made again.
struct Races {
    left: u32,
}

impl Races {
    fn new() -> Races {
        Races { left: RACES_MAX }
    }

    /// Takes a failed try: `Ok` when it was only slower than another and should be made again.
    fn lost(&mut self, error: anyhow::Error) -> anyhow::Result<()> {
        if !raced(&error) {
            return Err(error);
        }
        self.left -= 1;
        if self.left == 0 {
            return Err(error.context(format!("Another decider was faster {RACES_MAX} times in a row")));
        }
        Ok(())
    }
}

/// Whether the transaction was undone because of another one, and may do better alone.
fn raced(error: &anyhow::Error) -> bool {
    // PostgreSQL: serialization_failure, deadlock_detected.
    let undone = |code: &str| matches!(code, "40001" | "40P01");
    let collided = |error: &sqlx::Error| {
        error.as_database_error().and_then(|error| error.code()).is_some_and(|code| undone(&code))
    };
    error.chain().any(|cause| cause.is::<Raced>() || cause.downcast_ref::<sqlx::Error>().is_some_and(collided))
}

/// A stranger's text as both databases can keep it: PostgreSQL knows no U+0000, and what only one of them took would
/// stop the other for good.
fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// A stranger's Message-ID or address as it is looked up; `None` when it is too long to be one.
fn hint(text: &str) -> Option<String> {
    (text.len() <= HINT_MAX).then(|| storable(text))
}

fn random<const N: usize>() -> anyhow::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("No randomness from the system: {error}"))?;
    Ok(bytes)
}

fn instant(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).expect("the database holds milliseconds that were instants")
}
