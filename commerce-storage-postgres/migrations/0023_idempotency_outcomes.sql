-- More can be recorded than the list of before names.

set local lock_timeout = '2s';

alter table idempotency drop constraint if exists idempotency_outcome_check;
