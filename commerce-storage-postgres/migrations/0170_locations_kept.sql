-- Where locations are, and whether goods lie there.

set local lock_timeout = '2s';

alter table locations
    add column if not exists address text not null default '',
    add column if not exists country text,
    add column if not exists active boolean not null default true,
    add column if not exists version bigint not null default 1;
