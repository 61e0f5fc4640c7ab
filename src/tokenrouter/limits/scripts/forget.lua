-- Forgets limits that are in no catalogue any more, so that they are counted anew if they come back.
--
-- The other nodes have to join again, or one that has not heard of it would go on counting for the former ones.
-- KEYS: the node. ARGV: base, generation, now, node, a list of limit ids.
-- Answers the generations that are over.

if is_stale() then return STALE end
local over = {}
for _, id in ipairs(cmsgpack.unpack(ARGV[5])) do
  local number = redis.call('HGET', base .. 'limits', id)
  if number then
    over[#over + 1] = tonumber(number)
    redis.call('HDEL', base .. 'limits', id)
    redis.call('SREM', base .. 'ready', id)
    redis.call('HDEL', base .. 'adjusted', id)
  end
end
if #over > 0 then
  for _, name in ipairs(redis.call('ZRANGE', base .. 'leases', 0, -1)) do
    if name ~= ARGV[4] then redis.call('HDEL', base .. 'n:' .. name, 'g') end
  end
end
return over
