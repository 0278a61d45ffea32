-- How far an attempt to pay got, in its currency. Columns are added with what rows of before mean, one table in each
-- file, so that the version before still reads and writes and waits for no more than one lock.

set local lock_timeout = '2s';

alter table payments
    add column if not exists captured     bigint not null default 0,
    add column if not exists refunded     bigint not null default 0,
    add column if not exists fee          bigint,
    add column if not exists charge       text,
    add column if not exists channel      text,
    add column if not exists paid_at      timestamptz,
    add column if not exists next_action  jsonb,
    add column if not exists asking_until timestamptz,
    add column if not exists check_at     timestamptz,
    add column if not exists checks       bigint not null default 0,
    add column if not exists note         text,
    add column if not exists mode         text,
    add column if not exists mobile_money jsonb,
    add column if not exists return_url   text;
