-- Money: how far attempts to pay got, what goes back, what counts towards no order, the journal, what gateways told us,
-- and jobs. Columns are added with what rows of before mean, so that the version before still reads and writes.

-- Amounts of an attempt are in its currency.
ALTER TABLE payments ADD COLUMN captured     INTEGER NOT NULL DEFAULT 0 CHECK (captured >= 0);
ALTER TABLE payments ADD COLUMN refunded     INTEGER NOT NULL DEFAULT 0 CHECK (refunded BETWEEN 0 AND captured);
ALTER TABLE payments ADD COLUMN fee          INTEGER;
ALTER TABLE payments ADD COLUMN charge       TEXT;
ALTER TABLE payments ADD COLUMN channel      TEXT;
ALTER TABLE payments ADD COLUMN paid_at      INTEGER;
ALTER TABLE payments ADD COLUMN next_action  TEXT    CHECK (json_valid(next_action));
ALTER TABLE payments ADD COLUMN asking_until INTEGER;
ALTER TABLE payments ADD COLUMN check_at     INTEGER;
ALTER TABLE payments ADD COLUMN checks       INTEGER NOT NULL DEFAULT 0 CHECK (checks >= 0);
ALTER TABLE payments ADD COLUMN note         TEXT;
ALTER TABLE payments ADD COLUMN mode         TEXT    CHECK (mode IN ('test', 'live'));
ALTER TABLE payments ADD COLUMN mobile_money TEXT    CHECK (json_valid(mobile_money));
ALTER TABLE payments ADD COLUMN return_url   TEXT;

UPDATE payments
   SET captured = amount, paid_at = created_at
 WHERE state IN ('paid', 'partially_refunded', 'refunded');

CREATE INDEX payments_check ON payments (check_at) WHERE check_at IS NOT NULL;

ALTER TABLE carts ADD COLUMN mobile_money TEXT CHECK (json_valid(mobile_money));

ALTER TABLE orders ADD COLUMN pay_until INTEGER;

UPDATE orders
   SET pay_until = (SELECT min(r.expires_at) FROM reservations AS r WHERE r.order_id = orders.id AND r.state = 'open')
 WHERE status = 'pending' AND payment_status IN ('pending', 'due');

CREATE INDEX orders_pay_until ON orders (pay_until)
    WHERE pay_until IS NOT NULL AND status = 'pending' AND payment_status IN ('pending', 'due');

CREATE TABLE unmatched_payments (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    reference  TEXT    NOT NULL UNIQUE,
    charge     TEXT,
    payment_id BLOB    REFERENCES payments (id),
    order_id   BLOB    REFERENCES orders (id),
    amount     INTEGER NOT NULL CHECK (amount > 0),
    currency   TEXT    NOT NULL CHECK (length(currency) = 3),
    mode       TEXT    CHECK (mode IN ('test', 'live')),
    reason     TEXT    NOT NULL CHECK (reason <> ''),   -- no list: SQLite cannot widen one, and reasons will be added
    seen_at    INTEGER NOT NULL,
    state      TEXT    NOT NULL CHECK (state IN ('open', 'refunding', 'refunded', 'resolved')),
    note       TEXT,
    version    INTEGER NOT NULL CHECK (version >= 1)
) STRICT, WITHOUT ROWID;

CREATE INDEX unmatched_payments_state ON unmatched_payments (state, id);
CREATE INDEX unmatched_payments_order ON unmatched_payments (order_id) WHERE order_id IS NOT NULL;

-- Taken from an attempt, or from money that counts towards no order.
CREATE TABLE refunds (
    id           BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    request_id   BLOB    NOT NULL CHECK (length(request_id) = 16),
    order_id     BLOB    REFERENCES orders (id),
    payment_id   BLOB    REFERENCES payments (id),
    unmatched_id BLOB    REFERENCES unmatched_payments (id),
    reference    TEXT    NOT NULL,
    amount       INTEGER NOT NULL CHECK (amount > 0),
    shipping     INTEGER NOT NULL CHECK (shipping BETWEEN 0 AND amount),
    currency     TEXT    NOT NULL CHECK (length(currency) = 3),
    reason       TEXT    NOT NULL,
    restock      INTEGER NOT NULL CHECK (restock IN (0, 1)),
    actor        TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    state        TEXT    NOT NULL CHECK (state IN
        ('pending', 'processing', 'processed', 'failed', 'needs_attention')),
    gateway_id   TEXT,
    asked_at     INTEGER,
    check_at     INTEGER,
    checks       INTEGER NOT NULL CHECK (checks >= 0),
    note         TEXT,
    processed_at INTEGER,
    version      INTEGER NOT NULL CHECK (version >= 1),
    CHECK ((payment_id IS NULL) <> (unmatched_id IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX refunds_order ON refunds (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX refunds_payment ON refunds (payment_id) WHERE payment_id IS NOT NULL;
CREATE INDEX refunds_unmatched ON refunds (unmatched_id) WHERE unmatched_id IS NOT NULL;
CREATE INDEX refunds_check ON refunds (check_at) WHERE check_at IS NOT NULL;

CREATE TABLE refund_lines (
    refund_id BLOB    NOT NULL REFERENCES refunds (id),
    position  INTEGER NOT NULL,
    line_id   BLOB    NOT NULL CHECK (length(line_id) = 16),
    quantity  INTEGER NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (refund_id, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX refund_lines_line ON refund_lines (line_id);

-- The journal is only ever added to. No lists here either.
CREATE TABLE journal_entries (
    id        BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    at        INTEGER NOT NULL,
    kind      TEXT    NOT NULL CHECK (kind <> ''),
    order_id  BLOB    REFERENCES orders (id),
    reference TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX journal_entries_at ON journal_entries (at);
CREATE INDEX journal_entries_order ON journal_entries (order_id) WHERE order_id IS NOT NULL;

CREATE TABLE journal_legs (
    entry_id BLOB    NOT NULL REFERENCES journal_entries (id),
    position INTEGER NOT NULL,
    account  TEXT    NOT NULL CHECK (account <> ''),
    amount   INTEGER NOT NULL CHECK (amount <> 0),
    currency TEXT    NOT NULL CHECK (length(currency) = 3),
    PRIMARY KEY (entry_id, position)
) STRICT, WITHOUT ROWID;

-- What gateways told us, word by word, once.
CREATE TABLE payment_messages (
    id          BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    gateway     TEXT    NOT NULL,
    digest      BLOB    NOT NULL UNIQUE CHECK (length(digest) = 32),
    body        BLOB    NOT NULL,
    received_at INTEGER NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN ('waiting', 'done', 'parked')),
    tries       INTEGER NOT NULL CHECK (tries >= 0),
    next_at     INTEGER NOT NULL,
    note        TEXT,
    version     INTEGER NOT NULL CHECK (version >= 1)
) STRICT;

CREATE INDEX payment_messages_waiting ON payment_messages (next_at) WHERE state = 'waiting';
CREATE INDEX payment_messages_parked ON payment_messages (id) WHERE state = 'parked';

CREATE TABLE jobs (
    name         TEXT    NOT NULL PRIMARY KEY CHECK (name <> ''),
    leased_until INTEGER,
    done_until   INTEGER,
    report       TEXT    NOT NULL CHECK (json_valid(report)),
    version      INTEGER NOT NULL CHECK (version >= 1)
) STRICT, WITHOUT ROWID;
