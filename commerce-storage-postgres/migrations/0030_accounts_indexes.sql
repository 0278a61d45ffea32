create unique index if not exists accounts_email_key on accounts (email_key);
create index if not exists accounts_role on accounts (role, id);
create unique index if not exists sessions_family_key on sessions (family_hash);
create index if not exists sessions_account on sessions (account_id);
create index if not exists links_account on links (account_id, purpose);
create index if not exists links_expires on links (expires_at);
create index if not exists addresses_account on addresses (account_id, id);
create unique index if not exists api_keys_hash_key on api_keys (hash);
