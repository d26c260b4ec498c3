"""docker-compose.yml names the programs that the demo runs, and gives the owner's address to two of them only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from config import demo_server
from config.embedded import postgres

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def parts() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def words(parts: dict[str, Any], service: str) -> list[str]:
    command = parts["services"][service]["command"]
    assert command[0] == "python"
    return command[1:]


class TestCommands:
    def test_of_web_worker_provision_and_beat_are_the_demos(self, parts: dict[str, Any]) -> None:
        tried = demo_server.program_commands(bind="0.0.0.0:8000", beat_schedule="/var/lib/gridhall/beat-schedule")

        assert {name: words(parts, name) for name in tried} == {name: command[1:] for name, command in tried.items()}

    def test_of_the_image_is_the_web_program(self, parts: dict[str, Any]) -> None:
        written = next(line for line in (ROOT / "Dockerfile").read_text().splitlines() if line.startswith("CMD "))

        assert yaml.safe_load(written.removeprefix("CMD ")) == parts["services"]["web"]["command"]


class TestCredentials:
    def test_only_two_programs_know_the_owner(self, parts: dict[str, Any]) -> None:
        services = parts["services"].items()

        told = {name for name, service in services if "DATABASE_OWNER_URL" in service.get("environment", {})}

        assert told == {"migrate", "provision"}

    def test_the_logins_are_those_of_the_embedded_server(self, parts: dict[str, Any]) -> None:
        statements = parts["configs"]["logins"]["content"]

        for role, attributes in postgres.ROLES.items():
            assert f"CREATE ROLE {role} {attributes} PASSWORD " in statements
        assert f"CREATE DATABASE {demo_server.DATABASE} OWNER {postgres.OWNER};" in statements
