//! The shadow of the daemon over mail that lies in a Maildir: what it would have done, with everything left as it is.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed, helpers included")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;
use redress::daemon::clock::{Clock as _, SystemClock};
use redress::domain::calendar::london_date;
use serde_json::{Value, json};

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
move_to = "Logged"

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
"#;

/// A small mailbox: what arrives, in which folder, when (Europe/London is UTC then), from whom, about what, with which
/// headers and words.
const MAIL: [(&str, &str, &str); 10] = [
    (
        "new",
        "2026-02-27T10:00:00Z",
        "From: Old Example <old@example.com>\nSubject: From before\n\nI want to complain about the damp. Nobody came.\n",
    ),
    (
        "cur",
        "2026-03-02T09:00:00Z",
        "From: Rosa Quill <rosa@example.com>\nSubject: Complaint about the lift\nMessage-ID: <complaint@example.com>\n\n\
         I want to make a formal complaint. The lift has been broken for six weeks and nobody answers the telephone.\n",
    ),
    (
        "cur",
        "2026-03-03T11:00:00Z",
        "From: Ada Example <ada@example.net>\nTo: rosa@example.com\nCc: complaints@example.org\n\
         Subject: Re: Complaint about the lift\nMessage-ID: <byhand@example.net>\nIn-Reply-To: <complaint@example.com>\n\n\
         Dear Rosa, I am sorry to read that you are unhappy with the lift. An engineer comes on Thursday.\n",
    ),
    (
        "new",
        "2026-03-04T08:30:00Z",
        "From: Rosa Quill <rosa@example.com>\nSubject: Re: Complaint about the lift\nMessage-ID: <answer@example.com>\n\
         In-Reply-To: <byhand@example.net>\nReferences: <complaint@example.com> <byhand@example.net>\n\n\
         Thank you. I shall be at home on Thursday.\n",
    ),
    (
        "new",
        "2026-03-04T12:00:00Z",
        "From: Sam Tarn <sam@example.com>\nSubject: Dripping tap\n\n\
         Hello, the tap in my kitchen is dripping. Could you please send somebody to repair it?\n",
    ),
    (
        "cur",
        "2026-03-05T10:00:00Z",
        "From: Complaints <complaints@example.org>\nTo: rosa@example.com\nSubject: Re: Complaint about the lift\n\n\
         Dear Rosa, this is our answer to your complaint. We are sorry that the lift was broken and that nobody came.\n",
    ),
    (
        "new",
        "2026-03-05T12:00:00Z",
        "From: Tom Weir <tom@example.com>\nSubject: Out of office\nAuto-Submitted: auto-replied\n\nI am away until Monday.\n",
    ),
    (
        "new",
        "2026-03-06T12:00:00Z",
        "From: Uma Fenn <uma@example.com>\nSubject:\nMIME-Version: 1.0\nContent-Type: image/png\n\
         Content-Transfer-Encoding: base64\n\niVBORw0KGgo=\n",
    ),
    (
        ".Junk/new",
        "2026-03-06T13:00:00Z",
        "From: Vic Lowe <vic@example.com>\nSubject: Still no heating\n\n\
         I want to complain. There has been no heating for three weeks and you never answer.\n",
    ),
    ("new", "2026-04-01T09:00:00Z", "From: Late Example <late@example.com>\nSubject: Later\n\nI want to complain.\n"),
];

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
        fs::create_dir(house.path("temporary")).unwrap();
        let today = london_date(SystemClock.now()).to_string();
        fs::write(house.path("redress.toml"), CONFIG.replace("TODAY", &today)).unwrap();
        fs::write(house.path("redress.db"), "the landlord's own, not to be opened").unwrap();
        house
    }

    fn with_mail() -> House {
        let house = House::new();
        for (number, (part, arrived, message)) in MAIL.into_iter().enumerate() {
            house.arrives(part, &number.to_string(), arrived.parse().unwrap(), message.as_bytes());
        }
        house
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn arrives(&self, part: &str, name: &str, at: Timestamp, message: &[u8]) {
        let flags = if part.ends_with("cur") { ":2,S" } else { "" };
        let path = self.path("mail").join(part).join(format!("{name}{flags}"));
        let (head, addressed) = (&b"Date: "[..], message.windows(3).any(|word| word == b"To:"));
        let to: &[u8] = if addressed { b"" } else { b"To: complaints@example.org\n" };
        let date = at.strftime("%a, %d %b %Y %H:%M:%S +0000\n").to_string();
        fs::write(&path, [head, date.as_bytes(), to, message].concat()).unwrap();
        let file = fs::File::options().append(true).open(&path).unwrap();
        file.set_times(fs::FileTimes::new().set_modified(SystemTime::from(at))).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(REDRESS);
        command.arg("--config").arg(self.path("redress.toml")).arg("shadow").args(arguments);
        command.current_dir(self.folder.path()).env("TMPDIR", self.path("temporary"));
        command
    }

    fn shadow(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What it says, when all is well.
    fn says(&self, arguments: &[&str]) -> String {
        let output = self.shadow(arguments);
        assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
        assert_eq!(text(&output.stderr), "", "nothing is said beside the report");
        text(&output.stdout)
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.says(&[arguments, &["--json"]].concat())).unwrap()
    }

    /// Every file and folder there is, with its time of change and its bytes; `letters` and what is temporary apart.
    fn everything(&self) -> BTreeMap<PathBuf, (i64, i64, u32, Vec<u8>)> {
        fn walk(folder: &Path, all: &mut BTreeMap<PathBuf, (i64, i64, u32, Vec<u8>)>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let meta = fs::metadata(&path).unwrap();
                let bytes = if meta.is_file() { fs::read(&path).unwrap() } else { Vec::new() };
                all.insert(path.clone(), (meta.mtime(), meta.mtime_nsec(), meta.mode(), bytes));
                if meta.is_dir() {
                    walk(&path, all);
                }
            }
        }
        let mut all = BTreeMap::new();
        walk(self.folder.path(), &mut all);
        all.retain(|path, _| *path != self.path("temporary"));
        all
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

const MARCH: [&str; 4] = ["--since", "2026-03-01", "--until", "2026-03-31"];

#[test]
fn a_small_mailbox_is_told_message_by_message() {
    let report = House::with_mail().says(&MARCH);
    assert!(
        report.starts_with(
            "8 messages in complaints/INBOX, complaints/Junk, Sunday 1 March 2026 to Tuesday 31 March 2026.\n\
             Nothing in the mailbox was changed, and no letter was sent.\n"
        ),
        "{report}"
    );
    let lines: Vec<Vec<&str>> =
        report.lines().map(|line| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect()).collect();
    let first = lines.iter().position(|line| line.first() == Some(&"Arrived")).unwrap();
    let told: Vec<(&str, &str, &str)> =
        lines[first + 1..=first + 8].iter().map(|cells| (cells[1], cells[2], cells[4])).collect();
    assert_eq!(
        told,
        [
            ("rosa@example.com", "complaint", "acknowledgement"),
            ("ada@example.net", "from staff", "no: your own people wrote it"),
            ("rosa@example.com", "further message", "added"),
            ("sam@example.com", "service request", "request logged"),
            ("complaints@example.org", "automatic", told[4].2),
            ("tom@example.com", "automatic", "no: Auto-Submitted: auto-replied (RFC 3834)"),
            ("uma@example.com", "could not be read", "receipt"),
            ("vic@example.com", "complaint", "no: it lay in the junk folder"),
        ]
    );
    assert!(told[4].2.starts_with("no: "), "what your people sent from the mailbox is never answered: {}", told[4].2);
    let thread: Vec<&str> = lines[first + 1..=first + 3].iter().map(|cells| cells[3]).collect();
    assert!(thread.iter().all(|case| *case == thread[0]), "answers by hand keep the thread together: {thread:?}");
    for fact in [
        "Cases           3 complaints, 1 service request, 0 cases of other correspondence",
        "Acknowledged    1 at once, 1 just before the date because nobody had looked, 1 left to a person",
        "Unsure          1 of 4 (25 %): a person is asked",
        "From machines   2 messages, none of them answered",
        "Not readable    1 message, put before a person",
        "To residents    acknowledgement: 2, added: 1, receipt: 1, request logged: 1",
        "Dates passed    to send the stage 1 response: 3, to acknowledge the complaint: 1, to review the service request: 1,",
    ] {
        assert!(report.contains(fact), "{fact}\n\n{report}");
    }
    assert!(report.contains("Read these 2 yourself") && report.contains("cannot be read"), "{report}");
}

#[test]
fn the_same_for_a_program_names_nobody() {
    let house = House::with_mail();
    let report = house.json(&MARCH);
    assert_eq!(
        report["summary"],
        json!({
            "messages": 8,
            "left_out": 0,
            "sorted": {
                "automatic": 2, "complaint": 2, "could not be read": 1, "from staff": 1, "further message": 1,
                "service request": 1,
            },
            "registers": { "complaint": 3, "service_request": 1 },
            "acknowledged_at_once": 1,
            "acknowledged_later": 1,
            "not_acknowledged": 1,
            "unsure": 1,
            "from_machines": 2,
            "machines_answered": 0,
            "unreadable": 1,
            "missed": { "acknowledge": 1, "respond_stage1": 3, "review_request": 1 },
        })
    );
    let complaint = &report["messages"][0];
    assert_eq!((&complaint["uid"], &complaint["folder"]), (&json!("1"), &json!("INBOX")));
    assert_eq!(complaint["answered"], json!(["acknowledgement"]));
    assert_eq!(complaint["not_answered_because"], Value::Null);
    // The receipt went on Friday 6 March; the acknowledgement is due on the 13th and goes by itself on the 12th.
    let unsure = report["cases"].as_array().unwrap().iter().find(|case| case["unsure"] == true).unwrap();
    assert_eq!(unsure["acknowledged"], "2026-03-12T09:00:00Z");
    assert_eq!(report["read_these"], json!([7, 8]));
    for words in ["rosa", "Rosa", "lift", "heating", "Thursday"] {
        assert!(!report.to_string().contains(words), "{words}");
    }
}

#[test]
fn only_what_was_asked_for_is_looked_at() {
    let house = House::with_mail();
    let all = house.json(&["--since", "2026-02-01"]);
    assert_eq!(all["summary"]["messages"], MAIL.len(), "up to now when no last day is named");
    assert_eq!(all["messages"][0]["sorted"], "complaint", "answer_mail_since of the configuration does not matter");
    let few =
        house.json(&["--since", "2026-03-01", "--until", "2026-03-31", "--limit", "3", "--mailbox", "complaints"]);
    assert_eq!((&few["summary"]["messages"], &few["summary"]["left_out"]), (&json!(3), &json!(5)));
    assert_eq!(few["until"], "2026-03-04T12:00:00Z", "time stands still before the first message that is left out");
    assert_eq!(few["summary"]["missed"], json!({}));
}

#[test]
fn letters_can_be_left_in_a_folder_for_nobody_else_to_read() {
    let house = House::with_mail();
    let report = house.says(&[&MARCH[..], &["--letters", "shadow-letters"]].concat());
    assert!(report.ends_with("\nThe letters are in shadow-letters.\n"), "{report}");
    let folder = house.path("shadow-letters");
    assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    let letters: Vec<PathBuf> =
        fs::read_dir(folder.join("residents")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(letters.len(), 5);
    let first = letters.iter().find(|path| path.display().to_string().contains("2026-03-02_WEL-1001-")).unwrap();
    let letter = text(&fs::read(first).unwrap());
    assert!(
        letter.contains("To: \"Rosa Quill\" <rosa@example.com>") || letter.contains("rosa@example.com"),
        "{letter}"
    );
    assert!(letter.contains("Re: Complaint about the lift [WEL-1001-"), "{letter}");
    assert_eq!(fs::metadata(first).unwrap().permissions().mode() & 0o777, 0o600);

    let before = house.everything();
    let refused = house.shadow(&[&MARCH[..], &["--letters", "shadow-letters"]].concat());
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("shadow-letters is not empty"), "{}", text(&refused.stderr));
    assert!(house.everything() == before, "letters that are there stay as they are");
}

/// One of a thousand messages of every sort.
fn mixed(number: usize) -> String {
    let head = format!("From: R{number} <r{}@example.com>\nMessage-ID: <{number}@example.com>\n", number % 700);
    head + match number % 8 {
        0 | 1 => {
            "Subject: Still waiting\n\nNobody has come for three weeks although you promised. I want to complain.\n"
        }
        2 => "Subject: Tap\n\nHello, the tap in the kitchen drips. Could you please send somebody to repair it?\n",
        3 => "Subject: Out of office\nAuto-Submitted: auto-replied\n\nI am away until Monday.\n",
        4 => "Subject: News\nList-Id: <news.example.org>\nPrecedence: bulk\n\nOur newsletter for March.\n",
        5 => "Subject: Thanks\n\nThank you very much for the quick repair, the plumber was lovely.\n",
        6 => "Subject: \nContent-Type: multipart/mixed; boundary=\"never\"\n\nThe door is broken, nobody answers.\n",
        _ => "Subject: Question\n\nHello, could you tell me when the office is open over Easter please?\n",
    }
}

fn a_thousand() -> House {
    let house = House::new();
    let first: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
    for number in 0..1000 {
        let part = ["new", "cur", "new", ".Junk/new", "cur"][number % 5];
        let at = first + jiff::SignedDuration::from_mins(3 * number as i64);
        house.arrives(part, &format!("{number}.M1.host"), at, mixed(number).as_bytes());
    }
    house
}

#[test]
fn a_thousand_messages_leave_mailbox_database_and_letters_as_they_were() {
    let house = a_thousand();
    let before = house.everything();
    assert!(before.len() > 1000);
    let began = Instant::now();
    let report = house.json(&["--since", "2026-03-01", "--until", "2026-03-04"]);
    println!("a mailbox of 1,000 in {:.1} s", began.elapsed().as_secs_f64());
    assert_eq!(report["summary"]["messages"], 1000);
    assert_eq!(report["summary"]["machines_answered"], 0);
    assert_eq!(report["messages"].as_array().unwrap().len(), 1000);
    assert_eq!(report["read_these"].as_array().unwrap().len(), 12);
    assert!(house.everything() == before, "names, times, flags and bytes are as they were");
    assert_eq!(fs::read_dir(house.path("temporary")).unwrap().count(), 0, "nothing is left behind");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "nothing tells a test that another program has begun")]
fn told_to_stop_it_leaves_nothing_behind() {
    let house = a_thousand();
    let before = house.everything();
    for signal in ["-INT", "-TERM", "-HUP"] {
        let child = house.command(&MARCH).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let temporary = || fs::read_dir(house.path("temporary")).unwrap().next().map(|entry| entry.unwrap().path());
        let patience = Instant::now();
        while temporary().is_none_or(|folder| !folder.join("shadow.db").exists()) {
            assert!(patience.elapsed() < Duration::from_secs(30), "it works in a folder of its own");
            std::thread::sleep(Duration::from_millis(10));
        }
        let mode = fs::metadata(temporary().unwrap()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "only its user reads the mail in it");
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{signal}");
        assert_eq!((text(&output.stdout), text(&output.stderr)), (String::new(), "Stopped\n".to_owned()));
        assert!(temporary().is_none(), "{signal}: the folder is gone");
    }
    assert!(house.everything() == before);
}

#[test]
fn what_cannot_be_read_is_said_and_makes_the_exit_code() {
    let house = House::with_mail();
    fs::remove_dir_all(house.path("mail/.Junk")).unwrap();
    let output = house.shadow(&MARCH);
    assert_eq!(output.status.code(), Some(1));
    let report = text(&output.stdout);
    assert!(report.starts_with("7 messages in "), "the rest is told all the same: {report}");
    assert!(report.contains("Not read  complaints/Junk: "), "{report}");
    assert_eq!(text(&output.stderr), "Not everything could be read\n");

    for (arguments, code, words) in [
        (&["--since", "2026-03-01", "--mailbox", "other"][..], 1, "has no mailbox \"other\"; it has complaints"),
        (&["--since", "2999-01-01"], 1, "2999-01-01 has not come yet"),
        (&["--since", "2026-03-02", "--until", "2026-03-01"], 1, "--until 2026-03-01 is before --since 2026-03-02"),
        (&["--since", "soon"], 2, "invalid value 'soon'"),
        (&[], 2, "--since <DATE>"),
    ] {
        let refused = house.shadow(arguments);
        assert_eq!(refused.status.code(), Some(code), "{arguments:?}");
        assert!(text(&refused.stderr).contains(words), "{}", text(&refused.stderr));
        assert_eq!(text(&refused.stdout), "");
    }
    let config = fs::read_to_string(house.path("redress.toml")).unwrap();
    fs::write(house.path("redress.toml"), config.replace("sending", "sendung")).unwrap();
    assert_eq!(house.shadow(&MARCH).status.code(), Some(78));
}

#[test]
fn the_help_has_examples() {
    let help = House::new().says(&["--help"]);
    assert!(help.contains("Examples:\n  redress shadow --since 2026-10-01\n"), "{help}");
}
