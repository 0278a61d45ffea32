-- Which account answers for a key: nothing keeps it from being deleted, and the key is then refused.

set local lock_timeout = '2s';

alter table api_keys add column if not exists account_id uuid;
