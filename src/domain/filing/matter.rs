//! Which correspondence is worth an answer: mail that is neither complaint nor request.

use crate::domain::case::Matter;
use crate::domain::message::{Attachment, Kind};
use crate::domain::triage::{OtherKind, Sorted};

use super::Item;

/// Fewer words than this say nothing by themselves: "hello", "as discussed".
const WORDS_MIN: usize = 4;
/// Fewer words than this only accompany what is attached.
const COVERING_WORDS: usize = 20;

/// Words by which somebody complains of how their data was handled, and does not ask for it (lower case).
const OF_DATA_HANDLING: &[&str] = &[
    "complain about how you",
    "complain about the way you",
    "complaint about how you",
    "data breach",
    "data protection complaint",
    "breach of my",
    "breached",
    "shared my",
    "passed my",
    "gave my",
    "disclosed my",
    "sent my",
    "misused my",
    "lost my",
    "without my consent",
    "without my permission",
];

/// What the message is about, when somebody must answer it; `None` when to list it is enough: thanks, news, other people's
/// business, spam.
pub(super) fn of(item: &Item, sorted: &Sorted) -> Option<Matter> {
    // A list writes to everybody: nobody waits for an answer.
    if item.message.kind != Kind::Person {
        return None;
    }
    match sorted.other_kind? {
        OtherKind::Enquiry if says_nothing(item) => Some(Matter::Unclear),
        OtherKind::Enquiry => Some(Matter::Enquiry),
        OtherKind::Survey => Some(Matter::Survey),
        OtherKind::InformationRequest if of_data_handling(item.words) => Some(Matter::DataProtection),
        OtherKind::InformationRequest => Some(Matter::Information),
        // A complaint may stand in the letter that is attached.
        OtherKind::Update | OtherKind::ThirdPartyBusiness if says_nothing(item) => Some(Matter::Unclear),
        OtherKind::Update
        | OtherKind::ThirdPartyBusiness
        | OtherKind::Compliment
        | OtherKind::Thanks
        | OtherKind::Spam
        | OtherKind::AutoReply => None,
    }
}

/// Whether the words alone do not tell what the writer wants.
fn says_nothing(item: &Item) -> bool {
    let words = item.words.split_whitespace().count();
    words < WORDS_MIN || words < COVERING_WORDS && item.message.attachments.iter().any(is_document)
}

/// Pictures stand in signatures as well.
fn is_document(attachment: &Attachment) -> bool {
    !attachment.content_type.starts_with("image/")
}

fn of_data_handling(words: &str) -> bool {
    let words = words.to_lowercase();
    OF_DATA_HANDLING.iter().any(|phrase| words.contains(phrase))
}

/// What a case of correspondence is called in listings.
pub(super) fn in_words(matter: Matter) -> &'static str {
    match matter {
        Matter::Enquiry => "enquiry",
        Matter::Survey => "survey",
        Matter::Unclear => "unclear",
        Matter::Information => "information request",
        Matter::DataProtection => "data protection complaint",
        Matter::Ombudsman => "from the Ombudsman",
    }
}

/// What mail that is only listed is called.
pub(super) fn listed(kind: Option<OtherKind>) -> &'static str {
    match kind {
        Some(OtherKind::Survey) => "survey",
        Some(OtherKind::Enquiry) => "enquiry",
        Some(OtherKind::Compliment) => "compliment",
        Some(OtherKind::Spam) => "spam",
        Some(OtherKind::AutoReply) => "automatic",
        Some(OtherKind::ThirdPartyBusiness) => "business",
        Some(OtherKind::InformationRequest) => "information request",
        Some(OtherKind::Thanks) => "thanks",
        Some(OtherKind::Update) => "update",
        None => "other",
    }
}
