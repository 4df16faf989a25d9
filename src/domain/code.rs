//! The Complaint Handling Code's clocks as a table, each row with its provision.
//!
//! Source: Housing Ombudsman, Complaint Handling Code, in force from 1 April 2024. "Working day" is left undefined there;
//! our reading is in `calendar.rs`.

use serde::{Deserialize, Serialize};

use super::calendar::WorkingDays;

/// Something the landlord owes by a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duty {
    /// Acknowledge, define and log the complaint.
    Acknowledge,
    /// Give the full stage 1 response.
    RespondStage1,
    /// Look again at an open service request.
    ReviewRequest,
}

/// What starts a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// The complaint reached the landlord's mail system, or any member of its staff.
    Receipt,
    /// The acknowledgement left, or the day it was due when that came first: lateness buys no time.
    Acknowledgement,
}

/// One clock of the Code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    pub duty: Duty,
    pub limit: WorkingDays,
    pub start: Start,
    /// How far one extension may move the date.
    pub extension: Option<WorkingDays>,
    /// Provision of the Code.
    pub provision: &'static str,
    /// The duty as a person says it, after "to".
    pub in_words: &'static str,
}

/// The 2024 Code.
pub const CODE_2024: &[Rule] = &[
    Rule {
        duty: Duty::Acknowledge,
        limit: WorkingDays(5),
        start: Start::Receipt,
        extension: None,
        provision: "6.2",
        in_words: "acknowledge the complaint",
    },
    Rule {
        duty: Duty::RespondStage1,
        limit: WorkingDays(10),
        start: Start::Acknowledgement,
        extension: Some(WorkingDays(10)),
        provision: "6.3",
        in_words: "send the stage 1 response",
    },
    // The Code asks for requests to be reviewed (1.4) and names no interval: the landlord's setting takes this limit's place.
    Rule {
        duty: Duty::ReviewRequest,
        limit: WorkingDays(10),
        start: Start::Receipt,
        extension: None,
        provision: "1.4",
        in_words: "review the service request",
    },
];

/// The rule behind a duty.
pub fn rule(duty: Duty) -> &'static Rule {
    CODE_2024.iter().find(|rule| rule.duty == duty).expect("the table has a row for every duty")
}

impl Duty {
    /// The word the database keeps.
    pub fn key(self) -> &'static str {
        match self {
            Duty::Acknowledge => "acknowledge",
            Duty::RespondStage1 => "respond_stage1",
            Duty::ReviewRequest => "review_request",
        }
    }

    /// The duty that `key` names.
    pub fn from_key(key: &str) -> Option<Duty> {
        CODE_2024.iter().map(|rule| rule.duty).find(|duty| duty.key() == key)
    }
}
