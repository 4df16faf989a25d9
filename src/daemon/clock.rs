//! The one place that reads the time.

use std::future::ready;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};

/// Tells the time, to the millisecond: what the database keeps is what was said.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;

    /// Lets a step wait a moment before it tries again.
    fn rest(&self, moment: Duration) -> BoxFuture<'_, ()>;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    fn now(&self) -> Timestamp {
        whole_milliseconds(Timestamp::now())
    }

    fn rest(&self, moment: Duration) -> BoxFuture<'_, ()> {
        tokio::time::sleep(moment).boxed()
    }
}

/// A clock that is set by hand: the demo and the tests play weeks in seconds with it.
#[derive(Debug)]
pub struct PlayedClock(Mutex<Timestamp>);

impl PlayedClock {
    pub fn new(start: Timestamp) -> PlayedClock {
        PlayedClock(Mutex::new(whole_milliseconds(start)))
    }

    pub fn set(&self, now: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = whole_milliseconds(now);
    }
}

impl Clock for PlayedClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time passes at once.
    fn rest(&self, moment: Duration) -> BoxFuture<'_, ()> {
        self.set(self.now().saturating_add(moment).unwrap_or(Timestamp::MAX));
        ready(()).boxed()
    }
}

/// Whether a rest of `longest` at most goes on that ends at `until`. One that seems to last longer was begun by a clock that
/// was ahead and has been set back since: it is over.
pub(super) fn still_rests(until: Timestamp, longest: SignedDuration, now: Timestamp) -> bool {
    now < until && until.duration_since(now) <= longest
}

fn whole_milliseconds(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}
