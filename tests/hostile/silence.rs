//! Servers that say nothing: every wait has an end, and what was being done is done again.

use std::time::Duration;

use crate::house::{Complaint, House, RATE, Ways, port};
use crate::proxy::{Fault, Proxy, Side, Speech};

const SOON: Duration = Duration::from_secs(90);

/// Goal: a line that falls silent, and that nobody cuts, costs time and nothing else.
/// How: one connection after another falls silent at another place; then all is well.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_that_fall_silent_are_given_up_and_tried_again() {
    let stall = |side, after| Fault::Stall { side, after };
    let (program, server) = (Side::Program, Side::Server);
    // At the greeting, at the login, in the list of what is there, in a message; and while waiting for mail.
    let imap = vec![Fault::Mute, stall(server, 200), stall(program, 40), stall(server, 1_000), stall(server, 30_000)];
    let imap = Proxy::scripted(port("REDRESS_TEST_IMAP_PORT"), Speech::Imap, imap).await;
    // At the greeting, behind MAIL, in the letter.
    let smtp = vec![Fault::Mute, stall(server, 120), stall(program, 3_000), Fault::Half { side: server, after: 150 }];
    let smtp = Proxy::scripted(port("REDRESS_TEST_SMTP_PORT"), Speech::Smtp, smtp).await;
    let mut house =
        House::new(Ways { imap: "plain", imap_port: imap.port, smtp: "plain", smtp_port: smtp.port, moves: true });
    // In clear, for a handshake needs more time.
    house.lives_at(3 * RATE);
    let complaints = Complaint::of(6);
    for complaint in &complaints {
        house.gets(complaint).await;
    }
    let mut daemon = house.starts();
    house.settles(6, SOON).await;
    assert!(daemon.runs());
    assert!(house.log().contains("no answer in time (greeting)"), "{}", house.log());
    assert_eq!(house.reconciles(&complaints, &["INBOX", "Logged"]).await.doubles, 0, "no letter had been taken");
    daemon.stops().await;
}
