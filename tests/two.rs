//! Several daemons on one PostgreSQL database: the real binary, between a real Dovecot and a real Postfix.
//!
//! Goal: whichever of them is killed, or stopped for longer than its lease and woken, every message ends as one row, each
//! resident gets one first letter, and another daemon takes over within a minute.
//! How: mail is put into two mailboxes while the daemons run; then the database, the commands that look and everybody's
//! mailboxes are asked. A letter whose sender died in mid-sentence may come twice, the same to the byte: it is counted.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where it stood")]

#[expect(dead_code, reason = "the servers' own settings are for tests/servers.rs")]
mod common;

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::{Duration, Instant};

use common::{address, append, messages, messages_arrived, variable};
use futures::future::join_all;
use redress::store::{Purpose, Store};
use serde_json::Value;
use sqlx::{Connection as _, PgConnection};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::sync::watch;

/// The shortest lease there may be.
const SHORT_S: u64 = 10;

/// A landlord with two mailboxes on the test servers, and a database.
struct Landlord {
    folder: tempfile::TempDir,
    mailboxes: [String; 2],
    officer: String,
    database: String,
}

/// How a daemon's configuration differs from another's.
#[derive(Clone, Copy)]
struct Settings {
    mailboxes: &'static [&'static str],
    lease_s: u64,
    /// Where letters leave; Postfix unless told otherwise.
    smtp_port: Option<u16>,
    /// Where the database is reached; the server itself unless told otherwise.
    database_port: Option<u16>,
}

const USUAL: Settings =
    Settings { mailboxes: &["first", "second"], lease_s: SHORT_S, smtp_port: None, database_port: None };

struct Daemon(Child);

impl Daemon {
    fn pid(&self) -> u32 {
        self.0.id().expect("it runs")
    }

    fn signal(&self, signal: &str) {
        std::process::Command::new("kill").args([signal, &self.pid().to_string()]).status().unwrap();
    }

    async fn dies(mut self) {
        self.0.kill().await.unwrap();
    }

    /// Told to stop, it ends with success.
    async fn stops(mut self) {
        self.signal("-TERM");
        let status = tokio::time::timeout(Duration::from_secs(30), self.0.wait()).await.expect("it stops when told to");
        assert!(status.unwrap().success());
    }
}

impl Landlord {
    async fn new() -> Landlord {
        let mailboxes = [address("complaints"), address("complaints")];
        let server = variable("REDRESS_TEST_POSTGRES_URL");
        let name: String = mailboxes[0].chars().filter(|c| c.is_ascii_alphanumeric()).collect();
        let mut connection = PgConnection::connect(&server).await.expect("PostgreSQL runs");
        sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE two{name}"))).execute(&mut connection).await.unwrap();
        let database = server.rsplit_once('/').map(|(place, _)| format!("{place}/two{name}")).unwrap();
        let landlord =
            Landlord { folder: tempfile::tempdir().unwrap(), mailboxes, officer: address("officer"), database };
        landlord.configure("usual", USUAL);
        landlord
    }

    /// Writes a configuration of its own under `name`.
    fn configure(&self, name: &str, settings: Settings) {
        let (imaps, ca) = (variable("REDRESS_TEST_IMAPS_PORT"), variable("REDRESS_TEST_CA"));
        let Landlord { mailboxes: [first, _], officer, database, .. } = self;
        let smtp = match settings.smtp_port {
            None => {
                format!("port = {}\nsecurity = \"starttls\"\nca_file = \"{ca}\"", variable("REDRESS_TEST_SMTP_PORT"))
            }
            Some(port) => format!("port = {port}\nsecurity = \"plain\""),
        };
        let lease_s = settings.lease_s;
        let database = match settings.database_port {
            None => database.clone(),
            Some(port) => database.replace(place(database), &format!("127.0.0.1:{port}")),
        };
        let landlord = common::landlord(first, officer, "reviewer@example.net");
        let mut text = format!(
            r#"
database = "{database}"
sending = "live"
answer_mail_since = 2026-01-01

[outgoing.smtp]
host = "localhost"
{smtp}

[operator]
name = "Olu Operator"
address = "operator@example.net"

[operator.second_way]
command = ["/bin/true"]

{landlord}
[limits]
poll_s = 10
lease_s = {lease_s}
"#
        );
        let both = ["first", "second"].iter().zip(&self.mailboxes);
        for (name, user) in both.filter(|(name, _)| settings.mailboxes.contains(name)) {
            text.push_str(&format!(
                r#"
[[mailbox]]
name = "{name}"
landlord = "orchard"

[mailbox.imap]
host = "localhost"
port = {imaps}
user = "{user}"
password = {{ env = "REDRESS_TEST_PASSWORD" }}
ca_file = "{ca}"
"#
            ));
        }
        std::fs::write(self.folder.path().join(format!("{name}.toml")), text).unwrap();
    }

    fn redress(&self, configuration: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_redress"));
        command.arg("--config").arg(self.folder.path().join(format!("{configuration}.toml"))).kill_on_drop(true);
        command
    }

    fn starts(&self, configuration: &str) -> Daemon {
        let log = std::fs::File::options().create(true).append(true).open(self.folder.path().join("log")).unwrap();
        Daemon(self.redress(configuration).arg("run").stderr(Stdio::from(log)).spawn().expect("the binary starts"))
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// What `redress status --json` says of the daemons, once the database is there.
    async fn daemons(&self) -> Vec<Value> {
        let output = self.redress("usual").args(["status", "--json"]).output().await.unwrap();
        let status: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        status["daemons"].as_array().cloned().unwrap_or_default()
    }

    /// The process that reads the mailbox.
    async fn reader_of(&self, mailbox: &str) -> Option<u32> {
        let reads = |daemon: &&Value| {
            daemon["mailboxes"].as_array().is_some_and(|held| held.iter().any(|held| held["mailbox"] == mailbox))
        };
        let daemons = self.daemons().await;
        let host = daemons.iter().find(reads)?["host"].as_str()?.to_owned();
        host.rsplit_once('/')?.1.parse().ok()
    }

    /// Waits for something, at most for the time given; gives how long it took.
    async fn until(&self, what: &str, within: Duration, mut holds: impl AsyncFnMut() -> bool) -> Duration {
        let began = Instant::now();
        while !holds().await {
            assert!(began.elapsed() < within, "{what}: not within {within:?}; the log: {}", self.log());
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        began.elapsed()
    }

    async fn complains(&self, mailbox: usize, resident: &str) {
        let to = &self.mailboxes[mailbox];
        let message = format!(
            "From: Ann Example <{resident}>\r\nTo: {to}\r\nSubject: Still waiting\r\nMessage-ID: <1@{resident}>\r\n\r\n\
             Nobody has come for three weeks although you promised. I am not happy at all and I want to complain.\r\n"
        );
        append(to, "", "20-Nov-2026 10:00:00 +0000", message.as_bytes()).await;
    }

    /// So many residents complain, one after the other over the time given, to one mailbox and the other.
    async fn many_complain(&self, count: usize, over: Duration) -> Vec<String> {
        let residents: Vec<String> = (0..count).map(|_| address("resident")).collect();
        for (number, resident) in residents.iter().enumerate() {
            self.complains(number % 2, resident).await;
            tokio::time::sleep(over / u32::try_from(count).unwrap()).await;
        }
        residents
    }

    /// Everything has been taken in, handled and sent.
    async fn settled(&self, count: usize, within: Duration) -> Duration {
        let store = Store::open(&self.database, Purpose::Beside).await.unwrap();
        let settled = async || {
            let counts = store.counts().await.unwrap();
            let of = |states: &BTreeMap<String, i64>, state: &str| states.get(state).copied().unwrap_or_default();
            counts.inbox.values().sum::<i64>() >= i64::try_from(count).unwrap()
                && of(&counts.inbox, "new") == 0
                && of(&counts.outbox, "queued") + of(&counts.outbox, "sending") == 0
        };
        let took = self.until("all is done", within, settled).await;
        store.close().await;
        took
    }

    /// One row a message, one case and one first letter a resident, nothing that differs. Gives how many letters came twice,
    /// the same to the byte.
    async fn is_whole(&self, residents: &[String]) -> usize {
        for command in ["check", "reconcile"] {
            let output = self.redress("usual").arg(command).output().await.unwrap();
            assert!(output.status.success(), "{command}: {output:?}; the log: {}", self.log());
        }
        let store = Store::open(&self.database, Purpose::Beside).await.unwrap();
        let rows = store.inbox(0, 10_000).await.unwrap();
        let states: Vec<_> = rows.iter().filter(|row| row.state != "handled").map(|row| (row.id, &row.state)).collect();
        assert_eq!((rows.len(), states), (residents.len(), Vec::new()));
        assert_eq!(store.cases().await.unwrap().len(), residents.len());
        let letters = store.outbox(0, 10_000).await.unwrap();
        assert!(letters.iter().all(|letter| letter.state == "sent"));
        let to_officer = letters.iter().filter(|letter| letter.recipient == self.officer).count();
        store.close().await;

        let mut doubles = 0;
        for resident in residents {
            let came = different(resident, 1).await;
            assert_eq!(came.len(), 1, "first letters to {resident}");
            doubles += came.values().sum::<usize>() - 1;
        }
        let came = different(&self.officer, to_officer).await;
        assert_eq!(came.len(), to_officer, "letters to the officer");
        doubles + came.values().sum::<usize>() - to_officer
    }
}

/// The letters in a mailbox by their Message-IDs, and how often each came, once there are so many. Those of one Message-ID are
/// the same.
async fn different(reader: &str, count: usize) -> BTreeMap<String, usize> {
    let mut came: BTreeMap<String, (usize, String)> = BTreeMap::new();
    for letter in messages_arrived(reader, count).await {
        let text = String::from_utf8_lossy(&letter.raw).into_owned();
        let id = text.lines().find_map(|line| line.strip_prefix("Message-ID: ")).expect("each has one").to_owned();
        // What servers wrote above it is theirs.
        let ours = text.split_once("\r\nMessage-ID: ").map(|(_, ours)| ours.to_owned()).unwrap_or_default();
        let (count, first) = came.entry(id).or_insert_with(|| (0, ours.clone()));
        assert_eq!(*first, ours, "the same bytes");
        *count += 1;
    }
    came.into_iter().map(|(id, (count, _))| (id, count)).collect()
}

/// A fixed sequence that looks like chance.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

#[tokio::test]
async fn one_of_two_daemons_dies_again_and_again_and_nothing_is_lost_nor_said_twice() {
    let landlord = Landlord::new().await;
    let (mut dice, mut kills) = (Dice(1), 0);
    let mut daemons = [landlord.starts("usual"), landlord.starts("usual")];
    let count = 40;
    let killing = async {
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(20) {
            tokio::time::sleep(Duration::from_millis(700 + dice.below(3000))).await;
            let victim = usize::from(dice.below(3) == 0);
            std::mem::replace(&mut daemons[victim], landlord.starts("usual")).dies().await;
            kills += 1;
        }
    };
    let (residents, ()) = tokio::join!(landlord.many_complain(count, Duration::from_secs(18)), killing);
    let rest = landlord.settled(count, Duration::from_secs(60)).await;
    join_all(daemons.map(Daemon::stops)).await;
    let doubles = landlord.is_whole(&residents).await;
    println!("{kills} kills, all done {:.1} s later: {doubles} letters came twice", rest.as_secs_f64());
    assert!(kills >= 6 && doubles <= kills, "a kill can double the letter in hand");
}

#[tokio::test]
async fn each_of_three_daemons_is_stopped_for_longer_than_its_lease_and_wakes_and_does_no_harm() {
    let landlord = Landlord::new().await;
    let daemons = [landlord.starts("usual"), landlord.starts("usual"), landlord.starts("usual")];
    let count = 40;
    let mut stops = 0;
    let stopping = async {
        // Two sleep at a time, and one of them wakes into what the third has taken over.
        tokio::time::sleep(Duration::from_secs(4)).await;
        let asleep = Duration::from_secs(SHORT_S + 3);
        join_all((0..5_u32).map(|turn| {
            let daemon = &daemons[turn as usize % 3];
            async move {
                tokio::time::sleep(Duration::from_millis(5500) * turn).await;
                daemon.signal("-STOP");
                tokio::time::sleep(asleep).await;
                daemon.signal("-CONT");
            }
        }))
        .await
        .len()
    };
    let residents =
        tokio::join!(landlord.many_complain(count, Duration::from_secs(30)), async { stops = stopping.await }).0;
    let rest = landlord.settled(count, Duration::from_secs(60)).await;
    join_all(daemons.map(Daemon::stops)).await;
    let doubles = landlord.is_whole(&residents).await;
    println!("{stops} stops, all done {:.1} s later: {doubles} letters came twice", rest.as_secs_f64());
    assert!(doubles <= stops, "a stop can double the letter in hand");
}

/// A mail server that takes the connection and never says a word: a letter that is handed to it stays in hand.
async fn silent_server() -> (u16, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let silent = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            held.push(stream);
        }
    });
    (port, silent)
}

#[tokio::test]
async fn another_daemon_takes_over_mailboxes_and_letters_within_a_minute() {
    let landlord = Landlord::new().await;
    let (port, silent) = silent_server().await;
    landlord.configure("first", Settings { lease_s: 30, smtp_port: Some(port), ..USUAL });
    landlord.configure("usual", Settings { lease_s: 30, ..USUAL });
    let first = landlord.starts("first");
    let within = Duration::from_secs(60);
    let pid = Some(first.pid());
    landlord.until("the first reads", within, async || landlord.reader_of("second").await == pid).await;
    // The first handles it, and has a letter in hand for ever.
    let early = address("early");
    landlord.complains(0, &early).await;
    let store = Store::open(&landlord.database, Purpose::Beside).await.unwrap();
    let in_hand = async || store.counts().await.unwrap().outbox.contains_key("sending");
    landlord.until("a letter is in hand", within, in_hand).await;

    let second = landlord.starts("usual");
    landlord.until("both live", within, async || landlord.daemons().await.len() == 2).await;
    assert_eq!(landlord.reader_of("first").await, pid, "what one holds, another does not take");
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(in_hand().await, "nor a letter that is in a living daemon's hands");
    first.dies().await;
    let killed = Instant::now();
    let late = address("late");
    landlord.complains(1, &late).await;
    for resident in [&early, &late] {
        let arrived = async || !messages(resident, "INBOX").await.is_empty();
        landlord.until("the letter arrives", within, arrived).await;
        println!("{resident} has a letter {:.1} s after the kill", killed.elapsed().as_secs_f64());
    }
    assert!(killed.elapsed() < within);
    landlord.settled(2, within).await;
    second.stops().await;
    assert_eq!(landlord.is_whole(&[early, late]).await, 0, "the first had said nothing yet");
    silent.abort();
}

/// Host and port of a database.
fn place(url: &str) -> &str {
    url.split_once('@').and_then(|(_, rest)| rest.split_once('/')).expect("a user and a database").0
}

/// A way to the server at `place` on which nothing moves while it is told to stand still; no connection is lost.
async fn way_to(place: &str) -> (u16, watch::Sender<bool>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, moves) = watch::channel(true);
    let place = place.to_owned();
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let (near, far) = (near.into_split(), TcpStream::connect(&place).await.unwrap().into_split());
            tokio::spawn(pump(near.0, far.1, moves.clone()));
            tokio::spawn(pump(far.0, near.1, moves.clone()));
        }
    });
    (port, sender)
}

async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut moves: watch::Receiver<bool>) {
    let mut bytes = [0; 8192];
    while let Ok(read @ 1..) = from.read(&mut bytes).await {
        if moves.wait_for(|moves| *moves).await.is_err() || to.write_all(&bytes[..read]).await.is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn a_daemon_whose_database_stands_still_for_longer_than_its_lease_goes_on_when_it_answers_again() {
    let landlord = Landlord::new().await;
    let (port, moves) = way_to(place(&landlord.database)).await;
    landlord.configure("still", Settings { lease_s: 18, database_port: Some(port), ..USUAL });
    let mut daemon = landlord.starts("still");
    let within = Duration::from_secs(60);
    let pid = Some(daemon.pid());
    landlord.until("it reads", within, async || landlord.reader_of("first").await == pid).await;
    moves.send(false).unwrap();
    let resident = address("resident");
    landlord.complains(0, &resident).await;
    tokio::time::sleep(Duration::from_secs(24)).await;
    assert!(daemon.0.try_wait().unwrap().is_none(), "it ended: {}", landlord.log());
    assert!(landlord.log().contains("The lease could not be renewed"), "{}", landlord.log());
    moves.send(true).unwrap();
    landlord.settled(1, within).await;
    daemon.stops().await;
    assert_eq!(landlord.is_whole(&[resident]).await, 0);
}

#[tokio::test]
async fn two_daemons_on_one_machine_may_each_have_a_mailbox_of_its_own() {
    let landlord = Landlord::new().await;
    landlord.configure("one", Settings { mailboxes: &["first"], ..USUAL });
    landlord.configure("other", Settings { mailboxes: &["second"], ..USUAL });
    let one = landlord.starts("one");
    let (within, pid) = (Duration::from_secs(30), Some(one.pid()));
    landlord.until("the first is read", within, async || landlord.reader_of("first").await == pid).await;
    let residents = [address("resident"), address("resident")];
    landlord.complains(0, &residents[0]).await;
    landlord.settled(1, within).await;
    let other = landlord.starts("other");
    landlord.complains(1, &residents[1]).await;
    landlord.settled(2, within).await;
    assert_eq!(landlord.reader_of("second").await, Some(other.pid()));
    join_all([one, other].map(Daemon::stops)).await;
    assert_eq!(landlord.is_whole(&residents).await, 0);
}

#[tokio::test]
async fn daemons_of_different_configurations_read_what_they_know_and_one_that_stops_leaves_at_once() {
    let landlord = Landlord::new().await;
    landlord.configure("fewer", Settings { mailboxes: &["first"], ..USUAL });
    let fewer = landlord.starts("fewer");
    let within = Duration::from_secs(30);
    let pid = Some(fewer.pid());
    landlord.until("the first is read", within, async || landlord.reader_of("first").await == pid).await;
    assert_eq!(landlord.reader_of("second").await, None);
    // Two more, and the second of them by mistake.
    let more = [landlord.starts("usual"), landlord.starts("usual")];
    landlord.until("the second is read", within, async || landlord.reader_of("second").await.is_some()).await;
    landlord.until("three live", within, async || landlord.daemons().await.len() == 3).await;
    assert_eq!(landlord.reader_of("first").await, pid);
    let output = landlord.redress("usual").arg("status").output().await.unwrap();
    let screen = String::from_utf8(output.stdout).unwrap();
    assert!(screen.contains(": reads first since ") && screen.contains(": reads second since "), "{screen}");
    assert!(screen.contains("writes the lists for all") && screen.contains("stands by and helps"), "{screen}");
    let residents = landlord.many_complain(12, Duration::from_secs(2)).await;
    landlord.settled(12, Duration::from_secs(40)).await;

    let reader = landlord.reader_of("second").await.unwrap();
    let (stays, goes) = match more {
        [a, b] if a.pid() == reader => (b, a),
        [a, b] => (a, b),
    };
    goes.stops().await;
    let stays_pid = Some(stays.pid());
    let taken = async || landlord.reader_of("second").await == stays_pid;
    let took = landlord.until("the other takes over", Duration::from_secs(SHORT_S), taken).await;
    println!("taken over {:.1} s after a daemon was told to stop, by leases of {SHORT_S} s", took.as_secs_f64());
    join_all([fewer, stays].map(Daemon::stops)).await;
    assert_eq!(landlord.is_whole(&residents).await, 0);
    assert!(landlord.daemons().await.is_empty());
}
