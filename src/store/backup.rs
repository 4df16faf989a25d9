//! Copies of an SQLite database, and what becomes of one that takes the place of the database.
//!
//! A copy carries the moment it was made. The database itself never does, so a database that does is a copy that was put in
//! its place: however it got there, the daemon that starts on it knows that it has forgotten what happened since.

use std::fs::{self, File};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use jiff::Timestamp;
use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::open::{Copy, Unready, execute, lock_beside, on};
use super::{Purpose, Store, instant, sql, sqlite_file};
use crate::domain::reference::FIRST_NUMBER;

/// The row of `store_info` that makes a database a copy: the moment it was made.
const COPY_OF: &str = "copy_of";
/// The row that says since when a daemon has worked on a copy. No copy carries it.
const RESTORED: &str = "restored";
/// The row with the moment of the last whole copy. A copy has its own there.
const BACKED_UP: &str = "backed_up";
/// The row with the moment of the one before it.
const BACKED_UP_BEFORE: &str = "backed_up_before";
/// Case numbers that were passed over for a landlord.
const PASSED_OVER: &str = "passed_over";
/// A case number that was given out after a copy was made is not given out again: numbers go on at the next thousand that is
/// this far away.
const NUMBERS_APART: i64 = 500;

/// What a copy holds, all of it looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    pub cases: usize,
    pub messages: i64,
    /// When it was made; `None` for a database that is no copy, or was copied by other means.
    pub made: Option<Timestamp>,
}

impl Store {
    /// Writes a copy of the SQLite database as it stands now to `to`, beside whoever works on it, verifies it, and notes in the
    /// database when it was made. Nothing is at `to` before the copy is whole and on the disk; only its owner can read it.
    ///
    /// # Errors
    ///
    /// When there is something at `to`, the copy cannot be written or is damaged, or the database is not SQLite; then nothing
    /// is left of it. When only the note fails, the copy is there.
    pub async fn back_up(&self, to: &Path, now: Timestamp) -> anyhow::Result<Verified> {
        let part = Part::beside(to)?;
        self.db.copy_into(&part.path).await?;
        let mut copy = Copy::open(&part.path).await?;
        copy.mark(COPY_OF, now.as_millisecond()).await?;
        // Of a restored database: whoever restores this one has to settle in anew.
        copy.forget(RESTORED).await?;
        copy.mark(BACKED_UP, now.as_millisecond()).await?;
        copy.close().await?;
        let verified = verify_copy(&url_of(&part.path)?).await?;
        part.take_its_place(to)?;
        let noted = self.note_copy(now).await;
        noted.context("The copy is whole, but the database does not take the note that it was made")?;
        Ok(verified)
    }

    async fn note_copy(&self, now: Timestamp) -> anyhow::Result<()> {
        let before = self.backed_up().await?.map(|before| (BACKED_UP_BEFORE, before));
        for (name, at) in before.into_iter().chain([(BACKED_UP, now)]) {
            self.keep_fact(name, at.as_millisecond().to_be_bytes().to_vec()).await?;
        }
        Ok(())
    }

    /// When the last whole copy was made; `None` when this program never made one.
    ///
    /// # Errors
    ///
    /// Also when what is kept is no moment.
    pub async fn backed_up(&self) -> anyhow::Result<Option<Timestamp>> {
        self.moment(BACKED_UP).await
    }

    /// When the whole copy before that one was made.
    ///
    /// # Errors
    ///
    /// Also when what is kept is no moment.
    pub async fn backed_up_before(&self) -> anyhow::Result<Option<Timestamp>> {
        self.moment(BACKED_UP_BEFORE).await
    }

    /// The moment of the copy that this database is; `None` when it is none, or a person has released it.
    ///
    /// # Errors
    ///
    /// Also when what is kept is no moment.
    pub async fn copy_of(&self) -> anyhow::Result<Option<Timestamp>> {
        self.moment(COPY_OF).await
    }

    /// Makes this database a restored copy, as far as nobody knows of what moment. For one restored by other means.
    pub async fn mark_as_copy(&self, now: Timestamp) -> anyhow::Result<()> {
        let mut tx = self.db.begin().await?;
        execute!(&mut tx, sql::FORGET_INFO, RESTORED)?;
        execute!(&mut tx, sql::KEEP_INFO, COPY_OF, now.as_millisecond().to_be_bytes().to_vec())?;
        Ok(tx.commit().await?)
    }

    /// Ends what being a copy means. `false` when it was none.
    pub async fn release_copy(&self) -> anyhow::Result<bool> {
        let mut tx = self.db.begin().await?;
        let rows = execute!(&mut tx, sql::FORGET_INFO, COPY_OF)?;
        execute!(&mut tx, sql::FORGET_INFO, RESTORED)?;
        tx.commit().await?;
        Ok(rows == 1)
    }

    /// Settles in on a copy, once: what waited to leave may have left since, so it is held, and lists of another day are
    /// dropped; `landlords` pass over the case numbers that may have been given out since; and the mail servers are to be
    /// compared at once. `false` when it was done before.
    pub async fn settle_in(&self, landlords: &[String], because: &str, now: Timestamp) -> anyhow::Result<bool> {
        let mut tx = self.db.begin().await?;
        // Of two daemons that start on the copy, the second waits here for the first, and finds it done.
        if execute!(&mut tx, sql::SET_INFO, RESTORED, now.as_millisecond().to_be_bytes().to_vec())? != 1 {
            return Ok(false);
        }
        execute!(&mut tx, sql::DROP_NOTICES, now.as_millisecond())?;
        execute!(&mut tx, sql::HOLD_WAITING, because)?;
        for landlord in landlords {
            execute!(&mut tx, sql::NUMBERING, landlord, FIRST_NUMBER - 1)?;
            let last: i64 = on!(&mut tx, c => sqlx::query_scalar(sql::LOCK_NUMBER).bind(landlord).fetch_one(c).await)?;
            let next = last + NUMBERS_APART;
            let next = next + (1000 - next % 1000) % 1000;
            execute!(&mut tx, sql::PASS_OVER, landlord, next)?;
            let before: Option<Vec<u8>> =
                on!(&mut tx, c => sqlx::query_scalar(sql::INFO).bind(passed_over(landlord)).fetch_optional(c).await)?;
            let before = before.map(number).transpose()?.unwrap_or(0);
            execute!(&mut tx, sql::KEEP_INFO, passed_over(landlord), (before + next - last).to_be_bytes().to_vec())?;
        }
        execute!(&mut tx, sql::FORGET_INFO, super::reconcile::RECONCILED)?;
        tx.commit().await?;
        Ok(true)
    }

    async fn moment(&self, name: &str) -> anyhow::Result<Option<Timestamp>> {
        Ok(self.fact(name).await?.map(number).transpose()?.map(instant))
    }
}

/// The name of the row with the numbers passed over for a landlord.
pub(super) fn passed_over(landlord: &str) -> String {
    format!("{PASSED_OVER}.{landlord}")
}

/// A number as `store_info` keeps it.
pub(super) fn number(kept: Vec<u8>) -> anyhow::Result<i64> {
    kept.try_into().map(i64::from_be_bytes).map_err(|_| anyhow::anyhow!("A number in the database is damaged"))
}

/// Looks at all of a copy, or of a database nobody works on, and changes nothing: SQLite's own structure, each history from
/// its first line to its last, and whether the rows are what the histories say.
///
/// # Errors
///
/// When anything is wrong with it.
pub async fn verify_copy(url: &str) -> anyhow::Result<Verified> {
    if let Some(path) = sqlite_file(url) {
        ensure!(path.is_file(), "There is no file {}", path.display());
        let mut copy = Copy::open_to_read(&path).await?;
        let found = copy.faults().await;
        copy.close().await?;
        let found = found?;
        ensure!(found.is_empty(), "{} is damaged: {}", path.display(), found.join("; "));
    }
    let store = Store::open(url, Purpose::Look).await?;
    let looked = async {
        let (cases, findings) = store.verify().await?;
        ensure!(findings.is_empty(), "It does not say what was written into it: {}", findings.join("; "));
        let messages = store.counts().await?.inbox.values().sum();
        Ok(Verified { cases, messages, made: store.copy_of().await? })
    };
    let looked = looked.await;
    store.close().await;
    looked
}

/// Puts the copy `from` in the place of an SQLite database that is not there: whole and on the disk, or not at all. It is
/// verified first, unless it is of an earlier version of this program, which looks at it when it is brought up to date.
///
/// # Errors
///
/// When the copy is damaged or newer than this program, something is in its place, or a daemon is at work there.
pub async fn restore(from: &Path, url: &str, now: Timestamp) -> anyhow::Result<Option<Verified>> {
    let to = sqlite_file(url).context("Only an SQLite database is a file")?;
    let _lock = lock_beside(&to)?;
    for path in [to.clone(), with_ending(&to, "-wal"), with_ending(&to, "-journal")] {
        if path.exists() {
            bail!(
                "{} is there. Move it, and every file beside it whose name begins the same, to another folder first: what \
                 is left of the old database may be needed",
                path.display()
            );
        }
    }
    let verified = match verify_copy(&url_of(from)?).await {
        Err(trouble) if matches!(trouble.downcast_ref(), Some(Unready::Older)) => None,
        verified => Some(verified.with_context(|| format!("{} is not fit to be restored", from.display()))?),
    };
    let part = Part::beside(&to)?;
    let mut read = Copy::open_to_read(from).await?;
    let copied = read.copy_into(&part.path).await;
    read.close().await?;
    copied?;
    let mut copy = Copy::open(&part.path).await?;
    copy.mark_unmarked(COPY_OF, now.as_millisecond()).await?;
    copy.forget(RESTORED).await?;
    copy.close().await?;
    part.take_its_place(&to)?;
    Ok(verified)
}

/// The URL of an SQLite file, whatever characters are in its name.
pub fn url_of(path: &Path) -> anyhow::Result<String> {
    let path = std::path::absolute(path)?;
    let path = path.to_str().with_context(|| format!("{} is no UTF-8 name", path.display()))?;
    let encoded: String = path
        .bytes()
        .map(|byte| match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect();
    Ok(format!("sqlite://{encoded}"))
}

/// A file that is being written, beside where it will be. Gone again unless it takes its place.
struct Part {
    path: PathBuf,
}

impl Part {
    fn beside(to: &Path) -> anyhow::Result<Part> {
        ensure!(!to.exists(), "{} is there already; nothing is ever written over", to.display());
        let path = with_ending(to, ".part");
        let made = File::options().write(true).create_new(true).mode(0o600).open(&path);
        made.with_context(|| {
            format!("Could not make {}; if it is left from a copy that was cut short, delete it", path.display())
        })?;
        Ok(Part { path })
    }

    /// On the disk first, then under its name, then the name on the disk: a power cut leaves all of it or nothing.
    fn take_its_place(self, to: &Path) -> anyhow::Result<()> {
        let file = File::open(&self.path)?;
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
        file.sync_all()?;
        renameat_with(CWD, &self.path, CWD, to, RenameFlags::NOREPLACE)
            .with_context(|| format!("Could not give the copy its name {}", to.display()))?;
        let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder)?.sync_all()?;
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        for ending in ["", "-journal", "-wal", "-shm"] {
            // After it took its place nothing is there.
            let _ = fs::remove_file(with_ending(&self.path, ending));
        }
    }
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}
