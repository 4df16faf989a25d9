//! Mail from the landlord's own people that asks for something: what it asks, of which case, and whether it is theirs.
//!
//! A name in `From` proves nothing. What is asked counts when the message answers a letter of ours to the same person, or
//! carries the code of a link in one; and, where the mailbox's own server says who a message comes from, when it says so.
//! Quoted text, forwarded mail and what machines send never ask for anything.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::{Candidate, Item, Known, addition, nearest};
use crate::domain::calendar::Calendar;
use crate::domain::case::{Addition, LetterNo, Link, Writer};
use crate::domain::command::grammar::{Aside, Asked, Context, LOG, Mistake};
use crate::domain::command::{Command, Log, written};
use crate::domain::landlord::{Landlord, Person};
use crate::domain::letter::MessageKey;
use crate::domain::letter::token::{self, TokenFault};
use crate::domain::message;
use crate::domain::reference::Reference;
use crate::domain::triage::{Label, OtherKind, Sorted};

/// What tells whether a message is from whom it says.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    pub today: Date,
    pub calendar: &'a Calendar,
    pub key: &'a MessageKey,
    /// What the mailbox's own server made of the sender: why it doubts, in a word or two. Without doubt when the
    /// configuration does not name that server.
    pub server: Result<(), &'a str>,
    /// Landlords of whose lists to this very writer the message answers one.
    pub lists: &'a [String],
}

/// What one of the landlord's people asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The landlord's key in the configuration.
    pub landlord: String,
    pub by: Person,
    /// The case it is about, when it is about one.
    pub reference: Option<Reference>,
    /// The message as a line of its history.
    pub addition: Option<Addition>,
    /// The letter of the case that the message answers.
    pub answers: Option<LetterNo>,
    pub asks: Asks,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Asks {
    /// Acts of the case, in their order; `unread` is the line at which reading stopped.
    Acts {
        commands: Vec<Command>,
        link: Option<Link>,
        unread: Option<String>,
    },
    /// A case for what came another way. Without proof nobody is written to before a person has looked.
    Log {
        log: Box<Log>,
        proved: bool,
    },
    Aside(Aside),
    /// Not all of it is understood.
    Misunderstood {
        understood: Vec<String>,
        mistakes: Vec<Mistake>,
    },
    /// Nothing: it is a letter, to us or with us in copy.
    Nothing {
        to_resident: bool,
    },
    /// Nothing shows that it is theirs: why, without a full stop.
    Disbelieved {
        why: String,
    },
}

/// Why a message does not count as its writer's, without a full stop.
enum Doubt {
    NoAnswer,
    Link(TokenFault),
    Server(String),
    /// It answers a letter about one case, and names another.
    OtherCase,
}

impl Doubt {
    fn in_words(&self) -> String {
        match self {
            Doubt::NoAnswer => "It was not a reply to one of our letters to you".to_owned(),
            Doubt::Link(TokenFault::Forged) => {
                "The code in its subject is not one we gave you for this case".to_owned()
            }
            Doubt::Link(TokenFault::Expired(_)) => "The prepared email it was made from is too old".to_owned(),
            Doubt::Server(found) => format!("Our mail server could not make sure that it came from you ({found})"),
            Doubt::OtherCase => "It answers a letter about one case, and names another in its subject".to_owned(),
        }
    }
}

/// What the message asks for. `None` when it is to be filed like everybody's mail.
pub(super) fn asks(item: &Item, known: &Known, sorted: &Sorted) -> Option<Request> {
    let message = item.message;
    if message.kind != message::Kind::Person || message.forward.is_some() {
        return None;
    }
    let reading = written::read(&message.new_text());
    let Sender { landlord, by, case, proof } = sender(item, known, &reading)?;
    let request = |asks| {
        let handles = case.is_some_and(|case| case.handler.as_ref() == Some(&by.address));
        Some(Request {
            landlord: landlord.key.clone(),
            by: by.clone(),
            reference: case.map(|case| case.reference.clone()),
            addition: case
                .map(|case| addition(item, known, sorted, case, if handles { Writer::Handler } else { Writer::Staff })),
            answers: case.and_then(|case| case.our_letter).map(|(_, letter)| letter),
            asks,
        })
    };
    let theirs = case.is_some_and(|case| case.sender_known);
    let to_resident = case.is_some_and(|case| case.to_resident);
    // What goes to the resident as well is a letter to them, whatever words it begins with.
    if reading.is_empty() || to_resident && !theirs {
        let thanks = sorted.label == Label::Other && sorted.other_kind == Some(OtherKind::Thanks);
        let answered = proof.is_ok() && case.is_some() && !thanks;
        return (answered || to_resident && !theirs).then(|| request(Asks::Nothing { to_resident })).flatten();
    }
    let context = Context { today: known.evidence.today, calendar: known.evidence.calendar, landlord };
    let asked = asked(&reading, &context, case);
    match (proof, asked) {
        // Members of a co-operative are residents too: without proof they write as that.
        (Err(_), _) if case.is_some_and(|case| case.sender_known) => None,
        (Err(_), Ok(Asks::Log { log, .. })) => request(Asks::Log { log, proved: false }),
        (Err(doubt), Ok(_)) => request(Asks::Disbelieved { why: doubt.in_words() }),
        // What came by telephone must not be lost for a slip in the form.
        (Err(_), Err(wrong)) if case.is_none() && reading.forms.iter().any(|form| LOG.row().is(&form.verb)) => {
            request(wrong)
        }
        (Err(_), Err(_)) => None,
        (Ok(link), Ok(Asks::Acts { commands, unread, .. })) if case.is_some() => {
            request(Asks::Acts { commands, link, unread })
        }
        (Ok(_), Ok(Asks::Acts { .. })) => {
            let wrong = "which case is it about? Reply to a letter about it".to_owned();
            let mistakes = vec![Mistake { field: None, wrong, example: String::new() }];
            request(Asks::Misunderstood { understood: Vec::new(), mistakes })
        }
        (Ok(_), Ok(asks) | Err(asks)) => request(asks),
    }
}

/// Who wrote it, to which landlord, about which case, and what proves it: a link that was used, or nothing more than that
/// our letter was answered.
struct Sender<'a> {
    landlord: &'a Landlord,
    by: &'a Person,
    case: Option<&'a Candidate>,
    proof: Result<Option<Link>, Doubt>,
}

fn sender<'a>(item: &Item, known: &Known<'a>, reading: &written::Written) -> Option<Sender<'a>> {
    let from = &item.message.from.as_ref()?.address;
    let registered: Vec<(&Landlord, &Person)> = known
        .landlords
        .iter()
        // What went to another landlord's mailbox is read there.
        .filter(|landlord| known.addressed.landlords.contains(&landlord.key))
        .filter_map(|landlord| Some((landlord, landlord.people().into_iter().find(|person| person.address == *from)?)))
        .collect();
    let of = |key: &str| registered.iter().find(|(landlord, _)| landlord.key == *key).copied();
    let theirs = || known.candidates.iter().filter(|case| of(&case.landlord).is_some());
    let evidence = &known.evidence;
    let server = || match evidence.server {
        _ if item.junk || item.message.spam.is_some() => Err(Doubt::Server("it was taken for spam".to_owned())),
        found => found.map_err(|found| Doubt::Server(found.to_owned())),
    };
    let sender = |case: &'a Candidate, proof: Result<Option<Link>, Doubt>| {
        let (landlord, by) = of(&case.landlord)?;
        Some(Sender { landlord, by, case: Some(case), proof: server().and(proof) })
    };
    let subject = Reference::find_in(&item.message.subject);
    if let Some(code) = token::find(&item.message.subject) {
        let case = theirs().find(|case| subject.contains(&case.reference))?;
        let proved = token::prove(code, &case.reference, &case.landlord, from, evidence.today, evidence.key);
        let link = proved.map(|token| Some(Link { letter: token.letter, number: token.link, until: token.expires }));
        return sender(case, link.map_err(Doubt::Link));
    }
    if let Some(case) = theirs().filter(|case| case.our_letter.is_some()).min_by_key(|case| case.our_letter) {
        let elsewhere = theirs().any(|other| {
            let related = other.reference == case.reference || other.merged_into.as_ref() == Some(&case.reference);
            !related && subject.contains(&other.reference)
        });
        return sender(case, if elsewhere { Err(Doubt::OtherCase) } else { Ok(None) });
    }
    let about = nearest(theirs().filter(|case| case.named()))
        .or_else(|| theirs().find(|case| case.to_resident && case.open))
        .or_else(|| theirs().find(|case| case.to_resident));
    let by_list = |landlord: &str| evidence.lists.iter().any(|key| key == landlord);
    if let Some((landlord, by)) = registered.iter().find(|(landlord, _)| by_list(&landlord.key)).copied() {
        // Of many cases the one that the subject names, or the command; prose may speak of any.
        let named: BTreeSet<&Reference> = subject.iter().chain(&reading.cases).collect();
        let one = theirs().find(|case| named.len() == 1 && named.contains(&case.reference));
        let case = one.filter(|case| case.landlord == landlord.key);
        return Some(Sender { landlord, by, case, proof: server().map(|()| None) });
    }
    if let Some(case) = about {
        return sender(case, Err(Doubt::NoAnswer));
    }
    let (landlord, by) = registered.first().copied()?;
    Some(Sender { landlord, by, case: None, proof: server().and(Err(Doubt::NoAnswer)) })
}

/// What was written, all of it understood; or the mistakes.
fn asked(reading: &written::Written, context: &Context, case: Option<&Candidate>) -> Result<Asks, Asks> {
    let mut mistakes = reading.mistakes.clone();
    if let Some(other) = reading.cases.iter().find(|named| case.is_some_and(|case| case.reference != **named)) {
        let wrong = format!("this answers a letter about another case than {other}: reply to a letter about that one");
        mistakes.push(Mistake { field: None, wrong, example: String::new() });
    }
    let (mut understood, mut asked) = (Vec::new(), Vec::new());
    for form in &reading.forms {
        match form.asked(context) {
            Ok(one) => {
                understood.push(form.verb.clone());
                asked.push(one);
            }
            Err(wrong) => mistakes.extend(wrong),
        }
    }
    let alone = |one: &Asked| !matches!(one, Asked::Act(command) if *command != Command::Undo);
    if mistakes.is_empty() && asked.len() > 1 && asked.iter().any(alone) {
        let wrong = "undo, log, help, status, away and back each need an email of their own".to_owned();
        mistakes.push(Mistake { field: None, wrong, example: String::new() });
    }
    if !mistakes.is_empty() {
        return Err(Asks::Misunderstood { understood, mistakes });
    }
    let unread = reading.unread.clone();
    let mut commands = Vec::new();
    for one in asked {
        match one {
            Asked::Act(command) => commands.push(command),
            Asked::Log(log) => return Ok(Asks::Log { log: Box::new(log), proved: true }),
            Asked::Aside(aside) => return Ok(Asks::Aside(aside)),
        }
    }
    Ok(Asks::Acts { commands, link: None, unread })
}
