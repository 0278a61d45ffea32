-- What list prices were before: rows that are only ever added.
create table if not exists price_changes (
    id                   uuid primary key,
    product_id           uuid not null,
    variant_id           uuid not null,
    sku                  text collate "C" not null,
    currency             text not null,
    price_before         bigint not null,
    price_after          bigint not null,
    compare_at_before    bigint,
    compare_at_after     bigint,
    actor                text not null,
    at                   timestamptz not null
);
