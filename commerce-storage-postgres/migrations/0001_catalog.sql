-- What is sold. Text that is compared or sorted is bytewise (collate "C"), so that every store answers alike.

create table if not exists brands (
    id          uuid primary key,
    slug        text collate "C" not null,
    name        text not null,
    name_folded text collate "C" not null,
    deleted_at  timestamptz,
    constraint brands_slug_key unique (slug),
    constraint brands_name_key unique (name_folded)
);

create table if not exists categories (
    id          uuid primary key,
    parent_id   uuid,
    slug        text collate "C" not null,
    name        text not null,
    name_folded text collate "C" not null,
    path        text collate "C" not null,
    deleted_at  timestamptz,
    constraint categories_slug_key unique (slug),
    constraint categories_path_key unique (path),
    constraint categories_parent_fkey foreign key (parent_id) references categories (id)
);

create table if not exists attributes (
    id   uuid primary key,
    code text collate "C" not null,
    name text not null,
    kind text not null,
    constraint attributes_code_key unique (code),
    constraint attributes_kind_check check (kind in ('text', 'number', 'boolean', 'select', 'colour'))
);

-- The listed_ columns, price_max and image_url are derived from the variants and images, and written with them, so that
-- a listing reads one table. So are the facts: what a look at a cart says of the product by the names of what it shares
-- with others. Whoever renames a brand, a category or an attribute writes the facts of its products again.
create table if not exists products (
    id                   uuid primary key,
    slug                 text collate "C" not null,
    name                 text not null,
    sort_name            text collate "C" not null,
    description_html     text not null,
    status               text not null,
    featured             boolean not null,
    brand_id             uuid,
    category_id          uuid,
    seller_id            uuid,
    listed_variant_price bigint,
    listed_compare_at    bigint,
    listed_currency      text,
    price_max            bigint,
    image_url            text,
    facts                jsonb not null,
    created_at           timestamptz not null,
    updated_at           timestamptz not null,
    deleted_at           timestamptz,
    version              bigint not null,
    constraint products_slug_key unique (slug),
    constraint products_brand_fkey foreign key (brand_id) references brands (id),
    constraint products_category_fkey foreign key (category_id) references categories (id),
    constraint products_status_check check (status in ('draft', 'published', 'archived')),
    constraint products_listed_check check ((listed_variant_price is null) = (listed_currency is null)),
    constraint products_version_check check (version >= 1)
);

create table if not exists product_tags (
    product_id uuid not null,
    position   bigint not null,
    tag        text not null,
    primary key (product_id, position),
    constraint product_tags_product_fkey foreign key (product_id) references products (id)
);

create table if not exists product_images (
    id         uuid primary key,
    product_id uuid not null,
    position   bigint not null,
    url        text not null,
    alt        text not null,
    constraint product_images_product_fkey foreign key (product_id) references products (id)
);

create table if not exists product_options (
    product_id   uuid not null,
    position     bigint not null,
    name         text not null,
    attribute_id uuid,
    primary key (product_id, position),
    constraint product_options_product_fkey foreign key (product_id) references products (id),
    constraint product_options_attribute_fkey foreign key (attribute_id) references attributes (id)
);

create table if not exists product_option_values (
    product_id      uuid not null,
    option_position bigint not null,
    position        bigint not null,
    value           text not null,
    primary key (product_id, option_position, position),
    constraint product_option_values_product_fkey foreign key (product_id) references products (id)
);

create table if not exists product_attributes (
    product_id   uuid not null,
    position     bigint not null,
    attribute_id uuid not null,
    value        text not null,
    primary key (product_id, position),
    constraint product_attributes_product_fkey foreign key (product_id) references products (id),
    constraint product_attributes_attribute_fkey foreign key (attribute_id) references attributes (id)
);

create table if not exists variants (
    id               uuid primary key,
    product_id       uuid not null,
    position         bigint not null,
    sku              text collate "C" not null,
    price            bigint not null,
    compare_at_price bigint,
    cost             bigint,
    currency         text not null,
    weight_grams     numeric,
    weight_unit      text,
    dimensions       jsonb,
    barcode          text,
    image_url        text,
    tax_class        text not null,
    digital          boolean not null,
    tracked          boolean not null,
    backorder        boolean not null,
    constraint variants_sku_key unique (sku),
    constraint variants_product_fkey foreign key (product_id) references products (id),
    constraint variants_price_check check (price >= 0 and compare_at_price >= 0 and cost >= 0),
    constraint variants_currency_check check (char_length(currency) = 3),
    constraint variants_weight_check check (weight_grams >= 0 and (weight_grams is null) = (weight_unit is null))
);

create table if not exists variant_option_values (
    variant_id uuid not null,
    position   bigint not null,
    value      text not null,
    primary key (variant_id, position),
    constraint variant_option_values_variant_fkey foreign key (variant_id) references variants (id)
);
