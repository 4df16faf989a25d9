//! How a case stands now: who has it, what was found and promised, and what is known of the resident.

use serde_json::{Value, json};

use super::beside::Beside;
use super::page;
use crate::domain::calendar::{listed, listed_date};
use crate::domain::case::{Case, Definition, Ending, Event, Prefers, Remedy, Response, told};
use crate::domain::code::Stage;
use crate::domain::reference::Reference;
use crate::domain::words::Words;
use crate::store::CaseFile;

const STAGES: [Stage; 2] = [Stage::One, Stage::Two];

/// Facts that are known of it, a label and a line each.
pub fn facts(file: &CaseFile) -> Vec<(&'static str, String)> {
    let case = &file.case;
    let handler = case.handler().map_or("nobody yet".to_owned(), |who| format!("{}, {}", who.name, who.role));
    let mut facts = vec![("Stands", case.ended.as_ref().map_or_else(|| stands(case), ended)), ("Handler", handler)];
    if case.is_complaint() {
        let stages: Vec<String> = case.confirmed.iter().map(Stage::to_string).collect();
        let by = match stages.is_empty() {
            true => "not confirmed by a person".to_owned(),
            false => format!("confirmed by a person at {}", stages.join(" and ")),
        };
        facts.push(("Definition", by));
    }
    facts.extend(STAGES.into_iter().filter_map(|stage| Some(("Acknowledged", acknowledged(file, stage)?))));
    if let Some(every) = case.updates_every {
        facts.push(("Updates", format!("every {every}, as agreed")));
    }
    if let Some(resident) = &case.resident {
        facts.extend(prefers(resident.prefers).map(|how| ("Prefers", how.to_owned())));
        facts.extend(resident.post.iter().map(|post| ("Post", post.as_str().to_owned())));
        facts.extend(resident.telephone.iter().map(|number| ("Telephone", number.as_str().to_owned())));
        facts.extend(resident.estate.iter().map(|estate| ("Estate", estate.clone())));
    }
    if let Some(who) = &case.representative {
        let address = who.address.as_ref().map(|address| format!(" <{}>", address.as_str())).unwrap_or_default();
        let authority = who.authority.as_ref().map_or("authority awaited", Words::as_str);
        facts.push(("Represented", format!("by {}{address}: {authority}", who.name.as_str())));
    }
    let adjustments = case.adjustments.iter();
    facts.extend(adjustments.map(|(need, done)| ("Adjustment", format!("{}: {}", need.as_str(), done.as_str()))));
    facts.extend(case.restriction.iter().map(|restriction| ("Restriction", restriction.as_str().to_owned())));
    let links: Vec<String> = case.links.iter().map(Reference::to_string).collect();
    if !links.is_empty() {
        facts.push(("See also", links.join(", ")));
    }
    facts
}

fn stands(case: &Case) -> String {
    match (case.is_complaint(), case.responded(case.stage)) {
        (false, _) => "not a complaint".to_owned(),
        (true, true) => format!("{} answered", case.stage),
        (true, false) => case.stage.to_string(),
    }
}

/// How a case ended, as a list says it.
pub(super) fn ended(ending: &Ending) -> String {
    match ending {
        Ending::Closed => "closed".to_owned(),
        Ending::Refused(stage) => format!("not taken at {stage}"),
        Ending::Withdrawn => "withdrawn by the resident".to_owned(),
        Ending::Correspondence => "found to be neither complaint nor request".to_owned(),
        Ending::MergedInto(into) => format!("goes on as {into}"),
    }
}

/// Whether no person confirmed the definition that the acknowledgement at `stage` has.
fn automatic(file: &CaseFile, stage: Stage) -> Option<bool> {
    file.history.iter().rev().find_map(|line| match &line.event {
        Event::Acknowledged { automatic, stage: at, .. } if *at == stage => Some(*automatic),
        _ => None,
    })
}

fn acknowledged(file: &CaseFile, stage: Stage) -> Option<String> {
    let (letter, at) = file.case.acknowledged.get(&stage)?;
    let how = match automatic(file, stage) {
        Some(true) => "automatically; no person had confirmed the definition",
        _ => "with a definition that a person had confirmed",
    };
    Some(format!("at {stage} on {} by letter {letter}, {how}", listed(*at)))
}

fn prefers(prefers: Prefers) -> Option<&'static str> {
    match prefers {
        Prefers::Email => None,
        Prefers::Post => Some("letters on paper"),
        Prefers::Telephone => Some("a call, and the letter to keep"),
    }
}

/// The definition, when people have made more of it than the resident's own words; the responses; what was promised.
pub fn sections(beside: &Beside, file: &CaseFile) -> String {
    let case = &file.case;
    let mut text = String::new();
    let first = case.opening.as_ref().map(|opening| (&opening.points, &opening.outcome_sought));
    let same = first == Some((&case.definition.points, &case.definition.outcome));
    if case.is_complaint() && (!same || case.definition.responsibility.is_some()) {
        text.push_str(&format!("\nComplaint definition\n{}", definition(&case.definition)));
    }
    for (stage, given) in &case.responses {
        text.push_str(&format!("\nResponse at {stage}\n{}", response(given)));
    }
    if !case.actions.is_empty() {
        text.push_str("\nPromised\n");
        let mut table = page::Table::new(["Action", "By", "State", "Owner", "What"]);
        for (number, action) in &case.actions {
            let state = match &action.done {
                Some((at, _)) => format!("done {}", listed(*at)),
                None => beside.left(action.promised.by),
            };
            let (by, what) = (listed_date(action.promised.by), action.promised.what.as_str().to_owned());
            table.row([number.to_string(), by, state, action.promised.owner.clone(), what]);
        }
        text.push_str(&table.text(2, page::width()));
    }
    text
}

fn definition(definition: &Definition) -> String {
    let numbers: Vec<String> = (1..=definition.points.len()).map(|number| format!("{number}.")).collect();
    let points = numbers.iter().zip(&definition.points);
    let mut lines: Vec<(&str, String)> =
        points.map(|(number, point)| (number.as_str(), point.as_str().to_owned())).collect();
    lines.extend(definition.outcome.iter().map(|wish| ("Wants", wish.as_str().to_owned())));
    lines.extend(definition.responsibility.iter().map(|words| ("Responsible", words.as_str().to_owned())));
    page::labelled(&lines, 2, page::width())
}

fn response(response: &Response) -> String {
    let numbers: Vec<String> = (1..=response.answers.len()).map(|number| format!("{number}.")).collect();
    let answers = numbers.iter().zip(&response.answers);
    let mut lines: Vec<(&str, String)> = answers
        .map(|(number, answer)| {
            (number.as_str(), format!("{}: {}", told::finding(answer.finding), answer.reasons.as_str()))
        })
        .collect();
    lines.extend(response.decision.iter().map(|decision| ("Decision", decision.as_str().to_owned())));
    lines.extend(response.remedies.iter().map(|remedy| ("Remedy", remedy_in_words(remedy))));
    page::labelled(&lines, 2, page::width())
}

fn remedy_in_words(remedy: &Remedy) -> String {
    let amount = remedy.pence.map(|pence| format!(" £{}.{:02}", pence / 100, pence % 100)).unwrap_or_default();
    format!("{}{amount}: {}", remedy.kind.in_words(), remedy.what.as_str())
}

/// How it stands, for a program: members that go into the object of the case.
pub fn members(file: &CaseFile) -> Value {
    let case = &file.case;
    let text = |words: &Words| words.as_str().to_owned();
    let texts = |words: &[Words]| words.iter().map(text).collect::<Vec<_>>();
    let acknowledged = case.acknowledged.iter().map(|(stage, (letter, at))| {
        json!({ "stage": stage, "letter": letter, "at": at, "automatic": automatic(file, *stage) })
    });
    let responses = case.responses.iter().map(|(stage, response)| {
        let answers = response
            .answers
            .iter()
            .map(|answer| json!({ "finding": answer.finding, "reasons": text(&answer.reasons) }));
        let remedies = response
            .remedies
            .iter()
            .map(|remedy| json!({ "kind": remedy.kind, "what": text(&remedy.what), "pence": remedy.pence }));
        json!({
            "stage": stage,
            "answers": answers.collect::<Vec<_>>(),
            "decision": response.decision.as_ref().map(text),
            "remedies": remedies.collect::<Vec<_>>(),
        })
    });
    let actions = case.actions.iter().map(|(number, action)| {
        json!({
            "action": number,
            "what": text(&action.promised.what),
            "owner": action.promised.owner,
            "by": action.promised.by,
            "done": action.done.as_ref().map(|(at, _)| at),
            "evidence": action.done.as_ref().map(|(_, evidence)| text(evidence)),
        })
    });
    let adjustments =
        case.adjustments.iter().map(|(need, done)| json!({ "need": text(need), "adjustment": text(done) }));
    json!({
        "stage": case.stage,
        "handler": case.handler().map(|who| json!({ "name": who.name, "role": who.role, "address": who.address })),
        "definition": {
            "points": texts(&case.definition.points),
            "outcome": case.definition.outcome.as_ref().map(text),
            "responsibility": case.definition.responsibility.as_ref().map(text),
            "confirmed_at": case.confirmed,
        },
        "acknowledged": acknowledged.collect::<Vec<_>>(),
        "responses": responses.collect::<Vec<_>>(),
        "actions": actions.collect::<Vec<_>>(),
        "updates_every": case.updates_every,
        "adjustments": adjustments.collect::<Vec<_>>(),
        "restriction": case.restriction.as_ref().map(text),
        "representative": case.representative.as_ref().map(|who| json!({
            "name": text(&who.name),
            "address": who.address.as_ref().map(text),
            "authority": who.authority.as_ref().map(text),
        })),
        "links": case.links,
        "ended": case.ended.as_ref().map(ended),
    })
}
