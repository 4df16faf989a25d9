//! A landlord's machine: configuration, database, a Maildir that mail comes into and one that letters leave by.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use jiff::Timestamp;
use redress::config::Config;
use redress::daemon::clock::{Clock as _, PlayedClock, SystemClock};
use redress::daemon::office::Office;
use redress::domain::calendar::london_date;
use redress::store::Purpose;
use serde_json::Value;

const REDRESS: &str = env!("CARGO_BIN_EXE_redress");

const CONFIG: &str = r#"
database = "sqlite:redress.db"
sending = "live"
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
command = ["/bin/sh", "-c", "cat >> \"$0\"", "SECOND_WAY"]

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
"#;

pub struct House {
    folder: tempfile::TempDir,
}

impl House {
    pub fn new() -> House {
        let house = House { folder: tempfile::tempdir().unwrap() };
        for folder in ["mail", "mail/.Junk", "mail/.Logged"] {
            for part in ["new", "cur", "tmp"] {
                fs::create_dir_all(house.path(folder).join(part)).unwrap();
            }
        }
        let today = london_date(SystemClock.now()).to_string();
        let second_way = house.path("second-way");
        let config = CONFIG.replace("TODAY", &today).replace("SECOND_WAY", second_way.to_str().unwrap());
        fs::write(house.path("redress.toml"), config).unwrap();
        house
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn configure(&self, from: &str, to: &str) {
        let config = fs::read_to_string(self.path("redress.toml")).unwrap();
        assert!(config.contains(from), "{from}");
        fs::write(self.path("redress.toml"), config.replace(from, to)).unwrap();
    }

    /// A complaint of a resident of its own reaches a folder of the mailbox: "mail", or "mail/.Logged".
    pub fn complaint(&self, folder: &str, name: &str) {
        let message = format!(
            "From: Resident {name} <{name}@example.com>\r\nTo: complaints@example.org\r\nSubject: Complaint {name}\r\n\
             Message-ID: <{name}@example.com>\r\n\r\nI want to make a formal complaint. The lift has been broken for six \
             weeks and nobody answers the telephone.\r\n"
        );
        self.arrives(folder, name, &message, SystemClock.now());
    }

    pub fn arrives(&self, folder: &str, name: &str, message: &str, at: Timestamp) {
        // As deliverers do, or the program would read half a message.
        let path = self.path(folder).join("tmp").join(name);
        fs::write(&path, message).unwrap();
        let at = UNIX_EPOCH + Duration::from_millis(at.as_millisecond().unsigned_abs());
        let file = fs::File::options().append(true).open(&path).unwrap();
        file.set_times(fs::FileTimes::new().set_modified(at)).unwrap();
        fs::rename(&path, self.path(folder).join("new").join(name)).unwrap();
    }

    /// Names of the messages that lie in a folder, `new` and `cur`.
    pub fn lying_in(&self, folder: &str) -> Vec<String> {
        let mut names = Vec::new();
        for part in ["new", "cur"] {
            for entry in fs::read_dir(self.path(folder).join(part)).into_iter().flatten() {
                names.push(entry.unwrap().file_name().into_string().unwrap());
            }
        }
        names.sort();
        names
    }

    /// The letters that left for this address, as they left.
    pub fn letters_to(&self, address: &str) -> Vec<String> {
        let names = self.lying_in("letters");
        let read = names.iter().map(|name| fs::read_to_string(self.path("letters/new").join(name)).unwrap());
        read.filter(|letter| letter.lines().any(|line| line.starts_with("To:") && line.contains(address))).collect()
    }

    /// What the operator was told by the second way.
    pub fn second_way(&self) -> String {
        fs::read_to_string(self.path("second-way")).unwrap_or_default()
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(REDRESS);
        command.args(arguments).env("REDRESS_CONFIG", self.path("redress.toml")).current_dir(self.folder.path());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What a command that succeeds prints.
    pub fn says(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", all(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// What a command that fails prints, all of it.
    pub fn fails(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(!output.status.success(), "{arguments:?}: {}", all(&output));
        all(&output)
    }

    /// What a command prints for a program, whether it succeeds or not.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[arguments, &["--json"]].concat());
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", all(&output)))
    }

    /// The daemon's own hands, with a clock that is played.
    pub async fn office(&self, clock: Arc<PlayedClock>) -> Arc<Office> {
        let config = Config::load(&self.path("redress.toml"), &|_| None, london_date(clock.now())).unwrap().config;
        Arc::new(Office::open(config, clock, Purpose::Run).await.unwrap())
    }
}

pub fn all(output: &Output) -> String {
    String::from_utf8([output.stdout.as_slice(), output.stderr.as_slice()].concat()).unwrap()
}

/// Whether two files hold the same.
pub fn same_bytes(one: &Path, other: &Path) -> bool {
    fs::read(one).unwrap() == fs::read(other).unwrap()
}
