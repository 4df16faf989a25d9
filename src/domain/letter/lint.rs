//! What each letter must say, by which provision; and what no letter may say.
//!
//! A template names its parts by lines like `@ombudsman`. A part is there when something is said in it, and when it holds
//! the facts it is about: the telephone number, the date, every point of the complaint. The lint reads the page before other
//! people's words are put into it: a resident's quotation can neither pass for a part nor be held against the landlord.
//!
//! Sources: Complaint Handling Code 2024, by provision; the Ombudsman's guidance on complaint correspondence.

use super::facts::{Marked, STAGE_1, Source, flags, provision, spoken};
use super::page::{Page, Theirs, is_mark, single_spaced};
use super::template::Rendered;
use super::{Desk, Unwritable};
use crate::domain::calendar::london_date;
use crate::domain::case::{Audience, Says};
use crate::domain::code::rule;

/// Stands in the HTML frame for the letter itself, while the frame is looked at.
pub(super) const LETTER_GOES_HERE: &str = "<!-- the letter -->";

/// A part must say at least this much, when its facts do not make it long.
const WORDS_MIN: usize = 3;

/// Something a letter must say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// As templates name it, after `@`.
    pub(super) name: &'static str,
    /// Provision of the Code, or of the duty behind it.
    pub(super) provision: &'static str,
    /// What must be found in it.
    pub(super) holds: Vec<String>,
}

/// Details of the Ombudsman that no longer hold, and words the Code does not allow. In lower case.
const UNWELCOME: &[(&str, &str)] = &[
    ("l33 7wq", "the Ombudsman left this postal address"),
    ("e14 9ge", "the Ombudsman left this postal address"),
    ("designated person", "since 1 October 2022 nobody needs one to go to the Ombudsman"),
    ("eight weeks", "since 1 October 2022 nobody waits them to go to the Ombudsman"),
    ("informal complaint", "there is no such thing (Code 5.2): say \"complaint\""),
    ("stage 0", "there are two stages, 1 and 2 (Code 5.2, 5.3)"),
    ("stage zero", "there are two stages, 1 and 2 (Code 5.2, 5.3)"),
];

/// What a letter must say, so that it may leave.
pub(super) fn parts(source: &Source, marked: &Marked) -> Vec<Part> {
    let opening = source.opening;
    let reference = opening.reference.to_string();
    let mut parts = match source.letter.audience {
        Audience::Resident => every_letter_to_a_resident(source),
        Audience::Staff => vec![],
    };
    let mut must = |name, provision, holds| parts.push(Part { name, provision, holds });
    if source.letter.audience == Audience::Staff {
        must("case", "5.12", vec![reference]);
        if flags(source).urgent_hazard {
            must("hazard", "6.1", vec![]);
        }
    }
    let related: Vec<String> = opening.related.iter().map(ToString::to_string).collect();
    let landlord = source.desk.landlord;
    match &source.letter.says {
        Says::Receipt { acknowledge_by, .. } => {
            must("words", "5.6", marked.points.clone());
            must("correct_us", "5.6", vec![]);
            must("next", "6.2", vec![spoken(london_date(opening.received)), spoken(*acknowledge_by)]);
            must("policy", "3.4", vec![landlord.policy_link.clone()]);
        }
        Says::Acknowledgement { respond_by, .. } => {
            must("stage", "6.2", vec![STAGE_1.to_owned()]);
            must("definition", "5.6", marked.points.clone());
            must("outcome", "5.6", marked.outcome.iter().cloned().collect());
            must("correct_us", "5.6", vec![]);
            let phrases = landlord.responsible_for.iter().chain(&landlord.not_responsible_for);
            must("responsibilities", "5.7", phrases.cloned().collect());
            must("response_date", "6.3", vec![spoken(*respond_by)]);
            must("handler", "4.1", vec![landlord.officer.role.clone()]);
            must("independence", "5.8", vec![]);
            must("policy", "3.4", vec![landlord.policy_link.clone()]);
            if !related.is_empty() {
                must("related", "1.5", related);
            }
        }
        Says::RequestLogged => {
            must("logged", "1.4", vec![spoken(london_date(opening.received))]);
            must("why", "1.4", vec![]);
            must("next", "1.4", vec![]);
            must("complain", "1.3", vec![]);
        }
        Says::Added { received } => must("added", "5.12", vec![spoken(*received)]),
        Says::NewCase { .. } => {
            let open = source.case.duties.values().filter(|owed| owed.met.is_none());
            must("dates", "6.2", open.flat_map(|owed| [spoken(owed.due.date), owed.provision.clone()]).collect());
            must("why", "1.3", marked.because.clone());
            must("letters", "6.2", marked.withheld.iter().cloned().collect());
            if opening.unsure {
                must("unsure", "1.3", vec![]);
            }
            if !related.is_empty() {
                must("related", "1.5", related);
            }
        }
        Says::NewMessage { .. } => must("message", "5.12", vec![]),
        Says::Reminder { duty, due, .. } => {
            must(
                "owed",
                rule(*duty, source.case.edition(duty.stage().unwrap_or_default())).provision,
                vec![spoken(*due), provision(source.case, *duty).to_owned()],
            );
        }
        Says::Undelivered { .. } => must("undelivered", "6.2", vec![]),
        _ => {}
    }
    parts
}

/// Whom it is from and about what, how to answer and get help, who is above the landlord, who signs: by role, not by name.
fn every_letter_to_a_resident(source: &Source) -> Vec<Part> {
    let Desk { landlord, ombudsman, .. } = source.desk;
    let date = spoken(london_date(source.now));
    let part = |name, provision, holds: &[&str]| Part {
        name,
        provision,
        holds: holds.iter().map(|fact| (*fact).to_owned()).collect(),
    };
    vec![
        part("letterhead", "5.12", &[&landlord.name, &date, &source.opening.reference.to_string()]),
        part("emergency", "6.1", &[&landlord.emergency_telephone, "999"]),
        part("reply", "3.1", &[]),
        part("adjustments", "5.10", &[]),
        part("representative", "3.6", &[]),
        part("ombudsman", "3.7", &[&ombudsman.name, &ombudsman.complaint_form, &ombudsman.telephone]),
        part("signature", "4.1", &[&landlord.officer.role, &landlord.name]),
    ]
}

/// Whether a letter says all `parts`, and nothing it may not say.
///
/// # Errors
///
/// The first thing that is wrong with it.
pub(super) fn check(letter: &Rendered, parts: &[Part], theirs: &Theirs) -> Result<(), Unwritable> {
    let Rendered { template, page, frame, .. } = letter;
    let shape = |why| Err(Unwritable::Shape { template, why });
    if page.titles() != 1 {
        return shape("must have one title: one line that begins with \"# \"");
    }
    if !page.marks_are_whole(theirs) {
        return shape("changes words that are not the landlord's: print them without a filter");
    }
    if frame.matches(LETTER_GOES_HERE).count() != 1 || !frame.contains("lang=\"en-GB\"") {
        return shape("letter.html must have <html lang=\"en-GB\"> and print {{ body }} once, as it is");
    }
    for part in parts {
        if let Some(what) = lack(page, part) {
            return Err(Unwritable::Missing { template, part: part.name, provision: part.provision, what });
        }
    }
    let said = format!("{} {}", page.all(), single_spaced(frame)).to_lowercase();
    match UNWELCOME.iter().find(|(words, _)| said.contains(words)) {
        Some((words, why)) => Err(Unwritable::Unwelcome { template, words, why }),
        None => Ok(()),
    }
}

/// What the page lacks of `part`.
fn lack(page: &Page, part: &Part) -> Option<String> {
    let said = page.said(part.name);
    if said.split_whitespace().count() < WORDS_MIN {
        return Some("is missing".to_owned());
    }
    let fact = part.holds.iter().find(|fact| !said.contains(&single_spaced(fact)))?;
    Some(if is_mark(fact) { "lacks words it must quote".to_owned() } else { format!("does not say \"{fact}\"") })
}
