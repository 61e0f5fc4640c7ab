-- Changes what a request holds, in the windows to which it belongs, or changes nothing.
--
-- KEYS: the node. ARGV: base, generation, now, request id, and a flat list of (wanted, base, amount, carry) for each
-- share. Answers 1, or 0 when a limit forbids it or nothing is known of the request.

if is_stale() then return STALE end
local record = redis.call('HGET', KEYS[1], ARGV[4])
if not record then return 0 end
local shares, wanted = cmsgpack.unpack(record), cmsgpack.unpack(ARGV[5])
if #shares / SHARE ~= #wanted / 4 then return 0 end

-- Whether a request may hold `more` in the window it belongs to. What a window that is over has left and handed on to
-- the next is no longer allowed in it.
local function has_room(key, kind, length, tally, more, of, amount, carry)
  if kind == SLIDING then
    local it = open_sliding(key, length)
    if tally >= it.f then return it.u + it.h + more <= allowed(it, of, amount, carry) end
  else
    local packed = redis.call('HGET', key, 'x')
    if packed then
      local w, e, u, h, n, before = cmsgpack.unpack(packed)
      if w == tally then return u + h + more <= allowed({p = before}, of, amount, carry) end
    end
  end
  local u, h, n, p = load_tally(redis.call('HGET', key, field_of(tally)))
  local given = carried(u + h, amount, carry)
  return u + h + more <= amount + (given > 0 and -given or carried(p, amount, carry))
end

for i = 1, #shares / SHARE do
  local s, w = (i - 1) * SHARE, (i - 1) * 4
  local more = wanted[w + 1] - shares[s + 5]
  if more > 0 and wanted[w + 2] >= 0 and not has_room(shares[s + 1], shares[s + 2], shares[s + 3], shares[s + 4], more,
    wanted[w + 2], wanted[w + 3], wanted[w + 4]) then
    return 0
  end
end
for i = 1, #shares / SHARE do
  local s = (i - 1) * SHARE
  local want = wanted[(i - 1) * 4 + 1]
  local key, kind = shares[s + 1], shares[s + 2]
  if want ~= shares[s + 5] then
    change_tally(key, kind, shares[s + 4], 0, want - shares[s + 5], 0)
    shares[s + 5] = want
  end
  local left = redis.call('PTTL', key)
  if left >= 0 and left < GRACE_MS then redis.call('PEXPIRE', key, 2 * GRACE_MS) end
end
redis.call('HSET', KEYS[1], ARGV[4], cmsgpack.pack(shares))
return 1
