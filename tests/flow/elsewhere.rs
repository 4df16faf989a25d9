//! What went wrong in other programs that read a shared mailbox, told of this one. `tests/faults.md` names where it was met.

use jiff::ToSpan as _;
use redress::domain::reconcile::Difference;

use super::poison::compares;
use super::*;

fn bob() -> Mail {
    Mail::from("Bob Example <bob@example.com>").saying("Complaint about the lift", COMPLAINT)
}

// ── fetching ──────────────────────────────────────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn a_program_that_was_down_for_ten_days_takes_in_all_that_came_and_a_rebuilt_mailbox_brings_none_of_it_again() {
    let mut world = World::at("Mon 23 Nov 2026 09:00").await;
    world.stop().await;
    for number in 0..120 {
        let mail = Mail::from(&format!("resident{number}@example.com")).saying("Complaint about the lift", COMPLAINT);
        world.arrives("complaints", "INBOX", mail);
    }
    world.passes_until("Thu 3 Dec 2026 09:00");
    world.restart().await;
    world.looks().await;
    assert_eq!(world.cases().await.len(), 120);
    let tries = world.tries();
    world.mailbox_is_rebuilt();
    world.looks().await;
    assert_eq!((world.cases().await.len(), world.tries()), (120, tries));
}

/// Goal: a complaint under a number that was another's is heard, also one that lay in the junk folder before.
/// How: the mail server's disk is restored from a copy that has the first of three messages, and keeps its UIDVALIDITY.
#[tokio::test]
async fn a_mail_server_that_was_set_back_gives_its_numbers_out_again_and_what_lies_under_them_is_taken_in() {
    for move_to in [None, Some("Logged".to_owned())] {
        let mut world =
            World::with("Fri 20 Nov 2026 15:00", |config| config.mailboxes[0].move_to = move_to.clone()).await;
        let enquiry = Mail::from("Cy Example <cy@example.com>").known_as("rescued@example.com");
        let enquiry =
            enquiry.saying("Opening hours", "Could you tell me what time your office opens on Saturdays, please?");
        world.arrives("complaints", "Junk", enquiry.clone());
        world.mail(complaint()).await;
        for number in 0..2 {
            world.mail(Mail::from(&format!("neighbour{number}@example.com")).saying("Complaint", COMPLAINT)).await;
        }
        world.goes_to("Fri 20 Nov 2026 16:00").await;
        world.mailboxes["complaints"].lock().unwrap().is_set_back(1);
        world.arrives("complaints", "INBOX", bob());
        world.arrives("complaints", "INBOX", enquiry);
        world.looks().await;
        assert_eq!((world.inbox().await.len(), world.cases().await.len()), (4, 3), "a look takes both for known");

        let asked = world.compares().await;
        let [Difference::NotHere { folder, uids, .. }] = &asked.differences[..] else { panic!("{asked:?}") };
        assert_eq!((folder.as_str(), uids.iter().map(String::as_str).collect()), ("INBOX", vec!["2", "3"]));
        let compared = compares(&world).await;
        assert_eq!((compared.folders[0].found, &compared.differences[..]), (2, &[][..]));
        world.looks().await;
        assert_eq!(world.told("bob@example.com").await, ["Fri 20 Nov 16:00 acknowledgement"]);
        assert_eq!(world.sorted().await[4..], ["handled: complaint", "handled: enquiry"]);
        let (inbox, logged) = if move_to.is_some() { (0, 3) } else { (3, 0) };
        assert_eq!((world.lying_in("INBOX"), world.lying_in("Logged")), (inbox, logged));

        world.clock.set(world.now() + 25.hours());
        let agreed = compares(&world).await;
        assert!(agreed.at == world.now() && agreed.differences.is_empty());
        assert!(agreed.folders.iter().all(|tally| tally.found == 0 && tally.server == tally.ours));
        assert_eq!(world.inbox().await.len(), 6);
    }
}

#[tokio::test]
async fn a_message_of_which_the_server_says_another_arrival_is_the_same_one() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.mail(complaint()).await;
    let before = world.everything().await;
    let minute = jiff::SignedDuration::from_mins(1);
    world.mailboxes["complaints"].lock().unwrap().folders.get_mut("INBOX").unwrap()[0].1 += minute;
    let compared = compares(&world).await;
    assert_eq!((compared.folders[0].found, &compared.differences[..]), (0, &[][..]));
    assert_eq!(world.everything().await, before);
}

#[tokio::test]
async fn the_day_a_message_counts_from_is_its_arrival_whatever_its_date_says() {
    for date in ["Thu, 01 Jan 1970 00:00:00 +0000", "Tue, 19 Jan 2038 03:14:07 +0000", "11/20/26 3:00pm", ""] {
        let mut world = World::at("Fri 20 Nov 2026 15:00").await;
        world.mail(complaint().header(&format!("Date: {date}"))).await;
        let case = world.cases().await.remove(0);
        assert!(world.history(&case).await.contains(&"acknowledge by 2026-11-27".to_owned()), "{date}");
    }
}

#[tokio::test]
async fn what_exchange_gives_in_place_of_a_message_is_put_before_a_person_with_the_clock_running() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    let stub = Mail::from("Microsoft Exchange Server <microsoft@unknown>").saying(
        "Retrieval using the IMAP4 protocol failed for the following message: 4711",
        "The server couldn't retrieve the following message:\n\nSubject: \"Thank you\"\nFrom: \"Ann\" (\"ann@example.com\")",
    );
    world.mail(stub).await;
    assert_eq!(world.sorted().await, ["set_aside: could not be read"]);
    let case = world.cases().await.remove(0);
    assert!(world.history(&case).await.contains(&"acknowledge by 2026-11-27".to_owned()));
    assert!(world.last_letter_to(OFFICER).says("Look for it in the mailbox"), "{}", world.last_letter_to(OFFICER).text);
    assert!(world.letters_to("microsoft@unknown").is_empty());
}

#[tokio::test]
async fn a_mailbox_that_lets_nobody_in_keeps_no_other_from_being_read() {
    let mut world = World::with_a_second_mailbox("Fri 20 Nov 2026 15:00").await;
    world.mailboxes["complaints"].lock().unwrap().trouble = Some(Trouble::NoLogin);
    world.arrives("repairs", "INBOX", complaint());
    let daemon = std::sync::Arc::clone(world.daemon().unwrap());
    for look in [Round::Look(0), Round::Look(1)] {
        std::sync::Arc::clone(&daemon).step(look).await.unwrap();
    }
    world.goes_to("Fri 20 Nov 2026 15:01").await;
    assert_eq!(world.told(ANN).await, ["Fri 20 Nov 15:01 acknowledgement"]);
}

#[tokio::test]
async fn a_message_too_large_to_go_with_a_letter_is_kept_whole_and_the_officer_is_told_where() {
    let photo = "/9j/4AAQSkZJRg==\n".repeat(200);
    let body = format!(
        "--b\nContent-Type: text/plain\n\n{COMPLAINT}\n--b\nContent-Type: image/jpeg; name=ceiling.jpg\n\
         Content-Disposition: attachment; filename=ceiling.jpg\nContent-Transfer-Encoding: base64\n\n{photo}\n--b--"
    );
    let mail = complaint().header("Content-Type: multipart/mixed; boundary=b").saying("Complaint", &body);
    for (attach_bytes, goes_along) in [(2_000, false), (20_000, true)] {
        let mut world = World::with("Fri 20 Nov 2026 15:00", |config| config.limits.attach_bytes = attach_bytes).await;
        world.mail(mail.clone()).await;
        let told = world.last_letter_to(OFFICER);
        let files = String::from_utf8(told.bytes.clone()).expect("ASCII");
        assert_eq!(files.contains("/9j/4AAQSkZJRg=="), goes_along);
        assert_eq!(told.says("too large to go with this letter"), !goes_along, "{}", told.text);
        let message = world.inbox().await.remove(0).id;
        assert_eq!(told.says(&format!("redress inbox raw {message}")), !goes_along, "{}", told.text);
        let kept = world.office().store.message(message).await.expect("a database").expect("a message");
        let kept = String::from_utf8(kept.raw.expect("bytes")).expect("ASCII");
        assert!(kept.contains(&photo.replace('\n', "\r\n")));
    }
}

// ── one and the same, or another ──────────────────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn two_messages_with_one_message_id_are_two() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.mail(complaint().known_as("4711@example.com")).await;
    world.goes_to("Fri 27 Nov 2026 15:00").await;
    world.mail(bob().known_as("4711@example.com")).await;
    assert_eq!(world.cases().await.len(), 2);
    assert_eq!(world.letters_to("bob@example.com").len(), 1);
}

#[tokio::test]
async fn messages_without_a_message_id_are_each_logged_and_answered_once() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    let raw = |words: &str| {
        format!(
            "From: Ann Example <ann@example.com>\r\nTo: {COMPLAINTS}\r\nSubject: Complaint\r\n\r\n{words}\r\n{COMPLAINT}\r\n"
        )
    };
    for words in ["The ceiling.", "The lift."] {
        world.arrives_raw("complaints", "INBOX", raw(words).as_bytes());
    }
    world.looks().await;
    assert_eq!((world.cases().await.len(), world.letters_to(ANN).len()), (2, 2));
    world.mailbox_is_rebuilt();
    world.looks().await;
    assert_eq!((world.cases().await.len(), world.letters_to(ANN).len()), (2, 2));
}

#[tokio::test]
async fn a_mailbox_that_has_left_the_configuration_keeps_no_list_from_being_written() {
    let mut world = World::with_a_second_mailbox("Fri 20 Nov 2026 15:00").await;
    world.mail(unclear()).await;
    let gone = world.config.mailboxes[1].name.clone();
    world.arrives(&gone, "INBOX", Mail::from(ANN).saying("Dripping tap", REQUEST));
    world.looks().await;
    world.config.mailboxes.pop();
    world.restart().await;
    world.goes_to("Mon 23 Nov 2026 12:00").await;
    assert_eq!(world.lists_to(OFFICER).len(), 1);
}

#[tokio::test]
async fn a_message_that_lies_in_two_folders_as_gmail_keeps_it_is_one_case() {
    let folders = |config: &mut Config| config.mailboxes[0].folders = vec!["INBOX".to_owned(), "All Mail".to_owned()];
    let mut world = World::with("Fri 20 Nov 2026 15:00", folders).await;
    let mail = complaint().known_as("label@example.com");
    world.arrives("complaints", "All Mail", mail.clone());
    world.arrives("complaints", "INBOX", mail);
    // Somebody took the label away before we looked: it lies in one of them only.
    world.arrives("complaints", "All Mail", bob());
    world.looks().await;
    assert_eq!(world.cases().await.len(), 2);
    assert_eq!((world.letters_to(ANN).len(), world.letters_to("bob@example.com").len()), (1, 1));
}

#[tokio::test]
async fn an_answer_to_the_residents_own_message_joins_its_case() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    let first = world.mail(complaint()).await;
    let answer = |from: &str| {
        let mail = Mail::from(from).header(&format!("In-Reply-To: <{first}>"));
        mail.saying("Re: Leaking ceiling, complaint", "It was nine times, not five.")
    };
    world.mail(answer(ANN)).await;
    world.mail(answer("Bob Example <bob@example.com>")).await;
    let case = world.cases().await;
    assert_eq!(case.len(), 1);
    let added: Vec<String> =
        world.history(&case[0]).await.into_iter().filter(|line| line.starts_with("message added")).collect();
    assert_eq!(added, ["message added by resident", "message added by stranger"]);
    assert!(world.letters_to("bob@example.com").is_empty(), "a person decides who Bob is");
}

// ── loops ─────────────────────────────────────────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn our_own_address_among_the_recipients_is_never_written_to() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.mail(complaint().header(&format!("Cc: {COMPLAINTS}, repairs@example.org, bob@example.com"))).await;
    world.mail(complaint().header(&format!("Reply-To: {COMPLAINTS}")).saying("Complaint: the lift", COMPLAINT)).await;
    assert_eq!(world.told(ANN).await, ["Fri 20 Nov 15:00 acknowledgement"]);
    for address in [COMPLAINTS, "repairs@example.org", "bob@example.com"] {
        assert!(world.letters_to(address).is_empty(), "{address}");
    }
}

#[tokio::test]
async fn a_days_answers_do_not_use_up_those_of_the_next() {
    let mut world = World::with("Fri 20 Nov 2026 09:00", |config| config.limits.answers_per_address_per_day = 1).await;
    world.mail(complaint()).await;
    world.goes_to("Sat 21 Nov 2026 08:59").await;
    world.mail(complaint().saying("Complaint: the lift", COMPLAINT)).await;
    assert_eq!(world.letters_to(ANN).len(), 1, "within a day");
    world.goes_to("Sat 21 Nov 2026 09:01").await;
    world.mail(complaint().saying("Complaint: the stairs", COMPLAINT)).await;
    assert_eq!(world.letters_to(ANN).len(), 2, "a day later");
    assert_eq!(world.cases().await.len(), 3);
}

#[tokio::test]
async fn an_absence_note_to_the_last_letter_neither_opens_nor_closes_anything() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.mail(complaint()).await;
    let case = world.cases().await.remove(0);
    world.goes_to("Tue 1 Dec 2026 10:00").await;
    world.responds(&case, OFFICER).await;
    let response = world.last_letter_to(ANN);
    let open = world.office().store.cases().await.unwrap()[0].open();
    world.is_away(&response).await;
    // As Gmail, Exchange and a rule of Outlook's say it.
    for note in [
        Mail::from(ANN).answering(&response).header("Precedence: bulk").header("X-Autoreply: yes"),
        Mail::from(ANN)
            .answering(&response)
            .header("Auto-Submitted: auto-generated")
            .header("X-Auto-Response-Suppress: All"),
        Mail::from(ANN).answering(&response),
    ] {
        let words = "I am on annual leave until Monday. If it is urgent please contact my sister.";
        world.mail(note.saying(&format!("Automatic reply: {}", response.subject), words)).await;
    }
    let history = world.history(&case).await;
    assert!(!history.iter().any(|line| line == "escalated" || line.starts_with("message added")), "{history:?}");
    assert_eq!(world.office().store.cases().await.unwrap()[0].open(), open);
    assert_eq!((world.cases().await.len(), world.letters_to(ANN).len()), (1, 2));
}

// ── dates and reminders ───────────────────────────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn a_new_date_has_reminders_of_its_own() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.mail(complaint()).await;
    let case = world.cases().await.remove(0);
    world.goes_to("Fri 4 Dec 2026 10:00").await;
    let before = world.told(OFFICER).await.len();
    let extension = Command::Extend {
        until: "2026-12-18".parse().unwrap(),
        reason: Words::new("The roofer is ill."),
        good_reason: None,
        updates_every: None,
    };
    world.does(&case, OFFICER, extension).await;
    world.goes_to("Fri 18 Dec 2026 12:00").await;
    let again = ["Wed 16 Dec 09:00 reminder", "Thu 17 Dec 09:00 reminder", "Fri 18 Dec 09:00 reminder"];
    assert_eq!(world.told(OFFICER).await[before..], again);
}

#[tokio::test]
async fn a_reader_whom_the_server_refuses_keeps_the_reminder_from_nobody_else() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.mail(complaint()).await;
    world.server_answers(OFFICER, Answer::Refused);
    world.goes_to("Mon 7 Dec 2026 12:00").await;
    let last = |told: Vec<String>| told.last().cloned().unwrap_or_default();
    for person in [DEPUTY, MANAGER, MEMBER] {
        assert_eq!(last(world.told(person).await), "Mon 7 Dec 09:00 reminder", "{person}");
    }
}

// ── people ────────────────────────────────────────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn a_new_trouble_below_a_thread_of_two_years_ago_is_a_case_anew_and_a_message_to_six_is_one() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    let others: Vec<String> = (0..5).map(|number| format!("other{number}@example.com")).collect();
    let all: Vec<&str> = others.iter().map(String::as_str).chain([COMPLAINTS]).collect();
    world.mail(complaint().to(&all)).await;
    let letter = world.last_letter_to(ANN);
    let case = world.cases().await;
    assert_eq!(case.len(), 1);
    world.does(&case[0], OFFICER, Command::Withdraw { how: Words::new("She rang: it is mended.") }).await;
    world.goes_to("Mon 20 Nov 2028 15:00").await;
    world.mail(Mail::from(ANN).answering(&letter).saying("Re: Leaking ceiling", COMPLAINT)).await;
    let cases = world.cases().await;
    assert_eq!(cases.len(), 2);
    let history = world.history(&cases[1]).await;
    assert_eq!(history[0], "opened as complaint");
    assert!(history.contains(&"acknowledged".to_owned()));
}
