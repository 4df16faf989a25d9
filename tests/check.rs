//! `redress check --connect --send-test` against the servers that `tests/run` starts.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed, helpers included")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

#[expect(dead_code, reason = "the program itself speaks to the servers here")]
mod common;

use common::{address, variable};

fn configuration(own: &str, imap_password: &str) -> String {
    let (ca, imaps) = (variable("REDRESS_TEST_CA"), variable("REDRESS_TEST_IMAPS_PORT"));
    let (submissions, submission) =
        (variable("REDRESS_TEST_SUBMISSIONS_PORT"), variable("REDRESS_TEST_SUBMISSION_PORT"));
    let server = |port: &str, user: &str, password: &str| {
        format!(
            "host = \"localhost\"\nport = {port}\nca_file = \"{ca}\"\nuser = \"{user}\"\npassword = {{ env = \"{password}\" }}"
        )
    };
    format!(
        r#"
database = "sqlite:redress.db"
sending = "live"
answer_mail_since = 2026-09-01
[[mailbox]]
name = "complaints"
landlord = "wellington"
[mailbox.imap]
{}
[outgoing.smtp]
{}
[operator]
name = "Olu Example"
address = "it@example.net"
[operator.second_way.smtp]
security = "starttls"
{}
[[landlord]]
key = "wellington"
name = "Wellington Homes Limited"
prefix = "WEL"
addresses = ["{own}"]
officer = {{ name = "Ada Example", address = "ada@example.net" }}
deputy = {{ name = "Ben Example", address = "ben@example.net" }}
reviewers = [{{ name = "Cleo Example", address = "cleo@example.net" }}]
manager = {{ name = "Dan Example", address = "dan@example.net" }}
member_responsible = {{ name = "Eve Example", address = "eve@example.net" }}
policy_link = "https://www.example.org/complaints"
emergency_telephone = "01632 960100"
responsible_for = ["repairs to your home"]
not_responsible_for = ["public roads"]
[ombudsman]
last_checked = 2026-08-21
[limits]
free_disk_bytes = 0
"#,
        server(&imaps, own, imap_password),
        server(&submissions, own, "REDRESS_TEST_PASSWORD"),
        server(&submission, "alarm@example.net", "REDRESS_TEST_PASSWORD"),
    )
}

fn redress(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_redress"))
        .args(arguments)
        .env("REDRESS_CONFIG", folder.join("redress.toml"))
        .env("MISTYPED", "open-sesame")
        .output()
        .unwrap()
}

#[test]
fn check_logs_in_everywhere_and_finds_its_letter_to_ourselves_again() {
    let folder = tempfile::tempdir().unwrap();
    let own = address("complaints");
    fs::write(folder.path().join("redress.toml"), configuration(&own, "REDRESS_TEST_PASSWORD")).unwrap();
    let output = redress(folder.path(), &["check", "--connect", "--send-test"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    for says in [
        "INBOX: 0 messages".to_owned(),
        "localhost lets us in".to_owned(),
        "to it@example.net: 250 ".to_owned(),
        format!("to {own}: came back into complaints/INBOX"),
    ] {
        assert!(text.lines().any(|line| line.contains("  ok ") && line.contains(&says)), "{says}: {text}");
    }
}

#[test]
fn a_mistyped_password_is_named_and_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("redress.toml"), configuration(&address("complaints"), "MISTYPED")).unwrap();
    let output = redress(folder.path(), &["check", "--connect"]);
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    let line = text.lines().find(|line| line.starts_with("mailbox complaints")).unwrap();
    assert!(line.contains("  wrong  INBOX: login refused") && line.ends_with(". Check user and password"), "{line}");
    assert!(!text.contains("open-sesame"), "{text}");
}
