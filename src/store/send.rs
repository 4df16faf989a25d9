//! T3 and T4: letters leave, one try at a time, and each try is kept. And what people may do with a letter that waits.

use anyhow::bail;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};

use super::absence::absences;
use super::decide::{Change, Known, NewLetter, load, write_change};
use super::open::{Tx, ask, execute, on};
use super::{CaseId, OutboxId, Races, Store, instant, sql, storable};
use crate::domain::case::{Outcome, Says};
use crate::domain::words::Words;

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

/// A letter that the program ended over this often may be what ends it: it waits before the next try.
const DOUBTS_MAX: i64 = 5;
const AGAIN_IN_DOUBT: SignedDuration = SignedDuration::from_mins(1);

impl Store {
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
        let mut races = Races::new();
        loop {
            match self.settle_once(letter, sent, now, &mut judge).await {
                Err(error) => races.lost(error)?,
                settled => return settled,
            }
        }
    }

    async fn settle_once<F>(&self, letter: &Claimed, sent: &Sent, now: Timestamp, judge: &mut F) -> anyhow::Result<()>
    where
        F: FnMut(&Known, Outcome) -> anyhow::Result<Option<Change>> + Send,
    {
        let mut tx = self.db.begin().await?;
        let (word, state, next, reply, setback) = match sent {
            Sent::Accepted(reply) => ("sent", "sent", now, reply.as_str(), 0),
            Sent::Refused(reply) => ("refused", "failed", now, reply.as_str(), 1),
            Sent::Again(reply, at) => ("again", "queued", *at, reply.as_str(), 1),
            Sent::Unknown(reply, at) => ("unknown", "queued", *at, reply.as_str(), 1),
            Sent::RouteBroken(reply, at) => ("route broken", "queued", *at, reply.as_str(), 0),
            Sent::Dropped => ("dropped", "dropped", now, "no longer needed", 0),
        };
        let settled = (state != "queued").then_some(now.as_millisecond());
        let rows = execute!(
            &mut tx,
            sql::SETTLE_LETTER,
            letter.id,
            letter.attempts,
            state,
            next.as_millisecond(),
            settled,
            storable(reply),
            setback
        )?;
        if rows != 1 {
            bail!("Attempt {} at letter {} had been settled already", letter.attempts, letter.id);
        }
        end_attempt(&mut tx, letter.id, letter.attempts, word, reply, now).await?;
        if let Some(outcome) = outcome(letter, sent) {
            record_outcome(&mut tx, letter, outcome, judge).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Letters that a daemon was sending when it died: nobody knows whether they left, so the same bytes go again.
    pub async fn resume(&self, now: Timestamp) -> anyhow::Result<usize> {
        let mut tx = self.db.begin().await?;
        let in_doubt: Vec<(i64, i64, i64)> = on!(&mut tx, c => sqlx::query_as(sql::IN_DOUBT).fetch_all(c).await)?;
        for (id, attempt, setbacks) in &in_doubt {
            let reply = "the program ended while the letter was being sent";
            end_attempt(&mut tx, *id, *attempt, "unknown", reply, now).await?;
            let waits = None::<i64>;
            let next = if *setbacks < DOUBTS_MAX { now } else { now + AGAIN_IN_DOUBT };
            execute!(&mut tx, sql::SETTLE_LETTER, *id, *attempt, "queued", next.as_millisecond(), waits, reply, 1)?;
        }
        tx.commit().await?;
        Ok(in_doubt.len())
    }

    /// Adds a letter that belongs to no case: words to the operator. Adding the same one twice, by its Message-ID, changes
    /// nothing.
    pub async fn post(&self, letter: &NewLetter, now: Timestamp) -> anyhow::Result<()> {
        let mut tx = self.db.begin().await?;
        add_letter(&mut tx, None, None, letter, now).await?;
        Ok(tx.commit().await?)
    }

    /// Letters held for the reason given, oldest first.
    pub async fn held(&self, because: &str) -> anyhow::Result<Vec<Claimed>> {
        Ok(ask!(self.db, c => sqlx::query_as(sql::HELD_BY_MODE).bind(because).fetch_all(c).await)?)
    }

    /// One letter, in whatever state.
    pub async fn letter(&self, id: OutboxId) -> anyhow::Result<Option<Claimed>> {
        Ok(ask!(self.db, c => sqlx::query_as(sql::LETTER).bind(id).fetch_optional(c).await)?)
    }

    /// Keeps a waiting letter back. `false` when it is not waiting.
    pub async fn hold(&self, id: OutboxId, because: &str) -> anyhow::Result<bool> {
        let mut tx = self.db.begin().await?;
        let rows = execute!(&mut tx, sql::HOLD_LETTER, id, storable(because))?;
        tx.commit().await?;
        Ok(rows == 1)
    }

    /// Lets a held letter go: as it stands, or with new bytes when it was written on another day. A letter that was ever
    /// tried keeps its bytes all the same: it may lie in a mailbox. `false` when it is not held.
    pub async fn release(&self, id: OutboxId, anew: Option<(&[u8], &str)>, now: Timestamp) -> anyhow::Result<bool> {
        let mut tx = self.db.begin().await?;
        if let Some((bytes, subject)) = anew {
            execute!(&mut tx, sql::REWRITE_LETTER, id, bytes, subject, now.as_millisecond())?;
        }
        let rows = execute!(&mut tx, sql::RELEASE_LETTER, id, now.as_millisecond())?;
        tx.commit().await?;
        Ok(rows == 1)
    }

    /// Sends a waiting or failed letter at once, with all the patience of a new one. `false` when it has gone or is held.
    pub async fn retry(&self, id: OutboxId, now: Timestamp) -> anyhow::Result<bool> {
        let mut tx = self.db.begin().await?;
        let rows = execute!(&mut tx, sql::RETRY_LETTER, id, now.as_millisecond())?;
        tx.commit().await?;
        Ok(rows == 1)
    }

    /// Ends a waiting letter that says nothing that still holds, and writes that into its case. One that no longer waits is
    /// left alone.
    pub async fn drop_letter<F>(&self, letter: &Claimed, now: Timestamp, mut judge: F) -> anyhow::Result<()>
    where
        F: FnMut(&Known, Outcome) -> anyhow::Result<Option<Change>> + Send,
    {
        let mut races = Races::new();
        loop {
            match self.drop_letter_once(letter, now, &mut judge).await {
                Err(error) => races.lost(error)?,
                dropped => return dropped,
            }
        }
    }

    async fn drop_letter_once<F>(&self, letter: &Claimed, now: Timestamp, judge: &mut F) -> anyhow::Result<()>
    where
        F: FnMut(&Known, Outcome) -> anyhow::Result<Option<Change>> + Send,
    {
        let mut tx = self.db.begin().await?;
        if execute!(&mut tx, sql::DROP_LETTER, letter.id, now.as_millisecond())? == 1 {
            record_outcome(&mut tx, letter, Outcome::Dropped, judge).await?;
        }
        Ok(tx.commit().await?)
    }
}
pub(super) async fn add_letter(
    tx: &mut Tx,
    case: Option<CaseId>,
    landlord: Option<&str>,
    letter: &NewLetter,
    now: Timestamp,
) -> anyhow::Result<()> {
    let says = letter.says.as_ref().map(serde_json::to_string).transpose()?;
    let state = if letter.held.is_some() { "held" } else { "queued" };
    let rows = execute!(
        tx,
        sql::ADD_LETTER,
        case,
        i64::from(letter.number),
        landlord,
        &letter.kind,
        &letter.audience,
        storable(&letter.recipient),
        storable(&letter.envelope_from),
        &letter.message_id,
        storable(&letter.subject),
        &says,
        &letter.bytes,
        state,
        letter.held.as_deref().map(storable),
        now.as_millisecond(),
        letter.wait.unwrap_or(now).as_millisecond()
    )?;
    if rows != 1 && case.is_some() {
        bail!("A letter with the Message-ID {} is in the outbox already", letter.message_id);
    }
    Ok(())
}

/// What the case's history says of a try, once the letter's fate is settled.
fn outcome(letter: &Claimed, sent: &Sent) -> Option<Outcome> {
    match sent {
        Sent::Accepted(reply) => {
            Some(Outcome::Sent { reply: Words::new(reply), digest: hex::encode(Sha256::digest(letter.bytes())) })
        }
        Sent::Refused(reply) => Some(Outcome::Refused { reply: Words::new(reply) }),
        Sent::Dropped => Some(Outcome::Dropped),
        Sent::Again(..) | Sent::Unknown(..) | Sent::RouteBroken(..) => None,
    }
}

/// Writes what follows for the case from a letter's fate.
async fn record_outcome<F>(tx: &mut Tx, letter: &Claimed, outcome: Outcome, judge: &mut F) -> anyhow::Result<()>
where
    F: FnMut(&Known, Outcome) -> anyhow::Result<Option<Change>> + Send,
{
    let Some(case) = letter.case_id else { return Ok(()) };
    let away = absences(tx).await?;
    if let Some(change) = judge(&load(tx, case, &away).await?, outcome)? {
        write_change(tx, &change).await?;
    }
    Ok(())
}

async fn end_attempt(
    tx: &mut Tx,
    letter: OutboxId,
    attempt: i64,
    outcome: &str,
    reply: &str,
    now: Timestamp,
) -> anyhow::Result<()> {
    execute!(tx, sql::END_ATTEMPT, letter, attempt, now.as_millisecond(), outcome, storable(reply))?;
    Ok(())
}
