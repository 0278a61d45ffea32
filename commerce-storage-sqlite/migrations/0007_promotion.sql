-- Coupons, and how often they and the promotions of the rulebook are used. The counters are kept beside the redemptions
-- that explain them, the uses of orders that were not given back. Customers are told apart by the key of carts and orders.

CREATE TABLE coupons (
    code              TEXT    NOT NULL PRIMARY KEY,
    promotion         TEXT    NOT NULL,
    valid_from        INTEGER,
    valid_until       INTEGER,
    uses_max          INTEGER,
    customer_uses_max INTEGER,
    ended_at          INTEGER,
    created_at        INTEGER NOT NULL,
    issued_by         BLOB    CHECK (length(issued_by) = 16), -- the audit row that tells of their making
    uses              INTEGER NOT NULL CHECK (uses >= 0)
) STRICT, WITHOUT ROWID;

CREATE INDEX coupons_promotion ON coupons (promotion, code);

CREATE TABLE coupon_customers (
    code         TEXT    NOT NULL,
    customer_key BLOB    NOT NULL CHECK (length(customer_key) = 32),
    uses         INTEGER NOT NULL CHECK (uses >= 0),
    PRIMARY KEY (code, customer_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE promotion_usage (
    promotion TEXT    NOT NULL PRIMARY KEY,
    uses      INTEGER NOT NULL CHECK (uses >= 0),
    spent     INTEGER NOT NULL CHECK (spent >= 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE promotion_customers (
    promotion    TEXT    NOT NULL,
    customer_key BLOB    NOT NULL CHECK (length(customer_key) = 32),
    uses         INTEGER NOT NULL CHECK (uses >= 0),
    PRIMARY KEY (promotion, customer_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE redemptions (
    order_id     BLOB    NOT NULL REFERENCES orders (id),
    promotion    TEXT    NOT NULL,
    coupon       TEXT,
    customer_key BLOB    NOT NULL CHECK (length(customer_key) = 32),
    amount       INTEGER NOT NULL CHECK (amount >= 0),
    currency     TEXT    NOT NULL CHECK (length(currency) = 3),
    at           INTEGER NOT NULL,
    released_at  INTEGER,
    PRIMARY KEY (order_id, promotion)
) STRICT, WITHOUT ROWID;
