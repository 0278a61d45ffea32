-- What values of an attribute must be. The rules are read whole and compared with nothing: allowed values, bounds, a unit.

set local lock_timeout = '2s';

alter table attributes
    add column if not exists filterable boolean not null default true,
    add column if not exists required boolean not null default false,
    add column if not exists variant_defining boolean not null default true,
    add column if not exists rules jsonb not null default '{}',
    add column if not exists version bigint not null default 1;
