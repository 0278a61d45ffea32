-- A variant that its product no longer has. The row stays for its stock and for what tells of it by its id; its code is free
-- for another, so what stands in sku is the id.

ALTER TABLE variants ADD COLUMN removed_at INTEGER;
ALTER TABLE variants ADD COLUMN removed_sku TEXT;

-- When a product comes on sale, and when it goes.

ALTER TABLE products ADD COLUMN publish_at INTEGER;
ALTER TABLE products ADD COLUMN unpublish_at INTEGER;

CREATE INDEX products_publish_at ON products (publish_at) WHERE publish_at IS NOT NULL;
CREATE INDEX products_unpublish_at ON products (unpublish_at) WHERE unpublish_at IS NOT NULL;
