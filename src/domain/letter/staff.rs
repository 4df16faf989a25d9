//! Letters to staff: what each kind prints and must say, and its subject. What their readers do next is in `steps.rs`.

use jiff::civil::Date;
use minijinja::{Value, context};

use super::facts::{EXCERPT_CHARS, Marked, Pen, Source, cited, in_words, named, register, shortened, spoken};
use super::page::clean;
use super::resident::word;
use super::steps::{self, missing};
use super::{Enclosed, answer};
use crate::domain::calendar::{self, london_date};
use crate::domain::case::{
    Audience, ByHand, Case, Channel, Flags, InPlaceOf, Letter, LetterKind, LetterNo, Matter, Opening, Outcome, Posted,
    Prefers, Says, Writer,
};
use crate::domain::code::{Duty, Stage};
use crate::domain::command::transcript::Transcript;
use crate::domain::ladder::Rung;
use crate::domain::triage::Flag;
use crate::domain::words::Words;

/// Words shown as what raised a flag.
const SAID_MAX: usize = 5;
/// Words shown as what decided.
const BECAUSE_MAX: usize = 20;

pub(super) fn facts(source: &Source, marked: &Marked, pen: &mut Pen) -> Value {
    pen.must("case", "5.12", [source.opening.reference.to_string()]);
    if source.hazard() {
        pen.must("hazard", "6.1", []);
    }
    let in_place_of = in_place_of(source, pen);
    let steps = steps::of(source, pen);
    let own = match &source.letter.says {
        Says::NewCase { .. } => new_case(source, pen),
        Says::NewMessage { writer, name, .. } => {
            pen.must("message", "5.12", []);
            context! {
                writer => match writer {
                    Writer::Stranger => "stranger",
                    Writer::Ombudsman => "ombudsman",
                    Writer::Staff | Writer::Handler => "staff",
                    Writer::Resident => "resident",
                },
                writer_name => named(name, pen),
            }
        }
        Says::Escalation { unsure, .. } => {
            pen.must("escalation", "6.10", [spoken(source.began())]);
            pen.must("dates", "6.11", open_dates(source));
            if *unsure {
                pen.must("unsure", "6.10", []);
            }
            let reasons = source.case.escalation.as_ref().and_then(|escalation| escalation.reasons.as_ref());
            let stage1 = source.case.handlers.get(&Stage::One);
            context! {
                unsure,
                reasons => reasons.and_then(|reasons| pen.quotation(reasons.as_str())),
                answered_by => stage1.map(|person| person.name.as_str()),
            }
        }
        Says::Assigned { .. } => {
            pen.must("assigned", "5.8", [register(source.case).to_owned()]);
            pen.must("dates", "6.2", open_dates(source));
            context! {}
        }
        Says::Reminder { duty, due, rung, letter_waiting, not_reached } => {
            let not_reached = not_reached.as_ref().and_then(|who| pen.line(who));
            reminder(source, (*duty, *due, *rung), *letter_waiting, not_reached, pen)
        }
        Says::Undelivered { letter, letter_kind, to, why, returned } => {
            undelivered(source, *letter, *letter_kind, (to, why, *returned), pen)
        }
        Says::DatesMoved { moves } => {
            let dates = moves.iter().flat_map(|(_, was, now)| [spoken(*was), spoken(*now)]);
            pen.must("moves", "6.2", dates);
            let moves = moves.iter().map(|(duty, was, now)| {
                let provision = cited(source.rule(*duty).provision);
                context! { owed => duty.in_words(), was => spoken(*was), now => spoken(*now), provision, earlier => now < was }
            });
            context! { moves => moves.collect::<Vec<_>>() }
        }
        Says::Transcript(transcript) => {
            pen.parts.push(answer::part());
            let case = source.case;
            let owed = case.duties.iter().filter(|(duty, owed)| owed.open() && !transcript.meets(case.stage, **duty));
            let next = owed.min_by_key(|(_, owed)| owed.due.date).map(|(duty, owed)| {
                context! { what => duty.in_words(), date => spoken(owed.due.date), provision => cited(&owed.provision) }
            });
            context! { next => next.filter(|_| !matches!(**transcript, Transcript::Disbelieved { .. })),
            ..answer::facts(transcript, &mut pen.theirs) }
        }
        _ => context! {},
    };
    let mut people = source.desk.landlord.people().into_iter();
    let reader = people.find(|person| person.address == source.letter.address.as_str());
    context! {
        ..own,
        ..context! {
            steps, in_place_of,
            to_handler => source.handler().is_some_and(|handler| handler.address == source.letter.address.as_str()),
            reader_role => reader.map(|person| person.role.as_str()),
            ..about_the_case(source, marked, pen)
        }
    }
}

/// Who is away and would have got the letter, and until when.
fn in_place_of(source: &Source, pen: &mut Pen) -> Option<Value> {
    let InPlaceOf { name, until } = source.letter.in_place_of.as_ref()?;
    let (name, until) = (pen.line(name)?, spoken(*until));
    pen.must("in_place_of", "4.2", [name.clone(), until.clone()]);
    Some(context! { name, until })
}

/// What staff are shown of a case, in letters of every kind.
fn about_the_case(source: &Source, marked: &Marked, pen: &mut Pen) -> Value {
    let Source { case, opening, letter, .. } = source;
    let resident = case.resident.as_ref();
    let mut line = |words: Option<&Words>| words.and_then(|words| pen.line(words.as_str()));
    let address = line(resident.and_then(|resident| resident.address.as_ref()));
    let telephone = line(resident.and_then(|resident| resident.telephone.as_ref()));
    let post = line(resident.and_then(|resident| resident.post.as_ref()));
    let flags = match &letter.says {
        Says::NewMessage { flags, .. } => flags,
        _ => &opening.flags,
    };
    let letters = case.letters.values().filter(|letter| letter.audience == Audience::Resident);
    context! {
        address, telephone, post,
        handler_name => source.handler().map(|handler| handler.name.as_str()),
        unsure => case.unsure,
        points => marked.points.clone(),
        withheld => opening.withheld.as_deref().and_then(|why| pen.line(why)),
        acknowledgement_written => case.acknowledgement_written(source.stage()),
        acknowledgement_by_hand => missing(case, source.stage().acknowledge()).is_some_and(|(_, letter)| letter.by_hand),
        duties => case.duties.iter().filter(|(_, owed)| owed.lapsed.is_none()).map(|(duty, owed)| context! {
            in_words => duty.in_words(), provision => cited(&owed.provision), date => spoken(owed.due.date),
            provisional => owed.due.provisional, met => owed.met.is_some(),
            overdue => owed.open() && owed.due.date < source.today(),
        }).collect::<Vec<_>>(),
        sent => letters.map(sent).collect::<Vec<_>>(),
        message => letter.says.encloses(),
        enclosed => source.enclosed.map(|enclosed| shown(enclosed, pen)),
        vulnerability => flags.vulnerability,
        adjustment_requested => flags.adjustment_requested,
        representative => flags.representative,
        exclusion_hint => flags.exclusion_hint.as_deref().and_then(|hint| pen.line(hint)),
        said => said(flags, pen),
        ..agreed(source, pen)
    }
}

/// By flag, the writer's words that raised it: “one”, “another”.
fn said(flags: &Flags, pen: &mut Pen) -> Value {
    let mut quoted = |flag: Flag| {
        let said = flags.said(flag).iter().take(SAID_MAX).filter_map(|words| pen.line(words.as_str()));
        said.map(|words| format!("“{words}”")).collect::<Vec<_>>().join(", ")
    };
    context! {
        urgent_hazard => quoted(Flag::UrgentHazard),
        vulnerability => quoted(Flag::Vulnerability),
        adjustment_requested => quoted(Flag::AdjustmentRequested),
        representative => quoted(Flag::Representative),
    }
}

/// What was agreed with the resident, or asked of them, and whoever writes to them should know. What is done differently, and
/// not why: a disability is nobody's business who need not know it.
fn agreed(source: &Source, pen: &mut Pen) -> Value {
    let case = source.case;
    let adjustments: Vec<String> =
        case.adjustments.iter().filter_map(|(_, adjustment)| pen.line(adjustment.as_str())).collect();
    let speaks = case.representative.as_ref().map(|who| {
        context! { name => named(&who.name, pen), may => who.authority.is_some() }
    });
    context! {
        adjustments, speaks,
        restriction => case.restriction.as_ref().and_then(|restriction| pen.line(restriction.as_str())),
        prefers => match case.resident.as_ref().map(|resident| resident.prefers).unwrap_or_default() {
            Prefers::Email => None,
            Prefers::Post => Some("letters on paper"),
            Prefers::Telephone => Some("a call, and the letter to keep"),
        },
    }
}

fn sent(letter: &Posted) -> Value {
    let state = match &letter.outcome {
        None => "written, not sent yet",
        Some(Outcome::Sent { .. }) if letter.by_hand => "waits to be handed over",
        Some(Outcome::Sent { .. }) => "sent",
        Some(Outcome::Refused { .. }) => "refused by the mail server",
        Some(Outcome::Returned { .. }) => "came back",
        Some(Outcome::Dropped) => "not sent",
        Some(Outcome::Absent { .. }) => "answered by an absence note",
        Some(Outcome::HandedOver { .. }) => "handed over",
    };
    let what = match letter.stage {
        Stage::One => in_words(letter.kind).to_owned(),
        Stage::Two => format!("{} at stage 2", in_words(letter.kind)),
    };
    context! { what, written => spoken(london_date(letter.written)), state, copy => letter.copy }
}

fn shown(enclosed: &Enclosed, pen: &mut Pen) -> Value {
    let text = clean(enclosed.text);
    context! {
        from => pen.line(enclosed.from),
        subject => pen.line(enclosed.subject),
        cut => text.chars().nth(EXCERPT_CHARS).is_some(),
        text => pen.theirs.mark_unless_empty(shortened(&text, EXCERPT_CHARS)),
        whole => enclosed.whole,
        received => spoken(london_date(enclosed.received)),
    }
}

/// Dates and provisions of all that is owed.
fn open_dates(source: &Source) -> Vec<String> {
    let open = source.case.duties.values().filter(|owed| owed.open());
    open.flat_map(|owed| [spoken(owed.due.date), cited(&owed.provision)]).collect()
}

fn new_case(source: &Source, pen: &mut Pen) -> Value {
    let Opening { because, withheld, set_aside, related, matter, logged_by, channel, flags, .. } = source.opening;
    let because: Vec<String> = because.iter().take(BECAUSE_MAX).filter_map(|words| pen.line(words.as_str())).collect();
    let set_aside = set_aside.as_deref().and_then(|why| pen.line(why));
    let related: Vec<String> = related.iter().map(ToString::to_string).collect();
    pen.must("dates", "6.2", open_dates(source));
    pen.must("letters", "6.2", []);
    if withheld.is_some() {
        pen.must("withheld", "6.2", []);
    }
    if logged_by.is_none() {
        pen.must("why", "1.3", because.clone());
    }
    if source.case.unsure {
        pen.must("unsure", "1.3", []);
    }
    if *matter == Some(Matter::Ombudsman) {
        pen.must("ombudsman", "4.1", []);
    }
    if !related.is_empty() {
        pen.must("related", "1.5", related.clone());
    }
    context! {
        because, set_aside, related,
        stage2_asked => flags.stage2_asked,
        matter => matter.map(word),
        logged_by => logged_by.as_ref().map(|person| person.name.as_str()),
        channel => match channel {
            Channel::Email => "by e-mail",
            Channel::Telephone => "by telephone",
            Channel::Letter => "by letter",
            Channel::Visit => "in person",
            Channel::SocialMedia => "on social media",
        },
    }
}

fn reminder(
    source: &Source,
    (duty, due, rung): (Duty, Date, Rung),
    waiting: Option<LetterKind>,
    not_reached: Option<String>,
    pen: &mut Pen,
) -> Value {
    let provision = source.case.duties.get(&duty).map_or(source.rule(duty).provision, |owed| &owed.provision);
    let provision = cited(provision);
    pen.must("owed", source.rule(duty).provision, [spoken(due), provision.clone()]);
    if not_reached.is_some() {
        pen.must("not_reached", "4.2", not_reached.clone());
    }
    let action = source.letter.says.action();
    let promised = action.and_then(|action| source.case.actions.get(&action)).map(|action| &action.promised);
    let what = promised.map(|promised| pen.theirs.mark(promised.what.as_str()));
    if what.is_some() {
        pen.must("promised", "7.3", what.clone());
    }
    let missing = missing(source.case, duty).map(|(_, letter)| letter);
    let extension = source.rule(duty).extension;
    context! {
        duty => match duty {
            Duty::Action(_) => "action".to_owned(),
            duty => duty.to_string(),
        },
        owed => duty.in_words(),
        due => spoken(due),
        days_left => (-rung.0).max(0),
        days_late => rung.0.max(0),
        letter_waiting => waiting.map(in_words),
        letter_by_hand => missing.is_some_and(|letter| waiting.is_some() && letter.by_hand),
        letter_failed => missing.filter(|letter| letter.failed()).map(|letter| in_words(letter.kind)),
        extension => extension.map(|(days, provision)| context! { days => days.to_string(), provision => cited(provision) }),
        provision, not_reached, what,
    }
}

fn undelivered(
    source: &Source,
    number: LetterNo,
    kind: LetterKind,
    (to, why, returned): (&Words, &Words, bool),
    pen: &mut Pen,
) -> Value {
    pen.must("undelivered", "6.2", []);
    let letter = source.case.letters.get(&number);
    let absent = letter.is_some_and(|letter| matches!(letter.outcome, Some(Outcome::Absent { .. })));
    let duty = letter.filter(|letter| !letter.copy).and_then(|letter| kind.meets(letter.stage));
    let owed = duty.and_then(|duty| Some((duty, source.case.duties.get(&duty).filter(|owed| owed.open())?)));
    if let Some((duty, owed)) = owed {
        pen.must("still_owed", source.rule(duty).provision, [spoken(owed.due.date)]);
    }
    context! {
        what => in_words(kind),
        to => pen.line(to.as_str()),
        why => pen.theirs.mark_unless_empty(shortened(&clean(why.as_str()), EXCERPT_CHARS)),
        returned, absent,
        by_hand => letter.is_some_and(|letter| letter.by_hand),
        copy => letter.is_some_and(|letter| letter.copy),
        to_resident => letter.is_some_and(|letter| letter.audience == Audience::Resident),
        files => letter.map(|letter| file_names(&letter.files, pen)),
        still_owed => owed.map(|(duty, owed)| context! {
            in_words => duty.in_words(), date => spoken(owed.due.date), provision => cited(&owed.provision),
        }),
    }
}

/// The names of files.
fn file_names(files: &[Words], pen: &mut Pen) -> Vec<String> {
    files.iter().filter_map(|name| named(name, pen)).collect()
}

/// The page that goes with a letter to be handed over.
pub(super) fn cover(source: &Source, pen: &mut Pen) -> Value {
    let Letter { by_hand, says, .. } = source.letter;
    let ByHand { how, to } = by_hand.clone().unwrap_or(ByHand { how: Prefers::Post, to: None });
    let call = how == Prefers::Telephone;
    let to = to.as_ref().and_then(|to| if call { pen.line(to.as_str()) } else { pen.quotation(to.as_str()) });
    let resident = source.case.resident.as_ref();
    let post = resident.and_then(|resident| resident.post.as_ref()).filter(|_| call);
    let post = post.and_then(|post| pen.quotation(post.as_str()));
    let kind = says.kind();
    let due = kind.meets(says.stage()).and_then(|duty| source.case.duties.get(&duty)).filter(|owed| owed.open());
    let arrive_by = due.map(|owed| spoken(owed.due.date));
    pen.must("hand_over", "6.2", to.iter().chain(&post).chain(&arrive_by).cloned());
    let (done, find_out) = steps::of_cover(source, to.is_none() && !call, pen);
    // A letter that is written again has not got the files that went with the first: they are in that one's bytes.
    let first =
        |letter: &&Posted| letter.kind == kind && letter.stage == says.stage() && letter.failed() && !letter.copy;
    let files = source.case.letters.values().rfind(first).map(|letter| file_names(&letter.files, pen));
    context! {
        what => in_words(kind), call, to, post, arrive_by, files, done, find_out,
        in_place_of => in_place_of(source, pen),
        ..agreed(source, pen)
    }
}

/// The subject of a letter to staff: what it is and by when, and no word of the resident's.
pub(super) fn subject(case: &Case, opening: &Opening, letter: &Letter) -> String {
    let reference = &opening.reference;
    let kind = register(case);
    let new = |what: &str, hazard, unsure| match (hazard, unsure) {
        (true, _) => format!("URGENT, possible danger: new {what} {reference}"),
        (false, true) => format!("Please check: new {what} {reference}"),
        (false, false) => format!("New {what} {reference}"),
    };
    if let Some(by_hand) = &letter.by_hand {
        let what = in_words(letter.says.kind());
        return match by_hand.how {
            Prefers::Telephone => format!("Please call and post: {what} ({reference})"),
            Prefers::Email | Prefers::Post => format!("Please print and post: {what} ({reference})"),
        };
    }
    match &letter.says {
        Says::NewMessage { writer: Writer::Ombudsman, .. } => format!("Housing Ombudsman: new message on {reference}"),
        Says::NewMessage { flags, .. } if kind == "message" => new("further message on", flags.urgent_hazard, false),
        Says::NewMessage { flags, .. } => new(&format!("message on {kind}"), flags.urgent_hazard, false),
        Says::Escalation { .. } if case.hazard => format!("URGENT, possible danger: stage 2 of {reference}"),
        Says::Escalation { unsure: true, .. } => format!("Please check: is stage 2 asked for on {reference}?"),
        Says::Escalation { .. } => match case.duties.get(&Duty::AcknowledgeStage2) {
            Some(owed) if owed.open() && !case.acknowledgement_written(Stage::Two) => {
                format!("Stage 2 of {reference}: acknowledge by {}", calendar::spoken(owed.due.date))
            }
            _ => format!("Stage 2 of {reference} has begun"),
        },
        Says::Assigned { .. } => format!("Yours now: {kind} {reference}"),
        Says::Transcript(transcript) => match answer::title(transcript) {
            question if question.ends_with('?') => format!("{question} ({kind} {reference})"),
            title => format!("{title}: {kind} {reference}"),
        },
        Says::DatesMoved { .. } => format!("Dates have moved: {kind} {reference}"),
        Says::Reminder { duty, due, rung: Rung(days), .. } => {
            let (owed, due) = (duty.in_words(), calendar::spoken(*due));
            match days {
                ..0 => format!("Due {due}: {owed} ({reference})"),
                0 => format!("Due today: {owed} ({reference})"),
                1 => format!("1 working day overdue: {owed} ({reference})"),
                2.. => format!("{days} working days overdue: {owed} ({reference})"),
            }
        }
        Says::Undelivered { letter_kind, .. } => format!("Not delivered: {} ({reference})", in_words(*letter_kind)),
        _ if opening.matter == Some(Matter::Ombudsman) => format!("Housing Ombudsman: new message {reference}"),
        _ => {
            let new = new(kind, case.hazard, case.unsure);
            match next_for_staff(case) {
                Some((duty, date)) => format!("{new}: {} by {}", duty.in_words(), calendar::spoken(date)),
                None => new,
            }
        }
    }
}

/// The first open duty that no letter of ours is about to meet.
fn next_for_staff(case: &Case) -> Option<(Duty, Date)> {
    let ours = |duty: Duty| {
        duty.stage().is_some_and(|stage| duty == stage.acknowledge() && case.acknowledgement_written(stage))
    };
    let open = case.duties.iter().filter(|(duty, owed)| owed.open() && !ours(**duty));
    open.map(|(duty, owed)| (*duty, owed.due.date)).min_by_key(|(_, date)| *date)
}
