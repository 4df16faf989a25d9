//! A small world around the real daemon: residents, a mailbox, a mail server and a clock, all played; the rounds, the
//! database and the letters are the real ones.
//!
//! Stories speak in verbs: mail arrives, time goes to a moment, the machine sleeps, the program is started anew. After
//! every stretch of work the world checks what must hold whatever happened (see [`World::check`]).

#![expect(clippy::unwrap_used, reason = "a world that breaks ends the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use mail_parser::MessageParser;
use redress::config::Config;
use redress::daemon::clock::PlayedClock;
use redress::daemon::command::carry_out;
use redress::daemon::office::Office;
use redress::daemon::receive::Receive;
use redress::daemon::send::Route;
use redress::daemon::{digest, start, work_off};
use redress::domain::absence::Absence;
use redress::domain::calendar::london_date;
use redress::domain::case::{self, Event, Finding, Outcome, Recorded, Remedy, RemedyKind};
use redress::domain::command::Command;
use redress::domain::letter::our_letter;
use redress::domain::words::Words;
use redress::mail::mailbox::{Fetched, Folder, Mailbox, MailboxError, Raw, Uid};
use redress::mail::transport::{Accepted, Envelope, SendError, Transport};
use redress::store::{AwayNote, InboxRow, LetterRow, Purpose};
use tempfile::TempDir;

pub const ANN: &str = "ann@example.com";
pub const OFFICER: &str = "ada@example.net";
pub const DEPUTY: &str = "ben@example.net";
pub const MANAGER: &str = "dan@example.net";
pub const MEMBER: &str = "eve@example.net";
pub const REVIEWER: &str = "cleo@example.net";
pub const OPERATOR: &str = "olu@example.net";
pub const COMPLAINTS: &str = "complaints@example.org";

const CONFIGURATION: &str = r#"
database = "sqlite:redress.db"
sending = "live"
answer_mail_since = 2026-11-01

[[mailbox]]
name = "complaints"
landlord = "orchard"
folders = ["INBOX"]
junk = "Junk"
maildir = "Maildir"

[outgoing]
maildir = "Sent"

[operator]
name = "Olu Operator"
address = "olu@example.net"

[operator.second_way]
command = ["/bin/sh", "-c", "cat >> \"$0\"", "SECOND_WAY"]

[[landlord]]
key = "orchard"
name = "Orchard Housing Co-operative Limited"
prefix = "RCH"
addresses = ["complaints@example.org", "repairs@example.org"]
officer = { name = "Ada Officer", address = "ada@example.net" }
deputy = { name = "Ben Deputy", address = "ben@example.net" }
reviewers = [{ name = "Cleo Reviewer", address = "cleo@example.net" }]
manager = { name = "Dan Manager", address = "dan@example.net" }
member_responsible = { name = "Eve Member", address = "eve@example.net" }
policy_link = "https://www.example.org/complaints"
emergency_telephone = "01632 960100"
responsible_for = ["repairs to your home"]
not_responsible_for = ["public roads"]

[ombudsman]
last_checked = 2026-10-20
"#;

/// A second mailbox of the first landlord.
const REPAIRS: &str = r#"
[[mailbox]]
name = "repairs"
landlord = "orchard"
folders = ["INBOX"]
maildir = "Repairs"
"#;

/// A second landlord with a mailbox of its own.
const NEIGHBOUR: &str = r#"
[[mailbox]]
name = "neighbour"
landlord = "willow"
folders = ["INBOX"]
maildir = "Neighbour"

[[landlord]]
key = "willow"
name = "Willow Homes Limited"
prefix = "WLW"
addresses = ["complaints@willow.example.org"]
officer = { name = "Fay Officer", address = "fay@example.net" }
deputy = { name = "Gus Deputy", address = "gus@example.net" }
reviewers = [{ name = "Hal Reviewer", address = "hal@example.net" }]
manager = { name = "Ivy Manager", address = "ivy@example.net" }
member_responsible = { name = "Jon Member", address = "jon@example.net" }
policy_link = "https://www.example.org/willow"
emergency_telephone = "01632 960200"
responsible_for = ["repairs to your home"]
not_responsible_for = ["public roads"]
"#;

/// A civil moment in Europe/London, "Fri 27 Nov 2026 09:00".
pub fn moment(words: &str) -> Timestamp {
    let civil = DateTime::strptime("%a %d %b %Y %H:%M", words).unwrap_or_else(|error| panic!("{words}: {error}"));
    civil.to_zoned(london()).expect("a moment there is").timestamp()
}

pub fn in_words(at: Timestamp) -> String {
    at.to_zoned(london()).strftime("%a %-d %b %H:%M").to_string()
}

fn london() -> TimeZone {
    TimeZone::get("Europe/London").expect("bundled")
}

/// Mail on its way to us.
#[derive(Clone, Debug)]
pub struct Mail {
    from: String,
    to: Vec<String>,
    subject: String,
    body: String,
    message_id: Option<String>,
    more: Vec<String>,
}

impl Mail {
    pub fn from(from: &str) -> Mail {
        Mail {
            from: from.to_owned(),
            to: vec![COMPLAINTS.to_owned()],
            subject: String::new(),
            body: String::new(),
            message_id: None,
            more: Vec::new(),
        }
    }

    pub fn to(mut self, to: &[&str]) -> Mail {
        self.to = to.iter().map(|to| (*to).to_owned()).collect();
        self
    }

    pub fn saying(mut self, subject: &str, body: &str) -> Mail {
        (self.subject, self.body) = (subject.to_owned(), body.to_owned());
        self
    }

    pub fn header(mut self, line: &str) -> Mail {
        self.more.push(line.to_owned());
        self
    }

    /// As a mail program answers: the subject, the thread, nothing quoted.
    pub fn answering(mut self, letter: &Letter) -> Mail {
        self.subject = format!("Re: {}", letter.subject);
        self.more.push(format!("In-Reply-To: <{}>", letter.message_id));
        let thread: Vec<String> =
            letter.thread.iter().chain([&letter.message_id]).map(|id| format!("<{id}>")).collect();
        self.more.push(format!("References: {}", thread.join(" ")));
        self
    }

    pub fn known_as(mut self, message_id: &str) -> Mail {
        self.message_id = Some(message_id.to_owned());
        self
    }
}

/// A letter as the mail server took it.
#[derive(Clone, Debug)]
pub struct Letter {
    pub to: String,
    pub sender: String,
    pub taken: Timestamp,
    pub subject: String,
    pub text: String,
    pub message_id: String,
    /// Message-IDs of the thread it stands in.
    pub thread: Vec<String>,
    pub bytes: Vec<u8>,
}

impl Letter {
    fn read(envelope: &Envelope<'_>, taken: Timestamp) -> Letter {
        let read = MessageParser::default().parse(envelope.bytes).expect("every letter is one");
        let ids = |header: &mail_parser::HeaderValue| -> Vec<String> {
            header.as_text_list().unwrap_or_default().iter().map(|id| id.to_string()).collect()
        };
        Letter {
            to: envelope.to.to_owned(),
            sender: envelope.from.to_owned(),
            taken,
            subject: read.subject().unwrap_or_default().to_owned(),
            text: read.body_text(0).unwrap_or_default().replace("\r\n", "\n"),
            message_id: read.message_id().expect("every letter has a Message-ID").to_owned(),
            thread: ids(read.references()),
            bytes: envelope.bytes.to_vec(),
        }
    }

    /// Whether the words stand in it, whatever the line breaks.
    pub fn says(&self, words: &str) -> bool {
        self.text.split_whitespace().collect::<Vec<_>>().join(" ").contains(words)
    }
}

/// Whether it is a list of what is open.
fn is_list(letter: &Letter) -> bool {
    ["digest.", "weekly.", "stand-in."].iter().any(|kind| letter.message_id.starts_with(kind))
}

/// What the mail server does with letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// 250.
    Taken,
    /// 451.
    NotNow,
    /// 550.
    Refused,
    /// The letter is taken, and its answer gets lost.
    Silent,
    /// The login is refused.
    NoLogin,
}

/// The mail server: answers as told, keeps what it took.
#[derive(Debug, Default)]
struct Server {
    /// For one recipient, else for everybody.
    answers: BTreeMap<String, Answer>,
    everybody: Option<Answer>,
    taken: Vec<Letter>,
    /// Every try, whatever came of it; lists apart.
    tries: usize,
}

struct Post {
    server: Arc<Mutex<Server>>,
    clock: Arc<PlayedClock>,
}

impl Transport for Post {
    async fn send(&mut self, letter: Envelope<'_>) -> Result<Accepted, SendError> {
        use redress::daemon::clock::Clock as _;
        let mut server = self.server.lock().unwrap();
        server.tries += usize::from(!is_list(&Letter::read(&letter, self.clock.now())));
        assert!(!letter.from.is_empty(), "an empty envelope sender: its bounce would come back to nobody");
        let answer = server.answers.get(letter.to).copied().or(server.everybody).unwrap_or(Answer::Taken);
        if matches!(answer, Answer::Taken | Answer::Silent) {
            server.taken.push(Letter::read(&letter, self.clock.now()));
        }
        match answer {
            Answer::Taken => Ok(Accepted { reply: "250 2.0.0 taken".to_owned() }),
            Answer::NotNow => Err(SendError::Again("451 4.3.0 try later".to_owned())),
            Answer::Refused => Err(SendError::Never("550 5.1.1 no such user".to_owned())),
            Answer::Silent => Err(SendError::Unknown("no answer to the final dot".to_owned())),
            Answer::NoLogin => Err(SendError::RouteBroken("535 5.7.8 login refused".to_owned())),
        }
    }
}

/// A mailbox on a server: folders with what lies in them.
#[derive(Debug, Default)]
struct Lying {
    folders: BTreeMap<String, Vec<(u32, Timestamp, Vec<u8>)>>,
    uidvalidity: i64,
    next_uid: u32,
    /// The server can neither move nor delete.
    keeps_everything: bool,
    /// The server announces this message and does not give it.
    withheld: Option<u32>,
}

struct Box {
    lying: Arc<Mutex<Lying>>,
    open: String,
}

impl Mailbox for Box {
    async fn open(&mut self, folder: &str) -> Result<Folder, MailboxError> {
        self.open = folder.to_owned();
        Ok(Folder { uidvalidity: self.lying.lock().unwrap().uidvalidity })
    }

    async fn list(&mut self, after: Option<&Uid>) -> Result<Vec<Uid>, MailboxError> {
        assert!(after.is_none(), "the ledger says what is new");
        let lying = self.lying.lock().unwrap();
        Ok(lying.folders.get(&self.open).into_iter().flatten().map(|(uid, ..)| uid.to_string()).collect())
    }

    async fn fetch(&mut self, uid: &Uid, limit: u64) -> Result<Option<Fetched>, MailboxError> {
        let lying = self.lying.lock().unwrap();
        if self.open.is_empty() || lying.withheld.is_some_and(|withheld| withheld.to_string() == *uid) {
            self.open.clear(); // As the real one: after any error the session is gone.
            return Err(MailboxError::Refused("announced, but not given".to_owned()));
        }
        let mut there = lying.folders.get(&self.open).into_iter().flatten();
        Ok(there.find(|(number, ..)| number.to_string() == *uid).map(|(_, arrived, raw)| Fetched {
            uid: uid.clone(),
            arrived: *arrived,
            size: raw.len() as u64,
            raw: match raw.len() as u64 > limit {
                true => {
                    Raw::HeadersOnly(raw[..raw.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4].to_vec())
                }
                false => Raw::Whole(raw.clone()),
            },
        }))
    }

    async fn file(&mut self, uid: &Uid, to: &str) -> Result<(), MailboxError> {
        let mut lying = self.lying.lock().unwrap();
        if lying.keeps_everything {
            return Err(MailboxError::Refused("the server offers neither MOVE nor UIDPLUS".to_owned()));
        }
        let here = lying.folders.entry(self.open.clone()).or_default();
        let at = here.iter().position(|(number, ..)| number.to_string() == *uid).unwrap();
        let moved = here.remove(at);
        lying.folders.entry(to.to_owned()).or_default().push(moved);
        Ok(())
    }

    async fn wait(&mut self, _: Duration) -> Result<(), MailboxError> {
        Ok(())
    }

    async fn close(&mut self) {}
}

/// The program, as long as it runs.
struct Daemon {
    office: Arc<Office>,
    receive: Vec<Receive<Box>>,
    route: Route,
    post: Post,
}

pub struct World {
    pub config: Config,
    folder: TempDir,
    clock: Arc<PlayedClock>,
    server: Arc<Mutex<Server>>,
    mailboxes: BTreeMap<String, Arc<Mutex<Lying>>>,
    daemon: Option<Daemon>,
    mails: usize,
}

impl World {
    /// One landlord, live.
    pub async fn at(start: &str) -> World {
        World::with(start, |_| ()).await
    }

    /// One landlord, configured as `change` says.
    pub async fn with(start: &str, change: impl FnOnce(&mut Config)) -> World {
        World::configured(start, CONFIGURATION.to_owned(), change).await
    }

    /// Two landlords, each with a mailbox of its own.
    pub async fn of_two_landlords(start: &str) -> World {
        World::configured(start, format!("{CONFIGURATION}{NEIGHBOUR}"), |_| ()).await
    }

    /// One landlord with a mailbox for each of its addresses.
    pub async fn with_a_second_mailbox(start: &str) -> World {
        World::configured(start, format!("{CONFIGURATION}{REPAIRS}"), |_| ()).await
    }

    async fn configured(start: &str, toml: String, change: impl FnOnce(&mut Config)) -> World {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("redress.toml");
        let second_way = folder.path().join("second-way");
        for maildir in ["Maildir", "Repairs", "Neighbour", "Sent"] {
            std::fs::create_dir(folder.path().join(maildir)).unwrap();
        }
        std::fs::write(&path, toml.replace("SECOND_WAY", second_way.to_str().unwrap())).unwrap();
        let now = moment(start);
        let mut config =
            Config::load(&path, &|_| None, london_date(now)).unwrap_or_else(|error| panic!("{error}")).config;
        change(&mut config);
        let mailbox = || Arc::new(Mutex::new(Lying { uidvalidity: 7, next_uid: 1, ..Lying::default() }));
        let mailboxes = config.mailboxes.iter().map(|config| (config.name.clone(), mailbox())).collect();
        let clock = Arc::new(PlayedClock::new(now));
        let mut world = World { config, folder, clock, server: Arc::default(), mailboxes, daemon: None, mails: 0 };
        world.restart().await;
        world
    }

    /// A new folder beside the database.
    pub fn folder(&self, name: &str) -> PathBuf {
        let folder = self.folder.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        folder
    }

    // ── what happens ──────────────────────────────────────────────────────────────────────────────────────────────

    /// The program stops, wherever it is, and starts again with the configuration as it stands now.
    pub async fn restart(&mut self) {
        self.stop().await;
        let office = Office::open(self.config.clone(), self.clock.clone(), Purpose::Run).await.expect("it starts");
        let office = Arc::new(office);
        start(&office).await.expect("it starts");
        let receive = self.config.mailboxes.iter().map(|config| {
            let mailbox = Box { lying: Arc::clone(&self.mailboxes[&config.name]), open: String::new() };
            Receive::new(Arc::clone(&office), config.clone(), mailbox)
        });
        let receive = receive.collect();
        let post = Post { server: Arc::clone(&self.server), clock: Arc::clone(&self.clock) };
        self.daemon = Some(Daemon { office, receive, route: Route::default(), post });
        self.works().await;
    }

    /// The program is not running until it is started again.
    pub async fn stop(&mut self) {
        if let Some(daemon) = self.daemon.take() {
            daemon.office.store.close().await;
        }
    }

    /// Mail reaches the landlord's server now, and the program looks. Returns its Message-ID.
    pub async fn mail(&mut self, mail: Mail) -> String {
        let id = self.arrives("complaints", "INBOX", mail);
        self.looks().await;
        id
    }

    /// Mail reaches a folder of a mailbox now; nobody looks yet.
    pub fn arrives(&mut self, mailbox: &str, folder: &str, mail: Mail) -> String {
        let id = mail.message_id.clone().unwrap_or_else(|| {
            self.mails += 1;
            format!("mail-{}@example.com", self.mails)
        });
        let head = [
            format!("From: {}", mail.from),
            format!("To: {}", mail.to.join(", ")),
            format!("Subject: {}", mail.subject),
            format!("Message-ID: <{id}>"),
            "MIME-Version: 1.0".to_owned(),
        ];
        let head: Vec<String> = head.into_iter().chain(mail.more).collect();
        let content = if head.iter().any(|line| line.starts_with("Content-Type:")) {
            String::new()
        } else {
            "Content-Type: text/plain; charset=utf-8\r\n".to_owned()
        };
        let raw = format!("{}\r\n{content}\r\n{}\r\n", head.join("\r\n"), mail.body.replace('\n', "\r\n"));
        self.arrives_raw(mailbox, folder, raw.as_bytes());
        id
    }

    /// Bytes reach a folder of a mailbox now; nobody looks yet.
    pub fn arrives_raw(&mut self, mailbox: &str, folder: &str, raw: &[u8]) {
        let now = self.now();
        let mut lying = self.mailboxes[mailbox].lock().unwrap();
        let uid = lying.next_uid;
        lying.next_uid += 1;
        lying.folders.entry(folder.to_owned()).or_default().push((uid, now, raw.to_vec()));
    }

    /// From now on the mail server refuses to move messages.
    pub fn mailbox_keeps_everything(&mut self) {
        self.mailboxes["complaints"].lock().unwrap().keeps_everything = true;
    }

    /// The mail server announces its newest message and does not give it, or gives it again.
    pub fn mailbox_withholds_the_newest(&mut self, withholds: bool) {
        let mut lying = self.mailboxes["complaints"].lock().unwrap();
        lying.withheld = withholds.then_some(lying.next_uid - 1);
    }

    /// How many messages lie in a folder of the first mailbox.
    pub fn lying_in(&self, folder: &str) -> usize {
        self.mailboxes["complaints"].lock().unwrap().folders.get(folder).map_or(0, Vec::len)
    }

    /// The mail server was set up anew: every message has another UID, under another UIDVALIDITY.
    pub fn mailbox_is_rebuilt(&mut self) {
        let mut lying = self.mailboxes["complaints"].lock().unwrap();
        lying.uidvalidity += 1;
        for message in lying.folders.values_mut().flatten() {
            message.0 += 1000;
        }
    }

    /// The program looks into its mailboxes and does all that is due.
    pub async fn looks(&mut self) {
        let daemon = self.daemon.as_mut().expect("the program runs");
        for receive in &mut daemon.receive {
            receive.look().await.expect("the mailbox can be read");
        }
        self.works().await;
    }

    async fn works(&mut self) {
        let Daemon { office, route, post, .. } = self.daemon.as_mut().expect("the program runs");
        digest::step(office).await.expect("the database works");
        work_off(office, post, route).await.expect("the database works");
        self.check().await;
    }

    /// Time goes by, and the program does everything at its moment.
    pub async fn goes_to(&mut self, when: &str) {
        let until = moment(when);
        assert!(until >= self.now(), "{when} is past");
        loop {
            let moments = self.office().store.next_moments().await.unwrap();
            // What waits behind a broken way is due all the while: somebody looks now and then.
            let now = self.now();
            let list = digest::next(self.office(), now);
            let next = moments
                .into_iter()
                .chain([list])
                .flatten()
                .map(|at| if at <= now { now + 15.minutes() } else { at })
                .min();
            let Some(next) = next.filter(|next| *next < until) else { break };
            self.clock.set(next);
            self.works().await;
        }
        self.clock.set(until);
        self.works().await;
    }

    /// Time goes by while the program sleeps; then it wakes and does what is right now.
    pub async fn sleeps_until(&mut self, when: &str) {
        self.clock.set(moment(when));
        self.works().await;
    }

    /// Time goes by while the program is not running.
    pub fn passes_until(&mut self, when: &str) {
        assert!(self.daemon.is_none(), "the program runs");
        self.clock.set(moment(when));
    }

    /// From now on the mail server answers so to letters for `to`.
    pub fn server_answers(&mut self, to: &str, answer: Answer) {
        self.server.lock().unwrap().answers.insert(to.to_owned(), answer);
    }

    /// From now on the mail server answers so to all letters.
    pub fn server_answers_everybody(&mut self, answer: Answer) {
        self.server.lock().unwrap().everybody = Some(answer);
    }

    /// A delivery report about `letter` comes back.
    pub async fn bounces(&mut self, letter: &Letter) {
        let report = format!(
            "From: MAILER-DAEMON@mail.example.org\r\nTo: {}\r\nSubject: Undelivered Mail Returned to Sender\r\n\
             Auto-Submitted: auto-replied\r\nMessage-ID: <bounce-{}@mail.example.org>\r\nMIME-Version: 1.0\r\n\
             Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
             --b\r\nContent-Type: text/plain\r\n\r\nYour message could not be delivered.\r\n\
             --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mail.example.org\r\n\r\n\
             Final-Recipient: rfc822; {}\r\nAction: failed\r\nStatus: 5.1.1\r\n\
             Diagnostic-Code: smtp; 550 5.1.1 user unknown\r\n\
             \r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{}>\r\nSubject: x\r\n\r\n--b--\r\n",
            letter.sender, self.mails, letter.to, letter.message_id
        );
        self.mails += 1;
        self.arrives_raw("complaints", "INBOX", report.as_bytes());
        self.looks().await;
    }

    /// The reader of `letter` is away, and their program says so.
    pub async fn is_away(&mut self, letter: &Letter) {
        let note = Mail::from(&letter.to).answering(letter).header("Auto-Submitted: auto-replied");
        self.mail(note.saying("Out of office", "I am out of the office until Monday.")).await;
    }

    /// Somebody says that they are away, until when, and who stands in.
    pub async fn says_away(&mut self, person: &str, until: &str, cover: Option<&str>) {
        let absence = Absence {
            address: person.to_owned(),
            since: london_date(self.now()),
            until: until.parse().expect("a day"),
            cover: cover.map(str::to_owned),
        };
        self.records(absence).await;
    }

    pub async fn says_back(&mut self, person: &str) {
        let today = london_date(self.now());
        self.records(Absence { address: person.to_owned(), since: today, until: today, cover: None }).await;
    }

    async fn records(&self, absence: Absence) {
        let note = AwayNote { by: absence.address.clone(), absence };
        self.office().store.record_absence(&note, self.now()).await.unwrap();
    }

    /// Somebody of the landlord does something to a case.
    pub async fn does(&mut self, reference: &str, by: &str, command: Command) {
        let office = Arc::clone(&self.daemon.as_ref().expect("the program runs").office);
        let people = office.config.landlords.iter().flat_map(|landlord| landlord.people());
        let by = people.into_iter().find(|person| person.address == by).expect("a person of the landlord");
        let reference = reference.parse().expect("a reference");
        carry_out(&office, &reference, by, command, false).await.unwrap_or_else(|refused| panic!("{refused:#}"));
        self.works().await;
    }

    /// The response of the stage the case is at: every point upheld, an apology.
    pub async fn responds(&mut self, reference: &str, by: &str) {
        let case = self.office().store.case(&reference.parse().unwrap()).await.unwrap().unwrap().case;
        let reasons = Words::new("Our repairs policy gives four weeks, and we took three months.");
        let answer = case::Answer { finding: Finding::Upheld, reasons };
        let apology = Remedy { kind: RemedyKind::Apology, what: Words::new("We are sorry."), pence: None };
        let command = Command::Respond {
            answers: vec![answer; case.definition.points.len()],
            decision: None,
            remedies: vec![apology],
            actions: Vec::new(),
        };
        self.does(reference, by, command).await;
    }

    // ── what people see ───────────────────────────────────────────────────────────────────────────────────────────

    pub fn now(&self) -> Timestamp {
        use redress::daemon::clock::Clock as _;
        self.clock.now()
    }

    pub fn office(&self) -> &Office {
        &self.daemon.as_ref().expect("the program runs").office
    }

    /// Every letter the mail server took for `to`, oldest first; but for the lists of what is open.
    pub fn letters_to(&self, to: &str) -> Vec<Letter> {
        self.taken(to, false)
    }

    /// Every list of what is open that the mail server took for `to`, oldest first: the mornings' and the weeks'.
    pub fn lists_to(&self, to: &str) -> Vec<Letter> {
        self.taken(to, true)
    }

    fn taken(&self, to: &str, lists: bool) -> Vec<Letter> {
        let server = self.server.lock().unwrap();
        server.taken.iter().filter(|letter| letter.to == to && is_list(letter) == lists).cloned().collect()
    }

    /// The last letter the mail server took for `to`.
    pub fn last_letter_to(&self, to: &str) -> Letter {
        self.letters_to(to).pop().unwrap_or_else(|| panic!("no letter went to {to}"))
    }

    /// How often the mail server was asked to take a letter that is no list.
    pub fn tries(&self) -> usize {
        self.server.lock().unwrap().tries
    }

    /// When which letter was taken for `to`: "Fri 20 Nov 15:00 acknowledgement".
    pub async fn told(&self, to: &str) -> Vec<String> {
        let kinds = self.kinds().await;
        let kind = |letter: &Letter| match our_letter(&letter.message_id, &self.office().key) {
            Some((reference, number)) => kinds[&(reference.to_string(), i64::from(number))].clone(),
            None => letter.subject.clone(),
        };
        self.letters_to(to).iter().map(|letter| format!("{} {}", in_words(letter.taken), kind(letter))).collect()
    }

    async fn kinds(&self) -> BTreeMap<(String, i64), String> {
        let rows = self.outbox().await;
        rows.into_iter().filter_map(|row| Some(((row.reference?, row.letter), row.kind))).collect()
    }

    pub async fn inbox(&self) -> Vec<InboxRow> {
        self.office().store.inbox(0, 10_000).await.unwrap()
    }

    pub async fn outbox(&self) -> Vec<LetterRow> {
        self.office().store.outbox(0, 10_000).await.unwrap()
    }

    /// Each message: "handled: complaint → RCH-…", without the reference's check character for brevity's sake.
    pub async fn sorted(&self) -> Vec<String> {
        let rows = self.inbox().await;
        rows.iter().map(|row| format!("{}: {}", row.state, row.sorted.as_deref().unwrap_or("-"))).collect()
    }

    /// References of all cases, oldest first.
    pub async fn cases(&self) -> Vec<String> {
        self.office().store.cases().await.unwrap().into_iter().map(|row| row.reference).collect()
    }

    pub async fn events(&self, reference: &str) -> Vec<Recorded> {
        let reference = reference.parse().expect("a reference");
        self.office().store.case(&reference).await.unwrap().expect("there is this case").history
    }

    /// The case's history, a few words an event.
    pub async fn history(&self, reference: &str) -> Vec<String> {
        self.events(reference).await.iter().map(|recorded| words(&recorded.event)).collect()
    }

    /// What the operator was told by the second way.
    pub fn second_way(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("second-way")).unwrap_or_default()
    }

    /// The database's whole content as people can ask for it: the same before and after something means that nothing
    /// happened.
    pub async fn everything(&self) -> Vec<String> {
        let mut all = self.sorted().await;
        for reference in self.cases().await {
            all.extend(self.events(&reference).await.iter().map(|recorded| format!("{recorded:?}")));
        }
        all.extend(self.outbox().await.iter().map(|row| format!("{row:?}")));
        all.extend(self.office().store.deadlines().await.unwrap().iter().map(|row| format!("{row:?}")));
        all
    }

    // ── what must always hold ─────────────────────────────────────────────────────────────────────────────────────

    /// Nothing is reminded of twice, no letter number is used twice, no response date moves out, every open duty is looked
    /// at again, and the database's lists agree with its histories.
    async fn check(&self) {
        let store = &self.office().store;
        let (_, findings) = store.verify().await.unwrap();
        assert_eq!(findings, [""; 0]);
        for row in store.deadlines().await.unwrap() {
            let next =
                row.next_look.unwrap_or_else(|| panic!("{}: nobody looks at {:?} again", row.reference, row.duty));
            assert!(next > self.now(), "{}: {:?} waits to be looked at", row.reference, row.duty);
        }
        for reference in self.cases().await {
            let mut once = BTreeSet::new();
            let mut due = BTreeMap::new();
            for recorded in self.events(&reference).await {
                let words = words(&recorded.event);
                if words.starts_with("reminded") || words.starts_with("letter") {
                    assert!(once.insert(words.clone()), "{reference}: {words}, twice");
                }
                if let Event::DeadlineSet { duty, due: set, .. } = recorded.event {
                    let before = due.insert(duty, set.date);
                    assert!(before.is_none_or(|before| set.date <= before), "{reference}: {duty:?} was put off");
                }
            }
        }
    }
}

fn words(event: &Event) -> String {
    match event {
        Event::Opened(opening) => {
            format!("opened as {}{}", opening.kind.key(), if opening.unsure { ", unsure" } else { "" })
        }
        Event::MessageAdded(addition) => format!("message added by {:?}", addition.writer).to_lowercase(),
        Event::DeadlineSet { duty, due, .. } => format!("{duty} by {}", due.date),
        Event::DutyMet { duty } => format!("{duty} met"),
        Event::DutyReopened { duty } => format!("{duty} open again"),
        Event::LetterWritten { letter, kind, .. } => format!("letter {letter}: {}", kind.key()),
        Event::LetterPosted { letter, outcome } => {
            let outcome = match outcome {
                Outcome::Sent { .. } => "sent",
                Outcome::Refused { .. } => "refused",
                Outcome::Returned { .. } => "returned",
                Outcome::Absent { .. } => "answered by an absence note",
                Outcome::HandedOver { .. } => "handed over",
                Outcome::Dropped => "dropped",
            };
            format!("{outcome}: {letter}")
        }
        Event::Acknowledged { .. } => "acknowledged".to_owned(),
        Event::Reminded { duty, rung, .. } => format!("reminded of {duty} at {}", rung.0),
        other => serde_json::to_value(other).unwrap()["event"].as_str().unwrap().replace('_', " "),
    }
}
