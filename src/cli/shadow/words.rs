//! The report in words for a person, and as JSON for a program.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use super::report::{Acknowledged, Answer, Case, MACHINES, Message, Report, Worth};
use crate::cli::page::{self, Table, count};
use crate::domain::calendar::{listed, london_date, spoken};
use crate::domain::case::Kind;

/// How many of what.
#[derive(Default)]
struct Summary {
    /// Messages by what they were sorted as.
    sorted: BTreeMap<String, usize>,
    machines: usize,
    machines_answered: usize,
    unreadable: usize,
    registers: BTreeMap<&'static str, usize>,
    /// Cases of which a person would be asked.
    unsure: usize,
    acknowledged_at_once: usize,
    acknowledged_later: usize,
    not_acknowledged: usize,
    /// Dates passed, by duty: its words and its key.
    missed: BTreeMap<String, (&'static str, usize)>,
}

impl Summary {
    fn of(report: &Report) -> Summary {
        let mut summary = Summary::default();
        for message in &report.messages {
            let sorted = message.row.sorted.as_deref().unwrap_or("could not be handled");
            *summary.sorted.entry(sorted.to_owned()).or_default() += 1;
            let machine = MACHINES.contains(&sorted);
            summary.machines += usize::from(machine);
            summary.machines_answered += usize::from(machine && !message.answer.letters.is_empty());
            summary.unreadable += usize::from(["set_aside", "new"].contains(&message.row.state.as_str()));
        }
        for case in &report.cases {
            *summary.registers.entry(case.kind.key()).or_default() += 1;
            summary.unsure += usize::from(case.unsure);
            if case.kind == Kind::Complaint {
                match case.acknowledged {
                    Acknowledged::AtOnce(_) => summary.acknowledged_at_once += 1,
                    Acknowledged::Later(_) => summary.acknowledged_later += 1,
                    Acknowledged::No => summary.not_acknowledged += 1,
                }
            }
            for (duty, _) in &case.missed {
                summary.missed.entry(duty.to_string()).or_insert((duty.in_words(), 0)).1 += 1;
            }
        }
        summary
    }

    fn register(&self, kind: Kind) -> i64 {
        self.registers.get(kind.key()).copied().unwrap_or(0) as i64
    }
}

// ── for a person ──────────────────────────────────────────────────────────────────────────────────────────────────

/// The report for a terminal of `width` columns; `letters` is where they were left to be read.
pub(super) fn text(report: &Report, letters: Option<&Path>, width: Option<usize>) -> String {
    let summary = Summary::of(report);
    let mut text = beginning(report);
    if !report.messages.is_empty() {
        text.push_str(&format!("\n{}", messages(report, width)));
    }
    text.push_str(&format!("\nWhat would have happened\n\n{}", page::labelled(&facts(report, &summary), 2, width)));
    if !report.unread.is_empty() {
        let unread = report.unread.iter().map(|unread| {
            let message = unread.uid.as_ref().map(|uid| format!(", message {uid}")).unwrap_or_default();
            ("Not read", format!("{}/{}{message}: {}", unread.mailbox, unread.folder, unread.why))
        });
        text.push_str(&format!("\n{}", page::labelled(&unread.collect::<Vec<_>>(), 2, width)));
    }
    let worth: Vec<_> = report.worth_reading().collect();
    if !worth.is_empty() {
        let mut table = Table::new(["Arrived", "From", "Why", "Subject"]);
        for (message, worth) in &worth {
            let why = in_words(*worth).to_owned();
            table.row([listed(message.row.arrived()), message.from.clone(), why, message.subject.clone()]);
        }
        text.push_str(&format!("\nRead these {} yourself\n\n{}", worth.len(), table.text(2, width)));
    }
    text.push_str(&match letters {
        Some(folder) => format!("\nThe letters are in {}.\n", folder.display()),
        None => "\nTo read the letters too, add `--letters FOLDER`.\n".to_owned(),
    });
    text
}

fn beginning(report: &Report) -> String {
    let places: Vec<String> = report
        .mailboxes
        .iter()
        .flat_map(|mailbox| {
            let folders = mailbox.folders.iter().chain(&mailbox.junk);
            folders.map(|folder| format!("{}/{folder}", mailbox.name))
        })
        .collect();
    let left_out = match report.left_out {
        0 => String::new(),
        left_out => format!("The limit left out the {left_out} that came after them.\n"),
    };
    format!(
        "{} in {}, {} to {}.\n{left_out}Nothing in the mailbox was changed, and no letter was sent.\n",
        count(report.messages.len() as i64, "message"),
        places.join(", "),
        spoken(london_date(report.window.since)),
        spoken(report.window.last_day()),
    )
}

fn messages(report: &Report, width: Option<usize>) -> String {
    let mut table = Table::new(["Arrived", "From", "Sorted", "Case", "Answered", "Subject"]);
    for Message { row, from, subject, answer, .. } in &report.messages {
        table.row([
            listed(row.arrived()),
            or_dash(from.clone()),
            or_dash(row.sorted.clone().unwrap_or_default()),
            or_dash(row.cases().join(", ")),
            answered(answer),
            subject.clone(),
        ]);
    }
    table.text(0, width)
}

fn or_dash(text: String) -> String {
    if text.is_empty() { "-".to_owned() } else { text }
}

fn answered(answer: &Answer) -> String {
    match (answer.letters.as_slice(), &answer.withheld) {
        ([], Some(why)) => format!("no: {}", why.strip_suffix('.').unwrap_or(why)),
        ([], None) => "no".to_owned(),
        (letters, _) => letters.iter().map(|kind| name(kind.key())).collect::<Vec<_>>().join(", "),
    }
}

fn name(kind: &str) -> String {
    kind.replace('-', " ")
}

fn facts(report: &Report, summary: &Summary) -> Vec<(&'static str, String)> {
    let complaints = summary.register(Kind::Complaint);
    let cases = report.cases.len() as i64;
    let mut facts = vec![
        ("Sorted", or_none(most_first(summary.sorted.iter().map(|(sorted, n)| (sorted.clone(), *n))))),
        (
            "Cases",
            format!(
                "{}, {}, {}",
                count(complaints, "complaint"),
                count(summary.register(Kind::ServiceRequest), "service request"),
                count(summary.register(Kind::Correspondence), "case") + " of other correspondence",
            ),
        ),
    ];
    if complaints > 0 {
        let (later, no) = (summary.acknowledged_later, summary.not_acknowledged);
        facts.push((
            "Acknowledged",
            format!(
                "{} at once, {later} just before the date because nobody had looked, {no} left to a person",
                summary.acknowledged_at_once
            ),
        ));
    }
    if cases > 0 {
        let percent = summary.unsure as i64 * 100 / cases;
        facts.push(("Unsure", format!("{} of {cases} ({percent} %): a person is asked", summary.unsure)));
    }
    let machines = count(summary.machines as i64, "message");
    facts.push(("From machines", format!("{machines}, {} of them answered", none_or(summary.machines_answered))));
    facts.push(("Not readable", format!("{}, put before a person", count(summary.unreadable as i64, "message"))));
    for (label, audience) in [("To residents", "resident"), ("To your people", "staff")] {
        let letters = report.letters.iter().filter(|((to, _), _)| to == audience);
        facts.push((label, or_none(most_first(letters.map(|((_, kind), n)| (name(kind), *n))))));
    }
    let missed = summary.missed.values().map(|(duty, n)| (format!("to {duty}"), *n));
    facts.push(("Dates passed", or_none(most_first(missed)) + ", as nobody acts in this world"));
    facts
}

/// "complaint: 3, spam: 1".
fn most_first(counts: impl Iterator<Item = (String, usize)>) -> String {
    let mut counts: Vec<(String, usize)> = counts.collect();
    counts.sort_by(|(a, more), (b, less)| (less, a).cmp(&(more, b)));
    counts.into_iter().map(|(what, n)| format!("{what}: {n}")).collect::<Vec<_>>().join(", ")
}

fn or_none(text: String) -> String {
    if text.is_empty() { "none".to_owned() } else { text }
}

fn none_or(n: usize) -> String {
    if n == 0 { "none".to_owned() } else { n.to_string() }
}

fn in_words(worth: Worth) -> &'static str {
    match worth {
        Worth::Unreadable => "cannot be read",
        Worth::Hazard => "tells of a danger",
        Worth::Unsure => "unsure",
        Worth::Withheld => "not answered",
        Worth::Listed => "only listed",
    }
}

// ── for a program ─────────────────────────────────────────────────────────────────────────────────────────────────

/// The report as JSON, without words of residents or who they are.
pub(super) fn object(report: &Report) -> Value {
    let summary = Summary::of(report);
    let letters = report.letters.iter();
    let letters = letters.map(|((to, kind), n)| json!({ "audience": to, "kind": kind, "count": n }));
    let unread = report.unread.iter().map(
        |unread| json!({ "mailbox": unread.mailbox, "folder": unread.folder, "uid": unread.uid, "why": unread.why }),
    );
    json!({
        "since": report.window.since,
        "until": report.window.until,
        "summary": {
            "messages": report.messages.len(),
            "left_out": report.left_out,
            "sorted": summary.sorted,
            "registers": summary.registers,
            "acknowledged_at_once": summary.acknowledged_at_once,
            "acknowledged_later": summary.acknowledged_later,
            "not_acknowledged": summary.not_acknowledged,
            "unsure": summary.unsure,
            "from_machines": summary.machines,
            "machines_answered": summary.machines_answered,
            "unreadable": summary.unreadable,
            "missed": summary.missed.iter().map(|(duty, (_, n))| (duty.clone(), json!(n))).collect::<serde_json::Map<_, _>>(),
        },
        "messages": report.messages.iter().map(message).collect::<Vec<_>>(),
        "cases": report.cases.iter().map(case).collect::<Vec<_>>(),
        "letters": letters.collect::<Vec<_>>(),
        "not_read": unread.collect::<Vec<_>>(),
        "read_these": report.worth_reading().map(|(message, _)| message.row.id).collect::<Vec<_>>(),
    })
}

fn message(message: &Message) -> Value {
    let Message { row, uid, answer, .. } = message;
    json!({
        "number": row.id,
        "mailbox": row.mailbox,
        "folder": row.folder,
        "uid": uid,
        "arrived": row.arrived(),
        "bytes": row.size,
        "state": row.state,
        "sorted": row.sorted,
        "note": row.note,
        "cases": row.cases(),
        "answered": answer.letters.iter().map(|kind| kind.key()).collect::<Vec<_>>(),
        "not_answered_because": answer.withheld.as_ref().filter(|_| answer.letters.is_empty()),
    })
}

fn case(case: &Case) -> Value {
    json!({
        "reference": case.row.reference,
        "landlord": case.row.landlord,
        "register": case.kind.key(),
        "received": case.row.received(),
        "unsure": case.unsure,
        "urgent_hazard": case.row.hazard(),
        "acknowledged": match case.acknowledged {
            Acknowledged::AtOnce(at) | Acknowledged::Later(at) => Some(at),
            Acknowledged::No => None,
        },
        "missed": case.missed.iter().map(|(duty, due)| json!({ "duty": duty.to_string(), "due": due })).collect::<Vec<_>>(),
    })
}
