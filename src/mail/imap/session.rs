//! One logged-in IMAP session, strict.
//!
//! `async-imap` frames and parses what the server says; the command loop is ours, because its own takes a refused FETCH
//! or SEARCH for an empty success, and a connection closed in between for a short answer. Here a command has succeeded
//! only when the server says OK under the very tag it was given, in time. After any error the session is of no more use.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::time::Duration;

use async_imap::Client;
use async_imap::imap_proto::{
    AttributeValue, Capability, MailboxDatum, MessageSection, Outcome, Response, ResponseCode, SectionPath, Status,
};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use jiff::Timestamp;
use secrecy::ExposeSecret;
use tokio::io::{AsyncWriteExt, BufWriter};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use super::guard::Guard;
use crate::mail::mailbox::{Facts, Fetched, Folder, MailboxError, Raw};
use crate::mail::token::Shown;
use crate::mail::wire::Wire;
use crate::mail::{utf7, words};
use MailboxError::{Login as LoginRefused, Lost, Refused};

/// Bytes asked for at a time: a 50 MB message must not stand in memory once more as one answer.
const CHUNK: u64 = 1024 * 1024;
/// UIDs in one folder: more than any holds, and as much as is kept of an answer that would never end.
const FOLDER_MAX: usize = 2_000_000;
/// UIDs in one command: some servers take no line beyond 8,000 bytes.
const UIDS_MAX: usize = 500;

/// How long each wait may last.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// One TCP connection attempt; the TLS handshake.
    pub connect: Duration,
    /// The greeting, and the invitation to idle: some servers refuse IDLE by saying nothing.
    pub greeting: Duration,
    /// One command from its first byte to its tagged answer; at most [`CHUNK`] bytes travel in it.
    pub command: Duration,
    /// One message, whatever its size: no neighbour waits for longer, and the round that reads it does not stand still.
    pub message: Duration,
    /// One IDLE: well below the 29 minutes of RFC 2177, for NAT boxes and Exchange fall silent long before.
    pub idle: Duration,
    /// The end of IDLE, and LOGOUT.
    pub farewell: Duration,
}

/// What the daemon has.
pub const PATIENCE: Patience = Patience {
    connect: Duration::from_secs(15),
    greeting: Duration::from_secs(30),
    command: Duration::from_secs(120),
    message: Duration::from_secs(10 * 60),
    idle: Duration::from_secs(9 * 60),
    farewell: Duration::from_secs(15),
};

/// How a folder is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// To take mail from.
    Select,
    /// To look at (RFC 3501, 6.3.2): the server itself sees to it that nothing changes, not even `\Recent`.
    Examine,
}

/// What the server offers beyond RFC 3501, as far as we use it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Capabilities {
    /// RFC 2177.
    pub idle: bool,
    /// RFC 6851.
    pub mv: bool,
    /// RFC 4315.
    pub uidplus: bool,
}

/// A connection to an IMAP server, from its greeting on.
#[derive(Debug)]
pub struct Session<W: Wire = Box<dyn Wire>> {
    // Buffered, for a command is written in pieces and each would become a TLS record of its own.
    client: Client<BufWriter<Guard<W>>>,
    patience: Patience,
    commands: u32,
    pub can: Capabilities,
    /// The last answer could not be parsed, as opposed to not received.
    pub unreadable: bool,
    /// Mail was announced since the last look. A server announces it once, in the midst of any command.
    pub news: bool,
}

/// What one answer means to the command that waits.
enum Heard {
    /// Our command's tagged answer.
    Done(Result<(), MailboxError>),
    /// The server waits for the rest of the command.
    Invited,
    /// The session is over or out of step.
    Broken(MailboxError),
    Untagged,
}

impl Heard {
    fn of(answer: &Response<'_>, tag: &str) -> Heard {
        match answer {
            Response::Done { tag: theirs, status, outcome } if theirs.0 == tag => Heard::Done(match status {
                Status::Ok => Ok(()),
                Status::No | Status::Bad => Err(Refused(said(outcome))),
                Status::PreAuth | Status::Bye => Err(Lost(said(outcome))),
            }),
            Response::Done { .. } => Heard::Broken(Lost("an answer to a command that was not given".into())),
            Response::Data { status: Status::Bye, outcome } => {
                Heard::Broken(Lost(format!("the server said goodbye: {}", said(outcome))))
            }
            Response::Continue(_) => Heard::Invited,
            _ => Heard::Untagged,
        }
    }
}

impl<W: Wire> Session<W> {
    /// A session that has heard nothing yet.
    pub fn new(stream: W, patience: Patience) -> Session<W> {
        let client = Client::new(BufWriter::new(Guard::new(stream)));
        Session { client, patience, commands: 0, can: Capabilities::default(), unreadable: false, news: false }
    }

    /// The connection itself, to go on in TLS. What came after the last answer stays in the parser's buffer and is gone:
    /// before TLS it could be anybody's.
    pub fn into_stream(self) -> W {
        self.client.into_inner().into_inner().into_inner()
    }

    async fn say(&mut self, line: &[u8]) -> Result<(), MailboxError> {
        let stream = self.client.get_mut();
        let written = async {
            stream.write_all(line).await?;
            stream.write_all(b"\r\n").await?;
            stream.flush().await
        };
        written.await.map_err(|error| Lost(words(&error.to_string())))
    }

    /// Waits for one answer and reads it. Safe to stop waiting for: what has arrived is kept.
    async fn hear<T>(&mut self, read: impl FnOnce(&Response<'_>) -> T) -> Result<T, MailboxError> {
        match self.client.read_response().await {
            Ok(Some(answer)) => {
                self.news |= matches!(answer.parsed(), Response::MailboxData(MailboxDatum::Exists(_)));
                Ok(read(answer.parsed()))
            }
            Ok(None) => Err(Lost("the server closed the connection".into())),
            // The parser's errors contain the whole buffer, and that is somebody's mail: kind and length must do.
            Err(error) if error.kind() == ErrorKind::Other => {
                self.unreadable = true;
                Err(Lost(format!("an answer could not be parsed (about {} characters)", error.to_string().len())))
            }
            Err(error) => Err(Lost(words(&error.to_string()))),
        }
    }

    fn next_tag(&mut self) -> String {
        self.commands += 1;
        format!("R{}", self.commands)
    }

    /// Gives one command and reads its untagged answers with `each`, until the server says OK.
    pub async fn ask(&mut self, line: &str, each: impl FnMut(&Response<'_>)) -> Result<(), MailboxError> {
        let patience = self.patience.command;
        let name = line.split(' ').find(|word| *word != "UID").unwrap_or_default();
        timeout(patience, self.talk(vec![line.into()], each)).await.unwrap_or_else(|_| Err(silence(name)))
    }

    /// Gives a command that the server may as well refuse.
    async fn agrees(&mut self, line: &str) -> Result<bool, MailboxError> {
        match self.ask(line, |_| ()).await {
            Ok(()) => Ok(true),
            Err(Refused(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The command loop. A command with literals has several `pieces`; each but the first waits for an invitation.
    async fn talk(&mut self, pieces: Vec<Vec<u8>>, mut each: impl FnMut(&Response<'_>)) -> Result<(), MailboxError> {
        let tag = self.next_tag();
        let mut pieces = pieces.into_iter();
        let first = pieces.next().unwrap_or_default();
        self.say(&[tag.as_bytes(), b" ", &first].concat()).await?;
        loop {
            let heard = self.hear(|answer| {
                let heard = Heard::of(answer, &tag);
                if let Heard::Untagged = heard {
                    each(answer);
                }
                heard
            });
            match heard.await? {
                Heard::Done(result) => return result,
                Heard::Broken(error) => return Err(error),
                Heard::Untagged => {}
                Heard::Invited => match pieces.next() {
                    Some(piece) => self.say(&piece).await?,
                    None => return Err(Lost("the server waits for more of a command that has no more".into())),
                },
            }
        }
    }

    /// Hears the server's greeting: it must ask us to log in.
    pub async fn greeting(&mut self) -> Result<(), MailboxError> {
        let patience = self.patience.greeting;
        let greeted = self.hear(|answer| match answer {
            Response::Data { status: Status::Ok, .. } => Ok(()),
            Response::Data { status: Status::Bye, outcome } => Err(Lost(format!("turned away: {}", said(outcome)))),
            // PREAUTH would skip STARTTLS as well as the login.
            Response::Data { .. } => Err(Refused("the server does not ask who we are".into())),
            _ => Err(Lost("the server's greeting makes no sense".into())),
        });
        timeout(patience, greeted).await.map_err(|_| silence("greeting"))??
    }

    /// LOGIN, or AUTHENTICATE with a token. A refusal that will pass is not a refused login: bad luck must not alarm, nor a
    /// bad password go on knocking.
    pub async fn log_in(&mut self, user: &str, shown: &Shown) -> Result<(), MailboxError> {
        let (command, pieces) = match shown {
            Shown::Password(password) => {
                let mut pieces = vec![b"LOGIN".to_vec()];
                for word in [user, password.expose_secret()] {
                    push_string(&mut pieces, word);
                }
                ("LOGIN", pieces)
            }
            Shown::Token(token) => {
                let words = format!("user={user}\x01auth=Bearer {}\x01\x01", token.expose_secret());
                // A server that refuses says why in an invitation, which is to be answered with nothing.
                let words = BASE64_STANDARD.encode(words).into_bytes();
                ("AUTHENTICATE", vec![b"AUTHENTICATE XOAUTH2".to_vec(), words, Vec::new()])
            }
        };
        let answered = timeout(self.patience.command, self.talk(pieces, |_| ())).await;
        answered.map_err(|_| silence(command))?.map_err(|error| match error {
            Refused(words) if !passing(&words) => LoginRefused(words),
            other => other,
        })
    }

    /// Asks what else the server can do. Asked after the login, for many tell only then.
    pub async fn learn_capabilities(&mut self) -> Result<(), MailboxError> {
        let mut can = Capabilities::default();
        self.ask("CAPABILITY", |answer| {
            if let Response::Capabilities(list) = answer {
                let has = |name: &str| {
                    list.iter().any(|one| matches!(one, Capability::Atom(atom) if atom.eq_ignore_ascii_case(name)))
                };
                can = Capabilities { idle: has("IDLE"), mv: has("MOVE"), uidplus: has("UIDPLUS") };
            }
        })
        .await?;
        self.can = can;
        Ok(())
    }

    /// Opens `folder`, and demands what tells its messages from those of an earlier folder of that name.
    pub async fn open(&mut self, folder: &str, opening: Opening) -> Result<Folder, MailboxError> {
        let command = match opening {
            Opening::Select => "SELECT",
            Opening::Examine => "EXAMINE",
        };
        let mut uidvalidity = 0;
        self.ask(&format!("{command} {}", quoted_folder(folder)), |answer| {
            if let Response::Data { outcome: Outcome { code: Some(ResponseCode::UidValidity(value)), .. }, .. } = answer
            {
                uidvalidity = *value;
            }
        })
        .await?;
        if uidvalidity == 0 {
            return Err(Refused(format!("folder \"{folder}\" has no UIDVALIDITY, its messages cannot be told apart")));
        }
        self.news = false;
        Ok(Folder { uidvalidity: i64::from(uidvalidity) })
    }

    /// UIDs that fit `criteria`, ascending.
    pub async fn search(&mut self, criteria: &str) -> Result<Vec<u32>, MailboxError> {
        let mut uids = Vec::new();
        self.ask(&format!("UID SEARCH {criteria}"), |answer| {
            if let Response::MailboxData(MailboxDatum::Search(found)) = answer {
                uids.extend(found.iter().take((FOLDER_MAX + 1).saturating_sub(uids.len())));
            }
        })
        .await?;
        if uids.len() > FOLDER_MAX {
            return Err(Refused("more messages than any folder holds".into()));
        }
        uids.sort_unstable();
        uids.dedup();
        Ok(uids)
    }

    /// What the server says of each of `uids`, in their order; those that have gone, and those whose date makes no sense, are
    /// left out.
    pub async fn facts(&mut self, uids: &[u32]) -> Result<Vec<Facts>, MailboxError> {
        let mut found = BTreeMap::new();
        for uids in uids.chunks(UIDS_MAX) {
            let set: Vec<String> = uids.iter().map(u32::to_string).collect();
            self.ask(&format!("UID FETCH {} (UID RFC822.SIZE INTERNALDATE)", set.join(",")), |answer| {
                let asked = uid_of(answer).filter(|uid| uids.contains(uid));
                found.extend(asked.and_then(|uid| Some((uid, facts_of(answer, uid)?))));
            })
            .await?;
        }
        let read = |(uid, (size, date)): (u32, (u32, String))| {
            Some(Facts { uid: uid.to_string(), arrived: internal_date(&date)?, size: size.into() })
        };
        Ok(found.into_iter().filter_map(read).collect())
    }

    async fn gone(&mut self, uid: u32) -> Result<bool, MailboxError> {
        Ok(!self.search(&format!("UID {uid}")).await?.contains(&uid))
    }

    /// One message, or `None` when it has gone.
    pub async fn fetch(&mut self, uid: u32, limit: u64) -> Result<Option<Fetched>, MailboxError> {
        let patience = self.patience.message;
        timeout(patience, self.message(uid, limit)).await.unwrap_or_else(|_| Err(silence("a whole message")))
    }

    async fn message(&mut self, uid: u32, limit: u64) -> Result<Option<Fetched>, MailboxError> {
        let mut facts = None;
        self.ask(&format!("UID FETCH {uid} (UID RFC822.SIZE INTERNALDATE)"), |answer| {
            facts = facts.take().or_else(|| facts_of(answer, uid));
        })
        .await?;
        if let Some((size, date)) = facts {
            let arrived = arrival(uid, &date)?;
            let size = u64::from(size);
            let Some(raw) = self.raw(uid, size, limit).await? else { return Ok(None) };
            let (Raw::Whole(bytes) | Raw::HeadersOnly(bytes)) = &raw;
            if !bytes.is_empty() {
                return Ok(Some(Fetched { uid: uid.to_string(), arrived, size, raw }));
            }
        }
        // OK, and yet nothing: it has gone, or (Exchange) was announced some time before the server has it.
        if self.gone(uid).await? { Ok(None) } else { Err(not_yet(uid)) }
    }

    /// The bytes of a message, or `None` when it went while they were read. `size` is the server's word, which Exchange
    /// only estimates: a chunk of nothing ends the message, and a short one once it has at least that many bytes.
    async fn raw(&mut self, uid: u32, size: u64, limit: u64) -> Result<Option<Raw>, MailboxError> {
        if size > limit {
            return self.headers(uid).await.map(Some);
        }
        let mut body = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
        loop {
            let chunk = match self.section(uid, "", body.len() as u64).await? {
                Some(chunk) => chunk,
                None if body.is_empty() => Vec::new(),
                // What we have is only the beginning of a message that is no more.
                None if self.gone(uid).await? => return Ok(None),
                // An answer that was lost on the way must not pass for the end of the message: that is said twice.
                None => self.section(uid, "", body.len() as u64).await?.unwrap_or_default(),
            };
            body.extend_from_slice(&chunk);
            let length = body.len() as u64;
            if length > limit {
                drop(body);
                return self.headers(uid).await.map(Some);
            }
            if chunk.is_empty() || (chunk.len() as u64) < CHUNK && length >= size {
                return Ok(Some(Raw::Whole(body)));
            }
        }
    }

    async fn headers(&mut self, uid: u32) -> Result<Raw, MailboxError> {
        Ok(Raw::HeadersOnly(self.section(uid, "HEADER", 0).await?.unwrap_or_default()))
    }

    /// At most [`CHUNK`] bytes of `BODY[section]` from `offset` on; `None` when the server gave none.
    async fn section(&mut self, uid: u32, section: &str, offset: u64) -> Result<Option<Vec<u8>>, MailboxError> {
        let mut bytes = None;
        self.ask(&format!("UID FETCH {uid} (UID BODY.PEEK[{section}]<{offset}.{CHUNK}>)"), |answer| {
            bytes = bytes.take().or_else(|| section_of(answer, uid, section, offset));
        })
        .await?;
        Ok(bytes)
    }

    /// Moves a message, by MOVE or else by COPY and UID EXPUNGE, to a folder that is made when missing.
    pub async fn mv(&mut self, uid: u32, to: &str) -> Result<(), MailboxError> {
        let folder = quoted_folder(to);
        let command = if self.can.mv { format!("UID MOVE {uid} {folder}") } else { format!("UID COPY {uid} {folder}") };
        match self.ask(&command, |_| ()).await {
            Err(Refused(words)) => {
                if self.gone(uid).await? {
                    return Ok(());
                }
                // The folder may be missing: not every server says so with TRYCREATE.
                if !self.agrees(&format!("CREATE {folder}")).await? {
                    return Err(Refused(words));
                }
                // So that people see it in their mail programs; a server that keeps no subscriptions may refuse.
                self.agrees(&format!("SUBSCRIBE {folder}")).await?;
                self.ask(&command, |_| ()).await?;
            }
            done => done?,
        }
        if !self.can.mv {
            // Never plain EXPUNGE: it would take along what people have marked. Dying in between leaves a second copy.
            self.ask(&format!("UID STORE {uid} +FLAGS.SILENT (\\Deleted)"), |_| ()).await?;
            self.ask(&format!("UID EXPUNGE {uid}"), |_| ()).await?;
        }
        Ok(())
    }

    /// Waits for new mail until `end` at the latest, by IDLE where the server lets us.
    pub async fn wait(&mut self, end: Instant) -> Result<(), MailboxError> {
        if self.news {
            return Ok(());
        }
        if self.can.idle && self.idle(end.min(Instant::now() + self.patience.idle)).await? {
            return Ok(());
        }
        self.can.idle = false;
        sleep_until(end).await;
        Ok(())
    }

    /// Idles until there is news, and until `end` at the latest. `false` when the server does not let us: it refuses, or
    /// ends the IDLE by itself at once.
    async fn idle(&mut self, end: Instant) -> Result<bool, MailboxError> {
        let tag = self.next_tag();
        let (invitation, farewell) = (self.patience.greeting, self.patience.farewell);
        let invited = timeout(invitation, async {
            self.say(format!("{tag} IDLE").as_bytes()).await?;
            self.hear_idle(&tag, false).await
        });
        if let Heard::Done(_) = invited.await.map_err(|_| silence("IDLE"))?? {
            return Ok(false);
        }
        if let Ok(heard) = timeout_at(end, self.hear_idle(&tag, true)).await
            && let Heard::Done(_) = heard?
        {
            return Ok(self.news);
        }
        let ended = timeout(farewell, async {
            self.say(b"DONE").await?;
            while !matches!(self.hear_idle(&tag, false).await?, Heard::Done(_)) {}
            Ok(true)
        });
        ended.await.unwrap_or_else(|_| Err(silence("the end of IDLE")))
    }

    /// Hears until this part of IDLE is over: by an invitation, by the tagged answer, or (`wake`) by news. "Still here"
    /// and other people's flags wake nobody; news may come even before the invitation.
    async fn hear_idle(&mut self, tag: &str, wake: bool) -> Result<Heard, MailboxError> {
        loop {
            if wake && self.news {
                return Ok(Heard::Untagged);
            }
            match self.hear(|answer| Heard::of(answer, tag)).await? {
                Heard::Broken(error) => return Err(error),
                Heard::Untagged => {}
                heard => return Ok(heard),
            }
        }
    }
}

fn silence(during: &str) -> MailboxError {
    Lost(format!("no answer in time ({during})"))
}

fn not_yet(uid: u32) -> MailboxError {
    Refused(format!("message {uid} is announced but not given yet"))
}

/// The server's words. Codes `imap_proto` does not know, such as `[AUTHENTICATIONFAILED]`, are still among them.
fn said(outcome: &Outcome<'_>) -> String {
    words(outcome.information.as_deref().unwrap_or("no reason given"))
}

/// Whether a refused login says "not now" rather than "not you": the password may be right, and a person need not act.
fn passing(words: &str) -> bool {
    let words = words.to_ascii_uppercase();
    // RFC 5530 codes; then Exchange Online's throttling and licence trouble.
    ["[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]"].iter().any(|code| words.contains(code))
        || ["THROTTLE", "SUGGESTED BACKOFF", "TOO MANY", "TRY AGAIN", "AUTHENTICATED BUT NOT CONNECTED", "TEMPORAR"]
            .iter()
            .any(|phrase| words.contains(phrase))
}

/// Appends one `astring` argument: quoted where that is allowed, else a literal (RFC 3501, 4.3), for passwords with "£".
fn push_string(pieces: &mut Vec<Vec<u8>>, word: &str) {
    let quotable = word.chars().all(|c| matches!(c, ' '..='~'));
    if let Some(piece) = pieces.last_mut() {
        piece.push(b' ');
        piece.extend_from_slice(if quotable { quoted(word) } else { format!("{{{}}}", word.len()) }.as_bytes());
    }
    if !quotable {
        pieces.push(word.as_bytes().to_vec());
    }
}

fn quoted(word: &str) -> String {
    format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""))
}

fn quoted_folder(name: &str) -> String {
    quoted(&utf7::encode(name))
}

fn items_of<'a, 'b>(answer: &'a Response<'b>, uid: u32) -> Option<&'a [AttributeValue<'b>]> {
    match answer {
        // Servers volunteer FETCH answers about other messages, and about ours without its UID: not what was asked.
        Response::Fetch(_, items) if items.contains(&AttributeValue::Uid(uid)) => Some(items),
        _ => None,
    }
}

fn uid_of(answer: &Response<'_>) -> Option<u32> {
    let Response::Fetch(_, items) = answer else { return None };
    items.iter().find_map(|item| match item {
        AttributeValue::Uid(uid) => Some(*uid),
        _ => None,
    })
}

fn facts_of(answer: &Response<'_>, uid: u32) -> Option<(u32, String)> {
    let items = items_of(answer, uid)?;
    let size = items.iter().find_map(|item| match item {
        AttributeValue::Rfc822Size(size) => Some(*size),
        _ => None,
    })?;
    let date = items.iter().find_map(|item| match item {
        AttributeValue::InternalDate(date) => Some(date.to_string()),
        _ => None,
    })?;
    Some((size, date))
}

fn section_of(answer: &Response<'_>, uid: u32, asked: &str, offset: u64) -> Option<Vec<u8>> {
    items_of(answer, uid)?.iter().find_map(|item| match item {
        AttributeValue::BodySection { section, index, data } => {
            let theirs = match section {
                None => "",
                Some(SectionPath::Full(MessageSection::Header)) => "HEADER",
                Some(_) => return None,
            };
            // A server that leaves the offset out has ignored it and answers from the start.
            let from = u64::from(index.unwrap_or(0));
            (theirs == asked && from == offset).then(|| data.as_deref().unwrap_or_default().to_vec())
        }
        _ => None,
    })
}

fn arrival(uid: u32, date: &str) -> Result<Timestamp, MailboxError> {
    internal_date(date).ok_or_else(|| Lost(format!("message {uid}: unreadable INTERNALDATE")))
}

/// `17-Jul-1996 02:44:25 -0700`, the day padded with a space (RFC 3501, `date-time`).
pub fn internal_date(text: &str) -> Option<Timestamp> {
    Timestamp::strptime("%d-%b-%Y %H:%M:%S %z", text.trim()).ok()
}
