-- Says under which generation limits are counted and whether their counters are ready; begins one for new limits.
--
-- KEYS: the node. ARGV: base, generation, now, a list of limit ids.
-- Answers a flat list of generation and 1 or 0 for each.

if is_stale() then return STALE end
local answer, waits = {}, false
for _, id in ipairs(cmsgpack.unpack(ARGV[4])) do
  local number = redis.call('HGET', base .. 'limits', id)
  if not number then
    number = redis.call('INCR', base .. 'generations')
    redis.call('HSET', base .. 'limits', id, number)
  end
  local is_ready = redis.call('SISMEMBER', base .. 'ready', id)
  if is_ready == 0 then waits = true end
  answer[#answer + 1], answer[#answer + 2] = tonumber(number), is_ready
end
if waits then redis.call('SET', base .. 'restoring', 1, 'PX', SETTLED_MS) end
return answer
