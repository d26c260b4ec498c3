"""What the demo's programs are told, and what it refuses before it starts anything."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from config import demo_server
from config.embedded import postgres, valkey


def settings(folder: Path) -> dict[str, str]:
    return demo_server.settings_for(
        folder=folder, port=8123, database=postgres.Server(folder / "postgres"), broker=valkey.Server(folder / "valkey")
    )


class TestSettingsFor:
    def test_keep_the_owner_out_of_ordinary_programs(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DATABASE_OWNER_URL", "postgresql://somebody@/else")

        told = settings(tmp_path)

        assert "DATABASE_OWNER_URL" not in told
        assert told["GRIDHALL_ROLE"] == "app"
        assert told["DATABASE_URL"].startswith("postgresql://gridhall_app@/gridhall?host=")

    def test_give_the_owner_to_those_that_migrate(self, tmp_path: Path) -> None:
        told = demo_server.as_owner(settings(tmp_path), postgres.Server(tmp_path / "postgres"))

        assert told["GRIDHALL_ROLE"] == "owner"
        assert told["DATABASE_OWNER_URL"].startswith("postgresql://gridhall_owner@/gridhall?host=")

    def test_drop_variables_that_turn_connections_elsewhere(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PGPORT", "6000")

        assert "PGPORT" not in settings(tmp_path)

    def test_keep_broker_and_cache_apart(self, tmp_path: Path) -> None:
        told = settings(tmp_path)

        assert told["CELERY_BROKER_URL"].endswith("valkey.sock?virtual_host=0")
        assert told["REDIS_URL"].endswith("valkey.sock?db=1")


class TestPort:
    def test_reads_a_number(self) -> None:
        assert demo_server.port_from("8001") == 8001

    @pytest.mark.parametrize("text", ["", "web", "-1", "0", "65536", "80.5"])
    def test_refuses_what_is_no_port(self, text: str) -> None:
        with pytest.raises(demo_server.PortRefused) as refused:
            demo_server.port_from(text)

        assert f"“{text}”" in str(refused.value)

    def test_names_the_taken_port_and_a_free_one(self) -> None:
        with socket.socket() as taken:
            taken.bind((demo_server.HOST, 0))
            taken.listen()
            port = taken.getsockname()[1]

            with pytest.raises(demo_server.PortTaken) as refused:
                demo_server.refuse_taken_port(port)

        other = refused.value.params["other"]
        sentence = f"Port {port} is taken by another program. Choose another one: PORT={other} make demo"
        assert str(refused.value) == sentence
        assert port < other
