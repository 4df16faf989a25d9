//! `redress calendar`: the bank holidays of a year, and the dates that follow from a date of receipt, with their
//! working.

use std::path::Path;

use clap::Args;
use jiff::civil::Date;
use serde::Serialize;

use super::{page, run};
use crate::daemon::clock::{Clock as _, SystemClock};
use crate::domain::calendar::{Calendar, DayOff, Due, WorkingDays, london_date, spoken};

/// What `redress calendar` is asked.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  redress calendar                           the bank holidays of this year
  redress calendar 2027
  redress calendar --received 2026-12-18     the dates that follow from that day

With the bank holidays the configuration adds or removes, when there is one; without it as built in.

JSON: an object with edition, and for a year: year, provisional, bank_holidays; for a day of receipt: received, duties.")]
pub struct Ask {
    /// The year
    #[arg(value_parser = clap::value_parser!(i16).range(1900..=9000), conflicts_with = "received")]
    year: Option<i16>,
    /// The day a complaint arrived (YYYY-MM-DD): shows the dates that follow, with their working
    #[arg(long, value_name = "DATE")]
    received: Option<Date>,
    /// For a program, as JSON
    #[arg(long)]
    json: bool,
}

impl Ask {
    /// Answers on standard output.
    ///
    /// # Errors
    ///
    /// When standard output cannot be written.
    pub fn run(&self, config: &Path) -> anyhow::Result<()> {
        let (added, removed) = match run::load(config) {
            Ok(loaded) => (loaded.config.holidays_added, loaded.config.holidays_removed),
            Err(_) => Default::default(),
        };
        let calendar = Calendar::england_and_wales(&added, &removed);
        let this_year = || london_date(SystemClock.now()).year();
        let text = match self.received {
            Some(day) => received(&calendar, day, self.json),
            None => year(&calendar, self.year.unwrap_or_else(this_year), self.json),
        };
        Ok(page::print(&text)?)
    }
}

/// The bank holidays of `year`, one a line with its weekday; an object with `json`.
pub fn year(calendar: &Calendar, year: i16, json: bool) -> String {
    let holidays = calendar.bank_holidays(year);
    let provisional = !calendar.is_published(year);
    if json {
        let holidays = holidays.into_iter().map(|(date, name)| {
            serde_json::json!({ "date": date, "weekday": date.strftime("%A").to_string(), "name": name })
        });
        return page::json(&serde_json::json!({
            "year": year,
            "edition": calendar.edition(),
            "provisional": provisional,
            "bank_holidays": holidays.collect::<Vec<_>>(),
        }));
    }
    let mut text = format!("Bank holidays {year} ({})\n\n", calendar.edition());
    for (date, name) in holidays {
        text.push_str(&format!("  {:<28}{name}\n", spoken(date)));
    }
    if provisional {
        text.push_str(&format!("\n  Provisional: computed by rule, the published list does not cover {year}.\n"));
    }
    text
}

/// The dates the 2024 Code gives for a complaint that arrived on `received`, and for an escalation request of that day,
/// each with the days not counted (weekends as a number; with `json` one by one). Later dates count from the last day
/// of the one before.
pub fn received(calendar: &Calendar, received: Date, json: bool) -> String {
    let duties = duties(calendar, received);
    if json {
        return page::json(
            &serde_json::json!({ "received": received, "edition": calendar.edition(), "duties": duties }),
        );
    }
    let mut text = format!("Received {} ({})\n", spoken(received), calendar.edition());
    for Duty { duty, provision, due } in duties {
        let provisional = if due.provisional { "  (provisional)" } else { "" };
        text.push_str(&format!("\n  {duty:<39}{}{provisional}\n", spoken(due.date)));
        text.push_str(&format!("    {} after {} (Code {provision})\n", due.period, spoken(due.counted_from)));
        let weekends = due.skipped.iter().filter(|(_, why)| *why == DayOff::Weekend).count();
        for (day, why) in due.skipped.iter().filter(|(_, why)| *why != DayOff::Weekend) {
            text.push_str(&format!("    not counted: {:<28}{why}\n", spoken(*day)));
        }
        match weekends {
            0 => {}
            1 => text.push_str("    not counted: 1 weekend day\n"),
            n => text.push_str(&format!("    not counted: {n} weekend days\n")),
        }
    }
    text
}

/// One date and where it comes from.
#[derive(Serialize)]
struct Duty {
    duty: &'static str,
    /// Paragraph of the 2024 Code.
    provision: &'static str,
    #[serde(flatten)]
    due: Due,
}

fn duties(calendar: &Calendar, received: Date) -> [Duty; 7] {
    let duty = |duty, provision, from, days| Duty { duty, provision, due: calendar.due(from, WorkingDays(days)) };
    let acknowledge = duty("Acknowledge by", "6.2", received, 5);
    let stage_one = duty("Stage 1 response by", "6.3", acknowledge.due.date, 10);
    let extended = duty("Stage 1 response, extended, by", "6.4", stage_one.due.date, 10);
    let stage_one_early = duty("Stage 1, if acknowledged at once, by", "6.3", received, 10);
    let escalation = duty("Escalation: acknowledge by", "6.11", received, 5);
    let stage_two = duty("Escalation: final response by", "6.14", escalation.due.date, 20);
    let stage_two_extended = duty("Escalation: extended, by", "6.15", stage_two.due.date, 20);
    [acknowledge, stage_one_early, stage_one, extended, escalation, stage_two, stage_two_extended]
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn calendar() -> Calendar {
        Calendar::england_and_wales(&[], &[])
    }

    #[test]
    fn a_year_lists_its_bank_holidays_with_their_weekdays() {
        let text = year(&calendar(), 2027, false);
        assert!(text.starts_with("Bank holidays 2027 (England and Wales to 2028)\n"), "{text}");
        assert!(text.contains("  Friday 26 March 2027        Good Friday\n"), "{text}");
        assert!(text.contains("  Tuesday 28 December 2027    Boxing Day (substitute day)\n"), "{text}");
        assert!(!text.contains("Provisional"), "{text}");
    }

    #[test]
    fn a_year_past_the_published_list_says_so() {
        assert!(year(&calendar(), 2029, false).contains("Provisional: computed by rule"));
        let json: serde_json::Value = serde_json::from_str(&year(&calendar(), 2029, true)).unwrap();
        assert_eq!(json["provisional"], true);
        assert_eq!(json["bank_holidays"][1]["date"], "2029-03-30");
        assert_eq!(json["bank_holidays"][1]["weekday"], "Friday");
        assert_eq!(json["bank_holidays"][1]["name"], "Good Friday");
    }

    #[test]
    fn a_complaint_before_christmas_shows_its_dates_and_the_days_not_counted() {
        let text = received(&calendar(), date(2024, 12, 20), false);
        let expected = "
  Acknowledge by                         Tuesday 31 December 2024
    5 working days after Friday 20 December 2024 (Code 6.2)
    not counted: Wednesday 25 December 2024  Christmas Day
    not counted: Thursday 26 December 2024   Boxing Day
    not counted: 4 weekend days

  Stage 1, if acknowledged at once, by   Wednesday 8 January 2025
";
        assert!(text.contains(expected), "{text}");
        assert!(text.contains("\n  Stage 1 response by                    Wednesday 15 January 2025\n"), "{text}");
        assert!(text.contains("\n  Stage 1 response, extended, by         Wednesday 29 January 2025\n"), "{text}");
    }

    #[test]
    fn an_escalation_of_december_has_its_dates_over_the_new_year() {
        let json: serde_json::Value = serde_json::from_str(&received(&calendar(), date(2026, 12, 1), true)).unwrap();
        let dates: Vec<(&str, &str)> = json["duties"]
            .as_array()
            .unwrap()
            .iter()
            .map(|duty| (duty["provision"].as_str().unwrap(), duty["date"].as_str().unwrap()))
            .collect();
        assert_eq!(dates[4..], [("6.11", "2026-12-08"), ("6.14", "2027-01-08"), ("6.15", "2027-02-05")]);
        assert_eq!(json["duties"][5]["skipped"][0], serde_json::json!(["2026-12-12", "weekend"]));
    }
}
