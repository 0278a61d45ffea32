-- Keys of before are answered for by whoever made them.

update api_keys
   set account_id = substr(created_by, 7)::uuid
 where account_id is null and created_by ~ '^staff:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$';
