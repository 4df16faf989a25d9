//! The templates of all letters: embedded, and replaced one by one by a landlord's own of the same name.
//!
//! minijinja fills them in; `page.rs` says how they are written, `lint.rs` what they must say.

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, Error, UndefinedBehavior, Value, context};

use super::lint;
use super::notice;
use super::page::{Page, Theirs, together};
use super::sample;
use crate::domain::case::LetterKind;
use crate::domain::landlord::{Landlord, Ombudsman};

/// Instructions a template may run: the longest of ours needs some hundreds.
const FUEL: u64 = 100_000;

const FRAME: &str = "letter.html";
/// The page before a letter that a person hands over.
pub(super) const COVER: &str = "by_hand.txt";
pub(super) const DIGEST: &str = "digest.txt";
pub(super) const WEEKLY: &str = "weekly.txt";
pub(super) const ANSWER: &str = "answer.txt";
pub(super) const TRANSCRIPT: &str = "transcript.txt";

const EMBEDDED: &[(&str, &str)] = &[
    ("acknowledgement.txt", include_str!("../../../config/letters/acknowledgement.txt")),
    ("added.txt", include_str!("../../../config/letters/added.txt")),
    ("assigned.txt", include_str!("../../../config/letters/assigned.txt")),
    ("by_hand.txt", include_str!("../../../config/letters/by_hand.txt")),
    ("clarification.txt", include_str!("../../../config/letters/clarification.txt")),
    ("correction.txt", include_str!("../../../config/letters/correction.txt")),
    ("correspondence.txt", include_str!("../../../config/letters/correspondence.txt")),
    ("dates_moved.txt", include_str!("../../../config/letters/dates_moved.txt")),
    ("escalation.txt", include_str!("../../../config/letters/escalation.txt")),
    ("extension.txt", include_str!("../../../config/letters/extension.txt")),
    (DIGEST, include_str!("../../../config/letters/digest.txt")),
    ("new_case.txt", include_str!("../../../config/letters/new_case.txt")),
    ("new_message.txt", include_str!("../../../config/letters/new_message.txt")),
    ("receipt.txt", include_str!("../../../config/letters/receipt.txt")),
    ("refusal.txt", include_str!("../../../config/letters/refusal.txt")),
    ("reminder.txt", include_str!("../../../config/letters/reminder.txt")),
    ("request_answer.txt", include_str!("../../../config/letters/request_answer.txt")),
    ("request_logged.txt", include_str!("../../../config/letters/request_logged.txt")),
    ("response.txt", include_str!("../../../config/letters/response.txt")),
    ("restriction.txt", include_str!("../../../config/letters/restriction.txt")),
    ("survey.txt", include_str!("../../../config/letters/survey.txt")),
    (ANSWER, include_str!("../../../config/letters/answer.txt")),
    ("_answer.txt", include_str!("../../../config/letters/_answer.txt")),
    (TRANSCRIPT, include_str!("../../../config/letters/transcript.txt")),
    ("undelivered.txt", include_str!("../../../config/letters/undelivered.txt")),
    ("update.txt", include_str!("../../../config/letters/update.txt")),
    ("withdrawal.txt", include_str!("../../../config/letters/withdrawal.txt")),
    ("_agreed.txt", include_str!("../../../config/letters/_agreed.txt")),
    (WEEKLY, include_str!("../../../config/letters/weekly.txt")),
    ("_case.txt", include_str!("../../../config/letters/_case.txt")),
    ("_commands.txt", include_str!("../../../config/letters/_commands.txt")),
    ("_complain.txt", include_str!("../../../config/letters/_complain.txt")),
    ("_correct_us.txt", include_str!("../../../config/letters/_correct_us.txt")),
    ("_dates.txt", include_str!("../../../config/letters/_dates.txt")),
    ("_definition.txt", include_str!("../../../config/letters/_definition.txt")),
    ("_emergency.txt", include_str!("../../../config/letters/_emergency.txt")),
    ("_enclosed.txt", include_str!("../../../config/letters/_enclosed.txt")),
    ("_end.txt", include_str!("../../../config/letters/_end.txt")),
    ("_hazard.txt", include_str!("../../../config/letters/_hazard.txt")),
    ("_look.txt", include_str!("../../../config/letters/_look.txt")),
    ("_help.txt", include_str!("../../../config/letters/_help.txt")),
    ("_in_place_of.txt", include_str!("../../../config/letters/_in_place_of.txt")),
    ("_letterhead.txt", include_str!("../../../config/letters/_letterhead.txt")),
    ("_ombudsman.txt", include_str!("../../../config/letters/_ombudsman.txt")),
    ("_outcome.txt", include_str!("../../../config/letters/_outcome.txt")),
    ("_policy.txt", include_str!("../../../config/letters/_policy.txt")),
    ("_response_date.txt", include_str!("../../../config/letters/_response_date.txt")),
    ("_responsibilities.txt", include_str!("../../../config/letters/_responsibilities.txt")),
    ("_signature.txt", include_str!("../../../config/letters/_signature.txt")),
    ("_upkeep.txt", include_str!("../../../config/letters/_upkeep.txt")),
    ("_staff_signature.txt", include_str!("../../../config/letters/_staff_signature.txt")),
    ("_told.txt", include_str!("../../../config/letters/_told.txt")),
    (FRAME, include_str!("../../../config/letters/letter.html")),
];

/// Every letter's template, ready to be filled in.
#[derive(Debug)]
pub struct Templates {
    environment: Environment<'static>,
}

/// A letter as it reads, with the page it was made from.
pub(super) struct Rendered {
    /// The file it was made from.
    pub(super) template: &'static str,
    pub(super) page: Page,
    pub(super) text: String,
    pub(super) html: String,
    /// The letter within the frame.
    inside: String,
    /// What the HTML frame says around the letter.
    pub(super) frame: String,
}

impl Templates {
    /// The embedded templates, each replaced by the one of the same name in `overrides` (file name and text). A name that
    /// begins with `_` may also be new: a piece for the landlord's own templates to include.
    ///
    /// # Errors
    ///
    /// Every problem with the overrides as a sentence: which file, which line when known, and what to do. Each template is
    /// tried with invented cases, so that none is found wanting only when a resident waits for its letter.
    pub fn new(overrides: Vec<(String, String)>) -> Result<Templates, Vec<String>> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        environment.add_filter("together", |text: &str| together(text));
        environment.set_auto_escape_callback(
            |name| {
                if name.ends_with(".html") { AutoEscape::Html } else { AutoEscape::None }
            },
        );
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build();
        environment.set_syntax(syntax.expect("the usual delimiters are valid"));
        for (name, source) in EMBEDDED {
            environment.add_template(name, source).expect("tests parse every embedded template");
        }
        let own = !overrides.is_empty();
        let mut problems = Vec::new();
        for (name, source) in overrides {
            let known = EMBEDDED.iter().any(|(known, _)| *known == name);
            let piece = name.starts_with('_') && name.ends_with(".txt");
            if !known && !piece {
                problems.push(unknown(&name));
            } else if let Err(error) = environment.add_template_owned(name, source) {
                problems.push(in_words(&error));
            }
        }
        let templates = Templates { environment };
        if own && problems.is_empty() {
            problems = templates.problems_for(&sample::landlord(), &sample::ombudsman());
        }
        if problems.is_empty() { Ok(templates) } else { Err(problems) }
    }

    /// What would keep letters of this landlord from leaving, each problem once: tried with every invented case, but the
    /// landlord's own name, phrases and people, and the Ombudsman's details as configured.
    pub fn problems_for(&self, landlord: &Landlord, ombudsman: &Ombudsman) -> Vec<String> {
        let mut problems = sample::problems(self, landlord, ombudsman);
        problems.extend(notice::problems(self, landlord, ombudsman));
        problems
    }

    /// Fills in a template, and puts `theirs` in the places of their marks.
    pub(super) fn render(&self, template: &'static str, facts: Value, theirs: &Theirs) -> Result<Rendered, Error> {
        let page = Page::parse(&self.environment.get_template(template)?.render(facts)?);
        let inside = page.html(theirs);
        let html = self.framed(page.title(theirs), inside.clone())?;
        let frame = html.replace(&inside, lint::LETTER_GOES_HERE);
        Ok(Rendered { template, text: page.text(theirs), html, inside, frame, page })
    }

    /// The text and the HTML of a letter that follows its cover.
    pub(super) fn below(&self, cover: &Rendered, letter: &Rendered, title: String) -> Result<(String, String), Error> {
        let text = format!("{}\n{}\n\n{}", cover.text, "_".repeat(40), letter.text);
        let html = self.framed(title, format!("{}<hr>\n{}", cover.inside, letter.inside))?;
        Ok((text, html))
    }

    fn framed(&self, title: String, inside: String) -> Result<String, Error> {
        self.environment.get_template(FRAME)?.render(context! { title, body => Value::from_safe_string(inside) })
    }
}

/// The file that holds the letter of `kind`.
pub(super) fn file(kind: LetterKind) -> &'static str {
    match kind {
        LetterKind::Receipt => "receipt.txt",
        LetterKind::Acknowledgement => "acknowledgement.txt",
        LetterKind::RequestLogged => "request_logged.txt",
        LetterKind::Added => "added.txt",
        LetterKind::NewCase => "new_case.txt",
        LetterKind::NewMessage => "new_message.txt",
        LetterKind::Reminder => "reminder.txt",
        LetterKind::Undelivered => "undelivered.txt",
        LetterKind::Correction => "correction.txt",
        LetterKind::Clarification => "clarification.txt",
        LetterKind::Response => "response.txt",
        LetterKind::Extension => "extension.txt",
        LetterKind::Refusal => "refusal.txt",
        LetterKind::RequestAnswer => "request_answer.txt",
        LetterKind::Correspondence => "correspondence.txt",
        LetterKind::Update => "update.txt",
        LetterKind::Withdrawal => "withdrawal.txt",
        LetterKind::Restriction => "restriction.txt",
        LetterKind::Survey => "survey.txt",
        LetterKind::Escalation => "escalation.txt",
        LetterKind::Assigned => "assigned.txt",
        LetterKind::DatesMoved => "dates_moved.txt",
        LetterKind::Transcript => TRANSCRIPT,
    }
}

/// What is wrong with a template, and where, for whoever wrote it. Says nothing of what was filled in.
pub(super) fn in_words(error: &Error) -> String {
    let place = match (error.name(), error.line()) {
        (Some(name), Some(line)) => format!("{name}, line {line}: "),
        (Some(name), None) => format!("{name}: "),
        (None, _) => String::new(),
    };
    let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
    format!("{place}{}{detail}", error.kind())
}

fn unknown(name: &str) -> String {
    let known: Vec<&str> = EMBEDDED.iter().map(|(name, _)| *name).collect();
    format!(
        "{name}: no letter uses a template of this name. Rename it to one of {}, or let a piece of your own begin with an \
         underscore and end with .txt",
        known.join(", ")
    )
}
