-- What a category says of itself, and its place among its siblings.

set local lock_timeout = '2s';

alter table categories
    add column if not exists description text not null default '',
    add column if not exists position bigint not null default 0,
    add column if not exists version bigint not null default 1;
