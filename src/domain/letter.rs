//! What must be said → the finished e-mail, byte for byte; and the lint of its contents.
//!
//! [`write()`] fills a template with the facts of a case (`facts.rs`, `resident.rs`, `staff.rs`), looks whether the letter says
//! everything it must (`lint.rs`), and makes the e-mail (`mime.rs`). A letter that a person hands over goes to that person,
//! below a page that says how, and as a file to print. The same values give the same bytes. A letter that lacks a mandatory part is not written.
//!
//! Known weakness: letters are in English only.

mod answer;
mod facts;
mod lint;
mod message_id;
mod mime;
mod notice;
mod page;
mod resident;
mod sample;
mod staff;
mod steps;
mod template;
pub mod token;

use std::fmt;

use jiff::Timestamp;
use lettre::Address;
use lettre::message::Mailbox;

use facts::{Pen, Source};
pub use message_id::{MessageKey, NoticeId, message_id, our_letter, our_notice};
pub use notice::{Notice, write_notice};
pub use sample::{Sample, samples};
pub use template::Templates;

use super::case::{Audience, Case, Kind, Letter, LetterNo, Opening};
use super::code::cite;
use super::landlord::{Landlord, Ombudsman};
use super::message::File;
use super::reference::Reference;
use super::words::Words;

/// Longest display name in a header.
const NAME_CHARS_MAX: usize = 80;
/// Longest piece of a resident's subject that comes back in ours: one glance in a list of mail.
const SUBJECT_CHARS_MAX: usize = 90;
/// Longest reference in brackets, as a subject may show it.
const REFERENCE_BYTES_MAX: usize = 24;
/// Letter number that stands for the case itself: the head of the thread its letters to staff hang together by.
const THREAD: LetterNo = 0;

/// What a landlord's letters are written with.
#[derive(Clone, Copy, Debug)]
pub struct Desk<'a> {
    pub landlord: &'a Landlord,
    pub ombudsman: &'a Ombudsman,
    pub templates: &'a Templates,
    pub key: &'a MessageKey,
}

/// A message that goes with a letter to staff.
#[derive(Clone, Copy)]
pub struct Enclosed<'a> {
    pub raw: &'a [u8],
    /// Attach it as it came; otherwise the letter shows the beginning of its text, and no attachments.
    pub whole: bool,
    /// As the message gives it, name and address.
    pub from: &'a str,
    pub subject: &'a str,
    pub text: &'a str,
    pub received: Timestamp,
    /// Without angle brackets or with them.
    pub message_id: Option<&'a str>,
}

/// What goes with a letter.
#[derive(Clone, Copy, Default)]
pub struct With<'a> {
    /// To staff, the message it tells of.
    pub message: Option<&'a Enclosed<'a>>,
    /// To a resident, what came with the answer.
    pub files: &'a [File],
}

/// A finished letter with its envelope.
#[derive(Clone, PartialEq, Eq)]
pub struct Written {
    /// Without angle brackets.
    pub message_id: String,
    pub subject: String,
    /// Envelope sender: the mailbox itself, never empty, so that delivery reports come back to be read.
    pub from: String,
    pub to: String,
    /// RFC 5322, with CRLF line ends and ASCII only.
    pub bytes: Vec<u8>,
}

/// Without names, addresses and words: it may end in a log.
impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Written({}, {} bytes)", self.message_id, self.bytes.len())
    }
}

/// Why a letter cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unwritable {
    #[error("the case has not been opened")]
    NotOpened,
    /// The reader's address, or the landlord's own, is not one that mail can be sent to (RFC 5321, 4.1.2; ASCII).
    #[error("the {0} address is not one that mail can be sent to")]
    Address(&'static str),
    #[error("{0}")]
    Template(String),
    /// The letter does not say something it must.
    #[error(
        "{template}: the part \"{part}\" {what}, and this letter must have it ({}). Say it below a line \"@{part}\"",
        cite(.provision)
    )]
    Missing { template: &'static str, part: &'static str, provision: &'static str, what: String },
    /// The letter says something no letter may say.
    #[error("{template}: \"{words}\" must not be in a letter: {why}")]
    Unwelcome { template: &'static str, words: &'static str, why: &'static str },
    #[error("{template}: {why}")]
    Shape { template: &'static str, why: &'static str },
}

/// Writes `letter` of `case`, whose history already holds it, `with` what goes with it; `thread` are the Message-IDs of the
/// resident's messages, oldest first; `now` dates the letter.
///
/// # Errors
///
/// [`Unwritable`] when the letter would not be complete, or has nowhere to go. Its words name no resident.
pub fn write(
    case: &Case,
    letter: &Letter,
    with: &With,
    thread: &[String],
    desk: &Desk,
    now: Timestamp,
) -> Result<Written, Unwritable> {
    let enclosed = with.message;
    let opening = case.opening.as_ref().ok_or(Unwritable::NotOpened)?;
    let finished = read(case, letter, enclosed, desk, now)?;
    let own_address = desk.landlord.addresses.first().ok_or(Unwritable::Address("landlord's own"))?;
    let from = mailbox(&desk.landlord.name, own_address).ok_or(Unwritable::Address("landlord's own"))?;
    // A letter to be handed over goes to one of the landlord's people, and bears the resident's name.
    let people = desk.landlord.people();
    let colleague = people.iter().find(|person| person.address == letter.address.as_str());
    let (audience, name) = match letter.by_hand {
        Some(_) => (Audience::Staff, colleague.map_or("", |person| &person.name)),
        None => (letter.audience, letter.name.as_str()),
    };
    let to = mailbox(name, letter.address.as_str()).ok_or(Unwritable::Address("reader's"))?;

    let domain = from.email.domain().to_ascii_lowercase();
    let message_id = message_id(&opening.reference, letter.number, desk.key, &domain);
    let head = self::message_id(&opening.reference, THREAD, desk.key, &domain);
    let thread = match audience {
        Audience::Resident => thread.iter().map(String::as_str).collect(),
        // The message they are told of comes along, so that it stands in the same thread where they share the mailbox.
        Audience::Staff => {
            [head.as_str()].into_iter().chain(enclosed.and_then(|enclosed| enclosed.message_id)).collect()
        }
    };
    let subject = subject(case, opening, letter);
    let attached = match finished.printable {
        Some(html) => {
            let file = format!("{}-{}.html", opening.reference, letter.says.kind().key());
            Some(mime::Attached::Printable { file, html })
        }
        None => enclosed.filter(|enclosed| enclosed.whole).map(|enclosed| mime::Attached::Message(enclosed.raw)),
    };
    let attached = attached.into_iter().chain(with.files.iter().map(mime::Attached::File)).collect();
    let (from_address, to_address) = (from.email.to_string(), to.email.to_string());
    let bytes = mime::bytes(mime::Parts {
        from,
        to,
        subject: &subject,
        date: now,
        message_id: &message_id,
        thread,
        audience,
        text: finished.text,
        html: finished.html,
        attached,
    });
    Ok(Written { message_id, subject, from: from_address, to: to_address, bytes })
}

/// A letter as it reads: linted, not yet an e-mail.
struct Finished {
    text: String,
    html: String,
    /// The letter by itself, when a person is to print it.
    printable: Option<String>,
}

fn read(
    case: &Case,
    letter: &Letter,
    enclosed: Option<&Enclosed>,
    desk: &Desk,
    now: Timestamp,
) -> Result<Finished, Unwritable> {
    let opening = case.opening.as_ref().ok_or(Unwritable::NotOpened)?;
    let source = Source { case, opening, letter, enclosed, desk, now };
    let rendered = linted(&source, template::file(letter.says.kind()), facts::of)?;
    if letter.by_hand.is_none() {
        return Ok(Finished { text: rendered.text, html: rendered.html, printable: None });
    }
    let cover = linted(&source, template::COVER, facts::of_cover)?;
    let title = subject(case, opening, letter);
    let (text, html) = desk.templates.below(&cover, &rendered, title).map_err(unfilled)?;
    Ok(Finished { text, html, printable: Some(rendered.html) })
}

fn linted(
    source: &Source,
    template: &'static str,
    facts: fn(&Source, &mut Pen) -> minijinja::Value,
) -> Result<template::Rendered, Unwritable> {
    let mut pen = Pen::default();
    let facts = facts(source, &mut pen);
    let rendered = source.desk.templates.render(template, facts, &pen.theirs).map_err(unfilled)?;
    lint::check(&rendered, &pen.parts, &pen.theirs)?;
    Ok(rendered)
}

fn unfilled(error: minijinja::Error) -> Unwritable {
    Unwritable::Template(template::in_words(&error))
}

/// The letter as people read it, plain text or HTML, for a look before anything is sent.
///
/// # Errors
///
/// As [`write()`].
pub fn preview(sample: &Sample, desk: &Desk, html: bool) -> Result<String, Unwritable> {
    let finished = read(&sample.case, &sample.letter, sample.enclosed().as_ref(), desk, sample.now)?;
    Ok(if html { finished.html } else { finished.text })
}

/// Whether [`write()`] can write to `address`. Ask before a case takes it for the resident's: else no letter of a decision
/// that answers them can be written.
pub fn can_be_written_to(address: &str) -> bool {
    parsed(address).is_some()
}

/// Addresses outside ASCII need SMTPUTF8 on the whole way (RFC 6531), which nobody can promise.
fn parsed(address: &str) -> Option<Address> {
    address.parse().ok().filter(|_| address.is_ascii())
}

/// Names are cut to one clean line: lettre panics at a line end in one.
fn mailbox(name: &str, address: &str) -> Option<Mailbox> {
    let name = page::one_line(name, NAME_CHARS_MAX);
    Some(Mailbox::new(Some(name).filter(|name| !name.is_empty()), parsed(address)?))
}

/// A resident sees their own subject and the reference; staff see what it is and by when, and no word of a resident's: subjects
/// are shown on locked screens, and complaints tell of health and home.
fn subject(case: &Case, opening: &Opening, letter: &Letter) -> String {
    let reference = &opening.reference;
    match &letter.says {
        says if says.kind().audience() == Audience::Resident && letter.by_hand.is_none() => {
            let theirs = match &opening.subject {
                Words::Words(subject) => bare_subject(subject),
                Words::Erased(_) => String::new(),
            };
            match (theirs.as_str(), case.kind) {
                ("", Some(Kind::ServiceRequest)) => format!("Your request [{reference}]"),
                ("", Some(Kind::Correspondence)) => format!("Your message [{reference}]"),
                ("", _) => format!("Your complaint [{reference}]"),
                (theirs, _) => format!("Re: {theirs} [{reference}]"),
            }
        }
        _ => staff::subject(case, opening, letter),
    }
}

/// The text without references in brackets: the letter names its own case and no other.
fn without_references(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some((before, from_bracket)) = rest.split_once('[') {
        kept.push_str(before);
        let end = from_bracket.bytes().take(REFERENCE_BYTES_MAX).position(|byte| byte == b']');
        rest = match end.map(|end| (&from_bracket[..end], &from_bracket[end + 1..])) {
            Some((inside, after)) if inside.parse::<Reference>().is_ok() => after,
            _ => {
                kept.push('[');
                from_bracket
            }
        };
    }
    kept + rest
}

/// The subject without what mail programs put before it, and without references of ours, shortened.
fn bare_subject(subject: &str) -> String {
    const PREFIXES: &[&str] = &["re", "fw", "fwd", "aw", "wg", "sv", "antw", "rif", "tr"];
    let line = page::one_line(&without_references(subject), usize::MAX);
    let mut bare = line.trim();
    while let Some((prefix, rest)) = bare.split_once(':')
        && PREFIXES.contains(&prefix.trim().to_ascii_lowercase().as_str())
    {
        bare = rest.trim();
    }
    page::one_line(bare, SUBJECT_CHARS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_loses_prefixes_and_references_of_ours_and_nothing_else() {
        let request = Reference::new("WEL", 1001);
        assert_eq!(bare_subject(&format!("Re: AW: Re: Kitchen tap [{request}] [urgent]")), "Kitchen tap [urgent]");
        assert_eq!(bare_subject(&format!("RE: [{request}]")), "");
        assert_eq!(bare_subject("Flat [12] é [WEL-1001-A] [é"), "Flat [12] é [WEL-1001-A] [é");
    }
}
