-- What was bought: copies, so nothing here refers to the catalogue.

create table if not exists orders (
    id                 uuid primary key,
    number             text collate "C" not null,
    cart_id            uuid not null,
    status             text not null,
    payment_status     text not null,
    fulfillment_status text not null,
    customer_id        uuid,
    email              text not null,
    customer_key       bytea not null,
    currency           text not null,
    subtotal           bigint not null,
    discount           bigint not null,
    shipping           bigint not null,
    tax_added          bigint not null,
    tax_included       bigint not null,
    cash_rounding      bigint not null,
    total              bigint not null,
    shipping_address   jsonb,
    billing_address    jsonb,
    shipping_code      text,
    shipping_label     text,
    payment_method     text not null,
    taxes              jsonb not null,
    rounding           jsonb not null,
    rulebook_version   bigint not null,
    placed_at          timestamptz not null,
    version            bigint not null,
    constraint orders_number_key unique (number),
    constraint orders_cart_key unique (cart_id),
    constraint orders_status_check check (status in
        ('pending', 'processing', 'shipped', 'delivered', 'completed', 'cancelled', 'returned', 'refunded')),
    constraint orders_payment_status_check check (payment_status in
        ('due', 'pending', 'authorized', 'paid', 'partially_refunded', 'refunded', 'failed')),
    constraint orders_fulfillment_status_check check (fulfillment_status in
        ('unfulfilled', 'partial', 'fulfilled', 'delivered', 'returned')),
    constraint orders_currency_check check (char_length(currency) = 3),
    constraint orders_total_check check
        (total = subtotal - discount + shipping + tax_added + cash_rounding),
    constraint orders_amounts_check check
        (subtotal >= 0 and discount >= 0 and shipping >= 0 and tax_added >= 0 and tax_included >= 0 and total >= 0),
    constraint orders_shipping_check check ((shipping_code is null) = (shipping_label is null)),
    constraint orders_version_check check (version >= 1)
);

create table if not exists order_lines (
    order_id       uuid not null,
    position       bigint not null,
    id             uuid not null,
    variant_id     uuid not null,
    product_id     uuid not null,
    sku            text not null,
    slug           text not null,
    name           text not null,
    options        jsonb not null,
    image          text,
    customizations jsonb not null,
    unit_price     bigint not null,
    quantity       bigint not null,
    line_total     bigint not null,
    discount       bigint not null,
    tax_added      bigint not null,
    tax_included   bigint not null,
    paid           bigint not null,
    tax_class      text not null,
    digital        boolean not null,
    stock_limited  boolean not null,
    primary key (order_id, position),
    constraint order_lines_id_key unique (id),
    constraint order_lines_order_fkey foreign key (order_id) references orders (id),
    constraint order_lines_quantity_check check (quantity > 0),
    constraint order_lines_paid_check check (paid = line_total - discount + tax_added),
    constraint order_lines_amounts_check check
        (unit_price >= 0 and line_total >= 0 and discount between 0 and line_total and tax_added >= 0 and tax_included >= 0)
);

create table if not exists order_adjustments (
    order_id uuid not null,
    position bigint not null,
    kind     text not null,
    label    text not null,
    source   text not null,
    amount   bigint not null,
    line_id  uuid,
    primary key (order_id, position),
    constraint order_adjustments_order_fkey foreign key (order_id) references orders (id),
    constraint order_adjustments_kind_check check (kind in
        ('promotion', 'shipping', 'tax_added', 'tax_included', 'cash_rounding'))
);

create table if not exists order_history (
    order_id   uuid not null,
    position   bigint not null,
    machine    text not null,
    from_state text,
    to_state   text not null,
    actor      text not null,
    note       text not null,
    at         timestamptz not null,
    primary key (order_id, position),
    constraint order_history_order_fkey foreign key (order_id) references orders (id),
    constraint order_history_machine_check check (machine in ('order', 'payment', 'fulfillment'))
);
