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
use redress::config::{Config, Sending};
use redress::daemon::command::carry_out;
use redress::daemon::{Progress, digest, start};
use redress::domain::calendar::{london, london_date};
use redress::domain::case::{Audience, Event, Opening, Outcome, Recorded, Refusal};
use redress::domain::landlord::Acknowledge;
use redress::domain::letter::our_letter;
use redress::domain::reference::Reference;
use sha2::{Digest as _, Sha256};

use crate::people::{self, Dice, RESIDENTS, Voice};
use crate::sim::points::{Fate, Ran, Weather, go, ride};
use crate::sim::{Answer, Letter, Mail, Round, Second, Trouble, World, words};

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
}

const FAULTS: [Fault; 30] = [
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
    Starts,
    Wakes,
    /// Something outside goes wrong, if it is among the seed's faults.
    GoesWrong,
    ComesRight,
    GoesLive,
}

/// A message that was delivered.
struct Delivered {
    mailbox: String,
    voice: Voice,
    /// Copies of one message have one number.
    group: usize,
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
    /// Stored messages by number, with what they are.
    stored: BTreeMap<i64, (Voice, usize)>,
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
            deaths: 0,
            heard: 0,
            said: 0,
            sent: BTreeMap::new(),
            refused: BTreeSet::new(),
            answers: BTreeMap::new(),
            answers_max,
        };
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
        loop {
            let Some(daemon) = self.world.daemon().cloned() else { return };
            let mut rounds = daemon.rounds();
            drop(daemon);
            let mut made = false;
            while !rounds.is_empty() {
                let round = rounds.swap_remove(self.dice.below(rounds.len() as u64) as usize);
                match self.step(round).await {
                    None => return,
                    Some(progress) => made |= progress == Progress::Made,
                }
                left -= 1;
                if left <= 0 {
                    assert!(hasty, "it never comes to rest");
                    return;
                }
            }
            if !made {
                break;
            }
        }
        let Some(daemon) = self.world.daemon().cloned() else { return };
        if self.dice.chance(100) {
            self.world.auditor.agrees(&daemon.office).await;
        }
        if self.now > self.disturbed_until {
            self.world.auditor.at_rest(&daemon.office).await;
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
            self.tell(format!("message {} stored: {:?} in {}/{}", row.id, what.0, row.mailbox, row.folder));
        }
        let grown = self.world.auditor.look(&daemon.office).await;
        for (reference, lines) in grown {
            self.reads(&reference, &lines);
        }
    }

    /// New lines of a history.
    fn reads(&mut self, reference: &str, lines: &[Recorded]) {
        let mut answering: Option<(i64, Voice)> = None;
        for line in lines {
            self.tell(format!("{reference}: {}", words(&line.event)));
            match &line.event {
                Event::Opened(opening) => {
                    answering = self.message_of(opening);
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

    fn message_of(&self, opening: &Opening) -> Option<(i64, Voice)> {
        let message = opening.message?;
        self.stored.get(&message).map(|(voice, _)| (message, *voice))
    }

    fn later_act(&mut self, reference: &str) {
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
        if let Some(daemon) = self.world.daemon()
            && let Some((reference, number)) = our_letter(id, &daemon.office.key)
            && number > 0
        {
            let case = self.world.auditor.cases.get(&reference.to_string());
            let written = case.and_then(|case| Some((case, case.letters.get(&number)?)));
            let (case, written) = written.unwrap_or_else(|| panic!("nobody wrote letter {number} of {reference}"));
            let met = written.about.filter(|duty| !case.duties.get(duty).is_some_and(|owed| owed.open()));
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
        } else if resident && letter.to == RESIDENTS[4] && self.has(Fault::TicketSystem) {
            let (voice, mail) = people::opens_a_ticket(&mut self.dice, letter);
            let after = self.dice.minutes(0, 3);
            self.mailed_later(after, voice, mail);
        } else if resident && self.dice.chance(250) {
            let (voice, mail) = people::answers(&mut self.dice, letter);
            let after = self.dice.minutes(10, 24 * 60 * 5);
            self.mailed_later(after, voice, mail);
        } else if !resident && self.dice.chance(30) {
            let (voice, mail) = people::writes_back(&mut self.dice, letter);
            let after = self.dice.minutes(10, 24 * 60);
            self.mailed_later(after, voice, mail);
        }
    }

    fn mailed_later(&mut self, after: SignedDuration, voice: Voice, mail: Mail) {
        self.groups += 1;
        let raw = mail.known_as(&format!("mail-{}@example.com", self.groups)).raw();
        self.arrives_later(after, raw, voice);
    }

    /// A message is on its way, and perhaps more than once.
    fn arrives_later(&mut self, after: SignedDuration, raw: Vec<u8>, voice: Voice) {
        self.groups += 1;
        let group = self.groups;
        let names: Vec<String> = self.world.mailboxes.keys().cloned().collect();
        let mailbox = if self.dice.chance(800) { "complaints".to_owned() } else { self.dice.pick(&names).clone() };
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
            self.later(again, arrives(raw.clone(), &mailbox));
        }
        if self.strikes(Fault::AnotherRoad) {
            let again = after + self.dice.minutes(0, 60);
            let trace = b"Received: from list.example.org by mx.example.org; Fri, 20 Nov 2026 15:00:00 +0000\r\n";
            let by_list = [trace.as_slice(), &raw].concat();
            let other = self.dice.pick(&names).clone();
            self.later(again, arrives(by_list, &other));
        }
        self.later(after, arrives(raw, &mailbox));
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
    }

    // ── what happens outside ──────────────────────────────────────────────────────────────────────────────────────

    async fn happens(&mut self, happening: Happening) {
        match happening {
            Happening::Writes => {
                let from = *self.dice.pick(&RESIDENTS);
                let (mut voice, mail) = people::writes(&mut self.dice, from);
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
            Happening::Arrives { mailbox, folder, raw, voice, group } => {
                self.tell(format!("{voice:?} arrives in {mailbox}/{folder}"));
                let key = (mailbox.clone(), Sha256::digest(&raw).into());
                self.delivered.entry(key).or_insert(Delivered { mailbox: mailbox.clone(), voice, group });
                if self.strikes(Fault::UidGaps) {
                    let gap = self.dice.below(50) as u32;
                    let mut lying = self.world.mailboxes[&mailbox].lock().unwrap();
                    *lying.last_uid.entry(folder.clone()).or_default() += gap;
                }
                self.world.arrives_raw(&mailbox, &folder, &raw);
            }
            Happening::Acts { reference } => {
                if self.world.daemon().is_some() && !self.asleep {
                    self.acts(&reference).await;
                }
                if self.dice.chance(850) {
                    self.later_act(&reference);
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
                self.world.points.set_weather(Weather::Fine, 0);
                for lying in self.world.mailboxes.values() {
                    let mut lying = lying.lock().unwrap();
                    (lying.trouble, lying.withheld) = (None, None);
                }
                self.world.server.lock().unwrap().everybody = None;
                self.tell("the trouble is over");
            }
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
                let jump = *self.dice.pick(&[-86_400, -7_200, -3_600, -60, 60, 3_600, 7_200, 86_400, 10 * 86_400]);
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
            _ => return,
        }
        self.tell(format!("{fault:?}"));
        self.disturbed_until = self.disturbed_until.max(self.now + lasts + SignedDuration::from_hours(2));
        self.later(lasts, Happening::ComesRight);
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
        }
        if self.world.config.sending == Sending::Hold || self.dice.chance(500) {
            self.world.config.sending = Sending::Live;
            self.world.stop().await;
        }
        let skew = self.world.ahead;
        self.world.ahead = SignedDuration::ZERO;
        // Letters that a clock gone ahead put off are late by as much.
        let until = self.now + skew.abs() + SignedDuration::from_hours(24 * 7);
        self.disturbed_until = self.now + skew.abs() + SignedDuration::from_hours(12);
        self.set_clock(self.now);
        self.starts().await;
        while self.now < until {
            self.goes_on().await;
        }
        self.set_clock(next_noon(until));
        self.works().await;
        self.all_is_well().await;
        self.rests().await;
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
            // What brings the program down is never read, so it cannot be told from its copy under other trace headers: each
            // is put before a person.
            if delivered.voice == Voice::Killer {
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
