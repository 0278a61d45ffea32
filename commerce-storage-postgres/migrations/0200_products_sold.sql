-- Units sold, as a job counted them last: an order writes nothing here.

set local lock_timeout = '2s';

alter table products add column if not exists sold bigint not null default 0;
