//! Told stories of the landlord's people, who work by e-mail: what they ask for is done, answered, and can be undone for a
//! while; and nobody else can ask for it in their name.

use redress::config::Config;

use crate::sim::*;

const COMPLAINT: &str = "I am writing to complain about the way my repair has been handled. The kitchen ceiling has leaked since August, \
I have rung five times and nobody has come. This is not good enough.\n\nI want the ceiling made good and an apology.\n\nAnn Example\n14 Orchard Court";

const ADA: &str = "Ada Officer <ada@example.net>";

fn complaint() -> Mail {
    Mail::from("Ann Example <ann@example.com>").saying("Leaking ceiling, complaint", COMPLAINT)
}

/// A complaint came on Friday 20 November 2026 at 15:00, and the officer has heard of it.
async fn a_complaint() -> (World, String) {
    a_complaint_with(|_| ()).await
}

async fn a_complaint_with(change: impl FnOnce(&mut Config)) -> (World, String) {
    let mut world = World::with("Fri 20 Nov 2026 15:00", change).await;
    world.mail(complaint()).await;
    let reference = world.cases().await.remove(0);
    (world, reference)
}

/// An answer to the last letter to `address`, as `from`.
fn reply(world: &World, address: &str, from: &str, text: &str) -> Mail {
    let letter = world.last_letter_to(address);
    let quoted: String = letter.text.lines().map(|line| format!("> {line}\n")).collect();
    let body =
        format!("{text}\n\nOn Fri, 20 Nov 2026 at 15:00, Orchard Housing <complaints@example.org> wrote:\n{quoted}");
    let mail = Mail::from(from).answering(&letter);
    let subject = format!("Re: {}", letter.subject);
    mail.saying(&subject, &body)
}

async fn ada_replies(world: &mut World, text: &str) -> Letter {
    let mail = reply(world, OFFICER, ADA, text);
    world.mail(mail).await;
    world.last_letter_to(OFFICER)
}

/// Every date that is owed.
async fn dates(world: &World) -> Vec<String> {
    let rows = world.office().store.deadlines().await.expect("the database works");
    rows.iter().map(|row| format!("{} {} by {}", row.reference, row.duty, row.due)).collect()
}

/// Nothing of `before` has changed but what is said of messages and answers.
async fn unmoved(world: &World, reference: &str, before: &[String]) {
    let aside =
        |line: &&String| !["message", "letter", "sent", "disbelieved"].iter().any(|word| line.starts_with(word));
    let now = world.history(reference).await;
    assert_eq!(now.iter().filter(aside).collect::<Vec<_>>(), before.iter().filter(aside).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_reply_extends_the_date_and_the_residents_letter_waits_five_minutes() {
    let (mut world, reference) = a_complaint().await;
    world.goes_to("Mon 23 Nov 2026 10:00").await;
    let answer =
        ada_replies(&mut world, "Hi,\n\nextend until Fri 11 Dec because the part comes from Italy\n\nThanks\nAda")
            .await;
    assert_eq!(answer.subject, format!("Done: complaint {reference}"));
    for said in ["Friday 11 December 2026", "undo", "10:05", "the part comes from Italy"] {
        assert!(answer.says(said), "{said}: {}", answer.text);
    }
    assert_eq!(world.letters_to(ANN).len(), 1, "the letter waits");
    world.goes_to("Mon 23 Nov 2026 10:04").await;
    assert_eq!(world.letters_to(ANN).len(), 1);
    world.goes_to("Mon 23 Nov 2026 10:05").await;
    assert_eq!(world.told(ANN).await.last().expect("a letter"), "Mon 23 Nov 10:05 extension");
    assert!(world.last_letter_to(ANN).says("Friday 11 December 2026"));
    let late = ada_replies(&mut world, "undo").await;
    assert!(late.says("Nothing has been changed") && late.says("nothing that can be undone"), "{}", late.text);
    assert_eq!(world.letters_to(ANN).len(), 2);
}

#[tokio::test]
async fn undo_takes_back_what_the_last_email_did_and_its_letter_never_leaves() {
    let (mut world, reference) = a_complaint().await;
    world.goes_to("Mon 23 Nov 2026 10:00").await;
    let before = world.history(&reference).await;
    let owed = dates(&world).await;
    ada_replies(&mut world, "extend until 11 December because the part comes from Italy").await;
    assert_ne!(dates(&world).await, owed);
    world.goes_to("Mon 23 Nov 2026 10:02").await;
    let answer = ada_replies(&mut world, "Undo!").await;
    assert!(answer.says("Done"), "{} {:?}", answer.text, world.history(&reference).await);
    assert_eq!(answer.subject, format!("Done: complaint {reference}"));
    assert_eq!(dates(&world).await, owed);
    world.restart().await;
    world.goes_to("Mon 23 Nov 2026 12:00").await;
    assert_eq!(world.letters_to(ANN).len(), 1, "only the acknowledgement");
    let history = world.history(&reference).await;
    assert!(history.len() > before.len() && history.contains(&"undone".to_owned()), "{history:?}");
    // And it can be done again, better.
    ada_replies(&mut world, "extend until 10 December because the part comes from Italy").await;
    world.goes_to("Mon 23 Nov 2026 13:00").await;
    assert!(world.last_letter_to(ANN).says("Thursday 10 December 2026"));
}

#[tokio::test]
async fn what_the_rules_forbid_or_nobody_understands_changes_nothing_and_says_why() {
    let (mut world, reference) = a_complaint().await;
    world.goes_to("Mon 23 Nov 2026 10:00").await;
    let before = world.history(&reference).await;
    for (text, said) in [
        ("extend until 12 March 2027 because we are busy", "good-reason"),
        ("extend until soon because we are busy", "until"),
        ("extend\nbecause: we are busy", "until"),
        ("extend until 11 December because busy\n\nclose\nlearning: we learnt a lot", "response is still owed"),
        ("respond\nanswer: upheld: late", "how it is put right"),
        ("undo", "nothing that can be undone"),
        ("reopen because: why not", "has not ended"),
    ] {
        let answer = ada_replies(&mut world, text).await;
        assert!(answer.says("Nothing has been changed"), "{text}: {}", answer.text);
        assert!(answer.says(said), "{text}: {said}: {}", answer.text);
        unmoved(&world, &reference, &before).await;
    }
    assert_eq!(world.letters_to(ANN).len(), 1);
}

#[tokio::test]
async fn a_plain_reply_is_filed_and_asked_about_and_thanks_are_only_filed() {
    let (mut world, reference) = a_complaint().await;
    world.goes_to("Mon 23 Nov 2026 10:00").await;
    let before = world.history(&reference).await;
    let answer = ada_replies(&mut world, "I spoke to the surveyor and she says the roof is fine. Odd.").await;
    assert_eq!(answer.subject, format!("On file. What would you like done?: complaint {reference}"));
    assert!(answer.says("Nobody outside has seen it"), "{}", answer.text);
    let letters = world.letters_to(OFFICER).len();
    ada_replies(&mut world, "Thank you very much!").await;
    assert_eq!(world.letters_to(OFFICER).len(), letters, "no answer to thanks");
    unmoved(&world, &reference, &before).await;
    assert_eq!(world.letters_to(ANN).len(), 1);
}

#[tokio::test]
async fn status_and_help_are_answered_and_change_nothing() {
    let (mut world, reference) = a_complaint().await;
    let before = world.history(&reference).await;
    let status = ada_replies(&mut world, "Status please").await;
    assert!(status.says("Friday 4 December 2026") && status.says("Ada Officer"), "{}", status.text);
    let help = ada_replies(&mut world, "help").await;
    assert!(help.says("acknowledge: Send the acknowledgement") && help.says("undo"), "{}", help.text);
    let help = ada_replies(&mut world, "help extend").await;
    assert!(help.says("until:") && help.says("6.4"), "{}", help.text);
    unmoved(&world, &reference, &before).await;
}

#[tokio::test]
async fn the_files_of_a_response_go_on_to_the_resident_and_a_logo_does_not() {
    let (mut world, reference) = a_complaint().await;
    world.goes_to("Mon 23 Nov 2026 10:00").await;
    let letter = world.last_letter_to(OFFICER);
    let words = "define\npoint: The kitchen ceiling has leaked since August\n\nrespond\nanswer: upheld: We promised four weeks and took \
                 three months.\nremedy: apology: We are sorry.";
    let part = |head: &str, body: &str| format!("--b\n{head}\n\n{body}\n");
    let body = [
        part("Content-Type: text/plain; charset=utf-8", words),
        part(
            "Content-Type: application/pdf; name=survey.pdf\nContent-Disposition: attachment; filename=survey.pdf\n\
             Content-Transfer-Encoding: base64",
            "JVBERi0xLjQK",
        ),
        part(
            "Content-Type: image/jpeg; name=\"ceiling.jpg\"\nContent-Disposition: inline; filename=\"ceiling.jpg\"\n\
             Content-Transfer-Encoding: base64",
            "/9j/4AAQSkZJRg==",
        ),
        "--b--".to_owned(),
    ]
    .concat();
    let mail = Mail::from(ADA).answering(&letter).header("Content-Type: multipart/mixed; boundary=b");
    let subject = format!("Re: {}", letter.subject);
    world.mail(mail.saying(&subject, &body)).await;
    let answer = world.last_letter_to(OFFICER);
    assert!(answer.says("With it: survey.pdf, ceiling.jpg"), "{}", answer.text);
    world.goes_to("Mon 23 Nov 2026 10:10").await;
    assert_eq!(world.told(ANN).await.last().expect("a letter"), "Mon 23 Nov 10:05 response", "{reference}");
    let response = String::from_utf8(world.last_letter_to(ANN).bytes).expect("ASCII");
    for there in ["filename=\"survey.pdf\"", "filename=\"ceiling.jpg\"", "JVBERi0xLjQK", "/9j/4AAQSkZJRg=="] {
        assert!(response.contains(there), "{there}");
    }
}

#[tokio::test]
async fn what_came_by_telephone_is_logged_by_email_and_without_proof_nobody_is_written_to() {
    let (mut world, _) = a_complaint().await;
    world.goes_to("Mon 23 Nov 2026 10:00").await;
    let form =
        "log\nby: telephone\nname: Rosa Quill\nemail: rosa@example.com\npoint: The lift has been broken for six weeks";
    let asked = ada_replies(&mut world, form).await;
    assert!(
        asked.says("Nothing has been changed") && asked.says("received"),
        "the true date is asked for: {}",
        asked.text
    );
    ada_replies(&mut world, &format!("{form}\nreceived: Friday 14:30")).await;
    let logged = world.cases().await.pop().expect("a case");
    assert_eq!(world.last_letter_to(OFFICER).subject, format!("Done: complaint {logged}"));
    assert_eq!(world.told("rosa@example.com").await, ["Mon 23 Nov 10:00 acknowledgement"]);
    assert!(world.last_letter_to("rosa@example.com").says("Friday 20 November 2026"));

    let unproved = form.replace("rosa@", "una@").replace("Rosa", "Una");
    world.mail(Mail::from(ADA).saying("A call", &format!("{unproved}\nreceived: Friday 14:30"))).await;
    assert_eq!(world.cases().await.len(), 3, "nothing is lost");
    assert_eq!(world.told("una@example.com").await, [""; 0]);
    assert!(world.last_letter_to(OFFICER).says("in the name of Ada Officer"));
}

#[tokio::test]
async fn away_and_back_are_said_by_answering_the_mornings_list() {
    let (mut world, _) = a_complaint().await;
    world.goes_to("Wed 2 Dec 2026 08:45").await;
    let list = world.lists_to(OFFICER).pop().expect("a list in the morning");
    let answering = |text: &str| {
        let subject = format!("Re: {}", list.subject);
        Mail::from(ADA).answering(&list).saying(&subject, text)
    };
    world.mail(answering("away until 14 December, cover Dan Manager")).await;
    let answer = world.last_letter_to(OFFICER);
    assert!(answer.says("Monday 14 December 2026") && answer.says("Dan Manager"), "{}", answer.text);
    world.goes_to("Wed 2 Dec 2026 09:30").await;
    assert!(world.last_letter_to(MANAGER).says("Ada Officer"), "the reminder goes to whoever stands in");
    let letters = world.letters_to(OFFICER).len();
    world.mail(answering("back")).await;
    assert_eq!(world.letters_to(OFFICER).len(), letters + 1);
    world.goes_to("Thu 3 Dec 2026 09:30").await;
    assert_eq!(world.told(OFFICER).await.last().expect("a letter"), "Thu 3 Dec 09:00 reminder");
}

#[tokio::test]
async fn a_letter_to_the_resident_with_us_in_copy_is_filed_as_one_that_went_out() {
    let (mut world, reference) = a_complaint().await;
    world.goes_to("Mon 23 Nov 2026 10:00").await;
    let letter = Mail::from(ADA).to(&[ANN, COMPLAINTS]).saying(
        &format!("Your complaint {reference}"),
        "Dear Ann,\n\nThe surveyor comes on Thursday at ten.\n\nAda Officer",
    );
    world.mail(letter).await;
    let answer = world.last_letter_to(OFFICER);
    assert_eq!(answer.subject, format!("Your letter is on file: complaint {reference}"));
    assert_eq!(world.cases().await, [reference]);
    assert_eq!(world.letters_to(ANN).len(), 1);
}

// ── in somebody's name ────────────────────────────────────────────────────────────────────────────────────────────

const EXTEND: &str = "extend until 11 December because the part comes from Italy";

#[tokio::test]
async fn a_forged_name_does_nothing_is_recorded_and_told_once_a_day() {
    let (mut world, reference) = a_complaint().await;
    world.goes_to("Mon 23 Nov 2026 10:00").await;
    let before = world.history(&reference).await;
    let forged = || Mail::from(ADA).saying(&format!("[{reference}]"), EXTEND);
    world.mail(forged()).await;
    let told = world.last_letter_to(OFFICER);
    assert_eq!(told.subject, format!("Was this you?: complaint {reference}"));
    assert!(told.says("Nothing has been changed") && told.says("no answer to a letter of ours"), "{}", told.text);
    let letters = world.letters_to(OFFICER).len();
    world.mail(forged()).await;
    world.mail(forged()).await;
    assert_eq!(world.letters_to(OFFICER).len(), letters, "told once");
    unmoved(&world, &reference, &before).await;
    assert_eq!(world.history(&reference).await.iter().filter(|line| *line == "disbelieved").count(), 3);
    // It was Ada after all: answering that letter proves it.
    ada_replies(&mut world, EXTEND).await;
    world.goes_to("Mon 23 Nov 2026 11:00").await;
    assert_eq!(world.told(ANN).await.last().expect("a letter"), "Mon 23 Nov 10:05 extension");
}

#[tokio::test]
async fn a_residents_letter_gives_nobody_the_officers_power() {
    let (mut world, reference) = a_complaint().await;
    world.goes_to("Mon 23 Nov 2026 10:00").await;
    let before = world.history(&reference).await;
    let theirs = world.last_letter_to(ANN);
    // The resident herself, and somebody who has her letter and Ada's name.
    world.mail(Mail::from("Ann Example <ann@example.com>").answering(&theirs).saying("Re: complaint", EXTEND)).await;
    world.mail(Mail::from(ADA).answering(&theirs).saying("Re: complaint", EXTEND)).await;
    // One officer's letter proves nothing about another.
    let adas = world.last_letter_to(OFFICER);
    world.mail(Mail::from("Cleo Reviewer <cleo@example.net>").answering(&adas).saying("Re:", EXTEND)).await;
    let extended = |line: &String| line.starts_with("extended");
    assert!(!world.history(&reference).await.iter().any(extended) && !before.iter().any(extended));
    assert!(world.told(ANN).await.iter().all(|letter| !letter.ends_with("extension")));
}

#[tokio::test]
async fn a_letter_about_one_case_opens_no_other() {
    let (mut world, first) = a_complaint().await;
    let letter = world.last_letter_to(OFFICER);
    world.mail(Mail::from("Bea Sample <bea@example.com>").saying("Complaint", &COMPLAINT.replace("Ann", "Bea"))).await;
    let second = world.cases().await.pop().expect("a case");
    assert_ne!(first, second);
    let before = world.history(&second).await;
    let other = Mail::from(ADA).answering(&letter).saying(&format!("Re: complaint {second}"), EXTEND);
    world.mail(other).await;
    for reference in [&first, &second] {
        assert!(!world.history(reference).await.contains(&"extended".to_owned()), "{reference}");
    }
    unmoved(&world, &second, &before).await;
}

#[tokio::test]
async fn quoted_words_absence_notes_bounces_and_forwards_are_never_commands() {
    let (mut world, reference) = a_complaint().await;
    world.goes_to("Mon 23 Nov 2026 10:00").await;
    let before = world.history(&reference).await;
    let letter = world.last_letter_to(OFFICER);
    let quoted = format!("On Fri, 20 Nov 2026, Orchard Housing wrote:\n> {EXTEND}\n");
    world.mail(Mail::from(ADA).answering(&letter).saying("Re: x", &quoted)).await;
    let note = Mail::from(ADA).answering(&letter).header("Auto-Submitted: auto-replied");
    world.mail(note.saying("Automatic reply: x", EXTEND)).await;
    let bounce = Mail::from("MAILER-DAEMON@mail.example.org").answering(&letter).header("Auto-Submitted: auto-replied");
    world.mail(bounce.saying("Undelivered Mail Returned to Sender", EXTEND)).await;
    let forwarded = format!(
        "---------- Forwarded message ---------\nFrom: Ann Example <ann@example.com>\nDate: Fri, 20 Nov 2026 at 09:00\n\
         Subject: My ceiling\nTo: Ada Officer <ada@example.net>\n\n{EXTEND}\n"
    );
    world.mail(Mail::from(ADA).answering(&letter).saying("Fwd: My ceiling", &forwarded)).await;
    for reference in world.cases().await {
        assert!(!world.history(&reference).await.contains(&"extended".to_owned()), "{reference}");
    }
    assert!(before.len() < world.history(&reference).await.len(), "all of it is on file");
}

#[tokio::test]
async fn where_the_mail_server_vouches_for_senders_its_word_is_needed() {
    let named = |config: &mut Config| config.mailboxes[0].authserv_id = Some("mx.example.org".to_owned());
    let (mut world, reference) = a_complaint_with(named).await;
    world.goes_to("Mon 23 Nov 2026 10:00").await;
    let letter = world.last_letter_to(OFFICER);
    let extended = |history: Vec<String>| history.contains(&"extended".to_owned());
    for results in [
        "Authentication-Results: mx.example.org; dmarc=fail header.from=example.net",
        "Authentication-Results: mx.evil.example; dmarc=pass header.from=example.net",
        "X-Nothing: at all",
        "Authentication-Results: mx.example.org; spf=pass smtp.mailfrom=evil.example",
    ] {
        world.mail(Mail::from(ADA).answering(&letter).header(results).saying("Re:", EXTEND)).await;
        assert!(!extended(world.history(&reference).await), "{results}");
    }
    assert!(world.last_letter_to(OFFICER).subject.starts_with("Was this you?"));
    let passed = "Authentication-Results: mx.example.org; dmarc=pass header.from=example.net";
    world.mail(Mail::from(ADA).answering(&letter).header(passed).saying("Re:", EXTEND)).await;
    assert!(extended(world.history(&reference).await));
}
