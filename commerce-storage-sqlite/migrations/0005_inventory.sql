-- Stock. The two counters are kept beside the rows that explain them, because a sale must not add up history.

CREATE TABLE locations (
    id       BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    code     TEXT    NOT NULL UNIQUE,
    name     TEXT    NOT NULL,
    priority INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE stock (
    variant_id   BLOB    NOT NULL REFERENCES variants (id),
    location_id  BLOB    NOT NULL REFERENCES locations (id),
    on_hand      INTEGER NOT NULL DEFAULT 0 CHECK (on_hand >= 0),
    reserved     INTEGER NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    safety_stock INTEGER NOT NULL DEFAULT 0 CHECK (safety_stock >= 0),
    PRIMARY KEY (variant_id, location_id)
) STRICT, WITHOUT ROWID;

-- The reasons are no list here: SQLite cannot widen a CHECK without rebuilding the table, and reasons will be added.
CREATE TABLE stock_movements (
    id          BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    variant_id  BLOB    NOT NULL CHECK (length(variant_id) = 16),
    location_id BLOB    NOT NULL CHECK (length(location_id) = 16),
    delta       INTEGER NOT NULL,
    reason      TEXT    NOT NULL CHECK (reason <> ''),
    actor       TEXT    NOT NULL,
    note        TEXT    NOT NULL,
    at          INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX stock_movements_level ON stock_movements (variant_id, location_id);

CREATE TABLE reservations (
    id          BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    order_id    BLOB    NOT NULL REFERENCES orders (id),
    line_id     BLOB    NOT NULL CHECK (length(line_id) = 16),
    variant_id  BLOB    NOT NULL CHECK (length(variant_id) = 16),
    location_id BLOB    NOT NULL CHECK (length(location_id) = 16),
    quantity    INTEGER NOT NULL CHECK (quantity > 0),
    expires_at  INTEGER,                                      -- NULL: committed
    backorder   INTEGER NOT NULL CHECK (backorder IN (0, 1)),
    state       TEXT    NOT NULL CHECK (state IN ('open', 'released', 'fulfilled')),
    ended_at    INTEGER,
    CHECK ((state = 'open') = (ended_at IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX reservations_order ON reservations (order_id);
CREATE INDEX reservations_held ON reservations (expires_at) WHERE state = 'open' AND expires_at IS NOT NULL;
CREATE INDEX reservations_level ON reservations (variant_id, location_id) WHERE state = 'open';
