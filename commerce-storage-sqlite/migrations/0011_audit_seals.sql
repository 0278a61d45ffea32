-- The chain of hashes over the audit trail, written by a job soon after the rows.
CREATE TABLE audit_seals (
    position INTEGER NOT NULL PRIMARY KEY CHECK (position >= 1),
    audit_id BLOB    NOT NULL UNIQUE REFERENCES audit (id),
    hash     BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;
