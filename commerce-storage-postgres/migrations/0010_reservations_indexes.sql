create index if not exists reservations_expiry on reservations (expires_at)
    where state = 'open' and expires_at is not null;
create index if not exists reservations_order on reservations (order_id);
create index if not exists reservations_open_stock on reservations (variant_id, location_id) where state = 'open';
