-- How often a product was given each rating by published reviews; with the number of them, and their average in hundredths, by
-- which listings sort.

ALTER TABLE products ADD COLUMN rated_1 INTEGER NOT NULL DEFAULT 0 CHECK (rated_1 >= 0);
ALTER TABLE products ADD COLUMN rated_2 INTEGER NOT NULL DEFAULT 0 CHECK (rated_2 >= 0);
ALTER TABLE products ADD COLUMN rated_3 INTEGER NOT NULL DEFAULT 0 CHECK (rated_3 >= 0);
ALTER TABLE products ADD COLUMN rated_4 INTEGER NOT NULL DEFAULT 0 CHECK (rated_4 >= 0);
ALTER TABLE products ADD COLUMN rated_5 INTEGER NOT NULL DEFAULT 0 CHECK (rated_5 >= 0);
ALTER TABLE products ADD COLUMN rating_count INTEGER NOT NULL DEFAULT 0 CHECK (rating_count >= 0);
ALTER TABLE products ADD COLUMN rating_average INTEGER NOT NULL DEFAULT 0 CHECK (rating_average BETWEEN 0 AND 500);

CREATE INDEX products_rating ON products (rating_average DESC, rating_count DESC, id DESC)
    WHERE status = 'published' AND deleted_at IS NULL AND listed_variant_price IS NOT NULL;
