-- The file of an import, in pieces; they go when the import ends.
create table if not exists bulk_chunks (
    import_id uuid not null,
    number    bigint not null,
    bytes     bytea not null,
    primary key (import_id, number),
    constraint bulk_chunks_import_fkey foreign key (import_id) references bulk_imports (id) on delete cascade,
    constraint bulk_chunks_number_check check (number >= 0)
);
