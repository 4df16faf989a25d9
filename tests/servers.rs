//! The mail side against a real Dovecot and a real Postfix. Started by `tests/run`.

mod common;

use std::time::{Duration, Instant};

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use common::{address, append, hand_to_postfix, imap, logged_in, messages, messages_arrived, smtp, variable};
use futures::StreamExt as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use redress::config::{Endpoint, Issuer, Login, Proof, Security, Server};
use redress::mail::imap::ImapMailbox;
use redress::mail::mailbox::{Mailbox, MailboxError, Raw};
use redress::mail::smtp::SmtpTransport;
use redress::mail::transport::{Envelope, SendError, Transport};
use sha2::Sha256;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

const LIMIT: u64 = 60 * 1024 * 1024;
const SUMMER: &str = "17-Jul-2026 02:44:25 +0100";

const LEAK: &[u8] = b"From: Ruth Okafor <ruth@example.com>\r\nTo: complaints@example.org\r\nSubject: Leak\r\nDate: Fri, 17 Jul 2026 02:44:20 +0100\r\n\
    Message-ID: <leak@example.com>\r\n\r\nThe ceiling drips.\r\n.\r\n..and the light flickers.\r\n";

async fn open_inbox(user: &str, security: Security) -> ImapMailbox {
    let mut mailbox = ImapMailbox::new(imap(user, security));
    mailbox.open("INBOX").await.expect("every user has an INBOX");
    mailbox
}

async fn whole(mailbox: &mut ImapMailbox, uid: &str) -> Vec<u8> {
    match mailbox.fetch(&uid.to_owned(), LIMIT).await.expect("FETCH works").expect("the message is there").raw {
        Raw::Whole(bytes) => bytes,
        Raw::HeadersOnly(_) => panic!("the message is below the limit"),
    }
}

#[tokio::test]
async fn mail_is_read_byte_for_byte_over_tls_and_starttls_with_the_servers_time_of_arrival() {
    let user = address("complaints");
    append(&user, "", SUMMER, LEAK).await;
    for security in [Security::Tls, Security::StartTls] {
        let mut mailbox = open_inbox(&user, security).await;
        let uids = mailbox.list(None).await.unwrap();
        assert_eq!(uids, ["1"]);
        let message = mailbox.fetch(&uids[0], LIMIT).await.unwrap().unwrap();
        assert_eq!(message.raw, Raw::Whole(LEAK.to_vec()));
        assert_eq!(message.size, LEAK.len() as u64);
        assert_eq!(message.arrived.to_string(), "2026-07-17T01:44:25Z");
        mailbox.close().await;
    }
}

#[tokio::test]
async fn reading_leaves_every_flag_as_people_set_it() {
    let user = address("complaints");
    for flags in ["", "\\Seen", "\\Flagged \\Seen", "$Forwarded"] {
        append(&user, flags, SUMMER, LEAK).await;
    }
    let before: Vec<_> = messages(&user, "INBOX").await.into_iter().map(|message| message.flags).collect();
    assert_eq!(before.iter().filter(|flags| flags.contains(&"Seen".to_owned())).count(), 2);

    let mut mailbox = open_inbox(&user, Security::Tls).await;
    for uid in mailbox.list(None).await.unwrap() {
        assert_eq!(whole(&mut mailbox, &uid).await, LEAK);
        // Headers only, too.
        mailbox.fetch(&uid, 10).await.unwrap().unwrap();
    }
    mailbox.close().await;

    let after: Vec<_> = messages(&user, "INBOX").await.into_iter().map(|message| message.flags).collect();
    assert_eq!(after, before);
}

#[tokio::test]
async fn only_mail_after_the_cursor_is_listed_even_when_there_is_none() {
    let user = address("complaints");
    for _ in 0..3 {
        append(&user, "", SUMMER, LEAK).await;
    }
    let mut mailbox = open_inbox(&user, Security::Tls).await;
    assert_eq!(mailbox.list(None).await.unwrap(), ["1", "2", "3"]);
    assert_eq!(mailbox.list(Some(&"1".into())).await.unwrap(), ["2", "3"]);
    // Dovecot answers "4:*" with 3.
    assert!(mailbox.list(Some(&"3".into())).await.unwrap().is_empty());
    assert!(mailbox.list(Some(&u32::MAX.to_string())).await.unwrap().is_empty());
    assert_eq!(mailbox.fetch(&"99".into(), LIMIT).await.unwrap(), None, "gone is no error");
}

#[tokio::test]
async fn new_mail_wakes_idle_within_seconds() {
    let user = address("complaints");
    let mut mailbox = open_inbox(&user, Security::Tls).await;
    let waiting = tokio::spawn(async move {
        mailbox.wait(Duration::from_secs(60)).await.unwrap();
        (Instant::now(), mailbox)
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(!waiting.is_finished(), "nothing has arrived yet");
    let handed_over = Instant::now();
    hand_to_postfix("ruth@example.com", &user, LEAK).await;
    let (woken, mut mailbox) = waiting.await.unwrap();
    println!("from Postfix to IDLE: {:?}", woken - handed_over);
    assert!(woken - handed_over < Duration::from_secs(10));
    // The session goes on after IDLE, and the message can be read.
    assert_eq!(mailbox.list(None).await.unwrap().len(), 1);

    let start = Instant::now();
    mailbox.wait(Duration::from_secs(1)).await.unwrap();
    assert!(start.elapsed() >= Duration::from_millis(900), "without news the wait lasts as long as it may");
    assert_eq!(mailbox.list(None).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_wait_given_up_halfway_does_not_disturb_the_next_command() {
    let user = address("complaints");
    append(&user, "", SUMMER, LEAK).await;
    let mut mailbox = open_inbox(&user, Security::Tls).await;
    assert!(tokio::time::timeout(Duration::from_millis(300), mailbox.wait(Duration::from_secs(60))).await.is_err());
    assert!(mailbox.list(None).await.is_err(), "the session in the middle of IDLE is gone");
    mailbox.open("INBOX").await.unwrap();
    assert_eq!(mailbox.list(None).await.unwrap(), ["1"]);
}

#[tokio::test]
async fn stored_mail_is_moved_to_a_folder_made_for_it_whatever_its_name() {
    let user = address("complaints");
    append(&user, "\\Flagged", SUMMER, LEAK).await;
    append(&user, "", SUMMER, LEAK).await;
    let mut mailbox = open_inbox(&user, Security::Tls).await;
    for uid in mailbox.list(None).await.unwrap() {
        mailbox.file(&uid, "Tŷ & Cwynion").await.unwrap();
        mailbox.file(&uid, "Tŷ & Cwynion").await.expect("a message already moved is no error");
    }
    assert!(mailbox.list(None).await.unwrap().is_empty());
    let moved = messages(&user, "T&AXc- &- Cwynion").await;
    assert_eq!(moved.len(), 2);
    assert_eq!(moved[0].flags, ["Flagged"]);
    assert_eq!(moved[0].raw, LEAK);
    // The folder can be watched under its plain name.
    mailbox.open("Tŷ & Cwynion").await.unwrap();
    assert_eq!(mailbox.list(None).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_folder_that_is_missing_is_refused_in_the_servers_words() {
    let mut mailbox = ImapMailbox::new(imap(&address("complaints"), Security::Tls));
    let Err(MailboxError::Refused(words)) = mailbox.open("Nowhere").await else { panic!("there is no such folder") };
    assert!(words.contains("Nowhere"), "{words}");
}

#[tokio::test]
async fn fifty_megabytes_are_read_in_chunks() {
    let user = address("complaints");
    let mut message = LEAK.to_vec();
    let line = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789\r\n";
    while message.len() < 50 * 1024 * 1024 {
        message.extend_from_slice(line);
    }
    append(&user, "", SUMMER, &message).await;
    let mut mailbox = open_inbox(&user, Security::Tls).await;
    let before = resident_kb("VmRSS");
    let start = Instant::now();
    let read = whole(&mut mailbox, "1").await;
    println!(
        "50 MB in {:?}, resident memory {} kB before, {} kB at most",
        start.elapsed(),
        before,
        resident_kb("VmHWM")
    );
    assert!(read == message, "the same bytes");
}

/// A figure of this process, such as "VmHWM", in kB.
fn resident_kb(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("this is Linux");
    let line = status.lines().find(|line| line.starts_with(name)).expect("a known name");
    line.split_whitespace().nth(1).and_then(|figure| figure.parse().ok()).expect("a number of kB")
}

#[tokio::test]
async fn of_a_message_above_the_limit_the_headers_are_taken() {
    let user = address("complaints");
    append(&user, "", SUMMER, LEAK).await;
    let mut mailbox = open_inbox(&user, Security::Tls).await;
    let message = mailbox.fetch(&"1".into(), LEAK.len() as u64 - 1).await.unwrap().unwrap();
    let Raw::HeadersOnly(headers) = message.raw else { panic!("one byte too many") };
    assert!(headers.ends_with(b"Message-ID: <leak@example.com>\r\n\r\n"));
    assert_eq!(message.size, LEAK.len() as u64, "the size is that of the whole message");
    assert_eq!(message.arrived.to_string(), "2026-07-17T01:44:25Z");
    let message = mailbox.fetch(&"1".into(), LEAK.len() as u64).await.unwrap().unwrap();
    assert_eq!(message.raw, Raw::Whole(LEAK.to_vec()), "at the limit it is whole");
}

#[tokio::test]
async fn a_wrong_password_is_a_refused_login_and_never_shown() {
    let user = address("complaints");
    let wrong = Some(Login { user: user.clone(), proof: Proof::Password("£ 5 \"quoted\"".to_owned().into()) });
    let mut mailbox = ImapMailbox::new(Server { login: wrong.clone(), ..imap(&user, Security::Tls) });
    let error = mailbox.open("INBOX").await.unwrap_err();
    assert!(matches!(&error, MailboxError::Login(words) if words.contains("AUTHENTICATIONFAILED")), "{error}");
    assert!(!error.to_string().contains("quoted"));

    let mut transport =
        SmtpTransport::new(Server { login: wrong, ..smtp(&user, Security::Tls) }, "redress.example.org");
    let error = transport.verify().await.unwrap_err();
    assert!(matches!(&error, SendError::RouteBroken(words) if words.starts_with("login: 535")), "{error}");
    assert!(!error.to_string().contains("quoted"));
}

/// A server that gives each asker a token for `user`, signed with `key`, as Dovecot and Postfix are shown it.
async fn token_server(user: &str, key: &str) -> Endpoint {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback is there");
    let port = listener.local_addr().expect("bound").port();
    let word = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    let claims = format!(r#"{{"sub": "redress", "email": "{user}", "iat": 1790000000, "exp": 4000000000}}"#);
    let signed = format!("{}.{}", word(r#"{"typ": "JWT", "alg": "HS256"}"#), word(&claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("HMAC takes any key");
    mac.update(signed.as_bytes());
    let token = format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()));
    let granted = format!(r#"{{"token_type": "Bearer", "expires_in": 3600, "access_token": "{token}"}}"#);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.expect("an asker comes");
            let mut asked = Vec::new();
            while !asked.ends_with(b"client_secret=ours") {
                assert_ne!(stream.read_buf(&mut asked).await.expect("a form"), 0, "a form that ends with the secret");
            }
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{granted}", granted.len());
            stream.write_all(answer.as_bytes()).await.expect("the asker listens");
        }
    });
    let server = Server { host: "127.0.0.1".into(), port, security: Security::Plain, login: None, ca_file: None };
    Endpoint { server, path: "/token".into() }
}

#[tokio::test]
async fn with_a_token_in_place_of_a_password_mail_is_read_and_letters_leave() {
    let user = address("complaints");
    append(&user, "", SUMMER, LEAK).await;
    for (key, good) in [("correct-horse", true), ("stolen", false)] {
        let issuer = Issuer {
            endpoint: token_server(&user, key).await,
            client_id: "redress".into(),
            client_secret: Some("ours".to_owned().into()),
            scope: None,
            refresh_token: None,
        };
        let login = Some(Login { user: user.clone(), proof: Proof::Token(Box::new(issuer)) });
        let mut mailbox = ImapMailbox::new(Server { login: login.clone(), ..imap(&user, Security::Tls) });
        let opened = mailbox.open("INBOX").await;
        let mut transport = SmtpTransport::new(Server { login, ..smtp(&user, Security::Tls) }, "redress.example.org");
        let verified = transport.verify().await;
        if good {
            opened.unwrap();
            assert_eq!(whole(&mut mailbox, "1").await, LEAK);
            assert_eq!(verified, Ok(()));
        } else {
            assert!(matches!(opened, Err(MailboxError::Login(_))), "{opened:?}");
            assert!(matches!(verified, Err(SendError::RouteBroken(_))), "{verified:?}");
        }
    }
}

#[tokio::test]
async fn a_server_that_cannot_prove_its_name_is_not_spoken_to() {
    let folder = tempfile::tempdir().unwrap();
    let stranger = folder.path().join("stranger.pem");
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["localhost".into()]).unwrap().self_signed(&key).unwrap();
    std::fs::write(&stranger, certificate.pem()).unwrap();
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "").unwrap();

    let user = address("complaints");
    for security in [Security::Tls, Security::StartTls] {
        for (what, change) in [
            ("another authority", Server { ca_file: Some(stranger.clone()), ..imap(&user, security) }),
            ("the system's authorities", Server { ca_file: None, ..imap(&user, security) }),
            ("an empty file", Server { ca_file: Some(empty.clone()), ..imap(&user, security) }),
            ("no file", Server { ca_file: Some(folder.path().join("none.pem")), ..imap(&user, security) }),
            ("another name", Server { host: "127.0.0.1".into(), ..imap(&user, security) }),
        ] {
            let error = ImapMailbox::new(change.clone()).open("INBOX").await.expect_err(what);
            assert!(matches!(error, MailboxError::Refused(_)), "{what}: {error}");
            let port = smtp(&user, security).port;
            let error =
                SmtpTransport::new(Server { port, ..change }, "redress.example.org").verify().await.expect_err(what);
            assert!(matches!(error, SendError::RouteBroken(_)), "{what}: {error}");
        }
    }
}

fn letter<'a>(from: &'a str, to: &'a str) -> Envelope<'a> {
    Envelope { from, to, bytes: LEAK }
}

#[tokio::test]
async fn a_letter_arrives_byte_for_byte_and_its_queue_id_is_kept() {
    let (landlord, resident) = (address("complaints"), address("ruth"));
    for (n, security) in [Security::StartTls, Security::Tls, Security::Plain].into_iter().enumerate() {
        let mut transport = SmtpTransport::new(smtp(&landlord, security), "redress.example.org");
        transport.verify().await.unwrap();
        let accepted = transport.send(letter(&landlord, &resident)).await.unwrap();
        assert!(accepted.reply.starts_with("250 2.0.0 Ok: queued as "), "{}", accepted.reply);
        let arrived = messages_arrived(&resident, n + 1).await;
        let text = String::from_utf8(arrived[n].raw.clone()).unwrap();
        assert!(text.ends_with(std::str::from_utf8(LEAK).unwrap()), "below the servers' own headers: {text}");
        assert!(text.starts_with(&format!("Return-Path: <{landlord}>")), "{text}");
    }
}

#[tokio::test]
async fn postfix_refuses_now_or_for_good_and_both_are_told_apart() {
    let landlord = address("complaints");
    let mut transport = SmtpTransport::new(smtp(&landlord, Security::StartTls), "redress.example.org");
    let refused = transport.send(letter(&landlord, "refused@example.org")).await.unwrap_err();
    assert!(matches!(&refused, SendError::Never(words) if words.starts_with("RCPT: 550 5.1.1")), "{refused}");
    let later = transport.send(letter(&landlord, "later@example.org")).await.unwrap_err();
    assert!(matches!(&later, SendError::Again(words) if words.starts_with("RCPT: 450 4.2.1")), "{later}");
}

#[tokio::test]
async fn mail_for_nobody_comes_back_to_the_envelope_sender() {
    let landlord = address("complaints");
    let mut transport = SmtpTransport::new(smtp(&landlord, Security::StartTls), "redress.example.org");
    transport.send(letter(&landlord, "returned@example.org")).await.unwrap();
    let bounce = messages_arrived(&landlord, 1).await.remove(0);
    let text = String::from_utf8(bounce.raw).unwrap();
    assert!(text.starts_with("Return-Path: <>"), "{text}");
    assert!(text.contains("multipart/report") && text.contains("<leak@example.com>"), "{text}");
}

#[tokio::test]
async fn nobody_home_is_unreached_for_letters_and_lost_for_mailboxes() {
    // A port that was just free: nobody listens.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let server = Server { port, ..imap(&address("complaints"), Security::Tls) };
    assert!(matches!(ImapMailbox::new(server.clone()).open("INBOX").await, Err(MailboxError::Lost(_))));
    assert!(matches!(SmtpTransport::new(server, "redress.example.org").verify().await, Err(SendError::Unreached(_))));
}

// ── the shadow ────────────────────────────────────────────────────────────────────────────────────────────────────

/// A configuration for a mailbox with INBOX and Junk, in a folder that has nothing else in it.
fn landlord_of(user: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    let (imaps, ca) = (variable("REDRESS_TEST_IMAPS_PORT"), variable("REDRESS_TEST_CA"));
    let landlord = common::landlord(user, "ada@example.net", "reviewer@example.net");
    let config = format!(
        r#"
database = "sqlite:never.db"
sending = "live"
answer_mail_since = 2026-01-01

[[mailbox]]
name = "complaints"
landlord = "orchard"
junk = "Junk"
move_to = "Logged"

[mailbox.imap]
host = "localhost"
port = {imaps}
user = "{user}"
password = {{ env = "REDRESS_TEST_PASSWORD" }}
ca_file = "{ca}"

[outgoing]
maildir = "never"

[operator]
name = "Olu Operator"
address = "operator@example.net"

[operator.second_way]
command = ["/bin/true"]

{landlord}"#
    );
    std::fs::write(folder.path().join("redress.toml"), config).expect("the folder is ours");
    folder
}

/// What the server says of a folder without its being opened.
async fn status(user: &str, folder: &str) -> String {
    let counts = "(MESSAGES RECENT UIDNEXT UIDVALIDITY UNSEEN)";
    format!("{:?}", logged_in(user).await.status(folder, counts).await.expect("STATUS works"))
}

// Goal: a look back over a thousand messages leaves no trace on the server.
// How:  flags of every kind, mail that no session has seen yet (\Recent), two folders; compared before and after.
#[tokio::test]
async fn the_shadow_over_a_thousand_messages_leaves_the_mailbox_as_it_was() {
    let user = address("complaints");
    let mut session = logged_in(&user).await;
    session.create("Junk").await.expect("folders can be made");
    for number in 0..1000 {
        let (folder, flags) = match number % 5 {
            0 => ("Junk", ""),
            1 => ("INBOX", "(\\Seen)"),
            2 => ("INBOX", "(\\Flagged \\Answered)"),
            _ => ("INBOX", ""),
        };
        let words = match number % 3 {
            0 => "Nobody came although you promised. I want to complain about the damp in my bedroom.",
            1 => "Hello, the tap in my kitchen drips. Could you please send somebody to repair it?",
            _ => "Thank you very much, the plumber was lovely.",
        };
        let message = format!(
            "From: R{number} <r{number}@example.com>\r\nTo: {user}\r\nSubject: Number {number}\r\n\
             Message-ID: <{number}.{user}>\r\n\r\n{words}\r\n"
        );
        let arrived = format!("\"{:2}-Jul-2026 {:02}:44:25 +0100\"", 10 + number / 400, number % 24);
        let flags = (!flags.is_empty()).then_some(flags);
        session.append(folder, flags, Some(&arrived), message.as_bytes()).await.expect("APPEND works");
    }
    session.logout().await.expect("LOGOUT works");
    let mut before = Vec::new();
    for folder in ["INBOX", "Junk"] {
        before.push(status(&user, folder).await);
    }
    assert!(before[0].contains("recent: 800") && before[1].contains("recent: 200"), "{before:?}");

    let landlord = landlord_of(&user);
    let began = Instant::now();
    let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_redress"))
        .args(["--config", "redress.toml", "shadow", "--since", "2026-07-10", "--until", "2026-07-13", "--json"])
        .current_dir(landlord.path())
        .output()
        .await
        .expect("the binary starts");
    println!("1,000 messages on Dovecot in {:.1} s", began.elapsed().as_secs_f64());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["summary"]["messages"], 1000);
    assert_eq!(report["messages"][0]["arrived"], "2026-07-09T23:44:25Z", "the server's time of arrival");

    for (folder, before) in ["INBOX", "Junk"].into_iter().zip(before) {
        assert_eq!(status(&user, folder).await, before);
    }
    let lying = messages(&user, "INBOX").await;
    let with = |flag: &str| lying.iter().filter(|message| message.flags.contains(&flag.to_owned())).count();
    assert_eq!((lying.len(), with("Seen"), with("Flagged"), with("Answered")), (800, 200, 200, 200));
    let folders: Vec<_> = logged_in(&user).await.list(Some(""), Some("*")).await.expect("LIST works").collect().await;
    assert_eq!(folders.len(), 2, "no folder was made");
    let files: Vec<_> = std::fs::read_dir(landlord.path()).expect("it is there").collect();
    assert_eq!(files.len(), 1, "neither database nor letters were written");
}
