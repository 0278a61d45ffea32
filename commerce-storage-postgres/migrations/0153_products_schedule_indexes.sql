create index if not exists products_publish_at on products (publish_at) where publish_at is not null;
create index if not exists products_unpublish_at on products (unpublish_at) where unpublish_at is not null;
