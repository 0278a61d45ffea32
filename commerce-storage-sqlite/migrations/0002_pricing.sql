-- The rulebook: every version of it, and which one is in force.

CREATE TABLE rulebooks (
    version    INTEGER NOT NULL PRIMARY KEY CHECK (version >= 1),
    document   TEXT    NOT NULL CHECK (json_valid(document)),
    applied_at INTEGER NOT NULL
) STRICT;

-- One row, so that putting a rulebook in force is a guarded update of it.
CREATE TABLE rulebook_current (
    pk      INTEGER NOT NULL PRIMARY KEY CHECK (pk = 1),
    version INTEGER NOT NULL CHECK (version >= 1)
) STRICT;
