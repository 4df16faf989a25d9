//! Where mail arrives: an IMAP server, or a local Maildir.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt as _;
use jiff::Timestamp;

use super::imap::ImapMailbox;
use super::maildir::MaildirMailbox;
use crate::config::Source;

/// A folder as it stands on the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Folder {
    /// IMAP UIDVALIDITY (RFC 9051, 2.3.1.1); 1 for a Maildir. A new value means every UID is a stranger again.
    pub uidvalidity: i64,
}

/// What names a message within one folder and UIDVALIDITY: an IMAP UID in decimal, or a Maildir file name without flags.
pub type Uid = String;

/// A message as taken from the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    pub uid: Uid,
    /// When the landlord's mail server took it (INTERNALDATE; a Maildir file's time). Never the sender's `Date`.
    pub arrived: Timestamp,
    /// Size of the whole message in bytes, as the server gives it.
    pub size: u64,
    pub raw: Raw,
}

/// The bytes of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Raw {
    Whole(Vec<u8>),
    /// The message is larger than the limit: these are its headers only. It is logged and set aside for a person.
    HeadersOnly(Vec<u8>),
}

/// Why a mailbox did not do what was asked. After any error the session is dropped and opened anew.
#[derive(Debug, thiserror::Error)]
pub enum MailboxError {
    /// The login was refused: a person must act; trying fast would lock the account.
    #[error("login refused: {0}")]
    Login(String),
    /// The server understood and said no, with its words.
    #[error("server refused: {0}")]
    Refused(String),
    /// Connection lost, time-out, or an answer that makes no sense.
    #[error("connection lost: {0}")]
    Lost(String),
}

/// What the server answers. The protocol's parser may panic on that; the session is not to be trusted then.
///
/// # Errors
///
/// Those of `asked`, and [`MailboxError::Lost`] when it panicked.
pub async fn answer<T>(asked: impl Future<Output = Result<T, MailboxError>>) -> Result<T, MailboxError> {
    let answered = AssertUnwindSafe(asked).catch_unwind().await;
    answered.unwrap_or_else(|_| Err(MailboxError::Lost("the answer could not be parsed".to_owned())))
}

/// What a server says of a message without giving it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    pub uid: Uid,
    /// As in [`Fetched`].
    pub arrived: Timestamp,
    /// As in [`Fetched`].
    pub size: u64,
}

/// A mailbox with folders. Implementations never read or set `\Seen`, never delete, and put a time limit on every wait.
pub trait Mailbox: Send {
    /// Opens `folder`, connecting first when there is no session.
    fn open(&mut self, folder: &str) -> impl Future<Output = Result<Folder, MailboxError>> + Send;

    /// UIDs in the open folder, oldest first: all of them, or those after `after`.
    fn list(&mut self, after: Option<&Uid>) -> impl Future<Output = Result<Vec<Uid>, MailboxError>> + Send;

    /// One message of the open folder, or `None` when it has gone. Above `limit` bytes only its headers are taken.
    fn fetch(&mut self, uid: &Uid, limit: u64) -> impl Future<Output = Result<Option<Fetched>, MailboxError>> + Send;

    /// Moves a stored message of the open folder to `to` (made when missing). A message that has gone is no error.
    fn file(&mut self, uid: &Uid, to: &str) -> impl Future<Output = Result<(), MailboxError>> + Send;

    /// Returns when the open folder may have changed, and after `limit` at the latest.
    fn wait(&mut self, limit: Duration) -> impl Future<Output = Result<(), MailboxError>> + Send;

    /// The facts of these messages of the open folder; a message that has gone has none.
    fn facts(&mut self, uids: &[Uid]) -> impl Future<Output = Result<Vec<Facts>, MailboxError>> + Send;

    /// Ends the session politely; errors do not matter.
    fn close(&mut self) -> impl Future<Output = ()> + Send;
}

/// The mailbox a configuration names.
#[derive(Debug)]
pub enum AnyMailbox {
    Imap(Box<ImapMailbox>),
    Maildir(MaildirMailbox),
}

impl AnyMailbox {
    /// Neither connects nor looks before the first [`open`](Mailbox::open).
    pub fn new(source: Source) -> AnyMailbox {
        match source {
            Source::Imap(server) => AnyMailbox::Imap(Box::new(ImapMailbox::new(server))),
            Source::Maildir(path) => AnyMailbox::Maildir(MaildirMailbox::new(path)),
        }
    }

    /// One that only looks: on a server it holds no right to change anything. Reading a Maildir changes nothing anyway.
    pub fn read_only(source: Source) -> AnyMailbox {
        match source {
            Source::Imap(server) => AnyMailbox::Imap(Box::new(ImapMailbox::read_only(server))),
            Source::Maildir(path) => AnyMailbox::Maildir(MaildirMailbox::new(path)),
        }
    }

    /// Messages of the open folder that arrived from `since` on, with their arrival.
    ///
    /// # Errors
    ///
    /// As those of [`Mailbox::list`].
    pub async fn arrivals(&mut self, since: Timestamp) -> Result<Vec<(Uid, Timestamp)>, MailboxError> {
        match self {
            AnyMailbox::Imap(mailbox) => mailbox.arrivals(since).await,
            AnyMailbox::Maildir(mailbox) => mailbox.arrivals(since).await,
        }
    }
}

impl Mailbox for AnyMailbox {
    async fn open(&mut self, folder: &str) -> Result<Folder, MailboxError> {
        match self {
            AnyMailbox::Imap(mailbox) => mailbox.open(folder).await,
            AnyMailbox::Maildir(mailbox) => mailbox.open(folder).await,
        }
    }

    async fn list(&mut self, after: Option<&Uid>) -> Result<Vec<Uid>, MailboxError> {
        match self {
            AnyMailbox::Imap(mailbox) => mailbox.list(after).await,
            AnyMailbox::Maildir(mailbox) => mailbox.list(after).await,
        }
    }

    async fn fetch(&mut self, uid: &Uid, limit: u64) -> Result<Option<Fetched>, MailboxError> {
        match self {
            AnyMailbox::Imap(mailbox) => mailbox.fetch(uid, limit).await,
            AnyMailbox::Maildir(mailbox) => mailbox.fetch(uid, limit).await,
        }
    }

    async fn file(&mut self, uid: &Uid, to: &str) -> Result<(), MailboxError> {
        match self {
            AnyMailbox::Imap(mailbox) => mailbox.file(uid, to).await,
            AnyMailbox::Maildir(mailbox) => mailbox.file(uid, to).await,
        }
    }

    async fn wait(&mut self, limit: Duration) -> Result<(), MailboxError> {
        match self {
            AnyMailbox::Imap(mailbox) => mailbox.wait(limit).await,
            AnyMailbox::Maildir(mailbox) => mailbox.wait(limit).await,
        }
    }

    async fn facts(&mut self, uids: &[Uid]) -> Result<Vec<Facts>, MailboxError> {
        match self {
            AnyMailbox::Imap(mailbox) => mailbox.facts(uids).await,
            AnyMailbox::Maildir(mailbox) => mailbox.facts(uids).await,
        }
    }

    async fn close(&mut self) {
        match self {
            AnyMailbox::Imap(mailbox) => mailbox.close().await,
            AnyMailbox::Maildir(mailbox) => mailbox.close().await,
        }
    }
}
