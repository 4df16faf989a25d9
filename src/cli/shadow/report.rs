//! What the shadow world holds at its end, as facts.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::cli::scratch;
use crate::config::MailboxConfig;
use crate::daemon::office::Office;
use crate::daemon::shadow::{Lying, Unread, Window};
use crate::domain::calendar::{end_of, london_date};
use crate::domain::case::{Audience, Event, Kind, LetterKind, MessageNo, Writer};
use crate::domain::code::{Duty, Stage};
use crate::domain::message;
use crate::domain::reference::Reference;
use crate::store::{CaseFile, CaseRow, InboxRow, Messages};

/// What mail that no person wrote is sorted as.
pub(super) const MACHINES: [&str; 4] = ["automatic", "delivery report", "returned letter", "absence note"];
/// How many messages a person is asked to read.
const WORTH_READING_MAX: usize = 12;
/// Messages whose beginnings are in memory at a time.
const PAGE: i64 = 100;

pub(super) struct Report {
    pub(super) window: Window,
    pub(super) mailboxes: Vec<MailboxConfig>,
    /// In the order of their arrival.
    pub(super) messages: Vec<Message>,
    pub(super) cases: Vec<Case>,
    /// How many letters of each kind, by whom they are for.
    pub(super) letters: BTreeMap<(String, String), usize>,
    pub(super) unread: Vec<Unread>,
    /// Later messages that the limit left out.
    pub(super) left_out: usize,
}

pub(super) struct Message {
    pub(super) row: InboxRow,
    pub(super) uid: String,
    /// The writer's address.
    pub(super) from: String,
    pub(super) subject: String,
    pub(super) answer: Answer,
    /// Why a person should read it, for the few that they should.
    pub(super) worth: Option<Worth>,
}

/// What the writer got at once.
#[derive(Default)]
pub(super) struct Answer {
    pub(super) letters: Vec<LetterKind>,
    /// Why nothing went to them, where something is known.
    pub(super) withheld: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Worth {
    Unreadable,
    Hazard,
    Unsure,
    Withheld,
    Listed,
}

pub(super) struct Case {
    pub(super) row: CaseRow,
    /// The register it is in.
    pub(super) kind: Kind,
    pub(super) unsure: bool,
    /// Why no letter went to the resident by itself.
    pub(super) withheld: Option<String>,
    pub(super) acknowledged: Acknowledged,
    /// Duties whose date passed before they were done.
    pub(super) missed: Vec<(Duty, Date)>,
}

/// How a complaint came to its stage 1 acknowledgement while nobody acted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Acknowledged {
    AtOnce(Timestamp),
    /// Before the date, as nobody had looked at it.
    Later(Timestamp),
    No,
}

impl Report {
    /// Reads everything back; `taken` says where each message lay, in the order of the rows.
    pub(super) async fn of(office: &Office, taken: &[Lying], window: Window) -> anyhow::Result<Report> {
        let mut answers = BTreeMap::new();
        let mut cases = Vec::new();
        for row in office.store.cases().await? {
            let reference: Reference =
                row.reference.parse().with_context(|| format!("{} is no reference", row.reference))?;
            let file = office.store.case(&reference).await?.with_context(|| format!("Case {reference} is gone"))?;
            collect_answers(&file, &mut answers);
            cases.push(case(row, &file, window.until));
        }
        let mut letters = BTreeMap::new();
        for row in office.store.outbox(0, i64::MAX).await? {
            if row.state == "sent" {
                *letters.entry((row.audience, row.kind)).or_default() += 1;
            }
        }
        let mut messages = messages(office, taken, answers).await?;
        choose(&mut messages, &cases);
        let (mailboxes, unread, left_out) = (Vec::new(), Vec::new(), 0);
        Ok(Report { window, mailboxes, messages, cases, letters, unread, left_out })
    }

    /// The messages a person is asked to read.
    pub(super) fn worth_reading(&self) -> impl Iterator<Item = (&Message, Worth)> {
        self.messages.iter().filter_map(|message| Some((message, message.worth?)))
    }
}

/// What each message of a case brought its writer: letters written in the same decision.
fn collect_answers(file: &CaseFile, answers: &mut BTreeMap<MessageNo, Answer>) {
    let mut about = None;
    for line in &file.history {
        match &line.event {
            Event::Opened(opening) => {
                about = opening.message.map(|message| (message, line.recorded_at));
                if let Some(message) = opening.message {
                    answers.entry(message).or_default().withheld = opening.withheld.clone();
                }
            }
            Event::MessageAdded(addition) => {
                about = Some((addition.message, line.recorded_at));
                let why = match addition.writer {
                    Writer::Resident => "they had a letter about another message of theirs that day",
                    Writer::Stranger => "this case does not know the writer: a person looks at it",
                    Writer::Handler | Writer::Staff => "your own people wrote it",
                    Writer::Ombudsman => "mail from the Housing Ombudsman is answered by a person",
                };
                let withheld = addition.withheld.clone().unwrap_or_else(|| why.to_owned());
                answers.entry(addition.message).or_default().withheld = Some(withheld);
            }
            Event::LetterWritten { kind, audience: Audience::Resident, .. } => {
                if let Some((message, _)) = about.filter(|(_, at)| *at == line.recorded_at) {
                    answers.entry(message).or_default().letters.push(*kind);
                }
            }
            _ => {}
        }
    }
}

fn case(row: CaseRow, file: &CaseFile, until: Timestamp) -> Case {
    let opening = file.case.opening.as_ref();
    let opened = file.history.first().map(|line| line.recorded_at);
    let acknowledged = file.case.acknowledged.get(&Stage::One).map(|(_, at)| *at);
    let missed = file.case.duties.iter().filter(|(_, owed)| {
        let end = end_of(owed.due.date);
        end < until && owed.settled().is_none_or(|at| at > end)
    });
    Case {
        kind: file.case.kind.unwrap_or(Kind::Complaint),
        unsure: opening.is_some_and(|opening| opening.unsure),
        withheld: opening.and_then(|opening| opening.withheld.clone()),
        acknowledged: match acknowledged {
            None => Acknowledged::No,
            Some(at) if Some(at) == opened => Acknowledged::AtOnce(at),
            Some(at) => Acknowledged::Later(at),
        },
        missed: missed.map(|(duty, owed)| (*duty, owed.due.date)).collect(),
        row,
    }
}

async fn messages(
    office: &Office,
    taken: &[Lying],
    mut answers: BTreeMap<MessageNo, Answer>,
) -> anyhow::Result<Vec<Message>> {
    let mut messages = Vec::with_capacity(taken.len());
    let mut before = None;
    loop {
        let page = office.store.latest_messages(Messages::All, before, PAGE).await?;
        let Some((last, _)) = page.last() else { break };
        before = Some(last.id);
        for (row, beginning) in page {
            let read = message::read(&beginning, &office.own);
            let mut answer = answers.remove(&row.id).unwrap_or_default();
            answer.withheld = answer.withheld.or_else(|| row.note.clone());
            let from = read.from.map(|from| from.address).unwrap_or_default();
            messages.push(Message { row, uid: String::new(), from, subject: read.subject, answer, worth: None });
        }
    }
    messages.reverse();
    for (message, lying) in messages.iter_mut().zip(taken) {
        message.uid.clone_from(&lying.uid);
    }
    Ok(messages)
}

/// Picks what is worth a person's eyes: some of each kind, the oldest first.
fn choose(messages: &mut [Message], cases: &[Case]) {
    let cases: BTreeMap<&str, &Case> = cases.iter().map(|case| (case.row.reference.as_str(), case)).collect();
    let mut kinds: BTreeMap<Worth, Vec<usize>> = BTreeMap::new();
    for (at, message) in messages.iter().enumerate() {
        let on = message.row.cases().into_iter().filter_map(|reference| cases.get(reference)).collect::<Vec<_>>();
        if let Some(worth) = worth(message, &on) {
            kinds.entry(worth).or_default().push(at);
        }
    }
    let most = kinds.values().map(Vec::len).max().unwrap_or(0);
    let in_turn =
        (0..most).flat_map(|turn| kinds.iter().filter_map(move |(worth, found)| Some((*found.get(turn)?, *worth))));
    for (at, worth) in in_turn.take(WORTH_READING_MAX).collect::<Vec<_>>() {
        messages[at].worth = Some(worth);
    }
}

fn worth(message: &Message, cases: &[&&Case]) -> Option<Worth> {
    let sorted = message.row.sorted.as_deref().unwrap_or_default();
    if message.row.state == "new" || message.row.state == "set_aside" {
        Some(Worth::Unreadable)
    } else if message.row.state == "copy" || MACHINES.contains(&sorted) {
        None
    } else if cases.iter().any(|case| case.row.hazard()) {
        Some(Worth::Hazard)
    } else if cases.iter().any(|case| case.unsure) {
        Some(Worth::Unsure)
    } else if cases.iter().any(|case| case.withheld.is_some()) {
        Some(Worth::Withheld)
    } else {
        cases.is_empty().then_some(Worth::Listed)
    }
}

/// Leaves every letter as a file in `folder`: those to residents, and those to staff, in folders of their own.
pub(super) async fn letters(office: &Office, folder: &Path) -> anyhow::Result<()> {
    let (residents, staff) = (folder.join("residents"), folder.join("staff"));
    for folder in [&residents, &staff] {
        scratch::private(folder).with_context(|| format!("The folder {} cannot be made", folder.display()))?;
    }
    for row in office.store.outbox(0, i64::MAX).await? {
        let Some(letter) = office.store.letter(row.id).await?.filter(|_| row.state == "sent") else { continue };
        let case = row.reference.as_deref().unwrap_or("letter");
        let name = format!("{}_{case}_{}_{:05}.eml", london_date(row.written()), row.kind, row.id);
        let path = if row.audience == Audience::Resident.key() { &residents } else { &staff }.join(name);
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        let written = file.and_then(|mut file| file.write_all(letter.bytes()));
        written.with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(())
}
