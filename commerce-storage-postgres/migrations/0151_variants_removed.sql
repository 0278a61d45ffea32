-- A variant that its product no longer has. The row stays for its stock and for what tells of it by its id; its code is free
-- for another, so what stands in sku is the id.

set local lock_timeout = '2s';

alter table variants add column if not exists removed_at timestamptz;
alter table variants add column if not exists removed_sku text collate "C";
