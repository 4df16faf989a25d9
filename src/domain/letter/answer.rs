//! The answer to an e-mail of one of the landlord's people: what was done, what was not and why, and how to go on.

use minijinja::{Value, context};

use super::facts::{in_words, spoken};
use super::lint::Part;
use super::page::Theirs;
use crate::domain::calendar::time_of_day;
use crate::domain::case::Audience;
use crate::domain::code::cite;
use crate::domain::command::form::{self, Draft};
use crate::domain::command::grammar::{Row, row, rows};
use crate::domain::command::transcript::{Going, Transcript, Unclear};
use crate::domain::words::Words;

/// What the pieces `_answer.txt` and `transcript.txt` print.
pub(super) fn facts(transcript: &Transcript, theirs: &mut Theirs) -> Value {
    let empty = context! {
        recorded => (), letters => Vec::<Value>::new(), undo_until => (), kept => (), unread => (), why => (), understood => (),
        mistakes => (), until => (), cover => (), to_resident => false, verbs => (), fields => (), example => (),
    };
    let own = match transcript {
        Transcript::Done { recorded, letters, undo_until, kept, unread } => context! {
            answer => "done",
            recorded => marks(recorded, theirs),
            letters => letters.iter().map(|letter| going(letter, theirs)).collect::<Vec<_>>(),
            undo_until => undo_until.map(time_of_day),
            kept => marks(kept, theirs),
            unread => unread.as_ref().map(|line| theirs.mark(line.as_str())),
        },
        Transcript::Refused { why } => context! { answer => "refused", why => theirs.mark(why.as_str()) },
        Transcript::Misunderstood { understood, mistakes } => context! {
            answer => "misunderstood",
            understood,
            mistakes => mistakes.iter().map(|unclear| mistake(unclear, theirs)).collect::<Vec<_>>(),
        },
        Transcript::Filed { to_resident } => context! { answer => "filed", to_resident },
        Transcript::Disbelieved { why } => context! { answer => "disbelieved", why },
        Transcript::Absence { until, cover } => context! { answer => "absence", until => until.map(spoken), cover },
        Transcript::Status => context! { answer => "status" },
        Transcript::Help { about } => help(about.as_deref(), theirs),
    };
    context! { title => title(transcript), ..context! { ..own, ..empty } }
}

/// What the answer must say.
pub(super) fn part() -> Part {
    Part { name: "answer", provision: "4.2", holds: Vec::new() }
}

/// What it is, before the reference.
pub(super) fn title(transcript: &Transcript) -> &'static str {
    match transcript {
        Transcript::Done { .. } => "Done",
        Transcript::Refused { .. } => "Not done",
        Transcript::Misunderstood { .. } => "Not understood, nothing done",
        Transcript::Filed { to_resident: true } => "Your letter is on file",
        Transcript::Filed { to_resident: false } => "On file",
        Transcript::Disbelieved { .. } => "Was this you?",
        Transcript::Absence { until: Some(_), .. } => "You are away",
        Transcript::Absence { until: None, .. } => "Welcome back",
        Transcript::Status => "How it stands",
        Transcript::Help { .. } => "The words you can use",
    }
}

fn marks(words: &[Words], theirs: &mut Theirs) -> Vec<String> {
    words.iter().map(|words| theirs.mark(words.as_str())).collect()
}

fn going(going: &Going, theirs: &mut Theirs) -> Value {
    context! {
        number => going.letter,
        what => in_words(going.kind),
        to_resident => going.kind.audience() == Audience::Resident,
        to => theirs.mark(going.to.as_str()),
        subject => going.subject.as_ref().map(|subject| theirs.mark(subject.as_str())),
        text => going.text.as_ref().map(|text| theirs.mark(text.as_str())),
        by_hand => going.by_hand,
        held => going.held.clone(),
        files => marks(&going.files, theirs),
    }
}

fn mistake(unclear: &Unclear, theirs: &mut Theirs) -> Value {
    context! { wrong => theirs.mark(unclear.wrong.as_str()), example => unclear.example.clone() }
}

/// All the words; or those of one act, when it is one.
fn help(about: Option<&str>, theirs: &mut Theirs) -> Value {
    let one = about.and_then(row);
    let fields = one.into_iter().flat_map(|verb| verb.fields).map(|field| {
        context! { name => field.name, meaning => field.meaning, needed => field.needed, example => field.example }
    });
    let verbs: Vec<Row> = one.map_or_else(|| rows().collect(), |verb| vec![verb]);
    let verbs = verbs.into_iter().map(|verb| {
        context! { name => verb.name, meaning => verb.meaning, provision => verb.provision.map(cite) }
    });
    context! {
        answer => "help",
        verbs => verbs.collect::<Vec<_>>(),
        fields => fields.collect::<Vec<_>>(),
        example => one.map(|verb| theirs.mark(&example(verb))),
    }
}

/// What can be written: the act, and the fields it nearly always has.
fn example(verb: Row) -> String {
    let drafts: Vec<Draft> =
        verb.fields.iter().filter(|field| field.usual).map(|field| (field.name, field.example.to_owned())).collect();
    form::text(verb.name, &drafts)
}
