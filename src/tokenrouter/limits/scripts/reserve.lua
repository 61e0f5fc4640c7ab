-- Holds what a request asks of every counter, or of none.
--
-- KEYS: the node, then the counters. ARGV: base, generation, now, request id, what is asked.
-- Answers {1, now, then for each counter tally, used, held, allowed (-1: soft), end (0: none)};
-- {0, now, then for each counter used, held, allowed, end, and milliseconds until there is room: -1 never, -2 there is};
-- {2, now} when a calendar window of the caller is not that of `now`.

if is_stale() then return STALE end
local asked = cmsgpack.unpack(ARGV[5])

local function room_in(it, wanted, most)
  if wanted > most then return -1 end
  if it.kind ~= SLIDING then return it.e > 0 and it.e - now or -1 end
  local step = it.length / PARTS
  local excess = it.u + it.h + wanted - most
  for tally = it.f, it.l do
    local u, h = load_tally(redis.call('HGET', it.key, field_of(tally)))
    excess = excess - u - h
    if excess <= 0 then return math.max(0, math.ceil((tally + PARTS + 1) * step - now)) end
  end
  return 0
end

local function end_of(it)
  if it.kind == SLIDING then return math.ceil((it.f + PARTS + 1) * it.length / PARTS) end
  return it.e
end

local counters, is_refused = {}, false
for i = 1, #KEYS - 1 do
  local at = (i - 1) * ASKED
  local it = open_counter(KEYS[i + 1], asked[at + 1], asked[at + 7], asked[at + 8], asked[at + 9])
  if not it then return {2, now} end
  it.most = allowed(it, asked[at + 4], asked[at + 5], asked[at + 6])
  counters[i] = it
  if it.u + it.h + asked[at + 3] > it.most then is_refused = true end
end
if is_refused then
  local refusal = {0, now}
  for i, it in ipairs(counters) do
    local wanted, n = asked[(i - 1) * ASKED + 3], #refusal
    local is_full = it.u + it.h + wanted > it.most
    refusal[n + 1], refusal[n + 2], refusal[n + 3], refusal[n + 4] = it.u, it.h, told(it.most), end_of(it)
    refusal[n + 5] = is_full and room_in(it, wanted, it.most) or -2
  end
  return refusal
end

local answer, record = {1, now}, {}
for i, it in ipairs(counters) do
  local at, n, r = (i - 1) * ASKED, #answer, #record
  local kind = asked[at + 1]
  local tally = hold(it, asked[at + 3])
  record[r + 1], record[r + 2], record[r + 3], record[r + 4] = it.key, kind, it.length or 0, tally
  record[r + 5], record[r + 6], record[r + 7] = asked[at + 3], asked[at + 2], asked[at + 4] >= 0 and HARD or 0
  answer[n + 1], answer[n + 2], answer[n + 3], answer[n + 4], answer[n + 5] =
    tally, it.u, it.h, told(it.most), end_of(it)
end
redis.call('HSET', KEYS[1], ARGV[4], cmsgpack.pack(record))
return answer
