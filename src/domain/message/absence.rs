//! A person's note that they are away, among the automatic answers.

use super::wording::{ABSENT, ABSENT_SUBJECTS, CLOSED};
use super::{Absence, Kind, Message, dates, folded};

/// Characters of the text that are searched.
const WORDS_MAX: usize = 2_000;

/// An automatic answer is an absence note when it says that somebody is away. Without the
/// usual words it says until when "I" or the office will be away: receipts name opening hours too.
pub(super) fn find(message: &Message) -> Option<Absence> {
    if message.kind != Kind::AutoReply {
        return None;
    }
    let words: String = message.new_text().chars().take(WORDS_MAX).collect();
    let note = folded(&format!("{}\n{words}", message.subject));
    let note = note.replace("out of office hours", "").replace("out-of-office hours", "");
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| note.contains(phrase));
    let until = dates::end_of_absence(&note, message.date_claimed.and_then(dates::day_of));
    let titled = ABSENT_SUBJECTS.iter().any(|title| note.lines().next().is_some_and(|subject| subject.contains(title)));
    let dated = until.is_some() && (says(CLOSED) || says(&["i am ", "i'm ", "i will ", "i'll "]));
    (titled || says(ABSENT) || dated).then_some(Absence { until })
}
