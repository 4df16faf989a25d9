//! `redress run`: the daemon.

use std::panic::{self, PanicHookInfo};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tracing::error;
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::page;
use crate::config::{Config, Loaded, Log, LogTo, Problems};
use crate::daemon::clock::{Clock as _, SystemClock};
use crate::daemon::office::{Office, templates};
use crate::daemon::operator;
use crate::daemon::watch::{DATABASE, DATABASE_PATIENCE, no_database};
use crate::daemon::{self, Ready};
use crate::domain::calendar::london_date;
use crate::store::{Purpose, may_pass};

/// Between two tries at a database that is away.
const TRY_AGAIN: Duration = Duration::from_secs(10);

/// Reads and checks the configuration.
///
/// # Errors
///
/// Every mistake of the file, a line each.
pub fn load(path: &Path) -> Result<Loaded, Problems> {
    Config::load(path, &|name| std::env::var(name).ok(), london_date(SystemClock.now()))
}

/// Reads and checks the configuration; warnings go to standard error.
///
/// # Errors
///
/// Every mistake of the file, a line each.
pub fn configuration(path: &Path) -> anyhow::Result<Config> {
    let loaded = load(path)?;
    for warning in &loaded.warnings {
        eprintln!("Worth a look: {warning}");
    }
    Ok(loaded.config)
}

/// Sends the log where the configuration says.
///
/// # Errors
///
/// When the level is no filter, or journald cannot be reached.
pub fn start_log(log: &Log) -> anyhow::Result<()> {
    // The IMAP crate's trace holds passwords and whole messages: whatever is asked for, it stays out of the log.
    let filter = EnvFilter::try_new(format!("{},async_imap=info,sqlx=warn", log.level)).context("log.level")?;
    let registry = tracing_subscriber::registry().with(filter);
    match log.to {
        LogTo::Terminal => {
            let colours = page::colours(&std::io::stderr());
            registry
                .with(
                    tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(colours).with_target(false),
                )
                .init();
        }
        LogTo::Json => registry.with(tracing_subscriber::fmt::layer().json().with_writer(std::io::stderr)).init(),
        LogTo::Journald => registry.with(tracing_journald::layer().context("Could not reach journald")?).init(),
    }
    Ok(())
}

/// Says where the program panicked, and not with what words: those of a text that was cut in the wrong place have the text
/// in them, and it may be a resident's.
fn panicked(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    error!(place, "The program panicked; please report this place");
}

/// Runs the daemon, or with `once` one round of everything.
///
/// # Errors
///
/// When it cannot start, a round ended by itself, or with `once` a letter could not leave or a mailbox not be read.
pub async fn run(config: Config, once: bool) -> anyhow::Result<()> {
    start_log(&config.log)?;
    panic::set_hook(Box::new(panicked));
    if !once {
        return daemon::run(open_patiently(config).await?).await;
    }
    let office = Arc::new(Office::open(config, Arc::new(SystemClock), Purpose::Run).await?);
    let done = daemon::once(&office).await?;
    office.store.close().await;
    let mut text = format!("{} taken in.\n", page::count(done.taken as i64, "new message"));
    for (mailbox, trouble) in &done.unread {
        text.push_str(&format!("Mailbox {mailbox} could not be read: {trouble}\n"));
    }
    if done.unsent > 0 {
        let letters = page::count(done.unsent, "letter");
        text.push_str(&format!("{letters} could not leave; `redress outbox list --waiting` says why.\n"));
    }
    page::print(&text)?;
    if done.unhandled > 0 {
        let messages = page::count(done.unhandled, "message");
        println!("{messages} could not be handled yet; the log says why, and they stay stored.");
    }
    let all = done.unsent == 0 && done.unhandled == 0 && done.unread.is_empty();
    anyhow::ensure!(all, "Not everything is done");
    Ok(())
}

/// Opens the database and makes it ready for the rounds, however long it is away or locked: while nobody is at the machine,
/// waiting is all that helps, and the operator hears of it by the second way.
async fn open_patiently(config: Config) -> anyhow::Result<Ready> {
    let (clock, tries) = (Arc::new(SystemClock), operator::Tries::default());
    let (began, mut told) = (clock.now(), false);
    // What a person must mend is no database that is away.
    templates(&config)?;
    loop {
        let trouble = match open(config.clone(), clock.clone()).await {
            Ok(ready) => {
                if told {
                    let over = format!("over: {DATABASE}");
                    operator::aloud(&config, &tries, &over, "It can be used again.", clock.now()).await;
                }
                return Ok(ready);
            }
            Err(trouble) if may_pass(&trouble) => format!("{trouble:#}"),
            Err(trouble) => return Err(trouble),
        };
        error!(trouble, "The database cannot be opened; it will be tried again");
        let now = clock.now();
        if !told && now.duration_since(began) >= DATABASE_PATIENCE {
            told = operator::aloud(&config, &tries, DATABASE, &no_database(&config), now).await;
        }
        tokio::time::sleep(TRY_AGAIN).await;
    }
}

async fn open(config: Config, clock: Arc<SystemClock>) -> anyhow::Result<Ready> {
    daemon::ready(Office::open(config, clock, Purpose::Run).await?).await
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::Mutex;

    use super::*;

    #[derive(Clone, Default)]
    struct Said(Arc<Mutex<Vec<u8>>>);

    impl Write for Said {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_panic_is_logged_with_its_place_and_without_the_words_it_came_of() {
        let said = Said::default();
        let writer = said.clone();
        let log = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish();
        let words = "Rosa Quill hat Rückenschmerzen".to_owned();
        let before = panic::take_hook();
        panic::set_hook(Box::new(panicked));
        let cut = tracing::subscriber::with_default(log, || panic::catch_unwind(|| words[..17].len()));
        panic::set_hook(before);
        assert!(cut.is_err(), "the cut is within a letter");
        let said = String::from_utf8(said.0.lock().unwrap().clone()).unwrap();
        assert!(said.contains("The program panicked") && said.contains("run.rs"), "{said}");
        assert!(!said.contains("Quill"), "{said}");
    }
}
