//! Told stories: what residents, officers and the operator see when mail arrives, time goes by and things go wrong.

#[path = "flow/brakes.rs"]
mod brakes;
#[path = "flow/elsewhere.rs"]
mod elsewhere;
#[path = "flow/officers.rs"]
mod officers;
#[path = "flow/operator.rs"]
mod operator;
#[path = "flow/poison.rs"]
mod poison;
#[expect(dead_code, reason = "stories need no faults but their own")]
mod sim;

use std::sync::Arc;

use redress::config::Config;
use redress::daemon::Progress;
use redress::domain::case::{Event, Kind, Matter, NoteKind, Prefers};
use redress::domain::command::Command;
use redress::domain::words::Words;
use redress::store::Claim;
use sim::*;

const COMPLAINT: &str = "I am writing to complain about the way my repair has been handled. The kitchen ceiling has leaked since August, \
I have rung five times and nobody has come. This is not good enough.\n\nI want the ceiling made good and an apology.\n\nAnn Example\n14 Orchard Court";
const REQUEST: &str = "Hello,\n\nPlease could you send someone to repair the tap in my bathroom? It has started to drip.\n\nThank you,\nAnn Example";

fn complaint() -> Mail {
    Mail::from("Ann Example <ann@example.com>").saying("Leaking ceiling, complaint", COMPLAINT)
}

/// Nobody can tell what it is: it holds no words.
fn unclear() -> Mail {
    Mail::from("Ann Example <ann@example.com>").saying("", "")
}

fn request() -> Mail {
    Mail::from("Ann Example <ann@example.com>").saying("Dripping tap", REQUEST)
}

#[tokio::test]
async fn a_sure_complaint_is_acknowledged_at_once_and_answered_by_a_date_over_christmas() {
    let mut world = World::at("Thu 24 Dec 2026 11:00").await;
    let id = world.mail(complaint()).await;
    assert_eq!(world.told(ANN).await, ["Thu 24 Dec 11:00 acknowledgement"]);
    let letter = world.last_letter_to(ANN);
    assert!(letter.says("12 January 2027"), "{}", letter.text);
    assert_eq!(letter.thread, [id], "it stands in the resident's own thread");
    let case = &world.cases().await[0];
    assert_eq!(
        world.history(case).await,
        [
            "opened as complaint",
            "assigned",
            "acknowledge by 2027-01-05",
            "respond_stage1 by 2027-01-12",
            "letter 1: acknowledgement",
            "letter 2: new-case",
            "sent: 1",
            "acknowledged",
            "acknowledge met",
            "sent: 2"
        ]
    );
}

#[tokio::test]
async fn an_unclear_message_gets_a_receipt_and_on_the_fourth_working_day_the_acknowledgement() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.mail(unclear()).await;
    assert_eq!(world.told(ANN).await, ["Fri 20 Nov 15:00 receipt"]);
    assert!(world.last_letter_to(ANN).says("27 November 2026"));
    world.goes_to("Thu 26 Nov 2026 08:59").await;
    assert_eq!(world.told(ANN).await.len(), 1);
    world.goes_to("Fri 27 Nov 2026 23:00").await;
    assert_eq!(world.told(ANN).await, ["Fri 20 Nov 15:00 receipt", "Thu 26 Nov 09:00 acknowledgement"]);
    assert!(world.last_letter_to(ANN).says("10 December 2026"), "ten working days from the acknowledgement");
    // Once it was acknowledged, nobody is asked to acknowledge it.
    assert_eq!(world.told(OFFICER).await, ["Fri 20 Nov 15:00 new-case", "Wed 25 Nov 09:00 reminder"]);
    assert_eq!(world.told(DEPUTY).await, [""; 0]);
}

#[tokio::test]
async fn people_are_reminded_before_and_after_the_date_each_once() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.mail(complaint()).await;
    world.goes_to("Wed 9 Dec 2026 12:00").await;
    let days = |days: &[&str]| days.iter().map(|day| format!("{day} 09:00 reminder")).collect::<Vec<_>>();
    // The response is due on Friday 4 December.
    let officer = ["Wed 2 Dec", "Thu 3 Dec", "Fri 4 Dec", "Mon 7 Dec", "Tue 8 Dec", "Wed 9 Dec"];
    assert_eq!(world.told(OFFICER).await[1..], days(&officer));
    assert_eq!(world.told(DEPUTY).await, days(&officer[1..]));
    // Nobody did anything on it: who is above hears each time one rung before their own.
    assert_eq!(world.told(MANAGER).await, days(&officer[1..]));
    assert_eq!(world.told(MEMBER).await, days(&officer[2..]));
    assert_eq!(world.told(ANN).await.len(), 1);
}

#[tokio::test]
async fn a_program_that_slept_ten_days_sends_the_one_letter_that_is_right_now() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.mail(complaint()).await;
    world.sleeps_until("Tue 8 Dec 2026 10:30").await;
    for person in [DEPUTY, MANAGER, MEMBER] {
        assert_eq!(world.told(person).await, ["Tue 8 Dec 10:30 reminder"], "{person}");
    }
    assert!(world.last_letter_to(OFFICER).says("2 working days late"));
    assert_eq!(world.told(OFFICER).await.len(), 2);
}

#[tokio::test]
async fn an_acknowledgement_the_server_refuses_does_not_count_and_the_officer_is_asked_for_another_way() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.server_answers(ANN, Answer::Refused);
    world.mail(complaint()).await;
    assert_eq!(world.told(OFFICER).await, ["Fri 20 Nov 15:00 new-case", "Fri 20 Nov 15:00 undelivered"]);
    let case = world.cases().await.remove(0);
    let history = world.history(&case).await;
    assert!(history.contains(&"refused: 1".to_owned()) && !history.contains(&"acknowledged".to_owned()), "{history:?}");
    world.goes_to("Fri 27 Nov 2026 09:00").await;
    assert_eq!(world.told(MANAGER).await, ["Thu 26 Nov 09:00 reminder", "Fri 27 Nov 09:00 reminder"]);
    assert!(world.last_letter_to(MANAGER).says("Please reach them another way"));
    assert_eq!(world.told(ANN).await, [""; 0]);
}

#[tokio::test]
async fn a_letter_about_a_danger_that_does_not_arrive_is_told_like_any_other() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.server_answers(ANN, Answer::Refused);
    let danger = "There is smoke and sparks coming from the socket and I can smell gas.";
    world.mail(Mail::from("Ann Example <ann@example.com>").saying("Smoke", danger)).await;
    assert_eq!(world.told(OFFICER).await, ["Fri 20 Nov 15:00 new-case", "Fri 20 Nov 15:00 undelivered"]);
    assert!(world.last_letter_to(OFFICER).says("This case may tell of a danger in somebody's home"));
    let case = world.cases().await.remove(0);
    assert!(world.history(&case).await.contains(&"refused: 1".to_owned()));
}

#[tokio::test]
async fn an_acknowledgement_that_comes_back_reopens_the_duty_and_is_told_once_however_many_reports_come() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.mail(complaint()).await;
    let letter = world.last_letter_to(ANN);
    world.goes_to("Mon 23 Nov 2026 10:00").await;
    world.bounces(&letter).await;
    world.goes_to("Mon 23 Nov 2026 11:00").await;
    world.bounces(&letter).await;
    let told = ["Fri 20 Nov 15:00 new-case", "Mon 23 Nov 10:00 undelivered"];
    assert_eq!(world.told(OFFICER).await, told);
    assert!(world.last_letter_to(OFFICER).says("5.1.1"));
    let case = world.cases().await.remove(0);
    assert!(world.history(&case).await.contains(&"acknowledge open again".to_owned()));
    world.goes_to("Wed 25 Nov 2026 09:00").await;
    assert_eq!(world.told(OFFICER).await[2..], ["Wed 25 Nov 09:00 reminder"]);
    assert_eq!(world.cases().await.len(), 1);
}

#[tokio::test]
async fn a_letter_the_officer_does_not_get_goes_to_the_deputy_and_the_chain_ends_with_the_operator() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.server_answers(OFFICER, Answer::Refused);
    world.mail(complaint()).await;
    assert_eq!(world.told(DEPUTY).await, ["Fri 20 Nov 15:00 undelivered"]);
    assert_eq!(world.told(OPERATOR).await, [""; 0]);

    world.server_answers(DEPUTY, Answer::Refused);
    let tries = world.tries();
    world.mail(complaint().saying("The lift, complaint", COMPLAINT)).await;
    assert_eq!(world.told(OPERATOR).await.len(), 1, "{:?}", world.outbox().await);
    // Acknowledgement, new case, word to the deputy, word to the operator; no more.
    assert_eq!(world.tries() - tries, 4);
    assert!(world.second_way().is_empty(), "letters to the operator leave");
}

#[tokio::test]
async fn a_letter_whose_answer_was_lost_is_sent_again_with_the_same_bytes() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.server_answers(ANN, Answer::Silent);
    world.mail(complaint()).await;
    world.server_answers(ANN, Answer::Taken);
    world.goes_to("Fri 20 Nov 2026 16:00").await;
    let letters = world.letters_to(ANN);
    assert_eq!(letters.len(), 2);
    assert_eq!(letters[0].bytes, letters[1].bytes);
    let case = world.cases().await.remove(0);
    let acknowledged = world.history(&case).await.iter().filter(|event| *event == "acknowledged").count();
    assert_eq!(acknowledged, 1);
}

#[tokio::test]
async fn the_fate_of_a_letter_that_a_full_disk_did_not_take_is_written_when_there_is_room_and_nothing_goes_again() {
    for felt in [3, 4, 20] {
        let mut world = World::at("Fri 20 Nov 2026 15:00").await;
        world.arrives("complaints", "INBOX", complaint());
        world.looks_and_the_disk_fills_up(felt).await;
        let letters = world.letters_to(ANN).len();
        assert_eq!(letters, 1);
        world.points.set_weather(points::Weather::Fine, 0);
        world.goes_to("Fri 20 Nov 2026 17:00").await;
        assert_eq!(world.letters_to(ANN).len(), 1, "the server's answer was heard");
        let case = world.cases().await.remove(0);
        let history = world.history(&case).await;
        assert_eq!(history.iter().filter(|line| *line == "acknowledged").count(), 1, "{felt}: {history:?}");
    }
}

#[tokio::test]
async fn a_broken_login_rests_the_way_burns_no_try_and_tells_the_operator_once() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.server_answers_everybody(Answer::NoLogin);
    world.mail(complaint()).await;
    world.goes_to("Fri 27 Nov 2026 12:00").await;
    let alarm = world.second_way();
    assert_eq!(alarm.matches("Letters cannot leave").count(), 1, "{alarm}");
    assert!(world.tries() < 400, "{} tries in a week", world.tries());
    let outbox = world.outbox().await;
    assert!(outbox.iter().all(|letter| ["queued", "dropped"].contains(&letter.state.as_str())), "{outbox:?}");

    world.server_answers_everybody(Answer::Taken);
    world.goes_to("Fri 27 Nov 2026 13:00").await;
    assert_eq!(world.told(ANN).await.len(), 1);
    assert_eq!(world.told(OPERATOR).await.len(), 1, "told that it is over");
    // Of the reminders that could not leave, only the last one still says what is so.
    let reminders = world.letters_to(OFFICER).iter().filter(|letter| letter.subject.contains("cknowledge")).count();
    assert!(reminders <= 1, "{:?}", world.told(OFFICER).await);
}

#[tokio::test]
async fn letters_held_until_the_landlord_goes_live_are_written_anew_or_dropped() {
    let mut world =
        World::with("Fri 20 Nov 2026 15:00", |config| config.sending = redress::config::Sending::Hold).await;
    world.mail(complaint()).await;
    world.mail(unclear().known_as("bob@example.com")).await;
    world.mail(Mail::from("cat@example.com").saying("Lift, complaint", COMPLAINT)).await;
    assert!(world.letters_to(ANN).is_empty());
    assert_eq!(world.told(OFFICER).await.len(), 3, "letters to staff are never held");
    let by_a_person = world.outbox().await.iter().find(|letter| letter.recipient == "cat@example.com").unwrap().id;
    assert!(world.office().store.hold(by_a_person, "Ada wants to telephone first").await.unwrap());
    world.goes_to("Thu 26 Nov 2026 12:00").await;

    world.config.sending = redress::config::Sending::Live;
    world.restart().await;
    // The receipt says nothing any more beside the acknowledgement that was written this morning.
    assert_eq!(world.told(ANN).await, ["Thu 26 Nov 12:00 acknowledgement", "Thu 26 Nov 12:00 acknowledgement"]);
    let letters = world.letters_to(ANN);
    assert!(String::from_utf8_lossy(&letters[0].bytes).contains("Date: Thu, 26 Nov 2026"), "dated when it leaves");
    assert!(letters[0].says("4 December 2026"), "the date it promises has not moved");
    assert!(world.letters_to("cat@example.com").is_empty());
}

#[tokio::test]
async fn an_unhappy_answer_about_a_request_is_a_linked_complaint_and_the_request_goes_on() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.mail(request()).await;
    assert_eq!(world.told(ANN).await, ["Fri 20 Nov 15:00 request-logged"]);
    let logged = world.last_letter_to(ANN);
    let unhappy = "That did not help. Nobody came, I am fed up with waiting and I want to complain.";
    world.goes_to("Tue 1 Dec 2026 10:00").await;
    world.mail(Mail::from(ANN).saying("", unhappy).answering(&logged).saying("Re: Dripping tap", unhappy)).await;
    let cases = world.cases().await;
    assert_eq!(cases.len(), 2);
    assert!(world.last_letter_to(OFFICER).says(&cases[0]), "the officer sees the request it belongs to");
    assert!(world.history(&cases[1]).await.contains(&"acknowledged".to_owned()));
    assert!(world.office().store.cases().await.unwrap()[0].open(), "the request goes on");

    // What she writes next to either letter belongs to the complaint; it is no third case.
    let acknowledgement = world.last_letter_to(ANN);
    world
        .mail(
            Mail::from(ANN)
                .answering(&acknowledgement)
                .saying("Re: Dripping tap", "I am still unhappy, nobody has rung me."),
        )
        .await;
    world
        .mail(
            Mail::from(ANN).answering(&logged).saying("Re: Dripping tap", "And I am still very unhappy about the tap."),
        )
        .await;
    assert_eq!(world.cases().await, cases);
    let added = world.history(&cases[1]).await.iter().filter(|event| *event == "message added by resident").count();
    assert_eq!(added, 2);
}

#[tokio::test]
async fn further_messages_reach_the_officer_at_once_and_the_resident_gets_one_short_letter_a_day() {
    let mut world = World::at("Fri 20 Nov 2026 09:00").await;
    world.mail(complaint()).await;
    let letter = world.last_letter_to(ANN);
    for time in ["Fri 20 Nov 2026 10:00", "Fri 20 Nov 2026 11:00", "Sat 21 Nov 2026 10:00"] {
        world.goes_to(time).await;
        world
            .mail(Mail::from(ANN).answering(&letter).saying("Re: Leaking ceiling", "It has started dripping again."))
            .await;
    }
    assert_eq!(
        world.told(ANN).await,
        ["Fri 20 Nov 09:00 acknowledgement", "Fri 20 Nov 10:00 added", "Sat 21 Nov 10:00 added"]
    );
    assert_eq!(
        world.told(OFFICER).await[1..],
        ["Fri 20 Nov 10:00 new-message", "Fri 20 Nov 11:00 new-message", "Sat 21 Nov 10:00 new-message"]
    );
    assert_eq!(world.cases().await.len(), 1);
}

#[tokio::test]
async fn a_stranger_who_quotes_a_reference_never_joins_silently() {
    let mut world = World::at("Fri 20 Nov 2026 09:00").await;
    world.mail(complaint()).await;
    let case = world.cases().await.remove(0);
    world
        .mail(
            Mail::from("zed@example.com").saying(
                &format!("Case {case}"),
                "Please tell me how this complaint stands, I am very unhappy with it.",
            ),
        )
        .await;
    assert!(!world.history(&case).await.iter().any(|event| event.starts_with("message added")));
    let cases = world.cases().await;
    assert_eq!(cases.len(), 2);
    assert_eq!(world.history(&cases[1]).await[0], "opened as complaint, unsure");
    assert!(world.last_letter_to(OFFICER).says(&case), "the officer sees which case is quoted");
    assert!(!world.last_letter_to("zed@example.com").says(&case), "nothing of it is told to the stranger");
}

#[tokio::test]
async fn an_answer_from_another_address_that_holds_our_letter_asks_a_person() {
    let mut world = World::at("Fri 20 Nov 2026 09:00").await;
    world.mail(complaint()).await;
    let letter = world.last_letter_to(ANN);
    world
        .mail(Mail::from("ann.at.work@example.net").answering(&letter).saying("Re: Leaking ceiling", "It drips again."))
        .await;
    let case = world.cases().await.remove(0);
    assert!(world.history(&case).await.contains(&"message added by stranger".to_owned()));
    assert_eq!(world.told(OFFICER).await[1..], ["Fri 20 Nov 09:00 new-message"]);
    assert!(world.letters_to("ann.at.work@example.net").is_empty());
    assert_eq!(world.told(ANN).await.len(), 1);
}

#[tokio::test]
async fn what_machines_write_is_recorded_and_never_answered() {
    let mut world = World::at("Fri 20 Nov 2026 09:00").await;
    world.mail(complaint()).await;
    let letter = world.last_letter_to(ANN);
    let away = Mail::from(ANN).answering(&letter).header("Auto-Submitted: auto-replied");
    world.mail(away.saying("Out of office", "I am away until Monday.")).await;
    world.arrives_raw("complaints", "INBOX", &letter.bytes);
    world.looks().await;
    assert_eq!(world.cases().await.len(), 1);
    assert_eq!(world.told(ANN).await.len(), 1);
    assert_eq!(world.told(OFFICER).await.len(), 1);
    assert_eq!(world.sorted().await[1..], ["handled: absence note", "handled: automatic"]);
}

#[tokio::test]
async fn the_same_mail_by_two_roads_is_one_case() {
    let mut world = World::at("Fri 20 Nov 2026 09:00").await;
    let both = complaint().to(&["complaints@example.org", "repairs@example.org"]).known_as("once@example.com");
    world.mail(both.clone().header("Delivered-To: complaints@example.org")).await;
    world.mail(both.header("Delivered-To: repairs@example.org")).await;
    assert_eq!(world.cases().await.len(), 1);
    assert_eq!(world.told(ANN).await.len(), 1);
    assert_eq!(world.sorted().await, ["handled: complaint", "copy: copy"]);
}

/// Seed 594: nothing told its copy from another message of the same words.
#[tokio::test]
async fn mail_without_a_message_id_by_two_roads_is_one_case_by_its_date() {
    let mut world = World::at("Fri 20 Nov 2026 09:00").await;
    let mail = |time: &str, road: &str| {
        let dated = complaint().header(&format!("Date: Fri, 20 Nov 2026 {time} +0000"));
        dated.header(&format!("Delivered-To: {road}@example.org")).raw()
    };
    world.arrives_raw("complaints", "INBOX", &mail("08:55:00", "complaints"));
    world.arrives_raw("complaints", "INBOX", &mail("08:55:00", "repairs"));
    world.looks().await;
    assert_eq!(world.sorted().await, ["handled: complaint", "copy: copy"]);
    assert_eq!(world.told(ANN).await.len(), 1);
    world.arrives_raw("complaints", "INBOX", &mail("08:58:00", "repairs"));
    world.looks().await;
    assert_eq!(world.cases().await.len(), 2, "the same words once more are another message");
}

#[tokio::test]
async fn mail_to_two_landlords_is_a_case_at_each_and_told_to_both_officers_once() {
    let mut world = World::of_two_landlords("Fri 20 Nov 2026 09:00").await;
    let both =
        complaint().to(&["complaints@example.org", "complaints@willow.example.org"]).known_as("once@example.com");
    world.arrives("complaints", "INBOX", both.clone().header("Delivered-To: complaints@example.org"));
    world.arrives("neighbour", "INBOX", both.header("Delivered-To: complaints@willow.example.org"));
    world.looks().await;
    let cases = world.cases().await;
    assert_eq!(cases.len(), 2, "{cases:?}");
    assert!(cases[0].starts_with("RCH") && cases[1].starts_with("WLW"), "{cases:?}");
    assert_eq!(world.told(OFFICER).await, ["Fri 20 Nov 09:00 new-case"]);
    assert_eq!(world.told("fay@example.net").await, ["Fri 20 Nov 09:00 new-case"]);
    let senders: Vec<_> = world.letters_to(ANN).into_iter().map(|letter| letter.sender).collect();
    assert_eq!(senders, ["complaints@example.org", "complaints@willow.example.org"]);
}

#[tokio::test]
async fn a_blind_copy_to_a_second_landlord_is_a_case_there_too() {
    let mut world = World::of_two_landlords("Fri 20 Nov 2026 09:00").await;
    let mail = complaint().known_as("once@example.com");
    world.arrives("complaints", "INBOX", mail.clone());
    world.arrives("neighbour", "INBOX", mail.header("Delivered-To: complaints@willow.example.org"));
    world.looks().await;
    let cases = world.cases().await;
    assert_eq!(cases.len(), 2, "{cases:?}");
    assert!(cases[0].starts_with("RCH") && cases[1].starts_with("WLW"), "{cases:?}");
}

#[tokio::test]
async fn a_complaint_in_the_junk_folder_is_not_answered_but_its_clock_runs() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.arrives("complaints", "Junk", complaint());
    world.looks().await;
    assert!(world.last_letter_to(OFFICER).says("junk folder"));
    world.goes_to("Mon 30 Nov 2026 12:00").await;
    assert!(world.letters_to(ANN).is_empty());
    // Nobody did anything on it since Wednesday: the manager hears of it before the date.
    let reminders = ["Thu 26 Nov 09:00 reminder", "Fri 27 Nov 09:00 reminder", "Mon 30 Nov 09:00 reminder"];
    assert_eq!(world.told(MANAGER).await, reminders);
}

#[tokio::test]
async fn a_mail_server_whose_clock_is_ahead_makes_nothing_due_later() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    let mail =
        Mail::from(ANN).saying("Complaint", "I want to make a formal complaint. The lift has been broken for weeks.");
    let next_year = world.now() + jiff::SignedDuration::from_hours(365 * 24);
    world.mailboxes["complaints"].lock().unwrap().puts("INBOX", next_year, mail.known_as("ahead@example.com").raw());
    world.looks().await;
    assert_eq!(world.told(ANN).await, ["Fri 20 Nov 15:00 acknowledgement"]);
    let case = world.cases().await.pop().expect("a case");
    assert!(world.history(&case).await.contains(&"acknowledge by 2026-11-27".to_owned()), "from when we had it");
}

#[tokio::test]
async fn older_mail_is_listed_and_never_answered() {
    let mut world = World::at("Sat 31 Oct 2026 15:00").await;
    world.mail(complaint()).await;
    world.goes_to("Mon 30 Nov 2026 12:00").await;
    assert_eq!(world.sorted().await, ["handled: older complaint"]);
    assert_eq!(world.cases().await.len(), 0);
    assert_eq!(world.tries(), 0);
    assert!(world.lists_to(OFFICER)[0].says("older complaint: 1"));
}

/// Mail lies in the mailbox under a date that the mail server's clock has when it stands still, and the program looks.
async fn mail_out_of_the_past(world: &mut World, mail: &Mail) {
    let stopped = jiff::Timestamp::UNIX_EPOCH;
    world.mailboxes["complaints"].lock().expect("no panic").puts("INBOX", stopped, mail.raw());
    world.looks().await;
}

#[tokio::test]
async fn a_mail_server_whose_clock_stands_still_makes_no_older_mail_of_a_new_complaint() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    let archived = complaint().known_as("archived@example.com").header("Date: Tue, 1 Sep 2026 09:00:00 +0100");
    mail_out_of_the_past(&mut world, &archived).await;
    assert_eq!((world.sorted().await, world.tries()), (vec!["handled: older complaint".to_owned()], 0));
    let new = complaint().known_as("new@example.com").header("Date: Thu, 19 Nov 2026 18:00:00 +0000");
    mail_out_of_the_past(&mut world, &new).await;
    assert_eq!(world.told(ANN).await, ["Fri 20 Nov 15:00 acknowledgement"]);
    let case = world.cases().await.pop().expect("a case");
    assert!(world.history(&case).await.contains(&"acknowledge by 2026-11-26".to_owned()), "from its own date");
    assert!(!world.last_letter_to(OFFICER).says("1970"), "{}", world.last_letter_to(OFFICER).text);
}

#[tokio::test]
async fn who_answers_our_letter_writes_no_older_mail_whatever_the_clocks_say() {
    let (mut world, case, response) = answered_at_stage_1().await;
    world.goes_to("Wed 9 Dec 2026 10:00").await;
    let unhappy = "I do not accept this answer. Please look at my complaint again.";
    let reply = Mail::from(ANN).answering(&response).saying("Re: Leaking ceiling", unhappy);
    mail_out_of_the_past(&mut world, &reply.known_as("still@example.com")).await;
    let history = world.history(&case).await;
    assert!(history.contains(&"acknowledge_stage2 by 2026-12-16".to_owned()), "{history:?}");
    let named = Mail::from(ANN).saying(&format!("{case}, please ring me"), "When will somebody come?");
    mail_out_of_the_past(&mut world, &named.known_as("named@example.com")).await;
    assert_eq!(world.sorted().await[1..], ["handled: further message", "handled: further message"]);
    assert!(!world.last_letter_to(ANN).says("1970"), "{}", world.last_letter_to(ANN).text);
}

#[tokio::test]
async fn what_staff_pass_on_counts_from_the_day_the_landlord_had_it() {
    let mut world = World::at("Fri 27 Nov 2026 15:00").await;
    let forwarded = format!(
        "Please log this.\n\n---------- Forwarded message ---------\nFrom: Ann Example <ann@example.com>\n\
         Date: Mon, 23 Nov 2026 at 10:12\nSubject: Leaking ceiling\nTo: <dan@example.net>\n\n{COMPLAINT}"
    );
    world.mail(Mail::from("Dan Manager <dan@example.net>").saying("Fwd: Leaking ceiling", &forwarded)).await;
    let case = world.cases().await.remove(0);
    assert!(
        world.history(&case).await.contains(&"acknowledge by 2026-11-30".to_owned()),
        "{:?}",
        world.history(&case).await
    );
    assert!(world.letters_to(ANN).is_empty() && world.letters_to(MANAGER).is_empty());
    let told = world.last_letter_to(OFFICER);
    assert!(told.says("passed on by staff") && told.says("decide whether it is a complaint"));
}

#[tokio::test]
async fn the_officer_reads_in_whole_sentences_why_no_letter_goes_by_itself() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.mail(complaint().header("X-Auto-Response-Suppress: All").header("X-Loop: somebody")).await;
    let told = world.last_letter_to(OFFICER);
    let why = "X-Auto-Response-Suppress asks for no automatic answer; x-loop marks mail that a program sends or answers. \
               Please write to them or call them";
    assert!(told.says(why), "{}", told.text);
    world.mail(Mail::from(ANN).header("Content-Type: application/pkcs7-mime").saying("Private", "MIIB")).await;
    let told = world.last_letter_to(OFFICER);
    assert!(told.says("only its sender and recipient can read it. Please open the attached message"), "{}", told.text);
}

#[tokio::test]
async fn mail_above_the_size_limit_is_logged_from_its_headers() {
    let mut world = World::with("Fri 20 Nov 2026 15:00", |config| config.limits.message_bytes = 2000).await;
    world.mail(complaint().saying("Complaint about my ceiling", &"It leaks. ".repeat(1000))).await;
    assert_eq!(world.sorted().await, ["set_aside: could not be read"]);
    assert_eq!(world.told(ANN).await, ["Fri 20 Nov 15:00 receipt"]);
    assert!(world.last_letter_to(OFFICER).says("larger than the limit"));
}

#[tokio::test]
async fn mail_nobody_can_read_is_set_aside_with_its_clock_running() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.arrives_raw("complaints", "INBOX", b"From: ann@example.com\r\nTo: complaints@example.org\r\n\r\n");
    world.looks().await;
    assert_eq!(world.sorted().await, ["set_aside: could not be read"]);
    let case = world.cases().await.remove(0);
    assert!(world.history(&case).await.contains(&"acknowledge by 2026-11-27".to_owned()));
    assert_eq!(world.told(OFFICER).await, ["Fri 20 Nov 15:00 new-case"]);
}

#[tokio::test]
async fn more_answers_than_a_day_may_have_wait_for_a_person() {
    let mut world = World::with("Fri 20 Nov 2026 09:00", |config| config.limits.answers_per_address_per_day = 3).await;
    for n in 0..5 {
        // Answers go to the Reply-To: that is the address that must not be flooded.
        let from = format!("form-{n}@forms.example.com");
        let mail = Mail::from(&from).header("Reply-To: ann@example.com");
        world.mail(mail.saying(&format!("Complaint number {n}"), COMPLAINT)).await;
    }
    assert_eq!(world.cases().await.len(), 5);
    assert_eq!(world.letters_to(ANN).len(), 3);
    assert!(world.last_letter_to(OFFICER).says("3 automatic letters in 24 hours"));
}

#[tokio::test]
async fn a_web_form_is_answered_to_its_reply_to_only_when_it_is_configured_as_one() {
    let form = || {
        let mail = Mail::from("Website <website@forms.example.com>").header("Reply-To: ann@example.com");
        mail.header("Auto-Submitted: auto-generated").saying("Contact form", COMPLAINT)
    };
    let known = |config: &mut Config| config.landlords[0].forms.push("website@forms.example.com".to_owned());
    let mut world = World::with("Fri 20 Nov 2026 15:00", known).await;
    world.mail(form()).await;
    assert!(world.last_letter_to(ANN).says("stage 1"));

    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.mail(form()).await;
    assert_eq!(world.cases().await.len(), 1, "the clock runs all the same");
    assert!(world.letters_to(ANN).is_empty());
    assert!(world.last_letter_to(OFFICER).says("Auto-Submitted"));
}

#[tokio::test]
async fn people_who_write_through_one_web_form_are_not_told_of_each_others_cases() {
    let known = |config: &mut Config| config.landlords[0].forms.push("website@forms.example.com".to_owned());
    // A form that nobody has configured says at least that it is automatic.
    for (setup, header) in [(known as fn(&mut Config), "X-Form: contact"), (|_| (), "Auto-Submitted: auto-generated")] {
        let form = |who: &str, subject: &str, body: &str| {
            let mail = Mail::from("Website <website@forms.example.com>").header(&format!("Reply-To: {who}"));
            mail.header(header).saying(subject, body)
        };
        let mut world = World::with("Fri 20 Nov 2026 15:00", setup).await;
        world.mail(form("ann@example.com", "Contact form", REQUEST)).await;
        world.mail(form("bob@example.com", "Contact form", COMPLAINT)).await;
        let [anns, bobs] = world.cases().await.try_into().expect("two cases");
        for letter in world.letters_to("bob@example.com").into_iter().chain(world.letters_to(OFFICER)) {
            assert!(!(letter.says(&anns) && letter.says(&bobs)), "{}", letter.text);
        }
        // What Ann writes next about hers is hers, and not on the complaint of whoever came next.
        world.mail(form("ann@example.com", &format!("About {anns}"), COMPLAINT)).await;
        assert_eq!(world.cases().await.len(), 3);
        // And whoever names somebody else's case is not taken for them.
        let before = world.history(&anns).await.len();
        world.mail(form("carl@example.com", "Contact form", &format!("{COMPLAINT} It is like {anns}."))).await;
        assert_eq!((world.cases().await.len(), world.history(&anns).await.len()), (4, before));
    }
}

#[tokio::test]
async fn people_who_write_through_one_mailing_list_are_not_taken_for_each_other() {
    let listed = |who: &str, body: &str| {
        let mail = Mail::from(who).header("Reply-To: tenants@lists.example.com");
        mail.header("List-Id: <tenants.lists.example.com>").saying("The lift", body)
    };
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.mail(listed("ann@example.com", COMPLAINT)).await;
    let anns = world.cases().await.pop().expect("a case");
    let before = world.history(&anns).await.len();
    world.mail(listed("bob@example.com", &format!("{COMPLAINT} It is like {anns}."))).await;
    assert_eq!((world.cases().await.len(), world.history(&anns).await.len()), (2, before));
}

#[tokio::test]
async fn stored_mail_is_moved_and_a_server_that_refuses_it_keeps_nothing_from_being_read() {
    let moving = |config: &mut Config| config.mailboxes[0].move_to = Some("Logged".to_owned());
    let mut world = World::with("Fri 20 Nov 2026 15:00", moving).await;
    world.mail(complaint()).await;
    assert_eq!((world.lying_in("INBOX"), world.lying_in("Logged")), (0, 1));
    world.mailbox_keeps_everything();
    world.mail(request()).await;
    world.mail(Mail::from("Bob Example <bob@example.com>").saying("Dripping tap", REQUEST)).await;
    assert_eq!((world.lying_in("INBOX"), world.lying_in("Logged")), (2, 1));
    assert_eq!(world.cases().await.len(), 3);
    assert_eq!(world.letters_to(OPERATOR).len(), 1, "told once");
    assert!(world.last_letter_to(OPERATOR).says("neither MOVE nor UIDPLUS"));
}

#[tokio::test]
async fn a_message_the_server_does_not_give_keeps_no_neighbour_waiting_and_is_never_forgotten() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.arrives("complaints", "INBOX", complaint());
    world.mailbox_withholds_the_newest(true);
    world.arrives("complaints", "INBOX", Mail::from("Bob <bob@example.com>").saying("Dripping tap", REQUEST));
    for _ in 0..12 {
        world.looks().await;
    }
    assert_eq!(world.sorted().await, ["handled: service request"], "tries alone give nothing up");
    world.mailbox_withholds_the_newest(false);
    world.looks().await;
    assert!(world.last_letter_to(ANN).says("stage 1"));
}

#[tokio::test]
async fn mail_that_a_person_rescues_from_the_junk_folder_is_looked_at_again() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    let enquiry = || {
        let mail = Mail::from("Ann Example <ann@example.com>").known_as("rescued@example.com");
        mail.saying("Opening hours", "Could you tell me what time your office opens on Saturdays, please?")
    };
    world.arrives("complaints", "Junk", enquiry());
    world.looks().await;
    assert_eq!(world.sorted().await, ["handled: spam"]);
    world.arrives("complaints", "INBOX", enquiry());
    world.looks().await;
    assert_eq!(world.sorted().await, ["handled: spam", "handled: enquiry"]);
}

#[tokio::test]
async fn word_of_a_danger_is_answered_at_once_however_often_and_whatever_else_it_is() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.mail(complaint()).await;
    let letter = world.last_letter_to(ANN);
    let danger = "There is smoke and sparks coming from the socket and I can smell gas.";
    for n in 0..2 {
        let mail = Mail::from("Ann Example <ann@example.com>").answering(&letter);
        world.mail(mail.saying(&format!("Re: Leaking ceiling {n}"), danger)).await;
    }
    assert_eq!(world.letters_to(ANN).len(), 3, "one short letter a day, but not where there is danger");
    assert!(world.last_letter_to(ANN).says("If anyone is in danger now, call 999"));

    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world
        .mail(
            Mail::from("Ann Example <ann@example.com>")
                .saying("Thanks", "Thank you for the visit. I can smell gas now."),
        )
        .await;
    assert_eq!(world.cases().await.len(), 1);
    assert!(world.last_letter_to(OFFICER).says("danger"));
}

#[tokio::test]
async fn word_of_a_danger_in_the_request_for_stage_2_is_urgent_and_answered_with_the_emergency_numbers() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.mail(complaint()).await;
    let case = world.cases().await.remove(0);
    world.responds(&case, OFFICER).await;
    let response = world.last_letter_to(ANN);
    let words = "I am not happy with your response and want stage 2. There are sparks from the socket and I smell gas.";
    world.mail(Mail::from(ANN).answering(&response).saying("Re: Leaking ceiling", words)).await;
    assert!(world.last_letter_to(OFFICER).subject.starts_with("URGENT, possible danger: stage 2"));
    assert!(world.last_letter_to(ANN).says("If anyone is in danger now, call 999"));
}

#[tokio::test]
async fn a_resident_without_a_usable_address_is_left_to_a_person() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.mail(Mail::from("Ann <ann@exämple.com>").saying("Leaking ceiling, complaint", COMPLAINT)).await;
    let case = world.cases().await.remove(0);
    assert_eq!(
        world.history(&case).await,
        ["opened as complaint", "assigned", "acknowledge by 2026-11-27", "letter 1: new-case", "sent: 1"],
        "no response date is counted from an acknowledgement nobody sent"
    );
    world.goes_to("Mon 30 Nov 2026 12:00").await;
    assert_eq!(world.told(MANAGER).await[0], "Thu 26 Nov 09:00 reminder", "nobody acts on it");
    assert_eq!(world.told(MEMBER).await, ["Fri 27 Nov 09:00 reminder", "Mon 30 Nov 09:00 reminder"]);
    let late = world.history(&case).await;
    assert!(late.contains(&"respond_stage1 by 2026-12-11".to_owned()), "lateness buys no time: {late:?}");
}

#[tokio::test]
async fn a_mailbox_that_was_set_up_anew_says_nothing_twice() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.mail(complaint()).await;
    let tries = world.tries();
    world.mailbox_is_rebuilt();
    world.looks().await;
    assert_eq!(world.cases().await.len(), 1);
    assert_eq!(world.tries(), tries);
}

#[tokio::test]
async fn stopping_and_starting_changes_nothing() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.mail(complaint()).await;
    world.mail(unclear().known_as("two@example.com")).await;
    world.server_answers(ANN, Answer::NotNow);
    world.mail(request()).await;
    let before = world.everything().await;
    world.restart().await;
    world.restart().await;
    assert_eq!(world.everything().await, before);
}

#[tokio::test]
async fn a_bank_holiday_proclaimed_later_breaks_nothing() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.mail(complaint()).await;
    world.mail(unclear()).await;
    let day = |words: &str| redress::domain::calendar::london_date(moment(words));
    for holiday in ["Thu 26 Nov 2026 12:00", "Fri 27 Nov 2026 12:00", "Fri 4 Dec 2026 12:00"] {
        world.config.holidays_added.push((day(holiday), "Proclaimed".to_owned()));
    }
    world.restart().await;
    world.goes_to("Fri 11 Dec 2026 12:00").await;
    assert_eq!(world.told(ANN).await.len(), 3, "{:?}", world.told(ANN).await);
}

#[tokio::test]
async fn a_message_that_cannot_be_handled_is_set_aside_and_its_neighbours_go_on() {
    let mut world = World::at("Sat 21 Nov 2026 09:00").await;
    // The landlord's own acknowledgement comes to grief over everything received on this Saturday.
    let letters = world.folder("letters");
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/config/letters/acknowledgement.txt");
    let broken = "{% if \"21\" in received %}{{ nothing.of_the_kind }}{% endif %}\n";
    std::fs::write(letters.join("acknowledgement.txt"), std::fs::read_to_string(own).unwrap() + broken).unwrap();
    world.config.letters = Some(letters);
    world.restart().await;

    world.arrives("complaints", "INBOX", complaint());
    world.goes_to("Sun 22 Nov 2026 09:00").await;
    world.arrives("complaints", "INBOX", Mail::from("bob@example.com").saying("Complaint about the lift", COMPLAINT));
    world.looks().await;
    assert_eq!(world.told("bob@example.com").await, ["Sun 22 Nov 09:00 acknowledgement"], "it does not wait");
    assert_eq!(world.sorted().await, ["new: -", "handled: complaint"]);

    world.goes_to("Sun 22 Nov 2026 09:10").await;
    assert_eq!(world.sorted().await, ["set_aside: could not be read", "handled: complaint"]);
    assert_eq!(world.told(OFFICER).await, ["Sun 22 Nov 09:00 new-case", "Sun 22 Nov 09:05 new-case"]);
    assert!(world.last_letter_to(OFFICER).says("failed 5 times"));
    let case = world.cases().await.pop().unwrap();
    assert!(world.history(&case).await.contains(&"acknowledge by 2026-11-27".to_owned()));
}

#[tokio::test]
async fn a_letter_that_was_leaving_when_the_program_died_leaves_again_byte_for_byte() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.server_answers_everybody(Answer::NoLogin);
    world.mail(complaint()).await;
    world.server_answers_everybody(Answer::Taken);
    let claimed = world.office().store.claim(world.now(), |_, _| None).await.unwrap();
    let Some(Claim::Taken(leaving)) = claimed else { panic!("a letter waits") };
    world.stop().await;
    world.passes_until("Fri 20 Nov 2026 15:30");
    world.restart().await;
    let again: Vec<_> = world.letters_to(&leaving.recipient);
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].bytes, leaving.bytes());
    let attempts = world.office().store.attempts(leaving.id).await.unwrap();
    let outcomes: Vec<_> = attempts.iter().filter_map(|attempt| attempt.outcome.as_deref()).collect();
    assert_eq!(outcomes.last_chunk(), Some(&["unknown", "sent"]));
    assert_eq!(world.told(ANN).await.len(), 1);
}

#[tokio::test]
async fn an_acknowledgement_in_doubt_that_came_back_does_not_count_when_it_is_taken_again() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.server_answers(ANN, Answer::Silent);
    world.mail(complaint()).await;
    let letter = world.last_letter_to(ANN);
    world.bounces(&letter).await;
    world.server_answers(ANN, Answer::Taken);
    world.goes_to("Fri 20 Nov 2026 16:00").await;
    let case = world.cases().await.remove(0);
    let history = world.history(&case).await;
    assert!(history.contains(&"sent: 1".to_owned()) && !history.contains(&"acknowledged".to_owned()), "{history:?}");
    assert_eq!(world.told(OFFICER).await, ["Fri 20 Nov 15:00 new-case", "Fri 20 Nov 15:00 undelivered"]);
}

#[tokio::test]
async fn an_unclear_message_found_after_its_fourth_day_is_acknowledged_and_gets_no_receipt() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.arrives("complaints", "INBOX", unclear());
    world.stop().await;
    world.passes_until("Mon 30 Nov 2026 10:00");
    world.restart().await;
    world.looks().await;
    assert_eq!(world.told(ANN).await, ["Mon 30 Nov 10:00 acknowledgement"]);
    // Ten working days from Friday 27 November, when it was due: lateness buys no time.
    assert!(world.last_letter_to(ANN).says("11 December 2026"));
}

#[tokio::test]
async fn the_short_letters_of_a_held_week_are_one_when_they_leave() {
    let hold = |config: &mut redress::config::Config| config.sending = redress::config::Sending::Hold;
    let mut world = World::with("Mon 23 Nov 2026 09:00", hold).await;
    let first = world.mail(complaint()).await;
    for day in ["Tue 24 Nov 2026 09:00", "Wed 25 Nov 2026 09:00", "Thu 26 Nov 2026 09:00"] {
        world.goes_to(day).await;
        let again = Mail::from(ANN).header(&format!("In-Reply-To: <{first}>"));
        world.mail(again.saying("Re: Leaking ceiling", "It has started dripping again.")).await;
    }
    world.config.sending = redress::config::Sending::Live;
    world.restart().await;
    assert_eq!(world.told(ANN).await, ["Thu 26 Nov 09:00 acknowledgement", "Thu 26 Nov 09:00 added"]);
}

#[tokio::test]
async fn whoever_says_that_they_complain_is_never_merely_listed() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    let short = "I want to complain about the lift.";
    world.mail(Mail::from(ANN).saying("The lift", short)).await;
    assert_eq!(world.cases().await.len(), 1, "{:?}", world.sorted().await);
    assert_eq!(world.letters_to(ANN).len(), 1);
}

// ── stage 2 ───────────────────────────────────────────────────────────────────────────────────────────────────────

/// A complaint of Friday 20 November, answered at stage 1 on Tuesday 1 December; and the response as Ann has it.
async fn answered_at_stage_1() -> (World, String, Letter) {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.mail(complaint()).await;
    world.goes_to("Tue 1 Dec 2026 10:00").await;
    let case = world.cases().await.remove(0);
    world.responds(&case, OFFICER).await;
    let response = world.last_letter_to(ANN);
    (world, case, response)
}

#[tokio::test]
async fn who_does_not_accept_the_response_is_at_stage_2_with_its_date_and_somebody_else() {
    let (mut world, case, response) = answered_at_stage_1().await;
    world.goes_to("Wed 9 Dec 2026 10:00").await;
    let unhappy = "I do not accept this answer. Please look at my complaint again.";
    world.mail(Mail::from(ANN).answering(&response).saying("Re: Leaking ceiling", unhappy)).await;
    let told = ["Fri 20 Nov 15:00 acknowledgement", "Tue 1 Dec 10:00 response", "Wed 9 Dec 10:00 acknowledgement"];
    assert_eq!(world.told(ANN).await, told);
    // Twenty working days, over Christmas, Boxing Day's substitute and New Year.
    assert!(world.last_letter_to(ANN).says("11 January 2027"), "{}", world.last_letter_to(ANN).text);
    assert_eq!(world.told(REVIEWER).await, ["Wed 9 Dec 10:00 escalation"]);
    let history = world.history(&case).await;
    assert!(history.contains(&"acknowledge_stage2 by 2026-12-16".to_owned()), "{history:?}");
    assert!(history.contains(&"acknowledge_stage2 met".to_owned()), "{history:?}");
    assert!(history.contains(&"respond_stage2 by 2027-01-11".to_owned()), "{history:?}");
    assert_eq!(world.cases().await.len(), 1);
    let escalated = world.events(&case).await.into_iter().find_map(|line| match line.event {
        Event::Escalated { reasons, unsure, .. } => Some((reasons.unwrap().as_str().to_owned(), unsure)),
        _ => None,
    });
    assert_eq!(escalated, Some((unhappy.to_owned(), false)));
    let stage_1 = world.told(OFFICER).await;
    world.goes_to("Tue 12 Jan 2027 12:00").await;
    assert!(world.told(REVIEWER).await.len() > 1, "stage 2's dates are the reviewer's");
    assert_eq!(world.told(OFFICER).await[..stage_1.len()], stage_1);
}

#[tokio::test]
async fn an_answer_that_may_ask_for_stage_2_gets_a_receipt_and_is_acknowledged_on_the_fourth_working_day() {
    let (mut world, case, response) = answered_at_stage_1().await;
    world.goes_to("Wed 9 Dec 2026 10:00").await;
    let asks = "I got your letter today. When does the work begin, and what about the stain?";
    world.mail(Mail::from(ANN).answering(&response).saying("Re: Leaking ceiling, complaint", asks)).await;
    assert_eq!(world.told(ANN).await[2..], ["Wed 9 Dec 10:00 receipt"]);
    assert_eq!(world.told(REVIEWER).await, ["Wed 9 Dec 10:00 escalation"]);
    let asked = |line: &Event| matches!(line, Event::Escalated { unsure: true, .. });
    assert!(world.events(&case).await.iter().any(|line| asked(&line.event)));
    world.goes_to("Tue 15 Dec 2026 08:59").await;
    assert_eq!(world.told(ANN).await.len(), 3);
    world.goes_to("Thu 17 Dec 2026 12:00").await;
    assert_eq!(world.told(ANN).await[3..], ["Tue 15 Dec 09:00 acknowledgement"]);
    assert!(world.history(&case).await.contains(&"acknowledge_stage2 met".to_owned()));
}

#[tokio::test]
async fn before_the_response_nothing_is_stage_2_and_thanks_after_it_are_not_either() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.mail(complaint()).await;
    let case = world.cases().await.remove(0);
    let letter = world.last_letter_to(ANN);
    let early = "I do not accept this. I want my complaint to go to stage 2.";
    world.mail(Mail::from(ANN).answering(&letter).saying("Re: Leaking ceiling", early)).await;
    world.goes_to("Tue 1 Dec 2026 10:00").await;
    world.responds(&case, OFFICER).await;
    let response = world.last_letter_to(ANN);
    let thanks = "Thank you for sorting this out, much appreciated.";
    world.mail(Mail::from(ANN).answering(&response).saying("Re: Leaking ceiling", thanks)).await;
    let history = world.history(&case).await;
    assert_eq!(history.iter().filter(|line| *line == "message added by resident").count(), 2);
    assert!(!history.contains(&"escalated".to_owned()), "{history:?}");
    assert!(world.letters_to(REVIEWER).is_empty());
    let words = world.events(&case).await.into_iter().filter_map(|line| match line.event {
        Event::MessageAdded(addition) => Some(addition.words.is_some()),
        _ => None,
    });
    assert_eq!(words.collect::<Vec<_>>(), [false, true], "words are kept once they may tell why stage 2 is wanted");
}

#[tokio::test]
async fn stage_2_asked_for_without_a_reference_is_put_before_the_officer_with_the_complaint_it_may_mean() {
    let (mut world, case, _) = answered_at_stage_1().await;
    let asks = "I do not accept your stage 1 answer. Please take my complaint to stage 2.";
    world.mail(Mail::from(ANN).saying("My complaint", asks)).await;
    let cases = world.cases().await;
    assert_eq!(cases.len(), 2);
    assert_eq!(world.sorted().await[1], "handled: stage 2 request");
    let opened = world.events(&cases[1]).await.remove(0).event;
    let Event::Opened(opening) = opened else { panic!("{opened:?}") };
    assert!(opening.unsure && opening.flags.stage2_asked);
    let letter = world.last_letter_to(OFFICER);
    assert!(letter.says("seems to ask for stage 2") && letter.says(&case), "{}", letter.text);
}

// ── the Ombudsman ─────────────────────────────────────────────────────────────────────────────────────────────────

const OMBUDSMAN: &str = "Casework <casework@housing-ombudsman.org.uk>";
const EVIDENCE: &str = "Dear Sir or Madam,\n\nWe have received a complaint. Please send us the evidence within 15 working \
                        days.\n\nCasework";

fn passed() -> Mail {
    Mail::from(OMBUDSMAN)
        .header("Authentication-Results: mx.example.org; dmarc=pass header.from=housing-ombudsman.org.uk")
}

#[tokio::test]
async fn the_ombudsman_is_filed_to_the_case_it_names_told_to_the_officer_and_never_answered() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.mail(complaint()).await;
    let case = world.cases().await.remove(0);
    world.mail(passed().saying(&format!("Our ref 202612345, your ref {case}"), EVIDENCE)).await;
    assert_eq!(world.cases().await.len(), 1);
    assert!(world.history(&case).await.contains(&"message added by ombudsman".to_owned()));
    assert_eq!(world.told(OFFICER).await[1..], ["Fri 20 Nov 15:00 new-message"]);
    assert_eq!(world.sorted().await[1], "handled: from the Ombudsman");
    assert_eq!(world.told(ANN).await.len(), 1);
    assert!(world.letters_to("casework@housing-ombudsman.org.uk").is_empty());
}

#[tokio::test]
async fn the_ombudsman_who_names_no_case_opens_correspondence_and_its_next_mail_on_it_joins() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.mail(passed().saying("Our ref 202612345", EVIDENCE)).await;
    let cases = world.cases().await;
    assert_eq!(cases.len(), 1);
    let opened = world.events(&cases[0]).await.remove(0).event;
    let Event::Opened(opening) = opened else { panic!("{opened:?}") };
    assert_eq!((opening.kind, opening.matter), (Kind::Correspondence, Some(Matter::Ombudsman)));
    assert!(opening.withheld.as_ref().is_some_and(|why| why.contains("answered by a person")), "{opening:?}");
    assert_eq!(world.told(OFFICER).await, ["Fri 20 Nov 15:00 new-case"]);
    world.mail(passed().saying("Reminder, 202612345", EVIDENCE)).await;
    assert_eq!(world.cases().await, cases);
    assert_eq!(world.told(OFFICER).await[1..], ["Fri 20 Nov 15:00 new-message"]);
    world.mail(passed().saying("Our ref 202654321", EVIDENCE)).await;
    assert_eq!(world.cases().await.len(), 2, "another matter");
    world.goes_to("Mon 14 Dec 2026 12:00").await;
    assert!(world.letters_to("casework@housing-ombudsman.org.uk").is_empty());
}

#[tokio::test]
async fn mail_that_cannot_be_proved_to_be_the_ombudsmans_joins_nothing_and_is_shown_with_the_doubt() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.mail(complaint()).await;
    let case = world.cases().await.remove(0);
    let forged = Mail::from(OMBUDSMAN).header("Authentication-Results: mx.example.org; dmarc=fail");
    world.mail(forged.saying(&format!("Our ref 202612345, your ref {case}"), EVIDENCE)).await;
    assert!(!world.history(&case).await.iter().any(|line| line.starts_with("message added")));
    let cases = world.cases().await;
    assert_eq!(cases.len(), 2);
    assert_eq!(world.history(&cases[1]).await[0], "opened as correspondence, unsure");
    let letter = world.last_letter_to(OFFICER);
    assert!(letter.says("that could not be proved") && !letter.says("This is from"), "{}", letter.text);
    assert!(letter.says("it could not be proved that the sender is who it says"), "{}", letter.text);
    assert!(letter.says(&case), "the case it names");
    assert!(world.letters_to("casework@housing-ombudsman.org.uk").is_empty());
}

// ── reminders that did not reach anybody ──────────────────────────────────────────────────────────────────────────

/// A complaint whose officer was just reminded of the response, two working days before it is due; and the reminder.
async fn reminded() -> (World, Letter) {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.mail(complaint()).await;
    world.goes_to("Wed 2 Dec 2026 09:30").await;
    assert_eq!(world.told(OFFICER).await[1..], ["Wed 2 Dec 09:00 reminder"]);
    assert!(world.letters_to(DEPUTY).is_empty());
    let reminder = world.last_letter_to(OFFICER);
    (world, reminder)
}

#[tokio::test]
async fn a_reminder_to_somebody_who_is_away_is_told_to_the_next_person_at_once() {
    let (mut world, reminder) = reminded().await;
    world.is_away(&reminder).await;
    assert_eq!(world.told(DEPUTY).await, ["Wed 2 Dec 09:30 reminder"]);
    assert_eq!(world.sorted().await[1], "handled: absence note");
    // The note came from a machine: nobody answers it, and it stands in no thread of ours.
    assert_eq!(world.letters_to(OFFICER).len(), 2);
    world.is_away(&reminder).await;
    assert_eq!(world.told(DEPUTY).await.len(), 1, "once, however many notes come");
}

#[tokio::test]
async fn a_reminder_that_came_back_is_told_to_the_next_person_at_once() {
    let (mut world, reminder) = reminded().await;
    world.bounces(&reminder).await;
    assert_eq!(world.told(DEPUTY).await, ["Wed 2 Dec 09:30 reminder"]);
    assert_eq!(world.sorted().await[1], "handled: returned letter");
}

#[tokio::test]
async fn an_officers_absence_note_a_day_before_the_date_is_told_to_the_manager_on_that_day() {
    let (mut world, _) = reminded().await;
    world.goes_to("Thu 3 Dec 2026 09:30").await;
    // Officer, deputy and, because nothing moved, the manager have heard.
    assert_eq!(world.told(MANAGER).await, ["Thu 3 Dec 09:00 reminder"]);
    let reminder = world.last_letter_to(OFFICER);
    world.is_away(&reminder).await;
    assert_eq!(world.told(MEMBER).await, ["Thu 3 Dec 09:30 reminder"], "the day before the date, not after it");
    assert!(world.last_letter_to(MEMBER).says("Ada Officer was to hear of this and could not be reached"));
}

#[tokio::test]
async fn while_the_officer_is_away_their_cover_hears_in_their_place_and_they_are_left_in_peace() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.mail(complaint()).await;
    let case = world.cases().await.remove(0);
    world.goes_to("Mon 30 Nov 2026 10:00").await;
    world.says_away(OFFICER, "2026-12-07", Some(REVIEWER)).await;
    let before = world.told(OFFICER).await;
    world.goes_to("Tue 8 Dec 2026 12:00").await;
    // The response is due on Friday 4 December. Nobody waits for the officer, who is not told of it until they are back.
    let days = |days: &[&str]| days.iter().map(|day| format!("{day} 09:00 reminder")).collect::<Vec<_>>();
    assert_eq!(world.told(REVIEWER).await, days(&["Wed 2 Dec", "Thu 3 Dec", "Fri 4 Dec"]));
    assert_eq!(world.told(OFFICER).await[before.len()..], days(&["Mon 7 Dec", "Tue 8 Dec"]));
    assert_eq!(world.told(DEPUTY).await, days(&["Thu 3 Dec", "Fri 4 Dec", "Mon 7 Dec", "Tue 8 Dec"]));
    let reminder = world.letters_to(REVIEWER).remove(0);
    assert!(reminder.says("in place of Ada Officer, who is away until Monday 7 December 2026"), "{}", reminder.text);
    assert!(!world.last_letter_to(DEPUTY).says("in place of"));
    // The case stays theirs.
    let file = world.office().store.case(&case.parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(file.case.handler().map(|handler| handler.address.as_str()), Some(OFFICER));
}

/// Seed 283: only the manager heard that a date had passed, in the place of officer and deputy, and had missed it.
#[tokio::test]
async fn whoever_stands_in_for_everybody_below_is_not_the_only_one_to_hear_that_a_date_has_passed() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.mail(complaint()).await;
    let case = world.cases().await.remove(0);
    world.says_away(OFFICER, "2026-12-14", None).await;
    world.says_away(DEPUTY, "2026-12-14", None).await;
    // The response is due on Friday 4 December, and the manager does not fall silent.
    for day in ["Wed 2 Dec", "Thu 3 Dec", "Fri 4 Dec"] {
        world.goes_to(&format!("{day} 2026 10:00")).await;
        let note = Command::Note { kind: NoteKind::Call, text: Words::new("Rang the plumber."), on: None };
        world.does(&case, MANAGER, note).await;
    }
    assert_eq!(world.told(MANAGER).await.len(), 3);
    assert_eq!(world.told(MEMBER).await, [""; 0]);
    world.goes_to("Mon 7 Dec 2026 09:30").await;
    assert_eq!(world.told(MANAGER).await[3..], ["Mon 7 Dec 09:00 reminder"]);
    assert_eq!(world.told(MEMBER).await, ["Mon 7 Dec 09:00 reminder"]);
}

#[tokio::test]
async fn without_a_cover_the_deputy_hears_at_once_and_who_stands_in_may_answer() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.mail(complaint()).await;
    let case = world.cases().await.remove(0);
    world.says_away(OFFICER, "2026-12-07", None).await;
    let further = Mail::from("Ann Example <ann@example.com>").answering(&world.last_letter_to(ANN));
    world.mail(further.saying("Re: Leaking ceiling", "It drips again.")).await;
    assert_eq!(world.told(DEPUTY).await, ["Fri 20 Nov 15:00 new-message"]);
    world.goes_to("Wed 2 Dec 2026 09:30").await;
    assert_eq!(world.told(DEPUTY).await[1..], ["Wed 2 Dec 09:00 reminder"], "the officer's own rung");
    assert!(world.last_letter_to(DEPUTY).says("in place of Ada Officer"));
    assert_eq!(world.told(OFFICER).await.len(), 1);
    world.responds(&case, DEPUTY).await;
    assert!(world.history(&case).await.contains(&"respond_stage1 met".to_owned()));
}

#[tokio::test]
async fn a_new_case_passes_over_whoever_is_away_and_comes_to_them_again_when_they_are_back() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.says_away(OFFICER, "2026-12-07", None).await;
    world.mail(complaint()).await;
    assert_eq!(world.told(DEPUTY).await, ["Fri 20 Nov 15:00 new-case"]);
    assert!(!world.last_letter_to(DEPUTY).says("in place of"), "it is the deputy's own");
    world.says_away(DEPUTY, "2026-12-07", Some(OFFICER)).await;
    world.mail(complaint().saying("The lift, complaint", COMPLAINT)).await;
    assert_eq!(world.told(MANAGER).await, ["Fri 20 Nov 15:00 new-case"]);
    world.says_back(OFFICER).await;
    world.mail(complaint().saying("The stairs, complaint", COMPLAINT)).await;
    assert_eq!(world.told(OFFICER).await, ["Fri 20 Nov 15:00 new-case"]);
}

/// Seed 165: an absence from days to come was new to every look, and each look did the work anew, until its day had come.
#[tokio::test]
async fn an_absence_that_a_clock_ahead_recorded_is_told_once_when_its_day_has_come_and_asks_for_nothing_until_then() {
    let mut world = World::at("Mon 30 Nov 2026 15:00").await;
    world.mail(complaint()).await;
    world.clock.set(moment("Wed 2 Dec 2026 10:00"));
    world.says_away(OFFICER, "2026-12-07", Some(DEPUTY)).await;
    world.clock.set(moment("Mon 30 Nov 2026 15:30"));
    world.looks().await;
    let daemon = world.daemon().expect("the program runs");
    assert_eq!(Arc::clone(daemon).step(Round::Digest).await.expect("the database works"), Progress::Idle);
    let told = |world: &World| {
        let lists = world.lists_to(DEPUTY).into_iter().filter(|list| list.message_id.starts_with("stand-in."));
        lists.map(|list| in_words(list.taken)).collect::<Vec<_>>()
    };
    assert_eq!(told(&world), [""; 0]);
    world.goes_to("Wed 2 Dec 2026 10:00").await;
    world.goes_to("Fri 4 Dec 2026 12:00").await;
    assert_eq!(told(&world), ["Wed 2 Dec 10:00"]);
}

#[tokio::test]
async fn what_whoever_stands_in_writes_is_filed_and_what_the_officer_writes_from_afar_is_told_to_them() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.mail(complaint()).await;
    let case = world.cases().await.remove(0);
    world.says_away(OFFICER, "2026-12-07", Some(DEPUTY)).await;
    let word = |from: &str| Mail::from(from).saying(&format!("{case}: the roofer"), "He comes on Tuesday.");
    world.mail(word(DEPUTY)).await;
    assert_eq!(world.told(DEPUTY).await, [""; 0], "the deputy knows what the deputy wrote");
    world.mail(word(OFFICER)).await;
    assert_eq!(world.told(DEPUTY).await, ["Fri 20 Nov 15:00 new-message"]);
}

#[tokio::test]
async fn a_letter_to_post_goes_to_whoever_stands_in() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.mail(complaint()).await;
    let case = world.cases().await.remove(0);
    let paper = Command::Resident {
        name: None,
        address: None,
        post: Some(Words::new("14 Orchard Court")),
        telephone: None,
        estate: None,
        prefers: Some(Prefers::Post),
    };
    world.does(&case, OFFICER, paper).await;
    world.says_away(OFFICER, "2026-12-07", Some(DEPUTY)).await;
    world.responds(&case, MANAGER).await;
    let letter = world.last_letter_to(DEPUTY);
    assert!(
        letter.says("Please print and post this letter") && letter.says("in place of Ada Officer"),
        "{}",
        letter.text
    );
}

#[tokio::test]
async fn a_residents_absence_note_is_recorded_and_stands_in_no_thread() {
    let mut world = World::at("Fri 20 Nov 2026 09:00").await;
    let first = world.mail(complaint()).await;
    let letter = world.last_letter_to(ANN);
    world.is_away(&letter).await;
    let case = world.cases().await.remove(0);
    assert!(world.history(&case).await.contains(&"answered by an absence note: 1".to_owned()));
    assert_eq!(world.told(OFFICER).await.len(), 1, "nobody is told: she will be back");
    world.goes_to("Sat 21 Nov 2026 09:00").await;
    let second = world.mail(Mail::from(ANN).answering(&letter).saying("Re: Leaking ceiling", "It drips again.")).await;
    assert_eq!(world.last_letter_to(ANN).thread, [first, second], "what people wrote, and no machine");
}

// ── correspondence ────────────────────────────────────────────────────────────────────────────────────────────────

fn enquiry() -> Mail {
    let words = "Could you tell me what time your office opens on Saturdays, please?";
    Mail::from("Ann Example <ann@example.com>").saying("Opening hours", words)
}

#[tokio::test]
async fn a_question_gets_a_short_answer_and_a_request_for_data_goes_to_the_officer_with_its_month() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.mail(enquiry()).await;
    assert_eq!(world.sorted().await, ["handled: enquiry"]);
    assert_eq!(world.told(ANN).await, ["Fri 20 Nov 15:00 correspondence"]);
    assert_eq!(world.told(OFFICER).await, ["Fri 20 Nov 15:00 new-case"]);

    let asks = "Under data protection law please send me a copy of all the personal data you hold about me.";
    world.mail(Mail::from("Bob Example <bob@example.com>").saying("Request for my data", asks)).await;
    assert_eq!(world.sorted().await[1], "handled: information request");
    assert!(world.letters_to("bob@example.com").is_empty());
    let case = world.cases().await.remove(1);
    let history = world.history(&case).await;
    assert_eq!(history[0], "opened as correspondence");
    assert!(history.contains(&"answer by 2026-12-20".to_owned()), "one month: {history:?}");
    assert!(world.last_letter_to(OFFICER).says(&case));
}

#[tokio::test]
async fn thanks_and_other_peoples_business_are_listed_and_nobody_is_written_to() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.mail(Mail::from(ANN).saying("Thanks", "Thank you all so much, the new kitchen is lovely.")).await;
    let invoice = "Dear accounts team, please find our invoice for November below. Payment is due within 30 days. Kind \
                   regards, Example Roofing Ltd";
    world.mail(Mail::from("accounts@roofing.example.com").saying("Invoice 4471", invoice)).await;
    assert_eq!(world.sorted().await, ["handled: thanks", "handled: business"]);
    assert_eq!((world.cases().await.len(), world.tries()), (0, 0));
}

#[tokio::test]
async fn unhappy_words_below_a_short_answer_are_a_complaint_linked_to_the_question() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.mail(enquiry()).await;
    let short = world.last_letter_to(ANN);
    world.goes_to("Tue 1 Dec 2026 10:00").await;
    let unhappy = "Nobody has answered my question. I am very unhappy with how you treat me and I want to complain.";
    world.mail(Mail::from(ANN).answering(&short).saying("Re: Opening hours", unhappy)).await;
    let cases = world.cases().await;
    assert_eq!(cases.len(), 2);
    let history = world.history(&cases[1]).await;
    assert_eq!(history[0], "opened as complaint");
    assert!(history.contains(&"acknowledged".to_owned()), "{history:?}");
    assert!(world.last_letter_to(OFFICER).says(&cases[0]), "the officer sees what it comes out of");
}

#[tokio::test]
async fn a_flood_of_questions_from_one_address_gets_a_few_answers_and_a_list_gets_none() {
    let mut world = World::with("Fri 20 Nov 2026 09:00", |config| config.limits.answers_per_address_per_day = 3).await;
    for _ in 0..6 {
        world.mail(enquiry()).await;
    }
    assert_eq!(world.letters_to(ANN).len(), 3);
    let cases = world.cases().await.len();
    let newsletter = Mail::from("news@lists.example.com").header("List-Id: <news.lists.example.com>");
    let words = "Could you tell us what you think of our new opening hours, please?";
    world.mail(newsletter.header("Precedence: list").saying("Opening hours", words)).await;
    assert_eq!(world.cases().await.len(), cases, "{:?}", world.sorted().await);
    assert!(world.letters_to("news@lists.example.com").is_empty());
}

// ── the landlord's own people ─────────────────────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn what_other_staff_write_on_a_case_is_told_to_its_handler_and_what_the_handler_writes_is_filed() {
    let mut world = World::at("Fri 20 Nov 2026 09:00").await;
    world.mail(complaint()).await;
    let letter = world.last_letter_to(OFFICER);
    let words = "Ann rang me this morning. I have told her that the roofer comes on Monday.";
    world.mail(Mail::from("Dan Manager <dan@example.net>").answering(&letter).saying("Re: Ceiling", words)).await;
    assert_eq!(world.told(OFFICER).await[1..], ["Fri 20 Nov 09:00 new-message"]);
    world.mail(Mail::from("Ada Officer <ada@example.net>").answering(&letter).saying("Re: Ceiling", words)).await;
    // She answers a letter of ours, so she is asked what she would like done.
    assert_eq!(world.told(OFFICER).await[2..], ["Fri 20 Nov 09:00 transcript"]);
    let case = world.cases().await.remove(0);
    let history = world.history(&case).await;
    assert!(history.contains(&"message added by staff".to_owned()), "{history:?}");
    assert!(history.contains(&"message added by handler".to_owned()), "{history:?}");
    assert_eq!(world.told(ANN).await.len(), 1);
}

#[tokio::test]
async fn a_complaint_that_names_the_officer_goes_to_the_deputy_and_not_to_the_officer() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    let words = "I want to complain about Ada Officer. She was rude to me on the phone and has ignored my calls for weeks. \
                 I want an apology.";
    world.mail(Mail::from("Ann Example <ann@example.com>").saying("Complaint", words)).await;
    assert_eq!(world.told(DEPUTY).await, ["Fri 20 Nov 15:00 new-case"]);
    world.goes_to("Mon 7 Dec 2026 12:00").await;
    assert!(world.letters_to(OFFICER).is_empty(), "{:?}", world.told(OFFICER).await);
    assert!(world.told(DEPUTY).await.len() > 1);
}

#[tokio::test]
async fn one_landlord_with_two_mailboxes_has_one_case_of_a_mail_to_both() {
    let mut world = World::with_a_second_mailbox("Fri 20 Nov 2026 09:00").await;
    let both = complaint().to(&["complaints@example.org", "repairs@example.org"]).known_as("once@example.com");
    world.arrives("complaints", "INBOX", both.clone().header("Delivered-To: complaints@example.org"));
    world.arrives("repairs", "INBOX", both.header("Delivered-To: repairs@example.org"));
    world.looks().await;
    assert_eq!(world.cases().await.len(), 1);
    assert_eq!(world.told(ANN).await, ["Fri 20 Nov 09:00 acknowledgement"]);
    assert_eq!(world.told(OFFICER).await, ["Fri 20 Nov 09:00 new-case"]);
    assert_eq!(world.sorted().await, ["handled: complaint", "copy: copy"]);
}
