-- Below how many units more are to be ordered.

set local lock_timeout = '2s';

alter table stock add column if not exists reorder_level bigint;
