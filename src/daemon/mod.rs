//! GOES ROUND. Moves things between mailbox, database, `domain` and mail server; decides nothing.
//!
//! Each round is a step and a trivial loop around it: production calls [`run`], `redress run --once`, the demo and the
//! tests call [`work_off`]. Steps ask the clock once and pass `now` down.

mod asked;
pub mod brakes;
pub mod clock;
pub mod command;
pub mod digest;
pub mod handle;
pub mod health;
pub mod lease;
pub mod office;
pub mod operator;
pub mod receive;
pub mod reconcile;
pub mod remind;
pub mod renamed;
pub mod restored;
pub mod send;
pub mod shadow;
pub mod watch;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use futures::FutureExt as _;
use jiff::SignedDuration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::{error, info, warn};

use self::clock::Clock;
use self::lease::Heartbeat;
use self::office::Office;
use self::receive::{Fault, Receive};
use self::send::Route;
use self::watch::Pulse;
use crate::config::Config;
use crate::domain::calendar::next_look;
use crate::mail::backoff::{Backoff, suggested};
use crate::mail::mailbox::{AnyMailbox, Mailbox, MailboxError};
use crate::mail::transport::{AnyTransport, Transport};
use crate::store::{FOR_ALL, Store};

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Something was done; there may be more.
    Made,
    /// Nothing waits.
    Idle,
}

/// A round that found nothing looks again after this at the latest, whatever rings.
const LOOK_AGAIN: Duration = Duration::from_secs(30);
/// A round whose database failed waits this long.
const DATABASE_RESTS: Duration = Duration::from_secs(10);
/// A mailbox that refuses the login rests this long: fast tries lock accounts.
const LOGIN_RESTS: Duration = Duration::from_secs(10 * 60);
/// No message or letter is put off for longer, whatever went wrong.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(24);
/// How long the rounds may take to end when the program is told to stop.
const STOP_MAX: Duration = Duration::from_secs(60);
/// How long it tries then to note that it was told to.
const NOTE_MAX: Duration = Duration::from_secs(5);

/// Does what a daemon does before its rounds start: letters in doubt go again, unless the database is a restored copy; held
/// ones are let go when the configuration says so, dates are looked at with today's ladder and calendar, and what the
/// configuration does not have any more is no trouble any more.
///
/// Several daemons may do so at once: a letter is resumed, released or dropped by who comes first, a restored copy is settled
/// in on once, and of two looks at a date the second sees what the first changed.
///
/// # Errors
///
/// The database's; or the configuration no longer fits the database.
pub async fn start(office: &Office) -> anyhow::Result<()> {
    let resumed = office.store.resume(office.clock.now()).await?;
    restored::settle_in(office).await?;
    let released = send::release_held(office).await?;
    set_right(office).await?;
    brakes::look(office).await?;
    operator::end_what_is_gone(office).await?;
    if resumed + released > 0 {
        info!(resumed, released, "Letters of an earlier run go on");
    }
    Ok(())
}

/// Looks at every date with today's ladder, calendar and clock, and at what waits for a try that a clock set too far ahead
/// has put off.
///
/// # Errors
///
/// The database's.
async fn set_right(office: &Office) -> anyhow::Result<()> {
    let now = office.clock.now();
    let near = office.store.bring_near(now + LONGEST_WAIT, now).await?;
    if near > 0 {
        warn!(near, "The clock was ahead; what it had put off is tried now");
    }
    remind::refresh(office).await
}

/// Handles and sends everything that waits and everything that is due now.
///
/// # Errors
///
/// The database's.
pub async fn work_off<T: Transport>(office: &Office, transport: &mut T, route: &mut Route) -> anyhow::Result<()> {
    loop {
        let mut made = false;
        while handle::step(office).await? == Progress::Made {
            made = true;
        }
        while remind::step(office).await? == Progress::Made {
            made = true;
        }
        while send::step(office, transport, route).await? == Progress::Made {
            made = true;
        }
        if !made {
            return Ok(());
        }
    }
}

/// What `redress run --once` came to.
#[derive(Clone, Debug, Default)]
pub struct Once {
    /// Messages taken in.
    pub taken: usize,
    /// Mailboxes that could not be read, with the reason.
    pub unread: Vec<(String, String)>,
    /// Letters that should have left and did not.
    pub unsent: i64,
    /// Messages that could not be handled yet.
    pub unhandled: i64,
}

/// Takes in all that waits, sends all that is due now, and returns.
///
/// # Errors
///
/// The database's, or [`renamed::Renamed`].
pub async fn once(office: &Arc<Office>) -> anyhow::Result<Once> {
    renamed::refuse(&office.config, &office.store).await?;
    let heartbeat = Heartbeat::begin(office).await?;
    tokio::select! {
        done = one_round(office) => done,
        ended = heartbeat.goes_on() => ended.and_then(|()| bail!("The lease is not renewed any more")),
    }
}

async fn one_round(office: &Arc<Office>) -> anyhow::Result<Once> {
    start(office).await?;
    let failed_before = office.store.counts().await?.outbox.get("failed").copied().unwrap_or(0);
    let mut done = Once::default();
    for config in &office.config.mailboxes {
        if !office.store.holds(&config.name) {
            done.unread.push((config.name.clone(), "another daemon reads it".to_owned()));
            continue;
        }
        let mut receive = Receive::new(Arc::clone(office), config.clone(), AnyMailbox::new(config.source.clone()));
        match receive.look().await {
            Ok(new) => done.taken += new,
            Err(fault) => done.unread.push((config.name.clone(), fault.to_string())),
        }
        receive.close().await;
    }
    if office.store.holds(FOR_ALL) {
        reconcile::step(office, reconcile::looks_only).await?;
        digest::step(office).await?;
    }
    let mut transport = AnyTransport::new(office.config.outgoing.clone(), &hello(&office.config));
    work_off(office, &mut transport, &mut Route::default()).await?;
    let counts = office.store.counts().await?;
    let letters: i64 = ["queued", "sending", "failed"].iter().filter_map(|state| counts.outbox.get(*state)).sum();
    done.unsent = letters - failed_before;
    done.unhandled = counts.inbox.get("new").copied().unwrap_or(0);
    Ok(done)
}

/// A daemon that is ready for its rounds.
pub struct Ready {
    office: Arc<Office>,
    /// Beats until the last round has ended: the letter in hand is still ours.
    heartbeat: AbortOnDropHandle<anyhow::Result<()>>,
}

/// Takes the daemon's place on the database, does what is done before the rounds, and notes the start: one that is killed
/// again and again is told of, however short its life.
///
/// # Errors
///
/// As those of [`start`], and [`renamed::Renamed`].
pub async fn ready(office: Office) -> anyhow::Result<Ready> {
    renamed::refuse(&office.config, &office.store).await?;
    let office = Arc::new(office);
    let heartbeat = AbortOnDropHandle::new(tokio::spawn(Heartbeat::begin(&office).await?.goes_on()));
    start(&office).await?;
    let now = office.clock.now();
    office.store.note_start(&lease::machine(), now).await?;
    watch::restarts(&office, now).await?;
    Ok(Ready { office, heartbeat })
}

/// Goes round until told to stop (SIGTERM or SIGINT; a second one stops at once).
///
/// # Errors
///
/// When a round ended by itself, or this daemon lost its place on the database: a supervisor starts the program anew.
pub async fn run(Ready { office, mut heartbeat }: Ready) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("Could not listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("Could not listen for SIGINT")?;
    let stop = CancellationToken::new();
    let mut rounds = JoinSet::new();
    let mut pulses = Vec::new();
    let mut pulse = |name: &str, limit_s: u64| {
        let pulse = Pulse::new(name, Duration::from_secs(limit_s));
        pulses.push(pulse.clone());
        pulse
    };
    for config in &office.config.mailboxes {
        let receive = Receive::new(Arc::clone(&office), config.clone(), AnyMailbox::new(config.source.clone()));
        let pulse = pulse(&format!("receive {}", config.name), 30 * 60 + office.config.limits.poll_s);
        rounds.spawn(receive_round(Arc::clone(&office), receive.watched(pulse.clone()), pulse, stop.clone()));
    }
    rounds.spawn(handle_round(Arc::clone(&office), pulse("handle", 10 * 60), stop.clone()));
    rounds.spawn(remind_round(Arc::clone(&office), pulse("remind", 10 * 60), stop.clone()));
    // One letter may take as long as all its time limits together.
    rounds.spawn(send_round(Arc::clone(&office), pulse("send", 30 * 60), stop.clone()));
    rounds.spawn(reconcile::round(Arc::clone(&office), stop.clone()));
    rounds.spawn(health::round(Arc::clone(&office), pulses.clone(), stop.clone()));
    rounds.spawn(watch::round(Arc::clone(&office), pulses, stop.clone()));
    info!(mailboxes = office.config.mailboxes.len(), sending = ?office.config.sending, "Redress is running");
    watch::notify_ready();

    let ended_early = tokio::select! {
        _ = terminate.recv() => None,
        _ = interrupt.recv() => None,
        ended = rounds.join_next() => ended,
        ended = &mut heartbeat => Some(ended),
    };
    watch::notify_stopping();
    stop.cancel();
    let rest = async { while rounds.join_next().await.is_some() {} };
    tokio::select! {
        ended = tokio::time::timeout(STOP_MAX, rest) => if ended.is_err() {
            warn!("A round did not end in time; what it was doing is taken up at the next start");
        },
        _ = terminate.recv() => warn!("Stopped at once; what was being done is taken up at the next start"),
        _ = interrupt.recv() => warn!("Stopped at once; what was being done is taken up at the next start"),
    }
    // What stands still keeps a connection, and closing waits for it.
    rounds.abort_all();
    if ended_early.is_none() {
        let noted = tokio::time::timeout(NOTE_MAX, office.store.note_stop(&lease::machine())).await;
        if !matches!(noted, Ok(Ok(()))) {
            warn!(
                "It could not be noted that the program was told to stop; the next start counts as one after a crash"
            );
        }
    }
    drop(heartbeat);
    office.store.close().await;
    match ended_early {
        None => {
            info!("Redress has stopped");
            Ok(())
        }
        Some(Ok(Err(trouble))) => Err(trouble),
        Some(Ok(Ok(()))) => bail!("A round ended by itself"),
        Some(Err(panic)) => bail!("A round came down: {panic}"),
    }
}

/// How we introduce ourselves to the mail server: the domain letters come from.
pub fn hello(config: &Config) -> String {
    let address = config.landlords.first().and_then(|landlord| landlord.addresses.first());
    let domain = address.and_then(|address| address.rsplit_once('@')).map(|(_, domain)| domain);
    domain.unwrap_or("localhost").to_owned()
}

async fn receive_round<M: Mailbox>(
    office: Arc<Office>,
    mut receive: Receive<M>,
    pulse: Pulse,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let mut backoff = Backoff::default();
    let name = receive.name().to_owned();
    loop {
        lease::turn(&office, |store| store.holds(&name), &pulse, &stop).await;
        let began = office.clock.now();
        // The protocol's parser may panic on a server's answer; the session is not to be trusted after that.
        let looked = tokio::select! {
            () = stop.cancelled() => break,
            () = lease::lost(&office, &name) => {
                receive.close().await;
                continue;
            }
            looked = AssertUnwindSafe(look_and_wait(&office, &mut receive, &pulse)).catch_unwind() => looked,
        };
        let looked =
            looked.unwrap_or_else(|_| Err(MailboxError::Lost("the program panicked on an answer".into()).into()));
        let Err(fault) = looked else { continue };
        let worked = Duration::try_from(office.clock.now().duration_since(began)).unwrap_or_default();
        let mut rest = backoff.failed(worked, fraction()).max(suggested(&fault.to_string()).unwrap_or_default());
        if let Fault::Mailbox(MailboxError::Login(answer)) = &fault {
            rest = rest.max(LOGIN_RESTS);
            let words = format!(
                "The mailbox {} refuses the login, so no mail comes in. Its answer: {answer}. Check user and password in the configuration.",
                receive.name()
            );
            // A database that takes no word of it is another trouble, and ends no round.
            if let Err(trouble) = operator::tell(&office, &operator::no_login(receive.name()), &words).await {
                error!(trouble = format!("{trouble:#}"), "Could not note that a mailbox refuses the login");
            }
        }
        warn!(mailbox = receive.name(), trouble = %fault, rest_s = rest.as_secs(), "Could not read the mailbox; it will be tried again");
        receive.close().await;
        tokio::select! {
            () = stop.cancelled() => break,
            () = leave_alone(rest, &*office.clock, &pulse) => {}
        }
    }
    receive.close().await;
    Ok(())
}

/// Rests, for as long as an hour if the server asks for it. A round that rests does not stand still.
async fn leave_alone(mut rest: Duration, clock: &dyn Clock, pulse: &Pulse) {
    while !rest.is_zero() {
        pulse.beat(clock.now());
        let slice = rest.min(LOOK_AGAIN);
        clock.rest(slice).await;
        rest -= slice;
    }
}

async fn look_and_wait<M: Mailbox>(office: &Office, receive: &mut Receive<M>, pulse: &Pulse) -> Result<(), Fault> {
    loop {
        receive.look().await?;
        operator::over(office, &operator::no_login(receive.name()), "The mailbox lets us in again.").await?;
        pulse.beat(office.clock.now());
        receive.wait().await?;
    }
}

async fn handle_round(office: Arc<Office>, pulse: Pulse, stop: CancellationToken) -> anyhow::Result<()> {
    while works(&office, &pulse, &stop).await {
        let progress = survive(handle::step(&office).await, "handle").await;
        pulse.beat(office.clock.now());
        if progress == Progress::Idle {
            rest(&stop, &office.messages_wait, until_next_message(&office).await).await;
        }
    }
    Ok(())
}

async fn remind_round(office: Arc<Office>, pulse: Pulse, stop: CancellationToken) -> anyhow::Result<()> {
    let schedule = &office.config.reminders.look_at;
    while works(&office, &pulse, &stop).await {
        while works(&office, &pulse, &stop).await
            && survive(remind::step(&office).await, "remind").await == Progress::Made
        {}
        if office.store.holds(FOR_ALL) {
            survive(digest::step(&office).await, "digest").await;
        }
        pulse.beat(office.clock.now());
        let now = office.clock.now();
        // The schedule says when to look; what is due is a question about dates. Looked at in slices, so that a machine
        // that slept, or a clock that was set, is noticed.
        let soonest = [next_look(schedule, now), digest::next(&office, now)].into_iter().flatten().min();
        let look = soonest.unwrap_or(now).min(now + SignedDuration::from_mins(5));
        let wait = Duration::try_from(look.duration_since(now)).unwrap_or_default();
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(wait.max(Duration::from_millis(200))) => {}
        }
    }
    Ok(())
}

async fn send_round(office: Arc<Office>, pulse: Pulse, stop: CancellationToken) -> anyhow::Result<()> {
    let mut transport = AnyTransport::new(office.config.outgoing.clone(), &hello(&office.config));
    let mut route = Route::default();
    while works(&office, &pulse, &stop).await {
        let progress = survive(send::step(&office, &mut transport, &mut route).await, "send").await;
        pulse.beat(office.clock.now());
        if progress == Progress::Idle {
            rest(&stop, &office.letters_wait, LOOK_AGAIN).await;
        }
    }
    Ok(())
}

/// Waits until this daemon may work. `false` when it is told to stop.
async fn works(office: &Office, pulse: &Pulse, stop: &CancellationToken) -> bool {
    lease::turn(office, Store::lives, pulse, stop).await;
    !stop.is_cancelled()
}

/// How long until a message may be tried again.
async fn until_next_message(office: &Office) -> Duration {
    let moments = office.store.next_moments().await;
    let next = moments.ok().and_then(|[message, ..]| message).map(|at| at.duration_since(office.clock.now()));
    let next = next.and_then(|wait| Duration::try_from(wait).ok()).unwrap_or(LOOK_AGAIN);
    next.clamp(Duration::from_secs(1), LOOK_AGAIN)
}

/// Waits until something rings, or it is time to look anyway.
async fn rest(stop: &CancellationToken, rung: &Notify, longest: Duration) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = rung.notified() => {}
        () = tokio::time::sleep(longest) => {}
    }
}

/// A database that fails for a while (a full disk, a lock, a restart) stops no round; it is waited for.
async fn survive(step: anyhow::Result<Progress>, round: &'static str) -> Progress {
    match step {
        Ok(progress) => progress,
        Err(trouble) => {
            error!(round, trouble = format!("{trouble:#}"), "The database failed; trying again");
            tokio::time::sleep(DATABASE_RESTS).await;
            Progress::Idle
        }
    }
}

/// A number from 0 to 1 that no two daemons share, so that they do not knock at the same moment.
fn fraction() -> f64 {
    let mut bytes = [0; 4];
    let _ = getrandom::fill(&mut bytes);
    f64::from(u32::from_be_bytes(bytes)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::clock::PlayedClock;
    use super::*;

    #[tokio::test]
    async fn a_pause_that_a_server_asks_for_is_kept_and_lets_no_watchdog_bite() {
        let rest = suggested("Request is throttled. Suggested Backoff Time: 3600000 milliseconds").unwrap();
        let (began, pulse) = (Timestamp::UNIX_EPOCH, Pulse::new("receive complaints", Duration::from_secs(30 * 60)));
        let clock = PlayedClock::new(began);
        leave_alone(rest, &clock, &pulse).await;
        assert_eq!(clock.now(), began + SignedDuration::from_hours(1));
        assert_eq!(watch::stuck(&[pulse], clock.now()), Vec::<&str>::new());
    }
}
