//! Faults that no well-behaved server shows: a scripted one, over a real socket.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use super::session::internal_date;
use super::*;
use crate::config::{Login, Proof};
use crate::mail::mailbox::Raw;
use crate::mail::token::at_hand;

const SECOND: Duration = Duration::from_secs(1);

/// What the server answers to each command in turn; `#` stands for the command's tag. Afterwards it closes the
/// connection, or with [`SILENT`] as the last answer, says nothing more. An answer that begins with [`LATE`] takes a moment.
type Script = &'static [&'static str];

const SILENT: &str = "";
const LATE: char = '~';

const LOGGED_IN: Script = &["# OK in\r\n"];
const UNABLE: Script = &["* CAPABILITY IMAP4rev1\r\n# OK\r\n"];
const ABLE: Script = &["* CAPABILITY IMAP4rev1 IDLE MOVE UIDPLUS\r\n# OK\r\n"];
/// A list of capabilities that cannot be parsed.
const SPACED: Script = &["* CAPABILITY IMAP4rev1  IDLE\r\n# OK\r\n"];
const SELECTED: Script = &["* 1 EXISTS\r\n* OK [UIDVALIDITY 7] yes\r\n# OK [READ-WRITE] selected\r\n"];
const FACTS: Script = &["* 1 FETCH (UID 4 RFC822.SIZE 6 INTERNALDATE \"17-Jul-2026 02:44:25 +0100\")\r\n# OK\r\n"];
const BODY: Script = &["* 1 FETCH (UID 4 BODY[]<0> {6}\r\nwords!)\r\n# OK\r\n"];

/// Starts a server that greets with `greeting` and follows one script a connection, and returns a mailbox on it, with
/// little patience, and what the server hears.
async fn server(greeting: &'static str, scripts: Vec<Vec<Script>>) -> (ImapMailbox, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback is there");
    let port = listener.local_addr().expect("bound").port();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hears = heard.clone();
    tokio::spawn(async move {
        for script in scripts {
            let (stream, _) = listener.accept().await.expect("a client comes");
            let mut stream = BufReader::new(stream);
            let _ = stream.write_all(greeting.as_bytes()).await;
            for answer in script.concat() {
                let mut line = String::new();
                if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                    break;
                }
                let (tag, command) = line.trim_end().split_once(' ').unwrap_or(("-", line.trim_end()));
                hears.lock().expect("nobody panics").push(command.to_owned());
                if answer == SILENT {
                    tokio::time::sleep(60 * SECOND).await;
                }
                if answer.starts_with(LATE) {
                    tokio::time::sleep(SECOND / 8).await;
                }
                let _ = stream.write_all(answer.trim_start_matches(LATE).replace('#', tag).as_bytes()).await;
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
    let short = SECOND / 4;
    let patience =
        Patience { connect: SECOND, greeting: short, command: short, message: SECOND, idle: SECOND, farewell: short };
    (ImapMailbox { patience, ..ImapMailbox::new(server) }, heard)
}

/// A mailbox with its INBOX open on a server that goes on with `script`, and what the server hears from then on.
async fn opened(capabilities: Script, script: Vec<Script>) -> (ImapMailbox, Arc<Mutex<Vec<String>>>) {
    let script = [vec![LOGGED_IN, capabilities, SELECTED], script].concat();
    let (mut mailbox, heard) = server("* OK ready\r\n", vec![script]).await;
    assert_eq!(mailbox.open("INBOX").await.expect("the beginning goes well"), Folder { uidvalidity: 7 });
    heard.lock().expect("nobody panics").clear();
    (mailbox, heard)
}

/// Fetches message 4 from a server that answers with `script`.
async fn fetch(script: Vec<Script>) -> (Result<Option<Fetched>, MailboxError>, Vec<String>) {
    let (mut mailbox, heard) = opened(UNABLE, script).await;
    let fetched = mailbox.fetch(&"4".into(), 100).await;
    let again = mailbox.list(None).await;
    assert_eq!(
        fetched.is_err(),
        matches!(again, Err(Lost(words)) if words == "no folder is open"),
        "errors end the session"
    );
    let heard = heard.lock().expect("nobody panics").clone();
    (fetched, heard)
}

fn refused<T>(result: Result<T, MailboxError>) -> String {
    match result {
        Err(Refused(words)) => words,
        Err(other) => panic!("not a refusal: {other}"),
        Ok(_) => panic!("not a refusal"),
    }
}

fn lost<T>(result: Result<T, MailboxError>) -> String {
    match result {
        Err(Lost(words)) => words,
        Err(other) => panic!("not a loss: {other}"),
        Ok(_) => panic!("not a loss"),
    }
}

#[tokio::test]
async fn a_message_is_asked_for_without_touching_its_flags() {
    let (fetched, heard) = fetch(vec![FACTS, BODY]).await;
    let fetched = fetched.unwrap().unwrap();
    assert_eq!(fetched.raw, Raw::Whole(b"words!".to_vec()));
    assert_eq!(fetched.arrived.to_string(), "2026-07-17T01:44:25Z");
    assert_eq!(heard, ["UID FETCH 4 (UID RFC822.SIZE INTERNALDATE)", "UID FETCH 4 (UID BODY.PEEK[]<0.1048576>)"]);
}

#[tokio::test]
async fn a_folder_is_looked_over_read_only_and_only_what_was_asked_about_is_told() {
    let examined: Script = &["* OK [UIDVALIDITY 7] yes\r\n# OK [READ-ONLY] examined\r\n"];
    let told: Script = &["* 9 FETCH (UID 5 RFC822.SIZE 1 INTERNALDATE \"17-Jul-2026 02:44:25 +0100\")\r\n\
        * 1 FETCH (FLAGS (\\Seen))\r\n* 3 FETCH (UID 6 RFC822.SIZE 6 INTERNALDATE \"never\")\r\n\
        * 1 FETCH (UID 4 RFC822.SIZE 6 INTERNALDATE \"17-Jul-2026 02:44:25 +0100\")\r\n# OK\r\n"];
    let (mailbox, heard) =
        server("* OK ready\r\n", vec![vec![LOGGED_IN, UNABLE, examined, told, &["# NO busy\r\n"]]]).await;
    let mut mailbox = ImapMailbox { opening: Opening::Examine, ..mailbox };
    assert_eq!(mailbox.open("INBOX").await.unwrap().uidvalidity, 7);
    let facts = mailbox.facts(&["4".to_owned(), "6".to_owned()]).await.unwrap();
    let told: Vec<_> = facts.iter().map(|facts| (facts.uid.as_str(), facts.size)).collect();
    assert_eq!(told, [("4", 6)], "a date that makes no sense keeps no neighbour");
    assert_eq!(refused(mailbox.facts(&["4".to_owned()]).await), "busy");
    let heard = heard.lock().unwrap()[2..].to_vec();
    let asked = |set: &str| format!("UID FETCH {set} (UID RFC822.SIZE INTERNALDATE)");
    assert_eq!(heard, ["EXAMINE \"INBOX\"".to_owned(), asked("4,6"), asked("4")]);
}

#[tokio::test]
async fn a_mailbox_that_is_only_looked_at_gives_no_command_that_changes_anything() {
    const FOUND: Script = &["* SEARCH 9 4 5\r\n# OK\r\n"];
    const ARRIVALS: Script = &["* 1 FETCH (UID 4 RFC822.SIZE 6 INTERNALDATE \"17-Jul-2026 00:44:25 +0100\")\r\n\
         * 2 FETCH (UID 5 RFC822.SIZE 6 INTERNALDATE \"17-Jul-2026 00:00:00 +0000\")\r\n\
         * 3 FETCH (UID 6 RFC822.SIZE 6 INTERNALDATE \"18-Jul-2026 00:00:00 +0000\")\r\n# OK\r\n"];
    let script = vec![LOGGED_IN, ABLE, SELECTED, FOUND, ARRIVALS, FACTS, BODY];
    let (mailbox, heard) = server("* OK ready\r\n", vec![script]).await;
    let mut mailbox = ImapMailbox { opening: Opening::Examine, ..mailbox };
    mailbox.open("INBOX").await.unwrap();
    let since = "2026-07-17T00:00:00Z".parse().unwrap();
    let arrivals = mailbox.arrivals(since).await.unwrap();
    assert_eq!(arrivals, [("5".to_owned(), since)], "4 came before, 9 has gone, nobody asked for 6");
    assert!(mailbox.fetch(&"4".into(), 100).await.unwrap().is_some());
    assert_eq!(refused(mailbox.file(&"4".into(), "Logged").await), "this mailbox is only looked at");
    let heard = heard.lock().expect("nobody panics").clone();
    assert_eq!(
        heard[2..],
        [
            "EXAMINE \"INBOX\"",
            "UID SEARCH SINCE 16-Jul-2026",
            "UID FETCH 4,5,9 (UID RFC822.SIZE INTERNALDATE)",
            "UID FETCH 4 (UID RFC822.SIZE INTERNALDATE)",
            "UID FETCH 4 (UID BODY.PEEK[]<0.1048576>)",
        ]
    );
}

#[tokio::test]
async fn a_refused_fetch_is_an_error_and_not_an_empty_success() {
    let (fetched, _) = fetch(vec![&["# NO [SERVERBUG] index is damaged\r\n"]]).await;
    assert_eq!(refused(fetched), "[SERVERBUG] index is damaged");
    let (fetched, _) = fetch(vec![FACTS, &["# BAD what?\r\n"]]).await;
    assert_eq!(refused(fetched), "what?");
}

#[tokio::test]
async fn a_refused_search_is_an_error_and_not_an_empty_folder() {
    let (mut mailbox, _) = opened(UNABLE, vec![&["# NO not now\r\n"]]).await;
    assert_eq!(refused(mailbox.list(None).await), "not now");
}

#[tokio::test]
async fn a_connection_closed_in_the_middle_of_a_message_is_no_shorter_message() {
    let (fetched, _) = fetch(vec![FACTS]).await;
    assert_eq!(lost(fetched), "the server closed the connection");
    let (fetched, _) = fetch(vec![FACTS, &["* 1 FETCH (UID 4 BODY[]<0> {6}\r\nwor"]]).await;
    assert_eq!(lost(fetched), "bytes remaining in stream");
    // The bytes came, the OK did not.
    let (fetched, _) = fetch(vec![FACTS, &["* 1 FETCH (UID 4 BODY[]<0> {6}\r\nwords!)\r\n"]]).await;
    assert_eq!(lost(fetched), "the server closed the connection");
}

#[tokio::test]
async fn an_answer_to_another_command_ends_the_session() {
    let (fetched, _) = fetch(vec![&["X9 NO too late\r\n# OK\r\n"]]).await;
    assert_eq!(lost(fetched), "an answer to a command that was not given");
}

#[tokio::test]
async fn a_broken_session_is_closed_before_the_next_one_begins() {
    // The server takes a second connection only when the first is gone.
    let broken = vec![LOGGED_IN, UNABLE, SELECTED, &["# NO not now\r\n"], &["# OK never asked\r\n"]];
    let (mut mailbox, _) = server("* OK ready\r\n", vec![broken, vec![LOGGED_IN, UNABLE, SELECTED, FACTS, BODY]]).await;
    mailbox.open("INBOX").await.unwrap();
    refused(mailbox.fetch(&"4".into(), 100).await);
    mailbox.open("INBOX").await.unwrap();
    assert!(mailbox.fetch(&"4".into(), 100).await.unwrap().is_some());
}

#[tokio::test]
async fn a_server_that_says_goodbye_is_quoted() {
    let (fetched, _) = fetch(vec![FACTS, &["* BYE shutting down\r\n"]]).await;
    assert_eq!(lost(fetched), "the server said goodbye: shutting down");
}

#[tokio::test]
async fn silence_in_any_command_ends_in_time() {
    for script in [vec![&[SILENT] as Script], vec![FACTS, &[SILENT]]] {
        let start = Instant::now();
        let (fetched, _) = fetch(script).await;
        assert_eq!(lost(fetched), "no answer in time (FETCH)");
        assert!(start.elapsed() < 5 * SECOND);
    }
    let (mut mailbox, _) = server(SILENT, vec![vec![&[SILENT]]]).await;
    assert_eq!(lost(mailbox.open("INBOX").await), "no answer in time (greeting)");
    let (mut mailbox, _) = server("* OK ready\r\n", vec![vec![&[SILENT]]]).await;
    assert_eq!(lost(mailbox.open("INBOX").await), "no answer in time (LOGIN)");
}

#[tokio::test]
async fn a_message_that_comes_piece_by_piece_for_too_long_is_given_up() {
    let facts: Script = &["* 1 FETCH (UID 4 RFC822.SIZE 60 INTERNALDATE \"17-Jul-2026 02:44:25 +0100\")\r\n# OK\r\n"];
    // Each is in time.
    let pieces = (0..60).map(|at| format!("{LATE}* 1 FETCH (UID 4 BODY[]<{at}> {{1}}\r\nx)\r\n# OK\r\n"));
    let pieces: Vec<&'static str> = pieces.map(|piece| &*Box::leak(piece.into_boxed_str())).collect();
    let start = Instant::now();
    let (fetched, heard) = fetch(vec![facts, Box::leak(pieces.into_boxed_slice())]).await;
    assert_eq!(lost(fetched), "no answer in time (a whole message)");
    assert!(start.elapsed() < 5 * SECOND && heard.len() > 3, "{heard:?}");
}

#[tokio::test]
async fn answers_about_other_messages_are_not_taken_for_ours() {
    let stray = "* 2 FETCH (FLAGS (\\Seen))\r\n* 3 FETCH (UID 5 BODY[]<0> {6}\r\nothers)\r\n";
    let body = "* 1 FETCH (UID 4 BODY[]<0> {6}\r\nwords!)\r\n* NO disk is nearly full\r\n# OK\r\n";
    let script: Script = Box::leak(vec![&*Box::leak(format!("{stray}{body}").into_boxed_str())].into_boxed_slice());
    let (fetched, _) = fetch(vec![FACTS, script]).await;
    assert_eq!(fetched.unwrap().unwrap().raw, Raw::Whole(b"words!".to_vec()));
}

#[tokio::test]
async fn a_message_announced_but_still_empty_is_not_taken() {
    let there: Script = &["* SEARCH 4\r\n# OK\r\n"];
    // Exchange: an empty body; NIL; no item at all; not even the facts.
    for empty in [
        vec![FACTS, &["* 1 FETCH (UID 4 BODY[]<0> \"\")\r\n# OK\r\n"] as Script, there],
        vec![FACTS, &["* 1 FETCH (UID 4 BODY[]<0> NIL)\r\n# OK\r\n"], there],
        vec![FACTS, &["# OK\r\n"], there],
        vec![&["# OK\r\n"], there],
    ] {
        let (fetched, _) = fetch(empty).await;
        assert_eq!(refused(fetched), "message 4 is announced but not given yet");
    }
}

#[tokio::test]
async fn a_message_that_went_away_in_between_is_no_error() {
    let gone: Script = &["* SEARCH\r\n# OK\r\n"];
    assert_eq!(fetch(vec![&["# OK\r\n"], gone]).await.0.unwrap(), None);
    assert_eq!(fetch(vec![FACTS, &["# OK\r\n"], gone]).await.0.unwrap(), None);
    // Not even when half of it has been read: half a message is none.
    let half: Script = &["* 1 FETCH (UID 4 BODY[]<0> {3}\r\nwor)\r\n# OK\r\n"];
    assert_eq!(fetch(vec![FACTS, half, &["# OK\r\n"], gone]).await.0.unwrap(), None);
}

#[tokio::test]
async fn a_short_chunk_ends_the_message_only_when_the_announced_size_is_reached() {
    let half: Script = &["* 1 FETCH (UID 4 BODY[]<0> {3}\r\nwor)\r\n# OK\r\n"];
    let rest: Script = &["* 1 FETCH (UID 4 BODY[]<3> {3}\r\nds!)\r\n# OK\r\n"];
    let (fetched, heard) = fetch(vec![FACTS, half, rest]).await;
    assert_eq!(fetched.unwrap().unwrap().raw, Raw::Whole(b"words!".to_vec()));
    assert_eq!(heard[2], "UID FETCH 4 (UID BODY.PEEK[]<3.1048576>)");
    // Exchange announces more than there is: an empty chunk is the end, however it is written.
    let there: Script = &["* SEARCH 4\r\n# OK\r\n"];
    for end in [
        vec![&["* 1 FETCH (UID 4 BODY[]<3> \"\")\r\n# OK\r\n"] as Script],
        vec![&["* 1 FETCH (UID 4 BODY[]<3> NIL)\r\n# OK\r\n"]],
        vec![&["# OK\r\n"], there, &["# OK\r\n"]],
    ] {
        let (fetched, _) = fetch([vec![FACTS, half], end].concat()).await;
        assert_eq!(fetched.unwrap().unwrap().raw, Raw::Whole(b"wor".to_vec()));
    }
    // No chunk at all may be one that was lost on the way.
    let lost: Script = &["* 1 FETCH (UID 9 BODY[]<3> {3}\r\nds!)\r\n# OK\r\n"];
    let (fetched, _) = fetch(vec![FACTS, half, lost, there, rest]).await;
    assert_eq!(fetched.unwrap().unwrap().raw, Raw::Whole(b"words!".to_vec()));
}

#[tokio::test]
async fn a_message_larger_than_announced_is_held_to_the_limit() {
    let long = "* 1 FETCH (UID 4 BODY[]<0> {101}\r\n".to_owned() + &"x".repeat(101) + ")\r\n# OK\r\n";
    let long: Script = Box::leak(vec![&*Box::leak(long.into_boxed_str())].into_boxed_slice());
    let headers: Script = &["* 1 FETCH (UID 4 BODY[HEADER]<0> {8}\r\nA: b\r\n\r\n)\r\n# OK\r\n"];
    let (fetched, heard) = fetch(vec![FACTS, long, headers]).await;
    assert_eq!(fetched.unwrap().unwrap().raw, Raw::HeadersOnly(b"A: b\r\n\r\n".to_vec()));
    assert_eq!(heard[2], "UID FETCH 4 (UID BODY.PEEK[HEADER]<0.1048576>)");
}

#[tokio::test]
async fn a_server_that_ignores_the_offset_does_not_double_the_message() {
    let again: Script = &["* 1 FETCH (UID 4 BODY[] {3}\r\nwor)\r\n# OK\r\n"];
    let (fetched, _) = fetch(vec![FACTS, again, again, &["* SEARCH 4\r\n# OK\r\n"], again]).await;
    assert_eq!(fetched.unwrap().unwrap().raw, Raw::Whole(b"wor".to_vec()));
}

#[tokio::test]
async fn what_cannot_be_parsed_is_not_repeated_in_the_error() {
    let (fetched, _) = fetch(vec![FACTS, &["* 1 FETCH (UID 4 Mrs Okafor's private words\r\n# OK\r\n"]]).await;
    let words = lost(fetched);
    assert!(words.starts_with("an answer could not be parsed (about "), "{words}");
    assert!(!words.contains("Okafor"), "{words}");
}

#[tokio::test]
async fn a_folder_without_uidvalidity_is_refused() {
    let select: Script = &["* 1 EXISTS\r\n# OK [READ-WRITE] selected\r\n"];
    let (mut mailbox, _) = server("* OK ready\r\n", vec![vec![LOGGED_IN, UNABLE, select]]).await;
    assert!(refused(mailbox.open("INBOX").await).contains("UIDVALIDITY"));
}

#[tokio::test]
async fn a_capability_list_that_cannot_be_parsed_costs_idle_and_not_the_mail() {
    let scripts = vec![vec![LOGGED_IN, SPACED], vec![LOGGED_IN, SPACED], vec![LOGGED_IN, SELECTED]];
    let (mut mailbox, heard) = server("* OK ready\r\n", scripts).await;
    mailbox.open("INBOX").await.unwrap();
    let login = "LOGIN \"complaints@example.org\" \"horse\"";
    assert_eq!(*heard.lock().unwrap(), [login, "CAPABILITY", login, "CAPABILITY", login, "SELECT \"INBOX\""]);
}

#[tokio::test]
async fn a_capability_list_that_was_garbled_once_is_forgotten() {
    let moved: Script = &["# OK\r\n"];
    let scripts = vec![vec![LOGGED_IN, SPACED], vec![LOGGED_IN, ABLE, SELECTED, moved]];
    let (mut mailbox, heard) = server("* OK ready\r\n", scripts).await;
    mailbox.open("INBOX").await.unwrap();
    mailbox.file(&"4".into(), "Logged").await.unwrap();
    assert_eq!(heard.lock().unwrap().last().unwrap(), "UID MOVE 4 \"Logged\"");
}

#[tokio::test]
async fn a_password_beyond_ascii_is_sent_as_a_literal() {
    let script: Script = &["+ go on\r\n", "R1 OK in\r\n"];
    let (mut mailbox, heard) = server("* OK ready\r\n", vec![vec![script, UNABLE, SELECTED]]).await;
    mailbox.server.login = Some(Login { user: "ann \\ \"x\"".into(), proof: Proof::Password("£5".to_owned().into()) });
    mailbox.open("INBOX").await.unwrap();
    assert_eq!(heard.lock().unwrap()[..2], ["LOGIN \"ann \\\\ \\\"x\\\"\" {3}", "£5"]);
}

#[tokio::test]
async fn a_token_is_shown_by_xoauth2_and_forgotten_when_it_is_refused() {
    let taken: Script = &["+ \r\n", "R1 OK in\r\n"];
    let refused: Script = &["+ \r\n", "+ eyJzdGF0dXMiOiI0MDAifQ==\r\n", "R1 NO AUTHENTICATE failed.\r\n"];
    let (mut mailbox, heard) = server("* OK ready\r\n", vec![vec![taken, UNABLE, SELECTED], vec![refused]]).await;
    let (login, tokens) = at_hand("ticket");
    (mailbox.server.login, mailbox.tokens) = (Some(login), tokens);
    mailbox.open("INBOX").await.unwrap();
    // What the providers document: user=complaints@example.org^Aauth=Bearer ticket^A^A.
    let shown = "dXNlcj1jb21wbGFpbnRzQGV4YW1wbGUub3JnAWF1dGg9QmVhcmVyIHRpY2tldAEB";
    assert_eq!(heard.lock().unwrap()[..2], ["AUTHENTICATE XOAUTH2", shown]);

    mailbox.close().await;
    let error = mailbox.open("INBOX").await.unwrap_err();
    assert!(matches!(&error, LoginRefused(words) if words.contains("AUTHENTICATE failed")), "{error}");
    assert_eq!(heard.lock().unwrap().last().unwrap(), "", "nothing, for the server is to say NO");
    let error = mailbox.open("INBOX").await.unwrap_err();
    assert!(error.to_string().contains("no token: no connection: 127.0.0.1:1"), "a new one is wanted: {error}");
}

#[tokio::test]
async fn a_refused_login_is_told_from_a_server_that_is_busy() {
    for (answer, busy) in [
        ("# NO [AUTHENTICATIONFAILED] Authentication failed.\r\n", false),
        ("# NO LOGIN failed.\r\n", false),
        ("# BAD [ALERT] Invalid credentials\r\n", false),
        ("# NO [UNAVAILABLE] Temporary authentication failure.\r\n", true),
        ("# NO Request is throttled. Suggested Backoff Time: 1000 milliseconds\r\n", true),
        ("# BAD User is authenticated but not connected.\r\n", true),
    ] {
        let script: Script = Box::leak(vec![answer].into_boxed_slice());
        let (mut mailbox, _) = server("* OK ready\r\n", vec![vec![script]]).await;
        let error = mailbox.open("INBOX").await.unwrap_err();
        assert_eq!(matches!(error, LoginRefused(_)), !busy, "{error}");
        assert_eq!(matches!(error, Refused(_)), busy, "{error}");
        assert!(!error.to_string().contains("horse"));
    }
}

#[tokio::test]
async fn without_starttls_nothing_more_is_said_in_clear() {
    for answer in ["# NO not here\r\n", "# BAD what?\r\n"] {
        let script: Script = Box::leak(vec![answer, "# OK\r\n"].into_boxed_slice());
        let (mut mailbox, heard) = server("* OK ready\r\n", vec![vec![script]]).await;
        mailbox.server.security = Security::StartTls;
        assert!(refused(mailbox.open("INBOX").await).starts_with("no STARTTLS"));
        assert_eq!(*heard.lock().unwrap(), ["STARTTLS"]);
    }
    // A server that lets us in before we said who we are would skip STARTTLS too.
    let (mut mailbox, heard) = server("* PREAUTH come in\r\n", vec![vec![LOGGED_IN]]).await;
    mailbox.server.security = Security::StartTls;
    refused(mailbox.open("INBOX").await);
    assert!(heard.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_server_that_turns_us_away_is_quoted() {
    let (mut mailbox, _) = server("* BYE Too many connections\r\n", vec![vec![]]).await;
    assert_eq!(lost(mailbox.open("INBOX").await), "turned away: Too many connections");
}

#[tokio::test]
async fn an_answer_nested_without_end_ends_the_session_and_not_the_program() {
    let parts = |deep: usize| -> Script {
        let answer = format!("* 1 FETCH (UID 4 BodyStructure {}\r\n", "(".repeat(deep));
        Box::leak(vec![&*answer.leak()].into_boxed_slice())
    };
    let (fetched, _) = fetch(vec![parts(100_000)]).await;
    assert_eq!(lost(fetched), "an answer nested too deeply to be read");
    // In two halves, the second after we have spoken.
    let (mut mailbox, _) = opened(ABLE, vec![&["+ idling\r\n* 1 FETCH (UID 4 BODYSTRUCTURE ("], parts(100)]).await;
    lost(mailbox.wait(SECOND / 4).await);
}

#[tokio::test]
async fn a_message_that_speaks_of_imap_is_read() {
    let body: Script = &["* 1 FETCH (UID 4 BODY[]<0> {19}\r\nBODYSTRUCTURE ((a)))\r\n# OK\r\n"];
    let facts: Script = &["* 1 FETCH (UID 4 RFC822.SIZE 19 INTERNALDATE \"17-Jul-2026 02:44:25 +0100\")\r\n# OK\r\n"];
    let (fetched, _) = fetch(vec![facts, body]).await;
    assert_eq!(fetched.unwrap().unwrap().raw, Raw::Whole(b"BODYSTRUCTURE ((a))".to_vec()));
}

#[tokio::test]
async fn idle_wakes_on_new_mail_and_on_nothing_else() {
    // The tag of DONE is that of IDLE, the fourth command.
    let idle: Script = &["+ idling\r\n* OK Still here\r\n* 1 FETCH (FLAGS (\\Seen))\r\n", "R4 OK done\r\n"];
    let (mut mailbox, heard) = opened(ABLE, vec![idle]).await;
    let start = Instant::now();
    mailbox.wait(SECOND / 2).await.unwrap();
    assert!(start.elapsed() >= SECOND / 2, "neither \"Still here\" nor other people's flags wake anybody");
    assert_eq!(*heard.lock().unwrap(), ["IDLE", "DONE"]);

    let idle: Script = &["+ idling\r\n* 2 EXISTS\r\n", "R4 OK done\r\n"];
    let (mut mailbox, heard) = opened(ABLE, vec![idle]).await;
    let start = Instant::now();
    mailbox.wait(10 * SECOND).await.unwrap();
    assert!(start.elapsed() < 5 * SECOND);
    assert_eq!(*heard.lock().unwrap(), ["IDLE", "DONE"]);
}

#[tokio::test]
async fn mail_announced_before_the_invitation_to_idle_wakes_as_well() {
    let idle: Script = &["* 2 EXISTS\r\n+ idling\r\n", "R4 OK done\r\n"];
    let (mut mailbox, _) = opened(ABLE, vec![idle]).await;
    let start = Instant::now();
    mailbox.wait(10 * SECOND).await.unwrap();
    assert!(start.elapsed() < 5 * SECOND);
}

#[tokio::test]
async fn mail_announced_in_the_midst_of_another_command_is_not_slept_on() {
    // Announced once, while the last message was fetched: IDLE would not hear of it again.
    let gone: Script = &["* SEARCH\r\n# OK\r\n"];
    let (mut mailbox, heard) = opened(ABLE, vec![&["* SEARCH 4\r\n# OK\r\n"], &["* 2 EXISTS\r\n# OK\r\n"], gone]).await;
    mailbox.list(None).await.unwrap();
    mailbox.fetch(&"4".into(), 100).await.unwrap();
    mailbox.wait(60 * SECOND).await.unwrap();
    assert_eq!(heard.lock().unwrap().last().unwrap(), "UID SEARCH UID 4", "no need to idle");
}

#[tokio::test]
async fn a_server_that_will_not_idle_is_slept_on_and_the_session_kept() {
    for (capabilities, idle) in [
        (ABLE, vec![&["# NO not today\r\n"] as Script]),
        (ABLE, vec![&["# BAD what?\r\n"]]),
        (ABLE, vec![&["+ idling\r\n# OK over already\r\n"]]),
        (UNABLE, vec![]),
    ] {
        let script = [idle, vec![&["* SEARCH 4\r\n# OK\r\n"]]].concat();
        let (mut mailbox, _) = opened(capabilities, script).await;
        let start = Instant::now();
        mailbox.wait(SECOND / 2).await.unwrap();
        assert!(start.elapsed() >= SECOND / 2);
        assert_eq!(mailbox.list(None).await.unwrap(), ["4"]);
    }
}

#[tokio::test]
async fn a_server_that_falls_silent_or_leaves_while_idling_is_noticed() {
    for (idle, words) in [
        (&[SILENT] as Script, "no answer in time (IDLE)"),
        (&["+ idling\r\n", SILENT], "no answer in time (the end of IDLE)"),
        (&["+ idling\r\n* BYE idle for too long\r\n"], "the server said goodbye: idle for too long"),
    ] {
        let (mut mailbox, _) = opened(ABLE, vec![idle]).await;
        assert_eq!(lost(mailbox.wait(SECOND / 4).await), words);
    }
    // A clean close looks like a wake-up to async-imap.
    let (mut mailbox, _) = opened(ABLE, vec![]).await;
    lost(mailbox.wait(SECOND / 4).await);
}

#[tokio::test]
async fn without_move_a_message_is_copied_and_only_that_one_expunged() {
    let ok: Script = &["# OK\r\n"];
    let uidplus: Script = &["* CAPABILITY IMAP4rev1 UIDPLUS\r\n# OK\r\n"];
    let (mut mailbox, heard) = opened(uidplus, vec![ok, ok, ok]).await;
    mailbox.file(&"4".into(), "Logged").await.unwrap();
    assert_eq!(
        *heard.lock().unwrap(),
        ["UID COPY 4 \"Logged\"", "UID STORE 4 +FLAGS.SILENT (\\Deleted)", "UID EXPUNGE 4"]
    );
}

#[tokio::test]
async fn a_failed_copy_deletes_nothing() {
    let uidplus: Script = &["* CAPABILITY IMAP4rev1 UIDPLUS\r\n# OK\r\n"];
    let script: Script =
        &["# NO [OVERQUOTA] full\r\n", "* SEARCH 4\r\n# OK\r\n", "# NO [ALREADYEXISTS] there\r\n", "# OK\r\n"];
    let (mut mailbox, heard) = opened(uidplus, vec![script]).await;
    assert_eq!(refused(mailbox.file(&"4".into(), "Logged").await), "[OVERQUOTA] full");
    assert_eq!(*heard.lock().unwrap(), ["UID COPY 4 \"Logged\"", "UID SEARCH UID 4", "CREATE \"Logged\""]);
}

#[tokio::test]
async fn without_move_and_uidplus_mail_stays_and_the_reason_is_given() {
    let (mut mailbox, heard) = opened(UNABLE, vec![&["* SEARCH 4\r\n# OK\r\n"]]).await;
    assert!(refused(mailbox.file(&"4".into(), "Logged").await).contains("neither MOVE nor UIDPLUS"));
    assert!(heard.lock().unwrap().is_empty(), "nothing was tried");
    assert_eq!(mailbox.list(None).await.unwrap(), ["4"], "and the session goes on");
}

#[test]
fn internal_dates_are_read_as_servers_write_them() {
    for (text, utc) in [
        ("17-Jul-1996 02:44:25 -0700", "1996-07-17T09:44:25Z"),
        (" 1-Feb-2026 23:59:59 +0000", "2026-02-01T23:59:59Z"),
        ("1-Feb-2026 23:59:59 +0000", "2026-02-01T23:59:59Z"),
    ] {
        assert_eq!(internal_date(text).unwrap().to_string(), utc);
    }
    assert_eq!(internal_date("yesterday"), None);
}
