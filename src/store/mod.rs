//! REMEMBERS. The only SQL: four transactions, and questions.
//!
//! T1 [`Store::receive`] keeps messages before anybody looks at them. T2 [`Store::decide_message`] and
//! [`Store::decide_case`] write history, deadlines, letters and the message's state together. T3 [`Store::claim`] and T4
//! [`Store::settle`] bracket the talk with the mail server, and no transaction is open while it lasts.
//!
//! T2 takes an ordinary closure: nothing can be awaited inside it, so no socket can keep a transaction open.

mod history;
mod open;
mod questions;
mod sql;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::domain::case::{Case, Decision, LetterNo, MessageNo, Outcome, Recorded, Says};
use crate::domain::code::Duty;
use crate::domain::reference::{FIRST_NUMBER, Reference};

use history::{Line, WordsByDigest};
use open::{Db, RunLock, Tx, execute, on};
pub use open::{Purpose, Unready, sqlite_file};
pub use questions::{
    Alarm, AttemptRow, CaseFile, CaseRow, Counts, DeadlineRow, FolderRow, InboxRow, LetterRow, Letters, Messages,
};

/// Row of the case table.
pub type CaseId = i64;
/// Row of the outbox.
pub type OutboxId = i64;

/// Times a decision is made again when another decider was faster.
const RACES_MAX: u32 = 20;

/// The database.
pub struct Store {
    db: Db,
    lock: RunLock,
    key: [u8; 32],
}

/// A message as it came from a folder.
#[derive(Clone, Debug)]
pub struct Arrived {
    pub uid: String,
    pub arrived: Timestamp,
    /// Bytes of the whole message on the server.
    pub size: u64,
    /// Whether `raw` is all of it; else it is the headers.
    pub whole: bool,
    pub raw: Vec<u8>,
}

/// A stored message.
#[derive(Clone, Debug)]
pub struct Message {
    pub id: MessageNo,
    pub mailbox: String,
    pub folder: String,
    pub arrived: Timestamp,
    pub size: u64,
    pub whole: bool,
    /// `None` once erased.
    pub raw: Option<Vec<u8>>,
    /// Tries at handling it, this one counted.
    pub attempts: u32,
}

/// What may tell which cases a message belongs to.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// References named in the message, and those its signed Message-IDs name.
    pub references: BTreeSet<Reference>,
    /// Message-IDs it answers.
    pub message_ids: BTreeSet<String>,
    /// The writer's address, lower case.
    pub sender: Option<String>,
    /// Landlords a case may be opened for.
    pub landlords: BTreeSet<String>,
    /// The message's own Message-ID and the digest of its words: a copy by another road has both the same.
    pub copy: Option<(String, String)>,
}

/// What the database knows about a message's [`Keys`].
#[derive(Clone, Debug, Default)]
pub struct Found {
    pub cases: Vec<Known>,
    /// For each landlord the number its next case would get.
    pub next: BTreeMap<String, i64>,
    /// The message of which this one is a copy, and the cases that one belongs to.
    pub copy_of: Option<MessageNo>,
    pub copied_to: BTreeSet<CaseId>,
    /// Automatic letters to the sender in the last 24 hours.
    pub answers_lately: u32,
}

/// A case as it stands.
#[derive(Clone, Debug)]
pub struct Known {
    pub id: CaseId,
    pub landlord: String,
    pub case: Case,
    /// Addresses that may speak on it.
    pub participants: BTreeSet<String>,
    /// Found through a Message-ID of one of its letters or messages.
    pub by_thread: bool,
    /// Message-IDs of its messages, oldest first.
    pub thread: Vec<String>,
}

/// A letter ready to leave, or to be held.
#[derive(Clone, Debug)]
pub struct NewLetter {
    pub number: LetterNo,
    pub kind: String,
    /// resident, staff or operator.
    pub audience: String,
    pub recipient: String,
    pub envelope_from: String,
    pub message_id: String,
    pub subject: String,
    pub says: Option<Says>,
    pub bytes: Vec<u8>,
    /// Why it is not to leave yet.
    pub held: Option<String>,
}

/// What one decision changes about one case.
#[derive(Clone, Debug)]
pub struct Change {
    /// `None` for a case that this change opens.
    pub id: Option<CaseId>,
    pub landlord: String,
    /// The case with the events taken in.
    pub after: Case,
    pub events: Vec<Recorded>,
    pub letters: Vec<NewLetter>,
    /// When to look at each duty next; `None` when it is met.
    pub looks: BTreeMap<Duty, Option<Timestamp>>,
    /// Addresses that may speak on the case from now on.
    pub participants: BTreeSet<String>,
    /// When it was decided.
    pub now: Timestamp,
}

/// What became of a message.
#[derive(Clone, Debug)]
pub struct Settled {
    pub state: MessageState,
    /// What it was sorted as, in a word.
    pub sorted: String,
    /// Why, for people. No words of residents.
    pub note: Option<String>,
    pub message_id: Option<String>,
    pub same_words: Option<String>,
    pub copy_of: Option<MessageNo>,
    /// Cases it is filed to without changing them.
    pub filed_to: BTreeSet<CaseId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageState {
    Handled,
    /// Waits for a person.
    SetAside,
    /// The same message has been handled already.
    Copy,
}

impl MessageState {
    fn key(self) -> &'static str {
        match self {
            MessageState::Handled => "handled",
            MessageState::SetAside => "set_aside",
            MessageState::Copy => "copy",
        }
    }
}

/// A letter claimed for sending, or looked at while it is held.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Claimed {
    pub id: OutboxId,
    pub case_id: Option<CaseId>,
    pub letter: i64,
    pub landlord: Option<String>,
    pub kind: String,
    pub audience: String,
    pub recipient: String,
    pub envelope_from: String,
    pub message_id: String,
    says: Option<String>,
    bytes: Option<Vec<u8>>,
    written_at: i64,
    /// Tries so far, this one counted when it is claimed.
    pub attempts: i64,
    /// Tries that ended without the letter leaving and were the letter's own affair: what the back-off grows by.
    pub setbacks: i64,
}

impl Claimed {
    /// The letter's bytes; empty once erased.
    pub fn bytes(&self) -> &[u8] {
        self.bytes.as_deref().unwrap_or_default()
    }

    pub fn says(&self) -> Option<Says> {
        self.says.as_deref().and_then(|says| serde_json::from_str(says).ok())
    }

    pub fn written(&self) -> Timestamp {
        instant(self.written_at)
    }
}

/// How a try at sending ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// Taken by the mail server, with its reply.
    Accepted(String),
    /// Refused for good.
    Refused(String),
    /// To be tried again at the moment named.
    Again(String, Timestamp),
    /// Everything was said and no answer came; to be tried again at the moment named.
    Unknown(String, Timestamp),
    /// The way was broken: the try does not count.
    RouteBroken(String, Timestamp),
    /// Not sent, because it says nothing that still holds.
    Dropped,
}

/// Another decider was faster; the case must be loaded and decided again.
#[derive(Debug, thiserror::Error)]
#[error("another decision about this case came first")]
struct Raced;

impl Store {
    /// Opens the database behind `url` for `purpose`.
    ///
    /// # Errors
    ///
    /// When it cannot be reached, migrated or locked; each message says what to do.
    pub async fn open(url: &str, purpose: Purpose) -> anyhow::Result<Store> {
        let (db, lock) = Db::open(url, purpose).await?;
        let mut store = Store { db, lock, key: [0; 32] };
        store.key = store.signing_key().await?;
        Ok(store)
    }

    /// The key that signs our Message-IDs; made once and kept with the data, so that a restored backup knows its letters.
    pub fn key(&self) -> [u8; 32] {
        self.key
    }

    /// Whether this process is still the only daemon on the database.
    pub async fn still_ours(&self) -> bool {
        self.lock.still_ours().await
    }

    pub async fn close(&self) {
        self.db.close().await;
    }

    async fn signing_key(&self) -> anyhow::Result<[u8; 32]> {
        let mut tx = self.db.begin().await?;
        execute!(&mut tx, sql::SET_INFO, "message_id_key", random::<32>()?.to_vec())?;
        let key: Vec<u8> = on!(&mut tx, c => sqlx::query_scalar(sql::INFO).bind("message_id_key").fetch_one(c).await)?;
        tx.commit().await?;
        key.try_into().map_err(|_| anyhow::anyhow!("The key in the database is damaged"))
    }

    // ── T1 ────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// UIDs of a folder that are stored.
    pub async fn known_uids(&self, mailbox: &str, folder: &str, uidvalidity: i64) -> anyhow::Result<BTreeSet<String>> {
        let mut tx = self.db.begin_read().await?;
        let uids: Vec<String> = on!(&mut tx, c => sqlx::query_scalar(sql::KNOWN_UIDS)
            .bind(mailbox).bind(folder).bind(uidvalidity).fetch_all(c).await)?;
        Ok(uids.into_iter().collect())
    }

    /// T1: stores a batch of messages. Storing one twice changes nothing; one whose bytes are stored already is linked to
    /// the first and not handled again. Returns how many rows are new.
    ///
    /// # Errors
    ///
    /// The database's; then nothing of the batch is stored.
    pub async fn receive(
        &self,
        mailbox: &str,
        folder: &str,
        uidvalidity: i64,
        batch: &[Arrived],
        now: Timestamp,
    ) -> anyhow::Result<usize> {
        let mut tx = self.db.begin().await?;
        let mut new = 0;
        for arrived in batch {
            let digest = history::hex(&Sha256::digest(&arrived.raw));
            let same: Option<i64> = match arrived.whole {
                true => on!(&mut tx, c => {
                    sqlx::query_scalar(sql::SAME_BYTES).bind(mailbox).bind(&digest).fetch_one(c).await
                })?,
                false => None,
            };
            let state = if same.is_some() { MessageState::Copy.key() } else { "new" };
            let id: Option<i64> = on!(&mut tx, c => sqlx::query_scalar(sql::RECEIVE)
                .bind(mailbox).bind(folder).bind(uidvalidity).bind(&arrived.uid)
                .bind(arrived.arrived.as_millisecond()).bind(now.as_millisecond())
                .bind(arrived.size as i64).bind(i64::from(arrived.whole)).bind(&digest).bind(&arrived.raw)
                .bind(state).bind(same)
                .fetch_optional(c).await)
            .with_context(|| format!("Could not store message {} of {mailbox}/{folder}", arrived.uid))?;
            new += usize::from(id.is_some());
        }
        tx.commit().await?;
        Ok(new)
    }

    /// Notes that a folder was read to its end.
    pub async fn looked(&self, mailbox: &str, folder: &str, uidvalidity: i64, now: Timestamp) -> anyhow::Result<()> {
        let mut tx = self.db.begin().await?;
        execute!(&mut tx, sql::FOLDER_READ, mailbox, folder, uidvalidity, now.as_millisecond())?;
        Ok(tx.commit().await?)
    }

    /// Stored messages that have not been moved to where the landlord keeps logged mail.
    pub async fn unfiled(
        &self,
        mailbox: &str,
        folder: &str,
        uidvalidity: i64,
    ) -> anyhow::Result<Vec<(MessageNo, String)>> {
        let mut tx = self.db.begin_read().await?;
        Ok(on!(&mut tx, c => sqlx::query_as(sql::UNFILED)
            .bind(mailbox).bind(folder).bind(uidvalidity).fetch_all(c).await)?)
    }

    /// Notes that a message was moved, or is no longer there to be moved.
    pub async fn filed(&self, id: MessageNo, now: Timestamp) -> anyhow::Result<()> {
        let mut tx = self.db.begin().await?;
        execute!(&mut tx, sql::FILED, id, now.as_millisecond())?;
        Ok(tx.commit().await?)
    }

    // ── T2 ────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// The oldest message that waits to be handled; the try is counted before it is made. Should the try end without a
    /// word, the message comes up again after `again_at`.
    pub async fn take_new(&self, now: Timestamp, again_at: Timestamp) -> anyhow::Result<Option<Message>> {
        let mut tx = self.db.begin().await?;
        let row: Option<questions::MessageColumns> = on!(&mut tx, c => sqlx::query_as(sql::TAKE_NEW)
            .bind(now.as_millisecond()).bind(again_at.as_millisecond()).fetch_optional(c).await)?;
        tx.commit().await?;
        Ok(row.map(Message::from))
    }

    /// Lets a message wait until `until`.
    pub async fn postpone(&self, message: MessageNo, until: Timestamp) -> anyhow::Result<()> {
        let mut tx = self.db.begin().await?;
        execute!(&mut tx, sql::POSTPONE, message, until.as_millisecond())?;
        Ok(tx.commit().await?)
    }

    /// T2 for a message: `judge` sees what is known about `keys` and says what follows. All of it is written, or nothing.
    /// Returns `false` when the message had been handled already.
    ///
    /// # Errors
    ///
    /// The database's and `judge`'s; then nothing is written.
    pub async fn decide_message<F>(
        &self,
        message: MessageNo,
        mailbox: &str,
        keys: &Keys,
        now: Timestamp,
        mut judge: F,
    ) -> anyhow::Result<bool>
    where
        F: FnMut(&Found) -> anyhow::Result<(Settled, Vec<Change>)> + Send,
    {
        for _ in 0..RACES_MAX {
            let mut tx = self.db.begin().await?;
            let found = find(&mut tx, message, mailbox, keys, now).await?;
            let (settled, changes) = judge(&found)?;
            match write_message(&mut tx, message, &settled, &changes).await {
                Ok(true) => {
                    tx.commit().await?;
                    return Ok(true);
                }
                Ok(false) => return Ok(false),
                Err(error) if raced(&error) => continue,
                Err(error) => return Err(error),
            }
        }
        bail!("Could not decide on message {message}: another decider was always faster")
    }

    /// T2 for a case. `judge` may find that nothing follows.
    ///
    /// # Errors
    ///
    /// The database's and `judge`'s; then nothing is written.
    pub async fn decide_case<F>(&self, case: CaseId, mut judge: F) -> anyhow::Result<()>
    where
        F: FnMut(&Known) -> anyhow::Result<Option<Change>> + Send,
    {
        for _ in 0..RACES_MAX {
            let mut tx = self.db.begin().await?;
            let known = load(&mut tx, case, false).await?;
            let Some(change) = judge(&known)? else { return Ok(()) };
            match write_change(&mut tx, &change).await {
                Ok(_) => return Ok(tx.commit().await?),
                Err(error) if raced(&error) => continue,
                Err(error) => return Err(error),
            }
        }
        bail!("Could not decide on case {case}: another decider was always faster")
    }

    /// The deadline whose moment came longest ago; the try is counted, and it comes up again after `again_at` should the
    /// try end without a word.
    pub async fn take_deadline(
        &self,
        now: Timestamp,
        again_at: Timestamp,
    ) -> anyhow::Result<Option<(CaseId, Duty, u32)>> {
        let mut tx = self.db.begin().await?;
        let row: Option<(i64, String, i64)> = on!(&mut tx, c => sqlx::query_as(sql::TAKE_DEADLINE)
            .bind(now.as_millisecond()).bind(again_at.as_millisecond()).fetch_optional(c).await)?;
        tx.commit().await?;
        row.map(|(case, duty, attempts)| {
            let duty = Duty::from_key(&duty).with_context(|| format!("The database names an unknown duty {duty:?}"))?;
            Ok((case, duty, attempts as u32))
        })
        .transpose()
    }

    // ── T3 and T4 ─────────────────────────────────────────────────────────────────────────────────────────────────

    /// T3: claims the letter that has been due longest and opens its attempt.
    pub async fn claim(&self, now: Timestamp) -> anyhow::Result<Option<Claimed>> {
        let mut tx = self.db.begin().await?;
        let claimed: Option<Claimed> =
            on!(&mut tx, c => sqlx::query_as(sql::CLAIM).bind(now.as_millisecond()).fetch_optional(c).await)?;
        if let Some(letter) = &claimed {
            execute!(&mut tx, sql::START_ATTEMPT, letter.id, letter.attempts, now.as_millisecond())?;
        }
        tx.commit().await?;
        Ok(claimed)
    }

    /// T4: writes how the try ended, and for a letter of a case what follows from it, in one transaction. `judge` is asked
    /// only when the letter's fate is settled.
    ///
    /// # Errors
    ///
    /// The database's and `judge`'s; then nothing is written and the letter stays in doubt.
    pub async fn settle<F>(&self, letter: &Claimed, sent: &Sent, now: Timestamp, mut judge: F) -> anyhow::Result<()>
    where
        F: FnMut(&Known, Outcome) -> anyhow::Result<Option<Change>> + Send,
    {
        for _ in 0..RACES_MAX {
            let mut tx = self.db.begin().await?;
            write_outcome(&mut tx, letter, sent, now).await?;
            if let (Some(case), Some(outcome)) = (letter.case_id, outcome(letter, sent)) {
                let known = load(&mut tx, case, false).await?;
                if let Some(change) = judge(&known, outcome)? {
                    match write_change(&mut tx, &change).await {
                        Ok(_) => {}
                        Err(error) if raced(&error) => continue,
                        Err(error) => return Err(error),
                    }
                }
            }
            return Ok(tx.commit().await?);
        }
        bail!("Could not settle letter {}: another decider was always faster", letter.id)
    }

    /// Letters that a daemon was sending when it died: nobody knows whether they left, so the same bytes go again.
    pub async fn resume(&self, now: Timestamp) -> anyhow::Result<usize> {
        let mut tx = self.db.begin().await?;
        let in_doubt: Vec<(i64, i64)> = on!(&mut tx, c => sqlx::query_as(sql::IN_DOUBT).fetch_all(c).await)?;
        for (id, attempt) in &in_doubt {
            let reply = "the program ended while the letter was being sent";
            end_attempt(&mut tx, *id, *attempt, "unknown", reply, now).await?;
            settle_row(&mut tx, *id, "queued", now, None, reply, 0).await?;
        }
        tx.commit().await?;
        Ok(in_doubt.len())
    }

    /// Adds a letter that belongs to no case: words to the operator.
    pub async fn post(&self, letter: &NewLetter, now: Timestamp) -> anyhow::Result<()> {
        let mut tx = self.db.begin().await?;
        add_letter(&mut tx, None, None, letter, now).await?;
        Ok(tx.commit().await?)
    }

    /// Letters held for the reason given, oldest first.
    pub async fn held(&self, because: &str) -> anyhow::Result<Vec<Claimed>> {
        let mut tx = self.db.begin_read().await?;
        Ok(on!(&mut tx, c => sqlx::query_as(sql::HELD_BY_MODE).bind(because).fetch_all(c).await)?)
    }

    /// One letter, in whatever state.
    pub async fn letter(&self, id: OutboxId) -> anyhow::Result<Option<Claimed>> {
        let mut tx = self.db.begin_read().await?;
        Ok(on!(&mut tx, c => sqlx::query_as(sql::LETTER).bind(id).fetch_optional(c).await)?)
    }

    /// Keeps a waiting letter back. `false` when it is not waiting.
    pub async fn hold(&self, id: OutboxId, because: &str) -> anyhow::Result<bool> {
        let mut tx = self.db.begin().await?;
        let rows = execute!(&mut tx, sql::HOLD_LETTER, id, because)?;
        tx.commit().await?;
        Ok(rows == 1)
    }

    /// Lets a held letter go: as it stands, or with new bytes when it was written on another day.
    pub async fn release(&self, id: OutboxId, anew: Option<(&[u8], &str)>, now: Timestamp) -> anyhow::Result<bool> {
        let mut tx = self.db.begin().await?;
        if let Some((bytes, subject)) = anew {
            execute!(&mut tx, sql::REWRITE_LETTER, id, bytes, subject, now.as_millisecond())?;
        }
        let rows = execute!(&mut tx, sql::RELEASE_LETTER, id, now.as_millisecond())?;
        tx.commit().await?;
        Ok(rows == 1)
    }

    /// Sends a waiting or failed letter at once. `false` when it has gone or is held.
    pub async fn retry(&self, id: OutboxId, now: Timestamp) -> anyhow::Result<bool> {
        let mut tx = self.db.begin().await?;
        let rows = execute!(&mut tx, sql::RETRY_LETTER, id, now.as_millisecond())?;
        tx.commit().await?;
        Ok(rows == 1)
    }

    /// Ends a held letter that says nothing that still holds, and writes that into its case.
    pub async fn drop_letter<F>(&self, letter: &Claimed, now: Timestamp, mut judge: F) -> anyhow::Result<()>
    where
        F: FnMut(&Known, Outcome) -> anyhow::Result<Option<Change>> + Send,
    {
        let mut tx = self.db.begin().await?;
        let rows = execute!(&mut tx, sql::DROP_LETTER, letter.id, now.as_millisecond())?;
        if let (1, Some(case)) = (rows, letter.case_id) {
            let known = load(&mut tx, case, false).await?;
            if let Some(change) = judge(&known, Outcome::Dropped)? {
                write_change(&mut tx, &change).await?;
            }
        }
        Ok(tx.commit().await?)
    }
}

// ── finding and loading ───────────────────────────────────────────────────────────────────────────────────────────

async fn find(tx: &mut Tx, message: MessageNo, mailbox: &str, keys: &Keys, now: Timestamp) -> anyhow::Result<Found> {
    let mut by_thread = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for message_id in &keys.message_ids {
        let of_letter: Option<Option<i64>> =
            on!(tx, c => sqlx::query_scalar(sql::LETTER_CASE).bind(message_id).fetch_optional(c).await)?;
        let of_message: Vec<i64> =
            on!(tx, c => sqlx::query_scalar(sql::CASES_BY_MESSAGE_ID).bind(message_id).fetch_all(c).await)?;
        by_thread.extend(of_letter.flatten().into_iter().chain(of_message));
    }
    for reference in &keys.references {
        let found: Option<i64> = on!(tx, c => sqlx::query_scalar(sql::CASES_BY_REFERENCE)
            .bind(reference.to_string()).fetch_optional(c).await)?;
        ids.extend(found);
    }
    let mut answers_lately = 0;
    if let Some(sender) = &keys.sender {
        let found: Vec<i64> =
            on!(tx, c => sqlx::query_scalar(sql::CASES_BY_PARTICIPANT).bind(sender).fetch_all(c).await)?;
        ids.extend(found);
        let since = now.as_millisecond() - 24 * 60 * 60 * 1000;
        answers_lately =
            on!(tx, c => sqlx::query_scalar::<_, i64>(sql::ANSWERS_SINCE).bind(sender).bind(since).fetch_one(c).await)?;
    }
    let mut found = Found { answers_lately: answers_lately as u32, ..Found::default() };
    for id in ids.union(&by_thread) {
        found.cases.push(load(tx, *id, by_thread.contains(id)).await?);
    }
    for landlord in &keys.landlords {
        execute!(tx, sql::NUMBERING, landlord, FIRST_NUMBER - 1)?;
    }
    for landlord in &keys.landlords {
        let last: i64 = on!(tx, c => sqlx::query_scalar(sql::LAST_NUMBER).bind(landlord).fetch_one(c).await)?;
        found.next.insert(landlord.clone(), last + 1);
    }
    if let Some((message_id, same_words)) = &keys.copy {
        found.copy_of = on!(tx, c => sqlx::query_scalar(sql::SAME_WORDS)
            .bind(mailbox).bind(message_id).bind(same_words).bind(message).fetch_one(c).await)?;
    }
    if let Some(first) = found.copy_of {
        let cases: Vec<i64> = on!(tx, c => sqlx::query_scalar(sql::CASES_OF_MESSAGE).bind(first).fetch_all(c).await)?;
        found.copied_to = cases.into_iter().collect();
    }
    Ok(found)
}

async fn load(tx: &mut Tx, id: CaseId, by_thread: bool) -> anyhow::Result<Known> {
    let (reference, landlord): (String, String) =
        on!(tx, c => sqlx::query_as(sql::CASE_NAME).bind(id).fetch_one(c).await)?;
    let events = events(tx, id, &reference).await?;
    let participants: Vec<String> = on!(tx, c => sqlx::query_scalar(sql::PARTICIPANTS).bind(id).fetch_all(c).await)?;
    let thread: Vec<String> = on!(tx, c => sqlx::query_scalar(sql::THREAD).bind(id).fetch_all(c).await)?;
    let case = Case::fold(&events);
    Ok(Known { id, landlord, case, participants: participants.into_iter().collect(), by_thread, thread })
}

async fn events(tx: &mut Tx, id: CaseId, reference: &str) -> anyhow::Result<Vec<Recorded>> {
    let lines: Vec<Line> = on!(tx, c => sqlx::query_as(sql::EVENTS).bind(id).fetch_all(c).await)?;
    let words: Vec<(String, Option<String>)> = on!(tx, c => sqlx::query_as(sql::WORDS).bind(id).fetch_all(c).await)?;
    history::read(&lines, reference, &words.into_iter().collect())
}

// ── writing ───────────────────────────────────────────────────────────────────────────────────────────────────────

async fn write_message(tx: &mut Tx, message: MessageNo, settled: &Settled, changes: &[Change]) -> anyhow::Result<bool> {
    let rows = execute!(
        tx,
        sql::SETTLE_MESSAGE,
        message,
        settled.state.key(),
        &settled.sorted,
        &settled.note,
        &settled.message_id,
        &settled.same_words,
        settled.copy_of
    )?;
    if rows != 1 {
        return Ok(false);
    }
    let mut cases = settled.filed_to.clone();
    for change in changes {
        cases.insert(write_change(tx, change).await?);
    }
    for case in cases {
        execute!(tx, sql::LINK_MESSAGE, message, case)?;
    }
    Ok(true)
}

async fn write_change(tx: &mut Tx, change: &Change) -> anyhow::Result<CaseId> {
    let opening = change.after.opening.as_ref().context("A case without an opening cannot be stored")?;
    let reference = opening.reference.to_string();
    let (kind, open) = (opening.kind.key(), i64::from(change.after.open()));
    let unsure = i64::from(opening.unsure);
    let id = match change.id {
        Some(id) => id,
        None => {
            execute!(tx, sql::USE_NUMBER, &change.landlord)?;
            on!(tx, c => sqlx::query_scalar(sql::OPEN_CASE)
                .bind(&reference).bind(&change.landlord).bind(kind).bind(opening.received.as_millisecond())
                .bind(open).bind(unsure).bind(random::<16>()?.to_vec())
                .fetch_one(c).await)
            .with_context(|| format!("Could not open case {reference}"))?
        }
    };
    let (_, seq, mut head, salt): (i64, i64, String, Option<Vec<u8>>) =
        on!(tx, c => sqlx::query_as(sql::CASE_HEAD).bind(id).fetch_one(c).await)?;
    let mut words = WordsByDigest::new();
    for recorded in &change.events {
        let line = history::write(recorded, &reference, &head, salt.as_deref().unwrap_or_default(), &mut words)?;
        let rows = execute!(
            tx,
            sql::ADD_EVENT,
            id,
            line.seq,
            line.occurred_at,
            line.recorded_at,
            &line.body,
            &line.previous,
            &line.hash
        )?;
        if rows != 1 {
            return Err(Raced.into());
        }
        head = line.hash;
    }
    for (digest, text) in &words {
        execute!(tx, sql::ADD_WORDS, id, digest, text)?;
    }
    let rows = execute!(tx, sql::ADVANCE_CASE, id, seq, kind, open, unsure, change.after.seq, &head)?;
    if rows != 1 {
        return Err(Raced.into());
    }
    for address in &change.participants {
        execute!(tx, sql::ADD_PARTICIPANT, id, address)?;
    }
    for (duty, look) in &change.looks {
        let obligation = change.after.duties.get(duty).context("A look at a duty the case does not have")?;
        execute!(
            tx,
            sql::SET_DEADLINE,
            id,
            duty.key(),
            obligation.due.date.to_string(),
            i64::from(obligation.due.provisional),
            obligation.met.map(Timestamp::as_millisecond),
            look.map(Timestamp::as_millisecond)
        )?;
    }
    for letter in &change.letters {
        add_letter(tx, Some(id), Some(&change.landlord), letter, change.now).await?;
    }
    Ok(id)
}

async fn add_letter(
    tx: &mut Tx,
    case: Option<CaseId>,
    landlord: Option<&str>,
    letter: &NewLetter,
    now: Timestamp,
) -> anyhow::Result<()> {
    let says = letter.says.as_ref().map(serde_json::to_string).transpose()?;
    let state = if letter.held.is_some() { "held" } else { "queued" };
    execute!(
        tx,
        sql::ADD_LETTER,
        case,
        i64::from(letter.number),
        landlord,
        &letter.kind,
        &letter.audience,
        &letter.recipient,
        &letter.envelope_from,
        &letter.message_id,
        &letter.subject,
        &says,
        &letter.bytes,
        state,
        &letter.held,
        now.as_millisecond()
    )?;
    Ok(())
}

/// What the case's history says of a try, once the letter's fate is settled.
fn outcome(letter: &Claimed, sent: &Sent) -> Option<Outcome> {
    match sent {
        Sent::Accepted(reply) => {
            Some(Outcome::Sent { reply: reply.clone(), digest: history::hex(&Sha256::digest(letter.bytes())) })
        }
        Sent::Refused(reply) => Some(Outcome::Refused { reply: reply.clone() }),
        Sent::Dropped => Some(Outcome::Dropped),
        Sent::Again(..) | Sent::Unknown(..) | Sent::RouteBroken(..) => None,
    }
}

async fn write_outcome(tx: &mut Tx, letter: &Claimed, sent: &Sent, now: Timestamp) -> anyhow::Result<()> {
    let (word, state, next, reply, setback) = match sent {
        Sent::Accepted(reply) => ("sent", "sent", now, reply.as_str(), 0),
        Sent::Refused(reply) => ("refused", "failed", now, reply.as_str(), 1),
        Sent::Again(reply, at) => ("again", "queued", *at, reply.as_str(), 1),
        Sent::Unknown(reply, at) => ("unknown", "queued", *at, reply.as_str(), 1),
        Sent::RouteBroken(reply, at) => ("route broken", "queued", *at, reply.as_str(), 0),
        Sent::Dropped => ("dropped", "dropped", now, "no longer needed", 0),
    };
    end_attempt(tx, letter.id, letter.attempts, word, reply, now).await?;
    let settled = (state != "queued").then_some(now);
    settle_row(tx, letter.id, state, next, settled, reply, setback).await
}

async fn end_attempt(
    tx: &mut Tx,
    letter: OutboxId,
    attempt: i64,
    outcome: &str,
    reply: &str,
    now: Timestamp,
) -> anyhow::Result<()> {
    execute!(tx, sql::END_ATTEMPT, letter, attempt, now.as_millisecond(), outcome, reply)?;
    Ok(())
}

async fn settle_row(
    tx: &mut Tx,
    letter: OutboxId,
    state: &str,
    next: Timestamp,
    settled: Option<Timestamp>,
    reply: &str,
    setback: i64,
) -> anyhow::Result<()> {
    let rows = execute!(
        tx,
        sql::SETTLE_LETTER,
        letter,
        state,
        next.as_millisecond(),
        settled.map(Timestamp::as_millisecond),
        reply,
        setback
    )?;
    if rows != 1 {
        bail!("Letter {letter} was settled by somebody else");
    }
    Ok(())
}

fn raced(error: &anyhow::Error) -> bool {
    let unique = |error: &sqlx::Error| error.as_database_error().is_some_and(|error| error.is_unique_violation());
    error.is::<Raced>() || error.downcast_ref::<sqlx::Error>().is_some_and(unique)
}

fn random<const N: usize>() -> anyhow::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("No randomness from the system: {error}"))?;
    Ok(bytes)
}

fn instant(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).expect("the database holds milliseconds that were instants")
}

/// Events of a decision, and the case with them taken in.
pub fn after(case: &Case, decision: &Decision) -> Case {
    decision.events.iter().fold(case.clone(), Case::apply)
}
