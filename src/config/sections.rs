//! The file as a whole: its sections one after the other, the short ones, and what must agree across sections.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::PathBuf;

use cron::{Schedule, TimeUnitSpec};
use jiff::civil::{Date, Time, Weekday, time};
use jiff::{SignedDuration, ToSpan as _};

use super::health::health;
use super::landlord::{landlord, ombudsman};
use super::mail::{folder, mailbox, operator, outgoing};
use super::reader::{Notes, Place, Slot, Table};
use super::secret::database;
use super::{Commands, Config, Expiry, Limits, Log, LogTo, Reminders, Sending};
use crate::domain::brake::{self, Rate, Rates, without_tag};
use crate::domain::calendar::WorkingDays;
use crate::domain::case::Terms;
use crate::domain::ladder::WorkingHours;
use crate::domain::triage;

/// Keys that stand above the first section; found further down, they have slipped into a section.
pub(super) const TOP_KEYS: [&str; 5] = ["database", "database_password", "sending", "answer_mail_since", "letters"];

/// What reading needs besides the file.
pub(super) struct Context<'a> {
    pub(super) notes: &'a Notes<'a>,
    pub(super) env: &'a dyn Fn(&str) -> Option<String>,
    /// Today in Europe/London.
    pub(super) today: Date,
    /// Folder of the configuration file, absolute: relative paths count from here.
    pub(super) folder: PathBuf,
    /// Secrets that end some day, in the order of the file's keys.
    pub(super) expiries: RefCell<Vec<Expiry>>,
}

/// What is compared across sections, with the places to point at.
#[derive(Default)]
pub(super) struct Met {
    /// Landlord keys, prefixes, addresses, mailbox names and accounts, each with the line it was first met on.
    once: BTreeMap<(&'static str, String), usize>,
    /// Landlords that mailboxes name.
    pub(super) named: Vec<(String, Place)>,
    /// Addresses whose mail this program reads.
    pub(super) own: BTreeMap<String, usize>,
    /// Addresses of people it writes to.
    pub(super) people: Vec<(String, Place)>,
}

impl Met {
    /// The line that had the same `value` for the same `kind` first.
    pub(super) fn seen_before(&mut self, place: &Place, kind: &'static str, value: &str) -> Option<usize> {
        match self.once.entry((kind, value.to_owned())) {
            Entry::Occupied(first) => Some(*first.get()),
            Entry::Vacant(first) => {
                first.insert(place.line);
                None
            }
        }
    }

    /// Notes a mistake if another `kind` has the same `value`.
    pub(super) fn once(&mut self, notes: &Notes<'_>, place: &Place, kind: &'static str, value: &str) {
        if let Some(line) = self.seen_before(place, kind, value) {
            notes.refuse(place, format!("is also on line {line}. Write another {kind} here, or correct line {line}."));
        }
    }
}

/// The whole file; `None` when a mistake has been noted.
pub(super) fn config(context: &Context<'_>, top: &Table<'_>) -> Option<Config> {
    let mut met = Met::default();
    let database = database(context, top);
    let sending = sending(top);
    let answer_mail_since = answer_mail_since(context, top);
    let letters = letters(context, top);
    let mailboxes =
        top.need("mailbox", "section [[mailbox]]").sections("name", |table| mailbox(context, table, &mut met));
    let outgoing = top.need("outgoing", "section [outgoing.smtp]").table(|table| outgoing(context, table));
    let operator =
        top.need("operator", "section [operator]").table(|table| operator(context, table, outgoing.as_ref(), &mut met));
    let landlords =
        top.need("landlord", "section [[landlord]]").sections("key", |table| landlord(context, table, &mut met));
    let ombudsman = top.need("ombudsman", "section [ombudsman]").table(|table| ombudsman(context, table));
    let holidays = top
        .may("bank_holidays", "section [bank_holidays]")
        .table(|table| bank_holidays(context, table))
        .unwrap_or_default();
    let reminders =
        top.may("reminders", "section [reminders]").table(|table| reminders(context, table)).unwrap_or_default();
    let sorter = top.may("sorter", "section [sorter]").table(sorter).unwrap_or_default();
    let commands = top.may("commands", "section [commands]").table(commands).unwrap_or_default();
    let limits = top.may("limits", "section [limits]").table(limits).unwrap_or_default();
    let log = top.may("log", "section [log]").table(log).unwrap_or_default();
    let health = top.may("health", "section [health]").table(|table| health(context, table)).unwrap_or_default();
    check_names(context.notes, &met);
    check_loops(context.notes, &met);
    Some(Config {
        database: database?,
        sending: sending?,
        answer_mail_since: answer_mail_since?,
        mailboxes,
        outgoing: outgoing?,
        operator: operator?,
        landlords,
        ombudsman: ombudsman?,
        reminders,
        sorter,
        commands,
        limits,
        holidays_added: holidays.added,
        holidays_removed: holidays.removed,
        letters,
        log,
        health,
        expiries: context.expiries.take(),
    })
}

fn sending(top: &Table<'_>) -> Option<Sending> {
    let slot = top.need(
        "sending",
        "\"hold\" (letters to residents wait until you release them) or sending = \"live\" (they leave at once). There \
         is no default, for only you can know which you mean.",
    );
    slot.choice(&[("live", Sending::Live), ("hold", Sending::Hold)])
}

fn answer_mail_since(context: &Context<'_>, top: &Table<'_>) -> Option<Date> {
    let slot = top.need(
        "answer_mail_since",
        "2026-09-01 (the day from which mail is to be answered, usually today). There is no default: too early a \
         day sends letters about mail long dealt with, too late a day leaves residents without one.",
    );
    let since = slot.date()?;
    if since > context.today {
        let what = format!("mail that arrives before {since} will be stored and listed and never answered.");
        context.notes.warn(slot.place(), what);
    }
    Some(since)
}

fn letters(context: &Context<'_>, top: &Table<'_>) -> Option<PathBuf> {
    top.may("letters", r#""/etc/redress/letters""#).parsed(|path| folder(context.folder.join(path)))
}

/// What has been proclaimed since the program was built.
#[derive(Default)]
struct BankHolidays {
    added: Vec<(Date, String)>,
    removed: Vec<Date>,
}

fn bank_holidays(context: &Context<'_>, table: &Table<'_>) -> Option<BankHolidays> {
    let mut added: Vec<(Date, String)> = Vec::new();
    let list = table.may("added", r#"[{ date = 2027-06-07, name = "Proclaimed holiday" }]"#);
    for item in list.list() {
        let day = item.table(|day| {
            let date_slot = day.need("date", "2027-06-07");
            let (date, name) = (date_slot.date(), day.need("name", r#""Proclaimed holiday""#).text());
            let date = date?;
            if added.iter().any(|(other, _)| *other == date) {
                context.notes.refuse(date_slot.place(), "is in the list twice. Leave one out.");
            } else if matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday) {
                let what = "is a weekend, which is no working day anyway. Look for the substitute day.";
                context.notes.warn(date_slot.place(), what);
            }
            Some((date, name?))
        });
        added.extend(day);
    }
    let mut removed = Vec::new();
    for item in table.may("removed", "[2027-05-31]").list() {
        let Some(date) = item.date() else { continue };
        if added.iter().any(|(other, _)| *other == date) {
            context.notes.refuse(item.place(), "is both added and removed. Leave one out.");
        }
        removed.push(date);
    }
    Some(BankHolidays { added, removed })
}

fn reminders(context: &Context<'_>, table: &Table<'_>) -> Option<Reminders> {
    let usual = Reminders::default();
    // Five working days before an acknowledgement is due, its complaint has not arrived yet (Code 6.2).
    let officer_before = table.may("officer_before", "2").number(1..=4).unwrap_or(usual.officer_before);
    let deputy_slot = table.may("deputy_before", "1");
    let deputy_before = deputy_slot.number(1..=4).unwrap_or(usual.deputy_before);
    if deputy_before > officer_before {
        deputy_slot.refuse(&format!("must be no earlier than the officer's reminder, {officer_before} before"));
    }
    let after = table.may("member_responsible_after", "2").number(1..=10);
    let working_hours = table.may("working_hours", r#""08:00-18:00""#).parsed(working_hours);
    let working_hours = working_hours.unwrap_or(usual.working_hours);
    let look_at_slot = table.may("look_at", r#""0 */5 * * * *""#);
    let look_at = look_at_slot.parsed(|text| look_at(text, context.today, &working_hours));
    let digest_at = table.may("digest_at", r#""0 30 8 * * Mon-Fri""#).parsed(|text| list_at(text, context.today));
    let weekly_at = table.may("weekly_at", r#""0 30 8 * * Mon""#).parsed(|text| list_at(text, context.today));
    let terms = usual.terms;
    let survey = table.may("survey_after_days", "28").number(0..=365_u16);
    let working_days = |key, example, range, usual| table.may(key, example).number(range).map_or(usual, WorkingDays);
    Some(Reminders {
        officer_before,
        deputy_before,
        member_responsible_after: after.unwrap_or(usual.member_responsible_after),
        working_hours,
        look_at: look_at.unwrap_or(usual.look_at),
        digest_at: digest_at.unwrap_or(usual.digest_at),
        weekly_at: weekly_at.unwrap_or(usual.weekly_at),
        terms: Terms {
            review_requests_after: working_days("review_requests_after", "10", 1..=60, terms.review_requests_after),
            close_after: working_days("close_after", "20", 1..=120, terms.close_after),
            survey_after_days: survey.map_or(terms.survey_after_days, |days| (days > 0).then_some(days)),
            review_adjustments_after: working_days(
                "review_adjustments_after",
                "120",
                1..=520,
                terms.review_adjustments_after,
            ),
            review_restrictions_after: working_days(
                "review_restrictions_after",
                "60",
                1..=260,
                terms.review_restrictions_after,
            ),
        },
    })
}

/// "08:00-18:00", with the moment at which reminders come inside.
fn working_hours(text: &str) -> Result<WorkingHours, String> {
    let read = |text: &str| Time::strptime("%H:%M", text.trim()).ok();
    let (opens, closes) = text
        .split_once('-')
        .and_then(|(opens, closes)| Some((read(opens)?, read(closes)?)))
        .ok_or("must be two times of the day, from 00:00 to 23:59, with a hyphen between them")?;
    let hours = WorkingHours { opens, closes };
    match hours.contains(time(9, 0, 0, 0)) {
        true => Ok(hours),
        false => Err("must begin by 09:00 and end after it, for at 09:00 reminders come".to_owned()),
    }
}

/// Reminders fall due at 09:00 on working days: a schedule that does not look on each of them from then until people go
/// home, or never looks at all, would let one come late.
fn look_at(text: &str, today: Date, hours: &WorkingHours) -> Result<Schedule, String> {
    let schedule = schedule(text)?;
    let every_working_day =
        all_year_round(&schedule, today) && (2..=6).all(|weekday| schedule.days_of_week().includes(weekday));
    let looks_at = |time: Time| {
        schedule.hours().includes(time.hour().unsigned_abs().into())
            && schedule.minutes().includes(time.minute().unsigned_abs().into())
    };
    let mut at_work = time(9, 0, 0, 0).series(1.minute()).take_while(|time| hours.contains(*time));
    if every_working_day && at_work.any(looks_at) {
        Ok(schedule)
    } else {
        Err("does not look on every day from Monday to Friday between 09:00 and the end of the working hours, so \
             reminders would come late"
            .to_owned())
    }
}

/// A list that comes several times a day is not read, and one that stays away for weeks is not missed.
fn list_at(text: &str, today: Date) -> Result<Schedule, String> {
    let schedule = schedule(text)?;
    let times_a_day = schedule.hours().count() * schedule.minutes().count() * schedule.seconds().count();
    if all_year_round(&schedule, today) && times_a_day == 1 {
        Ok(schedule)
    } else {
        Err("must name one time of the day, and one or more weekdays of every week in the year".to_owned())
    }
}

fn schedule(text: &str) -> Result<Schedule, String> {
    let fields = text.split_whitespace().count();
    if fields != 6 {
        return Err(format!("has {fields} fields and must have six: second minute hour day month weekday"));
    }
    text.parse()
        .map_err(|_| "is not a time of six fields: second minute hour day month weekday (1 is Sunday)".to_owned())
}

/// Whether only the weekday decides on which days of this and the next years it comes.
fn all_year_round(schedule: &Schedule, today: Date) -> bool {
    (1..=31).all(|day| schedule.days_of_month().includes(day))
        && (1..=12).all(|month| schedule.months().includes(month))
        && (0..10).all(|years| u32::try_from(today.year()).is_ok_and(|year| schedule.years().includes(year + years)))
}

fn sorter(table: &Table<'_>) -> Option<triage::Settings> {
    let usual = triage::Settings::default();
    let share = |percent: Option<u8>| percent.map(|percent| f64::from(percent) / 100.0);
    // Without a band a complaint could be filed away with nobody asked (1.2), so it can be narrowed and never closed.
    let complaint_from = share(table.may("complaint_from", "15").number(1..=50));
    let sure_from = share(table.may("sure_from", "30").number(1..=99));
    Some(triage::Settings {
        complaint_from: complaint_from.unwrap_or(usual.complaint_from),
        sure_from: sure_from.unwrap_or(usual.sure_from),
        complaint_words: table.may("complaint_words", r#"["cold call"]"#).texts(),
        hazard_words: table.may("hazard_words", r#"["plant room"]"#).texts(),
        vulnerability_words: table.may("vulnerability_words", r#"["sheltered scheme"]"#).texts(),
    })
}

fn commands(table: &Table<'_>) -> Option<Commands> {
    let wait = table.may("wait_minutes", "5").number(0..=60_u32);
    let wait = wait.map(|minutes| SignedDuration::from_mins(i64::from(minutes)));
    Some(Commands { wait: wait.unwrap_or(Commands::default().wait) })
}

fn limits(table: &Table<'_>) -> Option<Limits> {
    let usual = Limits::default();
    let message_bytes =
        table.may("message_bytes", "52_428_800").number(65_536..=1_073_741_824).unwrap_or(usual.message_bytes);
    let attempts = table.may("handle_attempts", "5").number(1..=100);
    let answers_slot = table.may("answers_per_address_per_day", "10");
    let answers = answers_slot.number(1..=1_000).unwrap_or(usual.answers_per_address_per_day);
    let letters = brake::Limits {
        residents: lane(
            table.may("letters_to_residents", "section [limits.letters_to_residents]"),
            usual.letters.residents,
        ),
        staff: lane(table.may("letters_to_staff", "section [limits.letters_to_staff]"), usual.letters.staff),
    };
    let most = letters.residents.address.day;
    if answers > most {
        let what = format!("is more than the {most} letters a day that may leave for one address (per_address)");
        answers_slot.refuse_for(most, &what);
    }
    let attach_bytes = table.may("attach_bytes", "10_485_760").number(0..=104_857_600);
    let poll_s = table.may("poll_s", "300").number(10..=3_600);
    let lease_s = table.may("lease_s", "30").number(10..=300);
    let free_disk_bytes = table.may("free_disk_bytes", "1_073_741_824").number(0..=1_099_511_627_776);
    Some(Limits {
        message_bytes,
        handle_attempts: attempts.unwrap_or(usual.handle_attempts),
        answers_per_address_per_day: answers,
        letters,
        attach_bytes: attach_bytes.unwrap_or(usual.attach_bytes),
        poll_s: poll_s.unwrap_or(usual.poll_s),
        lease_s: lease_s.unwrap_or(usual.lease_s),
        free_disk_bytes: free_disk_bytes.unwrap_or(usual.free_disk_bytes),
    })
}

/// How many letters of one lane may leave.
fn lane(slot: Slot<'_>, usual: Rates) -> Rates {
    let read = slot.table(|table| {
        let address = table.may("per_address", "{ hour = 20, day = 40 }");
        let message = table.may("per_message", "{ hour = 15, day = 30 }");
        let case = table.may("per_case", "{ hour = 20, day = 40 }");
        let landlord = table.may("per_landlord", "{ hour = 200, day = 400 }");
        let all = table.may("in_all", "{ hour = 400, day = 800 }");
        let rates = Rates {
            address: rate(&address, usual.address),
            message: rate(&message, usual.message),
            case: rate(&case, usual.case),
            landlord: rate(&landlord, usual.landlord),
            all: rate(&all, usual.all),
        };
        let exceeds = |narrow: Rate, wide: Rate| narrow.hour > wide.hour || narrow.day > wide.day;
        if exceeds(rates.case, rates.landlord) {
            landlord.refuse("must be no less than per_case, in the hour and in the day");
        }
        if exceeds(rates.landlord, rates.all) {
            all.refuse("must be no less than per_landlord, in the hour and in the day");
        }
        Some(rates)
    });
    read.unwrap_or(usual)
}

fn rate(slot: &Slot<'_>, usual: Rate) -> Rate {
    let read = slot.table(|table| {
        let within = |key, example| table.need(key, example).number(1..=100_000_u32);
        let (hour, day) = (within("hour", "20"), within("day", "40"));
        let rate = Rate { hour: hour?, day: day? };
        if rate.hour > rate.day {
            slot.refuse("allows more in an hour than in a day");
        }
        Some(rate)
    });
    read.unwrap_or(usual)
}

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

fn log(table: &Table<'_>) -> Option<Log> {
    let usual = Log::default();
    let words = [("terminal", LogTo::Terminal), ("json", LogTo::Json), ("journald", LogTo::Journald)];
    let to = table.may("to", r#""journald""#).choice(&words);
    let level =
        table.may("level", r#""info""#).parsed(|text| match tracing_subscriber::EnvFilter::builder().parse(text) {
            // A lone word that is no level would be taken for the name of a part of the program, and silence the rest.
            Ok(_) if text.contains('=') || LEVELS.contains(&text) => Ok(text.to_owned()),
            _ => Err(r#"must be error, warn, info, debug or a filter such as "info,redress=debug""#.to_owned()),
        });
    Some(Log { to: to.unwrap_or(usual.to), level: level.unwrap_or(usual.level) })
}

/// Every mailbox belongs to a landlord that is there.
fn check_names(notes: &Notes<'_>, met: &Met) {
    let landlords: Vec<&str> =
        met.once.keys().filter(|(kind, _)| *kind == "landlord key").map(|(_, key)| key.as_str()).collect();
    for (_, place) in met.named.iter().filter(|(named, _)| !landlords.contains(&named.as_str())) {
        let known = landlords.iter().map(|key| format!(r#""{key}""#)).collect::<Vec<_>>().join(" or ");
        let what = if known.is_empty() {
            "is the key of no [[landlord]] here. Write a [[landlord]] section with this key.".to_owned()
        } else {
            format!("is the key of no [[landlord]] here. Write {known}, or another [[landlord]] section.")
        };
        notes.refuse(place, what);
    }
}

/// Nobody we write to may have an address we read: the letter would come back in and be answered, without end.
fn check_loops(notes: &Notes<'_>, met: &Met) {
    for (address, place) in &met.people {
        if let Some(line) = met.own.get(address).or_else(|| met.own.get(&without_tag(address))) {
            let what = format!(
                "is an address this program reads itself (line {line}): letters to it would come back in and go round \
                 for ever. Write the person's own address."
            );
            notes.refuse(place, what);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn working_hours_are_two_times_with_nine_in_the_morning_between() {
        for (good, opens, closes) in [
            ("08:00-18:00", time(8, 0, 0, 0), time(18, 0, 0, 0)),
            ("9:00 - 17:30", time(9, 0, 0, 0), time(17, 30, 0, 0)),
            ("00:00-23:59", time(0, 0, 0, 0), time(23, 59, 0, 0)),
        ] {
            assert_eq!(working_hours(good), Ok(WorkingHours { opens, closes }), "{good}");
        }
        for bad in
            ["09:01-17:00", "07:00-09:00", "18:00-08:00", "08:00", "8-18", "08:00-24:00", "08:00-18:00-20:00", ""]
        {
            assert!(working_hours(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn dates_are_looked_at_while_people_are_at_work() {
        let today = Date::constant(2026, 11, 22);
        let hours = WorkingHours { opens: time(8, 0, 0, 0), closes: time(17, 30, 0, 0) };
        for good in ["0 */5 * * * *", "0 0 9 * * Mon-Fri", "30 29 17 * * *"] {
            assert!(look_at(good, today, &hours).is_ok(), "{good}");
        }
        for bad in ["0 59 8 * * *", "0 30 17 * * *", "0 0 20 * * *", "0 0 9 * * Mon-Thu", "0 0 9 * * * 2026"] {
            assert!(look_at(bad, today, &hours).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_list_comes_once_a_day_and_in_every_week() {
        let today = Date::constant(2026, 11, 22);
        for good in ["0 30 8 * * Mon-Fri", "0 0 7 * * *", "0 30 8 * * Tue,Thu", "0 0 18 ? * 6"] {
            assert_eq!(list_at(good, today).map(|schedule| schedule.to_string()), Ok(good.to_owned()));
        }
        for bad in [
            "0 30 8,16 * * Mon",
            "0 */30 8 * * Mon",
            "* 30 8 * * Mon",
            "0 30 8 1,15 * *",
            "0 30 8 * Jan-Nov Mon",
            "0 30 8 * * Mon 2026",
            "30 8 * * Mon",
            "half past eight",
        ] {
            assert!(list_at(bad, today).is_err(), "{bad}");
        }
    }
}
