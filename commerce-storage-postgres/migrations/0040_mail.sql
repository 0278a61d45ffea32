-- Mails that are to be sent, or were. What a mail is about is a document, its link's token in it while it waits.

create table if not exists mails (
    id         uuid primary key,
    recipient  text not null,
    lang       text,
    content    jsonb not null,
    created_at timestamptz not null,
    state      text not null,
    tries      bigint not null,
    next_at    timestamptz not null,
    note       text,
    version    bigint not null,
    constraint mails_state_check check (state in ('waiting', 'sent', 'parked')),
    constraint mails_tries_check check (tries >= 0),
    constraint mails_version_check check (version >= 1)
);
