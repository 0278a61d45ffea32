-- The order of a listing by units sold.

create index if not exists products_listed_sold on products (sold desc, id desc)
    where status = 'published' and deleted_at is null and listed_variant_price is not null;
