-- What buyers say of products, and what others say of that. Votes and reports of somebody who left are nobody's.

CREATE TABLE reviews (
    id           BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    product_id   BLOB    NOT NULL REFERENCES products (id),
    customer_id  BLOB    REFERENCES accounts (id),
    order_id     BLOB    CHECK (length(order_id) = 16),
    rating       INTEGER NOT NULL CHECK (rating BETWEEN 1 AND 5),
    title        TEXT    NOT NULL,
    text         TEXT    NOT NULL,
    pros         TEXT    NOT NULL CHECK (json_valid(pros)),
    cons         TEXT    NOT NULL CHECK (json_valid(cons)),
    images       TEXT    NOT NULL CHECK (json_valid(images)),
    status       TEXT    NOT NULL CHECK (status <> ''),
    findings     TEXT    NOT NULL CHECK (json_valid(findings)),
    moderation   TEXT    CHECK (json_valid(moderation)),
    reports      INTEGER NOT NULL CHECK (reports >= reports_seen),
    reports_seen INTEGER NOT NULL CHECK (reports_seen >= 0),
    helpful      INTEGER NOT NULL CHECK (helpful >= 0),
    unhelpful    INTEGER NOT NULL CHECK (unhelpful >= 0),
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    published_at INTEGER CHECK (status <> 'published' OR published_at IS NOT NULL),
    deleted_at   INTEGER,
    version      INTEGER NOT NULL CHECK (version >= 1)
) STRICT;

-- A customer has one review of a product that is not deleted.
CREATE UNIQUE INDEX reviews_of_customer ON reviews (customer_id, product_id) WHERE deleted_at IS NULL;
CREATE INDEX reviews_customer ON reviews (customer_id) WHERE customer_id IS NOT NULL;

-- One for each order in which a product's reviews are listed; and those that wait.
CREATE INDEX reviews_newest ON reviews (product_id, published_at DESC, id DESC)
    WHERE status = 'published' AND deleted_at IS NULL;
CREATE INDEX reviews_helpful ON reviews (product_id, helpful DESC, published_at DESC, id DESC)
    WHERE status = 'published' AND deleted_at IS NULL;
CREATE INDEX reviews_rating ON reviews (product_id, rating DESC, published_at DESC, id DESC)
    WHERE status = 'published' AND deleted_at IS NULL;
CREATE INDEX reviews_waiting ON reviews (updated_at, id) WHERE status = 'pending' AND deleted_at IS NULL;

CREATE TABLE review_votes (
    review_id   BLOB    NOT NULL REFERENCES reviews (id),
    customer_id BLOB    REFERENCES accounts (id),
    helpful     INTEGER NOT NULL CHECK (helpful IN (0, 1))
) STRICT;

CREATE UNIQUE INDEX review_votes_of_customer ON review_votes (review_id, customer_id);
CREATE INDEX review_votes_customer ON review_votes (customer_id) WHERE customer_id IS NOT NULL;

CREATE TABLE review_reports (
    review_id   BLOB    NOT NULL REFERENCES reviews (id),
    customer_id BLOB    REFERENCES accounts (id),
    reason      TEXT    NOT NULL CHECK (reason <> ''),
    text        TEXT    NOT NULL,
    at          INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX review_reports_of_customer ON review_reports (review_id, customer_id);
CREATE INDEX review_reports_customer ON review_reports (customer_id) WHERE customer_id IS NOT NULL;
