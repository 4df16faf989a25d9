-- Which daemon does what, where several work on one database. Empty on SQLite, where a lock file lets one daemon run.
-- migrations/schema.sql says what each column means.
CREATE TABLE daemon (
    id    TEXT NOT NULL PRIMARY KEY,
    host  TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL
);
CREATE TABLE lease (
    name   TEXT NOT NULL PRIMARY KEY,
    daemon TEXT NOT NULL REFERENCES daemon (id) ON DELETE CASCADE,
    since  INTEGER NOT NULL
);
ALTER TABLE attempt ADD COLUMN daemon TEXT;
