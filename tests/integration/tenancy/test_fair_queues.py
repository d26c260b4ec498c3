"""Queues serve companies in turn, keep each company's order, and lose nothing that was taken and not confirmed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import kombu
import pytest

from config.embedded import valkey
from harness.laws import fairness
from tenancy import fair_transport, queues

OPTIONS = {"visibility_timeout": 1, "unacked_restore_throttle": 1}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[valkey.Server]:
    started = valkey.Server(tmp_path_factory.mktemp("queues"), durable=False).start()
    yield started
    started.stop()


@pytest.fixture
def broker(server: valkey.Server) -> Iterator[kombu.Connection]:
    with kombu.Connection(server.broker_url(), transport_options=OPTIONS) as connection:
        connection.default_channel.client.flushdb()
        yield connection


def send(broker: kombu.Connection, company: str, *words: object, queue: str = "work") -> None:
    headers = {"retailer": company} if company else {}
    with broker.SimpleQueue(queue) as target:
        for word in words:
            target.put(f"{company}{word}", headers=headers)


def take(broker: kombu.Connection, count: int, *, queue: str = "work") -> list[Any]:
    with broker.SimpleQueue(queue) as source:
        taken = [source.get(timeout=5) for _ in range(count)]
        for message in taken:
            message.ack()
        return [message.payload for message in taken]


class TestTurns:
    def test_ten_are_not_behind_thousands(self, broker: kombu.Connection) -> None:
        send(broker, "a", *range(2000))
        send(broker, "b", *range(10))

        served = take(broker, 24)

        assert [word for word in served if word.startswith("b")] == [f"b{number}" for number in range(10)]

    def test_every_company_keeps_its_order(self, broker: kombu.Connection) -> None:
        for number in range(20):
            send(broker, "abc"[number % 3], number)

        served = take(broker, 20)

        for company in "abc":
            numbers = [int(word[1:]) for word in served if word[0] == company]
            assert numbers == sorted(numbers)

    def test_who_rested_has_no_claim_on_the_past(self, broker: kombu.Connection) -> None:
        send(broker, "a", *range(100))
        take(broker, 50)
        send(broker, "b", *range(50))

        served = take(broker, 20)

        assert 9 <= sum(word.startswith("a") for word in served) <= 11

    def test_the_platform_has_a_lane_of_its_own(self, broker: kombu.Connection) -> None:
        send(broker, "a", *range(100))
        send(broker, "", "sweep")

        assert "sweep" in take(broker, 3)

    def test_queues_themselves_take_turns(self, broker: kombu.Connection) -> None:
        send(broker, "a", *range(50), queue="first")
        send(broker, "a", *range(50), queue="second")
        seen: list[str] = []

        with broker.channel() as channel:
            channel.basic_qos(0, 0, False)
            both = [kombu.Queue(name, kombu.Exchange(name), name) for name in ("first", "second")]
            with broker.Consumer(
                both, callbacks=[lambda _, message: seen.append(message.delivery_info["routing_key"])]
            ):
                while len(seen) < 20:
                    broker.drain_events(timeout=5)

        assert 8 <= seen.count("first") <= 12


class TestNothingIsLost:
    def test_what_was_rejected_is_next(self, broker: kombu.Connection) -> None:
        send(broker, "a", *range(5))
        send(broker, "b", *range(5))
        with broker.SimpleQueue("work") as source:
            first = source.get(timeout=5)
            first.requeue()

        assert take(broker, 10)[0] == first.payload == "a0"

    def test_what_a_dead_worker_held_comes_again(self, server: valkey.Server, broker: kombu.Connection) -> None:
        send(broker, "a", *range(3))
        with kombu.Connection(server.broker_url(), transport_options=OPTIONS) as dead:
            dead.SimpleQueue("work").get(timeout=5)
            dead.default_channel.qos._delivered.clear()  # it dies without giving back what it held
            dead.default_channel.client.zadd(
                "unacked_index", dict.fromkeys(dead.default_channel.client.zrange("unacked_index", 0, -1), 1)
            )

            broker.default_channel.qos.restore_visible(num=10, interval=1)
            served = take(broker, 3)

        assert sorted(served) == ["a0", "a1", "a2"]
        assert broker.default_channel.client.hlen("unacked") == 0

    def test_the_same_bytes_twice_are_two_messages(self, broker: kombu.Connection) -> None:
        client = broker.default_channel.client
        send(broker, "a", 1)
        (member,) = client.zrange(fair_transport.key_of("work"), 0, -1)
        client.eval(*fair_transport.call(queue="work", company="a", message=fair_transport.waiting(member=member)[1]))

        assert take(broker, 2) == ["a1", "a1"]


class TestDepths:
    def test_say_how_many_wait_and_since_when(self, broker: kombu.Connection, settings: Any, monkeypatch: Any) -> None:
        send(broker, "a", 1, 2, queue="default")
        monkeypatch.setattr(queues.current_app, "connection_for_read", broker.clone)

        told = {queue.name: queue for queue in queues.depths()}

        assert (told["default"].waiting, told["long"].waiting) == (2, 0)
        assert 0 <= told["default"].age < 60
        assert told["long"].age == 0


@pytest.mark.slow
class TestWithWorkers:
    def test_ten_chunks_are_through_while_another_company_has_thousands(
        self, fresh_db: str, alder: Any, birch: Any
    ) -> None:
        told = fairness.measure(
            database=fresh_db, flooding=alder, other=birch, flood=2000, few=10, seconds=0.02, workers=2
        )

        assert told.chunk_times <= 20
        assert told.served_before_last <= 40
