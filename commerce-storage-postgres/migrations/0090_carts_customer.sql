-- Whose cart it is, when it is that of an account. An account that has carts is not deleted.

set local lock_timeout = '2s';

alter table carts add column if not exists customer_id uuid;

alter table carts drop constraint if exists carts_account_fkey;

alter table carts add constraint carts_account_fkey foreign key (customer_id) references accounts (id) not valid;
