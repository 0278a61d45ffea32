-- Siblings have different names; those without a parent are siblings too.
create unique index if not exists categories_sibling_key
    on categories (coalesce(parent_id, '00000000-0000-0000-0000-000000000000'::uuid), name_folded);
create index if not exists product_images_product on product_images (product_id);
create index if not exists variants_product on variants (product_id);

-- One for each order of a listing, over what is on sale; and two for the ways into it.
create index if not exists products_listed_newest on products (created_at desc, id desc)
    where status = 'published' and deleted_at is null and listed_variant_price is not null;
create index if not exists products_listed_price_up on products (listed_variant_price, id desc)
    where status = 'published' and deleted_at is null and listed_variant_price is not null;
create index if not exists products_listed_price_down on products (listed_variant_price desc, id desc)
    where status = 'published' and deleted_at is null and listed_variant_price is not null;
create index if not exists products_listed_name on products (sort_name, id desc)
    where status = 'published' and deleted_at is null and listed_variant_price is not null;
create index if not exists products_listed_category on products (category_id)
    where status = 'published' and deleted_at is null and listed_variant_price is not null;
create index if not exists products_listed_brand on products (brand_id)
    where status = 'published' and deleted_at is null and listed_variant_price is not null;
