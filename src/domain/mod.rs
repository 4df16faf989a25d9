//! DECIDES. Values in, values out: no async, clock, I/O, logging or randomness; `tests/tidy.rs` holds that line.

pub mod landlord;
pub mod triage;
