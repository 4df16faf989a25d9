//! Who may handle a case: nobody it names, nobody who lives where the resident lives, and at stage 2 nobody who answered at
//! stage 1 (5.8, 6.13).

use jiff::civil::Date;

use super::{Case, Refusal, Stage};
use crate::domain::absence::Absences;
use crate::domain::ladder::Circle;
use crate::domain::landlord::{Landlord, Person};
use crate::domain::words::Words;

/// Titles before a surname.
const TITLES: &[&str] = &["mr", "mrs", "ms", "miss", "mx", "dr", "cllr", "councillor", "officer"];

/// Whether `text` names `person`: by the whole name, by title and surname, or by the e-mail address.
///
/// A lone first name or surname does not count: too many of them are words ("Will", "Green").
pub fn named_in(person: &Person, text: &str) -> bool {
    let text = text.to_lowercase();
    if text.contains(&person.address) {
        return true;
    }
    let words: Vec<&str> = text.split(|letter: char| !letter.is_alphanumeric() && !"'’-".contains(letter)).collect();
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    let bare = |word: &str| word.trim_end_matches("'s").trim_end_matches("’s").to_owned();
    let words: Vec<String> = words.into_iter().map(bare).collect();
    let name = person.name.to_lowercase();
    let name: Vec<&str> = name.split_whitespace().collect();
    let [first, .., surname] = name[..] else { return false };
    words.windows(2).any(|pair| pair[1] == surname && (pair[0] == first || TITLES.contains(&pair[0].as_str())))
        || words.windows(name.len()).any(|run| run.iter().zip(&name).all(|(word, name)| word == name))
}

impl Case {
    /// Whether the complaint names `person`.
    pub fn names(&self, person: &Person) -> bool {
        let subject = self.opening.as_ref().map(|opening| &opening.subject);
        let reasons = self.escalation.as_ref().and_then(|escalation| escalation.reasons.as_ref());
        let told = self.opening.iter().flat_map(|opening| &opening.points);
        let texts = self.definition.points.iter().chain(told).chain(subject).chain(reasons);
        self.is_complaint() && texts.map(Words::as_str).any(|text| named_in(person, text))
    }

    /// What keeps `person` from handling the case at `stage`; `None` when nothing does.
    pub fn unfit(&self, person: &Person, stage: Stage) -> Option<Refusal> {
        if stage == Stage::Two && self.stage1_people.contains(&person.address) {
            return Some(Refusal::SameOfficer { name: person.name.clone() });
        }
        if self.names(person) {
            return Some(Refusal::Named { name: person.name.clone() });
        }
        let estate = self.resident.as_ref().and_then(|resident| resident.estate.as_deref());
        let same = |own: &str| estate.is_some_and(|theirs| theirs.trim().eq_ignore_ascii_case(own.trim()));
        match &person.estate {
            Some(own) if same(own) => Some(Refusal::SameEstate { name: person.name.clone(), estate: own.clone() }),
            _ => None,
        }
    }

    /// Addresses of those who must not get letters of this case, for it is about them.
    pub fn kept_out(&self, landlord: &Landlord) -> Vec<String> {
        let people = landlord.people().into_iter();
        people.filter(|person| self.names(person)).map(|person| person.address.clone()).collect()
    }

    /// Who may hear of the case on `day`, and who stands in for those who are away: nobody who may not handle it.
    pub fn circle<'a>(&self, landlord: &'a Landlord, away: &Absences, day: Date) -> Circle<'a> {
        let may_cover = |person: &Person| self.unfit(person, self.stage).is_none();
        Circle::new(landlord, self.kept_out(landlord), away, day, may_cover)
    }

    /// Who handles it at `stage` unless somebody is named: the first who is fit. Whoever is away `on` that day is passed
    /// over, for their cover if that is somebody who may handle it at this stage, unless nobody else is fit.
    pub(super) fn first_fit<'a>(
        &self,
        landlord: &'a Landlord,
        away: &Absences,
        on: Date,
        stage: Stage,
    ) -> Option<&'a Person> {
        let Landlord { officer, deputy, reviewers, manager, .. } = landlord;
        let candidates: Vec<&Person> = match stage {
            Stage::One => vec![officer, deputy, manager],
            Stage::Two => reviewers.iter().collect(),
        };
        let fit = |person: &Person| self.unfit(person, stage).is_none();
        let may_cover = |person: &Person| fit(person) && (stage == Stage::One || candidates.contains(&person));
        let there = |person: &'a Person| match away.of(person, on) {
            None => Some(person),
            Some(_) => away.covers(person, on, landlord, may_cover),
        };
        let mut candidates = candidates.iter().copied().filter(|person| fit(person));
        candidates.clone().find_map(there).or_else(|| candidates.next())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_named_by_whole_name_title_and_surname_or_address_and_not_by_a_common_word() {
        let grant = Person {
            name: "Will Grant".to_owned(),
            role: "Officer".to_owned(),
            address: "w.grant@example.net".to_owned(),
            estate: None,
        };
        for text in ["Will Grant's answer", "I told Mr Grant twice", "MR. GRANT", "I wrote to W.Grant@example.net"] {
            assert!(named_in(&grant, text), "{text}");
        }
        for text in ["I applied for a grant", "Mr Granted", "Will somebody come?", ""] {
            assert!(!named_in(&grant, text), "{text}");
        }
    }
}
