use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::domain::command::grammar::{Row, row, rows};

/// A form with the example of every field.
fn example(row: &Row) -> Form {
    let value = |field: &Field| if field.holds == Holds::Flag { "yes" } else { field.example };
    let fields = row.fields.iter().map(|field| (field.name.to_owned(), value(field).to_owned()));
    Form { verb: row.name.to_owned(), fields: fields.collect() }
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[test]
fn the_form_of_every_verb_is_read_however_it_is_dressed() {
    type Dress = fn(&str, &str) -> String;
    let dresses: [(&str, Dress); 12] = [
        ("plain", |name, value| format!("{name}: {value}\n")),
        ("capitals", |name, value| format!("{}: {value}\r\n", name.to_uppercase())),
        ("spaces", |name, value| format!("  {} :  {value}  \n", capitalised(&name.replace('-', " ")))),
        ("no space", |name, value| format!("{name}:{value}\n")),
        ("dash", |name, value| format!("{name} – {value}\n")),
        ("equals", |name, value| format!("{name} = {value}\n")),
        ("cell", |name, value| format!("{name}\t{value}\n")),
        ("bullet", |name, value| format!("• {name}: {value}\n")),
        ("hyphen", |name, value| format!("- {name}: {value}\n")),
        ("bold", |name, value| format!("*{name}:* {value}\n")),
        ("wide", |name, value| format!("\u{feff}{name}：\u{a0}{value}\n")),
        ("apart", |name, value| format!("\n{name}: {value}\n")),
    ];
    for row in rows() {
        let form = example(&row);
        for (dress, dressed) in dresses {
            let mut text = format!("{}\n", row.name);
            form.fields.iter().for_each(|(name, value)| text.push_str(&dressed(name, value)));
            let written = read(&text);
            assert_eq!(written.forms, std::slice::from_ref(&form), "{dress}: {text}");
            assert!(written.mistakes.is_empty() && written.unread.is_none(), "{dress}: {text}");
        }
    }
}

#[test]
fn what_stands_directly_behind_a_verb_and_its_colon_is_its_first_field() {
    let mut read_so = 0;
    for row in rows().filter(|row| !HOMONYMS_TOLD.contains(&row.name)) {
        let Some(first) = row.fields.iter().find(|field| field.needed && field.holds != Holds::Flag) else { continue };
        for text in [format!("{}: {}", row.name, first.example), format!("Please {} : {}", row.name, first.example)] {
            let expected =
                Form { verb: row.name.to_owned(), fields: vec![(first.name.to_owned(), first.example.to_owned())] };
            assert_eq!(read(&text).forms, [expected], "{text}");
        }
        read_so += 1;
    }
    assert!(read_so > 20);
}

/// "Lift:" is said of lifts.
const HOMONYMS_TOLD: [&str; 1] = ["lift"];

#[test]
fn no_word_names_two_verbs_and_no_word_two_fields_of_one() {
    let mut verbs = BTreeMap::new();
    for row in rows() {
        for word in [row.name].iter().chain(row.also) {
            assert_eq!(verbs.insert(squeezed(word), row.name), None, "{word}");
        }
        let mut fields = BTreeMap::new();
        for field in row.fields {
            for word in [field.name].iter().chain(field.also) {
                assert_eq!(fields.insert(squeezed(word), field.name), None, "{}: {word}", row.name);
            }
        }
    }
}

#[test]
fn a_verb_in_passing_is_no_command() {
    let lines = [
        "Call me when you can",
        "Call me on Tuesday",
        "Calls like this one upset me",
        "Updates to follow",
        "Close to a solution now",
        "Close, but not yet",
        "Ask her what she wants",
        "Answer this please?",
        "Back in the office on Monday",
        "Away from my desk today",
        "Back to you, Ben",
        "Help me with this one",
        "Note to self",
        "Note the attached",
        "Please note the attached report",
        "Note - I am on leave",
        "Visit went well",
        "Visit booked for Tuesday",
        "Evidence attached",
        "Point taken",
        "Point 3 is not ours",
        "Review this please and let me know",
        "Link is broken",
        "Link to the policy is here",
        "Merge these two please",
        "Resident called again",
        "Resident name is wrong",
        "Received with thanks",
        "Response to follow",
        "Respond by Friday, will do",
        "Refuse collection was missed",
        "Lift is still broken",
        "Lift restriction? No",
        "Sort of",
        "Sort it out with Ben",
        "Stay tuned",
        "Done that already",
        "Promise made",
        "Define urgent",
        "Extend my thanks to the team",
        "Escalate this? I would rather not",
        "Undo what exactly?",
        "Status quo",
        "Survey says no",
        "Acknowledge that we were late",
        "Acknowledged, thank you",
        "Phone number is 07700 900123",
        "Telephone: 07700 900123",
        "Posted on the wall",
        "Complain to the council",
        "Withdraw from the meeting",
        "Restrict parking",
        "Adjust the clock",
        "Represent us there",
        "Assign blame elsewhere, why not, nobody else is going to do it",
        "Log in to the portal",
        "Postpone the meeting",
        "Reopen the road",
        "Handed over the keys",
        "I would like to escalate",
        "We need to close: nothing else to do",
        "Would you answer: who is it?",
    ];
    let taken: Vec<_> = lines.into_iter().filter(|line| !read(line).forms.is_empty()).collect();
    assert!(taken.is_empty(), "{taken:?}");
    let lost = |line: &&str| read(line).unread.is_none() && read(line).mistakes.is_empty();
    assert_eq!(lines.iter().find(|line| lost(line)), None, "neither read nor left unread");
}

#[test]
fn a_text_is_ended_by_what_ends_a_letter_and_by_nothing_else() {
    let text_of = |mail: &str| {
        let written = read(mail);
        assert!(written.mistakes.is_empty(), "{mail}: {:?}", written.mistakes);
        written.forms[0].fields[0].1.clone()
    };
    for farewell in [
        "Thanks, Ada",
        "Thanks Ada",
        "Many thanks\nAda Example",
        "Kind regards,\n\nAda\nComplaints Officer",
        "-- \nAda",
        "Best wishes Ada",
        "_____",
        "Sent from my Galaxy",
        "On 20 November 2026 Redress wrote:",
        "> quoted",
        "end",
        "Yours sincerely\nA. Example",
    ] {
        assert_eq!(text_of(&format!("update: One.\n\nTwo.\n\n{farewell}\n")), "One.\n\nTwo.", "{farewell}");
    }
    for more in [
        "Thank you for your patience.",
        "Thanks to the engineer it works.",
        "Regards the lift: it works.",
        "Every lift is looked at.",
        "As follows: we come on Tuesday.",
        "Tuesday: 8 to 12\nWednesday: 2 to 4",
        "https://example.org/lift",
        "14:30 on Tuesday",
        "Call us when you can.",
        "The end",
        "Best of all, it works.",
        "Next: the lift",
    ] {
        assert_eq!(text_of(&format!("update: One.\n\n{more}\n\nTwo.")), format!("One.\n\n{more}\n\nTwo."));
    }
}

#[test]
fn a_text_too_long_to_be_read_to_its_end_says_so() {
    let written = read(&format!("note: x\n\nupdate: {}\n\nescalate", "word\n".repeat(READ_MAX / 4)));
    assert!(written.mistakes.iter().any(|mistake| mistake.wrong.contains("too long")), "{:?}", written.mistakes);
    assert!(read(&format!("{}\n\nescalate", "word\n".repeat(READ_MAX / 4))).is_empty());
}

#[test]
fn a_line_that_the_mail_program_broke_is_one_line() {
    let long = "the part for the lift has been on order since the beginning of";
    let written = read(&format!("extend until 4 Dec\nbecause {long}\nOctober, as we have\ntold you."));
    assert_eq!(written.forms[0].fields[1].1, format!("{long} October, as we have\ntold you."));
}

#[test]
fn a_long_text_of_any_kind_is_read_in_linear_time() {
    let pieces = [
        "a\n",
        "\n",
        "update: x\n",
        "until: 4 Dec\n",
        "Cheese: yes\n",
        "- one\n",
        "because ",
        ", until ",
        ", answer: x",
        "Ada\n",
        "Thanks\n",
        "please ",
        "upheld: x\n",
        "\u{200b}",
        ": ",
        "note ",
        "x".repeat(70).leak(),
        "(",
        "*",
        "“",
        "WEL-1001-Z ",
        "this case ",
        ". ",
        "every week\n",
        "visit: x\n\n",
        "point 1: x\n",
    ];
    for before in ["", "update: ", "extend until ", "respond\n", "define\npoints:\n", "note: x\n\n", "sort "] {
        for piece in pieces {
            // No clock here: quadratic time would be hours, and nobody overlooks that.
            let text = format!("{before}{}", piece.repeat(30_000 / piece.len()));
            let _ = read(&text);
        }
    }
}

/// Lines of the kind that commands are made of.
fn line() -> impl Strategy<Value = String> {
    let words: Vec<String> = rows()
        .flat_map(|row| {
            let fields = row.fields.iter().flat_map(|field| [field.name, field.example]);
            [row.name].into_iter().chain(row.also.iter().copied()).chain(fields).collect::<Vec<_>>()
        })
        .map(str::to_owned)
        .collect();
    let word = prop_oneof![prop::sample::select(words), "[A-Za-zé]{1,9}", "[0-9/:.]{1,5}"];
    let mark =
        prop::sample::select(vec![" ", ": ", ", ", " - ", " – ", "\t", "= ", "", "*", ". ", "? ", "“", "…", "\n"]);
    let begin = prop::sample::select(vec!["", "", "- ", "> ", "1. ", "please ", "Hi, ", "Thanks ", "end"]);
    (begin, prop::collection::vec((word, mark), 0..5)).prop_map(|(begin, words)| {
        begin.to_owned() + &words.into_iter().map(|(word, mark)| word + mark).collect::<String>()
    })
}

proptest! {
    #[test]
    fn nothing_anybody_writes_makes_it_panic_or_says_what_was_not_written(
        lines in prop::collection::vec(prop_oneof![4 => line(), 1 => any::<String>()], 0..12),
    ) {
        let text = lines.join("\n");
        let written = read(&text);
        let plain = squeezed(&text);
        for form in &written.forms {
            let row = row(&form.verb);
            prop_assert!(row.is_some(), "{}", form.verb);
            for (_, value) in &form.fields {
                prop_assert!(plain.contains(&squeezed(value)), "{value:?} of {text:?}");
            }
        }
        prop_assert!(written.forms.len() <= COMMANDS_MAX);
        // Reading does not depend on how a machine ends its lines.
        prop_assert_eq!(&written, &read(&text.replace('\n', "\r\n")));
        for mistake in &written.mistakes {
            prop_assert!(!mistake.to_string().contains(char::is_control));
        }
        // A quoted mail asks for nothing.
        let quoted: String = text.lines().map(|line| format!("> {line}\n")).collect();
        prop_assert!(read(&quoted).is_empty());
    }

    #[test]
    fn words_are_read_back_as_they_were_written(words in prop::collection::vec("[a-zé’,]{1,12}", 1..40)) {
        let text = format!("{}x", words.join(" "));
        for verb in ["update", "note", "answer"] {
            let written = read(&format!("{verb}: {text}."));
            prop_assert_eq!(&written.forms[0].fields, &[("text".to_owned(), format!("{text}."))]);
        }
    }
}

#[test]
fn a_list_below_a_verb_is_what_the_verb_takes_several_of() {
    let fields = |text: &str| read(text).forms.remove(0).fields;
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let points = fields("define\n- the ceiling leaks\n- nobody came\noutcome: mend it");
    assert_eq!(points, [pair("point", "- the ceiling leaks\n- nobody came"), pair("outcome", "mend it")]);
    let questions = fields("Ask\n1. Which room is it?\n2. Since when?");
    assert_eq!(questions, [pair("question", "1. Which room is it?\n2. Since when?")]);
    assert_eq!(read("close\n- we keep parts now\n- and say so").forms, []);
}

#[test]
fn the_logo_and_the_number_below_a_name_are_not_said_to_be_unread() {
    let signed =
        "undo\n\nKind regards,\n\nAda Officer\n[cid:image001.png@01DC5B3A.4F2C1D30]\nOrchard Housing | 01632 960100";
    assert_eq!(read(signed).unread, None);
    assert!(read("undo\n\nThanks\n\nPlease also ring her | she waits.").unread.is_some());
}
