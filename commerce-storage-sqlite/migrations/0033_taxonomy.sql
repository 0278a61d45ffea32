-- What the back office manages of what products share. Every column has a default, for a version of the program that does
-- not know it.

ALTER TABLE brands ADD COLUMN version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1);

ALTER TABLE categories ADD COLUMN description TEXT NOT NULL DEFAULT '';
ALTER TABLE categories ADD COLUMN position INTEGER NOT NULL DEFAULT 0;
ALTER TABLE categories ADD COLUMN version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1);

-- The rules are read whole and compared with nothing: allowed values, bounds, a unit.
ALTER TABLE attributes ADD COLUMN filterable INTEGER NOT NULL DEFAULT 1 CHECK (filterable IN (0, 1));
ALTER TABLE attributes ADD COLUMN required INTEGER NOT NULL DEFAULT 0 CHECK (required IN (0, 1));
ALTER TABLE attributes ADD COLUMN variant_defining INTEGER NOT NULL DEFAULT 1 CHECK (variant_defining IN (0, 1));
ALTER TABLE attributes ADD COLUMN rules TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(rules));
ALTER TABLE attributes ADD COLUMN version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1);

-- One row: how often what products share was changed, and added to.
CREATE TABLE catalog_shared (
    id        INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    changes   INTEGER NOT NULL,
    additions INTEGER NOT NULL
) STRICT;
INSERT INTO catalog_shared (id, changes, additions) VALUES (1, 0, 0);

-- The ways from what products share to those that have it, whether they are on sale or not.
CREATE INDEX products_of_brand ON products (brand_id);
CREATE INDEX products_of_category ON products (category_id);
CREATE INDEX product_attributes_attribute ON product_attributes (attribute_id);
CREATE INDEX product_options_attribute ON product_options (attribute_id);
CREATE INDEX product_tags_tag ON product_tags (tag);
