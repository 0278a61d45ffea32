-- Accounts, their sessions, the links that are mailed to them, their addresses; and keys of programs.
-- Of secrets there are only hashes. The column search has e-mail address and names in the form in which they are looked for.

create table if not exists accounts (
    id                uuid primary key,
    email             text collate "C" not null,
    email_key         text collate "C" not null,
    email_verified_at timestamptz,
    password_hash     text,
    first_name        text not null,
    last_name         text not null,
    phone             text,
    locale            text,
    role              text collate "C" not null,
    seller_id         uuid,
    customer_group    text,
    is_active         boolean not null,
    email_change      jsonb,
    last_login_at     timestamptz,
    created_at        timestamptz not null,
    updated_at        timestamptz not null,
    search            text collate "C" not null,
    version           bigint not null,
    constraint accounts_version_check check (version >= 1)
);

create table if not exists sessions (
    id           uuid primary key,
    account_id   uuid not null,
    family_hash  bytea not null,
    refresh_hash bytea not null,
    device       text,
    created_at   timestamptz not null,
    last_used_at timestamptz not null,
    idle_until   timestamptz not null,
    ends_at      timestamptz not null,
    ended_at     timestamptz,
    end_reason   text,
    constraint sessions_account_fkey foreign key (account_id) references accounts (id) on delete cascade,
    constraint sessions_hash_check check (octet_length(family_hash) = 32 and octet_length(refresh_hash) = 32),
    constraint sessions_ended_check check ((ended_at is null) = (end_reason is null))
);

create table if not exists links (
    hash       bytea primary key,
    account_id uuid,
    purpose    text collate "C" not null,
    carries    jsonb not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    constraint links_account_fkey foreign key (account_id) references accounts (id) on delete cascade,
    constraint links_hash_check check (octet_length(hash) = 32)
);

create table if not exists addresses (
    id         uuid primary key,
    account_id uuid not null,
    kind       text not null,
    is_default boolean not null,
    address    jsonb not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint addresses_account_fkey foreign key (account_id) references accounts (id) on delete cascade,
    constraint addresses_kind_check check (kind in ('home', 'work', 'billing', 'shipping'))
);

create table if not exists api_keys (
    id           uuid primary key,
    hash         bytea not null,
    beginning    text not null,
    name         text not null,
    permissions  jsonb not null,
    created_by   text not null,
    created_at   timestamptz not null,
    expires_at   timestamptz,
    last_used_at timestamptz,
    revoked_at   timestamptz,
    constraint api_keys_hash_check check (octet_length(hash) = 32)
);
