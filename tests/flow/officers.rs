//! Told stories of the landlord's people, who work by e-mail: what they ask for is done, answered, and can be undone for a
//! while; and nobody else can ask for it in their name.

use redress::config::Config;
use redress::domain::case::NoteKind;
use redress::domain::command::Command;
use redress::domain::words::Words;

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
    assert_eq!(answer.subject, format!("On file: complaint {reference}"));
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

    // It comes back: whoever reaches the resident another way is told what went with it.
    let response = world.last_letter_to(ANN);
    world.bounces(&response).await;
    let told = world.last_letter_to(OFFICER);
    assert!(told.says("Give them the files as well that went with it: survey.pdf, ceiling.jpg."), "{}", told.text);
    let told = ada_replies(&mut world, "resident\npost: 14 Orchard Court, London N1 9XX\nprefers: post").await;
    assert!(told.says("Done"), "{}", told.text);
    world.goes_to("Mon 23 Nov 2026 10:20").await;
    let cover =
        world.letters_to(OFFICER).into_iter().rfind(|letter| letter.subject.starts_with("Please print and post"));
    let cover = cover.expect("the letter, to be posted");
    assert!(cover.says("Please print them too.") && cover.says("survey.pdf, ceiling.jpg"), "{}", cover.text);
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

#[tokio::test]
async fn what_the_resident_has_in_another_way_does_not_leave_as_well() {
    let (mut world, reference) = a_complaint().await;
    world.goes_to("Mon 23 Nov 2026 10:00").await;
    ada_replies(&mut world, "extend until 11 December because the part comes from Italy").await;
    let answer = ada_replies(&mut world, "handed-over\nletter: 3").await;
    assert_eq!(answer.subject, format!("Done: complaint {reference}"), "{}", answer.text);
    world.goes_to("Mon 23 Nov 2026 12:00").await;
    assert_eq!(world.letters_to(ANN).len(), 1, "{:?}", world.history(&reference).await);
    let again = ada_replies(&mut world, "handed-over\nletter: 3").await;
    assert!(again.says("was handed over already"), "{}", again.text);
}

#[tokio::test]
async fn undo_takes_back_what_its_letter_tells_of_and_nothing_that_others_have_built_upon() {
    let (mut world, reference) = a_complaint().await;
    world.goes_to("Mon 23 Nov 2026 10:00").await;
    let extended = ada_replies(&mut world, EXTEND).await;
    ada_replies(&mut world, "note: rang the factory").await;
    world.mail(Mail::from(ADA).answering(&extended).saying("Re: Done", "undo")).await;
    assert!(world.last_letter_to(OFFICER).says("Something else was done by e-mail since then"));
    assert!(!world.history(&reference).await.contains(&"undone".to_owned()));

    world.goes_to("Mon 23 Nov 2026 11:00").await;
    let done = ada_replies(&mut world, "define\npoint: The ceiling leaks").await;
    let note = Command::Note { kind: NoteKind::Call, text: Words::new("Rang the plumber."), on: None };
    world.does(&reference, DEPUTY, note).await;
    world.mail(Mail::from(ADA).answering(&done).saying("Re: Done", "undo")).await;
    assert!(world.last_letter_to(OFFICER).says("Others have gone on from it already"));
}

/// Seed 7: what was answered without a case was asked about again when somebody moved it into the junk folder.
#[tokio::test]
async fn what_an_officer_wrote_is_answered_once_wherever_it_is_moved() {
    let (mut world, _) = a_complaint().await;
    world.goes_to("Wed 2 Dec 2026 08:45").await;
    let list = world.lists_to(OFFICER).pop().expect("a list in the morning");
    let mail = Mail::from(ADA)
        .answering(&list)
        .saying(&format!("Re: {}", list.subject), "away until 7 December, cover Dan Manager");
    let raw = mail.known_as("away@example.net").raw();
    world.arrives_raw("complaints", "INBOX", &raw);
    world.looks().await;
    assert!(world.last_letter_to(OFFICER).says("Monday 7 December 2026"), "{}", world.last_letter_to(OFFICER).text);
    world.goes_to("Fri 4 Dec 2026 12:00").await;
    let answered = world.letters_to(OFFICER).len();
    world.arrives_raw("complaints", "Junk", &raw);
    world.looks().await;
    assert_eq!(world.letters_to(OFFICER).len(), answered, "{}", world.last_letter_to(OFFICER).text);
}

#[tokio::test]
async fn nobody_is_unhappy_with_a_response_that_waits_so_it_can_still_be_undone() {
    let (mut world, _) = a_complaint().await;
    world.goes_to("Mon 23 Nov 2026 11:00").await;
    let respond = "define\npoint: The ceiling leaks\n\nrespond\nanswer: not upheld: We came in time.";
    let done = ada_replies(&mut world, respond).await;
    let unhappy = "I am very unhappy with this and want to take my complaint further, to stage 2.";
    let theirs = world.letters_to(ANN).remove(0);
    let ann = || Mail::from("Ann Example <ann@example.com>").answering(&theirs).saying("Re: complaint", unhappy);
    world.mail(ann()).await;
    assert!(
        world.last_letter_to(OFFICER).says("stage 2"),
        "the officer reads it: {}",
        world.last_letter_to(OFFICER).text
    );
    let escalated =
        async |world: &World| world.told(REVIEWER).await.iter().any(|letter| letter.ends_with("escalation"));
    assert!(!escalated(&world).await);
    world.mail(Mail::from(ADA).answering(&done).saying("Re: Done", "undo")).await;
    assert!(world.last_letter_to(OFFICER).says("Done"), "{}", world.last_letter_to(OFFICER).text);
    world.goes_to("Mon 23 Nov 2026 12:00").await;
    assert!(world.told(ANN).await.iter().all(|letter| !letter.ends_with(" response")), "it never left");

    ada_replies(&mut world, respond).await;
    world.goes_to("Mon 23 Nov 2026 12:06").await;
    world.mail(ann()).await;
    assert!(escalated(&world).await, "now it has left");
}

#[tokio::test]
async fn what_goes_to_the_resident_or_only_speaks_of_a_case_is_no_command() {
    let (mut world, reference) = a_complaint().await;
    world.goes_to("Mon 23 Nov 2026 10:00").await;
    let before = world.history(&reference).await;
    let letter = world.last_letter_to(OFFICER);
    let copy = Mail::from(ADA).answering(&letter).to(&[ANN, COMPLAINTS]);
    world.mail(copy.saying("Your ceiling", "Dear Ann,\n\nUpdate: the plumber comes on Tuesday.\n\nAda")).await;
    assert_eq!(world.last_letter_to(OFFICER).subject, format!("Your letter is on file: complaint {reference}"));
    world.goes_to("Wed 2 Dec 2026 08:45").await;
    let list = world.lists_to(OFFICER).pop().expect("a list in the morning");
    let prose = format!("Update: yours will be done together with {reference}'s on Friday.");
    world.mail(Mail::from(ADA).answering(&list).saying(&format!("Re: {}", list.subject), &prose)).await;
    assert!(world.last_letter_to(OFFICER).says("which case is it about?"), "{}", world.last_letter_to(OFFICER).text);
    unmoved(&world, &reference, &before).await;
    assert_eq!(world.letters_to(ANN).len(), 1);
}

#[tokio::test]
async fn outlook_that_quotes_a_sender_without_an_address_is_answered_and_a_slip_in_a_log_is_asked_about() {
    let (mut world, reference) = a_complaint().await;
    world.goes_to("Mon 23 Nov 2026 10:00").await;
    let letter = world.last_letter_to(OFFICER);
    let block = format!(
        "{EXTEND}\n\nFrom: Orchard Housing Complaints\nSent: 20 November 2026 15:00\nTo: Ada Officer\nSubject: {}\n\n{}",
        letter.subject, letter.text
    );
    world.mail(Mail::from(ADA).answering(&letter).saying(&format!("Re: {}", letter.subject), &block)).await;
    assert!(world.history(&reference).await.contains(&"extended".to_owned()));
    let slip = "log\nby: telephone\nname: Una Quill\npoint: The lift has been broken for six weeks";
    world.mail(Mail::from(ADA).saying("A call", slip)).await;
    assert!(world.last_letter_to(OFFICER).says("received"), "{}", world.last_letter_to(OFFICER).text);
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
    assert_eq!(told.subject, format!("Was this you? (complaint {reference})"));
    assert!(told.says("Nothing has been changed") && told.says("not a reply to one of our letters"), "{}", told.text);
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

// ── the links of a letter ─────────────────────────────────────────────────────────────────────────────────────────

/// What a mail program opens for the link in `letter` that prepares `verb`: a subject and a text, the link's own.
fn opened(letter: &Letter, verb: &str) -> (String, String) {
    let read = mail_parser::MessageParser::default().parse(&letter.bytes).expect("every letter is one");
    let html = read.body_html(0).expect("every letter has a look").replace("&amp;", "&");
    let link = html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let prefix = format!("mailto:{COMPLAINTS}?subject={verb}%20");
    let mut link = link.filter(|link| link.starts_with(&prefix));
    let link = link.next().unwrap_or_else(|| panic!("{verb}: {html}"));
    assert!(link.len() < 1_900, "{} characters", link.len());
    let (_, query) = link.split_once("?subject=").expect("a subject");
    let (subject, body) = query.split_once("&body=").expect("a body");
    (percent_decoded(subject), percent_decoded(body).replace("\r\n", "\n"))
}

fn percent_decoded(text: &str) -> String {
    let mut pieces = text.split('%');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let (code, rest) = piece.split_at(2);
        bytes.push(u8::from_str_radix(code, 16).expect("two digits behind a per cent sign"));
        bytes.extend(rest.as_bytes());
    }
    String::from_utf8(bytes).expect("text")
}

/// A new message, as a link opens it: nothing in its head says what it answers.
async fn ada_sends(world: &mut World, subject: &str, text: &str) -> Letter {
    world.mail(Mail::from(ADA).saying(subject, text)).await;
    world.last_letter_to(OFFICER)
}

#[tokio::test]
async fn a_link_prepares_an_act_that_is_done_once() {
    let (mut world, reference) = a_complaint().await;
    world.goes_to("Mon 23 Nov 2026 10:00").await;
    let (subject, text) = opened(&world.last_letter_to(OFFICER), "ask");
    assert!(subject.starts_with(&format!("ask [{reference}] ")), "{subject}");
    assert_eq!(text, "ask\nquestion: …\n");
    let before = world.history(&reference).await;
    let unfilled = ada_sends(&mut world, &subject, &text).await;
    assert!(unfilled.says("Nothing has been changed") && unfilled.says("question"), "{}", unfilled.text);
    unmoved(&world, &reference, &before).await;

    // Phones put their signature below, and some programs write subjects small.
    let filled = format!("{}\n\nSent from my iPhone", text.trim_end().replace('…', "Which room is it?"));
    let answer = ada_sends(&mut world, &subject.to_lowercase(), &filled).await;
    assert_eq!(answer.subject, format!("Done: complaint {reference}"), "{}", answer.text);
    world.goes_to("Mon 23 Nov 2026 10:06").await;
    assert_eq!(world.told(ANN).await.last().unwrap(), "Mon 23 Nov 10:05 clarification");

    let before = world.history(&reference).await;
    for again in [&filled, "undo", "extend until 11 December because the part comes from Italy"] {
        let answer = ada_sends(&mut world, &subject, again).await;
        assert!(answer.says("Nothing has been changed"), "{again}: {}", answer.text);
        unmoved(&world, &reference, &before).await;
    }
    let answer = ada_sends(&mut world, &subject, &filled).await;
    assert!(answer.says("used already"), "{}", answer.text);
    assert_eq!(world.letters_to(ANN).len(), 2);
}

#[tokio::test]
async fn a_link_that_was_changed_or_belongs_to_somebody_else_or_another_case_does_nothing() {
    let (mut world, first) = a_complaint().await;
    world.mail(Mail::from("Bea Sample <bea@example.com>").saying("Complaint", &COMPLAINT.replace("Ann", "Bea"))).await;
    let second = world.cases().await.pop().unwrap();
    world.goes_to("Mon 23 Nov 2026 10:00").await;
    let letters = world.letters_to(OFFICER);
    let letter = letters.iter().find(|letter| letter.subject.contains(&first)).unwrap();
    let (subject, _) = opened(letter, "ask");
    let (rest, last) = subject.split_at(subject.len() - 1);
    let changed = format!("{rest}{}", if last == "0" { "1" } else { "0" });
    let words = "ask\nquestion: Which room is it?";
    let before = (world.history(&first).await, world.history(&second).await);
    for (from, subject) in [
        (ADA, changed),
        ("Cleo Reviewer <cleo@example.net>", subject.clone()),
        (ADA, subject.replace(&first, &second)),
        ("Ann Example <ann@example.com>", subject.clone()),
    ] {
        world.mail(Mail::from(from).saying(&subject, words)).await;
        unmoved(&world, &first, &before.0).await;
        unmoved(&world, &second, &before.1).await;
        assert!(world.told(ANN).await.iter().all(|told| !told.ends_with("clarification")), "{from} {subject}");
    }
    let asked: Vec<String> = world.letters_to(OFFICER).into_iter().map(|letter| letter.subject).collect();
    let asked: Vec<&String> = asked.iter().filter(|subject| subject.starts_with("Was this you?")).collect();
    assert_eq!(asked.len(), 2, "once for each case: {asked:?}");
    // Whoever's name it was hears of it, whatever anybody else heard that day.
    assert!(world.last_letter_to(REVIEWER).says("not one we gave you"), "{}", world.last_letter_to(REVIEWER).text);
}

#[tokio::test]
async fn a_link_works_for_sixty_days() {
    let (mut world, reference) = a_complaint().await;
    let letter = world.last_letter_to(OFFICER);
    world.goes_to("Tue 19 Jan 2027 16:00").await;
    let (subject, text) = opened(&letter, "ask");
    let answer = ada_sends(&mut world, &subject, &text.replace('…', "Which room is it?")).await;
    assert!(answer.subject.starts_with("Done"), "{}", answer.text);
    world.goes_to("Wed 20 Jan 2027 09:30").await;
    let before = world.history(&reference).await;
    let (subject, _) = opened(&letter, "assign");
    let answer = ada_sends(&mut world, &subject, "assign\nto: Ben Deputy\nconflict: none").await;
    assert_eq!(answer.subject, format!("Was this you? (complaint {reference})"));
    assert!(answer.says("Nothing has been changed") && answer.says("too old"), "{}", answer.text);
    unmoved(&world, &reference, &before).await;
}

// ── forty e-mails ─────────────────────────────────────────────────────────────────────────────────────────────────

/// What officers write above the quoted text, one e-mail each; what comes of it, "-" for nothing; and what they are told.
const FORTY: &[(&str, &str, &str)] = &[
    // Good.
    (
        "extend to Fri 18/12/26 - reason: the roofer is off sick until then",
        "extended, deadline moved, extension",
        "Friday 18 December 2026",
    ),
    (
        "Extend\n\nUntil: 18th December\nReason: The asbestos survey must be done first.",
        "extended, deadline moved, extension",
        "The asbestos survey must be done first",
    ),
    (
        "Hi\n\nEXTEND UNTIL 11TH DEC BECAUSE WE NEED SCAFFOLDING\n\nrgds ada",
        "extended, deadline moved, extension",
        "Friday 11 December 2026: WE NEED SCAFFOLDING",
    ),
    (
        "•\textend\n•\tuntil – 11 December 2026\n•\treason – scaffolding is needed to reach the roof",
        "extended, deadline moved, extension",
        "Friday 11 December 2026: scaffolding is needed to reach the roof",
    ),
    (
        "extend until in 12 working days because the surveyor’s report isn’t here yet",
        "extended, deadline moved, extension",
        "Wednesday 9 December 2026: the surveyor’s report isn’t here yet",
    ),
    (
        "Call: rang Ms Example, she is in on Tuesday and prefers afternoons",
        "noted",
        "Telephone call of Monday 23 November 2026",
    ),
    (
        "Visit\nOn: last Thursday\nText: Saw the ceiling with the caretaker.\n\nIt is wet along the whole of the wall.\n\nThanks,\nAda",
        "noted",
        "Visit of Thursday 19 November 2026, by Ada Officer: Saw the ceiling with the caretaker. It is wet",
    ),
    ("note\nBob from repairs says job 4471 was cancelled in error", "noted", "job 4471 was cancelled in error"),
    (
        "update: The surveyor has been and the roof needs two new tiles. They come on Wednesday.",
        "updated, update",
        "the roof needs two new tiles. They come on Wednesday.",
    ),
    (
        "Tell the resident\n\nWe have booked the plasterer.\n\nHe comes on 2 December at nine.\n\nKind regards\nAda Officer\nComplaints Officer",
        "-",
        "this is needed: what they are told",
    ),
    ("ask: Which room is it, and since when?", "asked, clarification", "Which room is it, and since when?"),
    (
        "ask\n1. Which room is it?\n2. May the plumber come on a Saturday?",
        "asked, clarification",
        "asked the resident 2 questions",
    ),
    ("assign to Ben Deputy, conflict none", "assigned", "Given to Ben Deputy"),
    ("Reassign\nto ben@example.net\nconflict: none", "assigned", "Given to Ben Deputy"),
    (
        "define\n- the kitchen ceiling has leaked since August\n- she rang five times and nobody came\noutcome: make good the ceiling, and an apology",
        "defined, correction",
        "2 points",
    ),
    (
        "Definition:\npoint 1: The ceiling has leaked since August\npoint 2: Five calls were not answered",
        "-",
        "If you want something done",
    ),
    (
        "define\npoint: The kitchen ceiling has leaked since August\n\nrespond\nPartly upheld: we came once in September, and did not come back.\n\
      remedy: £150 for the delay\nremedy: apology: We are sorry for the wait.\naction: Make good the ceiling; owner Repairs Team; by 14 Dec",
        "defined, correction, responded, action promised, action-1 by 2026-12-14, close by 2026-12-21, response, respond_stage1 met",
        "Money, £150.00: for the delay",
    ),
    (
        "adjust\nneed - poor sight\nadjustment - large print please",
        "review_adjustment by 2027-05-18, adjusted",
        "To review the adjustment by Tuesday 18 May 2027 (Code 5.10)",
    ),
    ("resident\ntel: 07700 900456\nprefers: phone", "resident known", "put right what is known of the resident"),
    (
        "withdraw: she rang this morning, it is all fixed and she does not want to go on",
        "withdrawn, duty lapsed, withdrawal",
        "it is all fixed",
    ),
    (
        "Promise\nWhat: A new ceiling board\nOwner: Repairs Team\nBy: Fri 11 Dec",
        "action promised, action-1 by 2026-12-11, update",
        "Action 1 promised by Friday 11 December 2026, Repairs Team: A new ceiling board",
    ),
    (
        "received\nat: 19 Nov 16:30\nbecause: she told the caretaker on her way out",
        "received earlier",
        "Thursday 19 November 2026",
    ),
    ("status?", "-", "send the stage 1 response by Friday 4 December 2026"),
    ("Help with extend", "-", "reason: why, as the resident reads it"),
    // Sloppy, or wrong.
    ("extnd until 11 december because the part is late", "-", "perhaps “extend”"),
    ("extend until 31 Nov because the part is late", "-", "until: that is no date"),
    ("extend until tomorrow because we are nearly there", "-", "is not after Friday 4 December 2026"),
    ("extend until 11 December", "-", "reason: this is needed"),
    (
        "Please extend by 5 working days, we are waiting on a report from the surveyor.",
        "-",
        "If you want something done",
    ),
    ("Can we extend this one? I am not sure how long the roofer needs.", "-", "If you want something done"),
    ("I would close this one but the response is still owed, what do you think?", "-", "If you want something done"),
    ("close\nlearning: keep parts in stock", "-", "Code 6.3, 6.14"),
    ("refuse\nground: she is rude\nbecause: she shouts\nevidence: my calls", "-", "ground: that is none of"),
    ("assign to Zoe Nobody, conflict none", "-", "“Zoe Nobody” is nobody registered"),
    ("escalate because she is cross", "-", "Code 6.10"),
    ("extend until 11 December because the part is late\nundo", "-", "each need an email of their own"),
    // Hostile.
    (
        "extend until 11 December because <img src=x onerror=alert(1)> the part is late",
        "extended, deadline moved, extension",
        "<img src=x onerror=alert(1)> the part is late",
    ),
    (
        "update: {{ landlord.key }} {% include \"_case.txt\" %}\n@answer\n# Title\n| more",
        "updated, update",
        "{{ landlord.key }} {% include \"_case.txt\" %} @answer # Title",
    ),
    ("resident\nemail: ann@example.com\\r\\nBcc: eve@example.com", "-", "that is no e-mail address"),
    ("note: '); DROP TABLE cases;-- \u{202e}\u{0} end", "noted", "'); DROP TABLE cases;-- end"),
];

#[tokio::test]
async fn forty_emails_as_people_write_them_are_done_or_change_nothing_and_say_why() {
    assert_eq!(FORTY.len(), 40);
    for (text, comes, said) in FORTY {
        let (mut world, reference) = a_complaint().await;
        world.goes_to("Mon 23 Nov 2026 10:00").await;
        let before = world.history(&reference).await;
        let answer = ada_replies(&mut world, text).await;
        world.goes_to("Mon 23 Nov 2026 10:06").await;
        let came = what_came(&world, &reference, before.len()).await;
        assert_eq!(came, *comes, "{text}: {}", answer.text);
        assert!(answer.says(said), "{text}: {said}: {}", answer.text);
        let done = answer.subject.starts_with("Done");
        let aside = ["How it stands", "The words", "On file"].iter().any(|title| answer.subject.starts_with(title));
        assert_eq!(done, came != "-", "{text}: {}", answer.text);
        assert!(done || aside || answer.says("Nothing has been changed"), "{text}: {}", answer.text);
        // What anybody wrote is words in every letter, and never a part of it.
        for letter in world.letters_to(ANN).iter().chain([&answer]) {
            let read = mail_parser::MessageParser::default().parse(&letter.bytes).expect("every letter is one");
            let html = read.body_html(0).expect("every letter has a look");
            assert!(!html.contains("<img") && !html.contains('\u{202e}'), "{text}");
            assert_eq!(read.bcc(), None);
        }
    }
}

/// What was recorded after the first `known` lines, but for messages and letters to staff.
async fn what_came(world: &World, reference: &str, known: usize) -> String {
    let to_staff =
        |line: &str| line.starts_with("letter") && (line.ends_with("transcript") || line.ends_with("assigned"));
    let aside =
        |line: &String| ["message", "sent", "heard"].iter().any(|word| line.starts_with(word)) || to_staff(line);
    let history = world.history(reference).await;
    let news: Vec<&str> = history[known..]
        .iter()
        .filter(|line| !aside(line))
        .map(|line| {
            line.split_once(": ").filter(|_| line.starts_with("letter")).map_or(line.as_str(), |(_, kind)| kind)
        })
        .collect();
    if news.is_empty() { "-".to_owned() } else { news.join(", ") }
}
