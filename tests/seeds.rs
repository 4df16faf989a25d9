//! Seeds: weeks of the real program in a world where everything goes wrong, each played from one number.
//!
//! Goal: nothing lost, nothing late, nothing said twice, whatever happens.
//! How: `tests/sim/play.rs` says what happens, `tests/sim/check.rs` what must hold. `tests/sim/seeds` plays as many as you
//! like, or one with its trace; `tests/sim/bite` shows that planted defects are found.

#[expect(dead_code, reason = "seeds tell no stories")]
mod sim;

#[path = "sim/people.rs"]
mod people;
#[path = "sim/play.rs"]
mod play;

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use play::Trace;

/// What is played when nobody asks for more: a build for tests takes seconds for each.
const SEEDS: std::ops::Range<u64> = 1..21;
/// After so many findings no further seed is begun, unless `REDRESS_ENOUGH` says otherwise.
const ENOUGH: usize = 5;

/// What the program warns of stands in the trace.
#[derive(Clone)]
struct Log(Trace);

impl io::Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let words = String::from_utf8_lossy(line).trim().to_owned();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(words);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Plays a seed: its trace, and what was found.
fn played(seed: u64) -> (Vec<String>, Option<String>) {
    let trace = Trace::default();
    let log = Log(trace.clone());
    let log = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::WARN)
        .without_time()
        .with_ansi(false)
        .with_writer(move || log.clone());
    let _logged = tracing::subscriber::set_default(log.finish());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let played = catch_unwind(AssertUnwindSafe(|| runtime.block_on(play::play(seed, trace.clone()))));
    let finding = played.err().map(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        text.or(panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
    });
    (trace.lock().map(|lines| lines.clone()).unwrap_or_default(), finding)
}

/// What the environment asks for.
fn asked() -> std::ops::Range<u64> {
    let Ok(asked) = std::env::var("REDRESS_SEEDS") else { return SEEDS };
    let number = |text: &str| text.parse::<u64>().unwrap_or_else(|_| panic!("REDRESS_SEEDS={asked}: not a seed"));
    match asked.split_once("..") {
        Some((from, to)) => number(from)..number(to),
        None => number(&asked)..number(&asked) + 1,
    }
}

#[test]
fn nothing_is_lost_nothing_is_late_and_nothing_is_said_twice() {
    let seeds = asked();
    let enough = std::env::var("REDRESS_ENOUGH").ok().and_then(|enough| enough.parse().ok()).unwrap_or(ENOUGH);
    let next = AtomicU64::new(seeds.start);
    let findings = Mutex::new(Vec::new());
    // Panics are findings, and told below with their seed.
    std::panic::set_hook(Box::new(|_| {}));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end || findings.lock().expect("no panic here").len() >= enough {
                        return;
                    }
                    let (trace, finding) = played(seed);
                    if seeds.end - seeds.start == 1 {
                        println!("{}", trace.join("\n"));
                    }
                    if let Some(finding) = finding {
                        println!("seed {seed}: {finding}\n  once more, with its trace: tests/sim/seeds ={seed}");
                        findings.lock().expect("no panic here").push(seed);
                    }
                }
            });
        }
    });
    let _ = std::panic::take_hook();
    let findings = findings.into_inner().expect("no panic here");
    assert!(findings.is_empty(), "seeds with a finding: {findings:?}");
}

#[test]
fn a_seed_played_again_is_the_same_to_the_byte() {
    for seed in [3, 17] {
        let (first, again) = (played(seed), played(seed));
        assert!(!first.0.is_empty());
        assert!(first == again, "seed {seed} went another way");
    }
}
