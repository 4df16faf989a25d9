//! A message whose reading takes too long, and one over which the program dies, again and again.

use std::time::Duration;

use crate::common::messages_arrived;
use crate::house::{Complaint, House, Ways};

const SOON: Duration = Duration::from_secs(60);

/// A message that takes this program, as tests build it, several seconds to read and sort: twenty seconds, which it may
/// take, are less than one second here.
fn slow() -> Complaint {
    Complaint::saying("0".repeat(72) + "\r\n", 80_000)
}

async fn attempts(house: &House) -> i64 {
    house.count("SELECT MAX(attempts) FROM inbox").await
}

/// Neighbours before and behind it are answered, it is set aside with its clock running, and the officer hears of it.
async fn set_aside(house: &House, neighbours: &[Complaint], slow: &Complaint) {
    house.settles(1 + neighbours.len(), SOON).await;
    assert_eq!(house.rows("SELECT sorted FROM inbox WHERE state = 'set_aside'").await, ["could not be read"]);
    let clocks = "SELECT COUNT(*) FROM deadline WHERE duty = 'acknowledge' AND met_at IS NULL \
                  AND case_id IN (SELECT case_id FROM message_case m JOIN inbox i ON i.id = m.inbox_id WHERE state = 'set_aside')";
    assert_eq!(house.count(clocks).await, 1, "its clock runs");
    let letters = messages_arrived(&house.officer, 1 + neighbours.len()).await;
    let told = letters.iter().filter(|letter| String::from_utf8_lossy(&letter.raw).contains("failed 2 times"));
    assert_eq!(told.count(), 1, "the officer hears of it");
    for neighbour in neighbours {
        assert_eq!(messages_arrived(&neighbour.resident, 1).await.len(), 1);
    }
    assert!(crate::common::messages(&slow.resident, "INBOX").await.is_empty(), "nobody has read what they wrote");
    house.says(&["reconcile"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_takes_too_long_is_set_aside_and_keeps_no_neighbour_waiting() {
    let mut house = House::new(Ways::straight());
    house.configure("handle_attempts = 100", "handle_attempts = 2");
    let (slow, neighbours) = (slow(), Complaint::of(4));
    house.gets(&neighbours[0]).await;
    house.gets(&slow).await;
    house.gets(&neighbours[1]).await;
    let daemon = house.starts();
    house.until("the neighbours are cases", SOON, async || house.cases().await == 2).await;
    house.gets(&neighbours[2]).await;
    house.gets(&neighbours[3]).await;
    set_aside(&house, &neighbours, &slow).await;
    assert!(house.log().contains("Reading it took longer than 20 seconds"), "{}", house.log());
    let before = "SELECT COUNT(*) FROM case_file WHERE id < (SELECT m.case_id FROM message_case m \
                  JOIN inbox i ON i.id = m.inbox_id WHERE i.state = 'set_aside')";
    assert!(house.count(before).await >= 2, "those before and behind it had their cases first");
    // The thread that still reads keeps nobody from stopping it.
    daemon.stops().await;
}

/// As a stack that overflows would end it: nothing in the program can catch that.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_over_which_the_program_dies_runs_out_of_tries_and_keeps_no_neighbour() {
    let mut house = House::new(Ways::straight());
    house.configure("handle_attempts = 100", "handle_attempts = 2");
    let (slow, neighbours) = (slow(), Complaint::of(3));
    house.gets(&slow).await;
    for neighbour in &neighbours[..2] {
        house.gets(neighbour).await;
    }
    for tries in 1..=2 {
        let daemon = house.starts();
        house.until("it is tried", SOON, async || attempts(&house).await == tries).await;
        daemon.dies().await;
        house.skips(Duration::from_secs(90));
    }
    let mut daemon = house.starts();
    house.gets(&neighbours[2]).await;
    set_aside(&house, &neighbours, &slow).await;
    assert_eq!(attempts(&house).await, 3, "the third time it is not read");
    assert!(daemon.runs());
    daemon.stops().await;
}
