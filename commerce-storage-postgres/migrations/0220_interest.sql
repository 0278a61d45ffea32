-- What people with an account like: wishlists, and the products that they looked at. Both go with the account, and with
-- what they are about.

create table if not exists wishlist_items (
    id         uuid primary key,
    account_id uuid not null,
    variant_id uuid not null,
    added_at   timestamptz not null,
    constraint wishlist_items_account_fkey foreign key (account_id) references accounts (id) on delete cascade,
    constraint wishlist_items_variant_fkey foreign key (variant_id) references variants (id) on delete cascade,
    constraint wishlist_items_key unique (account_id, variant_id)
);

create table if not exists product_views (
    account_id uuid not null,
    product_id uuid not null,
    viewed_at  timestamptz not null,
    primary key (account_id, product_id),
    constraint product_views_account_fkey foreign key (account_id) references accounts (id) on delete cascade,
    constraint product_views_product_fkey foreign key (product_id) references products (id) on delete cascade
);
