//! SMTP (RFC 5321): one connection a letter, one time limit a phase, and the phase decides what a failure means.
//!
//! lettre speaks the commands on a connection that `wire` opened. Its pool and its timeouts are not used: a
//! connection left in the middle comes back from the pool one answer behind, and reports letters as sent that nobody took.
//!
//! | phase | 4xx, silence, connection lost | 5xx |
//! |---|---|---|
//! | connection, TLS, greeting | [`Unreached`] | [`RouteBroken`], as are an untrusted certificate and a missing STARTTLS |
//! | login | [`Unreached`] | [`RouteBroken`] |
//! | MAIL, RCPT, DATA | [`Again`] | [`Never`]; 530 and 538 (RFC 4954, 6: log in first) [`RouteBroken`] |
//! | the letter, up to the final dot | [`Again`] | – |
//! | after the dot | 4xx [`Again`]; silence or connection lost [`Unknown`] | [`Never`] |
//!
//! A full mailbox (552 5.2.2) is [`Again`] in every phase: people do tidy up. So is what is refused because of who sends, not of
//! who is to read it: a sender that is blocked or has reached its limit is let in again.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream};
use lettre::transport::smtp::commands::{Data, Mail, Quit, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::Response;
use secrecy::ExposeSecret;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::token::{NoToken, Shown, Tokens};
use super::transport::{Accepted, Envelope, SendError, Transport};
use super::wire::{self, Wire, WireError};
use super::words;
use crate::config::{Security, Server};
use SendError::{Again, Never, RouteBroken, Unknown, Unreached};

/// The sender's address, rights or limit: RFC 3463 (5.1.7, 5.1.8), Gmail (5.4.5), Exchange (the others).
const SENDER_REFUSED: [&str; 6] = ["5.1.7", "5.1.8", "5.1.90", "5.2.252", "5.4.5", "5.7.60"];

/// How long each phase may last. RFC 5321, 4.5.3.2 is more generous with the commands, and never meant unattended queues
/// of one letter at a time; its ten minutes for the final answer are kept, for there impatience makes duplicates.
#[derive(Clone, Copy, Debug)]
struct Patience {
    connect: Duration,
    command: Duration,
    data: Duration,
    /// From the first byte of the letter to the final answer, besides a second for each [`BYTES_A_SECOND`].
    answer: Duration,
    quit: Duration,
}

const PATIENCE: Patience = Patience {
    connect: Duration::from_secs(30),
    command: Duration::from_secs(60),
    data: Duration::from_secs(120),
    answer: Duration::from_secs(600),
    quit: Duration::from_secs(5),
};

const BYTES_A_SECOND: u64 = 50_000;

/// A relay that letters leave by.
#[derive(Debug)]
pub struct SmtpTransport {
    server: Server,
    hello: ClientId,
    patience: Patience,
    tokens: Tokens,
}

impl SmtpTransport {
    /// `hello` is the name we greet the server with (EHLO): this machine's, or the landlord's domain.
    pub fn new(server: Server, hello: &str) -> SmtpTransport {
        SmtpTransport {
            server,
            hello: ClientId::Domain(hello.to_owned()),
            patience: PATIENCE,
            tokens: Tokens::default(),
        }
    }

    /// Connects, logs in and leaves, without a letter.
    pub async fn verify(&mut self) -> Result<(), SendError> {
        let (connection, _) = self.connect().await?;
        leave(connection, self.patience.quit).await;
        Ok(())
    }

    /// A connection ready for MAIL, and the flag that says whether the end of the letter has been written to it.
    async fn connect(&mut self) -> Result<(AsyncSmtpConnection, Arc<AtomicBool>), SendError> {
        let shown = match &self.server.login {
            Some(login) => Some(self.tokens.show(login).await?),
            None => None,
        };
        let stream = wire::tcp(&self.server, self.patience.connect).await?;
        let (stream, greeting): (Box<dyn Wire>, Vec<u8>) = match self.server.security {
            Security::Plain => (Box::new(stream), Vec::new()),
            Security::Tls => (Box::new(wire::tls(stream, &self.server, self.patience.connect).await?), Vec::new()),
            Security::StartTls => {
                let started = timeout(self.patience.command, start_tls(stream, &self.hello)).await;
                let (stream, greeting) = started.unwrap_or_else(|_| Err(Phase::Greeting.silent()))?;
                (Box::new(wire::tls(stream, &self.server, self.patience.connect).await?), greeting)
            }
        };
        let dotted = Arc::new(AtomicBool::new(false));
        let line = Line { wire: stream, said: greeting, reply: 0, dotted: dotted.clone() };
        let connecting = AsyncSmtpConnection::connect_with_transport(Box::new(line), &self.hello);
        let mut connection = self.phase(Phase::Greeting, self.patience.command, connecting).await?;
        if let (Some(login), Some(shown)) = (&self.server.login, &shown) {
            let (mechanisms, secret) = match shown {
                Shown::Password(password) => (DEFAULT_MECHANISMS, password),
                Shown::Token(token) => (&[Mechanism::Xoauth2][..], token),
            };
            let credentials = Credentials::new(login.user.clone(), secret.expose_secret().to_owned());
            let login = connection.auth(mechanisms, &credentials);
            let answered = self.phase(Phase::Login, self.patience.command, login).await;
            if matches!(answered, Err(RouteBroken(_))) {
                self.tokens.forget();
            }
            answered?;
        }
        Ok((connection, dotted))
    }

    /// Gives a phase its time, and its failure the meaning it has in that phase.
    async fn phase<T>(
        &self,
        phase: Phase,
        limit: Duration,
        step: impl Future<Output = Result<T, lettre::transport::smtp::Error>>,
    ) -> Result<T, SendError> {
        match timeout(limit, step).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => Err(phase.failed(&error)),
            Err(_) => Err(phase.silent()),
        }
    }

    async fn deliver(&mut self, letter: &Envelope<'_>) -> Result<Accepted, SendError> {
        let (from, to) = (address(letter.from)?, address(letter.to)?);
        if has_bare_line_ends(letter.bytes) {
            // Servers differ in what they make of them, down to where the letter ends (SMTP smuggling).
            return Err(Never("the letter's lines do not end in CRLF; it was not sent".into()));
        }
        let (mut connection, dotted) = self.connect().await?;
        let parameters = parameters(letter, &connection)?;
        let command = self.patience.command;
        let mail = connection.command(Mail::new(Some(from), parameters));
        Phase::Mail.expect(2, &self.phase(Phase::Mail, command, mail).await?)?;
        let rcpt = connection.command(Rcpt::new(to, Vec::new()));
        Phase::Rcpt.expect(2, &self.phase(Phase::Rcpt, command, rcpt).await?)?;
        let data = connection.command(Data);
        Phase::Data.expect(3, &self.phase(Phase::Data, self.patience.data, data).await?)?;

        // lettre ends the letter with a line end of its own.
        let bytes = letter.bytes.strip_suffix(b"\r\n").unwrap_or(letter.bytes);
        let limit = self.patience.answer + Duration::from_secs(bytes.len() as u64 / BYTES_A_SECOND);
        let answer = timeout(limit, connection.message(bytes)).await;
        let phase = if dotted.load(Ordering::Relaxed) { Phase::Dot } else { Phase::Letter };
        let answer = match answer {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return Err(phase.failed(&error)),
            Err(_) => return Err(phase.silent()),
        };
        phase.expect(2, &answer)?;
        // Not waited for: the sooner it is written down that the letter was taken, the less can be said twice.
        tokio::spawn(leave(connection, self.patience.quit));
        Ok(Accepted { reply: reply(&answer) })
    }
}

impl Transport for SmtpTransport {
    async fn send(&mut self, letter: Envelope<'_>) -> Result<Accepted, SendError> {
        self.deliver(&letter).await
    }
}

/// How far the conversation has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Greeting,
    Login,
    Mail,
    Rcpt,
    Data,
    /// The letter itself, before its end was written.
    Letter,
    /// The final dot was written.
    Dot,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Phase::Greeting => "greeting",
            Phase::Login => "login",
            Phase::Mail => "MAIL",
            Phase::Rcpt => "RCPT",
            Phase::Data => "DATA",
            Phase::Letter => "in the letter",
            Phase::Dot => "end of letter",
        })
    }
}

impl Phase {
    /// What a refusal with `code` means here.
    fn refused(self, code: u16, reply: &str) -> SendError {
        let words = words(&format!("{self}: {code} {reply}"));
        let permanent = code >= 500;
        let status = reply.split_whitespace().next().unwrap_or_default();
        match self {
            Phase::Greeting | Phase::Login if !permanent => Unreached(words),
            _ if !permanent => Again(words),
            Phase::Greeting | Phase::Login => RouteBroken(words),
            _ if matches!(code, 530 | 538) => RouteBroken(words),
            _ if status == "5.2.2" || SENDER_REFUSED.contains(&status) => Again(words),
            // 552 and 555 are about the letter: its size, its parameters.
            Phase::Mail if matches!(code, 550 | 553 | 554) && !status.starts_with("5.3.") => Again(words),
            Phase::Mail | Phase::Rcpt | Phase::Data | Phase::Letter | Phase::Dot => Never(words),
        }
    }

    /// What it means that no sensible answer came.
    fn unanswered(self, why: &str) -> SendError {
        let words = words(&format!("{self}: {why}"));
        match self {
            Phase::Greeting | Phase::Login => Unreached(words),
            Phase::Dot => Unknown(words),
            Phase::Mail | Phase::Rcpt | Phase::Data | Phase::Letter => Again(words),
        }
    }

    fn silent(self) -> SendError {
        self.unanswered("no answer in time")
    }

    fn failed(self, error: &lettre::transport::smtp::Error) -> SendError {
        let why = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
        match error.status() {
            Some(code) => self.refused(code.into(), &why),
            // lettre's own refusals: no login mechanism in common, a server that does not introduce itself.
            None if error.is_client() && matches!(self, Phase::Greeting | Phase::Login) => {
                RouteBroken(words(&format!("{self}: {why}")))
            }
            None => self.unanswered(&why),
        }
    }

    /// A server that says 250 where 354 belongs is a step behind us: nothing it said can be relied on.
    fn expect(self, severity: u16, answer: &Response) -> Result<(), SendError> {
        if u16::from(answer.code()) / 100 == severity {
            Ok(())
        } else {
            Err(self.unanswered(&format!("out of step: {}", reply(answer))))
        }
    }
}

impl From<NoToken> for SendError {
    fn from(error: NoToken) -> SendError {
        match error {
            NoToken::Refused(_) => RouteBroken(error.to_string()),
            NoToken::NotNow(_) => Unreached(error.to_string()),
        }
    }
}

impl From<WireError> for SendError {
    fn from(error: WireError) -> SendError {
        match error {
            WireError::NotReached(why) => Unreached(why),
            WireError::NotTrusted(why) => RouteBroken(why),
        }
    }
}

/// Code, enhanced status and text: the proof of sending, with the relay's queue id in it where it gives one.
fn reply(answer: &Response) -> String {
    words(&format!("{} {}", answer.code(), answer.message().collect::<Vec<_>>().join(" ")))
}

/// QUIT; how that goes does not matter.
async fn leave(mut connection: AsyncSmtpConnection, limit: Duration) {
    let _ = timeout(limit, connection.command(Quit)).await;
}

fn address(text: &str) -> Result<Address, SendError> {
    text.parse().map_err(|_| Never("the address cannot be written in SMTP; it was not sent".into()))
}

fn has_bare_line_ends(bytes: &[u8]) -> bool {
    let mut previous = 0;
    let mut bare = false;
    for &byte in bytes {
        bare |= (byte == b'\n') != (previous == b'\r');
        previous = byte;
    }
    bare || previous == b'\r'
}

/// What MAIL must announce (RFC 6152, 6531), or a refusal when the server cannot carry it.
fn parameters(letter: &Envelope<'_>, connection: &AsyncSmtpConnection) -> Result<Vec<MailParameter>, SendError> {
    let mut parameters = Vec::new();
    let mut need = |needed: bool, extension: Extension, parameter: MailParameter| {
        if needed && !connection.server_info().supports_feature(extension) {
            return Err(Never(format!(
                "the relay does not offer {extension}, which this letter needs; it was not sent"
            )));
        }
        if needed {
            parameters.push(parameter);
        }
        Ok(())
    };
    let addresses_ascii = letter.from.is_ascii() && letter.to.is_ascii();
    need(!addresses_ascii, Extension::SmtpUtfEight, MailParameter::SmtpUtfEight)?;
    let body = MailParameter::Body(MailBodyParameter::EightBitMime);
    need(!letter.bytes.is_ascii(), Extension::EightBitMime, body)?;
    Ok(parameters)
}

/// Greeting, EHLO and STARTTLS in clear, and nothing else; returns the greeting as well.
///
/// Not lettre's own: that one keeps what came after the answer and before TLS, and takes it for the first answers from
/// inside. Bytes in that place are somebody's forgery, and end the conversation here.
async fn start_tls(stream: TcpStream, hello: &ClientId) -> Result<(TcpStream, Vec<u8>), SendError> {
    let mut stream = BufReader::new(stream);
    let greeting = clear_reply(&mut stream, '2').await?;
    stream.write_all(format!("EHLO {hello}\r\n").as_bytes()).await.map_err(lost)?;
    let offers = clear_reply(&mut stream, '2').await?;
    if !offers.lines().any(|line| line.get(4..).is_some_and(|word| word.trim().eq_ignore_ascii_case("STARTTLS"))) {
        return Err(RouteBroken("greeting: the server does not offer STARTTLS".into()));
    }
    stream.write_all(b"STARTTLS\r\n").await.map_err(lost)?;
    clear_reply(&mut stream, '2').await?;
    if !stream.buffer().is_empty() {
        return Err(RouteBroken("greeting: words between STARTTLS and TLS, as a forger would put them".into()));
    }
    Ok((stream.into_inner(), greeting.into_bytes()))
}

fn lost(error: io::Error) -> SendError {
    Phase::Greeting.unanswered(&error.to_string())
}

/// Bytes of one reply: far more than any server has to say (Postfix, smtp_response_limit).
const REPLY_MAX: usize = 100_000;

/// One reply of one or more lines, whose code must begin with `wanted`.
async fn clear_reply(stream: &mut BufReader<TcpStream>, wanted: char) -> Result<String, SendError> {
    let mut reply = Vec::new();
    loop {
        let start = reply.len();
        let room = (REPLY_MAX - start) as u64;
        if stream.take(room).read_until(b'\n', &mut reply).await.map_err(lost)? == 0 {
            return Err(Phase::Greeting.unanswered("the server closed the connection"));
        }
        let line = &reply[start..];
        if line.get(3) != Some(&b'-') {
            let text = String::from_utf8_lossy(&reply).into_owned();
            let code = std::str::from_utf8(line.get(..3).unwrap_or_default()).ok().and_then(|code| code.parse().ok());
            return match code {
                Some(200..=599) if text.starts_with(wanted) => Ok(text),
                Some(code @ 400..=599) => Err(Phase::Greeting.refused(code, text.get(4..).unwrap_or_default())),
                _ => Err(Phase::Greeting.unanswered("an answer that makes no sense")),
            };
        }
    }
}

/// What lettre reads from and writes to.
///
/// A server answers what it has heard and says nothing by itself (RFC 5321, 4.1.1 and 4.2): what lies there before a command
/// is written is no answer to that command. Taken for one, a reply too many would put all others a step behind, and report a
/// letter as taken before its last line was sent. So lettre gets one line at a time, and nothing is written while there is
/// more.
#[derive(Debug)]
struct Line {
    wire: Box<dyn Wire>,
    /// What the server has said and lettre has not read yet; the greeting, when it came before STARTTLS.
    said: Vec<u8>,
    /// Bytes it has said since we spoke last: lettre reads a line of any length.
    reply: usize,
    /// Whether the letter's final dot was written: up to there the server cannot have taken it.
    dotted: Arc<AtomicBool>,
}

impl Line {
    /// Reads what the server says next, without waiting for a whole line; `false` when it has closed the connection.
    fn poll_hear(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let mut bytes = [0; 4096];
        let mut buf = ReadBuf::new(&mut bytes);
        ready!(Pin::new(&mut self.wire).poll_read(cx, &mut buf))?;
        self.reply += buf.filled().len();
        if self.reply > REPLY_MAX {
            return Poll::Ready(Err(io::Error::other("a reply without end")));
        }
        // lettre gives up on a reply that is not UTF-8; a "250" with an umlaut must not look like silence.
        self.said.extend(buf.filled().iter().map(|byte| if byte.is_ascii() { *byte } else { b'?' }));
        Poll::Ready(Ok(!buf.filled().is_empty()))
    }

    fn out_of_step(&self) -> io::Error {
        let line = self.said.split(|byte| *byte == b'\n').next().unwrap_or_default();
        io::Error::other(format!("out of step: {}", String::from_utf8_lossy(line)))
    }
}

impl AsyncTokioStream for Line {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

impl AsyncRead for Line {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.said.is_empty() && !ready!(self.poll_hear(cx))? {
            return Poll::Ready(Ok(()));
        }
        let line = self.said.iter().position(|byte| *byte == b'\n').map_or(self.said.len(), |end| end + 1);
        let length = line.min(buf.remaining());
        buf.put_slice(&self.said[..length]);
        self.said.drain(..length);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.said.is_empty()
            && let Poll::Ready(heard) = self.poll_hear(cx)
            && !heard?
        {
            return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
        }
        if !self.said.is_empty() {
            return Poll::Ready(Err(self.out_of_step()));
        }
        self.reply = 0;
        let written = Pin::new(&mut self.wire).poll_write(cx, bytes);
        // lettre writes "CRLF . CRLF" on its own; a tail of it counts, should the head have gone before.
        if let Poll::Ready(Ok(count)) = written
            && count == bytes.len()
            && b"\r\n.\r\n".ends_with(bytes)
        {
            self.dotted.store(true, Ordering::Relaxed);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests;
