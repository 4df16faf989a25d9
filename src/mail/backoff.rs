//! How long to leave a server alone after it failed us.
//!
//! Full jitter: a random share of a ceiling that doubles from one second to five minutes, so that many clients of one
//! server do not come back together. Pure: the caller brings the randomness.

use std::time::Duration;

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(5 * 60);

/// A connection that held this long was a good one: the next failure starts from one second again.
pub const HEALTHY: Duration = Duration::from_secs(10 * 60);

/// Failures in a row against one server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// How long to wait after one more failure of a connection that had worked for `worked`. `random` is in `0.0..=1.0`.
    pub fn failed(&mut self, worked: Duration, random: f64) -> Duration {
        if worked >= HEALTHY {
            self.failures = 0;
        }
        let ceiling = FIRST.saturating_mul(1 << self.failures.min(16)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        ceiling.mul_f64(random.clamp(0.0, 1.0))
    }
}

/// The pause a throttling server asks for: Exchange Online says "Suggested Backoff Time: 240000 milliseconds".
/// Never more than an hour, whatever it says.
pub fn suggested(words: &str) -> Option<Duration> {
    let (_, rest) = words.split_once("Suggested Backoff Time:")?;
    let digits = rest.trim_start().split(|c: char| !c.is_ascii_digit()).next()?;
    Some(Duration::from_millis(digits.parse().ok()?).min(Duration::from_secs(60 * 60)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ceiling_doubles_from_a_second_to_five_minutes_and_stays() {
        let mut backoff = Backoff::default();
        let waits: Vec<u64> = (0..11).map(|_| backoff.failed(Duration::ZERO, 1.0).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        for _ in 0..100 {
            backoff.failed(Duration::ZERO, 1.0);
        }
        assert_eq!(backoff.failed(Duration::ZERO, 1.0), LONGEST);
    }

    #[test]
    fn the_wait_is_a_random_share_of_the_ceiling() {
        let mut backoff = Backoff { failures: 3 };
        assert_eq!(backoff.clone().failed(Duration::ZERO, 0.0), Duration::ZERO);
        assert_eq!(backoff.clone().failed(Duration::ZERO, 0.25), Duration::from_secs(2));
        assert_eq!(backoff.failed(Duration::ZERO, 7.0), Duration::from_secs(8), "a share is at most the whole");
    }

    #[test]
    fn ten_good_minutes_are_forgiven_and_nine_are_not() {
        let mut backoff = Backoff { failures: 8 };
        assert_eq!(backoff.clone().failed(Duration::from_secs(599), 1.0), Duration::from_secs(256));
        assert_eq!(backoff.failed(Duration::from_secs(600), 1.0), Duration::from_secs(1));
        assert_eq!(backoff.failed(Duration::ZERO, 1.0), Duration::from_secs(2));
    }

    #[test]
    fn a_throttling_server_names_its_own_pause() {
        let throttled = "Request is throttled. Suggested Backoff Time: 299463 milliseconds";
        assert_eq!(suggested(throttled), Some(Duration::from_millis(299_463)));
        assert_eq!(suggested("Suggested Backoff Time: 99999999999 milliseconds"), Some(Duration::from_secs(3600)));
        assert_eq!(suggested("Suggested Backoff Time: soon"), None);
        assert_eq!(suggested("Authentication failed."), None);
    }
}
