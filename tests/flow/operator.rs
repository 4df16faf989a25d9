//! Told stories of whoever keeps the program running, and of what they do not hear of because it mends itself.

use std::sync::Arc;

use jiff::ToSpan as _;
use redress::config::Expiry;
use redress::daemon::operator;

use crate::sim::*;

const COMPLAINT: &str = "I am writing to complain about the way my repair has been handled. The kitchen ceiling has leaked since August, \
I have rung five times and nobody has come. This is not good enough.\n\nI want the ceiling made good and an apology.";

/// Whether all is well, as the program asks itself every few seconds.
async fn a_look_is_taken(world: &World) {
    let daemon = Arc::clone(world.daemon().expect("the program runs"));
    daemon.step(Round::Watch).await.expect("the database works");
}

// Goal: a clock that was ahead for an hour costs nothing but that hour.
// How:  ten days ahead a letter is refused for the moment and waits for its next try; then the clock is put right.
#[tokio::test]
async fn what_a_clock_that_was_ahead_put_off_is_done_once_it_is_set_right() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    a_look_is_taken(&world).await;
    let start = world.now();
    world.clock.set(start + 240.hours());
    a_look_is_taken(&world).await;
    world.server_answers(ANN, Answer::NotNow);
    world.arrives("complaints", "INBOX", Mail::from("Ann Example <ann@example.com>").saying("Complaint", COMPLAINT));
    world.looks().await;
    assert_eq!(world.told(ANN).await, [""; 0]);

    world.clock.set(start + 1.hour());
    world.server_answers(ANN, Answer::Taken);
    world.looks().await;
    assert_eq!(world.told(ANN).await, [""; 0], "its next try is ten days away");
    a_look_is_taken(&world).await;
    world.looks().await;
    assert_eq!(world.told(ANN).await, ["Fri 20 Nov 16:00 acknowledgement"]);
}

// Goal: one refused letter does not close the first way for ever.
// How:  a mailbox that is not read is told by letter, and that letter refused; the next word goes both ways.
#[tokio::test]
async fn an_operator_whose_mail_was_refused_once_is_written_to_again_and_hears_that_it_arrives() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    a_look_is_taken(&world).await;
    world.server_answers(OPERATOR, Answer::Refused);
    world.clock.set(world.now() + 90.minutes());
    a_look_is_taken(&world).await;
    world.goes_to("Fri 20 Nov 2026 16:40").await;
    assert!(world.second_way().contains("Redress: operator's mail"), "{}", world.second_way());
    assert_eq!(world.letters_to(OPERATOR).len(), 0);

    world.server_answers(OPERATOR, Answer::Taken);
    world.looks().await;
    a_look_is_taken(&world).await;
    world.goes_to("Fri 20 Nov 2026 17:00").await;
    let letters: Vec<String> = world.letters_to(OPERATOR).into_iter().map(|letter| letter.subject).collect();
    assert!(letters.iter().any(|subject| subject == "Redress: over: operator's mail"), "{letters:?}");
    assert_eq!(world.office().store.alarms().await.expect("the database works").len(), 0, "{letters:?}");
}

/// The operator's address is refused for the word that a trouble is over, the last they are written for now.
async fn the_last_word_is_refused() -> World {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    a_look_is_taken(&world).await;
    world.clock.set(moment("Fri 20 Nov 2026 16:30"));
    a_look_is_taken(&world).await;
    world.goes_to("Fri 20 Nov 2026 16:31").await;
    world.server_answers(OPERATOR, Answer::Refused);
    is_looked_after_at(&mut world, "Fri 20 Nov 2026 16:40").await;
    assert!(world.second_way().contains("Redress: operator's mail"), "{}", world.second_way());
    world
}

/// Mail is read, all is looked at, and what comes of it leaves.
async fn is_looked_after_at(world: &mut World, when: &str) {
    world.clock.set(moment(when));
    world.looks().await;
    a_look_is_taken(world).await;
    world.looks().await;
    a_look_is_taken(world).await;
    world.looks().await;
}

/// How many letters tried whether others arrive, and what came of each.
async fn trials(world: &World) -> Vec<String> {
    let letters = world.outbox().await.into_iter().filter(|letter| letter.subject.contains("can you read this?"));
    letters.map(|letter| format!("{} {}", letter.recipient, letter.state)).collect()
}

/// Seed 83: nothing was left to be told, so nothing showed that letters arrived, and the alarm stood for ever.
#[tokio::test]
async fn an_operator_whose_last_letter_was_refused_is_tried_once_a_day_until_one_arrives() {
    let mut world = the_last_word_is_refused().await;
    is_looked_after_at(&mut world, "Fri 20 Nov 2026 23:59").await;
    assert_eq!(trials(&world).await, [""; 0], "it was refused today");
    is_looked_after_at(&mut world, "Sat 21 Nov 2026 09:00").await;
    is_looked_after_at(&mut world, "Sat 21 Nov 2026 10:00").await;
    assert_eq!(trials(&world).await, ["olu@example.net failed"], "once a day");
    assert_eq!(world.second_way().matches("Redress: operator's mail").count(), 1, "they know");

    world.server_answers(OPERATOR, Answer::Taken);
    is_looked_after_at(&mut world, "Sun 22 Nov 2026 09:00").await;
    assert_eq!(trials(&world).await, ["olu@example.net failed", "olu@example.net sent"]);
    let since = "Since Friday 20 November 2026 the mail server has refused letters to your address.";
    assert!(world.letters_to(OPERATOR).iter().any(|letter| letter.says(since)));
    assert_eq!(world.last_letter_to(OPERATOR).subject, "Redress: over: operator's mail");
    assert_eq!(world.office().store.alarms().await.expect("the database works").len(), 0);
    is_looked_after_at(&mut world, "Mon 23 Nov 2026 09:00").await;
    assert_eq!(trials(&world).await.len(), 2, "all is well");
}

#[tokio::test]
async fn an_operators_new_address_is_tried_at_the_start_that_brings_it() {
    let mut world = the_last_word_is_refused().await;
    world.config.operator.person.address = "olu.operator@example.net".to_owned();
    world.clock.set(moment("Fri 20 Nov 2026 17:00"));
    world.restart().await;
    is_looked_after_at(&mut world, "Fri 20 Nov 2026 17:01").await;
    assert_eq!(trials(&world).await, ["olu.operator@example.net sent"]);
    assert_eq!(world.last_letter_to("olu.operator@example.net").subject, "Redress: over: operator's mail");
}

/// Seed 1764: the second of two ends was taken for the first, and nobody heard of it.
#[tokio::test]
async fn a_trouble_that_ends_twice_in_one_moment_is_told_twice_that_it_is_over() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    operator::tell(world.office(), "trouble", "It began.").await.expect("the database works");
    world.goes_to("Fri 20 Nov 2026 15:10").await;
    operator::over(world.office(), "trouble", "It is over.").await.expect("the database works");
    operator::tell(world.office(), "trouble", "It began again.").await.expect("the database works");
    operator::over(world.office(), "trouble", "It is over again.").await.expect("the database works");
    world.looks().await;
    let told: Vec<String> = world.letters_to(OPERATOR).into_iter().map(|letter| letter.subject).collect();
    assert_eq!(told, ["trouble", "over: trouble", "trouble", "over: trouble"].map(|name| format!("Redress: {name}")));
}

// Goal: a mail server that nobody reaches over the Christmas closure costs no letter.
// How:  it is away for nine days, more than the five after which a letter is given up; the operator hears by the second way.
#[tokio::test]
async fn letters_wait_for_a_mail_server_that_nobody_reaches_however_long() {
    let mut world = World::at("Wed 23 Dec 2026 15:00").await;
    world.server_answers_everybody(Answer::NoConnection);
    world.mail(Mail::from("Ann Example <ann@example.com>").saying("Complaint", COMPLAINT)).await;
    world.goes_to("Wed 23 Dec 2026 15:30").await;
    assert!(troubles(&world).await.is_empty(), "half an hour alarms nobody");
    world.goes_to("Fri 1 Jan 2027 15:00").await;
    a_look_is_taken(&world).await;
    assert!(troubles(&world).await.contains(&"letters do not leave".to_owned()));
    world.server_answers_everybody(Answer::Taken);
    world.goes_to("Fri 1 Jan 2027 16:00").await;
    assert_eq!(world.told(ANN).await.len(), 1);
    assert!(world.letters_to(OFFICER).iter().all(|letter| !letter.says("could not be delivered")));
}

/// Names of what is wrong.
async fn troubles(world: &World) -> Vec<String> {
    let mut names: Vec<String> =
        world.office().store.alarms().await.expect("the database works").into_iter().map(|alarm| alarm.name).collect();
    names.sort();
    names
}

// Goal: after an ordinary repair nothing is wrong any more, and a monitor sees it.
// How:  a junk folder that is called otherwise, a mailbox that is no more, mail that cannot be moved, and what else the
//       configuration has, each goes wrong; then the configuration has it no more. What it still has is as wrong as before.
#[tokio::test]
async fn what_the_configuration_has_no_more_is_no_trouble_any_more_and_what_it_has_still_is() {
    let mut world = World::with_a_second_mailbox("Fri 20 Nov 2026 15:00").await;
    world.config.mailboxes[0].move_to = Some("Logged".to_owned());
    world.restart().await;
    world.mailbox_keeps_everything();
    world.mail(Mail::from("Ann Example <ann@example.com>").saying("Complaint", COMPLAINT)).await;
    world.clock.set(world.now() + 90.minutes());
    a_look_is_taken(&world).await;
    for name in ["login to mailbox repairs", "health cannot be asked for", "outgoing.smtp.password ends soon"] {
        operator::tell(world.office(), name, "It began.").await.expect("the database works");
    }
    let inbox = "folder INBOX of mailbox complaints is not being read";
    let all = [
        inbox,
        "folder INBOX of mailbox repairs is not being read",
        "folder Junk of mailbox complaints is not being read",
        "health cannot be asked for",
        "login to mailbox repairs",
        "moving mail out of INBOX of mailbox complaints",
        "outgoing.smtp.password ends soon",
    ];
    assert_eq!(troubles(&world).await, all);
    world.config.health.listen = Some("127.0.0.1:0".parse().expect("an address"));
    world.config.expiries =
        vec![Expiry { key: "outgoing.smtp.password".to_owned(), on: "2026-12-01".parse().expect("a date") }];
    world.restart().await;
    assert_eq!(troubles(&world).await, all, "a start by itself ends none");

    world.config.health.listen = None;
    world.config.expiries.clear();
    world.config.mailboxes.pop();
    world.config.mailboxes[0].junk = Some("Spam".to_owned());
    world.config.mailboxes[0].move_to = None;
    world.restart().await;
    assert_eq!(troubles(&world).await, [inbox]);
    world.looks().await;
    let told = world.letters_to(OPERATOR);
    for name in all.iter().filter(|name| **name != inbox) {
        let over = told.iter().find(|letter| letter.subject == format!("Redress: over: {name}"));
        assert!(over.expect("they hear of it").says("It is not in the configuration any more."), "{name}");
    }
}
