create index if not exists products_listed_rating on products (rating_average desc, rating_count desc, id desc)
    where status = 'published' and deleted_at is null and listed_variant_price is not null;
