//! Residents' words and names, kept apart from the history so that they can be erased.
//!
//! An event that holds [`Words`] is stored with their digest in their place; the words lie in a row of their own. Once
//! that row is erased the event still verifies, and reads as erased.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A piece of text a person gave us. `Debug` never shows it, so it cannot slip into a log.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Words {
    /// The text is here.
    Words(String),
    /// The text was erased under the landlord's retention rules.
    Erased(bool),
}

impl Words {
    pub fn new(text: impl Into<String>) -> Words {
        Words::Words(text.into())
    }

    /// The text, or a plain statement that it was erased.
    pub fn as_str(&self) -> &str {
        match self {
            Words::Words(text) => text,
            Words::Erased(_) => "(erased)",
        }
    }
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Words::Words(text) => write!(f, "Words({} bytes)", text.len()),
            Words::Erased(_) => f.write_str("Words(erased)"),
        }
    }
}
