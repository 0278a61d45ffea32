-- What happened, in the order of each subject.

create table if not exists outbox (
    id           uuid primary key,
    name         text not null,
    subject      text collate "C" not null,
    sequence     bigint not null,
    data         jsonb not null,
    at           timestamptz not null,
    delivered_at timestamptz,
    constraint outbox_subject_key unique (subject, sequence, name)
);
