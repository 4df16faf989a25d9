//! Told stories of machines that write to each other, and of people who write a great deal: what came is kept, what leaves
//! has an end, what was stopped waits for a person, and nobody else has to wait for it.

use redress::config::Config;
use redress::daemon::{brakes, send};
use redress::domain::brake::Rate;
use redress::store::{LetGo, LetterRow};

use crate::sim::*;

const COMPLAINT: &str = "I am writing to complain about the way my repair has been handled. The kitchen ceiling has leaked since August, \
I have rung five times and nobody has come. This is not good enough.\n\nI want the ceiling made good and an apology.\n\nAnn Example\n14 Orchard Court";

const STOPPED: &str = "letters are held back";

fn complaint_of(who: &str) -> Mail {
    Mail::from(who).saying("Leaking ceiling, complaint", COMPLAINT)
}

/// A desk whose program answers every letter with so many messages of its own, each from a new address, in a new thread, and
/// without a word that it is a program. Only the subject is kept.
struct Desk {
    answers: usize,
    tickets: usize,
}

impl Desk {
    fn address(ticket: usize) -> String {
        format!("ticket-{ticket}@desk.example.com")
    }

    /// It complains once, and then answers whatever it gets, at most so often.
    async fn begins(&mut self, world: &mut World, rounds: usize) {
        world.mail(complaint_of(&Desk::address(0))).await;
        let mut read = 0;
        for _ in 0..rounds {
            let got: Vec<Letter> = (0..=self.tickets).flat_map(|n| world.letters_to(&Desk::address(n))).collect();
            let new = got.len() - read;
            read = got.len();
            if new == 0 {
                return;
            }
            let subject = got.last().map(|letter| format!("Re: {}", letter.subject)).unwrap_or_default();
            for _ in 0..new * self.answers {
                self.tickets += 1;
                let words = format!("Thank you. Your ticket is {}. We are looking into it.", self.tickets);
                let mail = Mail::from(&Desk::address(self.tickets)).saying(&subject, &words);
                world.arrives("complaints", "INBOX", mail);
            }
            world.looks().await;
        }
        panic!("they go on writing to each other: {} letters", self.got(world).len());
    }

    fn got(&self, world: &World) -> Vec<Letter> {
        (0..=self.tickets).flat_map(|n| world.letters_to(&Desk::address(n))).collect()
    }
}

async fn held(world: &World) -> Vec<LetterRow> {
    world.outbox().await.into_iter().filter(|letter| letter.state == "held").collect()
}

/// What a person does with `redress outbox release`.
async fn release(world: &World, letters: &[LetterRow]) {
    for row in letters {
        let letter = world.office().store.letter(row.id).await.expect("the database works").expect("it is there");
        send::release(world.office(), &letter, LetGo::ForGood).await.expect("it can be let go");
    }
}

#[tokio::test]
async fn two_machines_that_write_to_each_other_are_stopped_and_the_operator_hears_once() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    let mut desk = Desk { answers: 1, tickets: 0 };
    desk.begins(&mut world, 40).await;
    assert_eq!(desk.got(&world).len(), 15, "one message leads to no more letters than this within an hour");
    let stopped = held(&world).await;
    assert_eq!(stopped.len(), 1, "{stopped:?}");
    assert_eq!(stopped[0].held_because.as_deref(), Some("one message has led to 15 letters in an hour"));
    assert_eq!(world.cases().await.len(), 16, "everything is logged");

    let told = world.letters_to(OPERATOR);
    assert_eq!(told.len(), 1);
    assert!(told[0].subject.ends_with(STOPPED), "{}", told[0].subject);
    assert!(told[0].says("1 to residents, by the limit per_message: one message has led to 15 letters in an hour"));
    assert!(told[0].says("redress outbox release --stopped=LIMIT"), "{}", told[0].text);
    assert!(world.second_way().is_empty(), "letters to the operator leave");
}

#[tokio::test]
async fn a_storm_that_branches_is_stopped_where_it_began_and_a_neighbour_is_acknowledged() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    let mut desk = Desk { answers: 2, tickets: 0 };
    desk.begins(&mut world, 10).await;
    assert_eq!(desk.got(&world).len(), 15);
    assert_eq!(world.cases().await.len(), 1 + 2 * 15, "every one is logged, and has its clock");
    let to_staff = world.letters_to(OFFICER).len();
    assert_eq!(to_staff, 30, "nor does it flood the landlord's people");
    assert!(held(&world).await.iter().all(|letter| letter.brake.as_deref() == Some("per_message")));

    world.mail(complaint_of("Ann Example <ann@example.com>")).await;
    assert_eq!(world.told(ANN).await, ["Fri 20 Nov 15:00 acknowledgement"]);
    assert_eq!(world.letters_to(OFFICER).len(), to_staff + 1);
    assert_eq!(world.letters_to(OPERATOR).len(), 1, "{:?}", world.told(OPERATOR).await);
}

#[tokio::test]
async fn what_was_stopped_leaves_when_a_person_lets_it_go_and_is_not_stopped_again() {
    let narrow = |config: &mut Config| config.limits.letters.residents.landlord = Rate::of(2, 3);
    let mut world = World::with("Fri 20 Nov 2026 15:00", narrow).await;
    for who in ["ann@example.com", "bob@example.com", "cat@example.com"] {
        world.mail(complaint_of(who)).await;
    }
    let stopped = held(&world).await;
    assert_eq!(stopped.iter().map(|letter| letter.recipient.as_str()).collect::<Vec<_>>(), ["cat@example.com"]);
    let because = "its landlord has sent 2 letters like it in an hour";
    assert_eq!(stopped[0].held_because.as_deref(), Some(because));
    let case = world.cases().await.pop().unwrap();
    assert!(!world.history(&case).await.contains(&"acknowledged".to_owned()), "the duty stays open");

    // Neither time nor a new start lets it go: a person does.
    world.goes_to("Fri 20 Nov 2026 18:00").await;
    world.restart().await;
    assert_eq!(held(&world).await.len(), 1);
    release(&world, &stopped).await;
    world.looks().await;
    assert_eq!(world.told("cat@example.com").await, ["Fri 20 Nov 18:00 acknowledgement"]);
    assert!(world.history(&case).await.contains(&"acknowledged".to_owned()));

    brakes::look(world.office()).await.unwrap();
    world.looks().await;
    let told: Vec<String> = world.letters_to(OPERATOR).into_iter().map(|letter| letter.subject).collect();
    assert_eq!(told, [format!("Redress: {STOPPED}"), format!("Redress: over: {STOPPED}")]);

    // And takes nobody's place: of three a day two had left.
    world.mail(complaint_of("dee@example.com")).await;
    assert_eq!(world.told("dee@example.com").await, ["Fri 20 Nov 18:00 acknowledgement"]);
}

#[tokio::test]
async fn an_acknowledgement_that_was_stopped_is_heard_of_before_its_date() {
    let narrow = |config: &mut Config| config.limits.letters.residents.address = Rate::of(1, 1);
    let mut world = World::with("Fri 20 Nov 2026 15:00", narrow).await;
    world.mail(complaint_of(ANN)).await;
    world.mail(complaint_of(ANN).saying("The lift, complaint", COMPLAINT)).await;
    assert_eq!(held(&world).await.len(), 1);
    world.goes_to("Thu 26 Nov 2026 12:00").await;
    let reminder = world.last_letter_to(OFFICER);
    assert!(reminder.says("is written, but has not left"), "{}", reminder.text);
    assert!(reminder.says("redress outbox list"));
    assert!(world.lists_to(OFFICER).last().unwrap().says("It was stopped because so many letters had left"));
}

#[tokio::test]
async fn nothing_is_written_to_an_address_that_is_read_here_whatever_led_to_it() {
    // The website sends in the officer's name: the officer hears of things all the same.
    let form = |config: &mut Config| config.landlords[0].forms.push(OFFICER.to_owned());
    let mut world = World::with("Fri 20 Nov 2026 15:00", form).await;
    world.mail(complaint_of("Ann Example <complaints+ann@example.org>")).await;
    let stopped = held(&world).await;
    assert_eq!(stopped.len(), 1, "{:?}", world.outbox().await);
    assert_eq!(stopped[0].brake.as_deref(), Some("own_address"));
    assert_eq!(world.cases().await.len(), 1, "the clock runs");
    assert_eq!(world.told(OFFICER).await, ["Fri 20 Nov 15:00 new-case"]);
    assert_eq!(world.letters_to(OPERATOR).len(), 1);
}

#[tokio::test]
async fn a_storm_among_residents_stops_no_reminder_and_no_word_to_the_operator() {
    let narrow = |config: &mut Config| {
        let letters = &mut config.limits.letters;
        for lane in [&mut letters.residents, &mut letters.staff] {
            (lane.landlord, lane.all) = (Rate::of(2, 2), Rate::of(2, 2));
        }
    };
    let mut world = World::with("Thu 3 Dec 2026 15:00", narrow).await;
    world.mail(Mail::from(ANN).saying("", "")).await;
    // Two days before the date, mail of others has used up what may leave for a day.
    world.goes_to("Tue 8 Dec 2026 08:00").await;
    for n in 0..4 {
        world.mail(complaint_of(&format!("neighbour-{n}@example.com"))).await;
    }
    assert_eq!(held(&world).await.len(), 2 + 2, "to residents, and to the officer");
    world.goes_to("Tue 8 Dec 2026 09:00").await;
    assert_eq!(world.told(OFFICER).await.last().unwrap(), "Tue 8 Dec 09:00 reminder");
    assert_eq!(world.letters_to(OPERATOR).len(), 1);
}

#[tokio::test]
async fn a_limit_on_all_letters_is_told_by_the_second_way() {
    let narrow = |config: &mut Config| config.limits.letters.residents.all = Rate::of(1, 1);
    let mut world = World::with("Fri 20 Nov 2026 15:00", narrow).await;
    for who in [ANN, "bob@example.com", "cat@example.com"] {
        world.mail(complaint_of(who)).await;
    }
    let told = world.second_way();
    assert_eq!(told.matches("Redress: letters of every landlord are held back").count(), 1, "{told}");
    assert!(told.contains("in_all: Redress has sent 1 letter like it in an hour"), "{told}");
}

#[tokio::test]
async fn a_clock_that_is_set_back_by_days_neither_closes_the_gate_for_long_nor_opens_it() {
    let narrow = |config: &mut Config| config.limits.letters.residents.landlord = Rate::of(2, 2);
    let mut world = World::with("Fri 27 Nov 2026 15:00", narrow).await;
    let mut residents = (0..).map(|n| format!("resident-{n}@example.com"));
    let mut writes = async |world: &mut World| {
        for who in residents.by_ref().take(3) {
            world.mail(complaint_of(&who)).await;
        }
        held(world).await.len()
    };
    assert_eq!(writes(&mut world).await, 1);
    world.sleeps_until("Mon 23 Nov 2026 15:00").await;
    assert_eq!(writes(&mut world).await, 2, "what left in days to come is not counted; the limit holds all the same");
    world.sleeps_until("Fri 27 Nov 2026 15:01").await;
    assert_eq!(writes(&mut world).await, 5, "the two of that day are counted again");
    world.sleeps_until("Mon 30 Nov 2026 15:00").await;
    assert_eq!(writes(&mut world).await, 6, "a day later the gate is open");
}

#[tokio::test]
async fn letters_of_the_time_before_going_live_meet_the_gate_like_others() {
    let hold = |config: &mut Config| {
        config.sending = redress::config::Sending::Hold;
        config.limits.letters.residents.landlord = Rate::of(2, 2);
    };
    let mut world = World::with("Fri 20 Nov 2026 15:00", hold).await;
    for n in 0..3 {
        world.mail(complaint_of(&format!("resident-{n}@example.com"))).await;
    }
    world.config.sending = redress::config::Sending::Live;
    world.restart().await;
    let stopped = held(&world).await;
    assert_eq!(stopped.iter().map(|letter| letter.brake.as_deref()).collect::<Vec<_>>(), [Some("per_landlord")]);
    world.restart().await;
    let still: Vec<_> = held(&world).await.iter().map(|letter| letter.id).collect();
    assert_eq!(still, [stopped[0].id], "going live releases nothing that a limit holds");
}

#[tokio::test]
async fn a_resident_who_sends_a_thousand_mails_gets_every_one_logged_and_few_answers() {
    let mut world = World::at("Fri 20 Nov 2026 09:00").await;
    world.mail(complaint_of("Ann Example <ann@example.com>")).await;
    let letter = world.last_letter_to(ANN);
    for n in 1..=1000 {
        let words = format!("This is note number {n} about it.");
        world.arrives("complaints", "INBOX", Mail::from(ANN).answering(&letter).saying("Re: Leaking ceiling", &words));
    }
    world.looks().await;

    let case = world.cases().await.remove(0);
    assert_eq!(world.cases().await.len(), 1);
    let history = world.history(&case).await;
    let added = history.iter().filter(|line| *line == "message added by resident").count();
    assert_eq!(added, 1000, "every one is kept with the case");
    assert_eq!(world.told(ANN).await, ["Fri 20 Nov 09:00 acknowledgement", "Fri 20 Nov 09:00 added"]);
    let told = world.told(OFFICER).await;
    assert_eq!(told.iter().filter(|line| line.ends_with("new-message")).count(), 11, "{told:?}");
    let last = world.last_letter_to(OFFICER);
    assert!(last.says("you will not get a letter for each one for the rest of the day"), "{}", last.text);
    assert!(last.says(&format!("redress case show {case}")));
    assert!(held(&world).await.is_empty(), "nothing waits for anybody");

    // Word of a danger is told at once all the same, though not for ever; and what she writes on another day is.
    for n in 0..30 {
        let words = format!("I can smell gas and there is smoke, {n}.");
        world.arrives("complaints", "INBOX", Mail::from(ANN).answering(&letter).saying("Re: Leaking ceiling", &words));
    }
    world.looks().await;
    assert!(world.last_letter_to(OFFICER).subject.starts_with("URGENT"), "{}", world.last_letter_to(OFFICER).subject);
    let officer = world.letters_to(OFFICER).len();
    assert_eq!(officer, 1 + 20, "the new case, and its messages");
    assert_eq!(world.letters_to(ANN).len(), 10, "the emergency numbers, until enough was answered");
    assert!(held(&world).await.is_empty());
    world.goes_to("Sat 21 Nov 2026 10:00").await;
    world.mail(Mail::from(ANN).answering(&letter).saying("Re: Leaking ceiling", "Please ring me on Monday.")).await;
    assert_eq!(world.letters_to(OFFICER).len(), officer + 1);
}

#[tokio::test]
async fn two_hundred_complaints_from_one_address_are_fifty_cases_and_drown_nobody() {
    let mut world = World::at("Fri 20 Nov 2026 09:00").await;
    for n in 1..=200 {
        let words = format!("This is complaint number {n}. I am not happy that my ceiling leaks and nobody came.");
        world.arrives("complaints", "INBOX", Mail::from(ANN).saying(&format!("Complaint {n}"), &words));
    }
    world.looks().await;
    world.mail(complaint_of("Bob Example <bob@example.com>")).await;
    assert_eq!(world.cases().await.len(), 50 + 1);
    assert_eq!(world.sorted().await.len(), 201, "every one is logged");
    let newest = world.cases().await[49].clone();
    let added = world.history(&newest).await.iter().filter(|line| *line == "message added by resident").count();
    assert_eq!(added, 150, "what has no case of its own is kept with the newest");
    assert_eq!(world.letters_to(ANN).len(), 10, "after that a person answers");
    assert_eq!(world.told("bob@example.com").await, ["Fri 20 Nov 09:00 acknowledgement"]);
    let told = world.told(OFFICER).await;
    assert_eq!(told.iter().filter(|line| line.ends_with("new-case")).count(), 51);
    assert_eq!(told.iter().filter(|line| line.ends_with("new-message")).count(), 11);

    // Nobody acknowledges the others: their reminders are no flood.
    world.goes_to("Wed 25 Nov 2026 10:00").await;
    let told = world.told(OFFICER).await;
    assert_eq!(told.iter().filter(|line| line.ends_with("reminder")).count(), 40);
    assert!(held(&world).await.is_empty(), "nothing waits for anybody");
}

#[tokio::test]
async fn ten_days_of_mail_leave_within_minutes() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    for n in 0..60 {
        let who = format!("resident-{n}@example.com");
        world.arrives("complaints", "INBOX", complaint_of(&who));
        for more in 0..2 {
            let subject = format!("Dripping tap, the {more}. time");
            let words = "Please could you send someone to repair the tap in my bathroom? It has started to drip.";
            world.arrives("complaints", "INBOX", Mail::from(&who).saying(&subject, words));
        }
    }
    world.looks().await;
    let letters = world.outbox().await;
    assert!(letters.iter().all(|letter| letter.state == "sent"), "{:?}", held(&world).await);
    let count = |audience: &str| letters.iter().filter(|letter| letter.audience == audience).count();
    assert_eq!((count("resident"), count("staff")), (180, 180));
}
