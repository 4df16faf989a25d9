//! Where mail comes from and how it leaves: `[[mailbox]]`, `[outgoing]`, `[operator]`.

use std::fs;
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::endpoint::endpoint;
use super::landlord::{person, short_name};
use super::reader::Table;
use super::secret::{is_loopback, secret};
use super::sections::{Context, Met};
use super::{Issuer, Login, MailboxConfig, Operator, Outgoing, Proof, SecondWay, Security, Server, Source};

pub(super) fn mailbox(context: &Context<'_>, table: &Table<'_>, met: &mut Met) -> Option<MailboxConfig> {
    let name_slot = table.need("name", r#""complaints""#);
    let name = name_slot.parsed(short_name);
    if let Some(name) = &name {
        met.once(context.notes, name_slot.place(), "mailbox name", name);
    }
    let landlord_slot = table.need("landlord", r#""wellington", the key of a [[landlord]] section"#);
    let landlord = landlord_slot.text();
    if let Some(landlord) = &landlord {
        met.named.push((landlord.clone(), landlord_slot.place().clone()));
    }
    let source = source(context, table, met);
    let (folders, junk, move_to) = folders(table);
    let authserv_id = table.may("authserv_id", r#""mx.example.org""#).parsed(authserv_id);
    Some(MailboxConfig { name: name?, landlord: landlord?, source: source?, folders, junk, move_to, authserv_id })
}

/// The name alone: the rest of the header line is different in every message.
fn authserv_id(id: &str) -> Result<String, String> {
    if id.contains(|c: char| c.is_whitespace() || matches!(c, ';' | ':' | '=' | '"')) {
        return Err("must be the server's name alone, the word behind \"Authentication-Results:\"".to_owned());
    }
    Ok(id.to_owned())
}

fn source(context: &Context<'_>, table: &Table<'_>, met: &mut Met) -> Option<Source> {
    let imap_slot = table.may("imap", "section [mailbox.imap]");
    let imap = imap_slot.table(|table| server(context, table, &IMAP));
    let maildir_slot = table.may("maildir", r#""/var/mail/complaints""#);
    let maildir = maildir_slot.parsed(|path| folder(context.folder.join(path)));
    let slot = match (imap_slot.is_there(), maildir_slot.is_there()) {
        (true, false) => imap_slot,
        (false, true) => maildir_slot,
        (both, _) => {
            let what = if both {
                "has both imap and maildir. Leave one out: a mailbox has one place where its mail is."
            } else {
                r#"does not say where its mail is. Write the section [mailbox.imap] below it, or maildir = "/path"."#
            };
            context.notes.refuse(table.place(), what);
            return None;
        }
    };
    let source = imap.map(Source::Imap).or(maildir.map(Source::Maildir))?;
    let account = match &source {
        Source::Imap(server) => {
            let user = server.login.as_ref().map(|login| login.user.to_lowercase()).unwrap_or_default();
            if user.contains('@') {
                met.own.insert(user.clone(), slot.place().line);
            }
            format!("{user} at {}", server.host.to_lowercase())
        }
        Source::Maildir(folder) => folder.to_string_lossy().into_owned(),
    };
    if let Some(line) = met.seen_before(slot.place(), "mail account", &account) {
        let what = format!(
            "is the mail account of line {line}, and mail in it would be taken in twice. Write all its folders into \
             one [[mailbox]]."
        );
        context.notes.refuse(slot.place(), what);
    }
    Some(source)
}

/// A folder that is there.
pub(super) fn folder(path: PathBuf) -> Result<PathBuf, String> {
    if path.is_dir() { Ok(path) } else { Err("is not a folder that exists".to_owned()) }
}

fn folders(table: &Table<'_>) -> (Vec<String>, Option<String>, Option<String>) {
    let folders = table.may("folders", r#"["INBOX"]"#);
    let watched = if folders.is_there() { folders.texts() } else { vec!["INBOX".to_owned()] };
    for (at, folder) in watched.iter().enumerate() {
        if watched.iter().take(at).any(|other| same_folder(other, folder)) {
            folders.refuse("names the inbox twice");
        }
    }
    let is_watched = |name: &str| watched.iter().any(|folder| same_folder(folder, name));

    let junk = table.may("junk", r#""Junk""#).parsed(|junk| {
        if is_watched(junk) {
            return Err("is also in folders, whose mail is answered. Keep it here and take it out there".to_owned());
        }
        Ok(junk.to_owned())
    });
    let move_to = table.may("move_to", r#""Logged""#).parsed(|to| {
        if is_watched(to) || junk.as_ref().is_some_and(|junk| same_folder(junk, to)) {
            return Err("is a watched folder: what is moved there would be taken in as new, again and again".to_owned());
        }
        Ok(to.to_owned())
    });
    (watched, junk, move_to)
}

/// INBOX is INBOX however it is written (RFC 9051, 5.1); other names count letter by letter.
fn same_folder(one: &str, other: &str) -> bool {
    one == other || one.eq_ignore_ascii_case("inbox") && other.eq_ignore_ascii_case("inbox")
}

/// What IMAP and SMTP do differently when they are set up.
struct Protocol {
    /// Ports for TLS, STARTTLS and plain text.
    ports: [u16; 3],
    /// Whether there is no use without a login.
    login: bool,
}

/// RFC 8314, 7.3 and RFC 9051, 2.1.
const IMAP: Protocol = Protocol { ports: [993, 143, 143], login: true };
/// RFC 8314, 7.3 and RFC 6409, 3.1; relays in the house listen on 25.
const SMTP: Protocol = Protocol { ports: [465, 587, 25], login: false };

fn server(context: &Context<'_>, table: &Table<'_>, protocol: &Protocol) -> Option<Server> {
    let host = table.need("host", r#""mail.example.org""#).parsed(host_name);
    let security_slot = table.may("security", r#""tls""#);
    let security = if security_slot.is_there() {
        security_slot.choice(&[("tls", Security::Tls), ("starttls", Security::StartTls), ("plain", Security::Plain)])
    } else {
        Some(Security::Tls)
    };
    if security == Some(Security::Plain) && host.as_deref().is_some_and(|host| !is_loopback(host)) {
        security_slot.refuse(
            "is allowed only to this machine (127.0.0.1, ::1, localhost): elsewhere the password and residents' words \
             would cross the network in plain text. Use \"tls\", or \"starttls\" where the server has nothing better",
        );
    }
    let port = port(context, table, protocol, security.unwrap_or(Security::Tls));
    let user = table.may("user", r#""complaints@example.org""#);
    let password = table.may("password", r#"{ file = "/etc/redress/mail-password" }"#);
    let oauth = table.may("oauth", "section [mailbox.imap.oauth]");
    let wants_login = protocol.login || user.is_there() || password.is_there() || oauth.is_there();
    let ca_file =
        table.may("ca_file", r#""/etc/redress/ca.pem""#).parsed(|path| certificates(&context.folder.join(path)));
    let login = if wants_login {
        let user = table.need("user", r#""complaints@example.org""#).text();
        let proof = match oauth.is_there() {
            true if password.is_there() => {
                context.notes.refuse(oauth.place(), "stands beside a password. Leave one of them out.");
                None
            }
            true => oauth.table(|table| issuer(context, table)).map(|issuer| Proof::Token(Box::new(issuer))),
            false => {
                let password = table.need("password", r#"{ file = "/etc/redress/mail-password" }"#);
                secret(context, &password).map(Proof::Password)
            }
        };
        user.zip(proof).map(|(user, proof)| Login { user, proof })
    } else {
        None
    };
    if wants_login && login.is_none() {
        return None;
    }
    Some(Server { host: host?, port, security: security?, login, ca_file })
}

/// Who gives the tokens that are shown in place of a password.
fn issuer(context: &Context<'_>, table: &Table<'_>) -> Option<Issuer> {
    let ca_file =
        table.may("ca_file", r#""/etc/redress/ca.pem""#).parsed(|path| certificates(&context.folder.join(path)));
    let token_url = r#""https://login.microsoftonline.com/TENANT/oauth2/v2.0/token""#;
    let endpoint = table.need("token_url", token_url).parsed(|url| endpoint(url, ca_file.clone()));
    let client_id = table.need("client_id", r#""the program's id, as the provider shows it""#).text();
    let secret_slot = table.may("client_secret", r#"{ credential = "oauth" }"#);
    let refresh_slot = table.may("refresh_token", r#"{ credential = "granted" }"#);
    let client_secret = secret(context, &secret_slot);
    let refresh_token = secret(context, &refresh_slot);
    let scope = table.may("scope", r#""https://outlook.office365.com/.default""#).text();
    if !secret_slot.is_there() && !refresh_slot.is_there() {
        let what = r#"has no secret to show. Write client_secret = { credential = "oauth" }."#;
        context.notes.refuse(table.place(), what);
        return None;
    }
    // One that was named and could not be read is not as if there were none.
    if secret_slot.is_there() != client_secret.is_some() || refresh_slot.is_there() != refresh_token.is_some() {
        return None;
    }
    Some(Issuer { endpoint: endpoint?, client_id: client_id?, client_secret, scope, refresh_token })
}

fn port(context: &Context<'_>, table: &Table<'_>, protocol: &Protocol, security: Security) -> u16 {
    let [tls, starttls, plain] = protocol.ports;
    let slot = table.may("port", "993, without quotes; or leave it out for the usual one");
    let usual = match security {
        Security::Tls => tls,
        Security::StartTls => starttls,
        Security::Plain => plain,
    };
    let Some(port) = slot.number(1..=u16::MAX) else { return usual };
    let swapped = match security {
        Security::Tls if port == starttls || port == plain => Some("starttls"),
        Security::StartTls if port == tls => Some("tls"),
        _ => None,
    };
    if let Some(other) = swapped {
        let what = format!(r#"is usually spoken to with security = "{other}". If the connection fails, write that."#);
        context.notes.warn(slot.place(), what);
    }
    port
}

/// A name or an address; whatever else one might paste here has its own key.
pub(super) fn host_name(host: &str) -> Result<String, String> {
    let is_name = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    if is_name && !host.starts_with(['.', '-']) || host.parse::<IpAddr>().is_ok() {
        Ok(host.to_owned())
    } else {
        Err("must be the server's name alone, without port, user or imap://".to_owned())
    }
}

pub(super) fn certificates(path: &Path) -> Result<PathBuf, String> {
    match fs::read(path) {
        Ok(pem) if pem.windows(27).any(|part| part == b"-----BEGIN CERTIFICATE-----") => Ok(path.to_owned()),
        Ok(_) => Err("holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)".to_owned()),
        Err(error) => Err(format!("cannot be read: {error}")),
    }
}

pub(super) fn outgoing(context: &Context<'_>, table: &Table<'_>) -> Option<Outgoing> {
    let smtp_slot = table.may("smtp", "section [outgoing.smtp]");
    let smtp = smtp_slot.table(|table| server(context, table, &SMTP));
    let maildir_slot = table.may("maildir", r#""/var/lib/redress/letters-out""#);
    let maildir = maildir_slot.parsed(|path| {
        let folder = context.folder.join(path);
        match folder.parent() {
            Some(parent) if parent.is_dir() => Ok(folder),
            _ => Err("lies in a folder that does not exist".to_owned()),
        }
    });
    if smtp_slot.is_there() == maildir_slot.is_there() {
        let what = "must say one way for letters to leave. Write the section [outgoing.smtp], or [outgoing] with \
                    maildir = \"/path\".";
        context.notes.refuse(table.place(), what);
    }
    smtp.map(Outgoing::Smtp).or(maildir.map(Outgoing::Maildir))
}

pub(super) fn operator(
    context: &Context<'_>,
    table: &Table<'_>,
    outgoing: Option<&Outgoing>,
    met: &mut Met,
) -> Option<Operator> {
    let person = person(context, table, "Operator", met);
    let second_way = table
        .need(
            "second_way",
            r#"section [operator.second_way.smtp], or second_way = { command = ["/usr/local/bin/alarm"] }"#,
        )
        .table(|table| second_way(context, table, outgoing));
    Some(Operator { person: person?, second_way: second_way? })
}

fn second_way(context: &Context<'_>, table: &Table<'_>, outgoing: Option<&Outgoing>) -> Option<SecondWay> {
    let smtp_slot = table.may("smtp", "section [operator.second_way.smtp]");
    let smtp = smtp_slot.table(|table| server(context, table, &SMTP));
    if let (Some(Outgoing::Smtp(first)), Some(second)) = (outgoing, &smtp)
        && first.host.eq_ignore_ascii_case(&second.host)
        // Two ports of one server fail together; on this machine they may well be two servers.
        && (first.port == second.port || !is_loopback(&first.host))
    {
        let what = "is the server of [outgoing.smtp]: when that one is broken, nobody would hear of it. Write another \
                    host, or a command.";
        context.notes.refuse(smtp_slot.place(), what);
    }
    let command_slot = table.may("command", r#"["/usr/local/bin/alarm", "--urgent"]"#);
    let words = command_slot.at_least_one().into_iter().enumerate();
    let words: Vec<Option<String>> =
        words.map(|(at, word)| if at == 0 { word.parsed(executable) } else { word.text() }).collect();
    let command: Option<Vec<String>> = words.into_iter().collect();
    if smtp_slot.is_there() == command_slot.is_there() {
        let what = "must be one way that does not need [outgoing]. Write the section [operator.second_way.smtp] with \
                    another server, or command = [\"/usr/local/bin/alarm\"].";
        context.notes.refuse(table.place(), what);
    }
    smtp.map(SecondWay::Smtp).or(command.map(SecondWay::Command))
}

/// Absolute, because a service's PATH is not the one of the person who tried the command out.
fn executable(path: &str) -> Result<String, String> {
    let file = Path::new(path);
    if !file.is_absolute() {
        return Err("must begin with the program's whole path".to_owned());
    }
    match fs::metadata(file) {
        Ok(found) if found.is_file() && found.permissions().mode() & 0o111 != 0 => Ok(path.to_owned()),
        Ok(_) => Err("is not a program that can be run".to_owned()),
        Err(error) => Err(format!("cannot be found: {error}")),
    }
}
