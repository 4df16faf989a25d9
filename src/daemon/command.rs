//! A person's act → decide → commit: on the case itself, and on those it brings along.

use std::collections::BTreeSet;

use anyhow::Context as _;
use jiff::Timestamp;

use super::office::{Before, Office};
use crate::domain::case::{self, Case, Elsewhere, Input, Opening, Recorded, Refusal};
use crate::domain::command::{Command, Log};
use crate::domain::landlord::{Landlord, Person};
use crate::domain::reference::Reference;
use crate::store::{Change, Found, Keys, Known, NewLetter};

/// What an act brought about.
#[derive(Clone, Debug)]
pub struct Done {
    /// The case it was about, then those it brought along.
    pub cases: Vec<DoneTo>,
}

/// What was recorded on one case, and the letters that go out.
#[derive(Clone, Debug)]
pub struct DoneTo {
    pub reference: Reference,
    pub events: Vec<Recorded>,
    pub letters: Vec<NewLetter>,
    pub after: Case,
}

/// Carries `command` out, all of it or nothing. With `dry_run` nothing is written, and the answer tells what would be.
///
/// # Errors
///
/// When there is no such case, the command is refused (a [`Refusal`] in the chain of the error), a letter would be
/// incomplete, or the database's.
pub async fn carry_out(
    office: &Office,
    reference: &Reference,
    by: &Person,
    command: Command,
    dry_run: bool,
) -> anyhow::Result<Done> {
    let now = office.clock.now();
    let file = office.store.case(reference).await?;
    let key = file.with_context(|| format!("There is no case {reference}"))?.landlord;
    let landlord = office.landlord(&key)?;
    let other = command.other_case().cloned();
    let keys = Keys {
        references: other.into_iter().chain([reference.clone()]).collect(),
        landlords: BTreeSet::from([key]),
        ..Keys::default()
    };
    let act = Act { office, now, dry_run };
    act.carry_out(&keys, |found| {
        let next = found.next.get(&landlord.key).map(|number| Reference::new(&landlord.prefix, *number));
        let input = Input::Commanded { by: by.clone(), command: Box::new(command.clone()), next };
        let before = office.before(known(found, landlord, reference)?)?;
        brought_about(office, landlord, found, &before, &input, now)
    })
    .await
}

/// Opens a case for what came by telephone, letter, visit or social media (3.1, 3.2).
///
/// # Errors
///
/// As [`carry_out`], and when there is no such landlord.
pub async fn log(office: &Office, by: &Person, log: Log, dry_run: bool) -> anyhow::Result<Done> {
    let now = office.clock.now();
    let landlord = office.landlord(&log.landlord)?;
    let keys = Keys { landlords: BTreeSet::from([landlord.key.clone()]), ..Keys::default() };
    let act = Act { office, now, dry_run };
    act.carry_out(&keys, |found| {
        let number = found.next.get(&landlord.key).context("No case number")?;
        let opening = case::logged(&log, by, landlord, Reference::new(&landlord.prefix, *number), now)?;
        Ok(vec![open(office, landlord, found, opening, now)?])
    })
    .await
}

struct Act<'a> {
    office: &'a Office,
    now: Timestamp,
    dry_run: bool,
}

impl Act<'_> {
    /// Writes what `judge` says follows, unless it is only asked what would.
    async fn carry_out<F>(&self, keys: &Keys, mut judge: F) -> anyhow::Result<Done>
    where
        F: FnMut(&Found) -> anyhow::Result<Vec<Change>> + Send,
    {
        let done = self.office.store.decide_act(keys, self.now, |found| Ok(self.done(judge(found)?))).await?;
        self.office.letters_wait.notify_one();
        Ok(done)
    }

    fn done(&self, changes: Vec<Change>) -> (Done, Vec<Change>) {
        let cases = changes.iter().filter_map(|change| {
            Some(DoneTo {
                reference: change.after.opening.as_ref()?.reference.clone(),
                events: change.events.clone(),
                letters: change.letters.clone(),
                after: change.after.clone(),
            })
        });
        let done = Done { cases: cases.collect() };
        (done, if self.dry_run { Vec::new() } else { changes })
    }
}

/// What `input` brings about: on the case itself, then on those it brings along.
///
/// # Errors
///
/// As [`Office::follow`]; then nothing of it may be written.
pub(super) fn brought_about(
    office: &Office,
    landlord: &Landlord,
    found: &Found,
    before: &Before,
    input: &Input,
    now: Timestamp,
) -> anyhow::Result<Vec<Change>> {
    let decision = case::decide(before.case, input, &office.house(landlord, before.away), now)?;
    let elsewhere = decision.elsewhere.clone();
    let mut change = office.change(before, decision, now)?;
    if let Input::Absorbed { messages, .. } = input {
        change.messages.clone_from(messages);
    }
    let mut changes = vec![change];
    for brought in elsewhere {
        changes.extend(match brought {
            Elsewhere::Open(opening) => vec![open(office, landlord, found, *opening, now)?],
            Elsewhere::On(reference, input) => {
                let other = office.before(known(found, landlord, &reference)?)?;
                brought_about(office, landlord, found, &other, &input, now)?
            }
        });
    }
    Ok(changes)
}

fn open(
    office: &Office,
    landlord: &Landlord,
    found: &Found,
    opening: Opening,
    now: Timestamp,
) -> anyhow::Result<Change> {
    office.follow(&Before::new_case(landlord, &Case::default(), &found.away), &Input::Opened(Box::new(opening)), now)
}

/// The case of this landlord with this reference.
pub(super) fn known<'f>(found: &'f Found, landlord: &Landlord, reference: &Reference) -> Result<&'f Known, Refusal> {
    let named = |known: &&Known| known.case.opening.as_ref().is_some_and(|opening| opening.reference == *reference);
    let ours = found.cases.iter().filter(|known| known.landlord == landlord.key);
    ours.into_iter().find(named).ok_or(Refusal::Apart)
}
