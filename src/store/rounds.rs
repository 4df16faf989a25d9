//! What rounds that go by the calendar ask, and what they remember.

use std::collections::BTreeMap;

use anyhow::Context as _;
use jiff::Timestamp;

use super::decide::NewLetter;
use super::open::{ask, execute, on};
use super::questions::{CaseFile, InboxRow, case_file};
use super::send::add_letter;
use super::{Store, instant, sql};

/// How the names of the facts begin that say when a round was done.
const ROUND: &str = "round.";

impl Store {
    /// The landlord's cases on which something is owed, and those on which something was written from `since` on; the
    /// oldest first.
    ///
    /// # Errors
    ///
    /// Also when a history was tampered with.
    pub async fn astir(&self, landlord: &str, since: Timestamp) -> anyhow::Result<Vec<CaseFile>> {
        let mut tx = self.db.begin_read().await?;
        let ids: Vec<i64> = on!(&mut tx, c => sqlx::query_scalar(sql::ASTIR)
            .bind(landlord).bind(since.as_millisecond()).fetch_all(c).await)?;
        let mut cases = Vec::with_capacity(ids.len());
        for id in ids {
            cases.push(case_file(&mut tx, id).await?);
        }
        Ok(cases)
    }

    /// Messages that were stored from `since` on, oldest first.
    pub async fn messages_since(&self, since: Timestamp) -> anyhow::Result<Vec<InboxRow>> {
        let since = since.as_millisecond();
        Ok(ask!(self.db, c => sqlx::query_as(sql::MESSAGES_SINCE).bind(since).fetch_all(c).await)?)
    }

    /// How many letters of the landlord are held, and how many of these by a limit.
    pub async fn held_of(&self, landlord: &str) -> anyhow::Result<(i64, i64)> {
        Ok(ask!(self.db, c => sqlx::query_as(sql::HELD_OF).bind(landlord).fetch_one(c).await)?)
    }

    /// When each round last did its work, by its name.
    ///
    /// # Errors
    ///
    /// Also when what is kept is no moment.
    pub async fn last_rounds(&self) -> anyhow::Result<BTreeMap<String, Timestamp>> {
        let kept: Vec<(String, Vec<u8>)> =
            ask!(self.db, c => sqlx::query_as(sql::INFO_OF).bind(ROUND).fetch_all(c).await)?;
        let read = |(name, kept): (String, Vec<u8>)| {
            let round = name.trim_start_matches(ROUND);
            let ms = kept.try_into().ok().map(i64::from_be_bytes);
            let at =
                ms.map(instant).with_context(|| format!("When {round} was last done is damaged in the database"))?;
            Ok((round.to_owned(), at))
        };
        kept.into_iter().map(read).collect()
    }

    /// Ends the work of a round: its letters, each with the key of its landlord, and the moment it was done, together. A
    /// letter that is there already, by its Message-ID, is left as it is.
    pub async fn end_round(
        &self,
        name: &str,
        letters: &[(String, NewLetter)],
        done: Option<Timestamp>,
        now: Timestamp,
    ) -> anyhow::Result<()> {
        let mut tx = self.db.begin().await?;
        for (landlord, letter) in letters {
            add_letter(&mut tx, (None, Some(landlord)), letter, None, now).await?;
        }
        if let Some(done) = done {
            execute!(&mut tx, sql::KEEP_INFO, format!("{ROUND}{name}"), done.as_millisecond().to_be_bytes().to_vec())?;
        }
        Ok(tx.commit().await?)
    }

    /// Lets every message and letter that waits for its next try, held ones too, wait until `latest` at most: beyond that no
    /// try is ever put off, but by a clock that was ahead. Returns how many were.
    pub async fn bring_near(&self, latest: Timestamp, now: Timestamp) -> anyhow::Result<u64> {
        let mut tx = self.db.begin().await?;
        let mut near = 0;
        for statement in [sql::BRING_LETTERS_NEAR, sql::BRING_MESSAGES_NEAR] {
            near += execute!(&mut tx, statement, now.as_millisecond(), latest.as_millisecond())?;
        }
        tx.commit().await?;
        Ok(near)
    }
}
