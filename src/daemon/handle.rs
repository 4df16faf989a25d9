//! Inbox | due date | what became of a letter → decide → commit. Moves things to `domain` and back; decides nothing.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use futures::FutureExt as _;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use tracing::{error, info, warn};

use super::Progress;
use super::asked::Asker;
use super::office::{Before, Office};
use crate::config::MailboxConfig;
use crate::domain::absence::Absences;
use crate::domain::calendar::london_date;
use crate::domain::case::{self, Audience, Case, Ending, Input, LetterNo, Matter, Opening, Outcome};
use crate::domain::code::Duty;
use crate::domain::filing::{self, Addressed, Asks, Candidate, Evidence, Filing, Item, Request};
use crate::domain::letter::{Enclosed, our_letter, our_notice};
use crate::domain::message::{self, Files, FromOmbudsman, Kind, Message, Proof};
use crate::domain::reference::Reference;
use crate::domain::triage::{self, Sorted, Sorter, Words};
use crate::store::{self, Change, Found, Keys, Known, MessageState, Settled};

/// A message whose try ends without a word comes up again after this: whoever has it in hand may have died. Longer than
/// reading it may take.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_secs(30);
/// One that could not be handled comes up again after this.
const REST: SignedDuration = SignedDuration::from_secs(60);
/// One that failed too often, and could not even be set aside, comes up again after this.
const HOPELESS_AFTER: SignedDuration = SignedDuration::from_secs(60 * 60);
/// Reading takes milliseconds, and a second or two for the largest message on a small machine.
const READ_MAX: Duration = Duration::from_secs(20);
/// References are looked for in this much of what was newly written, in bytes.
const REFERENCES_WITHIN: usize = 4000;
/// Letter number by which staff find a case's letters threaded together: no letter has it.
const THREAD: LetterNo = 0;
/// Message-IDs followed back.
const IDS_MAX: usize = 50;
/// Recipients whose cases are looked for.
const SPEAKERS_MAX: usize = 20;

/// What a test puts before the reading of a message, to make it slow or come down, and how long that may take. No task of
/// the daemon has one.
#[derive(Clone)]
pub struct Burden {
    pub read_max: Duration,
    pub before: Weight,
}

/// Gets the message's bytes, and is called where it is read.
pub type Weight = Arc<dyn Fn(&[u8]) + Send + Sync>;

tokio::task_local! {
    pub static BURDEN: Burden;
}

/// Handles the oldest message that waits. One that cannot be read or decided is set aside, with its clock running and a
/// person told, and never stands in the way of the one behind it.
///
/// # Errors
///
/// Only the database's.
pub async fn step(office: &Office) -> anyhow::Result<Progress> {
    let now = office.clock.now();
    let mailboxes: Vec<&str> = office.config.mailboxes.iter().map(|mailbox| mailbox.name.as_str()).collect();
    let taken = office.store.take_new(&mailboxes, now, now + AGAIN_AFTER).await?;
    let Some(taken) = taken.map(Arc::new) else { return Ok(Progress::Idle) };
    let poison = taken.attempts > office.config.limits.handle_attempts;
    // A panic on one message must not cross the round: the transaction rolls back, and the message has its next try.
    let tried = AssertUnwindSafe(async {
        match poison {
            false => handle(office, &taken, now).await,
            true => set_aside(office, &taken, now).await,
        }
    })
    .catch_unwind()
    .await
    .unwrap_or_else(|_| bail!("The program panicked on it"));
    match tried {
        Ok(sorted) => info!(inbox.id = taken.id, sorted, attempt = taken.attempts, "Message handled"),
        // No fault of the message: tries that the database failed must not set aside what can be read.
        Err(trouble) if store::failed(&trouble) => {
            warn!(
                inbox.id = taken.id,
                trouble = format!("{trouble:#}"),
                "The database failed over a message; trying again"
            );
            office.store.take_try_back(taken.id, now + REST).await?;
        }
        Err(trouble) if poison => {
            error!(
                inbox.id = taken.id,
                trouble = format!("{trouble:#}"),
                "A message can be neither handled nor set aside: look at it with `redress inbox show`"
            );
            office.store.postpone(taken.id, now + HOPELESS_AFTER).await?;
        }
        Err(trouble) => {
            warn!(
                inbox.id = taken.id,
                attempt = taken.attempts,
                trouble = format!("{trouble:#}"),
                "Could not handle a message; trying again"
            );
            office.store.postpone(taken.id, now + REST).await?;
        }
    }
    office.letters_wait.notify_one();
    Ok(Progress::Made)
}

/// Decides what follows when `duty`'s moment has come.
pub async fn reached(office: &Office, case: store::CaseId, duty: Duty, now: Timestamp) -> anyhow::Result<()> {
    let judge = |known: &Known| office.follow(&office.before(known)?, &Input::Reached(duty), now).map(Some);
    office.store.decide_case(case, judge).await?;
    office.letters_wait.notify_one();
    Ok(())
}

/// What follows from a letter's fate.
pub fn posted(
    office: &Office,
    known: &Known,
    letter: LetterNo,
    outcome: Outcome,
    now: Timestamp,
) -> anyhow::Result<Option<Change>> {
    office.follow(&office.before(known)?, &Input::Posted { letter, outcome }, now).map(Some)
}

/// Reads, sorts, files, decides and commits one message. Returns what it was sorted as.
async fn handle(office: &Office, taken: &Arc<store::Message>, now: Timestamp) -> anyhow::Result<String> {
    let raw = taken.raw.as_deref().context("Its bytes were erased before it was handled")?;
    let read = read(office, taken).await?;
    let mailbox = office.mailbox(&taken.mailbox)?;
    let ombudsman = read.message.from_ombudsman(&office.config.ombudsman.domains());
    let (message, ombudsman, arrived) = (&read.message, ombudsman.as_ref(), taken.arrived);
    let desk = Desk { office, taken, raw, read: message, said: &read, ombudsman, mailbox, arrived, now };
    desk.handle().await
}

/// A message read and sorted, as far as that needs nothing but the message.
struct Read {
    message: Message,
    /// What is sorted of it.
    words: String,
    /// As a message that answers nothing.
    sorted: Sorted,
}

/// Reads and sorts a message on a thread of its own, which is given up after [`READ_MAX`]: whatever a message makes of the
/// reading, its neighbours wait no longer than that. A thread cannot be stopped and goes on; the tries bound how many there
/// are.
async fn read(office: &Office, taken: &Arc<store::Message>) -> anyhow::Result<Read> {
    let burden = BURDEN.try_with(Burden::clone).ok();
    let limit = burden.as_ref().map_or(READ_MAX, |burden| burden.read_max);
    let (taken, own, settings) = (Arc::clone(taken), office.own.clone(), office.config.sorter.clone());
    let reading = tokio::task::spawn_blocking(move || {
        let raw = taken.raw.as_deref().unwrap_or_default();
        if let Some(burden) = burden {
            (burden.before)(raw);
        }
        let message = message::read(raw, &own);
        let words = filing::words(&message, &own);
        // Here and not in the transaction, for sorting may be what takes long.
        let sorted = sorted(&message, &words, triage::Context::New, &settings);
        Read { message, words, sorted }
    });
    let read = tokio::time::timeout(limit, reading).await;
    let read = read.with_context(|| format!("Reading it took longer than {} seconds", limit.as_secs()))?;
    read.context("The program panicked on reading it")
}

fn sorted(message: &Message, words: &str, context: triage::Context, settings: &triage::Settings) -> Sorted {
    Sorter::embedded().sort(&Words { subject: &message.subject, body: words, context }, settings)
}

/// One message on the desk, with all that is known of it.
#[derive(Clone, Copy)]
struct Desk<'a> {
    office: &'a Office,
    taken: &'a store::Message,
    raw: &'a [u8],
    read: &'a Message,
    said: &'a Read,
    /// It comes from the Housing Ombudsman, or says so.
    ombudsman: Option<&'a FromOmbudsman>,
    mailbox: &'a MailboxConfig,
    /// When the landlord had it: as the mail server says, until more is known.
    arrived: Timestamp,
    now: Timestamp,
}

impl Desk<'_> {
    async fn handle(&self) -> anyhow::Result<String> {
        let addressed = self.addressed();
        let quoted = self.references(&self.said.words);
        let about = self.about();
        let keys = self.keys(&addressed, &quoted, about.as_ref());
        let mut sorted_as = String::new();
        let handled = self
            .office
            .store
            .decide_message(self.taken.id, &self.taken.mailbox, &keys, self.now, |found| {
                let desk = Desk { arrived: self.had(found, &quoted), ..*self };
                let (settled, changes) = desk.judge(found, &addressed, &quoted, about.as_ref())?;
                sorted_as.clone_from(&settled.sorted);
                Ok((settled, changes))
            })
            .await?;
        Ok(if handled { sorted_as } else { "handled already".to_owned() })
    }

    /// When the landlord had it, whatever the mail server's clock says.
    fn had(&self, found: &Found, quoted: &BTreeSet<Reference>) -> Timestamp {
        let key = &self.office.key;
        let on_case = |known: &Known| {
            let named = known.case.opening.as_ref().is_some_and(|opening| quoted.contains(&opening.reference));
            named || self.answered().any(|id| known.thread.contains(id))
        };
        let signed = |id: &String| our_letter(id, key).is_some() || our_notice(id, key).is_some();
        let ours = self.answered().any(signed) || found.cases.iter().any(on_case);
        let since = self.office.config.answer_mail_since;
        filing::had(self.read, self.taken.arrived, self.taken.stored, since, ours)
    }

    /// Landlords of whose lists to the writer this message answers one.
    fn lists(&self) -> Vec<String> {
        let writer = self.read.from.as_ref().map_or("", |from| &from.address);
        let answered = self.answered().filter_map(|id| our_notice(id, &self.office.key));
        answered.filter(|list| list.proves(writer)).map(|list| list.landlord).collect()
    }

    fn judge(
        &self,
        found: &Found,
        addressed: &Addressed,
        quoted: &BTreeSet<Reference>,
        about: Option<&(Reference, LetterNo)>,
    ) -> anyhow::Result<(Settled, Vec<Change>)> {
        if let Some(first) = found.copy_of {
            let cases = found.copied_to.clone();
            return Ok((self.settled(MessageState::Copy, "copy", None, Some(first), cases), Vec::new()));
        }
        // A letter of a case that is not here: this database was restored from before it was written.
        let known_letter = |(reference, letter): &&(Reference, LetterNo)| {
            let of = |known: &Known| known.case.opening.as_ref().is_some_and(|opening| opening.reference == *reference);
            found.cases.iter().any(|known| of(known) && known.case.letters.contains_key(letter))
        };
        let about = about.filter(known_letter);
        let candidates = found.cases.iter().filter_map(|known| self.candidate(known, quoted)).collect();
        let candidates = filing::living(candidates);
        let sort = || match filing::context(&candidates) {
            triage::Context::New => self.said.sorted.clone(),
            answers => sorted(self.read, &self.said.words, answers, &self.office.config.sorter),
        };
        let junk = self.mailbox.junk.as_deref() == Some(&self.taken.folder);
        let item = Item {
            number: self.taken.id,
            message: self.read,
            words: &self.said.words,
            arrived: self.arrived,
            junk,
            whole: self.taken.whole,
            older: london_date(self.arrived) < self.office.config.answer_mail_since,
        };
        let lists = self.lists();
        let server = self.mailbox.authserv_id.as_ref().and_then(|id| doubt(self.read.authentication(id)));
        let known = filing::Known {
            evidence: Evidence {
                today: london_date(self.now),
                calendar: &self.office.calendar,
                key: &self.office.key,
                server: server.as_deref().map_or(Ok(()), Err),
                lists: &lists,
            },
            addressed,
            landlords: &self.office.config.landlords,
            candidates: &candidates,
            next: &found.next,
            answers_lately: found.answers_lately,
            answers_max: self.office.config.limits.answers_per_address_per_day,
            about,
            ombudsman: self.ombudsman,
        };
        self.carry_out(filing::file(&item, &known, sort), found)
    }

    fn carry_out(&self, filing: Filing, found: &Found) -> anyhow::Result<(Settled, Vec<Change>)> {
        let filed_to = |references: &[Reference]| {
            let wanted = |known: &&Known| {
                known.case.opening.as_ref().is_some_and(|opening| references.contains(&opening.reference))
            };
            found.cases.iter().filter(wanted).map(|known| known.id).collect::<BTreeSet<_>>()
        };
        let on = |reference: &Reference, input: Input| -> anyhow::Result<Change> {
            let id = filed_to(std::slice::from_ref(reference));
            let known =
                found.cases.iter().find(|known| id.contains(&known.id)).context("The case to file to is gone")?;
            self.follow(known, &input)
        };
        Ok(match filing {
            Filing::Open { cases, also, sorted } => {
                let state = if cases.iter().any(|(_, opening)| opening.set_aside.is_some()) {
                    MessageState::SetAside
                } else {
                    MessageState::Handled
                };
                let note = cases.iter().find_map(|(_, opening)| opening.set_aside.clone().or(opening.withheld.clone()));
                let changes = cases
                    .into_iter()
                    .map(|(landlord, opening)| self.open(&landlord, opening, &found.away))
                    .collect::<Result<_, _>>()?;
                (self.settled(state, sorted, note, None, filed_to(&also)), changes)
            }
            Filing::Add { reference, addition, sorted } => {
                let change = on(&reference, Input::Added(addition))?;
                (self.settled(MessageState::Handled, sorted, None, None, BTreeSet::new()), vec![change])
            }
            Filing::Report { reference, letter, outcome, sorted } => {
                let change = on(&reference, Input::Posted { letter, outcome })?;
                (self.settled(MessageState::Handled, sorted, None, None, BTreeSet::new()), vec![change])
            }
            Filing::Asked(request) => return self.asked(&request, found),
            Filing::Listed { sorted, note, also } => {
                (self.settled(MessageState::Handled, sorted, note, None, filed_to(&also)), Vec::new())
            }
        })
    }

    /// Does what one of the landlord's people asks for, and answers them.
    fn asked(&self, request: &Request, found: &Found) -> anyhow::Result<(Settled, Vec<Change>)> {
        let landlord = self.office.landlord(&request.landlord)?;
        let files = match &request.asks {
            Asks::Acts { .. } => message::files(self.raw),
            _ => Files::default(),
        };
        let (office, message, now) = (self.office, self.taken.id, self.now);
        let answered = Asker { office, landlord, found, message, request, files: &files, now }.answer()?;
        let settled = self.settled(MessageState::Handled, filing::FROM_STAFF, None, None, BTreeSet::new());
        Ok((Settled { answer: answered.beside, away: answered.away, ..settled }, answered.changes))
    }

    fn open(&self, landlord: &str, opening: Box<Opening>, away: &Absences) -> anyhow::Result<Change> {
        let own = &self.office.own;
        let reply_to = self.read.reply_to.as_ref().map(|reply_to| &reply_to.address);
        let writers = self.writer().into_iter().chain(reply_to);
        let writers = writers.filter(|writer| !own.staff.contains(*writer) && !own.forms.contains(*writer));
        let participants: Vec<String> = writers.cloned().collect();
        let (case, thread) = (Case::default(), self.threaded(&[]));
        let enclosed = self.enclosed();
        let new = Before::new_case(self.office.landlord(landlord)?, &case, away);
        let before = Before { thread: &thread, enclosed: Some(&enclosed), ..new };
        let mut change = self.office.follow(&before, &Input::Opened(opening), self.now)?;
        change.participants.extend(participants);
        Ok(change)
    }

    fn follow(&self, known: &Known, input: &Input) -> anyhow::Result<Change> {
        let thread = self.threaded(&known.thread);
        let enclosed = self.enclosed();
        let before = Before { thread: &thread, enclosed: Some(&enclosed), ..self.office.before(known)? };
        self.office.follow(&before, input, self.now)
    }

    /// The thread of a case with this message in it.
    fn threaded(&self, thread: &[String]) -> Vec<String> {
        thread.iter().chain(self.threads()).cloned().collect()
    }

    /// The Message-ID by which the message stands in a thread. What a machine sent back stands in none: residents must not
    /// find it among the References of our letters.
    fn threads(&self) -> Option<&String> {
        let sent_back = matches!(self.read.kind, Kind::Bounce | Kind::AutoReply | Kind::Receipt | Kind::Feedback);
        self.read.message_id.as_ref().filter(|_| !sent_back || self.ombudsman.is_some())
    }

    fn enclosed(&self) -> Enclosed<'_> {
        Enclosed {
            raw: self.raw,
            whole: self.taken.whole && self.taken.size <= self.office.config.limits.attach_bytes,
            from: self.read.from.as_ref().map_or("", |from| &from.address),
            subject: &self.read.subject,
            text: &self.read.text,
            received: self.arrived,
            message_id: self.read.message_id.as_deref(),
        }
    }

    fn addressed(&self) -> Addressed {
        let landlords = &self.office.config.landlords;
        let mailboxes = &self.office.config.mailboxes;
        let served: BTreeSet<&str> = mailboxes.iter().map(|mailbox| mailbox.landlord.as_str()).collect();
        // A landlord without a mailbox of its own shares one.
        let shared = landlords.iter().any(|landlord| !served.contains(landlord.key.as_str()));
        let elsewhere = served.into_iter().filter(|key| *key != self.mailbox.landlord).collect();
        filing::addressed(self.read, landlords, &self.mailbox.landlord, &elsewhere, shared)
    }

    /// References the writer names.
    fn references(&self, words: &str) -> BTreeSet<Reference> {
        let start = words.floor_char_boundary(REFERENCES_WITHIN);
        Reference::find_in(&self.read.subject).into_iter().chain(Reference::find_in(&words[..start])).collect()
    }

    /// The letter of ours that a delivery report or an absence note is about.
    fn about(&self) -> Option<(Reference, LetterNo)> {
        let about = |id: &String| our_letter(id, &self.office.key).filter(|(_, letter)| *letter != THREAD);
        match &self.read.report {
            Some(_) => self.reported().find_map(about),
            None if self.read.absence().is_some() => self.answered().find_map(about),
            None => None,
        }
    }

    fn keys(&self, addressed: &Addressed, quoted: &BTreeSet<Reference>, about: Option<&(Reference, LetterNo)>) -> Keys {
        let sisters = self.office.config.mailboxes.iter().filter(|other| other.landlord == self.mailbox.landlord);
        Keys {
            references: quoted.iter().chain(about.map(|(reference, _)| reference)).cloned().collect(),
            message_ids: self.answered().cloned().collect(),
            about: self.answered().chain(self.reported()).take(IDS_MAX).cloned().collect(),
            speakers: self.speakers(),
            answer_to: filing::answer_to(self.read, &self.office.config.landlords).map(str::to_owned),
            landlords: addressed.landlords.clone(),
            copy: self.read.named().then(|| (self.read.message_id.clone(), self.likeness())),
            sisters: sisters.map(|mailbox| mailbox.name.clone()).collect(),
        }
    }

    /// Addresses by whose cases the message may be about.
    fn speakers(&self) -> BTreeSet<String> {
        let writer = self.writer();
        let staff = writer.is_some_and(|writer| self.office.own.staff.contains(writer));
        let written_to = self.read.recipients.iter().filter(|_| staff).take(SPEAKERS_MAX);
        writer.into_iter().chain(written_to).cloned().collect()
    }

    fn writer(&self) -> Option<&String> {
        filing::writer(self.read, &self.office.config.landlords).map(|writer| &writer.address)
    }

    /// Message-IDs the message answers, the nearest first.
    fn answered(&self) -> impl Iterator<Item = &String> {
        self.read.in_reply_to.iter().chain(self.read.references.iter().rev()).take(IDS_MAX)
    }

    /// Message-IDs the message reports about.
    fn reported(&self) -> impl Iterator<Item = &String> {
        self.read.report.iter().flat_map(|report| &report.original_message_ids)
    }

    fn likeness(&self) -> String {
        hex::encode(Sha256::digest(self.read.likeness()))
    }

    fn candidate(&self, known: &Known, quoted: &BTreeSet<Reference>) -> Option<Candidate> {
        let opening = known.case.opening.as_ref()?;
        let ours =
            |id: &String| our_letter(id, &self.office.key).is_some_and(|(reference, _)| reference == opening.reference);
        let ombudsman = self.ombudsman.iter().flat_map(|theirs| &theirs.references);
        let told = |number: &String| {
            opening.points.iter().chain([&opening.subject]).any(|words| words.as_str().contains(number.as_str()))
        };
        Some(Candidate {
            by_reference: quoted.contains(&opening.reference),
            by_ombudsman: opening.matter == Some(Matter::Ombudsman) && ombudsman.into_iter().any(told),
            reference: opening.reference.clone(),
            landlord: known.landlord.clone(),
            began: opening.message.map(|_| opening.received),
            kind: known.case.kind.unwrap_or(opening.kind),
            open: known.case.open(),
            can_escalate: known.case.can_escalate_by_mail(self.arrived),
            ended_unanswered: known.case.ended_unanswered(),
            merged_into: match &known.case.ended {
                Some(Ending::MergedInto(into)) => Some(into.clone()),
                _ => None,
            },
            handler: self.reads_for_the_handler(known),
            by_thread: self.answered().position(|id| ours(id) || known.thread.contains(id)),
            sender_known: self.writer().is_some_and(|writer| known.participants.contains(writer)),
            related: known.case.links.iter().cloned().collect(),
            our_letter: self.answered().enumerate().find_map(|(position, id)| {
                Some((position, self.letter_to_writer(id, &opening.reference, &known.case)?))
            }),
            to_resident: self.read.recipients.iter().any(|address| known.participants.contains(address)),
        })
    }

    /// The letter of this case with this Message-ID, when the writer got it as one of the landlord's people.
    fn letter_to_writer(&self, id: &str, reference: &Reference, case: &Case) -> Option<LetterNo> {
        let (_, number) = our_letter(id, &self.office.key).filter(|(named, _)| named == reference)?;
        let writer = self.read.from.as_ref().map(|from| from.address.as_str());
        let ours = |letter: &case::Posted| letter.audience == Audience::Staff || letter.by_hand;
        let letter = case.letters.get(&number)?;
        (ours(letter) && Some(letter.to.as_str()) == writer).then_some(number)
    }

    /// The address to which letters to whoever handles the case go today: what its owner writes is not told to them.
    fn reads_for_the_handler(&self, known: &Known) -> Option<String> {
        let (handler, landlord) = (known.case.handler()?, self.office.landlord(&known.landlord).ok()?);
        let circle = known.case.circle(landlord, &known.away, london_date(self.now));
        Some(circle.reader(handler).person.address.clone())
    }

    fn settled(
        &self,
        state: MessageState,
        sorted: &str,
        note: Option<String>,
        copy_of: Option<case::MessageNo>,
        filed_to: BTreeSet<store::CaseId>,
    ) -> Settled {
        Settled {
            state,
            sorted: sorted.to_owned(),
            note,
            message_id: self.threads().cloned(),
            same_words: Some(self.likeness()),
            copy_of,
            filed_to,
            answer: None,
            away: None,
        }
    }
}

/// Why the mailbox's own server does not vouch for the writer.
fn doubt(proof: Proof) -> Option<String> {
    match proof {
        Proof::Passed(_) => None,
        Proof::Failed(found) => Some(found),
        Proof::Absent => Some("it says nothing of the sender".to_owned()),
    }
}

/// Sets a message aside without looking into it: an officer is told, and the complaint clock runs.
async fn set_aside(office: &Office, taken: &store::Message, now: Timestamp) -> anyhow::Result<String> {
    let landlord = office.landlord(&office.mailbox(&taken.mailbox)?.landlord)?;
    let keys = Keys { landlords: BTreeSet::from([landlord.key.clone()]), ..Keys::default() };
    let why = format!("the program failed {} times to read it", office.config.limits.handle_attempts);
    let enclosed = Enclosed {
        raw: taken.raw.as_deref().unwrap_or_default(),
        whole: taken.size <= office.config.limits.attach_bytes,
        from: "",
        subject: "",
        text: "",
        received: taken.arrived,
        message_id: None,
    };
    office
        .store
        .decide_message(taken.id, &taken.mailbox, &keys, now, |found| {
            let number = found.next.get(&landlord.key).context("No case number")?;
            let opening = filing::unreadable(Reference::new(&landlord.prefix, *number), taken.id, taken.arrived, &why);
            let case = Case::default();
            let before = Before { enclosed: Some(&enclosed), ..Before::new_case(landlord, &case, &found.away) };
            let settled = Settled {
                state: MessageState::SetAside,
                sorted: "could not be read".to_owned(),
                note: Some(why.clone()),
                message_id: None,
                same_words: None,
                copy_of: None,
                filed_to: BTreeSet::new(),
                answer: None,
                away: None,
            };
            Ok((settled, vec![office.follow(&before, &Input::Opened(Box::new(opening)), now)?]))
        })
        .await?;
    Ok("set aside".to_owned())
}
