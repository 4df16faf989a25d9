//! `redress check`: is everything as it must be? One line for each thing: what was looked at, the verdict, what to do.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::{page, run};
use crate::config::{Config, Loaded, MailboxConfig, Outgoing, Problem, Problems, SecondWay, Sending};
use crate::daemon::clock::{Clock as _, SystemClock};
use crate::daemon::watch::free_disk;
use crate::daemon::{hello, office, operator, renamed};
use crate::domain::calendar::{Calendar, listed_date, london_date, spoken};
use crate::domain::case::Case;
use crate::domain::digest;
use crate::domain::landlord::Landlord;
use crate::domain::message::MICROSOFT_365;
use crate::domain::reference::Reference;
use crate::mail::mailbox::{AnyMailbox, Mailbox as _, MailboxError, Raw, Uid};
use crate::mail::transport::{AnyTransport, Envelope, Transport as _};
use crate::store::{CaseFile, DeadlineRow, NewLetter, Purpose, Store, Unready};

/// How long a letter to ourselves may take to come back, and how often it is looked for.
const COMES_BACK_WITHIN: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_secs(3);
/// Test letters are small; of other new mail no more is read.
const TEST_LETTER_BYTES_MAX: u64 = 64 * 1024;
/// Where open dates are spoken of.
const DATES: &str = "dates";
/// Where those are spoken of who have cases.
const HANDLERS: &str = "handlers";
/// How long a date that was moved is worth a look.
const MOVED_LATELY: SignedDuration = SignedDuration::from_hours(31 * 24);
/// What is named of a long list.
const NAMED: usize = 5;

/// What `redress check` is asked.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  redress check                              after each change, and once a month
  redress check --connect                    also logs in everywhere
  redress check --connect --send-test        also sends test letters

--send-test sends a letter to the operator, and one to each landlord's own address, and waits up to two minutes for the \
latter to come back: where it does, letters that cannot be delivered do.

It changes nothing, and works beside a running daemon. The exit code is 0 when nothing is wrong, 78 when the configuration \
is refused, else 1. \"look\" is no failure: somebody should see to it some time.

JSON: an array of objects with what, verdict (ok, look, wrong) and says.")]
pub struct Ask {
    /// Log in to every mailbox, open its folders, and log in to the mail servers that letters leave by
    #[arg(long)]
    connect: bool,
    /// Send test letters, and see whether mail to the landlords' own addresses comes in
    #[arg(long)]
    send_test: bool,
    /// For a program, as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Ok,
    /// Somebody should see to it some time.
    Look,
    Wrong,
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Verdict::Ok => "ok",
            Verdict::Look => "look",
            Verdict::Wrong => "wrong",
        }
    }
}

/// What was looked at, in the order it was.
#[derive(Default)]
struct Findings(Vec<(String, Verdict, String)>);

impl Findings {
    fn add(&mut self, what: &str, verdict: Verdict, says: impl Into<String>) {
        self.0.push((what.to_owned(), verdict, says.into()));
    }

    fn ok(&mut self, what: &str, says: impl Into<String>) {
        self.add(what, Verdict::Ok, says);
    }

    fn look(&mut self, what: &str, says: impl Into<String>) {
        self.add(what, Verdict::Look, says);
    }

    fn wrong(&mut self, what: &str, says: impl Into<String>) {
        self.add(what, Verdict::Wrong, says);
    }

    fn text(&self, json: bool) -> String {
        if json {
            let findings = self
                .0
                .iter()
                .map(|(what, verdict, says)| json!({ "what": what, "verdict": verdict.word(), "says": says }));
            return page::json(&findings.collect());
        }
        let what_width = self.0.iter().map(|(what, ..)| what.chars().count()).max().unwrap_or_default();
        let labels: Vec<String> =
            self.0.iter().map(|(what, verdict, _)| format!("{what:<what_width$}  {}", verdict.word())).collect();
        let lines: Vec<(&str, String)> =
            labels.iter().zip(&self.0).map(|(label, (.., says))| (label.as_str(), says.clone())).collect();
        page::labelled(&lines, 0, page::width())
    }
}

impl Ask {
    /// Looks, and prints what it found.
    ///
    /// # Errors
    ///
    /// When something is wrong.
    pub async fn run(&self, path: &Path) -> anyhow::Result<()> {
        let mut findings = Findings::default();
        let Loaded { config, warnings } = match run::load(path) {
            Ok(loaded) => loaded,
            Err(problems) => return self.refused(problems),
        };
        let now = SystemClock.now();
        let today = london_date(now);
        configuration(&mut findings, path, &config, &warnings);
        ombudsman(&mut findings, &config, &warnings);
        senders(&mut findings, &config);
        templates(&mut findings, &config);
        let store = database(&mut findings, &config).await;
        let calendar = Calendar::england_and_wales(&config.holidays_added, &config.holidays_removed);
        bank_holidays(&mut findings, &calendar, today);
        if let Some(store) = &store {
            names(&mut findings, store, &config).await;
            daemons(&mut findings, store, &config).await;
            match store.deadlines().await {
                Ok(dates) => provisional_dates(&mut findings, &dates),
                Err(trouble) => findings.wrong(DATES, format!("{trouble:#}")),
            }
            cases(&mut findings, store, &config, &calendar, now).await;
            history(&mut findings, store).await;
        }
        disk(&mut findings, &config);
        if self.connect || self.send_test {
            mailboxes(&mut findings, &config).await;
            ways_out(&mut findings, &config).await;
        }
        if self.send_test {
            test_letters(&mut findings, &config, now).await;
        }
        page::print(&findings.text(self.json))?;
        match findings.0.iter().filter(|(_, verdict, _)| *verdict == Verdict::Wrong).count() {
            0 => Ok(()),
            1 => bail!("1 thing is wrong"),
            n => bail!("{n} things are wrong"),
        }
    }

    fn refused(&self, problems: Problems) -> anyhow::Result<()> {
        if self.json {
            let mut findings = Findings::default();
            problems.0.iter().for_each(|problem| findings.wrong("configuration", problem.to_string()));
            page::print(&findings.text(true))?;
        }
        Err(problems.into())
    }
}

/// Said with the Ombudsman's details, not with the rest of the file.
fn about_ombudsman(problem: &Problem) -> bool {
    problem.key.ends_with("last_checked")
}

fn configuration(findings: &mut Findings, path: &Path, config: &Config, warnings: &[Problem]) {
    const WHAT: &str = "configuration";
    let sending = match config.sending {
        Sending::Live => "live",
        Sending::Hold => "hold: letters to residents wait",
    };
    let keys: Vec<&str> = config.landlords.iter().map(|landlord| landlord.key.as_str()).collect();
    let names: Vec<&str> = config.mailboxes.iter().map(|mailbox| mailbox.name.as_str()).collect();
    let who = format!("landlord {}, mailbox {}", keys.join(", "), names.join(", "));
    findings.ok(WHAT, format!("{}: {who}, sending {sending}", path.display()));
    for warning in warnings.iter().filter(|warning| !about_ombudsman(warning)) {
        findings.look(WHAT, warning.to_string());
    }
}

fn ombudsman(findings: &mut Findings, config: &Config, warnings: &[Problem]) {
    const WHAT: &str = "Ombudsman's details";
    match warnings.iter().find(|warning| about_ombudsman(warning)) {
        Some(warning) => findings.look(WHAT, warning.to_string()),
        None => findings.ok(WHAT, format!("last checked {}", spoken(config.ombudsman.last_checked))),
    }
}

/// No failure where it is not asked: only who has had a letter of ours can answer it.
fn senders(findings: &mut Findings, config: &Config) {
    for MailboxConfig { name, authserv_id, .. } in &config.mailboxes {
        let says = match authserv_id.as_deref() {
            Some(MICROSOFT_365) => format!("{name}: Microsoft 365 is asked whether staff are who they say"),
            Some(server) => format!("{name}: {server} is asked whether staff are who they say"),
            None => format!(
                "{name}: your mail server is not asked whether staff are who they say; write authserv_id into its \
                 [[mailbox]] to have it asked"
            ),
        };
        findings.ok("staff's mail", says);
    }
}

fn templates(findings: &mut Findings, config: &Config) {
    const WHAT: &str = "letters";
    match (office::templates(config), &config.letters) {
        (Err(trouble), _) => findings.wrong(WHAT, format!("{trouble:#}")),
        (Ok(_), Some(folder)) => findings.ok(WHAT, format!("with your own wording from {}", folder.display())),
        (Ok(_), None) => findings.ok(WHAT, "with the built-in wording"),
    }
}

async fn database(findings: &mut Findings, config: &Config) -> Option<Store> {
    const WHAT: &str = "database";
    match Store::open(config.database.expose_secret(), Purpose::Beside).await {
        Ok(store) => {
            findings.ok(WHAT, "reachable, and of this version");
            Some(store)
        }
        Err(trouble) => {
            match trouble.downcast_ref() {
                // The start of the daemon mends these.
                Some(Unready::Missing(_) | Unready::Empty | Unready::Older) => findings.look(WHAT, trouble.to_string()),
                Some(Unready::Newer) | None => findings.wrong(WHAT, format!("{trouble:#}")),
            }
            None
        }
    }
}

/// What the next start would be refused for.
async fn names(findings: &mut Findings, store: &Store, config: &Config) {
    const WHAT: &str = "mailboxes";
    match renamed::look(config, store).await {
        Ok(None) => {}
        Ok(Some(renamed)) => findings.wrong(WHAT, renamed.to_string()),
        Err(trouble) => findings.wrong(WHAT, format!("{trouble:#}")),
    }
}

/// On PostgreSQL, which knows who works there.
async fn daemons(findings: &mut Findings, store: &Store, config: &Config) {
    const WHAT: &str = "daemons";
    let daemons = match store.daemons().await {
        Ok(_) if store.is_ones_alone() => return,
        Ok(daemons) => daemons,
        Err(trouble) => return findings.wrong(WHAT, format!("{trouble:#}")),
    };
    let hosts: Vec<&str> = daemons.iter().map(|daemon| daemon.host.as_str()).collect();
    match hosts.as_slice() {
        [] => return findings.look(WHAT, "none works on the database; start one: `systemctl start redress`"),
        hosts => findings.ok(WHAT, format!("{} at work: {}", hosts.len(), hosts.join(", "))),
    }
    for MailboxConfig { name, .. } in &config.mailboxes {
        if !daemons.iter().any(|daemon| daemon.mailboxes().any(|(mailbox, _)| mailbox == name)) {
            findings
                .look(WHAT, format!("none reads the mailbox {name}; if that stays so, is it in their configuration?"));
        }
    }
}

/// The list of the years to come is out by then, and this program needs a new version, or lines in its configuration, to
/// know them.
fn bank_holidays(findings: &mut Findings, calendar: &Calendar, today: Date) {
    const WHAT: &str = "bank holidays";
    match calendar.horizon_warning(today) {
        None => findings.ok(WHAT, calendar.edition()),
        Some(warning) => findings.look(WHAT, warning),
    }
}

fn provisional_dates(findings: &mut Findings, dates: &[DeadlineRow]) {
    let provisional = dates.iter().filter(|date| date.provisional);
    let named: Vec<String> = provisional.map(|date| format!("{} {}", date.reference, listed_date(date.due))).collect();
    if named.is_empty() {
        return findings.ok(DATES, format!("{} open, none provisional", dates.len()));
    }
    findings.look(DATES, format!("a bank holiday not yet published may move these: {}", first_of(&named)));
}

/// The first of a long list, and how many more there are.
fn first_of(named: &[String]) -> String {
    let shown = named.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    match named.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// What a change of the people or of the bank holidays has done, or will do, to open cases.
async fn cases(findings: &mut Findings, store: &Store, config: &Config, calendar: &Calendar, now: Timestamp) {
    let since = now - MOVED_LATELY;
    for landlord in &config.landlords {
        match store.astir(&landlord.key, since).await {
            Ok(files) => {
                handlers(findings, landlord, &files);
                moved_dates(findings, &files, calendar, since, london_date(now));
            }
            Err(trouble) => findings.wrong(HANDLERS, format!("{}: {trouble:#}", landlord.key)),
        }
    }
}

fn handlers(findings: &mut Findings, landlord: &Landlord, files: &[CaseFile]) {
    let mut left: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (reference, handler) in files.iter().filter_map(|file| digest::handler_left(landlord, &file.case)) {
        left.entry(&handler.address).or_default().push(reference.to_string());
    }
    for (address, references) in &left {
        findings.look(
            HANDLERS,
            format!(
                "{address} is registered for {} no longer and still has {}. Give all of them to somebody else with \
                 `redress people leave {address}`",
                landlord.key,
                first_of(references)
            ),
        );
    }
    if left.is_empty() {
        let open = files.iter().filter(|file| file.case.open()).count();
        let open = page::count(open as i64, "open case");
        findings.ok(HANDLERS, format!("{}: {open}, none with a person who has left", landlord.key));
    }
}

/// Says which open dates a change of the bank holidays moved lately, and which it will move when the daemon starts anew with
/// this configuration.
fn moved_dates(findings: &mut Findings, files: &[CaseFile], calendar: &Calendar, since: Timestamp, today: Date) {
    let moved = files.iter().flat_map(|file| digest::moved(&file.case, &file.history, since));
    let moved: Vec<String> = moved.map(|moved| one_move(&moved.reference, moved.from, moved.to)).collect();
    if !moved.is_empty() {
        findings.look(DATES, format!("the bank holidays changed, and moved these: {}", first_of(&moved)));
    }
    let ahead: Vec<String> = files.iter().flat_map(|file| will_move(&file.case, calendar, today)).collect();
    if !ahead.is_empty() {
        let says = format!(
            "the bank holidays changed; the daemon moves these when it is started again (`systemctl restart redress`): {}",
            first_of(&ahead)
        );
        findings.look(DATES, says);
    }
}

fn will_move(case: &Case, calendar: &Calendar, today: Date) -> Vec<String> {
    let Some(opening) = &case.opening else { return Vec::new() };
    let open = case.duties.values().filter(|owed| owed.open() && owed.due.date >= today);
    let anew = open.filter_map(|owed| Some((owed.due.date, calendar.again(&owed.due)?.date)));
    let moving = anew.filter(|(was, will_be)| was != will_be);
    moving.map(|(was, will_be)| one_move(&opening.reference, was, will_be)).collect()
}

fn one_move(reference: &Reference, from: Date, to: Date) -> String {
    format!("{reference} from {} to {}", listed_date(from), listed_date(to))
}

async fn history(findings: &mut Findings, store: &Store) {
    const WHAT: &str = "history";
    match store.verify().await {
        Err(trouble) => findings.wrong(WHAT, format!("could not be read: {trouble:#}")),
        Ok((cases, found)) if found.is_empty() => {
            findings
                .ok(WHAT, format!("{} as written, from the first line to the last", page::count(cases as i64, "case")));
        }
        Ok((_, found)) => {
            for finding in found {
                findings.wrong(
                    WHAT,
                    format!(
                        "{finding}. Stop the daemon, keep a copy of the database as evidence, and see the handbook"
                    ),
                );
            }
        }
    }
}

fn disk(findings: &mut Findings, config: &Config) {
    const WHAT: &str = "disk";
    if config.database.expose_secret().starts_with("postgres") {
        return; // It is the database server's.
    }
    let limit = config.limits.free_disk_bytes;
    match free_disk(config) {
        None => findings.wrong(WHAT, "the database's folder is not there; make it, for the user the daemon runs as"),
        Some((folder, free)) if free < limit => findings.wrong(
            WHAT,
            format!("{} MiB free in {}, less than limits.free_disk_bytes; make room", free >> 20, folder.display()),
        ),
        Some((folder, free)) => findings.ok(WHAT, format!("{} MiB free in {}", free >> 20, folder.display())),
    }
}

async fn mailboxes(findings: &mut Findings, config: &Config) {
    for mailbox in &config.mailboxes {
        let what = format!("mailbox {}", mailbox.name);
        let mut session = AnyMailbox::new(mailbox.source.clone());
        for folder in mailbox.folders.iter().chain(&mailbox.junk) {
            match uids(&mut session, folder).await {
                Ok(uids) => findings.ok(&what, format!("{folder}: {}", page::count(uids.len() as i64, "message"))),
                Err(trouble) => {
                    findings.wrong(&what, then(&format!("{folder}: {trouble}"), advice(&trouble)));
                    if !matches!(trouble, MailboxError::Refused(_)) {
                        break; // The next folder would fail alike, and many refused logins lock an account.
                    }
                }
            }
        }
        session.close().await;
    }
}

async fn uids(session: &mut AnyMailbox, folder: &str) -> Result<Vec<Uid>, MailboxError> {
    session.open(folder).await?;
    session.list(None).await
}

/// What happened, and what to do: servers end their words with a full stop, or not.
fn then(trouble: &str, advice: &str) -> String {
    format!("{}. {advice}", trouble.trim_end_matches('.'))
}

fn advice(trouble: &MailboxError) -> &'static str {
    match trouble {
        MailboxError::Login(_) => "Check user and password",
        MailboxError::Refused(_) => "Check the folder's name, and that this user may read it",
        MailboxError::Lost(_) => "Check host, port and security, and that this machine may connect there",
    }
}

async fn ways_out(findings: &mut Findings, config: &Config) {
    let mut transport = AnyTransport::new(config.outgoing.clone(), &hello(config));
    match (transport.verify().await, &config.outgoing) {
        (Err(trouble), _) => findings.wrong("outgoing mail", then(&trouble.to_string(), "Check [outgoing]")),
        (Ok(()), Outgoing::Smtp(server)) => findings.ok("outgoing mail", format!("{} lets us in", server.host)),
        (Ok(()), Outgoing::Maildir(folder)) => {
            findings.ok("outgoing mail", format!("letters are written into {}", folder.display()));
        }
    }
    const SECOND: &str = "second way";
    match &config.operator.second_way {
        SecondWay::Command(command) => {
            findings.ok(SECOND, format!("the command {}; not tried here", command.first().map_or("", String::as_str)));
        }
        SecondWay::Smtp(server) => {
            let mut transport = AnyTransport::new(Outgoing::Smtp(server.clone()), &hello(config));
            match transport.verify().await {
                Ok(()) => findings.ok(SECOND, format!("{} lets us in", server.host)),
                Err(trouble) => findings.wrong(SECOND, then(&trouble.to_string(), "Check [operator.second_way.smtp]")),
            }
        }
    }
}

/// The only letters that do not come from the outbox: they say nothing of any case, and must leave whatever waits there.
async fn test_letters(findings: &mut Findings, config: &Config, now: Timestamp) {
    const WHAT: &str = "test letter";
    let mut transport = AnyTransport::new(config.outgoing.clone(), &hello(config));
    let stamp = now.as_millisecond();
    let subject = "Redress: a test letter";
    let words = "This letter was sent by `redress check --send-test`. That it has reached you is all it is for.";
    let to_operator = operator::letter(config, &format!("test.operator.{stamp}"), subject, words, now);
    match send(&mut transport, to_operator).await {
        Ok((letter, reply)) => {
            findings.ok(WHAT, format!("to {}: {reply}. Look whether it arrives", letter.recipient));
        }
        Err(trouble) => findings.wrong(WHAT, format!("to the operator: {trouble:#}")),
    }
    for landlord in &config.landlords {
        match comes_back(config, landlord, &mut transport, stamp, now).await {
            Ok(found) if found.junk => findings.look(
                WHAT,
                format!(
                    "to {}: came back into the junk folder, {}; have our own mail let through",
                    found.address, found.at
                ),
            ),
            Ok(found) => findings.ok(WHAT, format!("to {}: came back into {}", found.address, found.at)),
            Err(trouble) => findings.wrong(WHAT, format!("{trouble:#}")),
        }
    }
}

async fn send(transport: &mut AnyTransport, letter: anyhow::Result<NewLetter>) -> anyhow::Result<(NewLetter, String)> {
    let letter = letter?;
    let envelope = Envelope { from: &letter.envelope_from, to: &letter.recipient, bytes: &letter.bytes };
    let accepted = transport.send(envelope).await?;
    Ok((letter, accepted.reply))
}

/// Where a test letter was found again.
struct Found {
    address: String,
    at: String,
    junk: bool,
}

/// Sends a letter to the landlord's own address and waits until it lies in a watched folder: where it comes, returned
/// letters come.
async fn comes_back(
    config: &Config,
    landlord: &Landlord,
    transport: &mut AnyTransport,
    stamp: i64,
    now: Timestamp,
) -> anyhow::Result<Found> {
    let mut watched: Vec<Watched> = config.mailboxes.iter().flat_map(Watched::of).collect();
    for folder in &mut watched {
        folder.remember().await;
    }
    let id = format!("test.{}.{stamp}", landlord.key);
    let words = "This letter was sent by `redress check --send-test`, to see whether mail to this address, and with it \
                 letters that could not be delivered, comes in.";
    let letter = operator::to_ourselves(landlord, &id, "Redress: a test letter to ourselves", words, now);
    let (letter, _) = send(transport, letter).await.with_context(|| format!("To {}'s own address", landlord.key))?;
    let waiting = async {
        loop {
            for folder in &mut watched {
                if folder.has(&letter.message_id).await {
                    return Found { address: letter.recipient.clone(), at: folder.name(), junk: folder.junk };
                }
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    let found = tokio::time::timeout(COMES_BACK_WITHIN, waiting).await;
    for folder in &mut watched {
        folder.session.close().await;
    }
    found.with_context(|| {
        format!(
            "to {}: it left and did not come into any watched folder within two minutes. Letters that could not be \
             delivered would not come back either: let mail to this address be delivered into a mailbox of [[mailbox]]",
            letter.recipient
        )
    })
}

/// A folder that is looked into for the test letter.
struct Watched {
    mailbox: String,
    folder: String,
    junk: bool,
    session: AnyMailbox,
    /// Messages that have been looked at, or were there before.
    seen: Vec<Uid>,
}

impl Watched {
    /// Every folder the letter may come into; a running daemon may have moved it on already.
    fn of(mailbox: &MailboxConfig) -> Vec<Watched> {
        let folders = mailbox.folders.iter().chain(&mailbox.move_to).map(|folder| (folder, false));
        let folders = folders.chain(mailbox.junk.iter().map(|folder| (folder, true)));
        let watched = folders.map(|(folder, junk)| Watched {
            mailbox: mailbox.name.clone(),
            folder: folder.clone(),
            junk,
            session: AnyMailbox::new(mailbox.source.clone()),
            seen: Vec::new(),
        });
        watched.collect()
    }

    fn name(&self) -> String {
        format!("{}/{}", self.mailbox, self.folder)
    }

    async fn remember(&mut self) {
        self.seen = uids(&mut self.session, &self.folder).await.unwrap_or_default();
    }

    /// A folder that cannot be read has been complained of already; a moved-to folder may not be there yet.
    async fn has(&mut self, message_id: &str) -> bool {
        let Ok(uids) = uids(&mut self.session, &self.folder).await else { return false };
        let new: Vec<Uid> = uids.into_iter().filter(|uid| !self.seen.contains(uid)).collect();
        for uid in new {
            match self.session.fetch(&uid, TEST_LETTER_BYTES_MAX).await {
                Ok(Some(fetched)) => {
                    let (Raw::Whole(raw) | Raw::HeadersOnly(raw)) = fetched.raw;
                    if raw.windows(message_id.len()).any(|bytes| bytes == message_id.as_bytes()) {
                        return true;
                    }
                    self.seen.push(uid);
                }
                Ok(None) => {}
                Err(_) => return false,
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::civil::date;

    use super::*;
    use crate::domain::code::Duty;

    fn calendar() -> Calendar {
        Calendar::england_and_wales(&[], &[])
    }

    #[test]
    fn a_quarter_before_the_published_bank_holidays_end_somebody_is_to_look() {
        let last = calendar().published_to();
        for (today, verdict) in [(date(last, 9, 30), Verdict::Ok), (date(last, 10, 1), Verdict::Look)] {
            let mut findings = Findings::default();
            bank_holidays(&mut findings, &calendar(), today);
            assert_eq!(findings.0[0].1, verdict, "{today}");
        }
        let mut findings = Findings::default();
        bank_holidays(&mut findings, &calendar(), date(last, 12, 1));
        let text = findings.text(false);
        assert!(text.starts_with(&format!("bank holidays  look  known to the end of {last} only")), "{text}");
        assert!(text.contains(&format!("`redress calendar {}`", last + 1)), "{text}");
    }

    #[test]
    fn dates_that_may_move_are_named_and_the_others_only_counted() {
        let row = |reference: &str, provisional| DeadlineRow {
            case: 1,
            reference: reference.to_owned(),
            landlord: "wellington".to_owned(),
            duty: Duty::RespondStage1,
            due: date(2029, 1, 4),
            provisional,
            next_look: Some(Timestamp::UNIX_EPOCH),
        };
        let mut findings = Findings::default();
        provisional_dates(&mut findings, &[row("WEL-1001-Z", false), row("WEL-1002-B", true)]);
        provisional_dates(&mut findings, &[row("WEL-1001-Z", false)]);
        let text = findings.text(false);
        let expected = "dates  look  a bank holiday not yet published may move these: WEL-1002-B Thu 4 Jan 2029\n\
                        dates  ok    1 open, none provisional\n";
        assert_eq!(text, expected);
    }
}
