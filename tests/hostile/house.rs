//! A landlord whose program runs in a hostile world, and what can be seen of it from outside.
//!
//! The program is the real one. libfaketime lets its clock, and with it all its patience, pass many times as fast: a server
//! may be silent for two minutes, and a letter wait for a quarter of an hour, while a test waits for seconds.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use redress::daemon::clock::{Clock as _, SystemClock};
use redress::store::{Purpose, Store};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, SqliteConnection};
use tokio::process::{Child, Command};

use crate::common::{Lying, address, append, messages, variable};

/// How much faster than ours the program's time passes. At this rate it gives a server a second to greet it, and a TLS
/// handshake half of one: less would find busy machines, and not faults.
pub const RATE: u32 = 30;

/// How mailbox and mail server are reached.
#[derive(Clone, Copy, Debug)]
pub struct Ways {
    /// "tls", "starttls" or "plain".
    pub imap: &'static str,
    pub imap_port: u16,
    /// "starttls" or "plain".
    pub smtp: &'static str,
    pub smtp_port: u16,
    pub moves: bool,
}

impl Ways {
    /// Straight to the servers, in TLS.
    pub fn straight() -> Ways {
        let (imap_port, smtp_port) = (port("REDRESS_TEST_IMAPS_PORT"), port("REDRESS_TEST_SMTP_PORT"));
        Ways { imap: "tls", imap_port, smtp: "starttls", smtp_port, moves: false }
    }
}

pub fn port(name: &str) -> u16 {
    variable(name).parse().expect("a port is a number")
}

pub struct House {
    pub folder: tempfile::TempDir,
    pub address: String,
    pub officer: String,
    /// Where the database lies; elsewhere than the rest when its disk is to be full.
    pub database: PathBuf,
    rate: u32,
    /// When the program's clock began to run fast.
    began: Instant,
    /// How far it was set forward besides.
    skipped: Duration,
    config: String,
}

impl House {
    pub fn new(ways: Ways) -> House {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let (address, officer) = (address("complaints"), address("officer"));
        let database = folder.path().join("redress.db");
        let config = configuration(&address, &officer, ways);
        let (began, skipped) = (Instant::now(), Duration::ZERO);
        let house = House { folder, address, officer, database, rate: RATE, began, skipped, config };
        house.write();
        house
    }

    /// The same landlord, mailbox and clock, in another folder with nothing in it.
    pub fn elsewhere(&self) -> House {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let (address, officer, config) = (self.address.clone(), self.officer.clone(), self.config.clone());
        let database = folder.path().join("redress.db");
        let house = House { folder, database, address, officer, config, ..*self };
        house.write();
        house
    }

    /// The database lies in this folder.
    pub fn keeps_its_database_in(&mut self, folder: &Path) {
        self.database = folder.join("redress.db");
        self.write();
    }

    pub fn configure(&mut self, from: &str, to: &str) {
        assert!(self.config.contains(from), "{from}");
        self.config = self.config.replace(from, to);
        self.write();
    }

    fn write(&self) {
        let config = self
            .config
            .replace("DATABASE", self.database.to_str().expect("UTF-8"))
            .replace("SECOND_WAY", self.path("second-way").to_str().expect("UTF-8"));
        std::fs::write(self.path("redress.toml"), config).expect("the folder is ours");
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// What the operator was told by the second way.
    pub fn second_way(&self) -> String {
        std::fs::read_to_string(self.path("second-way")).unwrap_or_default()
    }

    /// The programs to start live at another rate.
    pub fn lives_at(&mut self, rate: u32) {
        self.rate = rate;
    }

    /// The next program to start finds the clock further on: what waits for a moment has waited.
    pub fn skips(&mut self, time: Duration) {
        self.skipped += time;
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let ahead = self.began.elapsed() * (self.rate - 1) + self.skipped;
        let mut command = Command::new(env!("CARGO_BIN_EXE_redress"));
        command
            .args(arguments)
            .env("REDRESS_CONFIG", self.path("redress.toml"))
            .env("LD_PRELOAD", variable("REDRESS_TEST_FAKETIME"))
            .env("FAKETIME", format!("+{} x{}", ahead.as_secs(), self.rate))
            .env("NO_FAKE_STAT", "1")
            .kill_on_drop(true);
        command
    }

    pub fn starts(&self) -> Daemon {
        let log = std::fs::File::options().create(true).append(true).open(self.path("log")).expect("the log is ours");
        Daemon(self.command(&["run"]).stderr(Stdio::from(log)).spawn().expect("the binary starts"))
    }

    pub async fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().await.expect("the binary starts")
    }

    /// What a command that succeeds prints.
    pub async fn says(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments).await;
        assert!(output.status.success(), "{arguments:?}: {}", all(&output));
        all(&output)
    }

    /// A connection of another program to the database; `None` while there is no database.
    pub async fn database(&self) -> Option<SqliteConnection> {
        let options = SqliteConnectOptions::new().filename(&self.database).busy_timeout(Duration::from_secs(5));
        SqliteConnection::connect_with(&options).await.ok()
    }

    /// The number that this statement gives; 0 while the database is not to be read.
    pub async fn count(&self, statement: &'static str) -> i64 {
        let Some(mut connection) = self.database().await else { return 0 };
        let counted = sqlx::query_scalar(statement).fetch_one(&mut connection).await.unwrap_or(0);
        let _ = connection.close().await;
        counted
    }

    /// The texts that this statement gives.
    pub async fn rows(&self, statement: &'static str) -> Vec<String> {
        let mut connection = self.database().await.expect("the database is there");
        let rows = sqlx::query_scalar(statement).fetch_all(&mut connection).await.expect("it works");
        connection.close().await.expect("it works");
        rows
    }

    pub async fn cases(&self) -> i64 {
        self.count("SELECT COUNT(*) FROM case_file").await
    }

    /// Waits until `so`, and at most `within`.
    pub async fn until(&self, what: &str, within: Duration, mut so: impl AsyncFnMut() -> bool) {
        let deadline = Instant::now() + within;
        while !so().await {
            assert!(Instant::now() < deadline, "not within {within:?}: {what}; the log:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Waits until `count` messages are cases and nothing waits any more: no message, no letter, no trouble.
    pub async fn settles(&self, count: usize, within: Duration) {
        let count = count as i64;
        self.until(&format!("{count} cases, and nothing waits"), within, async || {
            self.cases().await >= count
                && self
                    .count(
                        "SELECT (SELECT COUNT(*) FROM inbox WHERE state = 'new') \
                              + (SELECT COUNT(*) FROM outbox WHERE state IN ('queued', 'sending')) \
                              + (SELECT COUNT(*) FROM alarm WHERE name NOT LIKE 'the program ends%')",
                    )
                    .await
                    == 0
        })
        .await;
    }

    /// Names of the troubles that are open.
    pub async fn alarms(&self) -> Vec<String> {
        let store = self.store().await;
        let alarms = store.alarms().await.expect("the database works");
        store.close().await;
        // Those who killed it know.
        alarms.into_iter().map(|alarm| alarm.name).filter(|name| !name.starts_with("the program ends")).collect()
    }

    pub async fn store(&self) -> Store {
        let url = format!("sqlite:{}", self.database.display());
        Store::open(&url, Purpose::Beside).await.expect("the database is there")
    }

    /// A complaint of this resident lies in the mailbox.
    pub async fn gets(&self, complaint: &Complaint) {
        append(&self.address, complaint.flags, &now_for_mail(), &complaint.raw).await;
    }

    /// Goal: the ledger reconciles.
    ///
    /// Every message that lies on the server is in the ledger, byte for byte; each complaint is one case and got one
    /// acknowledgement, twice only when the answer to it was lost; history and rows agree; servers and database agree; and
    /// no trouble is open.
    pub async fn reconciles(&self, complaints: &[Complaint], folders: &[&str]) -> Verdict {
        self.reconciles_without(0, complaints, folders).await
    }

    /// As [`reconciles`](Self::reconciles), when people took so many of the messages away.
    pub async fn reconciles_without(&self, gone: usize, complaints: &[Complaint], folders: &[&str]) -> Verdict {
        let mut connection = self.database().await.expect("the database is there");
        // A copy's bytes are those of the message it is a copy of.
        let stored = "SELECT COALESCE(raw, (SELECT raw FROM inbox o WHERE o.digest = i.digest AND raw IS NOT NULL)), state \
                      FROM inbox i ORDER BY id";
        let stored: Vec<(Option<Vec<u8>>, String)> =
            sqlx::query_as(stored).fetch_all(&mut connection).await.expect("it works");
        for (raw, state) in &stored {
            let raw = raw.as_deref().expect("nothing was erased");
            let known = complaints.iter().any(|complaint| complaint.lies_as(raw));
            assert!(known, "what was never sent is in the ledger, {state}: {}", String::from_utf8_lossy(raw));
        }
        let mut lying: Vec<Lying> = Vec::new();
        for folder in folders {
            lying.extend(messages(&self.address, folder).await);
        }
        assert_eq!(lying.len() + gone, complaints.len(), "nothing was taken away, and nothing added");
        for complaint in complaints {
            let ours = stored.iter().filter(|(raw, _)| raw.as_ref().is_some_and(|raw| complaint.lies_as(raw)));
            let states: Vec<&str> = ours.map(|(_, state)| state.as_str()).filter(|state| *state != "copy").collect();
            assert_eq!(states, ["handled"], "{}; the log:\n{}", complaint.resident, self.log());
            let flags: Vec<&Vec<String>> =
                lying.iter().filter(|message| complaint.lies_as(&message.raw)).map(|message| &message.flags).collect();
            assert!(flags.len() <= 1 && flags.iter().all(|flags| **flags == complaint.flag()), "no flag was touched");
        }

        let mut verdict = Verdict::default();
        for complaint in complaints {
            let letters = messages(&complaint.resident, "INBOX").await;
            let mut by_id: BTreeMap<String, usize> = BTreeMap::new();
            for letter in &letters {
                *by_id.entry(message_id(&letter.raw)).or_default() += 1;
            }
            assert_eq!(by_id.len(), 1, "letters to {}: {by_id:?}", complaint.resident);
            for (id, times) in by_id.into_iter().filter(|(_, times)| *times > 1) {
                let doubts: i64 = sqlx::query_scalar(
                    "SELECT COUNT(*) FROM attempt a JOIN outbox o ON o.id = a.outbox_id \
                      WHERE o.message_id = $1 AND a.outcome = 'unknown'",
                )
                .bind(&id)
                .fetch_one(&mut connection)
                .await
                .expect("it works");
                assert!(times as i64 <= 1 + doubts, "{id} came {times} times, and {doubts} answers were lost");
                verdict.doubles += times - 1;
            }
        }
        connection.close().await.expect("it works");
        assert_eq!(self.cases().await as usize, complaints.len(), "one case a complaint");
        let store = self.store().await;
        assert_eq!(store.verify().await.expect("it works"), (complaints.len(), Vec::new()));
        store.close().await;
        assert_eq!(self.alarms().await, Vec::<String>::new(), "no trouble is open");
        let checked = self.says(&["check"]).await;
        assert!(checked.contains(&format!("{} cases as written", complaints.len())), "{checked}");
        let compared = self.says(&["reconcile"]).await;
        assert!(!compared.contains("difference"), "{compared}");
        verdict.rows = stored.len();
        verdict
    }
}

/// What came out of a storm.
#[derive(Debug, Default)]
pub struct Verdict {
    /// Rows of the ledger: more than there are messages where UIDs changed.
    pub rows: usize,
    /// Letters that came twice, because an answer was lost.
    pub doubles: usize,
}

/// The running program, dead when the test is over.
pub struct Daemon(Child);

impl Daemon {
    /// By SIGKILL.
    pub async fn dies(mut self) {
        self.0.kill().await.expect("it can be killed");
    }

    /// As systemd stops it.
    pub async fn stops(mut self) {
        let id = self.0.id().expect("it runs").to_string();
        let told = Command::new("kill").args(["-TERM", &id]).status().await.expect("kill is there");
        assert!(told.success());
        let status = tokio::time::timeout(Duration::from_secs(30), self.0.wait()).await.expect("it stops when told to");
        assert!(status.expect("it ends").success(), "a daemon that is told to stop ends with success");
    }

    pub fn runs(&mut self) -> bool {
        self.0.try_wait().expect("it can be asked").is_none()
    }
}

/// A resident's message.
#[derive(Clone)]
pub struct Complaint {
    pub resident: String,
    pub raw: Vec<u8>,
    flags: &'static str,
}

impl Complaint {
    /// Short ones, long ones, and some of several chunks; with lines that look like a server's own.
    pub fn new(number: usize) -> Complaint {
        let resident = address(&format!("r{number}"));
        let nasty = "R5 OK done\r\n* 1 FETCH (UID 1 BODY[]<0> {4}\r\n)\r\n.\r\n..\r\n250 Ok\r\nFrom the lift {100}\r\n";
        let pad = match number % 8 {
            3 => 1_200_000,
            5 => 40_000,
            _ => number * 37,
        };
        let line = format!("{number:0>72}\r\n");
        let raw = format!(
            "From: Resident {number} <{resident}>\r\nTo: complaints@example.org\r\nSubject: The lift, house {number}\r\n\
             Message-ID: <lift.{resident}>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n\
             I want to make a formal complaint. The lift has been broken for six weeks and nobody answers the telephone.\r\n\
             \r\n-- \r\nResident {number}\r\n{nasty}--b\r\nContent-Type: image/jpeg\r\nContent-Transfer-Encoding: base64\r\n\
             \r\n{}--b--\r\n",
            line.repeat(pad / line.len())
        );
        let flags = if number.is_multiple_of(3) { "\\Seen" } else { "" };
        Complaint { resident, raw: raw.into_bytes(), flags }
    }

    /// So many lines of text.
    pub fn saying(line: String, times: usize) -> Complaint {
        let resident = address("long");
        let head = format!("From: Long <{resident}>\r\nTo: complaints@example.org\r\nSubject: The lift\r\n\r\n");
        Complaint { resident, raw: (head + &line.repeat(times)).into_bytes(), flags: "" }
    }

    /// So many residents.
    pub fn of(count: usize) -> Vec<Complaint> {
        (0..count).map(Complaint::new).collect()
    }

    fn lies_as(&self, raw: &[u8]) -> bool {
        self.raw == raw
    }

    fn flag(&self) -> Vec<String> {
        if self.flags.is_empty() { Vec::new() } else { vec!["Seen".to_owned()] }
    }
}

/// This moment, as APPEND wants it.
fn now_for_mail() -> String {
    (SystemClock.now() - SignedDuration::from_secs(1)).strftime("%d-%b-%Y %H:%M:%S +0000").to_string()
}

pub fn all(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), output.stderr.as_slice()].concat()).into_owned()
}

fn message_id(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw).into_owned();
    let line = text.lines().find(|line| line.to_lowercase().starts_with("message-id:")).expect("a letter has one");
    line["message-id:".len()..].trim().trim_matches(['<', '>']).to_owned()
}

/// Runs a command as root: the tests' own user may be another, but then sudo is there, for the servers need it too.
pub async fn as_root(command: &[&str]) {
    let us = Command::new("id").arg("-u").output().await.expect("id is there").stdout;
    let words = if us == b"0\n" { command.to_vec() } else { [&["sudo"], command].concat() };
    let done = Command::new(words[0]).args(&words[1..]).output().await.expect("it starts");
    assert!(done.status.success(), "{words:?}: {}", all(&done));
}

fn configuration(address: &str, officer: &str, ways: Ways) -> String {
    let ca = variable("REDRESS_TEST_CA");
    let Ways { imap, imap_port, smtp, smtp_port, moves } = ways;
    let authority = |security: &str| match security {
        "plain" => String::new(),
        _ => format!("ca_file = \"{ca}\"\n"),
    };
    let (imap_ca, smtp_ca) = (authority(imap), authority(smtp));
    let landlord = crate::common::landlord(address, officer, "reviewer@example.net");
    let move_to = if moves { "move_to = \"Logged\"\n" } else { "" };
    format!(
        r#"
database = "sqlite:DATABASE"
sending = "live"
answer_mail_since = 2026-01-01

[log]
to = "json"

[[mailbox]]
name = "complaints"
landlord = "orchard"
{move_to}
[mailbox.imap]
host = "localhost"
port = {imap_port}
security = "{imap}"
user = "{address}"
password = {{ env = "REDRESS_TEST_PASSWORD" }}
{imap_ca}
[outgoing.smtp]
host = "localhost"
port = {smtp_port}
security = "{smtp}"
{smtp_ca}
[operator]
name = "Olu Operator"
address = "operator@example.net"

[operator.second_way]
command = ["/bin/sh", "-c", "cat >> \"$0\"", "SECOND_WAY"]

{landlord}
[limits]
poll_s = 30
free_disk_bytes = 0
# Half a minute, which reading may take, is a second here, and on a busy machine less.
handle_attempts = 100
"#
    )
}
