-- The ways from what products share to those that have it, whether they are on sale or not.
create index if not exists products_brand on products (brand_id);
create index if not exists products_category on products (category_id);
create index if not exists product_attributes_attribute on product_attributes (attribute_id);
create index if not exists product_options_attribute on product_options (attribute_id);
create index if not exists product_tags_tag on product_tags (tag collate "C");
