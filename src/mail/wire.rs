//! TCP and TLS: the one way to reach a server, for IMAP and SMTP alike.
//!
//! TLS is rustls with ring, certificates always verified, against the system's list or the one authority the operator
//! names. The list is read anew for each connection: a daemon that runs for years must notice a renewed authority.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::config::Server;

/// A connection, encrypted or not.
pub trait Wire: AsyncRead + AsyncWrite + Unpin + Send + Sync + fmt::Debug {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + Sync + fmt::Debug> Wire for T {}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// Nobody there, or not for now: trying later may help.
    #[error("{0}")]
    NotReached(String),
    /// The server's certificate does not fit its name or our authorities, or those cannot be read: a person must look.
    #[error("{0}")]
    NotTrusted(String),
}

/// Connects to the first address of `server` that answers, each within `limit`.
pub async fn tcp(server: &Server, limit: Duration) -> Result<TcpStream, WireError> {
    let not_reached = |why: String| WireError::NotReached(format!("{}:{}: {why}", server.host, server.port));
    let addresses = timeout(limit, tokio::net::lookup_host((server.host.as_str(), server.port)))
        .await
        .map_err(|_| not_reached("name lookup took too long".into()))?
        .map_err(|error| not_reached(format!("name lookup failed: {error}")))?;
    let mut last = not_reached("the name has no address".into());
    for address in addresses {
        match timeout(limit, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                stream.set_nodelay(true).map_err(|error| not_reached(error.to_string()))?;
                return Ok(stream);
            }
            Ok(Err(error)) => last = not_reached(error.to_string()),
            Err(_) => last = not_reached("no answer to the connection attempt".into()),
        }
    }
    Err(last)
}

/// Encrypts `stream` and verifies that it ends at `server`, within `limit`.
pub async fn tls(stream: TcpStream, server: &Server, limit: Duration) -> Result<TlsStream<TcpStream>, WireError> {
    let name = ServerName::try_from(server.host.clone())
        .map_err(|_| WireError::NotTrusted(format!("\"{}\" is no name a certificate could bear", server.host)))?;
    let config = client_config(server)?;
    match timeout(limit, TlsConnector::from(Arc::new(config)).connect(name, stream)).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(handshake_failed(&server.host, &error)),
        Err(_) => Err(WireError::NotReached(format!("{}: the TLS handshake took too long", server.host))),
    }
}

fn handshake_failed(host: &str, error: &io::Error) -> WireError {
    let words = format!("{host}: TLS: {error}");
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidCertificate(_)) => WireError::NotTrusted(words),
        _ => WireError::NotReached(words),
    }
}

fn client_config(server: &Server) -> Result<ClientConfig, WireError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| WireError::NotTrusted(error.to_string()))?
        .with_root_certificates(authorities(server)?)
        .with_no_client_auth())
}

fn authorities(server: &Server) -> Result<RootCertStore, WireError> {
    let mut store = RootCertStore::empty();
    let Some(path) = &server.ca_file else {
        // Single unreadable certificates in a system's list are common and harmless; an empty list is neither.
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        return if store.is_empty() {
            Err(WireError::NotTrusted("this machine has no list of certificate authorities".into()))
        } else {
            Ok(store)
        };
    };
    let unreadable = |error: String| WireError::NotTrusted(format!("authority file {}: {error}", path.display()));
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| unreadable(error.to_string()))? {
        let certificate = certificate.map_err(|error| unreadable(error.to_string()))?;
        store.add(certificate).map_err(|error| unreadable(error.to_string()))?;
    }
    if store.is_empty() { Err(unreadable("no certificate in it".into())) } else { Ok(store) }
}
