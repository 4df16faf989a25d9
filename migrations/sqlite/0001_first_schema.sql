-- Why: the first schema. Meanings column by column: migrations/schema.sql.

-- Facts about this database itself: the key that signs our Message-IDs.
CREATE TABLE store_info (
    name   TEXT NOT NULL PRIMARY KEY,
    value  BLOB NOT NULL
) STRICT;

-- The last case number each landlord has used.
CREATE TABLE numbering (
    landlord  TEXT NOT NULL PRIMARY KEY,
    last      INTEGER NOT NULL
) STRICT;

-- The folders that are read. Another UIDVALIDITY than the server's means that every UID is a stranger again.
CREATE TABLE folder (
    mailbox      TEXT NOT NULL,
    name         TEXT NOT NULL,
    uidvalidity  INTEGER NOT NULL,
    read_at      INTEGER NOT NULL,
    PRIMARY KEY (mailbox, name)
) STRICT;

-- Every message ever taken from a mailbox, as it came.
CREATE TABLE inbox (
    id           INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    mailbox      TEXT NOT NULL,
    folder       TEXT NOT NULL,
    uidvalidity  INTEGER NOT NULL,
    uid          TEXT NOT NULL,
    arrived_at   INTEGER NOT NULL,
    stored_at    INTEGER NOT NULL,
    size         INTEGER NOT NULL,
    whole        INTEGER NOT NULL CHECK (whole IN (0, 1)),
    digest       TEXT NOT NULL,
    raw          BLOB,
    message_id   TEXT,
    same_words   TEXT,
    state        TEXT NOT NULL CHECK (state IN ('new', 'handled', 'set_aside', 'copy')),
    sorted       TEXT,
    note         TEXT,
    copy_of      INTEGER REFERENCES inbox (id),
    attempts     INTEGER NOT NULL,
    next_at      INTEGER NOT NULL,
    filed_at     INTEGER,
    UNIQUE (mailbox, folder, uidvalidity, uid)
) STRICT;
CREATE INDEX inbox_waiting ON inbox (state, id, next_at);
CREATE INDEX inbox_unfiled ON inbox (mailbox, folder, uidvalidity, id) WHERE filed_at IS NULL;
CREATE INDEX inbox_digest ON inbox (mailbox, digest);
CREATE INDEX inbox_message_id ON inbox (message_id);

-- A case as its events make it; written together with them, never by itself.
CREATE TABLE case_file (
    id         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    reference  TEXT NOT NULL UNIQUE,
    landlord   TEXT NOT NULL,
    kind       TEXT NOT NULL,
    received_at  INTEGER NOT NULL,
    is_open    INTEGER NOT NULL CHECK (is_open IN (0, 1)),
    unsure     INTEGER NOT NULL CHECK (unsure IN (0, 1)),
    hazard     INTEGER NOT NULL CHECK (hazard IN (0, 1)),
    seq        INTEGER NOT NULL,
    head       TEXT NOT NULL,
    salt       BLOB
) STRICT;
CREATE INDEX case_landlord ON case_file (landlord, received_at);

-- The history. Never changed, never deleted; each line carries the hash of the one before it.
CREATE TABLE event (
    id           INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    case_id      INTEGER NOT NULL REFERENCES case_file (id),
    seq          INTEGER NOT NULL,
    occurred_at  INTEGER NOT NULL,
    recorded_at  INTEGER NOT NULL,
    body         TEXT NOT NULL,
    previous     TEXT NOT NULL,
    hash         TEXT NOT NULL,
    UNIQUE (case_id, seq)
) STRICT;

-- Residents' words and names: events hold only their digest, so that these can be erased.
CREATE TABLE words (
    case_id  INTEGER NOT NULL REFERENCES case_file (id),
    digest   TEXT NOT NULL,
    text     TEXT,
    PRIMARY KEY (case_id, digest)
) STRICT;

-- Addresses that may speak on a case.
CREATE TABLE participant (
    case_id  INTEGER NOT NULL REFERENCES case_file (id),
    address  TEXT NOT NULL,
    PRIMARY KEY (case_id, address)
) STRICT;
CREATE INDEX participant_address ON participant (address);

-- Which messages belong to which case; a message to two landlords belongs to two.
CREATE TABLE message_case (
    inbox_id  INTEGER NOT NULL REFERENCES inbox (id),
    case_id   INTEGER NOT NULL REFERENCES case_file (id),
    PRIMARY KEY (inbox_id, case_id)
) STRICT;
CREATE INDEX message_case_case ON message_case (case_id);

-- What is owed by when, and when to look at it again.
CREATE TABLE deadline (
    case_id      INTEGER NOT NULL REFERENCES case_file (id),
    duty         TEXT NOT NULL,
    due          TEXT NOT NULL,
    provisional  INTEGER NOT NULL CHECK (provisional IN (0, 1)),
    met_at       INTEGER,
    next_at      INTEGER,
    attempts     INTEGER NOT NULL,
    PRIMARY KEY (case_id, duty)
) STRICT;
CREATE INDEX deadline_next ON deadline (next_at);

-- Letters: bytes fixed when they are written, sent as they are, kept for ever.
CREATE TABLE outbox (
    id             INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    case_id        INTEGER REFERENCES case_file (id),
    letter         INTEGER NOT NULL,
    landlord       TEXT,
    kind           TEXT NOT NULL,
    audience       TEXT NOT NULL CHECK (audience IN ('resident', 'staff', 'operator')),
    recipient      TEXT NOT NULL,
    envelope_from  TEXT NOT NULL,
    message_id     TEXT NOT NULL UNIQUE,
    subject        TEXT NOT NULL,
    says           TEXT,
    bytes          BLOB,
    state          TEXT NOT NULL CHECK (state IN ('queued', 'held', 'sending', 'sent', 'failed', 'dropped')),
    held_because   TEXT,
    written_at     INTEGER NOT NULL,
    next_at        INTEGER NOT NULL,
    attempts       INTEGER NOT NULL,
    setbacks       INTEGER NOT NULL,
    settled_at     INTEGER,
    reply          TEXT
) STRICT;
CREATE INDEX outbox_waiting ON outbox (state, next_at);
CREATE INDEX outbox_case ON outbox (case_id, letter);
CREATE INDEX outbox_recipient ON outbox (recipient, written_at);

-- Every try at sending a letter, with the server's answer.
CREATE TABLE attempt (
    id         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    outbox_id  INTEGER NOT NULL REFERENCES outbox (id),
    number     INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at   INTEGER,
    outcome    TEXT,
    reply      TEXT,
    UNIQUE (outbox_id, number)
) STRICT;

-- Troubles the operator is told of, each once until it is over.
CREATE TABLE alarm (
    name      TEXT NOT NULL PRIMARY KEY,
    since     INTEGER NOT NULL,
    told_at   INTEGER,
    words     TEXT NOT NULL
) STRICT;

-- The history is append-only, whoever asks. The first trigger stops INSERT OR REPLACE, which deletes without a DELETE
-- where recursive triggers are off.
CREATE TRIGGER event_is_never_replaced BEFORE INSERT ON event
WHEN EXISTS (SELECT 1 FROM event WHERE id = NEW.id OR (case_id = NEW.case_id AND seq = NEW.seq))
BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
CREATE TRIGGER event_is_never_changed BEFORE UPDATE ON event
BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
CREATE TRIGGER event_is_never_deleted BEFORE DELETE ON event
BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
