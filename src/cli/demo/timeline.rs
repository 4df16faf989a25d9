//! Tells what happened, from what the database holds after each moment.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;

use anyhow::Context as _;
use jiff::Timestamp;
use jiff::civil::Date;

use super::page::{Page, Style};
use super::register::Register;
use super::script::DAYS;
use crate::cli::page::count;
use crate::daemon::office::Office;
use crate::domain::calendar::{DayOff, Due, london_date, london_time, spoken};
use crate::domain::case::{self, Event, Kind, LetterKind, Matter, Opening, Outcome, Says, told};
use crate::domain::code::{Duty, Stage, cite};
use crate::domain::ladder::Rung;
use crate::domain::landlord::Landlord;
use crate::domain::message;
use crate::domain::reference::Reference;
use crate::store::{CaseFile, CaseId, InboxRow, LetterRow, OutboxId};

/// Behind this many columns stands what is told of a moment.
const INDENT: &str = "        ";

/// The phrases that weigh most are enough here; the officer's letter has them all.
const REASONS_MAX: usize = 3;

pub(super) struct Timeline<'a, W> {
    office: &'a Office,
    page: Page<W>,
    folder: &'a Path,
    /// The day told last.
    day: Option<Date>,
    /// The last rows told.
    message: i64,
    letter: OutboxId,
    case: CaseId,
}

/// What is new at a moment.
struct News {
    messages: Vec<InboxRow>,
    letters: Vec<(LetterRow, Option<Says>)>,
    /// Cases that something happened to, by reference.
    cases: BTreeMap<String, CaseFile>,
    now: Timestamp,
}

impl News {
    /// What was recorded on a case at this moment.
    fn events<'a>(&'a self, case: &'a CaseFile) -> impl Iterator<Item = &'a Event> {
        case.history.iter().filter(|recorded| recorded.recorded_at == self.now).map(|recorded| &recorded.event)
    }
}

impl<'a, W: Write> Timeline<'a, W> {
    pub(super) fn new(office: &'a Office, page: Page<W>, folder: &'a Path) -> Timeline<'a, W> {
        Timeline { office, page, folder, day: None, message: 0, letter: 0, case: 0 }
    }

    /// What will be played, and who is in it.
    pub(super) fn opening(&mut self) -> anyhow::Result<()> {
        let (from, to) = DAYS;
        self.page.line("", "Redress: a demonstration", Style::Bold)?;
        self.page.blank()?;
        let names: Vec<&str> = self.office.config.landlords.iter().map(|landlord| landlord.name.as_str()).collect();
        let words = format!(
            "The complaints mailbox of two invented landlords, {}, from {} to {}, over Christmas and New Year. The daemon's \
             real work on a real database; only the calendar turns faster, and no network is used: messages lie in one \
             folder, letters are written into another. People act as they would from a terminal; one complaint lies in \
             the junk folder and nobody ever looks, so that you see every reminder.",
            names.join(" and "),
            spoken(from),
            spoken(to)
        );
        self.page.line("", &words, Style::Plain)?;
        self.page.blank()?;
        let mut told = BTreeSet::new();
        for landlord in &self.office.config.landlords {
            let Landlord { officer, deputy, manager, member_responsible, reviewers, staff, .. } = landlord;
            let people =
                [officer, deputy].into_iter().chain(reviewers).chain([manager, member_responsible]).chain(staff);
            for person in people.filter(|person| told.insert(&person.address)) {
                self.page.line(&format!("  {:<16}", person.name), &person.role, Style::Plain)?;
            }
        }
        self.page.blank()?;
        self.page.line("→ comes in    ← goes out    · is done    ", "Days are working days.", Style::Faint)?;
        Ok(())
    }

    /// Tells what is new since the moment told last; `acted` are the cases somebody did something to.
    pub(super) async fn tell(&mut self, now: Timestamp, acted: &[Reference]) -> anyhow::Result<()> {
        let news = self.news(now, acted).await?;
        if news.messages.is_empty() && news.letters.is_empty() && acted.is_empty() {
            return Ok(());
        }
        let at = news.messages.first().map_or(now, InboxRow::arrived);
        self.turn_to(london_date(at))?;
        let mut time = Some(at);
        for row in &news.messages {
            self.came_in(row, &news, &mut time).await?;
        }
        for reference in acted {
            self.acts(reference, &news, &mut time)?;
        }
        self.went_out(&news, &mut time)?;
        Ok(())
    }

    async fn news(&mut self, now: Timestamp, acted: &[Reference]) -> anyhow::Result<News> {
        let store = &self.office.store;
        let messages = store.inbox(self.message, i64::MAX).await?;
        let mut letters = Vec::new();
        for row in store.outbox(self.letter, i64::MAX).await? {
            let says = store.letter(row.id).await?.and_then(|letter| letter.says());
            letters.push((row, says));
        }
        let opened: Vec<_> = store.cases().await?.into_iter().filter(|row| row.id > self.case).collect();
        self.message = messages.last().map_or(self.message, |row| row.id);
        self.letter = letters.last().map_or(self.letter, |(row, _)| row.id);
        self.case = opened.last().map_or(self.case, |row| row.id);
        let acted = acted.iter().map(ToString::to_string);
        let touched = acted.chain(messages.iter().flat_map(|row| row.cases()).map(str::to_owned));
        let told = letters.iter().filter(|(_, says)| !is_reminder(says));
        let touched = touched.chain(told.filter_map(|(row, _)| row.reference.clone()));
        let touched: BTreeSet<String> = touched.chain(opened.into_iter().map(|row| row.reference)).collect();
        let mut cases = BTreeMap::new();
        for reference in touched {
            let named: Reference = reference.parse().with_context(|| format!("{reference} is no reference"))?;
            let file = store.case(&named).await?.with_context(|| format!("Case {reference} is gone"))?;
            cases.insert(reference, file);
        }
        Ok(News { messages, letters, cases, now })
    }

    /// Heads a new day, and names the bank holidays between it and the day told last.
    fn turn_to(&mut self, day: Date) -> anyhow::Result<()> {
        let from = match self.day {
            Some(told) if told == day => return Ok(()),
            Some(told) => told.tomorrow()?,
            None => day,
        };
        let quiet = from.series(jiff::ToSpan::day(1)).take_while(|quiet| *quiet < day);
        for quiet in quiet.filter(|quiet| matches!(self.office.calendar.day_off(*quiet), Some(DayOff::BankHoliday(_))))
        {
            self.head(quiet)?;
            self.page.line(INDENT, "Nothing comes in, nobody is reminded.", Style::Faint)?;
        }
        self.head(day)?;
        self.day = Some(day);
        Ok(())
    }

    fn head(&mut self, day: Date) -> anyhow::Result<()> {
        self.page.blank()?;
        let note = match self.office.calendar.day_off(day) {
            Some(DayOff::BankHoliday(name)) => format!(", {name}, bank holiday"),
            _ => String::new(),
        };
        self.page.line("", &format!("{}{note}", spoken(day)), Style::Bold)?;
        Ok(())
    }

    /// The beginning of a line: the time, once for all that happens at it, and which way it goes.
    fn lead(time: &mut Option<Timestamp>, arrow: char) -> String {
        let clock = time.take().map_or_else(String::new, |at| london_time(at).strftime("%H:%M").to_string());
        format!("{clock:<5} {arrow} ")
    }

    async fn came_in(&mut self, row: &InboxRow, news: &News, time: &mut Option<Timestamp>) -> anyhow::Result<()> {
        let raw = self.office.store.message(row.id).await?.and_then(|message| message.raw).unwrap_or_default();
        let read = message::read(&raw, &self.office.own);
        let from = read
            .from
            .map_or_else(|| "nobody".to_owned(), |from| if from.name.is_empty() { from.address } else { from.name });
        let junk = self.office.config.mailboxes.iter().any(|mailbox| mailbox.junk.as_ref() == Some(&row.folder));
        let place = if junk { ", in the junk folder" } else { "" };
        self.page.line(&Self::lead(time, '→'), &format!("{from}: “{}”{place}", read.subject), Style::Plain)?;

        let Some(sorted) = row.sorted.as_deref() else {
            self.page.line(INDENT, "It could not be handled yet; it will be tried again.", Style::Red)?;
            return Ok(());
        };
        let on = listed(&row.cases());
        let opened: Vec<&CaseFile> = news.cases.values().filter(|file| opened_by(file, row.id).is_some()).collect();
        if let Some(opening) = opened.first().and_then(|file| opened_by(file, row.id)) {
            self.page.line(INDENT, &why(opening, sorted == "unsure"), Style::Faint)?;
            if opened.len() > 1 {
                let words = format!("It went to {} landlords: each has a case of its own.", opened.len());
                self.page.line(INDENT, &words, Style::Faint)?;
            }
            for file in opened {
                self.dates(file, news)?;
            }
            return Ok(());
        }
        let words = match sorted {
            "further message" => format!("A further message on {on}: added to it."),
            "returned letter" => {
                returned(&news.cases, row.id).unwrap_or_else(|| format!("A letter on {on} came back."))
            }
            "automatic" | "absence note" if on.is_empty() => "Written by a machine: listed, never answered.".to_owned(),
            "automatic" | "absence note" => format!("Written by a machine: noted on {on}, never answered."),
            other => format!("Sorted as {}: listed for people, no case, no letter.", with_article(other)),
        };
        let note = row.note.as_deref().map(|note| format!(" {note}")).unwrap_or_default();
        self.page.line(INDENT, &format!("{words}{note}"), Style::Faint)?;
        for (reference, file) in &news.cases {
            if news.events(file).any(|event| matches!(event, Event::DutyReopened { .. })) {
                let words = format!("{reference} counts as not acknowledged: that duty is open again.");
                self.page.line(INDENT, &words, Style::Red)?;
            }
            if let Some(words) = stage2(file, news) {
                self.page.line(INDENT, &words, Style::Plain)?;
                self.dates(file, news)?;
            }
        }
        Ok(())
    }

    /// What somebody did to a case, and the dates that follow.
    fn acts(&mut self, reference: &Reference, news: &News, time: &mut Option<Timestamp>) -> anyhow::Result<()> {
        let Some(file) = news.cases.get(&reference.to_string()) else { return Ok(()) };
        for deed in news.events(file).filter_map(|event| deed(event, file)) {
            self.page.line(&Self::lead(time, '·'), &format!("{reference}: {deed}."), Style::Plain)?;
        }
        self.dates(file, news)
    }

    /// The dates that were set or moved, and the bank holidays that were passed over to find them.
    fn dates(&mut self, file: &CaseFile, news: &News) -> anyhow::Result<()> {
        let Some(opening) = &file.case.opening else { return Ok(()) };
        let mut dates = Vec::new();
        let mut passed_over = BTreeSet::new();
        for event in news.events(file) {
            match event {
                Event::DeadlineSet { duty, due, provision, .. } => {
                    dates.push(format!("{} by {} ({})", duty.in_words(), short(due.date), cite(provision)));
                    passed_over.extend(bank_holidays(due));
                }
                Event::DeadlineMoved { duty, due, .. } => {
                    dates.push(format!("{}, now by {}", duty.in_words(), short(due.date)));
                }
                _ => {}
            }
        }
        if dates.is_empty() {
            return Ok(());
        }
        let kind = match file.case.kind {
            Some(Kind::ServiceRequest) => "Service request",
            Some(Kind::Correspondence) => "Message",
            Some(Kind::Complaint) | None => "Complaint",
        };
        let passed_over = match passed_over.is_empty() {
            true => String::new(),
            false => {
                format!(", not counting {}", listed(&passed_over.into_iter().map(|(_, name)| name).collect::<Vec<_>>()))
            }
        };
        let words = format!("{kind} {}: {}{passed_over}.", opening.reference, listed(&dates));
        self.page.line(INDENT, &words, Style::Plain)?;
        Ok(())
    }

    fn went_out(&mut self, news: &News, time: &mut Option<Timestamp>) -> anyhow::Result<()> {
        for (row, says) in news.letters.iter().filter(|(row, says)| !is_reminder(says) && !is_list(row)) {
            self.letter(row, says.as_ref(), news, time)?;
        }
        self.lists(news, time)?;
        self.reminders(news, time)
    }

    /// The morning's lists in one line, and the week's letters in another: a reader has one of each landlord.
    fn lists(&mut self, news: &News, time: &mut Option<Timestamp>) -> anyhow::Result<()> {
        for (kind, one, several) in [
            ("digest", "the list for the day", "their lists for the day"),
            ("weekly", "the letter on the week", "their letters on the week"),
        ] {
            let mut readers: Vec<String> = Vec::new();
            for (row, _) in news.letters.iter().filter(|(row, _)| row.kind == kind) {
                let reader = self.reader(row, None);
                if !readers.contains(&reader) {
                    readers.push(reader);
                }
            }
            let what = if readers.len() > 1 { several } else { one };
            if !readers.is_empty() {
                self.page.line(&Self::lead(time, '←'), &format!("{}: {what}", listed(&readers)), Style::Faint)?;
            }
        }
        Ok(())
    }

    /// A letter that is no reminder.
    fn letter(
        &mut self,
        row: &LetterRow,
        says: Option<&Says>,
        news: &News,
        time: &mut Option<Timestamp>,
    ) -> anyhow::Result<()> {
        let case = row.reference.as_ref().and_then(|reference| news.cases.get(reference));
        let written = case.into_iter().flat_map(|file| news.events(file)).find_map(|event| match event {
            Event::LetterWritten { letter, kind, stage, promises, .. } if i64::from(*letter) == row.letter => {
                Some((*kind, *stage, *promises))
            }
            _ => None,
        });
        let acted = case.is_some_and(|file| news.events(file).any(|event| event.by().is_some()));
        let itself = matches!(written, Some((LetterKind::Acknowledgement, ..))) && news.messages.is_empty() && !acted;
        // A resident's subject line is their own, answered: it does not say what the letter is.
        let what = written.filter(|_| row.audience == "resident").map_or("", |(kind, stage, _)| match says {
            Some(Says::Correspondence { text: Some(_) }) => "answer",
            Some(Says::Update { news: case::News::Done(_), .. }) => "promise kept",
            _ => name_of(kind, stage),
        });
        let gap = if what.is_empty() { "" } else { " " };
        let mut words = format!("{}: {what}{gap}“{}”", self.reader(row, case), row.subject);
        if let Some((kind, _, Some(date))) = written {
            let what = if kind == LetterKind::Receipt { "word" } else { "an answer" };
            words.push_str(&format!(", promises {what} by {}", short(date)));
        }
        if row.state != "sent" {
            words.push_str(&format!(" ({})", row.state));
        }
        self.page.line(&Self::lead(time, '←'), &words, Style::Plain)?;
        if itself {
            let words =
                "No person has acted, and it is due on the next working day: the acknowledgement goes by itself.";
            self.page.line(INDENT, words, Style::Faint)?;
            if let Some(file) = case {
                self.dates(file, news)?;
            }
        }
        Ok(())
    }

    /// Reminders of one moment, told together: who hears, and of which dates.
    fn reminders(&mut self, news: &News, time: &mut Option<Timestamp>) -> anyhow::Result<()> {
        // One reminder goes to several people; those of the same people and the same day share a line.
        let mut readers: BTreeMap<(Rung, Date, Duty, String), Vec<String>> = BTreeMap::new();
        for (row, says) in &news.letters {
            let Some(Says::Reminder { duty, due, rung, .. }) = says else { continue };
            // One that had nothing to say any more when its turn came is no longer in the outbox as "sent".
            if row.state == "sent" {
                let case = row.reference.clone().unwrap_or_default();
                readers.entry((*rung, *due, *duty, case)).or_default().push(self.reader(row, None));
            }
        }
        let mut before: BTreeMap<(Vec<String>, Rung, Date), Vec<String>> = BTreeMap::new();
        let mut late: BTreeMap<Vec<String>, Vec<String>> = BTreeMap::new();
        for ((rung, due, duty, case), people) in readers {
            let what = format!("{} {case}", verb(duty));
            match rung.0 {
                1.. => late.entry(people).or_default().push(format!("{what} ({})", count(rung.0.into(), "day"))),
                _ => before.entry((people, rung, due)).or_default().push(what),
            }
        }
        for ((people, rung, due), items) in before {
            let left = match rung.0 {
                0 => "today is the last day to".to_owned(),
                left => format!("{} left, until {}, to", count((-left).into(), "day"), short(due)),
            };
            let words = format!("{} · {left} {}", listed(&people), listed(&items));
            self.page.line(&Self::lead(time, '←'), &words, Style::Plain)?;
        }
        for (people, items) in late {
            let words = format!("{} · overdue: {}", listed(&people), listed(&items));
            self.page.line(&Self::lead(time, '←'), &words, Style::Red)?;
        }
        Ok(())
    }

    /// A letter's reader: one of the landlord's people by first name, else the resident with their address.
    fn reader(&self, row: &LetterRow, case: Option<&CaseFile>) -> String {
        let mut people = self.office.config.landlords.iter().flat_map(|landlord| landlord.people());
        if let Some(person) = people.find(|person| person.address == row.recipient) {
            return first_name(&person.name).to_owned();
        }
        let name = case.and_then(|file| file.case.opening.as_ref()).map(|opening| opening.resident.name.as_str());
        name.filter(|name| !name.is_empty())
            .map_or_else(|| row.recipient.clone(), |name| format!("{name} <{}>", row.recipient))
    }

    /// The register, and what to do next.
    pub(super) fn ending(&mut self, register: &Register) -> anyhow::Result<()> {
        self.page.blank()?;
        let (_, to) = DAYS;
        self.page.line("", &format!("The register on {}", spoken(to)), Style::Bold)?;
        self.page.blank()?;
        for entry in &register.entries {
            let lead = format!("  {:<11} {:<9}  {:<16}  ", entry.reference, entry.kind, entry.resident);
            let mut lead = Some(lead);
            let mut ended = entry.ending.as_ref().map(|ended| format!("{ended}; ")).unwrap_or_default();
            for owed in &entry.owed {
                let (late, style) = if owed.due < to { (", OVERDUE", Style::Red) } else { ("", Style::Plain) };
                let what = if owed.duty == Duty::Survey { "survey" } else { verb(owed.duty) };
                let words = format!("{}{what} by {}{late}", std::mem::take(&mut ended), short(owed.due));
                let lead = lead.take().unwrap_or_else(|| " ".repeat(43));
                self.page.line(&lead, &words, style)?;
            }
            if let Some(lead) = lead {
                let ended = entry.ending.as_deref().unwrap_or("nothing is owed");
                self.page.line(&lead, ended, Style::Plain)?;
            }
        }
        self.page.blank()?;
        self.page.line("", &register.summary, Style::Plain)?;
        self.page.blank()?;
        let folder = self.folder.display();
        self.page.command("All of it is in ", &folder.to_string())?;
        for (lead, what) in [
            ("  letters/     ", "every letter as it left (.eml), and its words (.txt)"),
            (
                "  register/    ",
                "every case with its whole history (.txt, .json), and three lists for a spreadsheet (.csv)",
            ),
            ("  mail/        ", "the messages that came in"),
            ("  redress.toml ", "the configuration this was played with"),
        ] {
            self.page.line(lead, what, Style::Plain)?;
        }
        self.page.blank()?;
        self.page.line("", "What next?", Style::Bold)?;
        for (what, command) in [
            ("Read what residents get:", format!("less {folder}/letters/residents/*.txt")),
            ("Prove it, against real mail servers and databases:", "tests/run".to_owned()),
            ("Set it up for your own mailbox:", "less config/example.toml".to_owned()),
        ] {
            self.page.line("  ", what, Style::Plain)?;
            self.page.command("      ", &command)?;
        }
        Ok(())
    }
}

/// What a letter to a resident is, in a word or two.
fn name_of(kind: LetterKind, stage: Stage) -> &'static str {
    match (kind, stage) {
        (LetterKind::Receipt, _) => "receipt",
        (LetterKind::Acknowledgement, Stage::One) => "acknowledgement",
        (LetterKind::Acknowledgement, Stage::Two) => "stage 2 acknowledgement",
        (LetterKind::Correction, _) => "definition put right",
        (LetterKind::Clarification, _) => "questions",
        (LetterKind::Response, Stage::One) => "stage 1 response",
        (LetterKind::Response, Stage::Two) => "final response",
        (LetterKind::Extension, _) => "later date",
        (LetterKind::Refusal, _) => "refusal",
        (LetterKind::RequestLogged | LetterKind::Correspondence, _) => "reply",
        (LetterKind::RequestAnswer, _) => "answer",
        (LetterKind::Added, _) => "added to the case",
        (LetterKind::Update, _) => "how it stands",
        (LetterKind::Withdrawal, _) => "withdrawal",
        (LetterKind::Restriction, _) => "restriction",
        (LetterKind::Survey, _) => "survey",
        (
            LetterKind::NewCase
            | LetterKind::NewMessage
            | LetterKind::Escalation
            | LetterKind::Assigned
            | LetterKind::Reminder
            | LetterKind::Undelivered
            | LetterKind::DatesMoved
            | LetterKind::Transcript,
            _,
        ) => "",
    }
}

/// What a person did, as a sentence without a full stop; `None` for what the daemon records by itself.
fn deed(event: &Event, file: &CaseFile) -> Option<String> {
    let said = || told::sentence(event).trim_end_matches('.').to_owned();
    match event {
        // The answer to a message ends it: that is one deed.
        Event::Updated { by } if !file.case.is_complaint() => Some(format!("{} answered it", by.name)),
        Event::Closed { .. } if !file.case.is_complaint() => None,
        Event::Responded { by, stage, response } => {
            let findings = response.answers.iter().zip(1..);
            let findings: Vec<String> =
                findings.map(|(answer, point)| format!("point {point} {}", told::finding(answer.finding))).collect();
            let remedies: Vec<&str> = response.remedies.iter().map(|remedy| remedy.kind.in_words()).collect();
            let remedies = if remedies.is_empty() { String::new() } else { format!("; with {}", listed(&remedies)) };
            Some(format!("{} answered at {stage}: {}{remedies}", by.name, listed(&findings)))
        }
        Event::ActionPromised { .. } => Some(said()),
        event => event.by().map(|_| said()),
    }
}

/// That stage 2 has begun, and who has it now.
fn stage2(file: &CaseFile, news: &News) -> Option<String> {
    news.events(file).find(|event| matches!(event, Event::Escalated { .. }))?;
    let reference = &file.case.opening.as_ref()?.reference;
    let by = file.case.handler().map_or_else(
        || "nobody fit is left to answer it, and the manager is told".to_owned(),
        |handler| format!("{}, {}, who did not answer at stage 1 (Code 6.13)", handler.name, handler.role),
    );
    Some(format!("{reference} goes to stage 2 (Code 6.10), to {by}."))
}

/// A letter that comes by the calendar, about all cases of a landlord.
fn is_list(row: &LetterRow) -> bool {
    ["digest", "weekly"].contains(&row.kind.as_str())
}

fn is_reminder(says: &Option<Says>) -> bool {
    matches!(says, Some(Says::Reminder { .. }))
}

fn opened_by(file: &CaseFile, message: i64) -> Option<&Opening> {
    file.case.opening.as_ref().filter(|opening| opening.message == Some(message))
}

/// What a message was taken for, and why.
fn why(opening: &Opening, doubtful: bool) -> String {
    let because = quoted(opening.because.iter().take(REASONS_MAX).map(|words| words.as_str()));
    let because = if because.is_empty() { String::new() } else { format!(", for it says {because}") };
    let taken = match opening.kind {
        Kind::Complaint => format!("Taken for a complaint{because}."),
        Kind::ServiceRequest => format!("Taken for a service request{because}."),
        Kind::Correspondence => format!("Taken for {}, which is no complaint.", matter(opening.matter)),
    };
    let mut sentences = vec![match doubtful {
        true => "It may be a complaint or not: a person is asked, and the complaint clock runs.".to_owned(),
        false => taken,
    }];
    if opening.unsure && !doubtful {
        sentences.push("A person is asked to check it.".to_owned());
    }
    if opening.flags.urgent_hazard {
        sentences.push("It may tell of a danger.".to_owned());
    }
    if let Some(withheld) = &opening.withheld {
        sentences.push(format!("No letter goes to the resident by itself: {withheld}."));
    }
    if !opening.related.is_empty() {
        let related: Vec<String> = opening.related.iter().map(ToString::to_string).collect();
        sentences.push(format!("{} goes on beside it.", listed(&related)));
    }
    sentences.join(" ")
}

/// What correspondence is about, with its article.
fn matter(matter: Option<Matter>) -> &'static str {
    match matter {
        Some(Matter::Enquiry) => "an enquiry",
        Some(Matter::Survey) => "an answer to a survey",
        Some(Matter::Information) => "a request for information",
        Some(Matter::DataProtection) => "a matter of data protection",
        Some(Matter::Ombudsman) => "a letter from the Ombudsman",
        Some(Matter::Unclear) | None => "a message",
    }
}

/// The delivery report that a message is, in words.
fn returned(cases: &BTreeMap<String, CaseFile>, row: i64) -> Option<String> {
    cases.iter().find_map(|(reference, file)| {
        file.history.iter().find_map(|recorded| match &recorded.event {
            Event::LetterPosted { letter, outcome: Outcome::Returned { message, why } } if *message == row => {
                let kind = file.case.letters.get(letter)?.kind.key();
                Some(format!("The {kind} on {reference} came back: {}.", why.as_str()))
            }
            _ => None,
        })
    })
}

fn bank_holidays(due: &Due) -> impl Iterator<Item = (Date, String)> + '_ {
    due.skipped.iter().filter_map(|(day, why)| match why {
        DayOff::BankHoliday(name) => Some((*day, name.clone())),
        DayOff::Weekend => None,
    })
}

fn quoted<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.map(|words| format!("“{words}”")).collect::<Vec<_>>().join(", ")
}

/// "a, b and c".
fn listed<S: AsRef<str>>(items: &[S]) -> String {
    let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
    match items.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}

fn with_article(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    match noun {
        "thanks" | "spam" | "business" => noun.to_owned(),
        _ => format!("{article} {noun}"),
    }
}

fn first_name(name: &str) -> &str {
    name.split(' ').next().unwrap_or(name)
}

/// A duty as an officer says it.
pub(super) fn verb(duty: Duty) -> &'static str {
    match duty {
        Duty::Acknowledge | Duty::AcknowledgeStage2 => "acknowledge",
        Duty::RespondStage1 | Duty::RespondStage2 | Duty::Answer => "answer",
        Duty::ReviewRequest | Duty::ReviewAdjustment | Duty::ReviewRestriction => "review",
        Duty::Update | Duty::Survey => "write to",
        Duty::Action(_) => "do",
        Duty::Close => "close",
    }
}

/// "Wed 23 December".
pub(super) fn short(date: Date) -> String {
    date.strftime("%a %-d %B").to_string()
}
