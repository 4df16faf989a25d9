//! Any HTML page gives text.

#![no_main]

mod promises;

use libfuzzer_sys::fuzz_target;
use redress::domain::message;

fuzz_target!(|html: &str| {
    let headers = "From: Mary Jones <mary@example.com>\nSubject: Re: Yours\nContent-Type: text/html; charset=utf-8\n\n";
    promises::hold(&message::read(format!("{headers}{html}").as_bytes(), &promises::own()));
});
