//! An IMAP mailbox (RFC 3501, 9051).
//!
//! During a call the session is taken out of the mailbox, and put back only when all went well: an error, a time-out or a
//! caller who stops waiting drops it, so that no late answer to one command can be mistaken for that to the next.
//!
//! Known weakness: an answer that `async-imap` cannot parse ends the session. A message that causes this each time is
//! for the caller to notice and set aside.

mod guard;
mod session;

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use self::session::{Opening, PATIENCE, Patience, Session};
use super::mailbox::{Facts, Fetched, Folder, Mailbox, MailboxError, Uid};
use super::token::{NoToken, Tokens};
use super::wire::{self, Wire, WireError};
use crate::config::{Security, Server};
use MailboxError::{Login as LoginRefused, Lost, Refused};

/// A mailbox on an IMAP server. Folder names are the server's own, with its hierarchy separator, in plain Unicode.
#[derive(Debug)]
pub struct ImapMailbox {
    server: Server,
    patience: Patience,
    session: Option<Session>,
    opening: Opening,
    tokens: Tokens,
}

impl ImapMailbox {
    /// Connects at the first [`open`](Mailbox::open).
    pub fn new(server: Server) -> ImapMailbox {
        let (patience, opening) = (PATIENCE, Opening::Select);
        let tokens = Tokens::default();
        ImapMailbox { server, patience, session: None, opening, tokens }
    }

    /// One that only looks: folders are opened by EXAMINE, and nothing is ever moved.
    pub fn read_only(server: Server) -> ImapMailbox {
        ImapMailbox { opening: Opening::Examine, ..ImapMailbox::new(server) }
    }

    /// Messages of the open folder that arrived from `since` on, in the order of their UIDs, with their arrival.
    ///
    /// # Errors
    ///
    /// As those of [`Mailbox::list`].
    pub async fn arrivals(&mut self, since: Timestamp) -> Result<Vec<(Uid, Timestamp)>, MailboxError> {
        let mut session = self.take_session()?;
        // SINCE disregards time and zone of the INTERNALDATE (RFC 3501, 6.4.4): a day before in UTC is early enough.
        let day = since.to_zoned(TimeZone::UTC).date().yesterday().unwrap_or(Date::MIN);
        let found = session.search(&format!("SINCE {}", day.strftime("%-d-%b-%Y"))).await?;
        let facts = session.facts(&found).await?;
        self.session = Some(session);
        Ok(facts.into_iter().filter(|facts| facts.arrived >= since).map(|facts| (facts.uid, facts.arrived)).collect())
    }

    async fn connect(&mut self) -> Result<Session, MailboxError> {
        // One list of capabilities that cannot be parsed is a garbled line; a server that does so again (some put two spaces
        // in it) is worked with as if it had none, until the next connection.
        for _ in 0..2 {
            let mut session = self.log_in().await?;
            match session.learn_capabilities().await {
                Err(_) if session.unreadable => {}
                learned => return learned.map(|()| session),
            }
        }
        self.log_in().await
    }

    async fn log_in(&mut self) -> Result<Session, MailboxError> {
        let login = self.server.login.as_ref().ok_or_else(|| LoginRefused("no user name is configured".into()))?;
        let shown = self.tokens.show(login).await?;
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
        let answered = session.log_in(&login.user, &shown).await;
        if matches!(answered, Err(LoginRefused(_))) {
            self.tokens.forget();
        }
        answered.map(|()| session)
    }

    /// Greeting and STARTTLS in clear, nothing else. A server that refuses is left: never on in clear.
    async fn start_tls(&self, stream: TcpStream) -> Result<impl Wire + 'static, MailboxError> {
        let mut clear = Session::new(stream, self.patience);
        clear.greeting().await?;
        clear.ask("STARTTLS", |_| ()).await.map_err(|error| match error {
            Refused(words) => Refused(format!("no STARTTLS: {words}")),
            other => other,
        })?;
        Ok(wire::tls(clear.into_stream(), &self.server, self.patience.connect).await?)
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
        let opened = session.open(folder, self.opening).await?;
        self.session = Some(session);
        Ok(opened)
    }

    async fn list(&mut self, after: Option<&Uid>) -> Result<Vec<Uid>, MailboxError> {
        let mut session = self.take_session()?;
        session.news = false;
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
        if self.opening == Opening::Examine {
            return Err(Refused("this mailbox is only looked at".into()));
        }
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

    async fn facts(&mut self, uids: &[Uid]) -> Result<Vec<Facts>, MailboxError> {
        let uids: Vec<u32> = uids.iter().map(number).collect::<Result<_, _>>()?;
        let mut session = self.take_session()?;
        let facts = session.facts(&uids).await?;
        self.session = Some(session);
        Ok(facts)
    }

    async fn close(&mut self) {
        if let Some(mut session) = self.session.take() {
            // The server says BYE before its OK, which reads as an error here; any end will do.
            let _ = timeout(self.patience.farewell, session.ask("LOGOUT", |_| ())).await;
        }
    }
}

impl From<NoToken> for MailboxError {
    fn from(error: NoToken) -> MailboxError {
        match error {
            NoToken::Refused(_) => LoginRefused(error.to_string()),
            NoToken::NotNow(_) => Lost(error.to_string()),
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

fn number(uid: &Uid) -> Result<u32, MailboxError> {
    uid.parse().map_err(|_| Refused(format!("\"{uid}\" is not an IMAP UID")))
}

#[cfg(test)]
mod tests;
