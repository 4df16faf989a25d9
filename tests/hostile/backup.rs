//! A copy that was made while mail came in and letters left, restored elsewhere, beside the same mailbox.

use std::time::Duration;

use crate::common::messages;
use crate::house::{Complaint, House, Ways};

const SOON: Duration = Duration::from_secs(60);

/// Goal: with the restored copy servers and database agree to the last message, and no resident hears anything twice.
/// How: copies are made all the while; the program dies; the newest but one is restored in another folder, so that much
/// has happened since; and more have written while nothing ran.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_made_under_load_is_restored_elsewhere_and_agrees_with_the_servers() {
    let house = House::new(Ways { moves: true, ..Ways::straight() });
    let complaints = Complaint::of(20);
    let daemon = house.starts();
    let mut copies = Vec::new();
    for (number, complaint) in complaints[..16].iter().enumerate() {
        house.gets(complaint).await;
        if number % 4 == 3 {
            let copy = house.path(&format!("copy{number}.db"));
            let made = house.says(&["backup", copy.to_str().unwrap()]).await;
            assert!(made.contains("; whole, from the first line to the last"), "{made}");
            copies.push(copy);
        }
    }
    house.settles(16, SOON).await;
    daemon.dies().await;
    for complaint in &complaints[16..] {
        house.gets(complaint).await;
    }

    let copy = &copies[copies.len() - 2];
    let mut restored = house.elsewhere();
    restored.says(&["restore", copy.to_str().unwrap()]).await;
    let in_copy = restored.cases().await;
    assert!((1..16).contains(&in_copy), "the copy was made in the midst of it: {in_copy}");
    let mut daemon = restored.starts();
    restored.until("all is known", SOON, async || restored.cases().await == 20).await;
    restored.until("they agree", SOON, async || restored.run(&["reconcile"]).await.status.success()).await;
    let compared = restored.says(&["reconcile"]).await;
    assert!(compared.contains("the server has 20, we have 20"), "{compared}");
    for (number, complaint) in complaints.iter().enumerate() {
        let letters = messages(&complaint.resident, "INBOX").await.len();
        assert_eq!(letters, usize::from(number < 16), "nobody hears anything until a person has looked: {number}");
    }
    assert!(daemon.runs());
    daemon.stops().await;

    // A person keeps back what was sent already, and lets the rest go.
    let held = restored.rows("SELECT recipient || ' ' || id FROM outbox WHERE state = 'held' ORDER BY id").await;
    assert!(held.len() >= 4, "{held:?}");
    for letter in held {
        let (to, id) = letter.split_once(' ').unwrap();
        if !complaints[16..].iter().any(|complaint| complaint.resident == to) {
            restored.says(&["outbox", "hold", id]).await;
        }
    }
    restored.says(&["restore", "--release"]).await;
    restored.skips(Duration::from_secs(60));
    let daemon = restored.starts();
    restored.settles(20, SOON).await;
    // One to each, in all of it.
    restored.reconciles(&complaints, &["INBOX", "Logged"]).await;
    daemon.stops().await;
}
