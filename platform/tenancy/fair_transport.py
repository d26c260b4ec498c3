"""Queues that serve companies in turn, on Redis or Valkey (docs/algorithms/queues.md).

Kombu keeps a queue as a list: who sends ten thousand messages is served ten thousand times before the next. Here a
queue is a sorted set. A message's place is its company's last place plus one, but never before what is served now:
start-time fair queueing. Each company's messages keep their order. A message that was taken and not confirmed comes
back to the front. Taking is one blocking command on all queues, as before. Of a queue in CAPS a company has so many
messages at work at a time (``tenancy.company_caps``).
"""

from __future__ import annotations

from queue import Empty
from time import monotonic
from typing import Any

from kombu.transport import TRANSPORT_ALIASES
from kombu.transport import redis as kombu_redis
from kombu.utils.encoding import bytes_to_str
from kombu.utils.json import dumps, loads

from tenancy import company_caps

HEADER = "retailer"
NOBODY = "-"
"""The lane of the platform's own messages."""
CAPS: dict[str, int] = {}
"""How many messages of one company are at work at a time, by queue; a queue without a number has no such limit."""
PREFIX = "fair:"
SEPARATOR = ":"
PUT = """
local now = tonumber(redis.call('HGET', KEYS[2], '!now') or '0')
local head = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
if head[2] then
    now = math.max(now, tonumber(head[2]))
else
    redis.call('DEL', KEYS[2])
    now = 0
end
local number, place = redis.call('INCR', KEYS[3]), now
if ARGV[3] == 'front' then
    number = 0
else
    place = math.max(now, tonumber(redis.call('HGET', KEYS[2], ARGV[1]) or '0')) + 1
    redis.call('HSET', KEYS[2], ARGV[1], place)
end
redis.call('HSET', KEYS[2], '!now', now)
local time = redis.call('TIME')
local mark = string.format('%016d:%d:', number, time[1] * 1000 + math.floor(time[2] / 1000))
return redis.call('ZADD', KEYS[1], place, mark .. ARGV[2])
"""


def key_of(queue: str) -> str:
    """Return the sorted set in which ``queue`` stands."""
    return PREFIX + queue


def call(*, queue: str, company: str, message: str, front: bool = False) -> tuple[Any, ...]:
    """Return the arguments of EVAL that put ``message`` into ``queue`` for ``company``."""
    keys = (key_of(queue), f"{key_of(queue)}:places", f"{key_of(queue)}:number")
    return PUT, len(keys), *keys, company, message, "front" if front else "back"


def waiting(*, member: bytes | str) -> tuple[int, str]:
    """Return since when a member of the set waits, in milliseconds since 1970, and its message."""
    _, since, message = bytes_to_str(member).split(SEPARATOR, 2)
    return int(since), message


def company_of(message: Any) -> str:
    """Return the schema of the company that a message was sent for."""
    return str((message.get("headers") or {}).get(HEADER) or NOBODY)


_QoS: Any = kombu_redis.QoS
_Channel: Any = kombu_redis.Channel
_Transport: Any = kombu_redis.Transport
"""Their types are described in part only."""


class QoS(_QoS):
    """Kombu's book of what was taken and not confirmed; who confirms lets what is held of the company go on."""

    def ack(self, delivery_tag: str) -> None:
        super().ack(delivery_tag)
        self.channel.let_go_on(delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        super().reject(delivery_tag, requeue=requeue)
        self.channel.let_go_on(delivery_tag)

    def restore_visible(self, start: int = 0, num: int = 10, interval: int = 10) -> None:
        super().restore_visible(start=start, num=num, interval=interval)
        self.channel.let_all_go_on()


class Channel(_Channel):
    """Kombu's channel with sorted sets in place of lists."""

    QoS = QoS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._admitted: dict[str, tuple[str, str]] = {}
        super().__init__(*args, **kwargs)

    def let_go_on(self, tag: str) -> None:
        """Put back what is held of the company whose message is done."""
        queue, company = self._admitted.pop(tag, ("", ""))
        if company:
            self._release(queue, company, tag)

    def let_all_go_on(self) -> None:
        """Say what is still at work here, and put back what is held of companies whose workers no longer say so."""
        for tag, (queue, company) in list(self._admitted.items()):
            with self.conn_or_acquire() as client:
                company_caps.renew(client=client, key=key_of(queue), company=company, tag=tag)
        for queue in CAPS:
            with self.conn_or_acquire() as client:
                companies = company_caps.holding(client=client, key=key_of(queue))
            for company in companies:
                self._release(queue, company, "")

    def _release(self, queue: str, company: str, tag: str) -> None:
        with self.conn_or_acquire() as client:
            company_caps.release(client=client, key=key_of(queue), company=company, cap=CAPS.get(queue, 1), tag=tag)

    def _may_go_on(self, queue: str, message: Any, member: bytes | str) -> bool:
        """Return whether a message that was taken may be worked on, and remember that it is."""
        cap, company = CAPS.get(queue, 0), company_of(message)
        if cap <= 0 or company == NOBODY:
            return True
        tag = message["properties"]["delivery_tag"]
        with self.conn_or_acquire() as client:
            admitted = company_caps.admit(
                client=client, key=key_of(queue), company=company, cap=cap, tag=tag, member=member
            )
        if not admitted:
            return False
        self._admitted[tag] = (queue, company)
        return True

    def _q_for_pri(self, queue: str, pri: Any) -> str:
        return key_of(queue)

    def _put(self, queue: str, message: Any, **kwargs: Any) -> None:
        command = call(queue=queue, company=company_of(message), message=dumps(message))
        batch = kwargs.pop("_publish_batch", None)
        if batch is not None:
            batch.add("eval", *command)
            return
        with self.conn_or_acquire() as client:
            client.eval(*command)
            self._maybe_update_queues_expire(client, queue)

    def _do_restore_message(
        self, payload: Any, exchange: str, routing_key: str, pipe: Any, leftmost: bool = False
    ) -> None:
        payload.setdefault("headers", {})["redelivered"] = True
        payload.setdefault("properties", {}).setdefault("delivery_info", {})["redelivered"] = True
        for queue in self._lookup(exchange, routing_key):
            pipe.eval(*call(queue=queue, company=company_of(payload), message=dumps(payload), front=True))

    def _brpop_start(self, timeout: float | None = None) -> None:
        queues = self._queue_cycle.consume(len(self.active_queues))
        if not queues:
            return
        self._in_poll = self.client.connection
        self._brpop_sent_at = monotonic()
        wait = (self.brpop_timeout if timeout is None else timeout) or 0
        self.client.connection.send_command("BZPOPMIN", *(key_of(queue) for queue in queues), wait)

    def _brpop_read(self, **options: Any) -> bool:
        try:
            try:
                taken = self.client.parse_response(self.client.connection, "BZPOPMIN", **options)
            except self.connection_errors:
                self.client.connection.disconnect()
                raise
            if not taken:
                raise Empty
            queue = bytes_to_str(taken[0]).removeprefix(PREFIX)
            self._queue_cycle.rotate(queue)
            message = loads(waiting(member=taken[1])[1])
            if not self._may_go_on(queue, message, taken[1]):
                raise Empty
            self.connection._deliver(message, queue)
            return True
        finally:
            self._in_poll = None
            self._flush_brpop_reauth()

    def _get(self, queue: str) -> Any:
        with self.conn_or_acquire() as client:
            taken = client.zpopmin(key_of(queue))
            self._maybe_update_queues_expire(client, queue)
        if not taken:
            raise Empty
        return loads(waiting(member=taken[0][0])[1])

    def _size(self, queue: str) -> int:
        with self.conn_or_acquire() as client:
            return int(client.zcard(key_of(queue))) + company_caps.held(client=client, key=key_of(queue))

    def _purge(self, queue: str) -> int:
        with self.conn_or_acquire() as client:
            count = int(client.zcard(key_of(queue))) + company_caps.held(client=client, key=key_of(queue))
            client.delete(key_of(queue))
            company_caps.drop(client=client, key=key_of(queue))
        return count


class Transport(_Transport):
    """Kombu's transport for Redis and Valkey, with fair queues."""

    Channel = Channel


def install(*, caps: dict[str, int] | None = None) -> None:
    """Let every address of Redis or Valkey mean this transport, in this process; ``caps`` as in CAPS."""
    CAPS.update(caps or {})
    for name in ("redis", "rediss"):
        TRANSPORT_ALIASES[name] = "tenancy.fair_transport:Transport"
