-- What people with an account like: wishlists, and the products that they looked at. Both go with the account, and with
-- what they are about.

CREATE TABLE wishlist_items (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    account_id BLOB    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    variant_id BLOB    NOT NULL REFERENCES variants (id) ON DELETE CASCADE,
    added_at   INTEGER NOT NULL,
    UNIQUE (account_id, variant_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX wishlist_items_newest ON wishlist_items (account_id, id);
CREATE INDEX wishlist_items_variant ON wishlist_items (variant_id);

CREATE TABLE product_views (
    account_id BLOB    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    product_id BLOB    NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    viewed_at  INTEGER NOT NULL,
    PRIMARY KEY (account_id, product_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX product_views_product ON product_views (product_id);

-- The orders that a product is in, by which it is told what is bought with it.
CREATE INDEX order_lines_product ON order_lines (product_id, order_id);
