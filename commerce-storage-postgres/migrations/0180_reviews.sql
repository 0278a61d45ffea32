-- What buyers say of products, and what others say of that. Votes and reports of somebody who left are nobody's.

create table if not exists reviews (
    id           uuid primary key,
    product_id   uuid not null,
    customer_id  uuid,
    order_id     uuid,
    rating       bigint not null,
    title        text not null,
    text         text not null,
    pros         jsonb not null,
    cons         jsonb not null,
    images       jsonb not null,
    status       text collate "C" not null,
    findings     jsonb not null,
    moderation   jsonb,
    reports      bigint not null,
    reports_seen bigint not null,
    helpful      bigint not null,
    unhelpful    bigint not null,
    created_at   timestamptz not null,
    updated_at   timestamptz not null,
    published_at timestamptz,
    deleted_at   timestamptz,
    version      bigint not null,
    constraint reviews_product_fkey foreign key (product_id) references products (id),
    constraint reviews_account_fkey foreign key (customer_id) references accounts (id),
    constraint reviews_rating_check check (rating between 1 and 5),
    constraint reviews_counts_check check
        (helpful >= 0 and unhelpful >= 0 and reports_seen >= 0 and reports >= reports_seen),
    constraint reviews_published_check check (status <> 'published' or published_at is not null),
    constraint reviews_version_check check (version >= 1)
);

create table if not exists review_votes (
    review_id   uuid not null,
    customer_id uuid,
    helpful     boolean not null,
    constraint review_votes_key unique (review_id, customer_id),
    constraint review_votes_review_fkey foreign key (review_id) references reviews (id),
    constraint review_votes_account_fkey foreign key (customer_id) references accounts (id)
);

create table if not exists review_reports (
    review_id   uuid not null,
    customer_id uuid,
    reason      text not null,
    text        text not null,
    at          timestamptz not null,
    constraint review_reports_key unique (review_id, customer_id),
    constraint review_reports_review_fkey foreign key (review_id) references reviews (id),
    constraint review_reports_account_fkey foreign key (customer_id) references accounts (id)
);
