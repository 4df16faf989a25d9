//! Any bytes give a message.

#![no_main]

mod promises;

use libfuzzer_sys::fuzz_target;
use redress::domain::message;

fuzz_target!(|raw: &[u8]| promises::hold(&message::read(raw, &promises::own())));
