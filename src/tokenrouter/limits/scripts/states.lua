-- Reads counters. KEYS: the node, then the counters. ARGV: base, generation, now, what is asked (see prelude.lua).
-- Answers {1, now, then for each used, held, allowed (-1: soft), end (0: none)}, or {2, now} as reserve.lua does.

if is_stale() then return STALE end
local asked = cmsgpack.unpack(ARGV[4])
local answer = {1, now}
for i = 1, #KEYS - 1 do
  local at, n = (i - 1) * ASKED, #answer
  local it = open_counter(KEYS[i + 1], asked[at + 1], asked[at + 7], asked[at + 8], asked[at + 9])
  if not it then return {2, now} end
  local most = allowed(it, asked[at + 4], asked[at + 5], asked[at + 6])
  local ends = it.e
  if it.kind == SLIDING then
    local first = it.f
    while first <= it.l and redis.call('HEXISTS', it.key, field_of(first)) == 0 do first = first + 1 end
    ends = first > it.l and now or math.ceil((first + PARTS + 1) * it.length / PARTS)
  end
  answer[n + 1], answer[n + 2], answer[n + 3], answer[n + 4] = it.u, it.h, told(most), ends
end
return answer
