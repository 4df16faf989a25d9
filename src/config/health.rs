//! `[health]`: where to listen, and whom to knock at.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::mail::{certificates, host_name};
use super::reader::Table;
use super::secret::is_loopback;
use super::sections::Context;
use super::{Health, Heartbeat, Security, Server};

/// Minutes between two knocks.
const EVERY_M: u32 = 5;

pub(super) fn health(context: &Context<'_>, table: &Table<'_>) -> Option<Health> {
    let listen_slot = table.may("listen", r#""127.0.0.1:9464""#);
    let listen = listen_slot.parsed(|text| {
        text.parse::<SocketAddr>().map_err(|_| "must be an address and a port, numbers only".to_owned())
    });
    let beyond = table.may("beyond_this_machine", "true").flag().unwrap_or(false);
    if let Some(address) = listen
        && !address.ip().is_loopback()
        && !beyond
    {
        listen_slot.refuse(
            "is open to other machines, and nobody is asked for a password there. If that is what you mean, write \
             beyond_this_machine = true below it",
        );
    }
    let ca_file =
        table.may("ca_file", r#""/etc/redress/ca.pem""#).parsed(|path| certificates(&context.folder.join(path)));
    let every_m = table.may("heartbeat_every_m", "5").number(1..=60_u32).unwrap_or(EVERY_M);
    let heartbeat = table.may("heartbeat", r#""https://monitor.example.net/redress""#).parsed(|url| {
        let (server, path) = endpoint(url, ca_file.clone())?;
        Ok(Heartbeat { server, path, every_m })
    });
    Some(Health { listen, heartbeat })
}

/// The server and the path of a URL.
fn endpoint(url: &str, ca_file: Option<PathBuf>) -> Result<(Server, String), String> {
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
    Ok((Server { host, port, security, login: None, ca_file }, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heartbeat_goes_to_a_server_over_tls_or_stays_on_this_machine() {
        let read = |url| endpoint(url, None).map(|(server, path)| (server.host, server.port, server.security, path));
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
