-- Ends a node whose process is surely dead, lease or no lease, and says what is left of it.
--
-- KEYS: {tr}:meta. ARGV: (unused), (unused), now, node.
-- Answers {1 if the node was ever here in this epoch, ids of the requests that it did not settle}.

local node = ARGV[4]
local epoch = redis.call('HGET', KEYS[1], 'epoch')
if not epoch then return {0, {}} end
base = '{tr}:' .. epoch .. ':'
end_node(node)
return {redis.call('SISMEMBER', base .. 'nodes', node), redis.call('SMEMBERS', base .. 'left:' .. node)}
