-- Which daemon does what, where several work on one database. Empty on SQLite, where a lock file lets one daemon run.
-- migrations/schema.sql says what each column means.
CREATE TABLE daemon (
    id    TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    host  TEXT COLLATE "C" NOT NULL,
    since BIGINT NOT NULL,
    until BIGINT NOT NULL
);
CREATE TABLE lease (
    name   TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    daemon TEXT COLLATE "C" NOT NULL REFERENCES daemon (id) ON DELETE CASCADE,
    since  BIGINT NOT NULL
);
ALTER TABLE attempt ADD COLUMN daemon TEXT COLLATE "C";
