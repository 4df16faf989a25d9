//! What the store promises, on SQLite and on PostgreSQL: each promise is told once and kept by both.

#![expect(clippy::unwrap_used, reason = "a test may panic; the lint spares test functions only, not what they share")]

#[path = "store/base.rs"]
mod base;
#[path = "store/brakes.rs"]
mod brakes;
#[expect(dead_code, reason = "the store needs none of the mail servers")]
mod common;
#[path = "store/schema.rs"]
mod schema;

use std::collections::BTreeSet;
use std::future::{pending, ready};
use std::sync::Arc;
use std::time::Duration;

use base::*;
use brakes::*;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use jiff::civil::date;
use redress::domain::absence::{Absence, Absences};
use redress::domain::case::{Input, Says};
use redress::domain::code::{Duty, Stage};
use redress::domain::reconcile::Difference;
use redress::store::{
    AwayNote, EDGES, Edge, Edges, FOR_ALL, LetGo, MessageState, Messages, NewLetter, PlaceLost, Purpose, Sent, Settled,
    Store,
};
use sha2::{Digest as _, Sha256};
use sqlx::Connection as _;

macro_rules! promises {
    ($($promise:ident)*) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $promise() { super::$promise(super::Base::sqlite().await).await; })*
        }
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $promise() { super::$promise(super::Base::postgres().await).await; })*
        }
    };
}

promises! {
    storing_the_same_uid_twice_changes_nothing
    a_uid_of_any_name_that_a_file_may_have_is_known_again
    a_uid_whose_message_lies_there_no_more_is_free_for_another_however_often
    the_same_bytes_under_another_uid_are_a_linked_copy_and_in_another_mailbox_are_not
    a_mailbox_that_was_set_up_anew_is_not_stored_in_full_again_and_all_of_it_can_be_read
    a_message_is_listed_with_every_case_it_belongs_to
    of_twenty_tasks_on_one_message_one_handles_it_and_one_letter_goes_to_the_resident
    of_twenty_deciders_on_one_case_each_sees_what_the_one_before_it_wrote
    twenty_cases_at_once_are_numbered_without_gap_or_double
    ten_messages_of_one_new_resident_at_once_make_one_case
    a_decision_that_changes_nothing_never_takes_the_case_back
    a_judge_that_fails_or_panics_leaves_nothing_behind
    a_program_that_dies_while_deciding_leaves_all_or_nothing
    a_transaction_that_is_given_up_before_its_end_keeps_no_other_program_out
    what_is_written_after_a_transaction_was_given_up_at_its_beginning_is_kept
    a_message_is_tried_again_later_and_does_not_stand_in_the_others_way
    a_letter_is_claimed_once_and_settled_once
    a_dead_senders_letter_goes_again_with_the_same_bytes
    a_late_answer_settles_no_later_attempt
    messages_of_a_mailbox_that_a_daemon_does_not_know_are_left_to_the_others
    history_can_only_grow
    a_changed_byte_is_found_and_its_line_named
    what_the_lists_say_is_compared_with_the_history
    residents_words_are_not_in_the_history_and_can_be_erased
    a_held_letter_is_written_anew_only_when_it_was_never_tried
    a_person_may_hold_release_and_retry_what_waits_and_nothing_else
    a_dropped_letter_is_in_the_history
    a_letter_the_gate_stops_is_held_without_a_try_and_the_next_one_goes_on
    a_letter_held_by_a_clock_that_was_ahead_leaves_when_it_is_let_go
    what_a_person_lets_through_meets_no_gate_again_and_a_second_try_meets_none
    letters_are_counted_by_lane_for_an_hour_and_a_day_from_when_they_began_to_leave
    a_letter_knows_the_message_it_grew_out_of_and_one_that_a_date_set_off_knows_none
    letters_that_do_not_agree_with_the_mail_servers_answers_are_found
    deadlines_come_up_when_their_moment_has_come
    an_alarm_is_told_once_until_it_is_over
    a_round_ends_once_with_its_letters_or_not_at_all
    cases_and_messages_are_told_of_from_a_moment_on
    the_signing_key_survives
    what_somebody_last_said_of_their_absence_holds_and_the_rest_is_kept
    an_absence_that_came_in_a_message_is_written_with_what_became_of_the_message
    commands_beside_want_a_database_of_their_own_version
    a_database_of_the_first_schema_is_brought_up_to_date_with_all_that_is_in_it
    odd_and_large_texts_survive
    lists_are_in_the_same_order_everywhere
}

async fn storing_the_same_uid_twice_changes_nothing(base: Base) {
    let store = base.store().await;
    assert_eq!(store.receive("main", "INBOX", 7, &[mail("1", "a"), mail("2", "b")], at(0)).await.unwrap(), 2);
    assert_eq!(store.receive("main", "INBOX", 7, &[mail("2", "other"), mail("3", "c")], at(9)).await.unwrap(), 1);
    let known = store.known_uids("main", "INBOX", 7).await.unwrap();
    assert_eq!(known, ["1", "2", "3"].map(str::to_owned).into());
    assert_eq!(store.known_uids("main", "INBOX", 8).await.unwrap(), BTreeSet::new());
    let second = store.inbox(1, 1).await.unwrap().remove(0);
    assert_eq!(store.message(second.id).await.unwrap().unwrap().raw.unwrap(), b"b");
}

async fn a_uid_of_any_name_that_a_file_may_have_is_known_again(base: Base) {
    let store = base.store().await;
    let uids = ["1732270000.M1P2.host,S=5", "two\nlines", "a, b; \"c\" \\ 'd'", "\u{fffd}é", " ", "%_"];
    let batch: Vec<_> = uids.iter().map(|uid| mail(uid, uid)).collect();
    assert_eq!(store.receive("main", "INBOX", 1, &batch, at(0)).await.unwrap(), uids.len());
    assert_eq!(store.known_uids("main", "INBOX", 1).await.unwrap(), uids.map(str::to_owned).into());
}

async fn a_uid_whose_message_lies_there_no_more_is_free_for_another_however_often(base: Base) {
    let store = base.store().await;
    for words in ["a", "b", "c"] {
        store.lies_there_no_more("main", "INBOX", 7, "1").await.unwrap();
        assert_eq!(store.receive("main", "INBOX", 7, &[mail("1", words)], at(0)).await.unwrap(), 1);
    }
    let unfiled = store.unfiled("main", "INBOX", 7).await.unwrap();
    assert_eq!(unfiled, [(3, "1".to_owned())], "the last can be moved, and the others cannot");
    assert_eq!(store.known_uids("main", "INBOX", 7).await.unwrap(), ["1".to_owned()].into());
    let digest = hex::encode(Sha256::digest("a"));
    for (folder, there) in [(None, true), (Some("INBOX"), true), (Some("Junk"), false)] {
        assert_eq!(store.has_digest("main", &digest, folder).await.unwrap(), there);
    }
}

async fn the_same_bytes_under_another_uid_are_a_linked_copy_and_in_another_mailbox_are_not(base: Base) {
    let store = base.store().await;
    store.receive("main", "INBOX", 1, &[mail("1", "a")], at(0)).await.unwrap();
    store.receive("main", "INBOX", 2, &[mail("1", "a"), mail("9", "a")], at(1)).await.unwrap();
    store.receive("other", "INBOX", 1, &[mail("1", "a")], at(2)).await.unwrap();
    let headers = redress::store::Arrived { whole: false, ..mail("5", "a") };
    store.receive("main", "Junk", 1, &[headers], at(3)).await.unwrap();
    let rows = store.inbox(0, 10).await.unwrap();
    let seen: Vec<_> = rows.iter().map(|row| (row.state.as_str(), row.copy_of)).collect();
    let first = Some(rows[0].id);
    assert_eq!(seen, [("new", None), ("copy", first), ("copy", first), ("new", None), ("new", None)]);
    // The copy is listed with the case of the first.
    let id = rows[0].id;
    store.decide_message(id, "main", &keys(), at(10), |found| Ok(opens(found, id))).await.unwrap();
    let rows = store.inbox(0, 10).await.unwrap();
    assert_eq!(rows[0].cases().len(), 1);
    assert_eq!(rows[1].cases(), rows[0].cases());
    assert!(rows[3].cases().is_empty());
}

/// Bytes that lie in the database itself, the first row first.
async fn stored_bytes(base: &Base) -> Vec<Vec<String>> {
    let length = if base.is_sqlite() { "LENGTH" } else { "OCTET_LENGTH" };
    base.rows(&format!("SELECT CAST({length}(raw) AS TEXT) FROM inbox ORDER BY id")).await
}

async fn a_mailbox_that_was_set_up_anew_is_not_stored_in_full_again_and_all_of_it_can_be_read(base: Base) {
    let store = base.store().await;
    let lying = |uids: [&str; 2]| [mail(uids[0], "by a list"), mail(uids[1], "by an alias")];
    store.receive("main", "INBOX", 1, &lying(["1", "2"]), at(0)).await.unwrap();
    let rows = store.inbox(0, 2).await.unwrap();
    let (first, second) = (rows[0].id, rows[1].id);
    // Of the same words, under other bytes: it keeps its own.
    let copy = || Settled { state: MessageState::Copy, copy_of: Some(first), ..settled() };
    assert!(store.decide_message(second, "main", &keys(), at(1), |_| Ok((copy(), Vec::new()))).await.unwrap());
    for uidvalidity in 2..4 {
        assert_eq!(store.receive("main", "INBOX", uidvalidity, &lying(["1", "2"]), at(2)).await.unwrap(), 2);
    }
    assert_eq!(stored_bytes(&base).await, [["9"], ["11"], [""], [""], [""], [""]]);
    for row in store.inbox(0, 10).await.unwrap() {
        let words: &[u8] = if row.id % 2 == first % 2 { b"by a list" } else { b"by an alias" };
        assert_eq!(store.message(row.id).await.unwrap().unwrap().raw.unwrap(), words, "{row:?}");
    }
    for (row, beginning) in store.latest_messages(Messages::All, None, 10).await.unwrap() {
        assert_eq!(beginning.starts_with(b"by a list"), row.id % 2 == first % 2, "{row:?}");
    }
    // What is erased is erased everywhere.
    base.sql(&format!("UPDATE inbox SET raw = NULL WHERE id = {first}")).await.unwrap();
    for row in store.inbox(0, 10).await.unwrap() {
        let message = store.message(row.id).await.unwrap().unwrap();
        assert_eq!(message.raw.is_none(), row.id % 2 == first % 2, "{row:?}");
    }
}

async fn a_message_is_listed_with_every_case_it_belongs_to(base: Base) {
    let store = base.store().await;
    let first = opened(&store).await;
    let about_it = received(&store, "1").await;
    let keys = keys();
    let handled = store.decide_message(about_it, "main", &keys, at(20), |found| {
        let (settled, changes) = opens(found, about_it);
        Ok((Settled { filed_to: [first].into(), ..settled }, changes))
    });
    assert!(handled.await.unwrap());
    let cases = store.cases().await.unwrap();
    let row = store.message_row(about_it).await.unwrap().unwrap();
    assert_eq!(row.cases(), [&cases[0].reference, &cases[1].reference]);
}

async fn of_twenty_tasks_on_one_message_one_handles_it_and_one_letter_goes_to_the_resident(base: Base) {
    let store = Arc::new(base.store().await);
    let message = received(&store, "1").await;
    let tasks = (0..20).map(|_| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            store.decide_message(message, "main", &keys(), at(10), |found| Ok(opens(found, message))).await.unwrap()
        })
    });
    let handled = futures::future::join_all(tasks.collect::<Vec<_>>()).await;
    assert_eq!(handled.into_iter().filter(|handled| *handled.as_ref().unwrap()).count(), 1);
    assert_eq!(store.cases().await.unwrap().len(), 1);
    let letters = store.outbox(0, 10).await.unwrap();
    let kinds: Vec<_> = letters.iter().map(|letter| letter.kind.as_str()).collect();
    assert_eq!(kinds, ["acknowledgement", "new-case"]);
    assert_sound(&store, 1).await;
}

async fn of_twenty_deciders_on_one_case_each_sees_what_the_one_before_it_wrote(base: Base) {
    let store = Arc::new(base.store().await);
    let case = opened(&store).await;
    let tasks = (0..20).map(|n| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            store.decide_case(case, |known| Ok(Some(follow(Some(known), &addition(100 + n), at(20))))).await.unwrap();
        })
    });
    for done in futures::future::join_all(tasks.collect::<Vec<_>>()).await {
        done.unwrap();
    }
    let known = store.known(case).await.unwrap();
    let added: BTreeSet<i64> = known.case.messages.iter().copied().filter(|message| *message >= 100).collect();
    assert_eq!(added, (100..120).collect());
    // One a day is what a resident is told, and only a decider who does not see the others would say it again.
    let letters = store.outbox(0, 100).await.unwrap();
    assert_eq!(letters.iter().filter(|letter| letter.kind == "added").count(), 1);
    // Ten, and one for all the rest of the day.
    assert_eq!(letters.iter().filter(|letter| letter.kind == "new-message").count(), 11);
    assert_sound(&store, 1).await;
}

async fn twenty_cases_at_once_are_numbered_without_gap_or_double(base: Base) {
    let store = Arc::new(base.store().await);
    let mut tasks = Vec::new();
    for n in 0..20 {
        let (store, message) = (Arc::clone(&store), received(&store, &n.to_string()).await);
        tasks.push(tokio::spawn(async move {
            store
                .decide_message(message, "main", &keys(), at(10), |found| {
                    // Every fifth is given up after its number was seen: no number may be lost with it.
                    anyhow::ensure!(n % 5 != 0, "given up");
                    Ok(opens(found, message))
                })
                .await
                .is_ok()
        }));
    }
    let done = futures::future::join_all(tasks).await;
    assert_eq!(done.into_iter().filter(|done| *done.as_ref().unwrap()).count(), 16);
    let numbers: BTreeSet<String> =
        store.cases().await.unwrap().iter().map(|case| case.reference.split('-').nth(1).unwrap().to_owned()).collect();
    assert_eq!(numbers, (1001..1017).map(|number| number.to_string()).collect());
    assert_sound(&store, 16).await;
}

async fn ten_messages_of_one_new_resident_at_once_make_one_case(base: Base) {
    let store = Arc::new(base.store().await);
    let mut tasks = Vec::new();
    for n in 0..10 {
        let (store, message) = (Arc::clone(&store), received(&store, &n.to_string()).await);
        let keys = redress::store::Keys { speakers: BTreeSet::from(["resident@example.org".to_owned()]), ..keys() };
        tasks.push(tokio::spawn(async move {
            let judge = |found: &redress::store::Found| {
                Ok(match found.cases.first() {
                    Some(known) => (settled(), vec![follow(Some(known), &addition(message), at(20))]),
                    None => opens(found, message),
                })
            };
            store.decide_message(message, "main", &keys, at(10), judge).await.unwrap()
        }));
    }
    for done in futures::future::join_all(tasks).await {
        assert!(done.unwrap());
    }
    let cases = store.cases().await.unwrap();
    assert_eq!(cases.len(), 1);
    assert_eq!(store.known(cases[0].id).await.unwrap().case.messages.len(), 10);
    assert_sound(&store, 1).await;
}

async fn a_decision_that_changes_nothing_never_takes_the_case_back(base: Base) {
    // Goal: looks worked out from a case as it was must not overwrite what was decided meanwhile.
    // How:  the judge answers at first with a change made from an older state, and without events.
    let store = base.store().await;
    let case = opened(&store).await;
    let old = store.known(case).await.unwrap();
    store.decide_case(case, |known| Ok(Some(follow(Some(known), &addition(100), at(20))))).await.unwrap();
    let empty = |known: &redress::store::Known| {
        let mut change = follow(Some(known), &Input::Reached(Duty::ReviewRequest), at(30));
        assert!(change.events.is_empty());
        change.looks.clear();
        change
    };
    let mut asked = 0;
    store
        .decide_case(case, |known| {
            asked += 1;
            Ok(Some(empty(if asked == 1 { &old } else { known })))
        })
        .await
        .unwrap();
    assert_eq!(asked, 2);
    assert!(store.known(case).await.unwrap().case.messages.contains(&100));
    assert_sound(&store, 1).await;
}

async fn a_judge_that_fails_or_panics_leaves_nothing_behind(base: Base) {
    let store = Arc::new(base.store().await);
    let message = received(&store, "1").await;
    let failed = store.decide_message(message, "main", &keys(), at(10), |_| anyhow::bail!("no")).await;
    assert_eq!(failed.unwrap_err().to_string(), "no");
    let on_task = Arc::clone(&store);
    let panicked = tokio::spawn(async move {
        on_task.decide_message(message, "main", &keys(), at(10), |_| panic!("on purpose")).await
    });
    assert!(panicked.await.unwrap_err().is_panic());
    // Half of it cannot be written: the second letter has the Message-ID of the first.
    let keys = keys();
    let doubled = store.decide_message(message, "main", &keys, at(10), |found| {
        let (settled, mut changes) = opens(found, message);
        changes[0].letters[1].message_id = changes[0].letters[0].message_id.clone();
        Ok((settled, changes))
    });
    assert!(doubled.await.is_err());
    assert!(store.cases().await.unwrap().is_empty());
    assert!(store.outbox(0, 10).await.unwrap().is_empty());
    assert_eq!(store.inbox(0, 1).await.unwrap()[0].state, "new");
    assert!(store.decide_message(message, "main", &keys, at(10), |found| Ok(opens(found, message))).await.unwrap());
    assert_sound(&store, 1).await;
}

async fn a_program_that_dies_while_deciding_leaves_all_or_nothing(base: Base) {
    let store = base.store().await;
    let keys = keys();
    for n in 0..40 {
        let message = received(&store, &n.to_string()).await;
        let decided = store.decide_message(message, "main", &keys, at(10), |found| Ok(opens(found, message)));
        let _dropped = tokio::time::timeout(Duration::from_micros(n * 200), decided).await;
        // Of one moment: a commit on its way may still arrive.
        let counts = store.counts().await.unwrap();
        let cases = counts.inbox.get("handled").copied().unwrap_or(0);
        assert_eq!(counts.outbox.get("queued").copied().unwrap_or(0), cases * 2);
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let cases = store.cases().await.unwrap().len();
    assert!(cases < 40, "the first ones have no time at all");
    assert_sound(&store, cases).await;
}

/// What is about to be committed never is.
struct Stuck;

impl Edges for Stuck {
    fn at(&self, edge: Edge) -> BoxFuture<'_, sqlx::Result<()>> {
        if edge == Edge::Commit { pending().boxed() } else { ready(Ok(())).boxed() }
    }
}

async fn a_transaction_that_is_given_up_before_its_end_keeps_no_other_program_out(base: Base) {
    let store = base.store().await;
    let raised = EDGES.scope(Arc::new(Stuck), store.raise("smtp", "broken", at(0)));
    assert!(tokio::time::timeout(Duration::from_secs(1), raised).await.is_err());
    base.sql("INSERT INTO alarm (name, since, words) VALUES ('smtp', 1, 'another')").await.unwrap();
    store.told("smtp", at(1)).await.unwrap();
    let alarms = store.alarms().await.unwrap();
    let (words, told): (Vec<_>, Vec<_>) = alarms.iter().map(|alarm| (alarm.words.as_str(), alarm.told)).unzip();
    assert_eq!((words, told), (vec!["another"], vec![Some(at(1))]));
    tokio::time::timeout(Duration::from_secs(5), store.close()).await.expect("nothing is left open");
}

async fn what_is_written_after_a_transaction_was_given_up_at_its_beginning_is_kept(base: Base) {
    let store = base.store().await;
    store.raise("smtp", "broken", at(0)).await.unwrap();
    for n in 1..150 {
        let _given_up = tokio::time::timeout(Duration::from_micros(n * 10), store.counts()).await;
        let _given_up = tokio::time::timeout(Duration::from_micros(n * 10), store.mark_as_copy(at(0))).await;
        // Until the connections are free again.
        tokio::time::sleep(Duration::from_millis(3)).await;
        let now = at(n.cast_signed());
        store.told("smtp", now).await.unwrap();
        let kept = base.rows("SELECT CAST(told_at AS TEXT) FROM alarm").await;
        assert_eq!(kept, [[now.as_millisecond().to_string()]], "try {n}");
    }
}

async fn a_message_is_tried_again_later_and_does_not_stand_in_the_others_way(base: Base) {
    let store = base.store().await;
    let (first, second) = (received(&store, "1").await, received(&store, "2").await);
    let took = |now: i64| {
        let store = &store;
        async move {
            store
                .take_new(&["main"], at(now), at(now + 60))
                .await
                .unwrap()
                .map(|message| (message.id, message.attempts))
        }
    };
    assert_eq!(took(5).await, Some((first, 1)));
    assert_eq!(took(6).await, Some((second, 1)));
    assert_eq!(took(7).await, None);
    assert_eq!(took(65).await, Some((first, 2)));
    store.postpone(second, at(4000)).await.unwrap();
    assert_eq!(took(130).await, Some((first, 3)));
    assert_eq!(took(131).await, None);
    let [message, ..] = store.next_moments().await.unwrap();
    assert_eq!(message, Some(at(190)));
}

async fn a_letter_is_claimed_once_and_settled_once(base: Base) {
    let store = Arc::new(base.store().await);
    opened(&store).await;
    let tasks = (0..20).map(|_| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            let mut claimed = Vec::new();
            // One who comes second to a letter comes back for the next.
            for _ in 0..5 {
                claimed.extend(claim(&store, at(20)).await);
            }
            claimed
        })
    });
    let claimed = futures::future::join_all(tasks.collect::<Vec<_>>()).await;
    let mut claimed: Vec<_> = claimed.into_iter().flat_map(Result::unwrap).collect();
    claimed.sort_by_key(|letter| letter.id);
    assert_eq!(claimed.iter().map(|letter| letter.letter).collect::<Vec<_>>(), [1, 2]);
    let letter = &claimed[0];
    store.settle(letter, &taken(), at(30), posted(letter)).await.unwrap();
    let again = store.settle(letter, &taken(), at(31), posted(letter)).await.unwrap_err();
    assert!(again.to_string().contains("had been settled already"), "{again}");
    let known = store.known(letter.case_id.unwrap()).await.unwrap();
    assert_eq!(known.case.acknowledged.get(&Stage::One).map(|(number, _)| *number), Some(1));
    let attempts = store.attempts(letter.id).await.unwrap();
    assert_eq!(attempts.len(), 1);
    assert_eq!((attempts[0].outcome.as_deref(), attempts[0].reply.as_deref()), (Some("sent"), Some("250 taken")));
    assert_sound(&store, 1).await;
}

async fn a_dead_senders_letter_goes_again_with_the_same_bytes(base: Base) {
    let store = base.store().await;
    opened(&store).await;
    let first = claim(&store, at(20)).await.unwrap();
    store.close().await;
    drop(store);
    let store = base.store().await;
    assert_eq!(store.resume(at(40)).await.unwrap(), 1);
    assert_eq!(store.resume(at(40)).await.unwrap(), 0);
    claim(&store, at(40)).await.unwrap();
    let again = claim(&store, at(40)).await.unwrap();
    assert_eq!((again.id, again.attempts, again.setbacks), (first.id, 2, 1));
    assert_eq!(again.bytes(), first.bytes());
    assert!(!again.bytes().is_empty());
    assert_eq!(again.message_id, first.message_id);
    let attempts = store.attempts(first.id).await.unwrap();
    assert_eq!(attempts[0].outcome.as_deref(), Some("unknown"));
    assert_eq!(attempts[1].outcome, None);
}

async fn a_late_answer_settles_no_later_attempt(base: Base) {
    let store = base.store().await;
    opened(&store).await;
    let slow = claim(&store, at(20)).await.unwrap();
    store.resume(at(21)).await.unwrap();
    claim(&store, at(21)).await.unwrap();
    let again = claim(&store, at(21)).await.unwrap();
    assert_eq!(again.id, slow.id);
    assert!(store.settle(&slow, &Sent::Refused("550".to_owned()), at(30), posted(&slow)).await.is_err());
    store.settle(&again, &taken(), at(31), posted(&again)).await.unwrap();
    assert_sound(&store, 1).await;
}

async fn messages_of_a_mailbox_that_a_daemon_does_not_know_are_left_to_the_others(base: Base) {
    let store = base.store().await;
    let (strange, ours) = (received_by(&store, "other", "1").await, received_by(&store, "main", "1").await);
    let took = async |mailboxes: &[&str]| {
        store.take_new(mailboxes, at(5), at(65)).await.unwrap().map(|message| (message.id, message.attempts))
    };
    assert_eq!(took(&["main", "the-other"]).await, Some((ours, 1)));
    assert_eq!(took(&["main", "the-other"]).await, None);
    assert_eq!(took(&["the-other", "other"]).await, Some((strange, 1)), "nobody has tried it before");
}

async fn history_can_only_grow(base: Base) {
    let store = base.store().await;
    opened(&store).await;
    let columns = "id, case_id, seq, occurred_at, recorded_at, body, previous, hash";
    let mut attacks = vec![
        "UPDATE event SET body = '{}' WHERE seq = 1".to_owned(),
        "DELETE FROM event".to_owned(),
        "UPDATE event SET seq = 99 WHERE seq = 2".to_owned(),
    ];
    match base.is_sqlite() {
        true => {
            // With and without the pragma that makes REPLACE fire the triggers of DELETE.
            let replace = format!("INSERT OR REPLACE INTO event ({columns}) SELECT {columns} FROM event WHERE seq = 1");
            attacks.push(format!("PRAGMA recursive_triggers = ON; {replace}"));
            attacks.push(format!("PRAGMA recursive_triggers = OFF; {replace}"));
        }
        false => {
            attacks.push("TRUNCATE event CASCADE".to_owned());
            let merge = "INSERT INTO event SELECT * FROM event WHERE seq = 1";
            attacks.push(format!("{merge} ON CONFLICT (case_id, seq) DO UPDATE SET body = '{{}}'"));
        }
    }
    for attack in attacks {
        let refused = base.sql(&attack).await.expect_err(&attack).to_string();
        assert!(refused.contains("history is append-only"), "{attack}: {refused}");
    }
    assert_sound(&store, 1).await;
}

async fn a_changed_byte_is_found_and_its_line_named(base: Base) {
    let store = base.store().await;
    let case = opened(&store).await;
    let reference = store.cases().await.unwrap()[0].reference.clone();
    base.tamper("UPDATE event SET body = replace(body, '\"5', '\"6') || ' ' WHERE seq = 2").await;
    let (_, findings) = store.verify().await.unwrap();
    assert_eq!(findings, [format!("History of {reference}: line 2 was changed after it was written")]);
    let asked = store.case(&reference.parse().unwrap()).await.unwrap_err();
    assert!(asked.to_string().contains("line 2"), "{asked}");
    // Nothing more is built on it.
    assert!(store.decide_case(case, |_| panic!("nobody may judge it")).await.is_err());

    base.sql(if base.is_sqlite() {
        "DELETE FROM event WHERE seq = 2"
    } else {
        "ALTER TABLE event DISABLE TRIGGER ALL; DELETE FROM event WHERE seq = 2"
    })
    .await
    .unwrap();
    let (_, findings) = store.verify().await.unwrap();
    assert_eq!(findings, [format!("History of {reference}: line 2 is missing")]);
    base.sql("DELETE FROM event WHERE seq >= 2").await.unwrap();
    let (_, findings) = store.verify().await.unwrap();
    assert!(findings[0].starts_with(&format!("History of {reference}: it ended with line ")), "{findings:?}");
}

async fn what_the_lists_say_is_compared_with_the_history(base: Base) {
    let store = base.store().await;
    opened(&store).await;
    let reference = store.cases().await.unwrap()[0].reference.clone();
    for (change, back, finding) in [
        (
            "UPDATE case_file SET is_open = 0",
            "UPDATE case_file SET is_open = 1",
            "what the lists say differs from the history",
        ),
        (
            "UPDATE deadline SET due = '2030' || substr(due, 5)",
            "UPDATE deadline SET due = '2026' || substr(due, 5)",
            "its deadlines differ from the history",
        ),
        (
            "UPDATE outbox SET state = 'sent' WHERE letter = 1",
            "UPDATE outbox SET state = 'queued' WHERE letter = 1",
            "what became of a letter differs from the history",
        ),
        (
            "UPDATE outbox SET letter = 7 WHERE letter = 2",
            "UPDATE outbox SET letter = 2 WHERE letter = 7",
            "its letters are not those of the history",
        ),
    ] {
        base.sql(change).await.unwrap();
        assert_eq!(store.verify().await.unwrap().1, [format!("{reference}: {finding}")]);
        base.sql(back).await.unwrap();
        assert_sound(&store, 1).await;
    }
    let letter = claim(&store, at(20)).await.unwrap();
    store.settle(&letter, &taken(), at(30), posted(&letter)).await.unwrap();
    assert_sound(&store, 1).await;
    let nothing = if base.is_sqlite() { "x'00'" } else { "'\\x00'" };
    base.sql(&format!("UPDATE outbox SET bytes = {nothing} WHERE letter = 1")).await.unwrap();
    assert_eq!(store.verify().await.unwrap().1, [format!("{reference}: a letter was changed after it was sent")]);
    base.sql("UPDATE numbering SET last = last + 1").await.unwrap();
    assert_eq!(store.verify().await.unwrap().1[1], "wellow: 2 case numbers were used, and 1 cases are here");
}

async fn residents_words_are_not_in_the_history_and_can_be_erased(base: Base) {
    let store = base.store().await;
    opened(&store).await;
    let bodies: Vec<String> = base.rows("SELECT body FROM event").await.concat();
    assert!(bodies.len() > 3);
    for secret in [WORDS, "mould", "Rowan", "resident@example.org"] {
        assert!(bodies.iter().all(|body| !body.contains(secret)), "{secret} in {bodies:?}");
    }
    let reference = store.cases().await.unwrap()[0].reference.parse().unwrap();
    let point = |file: redress::store::CaseFile| file.case.opening.unwrap().points[0].as_str().to_owned();
    assert_eq!(point(store.case(&reference).await.unwrap().unwrap()), WORDS);

    base.sql("UPDATE words SET text = text || '!'").await.unwrap();
    let (_, findings) = store.verify().await.unwrap();
    assert_eq!(findings, [format!("History of {reference}: line 1: its words were changed after they were written")]);
    base.sql("UPDATE words SET text = NULL").await.unwrap();
    assert_sound(&store, 1).await;
    assert_eq!(point(store.case(&reference).await.unwrap().unwrap()), "(erased)");
    base.sql("DELETE FROM words").await.unwrap();
    let (_, findings) = store.verify().await.unwrap();
    assert_eq!(findings, [format!("History of {reference}: line 1: its words are missing, and were not erased")]);
}

async fn a_held_letter_is_written_anew_only_when_it_was_never_tried(base: Base) {
    let store = base.store().await;
    opened(&store).await;
    let rows = store.outbox(0, 10).await.unwrap();
    let (first, second) = (rows[0].id, rows[1].id);
    assert!(store.hold(first, "a look first").await.unwrap());
    assert_eq!(store.held("a look first").await.unwrap().len(), 1);
    let tried = claim(&store, at(20)).await.unwrap();
    assert_eq!(tried.id, second, "a held letter is not claimed");
    store.settle(&tried, &Sent::Again("450".to_owned(), at(25)), at(21), posted(&tried)).await.unwrap();
    assert!(store.hold(second, "a look first").await.unwrap());
    for id in [first, second] {
        assert!(store.release(id, Some((b"anew", "New subject")), LetGo::ToTheGate, at(30)).await.unwrap());
    }
    assert_eq!(store.letter(first).await.unwrap().unwrap().bytes(), b"anew");
    assert_eq!(store.letter(second).await.unwrap().unwrap().bytes(), tried.bytes());
    let rows = store.outbox(0, 10).await.unwrap();
    assert_eq!((rows[0].subject.as_str(), rows[0].held_because.as_deref()), ("New subject", None));
    assert_ne!(rows[1].subject, "New subject");
    assert!(!store.release(first, None, LetGo::ToTheGate, at(31)).await.unwrap(), "it is not held any more");
}

async fn a_person_may_hold_release_and_retry_what_waits_and_nothing_else(base: Base) {
    let store = base.store().await;
    opened(&store).await;
    let letter = claim(&store, at(20)).await.unwrap();
    let allowed = async |store: &Store| {
        let id = letter.id;
        [
            store.hold(id, "x").await.unwrap(),
            store.release(id, None, LetGo::ToTheGate, at(60)).await.unwrap(),
            store.retry(id, at(60)).await.unwrap(),
        ]
    };
    assert_eq!(allowed(&store).await, [false; 3], "while it is being sent");
    store.settle(&letter, &Sent::Refused("550 no".to_owned()), at(30), posted(&letter)).await.unwrap();
    assert_eq!(store.outbox(letter.id - 1, 1).await.unwrap()[0].settled(), Some(at(30)));
    assert!(!store.hold(letter.id, "x").await.unwrap(), "it failed");
    assert!(store.retry(letter.id, at(60)).await.unwrap());
    assert_sound(&store, 1).await;
    let mut again = claim(&store, at(60)).await.unwrap();
    while again.id != letter.id {
        again = claim(&store, at(60)).await.unwrap();
    }
    assert_eq!((again.attempts, again.setbacks), (2, 0));
    store.settle(&again, &taken(), at(70), posted(&again)).await.unwrap();
    assert_eq!(allowed(&store).await, [false; 3], "after it has gone");
    assert_sound(&store, 1).await;
}

async fn a_dropped_letter_is_in_the_history(base: Base) {
    let store = base.store().await;
    let case = opened(&store).await;
    let id = store.outbox(0, 1).await.unwrap()[0].id;
    store.hold(id, "x").await.unwrap();
    let letter = store.letter(id).await.unwrap().unwrap();
    assert!(matches!(letter.says(), Some(Says::Acknowledgement { .. })));
    store.drop_letter(&letter, at(30), posted(&letter)).await.unwrap();
    store.drop_letter(&letter, at(31), |_, _| panic!("it was dropped already")).await.unwrap();
    assert_eq!(store.outbox(0, 1).await.unwrap()[0].state, "dropped");
    let known = store.known(case).await.unwrap();
    assert_eq!(known.case.letters[&1].outcome, Some(redress::domain::case::Outcome::Dropped));
    assert_sound(&store, 1).await;
}

async fn deadlines_come_up_when_their_moment_has_come(base: Base) {
    let store = base.store().await;
    let case = opened(&store).await;
    let owed = store.deadlines().await.unwrap();
    let acknowledge = owed.iter().find(|row| row.duty == Duty::Acknowledge).unwrap();
    let look = acknowledge.next_look.unwrap();
    let [.., earliest] = store.next_moments().await.unwrap();
    assert_eq!(earliest, owed.iter().filter_map(|row| row.next_look).min());
    let early = earliest.unwrap() - Duration::from_secs(1);
    assert_eq!(store.take_deadline(early, early).await.unwrap(), None);
    let later = look + Duration::from_secs(600);
    let mut taken_up = Vec::new();
    while let Some(row) = store.take_deadline(look, later).await.unwrap() {
        taken_up.push(row);
    }
    assert!(taken_up.contains(&(case, Duty::Acknowledge, 1)), "{taken_up:?}");
    let again = store.take_deadline(later, later + Duration::from_secs(600)).await.unwrap().unwrap();
    assert_eq!(again.2, 2, "the try is counted");
    let letter = claim(&store, at(20)).await.unwrap();
    store.settle(&letter, &taken(), at(30), posted(&letter)).await.unwrap();
    assert!(store.deadlines().await.unwrap().iter().all(|row| row.duty != Duty::Acknowledge), "it is met");
    assert_sound(&store, 1).await;
}

async fn an_alarm_is_told_once_until_it_is_over(base: Base) {
    let store = base.store().await;
    let first = store.raise("smtp", "broken", at(0)).await.unwrap();
    assert_eq!((first.since, first.told), (at(0), None));
    store.told("smtp", at(1)).await.unwrap();
    let second = store.raise("smtp", "still broken", at(9)).await.unwrap();
    assert_eq!((second.since, second.told), (at(0), Some(at(1))));
    assert_eq!(store.alarms().await.unwrap()[0].words, "still broken");
    assert!(store.clear("smtp").await.unwrap().is_some());
    assert!(store.clear("smtp").await.unwrap().is_none());
    store.raise("disk", "full", at(2)).await.unwrap();
    assert!(store.clear("disk").await.unwrap().is_none(), "nobody heard of it, so nobody hears that it is over");
    let letter = NewLetter {
        number: 0,
        kind: "to-operator".to_owned(),
        audience: "operator".to_owned(),
        recipient: "operator@example.org".to_owned(),
        envelope_from: "complaints@example.org".to_owned(),
        message_id: "alarm@example.org".to_owned(),
        subject: "Redress".to_owned(),
        says: None,
        bytes: b"words".to_vec(),
        held: None,
        wait: None,
    };
    store.post(&letter, at(3)).await.unwrap();
    let claimed = claim(&store, at(4)).await.unwrap();
    store.settle(&claimed, &taken(), at(5), |_, _| panic!("it belongs to no case")).await.unwrap();
    assert_eq!(store.counts().await.unwrap().outbox, [("sent".to_owned(), 1)].into());
}

fn list(message_id: &str) -> NewLetter {
    NewLetter {
        number: 0,
        kind: "digest".to_owned(),
        audience: "staff".to_owned(),
        recipient: "ada@example.net".to_owned(),
        envelope_from: "complaints@example.org".to_owned(),
        message_id: message_id.to_owned(),
        subject: "Your list".to_owned(),
        says: None,
        bytes: b"words".to_vec(),
        held: None,
        wait: None,
    }
}

async fn a_round_ends_once_with_its_letters_or_not_at_all(base: Base) {
    let store = base.store().await;
    assert_eq!(store.last_rounds().await.unwrap().get("digest").copied(), None);
    let letters = [("willow".to_owned(), list("one@example.org")), ("orchard".to_owned(), list("two@example.org"))];
    store.end_round("digest", &letters, None, at(1)).await.unwrap();
    assert_eq!(store.last_rounds().await.unwrap().get("digest").copied(), None, "it is to be tried again");
    store.end_round("digest", &letters, Some(at(2)), at(2)).await.unwrap();
    assert_eq!(store.last_rounds().await.unwrap().get("digest").copied(), Some(at(2)));
    assert_eq!(store.last_rounds().await.unwrap().get("weekly").copied(), None);
    store.end_round("digest", &[], Some(at(9)), at(9)).await.unwrap();
    assert_eq!(store.last_rounds().await.unwrap().get("digest").copied(), Some(at(9)));
    assert_eq!(store.counts().await.unwrap().outbox, [("queued".to_owned(), 2)].into(), "each letter once");
    let letter = claim(&store, at(10)).await.unwrap();
    assert_eq!((letter.case_id, letter.landlord.as_deref(), letter.written()), (None, Some("willow"), at(1)));
    let waits = store.outbox(letter.id, 9).await.unwrap();
    assert!(store.hold(waits[0].id, "to be read first").await.unwrap());
    assert_eq!((store.held_of("orchard").await.unwrap().0, store.held_of("willow").await.unwrap().0), (1, 0));
}

async fn cases_and_messages_are_told_of_from_a_moment_on(base: Base) {
    let store = base.store().await;
    opened(&store).await;
    let cases = store.cases().await.unwrap();
    let landlord = cases[0].landlord.clone();
    let far = at(1_000_000_000);
    let astir: Vec<_> = store.astir(&landlord, far).await.unwrap();
    assert_eq!(astir.len(), 1, "something is owed on it");
    assert_eq!(astir[0].case.opening.as_ref().unwrap().reference.to_string(), cases[0].reference);
    assert!(store.astir("nobody", at(0)).await.unwrap().is_empty());
    base.sql("UPDATE case_file SET is_open = 0; UPDATE deadline SET met_at = 1").await.unwrap();
    assert!(store.astir(&landlord, far).await.unwrap().is_empty());
    let written = astir[0].history.last().unwrap().recorded_at;
    assert_eq!(store.astir(&landlord, written).await.unwrap().len(), 1);
    assert_eq!(store.messages_since(at(-1_000_000)).await.unwrap().len(), 1);
    assert!(store.messages_since(far).await.unwrap().is_empty());
}

async fn the_signing_key_survives(base: Base) {
    let store = base.store().await;
    let key = store.key();
    assert_ne!(key, [0; 32]);
    let beside = Store::open(&base.url(), Purpose::Beside).await.unwrap();
    assert_eq!(beside.key(), key);
    store.close().await;
    drop(store);
    assert_eq!(base.store().await.key(), key);
}

/// Somebody says that they are away until a day of December 2026.
fn away(name: &str, until: i8, cover: Option<&str>) -> AwayNote {
    let address = |name: &str| format!("{name}@example.net");
    let (since, until) = (date(2026, 12, 1), date(2026, 12, until));
    let absence = Absence { address: address(name), since, until, cover: cover.map(address) };
    AwayNote { by: absence.address.clone(), absence }
}

fn absences(notes: &[AwayNote]) -> Absences {
    Absences::new(notes.iter().map(|note| note.absence.clone()))
}

async fn what_somebody_last_said_of_their_absence_holds_and_the_rest_is_kept(base: Base) {
    let store = base.store().await;
    assert_eq!(*store.absences().await.unwrap(), Absences::default());
    let said = [away("ada", 18, Some("ben")), away("ben", 4, None), away("ada", 21, None), away("ben", 1, None)];
    for (note, second) in said.iter().zip(0..) {
        store.record_absence(note, at(second)).await.unwrap();
    }
    assert_eq!(*store.absences().await.unwrap(), absences(&said[2..]));
    let kept = base.rows("SELECT address, since, until, cover, recorded_by FROM absence ORDER BY id").await;
    assert_eq!(kept.len(), 4);
    assert_eq!(kept[0], ["ada@example.net", "2026-12-01", "2026-12-18", "ben@example.net", "ada@example.net"]);
}

async fn an_absence_that_came_in_a_message_is_written_with_what_became_of_the_message(base: Base) {
    let store = base.store().await;
    let case = opened(&store).await;
    let message = received(&store, "1").await;
    let (keys, note) = (keys(), away("ada", 18, None));
    let failed = store.decide_message(message, "main", &keys, at(20), |_| anyhow::bail!("it cannot be judged"));
    assert!(failed.await.is_err());
    assert_eq!(*store.absences().await.unwrap(), Absences::default());
    let handled = store.decide_message(message, "main", &keys, at(20), |found| {
        assert_eq!(*found.away, Absences::default());
        Ok((Settled { away: Some(note.clone()), ..settled() }, Vec::new()))
    });
    assert!(handled.await.unwrap());
    let all = absences(&[note]);
    assert_eq!(*store.known(case).await.unwrap().away, all);
    let seen = store.decide_act(&keys, at(30), |found| Ok((found.away.clone(), Vec::new())));
    assert_eq!(*seen.await.unwrap(), all);
}

async fn a_database_of_the_first_schema_is_brought_up_to_date_with_all_that_is_in_it(base: Base) {
    let store = base.store().await;
    let case = opened(&store).await;
    let before = store.known(case).await.unwrap().case;
    let letter = claim(&store, at(20)).await.unwrap();
    let message = store.inbox(0, 1).await.unwrap().remove(0).id;
    let raw = store.message(message).await.unwrap().unwrap().raw.unwrap();
    store.close().await;
    drop(store);
    let since_then = "DROP TABLE absence; DROP TABLE lease; DROP TABLE daemon; ALTER TABLE attempt DROP COLUMN daemon";
    base.sql(since_then).await.unwrap();
    base.sql("DROP INDEX outbox_begun; DROP INDEX outbox_braked; DROP INDEX inbox_ledger").await.unwrap();
    for column in ["root", "begun_at", "brake", "let_through"] {
        base.sql(&format!("ALTER TABLE outbox DROP COLUMN {column}")).await.unwrap();
    }
    base.sql("DELETE FROM _sqlx_migrations WHERE version > 1").await.unwrap();
    let store = base.store().await;
    assert_eq!(store.known(case).await.unwrap().case, before);
    assert_eq!(store.message(message).await.unwrap().unwrap().raw.unwrap(), raw);
    store.record_absence(&away("ada", 18, None), at(40)).await.unwrap();
    let begun =
        base.rows("SELECT CAST(id AS TEXT), CAST(begun_at AS TEXT) FROM outbox WHERE begun_at IS NOT NULL").await;
    assert_eq!(begun, [[letter.id.to_string(), at(20).as_millisecond().to_string()]], "what has left is counted");
}

async fn commands_beside_want_a_database_of_their_own_version(base: Base) {
    let refusal =
        async |purpose| format!("{:#}", Store::open(&base.url(), purpose).await.err().expect("it is refused"));
    let missing = refusal(Purpose::Beside).await;
    assert!(missing.contains("`redress run`"), "{missing}");
    let store = base.store().await;
    store.close().await;
    drop(store);
    base.sql("DELETE FROM _sqlx_migrations WHERE version > 1").await.unwrap();
    let older = refusal(Purpose::Beside).await;
    assert!(older.contains("older than this program; start `redress run`"), "{older}");
    base.sql("UPDATE _sqlx_migrations SET version = 9999 WHERE version = 1").await.unwrap();
    for purpose in [Purpose::Beside, Purpose::Run] {
        let newer = refusal(purpose).await;
        assert!(newer.contains("newer than this program"), "{newer}");
    }
}

async fn odd_and_large_texts_survive(base: Base) {
    let store = base.store().await;
    let message = received(&store, "1").await;
    let large = "\u{1f6bf} damp ".repeat(220_000);
    assert!(large.len() > 2_000_000);
    let odd_keys = redress::store::Keys {
        message_ids: ["a\0b@example.org".to_owned(), "x".repeat(5000)].into(),
        speakers: BTreeSet::from(["r\0@example.org".to_owned()]),
        copy: Some((Some("m\0@example.org".to_owned()), "digest".to_owned())),
        ..keys()
    };
    let handled = store.decide_message(message, "main", &odd_keys, at(10), |found| {
        let mut opening = opening(found, message);
        opening.points = vec![redress::domain::words::Words::new(&large), redress::domain::words::Words::new("a\0b")];
        opening.withheld = Some("because\0of".to_owned());
        let mut change = follow(None, &Input::Opened(Box::new(opening)), at(10));
        change.participants = ["o\0dd@example.org".to_owned(), "y".repeat(5000)].into();
        change.letters[0].subject = "sub\0ject".to_owned();
        let mut settled = settled();
        settled.note = Some("no\0te".to_owned());
        settled.message_id = Some("z".repeat(5000));
        Ok((settled, vec![change]))
    });
    assert!(handled.await.unwrap());
    let row = store.inbox(0, 1).await.unwrap().remove(0);
    assert_eq!(row.note.as_deref(), Some("no\u{fffd}te"));
    let reference = row.cases()[0].parse().unwrap();
    let opening = store.case(&reference).await.unwrap().unwrap().case.opening.unwrap();
    assert_eq!(opening.points[0].as_str(), large);
    assert_eq!(opening.points[1].as_str(), "a\u{fffd}b");
    let letter = claim(&store, at(20)).await.unwrap();
    store.settle(&letter, &Sent::Again("450 \0 \u{1f600}".to_owned(), at(25)), at(21), posted(&letter)).await.unwrap();
    assert_eq!(store.attempts(letter.id).await.unwrap()[0].reply.as_deref(), Some("450 \u{fffd} \u{1f600}"));
    assert_sound(&store, 1).await;
    let raw = redress::store::Arrived { raw: vec![0, 255, 0], ..mail("9", "") };
    store.receive("main", "INBOX", 1, &[raw], at(0)).await.unwrap();
    assert_eq!(store.message(message + 1).await.unwrap().unwrap().raw.unwrap(), [0, 255, 0]);
}

async fn lists_are_in_the_same_order_everywhere(base: Base) {
    let store = base.store().await;
    for name in ["b", "A", "a", "B", "_", "\u{e9}", "z", "a-b", "ab"] {
        store.looked(name, "INBOX", 1, at(0)).await.unwrap();
        store.raise(name, "x", at(0)).await.unwrap();
    }
    let bytewise = ["A", "B", "_", "a", "a-b", "ab", "b", "z", "\u{e9}"];
    let folders = store.folders().await.unwrap();
    assert_eq!(folders.iter().map(|row| row.mailbox.as_str()).collect::<Vec<_>>(), bytewise);
    let alarms = store.alarms().await.unwrap();
    assert_eq!(alarms.iter().map(|alarm| alarm.name.as_str()).collect::<Vec<_>>(), bytewise);
}

#[tokio::test]
async fn a_second_daemon_on_a_sqlite_file_is_refused_with_a_sentence() {
    let base = Base::sqlite().await;
    let store = base.store().await;
    let refused = Store::open(&base.url(), Purpose::Run).await.err().unwrap().to_string();
    assert!(refused.starts_with("Another `redress run` is working on "), "{refused}");
    Store::open(&base.url(), Purpose::Beside).await.unwrap();
    drop(store);
    base.store().await;
}

/// On SQLite the lock file says it all: no lease is needed, and none is written.
#[tokio::test]
async fn the_one_daemon_on_a_sqlite_file_may_do_everything_and_resumes_every_letter() {
    let base = Base::sqlite().await;
    let store = base.store().await;
    assert!(store.lives() && store.holds("main") && store.holds(FOR_ALL));
    opened(&store).await;
    claim(&store, at(20)).await.unwrap();
    assert_eq!(store.resume_own(at(21)).await.unwrap(), 1);
    claim(&store, at(21)).await.unwrap();
    assert!(store.daemons().await.unwrap().is_empty());
    store.close().await;
    drop(store);
    let store = base.store().await;
    assert_eq!(store.resume(at(40)).await.unwrap(), 1);
    assert_eq!(store.term(), Some(0));
}

/// Takes, or renews, a lease on the mailbox "main" and on what one daemon does for all, and gives what is held.
async fn lives_on(store: &Store, host: &str, length_s: u64) -> Vec<String> {
    let wants = ["main".to_owned(), FOR_ALL.to_owned()];
    let held = store.live_on(host, at(0), &wants, Duration::from_secs(length_s)).await.unwrap();
    for name in ["main", FOR_ALL] {
        assert_eq!(store.holds(name), held.contains(name), "{name}");
    }
    held.into_iter().collect()
}

/// As if the time of a lease had passed on the database server, for the daemon on this host or for all.
async fn time_passes(base: &Base, host: &str) {
    base.sql(&format!("UPDATE daemon SET until = 1 WHERE host LIKE '{host}'")).await.unwrap();
}

#[tokio::test]
async fn what_one_daemon_holds_no_other_takes_until_it_ends_or_its_lease_does() {
    let base = Base::postgres().await;
    let (alder, birch) = (base.store().await, base.store().await);
    assert!(!alder.lives() && !alder.holds("main"), "before it has a lease");
    assert_eq!(lives_on(&alder, "alder", 30).await, ["*", "main"]);
    assert_eq!(lives_on(&birch, "birch", 30).await, [""; 0]);
    assert!(birch.lives());
    assert_eq!(lives_on(&alder, "alder", 30).await, ["*", "main"], "renewed");
    assert_eq!(alder.term(), Some(1));

    // It ends, and says so.
    alder.close().await;
    assert!(!alder.lives());
    assert_eq!(lives_on(&birch, "birch", 30).await, ["*", "main"]);
    // It is never heard of again.
    time_passes(&base, "birch").await;
    let cedar = base.store().await;
    assert_eq!(lives_on(&cedar, "cedar", 30).await, ["*", "main"]);
    // It comes back.
    assert_eq!(lives_on(&birch, "birch", 30).await, [""; 0]);
    assert_eq!((birch.term(), cedar.term()), (Some(2), Some(1)), "whoever lost a lease sees it by the number");

    let beside = Store::open(&base.url(), Purpose::Beside).await.unwrap();
    let daemons = beside.daemons().await.unwrap();
    let told: Vec<_> = daemons.iter().map(|daemon| (daemon.host.as_str(), daemon.mailboxes().count())).collect();
    assert_eq!(told.len(), 2);
    assert!(told.contains(&("birch", 0)) && told.contains(&("cedar", 1)), "{told:?}");
}

#[tokio::test]
async fn a_lease_that_nobody_took_over_is_taken_again_and_has_another_number() {
    let base = Base::postgres().await;
    let alder = base.store().await;
    lives_on(&alder, "alder", 30).await;
    time_passes(&base, "alder").await;
    assert_eq!(lives_on(&alder, "alder", 30).await, ["*", "main"]);
    assert_eq!(alder.term(), Some(2));
}

#[tokio::test]
async fn a_daemon_knows_by_itself_when_its_lease_is_over() {
    let base = Base::postgres().await;
    let alder = base.store().await;
    lives_on(&alder, "alder", 1).await;
    tokio::time::sleep(Duration::from_millis(1050)).await;
    // Before it has asked anybody.
    assert!(!alder.lives() && !alder.holds("main"));
    assert_eq!(alder.term(), None);
}

#[tokio::test]
async fn of_ten_daemons_that_find_a_lease_free_one_gets_it() {
    let base = Base::postgres().await;
    let dead = base.store().await;
    for _ in 0..5 {
        lives_on(&dead, "dead", 30).await;
        time_passes(&base, "%").await;
        let mut daemons = Vec::new();
        for n in 0..10 {
            daemons.push((format!("daemon-{n}"), base.store().await));
        }
        let taken = futures::future::join_all(daemons.iter().map(|(host, store)| lives_on(store, host, 30))).await;
        assert_eq!(taken.iter().filter(|held| held.contains(&"main".to_owned())).count(), 1);
        assert_eq!(taken.iter().map(Vec::len).sum::<usize>(), 2, "{taken:?}");
        time_passes(&base, "%").await;
    }
}

#[tokio::test]
async fn letters_of_a_dead_daemon_are_resumed_once_and_those_of_a_living_one_left_alone() {
    let base = Base::postgres().await;
    let (alder, birch) = (base.store().await, base.store().await);
    lives_on(&alder, "alder", 30).await;
    lives_on(&birch, "birch", 30).await;
    opened(&alder).await;
    let of_alder = claim(&alder, at(20)).await.unwrap();
    let of_birch = claim(&birch, at(20)).await.unwrap();
    assert_ne!(of_alder.id, of_birch.id);
    assert_eq!(birch.resume(at(21)).await.unwrap(), 0, "both live");

    time_passes(&base, "alder").await;
    lives_on(&birch, "birch", 30).await;
    let twice = tokio::join!(birch.resume(at(22)), birch.resume(at(22)));
    assert_eq!(twice.0.unwrap() + twice.1.unwrap(), 1);
    let again = claim(&birch, at(22)).await.unwrap();
    assert_eq!((again.id, again.attempts, again.bytes()), (of_alder.id, 2, of_alder.bytes()));
    // The dead one wakes with the server's answer, and is too late with it; and its own letters are none any more.
    lives_on(&alder, "alder", 30).await;
    assert!(alder.settle(&of_alder, &taken(), at(23), posted(&of_alder)).await.is_err());
    assert_eq!(alder.resume_own(at(24)).await.unwrap(), 0);
    birch.settle(&again, &taken(), at(25), posted(&again)).await.unwrap();
    birch.settle(&of_birch, &taken(), at(25), posted(&of_birch)).await.unwrap();
    assert_sound(&birch, 1).await;
}

#[tokio::test]
async fn a_row_that_one_daemon_is_taking_keeps_no_other_waiting() {
    let base = Base::postgres().await;
    let (alder, birch) = (base.store().await, base.store().await);
    opened(&alder).await;
    let messages = [received(&alder, "1").await, received(&alder, "2").await];
    // Somebody stands still in the middle of taking the first of each.
    let mut stands = sqlx::PgConnection::connect(&base.url()).await.unwrap();
    let mut tx = stands.begin().await.unwrap();
    for first in ["inbox WHERE state = 'new'", "outbox", "deadline"] {
        let order = if first == "deadline" { "next_at" } else { "id" };
        let question = format!("SELECT 1 FROM {first} ORDER BY {order} LIMIT 1 FOR UPDATE");
        sqlx::query(sqlx::AssertSqlSafe(question)).execute(&mut *tx).await.unwrap();
    }
    let others = async {
        let message = birch.take_new(&["main"], at(20), at(80)).await.unwrap().unwrap();
        assert_eq!(message.id, messages[1]);
        assert_eq!(claim(&birch, at(20)).await.unwrap().letter, 2);
        let late = at(40 * 24 * 60 * 60);
        assert!(birch.take_deadline(late, late).await.unwrap().is_some());
    };
    tokio::time::timeout(Duration::from_secs(5), others).await.expect("nobody waits");
}

#[tokio::test]
async fn a_transaction_that_stands_still_is_ended_by_the_server() {
    let base = Base::postgres().await;
    let store = base.store().await;
    let message = received(&store, "1").await;
    let keys = keys();
    let judged = store.decide_message(message, "main", &keys, at(10), |found| {
        // As a process that is stopped here. The server has the landlord's numbering locked for it.
        std::thread::park_timeout(Duration::from_secs(12));
        Ok(opens(found, message))
    });
    assert!(judged.await.is_err());
    assert!(store.decide_message(message, "main", &keys, at(30), |found| Ok(opens(found, message))).await.unwrap());
    assert_sound(&store, 1).await;
}

#[tokio::test]
async fn the_schema_is_changed_when_every_daemon_has_stopped_and_no_older_one_comes_after() {
    let base = Base::postgres().await;
    let (first, second) = (base.store().await, base.store().await);
    lives_on(&first, "first", 30).await;
    let url = base.url();
    let mut alone = tokio::spawn(async move { Store::open(&url, Purpose::Alone).await });
    assert!(tokio::time::timeout(Duration::from_secs(3), &mut alone).await.is_err(), "it did not wait");
    second.close().await;
    drop(second);
    // The connection of the first is cut: its place is gone, and it must not be renewed.
    base.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
    )
    .await
    .unwrap();
    let lost = first.live_on("first", at(0), &[], Duration::from_secs(30)).await.unwrap_err();
    assert!(lost.is::<PlaceLost>(), "{lost:#}");
    assert!(tokio::time::timeout(Duration::from_secs(3), &mut alone).await.is_err(), "the first may still be at work");
    time_passes(&base, "first").await;
    let alone = tokio::time::timeout(Duration::from_secs(20), alone).await.unwrap().unwrap().unwrap();
    let url = base.url();
    let mut third = tokio::spawn(async move { Store::open(&url, Purpose::Run).await });
    assert!(tokio::time::timeout(Duration::from_secs(3), &mut third).await.is_err(), "it did not wait");
    base.sql("UPDATE _sqlx_migrations SET version = 9999 WHERE version = 1").await.unwrap();
    alone.close().await;
    drop(alone);
    let refused = tokio::time::timeout(Duration::from_secs(20), third).await.unwrap().unwrap().err().unwrap();
    assert!(refused.to_string().contains("newer than this program"), "{refused:#}");
}

#[tokio::test]
#[ignore = "a measurement: cargo test --test store -- --ignored --nocapture"]
async fn rows_a_second() {
    for base in [Base::sqlite().await, Base::postgres().await] {
        let store = base.store().await;
        let make = if base.is_sqlite() { "SQLite" } else { "PostgreSQL" };
        let started = std::time::Instant::now();
        for batch in 0..200 {
            let batch: Vec<_> =
                (0..50).map(|n| mail(&format!("{batch}.{n}"), &format!("{batch} {n} {}", "x".repeat(4000)))).collect();
            store.receive("main", "INBOX", 1, &batch, at(0)).await.unwrap();
        }
        println!("{make}: {:.0} messages stored a second", 10_000.0 / started.elapsed().as_secs_f64());
        let started = std::time::Instant::now();
        for _ in 0..1000 {
            let id = store.take_new(&["main"], at(5), at(65)).await.unwrap().unwrap().id;
            store.decide_message(id, "main", &keys(), at(10), |found| Ok(opens(found, id))).await.unwrap();
        }
        println!("{make}: {:.0} messages decided a second", 1000.0 / started.elapsed().as_secs_f64());
    }
}

#[tokio::test]
#[ignore = "a measurement: cargo test --test store -- --ignored --nocapture"]
async fn letters_a_second_by_two_daemons() {
    let base = Base::postgres().await;
    let stores = [base.store().await, base.store().await];
    for n in 0..300 {
        let id = received(&stores[0], &n.to_string()).await;
        let keys = keys();
        stores[0].decide_message(id, "main", &keys, at(10), |found| Ok(opens(found, id))).await.unwrap();
    }
    let started = std::time::Instant::now();
    let by_one = stores.iter().map(|store| async {
        let (mut sent, mut in_vain) = (0, 0);
        while store.counts().await.unwrap().outbox.contains_key("queued") {
            match claim(store, at(20)).await {
                Some(letter) => {
                    store.settle(&letter, &taken(), at(30), posted(&letter)).await.unwrap();
                    sent += 1;
                }
                None => in_vain += 1,
            }
        }
        (sent, in_vain)
    });
    let done = futures::future::join_all(by_one).await;
    println!(
        "600 letters by two daemons in {:.1} s; each sent, and found none though some waited: {done:?}",
        started.elapsed().as_secs_f64()
    );
}

async fn letters_that_do_not_agree_with_the_mail_servers_answers_are_found(base: Base) {
    let store = base.store().await;
    opened(&store).await;
    let ids: Vec<i64> = store.outbox(0, 100).await.unwrap().iter().map(|letter| letter.id).collect();
    assert!(ids.len() >= 2, "{ids:?}");
    assert!(store.letters_apart(at(10)).await.unwrap().is_empty(), "what is due now is in time");
    let since = at(10);
    let waits = |letter: &i64| Difference::Waits { letter: *letter, since };
    assert_eq!(store.letters_apart(at(11)).await.unwrap(), ids.iter().map(waits).collect::<Vec<_>>());

    let letter = claim(&store, at(20)).await.unwrap();
    let on_its_way = Difference::OnItsWay { letter: letter.id, since: at(20) };
    assert!(!store.letters_apart(at(20)).await.unwrap().contains(&on_its_way));
    assert!(store.letters_apart(at(21)).await.unwrap().contains(&on_its_way));
    store.settle(&letter, &taken(), at(30), posted(&letter)).await.unwrap();
    assert!(store.letters_apart(at(0)).await.unwrap().is_empty(), "sent, with the server's answer");

    let apart = async |sql: String| {
        base.sql(&sql).await.unwrap();
        store.letters_apart(at(0)).await.unwrap()
    };
    let id = letter.id;
    let again = format!("UPDATE outbox SET state = 'queued' WHERE id = {id}");
    assert_eq!(apart(again).await, [Difference::TakenUnnoticed { letter: id }]);
    let twice = format!(
        "INSERT INTO attempt (outbox_id, number, started_at, ended_at, outcome, reply) VALUES ({id}, 7, 1, 2, 'sent', '250')"
    );
    assert_eq!(apart(twice).await, [Difference::TakenTwice { letter: id }]);
    let unanswered =
        format!("DELETE FROM attempt WHERE outbox_id = {id}; UPDATE outbox SET state = 'sent' WHERE id = {id}");
    assert_eq!(apart(unanswered).await, [Difference::NoAnswer { letter: id }]);
}
