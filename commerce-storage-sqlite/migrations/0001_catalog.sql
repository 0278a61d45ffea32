-- What is sold. Ids are UUIDs of 16 bytes, instants are microseconds since 1970, prices of a unit are ten-thousandths of
-- a minor unit. Text is compared bytewise (BINARY, the default); sort keys are made by the engine.

CREATE TABLE brands (
    id          BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    slug        TEXT    NOT NULL UNIQUE,
    name        TEXT    NOT NULL,
    name_folded TEXT    NOT NULL UNIQUE,
    deleted_at  INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE categories (
    id          BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    parent_id   BLOB    REFERENCES categories (id),
    slug        TEXT    NOT NULL UNIQUE,
    name        TEXT    NOT NULL,
    name_folded TEXT    NOT NULL,
    path        TEXT    NOT NULL UNIQUE,
    deleted_at  INTEGER
) STRICT, WITHOUT ROWID;

-- Siblings have different names; a plain unique index would not compare roots, whose parent is NULL.
CREATE UNIQUE INDEX categories_siblings ON categories (coalesce(parent_id, x''), name_folded);

CREATE TABLE attributes (
    id   BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    code TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('text', 'number', 'boolean', 'select', 'colour'))
) STRICT, WITHOUT ROWID;

-- The five columns from listed_variant_price on are derived when the product is written, so that a listing and a look at a
-- cart join nothing. The facts are what the look says of the product by the names of what it shares with others: whoever
-- renames a brand, a category or an attribute writes the facts of its products again.
CREATE TABLE products (
    id                   BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    slug                 TEXT    NOT NULL UNIQUE,
    name                 TEXT    NOT NULL,
    sort_name            TEXT    NOT NULL,
    description_html     TEXT    NOT NULL,
    status               TEXT    NOT NULL CHECK (status IN ('draft', 'published', 'archived')),
    featured             INTEGER NOT NULL CHECK (featured IN (0, 1)),
    brand_id             BLOB    REFERENCES brands (id),
    category_id          BLOB    REFERENCES categories (id),
    seller_id            BLOB,
    listed_variant_price INTEGER,
    listed_compare_at    INTEGER,
    price_max            INTEGER,
    image_url            TEXT,
    facts                TEXT    NOT NULL CHECK (json_valid(facts)),
    created_at           INTEGER NOT NULL,
    updated_at           INTEGER NOT NULL,
    deleted_at           INTEGER,
    version              INTEGER NOT NULL CHECK (version >= 1)
) STRICT;

-- One index for each order of a listing; the condition is that of every listing.
CREATE INDEX products_newest ON products (created_at DESC, id DESC)
    WHERE status = 'published' AND deleted_at IS NULL AND listed_variant_price IS NOT NULL;
CREATE INDEX products_price_up ON products (listed_variant_price, id DESC)
    WHERE status = 'published' AND deleted_at IS NULL AND listed_variant_price IS NOT NULL;
CREATE INDEX products_price_down ON products (listed_variant_price DESC, id DESC)
    WHERE status = 'published' AND deleted_at IS NULL AND listed_variant_price IS NOT NULL;
CREATE INDEX products_name ON products (sort_name, id DESC)
    WHERE status = 'published' AND deleted_at IS NULL AND listed_variant_price IS NOT NULL;
CREATE INDEX products_brand ON products (brand_id, created_at DESC, id DESC)
    WHERE status = 'published' AND deleted_at IS NULL AND listed_variant_price IS NOT NULL;
CREATE INDEX products_category ON products (category_id, created_at DESC, id DESC)
    WHERE status = 'published' AND deleted_at IS NULL AND listed_variant_price IS NOT NULL;

CREATE TABLE product_tags (
    product_id BLOB    NOT NULL REFERENCES products (id),
    position   INTEGER NOT NULL,
    tag        TEXT    NOT NULL,
    PRIMARY KEY (product_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE product_images (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    product_id BLOB    NOT NULL REFERENCES products (id),
    position   INTEGER NOT NULL,
    url        TEXT    NOT NULL,
    alt        TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX product_images_product ON product_images (product_id, position);

CREATE TABLE product_options (
    product_id   BLOB    NOT NULL REFERENCES products (id),
    position     INTEGER NOT NULL,
    name         TEXT    NOT NULL,
    attribute_id BLOB    REFERENCES attributes (id),
    PRIMARY KEY (product_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE product_option_values (
    product_id      BLOB    NOT NULL REFERENCES products (id),
    option_position INTEGER NOT NULL,
    position        INTEGER NOT NULL,
    value           TEXT    NOT NULL,
    PRIMARY KEY (product_id, option_position, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE product_attributes (
    product_id   BLOB    NOT NULL REFERENCES products (id),
    position     INTEGER NOT NULL,
    attribute_id BLOB    NOT NULL REFERENCES attributes (id),
    value        TEXT    NOT NULL,
    PRIMARY KEY (product_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE variants (
    id               BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    product_id       BLOB    NOT NULL REFERENCES products (id),
    position         INTEGER NOT NULL,
    sku              TEXT    NOT NULL UNIQUE,
    price            INTEGER NOT NULL CHECK (price >= 0),
    compare_at_price INTEGER,
    cost             INTEGER,
    currency         TEXT    NOT NULL CHECK (length(currency) = 3),
    weight_grams     TEXT,
    weight_unit      TEXT    CHECK (weight_unit IN ('g', 'kg', 'oz', 'lb')),
    dimensions       TEXT    CHECK (json_valid(dimensions)),
    barcode          TEXT,
    image_url        TEXT,
    tax_class        TEXT    NOT NULL,
    digital          INTEGER NOT NULL CHECK (digital IN (0, 1)),
    tracked          INTEGER NOT NULL CHECK (tracked IN (0, 1)),
    backorder        INTEGER NOT NULL CHECK (backorder IN (0, 1)),
    CHECK ((weight_grams IS NULL) = (weight_unit IS NULL))
) STRICT;

CREATE INDEX variants_product ON variants (product_id, position);

CREATE TABLE variant_option_values (
    variant_id BLOB    NOT NULL REFERENCES variants (id),
    position   INTEGER NOT NULL,
    value      TEXT    NOT NULL,
    PRIMARY KEY (variant_id, position)
) STRICT, WITHOUT ROWID;
