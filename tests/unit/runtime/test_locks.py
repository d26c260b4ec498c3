"""The lock files name every package of pyproject.toml by version and hash, and no address."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[3]
LOCKS = ["bootstrap.lock", "requirements.lock"]


def locked_versions(name: str) -> dict[str, Version]:
    pins = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)", (ROOT / name).read_text(), re.MULTILINE)
    return {canonicalize_name(package): Version(version) for package, version in pins}


def wanted_requirements() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    texts = project["project"]["dependencies"] + [
        text for group in project["dependency-groups"].values() for text in group
    ]
    return [Requirement(text) for text in texts]


class TestLocks:
    @pytest.mark.parametrize("name", LOCKS)
    def test_name_no_address(self, name: str) -> None:
        assert re.search(r"https?:", (ROOT / name).read_text()) is None

    @pytest.mark.parametrize("name", LOCKS)
    def test_give_every_package_a_hash(self, name: str) -> None:
        entries = re.split(r"\n(?=\S)", (ROOT / name).read_text().strip())

        assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []

    def test_hold_what_the_project_asks_for(self) -> None:
        locked = locked_versions("requirements.lock")

        unmet = [str(r) for r in wanted_requirements() if not r.specifier.contains(locked.get(r.name, Version("0")))]

        assert unmet == []

    def test_bootstrap_holds_only_the_installer(self) -> None:
        assert list(locked_versions("bootstrap.lock")) == ["uv"]
