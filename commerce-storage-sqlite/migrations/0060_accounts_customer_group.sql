-- Who is in a customer group: listed, and asked for before the group goes.
CREATE INDEX accounts_customer_group ON accounts (customer_group, id) WHERE customer_group IS NOT NULL;
