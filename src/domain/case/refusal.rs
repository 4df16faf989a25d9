//! Why something cannot be: a sentence for whoever asked, by terminal or e-mail, with the rule behind it.

use jiff::civil::Date;

use super::{ActionNo, LetterNo};
use crate::domain::calendar::{WorkingDays, spoken};
use crate::domain::code::{Stage, cite};
use crate::domain::reference::Reference;

/// Why something cannot be. Its words name people of the landlord's, never a resident.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("this case has not been opened")]
    NotOpened,
    #[error("this case is open already")]
    AlreadyOpened,
    #[error(
        "this case has no letter {0}. A letter's number within its case is in the column Letter of `redress case show`"
    )]
    NoSuchLetter(LetterNo),

    // ── who ──
    #[error("{name} is not registered for this landlord; the configuration says who is (Code 4.1)")]
    NotRegistered { name: String },
    #[error("{name} may write down what they know about a case, and no more; ask the complaints officer (Code 4.2)")]
    NotTheirs { name: String },
    #[error("{name} dealt with this complaint at stage 1, so somebody else must deal with it at stage 2 (Code 6.13)")]
    SameOfficer { name: String },
    #[error(
        "{name} is named in the complaint. Choose somebody else, or let a manager record with `despite` why nobody else can \
         (Code 5.8)"
    )]
    Named { name: String },
    #[error(
        "{name} lives at {estate}, where the resident lives. Choose somebody else, or let a manager record with `despite` \
         why nobody else can (Code 5.8)"
    )]
    SameEstate { name: String, estate: String },
    #[error(
        "{name} has declared a conflict of interest. Choose somebody else, or let a manager record with `despite` why \
         nobody else can (Code 5.8)"
    )]
    Conflict { name: String },
    #[error("only a manager may record why nobody else can deal with this case (Code 5.8)")]
    NotAManager,

    // ── what kind of case, and where it stands ──
    #[error("this is not a complaint: it was logged as a {0}")]
    NotAComplaint(&'static str),
    #[error("this is a complaint: it gets an acknowledgement and a response, not a short answer (Code 6.2, 6.3)")]
    IsAComplaint,
    #[error("this case has ended. Reopen it first")]
    Ended,
    #[error("this case has not ended")]
    NotEnded,
    #[error("this case goes on as {0}. Use that reference")]
    Merged(Reference),
    #[error("there is no doubt about what this is")]
    NotUnsure,
    #[error("it has been acknowledged as a complaint. If it is not to be taken, refuse it with a ground (Code 2.2)")]
    AcknowledgedAlready,
    #[error(
        "there is nothing in it yet that could be acknowledged: say what the complaint is, point by point (Code 5.6)"
    )]
    NoPoints,
    #[error(
        "{0} has not been acknowledged yet. Acknowledge it first, with the complaint definition (Code 5.6, 6.2, 6.11)"
    )]
    NotAcknowledged(Stage),
    #[error("{0} has been answered already")]
    Responded(Stage),
    #[error("stage 1 has not been answered yet, so there is nothing to take to stage 2 (Code 6.10)")]
    NotResponded,
    #[error("stage 2 is the last: there is no third stage (Code 5.3). The resident may go to the Ombudsman")]
    NoThirdStage,
    #[error("the case is not at stage 2")]
    NotAtStage2,

    // ── definition and response ──
    #[error(
        "the definition has {} and {answers} {} answered. Answer every one, in their order (Code 6.7, 6.18)",
        if *points == 1 { "1 point".to_owned() } else { format!("{points} points") },
        if *answers == 1 { "was" } else { "were" }
    )]
    PointsUnanswered { points: usize, answers: usize },
    #[error("something was upheld, and nothing is said of how it is put right. Say it with `remedy` (Code 7.1)")]
    NoRemedy,
    #[error(
        "{0} has been answered, so this cannot become part of it: open a complaint of its own with `complain` (Code 6.8)"
    )]
    TooLateForPoint(Stage),
    #[error(
        "the case cannot be closed while something promised is not done: action {}. Record it with `done`, or give it a later \
         day with `postpone` (Code 6.6, 7.3)", listed(.0)
    )]
    Outstanding(Vec<ActionNo>),
    #[error("the response is still owed. Send it, or record that the complaint was withdrawn (Code 6.3, 6.14)")]
    ResponseOwed,
    #[error("this case has no action {0}")]
    NoSuchAction(ActionNo),
    #[error("action {0} is done already")]
    ActionDone(ActionNo),

    // ── dates ──
    #[error("{} is past", spoken(*.0))]
    Past(Date),
    #[error("{} is still to come", spoken(*.0))]
    Future(Date),
    #[error(
        "the response was due on {}. A date that has passed cannot be extended ({}): send the response, and an update \
         until then (Code 5.9)", spoken(*.due), cite(.provision)
    )]
    TooLateToExtend { due: Date, provision: &'static str },
    #[error("{} is not after {}, when the response is due now", spoken(*.until), spoken(*.due))]
    NotLater { until: Date, due: Date },
    #[error(
        "{} is more than {limit} after {}, so record the good reason with `good-reason` ({})", spoken(*.until), spoken(*.due), cite(.provision)
    )]
    TooLong { until: Date, due: Date, limit: WorkingDays, provision: &'static str },
    #[error(
        "outside the Code's times, say with `updates` how often the resident will hear from us, as agreed with them (Code 5.9)"
    )]
    NoUpdates,
    #[error("the case is owed no response, so there is no date to extend")]
    NothingToExtend,
    #[error("{} is not earlier than the day the case has now", spoken(*.0))]
    NotEarlier(Date),
    #[error("a review must be on a later day than today (Code {0})")]
    NoReview(&'static str),

    // ── refusing a complaint ──
    #[error(
        "for a matter over twelve months old, say with `discretion` why it was not used in the resident's favour (Code 2.3)"
    )]
    NoDiscretion,

    // ── the rest ──
    #[error("letter {0} does not wait to be handed over: it has gone by e-mail already, or was handed over already")]
    NotByHand(LetterNo),
    #[error("letter {letter} had not been written on {}", spoken(*.on))]
    NotYetWritten { letter: LetterNo, on: Date },
    #[error("a case cannot be joined to itself")]
    Itself,
    #[error("{0} is the later one: join it to this case, so that the earlier date holds (Code 6.2)")]
    MergeTheLater(Reference),
    #[error("{0} is no complaint, so a complaint cannot become part of it. Link the two (Code 1.4, 1.5)")]
    IntoNoComplaint(Reference),
    #[error("the two cases belong to different landlords, or one of them is not there: they cannot be joined")]
    Apart,
    #[error("there is no restriction on this case (Code 5.14)")]
    NoRestriction,
    #[error("there is nothing of this kind to review on this case")]
    NothingToReview,
    #[error("nothing would change: this is on record already")]
    NothingNew,
    #[error(
        "there is nothing that can be undone: only what the last e-mail did can be, and only while its letters wait. What has \
         left is put right with a new letter"
    )]
    NothingToUndo,
    #[error(
        "something else was done by e-mail since then, so this cannot be undone any more. Ask for the opposite instead"
    )]
    UndoOfAnother,
    #[error("others have gone on from it already, so it cannot be undone. Ask for the opposite instead")]
    BuiltUpon,
    #[error("this prefilled message has been used already. Reply to our last letter about the case instead")]
    LinkUsed,
}

fn listed(actions: &[ActionNo]) -> String {
    actions.iter().map(ActionNo::to_string).collect::<Vec<_>>().join(", ")
}
