//! Who is reminded of a date, and when: before it, on it, and every working day after it.
//!
//! A rung is named by its distance from the due date in working days: -2, -1, 0, 1, 2 … All rungs come at 09:00
//! Europe/London. People above the officer hear of a date before it has passed, not after.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::calendar::{Calendar, WorkingDays, london, london_date};
use super::landlord::{Landlord, Person};

/// When to remind, counted in working days from the due date. All at 09:00 Europe/London.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ladder {
    /// Working days before the due date: to the officer.
    pub officer_before: u8,
    /// Working days before the due date: to the deputy as well. On the due date the manager hears of it too.
    pub deputy_before: u8,
    /// Working days after the due date: to the member responsible for complaints as well.
    pub member_responsible_after: u8,
}

/// One step of the ladder: working days from the due date, negative before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rung(pub i32);

impl Ladder {
    /// The highest rung whose moment has come by `now`, or `None` when it is too early for any.
    pub fn reached(&self, due: Date, calendar: &Calendar, now: Timestamp) -> Option<Rung> {
        let today = london_date(now);
        let day = if now < nine_o_clock(today) { today.yesterday().unwrap_or(today) } else { today };
        if day >= due {
            return Some(Rung(calendar.working_days_between(due, day)));
        }
        self.before().into_iter().rev().find(|rung| self.day_of(*rung, due, calendar) <= day)
    }

    /// The moment of the rung that follows `taken`.
    pub fn next_moment(&self, taken: Option<Rung>, due: Date, calendar: &Calendar) -> Timestamp {
        let next = match taken {
            Some(Rung(days)) if days >= 0 => Rung(days + 1),
            taken => self.before().into_iter().find(|rung| Some(*rung) > taken).unwrap_or(Rung(0)),
        };
        nine_o_clock(self.day_of(next, due, calendar))
    }

    /// Who hears of a date at this rung; everybody once.
    pub fn hears<'a>(&self, rung: Rung, landlord: &'a Landlord) -> Vec<&'a Person> {
        let people = [
            Some(&landlord.officer),
            (rung.0 >= -i32::from(self.deputy_before)).then_some(&landlord.deputy),
            (rung.0 >= 0).then_some(&landlord.manager),
            (rung.0 >= i32::from(self.member_responsible_after)).then_some(&landlord.member_responsible),
        ];
        let mut hearing: Vec<&Person> = Vec::new();
        for person in people.into_iter().flatten() {
            if !hearing.iter().any(|other| other.address == person.address) {
                hearing.push(person);
            }
        }
        hearing
    }

    /// Rungs before the due date, lowest first.
    fn before(&self) -> Vec<Rung> {
        let mut rungs = vec![Rung(-i32::from(self.officer_before)), Rung(-i32::from(self.deputy_before))];
        rungs.retain(|rung| rung.0 < 0);
        rungs.sort();
        rungs.dedup();
        rungs
    }

    fn day_of(&self, rung: Rung, due: Date, calendar: &Calendar) -> Date {
        let distance = WorkingDays(rung.0.unsigned_abs() as u16);
        if rung.0 < 0 {
            calendar.working_days_before(due, distance)
        } else {
            calendar.working_days_after(due, distance)
        }
    }
}

/// 09:00 Europe/London: when reminders and automatic steps come.
pub fn nine_o_clock(date: Date) -> Timestamp {
    london(date, 9, 0)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const LADDER: Ladder = Ladder { officer_before: 2, deputy_before: 1, member_responsible_after: 2 };

    /// Due Tuesday 5 January 2027, over New Year.
    #[test]
    fn rungs_come_at_nine_on_working_days_and_a_daemon_that_slept_takes_only_the_highest() {
        let calendar = Calendar::england_and_wales(&[], &[]);
        let due = date(2027, 1, 5);
        let moments: Vec<_> = [None, Some(-2), Some(-1), Some(0), Some(1)]
            .map(|taken| LADDER.next_moment(taken.map(Rung), due, &calendar).to_string())
            .into();
        assert_eq!(
            moments,
            [
                "2026-12-31T09:00:00Z",
                "2027-01-04T09:00:00Z",
                "2027-01-05T09:00:00Z",
                "2027-01-06T09:00:00Z",
                "2027-01-07T09:00:00Z"
            ]
        );
        for (now, reached) in [
            ("2026-12-31T08:59:59Z", None),
            ("2026-12-31T09:00:00Z", Some(-2)),
            ("2027-01-03T12:00:00Z", Some(-2)),
            ("2027-01-04T09:00:00Z", Some(-1)),
            ("2027-01-05T08:00:00Z", Some(-1)),
            ("2027-01-05T09:00:00Z", Some(0)),
            ("2027-01-10T10:00:00Z", Some(3)),
        ] {
            let now = now.parse().unwrap();
            assert_eq!(LADDER.reached(due, &calendar, now), reached.map(Rung), "{now}");
        }
    }
}
