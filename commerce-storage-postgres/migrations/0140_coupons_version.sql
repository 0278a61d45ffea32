-- How often a coupon was changed, so that nobody writes over what they have not seen.

set local lock_timeout = '2s';

alter table coupons add column if not exists version bigint not null default 1;
