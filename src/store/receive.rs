//! T1: what a mailbox holds, taken in as it came. And the ledger of what was taken from which folder.

use std::collections::BTreeSet;

use anyhow::Context as _;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::decide::MessageState;
use super::open::{alone, ask, on};
use super::{Store, sql};
use crate::domain::case::MessageNo;

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

/// Stands between UIDs, and in none: they are numbers, or names of files. Nor in the name of a mailbox.
const APART: &str = "/";
/// The row of `store_info` with the mailboxes of the last start; where several daemons may work, of each machine.
const MAILBOXES: &str = "mailboxes";

impl Store {
    /// Names of the mailboxes that the daemon on `host` last started with; none before its first start.
    pub async fn mailboxes(&self, host: &str) -> anyhow::Result<BTreeSet<String>> {
        let kept = self.fact(&self.mailboxes_of(host)).await?;
        let names = String::from_utf8(kept.unwrap_or_default()).context("The names of the mailboxes are damaged")?;
        Ok(names.split(APART).filter(|name| !name.is_empty()).map(str::to_owned).collect())
    }

    /// Keeps the names of the mailboxes that the daemon on `host` starts with.
    pub async fn keep_mailboxes(&self, host: &str, names: impl Iterator<Item = &str>) -> anyhow::Result<()> {
        self.keep_fact(&self.mailboxes_of(host), names.collect::<Vec<_>>().join(APART).into_bytes()).await
    }

    fn mailboxes_of(&self, host: &str) -> String {
        if self.is_ones_alone() { MAILBOXES.to_owned() } else { format!("{MAILBOXES}.{host}") }
    }

    /// UIDs of a folder that are stored.
    pub async fn known_uids(&self, mailbox: &str, folder: &str, uidvalidity: i64) -> anyhow::Result<BTreeSet<String>> {
        let uids: Option<String> = ask!(self.db, c => sqlx::query_scalar(sql::KNOWN_UIDS)
            .bind(mailbox).bind(folder).bind(uidvalidity).bind(APART).fetch_one(c).await)?;
        Ok(uids.iter().flat_map(|uids| uids.split(APART)).map(str::to_owned).collect())
    }

    /// T1: stores a batch of messages. Storing one twice changes nothing; one whose bytes are stored already is linked to
    /// the first, not stored in full again, for a mailbox that is set up anew holds everything again, and not handled again.
    /// Returns how many rows are new.
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
            let digest = hex::encode(Sha256::digest(&arrived.raw));
            let same: Option<i64> = match arrived.whole {
                true => on!(&mut tx, c => {
                    sqlx::query_scalar(sql::SAME_BYTES).bind(mailbox).bind(&digest).bind(folder).fetch_one(c).await
                })?,
                false => None,
            };
            let (state, raw) = match same {
                Some(_) => (MessageState::Copy.key(), None),
                None => ("new", Some(&arrived.raw)),
            };
            let id: Option<i64> = on!(&mut tx, c => sqlx::query_scalar(sql::RECEIVE)
                .bind(mailbox).bind(folder).bind(uidvalidity).bind(&arrived.uid)
                .bind(arrived.arrived.as_millisecond()).bind(now.as_millisecond())
                .bind(arrived.size as i64).bind(i64::from(arrived.whole)).bind(&digest).bind(raw)
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
        alone!(self.db, c => sqlx::query(sql::FOLDER_READ)
            .bind(mailbox).bind(folder).bind(uidvalidity).bind(now.as_millisecond())
            .execute(c).await.map(drop))?;
        Ok(())
    }

    /// Stored messages that have not been moved to where the landlord keeps logged mail.
    pub async fn unfiled(
        &self,
        mailbox: &str,
        folder: &str,
        uidvalidity: i64,
    ) -> anyhow::Result<Vec<(MessageNo, String)>> {
        Ok(ask!(self.db, c => sqlx::query_as(sql::UNFILED)
            .bind(mailbox).bind(folder).bind(uidvalidity).fetch_all(c).await)?)
    }

    /// Notes that a message was moved, or is no longer there to be moved.
    pub async fn filed(&self, id: MessageNo, now: Timestamp) -> anyhow::Result<()> {
        let now = now.as_millisecond();
        alone!(self.db, c => sqlx::query(sql::FILED).bind(id).bind(now).execute(c).await.map(drop))?;
        Ok(())
    }
}
