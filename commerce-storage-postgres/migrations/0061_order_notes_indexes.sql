-- Lists of orders, the newest first.
create index if not exists order_notes_order on order_notes (order_id, id);
create index if not exists orders_status on orders (status, id);
create index if not exists orders_of_customer on orders (customer_id, id) where customer_id is not null;
