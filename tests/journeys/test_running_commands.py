"""Every command that docs/running.md and README.md name is run here, or listed with the reason and another check."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.embedded import postgres
from harness import databases, served

ROOT = databases.ROOT
PAGES = ("docs/running.md", "README.md")
MANAGE = {
    # As written: as it is run. In this order, on a database of two companies.
    "GRIDHALL_ROLE=owner python manage.py fleet plan": "fleet plan",
    "GRIDHALL_ROLE=owner python manage.py fleet migrate [--parallel 2] [--report FILE]": (
        "fleet migrate --parallel 2 --report {folder}/report.json"
    ),
    "python manage.py fleet status [--json]": "fleet status --json",
    "python manage.py close_books [COMPANY] [--day 2026-03-31] [--to FOLDER]": (
        "close_books alder --day 2026-03-31 --to {folder}"
    ),
    "python manage.py verify_ledger [COMPANY] [--noted SEAL] [--closings FOLDER]": "verify_ledger alder",
    "python manage.py backup_company [COMPANY] [--to FOLDER]": "backup_company alder",
    "GRIDHALL_ROLE=owner python manage.py drill_backup COMPANY": "drill_backup alder",
    "GRIDHALL_ROLE=owner python manage.py restore_company ARCHIVE [--code NEW]": (
        "restore_company {archive} --code aspen"
    ),
    'GRIDHALL_ROLE=owner python manage.py restore_company ARCHIVE --replace "why"': (
        "restore_company {archive} --replace 'a drill'"
    ),
    "python manage.py rewrap_keys [COMPANY]": "rewrap_keys alder",
    "python manage.py rotate_company_key COMPANY [--settle 900] [--go-on] [--retire]": (
        "rotate_company_key birch --settle 0"
    ),
    "python manage.py delete_company COMPANY --typed COMPANY --reason TEXT [--meanwhile closed|read_only]": (
        "delete_company birch --typed birch --reason 'a drill'"
    ),
    "python manage.py delete_company COMPANY --revoke --reason TEXT": (
        "delete_company birch --revoke --reason 'a drill'"
    ),
    ".venv/bin/python manage.py rate tests/data/rating-cases.json": "rate tests/data/rating-cases.json",
}
DEMO = {
    "make demo",
    "make demo-reset",
    "PORT=8001 make demo",
    "GRIDHALL_DATA_DIR=/a/folder/of/mine make demo",
    ". .gridhall/environment",
    ".venv/bin/python manage.py import_readings --retailer wattlebird FILE [--dry-run]",
    ".venv/bin/python manage.py bill_run --retailer wattlebird --month 2026-10 [--issue]",
}
"""Run together by TestDemo, in a folder and at a port of its own."""
FROM_THE_SHELL = (
    "import_readings --retailer wattlebird examples/meters/demo/wattlebird-*.csv --dry-run",
    "bill_run --retailer wattlebird --month 2026-10",
)
"""Both may be refused by what the demo holds already, in a sentence; a fault of the program is none."""
MAKE = {
    "make": "",
    "make setup": "setup",
    "make setup PYTHON=/usr/bin/python3.12": f"setup PYTHON={sys.executable}",
    'make test ARGS="tests/unit -k money" WORKERS=4': 'test ARGS="tests/unit -k money" WORKERS=2',
}
ELSEWHERE = {
    # command: (why it is not run here, what is looked at instead)
    "make test": ("runs this test", "recipe"),
    "make test-all": ("runs this test", "recipe"),
    "make check": ("runs this test; .ci/run calls it", "recipe"),
    "make lock": ("asks the package index", "recipe"),
    "make bench-fleet": ("takes minutes; its parts are run by test_fleet", "recipe"),
    "make bench-queues": ("takes a minute; its measure is run by test_fair_queues", "recipe"),
    "useradd --create-home tester": ("makes a user of this machine", "program"),
    "git clone . /home/tester/gridhall && chown -R tester: /home/tester/gridhall": ("the same", "program"),
    "runuser -u tester -- make -C /home/tester/gridhall test": ("the same", "program"),
    "docker compose up": ("there is no Docker here; tests/integration/runtime/test_deploy.py", "compose"),
    "docker compose --env-file deploy/secrets.env up --build": ("the same", "compose"),
    "docker compose --env-file deploy/secrets.env build": ("the same", "compose"),
    "docker compose --env-file deploy/secrets.env run --rm migrate": ("the same", "compose"),
    "docker compose --env-file deploy/secrets.env up --detach": ("the same", "compose"),
    "GRIDHALL_ROLE=owner python manage.py delete_company COMPANY --carry-out": (
        "a waiting period must have passed; tests/integration/data_protection/test_end_of_a_company.py",
        "option",
    ),
    "python manage.py verify_certificate FILE [--key HEX]": (
        "needs the certificate of a company that is gone; the same file",
        "option",
    ),
    "cp deploy/secrets.example deploy/secrets.env": ("writes into the checkout", "files"),
}
SQL = re.compile(r"CREATE (?:ROLE|DATABASE) .*;")


def written() -> set[str]:
    """All commands that the pages name: in blocks, and between backticks where they begin like one."""
    found: set[str] = set()
    for page in PAGES:
        text = (ROOT / page).read_text()
        fenced = re.findall(r"^```(?:sh|bash)?\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
        plain = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
        indented = re.findall(r"(?<=\n\n)(?: {4}[^\n]+\n)+", plain)
        lines = [line.strip() for block in (*fenced, *indented) for line in block.splitlines()]
        found |= {re.split(r"\s+# ", line)[0].strip() for line in lines if line and not line.startswith("#")}
        words = re.sub(r"(?m)^ {4}.*$", "", plain)
        found |= set(re.findall(r"`((?:\w+=\S+ )*(?:make(?: [a-z][^`\n]*)?|docker compose [^`\n]+))`", words))
    return found


class TestPages:
    def test_name_no_command_that_nobody_tries(self) -> None:
        known = {*MANAGE, *DEMO, *MAKE, *ELSEWHERE}

        unknown = {command for command in written() - known if not SQL.fullmatch(command)}

        assert unknown == set()

    def test_every_command_that_is_tried_is_named(self) -> None:
        assert {*MANAGE, *DEMO, *MAKE, *ELSEWHERE} - written() == set()

    def test_the_logins_are_made_as_written(self) -> None:
        statements = {command for command in written() if SQL.fullmatch(command)}

        made = {f"CREATE ROLE {role} {rights} PASSWORD '...';" for role, rights in postgres.ROLES.items()}
        assert statements == made | {f"CREATE DATABASE gridhall OWNER {postgres.OWNER};"}


class TestElsewhere:
    @pytest.mark.parametrize("command", [each for each, (_, how) in ELSEWHERE.items() if how == "recipe"])
    def test_recipes_are_there(self, command: str) -> None:
        done = subprocess.run(
            ["make", "-n", *shlex.split(command)[1:]], cwd=ROOT, capture_output=True, text=True, check=False
        )

        assert done.returncode == 0, done.stderr

    @pytest.mark.parametrize("command", [each for each, (_, how) in ELSEWHERE.items() if how == "compose"])
    def test_services_and_files_are_there(self, command: str) -> None:
        import yaml

        services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
        for name in re.findall(r"run --rm (\S+)", command):
            assert name in services
        for name in re.findall(r"--env-file (\S+)", command):
            assert (ROOT / name).with_suffix(".example").is_file()

    @pytest.mark.parametrize("command", [each for each, (_, how) in ELSEWHERE.items() if how == "option"])
    def test_commands_take_these_words(self, command: str) -> None:
        name = re.findall(r"manage\.py (\w+)", command)[0]

        told = subprocess.run(
            [sys.executable, "manage.py", name, "--help"], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout

        assert [option for option in re.findall(r"--[a-z-]+", command) if option not in told] == []

    def test_files_to_copy_are_there(self) -> None:
        assert (ROOT / "deploy/secrets.example").is_file()


@pytest.mark.slow
class TestManage:
    @pytest.fixture(scope="class")
    @classmethod
    def place(cls, django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
        name = databases.clone(f"gridhall_{os.getpid()}_{uuid.uuid4().hex[:8]}")
        yield name, tmp_path_factory.mktemp("running")
        databases.drop(name)

    def test_each_command_ends_well_in_the_order_of_the_pages(self, place: tuple[str, Path]) -> None:
        database, folder = place
        told: dict[str, str] = {}
        for command, words in MANAGE.items():
            role = "owner" if "GRIDHALL_ROLE=owner" in command else "app"
            own = {**databases.environment(database, role=role), "GRIDHALL_DATA_DIR": str(folder)}
            archives = sorted((folder / "backups").rglob("*.tar*"))
            filled = words.format(folder=folder, archive=archives[0] if archives else "")
            done = subprocess.run(
                [sys.executable, "manage.py", *shlex.split(filled)],
                cwd=ROOT, env=own, capture_output=True, text=True, check=False,
            )  # fmt: skip
            told[command] = done.stdout + done.stderr
            assert done.returncode == 0, f"{command}\n{told[command]}"

        assert (folder / "report.json").is_file()


@pytest.mark.slow
class TestMake:
    @pytest.mark.parametrize("command", MAKE)
    def test_ends_well(self, command: str) -> None:
        words = ["make", f"PYTHON={sys.executable}", *shlex.split(MAKE[command])]

        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)

        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
class TestDemo:
    def test_serves_takes_commands_stops_and_forgets(self, tmp_path: Path) -> None:
        port, folder = served.free_port(), tmp_path / "demo"
        own = {**os.environ, "PORT": str(port), "GRIDHALL_DATA_DIR": str(folder)}
        log = tmp_path / "demo.log"
        with log.open("w") as written:
            demo = subprocess.Popen(
                ["make", "demo"], cwd=ROOT, env=own, stdout=written, stderr=written, start_new_session=True
            )
        try:
            _until(lambda: "Ctrl-C stops it" in log.read_text(), demo, log)
            manage = f". {folder}/environment && {sys.executable} manage.py"
            said = [_shell(f"{manage} {words}") for words in FROM_THE_SHELL]
            status = _status(f"http://127.0.0.1:{port}/", "wattlebird.gridhall.localhost")
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(demo.pid, signal.SIGINT)
            demo.wait(timeout=120)
        forgotten = subprocess.run(["make", "demo-reset"], cwd=ROOT, env=own, capture_output=True, check=False)

        assert status == 200
        assert [words for words in said if "Traceback" in words] == []
        assert forgotten.returncode == 0
        assert not (folder / "postgres").exists()


def _shell(words: str) -> str:
    done = subprocess.run(["sh", "-c", words], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def _until(done: object, program: subprocess.Popen[bytes], log: Path, seconds: float = 1500.0) -> None:
    until = time.monotonic() + seconds
    while not done():  # type: ignore[operator]
        assert program.poll() is None, log.read_text()
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.5)


def _status(address: str, host: str) -> int:
    request = urllib.request.Request(address, headers={"Host": host})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        return refusal.code
