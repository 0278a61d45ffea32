-- How often a coupon was changed, so that nobody writes over what they have not seen.

ALTER TABLE coupons ADD COLUMN version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1);
