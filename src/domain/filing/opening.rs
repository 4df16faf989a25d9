//! What a new case begins with.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Item, Known, answer_to, can_be_answered, passed_on};
use crate::domain::case::{Channel, Flags, Kind, Matter, MessageNo, Opening, Resident};
use crate::domain::definition;
use crate::domain::reference::Reference;
use crate::domain::triage::{Label, Sorted};
use crate::domain::words::Words;

/// `matter`: what it is about, when it is correspondence; else the sorter's label says which register it goes to. `also`:
/// the request or question it comes out of.
pub(super) fn opening(
    item: &Item,
    known: &Known,
    sorted: &Sorted,
    matter: Option<Matter>,
    reference: Reference,
    also: &[Reference],
) -> Opening {
    let message = item.message;
    let set_aside = set_aside(item).filter(|_| matter.is_none());
    let passed_on = passed_on(message, known.landlords);
    let writer = passed_on.map(|forward| &forward.from).or(super::writer(message, known.landlords));
    // Code 3.2: the clock starts when any member of staff first had it.
    let earlier = passed_on.and_then(|forward| forward.date).filter(|date| *date < item.arrived);
    let address = answer_to(message, known.landlords).filter(|address| can_be_answered(address, known.landlords));
    let quoted = known.candidates.iter().filter(|case| case.named());
    let unsure = match matter {
        Some(_) => known.ombudsman.is_some_and(|theirs| theirs.doubt.is_some()),
        None => {
            sorted.unsure
                // A request for stage 2 about a complaint we do not know: a person must find it, or take this for a first.
                || (sorted.label == Label::Stage2Request && also.is_empty())
                // It is here because it tells of a danger, or because of the case it names.
                || sorted.label == Label::Other
                || set_aside.is_some()
                || passed_on.is_some()
                || quoted.clone().any(|case| !case.sender_known)
                // Every stage was gone through: whether this is about something else, a person must say.
                || quoted.clone().any(|case| case.over() && !case.ended_unanswered)
        }
    };
    let kind = match (matter, sorted.label) {
        (Some(_), _) => Kind::Correspondence,
        (None, Label::ServiceRequest) if !unsure => Kind::ServiceRequest,
        _ => Kind::Complaint,
    };
    // The Ombudsman writes about many people: of its cases only those it names belong together.
    let theirs = known.candidates.iter().filter(|case| case.sender_known && (case.open || case.can_escalate));
    let theirs = theirs.filter(|_| known.ombudsman.is_none());
    let related = quoted.chain(theirs).map(|case| &case.reference).chain(also).cloned();
    let name = writer.map_or("", |writer| writer.name.as_str());
    let outcome = sorted.outcome_sought.clone().and_then(|span| item.words.get(span));
    let points = if set_aside.is_some() { Vec::new() } else { definition::points(item.words, name, outcome) };
    Opening {
        reference,
        kind,
        message: Some(item.number),
        matter,
        channel: Channel::Email,
        logged_by: None,
        received: earlier.unwrap_or(item.arrived),
        resident: Resident::by_email(Words::new(name), address.map(Words::new)),
        subject: Words::new(&message.subject),
        points: points.into_iter().map(Words::new).collect(),
        outcome_sought: outcome.map(Words::new),
        because: sorted.because.iter().map(Words::new).collect(),
        unsure,
        flags: flags(sorted),
        withheld: withheld(item, known).or_else(|| {
            let guessed = "it names no landlord's address, and this mailbox serves several";
            known.addressed.guessed.then(|| guessed.to_owned())
        }),
        set_aside,
        related: related.collect::<BTreeSet<_>>().into_iter().collect(),
    }
}

/// Why the message cannot be read, when it cannot.
pub(super) fn set_aside(item: &Item) -> Option<String> {
    if !item.whole {
        return Some(
            "it is larger than the limit, so only its headers were taken; it is still in the mailbox".to_owned(),
        );
    }
    let problem = item.message.problems.first().map_or("it holds no words", |problem| without_stop(problem));
    (!item.message.readable).then(|| problem.to_owned())
}

/// A sentence of the reader's, to stand within one of a letter's.
fn without_stop(sentence: &str) -> &str {
    sentence.strip_suffix('.').unwrap_or(sentence)
}

/// Why no letter goes to the writer by itself, when none does.
pub(super) fn withheld(item: &Item, known: &Known) -> Option<String> {
    let message = item.message;
    if let Some(theirs) = known.ombudsman {
        return Some(match &theirs.doubt {
            None => "mail from the Housing Ombudsman is answered by a person".to_owned(),
            Some(doubt) => format!("it says it comes from the Housing Ombudsman, but {}", without_stop(doubt)),
        });
    }
    if item.junk {
        return Some("it lay in the junk folder".to_owned());
    }
    if let Some(spam) = &message.spam {
        return Some(format!("the mail server takes it for spam: {spam}"));
    }
    if !message.may_answer {
        let reasons = message.reasons.iter().map(|reason| without_stop(reason)).collect::<Vec<_>>().join("; ");
        return Some(if reasons.is_empty() { "it may have been written by a machine".to_owned() } else { reasons });
    }
    if passed_on(message, known.landlords).is_some() {
        return Some(
            "it was passed on by staff: please confirm who the resident is and when you first had it".to_owned(),
        );
    }
    if known.answers_lately >= known.answers_max {
        return Some(format!("this address has had {} automatic letters in 24 hours", known.answers_lately));
    }
    None
}

pub(super) fn flags(sorted: &Sorted) -> Flags {
    Flags {
        urgent_hazard: sorted.urgent_hazard,
        vulnerability: sorted.vulnerability,
        adjustment_requested: sorted.adjustment_requested,
        representative: sorted.representative,
        stage2_asked: sorted.label == Label::Stage2Request,
        exclusion_hint: sorted.exclusion_hint.map(|ground| ground.in_words().to_owned()),
        said: sorted.flag_words.iter().map(|(flag, said)| (*flag, said.iter().map(Words::new).collect())).collect(),
    }
}

/// The opening of a case for a message nobody could look into: no words, no address, the clock running.
pub fn unreadable(reference: Reference, message: MessageNo, received: Timestamp, why: &str) -> Opening {
    Opening {
        reference,
        kind: Kind::Complaint,
        message: Some(message),
        matter: None,
        channel: Channel::Email,
        logged_by: None,
        received,
        resident: Resident::by_email(Words::new(""), None),
        subject: Words::new(""),
        points: Vec::new(),
        outcome_sought: None,
        because: Vec::new(),
        unsure: true,
        flags: Flags::default(),
        withheld: Some("nobody could read who wrote it".to_owned()),
        set_aside: Some(why.to_owned()),
        related: Vec::new(),
    }
}
