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

use std::io::{self, IsTerminal as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{fmt, thread};

use play::{Tally, Trace};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

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

/// Plays a seed: its trace, and how much was played, or what was found.
fn played(seed: u64) -> (Vec<String>, Result<Tally, String>) {
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
    let played = played.map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        text.or(panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
    });
    (trace.lock().map(|lines| lines.clone()).unwrap_or_default(), played)
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

/// The cores there are to play on.
fn cores() -> Vec<CpuSet> {
    let all = sched_getaffinity(None).expect("a thread may run somewhere");
    let one = |core| {
        let mut one = CpuSet::new();
        one.set(core);
        one
    };
    let cores = (0..CpuSet::MAX_CPU).filter(|core| all.is_set(*core)).map(one);
    cores.take(thread::available_parallelism().map_or(1, usize::from)).collect()
}

/// All that was played so far.
struct Count {
    began: Instant,
    said: Instant,
    seeds: u64,
    sum: Tally,
    findings: Vec<u64>,
}

impl Count {
    fn new() -> Count {
        let now = Instant::now();
        Count { began: now, said: now, seeds: 0, sum: Tally::default(), findings: Vec::new() }
    }

    fn add(&mut self, tally: &Tally) {
        self.seeds += 1;
        self.sum.days += tally.days;
        self.sum.messages += tally.messages;
        self.sum.letters += tally.letters;
        self.sum.starts += tally.starts;
    }

    /// Now and then, for whoever sits before a terminal.
    fn progress(&mut self, of: u64) {
        if io::stderr().is_terminal() && self.said.elapsed() > Duration::from_secs(1) {
            self.said = Instant::now();
            eprint!("\r\x1b[K{} of {of} seeds, {} s", self.seeds, self.began.elapsed().as_secs());
        }
    }

    /// Clears the progress away, and says something.
    fn say(&self, words: &str) {
        let clear = if io::stderr().is_terminal() { "\r\x1b[K" } else { "" };
        eprintln!("{clear}{words}");
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally { days, messages, letters, starts } = self.sum;
        let (seeds, weeks, seconds) = (self.seeds, days / 7, self.began.elapsed().as_secs());
        write!(
            f,
            "{seeds} seeds in {seconds} s: {weeks} weeks, {messages} messages, {letters} letters, {starts} starts of the \
             program; findings: {}",
            self.findings.len()
        )
    }
}

#[test]
fn nothing_is_lost_nothing_is_late_and_nothing_is_said_twice() {
    let seeds = asked();
    let all = seeds.end - seeds.start;
    let enough = std::env::var("REDRESS_ENOUGH").ok().and_then(|enough| enough.parse().ok()).unwrap_or(ENOUGH);
    let next = AtomicU64::new(seeds.start);
    let count = Mutex::new(Count::new());
    let (next, count, end) = (&next, &count, seeds.end);
    // Panics are findings, and told below with their seed.
    std::panic::set_hook(Box::new(|_| {}));
    thread::scope(|scope| {
        for core in cores() {
            scope.spawn(move || {
                // The threads of the databases stay on it too. They speak in turns, and a turn that goes to another core
                // costs the kernel twice as much.
                let _ = sched_setaffinity(None, &core);
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end || count.lock().expect("no panic here").findings.len() >= enough {
                        return;
                    }
                    let (trace, played) = played(seed);
                    let mut count = count.lock().expect("no panic here");
                    if all == 1 {
                        count.say(&trace.join("\n"));
                    }
                    match played {
                        Ok(tally) => count.add(&tally),
                        Err(finding) => {
                            count.seeds += 1;
                            count.findings.push(seed);
                            count.say(&format!(
                                "seed {seed}: {finding}\n  once more, with its trace: tests/sim/seeds ={seed}"
                            ));
                        }
                    }
                    count.progress(all);
                }
            });
        }
    });
    let _ = std::panic::take_hook();
    let count = count.lock().expect("no panic here");
    count.say(&count.to_string());
    assert!(count.findings.is_empty(), "seeds with a finding: {:?}", count.findings);
}

#[test]
fn a_seed_played_again_is_the_same_to_the_byte() {
    for seed in [3, 17] {
        let (first, again) = (played(seed), played(seed));
        assert!(!first.0.is_empty());
        assert!(first == again, "seed {seed} went another way");
    }
}
