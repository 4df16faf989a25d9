//! Any text of an answer has its new words found, and loses none of the others.

#![no_main]

mod promises;

use libfuzzer_sys::fuzz_target;
use redress::domain::message;

fuzz_target!(|text: &str| {
    for format in ["fixed", "flowed", "flowed; delsp=yes"] {
        let headers = format!(
            "From: Mary Jones <mary@example.com>\nSubject: Re: Yours\nContent-Type: text/plain; charset=utf-8; format={format}\n\n"
        );
        let message = message::read(format!("{headers}{text}").as_bytes(), &promises::own());
        promises::hold(&message);
        let words = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).count();
        // What starts like HTML or holds a uuencoded file is rewritten on purpose.
        let clean = message::clean_text(text);
        if !clean.contains('<') && !clean.contains("begin ") && clean.len() < 1 << 20 {
            assert_eq!(words(&message.text), words(&clean), "words were lost");
        }
    }
});
