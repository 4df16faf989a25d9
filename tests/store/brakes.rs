//! The gate in T3: what it stops is held, what it counts, and what a letter grew out of.

use std::sync::Mutex;

use redress::domain::brake::{Brake, Rate, Rates, Scope};
use redress::domain::case::{Input, MessageNo};
use redress::store::{Claim, Claimed, Keys, LetGo, Store};

use crate::base::*;

const STOP: Brake = Brake::Hour(Scope::Case, 20);

/// What has left of the lane of the next letter, which leaves as well.
async fn traffic(store: &Store, seconds: i64) -> (Claimed, Rates) {
    let seen = Mutex::new(None);
    let see = |_: &Claimed, traffic: &Rates| {
        *seen.lock().unwrap() = Some(*traffic);
        None
    };
    let Some(Claim::Taken(letter)) = store.claim(at(seconds), see).await.unwrap() else { panic!("a letter waits") };
    (letter, seen.into_inner().unwrap().expect("the gate was asked"))
}

pub async fn a_letter_the_gate_stops_is_held_without_a_try_and_the_next_one_goes_on(base: Base) {
    let store = base.store().await;
    opened(&store).await;
    let Some(Claim::Stopped(letter, brake)) = store.claim(at(20), |_, _| Some(STOP)).await.unwrap() else {
        panic!("it is stopped")
    };
    assert_eq!(brake, STOP);
    let row = store.letter_row(letter.id).await.unwrap().unwrap();
    assert_eq!((row.state.as_str(), row.attempts), ("held", 0));
    assert_eq!(row.held_because.as_deref(), Some("its case has led to 20 letters in an hour"));
    assert_eq!(row.brake.as_deref(), Some("per_case"));
    assert!(store.attempts(letter.id).await.unwrap().is_empty());
    assert_eq!(store.held_of("wellow").await.unwrap(), (1, 1));
    let held = store.braked().await.unwrap();
    assert_eq!((held.len(), held[0].brake.as_str(), held[0].letters), (1, "per_case", 1));

    let (next, traffic) = traffic(&store, 21).await;
    assert_ne!(next.id, letter.id);
    assert_eq!(traffic, Rates::default(), "what was stopped has not left");
    assert!(store.claim(at(22), |_, _| None).await.unwrap().is_none());
    assert_sound(&store, 1).await;
}

pub async fn a_letter_held_by_a_clock_that_was_ahead_leaves_when_it_is_let_go(base: Base) {
    let store = base.store().await;
    opened(&store).await;
    let stopped = store.claim(at(20), |_, _| Some(STOP)).await.unwrap();
    let Some(Claim::Stopped(letter, _)) = stopped else { panic!("it is stopped") };
    // As one that is written ten days ahead, and can be undone until then.
    base.sql("UPDATE outbox SET next_at = next_at + 864000000 WHERE state = 'held'").await.unwrap();
    assert_eq!(store.bring_near(at(20 + 4 * 3600), at(30)).await.unwrap(), 1);
    assert!(store.release(letter.id, None, LetGo::ForGood, at(31)).await.unwrap());
    let left: Vec<i64> = [claim(&store, at(32)).await, claim(&store, at(32)).await]
        .into_iter()
        .flatten()
        .map(|claimed| claimed.id)
        .collect();
    assert!(left.contains(&letter.id), "it waits for days: {left:?}");
}

pub async fn what_a_person_lets_through_meets_no_gate_again_and_a_second_try_meets_none(base: Base) {
    let store = base.store().await;
    opened(&store).await;
    let stop = async |seconds| store.claim(at(seconds), |_, _| Some(STOP)).await.unwrap();
    let Some(Claim::Stopped(letter, _)) = stop(20).await else { panic!("it is stopped") };
    let Some(Claim::Stopped(other, _)) = stop(20).await else { panic!("it is stopped") };

    // The configuration's release is no person's.
    assert!(store.release(other.id, None, LetGo::ToTheGate, at(21)).await.unwrap());
    let Some(Claim::Stopped(again, _)) = stop(22).await else { panic!("it meets the gate") };
    assert_eq!(again.id, other.id);
    // Held by name it is no limit's any more.
    assert!(store.hold(other.id, "by Ada").await.unwrap());
    assert_eq!(store.braked().await.unwrap().iter().map(|held| held.letters).sum::<i64>(), 1);

    assert!(store.release(letter.id, None, LetGo::ForGood, at(23)).await.unwrap());
    assert!(store.hold(letter.id, "by Ada").await.unwrap());
    assert!(store.release(letter.id, None, LetGo::ToTheGate, at(24)).await.unwrap());
    assert!(store.braked().await.unwrap().is_empty());
    let Some(Claim::Taken(gone)) = stop(25).await else { panic!("a person has let it through") };
    assert_eq!((gone.id, gone.attempts), (letter.id, 1));
    let again = redress::store::Sent::Again("451 later".to_owned(), at(26));
    store.settle(&gone, &again, at(25), posted(&gone)).await.unwrap();
    assert!(matches!(stop(26).await, Some(Claim::Taken(letter)) if letter.attempts == 2));

    // A second try is no new traffic, and is not asked about.
    assert!(store.release(other.id, None, LetGo::ToTheGate, at(30)).await.unwrap());
    let first = claim(&store, at(30)).await.unwrap();
    let again = redress::store::Sent::Again("451 later".to_owned(), at(31));
    store.settle(&first, &again, at(30), posted(&first)).await.unwrap();
    assert!(matches!(stop(31).await, Some(Claim::Taken(letter)) if letter.id == first.id));
}

pub async fn letters_are_counted_by_lane_for_an_hour_and_a_day_from_when_they_began_to_leave(base: Base) {
    const HOUR: i64 = 60 * 60;
    let store = base.store().await;
    let case = opened(&store).await;
    let (resident, none) = traffic(&store, 20).await;
    let (staff, apart) = traffic(&store, 21).await;
    assert_eq!((resident.audience.as_str(), staff.audience.as_str()), ("resident", "staff"));
    assert_eq!((none, apart), (Rates::default(), Rates::default()), "the lanes do not know of each other");
    store.settle(&staff, &taken(), at(22), posted(&staff)).await.unwrap();

    // Each further message of the case gives rise to a letter to the officer.
    let adds = async |uid: &str, about: &[&str]| {
        let message = received(&store, uid).await;
        let keys = Keys { about: about.iter().map(|id| (*id).to_owned()).collect(), ..keys() };
        let judge = |known: redress::store::Known, message: MessageNo| follow(Some(&known), &addition(message), at(40));
        let known = store.known(case).await.unwrap();
        let done = |_: &_| Ok((settled(), vec![judge(known.clone(), message)]));
        assert!(store.decide_message(message, "main", &keys, at(40), done).await.unwrap());
    };
    let one = Rate::of(1, 1);
    adds("answer", &[&resident.message_id]).await;
    base.sql("UPDATE outbox SET state = 'sent' WHERE audience = 'resident'").await.unwrap();
    let (letter, rates) = traffic(&store, 60).await;
    assert_eq!(letter.root, resident.root, "it answers a letter that grew out of the first message");
    assert_eq!(rates, Rates { address: one, message: one, case: one, landlord: one, all: one });

    adds("anew", &[]).await;
    base.sql("UPDATE outbox SET state = 'sent' WHERE audience = 'resident'").await.unwrap();
    let (day, two) = (Rate::of(0, 1), Rate::of(1, 2));
    let (letter, rates) = traffic(&store, HOUR + 30).await;
    assert_ne!(letter.root, resident.root, "it names nothing");
    let none = Rate::of(0, 0);
    assert_eq!(
        rates,
        Rates { address: two, message: none, case: two, landlord: two, all: two },
        "the first left before"
    );
    store.settle(&letter, &redress::store::Sent::Dropped, at(HOUR + 31), posted(&letter)).await.unwrap();

    adds("later", &[&resident.message_id]).await;
    base.sql("UPDATE outbox SET state = 'sent' WHERE audience = 'resident'").await.unwrap();
    let (letter, rates) = traffic(&store, 24 * HOUR + 30).await;
    assert_eq!(rates.case, day, "one left within the day; what was dropped never did");
    store.settle(&letter, &taken(), at(24 * HOUR + 31), posted(&letter)).await.unwrap();

    // The clock is set back by days: what left in days to come is not counted, and what left then is.
    adds("set back", &[&resident.message_id]).await;
    base.sql("UPDATE outbox SET state = 'sent' WHERE audience = 'resident'").await.unwrap();
    let (_, rates) = traffic(&store, 61).await;
    assert_eq!(rates.case, Rate::of(2, 2));
}

pub async fn a_letter_knows_the_message_it_grew_out_of_and_one_that_a_date_set_off_knows_none(base: Base) {
    let store = base.store().await;
    let case = opened(&store).await;
    let roots = async || {
        let rows = base.rows("SELECT CAST(root AS TEXT) FROM outbox ORDER BY id").await;
        rows.into_iter().map(|row| row[0].clone()).collect::<Vec<_>>()
    };
    let first = store.inbox(0, 10).await.unwrap()[0].id;
    assert_eq!(roots().await, [first.to_string(), first.to_string()]);

    // It names the case, and answers nothing.
    let message = received(&store, "names").await;
    let reference = store.cases().await.unwrap()[0].reference.parse().unwrap();
    let named = Keys { references: [reference].into(), ..keys() };
    let judge = |found: &redress::store::Found| {
        Ok((settled(), vec![follow(Some(&found.cases[0]), &addition(message), at(40))]))
    };
    assert!(store.decide_message(message, "main", &named, at(40), judge).await.unwrap());
    let written = roots().await;
    assert!(written.len() > 2 && written.iter().all(|root| *root == first.to_string()), "{written:?}");

    // What follows from a letter's fate grew out of what the letter did; what a date sets off is a beginning.
    let letter = claim(&store, at(41)).await.unwrap();
    let refused = redress::store::Sent::Refused("550 no such user".to_owned());
    store.settle(&letter, &refused, at(42), posted(&letter)).await.unwrap();
    let told = roots().await;
    assert_eq!(told[written.len()..], [first.to_string()], "word that it did not arrive");
    let due = |known: &redress::store::Known| {
        let input = Input::Reached(redress::domain::code::Duty::Acknowledge);
        Ok(Some(follow(Some(known), &input, at(21 * 24 * 60 * 60))))
    };
    store.decide_case(case, due).await.unwrap();
    let reminded = roots().await;
    assert!(reminded.len() > told.len() && reminded[told.len()..].iter().all(String::is_empty), "{reminded:?}");
}
