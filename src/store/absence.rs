//! Who is away: rows that are only ever added, of each person the last one holds.

use std::sync::Arc;

use anyhow::Context as _;
use jiff::Timestamp;
use jiff::civil::Date;

use super::open::{Tx, ask, execute, on};
use super::{Store, sql};
use crate::domain::absence::{Absence, Absences};

/// An absence to be recorded, or its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwayNote {
    pub absence: Absence,
    /// The address of whoever says so.
    pub by: String,
}

impl Store {
    /// Who is away, or was when they last said so.
    pub async fn absences(&self) -> anyhow::Result<Arc<Absences>> {
        absences(&mut self.db.begin_read().await?).await
    }

    /// Whether anybody said after `since`, and by `now`, that they are away. What a clock that was ahead recorded for days to
    /// come was said on those days.
    pub async fn absence_said_between(&self, since: Timestamp, now: Timestamp) -> anyhow::Result<bool> {
        let (since, now) = (since.as_millisecond(), now.as_millisecond());
        let said: i64 = ask!(self.db, c => sqlx::query_scalar(sql::ABSENCE_SAID_BETWEEN)
            .bind(since).bind(now).fetch_one(c).await)?;
        Ok(said > 0)
    }

    /// Records an absence by itself; one that came in a message is written with what became of the message.
    pub async fn record_absence(&self, note: &AwayNote, now: Timestamp) -> anyhow::Result<()> {
        let mut tx = self.db.begin().await?;
        add_absence(&mut tx, note, now).await?;
        Ok(tx.commit().await?)
    }
}

pub(super) async fn absences(tx: &mut Tx) -> anyhow::Result<Arc<Absences>> {
    let rows: Vec<(String, String, String, Option<String>)> =
        on!(tx, c => sqlx::query_as(sql::ABSENCES).fetch_all(c).await)?;
    let absences = rows.into_iter().map(|(address, since, until, cover)| {
        let day = |text: &str| text.parse::<Date>().context("A day of an absence is damaged in the database");
        Ok(Absence { since: day(&since)?, until: day(&until)?, address, cover })
    });
    Ok(Arc::new(Absences::new(absences.collect::<anyhow::Result<Vec<_>>>()?)))
}

pub(super) async fn add_absence(tx: &mut Tx, note: &AwayNote, now: Timestamp) -> anyhow::Result<()> {
    let AwayNote { absence: Absence { address, since, until, cover }, by } = note;
    let (since, until) = (since.to_string(), until.to_string());
    execute!(tx, sql::ADD_ABSENCE, address, since, until, cover, by, now.as_millisecond())?;
    Ok(())
}
