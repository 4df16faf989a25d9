//! Access tokens in place of a password (OAuth 2.0): Microsoft 365 takes no password any more, and Google prefers none.
//!
//! The token's server is asked as RFC 6749 has it: for an access of the program's own (4.4), or with a lasting token that a
//! person once granted (6). The mail server is shown the token by XOAUTH2. Tokens are kept in memory until shortly before
//! they end, or until a mail server refuses one.

use std::time::Duration;

use http_body_util::Full;
use hyper::header::{ACCEPT, CONTENT_TYPE};
use hyper::{Method, Request};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::Value;
use tokio::time::Instant;

use super::http::{self, HttpError};
use super::words;
use crate::config::{Issuer, Login, Proof};

/// A token this near to its end is not used any more.
const BEFORE_THE_END: Duration = Duration::from_secs(5 * 60);
/// How long a token is used whose server does not say (RFC 6749, 5.1 only recommends it).
const USUAL_LIFE: Duration = Duration::from_secs(30 * 60);
/// No token is used for longer, whatever its server says.
const LONGEST_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum NoToken {
    /// A person must look: the program's own password is wrong or has ended, or the grant was withdrawn.
    #[error("no token: {0}")]
    Refused(String),
    /// Trying later may help.
    #[error("no token: {0}")]
    NotNow(String),
}

impl From<HttpError> for NoToken {
    fn from(error: HttpError) -> NoToken {
        NoToken::NotNow(error.to_string())
    }
}

/// What is shown to a mail server.
#[derive(Debug)]
pub enum Shown {
    Password(SecretString),
    Token(SecretString),
}

/// The token in use.
#[derive(Debug, Default)]
pub struct Tokens {
    kept: Option<(SecretString, Instant)>,
}

impl Tokens {
    /// What `login` shows to the mail server now; a token is asked for when none is at hand.
    ///
    /// # Errors
    ///
    /// When no token is given.
    pub async fn show(&mut self, login: &Login) -> Result<Shown, NoToken> {
        match &login.proof {
            Proof::Password(password) => Ok(Shown::Password(password.clone())),
            Proof::Token(issuer) => Ok(Shown::Token(self.token(issuer).await?)),
        }
    }

    /// The mail server would not have it: the next one is a new one.
    pub fn forget(&mut self) {
        self.kept = None;
    }

    async fn token(&mut self, issuer: &Issuer) -> Result<SecretString, NoToken> {
        if let Some((token, until)) = &self.kept
            && Instant::now() < *until
        {
            return Ok(token.clone());
        }
        let (token, life) = ask(issuer).await?;
        self.kept = Some((token.clone(), Instant::now() + life.saturating_sub(BEFORE_THE_END)));
        Ok(token)
    }
}

/// RFC 6749, 5.1.
#[derive(Deserialize)]
struct Granted {
    access_token: String,
    /// Seconds; the older of Microsoft's servers writes the number in quotes.
    expires_in: Option<Value>,
}

impl Granted {
    fn life(&self) -> Duration {
        let seconds = match self.expires_in.as_ref() {
            Some(Value::String(number)) => number.parse().ok(),
            Some(number) => number.as_u64(),
            None => None,
        };
        seconds.map_or(USUAL_LIFE, Duration::from_secs).min(LONGEST_LIFE)
    }
}

/// RFC 6749, 5.2.
#[derive(Deserialize)]
struct Denied {
    error: String,
    #[serde(default)]
    error_description: String,
}

async fn ask(issuer: &Issuer) -> Result<(SecretString, Duration), NoToken> {
    let request = Request::builder()
        .method(Method::POST)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(ACCEPT, "application/json")
        .body(Full::from(form(issuer)))
        .map_err(|_| NoToken::Refused("the request cannot be written".to_owned()))?;
    let (status, answer) = http::ask(&issuer.endpoint, request).await?;
    if status.is_success() {
        let granted: Granted = serde_json::from_slice(&answer)
            .map_err(|_| NoToken::NotNow("the token's server answers what cannot be read".to_owned()))?;
        let life = granted.life();
        return Ok((granted.access_token.into(), life));
    }
    let said = match serde_json::from_slice::<Denied>(&answer) {
        Ok(denied) => format!("{status}, {}: {}", denied.error, denied.error_description),
        Err(_) => status.to_string(),
    };
    let said = words(&said);
    // RFC 6749, 5.2: what is wrong with the request is 400 or 401. The rest is the server's own trouble.
    Err(if matches!(status.as_u16(), 400 | 401 | 403) { NoToken::Refused(said) } else { NoToken::NotNow(said) })
}

/// RFC 6749, 4.4.2 and 6, with the client's password in the body (2.3.1), which both providers take.
fn form(issuer: &Issuer) -> String {
    let mut fields = vec![("client_id", issuer.client_id.as_str())];
    match &issuer.refresh_token {
        Some(token) => fields.extend([("grant_type", "refresh_token"), ("refresh_token", token.expose_secret())]),
        None => fields.push(("grant_type", "client_credentials")),
    }
    fields.extend(issuer.client_secret.as_ref().map(|secret| ("client_secret", secret.expose_secret())));
    fields.extend(issuer.scope.as_ref().map(|scope| ("scope", scope.as_str())));
    let field = |(name, value): (&str, &str)| format!("{name}={}", encoded(value));
    fields.into_iter().map(field).collect::<Vec<_>>().join("&")
}

/// For a form: every byte but the unreserved ones (RFC 3986, 2.3) as %XX.
fn encoded(value: &str) -> String {
    let byte = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    value.bytes().map(byte).collect()
}

/// A login that shows `token`, and asks nobody for it.
#[cfg(test)]
pub(super) fn at_hand(token: &str) -> (Login, Tokens) {
    use crate::config::{Endpoint, Security, Server};
    let server = Server { host: "127.0.0.1".into(), port: 1, security: Security::Plain, login: None, ca_file: None };
    let issuer = Issuer {
        endpoint: Endpoint { server, path: "/".to_owned() },
        client_id: "redress".to_owned(),
        client_secret: None,
        scope: None,
        refresh_token: None,
    };
    let until = Instant::now() + Duration::from_secs(3600);
    let login = Login { user: "complaints@example.org".to_owned(), proof: Proof::Token(Box::new(issuer)) };
    (login, Tokens { kept: Some((token.to_owned().into(), until)) })
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::sync::{Arc, Mutex};

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;
    use crate::config::{Endpoint, Security, Server};

    fn issuer(at: SocketAddr) -> Issuer {
        let (host, port) = (at.ip().to_string(), at.port());
        let server = Server { host, port, security: Security::Plain, login: None, ca_file: None };
        Issuer {
            endpoint: Endpoint { server, path: "/tenant/token".to_owned() },
            client_id: "redress".to_owned(),
            client_secret: Some("p@ss word".to_owned().into()),
            scope: Some("https://mail.example.net/.default".to_owned()),
            refresh_token: None,
        }
    }

    fn login(issuer: Issuer) -> Login {
        Login { user: "complaints@example.org".to_owned(), proof: Proof::Token(Box::new(issuer)) }
    }

    /// Gives `answers`, one for each connection, and keeps what it was asked.
    async fn server(answers: Vec<String>) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&asked);
        tokio::spawn(async move {
            for answer in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut heard = Vec::new();
                // The form ends with the scope.
                while !heard.ends_with(b".default") {
                    let mut some = [0; 1024];
                    let length = stream.read(&mut some).await.unwrap();
                    heard.extend_from_slice(&some[..length]);
                }
                kept.lock().unwrap().push(String::from_utf8(heard).unwrap());
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        (at, asked)
    }

    fn answer(status: &str, body: &str) -> String {
        format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    }

    fn granted(token: &str, life: impl std::fmt::Display) -> String {
        answer("200 OK", &format!(r#"{{"token_type": "Bearer", "expires_in": {life}, "access_token": "{token}"}}"#))
    }

    async fn shown(tokens: &mut Tokens, login: &Login) -> String {
        match tokens.show(login).await.unwrap() {
            Shown::Token(token) => token.expose_secret().to_owned(),
            Shown::Password(_) => panic!("a token was to be shown"),
        }
    }

    #[tokio::test]
    async fn a_token_is_kept_until_shortly_before_its_end_or_until_it_is_refused() {
        let (at, asked) = server(vec![granted("first", 3600), granted("second", 299), granted("third", 3600)]).await;
        let (mut tokens, login) = (Tokens::default(), login(issuer(at)));
        for _ in 0..3 {
            assert_eq!(shown(&mut tokens, &login).await, "first");
        }
        tokens.forget();
        assert_eq!(shown(&mut tokens, &login).await, "second");
        assert_eq!(shown(&mut tokens, &login).await, "third", "the second ended within five minutes");
        let asked = asked.lock().unwrap();
        assert_eq!(asked.len(), 3);
        assert!(asked[0].starts_with("POST /tenant/token HTTP/1.1\r\n"), "{}", asked[0]);
        let form = "client_id=redress&grant_type=client_credentials&client_secret=p%40ss%20word&\
                    scope=https%3A%2F%2Fmail.example.net%2F.default";
        assert!(asked[0].ends_with(&format!("\r\n\r\n{form}")), "{}", asked[0]);
    }

    #[tokio::test]
    async fn a_life_in_quotes_or_without_end_is_one_all_the_same() {
        let (at, _) = server(vec![granted("first", "\"3599\""), granted("second", u64::MAX)]).await;
        let (mut tokens, login) = (Tokens::default(), login(issuer(at)));
        for token in ["first", "second"] {
            assert_eq!(shown(&mut tokens, &login).await, token);
            assert_eq!(shown(&mut tokens, &login).await, token);
            tokens.forget();
        }
    }

    #[tokio::test]
    async fn a_lasting_token_that_a_person_granted_is_shown_in_its_place() {
        let (at, asked) = server(vec![granted("ours", 3600)]).await;
        let issuer = Issuer { refresh_token: Some("lasting".to_owned().into()), ..issuer(at) };
        assert_eq!(shown(&mut Tokens::default(), &login(issuer)).await, "ours");
        assert!(asked.lock().unwrap()[0].contains("&grant_type=refresh_token&refresh_token=lasting&"));
    }

    #[tokio::test]
    async fn a_refusal_is_for_a_person_and_a_server_in_trouble_is_asked_again() {
        let refused =
            r#"{"error": "invalid_client", "error_description": "AADSTS7000222: The keys have expired.\r\nTrace"}"#;
        let (at, _) = server(vec![
            answer("401 Unauthorized", refused),
            answer("503 Service Unavailable", "busy"),
            answer("200 OK", "<html>"),
        ])
        .await;
        let (mut tokens, login) = (Tokens::default(), login(issuer(at)));
        let mut said = Vec::new();
        for _ in 0..4 {
            said.push(tokens.show(&login).await.unwrap_err());
        }
        assert!(
            matches!(&said[0], NoToken::Refused(words) if words.contains("invalid_client: AADSTS7000222")),
            "{said:?}"
        );
        assert!(said[1..].iter().all(|error| matches!(error, NoToken::NotNow(_))), "the last finds nobody: {said:?}");
        assert!(said.iter().all(|error| !error.to_string().contains("p@ss")), "{said:?}");
    }
}
