-- What is searched. The terms are made by the engine; here they are only kept, so that every store finds the same. The
-- index is written in the transaction that writes the product; prices and stock are not in it.

-- One row, once a shop sets its own. `document` is what the engine reads; `indexed_as` is the version of the last change
-- after which every document is to be made anew.
CREATE TABLE search_settings (
    id         INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    version    INTEGER NOT NULL CHECK (version >= 1),
    indexed_as INTEGER NOT NULL CHECK (indexed_as >= 0),
    document   TEXT    NOT NULL CHECK (json_valid(document))
) STRICT;

-- What a product was like when it was indexed: a row of another version, or of other settings, is made anew.
-- `facet_values` are the values that facets count: code, unit separator, value.
CREATE TABLE search_documents (
    id           INTEGER NOT NULL PRIMARY KEY,
    product_id   BLOB    NOT NULL UNIQUE REFERENCES products (id),
    version      INTEGER NOT NULL,
    indexed_as   INTEGER NOT NULL,
    facet_values TEXT    NOT NULL CHECK (json_valid(facet_values))
) STRICT;

-- The values by which filters find documents: code, unit separator, folded value.
CREATE TABLE search_values (
    key      TEXT    NOT NULL,
    document INTEGER NOT NULL REFERENCES search_documents (id),
    PRIMARY KEY (key, document)
) STRICT, WITHOUT ROWID;

CREATE INDEX search_values_document ON search_values (document);

-- Words that a mistyped one may have been meant for. A word stays when its last product goes.
CREATE TABLE search_words (
    id   INTEGER NOT NULL PRIMARY KEY,
    word TEXT    NOT NULL UNIQUE
) STRICT;
