//! Who is away, until when, and who stands in.
//!
//! An absence ends by itself on the day they are back. What is recorded is never changed: of what somebody said of their
//! absences the last holds, and "I am back" is one that ends on the day it begins. The cases stay theirs; the letters about
//! them go to whoever stands in, which [`ladder`](super::ladder) works out.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::calendar::spoken;
use super::landlord::{Landlord, Person};

/// One person's absence. Its days are those of Europe/London.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absence {
    /// Whose it is: addr-spec, lower case.
    pub address: String,
    /// The first day they are away.
    pub since: Date,
    /// The first day they are back.
    pub until: Date,
    /// The address of whoever they asked to stand in.
    pub cover: Option<String>,
}

impl Absence {
    /// What somebody says of their absence: away from `today` on and back on `until`, with `cover` in their place.
    ///
    /// # Errors
    ///
    /// When it would be over already, or nobody could stand in as asked.
    pub fn announced(
        person: &Person,
        until: Date,
        cover: Option<&Person>,
        landlord: &Landlord,
        today: Date,
    ) -> Result<Absence, NoAbsence> {
        if until <= today {
            return Err(NoAbsence::Over(until));
        }
        if let Some(cover) = cover {
            if same(&cover.address, &person.address) {
                return Err(NoAbsence::OwnCover);
            }
            if !landlord.people().iter().any(|one| same(&one.address, &cover.address)) {
                return Err(NoAbsence::NotRegistered { name: cover.name.clone() });
            }
        }
        let cover = cover.map(|cover| cover.address.to_ascii_lowercase());
        Ok(Absence { address: person.address.to_ascii_lowercase(), since: today, until, cover })
    }

    /// What somebody says who is back.
    pub fn over(person: &Person, today: Date) -> Absence {
        Absence { address: person.address.to_ascii_lowercase(), since: today, until: today, cover: None }
    }
}

/// Why an absence is not recorded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAbsence {
    #[error("{} is not a day to come; give the first day they are back", spoken(*.0))]
    Over(Date),
    #[error("nobody stands in for themselves; name somebody else, or nobody, and the deputy stands in")]
    OwnCover,
    #[error(
        "{name} is not registered for this landlord, so no letter about its cases may go to them; name somebody who is"
    )]
    NotRegistered { name: String },
}

/// Everybody's absence: of each person the last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Absences(BTreeMap<String, Absence>);

impl Absences {
    /// Of several for one person the last one holds.
    pub fn new(absences: impl IntoIterator<Item = Absence>) -> Absences {
        Absences(absences.into_iter().map(|absence| (absence.address.to_ascii_lowercase(), absence)).collect())
    }

    /// These, and one more that is said after them.
    pub fn and(mut self, absence: Absence) -> Absences {
        self.0.insert(absence.address.to_ascii_lowercase(), absence);
        self
    }

    /// The absence of `person`, when they are away `on` that day.
    pub fn of(&self, person: &Person, on: Date) -> Option<&Absence> {
        self.0.get(&person.address.to_ascii_lowercase()).filter(|absence| (absence.since..absence.until).contains(&on))
    }

    /// Whom `person`, away `on` that day, asked to stand in: somebody of this landlord's who is there that day and `fit`.
    /// Covers of covers are not asked, so that two who name one another lead nowhere.
    pub fn covers<'a>(
        &self,
        person: &Person,
        on: Date,
        landlord: &'a Landlord,
        fit: impl Fn(&Person) -> bool,
    ) -> Option<&'a Person> {
        let asked = self.of(person, on)?.cover.as_deref()?;
        let cover = landlord.people().into_iter().find(|one| same(&one.address, asked))?;
        (self.of(cover, on).is_none() && fit(cover)).then_some(cover)
    }
}

fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn person(name: &str) -> Person {
        let address = format!("{}@example.net", name.to_lowercase());
        Person { name: name.to_owned(), role: "a role".to_owned(), address, estate: None }
    }

    fn landlord() -> Landlord {
        Landlord {
            key: "orchard".to_owned(),
            name: "Orchard Homes".to_owned(),
            prefix: "RCH".to_owned(),
            addresses: vec!["complaints@example.org".to_owned()],
            acknowledge: Default::default(),
            officer: person("Ada"),
            deputy: person("Ben"),
            reviewers: vec![person("Cleo")],
            manager: person("Dan"),
            member_responsible: person("Eve"),
            staff: vec![person("Fred")],
            forms: vec![],
            policy_link: "https://www.example.org".to_owned(),
            emergency_telephone: "01632 960100".to_owned(),
            responsible_for: vec![],
            not_responsible_for: vec![],
        }
    }

    fn day(day: i8) -> Date {
        date(2026, 12, day)
    }

    fn away(name: &str, until: i8, cover: Option<&str>) -> Absence {
        let cover = cover.map(|cover| person(cover).address);
        Absence { address: person(name).address, since: day(14), until: day(until), cover }
    }

    #[test]
    fn an_absence_lasts_until_the_morning_of_the_day_they_are_back_or_say_so() {
        let mut said = vec![away("Ada", 18, None)];
        let absences = Absences::new(said.clone());
        let away_on = |absences: &Absences, of: &str| {
            (13..20).filter(|on| absences.of(&person(of), day(*on)).is_some()).collect::<Vec<_>>()
        };
        assert_eq!(away_on(&absences, "Ada"), [14, 15, 16, 17]);
        assert!(away_on(&absences, "Ben").is_empty());
        said.push(Absence::over(&person("ADA"), day(16)));
        assert!(away_on(&Absences::new(said), "Ada").is_empty());
    }

    #[test]
    fn whoever_stands_in_is_there_registered_and_fit_and_two_who_name_one_another_lead_nowhere() {
        let landlord = landlord();
        let of_ada = |absences: &[Absence], unfit: &str| {
            let absences = Absences::new(absences.to_vec());
            let cover = absences.covers(&person("Ada"), day(15), &landlord, |who| who.name != unfit);
            cover.map(|cover| cover.name.clone())
        };
        let fred = away("Ada", 18, Some("Fred"));
        assert_eq!(of_ada(std::slice::from_ref(&fred), "-").as_deref(), Some("Fred"));
        assert_eq!(of_ada(std::slice::from_ref(&fred), "Fred"), None);
        assert_eq!(of_ada(&[away("Ada", 18, None)], "-"), None);
        assert_eq!(of_ada(&[away("Ada", 18, Some("Stranger"))], "-"), None);
        assert_eq!(of_ada(&[fred.clone(), away("Fred", 16, Some("Ada"))], "-"), None);
        assert_eq!(of_ada(&[fred, away("Fred", 15, None)], "-").as_deref(), Some("Fred"), "back already");
        assert_eq!(of_ada(&[away("Ada", 15, Some("Fred"))], "-"), None, "Ada is there herself");
    }

    #[test]
    fn what_cannot_be_is_refused_with_a_sentence() {
        let (landlord, ada) = (landlord(), person("Ada"));
        let refused = |until, cover: Option<Person>| {
            Absence::announced(&ada, until, cover.as_ref(), &landlord, day(14)).unwrap_err().to_string()
        };
        assert_eq!(
            refused(day(14), None),
            "Monday 14 December 2026 is not a day to come; give the first day they are back"
        );
        assert!(refused(day(20), Some(person("ada"))).starts_with("nobody stands in for themselves"));
        assert!(refused(day(20), Some(person("Zoe"))).starts_with("Zoe is not registered for this landlord"));
        let announced = Absence::announced(&ada, day(18), Some(&person("FRED")), &landlord, day(14));
        assert_eq!(announced, Ok(away("Ada", 18, Some("Fred"))));
    }
}
