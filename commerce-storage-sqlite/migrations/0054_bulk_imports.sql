-- Files that are taken in by a job: what is to be done, the file in pieces, and what of it was refused. The pieces go when
-- the import ends, the rest some days later.

CREATE TABLE bulk_imports (
    id           BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    caller       TEXT    NOT NULL,
    seller_id    BLOB    CHECK (length(seller_id) = 16),
    terms        TEXT    NOT NULL,
    state        TEXT    NOT NULL,
    bytes        INTEGER NOT NULL CHECK (bytes >= 0),
    progress     TEXT    NOT NULL,
    failure      TEXT,
    tries        INTEGER NOT NULL CHECK (tries >= 0),
    leased_until INTEGER,
    created_at   INTEGER NOT NULL,
    ended_at     INTEGER,
    version      INTEGER NOT NULL CHECK (version >= 1)
) STRICT, WITHOUT ROWID;

CREATE INDEX bulk_imports_open ON bulk_imports (id) WHERE ended_at IS NULL;
CREATE INDEX bulk_imports_seller ON bulk_imports (seller_id, id) WHERE seller_id IS NOT NULL;

-- With a rowid: a row is a large piece.
CREATE TABLE bulk_chunks (
    import_id BLOB    NOT NULL REFERENCES bulk_imports (id) ON DELETE CASCADE,
    number    INTEGER NOT NULL CHECK (number >= 0),
    bytes     BLOB    NOT NULL,
    PRIMARY KEY (import_id, number)
) STRICT;

CREATE TABLE bulk_refusals (
    import_id   BLOB    NOT NULL REFERENCES bulk_imports (id) ON DELETE CASCADE,
    number      INTEGER NOT NULL CHECK (number >= 1),
    line        INTEGER NOT NULL CHECK (line >= 0),
    handle      TEXT    NOT NULL,
    column_name TEXT    NOT NULL,
    code        TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    source_rows TEXT    NOT NULL,
    PRIMARY KEY (import_id, number)
) STRICT;
