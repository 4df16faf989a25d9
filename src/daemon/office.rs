//! What every round works with: configuration, calendar, letterheads, database, clock.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::Context as _;
use jiff::Timestamp;
use jiff::civil::Date;
use secrecy::ExposeSecret as _;
use tokio::sync::Notify;

use super::clock::Clock;
use super::operator;
use crate::config::{Config, MailboxConfig, Sending, Source};
use crate::domain::absence::Absences;
use crate::domain::brake::{Gate, Ours};
use crate::domain::calendar::Calendar;
use crate::domain::case::{self, Audience, Case, Decision, House, Input};
use crate::domain::ladder::Ladder;
use crate::domain::landlord::{Landlord, Person};
use crate::domain::letter::{self, Desk, Enclosed, MessageKey, Notice, Templates, write_notice};
use crate::domain::message::{File, Own};
use crate::store::{CaseId, Change, Known, NewLetter, Purpose, Store, Undone};

/// Why letters to residents wait while the configuration says `sending = "hold"`.
pub const HELD_BY_CONFIGURATION: &str = "sending = \"hold\"";

/// Why letters wait on a database that is a restored copy: they may have left since the copy was made.
pub const HELD_SINCE_RESTORE: &str = "the database is a restored copy";

pub struct Office {
    pub config: Config,
    pub calendar: Calendar,
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    pub own: Own,
    ours: Ours,
    pub key: MessageKey,
    /// The moment of the copy that the database is; `None` when it is none, or a person has released it.
    pub copy_of: Option<Timestamp>,
    templates: Templates,
    ladder: Ladder,
    /// Rung when something was put where the next round finds it.
    pub messages_wait: Notify,
    pub letters_wait: Notify,
    /// Tries to reach the operator by the second way.
    pub second_way: operator::Tries,
}

impl Office {
    /// Opens the database and reads the landlord's templates.
    ///
    /// # Errors
    ///
    /// When the database cannot be opened, or a template must not be used.
    pub async fn open(config: Config, clock: Arc<dyn Clock>, purpose: Purpose) -> anyhow::Result<Office> {
        let templates = templates(&config)?;
        let store = Store::open(config.database.expose_secret(), purpose).await?;
        let calendar = Calendar::england_and_wales(&config.holidays_added, &config.holidays_removed);
        let reminders = &config.reminders;
        let ladder = Ladder {
            officer_before: reminders.officer_before,
            deputy_before: reminders.deputy_before,
            member_responsible_after: reminders.member_responsible_after,
        };
        let copy_of = store.copy_of().await?;
        Ok(Office {
            copy_of,
            key: MessageKey::new(store.key()),
            own: own(&config),
            ours: ours(&config),
            config,
            calendar,
            store,
            clock,
            templates,
            ladder,
            messages_wait: Notify::new(),
            letters_wait: Notify::new(),
            second_way: operator::Tries::default(),
        })
    }

    /// The landlord with this key.
    ///
    /// # Errors
    ///
    /// When the configuration no longer has it, while the database still has its cases.
    pub fn landlord(&self, key: &str) -> anyhow::Result<&Landlord> {
        let found = self.config.landlords.iter().find(|landlord| landlord.key == key);
        found.with_context(|| {
            format!("The configuration has no landlord {key:?} but the database has its cases; put it back")
        })
    }

    /// The mailbox with this name.
    ///
    /// # Errors
    ///
    /// When the configuration no longer has it, while the database still has its messages.
    pub fn mailbox(&self, name: &str) -> anyhow::Result<&MailboxConfig> {
        let found = self.config.mailboxes.iter().find(|mailbox| mailbox.name == name);
        found.with_context(|| format!("The configuration has no mailbox {name:?}; put it back"))
    }

    pub fn house<'a>(&'a self, landlord: &'a Landlord, away: &'a Absences) -> House<'a> {
        let reminders = &self.config.reminders;
        House {
            landlord,
            calendar: &self.calendar,
            ladder: &self.ladder,
            hours: &reminders.working_hours,
            terms: reminders.terms,
            away,
        }
    }

    pub fn desk<'a>(&'a self, landlord: &'a Landlord) -> Desk<'a> {
        Desk { landlord, ombudsman: &self.config.ombudsman, templates: &self.templates, key: &self.key }
    }

    /// The gate that every letter leaves through.
    pub fn gate(&self) -> Gate<'_> {
        Gate { limits: &self.config.limits.letters, ours: &self.ours, people: &self.own.staff }
    }

    /// Why letters to residents wait, if they do.
    fn held(&self) -> Option<&'static str> {
        match (self.copy_of, self.config.sending) {
            (Some(_), _) => Some(HELD_SINCE_RESTORE),
            (None, Sending::Hold) => Some(HELD_BY_CONFIGURATION),
            (None, Sending::Live) => None,
        }
    }

    /// A case as the database knows it, with no message to go with its letters.
    ///
    /// # Errors
    ///
    /// When the configuration no longer has its landlord.
    pub fn before<'a>(&'a self, known: &'a Known) -> anyhow::Result<Before<'a>> {
        let landlord = self.landlord(&known.landlord)?;
        let Known { id, case, thread, away, .. } = known;
        Ok(Before { id: Some(*id), landlord, case, thread, enclosed: None, files: &[], away })
    }

    /// What follows when `input` happens to a case, ready to be written.
    ///
    /// # Errors
    ///
    /// When the input is refused (a [`Refusal`](crate::domain::case::Refusal) in the chain of the error), or a letter would
    /// be incomplete.
    pub fn follow(&self, case: &Before, input: &Input, now: Timestamp) -> anyhow::Result<Change> {
        let decision = case::decide(case.case, input, &self.house(case.landlord, case.away), now)?;
        self.change(case, decision, now)
    }

    /// What follows next, when `input` happens to a case to which `first` has just happened; both as one change.
    ///
    /// # Errors
    ///
    /// As [`Office::follow`].
    pub fn and_then(&self, before: &Before, first: Change, input: &Input, now: Timestamp) -> anyhow::Result<Change> {
        let next = self.follow(&Before { case: &first.after, ..*before }, input, now)?;
        Ok(Change {
            events: [first.events, next.events].concat(),
            letters: [first.letters, next.letters].concat(),
            participants: first.participants.union(&next.participants).cloned().collect(),
            undone: first.undone,
            messages: [first.messages, next.messages].concat(),
            ..next
        })
    }

    /// A letter to `reader` that belongs to no case, for `day` (Europe/London).
    ///
    /// # Errors
    ///
    /// When it would be incomplete.
    pub fn notice(
        &self,
        landlord: &Landlord,
        notice: &Notice,
        reader: &Person,
        day: Date,
        now: Timestamp,
    ) -> anyhow::Result<NewLetter> {
        let written = write_notice(notice, reader, day, &self.desk(landlord), now)?;
        Ok(NewLetter {
            number: 0,
            kind: notice.key().to_owned(),
            audience: Audience::Staff.key().to_owned(),
            recipient: written.to,
            envelope_from: written.from,
            message_id: written.message_id,
            subject: written.subject,
            says: None,
            bytes: written.bytes,
            held: None,
            wait: None,
        })
    }

    /// Makes a decision ready to be written: its letters as bytes, its duties with the moment to look at them next.
    ///
    /// # Errors
    ///
    /// When a letter would be incomplete; then nothing of the decision may be written.
    pub fn change(&self, case: &Before, decision: Decision, now: Timestamp) -> anyhow::Result<Change> {
        let after = case.case.after(&decision);
        let (house, desk) = (self.house(case.landlord, case.away), self.desk(case.landlord));
        let mut letters = Vec::with_capacity(decision.letters.len());
        for letter in decision.letters {
            let kind = letter.says.kind();
            let with = letter::With {
                message: case.enclosed.filter(|_| letter.says.encloses().is_some()),
                files: if letter.files { case.files } else { &[] },
            };
            let written = letter::write(&after, &letter, &with, case.thread, &desk, now)
                .with_context(|| format!("Could not write letter {} ({})", letter.number, kind.key()))?;
            let held = self.held().filter(|_| letter.audience == Audience::Resident);
            letters.push(NewLetter {
                number: letter.number,
                kind: kind.key().to_owned(),
                audience: letter.audience.key().to_owned(),
                recipient: written.to,
                envelope_from: written.from,
                message_id: written.message_id,
                subject: written.subject,
                says: Some(letter.says),
                bytes: written.bytes,
                held: held.map(str::to_owned),
                wait: letter.wait,
            });
        }
        let looks = after.duties.keys().map(|duty| (*duty, after.next_look(*duty, &house, now))).collect();
        let participants = speaking(&after);
        let undone = match decision.taken_back {
            None => Undone::default(),
            Some(letters) => Undone {
                letters,
                duties: case.case.duties.keys().filter(|duty| !after.duties.contains_key(duty)).copied().collect(),
                participants: speaking(case.case).difference(&participants).cloned().collect(),
            },
        };
        Ok(Change {
            id: case.id,
            landlord: case.landlord.key.clone(),
            after,
            events: decision.events,
            letters,
            looks,
            participants,
            undone,
            messages: Vec::new(),
            now,
        })
    }
}

/// Addresses that may speak on a case, as far as it knows, in lower case.
fn speaking(case: &Case) -> BTreeSet<String> {
    let residents = case.resident.iter().filter_map(|resident| resident.address.as_ref());
    let authorised = case.representative.iter().filter(|who| who.authority.is_some());
    let addresses = residents.chain(authorised.filter_map(|who| who.address.as_ref()));
    addresses.map(|address| address.as_str().to_lowercase()).collect()
}

/// A case before a decision about it.
#[derive(Clone, Copy)]
pub struct Before<'a> {
    /// `None` for a case that is about to be opened.
    pub id: Option<CaseId>,
    pub landlord: &'a Landlord,
    pub case: &'a Case,
    /// Message-IDs of the resident's messages, oldest first.
    pub thread: &'a [String],
    /// The message that goes with letters to staff.
    pub enclosed: Option<&'a Enclosed<'a>>,
    /// What goes with an answer to the resident.
    pub files: &'a [File],
    pub away: &'a Absences,
}

impl<'a> Before<'a> {
    /// A case that is about to be opened.
    pub fn new_case(landlord: &'a Landlord, case: &'a Case, away: &'a Absences) -> Before<'a> {
        Before { id: None, landlord, case, thread: &[], enclosed: None, files: &[], away }
    }
}

/// The addresses that are the landlords' own, or their people's.
pub fn own(config: &Config) -> Own {
    Own {
        addresses: config.landlords.iter().flat_map(|landlord| landlord.addresses.clone()).collect(),
        staff: config.landlords.iter().flat_map(Landlord::people).map(|person| person.address.clone()).collect(),
        forms: config.landlords.iter().flat_map(|landlord| landlord.forms.clone()).collect(),
    }
}

/// The addresses whose mail comes to us: those residents write to, the mail accounts that are read, and the forms.
fn ours(config: &Config) -> Ours {
    let people = config.landlords.iter().flat_map(Landlord::people).chain([&config.operator.person]);
    let people: BTreeSet<&str> = people.map(|person| person.address.as_str()).collect();
    let accounts = config.mailboxes.iter().filter_map(|mailbox| match &mailbox.source {
        Source::Imap(server) => server.login.as_ref().map(|login| &login.user),
        Source::Maildir(_) => None,
    });
    let of_landlords = config.landlords.iter().flat_map(|landlord| {
        // A form may send in the name of somebody at the landlord's, who must hear of things all the same.
        let forms = landlord.forms.iter().filter(|form| !people.contains(form.as_str()));
        landlord.addresses.iter().chain(forms)
    });
    Ours::new(accounts.filter(|user| user.contains('@')).chain(of_landlords))
}

/// The embedded templates with the landlord's own in their place.
///
/// # Errors
///
/// Every problem of every template, a line each.
pub fn templates(config: &Config) -> anyhow::Result<Templates> {
    let mut overrides = Vec::new();
    if let Some(folder) = &config.letters {
        let unreadable = || format!("Could not read the folder of letters {}", folder.display());
        for entry in std::fs::read_dir(folder).with_context(unreadable)? {
            let path = entry.with_context(unreadable)?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
            if path.is_file() && (name.ends_with(".txt") || name.ends_with(".html")) {
                let text = std::fs::read_to_string(&path)
                    .with_context(|| format!("Could not read the letter {}", path.display()))?;
                overrides.push((name, text));
            }
        }
        overrides.sort();
    }
    Templates::new(overrides)
        .map_err(|problems| anyhow::anyhow!("Letter templates that must not be used:\n{}", problems.join("\n")))
}
