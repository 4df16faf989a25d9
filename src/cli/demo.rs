//! `redress demo`: six weeks at two invented landlords, played in seconds.
//!
//! The real rounds on a real database; only the mail server and the clock are stand-ins: mail lies in a Maildir, letters
//! are written into another, and [`PlayedClock`] jumps from one moment at which something happens to the next. Whatever
//! is printed is read back from the database and the letters.

mod page;
mod register;
mod script;
mod timeline;

use std::fs::{self, File, FileTimes};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::{Context as _, bail, ensure};
use jiff::{SignedDuration, Timestamp};

use crate::config::{Config, MailboxConfig, Outgoing, Source};
use crate::daemon;
use crate::daemon::clock::{Clock as _, PlayedClock};
use crate::daemon::digest;
use crate::daemon::office::Office;
use crate::daemon::receive::Receive;
use crate::daemon::send::Route;
use crate::domain::calendar::london;
use crate::mail::maildir::{MaildirMailbox, MaildirTransport};
use crate::store::Purpose;

use page::Page;
use script::{ACTS, Act, DAYS, SCENES, Scene};
use timeline::Timeline;

/// The demo's configuration; it stays in the folder, so that other commands can look at the demo's database.
const CONFIGURATION: &str = include_str!("demo/redress.toml");
/// A message lies in the mailbox for so long before the daemon has it.
const TAKEN_IN_AFTER: SignedDuration = SignedDuration::from_secs(20);
/// Folders made for one demo after the other before somebody should tidy up.
const FOLDERS_MAX: u32 = 10_000;

/// Plays the demo into `folder`, which must be empty or absent; without it, into a new one for temporary files.
///
/// # Errors
///
/// When the folder cannot be used, or the play does not come to its end.
pub async fn run(folder: Option<&Path>) -> anyhow::Result<()> {
    let folder = match folder {
        Some(folder) => empty(folder)?,
        None => fresh(&std::env::temp_dir())?,
    };
    let (from, to) = DAYS;
    let clock = Arc::new(PlayedClock::new(london(from, 8, 0)));
    let config = furnish(&folder)?;
    let office = Arc::new(Office::open(config, clock.clone(), Purpose::Run).await?);
    let mut stage = Stage::new(&office, &clock)?;
    let mut timeline = Timeline::new(&office, Page::on_stdout(), &folder);

    timeline.opening()?;
    daemon::start(&office).await?;
    let mut scenes = SCENES.iter().peekable();
    let mut acts = ACTS.iter().peekable();
    while let Some(now) = stage.next(scenes.peek().copied(), acts.peek().copied()).await? {
        if now > london(to, 18, 0) {
            break;
        }
        clock.set(now);
        while let Some(scene) = scenes.next_if(|scene| scene.at() <= now) {
            stage.deliver(scene).await?;
        }
        let mut acted = Vec::new();
        while let Some(act) = acts.next_if(|act| act.at() <= now) {
            acted.push(act.carry_out(&office).await?);
        }
        stage.go_round().await?;
        timeline.tell(now, &acted).await?;
    }
    ensure!(scenes.next().is_none(), "The play ended before its last message arrived");
    ensure!(acts.next().is_none(), "The play ended before everybody had acted");

    let register = register::write(&office, &folder, &stage.letters).await?;
    timeline.ending(&register)?;
    office.store.close().await;
    Ok(())
}

/// The daemon's rounds, and the stand-ins for what surrounds it.
struct Stage {
    office: Arc<Office>,
    clock: Arc<PlayedClock>,
    /// The Maildir that messages arrive in, and the name of its junk folder.
    mail: PathBuf,
    junk: String,
    /// The Maildir that letters leave into.
    letters: PathBuf,
    receive: Receive<MaildirMailbox>,
    transport: MaildirTransport,
    route: Route,
}

impl Stage {
    fn new(office: &Arc<Office>, clock: &Arc<PlayedClock>) -> anyhow::Result<Stage> {
        let Some(mailbox @ MailboxConfig { source: Source::Maildir(mail), junk: Some(junk), .. }) =
            office.config.mailboxes.first()
        else {
            bail!("The demo's configuration has no Maildir with a junk folder");
        };
        let Outgoing::Maildir(letters) = &office.config.outgoing else {
            bail!("The demo's configuration has no Maildir for letters");
        };
        Ok(Stage {
            office: Arc::clone(office),
            clock: Arc::clone(clock),
            mail: mail.clone(),
            junk: junk.clone(),
            letters: letters.clone(),
            receive: Receive::new(Arc::clone(office), mailbox.clone(), MaildirMailbox::new(mail.clone())),
            transport: MaildirTransport::new(letters.clone()),
            route: Route::default(),
        })
    }

    /// When something happens next: a message of the play, somebody's act, a message that waits, a letter, a date or the
    /// morning's lists.
    async fn next(&self, scene: Option<&Scene>, act: Option<&Act>) -> anyhow::Result<Option<Timestamp>> {
        let waiting = self.office.store.next_moments().await?.into_iter().flatten();
        // What was due at this very moment and is still there waits for a trouble to pass.
        let now = self.clock.now();
        let waiting = waiting.map(|at| if at <= now { now + SignedDuration::from_secs(60) } else { at });
        let played =
            [scene.map(|scene| scene.at() + TAKEN_IN_AFTER), act.map(Act::at), digest::next(&self.office, now)];
        Ok(waiting.chain(played.into_iter().flatten()).min())
    }

    /// Puts a message into the mailbox, as a mail server would have done at its moment.
    async fn deliver(&self, scene: &Scene) -> anyhow::Result<()> {
        let folder = if scene.junk { self.mail.join(format!(".{}", self.junk)) } else { self.mail.clone() };
        let path = folder.join("new").join(scene.file());
        fs::write(&path, scene.message(&self.office).await?)?;
        let arrived = FileTimes::new().set_modified(SystemTime::from(scene.at()));
        File::options().write(true).open(&path)?.set_times(arrived)?;
        Ok(())
    }

    async fn go_round(&mut self) -> anyhow::Result<()> {
        self.receive.look().await?;
        digest::step(&self.office).await?;
        daemon::work_off(&self.office, &mut self.transport, &mut self.route).await
    }
}

/// Makes the configuration file and the mailbox.
fn furnish(folder: &Path) -> anyhow::Result<Config> {
    for part in ["machine", "mail/new", "mail/cur", "mail/tmp", "mail/.Junk/new", "mail/.Junk/cur", "mail/.Junk/tmp"] {
        fs::create_dir_all(folder.join(part))?;
    }
    let path = folder.join("redress.toml");
    fs::write(&path, CONFIGURATION)?;
    Ok(Config::load(&path, &|_| None, DAYS.0)?.config)
}

/// A folder of the user's choice, absolute.
fn empty(folder: &Path) -> anyhow::Result<PathBuf> {
    let unusable = || format!("The folder {} cannot be used", folder.display());
    fs::create_dir_all(folder).with_context(unusable)?;
    if fs::read_dir(folder).with_context(unusable)?.next().is_some() {
        bail!("{} is not empty. Name a folder that is empty or not there yet.", folder.display());
    }
    folder.canonicalize().with_context(unusable)
}

/// A new folder, made by nobody else.
fn fresh(parent: &Path) -> anyhow::Result<PathBuf> {
    for number in 1..=FOLDERS_MAX {
        let folder = parent.join(format!("redress-demo-{number}"));
        match fs::create_dir(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error).with_context(|| format!("{} cannot be made", folder.display())),
        }
    }
    bail!("{} is full of demos; delete them, or name a folder with --folder", parent.display())
}
