//! What the reader of a letter to staff most likely wants to do next: forms to send back, and links that prepare them.
//!
//! The words are those of `domain/command`. Nothing is offered that the case would refuse for who the reader is; what else may
//! be wrong with it, the answer says.

use jiff::civil::Date;
use minijinja::{Value, context};

use super::Desk;
use super::facts::{Pen, Source};
use super::page::one_line;
use super::token::{Token, token};
use crate::domain::case::{Audience, Case, Definition, Kind, LetterNo, Matter, Posted, Says, Writer};
use crate::domain::code::{Duty, Stage};
use crate::domain::command::form::{self, BLANK, Draft};
use crate::domain::command::transcript::Transcript;
use crate::domain::reference::Reference;
use crate::domain::words::Words;

/// A definition up to this long, in characters, is written into the form that puts it right; of a longer one the letter shows
/// the points, and a form to copy would only hide them.
const DEFINITION_CHARS_MAX: usize = 1_500;
/// As much of a point as reminds its reader which one they answer, in characters: no mail program wraps such a line.
const ABOUT_CHARS: usize = 48;

/// Something the reader may want to do.
pub(super) struct Step {
    /// What for, as the line above the form.
    when: &'static str,
    verb: &'static str,
    drafts: Vec<Draft>,
    /// What must be known to fill it in.
    hint: Option<&'static str>,
}

impl Step {
    fn new(when: &'static str, verb: &'static str, drafts: Vec<Draft>) -> Step {
        let hint = match verb {
            "assign" => {
                Some("For conflict write none, or what they have to do with the people or the place (Code 5.8).")
            }
            "respond" => Some(
                "Begin each answer with upheld, partly upheld or not upheld. A remedy is like “money: £150 for the delay”, an \
                 action like “mend the roof; owner Repairs Team; by 18 December”.",
            ),
            _ => None,
        };
        Step { when, verb, drafts: form::ready(verb, &drafts), hint }
    }

    /// The step as templates print it, in the part of the letter that must have its form.
    fn fact(
        &self,
        links: &mut Links,
        source: &Source,
        part: &'static str,
        provision: &'static str,
        pen: &mut Pen,
    ) -> Value {
        let form = pen.theirs.mark(&form::text(self.verb, &self.drafts));
        pen.must(part, provision, [form.clone()]);
        let found = self.variants().into_iter().filter_map(|(words, drafts)| {
            Some((words.to_owned(), links.to(&source.opening.reference, self.verb, &drafts)?))
        });
        let link = pen.theirs.links(found.collect());
        context! { when => self.when, form, link, hint => self.hint }
    }

    /// What the links prepare, each with the words that are the link: where there is a choice, one for each.
    fn variants(&self) -> Vec<(&'static str, Vec<Draft>)> {
        if self.verb != "sort" {
            return vec![("open it as a new message", self.drafts.clone())];
        }
        let of_kind = |kind: &'static str| {
            let drafts = self.drafts.iter().cloned();
            (
                kind,
                drafts.map(|(field, value)| (field, if field == "kind" { kind.to_owned() } else { value })).collect(),
            )
        };
        ["complaint", "request", "neither"].map(of_kind).into()
    }
}

/// Makes the links of one letter, each with a code of its own.
pub(super) struct Links<'a> {
    desk: &'a Desk<'a>,
    reader: &'a str,
    letter: LetterNo,
    written: Date,
    next: Option<u8>,
}

impl<'a> Links<'a> {
    /// Of a letter to `reader`; a list of many cases has no number, and is 0.
    pub(super) fn new(desk: &'a Desk<'a>, reader: &'a str, letter: LetterNo, written: Date) -> Links<'a> {
        Links { desk, reader, letter, written, next: Some(0) }
    }

    /// A link that prepares this act; `None` when it would be too long, or after as many as can be told apart.
    pub(super) fn to(&mut self, reference: &Reference, verb: &str, drafts: &[Draft]) -> Option<String> {
        let Desk { landlord, key, .. } = self.desk;
        let link = self.next?;
        self.next = link.checked_add(1);
        let code = token(&Token::new(self.letter, link, self.written), reference, &landlord.key, self.reader, key);
        form::link(landlord.addresses.first()?, &format!("{verb} [{reference}] {code}"), verb, drafts)
    }
}

/// The steps of a letter, as templates print them.
pub(super) fn of(source: &Source, pen: &mut Pen) -> Vec<Value> {
    let mut links = links(source);
    let likely = likely(source);
    likely.iter().map(|step| step.fact(&mut links, source, "commands", "4.2", pen)).collect()
}

/// For the page that asks a person to hand a letter over: what says that they did, and what says where it goes when nobody
/// knows, as templates print them.
pub(super) fn of_cover(source: &Source, to_find_out: bool, pen: &mut Pen) -> (Value, Option<Value>) {
    let mut links = links(source);
    let done = handed_over("", source.letter.number).fact(&mut links, source, "handed_over", "5.12", pen);
    let find_out = to_find_out.then(|| {
        let post = Step::new("", "resident", vec![("post", BLANK.to_owned())]);
        post.fact(&mut links, source, "hand_over", "6.2", pen)
    });
    (done, find_out)
}

fn links<'a>(source: &'a Source) -> Links<'a> {
    Links::new(source.desk, source.letter.address.as_str(), source.letter.number, source.today())
}

/// The two or three acts that the reader most likely wants next.
fn likely(source: &Source) -> Vec<Step> {
    let case = source.case;
    let mut steps = match &source.letter.says {
        _ if answered_before(source) => vec![assign(), note()],
        Says::Undelivered { letter, letter_kind, .. } if letter_kind.audience() == Audience::Resident => {
            vec![handed_over("When they have it another way:", *letter), resident(case)]
        }
        Says::Undelivered { .. } => vec![assign(), note()],
        Says::Reminder { duty, rung, .. } => for_duty(case, *duty, rung.0 > 0),
        Says::DatesMoved { .. } => vec![update(), note()],
        Says::Transcript(answer) if matches!(**answer, Transcript::Filed { to_resident: true }) => {
            let told = vec![("text", "As in my letter".to_owned())];
            let mut steps =
                vec![Step::new("If it told them how it stands, and nothing more is to be sent:", "told", told)];
            if awaits_response(case) {
                steps.push(respond(case));
            }
            steps
        }
        Says::NewMessage { writer: Writer::Ombudsman, .. } => vec![note(), update()],
        Says::NewMessage { .. } if case.can_escalate() => vec![
            Step::new("If they are not happy with our answer:", "escalate", vec![("why", BLANK.to_owned())]),
            Step::new("If it is about something new:", "complain", vec![]),
            note(),
        ],
        Says::NewMessage { .. } if case.is_complaint() && case.ended.is_none() => vec![
            Step::new("If it belongs to this complaint and is new in it:", "point", vec![]),
            Step::new("If it is another matter:", "complain", vec![]),
            update(),
        ],
        Says::Assigned { .. } if awaits_response(case) => vec![define(case), respond(case), assign()],
        Says::NewCase { .. } if awaits_response(case) => vec![define(case), ask(), assign()],
        _ => for_case(case, source.opening.matter),
    };
    steps.retain(|step| may(source, step.verb));
    if steps.is_empty() {
        steps.push(note());
    }
    steps
}

/// Whether the case hears this verb from the reader (4.1, 4.2): everybody registered may write down what they know, whoever owes
/// an action may say that it is done, those who handle complaints may do the rest.
fn may(source: &Source, verb: &str) -> bool {
    let (case, landlord, reader) = (source.case, source.desk.landlord, source.letter.address.as_str());
    let handling = [&landlord.officer, &landlord.deputy, &landlord.manager].into_iter();
    let mut handling = handling.chain(&landlord.reviewers).chain(case.handlers.values());
    let owner = source.letter.says.action().and_then(|action| case.actions.get(&action));
    let owner = owner.and_then(|action| action.promised.owner_address.as_deref());
    // Whoever reads it in somebody's place may do what they may.
    let stands_in = |address: Option<&str>| {
        let people = landlord.people();
        let person = people.iter().find(|person| Some(person.address.as_str()) == address);
        source.letter.in_place_of.as_ref().is_some_and(|away| person.is_some_and(|person| person.name == away.name))
    };
    let handler = source.handler().map(|handler| handler.address.as_str());
    match verb {
        "note" | "handed-over" => true,
        "done" if owner == Some(reader) || stands_in(owner) => true,
        _ => stands_in(handler) || handling.any(|person| person.address == reader),
    }
}

/// Whether stage 2 must be in other hands than the reader's (6.13).
fn answered_before(source: &Source) -> bool {
    source.case.stage == Stage::Two && source.case.stage1_people.contains(source.letter.address.as_str())
}

/// Whether the complaint was acknowledged, and its answer is what comes next.
fn awaits_response(case: &Case) -> bool {
    let ready = case.is_complaint() && case.ended.is_none() && !case.unsure;
    ready && case.acknowledgement_written(case.stage) && !case.responded(case.stage)
}

/// The last letter that was to meet `duty` and has not reached the resident.
pub(super) fn missing(case: &Case, duty: Duty) -> Option<(LetterNo, &Posted)> {
    let meant = |letter: &Posted| !letter.copy && letter.kind.meets(letter.stage) == Some(duty);
    let (number, letter) = case.letters.iter().rfind(|(_, letter)| meant(letter))?;
    (!letter.arrived()).then_some((*number, letter))
}

fn for_duty(case: &Case, duty: Duty, late: bool) -> Vec<Step> {
    let because = |when, verb| Step::new(when, verb, vec![]);
    match (missing(case, duty), duty) {
        (Some((number, letter)), _) if letter.failed() => {
            vec![handed_over("When they have it another way:", number), resident(case)]
        }
        (Some((number, letter)), _) if letter.by_hand => {
            vec![handed_over("When they have it:", number), resident(case)]
        }
        (Some(_), _) => vec![note()],
        (_, Duty::RespondStage1 | Duty::RespondStage2) if late => vec![respond(case), update()],
        (_, Duty::RespondStage1 | Duty::RespondStage2) => {
            let extend = Step::new("If it needs longer, before that date has passed:", "extend", vec![]);
            vec![respond(case), extend, update()]
        }
        (_, Duty::ReviewRequest) => {
            vec![answer("To answer the request:"), update(), close("When it has been dealt with:")]
        }
        (_, Duty::Answer) => for_case(case, case.opening.as_ref().and_then(|opening| opening.matter)),
        (_, Duty::Update) => vec![update()],
        (_, Duty::Action(number)) => {
            let action = || vec![("action", number.to_string())];
            vec![
                Step::new("When it is done:", "done", action()),
                Step::new("If it will be later:", "postpone", action()),
            ]
        }
        (_, Duty::ReviewAdjustment) => {
            let stays = Step::new("If it still fits:", "review", vec![("what", "adjustment".to_owned())]);
            vec![stays, because("If something else is needed:", "adjust")]
        }
        (_, Duty::ReviewRestriction) => {
            let stays = Step::new("If it is still needed:", "review", vec![("what", "restriction".to_owned())]);
            vec![stays, because("If it is not:", "lift")]
        }
        (_, Duty::Close) => vec![
            close("When everything is done:"),
            because("If something is still to be done:", "promise"),
            Step::new("If the resident is not happy with the answer:", "escalate", vec![("why", BLANK.to_owned())]),
        ],
        (_, Duty::Acknowledge | Duty::AcknowledgeStage2 | Duty::Survey) => for_case(case, None),
    }
}

fn for_case(case: &Case, matter: Option<Matter>) -> Vec<Step> {
    let unhappy = || Step::new("If somebody is unhappy with something:", "complain", vec![]);
    match case.kind {
        _ if case.ended.is_some() => vec![Step::new("If there is more to do:", "reopen", vec![]), note()],
        // Its own subject and form are kept by answering from the mailbox.
        Some(Kind::Correspondence) if matter == Some(Matter::Ombudsman) => {
            let link = Step::new("If it is about a case we have:", "link", vec![]);
            vec![link, note(), close("When it has been dealt with:")]
        }
        Some(Kind::Correspondence) => vec![answer("To answer:"), unhappy(), close("When it has been dealt with:")],
        Some(Kind::ServiceRequest) => vec![answer("To answer the request:"), unhappy(), assign()],
        _ if case.unsure && case.stage == Stage::Two => vec![
            acknowledge("If they want stage 2, or if you cannot tell:", case),
            Step::new("If they do not:", "stay", vec![]),
        ],
        _ if case.unsure => {
            let kind = vec![("kind", "complaint".to_owned())];
            vec![Step::new(
                "Say what it is: complaint, request or neither. If you cannot tell, it is a complaint:",
                "sort",
                kind,
            )]
        }
        _ if case.responded(case.stage) => vec![close("When everything is done:"), update()],
        _ if awaits_response(case) => vec![define(case), ask(), respond(case)],
        _ => vec![acknowledge("To confirm or put right what it is about, and acknowledge it:", case), ask(), assign()],
    }
}

fn note() -> Step {
    Step::new("To write down what you did about it:", "note", vec![])
}

fn update() -> Step {
    Step::new("To tell the resident how it stands:", "update", vec![])
}

fn assign() -> Step {
    Step::new("To give it to somebody else:", "assign", vec![])
}

fn ask() -> Step {
    Step::new("To ask the resident something:", "ask", vec![])
}

fn answer(when: &'static str) -> Step {
    Step::new(when, "answer", vec![])
}

fn close(when: &'static str) -> Step {
    Step::new(when, "close", vec![])
}

fn handed_over(when: &'static str, letter: LetterNo) -> Step {
    Step::new(when, "handed-over", vec![("letter", letter.to_string()), ("on", "today".to_owned())])
}

fn define(case: &Case) -> Step {
    of_definition("To put right what the complaint is about:", "define", &case.definition)
}

fn acknowledge(when: &'static str, case: &Case) -> Step {
    of_definition(when, "acknowledge", &case.definition)
}

fn of_definition(when: &'static str, verb: &'static str, definition: &Definition) -> Step {
    let drafts = drafted(definition);
    // Points that are not in the form are easily forgotten.
    let unseen = !definition.points.is_empty() && drafts.contains(&("point", BLANK.to_owned()));
    let hint = unseen.then_some("The points you write take the place of all that are there now.");
    Step { hint, ..Step::new(when, verb, drafts) }
}

/// Point by point, in the resident's words until somebody has found better ones.
fn drafted(Definition { points, outcome, .. }: &Definition) -> Vec<Draft> {
    let whole = points.iter().chain(outcome).map(|words| words.as_str().chars().count()).sum::<usize>();
    let shown = whole <= DEFINITION_CHARS_MAX && points.iter().chain(outcome).all(known);
    let draft = |words: &Words| words.as_str().to_owned();
    let points: Vec<Draft> = points.iter().filter(|_| shown).map(|point| ("point", draft(point))).collect();
    let points = if points.is_empty() { vec![("point", BLANK.to_owned())] } else { points };
    let outcome = outcome.as_ref().filter(|_| shown).map_or(BLANK.to_owned(), draft);
    points.into_iter().chain([("outcome", outcome)]).collect()
}

fn known(words: &Words) -> bool {
    matches!(words, Words::Words(_))
}

/// A line for the answer to each point, below what begins the point.
fn respond(case: &Case) -> Step {
    let answer = || ("answer", BLANK.to_owned());
    let points = case.definition.points.iter();
    let points = points.flat_map(|point| [("about", one_line(point.as_str(), ABOUT_CHARS)), answer()]);
    let mut drafts: Vec<Draft> = points.collect();
    if drafts.is_empty() {
        drafts.push(answer());
    }
    drafts.extend(["remedy", "action"].map(|field| (field, BLANK.to_owned())));
    Step::new("To send the answer:", "respond", drafts)
}

/// How they are reached, as far as it is known.
fn resident(case: &Case) -> Step {
    let resident = case.resident.as_ref();
    let draft = |field, words: Option<&Words>| {
        (field, words.filter(|words| known(words)).map_or(BLANK.to_owned(), |words| words.as_str().to_owned()))
    };
    let drafts = vec![
        draft("email", resident.and_then(|resident| resident.address.as_ref())),
        draft("post", resident.and_then(|resident| resident.post.as_ref())),
        draft("telephone", resident.and_then(|resident| resident.telephone.as_ref())),
    ];
    Step::new("To put right how we reach them:", "resident", drafts)
}

// ── lists of many cases ───────────────────────────────────────────────────────────────────────────────────────────────

/// The likeliest act for a duty on a list, and a word for it. The list knows no more of the case than its reference.
pub(super) fn on_list(duty: Duty, late: bool) -> Option<(&'static str, &'static str, Vec<Draft>)> {
    let (words, verb, drafts) = match duty {
        Duty::Acknowledge | Duty::AcknowledgeStage2 => ("acknowledge", "acknowledge", vec![]),
        Duty::RespondStage1 | Duty::RespondStage2 if late => ("tell the resident how it stands", "update", vec![]),
        Duty::RespondStage1 | Duty::RespondStage2 => ("respond", "respond", vec![]),
        Duty::ReviewRequest | Duty::Answer => ("answer", "answer", vec![]),
        Duty::Update => ("tell the resident how it stands", "update", vec![]),
        Duty::Action(number) => ("it is done", "done", vec![("action", number.to_string())]),
        Duty::ReviewAdjustment => ("it stays", "review", vec![("what", "adjustment".to_owned())]),
        Duty::ReviewRestriction => ("it stays", "review", vec![("what", "restriction".to_owned())]),
        Duty::Close => ("close", "close", vec![]),
        Duty::Survey => return None,
    };
    Some((words, verb, form::ready(verb, &drafts)))
}

/// The form that says a letter was handed over.
pub(super) fn handed_over_form(letter: LetterNo) -> Vec<Draft> {
    handed_over("", letter).drafts
}
