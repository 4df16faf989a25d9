//! Where a message belongs and what it is to become: a new case, a further message on one, word of a letter that came
//! back, correspondence, or something a person must look at.
//!
//! Machines are told apart before anything else, so that an automatic answer can never join a case by its headers. A
//! stranger who quotes a reference never joins a case silently. Doubt always ends with a person, and with the complaint
//! clock running.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::case::{Addition, Flags, Kind, LetterNo, MessageNo, Opening, Resident, Writer};
use super::definition;
use super::landlord::Landlord;
use super::letter;
use super::message::{self, Message, Severity};
use super::reference::Reference;
use super::triage::{Context, Exclusion, Label, OtherKind, Sorted};
use super::words::Words;

/// What the names begin with under which mail is listed that arrived before the day from which mail is answered.
pub const OLDER: &str = "older";

/// A stored message as it lies before us.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    pub number: MessageNo,
    pub message: &'a Message,
    /// What was sorted: the newly written words, or those that were passed on.
    pub words: &'a str,
    /// When it reached the landlord's mail server.
    pub arrived: Timestamp,
    /// Found in the junk folder.
    pub junk: bool,
    /// All of it was taken; otherwise only its headers.
    pub whole: bool,
    /// It arrived before the day from which mail is answered.
    pub older: bool,
}

/// A case the message may belong to.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub reference: Reference,
    pub landlord: String,
    pub kind: Kind,
    pub open: bool,
    /// The message answers one of the case's letters or messages, by Message-ID: how far back, 0 for the one that is
    /// answered directly.
    pub by_thread: Option<usize>,
    /// The message names the case's reference.
    pub by_reference: bool,
    /// The writer's address is one of the case's.
    pub sender_known: bool,
    /// Cases it was linked to when it was opened.
    pub related: Vec<Reference>,
}

impl Candidate {
    /// Whether the message itself points to the case.
    fn named(&self) -> bool {
        self.by_thread.is_some() || self.by_reference
    }
}

/// What a message is to become.
#[derive(Clone, Debug, PartialEq)]
pub enum Filing {
    /// A case, for each landlord the message went to; and further cases it is filed to unchanged.
    Open { cases: Vec<(String, Box<Opening>)>, also: Vec<Reference>, sorted: &'static str },
    /// A further message on a case.
    Add { reference: Reference, addition: Addition },
    /// A letter of ours came back.
    Returned { reference: Reference, letter: LetterNo, why: String },
    /// Logged and listed, not a case.
    Correspondence { sorted: &'static str, note: Option<String>, also: Vec<Reference> },
}

/// Which landlords a message went to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addressed {
    pub landlords: BTreeSet<String>,
    /// No recipient named one, and the mailbox serves several: a person must say whose it is.
    pub guessed: bool,
}

/// The landlords whose addresses the message names; else the one that looks after the mailbox. `elsewhere`: landlords with
/// a mailbox of their own other than this one; the same message lies there too. `shared`: the mailbox serves several.
pub fn addressed(
    message: &Message,
    landlords: &[Landlord],
    mailbox_landlord: &str,
    elsewhere: &BTreeSet<&str>,
    shared: bool,
) -> Addressed {
    let named: BTreeSet<String> = landlords
        .iter()
        .filter(|landlord| !elsewhere.contains(landlord.key.as_str()))
        .filter(|landlord| message.recipients.iter().any(|recipient| landlord.owns(recipient)))
        .map(|landlord| landlord.key.clone())
        .collect();
    match named.is_empty() {
        true => Addressed { landlords: BTreeSet::from([mailbox_landlord.to_owned()]), guessed: shared },
        false => Addressed { landlords: named, guessed: false },
    }
}

/// What the writer answers, for the sorter: the same words mean different things below different letters.
pub fn context(candidates: &[Candidate]) -> Context {
    match joined(candidates) {
        Some(candidate) if candidate.kind == Kind::ServiceRequest => Context::ReplyToServiceRequest,
        Some(_) => Context::ReplyDuringStage1,
        None => Context::New,
    }
}

/// The case a known writer answers on: of several the one whose letter or message is answered most directly, and of those
/// filed to the same message the complaint, which is what a request has become.
fn joined(candidates: &[Candidate]) -> Option<&Candidate> {
    let known = candidates.iter().filter(|case| case.sender_known && case.named());
    let nearest = known.min_by_key(|case| {
        (case.by_thread.unwrap_or(usize::MAX), case.kind == Kind::ServiceRequest, case.reference.clone())
    })?;
    // Code 1.5: a request that was complained of goes on beside its complaint; what the resident is unhappy about next
    // belongs to that.
    let became = |case: &&Candidate| {
        case.kind == Kind::Complaint && case.open && case.sender_known && case.related.contains(&nearest.reference)
    };
    let complaint = candidates.iter().find(became).filter(|_| nearest.kind == Kind::ServiceRequest);
    Some(complaint.unwrap_or(nearest))
}

/// Everything that is known when a message is filed.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    pub addressed: &'a Addressed,
    pub landlords: &'a [Landlord],
    pub candidates: &'a [Candidate],
    /// The next case number of each landlord addressed.
    pub next: &'a BTreeMap<String, i64>,
    /// Automatic letters to where an answer would go in the last 24 hours, and how many there may be.
    pub answers_lately: u32,
    pub answers_max: u32,
    /// A delivery report about this letter of ours, when it is one.
    pub returned: Option<&'a (Reference, LetterNo)>,
}

/// Decides what the message is to become.
pub fn file(item: &Item, known: &Known, sorted: &Sorted) -> Filing {
    let message = item.message;
    if message.kind == message::Kind::Bounce {
        return delivery_report(message, known);
    }
    if !message.kind.advances() {
        let note = message.reasons.first().cloned();
        return Filing::Correspondence { sorted: "automatic", note, also: threaded(known.candidates) };
    }
    if item.older {
        let note = "arrived before the day from which mail is answered: listed, never answered".to_owned();
        return Filing::Correspondence { sorted: older(sorted), note: Some(note), also: Vec::new() };
    }
    if let Some(staff) = from_staff(item, known, sorted) {
        return staff;
    }
    match joined(known.candidates) {
        Some(request) if request.kind == Kind::ServiceRequest && dissatisfied(sorted) => {
            // Code 1.5: unhappy with the answer to a request is a complaint, and the request goes on.
            open(item, known, sorted, Some(request))
        }
        Some(case) => add(item, known, sorted, case, Writer::Resident),
        None => match known.candidates.iter().filter(|case| case.by_thread.is_some()).min_by_key(|case| case.by_thread)
        {
            Some(case) => add(item, known, sorted, case, Writer::Stranger),
            None => fresh(item, known, sorted),
        },
    }
}

fn delivery_report(message: &Message, known: &Known) -> Filing {
    let list = |note: &str| {
        let also = threaded(known.candidates);
        Filing::Correspondence { sorted: "delivery report", note: Some(note.to_owned()), also }
    };
    let Some((reference, letter)) = known.returned else { return list("about no letter of ours that we can find") };
    let failures: Vec<_> = message.report.iter().flat_map(|report| &report.recipients).collect();
    let hardest = failures.iter().find(|failed| failed.severity == Severity::Hard);
    let failed = hardest.or_else(|| failures.iter().find(|failed| failed.severity == Severity::Soft));
    if failed.is_none() && !failures.is_empty() {
        return list("a letter of ours is delayed; the server goes on trying");
    }
    let why = failed.map(|failed| format!("{} {}", failed.status.as_deref().unwrap_or_default(), failed.diagnostic));
    let why = why.map(|why| why.trim().to_owned()).filter(|why| !why.is_empty());
    let why = why.unwrap_or_else(|| "the report gives no reason".to_owned());
    Filing::Returned { reference: reference.clone(), letter: *letter, why }
}

/// Mail from people registered for the landlord. `None` when it is to be treated like a resident's: members of a
/// co-operative are both.
fn from_staff(item: &Item, known: &Known, sorted: &Sorted) -> Option<Filing> {
    let landlord = staff_of(item.message, known.landlords)?;
    let on_case = known.candidates.iter().filter(|case| case.landlord == landlord.key && case.named());
    if let Some(case) = on_case.min_by_key(|case| case.by_thread.unwrap_or(usize::MAX)) {
        return (!case.sender_known).then(|| add(item, known, sorted, case, Writer::Staff));
    }
    if item.message.forward.is_some() {
        return Some(open(item, known, sorted, None));
    }
    let note = Some("from the landlord's own people".to_owned());
    (!dissatisfied(sorted)).then_some(Filing::Correspondence { sorted: "from staff", note, also: Vec::new() })
}

fn add(item: &Item, known: &Known, sorted: &Sorted, case: &Candidate, writer: Writer) -> Filing {
    let addition = Addition {
        message: item.number,
        received: item.arrived,
        writer,
        name: Words::new(
            item.message.from.as_ref().map_or("", |from| if from.name.is_empty() { &from.address } else { &from.name }),
        ),
        flags: flags(sorted),
        withheld: withheld(item, known),
    };
    Filing::Add { reference: case.reference.clone(), addition }
}

/// A message that answers nothing of ours.
fn fresh(item: &Item, known: &Known, sorted: &Sorted) -> Filing {
    let listed = |sorted: &'static str| Filing::Correspondence { sorted, note: None, also: Vec::new() };
    match sorted.label {
        _ if set_aside(item).is_some() => open(item, known, sorted, None),
        // It names a case of somebody else's: a person must see it, whatever it says.
        _ if known.candidates.iter().any(Candidate::named) => open(item, known, sorted, None),
        Label::Other if item.junk || item.message.spam.is_some() => listed("spam"),
        // Whatever else it is, word of a danger is put before a person.
        Label::Other if !sorted.unsure && !sorted.urgent_hazard => listed(correspondence(sorted.other_kind)),
        _ => open(item, known, sorted, None),
    }
}

/// `request`: the service request whose handling the resident complains of.
fn open(item: &Item, known: &Known, sorted: &Sorted, request: Option<&Candidate>) -> Filing {
    let also: Vec<Reference> = request.map(|request| request.reference.clone()).into_iter().collect();
    // Whoever else was sent a copy did not handle the request.
    let whose = request.map(|request| &request.landlord).filter(|key| known.addressed.landlords.contains(*key));
    let theirs = |landlord: &&Landlord| match whose {
        Some(key) => landlord.key == *key,
        None => known.addressed.landlords.contains(&landlord.key),
    };
    let cases: Vec<(String, Box<Opening>)> = known
        .landlords
        .iter()
        .filter(theirs)
        .filter_map(|landlord| {
            let number = known.next.get(&landlord.key)?;
            let reference = Reference::new(&landlord.prefix, *number);
            Some((landlord.key.clone(), Box::new(opening(item, known, sorted, reference, &also))))
        })
        .collect();
    let cases_unsure = cases.iter().any(|(_, opening)| opening.unsure);
    let sorted = match sorted.label {
        _ if set_aside(item).is_some() => "could not be read",
        Label::Stage2Request if request.is_none() => "stage 2 request",
        _ if cases_unsure => "unsure",
        Label::ServiceRequest => "service request",
        _ => "complaint",
    };
    Filing::Open { cases, also, sorted }
}

fn opening(item: &Item, known: &Known, sorted: &Sorted, reference: Reference, also: &[Reference]) -> Opening {
    let message = item.message;
    let set_aside = set_aside(item);
    let passed_on = passed_on(message, known.landlords);
    let writer = passed_on.map(|forward| &forward.from).or(message.from.as_ref());
    // Code 3.2: the clock starts when any member of staff first had it.
    let earlier = passed_on.and_then(|forward| forward.date).filter(|date| *date < item.arrived);
    let address = answer_to(message, known.landlords).filter(|address| can_be_answered(address, known.landlords));
    let quoted = known.candidates.iter().filter(|case| case.named());
    let theirs = known.candidates.iter().filter(|case| case.sender_known && case.open);
    let related = quoted.clone().chain(theirs).map(|case| &case.reference).chain(also).cloned();
    // A request for stage 2 about a complaint we do not know: a person must find it, or take this for a first complaint.
    let unsure = sorted.unsure
        || (sorted.label == Label::Stage2Request && also.is_empty())
        || set_aside.is_some()
        || passed_on.is_some()
        || quoted.clone().any(|case| !case.sender_known);
    let kind = match sorted.label {
        Label::ServiceRequest if !unsure => Kind::ServiceRequest,
        _ => Kind::Complaint,
    };
    let name = writer.map_or("", |writer| writer.name.as_str());
    let points = if set_aside.is_some() { Vec::new() } else { definition::points(item.words, name) };
    let outcome = sorted.outcome_sought.clone().and_then(|span| item.words.get(span));
    Opening {
        reference,
        kind,
        message: item.number,
        received: earlier.unwrap_or(item.arrived),
        resident: Resident { name: Words::new(name), address: address.map(Words::new) },
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
fn set_aside(item: &Item) -> Option<String> {
    if !item.whole {
        return Some(
            "it is larger than the limit, so only its headers were taken; it is still in the mailbox".to_owned(),
        );
    }
    let problem = || item.message.problems.first().cloned().unwrap_or_else(|| "it holds no words".to_owned());
    (!item.message.readable).then(problem)
}

/// Why no letter goes to the writer by itself, when none does.
fn withheld(item: &Item, known: &Known) -> Option<String> {
    let message = item.message;
    if item.junk {
        return Some("it lay in the junk folder".to_owned());
    }
    if let Some(spam) = &message.spam {
        return Some(format!("the mail server takes it for spam: {spam}"));
    }
    if !message.may_answer {
        let reasons = message.reasons.join("; ");
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

/// Where an answer to the message goes: to whoever wrote what was passed on, else to its Reply-To.
pub fn answer_to<'a>(message: &'a Message, landlords: &[Landlord]) -> Option<&'a str> {
    let passed_on = passed_on(message, landlords).map(|forward| &forward.from);
    let to = passed_on.or(message.reply_to.as_ref()).or(message.from.as_ref())?;
    Some(&to.address)
}

/// A resident's message that one of the landlord's people passed on.
fn passed_on<'a>(message: &'a Message, landlords: &[Landlord]) -> Option<&'a message::Forward> {
    message.forward.as_ref().filter(|_| staff_of(message, landlords).is_some())
}

/// The landlord that the writer is registered for.
fn staff_of<'a>(message: &Message, landlords: &'a [Landlord]) -> Option<&'a Landlord> {
    let address = &message.from.as_ref()?.address;
    landlords.iter().find(|landlord| landlord.people().iter().any(|person| person.address == *address))
}

/// Whether a letter may go there at all: an address mail can be sent to, and not one of our own, where it would come back.
fn can_be_answered(address: &str, landlords: &[Landlord]) -> bool {
    letter::can_be_written_to(address) && !landlords.iter().any(|landlord| landlord.owns(address))
}

/// Dissatisfied, or perhaps so.
fn dissatisfied(sorted: &Sorted) -> bool {
    sorted.unsure || matches!(sorted.label, Label::Complaint | Label::Stage2Request)
}

fn threaded(candidates: &[Candidate]) -> Vec<Reference> {
    candidates
        .iter()
        .filter(|candidate| candidate.by_thread.is_some())
        .map(|candidate| candidate.reference.clone())
        .collect()
}

fn flags(sorted: &Sorted) -> Flags {
    Flags {
        urgent_hazard: sorted.urgent_hazard,
        vulnerability: sorted.vulnerability,
        adjustment_requested: sorted.adjustment_requested,
        representative: sorted.representative,
        exclusion_hint: sorted.exclusion_hint.map(ground).map(str::to_owned),
    }
}

/// A ground of 2.2 in words.
fn ground(hint: Exclusion) -> &'static str {
    match hint {
        Exclusion::Over12Months => "it may have happened over 12 months ago",
        Exclusion::LegalProceedings => "a court claim may have been filed",
        Exclusion::AlreadyConsidered => "it may have been through the complaints process already",
    }
}

/// What mail from before the landlord's first day with us is called in listings.
fn older(sorted: &Sorted) -> &'static str {
    match sorted.label {
        _ if sorted.unsure => "older, unsure",
        Label::Complaint => "older complaint",
        Label::Stage2Request => "older stage 2 request",
        Label::ServiceRequest => "older service request",
        Label::Other => "older correspondence",
    }
}

/// What other correspondence is called in listings.
fn correspondence(kind: Option<OtherKind>) -> &'static str {
    match kind {
        Some(OtherKind::Survey) => "survey",
        Some(OtherKind::Enquiry) => "enquiry",
        Some(OtherKind::Compliment) => "compliment",
        Some(OtherKind::Spam) => "spam",
        Some(OtherKind::AutoReply) => "automatic",
        Some(OtherKind::ThirdPartyBusiness) => "business",
        Some(OtherKind::InformationRequest) => "information request",
        Some(OtherKind::Thanks) => "thanks",
        Some(OtherKind::Update) => "update",
        None => "other",
    }
}

/// The opening of a case for a message nobody could look into: no words, no address, the clock running.
pub fn unreadable(reference: Reference, message: MessageNo, received: Timestamp, why: &str) -> Opening {
    Opening {
        reference,
        kind: Kind::Complaint,
        message,
        received,
        resident: Resident { name: Words::new(""), address: None },
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::message::{Own, read};

    fn landlord(key: &str, address: &str) -> Landlord {
        let person = |address: &str| crate::domain::landlord::Person {
            name: "Ada Example".to_owned(),
            role: "Complaints Officer".to_owned(),
            address: address.to_owned(),
        };
        Landlord {
            key: key.to_owned(),
            name: key.to_owned(),
            prefix: key[..3].to_uppercase(),
            addresses: vec![address.to_owned()],
            officer: person("ada@example.net"),
            deputy: person("ben@example.net"),
            reviewers: Vec::new(),
            manager: person("dan@example.net"),
            member_responsible: person("eve@example.net"),
            staff: Vec::new(),
            forms: Vec::new(),
            policy_link: String::new(),
            emergency_telephone: String::new(),
            responsible_for: Vec::new(),
            not_responsible_for: Vec::new(),
        }
    }

    fn landlords() -> Vec<Landlord> {
        vec![landlord("elm", "complaints@elm.example.org"), landlord("yew", "complaints@yew.example.org")]
    }

    fn sorted(label: Label) -> Sorted {
        Sorted {
            label,
            other_kind: None,
            unsure: false,
            confidence: 1.0,
            because: Vec::new(),
            representative: false,
            vulnerability: false,
            adjustment_requested: false,
            urgent_hazard: false,
            outcome_sought: None,
            exclusion_hint: None,
            flag_words: std::collections::BTreeMap::new(),
        }
    }

    fn candidate(number: i64, kind: Kind, by_thread: Option<usize>) -> Candidate {
        Candidate {
            reference: Reference::new("ELM", number),
            landlord: "elm".to_owned(),
            kind,
            open: true,
            by_thread,
            by_reference: false,
            sender_known: true,
            related: Vec::new(),
        }
    }

    /// What a message of Ann's, sorted as `label`, becomes beside these cases.
    fn filed(label: Label, candidates: &[Candidate]) -> Filing {
        let raw = b"From: ann@example.com\r\nTo: complaints@elm.example.org, complaints@yew.example.org\r\n\
                    Subject: Tap\r\nMessage-ID: <1@example.com>\r\n\r\nThe tap drips.\r\n";
        let message = read(raw, &Own::default());
        let landlords = landlords();
        let addressed = addressed(&message, &landlords, "elm", &BTreeSet::new(), true);
        let item = Item {
            number: 7,
            message: &message,
            words: "The tap drips.",
            arrived: Timestamp::UNIX_EPOCH,
            junk: false,
            whole: true,
            older: false,
        };
        let known = Known {
            addressed: &addressed,
            landlords: &landlords,
            candidates,
            next: &BTreeMap::from([("elm".to_owned(), 1050), ("yew".to_owned(), 1001)]),
            answers_lately: 0,
            answers_max: 10,
            returned: None,
        };
        file(&item, &known, &sorted(label))
    }

    fn joined_case(filing: Filing) -> Option<String> {
        match filing {
            Filing::Add { reference, .. } => Some(reference.to_string()),
            _ => None,
        }
    }

    #[test]
    fn of_several_cases_in_a_thread_the_one_answered_most_directly_is_joined() {
        let (near, far) = (candidate(1001, Kind::Complaint, Some(0)), candidate(1002, Kind::Complaint, Some(3)));
        let near_reference = Some(near.reference.to_string());
        assert_eq!(joined_case(filed(Label::Complaint, &[far.clone(), near.clone()])), near_reference);
        let named = Candidate { by_thread: None, by_reference: true, ..far };
        assert_eq!(joined_case(filed(Label::Other, &[named, near])), near_reference);
    }

    #[test]
    fn unhappiness_about_a_request_opens_one_complaint_at_its_landlord_and_joins_it_from_then_on() {
        let request = candidate(1001, Kind::ServiceRequest, Some(0));
        let Filing::Open { cases, also, .. } = filed(Label::Complaint, std::slice::from_ref(&request)) else {
            panic!("a complaint about a request is a case of its own");
        };
        assert_eq!(also, std::slice::from_ref(&request.reference));
        assert_eq!(cases.iter().map(|(landlord, _)| landlord.as_str()).collect::<Vec<_>>(), ["elm"]);
        assert_eq!(cases[0].1.related, also);

        let mut complaint = candidate(1050, Kind::Complaint, None);
        complaint.related = also;
        let joined = joined_case(filed(Label::Complaint, &[request, complaint.clone()]));
        assert_eq!(joined, Some(complaint.reference.to_string()));
    }

    #[test]
    fn a_request_for_stage_2_of_a_complaint_we_do_not_know_is_put_before_a_person() {
        let Filing::Open { cases, sorted, .. } = filed(Label::Stage2Request, &[]) else { panic!("a case") };
        assert_eq!(sorted, "stage 2 request");
        assert!(cases.iter().all(|(_, opening)| opening.unsure && opening.kind == Kind::Complaint));
        assert_eq!(cases.len(), 2, "it went to two landlords");
    }

    #[test]
    fn a_stranger_who_names_a_case_is_put_before_a_person_whatever_they_say() {
        let case = Candidate { sender_known: false, by_reference: true, ..candidate(1001, Kind::Complaint, None) };
        let Filing::Open { cases, .. } = filed(Label::Other, std::slice::from_ref(&case)) else { panic!("not listed") };
        assert!(cases.iter().all(|(_, opening)| opening.unsure && opening.related == [case.reference.clone()]));
        let holds_our_letter = Candidate { by_thread: Some(0), ..case };
        let Filing::Add { addition, .. } = filed(Label::Other, &[holds_our_letter]) else { panic!("not listed") };
        assert_eq!(addition.writer, Writer::Stranger);
    }

    #[test]
    fn a_landlord_with_a_mailbox_of_its_own_takes_its_mail_from_there() {
        let raw = b"From: ann@example.com\r\nTo: complaints@elm.example.org, complaints@yew.example.org\r\n\r\nTap\r\n";
        let message = read(raw, &Own::default());
        let at = |mailbox: &str, elsewhere: &[&str]| {
            addressed(&message, &landlords(), mailbox, &elsewhere.iter().copied().collect(), false).landlords
        };
        assert_eq!(at("elm", &[]), BTreeSet::from(["elm".to_owned(), "yew".to_owned()]));
        assert_eq!(at("elm", &["yew"]), BTreeSet::from(["elm".to_owned()]));
        assert_eq!(at("yew", &["elm"]), BTreeSet::from(["yew".to_owned()]));
    }
}
