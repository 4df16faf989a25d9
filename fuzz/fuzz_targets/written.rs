//! Whatever an officer writes gives forms of verbs there are, in words that were written, and mistakes that can be shown.

#![no_main]

use libfuzzer_sys::fuzz_target;
use redress::domain::command::grammar::row;
use redress::domain::command::written::read;

fuzz_target!(|text: &str| {
    let written = read(text);
    assert_eq!(written, read(text), "read twice");
    let plain = squeezed(text);
    for form in &written.forms {
        assert!(row(&form.verb).is_some_and(|row| row.name == form.verb), "no verb: {form:?}");
        for (field, value) in &form.fields {
            assert!(plain.contains(&squeezed(value)), "nobody wrote {value:?} into {field}");
        }
    }
    for mistake in &written.mistakes {
        assert!(!mistake.to_string().contains(char::is_control), "a control character in {mistake:?}");
    }
    assert!(!written.unread.is_some_and(|line| line.contains(|c: char| c.is_control() && c != '\t')), "in what is unread");
    let quoted: String = text.lines().map(|line| format!("> {line}\n")).collect();
    assert!(read(&quoted).forms.is_empty(), "a quoted command");
});

fn squeezed(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
