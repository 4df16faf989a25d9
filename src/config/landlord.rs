//! Who complaints belong to: `[[landlord]]` with its people, and `[ombudsman]`.

use jiff::ToSpan;
use jiff::civil::Date;

use super::reader::{Notes, Slot, Table, is_key};
use super::sections::{Context, Met};
use crate::domain::landlord::{Acknowledge, Landlord, Ombudsman, Person};

pub(super) fn person(context: &Context<'_>, table: &Table<'_>, role: &str, met: &mut Met) -> Option<Person> {
    let name = table.need("name", r#""Ada Example""#).text();
    let role_slot = table.may("role", r#""Complaints Officer""#);
    let role = if role_slot.is_there() { role_slot.text() } else { Some(role.to_owned()) };
    let slot = table.need("address", r#""ada@example.org""#);
    let address = email(context.notes, &slot);
    if let Some(address) = &address {
        met.people.push((address.clone(), slot.place().clone()));
    }
    let estate = table.may("estate", r#""Orchard Court""#).text();
    Some(Person { name: name?, role: role?, address: address?, estate })
}

/// An addr-spec as our letters can carry it: dot-atom at domain (RFC 5321, 4.1.2), ASCII, lower case.
fn email(notes: &Notes<'_>, slot: &Slot<'_>) -> Option<String> {
    let address = slot.parsed(|text| {
        if is_addr_spec(text) {
            Ok(text.to_ascii_lowercase())
        } else {
            Err("is not an e-mail address (the address alone, without name or angle brackets, no accents)".to_owned())
        }
    })?;
    if let Some((_, domain)) = address.rsplit_once('@')
        && !domain.contains('.')
        && domain != "localhost"
    {
        notes.warn(slot.place(), "has no full stop after the @. If that is a slip, complete the address.");
    }
    Some(address)
}

fn is_addr_spec(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let is_atom = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte))
    };
    let is_label = |part: &str| {
        (1..=63).contains(&part.len())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    local.len() <= 64 && domain.len() <= 253 && local.split('.').all(is_atom) && domain.split('.').all(is_label)
}

pub(super) fn landlord(context: &Context<'_>, table: &Table<'_>, met: &mut Met) -> Option<Landlord> {
    let notes = context.notes;
    let key_slot = table.need("key", r#""wellington""#);
    let key = key_slot.parsed(short_name);
    if let Some(key) = &key {
        met.once(notes, key_slot.place(), "landlord key", key);
    }
    let name = table.need("name", r#""Wellington Homes Limited""#).text();
    let prefix_slot = table.need("prefix", r#""WEL""#);
    let prefix = prefix_slot.parsed(case_prefix);
    if let Some(prefix) = &prefix {
        met.once(notes, prefix_slot.place(), "prefix", prefix);
    }
    let mut addresses = Vec::new();
    for slot in table.need("addresses", r#"["complaints@example.org"]"#).at_least_one() {
        if let Some(address) = email(notes, &slot) {
            met.once(notes, slot.place(), "landlord's address", &address);
            met.own.insert(address.clone(), slot.place().line);
            addresses.push(address);
        }
    }
    let words = [("automatic", Acknowledge::Automatic), ("after_review", Acknowledge::AfterReview)];
    let acknowledge = table.may("acknowledge", r#""automatic""#).choice(&words).unwrap_or_default();
    let one = |slot: &Slot<'_>, role, met: &mut Met| slot.table(|table| person(context, table, role, met));
    let officer_slot = table.need("officer", r#"{ name = "Ada Example", address = "ada@example.net" }"#);
    let officer = one(&officer_slot, "Complaints Officer", met);
    let deputy_slot = table.need("deputy", r#"{ name = "Ben Example", address = "ben@example.net" }"#);
    let deputy = one(&deputy_slot, "Deputy Complaints Officer", met);
    let manager_slot = table.need("manager", r#"{ name = "Dan Example", address = "dan@example.net" }"#);
    let manager = one(&manager_slot, "Manager", met);
    let member_slot = table.need("member_responsible", r#"{ name = "Eve Example", address = "eve@example.net" }"#);
    let member_responsible = one(&member_slot, "Member Responsible for Complaints", met);
    let mut several = |slots: Vec<Slot<'_>>, role| slots.iter().filter_map(|slot| one(slot, role, met)).collect();
    let reviewers_slot = table.need("reviewers", r#"[{ name = "Cleo Example", address = "cleo@example.net" }]"#);
    let reviewers: Vec<Person> = several(reviewers_slot.at_least_one(), "Stage 2 Reviewer");
    let staff: Vec<Person> = several(
        table.may("staff", r#"[{ name = "Fay Example", address = "fay@example.net" }]"#).list(),
        "Member of Staff",
    );
    let forms_slot = table.may("forms", r#"["website@example.org"]"#);
    let forms = forms_slot.at_least_one().iter().filter_map(|slot| email(notes, slot)).collect();
    if let (Some(officer), Some(deputy)) = (&officer, &deputy) {
        check_roles(notes, [&deputy_slot, &reviewers_slot], [officer, deputy], &reviewers);
    }
    let policy_link = table.need("policy_link", r#""https://www.example.org/complaints-policy""#).parsed(web_link);
    let emergency_telephone = table.need("emergency_telephone", r#""01632 960100""#).parsed(telephone);
    let responsible_for = table.need("responsible_for", r#"["repairs to your home"]"#).texts();
    let not_responsible_for = table.need("not_responsible_for", r#"["roads and street lights"]"#).texts();
    Some(Landlord {
        key: key?,
        name: name?,
        prefix: prefix?,
        addresses,
        acknowledge,
        officer: officer?,
        deputy: deputy?,
        reviewers,
        manager: manager?,
        member_responsible: member_responsible?,
        staff,
        forms,
        policy_link: policy_link?,
        emergency_telephone: emergency_telephone?,
        responsible_for,
        not_responsible_for,
    })
}

/// Who may stand in for whom. Reviewers are compared only when all of them could be read.
fn check_roles(
    notes: &Notes<'_>,
    [deputy_slot, reviewers_slot]: [&Slot<'_>; 2],
    [officer, deputy]: [&Person; 2],
    reviewers: &[Person],
) {
    if deputy.address == officer.address {
        let what = "is the officer too, and nobody would stand in when that person is away. Name somebody else.";
        notes.refuse(deputy_slot.place(), what);
    }
    let at_stage_one = |person: &Person| [&officer.address, &deputy.address].contains(&&person.address);
    let all_read = !reviewers.is_empty() && reviewers.len() == reviewers_slot.list().len();
    if all_read && reviewers.iter().all(at_stage_one) {
        let what = "are only the officer or the deputy, who answer at stage 1. Code 6.13 wants another person at stage \
                    2: add one who is neither.";
        notes.refuse(reviewers_slot.place(), what);
    }
}

pub(super) fn short_name(text: &str) -> Result<String, String> {
    if is_key(text) {
        Ok(text.to_owned())
    } else {
        Err("must be up to 40 small letters a-z, digits and hyphens".to_owned())
    }
}

/// I and O read as 1 and 0, and U as V, on the telephone and on paper.
fn case_prefix(text: &str) -> Result<String, String> {
    let speakable = |byte: u8| byte.is_ascii_uppercase() && !b"IOU".contains(&byte);
    if (2..=4).contains(&text.len()) && text.bytes().all(speakable) {
        Ok(text.to_owned())
    } else {
        Err("must be two to four capital letters without I, O and U, which are misread".to_owned())
    }
}

fn web_link(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    if rest.is_some_and(|rest| rest.contains('.') && !rest.contains(char::is_whitespace)) {
        Ok(text.to_owned())
    } else {
        Err("must be a whole web address that begins with https://".to_owned())
    }
}

fn telephone(text: &str) -> Result<String, String> {
    if text.chars().filter(char::is_ascii_digit).count() >= 3 {
        Ok(text.to_owned())
    } else {
        Err("must hold a telephone number".to_owned())
    }
}

/// Details that were right once and still go round, and why they are wrong.
const STALE: [(&str, &str); 6] = [
    ("l337wq", "the Liverpool post box was given up; the Ombudsman's post goes to Preston"),
    ("pobox152", "the Liverpool post box was given up; the Ombudsman's post goes to Preston"),
    ("e149ge", "the Ombudsman has left Exchange Tower; its post goes to Preston"),
    ("designatedperson", "the designated person was abolished on 1 October 2022"),
    ("eightweek", "the wait of eight weeks was abolished on 1 October 2022"),
    ("8week", "the wait of eight weeks was abolished on 1 October 2022"),
];

pub(super) fn ombudsman(context: &Context<'_>, table: &Table<'_>) -> Option<Ombudsman> {
    // The example of each is its default: the Ombudsman's details as of 2026.
    let text = |key, example: &'static str| {
        let slot = table.may(key, example);
        if slot.is_there() { slot.parsed(up_to_date) } else { Some(example.trim_matches('"').to_owned()) }
    };
    let name = text("name", r#""Housing Ombudsman Service""#);
    let website = text("website", r#""https://www.housing-ombudsman.org.uk""#);
    let form = text("complaint_form", r#""https://www.housing-ombudsman.org.uk/residents/make-a-complaint/""#);
    let telephone = text("telephone", r#""0300 111 3000""#);
    let post = text("post", r#""Housing Ombudsman Service, PO Box 1484, Unit D, Preston, PR2 0ET""#);
    let email_slot = table.may("email", r#""info@housing-ombudsman.org.uk""#);
    let email = email(context.notes, &email_slot);
    if email.is_some() {
        let what = "since 13 January 2026 the Ombudsman has taken no new cases by e-mail. Leave this out unless its \
                    website says otherwise.";
        context.notes.warn(email_slot.place(), what);
    }
    let last_checked = last_checked(context, table);
    Some(Ombudsman {
        name: name?,
        website: website?,
        complaint_form: form?,
        telephone: telephone?,
        email,
        post: post?,
        last_checked: last_checked?,
    })
}

/// Compares letters and digits only: post codes and words are written in many ways.
fn up_to_date(text: &str) -> Result<String, String> {
    let squeezed = text.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    match STALE.iter().find(|(stale, _)| squeezed.contains(stale)) {
        None => Ok(text.to_owned()),
        Some((_, why)) => Err(format!("is out of date: {why}")),
    }
}

fn last_checked(context: &Context<'_>, table: &Table<'_>) -> Option<Date> {
    let slot = table.need(
        "last_checked",
        "2026-09-01 (the day you compared these details with www.housing-ombudsman.org.uk). There is no default, for \
         only a person can look.",
    );
    let checked = slot.date()?;
    if checked > context.today {
        slot.refuse("has not come yet");
    } else if checked.saturating_add(Ombudsman::CHECKED_FOR_MONTHS.months()) < context.today {
        let what = "is over six months ago. Compare these details with www.housing-ombudsman.org.uk, then write \
                    today's date.";
        context.notes.warn(slot.place(), what);
    }
    Some(checked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_when_every_mail_server_takes_it() {
        for good in ["ada@example.org", "o'neil+x@sub.example.org", "a@localhost", "A.B@xn--bcher-kva.example"] {
            assert!(is_addr_spec(good), "{good}");
        }
        let long = format!("{}@example.org", "a".repeat(65));
        for bad in [
            "",
            "ada",
            "@example.org",
            "ada@",
            "a b@example.org",
            "ada@example..org",
            ".ada@example.org",
            "ada.@example.org",
            "ada@-example.org",
            "ada@[127.0.0.1]",
            "Ada <ada@example.org>",
            "ada@example.org,ben@example.org",
            "ada@b\u{fc}cher.example",
            "\"ada b\"@example.org",
            "ada@example.org\r\nBcc: x@example.org",
            &long,
        ] {
            assert!(!is_addr_spec(bad), "{bad}");
        }
    }

    #[test]
    fn a_prefix_can_be_said_on_the_telephone() {
        for good in ["WE", "WEL", "ZZZZ"] {
            assert_eq!(case_prefix(good).as_deref(), Ok(good));
        }
        for bad in ["W", "WELLS", "WIL", "WOL", "WUL", "wel", "W2", "W L", "\u{c4}B"] {
            assert!(case_prefix(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn stale_details_are_found_however_they_are_written() {
        for stale in
            ["L33 7WQ", "l337wq", "E14\u{a0}9GE", "Designated Persons", "eight-week", "8 weeks", "P.O. Box 152"]
        {
            assert!(up_to_date(stale).is_err(), "{stale}");
        }
        for current in ["PO Box 1484, Unit D, Preston, PR2 0ET", "0300 111 3000", "Housing Ombudsman Service"] {
            assert_eq!(up_to_date(current).as_deref(), Ok(current));
        }
    }
}
