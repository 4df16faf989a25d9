//! SPEAKS with the person at the terminal: one file a command.

pub mod triage;
