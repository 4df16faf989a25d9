//! Where a message belongs and what it is to become: a new case, a further message on one, word of what became of a letter
//! of ours, or something that is only listed.
//!
//! Machines are told apart before anything else, so that an automatic answer can never join a case by its headers. A
//! stranger who quotes a reference never joins a case silently. Doubt always ends with a person, and with the complaint
//! clock running.
//!
//! `opening.rs` says what a new case begins with, `matter.rs` which correspondence is worth an answer, `officer.rs` what the
//! landlord's own people ask for.

mod matter;
mod officer;
mod opening;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

pub use officer::{Asks, Evidence, Request};
pub use opening::unreadable;

use super::brake::CASES_A_DAY;
use super::calendar::london_date;
use super::case::{Addition, Dissatisfied, Kind, LetterNo, Matter, MessageNo, Opening, Outcome, Writer};
use super::definition;
use super::landlord::Landlord;
use super::letter;
use super::message::{self, FromOmbudsman, Message, Own, Severity};
use super::reference::Reference;
use super::triage::{Context, Label, Sorted};
use super::words::Words;
use opening::{flags, opening, set_aside, withheld};

/// A message's own date may lie this far ahead of ours: clocks and time zones are set wrong.
const CLOCKS_APART: SignedDuration = SignedDuration::from_hours(24);

/// What the names begin with under which mail is listed that arrived before the day from which mail is answered.
pub const OLDER: &str = "older";

/// What mail from the landlord's own people is listed as.
pub const FROM_STAFF: &str = "from staff";

/// What machines' mail is listed as, by what it is about.
pub const FROM_MACHINES: [&str; 4] = [AUTOMATIC, DELIVERY_REPORT, RETURNED_LETTER, ABSENCE_NOTE];
const AUTOMATIC: &str = "automatic";
const DELIVERY_REPORT: &str = "delivery report";
const RETURNED_LETTER: &str = "returned letter";
const ABSENCE_NOTE: &str = "absence note";

/// A stored message as it lies before us.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    pub number: MessageNo,
    pub message: &'a Message,
    /// What was sorted: the newly written words, or those that were passed on.
    pub words: &'a str,
    /// When the landlord had it: see [`had`].
    pub arrived: Timestamp,
    /// Found in the junk folder.
    pub junk: bool,
    /// All of it was taken; otherwise only its headers.
    pub whole: bool,
    /// That was before the day from which mail is answered.
    pub older: bool,
}

/// A case the message may belong to.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub reference: Reference,
    pub landlord: String,
    /// When the message arrived that it began with; `None`: a person logged it.
    pub began: Option<Timestamp>,
    /// The register it is in now.
    pub kind: Kind,
    pub open: bool,
    /// Its stage 1 response is written, and the resident may say that they are not content with it (6.10).
    pub can_escalate: bool,
    /// It is a complaint that ended before it was answered.
    pub ended_unanswered: bool,
    /// It goes on as this one.
    pub merged_into: Option<Reference>,
    /// Address of whoever handles it.
    pub handler: Option<String>,
    /// The message answers one of the case's letters or messages, by Message-ID: how far back, 0 for the one that is
    /// answered directly.
    pub by_thread: Option<usize>,
    /// The message names the case's reference.
    pub by_reference: bool,
    /// The message names a reference of the Ombudsman's that stood in the mail which opened the case.
    pub by_ombudsman: bool,
    /// The writer's address is one of the case's.
    pub sender_known: bool,
    /// Cases it is linked to.
    pub related: Vec<Reference>,
    /// The message answers a letter of ours to its writer, as one of the landlord's people: how far back, 0 for the one
    /// that is answered directly; and which letter.
    pub our_letter: Option<(usize, LetterNo)>,
    /// The message went to somebody who may speak on the case.
    pub to_resident: bool,
}

impl Candidate {
    /// Whether the message itself points to the case.
    fn named(&self) -> bool {
        self.by_thread.is_some() || self.by_reference
    }

    /// Whether it is a complaint that nobody works on any more and that goes no further: withdrawn, not taken on, or answered at
    /// the last stage.
    fn over(&self) -> bool {
        self.kind == Kind::Complaint && (self.ended_unanswered || !self.open && !self.can_escalate)
    }
}

/// What a message is to become.
#[derive(Clone, Debug, PartialEq)]
pub enum Filing {
    /// A case, for each landlord the message went to; and further cases it is filed to unchanged.
    Open { cases: Vec<(String, Box<Opening>)>, also: Vec<Reference>, sorted: &'static str },
    /// A further message on a case.
    Add { reference: Reference, addition: Addition, sorted: &'static str },
    /// Word of what became of a letter of ours.
    Report { reference: Reference, letter: LetterNo, outcome: Outcome, sorted: &'static str },
    /// One of the landlord's people asks for something, or does so in their name; or they wrote to the resident.
    Asked(Box<Request>),
    /// Logged and listed, not a case.
    Listed { sorted: &'static str, note: Option<String>, also: Vec<Reference> },
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

/// What is sorted: the words that staff passed on, else what was newly written, else everything. Of an answer that adds no
/// word nothing: what it quotes is mostly a letter of ours, which speaks of stage 2 and of gas leaks.
pub fn words(message: &Message, own: &Own) -> String {
    let staff = message.from.as_ref().is_some_and(|from| own.staff.contains(&from.address));
    match &message.forward {
        Some(forward) if staff => forward.words.clone(),
        None if message.silent => String::new(),
        _ => Some(message.new_text()).filter(|new| !new.is_empty()).unwrap_or_else(|| message.text.clone()),
    }
}

/// What the writer answers, for the sorter: the same words mean different things below different letters.
pub fn context(candidates: &[Candidate]) -> Context {
    match joined(candidates) {
        Some(case) if case.kind == Kind::ServiceRequest => Context::ReplyToServiceRequest,
        Some(case) if case.can_escalate => Context::ReplyToStage1Response,
        Some(case) if case.kind == Kind::Complaint => Context::ReplyDuringStage1,
        Some(_) | None => Context::New,
    }
}

/// The candidates without those that go on as another of them, which is what their thread leads to.
pub fn living(candidates: Vec<Candidate>) -> Vec<Candidate> {
    let (merged, mut living): (Vec<_>, Vec<_>) = {
        let there: BTreeSet<Reference> = candidates.iter().map(|case| case.reference.clone()).collect();
        candidates.into_iter().partition(|case| case.merged_into.as_ref().is_some_and(|into| there.contains(into)))
    };
    for old in merged {
        if let Some(case) = living.iter_mut().find(|case| Some(&case.reference) == old.merged_into.as_ref()) {
            case.by_thread = [case.by_thread, old.by_thread].into_iter().flatten().min();
            case.by_reference |= old.by_reference;
            case.sender_known |= old.sender_known;
        }
    }
    living
}

/// The case a known writer answers on: of several the one whose letter or message is answered most directly, and of those
/// filed to the same message the complaint, which is what a request or a question has become.
fn joined(candidates: &[Candidate]) -> Option<&Candidate> {
    let known = candidates.iter().filter(|case| case.sender_known && case.named());
    let nearest = known.min_by_key(|case| {
        (case.by_thread.unwrap_or(usize::MAX), case.kind != Kind::Complaint, case.reference.clone())
    })?;
    // Code 1.5: a request that was complained of goes on beside its complaint; what the resident is unhappy about next
    // belongs to that. And what came anew after a case had ended is where that case goes on.
    let became = |case: &&Candidate| {
        let is_next = case.kind == Kind::Complaint || case.kind == nearest.kind && !nearest.open;
        is_next && case.open && case.sender_known && case.related.contains(&nearest.reference)
    };
    let anew = nearest.kind != Kind::Complaint || nearest.over();
    Some(candidates.iter().find(became).filter(|_| anew).unwrap_or(nearest))
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
    /// The letter of ours that it is a delivery report or an absence note about.
    pub about: Option<&'a (Reference, LetterNo)>,
    /// It comes from the Housing Ombudsman, or says so.
    pub ombudsman: Option<&'a FromOmbudsman>,
    pub evidence: Evidence<'a>,
}

/// When the landlord had a message that was `stored` then. What its mail server says, `arrived`, counts, unless that is a day
/// before `since`, from which mail is answered, and something contradicts it: a clock that stood still, or files copied with
/// old dates, must not make older mail of a complaint. Then its own Date counts, as far as that can be; and of what answers
/// us, or names a case (`ours`), the moment when it was stored, for it cannot be older than what it answers.
pub fn had(message: &Message, arrived: Timestamp, stored: Timestamp, since: Date, ours: bool) -> Timestamp {
    let possible = |date: &Timestamp| date.duration_since(stored) <= CLOCKS_APART;
    let claimed = message.date_claimed.filter(possible).map(|date| date.min(stored));
    let moments = [Some(arrived), claimed, ours.then_some(stored)];
    moments.into_iter().flatten().find(|at| london_date(*at) >= since).unwrap_or(arrived)
}

/// Decides what the message is to become. `sort` sorts its words: not asked of what machines write, which may be thousands in
/// a night.
pub fn file(item: &Item, known: &Known, sort: impl FnOnce() -> Sorted) -> Filing {
    let message = item.message;
    if message.kind == message::Kind::Bounce {
        return delivery_report(item, known);
    }
    if message.absence().is_some() {
        return absence_note(item, known);
    }
    let ombudsman = known.ombudsman.filter(|_| !item.older);
    if ombudsman.is_none() && !message.kind.advances() {
        return automatic(message, known);
    }
    let sorted = &sort();
    if let Some(theirs) = ombudsman {
        return from_ombudsman(item, known, sorted, theirs);
    }
    if item.older {
        let note = "arrived before the day from which mail is answered: listed, never answered".to_owned();
        return Filing::Listed { sorted: older(sorted), note: Some(note), also: Vec::new() };
    }
    if let Some(request) = officer::asks(item, known, sorted) {
        return Filing::Asked(Box::new(request));
    }
    if let Some(staff) = from_staff(item, known, sorted) {
        return staff;
    }
    match joined(known.candidates) {
        // Code 1.3, 1.5: unhappy with the answer to a request or a question is a complaint, and the request goes on.
        Some(case) if case.kind != Kind::Complaint && dissatisfied(sorted) != Dissatisfied::No => {
            open(item, known, sorted, None, Some(case))
        }
        // They are unhappy still, or about something else, and nothing runs there: so it is a complaint anew.
        Some(case) if case.over() && dissatisfied(sorted) != Dissatisfied::No => {
            open(item, known, sorted, None, Some(case))
        }
        // A question was answered, or a request is done with; what is asked for now is work.
        Some(case) if is_answered(case) && sorted.label == Label::ServiceRequest => {
            open(item, known, sorted, None, Some(case))
        }
        Some(case) => add(item, known, sorted, case, Writer::Resident),
        None => match nearest(known.candidates.iter().filter(|case| case.by_thread.is_some())) {
            Some(case) => add(item, known, sorted, case, Writer::Stranger),
            None => match (fresh(item, known, sorted), flooded(item, known, sorted)) {
                (Filing::Open { .. }, Some(case)) => add(item, known, sorted, case, Writer::Resident),
                (filing, _) => filing,
            },
        },
    }
}

/// Whether nothing that is asked for on this case would be looked at again.
fn is_answered(case: &Candidate) -> bool {
    case.kind == Kind::Correspondence || case.kind == Kind::ServiceRequest && !case.open
}

/// Of several cases the one whose letter or message is answered most directly.
fn nearest<'a>(cases: impl Iterator<Item = &'a Candidate>) -> Option<&'a Candidate> {
    cases.min_by_key(|case| case.by_thread.unwrap_or(usize::MAX))
}

// ── what machines send ────────────────────────────────────────────────────────────────────────────────────────────

fn automatic(message: &Message, known: &Known) -> Filing {
    let note = message.reasons.first().cloned();
    Filing::Listed { sorted: AUTOMATIC, note, also: threaded(known.candidates) }
}

fn delivery_report(item: &Item, known: &Known) -> Filing {
    let list = |note: &str| {
        let also = threaded(known.candidates);
        Filing::Listed { sorted: DELIVERY_REPORT, note: Some(note.to_owned()), also }
    };
    let Some((reference, letter)) = known.about else { return list("about no letter of ours that we can find") };
    let failures: Vec<_> = item.message.report.iter().flat_map(|report| &report.recipients).collect();
    let hardest = failures.iter().find(|failed| failed.severity == Severity::Hard);
    let failed = hardest.or_else(|| failures.iter().find(|failed| failed.severity == Severity::Soft));
    if failed.is_none() && !failures.is_empty() {
        return list("a letter of ours is delayed; the server goes on trying");
    }
    let why = failed.map(|failed| format!("{} {}", failed.status.as_deref().unwrap_or_default(), failed.diagnostic));
    let why = why.map(|why| why.trim().to_owned()).filter(|why| !why.is_empty());
    let why = Words::new(why.unwrap_or_else(|| "the report gives no reason".to_owned()));
    Filing::Report {
        reference: reference.clone(),
        letter: *letter,
        outcome: Outcome::Returned { message: item.number, why },
        sorted: RETURNED_LETTER,
    }
}

/// A letter to somebody who is away told nobody anything: what follows depends on whom it was to.
fn absence_note(item: &Item, known: &Known) -> Filing {
    match known.about {
        Some((reference, letter)) => Filing::Report {
            reference: reference.clone(),
            letter: *letter,
            outcome: Outcome::Absent { message: item.number },
            sorted: ABSENCE_NOTE,
        },
        None => automatic(item.message, known),
    }
}

// ── what people send ──────────────────────────────────────────────────────────────────────────────────────────────

/// To the complaints officer at once, never answered by itself (4.1). What cannot be proved to be theirs is shown like a
/// stranger's: it joins no case that it merely names.
fn from_ombudsman(item: &Item, known: &Known, sorted: &Sorted, theirs: &FromOmbudsman) -> Filing {
    let (writer, proved) = match theirs.doubt {
        None => (Writer::Ombudsman, true),
        Some(_) => (Writer::Stranger, false),
    };
    let on_case = |case: &&Candidate| case.by_thread.is_some() || proved && (case.by_reference || case.by_ombudsman);
    match nearest(known.candidates.iter().filter(on_case)) {
        Some(case) => add(item, known, sorted, case, writer),
        None => open(item, known, sorted, Some(Matter::Ombudsman), None),
    }
}

/// Mail from people registered for the landlord. `None` when it is to be treated like a resident's: members of a
/// co-operative are both.
fn from_staff(item: &Item, known: &Known, sorted: &Sorted) -> Option<Filing> {
    let landlord = staff_of(item.message, known.landlords)?;
    let on_case = known.candidates.iter().filter(|case| case.landlord == landlord.key && case.named());
    if let Some(case) = nearest(on_case) {
        let sender = item.message.from.as_ref().map(|from| &from.address);
        let writer = if case.handler.as_ref() == sender { Writer::Handler } else { Writer::Staff };
        return (!case.sender_known).then(|| add(item, known, sorted, case, writer));
    }
    if item.message.forward.is_some() {
        return Some(open(item, known, sorted, None, None));
    }
    let note = Some("from the landlord's own people".to_owned());
    let listed = Filing::Listed { sorted: FROM_STAFF, note, also: Vec::new() };
    (dissatisfied(sorted) == Dissatisfied::No).then_some(listed)
}

fn add(item: &Item, known: &Known, sorted: &Sorted, case: &Candidate, writer: Writer) -> Filing {
    let addition = addition(item, known, sorted, case, writer);
    let sorted = match writer {
        Writer::Ombudsman => matter::in_words(Matter::Ombudsman),
        Writer::Handler | Writer::Staff => FROM_STAFF,
        Writer::Resident | Writer::Stranger => "further message",
    };
    Filing::Add { reference: case.reference.clone(), addition, sorted }
}

fn addition(item: &Item, known: &Known, sorted: &Sorted, case: &Candidate, writer: Writer) -> Addition {
    let name = |from: &message::Mailbox| if from.name.is_empty() { from.address.clone() } else { from.name.clone() };
    // After a response, why they are still unhappy is what stage 2 is about (6.12).
    let told = || definition::points(item.words, item.message.from.as_ref().map_or("", |from| &from.name), None);
    let words = case.can_escalate.then(|| told().join("\n\n")).filter(|words| !words.is_empty());
    Addition {
        message: item.number,
        received: item.arrived,
        writer,
        name: Words::new(item.message.from.as_ref().map(name).unwrap_or_default()),
        flags: flags(sorted),
        dissatisfied: dissatisfied(sorted),
        words: words.map(Words::new),
        withheld: withheld(item, known),
    }
}

/// A message that answers nothing of ours.
fn fresh(item: &Item, known: &Known, sorted: &Sorted) -> Filing {
    let listed = |sorted: &'static str| Filing::Listed { sorted, note: None, also: Vec::new() };
    match sorted.label {
        _ if set_aside(item).is_some() => open(item, known, sorted, None, None),
        // It answers something, who knows what, and adds no word.
        _ if item.message.silent => open(item, known, sorted, None, None),
        // It names a case of somebody else's: a person must see it, whatever it says.
        _ if known.candidates.iter().any(Candidate::named) => open(item, known, sorted, None, None),
        Label::Other if item.junk || item.message.spam.is_some() => listed("spam"),
        // Whatever else it is, word of a danger is put before a person.
        Label::Other if !sorted.unsure && !sorted.urgent_hazard => match matter::of(item, sorted) {
            Some(matter) => open(item, known, sorted, Some(matter), None),
            None => listed(matter::listed(sorted.other_kind)),
        },
        _ => open(item, known, sorted, None, None),
    }
}

/// The case that takes what its writer sends anew, when as many as [`CASES_A_DAY`] were begun by them within 24 hours: the newest,
/// and with an unhappy word the newest complaint. `None` for what may be of several people, or cannot be read.
fn flooded<'a>(item: &Item, known: &Known<'a>, sorted: &Sorted) -> Option<&'a Candidate> {
    let (message, from) = (item.message, item.message.from.as_ref()?);
    let form = writer(message, known.landlords) != Some(from);
    let alone = message.may_answer && !form && answer_to(message, known.landlords) == Some(from.address.as_str());
    if !alone || set_aside(item).is_some() {
        return None;
    }
    let lately = |began: Timestamp| item.arrived.duration_since(began).abs() < SignedDuration::from_hours(24);
    let begun: Vec<_> =
        known.candidates.iter().filter(|case| case.sender_known && case.began.is_some_and(lately)).collect();
    let only = known.addressed.landlords.first().filter(|_| known.addressed.landlords.len() == 1)?;
    let unhappy = dissatisfied(sorted) != Dissatisfied::No;
    let takes = |case: &&&Candidate| {
        case.landlord == *only && case.open && !case.can_escalate && (!unhappy || case.kind == Kind::Complaint)
    };
    let newest = begun.iter().filter(takes).max_by_key(|case| (case.began, &case.reference)).copied();
    newest.filter(|_| begun.len() >= CASES_A_DAY)
}

/// A case for each landlord addressed. `matter`: what it is about, when it is correspondence. `about`: the request or
/// question of theirs that the writer comes back to.
fn open(item: &Item, known: &Known, sorted: &Sorted, matter: Option<Matter>, about: Option<&Candidate>) -> Filing {
    let also: Vec<Reference> = about.map(|case| case.reference.clone()).into_iter().collect();
    // Whoever else was sent a copy did not handle the request.
    let whose = about.map(|case| &case.landlord).filter(|key| known.addressed.landlords.contains(*key));
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
            Some((landlord.key.clone(), Box::new(opening(item, known, sorted, matter, reference, &also))))
        })
        .collect();
    let cases_unsure = cases.iter().any(|(_, opening)| opening.unsure);
    let sorted = match (matter, sorted.label) {
        (Some(matter), _) => matter::in_words(matter),
        _ if set_aside(item).is_some() => "could not be read",
        (None, Label::Stage2Request) if about.is_none() => "stage 2 request",
        _ if cases_unsure => "unsure",
        (None, Label::ServiceRequest) => "service request",
        _ => "complaint",
    };
    Filing::Open { cases, also, sorted }
}

/// Whoever wrote it. A web form or portal is nobody, nor is a mailing list: all who write through it would be one person, told of
/// each other's cases.
pub fn writer<'a>(message: &'a Message, landlords: &[Landlord]) -> Option<&'a message::Mailbox> {
    let form = |writer: &&message::Mailbox| landlords.iter().any(|landlord| landlord.forms.contains(&writer.address));
    let theirs = message.may_answer || message.kind == message::Kind::List;
    let from = message.from.as_ref().filter(|from| theirs && !form(from));
    from.or(message.reply_to.as_ref()).filter(|writer| !form(writer))
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

/// Whether the writer is unhappy. What the sorter is unsure of, a person must look at.
fn dissatisfied(sorted: &Sorted) -> Dissatisfied {
    match sorted.label {
        _ if sorted.unsure => Dissatisfied::Perhaps,
        Label::Complaint | Label::Stage2Request => Dissatisfied::Yes,
        Label::ServiceRequest | Label::Other => Dissatisfied::No,
    }
}

fn threaded(candidates: &[Candidate]) -> Vec<Reference> {
    let threaded = candidates.iter().filter(|candidate| candidate.by_thread.is_some());
    threaded.map(|candidate| candidate.reference.clone()).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::message::{Own, read};
    use crate::domain::triage::OtherKind;

    fn landlord(key: &str, address: &str) -> Landlord {
        let person = |address: &str| crate::domain::landlord::Person {
            name: "Ada Example".to_owned(),
            role: "Complaints Officer".to_owned(),
            address: address.to_owned(),
            estate: None,
        };
        Landlord {
            key: key.to_owned(),
            name: key.to_owned(),
            prefix: key[..3].to_uppercase(),
            addresses: vec![address.to_owned()],
            acknowledge: crate::domain::landlord::Acknowledge::Automatic,
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
            began: None,
            kind,
            open: true,
            can_escalate: false,
            ended_unanswered: false,
            merged_into: None,
            handler: None,
            by_thread,
            by_reference: false,
            by_ombudsman: false,
            sender_known: true,
            related: Vec::new(),
            our_letter: None,
            to_resident: false,
        }
    }

    const ANNS: &str = "From: ann@example.com\r\nTo: complaints@elm.example.org, complaints@yew.example.org\r\n\
                        Subject: Tap\r\nMessage-ID: <1@example.com>\r\n";

    /// What a message of Ann's, sorted as `label`, becomes beside these cases.
    fn filed(label: Label, candidates: &[Candidate]) -> Filing {
        filed_as(ANNS, "The tap drips.", &sorted(label), candidates)
    }

    /// What becomes of a message with this head and these words.
    fn filed_as(head: &str, words: &str, sorted: &Sorted, candidates: &[Candidate]) -> Filing {
        let message = read(format!("{head}\r\n{words}\r\n").as_bytes(), &Own::default());
        let (landlords, ombudsman) = (landlords(), message.from_ombudsman(&[]));
        let addressed = addressed(&message, &landlords, "elm", &BTreeSet::new(), true);
        let item = Item {
            number: 7,
            message: &message,
            words,
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
            about: None,
            ombudsman: ombudsman.as_ref(),
            evidence: Evidence {
                today: jiff::civil::date(2026, 12, 1),
                calendar: &crate::domain::calendar::Calendar::england_and_wales(&[], &[]),
                key: &crate::domain::letter::MessageKey::new([7; 32]),
                server: Ok(()),
                lists: &[],
            },
        };
        file(&item, &known, || sorted.clone())
    }

    fn joined_case(filing: Filing) -> Option<String> {
        match filing {
            Filing::Add { reference, .. } => Some(reference.to_string()),
            _ => None,
        }
    }

    #[test]
    fn mail_is_older_only_when_its_arrival_its_own_date_and_what_it_answers_agree_on_that() {
        let at = |moment: &str| moment.parse::<Timestamp>().unwrap();
        let (since, stored) = (jiff::civil::date(2026, 11, 1), at("2026-11-20T15:00:00Z"));
        let (long_ago, in_october) = (Timestamp::UNIX_EPOCH, at("2026-10-31T23:59:59Z"));
        let had = |arrived: Timestamp, date: &str, ours: bool| {
            let message = read(format!("{ANNS}{date}\r\nThe tap drips.\r\n").as_bytes(), &Own::default());
            super::had(&message, arrived, stored, since, ours)
        };
        let (old, new) = ("Date: Sat, 31 Oct 2026 23:59:58 +0000\r\n", "Date: Thu, 19 Nov 2026 09:00:00 +0000\r\n");
        for older in [long_ago, in_october] {
            assert_eq!(had(older, old, false), older, "an archive is not answered");
            assert_eq!(had(older, "", false), older);
            assert_eq!(had(older, new, false), at("2026-11-19T09:00:00Z"));
            assert_eq!(had(older, new, true), at("2026-11-19T09:00:00Z"), "rather too early");
            assert_eq!(had(older, old, true), stored, "nobody answers us before we write");
            assert_eq!(had(older, "", true), stored);
        }
        let (fast, absurd) = ("Date: Fri, 20 Nov 2026 17:00:00 +0000\r\n", "Date: Mon, 1 Jan 2035 00:00:00 +0000\r\n");
        assert_eq!(had(long_ago, fast, false), stored, "never later than it was here");
        assert_eq!(had(long_ago, absurd, false), long_ago, "that date contradicts nothing");
        let since_then = at("2026-11-18T08:00:00Z");
        assert_eq!(had(since_then, new, true), since_then, "a later date puts nothing off");
    }

    #[test]
    fn a_letter_of_ours_that_comes_back_without_a_word_is_nobodys_complaint() {
        let head = format!("{ANNS}In-Reply-To: <elm-1047@elm.example.org>\r\n");
        let body =
            "On 1 Dec 2026, Elm wrote:\n> If you are unhappy, ask for stage 2.\n> If you smell gas, ring 0800 111 999.";
        let message = read(format!("{head}\r\n{body}").as_bytes(), &Own::default());
        assert_eq!(words(&message, &Own::default()), "", "nothing of ours is sorted as theirs");
        let nothing = sorted(Label::Other);
        let on_case = candidate(1047, Kind::Complaint, Some(0));
        let Filing::Add { addition, .. } = filed_as(&head, body, &nothing, &[on_case]) else { panic!("it is filed") };
        assert_eq!((addition.dissatisfied, addition.words), (Dissatisfied::No, None));
        let Filing::Open { cases, sorted, .. } = filed_as(&head, body, &nothing, &[]) else { panic!("a person looks") };
        assert_eq!(sorted, "unsure");
        assert!(cases.iter().all(|(_, opening)| opening.unsure), "{cases:?}");
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

    fn other(kind: OtherKind) -> Sorted {
        Sorted { other_kind: Some(kind), ..sorted(Label::Other) }
    }

    fn matter_of(filing: Filing) -> Option<Matter> {
        match filing {
            Filing::Open { cases, .. } => cases[0].1.matter,
            _ => None,
        }
    }

    #[test]
    fn correspondence_is_a_case_when_somebody_waits_for_an_answer_and_a_line_of_the_list_otherwise() {
        let data = "Please send me a copy of all the personal data you hold about me.";
        let misused = "You shared my telephone number without my consent. Please tell me what else you hold about me.";
        let attached = format!("{ANNS}Content-Type: multipart/mixed; boundary=b\r\n");
        let letter = "--b\r\n\r\nPlease find attached my letter.\r\n--b\r\nContent-Type: application/pdf\r\n\
                      Content-Disposition: attachment; filename=letter.pdf\r\n\r\nx\r\n--b--";
        let list = format!("{ANNS}List-Id: <news.example.com>\r\nPrecedence: list\r\n");
        let opening_hours = "When does your office open on Saturdays?";
        for (head, words, kind, matter) in [
            (ANNS, opening_hours, OtherKind::Enquiry, Some(Matter::Enquiry)),
            (&list, opening_hours, OtherKind::Enquiry, None),
            (ANNS, "Overall satisfaction: 2 of 5.", OtherKind::Survey, Some(Matter::Survey)),
            (ANNS, data, OtherKind::InformationRequest, Some(Matter::Information)),
            (ANNS, misused, OtherKind::InformationRequest, Some(Matter::DataProtection)),
            (ANNS, "as discussed", OtherKind::Update, Some(Matter::Unclear)),
            (&attached, letter, OtherKind::ThirdPartyBusiness, Some(Matter::Unclear)),
            (ANNS, "Our invoice for November is below, payable in 30 days.", OtherKind::ThirdPartyBusiness, None),
            (ANNS, "The plumber came on Tuesday and it is done.", OtherKind::Update, None),
            (ANNS, "Thank you", OtherKind::Thanks, None),
            (ANNS, "Win a prize", OtherKind::Spam, None),
        ] {
            let filing = filed_as(head, words, &other(kind), &[]);
            let listed = matches!(filing, Filing::Listed { .. });
            assert_eq!((matter_of(filing), listed), (matter, matter.is_none()), "{words}");
        }
    }

    #[test]
    fn a_case_is_answered_after_its_response_as_a_response_and_before_it_as_a_case_that_runs() {
        let complaint = candidate(1001, Kind::Complaint, Some(0));
        assert_eq!(context(std::slice::from_ref(&complaint)), Context::ReplyDuringStage1);
        let answered = Candidate { can_escalate: true, ..complaint };
        assert_eq!(context(std::slice::from_ref(&answered)), Context::ReplyToStage1Response);
        assert_eq!(context(&[Candidate { sender_known: false, ..answered.clone() }]), Context::New);

        let unhappiness = |label, unsure, case: &Candidate| {
            let sorted = Sorted { unsure, ..sorted(label) };
            match filed_as(ANNS, "The tap drips.", &sorted, std::slice::from_ref(case)) {
                Filing::Add { addition, .. } => (addition.dissatisfied, addition.words.is_some()),
                filing => panic!("{filing:?}"),
            }
        };
        assert_eq!(unhappiness(Label::Complaint, false, &answered), (Dissatisfied::Yes, true));
        assert_eq!(unhappiness(Label::Stage2Request, false, &answered), (Dissatisfied::Yes, true));
        assert_eq!(unhappiness(Label::Other, true, &answered), (Dissatisfied::Perhaps, true));
        assert_eq!(unhappiness(Label::Other, false, &answered), (Dissatisfied::No, true));
        assert_eq!(unhappiness(Label::ServiceRequest, false, &answered), (Dissatisfied::No, true));
        let running = Candidate { can_escalate: false, ..answered };
        assert_eq!(unhappiness(Label::Complaint, false, &running), (Dissatisfied::Yes, false));
    }

    #[test]
    fn what_answers_a_merged_case_joins_the_one_it_goes_on_as() {
        let earlier = Candidate { by_thread: Some(2), ..candidate(1001, Kind::Complaint, Some(2)) };
        let merged =
            Candidate { merged_into: Some(earlier.reference.clone()), ..candidate(1002, Kind::Complaint, Some(0)) };
        let living = living(vec![merged.clone(), earlier.clone()]);
        assert_eq!(living.len(), 1);
        assert_eq!((&living[0].reference, living[0].by_thread), (&earlier.reference, Some(0)));
        assert_eq!(super::living(vec![merged]).len(), 1, "better than none");
    }

    #[test]
    fn work_that_is_asked_for_below_a_short_answer_is_a_request_of_its_own() {
        let question = candidate(1001, Kind::Correspondence, Some(0));
        let Filing::Open { cases, also, .. } = filed(Label::ServiceRequest, std::slice::from_ref(&question)) else {
            panic!("a case of its own")
        };
        assert_eq!((cases[0].1.kind, also), (Kind::ServiceRequest, vec![question.reference.clone()]));
        assert_eq!(
            joined_case(filed(Label::Other, std::slice::from_ref(&question))),
            Some(question.reference.to_string())
        );
        let done = Candidate { open: false, ..candidate(1002, Kind::ServiceRequest, Some(0)) };
        let Filing::Open { cases, .. } = filed(Label::ServiceRequest, std::slice::from_ref(&done)) else {
            panic!("nobody would look at the old one again")
        };
        assert_eq!((cases[0].1.kind, &cases[0].1.related), (Kind::ServiceRequest, &vec![done.reference.clone()]));
        let next = Candidate { related: vec![done.reference.clone()], ..candidate(1050, Kind::ServiceRequest, None) };
        let joined = joined_case(filed(Label::ServiceRequest, &[done, next.clone()]));
        assert_eq!(joined, Some(next.reference.to_string()));
    }

    #[test]
    fn unhappiness_below_a_complaint_that_was_withdrawn_or_not_taken_on_is_one_complaint_anew() {
        let withdrawn = Candidate { open: false, ended_unanswered: true, ..candidate(1001, Kind::Complaint, Some(0)) };
        let Filing::Open { cases, also, .. } = filed(Label::Complaint, std::slice::from_ref(&withdrawn)) else {
            panic!("no clock runs on the old one")
        };
        assert_eq!(cases.len(), 1, "at its landlord");
        assert_eq!((cases[0].1.kind, &also), (Kind::Complaint, &vec![withdrawn.reference.clone()]));
        let next = Candidate { related: also, ..candidate(1050, Kind::Complaint, None) };
        let joined = joined_case(filed(Label::Complaint, &[withdrawn.clone(), next.clone()]));
        assert_eq!(joined, Some(next.reference.to_string()));
        let thanks = joined_case(filed(Label::Other, std::slice::from_ref(&withdrawn)));
        assert_eq!(thanks, Some(withdrawn.reference.to_string()));
    }

    #[test]
    fn unhappiness_below_a_complaint_that_was_answered_at_the_last_stage_is_put_before_a_person_with_a_clock() {
        let over = Candidate { open: false, ..candidate(1001, Kind::Complaint, Some(0)) };
        let Filing::Open { cases, .. } = filed(Label::Complaint, std::slice::from_ref(&over)) else {
            panic!("no clock runs on the old one")
        };
        assert!(cases.len() == 1 && cases[0].1.unsure, "it may be no more than that they do not agree");
        assert_eq!(cases[0].1.related, std::slice::from_ref(&over.reference));
        let goes_on = |case: Candidate| joined_case(filed(Label::Complaint, &[case])).is_some();
        assert!(goes_on(Candidate { open: true, ..over.clone() }), "somebody is at work on it");
        assert!(goes_on(Candidate { can_escalate: true, ..over.clone() }), "stage 2 is open to them");
        assert!(joined_case(filed(Label::Other, &[over])).is_some(), "thanks");
    }

    #[test]
    fn what_one_address_sends_beyond_fifty_cases_in_a_day_is_kept_with_the_newest() {
        const HEAD: &str = "From: ann@example.com\r\nTo: complaints@elm.example.org\r\nSubject: Tap\r\n";
        let hours = |ago: i64| Timestamp::UNIX_EPOCH - SignedDuration::from_hours(ago);
        let begun =
            |number: i64, ago: i64| Candidate { began: Some(hours(ago)), ..candidate(number, Kind::Complaint, None) };
        let filed = |head: &str, label: Label, candidates: &[Candidate]| {
            joined_case(filed_as(head, "The tap drips.", &sorted(label), candidates))
        };
        let mut cases: Vec<Candidate> = (1..=50).map(|number| begun(1000 + number, 23 - number / 3)).collect();
        assert_eq!(filed(HEAD, Label::Complaint, &cases[1..]), None, "the fiftieth is a case of its own");
        assert_eq!(filed(HEAD, Label::Complaint, &cases), Some(cases[49].reference.to_string()));

        cases[49].kind = Kind::ServiceRequest;
        assert_eq!(filed(HEAD, Label::ServiceRequest, &cases), Some(cases[49].reference.to_string()));
        assert_eq!(filed(HEAD, Label::Complaint, &cases), Some(cases[48].reference.to_string()), "its clock runs");
        let requests: Vec<_> =
            cases.iter().cloned().map(|case| Candidate { kind: Kind::ServiceRequest, ..case }).collect();
        assert_eq!(filed(HEAD, Label::Complaint, &requests), None, "no complaint without a clock");

        // Several people may write through a form; it answers to each of them.
        let form = format!("{HEAD}Reply-To: bob@example.com\r\n");
        assert_eq!(filed(&form, Label::Complaint, &cases), None);
        let old: Vec<_> = cases.iter().cloned().map(|case| Candidate { began: Some(hours(24)), ..case }).collect();
        assert_eq!(filed(HEAD, Label::Complaint, &old), None, "a day ago");
    }

    #[test]
    fn the_ombudsman_joins_what_it_names_and_nobody_who_merely_says_so_does() {
        let named = Candidate { sender_known: false, by_reference: true, ..candidate(1001, Kind::Complaint, None) };
        let theirs = "From: casework@housing-ombudsman.org.uk\r\nTo: complaints@elm.example.org\r\n";
        let forged = format!("{theirs}Authentication-Results: mx.example.org; dmarc=fail\r\n");
        let becomes = |head: &str, case: &Candidate| {
            filed_as(head, "We have received a complaint.", &sorted(Label::Complaint), std::slice::from_ref(case))
        };
        let Filing::Add { addition, .. } = becomes(theirs, &named) else { panic!("it names the case") };
        assert_eq!(addition.writer, Writer::Ombudsman);
        assert!(addition.withheld.is_some(), "never answered by itself");
        let Filing::Open { cases, .. } = becomes(&forged, &named) else { panic!("anybody can name a case") };
        assert_eq!((cases[0].1.matter, cases[0].1.unsure), (Some(Matter::Ombudsman), true));
        assert_eq!(cases[0].1.related, std::slice::from_ref(&named.reference));
        let answered = Candidate { by_thread: Some(0), ..named.clone() };
        let Filing::Add { addition, .. } = becomes(&forged, &answered) else { panic!("it holds our letter") };
        assert_eq!(addition.writer, Writer::Stranger);
        let unnamed = Candidate { by_reference: false, sender_known: true, ..named };
        let Filing::Open { cases, .. } = becomes(theirs, &unnamed) else { panic!("it names no case") };
        assert_eq!((cases[0].1.matter, cases[0].1.related.len()), (Some(Matter::Ombudsman), 0));
    }
}
