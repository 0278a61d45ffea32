create index if not exists stock_movements_stock on stock_movements (variant_id, location_id);
