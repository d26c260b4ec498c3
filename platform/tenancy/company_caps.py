"""At most so many messages of one company at work from one queue at a time, so that a slot is left for the others.

What is taken beyond that is held aside, and put back to the front of its queue when one of the company's is done: by
who confirms it, in one script, and every few seconds by whoever finds that a worker no longer says it is at work.
"""

from __future__ import annotations

from typing import Any

from kombu.utils.encoding import bytes_to_str

LEASE_MILLISECONDS = 60_000
"""So long a message counts as at work after its worker last said so; workers say so every ten seconds."""
_COMMON = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[4]))
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
local head = redis.call('ZRANGE', KEYS[4], 0, 0, 'WITHSCORES')
local place = tonumber(head[2] or redis.call('HGET', KEYS[5], '!now') or '0')
local moved = 0
for _ = 1, tonumber(ARGV[2]) - redis.call('ZCARD', KEYS[1]) do
    local member = redis.call('LPOP', KEYS[2])
    if not member then break end
    redis.call('ZADD', KEYS[4], place, member)
    moved = moved + 1
end
if redis.call('LLEN', KEYS[2]) == 0 then redis.call('SREM', KEYS[3], ARGV[3]) end
return moved
"""
)


def admit(*, client: Any, key: str, company: str, cap: int, tag: str, member: bytes | str) -> bool:
    """Return whether a message that was just taken may be worked on; else it is held aside."""
    keys = _keys(key, company)[:3]
    return bool(client.eval(ADMIT, len(keys), *keys, tag, cap, company, LEASE_MILLISECONDS, member))


def renew(*, client: Any, key: str, company: str, tag: str) -> None:
    """Say that ``tag`` is still at work; nothing happens when it is no longer known as such."""
    seconds, fraction = client.time()
    client.zadd(f"{key}:running:{company}", {tag: seconds * 1000 + fraction // 1000}, xx=True)


def release(*, client: Any, key: str, company: str, cap: int, tag: str = "") -> int:
    """Note that ``tag`` is done and put back what is held as far as there is room; return how many."""
    keys = _keys(key, company)
    return int(client.eval(RELEASE, len(keys), *keys, tag, cap, company, LEASE_MILLISECONDS))


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


def _keys(key: str, company: str) -> tuple[str, ...]:
    return f"{key}:running:{company}", f"{key}:held:{company}", f"{key}:held", key, f"{key}:places"
