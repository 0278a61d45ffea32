-- Goods move for more reasons than the list of before names.

set local lock_timeout = '2s';

alter table stock_movements drop constraint if exists stock_movements_reason_check;
