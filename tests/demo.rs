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
        ("Monday 7 December 2026", "Dilys Marsh: “Bins over Christmas” Taken for an enquiry, which is no complaint"),
        ("Monday 14 December 2026", "“Back bedroom” Taken for a complaint"),
        ("Monday 14 December 2026", "Written by a machine: noted on HER-1002-K, never answered"),
        ("Wednesday 16 December 2026", "Sorted as thanks"),
        ("Thursday 17 December 2026", "A further message on HER-1002-K"),
        ("Friday 18 December 2026", "Taken for an answer to a survey, which is no complaint"),
        ("Monday 21 December 2026", "“Kitchen tap” Taken for a service request"),
        ("Tuesday 22 December 2026", "It may be a complaint or not"),
        ("Thursday 24 December 2026", "in the junk folder Taken for a complaint"),
        ("Friday 25 December 2026", "Christmas Day, bank holiday 19:38 → Leah Brandt"),
        ("Friday 25 December 2026", "It may tell of a danger"),
        ("Tuesday 29 December 2026", "HER-1005-R counts as not acknowledged"),
        ("Tuesday 29 December 2026", "SAL-1001-J goes on beside it"),
        ("Thursday 31 December 2026", "it was passed on by staff"),
        ("Monday 4 January 2027", "“Okno w kuchni” Taken for a complaint"),
        ("Wednesday 6 January 2027", "It went to 2 landlords: each has a case of its own"),
    ] {
        let on_the_day = day(printed, date);
        assert!(on_the_day.contains(told), "{date}: {told:?} is not in {on_the_day}");
    }
    let ending: String = printed.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(ending.contains(
        "17 messages came in. The register holds 13 cases: 10 complaints, 1 request for service and 2 messages that are \
         neither."
    ));
}

#[test]
fn a_complaint_is_answered_goes_to_stage_2_with_another_person_and_is_closed_with_what_was_learnt() {
    let (folder, printed) = &*PLAY;
    for (date, told) in [
        ("Tuesday 15 December 2026", "10:20 · HER-1002-K: Ada Fenwick confirmed the complaint definition, 2 points."),
        (
            "Tuesday 22 December 2026",
            "Ada Fenwick answered at stage 1: point 1 upheld and point 2 upheld; with an apology and money.",
        ),
        ("Tuesday 22 December 2026", "Action 1 promised by Friday 8 January 2027, Repairs Desk: Send a surveyor"),
        ("Wednesday 23 December 2026", "HER-1002-K goes to stage 2 (Code 6.10), to Cleo Hart, Head of Customer Care"),
        ("Wednesday 23 December 2026", "acknowledge the request for stage 2 by Mon 4 January (Code 6.11)"),
        ("Wednesday 23 December 2026", "stage 2 acknowledgement “Re: Back bedroom [HER-1002-K]”"),
        ("Tuesday 5 January 2027", "16:40 · HER-1002-K: Action 1 done, says Fay Lund"),
        ("Tuesday 5 January 2027", "promise kept “Re: Back bedroom [HER-1002-K]”"),
        ("Friday 8 January 2027", "15:15 · HER-1002-K: Cleo Hart answered at stage 2"),
        ("Friday 8 January 2027", "final response “Re: Back bedroom [HER-1002-K]”"),
        ("Wednesday 13 January 2027", "HER-1002-K: Closed by Cleo Hart; learnt: A mark that comes back"),
    ] {
        let on_the_day = day(printed, date);
        assert!(on_the_day.contains(told), "{date}: {told:?} is not in {on_the_day}");
    }
    let letters = letters(&folder.join("letters/residents"));
    let text = |begin: &str| &letters.iter().find(|(name, _)| name.contains(begin)).unwrap().1.text;
    let response = text("2026-12-22_HER-1002-K_response");
    for said in ["We uphold your complaint.", "Money, £75.00", "By Friday 8 January 2027 our Repairs Desk"] {
        assert!(response.contains(said), "{said:?} is not in {response}");
    }
    assert!(text("2027-01-08_HER-1002-K_response").contains("Housing Ombudsman Service to look into your complaint"));
}

#[test]
fn people_confirm_what_is_unsure_extend_with_a_reason_and_reach_whom_a_letter_did_not() {
    let (_, printed) = &*PLAY;
    for (date, told) in [
        ("Tuesday 8 December 2026", "answer “Re: Bins over Christmas [HER-1001-H]”"),
        ("Monday 4 January 2027", "SAL-1005-S: Ada Fenwick found that it is a complaint: He has asked three times"),
        ("Monday 4 January 2027", "← Hugh Tennant <hugh.tennant@example.com>: acknowledgement “Re: Intercom"),
        ("Monday 4 January 2027", "← Colin Abbott <colin.abbott@example.org>: acknowledgement"),
        (
            "Friday 8 January 2027",
            "Ada Fenwick extended the stage 1 response to Friday 22 January 2027: The electrician",
        ),
        ("Friday 8 January 2027", "Complaint SAL-1003-N: send the stage 1 response, now by Fri 22 January."),
        ("Friday 8 January 2027", "later date “Re: Water coming through the kitchen light [SAL-1003-N]”"),
    ] {
        let on_the_day = day(printed, date);
        assert!(on_the_day.contains(told), "{date}: {told:?} is not in {on_the_day}");
    }
}

#[test]
fn the_lists_of_a_morning_are_one_line_on_working_days_only() {
    let (folder, printed) = &*PLAY;
    for told in printed.split("\n\n") {
        let lists = told.lines().filter(|line| line.contains("the list for the day") || line.contains("their lists"));
        assert!(lists.count() <= 1, "{told}");
    }
    assert!(day(printed, "Monday 4 January 2027").contains("08:30 ← Ada, Cleo and Fay: their lists for the day"));
    let letters = letters(&folder.join("letters/staff"));
    let lists: Vec<&String> = letters.iter().map(|(name, _)| name).filter(|name| name.contains("_digest_")).collect();
    assert!(!lists.is_empty());
    assert!(!lists.iter().any(|name| HOLIDAYS.iter().any(|day| name.contains(day))), "{lists:?}");
}

/// Bank holidays and weekends of the play, around Christmas and New Year.
const HOLIDAYS: [&str; 7] =
    ["2026-12-25", "2026-12-26", "2026-12-27", "2026-12-28", "2027-01-01", "2027-01-02", "2027-01-03"];

#[test]
fn nobody_is_reminded_on_a_bank_holiday_and_everybody_on_the_right_day() {
    let (folder, printed) = &*PLAY;

    // The complaint of Monday 14 December is answered by Wednesday 30 December: Christmas Day and the substitute for
    // Boxing Day do not count.
    assert!(day(printed, "Monday 14 December 2026").contains("send the stage 1 response by Wed 30 December"));
    // The one in the junk folder: nobody moves, so the manager hears a working day before the date, and the member
    // responsible on it.
    for (date, told) in [
        (
            "Thursday 24 December 2026",
            "acknowledge the complaint by Tue 5 January (Code 6.2), not counting Christmas Day",
        ),
        ("Thursday 31 December 2026", "09:00 ← Ada · 2 days left, until Tue 5 January, to acknowledge SAL-1002-L"),
        ("Friday 1 January 2027", ", New Year’s Day, bank holiday Nothing comes in, nobody is reminded."),
        ("Monday 4 January 2027", "Ada, Ben and Dan · 1 day left, until Tue 5 January, to acknowledge SAL-1002-L"),
        ("Tuesday 5 January 2027", "Ada, Ben, Dan and Gus · today is the last day to acknowledge SAL-1002-L"),
        ("Wednesday 6 January 2027", "Ada, Ben, Dan and Gus · overdue: acknowledge SAL-1002-L (1 day)"),
        ("Friday 15 January 2027", "Ada, Ben, Dan and Gus · overdue: acknowledge SAL-1002-L (8 days)"),
    ] {
        let on_the_day = day(printed, date);
        assert!(on_the_day.contains(told), "{date}: {told:?} is not in {on_the_day}");
    }
    let boxing_day = day(printed, "Monday 28 December 2026");
    assert!(boxing_day.starts_with(", Boxing Day (substitute day), bank holiday"), "{boxing_day}");
    assert!(![" left, until", "last day", "overdue"].iter().any(|told| boxing_day.contains(told)), "{boxing_day}");
    // A message nobody was sure of: a receipt at once, the acknowledgement on the fourth working day at 09:00.
    let sure = "09:00 ← Ivy Lorne <ivy.lorne@example.org>: acknowledgement “Re: Parking permits [HER-1004-P]”, promises an answer by Thu 14 January";
    assert!(day(printed, "Wednesday 30 December 2026").contains(sure));
    let reminders = letters(&folder.join("letters/staff"));
    let reminders: Vec<_> = reminders.iter().filter(|(name, _)| name.contains("_reminder_")).collect();
    assert!(!reminders.is_empty());
    assert!(!reminders.iter().any(|(name, _)| HOLIDAYS.iter().any(|day| name.contains(day))));
}

#[test]
fn each_resident_has_one_first_letter_that_answers_their_message_and_no_machine_has_any() {
    let (folder, _) = &*PLAY;
    let letters = letters(&folder.join("letters/residents"));
    let mut had: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (name, letter) in &letters {
        assert!(!letter.in_reply_to.is_empty(), "{name} answers no message");
        let [to] = letter.recipients.as_slice() else { panic!("{name} has {:?}", letter.recipients) };
        let about = letter.subject.trim_end_matches(']').rsplit('[').next().unwrap();
        had.entry(format!("{to} {about}")).or_default().push(name.split('_').nth(3).unwrap());
    }
    let had: Vec<_> = had.iter().map(|(who, letters)| (who.as_str(), letters.as_slice())).collect();
    // Another acknowledgement is the one that follows a receipt, or that of stage 2.
    let expected: &[(&str, &[&str])] = &[
        ("colin.abbott@example.org HER-1005-R", &["acknowledgement", "response"]),
        ("colin.abott@example.org HER-1005-R", &["acknowledgement"]),
        ("dilys.marsh@example.org HER-1001-H", &["correspondence", "correspondence"]),
        ("hugh.tennant@example.com SAL-1005-S", &["acknowledgement"]),
        ("ivy.lorne@example.org HER-1004-P", &["receipt", "acknowledgement", "response"]),
        ("jonah.reed@example.com SAL-1001-J", &["request-logged", "request-answer"]),
        ("jonah.reed@example.com SAL-1004-Q", &["acknowledgement", "response"]),
        ("leah.brandt@example.org SAL-1003-N", &["acknowledgement", "extension"]),
        (
            "priya.nair@example.org HER-1002-K",
            &["acknowledgement", "correction", "added", "response", "acknowledgement", "update", "response"],
        ),
        ("ruth.calloway@example.org HER-1007-W", &["acknowledgement"]),
        ("ruth.calloway@example.org SAL-1006-V", &["acknowledgement"]),
        ("tomasz.wilk@example.org HER-1003-M", &["correspondence"]),
        ("wanda.kowalczyk@example.org HER-1006-T", &["acknowledgement"]),
    ];
    assert_eq!(had, expected);
}

#[test]
fn the_officer_hears_that_the_resident_behind_a_mistyped_address_is_not_acknowledged() {
    let (folder, _) = &*PLAY;
    let letters = letters(&folder.join("letters/staff"));
    let (_, told) = letters.iter().find(|(name, _)| name.contains("HER-1005-R_undelivered")).unwrap();
    assert_eq!(told.recipients, ["ada@kestrel.example.net"]);
    let told_text = told.text.split_whitespace().collect::<Vec<_>>().join(" ");
    let owed = "So this is still owed: acknowledge the complaint, by Wednesday 6 January 2027 (Code 6.2).";
    assert!(told_text.contains(owed), "{told_text}");
    assert!(told.text.contains("550 5.1.1 <colin.abott@example.org>"));
}

#[test]
fn the_register_holds_every_case_with_its_history() {
    let (folder, _) = &*PLAY;
    let register = folder.join("register");
    let cases = fs::read_to_string(register.join("cases.csv")).unwrap();
    assert_eq!(cases.lines().count(), 14, "a heading and thirteen cases");
    for case in [
        "HER-1002-K,heron-lane,complaint,2026-12-14,Priya Nair,stage 2,Cleo Hart,2026-12-14,2027-02-10,closed\n",
        "HER-1005-R,heron-lane,complaint,2026-12-29,Colin Abbott,stage 1,Ada Fenwick,2027-01-04,2027-02-09,\n",
        "SAL-1002-L,saltmarsh,complaint,2026-12-24,S. Varga,stage 1,Ada Fenwick,,2027-01-05,\n",
    ] {
        assert!(cases.contains(case), "{case:?} is not in {cases}");
    }
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
