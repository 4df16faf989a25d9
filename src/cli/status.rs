//! `redress status`: how things stand, on one screen.

use std::collections::BTreeMap;
use std::path::Path;

use clap::Args;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::beside::Beside;
use super::page;
use crate::config::{Expiry, Sending};
use crate::daemon::digest::became_no_case;
use crate::daemon::health::Vital;
use crate::daemon::watch::{CREDENTIAL_DAYS, days_left, free_disk};
use crate::domain::calendar::{listed, listed_date};
use crate::domain::digest::to_hand_over;
use crate::domain::reconcile::Reconciled;
use crate::store::{Alarm, CaseFile, Counts, DaemonRow, DeadlineRow};

/// Dates shown; `redress case list` shows them all.
const DATES: usize = 5;
/// A folder that was not read for this long is remarked upon.
const LONG_UNREAD: SignedDuration = SignedDuration::from_hours(1);
/// A reminder that is late by more is remarked upon: dates are looked at every few minutes.
const LATE: SignedDuration = SignedDuration::from_mins(30);
/// How long mail that became no case is counted.
const LISTED_LATELY: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What `redress status` is asked.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  redress status
  redress status --json | jq .overdue

It asks the database, so it also works while the daemon is stopped.

JSON: an object with now, sending, folders, messages (a number for each state), oldest_new, letters (a number for each \
state), oldest_unsent, dates (all open ones: reference, duty, due, working_days_left), overdue, unassigned, unsure, to_hand_over, \
listed (a number for each sort of mail of the last week that became no case), alarms, free_disk_bytes, mailboxes (name, and \
when all of its folders had been read), reminder_late_s, dates_stuck, reconciled (at, differences), credentials (key, \
expires), daemons (those that work on a PostgreSQL database: host with the number of the process, since, for_all: whether it \
writes the lists and compares with the mail servers, mailboxes: those it reads, each with since), troubles (what has stood still for an hour, or ends; words).")]
pub struct Ask {
    /// For a program, as JSON
    #[arg(long)]
    json: bool,
}

/// Everything the screen shows.
struct Standing {
    beside: Beside,
    counts: Counts,
    /// Mailbox, folder, and when it was last read.
    folders: Vec<(String, String, Option<Timestamp>)>,
    dates: Vec<DeadlineRow>,
    alarms: Vec<Alarm>,
    people: ForPeople,
    vital: Vital,
    reconciled: Option<Reconciled>,
}

/// How much waits for a person, whatever its date.
#[derive(Default)]
struct ForPeople {
    /// Open cases of which nobody is sure what they are.
    unsure: usize,
    /// Open cases that nobody has.
    unassigned: usize,
    /// Letters to post or to read out.
    to_hand_over: usize,
    /// Messages of the last week that became no case, by what they were sorted as.
    listed: BTreeMap<String, usize>,
}

impl ForPeople {
    async fn of(beside: &Beside) -> anyhow::Result<ForPeople> {
        let messages = beside.store.messages_since(beside.now - LISTED_LATELY).await?;
        let mut people = ForPeople { listed: became_no_case(&messages), ..ForPeople::default() };
        for landlord in &beside.config.landlords {
            for CaseFile { case, .. } in beside.store.astir(&landlord.key, beside.now).await? {
                people.unsure += usize::from(case.open() && case.unsure);
                people.unassigned += usize::from(case.open() && case.handler().is_none());
                people.to_hand_over += to_hand_over(&case).count();
            }
        }
        Ok(people)
    }

    /// `None` when nothing waits.
    fn in_words(&self) -> Option<String> {
        let counted = [
            (self.unassigned, "case that nobody has", "cases that nobody has"),
            (self.unsure, "case to sort", "cases to sort"),
            (self.to_hand_over, "letter to post or to read out", "letters to post or to read out"),
        ];
        let some = counted.into_iter().filter(|(count, ..)| *count > 0);
        let parts: Vec<String> =
            some.map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many })).collect();
        (!parts.is_empty()).then(|| parts.join("; "))
    }

    fn listed_in_words(&self) -> Option<String> {
        let kinds: Vec<String> = self.listed.iter().map(|(kind, count)| format!("{kind}: {count}")).collect();
        (!kinds.is_empty())
            .then(|| format!("not answered in the last seven days, {} (`redress inbox list`)", kinds.join(", ")))
    }
}

impl Ask {
    /// Answers on standard output.
    ///
    /// # Errors
    ///
    /// When the database cannot be asked.
    pub async fn run(&self, config: &Path) -> anyhow::Result<()> {
        let standing = Standing::of(Beside::open(config).await?).await?;
        Ok(page::print(&if self.json { page::json(&standing.object()) } else { standing.screen() })?)
    }
}

impl Standing {
    async fn of(beside: Beside) -> anyhow::Result<Standing> {
        let read = beside.store.folders().await?;
        let last = |mailbox: &str, folder: &str| {
            read.iter().find(|row| row.mailbox == mailbox && row.folder == folder).map(|row| row.read)
        };
        let folders = beside.config.mailboxes.iter().flat_map(|mailbox| {
            let folders = mailbox.folders.iter().chain(&mailbox.junk);
            folders.map(|folder| (mailbox.name.clone(), folder.clone(), last(&mailbox.name, folder)))
        });
        Ok(Standing {
            folders: folders.collect(),
            counts: beside.store.counts().await?,
            dates: beside.store.deadlines().await?,
            alarms: beside.store.alarms().await?,
            people: ForPeople::of(&beside).await?,
            vital: Vital::look(&beside.config, &beside.store, beside.now).await?,
            reconciled: beside.store.reconciled().await?,
            beside,
        })
    }

    fn overdue(&self) -> impl Iterator<Item = &DeadlineRow> {
        self.dates.iter().filter(|date| date.due < self.beside.today())
    }

    fn messages(&self, state: &str) -> i64 {
        self.counts.inbox.get(state).copied().unwrap_or_default()
    }

    fn letters(&self, state: &str) -> i64 {
        self.counts.outbox.get(state).copied().unwrap_or_default()
    }

    fn screen(&self) -> String {
        let width = page::width();
        let mut text = format!("Redress, {}\n\n", listed(self.beside.now));
        let mut lines = vec![("Sending", self.sending())];
        lines.extend(
            self.folders
                .iter()
                .map(|(mailbox, folder, read)| ("Mailbox", format!("{mailbox}/{folder}: {}", self.last_read(*read)))),
        );
        lines.extend(self.daemons_in_words().map(|words| ("Daemon", words)));
        lines.push(("Messages", self.messages_in_words()));
        lines.push(("Letters", self.letters_in_words()));
        lines.extend(self.late_reminder().map(|words| ("Reminders", words)));
        lines.push(("All here", self.reconciled_in_words()));
        lines.extend(self.people.in_words().map(|words| ("For people", words)));
        lines.extend(self.people.listed_in_words().map(|words| ("Other mail", words)));
        lines.extend(self.disk());
        lines.extend(self.credentials().map(|words| ("Credential", words)));
        let horizon = self.beside.calendar.horizon_warning(self.beside.today());
        lines.extend(horizon.map(|warning| ("Bank holidays", warning)));
        lines.extend(self.alarms.iter().flat_map(trouble));
        text.push_str(&page::labelled(&lines, 0, width));
        let overdue: Vec<&DeadlineRow> = self.overdue().collect();
        if !overdue.is_empty() {
            text.push_str(&format!(
                "\nOverdue: {}\n{}",
                overdue.len(),
                self.dates(overdue.iter().take(DATES).copied(), width)
            ));
        }
        let ahead: Vec<&DeadlineRow> = self.dates.iter().skip(overdue.len()).collect();
        match ahead.len() {
            0 => text.push_str("\nNothing is due.\n"),
            n => text.push_str(&format!("\nDue next, {} of {n}\n", n.min(DATES))),
        }
        text.push_str(&self.dates(ahead.into_iter().take(DATES), width));
        text
    }

    fn sending(&self) -> String {
        let held = self.letters("held");
        let stopped: i64 = self.vital.braked.iter().map(|held| held.letters).sum();
        match (self.beside.config.sending, held) {
            (Sending::Live, 0) => "live".to_owned(),
            (Sending::Live, n) => {
                let held = [(n - stopped, "held"), (stopped, "stopped by a limit")];
                let held =
                    held.iter().filter(|(n, _)| *n > 0).map(|(n, how)| format!("{} {how}", page::count(*n, "letter")));
                format!(
                    "live; {} (`redress outbox list --held`, then `redress outbox release`)",
                    held.collect::<Vec<_>>().join(", ")
                )
            }
            (Sending::Hold, 0) => "hold: letters to residents will wait; none does yet".to_owned(),
            (Sending::Hold, n) => {
                let stay = match stopped {
                    0 => String::new(),
                    n => format!("; {n} that a limit stopped leave by release alone"),
                };
                format!(
                    "hold: {} held. Look at them with `redress outbox list --held`; they leave when the configuration \
                     says sending = \"live\" and the daemon is restarted, or by `redress outbox release`{stay}",
                    page::count(n, "letter")
                )
            }
        }
    }

    fn last_read(&self, read: Option<Timestamp>) -> String {
        match read {
            None => "never read yet; `redress run` reads it".to_owned(),
            Some(read) if self.beside.now.duration_since(read) > LONG_UNREAD => {
                format!("last read {}. Is the daemon running? `systemctl status redress`", listed(read))
            }
            Some(read) => format!("read {}", listed(read)),
        }
    }

    /// Only where there are several; one does everything.
    fn daemons_in_words(&self) -> impl Iterator<Item = String> {
        let daemons = self.vital.daemons.iter().filter(|_| self.vital.daemons.len() > 1);
        daemons.map(|daemon| {
            let reads = daemon.mailboxes().map(|(name, since)| format!("reads {name} since {}", listed(since)));
            let for_all = daemon.is_for_all().then(|| "writes the lists for all".to_owned());
            let does: Vec<String> = reads.chain(for_all).collect();
            let does = if does.is_empty() { "stands by and helps".to_owned() } else { does.join("; ") };
            format!("{}, started {}: {does}", daemon.host, listed(daemon.since))
        })
    }

    fn messages_in_words(&self) -> String {
        let mut parts = vec![match (self.messages("new"), self.counts.oldest_new) {
            (0, _) => "none waits to be sorted".to_owned(),
            (n, oldest) => format!("{} to be sorted{}", wait(n), since(oldest)),
        }];
        if let n @ 1.. = self.messages("set_aside") {
            parts.push(format!("{n} set aside for a person (`redress inbox list --set-aside`)"));
        }
        parts.join("; ")
    }

    fn letters_in_words(&self) -> String {
        let waiting = self.letters("queued") + self.letters("sending");
        let mut parts = vec![match waiting {
            0 => "none waits to be sent".to_owned(),
            n => {
                format!("{} to be sent{} (`redress outbox list --waiting`)", wait(n), since(self.counts.oldest_unsent))
            }
        }];
        if let n @ 1.. = self.letters("failed") {
            parts.push(format!("{n} failed (`redress outbox list --failed`)"));
        }
        parts.join("; ")
    }

    /// `None` when none is late.
    fn late_reminder(&self) -> Option<String> {
        let late = self.vital.lateness();
        let when = self.vital.next_look.filter(|_| late > LATE)?;
        Some(format!("one was due on {}. Is the daemon running? `systemctl status redress`", listed(when)))
    }

    fn reconciled_in_words(&self) -> String {
        let Some(last) = &self.reconciled else {
            return "not compared with the mail servers yet; the daemon does it every day, `redress reconcile` at once"
                .to_owned();
        };
        let mailboxes = self.beside.config.mailboxes.iter().map(|mailbox| match last.mailbox(&mailbox.name) {
            Some((server, ours)) => format!("{}: the server has {server}, we have {ours}", mailbox.name),
            None => format!("{}: could not be compared", mailbox.name),
        });
        let differs = match last.differences.len() {
            0 => String::new(),
            n => format!(". {} (`redress reconcile`)", page::count(n as i64, "difference")),
        };
        format!("{} on {}{differs}", mailboxes.collect::<Vec<_>>().join("; "), listed(last.at))
    }

    /// Those that have ended, or end within three weeks.
    fn credentials(&self) -> impl Iterator<Item = String> {
        let soon = |expiry: &&Expiry| days_left(expiry.on, self.beside.now) <= CREDENTIAL_DAYS;
        let ending = self.vital.expiries.iter().filter(soon);
        ending.map(|expiry| format!("{}: its last day is {}", expiry.key, listed_date(expiry.on)))
    }

    fn disk(&self) -> Option<(&'static str, String)> {
        let (folder, free) = free_disk(&self.beside.config)?;
        let low = free < self.beside.config.limits.free_disk_bytes;
        let low = if low { ": nearly full. Make room, for what cannot be stored is not answered" } else { "" };
        Some(("Disk", format!("{} MiB free in {}{low}", free >> 20, folder.display())))
    }

    fn dates<'a>(&self, dates: impl Iterator<Item = &'a DeadlineRow>, width: Option<usize>) -> String {
        let mut table = page::Table::without_headings();
        for date in dates {
            let due = format!("{}{}", listed_date(date.due), if date.provisional { " (provisional)" } else { "" });
            let duty = date.duty.in_words().to_owned();
            table.row([date.reference.clone(), due, self.beside.left(date.due), duty]);
        }
        table.text(2, width)
    }

    fn object(&self) -> Value {
        let folders = self
            .folders
            .iter()
            .map(|(mailbox, folder, read)| json!({ "mailbox": mailbox, "folder": folder, "read": read }));
        let dates = self.dates.iter().map(|date| {
            json!({
                "reference": date.reference,
                "landlord": date.landlord,
                "duty": date.duty.to_string(),
                "due": date.due,
                "provisional": date.provisional,
                "working_days_left": self.beside.calendar.working_days_between(self.beside.today(), date.due),
            })
        });
        let alarms = self
            .alarms
            .iter()
            .map(|alarm| json!({ "name": alarm.name, "since": alarm.since, "told": alarm.told, "words": alarm.words }));
        json!({
            "now": self.beside.now,
            "sending": match self.beside.config.sending { Sending::Live => "live", Sending::Hold => "hold" },
            "folders": folders.collect::<Vec<_>>(),
            "messages": self.counts.inbox,
            "oldest_new": self.counts.oldest_new,
            "letters": self.counts.outbox,
            "oldest_unsent": self.counts.oldest_unsent,
            "dates": dates.collect::<Vec<_>>(),
            "overdue": self.overdue().count(),
            "unassigned": self.people.unassigned,
            "unsure": self.people.unsure,
            "to_hand_over": self.people.to_hand_over,
            "listed": self.people.listed,
            "alarms": alarms.collect::<Vec<_>>(),
            "free_disk_bytes": self.vital.free_disk,
            "mailboxes": self.vital.mailboxes.iter().map(|(name, read)| json!({ "name": name, "read": read })).collect::<Vec<_>>(),
            "reminder_late_s": self.vital.lateness().as_secs(),
            "dates_stuck": self.vital.stuck,
            "reconciled": self.reconciled.as_ref().map(|last| json!({ "at": last.at, "differences": last.differences.len() })),
            "credentials": self.vital.expiries.iter().map(|expiry| json!({ "key": expiry.key, "expires": expiry.on })).collect::<Vec<_>>(),
            "daemons": self.vital.daemons.iter().map(daemon).collect::<Vec<_>>(),
            "troubles": self.vital.troubles(),
        })
    }
}

fn daemon(daemon: &DaemonRow) -> Value {
    let mailboxes = daemon.mailboxes().map(|(mailbox, since)| json!({ "mailbox": mailbox, "since": since }));
    json!({
        "host": daemon.host,
        "since": daemon.since,
        "for_all": daemon.is_for_all(),
        "mailboxes": mailboxes.collect::<Vec<_>>(),
    })
}

/// What the operator was told, line by line.
fn trouble(alarm: &Alarm) -> impl Iterator<Item = (&'static str, String)> {
    let mut lines = alarm.words.lines().filter(|line| !line.is_empty());
    let first = format!("{}, since {}: {}", alarm.name, listed(alarm.since), lines.next().unwrap_or_default());
    [("Trouble", first)].into_iter().chain(lines.map(|line| ("", line.to_owned())))
}

/// "1 waits", "3 wait".
fn wait(n: i64) -> String {
    if n == 1 { "1 waits".to_owned() } else { format!("{n} wait") }
}

fn since(oldest: Option<Timestamp>) -> String {
    oldest.map(|oldest| format!(", the oldest since {}", listed(oldest))).unwrap_or_default()
}
