-- Which account answers for a key: nothing keeps it from being deleted, and the key is then refused. Keys of before are
-- answered for by whoever made them.

ALTER TABLE api_keys ADD COLUMN account_id BLOB CHECK (length(account_id) = 16);

UPDATE api_keys
   SET account_id = unhex(substr(created_by, 7), '-')
 WHERE created_by LIKE 'staff:%' AND length(unhex(substr(created_by, 7), '-')) = 16;
