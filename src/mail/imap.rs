//! An IMAP mailbox (RFC 3501, 9051), read strictly.
//!
//! `async-imap` frames and parses what the server says; the command loop is ours, because its own takes a refused FETCH
//! or SEARCH for an empty success, and a connection closed in between for a short answer. Here a command has succeeded
//! only when the server says OK under the very tag it was given.
//!
//! Every command has a time limit. During a call the session is taken out of the mailbox, and put back only when all
//! went well: an error, a time-out or a caller who stops waiting drops it, so that no late answer of one command can be
//! mistaken for that of the next.
//!
//! Known weakness: an answer that `async-imap` cannot parse ends the session. A message that causes this each time is
//! for the caller to notice and set aside.

use std::io::ErrorKind;
use std::time::Duration;

use async_imap::Client;
use async_imap::imap_proto::{
    AttributeValue, Capability, MailboxDatum, MessageSection, Outcome, Response, ResponseCode, SectionPath, Status,
};
use jiff::Timestamp;
use secrecy::ExposeSecret;
use tokio::io::{AsyncWriteExt, BufWriter};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use super::mailbox::{Fetched, Folder, Mailbox, MailboxError, Raw, Uid};
use super::wire::{self, Wire, WireError};
use super::{utf7, words};
use crate::config::{Login, Security, Server};
use MailboxError::{Login as LoginRefused, Lost, Refused};

/// Bytes asked for at a time: a 50 MB message must not stand in memory once more as one answer.
const CHUNK: u64 = 1024 * 1024;

/// How long each wait may last.
#[derive(Clone, Copy, Debug)]
struct Patience {
    /// One TCP connection attempt; the TLS handshake.
    connect: Duration,
    /// The greeting, and the invitation to idle: some servers refuse IDLE by saying nothing.
    greeting: Duration,
    /// One command from its first byte to its tagged answer; at most [`CHUNK`] bytes travel in it.
    command: Duration,
    /// One IDLE: well below the 29 minutes of RFC 2177, for NAT boxes and Exchange fall silent long before.
    idle: Duration,
    /// The end of IDLE, and LOGOUT.
    farewell: Duration,
}

const PATIENCE: Patience = Patience {
    connect: Duration::from_secs(15),
    greeting: Duration::from_secs(30),
    command: Duration::from_secs(120),
    idle: Duration::from_secs(9 * 60),
    farewell: Duration::from_secs(15),
};

/// A mailbox on an IMAP server. Folder names are the server's own, with its hierarchy separator, in plain Unicode.
#[derive(Debug)]
pub struct ImapMailbox {
    server: Server,
    patience: Patience,
    session: Option<Session>,
    /// The server's list of capabilities could not be parsed (some put two spaces in it): work without any.
    capabilities_unreadable: bool,
}

impl ImapMailbox {
    /// Connects at the first [`open`](Mailbox::open).
    pub fn new(server: Server) -> ImapMailbox {
        ImapMailbox { server, patience: PATIENCE, session: None, capabilities_unreadable: false }
    }

    async fn connect(&mut self) -> Result<Session, MailboxError> {
        let mut session = self.log_in().await?;
        if self.capabilities_unreadable {
            return Ok(session);
        }
        match session.learn_capabilities().await {
            Ok(()) => Ok(session),
            Err(_) if session.unreadable => {
                self.capabilities_unreadable = true;
                self.log_in().await
            }
            Err(error) => Err(error),
        }
    }

    async fn log_in(&self) -> Result<Session, MailboxError> {
        let login = self.server.login.as_ref().ok_or_else(|| LoginRefused("no user name is configured".into()))?;
        let stream = wire::tcp(&self.server, self.patience.connect).await?;
        let stream: Box<dyn Wire> = match self.server.security {
            Security::Plain => Box::new(stream),
            Security::Tls => Box::new(wire::tls(stream, &self.server, self.patience.connect).await?),
            Security::StartTls => Box::new(self.start_tls(stream).await?),
        };
        let mut session = Session::new(stream, self.patience);
        // After STARTTLS there is no second greeting.
        if self.server.security != Security::StartTls {
            session.greeting().await?;
        }
        session.log_in(login).await?;
        Ok(session)
    }

    /// Greeting and STARTTLS in clear, nothing else. A server that refuses is left: never on in clear.
    async fn start_tls(&self, stream: TcpStream) -> Result<impl Wire + 'static, MailboxError> {
        let mut clear = Session::new(stream, self.patience);
        clear.greeting().await?;
        clear.ask("STARTTLS", |_| ()).await.map_err(|error| match error {
            Refused(words) => Refused(format!("no STARTTLS: {words}")),
            other => other,
        })?;
        // What came after the answer, and before TLS, is in the parser's buffer and is thrown away with it.
        let stream = clear.client.into_inner().into_inner();
        Ok(wire::tls(stream, &self.server, self.patience.connect).await?)
    }

    /// The session, taken out until the call that needs it has gone well.
    fn take_session(&mut self) -> Result<Session, MailboxError> {
        self.session.take().ok_or_else(|| Lost("no folder is open".into()))
    }
}

impl Mailbox for ImapMailbox {
    async fn open(&mut self, folder: &str) -> Result<Folder, MailboxError> {
        let mut session = match self.session.take() {
            Some(session) => session,
            None => self.connect().await?,
        };
        let opened = session.select(folder).await?;
        self.session = Some(session);
        Ok(opened)
    }

    async fn list(&mut self, after: Option<&Uid>) -> Result<Vec<Uid>, MailboxError> {
        let mut session = self.take_session()?;
        let uids = match after.map(number).transpose()? {
            None => session.search("ALL").await?,
            Some(u32::MAX) => Vec::new(),
            Some(after) => {
                let found = session.search(&format!("UID {}:*", after + 1)).await?;
                // "n:*" contains the last message even when that is older than n (RFC 3501, 6.4.8).
                found.into_iter().filter(|uid| *uid > after).collect()
            }
        };
        self.session = Some(session);
        Ok(uids.iter().map(u32::to_string).collect())
    }

    async fn fetch(&mut self, uid: &Uid, limit: u64) -> Result<Option<Fetched>, MailboxError> {
        let uid = number(uid)?;
        let mut session = self.take_session()?;
        let fetched = session.fetch(uid, limit).await?;
        self.session = Some(session);
        Ok(fetched)
    }

    async fn file(&mut self, uid: &Uid, to: &str) -> Result<(), MailboxError> {
        let uid = number(uid)?;
        let mut session = self.take_session()?;
        if session.can.mv || session.can.uidplus {
            session.mv(uid, to).await?;
            self.session = Some(session);
            Ok(())
        } else {
            self.session = Some(session);
            Err(Refused(
                "the server offers neither MOVE nor UIDPLUS, so mail stays where it is; leave move_to out".into(),
            ))
        }
    }

    async fn wait(&mut self, limit: Duration) -> Result<(), MailboxError> {
        let mut session = self.take_session()?;
        session.wait(Instant::now() + limit).await?;
        self.session = Some(session);
        Ok(())
    }

    async fn close(&mut self) {
        if let Some(mut session) = self.session.take() {
            // The server says BYE before its OK, which reads as an error here; any end will do.
            let _ = timeout(self.patience.farewell, session.ask("LOGOUT", |_| ())).await;
        }
    }
}

/// What the server offers beyond RFC 3501, as far as we use it.
#[derive(Clone, Copy, Debug, Default)]
struct Capabilities {
    /// RFC 2177.
    idle: bool,
    /// RFC 6851.
    mv: bool,
    /// RFC 4315.
    uidplus: bool,
}

#[derive(Debug)]
struct Session<W: Wire = Box<dyn Wire>> {
    // Buffered, for a command is written in pieces and each would become a TLS record of its own.
    client: Client<BufWriter<W>>,
    patience: Patience,
    commands: u32,
    can: Capabilities,
    /// The last answer could not be parsed, as opposed to not received.
    unreadable: bool,
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

/// How an IDLE ended.
enum Idled {
    News,
    Quiet,
    /// Refused, or ended by the server at once: sleep instead.
    NotToday,
}

impl<W: Wire> Session<W> {
    fn new(stream: W, patience: Patience) -> Session<W> {
        let client = Client::new(BufWriter::new(stream));
        Session { client, patience, commands: 0, can: Capabilities::default(), unreadable: false }
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
            Ok(Some(answer)) => Ok(read(answer.parsed())),
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
    async fn ask(&mut self, line: &str, each: impl FnMut(&Response<'_>)) -> Result<(), MailboxError> {
        let patience = self.patience.command;
        let name = line.split(' ').find(|word| *word != "UID").unwrap_or_default();
        timeout(patience, self.talk(vec![line.into()], each)).await.unwrap_or_else(|_| Err(silence(name)))
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

    async fn greeting(&mut self) -> Result<(), MailboxError> {
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

    async fn log_in(&mut self, login: &Login) -> Result<(), MailboxError> {
        let mut pieces = vec![b"LOGIN".to_vec()];
        for word in [login.user.as_str(), login.password.expose_secret()] {
            push_string(&mut pieces, word);
        }
        let answered = timeout(self.patience.command, self.talk(pieces, |_| ())).await;
        answered.map_err(|_| silence("LOGIN"))?.map_err(|error| match error {
            Refused(words) if !passing(&words) => LoginRefused(words),
            other => other,
        })
    }

    async fn learn_capabilities(&mut self) -> Result<(), MailboxError> {
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

    async fn select(&mut self, folder: &str) -> Result<Folder, MailboxError> {
        let mut uidvalidity = 0;
        self.ask(&format!("SELECT {}", quoted_folder(folder)), |answer| {
            if let Response::Data { outcome: Outcome { code: Some(ResponseCode::UidValidity(value)), .. }, .. } = answer
            {
                uidvalidity = *value;
            }
        })
        .await?;
        if uidvalidity == 0 {
            return Err(Refused(format!("folder \"{folder}\" has no UIDVALIDITY, its messages cannot be told apart")));
        }
        Ok(Folder { uidvalidity: i64::from(uidvalidity) })
    }

    /// UIDs that fit `criteria`, ascending.
    async fn search(&mut self, criteria: &str) -> Result<Vec<u32>, MailboxError> {
        let mut uids = Vec::new();
        self.ask(&format!("UID SEARCH {criteria}"), |answer| {
            if let Response::MailboxData(MailboxDatum::Search(found)) = answer {
                uids.extend_from_slice(found);
            }
        })
        .await?;
        uids.sort_unstable();
        uids.dedup();
        Ok(uids)
    }

    async fn gone(&mut self, uid: u32) -> Result<bool, MailboxError> {
        Ok(!self.search(&format!("UID {uid}")).await?.contains(&uid))
    }

    async fn fetch(&mut self, uid: u32, limit: u64) -> Result<Option<Fetched>, MailboxError> {
        let mut facts = None;
        self.ask(&format!("UID FETCH {uid} (UID RFC822.SIZE INTERNALDATE)"), |answer| {
            facts = facts.take().or_else(|| facts_of(answer, uid));
        })
        .await?;
        let Some((size, date)) = facts else {
            // OK without our item: gone, or an answer we must not take for that.
            return if self.gone(uid).await? { Ok(None) } else { Err(not_yet(uid)) };
        };
        let arrived = internal_date(&date).ok_or_else(|| Lost(format!("message {uid}: unreadable INTERNALDATE")))?;
        let size = u64::from(size);
        let raw = if size > limit { None } else { self.body(uid, size, limit).await? };
        let raw = match raw {
            Some(body) => Raw::Whole(body),
            None => {
                let headers = self.section(uid, "HEADER", 0).await?.unwrap_or_default();
                Raw::HeadersOnly(headers)
            }
        };
        match &raw {
            // Exchange announces a message some time before it has it: an empty answer means "not yet".
            Raw::Whole(bytes) | Raw::HeadersOnly(bytes) if bytes.is_empty() => {
                if self.gone(uid).await? {
                    Ok(None)
                } else {
                    Err(not_yet(uid))
                }
            }
            _ => Ok(Some(Fetched { uid: uid.to_string(), arrived, size, raw })),
        }
    }

    /// The whole message, or `None` when it turns out larger than `limit`. `size` is the server's word for it, which
    /// Exchange only estimates: an empty chunk ends the message, and a short one once it has at least that many bytes.
    async fn body(&mut self, uid: u32, size: u64, limit: u64) -> Result<Option<Vec<u8>>, MailboxError> {
        let mut body = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
        loop {
            let chunk = self.section(uid, "", body.len() as u64).await?.unwrap_or_default();
            body.extend_from_slice(&chunk);
            let length = body.len() as u64;
            if length > limit {
                return Ok(None);
            }
            if chunk.is_empty() || (chunk.len() as u64) < CHUNK && length >= size {
                return Ok(Some(body));
            }
        }
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

    async fn mv(&mut self, uid: u32, to: &str) -> Result<(), MailboxError> {
        let folder = quoted_folder(to);
        let command = if self.can.mv { format!("UID MOVE {uid} {folder}") } else { format!("UID COPY {uid} {folder}") };
        match self.ask(&command, |_| ()).await {
            Ok(()) => {}
            Err(Refused(_)) if self.gone(uid).await? => return Ok(()),
            // The folder may be missing: not every server says so with TRYCREATE.
            Err(Refused(words)) => match self.ask(&format!("CREATE {folder}"), |_| ()).await {
                Ok(()) => {
                    // So that people see it in their mail programs; not every server keeps subscriptions.
                    match self.ask(&format!("SUBSCRIBE {folder}"), |_| ()).await {
                        Ok(()) | Err(Refused(_)) => {}
                        Err(error) => return Err(error),
                    }
                    self.ask(&command, |_| ()).await?;
                }
                Err(Refused(_)) => return Err(Refused(words)),
                Err(error) => return Err(error),
            },
            Err(error) => return Err(error),
        }
        if !self.can.mv {
            // Never plain EXPUNGE: it would take along what people have marked. Dying in between leaves a second copy.
            self.ask(&format!("UID STORE {uid} +FLAGS.SILENT (\\Deleted)"), |_| ()).await?;
            self.ask(&format!("UID EXPUNGE {uid}"), |_| ()).await?;
        }
        Ok(())
    }

    /// Waits for new mail until `end` at the latest, by IDLE where the server lets us.
    async fn wait(&mut self, end: Instant) -> Result<(), MailboxError> {
        if self.can.idle {
            match self.idle(end.min(Instant::now() + self.patience.idle)).await? {
                Idled::News | Idled::Quiet => return Ok(()),
                Idled::NotToday => self.can.idle = false,
            }
        }
        sleep_until(end).await;
        Ok(())
    }

    async fn idle(&mut self, end: Instant) -> Result<Idled, MailboxError> {
        let tag = self.next_tag();
        let (invitation, farewell) = (self.patience.greeting, self.patience.farewell);
        let mut news = false;
        timeout(invitation, self.say(format!("{tag} IDLE").as_bytes())).await.map_err(|_| silence("IDLE"))??;
        match timeout(invitation, self.hear_idle(&tag, &mut news, false)).await.map_err(|_| silence("IDLE"))? {
            Ok(Heard::Invited) => {}
            // Refused with NO or BAD, or over before it began.
            Ok(_) => return Ok(Idled::NotToday),
            Err(error) => return Err(error),
        }
        if !news {
            match timeout_at(end, self.hear_idle(&tag, &mut news, true)).await {
                Ok(Ok(Heard::Done(_))) => return Ok(if news { Idled::News } else { Idled::NotToday }),
                Ok(Err(error)) => return Err(error),
                Ok(Ok(_)) | Err(_) => {}
            }
        }
        timeout(farewell, async {
            self.say(b"DONE").await?;
            while !matches!(self.hear_idle(&tag, &mut news, false).await?, Heard::Done(_)) {}
            Ok(if news { Idled::News } else { Idled::Quiet })
        })
        .await
        .unwrap_or_else(|_| Err(silence("the end of IDLE")))
    }

    /// Hears until something ends this part of IDLE: an invitation, the tagged answer, or (`wake`) new mail. New mail
    /// may be announced even before the invitation. "Still here" and other people's flags wake nobody.
    async fn hear_idle(&mut self, tag: &str, news: &mut bool, wake: bool) -> Result<Heard, MailboxError> {
        loop {
            let heard = self.hear(|answer| {
                *news |= matches!(answer, Response::MailboxData(MailboxDatum::Exists(_)));
                Heard::of(answer, tag)
            });
            match heard.await? {
                Heard::Broken(error) => return Err(error),
                Heard::Untagged if wake && *news => return Ok(Heard::Untagged),
                Heard::Untagged => {}
                heard => return Ok(heard),
            }
        }
    }
}

impl From<WireError> for MailboxError {
    fn from(error: WireError) -> MailboxError {
        match error {
            WireError::NotReached(why) => Lost(why),
            WireError::NotTrusted(why) => Refused(format!("no trusted connection: {why}")),
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

fn number(uid: &Uid) -> Result<u32, MailboxError> {
    uid.parse().map_err(|_| Refused(format!("\"{uid}\" is not an IMAP UID")))
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
        AttributeValue::BodySection { section, index, data: Some(data) } => {
            let theirs = match section {
                None => "",
                Some(SectionPath::Full(MessageSection::Header)) => "HEADER",
                Some(_) => return None,
            };
            // A server that leaves the offset out has ignored it and answers from the start.
            let from = u64::from(index.unwrap_or(0));
            (theirs == asked && from == offset).then(|| data.to_vec())
        }
        _ => None,
    })
}

/// `17-Jul-1996 02:44:25 -0700`, the day padded with a space (RFC 3501, `date-time`).
fn internal_date(text: &str) -> Option<Timestamp> {
    Timestamp::strptime("%d-%b-%Y %H:%M:%S %z", text.trim()).ok()
}

#[cfg(test)]
mod tests;
