-- The whole schema, with the meaning of every column. Read by people and by a test that compares it with the database;
-- the databases are made by the migrations beside it.
--
-- Both databases have the same tables and columns. Written as SQLite has it; on PostgreSQL INTEGER is BIGINT, BLOB
-- is BYTEA, and TEXT is compared byte by byte (COLLATE "C"). "ms" is milliseconds since 1970-01-01T00:00:00Z.

-- Facts about this database itself, each once.
CREATE TABLE store_info (
    -- message_id_key: the key that signs our Message-IDs; round.digest, round.weekly: when those lists were last written;
    -- reconciled: what the last comparison with the mail servers came to; copy_of: this is a copy, made at that moment;
    -- restored: since when a daemon works on it; passed_over.LANDLORD: how many case numbers were passed over then;
    -- backed_up, backed_up_before: when the last whole copy was made, and the one before it; starts: how often the program
    -- was started without having been stopped; mailboxes, on PostgreSQL mailboxes.HOST: those of the last start
    name TEXT NOT NULL PRIMARY KEY,
    -- the key: 32 random bytes, made at the first start; reconciled, starts: JSON; mailboxes: their names, a slash between;
    -- the others: a number in 8 bytes, the highest first, moments as ms
    value BLOB NOT NULL
);

-- How far each landlord has numbered its cases.
CREATE TABLE numbering (
    -- the landlord's key in the configuration
    landlord TEXT NOT NULL PRIMARY KEY,
    -- number of its newest case; 1000 before the first
    last INTEGER NOT NULL
);

-- The folders that are read.
CREATE TABLE folder (
    -- the mailbox's name in the configuration
    mailbox TEXT NOT NULL,
    -- the folder, as the mail server spells it
    name TEXT NOT NULL,
    -- epoch of its UIDs (RFC 3501, 2.3.1.1) when it was last read; 1 for a Maildir
    uidvalidity INTEGER NOT NULL,
    -- when it was last read to its end; ms
    read_at INTEGER NOT NULL,
    PRIMARY KEY (mailbox, name)
);

-- Every message ever taken from a mailbox, as it came.
CREATE TABLE inbox (
    -- MessageNo; never used again
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    -- where it lay: as in folder
    mailbox TEXT NOT NULL,
    -- where it lay: as in folder
    folder TEXT NOT NULL,
    -- where it lay: as in folder; below 0 once another message lay under its UID
    uidvalidity INTEGER NOT NULL,
    -- the server's UID, or the Maildir's file name
    uid TEXT NOT NULL,
    -- when it reached the landlord's mail server (INTERNALDATE, or the file's time); ms
    arrived_at INTEGER NOT NULL,
    -- when it was stored here; ms
    stored_at INTEGER NOT NULL,
    -- bytes of the whole message on the server
    size INTEGER NOT NULL,
    -- 1: raw is all of it; 0: the headers only, for it is above the size limit, or could not be read at all
    whole INTEGER NOT NULL CHECK (whole IN (0, 1)),
    -- SHA-256 of its bytes, hex
    digest TEXT NOT NULL,
    -- its Message-ID without brackets, a hint for threading; NULL before it is handled, and without one
    message_id TEXT,
    -- digest of its words, hex: with message_id it tells a copy by another road; NULL before it is handled
    same_words TEXT,
    -- new, handled, set_aside (waits for a person), copy (of a message stored before)
    state TEXT NOT NULL CHECK (state IN ('new', 'handled', 'set_aside', 'copy')),
    -- what it was sorted as, in a word or two; NULL before it is handled
    sorted TEXT,
    -- why, for people, without residents' words; NULL when there is nothing to say
    note TEXT,
    -- id of the first of the copies; NULL for a first
    copy_of INTEGER REFERENCES inbox (id),
    -- tries at handling it, each counted before it is made
    attempts INTEGER NOT NULL,
    -- while new: not to be tried before; ms
    next_at INTEGER NOT NULL,
    -- when it was moved to where logged mail is kept, or found gone; ms; NULL until then
    filed_at INTEGER,
    -- the bytes; NULL once erased, and of a copy: another row with this mailbox and digest has them. Last, for SQLite finds
    -- a column behind them by reading them
    raw BLOB,
    UNIQUE (mailbox, folder, uidvalidity, uid)
);
CREATE INDEX inbox_waiting ON inbox (state, id, next_at);
CREATE INDEX inbox_unfiled ON inbox (mailbox, folder, uidvalidity, id) WHERE filed_at IS NULL;
CREATE INDEX inbox_digest ON inbox (mailbox, digest);
CREATE INDEX inbox_message_id ON inbox (message_id, same_words);
CREATE INDEX inbox_ledger ON inbox (mailbox, arrived_at, folder, uidvalidity, uid, size, copy_of, filed_at);

-- A case, as its events make it: for lists, and as the place where its history ends.
CREATE TABLE case_file (
    -- CaseId; never used again
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    -- its name to people, WEL-1047-K
    reference TEXT NOT NULL UNIQUE,
    -- as in numbering
    landlord TEXT NOT NULL,
    -- complaint, service_request, correspondence
    kind TEXT NOT NULL,
    -- when its first message reached the landlord's mail server; ms
    received_at INTEGER NOT NULL,
    -- 1 while something is owed
    is_open INTEGER NOT NULL CHECK (is_open IN (0, 1)),
    -- 1 while a person must look whether it was sorted right
    unsure INTEGER NOT NULL CHECK (unsure IN (0, 1)),
    -- 1 when one of its messages may tell of a danger: a hint for people
    hazard INTEGER NOT NULL CHECK (hazard IN (0, 1)),
    -- events in its history
    seq INTEGER NOT NULL,
    -- hash of the last of them; empty before the first
    head TEXT NOT NULL,
    -- 16 random bytes, in the digest of each of its words; NULL once all of them are erased
    salt BLOB
);
CREATE INDEX case_landlord ON case_file (landlord, received_at);

-- The history. Never changed, never deleted; each line carries the hash of the one before it.
CREATE TABLE event (
    -- order of writing, across cases
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    -- the case
    case_id INTEGER NOT NULL REFERENCES case_file (id),
    -- line of its history; 1 is the first
    seq INTEGER NOT NULL,
    -- when it counts; ms
    occurred_at INTEGER NOT NULL,
    -- when it was written; ms
    recorded_at INTEGER NOT NULL,
    -- the event as JSON, words replaced by {"digest": …}
    body TEXT NOT NULL,
    -- hash of the line before, empty for the first
    previous TEXT NOT NULL,
    -- SHA-256, hex, of previous, reference, seq, both times and body, each behind its length (8 bytes)
    hash TEXT NOT NULL,
    UNIQUE (case_id, seq)
);

-- Residents' words and names, apart from the history so that they can be erased.
CREATE TABLE words (
    -- the case
    case_id INTEGER NOT NULL REFERENCES case_file (id),
    -- SHA-256 of salt and text, hex
    digest TEXT NOT NULL,
    -- the words; NULL once erased
    text TEXT,
    PRIMARY KEY (case_id, digest)
);

-- Who may speak on a case.
CREATE TABLE participant (
    -- the case
    case_id INTEGER NOT NULL REFERENCES case_file (id),
    -- e-mail address, lower case
    address TEXT NOT NULL,
    PRIMARY KEY (case_id, address)
);
CREATE INDEX participant_address ON participant (address);

-- Which messages belong to which cases; one to two landlords belongs to two.
CREATE TABLE message_case (
    -- the message
    inbox_id INTEGER NOT NULL REFERENCES inbox (id),
    -- the case
    case_id INTEGER NOT NULL REFERENCES case_file (id),
    PRIMARY KEY (inbox_id, case_id)
);
CREATE INDEX message_case_case ON message_case (case_id);

-- What is owed by when, as the history says, and when to look at it again.
CREATE TABLE deadline (
    -- the case
    case_id INTEGER NOT NULL REFERENCES case_file (id),
    -- what is owed: acknowledge, respond_stage1, action-2, …
    duty TEXT NOT NULL,
    -- the last day in time, in Europe/London; YYYY-MM-DD
    due TEXT NOT NULL,
    -- 1: a bank holiday not yet published may move it
    provisional INTEGER NOT NULL CHECK (provisional IN (0, 1)),
    -- when it was met; ms; NULL while it is owed
    met_at INTEGER,
    -- when a reminder or an automatic step is due; ms; NULL when nothing is
    next_at INTEGER,
    -- looks at next_at since the last decision, each counted before it is made
    attempts INTEGER NOT NULL,
    PRIMARY KEY (case_id, duty)
);
CREATE INDEX deadline_next ON deadline (next_at);

-- Letters: bytes fixed when they are written, sent as they are.
CREATE TABLE outbox (
    -- OutboxId; never used again
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    -- the case; NULL for lists, answers about no case, and letters to the operator
    case_id INTEGER REFERENCES case_file (id),
    -- number within the case, 1 is the first; 0 for a letter of no case
    letter INTEGER NOT NULL,
    -- whose letter it is, as in numbering; NULL for a letter to the operator
    landlord TEXT,
    -- what it is: acknowledgement, response, reminder, digest, to-operator, …
    kind TEXT NOT NULL,
    -- resident, staff, operator
    audience TEXT NOT NULL CHECK (audience IN ('resident', 'staff', 'operator')),
    -- where it goes: one address
    recipient TEXT NOT NULL,
    -- where it comes back to when it cannot be delivered
    envelope_from TEXT NOT NULL,
    -- without brackets; no two letters share one
    message_id TEXT NOT NULL UNIQUE,
    -- as in the letter
    subject TEXT NOT NULL,
    -- what it says, as JSON, to write it anew or see whether it still holds; NULL for a letter of no case
    says TEXT,
    -- the letter as it leaves; NULL once erased
    bytes BLOB,
    -- queued, held (until a person or the configuration lets it go), sending, sent, failed (given up),
    -- dropped (no longer needed)
    state TEXT NOT NULL CHECK (state IN ('queued', 'held', 'sending', 'sent', 'failed', 'dropped')),
    -- why it is held; NULL when it is not
    held_because TEXT,
    -- when its bytes were made; ms
    written_at INTEGER NOT NULL,
    -- while queued: not to be sent before; ms
    next_at INTEGER NOT NULL,
    -- tries at sending it, each counted before it is made; above 0 the bytes are never changed
    attempts INTEGER NOT NULL,
    -- tries that ended without the letter leaving and were its own affair: what the back-off grows by. A broken route
    -- is none; a person's retry starts anew
    setbacks INTEGER NOT NULL,
    -- when it was sent, given up or dropped; ms; NULL until then
    settled_at INTEGER,
    -- the mail server's last answer; NULL before the first
    reply TEXT,
    -- the message it grew out of, by however many letters and answers between; NULL when a date or a person's act set it off
    root INTEGER REFERENCES inbox (id),
    -- when its first try began: what the limits on letters count; ms; NULL before
    begun_at INTEGER,
    -- the limit that holds it: own_address, per_address, per_message, per_case, per_landlord, in_all; NULL when none does
    brake TEXT,
    -- 1: a person has let it go, and no limit holds it again
    let_through INTEGER NOT NULL DEFAULT 0 CHECK (let_through IN (0, 1))
);
CREATE INDEX outbox_waiting ON outbox (state, next_at);
CREATE INDEX outbox_case ON outbox (case_id, letter);
CREATE INDEX outbox_recipient ON outbox (recipient, written_at);
CREATE INDEX outbox_begun ON outbox (begun_at, audience, root, recipient, case_id, landlord, state, let_through);
CREATE INDEX outbox_braked ON outbox (brake, audience, held_because) WHERE brake IS NOT NULL;

-- Every try at sending a letter.
CREATE TABLE attempt (
    -- order of the tries, across letters
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    -- the letter
    outbox_id INTEGER NOT NULL REFERENCES outbox (id),
    -- 1 is the first try
    number INTEGER NOT NULL,
    -- ms
    started_at INTEGER NOT NULL,
    -- ms; NULL while it lasts
    ended_at INTEGER,
    -- sent, refused, again, unknown (it may have left), route broken, dropped; NULL while it lasts
    outcome TEXT,
    -- the mail server's answer; NULL while it lasts
    reply TEXT,
    -- id of the daemon that makes it; NULL for a try made before there was this column
    daemon TEXT,
    UNIQUE (outbox_id, number)
);

-- Troubles the operator is told of, each once until it is over.
CREATE TABLE alarm (
    -- what is broken, in a word or two
    name TEXT NOT NULL PRIMARY KEY,
    -- when it was first noticed; ms
    since INTEGER NOT NULL,
    -- when the operator was told; ms; NULL until then
    told_at INTEGER,
    -- what the operator is told, as last noticed
    words TEXT NOT NULL
);

-- Who is away, as they said it. Rows are only ever added: of each person the last one holds.
CREATE TABLE absence (
    -- order in which it was said
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    -- whose absence it is, lower case
    address TEXT NOT NULL,
    -- the first day they are away, YYYY-MM-DD in Europe/London
    since TEXT NOT NULL,
    -- the first day they are back, YYYY-MM-DD; as since: they are back
    until TEXT NOT NULL,
    -- the address of whoever they asked to stand in; NULL when they asked nobody
    cover TEXT,
    -- the address of whoever said so
    recorded_by TEXT NOT NULL,
    -- ms
    recorded_at INTEGER NOT NULL
);
CREATE INDEX absence_of ON absence (address, id);

-- Daemons that work on this PostgreSQL database. Empty on SQLite, where a lock file lets one daemon run.
CREATE TABLE daemon (
    -- 16 random bytes, hex; another one each time the program starts
    id TEXT NOT NULL PRIMARY KEY,
    -- the machine's name and the number of the process there: "alder/4711"
    host TEXT NOT NULL,
    -- when it started; ms
    since INTEGER NOT NULL,
    -- it counts as alive until then, by the database server's clock; ms
    until INTEGER NOT NULL
);

-- What each of them alone may do. What is in no row is free.
CREATE TABLE lease (
    -- a mailbox, as in folder; "*" for what one daemon does for all
    name TEXT NOT NULL PRIMARY KEY,
    -- the daemon; its leases end with it
    daemon TEXT NOT NULL REFERENCES daemon (id) ON DELETE CASCADE,
    -- when it took it, by the database server's clock; ms
    since INTEGER NOT NULL
);
