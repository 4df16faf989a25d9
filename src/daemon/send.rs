//! Outbox → transport → settle. One letter at a time; the same bytes at every try.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt as _;
use jiff::{SignedDuration, Timestamp};
use tracing::{error, info, warn};

use super::clock::still_rests;
use super::office::{HELD_BY_CONFIGURATION, HELD_SINCE_RESTORE, Office};
use super::{Progress, handle, operator};
use crate::config::Sending;
use crate::domain::case::{Audience, Letter, LetterKind, Outcome, Serves, serves};
use crate::domain::letter;
use crate::domain::words::Words;
use crate::mail::transport::{Envelope, SendError, Transport};
use crate::store::{Claimed, Known, Sent};

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

/// How long a database that could not take a letter's fate is left alone, try by try.
const SETTLE_RESTS: [Duration; 3] = [Duration::from_millis(200), Duration::from_secs(2), Duration::from_secs(10)];

/// The alarm of a broken way.
const ROUTE: &str = operator::ROUTE;

/// The alarm of staff whom no letter reaches.
const STAFF: &str = "letters to staff";
const STAFF_OUT_OF_REACH: &str = "The mail server refuses letters to the landlord's own people that no other letter makes \
    good. `redress outbox list` shows which. Please correct their addresses in the configuration.";

/// The way letters leave, and whether it is fit to be used.
#[derive(Debug, Default)]
pub struct Route {
    rests_until: Option<Timestamp>,
    rests: usize,
    /// A letter may stand as being sent whose fate the database did not take: it goes again, as after a death.
    in_doubt: bool,
}

/// Sends the letter that has been due longest.
///
/// # Errors
///
/// Only the database's.
pub async fn step<T: Transport>(office: &Office, transport: &mut T, route: &mut Route) -> anyhow::Result<Progress> {
    let now = office.clock.now();
    let longest = SignedDuration::from_secs(ROUTE_RESTS[ROUTE_RESTS.len() - 1]);
    if route.rests_until.is_some_and(|until| still_rests(until, longest, now)) {
        return Ok(Progress::Idle);
    }
    if route.in_doubt {
        office.store.resume(now).await?;
    }
    route.in_doubt = true;
    let claimed = office.store.claim(now).await?;
    let Some(letter) = claimed else {
        route.in_doubt = false;
        return Ok(Progress::Idle);
    };
    let sent = match still_serves(office, &letter, now).await {
        Ok(Serves::NoLonger) => Sent::Dropped,
        // Once queued, bytes are never changed: a letter of yesterday keeps yesterday's date.
        Ok(Serves::AsItStands | Serves::Anew) => {
            let envelope = Envelope { from: &letter.envelope_from, to: &letter.recipient, bytes: letter.bytes() };
            // A panic must not cross the round; whether the letter left is then unknown.
            let tried = AssertUnwindSafe(transport.send(envelope)).catch_unwind().await;
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
    settle(office, &letter, &sent).await?;
    route.in_doubt = false;
    let now = office.clock.now();
    let delay_s = now.duration_since(letter.written()).as_secs();
    match &sent {
        Sent::Accepted(_) => {
            *route = Route::default();
            info!(letter.id, kind = letter.kind, attempt = letter.attempts, delay_s, outcome = "sent", "Letter sent");
            operator::over(office, ROUTE, "Letters leave again.").await?;
            if letter.audience == "operator" {
                operator::over(office, operator::OWN_MAIL, "Letters to your address arrive again.").await?;
            }
            if nothing_makes_good(&letter) {
                operator::over(office, STAFF, "Letters to staff arrive again.").await?;
            }
        }
        Sent::Refused(_) if letter.audience == "operator" => {
            warn!(letter.id, "The mail server refuses letters to the operator");
            operator::alarm(office, operator::OWN_MAIL, "The mail server refuses letters to your address.").await?;
        }
        Sent::Refused(_) if nothing_makes_good(&letter) => {
            warn!(letter.id, "The mail server refuses letters to staff");
            operator::tell(office, STAFF, STAFF_OUT_OF_REACH).await?;
        }
        Sent::RouteBroken(reply, _) => {
            warn!(letter.id, "Letters cannot leave: the mail server does not let us in; waiting before the next try");
            let words = format!(
                "Letters cannot leave. The mail server's answer: {reply}. Nothing is lost: they wait in the outbox."
            );
            operator::alarm(office, ROUTE, &words).await?;
        }
        sent => {
            info!(letter.id, kind = letter.kind, attempt = letter.attempts, outcome = word(sent), "Letter not sent")
        }
    }
    Ok(Progress::Made)
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
    let mut released = 0;
    for letter in waiting {
        match release(office, &letter).await {
            Ok(gone) => released += usize::from(gone),
            // One letter that cannot be written anew keeps neither the others nor the daemon.
            Err(trouble) => error!(letter.id, trouble = format!("{trouble:#}"), "A held letter cannot be let go"),
        }
    }
    Ok(released)
}

/// Lets one held letter go. `false` when it was dropped, or had gone already.
///
/// # Errors
///
/// The database's, or that of a letter that cannot be written anew.
pub async fn release(office: &Office, letter: &Claimed) -> anyhow::Result<bool> {
    let now = office.clock.now();
    match still_serves(office, letter, now).await? {
        Serves::AsItStands => office.store.release(letter.id, None, now).await,
        Serves::NoLonger => {
            let judge = |known: &crate::store::Known, outcome: Outcome| {
                handle::posted(office, known, letter.letter as u32, outcome, now)
            };
            office.store.drop_letter(letter, now, judge).await?;
            Ok(false)
        }
        Serves::Anew => {
            let (Some(case), Some(says)) = (letter.case_id, letter.says()) else {
                return office.store.release(letter.id, None, now).await;
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
            office.store.release(letter.id, Some((&written.bytes, &written.subject)), now).await
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
            let rest = wait(ROUTE_RESTS[route.rests.min(ROUTE_RESTS.len() - 1)]);
            (route.rests_until, route.rests) = (Some(rest), route.rests + 1);
            Sent::RouteBroken(reply, now)
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
        Sent::Dropped => "no longer needed",
    }
}
