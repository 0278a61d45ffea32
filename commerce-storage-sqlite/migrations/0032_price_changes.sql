-- What list prices were before: rows that are only ever added.

CREATE TABLE price_changes (
    id                BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    product_id        BLOB    NOT NULL CHECK (length(product_id) = 16),
    variant_id        BLOB    NOT NULL CHECK (length(variant_id) = 16),
    sku               TEXT    NOT NULL,
    currency          TEXT    NOT NULL,
    price_before      INTEGER NOT NULL,
    price_after       INTEGER NOT NULL,
    compare_at_before INTEGER,
    compare_at_after  INTEGER,
    actor             TEXT    NOT NULL,
    at                INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX price_changes_product ON price_changes (product_id, id);
