//! A case's history, for people and for programs.

use serde_json::{Value, json};

use crate::domain::calendar::listed;
use crate::domain::case::told::{kind, sentence};
use crate::store::CaseFile;

/// The whole history, a line an event, in Europe/London time.
pub fn text(file: &CaseFile) -> String {
    let heading =
        file.case.opening.as_ref().map(|opening| format!("{}: {}\n\n", opening.reference, kind(opening.kind)));
    let lines = file.history.iter().map(|line| {
        let (counts, recorded) = (listed(line.occurred_at), listed(line.recorded_at));
        let late = if counts == recorded { String::new() } else { format!(" (recorded {recorded})") };
        format!("{:>3}  {counts}  {}{late}\n", line.seq, sentence(&line.event))
    });
    heading.into_iter().chain(lines).collect()
}

/// The whole history as one object.
pub fn object(file: &CaseFile) -> Value {
    let events = file.history.iter().map(|recorded| {
        json!({
            "seq": recorded.seq,
            "occurred_at": recorded.occurred_at,
            "recorded_at": recorded.recorded_at,
            "event": recorded.event,
        })
    });
    json!({
        "reference": file.case.opening.as_ref().map(|opening| &opening.reference),
        "landlord": file.landlord,
        "open": file.case.open(),
        "history": events.collect::<Vec<_>>(),
    })
}
