-- Accounts, their sessions, the links that are mailed to them, their addresses; and keys of programs.
-- Of secrets there are only hashes.

CREATE TABLE accounts (
    id                BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    email             TEXT    NOT NULL,
    email_key         TEXT    NOT NULL,
    email_verified_at INTEGER,
    password_hash     TEXT,
    first_name        TEXT    NOT NULL,
    last_name         TEXT    NOT NULL,
    phone             TEXT,
    locale            TEXT,
    role              TEXT    NOT NULL CHECK (role <> ''),   -- no list: SQLite cannot widen one
    seller_id         BLOB    CHECK (length(seller_id) = 16),
    customer_group    TEXT,
    is_active         INTEGER NOT NULL CHECK (is_active IN (0, 1)),
    email_change      TEXT    CHECK (json_valid(email_change)),
    last_login_at     INTEGER,
    created_at        INTEGER NOT NULL,
    updated_at        INTEGER NOT NULL,
    search            TEXT    NOT NULL,   -- e-mail address and names in the form in which they are looked for
    version           INTEGER NOT NULL CHECK (version >= 1)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX accounts_email ON accounts (email_key);
CREATE INDEX accounts_role ON accounts (role, id);

CREATE TABLE sessions (
    id           BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    account_id   BLOB    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    family_hash  BLOB    NOT NULL CHECK (length(family_hash) = 32),
    refresh_hash BLOB    NOT NULL CHECK (length(refresh_hash) = 32),
    device       TEXT,
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    idle_until   INTEGER NOT NULL,
    ends_at      INTEGER NOT NULL,
    ended_at     INTEGER,
    end_reason   TEXT,
    CHECK ((ended_at IS NULL) = (end_reason IS NULL))
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX sessions_family ON sessions (family_hash);
CREATE INDEX sessions_account ON sessions (account_id);

CREATE TABLE links (
    hash       BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    account_id BLOB    REFERENCES accounts (id) ON DELETE CASCADE,
    purpose    TEXT    NOT NULL CHECK (purpose <> ''),
    carries    TEXT    NOT NULL CHECK (json_valid(carries)),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX links_account ON links (account_id, purpose);
CREATE INDEX links_expires ON links (expires_at);

CREATE TABLE addresses (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    account_id BLOB    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    kind       TEXT    NOT NULL CHECK (kind IN ('home', 'work', 'billing', 'shipping')),
    is_default INTEGER NOT NULL CHECK (is_default IN (0, 1)),
    address    TEXT    NOT NULL CHECK (json_valid(address)),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX addresses_account ON addresses (account_id, id);

CREATE TABLE api_keys (
    id           BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    hash         BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
    beginning    TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    permissions  TEXT    NOT NULL CHECK (json_valid(permissions)),
    created_by   TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    last_used_at INTEGER,
    revoked_at   INTEGER
) STRICT, WITHOUT ROWID;
