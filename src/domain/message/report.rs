//! Delivery reports: which letter, which address, how bad. RFC 3464, and the many that are not.

use super::mime::{Entity, decode_words, single_spaced};
use super::{Failed, Message, Own, Report, Severity, address, clean_line, ids_in};

const RECIPIENTS_MAX: usize = 50;
/// Bytes of a report's prose that are searched.
const PROSE_MAX: usize = 64 * 1_024;
const DIAGNOSTIC_CHARS_MAX: usize = 500;

/// Reads what a delivery report says about a letter.
pub(super) fn read(entity: &Entity<'_>, message: &Message, own: &Own) -> Report {
    let mut recipients = from_status_parts(entity, false);
    if recipients.is_empty() {
        // A gateway that adds a notice of its own encloses the whole report.
        recipients = from_status_parts(entity, true);
    }
    if recipients.is_empty() {
        recipients = from_prose(entity, message, own);
    } else if is_refusal(entity) {
        // Only the explanation says why.
        let why = shortened(explanation(&message.text));
        for failed in recipients.iter_mut().filter(|failed| failed.diagnostic.is_empty()) {
            failed.severity = severity(failed.status.as_deref(), &why);
            failed.diagnostic.clone_from(&why);
        }
    }
    Report { recipients, original_message_ids: original_ids(entity, message) }
}

/// The fields of `message/delivery-status` (RFC 3464, 2.3), wherever the part stands.
fn from_status_parts(entity: &Entity<'_>, enclosed: bool) -> Vec<Failed> {
    let mut failed: Vec<Failed> = Vec::new();
    for part in entity.walk(enclosed).into_iter().filter(|part| is_status(part) || is_disposition(part)) {
        for group in field_groups(&String::from_utf8_lossy(&part.bytes())) {
            let value = |name: &str| group.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
            // RFC 3464, 2.3.1: "original" is the address we wrote to; it may be missing.
            let recipient =
                ["original-recipient", "final-recipient", "x-actual-recipient"].into_iter().find_map(|name| {
                    let typed = value(name)?;
                    address::address(typed.split_once(';').map_or(typed, |(_, address)| address))
                });
            let action = value("action").unwrap_or("failed").to_ascii_lowercase();
            let Some(address) = recipient.filter(|_| !["delivered", "relayed", "expanded"].contains(&action.as_str()))
            else {
                continue;
            };
            let diagnostic = value("diagnostic-code").unwrap_or_default();
            let diagnostic = diagnostic.split_once(';').map_or(diagnostic, |(_, words)| words);
            let status = value("status").and_then(enhanced_status).or_else(|| enhanced_status(diagnostic));
            let delayed = action.starts_with("delayed");
            let severity = if delayed { Severity::Delayed } else { severity(status.as_deref(), diagnostic) };
            if failed.len() < RECIPIENTS_MAX && !failed.iter().any(|known| known.address == address) {
                failed.push(Failed { address, severity, status, diagnostic: shortened(diagnostic) });
            }
        }
    }
    failed
}

pub(super) fn is_status(part: &Entity<'_>) -> bool {
    matches!(part.content_type.as_str(), "message/delivery-status" | "message/global-delivery-status")
}

fn is_disposition(part: &Entity<'_>) -> bool {
    part.content_type == "message/disposition-notification"
}

/// Whether a filter refused the letter without a person: RFC 5429, 2.1.2; Dovecot, for a mailbox that is full.
pub(super) fn is_refusal(entity: &Entity<'_>) -> bool {
    let disposition = |part: &Entity<'_>| {
        let fields = field_groups(&String::from_utf8_lossy(&part.bytes()));
        let value = fields.into_iter().flatten().find(|(name, _)| name == "disposition").map(|(_, value)| value);
        value.unwrap_or_default().to_ascii_lowercase()
    };
    let mut dispositions = entity.walk(false).into_iter().filter(|part| is_disposition(part)).map(disposition);
    dispositions.any(|value| value.contains("automatic-action") && value.contains("deleted"))
}

/// Whether every recipient a report names got the letter: RFC 3464, 2.3.3.
pub(super) fn is_success(entity: &Entity<'_>) -> bool {
    let mut actions = entity
        .walk(false)
        .into_iter()
        .filter(|part| is_status(part))
        .flat_map(|part| field_groups(&String::from_utf8_lossy(&part.bytes())))
        .flat_map(|group| group.into_iter().filter(|(name, _)| name == "action"))
        .map(|(_, value)| value.to_ascii_lowercase())
        .peekable();
    actions.peek().is_some() && actions.all(|action| ["delivered", "relayed", "expanded"].contains(&action.as_str()))
}

/// Groups of `name: value` lines parted by empty ones, folds undone.
fn field_groups(text: &str) -> Vec<Vec<(String, String)>> {
    let mut groups = vec![Vec::new()];
    for line in text.lines().take(5_000) {
        let current = groups.len() - 1;
        if line.trim().is_empty() {
            if !groups[current].is_empty() {
                groups.push(Vec::new());
            }
        } else if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = groups[current].last_mut() as Option<&mut (String, String)> {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            // Some servers leave out the empty line between recipients.
            let name = name.trim().to_ascii_lowercase();
            if name == "final-recipient" && groups[current].iter().any(|(known, _)| *known == name) {
                groups.push(Vec::new());
            }
            let current = groups.len() - 1;
            groups[current].push((name, value.trim().to_owned()));
        }
    }
    groups
}

/// X-Failed-Recipients (Exim), else the addresses the explanation names, with the words that follow each.
fn from_prose(entity: &Entity<'_>, message: &Message, own: &Own) -> Vec<Failed> {
    let prose = explanation(&message.text);
    let listed: Vec<String> =
        entity.all("x-failed-recipients").flat_map(|field| address::addresses_in(&field, RECIPIENTS_MAX)).collect();
    let ours = |address: &String| {
        own.addresses.contains(address)
            || message.recipients.contains(address)
            || message.from.as_ref().is_some_and(|from| from.address == *address)
    };
    let system = |address: &String| {
        ["postmaster@", "mailer-daemon@", "abuse@", "support@"].iter().any(|name| address.starts_with(name))
    };
    let found = if listed.is_empty() { address::addresses_in(prose, RECIPIENTS_MAX) } else { listed };
    // The head of a returned letter names its Message-ID, which looks like an address.
    let ids: Vec<String> = ids_in_text(prose).into_iter().map(|id| id.to_lowercase()).collect();
    let lower = prose.to_lowercase();
    let delayed = message.subject.to_lowercase().contains("delay") || DELAYED.iter().any(|words| lower.contains(words));
    found
        .into_iter()
        .filter(|address| !ours(address) && !system(address) && !ids.contains(address))
        .map(|address| {
            let diagnostic = words_about(prose, &address);
            let status = enhanced_status(&diagnostic).or_else(|| enhanced_status(prose));
            let severity = if delayed {
                Severity::Delayed
            } else {
                severity(status.as_deref(), &format!("{diagnostic} {}", single_spaced(prose)))
            };
            Failed { address, severity, status, diagnostic }
        })
        .collect()
}

const DELAYED: &[&str] = &[
    "still being retried",
    "will be retried",
    "will continue to be attempted",
    "has not yet been delivered",
    "delivery attempts will continue",
    "you do not need to resend",
    "this is a warning message only",
    "delivery is delayed",
    "has been delayed",
    "zustellung verzögert",
];

/// The text in front of the returned letter.
fn explanation(text: &str) -> &str {
    const MARKS: &[&str] = &[
        "below this line is a copy",
        "this is a copy of the message",
        "original message",
        "returned message",
        "message header follows",
        "text of your message",
        "unsent message below",
        "original headers",
        "message headers follow",
        "\nreceived: ",
        "\nreturn-path: ",
        "start of returned message",
    ];
    let end = text.char_indices().map(|(at, _)| at).find(|at| *at >= PROSE_MAX).unwrap_or(text.len());
    let text = &text[..end];
    let lower = text.to_ascii_lowercase();
    // A mark in the first lines is a heading: "Original message sent on …".
    let cut = MARKS.iter().filter_map(|mark| lower.match_indices(mark).map(|(at, _)| at).find(|at| *at > 80)).min();
    match cut.map(|cut| &text[..cut]).filter(|part| part.contains('@')) {
        Some(part) => part,
        None => text,
    }
}

/// The lines at and behind an address, up to the next empty one.
fn words_about(prose: &str, address: &str) -> String {
    let lower = prose.to_ascii_lowercase();
    let Some(at) = lower.find(address) else { return String::new() };
    let rest = prose.get(at + address.len()..).unwrap_or_default();
    let mut words = String::new();
    for line in rest.lines().take(8) {
        let line = line.trim_matches(|c: char| c.is_whitespace() || matches!(c, '>' | ':' | '"'));
        if line.is_empty() && !words.is_empty() {
            break;
        }
        words.push_str(line);
        words.push(' ');
    }
    shortened(&words)
}

fn shortened(words: &str) -> String {
    clean_line(&decode_words(words)).chars().take(DIAGNOSTIC_CHARS_MAX).collect()
}

/// The first `4.x.x` or `5.x.x` (RFC 3463) in `text`.
pub(super) fn enhanced_status(text: &str) -> Option<String> {
    text.split(|c: char| !(c.is_ascii_digit() || c == '.')).map(|word| word.trim_matches('.')).find_map(|word| {
        let mut pieces = word.split('.');
        let class = pieces.next().filter(|class| ["4", "5"].contains(class))?;
        let detail = |piece: Option<&str>| piece.filter(|digits| (1..=3).contains(&digits.len())).map(str::to_owned);
        let (subject, detail) = (detail(pieces.next())?, detail(pieces.next())?);
        pieces.next().is_none().then(|| format!("{class}.{subject}.{detail}"))
    })
}

/// 5.2.2 and 5.7.x pass: a full mailbox is emptied, a spam filter changes its mind.
fn severity(status: Option<&str>, words: &str) -> Severity {
    const SOFT: &[&str] = &[
        "mailbox full",
        "mailbox is full",
        "over quota",
        "overquota",
        "quota exceeded",
        "exceeded storage",
        "storage allocation",
        "insufficient storage",
        "exceeds the quota",
        "boîte pleine",
        "postfach voll",
        "buzón lleno",
        "temporar",
        "try again later",
    ];
    let lower = words.to_lowercase();
    if SOFT.iter().any(|soft| lower.contains(soft)) {
        return Severity::Soft;
    }
    match status {
        Some(status) if status.starts_with('4') || status == "5.2.2" || status.starts_with("5.7.") => Severity::Soft,
        _ => Severity::Hard,
    }
}

/// Message-IDs of the returned letter: its headers as a part, its headers within the text, the report's own threading.
fn original_ids(entity: &Entity<'_>, message: &Message) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for part in entity.walk(true).into_iter().skip(1) {
        if part.has("message-id") {
            ids.extend(part.all("message-id").flat_map(|field| ids_in(&field)));
        }
        if part.content_type.ends_with("rfc822-headers")
            || is_status(part)
            || is_disposition(part)
            || part.content_type == "message/rfc822" && part.parts.is_empty()
        {
            ids.extend(ids_in_text(&String::from_utf8_lossy(&part.bytes())));
        }
    }
    ids.extend(ids_in_text(&message.text));
    ids.extend(message.in_reply_to.iter().chain(&message.references).cloned());
    let mut seen = std::collections::BTreeSet::new();
    ids.retain(|id| message.message_id.as_ref() != Some(id) && seen.insert(id.clone()));
    ids.truncate(RECIPIENTS_MAX);
    ids
}

/// What stands in angle brackets behind "Message-ID:", on the same line or the next.
fn ids_in_text(text: &str) -> Vec<String> {
    let mut ids = Vec::new();
    let mut expected = false;
    for line in text.lines().take(5_000) {
        let line: String = line.trim_start_matches(['>', ' ', '\t', '|']).chars().take(1_000).collect();
        let lower = line.to_ascii_lowercase();
        let named = lower.starts_with("message-id:")
            || lower.starts_with("x-original-message-id:")
            || lower.contains("message-id: <")
            || lower.starts_with("message id:");
        if (named || expected) && line.contains('<') {
            ids.extend(ids_in(&line));
            expected = false;
        } else {
            expected = named;
        }
    }
    ids
}
