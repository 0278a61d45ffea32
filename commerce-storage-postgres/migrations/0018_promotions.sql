-- Coupons, and how often they and the promotions of the rulebook are used. The counters are explained by the redemptions:
-- the uses of orders that were not given back. Customers are told apart by the key of carts and orders.

-- Room is left on the pages of what many orders count at once, as with stock.
create table if not exists coupons (
    code              text collate "C" primary key,
    promotion         text collate "C" not null,
    valid_from        timestamptz,
    valid_until       timestamptz,
    uses_max          bigint,
    customer_uses_max bigint,
    ended_at          timestamptz,
    created_at        timestamptz not null,
    issued_by         uuid, -- the audit row that tells of their making
    uses              bigint not null,
    constraint coupons_uses_check check (uses >= 0)
) with (fillfactor = 70);

create table if not exists coupon_customers (
    code         text collate "C" not null,
    customer_key bytea not null,
    uses         bigint not null,
    primary key (code, customer_key),
    constraint coupon_customers_uses_check check (uses >= 0)
);

create table if not exists promotion_usage (
    promotion text collate "C" primary key,
    uses      bigint not null,
    spent     bigint not null,
    constraint promotion_usage_uses_check check (uses >= 0 and spent >= 0)
) with (fillfactor = 70);

create table if not exists promotion_customers (
    promotion    text collate "C" not null,
    customer_key bytea not null,
    uses         bigint not null,
    primary key (promotion, customer_key),
    constraint promotion_customers_uses_check check (uses >= 0)
);

create table if not exists redemptions (
    order_id     uuid not null,
    promotion    text collate "C" not null,
    coupon       text collate "C",
    customer_key bytea not null,
    amount       bigint not null,
    currency     text not null,
    at           timestamptz not null,
    released_at  timestamptz,
    primary key (order_id, promotion),
    constraint redemptions_order_fkey foreign key (order_id) references orders (id),
    constraint redemptions_amount_check check (amount >= 0)
);
