//! Storms: the line to Dovecot and the line to Postfix fail in every way a seed can think of, and the program dies besides.

use std::time::{Duration, Instant};

use crate::house::{Complaint, House, Ways, port};
use crate::proxy::{Dice, Proxy, Speech};

/// How long the storm lasts.
const STORM: Duration = Duration::from_secs(12);
/// How long it may take until all is well. Of this nearly everything is for busy machines.
const CALM: Duration = Duration::from_secs(150);

#[derive(Clone, Copy, Debug)]
struct Weather {
    imap: &'static str,
    smtp: &'static str,
    moves: bool,
    kills: bool,
}

/// `REDRESS_TEST_HOSTILE_SEED=4711` plays one seed again; `REDRESS_TEST_HOSTILE_STORMS=50` plays so many of each storm.
fn seeds(usual: u64) -> Vec<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse().ok());
    match (number("REDRESS_TEST_HOSTILE_SEED"), number("REDRESS_TEST_HOSTILE_STORMS")) {
        (Some(seed), _) => vec![seed],
        (None, storms) => (0..storms.unwrap_or(1)).map(|storm| usual + 1000 * storm).collect(),
    }
}

async fn storms(usual: u64, weather: Weather) {
    for seed in seeds(usual) {
        storm(seed, weather).await;
    }
}

async fn storm(seed: u64, weather: Weather) {
    println!("{weather:?}: REDRESS_TEST_HOSTILE_SEED={seed} plays this storm again");
    let (imap_server, imap_speech) = match weather.imap {
        "tls" => (port("REDRESS_TEST_IMAPS_PORT"), Speech::Sealed),
        "starttls" => (port("REDRESS_TEST_IMAP_PORT"), Speech::Sealed),
        _ => (port("REDRESS_TEST_IMAP_PORT"), Speech::Imap),
    };
    let smtp_speech = if weather.smtp == "plain" { Speech::Smtp } else { Speech::Sealed };
    let imap = Proxy::hostile(imap_server, imap_speech, seed).await;
    let smtp = Proxy::hostile(port("REDRESS_TEST_SMTP_PORT"), smtp_speech, seed ^ 0x5eed).await;
    let mut house = House::new(Ways {
        imap: weather.imap,
        imap_port: imap.port,
        smtp: weather.smtp,
        smtp_port: smtp.port,
        moves: weather.moves,
    });
    let complaints = Complaint::of(16);
    let mut dice = Dice::new(seed);

    let began = Instant::now();
    let (mut daemon, mut deaths) = (house.starts(), 0);
    let mail = async {
        for complaint in &complaints {
            house.gets(complaint).await;
            tokio::time::sleep(STORM / 20).await;
        }
    };
    let deaths_come = async {
        while began.elapsed() < STORM {
            tokio::time::sleep(Duration::from_millis(dice.between(300, 3000))).await;
            if weather.kills {
                daemon.dies().await;
                deaths += 1;
                daemon = house.starts();
            }
        }
        daemon
    };
    let ((), mut daemon) = tokio::join!(mail, deaths_come);
    let during = house.cases().await;
    imap.behaves();
    smtp.behaves();
    // What waits for its next try has waited when the program runs again.
    if weather.kills {
        daemon.dies().await
    } else {
        daemon.stops().await
    }
    house.skips(Duration::from_secs(3 * 60 * 60));
    daemon = house.starts();
    house.settles(complaints.len(), CALM).await;
    assert!(daemon.runs());
    let calm = began.elapsed();
    let folders: &[&str] = if weather.moves { &["INBOX", "Logged"] } else { &["INBOX"] };
    let verdict = house.reconciles(&complaints, folders).await;
    daemon.stops().await;
    println!(
        "seed {seed}: {during} of {} cases in the storm, {deaths} deaths, {} and {} connections, {} answers lost, \
         {verdict:?}, all well after {calm:.1?}",
        complaints.len(),
        imap.connections.load(std::sync::atomic::Ordering::Relaxed),
        smtp.connections.load(std::sync::atomic::Ordering::Relaxed),
        smtp.answers_lost.load(std::sync::atomic::Ordering::Relaxed),
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_in_clear_that_cut_delay_and_garble_lose_nothing_and_say_nothing_twice() {
    storms(1, Weather { imap: "plain", smtp: "plain", moves: false, kills: false }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sealed_lines_that_cut_delay_and_garble_and_a_program_that_dies_lose_nothing() {
    storms(2, Weather { imap: "tls", smtp: "starttls", moves: true, kills: true }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_that_are_sealed_later_and_a_program_that_dies_lose_nothing() {
    storms(3, Weather { imap: "starttls", smtp: "plain", moves: false, kills: true }).await;
}
