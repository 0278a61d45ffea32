-- The customer key is the hash by which the engine tells guests apart; it is made of the e-mail address.

create table if not exists carts (
    id               uuid primary key,
    token_hash       bytea not null,
    currency         text,
    channel          text,
    coupons          jsonb not null,
    email            text,
    customer_key     bytea,
    shipping_address jsonb,
    billing_address  jsonb,
    shipping_method  text,
    payment_method   text,
    order_id         uuid,
    created_at       timestamptz not null,
    updated_at       timestamptz not null,
    expires_at       timestamptz not null,
    version          bigint not null,
    constraint carts_customer_check check ((customer_key is null) = (email is null)),
    constraint carts_token_check check (octet_length(token_hash) = 32),
    constraint carts_version_check check (version >= 1)
);

create table if not exists cart_lines (
    id             uuid primary key,
    cart_id        uuid not null,
    position       bigint not null,
    variant_id     uuid not null,
    quantity       bigint not null,
    customizations jsonb not null,
    constraint cart_lines_cart_fkey foreign key (cart_id) references carts (id),
    constraint cart_lines_quantity_check check (quantity > 0)
);
