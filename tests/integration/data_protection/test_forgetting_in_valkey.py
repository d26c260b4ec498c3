"""A company forgotten in a real Valkey: its cache, its orders, those that a worker holds; others' all stay."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import kombu
import pytest
from celery import Celery
from django.core.cache import caches

from config.embedded import valkey
from tenancy import context, fair_transport, traces
from tenancy.models import Retailer
from tenancy.traces import Trace

GONE, STAYS = "t_gonegonegone", "t_staysstayss0"
KINDS = ["redis+socket", "unix"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[valkey.Server]:
    started = valkey.Server(tmp_path_factory.mktemp("forgetting"), durable=False).start()
    yield started
    started.stop()


@pytest.fixture
def broker(server: valkey.Server, settings: Any) -> Iterator[kombu.Connection]:
    """Cache and broker are this server's; both are empty."""
    fair_transport.install()
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": server.url(),
            "KEY_FUNCTION": "tenancy.keys.cache_key",
        }
    }  # fmt: skip
    settings.CELERY_BROKER_URL = server.broker_url()
    with kombu.Connection(server.broker_url(), transport_options={"visibility_timeout": 600}) as connection:
        connection.default_channel.client.flushall()
        yield connection


@pytest.fixture
def app(broker: kombu.Connection) -> Celery:
    """Sends orders as the platform does."""
    return Celery("forgetting", broker=broker.as_uri(include_password=True), set_as_current=False)


def cached(schema: str) -> None:
    with context.use(Retailer(code=schema, schema_name=schema)):
        caches["default"].set("figures", {"bills": 7})
        caches["default"].incr_version("figures")


def in_cache(schema: str) -> Any:
    with context.use(Retailer(code=schema, schema_name=schema)):
        return caches["default"].get("figures", version=2)


def order(broker: kombu.Connection, schema: str, *numbers: int, **more: Any) -> None:
    app = Celery("forgetting", broker=broker.as_uri(), set_as_current=False)
    for number in numbers:
        app.send_task("a.b", args=[number], headers={"retailer": schema}, queue="default", connection=broker, **more)


def about(broker: kombu.Connection, schema: str) -> None:
    """An order of the platform itself, for no company, that names one in its arguments alone."""
    app = Celery("forgetting", broker=broker.as_uri(), set_as_current=False)
    app.send_task(
        "p.q", kwargs={"schema": schema}, queue="provision", connection=broker, argsrepr="()", kwargsrepr="{}"
    )


def held_by_a_worker(broker: kombu.Connection, count: int) -> None:
    """A worker takes orders and dies before it confirms them."""
    channel = broker.default_channel
    for _ in range(count):
        broker.SimpleQueue("default").get(timeout=5)
    channel.qos._delivered.clear()


def whole(client: Any) -> str:
    """Every key of the server with all that is in it."""
    shown = []
    for key in sorted(client.scan_iter()):
        kind = client.type(key)
        read = {
            b"string": client.get, b"hash": client.hgetall, b"set": client.smembers,
            b"zset": lambda name: client.zrange(name, 0, -1, withscores=True),
            b"list": lambda name: client.lrange(name, 0, -1),
        }[kind]  # fmt: skip
        shown.append(f"{key!r} {read(key)!r}")
    return "\n".join(shown)


class TestForgetting:
    def test_leaves_nothing_of_the_company_and_all_of_the_other(self, broker: kombu.Connection, db: None) -> None:
        client = broker.default_channel.client
        for schema in (GONE, STAYS):
            cached(schema)
            order(broker, schema, 1, 2, 3)
        held_by_a_worker(broker, 3)
        for schema in (GONE, STAYS):
            order(broker, schema, 4, countdown=3600)
            about(broker, schema)
        assert client.hlen("unacked") == 3
        before = {trace.where for trace in traces.find(words=[GONE])}

        removed = traces.forget_shared(schema_name=GONE)

        assert before == {"cache"}, "one server is looked through once, as the first of its uses"
        assert removed["cache"] >= 7
        assert GONE not in whole(client)
        assert traces.find(words=[GONE]) == []
        assert (in_cache(GONE), in_cache(STAYS)) == (None, {"bills": 7})
        assert (client.hlen("unacked"), client.zcard("unacked_index")) == (1, 1)
        broker.default_channel.qos.restore_visible(num=10, interval=1)
        assert client.zcard(fair_transport.key_of("default")) == 3
        assert client.zcard(fair_transport.key_of("provision")) == 1

    def test_what_a_dead_worker_held_of_the_other_comes_again(self, broker: kombu.Connection, db: None) -> None:
        client = broker.default_channel.client
        order(broker, GONE, 1)
        order(broker, STAYS, 1)
        held_by_a_worker(broker, 2)

        traces.forget_shared(schema_name=GONE)
        client.zadd("unacked_index", dict.fromkeys(client.zrange("unacked_index", 0, -1), 1))
        broker.default_channel.qos.restore_visible(num=10, interval=1)

        with broker.SimpleQueue("default") as source:
            taken = source.get(timeout=5)
            assert taken.headers["retailer"] == STAYS
            taken.ack()
        assert client.zcard(fair_transport.key_of("default")) == 0
        assert (client.hlen("unacked"), client.zcard("unacked_index")) == (0, 0)

    def test_finds_an_order_that_names_the_company_in_its_arguments_alone(
        self, broker: kombu.Connection, db: None
    ) -> None:
        about(broker, GONE)
        assert GONE not in whole(broker.default_channel.client), "the body is encoded"

        found = traces.find(words=[GONE])
        removed = traces.forget_shared(schema_name=GONE)

        assert found == [Trace("cache", fair_transport.key_of("provision"), 1)]
        assert removed["cache"] == 1
        assert traces.find(words=[GONE]) == []

    @pytest.mark.parametrize("kind", KINDS)
    def test_of_a_broker_alone_whatever_its_address(
        self, broker: kombu.Connection, server: valkey.Server, settings: Any, kind: str, db: None
    ) -> None:
        settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
        settings.CELERY_BROKER_URL = server.broker_url() if kind == "redis+socket" else server.url()
        order(broker, GONE, 1, 2)
        order(broker, STAYS, 1)

        removed = traces.forget_shared(schema_name=GONE)

        assert removed["broker"] >= 2
        assert GONE not in whole(broker.default_channel.client)
        assert broker.default_channel.client.zcard(fair_transport.key_of("default")) == 1

    def test_of_two_databases_of_one_server(
        self, broker: kombu.Connection, server: valkey.Server, settings: Any, db: None
    ) -> None:
        settings.CELERY_BROKER_URL = server.broker_url(database=1)
        with kombu.Connection(server.broker_url(database=1)) as other:
            for schema in (GONE, STAYS):
                cached(schema)
                order(other, schema, 1)

            removed = traces.forget_shared(schema_name=GONE)

            assert (removed["cache"], removed["broker"] >= 1) == (1, True)
            assert GONE not in whole(other.default_channel.client) + whole(broker.default_channel.client)
            assert other.default_channel.client.zcard(fair_transport.key_of("default")) == 1
