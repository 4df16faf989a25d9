//! SPEAKS HTTP. The only sockets besides mail's: a listener on this machine that says how things stand, and a knock at a
//! monitor elsewhere. What is said is [`daemon::health`](crate::daemon::health)'s affair; nothing that comes in here changes
//! anything.

pub mod knock;
pub mod listen;
