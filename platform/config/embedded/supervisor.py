"""Runs several programs as one: started in order, watched, and stopped together in reverse order.

Each program is the leader of its own process group and carries a mark in its environment. When the supervisor itself is
killed its programs live on; the next supervisor finds them by their recorded group and that mark, and ends them first.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO

from config.embedded import paths, processes
from kernel.errors import GridhallError

MARK = "GRIDHALL_SUPERVISED_IN"
_ROTATE_BYTES = 5_000_000
_WATCH_SECONDS = 0.2


class AlreadyRunning(GridhallError):
    """Another supervisor runs in the same folder."""

    code = "already_running"
    template = "Gridhall already runs from this folder (process {pid}). Stop it first, with Ctrl-C there."


class ProgramEnded(GridhallError):
    """A program that was to go on ended by itself."""

    code = "program_ended"
    template = "{name} ended{status}. The last lines of {log}:\n{lines}"


class StopRequested(GridhallError):
    """A person or the system asked to stop."""

    code = "stop_requested"
    template = "Stopped."


@dataclass(frozen=True)
class Program:
    """One program to run: its name, its words, and its whole environment."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    patience: float = 20.0


@dataclass(frozen=True)
class Watched:
    """Something that runs outside the supervisor and whose end ends everything: a database server."""

    name: str
    log: Path
    is_running: Callable[[], bool]


class Supervisor:
    """Programs in the folder `folder`: logs in `logs/`, records of process groups in `run/`."""

    def __init__(self, folder: Path, *, working_dir: Path = paths.ROOT) -> None:
        self.folder = folder
        self.working_dir = working_dir
        self._stop = threading.Event()
        self._running: list[tuple[Program, subprocess.Popen[bytes]]] = []
        self._watched: list[Watched] = []

    @contextlib.contextmanager
    def session(self) -> Iterator[Supervisor]:
        """This will hold the folder for one supervisor, end what an earlier one left, and stop everything at the end.

        Raises AlreadyRunning when another supervisor holds the folder.
        """
        for name in ("logs", "run"):
            paths.make_folder(self.folder / name)
        with self._hold_folder(), self._signals():
            self.end_leftovers()
            try:
                yield self
            finally:
                self.stop_all()

    def log_of(self, name: str) -> Path:
        """This will give the file that the named program writes to."""
        return self.folder / "logs" / f"{name}.log"

    def start(self, program: Program) -> int:
        """This will start a program that is to run until the end; returns its process number."""
        process = self._spawn(program)
        self._running.append((program, process))
        return process.pid

    def run_to_end(self, program: Program, *, echo: bool = False) -> None:
        """This will run a program that ends by itself, and show what it writes if `echo`.

        Raises ProgramEnded when it fails, StopRequested when a stop is asked for meanwhile.
        """
        with self._open_log(program.name):
            shown = self.log_of(program.name).stat().st_size
        process = self._spawn(program)
        try:
            while process.poll() is None:
                self._raise_if_asked_to_stop(wait=0.05)
                shown = self._show(program.name, shown) if echo else shown
        finally:
            self._end(program, process)
        if echo:
            self._show(program.name, shown)
        if process.returncode != 0:
            raise self._ended(program.name, self.log_of(program.name), process.returncode)

    def watch_also(self, watched: Watched) -> None:
        """This will treat the end of something started elsewhere as the end of everything."""
        self._watched.append(watched)

    def wait_until(self, condition: Callable[[], bool], *, seconds: float) -> bool:
        """This will wait for a condition while watching the programs; False when the time is over."""
        for _turn in range(int(seconds / _WATCH_SECONDS) + 1):
            if condition():
                return True
            self._check()
            self._raise_if_asked_to_stop(wait=_WATCH_SECONDS)
        return False

    def watch(self) -> None:
        """This will return when a stop is asked for; raises ProgramEnded when a program ends before."""
        while not self._stop.wait(_WATCH_SECONDS):
            self._check()

    def request_stop(self) -> None:
        """This will make `watch` return."""
        self._stop.set()

    def stop_all(self) -> None:
        """This will stop every program: all are asked in reverse order of their start, then each is waited for."""
        for _program, process in reversed(self._running):
            if process.poll() is None:
                process.terminate()
        while self._running:
            program, process = self._running.pop()
            self._end(program, process)

    def end_leftovers(self) -> None:
        """This will end programs that an earlier supervisor of this folder left behind when it was killed."""
        for record in (self.folder / "run").glob("*.pid"):
            text = record.read_text().strip()
            for pid in self._members(int(text)) if text.isdigit() else []:
                processes.stop(pid, signals=(signal.SIGTERM, signal.SIGKILL), seconds=5)
            record.unlink(missing_ok=True)

    def _spawn(self, program: Program) -> subprocess.Popen[bytes]:
        with self._open_log(program.name) as log:
            process = subprocess.Popen(
                list(program.command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=self.working_dir,
                env={**program.environment, MARK: str(self.folder)},
            )
        self._record(program.name).write_text(str(process.pid))
        return process

    def _show(self, name: str, shown: int) -> int:
        """Copy what was written since to the terminal; the new length."""
        with self.log_of(name).open("rb") as log:
            log.seek(shown)
            sys.stdout.write(log.read().decode(errors="replace"))
            sys.stdout.flush()
            return log.tell()

    def _open_log(self, name: str) -> IO[bytes]:
        log = self.log_of(name)
        if log.exists() and log.stat().st_size > _ROTATE_BYTES:
            log.replace(log.with_suffix(".log.1"))
        return log.open("ab")

    def _end(self, program: Program, process: subprocess.Popen[bytes]) -> None:
        """End a program politely, then whatever is left of its group."""
        processes.stop(
            process.pid,
            signals=(signal.SIGTERM, signal.SIGKILL),
            seconds=program.patience,
            gone=lambda: process.poll() is not None,
        )
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        self._record(program.name).unlink(missing_ok=True)

    def _check(self) -> None:
        for program, process in self._running:
            if process.poll() is not None:
                raise self._ended(program.name, self.log_of(program.name), process.returncode)
        for watched in self._watched:
            if not watched.is_running():
                raise self._ended(watched.name, watched.log, None)

    def _ended(self, name: str, log: Path, code: int | None) -> ProgramEnded:
        status = "" if code is None else f" with status {code}" if code >= 0 else f" by signal {-code}"
        return ProgramEnded(name=name, status=status, log=log, lines=processes.last_lines(log))

    def _raise_if_asked_to_stop(self, *, wait: float) -> None:
        if self._stop.wait(wait):
            raise StopRequested

    def _record(self, name: str) -> Path:
        return self.folder / "run" / f"{name}.pid"

    def _members(self, group: int) -> list[int]:
        """The living processes of a recorded group that carry our mark: a number may have passed to a stranger."""
        mark = f"{MARK}={self.folder}".encode()
        return [pid for pid in processes.group_members(group) if mark in processes.environment(pid)]

    @contextlib.contextmanager
    def _hold_folder(self) -> Iterator[None]:
        with (self.folder / "run" / "supervisor.lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                raise AlreadyRunning(pid=lock.read().strip() or "?") from None
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """Ctrl-C and requests to end set one flag; a second one changes nothing."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def note(_number: int, _frame: FrameType | None) -> None:
            self._stop.set()

        before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
