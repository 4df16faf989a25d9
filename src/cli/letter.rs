//! `redress letter preview KIND [--html]`: what a letter looks like before anybody gets it.

use std::path::Path;

use anyhow::Context as _;
use clap::{Args, Subcommand};

use super::{page, run};
use crate::daemon::office;
use crate::domain::landlord::{Landlord, Ombudsman};
use crate::domain::letter::{self, Desk, MessageKey, Sample, Templates, samples};

/// What `redress letter` is asked.
#[derive(Args, Debug)]
pub struct Ask {
    #[command(subcommand)]
    question: Question,
}

#[derive(Subcommand, Debug)]
enum Question {
    /// Show a letter of an invented case, with the landlord's own details and templates; nothing is sent
    #[command(after_help = "\
Examples:
  redress letter preview acknowledgement
  redress letter preview response-stage-2
  redress letter preview acknowledgement-by-post
  redress letter preview acknowledgement --html > letter.html
  redress letter preview receipt --landlord wellington

A name that does not exist is answered with all there are.")]
    Preview {
        /// Kind of letter, or a kind with what is special about the case
        name: String,
        /// The HTML that goes beside the text
        #[arg(long)]
        html: bool,
        /// The landlord whose letter it is; the first of the configuration when left out
        #[arg(long, value_name = "KEY")]
        landlord: Option<String>,
    },
}

impl Ask {
    /// Answers on standard output.
    ///
    /// # Errors
    ///
    /// When the configuration or a template is refused, or there is no such letter or landlord.
    pub fn run(&self, config: &Path) -> anyhow::Result<()> {
        let Question::Preview { name, html, landlord } = &self.question;
        let config = run::load(config)?.config;
        let templates = office::templates(&config)?;
        let mut landlords = config.landlords.iter();
        let landlord = match landlord {
            Some(key) => landlords.find(|landlord| landlord.key == *key),
            None => landlords.next(),
        };
        let landlord = landlord.context("The configuration has no landlord of this key")?;
        let letter = preview(name, *html, landlord, &config.ombudsman, &templates).map_err(anyhow::Error::msg)?;
        Ok(page::print(&letter)?)
    }
}

/// The letter `name` of an invented case, with this landlord's own details and templates, as text or as HTML. `name` is a
/// kind of letter, or a kind with what is special about the case: `acknowledgement-late`.
///
/// # Errors
///
/// A sentence for the terminal: the names there are, or why the letter may not leave.
pub fn preview(
    name: &str,
    html: bool,
    landlord: &Landlord,
    ombudsman: &Ombudsman,
    templates: &Templates,
) -> Result<String, String> {
    let samples = samples(landlord);
    let named = samples.iter().find(|sample| sample.name == name);
    let of_kind = || samples.iter().find(|sample| sample.letter.says.kind().key() == name);
    let sample = named.or_else(of_kind).ok_or_else(|| unknown(name, &samples))?;
    // No Message-ID is shown, so any key does.
    let key = MessageKey::new([0; 32]);
    letter::preview(sample, &Desk { landlord, ombudsman, templates, key: &key }, html)
        .map_err(|problem| problem.to_string())
}

fn unknown(name: &str, samples: &[Sample]) -> String {
    let names: Vec<&str> = samples.iter().map(|sample| sample.name.as_str()).collect();
    format!("There is no letter \"{name}\". There are: {}.", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::case::LetterKind;

    #[test]
    fn every_kind_of_letter_can_be_looked_at() {
        // The landlord of the samples' own tries: any complete one does.
        let landlord: Landlord = serde_json::from_value(serde_json::json!({
            "key": "alder", "name": "Alder Court Housing Co-operative", "prefix": "ALD",
            "addresses": ["complaints@alder.example"],
            "officer": { "name": "Sam Okafor", "role": "Complaints Officer", "address": "sam@alder.example" },
            "deputy": { "name": "Priya Nair", "role": "Deputy", "address": "priya@alder.example" },
            "staff": [],
            "reviewers": [{ "name": "Robin Hale", "role": "Reviewer", "address": "robin@alder.example" }],
            "manager": { "name": "Chris Moss", "role": "Manager", "address": "chris@alder.example" },
            "member_responsible": { "name": "Ada Byrne", "role": "Member Responsible", "address": "ada@alder.example" },
            "policy_link": "https://alder.example/complaints", "emergency_telephone": "020 7946 0101",
            "responsible_for": ["your home"], "not_responsible_for": ["your furniture"],
        }))
        .unwrap();
        let ombudsman: Ombudsman = serde_json::from_value(serde_json::json!({
            "name": "Housing Ombudsman Service", "website": "https://www.housing-ombudsman.org.uk",
            "complaint_form": "https://www.housing-ombudsman.org.uk/residents/make-a-complaint/",
            "telephone": "0300 111 3000", "email": null, "post": "PO Box 1484, Unit D, Preston, PR2 0ET",
            "last_checked": "2026-11-01",
        }))
        .unwrap();
        let templates = Templates::new(vec![]).unwrap();
        let look = |name: &str, html| preview(name, html, &landlord, &ombudsman, &templates);
        for kind in LetterKind::ALL {
            assert!(look(kind.key(), false).unwrap().contains("ALD-1047-"), "{kind:?}");
            assert!(look(kind.key(), true).unwrap().starts_with("<!DOCTYPE html>"), "{kind:?}");
        }
        assert!(look("acknowledgement-late", false).unwrap().contains("It is late"));
        let refusal = look("apology", false).unwrap_err();
        assert!(refusal.contains("There are: acknowledgement, "), "{refusal}");
    }
}
