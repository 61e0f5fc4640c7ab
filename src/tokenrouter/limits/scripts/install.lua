-- Adds the ledger's sums to counters and declares their limits ready; once for each limit.
--
-- KEYS: the node. ARGV: base, generation, now, limits (a flat list of limit id, generation), requests that were known
-- to be settled, sums (a flat list of counter key, used, used in the window before, first use, kind, and the three
-- figures of its window as in what is asked), number of the last adjustment that is in the sums.
-- Answers 1; 0 when a request was settled meanwhile that may be in the sums too, so they must be read again; 2 as
-- reserve.lua does.

if is_stale() then return STALE end
local limits, seen, sums = cmsgpack.unpack(ARGV[4]), {}, cmsgpack.unpack(ARGV[6])
for _, id in ipairs(cmsgpack.unpack(ARGV[5])) do seen[id] = true end

local prefixes = {}
for i = 1, #limits, 2 do
  if redis.call('SISMEMBER', base .. 'ready', limits[i]) == 0
    and tonumber(redis.call('HGET', base .. 'limits', limits[i]) or 0) == limits[i + 1] then
    prefixes[base .. 'c:' .. string.format('%.0f', limits[i + 1]) .. ':'] = limits[i]
  end
end
local function limit_of(key)
  return prefixes[string.match(key, '^(.-:c:%d+:)')]
end

local settled = redis.call('HGETALL', base .. 'settled')
for i = 1, #settled, 2 do
  if not seen[settled[i]] then
    local shares = cmsgpack.unpack(settled[i + 1])
    for s = 1, #shares, SHARE do
      if shares[s + 6] % 2 == HARD and limit_of(shares[s]) then return 0 end
    end
  end
end

local counters = {}
for i = 1, #sums, 8 do
  local it = nil
  if limit_of(sums[i]) then
    it = open_counter(sums[i], sums[i + 4], sums[i + 5], sums[i + 6], sums[i + 7])
    if not it then return 2 end
  end
  counters[#counters + 1] = it or false
end
for c, it in ipairs(counters) do
  if it then
    local i = (c - 1) * 8 + 1
    local used = sums[i + 1]
    if it.kind == SLIDING then
      change_part(it, it.l, used, 0, 0)
      expire_sliding(it)
    else
      local first = sums[i + 3]
      if it.kind == INTERVAL and it.is_new and not it.over and first > 0 and first <= now then
        it.w, it.e = window_of(INTERVAL, first, sums[i + 5], 0, 0)
        if it.w > first then it.p = 0 end
      end
      it.u, it.p, it.is_new = it.u + used, math.max(it.p, sums[i + 2]), true
      save_fixed(it)
    end
  end
end
for _, id in pairs(prefixes) do
  redis.call('SADD', base .. 'ready', id)
  redis.call('HSET', base .. 'adjusted', id, ARGV[7])
end
return 1
