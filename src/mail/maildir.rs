//! Maildirs: one to read from, one to write letters into (cr.yp.to/proto/maildir.html; subfolders as in Maildir++).
//!
//! A file's name without its flags (`:2,S`) stands for the UID, its modification time for the arrival. Reading never moves
//! a message from `new` to `cur`: that is how mail programs know what nobody has seen.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use tokio::fs;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::time::{Instant, sleep};

use super::mailbox::{Facts, Fetched, Folder, Mailbox, MailboxError, Raw, Uid};
use super::transport::{Accepted, Envelope, SendError, Transport};
use MailboxError::{Lost, Refused};

/// Between looks into the folder while waiting.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Most that is read of an oversized message in search of the end of its headers.
const HEADERS_MAX: u64 = 1024 * 1024;

/// A local Maildir to read from.
#[derive(Debug)]
pub struct MaildirMailbox {
    root: PathBuf,
    open: Option<String>,
    folders: BTreeMap<String, Known>,
}

/// What we know of a folder, from its first opening to `close`.
#[derive(Debug)]
struct Known {
    path: PathBuf,
    /// What was there at the last look. People's mail programs rename files, so this is a hint where to look first.
    files: BTreeMap<Uid, PathBuf>,
    handed_out: BTreeSet<Uid>,
}

impl MaildirMailbox {
    /// The Maildir at `root`; folder "INBOX" is `root` itself, any other is `root/.Name`.
    pub fn new(root: PathBuf) -> MaildirMailbox {
        MaildirMailbox { root, open: None, folders: BTreeMap::new() }
    }

    /// Messages of the open folder that arrived from `since` on, ordered by name, with their arrival.
    ///
    /// # Errors
    ///
    /// As those of [`Mailbox::list`].
    pub async fn arrivals(&mut self, since: Timestamp) -> Result<Vec<(Uid, Timestamp)>, MailboxError> {
        let open = self.opened()?;
        open.look().await?;
        let uids: Vec<Uid> = open.files.keys().cloned().collect();
        let facts = self.facts(&uids).await?.into_iter();
        Ok(facts.filter(|facts| facts.arrived >= since).map(|facts| (facts.uid, facts.arrived)).collect())
    }

    fn opened(&mut self) -> Result<&mut Known, MailboxError> {
        let open = self.open.as_ref().and_then(|name| self.folders.get_mut(name));
        open.ok_or_else(|| Lost("no folder is open".into()))
    }

    fn folder(&self, name: &str) -> Result<PathBuf, MailboxError> {
        if name.eq_ignore_ascii_case("INBOX") {
            return Ok(self.root.clone());
        }
        // A separator would lead out of the Maildir, or into a folder no mail program shows.
        if name.is_empty() || name.starts_with('.') || name.contains(['/', '\\', '\0']) {
            return Err(Refused(format!("\"{name}\" cannot name a Maildir folder; nested ones are written \"A.B\"")));
        }
        Ok(self.root.join(format!(".{name}")))
    }
}

impl Known {
    async fn look(&mut self) -> Result<(), MailboxError> {
        self.files = files(&self.path).await?;
        self.handed_out.retain(|uid| self.files.contains_key(uid));
        Ok(())
    }

    /// Where the message is now.
    async fn find(&mut self, uid: &Uid) -> Result<Option<PathBuf>, MailboxError> {
        match self.files.get(uid) {
            Some(path) if fs::try_exists(path).await.map_err(|error| failed(path, &error))? => {}
            _ => self.look().await?,
        }
        Ok(self.files.get(uid).cloned())
    }
}

impl Mailbox for MaildirMailbox {
    async fn open(&mut self, folder: &str) -> Result<Folder, MailboxError> {
        let path = self.folder(folder)?;
        for part in ["new", "cur"] {
            let part = path.join(part);
            if !fs::metadata(&part).await.is_ok_and(|meta| meta.is_dir()) {
                return Err(Refused(format!(
                    "{} is no Maildir folder, for {} is missing",
                    path.display(),
                    part.display()
                )));
            }
        }
        let unknown = || Known { path, files: BTreeMap::new(), handed_out: BTreeSet::new() };
        self.folders.entry(folder.to_owned()).or_insert_with(unknown);
        self.open = Some(folder.to_owned());
        Ok(Folder { uidvalidity: 1 })
    }

    /// Ordered by name, which deliverers begin with the time. Besides the names after `after`, those that were not
    /// fetched since the folder was first opened: deliverers that work side by side, and people who move files, put
    /// names before those already taken. So the first look after a start or a `close` lists everything.
    async fn list(&mut self, after: Option<&Uid>) -> Result<Vec<Uid>, MailboxError> {
        let open = self.opened()?;
        open.look().await?;
        let wanted = |uid: &&Uid| after.is_none_or(|after| *uid > after || !open.handed_out.contains(*uid));
        Ok(open.files.keys().filter(wanted).cloned().collect())
    }

    async fn fetch(&mut self, uid: &Uid, limit: u64) -> Result<Option<Fetched>, MailboxError> {
        let open = self.opened()?;
        let Some(path) = open.find(uid).await? else { return Ok(None) };
        let fetched = read(&path, uid, limit).await?;
        if fetched.is_some() {
            open.handed_out.insert(uid.clone());
        }
        Ok(fetched)
    }

    async fn file(&mut self, uid: &Uid, to: &str) -> Result<(), MailboxError> {
        let target = self.folder(to)?;
        let open = self.opened()?;
        let Some(from) = open.find(uid).await? else { return Ok(()) };
        let new_or_cur = from.parent().and_then(Path::file_name).unwrap_or_default();
        let to = target.join(new_or_cur).join(from.file_name().unwrap_or_default());
        make_folder(&target).await.map_err(|error| failed(&target, &error))?;
        if fs::try_exists(&to).await.map_err(|error| failed(&to, &error))? {
            return Err(Refused(format!("{} is there already", to.display())));
        }
        match fs::rename(&from, &to).await {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(&from, &error)),
        }
        open.files.remove(uid);
        Ok(())
    }

    async fn wait(&mut self, limit: Duration) -> Result<(), MailboxError> {
        let open = self.opened()?;
        let end = Instant::now() + limit;
        while files(&open.path).await?.keys().all(|uid| open.files.contains_key(uid)) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            sleep(left.min(LOOK_EVERY)).await;
        }
        Ok(())
    }

    async fn facts(&mut self, uids: &[Uid]) -> Result<Vec<Facts>, MailboxError> {
        let open = self.opened()?;
        let mut facts = Vec::with_capacity(uids.len());
        for uid in uids {
            // A mail program may rename it meanwhile, or delete it.
            let Some(path) = open.find(uid).await? else { continue };
            let read = async {
                let meta = fs::metadata(&path).await?;
                Ok::<_, io::Error>(Facts { uid: uid.clone(), arrived: timestamp(meta.modified()?)?, size: meta.len() })
            };
            match read.await {
                Ok(found) => facts.push(found),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(failed(&path, &error)),
            }
        }
        Ok(facts)
    }

    async fn close(&mut self) {
        self.open = None;
        self.folders.clear();
    }
}

fn failed(path: &Path, error: &io::Error) -> MailboxError {
    Lost(format!("{}: {error}", path.display()))
}

/// The messages of one Maildir folder by UID.
async fn files(folder: &Path) -> Result<BTreeMap<Uid, PathBuf>, MailboxError> {
    let mut files = BTreeMap::new();
    // `new` first, so that a message moved to `cur` between the two looks is found, if twice, under the later path.
    for part in ["new", "cur"] {
        let part = folder.join(part);
        let mut entries = fs::read_dir(&part).await.map_err(|error| failed(&part, &error))?;
        while let Some(entry) = entries.next_entry().await.map_err(|error| failed(&part, &error))? {
            let name = entry.file_name().to_string_lossy().into_owned();
            if !name.starts_with('.') && entry.file_type().await.is_ok_and(|kind| kind.is_file()) {
                let uid = name.split_once(":2,").map_or(name.as_str(), |(uid, _)| uid);
                files.insert(uid.to_owned(), entry.path());
            }
        }
    }
    Ok(files)
}

/// One message, or `None` when a mail program has just moved or deleted it.
async fn read(path: &Path, uid: &Uid, limit: u64) -> Result<Option<Fetched>, MailboxError> {
    let file = match fs::File::open(path).await {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(path, &error)),
    };
    let fetched = async {
        let meta = file.metadata().await?;
        let arrived = timestamp(meta.modified()?)?;
        let size = meta.len();
        let raw = if size > limit {
            Raw::HeadersOnly(headers(file).await?)
        } else {
            let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
            if file.take(size + 1).read_to_end(&mut bytes).await? as u64 != size {
                // Deliverers write in `tmp`; whoever writes here has not read the rules, and may not be finished.
                return Err(io::Error::other("the file changed while it was read"));
            }
            Raw::Whole(bytes)
        };
        Ok(Some(Fetched { uid: uid.clone(), arrived, size, raw }))
    };
    fetched.await.map_err(|error| failed(path, &error))
}

fn timestamp(time: SystemTime) -> io::Result<Timestamp> {
    Timestamp::try_from(time).map_err(io::Error::other)
}

/// Everything up to and including the empty line that ends the headers.
async fn headers(file: fs::File) -> io::Result<Vec<u8>> {
    let mut reader = BufReader::new(file.take(HEADERS_MAX));
    let mut headers = Vec::new();
    loop {
        let start = headers.len();
        let read = reader.read_until(b'\n', &mut headers).await?;
        if read == 0 || matches!(&headers[start..], b"\n" | b"\r\n") {
            return Ok(headers);
        }
    }
}

async fn make_folder(folder: &Path) -> io::Result<()> {
    for part in ["tmp", "new", "cur"] {
        fs::create_dir_all(folder.join(part)).await?;
    }
    Ok(())
}

/// A local Maildir that letters are written into, one file each.
#[derive(Debug)]
pub struct MaildirTransport {
    root: PathBuf,
}

impl MaildirTransport {
    /// The Maildir at `root`, made when missing.
    pub fn new(root: PathBuf) -> MaildirTransport {
        MaildirTransport { root }
    }

    /// Whether the Maildir is there, or can be made, and can be written to.
    pub async fn verify(&mut self) -> Result<(), SendError> {
        let probe = self.root.join("tmp").join(".redress-check");
        let tried = async {
            make_folder(&self.root).await?;
            fs::write(&probe, b"").await?;
            fs::remove_file(&probe).await
        };
        tried.await.map_err(|error| SendError::RouteBroken(format!("{}: {error}", self.root.display())))
    }
}

impl Transport for MaildirTransport {
    /// The name comes from the Message-ID, so that a letter sent twice is one file.
    async fn send(&mut self, letter: Envelope<'_>) -> Result<Accepted, SendError> {
        let name = file_name(letter.bytes);
        write(&self.root, &name, letter.bytes)
            .await
            .map_err(|error| SendError::Again(format!("{}: {error}", self.root.display())))?;
        Ok(Accepted { reply: format!("written to {}", self.root.join("new").join(name).display()) })
    }
}

async fn write(root: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    make_folder(root).await?;
    let (tmp, new) = (root.join("tmp").join(name), root.join("new").join(name));
    let mut file = fs::File::create(&tmp).await?;
    file.write_all(bytes).await?;
    file.sync_all().await?;
    fs::rename(&tmp, &new).await?;
    // The rename counts as sent, so it must outlive a power cut as well.
    fs::File::open(root.join("new")).await?.sync_all().await
}

/// The Message-ID where it is plain enough for a file name, else the letter's digest.
fn file_name(bytes: &[u8]) -> String {
    let plain = |id: &&str| {
        !id.is_empty()
            && id.len() <= 200
            && !id.starts_with('.')
            && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"@.-_+=".contains(&b))
    };
    match message_id(bytes).filter(plain) {
        Some(id) => format!("{id}.eml"),
        None => format!("{}.eml", hex::encode(&Sha256::digest(bytes)[..16])),
    }
}

/// The words between the angle brackets of the Message-ID, which our letters write on one line.
fn message_id(bytes: &[u8]) -> Option<&str> {
    let header =
        bytes.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).take_while(|line| !line.is_empty()).find(|line| {
            line.split_at_checked(11).is_some_and(|(name, _)| name.eq_ignore_ascii_case(b"Message-ID:"))
        })?;
    std::str::from_utf8(&header[11..]).ok()?.trim().strip_prefix('<')?.strip_suffix('>')
}

#[cfg(test)]
mod tests;
