//! TOML, environment and secret files → one checked [`Config`].
//!
//! Unknown keys and every other mistake are refused, all at once, each with its line and what to write instead.
//! `config/example.toml` documents every key.

use std::path::PathBuf;

use jiff::civil::Date;
use secrecy::SecretString;

use crate::domain::landlord::{Landlord, Ombudsman, Person};

/// Everything an operator decides. Checked as a whole: a `Config` in hand is one the daemon can run with.
#[derive(Clone, Debug)]
pub struct Config {
    /// `sqlite:///var/lib/redress/redress.db` or `postgres://…`; secret because it may hold a password.
    pub database: SecretString,
    pub sending: Sending,
    /// Mail that arrived before this day (Europe/London) is stored, sorted and listed, never answered.
    pub answer_mail_since: Date,
    pub mailboxes: Vec<MailboxConfig>,
    pub outgoing: Outgoing,
    pub operator: Operator,
    pub landlords: Vec<Landlord>,
    pub ombudsman: Ombudsman,
    pub reminders: Reminders,
    pub limits: Limits,
    /// Bank holidays proclaimed after this program was built, and days the rules name that were moved away.
    pub holidays_added: Vec<(Date, String)>,
    pub holidays_removed: Vec<Date>,
    /// Folder whose templates take the place of the embedded ones of the same name.
    pub letters: Option<PathBuf>,
    pub log: Log,
}

/// Whether letters to residents leave. Letters to staff always do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sending {
    Live,
    Hold,
}

#[derive(Clone, Debug)]
pub struct MailboxConfig {
    /// Name in listings and in the database; never change it later.
    pub name: String,
    /// Key of the landlord that looks after mail whose recipients name none, or several.
    pub landlord: String,
    pub source: Source,
    pub folders: Vec<String>,
    /// Watched like the others, but nothing found in it is answered automatically.
    pub junk: Option<String>,
    /// Where stored mail is moved; `None` leaves it where it is.
    pub move_to: Option<String>,
}

#[derive(Clone, Debug)]
pub enum Source {
    Imap(Server),
    /// A local Maildir; folder "INBOX" is the Maildir itself, others are its Maildir++ subfolders (".Junk").
    Maildir(PathBuf),
}

/// A mail server to log in to.
#[derive(Clone, Debug)]
pub struct Server {
    pub host: String,
    pub port: u16,
    pub security: Security,
    /// `None`: no login (SMTP relays that know us by address).
    pub login: Option<Login>,
    /// PEM file with the authority to trust instead of the system's own list.
    pub ca_file: Option<PathBuf>,
}

#[derive(Clone, Debug)]
pub struct Login {
    pub user: String,
    pub password: SecretString,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    Tls,
    StartTls,
    /// Refused by the configuration except to loopback.
    Plain,
}

#[derive(Clone, Debug)]
pub enum Outgoing {
    Smtp(Server),
    /// Letters are written as files into a Maildir: for trying things out, and for mail systems that collect from one.
    Maildir(PathBuf),
}

/// Who keeps the program running, and how to reach them when SMTP itself is broken.
#[derive(Clone, Debug)]
pub struct Operator {
    pub person: Person,
    pub second_way: SecondWay,
}

#[derive(Clone, Debug)]
pub enum SecondWay {
    Smtp(Server),
    /// Program and arguments; the words come on its standard input.
    Command(Vec<String>),
}

/// When to remind, counted in working days from the due date. All at 09:00 Europe/London.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reminders {
    /// Working days before the due date: to the officer (default 2).
    pub officer_before: u8,
    /// Working days before: to the deputy as well (default 1).
    pub deputy_before: u8,
    /// Working days after: to the member responsible for complaints as well (default 2). On the due date the manager
    /// hears of it too, and on every working day after it.
    pub member_responsible_after: u8,
    /// When to look for dates that have come: a cron expression of six fields, civil time Europe/London.
    pub look_at: String,
    /// Working days after which an open service request is put before the officer again (Code 1.4; default 10).
    pub review_requests_after: u8,
}

/// Every queue, retry and size has its limit here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Larger messages are logged from their headers and set aside for a person. Default 50 MiB.
    pub message_bytes: u64,
    /// Tries at reading and deciding one message before it is set aside. Default 5.
    pub handle_attempts: u32,
    /// Automatic answers to one address in 24 hours; more are held for a person. Default 10.
    pub answers_per_address_per_day: u32,
    /// Largest original message attached in whole to an officer's letter; above it they get an excerpt. Default 10 MiB.
    pub attach_bytes: u64,
    /// Seconds between looks into a mailbox, whatever IDLE says. Default 300.
    pub poll_s: u64,
    /// `check` and `status` warn below this free space on the database's disk. Default 1 GiB.
    pub free_disk_bytes: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    pub to: LogTo,
    /// error, warn, info, debug, or a tracing filter expression.
    pub level: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogTo {
    Terminal,
    Json,
    Journald,
}
