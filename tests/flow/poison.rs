//! Told stories of what comes to grief each time it is touched: a message, a letter, a date. It is set aside or given up, a
//! person is told, and its neighbours never wait for it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use jiff::{SignedDuration, ToSpan as _};
use redress::config::{Config, MailboxConfig, Sending};
use redress::daemon::clock::{Clock as _, PlayedClock};
use redress::daemon::handle::{BURDEN, Burden};
use redress::daemon::receive::Receive;
use redress::daemon::send::{self, Route};
use redress::daemon::watch::Watch;
use redress::daemon::{Progress, start};
use redress::domain::reconcile::{Difference, Reconciled};
use redress::mail::mailbox::{Facts, Fetched, Folder, Mailbox, MailboxError, Raw, Uid};
use redress::mail::transport::{Accepted, Envelope, SendError, Transport};
use secrecy::ExposeSecret as _;
use sqlx::{Connection as _, SqliteConnection};

use crate::sim::points::{Fate, Ran, ride};
use crate::sim::*;

const COMPLAINT: &str = "I want to make a formal complaint. The lift has been broken for six weeks and nobody answers the \
telephone.";
const BOB: &str = "bob@example.com";

fn complaint(from: &str, subject: &str) -> Mail {
    Mail::from(from).saying(subject, COMPLAINT)
}

/// Two messages come, of which reading the first comes to grief. What is seen of it, and that the other is answered.
async fn comes_to_grief(before: impl Fn() + Send + Sync + 'static) -> World {
    let mut world = World::at("Sat 21 Nov 2026 09:00").await;
    let before = move |raw: &[u8]| {
        if raw.windows(6).any(|window| window == b"poison") {
            before();
        }
    };
    let burden = Burden { read_max: Duration::from_millis(100), before: Arc::new(before) };
    world.arrives("complaints", "INBOX", complaint("Ann Example <ann@example.com>", "poison"));
    world.arrives("complaints", "INBOX", complaint(BOB, "The lift"));
    BURDEN.scope(burden.clone(), world.looks()).await;
    assert_eq!(world.told(BOB).await, ["Sat 21 Nov 09:00 acknowledgement"], "it does not wait");
    assert_eq!(world.sorted().await, ["new: -", "handled: complaint"]);
    BURDEN.scope(burden, world.goes_to("Sat 21 Nov 2026 09:10")).await;
    assert_eq!(world.sorted().await, ["set_aside: could not be read", "handled: complaint"]);
    assert_eq!(world.told(ANN).await, Vec::<String>::new(), "nobody is answered whose words nobody has read");
    assert_eq!(world.told(OFFICER).await, ["Sat 21 Nov 09:00 new-case", "Sat 21 Nov 09:05 new-case"]);
    assert!(world.last_letter_to(OFFICER).says("failed 5 times"));
    let case = world.cases().await.pop().expect("a case");
    assert!(world.history(&case).await.contains(&"acknowledge by 2026-11-27".to_owned()), "the clock runs");
    world
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a reading that takes too long blocks its thread, as the real one would")]
async fn a_message_that_takes_too_long_to_read_is_set_aside_and_keeps_no_neighbour() {
    let tries = Arc::new(Mutex::new(0));
    let count = Arc::clone(&tries);
    let world = comes_to_grief(move || {
        *count.lock().unwrap() += 1;
        std::thread::sleep(Duration::from_millis(700));
    })
    .await;
    assert_eq!(*tries.lock().unwrap(), 5, "and then it is left alone");
    let rows = world.inbox().await;
    assert_eq!((rows[0].attempts, rows[1].attempts), (6, 1), "the last try set it aside unread");
}

#[tokio::test]
async fn a_message_that_makes_the_reading_panic_is_set_aside_and_keeps_no_neighbour() {
    comes_to_grief(|| panic!("as a parser may")).await;
}

// Goal: a database that fails is not the message's fault, however often it does.
// How:  each try takes the message, and what is decided cannot be committed: for a small row there is room, for letters none.
#[tokio::test]
async fn a_message_is_answered_however_often_the_database_failed_over_it() {
    const DECIDED: u32 = 4;
    let mut world = World::at("Sat 21 Nov 2026 09:00").await;
    let daemon = Arc::clone(world.daemon().expect("the program runs"));
    world.arrives("complaints", "INBOX", complaint("Ann Example <ann@example.com>", "The lift"));
    Arc::clone(&daemon).step(Round::Look(0)).await.expect("the mailbox can be read");
    for _ in 0..2 * world.config.limits.handle_attempts {
        world.points.plan(Some((DECIDED, Fate::Fail)));
        ride(&world.points, Arc::clone(&daemon).step(Round::Handle)).await;
        assert_eq!(world.points.happened(), ["Fail at Commit"]);
        let rows = world.inbox().await;
        assert_eq!((rows[0].state.as_str(), rows[0].attempts), ("new", 0), "as if it had not been tried");
        world.clock.set(world.now() + 1.minutes());
    }
    world.looks().await;
    assert_eq!(world.sorted().await, ["handled: complaint"]);
    assert_eq!(world.told(ANN).await, ["Sat 21 Nov 09:10 acknowledgement"]);
}

/// A mail server's client that comes down on letters to one person.
struct Frail {
    to: &'static str,
    taken: Vec<String>,
}

impl Transport for Frail {
    async fn send(&mut self, letter: Envelope<'_>) -> Result<Accepted, SendError> {
        assert!(letter.to != self.to, "as a client may come down");
        self.taken.push(letter.to.to_owned());
        Ok(Accepted { reply: "250 taken".to_owned() })
    }
}

/// Letters wait for Ann and Bob, whose complaints came on Friday 20 November 2026 at 15:00, and for the officer.
async fn letters_wait() -> World {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.server_answers_everybody(Answer::NoLogin);
    world.mail(complaint("Ann Example <ann@example.com>", "The lift")).await;
    world.mail(complaint(BOB, "The lift too")).await;
    world
}

async fn sends_all(world: &World, transport: &mut Frail, route: &mut Route) {
    while send::step(world.office(), transport, route).await.expect("the database works") == Progress::Made {}
}

async fn state_of(world: &World, to: &str) -> String {
    let letters = world.outbox().await;
    letters.into_iter().find(|letter| letter.recipient == to).expect("a letter to them").state
}

#[tokio::test]
async fn a_letter_that_brings_the_sending_down_is_given_up_after_days_and_the_officer_told() {
    let world = letters_wait().await;
    let (mut transport, mut route) = (Frail { to: ANN, taken: Vec::new() }, Route::default());
    world.clock.set(world.now() + 2.hours());
    sends_all(&world, &mut transport, &mut route).await;
    assert!(transport.taken.contains(&BOB.to_owned()), "its neighbours leave at once: {:?}", transport.taken);
    assert!(transport.taken.contains(&OFFICER.to_owned()));
    assert_eq!(state_of(&world, ANN).await, "queued");
    for _ in 0..(6 * 24) {
        world.clock.set(world.now() + SignedDuration::from_hours(1));
        sends_all(&world, &mut transport, &mut route).await;
    }
    assert_eq!(state_of(&world, ANN).await, "failed");
    let letters = world.outbox().await;
    let told = letters.iter().find(|letter| letter.kind == "undelivered").expect("the officer hears");
    assert_eq!((told.recipient.as_str(), told.state.as_str()), (OFFICER, "sent"));
    let case = world.cases().await.remove(0);
    assert!(!world.history(&case).await.contains(&"acknowledged".to_owned()), "it does not count");
}

#[tokio::test]
async fn a_letter_whose_words_were_erased_is_not_sent_empty_and_the_officer_is_told() {
    let world = letters_wait().await;
    let url = world.config.database.expose_secret().to_owned();
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    let erased = "UPDATE outbox SET bytes = NULL WHERE recipient = 'ann@example.com'";
    assert_eq!(sqlx::query(erased).execute(&mut connection).await.unwrap().rows_affected(), 1);
    let (mut transport, mut route) = (Frail { to: "nobody", taken: Vec::new() }, Route::default());
    world.clock.set(world.now() + 2.hours());
    sends_all(&world, &mut transport, &mut route).await;
    assert!(!transport.taken.contains(&ANN.to_owned()), "{:?}", transport.taken);
    assert!(transport.taken.contains(&BOB.to_owned()));
    assert_eq!(state_of(&world, ANN).await, "failed");
    assert!(world.outbox().await.iter().any(|letter| letter.kind == "undelivered" && letter.state == "sent"));
}

/// The landlord's own text of this letter comes to grief over the first case.
fn breaks(world: &mut World, template: &str) {
    let letters = world.folder("letters");
    let own = format!("{}/config/letters/{template}.txt", env!("CARGO_MANIFEST_DIR"));
    let broken = "{% if \"1001\" in reference %}{{ nothing.of_the_kind }}{% endif %}\n";
    let text = std::fs::read_to_string(own).expect("a template of ours") + broken;
    std::fs::write(letters.join(format!("{template}.txt")), text).expect("a folder of this world");
    world.config.letters = Some(letters);
}

#[tokio::test]
async fn a_held_letter_that_can_no_longer_be_written_keeps_no_other_and_the_operator_is_told() {
    let mut world = World::with("Fri 20 Nov 2026 15:00", |config| config.sending = Sending::Hold).await;
    world.mail(complaint("Ann Example <ann@example.com>", "The lift")).await;
    world.mail(complaint(BOB, "The lift too")).await;
    world.goes_to("Mon 23 Nov 2026 12:00").await;
    world.config.sending = Sending::Live;
    breaks(&mut world, "acknowledgement");
    world.restart().await;
    world.looks().await;
    assert_eq!(world.told(BOB).await, ["Mon 23 Nov 12:00 acknowledgement"]);
    assert_eq!(state_of(&world, ANN).await, "held");
    let words = world.last_letter_to(OPERATOR);
    assert!(words.subject.contains("a held letter cannot be let go"), "{}", words.subject);
    world.config.letters = None;
    world.restart().await;
    world.looks().await;
    assert_eq!(world.told(ANN).await, ["Mon 23 Nov 12:00 acknowledgement"]);
    assert!(world.last_letter_to(OPERATOR).subject.contains("over: a held letter"));
}

#[tokio::test]
async fn a_held_letter_goes_although_the_database_fails_for_a_moment_at_any_point_of_the_start() {
    let mut although = 0;
    for point in 0..12 {
        let mut world = World::with("Fri 20 Nov 2026 15:00", |config| config.sending = Sending::Hold).await;
        world.mail(complaint("Ann Example <ann@example.com>", "The lift")).await;
        world.goes_to("Mon 23 Nov 2026 12:00").await;
        world.config.sending = Sending::Live;
        world.stop().await;
        let daemon = world.open().await;
        world.points.plan(Some((point, Fate::Fail)));
        let office = Arc::clone(&daemon.office);
        let Ran::Done(started) = ride(&world.points, async move { start(&office).await }).await else {
            panic!("nothing was planned but a failure");
        };
        world.points.plan(None);
        let failed = world.points.happened();
        if started.is_ok() {
            although += failed.len();
            world.runs(daemon);
            world.looks().await;
        } else {
            daemon.office.store.close().await;
            drop(daemon);
            world.restart().await;
        }
        assert_eq!(world.told(ANN).await.len(), 1, "{failed:?}: {:?}", world.outbox().await);
    }
    assert!(although > 0, "the letter itself was hit");
}

/// The program looks at dates and sends, every five minutes up to this moment: without the auditor, who rightly finds that
/// somebody was not reminded.
async fn goes_on_until(world: &World, when: &str) {
    let daemon = world.daemon().expect("the program runs");
    while world.now() < moment(when) {
        world.clock.set(world.now() + 5.minutes());
        for round in [Round::Remind, Round::Send] {
            while Arc::clone(daemon).step(round).await.expect("the database works") == Progress::Made {}
        }
    }
    Watch::new(Arc::clone(&daemon.office)).step().await;
    while Arc::clone(daemon).step(Round::Send).await.expect("the database works") == Progress::Made {}
}

#[tokio::test]
async fn a_date_that_always_fails_keeps_no_other_and_the_operator_is_told_until_it_is_mended() {
    let mut world = World::at("Fri 20 Nov 2026 15:00").await;
    world.mail(complaint("Ann Example <ann@example.com>", "The lift")).await;
    world.mail(complaint(BOB, "The lift too")).await;
    let cases = world.cases().await;
    breaks(&mut world, "reminder");
    world.goes_to("Wed 2 Dec 2026 08:50").await;
    world.restart().await;
    let reminded = |world: &World, reference: &str| {
        let letters = world.letters_to(OFFICER);
        letters.iter().filter(|letter| letter.subject.contains("Due") && letter.subject.contains(reference)).count()
    };
    goes_on_until(&world, "Wed 2 Dec 2026 09:05").await;
    assert_eq!((reminded(&world, &cases[0]), reminded(&world, &cases[1])), (0, 1), "the other's comes in time");
    goes_on_until(&world, "Wed 2 Dec 2026 10:00").await;
    let words = world.last_letter_to(OPERATOR);
    assert!(words.subject.contains("a date cannot be acted on") && words.says(&cases[0]), "{}", words.text);
    assert!(!words.says(&cases[1]));

    world.config.letters = None;
    world.restart().await;
    goes_on_until(&world, "Wed 2 Dec 2026 10:30").await;
    assert_eq!((reminded(&world, &cases[0]), reminded(&world, &cases[1])), (1, 1), "late, and only once");
    assert!(world.last_letter_to(OPERATOR).subject.contains("over: a date cannot be acted on"));
}

/// What a mail server holds that gives some messages and others not.
struct Grudging {
    uidvalidity: i64,
    /// By UID; without the words of those it does not give.
    messages: BTreeMap<u32, Option<&'static str>>,
    /// What is larger does not come in time.
    bytes_max: u64,
}

#[derive(Clone)]
struct Grudges(Arc<Mutex<Grudging>>, Arc<PlayedClock>);

impl Grudges {
    /// Announces so many messages, with UIDs from 1, and gives none of them.
    fn holding(world: &World, count: u32) -> Grudges {
        let messages = (1..=count).map(|uid| (uid, None)).collect();
        Grudges(
            Arc::new(Mutex::new(Grudging { uidvalidity: 1, messages, bytes_max: u64::MAX })),
            Arc::clone(&world.clock),
        )
    }

    fn holds(&self) -> MutexGuard<'_, Grudging> {
        self.0.lock().expect("nobody panics")
    }

    /// Reads the mailbox as the program does, beside its own mail server.
    fn reader(&self, world: &World) -> Receive<Grudges> {
        let office = Arc::clone(&world.daemon().expect("the program runs").office);
        let config = MailboxConfig { junk: None, ..office.config.mailboxes[0].clone() };
        Receive::new(office, config, self.clone())
    }
}

impl Mailbox for Grudges {
    async fn open(&mut self, _: &str) -> Result<Folder, MailboxError> {
        Ok(Folder { uidvalidity: self.holds().uidvalidity })
    }

    async fn list(&mut self, _: Option<&Uid>) -> Result<Vec<Uid>, MailboxError> {
        Ok(self.holds().messages.keys().map(u32::to_string).collect())
    }

    async fn fetch(&mut self, uid: &Uid, limit: u64) -> Result<Option<Fetched>, MailboxError> {
        let server = self.holds();
        let words = server.messages[&uid.parse().expect("a UID of ours")];
        let words = words.ok_or_else(|| MailboxError::Refused("announced, but not given".to_owned()))?;
        let (arrived, size) = (moment("Fri 20 Nov 2026 14:00"), words.len() as u64);
        let raw = match words.split_once("\r\n\r\n") {
            Some((headers, _)) if size > limit => Raw::HeadersOnly(headers.into()),
            _ if size > server.bytes_max => return Err(MailboxError::Lost("no answer in time".to_owned())),
            _ => Raw::Whole(words.into()),
        };
        Ok(Some(Fetched { uid: uid.clone(), arrived, size, raw }))
    }

    /// Takes ten seconds.
    async fn file(&mut self, uid: &Uid, _: &str) -> Result<(), MailboxError> {
        self.1.set(self.1.now() + 10.seconds());
        self.holds().messages.remove(&uid.parse().expect("a UID of ours"));
        Ok(())
    }

    async fn wait(&mut self, _: Duration) -> Result<(), MailboxError> {
        Ok(())
    }

    async fn facts(&mut self, _: &[Uid]) -> Result<Vec<Facts>, MailboxError> {
        Ok(Vec::new())
    }

    async fn close(&mut self) {}
}

/// A complaint of Bob's.
const LIFT: &str =
    "From: bob@example.com\r\nTo: complaints@example.org\r\nSubject: The lift\r\n\r\nThe lift is broken.\r\n";

/// The program looks every quarter of an hour, for this many hours.
async fn looks_for(hours: i32, world: &World, reader: &mut Receive<Grudges>) {
    for _ in 0..hours * 4 {
        let _ = reader.look().await;
        world.clock.set(world.now() + 15.minutes());
    }
}

/// Sizes of all messages that were taken, oldest first: 0 when its words were not.
async fn sizes(world: &World) -> Vec<u64> {
    let ledger = world.office().store.ledger("complaints").await.expect("it can be read");
    ledger.into_iter().map(|entry| entry.size).collect()
}

#[tokio::test]
async fn any_number_of_messages_that_are_not_given_keep_no_newer_one_waiting_and_all_are_logged_in_the_end() {
    let world = World::at("Fri 20 Nov 2026 15:00").await;
    let server = Grudges::holding(&world, 25);
    let mut reader = server.reader(&world);
    looks_for(1, &world, &mut reader).await;
    server.holds().messages.insert(26, Some(LIFT));
    let _ = reader.look().await;
    assert_eq!(sizes(&world).await, [LIFT.len() as u64]);
    looks_for(7, &world, &mut reader).await;
    assert_eq!(sizes(&world).await.len(), 26, "and those the server never gave, without their words");
}

#[tokio::test]
async fn a_clock_begins_with_the_message_and_not_with_its_copy_though_it_was_not_given_at_first() {
    let mut world = World::at("Thu 19 Nov 2026 23:00").await;
    let mail = complaint("Ann Example <ann@example.com>", "The lift").known_as("4711@example.com");
    world.arrives("complaints", "INBOX", mail.clone());
    world.mailbox_withholds_the_newest(true);
    world.looks().await;
    world.mailbox_withholds_the_newest(false);
    world.clock.set(world.now() + 2.hours());
    world.arrives(
        "complaints",
        "INBOX",
        mail.header("Received: by another.example.com; Fri, 20 Nov 2026 01:00:00 +0000"),
    );
    world.looks().await;
    let case = world.cases().await.remove(0);
    assert!(world.history(&case).await.contains(&"acknowledge by 2026-11-26".to_owned()));
    assert_eq!(world.letters_to(ANN).len(), 1);
}

#[tokio::test]
async fn a_message_that_has_the_number_of_one_that_was_not_given_is_tried_like_any_other() {
    let world = World::at("Fri 20 Nov 2026 15:00").await;
    let server = Grudges::holding(&world, 1);
    let mut reader = server.reader(&world);
    looks_for(5, &world, &mut reader).await;
    let messages = BTreeMap::from([(1, Some(LIFT))]);
    *server.holds() = Grudging { uidvalidity: 2, messages, bytes_max: u64::MAX };
    world.clock.set(world.now() + 2.hours());
    let _ = reader.look().await;
    assert_eq!(sizes(&world).await, [LIFT.len() as u64]);
}

#[tokio::test]
async fn a_message_too_large_for_a_slow_line_is_set_aside_from_its_headers_soon() {
    let mut world = World::with("Fri 20 Nov 2026 15:00", |config| config.limits.message_bytes = 100).await;
    let server = Grudges::holding(&world, 0);
    server.holds().messages.insert(1, Some(LIFT));
    server.holds().bytes_max = 50;
    let mut reader = server.reader(&world);
    looks_for(1, &world, &mut reader).await;
    assert_eq!(sizes(&world).await, [LIFT.len() as u64]);
    world.looks().await;
    assert!(world.last_letter_to(OFFICER).says("only its headers were taken"));
}

#[tokio::test]
async fn new_mail_does_not_wait_until_all_that_is_stored_was_moved() {
    let moving = |config: &mut Config| config.mailboxes[0].move_to = Some("Logged".to_owned());
    let world = World::with("Fri 20 Nov 2026 15:00", moving).await;
    let server = Grudges::holding(&world, 0);
    server.holds().messages.extend((1..=100).map(|uid| (uid, Some(LIFT))));
    let mut reader = server.reader(&world);
    reader.look().await.unwrap();
    assert!(world.now() < moment("Fri 20 Nov 2026 15:02"), "a look does not take a quarter of an hour");
    server.holds().messages.insert(101, Some(LIFT));
    for _ in 0..20 {
        reader.look().await.unwrap();
    }
    assert_eq!(sizes(&world).await.len(), 101);
    assert!(server.holds().messages.is_empty(), "all is moved in the end");
}

/// A mailbox out of which logged mail is moved.
async fn moving() -> World {
    World::with("Fri 20 Nov 2026 15:00", |config| config.mailboxes[0].move_to = Some("Logged".to_owned())).await
}

/// The program compares the mail servers with the database, if it is time to. What is kept of it.
pub async fn compares(world: &World) -> Reconciled {
    Arc::clone(world.daemon().expect("the program runs")).step(Round::Reconcile).await.expect("the database works");
    world.office().store.reconciled().await.expect("the database works").expect("a comparison is kept")
}

/// The mail server gives out no message of this number, in no folder.
fn withholds(world: &World, uid: Option<u32>) {
    world.mailboxes["complaints"].lock().expect("nobody panicked with it").withheld = uid;
}

/// Why something could not be compared.
fn whys(reconciled: &Reconciled) -> Vec<&str> {
    let differences = reconciled.differences.iter();
    let why = differences.map(|difference| match difference {
        Difference::NotCompared { why, .. } => why.as_str(),
        other => panic!("{other:?}"),
    });
    why.collect()
}

#[tokio::test]
async fn a_message_that_cannot_be_read_where_logged_mail_goes_keeps_no_other_there_from_being_taken_in() {
    let mut world = moving().await;
    world.arrives("complaints", "Logged", complaint("Ann Example <ann@example.com>", "The lift"));
    world.arrives("complaints", "Logged", complaint(BOB, "The lift"));
    withholds(&world, Some(1));
    let first = compares(&world).await;
    let why = "1 of its messages could not be read, the first is the server's number 1: server refused: announced, but \
               not given";
    assert_eq!(whys(&first), [why]);
    let logged = first.folders.iter().find(|tally| tally.folder == "Logged").unwrap();
    assert_eq!((logged.server, logged.ours, logged.found), (2, 1, 1));
    world.looks().await;
    assert_eq!(world.told(BOB).await, ["Fri 20 Nov 15:00 acknowledgement"]);

    world.clock.set(world.now() + 20.minutes());
    assert_eq!(compares(&world).await.standing.len(), 1);
    world.looks().await;
    assert!(world.last_letter_to(OPERATOR).says("the server's number 1"), "{}", world.last_letter_to(OPERATOR).text);
    withholds(&world, None);
    world.clock.set(world.now() + 61.minutes());
    assert!(compares(&world).await.differences.is_empty());
    world.looks().await;
    assert_eq!(world.told(ANN).await, ["Fri 20 Nov 16:21 acknowledgement"]);
}

#[tokio::test]
async fn a_message_that_was_logged_unread_and_moved_is_no_difference_and_its_words_are_taken_in_when_they_are_given() {
    let mut world = moving().await;
    world.arrives("complaints", "INBOX", complaint("Ann Example <ann@example.com>", "The lift"));
    withholds(&world, Some(1));
    for _ in 0..8 {
        world.looks().await;
    }
    world.clock.set(world.now() + 6.hours());
    world.looks().await;
    assert_eq!(world.sorted().await, ["set_aside: could not be read"]);
    assert_eq!((world.lying_in("INBOX"), world.lying_in("Logged")), (0, 1));
    world.arrives("complaints", "Logged", complaint(BOB, "The lift"));
    let compared = compares(&world).await;
    assert_eq!(compared.differences, []);
    assert_eq!(compared.folders.iter().map(|tally| tally.found).sum::<usize>(), 1, "its neighbour");
    // A second one that cannot be read is not the one that is known.
    world.arrives("complaints", "Logged", complaint("carl@example.com", "The lift"));
    world.mailboxes["complaints"].lock().unwrap().trouble = Some(Trouble::Nonsense);
    world.clock.set(world.now() + 25.hours());
    let why = "1 of its messages could not be read, the first is the server's number 3: connection lost: the answer could \
               not be parsed";
    assert_eq!(whys(&compares(&world).await), [why]);

    world.mailboxes["complaints"].lock().unwrap().trouble = None;
    withholds(&world, None);
    world.clock.set(world.now() + 20.minutes());
    assert_eq!(compares(&world).await.differences, []);
    world.looks().await;
    assert_eq!(world.letters_to(ANN).len(), 1);
}

#[tokio::test]
async fn an_answer_that_brings_the_parser_down_is_a_difference_and_what_was_not_read_counts_as_not_here() {
    let mut world = moving().await;
    for number in 0..30 {
        world.arrives("complaints", "Logged", complaint(&format!("resident{number}@example.com"), "The lift"));
    }
    world.mailboxes["complaints"].lock().unwrap().trouble = Some(Trouble::Nonsense);
    let compared = compares(&world).await;
    assert!(
        whys(&compared)[0].starts_with("30 of its messages could not be read, the first is the server's number 1:")
    );
    let logged = compared.folders.iter().find(|tally| tally.folder == "Logged").unwrap();
    assert_eq!((logged.server, logged.ours, logged.found), (30, 0, 0));
}

#[tokio::test]
async fn a_folder_that_opens_and_is_not_listed_could_not_be_compared() {
    let world = moving().await;
    world.mailboxes["complaints"].lock().unwrap().trouble = Some(Trouble::NoList);
    let places: Vec<String> = compares(&world).await.differences.iter().map(Difference::place).collect();
    assert_eq!(places, ["complaints/INBOX", "complaints/Junk", "complaints/Logged"]);
}
