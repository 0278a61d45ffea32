-- Who is in a customer group: listed, and asked for before the group goes.
create index if not exists accounts_customer_group on accounts (customer_group, id) where customer_group is not null;
