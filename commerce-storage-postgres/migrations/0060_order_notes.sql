-- Notes that staff keeps on orders, which are only ever added.

create table if not exists order_notes (
    id       uuid primary key,
    order_id uuid not null,
    actor    text not null,
    text     text not null,
    at       timestamptz not null,
    constraint order_notes_order_fkey foreign key (order_id) references orders (id),
    constraint order_notes_text_check check (text <> '')
);
