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
const MAIL: [(&str, &str, &str); 9] = [
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
    println!("{report}");
    assert!(report.starts_with(
        "7 messages in complaints/INBOX, complaints/Junk, Sunday 1 March 2026 to Tuesday 31 March 2026.\n\
         Nothing in the mailbox was changed, and no letter was sent.\n"
    ));
    let line = |subject: &str| report.lines().find(|line| line.ends_with(subject)).unwrap().to_owned();
    let complaint = line("Complaint about the lift");
    assert!(complaint.starts_with("Mon 2 Mar 2026 09:00  rosa@example.com"), "{complaint}");
    assert!(complaint.contains("complaint") && complaint.contains("acknowledgement"), "{complaint}");
}
