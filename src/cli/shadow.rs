//! `redress shadow`: how the mail of some weeks would have been sorted and answered, found out without touching it.

mod report;
mod words;

use std::fs;
use std::io::{self, IsTerminal as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use jiff::civil::Date;
use tokio::signal::unix::{Signal, SignalKind, signal};

use self::report::Report;
use super::scratch::{self, Scratch};
use super::{page, run};
use crate::config::{Config, MailboxConfig, Sending};
use crate::daemon::clock::{Clock as _, PlayedClock, SystemClock};
use crate::daemon::office::Office;
use crate::daemon::shadow::{self, Look, Window};
use crate::domain::brake::Rate;
use crate::domain::calendar::{london, london_date};
use crate::store::Purpose;

/// What `redress shadow` is asked.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  redress shadow --since 2026-10-01
  redress shadow --since 2026-10-01 --letters shadow-letters
  redress shadow --since 2026-10-01 --until 2026-10-31 --mailbox complaints --limit 200
  redress shadow --since 2026-10-01 --json | jq .summary

Reads the folders of the configuration as the daemon would, junk included, and plays what the daemon would have done. \
Nothing in a mailbox changes, no letter is sent, and the database of the configuration is not opened; `sending` and \
answer_mail_since do not matter. Mail is kept meanwhile in a folder of its own among temporary files, and is gone at the \
end.

Nobody acts in this world: what your people wrote in answer, other than mail with the mailbox in copy, is not known to \
it. Reminders are followed until their date has passed; the morning's lists are left out.

The exit code is 1 when something could not be read.

JSON: an object with since, until, summary, messages (number, mailbox, folder, uid, arrived, bytes, state, sorted, \
note, cases, answered, not_answered_because), cases (reference, landlord, register, received, unsure, urgent_hazard, \
acknowledged, missed), letters (audience, kind, count), not_read, read_these (numbers of messages). Who wrote and what \
about is left out.")]
pub struct Ask {
    /// The first day of mail to look at, YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    since: Date,
    /// The last day, YYYY-MM-DD [default: today]
    #[arg(long, value_name = "DATE")]
    until: Option<Date>,
    /// Only this mailbox, by its name in the configuration
    #[arg(long, value_name = "NAME")]
    mailbox: Option<String>,
    /// How many messages at most, the oldest of them
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// Leave every letter that would have gone out in this folder, empty or not there yet, as a file a mail program opens
    #[arg(long, value_name = "FOLDER")]
    letters: Option<PathBuf>,
    /// For a program, as JSON
    #[arg(long)]
    json: bool,
}

impl Ask {
    /// Answers on standard output; on a terminal, says on standard error how far it is.
    ///
    /// # Errors
    ///
    /// When the configuration or a date is refused, the folder for letters is not empty, a mailbox cannot be read, or it is
    /// told to stop. When only a part could not be read, the report comes first.
    pub async fn run(&self, config: &Path) -> anyhow::Result<()> {
        let config = run::load(config)?.config;
        let window = self.window()?;
        let mailboxes = self.mailboxes(&config)?;
        let letters = self.letters.as_deref().map(empty).transpose()?;
        // Before there is anything to leave behind.
        let mut stop = Stop::new()?;
        let scratch = Scratch::new()?;
        let clock = Arc::new(PlayedClock::new(window.since));
        let office = Office::open(shadowed(&config, self.since, scratch.path()), clock.clone(), Purpose::Play).await?;
        let report = tokio::select! {
            report = self.play(&office, &clock, mailboxes, window, letters) => report,
            () = stop.told() => Err(anyhow::anyhow!("Stopped")),
        };
        clear_progress();
        office.store.close().await;
        drop(scratch);
        let report = report?;
        page::print(&if self.json {
            page::json(&words::object(&report))
        } else {
            words::text(&report, self.letters.as_deref(), page::width())
        })?;
        ensure!(report.unread.is_empty(), "Not everything could be read");
        Ok(())
    }

    async fn play(
        &self,
        office: &Office,
        clock: &PlayedClock,
        mailboxes: Vec<&MailboxConfig>,
        mut window: Window,
        letters: Option<&Path>,
    ) -> anyhow::Result<Report> {
        let mut look = Look::into(mailboxes.iter().copied());
        let mut found = look.find(window).await;
        let limit = self.limit.map_or(usize::MAX, |limit| limit as usize);
        let left_out = found.messages.split_off(limit.min(found.messages.len()));
        // What came next may have answered what was asked: time stands still before it.
        window.until = left_out.first().map_or(window.until, |next| next.arrived.min(window.until));
        let taken = look.take(office, found.messages, &mut progress("Reading message")).await;
        look.close().await;
        let (taken, unread) = taken?;
        found.unread.extend(unread);
        shadow::play(office, clock, window.until, &mut progress("Sorting message")).await?;
        if let Some(folder) = letters {
            report::letters(office, folder).await?;
        }
        let mut report = Report::of(office, &taken, window).await?;
        report.mailboxes = mailboxes.into_iter().cloned().collect();
        (report.left_out, report.unread) = (left_out.len(), found.unread);
        Ok(report)
    }

    fn window(&self) -> anyhow::Result<Window> {
        let now = SystemClock.now();
        let last = self.until.unwrap_or_else(|| london_date(now));
        ensure!(self.since <= london_date(now), "{} has not come yet: --since is the first day to look at", self.since);
        ensure!(self.since <= last, "--until {last} is before --since {}", self.since);
        let end = last.tomorrow().map_or(now, |next| london(next, 0, 0));
        Ok(Window { since: london(self.since, 0, 0), until: end.min(now) })
    }

    fn mailboxes<'a>(&self, config: &'a Config) -> anyhow::Result<Vec<&'a MailboxConfig>> {
        let wanted = |mailbox: &&MailboxConfig| self.mailbox.as_ref().is_none_or(|name| mailbox.name == *name);
        let mailboxes: Vec<&MailboxConfig> = config.mailboxes.iter().filter(wanted).collect();
        if let (true, Some(name)) = (mailboxes.is_empty(), &self.mailbox) {
            let names: Vec<&str> = config.mailboxes.iter().map(|mailbox| mailbox.name.as_str()).collect();
            bail!("The configuration has no mailbox {name:?}; it has {}", names.join(", "));
        }
        Ok(mailboxes)
    }
}

/// The configuration in a world of its own: letters count as sent, all mail is answered, the database is a new one.
fn shadowed(config: &Config, since: Date, folder: &Path) -> Config {
    let path = folder.join("shadow.db").display().to_string().replace('%', "%25").replace('?', "%3F");
    let mut limits = config.limits.clone();
    // This limit is told by the second way, which is a real one.
    for lane in [&mut limits.letters.residents, &mut limits.letters.staff] {
        lane.all = Rate::of(u32::MAX, u32::MAX);
    }
    Config {
        database: format!("sqlite:{path}").into(),
        sending: Sending::Live,
        answer_mail_since: since,
        limits,
        ..config.clone()
    }
}

/// A folder with nothing in it that only this user can enter.
fn empty(folder: &Path) -> anyhow::Result<&Path> {
    let unusable = || format!("The folder {} cannot be used", folder.display());
    match scratch::private(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if fs::read_dir(folder).with_context(unusable)?.next().is_some() {
                bail!("{} is not empty. Name a folder that is empty or not there yet.", folder.display());
            }
            fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).with_context(unusable)?;
        }
        made => made.with_context(unusable)?,
    }
    Ok(folder)
}

/// A person's Ctrl-C, the system's end, a terminal that is closed; felt from the moment this is made.
struct Stop([Signal; 3]);

impl Stop {
    fn new() -> io::Result<Stop> {
        let feel = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].map(signal);
        let [interrupt, terminate, hangup] = feel;
        Ok(Stop([interrupt?, terminate?, hangup?]))
    }

    /// Returns when one of them has come.
    async fn told(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}

/// Says on a terminal how far it is, on one line.
fn progress(what: &str) -> impl FnMut(usize, usize) {
    let terminal = io::stderr().is_terminal();
    move |done, all| {
        if terminal && done % 10 == 0 {
            let _ = write!(io::stderr(), "\r{what} {done} of {all} …\x1b[K");
        }
    }
}

fn clear_progress() {
    if io::stderr().is_terminal() {
        let _ = write!(io::stderr(), "\r\x1b[K");
    }
}
