//! How often the program was started anew without having been stopped. What it knows of itself ends with it, so this is kept.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::open::{execute, on};
use super::{Store, sql};

/// The row of `store_info` with the starts, by the machine's name.
const STARTS: &str = "starts";
/// A program that has run for this long goes on; what ended the one before is over.
const GOES_ON: SignedDuration = SignedDuration::from_hours(1);

/// How often it was started on one machine, each time before it had run for [so long](GOES_ON), and when last.
type Starts = (u32, Timestamp);

impl Store {
    /// Notes that a daemon was started on `machine`.
    pub async fn note_start(&self, machine: &str, now: Timestamp) -> anyhow::Result<()> {
        self.change_starts(|starts| {
            starts.retain(|_, (_, last)| is_recent(*last, now));
            let (times, last) = starts.entry(machine.to_owned()).or_insert((0, now));
            (*times, *last) = (*times + 1, now);
        })
        .await
    }

    /// Notes that it was told to stop there, and did.
    pub async fn note_stop(&self, machine: &str) -> anyhow::Result<()> {
        self.change_starts(|starts| {
            starts.remove(machine);
        })
        .await
    }

    /// Machines on which it was started so often, or more, and has not run for long since.
    pub async fn started_often(&self, times: u32, now: Timestamp) -> anyhow::Result<Vec<String>> {
        let kept = self.fact(STARTS).await?;
        let often = |(machine, (started, last)): (String, Starts)| {
            (started >= times && is_recent(last, now)).then_some(machine)
        };
        Ok(read(kept).into_iter().filter_map(often).collect())
    }

    async fn change_starts(&self, change: impl FnOnce(&mut BTreeMap<String, Starts>)) -> anyhow::Result<()> {
        let mut tx = self.db.begin().await?;
        // Of two daemons that start at once, each would forget the other.
        tx.lock_leases().await?;
        let kept = on!(&mut tx, c => sqlx::query_scalar(sql::INFO).bind(STARTS).fetch_optional(c).await)?;
        let mut starts = read(kept);
        change(&mut starts);
        execute!(&mut tx, sql::KEEP_INFO, STARTS, serde_json::to_vec(&starts)?)?;
        Ok(tx.commit().await?)
    }
}

/// Whether a start is as near as a program needs to go on; one of days to come was noted by a clock that was ahead.
fn is_recent(start: Timestamp, now: Timestamp) -> bool {
    now.duration_since(start).abs() <= GOES_ON
}

/// A note that cannot be read begins anew: it must not keep the program from starting.
fn read(kept: Option<Vec<u8>>) -> BTreeMap<String, Starts> {
    kept.and_then(|kept| serde_json::from_slice(&kept).ok()).unwrap_or_default()
}
