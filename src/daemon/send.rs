//! Outbox → transport → settle. One letter at a time; the same bytes at every try.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt as _;
use jiff::{SignedDuration, Timestamp};
use tracing::{error, info, warn};

use super::clock::still_rests;
use super::office::{HELD_BY_CONFIGURATION, HELD_SINCE_RESTORE, Office};
use super::{Progress, brakes, handle, lease, operator};
use crate::config::Sending;
use crate::domain::brake::Leaving;
use crate::domain::case::{Audience, Letter, LetterKind, Outcome, Serves, serves};
use crate::domain::letter;
use crate::domain::words::Words;
use crate::mail::transport::{Envelope, SendError, Transport};
use crate::store::{Claim, Claimed, Known, LetGo, Overtaken, Sent, may_pass};

/// First wait after a setback; doubled by each further one.
const WAIT_FIRST_S: i64 = 60;
const WAIT_MAX_S: i64 = 4 * 60 * 60;
/// The mail server may be silent about a letter it took: it is not asked again at once.
const WAIT_UNKNOWN_S: i64 = 15 * 60;
/// After this long, and this many setbacks, a letter that is never taken is given up and people are told.
const GIVE_UP_AFTER: SignedDuration = SignedDuration::from_hours(5 * 24);
const GIVE_UP_SETBACKS: i64 = 12;
/// How long the way rests when it is broken.
const ROUTE_RESTS: [i64; 4] = [60, 5 * 60, 15 * 60, 30 * 60];

/// How long a database that could not take a letter's fate, or let one go, is left alone, try by try.
const SETTLE_RESTS: [Duration; 3] = [Duration::from_millis(200), Duration::from_secs(2), Duration::from_secs(10)];

/// The alarm of a broken way.
const ROUTE: &str = operator::ROUTE;

/// The alarm of staff whom no letter reaches.
const STAFF: &str = "letters to staff";
const STAFF_OUT_OF_REACH: &str = "The mail server refuses letters to the landlord's own people, and no other letter takes \
    their place. `redress outbox list --failed` has its answers. Correct these people's addresses in the configuration, or \
    [outgoing] when it refuses everybody, and restart; `redress outbox retry NUMBER` sends a letter again.";

/// What is said of letters to the operator that are refused.
const OPERATOR_OUT_OF_REACH: &str = "The mail server refuses letters to your address. `redress outbox list --failed` has its \
    answer. Correct [operator] in the configuration, or [outgoing] when it refuses everybody, and restart. Until one is taken, a \
    letter a day tries it.";

/// The alarm of held letters that should go and cannot.
const STUCK: &str = "a held letter cannot be let go";

/// The way letters leave, and whether it is fit to be used.
#[derive(Debug, Default)]
pub struct Route {
    rests_until: Option<Timestamp>,
    rests: usize,
    /// A letter may stand as being sent whose fate the database did not take: it goes again, as after a death.
    in_doubt: bool,
    /// A letter has left since the program started, or since the way was broken last.
    fit: bool,
    /// A letter whose fate is known, and the database did not take it yet.
    unwritten: Option<(Claimed, Sent)>,
}

impl Route {
    /// Nothing leaves for a while, and the longer the more often it was tried in vain.
    fn rest(&mut self, now: Timestamp) {
        let rest = ROUTE_RESTS[self.rests.min(ROUTE_RESTS.len() - 1)];
        (self.rests_until, self.rests) = (Some(now + SignedDuration::from_secs(rest)), self.rests + 1);
    }
}

/// Sends the letter that has been due longest; or holds it, when the [gate](crate::domain::brake) stops it.
///
/// # Errors
///
/// Only the database's.
pub async fn step<T: Transport>(office: &Office, transport: &mut T, route: &mut Route) -> anyhow::Result<Progress> {
    if let Some((letter, sent)) = route.unwritten.take() {
        match settle(office, &letter, &sent).await {
            Err(trouble) if may_pass(&trouble) => {
                route.unwritten = Some((letter, sent));
                return Err(trouble);
            }
            Err(trouble) => warn!(letter.id, trouble = format!("{trouble:#}"), "What came of a letter is not written"),
            Ok(()) => {
                info!(letter.id, outcome = word(&sent), "What came of a letter is written now");
                route.in_doubt = false;
                tell(office, route, &letter, &sent).await?;
            }
        }
    }
    let now = office.clock.now();
    let longest = SignedDuration::from_secs(ROUTE_RESTS[ROUTE_RESTS.len() - 1]);
    if route.rests_until.is_some_and(|until| still_rests(until, longest, now)) {
        return Ok(Progress::Idle);
    }
    // Others may have taken over.
    let Some(term) = office.store.term() else { return Ok(Progress::Idle) };
    if route.in_doubt {
        office.store.resume_own(now).await?;
    }
    route.in_doubt = true;
    let gate = office.gate();
    let stops = |letter: &Claimed, traffic: &_| gate.stops(&leaving(letter), traffic);
    let letter = match office.store.claim(now, stops).await? {
        Some(Claim::Taken(letter)) => letter,
        Some(Claim::Stopped(letter, brake)) => {
            route.in_doubt = false;
            warn!(letter.id, kind = letter.kind, limit = brake.key(), "A letter is held back: a person must let it go");
            brakes::look(office).await?;
            return Ok(Progress::Made);
        }
        None => {
            route.in_doubt = false;
            return Ok(Progress::Idle);
        }
    };
    let sent = match still_serves(office, &letter, now).await {
        // An empty letter would only seem to say something.
        Ok(Serves::AsItStands | Serves::Anew) if letter.bytes().is_empty() => {
            Sent::Refused("its words were erased before it left".to_owned())
        }
        Ok(Serves::NoLonger) => Sent::Dropped,
        // Once queued, bytes are never changed: a letter of yesterday keeps yesterday's date.
        Ok(Serves::AsItStands | Serves::Anew) => {
            let envelope = Envelope { from: &letter.envelope_from, to: &letter.recipient, bytes: letter.bytes() };
            // A panic must not cross the round; whether the letter left is then unknown.
            let tried = AssertUnwindSafe(transport.send(envelope)).catch_unwind();
            let Some(tried) = lease::within(&office.store, term, tried).await else {
                warn!(letter.id, "This daemon's lease ran out while a letter was leaving; the letter goes again");
                return Ok(Progress::Made);
            };
            match tried.unwrap_or_else(|_| Err(SendError::Unknown("the program panicked while sending".to_owned()))) {
                Ok(accepted) => Sent::Accepted(accepted.reply),
                Err(error) => after(&letter, error, office.clock.now(), route),
            }
        }
        Err(trouble) => {
            warn!(letter.id, trouble = format!("{trouble:#}"), "Could not look whether a letter still serves");
            after(&letter, SendError::Again("its case could not be looked at".to_owned()), now, route)
        }
    };
    if let Err(trouble) = settle(office, &letter, &sent).await {
        // Kept in mind: an answer that was heard is not lost, and nothing need be said again.
        route.unwritten = Some((letter, sent));
        return Err(trouble);
    }
    route.in_doubt = false;
    tell(office, route, &letter, &sent).await?;
    Ok(Progress::Made)
}

/// Tells the log of a try, and the operator what it says of the way, and of people whom letters do not reach.
async fn tell(office: &Office, route: &mut Route, letter: &Claimed, sent: &Sent) -> anyhow::Result<()> {
    let now = office.clock.now();
    let delay_s = now.duration_since(letter.written()).as_secs();
    match sent {
        Sent::Accepted(_) => {
            let fit = route.fit;
            *route = Route { fit, ..Route::default() };
            info!(letter.id, kind = letter.kind, attempt = letter.attempts, delay_s, outcome = "sent", "Letter sent");
            // Said by whose way was broken, for another daemon's letters leave by another; or by the one that is left.
            if !fit || office.store.daemons().await?.len() == 1 {
                operator::over(office, ROUTE, "Letters leave again.").await?;
                route.fit = true;
            }
            if letter.audience == "operator" {
                operator::over(office, operator::OWN_MAIL, "Letters to your address arrive again.").await?;
            }
            if nothing_makes_good(letter) {
                operator::over(office, STAFF, "Letters to staff arrive again.").await?;
            }
        }
        Sent::Refused(_) if letter.audience == "operator" => {
            warn!(letter.id, "The mail server refuses letters to the operator");
            operator::alarm(office, operator::OWN_MAIL, OPERATOR_OUT_OF_REACH).await?;
        }
        Sent::Refused(_) if nothing_makes_good(letter) => {
            warn!(letter.id, "The mail server refuses letters to staff");
            operator::tell(office, STAFF, STAFF_OUT_OF_REACH).await?;
        }
        Sent::RouteBroken(reply, _) => {
            warn!(letter.id, "Letters cannot leave: the mail server does not let us in; waiting before the next try");
            let words = format!(
                "Letters cannot leave. The mail server's answer: {reply}. Nothing is lost: they wait in the outbox. When \
                 it is the password or [outgoing] in the configuration, put that right and restart."
            );
            operator::alarm(office, ROUTE, &words).await?;
        }
        sent => {
            info!(letter.id, kind = letter.kind, attempt = letter.attempts, outcome = word(sent), "Letter not sent")
        }
    }
    Ok(())
}

fn leaving(letter: &Claimed) -> Leaving<'_> {
    Leaving { to_resident: letter.audience == "resident", by_mail: letter.root.is_some(), recipient: &letter.recipient }
}

/// Whether nobody of the landlord is told when this letter does not arrive: word that another did not, or a list of what is
/// open.
fn nothing_makes_good(letter: &Claimed) -> bool {
    letter.kind == LetterKind::Undelivered.key() || (letter.case_id.is_none() && letter.audience == "staff")
}

/// Writes what came of a try. A database that fails for a moment must not leave the letter in doubt, and a consequence that
/// cannot be decided must not take its fate with it.
async fn settle(office: &Office, letter: &Claimed, sent: &Sent) -> anyhow::Result<()> {
    let now = office.clock.now();
    let number = letter.letter as u32;
    let mut tried = Ok(());
    let mut undecided = false;
    for rest in SETTLE_RESTS {
        undecided = false;
        let follow = |known: &Known, outcome| {
            handle::posted(office, known, number, outcome, now).inspect_err(|_| undecided = true)
        };
        tried = office.store.settle(letter, sent, now, follow).await;
        let Err(trouble) = &tried else { return Ok(()) };
        if trouble.is::<Overtaken>() {
            warn!(letter.id, "Another daemon took this one for dead, and sends the letter as well");
            return Ok(());
        }
        warn!(letter.id, trouble = format!("{trouble:#}"), "Could not write what came of a letter; trying again");
        office.clock.rest(rest).await;
    }
    if undecided && office.store.settle(letter, sent, now, |_, _| Ok(None)).await.is_ok() {
        error!(letter.id, "What came of a letter is written, and not what follows from it: look at its case");
        return Ok(());
    }
    tried
}

/// Lets go what was held because of `sending = "hold"`, now that the configuration says "live", and what was held because the
/// database is a restored copy, now that a person has released it: a letter of another day is written anew, one that says
/// nothing that still holds is dropped.
///
/// # Errors
///
/// The database's, or that of a letter that cannot be written anew.
pub async fn release_held(office: &Office) -> anyhow::Result<usize> {
    if office.copy_of.is_some() {
        return Ok(0);
    }
    let mut waiting = office.store.held(HELD_SINCE_RESTORE).await?;
    match office.config.sending {
        Sending::Live => waiting.extend(office.store.held(HELD_BY_CONFIGURATION).await?),
        Sending::Hold => {
            for letter in waiting.extract_if(.., |letter| letter.audience == "resident") {
                office.store.hold(letter.id, HELD_BY_CONFIGURATION).await?;
            }
        }
    }
    let (mut released, mut stuck, mut rests) = (0, Vec::new(), SETTLE_RESTS.into_iter());
    for letter in waiting {
        let mut let_go = release(office, &letter, LetGo::ToTheGate).await;
        // The database's trouble is not the letter's, and nobody comes back to it before the next start.
        while let Err(trouble) = &let_go
            && may_pass(trouble)
            && let Some(rest) = rests.next()
        {
            warn!(letter.id, trouble = format!("{trouble:#}"), "Could not let a held letter go; trying again");
            office.clock.rest(rest).await;
            let_go = release(office, &letter, LetGo::ToTheGate).await;
        }
        match let_go {
            Ok(gone) => released += usize::from(gone),
            // One letter that cannot be written anew keeps neither the others nor the daemon.
            Err(trouble) => {
                error!(letter.id, trouble = format!("{trouble:#}"), "A held letter cannot be let go");
                stuck.push(letter.id.to_string());
            }
        }
    }
    if stuck.is_empty() {
        operator::over(office, STUCK, "Held letters go.").await?;
    } else {
        let words = format!(
            "Letters that waited should leave now and could not be written anew: {}. The log says why: `journalctl -u redress`. \
             Mend it and restart, or `redress outbox release` them by hand.",
            stuck.join(", ")
        );
        operator::tell(office, STUCK, &words).await?;
    }
    Ok(released)
}

/// Lets one held letter go. `false` when it was dropped, or had gone already.
///
/// # Errors
///
/// The database's, or that of a letter that cannot be written anew.
pub async fn release(office: &Office, letter: &Claimed, how: LetGo) -> anyhow::Result<bool> {
    let now = office.clock.now();
    match still_serves(office, letter, now).await? {
        Serves::AsItStands => office.store.release(letter.id, None, how, now).await,
        Serves::NoLonger => {
            let judge = |known: &crate::store::Known, outcome: Outcome| {
                handle::posted(office, known, letter.letter as u32, outcome, now)
            };
            office.store.drop_letter(letter, now, judge).await?;
            Ok(false)
        }
        Serves::Anew => {
            let (Some(case), Some(says)) = (letter.case_id, letter.says()) else {
                return office.store.release(letter.id, None, how, now).await;
            };
            let known = office.store.known(case).await?;
            let number = letter.letter as u32;
            let again = Letter {
                number,
                audience: Audience::Resident,
                name: known.case.reader(number),
                address: Words::new(&letter.recipient),
                by_hand: known.case.by_hand(number),
                wait: None,
                files: false,
                in_place_of: None,
                says,
            };
            let desk = office.desk(office.landlord(&known.landlord)?);
            let written = letter::write(&known.case, &again, &letter::With::default(), &known.thread, &desk, now)?;
            office.store.release(letter.id, Some((&written.bytes, &written.subject)), how, now).await
        }
    }
}

async fn still_serves(office: &Office, letter: &Claimed, now: Timestamp) -> anyhow::Result<Serves> {
    match (letter.case_id, letter.says()) {
        (Some(case), Some(says)) => {
            let case = office.store.known(case).await?.case;
            let files = case.letters.get(&(letter.letter as u32)).is_some_and(|letter| !letter.files.is_empty());
            match serves(&case, &says, letter.written(), now) {
                // Written anew it would go without its files, which are in these bytes only.
                Serves::Anew if files => Ok(Serves::AsItStands),
                serves => Ok(serves),
            }
        }
        _ => Ok(Serves::AsItStands),
    }
}

/// What a failed try means for the letter, and for the way.
fn after(letter: &Claimed, error: SendError, now: Timestamp, route: &mut Route) -> Sent {
    let wait = |seconds: i64| now + SignedDuration::from_secs(seconds);
    let doubled = WAIT_FIRST_S.checked_shl(letter.setbacks.clamp(0, 10) as u32).unwrap_or(WAIT_MAX_S).min(WAIT_MAX_S);
    let too_long = letter.setbacks >= GIVE_UP_SETBACKS && now.duration_since(letter.written()) > GIVE_UP_AFTER;
    match error {
        SendError::Again(reply) | SendError::Unknown(reply) if too_long => {
            Sent::Refused(format!("given up after five days; the last answer was: {reply}"))
        }
        SendError::Again(reply) => Sent::Again(reply, wait(doubled)),
        // RFC 3463, 5.2.2 mailbox full: often over in a few days.
        SendError::Never(reply) if reply.contains("5.2.2") && !too_long => Sent::Again(reply, wait(WAIT_MAX_S)),
        SendError::Never(reply) => Sent::Refused(reply),
        SendError::Unknown(reply) => Sent::Unknown(reply, wait(doubled.max(WAIT_UNKNOWN_S))),
        SendError::RouteBroken(reply) => {
            route.rest(now);
            route.fit = false;
            Sent::RouteBroken(reply, now)
        }
        // The operator hears of it when letters have waited for an hour.
        SendError::Unreached(reply) => {
            route.rest(now);
            Sent::Unreached(reply, now)
        }
    }
}

fn word(sent: &Sent) -> &'static str {
    match sent {
        Sent::Accepted(_) => "sent",
        Sent::Refused(_) => "refused",
        Sent::Again(..) => "again",
        Sent::Unknown(..) => "unknown",
        Sent::RouteBroken(..) => "route broken",
        Sent::Unreached(..) => "not reached",
        Sent::Dropped => "no longer needed",
    }
}
