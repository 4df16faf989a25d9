//! The demo as a newcomer sees it: what it prints, and what it leaves behind.

#![expect(clippy::unwrap_used, reason = "helpers of tests, where a panic is a failed test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use assert_cmd::Command;
use redress::domain::message::{self, Own};
use tempfile::TempDir;

/// Plays the demo and gives what it printed, line ends within a paragraph undone.
fn played(folder: &Path) -> String {
    let done = Command::cargo_bin("redress").unwrap().args(["demo", "--folder"]).arg(folder).assert().success();
    String::from_utf8(done.get_output().stdout.clone()).unwrap()
}

/// One play for all tests that only look: where it left things, and what it printed.
static PLAY: LazyLock<(PathBuf, String)> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("demo");
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    let printed = played(&folder);
    (folder, printed)
});

/// What was printed of one day, on one line.
fn day(printed: &str, day: &str) -> String {
    let (_, after) = printed.split_once(&format!("\n{day}")).unwrap_or_else(|| panic!("nothing is told of {day}"));
    let told = after.split("\n\n").next().unwrap();
    told.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Every letter below `folder`, read.
fn letters(folder: &Path) -> Vec<(String, message::Message)> {
    let mut letters = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "eml") {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            letters.push((name, message::read(&fs::read(&path).unwrap(), &Own::default())));
        }
    }
    letters.sort_by(|a, b| a.0.cmp(&b.0));
    letters
}

#[test]
fn the_demo_tells_of_six_weeks_and_leaves_letters_and_register() {
    let (_, printed) = &*PLAY;

    // What came in, and what it was taken for.
    for (date, told) in [
        ("Monday 7 December 2026", "Dilys Marsh: “Bins over Christmas” Sorted as an enquiry"),
        ("Monday 14 December 2026", "“Back bedroom” Taken for a complaint"),
        ("Monday 14 December 2026", "Written by a machine: noted on HER-1001-H, never answered"),
        ("Wednesday 16 December 2026", "Sorted as thanks"),
        ("Thursday 17 December 2026", "A further message on HER-1001-H"),
        ("Friday 18 December 2026", "Sorted as a survey"),
        ("Monday 21 December 2026", "“Kitchen tap” Taken for a service request"),
        ("Tuesday 22 December 2026", "It may be a complaint or not"),
        ("Thursday 24 December 2026", "in the junk folder Taken for a complaint"),
        ("Friday 25 December 2026", "Christmas Day, bank holiday 19:38 → Leah Brandt"),
        ("Friday 25 December 2026", "It may tell of a danger"),
        ("Tuesday 29 December 2026", "HER-1003-M counts as not acknowledged"),
        ("Tuesday 29 December 2026", "SAL-1001-J goes on beside it"),
        ("Thursday 31 December 2026", "it was passed on by staff"),
        ("Monday 4 January 2027", "“Okno w kuchni” Taken for a complaint"),
        ("Wednesday 6 January 2027", "It went to 2 landlords: each has a case of its own"),
    ] {
        let on_the_day = day(printed, date);
        assert!(on_the_day.contains(told), "{date}: {told:?} is not in {on_the_day}");
    }
    assert!(
        printed.contains("16 messages came in. The register holds 11 cases: 10 complaints and 1 service\nrequest.")
    );
}

#[test]
fn nobody_is_reminded_on_a_bank_holiday_and_everybody_on_the_right_day() {
    let (folder, printed) = &*PLAY;

    // The complaint of Monday 14 December is answered by Wednesday 30 December: Christmas Day and the substitute for
    // Boxing Day do not count.
    assert!(day(printed, "Monday 14 December 2026").contains("send the stage 1 response by Wed 30 December"));
    for (date, told) in [
        ("Thursday 24 December 2026", "09:00 ← Ada · 2 days left, until Wed 30 December, to answer HER-1001-H"),
        (
            "Monday 28 December 2026",
            ", Boxing Day (substitute day), bank holiday Nothing comes in, nobody is reminded.",
        ),
        ("Tuesday 29 December 2026", "Ada and Ben · 1 day left, until Wed 30 December, to answer HER-1001-H"),
        ("Wednesday 30 December 2026", "Ada, Ben and Dan · today is the last day to answer HER-1001-H"),
        ("Thursday 31 December 2026", "Ada, Ben and Dan · overdue: answer HER-1001-H (1 day)"),
        ("Friday 1 January 2027", ", New Year’s Day, bank holiday Nothing comes in, nobody is reminded."),
        ("Monday 4 January 2027", "Ada, Ben, Dan and Eve · overdue: answer HER-1001-H (2 days)"),
    ] {
        let on_the_day = day(printed, date);
        assert!(on_the_day.contains(told), "{date}: {told:?} is not in {on_the_day}");
    }
    // A message nobody was sure of: a receipt at once, the acknowledgement on the fourth working day at 09:00.
    let sure = "09:00 ← Ivy Lorne <ivy.lorne@example.org>: acknowledgement “Re: Parking permits [HER-1002-K]”, promises an answer by Thu 14 January";
    assert!(day(printed, "Wednesday 30 December 2026").contains(sure));
    let reminders = letters(&folder.join("letters/staff"));
    let holidays = ["2026-12-25", "2026-12-26", "2026-12-27", "2026-12-28", "2027-01-01", "2027-01-02", "2027-01-03"];
    let on_holidays = reminders.iter().filter(|(name, _)| name.contains("_reminder_"));
    let on_holidays = on_holidays.filter(|(name, _)| holidays.iter().any(|day| name.contains(day)));
    assert_eq!(on_holidays.count(), 0);
}

#[test]
fn each_resident_has_one_first_letter_that_answers_their_message_and_no_machine_has_any() {
    let (folder, _) = &*PLAY;
    let mut first: BTreeMap<String, u32> = BTreeMap::new();
    let letters = letters(&folder.join("letters/residents"));
    for (name, letter) in &letters {
        assert!(!letter.in_reply_to.is_empty(), "{name} answers no message");
        if ["_receipt_", "_request-logged_", "_acknowledgement_"].iter().any(|kind| name.contains(kind)) {
            let [to] = letter.recipients.as_slice() else { panic!("{name} has {:?}", letter.recipients) };
            // The acknowledgement that follows a receipt is the second letter on its case.
            if !(name.contains("_acknowledgement_") && to == "ivy.lorne@example.org") {
                let about = letter.subject.trim_end_matches(']').rsplit('[').next().unwrap();
                *first.entry(format!("{to} {about}")).or_default() += 1;
            }
        }
    }
    let first: Vec<_> = first.iter().map(|(letter, times)| (letter.as_str(), *times)).collect();
    assert_eq!(
        first,
        [
            ("colin.abott@example.org HER-1003-M", 1),
            ("ivy.lorne@example.org HER-1002-K", 1),
            ("jonah.reed@example.com SAL-1001-J", 1),
            ("jonah.reed@example.com SAL-1004-Q", 1),
            ("leah.brandt@example.org SAL-1003-N", 1),
            ("priya.nair@example.org HER-1001-H", 1),
            ("ruth.calloway@example.org HER-1005-R", 1),
            ("ruth.calloway@example.org SAL-1006-V", 1),
            ("wanda.kowalczyk@example.org HER-1004-P", 1),
        ]
    );
    assert_eq!(letters.len(), 11, "besides those, an added-to-your-case and the acknowledgement after the receipt");
}

#[test]
fn the_officer_hears_that_the_resident_behind_a_mistyped_address_is_not_acknowledged() {
    let (folder, _) = &*PLAY;
    let letters = letters(&folder.join("letters/staff"));
    let (_, told) = letters.iter().find(|(name, _)| name.contains("HER-1003-M_undelivered")).unwrap();
    assert_eq!(told.recipients, ["ada@kestrel.example.net"]);
    assert!(told.text.contains("NOT been acknowledged"));
    assert!(told.text.contains("550 5.1.1 <colin.abott@example.org>"));
}

#[test]
fn the_register_holds_every_case_with_its_history() {
    let (folder, _) = &*PLAY;
    let register = folder.join("register");
    let cases = fs::read_to_string(register.join("cases.csv")).unwrap();
    assert_eq!(cases.lines().count(), 12, "a heading and eleven cases");
    assert!(cases.contains("HER-1003-M,heron-lane,complaint,2026-12-29,Colin Abbott,,2027-01-06\n"), "{cases}");
    for case in cases.lines().skip(1).map(|line| line.split(',').next().unwrap()) {
        let history = fs::read_to_string(register.join(format!("{case}.txt"))).unwrap();
        assert!(history.contains("Opened as a"), "{case}");
        let history = fs::read_to_string(register.join(format!("{case}.json"))).unwrap();
        let history: serde_json::Value = serde_json::from_str(&history).unwrap();
        assert_eq!(history["history"][0]["event"]["event"], "opened", "{case}");
    }
}

#[test]
fn two_plays_tell_the_same_but_for_the_folder() {
    let (folder, printed) = &*PLAY;
    let other = TempDir::new().unwrap();
    let told =
        |printed: &str, folder: &Path| printed.replace(folder.canonicalize().unwrap().to_str().unwrap(), "FOLDER");
    assert_eq!(told(printed, folder), told(&played(other.path()), other.path()));
}

#[test]
fn a_folder_with_something_in_it_is_left_alone() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("mine"), "precious").unwrap();
    let refused =
        Command::cargo_bin("redress").unwrap().args(["demo", "--folder"]).arg(folder.path()).assert().failure();
    assert!(String::from_utf8_lossy(&refused.get_output().stderr).contains("is not empty"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
