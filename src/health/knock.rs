//! A heartbeat: one request to somebody who raises the alarm when it stays away.

use std::time::Duration;

use http_body_util::Empty;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{HOST, USER_AGENT};
use hyper::rt::{Read, Write};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::time::timeout;

use crate::config::{Heartbeat, Security};
use crate::mail::wire::{self, WireError};

/// Connecting, and the TLS handshake, each.
const CONNECT: Duration = Duration::from_secs(15);
/// The whole of it.
const ALL: Duration = Duration::from_secs(40);

/// Why nobody heard the knock. Never says where: the path is often a secret.
#[derive(Debug, thiserror::Error)]
pub enum Unheard {
    #[error("no connection: {0}")]
    Connection(String),
    #[error("no answer: {0}")]
    Answer(#[from] hyper::Error),
    #[error("the monitor answers {0}")]
    Refused(StatusCode),
    #[error("no answer in time")]
    Silence,
}

impl From<WireError> for Unheard {
    fn from(error: WireError) -> Unheard {
        Unheard::Connection(error.to_string())
    }
}

/// Knocks once: a GET whose answer must be a success (RFC 9110, 15.3).
///
/// # Errors
///
/// When it was not heard; the next knock may be.
pub async fn knock(heartbeat: &Heartbeat) -> Result<(), Unheard> {
    let knocked = async {
        let stream = wire::tcp(&heartbeat.server, CONNECT).await?;
        match heartbeat.server.security {
            Security::Plain => ask(heartbeat, TokioIo::new(stream)).await,
            Security::Tls | Security::StartTls => {
                ask(heartbeat, TokioIo::new(wire::tls(stream, &heartbeat.server, CONNECT).await?)).await
            }
        }
    };
    timeout(ALL, knocked).await.map_err(|_| Unheard::Silence)?
}

async fn ask<S: Read + Write + Unpin + Send + 'static>(heartbeat: &Heartbeat, stream: S) -> Result<(), Unheard> {
    let request = Request::get(heartbeat.path.as_str())
        .header(HOST, format!("{}:{}", heartbeat.server.host, heartbeat.server.port))
        .header(USER_AGENT, concat!("redress/", env!("CARGO_PKG_VERSION")))
        .body(Empty::<Bytes>::new())
        .map_err(|_| Unheard::Connection("the URL cannot be asked for".to_owned()))?;
    let (mut sender, connection) = http1::handshake(stream).await?;
    // The connection goes on by itself; when it breaks, whoever waits for the answer hears of it.
    let connection = tokio::spawn(connection);
    let answered = sender.send_request(request).await;
    connection.abort();
    let status = answered?.status();
    if status.is_success() { Ok(()) } else { Err(Unheard::Refused(status)) }
}
