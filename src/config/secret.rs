//! Secrets come from a file, a systemd credential or the environment; the configuration only says where from.
//!
//! No message here repeats what was found: not the secret, and not the name of its place either, for a password typed
//! where a file name belongs is still a password.

use std::fs;
use std::io::{self, Read};
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

use super::Expiry;
use super::reader::{Slot, Table};
use super::sections::Context;

/// Larger files are no secrets but mistakes.
const SECRET_BYTES_MAX: u64 = 64 * 1024;

/// The secret that `slot` points to.
pub(super) fn secret(context: &Context<'_>, slot: &Slot<'_>) -> Option<SecretString> {
    if slot.is_there() && !slot.is_table() {
        slot.refuse(
            "is no place for the secret itself, which backups and copies of this file would carry. Put it into a file \
             of its own that only the program can read (chmod 600), or a systemd credential { credential = \"name\" }, \
             or the environment { env = \"NAME\" }",
        );
        return None;
    }
    slot.table(|place| {
        if let Some(on) = place.may("expires", "2027-03-31").date() {
            if on < context.today {
                context.notes.warn(slot.place(), "has ended, says its own date. Put the new one there, with its date.");
            }
            context.expiries.borrow_mut().push(Expiry { key: slot.place().key.clone(), on });
        }
        let file = place.may("file", r#""/etc/redress/password""#);
        let credential = place.may("credential", r#""password""#);
        let env = place.may("env", r#""REDRESS_PASSWORD""#);
        let ways = [
            (file, from_file as fn(&Context<'_>, &str) -> Result<String, String>),
            (credential, from_credential),
            (env, from_env),
        ];
        let mut named = ways.into_iter().filter(|(way, _)| way.is_there());
        let (Some((way, take)), None) = (named.next(), named.next()) else {
            slot.refuse("must name one place: file, credential or env");
            return None;
        };
        let found = take(context, &way.text()?).and_then(checked);
        found.map_err(|what| context.notes.refuse(way.place(), what)).ok()
    })
}

fn from_file(context: &Context<'_>, path: &str) -> Result<String, String> {
    let path = context.folder.join(path);
    let file = fs::metadata(&path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => "no file of this name is there. Write the path of a file that holds the secret \
                                    and nothing else."
            .to_owned(),
        _ => format!("the file cannot be looked at: {error}. Give the program's user the right to read it."),
    })?;
    if !file.is_file() {
        return Err(
            "is a folder or a device. Write the path of a file that holds the secret and nothing else.".to_owned()
        );
    }
    if file.permissions().mode() & 0o077 != 0 {
        return Err(format!("others can read this file. Run: chmod 600 '{}'", path.display()));
    }
    read(&path)
}

/// systemd has seen to it that only this service reads its credentials; their mode is no concern of ours.
fn from_credential(context: &Context<'_>, name: &str) -> Result<String, String> {
    if name.contains('/') || name == ".." {
        return Err("is not the name of a credential. Write the first part of the unit's LoadCredential= line, the \
                    one before the colon."
            .to_owned());
    }
    let Some(folder) = (context.env)("CREDENTIALS_DIRECTORY") else {
        return Err("credentials are there only when systemd starts the program ($CREDENTIALS_DIRECTORY is not set). \
                    Start it through its unit, or write { file = \"…\" } instead."
            .to_owned());
    };
    let path = PathBuf::from(folder).join(name);
    if !path.is_file() {
        return Err("systemd gave the program no credential of this name. Add LoadCredential=name:/path/of/the/file \
                    to the unit, or correct the name."
            .to_owned());
    }
    read(&path)
}

fn from_env(context: &Context<'_>, name: &str) -> Result<String, String> {
    (context.env)(name).ok_or_else(|| {
        "no environment variable of this name is set. Set it where the program is started, or write \
         { file = \"…\" } instead."
            .to_owned()
    })
}

fn read(path: &Path) -> Result<String, String> {
    let mut text = String::new();
    let limit = SECRET_BYTES_MAX + 1;
    fs::File::open(path)
        .and_then(|file| file.take(limit).read_to_string(&mut text))
        .map_err(|error| format!("the file cannot be read as text: {error}. Write the secret into it as UTF-8."))?;
    Ok(text)
}

/// One line break at the end comes from the editor; everything else belongs to the secret.
fn checked(text: String) -> Result<SecretString, String> {
    let secret = text.strip_suffix('\n').unwrap_or(&text);
    let secret = secret.strip_suffix('\r').unwrap_or(secret);
    if secret.is_empty() {
        Err("the secret found there is empty. Put the secret there, one line and nothing else.".to_owned())
    } else if secret.len() as u64 > SECRET_BYTES_MAX {
        Err("what is found there is too large for a secret. Put the secret there, one line and nothing else."
            .to_owned())
    } else if secret.chars().any(char::is_control) {
        // A line break inside a password would end the LOGIN command it is sent with and begin another.
        Err("the secret found there has several lines. Put the secret there, one line and nothing else.".to_owned())
    } else {
        Ok(SecretString::from(secret))
    }
}

/// The database's URL, complete: paths absolute, the password filled in.
pub(super) fn database(context: &Context<'_>, top: &Table<'_>) -> Option<SecretString> {
    let slot = top.need("database", r#""sqlite:///var/lib/redress/redress.db""#);
    let password_slot = top.may("database_password", r#"{ credential = "database" }"#);
    let password = secret(context, &password_slot);
    let url = slot.text()?;
    let complete = if let Some(path) = url.strip_prefix("sqlite:") {
        if password_slot.is_there() {
            context.notes.refuse(password_slot.place(), "an SQLite file has no password. Leave this line out.");
        }
        sqlite_url(path, &context.folder)
    } else if let Some(rest) = url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://")) {
        postgres_url(rest, password.as_ref())
    } else {
        Err("is neither SQLite nor PostgreSQL. Write \"sqlite:///var/lib/redress/redress.db\" or \
             \"postgres://user@host/database\".")
    };
    complete.map_err(|what| context.notes.refuse(slot.place(), what)).ok()
}

fn sqlite_url(path: &str, folder: &Path) -> Result<SecretString, &'static str> {
    let path = path.strip_prefix("//").unwrap_or(path);
    if path.contains('?') {
        return Err("has settings after a question mark. Write the path alone; the program sets what it needs.");
    }
    if path.is_empty() || path.ends_with('/') || path.ends_with(":memory:") {
        return Err(
            r#"names no file, and cases must outlive the program. Write "sqlite:///var/lib/redress/redress.db"."#,
        );
    }
    if path.starts_with('/') {
        return Ok(format!("sqlite://{path}").into());
    }
    let folder = folder.to_str().ok_or("lies in a folder whose name is not UTF-8. Write an absolute path.")?;
    Ok(format!("sqlite://{}/{path}", percent_encoded(folder, b"/")).into())
}

fn postgres_url(rest: &str, password: Option<&SecretString>) -> Result<SecretString, &'static str> {
    let (rest, settings) = rest.split_once('?').unwrap_or((rest, ""));
    let setting = |name: &str| {
        let mut pairs = settings.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
    };
    let (server, name) = rest.split_once('/').unwrap_or((rest, ""));
    let (user, server) = server.rsplit_once('@').unwrap_or(("", server));
    if user.contains(':') || setting("password").is_some() {
        return Err("holds a password, which backups and copies of this file would carry. Take it out here and write \
                    database_password = { file = \"/etc/redress/database-password\" } on a line of its own.");
    }
    // An IPv6 address has colons of its own, in brackets.
    let (host, port) = match server.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (server, None),
    };
    if user.is_empty() || host.is_empty() || name.is_empty() {
        return Err("must name user, host and database. Write \"postgres://user@host/database\"; for a socket, \
                    \"postgres://user@localhost/database?host=/run/postgresql\".");
    }
    if port.is_some_and(|port| port.parse::<u16>().is_err()) {
        return Err(r#"has a port that is none. Write "postgres://user@host:5432/database"."#);
    }
    let reached = setting("hostaddr").or(setting("host")).unwrap_or(host);
    let at_home = reached.starts_with(['/', '%']) || is_loopback(reached);
    if !at_home && !matches!(setting("sslmode"), Some("verify-ca" | "verify-full")) {
        return Err("is on another machine, and residents' words must not cross the network unprotected. Write \
                    \"postgres://user@host/database?sslmode=verify-full\".");
    }
    let question_mark = if settings.is_empty() { "" } else { "?" };
    let password =
        password.map(|password| format!(":{}", percent_encoded(password.expose_secret(), b""))).unwrap_or_default();
    Ok(format!("postgres://{user}{password}@{server}/{name}{question_mark}{settings}").into())
}

/// Whether what is said to `host` stays on this machine (127.0.0.0/8, ::1, localhost).
pub(super) fn is_loopback(host: &str) -> bool {
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// RFC 3986, 2.1: everything but unreserved characters and `kept`.
fn percent_encoded(text: &str, kept: &[u8]) -> String {
    use std::fmt::Write;

    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || kept.contains(&byte) {
            encoded.push(byte.into());
        } else {
            write!(encoded, "%{byte:02X}").expect("writing to a String succeeds");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_database_lies_beside_the_configuration() {
        let url = |path| sqlite_url(path, Path::new("/etc/red ress")).map(|url| url.expose_secret().to_owned());
        assert_eq!(url("redress.db"), Ok("sqlite:///etc/red%20ress/redress.db".to_owned()));
        assert_eq!(url("//data/redress.db"), Ok("sqlite:///etc/red%20ress/data/redress.db".to_owned()));
        assert_eq!(url("///var/lib/redress.db"), Ok("sqlite:///var/lib/redress.db".to_owned()));
        assert_eq!(url("/var/lib/redress.db"), Ok("sqlite:///var/lib/redress.db".to_owned()));
        assert!(url(":memory:").is_err() && url("//x.db?mode=ro").is_err() && url("").is_err());
    }

    #[test]
    fn the_password_of_the_database_is_filled_in_so_that_no_character_of_it_can_change_the_url() {
        let url = postgres_url("redress@localhost:5433/redress?application_name=redress", Some(&"p@s/s:?%".into()));
        assert_eq!(
            url.expect("a good URL").expose_secret(),
            "postgres://redress:p%40s%2Fs%3A%3F%25@localhost:5433/redress?application_name=redress"
        );
    }

    #[test]
    fn a_database_elsewhere_is_spoken_to_over_tls_or_not_at_all() {
        for near in ["u@localhost/d", "u@127.0.0.1:5432/d", "u@[::1]:5432/d", "u@[::1]/d", "u@localhost/d?host=/run/pg"]
        {
            assert!(postgres_url(near, None).is_ok(), "{near}");
        }
        assert!(postgres_url("u@db.example.org/d", None).is_err());
        assert!(postgres_url("u@db.example.org/d?sslmode=prefer", None).is_err());
        assert!(postgres_url("u@db.example.org/d?sslmode=require", None).is_err(), "encrypted, to nobody knows whom");
        assert!(postgres_url("u@localhost/d?host=db.example.org", None).is_err());
        assert!(postgres_url("u@db.example.org/d?sslmode=verify-full", None).is_ok());
    }

    #[test]
    fn one_line_break_at_the_end_of_a_secret_is_the_editors() {
        let kept = |text: &str| checked(text.to_owned()).map(|secret| secret.expose_secret().to_owned());
        assert_eq!(kept("pass word \n"), Ok("pass word ".to_owned()));
        assert_eq!(kept("password\r\n"), Ok("password".to_owned()));
        assert!(kept("\n").is_err() && kept("").is_err() && kept("one\ntwo\n").is_err());
    }
}
