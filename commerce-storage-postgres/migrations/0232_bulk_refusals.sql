-- What was refused of an import, with the rows to mend and send again.
create table if not exists bulk_refusals (
    import_id   uuid not null,
    number      bigint not null,
    line        bigint not null,
    handle      text not null,
    column_name text not null,
    code        text not null,
    reason      text not null,
    source_rows text not null,
    primary key (import_id, number),
    constraint bulk_refusals_import_fkey foreign key (import_id) references bulk_imports (id) on delete cascade,
    constraint bulk_refusals_number_check check (number >= 1),
    constraint bulk_refusals_line_check check (line >= 0)
);
