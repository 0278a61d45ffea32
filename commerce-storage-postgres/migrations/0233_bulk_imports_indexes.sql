-- Imports that have not ended, and those of a merchant.
create index if not exists bulk_imports_open on bulk_imports (id) where ended_at is null;
create index if not exists bulk_imports_seller on bulk_imports (seller_id, id) where seller_id is not null;
