"""A real PostgreSQL from the package: its life, its roles, and what happens when it is killed."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config.embedded import paths, postgres, processes, unprivileged

START_AND_DIE = """
import os, sys
from pathlib import Path
from config.embedded import postgres
server = postgres.Server(Path(sys.argv[1]), durable=False).start()
print(server.pid, flush=True)
os.kill(os.getpid(), 9)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[postgres.Server]:
    started = postgres.Server(tmp_path_factory.mktemp("cluster"), durable=False).start()
    yield started
    started.stop()


@pytest.fixture
def stopped(server: postgres.Server) -> Iterator[postgres.Server]:
    server.stop()
    yield server
    server.start()


def facts(connection: psycopg.Connection, query: str) -> object:
    row = connection.execute(query).fetchone()
    assert row is not None
    return row[0] if len(row) == 1 else row


def start_in_another_process(folder: str) -> int | None:
    return postgres.Server(Path(folder), durable=False).start().pid


class TestStart:
    def test_serves_on_a_socket_only(self, server: postgres.Server) -> None:
        with server.connect() as connection:
            assert facts(connection, "SHOW listen_addresses") == ""
            assert facts(connection, "SHOW server_encoding") == "UTF8"

    def test_keeps_the_socket_private_and_short(self, server: postgres.Server) -> None:
        assert server.socket_dir.stat().st_mode & 0o777 == 0o700
        assert len(os.fsencode(server.socket_dir / ".s.PGSQL.5432")) < 104

    def test_does_not_run_as_root(self, server: postgres.Server) -> None:
        assert server.pid is not None
        if os.getuid() == 0:
            namespace = Path(f"/proc/{server.pid}/uid_map").read_text().split()
            uid = (server.cluster / "PG_VERSION").stat().st_uid
            assert namespace[0] == "1000" or uid != 0

    def test_joins_a_running_server(self, server: postgres.Server) -> None:
        second = postgres.Server(server.data_dir, durable=False).start()

        assert second.pid == server.pid

    def test_starts_once_for_many_processes(self, stopped: postgres.Server) -> None:
        context = multiprocessing.get_context("spawn")
        with context.Pool(3) as pool:
            pids = pool.map(start_in_another_process, [str(stopped.data_dir)] * 3)

        assert len(set(pids)) == 1
        assert pids[0] is not None

    def test_refuses_a_folder_that_cannot_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")

        with pytest.raises(paths.FolderRefused, match="GRIDHALL_DATA_DIR"):
            postgres.Server(tmp_path / "file" / "data").start()

    def test_refuses_data_of_another_version(self, tmp_path: Path) -> None:
        folder = tmp_path / "cluster"
        folder.mkdir()
        (folder / "PG_VERSION").write_text("12\n")

        with pytest.raises(postgres.PostgresRefused, match="was made by PostgreSQL 12, this is 18"):
            postgres.Server(tmp_path).start()

        assert (folder / "PG_VERSION").read_text() == "12\n"


class TestRoles:
    def test_owner_makes_databases_but_is_no_superuser(self, server: postgres.Server) -> None:
        with server.connect() as connection:
            query = "SELECT rolcanlogin, rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = %s"
            assert connection.execute(query, [postgres.OWNER]).fetchone() == (True, False, True, True)

    def test_app_inherits_nothing_and_makes_nothing(self, server: postgres.Server) -> None:
        with server.connect() as connection:
            query = (
                "SELECT rolcanlogin, rolsuper, rolcreatedb, rolcreaterole, rolinherit FROM pg_roles WHERE rolname = %s"
            )
            assert connection.execute(query, [postgres.APP]).fetchone() == (True, False, False, False, False)

    def test_databases_belong_to_the_owner(self, server: postgres.Server) -> None:
        assert server.ensure_database("belongings")
        assert not server.ensure_database("belongings")

        with server.connect(database="belongings") as connection:
            owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
            assert facts(connection, owner) == postgres.OWNER

    def test_owner_makes_the_extensions(self, server: postgres.Server) -> None:
        server.ensure_database("extended")

        with psycopg.connect(server.owner_url("extended"), autocommit=True) as connection:
            connection.execute("CREATE EXTENSION btree_gist")
            connection.execute("CREATE EXTENSION pg_trgm")
            assert (
                facts(connection, "SELECT count(*) FROM pg_extension WHERE extname IN ('btree_gist', 'pg_trgm')") == 2
            )

    def test_app_makes_no_table(self, server: postgres.Server) -> None:
        server.ensure_database("closed")

        with psycopg.connect(server.url(database="closed"), autocommit=True) as connection:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("CREATE TABLE mine (id int)")
            assert facts(connection, "SELECT to_regclass('mine')") is None


class TestEnd:
    def test_stop_leaves_nothing_running(self, server: postgres.Server) -> None:
        pid = server.pid
        assert pid is not None

        server.stop()

        assert not processes.alive(pid)
        assert not server.is_running()
        server.start()

    def test_release_keeps_the_server_for_others(self, server: postgres.Server) -> None:
        second = postgres.Server(server.data_dir, durable=False).start()

        assert second.release() is False
        assert server.is_running()

    def test_the_last_release_stops(self, server: postgres.Server) -> None:
        assert server.release() is True
        assert not server.is_running()
        server.start()

    def test_data_survives_a_killed_server(self, server: postgres.Server) -> None:
        server.ensure_database("survivor")
        pid = server.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)

        server.start()

        assert server.pid != pid
        assert not server.ensure_database("survivor")

    def test_server_of_a_killed_program_is_joined(self, stopped: postgres.Server) -> None:
        killed = subprocess.run(
            [sys.executable, "-c", START_AND_DIE, str(stopped.data_dir)], capture_output=True, text=True, check=False
        )
        left_behind = int(killed.stdout)

        stopped.start()

        assert killed.returncode == -signal.SIGKILL
        assert stopped.pid == left_behind

    def test_a_number_that_passed_to_a_stranger_is_no_server(self, stopped: postgres.Server) -> None:
        stranger = f"{os.getpid()}\n{stopped.cluster}\n1\n5432\n{stopped.socket_dir}\n\n  1  1\nready\n"
        (stopped.cluster / "postmaster.pid").write_text(stranger)

        assert not stopped.is_running()

        stopped.start()

        assert stopped.pid != os.getpid()


class TestBinary:
    @pytest.mark.parametrize("name", ["psql", "pg_dump", "pg_restore"])
    def test_programs_are_there(self, name: str) -> None:
        done = subprocess.run([postgres.binary(name), "--version"], capture_output=True, text=True, check=True)

        assert done.stdout.startswith(f"{name} (PostgreSQL) ")

    def test_a_missing_program_is_named(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("POSTGRES_BIN", str(tmp_path))

        with pytest.raises(postgres.PostgresRefused, match="the program postgres is missing"):
            postgres.binary("postgres")


@pytest.mark.skipif(os.getuid() != 0, reason="only root has to become somebody else")
class TestAsNobody:
    """Where namespaces are forbidden, the server runs as nobody, out of closed folders."""

    def test_serves_from_a_closed_folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(unprivileged, "NAMESPACE", ("false",))
        monkeypatch.setattr(unprivileged, "OPEN_ROOT", Path(f"/var/tmp/gridhall-test-{os.getpid()}"))
        closed = tmp_path / "closed"
        closed.mkdir(mode=0o700)
        server = postgres.Server(closed / "data", durable=False)

        try:
            server.start()
            server.ensure_database("kept")
            owner = server.cluster.resolve().stat().st_uid
            server.stop()
            server.start()
            kept = not server.ensure_database("kept")
        finally:
            server.stop()
            unprivileged.forget(server.cluster)
            unprivileged.forget(unprivileged.OPEN_ROOT)

        assert owner == unprivileged.as_nobody().uid
        assert kept

    def test_data_made_as_nobody_serves_in_a_namespace(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        namespace = unprivileged.NAMESPACE
        monkeypatch.setattr(unprivileged, "OPEN_ROOT", Path(f"/var/tmp/gridhall-test-{os.getpid()}"))
        server = postgres.Server(tmp_path / "data", durable=False)

        try:
            monkeypatch.setattr(unprivileged, "NAMESPACE", ("false",))
            server.start()
            server.ensure_database("kept")
            server.stop()
            monkeypatch.setattr(unprivileged, "NAMESPACE", namespace)
            server.start()
            kept = not server.ensure_database("kept")
        finally:
            server.stop()
            unprivileged.forget(server.cluster)
            unprivileged.forget(unprivileged.OPEN_ROOT)

        assert kept
