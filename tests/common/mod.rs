//! The servers that `tests/run` starts, as the tests see them.
//!
//! Speaks to them by itself, without the program's own IMAP and SMTP: what is tested does not vouch for itself.
//! A test file that needs only a part puts `#[expect(dead_code, reason = "…")]` before its `mod common;`.

use std::sync::atomic::{AtomicU32, Ordering};

use async_imap::Session;
use async_imap::types::Flag;
use futures::TryStreamExt;
use redress::config::{Login, Proof, Security, Server};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// What `tests/run` says under `name`.
pub fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!("{name} is not set: this test needs the servers that tests/run starts, so use tests/run")
    })
}

fn port(name: &str) -> u16 {
    variable(name).parse().expect("a port is a number")
}

/// An address nobody else uses, with an empty mailbox. Postfix refuses those that begin "refused" (550) and "later" (450),
/// and sends back mail for those that begin "returned".
pub fn address(who: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("{who}.{}.{}@example.org", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// The landlord of a configuration: complaints come to `address`, `officer` handles them and `reviewer` answers at stage 2.
pub fn landlord(address: &str, officer: &str, reviewer: &str) -> String {
    format!(
        r#"[[landlord]]
key = "orchard"
name = "Orchard Housing Co-operative Limited"
prefix = "RCH"
addresses = ["{address}"]
officer = {{ name = "Ada Officer", address = "{officer}" }}
deputy = {{ name = "Ben Deputy", address = "deputy@example.net" }}
reviewers = [{{ name = "Cleo Reviewer", address = "{reviewer}" }}]
manager = {{ name = "Dan Manager", address = "manager@example.net" }}
member_responsible = {{ name = "Eve Member", address = "member@example.net" }}
policy_link = "https://www.example.org/complaints"
emergency_telephone = "01632 960100"
responsible_for = ["repairs to your home"]
not_responsible_for = ["public roads"]

[ombudsman]
last_checked = 2026-11-20
"#
    )
}

pub fn login(user: &str) -> Login {
    Login { user: user.into(), proof: Proof::Password(variable("REDRESS_TEST_PASSWORD").into()) }
}

fn server(port: u16, security: Security, login: Option<Login>) -> Server {
    Server { host: "localhost".into(), port, security, login, ca_file: Some(variable("REDRESS_TEST_CA").into()) }
}

/// Dovecot, as `user` configures it.
pub fn imap(user: &str, security: Security) -> Server {
    let name = if security == Security::Tls { "REDRESS_TEST_IMAPS_PORT" } else { "REDRESS_TEST_IMAP_PORT" };
    server(port(name), security, Some(login(user)))
}

/// Postfix with login, by TLS or STARTTLS; or without login, in clear.
pub fn smtp(user: &str, security: Security) -> Server {
    match security {
        Security::Tls => server(port("REDRESS_TEST_SUBMISSIONS_PORT"), security, Some(login(user))),
        Security::StartTls => server(port("REDRESS_TEST_SUBMISSION_PORT"), security, Some(login(user))),
        Security::Plain => server(port("REDRESS_TEST_SMTP_PORT"), security, None),
    }
}

/// Hands `message` to Postfix, as another mail server would; it delivers to the mailbox of `to` within a second or so.
pub async fn hand_to_postfix(from: &str, to: &str, message: &[u8]) {
    let stream = TcpStream::connect(("127.0.0.1", port("REDRESS_TEST_SMTP_PORT"))).await.expect("Postfix listens");
    let mut stream = BufReader::new(stream);
    let stuffed = message.split_inclusive(|b| *b == b'\n').flat_map(|line| {
        let dot: &[u8] = if line.starts_with(b".") { b"." } else { b"" };
        [dot, line].concat()
    });
    let letter: Vec<u8> = stuffed.chain(*b"\r\n.").collect();
    for said in [
        b"".to_vec(),
        b"HELO resident.example.org".to_vec(),
        format!("MAIL FROM:<{from}>").into_bytes(),
        format!("RCPT TO:<{to}>").into_bytes(),
        b"DATA".to_vec(),
        letter,
        b"QUIT".to_vec(),
    ] {
        if !said.is_empty() {
            stream.write_all(&[&said, &b"\r\n"[..]].concat()).await.expect("Postfix reads");
        }
        let mut answer = String::new();
        stream.read_line(&mut answer).await.expect("Postfix answers");
        assert!(answer.starts_with(['2', '3']), "Postfix refused: {answer}");
    }
}

async fn session(user: &str, folder: &str) -> Session<TcpStream> {
    let mut session = logged_in(user).await;
    session.select(folder).await.expect("the folder is there");
    session
}

/// A session that has opened no folder: opening one would take the `\Recent` from its messages.
pub async fn logged_in(user: &str) -> Session<TcpStream> {
    let stream = TcpStream::connect(("127.0.0.1", port("REDRESS_TEST_IMAP_PORT"))).await.expect("Dovecot listens");
    let mut client = async_imap::Client::new(stream);
    client.read_response().await.expect("Dovecot greets").expect("Dovecot greets");
    client.login(user, variable("REDRESS_TEST_PASSWORD")).await.expect("every user may log in")
}

/// Puts `message` into the INBOX of `user`, with flags such as `\Seen`, as if it had arrived at `arrived`
/// ("17-Jul-2026 02:44:25 +0000").
pub async fn append(user: &str, flags: &str, arrived: &str, message: &[u8]) {
    let arrived = format!("\"{arrived}\"");
    let flags = format!("({flags})");
    session(user, "INBOX").await.append("INBOX", Some(&flags), Some(&arrived), message).await.expect("APPEND works");
}

/// A message as it lies in a mailbox.
#[derive(Debug)]
pub struct Lying {
    pub uid: u32,
    /// As IMAP writes them, sorted, without `\Recent`.
    pub flags: Vec<String>,
    pub raw: Vec<u8>,
}

/// What lies in `folder` (named as on the wire) of `user`, in UID order.
pub async fn messages(user: &str, folder: &str) -> Vec<Lying> {
    let mut session = session(user, folder).await;
    let fetched = session.uid_fetch("1:*", "(UID FLAGS BODY.PEEK[])").await.expect("FETCH works");
    let fetched: Vec<_> = fetched.try_collect().await.expect("FETCH works");
    let mut messages: Vec<Lying> = fetched
        .iter()
        .map(|fetch| {
            let mut flags: Vec<String> =
                fetch.flags().filter(|flag| *flag != Flag::Recent).map(|flag| format!("{flag:?}")).collect();
            flags.sort();
            Lying { uid: fetch.uid.expect("asked for"), flags, raw: fetch.body().expect("asked for").to_vec() }
        })
        .collect();
    messages.sort_by_key(|message| message.uid);
    messages
}

/// The first `count` messages of `user`'s INBOX, as soon as they have arrived; at most half a minute is waited.
pub async fn messages_arrived(user: &str, count: usize) -> Vec<Lying> {
    for _ in 0..300 {
        let messages = messages(user, "INBOX").await;
        if messages.len() >= count {
            return messages;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("{count} messages did not reach {user} in half a minute");
}
