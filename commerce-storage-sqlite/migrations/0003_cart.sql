-- Carts: variants and quantities, never prices.

CREATE TABLE carts (
    id               BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    token_hash       BLOB    NOT NULL CHECK (length(token_hash) = 32),
    currency         TEXT    CHECK (length(currency) = 3),
    channel          TEXT,
    coupons          TEXT    NOT NULL CHECK (json_valid(coupons)),
    email            TEXT,
    customer_key     BLOB    CHECK (length(customer_key) = 32),   -- of the e-mail address: whom uses are counted for
    shipping_address TEXT    CHECK (json_valid(shipping_address)),
    billing_address  TEXT    CHECK (json_valid(billing_address)),
    shipping_method  TEXT,
    payment_method   TEXT,
    order_id         BLOB    CHECK (length(order_id) = 16),
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,
    expires_at       INTEGER NOT NULL,
    version          INTEGER NOT NULL CHECK (version >= 1),
    CHECK ((customer_key IS NULL) = (email IS NULL))
) STRICT;

-- A token opens one cart at a time.
CREATE UNIQUE INDEX carts_open ON carts (token_hash) WHERE order_id IS NULL;
CREATE INDEX carts_token ON carts (token_hash);

CREATE TABLE cart_lines (
    id             BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    cart_id        BLOB    NOT NULL REFERENCES carts (id) ON DELETE CASCADE,
    position       INTEGER NOT NULL,
    variant_id     BLOB    NOT NULL CHECK (length(variant_id) = 16),
    quantity       INTEGER NOT NULL CHECK (quantity > 0),
    customizations TEXT    NOT NULL CHECK (json_valid(customizations))
) STRICT, WITHOUT ROWID;

CREATE INDEX cart_lines_cart ON cart_lines (cart_id, position);
