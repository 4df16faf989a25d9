//! T3 and T4: letters leave, one try at a time, and each try is kept. And what people may do with a letter that waits.

use anyhow::bail;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};

use super::absence::absences;
use super::decide::{Change, Known, NewLetter, load, write_change};
use super::open::{Tx, alone, ask, execute, on};
use super::{CaseId, OutboxId, Races, Store, instant, sql, storable};
use crate::domain::brake::{Brake, Rate, Rates};
use crate::domain::case::{MessageNo, Outcome, Says};
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
    /// The message it grew out of; `None` when a date or a person's act set it off.
    pub root: Option<MessageNo>,
    let_through: i64,
}

impl Claimed {
    /// Whether the gate has a say: at its first try, unless a person has let it through.
    fn meets_the_gate(&self) -> bool {
        self.attempts == 1 && self.let_through == 0
    }

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

/// What came of claiming a letter.
#[derive(Clone, Debug)]
pub enum Claim {
    /// It is to be sent.
    Taken(Claimed),
    /// It is held, and no try was made.
    Stopped(Claimed, Brake),
}

/// Letters that one of the limits holds.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Braked {
    /// See [`Brake::key`].
    pub brake: String,
    /// resident, staff or operator.
    pub audience: String,
    pub letters: i64,
    /// Why, in words, for one of them.
    pub because: String,
}

/// How a held letter is let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LetGo {
    /// By a person, who has looked: no limit stops it again.
    ForGood,
    /// By the configuration: it meets the gate like any other.
    ToTheGate,
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
    /// Nobody was there to take it: the try does not count.
    Unreached(String, Timestamp),
    /// Not sent, because it says nothing that still holds.
    Dropped,
}

/// A letter was resumed by another daemon, which took the one that was sending it for dead, or had been settled before.
#[derive(Debug, thiserror::Error)]
#[error("Attempt {attempt} at letter {letter} had been settled already")]
pub struct Overtaken {
    letter: OutboxId,
    attempt: i64,
}

/// A letter that the program ended over this often may be what ends it: it waits before the next try.
const DOUBTS_MAX: i64 = 5;
const AGAIN_IN_DOUBT: SignedDuration = SignedDuration::from_mins(1);

impl Store {
    /// T3: claims the letter that has been due longest and opens its attempt; or holds it, when `gate` stops it. The gate is
    /// asked once for each letter, with what has left of its lane; a retry of the same bytes is no new traffic.
    ///
    /// On PostgreSQL each daemon may let one letter more pass than a limit allows: they do not see each other's claims.
    pub async fn claim<F>(&self, now: Timestamp, gate: F) -> anyhow::Result<Option<Claim>>
    where
        F: FnOnce(&Claimed, &Rates) -> Option<Brake> + Send,
    {
        let words = self.db.words(&sql::CLAIM);
        let mut tx = self.db.begin().await?;
        let claimed: Option<Claimed> =
            on!(&mut tx, c => sqlx::query_as(words).bind(now.as_millisecond()).fetch_optional(c).await)?;
        let Some(letter) = claimed else { return Ok(None) };
        let stopped = match letter.meets_the_gate() {
            true => gate(&letter, &traffic(&mut tx, &letter, now).await?),
            false => None,
        };
        if let Some(brake) = &stopped {
            execute!(&mut tx, sql::STOP_LETTER, letter.id, brake.to_string(), brake.key())?;
        } else {
            execute!(&mut tx, sql::BEGIN_LETTER, letter.id, now.as_millisecond())?;
            execute!(&mut tx, sql::START_ATTEMPT, letter.id, letter.attempts, now.as_millisecond(), self.me.id())?;
        }
        tx.commit().await?;
        Ok(Some(match stopped {
            Some(brake) => Claim::Stopped(letter, brake),
            None => Claim::Taken(letter),
        }))
    }

    /// How many letters each limit holds, by whom they are for.
    pub async fn braked(&self) -> anyhow::Result<Vec<Braked>> {
        Ok(ask!(self.db, c => sqlx::query_as(sql::BRAKED).fetch_all(c).await)?)
    }

    /// T4: writes how the try ended, and for a letter of a case what follows from it, in one transaction. `judge` is asked
    /// only when the letter's fate is settled.
    ///
    /// # Errors
    ///
    /// [`Overtaken`]; the database's and `judge`'s, and then nothing is written and the letter stays in doubt.
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
            Sent::Unreached(reply, at) => ("not reached", "queued", *at, reply.as_str(), 0),
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
            return Err(Overtaken { letter: letter.id, attempt: letter.attempts }.into());
        }
        end_attempt(&mut tx, letter.id, letter.attempts, word, reply, now).await?;
        if let Some(outcome) = outcome(letter, sent) {
            record_outcome(&mut tx, letter, outcome, judge).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Letters that daemons were sending that live no more: nobody knows whether they left, so the same bytes go again.
    /// Those that a living daemon is sending are left alone.
    pub async fn resume(&self, now: Timestamp) -> anyhow::Result<usize> {
        self.resume_of("", now).await
    }

    /// As [`resume`](Self::resume), and the letters that this daemon itself was sending: none may be under way.
    pub async fn resume_own(&self, now: Timestamp) -> anyhow::Result<usize> {
        self.resume_of(self.me.id(), now).await
    }

    async fn resume_of(&self, daemon: &str, now: Timestamp) -> anyhow::Result<usize> {
        let mut tx = self.db.begin().await?;
        let in_doubt: Vec<(i64, i64, i64)> =
            on!(&mut tx, c => sqlx::query_as(sql::IN_DOUBT).bind(daemon).fetch_all(c).await)?;
        let mut resumed = 0;
        for (id, attempt, setbacks) in &in_doubt {
            let reply = "the program ended while the letter was being sent";
            let waits = None::<i64>;
            let next = if *setbacks < DOUBTS_MAX { now } else { now + AGAIN_IN_DOUBT };
            // Of two who resume one letter, the second finds it resumed, and leaves its attempt alone.
            let rows =
                execute!(&mut tx, sql::SETTLE_LETTER, *id, *attempt, "queued", next.as_millisecond(), waits, reply, 1)?;
            if rows == 1 {
                end_attempt(&mut tx, *id, *attempt, "unknown", reply, now).await?;
                resumed += 1;
            }
        }
        tx.commit().await?;
        Ok(resumed)
    }

    /// Adds a letter that belongs to no case: words to the operator. Adding the same one twice, by its Message-ID, changes
    /// nothing.
    pub async fn post(&self, letter: &NewLetter, now: Timestamp) -> anyhow::Result<()> {
        let mut tx = self.db.begin().await?;
        add_letter(&mut tx, (None, None), letter, None, now).await?;
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
        let held = alone!(self.db, c => sqlx::query(sql::HOLD_LETTER).bind(id).bind(storable(because)).execute(c).await
            .map(|done| done.rows_affected()))?;
        Ok(held == 1)
    }

    /// Lets a held letter go: as it stands, or with new bytes when it was written on another day. A letter that was ever
    /// tried keeps its bytes all the same: it may lie in a mailbox. `false` when it is not held.
    pub async fn release(
        &self,
        id: OutboxId,
        anew: Option<(&[u8], &str)>,
        how: LetGo,
        now: Timestamp,
    ) -> anyhow::Result<bool> {
        let mut tx = self.db.begin().await?;
        if let Some((bytes, subject)) = anew {
            execute!(&mut tx, sql::REWRITE_LETTER, id, bytes, subject, now.as_millisecond())?;
        }
        let for_good = i64::from(how == LetGo::ForGood);
        let rows = execute!(&mut tx, sql::RELEASE_LETTER, id, now.as_millisecond(), for_good)?;
        tx.commit().await?;
        Ok(rows == 1)
    }

    /// Sends a waiting or failed letter at once, with all the patience of a new one. `false` when it has gone or is held.
    pub async fn retry(&self, id: OutboxId, now: Timestamp) -> anyhow::Result<bool> {
        let now = now.as_millisecond();
        let retried = alone!(self.db, c => sqlx::query(sql::RETRY_LETTER).bind(id).bind(now).execute(c).await
            .map(|done| done.rows_affected()))?;
        Ok(retried == 1)
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

/// Adds a letter: of whose case and landlord it is, and which message it grew out of.
pub(super) async fn add_letter(
    tx: &mut Tx,
    (case, landlord): (Option<CaseId>, Option<&str>),
    letter: &NewLetter,
    root: Option<MessageNo>,
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
        letter.wait.unwrap_or(now).as_millisecond(),
        root
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
        Sent::Again(..) | Sent::Unknown(..) | Sent::RouteBroken(..) | Sent::Unreached(..) => None,
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
        write_change(tx, &change, letter.root).await?;
    }
    Ok(())
}

/// What has left of the letter's lane until now.
async fn traffic(tx: &mut Tx, letter: &Claimed, now: Timestamp) -> anyhow::Result<Rates> {
    let since = |hours| (now - SignedDuration::from_hours(hours)).as_millisecond();
    let row: (i64, i64, i64, i64, i64, i64, i64, i64, i64, i64) = on!(tx, c => sqlx::query_as(sql::TRAFFIC)
        .bind(since(24)).bind(since(1)).bind(now.as_millisecond())
        .bind(&letter.audience).bind(i64::from(letter.root.is_some()))
        .bind(&letter.recipient).bind(letter.root).bind(letter.case_id).bind(&letter.landlord)
        .fetch_one(c).await)?;
    let rate = |hour: i64, day: i64| Rate {
        hour: hour.try_into().unwrap_or(u32::MAX),
        day: day.try_into().unwrap_or(u32::MAX),
    };
    Ok(Rates {
        address: rate(row.0, row.1),
        message: rate(row.2, row.3),
        case: rate(row.4, row.5),
        landlord: rate(row.6, row.7),
        all: rate(row.8, row.9),
    })
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
