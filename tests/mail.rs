//! The real loop: the real binary between a real Dovecot and a real Postfix, on SQLite and on PostgreSQL.
//!
//! Goal: whatever happens to the program, every message ends as one row, each resident gets one first letter, and nothing
//! in the mailbox is touched.
//! How: a resident's mail is handed to Postfix, or many lie in the mailbox already; the program runs, and in one story is
//! killed again and again; then its database, its log and everybody's mailboxes are looked at from outside.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where it stood")]

#[expect(dead_code, reason = "the servers' own settings are for tests/servers.rs")]
mod common;
mod programs;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use common::{address, append, hand_to_postfix, messages, messages_arrived, variable};
use jiff::ToSpan as _;
use jiff::civil::Date;
use programs::{Letter, Reply, iphone_new};
use redress::store::{InboxRow, Purpose, Store};
use sqlx::{Connection as _, PgConnection};
use tokio::process::{Child, Command};

/// A landlord's mailbox on the test servers, a database, and a configuration that joins them.
struct Landlord {
    folder: tempfile::TempDir,
    address: String,
    officer: String,
    reviewer: String,
    database: String,
    /// How long what an officer's e-mail brought about can be undone, and its letters wait.
    wait_minutes: u32,
}

#[derive(Clone, Copy, PartialEq)]
enum Database {
    Sqlite,
    Postgres,
}

impl Landlord {
    async fn new(database: Database) -> Landlord {
        let folder = tempfile::tempdir().unwrap();
        let (address, officer, reviewer) = (address("complaints"), address("officer"), address("reviewer"));
        let database = match database {
            Database::Sqlite => format!("sqlite:{}", folder.path().join("redress.db").display()),
            Database::Postgres => fresh_postgres(&address).await,
        };
        let landlord = Landlord { folder, address, officer, reviewer, database, wait_minutes: 5 };
        std::fs::write(landlord.config(), landlord.configuration()).unwrap();
        landlord
    }

    fn waits(&mut self, minutes: u32) {
        self.wait_minutes = minutes;
        std::fs::write(self.config(), self.configuration()).unwrap();
    }

    /// What a command prints that succeeds.
    async fn says(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_redress"));
        let output = command.arg("--config").arg(self.config()).args(arguments).output().await.unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn config(&self) -> std::path::PathBuf {
        self.folder.path().join("redress.toml")
    }

    fn configuration(&self) -> String {
        let (imaps, smtp, ca) =
            (variable("REDRESS_TEST_IMAPS_PORT"), variable("REDRESS_TEST_SMTP_PORT"), variable("REDRESS_TEST_CA"));
        let Landlord { address, officer, reviewer, database, wait_minutes, .. } = self;
        let landlord = common::landlord(address, officer, reviewer);
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

{landlord}
[commands]
wait_minutes = {wait_minutes}

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

// ── a complaint told only by e-mail ───────────────────────────────────────────────────────────────────────────────

/// Somebody at their mail program, who reads every letter that reaches them, in its order.
struct Reader {
    address: String,
    read: usize,
}

#[derive(Clone, Copy)]
enum Program {
    Outlook,
    Gmail,
    IPhone,
}

impl Reader {
    fn new(address: &str) -> Reader {
        Reader { address: address.to_owned(), read: 0 }
    }

    /// The next letter, once it is there.
    async fn reads(&mut self) -> Letter {
        self.read += 1;
        let letter = messages_arrived(&self.address, self.read).await.swap_remove(self.read - 1);
        Letter::read(&letter.raw)
    }

    /// Nothing lies there that was not read.
    async fn has_read_all(&self) {
        let subjects = |raw: &[u8]| Letter::read(raw).subject;
        let all: Vec<String> =
            messages(&self.address, "INBOX").await.iter().map(|letter| subjects(&letter.raw)).collect();
        assert_eq!(all.len(), self.read, "{all:?}");
    }

    async fn answers(&self, letter: &Letter, program: Program, words: &str, files: &[(&str, &str, &[u8])]) {
        static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(1);
        let number = std::process::id() * 100 + COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let reply = Reply { letter, words, files };
        let message = match program {
            Program::Outlook => reply.outlook(number),
            Program::Gmail => reply.gmail(number),
            Program::IPhone => reply.iphone(number),
        };
        hand_to_postfix(&self.address, &letter.from.1, &message).await;
    }

    /// Answers a letter, and reads what came of it.
    async fn asks(&mut self, letter: &Letter, program: Program, words: &str, files: &[(&str, &str, &[u8])]) -> Letter {
        self.answers(letter, program, words, files).await;
        self.reads().await
    }
}

/// Whether the letter says all of it, whatever its line breaks.
fn says_all(letter: &Letter, all: &[&str]) {
    for words in all {
        assert!(letter.says(words), "{words:?} is not in {}: {}", letter.subject, letter.text);
    }
}

/// Goal: the landlord's people never log in to anything, and a complaint goes through both stages.
/// How: everything is said by e-mail, through Postfix into Dovecot, by answers as three mail programs write them; every
/// letter that reaches anybody is read, in its order, and nothing else lies in their mailboxes at the end.
async fn a_complaint_goes_through_both_stages_by_email_alone(database: Database) {
    let mut landlord = Landlord::new(database).await;
    let resident = address("ann");
    let (mut ann, mut ada, mut cleo) =
        (Reader::new(&resident), Reader::new(&landlord.officer), Reader::new(&landlord.reviewer));
    let child = landlord.start();

    // The complaint.
    let words = "Hello,\n\nI am writing to complain about how my repair was dealt with. The kitchen ceiling has leaked since \
                 August and nobody has come, although I rang five times and was promised a visit each time.\n\nI want the \
                 ceiling made good and an apology.\n\nAnn Example\n14 Orchard Court\n";
    let first = iphone_new(("Ann Example", &resident), &landlord.address, "Kitchen ceiling", words, std::process::id());
    hand_to_postfix(&resident, &landlord.address, &first).await;
    let acknowledgement = ann.reads().await;
    let reference =
        acknowledgement.subject.split_once('[').and_then(|(_, rest)| rest.split(']').next()).unwrap().to_owned();
    let due = landlord.owed("respond_stage1").await;
    says_all(&acknowledgement, &["stage 1", &spoken(due), "nobody has come"]);
    let new_case = ada.reads().await;
    assert!(new_case.subject.contains(&format!("complaint {reference}")), "{}", new_case.subject);
    says_all(&new_case, &["The kitchen ceiling has leaked since August", "define point:", &spoken(due)]);

    // On the telephone: a later date, and at once taken back.
    let wrong = due.checked_add(4.days()).unwrap();
    let words = format!("Extend\nUntil: {}\nReason: it's the roofer, he's ill", wrong.strftime("%-d/%-m/%y"));
    let done = ada.asks(&new_case, Program::IPhone, &words, &[]).await;
    assert_eq!(done.subject, format!("Done: complaint {reference}"));
    says_all(&done, &[&spoken(wrong), "it\u{2019}s the roofer", "\"undo\"", &format!("goes to {resident}")]);
    let undone = ada.asks(&done, Program::IPhone, "Undo", &[]).await;
    assert_eq!(undone.subject, format!("Done: complaint {reference}"));
    assert_eq!(landlord.owed("respond_stage1").await, due);
    stop(child).await;
    landlord.waits(0);
    let child = landlord.start();

    // In the office: what the complaint is about.
    let words = "Hi,\n\nDefine\nPoint: The kitchen ceiling has leaked since August, and nobody has repaired it\n\
                 Point: We did not come after any of five telephone calls\nOutcome: Make the ceiling good, and apologise";
    let done = ada.asks(&undone, Program::Outlook, words, &[]).await;
    assert_eq!(done.subject, format!("Done: complaint {reference}"));
    let corrected = ann.reads().await;
    says_all(
        &corrected,
        &["We did not come after any of five telephone calls", "Make the ceiling good, and apologise"],
    );
    assert!(done.says("We did not come after any of five telephone calls"), "{}", done.text);

    // In a browser: a later date.
    let later = due.checked_add(7.days()).unwrap();
    let words = format!(
        "Hello,\n\nextend until {} because the scaffolding has to stand before anybody can get at the leak, and the firm cannot \
         put it up any earlier than the day before\n\nThanks\nAda",
        later.strftime("%a %-d %b")
    );
    let done = ada.asks(&done, Program::Gmail, &words, &[]).await;
    assert_eq!(done.subject, format!("Done: complaint {reference}"));
    says_all(&done, &[&spoken(later), "any earlier than the day before"]);
    let extended = ann.reads().await;
    says_all(&extended, &[&spoken(later), "any earlier than the day before", "Housing Ombudsman"]);
    assert!(!extended.says("Thanks Ada"), "{}", extended.text);
    assert_eq!(landlord.owed("respond_stage1").await, later);

    // The response, with a report and a photograph.
    let report: Vec<u8> =
        b"%PDF-1.4\n".iter().copied().chain((0..5000_u32).map(|byte| (byte * 7 % 256) as u8)).collect();
    let photograph: Vec<u8> = b"\xff\xd8\xff\xe0\0\x10JFIF"
        .iter()
        .copied()
        .chain((0..9001_u32).map(|byte| (byte * byte % 251) as u8))
        .collect();
    let words = "Respond\n\nUpheld: The leak was reported in August. Our repairs policy gives four weeks, and we took three months.\n\n\
                 Partly upheld: We came after the first call, to the wrong flat. We did not come after the others.\n\n\
                 Remedy: apology: We are sorry that you had to ring five times.\nRemedy: £150 for the delay\n\
                 Action: Make the kitchen ceiling good; owner Repairs Team; by in 15 working days";
    let files: [(&str, &str, &[u8]); 2] =
        [("Survey report.pdf", "application/pdf", &report), ("ceiling.jpg", "image/jpeg", &photograph)];
    let done = ada.asks(&done, Program::Outlook, words, &files).await;
    assert_eq!(done.subject, format!("Done: complaint {reference}"));
    says_all(&done, &["With it: Survey report.pdf, ceiling.jpg", "£150", "to the wrong flat"]);
    let response = ann.reads().await;
    says_all(
        &response,
        &[
            "We uphold this point in part",
            "Our repairs policy gives four weeks",
            "to the wrong flat",
            "£150",
            "We are sorry that you had to ring five times",
        ],
    );
    assert!(!response.says("Orchard Housing |") && !response.text.contains("image001"), "{}", response.text);
    let sent = [("Survey report.pdf".to_owned(), report), ("ceiling.jpg".to_owned(), photograph)];
    assert_eq!(response.files, sent, "byte for byte, and no logo");

    // The resident is not content.
    let words = "I am not happy with this answer. You came once and it was you who got the flat wrong. Please take my complaint to stage 2.";
    ann.answers(&response, Program::Gmail, words, &[]).await;
    let acknowledged = ann.reads().await;
    let due = landlord.owed("respond_stage2").await;
    says_all(&acknowledged, &["stage 2", &spoken(due)]);
    let for_cleo = cleo.reads().await;
    assert!(
        for_cleo.subject.to_lowercase().contains(&format!("stage 2 of {}", reference.to_lowercase())),
        "{}",
        for_cleo.subject
    );
    says_all(&for_cleo, &["I am not happy with this answer", &spoken(due), "Code 6.13"]);
    let for_ada = ada.reads().await;
    says_all(&for_ada, &["Cleo Reviewer deals with it now"]);

    // One stage is never answered by whoever answered the other (Code 6.13).
    let words = "Respond\nUpheld: as before\nUpheld: as before\nRemedy: apology: We are sorry.";
    let refused = ada.asks(&for_ada, Program::Gmail, words, &[]).await;
    assert_eq!(refused.subject, format!("Not done: complaint {reference}"));
    says_all(&refused, &["Nothing has been changed", "6.13"]);

    let words = "Respond\nNot upheld: The leak itself was dealt with fairly at stage 1, and I can't add to it.\n\
                 Upheld: You're right. It was our mistake that we went to the wrong flat, and we didn't ring you back.\n\
                 Remedy: apology: I'm sorry that we blamed you.";
    let done = cleo.asks(&for_cleo, Program::IPhone, words, &[]).await;
    assert_eq!(done.subject, format!("Done: complaint {reference}"));
    let last = ann.reads().await;
    says_all(&last, &["stage 2", "You\u{2019}re right", "we didn\u{2019}t ring you back", "Housing Ombudsman"]);
    assert!(!last.says("Sent from my iPhone"), "{}", last.text);

    stop(child).await;
    for reader in [&ann, &ada, &cleo] {
        reader.has_read_all().await;
    }
    let told = landlord.says(&["case", "show", &reference]).await;
    for words in ["Ada Officer", "Cleo Reviewer", "five telephone calls", "Response at stage 2", "wrong flat", "£150"]
    {
        assert!(told.contains(words), "{words}: {told}");
    }
    let checked = landlord.says(&["check"]).await;
    assert!(checked.contains("history"), "{checked}");
    let log = landlord.log();
    for words in ["wrong flat", "ceiling", "roofer", resident.as_str(), "correct-horse"] {
        assert!(!log.contains(words), "the log holds {words:?}");
    }
}

fn spoken(date: Date) -> String {
    date.strftime("%A %-d %B %Y").to_string()
}

impl Landlord {
    /// By when the only case owes `duty`.
    async fn owed(&self, duty: &str) -> Date {
        let store = self.store().await;
        let rows = store.deadlines().await.unwrap();
        store.close().await;
        let owed = rows.iter().find(|row| row.duty.to_string() == duty);
        owed.unwrap_or_else(|| panic!("{duty}: {rows:?}")).due
    }
}

#[tokio::test]
async fn a_complaint_goes_through_both_stages_by_email_alone_on_sqlite() {
    a_complaint_goes_through_both_stages_by_email_alone(Database::Sqlite).await;
}

#[tokio::test]
async fn a_complaint_goes_through_both_stages_by_email_alone_on_postgres() {
    a_complaint_goes_through_both_stages_by_email_alone(Database::Postgres).await;
}
