//! TOML, environment and secret files → one checked [`Config`].
//!
//! Unknown keys and every other mistake are refused, all at once, each with its line and what to write instead.
//! `config/example.toml` documents every key.

mod endpoint;
mod health;
mod landlord;
mod mail;
mod problem;
mod reader;
mod secret;
mod sections;

use std::cell::RefCell;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use cron::Schedule;
use jiff::SignedDuration;
use jiff::civil::Date;
use secrecy::SecretString;
use toml::de::DeTable;

pub use self::problem::{Problem, Problems};

use self::reader::{Notes, Table};
use self::sections::Context;
use crate::domain::case::Terms;
use crate::domain::ladder::WorkingHours;
use crate::domain::landlord::{Landlord, Ombudsman, Person};
use crate::domain::triage;

/// A configuration the daemon can run with, and what a person should look at nevertheless.
#[derive(Debug)]
pub struct Loaded {
    pub config: Config,
    /// In the order of the file.
    pub warnings: Vec<Problem>,
}

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
    /// The unsure band, and the landlord's own words.
    pub sorter: triage::Settings,
    pub commands: Commands,
    pub limits: Limits,
    /// Bank holidays proclaimed after this program was built, and days the rules name that were moved away.
    pub holidays_added: Vec<(Date, String)>,
    pub holidays_removed: Vec<Date>,
    /// Folder whose templates take the place of the embedded ones of the same name.
    pub letters: Option<PathBuf>,
    pub log: Log,
    pub health: Health,
    /// Secrets that end some day, as far as the file says so.
    pub expiries: Vec<Expiry>,
}

/// A secret that ends some day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expiry {
    /// Where the configuration names it: "mailbox.complaints.imap.password".
    pub key: String,
    /// The last day on which it is good.
    pub on: Date,
}

/// How others can see that the program is well.
#[derive(Clone, Debug, Default)]
pub struct Health {
    /// Where to listen; `None`: nowhere.
    pub listen: Option<SocketAddr>,
    pub heartbeat: Option<Heartbeat>,
}

/// Somebody elsewhere who misses us when we stay away.
#[derive(Clone, Debug)]
pub struct Heartbeat {
    /// Its path is often a secret by itself, so never in the log.
    pub endpoint: Endpoint,
    /// Minutes between two knocks. Default 5.
    pub every_m: u32,
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
    /// The name under which the server that receives this mail says whose it is proved to be (authserv-id, RFC 8601), or
    /// [`MICROSOFT_365`](crate::domain::message::MICROSOFT_365). With it, acts by e-mail are taken only from proved senders.
    pub authserv_id: Option<String>,
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
    pub proof: Proof,
}

/// How we show a server who we are.
#[derive(Clone, Debug)]
pub enum Proof {
    Password(SecretString),
    /// With a token that another server gives, good for an hour or so (OAuth 2.0).
    Token(Box<Issuer>),
}

/// Who gives the tokens (RFC 6749).
#[derive(Clone, Debug)]
pub struct Issuer {
    pub endpoint: Endpoint,
    pub client_id: String,
    pub client_secret: Option<SecretString>,
    pub scope: Option<String>,
    /// What a person granted once; `None`: the program has an access of its own.
    pub refresh_token: Option<SecretString>,
}

/// A server that speaks HTTP, and the path to ask for there.
#[derive(Clone, Debug)]
pub struct Endpoint {
    pub server: Server,
    /// With the query.
    pub path: String,
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

/// When people at work get letters: reminders, counted in working days from a due date, and lists of what is open.
/// Times and schedules (cron expressions of six fields) are civil time in Europe/London.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reminders {
    /// Working days before the due date: to the officer (default 2).
    pub officer_before: u8,
    /// Working days before: to the deputy as well (default 1).
    pub deputy_before: u8,
    /// Working days after: to the member responsible for complaints as well (default 2). On the due date the manager
    /// hears of it too, and on every working day after it.
    pub member_responsible_after: u8,
    /// Reminders leave within these hours (default 08:00 to 18:00); 09:00, when they come, is one of them.
    pub working_hours: WorkingHours,
    /// When to look for dates that have come (default `0 */5 * * * *`, every five minutes).
    pub look_at: Schedule,
    /// When each officer gets the list of what is open (default `0 30 8 * * Mon-Fri`). On each day once at most, and in
    /// every week.
    pub digest_at: Schedule,
    /// When the manager gets theirs, even when nothing is open (default `0 30 8 * * Mon`). As above.
    pub weekly_at: Schedule,
    pub terms: Terms,
}

impl Default for Reminders {
    fn default() -> Self {
        let at = |schedule: &str| schedule.parse().expect("the built-in schedules are right");
        Reminders {
            officer_before: 2,
            deputy_before: 1,
            member_responsible_after: 2,
            working_hours: WorkingHours::default(),
            look_at: at("0 */5 * * * *"),
            digest_at: at("0 30 8 * * Mon-Fri"),
            weekly_at: at("0 30 8 * * Mon"),
            terms: Terms::default(),
        }
    }
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

/// How what people ask for by e-mail is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commands {
    /// How long the letters it gives rise to wait, so that it can be undone.
    pub wait: SignedDuration,
}

impl Default for Commands {
    fn default() -> Self {
        Commands { wait: SignedDuration::from_mins(5) }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            message_bytes: 50 << 20,
            handle_attempts: 5,
            answers_per_address_per_day: 10,
            attach_bytes: 10 << 20,
            poll_s: 300,
            free_disk_bytes: 1 << 30,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// Default terminal.
    pub to: LogTo,
    /// error, warn, info, debug, or a tracing filter expression. Default info.
    pub level: String,
}

impl Default for Log {
    fn default() -> Self {
        Log { to: LogTo::Terminal, level: "info".to_owned() }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogTo {
    Terminal,
    Json,
    Journald,
}

impl Config {
    /// Reads and checks the file at `path` and the secrets it points to. Relative paths in it count from its own folder.
    ///
    /// `env` gives environment variables (secrets, and `CREDENTIALS_DIRECTORY` as set by systemd); `today` is the day in
    /// Europe/London, by which dates in the file are too old or have not come yet.
    ///
    /// # Errors
    ///
    /// Every mistake at once, in the order of the file. No message repeats a value that might be a secret.
    pub fn load(path: &Path, env: &dyn Fn(&str) -> Option<String>, today: Date) -> Result<Loaded, Problems> {
        let file = path.display().to_string();
        let stop = |line: Option<usize>, what: String| {
            Problems(vec![Problem { file: file.clone(), line, key: String::new(), what }])
        };
        let bytes = std::fs::read(path).map_err(|error| {
            stop(None, format!("cannot be read: {error}. Copy config/example.toml there, or name another file."))
        })?;
        let text = std::str::from_utf8(&bytes).map_err(|error| {
            let line = bytes.iter().take(error.valid_up_to()).filter(|&&byte| byte == b'\n').count() + 1;
            stop(Some(line), "is not UTF-8 text. Save the file as UTF-8.".to_owned())
        })?;
        let folder = std::path::absolute(path).ok().and_then(|path| path.parent().map(Path::to_owned));
        let folder = folder.ok_or_else(|| stop(None, "lies in no folder. Write its absolute path.".to_owned()))?;

        let (tree, errors) = DeTable::parse_recoverable(text);
        let notes = Notes::new(file.clone(), text, &errors);
        let context = Context { notes: &notes, env, today, folder, expiries: RefCell::default() };
        let config = Table::root(&notes, tree.get_ref(), |top| sections::config(&context, top));
        let (problems, warnings) = notes.into_problems();
        if !problems.0.is_empty() {
            return Err(problems);
        }
        let config = config.expect("a section is withheld only with a mistake noted");
        Ok(Loaded { config, warnings })
    }
}
