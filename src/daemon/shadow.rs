//! What would have become of the mail that is there? The real rounds in a world of their own: mailboxes are only looked
//! at, a clock is played from one arrival or date to the next, letters go nowhere and count as sent.
//!
//! The landlord's own database is neither opened nor asked for: the world is in one that its caller made for it.
//!
//! All mail is stored first, each message to be handled at the moment it arrived; so the world goes round exactly as the
//! daemon's would have. Nobody acts in it. A date is followed until it has passed: from then on everybody would be reminded
//! every working day, which tells nothing more.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::clock::{Clock as _, PlayedClock};
use super::office::Office;
use super::receive::arrived;
use super::send::Route;
use super::{Progress, handle, remind, send};
use crate::config::MailboxConfig;
use crate::domain::calendar::london_date;
use crate::domain::ladder::Rung;
use crate::mail::mailbox::{AnyMailbox, Mailbox as _, MailboxError, Uid, answer};
use crate::mail::transport::Nowhere;

/// Messages in a row that cannot be read: the connection is at fault, not they.
const FAILURES_MAX: usize = 5;
/// What was due at a moment and is still there waits for a trouble to pass.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_secs(60);

/// The part of the past that is looked at: from `since` on, and before `until`.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    pub since: Timestamp,
    pub until: Timestamp,
}

impl Window {
    /// The last day in Europe/London of which something is looked at.
    pub fn last_day(&self) -> Date {
        london_date(self.until - SignedDuration::from_millis(1))
    }
}

/// Somebody who is shown how far it is: how many are done, of how many.
pub type Told<'a> = dyn FnMut(usize, usize) + 'a;

/// Messages that lie in the mailboxes, and what could not be looked into.
#[derive(Debug, Default)]
pub struct Found {
    /// Oldest first.
    pub messages: Vec<Lying>,
    pub unread: Vec<Unread>,
}

/// A message as it lies in a mailbox.
#[derive(Clone, Debug)]
pub struct Lying {
    /// Which of the mailboxes.
    mailbox: usize,
    pub folder: String,
    uidvalidity: i64,
    pub uid: Uid,
    pub arrived: Timestamp,
}

/// A folder, or a message of it, that could not be read.
#[derive(Clone, Debug)]
pub struct Unread {
    pub mailbox: String,
    pub folder: String,
    pub uid: Option<Uid>,
    pub why: String,
}

/// Mailboxes that are looked at, one connection each.
pub struct Look<'a> {
    mailboxes: Vec<Looked<'a>>,
}

struct Looked<'a> {
    config: &'a MailboxConfig,
    mailbox: AnyMailbox,
    /// The folder that is open, and its UIDVALIDITY.
    open: Option<(String, i64)>,
}

impl<'a> Look<'a> {
    pub fn into(mailboxes: impl IntoIterator<Item = &'a MailboxConfig>) -> Look<'a> {
        let look = |config: &'a MailboxConfig| Looked {
            config,
            mailbox: AnyMailbox::read_only(config.source.clone()),
            open: None,
        };
        Look { mailboxes: mailboxes.into_iter().map(look).collect() }
    }

    /// Finds the messages that arrived in the window, junk included, and reads none of them.
    pub async fn find(&mut self, window: Window) -> Found {
        let mut found = Found::default();
        for (number, looked) in self.mailboxes.iter_mut().enumerate() {
            for folder in looked.config.folders.iter().chain(&looked.config.junk) {
                match looked.arrivals(folder, window.since).await {
                    Ok((uidvalidity, arrivals)) => found.messages.extend(arrivals.into_iter().map(|(uid, arrived)| {
                        Lying { mailbox: number, folder: folder.clone(), uidvalidity, uid, arrived }
                    })),
                    Err(error) => {
                        found.unread.push(looked.unread(folder, None, &error));
                        looked.close().await;
                        // Fast tries lock accounts.
                        if let MailboxError::Login(_) = error {
                            break;
                        }
                    }
                }
            }
        }
        found.messages.retain(|lying| lying.arrived < window.until);
        // Stable: of one second, a folder's own order holds.
        found.messages.sort_by_key(|lying| lying.arrived);
        found
    }

    /// Stores `messages`, each to be handled when it arrived. Returns those that are stored, in the order of their rows,
    /// and those that could not be read. What has gone meanwhile is among neither.
    ///
    /// # Errors
    ///
    /// The database's, or the mailbox fails again and again.
    pub async fn take(
        &mut self,
        office: &Office,
        messages: Vec<Lying>,
        told: &mut Told<'_>,
    ) -> anyhow::Result<(Vec<Lying>, Vec<Unread>)> {
        let (mut taken, mut unread, mut failures) = (Vec::with_capacity(messages.len()), Vec::new(), 0);
        let all = messages.len();
        for (number, lying) in messages.into_iter().enumerate() {
            told(number, all);
            let looked = &mut self.mailboxes[lying.mailbox];
            match looked.fetch(&lying, office.config.limits.message_bytes).await {
                Ok(Some(message)) => {
                    failures = 0;
                    let name = &looked.config.name;
                    // One at a time, so that what waits in memory is one message.
                    office.store.receive(name, &lying.folder, lying.uidvalidity, &[message], lying.arrived).await?;
                    taken.push(lying);
                }
                Ok(None) => {}
                Err(error) => {
                    failures += 1;
                    looked.close().await;
                    if failures >= FAILURES_MAX || matches!(error, MailboxError::Login(_)) {
                        return Err(error.into());
                    }
                    unread.push(looked.unread(&lying.folder, Some(&lying.uid), &error));
                }
            }
        }
        Ok((taken, unread))
    }

    pub async fn close(&mut self) {
        for looked in &mut self.mailboxes {
            looked.close().await;
        }
    }
}

impl Looked<'_> {
    async fn arrivals(&mut self, folder: &str, since: Timestamp) -> Result<(i64, Vec<(Uid, Timestamp)>), MailboxError> {
        let uidvalidity = self.open(folder).await?;
        Ok((uidvalidity, answer(self.mailbox.arrivals(since)).await?))
    }

    async fn fetch(&mut self, lying: &Lying, limit: u64) -> Result<Option<crate::store::Arrived>, MailboxError> {
        if self.open(&lying.folder).await? != lying.uidvalidity {
            return Err(MailboxError::Lost(format!("the folder {} was made anew meanwhile", lying.folder)));
        }
        Ok(answer(self.mailbox.fetch(&lying.uid, limit)).await?.map(arrived))
    }

    /// Opens the folder, unless it is open.
    async fn open(&mut self, folder: &str) -> Result<i64, MailboxError> {
        match &self.open {
            Some((open, uidvalidity)) if open == folder => Ok(*uidvalidity),
            _ => {
                self.open = None;
                let uidvalidity = self.mailbox.open(folder).await?.uidvalidity;
                self.open = Some((folder.to_owned(), uidvalidity));
                Ok(uidvalidity)
            }
        }
    }

    async fn close(&mut self) {
        self.open = None;
        self.mailbox.close().await;
    }

    fn unread(&self, folder: &str, uid: Option<&Uid>, error: &MailboxError) -> Unread {
        let mailbox = self.config.name.clone();
        Unread { mailbox, folder: folder.to_owned(), uid: uid.cloned(), why: error.to_string() }
    }
}

/// Plays what is stored until `until`, as far as something happens.
///
/// # Errors
///
/// The database's.
pub async fn play(office: &Office, clock: &PlayedClock, until: Timestamp, told: &mut Told<'_>) -> anyhow::Result<()> {
    let all = office.store.counts().await?.inbox.values().sum::<i64>() as usize;
    let (mut handled, mut route) = (0, Route::default());
    while let Some(next) = office.store.next_moments().await?.into_iter().flatten().min() {
        let now = clock.now();
        let next = if next <= now { now + AGAIN_AFTER } else { next };
        if next > until {
            break;
        }
        clock.set(next);
        loop {
            let mut made = false;
            while handle::step(office).await? == Progress::Made {
                (made, handled) = (true, handled + 1);
                told(handled.min(all), all);
            }
            while date(office, until).await? == Progress::Made {
                made = true;
            }
            while send::step(office, &mut Nowhere, &mut route).await? == Progress::Made {
                made = true;
            }
            if !made {
                break;
            }
        }
    }
    Ok(())
}

/// Acts on the date whose moment came longest ago; one that has passed is left alone until something else happens to its
/// case.
async fn date(office: &Office, until: Timestamp) -> anyhow::Result<Progress> {
    let now = office.clock.now();
    let Some((id, duty, attempts)) = office.store.take_deadline(now, until + SignedDuration::from_secs(1)).await?
    else {
        return Ok(Progress::Idle);
    };
    let known = office.store.known(id).await?;
    let house = office.house(office.landlord(&known.landlord)?, &known.away);
    let due = known.case.duties.get(&duty).map(|owed| owed.due.date);
    let reached = due.and_then(|due| house.ladder.reached(due, house.calendar, now));
    if reached.is_none_or(|rung| rung <= Rung(0)) {
        remind::act(office, id, duty, attempts, now).await;
    }
    Ok(Progress::Made)
}
