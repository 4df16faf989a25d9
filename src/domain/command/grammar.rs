//! The words of every act: one table of verbs and their fields, for the terminal and for e-mail.
//!
//! A [`Form`] is what somebody filled in: a verb, and fields with what they wrote. [`Form::read`] makes a [`Command`] of it,
//! or names every mistake at once, each with an example. Values may be written as people write them: see `dates.rs` and
//! `values.rs`. What the rules say of the act is not asked here: that is for the case to judge.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;

pub use super::values::{Choices, Context, Holds, named};
use super::values::{Value, answers, items, said_back, squeezed};
use super::{Command, Log, Redefinition, form};
use crate::domain::calendar::WorkingDays;
use crate::domain::case::{Answer, Channel, Ground, Kind, NoteKind, Prefers, Promised, Remedy, Sorting};
use crate::domain::code::Duty;
use crate::domain::landlord::Person;
use crate::domain::reference::Reference;
use crate::domain::words::Words;

/// One field of a form.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    pub name: &'static str,
    pub holds: Holds,
    /// What is to be written there, as the rest of a sentence.
    pub meaning: &'static str,
    pub example: &'static str,
    pub needed: bool,
    /// It may be given several times.
    pub several: bool,
    /// Nearly always given, so that the plainest example has it.
    pub usual: bool,
    /// Its text may have paragraphs: in an e-mail it goes on over empty lines.
    pub paragraphs: bool,
    /// Other words for its name.
    pub also: &'static [&'static str],
}

const fn needed(name: &'static str, holds: Holds, meaning: &'static str, example: &'static str) -> Field {
    Field { name, holds, meaning, example, needed: true, several: false, usual: true, paragraphs: false, also: &[] }
}

const fn may(name: &'static str, holds: Holds, meaning: &'static str, example: &'static str) -> Field {
    Field { needed: false, usual: false, ..needed(name, holds, meaning, example) }
}

impl Field {
    const fn several(self) -> Field {
        Field { several: true, ..self }
    }

    const fn usual(self) -> Field {
        Field { usual: true, ..self }
    }

    const fn paragraphs(self) -> Field {
        Field { paragraphs: true, ..self }
    }

    const fn also(self, also: &'static [&'static str]) -> Field {
        Field { also, ..self }
    }
}

/// One verb, with what its fields make.
#[derive(Debug)]
pub struct Verb<T: 'static> {
    pub name: &'static str,
    /// Other words for it. None of them is what people write for politeness or about a home: "noted", "confirmed".
    pub also: &'static [&'static str],
    /// What it does, in a line without a full stop.
    pub meaning: &'static str,
    /// The rule behind it; see [`crate::domain::code::cite`].
    pub provision: Option<&'static str>,
    pub fields: &'static [Field],
    /// `None` only where the row contradicts itself, which a test looks for.
    make: fn(&Given) -> Option<T>,
}

/// The verb that opens a case: what came by telephone, letter, visit or social media (3.1, 3.2).
pub const LOG: Verb<Log> = Verb {
    name: "log",
    also: &[],
    meaning: "Open a case for what came by telephone, letter, visit or social media",
    provision: Some("3.1, 3.2"),
    fields: &[
        needed("by", Holds::Choice(CHANNELS), "how it came: telephone, letter, visit, social media", "telephone"),
        needed("received", Holds::Instant, "when any member of staff first had it", "yesterday 14:30"),
        needed("name", Holds::Words, "who complains", "Rosa Quill"),
        needed("point", Holds::Words, "what it is about, in their own words", "The lift has been broken for six weeks")
            .several(),
        may("outcome", Holds::Words, "what they would like to be done", "I want the lift repaired this week"),
        may("request", Holds::Flag, "it is a service request, not a complaint", ""),
        may("email", Holds::Email, "their e-mail address", "rosa@example.com"),
        may("post", Holds::Words, "their postal address", "14 Orchard Court, London N1 1AA"),
        may("telephone", Holds::Words, "their telephone number", "07700 900123"),
        may("estate", Holds::Words, "the estate they live on", "Orchard Court"),
        may("prefers", Holds::Choice(PREFERS), "how they want to hear from us: email, post, telephone", "post"),
        may("subject", Holds::Words, "a heading", "The lift at Orchard Court"),
    ],
    make: |given| {
        Some(Log {
            landlord: given.landlord.clone(),
            kind: if given.flag("request") { Kind::ServiceRequest } else { Kind::Complaint },
            channel: channel(given.one("by", Value::choice)?)?,
            received: given.one("received", Value::instant)?,
            name: given.one("name", Value::words)?,
            address: given.one("email", Value::words),
            post: given.one("post", Value::words),
            telephone: given.one("telephone", Value::words),
            estate: given.text("estate"),
            prefers: given.one("prefers", Value::choice).and_then(prefers),
            subject: given.one("subject", Value::words),
            points: given.all("point", Value::words),
            outcome: given.one("outcome", Value::words),
        })
    },
};

const CHANNELS: Choices = &[
    &["telephone", "phone", "call", "telephone call"],
    &["letter", "post"],
    &["visit", "in person", "office"],
    &["social media", "facebook", "x", "twitter"],
];

fn channel(name: &str) -> Option<Channel> {
    match name {
        "telephone" => Some(Channel::Telephone),
        "letter" => Some(Channel::Letter),
        "visit" => Some(Channel::Visit),
        "social media" => Some(Channel::SocialMedia),
        _ => None,
    }
}

const PREFERS: Choices = &[&["email", "by email"], &["post", "letter", "by post"], &["telephone", "phone", "call"]];

fn prefers(name: &str) -> Option<Prefers> {
    match name {
        "email" => Some(Prefers::Email),
        "post" => Some(Prefers::Post),
        "telephone" => Some(Prefers::Telephone),
        _ => None,
    }
}

const SORTS: Choices = &[&["complaint", "a complaint"], &["request", "service request", "a request"], &["neither"]];

fn sorting(name: &str) -> Option<Sorting> {
    match name {
        "complaint" => Some(Sorting::Complaint),
        "request" => Some(Sorting::ServiceRequest),
        "neither" => Some(Sorting::Neither),
        _ => None,
    }
}

const REVIEWED: Choices = &[&["adjustment", "the adjustment"], &["restriction", "the restriction"]];

fn reviewed(name: &str) -> Option<Duty> {
    match name {
        "adjustment" => Some(Duty::ReviewAdjustment),
        "restriction" => Some(Duty::ReviewRestriction),
        _ => None,
    }
}

// Fields that several verbs have.
const POINT: Field =
    may("point", Holds::Words, "a point of the complaint", "The lift has been broken for six weeks").several();
const OUTCOME: Field = may("outcome", Holds::Words, "what the resident would like to be done", "I want it repaired");
const RESPONSIBILITY: Field = may(
    "responsibility",
    Holds::Words,
    "what of it we are or are not responsible for (5.7)",
    "We look after the lift. The car park belongs to the council",
);
const BECAUSE: Field =
    needed("because", Holds::Words, "why", "The lift engineer confirmed it").also(&["reason", "reasons", "why"]);
const EVIDENCE: Field = needed("evidence", Holds::Words, "what shows it", "Letters of 3 March and 9 May 2025");
const TEXT: Field = needed("text", Holds::Words, "what happened", "Rang Ms Quill; she is in on Tuesday").paragraphs();
const ON: Field = may("on", Holds::Day, "the day it happened, when not today", "yesterday").also(&["date"]);
const REVIEW: Field = may("review", Holds::Date, "when it is looked at again", "1 June 2027");
const EVERY: &str = "how often the resident hears from us, as agreed with them";

/// Every act of a case.
pub const VERBS: &[Verb<Command>] = &[
    Verb {
        name: "acknowledge",
        also: &["ack", "send acknowledgement", "send the acknowledgement"],
        meaning: "Send the acknowledgement, with the definition as it stands or a better one",
        provision: Some("6.2, 6.11"),
        fields: &[POINT, OUTCOME, RESPONSIBILITY],
        make: |given| Some(Command::Acknowledge(given.redefinition())),
    },
    Verb {
        name: "define",
        also: &["redefine"],
        meaning: "Confirm the complaint definition, or give a better one; what is not given stays",
        provision: Some("5.6"),
        fields: &[POINT, OUTCOME, RESPONSIBILITY],
        make: |given| Some(Command::Define(given.redefinition())),
    },
    Verb {
        name: "sort",
        also: &["classify"],
        meaning: "Say what an unsure message is",
        provision: Some("1.2 to 1.4"),
        fields: &[
            needed("kind", Holds::Choice(SORTS), "what it is: complaint, request, neither", "complaint"),
            Field { example: "She writes that nobody came twice", ..BECAUSE },
        ],
        make: |given| {
            Some(Command::Sort { kind: given.one("kind", Value::choice).and_then(sorting)?, because: given.one("because", Value::words)? })
        },
    },
    Verb {
        name: "ask",
        also: &[],
        meaning: "Ask the resident what is not clear",
        provision: Some("5.6"),
        fields: &[
            needed("question", Holds::Words, "what we need to know", "Which of the two lifts is out of order?")
                .several()
                .paragraphs()
        ],
        make: |given| Some(Command::Ask { questions: given.all("question", Value::words) }),
    },
    Verb {
        name: "assign",
        also: &["reassign", "allocate"],
        meaning: "Give the case to somebody",
        provision: Some("5.8, 6.13"),
        fields: &[
            needed("to", Holds::Person, "who: an e-mail address, a name or a role", "Ben Example"),
            needed("conflict", Holds::Conflict, "what they have to do with it, as they declared: “none”, or what", "none"),
            may("despite", Holds::Words, "why nobody else can, as a manager records", "Everybody else is on leave"),
        ],
        make: |given| {
            let (to, conflict) = (given.one("to", Value::person)?, given.one("conflict", Value::conflict)?);
            Some(Command::Assign { to, conflict, despite: given.one("despite", Value::words) })
        },
    },
    Verb {
        name: "extend",
        also: &["extension"],
        meaning: "Set a later date for the response, before the old one has passed",
        provision: Some("6.4, 6.15"),
        fields: &[
            needed("until", Holds::Date, "the new date", "Friday 18 December").also(&["till", "to", "new date", "date"]),
            needed("reason", Holds::Words, "why, as the resident reads it", "The surveyor can only come on 14 December")
                .also(&["because", "why"]),
            may(
                "good-reason",
                Holds::Words,
                "why it must be longer than the Code's limit",
                "The part is made to order and comes on 4 January",
            ),
            may("updates", Holds::WorkingDays, EVERY, "5 working days").also(&["updates every", "every"]),
        ],
        make: |given| {
            Some(Command::Extend {
                until: given.one("until", Value::date)?,
                reason: given.one("reason", Value::words)?,
                good_reason: given.one("good-reason", Value::words),
                updates_every: given.one("updates", Value::working_days),
            })
        },
    },
    Verb {
        name: "respond",
        also: &["response"],
        meaning: "Send the response of the stage the case is at, with an answer to every point",
        provision: Some("6.7 to 6.9, 6.18, 6.19, 7.1"),
        fields: &[
            needed(
                "answer",
                Holds::Answer,
                "“upheld:”, “partly upheld:” or “not upheld:” and the reasons; one for each point, in their order",
                "upheld: We should have come within 20 working days",
            )
            .several()
            .paragraphs()
            .also(&["point", "finding"]),
            may("decision", Holds::Words, "the decision on the whole", "We uphold your complaint").paragraphs(),
            may(
                "remedy",
                Holds::Remedy,
                "how it is put right; one of apology, acknowledgement, explanation, action, changed decision, corrected \
                 record, money, changed policy, and what it is",
                "money: £150.50 for the delay",
            )
            .several()
            .usual()
            .also(&["remedies"]),
            may(
                "action",
                Holds::Promise,
                "what is still to be done, by whom, by when",
                "Renew the extractor fan; owner Repairs Team; by 18 December",
            )
            .several()
            .also(&["promise"]),
            may(
                "about",
                Holds::Words,
                "the point that the next answer is to; it is there for you to see, and is not sent",
                "The lift has been broken for six weeks",
            )
            .several(),
        ],
        make: |given| {
            Some(Command::Respond {
                answers: given.all("answer", Value::answer),
                decision: given.one("decision", Value::words),
                remedies: given.all("remedy", Value::remedy),
                actions: given.all("action", Value::promise),
            })
        },
    },
    Verb {
        name: "escalate",
        also: &["escalate to stage 2", "escalate to stage two"],
        meaning: "The resident is not content with the stage 1 response: begin stage 2",
        provision: Some("6.10, 6.12"),
        fields: &[
            may("received", Holds::Instant, "when they asked, when not now", "yesterday 14:30").also(&["on", "date"]),
            may("why", Holds::Words, "their reasons, if they gave any", "The lift has failed again")
                .also(&["because", "reason", "reasons"]),
        ],
        make: |given| Some(Command::Escalate { received: given.one("received", Value::instant), reasons: given.one("why", Value::words) }),
    },
    Verb {
        name: "stay",
        also: &["stay at stage 1", "stay at stage one"],
        meaning: "The resident did not ask for stage 2 after all",
        provision: Some("6.10"),
        fields: &[Field { example: "She only thanked us", ..BECAUSE }],
        make: |given| Some(Command::StayAtStage1 { because: given.one("because", Value::words)? }),
    },
    Verb {
        name: "refuse",
        also: &["reject", "refusal"],
        meaning: "Do not take the complaint, or do not take it to stage 2",
        provision: Some("2.2 to 2.5, 5.11"),
        fields: &[
            needed(
                "ground",
                Holds::Ground,
                "over 12 months, legal proceedings, already considered, or “other:” with the ground of your policy",
                "already considered",
            ),
            Field {
                meaning: "why it applies to this case",
                example: "We answered the same points in March 2026",
                ..BECAUSE.paragraphs()
            },
            EVIDENCE,
            may(
                "discretion",
                Holds::Words,
                "why it is not taken all the same; needed for what is over 12 months old (2.3)",
                "Nothing kept the resident from writing earlier",
            ),
            may("instead", Holds::Words, "what they can do instead", "You can ask the council about the car park"),
        ],
        make: |given| {
            Some(Command::Refuse {
                ground: given.one("ground", Value::ground)?,
                because: given.one("because", Value::words)?,
                evidence: given.one("evidence", Value::words)?,
                discretion: given.one("discretion", Value::words),
                instead: given.one("instead", Value::words),
            })
        },
    },
    Verb {
        name: "point",
        also: &["add point", "add a point", "add points"],
        meaning: "Take a related point into the complaint, before its response",
        provision: Some("6.8"),
        fields: &[Field { needed: true, usual: true, ..POINT }],
        make: |given| Some(Command::AddPoint { points: given.all("point", Value::words) }),
    },
    Verb {
        name: "complain",
        also: &[],
        meaning: "Open a complaint beside this case, which goes on",
        provision: Some("1.5, 6.8"),
        fields: &[
            Field { needed: true, usual: true, ..POINT },
            OUTCOME,
            may("received", Holds::Instant, "when they said so, when not now", "yesterday 14:30"),
        ],
        make: |given| {
            Some(Command::Complain {
                points: given.all("point", Value::words),
                outcome: given.one("outcome", Value::words),
                received: given.one("received", Value::instant),
            })
        },
    },
    Verb {
        name: "withdraw",
        also: &["withdrawn"],
        meaning: "The resident takes the complaint back",
        provision: None,
        fields: &[needed("how", Holds::Words, "how they said so", "By telephone this morning: the lift works").also(&["because", "reason"])],
        make: |given| Some(Command::Withdraw { how: given.one("how", Value::words)? }),
    },
    Verb {
        name: "close",
        also: &[],
        meaning: "End the case with what was learnt from it",
        provision: Some("9.1"),
        fields: &[needed("learning", Holds::Words, "what was learnt", "Parts for this lift are now kept in store")
                .also(&["learnt", "lesson", "lessons", "what was learnt"])],
        make: |given| Some(Command::Close { learning: given.one("learning", Value::words)? }),
    },
    Verb {
        name: "reopen",
        also: &[],
        meaning: "Take up a case that has ended",
        provision: None,
        fields: &[Field { example: "The repair did not hold", ..BECAUSE }],
        make: |given| Some(Command::Reopen { because: given.one("because", Value::words)? }),
    },
    Verb {
        name: "promise",
        also: &[],
        meaning: "Promise something to the resident",
        provision: Some("6.6, 7.3"),
        fields: &[
            needed("what", Holds::Words, "what will be done", "Renew the extractor fan").also(&["action"]),
            needed("owner", Holds::Owner, "who sees to it: a role, or somebody registered", "Repairs Team"),
            needed("by", Holds::Date, "by when", "18 December").also(&["until", "date"]),
        ],
        make: |given| {
            let (owner, owner_address) = given.one("owner", Value::owner)?;
            let promised = Promised { what: given.one("what", Value::words)?, owner, owner_address, by: given.one("by", Value::date)? };
            Some(Command::Promise(promised))
        },
    },
    Verb {
        name: "done",
        also: &[],
        meaning: "Something promised is done",
        provision: Some("6.6, 7.3"),
        fields: &[
            needed("action", Holds::Number, "the number of the action", "1"),
            Field { example: "Fitted on 14 December; job 20418", ..EVIDENCE },
        ],
        make: |given| Some(Command::Done { action: given.one("action", Value::number)?, evidence: given.one("evidence", Value::words)? }),
    },
    Verb {
        name: "postpone",
        also: &["defer"],
        meaning: "Promise an action for a later day, and tell the resident why",
        provision: Some("6.6, 7.3"),
        fields: &[
            needed("action", Holds::Number, "the number of the action", "1"),
            needed("until", Holds::Date, "the new day", "8 January").also(&["till", "to", "new date", "date", "by"]),
            needed("because", Holds::Words, "why, as the resident reads it", "The fan has not been delivered yet"),
        ],
        make: |given| {
            let (action, until) = (given.one("action", Value::number)?, given.one("until", Value::date)?);
            Some(Command::Postpone { action, until, because: given.one("because", Value::words)? })
        },
    },
    Verb {
        name: "update",
        also: &["tell resident", "tell the resident", "update resident", "update the resident"],
        meaning: "Tell the resident how it stands",
        provision: Some("5.9, 6.6"),
        fields: &[
            needed("text", Holds::Words, "what they are told", "The engineer has ordered the part").paragraphs(),
            may("every", Holds::WorkingDays, EVERY, "weekly").also(&["updates every"]),
        ],
        make: |given| Some(Command::Update { text: given.one("text", Value::words)?, every: given.one("every", Value::working_days) }),
    },
    Verb {
        name: "told",
        also: &["i told them", "already told"],
        meaning: "You told the resident yourself how it stands: write it down, and nothing goes out",
        provision: Some("5.9, 6.6"),
        fields: &[
            Field { meaning: "what you told them, in short", example: "My letter of today: the part comes on Tuesday", ..TEXT },
            ON,
            may("every", Holds::WorkingDays, EVERY, "weekly").also(&["updates every"]),
        ],
        make: |given| {
            let (text, on) = (given.one("text", Value::words)?, given.one("on", Value::date));
            Some(Command::Told { text, on, every: given.one("every", Value::working_days) })
        },
    },
    Verb {
        name: "answer",
        also: &["answer request", "answer the request"],
        meaning: "Answer a service request or a message that is no complaint",
        provision: Some("1.3, 1.4"),
        fields: &[
            needed("text", Holds::Words, "the answer", "A plumber comes on Tuesday between 8 and 12")
                .paragraphs()
                .also(&["answer"]),
        ],
        make: |given| Some(Command::AnswerRequest { text: given.one("text", Value::words)? }),
    },
    Verb {
        name: "received",
        also: &["received on", "received at", "had it on"],
        meaning: "The landlord had it earlier than the case says: its dates move in",
        provision: Some("3.2"),
        fields: &[
            needed("at", Holds::Instant, "when any member of staff first had it", "Friday 14:30").also(&["on", "date"]),
            Field { example: "She told the caretaker on Friday", ..BECAUSE },
        ],
        make: |given| Some(Command::Received { at: given.one("at", Value::instant)?, because: given.one("because", Value::words)? }),
    },
    Verb {
        name: "resident",
        also: &[],
        meaning: "Put right what is known of the resident; what is not given stays",
        provision: Some("5.10"),
        fields: &[
            may("name", Holds::Words, "their name", "Rosa Quill"),
            may("email", Holds::Email, "their e-mail address", "rosa@example.com"),
            may("post", Holds::Words, "their postal address", "14 Orchard Court, London N1 1AA"),
            may("telephone", Holds::Words, "their telephone number", "07700 900123").also(&["tel", "phone", "mobile"]),
            may("estate", Holds::Words, "the estate they live on", "Orchard Court"),
            may("prefers", Holds::Choice(PREFERS), "how they want to hear from us: email, post, telephone", "post"),
        ],
        make: |given| {
            Some(Command::Resident {
                name: given.one("name", Value::words),
                address: given.one("email", Value::words),
                post: given.one("post", Value::words),
                telephone: given.one("telephone", Value::words),
                estate: given.text("estate"),
                prefers: given.one("prefers", Value::choice).and_then(prefers),
            })
        },
    },
    Verb {
        name: "represent",
        also: &["representative"],
        meaning: "Somebody speaks for the resident",
        provision: Some("3.6"),
        fields: &[
            needed("name", Holds::Words, "who", "Sam Quill"),
            may("email", Holds::Email, "where copies go", "sam@example.com"),
            may("authority", Holds::Words, "how the resident said that they may", "Her e-mail of 20 November"),
        ],
        make: |given| {
            let (name, address) = (given.one("name", Value::words)?, given.one("email", Value::words));
            Some(Command::Represent { name, address, authority: given.one("authority", Value::words) })
        },
    },
    Verb {
        name: "adjust",
        also: &["adjustment"],
        meaning: "Record a disability or another need, and what is done differently",
        provision: Some("5.10"),
        fields: &[
            needed("need", Holds::Words, "the need, as they told us", "Low vision"),
            needed("adjustment", Holds::Words, "what is done differently", "Letters in large print"),
            REVIEW,
        ],
        make: |given| {
            let (need, adjustment) = (given.one("need", Value::words)?, given.one("adjustment", Value::words)?);
            Some(Command::Adjust { need, adjustment, review: given.one("review", Value::date) })
        },
    },
    Verb {
        name: "restrict",
        also: &["restriction"],
        meaning: "Restrict how the resident deals with us; their mail is logged all the same",
        provision: Some("5.14, 5.15"),
        fields: &[
            needed("restriction", Holds::Words, "what they are asked to do", "Please write to us once a week"),
            Field { meaning: "why, as the resident reads it", example: "You rang 40 times in two days", ..BECAUSE },
            Field { example: "The telephone log of 3 and 4 November", ..EVIDENCE },
            needed(
                "equality",
                Holds::Words,
                "what the Equality Act 2010 asks for here, and how it was weighed",
                "No disability is known; we asked on 5 November",
            ),
            REVIEW,
        ],
        make: |given| {
            Some(Command::Restrict {
                restriction: given.one("restriction", Value::words)?,
                because: given.one("because", Value::words)?,
                evidence: given.one("evidence", Value::words)?,
                equality: given.one("equality", Value::words)?,
                review: given.one("review", Value::date),
            })
        },
    },
    Verb {
        name: "lift",
        also: &["lift restriction", "lift the restriction"],
        meaning: "Lift the restriction",
        provision: Some("5.14"),
        fields: &[Field { example: "Three months without a difficulty", ..BECAUSE }],
        make: |given| Some(Command::LiftRestriction { because: given.one("because", Value::words)? }),
    },
    Verb {
        name: "review",
        also: &[],
        meaning: "An adjustment or the restriction was looked at again, and stays",
        provision: Some("5.10, 5.14"),
        fields: &[
            needed("what", Holds::Choice(REVIEWED), "which: adjustment, restriction", "adjustment"),
            needed("found", Holds::Words, "what was found", "Large print still helps her"),
            may("next", Holds::Date, "when it is looked at next", "1 June 2027"),
        ],
        make: |given| {
            let (duty, found) = (given.one("what", Value::choice).and_then(reviewed)?, given.one("found", Value::words)?);
            Some(Command::Review { duty, found, next: given.one("next", Value::date) })
        },
    },
    Verb {
        name: "link",
        also: &[],
        meaning: "Say that two cases belong together",
        provision: None,
        fields: &[
            needed("to", Holds::Reference, "the other case", "WEL-1001-Z"),
            Field { example: "The same lift", ..BECAUSE },
        ],
        make: |given| Some(Command::Link { to: given.one("to", Value::reference)?, because: given.one("because", Value::words)? }),
    },
    Verb {
        name: "merge",
        also: &[],
        meaning: "This case is the same as an earlier one, and goes on as that",
        provision: Some("6.2"),
        fields: &[
            needed("into", Holds::Reference, "the earlier case", "WEL-1001-Z"),
            Field { example: "She wrote the same twice", ..BECAUSE },
        ],
        make: |given| Some(Command::Merge { into: given.one("into", Value::reference)?, because: given.one("because", Value::words)? }),
    },
    Verb {
        name: "note",
        also: &["file note"],
        meaning: "Write something down",
        provision: Some("6.9"),
        fields: &[Field { meaning: "what is to be remembered", ..TEXT }, ON],
        make: |given| given.note(NoteKind::Note),
    },
    Verb {
        name: "call",
        also: &["telephone", "phone", "phone call", "telephone call"],
        meaning: "Record a telephone call",
        provision: None,
        fields: &[Field { meaning: "what was said", ..TEXT }, ON],
        make: |given| given.note(NoteKind::Call),
    },
    Verb {
        name: "visit",
        also: &["site visit", "home visit"],
        meaning: "Record a visit",
        provision: None,
        fields: &[Field { meaning: "what was seen and said", example: "The lift stands on the third floor", ..TEXT }, ON],
        make: |given| given.note(NoteKind::Visit),
    },
    Verb {
        name: "evidence",
        also: &[],
        meaning: "Record evidence, and where it lies",
        provision: None,
        fields: &[Field { meaning: "what it is", example: "The engineer's report, in the repairs folder", ..TEXT }, ON],
        make: |given| given.note(NoteKind::Evidence),
    },
    Verb {
        name: "survey",
        also: &[],
        meaning: "Do not ask this resident how it was",
        provision: Some("1.6"),
        fields: &[needed("off", Holds::Flag, "they want no survey", "")],
        make: |given| given.flag("off").then_some(Command::DeclineSurvey),
    },
    Verb {
        name: "handed-over",
        also: &["posted"],
        meaning: "A letter to print was posted, or read out to the resident",
        provision: Some("5.10"),
        fields: &[needed("letter", Holds::Number, "its number within the case, as the letter itself says", "3"), ON],
        make: |given| Some(Command::HandedOver { letter: given.one("letter", Value::number)?, on: given.one("on", Value::date) }),
    },
    Verb {
        name: "undo",
        also: &[],
        meaning: "Take back what was just done, while its letter has not left",
        provision: None,
        fields: &[],
        make: |_| Some(Command::Undo),
    },
];

/// What somebody may ask of us that is no act of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Aside {
    /// What can be asked, or how one thing is asked; `about`: the name of a verb.
    Help { about: Option<String> },
    /// How a case stands.
    Status,
    /// They cannot be reached before `until`, and `cover` does their work.
    Away { until: Date, cover: Option<Person> },
    /// They can be reached again.
    Back,
}

/// What can be asked by e-mail besides the acts of a case. None of it changes a case.
pub const ASIDE: &[Verb<Aside>] = &[
    Verb {
        name: "help",
        also: &["help with", "commands"],
        meaning: "Say what can be done, or how one thing is done",
        provision: None,
        fields: &[may("about", Holds::Verb, "one thing that can be done", "extend")],
        make: |given| Some(Aside::Help { about: given.one("about", Value::choice).map(str::to_owned) }),
    },
    Verb {
        name: "status",
        also: &[],
        meaning: "Say how the case stands",
        provision: None,
        fields: &[],
        make: |_| Some(Aside::Status),
    },
    Verb {
        name: "away",
        also: &["i am away", "i'm away"],
        meaning: "Say that you are away, and who does your work",
        provision: None,
        fields: &[
            needed("until", Holds::Date, "the day you are back", "4 January").also(&["till"]),
            may("cover", Holds::Person, "who does your work meanwhile", "Ben Example").usual(),
        ],
        make: |given| {
            Some(Aside::Away { until: given.one("until", Value::date)?, cover: given.one("cover", Value::person) })
        },
    },
    Verb {
        name: "back",
        also: &["i am back", "i'm back"],
        meaning: "Say that you are back",
        provision: None,
        fields: &[],
        make: |_| Some(Aside::Back),
    },
];

/// What a form asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// An act of the case the message belongs to.
    Act(Command),
    /// A case of its own.
    Log(Log),
    Aside(Aside),
}

/// The words of one verb, whatever it makes.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub name: &'static str,
    pub also: &'static [&'static str],
    /// What it does, in a line without a full stop.
    pub meaning: &'static str,
    /// The rule behind it; see [`crate::domain::code::cite`].
    pub provision: Option<&'static str>,
    pub fields: &'static [Field],
}

impl<T> Verb<T> {
    /// Its words.
    pub fn row(&self) -> Row {
        let Verb { name, also, meaning, provision, fields, .. } = *self;
        Row { name, also, meaning, provision, fields }
    }
}

impl Row {
    /// Whether it has this name, however it is written, or this other word for it.
    pub fn is(&self, written: &str) -> bool {
        let written = squeezed(written);
        [self.name].iter().chain(self.also).any(|word| squeezed(word) == written)
    }

    /// The field a person means: in any case, with spaces or dashes, "points" for "point".
    pub fn field(&self, written: &str) -> Option<&'static Field> {
        let written = squeezed(written);
        let is = |name: &str, field: &Field| {
            let name = squeezed(name);
            name == written || (field.several && written.strip_suffix('s') == Some(&name))
        };
        let named = self.fields.iter().find(|field| is(field.name, field));
        named.or_else(|| self.fields.iter().find(|field| field.also.iter().any(|word| is(word, field))))
    }
}

/// Every verb that can stand in an e-mail: the acts of a case, `log`, and what is asked besides.
pub fn rows() -> impl Iterator<Item = Row> {
    VERBS.iter().map(Verb::row).chain([LOG.row()]).chain(ASIDE.iter().map(Verb::row))
}

/// The verb with this name, or with this other word for it, of all there are.
pub fn row(written: &str) -> Option<Row> {
    rows().find(|row| row.is(written))
}

/// What somebody filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    pub verb: String,
    /// Field and value, in the order they were given.
    pub fields: Vec<(String, String)>,
}

/// Something that was not understood, with an example of how it can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// `None` when the verb itself was not understood.
    pub field: Option<String>,
    /// Without a full stop.
    pub wrong: String,
    pub example: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(field) = &self.field {
            write!(f, "{field}: ")?;
        }
        f.write_str(&self.wrong)?;
        if self.example.is_empty() { Ok(()) } else { write!(f, ". For example: {}", self.example) }
    }
}

/// The verb of a case's act, however it is written.
pub fn verb(written: &str) -> Option<&'static Verb<Command>> {
    VERBS.iter().find(|verb| verb.row().is(written))
}

impl Form {
    /// Makes the command of it.
    ///
    /// # Errors
    ///
    /// Every mistake, in the order of the fields.
    pub fn read(&self, context: &Context) -> Result<Command, Vec<Mistake>> {
        verb(&self.verb).ok_or_else(|| vec![unknown(&self.verb)])?.read(&self.fields, context)
    }

    /// Makes what it asks for, whatever that is.
    ///
    /// # Errors
    ///
    /// Every mistake, in the order of the fields.
    pub fn asked(&self, context: &Context) -> Result<Asked, Vec<Mistake>> {
        if LOG.row().is(&self.verb) {
            return LOG.read(&self.fields, context).map(Asked::Log);
        }
        match ASIDE.iter().find(|verb| verb.row().is(&self.verb)) {
            Some(verb) => verb.read(&self.fields, context).map(Asked::Aside),
            None => self.read(context).map(Asked::Act),
        }
    }
}

/// That there is no such verb.
pub(super) fn unknown(verb: &str) -> Mistake {
    let names: Vec<&str> = VERBS.iter().map(|verb| verb.name).collect();
    let wrong = format!("no act of a case has that name{}", perhaps(verb, &names));
    Mistake { field: None, wrong, example: "note".to_owned() }
}

impl<T> Verb<T> {
    /// Makes what the verb makes of fields and their values.
    ///
    /// # Errors
    ///
    /// Every mistake, in the order of the fields.
    pub fn read(&self, fields: &[(String, String)], context: &Context) -> Result<T, Vec<Mistake>> {
        let mut mistakes = Vec::new();
        let mut values: Vec<(&'static str, Value)> = Vec::new();
        for (written, text) in fields {
            // A form is sent back with some of its lines as they were.
            let Some(text) = form::filled_in(text) else { continue };
            match self.field(written) {
                Some(field) => match field.read(text, context) {
                    Ok(read) => values.extend(read.into_iter().map(|value| (field.name, value))),
                    Err(wrong) => mistakes.push(field.mistake(wrong)),
                },
                None => {
                    let names: Vec<&str> = self.fields.iter().map(|field| field.name).collect();
                    let wrong = format!(
                        "there is no such field; “{}” has {}{}",
                        self.name,
                        names.join(", "),
                        perhaps(written, &names)
                    );
                    let field = Some(said_back(written).chars().take(FIELD_SAID_BACK).collect());
                    mistakes.push(Mistake { field, wrong, example: String::new() });
                }
            }
        }
        for field in self.fields {
            let given = values.iter().filter(|(name, _)| *name == field.name).count();
            let understood = !mistakes.iter().any(|mistake| mistake.field.as_deref() == Some(field.name));
            if given == 0 && field.needed && understood {
                mistakes.push(field.mistake(format!("this is needed: {}", field.meaning)));
            }
            if given > 1 && !field.several {
                mistakes.push(field.mistake("it is given more than once".to_owned()));
            }
        }
        if !mistakes.is_empty() {
            let at = |name: &str| self.fields.iter().position(|field| field.name == name);
            mistakes.sort_by_key(|mistake| mistake.field.as_deref().and_then(at).unwrap_or(usize::MAX));
            return Err(mistakes);
        }
        let given = Given { landlord: context.landlord.key.clone(), values };
        Ok((self.make)(&given).expect("a verb's row reads what its fields hold"))
    }

    /// The field a person means; see [`Row::field`].
    pub fn field(&self, written: &str) -> Option<&'static Field> {
        self.row().field(written)
    }
}

/// A field name nobody meant is said back up to here, in characters.
const FIELD_SAID_BACK: usize = 30;

/// "; perhaps “extend”", when `written` is nearly one of `names`.
fn perhaps(written: &str, names: &[&str]) -> String {
    const NEAR: usize = 2;
    let short = written.chars().nth(FIELD_SAID_BACK).is_none();
    let written = written.to_lowercase();
    let near = names.iter().filter(|_| short).map(|name| (strsim::damerau_levenshtein(&written, name), *name)).min();
    match near {
        Some((distance, name)) if distance <= NEAR => format!("; perhaps “{name}”"),
        _ => String::new(),
    }
}

impl Field {
    /// The values in what somebody wrote into the field.
    fn read(&self, text: &str, context: &Context) -> Result<Vec<Value>, String> {
        if self.several {
            let items = if self.holds == Holds::Answer { answers(text) } else { items(text) };
            items.iter().map(|item| self.holds.read(item, context)).collect()
        } else {
            self.holds.read(text, context).map(|value| vec![value])
        }
    }

    fn mistake(&self, wrong: String) -> Mistake {
        Mistake { field: Some(self.name.to_owned()), wrong, example: self.example.to_owned() }
    }
}

/// The values of a form that has no mistakes.
struct Given {
    /// The landlord's key in the configuration.
    landlord: String,
    values: Vec<(&'static str, Value)>,
}

/// For each kind of value: what it holds, when it is of that kind.
macro_rules! kinds {
    ($($kind:ident $variant:ident: $type:ty),+ $(,)?) => {
        impl Value {
            $(fn $kind(&self) -> Option<$type> {
                match self {
                    Value::$variant(value) => Some(value.clone()),
                    _ => None,
                }
            })+
        }
    };
}

kinds! {
    words Words: Words,
    date Date: Date,
    instant Instant: Timestamp,
    person Person: Person,
    conflict Conflict: Option<Words>,
    working_days WorkingDays: WorkingDays,
    reference Reference: Reference,
    number Number: u32,
    choice Choice: &'static str,
    ground Ground: Ground,
    answer Answer: Answer,
    remedy Remedy: Remedy,
    promise Promise: Promised,
    owner Owner: (String, Option<String>),
}

impl Given {
    /// The value of a field; `None` when it was not given.
    fn one<T>(&self, name: &str, kind: fn(&Value) -> Option<T>) -> Option<T> {
        self.values.iter().find(|(field, _)| *field == name).and_then(|(_, value)| kind(value))
    }

    fn flag(&self, name: &str) -> bool {
        self.values.iter().any(|(field, value)| *field == name && *value == Value::Flag)
    }

    fn text(&self, name: &str) -> Option<String> {
        self.one(name, Value::words).map(|words| words.as_str().to_owned())
    }

    /// Every value of a field, in order; none when it was not given.
    fn all<T>(&self, name: &str, kind: fn(&Value) -> Option<T>) -> Vec<T> {
        self.values.iter().filter(|(field, _)| *field == name).filter_map(|(_, value)| kind(value)).collect()
    }

    fn redefinition(&self) -> Redefinition {
        let points = self.all("point", Value::words);
        Redefinition {
            points: (!points.is_empty()).then_some(points),
            outcome: self.one("outcome", Value::words),
            responsibility: self.one("responsibility", Value::words),
        }
    }

    fn note(&self, kind: NoteKind) -> Option<Command> {
        Some(Command::Note { kind, text: self.one("text", Value::words)?, on: self.one("on", Value::date) })
    }
}

#[cfg(test)]
mod tests;
