create index if not exists mails_waiting on mails (next_at) where state = 'waiting';
create index if not exists mails_parked on mails (id) where state = 'parked';
