//! A mailbox that was set up anew: every message has another UID under another UIDVALIDITY.

use std::time::Duration;

use crate::common::{messages, variable};
use crate::house::{Complaint, House, Ways, as_root};

const SOON: Duration = Duration::from_secs(60);

/// Forgets all UIDs of a mailbox of Dovecot's, and beforehand throws away the first messages that lie in it.
async fn set_up_anew(user: &str, but: usize) {
    let folder = format!("{}/mail/{user}/Maildir", variable("REDRESS_TEST_SERVERS"));
    let script = format!(
        "cd '{folder}' && ls cur/* new/* 2>/dev/null | head -n {but} | xargs -r rm && \
         rm -f dovecot.index* dovecot-uidlist dovecot-uidvalidity*"
    );
    as_root(&["sh", "-c", &script]).await;
    // Dovecot makes it from the second of the day.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
}

/// Goal: a mailbox that was replaced, once and again, while the program sleeps, looks and waits, costs no message and makes no
/// second case.
/// How: first with all of its mail, then with some of it gone and more come, then while the program does not run.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mailbox_that_was_replaced_is_read_anew_and_nothing_is_said_twice() {
    let house = House::new(Ways::straight());
    let complaints = Complaint::of(9);
    for complaint in &complaints[..3] {
        house.gets(complaint).await;
    }
    let mut daemon = house.starts();
    house.settles(3, SOON).await;
    let rows = async |state: &str| match state {
        "copy" => house.count("SELECT COUNT(*) FROM inbox WHERE state = 'copy'").await,
        _ => house.count("SELECT COUNT(DISTINCT uidvalidity) FROM inbox").await,
    };

    // The program waits in IDLE, and all of the mail is there again, with one more.
    set_up_anew(&house.address, 0).await;
    house.gets(&complaints[3]).await;
    house.settles(4, SOON).await;
    house.until("all of it is known under its new numbers", SOON, async || rows("copy").await == 3).await;
    assert_eq!(rows("uidvalidity").await, 2);

    // Two messages are gone, and two are new.
    set_up_anew(&house.address, 2).await;
    for complaint in &complaints[4..6] {
        house.gets(complaint).await;
    }
    house.settles(6, SOON).await;
    house.until("what is left is known", SOON, async || rows("uidvalidity").await == 3).await;
    assert_eq!(messages(&house.address, "INBOX").await.len(), 4);

    // While nobody looks; and again while the first look goes on.
    daemon.dies().await;
    for complaint in &complaints[6..8] {
        house.gets(complaint).await;
    }
    set_up_anew(&house.address, 0).await;
    daemon = house.starts();
    tokio::time::sleep(Duration::from_millis(150)).await;
    set_up_anew(&house.address, 0).await;
    house.gets(&complaints[8]).await;
    house.settles(9, SOON).await;
    assert!(daemon.runs());

    house.until("servers and database agree", SOON, async || house.run(&["reconcile"]).await.status.success()).await;
    let verdict = house.reconciles_without(2, &complaints, &["INBOX"]).await;
    assert_eq!(verdict.doubles, 0);
    daemon.stops().await;
}
