//! What is due by now? → handle. Decides nothing: `decide` gives the one letter that is right now.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;

use anyhow::bail;
use futures::FutureExt as _;
use jiff::{SignedDuration, Timestamp};
use tracing::{error, info};

use super::office::Office;
use super::{Progress, handle};
use crate::domain::case::{self, Event, Input};
use crate::domain::code::Duty;
use crate::store::{CaseId, DeadlineRow, Known};

/// A deadline whose try failed comes up again after this, and its neighbours do not wait for it.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_secs(10 * 60);

/// Handles the deadline whose moment came longest ago.
///
/// # Errors
///
/// Only the database's.
pub async fn step(office: &Office) -> anyhow::Result<Progress> {
    let now = office.clock.now();
    let Some((case, duty, attempts)) = office.store.take_deadline(now, now + AGAIN_AFTER).await? else {
        return Ok(Progress::Idle);
    };
    act(office, case, duty, attempts, now).await;
    Ok(Progress::Made)
}

/// Acts on a date that was taken; one that cannot be acted on comes up again.
pub(super) async fn act(office: &Office, case: CaseId, duty: Duty, attempts: u32, now: Timestamp) {
    let tried = AssertUnwindSafe(handle::reached(office, case, duty, now)).catch_unwind().await;
    match tried.unwrap_or_else(|_| bail!("The program panicked on it")) {
        Ok(()) => info!(case.id = case, %duty, "Date looked at"),
        Err(trouble) => {
            let trouble = format!("{trouble:#}");
            error!(
                case.id = case,
                %duty,
                attempts,
                trouble,
                "Could not act on a date; it will be tried again"
            );
        }
    }
}

/// Works out anew when to look at each open duty, and by when it is owed: the ladder, the calendar or this program may have
/// changed since.
///
/// # Errors
///
/// The database's. A case that cannot be looked at is an error in the log.
pub async fn refresh(office: &Office) -> anyhow::Result<()> {
    let now = office.clock.now();
    let mut cases: BTreeMap<CaseId, Vec<DeadlineRow>> = BTreeMap::new();
    for row in office.store.deadlines().await? {
        cases.entry(row.case).or_default().push(row);
    }
    for (case, rows) in cases {
        if let Err(trouble) = look_anew(office, case, &rows, now).await {
            // One damaged case keeps neither the others nor the daemon from their work.
            let trouble = format!("{trouble:#}");
            error!(case.id = case, trouble, "Could not look at the dates of a case anew");
        }
    }
    Ok(())
}

async fn look_anew(office: &Office, case: CaseId, rows: &[DeadlineRow], now: Timestamp) -> anyhow::Result<()> {
    let known = office.store.known(case).await?;
    let house = office.house(office.landlord(&known.landlord)?, &known.away);
    let other = |row: &DeadlineRow| {
        let owed = known.case.duties.get(&row.duty);
        owed.is_some_and(|owed| owed.due.edition != office.calendar.edition())
            || known.case.next_look(row.duty, &house, now) != row.next_look
    };
    if rows.iter().any(other) {
        let again = |known: &Known| {
            let decision = case::decide(&known.case, &Input::CalendarChanged, &house, now)?;
            for moved in decision.events.iter().filter(|line| matches!(line.event, Event::DeadlineMoved { .. })) {
                info!(case.id = known.id, seq = moved.seq, "A change of the bank holidays moved a date");
            }
            office.change(&office.before(known)?, decision, now).map(Some)
        };
        office.store.decide_case(case, again).await?;
    }
    Ok(())
}
