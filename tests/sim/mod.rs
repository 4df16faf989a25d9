//! A small world around the real daemon: residents, a mailbox, a mail server and a clock, all played; the rounds, the
//! database and the letters are the real ones.
//!
//! Stories speak in verbs: mail arrives, time goes to a moment, the machine sleeps, the program is started anew. After
//! every stretch of work the world checks what must hold whatever happened (see [`World::check`]).

#![expect(clippy::unwrap_used, reason = "a world that breaks ends the test")]

pub mod check;
pub mod points;

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt as _;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use mail_parser::MessageParser;
use redress::config::{Config, MailboxConfig};
use redress::daemon::clock::{Clock as _, PlayedClock};
use redress::daemon::command::carry_out;
use redress::daemon::office::Office;
use redress::daemon::receive::{Fault, Receive};
use redress::daemon::send::{self, Route};
use redress::daemon::watch::Watch;
use redress::daemon::{Progress, digest, handle, reconcile, remind, start, work_off};
use redress::domain::absence::Absence;
use redress::domain::calendar::london_date;
use redress::domain::case::{self, Event, Finding, Outcome, Recorded, Remedy, RemedyKind};
use redress::domain::command::Command;
use redress::domain::letter::our_letter;
use redress::domain::reconcile::Reconciled;
use redress::domain::words::Words;
use redress::mail::mailbox::{Facts, Fetched, Folder, Mailbox, MailboxError, Raw, Uid};
use redress::mail::transport::{Accepted, Envelope, SendError, Transport};
use redress::store::{AwayNote, InboxRow, LetterRow, Purpose, Store};
use tempfile::TempDir;

use check::Auditor;
use points::{Points, Weather, ride};

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

/// Where a world is kept: in memory, where there is such a place.
fn new_folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

/// A database before its first case, with a key that is the same in every world: so its letters are as well.
async fn empty_database() -> &'static [u8] {
    static EMPTY: tokio::sync::OnceCell<Vec<u8>> = tokio::sync::OnceCell::const_new();
    let make = || async {
        let folder = new_folder();
        let path = folder.path().join("redress.db");
        let store = Store::open(&format!("sqlite:{}", path.display()), Purpose::Run).await.unwrap();
        store.close().await;
        Auditor::beside(&path).await.set_key([7; 32]).await;
        std::fs::read(&path).unwrap()
    };
    EMPTY.get_or_init(make).await
}

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

    pub fn written_by(mut self, from: &str) -> Mail {
        self.from = from.to_owned();
        self
    }

    pub fn known_as(mut self, message_id: &str) -> Mail {
        self.message_id = Some(message_id.to_owned());
        self
    }

    /// As it travels.
    pub fn raw(&self) -> Vec<u8> {
        let id = self.message_id.iter().map(|id| format!("Message-ID: <{id}>"));
        let head = [
            format!("From: {}", self.from),
            format!("To: {}", self.to.join(", ")),
            format!("Subject: {}", self.subject),
        ];
        let head = head.into_iter().chain(id).chain(["MIME-Version: 1.0".to_owned()]);
        let head: Vec<String> = head.chain(self.more.iter().cloned()).collect();
        let content = if head.iter().any(|line| line.starts_with("Content-Type:")) {
            String::new()
        } else {
            "Content-Type: text/plain; charset=utf-8\r\n".to_owned()
        };
        format!("{}\r\n{content}\r\n{}\r\n", head.join("\r\n"), self.body.replace('\n', "\r\n")).into_bytes()
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

    /// The report of a mail server that could not deliver it. `number` tells one report from another.
    pub fn report(&self, number: usize) -> Vec<u8> {
        let report = format!(
            "From: MAILER-DAEMON@mail.example.org\r\nTo: {}\r\nSubject: Undelivered Mail Returned to Sender\r\n\
             Auto-Submitted: auto-replied\r\nMessage-ID: <bounce-{number}@mail.example.org>\r\nMIME-Version: 1.0\r\n\
             Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
             --b\r\nContent-Type: text/plain\r\n\r\nYour message could not be delivered.\r\n\
             --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mail.example.org\r\n\r\n\
             Final-Recipient: rfc822; {}\r\nAction: failed\r\nStatus: 5.1.1\r\n\
             Diagnostic-Code: smtp; 550 5.1.1 user unknown\r\n\
             \r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{}>\r\nSubject: x\r\n\r\n--b--\r\n",
            self.sender, self.to, self.message_id
        );
        report.into_bytes()
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
    /// 552, the reader's mailbox is full.
    Full,
    /// The letter is taken, and its answer gets lost.
    Silent,
    /// All was said, the letter is not taken, and nobody hears of it.
    Lost,
    /// The login is refused.
    NoLogin,
    /// Nobody is there.
    NoConnection,
}

/// The mail server: answers as told, keeps what it took.
#[derive(Default)]
pub struct Server {
    /// For one recipient, else for everybody.
    pub answers: BTreeMap<String, Answer>,
    pub everybody: Option<Answer>,
    /// How it is minded towards the next letter, when neither says.
    pub minded: Option<Box<dyn FnMut() -> Answer + Send>>,
    pub taken: Vec<Letter>,
    /// Message-IDs of letters it said that it took, and refused for good; in that order.
    pub said: Vec<(String, bool)>,
    /// Every try, whatever came of it; lists apart.
    tries: usize,
}

struct Post {
    server: Arc<Mutex<Server>>,
    clock: Arc<PlayedClock>,
    points: Arc<Points>,
}

impl Transport for Post {
    async fn send(&mut self, letter: Envelope<'_>) -> Result<Accepted, SendError> {
        let lost = |()| SendError::Unknown("the connection was lost".to_owned());
        self.points.pass("a letter on its way").await.map_err(|()| SendError::Unreached("no connection".to_owned()))?;
        let answer = self.server.lock().unwrap().takes(&letter, self.clock.now());
        self.points.pass("the answer to a letter").await.map_err(lost)?;
        if matches!(answer, Answer::Taken | Answer::Refused) {
            let id = Letter::read(&letter, self.clock.now()).message_id;
            self.server.lock().unwrap().said.push((id, answer == Answer::Taken));
        }
        match answer {
            Answer::Taken => Ok(Accepted { reply: "250 2.0.0 taken".to_owned() }),
            Answer::NotNow => Err(SendError::Again("451 4.3.0 try later".to_owned())),
            Answer::Refused => Err(SendError::Never("550 5.1.1 no such user".to_owned())),
            Answer::Full => Err(SendError::Never("552 5.2.2 mailbox full".to_owned())),
            Answer::Silent | Answer::Lost => Err(SendError::Unknown("no answer to the final dot".to_owned())),
            Answer::NoConnection => Err(SendError::Unreached("connection refused".to_owned())),
            Answer::NoLogin => Err(SendError::RouteBroken("535 5.7.8 login refused".to_owned())),
        }
    }
}

impl Server {
    fn takes(&mut self, letter: &Envelope<'_>, now: Timestamp) -> Answer {
        let read = Letter::read(letter, now);
        self.tries += usize::from(!is_list(&read));
        assert!(!letter.from.is_empty(), "an empty envelope sender: its bounce would come back to nobody");
        let told = self.answers.get(letter.to).copied().or(self.everybody);
        let answer = told.or_else(|| self.minded.as_mut().map(|minded| minded())).unwrap_or(Answer::Taken);
        if matches!(answer, Answer::Taken | Answer::Silent) {
            self.taken.push(read);
        }
        answer
    }
}

/// A mailbox on a server: folders with what lies in them.
#[derive(Debug, Default)]
pub struct Lying {
    pub folders: BTreeMap<String, Vec<(u32, Timestamp, Vec<u8>)>>,
    pub uidvalidity: i64,
    /// The last UID of each folder.
    pub last_uid: BTreeMap<String, u32>,
    /// The server can neither move nor delete.
    pub keeps_everything: bool,
    /// The server announces this message and does not give it.
    pub withheld: Option<u32>,
    pub trouble: Option<Trouble>,
    /// What the program moved since somebody last looked.
    pub filed: Vec<Vec<u8>>,
}

/// What is wrong with a mail server that holds a mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It does not answer.
    Down,
    /// It refuses the login.
    NoLogin,
    /// It lets in, and refuses to list.
    NoList,
    /// It lets in, and lists nothing.
    Empty,
    /// It lists what it does not have yet.
    NotYet,
    /// It talks nonsense where a message should come.
    Nonsense,
    /// It moves a message, and the answer is lost.
    MovesInSilence,
}

struct Postbox {
    lying: Arc<Mutex<Lying>>,
    open: String,
    points: Arc<Points>,
}

impl Postbox {
    fn trouble(&self) -> Option<Trouble> {
        self.lying.lock().unwrap().trouble
    }

    /// As the real one: after any error the session is gone.
    fn lost(&mut self) -> MailboxError {
        self.open.clear();
        MailboxError::Lost("the connection was lost".to_owned())
    }

    async fn reached(&mut self, point: &str) -> Result<(), MailboxError> {
        self.points.pass(point).await.map_err(|()| self.lost())
    }
}

impl Mailbox for Postbox {
    async fn open(&mut self, folder: &str) -> Result<Folder, MailboxError> {
        self.reached("opening a folder").await?;
        match self.trouble() {
            Some(Trouble::Down) => return Err(self.lost()),
            Some(Trouble::NoLogin) => return Err(MailboxError::Login("not with this password".to_owned())),
            _ => {}
        }
        self.open = folder.to_owned();
        Ok(Folder { uidvalidity: self.lying.lock().unwrap().uidvalidity })
    }

    async fn list(&mut self, after: Option<&Uid>) -> Result<Vec<Uid>, MailboxError> {
        assert!(after.is_none(), "the ledger says what is new");
        self.reached("listing a folder").await?;
        match self.trouble() {
            Some(Trouble::Empty) => return Ok(Vec::new()),
            Some(Trouble::NoList) => {
                self.open.clear();
                return Err(MailboxError::Refused("not now".to_owned()));
            }
            _ => {}
        }
        let lying = self.lying.lock().unwrap();
        Ok(lying.folders.get(&self.open).into_iter().flatten().map(|(uid, ..)| uid.to_string()).collect())
    }

    async fn fetch(&mut self, uid: &Uid, limit: u64) -> Result<Option<Fetched>, MailboxError> {
        self.reached("fetching a message").await?;
        match self.trouble() {
            Some(Trouble::NotYet) => return Ok(None),
            Some(Trouble::Nonsense) => panic!("simulated: the answer makes no sense"),
            _ => {}
        }
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
        self.reached("moving a message").await?;
        let silent = self.trouble() == Some(Trouble::MovesInSilence);
        self.lying.lock().unwrap().moves(&self.open, uid, to)?;
        if silent { Err(self.lost()) } else { self.reached("a message moved").await }
    }

    async fn wait(&mut self, _: Duration) -> Result<(), MailboxError> {
        Ok(())
    }

    async fn facts(&mut self, uids: &[Uid]) -> Result<Vec<Facts>, MailboxError> {
        self.reached("asking for facts").await?;
        let lying = self.lying.lock().unwrap();
        let there = lying.folders.get(&self.open).into_iter().flatten();
        let asked = there.filter(|(uid, ..)| uids.contains(&uid.to_string()));
        Ok(asked.map(|(uid, at, raw)| Facts { uid: uid.to_string(), arrived: *at, size: raw.len() as u64 }).collect())
    }

    async fn close(&mut self) {}
}

impl Lying {
    fn moves(&mut self, from: &str, uid: &Uid, to: &str) -> Result<(), MailboxError> {
        if self.keeps_everything {
            return Err(MailboxError::Refused("the server offers neither MOVE nor UIDPLUS".to_owned()));
        }
        let here = self.folders.entry(from.to_owned()).or_default();
        let at = here.iter().position(|(number, ..)| number.to_string() == *uid);
        if let Some((_, arrived, raw)) = at.map(|at| here.remove(at)) {
            self.filed.push(raw.clone());
            self.puts(to, arrived, raw);
        }
        Ok(())
    }

    /// A message comes to lie in a folder, under a UID of its own.
    pub fn puts(&mut self, folder: &str, arrived: Timestamp, raw: Vec<u8>) {
        let uid = self.last_uid.entry(folder.to_owned()).or_default();
        *uid += 1;
        self.folders.entry(folder.to_owned()).or_default().push((*uid, arrived, raw));
    }

    /// The server was set back to when `uid` was the last of each folder: it gives the UIDs since out again.
    pub fn is_set_back(&mut self, uid: u32) {
        self.last_uid.values_mut().for_each(|last| *last = uid.min(*last));
        self.folders.values_mut().for_each(|messages| messages.retain(|(number, ..)| *number <= uid));
    }

    /// The server was set up anew: every message has another UID under another UIDVALIDITY, and UIDs that were another's.
    pub fn is_rebuilt(&mut self) {
        self.uidvalidity += 1;
        self.last_uid.clear();
        for (folder, mut messages) in std::mem::take(&mut self.folders) {
            messages.reverse();
            for (_, arrived, raw) in messages {
                self.puts(&folder, arrived, raw);
            }
        }
    }
}

/// The program, as long as it runs.
pub struct Daemon {
    pub office: Arc<Office>,
    receive: Vec<tokio::sync::Mutex<Receive<Postbox>>>,
    sender: tokio::sync::Mutex<(Post, Route)>,
    watch: tokio::sync::Mutex<Watch>,
    mailboxes: BTreeMap<String, Arc<Mutex<Lying>>>,
    points: Arc<Points>,
}

/// What the program does again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Round {
    /// Looks into the mailbox at this place of the configuration.
    Look(usize),
    Handle,
    Remind,
    Digest,
    Send,
    /// Looks whether all is well, and tells the operator.
    Watch,
    /// Compares the mailboxes with the ledger, when it is time to.
    Reconcile,
}

impl Daemon {
    /// One step of a round, as production makes it.
    pub async fn step(self: Arc<Daemon>, round: Round) -> anyhow::Result<Progress> {
        match round {
            Round::Look(at) => {
                let mut receive = self.receive[at].lock().await;
                let looked = receive.look().await;
                if looked.is_err() {
                    receive.close().await;
                }
                match looked {
                    Ok(0) | Err(Fault::Mailbox(_)) => Ok(Progress::Idle),
                    Ok(_) => Ok(Progress::Made),
                    Err(Fault::Store(trouble)) => Err(trouble),
                }
            }
            Round::Handle => handle::step(&self.office).await,
            Round::Remind => remind::step(&self.office).await,
            Round::Digest => digest::step(&self.office).await,
            Round::Send => {
                let mut sender = self.sender.lock().await;
                let (post, route) = &mut *sender;
                send::step(&self.office, post, route).await
            }
            Round::Watch => {
                self.watch.lock().await.step().await;
                Ok(Progress::Idle)
            }
            Round::Reconcile => {
                let session = |config: &MailboxConfig| Postbox {
                    lying: Arc::clone(&self.mailboxes[&config.name]),
                    open: String::new(),
                    points: Arc::clone(&self.points),
                };
                // As its round does: it disturbs nothing else.
                let step = AssertUnwindSafe(reconcile::step(&self.office, session)).catch_unwind().await;
                step.unwrap_or(Ok(Progress::Idle))
            }
        }
    }

    /// Every round that moves something.
    pub fn rounds(&self) -> Vec<Round> {
        let looks = (0..self.receive.len()).map(Round::Look);
        looks.chain([Round::Handle, Round::Remind, Round::Digest, Round::Send]).collect()
    }
}

/// What a world has beside one landlord with one mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Second {
    Mailbox,
    Landlord,
}

pub struct World {
    pub config: Config,
    folder: TempDir,
    pub clock: Arc<PlayedClock>,
    /// How far the program's clock goes ahead of everybody else's.
    pub ahead: SignedDuration,
    pub server: Arc<Mutex<Server>>,
    pub mailboxes: BTreeMap<String, Arc<Mutex<Lying>>>,
    pub points: Arc<Points>,
    pub auditor: Auditor,
    daemon: Option<Arc<Daemon>>,
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
        let mut world = World::standing(start, toml, change).await;
        world.restart().await;
        world
    }

    /// All is there, and the program is not running yet: one landlord, or a mailbox and a landlord more.
    pub async fn before(start: &str, second: Option<Second>, change: impl FnOnce(&mut Config)) -> World {
        let more = match second {
            None => "",
            Some(Second::Mailbox) => REPAIRS,
            Some(Second::Landlord) => NEIGHBOUR,
        };
        World::standing(start, format!("{CONFIGURATION}{more}"), change).await
    }

    async fn standing(start: &str, toml: String, change: impl FnOnce(&mut Config)) -> World {
        let folder = new_folder();
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
        let mailbox = || Arc::new(Mutex::new(Lying { uidvalidity: 7, ..Lying::default() }));
        let mailboxes = config.mailboxes.iter().map(|config| (config.name.clone(), mailbox())).collect();
        let database = folder.path().join("redress.db");
        std::fs::write(&database, empty_database().await).unwrap();
        World {
            config,
            clock: Arc::new(PlayedClock::new(now)),
            ahead: SignedDuration::ZERO,
            server: Arc::default(),
            mailboxes,
            points: Arc::default(),
            auditor: Auditor::beside(&database).await,
            daemon: None,
            mails: 0,
            folder,
        }
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
        let daemon = self.open().await;
        start(&daemon.office).await.expect("it starts");
        self.runs(daemon);
        self.works().await;
    }

    /// A new program on the database, before it has done anything.
    pub async fn open(&self) -> Arc<Daemon> {
        let open = || Office::open(self.config.clone(), self.clock.clone(), Purpose::Run);
        let mut opened = open().await;
        // Another world may be starting a command at this moment: until that has begun, it holds our lock as well.
        for _ in 0..100 {
            if opened.is_ok() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
            opened = open().await;
        }
        let office = Arc::new(opened.expect("it starts"));
        let points = || Arc::clone(&self.points);
        let receive = self.config.mailboxes.iter().map(|config| {
            let lying = Arc::clone(&self.mailboxes[&config.name]);
            let mailbox = Postbox { lying, open: String::new(), points: points() };
            tokio::sync::Mutex::new(Receive::new(Arc::clone(&office), config.clone(), mailbox))
        });
        let receive = receive.collect();
        let post = Post { server: Arc::clone(&self.server), clock: Arc::clone(&self.clock), points: points() };
        let watch = tokio::sync::Mutex::new(Watch::new(Arc::clone(&office)));
        let sender = tokio::sync::Mutex::new((post, Route::default()));
        Arc::new(Daemon { office, receive, sender, watch, mailboxes: self.mailboxes.clone(), points: points() })
    }

    pub fn runs(&mut self, daemon: Arc<Daemon>) {
        self.daemon = Some(daemon);
    }

    /// The program, unless it is not running.
    pub fn daemon(&self) -> Option<&Arc<Daemon>> {
        self.daemon.as_ref()
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
        self.arrives_raw(mailbox, folder, &mail.known_as(&id).raw());
        id
    }

    /// Bytes reach a folder of a mailbox now; nobody looks yet.
    pub fn arrives_raw(&mut self, mailbox: &str, folder: &str, raw: &[u8]) {
        let now = self.now() - self.ahead;
        self.mailboxes[mailbox].lock().unwrap().puts(folder, now, raw.to_vec());
    }

    /// From now on the mail server refuses to move messages.
    pub fn mailbox_keeps_everything(&mut self) {
        self.mailboxes["complaints"].lock().unwrap().keeps_everything = true;
    }

    /// The mail server announces its newest message and does not give it, or gives it again.
    pub fn mailbox_withholds_the_newest(&mut self, withholds: bool) {
        let mut lying = self.mailboxes["complaints"].lock().unwrap();
        lying.withheld = withholds.then(|| lying.last_uid["INBOX"]);
    }

    /// How many messages lie in a folder of the first mailbox.
    pub fn lying_in(&self, folder: &str) -> usize {
        self.mailboxes["complaints"].lock().unwrap().folders.get(folder).map_or(0, Vec::len)
    }

    /// The mail server was set up anew.
    pub fn mailbox_is_rebuilt(&mut self) {
        self.mailboxes["complaints"].lock().unwrap().is_rebuilt();
    }

    /// The program looks into its mailboxes and does all that is due.
    pub async fn looks(&mut self) {
        let daemon = self.daemon.as_ref().expect("the program runs");
        for receive in &daemon.receive {
            receive.lock().await.look().await.expect("the mailbox can be read");
        }
        self.works().await;
    }

    async fn works(&mut self) {
        let daemon = Arc::clone(self.daemon.as_ref().expect("the program runs"));
        digest::step(&daemon.office).await.expect("the database works");
        let (post, route) = &mut *daemon.sender.lock().await;
        work_off(&daemon.office, post, route).await.expect("the database works");
        self.auditor.look(&daemon.office).await;
        self.auditor.agrees(&daemon.office).await;
        self.auditor.at_rest(&daemon.office).await;
    }

    /// The program does what it can while its database fails; so often nothing can be committed from the moment the mail
    /// server takes a letter.
    pub async fn looks_and_the_disk_fills_up(&mut self, felt: u32) {
        let points = Arc::clone(&self.points);
        let fills = move || {
            points.set_weather(Weather::Full, felt);
            Answer::Taken
        };
        self.server.lock().unwrap().minded = Some(Box::new(fills));
        let daemon = Arc::clone(self.daemon.as_ref().expect("the program runs"));
        for round in daemon.rounds() {
            ride(&self.points, Arc::clone(&daemon).step(round)).await;
        }
        self.server.lock().unwrap().minded = None;
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
        self.mails += 1;
        self.arrives_raw("complaints", "INBOX", &letter.report(self.mails));
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

    /// What a person sees who asks whether the servers and the ledger agree.
    pub async fn compares(&self) -> Reconciled {
        let office = self.office();
        let session = |config: &MailboxConfig| Postbox {
            lying: Arc::clone(&self.mailboxes[&config.name]),
            open: String::new(),
            points: Arc::clone(&self.points),
        };
        let (config, found) = (&office.config, reconcile::Found::Report);
        reconcile::compare(config, &office.store, session, found, self.now()).await.expect("the database works")
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
}

pub fn words(event: &Event) -> String {
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
