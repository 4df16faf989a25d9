-- Why: the columns behind a message's bytes were found by reading the bytes, so the daily comparison read all mail ever
-- stored. The bytes are the last column now, and none may come behind them. Set to NULL in the same breath, so that the
-- file need not hold them twice.
ALTER TABLE inbox ADD COLUMN bytes BLOB;
UPDATE inbox SET bytes = raw, raw = NULL;
ALTER TABLE inbox DROP COLUMN raw;
ALTER TABLE inbox RENAME COLUMN bytes TO raw;

-- Why: for a message without a Message-ID every other such message was read to find a copy.
DROP INDEX inbox_message_id;
CREATE INDEX inbox_message_id ON inbox (message_id, same_words);

-- Why: the daily comparison asks of every message ever taken where it lay, and now asks this index alone.
CREATE INDEX inbox_ledger ON inbox (mailbox, arrived_at, folder, uidvalidity, uid, size, copy_of, filed_at);
