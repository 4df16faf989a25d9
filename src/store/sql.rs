//! Every statement, once, for both databases.
//!
//! `$1` placeholders, `RETURNING`, `ON CONFLICT DO NOTHING`; instants as epoch milliseconds, civil dates as text. Columns
//! are listed, never `*`; a guarded write names its guard, and its caller checks the rows it touched.

use super::open::{Taking, taking};

pub(super) const SCHEMA_VERSION: &str = "SELECT MAX(version) FROM _sqlx_migrations WHERE success";

// ── facts about the database ──────────────────────────────────────────────────────────────────────────────────────

pub(super) const INFO: &str = "SELECT value FROM store_info WHERE name = $1";
pub(super) const SET_INFO: &str = "INSERT INTO store_info (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING";
pub(super) const KEEP_INFO: &str = "
INSERT INTO store_info (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
pub(super) const INFO_OF: &str = "SELECT name, value FROM store_info WHERE name LIKE $1 || '%'";
pub(super) const FORGET_INFO: &str = "DELETE FROM store_info WHERE name = $1";

// ── copies (SQLite), and a database that was one ──────────────────────────────────────────────────────────────────

/// A consistent copy beside readers and writers; the file must be empty.
pub(super) const COPY_INTO: &str = "VACUUM INTO $1";
pub(super) const INTEGRITY: &str = "PRAGMA integrity_check(20)";
pub(super) const FOREIGN_KEYS: &str = "SELECT DISTINCT \"table\" FROM pragma_foreign_key_check LIMIT 20";
/// What waits when a copy takes the place of its database may have left since the copy was made; so may what a limit held.
pub(super) const HOLD_WAITING: &str = "
UPDATE outbox SET state = 'held', held_because = $1, brake = NULL
 WHERE state IN ('queued', 'sending') OR state = 'held' AND brake IS NOT NULL";
/// Words to the operator, lists of another day and answers that no case holds say nothing that still holds.
pub(super) const DROP_NOTICES: &str = "
UPDATE outbox SET state = 'dropped', settled_at = $1 WHERE state IN ('queued', 'sending') AND case_id IS NULL";
pub(super) const PASS_OVER: &str = "UPDATE numbering SET last = $2 WHERE landlord = $1";

// ── T1: receive ───────────────────────────────────────────────────────────────────────────────────────────────────

pub(super) const FOLDER_READ: &str = "
INSERT INTO folder (mailbox, name, uidvalidity, read_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (mailbox, name) DO UPDATE SET uidvalidity = excluded.uidvalidity, read_at = excluded.read_at";
pub(super) const FOLDERS: &str = "SELECT mailbox, name, read_at FROM folder ORDER BY mailbox, name";
/// In one row: they are asked for at every look into a folder.
pub(super) const KNOWN_UIDS: &str = "
SELECT STRING_AGG(uid, $4) FROM inbox WHERE mailbox = $1 AND folder = $2 AND uidvalidity = $3";
pub(super) const LEDGER: &str = "
SELECT folder, uidvalidity, uid, arrived_at, size, copy_of FROM inbox WHERE mailbox = $1 ORDER BY id";
pub(super) const HAS_DIGEST: &str = "
SELECT COUNT(*) FROM inbox WHERE mailbox = $1 AND digest = $2 AND folder = COALESCE($3, folder)";
/// No folder has a UIDVALIDITY below 1, and no two messages have one id.
pub(super) const LIES_THERE_NO_MORE: &str = "
UPDATE inbox SET uidvalidity = -id WHERE mailbox = $1 AND folder = $2 AND uidvalidity = $3 AND uid = $4";
pub(super) const HAS_MOVED: &str = "
SELECT COUNT(*) FROM inbox WHERE mailbox = $1 AND (filed_at IS NOT NULL OR folder = $2)";
/// The same UID again changes nothing.
pub(super) const RECEIVE: &str = "
INSERT INTO inbox (mailbox, folder, uidvalidity, uid, arrived_at, stored_at, size, whole, digest, raw,
                   state, copy_of, attempts, next_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, $6)
ON CONFLICT (mailbox, folder, uidvalidity, uid) DO NOTHING
RETURNING id";
/// In another folder only what became a case: mail that was merely listed, from the junk folder say, and that a person
/// moved to where it belongs, is looked at again. And what one of the landlord's people wrote: it was done, or answered.
pub(super) const SAME_BYTES: &str = "
SELECT MIN(COALESCE(copy_of, id)) FROM inbox
 WHERE mailbox = $1 AND digest = $2 AND whole = 1
   AND (folder = $3 OR state = 'new' OR sorted = 'from staff'
        OR EXISTS (SELECT 1 FROM message_case m WHERE m.inbox_id = inbox.id))";
pub(super) const UNFILED: &str = "
SELECT id, uid FROM inbox WHERE mailbox = $1 AND folder = $2 AND uidvalidity = $3 AND filed_at IS NULL ORDER BY id";
pub(super) const FILED: &str = "UPDATE inbox SET filed_at = $2 WHERE id = $1";

// ── T2: decide ────────────────────────────────────────────────────────────────────────────────────────────────────

/// Counted before the try, so that a message that brings the program down still runs out of tries. Only of the mailboxes in
/// $3, ",one,another,": a daemon whose configuration lacks one leaves its messages to the others.
pub(super) const TAKE_NEW: Taking = taking!(
    "
UPDATE inbox SET attempts = attempts + 1, next_at = $2
 WHERE id = (",
    "SELECT id FROM inbox WHERE state = 'new' AND next_at <= $1 AND $3 LIKE '%,' || mailbox || ',%' ORDER BY id LIMIT 1",
    ")
   AND state = 'new' AND next_at <= $1
RETURNING id, mailbox, folder, arrived_at, stored_at, size, whole, raw, attempts"
);
pub(super) const POSTPONE: &str = "UPDATE inbox SET next_at = $2 WHERE id = $1 AND state = 'new'";
/// The same, and the try does not count.
pub(super) const TAKE_TRY_BACK: &str = "
UPDATE inbox SET next_at = $2, attempts = attempts - 1 WHERE id = $1 AND state = 'new'";
pub(super) const CASES_OF_MESSAGE: &str = "SELECT case_id FROM message_case WHERE inbox_id = $1 ORDER BY case_id";
/// Guard: exactly one row, else another has handled it. Keeps others from it until the transaction ends.
pub(super) const LOCK_NEW: &str = "UPDATE inbox SET state = state WHERE id = $1 AND state = 'new'";
/// After [`LOCK_NEW`].
pub(super) const SETTLE_MESSAGE: &str = "
UPDATE inbox SET state = $2, sorted = $3, note = $4, message_id = $5, same_words = $6, copy_of = $7 WHERE id = $1";
pub(super) const LINK_MESSAGE: &str = "
INSERT INTO message_case (inbox_id, case_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
/// The bytes of a message: its own, or of a copy, which is stored without, those of the message that it repeats.
macro_rules! bytes {
    () => {
        "COALESCE(i.raw, (SELECT f.raw FROM inbox f
                  WHERE f.mailbox = i.mailbox AND f.digest = i.digest AND f.raw IS NOT NULL LIMIT 1))"
    };
}
pub(super) const RAW: &str = concat!(
    "
SELECT i.id, i.mailbox, i.folder, i.arrived_at, i.stored_at, i.size, i.whole, ",
    bytes!(),
    " AS raw, i.attempts FROM inbox i WHERE i.id = $1"
);
/// A copy of the same words that came to a mailbox by another road: an alias, a distribution list, an address beside it.
macro_rules! same_words {
    ($name:literal) => {
        concat!(
            "
SELECT MIN(id) FROM inbox
 WHERE mailbox = $1 AND same_words = $2 AND id <> $3 AND state IN ('handled', 'set_aside') AND ",
            $name,
            "
   AND (folder = (SELECT f.folder FROM inbox f WHERE f.id = $3) OR sorted = 'from staff'
        OR EXISTS (SELECT 1 FROM message_case m WHERE m.inbox_id = inbox.id))"
        )
    };
}
pub(super) const SAME_WORDS: &str = same_words!("message_id = $4");
pub(super) const SAME_WORDS_UNNAMED: &str = same_words!("message_id IS NULL");

pub(super) const NUMBERING: &str = "INSERT INTO numbering (landlord, last) VALUES ($1, $2) ON CONFLICT DO NOTHING";
/// Takes the row's lock, so that of two deciders the second sees the first one's number.
pub(super) const LOCK_NUMBER: &str = "UPDATE numbering SET last = last WHERE landlord = $1 RETURNING last";
pub(super) const USE_NUMBER: &str = "UPDATE numbering SET last = last + 1 WHERE landlord = $1";

/// Of each person what was recorded last.
pub(super) const ABSENCES: &str = "
SELECT address, since, until, cover FROM absence WHERE id IN (SELECT MAX(id) FROM absence GROUP BY address)
 ORDER BY address";
pub(super) const ABSENCE_SAID_BETWEEN: &str = "
SELECT COUNT(*) FROM absence WHERE recorded_at > $1 AND recorded_at <= $2 AND until > since";
pub(super) const ADD_ABSENCE: &str = "
INSERT INTO absence (address, since, until, cover, recorded_by, recorded_at) VALUES ($1, $2, $3, $4, $5, $6)";

pub(super) const CASES_BY_REFERENCE: &str = "SELECT id FROM case_file WHERE reference = $1";
/// The newest: an adviser or a portal may have written about hundreds, and each is read whole.
pub(super) const CASES_BY_PARTICIPANT: &str = "
SELECT case_id FROM participant WHERE address = $1 ORDER BY case_id DESC LIMIT 100";
pub(super) const CASES_BY_MESSAGE_ID: &str = "
SELECT m.case_id FROM inbox i JOIN message_case m ON m.inbox_id = i.id WHERE i.message_id = $1 ORDER BY m.case_id";
pub(super) const PARTICIPANTS: &str = "SELECT address FROM participant WHERE case_id = $1 ORDER BY address";
/// What a letter of ours, or a case, grew out of.
pub(super) const ROOT_OF_LETTER: &str = "SELECT root FROM outbox WHERE message_id = $1 AND root IS NOT NULL";
pub(super) const ROOT_OF_CASE: &str = "SELECT MIN(root) FROM outbox WHERE case_id = $1";
pub(super) const LETTER_CASE: &str = "SELECT case_id FROM outbox WHERE message_id = $1";
pub(super) const ANSWERS_SINCE: &str = "
SELECT COUNT(*) FROM outbox WHERE recipient = $1 AND audience = 'resident' AND written_at > $2";

pub(super) const CASE_HEAD: &str = "SELECT reference, landlord, seq, head, salt FROM case_file WHERE id = $1";
pub(super) const EVENTS: &str = "
SELECT seq, occurred_at, recorded_at, body, previous, hash FROM event WHERE case_id = $1 AND seq <= $2 ORDER BY seq";
pub(super) const WORDS: &str = "SELECT digest, text FROM words WHERE case_id = $1";
pub(super) const THREAD: &str = "
SELECT i.message_id FROM message_case m JOIN inbox i ON i.id = m.inbox_id
 WHERE m.case_id = $1 AND i.message_id IS NOT NULL ORDER BY i.id";

pub(super) const OPEN_CASE: &str = "
INSERT INTO case_file (reference, landlord, kind, received_at, is_open, unsure, hazard, seq, head, salt)
VALUES ($1, $2, $3, $4, $5, $6, $7, 0, '', $8) RETURNING id";
/// Guard: the case stands where the decider saw it.
pub(super) const ADVANCE_CASE: &str = "
UPDATE case_file
   SET kind = $3, received_at = $4, is_open = $5, unsure = $6, hazard = $7, seq = $8, head = $9
 WHERE id = $1 AND seq = $2";
pub(super) const ADD_EVENT: &str = "
INSERT INTO event (case_id, seq, occurred_at, recorded_at, body, previous, hash) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT DO NOTHING";
pub(super) const ADD_WORDS: &str = "
INSERT INTO words (case_id, digest, text) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
pub(super) const ADD_PARTICIPANT: &str = "
INSERT INTO participant (case_id, address) VALUES ($1, $2) ON CONFLICT DO NOTHING";
pub(super) const SET_DEADLINE: &str = "
INSERT INTO deadline (case_id, duty, due, provisional, met_at, next_at, attempts) VALUES ($1, $2, $3, $4, $5, $6, 0)
ON CONFLICT (case_id, duty) DO UPDATE
   SET due = excluded.due, provisional = excluded.provisional, met_at = excluded.met_at,
       next_at = excluded.next_at, attempts = 0";
pub(super) const ADD_LETTER: &str = "
INSERT INTO outbox (case_id, letter, landlord, kind, audience, recipient, envelope_from, message_id, subject, says, bytes,
                    state, held_because, written_at, next_at, root, attempts, setbacks)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 0, 0)
ON CONFLICT (message_id) DO NOTHING";
/// Guard: it waits and was never tried.
pub(super) const TAKE_LETTER_BACK: &str = "
UPDATE outbox SET state = 'dropped', brake = NULL, settled_at = $3
 WHERE case_id = $1 AND letter = $2 AND state IN ('queued', 'held') AND attempts = 0";
pub(super) const REMOVE_DEADLINE: &str = "DELETE FROM deadline WHERE case_id = $1 AND duty = $2";
pub(super) const REMOVE_PARTICIPANT: &str = "DELETE FROM participant WHERE case_id = $1 AND address = $2";

/// Counted before the try; a deadline that cannot be decided waits its turn and does not stand in the others' way.
pub(super) const TAKE_DEADLINE: Taking = taking!(
    "
UPDATE deadline SET attempts = attempts + 1, next_at = $2
 WHERE (case_id, duty) = (",
    "SELECT case_id, duty FROM deadline WHERE met_at IS NULL AND next_at <= $1 ORDER BY next_at, case_id LIMIT 1",
    ")
   AND met_at IS NULL AND next_at <= $1
RETURNING case_id, duty, attempts"
);
pub(super) const STUCK_DEADLINES: &str = "
SELECT DISTINCT c.reference FROM deadline d JOIN case_file c ON c.id = d.case_id
 WHERE d.met_at IS NULL AND d.attempts >= $1 ORDER BY c.reference";
pub(super) const OPEN_DEADLINES: &str = "
SELECT d.case_id, c.reference, c.landlord, d.duty, d.due, d.provisional, d.next_at
  FROM deadline d JOIN case_file c ON c.id = d.case_id WHERE d.met_at IS NULL ORDER BY d.due, c.reference, d.duty";

// ── T3 and T4: send ───────────────────────────────────────────────────────────────────────────────────────────────

/// Columns of a letter with its bytes.
macro_rules! whole_letter {
    () => {
        "id, case_id, letter, landlord, kind, audience, recipient, envelope_from, message_id, says, bytes, written_at,
       attempts, setbacks, root, let_through"
    };
}
/// Guard: the state; of two senders one gets the row.
pub(super) const CLAIM: Taking = taking!(
    "
UPDATE outbox SET state = 'sending', attempts = attempts + 1
 WHERE id = (",
    "SELECT id FROM outbox WHERE state = 'queued' AND next_at <= $1 ORDER BY next_at, id LIMIT 1",
    concat!(
        ")
   AND state = 'queued'
RETURNING ",
        whole_letter!()
    )
);
/// Letters of the lane ($4, $5), but those that a person let through, whose first try began after $1, within a day, and after
/// $2, within an hour: to the address, out of the root, of the case, of the landlord, and all. Not after now ($3): a clock that
/// was set back neither opens the gate for long nor closes it.
pub(super) const TRAFFIC: &str = "
SELECT COUNT(CASE WHEN recipient = $6 AND begun_at > $2 THEN 1 END), COUNT(CASE WHEN recipient = $6 THEN 1 END),
       COUNT(CASE WHEN root = $7 AND begun_at > $2 THEN 1 END), COUNT(CASE WHEN root = $7 THEN 1 END),
       COUNT(CASE WHEN case_id = $8 AND begun_at > $2 THEN 1 END), COUNT(CASE WHEN case_id = $8 THEN 1 END),
       COUNT(CASE WHEN landlord = $9 AND begun_at > $2 THEN 1 END), COUNT(CASE WHEN landlord = $9 THEN 1 END),
       COUNT(CASE WHEN begun_at > $2 THEN 1 END), COUNT(*)
  FROM outbox
 WHERE begun_at > $1 AND begun_at <= $3 AND state <> 'dropped' AND let_through = 0 AND audience = $4
   AND (root IS NULL) = ($5 = 0)";
pub(super) const BEGIN_LETTER: &str = "UPDATE outbox SET begun_at = $2 WHERE id = $1 AND begun_at IS NULL";
/// Takes back the claim of a letter that does not pass the gate.
pub(super) const STOP_LETTER: &str = "
UPDATE outbox SET state = 'held', held_because = $2, brake = $3, attempts = attempts - 1 WHERE id = $1";
/// What a clock that was ahead put off.
pub(super) const BRING_LETTERS_NEAR: &str =
    "UPDATE outbox SET next_at = $1 WHERE state IN ('queued', 'held') AND next_at > $2";
pub(super) const BRING_MESSAGES_NEAR: &str = "UPDATE inbox SET next_at = $1 WHERE state = 'new' AND next_at > $2";
pub(super) const START_ATTEMPT: &str = "
INSERT INTO attempt (outbox_id, number, started_at, daemon) VALUES ($1, $2, $3, $4)";
pub(super) const END_ATTEMPT: &str = "
UPDATE attempt SET ended_at = $3, outcome = $4, reply = $5 WHERE outbox_id = $1 AND number = $2 AND ended_at IS NULL";
/// Guard: only a letter that is being sent can be settled, and only by the attempt that sends it.
pub(super) const SETTLE_LETTER: &str = "
UPDATE outbox SET state = $3, next_at = $4, settled_at = $5, reply = $6, setbacks = setbacks + $7
 WHERE id = $1 AND state = 'sending' AND attempts = $2";
/// Letters that a dead daemon was sending, or daemon $1: nobody knows whether they left, so they are sent again, byte for
/// byte.
pub(super) const IN_DOUBT: &str = "
SELECT o.id, o.attempts, o.setbacks
  FROM outbox o LEFT JOIN attempt a ON a.outbox_id = o.id AND a.number = o.attempts
 WHERE o.state = 'sending' AND (a.daemon = $1 OR NOT EXISTS (SELECT 1 FROM daemon d WHERE d.id = a.daemon))
 ORDER BY o.id";
pub(super) const HELD_BY_MODE: &str =
    concat!("SELECT ", whole_letter!(), " FROM outbox WHERE state = 'held' AND held_because = $1 ORDER BY id");
pub(super) const LETTER: &str = concat!("SELECT ", whole_letter!(), " FROM outbox WHERE id = $1");
/// Guard: a letter that is being sent, or has gone, cannot be held.
pub(super) const HOLD_LETTER: &str = "
UPDATE outbox SET state = 'held', held_because = $2, brake = NULL WHERE id = $1 AND state IN ('queued', 'held')";
/// One that waits so that it can be undone goes on waiting; one that was tried goes at once. What a person let through stays so.
pub(super) const RELEASE_LETTER: &str = "
UPDATE outbox SET state = 'queued', held_because = NULL, brake = NULL,
       let_through = CASE WHEN $3 = 1 THEN 1 ELSE let_through END,
       next_at = CASE WHEN attempts = 0 AND next_at > $2 THEN next_at ELSE $2 END
 WHERE id = $1 AND state = 'held'";
/// Guard: a letter that was tried keeps its bytes for ever.
pub(super) const REWRITE_LETTER: &str = "
UPDATE outbox SET bytes = $2, subject = $3, written_at = $4 WHERE id = $1 AND state = 'held' AND attempts = 0";
pub(super) const RETRY_LETTER: &str = "
UPDATE outbox SET state = 'queued', next_at = $2, settled_at = NULL, setbacks = 0
 WHERE id = $1 AND state IN ('queued', 'failed')";
pub(super) const DROP_LETTER: &str = "
UPDATE outbox SET state = 'dropped', brake = NULL, settled_at = $2 WHERE id = $1 AND state IN ('held', 'queued')";

// ── questions ─────────────────────────────────────────────────────────────────────────────────────────────────────

pub(super) const CASE_LIST: &str = "
SELECT id, reference, landlord, kind, received_at, is_open, unsure, hazard,
       (SELECT MIN(due) FROM deadline d WHERE d.case_id = case_file.id AND d.met_at IS NULL) AS next_due
  FROM case_file ORDER BY id";
pub(super) const ASTIR: &str = "
SELECT c.id FROM case_file c
 WHERE c.landlord = $1
   AND (c.is_open = 1 OR EXISTS (SELECT 1 FROM deadline d WHERE d.case_id = c.id AND d.met_at IS NULL)
        OR EXISTS (SELECT 1 FROM event e WHERE e.case_id = c.id AND e.recorded_at >= $2))
 ORDER BY c.id";
/// All that are held, and of these those that a limit holds.
pub(super) const HELD_OF: &str = "SELECT COUNT(*), COUNT(brake) FROM outbox WHERE landlord = $1 AND state = 'held'";
/// How many letters each limit holds, by whom they are for.
pub(super) const BRAKED: &str = "
SELECT brake, audience, COUNT(*) AS letters, MAX(held_because) AS because FROM outbox WHERE brake IS NOT NULL
 GROUP BY brake, audience ORDER BY brake, audience";
/// Lines of the inbox list. A message has several cases when it went to several landlords, or complains of a request.
macro_rules! inbox_lines {
    ($which:literal) => {
        concat!(
            "
SELECT i.id, i.mailbox, i.folder, i.arrived_at, i.size, i.state, i.sorted, i.note, i.copy_of, i.attempts,
       (SELECT STRING_AGG(c.reference, ' ' ORDER BY c.id) FROM message_case m JOIN case_file c ON c.id = m.case_id
         WHERE m.inbox_id = COALESCE(i.copy_of, i.id)) AS cases
  FROM inbox i ",
            $which
        )
    };
}
pub(super) const INBOX_LIST: &str = inbox_lines!("WHERE i.id > $1 ORDER BY i.id LIMIT $2");
pub(super) const MESSAGES_SINCE: &str = inbox_lines!("WHERE i.stored_at >= $1 ORDER BY i.id");
pub(super) const LATEST_MESSAGES: &str = inbox_lines!(
    "WHERE i.id < $1 AND ($2 = '' OR i.state = $2) AND ($3 = '' OR i.sorted LIKE $3 || '%') ORDER BY i.id DESC LIMIT $4"
);
pub(super) const BEGINNING: &str = concat!("SELECT SUBSTR(", bytes!(), ", 1, 65536) FROM inbox i WHERE i.id = $1");
/// Lines of the outbox list; words to the operator belong to no case.
macro_rules! outbox_lines {
    ($which:literal) => {
        concat!(
            "
SELECT o.id, c.reference, o.letter, o.kind, o.audience, o.recipient, o.subject, o.state, o.held_because, o.brake,
       o.written_at, o.next_at, o.attempts, o.settled_at, o.reply
  FROM outbox o LEFT JOIN case_file c ON c.id = o.case_id ",
            $which
        )
    };
}
pub(super) const OUTBOX_LIST: &str = outbox_lines!("WHERE o.id > $1 ORDER BY o.id LIMIT $2");
pub(super) const LATEST_LETTERS: &str =
    outbox_lines!("WHERE o.id < $1 AND ($2 = '' OR o.state IN ($2, $3)) ORDER BY o.id DESC LIMIT $4");
pub(super) const LETTERS_OF_CASE: &str = outbox_lines!("WHERE c.reference = $1 ORDER BY o.letter");
pub(super) const ATTEMPTS: &str = "
SELECT number, started_at, ended_at, outcome, reply FROM attempt WHERE outbox_id = $1 ORDER BY number";
pub(super) const COUNT_INBOX: &str = "SELECT state, COUNT(*) FROM inbox GROUP BY state ORDER BY state";
pub(super) const COUNT_OUTBOX: &str = "SELECT state, COUNT(*) FROM outbox GROUP BY state ORDER BY state";
/// A letter to a mailbox that is full (RFC 3463, 5.2.2) waits for its reader, and says nothing of the way.
pub(super) const OLDEST: &str = "
SELECT (SELECT MIN(stored_at) FROM inbox WHERE state = 'new'),
       (SELECT MIN(written_at) FROM outbox
         WHERE state IN ('queued', 'sending') AND (reply IS NULL OR reply NOT LIKE '%5.2.2%')),
       (SELECT MIN(written_at) FROM outbox WHERE state IN ('queued', 'sending') AND audience = 'operator')";
pub(super) const NEXT_MOMENTS: &str = "
SELECT (SELECT MIN(next_at) FROM inbox WHERE state = 'new'),
       (SELECT MIN(next_at) FROM outbox WHERE state = 'queued'),
       (SELECT MIN(next_at) FROM deadline WHERE met_at IS NULL)";
/// Letters that do not agree with the mail server's answers: how often it took each, and when the last try began. A letter
/// may wait, or be on its way, until $1.
pub(super) const LETTERS_APART: &str = "
SELECT o.id, o.state, o.next_at, COUNT(CASE WHEN a.outcome = 'sent' AND a.reply <> '' THEN 1 END), MAX(a.started_at)
  FROM outbox o LEFT JOIN attempt a ON a.outbox_id = o.id
 GROUP BY o.id, o.state, o.next_at
HAVING (o.state = 'sent' AND COUNT(CASE WHEN a.outcome = 'sent' AND a.reply <> '' THEN 1 END) <> 1)
    OR (o.state <> 'sent' AND COUNT(CASE WHEN a.outcome = 'sent' AND a.reply <> '' THEN 1 END) > 0)
    OR (o.state = 'queued' AND o.next_at < $1)
    OR (o.state = 'sending' AND MAX(a.started_at) < $1)
 ORDER BY o.id";
pub(super) const COUNT_EVENTS: &str = "SELECT COUNT(*) FROM event WHERE case_id = $1";
pub(super) const CASE_DEADLINES: &str = "
SELECT duty, due, provisional, met_at FROM deadline WHERE case_id = $1 ORDER BY duty";
pub(super) const CASE_LETTERS: &str = "
SELECT letter, state, bytes FROM outbox WHERE case_id = $1 ORDER BY letter, id";
pub(super) const NUMBERS: &str = "SELECT landlord, last FROM numbering ORDER BY landlord";

// ── alarms ────────────────────────────────────────────────────────────────────────────────────────────────────────

pub(super) const ALARMS: &str = "SELECT name, since, told_at, words FROM alarm ORDER BY since, name";
pub(super) const RAISE_ALARM: &str = "
INSERT INTO alarm (name, since, words) VALUES ($1, $2, $3) ON CONFLICT (name) DO UPDATE SET words = excluded.words
RETURNING since, told_at";
pub(super) const ALARM_TOLD: &str = "UPDATE alarm SET told_at = $2 WHERE name = $1";
pub(super) const CLEAR_ALARM: &str = "DELETE FROM alarm WHERE name = $1 RETURNING since, told_at";

// ── leases (PostgreSQL) ───────────────────────────────────────────────────────────────────────────────────────────

/// For [`super::open`], which asks it before there is a store.
pub(super) const LIVING: &str =
    "SELECT EXISTS (SELECT 1 FROM daemon WHERE until > EXTRACT(EPOCH FROM clock_timestamp()) * 1000)";
pub(super) const LIVES_UNTIL: &str = "SELECT until FROM daemon WHERE id = $1";
pub(super) const LIVE_ON: &str = "
INSERT INTO daemon (id, host, since, until) VALUES ($1, $2, $3, $4)
ON CONFLICT (id) DO UPDATE SET until = excluded.until";
/// Their leases end with them.
pub(super) const FORGET_THE_DEAD: &str = "DELETE FROM daemon WHERE until <= $1";
pub(super) const LEAVE: &str = "DELETE FROM daemon WHERE id = $1";
/// Guard: it is free.
pub(super) const TAKE_LEASE: &str = "
INSERT INTO lease (name, daemon, since) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING";
pub(super) const HELD_BY: &str = "SELECT name FROM lease WHERE daemon = $1";
pub(super) const DAEMONS: &str = "
SELECT d.id, d.host, d.since, l.name, l.since AS held_since
  FROM daemon d LEFT JOIN lease l ON l.daemon = d.id
 WHERE d.until > $1 ORDER BY d.since, d.id, l.name";
