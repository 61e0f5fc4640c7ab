-- What every script begins with: counters, their tallies, and the requests that hold a share of them.
--
-- All keys begin with `base`, "{tr}:<epoch>:", so they lie in one hash slot and those of a former epoch are never
-- taken for those of this one.
--
--   n:<node>     hash: `g`, the generation of the node's connection; every open request id -> its record
--   leases       sorted set: node -> when its lease ends, in milliseconds
--   c:<...>      hash: one counter. `x`: the running window, packed. Of fixed windows begin, end (0: never), used, held,
--                open requests, used and held in the window before, and that window's tally; of sliding ones used
--                and held in all parts that count, the first and the last of them.
--                `t<tally>`: used, held, open requests and used before, of another window or of a part
--   lost:<id>    what a request was charged of which somebody may tell again: its node died, or it was announced
--   nodes        set: every node that has ever been in this epoch
--   left:<node>  set: ids of the requests that a node held when its lease ended
--   paid:<id>    which reservation paid the debt `id`; those of a debt are named `id/…`, and one of them pays
--   settled      hash: request id -> record of those that ended while counters were being restored
--   restoring    exists while counters are being restored
--   adjusted     hash: limit id -> number of the last adjustment that its counters contain
--
-- A record is a flat list of shares: key, kind, length, tally, held, metric, flags (1: hard, 2:
-- announced by its node, maybe of a former epoch). What is asked of a counter is a
-- flat list too: kind, metric, asked, base (what it allows before carry-over; -1 for soft), amount, carry, and for
-- calendar windows begin, end and the end after that, else length, 0, 0. Times are in milliseconds. Lua counts in
-- doubles: exactly up to 2^53, in nano-dollars nine millions of dollars, and beyond it to one part in 10^15.

local LIFETIME, CALENDAR, INTERVAL, SLIDING, PLACES = 0, 1, 2, 3, 4
local SHARE, ASKED = 7, 9
local HARD, ANNOUNCED = 1, 2
local PARTS = 60
local GRACE_MS = 3600000         -- how long a counter outlives its window: requests that run on are settled in it
local LOST_MS = 30 * 86400000    -- how long a dead node's journal may take to come back
local SETTLED_MS = 120000        -- how long a restore may take that leaves nobody counted twice
local ANCHOR_MS = 30 * 86400000  -- how long it is remembered where windows of an unused counter begin
local ALL = 9007199254740992     -- more than any window leaves unused

local base, generation = ARGV[1], ARGV[2]
local now = tonumber(ARGV[3])
if not now then
  local time = redis.call('TIME')
  now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

local function is_stale()
  return redis.call('HGET', KEYS[1], 'g') ~= generation
end

local STALE = {err = 'TRNODE the node must join again'}

local function field_of(tally)
  return string.format('t%.0f', tally)
end

local function load_tally(packed)
  if not packed then return 0, 0, 0, 0 end
  return cmsgpack.unpack(packed)
end

-- Begin and end of the window that holds `now`; nil when the caller's calendar is out of date.
local function window_of(kind, begun, a, b, c)
  if kind == CALENDAR then
    if now < a then return nil end
    if now < b then return a, b end
    if now < c then return b, c end
    return nil
  end
  if kind == INTERVAL then
    local from = begun or now
    if now > from then from = from + math.floor((now - from) / a) * a end
    return from, from + a
  end
  return 0, 0
end

-- Reads a counter as it is at `now`; `save_fixed` writes what has changed. nil: see `window_of`.
local function open_fixed(key, kind, a, b, c)
  local it = {key = key, kind = kind}
  local packed = redis.call('HGET', key, 'x')
  if not packed then
    it.w, it.e = window_of(kind, nil, a, b, c)
    if not it.w then return nil end
    it.u, it.h, it.n, it.p, it.b, it.is_new = 0, 0, 0, kind == INTERVAL and ALL or 0, -1, true
    return it
  end
  local w, e, u, h, n, p, before = cmsgpack.unpack(packed)
  if e > 0 and now >= e then
    local begun, ends = window_of(kind, w, a, b, c)
    if not begun then return nil end
    if n > 0 then it.over, it.over_at = cmsgpack.pack(u, h, n, p), w end
    if begun == e then p, before = u + h, w else p, before = 0, -1 end
    w, e, u, h, n, it.is_new = begun, ends, 0, 0, 0, true
  end
  it.w, it.e, it.u, it.h, it.n, it.p, it.b = w, e, u, h, n, p, before
  return it
end

local function open_sliding(key, length)
  local part = math.floor(now * PARTS / length)
  local v = redis.call('HMGET', key, 'x', field_of(part))
  local it = {key = key, kind = SLIDING, length = length, p = 0, at = part, part = v[2]}
  if not v[1] then
    it.u, it.h, it.f, it.l, it.is_new = 0, 0, part, part, true
    return it
  end
  local u, h, f, l = cmsgpack.unpack(v[1])
  local oldest = part - PARTS
  if f < oldest then
    for tally = f, math.min(l, oldest - 1) do
      local packed = redis.call('HGET', key, field_of(tally))
      if packed then
        local part_u, part_h, n = cmsgpack.unpack(packed)
        u, h = u - part_u, h - part_h
        if n == 0 then redis.call('HDEL', key, field_of(tally)) end
      end
    end
    f = oldest
    if l < oldest then f, l = part, part end
    redis.call('HSET', key, 'x', cmsgpack.pack(u, h, f, l))
  end
  if part > l then l, it.is_new = part, true end
  it.u, it.h, it.f, it.l = u, h, f, l
  return it
end

local function open_counter(key, kind, a, b, c)
  if kind == SLIDING then return open_sliding(key, a) end
  return open_fixed(key, kind, a, b, c)
end

local function carried(before, amount, carry)
  return carry > 0 and math.min(carry, math.max(0, amount - before)) or 0
end

-- What the counter allows: everything for soft limits; nothing, not even what is free, for an amount of 0.
local function allowed(it, of, amount, carry)
  if of < 0 then return math.huge end
  of = of + carried(it.p, amount, carry)
  if of == 0 then return -1 end
  return of
end

-- `at` is a moment of `now`'s clock.
local function expire(key, at)
  redis.call('PEXPIRE', key, math.max(1, at - now))
end

-- `allowed` as it is told: -1 for soft limits.
local function told(most)
  if most == math.huge then return -1 end
  return math.max(0, most)
end

local function save_fixed(it)
  local packed = cmsgpack.pack(it.w, it.e, it.u, it.h, it.n, it.p, it.b)
  if it.over then
    redis.call('HSET', it.key, 'x', packed, field_of(it.over_at), it.over)
  else
    redis.call('HSET', it.key, 'x', packed)
  end
  if it.is_new and it.e > 0 then
    expire(it.key, it.e + math.max(GRACE_MS, it.e - it.w) + (it.kind == INTERVAL and ANCHOR_MS or 0))
  end
end

-- Adds to a part of a sliding window, which is a part that counts if `it.f` does not lie behind it.
local function change_part(it, tally, used, held, open)
  local field = field_of(tally)
  local packed
  if it.at == tally then packed = it.part else packed = redis.call('HGET', it.key, field) end
  local u, h, n = load_tally(packed)
  u, h, n = u + used, h + held, n + open
  if tally >= it.f then
    it.u, it.h = it.u + used, it.h + held
  elseif n == 0 then
    redis.call('HDEL', it.key, field)
    return
  end
  packed = cmsgpack.pack(u, h, n, 0)
  if it.at == tally then it.part = packed end
  redis.call('HSET', it.key, field, packed, 'x', cmsgpack.pack(it.u, it.h, it.f, it.l))
end

local function expire_sliding(it)
  expire(it.key, now + 2 * it.length + GRACE_MS)
end

-- Holds `amount` in the window of `now`; returns its tally.
local function hold(it, amount)
  if it.kind == SLIDING then
    local tally = it.l
    change_part(it, tally, 0, amount, 1)
    if it.is_new then expire_sliding(it) end
    return tally
  end
  it.h, it.n = it.h + amount, it.n + 1
  save_fixed(it)
  return it.w
end

-- Adds to a tally that exists, of whatever window; does nothing when it has expired.
local function change_tally(key, kind, tally, used, held, open)
  if kind == SLIDING then
    local v = redis.call('HMGET', key, 'x', field_of(tally))
    if not v[1] or not v[2] then return end
    local u, h, f, l = cmsgpack.unpack(v[1])
    change_part({key = key, u = u, h = h, f = f, l = l, at = tally, part = v[2]}, tally, used, held, open)
    return
  end
  local packed = redis.call('HGET', key, 'x')
  if not packed then return end
  if kind == PLACES then used = 0 end
  local w, e, u, h, n, p, before = cmsgpack.unpack(packed)
  if w == tally then
    n = n + open
    if kind == PLACES and n == 0 then
      redis.call('DEL', key)
    else
      redis.call('HSET', key, 'x', cmsgpack.pack(w, e, u + used, h + held, n, p, before))
    end
    return
  end
  packed = redis.call('HGET', key, field_of(tally))
  if not packed then return end
  local old_u, old_h, old_n, old_p = cmsgpack.unpack(packed)
  old_u, old_h, old_n = old_u + used, old_h + held, old_n + open
  if old_n == 0 then
    redis.call('HDEL', key, field_of(tally))
  else
    redis.call('HSET', key, field_of(tally), cmsgpack.pack(old_u, old_h, old_n, old_p))
  end
  if before == tally then
    redis.call('HSET', key, 'x', cmsgpack.pack(w, e, u, h, n, old_u + old_h, before))
  end
end

local function is_restoring()
  return redis.call('EXISTS', base .. 'restoring') == 1
end

local function note_settled(id, record)
  redis.call('HSET', base .. 'settled', id, record)
  redis.call('PEXPIRE', base .. 'settled', SETTLED_MS)
end

-- What the reservation `id` is charged of what was `used`, and the id of the ledger's row that says so. A debt may be
-- held by several processes, one after the other or at once; the first that pays it pays, the others hold nothing more.
local function payable(id, used)
  local debt = string.match(id, '^([^/]+)/')
  if not debt or used[1] == 0 then return used, id end
  redis.call('SET', base .. 'paid:' .. debt, id, 'NX', 'PX', LOST_MS)
  if redis.call('GET', base .. 'paid:' .. debt) == id then return used, debt end
  local nothing = {}
  for i = 1, #used do nothing[i] = 0 end
  return nothing, id
end

-- Turns what a record holds into what was used: `used[metric + 1]`, or all that was held without it; then the node was
-- lost. Whoever may ask again finds what was charged.
local function settle_record(id, record, used)
  local shares, row = cmsgpack.unpack(record), id
  if used then used, row = payable(id, used) end
  for i = 1, #shares, SHARE do
    local kind, held = shares[i + 1], shares[i + 4]
    local amount = used and used[shares[i + 5] + 1] or held
    if kind == PLACES then amount = 0 end
    change_tally(shares[i], kind, shares[i + 3], amount, -held, -1)
    shares[i + 4] = amount
  end
  local is_told_again = not used or (shares[SHARE] and shares[SHARE] >= ANNOUNCED)
  local is_noted = is_restoring()
  if is_told_again or is_noted then
    local charged = cmsgpack.pack(shares)
    if is_noted then note_settled(row, charged) end
    if is_told_again then redis.call('SET', base .. 'lost:' .. id, charged, 'PX', LOST_MS) end
  end
end

-- Changes what a lost request was charged to what it used.
local function correct_lost(id, packed, used)
  local shares = cmsgpack.unpack(packed)
  used = payable(id, used)
  for i = 1, #shares, SHARE do
    if shares[i + 1] ~= PLACES then
      local amount = used[shares[i + 5] + 1]
      change_tally(shares[i], shares[i + 1], shares[i + 3], amount - shares[i + 4], 0, 0)
      shares[i + 4] = amount
    end
  end
  redis.call('SET', base .. 'lost:' .. id, cmsgpack.pack(shares), 'PX', LOST_MS)
end

-- Ends a node's lease, and settles its requests at what they held.
local function end_node(node)
  local key, left = base .. 'n:' .. node, base .. 'left:' .. node
  local all = redis.call('HGETALL', key)
  for i = 1, #all, 2 do
    local id = all[i]
    if id ~= 'g' then
      settle_record(id, all[i + 1])
      redis.call('SADD', left, id)
    end
  end
  redis.call('PEXPIRE', left, LOST_MS)
  redis.call('DEL', key)
  redis.call('ZREM', base .. 'leases', node)
  redis.call('HDEL', base .. 'told', node)
end
