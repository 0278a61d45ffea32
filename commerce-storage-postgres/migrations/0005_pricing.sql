-- Every version of the rules, and which one is in force: that row is the guard of a change. No row: no rules yet.

create table if not exists rulebooks (
    version    bigint primary key,
    document   jsonb not null,
    applied_at timestamptz not null,
    constraint rulebooks_version_check check (version >= 1)
);

create table if not exists rulebook_current (
    pk      bigint primary key,
    version bigint not null,
    constraint rulebook_current_one_row check (pk = 1),
    constraint rulebook_current_version_fkey foreign key (version) references rulebooks (version)
);
