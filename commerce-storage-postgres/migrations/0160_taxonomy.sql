-- What the back office manages of what products share. Every column has a default, for a version of the program that does
-- not know it.

set local lock_timeout = '2s';

alter table brands add column if not exists version bigint not null default 1;

alter table categories add column if not exists description text not null default '';
alter table categories add column if not exists position bigint not null default 0;
alter table categories add column if not exists version bigint not null default 1;

-- The rules are read whole and compared with nothing: allowed values, bounds, a unit.
alter table attributes add column if not exists filterable boolean not null default true;
alter table attributes add column if not exists required boolean not null default false;
alter table attributes add column if not exists variant_defining boolean not null default true;
alter table attributes add column if not exists rules jsonb not null default '{}';
alter table attributes add column if not exists version bigint not null default 1;

-- One row: how often what products share was changed, and added to. Whoever writes products holds it shared, whoever
-- changes what they are named by holds it alone.
create table if not exists catalog_shared (
    id        bigint primary key,
    changes   bigint not null,
    additions bigint not null,
    constraint catalog_shared_id_check check (id = 1)
);
insert into catalog_shared (id, changes, additions) values (1, 0, 0) on conflict do nothing;
