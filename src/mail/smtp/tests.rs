//! Each failure in each phase, from a scripted server over a real socket.

use std::sync::Mutex;

use tokio::net::TcpListener;
use tokio::time::Instant;

use super::*;
use crate::config::{Login, Proof};
use crate::mail::token::at_hand;

const LETTER: &[u8] = b"Message-ID: <1@example.org>\r\nSubject: Your complaint\r\n\r\nDear tenant,\r\n.\r\n";
const SILENT: &str = "SILENT";
const CLOSED: &str = "CLOSED";

/// A conversation in which all goes well, in order: what the server says to the connection, EHLO, AUTH, MAIL, RCPT, DATA,
/// the final dot, QUIT.
const GOOD: [&str; 8] = [
    "220 mx ready",
    "250-mx\r\n250 AUTH PLAIN",
    "235 2.7.0 welcome",
    "250 2.1.0 Ok",
    "250 2.1.5 Ok",
    "354 go on",
    "250 2.0.0 Ok: queued as 4XyZ",
    "221 bye",
];
const GREETING: usize = 0;
const EHLO: usize = 1;
const AUTH: usize = 2;
const MAIL: usize = 3;
const RCPT: usize = 4;
const DATA: usize = 5;
const DOT: usize = 6;
const QUIT: usize = 7;

/// A server that says `answers` in turn, and a transport to it with little patience. What the server hears is kept.
async fn server(answers: &[&str]) -> (SmtpTransport, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback is there");
    let port = listener.local_addr().expect("bound").port();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let (hears, answers) = (heard.clone(), answers.iter().map(ToString::to_string).collect::<Vec<_>>());
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a client comes");
        let mut stream = BufReader::new(stream);
        let mut letter = false;
        for answer in answers {
            match answer.as_str() {
                SILENT => tokio::time::sleep(Duration::from_secs(60)).await,
                CLOSED => return,
                _ => {}
            }
            let _ = stream.write_all(format!("{answer}\r\n").as_bytes()).await;
            letter = letter && !answer.starts_with("250 2.0.0") || answer.starts_with("354");
            loop {
                let mut line = Vec::new();
                if stream.read_until(b'\n', &mut line).await.unwrap_or(0) == 0 {
                    return;
                }
                hears.lock().expect("nobody panics").extend_from_slice(&line);
                if !letter || line == b".\r\n" {
                    break;
                }
            }
        }
    });
    let server = Server {
        host: "127.0.0.1".into(),
        port,
        security: Security::Plain,
        login: Some(Login { user: "complaints@example.org".into(), proof: Proof::Password("horse".to_owned().into()) }),
        ca_file: None,
    };
    let short = Duration::from_millis(250);
    let patience = Patience { connect: short, command: short, data: short, answer: short, quit: short };
    (SmtpTransport { patience, ..SmtpTransport::new(server, "redress.example.org") }, heard)
}

async fn send(answers: &[&str]) -> Result<Accepted, SendError> {
    send_bytes(answers, LETTER).await.0
}

async fn send_bytes(answers: &[&str], bytes: &[u8]) -> (Result<Accepted, SendError>, String) {
    let (mut transport, heard) = server(answers).await;
    let start = Instant::now();
    let sent = transport.send(Envelope { from: "complaints@example.org", to: "ruth@example.com", bytes }).await;
    assert!(start.elapsed() < Duration::from_secs(5), "every phase has its time");
    if sent.is_ok() {
        // The farewell is not waited for by those who send.
        while !heard.lock().expect("nobody panics").ends_with(b"QUIT\r\n") && start.elapsed() < Duration::from_secs(5) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    let heard = heard.lock().expect("nobody panics").clone();
    (sent, String::from_utf8_lossy(&heard).into_owned())
}

/// The good conversation, but for what is said at `place`, after which the server says no more.
fn until(place: usize, answer: &'static str) -> Vec<&'static str> {
    let mut answers = GOOD[..place].to_vec();
    answers.extend([answer, CLOSED]);
    answers
}

#[tokio::test]
async fn a_letter_goes_out_as_it_is_and_the_answer_is_kept() {
    let (sent, heard) = send_bytes(&GOOD, LETTER).await;
    assert_eq!(sent.unwrap().reply, "250 2.0.0 Ok: queued as 4XyZ");
    let (_, heard) = heard.split_once("MAIL").unwrap();
    assert_eq!(
        heard,
        " FROM:<complaints@example.org>\r\nRCPT TO:<ruth@example.com>\r\nDATA\r\nMessage-ID: <1@example.org>\r\n\
         Subject: Your complaint\r\n\r\nDear tenant,\r\n..\r\n.\r\nQUIT\r\n",
        "one recipient, the lone dot doubled, no empty line added"
    );
}

#[tokio::test]
async fn what_a_failure_means_depends_on_the_phase_alone() {
    let again = |result: &Result<Accepted, SendError>| matches!(result, Err(Again(_)));
    let never = |result: &Result<Accepted, SendError>| matches!(result, Err(Never(_)));
    let unknown = |result: &Result<Accepted, SendError>| matches!(result, Err(Unknown(_)));
    let broken = |result: &Result<Accepted, SendError>| matches!(result, Err(RouteBroken(_)));
    let unreached = |result: &Result<Accepted, SendError>| matches!(result, Err(Unreached(_)));
    type Expected<'a> = &'a dyn Fn(&Result<Accepted, SendError>) -> bool;
    for (place, answer, expected) in [
        (GREETING, "421 4.3.2 too busy", &unreached as Expected<'_>),
        (GREETING, "554 5.7.1 go away", &broken),
        (GREETING, SILENT, &unreached),
        (GREETING, CLOSED, &unreached),
        (GREETING, "SSH-2.0-OpenSSH", &unreached),
        (EHLO, "421 4.3.2 too busy", &unreached),
        (EHLO, "502 5.5.1 not here", &broken),
        (EHLO, "250 mx", &broken), // No login offered.
        (EHLO, SILENT, &unreached),
        (AUTH, "454 4.7.0 database is away", &unreached),
        (AUTH, "421 4.7.0 later", &unreached),
        (AUTH, "535 5.7.8 wrong password", &broken),
        (AUTH, "534 5.7.9 use a browser", &broken),
        (AUTH, SILENT, &unreached),
        (AUTH, CLOSED, &unreached),
        (MAIL, "451 4.3.0 later", &again),
        (MAIL, "530 5.7.0 log in first", &broken),
        (MAIL, "538 5.7.11 encrypt first", &broken),
        (MAIL, "550 5.7.1 not you", &again),
        (MAIL, "552 5.3.4 too large", &never),
        (MAIL, SILENT, &again),
        (MAIL, CLOSED, &again),
        (MAIL, "354 a step behind", &again),
        (RCPT, "450 4.2.0 greylisted", &again),
        (RCPT, "421 4.7.0 closing", &again),
        (RCPT, "550 5.1.1 nobody here", &never),
        (RCPT, "552 5.2.2 mailbox full", &again),
        (RCPT, "552 5.3.4 too large", &never),
        (RCPT, "550 5.1.8 sender is blocked", &again),
        (RCPT, SILENT, &again),
        (RCPT, CLOSED, &again),
        (DATA, "451 4.3.0 later", &again),
        (DATA, "554 5.5.1 no recipients", &never),
        (DATA, "250 a step behind", &again),
        (DATA, SILENT, &again),
        (DATA, CLOSED, &again),
        (DOT, "451 4.7.1 scanner away", &again),
        (DOT, "550 5.7.1 looks like spam", &never),
        (DOT, "552 5.2.2 mailbox full", &again),
        (DOT, "554 5.2.252 not your address to send from", &again),
        (DOT, SILENT, &unknown),
        (DOT, CLOSED, &unknown),
        (DOT, "354 a step behind", &unknown),
        (DOT, "what?", &unknown),
        // It was taken: however the farewell goes.
        (QUIT, SILENT, &Result::is_ok),
        (QUIT, CLOSED, &Result::is_ok),
        (QUIT, "554 5.0.0 no", &Result::is_ok),
    ] {
        let sent = send(&until(place, answer)).await;
        assert!(expected(&sent), "phase {place}, \"{answer}\": {sent:?}");
    }
}

#[tokio::test]
async fn a_letter_that_was_taken_is_reported_before_the_farewell() {
    let (mut transport, _) = server(&until(QUIT, SILENT)).await;
    transport.patience.quit = Duration::from_secs(60);
    let start = Instant::now();
    transport.send(Envelope { from: "complaints@example.org", to: "ruth@example.com", bytes: LETTER }).await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_failure_names_the_phase_and_quotes_the_server_on_one_line() {
    let refused = send(&until(RCPT, "550-5.1.1 nobody\r\n550 5.1.1 \u{7}here")).await.unwrap_err();
    assert_eq!(refused, Never("RCPT: 550 5.1.1 nobody here".into()));
    assert_eq!(send(&until(DOT, SILENT)).await.unwrap_err(), Unknown("end of letter: no answer in time".into()));
}

#[tokio::test]
async fn a_connection_lost_within_the_letter_is_no_doubt() {
    // Far more than the sockets buffer, to a server that reads none of it.
    let letter = [LETTER, &b"All work and no play.\r\n".repeat(600_000)].concat();
    let mut answers = GOOD[..=DATA].to_vec();
    answers[DATA] = "354 go on";
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (mut transport, _) = server(&[]).await;
    transport.server.port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = BufReader::new(stream);
        for answer in answers {
            stream.write_all(format!("{answer}\r\n").as_bytes()).await.unwrap();
            stream.read_line(&mut String::new()).await.unwrap();
        }
    });
    let sent =
        transport.send(Envelope { from: "complaints@example.org", to: "ruth@example.com", bytes: &letter }).await;
    assert!(matches!(&sent, Err(Again(words)) if words.starts_with("in the letter: ")), "{sent:?}");
}

#[tokio::test]
async fn an_answer_that_is_not_utf8_is_an_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (mut transport, _) = server(&[]).await;
    transport.server.port = listener.local_addr().unwrap().port();
    transport.server.login = None;
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = BufReader::new(stream);
        for answer in [GOOD[GREETING], GOOD[EHLO], GOOD[MAIL], GOOD[RCPT], GOOD[DATA]] {
            stream.write_all(format!("{answer}\r\n").as_bytes()).await.unwrap();
            stream.read_line(&mut String::new()).await.unwrap();
        }
        let mut line = String::new();
        while line != ".\r\n" {
            line.clear();
            stream.read_line(&mut line).await.unwrap();
        }
        stream.write_all(b"250 2.0.0 gr\xfc\xdfe\r\n").await.unwrap();
    });
    let sent = transport.send(Envelope { from: "complaints@example.org", to: "ruth@example.com", bytes: LETTER }).await;
    assert_eq!(sent.unwrap().reply, "250 2.0.0 gr??e");
}

#[tokio::test]
async fn a_reply_without_end_is_not_listened_to() {
    for (place, before) in [(EHLO, "250-"), (RCPT, "250 "), (DOT, "250 ")] {
        let endless = format!("{before}{}", "x".repeat(2 * REPLY_MAX)).leak();
        let error = send(&until(place, endless)).await.unwrap_err();
        assert!(error.to_string().contains("a reply without end"), "{error}");
    }
}

#[tokio::test]
async fn a_letter_that_smtp_cannot_carry_is_not_sent_at_all() {
    for bytes in
        [&b"A: b\n\nc\r\n"[..], b"A: b\r\n\r\nc\rd\r\n", b"A: b\r\n\r\nc\n.\n\r\n", b"A: b\r\n\r\n\r", b"\n", b"\r\n\n"]
    {
        let (sent, heard) = send_bytes(&GOOD, bytes).await;
        assert!(matches!(sent, Err(Never(_))), "{bytes:?}");
        assert_eq!(heard, "", "nothing was said");
    }
    // The relay in the script offers neither 8BITMIME nor SMTPUTF8.
    let (sent, heard) = send_bytes(&GOOD, "A: b\r\n\r\ntŷ\r\n".as_bytes()).await;
    assert!(matches!(&sent, Err(Never(words)) if words.contains("8BITMIME")), "{sent:?}");
    assert!(!heard.contains("MAIL"));

    let (mut transport, heard) = server(&GOOD).await;
    for (from, to) in [
        ("complaints@example.org", "ruth"),
        ("complaints@example.org", "a@b>\r\nRCPT TO:<c@d"),
        ("", "ruth@example.com"),
    ] {
        assert!(matches!(transport.send(Envelope { from, to, bytes: LETTER }).await, Err(Never(_))), "{from:?} {to:?}");
    }
    assert!(heard.lock().unwrap().is_empty());
}

#[tokio::test]
async fn eight_bit_letters_are_announced_where_the_relay_takes_them() {
    let mut answers = GOOD;
    answers[EHLO] = "250-mx\r\n250-8BITMIME\r\n250 AUTH PLAIN";
    let (sent, heard) = send_bytes(&answers, "A: b\r\n\r\ntŷ\r\n".as_bytes()).await;
    sent.unwrap();
    assert!(heard.contains("MAIL FROM:<complaints@example.org> BODY=8BITMIME\r\n"), "{heard}");
}

#[tokio::test]
async fn without_starttls_neither_password_nor_letter_is_said_in_clear() {
    for (answers, broken) in [
        (vec!["220 mx", "250-mx\r\n250 AUTH PLAIN", CLOSED], true),
        (vec!["220 mx", "250-mx\r\n250 STARTTLS", "502 5.5.1 not today", CLOSED], true),
        (vec!["220 mx", "250-mx\r\n250 STARTTLS", "454 4.7.0 no TLS just now", CLOSED], false),
        // A forger's words that would be taken for the first answer from inside.
        (vec!["220 mx", "250-mx\r\n250 STARTTLS", "220 go\r\n250-mx\r\n250 AUTH PLAIN", CLOSED], true),
        (vec!["220 mx", "250-mx\r\n250 STARTTLS", "220 go", CLOSED], false),
        (vec!["220 mx", "250-mx\r\n250 STARTTLS", SILENT], false),
        (vec!["554 5.7.1 go away", CLOSED], true),
        (vec![SILENT], false),
    ] {
        let (mut transport, heard) = server(&answers).await;
        transport.server.security = Security::StartTls;
        let error = transport.verify().await.unwrap_err();
        assert_eq!(matches!(error, RouteBroken(_)), broken, "{answers:?}: {error}");
        assert_eq!(matches!(error, Unreached(_)), !broken, "{answers:?}: {error}");
        let heard = String::from_utf8_lossy(&heard.lock().unwrap()).into_owned();
        assert!(!heard.contains("AUTH") && !heard.contains("MAIL"), "{heard}");
    }
}

#[tokio::test]
async fn a_token_is_shown_by_xoauth2_and_a_refused_one_is_the_ways_fault() {
    let offered = "250-mx\r\n250 AUTH PLAIN LOGIN XOAUTH2";
    let (login, tokens) = at_hand("ticket");
    let (mut transport, heard) = server(&[GOOD[GREETING], offered, GOOD[AUTH], GOOD[QUIT]]).await;
    (transport.server.login, transport.tokens) = (Some(login.clone()), tokens);
    transport.verify().await.unwrap();
    let heard = String::from_utf8_lossy(&heard.lock().unwrap()).into_owned();
    let shown = "AUTH XOAUTH2 dXNlcj1jb21wbGFpbnRzQGV4YW1wbGUub3JnAWF1dGg9QmVhcmVyIHRpY2tldAEB\r\n";
    assert!(heard.contains(shown), "{heard}");

    let (mut transport, _) = server(&[GOOD[GREETING], offered, "535 5.7.3 Authentication unsuccessful", CLOSED]).await;
    (transport.server.login, transport.tokens) = (Some(login), at_hand("ticket").1);
    let refused = transport.verify().await;
    assert!(matches!(&refused, Err(RouteBroken(words)) if words.contains("535 5.7.3")), "{refused:?}");
    let again = transport.verify().await;
    assert!(matches!(&again, Err(Unreached(words)) if words.starts_with("no token")), "a new one is wanted: {again:?}");
}

#[tokio::test]
async fn a_check_logs_in_and_sends_nothing() {
    let (mut transport, heard) = server(&[GOOD[GREETING], GOOD[EHLO], GOOD[AUTH], GOOD[QUIT]]).await;
    transport.verify().await.unwrap();
    let heard = String::from_utf8_lossy(&heard.lock().unwrap()).into_owned();
    let commands: Vec<_> = heard.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(commands, ["EHLO", "AUTH", "QUIT"]);
    let (mut transport, _) = server(&until(AUTH, "535 5.7.8 wrong password")).await;
    assert_eq!(transport.verify().await, Err(RouteBroken("login: 535 5.7.8 wrong password".into())));
}

/// Goal: what a server says before it was asked is never taken for the answer.
/// How: it says one line too many behind each of its answers, in the same breath or a moment later.
#[tokio::test]
async fn an_answer_that_comes_before_its_question_is_none() {
    for place in [EHLO, AUTH, MAIL, RCPT, DATA] {
        for words in ["250 2.0.0 Ok: queued as FORGED", "354 go on", "421 4.3.2 going down", "nonsense"] {
            let mut answers: Vec<String> = GOOD.iter().map(ToString::to_string).collect();
            answers[place] += &format!("\r\n{words}");
            let answers: Vec<&str> = answers.iter().map(String::as_str).collect();
            let (sent, heard) = send_bytes(&answers, LETTER).await;
            assert!(
                matches!(&sent, Err(Again(said) | Unreached(said)) if said.contains(words)),
                "{words} behind {}: {sent:?}",
                GOOD[place]
            );
            assert!(!heard.contains("\r\n.\r\n"), "the letter was not ended: {heard}");
        }
    }
}

/// A server may say several lines in one answer, in one piece or in many.
#[tokio::test]
async fn an_answer_of_several_lines_is_one_answer() {
    let several = [
        "220-mx\r\n220 ready",
        GOOD[EHLO],
        "235-2.7.0\r\n235 ok",
        "250-2.1.0\r\n250 Ok",
        GOOD[RCPT],
        "354-go\r\n354 on",
        "250-2.0.0 Ok\r\n250 2.0.0 queued",
        GOOD[QUIT],
    ];
    assert_eq!(send(&several).await.unwrap().reply, "250 2.0.0 Ok 2.0.0 queued");
}
