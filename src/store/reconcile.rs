//! The ledger as it is compared with the mail servers, and what the last comparison came to.

use anyhow::Context as _;
use jiff::Timestamp;

use super::open::{alone, ask};
use super::{Store, instant, sql};
use crate::domain::reconcile::{Difference, Entry, Reconciled};

/// The row of `store_info` with the last comparison.
pub(super) const RECONCILED: &str = "reconciled";

impl Store {
    /// Every message ever taken from this mailbox: where it lay, never its words.
    pub async fn ledger(&self, mailbox: &str) -> anyhow::Result<Vec<Entry>> {
        let rows: Vec<(String, i64, String, i64, i64, Option<i64>)> =
            ask!(self.db, c => sqlx::query_as(sql::LEDGER).bind(mailbox).fetch_all(c).await)?;
        let entry = |(folder, uidvalidity, uid, arrived, size, copy_of): (_, _, _, i64, i64, Option<i64>)| Entry {
            folder,
            uidvalidity,
            uid,
            arrived: instant(arrived),
            size: size as u64,
            copy: copy_of.is_some(),
        };
        Ok(rows.into_iter().map(entry).collect())
    }

    /// Whether a message of these bytes (SHA-256, hex) was ever taken from this mailbox; from this folder, when one is named.
    pub async fn has_digest(&self, mailbox: &str, digest: &str, folder: Option<&str>) -> anyhow::Result<bool> {
        let there: i64 = ask!(self.db, c => sqlx::query_scalar(sql::HAS_DIGEST)
            .bind(mailbox).bind(digest).bind(folder).fetch_one(c).await)?;
        Ok(there > 0)
    }

    /// Notes that what was taken in under this UID lies there no more, so that another message can be. When nothing was, this
    /// changes nothing.
    pub async fn lies_there_no_more(
        &self,
        mailbox: &str,
        folder: &str,
        uidvalidity: i64,
        uid: &str,
    ) -> anyhow::Result<()> {
        alone!(self.db, c => sqlx::query(sql::LIES_THERE_NO_MORE)
            .bind(mailbox).bind(folder).bind(uidvalidity).bind(uid).execute(c).await.map(drop))?;
        Ok(())
    }

    /// Whether a message of this mailbox was ever moved, or taken in from `folder`, where logged mail goes: then the folder
    /// was there.
    pub async fn has_moved(&self, mailbox: &str, folder: &str) -> anyhow::Result<bool> {
        let moved: i64 =
            ask!(self.db, c => sqlx::query_scalar(sql::HAS_MOVED).bind(mailbox).bind(folder).fetch_one(c).await)?;
        Ok(moved > 0)
    }

    /// Letters that do not agree with what the mail server answered, or that wait or are on their way since before
    /// `patience_until`.
    pub async fn letters_apart(&self, patience_until: Timestamp) -> anyhow::Result<Vec<Difference>> {
        let rows: Vec<(i64, String, i64, i64, Option<i64>)> = ask!(self.db, c => sqlx::query_as(sql::LETTERS_APART)
            .bind(patience_until.as_millisecond()).fetch_all(c).await)?;
        let difference =
            |(letter, state, next, taken, started): (i64, String, i64, i64, Option<i64>)| match (state.as_str(), taken)
            {
                (_, 2..) => Difference::TakenTwice { letter },
                ("sent", _) => Difference::NoAnswer { letter },
                (_, 1) => Difference::TakenUnnoticed { letter },
                ("sending", _) => Difference::OnItsWay { letter, since: instant(started.unwrap_or(next)) },
                _ => Difference::Waits { letter, since: instant(next) },
            };
        Ok(rows.into_iter().map(difference).collect())
    }

    /// What the last comparison came to; `None` before the first.
    ///
    /// # Errors
    ///
    /// Also when what is kept cannot be read.
    pub async fn reconciled(&self) -> anyhow::Result<Option<Reconciled>> {
        let kept = self.fact(RECONCILED).await?;
        kept.map(|kept| serde_json::from_slice(&kept).context("What the last comparison came to is damaged"))
            .transpose()
    }

    /// Keeps what a comparison came to, in place of the one before.
    pub async fn keep_reconciled(&self, reconciled: &Reconciled) -> anyhow::Result<()> {
        self.keep_fact(RECONCILED, serde_json::to_vec(reconciled)?).await
    }
}

#[cfg(test)]
mod tests {
    use super::super::open::Db;
    use super::super::{Purpose, url_of};
    use super::*;

    async fn plan(store: &Store, question: &str) -> Vec<String> {
        let Db::Sqlite { ask, .. } = &store.db else { panic!("it is a file") };
        let plan = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {question}"));
        let steps: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(plan).fetch_all(&mut *ask.take().await.unwrap()).await.unwrap();
        steps.into_iter().map(|(.., step)| step).collect()
    }

    #[tokio::test]
    async fn what_is_asked_of_all_messages_is_answered_by_an_index_and_reads_none_of_them() {
        let folder = tempfile::tempdir().unwrap();
        let url = url_of(&folder.path().join("redress.db")).unwrap();
        let store = Store::open(&url, Purpose::Play).await.unwrap();
        for question in [sql::KNOWN_UIDS, sql::LEDGER, sql::HAS_MOVED, sql::COUNT_INBOX] {
            let steps = plan(&store, question).await;
            // What follows the first step may put in order what it found.
            assert!(steps[0].contains("inbox USING COVERING INDEX"), "{question}: {steps:?}");
            assert!(steps[1..].iter().all(|step| step.starts_with("USE TEMP B-TREE")), "{question}: {steps:?}");
        }
        // These read the few rows that the index finds.
        let same_words = "(message_id=? AND same_words=?)";
        let few = [(sql::SAME_WORDS, same_words), (sql::SAME_WORDS_UNNAMED, same_words)];
        for (question, by) in few.into_iter().chain([(sql::HAS_DIGEST, "(mailbox=? AND digest=?)")]) {
            let steps = plan(&store, question).await;
            assert!(steps[0].contains(by), "{question}: {steps:?}");
        }
    }
}
