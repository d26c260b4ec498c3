"""Migrations of the fleet: in waves, resumed after any death, one run at a time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from harness import databases

COMPANIES = 6
EVERYONE = {"operator", "alder", "birch", *(f"c{number:03d}" for number in range(1, COMPANIES))}
"""Those who have not got the new tables; the last company got them with registry and template."""


@pytest.fixture(scope="module")
def many(django_db_setup: None) -> Iterator[str]:
    """A database with eight companies and the operator; the tables of a new release are in the registry only."""
    name = databases.clone(f"gridhall_{os.getpid()}_fleet{uuid.uuid4().hex[:6]}")
    own = databases.environment(name, role="owner")
    words = [sys.executable, "tests/harness/make_companies.py", str(COMPANIES)]
    subprocess.run(words, cwd=databases.ROOT, env=own, check=True, capture_output=True)
    ready = Fleet(name)
    ready.run("migrate", "--only", f"c{COMPANIES:03d}")  # registry and template are there: each test is about companies
    yield name
    databases.drop(name)


@pytest.fixture
def fleet(many: str) -> Iterator[Fleet]:
    name = databases.copy(many, f"gridhall_{os.getpid()}_{uuid.uuid4().hex[:8]}")
    yield Fleet(name)
    databases.drop(name)


class Fleet:
    """The command, run against one database with a release that brings new tables."""

    def __init__(self, database: str) -> None:
        self.database = database

    def environment(self, **extra: str) -> dict[str, str]:
        settings = {"DJANGO_SETTINGS_MODULE": "harness.extra_settings"}
        return {**databases.environment(self.database, role="owner"), **settings, **extra}

    def start(self, *words: str, **extra: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "manage.py", "fleet", *words],
            cwd=databases.ROOT, env=self.environment(**extra), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip

    def run(self, *words: str, **extra: str) -> tuple[int, str]:
        process = self.start(*words, **extra)
        told, faults = process.communicate(timeout=120)
        return process.returncode, told + faults

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(databases.server().superuser_url(self.database), autocommit=True) as session:
            return session.execute(query).fetchall()

    def states(self) -> dict[str, str]:
        rows = self.ask(
            "SELECT code, state FROM tenancy_fleetmigration m JOIN tenancy_retailer r ON r.id = retailer_id"
        )
        return {code: state for code, state in rows if code in EVERYONE}

    def with_table(self) -> set[str]:
        """Codes of the companies that have the new table with its last column."""
        rows = self.ask(
            "SELECT code FROM tenancy_retailer r WHERE EXISTS (SELECT 1 FROM information_schema.columns "
            "WHERE table_schema = r.schema_name AND table_name = 'extra_mark' AND column_name = 'word')"
        )
        return {code for (code,) in rows} & EVERYONE

    def notes(self) -> list[int]:
        """How many notes of the app's migrations each company holds."""
        schemas = [name for (name,) in self.ask("SELECT schema_name FROM tenancy_retailer")]
        return [
            self.ask(f"SELECT count(*) FROM {name}.django_migrations WHERE app = 'extra'")[0][0] for name in schemas
        ]


class TestMigrate:
    def test_brings_everyone_there_and_reports_it(self, fleet: Fleet, tmp_path: Path) -> None:
        status, told = fleet.run("migrate", "--wave-size", "2", "--parallel", "2", "--report", str(tmp_path / "r.json"))

        report = json.loads((tmp_path / "r.json").read_text())
        assert status == 0, told
        assert fleet.with_table() == EVERYONE
        assert set(fleet.states().values()) == {"done"}
        assert [wave["companies"] for wave in report["waves"]] == [2, 2, 4]
        assert {row["code"] for row in report["companies"]} == EVERYONE
        assert (report["state"], report["counts"]) == ("done", {"done": 8})
        assert report["companies"][0]["wave"] == 1
        assert fleet.run("status")[0] == 0

    @pytest.mark.slow
    def test_the_host_and_the_canaries_come_first(self, fleet: Fleet) -> None:
        told = fleet.run("plan", "--canary", "c003", "--wave-size", "5")[1]

        waves = [line.split(": ")[1].split(", ") for line in told.splitlines() if line.startswith("Wave")]
        assert set(waves[0]) == {"operator", "c003"}
        assert [len(wave) for wave in waves] == [2, 5, 1]
        assert fleet.with_table() == set()

    @pytest.mark.slow
    def test_only_named_companies(self, fleet: Fleet) -> None:
        status, told = fleet.run("migrate", "--only", "c001", "--only", "birch")

        behind = fleet.run("status", "--json")
        assert status == 0, told
        assert fleet.with_table() == {"c001", "birch"}
        assert behind[0] == 3
        rows = json.loads(behind[1].split("CommandError")[0])
        pending = {row["code"] for row in rows if row["state"] == "pending"}
        assert pending == EVERYONE - {"c001", "birch"}

    @pytest.mark.slow
    def test_a_company_nobody_knows_is_refused_by_name(self, fleet: Fleet) -> None:
        status, told = fleet.run("migrate", "--only", "nobody")

        assert (status, fleet.with_table()) == (1, set())
        assert "nobody" in told

    @pytest.mark.slow
    def test_the_login_of_the_programs_may_not(self, fleet: Fleet) -> None:
        own = {**fleet.environment(), "GRIDHALL_ROLE": "app"}
        words = [sys.executable, "manage.py", "fleet", "migrate"]

        done = subprocess.run(words, cwd=databases.ROOT, env=own, capture_output=True, text=True, check=False)

        assert done.returncode == 1
        assert "GRIDHALL_ROLE=owner" in done.stderr

    @pytest.mark.slow
    def test_a_second_time_there_is_nothing_to_do(self, fleet: Fleet) -> None:
        fleet.run("migrate")
        before = fleet.ask("SELECT * FROM tenancy_fleetmigration ORDER BY id")

        status, told = fleet.run("migrate")

        assert status == 0
        assert told.startswith("Every company is at the newest tables")
        assert fleet.ask("SELECT * FROM tenancy_fleetmigration ORDER BY id") == before


class TestFailures:
    def test_a_canary_that_fails_stops_the_run(self, fleet: Fleet) -> None:
        status, told = fleet.run("migrate", "--canary", "c002", EXTRA_FAILS="t_c00200000000")

        assert status == 1
        assert fleet.states() == {code: "skipped" for code in EVERYONE} | {"operator": "done", "c002": "failed"}
        assert "c002: t_c00200000000 was told to fail" in told

    @pytest.mark.slow
    def test_so_many_failures_stop_the_run_and_the_next_goes_on(self, fleet: Fleet) -> None:
        fails = "t_c00100000000,t_c00200000000,t_c00300000000"

        fleet.run("migrate", "--canary", "alder", "--wave-size", "9", "--stop-after-failures", "2", EXTRA_FAILS=fails)
        stopped = fleet.states()
        status, told = fleet.run("migrate")

        assert sorted(stopped.values()).count("failed") == 2
        assert stopped["c004"] == "skipped"
        assert status == 0, told
        assert fleet.with_table() == EVERYONE

    @pytest.mark.slow
    def test_a_failed_company_keeps_its_data_and_its_doors(self, fleet: Fleet) -> None:
        fleet.run("migrate", "--stop-after-failures", "9", EXTRA_FAILS="t_birch0000000")

        assert fleet.states()["birch"] == "failed"
        assert fleet.with_table() == EVERYONE - {"birch"}
        assert fleet.ask("SELECT count(*) FROM t_birch0000000.identity_user")[0][0] == 2
        assert fleet.ask("SELECT status FROM tenancy_retailer WHERE code = 'birch'") == [("active",)]

    @pytest.mark.slow
    def test_a_lock_that_stays_taken_fails_this_company_alone(self, fleet: Fleet) -> None:
        with psycopg.connect(databases.server().superuser_url(fleet.database)) as busy:
            busy.execute("LOCK TABLE t_birch0000000.customers_account IN ROW EXCLUSIVE MODE")

            status, _ = fleet.run("migrate", "--lock-timeout", "100ms", "--attempts", "2")
            (tried,) = fleet.ask("SELECT attempts, error FROM tenancy_fleetmigration WHERE state = 'failed'")
            busy.rollback()

        assert status == 1
        assert fleet.with_table() == EVERYONE - {"birch"}
        assert tried[0] == 2
        assert "lock timeout" in tried[1]
        assert fleet.run("migrate")[0] == 0
        assert fleet.with_table() == EVERYONE

    @pytest.mark.slow
    def test_a_lock_that_comes_free_is_waited_for(self, fleet: Fleet) -> None:
        with psycopg.connect(databases.server().superuser_url(fleet.database)) as busy:
            busy.execute("LOCK TABLE t_birch0000000.customers_account IN ROW EXCLUSIVE MODE")
            process = fleet.start("migrate", "--only", "birch", "--lock-timeout", "300ms", "--attempts", "9")
            _until(lambda: fleet.ask("SELECT 1 FROM pg_locks WHERE NOT granted"))
            _until(lambda: not fleet.ask("SELECT 1 FROM pg_locks WHERE NOT granted"))
            busy.rollback()
            told = process.communicate(timeout=60)

        assert process.returncode == 0, told
        assert fleet.ask(
            "SELECT attempts > 1, state FROM tenancy_fleetmigration m JOIN tenancy_retailer r ON r.id = retailer_id"
            " WHERE code = 'birch'"
        ) == [(True, "done")]

    @pytest.mark.slow
    def test_a_statement_that_takes_too_long_is_ended(self, fleet: Fleet) -> None:
        with psycopg.connect(databases.server().superuser_url(fleet.database)) as busy:
            busy.execute("LOCK TABLE t_birch0000000.customers_account IN ROW EXCLUSIVE MODE")

            status, told = fleet.run(
                "migrate", "--only", "birch", "--statement-timeout", "100ms", "--lock-timeout", "60s"
            )

        assert status == 1
        assert "statement timeout" in told


class TestDeath:
    @pytest.mark.slow
    @pytest.mark.parametrize("after", [0.0, 0.15, 0.4])
    def test_of_the_run_loses_nothing(self, fleet: Fleet, after: float) -> None:
        process = fleet.start("migrate", "--wave-size", "2", "--parallel", "2", EXTRA_SECONDS="0.1")
        _until(lambda: fleet.ask("SELECT 1 FROM tenancy_fleetmigration WHERE state = 'running'"))
        time.sleep(after)
        process.kill()
        process.communicate()

        status, told = fleet.run("migrate")

        assert status == 0, told
        assert fleet.with_table() == EVERYONE
        assert set(fleet.notes()) == {2}
        assert {state for (state,) in fleet.ask("SELECT state FROM tenancy_fleetrun")} <= {"killed", "done"}

    @pytest.mark.slow
    def test_of_a_worker_is_made_good_by_another(self, fleet: Fleet) -> None:
        process = fleet.start("migrate", EXTRA_SECONDS="0.3")
        (worker,) = _until(lambda: fleet.ask("SELECT worker FROM tenancy_fleetmigration WHERE state = 'running'"))[0]
        os.kill(worker, signal.SIGKILL)

        told = process.communicate(timeout=60)

        assert process.returncode == 0, told
        assert fleet.with_table() == EVERYONE
        assert set(fleet.notes()) == {2}

    @pytest.mark.slow
    def test_of_every_worker_of_a_company_gives_it_up(self, fleet: Fleet) -> None:
        process = fleet.start("migrate", "--only", "birch", EXTRA_SECONDS="60")
        killed: list[int] = []
        while process.poll() is None:
            rows = fleet.ask("SELECT worker FROM tenancy_fleetmigration WHERE state = 'running'")
            if rows and rows[0][0] not in killed:
                os.kill(rows[0][0], signal.SIGKILL)
                killed.append(rows[0][0])

        assert len(killed) == 3
        assert fleet.states()["birch"] == "failed"


class TestOneAtATime:
    @pytest.mark.slow
    def test_a_second_run_is_refused(self, fleet: Fleet) -> None:
        first = fleet.start("migrate", EXTRA_SECONDS="0.4")
        _until(lambda: fleet.ask("SELECT 1 FROM tenancy_fleetmigration WHERE state = 'running'"))

        status, told = fleet.run("migrate")

        assert status == 1
        assert "Another run is migrating the fleet" in told
        first.communicate(timeout=60)
        assert first.returncode == 0


def _until(found: Any, seconds: float = 60.0) -> Any:
    until = time.monotonic() + seconds
    while not (rows := found()):
        assert time.monotonic() < until, "it did not come"
    return rows
