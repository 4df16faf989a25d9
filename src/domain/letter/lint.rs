//! What each letter must say, by which provision; and what no letter may say.
//!
//! A template names its parts by lines like `@ombudsman`. A part is there when something is said in it, and when it holds
//! the facts it is about: the telephone number, the date, every point of the complaint. The lint reads the page before other
//! people's words are put into it: a resident's quotation can neither pass for a part nor be held against the landlord.
//!
//! Sources: Complaint Handling Code 2024, by provision; the Ombudsman's guidance on complaint correspondence.

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

/// What is wrong with a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Missing { part: &'static str, provision: &'static str, what: String },
    Unwelcome { words: &'static str, why: &'static str },
    Shape(&'static str),
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

/// The first fault of a letter that must have `parts`, if it has any.
pub(super) fn fault(letter: &Rendered, parts: &[Part], theirs: &Theirs) -> Option<Fault> {
    let page = &letter.page;
    if page.titles() != 1 {
        return Some(Fault::Shape("must have one title: one line that begins with \"# \""));
    }
    if !page.marks_are_whole(theirs) {
        return Some(Fault::Shape("changes words that are not the landlord's: print them without a filter"));
    }
    if letter.frame.matches(LETTER_GOES_HERE).count() != 1 || !letter.frame.contains("lang=\"en-GB\"") {
        return Some(Fault::Shape("letter.html must have <html lang=\"en-GB\"> and print {{ body }} once, as it is"));
    }
    parts.iter().find_map(|part| missing(page, part)).or_else(|| unwelcome(page, &letter.frame))
}

fn missing(page: &Page, part: &Part) -> Option<Fault> {
    let said = page.said(part.name);
    let lacks = part.holds.iter().find(|fact| !said.contains(single_spaced(fact).as_str()));
    let silent = said.split_whitespace().count() < WORDS_MIN;
    let what = match lacks {
        Some(fact) if is_mark(fact) && !silent => "lacks words it must quote".to_owned(),
        Some(fact) if !silent => format!("does not say \"{fact}\""),
        _ => "is missing".to_owned(),
    };
    (silent || lacks.is_some()).then_some(Fault::Missing { part: part.name, provision: part.provision, what })
}

fn unwelcome(page: &Page, frame: &str) -> Option<Fault> {
    let said = format!("{} {}", page.all(), single_spaced(frame)).to_lowercase();
    let found = UNWELCOME.iter().find(|(words, _)| said.contains(words));
    found.map(|(words, why)| Fault::Unwelcome { words, why })
}
