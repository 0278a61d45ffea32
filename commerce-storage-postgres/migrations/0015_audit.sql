create table if not exists audit (
    id     uuid primary key,
    at     timestamptz not null,
    actor  text not null,
    action text not null,
    target text not null,
    data   jsonb not null
);
