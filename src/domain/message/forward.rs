//! Messages passed on: attached, or inline below a block of headers (Code 3.2: a complaint reaches us whoever it was
//! told to).

use super::mime::Entity;
use super::{Forward, Mailbox, Message, Own, address, body, dates, quote};

/// Lines below a separator within which the block of headers must begin.
const LINES_TO_BLOCK: usize = 4;
/// Lines of a text within which what it passes on must begin.
const LINES_BEFORE_MAX: usize = 1_000;

/// The first message that this one passes on, attached or inline. What an answer quotes is not passed on, nor is a letter
/// of ours. Staff pass on more often than they say so: their word for it is not asked, but where they answer something.
pub(super) fn find(entity: &Entity<'_>, message: &Message, own: &Own) -> Option<Forward> {
    let by_staff = message.from.as_ref().is_some_and(|from| own.staff.contains(&from.address));
    let said = quote::forwards(&message.subject) || by_staff && !message.answers();
    let found = attached(entity).or_else(|| inline(&message.text, said, message.answers()));
    found.filter(|forward| !own.addresses.contains(&forward.from.address))
}

fn attached(entity: &Entity<'_>) -> Option<Forward> {
    let message = entity.walk(false).into_iter().find(|part| part.content_type == "message/rfc822")?.parts.first()?;
    let from = message
        .all("from")
        .chain(message.all("sender"))
        .find_map(|field| address::mailboxes(&field).into_iter().next())?;
    let text = body::read(message, &mut Vec::new()).text;
    let date = message.raw("date").and_then(|value| dates::of_header(&value));
    Some(Forward { from, date, words: words(&text) })
}

/// A separator line, or a block of headers at the head of the text or behind the forwarder's own words.
fn inline(text: &str, said: bool, answers: bool) -> Option<Forward> {
    let lines = quote::lines(text);
    match quoted_forward(&lines, answers).or_else(|| flat_forward(&lines)) {
        Some(unwrapped) => below_headers(&unwrapped, &quote::lines(&unwrapped), true, answers),
        None => below_headers(text, &lines, said, answers),
    }
}

fn below_headers(text: &str, lines: &[quote::Line<'_>], mut said: bool, answers: bool) -> Option<Forward> {
    let block = (0..lines.len().min(LINES_BEFORE_MAX)).find_map(|at| {
        let words = lines[at].words;
        if words.is_empty() || lines[at].quoted() {
            return None;
        }
        said |= quote::forward_line(words);
        let reach =
            if quote::separator(words) { at + 1..(at + 1 + LINES_TO_BLOCK).min(lines.len()) } else { at..at + 1 };
        reach.into_iter().find_map(|at| quote::header_block(lines, at))
    })?;
    let from = address::mailboxes(&block.from.replace("[mailto:", "<").replace(']', ">")).into_iter().next();
    // Answers quote such blocks too, and people write letters with a head of their own.
    if !said && (answers || from.is_none()) {
        return None;
    }
    let from = from.unwrap_or_else(|| Mailbox { name: block.from.clone(), address: String::new() });
    let start = lines.get(block.end).map_or(text.len(), |line| line.span.start);
    Some(Forward { from, date: dates::written(&block.date), words: words(&text[start..]) })
}

/// Apple Mail quotes what it passes on, below "Begin forwarded message:": the same lines without the mark. Within what an
/// answer quotes, others passed it on.
fn quoted_forward(lines: &[quote::Line<'_>], answers: bool) -> Option<String> {
    let begins = |line: &quote::Line<'_>| !(answers && line.quoted()) && quote::forward_line(unquoted(line.words));
    let at = lines.iter().take(LINES_BEFORE_MAX).position(begins)?;
    let mut behind = lines[at + 1..].iter().skip_while(|line| unquoted(line.words).is_empty()).peekable();
    behind.next_if(|line| line.quoted()).map(|first| {
        let rest = behind.take_while(|line| line.quoted() || line.words.is_empty());
        std::iter::once(first).chain(rest).map(|line| format!("{}\n", unquoted(line.words))).collect()
    })
}

/// The words of a line without one mark of quotation.
fn unquoted(words: &str) -> &str {
    words.strip_prefix('>').map_or(words, str::trim_start)
}

/// Yahoo's plain text runs the separator and the headers into one line: the same, a line each.
fn flat_forward(lines: &[quote::Line<'_>]) -> Option<String> {
    const LABELS: [&str; 5] = ["From: ", "To: ", "Cc: ", "Sent: ", "Subject: "];
    let at = lines.iter().take(LINES_BEFORE_MAX).position(|line| {
        line.words.starts_with('-') && LABELS.iter().all(|label| *label == "Cc: " || line.words.contains(label))
    })?;
    let (separator, headers) = lines[at].words.split_once(LABELS[0]).filter(|(drawn, _)| quote::forward_line(drawn))?;
    let headers =
        LABELS[1..].iter().fold(headers.to_owned(), |headers, label| headers.replacen(label, &format!("\n{label}"), 1));
    let below = lines[at + 1..].iter().map(|line| format!("{}\n", line.words));
    Some(format!("{separator}\n{}{headers}\n{}", LABELS[0], below.collect::<String>()))
}

fn words(text: &str) -> String {
    let quoted = quote::read(text, &quote::Setting::default());
    let pieces: Vec<&str> = quoted.new.iter().filter_map(|span| text.get(span.clone())).map(str::trim_end).collect();
    pieces.join("\n").trim().to_owned()
}
