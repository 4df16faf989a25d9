//! What the server may say to one command: answers that no honest server gives are refused before they are parsed.
//!
//! The parser enters itself once for every part within a part of a BODYSTRUCTURE (RFC 3501, 7.4.2), however deep, and a few
//! hundred levels end the program: one landlord's mail server would silence everybody's. And it keeps an answer until it is
//! complete, however long.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::mail::wire::Wire;

/// Bytes said to one command: well above the largest message of a server that gives it whole when asked for a part.
const LONGEST: usize = 128 * 1024 * 1024;
/// What begins a BODYSTRUCTURE. It is never asked for, so these words are a message's own, or a trap.
const PARTS: &[u8] = b"BODYSTRUCTURE (";
/// Opening parentheses after [`PARTS`]. A message that speaks of IMAP may have some; each may be a level to the parser.
const DEEPEST: usize = 100;

/// A connection whose every answer is measured.
#[derive(Debug)]
pub struct Guard<W> {
    wire: W,
    said: Said,
}

/// What the server has said since we spoke last.
#[derive(Debug, Default)]
struct Said {
    bytes: usize,
    /// How much of [`PARTS`] the latest bytes are; all of it once it was there.
    begun: usize,
    deep: usize,
}

impl<W: Wire> Guard<W> {
    pub fn new(wire: W) -> Guard<W> {
        Guard { wire, said: Said::default() }
    }

    pub fn into_inner(self) -> W {
        self.wire
    }
}

impl Said {
    fn hear(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.bytes += bytes.len();
        for byte in bytes {
            if self.begun == PARTS.len() {
                self.deep += usize::from(*byte == b'(');
            } else if PARTS[self.begun] == byte.to_ascii_uppercase() {
                self.begun += 1;
            } else {
                self.begun = usize::from(PARTS[0] == byte.to_ascii_uppercase());
            }
        }
        let trouble = match () {
            () if self.bytes > LONGEST => "an answer longer than any message",
            () if self.deep > DEEPEST => "an answer nested too deeply to be read",
            () => return Ok(()),
        };
        Err(io::Error::new(io::ErrorKind::InvalidData, trouble))
    }
}

impl<W: Wire> AsyncRead for Guard<W> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.wire).poll_read(cx, buf))?;
        Poll::Ready(self.said.hear(&buf.filled()[before..]))
    }
}

impl<W: Wire> AsyncWrite for Guard<W> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.said = Said::default();
        Pin::new(&mut self.wire).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[tokio::test]
    async fn what_is_said_to_one_command_has_an_end() {
        let (wire, mut server) = tokio::io::duplex(64);
        let mut guard = Guard { wire, said: Said { bytes: LONGEST - 1, ..Said::default() } };
        server.write_all(b"abc").await.unwrap();
        let mut byte = [0; 1];
        guard.read_exact(&mut byte).await.unwrap();
        assert_eq!(guard.read_exact(&mut byte).await.unwrap_err().kind(), io::ErrorKind::InvalidData);
        guard.write_all(b"R2 NOOP\r\n").await.unwrap();
        guard.read_exact(&mut byte).await.expect("the next command's answer is measured by itself");
    }
}
