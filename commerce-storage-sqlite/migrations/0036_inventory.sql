-- Where locations are and whether goods lie there; when to order more; which change of staff's a movement is part of.

ALTER TABLE locations ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE locations ADD COLUMN country TEXT;
ALTER TABLE locations ADD COLUMN active INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1));
ALTER TABLE locations ADD COLUMN version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1);
ALTER TABLE stock ADD COLUMN reorder_level INTEGER CHECK (reorder_level >= 0);
ALTER TABLE stock_movements ADD COLUMN reference TEXT NOT NULL DEFAULT '';
ALTER TABLE stock_movements ADD COLUMN audit_id BLOB CHECK (length(audit_id) = 16);
