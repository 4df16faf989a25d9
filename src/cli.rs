//! Subcommands: words → a question or a command; prints text or `--json`.

pub mod inspect;
