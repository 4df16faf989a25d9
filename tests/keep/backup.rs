//! A copy is whole or it is not there; a restored one answers no old mail again and misses nothing that came since.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::ToSpan as _;
use redress::daemon::clock::{Clock as _, PlayedClock, SystemClock};
use redress::daemon::watch::Watch;
use redress::domain::reference::Reference;
use redress::store::{Purpose, Store, url_of};
use sqlx::{Connection as _, PgConnection, SqliteConnection};

use crate::common::{address, variable};
use crate::house::{House, all, same_bytes};

/// The daemon, stopped as systemd stops it when the test ends with it.
pub struct Daemon(Child);

impl Daemon {
    pub fn start(house: &House) -> Daemon {
        let log = fs::File::options().create(true).append(true).open(house.path("log")).unwrap();
        Daemon(house.command(&["run"]).stderr(Stdio::from(log)).spawn().unwrap())
    }

    pub fn stop(mut self) {
        let id = self.0.id().to_string();
        assert!(std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        assert!(self.0.wait().unwrap().success());
    }

    /// As by a full memory.
    pub fn dies(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
    }
}

#[expect(clippy::disallowed_methods, reason = "another program works meanwhile, by the real clock")]
fn pause(ms: u64) {
    std::thread::sleep(Duration::from_millis(ms));
}

/// Waits until `so`, for two minutes at most: machines that test are busy.
pub fn wait_until(house: &House, so: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(120);
    while !so() {
        assert!(Instant::now() < end, "{}", fs::read_to_string(house.path("log")).unwrap_or_default());
        pause(50);
    }
}

/// Goal: a database restored from a copy that was taken under load answers nobody twice, misses nothing that came since,
/// gives no number of another case away, and agrees with the mailbox to the last message.
/// How: residents complain all the while; a copy is made in the midst of it beside the daemon; more complain and are
/// answered; then the database is lost, and more write while nothing runs.
#[test]
fn a_copy_made_under_load_is_restored_and_nothing_is_answered_twice_or_missed() {
    let house = House::new();
    let residents: Vec<String> = (0..36).map(|number| format!("r{number}")).collect();
    let answered = |name: &String| house.letters_to(&format!("{name}@example.com")).len();
    let daemon = Daemon::start(&house);
    let copy = house.path("copy.db");
    for (number, name) in residents[..30].iter().enumerate() {
        house.complaint("mail", name);
        if number == 12 {
            wait_until(&house, || answered(&residents[3]) == 1);
            let made = house.says(&["backup", copy.to_str().unwrap()]);
            assert!(made.contains("; whole, from the first line to the last"), "{made}");
        }
        pause(60);
    }
    wait_until(&house, || residents[..30].iter().all(|name| answered(name) == 1));
    wait_until(&house, || house.lying_in("mail/.Logged").len() == 30);
    daemon.stop();
    let given_out: Vec<Reference> = references(&house);
    let before = house.lying_in("letters");
    // Lost, to the last file.
    fs::create_dir(house.path("lost")).unwrap();
    for file in ["redress.db", "redress.db-wal", "redress.db-shm"] {
        let _ = fs::rename(house.path(file), house.path("lost").join(file));
    }
    residents[30..].iter().for_each(|name| house.complaint("mail", name));

    let restored = house.says(&["restore", copy.to_str().unwrap()]);
    assert!(restored.contains("Start the daemon"), "{restored}");
    let in_copy = references(&house).len();
    assert!(in_copy > 3 && in_copy < 30, "the copy was made in the midst of it: {in_copy}");
    let daemon = Daemon::start(&house);
    wait_until(&house, || references(&house).len() == 36);
    wait_until(&house, || house.lying_in("mail").is_empty());
    let new_letters: Vec<String> =
        house.lying_in("letters").into_iter().filter(|name| !before.contains(name)).collect();
    let to_residents = |name: &String| {
        let letter = fs::read_to_string(house.path("letters/new").join(name)).unwrap();
        letter.lines().any(|line| line.starts_with("To:") && line.contains("@example.com"))
    };
    assert!(!new_letters.is_empty(), "staff and the operator hear");
    assert!(!new_letters.iter().any(to_residents), "no resident hears anything until a person has looked");
    assert!(house.says(&["status"]).contains("the database is a restored copy"));

    // Everything is here, once.
    wait_until(&house, || house.run(&["reconcile"]).status.success());
    let found = house.json(&["reconcile"]);
    assert_eq!(found["differences"], serde_json::json!([]));
    assert_eq!((found["folders"][2]["server"].as_i64(), found["folders"][2]["ours"].as_i64()), (Some(36), Some(36)));
    let rows = house.json(&["inbox", "list", "--limit", "1000"]);
    assert_eq!(rows.as_array().unwrap().len(), 36, "one row a message");
    let fresh = references(&house).split_off(in_copy);
    assert!(fresh.iter().all(|reference| !given_out.contains(reference)), "{fresh:?}");
    let checked = house.run(&["check"]);
    assert!(all(&checked).contains("36 cases as written"), "{}", all(&checked));
    daemon.stop();

    // A person keeps back what was sent already, and lets the rest go: to those who wrote while nothing ran.
    let held = house.json(&["outbox", "list", "--held", "--limit", "1000"]);
    let sent_already = |name: &str| residents[..30].iter().any(|resident| name == format!("{resident}@example.com"));
    for letter in held.as_array().unwrap() {
        let id = letter["id"].to_string();
        let to = house.json(&["outbox", "show", &id])["to"].as_str().unwrap().to_owned();
        if sent_already(&to) || letter["audience"] == "staff" {
            house.says(&["outbox", "hold", &id]);
        }
    }
    assert!(house.says(&["restore", "--release"]).contains("Restart the daemon"));
    let daemon = Daemon::start(&house);
    wait_until(&house, || residents[30..].iter().all(|name| answered(name) == 1));
    daemon.stop();
    assert!(residents.iter().all(|name| answered(name) == 1), "one first letter to each, in all of it");
    assert!(house.says(&["restore", "--release"]).contains("no restored copy"));
    assert!(!house.says(&["status"]).contains("restored copy"));
}

/// The references of all cases, oldest first.
fn references(house: &House) -> Vec<Reference> {
    let cases = house.json(&["case", "list", "--all"]);
    let mut references: Vec<Reference> =
        cases.as_array().unwrap().iter().map(|case| case["reference"].as_str().unwrap().parse().unwrap()).collect();
    references.sort();
    references
}

#[test]
fn a_copy_is_never_written_over_anything_and_is_looked_at_without_being_changed() {
    let house = House::new();
    house.complaint("mail", "ann");
    house.says(&["run", "--once"]);
    let copy = house.path("copy.db");
    let name = copy.to_str().unwrap();
    house.says(&["backup", name]);
    assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(house.fails(&["backup", name]).contains("is there already; nothing is ever written over"));
    fs::copy(&copy, house.path("before.db")).unwrap();
    let looked = house.says(&["backup", "--verify", name]);
    assert!(looked.contains("1 case and 1 message, as of "), "{looked}");
    assert!(same_bytes(&copy, &house.path("before.db")), "looking changes nothing");
    let beside: Vec<_> = fs::read_dir(house.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!beside.iter().any(|name| name.to_string_lossy().starts_with("copy.db.")), "{beside:?}");

    // Half of a copy, and a file that is no database.
    let mut bytes = fs::read(&copy).unwrap();
    bytes.truncate(bytes.len() / 2);
    fs::write(house.path("half.db"), &bytes).unwrap();
    fs::write(house.path("none.db"), "no database").unwrap();
    for damaged in ["half.db", "none.db", "missing.db"] {
        let path = house.path(damaged);
        assert!(!house.run(&["backup", "--verify", path.to_str().unwrap()]).status.success(), "{damaged}");
    }
    fs::create_dir(house.path("lost")).unwrap();
    assert!(house.fails(&["restore", name]).contains("redress.db is there. Move it"));
    for file in ["redress.db", "redress.db-wal", "redress.db-shm"] {
        let _ = fs::rename(house.path(file), house.path("lost").join(file));
    }
    for damaged in ["half.db", "none.db", "missing.db"] {
        house.fails(&["restore", house.path(damaged).to_str().unwrap()]);
        assert!(!house.path("redress.db").exists(), "{damaged}");
    }
    fs::write(house.path("redress.db-wal"), "left behind").unwrap();
    assert!(
        house.fails(&["restore", name]).contains("redress.db-wal is there"),
        "it would be taken for the copy's own"
    );
}

/// Goal: whoever has copies made hears when none is made any more: once, and once when one is made again. Whoever never made
/// one, or one alone, copies the machine in another way, and hears nothing.
#[tokio::test]
async fn copies_that_are_made_no_more_are_told_once_and_so_is_the_next() {
    let house = House::new();
    let clock = Arc::new(PlayedClock::new(SystemClock.now()));
    let office = house.office(clock.clone()).await;
    let mut watch = Watch::new(Arc::clone(&office));
    // Nobody sends letters here, so it goes by the second way.
    let told = || {
        let said = house.second_way();
        said.lines().filter(|line| line.ends_with("not being copied")).map(str::to_owned).collect::<Vec<_>>()
    };
    let copied = async |name: &str| {
        office.store.back_up(&house.path(name), clock.now()).await.unwrap();
        let copy = Store::open(&url_of(&house.path(name)).unwrap(), Purpose::Look).await.unwrap();
        assert_eq!(copy.backed_up().await.unwrap(), copy.copy_of().await.unwrap(), "a copy knows of itself");
        copy.close().await;
    };
    clock.set(clock.now() + 96.hours());
    watch.step().await;
    copied("one-alone.db").await;
    clock.set(clock.now() + 96.hours());
    watch.step().await;
    copied("first.db").await;
    clock.set(clock.now() + 24.hours());
    copied("second.db").await;
    clock.set(clock.now() + 72.hours());
    watch.step().await;
    assert_eq!(told(), [""; 0]);
    clock.set(clock.now() + 1.minute());
    watch.step().await;
    Watch::new(Arc::clone(&office)).step().await;
    assert_eq!(told(), ["Redress: the database is not being copied"]);
    copied("third.db").await;
    watch.step().await;
    assert_eq!(told()[1..], ["Redress: over: the database is not being copied"]);

    // A machine that was off.
    clock.set(clock.now() + 24.hours());
    copied("fourth.db").await;
    clock.set(clock.now() + 96.hours());
    let mut watch = Watch::new(Arc::clone(&office));
    watch.step().await;
    assert_eq!(told().len(), 2, "it makes up for its nights first");
    clock.set(clock.now() + 61.minutes());
    watch.step().await;
    assert_eq!(told().len(), 3);
}

/// Goal: what lies in the file beside a copy that was made by hand is restored with it.
/// How: somebody has the database open, so that what is written stays in the log beside it.
#[tokio::test]
async fn a_copy_made_by_hand_is_restored_with_what_lies_in_the_log_beside_it() {
    let house = House::new();
    house.complaint("mail", "ann");
    house.says(&["run", "--once"]);
    let open = format!("sqlite:{}", house.path("redress.db").display());
    let mut connection = SqliteConnection::connect(&open).await.unwrap();
    sqlx::query("SELECT COUNT(*) FROM inbox").execute(&mut connection).await.unwrap();
    house.complaint("mail", "bob");
    house.says(&["run", "--once"]);
    for (from, to) in [("redress.db", "alone.db"), ("redress.db", "copy.db"), ("redress.db-wal", "copy.db-wal")] {
        fs::copy(house.path(from), house.path(to)).unwrap();
    }
    connection.close().await.unwrap();
    let alone = house.says(&["backup", "--verify", "alone.db"]);
    assert!(alone.contains("1 case and 1 message"), "the rest is in the log: {alone}");
    for file in ["redress.db", "redress.db-wal", "redress.db-shm"] {
        let _ = fs::remove_file(house.path(file));
    }
    let restored = house.says(&["restore", "copy.db"]);
    assert!(restored.contains("2 cases and 2 messages"), "{restored}");
    assert_eq!(house.json(&["inbox", "list"]).as_array().unwrap().len(), 2);
    assert_eq!(fs::metadata(house.path("redress.db")).unwrap().permissions().mode() & 0o777, 0o600);
}

/// Goal: what waited when the copy was made does not go again by itself, whoever it was for.
#[test]
fn what_waited_when_the_copy_was_made_is_held_and_the_lists_of_that_day_are_dropped() {
    let house = House::new();
    house.complaint("mail", "ann");
    house.configure("maildir = \"letters\"", "smtp = { host = \"127.0.0.1\", port = 9, security = \"plain\" }");
    assert!(!house.run(&["run", "--once"]).status.success(), "nothing leaves");
    let copy = house.path("copy.db");
    house.says(&["backup", copy.to_str().unwrap()]);
    house.configure("smtp = { host = \"127.0.0.1\", port = 9, security = \"plain\" }", "maildir = \"letters\"");
    for file in ["redress.db", "redress.db-wal", "redress.db-shm"] {
        let _ = fs::remove_file(house.path(file));
    }
    house.says(&["restore", copy.to_str().unwrap()]);
    let before = house.json(&["outbox", "list", "--waiting"]);
    assert!(before.as_array().unwrap().len() >= 2, "{before}");
    house.says(&["run", "--once"]);
    let letters = house.json(&["outbox", "list"]);
    for letter in letters.as_array().unwrap() {
        match letter["audience"].as_str().unwrap() {
            "operator" => assert_eq!(letter["state"], "sent", "that the database is a copy"),
            _ => assert_eq!(
                (&letter["state"], &letter["held_because"]),
                (&"held".into(), &"the database is a restored copy".into())
            ),
        }
    }
    // Started again and again, it stays so; released, all of it goes, once.
    house.says(&["run", "--once"]);
    assert!(house.letters_to("ann@example.com").is_empty());
    house.says(&["restore", "--release"]);
    house.says(&["run", "--once"]);
    house.says(&["run", "--once"]);
    assert_eq!((house.letters_to("ann@example.com").len(), house.letters_to("ada@example.net").len()), (1, 1));
}

/// Goal: a copy of a restored database that nobody has released yet is a copy like any other.
#[test]
fn a_copy_made_before_the_release_of_another_is_settled_in_on_as_well() {
    let house = House::new();
    let lose = || {
        for file in ["redress.db", "redress.db-wal", "redress.db-shm"] {
            let _ = fs::remove_file(house.path(file));
        }
    };
    let restore = |copy: &str| drop(house.says(&["restore", house.path(copy).to_str().unwrap()]));
    house.complaint("mail", "ann");
    house.says(&["run", "--once"]);
    house.says(&["backup", "first.db"]);
    lose();
    restore("first.db");
    house.says(&["run", "--once"]);
    house.configure("maildir = \"letters\"", "smtp = { host = \"127.0.0.1\", port = 9, security = \"plain\" }");
    house.complaint("mail", "bob");
    assert!(!house.run(&["run", "--once"]).status.success(), "nothing leaves");
    house.says(&["backup", "second.db"]);
    // Nothing runs: a copy by hand is one too. The other is put in its place by hand.
    fs::copy(house.path("redress.db"), house.path("third.db")).unwrap();
    house.configure("smtp = { host = \"127.0.0.1\", port = 9, security = \"plain\" }", "maildir = \"letters\"");
    for copy in ["second.db", "third.db"] {
        lose();
        match copy {
            "second.db" => fs::copy(house.path(copy), house.path("redress.db")).map(drop).unwrap(),
            _ => restore(copy),
        }
        let waiting = house.json(&["outbox", "list", "--waiting"]);
        assert!(waiting.as_array().unwrap().iter().any(|letter| letter["audience"] == "staff"), "{waiting}");
        house.complaint("mail", &format!("carl-{copy}"));
        house.says(&["run", "--once"]);
        for letter in waiting.as_array().unwrap().iter().filter(|letter| letter["audience"] == "staff") {
            let letter = house.json(&["outbox", "show", &letter["id"].to_string()]);
            assert_eq!(letter["state"], "held", "{copy}: it may have left since");
        }
        let numbers: Vec<String> =
            references(&house).iter().map(|reference| reference.to_string()[..8].to_owned()).collect();
        assert_eq!(numbers[..3], ["WEL-1001", "WEL-2001", "WEL-3001"], "{copy}");
    }
}

#[test]
fn released_while_sending_is_on_hold_letters_to_residents_go_on_waiting() {
    let house = House::new();
    house.complaint("mail", "ann");
    house.says(&["run", "--once"]);
    let copy = house.path("copy.db");
    house.says(&["backup", copy.to_str().unwrap()]);
    for file in ["redress.db", "redress.db-wal", "redress.db-shm"] {
        let _ = fs::remove_file(house.path(file));
    }
    house.says(&["restore", copy.to_str().unwrap()]);
    house.complaint("mail", "bob");
    house.says(&["run", "--once"]);
    house.configure("sending = \"live\"", "sending = \"hold\"");
    house.says(&["restore", "--release"]);
    house.says(&["run", "--once"]);
    assert!(house.letters_to("bob@example.com").is_empty());
    house.configure("sending = \"hold\"", "sending = \"live\"");
    house.says(&["run", "--once"]);
    assert_eq!(house.letters_to("bob@example.com").len(), 1);
}

/// The URL of a new PostgreSQL database.
pub async fn postgres() -> String {
    let server = variable("REDRESS_TEST_POSTGRES_URL");
    let name: String = address("keep").chars().filter(char::is_ascii_alphanumeric).collect();
    let mut connection = PgConnection::connect(&server).await.unwrap();
    sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut connection).await.unwrap();
    format!("{}/{name}", server.rsplit_once('/').unwrap().0)
}

/// Goal: a PostgreSQL database that pg_restore brought back is treated in the same way.
#[tokio::test]
async fn a_postgresql_database_is_marked_by_hand_and_backed_up_by_its_own_means() {
    let url = postgres().await;
    let house = House::new();
    house.configure("sqlite:redress.db", &url);
    house.complaint("mail", "ann");
    house.says(&["run", "--once"]);
    let copy = house.path("copy.db");
    let refused = house.fails(&["backup", copy.to_str().unwrap()]);
    assert!(refused.contains("pg_dump --format=custom") && !copy.exists(), "{refused}");
    assert!(house.fails(&["restore", "copy.db"]).contains("pg_restore"));
    assert!(house.says(&["backup", "--verify", &url]).contains("1 case and 1 message"));

    // The dump brought along that a daemon was at work. None is.
    house.configure("free_disk_bytes = 0", "free_disk_bytes = 0\nlease_s = 10");
    let mut restored = PgConnection::connect(&url).await.unwrap();
    let lease = "INSERT INTO daemon (id, host, since, until) VALUES ('dumped', 'old', 0,
                     (EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::BIGINT + 3600000)";
    sqlx::query(lease).execute(&mut restored).await.unwrap();
    let refused = house.fails(&["restore", "--mark"]);
    assert!(refused.contains("or was killed less than 10 seconds ago"), "{refused}");
    let over = "UPDATE daemon SET until = (EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::BIGINT + 8000";
    assert_eq!(sqlx::query(over).execute(&mut restored).await.unwrap().rows_affected(), 1);
    restored.close().await.unwrap();
    house.says(&["restore", "--mark"]);
    house.complaint("mail", "bob");
    house.says(&["run", "--once"]);
    assert!(house.letters_to("bob@example.com").is_empty());
    let store = Store::open(&url, Purpose::Beside).await.unwrap();
    let references: Vec<String> = store.cases().await.unwrap().into_iter().map(|row| row.reference).collect();
    assert!(references[0].starts_with("WEL-1001-") && references[1].starts_with("WEL-2001-"), "{references:?}");
    assert_eq!(
        store.verify().await.unwrap(),
        (2, Vec::new()),
        "numbers that were passed over are none that is missing"
    );
    house.says(&["restore", "--release"]);
    house.says(&["run", "--once"]);
    assert_eq!((house.letters_to("ann@example.com").len(), house.letters_to("bob@example.com").len()), (1, 1));
}
