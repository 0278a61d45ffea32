-- Names in addresses that something had before. What has a name now goes before what had it, so that a row here need not go
-- when its name is taken up again.

CREATE TABLE slug_redirects (
    kind TEXT NOT NULL,
    slug TEXT NOT NULL,
    id   BLOB NOT NULL CHECK (length(id) = 16),
    PRIMARY KEY (kind, slug)
) STRICT, WITHOUT ROWID;
