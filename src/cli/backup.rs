//! `redress backup` and `redress restore`: copies of the database, and what becomes of one that takes its place.

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use secrecy::ExposeSecret as _;
use tokio::time::timeout;

use super::{page, run};
use crate::daemon::clock::{Clock as _, SystemClock};
use crate::domain::calendar::listed;
use crate::store::{self, Purpose, Store, Verified, url_of, verify_copy};

/// A daemon that is just stopping has stopped by then.
const SOON: Duration = Duration::from_secs(5);

/// What `redress backup` is asked.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  redress backup /var/backups/redress/today.db
  redress backup --verify /var/backups/redress/today.db
  redress backup --database /var/lib/redress/redress.db today.db

Copies the SQLite database beside the running daemon, as it stands at one moment; looks at all of the copy, from the first \
line of each history to the last; and gives it its name only when it is whole and on the disk. It never writes over a file, \
and only the file's owner can read it.

A PostgreSQL database has a backup of its own, pg_dump. Restore the dump into a database of its own and give that one's URL \
to --verify.")]
pub struct Backup {
    /// The copy: a file that is not there yet; with --verify a copy, or a PostgreSQL URL
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Look at all of a copy and change nothing
    #[arg(long)]
    verify: bool,
    /// The database's file, in place of the one that the configuration names
    #[arg(long, value_name = "FILE", conflicts_with = "verify")]
    database: Option<PathBuf>,
}

impl Backup {
    /// Makes or looks at a copy, and says what is in it.
    ///
    /// # Errors
    ///
    /// When there is no whole copy in the end.
    pub async fn run(&self, config: &Path) -> anyhow::Result<()> {
        let verified = match (self.verify, &self.database) {
            (true, _) => match self.file.to_str().filter(|url| url.contains("://")) {
                Some(url) => verify_copy(url).await?,
                None => verify_copy(&url_of(&self.file)?).await?,
            },
            (false, Some(database)) => self.copy(&url_of(database)?).await?,
            (false, None) => self.copy(run::load(config)?.config.database.expose_secret()).await?,
        };
        Ok(page::print(&format!("{}: {}\n", self.file.display(), in_words(&verified)))?)
    }

    async fn copy(&self, url: &str) -> anyhow::Result<Verified> {
        let store = Store::open(url, Purpose::Beside).await?;
        let copied = store.back_up(&self.file, SystemClock.now()).await;
        store.close().await;
        copied
    }
}

/// "12 cases and 340 messages, as of …; whole".
fn in_words(verified: &Verified) -> String {
    let cases = page::count(verified.cases as i64, "case");
    let made = verified.made.map(|made| format!(", as of {}", listed(made))).unwrap_or_default();
    format!("{cases} and {}{made}; whole, from the first line to the last", page::count(verified.messages, "message"))
}

/// What `redress restore` is told.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  redress restore /var/backups/redress/redress-2026-11-22T023000Z.db
  redress restore --mark                     a PostgreSQL database, after pg_restore
  redress restore --release                  when what waits may leave

A restored database has forgotten what happened after the copy was made. The daemon that starts on it takes in what came \
since, wherever it lies in the mailbox, and holds every letter to a resident until you release them: look first with \
`redress reconcile` and `redress outbox list --held`. The handbook has it step by step.")]
pub struct Restore {
    /// Put this copy in the place of the database, which must have been moved away
    #[arg(value_name = "FILE", required_unless_present_any = ["mark", "release"], conflicts_with_all = ["mark", "release"])]
    file: Option<PathBuf>,
    /// Say that the database was restored by other means
    #[arg(long, conflicts_with = "release")]
    mark: bool,
    /// Say that letters may leave again
    #[arg(long)]
    release: bool,
}

impl Restore {
    /// Does it, and says what comes next.
    ///
    /// # Errors
    ///
    /// When it cannot be done; then nothing has changed.
    pub async fn run(&self, config: &Path) -> anyhow::Result<()> {
        let config = run::load(config)?.config;
        let url = config.database.expose_secret();
        let now = SystemClock.now();
        let text = match &self.file {
            Some(_) if store::sqlite_file(url).is_none() => bail!(
                "This database is PostgreSQL: `pg_restore --clean --if-exists --dbname=DATABASE redress.dump`, then \
                 `redress restore --mark`"
            ),
            Some(copy) => {
                let verified = store::restore(copy, url, now).await?;
                let words = verified.as_ref().map_or_else(
                    || "of an earlier version; the daemon brings it up to date, and then `redress check` looks at all of it".to_owned(),
                    in_words,
                );
                format!("Restored: {words}\n{NEXT}")
            }
            None if self.mark => {
                let store = open_alone(url, config.limits.lease_s).await?;
                store.mark_as_copy(now).await?;
                store.close().await;
                format!("The database counts as restored.\n{NEXT}")
            }
            None => {
                let store = Store::open(url, Purpose::Beside).await?;
                let released = store.release_copy().await?;
                store.close().await;
                match released {
                    true => {
                        "Released. Restart the daemon, and what waits leaves: `systemctl restart redress`\n".to_owned()
                    }
                    false => "The database is no restored copy; nothing was held for that.\n".to_owned(),
                }
            }
        };
        Ok(page::print(&text)?)
    }
}

/// Opens the database when no daemon is at work on it. One that was killed counts as at work until its lease is over, and so
/// does one that was at work when the database was dumped.
async fn open_alone(url: &str, lease_s: u64) -> anyhow::Result<Store> {
    let mut opening = pin!(Store::open(url, Purpose::Alone));
    if let Ok(opened) = timeout(SOON, &mut opening).await {
        return opened;
    }
    if io::stderr().is_terminal() {
        eprintln!(
            "By the database a daemon is at work on it. It may have been killed, or have worked when the database was \
             dumped: waiting for {lease_s} seconds …"
        );
    }
    timeout(Duration::from_secs(lease_s), opening).await.with_context(|| {
        format!("A daemon is at work on the database, or was killed less than {lease_s} seconds ago: stop it first")
    })?
}

const NEXT: &str = "Start the daemon: it takes in what came since, and holds letters to residents until you have looked at \
    `redress reconcile` and `redress outbox list --held` and say `redress restore --release`.\n";
