-- Quota::take and Quota::give_back of commerce-core, on the debt that is kept here; the conformance suite compares them.
-- All times are in microseconds: whole numbers that a double holds exactly for some centuries.
--
-- KEYS[1]  the caller: at which time, by this clock, its debt has run out
-- ARGV     interval; largest debt; the debt that the server knows of; 1 to take, -1 to give back
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local interval, most, step = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[4])
-- A key that is not here was never used, has no debt any more, or was lost: only in the last case the server knows better.
local free_at = tonumber(redis.call('GET', KEYS[1]) or nil)
local debt = free_at and free_at - now or tonumber(ARGV[3])
debt = math.min(math.max(debt, 0), most)
local after, allowed = debt + step * interval, 1
if after > most then
  after, allowed = debt, 0
end
if after <= 0 then
  redis.call('DEL', KEYS[1])
  return {allowed, 0}
end
redis.call('SET', KEYS[1], string.format('%.0f', now + after), 'PX', math.ceil(after / 1000))
return {allowed, after}
