//! What people and rounds ask of the database. Nothing here writes, save the alarms' own notes.

use std::collections::BTreeMap;

use anyhow::Context as _;
use jiff::Timestamp;

use super::absence::absences;
use super::decide::{load, read_history};
use super::open::{Tx, alone, ask, on};
use super::{CaseId, Known, Message, OutboxId, Store, instant, sql, storable};
use crate::domain::case::{Case, MessageNo, Recorded};
use crate::domain::code::Duty;
use crate::domain::filing::OLDER;
use crate::domain::reference::Reference;

/// Columns of a stored message.
#[derive(sqlx::FromRow)]
pub(super) struct MessageColumns {
    id: i64,
    mailbox: String,
    folder: String,
    arrived_at: i64,
    stored_at: i64,
    size: i64,
    whole: i64,
    raw: Option<Vec<u8>>,
    attempts: i64,
}

impl From<MessageColumns> for Message {
    fn from(row: MessageColumns) -> Message {
        Message {
            id: row.id,
            mailbox: row.mailbox,
            folder: row.folder,
            arrived: instant(row.arrived_at.min(row.stored_at)),
            stored: instant(row.stored_at),
            size: row.size as u64,
            whole: row.whole != 0,
            raw: row.raw,
            attempts: row.attempts as u32,
        }
    }
}

/// A line of the case list.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct CaseRow {
    pub id: CaseId,
    pub reference: String,
    pub landlord: String,
    pub kind: String,
    pub(super) received_at: i64,
    is_open: i64,
    unsure: i64,
    hazard: i64,
    /// The earliest open due date, YYYY-MM-DD.
    pub next_due: Option<String>,
}

impl CaseRow {
    pub fn received(&self) -> Timestamp {
        instant(self.received_at)
    }

    pub fn open(&self) -> bool {
        self.is_open != 0
    }

    pub fn unsure(&self) -> bool {
        self.unsure != 0
    }

    /// Whether one of its messages may tell of an urgent hazard.
    pub fn hazard(&self) -> bool {
        self.hazard != 0
    }
}

/// A case with its whole history.
#[derive(Clone, Debug)]
pub struct CaseFile {
    pub landlord: String,
    pub case: Case,
    pub history: Vec<Recorded>,
}

/// A line of the inbox list.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct InboxRow {
    pub id: MessageNo,
    pub mailbox: String,
    pub folder: String,
    arrived_at: i64,
    pub size: i64,
    pub state: String,
    pub sorted: Option<String>,
    pub note: Option<String>,
    pub copy_of: Option<i64>,
    pub attempts: i64,
    /// References, a space between.
    cases: Option<String>,
}

impl InboxRow {
    pub fn arrived(&self) -> Timestamp {
        instant(self.arrived_at)
    }

    /// The references of the cases it belongs to, oldest first.
    pub fn cases(&self) -> Vec<&str> {
        self.cases.iter().flat_map(|cases| cases.split(' ')).collect()
    }
}

/// Which messages to list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Messages {
    #[default]
    All,
    SetAside,
    /// Arrived before the day from which mail is answered.
    Older,
}

/// Which letters to list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Letters {
    #[default]
    All,
    /// To be sent, or being sent now.
    Waiting,
    Held,
    /// Refused for good, or given up.
    Failed,
}

/// A line of the outbox list.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct LetterRow {
    pub id: OutboxId,
    pub reference: Option<String>,
    pub letter: i64,
    pub kind: String,
    pub audience: String,
    pub recipient: String,
    pub subject: String,
    pub state: String,
    pub held_because: Option<String>,
    /// The limit that holds it (see [`Brake::key`](crate::domain::brake::Brake::key)); `None` when none does.
    pub brake: Option<String>,
    written_at: i64,
    next_at: i64,
    pub attempts: i64,
    settled_at: Option<i64>,
    pub reply: Option<String>,
}

impl LetterRow {
    pub fn written(&self) -> Timestamp {
        instant(self.written_at)
    }

    pub fn next(&self) -> Timestamp {
        instant(self.next_at)
    }

    pub fn settled(&self) -> Option<Timestamp> {
        self.settled_at.map(instant)
    }
}

/// One try at sending a letter.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct AttemptRow {
    pub number: i64,
    started_at: i64,
    ended_at: Option<i64>,
    pub outcome: Option<String>,
    pub reply: Option<String>,
}

impl AttemptRow {
    pub fn started(&self) -> Timestamp {
        instant(self.started_at)
    }

    pub fn ended(&self) -> Option<Timestamp> {
        self.ended_at.map(instant)
    }
}

/// An open duty.
#[derive(Clone, Debug)]
pub struct DeadlineRow {
    pub case: CaseId,
    pub reference: String,
    pub landlord: String,
    pub duty: Duty,
    pub due: jiff::civil::Date,
    pub provisional: bool,
    pub next_look: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
struct DeadlineColumns {
    case_id: i64,
    reference: String,
    landlord: String,
    duty: String,
    due: String,
    provisional: i64,
    next_at: Option<i64>,
}

impl TryFrom<DeadlineColumns> for DeadlineRow {
    type Error = anyhow::Error;

    fn try_from(row: DeadlineColumns) -> anyhow::Result<DeadlineRow> {
        Ok(DeadlineRow {
            case: row.case_id,
            duty: row.duty.parse::<Duty>().context("In the database")?,
            due: row.due.parse().with_context(|| format!("Unreadable date {:?} in the database", row.due))?,
            reference: row.reference,
            landlord: row.landlord,
            provisional: row.provisional != 0,
            next_look: row.next_at.map(instant),
        })
    }
}

/// When a folder was last read.
#[derive(Clone, Debug)]
pub struct FolderRow {
    pub mailbox: String,
    pub folder: String,
    pub read: Timestamp,
}

/// How much there is of what.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    pub inbox: BTreeMap<String, i64>,
    pub outbox: BTreeMap<String, i64>,
    /// When the oldest message that waits was stored.
    pub oldest_new: Option<Timestamp>,
    /// When the oldest letter that waits was written, but for those whose reader's mailbox is full.
    pub oldest_unsent: Option<Timestamp>,
    /// When the oldest word to the operator that waits was written.
    pub oldest_to_operator: Option<Timestamp>,
}

/// Something the operator is told of once, until it is over.
#[derive(Clone, Debug)]
pub struct Alarm {
    pub name: String,
    pub since: Timestamp,
    pub told: Option<Timestamp>,
    pub words: String,
}

impl Store {
    /// A stored message with its bytes.
    pub async fn message(&self, id: MessageNo) -> anyhow::Result<Option<Message>> {
        let row: Option<MessageColumns> =
            ask!(self.db, c => sqlx::query_as(sql::RAW).bind(id).fetch_optional(c).await)?;
        Ok(row.map(Message::from))
    }

    /// Every case, oldest first.
    pub async fn cases(&self) -> anyhow::Result<Vec<CaseRow>> {
        Ok(ask!(self.db, c => sqlx::query_as(sql::CASE_LIST).fetch_all(c).await)?)
    }

    /// A case with its history, or `None` when no case has this reference.
    ///
    /// # Errors
    ///
    /// Also when the history was tampered with.
    pub async fn case(&self, reference: &Reference) -> anyhow::Result<Option<CaseFile>> {
        let mut tx = self.db.begin_read().await?;
        let name = reference.to_string();
        let id: Option<i64> =
            on!(&mut tx, c => sqlx::query_scalar(sql::CASES_BY_REFERENCE).bind(&name).fetch_optional(c).await)?;
        match id {
            Some(id) => Ok(Some(case_file(&mut tx, id).await?)),
            None => Ok(None),
        }
    }

    /// A case as rounds see it.
    pub async fn known(&self, id: CaseId) -> anyhow::Result<Known> {
        let mut tx = self.db.begin_read().await?;
        let away = absences(&mut tx).await?;
        load(&mut tx, id, &away).await
    }

    /// Messages after row `after`, oldest first.
    pub async fn inbox(&self, after: MessageNo, limit: i64) -> anyhow::Result<Vec<InboxRow>> {
        Ok(ask!(self.db, c => sqlx::query_as(sql::INBOX_LIST).bind(after).bind(limit).fetch_all(c).await)?)
    }

    /// The newest messages before row `before`, the newest first, each with the beginning of its bytes: its headers,
    /// unless they are uncommonly long.
    pub async fn latest_messages(
        &self,
        which: Messages,
        before: Option<MessageNo>,
        limit: i64,
    ) -> anyhow::Result<Vec<(InboxRow, Vec<u8>)>> {
        let (state, sorted) = match which {
            Messages::All => ("", ""),
            Messages::SetAside => ("set_aside", ""),
            Messages::Older => ("", OLDER),
        };
        let mut tx = self.db.begin_read().await?;
        let rows: Vec<InboxRow> = on!(&mut tx, c => sqlx::query_as(sql::LATEST_MESSAGES)
            .bind(before.unwrap_or(i64::MAX)).bind(state).bind(sorted).bind(limit).fetch_all(c).await)?;
        let mut messages = Vec::with_capacity(rows.len());
        for row in rows {
            let beginning: Option<Vec<u8>> =
                on!(&mut tx, c => sqlx::query_scalar(sql::BEGINNING).bind(row.id).fetch_one(c).await)?;
            messages.push((row, beginning.unwrap_or_default()));
        }
        Ok(messages)
    }

    /// The newest letters before row `before`, the newest first.
    pub async fn latest_letters(
        &self,
        which: Letters,
        before: Option<OutboxId>,
        limit: i64,
    ) -> anyhow::Result<Vec<LetterRow>> {
        let (state, or_state) = match which {
            Letters::All => ("", ""),
            Letters::Waiting => ("queued", "sending"),
            Letters::Held => ("held", "held"),
            Letters::Failed => ("failed", "failed"),
        };
        Ok(ask!(self.db, c => sqlx::query_as(sql::LATEST_LETTERS)
            .bind(before.unwrap_or(i64::MAX)).bind(state).bind(or_state).bind(limit).fetch_all(c).await)?)
    }

    /// The letters of a case, oldest first.
    pub async fn letters_of(&self, reference: &Reference) -> anyhow::Result<Vec<LetterRow>> {
        let reference = reference.to_string();
        Ok(ask!(self.db, c => sqlx::query_as(sql::LETTERS_OF_CASE).bind(&reference).fetch_all(c).await)?)
    }

    /// One line of the inbox list.
    pub async fn message_row(&self, id: MessageNo) -> anyhow::Result<Option<InboxRow>> {
        Ok(self.inbox(id.saturating_sub(1), 1).await?.pop().filter(|row| row.id == id))
    }

    /// One line of the outbox list.
    pub async fn letter_row(&self, id: OutboxId) -> anyhow::Result<Option<LetterRow>> {
        Ok(self.outbox(id.saturating_sub(1), 1).await?.pop().filter(|row| row.id == id))
    }

    /// Letters after row `after`, oldest first.
    pub async fn outbox(&self, after: OutboxId, limit: i64) -> anyhow::Result<Vec<LetterRow>> {
        Ok(ask!(self.db, c => sqlx::query_as(sql::OUTBOX_LIST).bind(after).bind(limit).fetch_all(c).await)?)
    }

    /// Every try at a letter.
    pub async fn attempts(&self, letter: OutboxId) -> anyhow::Result<Vec<AttemptRow>> {
        Ok(ask!(self.db, c => sqlx::query_as(sql::ATTEMPTS).bind(letter).fetch_all(c).await)?)
    }

    /// Open duties, the earliest date first.
    pub async fn deadlines(&self) -> anyhow::Result<Vec<DeadlineRow>> {
        let rows: Vec<DeadlineColumns> = ask!(self.db, c => sqlx::query_as(sql::OPEN_DEADLINES).fetch_all(c).await)?;
        rows.into_iter().map(DeadlineRow::try_from).collect()
    }

    /// References of cases with a date that was looked at this often, and nothing could be decided.
    pub async fn stuck_deadlines(&self, attempts: i64) -> anyhow::Result<Vec<String>> {
        Ok(ask!(self.db, c => sqlx::query_scalar(sql::STUCK_DEADLINES).bind(attempts).fetch_all(c).await)?)
    }

    pub async fn folders(&self) -> anyhow::Result<Vec<FolderRow>> {
        let rows: Vec<(String, String, i64)> = ask!(self.db, c => sqlx::query_as(sql::FOLDERS).fetch_all(c).await)?;
        Ok(rows.into_iter().map(|(mailbox, folder, read)| FolderRow { mailbox, folder, read: instant(read) }).collect())
    }

    pub async fn counts(&self) -> anyhow::Result<Counts> {
        let mut tx = self.db.begin_read().await?;
        let inbox: Vec<(String, i64)> = on!(&mut tx, c => sqlx::query_as(sql::COUNT_INBOX).fetch_all(c).await)?;
        let outbox: Vec<(String, i64)> = on!(&mut tx, c => sqlx::query_as(sql::COUNT_OUTBOX).fetch_all(c).await)?;
        let (oldest_new, oldest_unsent, oldest_to_operator): (Option<i64>, Option<i64>, Option<i64>) =
            on!(&mut tx, c => sqlx::query_as(sql::OLDEST).fetch_one(c).await)?;
        Ok(Counts {
            inbox: inbox.into_iter().collect(),
            outbox: outbox.into_iter().collect(),
            oldest_new: oldest_new.map(instant),
            oldest_unsent: oldest_unsent.map(instant),
            oldest_to_operator: oldest_to_operator.map(instant),
        })
    }

    /// When each round has something to do next: the earliest message, letter and deadline that wait.
    pub async fn next_moments(&self) -> anyhow::Result<[Option<Timestamp>; 3]> {
        let (message, letter, deadline): (Option<i64>, Option<i64>, Option<i64>) =
            ask!(self.db, c => sqlx::query_as(sql::NEXT_MOMENTS).fetch_one(c).await)?;
        Ok([message, letter, deadline].map(|at| at.map(instant)))
    }

    /// Whether anything could be written now.
    ///
    /// # Errors
    ///
    /// The database's: another program keeps it for itself.
    pub async fn can_be_written(&self) -> anyhow::Result<()> {
        self.db.begin().await?;
        Ok(())
    }

    // ── alarms ────────────────────────────────────────────────────────────────────────────────────────────────────

    pub async fn alarms(&self) -> anyhow::Result<Vec<Alarm>> {
        let rows: Vec<(String, i64, Option<i64>, String)> =
            ask!(self.db, c => sqlx::query_as(sql::ALARMS).fetch_all(c).await)?;
        Ok(rows
            .into_iter()
            .map(|(name, since, told, words)| Alarm { name, since: instant(since), told: told.map(instant), words })
            .collect())
    }

    /// Notes a trouble; the first note of it says since when.
    pub async fn raise(&self, name: &str, words: &str, now: Timestamp) -> anyhow::Result<Alarm> {
        let mut tx = self.db.begin().await?;
        let (since, told): (i64, Option<i64>) = on!(&mut tx, c => sqlx::query_as(sql::RAISE_ALARM)
            .bind(name).bind(now.as_millisecond()).bind(storable(words)).fetch_one(c).await)?;
        tx.commit().await?;
        Ok(Alarm { name: name.to_owned(), since: instant(since), told: told.map(instant), words: words.to_owned() })
    }

    pub async fn told(&self, name: &str, now: Timestamp) -> anyhow::Result<()> {
        let now = now.as_millisecond();
        alone!(self.db, c => sqlx::query(sql::ALARM_TOLD).bind(name).bind(now).execute(c).await.map(drop))?;
        Ok(())
    }

    /// Ends a trouble. Since when there was one of which the operator had been told, and should hear that it is over.
    pub async fn clear(&self, name: &str) -> anyhow::Result<Option<Timestamp>> {
        // Asked first, for this is said again and again of what is well.
        if self.alarms().await?.iter().all(|alarm| alarm.name != name) {
            return Ok(None);
        }
        let ended: Vec<(i64, Option<i64>)> =
            alone!(self.db, c => sqlx::query_as(sql::CLEAR_ALARM).bind(name).fetch_all(c).await)?;
        Ok(ended.into_iter().find_map(|(since, told)| told.map(|_| instant(since))))
    }
}

pub(super) async fn case_file(tx: &mut Tx, id: CaseId) -> anyhow::Result<CaseFile> {
    let (head, history) = read_history(tx, id).await?;
    Ok(CaseFile { landlord: head.landlord, case: Case::fold(&history), history })
}
