create index if not exists coupons_promotion on coupons (promotion, code);
-- Whether somebody has ordered before.
create index if not exists orders_customer on orders (customer_key);
