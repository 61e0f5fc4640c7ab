-- Renews a node's lease, and settles at what they held the requests of nodes whose lease has ended.
--
-- KEYS: the node. ARGV: base, generation, now, node, length of a lease, which limits it has told of (a fingerprint,
-- or "").
-- Answers {now, live nodes, what each has told (node, fingerprint, ...), number of nodes that were found dead}.

if is_stale() then return STALE end
local node = ARGV[4]
redis.call('ZADD', base .. 'leases', now + tonumber(ARGV[5]), node)
if ARGV[6] ~= '' then redis.call('HSET', base .. 'told', node, ARGV[6]) end

local dead = redis.call('ZRANGEBYSCORE', base .. 'leases', '-inf', now)
for _, name in ipairs(dead) do end_node(name) end
return {now, redis.call('ZRANGE', base .. 'leases', 0, -1), redis.call('HGETALL', base .. 'told'), #dead}
