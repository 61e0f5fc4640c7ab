-- Ends a node's lease of its own will; what it still holds is settled at that.
--
-- KEYS: the node. ARGV: base, generation, now, node.

if is_stale() then return 0 end
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local id = all[i]
  if id ~= 'g' then settle_record(id, all[i + 1]) end
end
redis.call('DEL', KEYS[1])
redis.call('ZREM', base .. 'leases', ARGV[4])
redis.call('HDEL', base .. 'told', ARGV[4])
return 1
