-- How often a product was given each rating by published reviews; with the number of them, and their average in hundredths, by
-- which listings sort.

set local lock_timeout = '2s';

alter table products
    add column if not exists rated_1 bigint not null default 0,
    add column if not exists rated_2 bigint not null default 0,
    add column if not exists rated_3 bigint not null default 0,
    add column if not exists rated_4 bigint not null default 0,
    add column if not exists rated_5 bigint not null default 0,
    add column if not exists rating_count bigint not null default 0,
    add column if not exists rating_average bigint not null default 0;
