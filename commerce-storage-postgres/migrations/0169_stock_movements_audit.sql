-- By which paper goods came, and which change of staff's a movement is part of.

set local lock_timeout = '2s';

alter table stock_movements
    add column if not exists reference text not null default '',
    add column if not exists audit_id uuid;
