-- Orders are frozen copies: they name products and variants, but do not depend on them. Amounts are minor units.

CREATE TABLE orders (
    id                 BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    number             TEXT    NOT NULL UNIQUE,
    cart_id            BLOB    NOT NULL UNIQUE CHECK (length(cart_id) = 16),
    status             TEXT    NOT NULL CHECK (status IN
        ('pending', 'processing', 'shipped', 'delivered', 'completed', 'cancelled', 'returned', 'refunded')),
    payment_status     TEXT    NOT NULL CHECK (payment_status IN
        ('due', 'pending', 'authorized', 'paid', 'partially_refunded', 'refunded', 'failed')),
    fulfillment_status TEXT    NOT NULL CHECK (fulfillment_status IN
        ('unfulfilled', 'partial', 'fulfilled', 'delivered', 'returned')),
    customer_id        BLOB    CHECK (length(customer_id) = 16),
    email              TEXT    NOT NULL,
    customer_key       BLOB    NOT NULL CHECK (length(customer_key) = 32),
    currency           TEXT    NOT NULL CHECK (length(currency) = 3),
    subtotal           INTEGER NOT NULL CHECK (subtotal >= 0),
    discount           INTEGER NOT NULL CHECK (discount >= 0),
    shipping           INTEGER NOT NULL CHECK (shipping >= 0),
    tax_added          INTEGER NOT NULL CHECK (tax_added >= 0),
    tax_included       INTEGER NOT NULL CHECK (tax_included >= 0),
    cash_rounding      INTEGER NOT NULL,
    total              INTEGER NOT NULL CHECK (total >= 0),
    shipping_address   TEXT    CHECK (json_valid(shipping_address)),
    billing_address    TEXT    CHECK (json_valid(billing_address)),
    shipping_code      TEXT,
    shipping_label     TEXT,
    payment_method     TEXT    NOT NULL,
    taxes              TEXT    NOT NULL CHECK (json_valid(taxes)),
    rounding           TEXT    NOT NULL CHECK (json_valid(rounding)),
    rulebook_version   INTEGER NOT NULL CHECK (rulebook_version >= 0),
    placed_at          INTEGER NOT NULL,
    version            INTEGER NOT NULL CHECK (version >= 1),
    CHECK (total = subtotal - discount + shipping + tax_added + cash_rounding),
    CHECK ((shipping_code IS NULL) = (shipping_label IS NULL))
) STRICT;

-- Whether somebody has ordered before.
CREATE INDEX orders_customer ON orders (customer_key);

CREATE TABLE order_lines (
    order_id       BLOB    NOT NULL REFERENCES orders (id),
    position       INTEGER NOT NULL,
    id             BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    variant_id     BLOB    NOT NULL CHECK (length(variant_id) = 16),
    product_id     BLOB    NOT NULL CHECK (length(product_id) = 16),
    sku            TEXT    NOT NULL,
    slug           TEXT    NOT NULL,
    name           TEXT    NOT NULL,
    options        TEXT    NOT NULL CHECK (json_valid(options)),
    image          TEXT,
    customizations TEXT    NOT NULL CHECK (json_valid(customizations)),
    unit_price     INTEGER NOT NULL CHECK (unit_price >= 0),
    quantity       INTEGER NOT NULL CHECK (quantity > 0),
    line_total     INTEGER NOT NULL CHECK (line_total >= 0),
    discount       INTEGER NOT NULL CHECK (discount BETWEEN 0 AND line_total),
    tax_added      INTEGER NOT NULL CHECK (tax_added >= 0),
    tax_included   INTEGER NOT NULL CHECK (tax_included >= 0),
    paid           INTEGER NOT NULL CHECK (paid >= 0),
    tax_class      TEXT    NOT NULL,
    digital        INTEGER NOT NULL CHECK (digital IN (0, 1)),
    stock_limited  INTEGER NOT NULL CHECK (stock_limited IN (0, 1)),
    PRIMARY KEY (order_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE order_adjustments (
    order_id BLOB    NOT NULL REFERENCES orders (id),
    position INTEGER NOT NULL,
    kind     TEXT    NOT NULL CHECK (kind IN
        ('promotion', 'shipping', 'tax_added', 'tax_included', 'cash_rounding')),
    label    TEXT    NOT NULL,
    source   TEXT    NOT NULL,
    amount   INTEGER NOT NULL,
    line_id  BLOB    CHECK (length(line_id) = 16),
    PRIMARY KEY (order_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE order_history (
    order_id   BLOB    NOT NULL REFERENCES orders (id),
    position   INTEGER NOT NULL,
    machine    TEXT    NOT NULL CHECK (machine IN ('order', 'payment', 'fulfillment')),
    from_state TEXT,
    to_state   TEXT    NOT NULL,
    actor      TEXT    NOT NULL,
    note       TEXT    NOT NULL,
    at         INTEGER NOT NULL,
    PRIMARY KEY (order_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE payments (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    order_id   BLOB    NOT NULL REFERENCES orders (id),
    reference  TEXT    NOT NULL UNIQUE,
    method     TEXT    NOT NULL,
    amount     INTEGER NOT NULL CHECK (amount >= 0),
    currency   TEXT    NOT NULL CHECK (length(currency) = 3),
    state      TEXT    NOT NULL CHECK (state IN
        ('due', 'pending', 'authorized', 'paid', 'partially_refunded', 'refunded', 'failed')),
    created_at INTEGER NOT NULL,
    version    INTEGER NOT NULL CHECK (version >= 1)
) STRICT, WITHOUT ROWID;

CREATE INDEX payments_order ON payments (order_id);
