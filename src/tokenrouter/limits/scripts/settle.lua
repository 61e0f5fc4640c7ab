-- Turns what a request holds into what it used; once, whatever is asked how often.
--
-- KEYS: the node. ARGV: base, generation, now, request id, and what was used of each metric.
-- Answers 1, or 0 when the request was settled before.

local id, used = ARGV[4], cmsgpack.unpack(ARGV[5])
local known = redis.call('HMGET', KEYS[1], 'g', id)
if known[1] ~= generation then return STALE end
if known[2] then
  redis.call('HDEL', KEYS[1], id)
  settle_record(id, known[2], used)
  return 1
end
local lost = redis.call('GET', base .. 'lost:' .. id)
if lost then
  correct_lost(id, lost, used)
  return 1
end
return 0
