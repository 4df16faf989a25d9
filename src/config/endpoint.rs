//! A URL: the server it names, and the path there.

use std::path::PathBuf;

use super::mail::host_name;
use super::secret::is_loopback;
use super::{Endpoint, Security, Server};

/// The server and the path of a URL: over TLS, or on this machine.
pub(super) fn endpoint(url: &str, ca_file: Option<PathBuf>) -> Result<Endpoint, String> {
    let (security, usual, rest) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
        (Some(rest), _) => (Security::Tls, 443, rest),
        (None, Some(rest)) => (Security::Plain, 80, rest),
        (None, None) => return Err("must begin with https://".to_owned()),
    };
    if rest.bytes().any(|byte| !byte.is_ascii_graphic() || byte == b'#') {
        return Err("must be a URL without blanks and without #".to_owned());
    }
    let (place, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => {
            (host, port.parse().map_err(|_| "has a port that is none".to_owned())?)
        }
        _ => (place, usual),
    };
    let host = host_name(host.trim_matches(['[', ']'])).map_err(|_| "must name a server, and no user".to_owned())?;
    if host.is_empty() {
        return Err("must name a server, and no user".to_owned());
    }
    if security == Security::Plain && !is_loopback(&host) {
        return Err("must begin with https://, for it leaves this machine".to_owned());
    }
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    Ok(Endpoint { server: Server { host, port, security, login: None, ca_file }, path })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_a_server_over_tls_or_stays_on_this_machine() {
        let read = |url| {
            endpoint(url, None).map(|Endpoint { server, path }| (server.host, server.port, server.security, path))
        };
        let tls = |host: &str, port, path: &str| Ok((host.to_owned(), port, Security::Tls, path.to_owned()));
        assert_eq!(read("https://hc.example.net/ping/4711?a=b"), tls("hc.example.net", 443, "/ping/4711?a=b"));
        assert_eq!(read("https://hc.example.net:8443"), tls("hc.example.net", 8443, "/"));
        assert_eq!(read("https://hc.example.net?a"), tls("hc.example.net", 443, "/?a"));
        assert_eq!(read("https://[::1]:8443/x"), tls("::1", 8443, "/x"));
        assert!(read("http://127.0.0.1:8080/ping").is_ok());
        for bad in [
            "http://hc.example.net/ping",
            "hc.example.net",
            "https://user:word@hc.example.net/",
            "https:///ping",
            "https://hc.example.net:x/",
            "https://hc.example.net/a b",
            "https://hc.example.net/#a",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
