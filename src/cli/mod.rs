//! Subcommands: words → a question or a command; each prints text, or JSON where it lists.

pub mod calendar;
pub mod demo;
pub mod history;
pub mod inspect;
pub mod letter;
pub mod run;
pub mod triage;
