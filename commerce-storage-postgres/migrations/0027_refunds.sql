-- What goes back, what counts towards no order, the journal, what gateways told us, and jobs. Words that will be added to
-- are no lists here.

set local lock_timeout = '2s';

create table if not exists unmatched_payments (
    id         uuid primary key,
    reference  text collate "C" not null,
    charge     text,
    payment_id uuid,
    order_id   uuid,
    amount     bigint not null,
    currency   text not null,
    mode       text,
    reason     text not null,
    seen_at    timestamptz not null,
    state      text not null,
    note       text,
    version    bigint not null,
    constraint unmatched_payments_reference_key unique (reference),
    constraint unmatched_payments_payment_fkey foreign key (payment_id) references payments (id),
    constraint unmatched_payments_order_fkey foreign key (order_id) references orders (id),
    constraint unmatched_payments_amount_check check (amount > 0),
    constraint unmatched_payments_state_check check (state in ('open', 'refunding', 'refunded', 'resolved')),
    constraint unmatched_payments_version_check check (version >= 1)
);

-- Taken from an attempt, or from money that counts towards no order.
create table if not exists refunds (
    id           uuid primary key,
    request_id   uuid not null,
    order_id     uuid,
    payment_id   uuid,
    unmatched_id uuid,
    reference    text collate "C" not null,
    amount       bigint not null,
    shipping     bigint not null,
    currency     text not null,
    reason       text not null,
    restock      boolean not null,
    actor        text not null,
    created_at   timestamptz not null,
    state        text not null,
    gateway_id   text,
    asked_at     timestamptz,
    check_at     timestamptz,
    checks       bigint not null,
    note         text,
    processed_at timestamptz,
    version      bigint not null,
    constraint refunds_order_fkey foreign key (order_id) references orders (id),
    constraint refunds_payment_fkey foreign key (payment_id) references payments (id),
    constraint refunds_unmatched_fkey foreign key (unmatched_id) references unmatched_payments (id),
    constraint refunds_source_check check ((payment_id is null) <> (unmatched_id is null)),
    constraint refunds_amount_check check (amount > 0 and shipping between 0 and amount),
    constraint refunds_state_check check (state in
        ('pending', 'processing', 'processed', 'failed', 'needs_attention')),
    constraint refunds_version_check check (version >= 1)
);

create table if not exists refund_lines (
    refund_id uuid not null,
    position  bigint not null,
    line_id   uuid not null,
    quantity  bigint not null,
    primary key (refund_id, position),
    constraint refund_lines_refund_fkey foreign key (refund_id) references refunds (id),
    constraint refund_lines_quantity_check check (quantity > 0)
);

-- The journal is only ever added to.
create table if not exists journal_entries (
    id        uuid primary key,
    at        timestamptz not null,
    kind      text not null,
    order_id  uuid,
    reference text collate "C" not null,
    constraint journal_entries_order_fkey foreign key (order_id) references orders (id)
);

create table if not exists journal_legs (
    entry_id uuid not null,
    position bigint not null,
    account  text not null,
    amount   bigint not null,
    currency text not null,
    primary key (entry_id, position),
    constraint journal_legs_entry_fkey foreign key (entry_id) references journal_entries (id),
    constraint journal_legs_amount_check check (amount <> 0)
);

-- Word by word, and once.
create table if not exists payment_messages (
    id          uuid primary key,
    gateway     text not null,
    digest      bytea not null,
    body        bytea not null,
    received_at timestamptz not null,
    state       text not null,
    tries       bigint not null,
    next_at     timestamptz not null,
    note        text,
    version     bigint not null,
    constraint payment_messages_digest_key unique (digest),
    constraint payment_messages_digest_check check (octet_length(digest) = 32),
    constraint payment_messages_state_check check (state in ('waiting', 'done', 'parked')),
    constraint payment_messages_version_check check (version >= 1)
);

create table if not exists jobs (
    name         text collate "C" primary key,
    leased_until timestamptz,
    done_until   timestamptz,
    report       jsonb not null,
    version      bigint not null,
    constraint jobs_version_check check (version >= 1)
);
