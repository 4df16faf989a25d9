//! Is it time for the morning's lists, or the week's letter? → who has to see to what → outbox. Decides nothing: what is
//! on a list is `domain::digest`'s affair.
//!
//! The letters of one morning and the note that they are written are one transaction, and each letter's Message-ID names
//! its reader, landlord and day: nothing that ends the program makes two of one, or none. A daemon that slept writes the
//! list that is right now, and none for the mornings it slept through.
//!
//! Whoever stands in for somebody has such a list at once, on the day that person says that they are away.

use std::collections::{BTreeMap, BTreeSet};

use cron::Schedule;
use jiff::{SignedDuration, Timestamp};
use tracing::{error, info, warn};

use super::office::Office;
use super::{Progress, operator};
use crate::domain::calendar::{london_date, next_look};
use crate::domain::digest::{Beside, Compared, FLOOD, Filed, Morning, Upkeep, digests, weekly};
use crate::domain::filing::FROM_MACHINES;
use crate::domain::landlord::{Landlord, Person};
use crate::domain::letter::Notice;
use crate::store::{CaseFile, InboxRow, NewLetter};

/// How far back a letter that was missed is looked for: a schedule has a time in every week.
const LOOK_BACK_DAYS: i32 = 8;
/// Cases with something new for this long are looked at even when nothing is owed on them: a letter of theirs may have come
/// back.
const ASTIR_DAYS: i32 = 31;
/// The round in which whoever stands in is told so.
const STAND_IN: &str = "stand-in";
/// What the operator hears of when a list cannot be written.
const TROUBLE: &str = "a list of what is open cannot be written";

/// The two letters that come by the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Round {
    Digest,
    Weekly,
}

impl Round {
    fn name(self) -> &'static str {
        match self {
            Round::Digest => "digest",
            Round::Weekly => "weekly",
        }
    }

    fn schedule(self, office: &Office) -> &Schedule {
        match self {
            Round::Digest => &office.config.reminders.digest_at,
            Round::Weekly => &office.config.reminders.weekly_at,
        }
    }

    /// The time, after `last`, of the letter that is right now, if there is one: of the morning's only today's, and only on a
    /// working day.
    fn slot(self, office: &Office, last: Timestamp, now: Timestamp) -> Option<Timestamp> {
        let today = london_date(now);
        let slot = latest(self.schedule(office), last, now)?;
        let right = self == Round::Weekly || (london_date(slot) == today && office.calendar.is_working_day(today));
        right.then_some(slot)
    }
}

/// Writes the lists whose time has come.
///
/// # Errors
///
/// The database's. A list that cannot be written is told to the operator, and tried again.
pub async fn step(office: &Office) -> anyhow::Result<Progress> {
    let now = office.clock.now();
    let done = office.store.last_rounds().await?;
    let mut progress = tell_stand_ins(office, done.get(STAND_IN).copied(), now).await?;
    for round in [Round::Digest, Round::Weekly] {
        let Some(last) = done.get(round.name()).copied() else {
            // A landlord that begins with us has no week behind it to tell of.
            office.store.end_round(round.name(), &[], Some(now), now).await?;
            continue;
        };
        // A clock that was ahead did this for days to come. Those have their letters, by their Message-IDs; today may have none.
        let last = if last > now { now - SignedDuration::from_hours(24) } else { last };
        if let Some(slot) = round.slot(office, last, now) {
            write(office, round, slot, last, now).await?;
            progress = Progress::Made;
        }
    }
    Ok(progress)
}

/// When the next list may be due.
pub fn next(office: &Office, now: Timestamp) -> Option<Timestamp> {
    let next = |round: Round| next_look(round.schedule(office), now);
    [next(Round::Digest), next(Round::Weekly)].into_iter().flatten().min()
}

/// The latest time of the schedule that is after `last` and not after `now`.
fn latest(schedule: &Schedule, last: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let from = last.max(now - SignedDuration::from_hours(i64::from(LOOK_BACK_DAYS) * 24));
    std::iter::successors(next_look(schedule, from), |at| next_look(schedule, *at)).take_while(|at| *at <= now).last()
}

/// Tells whoever stands in for somebody who said since the last time that they are away, while people are at work; else the
/// morning's list says it.
async fn tell_stand_ins(office: &Office, last: Option<Timestamp>, now: Timestamp) -> anyhow::Result<Progress> {
    // A note from days to come was made by a clock that was ahead, and says nothing.
    if let Some(last) = last.filter(|last| *last <= now)
        && !office.store.absence_said_between(last, now).await?
    {
        return Ok(Progress::Idle);
    }
    let mut letters = Vec::new();
    if last.is_some() && office.config.reminders.working_hours.opening(now, &office.calendar).is_none() {
        for landlord in &office.config.landlords {
            match of_stand_ins(office, landlord, now).await {
                Ok(written) => letters.extend(written.into_iter().map(|letter| (landlord.key.clone(), letter))),
                // It stands in their list of the next morning, whose trouble is the operator's.
                Err(trouble) => warn!(trouble = format!("{trouble:#}"), "Could not tell somebody that they stand in"),
            }
        }
    }
    office.store.end_round(STAND_IN, &letters, Some(now), now).await?;
    if !letters.is_empty() {
        info!(letters = letters.len(), "Whoever stands in is told");
        office.letters_wait.notify_one();
    }
    Ok(Progress::Made)
}

async fn of_stand_ins(office: &Office, landlord: &Landlord, now: Timestamp) -> anyhow::Result<Vec<NewLetter>> {
    let files = office.store.astir(&landlord.key, now).await?;
    let (beside, upkeep, away) = (Beside::default(), Upkeep::default(), office.store.absences().await?);
    let (beside, upkeep, calendar) = (&beside, &upkeep, &office.calendar);
    let lists = digests(landlord, &filed(&files), &Morning { beside, upkeep, calendar, away: &away, since: now, now });
    let told = lists.into_iter().filter(|(_, digest)| digest.covered.iter().any(|covered| covered.new));
    let day = london_date(now);
    told.map(|(reader, digest)| office.notice(landlord, &Notice::StandIn(digest), reader, day, now)).collect()
}

fn filed(files: &[CaseFile]) -> Vec<Filed<'_>> {
    files.iter().map(|CaseFile { case, history, .. }| Filed { case, history }).collect()
}

async fn write(office: &Office, round: Round, slot: Timestamp, last: Timestamp, now: Timestamp) -> anyhow::Result<()> {
    let mut letters = Vec::new();
    let mut trouble = None;
    for landlord in &office.config.landlords {
        match of_landlord(office, landlord, round, slot, last, now).await {
            Ok(written) => letters.extend(written.into_iter().map(|letter| (landlord.key.clone(), letter))),
            Err(error) => trouble = Some(format!("{}: {error:#}", landlord.name)),
        }
    }
    // With trouble it is not done: whatever is written now is not written again.
    let done = trouble.is_none().then_some(now);
    office.store.end_round(round.name(), &letters, done, now).await?;
    info!(round = round.name(), letters = letters.len(), "Lists of what is open are written");
    if !letters.is_empty() {
        office.letters_wait.notify_one();
    }
    match trouble {
        None => operator::over(office, TROUBLE, "The lists are written again.").await,
        Some(trouble) => {
            error!(round = round.name(), trouble, "A list of what is open cannot be written");
            operator::tell(office, TROUBLE, &format!("It is tried again and again. What is wrong: {trouble}")).await
        }
    }
}

/// The letters of one landlord; never of two, whoever works for both.
async fn of_landlord(
    office: &Office,
    landlord: &Landlord,
    round: Round,
    slot: Timestamp,
    last: Timestamp,
    now: Timestamp,
) -> anyhow::Result<Vec<NewLetter>> {
    let today = london_date(now);
    let since = last.min(now - SignedDuration::from_hours(i64::from(ASTIR_DAYS) * 24));
    let files = office.store.astir(&landlord.key, since).await?;
    let cases = filed(&files);
    let mailboxes = compared(office, landlord).await?;
    let upkeep = Upkeep { mailboxes, ..Upkeep::on(today, &office.calendar, &office.config.ombudsman) };
    let day = london_date(slot);
    let letter = |notice: &Notice, reader: &Person| office.notice(landlord, notice, reader, day, now);
    match round {
        Round::Weekly => {
            let reader = &landlord.manager;
            let week = weekly(landlord, reader, &cases, &upkeep, &office.calendar, now);
            Ok(vec![letter(&Notice::Weekly(week), reader)?])
        }
        Round::Digest => {
            let away = office.store.absences().await?;
            let beside = beside(office, landlord, &files, last).await?;
            let (upkeep, calendar) = (&upkeep, &office.calendar);
            let morning = Morning { beside: &beside, upkeep, calendar, away: &away, since: last, now };
            let lists = digests(landlord, &cases, &morning);
            let lists = lists.into_iter().filter(|(_, digest)| !digest.is_empty());
            lists.map(|(reader, digest)| letter(&Notice::Digest(digest), reader)).collect()
        }
    }
}

/// What came and became no case, and what came into the junk folder, since `last`. Mail that belongs to no case is of the
/// landlord that looks after its mailbox.
async fn beside(office: &Office, landlord: &Landlord, files: &[CaseFile], last: Timestamp) -> anyhow::Result<Beside> {
    let openings = files.iter().filter_map(|file| file.case.opening.as_ref());
    let own: BTreeSet<String> = openings.map(|opening| opening.reference.to_string()).collect();
    let (mut junk, mut elsewhere) = (Vec::new(), Vec::new());
    for message in office.store.messages_since(last).await? {
        // Another daemon's, or of a mailbox that has left the configuration.
        let Ok(mailbox) = office.mailbox(&message.mailbox) else { continue };
        let ours = mailbox.landlord == landlord.key;
        match mailbox.junk.as_deref() == Some(message.folder.as_str()) {
            true => junk.push((ours, message)),
            false if ours => elsewhere.push(message),
            false => {}
        }
    }
    let machines = elsewhere.iter().filter(|message| is_from_machine(message)).count();
    if machines >= FLOOD {
        elsewhere.retain(|message| !is_from_machine(message));
    }
    let cases = junk.iter().flat_map(|(_, message)| message.cases()).filter(|reference| own.contains(*reference));
    let (held, stopped) = office.store.held_of(&landlord.key).await?;
    Ok(Beside {
        junk: cases.filter_map(|reference| reference.parse().ok()).collect(),
        junk_listed: junk.iter().filter(|(ours, message)| *ours && is_listed(message)).count(),
        listed: became_no_case(&elsewhere),
        machines: if machines >= FLOOD { machines } else { 0 },
        held: usize::try_from(held).unwrap_or_default(),
        stopped: usize::try_from(stopped).unwrap_or_default(),
    })
}

/// The landlord's mailboxes, as they were last held against the mail server; none before that was first done.
async fn compared(office: &Office, landlord: &Landlord) -> anyhow::Result<Vec<Compared>> {
    let Some(last) = office.store.reconciled().await? else { return Ok(Vec::new()) };
    let own = office.config.mailboxes.iter().filter(|mailbox| mailbox.landlord == landlord.key);
    let compared = own.map(|mailbox| Compared {
        mailbox: mailbox.name.clone(),
        on: london_date(last.at),
        counts: last.mailbox(&mailbox.name),
    });
    Ok(compared.collect())
}

/// Messages that became no case and were answered by nobody, by what they were sorted as.
pub fn became_no_case<'a>(messages: impl IntoIterator<Item = &'a InboxRow>) -> BTreeMap<String, usize> {
    let mut listed = BTreeMap::new();
    for message in messages.into_iter().filter(|message| is_listed(message)) {
        *listed.entry(message.sorted.clone().unwrap_or_default()).or_default() += 1;
    }
    listed
}

fn is_from_machine(message: &InboxRow) -> bool {
    message.sorted.as_deref().is_some_and(|sorted| FROM_MACHINES.contains(&sorted))
}

fn is_listed(message: &InboxRow) -> bool {
    message.state == "handled" && message.cases().is_empty()
}
