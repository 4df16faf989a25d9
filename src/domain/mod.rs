//! DECIDES. Values in, values out: no async, clock, I/O, logging or randomness; `tests/tidy.rs` holds that line.

pub mod absence;
pub mod brake;
pub mod calendar;
pub mod case;
pub mod code;
pub mod command;
pub mod definition;
pub mod digest;
pub mod filing;
pub mod ladder;
pub mod landlord;
pub mod letter;
pub mod message;
pub mod reconcile;
pub mod reference;
pub mod triage;
pub mod words;
