-- Counts as used what no request did: a reset, a boost, a correction by hand. Below zero gives back. Once for each id.
--
-- KEYS: the node, the counter. ARGV: base, generation, now, id of the adjustment, limit id, amount, what is asked (its
-- amount is not looked at). Answers 1; 0 when it was known, or is in the sums that are still to be installed; 2 as
-- reserve.lua does.

if is_stale() then return STALE end
if redis.call('SISMEMBER', base .. 'ready', ARGV[5]) == 0 then return 0 end
local asked, amount = cmsgpack.unpack(ARGV[7]), tonumber(ARGV[6])
local it = open_counter(KEYS[2], asked[1], asked[7], asked[8], asked[9])
if not it then return 2 end
if not redis.call('SET', base .. 'adjusted:' .. ARGV[4], 1, 'NX', 'PX', LOST_MS) then return 0 end

if it.kind ~= SLIDING then
  it.u = it.u + amount
  save_fixed(it)
  return 1
end
-- What is given back is taken from the oldest parts, or it would still count when they are over.
for tally = it.f, it.l do
  if amount >= 0 then break end
  local u = load_tally(redis.call('HGET', it.key, field_of(tally)))
  local taken = math.min(-amount, math.max(0, u))
  if taken > 0 then change_part(it, tally, -taken, 0, 0) end
  amount = amount + taken
end
if amount > 0 then change_part(it, it.l, amount, 0, 0) end
expire_sliding(it)
return 1
