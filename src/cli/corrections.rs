//! `redress triage --corrections`: what people confirmed or corrected of the sorting, to learn from.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::Context as _;
use serde_json::{Value, json};

use super::beside::Beside;
use super::page;
use crate::daemon::office::own;
use crate::domain::case::{Addition, Dissatisfied, Event, Flags, Kind, MessageNo, Opening, Recorded, Sorting, Writer};
use crate::domain::code::Stage;
use crate::domain::filing;
use crate::domain::message;
use crate::domain::reference::Reference;
use crate::domain::triage::{Context, Exclusion, Label};
use crate::domain::words::Words;
use crate::store::Store;

/// What a person decided of one message.
#[derive(Clone, Debug, PartialEq)]
struct Decided<'a> {
    label: Label,
    asked: Asked<'a>,
}

/// What the program made of the message a person was to look at.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Asked<'a> {
    /// It opened the case.
    Opened(&'a Opening),
    /// It came after the stage 1 response (6.10).
    Answered(&'a Addition),
}

impl<'a> Asked<'a> {
    /// What the message was taken for; `None` where only that it is no request for stage 2 was written down.
    fn label(self) -> Option<Label> {
        match self {
            Asked::Opened(opening) if opening.matter.is_some() => Some(Label::Other),
            Asked::Opened(opening) if opening.kind == Kind::ServiceRequest => Some(Label::ServiceRequest),
            Asked::Opened(opening) if opening.flags.stage2_asked => Some(Label::Stage2Request),
            Asked::Opened(_) => Some(Label::Complaint),
            Asked::Answered(addition) => (addition.dissatisfied != Dissatisfied::No).then_some(Label::Stage2Request),
        }
    }

    fn unsure(self) -> bool {
        match self {
            Asked::Opened(opening) => opening.unsure,
            Asked::Answered(addition) => addition.dissatisfied == Dissatisfied::Perhaps,
        }
    }

    fn flags(self) -> &'a Flags {
        match self {
            Asked::Opened(opening) => &opening.flags,
            Asked::Answered(addition) => &addition.flags,
        }
    }

    fn because(self) -> &'a [Words] {
        match self {
            Asked::Opened(opening) => &opening.because,
            Asked::Answered(_) => &[],
        }
    }

    fn outcome(self) -> Option<&'a Words> {
        match self {
            Asked::Opened(opening) => opening.outcome_sought.as_ref(),
            Asked::Answered(_) => None,
        }
    }
}

/// What people decided of the messages of one case; of several decisions the last.
fn decided(history: &[Recorded]) -> BTreeMap<MessageNo, Decided<'_>> {
    let mut decided = BTreeMap::new();
    let mut opened: Option<(MessageNo, Asked)> = None;
    // The resident's last message since the stage 1 response, and the one stage 2 was begun for.
    let mut answered: Option<(MessageNo, Asked)> = None;
    let mut escalated = None;
    let mut stage = Stage::One;
    for line in history {
        let found = match &line.event {
            Event::Opened(opening) => {
                opened = opening.message.map(|message| (message, Asked::Opened(opening)));
                None
            }
            Event::MessageAdded(addition) if addition.writer == Writer::Resident => {
                answered = Some((addition.message, Asked::Answered(addition)));
                None
            }
            Event::Responded { .. } => {
                answered = None;
                None
            }
            Event::Escalated { by, .. } => {
                (stage, escalated) = (Stage::Two, answered);
                // The sorter saw no such request where a person did.
                escalated.filter(|_| by.is_some()).map(|asked| (asked, Label::Stage2Request))
            }
            Event::EscalationMistaken { .. } => {
                stage = Stage::One;
                escalated.map(|asked| (asked, Label::Other))
            }
            Event::Sorted { kind, .. } => opened.map(|asked| (asked, label(*kind))),
            Event::Defined { .. } => match stage {
                Stage::One => opened.map(|asked| (asked, Label::Complaint)),
                Stage::Two => escalated.map(|asked| (asked, Label::Stage2Request)),
            },
            _ => None,
        };
        decided.extend(found.map(|((message, asked), label)| (message, Decided { label, asked })));
    }
    decided
}

fn label(sorting: Sorting) -> Label {
    match sorting {
        Sorting::Complaint => Label::Complaint,
        Sorting::ServiceRequest => Label::ServiceRequest,
        Sorting::Neither => Label::Other,
    }
}

/// Writes one line for every message of which a person decided what it is; says on standard error how many had to be left
/// out. Only the cases of `landlord`, by its key, when there is one.
///
/// # Errors
///
/// When the database cannot be asked, or there is no such landlord.
pub async fn write(beside: &Beside, landlord: Option<&str>, mut out: impl Write) -> anyhow::Result<()> {
    beside.knows(landlord)?;
    let own = own(&beside.config);
    let mut left_out = 0;
    for row in beside.store.cases().await? {
        if landlord.is_some_and(|key| row.landlord != key) {
            continue;
        }
        let reference: Reference = row.reference.parse().context("The database holds a reference that is none")?;
        let file = beside.store.case(&reference).await?.context("A case is gone that was listed just now")?;
        for (number, decided) in decided(&file.history) {
            let raw = beside.store.message(number).await?.and_then(|message| message.raw);
            let read = raw.map(|raw| message::read(&raw, &own));
            let body = read.as_ref().map(|read| filing::words(read, &own)).unwrap_or_default();
            let Some(read) = read.filter(|_| !body.is_empty()) else {
                left_out += 1;
                continue;
            };
            let context = match decided.asked {
                Asked::Opened(_) => context(&beside.store, number).await?,
                Asked::Answered(_) => Context::ReplyToStage1Response,
            };
            let id = format!("{reference}/{number}");
            writeln!(out, "{}", line(&id, &read.subject, &body, context, &decided))?;
        }
    }
    if left_out > 0 {
        eprintln!("{} left out: erased, or without words.", page::count(left_out, "message"));
    }
    Ok(())
}

/// What the message that opened a case was sorted as an answer to: it is filed to the request it comes back to as well.
async fn context(store: &Store, message: MessageNo) -> anyhow::Result<Context> {
    let row = store.message_row(message).await?;
    for reference in row.iter().flat_map(|row| row.cases()) {
        let file = store.case(&reference.parse()?).await?;
        let before = file.and_then(|file| file.case.opening).filter(|opening| opening.message != Some(message));
        if before.is_some_and(|opening| opening.kind == Kind::ServiceRequest) {
            return Ok(Context::ReplyToServiceRequest);
        }
    }
    Ok(Context::New)
}

/// One line of training data, with what the program had said.
fn line(id: &str, subject: &str, body: &str, context: Context, decided: &Decided) -> Value {
    let Decided { label, asked } = decided;
    let Flags { representative, vulnerability, adjustment_requested, urgent_hazard, exclusion_hint, .. } =
        asked.flags();
    json!({
        "id": id,
        "subject": subject,
        "body": body,
        "context": context,
        "label": label,
        "other_kind": null,
        "representative": representative,
        "vulnerability": vulnerability,
        "adjustment_requested": adjustment_requested,
        "urgent_hazard": urgent_hazard,
        "outcome_sought": asked.outcome().map(Words::as_str).filter(|wish| body.contains(wish)),
        "exclusion_hint": exclusion_hint.as_deref().and_then(Exclusion::named),
        "said": {
            "label": asked.label(),
            "unsure": asked.unsure(),
            "because": asked.because().iter().map(Words::as_str).collect::<Vec<_>>(),
        },
    })
}
