//! A database that is a restored copy has forgotten what happened since the copy was made, and would say it again.
//!
//! So, until a person has looked and says `redress restore --release`: every letter to a resident is held, and so is whatever
//! waited when the copy was made. Mail that came since is taken in where it lies and gets its case, its clock and its letters
//! to staff. Case numbers go on at a later thousand, so that a number given out since never names another person's case.

use tracing::warn;

use super::office::{HELD_SINCE_RESTORE, Office};
use super::operator;
use crate::domain::calendar::listed;

/// What the operator hears of as long as letters wait for a person.
const RESTORED: &str = "the database is a restored copy";

/// Settles in when the database is a copy, and tells the operator what to do; ends the trouble when it is one no more.
///
/// # Errors
///
/// The database's.
pub async fn settle_in(office: &Office) -> anyhow::Result<()> {
    let Some(made) = office.copy_of else {
        return operator::over(office, RESTORED, "It was released: letters leave again.").await;
    };
    let landlords: Vec<String> = office.config.landlords.iter().map(|landlord| landlord.key.clone()).collect();
    let now = office.clock.now();
    if office.store.settle_in(&landlords, HELD_SINCE_RESTORE, now).await? {
        warn!("The database is a restored copy: letters to residents are held until a person releases them");
    }
    let words = format!(
        "It is a copy of {}, and knows nothing of what was sent later. Letters to residents wait. What to do:\n\n\
         1. `redress reconcile` says whether all mail has been taken in.\n\
         2. `redress outbox list --held` lists what waits. Keep back what has been sent already: `redress outbox hold`.\n\
         3. `redress restore --release`, then `systemctl restart redress`: the rest leaves.\n\n\
         The clocks run meanwhile.",
        listed(made)
    );
    operator::tell(office, RESTORED, &words).await
}
