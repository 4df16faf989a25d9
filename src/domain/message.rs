//! Raw bytes → [`Message`]: what it is, who wrote it, what they newly wrote, whether it may be answered. Never fails.
//!
//! Three questions are kept apart. *May we answer?* is [`Message::may_answer`]. *Is it a report about a letter of ours?*
//! is [`Message::report`]. *Does it advance a case?* is [`Kind::advances`]: a person's words always do, a machine's never.
//! The record is made whatever the answers are.
//!
//! Pure and total; time and memory grow with the size of the message and no faster: parts, depth, fields and text have
//! limits. Nothing is deleted: [`Message::new`] points into [`Message::text`], and the raw bytes are stored elsewhere.
//!
//! Known weakness: answers written between the lines of an unmarked quotation (Outlook without ">") cannot be told from
//! it; the officer is told to look. A body inside `winmail.dat` is read only where it is plain text.

use std::ops::Range;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

mod absence;
mod address;
mod authentication;
mod body;
mod dates;
mod files;
mod forward;
mod html;
mod machine;
mod mime;
mod ombudsman;
mod quote;
mod report;
#[rustfmt::skip]
mod wording;

pub use files::{File, Files, files};

/// Message-IDs beyond this many in one message are passed over.
const IDS_MAX: usize = 100;
/// Recipients beyond this many are passed over.
const RECIPIENTS_MAX: usize = 200;

/// What wrote the message, and to what end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A person, directly or through a form or portal.
    Person,
    /// A delivery report: failed, delayed or returned mail.
    Bounce,
    /// An answer nobody wrote for us: out of office, "thank you for contacting".
    AutoReply,
    /// A receipt: read, displayed, delivered, recalled.
    Receipt,
    /// An abuse report (RFC 5965).
    Feedback,
    /// Sent to many by a mailing list or a bulk mailer; a person may have written it.
    List,
    /// Another program, or ourselves.
    Machine,
}

impl Kind {
    /// Whether such mail may open or move a case: somebody may have written it, so it is sorted like a person's.
    pub fn advances(self) -> bool {
        matches!(self, Self::Person | Self::List)
    }
}

/// What the landlord knows of addresses; empty where nothing is configured. All lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Own {
    /// The addresses residents write to.
    pub addresses: Vec<String>,
    /// Registered people; what they pass on need not say that it is a forward.
    pub staff: Vec<String>,
    /// Senders known to be web forms or portals; their mail is answered to its Reply-To.
    pub forms: Vec<String>,
}

/// A name and an address, both free of control characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mailbox {
    /// As the sender wrote it; empty when there is none.
    pub name: String,
    /// Addr-spec (RFC 5322, 3.4.1), lower case.
    pub address: String,
}

/// An enclosed file, without its contents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// The last part of the path the sender gave; never empty.
    pub name: String,
    pub content_type: String,
    pub bytes: u64,
}

/// What a delivery report says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub recipients: Vec<Failed>,
    /// Message-IDs of the letter it is about, as far as the report tells, likeliest first, without angle brackets.
    pub original_message_ids: Vec<String>,
}

/// One recipient a letter did not reach, or not yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    /// Lower case.
    pub address: String,
    pub severity: Severity,
    /// Enhanced status code (RFC 3463), "5.1.1".
    pub status: Option<String>,
    /// The server's own words; may be empty.
    pub diagnostic: String,
}

/// How bad a delivery report is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// This address will never get it: another channel is needed.
    Hard,
    /// It did not get it this time: mailbox full, server away, taken for spam.
    Soft,
    /// The server is still trying.
    Delayed,
}

/// A message somebody passed on: inline below their own words, or attached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forward {
    pub from: Mailbox,
    /// When the first message says it was written; civil times without a zone are Europe/London.
    pub date: Option<Timestamp>,
    pub words: String,
}

/// A person's note that they are away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Absence {
    /// The day the note names for its end: the last day away or the first day back, notes do not say which. English
    /// notes only.
    pub until: Option<Date>,
}

/// That a message comes from the Housing Ombudsman Service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FromOmbudsman {
    /// The Ombudsman's case references named in subject and text, each once, in order.
    pub references: Vec<String>,
    /// Why it may not be theirs, in plain words. It is shown to a person all the same, and believed in nothing.
    pub doubt: Option<String>,
}

/// Whether a message is proved to come from the domain of its From address, by the word of one mail server (RFC 8601).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// It passed this check: "dmarc", "dkim", "spf", or "login" within an organisation of [`MICROSOFT_365`].
    Passed(String),
    /// It did not, and why: "dmarc=fail", "no check passed for its domain".
    Failed(String),
    /// The topmost `Authentication-Results` field is not that server's, or there is none.
    Absent,
}

/// The name by which Microsoft 365 is known here: the one server that leaves its own out of `Authentication-Results`.
pub const MICROSOFT_365: &str = "microsoft365";

/// A message, read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub kind: Kind,
    pub may_answer: bool,
    /// Why, in plain words, each with the header, rule or phrase that decided.
    pub reasons: Vec<String>,
    /// From, else Sender.
    pub from: Option<Mailbox>,
    /// Whom an answer would go to: Reply-To, else From.
    pub reply_to: Option<Mailbox>,
    /// Everybody the message names as a recipient, lower case, each once: To, Cc, Bcc, Delivered-To, X-Original-To,
    /// Envelope-To.
    pub recipients: Vec<String>,
    pub subject: String,
    /// Without angle brackets and white space, as are all Message-IDs here.
    pub message_id: Option<String>,
    pub in_reply_to: Vec<String>,
    pub references: Vec<String>,
    /// The Date header: a claim. Clocks run from arrival, as long as that can be believed (`filing::had`).
    pub date_claimed: Option<Timestamp>,
    /// Everything written, old and new, `\n` line ends, no other control characters but tab.
    pub text: String,
    /// Byte ranges of `text` that are newly written, in order, whole lines.
    pub new: Vec<Range<usize>>,
    pub attachments: Vec<Attachment>,
    /// What was odd, in plain words for an officer.
    pub problems: Vec<String>,
    pub report: Option<Report>,
    pub forward: Option<Forward>,
    /// Why the receiving server takes it for spam.
    pub spam: Option<String>,
    #[serde(default)]
    checks: authentication::Checks,
    /// False when nothing a person could read was found: empty, encrypted, pictures only. Set aside for a person.
    pub readable: bool,
    /// It answers a letter and adds no word: whatever its text says is that letter's.
    #[serde(default)]
    pub silent: bool,
}

impl Message {
    /// What was newly written, quotations, signatures and footers left out.
    pub fn new_text(&self) -> String {
        let pieces: Vec<&str> =
            self.new.iter().filter_map(|span| self.text.get(span.clone())).map(str::trim_end).collect();
        pieces.join("\n").trim().to_owned()
    }

    /// Whether it says that it answers another message.
    fn answers(&self) -> bool {
        !self.in_reply_to.is_empty() || quote::answers(&self.subject)
    }

    /// Whether it is a person's note that they are away, as opposed to other automatic mail.
    pub fn absence(&self) -> Option<Absence> {
        absence::find(self)
    }

    /// Whether the mail server `authserv_id` proved that it comes from the domain of its From address. Only the topmost
    /// `Authentication-Results` field counts, and only if that server wrote it: those below may be the sender's own.
    pub fn authentication(&self, authserv_id: &str) -> Proof {
        self.checks.proof(authserv_id)
    }

    /// The mail server whose word on the sender stands topmost (authserv-id), if any does.
    pub fn checked_by(&self) -> Option<&str> {
        self.checks.server()
    }

    /// Why its sender may be somebody else: a check failed at the server that received it, whichever that is.
    pub fn unproven(&self) -> Option<String> {
        let check = self.checks.failed()?;
        Some(format!("it could not be proved that the sender is who it says ({check}=fail)"))
    }

    /// Whether its sender is at the Housing Ombudsman's domain or at one of `domains` (lower case).
    pub fn from_ombudsman(&self, domains: &[String]) -> Option<FromOmbudsman> {
        ombudsman::find(self, domains)
    }

    /// Whether anything tells it from another of the same words: its Message-ID, or its date, which stands for one that is
    /// missing (RFC 5322, 3.6: a message should have the former, and must have the latter). Not of what a machine wrote: two
    /// reports of one second may be about two letters.
    pub fn named(&self) -> bool {
        self.message_id.is_some() || (self.kind == Kind::Person && self.date_claimed.is_some())
    }

    /// The same bytes for the same mail that came twice, through an alias or a list, with other trace headers. A date names
    /// mail less surely than a Message-ID: then the files are the same too, by name and size.
    pub fn likeness(&self) -> Vec<u8> {
        let from = self.from.as_ref().map_or("", |from| from.address.as_str());
        let dated = || {
            let date = self.date_claimed.map(|date| date.to_string());
            let files = self.attachments.iter().map(|file| format!("{} {}", file.name, file.bytes));
            date.into_iter().chain(files).collect::<Vec<_>>().join("\0")
        };
        let id = self.message_id.clone().unwrap_or_else(dated);
        [&id, from, &mime::single_spaced(&self.subject), &mime::single_spaced(&self.text)].join("\0").into_bytes()
    }
}

/// Reads a message. Any bytes give one: what cannot be understood is shown as it is and named in `problems`.
pub fn read(raw: &[u8], own: &Own) -> Message {
    let lines = mend_line_ends(raw);
    let mut problems = Vec::new();
    let entity = mime::read(&lines, &mut problems);
    let mailbox = |names: &[&str]| {
        names.iter().flat_map(|name| entity.all(name)).flat_map(|field| address::mailboxes(&field)).next()
    };
    let from = mailbox(&["from", "sender"]);
    let reply_to = mailbox(&["reply-to"]).or_else(|| from.clone()).filter(|to| address::has_dotted_domain(&to.address));
    let subject = clean_line(&entity.text_of("subject").unwrap_or_default());
    let in_reply_to = ids(&entity, "in-reply-to");
    let references = ids(&entity, "references");

    let body = body::read(&entity, &mut problems);
    let answers = !in_reply_to.is_empty() || quote::answers(&subject);
    let sender_name = from.as_ref().map_or("", |from| from.name.as_str());
    let setting = quote::Setting { answers, forwards: quote::forwards(&subject), sender_name };
    let quoted = quote::read(&body.text, &setting);
    if quoted.answers_inside {
        problems.push("Answers may stand inside the quoted text.".to_owned());
    }

    let checks = authentication::read(&entity);
    let mut message = Message {
        kind: Kind::Person,
        may_answer: false,
        reasons: Vec::new(),
        from,
        reply_to,
        recipients: recipients(&entity),
        message_id: ids(&entity, "message-id").into_iter().next(),
        in_reply_to,
        references,
        date_claimed: entity.raw("date").and_then(|value| dates::of_header(&value)),
        new: quoted.new,
        attachments: body.attachments,
        problems,
        report: None,
        readable: false,
        silent: false,
        forward: None,
        spam: machine::spam(&entity, checks.failed()),
        checks,
        text: body.text,
        subject,
    };
    message.forward = forward::find(&entity, &message, own);
    let words = has_words(&message.text) || has_words(quote::bare_subject(&message.subject));
    let stub = machine::stands_for_another(&message);
    message.readable = !body.encrypted && !stub && (words || message.forward.is_some());
    if stub {
        message.problems.push("The mail server could not give the message out. Look for it in the mailbox.".to_owned());
    } else if body.encrypted {
        message.problems.push("The message is encrypted; only its sender and recipient can read it.".to_owned());
    } else if !message.readable {
        message.problems.push("Nothing to read was found in the message.".to_owned());
    }
    let verdict = machine::judge(&entity, &message, own);
    message.kind = verdict.kind;
    message.may_answer = verdict.may_answer;
    // They cite what the headers hold.
    message.reasons = verdict.reasons.iter().map(|reason| clean_line(reason)).collect();
    let says_nothing = answers && message.new.is_empty() && !quoted.answers_inside && message.forward.is_none();
    message.silent = says_nothing && message.readable && message.kind.advances();
    if message.silent {
        message.problems.push("Nothing new was written.".to_owned());
    }
    if message.kind == Kind::Bounce {
        message.report = Some(report::read(&entity, &message, own));
        message.forward = None;
    }
    message
}

/// Text without control characters but `\n` and tab, and without marks that reorder what people see.
///
/// The one way text enters the program: PostgreSQL refuses NUL, terminals obey escapes, mail headers break at CR.
pub fn clean_text(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\r' => {
                // CRLF, and the CRCRLF of some gateways, are one line end; a lone CR is one as well.
                while characters.next_if_eq(&'\r').is_some() {}
                if characters.peek() != Some(&'\n') {
                    clean.push('\n');
                }
            }
            '\n' | '\t' => clean.push(c),
            '\u{85}' | '\u{2028}' | '\u{2029}' => clean.push('\n'),
            '\u{feff}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            _ if c.is_control() => {}
            _ => clean.push(c),
        }
    }
    clean
}

/// A name or subject: one line, no control characters, single spaces.
pub fn clean_line(text: &str) -> String {
    mime::single_spaced(&clean_text(text))
}

/// Text as the lists of [`wording`] have it: lower case, one kind of apostrophe. The dot above that a Turkish "İ" leaves
/// behind is no letter.
fn folded(text: &str) -> String {
    text.to_lowercase().replace('’', "'").replace('\u{307}', "")
}

fn has_words(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

/// Bare CR as line end, as old Macs and broken gateways send it, becomes LF; other messages stay as they are.
fn mend_line_ends(raw: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    let feeds = raw.iter().filter(|&&byte| byte == b'\n').count();
    let bare = raw.windows(2).filter(|pair| pair[0] == b'\r' && !matches!(pair[1], b'\n' | b'\r')).count();
    if bare <= feeds {
        return raw.into();
    }
    let mut mended = Vec::with_capacity(raw.len());
    for (at, &byte) in raw.iter().enumerate() {
        match byte {
            b'\r' if raw.get(at + 1) == Some(&b'\n') => {}
            b'\r' => mended.push(b'\n'),
            _ => mended.push(byte),
        }
    }
    mended.into()
}

fn recipients(entity: &mime::Entity<'_>) -> Vec<String> {
    const FIELDS: [&str; 7] = ["delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "to", "cc", "bcc"];
    let named = FIELDS.iter().flat_map(|name| entity.all(name)).flat_map(|field| address::mailboxes(&field));
    let mut seen = std::collections::BTreeSet::new();
    named.map(|mailbox| mailbox.address).filter(|address| seen.insert(address.clone())).take(RECIPIENTS_MAX).collect()
}

/// Message-IDs of a field: what stands in angle brackets, else words with an `@`.
fn ids(entity: &mime::Entity<'_>, name: &str) -> Vec<String> {
    entity.all(name).flat_map(|field| ids_in(&field)).take(IDS_MAX).collect()
}

fn ids_in(field: &str) -> Vec<String> {
    let proper = |id: &str| {
        let id: String = id.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect();
        (!id.is_empty() && id.len() <= 998).then_some(id)
    };
    if field.contains('<') {
        field.split('<').skip(1).filter_map(|piece| proper(piece.split('>').next()?)).take(IDS_MAX).collect()
    } else {
        field.split_whitespace().filter(|word| word.contains('@')).filter_map(proper).take(IDS_MAX).collect()
    }
}
