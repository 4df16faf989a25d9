//! Letters that a limit holds: whoever keeps the program running hears of them, and when none is held any more.

use super::office::Office;
use super::operator;
use crate::domain::brake::Scope;
use crate::store::Braked;

/// The alarm of letters that the limit of an address, a message, a case or a landlord holds, or whose address is our own.
const SOME: &str = "letters are held back";
/// The alarm of the limit on all letters together, or of any that holds letters to the operator.
const ALL: &str = operator::HELD_BACK;

/// Tells the operator what the limits hold, or that they hold nothing any more; each once.
///
/// # Errors
///
/// Only the database's.
pub async fn look(office: &Office) -> anyhow::Result<()> {
    let of_all = |held: &Braked| held.brake == Scope::All.key() || held.audience == "operator";
    let (all, some): (Vec<_>, Vec<_>) = office.store.braked().await?.into_iter().partition(of_all);
    match some.as_slice() {
        [] => operator::over(office, SOME, "None is held back any more.").await?,
        some => operator::tell(office, SOME, &words(some)).await?,
    }
    match all.as_slice() {
        [] => operator::over(office, ALL, "None is held back any more.").await,
        all => operator::alarm(office, ALL, &words(all)).await,
    }
}

/// What waits, why, and what to do.
fn words(held: &[Braked]) -> String {
    let lines = held.iter().map(|held| {
        let to = match held.audience.as_str() {
            "resident" => "to residents",
            "operator" => "to you",
            _ => "to the landlord's own people",
        };
        format!("- {} {to}, by the limit {}: {}\n", held.letters, held.brake, held.because)
    });
    format!(
        "The limits on letters hold these so far, so that no two machines write to each other without end:\n\n{}\n\
         None is lost, and the clocks run: an acknowledgement among them has not reached its resident. What to do:\n\n\
         1. `redress outbox list --held` lists them, `redress outbox show NUMBER` shows one. What led to so many?\n\
         2. Those that should go: `redress outbox release NUMBER`, or all that a limit holds, \
         `redress outbox release --stopped=LIMIT`. With `--dry-run` it says what would go.\n\
         3. When so many letters are usual for you, raise the limit: [limits] in the configuration.\n",
        lines.collect::<String>()
    )
}
