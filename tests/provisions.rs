//! The 72 provisions of the 2024 Complaint Handling Code, in our words: for each the tests that show it enforced or
//! evidenced, or why software does not.
//!
//! The list itself is tested: it is complete, and every test it names is there.

use std::collections::BTreeSet;
use std::path::Path;

/// A provision, what it asks, the tests that show it, and what is left to people.
struct Provision {
    number: &'static str,
    asks: &'static str,
    shown_by: &'static [&'static str],
    /// Why software does not do it, or not all of it; empty when it does.
    left_to_people: &'static str,
}

const fn shown(number: &'static str, asks: &'static str, shown_by: &'static [&'static str]) -> Provision {
    Provision { number, asks, shown_by, left_to_people: "" }
}

const fn partly(
    number: &'static str,
    asks: &'static str,
    shown_by: &'static [&'static str],
    left_to_people: &'static str,
) -> Provision {
    Provision { number, asks, shown_by, left_to_people }
}

const fn people(number: &'static str, asks: &'static str, left_to_people: &'static str) -> Provision {
    Provision { number, asks, shown_by: &[], left_to_people }
}

#[rustfmt::skip]
const CODE: &[Provision] = &[
    // ── 1 what a complaint is ──
    shown("1.2", "any dissatisfaction, however put, with the landlord or those acting for it", &[
        "whoever_says_that_they_complain_is_never_merely_listed",
        "dissatisfaction_in_so_many_words_is_never_filed_away_unasked",
        "unhappiness_below_a_complaint_that_was_withdrawn_or_not_taken_on_is_one_complaint_anew",
    ]),
    shown("1.3", "no magic word; the choice to complain whenever somebody is unhappy; third parties as well", &[
        "a_landlord_may_say_it_in_other_words",
        "a_template_that_drops_a_part_is_refused_by_the_provision_that_asks_for_it",
        "speaking_for_somebody_and_asking_for_another_way_are_flagged",
    ]),
    shown("1.4", "service requests are no complaints, and are logged, watched and reviewed", &[
        "a_first_report_is_a_service_request_and_a_second_one_a_complaint",
        "a_request_is_answered_reviewed_complained_of_and_goes_on",
    ]),
    shown("1.5", "unhappy with the answer to a request is a complaint, and the request goes on", &[
        "an_unhappy_answer_about_a_request_is_a_linked_complaint_and_the_request_goes_on",
        "unhappiness_about_a_request_opens_one_complaint_at_its_landlord_and_joins_it_from_then_on",
    ]),
    shown("1.6", "a poor survey answer is no complaint by itself, and surveys say how to complain", &[
        "a_survey_answer_is_a_survey_however_unhappy",
        "the_survey_goes_out_four_weeks_after_closing_unless_declined_or_reopened",
    ]),

    // ── 2 exclusions ──
    partly("2.1", "accept unless there is a valid reason, each case by itself", &[
        "a_refusal_needs_a_ground_its_evidence_and_over_twelve_months_a_word_on_discretion",
        "a_claim_before_the_court_is_hinted_at_and_still_a_complaint",
    ], "Whether a reason is valid is a person's judgement; no message is ever refused by itself."),
    shown("2.2", "fair grounds, named in the policy", &[
        "a_refusal_needs_a_ground_its_evidence_and_over_twelve_months_a_word_on_discretion",
    ]),
    shown("2.3", "within twelve months, and discretion considered for what is older", &[
        "a_refusal_needs_a_ground_its_evidence_and_over_twelve_months_a_word_on_discretion",
    ]),
    shown("2.4", "a refusal says why, and that the Ombudsman may be asked about it", &[
        "a_template_that_drops_a_part_is_refused_by_the_provision_that_asks_for_it",
        "every_letter_reads_as_it_was_approved",
    ]),
    shown("2.5", "no blanket exclusions", &[
        "a_claim_before_the_court_is_hinted_at_and_still_a_complaint",
        "what_machines_write_is_recorded_and_never_answered",
    ]),

    // ── 3 access ──
    shown("3.1", "several ways to complain, and needs under the Equality Act met", &[
        "a_complaint_by_telephone_is_logged_with_the_day_it_came",
        "a_resident_who_wants_paper_is_acknowledged_when_somebody_has_posted_it",
    ]),
    shown("3.2", "any way, to any member of staff, who passes it on; it counts from when they had it", &[
        "what_staff_pass_on_counts_from_the_day_the_landlord_had_it",
        "what_the_landlord_had_earlier_counts_from_then_and_never_from_later",
        "a_complaint_acknowledged_by_itself_that_the_landlord_had_earlier_is_answered_earlier",
    ]),
    people("3.3", "many complaints are no bad sign", "How figures are read is the governing body's business; ours are neutral counts."),
    partly("3.4", "a clear policy on the website: two stages, what happens, how long", &[
        "every_letter_reads_as_it_was_approved",
    ], "The policy is the landlord's to publish; every acknowledgement sums it up and links to it."),
    people("3.5", "the policy says how it and the Ombudsman are made known", "The policy is the landlord's own document."),
    shown("3.6", "somebody may speak for the resident and come along", &[
        "a_representative_gets_copies_once_the_resident_has_said_so_and_a_copy_meets_no_duty",
    ]),
    shown("3.7", "residents hear of the Ombudsman and how to reach it", &[
        "a_template_that_drops_a_part_is_refused_by_the_provision_that_asks_for_it",
        "details_the_ombudsman_has_given_up_are_refused",
    ]),

    // ── 4 people ──
    shown("4.1", "somebody handles complaints and deals with the Ombudsman", &[
        "missing_keys_are_refused_at_the_section_they_belong_to",
        "the_ombudsmans_mail_goes_to_the_officer_whoever_handles_the_case_and_is_never_answered",
    ]),
    partly("4.2", "who can reach staff at all levels and decide", &[
        "who_is_not_registered_does_nothing_and_further_staff_only_write_down_what_they_know",
        "people_are_reminded_before_and_after_the_date_each_once",
    ], "Standing within the landlord is given by people; Redress tells those above when nothing moves."),
    people("4.3", "complaints matter, and have staff, training and a culture of learning", "A matter of people and money."),

    // ── 5 how complaints are handled ──
    partly("5.1", "one policy; nobody is treated worse for complaining", &[
        "more_answers_than_a_day_may_have_wait_for_a_person",
    ], "One set of rules holds for every resident of a landlord; how people treat each other is theirs."),
    shown("5.2", "no stage before stage 1, no \"informal\" complaint", &[
        "stale_details_and_forbidden_words_are_refused_wherever_they_stand",
    ]),
    shown("5.3", "never more than two stages", &[
        "a_complaint_goes_through_both_stages_by_the_codes_dates_over_christmas",
        "whatever_happens_no_duty_is_forgotten_no_date_put_off_and_nothing_said_twice",
    ]),
    shown("5.4", "whoever answers for the landlord does so within the two stages", &[
        "somebody_named_or_of_the_same_estate_or_in_conflict_is_refused_unless_a_manager_says_why",
    ]),
    shown("5.5", "and the landlord answers for them", &[
        "a_reminder_that_comes_back_or_meets_an_absence_note_goes_to_the_next_person_at_once",
    ]),
    shown("5.6", "the complaint definition and the outcome sought are set out; what is unclear is asked", &[
        "a_corrected_definition_is_told_to_the_resident_and_moves_no_date",
        "a_template_that_drops_a_part_is_refused_by_the_provision_that_asks_for_it",
        "paragraphs_and_list_items_become_points_without_greeting_and_signing_off",
    ]),
    shown("5.7", "and what the landlord is and is not responsible for", &[
        "a_template_that_drops_a_part_is_refused_by_the_provision_that_asks_for_it",
    ]),
    partly("5.8", "an open mind, a fair hearing, no conflict of interest", &[
        "somebody_named_or_of_the_same_estate_or_in_conflict_is_refused_unless_a_manager_says_why",
        "a_complaint_that_names_the_officer_goes_to_the_deputy_and_not_to_the_officer",
        "whoever_the_complaint_names_neither_answers_nor_refuses_it",
        "a_handler_whom_the_complaint_comes_to_name_handles_it_no_more",
    ], "An open mind is a person's; conflicts are declared, and those that can be seen are refused."),
    shown("5.9", "outside the times, how often the resident hears is agreed", &[
        "an_extension_has_a_reason_a_limit_and_a_last_day",
    ]),
    shown("5.10", "reasonable adjustments are made, recorded and reviewed", &[
        "adjustments_and_restrictions_are_looked_at_again_and_a_restriction_stops_no_logging",
        "a_resident_who_wants_paper_is_acknowledged_when_somebody_has_posted_it",
    ]),
    shown("5.11", "no refusal to escalate without a valid ground", &[
        "whoever_answered_at_stage_1_never_deals_with_stage_2_whatever_anybody_says",
        "a_refusal_needs_a_ground_its_evidence_and_over_twelve_months_a_word_on_discretion",
    ]),
    shown("5.12", "a full record of everything", &[
        "a_message_is_shown_as_a_person_reads_it_and_raw_as_it_came",
        "check_notices_history_that_was_changed_shortened_or_reworded",
    ]),
    shown("5.13", "a remedy is possible at any stage", &[
        "every_point_is_answered_and_a_fault_is_put_right",
    ]),
    shown("5.14", "restrictions have evidence and are reviewed", &[
        "adjustments_and_restrictions_are_looked_at_again_and_a_restriction_stops_no_logging",
    ]),
    shown("5.15", "and weigh the Equality Act", &[
        "adjustments_and_restrictions_are_looked_at_again_and_a_restriction_stops_no_logging",
    ]),

    // ── 6 the stages ──
    shown("6.1", "what is quick, what is complex, who is at risk", &[
        "word_of_a_danger_is_answered_at_once_however_often_and_whatever_else_it_is",
        "a_gas_smell_with_a_baby_raises_both_flags_and_shows_the_wish",
    ]),
    shown("6.2", "acknowledged, defined and logged within five working days", &[
        "a_sure_complaint_is_acknowledged_at_once_and_answered_by_a_date_over_christmas",
        "an_unclear_message_gets_a_receipt_and_on_the_fourth_working_day_the_acknowledgement",
        "after_review_there_is_a_receipt_and_a_person_acknowledges_or_the_fourth_working_day_does",
    ]),
    shown("6.3", "the stage 1 response within ten working days of the acknowledgement", &[
        "acknowledgement_and_stage_one_dates_are_those_worked_out_by_hand",
        "a_late_acknowledgement_buys_no_time",
    ]),
    shown("6.4", "an extension of ten working days at most, with its reason, told in time", &[
        "an_extension_has_a_reason_a_limit_and_a_last_day",
    ]),
    shown("6.5", "with the Ombudsman's details", &[
        "a_template_that_drops_a_part_is_refused_by_the_provision_that_asks_for_it",
    ]),
    shown("6.6", "the response when the answer is known; what is outstanding is followed and told", &[
        "every_point_is_answered_and_a_fault_is_put_right",
        "what_was_promised_is_carried_through_though_the_complaint_is_withdrawn_or_not_taken_to_stage_2",
    ]),
    shown("6.7", "every point answered, with reasons", &[
        "every_point_is_answered_and_a_fault_is_put_right",
    ]),
    shown("6.8", "related points join before the response, and are a new complaint after it", &[
        "a_corrected_definition_is_told_to_the_resident_and_moves_no_date",
        "a_complaint_joined_to_another_loses_neither_its_points_nor_its_promises_nor_its_clock",
    ]),
    shown("6.9", "the seven things a stage 1 response says", &[
        "a_template_that_drops_a_part_is_refused_by_the_provision_that_asks_for_it",
        "every_letter_reads_as_it_was_approved",
    ]),
    shown("6.10", "not content in whole or part: stage 2", &[
        "a_complaint_goes_through_both_stages_by_the_codes_dates_over_christmas",
        "not_accepting_the_stage_1_answer_is_a_stage_2_request_without_any_form_of_words",
    ]),
    shown("6.11", "acknowledged, defined and logged at stage 2 within five working days", &[
        "stage_two_and_hazard_dates_are_those_worked_out_by_hand",
        "an_unsure_stage_2_is_asked_about_and_runs_until_a_person_says_otherwise",
    ]),
    shown("6.12", "no reason needed; the landlord tries to understand", &[
        "an_extension_within_the_codes_limit_needs_no_more_than_a_reason_at_either_stage",
        "every_letter_reads_as_it_was_approved",
    ]),
    shown("6.13", "a different person at stage 2", &[
        "whoever_answered_at_stage_1_never_deals_with_stage_2_whatever_anybody_says",
        "whatever_happens_no_duty_is_forgotten_no_date_put_off_and_nothing_said_twice",
    ]),
    shown("6.14", "the final response within twenty working days of the stage 2 acknowledgement", &[
        "a_complaint_goes_through_both_stages_by_the_codes_dates_over_christmas",
        "stage_two_and_hazard_dates_are_those_worked_out_by_hand",
    ]),
    shown("6.15", "an extension of twenty working days at most, with its reason, told in time", &[
        "an_extension_within_the_codes_limit_needs_no_more_than_a_reason_at_either_stage",
    ]),
    shown("6.16", "with the Ombudsman's details", &[
        "a_template_that_drops_a_part_is_refused_by_the_provision_that_asks_for_it",
    ]),
    shown("6.17", "the final response when the answer is known; what is outstanding is followed", &[
        "every_point_is_answered_and_a_fault_is_put_right",
    ]),
    shown("6.18", "every point answered at stage 2, with reasons", &[
        "whatever_happens_no_duty_is_forgotten_no_date_put_off_and_nothing_said_twice",
    ]),
    shown("6.19", "the seven things a stage 2 response says", &[
        "a_template_that_drops_a_part_is_refused_by_the_provision_that_asks_for_it",
        "every_letter_reads_as_it_was_approved",
    ]),
    partly("6.20", "stage 2 is final, and all suitable staff take part", &[
        "a_complaint_goes_through_both_stages_by_the_codes_dates_over_christmas",
    ], "Who is suitable is for the handler to say; calls, visits and evidence are recorded by whoever has them."),

    // ── 7 putting things right ──
    shown("7.1", "faults are owned, and put right in one of eight ways", &[
        "every_point_is_answered_and_a_fault_is_put_right",
    ]),
    people("7.2", "a remedy fits what happened to the resident", "How much is right is a person's judgement; the remedy and its sum are recorded."),
    shown("7.3", "what, by when, and carried through", &[
        "every_point_is_answered_and_a_fault_is_put_right",
        "what_was_promised_is_carried_through_though_the_complaint_is_withdrawn_or_not_taken_to_stage_2",
    ]),
    people("7.4", "the Ombudsman's guidance on remedies is taken into account", "Reading it is the handler's part; the decision has room to say how it was used."),

    // ── 8 self-assessment and reporting: reports are still to come ──
    people("8.1", "a yearly report on complaints, with a self-assessment", "The history holds what it needs; the report itself is written by people for now."),
    people("8.2", "it goes to the governing body and is published with its answer", "A meeting and a website."),
    people("8.3", "a new self-assessment after a change of structure or procedure", "Only people know of such a change."),
    partly("8.4", "and when the Ombudsman asks for one", &[
        "the_ombudsmans_mail_goes_to_the_officer_whoever_handles_the_case_and_is_never_answered",
    ], "The Ombudsman's letter reaches the officer at once; the assessment is theirs to make."),
    partly("8.5", "unable to comply: the Ombudsman and residents are told", &[
        "a_broken_login_rests_the_way_burns_no_try_and_tells_the_operator_once",
    ], "That mail cannot be fetched or sent is told to the operator; whom the landlord tells is its decision."),

    // ── 9 learning ──
    shown("9.1", "looking past the single case", &[
        "every_point_is_answered_and_a_fault_is_put_right",
    ]),
    partly("9.2", "complaints as intelligence", &[
        "the_register_holds_every_case_with_its_history",
    ], "The register can be read as data; what it means is for people."),
    people("9.3", "what was learnt is told to panels, staff and committees", "People tell people; the learning of each case is on record."),
    shown("9.4", "a senior person leads", &[
        "missing_keys_are_refused_at_the_section_they_belong_to",
    ]),
    shown("9.5", "a member of the governing body is responsible for complaints", &[
        "missing_keys_are_refused_at_the_section_they_belong_to",
    ]),
    partly("9.6", "and sees that the body gets regular information", &[
        "people_are_reminded_before_and_after_the_date_each_once",
    ], "They hear of what is overdue; reports for the governing body are still to come."),
    people("9.7", "at least these figures, trends and outcomes", "Reports for the governing body are still to come."),
    people("9.8", "an objective on complaint handling for all staff and third parties", "A matter of employment and contracts."),
];

/// The provisions of the 2024 Code: the last number of each section.
const SECTIONS: [(u8, u8, u8); 9] =
    [(1, 2, 6), (2, 1, 5), (3, 1, 7), (4, 1, 3), (5, 1, 15), (6, 1, 20), (7, 1, 4), (8, 1, 5), (9, 1, 8)];

#[test]
fn the_list_has_every_provision_of_the_code_in_its_order() {
    let numbers = SECTIONS
        .iter()
        .flat_map(|(section, first, last)| (*first..=*last).map(move |number| format!("{section}.{number}")));
    let listed: Vec<&str> = CODE.iter().map(|provision| provision.number).collect();
    assert_eq!(listed, numbers.collect::<Vec<_>>());
    assert_eq!(listed.len(), 72);
}

#[test]
fn every_provision_is_shown_by_tests_that_are_there_or_says_why_not() {
    let tests = all_tests();
    for Provision { number, asks, shown_by, left_to_people } in CODE {
        assert!(!asks.is_empty());
        assert!(!shown_by.is_empty() || !left_to_people.is_empty(), "{number}: neither shown nor explained");
        for test in *shown_by {
            assert!(tests.contains(*test), "{number} names the test {test}, which is not there");
        }
    }
}

/// Names of all functions marked as tests.
fn all_tests() -> BTreeSet<String> {
    let mut tests = BTreeSet::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("src"), root.join("tests")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the folders of the source are there") {
            let path = entry.expect("the folder can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                tests.extend(tests_in(&std::fs::read_to_string(path).expect("source is text")));
            }
        }
    }
    tests
}

fn tests_in(text: &str) -> Vec<String> {
    let mut marked = false;
    let mut tests = Vec::new();
    for line in text.lines().map(str::trim) {
        let name =
            line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ").and_then(|rest| rest.split('(').next());
        match name {
            Some(name) if marked => {
                tests.push(name.to_owned());
                marked = false;
            }
            _ => marked |= line.starts_with("#[test]") || line.starts_with("#[tokio::test"),
        }
    }
    tests
}
