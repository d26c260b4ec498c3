"""The supervisor with real children: order, death, stop, and what a killed supervisor leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from config.embedded import processes, supervisor

FOREVER = "import signal, time; print('up', flush=True); signal.pause()"
WITH_CHILD = """
import signal, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
print("child", child.pid, flush=True)
signal.pause()
"""
STUBBORN = (
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True)\nwhile True: signal.pause()"
)
NOTING = """
import signal, sys
def note(*_):
    with open("order", "a") as order:
        order.write(sys.argv[1] + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, note)
print("up", flush=True)
signal.pause()
"""
SUPERVISE_AND_DIE = f"""
import os, sys
from pathlib import Path
from config.embedded import supervisor
runner = supervisor.Supervisor(Path(sys.argv[1]))
with runner.session():
    words = [sys.executable, "-c", {WITH_CHILD!r}]
    print(runner.start(supervisor.Program("web", words, dict(os.environ))), flush=True)
    runner.wait_until(lambda: "child" in runner.log_of("web").read_text(), seconds=20)
    os.kill(os.getpid(), 9)
"""


def program(name: str, code: str, *words: str, patience: float = 20.0) -> supervisor.Program:
    return supervisor.Program(name, [sys.executable, "-c", code, *words], dict(os.environ), patience=patience)


def started(runner: supervisor.Supervisor, wanted: supervisor.Program, *, word: str = "up") -> int:
    pid = runner.start(wanted)
    assert runner.wait_until(lambda: word in runner.log_of(wanted.name).read_text(), seconds=20)
    return pid


def _continue_after(stopped: int, other: int) -> None:
    processes.wait_until(lambda: not processes.alive(other), seconds=10)
    os.kill(stopped, signal.SIGCONT)


@pytest.fixture
def runner(tmp_path: Path) -> supervisor.Supervisor:
    return supervisor.Supervisor(tmp_path, working_dir=tmp_path)


class TestSession:
    def test_stops_its_programs_in_the_end(self, runner: supervisor.Supervisor) -> None:
        with runner.session():
            pids = [started(runner, program(name, FOREVER)) for name in ("web", "worker")]

        assert [processes.alive(pid) for pid in pids] == [False, False]
        assert list((runner.folder / "run").glob("*.pid")) == []

    def test_asks_in_reverse_order(self, runner: supervisor.Supervisor) -> None:
        with runner.session():
            web = started(runner, program("web", NOTING, "web"))
            worker = started(runner, program("worker", NOTING, "worker"))
            os.kill(web, signal.SIGSTOP)
            threading.Timer(0.1, _continue_after, (web, worker)).start()

        assert (runner.folder / "order").read_text().split() == ["worker", "web"]

    def test_ends_the_children_of_its_programs(self, runner: supervisor.Supervisor) -> None:
        with runner.session():
            started(runner, program("web", WITH_CHILD), word="child")
            grandchild = int(runner.log_of("web").read_text().split()[1])

        assert processes.wait_until(lambda: not processes.alive(grandchild), seconds=5)

    def test_ends_a_program_that_will_not_hear(self, runner: supervisor.Supervisor) -> None:
        with runner.session():
            pid = started(runner, program("web", STUBBORN, patience=0.2))

        assert not processes.alive(pid)

    def test_holds_the_folder_for_one(self, runner: supervisor.Supervisor) -> None:
        with runner.session():
            pid = started(runner, program("web", FOREVER))

            with pytest.raises(supervisor.AlreadyRunning) as refused, supervisor.Supervisor(runner.folder).session():
                pass

            assert refused.value.params == {"pid": str(os.getpid())}
            assert processes.alive(pid)


class TestWatch:
    def test_names_the_program_that_died_and_shows_its_log(self, runner: supervisor.Supervisor) -> None:
        with runner.session():
            other = started(runner, program("web", FOREVER))
            runner.start(program("worker", "print('no such queue'); raise SystemExit(3)"))

            with pytest.raises(supervisor.ProgramEnded) as ended:
                runner.watch()

        assert str(ended.value).startswith("worker ended with status 3. The last lines of ")
        assert str(ended.value).endswith("worker.log:\nno such queue")
        assert not processes.alive(other)

    def test_names_the_signal_that_killed(self, runner: supervisor.Supervisor) -> None:
        with runner.session():
            os.kill(started(runner, program("web", FOREVER)), signal.SIGKILL)

            with pytest.raises(supervisor.ProgramEnded, match="web ended by signal 9"):
                runner.watch()

    def test_notices_the_end_of_a_server_started_elsewhere(self, runner: supervisor.Supervisor) -> None:
        with runner.session():
            runner.watch_also(supervisor.Watched("postgres", runner.folder / "none", lambda: False))

            with pytest.raises(supervisor.ProgramEnded, match="postgres ended"):
                runner.watch()

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_returns_when_asked_to_stop(self, runner: supervisor.Supervisor, number: signal.Signals) -> None:
        with runner.session():
            pid = started(runner, program("web", FOREVER))
            threading.Timer(0.1, os.kill, (os.getpid(), number)).start()
            runner.watch()

        assert not processes.alive(pid)


class TestRunToEnd:
    def test_shows_what_is_written(self, runner: supervisor.Supervisor, capsys: pytest.CaptureFixture[str]) -> None:
        with runner.session():
            runner.run_to_end(program("seed", "print('two companies')"), echo=True)

        assert capsys.readouterr().out == "two companies\n"

    def test_a_failure_is_told_with_its_last_lines(self, runner: supervisor.Supervisor) -> None:
        with runner.session(), pytest.raises(supervisor.ProgramEnded) as ended:
            runner.run_to_end(program("migrate", "raise SystemExit('the table is locked')"))

        assert "migrate ended with status 1" in str(ended.value)
        assert str(ended.value).endswith("the table is locked")

    def test_a_request_to_stop_ends_it(self, runner: supervisor.Supervisor) -> None:
        with runner.session(), pytest.raises(supervisor.StopRequested):
            runner.request_stop()
            runner.run_to_end(program("seed", FOREVER))

        assert list((runner.folder / "run").glob("*.pid")) == []


class TestLeftovers:
    def test_of_a_killed_supervisor_are_ended(self, runner: supervisor.Supervisor) -> None:
        killed = subprocess.run(
            [sys.executable, "-c", SUPERVISE_AND_DIE, str(runner.folder)], capture_output=True, text=True, check=False
        )
        leader = int(killed.stdout)
        grandchild = int(runner.log_of("web").read_text().split()[1])
        assert processes.alive(leader)

        with runner.session():
            assert [processes.alive(pid) for pid in (leader, grandchild)] == [False, False]

    def test_are_known_by_their_mark_not_their_number(self, runner: supervisor.Supervisor) -> None:
        stranger = subprocess.Popen([sys.executable, "-c", FOREVER], stdout=subprocess.PIPE, start_new_session=True)
        (runner.folder / "run").mkdir()
        (runner.folder / "run" / "web.pid").write_text(str(stranger.pid))
        assert stranger.stdout is not None
        stranger.stdout.readline()

        with runner.session():
            alive = stranger.poll() is None

        stranger.kill()
        stranger.communicate()
        assert alive
