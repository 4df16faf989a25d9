//! Is every message here, and was every letter taken?

use std::sync::Arc;

use jiff::{Timestamp, ToSpan as _};
use redress::config::{MailboxConfig, Security};
use redress::daemon::clock::{Clock as _, PlayedClock, SystemClock};
use redress::daemon::receive::Receive;
use redress::daemon::reconcile::{looks_only, step};
use redress::daemon::send::Route;
use redress::daemon::work_off;
use redress::domain::calendar::next_look;
use redress::mail::imap::ImapMailbox;
use redress::mail::mailbox::{AnyMailbox, Mailbox as _};
use redress::mail::transport::AnyTransport;

use crate::common::{address, append, imap, messages};
use crate::house::House;

#[test]
fn what_was_taken_in_agrees_wherever_it_was_moved_and_is_only_looked_at() {
    let house = House::new();
    house.complaint("mail", "ann");
    house.complaint("mail", "bob");
    house.complaint("mail/.Junk", "cy");
    house.says(&["run", "--once"]);
    house.complaint("mail/.Logged", "by-hand");
    house.says(&["run", "--once"]);
    assert_eq!(house.lying_in("mail/.Logged").len(), 4);
    std::fs::remove_file(house.path("mail/.Logged/new/by-hand")).unwrap();

    let lines = house.says(&["reconcile"]);
    assert_eq!(
        lines.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>(),
        [
            "complaints/INBOX the server has 0, we have 0",
            "complaints/Junk the server has 0, we have 0",
            "complaints/Logged the server has 3, we have 3",
            "letters 5 letters sent",
        ]
    );
    // What people deleted is still here, and no difference; what they put back is recognised.
    std::fs::remove_file(house.path("mail/.Logged/new/ann")).unwrap();
    std::fs::rename(house.path("mail/.Logged/new/bob"), house.path("mail/new/bob")).unwrap();
    assert!(house.says(&["reconcile"]).contains("the server has 1, we have 1"));
    assert_eq!(house.lying_in("mail"), ["bob"]);
}

#[test]
fn mail_that_is_not_here_is_named_with_what_to_do_and_the_command_fails() {
    let house = House::new();
    house.complaint("mail", "ann");
    house.says(&["run", "--once"]);
    house.complaint("mail", "late");
    house.complaint("mail/.Logged", "moved-by-hand");
    let text = house.fails(&["reconcile"]);
    assert!(text.contains("complaints/INBOX"), "{text}");
    assert!(text.contains("the server has 1, we have 0"), "{text}");
    assert!(text.contains("the server has 2, we have 1"), "{text}");
    assert!(text.contains("(the server's numbers: moved-by-hand)") && text.contains("redress case log"), "{text}");
    assert!(text.ends_with("2 differences\n"), "{text}");
    let object = house.json(&["reconcile"]);
    assert_eq!(object["differences"][0]["difference"], "not_here");
    assert_eq!(object["differences"][0]["uids"], serde_json::json!(["late"]));
    assert_eq!(object["folders"][2]["ours"], 1);
    assert!(!text.contains("Resident") && !object.to_string().contains("example.com"), "no word of a resident");
    // Asking changed nothing.
    assert_eq!((house.lying_in("mail").len(), house.lying_in("mail/.Logged").len()), (1, 2));
    assert_eq!(house.json(&["inbox", "list"]).as_array().unwrap().len(), 1);
}

/// Goal: a complaint that an officer moved to the folder of logged mail before the program saw it is logged all the same.
#[test]
fn mail_moved_by_hand_before_it_was_seen_is_taken_in_and_acknowledged() {
    let house = House::new();
    house.complaint("mail/.Logged", "hasty");
    house.says(&["run", "--once"]);
    assert_eq!(house.letters_to("hasty@example.com").len(), 1);
    let rows = house.json(&["inbox", "list"]);
    assert_eq!((rows[0]["folder"].as_str(), rows[0]["state"].as_str()), (Some("Logged"), Some("handled")));
    assert!(house.says(&["reconcile"]).contains("the server has 1, we have 1"));
    house.says(&["run", "--once"]);
    assert_eq!(house.letters_to("hasty@example.com").len(), 1);
}

#[test]
fn a_mailbox_that_cannot_be_read_is_a_difference_and_keeps_the_letters_from_nothing() {
    let house = House::new();
    house.complaint("mail", "ann");
    house.says(&["run", "--once"]);
    std::fs::remove_dir_all(house.path("mail/.Junk")).unwrap();
    let text = house.fails(&["reconcile"]);
    assert!(text.contains("complaints/Junk could not be compared: server refused"), "{text}");
    assert!(text.contains("the server has 1, we have 1") && text.ends_with("1 difference\n"), "{text}");
}

/// Goal: a folder that is gone, or closed to us, is not taken for one that is not made yet.
#[test]
fn a_folder_for_logged_mail_may_be_missing_until_the_first_message_is_moved_there_and_never_again() {
    let house = House::new();
    let lost = || std::fs::remove_dir_all(house.path("mail/.Logged")).unwrap();
    lost();
    house.says(&["run", "--once"]);
    assert!(!house.says(&["reconcile"]).contains("Logged"));
    house.complaint("mail", "ann");
    house.says(&["run", "--once"]);
    assert!(house.says(&["reconcile"]).contains("the server has 1, we have 1"));
    lost();
    let text = house.fails(&["reconcile"]);
    assert!(text.contains("complaints/Logged could not be compared: server refused"), "{text}");
    assert!(text.ends_with("1 difference\n"), "{text}");
}

/// Goal: the operator hears of a difference that stands, and of nothing that was only on its way.
/// How: a message lies in the inbox and the program never takes it, while it believes to have read the folder.
#[tokio::test]
async fn a_difference_is_told_when_two_looks_found_it_and_again_when_it_is_over() {
    let house = House::new();
    let clock = Arc::new(PlayedClock::new(SystemClock.now()));
    let office = house.office(clock.clone()).await;
    house.complaint("mail", "stays");
    let letters = async || -> Vec<String> {
        let rows = office.store.outbox(0, 100).await.unwrap();
        rows.into_iter().filter(|row| row.audience == "operator").map(|row| row.subject).collect()
    };
    step(&office, looks_only).await.unwrap();
    let first = office.store.reconciled().await.unwrap().unwrap();
    assert_eq!((first.differences.len(), first.standing.len()), (1, 0));
    assert!(letters().await.is_empty());
    // The second look comes soon, not tomorrow; while the folder was not read, it proves nothing.
    clock.set(clock.now() + 20.minutes());
    step(&office, looks_only).await.unwrap();
    assert!(letters().await.is_empty(), "that the folder is not read is another alarm");
    let read = clock.now() + 1.minute();
    office.store.looked("complaints", "INBOX", 1, read).await.unwrap();
    clock.set(clock.now() + 20.minutes());
    step(&office, looks_only).await.unwrap();
    let subject = "Redress: the mail servers and the database do not agree";
    assert_eq!(letters().await, [subject]);

    let config = office.config.mailboxes[0].clone();
    let mut receive = Receive::new(Arc::clone(&office), config.clone(), AnyMailbox::new(config.source.clone()));
    receive.look().await.unwrap();
    let mut transport = AnyTransport::new(office.config.outgoing.clone(), "example.org");
    work_off(&office, &mut transport, &mut Route::default()).await.unwrap();
    clock.set(clock.now() + 61.minutes());
    step(&office, looks_only).await.unwrap();
    assert_eq!(letters().await, [subject, "Redress: over: the mail servers and the database do not agree"]);
    let agreed = office.store.reconciled().await.unwrap().unwrap();
    assert_eq!((agreed.mailbox("complaints"), agreed.differences.len()), (Some((1, 1)), 0));
    // From then on it is done once a day.
    for (later, looked) in [(30.minutes(), false), (25.hours(), true)] {
        clock.set(agreed.at + later);
        step(&office, looks_only).await.unwrap();
        let last = office.store.reconciled().await.unwrap().unwrap().at;
        assert_eq!(last > agreed.at, looked || crosses_six(agreed.at, clock.now()), "{later:?}");
    }
}

/// Whether the daily look lies between the two, wherever in the day the test runs.
fn crosses_six(from: Timestamp, to: Timestamp) -> bool {
    let six = "0 0 6 * * *".parse().unwrap();
    next_look(&six, from).is_some_and(|next| next <= to)
}

/// Goal: a program that drops each message into the Maildir under one name is heard every time.
#[tokio::test]
async fn a_file_that_another_message_has_taken_the_name_of_is_taken_in() {
    let house = House::new();
    let clock = Arc::new(PlayedClock::new(SystemClock.now()));
    let office = house.office(clock.clone()).await;
    let config = MailboxConfig { move_to: None, ..office.config.mailboxes[0].clone() };
    let mut receive = Receive::new(Arc::clone(&office), config.clone(), AnyMailbox::new(config.source.clone()));
    let drops = |name: &str| {
        house.complaint("mail", name);
        // Its time is finer than what the ledger keeps.
        let file = std::fs::File::options().append(true).open(house.path("mail/new").join(name)).unwrap();
        file.set_modified((clock.now() + 300.microseconds()).into()).unwrap();
        std::fs::rename(house.path("mail/new").join(name), house.path("mail/new/form.eml")).unwrap();
    };
    for (name, new) in [("ann", 1), ("bob", 0), ("cy", 0)] {
        drops(name);
        assert_eq!(receive.look().await.unwrap(), new, "its name is known");
        clock.set(clock.now() + 25.hours());
        step(&office, looks_only).await.unwrap();
        let compared = office.store.reconciled().await.unwrap().unwrap();
        assert_eq!((compared.folders[0].found, compared.differences.as_slice()), (1 - new, &[][..]), "{name}");
    }
    let ledger = office.store.ledger("complaints").await.unwrap();
    let names: Vec<&str> = ledger.iter().map(|entry| entry.uid.as_str()).collect();
    assert_eq!(names, ["form.eml"; 3]);
}

#[tokio::test]
async fn dovecot_is_only_looked_at_and_moved_mail_is_recognised_there() {
    const SUMMER: &str = "17-Jul-2026 02:44:25 +0100";
    let user = address("complaints");
    for (flags, name) in [("\\Seen", "a"), ("", "b"), ("\\Flagged", "c")] {
        let message = format!("From: {name}@example.com\r\nSubject: {name}\r\n\r\nThe ceiling drips.\r\n");
        append(&user, flags, SUMMER, message.as_bytes()).await;
    }
    let mut mailbox = ImapMailbox::new(imap(&user, Security::Tls));
    mailbox.open("INBOX").await.unwrap();
    mailbox.file(&"2".to_owned(), "Logged").await.unwrap();
    mailbox.close().await;
    let mut mailbox = ImapMailbox::read_only(imap(&user, Security::Tls));
    let before = mailbox.open("INBOX").await.unwrap();
    assert_eq!(mailbox.list(None).await.unwrap(), ["1", "3"]);
    let facts = mailbox.facts(&["1".to_owned(), "2".to_owned(), "3".to_owned()]).await.unwrap();
    let uids: Vec<&str> = facts.iter().map(|facts| facts.uid.as_str()).collect();
    assert_eq!(uids, ["1", "3"], "what has gone has no facts");
    assert_eq!(facts[0].arrived.to_string(), "2026-07-17T01:44:25Z");

    mailbox.open("Logged").await.unwrap();
    let uids = mailbox.list(None).await.unwrap();
    let moved = mailbox.facts(&uids).await.unwrap();
    assert_eq!((moved[0].arrived, moved[0].size), (facts[0].arrived, facts[0].size), "moving keeps both");
    mailbox.fetch(&moved[0].uid, 1000).await.unwrap().unwrap();
    let flags: Vec<Vec<String>> = messages(&user, "INBOX").await.into_iter().map(|message| message.flags).collect();
    assert_eq!(flags, [vec!["Seen".to_owned()], vec!["Flagged".to_owned()]]);
    assert!(before.uidvalidity > 0);
}
