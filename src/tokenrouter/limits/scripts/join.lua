-- Makes a node known, or known again, and begins a new epoch when the counters are not those that were left.
--
-- KEYS: {tr}:meta. ARGV: (unused), generation, now, node, the server's run id, an epoch in case a new one begins,
-- length of a lease.
-- Answers {epoch, when it began, now, 1 if it began just now, nodes known in it or in the one before, open request
-- ids of this node}.

local node, run_id, epoch, lease_ms = ARGV[4], ARGV[5], ARGV[6], tonumber(ARGV[7])
local known = redis.call('HMGET', KEYS[1], 'epoch', 'run', 'began')
local is_new = not known[1] or known[2] ~= run_id
local nodes = {}
if known[1] then
  base = '{tr}:' .. known[1] .. ':'
  nodes = redis.call('ZRANGE', base .. 'leases', 0, -1)
end
local began = now
if is_new then
  for _, name in ipairs(nodes) do redis.call('DEL', base .. 'n:' .. name) end
  redis.call('HSET', KEYS[1], 'epoch', epoch, 'run', run_id, 'began', now)
  base = '{tr}:' .. epoch .. ':'
else
  epoch, began = known[1], tonumber(known[3])
end
local key = base .. 'n:' .. node
redis.call('HSET', key, 'g', generation)
redis.call('ZADD', base .. 'leases', now + lease_ms, node)
redis.call('SADD', base .. 'nodes', node)
local open = redis.call('HKEYS', key)
return {epoch, began, now, is_new and 1 or 0, nodes, open}
