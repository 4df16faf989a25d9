//! What an officer wrote by e-mail → forms.

use super::grammar::{Form, Mistake};

/// What was found at the top of a letter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// In the order they were written.
    pub forms: Vec<Form>,
    /// What was not understood. Nothing should be done while there is any.
    pub mistakes: Vec<Mistake>,
    /// The first line that was not read, if any words were left.
    pub unread: Option<String>,
}

impl Written {
    /// Whether nothing in it was meant as a command: a plain letter.
    pub fn is_empty(&self) -> bool {
        self.forms.is_empty() && self.mistakes.is_empty()
    }
}

/// Reads the forms at the top of `text`, what somebody newly wrote.
pub fn read(text: &str) -> Written {
    let unread = text.lines().map(str::trim).find(|line| !line.is_empty());
    Written { unread: unread.map(str::to_owned), ..Written::default() }
}
