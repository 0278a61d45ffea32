-- A wishlist from its newest item on; what refers to a variant or a product that goes; and the orders that a product is in,
-- by which it is told what is bought with it.
create index if not exists wishlist_items_newest on wishlist_items (account_id, id);
create index if not exists wishlist_items_variant on wishlist_items (variant_id);
create index if not exists product_views_product on product_views (product_id);
create index if not exists order_lines_product on order_lines (product_id, order_id);
