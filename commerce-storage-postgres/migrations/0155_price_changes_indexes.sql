create index if not exists price_changes_product on price_changes (product_id, id);
