//! The real program in a hostile world: lines that cut, delay and garble, a program that dies or is started twice, a full
//! disk, a locked database, a mailbox that was replaced, messages that take too long. At the end the ledger reconciles.
//!
//!     tests/run --test hostile
//!     REDRESS_TEST_HOSTILE_SEED=4711 tests/run --test hostile storm     # this storm once more
//!     REDRESS_TEST_HOSTILE_STORMS=50 tests/run --test hostile storm     # many storms

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where it stood")]

#[path = "hostile/backup.rs"]
mod backup;
#[expect(dead_code, reason = "the servers' own settings are for tests/servers.rs")]
mod common;
#[path = "hostile/disk.rs"]
mod disk;
#[path = "hostile/house.rs"]
mod house;
#[path = "hostile/mailbox.rs"]
mod mailbox;
#[path = "hostile/poison.rs"]
mod poison;
#[path = "hostile/proxy.rs"]
mod proxy;
#[path = "hostile/silence.rs"]
mod silence;
#[path = "hostile/storm.rs"]
mod storm;
