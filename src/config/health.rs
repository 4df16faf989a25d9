//! `[health]`: where to listen, and whom to knock at.

use std::net::SocketAddr;

use super::endpoint::endpoint;
use super::mail::certificates;
use super::reader::Table;
use super::sections::Context;
use super::{Health, Heartbeat};

/// Minutes between two knocks.
const EVERY_M: u32 = 5;

pub(super) fn health(context: &Context<'_>, table: &Table<'_>) -> Option<Health> {
    let listen_slot = table.may("listen", r#""127.0.0.1:9464""#);
    let listen = listen_slot.parsed(|text| {
        text.parse::<SocketAddr>().map_err(|_| "must be an address and a port, numbers only".to_owned())
    });
    let beyond = table.may("beyond_this_machine", "true").flag().unwrap_or(false);
    if let Some(address) = listen
        && !address.ip().is_loopback()
        && !beyond
    {
        listen_slot.refuse(
            "is open to other machines, and nobody is asked for a password there. If that is what you mean, write \
             beyond_this_machine = true below it",
        );
    }
    let ca_file =
        table.may("ca_file", r#""/etc/redress/ca.pem""#).parsed(|path| certificates(&context.folder.join(path)));
    let every_m = table.may("heartbeat_every_m", "5").number(1..=60_u32).unwrap_or(EVERY_M);
    let heartbeat = table
        .may("heartbeat", r#""https://monitor.example.net/redress""#)
        .parsed(|url| Ok(Heartbeat { endpoint: endpoint(url, ca_file.clone())?, every_m }));
    Some(Health { listen, heartbeat })
}
