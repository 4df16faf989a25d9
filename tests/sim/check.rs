//! What must hold whatever happens, looked at by somebody who stands beside the program.
//!
//! Follows every history line by line as it grows; what it asserts is worked out here, from days and dates, and not asked
//! of the code that is on trial.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::civil::{Date, time};
use jiff::{Timestamp, ToSpan as _};
use redress::daemon::office::Office;
use redress::domain::brake::Rate;
use redress::domain::calendar::{Calendar, WorkingDays, london_date, london_time};
use redress::domain::case::{Audience, Case, Cause, Event, LetterKind, Outcome, Posted, Recorded};
use redress::domain::code::{Duty, Edition, Stage};
use redress::domain::reference::Reference;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, SqliteConnection};

/// Looks at the database beside the program.
pub struct Auditor {
    path: PathBuf,
    connection: Option<SqliteConnection>,
    /// Every case as its history made it when it was last looked at.
    pub cases: BTreeMap<String, Case>,
    /// What each case owed before the last e-mail that acted on it, until something else changes that; and whether the
    /// history is still telling what the e-mail did.
    heard: BTreeMap<String, (Owed, bool)>,
    /// Who was last said to be away: from which day, and the first day they are back.
    away: BTreeMap<String, (Date, Date)>,
    absences: i64,
    /// The last try that was held against the limits.
    tried: i64,
}

impl Auditor {
    pub async fn beside(database: &Path) -> Auditor {
        Auditor {
            path: database.to_owned(),
            connection: None,
            cases: BTreeMap::new(),
            heard: BTreeMap::new(),
            away: BTreeMap::new(),
            absences: 0,
            tried: 0,
        }
    }

    async fn connection(&mut self) -> &mut SqliteConnection {
        if self.connection.is_none() {
            let options = SqliteConnectOptions::new().filename(&self.path);
            self.connection = Some(SqliteConnection::connect_with(&options).await.expect("there is a database"));
        }
        self.connection.as_mut().expect("connected above")
    }

    /// Gives a database that has sent no letter yet the key that signs their Message-IDs.
    pub async fn set_key(mut self, key: [u8; 32]) {
        let set = sqlx::query("UPDATE store_info SET value = $1 WHERE name = 'message_id_key'").bind(key.to_vec());
        set.execute(self.connection().await).await.expect("the key can be set");
        self.connection.take().expect("connected above").close().await.expect("it can be closed");
    }

    /// The message that is handled next, and how often that was tried.
    pub async fn next_message(&mut self, now: Timestamp) -> Option<(i64, i64)> {
        let next = "SELECT id, attempts FROM inbox WHERE state = 'new' AND next_at <= $1 ORDER BY id LIMIT 1";
        let next = sqlx::query_as(next).bind(now.as_millisecond());
        next.fetch_optional(self.connection().await).await.expect("messages can be listed")
    }

    /// How often each trouble was told to the operator by letter, by its name.
    pub async fn told_by_letter(&mut self) -> Vec<String> {
        let told = "SELECT subject FROM outbox WHERE audience = 'operator' AND state <> 'dropped' ORDER BY id";
        sqlx::query_scalar(told).fetch_all(self.connection().await).await.expect("letters can be listed")
    }

    /// Whether somebody is away on that day.
    pub fn is_away(&self, address: &str, on: Date) -> bool {
        self.away.get(address).is_some_and(|(since, until)| (*since..*until).contains(&on))
    }

    /// Who said since the last look that they are away, or back.
    async fn follow_absences(&mut self) {
        let new = "SELECT id, address, since, until FROM absence WHERE id > $1 ORDER BY id";
        let new = sqlx::query_as(new).bind(self.absences);
        let new: Vec<(i64, String, String, String)> =
            new.fetch_all(self.connection().await).await.expect("absences can be listed");
        for (id, address, since, until) in new {
            let day = |day: String| day.parse::<Date>().expect("a day");
            self.away.insert(address, (day(since), day(until)));
            self.absences = id;
        }
    }

    /// What was written since the last look fits what stood there before. Gives the new lines of each history.
    pub async fn look(&mut self, office: &Office) -> Vec<(String, Vec<Recorded>)> {
        // One row: asked after every step.
        let heads = "
SELECT (SELECT GROUP_CONCAT(reference || ' ' || seq) FROM case_file), (SELECT COALESCE(MAX(id), 0) FROM absence)";
        let heads = sqlx::query_as(heads).fetch_one(self.connection().await).await;
        let (cases, absences): (Option<String>, i64) = heads.expect("cases can be listed");
        if absences > self.absences {
            self.follow_absences().await;
        }
        let cases = cases.unwrap_or_default();
        let cases = cases.split_terminator(',').filter_map(|head| head.split_once(' '));
        let mut grown = Vec::new();
        for (reference, lines) in cases {
            let before = self.cases.get(reference).map_or(0, |case| case.seq);
            let lines: i64 = lines.parse().expect("a number");
            assert!(lines >= before, "{reference}: history was lost");
            if lines > before {
                let new = self.follow(office, reference).await;
                grown.push((reference.to_owned(), new));
            }
        }
        grown
    }

    async fn follow(&mut self, office: &Office, reference: &str) -> Vec<Recorded> {
        let name: Reference = reference.parse().expect("a reference");
        let file = office.store.case(&name).await.expect("its chain holds").expect("it was listed");
        let before = self.cases.remove(reference).unwrap_or_default();
        let new: Vec<Recorded> = file.history.into_iter().filter(|line| line.seq > before.seq).collect();
        let mut case = before;
        for (at, line) in new.iter().enumerate() {
            let there = self.of_the_ladder(office, reference, london_date(line.recorded_at));
            fits(&case, line, &new[at + 1..], there, &office.calendar)
                .unwrap_or_else(|finding| panic!("{reference}: {finding}"));
            let owed = owes(&case);
            case = case.apply(line);
            self.follow_undoing(reference, line, owed, &case);
        }
        let owes = case.duties.values().any(|owed| owed.open());
        assert!(
            !case.is_complaint() || case.ended.is_some() || owes,
            "{reference}: a complaint without a running clock"
        );
        assert!(case == file.case, "{reference}: it is not the fold of its history");
        self.cases.insert(reference.to_owned(), case);
        new
    }

    /// How many of those whom reminders climb to are there on that day.
    fn of_the_ladder(&self, office: &Office, reference: &str, on: Date) -> usize {
        let mut landlords = office.config.landlords.iter();
        let theirs = landlords.find(|landlord| reference.starts_with(&landlord.prefix)).expect("it is configured");
        let ladder = [&theirs.officer, &theirs.deputy, &theirs.manager, &theirs.member_responsible];
        ladder.into_iter().filter(|person| !self.is_away(&person.address, on)).count()
    }

    /// What is undone leaves the case owing what it owed before the e-mail, unless something else has changed that.
    fn follow_undoing(&mut self, reference: &str, line: &Recorded, owed: Owed, case: &Case) {
        match (&line.event, self.heard.get_mut(reference)) {
            (Event::Heard { .. }, _) => {
                self.heard.insert(reference.to_owned(), (owed, true));
            }
            (Event::LetterWritten { kind: LetterKind::Transcript, .. }, Some((_, telling))) => *telling = false,
            (Event::Undone { .. }, Some((before, _))) => {
                assert!(owes(case) == *before, "{reference}: undone, and it owes something else than before");
                self.heard.remove(reference);
            }
            (_, Some((_, false))) if owes(case) != owed => {
                self.heard.remove(reference);
            }
            _ => {}
        }
    }

    /// The lists agree with the histories, and nothing was changed behind anybody's back.
    pub async fn agrees(&self, office: &Office) {
        let (_, findings) = office.store.verify().await.expect("the database can be walked");
        assert_eq!(findings, [""; 0]);
    }

    /// No more letters left than may without a person's word, within an hour or 24, of one lane: to one address, out of one message, of one case, of one
    /// landlord, and in all. Asked of the tries that were made, and not of what the gate goes by.
    pub async fn limits_held(&mut self, office: &Office) {
        let last = sqlx::query_scalar("SELECT COALESCE(MAX(id), 0) FROM attempt");
        let last: i64 = last.fetch_one(self.connection().await).await.expect("tries can be counted");
        let looked = std::mem::replace(&mut self.tried, last);
        if last == looked {
            return;
        }
        let tries = "
SELECT a.id AS try, o.id, o.audience, o.root, o.recipient, o.case_id, o.landlord, o.let_through, a.started_at
  FROM attempt a JOIN outbox o ON o.id = a.outbox_id
 WHERE a.number = 1 AND o.state <> 'dropped' AND o.audience <> 'operator'
   AND a.started_at > (SELECT MIN(started_at) FROM attempt WHERE id > $1) - 24 * 3600 * 1000
 ORDER BY a.id";
        let tries: Vec<Try> =
            sqlx::query_as(tries).bind(looked).fetch_all(self.connection().await).await.expect("tries can be listed");
        let limits = &office.config.limits.letters;
        for (at, this) in tries.iter().enumerate().filter(|(_, this)| this.try_no > looked && this.let_through == 0) {
            let by_mail = this.root.is_some();
            let resident = this.audience == "resident";
            let lane = if resident { limits.residents } else { limits.staff };
            let person = office.own.staff.contains(&this.recipient.to_lowercase());
            let address = if person { limits.staff.address } else { lane.address };
            // Dates set off five times as many letters to staff as messages may.
            let times = if resident || by_mail { 1 } else { 5 };
            let left = |seconds: i64, same: &dyn Fn(&Try) -> bool| {
                let since = this.started_at - seconds * 1000;
                let within = |other: &&Try| other.started_at > since && other.started_at <= this.started_at;
                let beside = |other: &&Try| other.audience == this.audience && other.root.is_some() == by_mail;
                let counted = tries[..at].iter().filter(|other| other.let_through == 0);
                counted.filter(within).filter(beside).filter(|other| same(other)).count()
            };
            let scopes: [(&str, Rate, Same); 5] = [
                ("its address", address, &|other| other.recipient == this.recipient),
                ("its message", lane.message, &|other| by_mail && other.root == this.root),
                ("its case", lane.case, &|other| this.case_id.is_some() && other.case_id == this.case_id),
                ("its landlord", lane.landlord, &|other| this.landlord.is_some() && other.landlord == this.landlord),
                ("all", lane.all, &|_| true),
            ];
            for (scope, rate, same) in scopes {
                for (most, seconds) in [(rate.hour, 3600), (rate.day, 24 * 3600)] {
                    let before = left(seconds, same);
                    let most = (most * times) as usize;
                    assert!(before < most, "letter {} left after {before} others of {scope}, of {most}", this.id);
                }
            }
        }
    }

    /// What holds when nothing is left to be done now: every open duty is looked at again, and whoever was to be reminded
    /// by now has been.
    pub async fn at_rest(&self, office: &Office) {
        let now = office.clock.now();
        for row in office.store.deadlines().await.expect("duties can be listed") {
            let next =
                row.next_look.unwrap_or_else(|| panic!("{}: nobody looks at {:?} again", row.reference, row.duty));
            assert!(next > now, "{}: {:?} waits to be looked at", row.reference, row.duty);
        }
        if !office_hours(now, &office.calendar) {
            return;
        }
        for (reference, case) in &self.cases {
            for (duty, owed) in case.duties.iter().filter(|(duty, owed)| owed.open() && is_loud(**duty)) {
                let ladder = &office.config.reminders;
                let before = [-i32::from(ladder.officer_before), -i32::from(ladder.deputy_before)];
                let reached = rung(owed.due.date, now, &office.calendar, ladder.officer_before);
                let there = reached
                    .and_then(|rung| before.into_iter().filter(|one| rung < 0 && *one <= rung).max().or(reached));
                let taken = owed.taken.map(|rung| rung.0);
                let missed = there.filter(|rung| taken < Some(*rung));
                assert_eq!(missed, None, "{reference}: nobody was reminded of {duty}, which was due {}", owed.due.date);
            }
        }
    }
}

/// What is owed, by when, and whether still.
type Owed = BTreeMap<Duty, (Date, bool)>;

fn owes(case: &Case) -> Owed {
    case.duties.iter().map(|(duty, owed)| (*duty, (owed.due.date, owed.open()))).collect()
}

/// Whether another try counts beside this one.
type Same<'a> = &'a dyn Fn(&Try) -> bool;

/// The first try at a letter.
#[derive(sqlx::FromRow)]
struct Try {
    #[sqlx(rename = "try")]
    try_no: i64,
    id: i64,
    audience: String,
    root: Option<i64>,
    recipient: String,
    case_id: Option<i64>,
    landlord: Option<String>,
    let_through: i64,
    started_at: i64,
}

/// Duties with a date that the Code or the law sets: the whole ladder is climbed for them.
fn is_loud(duty: Duty) -> bool {
    matches!(duty, Duty::Acknowledge | Duty::RespondStage1 | Duty::AcknowledgeStage2 | Duty::RespondStage2)
}

fn office_hours(now: Timestamp, calendar: &Calendar) -> bool {
    let hours = time(9, 0, 0, 0)..time(17, 59, 0, 0);
    calendar.is_working_day(london_date(now)) && hours.contains(&london_time(now))
}

/// Working days from the due date to now, negative before it; a day counts from 09:00, and a date on a day off as the
/// working day before it. `None` more than `earliest` working days before.
fn rung(due: Date, now: Timestamp, calendar: &Calendar, earliest: u8) -> Option<i32> {
    let off = |day: &Date| !calendar.is_working_day(*day);
    let back = |day: Date| std::iter::successors(Some(day), |day| Some(*day - 1.day())).find(|day| !off(day));
    let today = london_date(now);
    let begun = if london_time(now) < time(9, 0, 0, 0) { today - 1.day() } else { today };
    let (due, begun) = (back(due)?, back(begun)?);
    let days = |from: Date, to: Date| {
        let days = std::iter::successors(Some(from + 1.day()), |day| Some(*day + 1.day()));
        i32::try_from(days.take_while(|day| *day <= to).filter(|day| !off(day)).count()).expect("a few days")
    };
    let rung = if begun >= due { days(due, begun) } else { -days(begun, due) };
    (rung >= -i32::from(earliest)).then_some(rung)
}

/// Whether a line may come next in a history. `rest`: what was written together with it, after it. `there`: how many of those
/// whom reminders climb to are there.
fn fits(case: &Case, line: &Recorded, rest: &[Recorded], there: usize, calendar: &Calendar) -> Result<(), String> {
    let must = |holds: bool, finding: String| if holds { Ok(()) } else { Err(finding) };
    must(line.seq == case.seq + 1, format!("line {} follows line {}", line.seq, case.seq))?;
    let owed = |duty: &Duty| case.duties.get(duty);
    let open = |duty: &Duty| owed(duty).is_some_and(|owed| owed.open());
    match &line.event {
        Event::Reminded { duty, due, rung: climbed, .. } => {
            must(open(duty), format!("reminded of {duty}, which nobody owes"))?;
            let owed = owed(duty).ok_or("open duties are duties")?;
            must(*due == owed.due.date, format!("reminded of {duty} by {due}, and it is due {}", owed.due.date))?;
            must(owed.taken < Some(*climbed), format!("reminded of {duty} at {} again", climbed.0))?;
            let reached = rung(*due, line.recorded_at, calendar, u8::MAX);
            must(Some(climbed.0) <= reached, format!("reminded of {duty} at {} before its moment", climbed.0))?;
            let written = rest.iter().filter_map(|line| match &line.event {
                Event::LetterWritten { about: Some(about), to, .. } if about == duty => Some(to.as_str()),
                _ => None,
            });
            let readers: std::collections::BTreeSet<&str> = written.collect();
            // Who misses a date of the Code is not the only one to hear of it, if anybody else is there.
            let enough = if climbed.0 > 0 && is_loud(*duty) && there != 1 { 2 } else { 1 };
            must(readers.len() >= enough, format!("{readers:?} hear of {duty} at {}", climbed.0))?;
        }
        Event::LetterWritten { letter, kind, audience, stage, copy, .. } => {
            let last = case.letters.keys().next_back().copied().unwrap_or(0);
            must(*letter == last + 1, format!("letter {letter} follows letter {last}"))?;
            // What was said is said anew once something else was: that it is a service request, or none after all.
            let otherwise = |other: &&Posted| match kind {
                LetterKind::Receipt => matches!(other.kind, LetterKind::RequestLogged | LetterKind::Correspondence),
                LetterKind::RequestLogged => other.kind == LetterKind::Receipt,
                _ => false,
            };
            let lately = case.letters.values().rev().take_while(|other| !otherwise(other));
            let same = lately.filter(|other| other.kind == *kind && other.stage == *stage && !other.copy);
            let first = matches!(kind, LetterKind::Acknowledgement | LetterKind::RequestLogged | LetterKind::Receipt);
            // Stage 2 that was begun by mistake, and is asked for again, begins with a letter of its own.
            let begun = case.escalation.as_ref().map(|escalation| escalation.received).filter(|_| *stage == Stage::Two);
            let same = same.filter(|other| begun.is_none_or(|begun| other.written >= begun));
            let stands = same.filter(|other| !other.failed() && other.outcome != Some(Outcome::Dropped)).count();
            let twice = first && !copy && *audience == Audience::Resident && stands > 0;
            must(!twice, format!("a second {} at {stage}", kind.key()))?;
        }
        Event::DeadlineSet { duty, due, .. } if is_loud(*duty) => {
            // What lapsed is owed from another day: stage 2 asked for again, after it was taken for asked by mistake.
            let before = owed(duty).filter(|owed| owed.lapsed.is_none()).map(|owed| owed.due.date);
            must(before.is_none_or(|before| due.date <= before), format!("{duty} was put off to {}", due.date))?;
            let received = case.received.map(london_date);
            let five = |received: Date| calendar.working_days_after(received, WorkingDays(5));
            let latest = received.filter(|_| *duty == Duty::Acknowledge && case.edition(Stage::One) == Edition::Of2024);
            must(latest.map(five).is_none_or(|latest| due.date <= latest), format!("{duty} by {} only", due.date))?;
        }
        Event::DeadlineMoved { duty, due, cause, .. } if is_loud(*duty) => {
            let before = owed(duty).map(|owed| owed.due.date);
            let may = matches!(cause, Cause::Calendar | Cause::Extended);
            must(may || before.is_none_or(|before| due.date <= before), format!("{duty} was put off"))?;
        }
        Event::DutyMet { duty } => must(open(duty), format!("{duty} met, which nobody owes"))?,
        Event::Acknowledged { stage, letter, .. } => {
            must(!case.acknowledged.contains_key(stage), format!("acknowledged twice at {stage}"))?;
            must(
                case.letters.get(letter).is_some_and(|letter| letter.arrived()),
                "acknowledged by nothing".to_owned(),
            )?;
        }
        Event::LetterPosted { letter, outcome } => {
            let posted = case.letters.get(letter).ok_or(format!("there is no letter {letter}"))?;
            let twice = matches!((&posted.outcome, outcome), (Some(Outcome::Sent { .. }), Outcome::Sent { .. }));
            must(!twice, format!("letter {letter} was sent twice"))?;
            let lost = matches!(outcome, Outcome::Refused { .. } | Outcome::Returned { .. }) && !posted.failed();
            let told =
                rest.iter().any(|line| matches!(line.event, Event::LetterWritten { audience: Audience::Staff, .. }));
            let must_tell = lost && posted.audience == Audience::Resident;
            must(!must_tell || told, format!("nobody hears that letter {letter} did not arrive"))?;
        }
        _ => {}
    }
    Ok(())
}
