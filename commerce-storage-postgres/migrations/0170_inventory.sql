-- Where locations are and whether goods lie there; when to order more; which change of staff's a movement is part of.

set local lock_timeout = '2s';

alter table locations
    add column if not exists address text not null default '',
    add column if not exists country text,
    add column if not exists active boolean not null default true,
    add column if not exists version bigint not null default 1;
alter table stock add column if not exists reorder_level bigint;
alter table stock_movements
    add column if not exists reference text not null default '',
    add column if not exists audit_id uuid;
