-- Names in addresses that something had before. What has a name now goes before what had it, so that a row here need not go
-- when its name is taken up again.
create table if not exists slug_redirects (
    kind text collate "C" not null,
    slug text collate "C" not null,
    id   uuid not null,
    constraint slug_redirects_pkey primary key (kind, slug)
);
