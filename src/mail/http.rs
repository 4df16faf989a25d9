//! One HTTP/1.1 question over a connection of its own: a knock at a monitor, a wish for a token.

use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{HOST, HeaderValue, USER_AGENT};
use hyper::rt::{Read, Write};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::time::timeout;

use super::wire::{self, WireError};
use crate::config::{Endpoint, Security};

/// Connecting, and the TLS handshake, each.
const CONNECT: Duration = Duration::from_secs(15);
/// The whole of it.
const ALL: Duration = Duration::from_secs(40);
/// No answer to what we ask is longer, in bytes.
const ANSWER_MAX: usize = 256 << 10;

/// Why there is no answer. Never says what was asked for: paths are often secrets.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    #[error("no connection: {0}")]
    Connection(String),
    #[error("no answer: {0}")]
    Answer(#[from] hyper::Error),
    #[error("the answer could not be read to its end")]
    Endless,
    #[error("no answer in time")]
    Silence,
}

impl From<WireError> for HttpError {
    fn from(error: WireError) -> HttpError {
        HttpError::Connection(error.to_string())
    }
}

/// Asks the server of `endpoint`, whose host and path `request` is given, and reads the whole answer.
///
/// # Errors
///
/// When no answer came; any answer is one, whatever its status.
pub async fn ask(endpoint: &Endpoint, request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes), HttpError> {
    let asked = async {
        let server = &endpoint.server;
        let stream = wire::tcp(server, CONNECT).await?;
        match server.security {
            Security::Plain => say(endpoint, request, TokioIo::new(stream)).await,
            Security::Tls | Security::StartTls => {
                say(endpoint, request, TokioIo::new(wire::tls(stream, server, CONNECT).await?)).await
            }
        }
    };
    timeout(ALL, asked).await.map_err(|_| HttpError::Silence)?
}

async fn say<S: Read + Write + Unpin + Send + 'static>(
    endpoint: &Endpoint,
    mut request: Request<Full<Bytes>>,
    stream: S,
) -> Result<(StatusCode, Bytes), HttpError> {
    let unfit = || HttpError::Connection("the URL cannot be asked for".to_owned());
    *request.uri_mut() = endpoint.path.parse().map_err(|_| unfit())?;
    let host = format!("{}:{}", endpoint.server.host, endpoint.server.port);
    request.headers_mut().insert(HOST, host.parse().map_err(|_| unfit())?);
    let name = HeaderValue::from_static(concat!("redress/", env!("CARGO_PKG_VERSION")));
    request.headers_mut().insert(USER_AGENT, name);
    let (mut sender, connection) = http1::handshake(stream).await?;
    // The connection goes on by itself; when it breaks, whoever waits for the answer hears of it.
    let connection = tokio::spawn(connection);
    let answered = async {
        let answer = sender.send_request(request).await?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), ANSWER_MAX).collect().await.map_err(|_| HttpError::Endless)?;
        Ok((status, body.to_bytes()))
    };
    let answered = answered.await;
    connection.abort();
    answered
}
