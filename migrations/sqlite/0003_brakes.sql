-- Loop brakes: what a letter grew out of, when its first try began (what the limits count), which limit holds it, and
-- whether a person has let it through. migrations/schema.sql says what each column means.
ALTER TABLE outbox ADD COLUMN root INTEGER REFERENCES inbox (id);
ALTER TABLE outbox ADD COLUMN begun_at INTEGER;
ALTER TABLE outbox ADD COLUMN brake TEXT;
ALTER TABLE outbox ADD COLUMN let_through INTEGER NOT NULL DEFAULT 0 CHECK (let_through IN (0, 1));

UPDATE outbox SET begun_at = (SELECT MIN(started_at) FROM attempt WHERE outbox_id = outbox.id) WHERE attempts > 0;

-- All that is asked about what has left, and about what is held: no letter's bytes are read for it.
CREATE INDEX outbox_begun ON outbox (begun_at, audience, root, recipient, case_id, landlord, state, let_through);
CREATE INDEX outbox_braked ON outbox (brake, audience, held_because) WHERE brake IS NOT NULL;
