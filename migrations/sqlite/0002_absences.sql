-- Who is away. Rows are only ever added: of each person the last one holds. migrations/schema.sql says what each column
-- means.
CREATE TABLE absence (
    id          INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    address     TEXT NOT NULL,
    since       TEXT NOT NULL,
    until       TEXT NOT NULL,
    cover       TEXT,
    recorded_by TEXT NOT NULL,
    recorded_at INTEGER NOT NULL
) STRICT;
CREATE INDEX absence_of ON absence (address, id);
