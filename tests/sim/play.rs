//! One seed: a plan, a run, a verdict.
//!
//! The program's own rounds take one step after the other in an order the seed picks, over several weeks. Meanwhile people
//! write and act, and whatever can go wrong does: each seed has its own choice of faults, each as often as it says. After
//! every step it is asked what must hold whatever happens; at the end all faults are over, and it is asked what must then
//! come to be. A finding is a panic.

#![expect(clippy::unwrap_used, reason = "a lock that is poisoned ends the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::sync::{Arc, Mutex};

use jiff::civil::date;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use mail_parser::MessageParser;
use redress::config::{Config, Sending};
use redress::daemon::command::carry_out;
use redress::daemon::send::release;
use redress::daemon::{Progress, brakes, digest, start};
use redress::domain::absence::Absence;
use redress::domain::brake::{Rate, Rates};
use redress::domain::calendar::{london, london_date};
use redress::domain::case::{Audience, Event, LetterKind, Opening, Outcome, Recorded, Refusal};
use redress::domain::landlord::{Acknowledge, Landlord};
use redress::domain::letter::{our_letter, our_notice};
use redress::domain::reference::Reference;
use redress::store::{AwayNote, InboxRow, LetGo};
use sha2::{Digest as _, Sha256};

use crate::people::{self, Asked, Dice, RESIDENTS, Voice, Wants, says_done};
use crate::sim::points::{Fate, Ran, Weather, go, ride};
use crate::sim::{Answer, Letter, Lying, Mail, Round, Second, Trouble, World, words};

/// Somebody switches a machine that answers every letter off at last.
const ROBOTS_MAX: usize = 40;

/// What may go wrong. Each seed has some of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    /// The program dies at a point.
    Dies,
    /// Others come between at a point.
    Interleaves,
    /// The database, the mailbox or the mail server fails at a point.
    Fails,
    DatabaseLocked,
    DiskFull,
    MailboxTrouble,
    /// The next message is announced, and not given for hours.
    Withheld,
    MailboxRebuilt,
    UidGaps,
    Duplicates,
    AnotherRoad,
    OwnLettersBack,
    MovedByHand,
    Poison,
    Junk,
    Later,
    Refused,
    Silent,
    Lost,
    ReaderFull,
    NoLogin,
    Bounces,
    Absences,
    /// Another landlord's system has our address in its book and answers what we send.
    TicketSystem,
    ClockJumps,
    Sleeps,
    Stops,
    NewHoliday,
    SlowRounds,
    /// A message brings the program down whenever it looks into it.
    Killers,
    /// An address that the mail server refuses, now and for ever.
    Gone,
    /// Somebody uses the name of one of the landlord's people.
    Spoofs,
    /// A machine answers from a new address each time.
    NewAddresses,
    /// Two landlords' mailboxes have each other's address.
    Neighbours,
    /// Letters are held for a while, as the configuration says.
    Holds,
    /// The configuration names other days for reminders.
    NewLadder,
}

const FAULTS: [Fault; 36] = [
    Fault::Dies,
    Fault::Interleaves,
    Fault::Fails,
    Fault::DatabaseLocked,
    Fault::DiskFull,
    Fault::MailboxTrouble,
    Fault::Withheld,
    Fault::MailboxRebuilt,
    Fault::UidGaps,
    Fault::Duplicates,
    Fault::AnotherRoad,
    Fault::OwnLettersBack,
    Fault::MovedByHand,
    Fault::Poison,
    Fault::Junk,
    Fault::Later,
    Fault::Refused,
    Fault::Silent,
    Fault::Lost,
    Fault::ReaderFull,
    Fault::NoLogin,
    Fault::Bounces,
    Fault::Absences,
    Fault::TicketSystem,
    Fault::ClockJumps,
    Fault::Sleeps,
    Fault::Stops,
    Fault::NewHoliday,
    Fault::SlowRounds,
    Fault::Killers,
    Fault::Gone,
    Fault::Spoofs,
    Fault::NewAddresses,
    Fault::Neighbours,
    Fault::Holds,
    Fault::NewLadder,
];

/// What happens outside the program.
#[derive(Clone, Debug)]
enum Happening {
    /// A resident thinks of something.
    Writes,
    Arrives {
        mailbox: String,
        folder: String,
        raw: Vec<u8>,
        voice: Voice,
        group: usize,
    },
    Acts {
        reference: String,
    },
    /// Somebody looks through the letters that the limits hold.
    LetsGo,
    Starts,
    Wakes,
    /// Something outside goes wrong, if it is among the seed's faults.
    GoesWrong,
    ComesRight,
    GoesLive,
    /// Somebody of the landlord goes away, or comes back, and says so at the terminal.
    Leaves,
    /// The mailbox has been in trouble since then, and the operator must have heard.
    OperatorHears {
        since: Timestamp,
    },
}

/// A message that was delivered.
struct Delivered {
    mailbox: String,
    /// When it first lay where the program reads.
    arrived: Timestamp,
    voice: Voice,
    /// Copies of one message have one number.
    group: usize,
    /// A Message-ID or a date tells it from another of the same words.
    named: bool,
}

/// What became of a letter the mail server took.
#[derive(Default)]
struct Sent {
    bytes: Vec<u8>,
    /// The program knows, for all that anybody can tell.
    known: bool,
}

/// The point at which a message is taken up and its try counted, and nothing is decided yet.
const AFTER_TAKING: u32 = 3;

/// The lines of a run, the same for the same seed.
pub type Trace = Arc<Mutex<Vec<String>>>;

struct Play {
    world: World,
    dice: Dice,
    trace: Trace,
    rates: BTreeMap<Fault, u64>,
    /// Everybody else's clock.
    now: Timestamp,
    end: Timestamp,
    agenda: BTreeMap<(Timestamp, u64), Happening>,
    agenda_last: u64,
    asleep: bool,
    /// Starts of the program.
    starts: usize,
    /// Until then something that was put off by a fault may still be late.
    disturbed_until: Timestamp,
    /// By the SHA-256 of its bytes and the mailbox it came to.
    delivered: BTreeMap<(String, [u8; 32]), Delivered>,
    groups: usize,
    /// Stored messages by number, with what they are, and when they arrived.
    stored: BTreeMap<i64, (Voice, usize)>,
    arrived: BTreeMap<i64, Timestamp>,
    /// The SHA-256 of their bytes, with their mailboxes.
    taken_in: BTreeSet<(String, [u8; 32])>,
    /// Deaths that a message was the cause of.
    deaths: usize,
    heard: usize,
    said: usize,
    sent: BTreeMap<String, Sent>,
    /// Letters refused for good.
    refused: BTreeSet<String>,
    /// Automatic answers, by address: when.
    answers: BTreeMap<String, Vec<Timestamp>>,
    answers_max: usize,
    /// How often in a thousand times somebody of the landlord answers a letter by e-mail, and goes on with a case at the
    /// terminal.
    by_email: u64,
    diligence: u64,
    /// What e-mails in the names of the landlord's people ask for, by the number of the message.
    asked: BTreeMap<usize, Asked>,
    /// Letters to each of the landlord's people that they have, the last ones.
    kept: BTreeMap<String, Vec<Letter>>,
    /// Prepared e-mails that were sent off once.
    prepared: Vec<(String, String, String, Letter)>,
    /// Messages whose acts were done, and the prepared e-mails used for it.
    heard_of: BTreeSet<usize>,
    links_used: BTreeSet<String>,
    /// Letters that e-mails gave rise to: not before then, by a clock that goes so far ahead. One that is set back lets go
    /// what it had put off.
    waits: BTreeMap<(String, u32), (Timestamp, SignedDuration)>,
    /// Letters that were taken back, and those that left.
    undone: BTreeSet<(String, u32)>,
    left: BTreeSet<(String, u32)>,
    /// Whether a list of what is open has left since the faults were over.
    listed: bool,
    /// Who is acting at the terminal.
    terminal: Option<String>,
    /// Since then nothing has interrupted the program.
    steady_since: Timestamp,
    /// The faults there were.
    once: BTreeSet<Fault>,
    /// How often machines that answer every letter have done so.
    robots: usize,
}

/// How much was played.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub days: i64,
    /// Messages that were stored.
    pub messages: usize,
    /// Letters that the mail server took, each as often as it did.
    pub letters: usize,
    /// Of the program.
    pub starts: usize,
}

/// Plays a seed. Everything that happens is written to `trace`; a finding is a panic.
pub async fn play(seed: u64, trace: Trace) -> Tally {
    let mut play = Play::begins(seed, trace).await;
    let began = play.now;
    while play.now < play.end {
        play.goes_on().await;
    }
    play.ends().await;
    let days = play.now.duration_since(began).as_hours() / 24;
    Tally { days, messages: play.stored.len(), letters: play.heard, starts: play.starts }
}

impl Play {
    async fn begins(seed: u64, trace: Trace) -> Play {
        let mut dice = Dice::new(seed);
        let mut rates = BTreeMap::new();
        let quiet = dice.chance(50);
        for fault in FAULTS {
            if !quiet && dice.chance(400) {
                rates.insert(fault, *dice.pick(&[5, 20, 60, 200]));
            }
        }
        let starts = [
            "Fri 20 Nov 2026 15:00",
            "Mon 14 Dec 2026 10:00",
            "Tue 16 Mar 2027 09:00",
            "Mon 11 Oct 2027 16:00",
            "Mon 31 Jan 2028 11:00",
        ];
        let start = *dice.pick(&starts);
        let second = *dice.pick(&[None, None, Some(Second::Mailbox), Some(Second::Landlord)]);
        let mut configured = dice.another();
        let world = World::before(start, second, |config| configure(&mut configured, config)).await;
        let now = world.now();
        let answers_max = world.config.limits.answers_per_address_per_day as usize + usize::from(second.is_some());
        let end = now + SignedDuration::from_hours(24 * dice.between(14, 35));
        let mut play = Play {
            world,
            dice,
            trace,
            rates,
            now,
            end,
            agenda: BTreeMap::new(),
            agenda_last: 0,
            asleep: false,
            starts: 0,
            disturbed_until: now,
            delivered: BTreeMap::new(),
            groups: 0,
            stored: BTreeMap::new(),
            arrived: BTreeMap::new(),
            taken_in: BTreeSet::new(),
            deaths: 0,
            heard: 0,
            said: 0,
            sent: BTreeMap::new(),
            refused: BTreeSet::new(),
            answers: BTreeMap::new(),
            answers_max,
            by_email: 0,
            diligence: 0,
            asked: BTreeMap::new(),
            kept: BTreeMap::new(),
            prepared: Vec::new(),
            heard_of: BTreeSet::new(),
            links_used: BTreeSet::new(),
            waits: BTreeMap::new(),
            undone: BTreeSet::new(),
            left: BTreeSet::new(),
            listed: false,
            terminal: None,
            steady_since: now,
            once: BTreeSet::new(),
            robots: 0,
        };
        play.by_email = *play.dice.pick(&[0, 60, 200]);
        play.diligence = *play.dice.pick(&[0, 500, 850]);
        let faults = play.rates.iter().map(|(fault, rate)| format!("{fault:?} {rate}")).collect::<Vec<_>>().join(", ");
        play.tell(format!("{start}, {second:?}; faults in a thousand: {faults}"));
        play.mail_server();
        play.starts().await;
        for _ in 0..play.dice.between(2, 9) {
            let after = play.dice.minutes(0, 24 * 60 * 20);
            play.later(after, Happening::Writes);
        }
        for _ in 0..play.dice.between(2, 20) {
            let after = play.dice.minutes(0, 24 * 60 * 30);
            play.later(after, Happening::GoesWrong);
        }
        for _ in 0..play.dice.between(0, 5) {
            let after = play.dice.minutes(0, 24 * 60 * 30);
            play.later(after, Happening::LetsGo);
        }
        for _ in 0..play.dice.between(0, 3) {
            let after = play.dice.minutes(0, 24 * 60 * 30);
            play.later(after, Happening::Leaves);
        }
        if play.has(Fault::Gone) {
            let people = play.world.config.landlords[0].people();
            let addresses: Vec<String> = RESIDENTS
                .iter()
                .map(|one| (*one).to_owned())
                .chain(people.iter().map(|one| one.address.clone()))
                .collect();
            let gone = play.dice.pick(&addresses).clone();
            play.tell(format!("{gone} is refused for ever"));
            play.world.server.lock().unwrap().answers.insert(gone, Answer::Refused);
        }
        if play.world.config.sending == Sending::Hold {
            let after = play.dice.minutes(60, 24 * 60 * 10);
            play.later(after, Happening::GoesLive);
        }
        play
    }

    /// The mail server takes letters, or does not, as the seed says.
    fn mail_server(&mut self) {
        let mut dice = self.dice.another();
        let rate = |fault: Fault| self.rates.get(&fault).copied().unwrap_or(0);
        let moods = [
            (Answer::NotNow, rate(Fault::Later)),
            (Answer::Refused, rate(Fault::Refused) / 2),
            (Answer::Silent, rate(Fault::Silent)),
            (Answer::Lost, rate(Fault::Lost)),
            (Answer::Full, rate(Fault::ReaderFull) / 2),
            (Answer::NoLogin, rate(Fault::NoLogin) / 10),
        ];
        let minded = move || {
            let mood = moods.iter().find(|(_, rate)| dice.chance(*rate));
            mood.map_or(Answer::Taken, |(answer, _)| *answer)
        };
        self.world.server.lock().unwrap().minded = Some(Box::new(minded));
    }

    fn tell(&self, what: impl Display) {
        let now = self.now.to_zoned(jiff::tz::TimeZone::UTC).strftime("%F %T%.f");
        self.trace.lock().unwrap().push(format!("{now} {what}"));
    }

    /// Whether a fault of the seed's strikes now.
    fn strikes(&mut self, fault: Fault) -> bool {
        let rate = self.rates.get(&fault).copied().unwrap_or(0);
        rate > 0 && self.dice.chance(rate)
    }

    fn has(&self, fault: Fault) -> bool {
        self.rates.contains_key(&fault)
    }

    fn later(&mut self, after: SignedDuration, happening: Happening) {
        self.agenda_last += 1;
        self.agenda.insert((self.now + after, self.agenda_last), happening);
    }

    fn set_clock(&mut self, now: Timestamp) {
        self.now = now;
        self.world.clock.set(now + self.world.ahead);
    }

    fn disturbed(&mut self) {
        self.steady_since = self.now;
        self.disturbed_until = self.disturbed_until.max(self.now + SignedDuration::from_hours(2));
    }

    // ── time ──────────────────────────────────────────────────────────────────────────────────────────────────────

    async fn goes_on(&mut self) {
        let soon = self.program_looks().await.map(|at| at.max(self.now + 15.seconds()));
        let next = self.agenda.keys().next().map(|(at, _)| *at);
        let at_last = self.now + 24.hours();
        let to = [soon, next, Some(at_last)].into_iter().flatten().min().unwrap_or(at_last).max(self.now);
        self.set_clock(to);
        while let Some(entry) = self.agenda.first_entry().filter(|entry| entry.key().0 <= self.now) {
            let happening = entry.remove();
            self.happens(happening).await;
        }
        if !self.asleep {
            self.works().await;
        }
    }

    /// When the program has something to do next.
    async fn program_looks(&self) -> Option<Timestamp> {
        let daemon = self.world.daemon().filter(|_| !self.asleep)?;
        let moments = daemon.office.store.next_moments().await.expect("it can be read");
        let list = digest::next(&daemon.office, daemon.office.clock.now());
        moments.into_iter().chain([list]).flatten().min().map(|at| at - self.world.ahead)
    }

    // ── the program ───────────────────────────────────────────────────────────────────────────────────────────────

    /// The program starts, and may die while it does.
    async fn starts(&mut self) {
        if self.world.daemon().is_some() {
            return;
        }
        let daemon = self.world.open().await;
        self.plan();
        let office = Arc::clone(&daemon.office);
        let mut ran = ride(&self.world.points, async move { start(&office).await }).await;
        while let Ran::Waits(rest) = ran {
            self.world.points.go_on();
            ran = go(&self.world.points, rest).await;
        }
        self.world.points.plan(None);
        self.faults_told();
        match ran {
            Ran::Done(Ok(())) => {
                self.tell("the program starts");
                self.starts += 1;
                self.world.runs(daemon);
                self.looks().await;
            }
            _ => {
                self.tell("the program does not start");
                daemon.office.store.close().await;
                drop(daemon);
                self.disturbed();
                self.later(1.minute().try_into().expect("a time"), Happening::Starts);
            }
        }
    }

    async fn dies(&mut self) {
        self.tell("the program dies");
        self.disturbed();
        self.looks().await;
        self.world.stop().await;
        let after = if self.dice.chance(800) { self.dice.minutes(0, 2) } else { self.dice.minutes(2, 600) };
        self.later(after, Happening::Starts);
    }

    /// Whether the message that is handled next brings the program down.
    async fn kills(&mut self) -> bool {
        if self.stored.values().all(|(voice, _)| *voice != Voice::Killer) {
            return false;
        }
        let Some(daemon) = self.world.daemon().cloned() else { return false };
        let Some((id, attempts)) = self.world.auditor.next_message(daemon.office.clock.now()).await else {
            return false;
        };
        let killer = self.stored.get(&id).is_some_and(|(voice, _)| *voice == Voice::Killer);
        killer && attempts < i64::from(daemon.office.config.limits.handle_attempts)
    }

    /// Something may happen at one of the points of the next step.
    fn plan(&mut self) {
        let fates = [(Fault::Dies, Fate::Die), (Fault::Interleaves, Fate::Wait), (Fault::Fails, Fate::Fail)];
        let fate = fates.into_iter().find(|(fault, _)| self.strikes(*fault)).map(|(_, fate)| fate);
        let plan = fate.map(|fate| (self.dice.below(12) as u32, fate));
        self.world.points.plan(plan);
    }

    fn faults_told(&mut self) -> bool {
        let happened = self.world.points.happened();
        for fault in &happened {
            self.tell(fault);
        }
        if !happened.is_empty() || self.world.points.weather() != Weather::Fine {
            self.disturbed();
        }
        !happened.is_empty()
    }

    /// The rounds go round until there is nothing left to do, or for a few steps.
    async fn works(&mut self) {
        let hasty = self.strikes(Fault::SlowRounds);
        let mut left = if hasty { self.dice.between(1, 6) } else { 2_000 };
        let Some(daemon) = self.world.daemon().cloned() else { return };
        let mut rounds = daemon.rounds();
        drop(daemon);
        while !rounds.is_empty() {
            let round = rounds.swap_remove(self.dice.below(rounds.len() as u64) as usize);
            match self.step(round).await {
                None => return,
                Some(Progress::Idle) => {}
                // As in production: what one has done may be work for those that are rung for.
                Some(Progress::Made) => {
                    for woken in [round, Round::Handle, Round::Remind, Round::Send] {
                        if !rounds.contains(&woken) {
                            rounds.push(woken);
                        }
                    }
                }
            }
            left -= 1;
            if left <= 0 {
                assert!(hasty, "it never comes to rest");
                return;
            }
        }
        for round in [Round::Watch, Round::Reconcile] {
            if self.step(round).await.is_none() {
                return;
            }
        }
        let Some(daemon) = self.world.daemon().cloned() else { return };
        if self.dice.chance(50) {
            self.world.auditor.agrees(&daemon.office).await;
        }
        if self.now > self.disturbed_until {
            self.world.auditor.at_rest(&daemon.office).await;
            self.world.auditor.limits_held(&daemon.office).await;
        }
    }

    /// One step of a round. `None` when the program cannot go on now.
    async fn step(&mut self, round: Round) -> Option<Progress> {
        self.plan();
        if round == Round::Handle && self.kills().await {
            self.deaths += 1;
            assert!(self.deaths < 200, "a message brings the program down again and again");
            self.world.points.plan(Some((AFTER_TAKING, Fate::Die)));
        }
        let daemon = Arc::clone(self.world.daemon()?);
        let mut ran = ride(&self.world.points, daemon.step(round)).await;
        let mut others = false;
        while let Ran::Waits(rest) = ran {
            self.faults_told();
            others = true;
            self.others_than(round).await;
            self.world.points.go_on();
            ran = go(&self.world.points, rest).await;
        }
        self.world.points.plan(None);
        let disturbed = self.faults_told();
        let progress = match ran {
            Ran::Waits(_) => unreachable!("it was waited for"),
            Ran::Died => {
                self.dies().await;
                self.letters_taken(others);
                self.letters_settled(false);
                return None;
            }
            Ran::Done(Ok(progress)) => Some(progress),
            Ran::Done(Err(trouble)) => {
                let expected = disturbed || self.now <= self.disturbed_until;
                assert!(expected, "{round:?}: {trouble:#}");
                self.tell(format!("{round:?}: {trouble:#}"));
                self.disturbed();
                None
            }
        };
        if progress == Some(Progress::Made) {
            self.tell(format!("{round:?}"));
        }
        if progress != Some(Progress::Idle) || disturbed || others {
            self.looks().await;
        }
        self.letters_taken(others);
        self.letters_settled(progress.is_some());
        progress
    }

    /// What others do while a step of this round is under way.
    async fn others_than(&mut self, round: Round) {
        for _ in 0..self.dice.between(1, 4) {
            let Some(daemon) = self.world.daemon().cloned() else { return };
            let rounds: Vec<Round> = daemon.rounds().into_iter().filter(|other| *other != round).collect();
            if self.dice.chance(200) {
                let cases: Vec<String> = self.world.auditor.cases.keys().cloned().collect();
                if !cases.is_empty() {
                    let reference = self.dice.pick(&cases).clone();
                    self.acts(&reference).await;
                }
                continue;
            }
            let other = *self.dice.pick(&rounds);
            match ride(&self.world.points, daemon.step(other)).await {
                Ran::Done(Ok(progress)) => self.tell(format!("meanwhile {other:?}: {progress:?}")),
                Ran::Done(Err(trouble)) => {
                    assert!(self.now <= self.disturbed_until, "meanwhile {other:?}: {trouble:#}");
                    self.tell(format!("meanwhile {other:?}: {trouble:#}"));
                }
                Ran::Died | Ran::Waits(_) => unreachable!("nothing was planned"),
            }
        }
        self.looks().await;
        self.letters_taken(true);
    }

    // ── what is looked at after every step ────────────────────────────────────────────────────────────────────────

    /// What was written since the last look.
    async fn looks(&mut self) {
        let Some(daemon) = self.world.daemon().cloned() else { return };
        let last = self.stored.keys().next_back().copied().unwrap_or(0);
        for row in daemon.office.store.inbox(last, 10_000).await.expect("it can be read") {
            let raw = daemon.office.store.message(row.id).await.expect("it can be read").expect("it was listed").raw;
            let digest: [u8; 32] = Sha256::digest(raw.expect("nothing was erased")).into();
            let delivered = self.delivered.get(&(row.mailbox.clone(), digest));
            let what = delivered.map_or((Voice::Oddity, usize::MAX), |delivered| (delivered.voice, delivered.group));
            self.stored.insert(row.id, what);
            self.arrived.extend(delivered.map(|delivered| (row.id, delivered.arrived)));
            self.tell(format!("message {} stored: {:?} in {}/{}", row.id, what.0, row.mailbox, row.folder));
            self.taken_in.insert((row.mailbox, digest));
        }
        self.moved_mail_is_stored();
        let grown = self.world.auditor.look(&daemon.office).await;
        // Acts that touch another case are told there without a word of the e-mail.
        let heard = |line: &Recorded| match &line.event {
            Event::Heard { by, .. } | Event::Undone { by, .. } => Some(by.address.clone()),
            Event::Opened(opening) => opening.logged_by.as_ref().map(|by| by.address.clone()),
            _ => None,
        };
        let may: BTreeSet<String> =
            grown.iter().flat_map(|(_, lines)| lines.iter().filter_map(heard)).chain(self.terminal.clone()).collect();
        for (reference, lines) in grown {
            self.reads(&reference, &lines, &may);
        }
    }

    /// The program moves what it has stored, and nothing else: what it takes out of a watched folder too early would be
    /// missed. (What was withheld for hours is stored without its bytes.)
    fn moved_mail_is_stored(&self) {
        for (name, lying) in &self.world.mailboxes {
            for raw in lying.lock().unwrap().filed.drain(..) {
                let mut stored =
                    [raw.as_slice(), b""].into_iter().map(|raw| (name.clone(), Sha256::digest(raw).into()));
                assert!(stored.any(|key| self.taken_in.contains(&key)), "a message in {name} is moved, and not stored");
            }
        }
    }

    /// New lines of a history.
    fn reads(&mut self, reference: &str, lines: &[Recorded], may: &BTreeSet<String>) {
        let mut answering: Option<(i64, Voice)> = None;
        let mut waits: Option<Timestamp> = None;
        let mut in_vain = BTreeSet::new();
        for line in lines {
            self.tell(format!("{reference}: {}", words(&line.event)));
            if let Some(by) = line.event.by() {
                let asked = may.contains(&by.address);
                assert!(asked, "{reference}: {} by {}, who asked for nothing", words(&line.event), by.name);
            }
            match &line.event {
                Event::Heard { by, message, undo_until, link } => {
                    self.hears(reference, &by.address, *message, link.map(|link| format!("{link:?}")));
                    waits = *undo_until;
                }
                Event::LetterWritten { kind: LetterKind::Transcript, .. } => waits = None,
                Event::LetterWritten { letter, .. } => {
                    if let Some(until) = waits {
                        self.waits.insert((reference.to_owned(), *letter), (until, self.world.ahead));
                    }
                }
                Event::Undone { letters, .. } => {
                    for letter in letters {
                        let letter = (reference.to_owned(), *letter);
                        assert!(
                            !self.left.contains(&letter),
                            "{reference}: letter {} is taken back, and had left",
                            letter.1
                        );
                        self.undone.insert(letter);
                    }
                }
                _ => {}
            }
            if let Event::LetterPosted { letter, .. } = &line.event {
                in_vain.extend(self.in_vain(reference, *letter));
            }
            if let Event::LetterWritten { audience: Audience::Staff, to, kind, .. } = &line.event {
                self.written_to_staff(reference, to.as_str(), *kind, london_date(line.recorded_at), &in_vain);
            }
            match &line.event {
                Event::Opened(opening) => {
                    answering = self.message_of(opening);
                    let arrived = opening.message.and_then(|message| self.arrived.get(&message));
                    if opening.logged_by.is_none() {
                        let late = arrived.is_some_and(|arrived| opening.received > *arrived);
                        assert!(!late, "{reference}: its clock begins after its message arrived");
                        let read = opening.set_aside.is_none();
                        let machine = answering.filter(|(_, voice)| read && *voice == Voice::Machine);
                        assert!(machine.is_none(), "{reference}: {machine:?} is a machine's, and opens a case");
                    }
                    self.later_act(reference);
                }
                Event::MessageAdded(addition) => {
                    answering = self.stored.get(&addition.message).map(|(voice, _)| (addition.message, *voice));
                    if self.dice.chance(300) {
                        self.later_act(reference);
                    }
                }
                Event::LetterWritten { audience: Audience::Resident, by_hand: false, to, kind, .. } => {
                    if let Some((message, voice)) = answering {
                        assert!(voice != Voice::Machine, "{reference}: message {message} is a machine's, and answered");
                        self.answered(to.as_str(), line.recorded_at, kind.key());
                    }
                }
                event if event.by().is_some() => answering = None,
                Event::Reminded { .. } | Event::LetterPosted { .. } => answering = None,
                _ => {}
            }
        }
    }

    /// An e-mail of somebody who works for the landlord is obeyed.
    fn hears(&mut self, reference: &str, by: &str, message: i64, link: Option<String>) {
        let (_, group) =
            self.stored.get(&message).unwrap_or_else(|| panic!("{reference}: there is no message {message}"));
        let asked = self.asked.get(group).filter(|asked| asked.by == by && asked.wants == Wants::Acts);
        let asked =
            asked.unwrap_or_else(|| panic!("{reference}: message {message} of {by} asks for nothing, and is obeyed"));
        assert!(asked.proved, "{reference}: message {message} is obeyed, and nothing shows that it came from {by}");
        assert!(self.heard_of.insert(*group), "{reference}: what message {message} asks for is done twice");
        if let Some(link) = link {
            let first = self.links_used.insert(format!("{reference} {by} {link}"));
            assert!(first, "{reference}: the prepared e-mail {link} of {by} is used twice");
        }
    }

    /// Whoever is away is not relied on, as long as anybody is there who was not written to `in_vain`.
    fn written_to_staff(
        &self,
        reference: &str,
        to: &str,
        kind: LetterKind,
        on: jiff::civil::Date,
        in_vain: &BTreeSet<String>,
    ) {
        if kind == LetterKind::Transcript || !self.world.auditor.is_away(to, on) {
            return;
        }
        let landlord = self.landlord_of(reference);
        let there = |one: &&redress::domain::landlord::Person| {
            !self.world.auditor.is_away(&one.address, on) && !in_vain.contains(&one.address)
        };
        let there = [&landlord.officer, &landlord.deputy, &landlord.manager].into_iter().filter(there).count();
        assert!(there == 0, "{reference}: a {} is written to {to}, who is away", kind.key());
    }

    /// Whom this letter did not reach, nor others about the same date.
    fn in_vain(&self, reference: &str, letter: u32) -> Vec<String> {
        let letters = &self.world.auditor.cases[reference].letters;
        let about = letters[&letter].about;
        let same =
            letters.iter().filter(|(number, other)| **number == letter || about.is_some() && other.about == about);
        same.filter(|(_, other)| other.failed()).map(|(_, other)| other.to.as_str().to_owned()).collect()
    }

    fn landlord_of(&self, reference: &str) -> &Landlord {
        let mut landlords = self.world.config.landlords.iter();
        landlords.find(|landlord| reference.starts_with(&landlord.prefix)).expect("it is configured")
    }

    fn message_of(&self, opening: &Opening) -> Option<(i64, Voice)> {
        let message = opening.message?;
        self.stored.get(&message).map(|(voice, _)| (message, *voice))
    }

    fn later_act(&mut self, reference: &str) {
        if self.diligence == 0 {
            return;
        }
        let after = self.dice.minutes(30, 24 * 60 * 9);
        self.later(after, Happening::Acts { reference: reference.to_owned() });
    }

    /// An automatic answer: there are only so many a day.
    fn answered(&mut self, to: &str, at: Timestamp, kind: &str) {
        let answers = self.answers.entry(to.to_owned()).or_default();
        answers.push(at);
        let day = answers.iter().filter(|other| **other <= at && at.duration_since(**other).as_hours() < 24).count();
        assert!(day <= self.answers_max, "{to} is sent a {kind}, the {day}th automatic answer in a day");
    }

    /// What the mail server took since the last look. `others`: others did something meanwhile.
    fn letters_taken(&mut self, others: bool) {
        let taken = self.world.server.lock().unwrap().taken[self.heard..].to_vec();
        self.heard += taken.len();
        for letter in taken {
            self.takes(&letter, others);
        }
    }

    /// What the mail server said since the last look. `known`: the step came to its end, so that the program knows.
    fn letters_settled(&mut self, known: bool) {
        let said = self.world.server.lock().unwrap().said[self.said..].to_vec();
        self.said += said.len();
        for (id, accepted) in said {
            if accepted {
                self.refused.remove(&id);
                self.sent.entry(id).or_default().known |= known;
            } else if known {
                self.refused.insert(id);
            }
        }
    }

    /// The mail server takes a letter.
    fn takes(&mut self, letter: &Letter, others: bool) {
        let id = &letter.message_id;
        self.tell(format!("taken for {}: {}", letter.to, letter.subject));
        let before = self.sent.get(id);
        assert!(before.is_none_or(|before| !before.known), "the letter {id} is sent again, and it had arrived");
        assert!(before.is_none_or(|before| before.bytes == letter.bytes), "the letter {id} has other bytes this time");
        let known = before.is_some();
        self.sent.insert(id.clone(), Sent { bytes: letter.bytes.clone(), known: false });
        self.listed |= self.world.daemon().is_some_and(|daemon| our_notice(id, &daemon.office.key).is_some());
        if let Some(daemon) = self.world.daemon()
            && let Some((reference, number)) = our_letter(id, &daemon.office.key)
            && number > 0
        {
            let letter_no = (reference.to_string(), number);
            assert!(!self.undone.contains(&letter_no), "{reference}: letter {number} leaves, and it was taken back");
            let (now, ahead) = (daemon.office.clock.now(), self.world.ahead);
            let early = self.waits.get(&letter_no).is_some_and(|(until, then)| now < *until && ahead >= *then);
            assert!(!early, "{reference}: letter {number} leaves while it can still be taken back");
            self.left.insert(letter_no);
            let case = self.world.auditor.cases.get(&reference.to_string());
            let written = case.and_then(|case| Some((case, case.letters.get(&number)?)));
            let (case, written) = written.unwrap_or_else(|| panic!("nobody wrote letter {number} of {reference}"));
            let met = written.about.filter(|duty| !case.duties.get(duty).is_some_and(|owed| owed.open()));
            let staff = written.audience == Audience::Staff;
            let theirs = self.landlord_of(&reference.to_string()).people();
            let known = theirs.iter().any(|one| one.address == letter.to);
            assert!(!staff || known, "{reference}: a letter about it leaves for {}, who does not work here", letter.to);
            assert!(others || met.is_none(), "{reference}: a reminder of {met:?} leaves, which nobody owes any more");
        }
        if !known {
            self.is_read(letter);
        }
    }

    // ── people ────────────────────────────────────────────────────────────────────────────────────────────────────

    /// Somebody, or some program, reads a letter.
    fn is_read(&mut self, letter: &Letter) {
        if self.now >= self.end {
            return;
        }
        let resident = RESIDENTS.contains(&letter.to.as_str());
        if self.strikes(Fault::Bounces) {
            self.groups += 1;
            let after = self.dice.minutes(1, 24 * 60 * 3);
            self.arrives_later(after, letter.report(self.groups), Voice::Machine);
        } else if self.strikes(Fault::OwnLettersBack) {
            let after = self.dice.minutes(0, 600);
            self.arrives_later(after, letter.bytes.clone(), Voice::Machine);
        } else if self.strikes(Fault::Absences) {
            let (voice, mail) = people::answers_by_itself(&mut self.dice, letter);
            let after = self.dice.minutes(0, 5);
            self.mailed_later(after, voice, mail);
        } else if self.world.config.landlords.iter().any(|landlord| landlord.owns(&letter.to)) {
            self.neighbours_have_it(letter);
        } else if self.robots < ROBOTS_MAX
            && self.has(Fault::NewAddresses)
            && (letter.to == RESIDENTS[3] || letter.to.ends_with(people::TICKETS))
        {
            self.robots += 1;
            let (voice, mail) = people::opens_a_ticket(&mut self.dice, letter);
            let number = self.dice.between(10_000, 99_999);
            let after = self.dice.minutes(1, 30);
            self.mailed_later(after, voice, mail.written_by(&format!("reply-{number}{}", people::TICKETS)));
        } else if self.robots < ROBOTS_MAX && letter.to == RESIDENTS[4] && self.has(Fault::TicketSystem) {
            self.robots += 1;
            let (voice, mail) = people::opens_a_ticket(&mut self.dice, letter);
            let after = self.dice.minutes(0, 3);
            self.mailed_later(after, voice, mail);
        } else if resident && self.dice.chance(250) {
            let (voice, mail) = people::answers(&mut self.dice, letter);
            let after = self.dice.minutes(10, 24 * 60 * 5);
            self.mailed_later(after, voice, mail);
        } else if let Some(landlord) = self.works_for(&letter.to).filter(|_| !self.is_to_resident(letter)) {
            self.staff_read(letter, &landlord);
        }
    }

    /// A letter of ours comes to the other landlord's mailbox.
    fn neighbours_have_it(&mut self, letter: &Letter) {
        let landlord = self.world.config.landlords.iter().find(|landlord| landlord.owns(&letter.to));
        let key = landlord.map(|landlord| landlord.key.clone());
        let mailbox = self.world.config.mailboxes.iter().find(|mailbox| Some(&mailbox.landlord) == key.as_ref());
        let Some(mailbox) = mailbox.map(|mailbox| mailbox.name.clone()) else { return };
        self.groups += 1;
        let after = self.dice.minutes(0, 5);
        self.sends_off(after, letter.bytes.clone(), Voice::Machine, self.groups, &[mailbox]);
    }

    /// Whether it is a letter to whoever a case is of: somebody who works for the landlord may be that as well.
    fn is_to_resident(&self, letter: &Letter) -> bool {
        let named = self.world.daemon().and_then(|daemon| our_letter(&letter.message_id, &daemon.office.key));
        let case =
            named.and_then(|(reference, number)| Some((self.world.auditor.cases.get(&reference.to_string())?, number)));
        case.is_some_and(|(case, number)| {
            case.letters.get(&number).is_some_and(|letter| letter.audience == Audience::Resident)
        })
    }

    fn works_for(&self, address: &str) -> Option<Landlord> {
        let mut landlords = self.world.config.landlords.iter();
        landlords.find(|landlord| landlord.people().iter().any(|one| one.address == address)).cloned()
    }

    /// Somebody of the landlord reads a letter, and may answer it, or an older one, by e-mail.
    fn staff_read(&mut self, letter: &Letter, landlord: &Landlord) {
        let kept = self.kept.entry(letter.to.clone()).or_default();
        kept.push(letter.clone());
        let older = self.dice.below(kept.len() as u64) as usize;
        let letter = if self.dice.chance(200) { kept[older].clone() } else { letter.clone() };
        let today = london_date(self.now);
        // What was done just now is undone soon, or too late.
        let soon = if says_done(&letter.subject) { 800 } else { 400 };
        let after = if self.dice.chance(soon) { self.dice.minutes(1, 8) } else { self.dice.minutes(10, 24 * 60) };
        if self.strikes(Fault::Spoofs) {
            let (asked, voice, mail) = people::spoofs(&mut self.dice, &letter, landlord, today);
            self.asked_later(after, asked, voice, mail);
        } else if self.dice.chance(self.by_email) {
            match self.dice.chance(250) {
                true => self.uses_a_link(after, &letter, today),
                false => {
                    let (asked, mail) = people::commands(&mut self.dice, &letter, landlord, today);
                    self.asked_later(after, asked, Voice::Staff, mail);
                }
            }
        }
    }

    /// A prepared e-mail is sent off: by its reader, by somebody who got hold of it, or once more.
    fn uses_a_link(&mut self, after: SignedDuration, letter: &Letter, today: jiff::civil::Date) {
        let again = self.dice.chance(300) && !self.prepared.is_empty();
        let (subject, text, by, letter) = if again {
            self.dice.pick(&self.prepared).clone()
        } else {
            let Some((subject, text)) = people::opens_a_link(&mut self.dice, letter, today) else { return };
            (subject, text, letter.to.clone(), letter.clone())
        };
        self.prepared.push((subject.clone(), text.clone(), by.clone(), letter.clone()));
        let stolen = self.strikes(Fault::Spoofs);
        let from = if stolen { self.dice.pick(&RESIDENTS).to_string() } else { by };
        let asked = Asked { by: from.clone(), proved: !stolen, wants: Wants::Acts };
        let mail = Mail::from(&from).to(&[&letter.sender]).saying(&subject, &text);
        self.asked_later(after, asked, Voice::Staff, mail);
    }

    /// An e-mail that asks for something is on its way to the landlord whose letter it is about.
    fn asked_later(&mut self, after: SignedDuration, asked: Asked, voice: Voice, mail: Mail) {
        self.groups += 1;
        let raw = mail.known_as(&format!("mail-{}@example.com", self.groups)).raw();
        self.groups += 1;
        let group = self.groups;
        self.tell(format!("{} asks for {:?}", asked.by, asked.wants));
        let landlord = self.works_for(&asked.by).map(|landlord| landlord.key);
        self.asked.insert(group, asked);
        let theirs = self.world.config.mailboxes.iter().filter(|mailbox| Some(&mailbox.landlord) == landlord.as_ref());
        let mut theirs: Vec<String> = theirs.map(|mailbox| mailbox.name.clone()).collect();
        if theirs.is_empty() {
            theirs.push("complaints".to_owned());
        }
        self.sends_off(after, raw, voice, group, &theirs);
    }

    fn mailed_later(&mut self, after: SignedDuration, voice: Voice, mail: Mail) {
        self.groups += 1;
        let raw = mail.known_as(&format!("mail-{}@example.com", self.groups)).raw();
        self.arrives_later(after, raw, voice);
    }

    /// A message is on its way, to some mailbox.
    fn arrives_later(&mut self, after: SignedDuration, raw: Vec<u8>, voice: Voice) {
        self.groups += 1;
        let mut names: Vec<String> = self.world.mailboxes.keys().cloned().collect();
        let first = if self.dice.chance(800) { "complaints".to_owned() } else { self.dice.pick(&names).clone() };
        names.retain(|name| *name != first);
        names.insert(0, first);
        self.sends_off(after, raw, voice, self.groups, &names);
    }

    /// A message is on its way to the first of these mailboxes, and perhaps more than once, and to others.
    fn sends_off(&mut self, after: SignedDuration, raw: Vec<u8>, voice: Voice, group: usize, mailboxes: &[String]) {
        let mailbox = &mailboxes[0];
        let junk = mailbox == "complaints" && self.strikes(Fault::Junk);
        let folder = if junk { "Junk" } else { "INBOX" }.to_owned();
        let arrives = |raw: Vec<u8>, mailbox: &str| Happening::Arrives {
            mailbox: mailbox.to_owned(),
            folder: folder.clone(),
            raw,
            voice,
            group,
        };
        if self.strikes(Fault::Duplicates) {
            let again = after + self.dice.minutes(0, 24 * 60);
            self.later(again, arrives(raw.clone(), mailbox));
        }
        if self.strikes(Fault::AnotherRoad) {
            let again = after + self.dice.minutes(0, 60);
            let trace = b"Received: from list.example.org by mx.example.org; Fri, 20 Nov 2026 15:00:00 +0000\r\n";
            let by_list = [trace.as_slice(), &raw].concat();
            let other = self.dice.pick(mailboxes).clone();
            self.later(again, arrives(by_list, &other));
        }
        self.later(after, arrives(raw, mailbox));
    }

    async fn acts(&mut self, reference: &str) {
        let Some(daemon) = self.world.daemon().cloned() else { return };
        let Some(case) = self.world.auditor.cases.get(reference).cloned() else { return };
        let name: Reference = reference.parse().expect("a reference");
        let landlords = &daemon.office.config.landlords;
        let landlord =
            landlords.iter().find(|landlord| reference.starts_with(&landlord.prefix)).expect("it is configured");
        let now = daemon.office.clock.now();
        let (by, command) = people::acts(&mut self.dice, &case, landlord, now);
        let told = format!("{command:?}");
        let told = told.split([' ', '(']).next().unwrap_or_default();
        self.terminal = Some(by.address.clone());
        let (office, doer) = (Arc::clone(&daemon.office), by.clone());
        let act = async move { carry_out(&office, &name, &doer, command, false).await };
        let came_of_it = match ride(&self.world.points, act).await {
            Ran::Done(Ok(_)) => "done".to_owned(),
            Ran::Done(Err(error)) => {
                let refused =
                    error.downcast_ref::<Refusal>().is_some() || error.to_string().contains("cannot be written");
                assert!(
                    refused || self.now <= self.disturbed_until || self.world.points.weather() != Weather::Fine,
                    "{told} by {}: {error:#}",
                    by.name
                );
                format!("{error:#}")
            }
            Ran::Died | Ran::Waits(_) => "in vain".to_owned(),
        };
        self.tell(format!("{} does {told} to {reference}: {came_of_it}", by.name));
        self.looks().await;
        self.terminal = None;
    }

    /// Somebody says at the terminal that they are away, or back.
    async fn leaves(&mut self) {
        let Some(daemon) = self.world.daemon().cloned() else { return };
        let landlord = self.dice.pick(&daemon.office.config.landlords).clone();
        let person = (*self.dice.pick(&landlord.people())).clone();
        let today = london_date(daemon.office.clock.now());
        let absence = if self.dice.chance(250) {
            Absence::over(&person, today)
        } else {
            let cover = (*self.dice.pick(&landlord.people())).clone();
            let cover = self.dice.chance(500).then_some(&cover);
            let until = today + self.dice.between(1, 14).days();
            let Ok(absence) = Absence::announced(&person, until, cover, &landlord, today) else { return };
            absence
        };
        self.tell(format!("{} is away until {}, {:?}", person.name, absence.until, absence.cover));
        let note = AwayNote { by: person.address, absence };
        let said = daemon.office.store.record_absence(&note, daemon.office.clock.now()).await;
        said.expect("the database works");
    }

    // ── what happens outside ──────────────────────────────────────────────────────────────────────────────────────

    async fn happens(&mut self, happening: Happening) {
        match happening {
            Happening::Writes => {
                let from = *self.dice.pick(&RESIDENTS);
                let neighbour = self.world.config.landlords.get(1).map(|landlord| landlord.addresses[0].clone());
                let neighbour =
                    neighbour.filter(|_| self.strikes(Fault::Neighbours) || self.strikes(Fault::Neighbours));
                let from = neighbour.as_deref().unwrap_or(from);
                let (mut voice, mail) = people::writes(&mut self.dice, from);
                if neighbour.is_some() {
                    voice = Voice::Unclear;
                }
                if self.strikes(Fault::Killers) {
                    voice = Voice::Killer;
                }
                let after = self.dice.minutes(0, 3);
                self.mailed_later(after, voice, mail);
                if self.strikes(Fault::Poison) {
                    let raw = self.dice.pick(oddities()).clone();
                    self.arrives_later(after, raw, Voice::Oddity);
                }
            }
            Happening::Arrives { mailbox, mut folder, raw, voice, group } => {
                // A rule of somebody's mail program files it before the program can see it.
                let kept = self.world.config.mailboxes.iter().find(|config| config.name == mailbox);
                let kept = kept.and_then(|config| config.move_to.clone());
                if let Some(kept) = kept.as_ref().filter(|_| folder == "INBOX")
                    && self.strikes(Fault::MovedByHand)
                {
                    folder.clone_from(kept);
                }
                self.tell(format!("{voice:?} arrives in {mailbox}/{folder}"));
                if self.strikes(Fault::UidGaps) {
                    let gap = self.dice.below(50) as u32;
                    let mut lying = self.world.mailboxes[&mailbox].lock().unwrap();
                    *lying.last_uid.entry(folder.clone()).or_default() += gap;
                }
                self.world.arrives_raw(&mailbox, &folder, &raw);
                // Of what is not given nobody knows when it came, should a copy of it be read before.
                let given = {
                    let lying = self.world.mailboxes[&mailbox].lock().unwrap();
                    lying.withheld.is_none_or(|withheld| lying.last_uid[&folder] != withheld)
                };
                let seen = given && kept.is_none_or(|kept| kept != folder);
                let arrived = if seen { self.now } else { Timestamp::MAX };
                let key = (mailbox.clone(), Sha256::digest(&raw).into());
                let delivered = Delivered { mailbox, arrived, voice, group, named: is_named(&raw) };
                let delivered = self.delivered.entry(key).or_insert(delivered);
                // What was merely listed when it lay among the junk is looked at anew, should it come again.
                delivered.arrived = if voice == Voice::Oddity { arrived } else { delivered.arrived.min(arrived) };
            }
            Happening::Acts { reference } => {
                if self.world.daemon().is_some() && !self.asleep {
                    self.acts(&reference).await;
                }
                if self.dice.chance(self.diligence) {
                    self.later_act(&reference);
                }
            }
            Happening::LetsGo => {
                if !self.asleep && self.now > self.disturbed_until {
                    self.lets_go().await;
                }
            }
            Happening::Starts => {
                if self.asleep {
                    self.later(SignedDuration::from_mins(10), Happening::Starts);
                } else {
                    self.starts().await;
                }
            }
            Happening::Wakes => {
                self.tell("the machine wakes");
                self.asleep = false;
                self.disturbed();
            }
            Happening::GoesWrong => self.goes_wrong().await,
            Happening::ComesRight => {
                self.steady_since = self.now;
                self.world.points.set_weather(Weather::Fine, 0);
                for lying in self.world.mailboxes.values() {
                    let mut lying = lying.lock().unwrap();
                    (lying.trouble, lying.withheld) = (None, None);
                }
                self.world.server.lock().unwrap().everybody = None;
                self.tell("the trouble is over");
            }
            Happening::Leaves => self.leaves().await,
            Happening::OperatorHears { since } => self.operator_has_heard(since).await,
            Happening::GoesLive => {
                self.tell("sending = live");
                self.world.config.sending = Sending::Live;
                self.world.stop().await;
                self.later(SignedDuration::from_secs(5), Happening::Starts);
            }
        }
    }

    async fn goes_wrong(&mut self) {
        let faults: Vec<Fault> = self.rates.keys().copied().collect();
        if faults.is_empty() {
            return;
        }
        let fault = *self.dice.pick(&faults);
        let felt = self.dice.between(1, 30) as u32;
        let mut lasts = self.dice.minutes(1, 300);
        match fault {
            Fault::DatabaseLocked => self.world.points.set_weather(Weather::Locked, felt),
            Fault::DiskFull => self.world.points.set_weather(Weather::Full, felt),
            Fault::MailboxTrouble => {
                let troubles = [
                    Trouble::Down,
                    Trouble::NoLogin,
                    Trouble::NoList,
                    Trouble::Empty,
                    Trouble::NotYet,
                    Trouble::Nonsense,
                    Trouble::MovesInSilence,
                ];
                let trouble = *self.dice.pick(&troubles);
                self.tell(format!("{trouble:?}"));
                for lying in self.world.mailboxes.values() {
                    lying.lock().unwrap().trouble = Some(trouble);
                }
            }
            Fault::Withheld => {
                let mut lying = self.world.mailboxes["complaints"].lock().unwrap();
                lying.withheld = Some(lying.last_uid.get("INBOX").map_or(1, |last| last + 1));
                drop(lying);
                for _ in 0..2 {
                    let after = self.dice.minutes(0, 30);
                    self.later(after, Happening::Writes);
                }
            }
            Fault::MailboxRebuilt => {
                for lying in self.world.mailboxes.values() {
                    lying.lock().unwrap().is_rebuilt();
                }
            }
            Fault::MovedByHand => self.somebody_moves_mail(),
            Fault::NoLogin => self.world.server.lock().unwrap().everybody = Some(Answer::NoLogin),
            Fault::Silent => self.world.server.lock().unwrap().everybody = Some(Answer::Silent),
            Fault::Later => self.world.server.lock().unwrap().everybody = Some(Answer::NotNow),
            Fault::ClockJumps => {
                let jump = *self.dice.pick(&[
                    -10 * 86_400,
                    -86_400,
                    -7_200,
                    -3_600,
                    -60,
                    60,
                    3_600,
                    7_200,
                    86_400,
                    10 * 86_400,
                    40 * 86_400,
                    40 * 86_400,
                ]);
                self.world.ahead = SignedDuration::from_secs(if self.dice.chance(400) { 0 } else { jump });
                self.tell(format!("the clock goes {} s ahead", self.world.ahead.as_secs()));
                self.set_clock(self.now);
                lasts = SignedDuration::from_hours(12);
            }
            Fault::Sleeps => {
                self.tell("the machine sleeps");
                self.asleep = true;
                let until = self.dice.minutes(10, 10 * 24 * 60);
                self.later(until, Happening::Wakes);
            }
            Fault::Stops => {
                self.tell("the program is stopped");
                self.world.stop().await;
                let until = self.dice.minutes(1, 3 * 24 * 60);
                self.later(until, Happening::Starts);
            }
            Fault::NewHoliday => {
                let day = london_date(self.now) + self.dice.between(2, 20).days();
                self.tell(format!("{day} is proclaimed a bank holiday"));
                self.world.config.holidays_added.push((day, "A royal wedding".to_owned()));
                self.world.stop().await;
                self.later(SignedDuration::from_secs(5), Happening::Starts);
            }
            Fault::Holds => {
                self.world.config.sending = Sending::Hold;
                self.world.stop().await;
                self.later(SignedDuration::from_secs(5), Happening::Starts);
                self.later(lasts, Happening::GoesLive);
            }
            Fault::NewLadder => {
                let officer = self.dice.between(1, 4);
                self.world.config.reminders.officer_before = officer as u8;
                self.world.config.reminders.deputy_before = self.dice.between(1, officer) as u8;
                self.world.stop().await;
                self.later(SignedDuration::from_secs(5), Happening::Starts);
            }
            _ => return,
        }
        if fault == Fault::MailboxTrouble {
            for after in [70, 75] {
                let since = self.now;
                self.later(SignedDuration::from_mins(after), Happening::OperatorHears { since });
            }
        } else {
            self.steady_since = self.now;
        }
        self.tell(format!("{fault:?}"));
        self.disturbed_until = self.disturbed_until.max(self.now + lasts + SignedDuration::from_hours(2));
        self.later(lasts, Happening::ComesRight);
    }

    /// A mailbox that could not be read for more than an hour is the operator's affair.
    async fn operator_has_heard(&mut self, since: Timestamp) {
        let unread = |lying: &Arc<Mutex<Lying>>| {
            matches!(lying.lock().unwrap().trouble, Some(Trouble::Down | Trouble::NoLogin | Trouble::NoList))
        };
        let there = self.world.daemon().is_some() && !self.asleep && self.steady_since <= since;
        if self.now.duration_since(since) < SignedDuration::from_mins(75)
            || !there
            || !self.world.mailboxes.values().any(unread)
        {
            return;
        }
        // The program looks every few seconds, however slow its other rounds are.
        if self.step(Round::Watch).await.is_none() || self.steady_since > since {
            return;
        }
        let told = self.told_to_operator().await;
        let heard = told.iter().any(|(name, (told, over))| name.contains("is not being read") && told > over);
        assert!(heard, "no mailbox was read for 75 minutes, and the operator heard only of {told:?}");
    }

    /// How often the operator heard of each trouble, and that it was over, by letter or the second way.
    async fn told_to_operator(&mut self) -> BTreeMap<String, (usize, usize)> {
        let mut told: BTreeMap<String, (usize, usize)> = BTreeMap::new();
        let mut lines = self.world.auditor.told_by_letter().await;
        lines.extend(self.world.second_way().lines().map(str::to_owned));
        for words in lines.iter().filter_map(|line| line.strip_prefix("Redress: ")) {
            match words.strip_prefix("over: ") {
                Some(name) => told.entry(name.to_owned()).or_default().1 += 1,
                None => told.entry(words.to_owned()).or_default().0 += 1,
            }
        }
        told
    }

    /// Somebody tidies up with a mail program of their own.
    fn somebody_moves_mail(&mut self) {
        let names: Vec<String> = self.world.mailboxes.keys().cloned().collect();
        let mut lying = self.world.mailboxes[self.dice.pick(&names)].lock().unwrap();
        let folders: Vec<String> =
            lying.folders.iter().filter(|(_, messages)| !messages.is_empty()).map(|(name, _)| name.clone()).collect();
        if folders.is_empty() {
            return;
        }
        let from = self.dice.pick(&folders).clone();
        let messages = lying.folders.get_mut(&from).expect("listed above");
        let (_, arrived, raw) = messages.remove(self.dice.below(messages.len() as u64) as usize);
        let to = *self.dice.pick(&["INBOX", "Kept", "Junk", "INBOX"]);
        lying.puts(to, arrived, raw);
    }

    // ── the end ───────────────────────────────────────────────────────────────────────────────────────────────────

    /// All faults are over, and nobody writes any more: what was begun comes to its end.
    async fn ends(&mut self) {
        self.tell("all faults are over");
        self.once = self.rates.keys().copied().collect();
        self.rates.clear();
        self.agenda.clear();
        self.asleep = false;
        self.world.points.set_weather(Weather::Fine, 0);
        for lying in self.world.mailboxes.values() {
            let mut lying = lying.lock().unwrap();
            (lying.trouble, lying.withheld, lying.keeps_everything) = (None, None, false);
        }
        {
            let mut server = self.world.server.lock().unwrap();
            (server.everybody, server.minded) = (None, None);
            server.answers.clear();
        }
        if self.world.config.sending == Sending::Hold || self.dice.chance(500) {
            self.world.config.sending = Sending::Live;
            self.world.stop().await;
        }
        self.world.ahead = SignedDuration::ZERO;
        self.listed = false;
        let until = self.now + SignedDuration::from_hours(24 * 7);
        self.disturbed_until = self.now + SignedDuration::from_hours(12);
        self.set_clock(self.now);
        self.starts().await;
        while self.now < until {
            self.goes_on().await;
        }
        self.set_clock(next_noon(until));
        self.works().await;
        self.lets_go().await;
        self.all_is_well().await;
        self.rests().await;
    }

    /// Somebody lets go what the limits hold, as often as new letters are held.
    async fn lets_go(&mut self) {
        loop {
            let Some(daemon) = self.world.daemon().cloned() else { return };
            let store = &daemon.office.store;
            let letters = store.outbox(0, 100_000).await.expect("it can be read");
            let held: Vec<i64> = {
                let by_limit = letters.iter().filter(|row| row.state == "held" && row.brake.is_some());
                by_limit.map(|row| row.id).collect()
            };
            if held.is_empty() {
                return;
            }
            self.tell(format!("{} letters that the limits hold are let go", held.len()));
            for id in held {
                let letter = store.letter(id).await.expect("it can be read").expect("it was listed");
                let let_go = release(&daemon.office, &letter, LetGo::ForGood).await;
                assert!(let_go.is_ok() || self.now <= self.disturbed_until, "letter {id}: {let_go:?}");
            }
            brakes::look(&daemon.office).await.expect("the database works");
            drop(daemon);
            self.works().await;
        }
    }

    /// Nothing is lost, nothing waits, and nobody was left in the dark.
    async fn all_is_well(&mut self) {
        let daemon = Arc::clone(self.world.daemon().expect("it runs"));
        let store = &daemon.office.store;
        self.world.auditor.agrees(&daemon.office).await;
        self.world.auditor.at_rest(&daemon.office).await;
        let inbox = store.inbox(0, 100_000).await.expect("it can be read");
        let mut taken: BTreeMap<(String, [u8; 32]), Vec<usize>> = BTreeMap::new();
        for (at, row) in inbox.iter().enumerate() {
            assert_ne!(row.state, "new", "message {} was never handled", row.id);
            let raw = store.message(row.id).await.expect("it can be read").expect("it was listed").raw;
            let digest = Sha256::digest(raw.expect("nothing was erased")).into();
            taken.entry((row.mailbox.clone(), digest)).or_default().push(at);
        }
        // What the server would not give for hours is logged empty, and a person looks for it in the mailbox.
        let mut empty = BTreeSet::new();
        for name in self.world.mailboxes.keys() {
            let ledger = store.ledger(name).await.expect("it can be read");
            let entries = ledger.into_iter().filter(|entry| entry.size == 0);
            empty.extend(entries.map(|entry| (name.clone(), entry.folder, entry.uidvalidity, entry.uid)));
        }
        for (name, lying) in &self.world.mailboxes {
            let lying = lying.lock().unwrap();
            for folder in ["INBOX", "Logged", "Junk"] {
                let watched = folder != "Junk" || name == "complaints";
                for (uid, _, raw) in lying.folders.get(folder).into_iter().flatten().filter(|_| watched) {
                    let key = (name.clone(), Sha256::digest(raw).into());
                    let place = (name.clone(), folder.to_owned(), lying.uidvalidity, uid.to_string());
                    let there = taken.contains_key(&key) || empty.contains(&place);
                    assert!(there, "message {uid} in {name}/{folder} was never stored");
                }
            }
        }
        let mut cases: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
        for (key, delivered) in &self.delivered {
            let Some(rows) = taken.get(key) else { continue };
            let rows: Vec<_> = rows.iter().map(|at| &inbox[*at]).collect();
            let complaint = matches!(delivered.voice, Voice::Complaint | Voice::Danger);
            let on_a_case = rows.iter().any(|row| !row.cases().is_empty());
            assert!(!complaint || on_a_case, "a complaint in {} became no case: {rows:?}", delivered.mailbox);
            // What is set aside was never read, so it cannot be told from its copy under other trace headers: each is put
            // before a person. What nothing names may be another message of the same words.
            let unread = rows.iter().any(|row| row.state == "set_aside");
            if unread || !delivered.named {
                continue;
            }
            let opened = cases.entry(delivered.group).or_default();
            for (reference, case) in &self.world.auditor.cases {
                let by =
                    case.opening.as_ref().and_then(|opening| opening.message.filter(|_| opening.logged_by.is_none()));
                if rows.iter().any(|row| Some(row.id) == by) {
                    opened.insert(reference);
                }
            }
        }
        let landlords = daemon.office.config.landlords.len();
        for opened in cases.values() {
            assert!(opened.len() <= landlords, "one message, several cases: {opened:?}");
        }
        for row in store.outbox(0, 100_000).await.expect("it can be read") {
            let waits = matches!(row.state.as_str(), "queued" | "sending" | "held");
            assert!(!waits, "letter {} to {} is {} still: {:?}", row.id, row.recipient, row.state, row.reply);
        }
        self.everybody_was_answered(&inbox, &taken).await;
        self.operator_knows_all().await;
        let letters = self.sent.keys().filter_map(|id| our_letter(id, &daemon.office.key));
        let taken: BTreeSet<(String, u32)> = letters.map(|(case, number)| (case.to_string(), number)).collect();
        for (reference, case) in &self.world.auditor.cases {
            let sent = case.letters.iter().filter(|(_, letter)| matches!(letter.outcome, Some(Outcome::Sent { .. })));
            for (number, _) in sent {
                let there = taken.contains(&(reference.clone(), *number));
                assert!(there, "letter {number} of {reference} never left, and its history says that it did");
            }
        }
        for id in &self.refused {
            let Some((reference, number)) = our_letter(id, &daemon.office.key).filter(|(_, number)| *number > 0) else {
                continue;
            };
            let case = &self.world.auditor.cases[&reference.to_string()];
            let outcome = case.letters[&number].outcome.as_ref();
            let known = !matches!(outcome, None | Some(Outcome::Sent { .. } | Outcome::Dropped));
            assert!(known, "letter {number} of {reference} was refused, and its history says {outcome:?}");
        }
    }

    /// What the landlord's people asked for by e-mail was done, or they were told why not.
    async fn everybody_was_answered(&self, inbox: &[InboxRow], taken: &BTreeMap<(String, [u8; 32]), Vec<usize>>) {
        let mut handled: BTreeSet<usize> = BTreeSet::new();
        for (key, delivered) in &self.delivered {
            let rows = taken.get(key).into_iter().flatten().map(|at| &inbox[*at]);
            if rows.into_iter().any(|row| row.state == "handled" && row.folder != "Junk") {
                handled.insert(delivered.group);
            }
        }
        let letters = self.world.outbox().await;
        let mut people: BTreeSet<&str> = self.asked.values().map(|asked| asked.by.as_str()).collect();
        people.retain(|one| self.works_for(one).is_some());
        for one in people {
            let asked = |wants: Wants| {
                let theirs = self.asked.iter().filter(move |(_, asked)| asked.by == one && asked.proved);
                theirs.filter(move |(_, asked)| asked.wants == wants).map(|(group, _)| *group)
            };
            let demanded = |wants| asked(wants).filter(|group| handled.contains(group)).count();
            let answers = || {
                let to_them = letters.iter().filter(|letter| letter.recipient == one);
                to_them.filter(|letter| matches!(letter.kind.as_str(), "transcript" | "answer"))
            };
            let wanted: usize =
                [Wants::Acts, Wants::Undo, Wants::Absence, Wants::Answer].into_iter().map(demanded).sum();
            let answered = answers().count();
            assert!(answered >= wanted, "{one} asked for {wanted} things, and was answered {answered} times");
            let in_their_name = self
                .delivered
                .values()
                .filter(|delivered| self.asked.get(&delivered.group).is_some_and(|asked| asked.by == one));
            let written = in_their_name.count();
            assert!(answered <= written, "{one} wrote {written} times, and was answered {answered} times");
            let undone = asked(Wants::Acts).filter(|group| handled.contains(group) && !self.heard_of.contains(group));
            let (undone, why) = (undone.count(), answers().filter(|letter| !says_done(&letter.subject)).count());
            assert!(
                why >= undone,
                "{undone} things that {one} asked for were not done, and they were told why {why} times"
            );
        }
    }

    /// Each trouble was told once, and once that it is over; the mailboxes agree with the ledger, and so do the letters.
    async fn operator_knows_all(&mut self) {
        let daemon = Arc::clone(self.world.daemon().expect("it runs"));
        let compared = self.world.compares().await;
        assert!(compared.differences.is_empty(), "server and ledger: {:?}", compared.differences);
        let open = daemon.office.store.alarms().await.expect("it can be read");
        // A clock that was ahead has written the lists of these days: nothing has shown since that staff can be reached.
        let listed = self.listed;
        let unshown = |name: &str| name == "letters to staff" && !listed;
        let open: Vec<_> = open.iter().filter(|alarm| !unshown(&alarm.name)).collect();
        assert!(open.is_empty(), "faults are over, and the operator believes in {open:?}");
        let interrupted = [Fault::Dies, Fault::Fails, Fault::DatabaseLocked, Fault::DiskFull];
        let told = self.told_to_operator().await;
        // What concerns their own mail is told both ways.
        let exact = !self.once.iter().any(|fault| interrupted.contains(fault)) && !told.contains_key("operator's mail");
        for (name, (told, over)) in told {
            assert!(
                !exact || told == over || unshown(&name),
                "the operator was told {told} times of {name}, and {over} times that it is over"
            );
        }
    }

    /// A quiet program that starts anew changes nothing and sends nothing.
    async fn rests(&mut self) {
        let before = (self.world.everything().await, self.world.server.lock().unwrap().taken.len());
        self.world.restart().await;
        self.world.looks().await;
        let after = (self.world.everything().await, self.world.server.lock().unwrap().taken.len());
        assert!(before == after, "a restart changed something:\n{before:?}\n{after:?}");
        for line in before.0 {
            self.tell(line);
        }
    }
}

fn configure(dice: &mut Dice, config: &mut Config) {
    config.answer_mail_since = date(2026, 11, 1);
    config.limits.answers_per_address_per_day = *dice.pick(&[2, 3, 10]);
    config.limits.handle_attempts = *dice.pick(&[2, 5]);
    // How full the disk of whoever plays is tells nothing.
    config.limits.free_disk_bytes = 0;
    if dice.chance(250) {
        let mut rate = |hour: i64| {
            let hour = dice.between(hour, 3 * hour) as u32;
            Rate::of(hour, 2 * hour)
        };
        let (address, message, case) = (rate(2), rate(2), rate(3));
        config.limits.letters.residents = Rates { address, message, case, landlord: rate(5), all: rate(6) };
        let (address, message, case) = (rate(6), rate(3), rate(4));
        config.limits.letters.staff = Rates { address, message, case, landlord: rate(10), all: rate(12) };
    }
    if dice.chance(400) {
        config.mailboxes[0].move_to = Some("Logged".to_owned());
    }
    if dice.chance(150) {
        config.sending = Sending::Hold;
    }
    if dice.chance(200) {
        config.landlords[0].acknowledge = Acknowledge::AfterReview;
    }
}

/// Noon of the first working day that is no bank holiday, for all that matters here, after a moment.
fn next_noon(after: Timestamp) -> Timestamp {
    let day = london_date(after) + 1.day();
    london(day, 12, 0)
}

/// Whether a Message-ID or a date tells a message from another of the same words.
fn is_named(raw: &[u8]) -> bool {
    let read = MessageParser::default().parse_headers(raw);
    read.is_some_and(|read| read.message_id().is_some() || read.date().is_some())
}

/// Messages that were met in the wild.
fn oddities() -> &'static [Vec<u8>] {
    static ODDITIES: std::sync::OnceLock<Vec<Vec<u8>>> = std::sync::OnceLock::new();
    ODDITIES.get_or_init(|| {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/messages");
        let files = std::fs::read_dir(folder).expect("there are fixtures").map(|entry| entry.expect("a file").path());
        let mut files: Vec<_> = files.filter(|path| path.extension().is_some_and(|ext| ext == "eml")).collect();
        files.sort();
        files.into_iter().map(|path| std::fs::read(path).expect("a fixture")).collect()
    })
}
