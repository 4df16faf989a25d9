//! Mail from the Housing Ombudsman Service, and the references it names.

use std::collections::BTreeSet;

use super::{FromOmbudsman, Message};

/// Where the Service writes from.
const DOMAIN: &str = "housing-ombudsman.org.uk";
/// References beyond this many in one message are passed over.
const REFERENCES_MAX: usize = 20;

pub(super) fn find(message: &Message, domains: &[String]) -> Option<FromOmbudsman> {
    let (_, domain) = message.from.as_ref()?.address.rsplit_once('@')?;
    let theirs = |known: &str| {
        let rest = domain.strip_suffix(known);
        !known.is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    if !theirs(DOMAIN) && !domains.iter().any(|known| theirs(known)) {
        return None;
    }
    let mut seen = BTreeSet::new();
    let references = [&message.subject, &message.text].into_iter().flat_map(|text| references(text));
    let references = references.filter(|reference| seen.insert(*reference)).take(REFERENCES_MAX);
    Some(FromOmbudsman {
        references: references.map(str::to_owned).collect(),
        doubt: message.unproven().or_else(|| message.spam.clone()),
    })
}

/// Nine digits that begin with a year, as in published decisions (202303637), and stand alone.
fn references(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.len() == 9 && word.starts_with("20") && word.bytes().all(|byte| byte.is_ascii_digit()))
}
