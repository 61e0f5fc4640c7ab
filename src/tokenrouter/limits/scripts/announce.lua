-- Registers a request that began before its counters were here, or before its node was known again.
--
-- It holds what it holds, whatever the limits say: that was granted. One that has ended meanwhile is settled at once.
-- KEYS: the node, then the counters. ARGV: base, generation, now, request id, what is held (as asked of reserve.lua),
-- tallies (-1: that of now), and what was used of each metric, or "" while it runs.
-- Answers 1, or 2 as reserve.lua does.

if is_stale() then return STALE end
local id, asked, tallies = ARGV[4], cmsgpack.unpack(ARGV[5]), cmsgpack.unpack(ARGV[6])

local function hold_in(it, tally, amount)
  if tally < 0 or it.kind == LIFETIME or it.kind == PLACES then return hold(it, amount) end
  if it.kind == SLIDING then
    local part = math.floor(now * PARTS / it.length)
    if tally > part then tally = part end
    if tally >= part - PARTS then it.f = math.min(it.f, tally) end
    change_part(it, tally, 0, amount, 1)
    expire_sliding(it)
    return tally
  end
  if it.kind == INTERVAL then
    local length = it.e - it.w
    if tally + length > now then
      if it.is_new and not it.over then it.w, it.e = tally, tally + length end
      tally = it.w
    end
  end
  if tally >= it.w then return hold(it, amount) end
  save_fixed(it)
  local u, h, n, p = load_tally(redis.call('HGET', it.key, field_of(tally)))
  redis.call('HSET', it.key, field_of(tally), cmsgpack.pack(u, h + amount, n + 1, p))
  return tally
end

local counters = {}
for i = 1, #KEYS - 1 do
  local at = (i - 1) * ASKED
  counters[i] = open_counter(KEYS[i + 1], asked[at + 1], asked[at + 7], asked[at + 8], asked[at + 9])
  if not counters[i] then return 2 end
end

local record = redis.call('HGET', KEYS[1], id)
local lost = redis.call('GET', base .. 'lost:' .. id)
local shares = {}
if record then
  shares = cmsgpack.unpack(record)
elseif lost then
  shares = cmsgpack.unpack(lost)
  redis.call('DEL', base .. 'lost:' .. id)
end
local has = {}
for i = 1, #shares, SHARE do has[shares[i]] = i end
local all = {}
for i, it in ipairs(counters) do
  local at, r = (i - 1) * ASKED, #all
  local amount, old = asked[at + 3], has[it.key]
  local tally
  if old and record then
    tally = shares[old + 3]
    change_tally(it.key, it.kind, tally, 0, amount - shares[old + 4], 0)
  else
    if old then change_tally(it.key, it.kind, shares[old + 3], -shares[old + 4], 0, 0) end
    tally = hold_in(open_counter(it.key, it.kind, asked[at + 7], asked[at + 8], asked[at + 9]), tallies[i], amount)
  end
  all[r + 1], all[r + 2], all[r + 3], all[r + 4] = it.key, it.kind, it.length or 0, tally
  all[r + 5], all[r + 6], all[r + 7] = amount, asked[at + 2], ANNOUNCED + (asked[at + 4] >= 0 and HARD or 0)
  has[it.key] = nil
end
for key, i in pairs(has) do
  if record then change_tally(key, shares[i + 1], shares[i + 3], 0, -shares[i + 4], -1) end
end
record = cmsgpack.pack(all)
if ARGV[7] == '' then
  redis.call('HSET', KEYS[1], id, record)
else
  redis.call('HDEL', KEYS[1], id)
  settle_record(id, record, cmsgpack.unpack(ARGV[7]))
end
return 1
