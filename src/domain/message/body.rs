//! The parts of a message → one text people can read, and the files beside it.

use super::mime::{Entity, Problems, uudecode_line};
use super::{Attachment, clean_line, clean_text, html};

/// Bytes of text that are read; more is kept in the stored message and named as a problem.
const TEXT_BYTES_MAX: usize = 1 << 20;
const ATTACHMENTS_MAX: usize = 1_000;

#[derive(Debug, Default)]
pub(super) struct Body {
    pub text: String,
    pub attachments: Vec<Attachment>,
    /// Nothing but ciphertext was found.
    pub encrypted: bool,
}

/// Reads text and attachments off a message.
pub(super) fn read(entity: &Entity<'_>, problems: &mut Problems) -> Body {
    let mut body = Body::default();
    gather(entity, &mut body, problems);
    let blank = |body: &Body| body.text.trim().is_empty();
    if blank(&body) {
        // Some programs mark the only text as an attachment.
        if let Some(part) =
            entity.walk(false).into_iter().find(|part| part.content_type == "text/plain" && part.parts.is_empty())
        {
            body.text = part.text(problems);
        }
    }
    if blank(&body)
        && let Some(part) = entity.walk(false).into_iter().find(|part| part.content_type == "text/html")
    {
        body.text = html::to_text(&part.text(problems));
    }
    if blank(&body) && entity.content_type.starts_with("multipart/") && entity.parts.is_empty() {
        body.text = entity.text(problems);
    }
    body.encrypted &= blank(&body);
    body.text = lift_uuencoded(&clean_text(&body.text), &mut body.attachments);
    if body.text.len() > TEXT_BYTES_MAX {
        let end = (0..=TEXT_BYTES_MAX).rev().find(|at| body.text.is_char_boundary(*at)).unwrap_or_default();
        body.text.truncate(end);
        problems.push("The text is very long; only its beginning is read.".to_owned());
    }
    body
}

fn gather(entity: &Entity<'_>, body: &mut Body, problems: &mut Problems) {
    let kind = entity.content_type.as_str();
    match kind {
        "multipart/alternative" => alternative(entity, body, problems),
        "multipart/encrypted" => {
            body.encrypted = true;
            attach_all(entity, body, problems);
        }
        // RFC 3462: the first part is for people, the others for programs.
        "multipart/report" => {
            for (number, part) in entity.parts.iter().enumerate() {
                let late = body.text.trim().is_empty() && is_shown(part);
                if number == 0 || late || part.content_type.starts_with("multipart/") {
                    gather(part, body, problems);
                } else {
                    attach(part, body, problems);
                }
            }
        }
        _ if kind.starts_with("multipart/") => {
            for part in &entity.parts {
                gather(part, body, problems);
            }
        }
        _ if is_shown(entity) => append(&mut body.text, &shown_text(entity, problems)),
        _ => attach(entity, body, problems),
    }
}

fn attach_all(entity: &Entity<'_>, body: &mut Body, problems: &mut Problems) {
    for part in entity.parts.iter().filter(|part| !part.content_type.starts_with("multipart/")) {
        attach(part, body, problems);
    }
}

/// A text part that is part of the message rather than a file.
fn is_shown(entity: &Entity<'_>) -> bool {
    let text = matches!(entity.content_type.as_str(), "text/plain" | "text/html" | "text/enriched" | "text/richtext")
        || !entity.content_type.contains('/');
    text && entity.disposition != "attachment"
        && (entity.name.is_none() || entity.disposition == "inline" || !looks_like_file(entity))
}

fn looks_like_file(entity: &Entity<'_>) -> bool {
    entity.name.as_deref().is_some_and(|name| name.contains('.'))
}

fn shown_text(entity: &Entity<'_>, problems: &mut Problems) -> String {
    let text = entity.text(problems);
    let bounded = |text: String| match text.char_indices().nth(2 * TEXT_BYTES_MAX) {
        Some((end, _)) => text[..end].to_owned(),
        None => text,
    };
    match entity.content_type.as_str() {
        "text/html" => html::to_text(&bounded(text)),
        "text/enriched" | "text/richtext" => html::to_text(&bounded(text).replace('\n', "<br>")),
        // Some programs send HTML and call it plain.
        _ if is_html(&text) => html::to_text(&bounded(text)),
        _ if entity.parameter("format").is_some_and(|format| format.eq_ignore_ascii_case("flowed")) => {
            let deletes = entity.parameter("delsp").is_some_and(|value| value.eq_ignore_ascii_case("yes"));
            unflowed(&text, deletes)
        }
        _ => text,
    }
}

/// Joins what a program broke into short lines for the way (RFC 3676, 4.1 to 4.4): a line that ends in a space goes on in
/// the next, if that is quoted as deeply. `deletes`: the space was added for the purpose.
fn unflowed(text: &str, deletes: bool) -> String {
    const SIGNATURE_MARK: &str = "-- ";
    let mut out = String::with_capacity(text.len());
    // How deeply the line is quoted that goes on.
    let mut goes_on = None;
    for line in text.split_inclusive('\n') {
        let line = line.trim_end_matches(['\n', '\r']);
        let words = line.trim_start_matches('>');
        let depth = line.len() - words.len();
        // A space in front keeps ">" and "From " from being taken for something else.
        let words = words.strip_prefix(' ').unwrap_or(words);
        if goes_on != Some(depth) || words == SIGNATURE_MARK {
            if !out.is_empty() {
                out.push('\n');
            }
            out.push_str(&line[..depth]);
            if depth > 0 && !words.is_empty() {
                out.push(' ');
            }
        }
        let flows = words.ends_with(' ') && words != SIGNATURE_MARK;
        out.push_str(if flows && deletes { &words[..words.len() - 1] } else { words });
        goes_on = flows.then_some(depth);
    }
    if text.ends_with('\n') {
        out.push('\n');
    }
    out
}

fn is_html(text: &str) -> bool {
    let start: String = text.trim_start().chars().take(15).collect::<String>().to_ascii_lowercase();
    start.starts_with("<!doctype html") || start.starts_with("<html")
}

fn append(text: &mut String, more: &str) {
    if more.trim().is_empty() {
        return;
    }
    // Apple Mail cuts a text at each picture: the pieces belong together.
    if !text.is_empty() {
        if !text.ends_with('\n') {
            text.push('\n');
        }
        text.push('\n');
    }
    text.push_str(more);
}

/// The plain reading of an alternative, unless it is empty or says far less than the HTML does.
fn alternative(entity: &Entity<'_>, body: &mut Body, problems: &mut Problems) {
    let mut plain = Body::default();
    let mut rich = Body::default();
    for part in &entity.parts {
        let is_rich = part.walk(false).iter().any(|inner| inner.content_type == "text/html");
        gather(part, if is_rich { &mut rich } else { &mut plain }, problems);
    }
    body.attachments.append(&mut plain.attachments);
    body.attachments.append(&mut rich.attachments);
    body.encrypted |= plain.encrypted || rich.encrypted;
    let words = |text: &str| text.split_whitespace().count();
    let (few, many) = (words(&plain.text), words(&rich.text));
    let poorer = few * 4 < many && !plain.text.contains("http");
    if few == 0 || poorer {
        if few > 0 {
            problems
                .push("The plain and the formatted text of the message differ; the formatted one is shown.".to_owned());
        }
        append(&mut body.text, &rich.text);
    } else {
        append(&mut body.text, &plain.text);
    }
}

fn attach(entity: &Entity<'_>, body: &mut Body, problems: &mut Problems) {
    let kind = entity.content_type.as_str();
    if kind.contains("pkcs7-mime") && entity.parameter("smime-type") != Some("signed-data") {
        body.encrypted = true;
    }
    if kind == "application/ms-tnef"
        || entity.name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case("winmail.dat"))
    {
        tnef(&entity.bytes(), body, problems);
    }
    if entity.content_type == "application/octet-stream" && entity.body.is_empty() && entity.name.is_none() {
        return;
    }
    // Parts that announce themselves and hold nothing at all are a sender's slip, not a file.
    let empty = entity.body.trim_ascii().is_empty() && entity.name.is_none() && !entity.has_fields();
    if empty || body.attachments.len() >= ATTACHMENTS_MAX {
        return;
    }
    body.attachments.push(Attachment { name: name_of(entity), content_type: clean_line(kind), bytes: entity.size() });
}

/// What a file is called; never empty.
pub(super) fn name_of(entity: &Entity<'_>) -> String {
    let kind = entity.content_type.as_str();
    let enclosed = entity.parts.first().and_then(|message| message.text_of("subject"));
    let name = entity.name.as_deref().map(file_name).filter(|name| !name.is_empty());
    name.or_else(|| enclosed.map(|subject| format!("{}.eml", file_name(&subject)))).unwrap_or_else(|| {
        let extension = match kind {
            "message/rfc822" => "eml",
            "text/calendar" => "ics",
            _ => kind.rsplit('/').next().unwrap_or("bin"),
        };
        clean_line(&format!("unnamed.{extension}"))
    })
}

/// The last part of a path, without what file systems and terminals stumble over.
fn file_name(name: &str) -> String {
    let name = clean_line(name);
    let last = name.rsplit(['/', '\\']).find(|piece| !piece.trim().is_empty()).unwrap_or_default();
    last.trim_matches(['.', ' ']).chars().take(200).collect()
}

/// Takes files written inline by uuencode out of the text; a line in their place says so.
fn lift_uuencoded(text: &str, attachments: &mut Vec<Attachment>) -> String {
    if !text.contains("\nend") || !(text.starts_with("begin ") || text.contains("\nbegin ")) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    // A file being read: where it began in `out`, its name, its bytes.
    let mut open: Option<(usize, String, u64)> = None;
    for line in text.split_inclusive('\n') {
        let words = line.trim_end();
        match &mut open {
            Some((start, name, bytes)) if words == "end" => {
                out.truncate(*start);
                out.push_str(&format!("[{name}]\n"));
                if attachments.len() < ATTACHMENTS_MAX {
                    let content_type = "application/octet-stream".to_owned();
                    attachments.push(Attachment { name: name.clone(), content_type, bytes: *bytes });
                }
                open = None;
                continue;
            }
            Some((_, _, bytes)) => *bytes += uudecode_line(words.as_bytes()).len() as u64,
            None => {
                let mut pieces = words.splitn(3, ' ');
                let begins = pieces.next() == Some("begin")
                    && pieces.next().is_some_and(|mode| mode.len() >= 3 && mode.bytes().all(|b| b.is_ascii_digit()));
                if let Some(name) = pieces.next().map(file_name).filter(|name| begins && !name.is_empty()) {
                    open = Some((out.len(), name, 0));
                }
            }
        }
        out.push_str(line);
    }
    out
}

/// Outlook's own wrapping (MS-OXTNEF): names of the files inside, and the body where it is plain text.
fn tnef(bytes: &[u8], body: &mut Body, problems: &mut Problems) {
    const SIGNATURE: [u8; 4] = 0x223e_9f78_u32.to_le_bytes();
    const BODY: u32 = 0x0002_800c;
    const TITLE: u32 = 0x0001_8010;
    const DATA: u32 = 0x0006_800f;
    let Some(mut rest) = bytes.strip_prefix(&SIGNATURE).and_then(|rest| rest.get(2..)) else {
        problems.push("The file winmail.dat could not be read; files of the sender may be inside.".to_owned());
        return;
    };
    let first = body.attachments.len();
    while let Some((head, tail)) = rest.split_at_checked(9) {
        let number = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let length = number(5) as usize;
        let Some(value) = tail.get(..length) else { break };
        let words = || String::from_utf8_lossy(value).trim_end_matches('\0').to_owned();
        match number(1) {
            BODY if body.text.trim().is_empty() => append(&mut body.text, &words()),
            DATA => {
                if let Some(file) = body.attachments.get_mut(first..).and_then(<[Attachment]>::last_mut) {
                    file.bytes = length as u64;
                }
            }
            TITLE if body.attachments.len() < ATTACHMENTS_MAX => {
                let content_type = "application/octet-stream".to_owned();
                body.attachments.push(Attachment { name: file_name(&words()), content_type, bytes: 0 });
            }
            _ => {}
        }
        rest = tail.get(length + 2..).unwrap_or_default();
    }
    problems.push("The message came in Outlook's own wrapping (winmail.dat); look at the original as well.".to_owned());
}
