// The two things the server does in the cache, each in one step that nothing can come between. Lua, because what is
// written depends on what is there. All keys are given, so that a cluster knows the slot. The protocol and the reasons:
// docs/reference/cache.md.

/** Milliseconds for which a node's mark stays: what a node sends later than that after its last word is refused. */
export const markMs = 60_000;
/** Milliseconds for which a lease lives. */
export const leaseMs = 5_000;
/** Milliseconds between renewals of the lease. */
export const renewMs = 1_000;

/**
 * Reads the cache's clock, whether it may throw keys away, and how many it has.
 * KEYS: lease. Returns {milliseconds since 1970, policy or "", keys thrown away}. Keys are thrown away only where there
 * is a limit and a policy for it.
 */
export const lookScript = `
local time = redis.call('TIME')
local memory = redis.call('INFO', 'memory')
local limit = string.match(memory, 'maxmemory:(%d+)')
local policy = string.match(memory, 'maxmemory_policy:(%S+)')
if limit == '0' or policy == 'noeviction' then policy = '' end
local evicted = string.match(redis.call('INFO', 'stats'), 'evicted_keys:(%d+)')
return {string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000)), policy or 'unknown', evicted or '0'}
`;

/**
 * Writes entries, and a lease if one is given.
 * KEYS: lease, last, owner, this node's mark, entries …
 * ARGV: log, the mark that must be there ('' at a beginning), another that may be there instead, the new mark, life of
 * mark and owner (ms), position the entries were looked up at, the node's clock (ms), channel to announce the position on
 * ('' for none), lease ('' for none), when it began (ms, the cache's clock), how long it lives (ms), whether the lease
 * before must still be there ('1'), then for each entry its value and until when it stays (ms, '' for ever).
 * Returns {outcome, greatest position that was found to be ahead of ours or 0}. Outcomes:
 *   other  the keys belong to another log; nothing was written
 *   lost   what this node wrote is not there any more; nothing was written
 *   gone   the entries were written, but the lease before is not there any more: no lease
 *   late   the entries were written; the lease would have no life left, or the clock went back: no lease
 *   done
 */
export const writeScript = `
local log, mark = ARGV[1], redis.call('GET', KEYS[4])
local owner = redis.call('GET', KEYS[3])
if owner and owner ~= log then return {'other', '0'} end
if ARGV[2] ~= '' and mark ~= ARGV[2] and mark ~= ARGV[3] then return {'lost', '0'} end
redis.call('SET', KEYS[3], log, 'PX', ARGV[5])
redis.call('SET', KEYS[4], ARGV[4], 'PX', ARGV[5])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local earlier, at, ahead = math.min(now, tonumber(ARGV[7])), tonumber(ARGV[6]), 0
for i = 5, #KEYS do
  local value, stays = ARGV[2 * i + 3], ARGV[2 * i + 4]
  local held = redis.call('GET', KEYS[i])
  local heldAt = held and tonumber(string.match(held, '^{"at":(%d+)') or '0') or 0
  if heldAt > at then
    ahead = math.max(ahead, heldAt)
  elseif stays == '' then
    redis.call('SET', KEYS[i], value)
  elseif tonumber(stays) > earlier then
    redis.call('SET', KEYS[i], value, 'PX', string.format('%.0f', tonumber(stays) - earlier))
  else
    redis.call('DEL', KEYS[i])
  end
end
if ARGV[8] ~= '' then redis.call('PUBLISH', ARGV[8], ARGV[6]) end
local outcome = 'done'
if ARGV[9] ~= '' then
  local began = tonumber(ARGV[10])
  local life = began + tonumber(ARGV[11]) - now
  local held = redis.call('GET', KEYS[1])
  if ARGV[12] == '1' and (not held or held ~= redis.call('GET', KEYS[2])) then
    outcome = 'gone'
  elseif life <= 0 or began > now then
    outcome = 'late'
  else
    redis.call('SET', KEYS[1], ARGV[9], 'PX', string.format('%.0f', life))
    redis.call('SET', KEYS[2], ARGV[9], 'PX', ARGV[5])
  end
end
return {outcome, string.format('%.0f', ahead)}
`;
