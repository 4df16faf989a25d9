//! How letters leave: SMTP, or a local folder of files; with the one policy that says what a failure means.

use std::future::Future;

use super::maildir::MaildirTransport;
use super::smtp::SmtpTransport;
use crate::config::Outgoing;

/// One finished letter: the same bytes at every attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// Never empty: bounces must come back to be read.
    pub from: &'a str,
    /// One recipient a letter.
    pub to: &'a str,
    /// Headers and body with CRLF line ends, not dot-stuffed.
    pub bytes: &'a [u8],
}

/// The server took responsibility for the letter: its final reply, kept as proof of sending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    pub reply: String,
}

/// Three answers about the letter, and two about the way. Each carries the phase and the server's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Not taken now; the same bytes may be taken later.
    #[error("not now: {0}")]
    Again(String),
    /// Refused for good; a person must find another way to reach this address.
    #[error("refused: {0}")]
    Never(String),
    /// Everything was said and no answer came: it may have been taken.
    #[error("no answer: {0}")]
    Unknown(String),
    /// The server was not reached, or hears nobody for now: no letter is at fault, none loses an attempt.
    #[error("not reached: {0}")]
    Unreached(String),
    /// The way itself is broken (login refused, no TLS, greeting 5xx): no letter is at fault, none loses an attempt.
    #[error("route broken: {0}")]
    RouteBroken(String),
}

/// A way for letters to leave.
pub trait Transport: Send {
    fn send(&mut self, letter: Envelope<'_>) -> impl Future<Output = Result<Accepted, SendError>> + Send;
}

/// Takes every letter and sends none: to see what would be written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nowhere;

impl Transport for Nowhere {
    async fn send(&mut self, _: Envelope<'_>) -> Result<Accepted, SendError> {
        Ok(Accepted { reply: "taken, and sent nowhere".to_owned() })
    }
}

/// The transport a configuration names.
#[derive(Debug)]
pub enum AnyTransport {
    Smtp(Box<SmtpTransport>),
    Maildir(MaildirTransport),
}

impl AnyTransport {
    /// `hello` is the name we greet mail servers with (EHLO). Neither connects nor looks before the first letter.
    pub fn new(outgoing: Outgoing, hello: &str) -> AnyTransport {
        match outgoing {
            Outgoing::Smtp(server) => AnyTransport::Smtp(Box::new(SmtpTransport::new(server, hello))),
            Outgoing::Maildir(path) => AnyTransport::Maildir(MaildirTransport::new(path)),
        }
    }

    /// Whether letters could leave now: connects and logs in, or looks at the folder, and sends nothing.
    pub async fn verify(&mut self) -> Result<(), SendError> {
        match self {
            AnyTransport::Smtp(transport) => transport.verify().await,
            AnyTransport::Maildir(transport) => transport.verify().await,
        }
    }
}

impl Transport for AnyTransport {
    async fn send(&mut self, letter: Envelope<'_>) -> Result<Accepted, SendError> {
        match self {
            AnyTransport::Smtp(transport) => transport.send(letter).await,
            AnyTransport::Maildir(transport) => transport.send(letter).await,
        }
    }
}
