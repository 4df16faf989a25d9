//! TALKS. The only sockets: a mailbox to read from and a transport to send by, two real kinds of each.

pub mod mailbox;
pub mod transport;
