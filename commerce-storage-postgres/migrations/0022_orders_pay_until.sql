set local lock_timeout = '2s';

alter table orders add column if not exists pay_until timestamptz;
