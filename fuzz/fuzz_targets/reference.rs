//! A case reference found in running text reads the same when written out and read again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use redress::domain::reference::Reference;

fuzz_target!(|text: &str| {
    if let Ok(reference) = text.parse::<Reference>() {
        assert_eq!(reference.to_string().parse(), Ok(reference));
    }
    for reference in Reference::find_in(text) {
        assert_eq!(Reference::find_in(&format!("Re: [{reference}]")), [reference]);
    }
});
