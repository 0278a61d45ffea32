-- What is where. The counters of stock are explained by the movements and the open reservations.

create table if not exists locations (
    id       uuid primary key,
    code     text collate "C" not null,
    name     text not null,
    priority bigint not null,
    constraint locations_code_key unique (code)
);

-- Room is left on each page, so that the next version of a popular row lands beside it and no index is touched.
create table if not exists stock (
    variant_id   uuid not null,
    location_id  uuid not null,
    on_hand      bigint not null,
    reserved     bigint not null,
    safety_stock bigint not null,
    primary key (variant_id, location_id),
    constraint stock_variant_fkey foreign key (variant_id) references variants (id),
    constraint stock_location_fkey foreign key (location_id) references locations (id),
    constraint stock_counters_check check (on_hand >= 0 and reserved >= 0 and safety_stock >= 0)
) with (fillfactor = 70);

create table if not exists stock_movements (
    id          uuid primary key,
    variant_id  uuid not null,
    location_id uuid not null,
    delta       bigint not null,
    reason      text not null,
    actor       text not null,
    note        text not null,
    at          timestamptz not null,
    constraint stock_movements_reason_check check (reason in ('receipt', 'import', 'count', 'adjustment'))
);
