-- The bytes stay where they are: PostgreSQL keeps them apart from the row, and reads them only when asked for them.

-- Why: for a message without a Message-ID every other such message was read to find a copy.
DROP INDEX inbox_message_id;
CREATE INDEX inbox_message_id ON inbox (message_id, same_words);

-- Why: the daily comparison asks of every message ever taken where it lay, and now asks this index alone.
CREATE INDEX inbox_ledger ON inbox (mailbox, arrived_at, folder, uidvalidity, uid, size, copy_of, filed_at);
