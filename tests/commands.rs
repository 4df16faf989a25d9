//! Mails with commands as people write them: what is read from each, what of it is not taken, and what is left unread.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops here")]

use std::fmt::Write as _;

use jiff::civil::{Date, date};
use redress::domain::calendar::Calendar;
use redress::domain::command::grammar::Context;
use redress::domain::command::written::read;
use redress::domain::landlord::{Landlord, Person};

/// A Wednesday.
const TODAY: Date = date(2026, 11, 25);

fn person(name: &str, role: &str, address: &str) -> Person {
    Person { name: name.to_owned(), role: role.to_owned(), address: address.to_owned(), estate: None }
}

fn landlord() -> Landlord {
    Landlord {
        key: "wellington".to_owned(),
        name: "Wellington Homes Limited".to_owned(),
        prefix: "WEL".to_owned(),
        addresses: vec!["complaints@example.org".to_owned()],
        acknowledge: Default::default(),
        officer: person("Ada Example", "Complaints Officer", "ada@example.net"),
        deputy: person("Ben Example", "Deputy Complaints Officer", "ben@example.net"),
        reviewers: vec![],
        manager: person("Dan Example", "Housing Manager", "dan@example.net"),
        member_responsible: person("Eve Example", "Member Responsible for Complaints", "eve@example.net"),
        staff: vec![],
        forms: vec![],
        policy_link: String::new(),
        emergency_telephone: String::new(),
        responsible_for: vec![],
        not_responsible_for: vec![],
    }
}

/// What is read from `mail`, as the fixtures write it.
fn told(mail: &str, context: &Context) -> String {
    let written = read(mail);
    let mut told = String::new();
    let mut tell = |line: String| writeln!(told, "{line}").unwrap();
    for form in &written.forms {
        tell(form.verb.clone());
        for (field, value) in &form.fields {
            tell(format!("  {field} = {}", value.replace('\n', "⏎")));
        }
        for mistake in form.asked(context).err().into_iter().flatten() {
            tell(format!("  ! {mistake}"));
        }
    }
    written.cases.iter().for_each(|case| tell(format!("(case {case})")));
    written.mistakes.iter().for_each(|mistake| tell(format!("!! {mistake}")));
    written.unread.iter().for_each(|line| tell(format!("… {line}")));
    told
}

/// Whether every line is as expected; of a mistake any part may be.
fn fits(expected: &str, told: &str) -> bool {
    let (expected, told): (Vec<&str>, Vec<&str>) = (
        expected.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect(),
        told.lines().map(str::trim_end).collect(),
    );
    let fits = |(expected, told): (&&str, &&str)| match expected.trim_start().strip_prefix('!') {
        Some(part) => told.trim_start().starts_with('!') && told.contains(part.trim_start_matches(['!', ' '])),
        None => expected == told,
    };
    expected.len() == told.len() && expected.iter().zip(&told).all(fits)
}

/// "\t" and "\u{200b}" as they are.
fn unescaped(mail: &str) -> String {
    let mut text = mail.replace("\\t", "\t");
    while let Some((before, rest)) = text.split_once("\\u{") {
        let (code, rest) = rest.split_once('}').unwrap();
        let c = char::from_u32(u32::from_str_radix(code, 16).unwrap()).unwrap();
        text = format!("{before}{c}{rest}");
    }
    text
}

fn every_mail_of(name: &str) -> usize {
    let path = format!("{}/tests/fixtures/commands/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    let fixtures = std::fs::read_to_string(path).unwrap();
    let (calendar, landlord) = (Calendar::england_and_wales(&[], &[]), landlord());
    let context = Context { today: TODAY, calendar: &calendar, landlord: &landlord };
    let mut wrong = String::new();
    let mails: Vec<&str> = fixtures.split("\n=== ").skip(1).collect();
    for fixture in &mails {
        let (title, rest) = fixture.split_once('\n').unwrap();
        let (mail, expected) = rest.split_once("\n---\n").unwrap_or_else(|| panic!("{title}"));
        let mail = unescaped(mail);
        for mail in [mail.clone(), mail.replace('\n', "\r\n")] {
            let told = told(&mail, &context);
            if !fits(expected, &told) {
                write!(wrong, "\n=== {title}\nexpected\n{expected}\nfound\n{told}").unwrap();
                break;
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    mails.len()
}

#[test]
fn commands_as_they_should_be_written_are_read() {
    assert!(every_mail_of("good") >= 30);
}

#[test]
fn commands_as_people_in_a_hurry_write_them_are_read() {
    assert!(every_mail_of("sloppy") >= 30);
}

#[test]
fn what_is_not_quite_a_command_changes_nothing_and_is_named() {
    assert!(every_mail_of("wrong") >= 30);
}

#[test]
fn quotations_and_tricks_are_no_commands() {
    assert!(every_mail_of("hostile") >= 10);
}
