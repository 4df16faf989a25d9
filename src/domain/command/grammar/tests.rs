use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::domain::calendar::{Calendar, listed};
use crate::domain::case::{Finding, RemedyKind};
use crate::domain::landlord::Landlord;

/// A Wednesday.
const TODAY: Date = date(2026, 11, 25);

fn person(name: &str, role: &str, address: &str) -> Person {
    Person { name: name.to_owned(), role: role.to_owned(), address: address.to_owned(), estate: None }
}

fn landlord() -> Landlord {
    Landlord {
        key: "wellington".to_owned(),
        name: "Wellington Homes Limited".to_owned(),
        prefix: "WEL".to_owned(),
        addresses: vec!["complaints@example.org".to_owned()],
        acknowledge: Default::default(),
        officer: person("Ada Example", "Complaints Officer", "ada@example.net"),
        deputy: person("Ben Example", "Deputy Complaints Officer", "ben@example.net"),
        reviewers: vec![person("Cleo Marsh", "Head of Housing", "cleo@example.net")],
        manager: person("Dan Example", "Housing Manager", "dan@example.net"),
        member_responsible: person("Eve Example", "Member Responsible for Complaints", "eve@example.net"),
        staff: vec![
            person("Fay Marsh", "Surveyor", "fay@example.net"),
            person("Gus Marsh", "Surveyor", "gus@example.net"),
        ],
        forms: vec![],
        policy_link: String::new(),
        emergency_telephone: String::new(),
        responsible_for: vec![],
        not_responsible_for: vec![],
    }
}

fn in_context<T>(ask: impl FnOnce(&Context) -> T) -> T {
    let (calendar, landlord) = (Calendar::england_and_wales(&[], &[]), landlord());
    ask(&Context { today: TODAY, calendar: &calendar, landlord: &landlord })
}

fn form(verb: &str, fields: &[(&str, &str)]) -> Form {
    let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Form { verb: verb.to_owned(), fields }
}

#[track_caller]
fn command(verb: &str, fields: &[(&str, &str)]) -> Command {
    in_context(|context| form(verb, fields).read(context)).unwrap()
}

#[track_caller]
fn mistakes(verb: &str, fields: &[(&str, &str)]) -> Vec<String> {
    let mistakes = in_context(|context| form(verb, fields).read(context)).unwrap_err();
    mistakes.iter().map(Mistake::to_string).collect()
}

/// Field and example of every field, or of those that are needed.
fn examples(fields: &[Field], needed_only: bool) -> Vec<(String, String)> {
    let wanted = fields.iter().filter(|field| field.needed || !needed_only);
    wanted.map(|field| (field.name.to_owned(), field.example.to_owned())).collect()
}

#[test]
fn every_example_reads_and_every_field_reaches_its_command() {
    in_context(|context| {
        for verb in VERBS {
            let bare = verb.read(&examples(verb.fields, true), context).unwrap_or_else(|wrong| {
                panic!("{}: {wrong:?}", verb.name);
            });
            verb.read(&examples(verb.fields, false), context).unwrap();
            // “About” only stands in the form for its reader to see.
            for field in verb.fields.iter().filter(|field| !field.needed && field.name != "about") {
                let mut fields = examples(verb.fields, true);
                fields.push((field.name.to_owned(), field.example.to_owned()));
                assert_ne!(verb.read(&fields, context).unwrap(), bare, "{} loses {}", verb.name, field.name);
            }
        }
        let bare = LOG.read(&examples(LOG.fields, true), context).unwrap();
        for field in LOG.fields.iter().filter(|field| !field.needed) {
            let mut fields = examples(LOG.fields, true);
            fields.push((field.name.to_owned(), field.example.to_owned()));
            assert_ne!(LOG.read(&fields, context).unwrap(), bare, "log loses {}", field.name);
        }
    });
}

#[test]
fn a_line_of_a_form_that_was_left_as_it_was_says_nothing() {
    let answered =
        [("answer", "… not upheld: we came in two days"), ("remedy", "…"), ("action", "..."), ("about", "The lift…")];
    let Command::Respond { answers, remedies, actions, .. } = command("respond", &answered) else { panic!() };
    assert_eq!((answers[0].finding, answers[0].reasons.as_str()), (Finding::NotUpheld, "we came in two days"));
    assert!(remedies.is_empty() && actions.is_empty());
    let confirmed = command("define", &[("point", "…"), ("outcome", " … ")]);
    assert_eq!(confirmed, Command::Define(Redefinition::default()));
    assert_eq!(
        mistakes("extend", &[("until", "…"), ("reason", "The surveyor is ill")]),
        ["until: this is needed: the new date. For example: Friday 18 December"]
    );
}

#[test]
fn the_table_reads_like_one_hand_wrote_it() {
    let mut names: Vec<&str> = VERBS.iter().map(|verb| verb.name).collect();
    names.push(LOG.name);
    let fields = VERBS.iter().flat_map(|verb| verb.fields).chain(LOG.fields);
    for field in fields {
        assert!(!field.meaning.is_empty() && !field.meaning.ends_with('.'), "{}", field.name);
        assert!((field.holds == Holds::Flag) == field.example.is_empty(), "{}", field.name);
        assert!(field.name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{}", field.name);
    }
    for verb in VERBS {
        assert!(verb.meaning.starts_with(char::is_uppercase) && !verb.meaning.ends_with('.'), "{}", verb.name);
        assert!(verb.name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{}", verb.name);
    }
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all, "no verb stands there twice");
}

#[test]
fn every_mistake_is_told_at_once_with_an_example() {
    assert_eq!(
        mistakes("extend", &[("until", "soon"), ("updates", "often"), ("raeson", "The part is late")]),
        [
            "until: that is no date this program can read (“soon”). For example: Friday 18 December",
            "reason: this is needed: why, as the resident reads it. For example: The surveyor can only come on 14 December",
            "updates: that is no number of working days (“often”). For example: 5 working days",
            "raeson: there is no such field; “extend” has until, reason, good-reason, updates; perhaps “reason”",
        ]
    );
    assert_eq!(mistakes("extnd", &[]), ["no act of a case has that name; perhaps “extend”. For example: note"]);
    assert_eq!(
        mistakes("close", &[("learning", "  \n ")]),
        ["learning: nothing is written there. For example: Parts for this lift are now kept in store"]
    );
    let twice = mistakes("close", &[("learning", "One"), ("Learning", "Two")]);
    assert!(twice[0].starts_with("learning: it is given more than once"), "{twice:?}");
    let long = mistakes("close", &[("learning", &"word ".repeat(5000))]);
    assert!(long[0].starts_with("learning: that is longer than 20000 characters"), "{long:?}");
}

#[test]
fn names_of_verbs_and_fields_are_taken_as_people_write_them() {
    let expected = command("extend", &[("until", "18 Dec"), ("reason", "R"), ("good-reason", "G"), ("updates", "5")]);
    let written =
        command("EXTEND", &[("Until", "18/12/26"), ("Good reason", "G"), ("REASON", "R"), ("updates", "weekly")]);
    assert_eq!(expected, written);
    assert_eq!(command("Handed over", &[("letter", "letter 3")]), command("handed-over", &[("letter", "3")]));
    assert_eq!(command("ask", &[("questions", "Which?")]), command("ask", &[("question", "Which?")]));
}

#[test]
fn every_example_of_every_verb_is_asked_for_by_any_of_its_names() {
    for row in rows() {
        let example = |field: &Field| (field.name.to_owned(), field.example.to_owned());
        let fields: Vec<_> = row.fields.iter().map(example).collect();
        let asked =
            |verb: &str| in_context(|context| Form { verb: verb.to_owned(), fields: fields.clone() }.asked(context));
        let by_name = asked(row.name).unwrap();
        for word in row.also {
            assert_eq!(asked(&word.to_uppercase()).as_ref(), Ok(&by_name), "{word}");
        }
        let other_words: Vec<_> = row
            .fields
            .iter()
            .map(|field| (field.also.last().unwrap_or(&field.name).replace('-', " "), field.example.to_owned()))
            .collect();
        let form = Form { verb: row.name.to_owned(), fields: other_words };
        assert_eq!(in_context(|context| form.asked(context)), Ok(by_name), "{}", row.name);
    }
    let unknown = in_context(|context| form("extnd", &[]).asked(context)).unwrap_err();
    assert_eq!(unknown[0].to_string(), "no act of a case has that name; perhaps “extend”. For example: note");
}

#[test]
fn what_is_asked_besides_acts_is_read() {
    let aside = |verb: &str, fields: &[(&str, &str)]| in_context(|context| form(verb, fields).asked(context)).unwrap();
    assert_eq!(aside("help", &[]), Asked::Aside(Aside::Help { about: None }));
    assert_eq!(
        aside("help", &[("about", "Handed over")]),
        Asked::Aside(Aside::Help { about: Some("handed-over".to_owned()) })
    );
    assert_eq!(aside("status", &[]), Asked::Aside(Aside::Status));
    assert_eq!(aside("I’m back", &[]), Asked::Aside(Aside::Back));
    match aside("away", &[("until", "5 Jan"), ("cover", "Ben Example <ben@example.net>")]) {
        Asked::Aside(Aside::Away { until, cover }) => {
            assert_eq!(
                (until, cover.map(|person| person.address)),
                (date(2027, 1, 5), Some("ben@example.net".to_owned()))
            );
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(aside("undo", &[]), Asked::Act(Command::Undo));
    let wrong = in_context(|context| form("help", &[("about", "cooking")]).asked(context)).unwrap_err();
    assert!(wrong[0].to_string().contains("nothing that can be done has that name"), "{wrong:?}");
}

#[test]
fn several_values_stand_in_one_field_as_a_list_or_as_paragraphs() {
    let points = |written: &[(&str, &str)]| match command("point", written) {
        Command::AddPoint { points } => points.iter().map(|point| point.as_str().to_owned()).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(points(&[("point", "One"), ("point", "Two")]), ["One", "Two"]);
    assert_eq!(points(&[("points", "1. One\n   goes on\n2) Two\n- Three")]), ["One goes on", "Two", "Three"]);
    assert_eq!(points(&[("point", "One\r\nline\r\n\r\nTwo")]), ["One line", "Two"]);
    assert_eq!(points(&[("point", "100. No list: 20 December - all day")]), ["100. No list: 20 December - all day"]);
}

#[test]
fn the_reasons_of_an_answer_may_run_over_paragraphs() {
    let written = "upheld: We came late.\n\nThe van had broken down.\n\nNot upheld: The car park is the council's.";
    let Command::Respond { answers, .. } = command("respond", &[("answer", written)]) else { panic!("no response") };
    let answers: Vec<_> = answers.iter().map(|answer| (answer.finding, answer.reasons.as_str())).collect();
    let expected = [
        (Finding::Upheld, "We came late.\n\nThe van had broken down."),
        (Finding::NotUpheld, "The car park is the council's."),
    ];
    assert_eq!(answers, expected);
}

#[test]
fn a_response_is_read_point_by_point_with_its_remedies_and_promises() {
    let Command::Respond { answers, decision, remedies, actions } = command(
        "respond",
        &[
            ("answer", "Upheld: We came late"),
            ("answer", "PARTLY UPHELD - Some calls were missed"),
            ("answer", "1. not upheld: The car park is the council's"),
            ("remedy", "apology: We are sorry that nobody came"),
            ("remedy", "money: £1,150.50 for the delay"),
            ("remedy", "£75 – for the calls"),
            ("remedy", "Changed policy: We now ring back within a day"),
            ("action", "Renew the fan; owner Repairs Team; by 18 December"),
            ("action", "by: Fri 18 Dec; Inspect the lift; and the door; owner: fay@example.net"),
        ],
    ) else {
        panic!("a response")
    };
    let found: Vec<_> = answers.iter().map(|answer| (answer.finding, answer.reasons.as_str())).collect();
    assert_eq!(
        found,
        [
            (Finding::Upheld, "We came late"),
            (Finding::PartlyUpheld, "Some calls were missed"),
            (Finding::NotUpheld, "The car park is the council's"),
        ]
    );
    assert_eq!(decision, None);
    let remedies: Vec<_> = remedies.iter().map(|remedy| (remedy.kind, remedy.what.as_str(), remedy.pence)).collect();
    assert_eq!(
        remedies,
        [
            (RemedyKind::Apology, "We are sorry that nobody came", None),
            (RemedyKind::Money, "for the delay", Some(115_050)),
            (RemedyKind::Money, "for the calls", Some(7_500)),
            (RemedyKind::ChangedPolicy, "We now ring back within a day", None),
        ]
    );
    let promised: Vec<_> = actions
        .iter()
        .map(|action| (action.what.as_str(), action.owner.as_str(), action.owner_address.as_deref(), action.by))
        .collect();
    let day = date(2026, 12, 18);
    assert_eq!(
        promised,
        [
            ("Renew the fan", "Repairs Team", None, day),
            ("Inspect the lift; and the door", "Surveyor", Some("fay@example.net"), day),
        ]
    );
}

#[test]
fn findings_remedies_and_promises_are_read_as_people_write_them() {
    for (written, finding, reasons) in [
        ("Upheld in part: Two visits were late", Finding::PartlyUpheld, "Two visits were late"),
        ("yes, upheld in part. Two visits", Finding::PartlyUpheld, "Two visits"),
        ("partly: some", Finding::PartlyUpheld, "some"),
        ("Partially - some", Finding::PartlyUpheld, "some"),
        ("part upheld; some", Finding::PartlyUpheld, "some"),
        ("upheld in full: all", Finding::Upheld, "all"),
        ("Fully upheld: all", Finding::Upheld, "all"),
        ("Yes upheld: all", Finding::Upheld, "all"),
        ("No - not upheld: none", Finding::NotUpheld, "none"),
    ] {
        match command("respond", &[("answer", written)]) {
            Command::Respond { answers, .. } => {
                assert_eq!((answers[0].finding, answers[0].reasons.as_str()), (finding, reasons), "{written}");
            }
            other => panic!("{other:?}"),
        }
    }
    for (written, pence) in [
        ("£150 for the delay", 15_000),
        ("money £150 for the delay", 15_000),
        ("money: 150 pounds for the delay", 15_000),
        ("compensation of £1,200.50 for the delay", 120_050),
        ("payment: GBP 75 for the delay", 7_500),
        ("Money – £ 75.00, for the delay", 7_500),
    ] {
        match command("respond", &[("answer", "upheld: Yes"), ("remedy", written)]) {
            Command::Respond { remedies, .. } => {
                assert_eq!((remedies[0].pence, remedies[0].what.as_str()), (Some(pence), "for the delay"), "{written}");
            }
            other => panic!("{other:?}"),
        }
    }
    for written in [
        "repair the lift by 4 December, owner Repairs manager",
        "repair the lift, owner: Repairs manager, by: Fri 4 Dec",
        "Owner Repairs manager; repair the lift by 4/12/26",
    ] {
        match command("respond", &[("answer", "upheld: Yes"), ("action", written)]) {
            Command::Respond { actions, .. } => {
                let action = &actions[0];
                let read = (action.what.as_str(), action.owner.as_str(), action.by);
                assert_eq!(read, ("repair the lift", "Repairs manager", date(2026, 12, 4)), "{written}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_a_response_lacks_is_said() {
    for (field, value, says) in [
        ("answer", "We came late", "begins with none of “upheld:”"),
        ("answer", "Partly the fault of the maker", "begins with none of “upheld:”"),
        ("answer", "No, upheld: we came late", "begins with none of “upheld:”"),
        ("remedy", "money 12 weeks late", "none of apology"),
        ("remedy", "money: 12 weeks late", "the amount is missing"),
        ("answer", "upheld", "the reasons are missing (Code 6.7, 6.18)"),
        ("answer", "upheldish: yes", "begins with none of"),
        ("remedy", "flowers: roses", "none of apology, acknowledgement, explanation, action, changed decision"),
        ("remedy", "apology", "what it is, or what it is for, is missing"),
        ("remedy", "money: a lot", "the amount is missing"),
        ("remedy", "money: £15.5 for calls", "the amount is missing"),
        ("remedy", "money: £99999999999 for calls", "the amount is missing"),
        ("action", "owner Repairs; by 18 Dec", "what will be done is missing"),
        ("action", "Renew the fan; by 18 Dec", "the owner is missing (Code 6.6)"),
        ("action", "Renew the fan; owner Repairs", "the date is missing (Code 6.6, 7.3)"),
        ("action", "Renew the fan; owner Repairs; by and by", "no date"),
        ("action", "Renew the fan; owner zoe@example.net; by 18 Dec", "nobody registered"),
    ] {
        let mistakes = mistakes("respond", &[("answer", "upheld: Yes"), (field, value)]);
        assert!(mistakes.len() == 1 && mistakes[0].contains(says), "{value}: {mistakes:?}");
    }
}

#[test]
fn people_are_named_by_address_name_or_role_and_never_guessed() {
    for (written, address) in [
        ("ben@example.net", "ben@example.net"),
        ("<BEN@example.net>", "ben@example.net"),
        ("Ben Example", "ben@example.net"),
        ("cleo", "cleo@example.net"),
        ("head of housing", "cleo@example.net"),
        ("manager", "dan@example.net"),
        ("Officer", "ada@example.net"),
        ("member responsible", "eve@example.net"),
        ("@Ben Example", "ben@example.net"),
        ("Ben (in housing) <Ben@Example.net>", "ben@example.net"),
    ] {
        match command("assign", &[("to", written), ("conflict", "none")]) {
            Command::Assign { to, .. } => assert_eq!(to.address, address, "{written}"),
            other => panic!("{other:?}"),
        }
    }
    for (written, says) in [
        ("Marsh", "may be Cleo Marsh (Head of Housing), Fay Marsh (Surveyor), Gus Marsh (Surveyor); give the e-mail"),
        ("Surveyor", "may be Fay Marsh (Surveyor), Gus Marsh (Surveyor)"),
        ("zoe@example.net", "“zoe@example.net” is nobody registered for this landlord. There are Ada Example"),
        ("e", "nobody registered"),
    ] {
        let mistakes = mistakes("assign", &[("to", written), ("conflict", "none")]);
        assert!(mistakes[0].contains(says), "{written}: {mistakes:?}");
    }
}

#[test]
fn the_remaining_kinds_of_value_are_read_forgivingly() {
    match command("assign", &[("to", "ben"), ("conflict", "Her neighbour")]) {
        Command::Assign { conflict, .. } => assert_eq!(conflict, Some(Words::new("Her neighbour"))),
        other => panic!("{other:?}"),
    }
    for none in ["none", "No.", "N/A", "no conflict"] {
        match command("assign", &[("to", "ben"), ("conflict", none)]) {
            Command::Assign { conflict, .. } => assert_eq!(conflict, None, "{none}"),
            other => panic!("{other:?}"),
        }
    }
    for (written, ground) in [
        ("Over 12 months", Ground::OverTwelveMonths),
        ("over twelve months.", Ground::OverTwelveMonths),
        ("legal-proceedings", Ground::LegalProceedings),
        ("already considered", Ground::AlreadyConsidered),
        ("other: Matters of a court order", Ground::Other("Matters of a court order".to_owned())),
    ] {
        let fields = [("ground", written), ("because", "B"), ("evidence", "E")];
        match command("refuse", &fields) {
            Command::Refuse { ground: read, .. } => assert_eq!(read, ground, "{written}"),
            other => panic!("{other:?}"),
        }
    }
    let wrong = mistakes("refuse", &[("ground", "too rude"), ("because", "B"), ("evidence", "E")]);
    assert!(
        wrong[0].contains("none of over 12 months, legal proceedings, already considered, or “other:”"),
        "{wrong:?}"
    );

    match command("link", &[("to", "wel 1001 z"), ("because", "The same lift")]) {
        Command::Link { to, .. } => assert_eq!(to, Reference::new("WEL", 1001)),
        other => panic!("{other:?}"),
    }
    let slip = mistakes("link", &[("to", "WEL-1001-A"), ("because", "The same lift")]);
    assert!(slip[0].contains("this reference has a slip in it"), "{slip:?}");
    match command("received", &[("at", "Friday 2.30pm"), ("because", "B")]) {
        Command::Received { at, .. } => assert_eq!(listed(at), "Fri 20 Nov 2026 14:30"),
        other => panic!("{other:?}"),
    }
    match command("resident", &[("e-mail", "Rosa@Example.com"), ("prefers", "by post")]) {
        Command::Resident { address, prefers, .. } => {
            assert_eq!((address, prefers), (Some(Words::new("rosa@example.com")), Some(Prefers::Post)));
        }
        other => panic!("{other:?}"),
    }
    for address in
        ["rosa", "rosa@", "@example.com", "rosa@example", "a b@example.com", "a@b@example.com", "a@b.c,d@e.f"]
    {
        assert!(mistakes("resident", &[("email", address)])[0].contains("no e-mail address"), "{address}");
    }
    assert!(mistakes("done", &[("action", "-1"), ("evidence", "E")])[0].contains("no number"));
    assert_eq!(command("survey", &[("off", "")]), Command::DeclineSurvey);
    assert!(mistakes("survey", &[("off", "perhaps")])[0].contains("nothing is to be written after it"));
}

#[test]
fn a_long_text_of_any_kind_is_read_in_linear_time() {
    let pieces = ["- a\n", "1. ", "upheld: ", "; owner x", "£1,", "18/12/26 ", "a@b ", "\r", "“”", "in 1 "];
    for piece in pieces {
        let text = piece.repeat(1_000_000 / piece.len());
        for verb in VERBS {
            let fields: Vec<_> = verb.fields.iter().map(|field| (field.name, text.as_str())).collect();
            // No clock here: quadratic time would be hours, and nobody overlooks that.
            let _ = in_context(|context| form(verb.name, &fields).read(context));
        }
    }
}

proptest! {
    #[test]
    fn nothing_anybody_writes_makes_it_panic(
        verb in 0..VERBS.len(),
        texts in prop::collection::vec(
            prop_oneof![
                any::<String>(),
                "[0-9]{0,5}[-/. :][0-9]{0,3}[-/. ]?[0-9a-z]{0,6}( ?[ap]m)?",
                "(in|last|next|by)? ?(a|0|9|999|65535) (working )?(days|weeks|months)( ago)?",
                "(upheld|not upheld|money|other|apology|£)[:; –-]{0,3}[£0-9,.é ]{0,12}",
                "(by|owner|é)?[ :;]{0,2}[a-z@. ;]{0,20}",
            ],
            12,
        ),
        odd in any::<String>(),
    ) {
        let verb = &VERBS[verb];
        let mut fields: Vec<(String, String)> =
            verb.fields.iter().zip(texts).map(|(field, text)| (field.name.to_owned(), text)).collect();
        let _ = in_context(|context| Form { verb: verb.name.to_owned(), fields: fields.clone() }.read(context));
        fields.push((odd.clone(), odd.clone()));
        let read = in_context(|context| Form { verb: odd.clone(), fields }.read(context));
        prop_assert!(read.is_err());
    }
}

#[test]
fn what_is_said_back_holds_nothing_that_acts_on_a_terminal() {
    let said = mistakes("extend", &[("\u{1b}[2Jcolour", "x"), ("until", "some\u{7}day"), ("reason", "ill")]);
    assert!(said.iter().any(|said| said.starts_with("[2Jcolour: there is no such field")), "{said:?}");
    assert!(said.iter().any(|said| said.contains("“someday”")), "{said:?}");
    assert!(!said.iter().any(|said| said.contains(char::is_control)), "{said:?}");
}
