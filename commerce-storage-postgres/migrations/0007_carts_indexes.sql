-- A token opens one cart at a time.
create unique index if not exists carts_open_token_key on carts (token_hash) where order_id is null;
create index if not exists carts_token on carts (token_hash);
create index if not exists cart_lines_cart on cart_lines (cart_id);
