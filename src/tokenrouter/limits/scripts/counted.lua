-- Says which requests counters have from their nodes, so that the ledger's sums need not contain them.
--
-- KEYS: the node. ARGV: base, generation, now.
-- Answers {open requests (id, record, ...), those settled since counters are being restored (id, record, ...)}.

if is_stale() then return STALE end
local open = {}
for _, name in ipairs(redis.call('ZRANGE', base .. 'leases', 0, -1)) do
  local all = redis.call('HGETALL', base .. 'n:' .. name)
  for i = 1, #all, 2 do
    if all[i] ~= 'g' then open[#open + 1], open[#open + 2] = all[i], all[i + 1] end
  end
end
return {open, redis.call('HGETALL', base .. 'settled')}
