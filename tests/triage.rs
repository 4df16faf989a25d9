//! Sorting as people see it: the verdict on a message, its reasons, and the command line.

use assert_cmd::Command;
use redress::domain::triage::{Context, Exclusion, Flag, Label, OtherKind, Settings, Sorted, Sorter, Words};

fn sort(subject: &str, body: &str, context: Context) -> Sorted {
    Sorter::embedded().sort(&Words { subject, body, context }, &Settings::default())
}

/// Where the clock runs: filed in the Code's procedure, or a person is asked.
fn kept(sorted: &Sorted) -> bool {
    sorted.label.starts_clock() || sorted.unsure
}

#[test]
fn a_first_report_is_a_service_request_and_a_second_one_a_complaint() {
    let first =
        sort("tap", "Kitchen tap started dripping this morning, could you send a plumber please?", Context::New);
    assert_eq!(first.label, Label::ServiceRequest);
    let body = "The tap is dripping again. I rang three weeks ago and twice since, your plumber never came back. \
                Could you send him please?";
    assert_eq!(sort("tap", body, Context::New).label, Label::Complaint);
}

#[test]
fn anger_at_a_neighbour_is_a_service_request_even_under_the_word_complaint() {
    let body = "I want to make a complaint about the people at number 9, loud music since they moved in on Friday. \
                First time I have written to you. Can somebody have a word with them please?";
    assert_eq!(sort("COMPLAINT", body, Context::New).label, Label::ServiceRequest);
}

#[test]
fn not_accepting_the_stage_1_answer_is_a_stage_2_request_without_any_form_of_words() {
    for body in ["No. I do not accept this, it is still wrong.", "not good enough. what is the next stage"] {
        assert_eq!(
            sort("Re: Complaint 17: our response", body, Context::ReplyToStage1Response).label,
            Label::Stage2Request
        );
    }
    let thanks = sort("Re: our response", "Thank you, I accept the apology. All done.", Context::ReplyToStage1Response);
    assert_eq!((thanks.label, thanks.other_kind), (Label::Other, Some(OtherKind::Thanks)));
}

#[test]
fn a_verdict_is_explained_by_phrases_a_person_would_quote() {
    let body = "The tap is dripping again. I rang three weeks ago and twice since, and nobody has come back to me. \
                I am 82 and the bucket is heavy.";
    let sorted = sort("tap", body, Context::New);
    assert_eq!(sorted.label, Label::Complaint);
    let said = sorted.because.join(" / ");
    assert!(said.contains("nobody has come back") || said.contains("I rang three weeks ago"), "{said}");
    assert!(sorted.because.iter().all(|phrase| phrase.split_whitespace().count() > 1), "{said}");
    assert!(sorted.flag_words[&Flag::Vulnerability].join(" / ").contains("I am 82"), "{:?}", sorted.flag_words);
    assert!(!sorted.flag_words.contains_key(&Flag::Representative), "{:?}", sorted.flag_words);
}

#[test]
fn a_quoted_letter_does_not_decide() {
    let quoted = "> If you are not satisfied you may ask for stage 2 or complain to the Housing Ombudsman.\n";
    let sorted = sort(
        "Re: your repair",
        &format!("Tuesday is fine for me, thank you.\n\n{quoted}"),
        Context::ReplyToServiceRequest,
    );
    assert_eq!(sorted.label, Label::Other);
    assert!(sorted.because.iter().all(|phrase| !phrase.contains("Ombudsman")), "{:?}", sorted.because);
}

#[test]
fn dissatisfaction_in_so_many_words_is_never_filed_away_unasked() {
    for body in [
        "I am very unhappy with the way my repair has been handled.",
        "Thank you for your card. I am not happy about the gate.",
        "I am disappointed with the cleaning, otherwise all is well, many thanks.",
        "How do I make a complaint?",
        "I don't want to complain, but the state of the stairs is unacceptable.",
    ] {
        for context in [Context::New, Context::ReplyToServiceRequest, Context::ReplyToStage1Response] {
            let sorted = sort("", body, context);
            assert!(kept(&sorted), "{body}: {sorted:?}");
        }
    }
    let calm = [
        "No complaints from me, thank you.",
        "All done, thank you.\n\n> If you are unhappy with this you may make a complaint.",
    ];
    for body in calm {
        let sorted = sort("Re: Repair completed", body, Context::ReplyToServiceRequest);
        assert!(!kept(&sorted), "{body}: {sorted:?}");
    }
}

#[test]
fn a_defect_stated_in_a_few_words_is_a_service_request() {
    for body in ["The tap in the kitchen drips.", "window broken", "The light in the stairwell is out."] {
        assert_eq!(sort("", body, Context::New).label, Label::ServiceRequest, "{body}");
    }
}

#[test]
fn a_survey_answer_is_a_survey_however_unhappy() {
    let body =
        "Q1 Overall satisfaction: very dissatisfied\nQ2 Repairs: very dissatisfied\nComment: \"never see anyone\"";
    let sorted = sort("Survey response 12", body, Context::New);
    assert_eq!((sorted.label, sorted.other_kind), (Label::Other, Some(OtherKind::Survey)));
}

#[test]
fn a_gas_smell_with_a_baby_raises_both_flags_and_shows_the_wish() {
    let body = "There is a strong smell of gas in the hall since an hour ago. I have a baby of 3 months. \
                Please send somebody now.";
    let sorted = sort("gas", body, Context::New);
    assert!(sorted.urgent_hazard && sorted.vulnerability);
    let said = |flag: Flag| sorted.flag_words[&flag].join(" / ");
    assert!(said(Flag::UrgentHazard).contains("smell of gas"), "{:?}", sorted.flag_words);
    assert!(said(Flag::Vulnerability).contains("baby"), "{:?}", sorted.flag_words);
    let wish = sorted.outcome_sought.expect("a wish is put");
    assert!(body[wish.clone()].starts_with("Please send somebody now"), "{:?}", &body[wish]);
    let calm = sort("rent", "What day does the rent go out in May?", Context::New);
    assert!(!calm.urgent_hazard && !calm.vulnerability && !calm.representative);
}

#[test]
fn a_danger_in_so_many_words_raises_the_alarm_whatever_else_is_said() {
    for body in ["Thank you for the visit. I can smell gas now.", "All fine. There are sparks from the socket."] {
        let sorted = sort("Thanks", body, Context::New);
        assert!(sorted.urgent_hazard && !sorted.flag_words[&Flag::UrgentHazard].is_empty(), "{body}: {sorted:?}");
    }
    let calm =
        sort("Gas check", "The engineer has been, thank you. I can't smell any gas.", Context::ReplyToServiceRequest);
    assert!(!calm.urgent_hazard, "{calm:?}");
}

#[test]
fn speaking_for_somebody_and_asking_for_another_way_are_flagged() {
    let body = "I am writing on behalf of my client Mr Vane, whose signed consent is attached. He is deaf. \
                Please write by email only and book a BSL interpreter for the visit.";
    let sorted = sort("Mr Vane", body, Context::New);
    assert!(sorted.representative && sorted.adjustment_requested && sorted.vulnerability);
}

#[test]
fn a_claim_before_the_court_is_hinted_at_and_still_a_complaint() {
    let body = "My claim was issued in the county court on 3 March and you have filed a defence. Your surveyor was rude \
                to my wife on Monday and I want an apology. I am not happy with how we were treated.";
    let sorted = sort("Claim 4XX00001", body, Context::New);
    assert_eq!((sorted.label, sorted.exclusion_hint), (Label::Complaint, Some(Exclusion::LegalProceedings)));
}

#[test]
fn a_landlords_own_words_ask_a_person_and_raise_flags() {
    let words = Words { subject: "Keys", body: "The keys for the Larch Wing are ready.", context: Context::New };
    let settings = Settings {
        complaint_words: vec!["larch".to_owned()],
        hazard_words: vec!["Larch wing".to_owned()],
        complaint_from: 1.0,
        sure_from: 0.0,
        ..Settings::default()
    };
    let sorted = Sorter::embedded().sort(&words, &settings);
    assert!(kept(&sorted) && sorted.urgent_hazard, "{sorted:?}");
    assert_eq!(sorted.flag_words[&Flag::UrgentHazard], ["Larch wing"]);
    let without = Settings { complaint_words: Vec::new(), hazard_words: Vec::new(), ..settings };
    let sorted = Sorter::embedded().sort(&words, &without);
    assert!(!sorted.unsure && !sorted.urgent_hazard, "{sorted:?}");
}

#[test]
fn any_text_is_sorted_and_its_reasons_and_wish_stand_in_it() {
    let long = "please send ".repeat(20_000);
    for body in ["", "\n\n>\n", "<", "<<<>", "“’£", "ß\u{301}\u{200b}", "1.", "1,2:3.", "a'", "____________", &long]
    {
        let sorted = sort(body, body, Context::New);
        assert!((0.0..=1.0).contains(&sorted.confidence), "{body:.20?}");
        assert!(sorted.because.iter().chain(sorted.flag_words.values().flatten()).all(|said| body.contains(said)));
        assert!(sorted.outcome_sought.is_none_or(|span| body.get(span).is_some()));
    }
}

#[test]
fn weights_cut_short_or_of_another_kind_are_refused() {
    let whole = std::fs::read("config/sorter.weights").unwrap();
    assert!(Sorter::from_bytes(&whole).is_ok());
    for bytes in [&whole[..0], &whole[..40], &whole[..whole.len() - 1], &b"not weights at all, only text"[..]] {
        assert!(Sorter::from_bytes(bytes).is_err());
    }
}

#[test]
fn the_command_prints_a_verdict_a_line_with_the_wish_copied_from_the_body() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("messages.jsonl");
    let message =
        r#"{"id":"one","subject":"tap","body":"Tap dripping since today. Please send a plumber.","context":"new"}"#;
    std::fs::write(&file, format!("{message}\n\n")).unwrap();
    let run = Command::cargo_bin("redress").unwrap().args(["triage", "--json"]).arg(&file).assert().success();
    let line: serde_json::Value = serde_json::from_slice(&run.get_output().stdout).unwrap();
    assert_eq!(line["id"], "one");
    assert_eq!(line["label"], "service_request");
    assert_eq!(line["outcome_sought"], "Please send a plumber");
    for field in ["unsure", "confidence", "because", "other_kind", "urgent_hazard", "exclusion_hint"] {
        assert!(line.get(field).is_some(), "{field}");
    }

    std::fs::write(&file, "{\"id\":1}\n").unwrap();
    let run = Command::cargo_bin("redress").unwrap().arg("triage").arg(&file).assert().failure();
    assert!(String::from_utf8_lossy(&run.get_output().stderr).contains("Line 1 of"));
}

#[test]
fn the_command_sorts_by_the_landlords_own_words_and_says_when_it_cannot() {
    let dir = tempfile::tempdir().unwrap();
    let (file, config) = (dir.path().join("messages.jsonl"), dir.path().join("redress.toml"));
    let message = r#"{"id":"one","subject":"Keys","body":"The keys of the Larch Wing are ready.","context":"new"}"#;
    std::fs::write(&file, message).unwrap();
    let run = || {
        let mut command = Command::cargo_bin("redress").unwrap();
        let output = command.args(["triage", "--json", "--config"]).arg(&config).arg(&file).assert().success();
        let line: serde_json::Value = serde_json::from_slice(&output.get_output().stdout).unwrap();
        (line["urgent_hazard"] == true, String::from_utf8_lossy(&output.get_output().stderr).into_owned())
    };
    assert_eq!(run(), (false, String::new()), "no configuration is no trouble");
    let usual = include_str!("../src/cli/demo/redress.toml");
    ["mail/new", "mail/cur", "mail/tmp", "machine/outgoing"]
        .iter()
        .for_each(|folder| std::fs::create_dir_all(dir.path().join(folder)).unwrap());
    std::fs::write(&config, format!("{usual}\n[sorter]\nhazard_words = [\"larch wing\"]\n")).unwrap();
    assert_eq!(run(), (true, String::new()));
    std::fs::write(&config, format!("{usual}\n[sorter]\nhazard_words = 7\n")).unwrap();
    let (hazard, said) = run();
    assert!(!hazard && said.contains("`redress check` says why"), "{said}");
}

#[test]
fn a_wish_is_the_writers_own() {
    for (body, wish) in [
        ("The lift is out again. My neighbour wants to know too.", None),
        ("You want £14 from me for a lamp that has been out since May, as I said in June.", None),
        ("The tap drips. My neighbour wants one too. Please send a plumber.", Some("Please send a plumber")),
        ("I pay for the bins every week and nobody has come. I want a refund.", Some("I want a refund")),
    ] {
        let sorted = sort("", body, Context::New);
        let said = sorted.outcome_sought.map(|span| &body[span]);
        assert_eq!(said, wish, "{body}");
    }
    let body =
        "I write on behalf of my neighbour Mrs Oke, who has asked me to. Her boiler is out. She wants it mended today.";
    let sorted = sort("", body, Context::New);
    assert_eq!(sorted.outcome_sought.map(|span| &body[span]), Some("She wants it mended today"));
}

#[test]
fn a_reason_is_never_a_scrap() {
    let body = "Your man came on Tuesday and stuck a rod down the toilet in the flat above and said to me it was sorted now \
                but it was not about the toilet it was about the bath which is still full of black water.";
    let sorted = sort("", body, Context::New);
    assert!(!sorted.because.is_empty());
    for phrase in &sorted.because {
        assert!(phrase.split_whitespace().count() > 3, "{:?}", sorted.because);
    }
}

#[test]
fn training_twice_gives_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let examples = std::fs::read_to_string("tests/triage/dev.jsonl").unwrap();
    let few: Vec<&str> = examples.lines().step_by(9).collect();
    let file = dir.path().join("few.jsonl");
    std::fs::write(&file, few.join("\n")).unwrap();
    let train = |name: &str| {
        let out = dir.path().join(name);
        Command::cargo_bin("redress").unwrap().args(["triage", "--train"]).arg(&out).arg(&file).assert().success();
        std::fs::read(out).unwrap()
    };
    let (one, two) = (train("one"), train("two"));
    assert!(one.len() > 1000 && one == two);
}

#[test]
#[ignore = "a minute in a debug build; run it after touching the lexicon, the features or the training"]
fn the_weights_that_ship_are_those_the_labelled_sets_give() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("weights");
    let sets = ["dev", "train_c", "train_d", "train_e", "train_f", "train_g", "train_h", "train_i", "train_j"]
        .map(|s| format!("tests/triage/{s}.jsonl"));
    Command::cargo_bin("redress").unwrap().args(["triage", "--train"]).arg(&out).args(sets).assert().success();
    assert!(std::fs::read(out).unwrap() == std::fs::read("config/sorter.weights").unwrap());
}
