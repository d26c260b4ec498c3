"""`make demo`: the whole of Gridhall on one machine, from one command, stopped by Ctrl-C.

It starts PostgreSQL and Valkey in the data folder, migrates, seeds the demo companies, and runs the same programs that
`docker-compose.yml` runs in production: web, worker, provision, beat. `--reset` forgets the data.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from config.embedded import paths, postgres, supervisor, unprivileged, valkey
from kernel.errors import GridhallError

HOST = "127.0.0.1"
DATABASE = "gridhall"
SERVE_SECONDS = 90.0
DEMO_COMPANIES = ("lanjiang", "wattlebird")
FORGOTTEN = (
    "postgres",
    "valkey",
    "files",
    "static",
    "static.stamp",
    "mail",
    "logs",
    "run",
    "beat",
    "environment",
    "stripe.sqlite",
)
STRIPE_PORTS_AWAY = 12
"""The test server of payments stands this far behind the pages' port, or on the next free one."""
_OWNER_ONLY = "DATABASE_OWNER_URL"
_SHELL_SETTINGS = ("GRIDHALL_", "DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL")
ServerT = TypeVar("ServerT", postgres.Server, valkey.Server)


class PortTaken(GridhallError):
    """Another program listens where the demo wants to serve."""

    code = "port_taken"
    template = "Port {port} is taken by another program. Choose another one: PORT={other} make demo"


class PortRefused(GridhallError):
    """PORT does not name a port."""

    code = "port_refused"
    template = "PORT must be a number from 1 to 65535 that this user may open, not “{port}”."


class NotServing(GridhallError):
    """The web program runs but does not answer."""

    code = "not_serving"
    template = "The pages did not answer within {seconds:.0f} seconds; see {log}."


def main() -> int:
    """This will run the demo until it is stopped; the result is the status to exit with."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--reset", action="store_true", help="forget the demo's data")
    chosen = arguments.parse_args()
    try:
        folder = paths.make_folder(paths.data_dir())
        if chosen.reset:
            reset(folder=folder)
        else:
            serve(folder=folder, port=port_from(os.environ.get("PORT") or "8000"))
    except supervisor.StopRequested:
        say("stopped.")
    except GridhallError as error:
        sys.stderr.write(f"gridhall: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def serve(*, folder: Path, port: int) -> None:
    """This will bring everything up, print where it is, and return after a request to stop."""
    runner = supervisor.Supervisor(folder)
    with runner.session():
        refuse_taken_port(port)
        say("starting PostgreSQL and Valkey")
        with (
            _started("postgres", postgres.Server(folder / "postgres"), runner) as database,
            _started("valkey", valkey.Server(folder / "valkey"), runner) as broker,
        ):
            environment = settings_for(folder=folder, port=port, database=database, broker=broker)
            try:
                _run(runner, database=database, environment=environment, port=port)
            finally:
                say("stopping")
                runner.stop_all()
    say("stopped; the data is kept. `make demo-reset` forgets it.")


def reset(*, folder: Path) -> None:
    """This will forget everything the demo keeps; refuses while it runs."""
    runner = supervisor.Supervisor(folder)
    with runner.session():
        postgres.Server(folder / "postgres").stop()
        valkey.Server(folder / "valkey").stop()
    unprivileged.forget(folder / "postgres" / "cluster")
    for name in FORGOTTEN:
        path = folder / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    say(f"the demo's data in {folder} is forgotten.")


def prepare(runner: supervisor.Supervisor, *, owner: dict[str, str], environment: dict[str, str]) -> None:
    """This will bring database and files to the present program: migrations, demo companies, static files."""
    say("migrating")
    runner.run_to_end(_manage("migrate", "fleet", "migrate", environment=owner))
    if has_command("seed_demo"):
        say("looking after the demo companies (the first time takes a while)")
        runner.run_to_end(_manage("seed", "seed_demo", environment=owner), echo=True)
    stamp = runner.folder / "static.stamp"
    state = static_state()
    if not stamp.exists() or stamp.read_text() != state:
        say("collecting static files")
        runner.run_to_end(_manage("static", "collectstatic", "--noinput", environment=environment))
        stamp.write_text(state)


def write_environment(*, folder: Path, environment: dict[str, str]) -> None:
    """This will leave the settings of the running demo for a shell: ``. .gridhall/environment``, then ``manage.py``."""
    names = [name for name in sorted(environment) if name.startswith(_SHELL_SETTINGS)]
    lines = [f"export {name}={shlex.quote(environment[name])}\n" for name in names]
    (folder / "environment").write_text("".join(lines))


def start_programs(
    runner: supervisor.Supervisor, *, owner: dict[str, str], environment: dict[str, str], port: int
) -> None:
    """This will start web, the three workers and beat."""
    schedule = paths.make_folder(runner.folder / "beat") / "schedule"
    for name, command in program_commands(bind=f"{HOST}:{port}", beat_schedule=str(schedule)).items():
        runner.start(supervisor.Program(name, command, owner if name == "provision" else environment))


def start_stripe(runner: supervisor.Supervisor, *, environment: dict[str, str], port: int) -> str:
    """This will start the server that speaks Stripe's protocol and return its address; it never leaves this machine."""
    first = min(port + STRIPE_PORTS_AWAY, 65535)
    free = next((other for other in range(first, min(first + 100, 65536)) if _bind(other) is None), first)
    keys = [word for code in DEMO_COMPANIES for word in ("--key", f"{stripe_key(code)}=acct_{code}")]
    file = ["--file", str(runner.folder / "stripe.sqlite")]
    command = [sys.executable, "-m", "config.stripe_server", "--port", str(free), *file, *keys]
    runner.start(supervisor.Program("stripe", command, environment))
    return f"http://{HOST}:{free}"


def stripe_key(code: str) -> str:
    """This will return the secret key of a demo company at the test server."""
    return f"sk_test_demo_{code}"


def program_commands(*, bind: str, beat_schedule: str) -> dict[str, list[str]]:
    """This will give the words that start each program, the same here and in `docker-compose.yml`."""
    threads = ["--worker-class", "gthread", "--workers", "2", "--threads", "4", "--graceful-timeout", "10"]
    web = [
        "gunicorn",
        "config.wsgi:application",
        "--config",
        "python:config.web_server",
        *threads,
        "--bind",
        bind,
        "--no-control-socket",
    ]
    celery = ["celery", "-A", "config"]
    commands = {
        "web": web,
        "worker": [*celery, "worker", "-n", "worker@%h", "-Q", "prompt,default", "-c", "2", "--loglevel", "INFO"],
        "long": [*celery, "worker", "-n", "long@%h", "-Q", "long", "-c", "1", "--loglevel", "INFO"],
        "provision": [*celery, "worker", "-n", "provision@%h", "-Q", "provision", "-c", "1", "--loglevel", "INFO"],
        "beat": [*celery, "beat", "-s", beat_schedule, "--pidfile=", "--loglevel", "INFO"],
    }
    return {name: [sys.executable, "-m", *words] for name, words in commands.items()}


def settings_for(*, folder: Path, port: int, database: postgres.Server, broker: valkey.Server) -> dict[str, str]:
    """This will give the environment of an ordinary program of the demo: never with the owner's address."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG") and name != _OWNER_ONLY}
    return {
        **kept,
        "GRIDHALL_ENV": "demo",
        "GRIDHALL_ROLE": "app",
        "GRIDHALL_DATA_DIR": str(folder),
        "GRIDHALL_PUBLIC_PORT": str(port),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONPATH": os.pathsep.join([str(paths.ROOT), str(paths.ROOT / "platform")]),
        "PYTHONUNBUFFERED": "1",
        "DATABASE_URL": database.url(user=postgres.APP, database=DATABASE),
        "REDIS_URL": broker.url(database=1),
        "CELERY_BROKER_URL": broker.broker_url(database=0),
        "PG_DUMP": str(database.binary("pg_dump")),
    }


def as_owner(environment: dict[str, str], database: postgres.Server) -> dict[str, str]:
    """This will give the environment of a program that migrates or provisions."""
    return {**environment, "GRIDHALL_ROLE": "owner", _OWNER_ONLY: database.owner_url(DATABASE)}


def port_from(text: str) -> int:
    """This will read the number of a port, or refuse."""
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise PortRefused(port=text, where="PORT")
    return int(text)


def refuse_taken_port(port: int) -> None:
    """This will refuse a port that another program listens on, naming the next free one."""
    refusal = _bind(port)
    if isinstance(refusal, PermissionError):
        raise PortRefused(port=port, where="PORT")
    if refusal is not None:
        free = (other for other in range(port + 1, min(port + 100, 65536)) if _bind(other) is None)
        raise PortTaken(port=port, other=next(free, port + 1), where="PORT")


def show_addresses(*, environment: dict[str, str], port: int) -> None:
    """This will print where the demo is and who can sign in; the companies' own command knows."""
    if not has_command("demo_addresses"):
        say(f"serving at http://{HOST}:{port}/")
    else:
        command = [sys.executable, "manage.py", "demo_addresses"]
        done = subprocess.run(
            command,
            cwd=paths.ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            start_new_session=True,
        )
        sys.stdout.write(done.stdout if done.returncode == 0 else f"{done.stderr}\n")
    say("Ctrl-C stops it.")


def has_command(name: str) -> bool:
    """This will tell whether the checkout has a command of `manage.py`."""
    return any(paths.ROOT.glob(f"*/*/management/commands/{name}.py"))


def static_state() -> str:
    """This will give a fingerprint of everything that static files are made of."""
    digest = hashlib.sha256(str(sys.prefix).encode())
    for pattern in ("requirements.lock", "build/static/**/*", "*/*/static/**/*"):
        for path in sorted(paths.ROOT.glob(pattern)):
            facts = path.stat()
            digest.update(f"{path} {facts.st_size} {facts.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def say(text: str) -> None:
    """This will tell the person at the keyboard."""
    sys.stdout.write(f"gridhall: {text}\n")
    sys.stdout.flush()


def _run(runner: supervisor.Supervisor, *, database: postgres.Server, environment: dict[str, str], port: int) -> None:
    started = time.monotonic()
    stripe = start_stripe(runner, environment=environment, port=port)
    environment = {**environment, "GRIDHALL_STRIPE_API_BASE": stripe}
    owner = as_owner(environment, database)
    database.ensure_database(DATABASE)
    prepare(runner, owner=owner, environment=environment)
    write_environment(folder=runner.folder, environment=environment)
    start_programs(runner, owner=owner, environment=environment, port=port)
    if not runner.wait_until(lambda: _answers(port), seconds=SERVE_SECONDS):
        raise NotServing(seconds=SERVE_SECONDS, log=runner.log_of("web"))
    runner.run_to_end(_manage("payments", "demo_payments", environment=environment))
    say(f"serving after {time.monotonic() - started:.0f} s")
    show_addresses(environment=environment, port=port)
    say(f"payments go to a test server, {stripe}/: card 4242 4242 4242 4242 pays, 4000 0000 0000 0002 is declined.")
    runner.watch()


@contextlib.contextmanager
def _started(name: str, server: ServerT, runner: supervisor.Supervisor) -> Iterator[ServerT]:
    """A database server that runs as long as the programs do, and whose end ends them."""
    server.start()
    runner.watch_also(supervisor.Watched(name, server.log, server.is_running))
    try:
        yield server
    finally:
        server.stop()


def _manage(name: str, *words: str, environment: dict[str, str]) -> supervisor.Program:
    return supervisor.Program(name, [sys.executable, "manage.py", *words], environment)


def _bind(port: int) -> OSError | None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as channel:
        channel.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            channel.bind((HOST, port))
        except OSError as error:
            return error
    return None


def _answers(port: int) -> bool:
    """Whether the pages are served: the refusal of an unknown host is an answer, a fault of the program is none."""
    try:
        urllib.request.urlopen(f"http://{HOST}:{port}/", timeout=10).close()
    except urllib.error.HTTPError as error:
        error.close()
        return error.code < 500
    except OSError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
