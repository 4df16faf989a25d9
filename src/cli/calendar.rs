//! `redress calendar`: the bank holidays of a year, and the dates that follow from a date of receipt, with their
//! working.

use std::ops::RangeInclusive;
use std::path::Path;

use clap::Args;
use jiff::civil::Date;
use serde::Serialize;

use super::{page, run};
use crate::daemon::clock::{Clock as _, SystemClock};
use crate::domain::calendar::{Calendar, DayOff, Due, london_date, spoken};
use crate::domain::code::{Duty, Edition, Limit, Rule, Stage, Start, cite, rule};

/// Years that can be asked about: the rules for bank holidays are those since 1978, and dates stay clear of the last year
/// there is.
const YEARS: RangeInclusive<i16> = 1978..=9000;

/// What `redress calendar` is asked.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  redress calendar                           the bank holidays of this year
  redress calendar 2027
  redress calendar --received 2026-12-18     the dates that follow from that day

With the bank holidays the configuration adds or removes, when there is one; without it as built in.

JSON: an object with edition, and for a year: year, provisional, bank_holidays; for a day of receipt: received, code
(the edition of the Code), duties (each with duty, if, provision, date, counted_from, period in working days, skipped,
provisional).")]
pub struct Ask {
    /// The year
    #[arg(value_parser = a_year, conflicts_with = "received")]
    year: Option<i16>,
    /// The day a complaint arrived (YYYY-MM-DD): shows the dates that follow, with their working
    #[arg(long, value_name = "DATE", value_parser = a_day)]
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
            Err(_) => {
                if !matches!(config.try_exists(), Ok(false)) {
                    eprintln!(
                        "The configuration cannot be used (`redress check` says why): bank holidays are shown as built in."
                    );
                }
                Default::default()
            }
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

fn a_year(text: &str) -> Result<i16, String> {
    let year = text.parse().ok().filter(|year| YEARS.contains(year));
    year.ok_or_else(|| format!("write a year from {} to {}, as in 2027", YEARS.start(), YEARS.end()))
}

fn a_day(text: &str) -> Result<Date, String> {
    let day = Date::strptime("%Y-%m-%d", text).ok().filter(|day| YEARS.contains(&day.year()));
    day.ok_or_else(|| "write a day of the calendar as year-month-day, as in 2026-12-18".to_owned())
}

/// The dates the Code gives for a complaint that arrived on `received`, and for a request for stage 2 of that day, each
/// with the days not counted (weekends as a number; with `json` one by one).
pub fn received(calendar: &Calendar, received: Date, json: bool) -> String {
    let code = Edition::on(received);
    if json {
        let duties: Vec<Clock> =
            [Stage::One, Stage::Two].iter().flat_map(|stage| clocks(calendar, *stage, received)).collect();
        return page::json(
            &serde_json::json!({ "received": received, "code": code, "edition": calendar.edition(), "duties": duties }),
        );
    }
    let mut text = format!("Received {} ({})\n", spoken(received), calendar.edition());
    for (stage, what) in [(Stage::One, "A complaint"), (Stage::Two, "A request for stage 2")] {
        text.push_str(&format!("\n{what}, under {code}\n"));
        for Clock { label, provision, due, .. } in clocks(calendar, stage, received) {
            let provisional = if due.provisional { "  (provisional)" } else { "" };
            text.push_str(&format!("\n  {label:<41}{}{provisional}\n", spoken(due.date)));
            text.push_str(&format!("    {} after {} ({})\n", due.period, spoken(due.counted_from), cite(provision)));
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
    }
    text
}

/// One date and where it comes from.
#[derive(Serialize)]
struct Clock {
    duty: Duty,
    /// What must have happened for this date to hold; `None` when it holds in any case.
    #[serde(rename = "if")]
    when: Option<When>,
    #[serde(skip)]
    label: String,
    provision: &'static str,
    #[serde(flatten)]
    due: Due,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum When {
    /// The clock of the response began on the very day of receipt.
    BegunAtOnce,
    /// The date was moved as far as the Code lets it without a further reason.
    Extended,
}

/// The clocks of a stage for what arrived on `received`. A date that follows from another counts from the last day on which
/// that other can be met.
fn clocks(calendar: &Calendar, stage: Stage, received: Date) -> Vec<Clock> {
    let [acknowledge, respond] = [stage.acknowledge(), stage.respond()].map(|duty| rule(duty, Edition::on(received)));
    let clock = |rule: &Rule, when: Option<When>, from: Date| {
        let (limit, provision) = match (when, rule.limit) {
            (Some(When::Extended), _) => rule.extension?,
            (_, Limit::Code(limit)) => (limit, rule.provision),
            (_, Limit::House) => return None,
        };
        let label = label(rule, when);
        Some(Clock { duty: rule.duty, when, label, provision, due: calendar.due(from, limit) })
    };
    let acknowledge = clock(acknowledge, None, received);
    let begun = match (respond.start, &acknowledge) {
        (Start::Receipt | Start::Request, _) | (_, None) => received,
        (_, Some(acknowledge)) => acknowledge.due.date,
    };
    let response = clock(respond, None, begun);
    let at_once = if begun == received { None } else { clock(respond, Some(When::BegunAtOnce), received) };
    let extended = response.as_ref().and_then(|response| clock(respond, Some(When::Extended), response.due.date));
    [acknowledge, response, at_once, extended].into_iter().flatten().collect()
}

/// "Send the stage 1 response by".
fn label(rule: &Rule, when: Option<When>) -> String {
    match (when, rule.start) {
        (None, _) => {
            let mut letters = rule.in_words.chars();
            let first = letters.next().map(|first| first.to_ascii_uppercase());
            first.into_iter().chain(letters).chain(" by".chars()).collect()
        }
        (Some(When::BegunAtOnce), Start::Logging) => "If logged at once, by".to_owned(),
        (Some(When::BegunAtOnce), _) => "If acknowledged at once, by".to_owned(),
        (Some(When::Extended), _) => "If extended, by".to_owned(),
    }
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
        assert!(text.contains("\nA complaint, under the 2024 Code\n"), "{text}");
        let expected = "
  Acknowledge the complaint by             Tuesday 31 December 2024
    5 working days after Friday 20 December 2024 (Code 6.2)
    not counted: Wednesday 25 December 2024  Christmas Day
    not counted: Thursday 26 December 2024   Boxing Day
    not counted: 4 weekend days
";
        assert!(text.contains(expected), "{text}");
        for line in [
            "  Send the stage 1 response by             Wednesday 15 January 2025",
            "  If acknowledged at once, by              Wednesday 8 January 2025",
            "  If extended, by                          Wednesday 29 January 2025",
        ] {
            assert!(text.contains(&format!("\n{line}\n")), "{line}\n{text}");
        }
    }

    /// Each date with the provision it comes from, as a program reads them.
    fn dates(received_on: Date) -> Vec<(String, String, String)> {
        let json: serde_json::Value = serde_json::from_str(&received(&calendar(), received_on, true)).unwrap();
        let text = |value: &serde_json::Value| value.as_str().unwrap_or("-").to_owned();
        let duties = json["duties"].as_array().unwrap().iter();
        duties.map(|duty| (text(&duty["provision"]), text(&duty["if"]), text(&duty["date"]))).collect()
    }

    fn expected(dates: &[(&str, &str, &str)]) -> Vec<(String, String, String)> {
        dates
            .iter()
            .map(|(provision, when, date)| (provision.to_string(), when.to_string(), date.to_string()))
            .collect()
    }

    #[test]
    fn a_request_for_stage_two_of_december_has_its_dates_over_the_new_year() {
        assert_eq!(
            dates(date(2026, 12, 1))[4..],
            expected(&[
                ("6.11", "-", "2026-12-08"),
                ("6.14", "-", "2027-01-08"),
                ("6.14", "begun_at_once", "2026-12-31"),
                ("6.15", "extended", "2027-02-05"),
            ])
        );
    }

    #[test]
    fn a_complaint_of_before_april_2024_has_the_dates_of_the_code_of_its_time() {
        assert_eq!(
            dates(date(2024, 3, 28)),
            expected(&[
                ("2022 Code 4.1", "-", "2024-04-08"),
                ("2022 Code 5.1", "-", "2024-04-22"),
                ("2022 Code 5.1", "begun_at_once", "2024-04-15"),
                ("2022 Code 5.1", "extended", "2024-05-07"),
                ("2022 Code 5.10", "-", "2024-04-08"),
                ("2022 Code 5.13", "-", "2024-04-29"),
                ("2022 Code 5.14", "extended", "2024-05-14"),
            ])
        );
        let text = received(&calendar(), date(2024, 3, 28), false);
        assert!(text.contains("\n  If logged at once, by                    Monday 15 April 2024\n"), "{text}");
        assert!(text.contains("(2022 Code 5.13)"), "{text}");
        assert_eq!(dates(date(2024, 4, 1))[0].0, "6.2");
    }

    #[test]
    fn a_date_past_the_published_years_is_marked() {
        let text = received(&calendar(), date(2028, 12, 20), false);
        assert!(text.contains("Acknowledge the complaint by             Friday 29 December 2028\n"), "{text}");
        assert!(
            text.contains("  If extended, by                          Monday 29 January 2029  (provisional)\n"),
            "{text}"
        );
    }

    #[test]
    fn a_day_or_year_that_is_none_is_refused_in_plain_words() {
        assert_eq!(a_day("2026-12-18"), Ok(date(2026, 12, 18)));
        for bad in ["2026-13-40", "2026-02-29", "4 December 2026", "18/12/2026", "0026-12-18", "2026-12-18T09:00", ""] {
            assert!(a_day(bad).is_err_and(|why| why.contains("year-month-day")), "{bad}");
        }
        assert_eq!(a_year("2027"), Ok(2027));
        for bad in ["1977", "9001", "27", "99999", "next year"] {
            assert_eq!(a_year(bad), Err("write a year from 1978 to 9000, as in 2027".to_owned()), "{bad}");
        }
    }
}
