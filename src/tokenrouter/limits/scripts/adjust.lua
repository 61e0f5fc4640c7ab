-- Counts as used what no request did: a reset, a correction by hand. Below zero gives back.
--
-- Numbers of adjustments rise, and each limit's are told in their order: what is not above the last that counts is in
-- the counters, by another's word or with the ledger's sums.
-- KEYS: the node, the counter. ARGV: base, generation, now, number of the adjustment, limit id, amount, what is asked
-- (its amount is not looked at). Answers {1, now}; {0, now} while sums are still to be installed, and nobody knows
-- whether it is in them: tell it again; {2, now} as reserve.lua does.

if is_stale() then return STALE end
local number, limit, amount = tonumber(ARGV[4]), ARGV[5], tonumber(ARGV[6])
if redis.call('SISMEMBER', base .. 'ready', limit) == 0 then return {0, now} end
if number <= tonumber(redis.call('HGET', base .. 'adjusted', limit) or 0) then return {1, now} end
local asked = cmsgpack.unpack(ARGV[7])
local it = open_counter(KEYS[2], asked[1], asked[7], asked[8], asked[9])
if not it then return {2, now} end
redis.call('HSET', base .. 'adjusted', limit, number)

if it.kind ~= SLIDING then
  it.u = it.u + amount
  save_fixed(it)
  return {1, now}
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
return {1, now}
