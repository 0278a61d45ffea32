-- What is searched. The terms are made by the engine; here they are only kept, so that every store finds the same. A
-- document is written in the transaction that writes its product; prices and stock are not in it.

-- One row, once a shop sets its own. `indexed_as` is the version of the last change after which every document is to be
-- made anew.
create table if not exists search_settings (
    id         bigint primary key,
    version    bigint not null,
    indexed_as bigint not null,
    document   jsonb not null,
    constraint search_settings_id_check check (id = 1)
);

-- `version` and `indexed_as` say of which product and under which settings it was made: otherwise it is made anew. `keys`
-- are the values by which filters find it (code, unit separator, folded value), `facet_values` those that facets count.
create table if not exists search_documents (
    product_id   uuid primary key,
    version      bigint not null,
    indexed_as   bigint not null,
    terms        tsvector not null,
    typed        tsvector not null,
    keys         text[] not null,
    facet_values text[] not null,
    constraint search_documents_product_fkey foreign key (product_id) references products (id)
);

-- Words that a mistyped one may have been meant for. A word stays when its last product goes.
create table if not exists search_words (
    word text collate "C" primary key
);
