-- Whose cart it is, when it is that of an account. An account that has carts is not deleted.

ALTER TABLE carts ADD COLUMN customer_id BLOB REFERENCES accounts (id) CHECK (length(customer_id) = 16);

CREATE INDEX carts_of_customer ON carts (customer_id) WHERE customer_id IS NOT NULL;
