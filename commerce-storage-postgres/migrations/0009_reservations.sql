-- Units promised to an order's line: held until expires_at, committed without one.

create table if not exists reservations (
    id          uuid primary key,
    order_id    uuid not null,
    line_id     uuid not null,
    variant_id  uuid not null,
    location_id uuid not null,
    quantity    bigint not null,
    expires_at  timestamptz,
    backorder   boolean not null,
    state       text not null,
    ended_at    timestamptz,
    constraint reservations_order_fkey foreign key (order_id) references orders (id),
    constraint reservations_quantity_check check (quantity > 0),
    constraint reservations_state_check check (state in ('open', 'released', 'fulfilled')),
    constraint reservations_ended_check check ((state = 'open') = (ended_at is null))
);
