//! How each date of a case was found, so that a resident or the Ombudsman can follow it with a calendar in hand.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::beside::Beside;
use super::page;
use crate::domain::calendar::{DayOff, Due, listed, listed_date, london_date, spoken};
use crate::domain::case::{Case, Cause, Event, Recorded, told};
use crate::domain::code::{Duty, Limit, Stage, Start, cite, rule};
use crate::store::CaseFile;

/// What happened to the date of one duty, from its being set to its end.
struct Course<'a> {
    duty: Duty,
    provision: &'a str,
    start: Start,
    /// Each date with the line that gave it, and the act behind it; the first is how it was set.
    dates: Vec<(&'a Recorded, &'a Due, Option<&'a Recorded>)>,
    /// What became of it.
    end: Option<&'a Recorded>,
}

/// The courses of all dates, in the order they were set. A duty that was set again later has one for each time.
fn courses(history: &[Recorded]) -> Vec<Course<'_>> {
    let mut courses: Vec<Course> = Vec::new();
    let mut latest: BTreeMap<Duty, usize> = BTreeMap::new();
    let mut act: Option<&Recorded> = None;
    for line in history {
        if line.event.by().is_some() {
            act = Some(line);
        }
        // What a person did and what follows from it are recorded at one moment.
        let behind = act.filter(|act| act.recorded_at == line.recorded_at);
        match &line.event {
            Event::DeadlineSet { duty, due, counted_from, provision, .. } => {
                latest.insert(*duty, courses.len());
                let (duty, start) = (*duty, *counted_from);
                courses.push(Course { duty, provision, start, dates: vec![(line, due, behind)], end: None });
            }
            Event::DeadlineMoved { duty, due, cause, .. } => {
                let behind = behind.filter(|_| *cause != Cause::Calendar);
                if let Some(course) = latest.get(duty).and_then(|at| courses.get_mut(*at)) {
                    course.dates.push((line, due, behind));
                }
            }
            Event::DutyMet { duty } | Event::DutyLapsed { duty } | Event::DutyReopened { duty } => {
                let reopened = matches!(line.event, Event::DutyReopened { .. });
                if let Some(course) = latest.get(duty).and_then(|at| courses.get_mut(*at)) {
                    course.end = (!reopened).then_some(line);
                }
            }
            _ => {}
        }
    }
    courses
}

/// The working of every date of the case, in words.
pub fn text(beside: &Beside, file: &CaseFile) -> String {
    let courses = courses(&file.history);
    let last = last_of_each(&courses);
    let told = courses.iter().zip(last).map(|(course, last)| {
        let lines = lines(beside, &file.case, course, last);
        let lines: Vec<(&str, String)> = lines.iter().map(|(label, value)| (*label, value.clone())).collect();
        let heading = format!("To {} ({})", duty_in_words(course.duty), cite(course.provision));
        format!("{heading}\n{}", page::labelled(&lines, 2, page::width()))
    });
    let told: Vec<String> = told.collect();
    let opening = "How each date was found. Working days are Monday to Friday without the bank holidays of England and \
                   Wales. The day something happens is day zero; day 1 is the next working day.";
    let opening = page::labelled(&[("", opening.to_owned())], 0, page::width());
    format!("{}\n{}", opening.trim_start(), told.join("\n"))
}

/// Whether each course is the one its duty has now.
fn last_of_each(courses: &[Course]) -> Vec<bool> {
    let later = |at: usize| courses[at + 1..].iter().any(|course| course.duty == courses[at].duty);
    (0..courses.len()).map(|at| !later(at)).collect()
}

/// A duty of the case as a person says it, after "to"; an action with its number.
pub fn duty_in_words(duty: Duty) -> String {
    match duty {
        Duty::Action(number) => format!("{}, action {number}", duty.in_words()),
        duty => duty.in_words().to_owned(),
    }
}

fn lines(beside: &Beside, case: &Case, course: &Course, last: bool) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    let mut before: Option<&Due> = None;
    for (line, due, behind) in &course.dates {
        match before {
            None => lines.extend(beginning(case, course, due)),
            Some(before) => lines.push(("Moved", moved(line, before, due))),
        }
        lines.extend(behind.map(|act| ("By", format!("{} ({})", told::sentence(&act.event), listed(act.recorded_at)))));
        lines.extend(counting(due));
        before = Some(due);
    }
    if let Some(due) = before {
        lines.push(("Outcome", outcome(beside, course, due, last)));
    }
    lines
}

fn beginning(case: &Case, course: &Course, due: &Due) -> Vec<(&'static str, String)> {
    let stage = course.duty.stage().unwrap_or(Stage::One);
    let edition = case.edition(stage);
    let clock = rule(course.duty, edition);
    let limit = match clock.limit {
        _ if due.set && course.start == Start::Promise => "none in the Code; a person set the day".to_owned(),
        _ if due.set => "none in the Code; counted in days, weekends and bank holidays too".to_owned(),
        Limit::Code(days) => format!("{days}, by {edition}"),
        Limit::House => format!("{}; the Code names none, the landlord does", due.period),
    };
    let from = format!("{}: {} (day zero)", course.start.in_words(), spoken(due.counted_from));
    let mut lines = vec![("Counted from", from), ("Limit", limit)];
    lines.extend(clock.extension.map(|(days, provision)| ("Extension", format!("up to {days} ({})", cite(provision)))));
    lines
}

/// The days, counted one by one.
fn counting(due: &Due) -> Vec<(&'static str, String)> {
    let skipped = |day: &(jiff::civil::Date, DayOff)| format!("{} ({})", listed_date(day.0), day.1);
    let mut lines = Vec::new();
    if !due.set {
        lines.push(("Counted", counted_days(due)));
    }
    if !due.set && !due.skipped.is_empty() {
        lines.push(("Passed over", due.skipped.iter().map(skipped).collect::<Vec<_>>().join(", ")));
    }
    lines.push(("Last day", spoken(due.date)));
    let provisional = if due.provisional { "; provisional: bank holidays are not published so far ahead" } else { "" };
    lines.push(("Calendar", format!("{}{provisional}", due.edition)));
    lines
}

/// "1 Mon 23 Nov 2026, 2 Tue 24 Nov 2026".
fn counted_days(due: &Due) -> String {
    let days = std::iter::successors(due.counted_from.tomorrow().ok(), |day| day.tomorrow().ok());
    let days = days.take_while(|day| *day <= due.date);
    let working = days.filter(|day| !due.skipped.iter().any(|(skipped, _)| skipped == day));
    let numbered = working.zip(1..).map(|(day, number)| format!("{number} {}", listed_date(day)));
    numbered.collect::<Vec<_>>().join(", ")
}

fn moved(line: &Recorded, before: &Due, due: &Due) -> String {
    let mut text = format!("on {}, from {} to {}", listed(line.recorded_at), spoken(before.date), spoken(due.date));
    if let Event::DeadlineMoved { cause, .. } = &line.event {
        text.push_str(&format!(": {}", told::cause(cause)));
        if *cause == Cause::Calendar {
            text.push_str(&changed_days(before, due));
        }
    }
    text
}

/// What the calendar says otherwise than it did, within the days that were counted.
fn changed_days(before: &Due, due: &Due) -> String {
    let until = before.date.min(due.date);
    let new = due.skipped.iter().filter(|day| day.0 <= until.max(before.date) && !before.skipped.contains(day));
    let gone = before.skipped.iter().filter(|day| day.0 <= due.date && !due.skipped.contains(day));
    let new = new.map(|(day, why)| format!("; {} is now {why}", spoken(*day)));
    let gone = gone.map(|(day, why)| format!("; {} is no longer {why}", spoken(*day)));
    new.chain(gone).collect()
}

fn outcome(beside: &Beside, course: &Course, due: &Due, last: bool) -> String {
    let Some(end) = course.end else {
        return if last {
            format!("open, {}", beside.left(due.date))
        } else {
            "another date took its place".to_owned()
        };
    };
    let day = london_date(end.occurred_at);
    match end.event {
        Event::DutyMet { .. } if day <= due.date => format!("met in time, on {}", listed(end.occurred_at)),
        Event::DutyMet { .. } => {
            let late = beside.calendar.working_days_between(due.date, day);
            format!("missed: met {} late, on {}", page::count(late.into(), "working day"), listed(end.occurred_at))
        }
        _ if day > due.date => format!("missed; no longer owed since {}", listed(end.occurred_at)),
        _ => format!("no longer owed since {}", listed(end.occurred_at)),
    }
}

/// The working of every date for a program: an array in the order in which the dates were set.
pub fn object(file: &CaseFile) -> Value {
    let courses = courses(&file.history);
    let told = courses.iter().map(|course| {
        let dates = course.dates.iter().map(|(line, due, behind)| {
            let cause = match &line.event {
                Event::DeadlineMoved { cause, .. } => Some(cause),
                _ => None,
            };
            json!({
                "recorded_at": line.recorded_at,
                "cause": cause,
                "act": behind.map(|act| told::sentence(&act.event)),
                "counted_from": due.counted_from,
                "working_days": due.period,
                "set_by_a_person": due.set,
                "skipped": due.skipped.iter().map(|(day, why)| json!({ "date": day, "why": why.to_string() })).collect::<Vec<_>>(),
                "due": due.date,
                "calendar": due.edition,
                "provisional": due.provisional,
            })
        });
        let met = course.end.filter(|end| matches!(end.event, Event::DutyMet { .. })).map(|end| end.occurred_at);
        let lapsed = course.end.filter(|_| met.is_none()).map(|end| end.occurred_at);
        json!({
            "duty": course.duty.to_string(),
            "provision": course.provision,
            "counted_from": course.start,
            "dates": dates.collect::<Vec<_>>(),
            "met": met,
            "lapsed": lapsed,
            "in_time": met.zip(course.dates.last()).map(|(met, (_, due, _))| london_date(met) <= due.date),
        })
    });
    Value::Array(told.collect())
}
