//! What goes wrong below: the program is started twice, the disk is full, the database is locked by another program.

use std::time::Duration;

use sqlx::Connection as _;

use crate::house::{Complaint, House, RATE, Ways, all, as_root};

/// Time for what takes moments on a machine that is not busy.
const SOON: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_start_by_mistake_ends_at_once_and_the_first_goes_on() {
    let house = House::new(Ways::straight());
    let complaints = Complaint::of(3);
    house.gets(&complaints[0]).await;
    let mut first = house.starts();
    house.settles(1, SOON).await;
    house.gets(&complaints[1]).await;
    for _ in 0..3 {
        let second = tokio::time::timeout(SOON, house.run(&["run"])).await.expect("it ends by itself");
        assert!(!second.status.success());
        let words = all(&second);
        assert!(words.contains("Another `redress run` is working on") && words.contains("one at a time"), "{words}");
        assert!(first.runs());
    }
    let once = house.run(&["run", "--once"]).await;
    assert!(all(&once).contains("Another `redress run` is working on"), "{}", all(&once));
    house.gets(&complaints[2]).await;
    house.settles(3, SOON).await;
    assert_eq!(house.reconciles(&complaints, &["INBOX"]).await.doubles, 0);
    first.stops().await;
}

/// A small disk, gone when the test is over.
struct Disk(tempfile::TempDir);

impl Disk {
    async fn new(size: &str) -> Disk {
        let folder = tempfile::tempdir().unwrap();
        let (size, place) = (format!("size={size},mode=777"), folder.path().to_str().unwrap());
        as_root(&["mount", "-t", "tmpfs", "-o", &size, "tmpfs", place]).await;
        Disk(folder)
    }

    /// Leaves no more than this.
    fn fill(&self, but: u64) {
        let free = rustix::fs::statvfs(self.0.path()).unwrap();
        let bytes = free.f_bavail * free.f_frsize - but;
        std::fs::write(self.0.path().join("ballast"), vec![0; bytes as usize]).unwrap();
    }

    fn empty(&self) {
        std::fs::remove_file(self.0.path().join("ballast")).unwrap();
    }

    async fn gone(self) {
        as_root(&["umount", "--lazy", self.0.path().to_str().unwrap()]).await;
    }
}

/// Goal: while the disk is full nothing is answered that is not stored, and somebody hears; when there is room again all of
/// it goes on by itself.
/// How: the database lies on a disk of 12 MiB, of which next to nothing is left when seven residents write.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_stores_and_answers_nothing_and_is_told_and_with_room_all_goes_on() {
    let disk = Disk::new("12m").await;
    let mut house = House::new(Ways::straight());
    house.keeps_its_database_in(disk.0.path());
    house.configure("free_disk_bytes = 0", "free_disk_bytes = 2_000_000");
    let complaints = Complaint::of(8);
    let mut daemon = house.starts();
    house.gets(&complaints[0]).await;
    house.settles(1, SOON).await;

    disk.fill(20_000);
    for complaint in &complaints[1..] {
        house.gets(complaint).await;
    }
    house
        .until("the operator hears", SOON, async || house.second_way().contains("Redress: the database cannot be used"))
        .await;
    let words = house.second_way();
    assert!(words.contains("Nothing can be stored") && words.contains("MiB are free in"), "{words}");
    let stored = house.count("SELECT COUNT(*) FROM inbox").await;
    assert!((1..8).contains(&stored), "{stored} are stored on a full disk");
    assert!(house.log().contains("database or disk is full"), "it was felt: {}", house.log());
    let mut answered = 0;
    for complaint in &complaints {
        answered += crate::common::messages(&complaint.resident, "INBOX").await.len().min(1) as i64;
    }
    assert!(answered <= stored, "{answered} are answered and {stored} stored");
    assert!(daemon.runs(), "{}", house.log());

    disk.empty();
    // At once, and not when connections are half an hour old.
    house.settles(8, Duration::from_secs(40)).await;
    assert!(daemon.runs());
    house
        .until("the operator hears that it is over", SOON, async || {
            house.second_way().contains("Redress: over: the database cannot be used")
        })
        .await;
    house.reconciles(&complaints, &["INBOX"]).await;
    daemon.stops().await;
    disk.gone().await;
}

/// Goal: another program that keeps the database for itself costs time and nothing else.
/// How: it does so again and again, each time for longer than the program waits for it, while mail comes and letters leave.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_locked_by_another_program_is_waited_for() {
    let house = House::new(Ways::straight());
    let complaints = Complaint::of(8);
    let mut daemon = house.starts();
    house.until("the database is there", SOON, async || house.database().await.is_some()).await;
    house.settles(0, SOON).await;
    for (number, complaint) in complaints.iter().enumerate() {
        house.gets(complaint).await;
        let begin = if number.is_multiple_of(2) { "BEGIN EXCLUSIVE" } else { "BEGIN IMMEDIATE" };
        // At another point of the way of the message each time.
        tokio::time::sleep(Duration::from_millis(number as u64 * 60)).await;
        let mut other = house.database().await.unwrap();
        sqlx::raw_sql(begin).execute(&mut other).await.unwrap();
        // A while longer than the program waits for it; or so long that a letter's fate cannot be written either.
        let seconds = if number.is_multiple_of(3) { 75 } else { 15 };
        tokio::time::sleep(Duration::from_secs(seconds) / RATE).await;
        sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
        other.close().await.unwrap();
    }
    house.settles(8, SOON).await;
    assert!(daemon.runs());
    assert_eq!(house.reconciles(&complaints, &["INBOX"]).await.doubles, 0, "an answer that was heard is not lost");
    assert!(house.log().contains("database is locked"), "it was felt: {}", house.log());
    daemon.stops().await;
}
