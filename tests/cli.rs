//! The command line as people use it: the real program on a database, a Maildir that mail comes into and one that letters
//! leave by, all in a folder of its own.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed, helpers included")]

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use jiff::ToSpan as _;
use redress::daemon::clock::{Clock as _, SystemClock};
use redress::domain::calendar::{london_date, spoken};
use redress::domain::reference::Reference;
use serde_json::Value;
use sqlx::Connection as _;

const REDRESS: &str = env!("CARGO_BIN_EXE_redress");

const CONFIG: &str = r#"
database = "sqlite:redress.db"
sending = "hold"
answer_mail_since = 2026-09-01

[[mailbox]]
name = "complaints"
landlord = "wellington"
maildir = "mail"
junk = "Junk"

[outgoing]
maildir = "letters"

[operator]
name = "Olu Example"
address = "it@example.net"

[operator.second_way]
command = ["/bin/sh"]

[[landlord]]
key = "wellington"
name = "Wellington Homes Limited"
prefix = "WEL"
addresses = ["complaints@example.org"]
officer = { name = "Ada Example", address = "ada@example.net" }
deputy = { name = "Ben Example", address = "ben@example.net" }
reviewers = [{ name = "Cleo Example", address = "cleo@example.net" }]
manager = { name = "Dan Example", address = "dan@example.net" }
member_responsible = { name = "Eve Example", address = "eve@example.net" }
policy_link = "https://www.example.org/complaints"
emergency_telephone = "01632 960100"
responsible_for = ["repairs to your home"]
not_responsible_for = ["public roads"]

[ombudsman]
last_checked = TODAY

[limits]
free_disk_bytes = 0

[bank_holidays]
added = [{ date = 2027-06-07, name = "A proclaimed holiday" }]
"#;

const COMPLAINT: &str = "\
From: Rosa Quill <rosa@example.com>
To: complaints@example.org
Subject: Complaint about the lift
Message-ID: <complaint@example.com>
Date: Fri, 20 Nov 2026 09:00:00 +0000

Dear landlord,

I want to make a formal complaint. The lift has been broken for six weeks and nobody answers the telephone.

There is also a strong smell of gas in the hall.
";

const REQUEST: &str = "\
From: Sam Tarn <sam@example.com>
To: complaints@example.org
Subject: Dripping tap
Message-ID: <request@example.com>

Hello, the tap in my kitchen is dripping. Could you please send somebody to repair it?
";

const AUTOMATIC: &str = "\
From: Tom Weir <tom@example.com>
To: complaints@example.org
Subject: Out of office
Auto-Submitted: auto-replied
Message-ID: <automatic@example.com>

I am away until Monday.
";

/// Nothing a person could read, so a person has to look.
const UNREADABLE: &str = "\
From: Uma Fenn <uma@example.com>
To: complaints@example.org
Subject:
Message-ID: <unreadable@example.com>
MIME-Version: 1.0
Content-Type: image/png
Content-Transfer-Encoding: base64

iVBORw0KGgo=
";

/// A landlord's machine.
struct House {
    folder: tempfile::TempDir,
}

impl House {
    fn new() -> House {
        let house = House { folder: tempfile::tempdir().unwrap() };
        for folder in ["mail", "mail/.Junk"] {
            for part in ["new", "cur", "tmp"] {
                fs::create_dir_all(house.path(folder).join(part)).unwrap();
            }
        }
        let today = london_date(SystemClock.now()).to_string();
        fs::write(house.path("redress.toml"), CONFIG.replace("TODAY", &today)).unwrap();
        house
    }

    /// With mail of every sort in it, taken in and handled.
    fn with_mail() -> House {
        let house = House::new();
        house.arrives("1", COMPLAINT);
        house.arrives("2", REQUEST);
        house.arrives("3", AUTOMATIC);
        house.arrives("4", UNREADABLE);
        assert!(house.says(&["run", "--once"]).contains("4 new messages taken in."));
        house.arrives("5", &COMPLAINT.replace("complaint@", "old@").replace("Fri, 20 Nov", "Thu, 02 Jul"));
        let old = fs::File::options().append(true).open(house.path("mail/new/5.eml")).unwrap();
        let july = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_783_000_000);
        old.set_times(fs::FileTimes::new().set_modified(july)).unwrap();
        assert!(house.says(&["run", "--once"]).contains("1 new message taken in."));
        house
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn arrives(&self, name: &str, message: &str) {
        fs::write(self.path("mail/new").join(format!("{name}.eml")), message.replace('\n', "\r\n")).unwrap();
    }

    fn configure(&self, from: &str, to: &str) {
        let config = fs::read_to_string(self.path("redress.toml")).unwrap();
        assert!(config.contains(from), "{from}");
        fs::write(self.path("redress.toml"), config.replace(from, to)).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(REDRESS);
        command.args(arguments).env("REDRESS_CONFIG", self.path("redress.toml")).env("SUDO_USER", "ada");
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What a command that succeeds prints.
    fn says(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// What a command that fails prints, all of it, with its exit code.
    fn fails(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.run(arguments);
        assert!(!output.status.success(), "{arguments:?}: {output:?}");
        (output.status.code().unwrap(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.says(&[arguments, &["--json"]].concat())).unwrap()
    }

    /// The reference of the case that `message` opened.
    fn case_of(&self, message: i64) -> String {
        let messages = self.json(&["inbox", "list"]);
        let row = messages.as_array().unwrap().iter().find(|row| row["id"] == message).unwrap();
        row["cases"][0].as_str().unwrap().to_owned()
    }

    /// The outbox number of this case's letter to the resident, or to staff.
    fn letter(&self, audience: &str, case: &str) -> String {
        let letters = self.json(&["outbox", "list"]);
        let mut letters = letters.as_array().unwrap().iter();
        letters.find(|row| row["audience"] == audience && row["reference"] == case).unwrap()["id"].to_string()
    }

    fn state(&self, letter: &str) -> String {
        self.json(&["outbox", "show", letter])["state"].as_str().unwrap().to_owned()
    }

    /// Letters that have left.
    fn left(&self) -> Vec<String> {
        let files = fs::read_dir(self.path("letters/new")).into_iter().flatten();
        files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap()).collect()
    }

    /// Somebody meddles with the database.
    fn meddle(&self, statements: &[&'static str]) {
        let url = format!("sqlite://{}", self.path("redress.db").display());
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
            for statement in statements {
                sqlx::query(*statement).execute(&mut connection).await.unwrap();
            }
            connection.close().await.unwrap();
        });
    }
}

/// A running daemon; it does not outlive its test, whatever becomes of that.
struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Asserts that `text` holds a line that begins with `begins` and holds each of `parts`.
#[track_caller]
fn has_line(text: &str, begins: &str, parts: &[&str]) {
    let found = text.lines().any(|line| line.starts_with(begins) && parts.iter().all(|part| line.contains(part)));
    assert!(found, "no line begins {begins:?} and has {parts:?}:\n{text}");
}

#[test]
fn before_the_first_start_nothing_is_wrong_and_commands_say_what_to_do() {
    let house = House::new();
    let check = house.says(&["check"]);
    has_line(&check, "database", &["look", "There is no database", "`redress run` makes it"]);
    has_line(&check, "letters", &["ok", "built-in"]);
    let (code, words) = house.fails(&["case", "list"]);
    assert!(code == 1 && words.contains("There is no database at") && words.contains("`redress run` makes it"));
    assert!(!house.path("redress.db").exists(), "asking makes no database");
}

#[test]
fn a_refused_configuration_is_named_line_by_line_with_exit_code_78() {
    let house = House::new();
    house.configure("sending = \"hold\"", "sending = \"hodl\"");
    house.configure("prefix = \"WEL\"", "prefix = \"WEL\"\ncolour = \"red\"");
    for command in [&["check"][..], &["status"], &["run", "--once"], &["outbox", "release", "--all"]] {
        let (code, words) = house.fails(command);
        assert_eq!(code, 78, "{command:?}");
        assert!(words.contains("redress.toml:3: sending:") && words.contains("colour"), "{words}");
    }
    let output = house.run(&["check", "--json"]);
    let findings: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(findings[0]["verdict"], "wrong");
}

#[test]
fn a_mailbox_under_a_new_name_is_not_read_anew_and_another_in_its_place_is_after_a_start_with_both() {
    let house = House::with_mail();
    let (old, new) = ("name = \"complaints\"\nlandlord", "name = \"office\"\nlandlord");
    house.configure(old, new);
    for command in [&["run", "--once"][..], &["run"]] {
        let (code, words) = house.fails(command);
        assert!(code == 78 && words.contains("\"complaints\" has gone") && words.contains("\"office\""), "{words}");
    }
    let (_, words) = house.fails(&["check"]);
    has_line(&words, "mailboxes", &["  wrong", "put the old one back"]);
    house.configure(new, old);
    assert!(house.says(&["run", "--once"]).contains("0 new messages taken in."));

    for part in ["new", "cur", "tmp"] {
        fs::create_dir_all(house.path("office").join(part)).unwrap();
    }
    let another = "[[mailbox]]\nname = \"office\"\nlandlord = \"wellington\"\nmaildir = \"office\"\n\n[outgoing]";
    house.configure("[outgoing]", another);
    assert!(house.says(&["run", "--once"]).contains("0 new messages taken in."));
    let first = "[[mailbox]]\nname = \"complaints\"\nlandlord = \"wellington\"\nmaildir = \"mail\"\njunk = \"Junk\"\n";
    house.configure(first, "");
    assert!(house.says(&["run", "--once"]).contains("0 new messages taken in."));
    assert!(!house.says(&["check"]).contains("  wrong"));
}

#[test]
fn check_finds_a_healthy_house_in_order() {
    let house = House::with_mail();
    let check = house.says(&["check", "--connect"]);
    for (what, says) in [
        ("configuration", "sending hold: letters to residents wait"),
        ("Ombudsman's details", "last checked"),
        ("letters", "built-in"),
        ("database", "of this version"),
        ("bank holidays", "added 2027-06-07 A proclaimed holiday"),
        ("dates", "4 open, none provisional"),
        ("history", "3 cases as written"),
        ("disk", "MiB free"),
        ("staff's mail", "complaints: your mail server is not asked whether staff are who they say; write authserv_id"),
        ("mailbox complaints", "INBOX: 5 messages"),
        ("mailbox complaints", "Junk: 0 messages"),
        ("outgoing mail", "letters are written into"),
        ("second way", "/bin/sh"),
    ] {
        has_line(&check, what, &["  ok", says]);
    }
    assert!(!check.contains("  look") && !check.contains("  wrong"), "{check}");
    let columns: BTreeSet<_> = check.lines().map(|line| line.find("  ok ").unwrap()).collect();
    assert_eq!(columns.len(), 1, "verdicts stand below each other: {check}");
    let findings = house.json(&["check"]);
    assert!(findings.as_array().unwrap().iter().all(|finding| finding["verdict"] == "ok"), "{findings:#}");
}

#[test]
fn check_notices_history_that_was_changed_shortened_or_reworded() {
    for (meddling, says) in [
        (
            &["DROP TRIGGER event_is_never_changed", "UPDATE event SET recorded_at = recorded_at + 1 WHERE seq = 2"][..],
            "line 2 was changed after it was written",
        ),
        (
            &[
                "DROP TRIGGER event_is_never_deleted",
                "DELETE FROM event WHERE id = (SELECT MAX(id) FROM event WHERE case_id = 1)",
            ],
            "and what is there does not",
        ),
        (
            &["UPDATE words SET text = 'All is well.' WHERE text LIKE '%gas%'"],
            "its words were changed after they were written",
        ),
        (&["UPDATE case_file SET is_open = 0 WHERE id = 1"], "what the lists say differs from the history"),
        (&["UPDATE numbering SET last = last + 1"], "4 case numbers were used, and 3 cases are here"),
    ] {
        let house = House::with_mail();
        house.meddle(meddling);
        let (code, words) = house.fails(&["check"]);
        assert_eq!(code, 1);
        has_line(&words, "history", &["wrong", says, "as evidence"]);
        assert!(words.ends_with(" wrong\n"), "{words}");
    }
}

#[test]
fn check_connect_names_the_folder_that_is_missing() {
    let house = House::new();
    house.configure("junk = \"Junk\"", "junk = \"Spam\"");
    let (code, words) = house.fails(&["check", "--connect"]);
    assert_eq!(code, 1);
    has_line(&words, "mailbox complaints", &["ok", "INBOX"]);
    has_line(&words, "mailbox complaints", &["wrong", "Spam", "Check the folder's name"]);
    assert!(house.says(&["check"]).contains("ok"), "without --connect no folder is opened");
}

#[test]
fn a_test_letter_to_ourselves_is_found_again_and_becomes_no_case() {
    let house = House::new();
    house.configure("maildir = \"letters\"", "maildir = \"mail\"");
    let check = house.says(&["check", "--send-test"]);
    has_line(&check, "test letter", &["ok", "to it@example.net"]);
    has_line(&check, "test letter", &["ok", "to complaints@example.org: came back into complaints/INBOX"]);
    house.says(&["run", "--once"]);
    assert_eq!(house.json(&["case", "list", "--all"]), serde_json::json!([]));
    let messages = house.json(&["inbox", "list"]);
    let sorted: Vec<&str> = messages.as_array().unwrap().iter().map(|row| row["sorted"].as_str().unwrap()).collect();
    assert_eq!(sorted, ["automatic", "automatic"]);
    assert_eq!(house.json(&["outbox", "list"]), serde_json::json!([]), "nobody is written to about it");
}

#[test]
fn the_case_list_says_what_is_due_next_and_marks_what_is_urgent() {
    let house = House::with_mail();
    let case = house.case_of(1);
    let list = house.says(&["case", "list"]);
    has_line(&list, "Case", &["Kind", "Landlord", "Received", "Due", "Days", "Marks", "Next"]);
    has_line(&list, &case, &["complaint", "wellington", "5 left", "hazard", "acknowledge"]);
    has_line(&list, &house.case_of(2), &["10 left", "review the service request"]);
    assert_eq!(list, house.says(&["case", "list", "--open", "--landlord", "wellington"]));
    let (_, words) = house.fails(&["case", "list", "--landlord", "welington"]);
    assert!(words.contains("no landlord \"welington\"; it has wellington"), "{words}");

    let rows = house.json(&["case", "list"]);
    assert_eq!(rows.as_array().unwrap().len(), 3);
    assert_eq!(rows[0]["reference"], case.as_str());
    assert_eq!(rows[0]["urgent_hazard"], true);
    assert_eq!(rows[0]["next_duty"], "acknowledge");
    assert_eq!(rows[0]["provision"], "6.2");
    assert_eq!(rows[0]["working_days_left"], 5);
}

#[test]
fn a_case_is_shown_with_its_words_its_letters_and_its_history() {
    let house = House::with_mail();
    let case = house.case_of(1);
    let sheet = house.says(&["case", "show", &case]);
    assert!(sheet.starts_with(&format!("{case}: complaint, open (Wellington Homes Limited)\n")), "{sheet}");
    has_line(&sheet, "  From", &["Rosa Quill <rosa@example.com>"]);
    has_line(&sheet, "  Marks", &["urgent hazard: “", "smell of gas"]);
    has_line(&sheet, "  1.", &["The lift has been broken for six weeks"]);
    has_line(&sheet, "  acknowledge the complaint", &["5 working days left", "Code 6.2"]);
    has_line(&sheet, "  2 ", &["new case", "ada@example.net", "sent"]);
    let history = sheet.split_once("\nHistory\n").unwrap().1;
    assert!(history.contains("Opened as a complaint by message 1"), "{history}");
    assert!(history.contains("To acknowledge the complaint by"), "{history}");
    assert!(history.contains("(Code 6.2): 5 working days after receipt on"), "{history}");
    assert!(history.contains("Letter 2 sent; the mail server said: written to"), "{history}");

    let spoken = case.to_lowercase().replace('-', " ");
    let spoken: Vec<&str> = ["case", "show"].into_iter().chain(spoken.split(' ')).collect();
    assert_eq!(house.says(&spoken), sheet, "as it is read out on the telephone");
    let whole = house.json(&["case", "show", &case]);
    assert_eq!(whole["resident"]["name"], "Rosa Quill");
    assert!(whole["flags"]["said"]["urgent_hazard"].to_string().contains("smell of gas"), "{}", whole["flags"]);
    let letter = house.left().into_iter().find(|letter| letter.contains("possible danger: new")).unwrap();
    assert!(letter.contains("The words that say so"), "{letter}");
    assert_eq!(whole["duties"][0]["provision"], "6.2");
    assert_eq!(whole["history"].as_array().unwrap().len(), history.lines().count());
}

#[test]
fn a_mistyped_reference_is_noticed_and_a_free_one_is_not_found() {
    let house = House::with_mail();
    let case = house.case_of(1);
    let wrong = if case.ends_with('A') { "B" } else { "A" };
    let (_, words) = house.fails(&["case", "show", &format!("{}{wrong}", &case[..case.len() - 1])]);
    assert!(words.contains("has a slip in it"), "{words}");
    let (_, words) = house.fails(&["case", "show", "the lift"]);
    assert!(words.contains("looks like WEL-1047-K"), "{words}");
    let free = Reference::new("WEL", 9000).to_string();
    let (_, words) = house.fails(&["case", "show", &free]);
    assert!(words.contains(&format!("There is no case {free}; `redress case list --all`")), "{words}");
}

#[test]
fn the_inbox_lists_every_message_with_what_it_was_taken_for() {
    let house = House::with_mail();
    let list = house.says(&["inbox", "list"]);
    assert_eq!(list.lines().count(), 6, "{list}");
    has_line(&list, "1 ", &["rosa@example.com", "Complaint about the lift", &house.case_of(1)]);
    has_line(&list, "3 ", &["automatic", "tom@example.com", "Out of office"]);
    let aside = house.says(&["inbox", "list", "--set-aside"]);
    assert_eq!(aside.lines().count(), 2, "{aside}");
    has_line(&aside, "4 ", &["set aside", "uma@example.com"]);
    let older = house.says(&["inbox", "list", "--older"]);
    assert_eq!(older.lines().count(), 2, "{older}");
    has_line(&older, "5 ", &["older complaint"]);
    let page = house.says(&["inbox", "list", "--before", "5", "--limit", "2"]);
    assert!(page.contains("\n4 ") && page.contains("\n3 ") && page.ends_with("Earlier ones: add `--before 3`.\n"));
}

#[test]
fn a_message_to_two_landlords_is_listed_with_both_its_cases() {
    let house = House::new();
    let (_, after) = CONFIG.split_once("[[landlord]]").unwrap();
    let (landlord, _) = after.split_once("[ombudsman]").unwrap();
    let other = landlord.replace("wellington", "nelson").replace("\"WEL\"", "\"NEL\"");
    let other = other.replace("complaints@example.org", "nelson@example.org");
    house.configure("[ombudsman]", &format!("[[landlord]]{other}[ombudsman]"));
    house.arrives("1", &COMPLAINT.replace("To: complaints@", "To: nelson@example.org, complaints@"));
    house.says(&["run", "--once"]);
    let cases = house.json(&["inbox", "list"])[0]["cases"].clone();
    let [one, other] = cases.as_array().unwrap().as_slice() else { panic!("{cases}") };
    let (one, other) = (one.as_str().unwrap(), other.as_str().unwrap());
    assert!(one.starts_with("WEL-") && other.starts_with("NEL-"), "{cases}");
    has_line(&house.says(&["inbox", "list"]), "1 ", &[&format!("{one}, {other}")]);
    let shown = house.says(&["inbox", "show", "1"]);
    assert!(shown.contains(&format!("redress case show {one}")), "{shown}");
    assert!(shown.contains(&format!("redress case show {other}")), "{shown}");
}

#[test]
fn a_message_is_shown_as_a_person_reads_it_and_raw_as_it_came() {
    let house = House::with_mail();
    let shown = house.says(&["inbox", "show", "3"]);
    has_line(&shown, "  Sorted as", &["automatic"]);
    has_line(&shown, "  May be answered", &["no"]);
    has_line(&shown, "  Because", &["Auto-Submitted"]);
    assert!(shown.ends_with("\n\n  I am away until Monday.\n"), "{shown}");
    has_line(&house.says(&["inbox", "show", "4"]), "  State", &["set aside for a person"]);
    assert_eq!(house.json(&["inbox", "show", "1"])["subject"], "Complaint about the lift");
    assert_eq!(house.run(&["inbox", "raw", "1"]).stdout, COMPLAINT.replace('\n', "\r\n").as_bytes());
    let (_, words) = house.fails(&["inbox", "raw", "99"]);
    assert!(words.contains("There is no message 99"), "{words}");
}

#[test]
fn status_is_one_screen_that_says_what_to_do() {
    let house = House::with_mail();
    let status = house.says(&["status"]);
    assert!(status.lines().count() <= 24, "{status}");
    has_line(&status, "Sending", &["hold: 3 letters held", "`redress outbox list --held`"]);
    has_line(&status, "Mailbox", &["complaints/INBOX: read"]);
    has_line(&status, "Messages", &["none waits", "1 set aside", "`redress inbox list --set-aside`"]);
    has_line(&status, "Letters", &["none waits to be sent"]);
    has_line(&status, &format!("  {}", house.case_of(1)), &["5 working days left", "acknowledge the complaint"]);
    let object = house.json(&["status"]);
    assert_eq!(object["sending"], "hold");
    assert_eq!(object["messages"]["set_aside"], 1);
    assert_eq!(object["letters"]["held"], 3);
    assert_eq!(object["dates"].as_array().unwrap().len(), 4);
    assert_eq!(object["overdue"], 0);
}

#[test]
fn listings_as_json_hold_neither_residents_words_nor_who_they_are() {
    let house = House::with_mail();
    for list in [&["case", "list", "--all"][..], &["inbox", "list"], &["outbox", "list"], &["status"], &["check"]] {
        let text = house.json(list).to_string().to_lowercase();
        for theirs in ["rosa", "quill", "lift", "gas", "sam@", "tap", "example.com"] {
            assert!(!text.contains(theirs), "{list:?} has {theirs:?}: {text}");
        }
    }
}

#[test]
fn letters_held_by_the_configuration_leave_when_it_says_live_and_those_held_by_name_stay() {
    let house = House::with_mail();
    let (acknowledgement, logged) =
        (house.letter("resident", &house.case_of(1)), house.letter("resident", &house.case_of(2)));
    has_line(
        &house.says(&["outbox", "list", "--held"]),
        &acknowledgement,
        &["rosa@example.com", "held: sending = \"hold\""],
    );
    let held = house.says(&["outbox", "hold", &logged]);
    assert_eq!(held, format!("Letter {logged}: held by ada; `redress outbox release {logged}` lets it go\n"));

    house.configure("sending = \"hold\"", "sending = \"live\"");
    house.says(&["run", "--once"]);
    assert_eq!(house.state(&acknowledgement), "sent");
    assert_eq!(house.state(&logged), "held");
    has_line(&house.says(&["status"]), "Sending", &["live; 1 letter held"]);
    let (_, words) = house.fails(&["outbox", "hold", &acknowledgement]);
    assert!(words.contains(&format!("Letter {acknowledgement}: cannot be held; it stands as: sent")), "{words}");

    assert!(house.says(&["outbox", "release", "--all"]).contains(&format!("Letter {logged}: released")));
    let (_, words) = house.fails(&["outbox", "release", &logged]);
    assert!(words.contains("cannot be released"), "{words}");
    house.says(&["run", "--once"]);
    assert_eq!(house.state(&logged), "sent");
    let headers = house.left().into_iter().map(|letter| letter.split_once("\r\n\r\n").unwrap().0.to_owned());
    assert_eq!(headers.filter(|headers| headers.contains("To: \"Sam Tarn\" <sam@example.com>")).count(), 1);
    assert_eq!(house.says(&["outbox", "list", "--held"]), "No such letters.\n");
}

#[test]
fn letters_that_a_limit_stopped_are_listed_with_the_reason_and_released_together() {
    let house = House::new();
    house.configure("sending = \"hold\"", "sending = \"live\"");
    let one = "{ hour = 1, day = 1 }";
    let limits = format!("[limits.letters_to_residents]\nper_case = {one}\nper_landlord = {one}\n\n[bank_holidays]");
    house.configure("[bank_holidays]", &limits);
    house.arrives("1", COMPLAINT);
    house.arrives("2", REQUEST);
    house.says(&["run", "--once"]);
    let stopped = house.letter("resident", &house.case_of(2));
    let because = "held: its landlord has sent 1 letter like it in an hour";
    has_line(&house.says(&["outbox", "list", "--held"]), &stopped, &["sam@example.com", because]);
    assert_eq!(house.json(&["outbox", "list", "--held"])[0]["stopped_by"], "per_landlord");
    let status = house.says(&["status"]);
    has_line(&status, "Sending", &["live; 1 letter stopped by a limit (`redress outbox list --held`"]);
    assert!(status.contains("letters are held back"), "{status}");
    let troubles = house.json(&["status"])["troubles"].to_string();
    assert!(troubles.contains("limits hold letters, 1 in all: its landlord has sent 1 letter"), "{troubles}");

    assert_eq!(house.says(&["outbox", "release", "--stopped=per_message"]), "No such letter is held.\n");
    let (code, words) = house.fails(&["outbox", "release", "--stopped=per_week"]);
    assert!(code == 2 && words.contains("own_address, per_address, per_message"), "{words}");
    let would = house.says(&["outbox", "release", "--stopped", "--dry-run"]);
    has_line(&would, &format!("Letter {stopped}: would go"), &["request logged on WEL-", "sam@example.com"]);
    assert_eq!(house.state(&stopped), "held");
    assert!(
        house.says(&["outbox", "release", "--stopped=per_landlord"]).contains(&format!("Letter {stopped}: released"))
    );
    house.says(&["run", "--once"]);
    assert_eq!(house.state(&stopped), "sent");
    assert!(!house.says(&["status"]).contains("letters are held back"));
}

#[test]
fn a_letter_that_could_not_leave_says_why_and_leaves_when_it_is_retried() {
    let house = House::new();
    house.arrives("1", COMPLAINT);
    fs::write(house.path("letters"), "in the way").unwrap();
    let (code, words) = house.fails(&["run", "--once"]);
    assert!(code == 1 && words.contains("1 letter could not leave; `redress outbox list --waiting`"), "{words}");
    let letter = house.letter("staff", &house.case_of(1));
    has_line(&house.says(&["outbox", "list", "--waiting"]), &letter, &["again from", "after 1 try", "letters"]);
    has_line(&house.says(&["status"]), "Letters", &["1 waits to be sent, the oldest since"]);

    fs::remove_file(house.path("letters")).unwrap();
    assert_eq!(house.json(&["outbox", "list", "--failed"]), serde_json::json!([]));
    assert!(house.says(&["outbox", "retry", &letter]).contains("tried again within half a minute"));
    house.says(&["run", "--once"]);
    let shown = house.says(&["outbox", "show", &letter]);
    has_line(&shown, "  State", &["sent"]);
    has_line(&shown, "  To", &["ada@example.net"]);
    has_line(&shown, "1 ", &["again"]);
    has_line(&shown, "2 ", &["sent", "written to"]);
    let raw = house.run(&["outbox", "show", &letter, "--raw"]).stdout;
    assert_eq!(house.left(), [String::from_utf8(raw).unwrap()]);
    assert_eq!(house.json(&["outbox", "show", &letter])["tries"].as_array().unwrap().len(), 2);
    let (_, words) = house.fails(&["outbox", "retry", &letter, "77"]);
    assert!(words.contains("cannot be tried again; it stands as: sent"), "{words}");
    assert!(words.contains("Letter 77: is not there") && words.ends_with("2 letters left as it was\n"), "{words}");
}

#[test]
fn one_run_at_a_time_and_every_other_command_beside_it() {
    let house = House::with_mail();
    let mut daemon = Daemon(house.command(&["run"]).stderr(Stdio::piped()).spawn().unwrap());
    let mut log = BufReader::new(daemon.0.stderr.take().unwrap()).lines();
    assert!(log.any(|line| line.unwrap().contains("Redress is running")));

    let (code, words) = house.fails(&["run", "--once"]);
    assert!(code == 1 && words.contains("Another `redress run` is working"), "{words}");
    assert!(house.says(&["status"]).contains("Sending"));
    assert!(house.says(&["case", "list"]).contains("WEL-"));
    assert!(house.says(&["check", "--connect"]).contains("history"));
    let acknowledgement = house.letter("resident", &house.case_of(1));
    assert!(house.says(&["outbox", "release", &acknowledgement]).contains("released"));

    let terminate = Command::new("kill").arg(daemon.0.id().to_string()).status().unwrap();
    assert!(terminate.success());
    assert!(daemon.0.wait().unwrap().success());
}

#[test]
fn a_reader_that_has_gone_is_no_failure() {
    let house = House::with_mail();
    for arguments in [&["inbox", "list"][..], &["case", "list"], &["inbox", "raw", "1"], &["calendar"], &["check"]] {
        let mut child = house.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{arguments:?}: {output:?}");
    }
}

#[test]
fn the_calendar_knows_the_configured_holidays_and_needs_no_configuration() {
    let house = House::new();
    assert!(house.says(&["calendar", "2027"]).contains("Monday 7 June 2027"));
    let dates = house.says(&["calendar", "--received", "2027-06-04"]);
    assert!(dates.contains("not counted: Monday 7 June 2027") && dates.contains("Monday 14 June 2027"), "{dates}");
    fs::remove_file(house.path("redress.toml")).unwrap();
    let plain = house.says(&["calendar", "2027"]);
    assert!(plain.contains("Friday 26 March 2027") && !plain.contains("7 June"), "{plain}");
    assert_eq!(house.json(&["calendar", "2027"])["bank_holidays"].as_array().unwrap().len(), 8);
}

#[test]
fn the_calendar_says_when_a_broken_configuration_keeps_proclaimed_holidays_from_it() {
    let house = House::new();
    fs::write(house.path("redress.toml"), "sending = \"later\"\n").unwrap();
    let output = house.command(&["calendar", "2027"]).output().unwrap();
    assert!(output.status.success());
    assert!(!String::from_utf8_lossy(&output.stdout).contains("7 June"), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("`redress check` says why"), "{output:?}");
    for wrong in ["2026-13-01", "18 December 2026"] {
        let output = house.command(&["calendar", "--received", wrong]).output().unwrap();
        assert!(!output.status.success());
        assert!(String::from_utf8_lossy(&output.stderr).contains("as in 2026-12-18"), "{output:?}");
    }
}

#[test]
fn inspect_knows_the_landlords_own_addresses_from_the_configuration() {
    let house = House::new();
    let file = house.path("own.eml");
    fs::write(&file, COMPLAINT.replace("rosa@example.com", "complaints@example.org")).unwrap();
    let kind = |house: &House| {
        let line = house.says(&["inspect", "--json", file.to_str().unwrap()]);
        serde_json::from_str::<Value>(&line).unwrap()["kind"].as_str().unwrap().to_owned()
    };
    assert_eq!(kind(&house), "machine");
    fs::remove_file(house.path("redress.toml")).unwrap();
    assert_eq!(kind(&house), "person");
}

#[test]
fn every_command_helps_with_examples() {
    /// The commands a help text names.
    fn commands(help: &str) -> Vec<String> {
        let list = help.split_once("Commands:\n").map_or("", |(_, list)| list);
        let lines = list.lines().take_while(|line| line.starts_with("  "));
        // Lines that go on are indented further.
        let lines = lines.filter(|line| !line.starts_with("   "));
        lines
            .filter_map(|line| line.split_whitespace().next())
            .filter(|name| *name != "help")
            .map(str::to_owned)
            .collect()
    }
    let house = House::new();
    let mut looked_at = 0;
    let mut waiting: Vec<Vec<String>> = vec![Vec::new()];
    while let Some(path) = waiting.pop() {
        let words: Vec<&str> = path.iter().map(String::as_str).chain(["--help"]).collect();
        let help = house.says(&words);
        let further = commands(&help);
        if further.is_empty() {
            assert!(help.contains("Examples:\n  redress "), "{path:?}: {help}");
            looked_at += 1;
        }
        waiting.extend(further.into_iter().map(|name| [path.clone(), vec![name]].concat()));
    }
    assert!(looked_at >= 15, "{looked_at}");
}

#[test]
fn nothing_a_command_prints_holds_a_secret() {
    let house = House::with_mail();
    let mailbox = "maildir = \"mail\"\njunk = \"Junk\"";
    let imap = "[mailbox.imap]\nhost = \"127.0.0.1\"\nport = 1\nsecurity = \"plain\"\nuser = \"complaints\"\n\
                password = { env = \"MAIL_PASSWORD\" }";
    house.configure(mailbox, imap);
    for arguments in [&["check", "--connect"][..], &["check", "--connect", "--json"], &["status"], &["run", "--once"]] {
        let output = house.command(arguments).env("MAIL_PASSWORD", "open-sesame").output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        assert!(!String::from_utf8_lossy(&text).contains("open-sesame"), "{arguments:?}");
    }
    let (code, words) = {
        let output = house.command(&["check", "--connect"]).env("MAIL_PASSWORD", "open-sesame").output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    assert_eq!(code, Some(1));
    has_line(&words, "mailbox complaints", &["wrong", "Check host, port and security"]);
}

#[test]
fn tables_are_not_cut_or_wrapped_where_there_is_no_terminal() {
    let house = House::new();
    let long = "word ".repeat(60);
    house.arrives("1", &COMPLAINT.replace("Complaint about the lift", long.trim()));
    house.says(&["run", "--once"]);
    let list = house.says(&["inbox", "list"]);
    assert_eq!(list.lines().count(), 2);
    assert!(list.contains(long.trim()));
}

/// A command on a terminal of so many columns.
fn terminal(house: &House, columns: u16, arguments: &[&str], environment: &[(&str, &str)]) -> Command {
    let environment: String = environment.iter().map(|(name, value)| format!("{name}={value} ")).collect();
    // Whoever runs the tests may have hangups ignored.
    let program = format!("env --default-signal=HUP {environment}{REDRESS} {}", arguments.join(" "));
    let typed = format!("stty cols {columns} rows 40; exec {program}");
    let mut command = Command::new("script");
    command.args(["-q", "-e", "-c", &typed, "/dev/null"]).stdin(Stdio::null());
    command.env("REDRESS_CONFIG", house.path("redress.toml")).env_remove("COLUMNS").env_remove("NO_COLOR");
    command.env("TERM", "xterm");
    command
}

/// What a command that succeeds prints there.
fn on_a_terminal(house: &House, columns: u16, arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let output = terminal(house, columns, arguments, environment).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap().replace("\r\n", "\n");
    assert!(output.status.success(), "{arguments:?}: {said}");
    said
}

#[test]
fn no_line_of_a_listing_is_wider_than_the_terminal_however_long_the_names() {
    let house = House::with_mail();
    let long = "A Person of a Very Long Name Indeed ".repeat(3);
    house.configure("Ada Example", long.trim());
    house.arrives("7", &COMPLAINT.replace("rosa@", &format!("{}@", "rosa.".repeat(12))).replace("complaint@", "x@"));
    house.says(&["run", "--once"]);
    let case = house.case_of(1);
    house.says(&["people", "away", "ada@example.net", "--until", "tomorrow", "--as", "dan"]);
    let listings: [&[&str]; 7] = [
        &["case", "list"],
        &["case", "list", "--all"],
        &["case", "show", &case],
        &["people", "list"],
        &["inbox", "list"],
        &["outbox", "list"],
        &["status"],
    ];
    for listing in listings {
        for columns in [60, 80, 120] {
            let said = on_a_terminal(&house, columns, listing, &[]);
            assert!(said.lines().count() > 2, "{listing:?}: {said}");
            let widest = said.lines().max_by_key(|line| line.chars().count()).unwrap();
            assert!(widest.chars().count() <= columns.into(), "{listing:?} at {columns}: {widest}\n{said}");
            assert!(!said.contains('\u{1b}'), "{said}");
        }
    }
    let narrow = on_a_terminal(&house, 120, &["case", "list"], &[("COLUMNS", "60")]);
    assert_eq!(narrow, on_a_terminal(&house, 60, &["case", "list"], &[]));
}

#[test]
fn colours_are_for_a_terminal_only_and_not_where_none_are_wanted() {
    let house = House::new();
    let coloured = |text: &str| text.contains('\u{1b}');
    let no_colour = [("NO_COLOR", "1")];
    assert!(coloured(&on_a_terminal(&house, 80, &["--help"], &[])));
    assert!(!coloured(&on_a_terminal(&house, 80, &["--help"], &no_colour)));
    assert!(!coloured(&house.says(&["--help"])));

    // The first line of the log.
    let logged = |environment: &[(&str, &str)]| {
        let mut running = terminal(&house, 80, &["run"], environment).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(running.stdout.take().unwrap()).read_line(&mut line).unwrap();
        running.kill().unwrap(); // Its terminal goes with it.
        running.wait().unwrap();
        line
    };
    let (line, plain) = (logged(&[]), logged(&no_colour));
    assert!(coloured(&line) && line.contains("INFO"), "{line}");
    assert!(!coloured(&plain) && plain.contains("INFO"), "{plain}");
}

// ── what people do to a case ──────────────────────────────────────────────────────────────────────────────────────

impl House {
    /// What an act on the case of message 1 prints, done by `person`.
    fn act(&self, person: &str, arguments: &[&str]) -> String {
        self.says(&[&["case", &self.case_of(1)][..], arguments, &["--as", person]].concat())
    }

    /// What is said of an act that is not done; nothing of it may have happened.
    #[track_caller]
    fn is_not_done(&self, person: &str, arguments: &[&str]) -> String {
        let case = self.case_of(1);
        let before = (self.json(&["case", "show", &case]), self.json(&["outbox", "list"]));
        let (code, words) = self.fails(&[&["case", &case][..], arguments, &["--as", person]].concat());
        assert_eq!(code, 1, "{words}");
        assert!(words.ends_with("Nothing has been changed.\n"), "{words}");
        assert_eq!((self.json(&["case", "show", &case]), self.json(&["outbox", "list"])), before);
        words
    }
}

/// Answers to both points of the complaint, with what puts it right.
const RESPONSE: [&str; 11] = [
    "respond",
    "--answer",
    "upheld: The lift was out of order for six weeks",
    "--answer",
    "not upheld: The gas engineer found no leak",
    "--remedy",
    "apology: We are sorry that nobody answered",
    "--remedy",
    "money: £150.50 for the delay",
    "--action",
    "Renew the motor; owner Repairs Team; by in 15 working days",
];

#[test]
fn an_act_says_what_was_recorded_which_letters_go_out_and_what_is_next() {
    let house = House::with_mail();
    let case = house.case_of(1);
    let said = house.act("ada", &["update", "--text", "The engineer has ordered the part", "--every", "weekly"]);
    assert!(said.starts_with(&format!("{case}: recorded\n")), "{said}");
    has_line(&said, "  -  Ada Example told the resident how it stands", &[]);
    has_line(&said, "  -  To tell the resident how it stands by", &["(Code 5.9): set by a person"]);
    has_line(&said, "  3 ", &["update", "the resident, rosa@example.com", "held: sending = \"hold\""]);
    has_line(&said, "  -  acknowledge the complaint by", &["5 working days left (Code 6.2)"]);
    let letters = house.json(&["outbox", "list"]);
    let letter = letters.as_array().unwrap().iter().find(|letter| letter["kind"] == "update").unwrap();
    let letter = house.says(&["outbox", "show", &letter["id"].to_string()]);
    assert!(letter.contains("The engineer has ordered the part"), "{letter}");

    let said: Value = serde_json::from_str(&house.act("ada", &["call", "--text", "She rang", "--json"])).unwrap();
    assert_eq!((&said["dry_run"], &said["cases"][0]["reference"]), (&false.into(), &case.as_str().into()));
    let recorded = said["cases"][0]["recorded"][0]["in_words"].as_str().unwrap();
    assert!(recorded.starts_with("Telephone call of") && recorded.ends_with("by Ada Example: She rang"), "{recorded}");
    assert_eq!(said["cases"][0]["next"]["duty"], "acknowledge");
}

#[test]
fn a_dry_run_shows_the_letter_and_changes_nothing() {
    let house = House::with_mail();
    let case = house.case_of(1);
    let seen =
        || (house.says(&["case", "show", &case]), house.says(&["outbox", "list"]), house.says(&["case", "list"]));
    let before = seen();
    let said = house.act("Ada Example", &["ask", "--question", "Which of the two lifts is it?", "--dry-run"]);
    assert!(said.starts_with(&format!("{case}: would be recorded; nothing has been changed\n")), "{said}");
    assert!(said.contains("── letter 3, clarification ──") && said.contains("Which of the two lifts is it?"), "{said}");
    house.says(
        &["case", "log", "--by", "letter", "--received", "yesterday", "--name", "Sam Tarn", "--point", "It drips"]
            .iter()
            .chain(&["--as", "ben", "--dry-run"])
            .copied()
            .collect::<Vec<_>>(),
    );
    assert_eq!(seen(), before);
}

#[test]
fn what_is_not_understood_is_told_all_at_once_and_what_is_refused_names_its_rule() {
    let house = House::with_mail();
    let said = house.is_not_done("ada", &["extend", "--until", "soon", "--updates", "often"]);
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines[0].starts_with("--until: that is no date this program can read (“soon”). For example: "), "{said}");
    assert!(lines[1].starts_with("--reason: this is needed: why, as the resident reads it. For example: "), "{said}");
    assert!(lines[2].starts_with("--updates: that is no number of working days (“often”). For example: "), "{said}");
    assert_eq!(lines.len(), 4);

    let extend = ["extend", "--until", "in 40 working days", "--reason", "The part is late"];
    let said = house.is_not_done("ada", &extend);
    assert!(
        said.starts_with("Refused: ") && said.contains("record the good reason with `good-reason` (Code 6.4)."),
        "{said}"
    );
    let said = house.is_not_done("ada", &RESPONSE[..3]);
    assert!(said.contains("2 points and 1 was answered"), "{said}");
    let said = house.is_not_done("eve", &["close", "--learning", "Nothing"]);
    assert!(said.contains("Eve Example may write down what they know about a case, and no more"), "{said}");
    let said = house.is_not_done("zoe@example.net", &["note", "--text", "Hello"]);
    assert!(
        said.starts_with("--as: “zoe@example.net” is nobody registered for this landlord. There are Ada"),
        "{said}"
    );
    house.act("eve", &["note", "--text", "I saw the lift today"]);

    let case = house.case_of(1);
    let (code, said) = house.fails(&["case", &case, "extnd", "--as", "ada"]);
    assert!(code == 2 && said.contains("'extend'"), "{said}");
    let (code, said) = house.fails(&["case", &case, "note", "--text", "Who wrote this?"]);
    assert!(code == 2 && said.contains("--as <person>"), "{said}");
    let (code, said) = house.fails(&["case", "lst"]);
    assert!(code == 1 && said.contains("`redress case` knows list, show, log, and a case's reference"), "{said}");
    let free = Reference::new("WEL", 1900).to_string();
    let (_, said) = house.fails(&["case", &free, "note", "--text", "Hello", "--as", "ada"]);
    assert!(said.contains(&format!("There is no case {free}")), "{said}");
}

#[test]
fn a_complaint_goes_from_definition_to_the_final_response_by_command_and_is_shown_as_it_stands() {
    let house = House::with_mail();
    let case = house.case_of(1);
    fs::write(house.path("points.txt"), "1. The lift is broken\n   since October\n\n2. It smells of gas\n").unwrap();
    let points = format!("@{}", house.path("points.txt").display());
    house.act("ada", &["define", "--point", &points, "--outcome", "Repair the lift"]);
    house.act("ada", &["adjust", "--need", "Low vision", "--adjustment", "Large print"]);
    house.act("ada", &["represent", "--name", "Sam Quill", "--authority", "Her e-mail of today"]);
    house.act("ada", &["resident", "--telephone", "07700 900123", "--prefers", "post", "--estate", "Orchard Court"]);
    house.act("ada", &RESPONSE);
    let said = house.act("ada", &["escalate", "--why", "The lift has failed again"]);
    has_line(&said, "  -  Given to Cleo Example, Stage 2 Reviewer, for stage 2", &[]);
    let said = house.is_not_done("dan", &["assign", "--to", "ada", "--conflict", "none"]);
    assert!(
        said.contains("Ada Example dealt with this complaint at stage 1") && said.contains("(Code 6.13)."),
        "{said}"
    );
    house.act("cleo", &[&RESPONSE[..9], &["--decision", "We uphold it in part"]].concat());
    house.act("cleo", &["done", "--action", "1", "--evidence", "Job 20418"]);

    let sheet = house.says(&["case", "show", &case]);
    for (begins, parts) in [
        ("  Stands", &["stage 2 answered"][..]),
        ("  Handler", &["Cleo Example, Stage 2 Reviewer"]),
        ("  Definition", &["confirmed by a person at stage 1"]),
        ("  Prefers", &["letters on paper"]),
        ("  Estate", &["Orchard Court"]),
        ("  Represented", &["by Sam Quill: Her e-mail of today"]),
        ("  Adjustment", &["Low vision: Large print"]),
        ("  1.", &["The lift is broken since October"]),
        ("  Wants", &["Repair the lift"]),
        ("Response at stage 2", &[]),
        ("  2.", &["not upheld: The gas engineer found no leak"]),
        ("  Remedy", &["money £150.50: for the delay"]),
        ("  Decision", &["We uphold it in part"]),
        ("  1 ", &["done", "Repairs Team", "Renew the motor"]),
        ("  carry out what was promised, action 1", &["done"]),
    ] {
        has_line(&sheet, begins, parts);
    }
    let whole = house.json(&["case", "show", &case]);
    assert_eq!(whole["handler"]["address"], "cleo@example.net");
    assert_eq!(whole["responses"][1]["answers"][0]["finding"], "upheld");
    assert_eq!(whole["responses"][0]["remedies"][1]["pence"], 15050);
    assert_eq!(whole["definition"]["points"][1], "It smells of gas");
    assert_eq!(whole["actions"][0]["evidence"], "Job 20418");
    assert_eq!(whole["resident"]["prefers"], "post");
}

#[test]
fn what_came_by_telephone_counts_from_its_true_day_and_its_letters_are_handed_over() {
    let house = House::with_mail();
    let log = ["case", "log", "--by", "telephone", "--received", "22 December 2025 at 14:30", "--name", "Tess Holm"];
    let more = ["--post", "3 Orchard Court", "--prefers", "post", "--point", "The door sticks", "--as", "Ben Example"];
    let said = house.says(&[&log[..], &more].concat());
    has_line(&said, "  -  Opened as a complaint by Ben Example, from a telephone call", &[]);
    has_line(&said, "  1 ", &["acknowledgement", "the resident, for ada@example.net to hand over", "held"]);
    let case = said.split(':').next().unwrap().to_owned();
    let due = house.json(&["case", "show", &case]);
    let due = due["duties"].as_array().unwrap().iter().find(|duty| duty["duty"] == "acknowledge").unwrap();
    assert_eq!(due["due"], "2025-12-31", "five working days over Christmas");
    let said = house.says(&["case", &case, "handed-over", "--letter", "1", "--as", "eve"]);
    has_line(&said, "  -  Letter 1 handed over on", &["by Eve Example"]);

    let working = house.says(&["case", "show", &case, "--explain"]);
    has_line(&working, "To acknowledge the complaint (Code 6.2)", &[]);
    has_line(&working, "  Counted from", &["receipt: Monday 22 December 2025 (day zero)"]);
    has_line(&working, "  Limit", &["5 working days, by the 2024 Code"]);
    has_line(&working, "  Counted ", &["1 Tue 23 Dec 2025, 2 Wed 24 Dec 2025, 3 Mon 29 Dec 2025", "5 Wed 31 Dec 2025"]);
    has_line(&working, "  Passed over", &["Thu 25 Dec 2025 (Christmas Day), Fri 26 Dec 2025 (Boxing Day), Sat 27"]);
    has_line(&working, "  Last day", &["Wednesday 31 December 2025"]);
    has_line(&working, "  Calendar", &["England and Wales to"]);
    has_line(&working, "  Outcome", &["missed: met", "working days late, on"]);

    let (code, said) = house.fails(&[&log[..2], &["--by", "fax", "--received", "tomorrow", "--as", "ben"]].concat());
    assert_eq!(code, 1);
    assert!(said.contains("by: that is none of telephone, letter, visit, social media (“fax”)"), "{said}");
    assert!(said.contains("--name: this is needed") && said.contains("--point: this is needed"), "{said}");
    let tomorrow = ["--by", "visit", "--received", "tomorrow", "--name", "T", "--point", "P", "--as", "ben"];
    let (_, said) = house.fails(&[&log[..2], &tomorrow].concat());
    assert!(said.starts_with("Refused: ") && said.contains("still to come"), "{said}");
}

#[test]
fn a_letter_to_a_resident_without_e_mail_does_not_say_that_we_write_by_e_mail() {
    let house = House::with_mail();
    let log = ["case", "log", "--by", "telephone", "--received", "today", "--name", "Tess Holm", "--as", "ada"];
    let said = house.says(&[&log[..], &["--point", "The door sticks", "--dry-run"]].concat());
    assert!(said.contains("We send you our letters on paper."), "{said}");
    assert!(!said.contains("We write to you by email"), "{said}");
    has_line(&said, "  -  acknowledge the complaint by", &["done as soon as letter 1 is with the resident"]);
}

#[test]
fn a_slip_in_a_reference_is_said_and_a_case_asked_for_as_an_act_is_pointed_to() {
    let house = House::with_mail();
    let case = house.case_of(1);
    let slip = format!("{}{}", &case[..case.len() - 1], if case.ends_with('K') { 'L' } else { 'K' });
    let (code, said) = house.fails(&["case", &slip, "note", "--text", "Hello", "--as", "ada"]);
    assert!(
        code == 1 && said.starts_with(&format!("\"{slip}\" is not a case: this reference has a slip in it")),
        "{said}"
    );
    let (code, said) = house.fails(&["case", &case, "show"]);
    assert!(code == 1 && said.starts_with(&format!("To see a case: `redress case show {case}`")), "{said}");
}

#[test]
fn the_working_of_a_date_tells_every_move_with_its_cause() {
    let house = House::with_mail();
    let case = house.case_of(1);
    house.act("ada", &["extend", "--until", "in 13 working days", "--reason", "The part is late"]);
    let working = house.says(&["case", "show", &case, "--explain"]);
    has_line(&working, "  Extension", &["up to 10 working days (Code 6.4)"]);
    has_line(&working, "  Moved", &["from", "to", ": it was extended"]);
    has_line(&working, "  By", &["Ada Example extended the stage 1 response to", "The part is late"]);
    let dates = &house.json(&["case", "show", &case])["dates"];
    let response = dates.as_array().unwrap().iter().find(|date| date["duty"] == "respond_stage1").unwrap();
    assert_eq!(response["dates"][1]["cause"], "extended");
    assert_eq!(response["dates"][1]["set_by_a_person"], true);
    assert_eq!(response["in_time"], Value::Null);

    house.act("ada", &["received", "--at", "2 working days ago", "--because", "She told the caretaker"]);
    let working = house.says(&["case", "show", &case, "--explain"]);
    has_line(&working, "  Moved", &["the landlord had it earlier than was thought"]);
}

#[test]
fn long_words_come_from_standard_input() {
    let house = House::with_mail();
    let case = house.case_of(1);
    let mut command = house.command(&["case", &case, "note", "--text", "-", "--as", "ada"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"A long story.\n\nWith two parts.\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let history = house.json(&["case", "show", &case])["history"].to_string();
    assert!(history.contains("A long story.\\n\\nWith two parts."), "{history}");
    let (_, said) = house.fails(&["case", &case, "note", "--text", "@nowhere.txt", "--as", "ada"]);
    assert!(said.contains("Could not read nowhere.txt"), "{said}");
}

#[test]
fn somebody_who_leaves_gives_all_their_cases_on_in_one_act() {
    let house = House::with_mail();
    let case = house.case_of(1);
    house.act("ada", &RESPONSE);
    house.act("ada", &["escalate"]);
    let list = house.says(&["people", "list"]);
    has_line(&list, "Address", &["Open cases"]);
    has_line(&list, "ada@example.net", &["Ada Example", "Complaints Officer", "2"]);
    has_line(&list, "cleo@example.net", &["Stage 2 Reviewer", "1"]);

    let (code, said) = house.fails(&["people", "leave", "cleo", "--to", "ada", "--as", "dan"]);
    assert_eq!(code, 1);
    has_line(&said, &case, &["stays. Refused: Ada Example dealt with this complaint at stage 1", "(Code 6.13)."]);
    let said = house.says(&["people", "leave", "ada", "--to", "ben@example.net", "--as", "dan", "--dry-run"]);
    assert_eq!(said.matches("would go to Ben Example").count(), 2, "{said}");
    house.says(&["people", "leave", "ada@example.net", "--to", "ben", "--as", "dan"]);
    let list = house.says(&["people", "list"]);
    has_line(&list, "ben@example.net", &["2"]);
    assert!(house.says(&["people", "leave", "ada", "--to", "ben", "--as", "dan"]).contains("has no open cases"));

    house.configure("name = \"Ben Example\", address = \"ben@", "name = \"Bea Example\", address = \"bea@");
    let list = house.says(&["people", "list"]);
    has_line(&list, "ben@example.net", &["no longer registered"]);
    assert!(list.contains("Ben Example is no longer registered and has"), "{list}");
    assert_eq!(
        house.says(&["people", "leave", "ben", "--to", "bea", "--as", "dan"]).matches("given to Bea").count(),
        2
    );
}

#[test]
fn whoever_is_away_says_until_when_and_who_stands_in_and_it_ends_by_itself_or_when_they_are_back() {
    let house = House::with_mail();
    let (case, today) = (house.case_of(1), london_date(SystemClock.now()));
    let until = today.saturating_add(30.days());
    let day = until.to_string();
    let ada = ["people", "away", "ada", "--until", day.as_str(), "--as", "ada", "--cover"];
    let away = |cover: &'static str| [&ada[..], &[cover]].concat();
    let said = house.says(&[away("ben"), vec!["--dry-run"]].concat());
    assert!(said.starts_with(&format!("Ada Example would be away until {}.\n", spoken(until))), "{said}");
    has_line(&said, &format!("  {case}"), &["Ben Example, Deputy"]);
    assert!(!house.says(&["people", "list"]).contains("away"), "it was a dry run");

    house.says(&away("ben"));
    has_line(&house.says(&["people", "list"]), "ada@example.net", &["away until", "ben@example.net stands in"]);
    let people = house.json(&["people", "list"]);
    let absent = people.as_array().unwrap().iter().find(|one| one["address"] == "ada@example.net").unwrap();
    let expected = serde_json::json!({ "since": today, "until": until, "cover": "ben@example.net" });
    assert_eq!(absent["away"], expected);
    house.arrives("6", &COMPLAINT.replace("complaint@", "another@").replace("the lift", "the roof"));
    house.says(&["run", "--once"]);
    let shown = house.says(&["case", "show", &house.case_of(6)]);
    assert!(shown.contains("Ben Example"), "{shown}");

    for (arguments, why) in [
        (&["people", "away", "ada", "--until", "soon", "--as", "ada"][..], "--until: "),
        (&["people", "away", "ada", "--until", "today", "--as", "ada"], "is not a day to come"),
        (&away("ada@example.net"), "Refused: nobody stands in for themselves"),
        (&away("zoe@example.net"), "--cover: “zoe@example.net” is nobody registered"),
        (&["people", "away", "ada", "--until", "tomorrow", "--as", "zoe"], "--as: “zoe” is nobody registered"),
        (&["people", "away", "zoe", "--until", "tomorrow", "--as", "ada"], "is nobody registered"),
    ] {
        let (code, said) = house.fails(arguments);
        assert!(code == 1 && said.contains(why), "{why}: {said}");
    }
    assert_eq!(
        house.says(&["people", "back", "ada", "--as", "dan"]),
        "Ada Example is back. Letters about their cases go to them again.\n"
    );
    assert!(house.says(&["people", "back", "ada", "--as", "ada"]).contains("Ada Example is not away."));
    assert!(!house.says(&["people", "list"]).contains("away"));
}

#[test]
fn the_case_list_is_narrowed_by_date_handler_and_words() {
    let house = House::with_mail();
    let (lift, tap) = (house.case_of(1), house.case_of(2));
    let references = |arguments: &[&str]| {
        let rows = house.json(&[&["case", "list"], arguments].concat());
        rows.as_array().unwrap().iter().map(|row| row["reference"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(references(&["--find", "ROSA lift"]), std::slice::from_ref(&lift));
    assert_eq!(references(&["--find", "sam@example.com"]), std::slice::from_ref(&tap));
    assert!(references(&["--find", "smell of gas"]).contains(&lift), "by the resident's words");
    assert_eq!(references(&["--landlord", "wellington", "--find", "tap"]), std::slice::from_ref(&tap));
    assert!(house.fails(&["case", "list", "--landlord", "elsewhere"]).1.contains("it has wellington"));
    assert_eq!(references(&["--due", "9", "--find", "tap"]), [""; 0]);
    assert_eq!(references(&["--due", "10", "--find", "tap"]), std::slice::from_ref(&tap));
    assert_eq!(references(&["--overdue"]), [""; 0]);
    assert!(house.says(&["case", "list", "--overdue"]).contains("No case is like that."));
    house.act("dan", &["assign", "--to", "ben", "--conflict", "none"]);
    assert_eq!(references(&["--handler", "ben"]), std::slice::from_ref(&lift));
    assert!(references(&["--handler", "ada@example.net"]).contains(&tap));
    house.act("ben", &["received", "--at", "1 March 2026", "--because", "She wrote to the caretaker"]);
    assert_eq!(references(&["--overdue"]), [lift]);
}

#[test]
fn every_act_of_a_case_explains_itself_without_a_database() {
    let house = House::new();
    let help = house.says(&["case", "WEL-1001-Z", "--help"]);
    has_line(&help, "  extend ", &["Set a later date for the response", "(Code 6.4, 6.15)"]);
    let help = house.says(&["case", "WEL-1001-Z", "extend", "--help"]);
    has_line(&help, "Usage: redress case WEL-1001-Z extend --until <date> --reason <words> --as <person>", &[]);
    assert!(help.contains("    --until 'Friday 18 December' \\\n    --reason 'The surveyor can only come"), "{help}");
    assert!(house.says(&["case", "--help"]).contains("redress case WEL-1047-K --help"));
    assert!(house.says(&["case", "log", "--help"]).contains("--received <date and time>"));
}

// ── what the sorter can learn from people ─────────────────────────────────────────────────────────────────────────

#[test]
fn what_people_confirmed_or_corrected_is_printed_to_learn_from_and_can_be_learnt_from() {
    let house = House::with_mail();
    let request = house.case_of(2);
    house.act("ada", &["define", "--outcome", "Repair the lift"]);
    house.says(&["case", &request, "sort", "--kind", "complaint", "--because", "Nobody came", "--as", "ada"]);
    house.act("ada", &RESPONSE);
    let reply = COMPLAINT
        .replace("Message-ID: <complaint@", "In-Reply-To: <complaint@example.com>\nMessage-ID: <reply@")
        .replace("Complaint about the lift", &format!("Re: [{}]", house.case_of(1)));
    let (head, _) = reply.split_once("\n\n").unwrap();
    house.arrives("6", &format!("{head}\n\nI do not accept your answer, the lift has failed again.\n"));
    house.says(&["run", "--once"]);
    house.act("cleo", &["define", "--outcome", "A new motor"]);
    let output = house.run(&["triage", "--corrections"]);
    let lines = String::from_utf8(output.stdout).unwrap();
    let found: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [complaint, answer, tap] = &found[..] else { panic!("three of them: {lines}") };

    assert_eq!((&complaint["label"], &complaint["context"]), (&"complaint".into(), &"new".into()));
    assert_eq!(complaint["subject"], "Complaint about the lift");
    assert_eq!(complaint["said"]["label"], "complaint");
    assert_eq!(complaint["urgent_hazard"], true);
    assert!(complaint["body"].as_str().unwrap().starts_with("Dear landlord,"), "{complaint}");

    assert_eq!((&tap["label"], &tap["said"]["label"]), (&"complaint".into(), &"service_request".into()));
    assert_eq!(tap["id"], format!("{request}/2"));

    assert_eq!((&answer["label"], &answer["said"]["label"]), (&"stage2_request".into(), &"stage2_request".into()));
    assert_eq!(answer["context"], "reply_to_stage1_response");
    assert_eq!(answer["body"], "I do not accept your answer, the lift has failed again.");

    let (file, weights) = (house.path("corrections.jsonl"), house.path("sorter.weights"));
    fs::write(&file, &lines).unwrap();
    let learnt = house.says(&["triage", "--train", weights.to_str().unwrap(), file.to_str().unwrap()]);
    assert!(learnt.starts_with("Learnt from 3 messages;"), "{learnt}");
    assert_eq!(house.says(&["triage", "--corrections", "--landlord", "wellington"]), lines);
    assert!(house.fails(&["triage", "--corrections", "--landlord", "rivers"]).1.contains("it has wellington"));
}

#[test]
fn what_was_erased_is_not_learnt_from_and_nothing_is_learnt_from_what_no_person_decided() {
    let house = House::with_mail();
    assert_eq!(house.says(&["triage", "--corrections"]), "");
    house.act("ada", &["define", "--outcome", "Repair the lift"]);
    house.meddle(&["UPDATE inbox SET raw = NULL WHERE id = 1"]);
    let output = house.run(&["triage", "--corrections"]);
    assert!(output.status.success() && output.stdout.is_empty(), "{output:?}");
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "1 message left out: erased, or without words.\n");
}

#[test]
fn a_person_who_takes_back_stage_2_or_begins_it_corrects_the_sorting_of_the_answer() {
    for (words, acts, label, said) in [
        (
            "I am not sure that I am happy with this.",
            &["stay", "--because", "She only asked"][..],
            "other",
            "stage2_request",
        ),
        ("Thank you very much for sorting it out.", &["escalate", "--why", "She rang"], "stage2_request", ""),
    ] {
        let house = House::with_mail();
        house.act("ada", &RESPONSE);
        let reply = "From: rosa@example.com\nTo: complaints@example.org\nSubject: Re: the lift\n\
                     In-Reply-To: <complaint@example.com>\nMessage-ID: <reply@example.com>\n\n";
        house.arrives("6", &format!("{reply}{words}\n"));
        house.says(&["run", "--once"]);
        house.act("ada", acts);
        let lines = house.says(&["triage", "--corrections"]);
        let line: Value = serde_json::from_str(lines.trim()).unwrap();
        assert_eq!((&line["label"], &line["body"]), (&label.into(), &words.into()));
        assert_eq!(line["said"]["label"].as_str().unwrap_or_default(), said, "{line}");
    }
}

// ── the editor ────────────────────────────────────────────────────────────────────────────────────────────────────

/// An editor that keeps what it was shown, and then does as `script` says with the file `$1`.
fn editor(house: &House, script: &str) -> String {
    let path = house.path("editor");
    let shown = house.path("shown");
    fs::write(
        &path,
        format!("#!/bin/sh\nset -e\ncp \"$1\" '{0}'; stat -c %a \"$1\" > '{0}.mode'\n{script}\n", shown.display()),
    )
    .unwrap();
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    path.display().to_string()
}

/// What comes of `arguments` with the editor, and what is left among the temporary files.
fn edited(house: &House, script: &str, arguments: &[&str]) -> (Output, String, usize) {
    let temporary = house.path("temporary");
    fs::create_dir_all(&temporary).unwrap();
    let _ = fs::remove_file(house.path("shown"));
    let mut command = house.command(arguments);
    command.env("VISUAL", editor(house, script)).env("TMPDIR", &temporary);
    let output = command.output().unwrap();
    let shown = fs::read_to_string(house.path("shown")).unwrap_or_default();
    (output, shown, fs::read_dir(&temporary).unwrap().count())
}

fn first_case(house: &House) -> String {
    let cases: Value = serde_json::from_str(&house.says(&["case", "list", "--json"])).unwrap();
    cases[0]["reference"].as_str().unwrap().to_owned()
}

fn out(output: &Output) -> (String, String) {
    (String::from_utf8_lossy(&output.stdout).into_owned(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn an_act_is_filled_in_as_a_form_with_what_is_known_already() {
    let house = House::with_mail();
    let case = first_case(&house);
    let act = ["case", &case, "define", "--as", "ada@example.net", "--edit", "--outcome", "The lift is mended"];
    let (output, shown, left) = edited(&house, "sed -i 's/^responsibility: …/responsibility: All of it/' \"$1\"", &act);
    assert!(output.status.success(), "{:?}", out(&output));
    assert!(shown.starts_with(&format!("# {case}, Rosa Quill, Complaint about the lift\n# define: ")), "{shown}");
    let fields: Vec<&str> = shown.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
    assert_eq!(fields[0], "define");
    assert!(fields[1].starts_with("point: ") && fields[1].contains("lift has been broken"), "{shown}");
    assert!(fields.contains(&"outcome: The lift is mended") && fields.contains(&"responsibility: …"), "{shown}");
    assert!(shown.contains("For example: "), "{shown}");
    assert_eq!(fs::read_to_string(house.path("shown.mode")).unwrap(), "600\n");
    assert_eq!(left, 0, "no residents' words are left behind");
    let known = house.says(&["case", "show", &case]);
    assert!(known.contains("The lift is mended") && known.contains("All of it"), "{known}");
}

#[test]
fn what_is_wrong_in_a_form_stands_above_it_for_another_go() {
    let house = House::with_mail();
    let case = first_case(&house);
    let act = ["case", &case, "extend", "--as", "ada@example.net", "--edit", "--dry-run"];
    // First a day nobody knows, then one the Code does not allow, then a good one.
    let script = "\
        if grep -q '^until: …' \"$1\"; then sed -i 's/^until: …/until: Blursday/; s/^reason: …/reason: The part is on order/' \"$1\"\n\
        elif grep -q Blursday \"$1\"; then cp \"$1\" \"$0.first\"; sed -i 's/Blursday/in 60 working days/' \"$1\"\n\
        else cp \"$1\" \"$0.second\"; sed -i 's/in 60 working days/in 12 working days/' \"$1\"; fi";
    let (output, _, left) = edited(&house, script, &act);
    let (said, wrong) = out(&output);
    assert!(output.status.success(), "{said}{wrong}");
    assert!(said.contains("would be recorded; nothing has been changed"), "{said}");
    let first = fs::read_to_string(house.path("editor.first")).unwrap();
    assert!(first.starts_with("#! Nothing has been done yet. Please put right:\n#!   until: "), "{first}");
    assert!(first.contains("\nreason: The part is on order\n"), "what was written stays: {first}");
    let second = fs::read_to_string(house.path("editor.second")).unwrap();
    assert!(second.lines().nth(1).unwrap().starts_with("#!   Refused: "), "a refusal names its rule: {second}");
    assert_eq!(second.matches("#! Nothing has been done yet").count(), 1, "{second}");
    assert_eq!(left, 0);
}

#[test]
fn a_form_that_is_empty_not_saved_or_never_shown_does_nothing() {
    let house = House::with_mail();
    let case = first_case(&house);
    let history = || house.says(&["case", "show", &case]);
    let before = history();
    let act = ["case", &case, "define", "--as", "ada@example.net", "--edit"];
    for script in [": > \"$1\"", "true", "rm \"$1\"", "printf '# only a hint\\n' > \"$1\""] {
        let (output, _, left) = edited(&house, script, &act);
        assert!(output.status.success(), "{script}: {:?}", out(&output));
        assert_eq!(
            out(&output),
            (String::new(), "The form was left empty or not saved. Nothing has been changed.\n".to_owned())
        );
        assert_eq!(left, 0, "{script}");
    }
    for (script, words) in [
        ("exit 3", "ended with exit status: 3. Nothing has been changed."),
        (
            "sed -i 's/^define$/close/' \"$1\"; if grep -q '^#! ' \"$1\"; then touch \"$1\"; fi",
            "Nothing has been changed.",
        ),
    ] {
        let (output, _, left) = edited(&house, script, &act);
        assert_eq!(output.status.code(), Some(1), "{script}: {:?}", out(&output));
        assert!(out(&output).1.contains(words), "{:?}", out(&output));
        assert_eq!(left, 0, "{script}");
    }
    let mut command = house.command(&act);
    let output = command.env_remove("VISUAL").env_remove("EDITOR").env("PATH", "/nowhere").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        out(&output).1.contains("There is no editor here: put the name of yours into EDITOR"),
        "{:?}",
        out(&output)
    );
    assert_eq!(history(), before);
}

#[test]
fn what_came_by_telephone_is_logged_from_a_form() {
    let house = House::with_mail();
    let script = "sed -i 's/^by: …/by: telephone/; s/^received: …/received: yesterday 14:30/; s/^name: …/name: Wim Ost/; \
        s/^point: …/point: The bins have not been emptied for three weeks/' \"$1\"";
    let (output, shown, left) = edited(&house, script, &["case", "log", "--as", "ada@example.net", "--edit"]);
    assert!(output.status.success(), "{:?}", out(&output));
    assert!(shown.starts_with("# Wellington Homes Limited\n# log: ") && shown.contains("\nrequest: …\n"), "{shown}");
    assert!(
        house.says(&["case", "list"]).contains("Wim Ost") || out(&output).0.contains("recorded"),
        "{:?}",
        out(&output)
    );
    assert_eq!(left, 0);
}
