//! Who a case belongs to: the landlord, its people, its rules of thumb, and the Ombudsman's contact details.
//!
//! Plain values, filled from the configuration and handed down. A letter never mixes two landlords.

use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A person with a job in complaint handling. Letters to residents are signed by `role`, never by `name` (2022 Code 4.9).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub name: String,
    /// The job as residents read it, "Complaints Officer".
    pub role: String,
    /// Addr-spec (RFC 5322, 3.4.1), lower case.
    pub address: String,
    /// The estate or building they live on or look after, as residents' addresses name it: its complaints are better in
    /// other hands (Code 5.8).
    #[serde(default)]
    pub estate: Option<String>,
}

/// What the first letter to somebody who complains is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Acknowledge {
    /// The Code's acknowledgement with its definition (5.6, 5.7, 6.2), written without waiting for a person.
    #[default]
    Automatic,
    /// A receipt; the acknowledgement follows when an officer has confirmed or changed the definition.
    AfterReview,
}

/// One legal entity that owns homes and answers complaints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Landlord {
    /// Short name in configuration and database, `[a-z0-9-]+`.
    pub key: String,
    /// Legal name, as letters print it.
    pub name: String,
    /// First part of every case reference, two to four capitals without I, O and U; no two landlords share one.
    pub prefix: String,
    /// Addresses residents write to, lower case. Letters come from the first.
    pub addresses: Vec<String>,
    #[serde(default)]
    pub acknowledge: Acknowledge,
    /// Handles complaints (Code 4.1).
    pub officer: Person,
    /// Stands in for the officer.
    pub deputy: Person,
    /// May answer at stage 2; never the person who answered at stage 1 (Code 6.13).
    pub reviewers: Vec<Person>,
    pub manager: Person,
    /// The governing body's member responsible for complaints (Code 9.5).
    pub member_responsible: Person,
    /// Everybody else whose mail is the landlord's own: further staff, the managing agent's people.
    pub staff: Vec<Person>,
    /// Senders that are web forms or portals, lower case: a person's words come from them, and the answer goes to the
    /// Reply-To they give.
    #[serde(default)]
    pub forms: Vec<String>,
    /// Where the complaints policy is published (Code 3.4).
    pub policy_link: String,
    pub emergency_telephone: String,
    /// What the landlord is responsible for, and what not, each a plain phrase (Code 5.7).
    pub responsible_for: Vec<String>,
    pub not_responsible_for: Vec<String>,
}

impl Landlord {
    /// Everybody registered for this landlord, each address once, the officer first.
    pub fn people(&self) -> Vec<&Person> {
        let mut seen = std::collections::BTreeSet::new();
        [&self.officer, &self.deputy, &self.manager, &self.member_responsible]
            .into_iter()
            .chain(&self.reviewers)
            .chain(&self.staff)
            .filter(|person| seen.insert(person.address.clone()))
            .collect()
    }

    /// Whether `address` (lower case) is one residents write to.
    pub fn owns(&self, address: &str) -> bool {
        self.addresses.iter().any(|own| own == address)
    }
}

/// The Housing Ombudsman's details: data with a date, for they change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ombudsman {
    pub name: String,
    pub website: String,
    pub complaint_form: String,
    pub telephone: String,
    /// `None` where e-mail is not a way to bring a new case.
    pub email: Option<String>,
    pub post: String,
    /// The day a person last compared these details with the Ombudsman's own website.
    pub last_checked: Date,
}

impl Ombudsman {
    /// Domains its mail comes from, as far as its details tell; lower case.
    pub fn domains(&self) -> Vec<String> {
        let host = self.website.split_once("://").map_or(self.website.as_str(), |(_, rest)| rest);
        let host = host.split('/').next().unwrap_or_default();
        let email = self.email.as_ref().and_then(|email| email.rsplit_once('@')).map(|(_, domain)| domain);
        let domains = [Some(host.strip_prefix("www.").unwrap_or(host)), email].into_iter().flatten();
        domains.filter(|domain| domain.contains('.')).map(str::to_ascii_lowercase).collect()
    }

    /// How long a look at the details is good for.
    pub const CHECKED_FOR_MONTHS: i32 = 6;

    /// Whether somebody should compare the details again.
    pub fn outdated(&self, today: Date) -> bool {
        self.last_checked.saturating_add(Ombudsman::CHECKED_FOR_MONTHS.months()) < today
    }
}
