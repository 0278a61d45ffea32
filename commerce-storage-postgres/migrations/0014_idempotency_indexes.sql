create index if not exists idempotency_at on idempotency (at);
