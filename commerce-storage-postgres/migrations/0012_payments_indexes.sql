create index if not exists payments_order on payments (order_id);
