-- What was asked, what was done, and what happened.

-- The outcomes are no list here: SQLite cannot widen a CHECK without rebuilding the table, and outcomes will be added.
CREATE TABLE idempotency (
    actor       TEXT    NOT NULL,
    route       TEXT    NOT NULL,
    key         TEXT    NOT NULL,
    fingerprint BLOB    NOT NULL CHECK (length(fingerprint) = 32),
    outcome     TEXT    NOT NULL CHECK (outcome <> ''),
    outcome_id  BLOB    NOT NULL CHECK (length(outcome_id) = 16),
    at          INTEGER NOT NULL,
    PRIMARY KEY (actor, route, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_at ON idempotency (at);

CREATE TABLE audit (
    id     BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    at     INTEGER NOT NULL,
    actor  TEXT    NOT NULL,
    action TEXT    NOT NULL,
    target TEXT    NOT NULL,
    data   TEXT    NOT NULL CHECK (json_valid(data))
) STRICT, WITHOUT ROWID;

-- Events that wait for delivery. A row is written in the transaction that made it happen.
CREATE TABLE outbox (
    id           BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    name         TEXT    NOT NULL,
    subject      TEXT    NOT NULL,
    sequence     INTEGER NOT NULL,
    data         TEXT    NOT NULL CHECK (json_valid(data)),
    at           INTEGER NOT NULL,
    delivered_at INTEGER,
    UNIQUE (subject, sequence, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX outbox_undelivered ON outbox (id) WHERE delivered_at IS NULL;
