//! Whole lives of complaints, lived with the program alone: the real binary, a Maildir that mail comes into and one that
//! letters leave by, and a clock that libfaketime sets.
//!
//! Goal: from the first word to the final response everything that people see is right, over Christmas and Easter, under
//! both editions of the Code.
//! How: the story says when what happens; every letter and every answer of the program goes into one golden file a story,
//! which a person reads (UPDATE_GOLDEN=1 writes it anew).

#![expect(clippy::unwrap_used, reason = "a story that cannot be told has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, UNIX_EPOCH};

use jiff::civil::DateTime;
use redress::domain::calendar::london;

const CONFIG: &str = r#"
database = "sqlite:redress.db"
sending = "live"
answer_mail_since = 2024-01-01

[[mailbox]]
name = "complaints"
landlord = "orchard"
maildir = "mail"

[outgoing]
maildir = "letters"

[operator]
name = "Olu Example"
address = "it@example.net"

[operator.second_way]
command = ["/bin/true"]

[[landlord]]
key = "orchard"
name = "Orchard Housing Co-operative Limited"
prefix = "RCH"
addresses = ["complaints@example.org"]
officer = { name = "Ada Lane", address = "ada@example.net" }
deputy = { name = "Ben Moor", address = "ben@example.net" }
reviewers = [{ name = "Cleo Dale", address = "cleo@example.net" }]
manager = { name = "Dan Hill", address = "dan@example.net" }
member_responsible = { name = "Eve Shaw", address = "eve@example.net" }
policy_link = "https://www.example.org/complaints"
emergency_telephone = "01632 960100"
responsible_for = ["repairs to the structure of your home", "shared halls and lifts"]
not_responsible_for = ["your own furniture and belongings", "public roads"]

[ombudsman]
last_checked = 2024-01-02

[limits]
free_disk_bytes = 0
"#;

/// A landlord's machine at some moment of the story.
struct House {
    folder: tempfile::TempDir,
    /// Civil time in London.
    now: DateTime,
    /// All that people saw, in order.
    told: String,
    seen: BTreeSet<PathBuf>,
}

impl House {
    fn new(now: &str) -> House {
        let folder = tempfile::tempdir().unwrap();
        for part in ["mail/new", "mail/cur", "mail/tmp", "letters/new"] {
            fs::create_dir_all(folder.path().join(part)).unwrap();
        }
        fs::write(folder.path().join("redress.toml"), CONFIG).unwrap();
        House { folder, now: now.parse().unwrap(), told: String::new(), seen: BTreeSet::new() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// It is this moment, "2026-12-18T16:40", and the daemon looks.
    fn at(&mut self, now: &str) {
        self.now = now.parse().unwrap();
        self.round();
    }

    fn round(&mut self) {
        let output = self.run(&["run", "--once"]);
        assert!(output.status.success(), "{output:?}");
        self.take_letters();
    }

    /// A message arrives now.
    fn arrives(&mut self, name: &str, message: &str) {
        let path = self.path("mail/new").join(format!("{name}.eml"));
        fs::write(&path, message.replace('\n', "\r\n")).unwrap();
        let file = fs::File::options().append(true).open(path).unwrap();
        let instant = london(self.now.date(), self.now.hour(), self.now.minute()).as_second();
        file.set_times(fs::FileTimes::new().set_modified(UNIX_EPOCH + Duration::from_secs(instant as u64))).unwrap();
        self.tell(&format!("MESSAGE\n{message}"));
        self.round();
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let library = std::env::var("REDRESS_TEST_FAKETIME");
        let library = library.expect("REDRESS_TEST_FAKETIME is not set: use tests/run, which installs libfaketime");
        let mut command = Command::new(env!("CARGO_BIN_EXE_redress"));
        command.args(arguments).current_dir(self.folder.path()).env("REDRESS_CONFIG", self.path("redress.toml"));
        command.env("LD_PRELOAD", library).env("TZ", "Europe/London").env("COLUMNS", "120");
        command.env("FAKETIME", format!("@{} {}", self.now.date(), self.now.time()));
        // Waiting and the times of files stay real.
        command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1").env("NO_FAKE_STAT", "1");
        command.output().unwrap()
    }

    /// What a command prints that succeeds.
    fn says(&mut self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        let words = String::from_utf8(output.stdout).unwrap();
        self.tell(&format!("$ redress {}\n{words}", arguments.join(" ")));
        self.round();
        words
    }

    /// What a command prints that is refused.
    fn refuses(&mut self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {output:?}");
        let words = String::from_utf8(output.stderr).unwrap();
        self.tell(&format!("$ redress {}\n{words}", arguments.join(" ")));
        words
    }

    fn tell(&mut self, words: &str) {
        let moment = self.now.strftime("%A %-d %B %Y, %H:%M");
        self.told.push_str(&format!("━━━ {moment} ━━━\n\n{}\n\n", words.trim_end()));
    }

    /// Letters that left meanwhile, in the order of their numbers.
    fn take_letters(&mut self) {
        let mut new: Vec<PathBuf> = files(&self.path("letters/new")).filter(|file| !self.seen.contains(file)).collect();
        new.sort_by_cached_key(|file| header(&fs::read_to_string(file).unwrap(), "Message-ID"));
        for file in new {
            let letter = fs::read_to_string(&file).unwrap();
            self.tell(&format!("LETTER\n{}", as_read(&letter)));
            self.seen.insert(file);
        }
    }

    /// The newest letter to `address` whose subject or title holds `words`.
    fn letter_to(&self, address: &str, words: &str) -> String {
        let letters = files(&self.path("letters/new")).map(|file| fs::read_to_string(file).unwrap());
        let theirs = letters.filter(|letter| header(letter, "To").contains(address) && letter.contains(words));
        theirs.max_by_key(|letter| sent(letter)).unwrap_or_else(|| {
            panic!("no letter to {address} says {words:?}:\n{}", self.told);
        })
    }

    /// The story as it was approved.
    #[track_caller]
    fn reads_as_approved(&self, name: &str) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/stories").join(format!("{name}.txt"));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&path, &self.told).unwrap();
        }
        let approved = fs::read_to_string(&path).unwrap_or_default();
        assert!(approved == self.told, "{name}.txt reads differently; look at it, then run with UPDATE_GOLDEN=1");
    }
}

fn files(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    fs::read_dir(folder).unwrap().map(|file| file.unwrap().path())
}

fn header(letter: &str, name: &str) -> String {
    let message = mail_parser::MessageParser::default().parse(letter.as_bytes()).unwrap();
    message.header_raw(name).unwrap_or_default().trim().to_owned()
}

/// When the letter was written, in seconds.
fn sent(letter: &str) -> i64 {
    let message = mail_parser::MessageParser::default().parse(letter.as_bytes()).unwrap();
    message.date().unwrap().to_timestamp()
}

/// Whom it is to, what about, and its text; not what changes with every key.
fn as_read(letter: &str) -> String {
    let message = mail_parser::MessageParser::default().parse(letter.as_bytes()).unwrap();
    let text = message.body_text(0).unwrap().replace("\r\n", "\n");
    format!("To: {}\nSubject: {}\n\n{}", header(letter, "To"), message.subject().unwrap_or_default(), text.trim_end())
}

const COMPLAINT: &str = "\
From: Rosa Quill <rosa@example.com>
To: complaints@example.org
Subject: Lift at Alder Court
Message-ID: <lift-1@example.com>

Dear landlord,

I want to complain. The lift has been out of order for six weeks. I have reported it four times and nobody has come.

Your man on the telephone put the phone down on me. That was rude.

Please mend it and say sorry.

Rosa Quill
";

#[test]
fn a_complaint_is_answered_over_christmas_and_finally_over_easter() {
    let mut house = House::new("2026-12-18T16:40");
    house.arrives("1", COMPLAINT);
    let case = "RCH-1001-J".to_owned();
    let case = house
        .says(&["case", "list"])
        .split_whitespace()
        .find(|word| word.starts_with("RCH-"))
        .map_or(case, str::to_owned);
    // Ten working days from 18 December: not Christmas Day, not Boxing Day's substitute, not New Year's Day.
    let acknowledgement = house.letter_to("rosa@example.com", "Your complaint");
    assert!(as_read(&acknowledgement).contains("Wednesday 6 January 2027"), "{acknowledgement}");

    house.at("2027-01-04T09:05");
    house.letter_to("ada@example.net", "Due Wednesday 6 January 2027");
    house.now = "2027-01-06T09:30".parse().unwrap();
    let ada = ["--as", "ada@example.net"];
    let act = |house: &mut House, arguments: &[&str]| house.says(&[&["case", &case], arguments].concat());
    let refused = |house: &mut House, arguments: &[&str]| house.refuses(&[&["case", &case], arguments].concat());
    let reason = ["--reason", "The lift company must send us its report first."];
    let late = refused(&mut house, &[&["extend", "--until", "1 February"][..], &reason, &ada].concat());
    assert!(late.contains("Code 6.4"), "{late}");
    act(&mut house, &[&["extend", "--until", "Wed 20 January"][..], &reason, &ada].concat());
    house.letter_to("rosa@example.com", "We need more time");

    house.at("2027-01-20T11:00");
    fs::write(
        house.path("lift.txt"),
        "upheld: We told the lift company only on 2 December. Our repairs policy says within a day.\n",
    )
    .unwrap();
    let answers = [
        "--answer",
        "@lift.txt",
        "--answer",
        "not upheld: We have listened to the call. The line was cut off at your end.",
    ];
    let remedies = [
        "--remedy",
        "apology: We are sorry that you had to use the stairs for so long.",
        "--remedy",
        "money: £75 for the six weeks without a lift.",
        "--action",
        "Have the lift mended for good; owner Repairs Manager; by 19 February 2027",
    ];
    let short = refused(&mut house, &[&["respond"][..], &answers[..2], &remedies, &ada].concat());
    assert!(short.contains("Code 6.7"), "{short}");
    act(&mut house, &[&["respond"][..], &answers, &remedies, &ada].concat());
    let response = house.letter_to("rosa@example.com", "stage 1");
    assert!(as_read(&response).contains("£75"), "{}", as_read(&response));

    house.at("2027-02-19T15:00");
    act(
        &mut house,
        &[&["done", "--action", "1", "--evidence", "The lift company's invoice of 18 February"][..], &ada].concat(),
    );

    // Maundy Thursday: five working days lie over Good Friday and Easter Monday.
    house.now = "2027-03-25T20:15".parse().unwrap();
    let id = header(&response, "Message-ID");
    house.arrives("2", &format!(
        "From: Rosa Quill <rosa@example.com>\nTo: complaints@example.org\nSubject: Re: Lift at Alder Court [{case}]\n\
         Message-ID: <lift-2@example.com>\nIn-Reply-To: {id}\nReferences: <lift-1@example.com> {id}\n\n\
         I am not happy with your answer. The lift has stopped again, and I was not rude to anybody.\n\
         Please take my complaint to stage 2.\n\nRosa Quill\n"
    ));
    let stage2 = as_read(&house.letter_to("rosa@example.com", "stage 2"));
    assert!(stage2.contains("Monday 26 April 2027"), "{stage2}");
    let explained = house.says(&["case", "show", &case, "--explain"]);
    for passed in ["Christmas Day", "Boxing Day", "New Year", "Good Friday", "Easter Monday", "5 April 2027"] {
        assert!(explained.contains(passed), "{passed}:\n{explained}");
    }

    house.at("2027-04-26T10:00");
    let answers = [
        "--answer",
        "upheld: It stopped again on 20 March, and nobody was told.",
        "--answer",
        "not upheld: We found nothing new.",
    ];
    let remedy = ["--remedy", "changed policy: A second company looks after the lift from 1 May."];
    let same = refused(&mut house, &[&["respond"][..], &answers, &remedy, &ada].concat());
    assert!(same.contains("Code 6.13"), "{same}");
    let cleo = ["--as", "Cleo Dale"];
    act(&mut house, &[&["respond"][..], &answers, &remedy, &cleo].concat());
    let last = as_read(&house.letter_to("rosa@example.com", "final response"));
    assert!(last.contains("Wednesday 26 April 2028"), "twelve months to go to the Ombudsman: {last}");
    act(
        &mut house,
        &[&["close", "--learning", "A lift that stops twice in a month gets a second opinion."][..], &cleo].concat(),
    );
    house.at("2027-05-25T09:05");
    house.letter_to("rosa@example.com", "How did we do with your complaint?");
    let list = house.says(&["case", "list", "--all"]);
    assert!(list.contains("nothing is owed"), "{list}");
    house.says(&["case", "show", &case]);
    house.reads_as_approved("christmas_and_easter");
}

#[test]
fn a_complaint_that_came_by_telephone_in_march_2024_runs_under_the_2022_code_until_its_stage_2_of_april() {
    let mut house = House::new("2024-03-21T10:00");
    house.round();
    let log = [
        "case",
        "log",
        "--landlord",
        "orchard",
        "--by",
        "telephone",
        "--received",
        "2024-03-20 11:00",
        "--name",
        "Sam Tarn",
        "--post",
        "3 Alder Court, Elmham",
        "--point",
        "The boiler has failed three times since January.",
        "--as",
        "ada@example.net",
    ];
    let logged = house.says(&log);
    let case = logged.split(|letter: char| !(letter.is_alphanumeric() || letter == '-'));
    let case = case.clone().find(|word| word.starts_with("RCH-")).unwrap().to_owned();
    let acknowledgement = as_read(&house.letter_to("ada@example.net", "print"));
    assert!(acknowledgement.contains("3 Alder Court"), "{acknowledgement}");
    // Ten working days from logging on 21 March, over Good Friday and Easter Monday.
    assert!(acknowledgement.contains("Monday 8 April 2024"), "{acknowledgement}");
    let ada = ["--as", "ada@example.net"];
    let act = |house: &mut House, arguments: &[&str]| house.says(&[&["case", &case], arguments].concat());
    act(&mut house, &[&["handed-over", "--letter", "1"][..], &ada].concat());
    house.at("2024-03-28T10:00");
    let answer =
        ["--answer", "upheld: The part was never ordered.", "--remedy", "apology: We are sorry for the cold weeks."];
    act(&mut house, &[&["respond"][..], &answer, &ada].concat());
    let letters = house.says(&["case", "show", &case]);
    assert!(letters.contains("2022 Code"), "{letters}");
    house.at("2024-04-03T10:00");
    act(&mut house, &[&["escalate", "--received", "2024-04-02", "--why", "It has failed again."][..], &ada].concat());
    let explained = house.says(&["case", "show", &case, "--explain"]);
    assert!(explained.contains("2022 Code 5.1") && explained.contains("Code 6.14"), "{explained}");
    house.reads_as_approved("march_2024");
}

#[test]
fn a_bank_holiday_added_by_configuration_moves_the_open_dates_it_lies_in_each_with_its_cause() {
    let mut house = House::new("2026-12-01T10:00");
    house.arrives("1", COMPLAINT);
    house.now = "2026-12-14T10:00".parse().unwrap();
    let other = COMPLAINT.replace("lift-1@", "lift-9@").replace("Rosa Quill", "Tom Weir").replace("rosa@", "tom@");
    house.arrives("2", &other.replace("The lift", "The bin store"));
    let cases = house.says(&["case", "list"]);
    let cases: Vec<String> =
        cases.split_whitespace().filter(|word| word.starts_with("RCH-")).map(str::to_owned).collect();
    let [first, second] = &cases[..] else { panic!("{cases:?}") };
    assert!(house.says(&["case", "show", first, "--explain"]).contains("15 December 2026"));
    let config = fs::read_to_string(house.path("redress.toml")).unwrap();
    let holiday = "\n[bank_holidays]\nadded = [{ date = 2026-12-15, name = \"A day for the King\" }]\n";
    fs::write(house.path("redress.toml"), config + holiday).unwrap();
    house.now = "2026-12-14T12:00".parse().unwrap();
    house.round();
    let moved = house.says(&["case", "show", first, "--explain"]);
    assert!(moved.contains("16 December 2026") && moved.contains("A day for the King"), "{moved}");
    assert!(moved.contains("the bank holidays were changed"), "{moved}");
    // The second complaint's ten working days begin on the 15th as well; its acknowledgement is met and stays.
    let second = house.says(&["case", "show", second, "--explain"]);
    assert!(second.contains("31 December 2026"), "{second}");
    house.letter_to("ada@example.net", "16 December 2026");
}
