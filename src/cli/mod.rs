//! Subcommands: words → a question or a command; each prints text, or JSON where it lists.
//!
//! JSON for programs is stable: names are not changed, only added to. Instants are RFC 3339 in UTC, dates YYYY-MM-DD;
//! text for people shows Europe/London. Listings as JSON hold no words of residents, nor who they are; `show` does, for
//! then a person asked for that one case, message or letter, and `triage --corrections`, which says so.

pub mod act;
pub mod backup;
pub mod beside;
pub mod calendar;
pub mod case;
pub mod check;
pub mod completions;
mod corrections;
pub mod demo;
mod edit;
mod explain;
mod history;
pub mod inbox;
pub mod inspect;
pub mod letter;
pub mod man;
pub mod outbox;
pub mod page;
pub mod people;
pub mod reconcile;
pub mod run;
mod scratch;
pub mod shadow;
mod standing;
pub mod status;
pub mod triage;
