-- Nothing was changed yet.

insert into catalog_shared (id, changes, additions) values (1, 0, 0) on conflict do nothing;
