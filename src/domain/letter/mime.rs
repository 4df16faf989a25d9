//! The finished e-mail: headers and parts, byte for byte the same each time it is made.
//!
//! lettre encodes names, subjects and bodies; date, Message-ID and boundaries are ours, for lettre would take them from the
//! clock and from chance.

use std::borrow::Cow;
use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use lettre::message::header::{
    self, ContentDisposition, ContentTransferEncoding, ContentType, HeaderName, HeaderValue, Headers,
};
use lettre::message::{Body, Mailbox, Mailboxes, MultiPart, SinglePart};

use crate::domain::case::Audience;
use crate::domain::message::File;

/// Message-IDs named in `References`: the first, which names the thread, and the latest. RFC 5537, 3.4.4 trims like this.
const REFERENCES_MAX: usize = 12;
/// Longer foreign Message-IDs are noise or an attack; RFC 5322, 2.1.1 ends a line at 998.
const MESSAGE_ID_MAX: usize = 250;
/// RFC 5322, 2.1.1: octets in a line without its end.
const LINE_MAX: usize = 998;

/// What the e-mail is made of. Names and subject are one clean line each.
pub(super) struct Parts<'a> {
    pub(super) from: Mailbox,
    pub(super) to: Mailbox,
    pub(super) subject: &'a str,
    pub(super) date: Timestamp,
    /// Without angle brackets, like those in `thread`.
    pub(super) message_id: &'a str,
    /// For a resident their own messages, oldest first; for staff the head of the case's thread, then what they are told of.
    pub(super) thread: Vec<&'a str>,
    pub(super) audience: Audience,
    pub(super) text: String,
    pub(super) html: String,
    pub(super) attached: Vec<Attached<'a>>,
}

/// What goes with a letter.
pub(super) enum Attached<'a> {
    /// A message, as it came.
    Message(&'a [u8]),
    /// A letter to be printed, as HTML.
    Printable { file: String, html: String },
    /// A file, as it came.
    File(&'a File),
}

pub(super) fn bytes(parts: Parts) -> Vec<u8> {
    // Hard to guess for whoever wrote the attached message: the Message-ID carries a keyed code.
    let boundary = format!("={}", parts.message_id.split('@').next().unwrap_or_default());
    let mut headers = Headers::new();
    headers.insert_raw(raw("Date", rfc5322_date(parts.date)));
    headers.set(header::From::from(Mailboxes::from(parts.from)));
    headers.set(header::To::from(Mailboxes::from(parts.to)));
    headers.set(header::Subject::from(parts.subject.to_owned()));
    headers.insert_raw(raw("Message-ID", format!("<{}>", parts.message_id)));
    let references = references(&parts.thread);
    let answered = match parts.audience {
        Audience::Resident => references.last(),
        Audience::Staff => references.first(),
    };
    if let Some(answered) = answered {
        headers.insert_raw(raw("In-Reply-To", answered.clone()));
        headers.insert_raw(raw("References", references.join(" ")));
    }
    // RFC 3834, 5: other machines are told that no person wrote this.
    match parts.audience {
        Audience::Resident => {
            headers.insert_raw(raw("Auto-Submitted", "auto-replied".to_owned()));
            // Exchange sends no absence notes back to us. Those of staff we want: they tell that nobody is reading.
            headers.insert_raw(raw("X-Auto-Response-Suppress", "All".to_owned()));
        }
        Audience::Staff => headers.insert_raw(raw("Auto-Submitted", "auto-generated".to_owned())),
    }
    headers.insert_raw(raw("Content-Language", "en-GB".to_owned()));
    headers.set(header::MIME_VERSION_1_0);

    let letter = multipart("alternative", &format!("{boundary}.letter"))
        .singlepart(written("text/plain; charset=utf-8", parts.text))
        .singlepart(written("text/html; charset=utf-8", parts.html));
    let body = match parts.attached.is_empty() {
        true => letter,
        false => {
            let whole = multipart("mixed", &format!("{boundary}.whole")).multipart(letter);
            parts.attached.into_iter().map(attached).fold(whole, MultiPart::singlepart)
        }
    };
    let mut bytes = headers.to_string().into_bytes();
    bytes.extend(body.formatted());
    bytes
}

fn attached(attached: Attached) -> SinglePart {
    match attached {
        Attached::Message(message) => enclosed(message),
        Attached::Printable { file, html } => SinglePart::builder()
            .header(content_type("text/html; charset=utf-8"))
            .header(ContentDisposition::attachment(&file))
            .header(ContentTransferEncoding::QuotedPrintable)
            .body(html.replace('\n', "\r\n")),
        Attached::File(file) => {
            let body = Body::new_with_encoding(file.bytes.clone(), ContentTransferEncoding::Base64);
            // What somebody's mail program called the file's kind may be anything.
            let kind =
                ContentType::parse(&file.content_type).unwrap_or_else(|_| content_type("application/octet-stream"));
            SinglePart::builder()
                .header(kind)
                .header(ContentDisposition::attachment(&file.name))
                .header(ContentTransferEncoding::Base64)
                .body(body.expect("base64 takes any octets"))
        }
    }
}

fn raw(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value)
}

fn multipart(kind: &str, boundary: &str) -> MultiPart {
    MultiPart::builder().header(content_type(&format!("multipart/{kind}; boundary=\"{boundary}\""))).build()
}

fn content_type(text: &str) -> ContentType {
    ContentType::parse(text).expect("our content types are well formed")
}

fn written(kind: &str, text: String) -> SinglePart {
    SinglePart::builder()
        .header(content_type(kind))
        .header(ContentTransferEncoding::QuotedPrintable)
        .body(text.replace('\n', "\r\n"))
}

/// The message as an attachment that opens with a click. As `message/rfc822`, which mail programs show in place, when it can
/// travel as it is: RFC 2046, 5.2.1 allows no other encoding. With octets outside ASCII, long lines or stray controls it goes
/// as a file in base64, for no server on the way may alter it and not every one takes 8BITMIME.
fn enclosed(message: &[u8]) -> SinglePart {
    let (kind, body) = match travels_as_it_is(message) {
        Some(message) => {
            ("message/rfc822", Body::dangerous_pre_encoded(message.into(), ContentTransferEncoding::SevenBit))
        }
        None => {
            let file = Body::new_with_encoding(message.to_vec(), ContentTransferEncoding::Base64);
            ("application/octet-stream", file.expect("base64 takes any octets"))
        }
    };
    SinglePart::builder()
        .header(content_type(kind))
        .header(ContentDisposition::attachment("message.eml"))
        .header(body.encoding())
        .body(body)
}

/// The message with CRLF line ends, when it is ASCII text in lines of ordinary length that begins with a header field.
fn travels_as_it_is(message: &[u8]) -> Option<Cow<'_, [u8]>> {
    let text = std::str::from_utf8(message).ok().filter(|text| text.is_ascii() && !text.contains('\0'))?;
    let field = text.split(':').next().filter(|name| !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic()));
    field.filter(|name| name.len() < text.len())?;
    let lines: Vec<&str> = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).collect();
    if lines.iter().any(|line| line.len() > LINE_MAX || line.contains('\r')) {
        return None;
    }
    let as_sent = lines.join("\r\n");
    Some(if as_sent == text { Cow::Borrowed(message) } else { Cow::Owned(as_sent.into_bytes()) })
}

/// The usable Message-IDs of `ids`, the first and the latest when there are many.
fn references(ids: &[&str]) -> Vec<String> {
    let mut usable: Vec<String> = Vec::new();
    for id in ids.iter().filter_map(|id| bracketed(id)) {
        if !usable.contains(&id) {
            usable.push(id);
        }
    }
    if usable.len() > REFERENCES_MAX {
        usable.drain(1..=usable.len() - REFERENCES_MAX);
    }
    usable
}

/// A foreign Message-ID in angle brackets, when it is fit to be repeated in a header.
fn bracketed(id: &str) -> Option<String> {
    let id = id.trim().trim_start_matches('<').trim_end_matches('>');
    let usable = id.contains('@')
        && id.len() <= MESSAGE_ID_MAX
        && id.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>'));
    usable.then(|| format!("<{id}>"))
}

static LONDON: LazyLock<TimeZone> = LazyLock::new(|| {
    TimeZoneDatabase::bundled().get("Europe/London").expect("the bundled time zone database knows London")
});

/// RFC 5322, 3.3, with the offset of Europe/London.
fn rfc5322_date(at: Timestamp) -> String {
    at.to_zoned(LONDON.clone()).strftime("%a, %d %b %Y %H:%M:%S %z").to_string()
}
