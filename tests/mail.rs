//! The real loop: the real binary between a real Dovecot and a real Postfix, on SQLite and on PostgreSQL.
//!
//! Goal: whatever happens to the program, every message ends as one row, each resident gets one first letter, and nothing
//! in the mailbox is touched.
//! How: a resident's mail is handed to Postfix, or many lie in the mailbox already; the program runs, and in one story is
//! killed again and again; then its database, its log and everybody's mailboxes are looked at from outside.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where it stood")]

#[expect(dead_code, reason = "the servers' own settings are for tests/servers.rs")]
mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use common::{address, append, hand_to_postfix, messages, messages_arrived, variable};
use redress::store::{InboxRow, Purpose, Store};
use sqlx::{Connection as _, PgConnection};
use tokio::process::{Child, Command};

/// A landlord's mailbox on the test servers, a database, and a configuration that joins them.
struct Landlord {
    folder: tempfile::TempDir,
    address: String,
    officer: String,
    database: String,
}

#[derive(Clone, Copy, PartialEq)]
enum Database {
    Sqlite,
    Postgres,
}

impl Landlord {
    async fn new(database: Database) -> Landlord {
        let folder = tempfile::tempdir().unwrap();
        let (address, officer) = (address("complaints"), address("officer"));
        let database = match database {
            Database::Sqlite => format!("sqlite:{}", folder.path().join("redress.db").display()),
            Database::Postgres => fresh_postgres(&address).await,
        };
        let landlord = Landlord { folder, address, officer, database };
        std::fs::write(landlord.config(), landlord.configuration()).unwrap();
        landlord
    }

    fn config(&self) -> std::path::PathBuf {
        self.folder.path().join("redress.toml")
    }

    fn configuration(&self) -> String {
        let (imaps, smtp, ca) =
            (variable("REDRESS_TEST_IMAPS_PORT"), variable("REDRESS_TEST_SMTP_PORT"), variable("REDRESS_TEST_CA"));
        let Landlord { address, officer, database, .. } = self;
        format!(
            r#"
database = "{database}"
sending = "live"
answer_mail_since = 2026-01-01

[[mailbox]]
name = "complaints"
landlord = "orchard"

[mailbox.imap]
host = "localhost"
port = {imaps}
user = "{address}"
password = {{ env = "REDRESS_TEST_PASSWORD" }}
ca_file = "{ca}"

[outgoing.smtp]
host = "localhost"
port = {smtp}
security = "starttls"
ca_file = "{ca}"

[operator]
name = "Olu Operator"
address = "operator@example.net"

[operator.second_way]
command = ["/bin/true"]

[[landlord]]
key = "orchard"
name = "Orchard Housing Co-operative Limited"
prefix = "RCH"
addresses = ["{address}"]
officer = {{ name = "Ada Officer", address = "{officer}" }}
deputy = {{ name = "Ben Deputy", address = "deputy@example.net" }}
reviewers = [{{ name = "Cleo Reviewer", address = "reviewer@example.net" }}]
manager = {{ name = "Dan Manager", address = "manager@example.net" }}
member_responsible = {{ name = "Eve Member", address = "member@example.net" }}
policy_link = "https://www.example.org/complaints"
emergency_telephone = "01632 960100"
responsible_for = ["repairs to your home"]
not_responsible_for = ["public roads"]

[ombudsman]
last_checked = 2026-11-20

[limits]
poll_s = 30
"#
        )
    }

    fn start(&self) -> Child {
        let log = std::fs::File::options().create(true).append(true).open(self.folder.path().join("log")).unwrap();
        Command::new(env!("CARGO_BIN_EXE_redress"))
            .args(["--config", self.config().to_str().unwrap(), "run"])
            .stderr(Stdio::from(log))
            .kill_on_drop(true)
            .spawn()
            .expect("the binary starts")
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    async fn store(&self) -> Store {
        Store::open(&self.database, Purpose::Beside).await.expect("the database is there")
    }

    /// Waits until `count` messages are stored and none waits, and every letter has left.
    async fn settled(&self, count: usize, within: Duration) -> Vec<InboxRow> {
        let deadline = Instant::now() + within;
        loop {
            if let Ok(store) = Store::open(&self.database, Purpose::Beside).await {
                let rows = store.inbox(0, 100_000).await.unwrap();
                let waiting = store.outbox(0, 100_000).await.unwrap();
                let done = rows.iter().all(|row| row.state != "new")
                    && waiting.iter().all(|letter| !["queued", "sending"].contains(&letter.state.as_str()));
                store.close().await;
                if rows.len() >= count && done {
                    return rows;
                }
                assert!(Instant::now() < deadline, "{} of {count} rows; the log: {}", rows.len(), self.log());
            }
            assert!(Instant::now() < deadline, "no database; the log: {}", self.log());
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    }
}

async fn fresh_postgres(name: &str) -> String {
    let server = variable("REDRESS_TEST_POSTGRES_URL");
    let name: String = name.chars().filter(|c| c.is_ascii_alphanumeric()).collect();
    let mut connection = PgConnection::connect(&server).await.expect("PostgreSQL runs");
    sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut connection).await.unwrap();
    server.rsplit_once('/').map(|(place, _)| format!("{place}/{name}")).unwrap()
}

async fn stop(mut child: Child) {
    let id = child.id().expect("it runs").to_string();
    std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap();
    let status = tokio::time::timeout(Duration::from_secs(30), child.wait()).await.expect("it stops when told to");
    assert!(status.unwrap().success(), "a daemon that is told to stop ends with success");
}

/// The value of a header of a raw message, unfolded.
fn header(raw: &[u8], name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(raw).replace("\r\n", "\n");
    let head = text.split("\n\n").next().unwrap_or_default().replace("\n ", " ").replace("\n\t", " ");
    let wanted = format!("{}:", name.to_lowercase());
    head.lines()
        .find(|line| line.to_lowercase().starts_with(&wanted))
        .map(|line| line[wanted.len()..].trim().to_owned())
}

async fn a_complaint_is_acknowledged_through_idle(database: Database) {
    let landlord = Landlord::new(database).await;
    let (resident, to) = (address("ann"), landlord.address.clone());
    let child = landlord.start();
    // Wait until it watches: the message must come in through IDLE and not through the first look.
    let deadline = Instant::now() + Duration::from_secs(40);
    while landlord.store_is_empty().await {
        assert!(Instant::now() < deadline, "{}", landlord.log());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    tokio::time::sleep(Duration::from_secs(2)).await;

    let message = format!(
        "From: Ann Example <{resident}>\r\nTo: {to}\r\nSubject: The heating, again\r\nMessage-ID: <first@{resident}>\r\n\
         Date: Fri, 20 Nov 2026 10:00:00 +0000\r\n\r\nYou promised to come on Monday and nobody came. The heating has been \
         off for two weeks and I am very unhappy with how you have dealt with this.\r\n"
    );
    let handed = Instant::now();
    hand_to_postfix(&resident, &to, message.as_bytes()).await;
    let letters = messages_arrived(&resident, 1).await;
    println!("from delivery to acknowledgement through IDLE: {:.1} s", handed.elapsed().as_secs_f64());

    assert!(handed.elapsed() < Duration::from_secs(20), "IDLE woke nobody; the poll did: {:?}", handed.elapsed());
    let letter = &letters[0].raw;
    let text = String::from_utf8_lossy(letter);
    assert_eq!(header(letter, "In-Reply-To"), Some(format!("<first@{resident}>")));
    assert_eq!(header(letter, "References"), Some(format!("<first@{resident}>")));
    assert_eq!(header(letter, "Auto-Submitted").as_deref(), Some("auto-replied"));
    assert_eq!(header(letter, "Return-Path"), Some(format!("<{to}>")), "bounces come back to the mailbox");
    assert!(header(letter, "Subject").unwrap().starts_with("Re: The heating, again [RCH-1001-"));
    assert!(header(letter, "From").unwrap().contains(&to));
    assert!(text.contains("Housing Ombudsman") && text.contains("stage 1"), "{text}");

    let to_officer = messages_arrived(&landlord.officer, 1).await;
    assert!(header(&to_officer[0].raw, "Subject").unwrap().contains("complaint RCH-1001-"));
    assert_eq!(header(&to_officer[0].raw, "X-Auto-Response-Suppress"), None, "absence notes must come back");

    // The resident answers our letter: it joins the case and is answered once.
    let ours = header(letter, "Message-ID").unwrap();
    let answer = format!(
        "From: Ann Example <{resident}>\r\nTo: {to}\r\nSubject: Re: The heating, again\r\nMessage-ID: <second@{resident}>\r\n\
         In-Reply-To: {ours}\r\nReferences: <first@{resident}> {ours}\r\n\r\nI forgot to say that the hot water is off too.\r\n"
    );
    hand_to_postfix(&resident, &to, answer.as_bytes()).await;
    let letters = messages_arrived(&resident, 2).await;
    assert!(header(&letters[1].raw, "Subject").unwrap().contains("[RCH-1001-"), "the answer belongs to the first case");
    messages_arrived(&landlord.officer, 2).await;
    stop(child).await;

    let rows = landlord.settled(2, Duration::from_secs(5)).await;
    assert_eq!(rows.iter().flat_map(|row| row.cases()).collect::<BTreeSet<_>>().len(), 1, "one case");
    let (cases, findings) = landlord.store().await.verify().await.unwrap();
    assert_eq!((cases, findings), (1, Vec::new()));
    for message in messages(&to, "INBOX").await {
        assert_eq!(message.flags, Vec::<String>::new(), "no flag was touched");
    }
    let log = landlord.log();
    for words in ["heating", "hot water", resident.as_str(), "correct-horse"] {
        assert!(!log.contains(words), "the log holds {words:?}");
    }
}

impl Landlord {
    async fn store_is_empty(&self) -> bool {
        match Store::open(&self.database, Purpose::Beside).await {
            Ok(store) => {
                let unread = store.folders().await.unwrap().is_empty();
                store.close().await;
                unread
            }
            Err(_) => true,
        }
    }
}

#[tokio::test]
async fn a_complaint_is_acknowledged_through_idle_on_sqlite() {
    a_complaint_is_acknowledged_through_idle(Database::Sqlite).await;
}

#[tokio::test]
async fn a_complaint_is_acknowledged_through_idle_on_postgres() {
    a_complaint_is_acknowledged_through_idle(Database::Postgres).await;
}

/// What the message with this number is, and whether its sender may get a letter.
fn mixed(number: usize, from: &str, to: &str) -> (Vec<u8>, bool) {
    let head = format!("From: R{number} <{from}>\r\nTo: {to}\r\nMessage-ID: <{number}@{from}>\r\n");
    let (rest, answered) = match number % 10 {
        0 | 1 => ("Subject: Still waiting\r\n\r\nNobody has come for three weeks although you promised. I am not happy at all and I want to complain.\r\n".to_owned(), true),
        2 | 3 => ("Subject: Tap\r\n\r\nHello, the tap in the kitchen drips. Could you please send somebody to repair it? Thank you.\r\n".to_owned(), true),
        4 => ("Subject: Out of office\r\nAuto-Submitted: auto-replied\r\n\r\nI am away until Monday.\r\n".to_owned(), false),
        5 => ("Subject: Undelivered Mail Returned to Sender\r\nReturn-Path: <>\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nYour mail could not be delivered.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.org\r\n\r\nFinal-Recipient: rfc822; x@example.org\r\nAction: failed\r\nStatus: 5.1.1\r\n--b--\r\n".to_owned(), false),
        6 => ("Subject: News\r\nList-Id: <news.example.org>\r\nPrecedence: bulk\r\n\r\nOur newsletter for November.\r\n".to_owned(), false),
        7 => ("Subject: Lift\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>The lift is broken <b>again</b> and you never answer my calls. This is a disgrace.</p>\r\n".to_owned(), true),
        8 => ("Subject: \r\nContent-Type: multipart/mixed; boundary=\"never\"\r\n\r\nThe door is broken and nobody answers my letters, it is a complaint.\r\n".to_owned(), true),
        _ => ("Subject: Noise\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n\r\nI am disappointed that you have done nothing about the caf\u{e9} below.\r\n".to_owned(), true),
    };
    let text = head + &rest;
    let bytes = match number % 10 {
        9 => text.chars().map(|c| c as u8).collect(), // ISO 8859-1 is the first 256 characters.
        _ => text.into_bytes(),
    };
    (bytes, answered)
}

/// Goal: five hundred messages and twenty kills leave no message lost, none handled twice, no resident with two letters.
/// How: two thirds lie there at the start, the others arrive meanwhile; the program is killed with SIGKILL at moments a
/// fixed sequence picks, and at the end left to finish.
async fn killed_again_and_again_nothing_is_lost_and_nothing_said_twice(database: Database, count: usize) {
    let landlord = Landlord::new(database).await;
    let to = landlord.address.clone();
    let residents: Vec<String> = (0..count).map(|number| address(&format!("r{number}"))).collect();
    let deliver = async |range: std::ops::Range<usize>| {
        for number in range {
            let flags = if number % 3 == 0 { "\\Seen" } else { "" };
            append(&to, flags, "20-Nov-2026 10:00:00 +0000", &mixed(number, &residents[number], &to).0).await;
        }
    };
    let waiting = count * 2 / 3;
    deliver(0..waiting).await;
    let kill = async {
        let mut pause_ms = 150_u64;
        for _ in 0..20 {
            let mut child = landlord.start();
            tokio::time::sleep(Duration::from_millis(200 + pause_ms % 900)).await;
            child.kill().await.unwrap(); // SIGKILL
            pause_ms = pause_ms.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407) >> 3;
        }
    };
    tokio::join!(kill, deliver(waiting..count));
    let child = landlord.start();
    let rows = landlord.settled(count, Duration::from_secs(240)).await;
    stop(child).await;

    assert_eq!(rows.len(), count, "one row a message");
    for row in &rows {
        assert!(["handled", "set_aside"].contains(&row.state.as_str()), "message {} is {}", row.id, row.state);
        assert!(row.sorted.is_some(), "message {} was sorted", row.id);
    }
    let (cases, findings) = landlord.store().await.verify().await.unwrap();
    assert_eq!(findings, Vec::<String>::new());
    assert_eq!(rows.iter().flat_map(|row| row.cases()).collect::<BTreeSet<_>>().len(), cases);

    let lying = messages(&to, "INBOX").await;
    assert_eq!(
        lying.iter().filter(|message| message.flags == ["Seen"]).count(),
        (0..count).filter(|n| n % 3 == 0).count()
    );
    let mut doubles = 0;
    for (number, resident) in residents.iter().enumerate() {
        let (_, answered) = mixed(number, resident, &to);
        let letters = if answered { messages_arrived(resident, 1).await } else { messages(resident, "INBOX").await };
        let mut by_id: BTreeMap<String, usize> = BTreeMap::new();
        for letter in &letters {
            *by_id.entry(header(&letter.raw, "Message-ID").unwrap()).or_default() += 1;
        }
        assert_eq!(by_id.len(), usize::from(answered), "first letters to {resident}, message {number}: {by_id:?}");
        doubles += letters.len() - by_id.len();
    }
    println!("{count} messages, 20 kills: {cases} cases, {doubles} letters came twice with the same Message-ID");
}

#[tokio::test]
async fn killed_again_and_again_on_sqlite() {
    killed_again_and_again_nothing_is_lost_and_nothing_said_twice(Database::Sqlite, how_many()).await;
}

#[tokio::test]
async fn killed_again_and_again_on_postgres() {
    killed_again_and_again_nothing_is_lost_and_nothing_said_twice(Database::Postgres, how_many()).await;
}

/// `REDRESS_TEST_STORM=500 tests/run --test mail` for the whole storm; fewer by default, to keep the run short.
fn how_many() -> usize {
    std::env::var("REDRESS_TEST_STORM").ok().and_then(|count| count.parse().ok()).unwrap_or(120)
}

#[tokio::test]
async fn a_second_daemon_on_the_same_file_is_refused_and_other_commands_work_beside_it() {
    let landlord = Landlord::new(Database::Sqlite).await;
    let first = landlord.start();
    while landlord.store_is_empty().await {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let second = Command::new(env!("CARGO_BIN_EXE_redress"))
        .args([Path::new("--config"), &landlord.config(), Path::new("run")])
        .output()
        .await
        .unwrap();
    assert!(!second.status.success());
    let words = String::from_utf8_lossy(&second.stderr);
    assert!(words.contains("Another `redress run` is working on"), "{words}");
    stop(first).await;
}
