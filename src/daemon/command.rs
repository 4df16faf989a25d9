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
    let act = Act { office, landlord, now, dry_run };
    act.carry_out(&keys, |found| {
        let next = found.next.get(&landlord.key).map(|number| Reference::new(&landlord.prefix, *number));
        let input = Input::Commanded { by: by.clone(), command: Box::new(command.clone()), next };
        let known = act.known(found, reference)?;
        let mut changes = Vec::new();
        act.on(found, known, &input, &mut changes)?;
        Ok(changes)
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
    let act = Act { office, landlord, now, dry_run };
    act.carry_out(&keys, |found| {
        let number = found.next.get(&landlord.key).context("No case number")?;
        let opening = case::logged(&log, by, landlord, Reference::new(&landlord.prefix, *number), now)?;
        Ok(vec![act.open(found, opening)?])
    })
    .await
}

struct Act<'a> {
    office: &'a Office,
    landlord: &'a Landlord,
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

    /// The case of this landlord with this reference.
    fn known<'f>(&self, found: &'f Found, reference: &Reference) -> Result<&'f Known, Refusal> {
        let named = |known: &&Known| known.case.opening.as_ref().is_some_and(|opening| opening.reference == *reference);
        let ours = found.cases.iter().filter(|known| known.landlord == self.landlord.key);
        ours.into_iter().find(named).ok_or(Refusal::Apart)
    }

    fn on(&self, found: &Found, known: &Known, input: &Input, changes: &mut Vec<Change>) -> anyhow::Result<()> {
        let decision = case::decide(&known.case, input, &self.office.house(self.landlord, &known.away), self.now)?;
        let elsewhere = decision.elsewhere.clone();
        let mut change = self.office.change(&self.office.before(known)?, decision, self.now)?;
        if let Input::Absorbed { messages, .. } = input {
            change.messages.clone_from(messages);
        }
        changes.push(change);
        for brought in elsewhere {
            match brought {
                Elsewhere::Open(opening) => changes.push(self.open(found, *opening)?),
                Elsewhere::On(reference, input) => self.on(found, self.known(found, &reference)?, &input, changes)?,
            }
        }
        Ok(())
    }

    fn open(&self, found: &Found, opening: Opening) -> anyhow::Result<Change> {
        let case = Case::default();
        let (landlord, away) = (self.landlord, &found.away);
        let before = Before { id: None, landlord, case: &case, thread: &[], enclosed: None, away };
        self.office.follow(&before, &Input::Opened(Box::new(opening)), self.now)
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
