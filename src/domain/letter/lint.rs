//! What no letter may say, and whether a letter says everything it must.
//!
//! A template names its parts by lines like `@ombudsman`. A part is there when something is said in it, and when it holds
//! the facts it is about: the telephone number, the date, every point of the complaint. The lint reads the page before other
//! people's words are put into it: a resident's quotation can neither pass for a part nor be held against the landlord.
//! Which parts a letter must have stands with its facts, in `resident.rs` and `staff.rs`.
//!
//! Sources: Complaint Handling Code 2024, by provision; the Ombudsman's guidance on complaint correspondence.

use super::Unwritable;
use super::page::{Page, Theirs, is_mark, single_spaced};
use super::template::Rendered;

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

/// Where the Ombudsman is no more, and stages that the Code does not know. In lower case. Our own people may not say it
/// either.
const UNWELCOME: &[(&str, &str)] = &[
    ("l33 7wq", "the Ombudsman left this postal address"),
    ("e14 9ge", "the Ombudsman left this postal address"),
    ("informal complaint", "there is no such thing (Code 5.2): say \"complaint\""),
    ("formal complaint", "it sounds as if there were another kind (Code 1.4, 5.2): say \"complaint\""),
    ("stage 0", "there are two stages, 1 and 2 (Code 5.2, 5.3)"),
    ("stage zero", "there are two stages, 1 and 2 (Code 5.2, 5.3)"),
    ("stage 3", "there are two stages, 1 and 2 (Code 5.3)"),
    ("stage three", "there are two stages, 1 and 2 (Code 5.3)"),
    ("third stage", "there are two stages, 1 and 2 (Code 5.3)"),
];

/// Rules that no longer hold, in words that a person may need for something else: "the roofer came after eight weeks".
const UNWELCOME_IN_TEMPLATES: &[(&str, &str)] = &[
    ("designated person", "since 1 October 2022 nobody needs one to go to the Ombudsman"),
    ("eight weeks", "since 1 October 2022 nobody waits them to go to the Ombudsman"),
];

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
    let template_says = format!("{} {}", page.all(), single_spaced(frame)).to_lowercase();
    let people_say = theirs.ours().to_lowercase();
    let either = UNWELCOME.iter().find(|(words, _)| template_says.contains(words) || people_say.contains(words));
    match either.or_else(|| UNWELCOME_IN_TEMPLATES.iter().find(|(words, _)| template_says.contains(words))) {
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
