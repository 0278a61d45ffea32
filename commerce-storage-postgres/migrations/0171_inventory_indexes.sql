-- What lies at a location, and what moved there; what is to be ordered; what a change of staff's moved. No column of these
-- changes when something is sold, so a sale touches none of them but with its movement.
create index if not exists stock_location on stock (location_id);
create index if not exists stock_reorder on stock (variant_id) where reorder_level is not null;
create index if not exists stock_movements_location on stock_movements (location_id, id);
create index if not exists stock_movements_audit on stock_movements (audit_id) where audit_id is not null;
