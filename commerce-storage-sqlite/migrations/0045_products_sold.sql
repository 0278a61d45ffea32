-- Units sold, as a job counted them last: an order writes nothing here.

ALTER TABLE products ADD COLUMN sold INTEGER NOT NULL DEFAULT 0 CHECK (sold >= 0);

CREATE INDEX products_listed_sold ON products (sold DESC, id DESC)
 WHERE status = 'published' AND deleted_at IS NULL AND listed_variant_price IS NOT NULL;
