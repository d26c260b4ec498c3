"""`make` and the making of the environment, as a person meets them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
COMMANDS = ["setup", "demo", "demo-reset", "test", "test-all", "check", "lock", "messages", "screenshots"]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in ("Makefile", "bootstrap.py", "bootstrap.lock", "requirements.lock"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def make(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = ["make", f"PYTHON={sys.executable}", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


class TestMake:
    def test_alone_lists_the_commands(self, checkout: Path) -> None:
        done = make(checkout)

        listed = [line.split()[1] for line in done.stdout.splitlines()]
        assert done.returncode == 0
        assert [name for name in COMMANDS if name not in listed] == []

    def test_names_a_missing_python(self, checkout: Path) -> None:
        done = make(checkout, "setup", "PYTHON=python-that-is-not-there")

        assert done.returncode != 0
        assert "gridhall: python-that-is-not-there is missing; install Python 3.11 or newer." in done.stdout


class TestSetup:
    def test_says_that_the_checkout_is_not_whole(self, checkout: Path) -> None:
        (checkout / "requirements.lock").unlink()

        done = make(checkout, "setup")

        assert done.returncode != 0
        assert done.stderr.splitlines()[0] == (
            "gridhall: The file requirements.lock is missing; the checkout is not whole."
        )
        assert not (checkout / ".venv").exists()

    def test_says_that_the_index_cannot_be_reached(self, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
        monkeypatch.setenv("PIP_NO_INDEX", "1")
        monkeypatch.delenv("PIP_FIND_LINKS", raising=False)

        done = make(checkout, "setup")

        assert done.returncode != 0
        assert done.stderr.startswith("gridhall: The packages could not be fetched. Is there a connection to")
        assert "Traceback" not in done.stderr
