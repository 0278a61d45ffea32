-- Who sold a line item of an order, as it was when the order was placed; null for what the shop sells itself, and for orders
-- of before.

ALTER TABLE order_lines ADD COLUMN seller_id BLOB CHECK (length(seller_id) = 16);

CREATE INDEX order_lines_of_seller ON order_lines (seller_id, order_id) WHERE seller_id IS NOT NULL;
