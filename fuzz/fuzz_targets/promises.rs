//! What holds of every message that was read, whatever its bytes.

use redress::domain::message::{Message, Own, Proof};

/// A landlord with an address, an officer and a form, so that every way through the reader can be taken.
pub fn own() -> Own {
    Own {
        addresses: vec!["complaints@landlord.example.org".to_owned()],
        staff: vec!["olive@landlord.example.org".to_owned()],
        forms: vec!["webform@landlord.example.org".to_owned()],
    }
}

/// What is handed on is safe to store, to show and to write into headers, and the new words are words of the text.
pub fn hold(message: &Message) {
    let names = [&message.from, &message.reply_to].into_iter().flatten().map(|mailbox| &mailbox.name);
    let files = message.attachments.iter().map(|file| &file.name);
    for line in
        [&message.subject].into_iter().chain(names).chain(files).chain(&message.problems).chain(&message.reasons)
    {
        assert!(!line.contains(char::is_control), "a control character in {line:?}");
    }
    for text in [&message.text].into_iter().chain(message.forward.iter().map(|forward| &forward.words)) {
        assert!(
            !text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\t')),
            "a control character in the text"
        );
    }
    let ids = message.message_id.iter().chain(&message.in_reply_to).chain(&message.references);
    let failed = message.report.iter().flat_map(|report| &report.recipients);
    for word in ids.chain(&message.recipients).chain(failed.flat_map(|failed| [&failed.address, &failed.diagnostic])) {
        assert!(!word.contains(char::is_control), "a control character in {word:?}");
    }
    assert!(message.new.iter().all(|span| message.text.get(span.clone()).is_some()), "a span outside the text");
    assert!(message.new.windows(2).all(|pair| pair[0].end <= pair[1].start), "spans overlap or are out of order");
    assert!(!message.reasons.is_empty(), "a verdict without a reason");
    assert!(!message.may_answer || (message.kind.advances() && message.reply_to.is_some()), "a machine is answered");
    assert!(!message.silent || message.new_text().is_empty(), "words are passed over");
    let _ = (message.likeness(), message.absence(), message.from_ombudsman(&[]), message.unproven());
    if let Some(Proof::Passed(check)) = message.checked_by().map(|server| message.authentication(server)) {
        assert!(["dmarc", "dkim", "spf", "login"].contains(&check.as_str()), "proved by {check}");
        assert!(
            message.authentication("another.example.org") == Proof::Absent
                || message.checked_by() == Some("another.example.org")
        );
    }
}
