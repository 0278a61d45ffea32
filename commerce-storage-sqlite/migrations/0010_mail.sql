-- Mails that are to be sent, or were. What a mail is about is a document, its link's token in it while it waits.

CREATE TABLE mails (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    recipient  TEXT    NOT NULL CHECK (recipient <> ''),
    lang       TEXT,
    content    TEXT    NOT NULL CHECK (json_valid(content)),
    created_at INTEGER NOT NULL,
    state      TEXT    NOT NULL CHECK (state IN ('waiting', 'sent', 'parked')),
    tries      INTEGER NOT NULL CHECK (tries >= 0),
    next_at    INTEGER NOT NULL,
    note       TEXT,
    version    INTEGER NOT NULL CHECK (version >= 1)
) STRICT, WITHOUT ROWID;

CREATE INDEX mails_waiting ON mails (next_at) WHERE state = 'waiting';
CREATE INDEX mails_parked ON mails (id) WHERE state = 'parked';
