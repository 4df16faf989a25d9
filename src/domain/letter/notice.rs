//! Letters to staff that belong to no case: the morning's list, and the week's.
//!
//! Written from templates like all others, and looked over like all others: one that leaves out a case is not sent.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::{Date, date};
use minijinja::value::Serde;
use minijinja::{Value, context};

use super::answer;
use super::lint::{self, Part};
use super::message_id::notice_id;
use super::mime;
use super::page::Theirs;
use super::steps::{self, Links};
use super::template::{self, ANSWER, DIGEST, Rendered, Templates, WEEKLY};
use super::{Desk, MessageKey, Unwritable, Written, facts, mailbox};
use crate::domain::calendar::{london, london_date, spoken};
use crate::domain::case::{Audience, Kind, LetterKind, MessageNo};
use crate::domain::code::Duty;
use crate::domain::command::form::{self, Draft};
use crate::domain::command::transcript::Transcript;
use crate::domain::digest::{
    Beside, Compared, Covered, Digest, Moved, Owed, Pledge, Stuck, Timeliness, Upkeep, Weekly,
};
use crate::domain::landlord::{Landlord, Ombudsman, Person};
use crate::domain::reference::Reference;

/// A letter about many cases.
#[derive(Clone, Debug)]
pub enum Notice {
    /// The morning's list of one person.
    Digest(Digest),
    /// The list of whoever stands in for somebody, on the day that person says that they are away.
    StandIn(Digest),
    /// The week's letter.
    Weekly(Weekly),
    /// The answer to an e-mail about no case.
    Answer { transcript: Transcript, message: MessageNo },
}

impl Notice {
    /// The word the database keeps.
    pub fn key(&self) -> &'static str {
        match self {
            Notice::Digest(_) => "digest",
            Notice::StandIn(_) => "stand-in",
            Notice::Weekly(_) => "weekly",
            Notice::Answer { .. } => "answer",
        }
    }

    /// What its Message-ID begins with: of letters that begin alike, a reader gets one a day. That their name was used is
    /// told once a day.
    fn once_a_day(&self) -> String {
        match self {
            Notice::Answer { transcript, message } if !matches!(transcript, Transcript::Disbelieved { .. }) => {
                format!("{}-{message}", self.key())
            }
            _ => self.key().to_owned(),
        }
    }

    /// Invented ones of every kind, with a name each, as `landlord` would send them.
    pub fn samples(landlord: &Landlord) -> Vec<(&'static str, Notice)> {
        let week = sample_weekly(landlord);
        let quiet = Weekly {
            received: BTreeMap::new(),
            acknowledged: Timeliness::default(),
            responses: Timeliness::default(),
            open: BTreeMap::new(),
            overdue_count: 0,
            overdue: Vec::new(),
            oldest: None,
            undelivered: 0,
            to_hand_over: 0,
            upkeep: Upkeep::default(),
            ..week.clone()
        };
        let Digest { covered, today, soon, .. } = sample_digest(landlord);
        let stand_in = Digest { covered, today, soon, ..Digest::default() };
        vec![
            ("digest", Notice::Digest(sample_digest(landlord))),
            ("stand-in", Notice::StandIn(stand_in)),
            ("weekly", Notice::Weekly(week)),
            ("weekly-quiet", Notice::Weekly(quiet)),
        ]
    }
}

/// Writes `notice` to `reader`. Its Message-ID is the same for one reader, landlord and `day`: whoever writes it again for
/// that day writes the letter that is there already.
///
/// # Errors
///
/// [`Unwritable`] when it would leave something out, or has nowhere to go.
pub fn write_notice(
    notice: &Notice,
    reader: &Person,
    day: Date,
    desk: &Desk,
    now: Timestamp,
) -> Result<Written, Unwritable> {
    let own_address = desk.landlord.addresses.first().ok_or(Unwritable::Address("landlord's own"))?;
    let from = mailbox(&desk.landlord.name, own_address).ok_or(Unwritable::Address("landlord's own"))?;
    let to = mailbox(&reader.name, &reader.address).ok_or(Unwritable::Address("reader's"))?;
    let rendered = read(notice, reader, desk, now)?;
    let domain = from.email.domain().to_ascii_lowercase();
    let message_id = notice_id(&notice.once_a_day(), &desk.landlord.key, day, &reader.address, desk.key, &domain);
    let subject = format!("{}: {}", desk.landlord.name, in_short(notice));
    let (from_address, to_address) = (from.email.to_string(), to.email.to_string());
    let bytes = mime::bytes(mime::Parts {
        from,
        to,
        subject: &subject,
        date: now,
        message_id: &message_id,
        thread: Vec::new(),
        audience: Audience::Staff,
        text: rendered.text,
        html: rendered.html,
        attached: Vec::new(),
    });
    Ok(Written { message_id, subject, from: from_address, to: to_address, bytes })
}

/// What is wrong with the templates of these letters; each problem once.
pub(super) fn problems(templates: &Templates, landlord: &Landlord, ombudsman: &Ombudsman) -> Vec<String> {
    let key = MessageKey::new([0; 32]);
    let desk = Desk { landlord, ombudsman, templates, key: &key };
    let now = london(date(2026, 12, 14), 8, 30);
    let samples = Notice::samples(landlord);
    let problems = samples.iter().filter_map(|(_, notice)| read(notice, &landlord.officer, &desk, now).err());
    let mut problems: Vec<String> = problems.map(|problem| problem.to_string()).collect();
    problems.dedup();
    problems
}

fn read(notice: &Notice, reader: &Person, desk: &Desk, now: Timestamp) -> Result<Rendered, Unwritable> {
    let mut acts = Acts { links: Links::new(desk, &reader.address, 0, london_date(now)), theirs: Theirs::default() };
    let (file, facts, parts) = match notice {
        Notice::Digest(digest) | Notice::StandIn(digest) => {
            (DIGEST, digest_facts(digest, &mut acts), digest_parts(digest))
        }
        Notice::Weekly(week) => (WEEKLY, weekly_facts(week, &mut acts), weekly_parts(week)),
        Notice::Answer { transcript, .. } => {
            (ANSWER, answer::facts(transcript, &mut acts.theirs), vec![answer::part()])
        }
    };
    let theirs = acts.theirs;
    let facts = context! {
        date => spoken(london_date(now)),
        landlord => Serde(desk.landlord),
        reader => Serde(reader),
        ..facts
    };
    let rendered = desk
        .templates
        .render(file, facts, &theirs)
        .map_err(|error| Unwritable::Template(template::in_words(&error)))?;
    lint::check(&rendered, &parts, &theirs)?;
    Ok(rendered)
}

/// The subject after the landlord's name: numbers only, for subjects are shown on locked screens.
fn in_short(notice: &Notice) -> String {
    let says: Vec<String> = match notice {
        Notice::StandIn(Digest { covered, .. }) => {
            covered.iter().map(|away| format!("please stand in for {}", away.name)).collect()
        }
        Notice::Digest(digest) => {
            let overdue = digest.overdue.len() + digest.actions.iter().filter(|pledge| pledge.owed.late > 0).count();
            let check = digest.unsure.len() + digest.unassigned.len() + digest.left.len();
            let letters = digest.undelivered.len() + digest.to_hand_over.len();
            vec![
                some(overdue, "overdue"),
                some(digest.today.len(), "due today"),
                some(digest.soon.len(), "due soon"),
                some(check, "to look at"),
                some(letters, if letters == 1 { "letter to see to" } else { "letters to see to" }),
            ]
        }
        Notice::Answer { transcript, .. } => vec![answer::title(transcript).to_owned()],
        Notice::Weekly(week) if week.nothing_open() => vec!["the week. Nothing is open".to_owned()],
        Notice::Weekly(week) => {
            let open = week.open.values().sum();
            vec!["the week".to_owned(), some(open, "open"), some(week.overdue_count, "overdue")]
        }
    };
    let says: Vec<String> = says.into_iter().filter(|part| !part.is_empty()).collect();
    if says.is_empty() { "for your information".to_owned() } else { says.join(", ") }
}

fn some(count: usize, what: &str) -> String {
    if count == 0 { String::new() } else { format!("{count} {what}") }
}

// ── facts ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

/// The links of a list: one for a case, to its likeliest act. In plain text there is none.
struct Acts<'a> {
    links: Links<'a>,
    theirs: Theirs,
}

impl Acts<'_> {
    /// A mark for the link to an act, with the words that are the link; nothing when there is none.
    fn to(&mut self, reference: &Reference, words: &str, verb: &str, drafts: &[Draft]) -> Option<String> {
        let link = self.links.to(reference, verb, drafts)?;
        Some(self.theirs.links(vec![(words.to_owned(), link)]))
    }

    fn owed(&mut self, owed: &Owed) -> Value {
        let act = steps::on_list(owed.duty, owed.late > 0);
        let act = act.and_then(|(words, verb, drafts)| self.to(&owed.reference, words, verb, &drafts));
        context! { act, ..dated(owed) }
    }

    fn pledge(&mut self, pledge: &Pledge) -> Value {
        context! { owner => pledge.owner.clone(), ..self.owed(&pledge.owed) }
    }

    fn stuck(&mut self, stuck: &Stuck) -> Value {
        let to_resident = stuck.audience == Audience::Resident;
        let form = steps::handed_over_form(stuck.number);
        let act = to_resident.then(|| self.to(&stuck.reference, "they have it", "handed-over", &form)).flatten();
        context! {
            reference => stuck.reference.to_string(),
            number => stuck.number,
            what => facts::in_words(stuck.kind),
            to_resident, act,
        }
    }

    /// Cases that wait for the same act.
    fn cases(&mut self, cases: &[Reference], words: &str, verb: &str) -> Vec<Value> {
        let form = form::ready(verb, &[]);
        let case =
            |case: &Reference| context! { reference => case.to_string(), act => self.to(case, words, verb, &form) };
        cases.iter().map(case).collect()
    }
}

fn digest_facts(digest: &Digest, acts: &mut Acts) -> Value {
    let Digest { moved, provisional, beside, upkeep, .. } = digest;
    let Beside { junk, junk_listed, listed, machines, held, stopped } = beside;
    let moved_fact = |moved: &Moved| {
        let (from, to) = (spoken(moved.from), spoken(moved.to));
        context! { reference => moved.reference.to_string(), what => moved.duty.in_words(), from, to }
    };
    let mut owed = |list: &[Owed]| list.iter().map(|owed| acts.owed(owed)).collect::<Vec<_>>();
    let (overdue, today, soon) = (owed(&digest.overdue), owed(&digest.today), owed(&digest.soon));
    let mut stuck = |list: &[Stuck]| list.iter().map(|stuck| acts.stuck(stuck)).collect::<Vec<_>>();
    let (undelivered, to_hand_over) = (stuck(&digest.undelivered), stuck(&digest.to_hand_over));
    let covered = digest.covered.iter().map(|Covered { name, until, cases, .. }| {
        context! { name, until => spoken(*until), cases => named(cases) }
    });
    context! {
        covered => covered.collect::<Vec<_>>(),
        overdue, today, soon, undelivered, to_hand_over,
        actions => digest.actions.iter().map(|pledge| acts.pledge(pledge)).collect::<Vec<_>>(),
        unassigned => acts.cases(&digest.unassigned, "assign", "assign"),
        left => acts.cases(&digest.left, "assign", "assign"),
        unsure => acts.cases(&digest.unsure, "decide", "sort"),
        moved => moved.iter().map(moved_fact).collect::<Vec<_>>(),
        provisional => provisional.iter().map(dated).collect::<Vec<_>>(),
        junk => named(junk),
        junk_listed,
        listed => listed.iter().map(|(kind, count)| context! { kind, count }).collect::<Vec<_>>(),
        machines,
        held,
        stopped,
        ..upkeep_facts(upkeep),
    }
}

fn weekly_facts(week: &Weekly, acts: &mut Acts) -> Value {
    let kinds = |counts: &BTreeMap<Kind, usize>| {
        counts.iter().map(|(kind, count)| context! { kind => kind_in_words(*kind, *count), count }).collect::<Vec<_>>()
    };
    let timely = |timely: Timeliness| context! { all => timely.all(), in_time => timely.in_time, late => timely.late };
    let overdue = week.overdue.iter().map(|owed| {
        let act = acts.to(&owed.reference, "how it stands", "status", &[]);
        context! { act, ..dated(owed) }
    });
    context! {
        overdue => overdue.collect::<Vec<_>>(),
        from => spoken(week.from),
        to => spoken(week.to),
        received => kinds(&week.received),
        acknowledged => timely(week.acknowledged),
        automatic => week.automatic,
        confirmed => week.confirmed,
        responses => timely(week.responses),
        extended => week.extended,
        open => kinds(&week.open),
        overdue_count => week.overdue_count,
        oldest => week.oldest.as_ref().map(|(reference, came)| {
            context! { reference => reference.to_string(), came => spoken(*came) }
        }),
        unassigned => week.unassigned,
        unsure => week.unsure,
        undelivered => week.undelivered,
        to_hand_over => week.to_hand_over,
        ..upkeep_facts(&week.upkeep),
    }
}

fn upkeep_facts(upkeep: &Upkeep) -> Value {
    let mailbox = |compared: &Compared| {
        let (server, ours) = compared.counts.unzip();
        context! { name => compared.mailbox.clone(), on => spoken(compared.on), server, ours }
    };
    context! {
        horizon => upkeep.horizon.clone(),
        ombudsman_checked => upkeep.ombudsman_checked.map(spoken),
        mailboxes => upkeep.mailboxes.iter().map(mailbox).collect::<Vec<_>>(),
    }
}

fn dated(owed: &Owed) -> Value {
    context! {
        reference => owed.reference.to_string(),
        what => owed.duty.in_words(),
        by => spoken(owed.by),
        late => owed.late,
        with => owed.with.clone(),
        action => if let Duty::Action(number) = owed.duty { Some(number) } else { None },
    }
}

fn named<'a>(references: impl IntoIterator<Item = &'a Reference>) -> Vec<String> {
    references.into_iter().map(ToString::to_string).collect()
}

fn kind_in_words(kind: Kind, count: usize) -> &'static str {
    match (kind, count) {
        (Kind::Complaint, 1) => "complaint",
        (Kind::Complaint, _) => "complaints",
        (Kind::ServiceRequest, 1) => "service request",
        (Kind::ServiceRequest, _) => "service requests",
        (Kind::Correspondence, 1) => "other message to answer",
        (Kind::Correspondence, _) => "other messages to answer",
    }
}

// ── what must be said ─────────────────────────────────────────────────────────────────────────────────────────────────

/// The complaints officer's own provision: they have to see it all.
const OFFICER: &str = "4.1";

fn digest_parts(digest: &Digest) -> Vec<Part> {
    let dated = |owed: &Owed| [owed.reference.to_string(), spoken(owed.by)];
    let stuck = |stuck: &Stuck| [stuck.reference.to_string(), facts::in_words(stuck.kind).to_owned()];
    let moved = |moved: &Moved| [moved.reference.to_string(), spoken(moved.from), spoken(moved.to)];
    let covered = |covered: &Covered| {
        let cases = covered.cases.iter().map(Reference::to_string);
        [covered.name.clone(), spoken(covered.until)].into_iter().chain(cases).collect::<Vec<_>>()
    };
    let parts = [
        ("covered", digest.covered.iter().flat_map(covered).collect()),
        ("overdue", digest.overdue.iter().flat_map(dated).collect()),
        ("today", digest.today.iter().map(|owed| owed.reference.to_string()).collect()),
        ("soon", digest.soon.iter().flat_map(dated).collect()),
        ("actions", digest.actions.iter().flat_map(|pledge| dated(&pledge.owed)).collect()),
        ("unassigned", named(&digest.unassigned)),
        ("left", named(&digest.left)),
        ("unsure", named(&digest.unsure)),
        ("undelivered", digest.undelivered.iter().flat_map(stuck).collect()),
        ("to_hand_over", digest.to_hand_over.iter().flat_map(stuck).collect()),
        ("moved", digest.moved.iter().flat_map(moved).collect()),
        ("provisional", digest.provisional.iter().flat_map(dated).collect()),
        ("junk", named(&digest.beside.junk)),
        ("machines", Some(digest.beside.machines).filter(|count| *count > 0).iter().map(usize::to_string).collect()),
        ("listed", digest.beside.listed.keys().cloned().collect()),
        ("horizon", digest.upkeep.horizon.iter().cloned().collect()),
        ("ombudsman", digest.upkeep.ombudsman_checked.map(spoken).into_iter().collect()),
        ("mailboxes", digest.upkeep.mailboxes.iter().flat_map(compared).collect()),
    ];
    said(parts)
}

fn weekly_parts(week: &Weekly) -> Vec<Part> {
    let dated = |owed: &Owed| [owed.reference.to_string(), spoken(owed.by)];
    let oldest = week.oldest.iter().flat_map(|(reference, came)| [reference.to_string(), spoken(*came)]);
    let parts = [
        ("week", vec![spoken(week.from), spoken(week.to)]),
        ("overdue", week.overdue.iter().flat_map(dated).collect()),
        ("oldest", oldest.collect()),
        ("horizon", week.upkeep.horizon.iter().cloned().collect()),
        ("ombudsman", week.upkeep.ombudsman_checked.map(spoken).into_iter().collect()),
        ("mailboxes", week.upkeep.mailboxes.iter().flat_map(compared).collect()),
    ];
    said(parts)
}

/// What must be said of a mailbox: both numbers, so that nobody has to believe that they agree.
fn compared(compared: &Compared) -> Vec<String> {
    let counts = compared.counts.map(|(server, ours)| [server.to_string(), ours.to_string()]);
    [compared.mailbox.clone()].into_iter().chain(counts.into_iter().flatten()).collect()
}

/// The parts that have something to say.
fn said<const N: usize>(parts: [(&'static str, Vec<String>); N]) -> Vec<Part> {
    let told = parts.into_iter().filter(|(_, holds)| !holds.is_empty());
    told.map(|(name, holds)| Part { name, provision: OFFICER, holds }).collect()
}

// ── invented lists, to try templates with ─────────────────────────────────────────────────────────────────────────────

fn sample_upkeep() -> Upkeep {
    Upkeep {
        horizon: Some("known to the end of 2028 only; later dates are worked out by rule".to_owned()),
        ombudsman_checked: Some(date(2026, 5, 1)),
        mailboxes: vec![
            Compared { mailbox: "complaints".to_owned(), on: date(2026, 12, 14), counts: Some((214, 213)) },
            Compared { mailbox: "repairs".to_owned(), on: date(2026, 12, 14), counts: None },
        ],
    }
}

fn sample_owed(landlord: &Landlord, number: i64, duty: Duty, by: Date, late: u16) -> Owed {
    let with = Some(landlord.officer.role.clone());
    Owed { reference: Reference::new(&landlord.prefix, number), duty, by, late, with }
}

/// A list with something in every part of it.
fn sample_digest(landlord: &Landlord) -> Digest {
    let owed = |number, duty, by, late| sample_owed(landlord, number, duty, by, late);
    let reference = |number| Reference::new(&landlord.prefix, number);
    let stuck = |number, kind, audience| Stuck { reference: reference(number), number: 2, kind, audience };
    Digest {
        covered: vec![Covered {
            name: landlord.deputy.name.clone(),
            until: date(2027, 1, 4),
            cases: [reference(1040), reference(1048)].into(),
            new: true,
        }],
        overdue: vec![owed(1032, Duty::RespondStage1, date(2026, 12, 10), 2)],
        today: vec![owed(1040, Duty::AcknowledgeStage2, date(2026, 12, 14), 0)],
        soon: vec![owed(1041, Duty::ReviewRequest, date(2026, 12, 17), 0)],
        actions: vec![
            Pledge { owed: owed(1030, Duty::Action(1), date(2026, 12, 11), 1), owner: "Repairs Manager".to_owned() },
            Pledge { owed: owed(1031, Duty::Action(2), date(2026, 12, 18), 0), owner: "Repairs Manager".to_owned() },
        ],
        unassigned: vec![reference(1042)],
        left: vec![reference(1029)],
        unsure: vec![reference(1043)],
        undelivered: vec![
            stuck(1044, LetterKind::Acknowledgement, Audience::Resident),
            stuck(1044, LetterKind::NewMessage, Audience::Staff),
        ],
        to_hand_over: vec![stuck(1045, LetterKind::Response, Audience::Resident)],
        moved: vec![Moved {
            reference: reference(1041),
            duty: Duty::RespondStage1,
            from: date(2026, 12, 17),
            to: date(2026, 12, 18),
        }],
        provisional: vec![owed(1046, Duty::RespondStage2, date(2029, 1, 4), 0)],
        beside: Beside {
            junk: [reference(1047)].into(),
            junk_listed: 2,
            listed: [("business".to_owned(), 3), ("newsletter".to_owned(), 1)].into(),
            machines: 4790,
            held: 3,
            stopped: 2,
        },
        upkeep: sample_upkeep(),
    }
}

/// A busy week.
fn sample_weekly(landlord: &Landlord) -> Weekly {
    Weekly {
        from: date(2026, 12, 7),
        to: date(2026, 12, 13),
        received: [(Kind::Complaint, 3), (Kind::ServiceRequest, 1)].into(),
        acknowledged: Timeliness { in_time: 3, late: 1 },
        automatic: 3,
        confirmed: 1,
        responses: Timeliness { in_time: 2, late: 1 },
        extended: 1,
        open: [(Kind::Complaint, 5), (Kind::ServiceRequest, 2), (Kind::Correspondence, 1)].into(),
        overdue_count: 2,
        overdue: vec![sample_owed(landlord, 1032, Duty::RespondStage1, date(2026, 12, 10), 2)],
        oldest: Some((Reference::new(&landlord.prefix, 1030), date(2026, 9, 3))),
        unassigned: 1,
        unsure: 1,
        undelivered: 1,
        to_hand_over: 1,
        upkeep: sample_upkeep(),
    }
}
