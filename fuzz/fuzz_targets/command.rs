//! Whatever people write into a form makes a command, or mistakes that can be shown.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use redress::domain::calendar::Calendar;
use redress::domain::command::grammar::{Context, Form, LOG, Mistake, VERBS, verb};
use redress::domain::landlord::{Landlord, Person};

/// The longest a mistake may be: it stands in a letter among others, and lists at most every field or every person.
const MISTAKE_BYTES: usize = 2_000;

static CALENDAR: LazyLock<Calendar> = LazyLock::new(|| Calendar::england_and_wales(&[], &[]));
static LANDLORD: LazyLock<Landlord> = LazyLock::new(landlord);

/// What is given: a verb and the names of fields, each by its number or as it was written, and the values.
type Given<'a> = (Option<&'a str>, u8, Vec<(Option<&'a str>, u8, &'a str)>);

fuzz_target!(|given: Given| {
    let today = "2026-11-25".parse().expect("a date");
    let context = Context { today, calendar: &CALENDAR, landlord: &LANDLORD };
    let (written, number, fields) = given;
    let named = VERBS.iter().cycle().nth(number.into());
    let name = written.or(named.map(|verb| verb.name)).unwrap_or_default();
    let known = verb(name);
    if let Some(known) = known {
        assert_eq!(verb(&known.name.to_uppercase()).map(|verb| verb.name), Some(known.name));
    }
    let fields_of = known.map_or(LOG.fields, |verb| verb.fields);
    let fields: Vec<(String, String)> = fields
        .into_iter()
        .filter_map(|(written, number, value)| {
            let name = written.or(fields_of.iter().cycle().nth(number.into()).map(|field| field.name))?;
            Some((name.to_owned(), value.to_owned()))
        })
        .collect();
    let form = Form { verb: name.to_owned(), fields };
    let read = form.read(&context);
    assert_eq!(read, form.read(&context), "read twice");
    hold(read.err());
    hold(LOG.read(&form.fields, &context).err());
});

/// A form is not refused without a word, nor with one that does harm where it is shown.
fn hold(mistakes: Option<Vec<Mistake>>) {
    if let Some(mistakes) = mistakes {
        assert!(!mistakes.is_empty(), "refused without a word");
        for mistake in mistakes {
            let shown = mistake.to_string();
            assert!(!shown.contains(char::is_control), "a control character in {shown:?}");
            assert!(shown.len() <= MISTAKE_BYTES, "{} bytes: {shown:?}", shown.len());
        }
    }
}

/// A landlord with people of one name, so that every way to name somebody can be taken.
fn landlord() -> Landlord {
    let person = |name: &str, role: &str, address: &str| Person {
        name: name.to_owned(),
        role: role.to_owned(),
        address: address.to_owned(),
        estate: None,
    };
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
        staff: vec![person("Fay Marsh", "Surveyor", "fay@example.net")],
        forms: vec![],
        policy_link: String::new(),
        emergency_telephone: String::new(),
        responsible_for: vec![],
        not_responsible_for: vec![],
    }
}
