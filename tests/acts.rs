//! What people do to a case, one act at a time: what follows, and every refusal with its rule.

#[path = "life/mod.rs"]
mod life;

use std::collections::{BTreeSet, VecDeque};

use jiff::SignedDuration;
use jiff::civil::{Date, date};
use life::{Life, complaint, person, words};
use redress::domain::absence::{Absence, Absences};
use redress::domain::calendar::{Calendar, WorkingDays, london, london_date};
use redress::domain::case::{
    Addition, Answer, Case, Cause, Channel, Decision, Dissatisfied, Elsewhere, Ending, Event, Finding, Flags, Ground,
    Input, Kind, Letter, LetterKind, Matter, NoteKind, Opening, Outcome, Prefers, Promised, Refusal, Remedy,
    RemedyKind, Resident, Says, Sorting, Writer, logged,
};
use redress::domain::code::{Duty, Stage};
use redress::domain::command::{Command, Log, Redefinition};
use redress::domain::landlord::Acknowledge;
use redress::domain::reference::Reference;

/// A Tuesday: acknowledged at once, the response is due on Tuesday 15 December.
const RECEIVED: Date = date(2026, 12, 1);

fn refused(done: Result<impl Sized, Refusal>) -> String {
    done.err().expect("this must be refused").to_string()
}

fn extend(until: Date) -> Command {
    Command::Extend { until, reason: words("We wait for a report."), good_reason: None, updates_every: None }
}

fn refuse(ground: Ground) -> Command {
    let (because, evidence) = (words("The claim form is with the court."), words("Claim number 1"));
    Command::Refuse { ground, because, evidence, discretion: None, instead: None }
}

fn assign(to: &str) -> Command {
    Command::Assign { to: person(to), conflict: None, despite: None }
}

fn promised(by: Date) -> Promised {
    Promised { what: words("We mend the ceiling."), owner: "Repairs Manager".to_owned(), owner_address: None, by }
}

fn further(message: i64, life: &Life, dissatisfied: Dissatisfied) -> Input {
    Input::Added(Addition {
        message,
        received: life.now,
        writer: Writer::Resident,
        name: words("Ann Field"),
        flags: Flags::default(),
        dissatisfied,
        words: Some(words("I am still not happy.")),
        withheld: None,
    })
}

// ── the way through both stages ───────────────────────────────────────────────────────────────────────────────────

#[test]
fn a_complaint_goes_through_both_stages_by_the_codes_dates_over_christmas() {
    let mut life = Life::of_complaint(RECEIVED);
    assert_eq!((life.due(Duty::Acknowledge), life.due(Duty::RespondStage1)), (date(2026, 12, 8), date(2026, 12, 15)));
    life.wait_until(date(2026, 12, 14));
    life.respond("Ada", Finding::PartlyUpheld).unwrap();
    assert!(!life.owes(Duty::RespondStage1) && life.owes(Duty::Close));

    life.wait_until(date(2026, 12, 22));
    life.happens(&further(2, &life, Dissatisfied::Yes)).unwrap();
    assert_eq!(life.case.stage, Stage::Two);
    // 22 December, then five working days over Christmas and New Year, and twenty from the acknowledgement of the 22nd.
    assert_eq!(life.due(Duty::AcknowledgeStage2), date(2026, 12, 31));
    assert_eq!(life.due(Duty::RespondStage2), date(2027, 1, 22));
    assert!(!life.owes(Duty::Close), "stage 2 has begun");
    assert_eq!(life.case.handler().unwrap().name, "Cleo Dale", "a different person (Code 6.13)");
    life.all_sent();
    life.respond("Cleo", Finding::Upheld).unwrap();
    let final_response = life.letters.iter().rev().find_map(|letter| match letter.says {
        Says::Response { stage: Stage::Two, ombudsman_by } => ombudsman_by,
        _ => None,
    });
    assert_eq!(final_response, Some(date(2027, 12, 22)), "twelve months to go to the Ombudsman");
    assert_eq!(
        refused(life.act("Ada", Command::Escalate { received: None, reasons: None })),
        Refusal::NoThirdStage.to_string()
    );
    life.act("Cleo", Command::Close { learning: words("We now ring back within a day.") }).unwrap();
    assert_eq!(life.case.ended, Some(Ending::Closed));
    assert!(!life.case.open() && life.owes(Duty::Survey));
}

#[test]
fn a_complaint_of_march_2024_runs_under_the_2022_code_and_its_stage_2_of_april_under_that_of_2024() {
    let mut life = Life::of_complaint(date(2024, 3, 20));
    let owed = &life.case.duties[&Duty::RespondStage1];
    assert_eq!(owed.provision, "2022 Code 5.1");
    // Ten working days from logging on 20 March, over Good Friday and Easter Monday.
    assert_eq!(owed.due.date, date(2024, 4, 5));
    life.respond("Ada", Finding::NotUpheld).unwrap();
    life.wait_until(date(2024, 4, 2));
    life.happens(&further(2, &life, Dissatisfied::Yes)).unwrap();
    assert_eq!(life.case.duties[&Duty::AcknowledgeStage2].provision, "6.11");
    assert_eq!(life.case.duties[&Duty::RespondStage2].provision, "6.14");

    let mut life = Life::of_complaint(date(2024, 3, 1));
    life.respond("Ada", Finding::NotUpheld).unwrap();
    life.wait_until(date(2024, 3, 12));
    life.happens(&further(2, &life, Dissatisfied::Yes)).unwrap();
    let owed = &life.case.duties[&Duty::RespondStage2];
    // Twenty working days from the request, whenever it is acknowledged.
    assert_eq!((owed.provision.as_str(), owed.due.date), ("2022 Code 5.13", date(2024, 4, 11)));
    assert_eq!(refused(life.act("Cleo", extend(date(2024, 4, 26)))).matches("2022 Code 5.14").count(), 1);
}

#[test]
fn a_late_acknowledgement_buys_no_time() {
    let mut life = Life::new(london(RECEIVED, 10, 0));
    let mut opening = complaint(life.now);
    opening.withheld = Some("it lay in the junk folder".to_owned());
    life.happens(&Input::Opened(Box::new(opening))).unwrap();
    life.wait_until(date(2026, 12, 18));
    life.acknowledge("Ada").unwrap();
    life.all_sent();
    // Counted from 8 December, when the acknowledgement was due, and not from the 18th.
    assert_eq!(life.due(Duty::RespondStage1), date(2026, 12, 22));
}

#[test]
fn after_review_there_is_a_receipt_and_a_person_acknowledges_or_the_fourth_working_day_does() {
    let open = |confirm: bool| {
        let mut life = Life::new(london(RECEIVED, 10, 0));
        life.landlord.acknowledge = Acknowledge::AfterReview;
        life.happens(&Input::Opened(Box::new(complaint(life.now)))).unwrap();
        life.all_sent();
        assert_eq!(life.resident_got(), [LetterKind::Receipt]);
        assert!(life.case.acknowledged.is_empty(), "a receipt is no acknowledgement");
        match confirm {
            true => {
                life.wait_until(date(2026, 12, 3));
                life.acknowledge("Ada").unwrap();
                life.all_sent();
            }
            false => life.wait_until(date(2026, 12, 7)),
        }
        let automatic = life.history.iter().find_map(|line| match line.event {
            Event::Acknowledged { automatic, .. } => Some(automatic),
            _ => None,
        });
        (life.resident_got(), automatic.unwrap())
    };
    assert_eq!(open(true), (vec![LetterKind::Receipt, LetterKind::Acknowledgement], false));
    assert_eq!(open(false), (vec![LetterKind::Receipt, LetterKind::Acknowledgement], true));
}

#[test]
fn an_unsure_stage_2_is_asked_about_and_runs_until_a_person_says_otherwise() {
    let mut life = Life::of_complaint(RECEIVED);
    life.respond("Ada", Finding::NotUpheld).unwrap();
    life.happens(&further(2, &life, Dissatisfied::Perhaps)).unwrap();
    assert!(life.case.unsure && life.owes(Duty::AcknowledgeStage2));
    assert_eq!(life.resident_got().last(), Some(&LetterKind::Receipt));
    life.act("Ada", Command::StayAtStage1 { because: words("They only said thank you.") }).unwrap();
    assert!(!life.owes(Duty::AcknowledgeStage2) && life.owes(Duty::Close));
    assert_eq!(life.case.stage, Stage::One);
    // They do ask for it later: it is a new request, with dates of its own.
    life.wait_until(date(2026, 12, 10));
    life.happens(&further(3, &life, Dissatisfied::Yes)).unwrap();
    assert_eq!(life.due(Duty::AcknowledgeStage2), date(2026, 12, 17));
}

#[test]
fn a_closed_complaint_that_stays_at_stage_1_after_all_is_owed_its_end_again() {
    let mut life = Life::of_complaint(RECEIVED);
    life.respond("Ada", Finding::NotUpheld).unwrap();
    life.act("Ada", Command::Close { learning: words("-") }).unwrap();
    life.wait_until(date(2026, 12, 10));
    life.happens(&further(2, &life, Dissatisfied::Perhaps)).unwrap();
    assert_eq!(life.case.ended, None);
    life.act("Ada", Command::StayAtStage1 { because: words("They only said thank you.") }).unwrap();
    assert!(life.owes(Duty::Close), "open again, so somebody has to end it");
    assert_eq!(life.due(Duty::Close), date(2027, 1, 12));
}

// ── definition ────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn a_corrected_definition_is_told_to_the_resident_and_moves_no_date() {
    let mut life = Life::of_complaint(RECEIVED);
    let due = life.due(Duty::RespondStage1);
    life.wait_until(date(2026, 12, 4));
    let better = Redefinition { points: Some(vec![words("The leak was not mended.")]), ..Redefinition::default() };
    life.act("Ada", Command::Define(better.clone())).unwrap();
    assert_eq!(life.resident_got(), [LetterKind::Acknowledgement, LetterKind::Correction]);
    assert_eq!(life.due(Duty::RespondStage1), due);
    life.act("Ada", Command::AddPoint { points: vec![words("The ceiling has come down.")] }).unwrap();
    assert_eq!(life.case.definition.points.len(), 2);
    assert_eq!(life.due(Duty::RespondStage1), due);
    life.respond("Ada", Finding::Upheld).unwrap();
    let refusal = refused(life.act("Ada", Command::AddPoint { points: vec![words("And the bath.")] }));
    assert!(refusal.contains("Code 6.8") && refusal.contains("complain"), "{refusal}");
    let done =
        life.act("Ada", Command::Complain { points: vec![words("And the bath.")], outcome: None, received: None });
    assert_eq!(done.unwrap().elsewhere.len(), 1, "a complaint of its own");
}

#[test]
fn every_point_is_answered_and_a_fault_is_put_right() {
    let mut life = Life::of_complaint(RECEIVED);
    let answer = |finding| Answer { finding, reasons: words("Our records show it.") };
    let respond = |answers, remedies, actions| Command::Respond { answers, decision: None, remedies, actions };
    let one = respond(vec![answer(Finding::NotUpheld)], vec![], vec![]);
    assert!(refused(life.act("Ada", one)).contains("2 points and 1 was answered"));
    let upheld = vec![answer(Finding::Upheld), answer(Finding::NotUpheld)];
    assert!(refused(life.act("Ada", respond(upheld.clone(), vec![], vec![]))).contains("Code 7.1"));
    let past = promised(date(2026, 11, 30));
    assert!(refused(life.act("Ada", respond(upheld.clone(), vec![], vec![past]))).contains("is past"));
    let remedy = Remedy { kind: RemedyKind::Money, what: words("For the delay."), pence: Some(15_050) };
    life.act("Ada", respond(upheld, vec![remedy], vec![promised(date(2027, 1, 15))])).unwrap();
    assert!(life.owes(Duty::RespondStage1), "it has not left yet");
    life.all_sent();
    assert!(!life.owes(Duty::RespondStage1));
    // Code 6.6: the answer goes out when it is known, and the work is followed until it is done.
    assert_eq!(life.due(Duty::Action(1)), date(2027, 1, 15));
    assert!(refused(life.act("Ada", Command::Close { learning: words("-") })).contains("action 1"));
    life.act("Ada", Command::Postpone { action: 1, until: date(2027, 1, 20), because: words("Snow.") }).unwrap();
    assert_eq!(life.due(Duty::Action(1)), date(2027, 1, 20));
    life.act("Ada", Command::Done { action: 1, evidence: words("Photograph of 18 January") }).unwrap();
    let updates = life.resident_got().iter().filter(|kind| **kind == LetterKind::Update).count();
    assert_eq!(updates, 2, "the resident heard of both");
    life.act("Ada", Command::Close { learning: words("Gutters are cleared in autumn now.") }).unwrap();
}

#[test]
fn a_response_that_comes_back_is_owed_again() {
    let mut life = Life::of_complaint(RECEIVED);
    life.respond("Ada", Finding::NotUpheld).unwrap();
    let (number, _) = life.case.letters.iter().find(|(_, letter)| letter.kind == LetterKind::Response).unwrap();
    let (letter, outcome) = (*number, Outcome::Returned { message: 9, why: words("no such user") });
    life.happens(&Input::Posted { letter, outcome }).unwrap();
    assert!(life.owes(Duty::RespondStage1));
    assert_eq!(life.got("Ada").last(), Some(&LetterKind::Undelivered));
    assert!(refused(life.act("Ada", Command::Close { learning: words("-") })).contains("still owed"));
    // Printed and put through the door.
    life.act("Ada", Command::HandedOver { letter, on: None }).unwrap();
    assert!(!life.owes(Duty::RespondStage1));
}

#[test]
fn what_never_arrived_goes_again_once_the_resident_is_reached_another_way() {
    let mut life = Life::of_complaint(RECEIVED);
    let returned = Outcome::Returned { message: 9, why: words("no such user") };
    life.happens(&Input::Posted { letter: 1, outcome: returned.clone() }).unwrap();
    assert!(life.owes(Duty::Acknowledge));
    let due = life.due(Duty::RespondStage1);
    let address = Some(words("ann.field@example.com"));
    let known = Command::Resident { address, name: None, post: None, telephone: None, estate: None, prefers: None };
    let done = life.act("Ada", known).unwrap();
    assert_eq!(done.letters.len(), 1);
    assert_eq!(done.letters[0].address.as_str(), "ann.field@example.com");
    assert_eq!(done.letters[0].says, Says::Acknowledgement { stage: Stage::One, respond_by: due });
    life.all_sent();
    assert!(!life.owes(Duty::Acknowledge), "and now they have it");
}

// ── extension and updates ─────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn an_extension_has_a_reason_a_limit_and_a_last_day() {
    let mut life = Life::of_complaint(RECEIVED);
    assert!(refused(life.act("Ada", extend(date(2026, 12, 15)))).contains("is not after"));
    // Ten working days after 15 December, over Christmas and New Year, is 31 December; later needs a good reason.
    let late = date(2027, 1, 4);
    assert!(refused(life.act("Ada", extend(late))).contains("Code 6.4"));
    let good = |updates_every| Command::Extend {
        until: late,
        reason: words("A surveyor must look."),
        good_reason: Some(words("The surveyor is ill.")),
        updates_every,
    };
    assert!(refused(life.act("Ada", good(None))).contains("Code 5.9"));
    life.act("Ada", good(Some(WorkingDays(5)))).unwrap();
    assert_eq!((life.due(Duty::RespondStage1), life.due(Duty::Update)), (late, date(2026, 12, 8)));
    assert_eq!(life.resident_got().last(), Some(&LetterKind::Extension));
    // A second one is measured from the first date, not from the extended one.
    assert!(refused(life.act("Ada", extend(date(2027, 1, 5)))).contains("15 December"));
    life.wait_until(date(2026, 12, 8));
    life.act("Ada", Command::Update { text: words("The surveyor comes on Friday."), every: None }).unwrap();
    assert_eq!(life.due(Duty::Update), date(2026, 12, 15));
    life.wait_until(date(2027, 1, 5));
    let refusal = refused(life.act("Ada", extend(date(2027, 1, 8))));
    assert!(refusal.contains("has passed") && refusal.contains("Code 6.4"), "{refusal}");
    life.respond("Ada", Finding::NotUpheld).unwrap();
    assert!(!life.owes(Duty::Update), "the answer is there");
}

#[test]
fn an_extension_within_the_codes_limit_needs_no_more_than_a_reason_at_either_stage() {
    let mut life = Life::of_complaint(RECEIVED);
    life.act("Ada", extend(date(2026, 12, 31))).unwrap();
    life.respond("Ada", Finding::NotUpheld).unwrap();
    life.act("Ada", Command::Escalate { received: None, reasons: None }).unwrap();
    life.all_sent();
    // 1 December and twenty working days, and twenty more: 29 January 2027 is the last.
    assert_eq!(life.due(Duty::RespondStage2), date(2026, 12, 31));
    assert!(refused(life.act("Cleo", extend(date(2027, 2, 1)))).contains("Code 6.15"));
    life.act("Cleo", extend(date(2027, 1, 29))).unwrap();
}

// ── who ───────────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn whoever_answered_at_stage_1_never_deals_with_stage_2_whatever_anybody_says() {
    let mut life = Life::of_complaint(RECEIVED);
    life.respond("Ben", Finding::NotUpheld).unwrap();
    life.act("Ada", Command::Escalate { received: None, reasons: None }).unwrap();
    life.all_sent();
    for name in ["Ada Lane", "Ben Moor"] {
        let despite = Some(words("Nobody else is here."));
        let refusal = refused(life.act("Dan", Command::Assign { to: person(name), conflict: None, despite }));
        assert!(refusal.contains("Code 6.13"), "{refusal}");
        assert!(refused(life.respond(name, Finding::NotUpheld)).contains("Code 6.13"));
    }
    assert!(refused(life.act("Ben", refuse(Ground::LegalProceedings))).contains("Code 6.13"));
    life.respond("Fay", Finding::NotUpheld).unwrap();
}

#[test]
fn somebody_named_or_of_the_same_estate_or_in_conflict_is_refused_unless_a_manager_says_why() {
    let mut life = Life::new(london(RECEIVED, 10, 0));
    let mut opening = complaint(life.now);
    opening.points.push(words("Ben Moor shouted at me."));
    opening.resident.estate = Some("Alder Court".to_owned());
    life.landlord.reviewers[0].estate = Some("alder court".to_owned());
    life.happens(&Input::Opened(Box::new(opening))).unwrap();
    life.all_sent();
    assert!(refused(life.act("Ada", assign("Ben Moor"))).contains("named in the complaint"));
    let cleo = life.landlord.reviewers[0].clone();
    let to_cleo = |despite| Command::Assign { to: cleo.clone(), conflict: None, despite };
    assert!(refused(life.act("Ada", to_cleo(None))).contains("where the resident lives"));
    let conflict = Some(words("The resident is my cousin."));
    let to_fay = Command::Assign { to: person("Fay Dale"), conflict, despite: None };
    assert!(refused(life.act("Ada", to_fay)).contains("conflict of interest"));
    let why = || Some(words("Everybody else is away."));
    assert!(refused(life.act("Ada", to_cleo(why()))).contains("only a manager"));
    life.act("Dan", to_cleo(why())).unwrap();
    assert_eq!(life.case.handler().unwrap().name, "Cleo Dale");
    assert_eq!(life.got("Cleo"), [LetterKind::Assigned]);
}

#[test]
fn a_complaint_that_names_the_officer_goes_to_the_deputy_and_not_to_the_officer() {
    let mut life = Life::new(london(RECEIVED, 10, 0));
    let mut opening = complaint(life.now);
    opening.points = vec![words("Mrs Lane never rings back.")];
    opening.unsure = true;
    life.happens(&Input::Opened(Box::new(opening))).unwrap();
    life.wait_until(date(2026, 12, 16));
    assert_eq!(life.got("Ada"), []);
    assert_eq!(life.got("Ben").first(), Some(&LetterKind::NewCase));
    assert!(life.got("Ben").contains(&LetterKind::Reminder));
    life.respond("Ben", Finding::NotUpheld).unwrap();
    life.happens(&further(2, &life, Dissatisfied::Yes)).unwrap();
    assert_eq!(life.got("Cleo").first(), Some(&LetterKind::Escalation));
    assert_eq!(life.got("Ada"), [], "nor does word of stage 2 go there");
}

#[test]
fn whoever_the_complaint_names_neither_answers_nor_refuses_it() {
    let mut life = Life::new(london(RECEIVED, 10, 0));
    let mut opening = complaint(life.now);
    opening.points = vec![words("Mrs Lane never rings back.")];
    life.happens(&Input::Opened(Box::new(opening))).unwrap();
    life.all_sent();
    assert!(refused(life.respond("Ada", Finding::NotUpheld)).contains("Code 5.8"));
    assert!(refused(life.act("Ada", refuse(Ground::LegalProceedings))).contains("Code 5.8"));
    let despite = Some(words("Everybody else is away."));
    life.act("Dan", Command::Assign { to: person("Ada Lane"), conflict: None, despite }).unwrap();
    life.respond("Ada", Finding::NotUpheld).unwrap();
}

#[test]
fn a_handler_whom_the_complaint_comes_to_name_handles_it_no_more() {
    let mut life = Life::of_complaint(RECEIVED);
    life.act("Ben", Command::AddPoint { points: vec![words("And Mrs Lane hung up on me.")] }).unwrap();
    assert_eq!(life.case.handler().unwrap().name, "Ben Moor");
    assert_eq!(life.got("Ben"), [LetterKind::Assigned]);
    // Given back with a manager's reason on record, it stays where it is.
    let despite = Some(words("Everybody else is away."));
    life.act("Dan", Command::Assign { to: person("Ada Lane"), conflict: None, despite }).unwrap();
    life.act("Ben", Command::AddPoint { points: vec![words("Twice.")] }).unwrap();
    assert_eq!(life.case.handler().unwrap().name, "Ada Lane");
}

#[test]
fn what_kept_the_first_letter_back_does_not_keep_back_the_acknowledgement_of_stage_2() {
    let mut life = Life::new(london(RECEIVED, 10, 0));
    let withheld = Some("it was passed on by staff".to_owned());
    life.happens(&Input::Opened(Box::new(Opening { withheld, ..complaint(life.now) }))).unwrap();
    assert_eq!(life.resident_got(), []);
    life.acknowledge("Ada").unwrap();
    life.all_sent();
    life.respond("Ada", Finding::NotUpheld).unwrap();
    life.happens(&further(2, &life, Dissatisfied::Yes)).unwrap();
    assert_eq!(life.resident_got().last(), Some(&LetterKind::Acknowledgement));
}

#[test]
fn whoever_has_left_the_landlord_hears_nothing_more_of_a_case() {
    let mut life = Life::of_complaint(RECEIVED);
    life.act("Ada", assign("Gus Reed")).unwrap();
    life.landlord.staff.clear();
    let before = life.got("Gus").len();
    life.happens(&further(2, &life, Dissatisfied::No)).unwrap();
    assert_eq!(life.got("Dan"), [LetterKind::NewMessage], "the manager must find somebody");
    life.wait_until(date(2026, 12, 11));
    assert!(life.got("Ada").contains(&LetterKind::Reminder));
    assert_eq!(life.got("Gus").len(), before);
}

#[test]
fn who_is_not_registered_does_nothing_and_further_staff_only_write_down_what_they_know() {
    let mut life = Life::of_complaint(RECEIVED);
    assert!(refused(life.act("Zed", Command::DeclineSurvey)).contains("not registered"));
    assert!(refused(life.respond("Gus", Finding::NotUpheld)).contains("write down"));
    let note = Command::Note { kind: NoteKind::Call, text: words("They rang: still dripping."), on: None };
    life.act("Gus", note).unwrap();
    let mut promised = promised(date(2026, 12, 10));
    promised.owner_address = Some("gus@example.net".to_owned());
    life.act("Ada", Command::Promise(promised)).unwrap();
    life.act("Gus", Command::Done { action: 1, evidence: words("Mended.") }).unwrap();
}

#[test]
fn at_stage_2_without_anybody_fit_the_manager_hears_that_somebody_must_be_found() {
    let mut life = Life::of_complaint(RECEIVED);
    for reviewer in &mut life.landlord.reviewers {
        reviewer.estate = Some("Alder Court".to_owned());
    }
    let estate = Some("Alder Court".to_owned());
    let known = Command::Resident { estate, name: None, address: None, post: None, telephone: None, prefers: None };
    life.act("Ada", known).unwrap();
    life.respond("Ada", Finding::NotUpheld).unwrap();
    life.act("Ben", Command::Escalate { received: None, reasons: None }).unwrap();
    assert_eq!(life.case.handler(), None);
    assert_eq!(life.got("Dan"), [LetterKind::Escalation]);
}

// ── what is not a complaint, or is not taken ──────────────────────────────────────────────────────────────────────

#[test]
fn a_refusal_needs_a_ground_its_evidence_and_over_twelve_months_a_word_on_discretion() {
    let mut life = Life::of_complaint(RECEIVED);
    assert!(refused(life.act("Ada", refuse(Ground::OverTwelveMonths))).contains("Code 2.3"));
    life.act("Ada", refuse(Ground::LegalProceedings)).unwrap();
    assert_eq!(life.case.ended, Some(Ending::Refused(Stage::One)));
    assert_eq!(life.resident_got().last(), Some(&LetterKind::Refusal));
    assert!(!life.case.open());
    // The Ombudsman sees it otherwise (2.4): it goes on by the dates it had.
    life.wait_until(date(2026, 12, 20));
    life.act("Ada", Command::Reopen { because: words("The Ombudsman asks us to take it.") }).unwrap();
    assert!(life.owes(Duty::RespondStage1));
    assert_eq!(life.due(Duty::RespondStage1), date(2026, 12, 15));
}

#[test]
fn an_unsure_message_is_sorted_by_a_person_and_a_complaint_by_another_name_keeps_its_clock() {
    let mut life = Life::new(london(RECEIVED, 10, 0));
    let mut opening = complaint(life.now);
    opening.unsure = true;
    life.happens(&Input::Opened(Box::new(opening))).unwrap();
    let sort = |kind| Command::Sort { kind, because: words("I rang and asked.") };
    life.act("Ada", sort(Sorting::ServiceRequest)).unwrap();
    assert_eq!(life.case.kind, Some(Kind::ServiceRequest));
    assert!(!life.owes(Duty::Acknowledge) && life.owes(Duty::ReviewRequest));
    assert_eq!(life.resident_got(), [LetterKind::Receipt, LetterKind::RequestLogged]);
    life.wait_until(date(2026, 12, 3));
    life.act("Ada", sort(Sorting::Complaint)).unwrap();
    assert_eq!(life.due(Duty::Acknowledge), date(2026, 12, 8), "counted from the day it came");
    assert!(!life.owes(Duty::ReviewRequest));
    assert_eq!(life.resident_got().last(), Some(&LetterKind::Acknowledgement));
    assert!(refused(life.act("Ada", sort(Sorting::Neither))).contains("Code 2.2"));
}

// Found by seed 30: it was acknowledged, and from then on nobody owed a response.
#[test]
fn a_response_date_that_lapsed_runs_again_when_it_was_a_complaint_after_all() {
    let mut life = Life::new(london(RECEIVED, 10, 0));
    let withheld = Some("it may have been written by a machine".to_owned());
    let opening = Opening { unsure: true, withheld, ..complaint(life.now) };
    life.happens(&Input::Opened(Box::new(opening))).unwrap();
    life.wait_until(date(2026, 12, 10));
    let due = life.due(Duty::RespondStage1);
    let sort = |kind| Command::Sort { kind, because: words("I rang and asked.") };
    life.act("Ada", sort(Sorting::Neither)).unwrap();
    assert!(!life.owes(Duty::RespondStage1));
    life.act("Ada", Command::Reopen { because: words("She rang again.") }).unwrap();
    life.act("Ada", sort(Sorting::Complaint)).unwrap();
    let _ = life.acknowledge("Ada");
    life.all_sent();
    assert!(life.owes(Duty::RespondStage1));
    assert_eq!(life.due(Duty::RespondStage1), due);
}

#[test]
fn after_review_a_message_sorted_as_a_complaint_still_waits_for_its_definition() {
    let mut life = Life::new(london(RECEIVED, 10, 0));
    life.landlord.acknowledge = Acknowledge::AfterReview;
    let opening = Opening { unsure: true, ..complaint(life.now) };
    life.happens(&Input::Opened(Box::new(opening))).unwrap();
    life.act("Ada", Command::Sort { kind: Sorting::Complaint, because: words("I rang.") }).unwrap();
    assert_eq!(life.resident_got(), [LetterKind::Receipt]);
    life.wait_until(date(2026, 12, 7));
    assert_eq!(life.resident_got(), [LetterKind::Receipt, LetterKind::Acknowledgement]);
}

#[test]
fn a_stage_2_that_was_unsure_is_acknowledged_once_a_person_says_that_it_is_one() {
    let mut life = Life::of_complaint(RECEIVED);
    life.respond("Ada", Finding::NotUpheld).unwrap();
    life.happens(&further(2, &life, Dissatisfied::Perhaps)).unwrap();
    life.act("Cleo", Command::Sort { kind: Sorting::Complaint, because: words("They want it.") }).unwrap();
    life.all_sent();
    assert!(!life.owes(Duty::AcknowledgeStage2));
}

#[test]
fn a_request_is_answered_reviewed_complained_of_and_goes_on() {
    let mut life = Life::new(london(RECEIVED, 10, 0));
    let opening = Opening { kind: Kind::ServiceRequest, ..complaint(life.now) };
    life.happens(&Input::Opened(Box::new(opening))).unwrap();
    life.all_sent();
    assert_eq!(life.due(Duty::ReviewRequest), date(2026, 12, 15));
    assert!(refused(life.respond("Ada", Finding::Upheld)).contains("not a complaint"));
    life.wait_until(date(2026, 12, 4));
    life.act("Ada", Command::AnswerRequest { text: words("The plumber comes on Monday.") }).unwrap();
    assert_eq!(life.due(Duty::ReviewRequest), date(2026, 12, 18), "looked at, so looked at again later");
    let done = life.act("Ada", Command::Complain { points: vec![], outcome: None, received: None }).unwrap();
    assert_eq!(done.elsewhere.len(), 1);
    assert!(life.owes(Duty::ReviewRequest), "Code 1.5: the request goes on");
    life.act("Ada", Command::Close { learning: words("-") }).unwrap();
    assert!(!life.case.open());
}

#[test]
fn a_data_request_is_owed_within_a_month_and_gets_no_automatic_answer() {
    let mut life = Life::new(london(RECEIVED, 10, 0));
    let opening = Opening { kind: Kind::Correspondence, matter: Some(Matter::Information), ..complaint(life.now) };
    life.happens(&Input::Opened(Box::new(opening))).unwrap();
    assert_eq!(life.resident_got(), []);
    assert_eq!(life.due(Duty::Answer), date(2027, 1, 1));
    assert_eq!(life.case.duties[&Duty::Answer].provision, "UK GDPR, Article 12");
    let mut life = Life::new(london(RECEIVED, 10, 0));
    let opening = Opening { kind: Kind::Correspondence, matter: Some(Matter::Enquiry), ..complaint(life.now) };
    life.happens(&Input::Opened(Box::new(opening))).unwrap();
    assert_eq!(life.resident_got(), [LetterKind::Correspondence]);
}

#[test]
fn the_ombudsmans_mail_goes_to_the_officer_whoever_handles_the_case_and_is_never_answered() {
    let mut life = Life::of_complaint(RECEIVED);
    life.act("Ada", assign("Fay Dale")).unwrap();
    life.all_sent();
    let answers = life.resident_got().len();
    let from_ombudsman = Input::Added(Addition {
        message: 5,
        received: life.now,
        writer: Writer::Ombudsman,
        name: words("Housing Ombudsman"),
        flags: Flags::default(),
        dissatisfied: Dissatisfied::Yes,
        words: None,
        withheld: None,
    });
    life.happens(&from_ombudsman).unwrap();
    assert_eq!(life.got("Ada").last(), Some(&LetterKind::NewMessage));
    assert_eq!(life.resident_got().len(), answers);
}

// ── dates ─────────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn a_proclaimed_holiday_moves_the_open_dates_it_lies_in_and_no_others() {
    let mut life = Life::of_complaint(RECEIVED);
    life.act("Ada", Command::Promise(promised(date(2026, 12, 14)))).unwrap();
    life.calendar = Calendar::england_and_wales(&[(date(2026, 12, 9), "Proclaimed".to_owned())], &[]);
    let done = life.happens(&Input::CalendarChanged).unwrap();
    let moved: Vec<_> = done.events.iter().filter(|line| matches!(line.event, Event::DeadlineMoved { .. })).collect();
    assert_eq!(moved.len(), 1, "the acknowledgement is met, the promise was made by a person");
    let Event::DeadlineMoved { duty: Duty::RespondStage1, due, cause: Cause::Calendar, .. } = &moved[0].event else {
        panic!("{moved:?}")
    };
    assert_eq!(due.date, date(2026, 12, 16));
    assert!(due.skipped.iter().any(|(day, _)| *day == date(2026, 12, 9)), "and the working says why");
    assert_eq!(life.got("Ada").last(), Some(&LetterKind::DatesMoved));
    assert!(life.happens(&Input::CalendarChanged).unwrap().events.is_empty(), "once");
}

#[test]
fn what_is_owed_again_is_due_by_the_bank_holidays_as_they_are_by_now() {
    let proclaimed = || Calendar::england_and_wales(&[(date(2026, 12, 15), "Proclaimed".to_owned())], &[]);
    let moved_to = |done: &Decision| {
        let moved = done.events.iter().filter_map(|line| match &line.event {
            Event::DeadlineMoved { duty, due, cause: Cause::Calendar, .. } => Some((*duty, due.date)),
            _ => None,
        });
        moved.collect::<Vec<_>>()
    };
    // While the response counted as given, its last day became a bank holiday; the day after, its letter comes back.
    let mut life = Life::of_complaint(RECEIVED);
    life.respond("Ada", Finding::NotUpheld).unwrap();
    life.calendar = proclaimed();
    let done = life.happens(&Input::CalendarChanged).unwrap();
    assert_eq!(moved_to(&done), [(Duty::Close, date(2027, 1, 4))], "what is met stays as it is");
    let (letter, _) = life.case.letters.iter().find(|(_, letter)| letter.kind == LetterKind::Response).unwrap();
    let (letter, outcome) = (*letter, Outcome::Returned { message: 9, why: words("no such user") });
    life.now = london(date(2026, 12, 16), 9, 0);
    let done = life.happens(&Input::Posted { letter, outcome }).unwrap();
    assert_eq!(moved_to(&done), [(Duty::RespondStage1, date(2026, 12, 16))]);
    assert!(done.letters.iter().any(|letter| letter.says.kind() == LetterKind::DatesMoved));
    assert!(life.happens(&Input::CalendarChanged).unwrap().events.is_empty(), "nothing is left for the next start");

    // It was withdrawn meanwhile, and goes on.
    let mut life = Life::of_complaint(RECEIVED);
    life.act("Ada", Command::Withdraw { how: words("By telephone") }).unwrap();
    life.calendar = proclaimed();
    let done = life.act("Ada", Command::Reopen { because: words("They thought again.") }).unwrap();
    assert_eq!(moved_to(&done), [(Duty::RespondStage1, date(2026, 12, 16))]);
}

#[test]
fn what_the_landlord_had_earlier_counts_from_then_and_never_from_later() {
    let mut life = Life::new(london(RECEIVED, 10, 0));
    let mut opening = complaint(life.now);
    opening.unsure = true;
    life.happens(&Input::Opened(Box::new(opening))).unwrap();
    let received = |day| Command::Received { at: london(day, 9, 0), because: words("It was on the caretaker's desk.") };
    assert!(refused(life.act("Ada", received(date(2026, 12, 2)))).contains("not earlier"));
    life.act("Ada", received(date(2026, 11, 27))).unwrap();
    assert_eq!(life.due(Duty::Acknowledge), date(2026, 12, 4));
}

#[test]
fn a_complaint_acknowledged_by_itself_that_the_landlord_had_earlier_is_answered_earlier() {
    let mut life = Life::of_complaint(RECEIVED);
    assert!(!life.owes(Duty::Acknowledge));
    let at = london(date(2026, 11, 20), 9, 0);
    life.act("Ada", Command::Received { at, because: words("The caretaker had it.") }).unwrap();
    // The acknowledgement was due on 27 November: ten working days from then, not from 1 December.
    assert_eq!(life.due(Duty::RespondStage1), date(2026, 12, 11));
    assert_eq!(life.due(Duty::Acknowledge), date(2026, 12, 8), "what is met stays as it was");

    let mut life = Life::of_complaint(RECEIVED);
    life.act("Ada", extend(date(2026, 12, 22))).unwrap();
    life.act("Ada", Command::Received { at, because: words("The caretaker had it.") }).unwrap();
    assert_eq!(life.due(Duty::RespondStage1), date(2026, 12, 22), "the date the resident was told");
}

#[test]
fn a_complaint_that_was_withdrawn_owes_nothing_when_the_landlord_had_it_earlier() {
    let mut life = Life::of_complaint(RECEIVED);
    life.act("Ada", Command::Withdraw { how: words("They telephoned.") }).unwrap();
    life.now = london(date(2026, 12, 9), 10, 0);
    let at = london(date(2026, 11, 30), 9, 0);
    life.act("Ada", Command::Received { at, because: words("The caretaker had it.") }).unwrap();
    assert!(!life.owes(Duty::RespondStage1));
}

#[test]
fn at_stage_2_an_acknowledgement_of_stage_1_that_comes_back_starts_no_response_of_stage_1() {
    let mut life = Life::of_complaint(RECEIVED);
    life.respond("Ada", Finding::NotUpheld).unwrap();
    let came_back = |life: &mut Life, kind| {
        let letter = life.letters.iter().find(|letter| letter.says.kind() == kind).expect("it was written").number;
        life.happens(&Input::Posted { letter, outcome: Outcome::Refused { reply: words("550 no") } }).unwrap();
    };
    came_back(&mut life, LetterKind::Response);
    life.act("Ada", Command::Withdraw { how: words("They telephoned.") }).unwrap();
    life.now = london(date(2026, 12, 9), 10, 0);
    life.happens(&further(2, &life, Dissatisfied::Yes)).unwrap();
    assert_eq!(life.case.stage, Stage::Two);
    came_back(&mut life, LetterKind::Acknowledgement);
    life.wait_until(date(2026, 12, 10));
    assert!(!life.owes(Duty::RespondStage1));
}

// ── residents ─────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn a_resident_who_wants_paper_is_acknowledged_when_somebody_has_posted_it() {
    let mut life = Life::new(london(RECEIVED, 10, 0));
    let mut opening = complaint(life.now);
    opening.resident = Resident { post: Some(words("14 Alder Court")), prefers: Prefers::Post, ..opening.resident };
    life.happens(&Input::Opened(Box::new(opening))).unwrap();
    life.all_sent();
    let first = life.letters.first().unwrap();
    assert_eq!(first.says.kind(), LetterKind::Acknowledgement);
    assert_eq!(first.address.as_str(), "ada@example.net", "to whoever prints it");
    assert_eq!(first.by_hand.as_ref().unwrap().to, Some(words("14 Alder Court")));
    assert!(life.owes(Duty::Acknowledge), "in Ada's hands, not in the resident's");
    let letter = first.number;
    life.wait_until(date(2026, 12, 3));
    let future = Command::HandedOver { letter, on: Some(date(2026, 12, 4)) };
    assert!(refused(life.act("Ada", future)).contains("still to come"));
    life.act("Ada", Command::HandedOver { letter, on: Some(date(2026, 12, 2)) }).unwrap();
    assert!(!life.owes(Duty::Acknowledge));
    assert!(
        refused(life.act("Ada", Command::HandedOver { letter, on: None })).contains("does not wait to be handed over")
    );
}

#[test]
fn a_representative_gets_copies_once_the_resident_has_said_so_and_a_copy_meets_no_duty() {
    let mut life = Life::of_complaint(RECEIVED);
    let represent =
        |authority| Command::Represent { name: words("Bo Field"), address: Some(words("bo@example.com")), authority };
    life.act("Ada", represent(None)).unwrap();
    let updated = life.act("Ada", Command::Update { text: words("We looked."), every: None }).unwrap();
    assert_eq!(updated.letters.len(), 1, "not without authority (Code 3.6)");
    life.act("Ada", represent(Some(words("By telephone on 2 December")))).unwrap();
    let updated = life.act("Ada", Command::Update { text: words("We looked."), every: None }).unwrap();
    let readers: Vec<&str> = updated.letters.iter().map(|letter| letter.address.as_str()).collect();
    assert_eq!(readers, ["ann@example.com", "bo@example.com"]);
}

#[test]
fn adjustments_and_restrictions_are_looked_at_again_and_a_restriction_stops_no_logging() {
    let mut life = Life::of_complaint(RECEIVED);
    let adjust = |review| Command::Adjust { need: words("Poor sight"), adjustment: words("Large print"), review };
    assert!(refused(life.act("Ada", adjust(Some(RECEIVED)))).contains("Code 5.10"));
    life.act("Ada", adjust(Some(date(2027, 6, 1)))).unwrap();
    assert_eq!(life.due(Duty::ReviewAdjustment), date(2027, 6, 1));
    let restriction = || words("Please write to one address.");
    life.act(
        "Ada",
        Command::Restrict {
            restriction: restriction(),
            because: words("Forty calls a day."),
            evidence: words("Call list"),
            equality: words("No disability known."),
            review: None,
        },
    )
    .unwrap();
    assert_eq!(life.resident_got().last(), Some(&LetterKind::Restriction));
    assert!(life.owes(Duty::ReviewRestriction));
    let before = life.case.messages.len();
    life.happens(&further(3, &life, Dissatisfied::No)).unwrap();
    assert_eq!(life.case.messages.len(), before + 1);
    life.act("Ada", Command::Review { duty: Duty::ReviewRestriction, found: words("Better"), next: None }).unwrap();
    life.act("Ada", Command::LiftRestriction { because: words("Better") }).unwrap();
    assert!(refused(life.act("Ada", Command::LiftRestriction { because: words("-") })).contains("Code 5.14"));
}

#[test]
fn the_survey_goes_out_four_weeks_after_closing_unless_declined_or_reopened() {
    let closed = || {
        let mut life = Life::of_complaint(RECEIVED);
        life.respond("Ada", Finding::NotUpheld).unwrap();
        life.act("Ada", Command::Close { learning: words("-") }).unwrap();
        life
    };
    let surveyed = |life: &Life| life.resident_got().iter().filter(|kind| **kind == LetterKind::Survey).count();
    let mut life = closed();
    life.wait_until(date(2026, 12, 28));
    assert_eq!(surveyed(&life), 0);
    life.wait_until(date(2027, 1, 10));
    assert_eq!(surveyed(&life), 1);
    let mut life = closed();
    life.act("Ada", Command::DeclineSurvey).unwrap();
    life.wait_until(date(2027, 1, 10));
    assert_eq!(surveyed(&life), 0);
    let mut life = closed();
    life.act("Ada", Command::Reopen { because: words("They asked again.") }).unwrap();
    life.wait_until(date(2027, 1, 10));
    assert_eq!(surveyed(&life), 0);
    assert!(life.owes(Duty::Close));
}

#[test]
fn a_letter_handed_over_in_time_and_written_down_later_was_in_time() {
    let mut life = Life::of_complaint(RECEIVED);
    let prefers = Some(Prefers::Post);
    let post = Some(words("14 Alder Court"));
    let known = Command::Resident { prefers, post, name: None, address: None, telephone: None, estate: None };
    life.act("Ada", known).unwrap();
    life.wait_until(date(2026, 12, 14));
    life.respond("Ada", Finding::NotUpheld).unwrap();
    let letter = *life.case.letters.iter().find(|(_, letter)| letter.kind == LetterKind::Response).unwrap().0;
    assert!(life.owes(Duty::RespondStage1), "nobody has posted it yet");
    life.wait_until(date(2026, 12, 16));
    let on = |day| Command::HandedOver { letter, on: Some(day) };
    assert!(refused(life.act("Ada", on(date(2026, 12, 11)))).contains("had not been written"));
    life.act("Ada", on(date(2026, 12, 15))).unwrap();
    let met = life.case.duties[&Duty::RespondStage1].met.unwrap();
    assert_eq!(london_date(met), life.due(Duty::RespondStage1), "posted on the last day");
}

#[test]
fn a_resident_who_is_away_has_the_letter_all_the_same() {
    let mut life = Life::new(london(RECEIVED, 10, 0));
    life.happens(&Input::Opened(Box::new(complaint(life.now)))).unwrap();
    let letter = life.letters[0].number;
    assert_eq!(life.letters[0].says.kind(), LetterKind::Acknowledgement);
    // The note is faster than the word that the server took the letter.
    life.happens(&Input::Posted { letter, outcome: Outcome::Absent { message: 9 } }).unwrap();
    let sent = Outcome::Sent { reply: words("250 taken"), digest: String::new() };
    life.happens(&Input::Posted { letter, outcome: sent }).unwrap();
    assert!(!life.owes(Duty::Acknowledge) && life.case.acknowledged.contains_key(&Stage::One));
}

#[test]
fn a_letter_that_comes_back_after_the_end_owes_nothing_again() {
    let mut life = Life::of_complaint(RECEIVED);
    life.act("Ada", Command::Withdraw { how: words("By telephone") }).unwrap();
    let letter = life.letters[0].number;
    let outcome = Outcome::Returned { message: 9, why: words("no such user") };
    life.happens(&Input::Posted { letter, outcome }).unwrap();
    assert!(!life.case.open());
    assert_eq!(life.got("Ada").last(), Some(&LetterKind::Undelivered), "and somebody hears of it");
}

#[test]
fn a_merged_case_goes_on_as_the_earlier_one() {
    let mut life = Life::of_complaint(RECEIVED);
    assert!(
        refused(life.act("Ada", Command::Merge { into: Reference::new("RCH", 1001), because: words("-") }))
            .contains("itself")
    );
    let into = Reference::new("RCH", 1000);
    let done = life.act("Ada", Command::Merge { into: into.clone(), because: words("The same leak.") }).unwrap();
    assert_eq!(done.elsewhere.len(), 1);
    assert!(!life.case.open());
    assert!(refused(life.respond("Ada", Finding::Upheld)).contains(&into.to_string()));
    // Taken in by a case that came later: refused, for the earlier date must hold.
    let mut later = Life::of_complaint(date(2026, 12, 2));
    let from = Reference::new("RCH", 1005);
    let absorbed = Input::Absorbed {
        by: person("Ada Lane"),
        from,
        kind: Kind::Complaint,
        received: london(RECEIVED, 10, 0),
        messages: vec![],
        points: vec![],
        promised: vec![],
    };
    assert!(refused(later.happens(&absorbed)).contains("Code 6.2"));
}

/// What the later case brings along when it is joined to the earlier one.
fn brought_along(life: &mut Life) -> Result<Input, Refusal> {
    let into = Reference::new("RCH", 1000);
    let done = life.act("Ada", Command::Merge { into, because: words("The same leak.") })?;
    let [Elsewhere::On(_, absorbed)] = &done.elsewhere[..] else { panic!("{:?}", done.elsewhere) };
    Ok((**absorbed).clone())
}

#[test]
fn a_complaint_joined_to_another_loses_neither_its_points_nor_its_promises_nor_its_clock() {
    let mut later = Life::of_complaint(date(2026, 12, 2));
    later.act("Ada", Command::AddPoint { points: vec![words("The bath leaks as well.")] }).unwrap();
    later.act("Ada", Command::Promise(promised(date(2026, 12, 11)))).unwrap();
    let absorbed = brought_along(&mut later).unwrap();
    assert!(!later.case.open());

    let mut earlier = Life::of_complaint(RECEIVED);
    earlier.happens(&absorbed).unwrap();
    assert_eq!(earlier.due(Duty::Action(1)), date(2026, 12, 11), "what was promised is still promised");
    assert_eq!(earlier.case.definition.points.len(), 3, "what was there already is not said twice");
    assert_eq!(earlier.resident_got().last(), Some(&LetterKind::Correction), "the resident hears of the new point");

    // Code 6.8: after the response it is a complaint of its own. Code 1.5: and a request is no place for it.
    let mut answered = Life::of_complaint(RECEIVED);
    answered.respond("Ada", Finding::NotUpheld).unwrap();
    assert!(refused(answered.happens(&absorbed)).contains("Code 6.8"));
    let mut request = Life::new(london(RECEIVED, 10, 0));
    let opening = Opening { kind: Kind::ServiceRequest, ..complaint(request.now) };
    request.happens(&Input::Opened(Box::new(opening))).unwrap();
    assert!(refused(request.happens(&absorbed)).contains("Code 1.4, 1.5"));
    assert!(refused(brought_along(&mut answered)).contains("answered already"));
}

#[test]
fn a_withdrawn_complaint_may_come_back() {
    let mut life = Life::of_complaint(RECEIVED);
    life.act("Ada", Command::Withdraw { how: words("By telephone") }).unwrap();
    assert_eq!(life.resident_got().last(), Some(&LetterKind::Withdrawal));
    assert!(!life.case.open());
    assert!(life.case.ended_unanswered(), "what the resident is unhappy about next is a complaint anew");
    assert!(refused(life.act("Ada", extend(date(2026, 12, 20)))).contains("ended"));
    life.act("Ada", Command::Reopen { because: words("They changed their mind.") }).unwrap();
    assert_eq!(life.due(Duty::RespondStage1), date(2026, 12, 15));
    assert!(life.owes(Duty::RespondStage1));
    life.respond("Ada", Finding::NotUpheld).unwrap();
    life.act("Ada", Command::Withdraw { how: words("By telephone") }).unwrap();
    assert!(life.case.can_escalate() && !life.case.ended_unanswered(), "it was answered: stage 2 is open to them");
}

#[test]
fn what_was_promised_is_carried_through_though_the_complaint_is_withdrawn_or_not_taken_to_stage_2() {
    let mut life = Life::of_complaint(RECEIVED);
    life.act("Ada", Command::Promise(promised(date(2026, 12, 10)))).unwrap();
    life.act("Ada", Command::Withdraw { how: words("Content with the promise") }).unwrap();
    assert!(life.owes(Duty::Action(1)) && !life.owes(Duty::RespondStage1));
    life.wait_until(date(2026, 12, 10));
    assert_eq!(life.got("Ada").last(), Some(&LetterKind::Reminder));
    life.act("Ada", Command::Postpone { action: 1, until: date(2026, 12, 11), because: words("Snow.") }).unwrap();
    life.act("Ada", Command::Done { action: 1, evidence: words("Photograph") }).unwrap();
    assert_eq!(life.resident_got().last(), Some(&LetterKind::Update));
    assert!(!life.case.open());

    let mut life = Life::of_complaint(RECEIVED);
    life.act("Ada", Command::Promise(promised(date(2026, 12, 10)))).unwrap();
    life.respond("Ada", Finding::PartlyUpheld).unwrap();
    life.happens(&further(2, &life, Dissatisfied::Yes)).unwrap();
    life.act("Cleo", refuse(Ground::LegalProceedings)).unwrap();
    assert!(life.owes(Duty::Action(1)) && !life.owes(Duty::RespondStage2));
}

// ── reminders ─────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn a_reminder_that_comes_back_or_meets_an_absence_note_goes_to_the_next_person_at_once() {
    let mut life = Life::of_complaint(RECEIVED);
    life.wait_until(date(2026, 12, 11));
    let reminder = |life: &Life, who: &str| {
        let address = format!("{who}@example.net");
        let theirs = |letter: &&redress::domain::case::Letter| letter.address.as_str() == address;
        life.letters
            .iter()
            .filter(theirs)
            .rev()
            .find(|letter| letter.says.kind() == LetterKind::Reminder)
            .unwrap()
            .number
    };
    let absent = Outcome::Absent { message: 9 };
    let letter = reminder(&life, "ada");
    let done = life.happens(&Input::Posted { letter, outcome: absent.clone() }).unwrap();
    assert_eq!(done.letters[0].address.as_str(), "ben@example.net");
    let Says::Reminder { not_reached, .. } = &done.letters[0].says else { panic!("a reminder") };
    assert_eq!(not_reached.as_deref(), Some("Ada Lane"));
    life.all_sent();
    let letter = reminder(&life, "ben");
    let done = life.happens(&Input::Posted { letter, outcome: absent }).unwrap();
    assert_eq!(done.letters[0].address.as_str(), "dan@example.net");
    assert!(
        life.happens(&Input::Posted { letter, outcome: Outcome::Absent { message: 10 } }).unwrap().letters.is_empty()
    );
}

// ── what came another way ─────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn a_complaint_by_telephone_is_logged_with_the_day_it_came() {
    let mut life = Life::new(london(date(2026, 12, 3), 10, 0));
    let log = Log {
        landlord: life.landlord.key.clone(),
        kind: Kind::Complaint,
        channel: Channel::Telephone,
        received: london(RECEIVED, 16, 0),
        name: words("Ann Field"),
        address: None,
        post: Some(words("14 Alder Court")),
        telephone: None,
        estate: None,
        prefers: None,
        subject: None,
        points: vec![words("Nobody came.")],
        outcome: None,
    };
    let reference = || Reference::new("RCH", 1001);
    let by = |who: &str, log: &Log| logged(log, &person(who), &life.landlord, reference(), life.now);
    assert!(refused(by("Zed", &log)).contains("not registered"));
    assert!(refused(by("Gus Reed", &Log { points: vec![], ..log.clone() })).contains("Code 5.6"));
    assert!(
        refused(by("Gus Reed", &Log { received: london(date(2026, 12, 4), 9, 0), ..log.clone() }))
            .contains("still to come")
    );
    let opening = by("Gus Reed", &log).unwrap();
    life.happens(&Input::Opened(Box::new(opening))).unwrap();
    assert_eq!(life.due(Duty::Acknowledge), date(2026, 12, 8), "from the day it came, not the day it was logged");
    let acknowledgement = life.letters.first().unwrap();
    assert_eq!(acknowledgement.says.kind(), LetterKind::Acknowledgement);
    assert!(acknowledgement.by_hand.is_some(), "there is no e-mail address: somebody posts it");
}

// ── every way through ─────────────────────────────────────────────────────────────────────────────────────────────

/// Something that can happen, and its name.
type Happening = (&'static str, fn(&mut Life));

/// Everything that can happen, in outline.
fn all_that_happens() -> Vec<Happening> {
    fn sort(life: &mut Life, kind: Sorting) {
        let _ = life.act("Ada", Command::Sort { kind, because: words("I rang.") });
    }
    vec![
        ("sorted as a complaint", |life| sort(life, Sorting::Complaint)),
        ("sorted as a request", |life| sort(life, Sorting::ServiceRequest)),
        ("sorted as neither", |life| sort(life, Sorting::Neither)),
        ("acknowledged", |life| drop(life.acknowledge("Ada"))),
        ("answered by Ada", |life| drop(life.respond("Ada", Finding::NotUpheld))),
        ("answered by Fay", |life| drop(life.respond("Fay", Finding::NotUpheld))),
        ("unhappy", |life| drop(life.happens(&further(2, life, Dissatisfied::Yes)))),
        ("perhaps unhappy", |life| drop(life.happens(&further(2, life, Dissatisfied::Perhaps)))),
        ("escalated", |life| drop(life.act("Ada", Command::Escalate { received: None, reasons: None }))),
        ("stays at stage 1", |life| drop(life.act("Ada", Command::StayAtStage1 { because: words("Thanks.") }))),
        ("refused", |life| drop(life.act("Fay", refuse(Ground::LegalProceedings)))),
        ("withdrawn", |life| drop(life.act("Ada", Command::Withdraw { how: words("By telephone") }))),
        ("answered shortly", |life| drop(life.act("Ada", Command::AnswerRequest { text: words("On Monday.") }))),
        ("closed", |life| drop(life.act("Ada", Command::Close { learning: words("-") }))),
        ("reopened", |life| drop(life.act("Ada", Command::Reopen { because: words("They asked.") }))),
        ("promised", |life| {
            if life.case.actions.is_empty() {
                let _ = life.act("Ada", Command::Promise(promised(date(2027, 6, 1))));
            }
        }),
        ("done", |life| drop(life.act("Ada", Command::Done { action: 1, evidence: words("Photograph") }))),
        ("a week later", |life| {
            life.now += SignedDuration::from_hours(7 * 24);
            for duty in life.case.duties.keys().copied().collect::<Vec<_>>() {
                let _ = life.happens(&Input::Reached(duty));
            }
        }),
    ]
}

/// What distinguishes one state of the machine from another.
fn state(life: &Life) -> String {
    let Case { kind, stage, unsure, ended, responses, actions, duties, .. } = &life.case;
    let written = [Stage::One, Stage::Two].map(|stage| life.case.acknowledgement_written(stage));
    let done: Vec<bool> = actions.values().map(|action| action.done.is_some()).collect();
    let owed: Vec<_> = duties.iter().map(|(duty, owed)| (duty, owed.open(), owed.met.is_some())).collect();
    format!("{kind:?} {stage:?} {unsure} {ended:?} {written:?} {:?} {done:?} {owed:?}", responses.keys())
}

/// What every state owes: what its stage is for, with a date, until it has ended.
fn owes_what_it_must(life: &Life) -> bool {
    let Case { kind, stage, ended, .. } = &life.case;
    let promises = life.case.outstanding().all(|(action, _)| life.owes(Duty::Action(action)));
    promises
        && match kind {
            _ if ended.is_some() => true,
            Some(Kind::Complaint) if life.case.responded(*stage) => life.owes(Duty::Close),
            Some(Kind::Complaint) => life.owes(stage.acknowledge()) || life.owes(stage.respond()),
            Some(Kind::ServiceRequest) => life.owes(Duty::ReviewRequest),
            Some(Kind::Correspondence) => life.owes(Duty::Answer),
            None => false,
        }
}

/// What somebody does by e-mail and undoes leaves the case as it was, with what happened meanwhile.
fn undone_is_as_if_it_had_not_been(life: &Life, what: &str, happens: fn(&mut Life)) {
    let bare = |life: &Life| {
        let mut case = life.case.clone();
        case.letters
            .retain(|_, letter| letter.kind != LetterKind::Transcript && letter.outcome != Some(Outcome::Dropped));
        case.messages.retain(|message| *message != 99);
        Case { seq: 0, last_act: None, undoable: None, ..case }
    };
    // Nothing that would be answered otherwise in one state of the case than in another.
    let meanwhile = |life: &mut Life| {
        let Input::Added(addition) = further(7, life, Dissatisfied::No) else { unreachable!() };
        life.happens(&Input::Added(Addition { writer: Writer::Handler, ..addition })).expect("it is filed");
    };
    let mut mailed = Life { by_mail: true, ..life.clone() };
    happens(&mut mailed);
    if mailed.case.undoable.is_none() {
        return; // Refused, or its letters have left.
    }
    meanwhile(&mut mailed);
    mailed.by_mail = false;
    let undo = |life: &mut Life| ["Ada", "Fay"].iter().any(|by| life.act(by, Command::Undo).is_ok());
    assert!(undo(&mut mailed), "{what}: whoever did it can undo it");
    assert!(!undo(&mut mailed), "{what}: once");
    let mut untouched = life.clone();
    meanwhile(&mut untouched);
    // Of two letters with the same number but for what was written between, both are there.
    let renumbered = |mut case: Case| {
        case.letters = case.letters.into_values().zip(1..).map(|(letter, number)| (number, letter)).collect();
        case
    };
    assert_eq!(renumbered(bare(&mailed)), renumbered(bare(&untouched)), "{what}, undone");
    assert_eq!(Case::fold(&mailed.history), mailed.case);
}

#[test]
fn every_state_that_can_be_reached_owes_its_next_step_by_a_date_or_has_ended() {
    let happenings = all_that_happens();
    let mut seen = BTreeSet::new();
    let mut ends = BTreeSet::new();
    let mut waiting: VecDeque<(Life, Vec<&str>)> = VecDeque::new();
    let kinds = [Kind::Complaint, Kind::ServiceRequest, Kind::Correspondence];
    for (kind, unsure, withheld) in kinds.into_iter().flat_map(|kind| {
        [(kind, false, None), (kind, false, Some("it lay in the junk folder".to_owned())), (kind, true, None)]
    }) {
        let mut life = Life::new(london(RECEIVED, 10, 0));
        let unsure = unsure && kind == Kind::Complaint;
        life.happens(&Input::Opened(Box::new(Opening { kind, unsure, withheld, ..complaint(life.now) }))).unwrap();
        life.all_sent();
        waiting.push_back((life, Vec::new()));
    }
    while let Some((life, way)) = waiting.pop_front() {
        assert!(owes_what_it_must(&life), "a dead end after {way:?}: {}", state(&life));
        ends.extend(life.case.ended.as_ref().map(|ending| format!("{ending:?} {:?}", life.case.stage)));
        if !seen.insert(state(&life)) {
            continue;
        }
        for (what, happens) in &happenings {
            undone_is_as_if_it_had_not_been(&life, what, *happens);
            let mut next = life.clone();
            happens(&mut next);
            next.all_sent();
            waiting.push_back((next, way.iter().copied().chain([*what]).collect()));
        }
    }
    let every_end = [
        "Closed One",
        "Closed Two",
        "Correspondence One",
        "Refused(One) One",
        "Refused(Two) Two",
        "Withdrawn One",
        "Withdrawn Two",
    ];
    assert_eq!(ends.iter().collect::<Vec<_>>(), every_end.iter().collect::<Vec<_>>(), "the walk came to every end");
    assert!(seen.len() > 500, "{} states", seen.len());
}

// ── who is away ───────────────────────────────────────────────────────────────────────────────────────────────────

/// These people are away for all of December 2026, each with whom they asked to stand in.
fn away(people: &[(&str, Option<&str>)]) -> Absences {
    Absences::new(people.iter().map(|(name, cover)| Absence {
        address: person(name).address,
        since: date(2026, 12, 1),
        until: date(2027, 1, 4),
        cover: cover.map(|cover| person(cover).address),
    }))
}

#[test]
fn a_cover_whom_the_complaint_names_hears_nothing_of_it() {
    let mut life = Life::new(london(date(2026, 12, 7), 10, 0));
    life.away = away(&[("Ada Lane", Some("Gus Reed"))]);
    let opening = Opening { points: vec![words("Gus Reed shouted at me.")], ..complaint(life.now) };
    life.happens(&Input::Opened(Box::new(opening))).unwrap();
    assert_eq!(life.case.handler().unwrap().name, "Ben Moor");
    life.wait_until(date(2026, 12, 22));
    assert_eq!((life.got("gus"), life.got("ada")), (vec![], vec![]));
    assert!(life.got("ben").contains(&LetterKind::Reminder));
}

#[test]
fn a_request_for_stage_2_passes_over_a_reviewer_who_is_away_for_another_and_for_nobody_who_may_not_review() {
    let reviewer = |people: &[(&str, Option<&str>)]| {
        let mut life = Life::of_complaint(date(2026, 12, 1));
        life.respond("Ada", Finding::Upheld).unwrap();
        life.away = away(people);
        life.act("Ada", Command::Escalate { received: None, reasons: None }).unwrap();
        life.case.handler().unwrap().name.clone()
    };
    assert_eq!(reviewer(&[]), "Cleo Dale");
    assert_eq!(reviewer(&[("Cleo Dale", None)]), "Fay Dale");
    assert_eq!(reviewer(&[("Cleo Dale", Some("Gus Reed"))]), "Fay Dale", "further staff review nothing");
    assert_eq!(reviewer(&[("Cleo Dale", Some("Ada Lane"))]), "Fay Dale", "who answered at stage 1");
    assert_eq!(reviewer(&[("Cleo Dale", None), ("Fay Dale", None)]), "Cleo Dale", "rather than nobody");
}

#[test]
fn whoever_stands_in_may_act_as_the_handler_may_and_only_while_they_do() {
    let mut life = Life::of_complaint(date(2026, 12, 1));
    let update = || Command::Update { text: words("The roofer comes on Tuesday."), every: None };
    assert!(matches!(life.act("Gus", update()), Err(Refusal::NotTheirs { .. })));
    life.away = away(&[("Ada Lane", Some("Gus Reed"))]);
    life.act("Gus", update()).unwrap();
    life.act("Ada", update()).expect("the case stays theirs");
    let promised = Promised {
        what: words("Mend the roof"),
        owner: "Ada's role".to_owned(),
        owner_address: Some(person("Ada Lane").address),
        by: date(2026, 12, 18),
    };
    life.act("Ada", Command::Promise(promised)).unwrap();
    life.act("Ada", Command::Assign { to: person("Ben Moor"), conflict: None, despite: None }).unwrap();
    assert!(matches!(life.act("Gus", update()), Err(Refusal::NotTheirs { .. })), "the case is Ben's now");
    life.act("Gus", Command::Done { action: 1, evidence: words("Photograph") }).expect("the promise is still Ada's");
}

#[test]
fn what_does_not_reach_the_only_one_who_is_told_is_heard_by_whoever_is_there_and_else_by_those_who_are_away() {
    let (eve_is_there, only_ben_is) =
        (["Ada Lane", "Dan Hill"].as_slice(), ["Ada Lane", "Dan Hill", "Eve Shaw"].as_slice());
    for (people, hears, next) in [(eve_is_there, "eve", [].as_slice()), (only_ben_is, "ada", &["ada@example.net"])] {
        let mut life = Life::new(london(date(2026, 12, 1), 10, 0));
        life.away = away(&people.iter().map(|name| (*name, None)).collect::<Vec<_>>());
        let mut opening = complaint(life.now);
        opening.resident = Resident { post: Some(words("14 Alder Court")), prefers: Prefers::Post, ..opening.resident };
        life.happens(&Input::Opened(Box::new(opening))).unwrap();
        let to_post = life.letters[0].clone();
        assert_eq!((to_post.says.kind(), to_post.address.as_str()), (LetterKind::Acknowledgement, "ben@example.net"));
        let gone = Outcome::Refused { reply: words("550 5.1.1 no such user") };
        life.happens(&Input::Posted { letter: to_post.number, outcome: gone.clone() }).unwrap();
        assert_eq!(life.got(hears), [LetterKind::Undelivered]);
        // The day before its date: Ben, and above him whoever is there.
        life.wait_until(date(2026, 12, 7));
        let to_ben = |letter: &&Letter| {
            letter.says.kind() == LetterKind::Reminder && letter.address.as_str() == "ben@example.net"
        };
        let letter = life.letters.iter().rfind(to_ben).unwrap().number;
        let told = life.happens(&Input::Posted { letter, outcome: gone }).unwrap().letters;
        let told: Vec<&str> = told.iter().map(|letter| letter.address.as_str()).collect();
        assert_eq!(told, next, "{people:?}");
    }
}
