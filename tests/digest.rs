//! Told stories of the lists: who is told of what is open, in the morning and once a week, and that nobody is told twice.

#[expect(dead_code, reason = "these stories need no more of the world")]
mod sim;

use redress::config::Config;
use redress::domain::calendar::london;
use redress::domain::letter::{Desk, MessageKey, Notice, Templates, write_notice};
use sim::*;

const COMPLAINT: &str = "I am writing to complain about the way my repair has been handled. The kitchen ceiling has leaked since August, \
I have rung five times and nobody has come. This is not good enough.\n\nI want the ceiling made good and an apology.\n\nAnn Example";

fn complaint() -> Mail {
    Mail::from("Ann Example <ann@example.com>").saying("Leaking ceiling, complaint", COMPLAINT)
}

/// "Mon 14 Dec 08:30 Orchard Housing Co-operative Limited: 1 due today".
fn lists(world: &World, to: &str) -> Vec<String> {
    let line = |list: &Letter| {
        format!("{} {}", in_words(list.taken), list.subject.split_once(": ").expect("a list is of a landlord").1)
    };
    world.lists_to(to).iter().map(line).collect()
}

#[tokio::test]
async fn over_christmas_the_officer_has_a_list_on_working_days_and_the_manager_every_week() {
    let mut world = World::at("Thu 17 Dec 2026 15:00").await;
    world.mail(complaint()).await;
    world.goes_to("Thu 7 Jan 2027 12:00").await;
    assert_eq!(
        lists(&world, OFFICER),
        [
            "Thu 24 Dec 08:30 1 due soon",
            "Tue 29 Dec 08:30 1 due soon",
            "Wed 30 Dec 08:30 1 due soon",
            "Thu 31 Dec 08:30 1 due soon",
            "Mon 4 Jan 08:30 1 due soon",
            "Tue 5 Jan 08:30 1 due today",
            "Wed 6 Jan 08:30 1 overdue",
            "Thu 7 Jan 08:30 1 overdue",
        ]
    );
    assert_eq!(
        lists(&world, MANAGER),
        ["Mon 21 Dec 08:30 the week, 1 open", "Mon 28 Dec 08:30 the week, 1 open", "Mon 4 Jan 08:30 the week, 1 open",]
    );
    let case = world.cases().await[0].clone();
    let list = world.lists_to(OFFICER).pop().unwrap();
    let overdue =
        format!("{case}: send the stage 1 response. It was due on Tuesday 5 January 2027, 2 working days ago");
    assert!(list.says(&overdue), "{}", list.text);
    let week = &world.lists_to(MANAGER)[0];
    assert!(week.says("1 complaint came in"), "{}", week.text);
    assert!(week.says("1 acknowledged: 1 in time, 0 late. 1 automatically, 0 after a person"), "{}", week.text);
    assert!(week.says(&format!("The oldest is {case}, which came on Thursday 17 December 2026")), "{}", week.text);
    assert!(world.lists_to(DEPUTY).is_empty() && world.lists_to(MEMBER).is_empty());
}

#[tokio::test]
async fn while_the_officer_is_away_the_deputy_has_their_list_and_on_the_day_they_are_back_it_comes_again() {
    let mut world = World::at("Fri 27 Nov 2026 15:00").await;
    world.mail(complaint()).await;
    world.goes_to("Tue 8 Dec 2026 12:00").await;
    let (to_officer, to_manager) = (world.lists_to(OFFICER).len(), world.lists_to(MANAGER).len());
    world.says_away(OFFICER, "2026-12-14", None).await;
    world.goes_to("Tue 8 Dec 2026 12:15").await;
    world.looks().await;
    world.looks().await;
    assert_eq!(lists(&world, DEPUTY), ["Tue 8 Dec 12:15 please stand in for Ada Officer"], "at once, and once");
    world.goes_to("Mon 14 Dec 2026 12:00").await;
    assert_eq!(
        lists(&world, DEPUTY)[1..],
        ["Wed 9 Dec 08:30 1 due soon", "Thu 10 Dec 08:30 1 due soon", "Fri 11 Dec 08:30 1 due today"]
    );
    let list = &world.lists_to(DEPUTY)[0];
    assert!(list.says("Ada Officer, who is away until Monday 14 December 2026: RCH-1001"), "{}", list.text);
    assert_eq!(lists(&world, OFFICER)[to_officer..], ["Mon 14 Dec 08:30 1 overdue"]);
    assert_eq!(world.lists_to(MANAGER).len(), to_manager + 1, "the week's, and no more");
}

#[tokio::test]
async fn no_list_holds_a_word_or_the_name_of_a_resident() {
    let mut world = World::at("Mon 14 Dec 2026 15:00").await;
    world.mail(complaint()).await;
    world.goes_to("Thu 7 Jan 2027 12:00").await;
    let all = [world.lists_to(OFFICER), world.lists_to(MANAGER)].concat();
    assert!(all.len() > 8, "{}", all.len());
    for list in all {
        for word in ["Ann", "Example", "ceiling", "ann@"] {
            assert!(!list.text.contains(word), "{word}: {}", list.text);
        }
        let raw = String::from_utf8(list.bytes).unwrap();
        assert!(raw.contains("Auto-Submitted: auto-generated") && !raw.contains("X-Auto-Response-Suppress"), "{raw}");
    }
}

#[tokio::test]
async fn when_nothing_is_open_only_the_manager_hears_so_every_week() {
    let mut world = World::at("Thu 19 Nov 2026 15:00").await;
    world.goes_to("Mon 7 Dec 2026 12:00").await;
    assert!(world.lists_to(OFFICER).is_empty());
    let weeks = world.lists_to(MANAGER);
    assert_eq!(
        lists(&world, MANAGER),
        [
            "Mon 23 Nov 08:30 the week. Nothing is open",
            "Mon 30 Nov 08:30 the week. Nothing is open",
            "Mon 7 Dec 08:30 the week. Nothing is open",
        ]
    );
    assert!(
        weeks.iter().all(|week| week.says("Nothing is open.") && week.says("Nothing came in")),
        "{}",
        weeks[0].text
    );
}

#[tokio::test]
async fn a_program_that_starts_again_and_again_writes_each_list_once() {
    let mut world = World::at("Fri 27 Nov 2026 15:00").await;
    world.mail(complaint()).await;
    world.goes_to("Mon 7 Dec 2026 08:30").await;
    for _ in 0..3 {
        world.restart().await;
    }
    world.goes_to("Mon 7 Dec 2026 16:00").await;
    world.restart().await;
    let on_monday = |lists: Vec<String>| lists.into_iter().filter(|list| list.starts_with("Mon 7 Dec")).count();
    assert_eq!((on_monday(lists(&world, OFFICER)), on_monday(lists(&world, MANAGER))), (1, 1));
}

#[tokio::test]
async fn a_machine_that_slept_sends_todays_list_and_the_weeks_and_none_that_it_missed() {
    let mut world = World::at("Fri 27 Nov 2026 15:00").await;
    world.mail(complaint()).await;
    world.sleeps_until("Wed 9 Dec 2026 14:10").await;
    assert_eq!(lists(&world, OFFICER), ["Wed 9 Dec 14:10 1 due soon"]);
    assert_eq!(lists(&world, MANAGER), ["Wed 9 Dec 14:10 the week, 1 open"]);
    world.sleeps_until("Sat 12 Dec 2026 10:00").await;
    assert_eq!(lists(&world, OFFICER).len(), 1, "it is no working day");
    assert_eq!(lists(&world, MANAGER).len(), 1);
}

#[tokio::test]
async fn a_list_tells_of_mail_that_became_no_case_and_of_the_junk_folder_once() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.arrives("complaints", "Junk", complaint());
    let invoice =
        "Please find attached our invoice 4711 for gutter cleaning in October. Payment is due within 30 days.";
    world.mail(Mail::from("accounts@example.com").saying("Invoice 4711", invoice)).await;
    world.goes_to("Mon 23 Nov 2026 12:00").await;
    let case = world.cases().await[0].clone();
    let list = world.lists_to(OFFICER).pop().unwrap();
    assert!(list.says(&format!("{case} has a message from there")), "{}", list.text);
    assert!(list.says("Other mail that nobody has answered"), "{}", list.text);
    world.goes_to("Tue 24 Nov 2026 12:00").await;
    let list = world.lists_to(OFFICER).pop().unwrap();
    assert!(!list.says("junk folder") && !list.says("nobody has answered"), "{}", list.text);
}

#[tokio::test]
async fn a_list_names_the_cases_of_one_landlord_only_and_leaves_from_its_address() {
    let mut world = World::of_two_landlords("Fri 20 Nov 2026 15:00").await;
    world.arrives("complaints", "INBOX", complaint());
    let theirs = complaint().to(&["complaints@willow.example.org"]);
    world.arrives("neighbour", "INBOX", theirs);
    world.looks().await;
    world.goes_to("Fri 4 Dec 2026 12:00").await;
    let cases = world.cases().await;
    let (own, others) = if cases[0].starts_with("RCH") { (&cases[0], &cases[1]) } else { (&cases[1], &cases[0]) };
    for (people, sender, named, not) in [
        ([OFFICER, MANAGER], "complaints@example.org", own, others),
        (["fay@example.net", "ivy@example.net"], "complaints@willow.example.org", others, own),
    ] {
        for person in people {
            let list = world.lists_to(person).pop().unwrap_or_else(|| panic!("no list went to {person}"));
            assert_eq!(list.sender, sender);
            assert!(list.says(named) && !list.says(not), "{}", list.text);
        }
    }
}

#[tokio::test]
async fn whoever_a_complaint_names_is_told_nothing_of_it_and_the_next_in_line_is() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    let body = format!("{COMPLAINT}\n\nAda Officer was rude to me, and I complain about that too.");
    world.mail(Mail::from("Ann Example <ann@example.com>").saying("Complaint", &body)).await;
    world.goes_to("Fri 4 Dec 2026 12:00").await;
    let case = world.cases().await[0].clone();
    assert!(world.lists_to(OFFICER).is_empty(), "{:?}", lists(&world, OFFICER));
    assert!(world.lists_to(DEPUTY).pop().unwrap().says(&case));
}

#[tokio::test]
async fn a_bank_holiday_that_is_added_moves_dates_and_the_next_list_says_which() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.mail(complaint()).await;
    world.goes_to("Mon 23 Nov 2026 12:00").await;
    let add = |config: &mut Config| {
        config.holidays_added.push((jiff::civil::date(2026, 12, 1), "Day of Thanks".to_owned()));
    };
    add(&mut world.config);
    world.restart().await;
    world.goes_to("Wed 25 Nov 2026 12:00").await;
    let case = world.cases().await[0].clone();
    let moved = format!("{case}: send the stage 1 response by Monday 7 December 2026, not Friday 4 December 2026");
    let told: Vec<_> =
        world.lists_to(OFFICER).iter().filter(|list| list.says(&moved)).map(|l| in_words(l.taken)).collect();
    assert_eq!(told, ["Tue 24 Nov 08:30"]);
}

#[tokio::test]
async fn a_case_whose_handler_has_left_is_on_the_officers_list() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.mail(complaint()).await;
    let successor = redress::domain::landlord::Person {
        name: "Kim Successor".to_owned(),
        role: "Complaints Officer".to_owned(),
        address: "kim@example.net".to_owned(),
        estate: None,
    };
    world.config.landlords[0].officer = successor;
    world.restart().await;
    world.goes_to("Mon 23 Nov 2026 12:00").await;
    let case = world.cases().await[0].clone();
    let list = world.lists_to("kim@example.net").pop().unwrap();
    assert!(list.says("The person who had these cases has left") && list.says(&case), "{}", list.text);
    assert!(world.lists_to(OFFICER).is_empty(), "who has left is told nothing");
}

#[tokio::test]
async fn a_list_that_the_mail_server_refuses_is_told_to_the_operator() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.server_answers(MANAGER, Answer::Refused);
    world.goes_to("Mon 23 Nov 2026 12:00").await;
    assert!(world.last_letter_to(OPERATOR).says("refuses letters to the landlord's own people"));
}

#[tokio::test]
async fn every_kind_of_list_reads_as_it_was_approved() {
    let world = World::at("Mon 14 Dec 2026 08:30").await;
    let landlord = world.config.landlords[0].clone();
    let (templates, key) = (Templates::new(vec![]).unwrap(), MessageKey::new([7; 32]));
    let desk = Desk { landlord: &landlord, ombudsman: &world.config.ombudsman, templates: &templates, key: &key };
    let samples = Notice::samples(&landlord);
    assert_eq!(samples.len(), 4);
    for (name, notice) in samples {
        let day = jiff::civil::date(2026, 12, 14);
        let written = write_notice(&notice, &landlord.officer, day, &desk, london(day, 8, 30)).unwrap();
        let letter = mail_parser::MessageParser::default().parse(&written.bytes).unwrap();
        let text = format!("Subject: {}\n\n{}", written.subject, letter.body_text(0).unwrap().replace("\r\n", "\n"));
        golden(&format!("{name}.txt"), &text);
        golden(&format!("{name}.html"), &letter.body_html(0).unwrap().replace("\r\n", "\n"));
    }
}

fn golden(file: &str, now: &str) {
    let path = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/letters").join(file);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, now).expect("the golden file can be written");
    }
    let before = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(before, now, "{file} reads differently; look at it, then run with UPDATE_GOLDEN=1");
}
