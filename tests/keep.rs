//! What a landlord has to be able to rely on for years: that what is kept agrees with the mail servers, that a copy can be
//! restored, and that somebody hears when the program is not well. The real program, on Maildirs and a database in a folder
//! of its own, and where it says so on Dovecot.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed, helpers included")]

#[path = "keep/backup.rs"]
mod backup;
#[expect(dead_code, reason = "of the servers only Dovecot is needed here")]
mod common;
#[path = "keep/health.rs"]
mod health;
#[path = "keep/house.rs"]
mod house;
#[path = "keep/reconcile.rs"]
mod reconcile;
