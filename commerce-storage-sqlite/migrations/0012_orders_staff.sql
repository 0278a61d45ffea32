-- What staff does with orders: notes on them, which are only ever added, and lists of them, the newest first.

CREATE TABLE order_notes (
    id       BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    order_id BLOB    NOT NULL REFERENCES orders (id),
    actor    TEXT    NOT NULL,
    text     TEXT    NOT NULL CHECK (text <> ''),
    at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX order_notes_order ON order_notes (order_id, id);
CREATE INDEX orders_status ON orders (status, id);
CREATE INDEX orders_of_customer ON orders (customer_id, id) WHERE customer_id IS NOT NULL;
