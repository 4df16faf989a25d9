//! `redress inspect`: what each message is, whether it may be answered and why, and what is new in it.
//!
//! No configuration, network or database; any bytes give an answer. With `json`, one object a line.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::domain::message::{self, Message, Own, Proof};

/// Bytes read of one file; the mailbox has its own, smaller limit.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// Reads `files` and prints what was found, in their order. A file that cannot be opened is reported and passed over.
///
/// # Errors
/// When standard output cannot be written.
pub fn run(files: &[PathBuf], json: bool, own: &Own) -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    for file in files {
        match bytes(file) {
            Ok(raw) => {
                let message = message::read(&raw, own);
                if json {
                    writeln!(out, "{}", object(file, &message))?;
                } else {
                    write!(out, "{}", page(file, &message))?;
                }
            }
            Err(error) => eprintln!("{}: {error}", file.display()),
        }
    }
    out.flush()
}

fn bytes(file: &Path) -> io::Result<Vec<u8>> {
    let mut raw = Vec::new();
    File::open(file)?.take(FILE_BYTES_MAX).read_to_end(&mut raw)?;
    Ok(raw)
}

fn object(file: &Path, message: &Message) -> Value {
    json!({
        "file": file.display().to_string(),
        "kind": message.kind,
        "may_answer": message.may_answer,
        "reasons": message.reasons,
        "subject": message.subject,
        "from": message.from.as_ref().map(|from| &from.address),
        "from_name": message.from.as_ref().map(|from| &from.name),
        "reply_to": message.reply_to.as_ref().map(|to| &to.address),
        "recipients": message.recipients,
        "message_id": message.message_id,
        "in_reply_to": message.in_reply_to,
        "references": message.references,
        "date_claimed": message.date_claimed,
        "text": message.text,
        "new_text": message.new_text(),
        "attachments": message.attachments,
        "problems": message.problems,
        "report": message.report,
        "forward": message.forward,
        "spam": message.spam,
        "unproven": message.unproven(),
        "checked_by": message.checked_by(),
        "proof": message.checked_by().map(|server| message.authentication(server)),
        "absence": message.absence(),
        "ombudsman": message.from_ombudsman(&[]),
        "readable": message.readable,
    })
}

/// The same for people: a few lines of facts, then the new words, indented.
fn page(file: &Path, message: &Message) -> String {
    let mut lines = vec![format!("{}", file.display())];
    let mut fact = |name: &str, value: String| lines.push(format!("  {name:<12}{value}"));
    let kind = serde_json::to_value(message.kind).unwrap_or_default();
    fact("kind", kind.as_str().unwrap_or_default().replace('_', " "));
    fact("answer", if message.may_answer { "yes".to_owned() } else { "no".to_owned() });
    message.reasons.iter().for_each(|reason| fact("because", reason.clone()));
    fact(
        "from",
        message.from.as_ref().map_or_else(|| "nobody".to_owned(), |from| format!("{} <{}>", from.name, from.address)),
    );
    fact("subject", message.subject.clone());
    message.attachments.iter().for_each(|file| fact("attachment", format!("{} ({} bytes)", file.name, file.bytes)));
    message.problems.iter().for_each(|problem| fact("problem", problem.clone()));
    for failed in message.report.iter().flat_map(|report| &report.recipients) {
        fact("not reached", format!("{} ({})", failed.address, failed.diagnostic));
    }
    if let Some(forward) = &message.forward {
        fact("passed on", format!("{} <{}>", forward.from.name, forward.from.address));
    }
    if let Some(absence) = message.absence() {
        fact("away", absence.until.map_or_else(|| "yes".to_owned(), |until| format!("until {until}")));
    }
    if let Some(ombudsman) = message.from_ombudsman(&[]) {
        fact("ombudsman", ombudsman.references.join(", "));
    }
    proof(message).into_iter().for_each(|proof| fact("sender", proof));
    message.unproven().into_iter().for_each(|doubt| fact("unproven", doubt));
    let words = message.new_text();
    lines.extend(words.lines().map(|line| format!("    {line}")));
    lines.join("\n") + "\n\n"
}

/// What the server that handled the message last says of its sender; whether to trust that server is for the reader.
pub(super) fn proof(message: &Message) -> Option<String> {
    let server = message.checked_by()?;
    Some(match message.authentication(server) {
        Proof::Passed(check) => format!("proved ({check}=pass), says {server}"),
        Proof::Failed(why) => format!("not proved ({why}), says {server}"),
        Proof::Absent => return None,
    })
}
