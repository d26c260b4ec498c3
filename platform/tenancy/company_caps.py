"""At most so many messages of one company at work from one queue at a time, so that a slot is left for the others.

What is taken beyond that is held aside, and put back to the front of its queue when one of the company's is done: by
who confirms it, in one script, and every few seconds by whoever looks for what dead workers held. Nothing is polled.
"""

from __future__ import annotations

from typing import Any

from kombu.utils.encoding import bytes_to_str

YOUNG_MILLISECONDS = 60_000
"""So long after it was taken, a message counts as at work although nobody has noted yet that he holds it."""
_COMMON = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for _, tag in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[4]))) do
    if redis.call('HEXISTS', KEYS[4], tag) == 0 then redis.call('ZREM', KEYS[1], tag) end
end
"""
ADMIT = (
    _COMMON
    + """
if redis.call('ZSCORE', KEYS[1], ARGV[1]) or redis.call('ZCARD', KEYS[1]) < tonumber(ARGV[2]) then
    redis.call('ZADD', KEYS[1], now, ARGV[1])
    return 1
end
redis.call('RPUSH', KEYS[2], ARGV[5])
redis.call('SADD', KEYS[3], ARGV[3])
return 0
"""
)
RELEASE = (
    """
if ARGV[1] ~= '' then redis.call('ZREM', KEYS[1], ARGV[1]) end
"""
    + _COMMON
    + """
local head = redis.call('ZRANGE', KEYS[5], 0, 0, 'WITHSCORES')
local place = tonumber(head[2] or redis.call('HGET', KEYS[6], '!now') or '0')
local moved = 0
for _ = 1, tonumber(ARGV[2]) - redis.call('ZCARD', KEYS[1]) do
    local member = redis.call('LPOP', KEYS[2])
    if not member then break end
    redis.call('ZADD', KEYS[5], place, member)
    moved = moved + 1
end
if redis.call('LLEN', KEYS[2]) == 0 then redis.call('SREM', KEYS[3], ARGV[3]) end
return moved
"""
)


def admit(*, client: Any, key: str, company: str, cap: int, tag: str, member: bytes | str, unacked: str) -> bool:
    """Return whether a message that was just taken may be worked on; else it is held aside."""
    keys = _keys(key, company, unacked)[:4]
    return bool(client.eval(ADMIT, len(keys), *keys, tag, cap, company, YOUNG_MILLISECONDS, member))


def release(*, client: Any, key: str, company: str, cap: int, unacked: str, tag: str = "") -> int:
    """Note that ``tag`` is done and put back what is held as far as there is room; return how many."""
    keys = _keys(key, company, unacked)
    return int(client.eval(RELEASE, len(keys), *keys, tag, cap, company, YOUNG_MILLISECONDS))


def holding(*, client: Any, key: str) -> list[str]:
    """Return the companies of which something is held aside."""
    return sorted(bytes_to_str(each) for each in client.smembers(f"{key}:held"))


def held(*, client: Any, key: str) -> int:
    """Return how many messages are held aside."""
    return sum(int(client.llen(f"{key}:held:{company}")) for company in holding(client=client, key=key))


def oldest(*, client: Any, key: str) -> list[Any]:
    """Return the message that is held longest, of any company; none where nothing is held."""
    firsts = [client.lindex(f"{key}:held:{company}", 0) for company in holding(client=client, key=key)]
    return sorted((each for each in firsts if each), key=bytes_to_str)[:1]


def drop(*, client: Any, key: str) -> None:
    """Forget what is held aside."""
    client.delete(f"{key}:held", *(f"{key}:held:{company}" for company in holding(client=client, key=key)))


def _keys(key: str, company: str, unacked: str) -> tuple[str, ...]:
    return f"{key}:running:{company}", f"{key}:held:{company}", f"{key}:held", unacked, key, f"{key}:places"
