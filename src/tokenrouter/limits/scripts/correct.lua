-- Charges a request of a dead writer what its journal says, however often that is told.
--
-- It may be open still (its lease has not ended), charged what it held (it has), or unknown: then it began in a former
-- epoch, and the ledger's sums had not heard of it. One of this epoch that is unknown was settled by its own node.
-- KEYS: {tr}:meta. ARGV: (unused), (unused), now, request id, when it began, what was used of each metric, charges
-- (a flat list of counter limit id, scope, metric, used, kind, begin, end, length).
-- Answers what was done: "settled", "corrected", "added" or "known".

local id, started = ARGV[4], tonumber(ARGV[5])
local used = cmsgpack.unpack(ARGV[6])
local known = redis.call('HMGET', KEYS[1], 'epoch', 'began')
if not known[1] then return 'known' end
base = '{tr}:' .. known[1] .. ':'
local lost = redis.call('GET', base .. 'lost:' .. id)
if lost then
  correct_lost(id, lost, used)
  return 'corrected'
end
for _, name in ipairs(redis.call('ZRANGE', base .. 'leases', 0, -1)) do
  local key = base .. 'n:' .. name
  local record = redis.call('HGET', key, id)
  if record then
    redis.call('HDEL', key, id)
    settle_record(id, record)
    correct_lost(id, redis.call('GET', base .. 'lost:' .. id), used)
    return 'settled'
  end
end
if started >= tonumber(known[2]) then return 'known' end

local charges, record = cmsgpack.unpack(ARGV[7]), {}
for i = 1, #charges, 8 do
  local number = redis.call('HGET', base .. 'limits', charges[i])
  if number then
    local key = base .. 'c:' .. number .. ':' .. charges[i] .. '\n' .. charges[i + 1]
    local amount, kind, begins, ends, length = charges[i + 3], charges[i + 4], charges[i + 5], charges[i + 6], charges[i + 7]
    local it, tally = nil, nil
    if kind == SLIDING then
      tally = math.floor(started * PARTS / length)
      local part = math.floor(now * PARTS / length)
      if tally >= part - PARTS then
        it = open_sliding(key, length)
        it.f = math.min(it.f, tally)
        change_part(it, tally, amount, 0, 0)
        expire_sliding(it)
      end
    elseif kind ~= PLACES then
      if kind == INTERVAL then
        if started + length > now then
          local is_first = redis.call('HEXISTS', key, 'x') == 0
          it = open_fixed(key, kind, length, 0, 0)
          if is_first then it.w, it.e = started, started + length end
        end
      elseif kind == LIFETIME or (begins <= now and now < ends) then
        it = open_fixed(key, kind, begins, ends, ends)
      end
      if it then
        it.u, tally = it.u + amount, it.w
        save_fixed(it)
      end
    end
    if it then
      local r = #record
      record[r + 1], record[r + 2], record[r + 3], record[r + 4] = key, kind, length, tally
      record[r + 5], record[r + 6], record[r + 7] = amount, charges[i + 2], HARD + ANNOUNCED
    end
  end
end
record = cmsgpack.pack(record)
if is_restoring() then note_settled(id, record) end
redis.call('SET', base .. 'lost:' .. id, record, 'PX', LOST_MS)
return 'added'
