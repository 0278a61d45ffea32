-- Files that are taken in by a job: what is to be done and how far it is.
create table if not exists bulk_imports (
    id           uuid primary key,
    caller       jsonb not null,
    seller_id    uuid,
    terms        jsonb not null,
    state        text not null,
    bytes        bigint not null,
    progress     jsonb not null,
    failure      text,
    tries        bigint not null,
    leased_until timestamptz,
    created_at   timestamptz not null,
    ended_at     timestamptz,
    version      bigint not null,
    constraint bulk_imports_bytes_check check (bytes >= 0),
    constraint bulk_imports_tries_check check (tries >= 0),
    constraint bulk_imports_version_check check (version >= 1)
);
