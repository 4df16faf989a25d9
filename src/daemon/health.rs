//! How things stand, as numbers and as a verdict: for `redress status`, for a monitor that asks, and for one that is knocked at
//! only while all is well.
//!
//! What counts is finished work, as the database has it: a folder read to its end, a message handled, a letter taken. That a
//! loop turns proves nothing. No words, names or addresses of residents are in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Display, Write as _};
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::office::Office;
use super::operator;
use super::watch::{ENDS, ENDS_AGAIN, Pulse, days_left, free_disk, stuck};
use crate::config::{Config, Expiry, Heartbeat};
use crate::domain::calendar::{london, london_date};
use crate::health::knock::knock;
use crate::health::listen::{Answer, Listener, Page};
use crate::store::{Braked, Counts, DaemonRow, Store};

/// What has stood still for longer is not well.
const STANDSTILL: SignedDuration = SignedDuration::from_hours(1);
/// An address that is taken is tried again, and a program that is not well looked at again, after this.
const LOOK_AGAIN: Duration = Duration::from_secs(30);
/// A look at the database takes moments, unless it hangs.
const LOOK_MAX: Duration = Duration::from_secs(20);
const MESSAGE_STATES: [&str; 4] = ["new", "handled", "set_aside", "copy"];
const LETTER_STATES: [&str; 6] = ["queued", "sending", "sent", "held", "failed", "dropped"];
/// What the operator hears of an address that cannot be listened at.
pub(super) const NO_LISTENER: &str = "health cannot be asked for";

/// How things stand at a moment.
#[derive(Clone, Debug)]
pub struct Vital {
    pub at: Timestamp,
    /// Each mailbox, and when the last of its folders was read to its end; `None` when one never was.
    pub mailboxes: Vec<(String, Option<Timestamp>)>,
    pub counts: Counts,
    /// The earliest open date from today on.
    pub next_due: Option<Date>,
    /// Open dates that are past.
    pub overdue: usize,
    /// When the next reminder or automatic step is due, or has been.
    pub next_look: Option<Timestamp>,
    /// Cases with a date that cannot be acted on.
    pub stuck: usize,
    /// Letters that a limit holds.
    pub braked: Vec<Braked>,
    /// Names of the troubles the operator is told of.
    pub alarms: Vec<String>,
    /// Bytes free where an SQLite database lies.
    pub free_disk: Option<u64>,
    free_disk_wanted: u64,
    pub expiries: Vec<Expiry>,
    /// Daemons that work on a PostgreSQL database; none on SQLite.
    pub daemons: Vec<DaemonRow>,
}

impl Vital {
    /// Asks the database how things stand.
    ///
    /// # Errors
    ///
    /// The database's.
    pub async fn look(config: &Config, store: &Store, now: Timestamp) -> anyhow::Result<Vital> {
        let folders = store.folders().await?;
        let read = |mailbox: &str, folder: &str| {
            folders.iter().find(|row| row.mailbox == mailbox && row.folder == folder).map(|row| row.read)
        };
        let mailboxes = config.mailboxes.iter().map(|mailbox| {
            let read: Option<Vec<Timestamp>> =
                mailbox.folders.iter().chain(&mailbox.junk).map(|folder| read(&mailbox.name, folder)).collect();
            (mailbox.name.clone(), read.and_then(|read| read.into_iter().min()))
        });
        let today = london_date(now);
        let dates = store.deadlines().await?;
        let [_, _, next_look] = store.next_moments().await?;
        Ok(Vital {
            at: now,
            mailboxes: mailboxes.collect(),
            counts: store.counts().await?,
            next_due: dates.iter().map(|date| date.due).find(|due| *due >= today),
            overdue: dates.iter().filter(|date| date.due < today).count(),
            next_look,
            stuck: store.stuck_deadlines(super::watch::DATE_TRIES).await?.len(),
            braked: store.braked().await?,
            alarms: store.alarms().await?.into_iter().map(|alarm| alarm.name).collect(),
            free_disk: free_disk(config).map(|(_, free)| free),
            free_disk_wanted: config.limits.free_disk_bytes,
            expiries: config.expiries.clone(),
            daemons: store.daemons().await?,
        })
    }

    /// By how much the reminder, or automatic step, that has been due longest is late.
    pub fn lateness(&self) -> SignedDuration {
        self.next_look.map_or(SignedDuration::ZERO, |due| self.since(due))
    }

    /// How long ago; a clock that was set back counts as now.
    fn since(&self, moment: Timestamp) -> SignedDuration {
        self.at.duration_since(moment).max(SignedDuration::ZERO)
    }

    /// What is not well, a line each, for a person; none when all is.
    pub fn troubles(&self) -> Vec<String> {
        let mut troubles = Vec::new();
        for (mailbox, read) in &self.mailboxes {
            match read {
                None => troubles.push(format!("mailbox {mailbox} has not been read yet")),
                Some(read) if self.since(*read) > STANDSTILL => {
                    troubles
                        .push(format!("mailbox {mailbox} was last read to its end {} ago", span(self.since(*read))));
                }
                Some(_) => {}
            }
        }
        let mut waits = |what: &str, since: Option<Timestamp>| {
            let waited = since.map(|since| self.since(since)).filter(|waited| *waited > STANDSTILL);
            troubles.extend(waited.map(|waited| format!("{what} for {}", span(waited))));
        };
        waits("a message has waited to be handled", self.counts.oldest_new);
        waits("a letter has waited to be sent", self.counts.oldest_unsent);
        waits("a reminder has been due", self.next_look);
        if self.stuck > 0 {
            troubles.push(format!("dates of {} cases cannot be acted on", self.stuck));
        }
        if !self.braked.is_empty() {
            let held: i64 = self.braked.iter().map(|held| held.letters).sum();
            let because: BTreeSet<&str> = self.braked.iter().map(|held| held.because.as_str()).collect();
            let because = Vec::from_iter(because).join("; ");
            troubles.push(format!("limits hold letters, {held} in all: {because}"));
        }
        if let Some(free) = self.free_disk.filter(|free| *free < self.free_disk_wanted) {
            troubles.push(format!("{} MiB are free on the database's disk", free >> 20));
        }
        let ended = self.expiries.iter().filter(|expiry| days_left(expiry.on, self.at) < 0);
        troubles.extend(ended.map(|expiry| format!("{} has ended", expiry.key)));
        // A credential that ends some day is no trouble yet, and a program that ended none any more: it answers.
        let now = |name: &&String| !ENDS.iter().any(|ends| name.ends_with(ends)) && !name.starts_with(ENDS_AGAIN);
        let names = self.alarms.iter().filter(now);
        troubles.extend(names.map(|name| format!("the operator was told: {name}")));
        troubles
    }

    /// In the text format of Prometheus, 0.0.4.
    pub fn metrics(&self) -> String {
        let mut page = Exposition::default();
        page.gauge("redress_database_up", "Whether the database answers", [(String::new(), 1)]);
        let age =
            |read: Option<Timestamp>| read.map_or("+Inf".to_owned(), |read| self.since(read).as_secs().to_string());
        page.gauge(
            "redress_mailbox_poll_age_seconds",
            "Since the last look that read every folder of the mailbox to its end; +Inf before the first",
            self.mailboxes.iter().map(|(mailbox, read)| (label("mailbox", mailbox), age(*read))),
        );
        page.gauge("redress_messages", "Messages by state", by_state(&self.counts.inbox, &MESSAGE_STATES));
        let letters = by_state(&self.counts.outbox, &LETTER_STATES);
        page.gauge("redress_letters", "Letters by state; held ones wait for a person", letters);
        let stopped = self
            .braked
            .iter()
            .map(|held| (labels(&[("limit", &held.brake), ("audience", &held.audience)]), held.letters));
        page.gauge("redress_letters_stopped", "Held letters that a limit stopped, by limit and audience", stopped);
        let age = |since: Option<Timestamp>| [(String::new(), since.map_or(0, |since| self.since(since).as_secs()))];
        page.gauge(
            "redress_oldest_unhandled_message_age_seconds",
            "Since the oldest message that waits was stored; 0 when none waits",
            age(self.counts.oldest_new),
        );
        page.gauge(
            "redress_oldest_unsent_letter_age_seconds",
            "Since the oldest letter that waits was written; 0 when none waits",
            age(self.counts.oldest_unsent),
        );
        let end_of_day = self.next_due.map(|due| (String::new(), london(due, 23, 59).as_second()));
        page.gauge("redress_next_deadline_timestamp_seconds", "End of the day of the next open date", end_of_day);
        let one = |value: usize| [(String::new(), i64::try_from(value).unwrap_or(i64::MAX))];
        page.gauge("redress_deadlines_overdue", "Open dates that are past", one(self.overdue));
        page.gauge("redress_deadlines_stuck", "Cases with a date that cannot be acted on", one(self.stuck));
        let late = [(String::new(), self.lateness().as_secs())];
        page.gauge("redress_reminder_lateness_seconds", "How late the reminder is that has been due longest", late);
        page.gauge("redress_alarms", "Troubles the operator is told of", one(self.alarms.len()));
        let free = self.free_disk.map(|free| (String::new(), i64::try_from(free).unwrap_or(i64::MAX)));
        page.gauge("redress_disk_free_bytes", "Free where the SQLite database lies", free);
        let ends = self
            .expiries
            .iter()
            .map(|expiry| (label("credential", &expiry.key), london(expiry.on, 23, 59).as_second()));
        page.gauge("redress_credential_expiry_timestamp_seconds", "Last day of a credential, where it is known", ends);
        let reads = self.daemons.iter().flat_map(|daemon| {
            let one = |(mailbox, _)| (labels(&[("daemon", &daemon.host), ("mailbox", mailbox)]), 1);
            daemon.mailboxes().map(one)
        });
        let runs = self.daemons.iter().map(|daemon| (label("daemon", &daemon.host), daemon.since.as_second()));
        page.gauge("redress_daemon_start_timestamp_seconds", "Daemons on the PostgreSQL database, since when", runs);
        page.gauge("redress_mailbox_read_by", "Which of the daemons reads the mailbox", reads);
        page.0
    }
}

fn span(waited: SignedDuration) -> String {
    match waited.as_hours() {
        0..48 => format!("{} minutes", waited.as_mins()),
        hours => format!("{} days", hours / 24),
    }
}

/// Every state there is: what a monitor watches must not be missing while it is 0.
fn by_state(counts: &BTreeMap<String, i64>, states: &[&str]) -> impl Iterator<Item = (String, i64)> {
    states.iter().map(|state| (label("state", state), counts.get(*state).copied().unwrap_or_default()))
}

fn label(name: &str, value: &str) -> String {
    labels(&[(name, value)])
}

/// `{name="value",…}`, escaped as the format wants it.
fn labels(labels: &[(&str, &str)]) -> String {
    let escaped = |value: &str| value.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n");
    let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
    format!("{{{}}}", labels.join(","))
}

/// A page of metrics.
#[derive(Default)]
struct Exposition(String);

impl Exposition {
    /// A gauge with its values, each with its labels; a gauge without values is left out.
    fn gauge(&mut self, name: &str, help: &str, values: impl IntoIterator<Item = (String, impl Display)>) {
        let mut values = values.into_iter().peekable();
        if values.peek().is_none() {
            return;
        }
        let _: Result<(), std::fmt::Error> = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} gauge");
        for (labels, value) in values {
            let _: Result<(), std::fmt::Error> = writeln!(self.0, "{name}{labels} {value}");
        }
    }
}

/// Listens, and knocks, as the configuration says, until told to stop.
///
/// # Errors
///
/// None; the form is that of all rounds.
pub async fn round(office: Arc<Office>, pulses: Vec<Pulse>, stop: CancellationToken) -> anyhow::Result<()> {
    let listens = listen(&office, &pulses, &stop);
    let knocks = beats(&office, &stop);
    tokio::select! {
        () = stop.cancelled() => {}
        _ = async { tokio::join!(listens, knocks) } => stop.cancelled().await,
    }
    Ok(())
}

async fn listen(office: &Arc<Office>, pulses: &[Pulse], stop: &CancellationToken) {
    let Some(address) = office.config.health.listen else { return };
    loop {
        match Listener::bind(address).await {
            Ok(listener) => {
                info!(address = listener.address().unwrap_or(address).to_string(), "Health can be asked for");
                note(operator::over(office, NO_LISTENER, "It can be asked for again.").await);
                let (office, pulses) = (Arc::clone(office), pulses.to_vec());
                let page = move |page| {
                    let (office, pulses) = (Arc::clone(&office), pulses.clone());
                    async move { answer(&office, &pulses, page).await }
                };
                return listener.serve(page, stop.clone()).await;
            }
            // A monitor's trouble keeps nobody from being answered.
            Err(error) => {
                warn!(%error, "The address of [health] cannot be listened at; it will be tried again");
                let words = format!(
                    "{address}: {error}. Does another program listen there? See [health] in the configuration."
                );
                note(operator::tell(office, NO_LISTENER, &words).await);
            }
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// A page as it is now.
pub async fn answer(office: &Office, pulses: &[Pulse], page: Page) -> Answer {
    let now = office.clock.now();
    if page == Page::Alive {
        let stuck = stuck(pulses, now);
        let text = if stuck.is_empty() { "ok\n".to_owned() } else { format!("stands still: {}\n", stuck.join(", ")) };
        return Answer { well: stuck.is_empty(), text };
    }
    match (look(office, now).await, page) {
        (Some(vital), Page::Metrics) => Answer { well: true, text: vital.metrics() },
        (None, Page::Metrics) => {
            let mut page = Exposition::default();
            page.gauge("redress_database_up", "Whether the database answers", [(String::new(), 0)]);
            Answer { well: true, text: page.0 }
        }
        (Some(vital), _) => {
            let troubles = vital.troubles();
            let text = if troubles.is_empty() { "ok\n".to_owned() } else { troubles.join("\n") + "\n" };
            Answer { well: troubles.is_empty(), text }
        }
        (None, _) => Answer { well: false, text: "the database does not answer\n".to_owned() },
    }
}

/// `None` when the database does not answer, or another program keeps it for itself.
async fn look(office: &Office, now: Timestamp) -> Option<Vital> {
    let vital = async {
        office.store.can_be_written().await?;
        Vital::look(&office.config, &office.store, now).await
    };
    match tokio::time::timeout(LOOK_MAX, vital).await {
        Ok(Ok(vital)) => Some(vital),
        Ok(Err(trouble)) => {
            warn!(trouble = format!("{trouble:#}"), "Could not look how things stand");
            None
        }
        Err(_) => None,
    }
}

async fn beats(office: &Office, stop: &CancellationToken) {
    let Some(heartbeat) = &office.config.health.heartbeat else { return };
    while !stop.is_cancelled() {
        let rest = match beat(office, heartbeat).await {
            true => Duration::from_secs(60 * u64::from(heartbeat.every_m)),
            false => LOOK_AGAIN,
        };
        tokio::time::sleep(rest).await;
    }
}

/// Knocks if all is well. Returns whether it was heard.
pub async fn beat(office: &Office, heartbeat: &Heartbeat) -> bool {
    let well = look(office, office.clock.now()).await.is_some_and(|vital| vital.troubles().is_empty());
    if !well {
        return false;
    }
    match knock(heartbeat).await {
        Ok(()) => true,
        Err(error) => {
            warn!(%error, "The heartbeat was not heard; it will be tried again");
            false
        }
    }
}

/// What fails here is said by the watch round.
fn note(noted: anyhow::Result<()>) {
    if let Err(trouble) = noted {
        warn!(trouble = format!("{trouble:#}"), "Could not note whether health can be asked for");
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + 60 * minutes).unwrap()
    }

    fn braked(brake: &str, letters: i64) -> Braked {
        let (audience, because) = ("resident".to_owned(), "so many have left".to_owned());
        Braked { brake: brake.to_owned(), audience, letters, because }
    }

    fn well() -> Vital {
        Vital {
            at: at(0),
            mailboxes: vec![("complaints".to_owned(), Some(at(-2)))],
            counts: Counts {
                inbox: [("handled".to_owned(), 7)].into(),
                outbox: [("held".to_owned(), 2)].into(),
                oldest_new: Some(at(-1)),
                oldest_unsent: None,
                oldest_to_operator: None,
            },
            next_due: Some(date(2026, 12, 4)),
            overdue: 1,
            next_look: Some(at(-3)),
            stuck: 0,
            braked: Vec::new(),
            alarms: Vec::new(),
            free_disk: Some(5 << 30),
            free_disk_wanted: 1 << 30,
            expiries: vec![Expiry { key: "outgoing.smtp.password".to_owned(), on: date(2027, 3, 31) }],
            daemons: vec![DaemonRow {
                host: "alder/4711".to_owned(),
                since: at(-60),
                holds: vec![("*".to_owned(), at(-9)), ("complaints".to_owned(), at(-9))],
            }],
        }
    }

    #[test]
    fn each_thing_that_stands_still_for_an_hour_is_named() {
        assert!(well().troubles().is_empty());
        let counts = well().counts;
        for (vital, trouble) in [
            (Vital { mailboxes: vec![("a".to_owned(), None)], ..well() }, "mailbox a has not been read yet"),
            (
                Vital { mailboxes: vec![("a".to_owned(), Some(at(-61)))], ..well() },
                "mailbox a was last read to its end 61 minutes ago",
            ),
            (
                Vital { counts: Counts { oldest_new: Some(at(-90)), ..counts.clone() }, ..well() },
                "a message has waited to be handled for 90 minutes",
            ),
            (
                Vital { counts: Counts { oldest_unsent: Some(at(-90)), ..counts.clone() }, ..well() },
                "a letter has waited to be sent for 90 minutes",
            ),
            (Vital { next_look: Some(at(-3 * 24 * 60)), ..well() }, "a reminder has been due for 3 days"),
            (Vital { stuck: 2, ..well() }, "dates of 2 cases cannot be acted on"),
            (
                Vital { braked: vec![braked("per_case", 3), braked("in_all", 4)], ..well() },
                "limits hold letters, 7 in all: so many have left",
            ),
            (Vital { free_disk: Some(5 << 20), ..well() }, "5 MiB are free on the database's disk"),
            (Vital { expiries: vec![Expiry { key: "x".to_owned(), on: date(2026, 1, 1) }], ..well() }, "x has ended"),
        ] {
            assert_eq!(vital.troubles(), [trouble]);
        }
        assert!(Vital { at: at(-600), ..well() }.troubles().is_empty(), "a clock that was set back is no trouble");
        let ended = vec![format!("{ENDS_AGAIN}here")];
        assert!(Vital { alarms: ended, ..well() }.troubles().is_empty(), "a program that answers has not ended");
    }

    #[test]
    fn metrics_are_ages_of_finished_work_in_the_format_of_prometheus() {
        let page = Vital { braked: vec![braked("per_case", 3)], ..well() }.metrics();
        for line in [
            "# TYPE redress_mailbox_poll_age_seconds gauge",
            "redress_mailbox_poll_age_seconds{mailbox=\"complaints\"} 120",
            "redress_oldest_unhandled_message_age_seconds 60",
            "redress_oldest_unsent_letter_age_seconds 0",
            "redress_letters{state=\"held\"} 2",
            "redress_letters_stopped{limit=\"per_case\",audience=\"resident\"} 3",
            "redress_letters{state=\"failed\"} 0",
            "redress_messages{state=\"set_aside\"} 0",
            "redress_reminder_lateness_seconds 180",
            "redress_deadlines_overdue 1",
            "redress_next_deadline_timestamp_seconds 1796428740",
            "redress_credential_expiry_timestamp_seconds{credential=\"outgoing.smtp.password\"} 1806533940",
            "redress_disk_free_bytes 5368709120",
            "redress_daemon_start_timestamp_seconds{daemon=\"alder/4711\"} 1794996400",
            "redress_mailbox_read_by{daemon=\"alder/4711\",mailbox=\"complaints\"} 1",
        ] {
            assert!(page.lines().any(|one| one == line), "{line} is not in\n{page}");
        }
        let never = Vital { mailboxes: vec![("a".to_owned(), None)], ..well() }.metrics();
        assert!(never.contains("redress_mailbox_poll_age_seconds{mailbox=\"a\"} +Inf\n"), "{never}");
        assert_eq!(label("a", "b\"\\\n"), r#"{a="b\"\\\n"}"#);
    }
}
