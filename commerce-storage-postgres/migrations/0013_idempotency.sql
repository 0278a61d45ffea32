-- One effect for each (actor, route, key). What it did is named, never its answer.

create table if not exists idempotency (
    actor       text collate "C" not null,
    route       text collate "C" not null,
    key         text collate "C" not null,
    fingerprint bytea not null,
    outcome     text not null,
    outcome_id  uuid not null,
    at          timestamptz not null,
    primary key (actor, route, key),
    constraint idempotency_fingerprint_check check (octet_length(fingerprint) = 32),
    constraint idempotency_outcome_check check (
        outcome in ('order_placed', 'order_cancelled', 'cart_changed', 'audited'))
);
