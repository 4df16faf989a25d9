//! Leaves letters and register in the demo's folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Context as _;
use jiff::civil::Date;

use crate::cli::{history, standing};
use crate::daemon::office::Office;
use crate::domain::calendar::london_date;
use crate::domain::case::Kind;
use crate::domain::code::{Duty, Stage};
use crate::domain::message::{self, Own};
use crate::domain::reference::Reference;
use crate::store::{CaseRow, LetterRow};

/// What was left behind.
pub(super) struct Register {
    pub(super) entries: Vec<Entry>,
    /// How much there is of what.
    pub(super) summary: String,
}

/// A case as it stands.
pub(super) struct Entry {
    pub(super) reference: String,
    pub(super) kind: &'static str,
    pub(super) resident: String,
    /// Open duties, the earliest first.
    pub(super) owed: Vec<Owed>,
    /// How it ended.
    pub(super) ending: Option<String>,
}

pub(super) struct Owed {
    pub(super) duty: Duty,
    pub(super) due: Date,
}

/// Writes everything; `outgoing` is the Maildir that letters left into.
pub(super) async fn write(office: &Office, folder: &Path, outgoing: &Path) -> anyhow::Result<Register> {
    let register = folder.join("register");
    fs::create_dir_all(&register)?;
    let letters = office.store.outbox(0, i64::MAX).await?;
    letters_as_files(office, &letters, &folder.join("letters"), outgoing).await?;
    let entries = cases(office, &register).await?;
    lists(office, &letters, &register).await?;
    let (checked, findings) = office.store.verify().await?;
    anyhow::ensure!(findings.is_empty(), "The register is damaged: {}", findings.join("; "));
    let summary = summary(office, &entries, &letters, checked).await?;
    Ok(Register { entries, summary })
}

/// Copies each letter that left to a name that says what it is, its words beside it.
async fn letters_as_files(office: &Office, letters: &[LetterRow], to: &Path, outgoing: &Path) -> anyhow::Result<()> {
    for row in letters.iter().filter(|row| row.state == "sent") {
        let folder = to.join(if row.audience == "resident" { "residents" } else { "staff" });
        fs::create_dir_all(&folder)?;
        let letter = office.store.letter(row.id).await?.with_context(|| format!("Letter {} is gone", row.id))?;
        let day = london_date(row.settled().unwrap_or(row.written()));
        // What is about no case is the morning's list, the week's letter, or for the operator.
        let case = row.reference.as_deref().unwrap_or("cases");
        let reader = row.recipient.split('@').next().unwrap_or_default();
        let name = format!("{:03}_{day}_{case}_{}_{reader}", row.id, row.kind);
        let left = outgoing.join("new").join(format!("{}.eml", letter.message_id));
        let bytes = fs::read(&left).with_context(|| format!("{} did not leave", left.display()))?;
        let words = message::read(&bytes, &Own::default()).text;
        fs::write(
            folder.join(format!("{name}.txt")),
            format!("To: {}\nSubject: {}\n\n{words}", row.recipient, row.subject),
        )?;
        fs::write(folder.join(format!("{name}.eml")), bytes)?;
    }
    Ok(())
}

async fn cases(office: &Office, register: &Path) -> anyhow::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    let mut list =
        String::from("reference,landlord,kind,received,resident,stage,handler,acknowledged,next due,ending\n");
    for row in office.store.cases().await? {
        let reference: Reference =
            row.reference.parse().with_context(|| format!("{} is no reference", row.reference))?;
        let file = office.store.case(&reference).await?.with_context(|| format!("Case {reference} is gone"))?;
        fs::write(register.join(format!("{reference}.txt")), history::text(&file))?;
        fs::write(register.join(format!("{reference}.json")), format!("{:#}\n", history::object(&file)))?;
        let case = &file.case;
        let resident = case.resident.as_ref().map_or("", |resident| resident.name.as_str()).to_owned();
        let open = case.duties.iter().filter(|(_, duty)| duty.open());
        let mut owed: Vec<Owed> = open.map(|(duty, owed)| Owed { duty: *duty, due: owed.due.date }).collect();
        owed.sort_by_key(|owed| (owed.due, owed.duty));
        let acknowledged = case.acknowledged.get(&Stage::One);
        let acknowledged = acknowledged.map(|(_, at)| london_date(*at).to_string()).unwrap_or_default();
        let next = row.next_due.clone().unwrap_or_default();
        let received = london_date(row.received()).to_string();
        let stage = if case.is_complaint() { case.stage.to_string() } else { String::new() };
        let handler = case.handler().map_or("", |handler| handler.name.as_str());
        let ending = case.ended.as_ref().map(standing::ended);
        let ended = ending.as_deref().unwrap_or_default();
        let CaseRow { reference, landlord, kind, .. } = &row;
        list.push_str(&line(&[
            reference,
            landlord,
            kind,
            &received,
            &resident,
            &stage,
            handler,
            &acknowledged,
            &next,
            ended,
        ]));
        let kind = match case.kind {
            Some(Kind::ServiceRequest) => "request",
            Some(Kind::Correspondence) => "message",
            Some(Kind::Complaint) | None => "complaint",
        };
        entries.push(Entry { reference: row.reference, kind, resident, owed, ending });
    }
    fs::write(register.join("cases.csv"), list)?;
    Ok(entries)
}

async fn lists(office: &Office, letters: &[LetterRow], register: &Path) -> anyhow::Result<()> {
    let mut list = String::from("message,arrived,folder,sorted as,cases,note\n");
    for row in office.store.inbox(0, i64::MAX).await? {
        let (id, arrived) = (row.id.to_string(), row.arrived().to_string());
        let cases = row.cases().join(" ");
        let [sorted, note] = [row.sorted, row.note].map(Option::unwrap_or_default);
        list.push_str(&line(&[&id, &arrived, &row.folder, &sorted, &cases, &note]));
    }
    fs::write(register.join("messages.csv"), list)?;
    let mut list = String::from("letter,written,kind,case,to,subject,state\n");
    for row in letters {
        let (id, written) = (row.id.to_string(), row.written().to_string());
        let case = row.reference.as_deref().unwrap_or_default();
        list.push_str(&line(&[&id, &written, &row.kind, case, &row.recipient, &row.subject, &row.state]));
    }
    fs::write(register.join("letters.csv"), list)?;
    Ok(())
}

async fn summary(office: &Office, entries: &[Entry], letters: &[LetterRow], checked: usize) -> anyhow::Result<String> {
    let counts = office.store.counts().await?;
    let messages: i64 = counts.inbox.values().sum();
    let sent = letters.iter().filter(|row| row.state == "sent");
    let mut to: BTreeMap<&str, usize> = BTreeMap::new();
    for row in sent {
        *to.entry(&row.audience).or_default() += 1;
    }
    let of = |kind: &str, plural: &str| {
        let kinds = entries.iter().filter(|entry| entry.kind == kind).count();
        if kinds == 1 { format!("1 {kind}") } else { format!("{kinds} {plural}") }
    };
    let complaints = of("complaint", "complaints");
    let (requests, others) = (of("request", "requests"), of("message", "messages"));
    let (residents, staff) = (to.get("resident").copied().unwrap_or(0), to.get("staff").copied().unwrap_or(0));
    let in_state = |state: &str| letters.iter().filter(|row| row.state == state).count();
    let dropped = match in_state("dropped") {
        0 => String::new(),
        n => format!(" {n} reminders were not sent, because what they asked for had just been done."),
    };
    let unsent = letters.len() - in_state("sent") - in_state("dropped");
    anyhow::ensure!(unsent == 0, "{unsent} letters have not left");
    Ok(format!(
        "{messages} messages came in. The register holds {checked} cases: {complaints}, {requests} for service and {others} \
         that are neither. {residents} letters went to residents and {staff} to staff.{dropped} Every history was read again, and the \
         chain of its events holds.",
    ))
}

/// One line of comma-separated values (RFC 4180).
fn line(values: &[&str]) -> String {
    let quoted = values.iter().map(|value| match value.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", value.replace('"', "\"\"")),
        false => (*value).to_owned(),
    });
    quoted.collect::<Vec<_>>().join(",") + "\n"
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn values_with_commas_and_quotation_marks_stay_one_value() {
        assert_eq!(line(&["HER-1", "a, b", "say \"no\""]), "HER-1,\"a, b\",\"say \"\"no\"\"\"\n");
    }
}
