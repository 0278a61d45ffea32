-- A customer has one review of a product that is not deleted.
create unique index if not exists reviews_of_customer_key on reviews (customer_id, product_id) where deleted_at is null;
create index if not exists reviews_customer on reviews (customer_id) where customer_id is not null;

-- One for each order in which a product's reviews are listed; and those that wait.
create index if not exists reviews_newest on reviews (product_id, published_at desc, id desc)
    where status = 'published' and deleted_at is null;
create index if not exists reviews_helpful on reviews (product_id, helpful desc, published_at desc, id desc)
    where status = 'published' and deleted_at is null;
create index if not exists reviews_rating on reviews (product_id, rating desc, published_at desc, id desc)
    where status = 'published' and deleted_at is null;
create index if not exists reviews_waiting on reviews (updated_at, id) where status = 'pending' and deleted_at is null;

create index if not exists review_votes_customer on review_votes (customer_id) where customer_id is not null;
create index if not exists review_reports_customer on review_reports (customer_id) where customer_id is not null;
