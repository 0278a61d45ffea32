-- One row: how often what products share was changed, and added to. Whoever writes products holds it shared, whoever
-- changes what they are named by holds it alone.

create table if not exists catalog_shared (
    id        bigint primary key,
    changes   bigint not null,
    additions bigint not null,
    constraint catalog_shared_id_check check (id = 1)
);
