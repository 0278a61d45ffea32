-- The carts in which a guest said who they are, by the key of their address.

CREATE INDEX carts_of_guest ON carts (customer_key) WHERE customer_id IS NULL AND customer_key IS NOT NULL;
