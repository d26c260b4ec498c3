"""Queues serve companies in turn, keep each company's order, and lose nothing that was taken and not confirmed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import kombu
import pytest
import redis

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


class TestOneCompanysShare:
    """Two messages of a company may be at work at a time from the queue ``work``."""

    @pytest.fixture(autouse=True)
    def capped(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(fair_transport.CAPS, "work", 2)

    @pytest.fixture
    def looking(self, server: valkey.Server) -> Iterator[redis.Redis]:
        """A connection beside those that wait for messages."""
        with redis.Redis(unix_socket_path=str(server.socket)) as client:
            yield client

    @staticmethod
    def get(source: Any) -> Any:
        """Take the next one, or None when there is none for us now."""
        try:
            return source.get(timeout=0.3)
        except source.Empty:
            return None

    def taken(self, source: Any, most: int) -> list[Any]:
        found = []
        while len(found) < most and (message := self.get(source)) is not None:
            found.append(message)
        return found

    def test_leaves_what_is_beyond_it_to_others(self, broker: kombu.Connection) -> None:
        send(broker, "a", *range(6))
        with broker.SimpleQueue("work") as source:
            first = self.taken(source, 6)
            send(broker, "b", 0)
            others = self.taken(source, 6)
            send(broker, "", "sweep", "sweep")
            platforms = self.taken(source, 6)

        assert [each.payload for each in first] == ["a0", "a1"]
        assert [each.payload for each in others] == ["b0"]
        assert [each.payload for each in platforms] == ["sweep", "sweep"]

    def test_goes_on_in_order_when_one_is_done_or_refused(self, broker: kombu.Connection) -> None:
        send(broker, "a", *range(6))
        with broker.SimpleQueue("work") as source:
            first, second = self.taken(source, 6)
            second.ack()
            third = self.taken(source, 6)
            first.reject()
            fourth = self.taken(source, 6)
            for each in (*third, *fourth):
                each.ack()
            rest = self.taken(source, 6)

        words = [[each.payload for each in group] for group in (third, fourth, rest)]
        assert words == [["a2"], ["a3"], ["a4", "a5"]]

    def test_counts_over_all_workers(self, server: valkey.Server, broker: kombu.Connection) -> None:
        send(broker, "a", *range(4))
        with kombu.Connection(server.broker_url(), transport_options=OPTIONS) as another:
            with another.SimpleQueue("work") as theirs, broker.SimpleQueue("work") as ours:
                held = self.taken(theirs, 4)
                none = self.taken(ours, 4)
                held[0].ack()
                third = self.taken(theirs, 4) + self.taken(ours, 4)

        assert ([each.payload for each in held], none) == (["a0", "a1"], [])
        assert [each.payload for each in third] == ["a2"]

    def test_is_free_again_when_its_workers_died(
        self, server: valkey.Server, broker: kombu.Connection, looking: redis.Redis
    ) -> None:
        send(broker, "a", *range(4))
        with kombu.Connection(server.broker_url(), transport_options=OPTIONS) as dead:
            source = dead.SimpleQueue("work")
            assert len(self.taken(source, 4)) == 2
            dead.default_channel.qos._delivered.clear()  # it dies without giving back what it held
            for book in ("unacked_index", "fair:work:running:a"):
                looking.zadd(book, dict.fromkeys(looking.zrange(book, 0, -1), 1))

        seen = []
        broker.default_channel.qos.restore_visible(num=10, interval=1)
        with broker.SimpleQueue("work") as source:
            while (message := self.get(source)) is not None:
                seen.append(message.payload)
                message.ack()

        assert sorted(seen) == ["a0", "a1", "a2", "a3"]
        assert looking.keys("fair:work:held*") == []

    def test_what_a_dead_worker_held_back_goes_on_before_its_message_comes_again(
        self, server: valkey.Server, broker: kombu.Connection, looking: redis.Redis
    ) -> None:
        send(broker, "a", *range(3))
        with kombu.Connection(server.broker_url(), transport_options=OPTIONS) as dead:
            source = dead.SimpleQueue("work")
            assert len(self.taken(source, 3)) == 2
            dead.default_channel.qos._delivered.clear()
            looking.zadd("fair:work:running:a", dict.fromkeys(looking.zrange("fair:work:running:a", 0, -1), 1))
            later = looking.time()[0] + 600
            looking.zadd("unacked_index", dict.fromkeys(looking.zrange("unacked_index", 0, -1), later))

        stuck = looking.llen("fair:work:held:a")
        broker.default_channel.qos.restore_visible(num=10, interval=1)
        with broker.SimpleQueue("work") as source:
            back = self.taken(source, 3)

        assert (stuck, [each.payload for each in back]) == (1, ["a2"])
        assert looking.llen("fair:work:held:a") == 0

    def test_counts_a_worker_that_says_it_is_at_work(self, broker: kombu.Connection, looking: redis.Redis) -> None:
        send(broker, "a", *range(3))
        with broker.SimpleQueue("work") as source:
            assert len(self.taken(source, 3)) == 2
            looking.zadd("fair:work:running:a", dict.fromkeys(looking.zrange("fair:work:running:a", 0, -1), 1))
            source.consumer.channel.qos.restore_visible(num=10, interval=1)

            assert looking.zcount("fair:work:running:a", 2, "+inf") == 2
            assert self.taken(source, 3) == []

    def test_held_ones_are_counted_and_purged(self, broker: kombu.Connection) -> None:
        send(broker, "a", *range(5))
        with broker.SimpleQueue("work") as source:
            self.taken(source, 5)
            channel = broker.default_channel
            waiting = channel._size("work")
            purged = channel._purge("work")

        assert (waiting, purged, channel._size("work")) == (3, 3, 0)


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

    def test_a_companys_long_work_leaves_a_slot_for_another(self, fresh_db: str, alder: Any, birch: Any) -> None:
        """Two slots, one message of a company at a time: alder's never run side by side, birch's need not wait."""
        seconds = 1.0
        done = fairness.share(database=fresh_db, hoarding=alder, other=birch, cap=1, seconds=seconds)

        apart = [later - sooner for sooner, later in pairwise(done["alder"])]
        assert len(apart) == fairness.HOARD - 1
        assert min(apart) >= seconds * 0.9
        assert done["birch"][0] < done["alder"][-1]
