-- Which state of the catalogue is the present one: the sum of these counters, each moved on in the transaction of the change.

CREATE TABLE catalog_generations (
    shard      INTEGER NOT NULL PRIMARY KEY,
    generation INTEGER NOT NULL CHECK (generation > 0)
) STRICT;
