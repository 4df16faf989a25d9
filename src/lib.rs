//! Redress watches a landlord's complaints mailbox and keeps the promises of the Housing Ombudsman's Complaint Handling
//! Code: nothing lost, nothing late, nothing said twice.
//!
//! # The way of a message
//!
//! ```text
//!             ┌─────────────────────────── the daemon's rounds ────────────────────────────┐
//!  mailbox ──▶│ receive ─▶ inbox ─▶ handle ─▶ ( domain: decide ) ─▶ history                │
//!             │                      ▲                           ─▶ outbox ─▶ send ────────│──▶ mail server
//!             │                      ├──── due dates ◀── remind ◀── clock                  │
//!  officer ──▶│ command ─────────────┘                                                     │
//!             └─────────────── one database; every arrow into it is a transaction ─────────┘
//! ```
//!
//! 1. [`daemon::receive`] stores the raw bytes of each message before anybody looks at them (T1).
//! 2. [`daemon::handle`] reads one stored message ([`domain::message`]), sorts it ([`domain::triage`]), finds where it
//!    belongs ([`domain::filing`]), asks [`domain::case::decide`] what follows, writes the letters ([`domain::letter`]),
//!    and commits history, deadlines, letters and the message's new state together (T2).
//! 3. [`daemon::send`] claims one letter (T3), unless the [gate](domain::brake) stops it, talks to the mail server, and settles
//!    what came of it (T4).
//! 4. [`daemon::remind`] asks which deadlines have come, and hands each to the same `decide`.
//! 5. A person's act ([`domain::command`]) comes to the same `decide` through [`daemon::command`].
//! 6. [`daemon::digest`] writes the lists of what is open, for people who look once a day or once a week.
//!
//! # Invariants
//!
//! - `domain` decides and does nothing else: no clock, no sockets, no files, no randomness, no logging. `store` holds the
//!   only SQL, `mail` the only sockets but those of `health`, [`daemon::clock`] the only clock. `tests/tidy.rs` holds these
//!   lines.
//! - Nothing is answered that is not stored; nothing on the mail server changes before it is stored; `\Seen` is never
//!   read nor set.
//! - Nothing leaves except through the outbox and its gate, and a retry sends the same bytes.
//! - A case is the fold of its events; events are never changed, and each carries the hash of the one before it.
//!
//! Start reading at [`domain::case`], then [`domain::filing`] and [`daemon::handle`]. `DESIGN.md` says why it is so.

pub mod cli;
pub mod config;
pub mod daemon;
pub mod domain;
pub mod health;
pub mod mail;
pub mod store;
