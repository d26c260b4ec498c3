"""A real Valkey from the package: its life, and what is kept."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import kombu
import pytest
import redis

from config.embedded import processes, valkey


@pytest.fixture
def server(tmp_path: Path) -> Iterator[valkey.Server]:
    started = valkey.Server(tmp_path / "valkey").start()
    yield started
    started.stop()


def client(server: valkey.Server) -> redis.Redis:
    return redis.Redis.from_url(server.url())


class TestServer:
    def test_serves_both_kinds_of_address(self, server: valkey.Server) -> None:
        with client(server) as cache:
            assert cache.ping() is True
        with kombu.Connection(server.broker_url()) as broker:
            assert broker.default_channel.client.ping() is True

    def test_opens_no_port(self, server: valkey.Server) -> None:
        with client(server) as cache:
            assert cache.config_get("port") == {"port": "0"}

    def test_joins_a_running_server(self, server: valkey.Server) -> None:
        second = valkey.Server(server.data_dir).start()

        assert second.pid == server.pid
        assert second.release() is False
        assert server.is_running()

    def test_the_last_release_stops(self, server: valkey.Server) -> None:
        assert server.release() is True
        assert not server.is_running()

    def test_keeps_its_data_over_a_stop(self, server: valkey.Server) -> None:
        with client(server) as cache:
            cache.set("queue", "task")
        pid = server.pid
        assert pid is not None

        server.stop()

        assert not processes.alive(pid)
        server.start()
        with client(server) as cache:
            assert cache.get("queue") == b"task"

    def test_starts_again_after_it_was_killed(self, server: valkey.Server) -> None:
        pid = server.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)

        server.start()

        assert server.pid not in (None, pid)
        with client(server) as cache:
            assert cache.ping() is True
