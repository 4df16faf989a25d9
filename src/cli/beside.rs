//! What commands work with that ask, or act, beside a running daemon.

use std::path::Path;

use anyhow::bail;
use jiff::Timestamp;
use jiff::civil::Date;
use secrecy::ExposeSecret as _;

use super::{page, run};
use crate::config::Config;
use crate::daemon::clock::{Clock as _, SystemClock};
use crate::domain::calendar::{Calendar, london_date};
use crate::store::{Purpose, Store};

/// Configuration, database, calendar, and the moment it is asked.
pub struct Beside {
    pub config: Config,
    pub store: Store,
    pub calendar: Calendar,
    pub now: Timestamp,
}

impl Beside {
    /// Reads the configuration at `path` and opens its database. What is worth a look in the configuration is left to
    /// `redress check` to say.
    ///
    /// # Errors
    ///
    /// When the configuration is refused, or the database is not there or not of this version.
    pub async fn open(path: &Path) -> anyhow::Result<Beside> {
        let config = run::load(path)?.config;
        let store = Store::open(config.database.expose_secret(), Purpose::Beside).await?;
        let calendar = Calendar::england_and_wales(&config.holidays_added, &config.holidays_removed);
        Ok(Beside { config, store, calendar, now: SystemClock.now() })
    }

    /// Refuses the key of a landlord the configuration does not have.
    ///
    /// # Errors
    ///
    /// When there is no such landlord; says which there are.
    pub fn knows(&self, landlord: Option<&str>) -> anyhow::Result<()> {
        let keys: Vec<&str> = self.config.landlords.iter().map(|landlord| landlord.key.as_str()).collect();
        if let Some(key) = landlord.filter(|key| !keys.contains(key)) {
            bail!("The configuration has no landlord {key:?}; it has {}", keys.join(", "));
        }
        Ok(())
    }

    /// Today in Europe/London.
    pub fn today(&self) -> Date {
        london_date(self.now)
    }

    /// "3 working days left", "due today", "2 working days late".
    pub fn left(&self, due: Date) -> String {
        left(&self.calendar, self.today(), due)
    }

    /// "3 left", "due today", "2 late": working days, for a narrow column.
    pub fn left_briefly(&self, due: Date) -> String {
        left_in(&self.calendar, self.today(), due, |days| days.to_string())
    }
}

/// How long is left on the day `today`: "3 working days left", "due today", "2 working days late".
pub fn left(calendar: &Calendar, today: Date, due: Date) -> String {
    left_in(calendar, today, due, |days| page::count(days.into(), "working day"))
}

fn left_in(calendar: &Calendar, today: Date, due: Date, say: fn(i32) -> String) -> String {
    match calendar.working_days_between(today, due) {
        0 if due < today => "late".to_owned(),
        0 if due == today => "due today".to_owned(),
        days @ ..0 => format!("{} late", say(-days)),
        days => format!("{} left", say(days)),
    }
}
