-- When a product comes on sale, and when it goes.

set local lock_timeout = '2s';

alter table products add column if not exists publish_at timestamptz;
alter table products add column if not exists unpublish_at timestamptz;
