//! Told stories of whoever keeps the program running, and of what they do not hear of because it mends itself.

use std::sync::Arc;

use jiff::ToSpan as _;

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
