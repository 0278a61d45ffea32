-- A picture in every size that there is of it: width, height and address of each. None for a picture that lies elsewhere.

set local lock_timeout = '2s';

alter table product_images add column if not exists copies jsonb not null default '[]';
