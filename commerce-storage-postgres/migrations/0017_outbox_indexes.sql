create index if not exists outbox_undelivered on outbox (at) where delivered_at is null;
