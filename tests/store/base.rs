//! A fresh database of either make, reached by the store and, behind its back, by plain SQL. And small decisions to write.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

use jiff::{SignedDuration, Timestamp};
use redress::domain::absence::Absences;
use redress::domain::calendar::Calendar;
use redress::domain::case::{
    self, Addition, Case, Decision, Dissatisfied, House, Input, MessageNo, Opening, Outcome, Terms, Writer,
};
use redress::domain::filing;
use redress::domain::ladder::{Ladder, WorkingHours};
use redress::domain::landlord::{Acknowledge, Landlord, Person};
use redress::domain::reference::Reference;
use redress::domain::words::Words;
use redress::store::{
    Arrived, Change, Claim, Claimed, Found, Keys, Known, MessageState, NewLetter, Purpose, Sent, Settled, Store,
};
use sqlx::{AssertSqlSafe, Connection as _, Row as _};

use crate::common::variable;

/// The words a resident wrote; no event may hold them.
pub const WORDS: &str = "Black mould above the cot \u{1f476}";

pub enum Base {
    Sqlite { folder: tempfile::TempDir },
    Postgres { url: String },
}

impl Base {
    pub async fn sqlite() -> Base {
        Base::Sqlite { folder: tempfile::tempdir().unwrap() }
    }

    /// Sorts as English people do, as a landlord's own server may: what the store lists must not depend on it.
    pub async fn postgres() -> Base {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let server = variable("REDRESS_TEST_POSTGRES_URL");
        let name = format!("store_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let make = format!(
            "CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C' LOCALE_PROVIDER icu ICU_LOCALE 'en-GB'"
        );
        let mut connection = sqlx::PgConnection::connect(&server).await.unwrap();
        sqlx::query(AssertSqlSafe(make)).execute(&mut connection).await.unwrap();
        let (server, _) = server.rsplit_once('/').unwrap();
        Base::Postgres { url: format!("{server}/{name}") }
    }

    pub fn url(&self) -> String {
        match self {
            Base::Sqlite { folder } => format!("sqlite:{}", folder.path().join("redress.db").display()),
            Base::Postgres { url } => url.clone(),
        }
    }

    pub fn is_sqlite(&self) -> bool {
        matches!(self, Base::Sqlite { .. })
    }

    pub async fn store(&self) -> Store {
        Store::open(&self.url(), Purpose::Run).await.unwrap()
    }

    /// Runs statements behind the store's back.
    pub async fn sql(&self, statements: &str) -> sqlx::Result<()> {
        match self {
            Base::Sqlite { .. } => {
                let mut connection = sqlx::SqliteConnection::connect(&self.url()).await?;
                sqlx::raw_sql(AssertSqlSafe(statements.to_owned())).execute(&mut connection).await?;
            }
            Base::Postgres { url } => {
                let mut connection = sqlx::PgConnection::connect(url).await?;
                sqlx::raw_sql(AssertSqlSafe(statements.to_owned())).execute(&mut connection).await?;
            }
        }
        Ok(())
    }

    /// The rows of a question whose columns are all text.
    pub async fn rows(&self, question: &str) -> Vec<Vec<String>> {
        macro_rules! rows {
            ($connection:ty, $url:expr) => {{
                let mut connection = <$connection>::connect($url).await.unwrap();
                let rows = sqlx::query(AssertSqlSafe(question.to_owned())).fetch_all(&mut connection).await.unwrap();
                let text = |row: &_, column| sqlx::Row::get::<Option<String>, usize>(row, column).unwrap_or_default();
                rows.iter().map(|row| (0..row.len()).map(|column| text(row, column)).collect()).collect()
            }};
        }
        match self {
            Base::Sqlite { .. } => rows!(sqlx::SqliteConnection, &self.url()),
            Base::Postgres { url } => rows!(sqlx::PgConnection, url),
        }
    }

    /// Changes the history as somebody with the database's password could.
    pub async fn tamper(&self, statement: &str) {
        let statements = match self {
            Base::Sqlite { .. } => format!(
                "DROP TRIGGER event_is_never_changed; DROP TRIGGER event_is_never_deleted; PRAGMA foreign_keys = OFF; {statement}"
            ),
            Base::Postgres { .. } => format!("ALTER TABLE event DISABLE TRIGGER ALL; {statement}"),
        };
        self.sql(&statements).await.unwrap();
    }
}

pub fn at(seconds: i64) -> Timestamp {
    "2026-07-06T09:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(seconds)
}

pub fn mail(uid: &str, raw: &str) -> Arrived {
    Arrived { uid: uid.to_owned(), arrived: at(0), size: raw.len() as u64, whole: true, raw: raw.as_bytes().to_vec() }
}

/// Stores one message of its own and gives its row.
pub async fn received(store: &Store, uid: &str) -> MessageNo {
    received_by(store, "main", uid).await
}

pub async fn received_by(store: &Store, mailbox: &str, uid: &str) -> MessageNo {
    store.receive(mailbox, "INBOX", 1, &[mail(uid, &format!("{mailbox} {uid}"))], at(0)).await.unwrap();
    store.inbox(0, 1000).await.unwrap().last().unwrap().id
}

fn person(name: &str) -> Person {
    Person { name: name.to_owned(), role: name.to_owned(), address: format!("{name}@example.org"), estate: None }
}

pub fn landlord() -> Landlord {
    Landlord {
        key: "wellow".to_owned(),
        name: "Wellow Homes".to_owned(),
        prefix: "WEL".to_owned(),
        addresses: vec!["complaints@example.org".to_owned()],
        acknowledge: Acknowledge::Automatic,
        officer: person("officer"),
        deputy: person("deputy"),
        reviewers: Vec::new(),
        manager: person("manager"),
        member_responsible: person("member"),
        staff: Vec::new(),
        forms: Vec::new(),
        policy_link: String::new(),
        emergency_telephone: String::new(),
        responsible_for: Vec::new(),
        not_responsible_for: Vec::new(),
    }
}

pub fn keys() -> Keys {
    Keys { landlords: [landlord().key].into(), ..Keys::default() }
}

pub fn settled() -> Settled {
    Settled {
        state: MessageState::Handled,
        sorted: "complaint".to_owned(),
        note: None,
        message_id: None,
        same_words: None,
        copy_of: None,
        filed_to: Default::default(),
        answer: None,
        away: None,
    }
}

/// What `input` leads to, with a letter's bytes made of its number.
pub fn follow(known: Option<&Known>, input: &Input, now: Timestamp) -> Change {
    let (landlord, calendar) = (landlord(), Calendar::england_and_wales(&[], &[]));
    let ladder = Ladder { officer_before: 2, deputy_before: 1, member_responsible_after: 2 };
    let (hours, terms, away) = (WorkingHours::default(), Terms::default(), Absences::default());
    let house = House { landlord: &landlord, calendar: &calendar, ladder: &ladder, hours: &hours, terms, away: &away };
    let before = known.map_or_else(Case::default, |known| known.case.clone());
    let decision: Decision = case::decide(&before, input, &house, now).unwrap();
    let after = before.after(&decision);
    let reference = after.opening.as_ref().unwrap().reference.to_string();
    let letters = decision.letters.into_iter().map(|letter| NewLetter {
        number: letter.number,
        kind: letter.says.kind().key().to_owned(),
        audience: letter.audience.key().to_owned(),
        recipient: letter.address.as_str().to_owned(),
        envelope_from: "complaints@example.org".to_owned(),
        message_id: format!("{reference}.{}@example.org", letter.number),
        subject: format!("Your case {reference}"),
        bytes: format!("Letter {} of {reference}", letter.number).into_bytes(),
        says: Some(letter.says),
        held: None,
        wait: None,
    });
    let letters = letters.collect();
    let looks: BTreeMap<_, _> = after.duties.keys().map(|duty| (*duty, after.next_look(*duty, &house, now))).collect();
    Change {
        id: known.map(|known| known.id),
        landlord: landlord.key.clone(),
        events: decision.events,
        letters,
        looks,
        messages: Vec::new(),
        undone: redress::store::Undone::default(),
        participants: ["resident@example.org".to_owned()].into(),
        now,
        after,
    }
}

pub fn opening(found: &Found, message: MessageNo) -> Opening {
    let reference = Reference::new("WEL", found.next["wellow"]);
    let mut opening = filing::unreadable(reference, message, at(0), "");
    opening.resident.name = Words::new("Rowan Ash");
    opening.resident.address = Some(Words::new("resident@example.org"));
    opening.points = vec![Words::new(WORDS)];
    opening.withheld = None;
    opening.set_aside = None;
    opening.unsure = false;
    opening
}

/// A message that opens a complaint, with its acknowledgement and a letter to the officer.
pub fn opens(found: &Found, message: MessageNo) -> (Settled, Vec<Change>) {
    (settled(), vec![follow(None, &Input::Opened(Box::new(opening(found, message))), at(10))])
}

/// The first case, opened.
pub async fn opened(store: &Store) -> i64 {
    let message = received(store, "opening").await;
    assert!(store.decide_message(message, "main", &keys(), at(10), |found| Ok(opens(found, message))).await.unwrap());
    store.cases().await.unwrap().last().unwrap().id
}

pub fn addition(message: MessageNo) -> Input {
    Input::Added(Addition {
        message,
        received: at(20),
        writer: Writer::Resident,
        name: Words::new("Rowan Ash"),
        flags: Default::default(),
        dissatisfied: Dissatisfied::No,
        words: None,
        withheld: None,
    })
}

/// The letter that has been due longest, with the gate wide open.
pub async fn claim(store: &Store, now: Timestamp) -> Option<Claimed> {
    match store.claim(now, |_, _| None).await.unwrap()? {
        Claim::Taken(letter) => Some(letter),
        Claim::Stopped(letter, _) => panic!("letter {} was stopped", letter.id),
    }
}

pub fn posted(letter: &Claimed) -> impl FnMut(&Known, Outcome) -> anyhow::Result<Option<Change>> + Send + use<> {
    let number = letter.letter as u32;
    move |known, outcome| Ok(Some(follow(Some(known), &Input::Posted { letter: number, outcome }, at(30))))
}

pub fn taken() -> Sent {
    Sent::Accepted("250 taken".to_owned())
}

/// No finding of `verify`, and so many cases looked at.
pub async fn assert_sound(store: &Store, cases: usize) {
    assert_eq!(store.verify().await.unwrap(), (cases, Vec::new()));
}
