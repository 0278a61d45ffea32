-- Who sold a line item of an order, as it was when the order was placed; null for what the shop sells itself, and for orders
-- of before.

set local lock_timeout = '2s';

alter table order_lines add column if not exists seller_id uuid;
