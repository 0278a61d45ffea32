-- The carts in which a guest said who they are, by the key of their address.

create index if not exists carts_of_guest on carts (customer_key) where customer_id is null and customer_key is not null;
