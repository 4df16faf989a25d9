//! A heartbeat: one request to somebody who raises the alarm when it stays away.

use http_body_util::Full;
use hyper::{Request, StatusCode};

use crate::config::Heartbeat;
use crate::mail::http::{self, HttpError};

/// Why nobody heard the knock. Never says where: the path is often a secret.
#[derive(Debug, thiserror::Error)]
pub enum Unheard {
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error("the monitor answers {0}")]
    Refused(StatusCode),
}

/// Knocks once: a GET whose answer must be a success (RFC 9110, 15.3).
///
/// # Errors
///
/// When it was not heard; the next knock may be.
pub async fn knock(heartbeat: &Heartbeat) -> Result<(), Unheard> {
    let (status, _) = http::ask(&heartbeat.endpoint, Request::new(Full::default())).await?;
    if status.is_success() { Ok(()) } else { Err(Unheard::Refused(status)) }
}
