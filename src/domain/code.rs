//! The Complaint Handling Code's clocks as a table, each row with its provision.
//!
//! Sources: Housing Ombudsman, Complaint Handling Code, in force from 1 April 2024; and the 2022 edition for what reached
//! the landlord before that day. "Working day" is left undefined there; our reading is in `calendar.rs`. There is no stage
//! before stage 1 and none after stage 2 (5.2, 5.3), in either edition.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, date};
use serde::{Deserialize, Serialize};

use super::calendar::WorkingDays;

/// The Code's two stages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    #[default]
    One,
    Two,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Stage::One => "stage 1",
            Stage::Two => "stage 2",
        })
    }
}

impl Stage {
    /// The duty to acknowledge at this stage.
    pub fn acknowledge(self) -> Duty {
        match self {
            Stage::One => Duty::Acknowledge,
            Stage::Two => Duty::AcknowledgeStage2,
        }
    }

    /// The duty to respond at this stage.
    pub fn respond(self) -> Duty {
        match self {
            Stage::One => Duty::RespondStage1,
            Stage::Two => Duty::RespondStage2,
        }
    }
}

/// Something the landlord owes by a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Duty {
    /// Acknowledge, define and log the complaint.
    Acknowledge,
    /// Give the full stage 1 response.
    RespondStage1,
    /// Acknowledge and define at stage 2.
    AcknowledgeStage2,
    /// Give the final response.
    RespondStage2,
    /// Look again at an open service request.
    ReviewRequest,
    /// Answer correspondence that is neither complaint nor request.
    Answer,
    /// Tell the resident how it stands, as agreed.
    Update,
    /// Carry out what was promised, by its number.
    Action(u32),
    /// See whether an adjustment still fits.
    ReviewAdjustment,
    /// See whether a restriction is still needed.
    ReviewRestriction,
    /// Close the case with what was learnt.
    Close,
    /// Ask the resident how it was.
    Survey,
}

/// What starts a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// The message reached the landlord's mail system, or any member of its staff.
    Receipt,
    /// The complaint was logged, or had to be when that came first: lateness buys no time.
    Logging,
    /// The acknowledgement left, or the day it was due when that came first: lateness buys no time.
    Acknowledgement,
    /// The resident asked for stage 2.
    Request,
    /// The stage 2 acknowledgement left, or the day it was due when that came first.
    Stage2Acknowledgement,
    /// The response was written.
    Response,
    /// The case was closed.
    Closing,
    /// A person set the date.
    Promise,
    /// A person last acted on it.
    Act,
}

impl Start {
    /// As a person says it, after "counted from".
    pub fn in_words(self) -> &'static str {
        match self {
            Start::Receipt => "receipt",
            Start::Logging => "logging",
            Start::Acknowledgement => "the acknowledgement, or the day it was due if that came first",
            Start::Request => "the request for stage 2",
            Start::Stage2Acknowledgement => "the stage 2 acknowledgement, or the day it was due if that came first",
            Start::Response => "the response",
            Start::Closing => "closing",
            Start::Promise => "the day the date was set",
            Start::Act => "the last step taken",
        }
    }
}

/// How long a duty may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// The Code says so.
    Code(WorkingDays),
    /// The Code asks for it and names no time: the landlord's setting, or the date a person chose.
    House,
}

/// One clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    pub duty: Duty,
    pub limit: Limit,
    pub start: Start,
    /// How far one extension may move the date without a recorded good reason, and the provision that says so.
    pub extension: Option<(WorkingDays, &'static str)>,
    /// Provision of the Code; see [`cite`].
    pub provision: &'static str,
    /// The duty as a person says it, after "to".
    pub in_words: &'static str,
}

/// Which edition of the Code holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Edition {
    #[serde(rename = "2022")]
    Of2022,
    #[serde(rename = "2024")]
    Of2024,
}

impl fmt::Display for Edition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Edition::Of2022 => "the 2022 Code",
            Edition::Of2024 => "the 2024 Code",
        })
    }
}

impl Edition {
    /// The edition for a complaint, or a request for stage 2, that reached the landlord on `received`.
    pub fn on(received: Date) -> Edition {
        if received < date(2024, 4, 1) { Edition::Of2022 } else { Edition::Of2024 }
    }

    /// The edition's own clocks.
    pub fn clocks(self) -> &'static [Rule] {
        match self {
            Edition::Of2022 => CODE_2022,
            Edition::Of2024 => CODE_2024,
        }
    }
}

const fn clock(
    duty: Duty,
    days: u16,
    start: Start,
    extension: Option<(WorkingDays, &'static str)>,
    provision: &'static str,
    in_words: &'static str,
) -> Rule {
    Rule { duty, limit: Limit::Code(WorkingDays(days)), start, extension, provision, in_words }
}

const fn house(duty: Duty, start: Start, provision: &'static str, in_words: &'static str) -> Rule {
    Rule { duty, limit: Limit::House, start, extension: None, provision, in_words }
}

const ACKNOWLEDGE: &str = "acknowledge the complaint";
const RESPOND_1: &str = "send the stage 1 response";
const ACKNOWLEDGE_2: &str = "acknowledge the request for stage 2";
const RESPOND_2: &str = "send the stage 2 response";

/// The 2024 Code.
#[rustfmt::skip]
const CODE_2024: &[Rule] = &[
    //    duty                      days  counted from                  extension                          provision
    clock(Duty::Acknowledge,        5,  Start::Receipt,               None,                              "6.2",  ACKNOWLEDGE),
    clock(Duty::RespondStage1,      10, Start::Acknowledgement,       Some((WorkingDays(10), "6.4")),    "6.3",  RESPOND_1),
    clock(Duty::AcknowledgeStage2,  5,  Start::Request,               None,                              "6.11", ACKNOWLEDGE_2),
    clock(Duty::RespondStage2,      20, Start::Stage2Acknowledgement, Some((WorkingDays(20), "6.15")),   "6.14", RESPOND_2),
];

/// The 2022 Code. Its "5 days" are read strictly, as working days. It names no time for acknowledging at stage 2, so the
/// 2024 Code's stands in.
#[rustfmt::skip]
const CODE_2022: &[Rule] = &[
    //    duty                      days  counted from                  extension                                    provision
    clock(Duty::Acknowledge,        5,  Start::Receipt,               None,                                        "2022 Code 4.1",  ACKNOWLEDGE),
    clock(Duty::RespondStage1,      10, Start::Logging,               Some((WorkingDays(10), "2022 Code 5.1")),    "2022 Code 5.1",  RESPOND_1),
    clock(Duty::AcknowledgeStage2,  5,  Start::Request,               None,                                        "2022 Code 5.10", ACKNOWLEDGE_2),
    clock(Duty::RespondStage2,      20, Start::Request,               Some((WorkingDays(10), "2022 Code 5.14")),   "2022 Code 5.13", RESPOND_2),
];

/// Duties for which the Code names no time, in either edition.
#[rustfmt::skip]
const HOUSE: &[Rule] = &[
    house(Duty::ReviewRequest,      Start::Act,      "1.4",  "review the service request"),
    house(Duty::Answer,             Start::Receipt,  "1.3",  "answer the message"),
    house(Duty::Update,             Start::Promise,  "5.9",  "tell the resident how it stands"),
    house(Duty::ReviewAdjustment,   Start::Promise,  "5.10", "review the adjustment"),
    house(Duty::ReviewRestriction,  Start::Promise,  "5.14", "review the restriction"),
    house(Duty::Close,              Start::Response, "9.1",  "close the case with what was learnt"),
    house(Duty::Survey,             Start::Closing,  "1.6",  "ask the resident how it was"),
];

const ACTION: Rule = house(Duty::Action(0), Start::Promise, "6.6", "carry out what was promised");

/// The rule behind a duty in an edition of the Code.
pub fn rule(duty: Duty, edition: Edition) -> &'static Rule {
    if let Duty::Action(_) = duty {
        return &ACTION;
    }
    let rows = edition.clocks().iter().chain(HOUSE);
    rows.into_iter().find(|rule| rule.duty == duty).expect("the tables have a row for every duty")
}

/// A provision as letters cite it: "Code 6.2", "2022 Code 5.1".
pub fn cite(provision: &str) -> String {
    if provision.starts_with(|first: char| first.is_ascii_digit()) && !provision.contains("Code") {
        format!("Code {provision}")
    } else {
        provision.to_owned()
    }
}

impl Duty {
    /// The duty as a person says it, after "to".
    pub fn in_words(self) -> &'static str {
        rule(self, Edition::Of2024).in_words
    }

    /// Its stage, when it is one of the four clocks of a complaint.
    pub fn stage(self) -> Option<Stage> {
        match self {
            Duty::Acknowledge | Duty::RespondStage1 => Some(Stage::One),
            Duty::AcknowledgeStage2 | Duty::RespondStage2 => Some(Stage::Two),
            _ => None,
        }
    }

    /// Every duty, the actions by one example.
    pub fn all() -> impl Iterator<Item = Duty> {
        let rows = CODE_2024.iter().chain(HOUSE).map(|rule| rule.duty);
        rows.chain([Duty::Action(1)])
    }
}

/// The word the database keeps: "respond_stage1", "action-3".
impl fmt::Display for Duty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Duty::Acknowledge => "acknowledge",
            Duty::RespondStage1 => "respond_stage1",
            Duty::AcknowledgeStage2 => "acknowledge_stage2",
            Duty::RespondStage2 => "respond_stage2",
            Duty::ReviewRequest => "review_request",
            Duty::Answer => "answer",
            Duty::Update => "update",
            Duty::Action(number) => return write!(f, "action-{number}"),
            Duty::ReviewAdjustment => "review_adjustment",
            Duty::ReviewRestriction => "review_restriction",
            Duty::Close => "close",
            Duty::Survey => "survey",
        })
    }
}

/// A text that names no duty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no duty this program knows")]
pub struct NotADuty(String);

impl FromStr for Duty {
    type Err = NotADuty;

    fn from_str(text: &str) -> Result<Duty, NotADuty> {
        let action = text.strip_prefix("action-").and_then(|number| number.parse().ok()).map(Duty::Action);
        let named = || Duty::all().find(|duty| duty.to_string() == text);
        action.or_else(named).ok_or_else(|| NotADuty(text.to_owned()))
    }
}

impl From<Duty> for String {
    fn from(duty: Duty) -> String {
        duty.to_string()
    }
}

impl TryFrom<String> for Duty {
    type Error = NotADuty;

    fn try_from(text: String) -> Result<Duty, NotADuty> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_duty_has_a_row_in_both_editions_and_a_word_that_reads_back() {
        for duty in Duty::all() {
            assert_eq!(duty.to_string().parse(), Ok(duty));
            for edition in [Edition::Of2022, Edition::Of2024] {
                assert!(!rule(duty, edition).provision.is_empty());
            }
        }
        assert_eq!("action-12".parse(), Ok(Duty::Action(12)));
        assert!("stage_3".parse::<Duty>().is_err());
    }

    #[test]
    fn the_2024_code_holds_from_the_first_of_april() {
        assert_eq!(Edition::on(date(2024, 3, 31)), Edition::Of2022);
        assert_eq!(Edition::on(date(2024, 4, 1)), Edition::Of2024);
    }

    #[test]
    fn provisions_are_cited_with_their_edition() {
        assert_eq!(cite("6.2"), "Code 6.2");
        assert_eq!(cite("2022 Code 5.1"), "2022 Code 5.1");
        assert_eq!(cite("UK GDPR, Article 12"), "UK GDPR, Article 12");
    }
}
