//! T2: history, deadlines, letters and the message's state, together or not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};

use super::absence::{AwayNote, absences, add_absence};
use super::history::{self, Head, Line, WordsByDigest};
use super::open::{Tx, alone, execute, on};
use super::questions::MessageColumns;
use super::send::add_letter;
use super::{CaseId, Raced, Races, Store, hint, random, sql, storable};
use crate::domain::absence::Absences;
use crate::domain::case::{Case, LetterNo, MessageNo, Recorded, Says};
use crate::domain::code::Duty;
use crate::domain::reference::{FIRST_NUMBER, Reference};

/// A stored message.
#[derive(Clone, Debug)]
pub struct Message {
    pub id: MessageNo,
    pub mailbox: String,
    pub folder: String,
    /// As the mail server says, and not after it was stored: a clock that is ahead there makes nothing due later.
    pub arrived: Timestamp,
    pub stored: Timestamp,
    pub size: u64,
    pub whole: bool,
    /// `None` once erased.
    pub raw: Option<Vec<u8>>,
    /// Tries at handling it, this one counted.
    pub attempts: u32,
}

/// What may tell which cases a message belongs to.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// References named in the message, and those its signed Message-IDs name.
    pub references: BTreeSet<Reference>,
    /// Message-IDs it answers.
    pub message_ids: BTreeSet<String>,
    /// Message-IDs it answers or reports about, the nearest first: what it grew out of.
    pub about: Vec<String>,
    /// Addresses by whose cases it may be about, lower case: the writer's; and when one of the landlord's people wrote it,
    /// those they wrote to.
    pub speakers: BTreeSet<String>,
    /// Where an answer would go, lower case.
    pub answer_to: Option<String>,
    /// Landlords a case may be opened for.
    pub landlords: BTreeSet<String>,
    /// The message's own Message-ID, if it has one, and the digest of its words: a copy by another road has both the same.
    pub copy: Option<(Option<String>, String)>,
    /// The landlord's mailboxes: what was handled from one of them is a copy in another.
    pub sisters: BTreeSet<String>,
}

/// What the database knows about a message's [`Keys`].
#[derive(Clone, Debug, Default)]
pub struct Found {
    pub cases: Vec<Known>,
    /// For each landlord the number its next case would get.
    pub next: BTreeMap<String, i64>,
    /// The message of which this one is a copy, and the cases that one belongs to.
    pub copy_of: Option<MessageNo>,
    pub copied_to: BTreeSet<CaseId>,
    /// Automatic letters to where an answer would go in the last 24 hours.
    pub answers_lately: u32,
    /// Who is away.
    pub away: Arc<Absences>,
}

/// A case as it stands.
#[derive(Clone, Debug)]
pub struct Known {
    pub id: CaseId,
    pub landlord: String,
    pub case: Case,
    /// Addresses that may speak on it.
    pub participants: BTreeSet<String>,
    /// Found through a Message-ID of one of its letters or messages.
    pub by_thread: bool,
    /// Message-IDs of its messages, oldest first.
    pub thread: Vec<String>,
    /// Who is away.
    pub away: Arc<Absences>,
}

/// A letter ready to leave, or to be held.
#[derive(Clone, Debug)]
pub struct NewLetter {
    pub number: LetterNo,
    pub kind: String,
    /// resident, staff or operator.
    pub audience: String,
    pub recipient: String,
    pub envelope_from: String,
    pub message_id: String,
    pub subject: String,
    pub says: Option<Says>,
    pub bytes: Vec<u8>,
    /// Why it is not to leave yet.
    pub held: Option<String>,
    /// It does not leave before; `None`: at once.
    pub wait: Option<Timestamp>,
}

/// What one decision changes about one case.
#[derive(Clone, Debug)]
pub struct Change {
    /// `None` for a case that this change opens.
    pub id: Option<CaseId>,
    pub landlord: String,
    /// The case with the events taken in.
    pub after: Case,
    pub events: Vec<Recorded>,
    pub letters: Vec<NewLetter>,
    /// When to look at each duty next; `None` when it is met.
    pub looks: BTreeMap<Duty, Option<Timestamp>>,
    /// Addresses that may speak on the case from now on.
    pub participants: BTreeSet<String>,
    /// What an undoing takes away.
    pub undone: Undone,
    /// Messages that belong to it from now on, beside the one that is being handled.
    pub messages: Vec<MessageNo>,
    /// When it was decided.
    pub now: Timestamp,
}

/// What is no more once an e-mail is undone; and letters that are not to leave.
#[derive(Clone, Debug, Default)]
pub struct Undone {
    pub letters: Vec<LetterNo>,
    pub duties: Vec<Duty>,
    pub participants: Vec<String>,
}

/// A letter that was to be kept from leaving is leaving at this moment.
#[derive(Debug, thiserror::Error)]
#[error("Letter {0} is leaving at this very moment, so it cannot be taken back")]
pub struct Leaving(LetterNo);

/// A letter to one of the landlord's people that belongs to no case.
#[derive(Clone, Debug)]
pub struct Beside {
    /// The landlord's key in the configuration.
    pub landlord: String,
    pub letter: NewLetter,
    pub now: Timestamp,
}

/// What became of a message.
#[derive(Clone, Debug)]
pub struct Settled {
    pub state: MessageState,
    /// What it was sorted as, in a word.
    pub sorted: String,
    /// Why, for people. No words of residents.
    pub note: Option<String>,
    pub message_id: Option<String>,
    pub same_words: Option<String>,
    pub copy_of: Option<MessageNo>,
    /// Cases it is filed to without changing them.
    pub filed_to: BTreeSet<CaseId>,
    /// The answer to it, when no case holds that.
    pub answer: Option<Beside>,
    /// Its writer says that they are away, or back.
    pub away: Option<AwayNote>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageState {
    Handled,
    /// Waits for a person.
    SetAside,
    /// The same message has been handled already.
    Copy,
}

impl MessageState {
    pub(super) fn key(self) -> &'static str {
        match self {
            MessageState::Handled => "handled",
            MessageState::SetAside => "set_aside",
            MessageState::Copy => "copy",
        }
    }
}

impl Store {
    /// The oldest message of these mailboxes that waits to be handled; the try is counted before it is made. Should the try end without a
    /// word, the message comes up again after `again_at`.
    pub async fn take_new(
        &self,
        mailboxes: &[&str],
        now: Timestamp,
        again_at: Timestamp,
    ) -> anyhow::Result<Option<Message>> {
        let mailboxes = format!(",{},", mailboxes.join(","));
        let words = self.db.words(&sql::TAKE_NEW);
        let row: Vec<MessageColumns> = alone!(self.db, c => sqlx::query_as(words)
            .bind(now.as_millisecond()).bind(again_at.as_millisecond()).bind(&mailboxes).fetch_all(c).await)?;
        Ok(row.into_iter().next().map(Message::from))
    }

    /// Lets a message wait until `until`.
    pub async fn postpone(&self, message: MessageNo, until: Timestamp) -> anyhow::Result<()> {
        let until = until.as_millisecond();
        alone!(self.db, c => sqlx::query(sql::POSTPONE).bind(message).bind(until).execute(c).await.map(drop))?;
        Ok(())
    }

    /// Lets a message wait until `until`, as if this try at it had not been made.
    pub async fn take_try_back(&self, message: MessageNo, until: Timestamp) -> anyhow::Result<()> {
        let until = until.as_millisecond();
        alone!(self.db, c => sqlx::query(sql::TAKE_TRY_BACK).bind(message).bind(until).execute(c).await.map(drop))?;
        Ok(())
    }

    /// T2 for a message: `judge` sees what is known about `keys` and says what follows. All of it is written, or nothing.
    /// Returns `false` when the message had been handled already.
    ///
    /// # Errors
    ///
    /// The database's and `judge`'s; then nothing is written.
    pub async fn decide_message<F>(
        &self,
        message: MessageNo,
        mailbox: &str,
        keys: &Keys,
        now: Timestamp,
        mut judge: F,
    ) -> anyhow::Result<bool>
    where
        F: FnMut(&Found) -> anyhow::Result<(Settled, Vec<Change>)> + Send,
    {
        let mut races = Races::new();
        loop {
            match self.decide_message_once(message, mailbox, keys, now, &mut judge).await {
                Err(error) => races.lost(error)?,
                handled => return handled,
            }
        }
    }

    async fn decide_message_once<F>(
        &self,
        message: MessageNo,
        mailbox: &str,
        keys: &Keys,
        now: Timestamp,
        judge: &mut F,
    ) -> anyhow::Result<bool>
    where
        F: FnMut(&Found) -> anyhow::Result<(Settled, Vec<Change>)> + Send,
    {
        let mut tx = self.db.begin().await?;
        if execute!(&mut tx, sql::LOCK_NEW, message)? != 1 {
            return Ok(false);
        }
        let found = find(&mut tx, Some((message, mailbox)), keys, now).await?;
        let (settled, changes) = judge(&found)?;
        let root = root_of(&mut tx, keys, &found).await?.unwrap_or(message);
        write_message(&mut tx, message, &settled, &changes, root).await?;
        if let Some(note) = &settled.away {
            add_absence(&mut tx, note, now).await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    /// T2 for a case. `judge` may find that nothing follows.
    ///
    /// # Errors
    ///
    /// The database's and `judge`'s; then nothing is written.
    pub async fn decide_case<F>(&self, case: CaseId, mut judge: F) -> anyhow::Result<()>
    where
        F: FnMut(&Known) -> anyhow::Result<Option<Change>> + Send,
    {
        let mut races = Races::new();
        loop {
            match self.decide_case_once(case, &mut judge).await {
                Err(error) => races.lost(error)?,
                decided => return decided,
            }
        }
    }

    async fn decide_case_once<F>(&self, case: CaseId, judge: &mut F) -> anyhow::Result<()>
    where
        F: FnMut(&Known) -> anyhow::Result<Option<Change>> + Send,
    {
        let mut tx = self.db.begin().await?;
        let away = absences(&mut tx).await?;
        if let Some(change) = judge(&load(&mut tx, case, &away).await?)? {
            write_change(&mut tx, &change, None).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// T2 for a person's act: `judge` sees the cases and the next numbers that `keys` name, and says what follows. All of it
    /// is written, or nothing.
    ///
    /// # Errors
    ///
    /// The database's and `judge`'s; then nothing is written.
    pub async fn decide_act<F, T>(&self, keys: &Keys, now: Timestamp, mut judge: F) -> anyhow::Result<T>
    where
        F: FnMut(&Found) -> anyhow::Result<(T, Vec<Change>)> + Send,
    {
        let mut races = Races::new();
        loop {
            match self.decide_act_once(keys, now, &mut judge).await {
                Err(error) => races.lost(error)?,
                done => return done,
            }
        }
    }

    async fn decide_act_once<F, T>(&self, keys: &Keys, now: Timestamp, judge: &mut F) -> anyhow::Result<T>
    where
        F: FnMut(&Found) -> anyhow::Result<(T, Vec<Change>)> + Send,
    {
        let mut tx = self.db.begin().await?;
        let (done, changes) = judge(&find(&mut tx, None, keys, now).await?)?;
        for change in &changes {
            write_change(&mut tx, change, None).await?;
        }
        if !changes.is_empty() {
            tx.commit().await?;
        }
        Ok(done)
    }

    /// The deadline whose moment came longest ago; the try is counted, and it comes up again after `again_at` should the
    /// try end without a word.
    pub async fn take_deadline(
        &self,
        now: Timestamp,
        again_at: Timestamp,
    ) -> anyhow::Result<Option<(CaseId, Duty, u32)>> {
        let words = self.db.words(&sql::TAKE_DEADLINE);
        let row: Vec<(i64, String, i64)> = alone!(self.db, c => sqlx::query_as(words)
            .bind(now.as_millisecond()).bind(again_at.as_millisecond()).fetch_all(c).await)?;
        row.into_iter()
            .next()
            .map(|(case, duty, attempts)| {
                let duty = duty.parse::<Duty>().context("In the database")?;
                Ok((case, duty, attempts as u32))
            })
            .transpose()
    }
}

// ── finding and loading ───────────────────────────────────────────────────────────────────────────────────────────

async fn find(tx: &mut Tx, message: Option<(MessageNo, &str)>, keys: &Keys, now: Timestamp) -> anyhow::Result<Found> {
    // First, for it takes the locks: whoever decides for the same landlord comes before this or after it, whole.
    let next = next_numbers(tx, &keys.landlords).await?;
    let by_thread = cases_of_thread(tx, &keys.message_ids).await?;
    let mut ids = by_thread.clone();
    for reference in &keys.references {
        let found: Option<i64> = on!(tx, c => sqlx::query_scalar(sql::CASES_BY_REFERENCE)
            .bind(reference.to_string()).fetch_optional(c).await)?;
        ids.extend(found);
    }
    let mut answers_lately = 0;
    for speaker in keys.speakers.iter().filter_map(|address| hint(address)) {
        let found: Vec<i64> =
            on!(tx, c => sqlx::query_scalar(sql::CASES_BY_PARTICIPANT).bind(&speaker).fetch_all(c).await)?;
        ids.extend(found);
    }
    if let Some(address) = keys.answer_to.as_deref().and_then(hint) {
        let since = (now - SignedDuration::from_hours(24)).as_millisecond();
        answers_lately = on!(tx, c => {
            sqlx::query_scalar::<_, i64>(sql::ANSWERS_SINCE).bind(&address).bind(since).fetch_one(c).await
        })?;
    }
    let away = absences(tx).await?;
    let mut found = Found { next, answers_lately: answers_lately as u32, away, ..Found::default() };
    for id in ids {
        let known = load(tx, id, &found.away).await?;
        found.cases.push(Known { by_thread: by_thread.contains(&id), ..known });
    }
    if let (Some((message, mailbox)), Some((message_id, same_words))) = (message, &keys.copy) {
        let mut first: Vec<i64> = Vec::new();
        for mailbox in keys.sisters.iter().map(String::as_str).filter(|sister| *sister != mailbox).chain([mailbox]) {
            let there: Option<i64> = on!(tx, c => match message_id {
                Some(message_id) => sqlx::query_scalar(sql::SAME_WORDS)
                    .bind(mailbox).bind(same_words).bind(message).bind(hint(message_id)).fetch_one(c).await,
                None => sqlx::query_scalar(sql::SAME_WORDS_UNNAMED)
                    .bind(mailbox).bind(same_words).bind(message).fetch_one(c).await,
            })?;
            first.extend(there);
        }
        found.copy_of = first.into_iter().min();
    }
    if let Some(first) = found.copy_of {
        let cases: Vec<i64> = on!(tx, c => sqlx::query_scalar(sql::CASES_OF_MESSAGE).bind(first).fetch_all(c).await)?;
        found.copied_to = cases.into_iter().collect();
    }
    Ok(found)
}

/// What a message grew out of, when it answers or reports about something that grew out of another: the root of the letter of
/// ours that it is about, the nearest first; else of a case that it names. `None`: it is a beginning.
async fn root_of(tx: &mut Tx, keys: &Keys, found: &Found) -> anyhow::Result<Option<MessageNo>> {
    for message_id in keys.about.iter().filter_map(|id| hint(id)) {
        let root: Option<i64> =
            on!(tx, c => sqlx::query_scalar(sql::ROOT_OF_LETTER).bind(&message_id).fetch_optional(c).await)?;
        if root.is_some() {
            return Ok(root);
        }
    }
    let named = |known: &&Known| {
        known.by_thread
            || known.case.opening.as_ref().is_some_and(|opening| keys.references.contains(&opening.reference))
    };
    for known in found.cases.iter().filter(named) {
        let root: Option<i64> = on!(tx, c => sqlx::query_scalar(sql::ROOT_OF_CASE).bind(known.id).fetch_one(c).await)?;
        if root.is_some() {
            return Ok(root);
        }
    }
    Ok(None)
}

async fn next_numbers(tx: &mut Tx, landlords: &BTreeSet<String>) -> anyhow::Result<BTreeMap<String, i64>> {
    let mut next = BTreeMap::new();
    for landlord in landlords {
        execute!(tx, sql::NUMBERING, landlord, FIRST_NUMBER - 1)?;
        let last: i64 = on!(tx, c => sqlx::query_scalar(sql::LOCK_NUMBER).bind(landlord).fetch_one(c).await)?;
        next.insert(landlord.clone(), last + 1);
    }
    Ok(next)
}

/// Cases of which one of these Message-IDs is a letter or a message.
async fn cases_of_thread(tx: &mut Tx, message_ids: &BTreeSet<String>) -> anyhow::Result<BTreeSet<CaseId>> {
    let mut cases = BTreeSet::new();
    for message_id in message_ids.iter().filter_map(|id| hint(id)) {
        let of_letter: Option<Option<i64>> =
            on!(tx, c => sqlx::query_scalar(sql::LETTER_CASE).bind(&message_id).fetch_optional(c).await)?;
        let of_messages: Vec<i64> =
            on!(tx, c => sqlx::query_scalar(sql::CASES_BY_MESSAGE_ID).bind(&message_id).fetch_all(c).await)?;
        cases.extend(of_letter.flatten().into_iter().chain(of_messages));
    }
    Ok(cases)
}

/// The case as it stands, not found through any thread.
pub(super) async fn load(tx: &mut Tx, id: CaseId, away: &Arc<Absences>) -> anyhow::Result<Known> {
    let (head, history) = read_history(tx, id).await?;
    let participants: Vec<String> = on!(tx, c => sqlx::query_scalar(sql::PARTICIPANTS).bind(id).fetch_all(c).await)?;
    let thread: Vec<String> = on!(tx, c => sqlx::query_scalar(sql::THREAD).bind(id).fetch_all(c).await)?;
    let case = Case::fold(&history);
    let participants = participants.into_iter().collect();
    let away = Arc::clone(away);
    Ok(Known { id, landlord: head.landlord, case, participants, by_thread: false, thread, away })
}

/// The history of a case up to its head, and the head.
pub(super) async fn read_history(tx: &mut Tx, id: CaseId) -> anyhow::Result<(Head, Vec<Recorded>)> {
    let head = head(tx, id).await?;
    // Lines are only ever added: up to the head just read they are complete, whoever adds more meanwhile.
    let lines: Vec<Line> = on!(tx, c => sqlx::query_as(sql::EVENTS).bind(id).bind(head.seq).fetch_all(c).await)?;
    let words: Vec<(String, Option<String>)> = on!(tx, c => sqlx::query_as(sql::WORDS).bind(id).fetch_all(c).await)?;
    let history = history::read(&lines, &head, &words.into_iter().collect())?;
    Ok((head, history))
}

async fn head(tx: &mut Tx, id: CaseId) -> anyhow::Result<Head> {
    let head: Option<Head> = on!(tx, c => sqlx::query_as(sql::CASE_HEAD).bind(id).fetch_optional(c).await)?;
    head.with_context(|| format!("There is no case in row {id}"))
}

// ── writing ───────────────────────────────────────────────────────────────────────────────────────────────────────

async fn write_message(
    tx: &mut Tx,
    message: MessageNo,
    settled: &Settled,
    changes: &[Change],
    root: MessageNo,
) -> anyhow::Result<()> {
    execute!(
        tx,
        sql::SETTLE_MESSAGE,
        message,
        settled.state.key(),
        &settled.sorted,
        settled.note.as_deref().map(storable),
        settled.message_id.as_deref().and_then(hint),
        &settled.same_words,
        settled.copy_of
    )?;
    if let Some(Beside { landlord, letter, now }) = &settled.answer {
        add_letter(tx, (None, Some(landlord)), letter, Some(root), *now).await?;
    }
    let mut cases = settled.filed_to.clone();
    for change in changes {
        cases.insert(write_change(tx, change, Some(root)).await?);
    }
    for case in cases {
        execute!(tx, sql::LINK_MESSAGE, message, case)?;
    }
    Ok(())
}

/// `root`: the message that the letters grow out of.
pub(super) async fn write_change(tx: &mut Tx, change: &Change, root: Option<MessageNo>) -> anyhow::Result<CaseId> {
    let opening = change.after.opening.as_ref().context("A case without an opening cannot be stored")?;
    let reference = opening.reference.to_string();
    let kind = change.after.kind.unwrap_or(opening.kind).key();
    let (open, unsure) = (i64::from(change.after.open()), i64::from(change.after.unsure));
    let hazard = i64::from(change.after.hazard);
    let received = change.after.received.unwrap_or(opening.received).as_millisecond();
    let id = match change.id {
        Some(id) => id,
        None => {
            execute!(tx, sql::USE_NUMBER, &change.landlord)?;
            on!(tx, c => sqlx::query_scalar(sql::OPEN_CASE)
                .bind(&reference).bind(&change.landlord).bind(kind).bind(received)
                .bind(open).bind(unsure).bind(hazard).bind(random::<16>()?.to_vec())
                .fetch_one(c).await)
            .with_context(|| format!("Could not open case {reference}"))?
        }
    };
    let Head { seq, mut hash, salt, .. } = head(tx, id).await?;
    if seq + change.events.len() as i64 != change.after.seq {
        return Err(Raced.into());
    }
    let mut words = WordsByDigest::new();
    for recorded in &change.events {
        let line = history::write(recorded, &reference, &hash, salt.as_deref().unwrap_or_default(), &mut words)?;
        let rows = execute!(
            tx,
            sql::ADD_EVENT,
            id,
            line.seq,
            line.occurred_at,
            line.recorded_at,
            &line.body,
            &line.previous,
            &line.hash
        )?;
        if rows != 1 {
            return Err(Raced.into());
        }
        hash = line.hash;
    }
    for (digest, text) in &words {
        execute!(tx, sql::ADD_WORDS, id, digest, text)?;
    }
    let rows = execute!(tx, sql::ADVANCE_CASE, id, seq, kind, received, open, unsure, hazard, change.after.seq, &hash)?;
    if rows != 1 {
        return Err(Raced.into());
    }
    for address in change.participants.iter().filter_map(|address| hint(address)) {
        execute!(tx, sql::ADD_PARTICIPANT, id, address)?;
    }
    for message in &change.messages {
        execute!(tx, sql::LINK_MESSAGE, message, id)?;
    }
    for (duty, look) in &change.looks {
        let obligation = change.after.duties.get(duty).context("A look at a duty the case does not have")?;
        execute!(
            tx,
            sql::SET_DEADLINE,
            id,
            duty.to_string(),
            obligation.due.date.to_string(),
            i64::from(obligation.due.provisional),
            obligation.settled().map(Timestamp::as_millisecond),
            look.map(Timestamp::as_millisecond)
        )?;
    }
    take_back(tx, id, change).await?;
    for letter in &change.letters {
        add_letter(tx, (Some(id), Some(&change.landlord)), letter, root, change.now).await?;
    }
    Ok(id)
}

async fn take_back(tx: &mut Tx, id: CaseId, change: &Change) -> anyhow::Result<()> {
    let Undone { letters, duties, participants } = &change.undone;
    for letter in letters {
        if execute!(tx, sql::TAKE_LETTER_BACK, id, i64::from(*letter), change.now.as_millisecond())? != 1 {
            return Err(Leaving(*letter).into());
        }
    }
    for duty in duties {
        execute!(tx, sql::REMOVE_DEADLINE, id, duty.to_string())?;
    }
    for address in participants.iter().filter_map(|address| hint(address)) {
        execute!(tx, sql::REMOVE_PARTICIPANT, id, address)?;
    }
    Ok(())
}
