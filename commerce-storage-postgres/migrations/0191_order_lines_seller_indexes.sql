-- What a merchant sold, by order.

create index if not exists order_lines_of_seller on order_lines (seller_id, order_id) where seller_id is not null;
