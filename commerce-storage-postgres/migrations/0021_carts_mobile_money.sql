set local lock_timeout = '2s';

alter table carts add column if not exists mobile_money jsonb;
