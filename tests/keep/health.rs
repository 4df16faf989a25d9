//! Somebody hears when the program is not well: a monitor that asks, one that is knocked at, and the operator by whichever way
//! still works.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use jiff::{SignedDuration, ToSpan as _};
use redress::config::{Endpoint, Heartbeat, Security, Server};
use redress::daemon::clock::{Clock as _, PlayedClock, SystemClock};
use redress::daemon::health::{answer, beat};
use redress::daemon::office::Office;
use redress::daemon::receive::Receive;
use redress::daemon::watch::{Pulse, Watch};
use redress::daemon::{Progress, handle, lease, operator, send};
use redress::health::knock::knock;
use redress::health::listen::{Listener, Page};
use redress::mail::mailbox::AnyMailbox;
use redress::mail::transport::{Accepted, Envelope, SendError, Transport};
use redress::store::{Claim, EDGES, Edge, Edges, Sent};
use sqlx::Connection as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::backup::{Daemon, postgres, wait_until};
use crate::house::House;

/// What a monitor gets: status line and text.
async fn ask(address: std::net::SocketAddr, request: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(format!("{request} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").as_bytes())
        .await
        .unwrap();
    let mut all = String::new();
    stream.read_to_string(&mut all).await.unwrap();
    let (head, text) = all.split_once("\r\n\r\n").unwrap();
    (head.lines().next().unwrap().to_owned(), text.to_owned())
}

async fn looks(office: &Arc<Office>) {
    let config = office.config.mailboxes[0].clone();
    Receive::new(Arc::clone(office), config.clone(), AnyMailbox::new(config.source.clone())).look().await.unwrap();
}

#[tokio::test]
async fn a_monitor_reads_of_finished_work_and_of_no_resident() {
    let house = House::new();
    let clock = Arc::new(PlayedClock::new(SystemClock.now()));
    let office = house.office(clock.clone()).await;
    let pulse = Pulse::new("handle", std::time::Duration::from_secs(600));
    pulse.beat(clock.now());
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let (address, stop) = (listener.address().unwrap(), CancellationToken::new());
    let page = {
        let (office, pulses) = (Arc::clone(&office), vec![pulse.clone()]);
        move |page| {
            let (office, pulses) = (Arc::clone(&office), pulses.clone());
            async move { answer(&office, &pulses, page).await }
        }
    };
    tokio::spawn(listener.serve(page, stop.clone()));
    let (ok, unwell) = ("HTTP/1.1 200 OK", "HTTP/1.1 503 Service Unavailable");

    assert_eq!(ask(address, "GET /healthz").await, (ok.to_owned(), "ok\n".to_owned()));
    let unread = "mailbox complaints has not been read yet\n";
    assert_eq!(ask(address, "GET /readyz").await, (unwell.to_owned(), unread.to_owned()));
    house.complaint("mail", "ann");
    looks(&office).await;
    assert_eq!(ask(address, "GET /readyz").await, (ok.to_owned(), "ok\n".to_owned()));
    let (status, metrics) = ask(address, "GET /metrics").await;
    assert_eq!(status, ok);
    for line in ["redress_mailbox_poll_age_seconds{mailbox=\"complaints\"} 0", "redress_messages{state=\"new\"} 1"] {
        assert!(metrics.lines().any(|one| one == line), "{line}: {metrics}");
    }
    assert!(!metrics.contains("Resident") && !metrics.contains('@'), "{metrics}");

    // What another program keeps for itself can be read, and nothing can be stored.
    let url = format!("sqlite:{}", house.path("redress.db").display());
    let mut other = sqlx::SqliteConnection::connect(&url).await.unwrap();
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let locked = (unwell.to_owned(), "the database does not answer\n".to_owned());
    assert_eq!(ask(address, "GET /readyz").await, locked);
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    other.close().await.unwrap();
    assert_eq!(ask(address, "GET /readyz").await, (ok.to_owned(), "ok\n".to_owned()));

    // The loop turns, and nothing is finished: that is not well. A round that stands still is dead.
    clock.set(clock.now() + 2.hours());
    pulse.beat(clock.now());
    let (status, text) = ask(address, "GET /readyz").await;
    assert_eq!(status, unwell);
    let stands = [
        "mailbox complaints was last read to its end 120 minutes ago",
        "a message has waited to be handled for 120 minutes",
    ];
    assert_eq!(text.lines().collect::<Vec<_>>(), stands);
    assert_eq!(ask(address, "GET /healthz").await.0, ok);
    clock.set(clock.now() + 11.minutes());
    assert_eq!(ask(address, "GET /healthz").await, (unwell.to_owned(), "stands still: handle\n".to_owned()));

    assert_eq!(ask(address, "GET /").await.0, "HTTP/1.1 404 Not Found");
    assert_eq!(ask(address, "POST /healthz").await.0, "HTTP/1.1 405 Method Not Allowed");
    assert_eq!(ask(address, "HEAD /healthz").await, (unwell.to_owned(), String::new()));
    // What is no HTTP, and who says nothing, disturbs nobody.
    let mut silent = TcpStream::connect(address).await.unwrap();
    silent.write_all(b"\0\0\0\r\n\r\n").await.unwrap();
    assert_eq!(ask(address, "GET /metrics").await.0, ok);
    office.store.close().await;
    assert_eq!(ask(address, "GET /readyz").await, (unwell.to_owned(), "the database does not answer\n".to_owned()));
    assert!(ask(address, "GET /metrics").await.1.ends_with("redress_database_up 0\n"));
    assert!(answer(&office, &[], Page::Alive).await.well, "a database that is away is no reason to start anew");
    stop.cancel();
}

/// A monitor that counts the knocks it hears, and answers each with `status`.
async fn monitor(tls: Option<rustls::ServerConfig>, status: &'static str) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&heard);
    tokio::spawn(async move {
        let tls = tls.map(|config| tokio_rustls::TlsAcceptor::from(Arc::new(config)));
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            match &tls {
                None => hear(stream, status, &count).await,
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        hear(stream, status, &count).await;
                    }
                }
            }
        }
    });
    (port, heard)
}

async fn hear<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin>(
    mut stream: S,
    status: &str,
    count: &AtomicUsize,
) {
    let mut request = vec![0; 4096];
    let length = stream.read(&mut request).await.unwrap_or(0);
    let request = String::from_utf8_lossy(&request[..length]);
    assert!(request.starts_with("GET /ping/4711?a=b HTTP/1.1\r\nhost: "), "{request}");
    count.fetch_add(1, Ordering::SeqCst);
    let _ = stream.write_all(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").as_bytes()).await;
}

fn heartbeat(host: &str, port: u16, security: Security, ca_file: Option<std::path::PathBuf>) -> Heartbeat {
    let server = Server { host: host.to_owned(), port, security, login: None, ca_file };
    Heartbeat { endpoint: Endpoint { server, path: "/ping/4711?a=b".to_owned() }, every_m: 5 }
}

#[tokio::test]
async fn a_heartbeat_is_heard_over_tls_by_whoever_proves_its_name_and_by_nobody_else() {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["localhost".into()]).unwrap().self_signed(&key).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    fs::write(&ca, certificate.pem()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            rustls::pki_types::PrivateKeyDer::Pkcs8(key.serialize_der().into()),
        )
        .unwrap();
    let (port, heard) = monitor(Some(server), "204 No Content").await;
    knock(&heartbeat("localhost", port, Security::Tls, Some(ca.clone()))).await.unwrap();
    assert_eq!(heard.load(Ordering::SeqCst), 1);
    for (host, ca_file) in [("localhost", None), ("127.0.0.1", Some(ca))] {
        let trouble = knock(&heartbeat(host, port, Security::Tls, ca_file)).await.unwrap_err().to_string();
        assert!(trouble.starts_with("no connection: ") && !trouble.contains("4711"), "{trouble}");
    }
    assert_eq!(heard.load(Ordering::SeqCst), 1);
    let (port, _) = monitor(None, "500 Oh dear").await;
    let trouble = knock(&heartbeat("127.0.0.1", port, Security::Plain, None)).await.unwrap_err().to_string();
    assert_eq!(trouble, "the monitor answers 500 Internal Server Error");
}

#[tokio::test]
async fn the_heartbeat_stays_away_while_anything_is_not_well() {
    let house = House::new();
    let clock = Arc::new(PlayedClock::new(SystemClock.now()));
    let office = house.office(clock.clone()).await;
    let (port, heard) = monitor(None, "200 OK").await;
    let heartbeat = heartbeat("127.0.0.1", port, Security::Plain, None);
    assert!(!beat(&office, &heartbeat).await, "the mailbox has not been read yet");
    looks(&office).await;
    assert!(beat(&office, &heartbeat).await);
    clock.set(clock.now() + 61.minutes());
    assert!(!beat(&office, &heartbeat).await, "nobody has read the mailbox for an hour");
    looks(&office).await;
    assert!(beat(&office, &heartbeat).await);
    office.store.close().await;
    assert!(!beat(&office, &heartbeat).await);
    assert_eq!(heard.load(Ordering::SeqCst), 2);
}

/// Goal: a database that is broken is told by the second way, once, and once when it is well again; a second way that fails
/// is tried again and again, with longer and longer pauses.
#[tokio::test]
async fn a_broken_database_is_told_by_the_second_way_once_and_with_patience() {
    let house = House::new();
    let clock = Arc::new(PlayedClock::new(SystemClock.now()));
    let office = house.office(clock.clone()).await;
    let mut watch = Watch::new(Arc::clone(&office));
    let sql = async |statement: &'static str| {
        let url = format!("sqlite:{}", house.path("redress.db").display());
        let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
        sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
    };
    let told = || house.second_way().matches("Redress: the database cannot be used").count();
    watch.step().await;
    sql("ALTER TABLE folder RENAME TO gone").await;
    for _ in 0..12 {
        watch.step().await;
        clock.set(clock.now() + 20.seconds());
    }
    assert_eq!(told(), 0, "four minutes may be a restart");
    // The second way fails as well, for an hour.
    fs::create_dir(house.path("second-way")).unwrap();
    for _ in 0..180 {
        watch.step().await;
        clock.set(clock.now() + 20.seconds());
    }
    assert_eq!(told(), 0);
    fs::remove_dir(house.path("second-way")).unwrap();
    for _ in 0..240 {
        watch.step().await;
        clock.set(clock.now() + 20.seconds());
    }
    assert_eq!(told(), 1, "{}", house.second_way());
    assert!(house.second_way().contains("MiB are free in"), "{}", house.second_way());
    // Said again after a day, and once when it is over.
    clock.set(clock.now() + SignedDuration::from_hours(24));
    watch.step().await;
    assert_eq!(told(), 2);
    sql("ALTER TABLE gone RENAME TO folder").await;
    watch.step().await;
    watch.step().await;
    assert_eq!(house.second_way().matches("Redress: over: the database cannot be used").count(), 1);
}

/// Another program keeps the database for itself: it can be read, and nothing written.
struct Locked;

impl Edges for Locked {
    fn at(&self, edge: Edge) -> BoxFuture<'_, sqlx::Result<()>> {
        let locked = || sqlx::Error::Protocol("database is locked".to_owned());
        std::future::ready(if edge == Edge::Begin { Err(locked()) } else { Ok(()) }).boxed()
    }
}

/// Goal: a database that another program keeps locked is told as soon as any other that cannot be used.
#[tokio::test]
async fn a_database_that_can_only_be_read_is_told_by_the_second_way() {
    let house = House::new();
    let clock = Arc::new(PlayedClock::new(SystemClock.now()));
    let office = house.office(clock.clone()).await;
    let mut watch = Watch::new(office);
    watch.step().await;
    EDGES.scope(Arc::new(Locked), watch.step()).await;
    assert_eq!(house.second_way(), "", "it may be for moments");
    clock.set(clock.now() + 6.minutes());
    EDGES.scope(Arc::new(Locked), watch.step()).await;
    assert!(house.second_way().contains("Redress: the database cannot be used"), "{}", house.second_way());
    watch.step().await;
    assert!(house.second_way().contains("Redress: over: the database cannot be used"), "{}", house.second_way());
}

/// Goal: a program that ends again and again, and so never sees anything stand still for an hour, is told at its third start,
/// however short its lives; one that somebody stops is not.
#[test]
fn a_program_that_is_killed_again_and_again_says_so_when_it_starts_for_the_third_time() {
    let house = House::new();
    let told = || house.letters_to("it@example.net").iter().any(|letter| letter.contains("ends again and again on"));
    let running = || {
        let _ = fs::remove_file(house.path("log"));
        let daemon = Daemon::start(&house);
        wait_until(&house, || {
            fs::read_to_string(house.path("log")).is_ok_and(|log| log.contains("Redress is running"))
        });
        daemon
    };
    for _ in 0..4 {
        running().stop();
    }
    running().dies();
    running().dies();
    assert!(!house.says(&["status"]).contains("again and again"));
    let third = running();
    wait_until(&house, told);
    third.stop();
}

/// Goal: it is over when the program runs on, whoever of several daemons sees it.
#[tokio::test]
async fn that_the_program_ends_again_and_again_is_over_when_it_has_run_for_an_hour() {
    let house = House::new();
    let clock = Arc::new(PlayedClock::new(SystemClock.now()));
    let office = house.office(clock.clone()).await;
    let mut watch = Watch::new(Arc::clone(&office));
    let mut troubles = async || {
        watch.step().await;
        let names = office.store.alarms().await.unwrap().into_iter().map(|alarm| alarm.name);
        names.filter(|name| name.contains("again and again")).collect::<Vec<_>>()
    };
    let starts = async |machine| office.store.note_start(machine, clock.now()).await.unwrap();
    // Two that had each run for an hour, two that ended soon, and another machine's.
    for _ in 0..3 {
        clock.set(clock.now() + 61.minutes());
        starts("alder").await;
    }
    clock.set(clock.now() + 50.minutes());
    starts("alder").await;
    starts("birch").await;
    assert_eq!(troubles().await, [""; 0]);
    clock.set(clock.now() + 50.minutes());
    starts("alder").await;
    assert_eq!(troubles().await, ["the program ends again and again on alder"]);
    clock.set(clock.now() + 50.minutes());
    starts("birch").await;
    assert_eq!(troubles().await.len(), 1);
    clock.set(clock.now() + 11.minutes());
    assert_eq!(troubles().await, [""; 0]);
    let alarms = office.store.alarms().await.unwrap();
    assert!(!alarms.is_empty(), "what stands still is told all the while");
}

#[tokio::test]
async fn a_second_way_that_fails_is_left_alone_for_longer_each_time() {
    let house = House::new();
    let clock = Arc::new(PlayedClock::new(SystemClock.now()));
    house.configure("\"cat >> ", "\"echo try >> tries; exit 1; cat >> ");
    house.configure("echo try >> tries", &format!("echo try >> {}", house.path("tries").display()));
    let office = house.office(clock.clone()).await;
    let tries = || fs::read_to_string(house.path("tries")).unwrap_or_default().lines().count();
    for _ in 0..(3 * 60 * 3) {
        operator::alarm(&office, "smtp", "Letters cannot leave.").await.unwrap();
        clock.set(clock.now() + 20.seconds());
    }
    assert_eq!(tries(), 7, "at once, and after 1, 5, 15, 30, 60 and 60 minutes");
}

/// Goal: while letters do not leave, other troubles are told by the second way too, and when they are over as well.
#[tokio::test]
async fn what_letters_cannot_tell_the_second_way_does() {
    let house = House::new();
    let clock = Arc::new(PlayedClock::new(SystemClock.now()));
    let office = house.office(clock.clone()).await;
    let letters = async || office.store.outbox(0, 100).await.unwrap().len();
    operator::tell(&office, "first", "A mailbox is not read.").await.unwrap();
    assert_eq!((letters().await, house.second_way().as_str()), (1, ""), "letters leave: a letter will do");
    operator::alarm(&office, "smtp", "Letters cannot leave.").await.unwrap();
    for _ in 0..2 {
        operator::tell(&office, "disk nearly full", "1 MiB is free.").await.unwrap();
    }
    operator::over(&office, "first", "It is read again.").await.unwrap();
    assert_eq!(letters().await, 1);
    let subjects: Vec<String> =
        house.second_way().lines().filter(|line| line.starts_with("Redress: ")).map(str::to_owned).collect();
    assert_eq!(subjects, ["Redress: smtp", "Redress: disk nearly full", "Redress: over: first"]);
    operator::over(&office, "smtp", "Letters leave again.").await.unwrap();
    assert_eq!(letters().await, 2, "and so this is a letter");
}

/// Goal: word of a trouble that waits with the other letters does not wait for long.
#[tokio::test]
async fn what_a_letter_has_told_in_vain_the_second_way_says_a_quarter_of_an_hour_later() {
    let house = House::new();
    let clock = Arc::new(PlayedClock::new(SystemClock.now()));
    let office = house.office(clock.clone()).await;
    let mut watch = Watch::new(Arc::clone(&office));
    operator::tell(&office, "first", "A mailbox is not read.").await.unwrap();
    clock.set(clock.now() + 15.minutes());
    watch.step().await;
    assert_eq!(house.second_way(), "");
    clock.set(clock.now() + 1.minute());
    watch.step().await;
    watch.step().await;
    let said = house.second_way();
    assert!(said.contains("Redress: letters do not leave"), "{said}");
    assert_eq!(said.matches("This is wrong too: first. A mailbox is not read.").count(), 1, "{said}");
    operator::tell(&office, "second", "The disk is full.").await.unwrap();
    assert!(house.second_way().ends_with("Redress: second\n\nThe disk is full.\n"), "{}", house.second_way());
}

/// Goal: what could be told by neither way when it was noticed, once, is told when a way is open again.
#[tokio::test]
async fn what_neither_way_could_tell_is_told_when_one_of_them_works() {
    let house = House::new();
    let clock = Arc::new(PlayedClock::new(SystemClock.now()));
    let works = house.path("works");
    house.configure("\"cat >> ", &format!("\"test -e {} && cat >> ", works.display()));
    let office = house.office(clock.clone()).await;
    let mut watch = Watch::new(Arc::clone(&office));
    operator::alarm(&office, "smtp", "Letters cannot leave.").await.unwrap();
    operator::tell(&office, "letters to staff", "They are refused.").await.unwrap();
    assert_eq!(house.second_way(), "");
    fs::write(&works, "").unwrap();
    clock.set(clock.now() + 2.minutes());
    watch.step().await;
    watch.step().await;
    for subject in ["Redress: smtp\n", "Redress: letters to staff\n"] {
        assert_eq!(house.second_way().matches(subject).count(), 1, "{}", house.second_way());
    }
    operator::over(&office, "letters to staff", "They arrive again.").await.unwrap();
    assert!(house.second_way().contains("over: letters to staff"), "{}", house.second_way());
}

/// The disk is full from the moment a letter was refused until it was tried to write that down three times.
#[derive(Default)]
struct FullDisk(AtomicUsize);

impl Edges for FullDisk {
    fn at(&self, edge: Edge) -> BoxFuture<'_, sqlx::Result<()>> {
        let full = edge == Edge::Commit
            && self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        let felt = if full { Err(sqlx::Error::Protocol("database or disk is full".to_owned())) } else { Ok(()) };
        std::future::ready(felt).boxed()
    }
}

struct Refuses(Arc<FullDisk>);

impl Transport for Refuses {
    async fn send(&mut self, _: Envelope<'_>) -> Result<Accepted, SendError> {
        self.0.0.store(3, Ordering::SeqCst);
        Err(SendError::Never("550 5.1.1 no such mailbox".to_owned()))
    }
}

/// Goal: a refusal that a full disk did not take at once is told like any other.
#[tokio::test]
async fn a_refusal_that_was_written_late_is_told_all_the_same() {
    let house = House::new();
    let clock = Arc::new(PlayedClock::new(SystemClock.now()));
    let office = house.office(clock.clone()).await;
    operator::tell(&office, "first", "A mailbox is not read.").await.unwrap();
    let disk = Arc::new(FullDisk::default());
    let (mut transport, mut route) = (Refuses(Arc::clone(&disk)), send::Route::default());
    let edges: Arc<dyn Edges> = disk;
    EDGES.scope(Arc::clone(&edges), send::step(&office, &mut transport, &mut route)).await.unwrap_err();
    assert_eq!(house.second_way(), "");
    EDGES.scope(edges, send::step(&office, &mut transport, &mut route)).await.unwrap();
    assert!(house.second_way().contains("Redress: operator's mail\n"), "{}", house.second_way());
}

/// A mail server that takes every letter, or lets nobody in.
enum Way {
    Open,
    Broken,
}

impl Transport for Way {
    async fn send(&mut self, _: Envelope<'_>) -> Result<Accepted, SendError> {
        match self {
            Way::Open => Ok(Accepted { reply: "250 taken".to_owned() }),
            Way::Broken => Err(SendError::RouteBroken("535 5.7.8 no".to_owned())),
        }
    }
}

/// Goal: what is wrong with another daemon is left to that one, and stays wrong no longer than that one lives.
/// How:  on PostgreSQL two daemons read a mailbox each, and the second cannot log in to read or to send; then it stops.
#[tokio::test]
async fn a_daemon_ends_the_troubles_of_another_when_that_one_has_gone_and_not_before() {
    let house = House::new();
    house.configure("sqlite:redress.db", &postgres().await);
    let clock = Arc::new(PlayedClock::new(SystemClock.now()));
    let first = house.office(clock.clone()).await;
    house.configure("name = \"complaints\"", "name = \"repairs\"");
    let second = house.office(clock.clone()).await;
    for office in [&first, &second] {
        lease::Heartbeat::begin(office).await.unwrap();
    }
    let sends = async |office: &Office, mut way: Way, route: &mut send::Route| {
        assert_eq!(send::step(office, &mut way, route).await.unwrap(), Progress::Made);
    };
    let troubles = async || -> Vec<String> {
        let alarms = first.store.alarms().await.unwrap();
        alarms.into_iter().map(|alarm| alarm.name).collect()
    };
    let (mut good, mut bad) = (send::Route::default(), send::Route::default());
    let complains = async |name: &str| {
        house.complaint("mail", name);
        looks(&first).await;
        while handle::step(&first).await.unwrap() == Progress::Made {}
    };
    complains("ann").await;
    sends(&first, Way::Open, &mut good).await;
    sends(&second, Way::Broken, &mut bad).await;
    operator::tell(&second, "login to mailbox repairs", "It refuses the login.").await.unwrap();
    operator::tell(&second, "login to mailbox lettings", "It refuses the login.").await.unwrap();
    operator::end_what_is_gone(&second).await.unwrap();
    assert_eq!(troubles().await.len(), 3, "the second does not look after all");
    operator::end_what_is_gone(&first).await.unwrap();
    sends(&first, Way::Open, &mut good).await;
    let of_second = ["login to mailbox repairs", "smtp"];
    let mut left = troubles().await;
    left.sort();
    assert_eq!(left, of_second, "nobody has the other mailbox");

    second.store.close().await;
    complains("bob").await;
    operator::end_what_is_gone(&first).await.unwrap();
    sends(&first, Way::Open, &mut good).await;
    assert!(troubles().await.is_empty(), "{:?}", troubles().await);
}

/// Goal: one reader's full mailbox is no trouble of the landlord's: it says nothing of the way letters leave by.
#[tokio::test]
async fn a_letter_to_a_full_mailbox_waits_without_an_alarm() {
    let house = House::new();
    house.complaint("mail", "ann");
    let clock = Arc::new(PlayedClock::new(SystemClock.now()));
    let office = house.office(clock.clone()).await;
    let mut watch = Watch::new(Arc::clone(&office));
    looks(&office).await;
    while handle::step(&office).await.unwrap() == Progress::Made {}
    let later = clock.now() + 4.hours();
    while let Some(claim) = office.store.claim(clock.now(), |_, _| None).await.unwrap() {
        let Claim::Taken(letter) = claim else { panic!("nothing stops it") };
        let sent = match letter.audience.as_str() {
            "resident" => Sent::Again("552 5.2.2 mailbox full".to_owned(), later),
            _ => Sent::Accepted("250 taken".to_owned()),
        };
        office.store.settle(&letter, &sent, clock.now(), |_, _| Ok(None)).await.unwrap();
    }
    clock.set(clock.now() + 2.hours());
    looks(&office).await;
    watch.step().await;
    assert_eq!(office.store.counts().await.unwrap().outbox["queued"], 1);
    assert_eq!(house.second_way(), "");
    assert!(answer(&office, &[], Page::Ready).await.well);
}

#[tokio::test]
async fn a_date_that_cannot_be_acted_on_and_a_password_that_ends_are_told_and_so_is_their_end() {
    let house = House::new();
    house.complaint("mail", "ann");
    house.says(&["run", "--once"]);
    let clock = Arc::new(PlayedClock::new(SystemClock.now()));
    fs::write(house.path("password"), "word\n").unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(house.path("password"), mode).unwrap();
    let ends = redress::domain::calendar::london_date(clock.now()).saturating_add(10.days());
    let smtp = format!(
        "smtp = {{ host = \"127.0.0.1\", port = 9, security = \"plain\", user = \"u\", password = {{ file = \"password\", expires = {ends} }} }}"
    );
    house.configure("maildir = \"letters\"", &smtp);
    let office = house.office(clock.clone()).await;
    let mut watch = Watch::new(Arc::clone(&office));
    let told = async || -> Vec<String> {
        let rows = office.store.outbox(0, 100).await.unwrap();
        rows.into_iter().filter(|row| row.audience == "operator").map(|row| row.subject).collect()
    };
    let due = office.store.next_moments().await.unwrap()[2].unwrap();
    watch.step().await;
    assert_eq!(told().await, ["Redress: outgoing.smtp.password ends soon"]);
    for tries in 1..=3 {
        office.store.take_deadline(due, due).await.unwrap().unwrap();
        watch.step().await;
        assert_eq!(told().await.len(), if tries < 3 { 1 } else { 2 });
    }
    assert_eq!(told().await[1], "Redress: a date cannot be acted on");
    assert!(house.says(&["status"]).contains("outgoing.smtp.password: its last day is"));
    let status = house.json(&["status"]);
    assert_eq!(status["dates_stuck"], 1);
    assert!(status["troubles"][0].as_str().unwrap().contains("cannot be acted on"), "{status}");
    assert_eq!(status["credentials"][0]["expires"], ends.to_string());
}

#[test]
fn health_is_for_this_machine_unless_it_is_said_otherwise() {
    let house = House::new();
    house.configure(
        "[limits]",
        "[health]\nlisten = \"0.0.0.0:9464\"\nheartbeat = \"http://monitor.example.net/\"\n\n[limits]",
    );
    let refused = house.fails(&["check"]);
    assert!(refused.contains("health.listen: is open to other machines"), "{refused}");
    assert!(refused.contains("health.heartbeat: must begin with https://"), "{refused}");
    house.configure("listen = \"0.0.0.0:9464\"", "listen = \"0.0.0.0:9464\"\nbeyond_this_machine = true");
    house.configure("http://monitor", "https://monitor");
    assert!(house.run(&["check"]).status.success());
}
