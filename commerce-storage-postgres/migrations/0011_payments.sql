create table if not exists payments (
    id         uuid primary key,
    order_id   uuid not null,
    reference  text collate "C" not null,
    method     text not null,
    amount     bigint not null,
    currency   text not null,
    state      text not null,
    created_at timestamptz not null,
    version    bigint not null,
    constraint payments_reference_key unique (reference),
    constraint payments_order_fkey foreign key (order_id) references orders (id),
    constraint payments_state_check check (state in
        ('due', 'pending', 'authorized', 'paid', 'partially_refunded', 'refunded', 'failed')),
    constraint payments_amount_check check (amount >= 0),
    constraint payments_version_check check (version >= 1)
);
