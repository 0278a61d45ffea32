create index if not exists carts_of_customer on carts (customer_id) where customer_id is not null;
