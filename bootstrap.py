"""Make the environment in `.venv` that every other command of the Makefile runs in.

Standard library only, and it can be read by any Python from 3.6 on: what it says to an old one is a sentence. Packages
come by hash from `bootstrap.lock` (uv itself) and `requirements.lock` (everything else). A second call changes nothing
and ends at once.
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"
PACKAGES_STAMP = ENVIRONMENT / "gridhall-packages.stamp"
PLACE = ENVIRONMENT / "gridhall-place.stamp"
BUILD_STAMP = ENVIRONMENT / "gridhall-build.stamp"
LOCKS = ("bootstrap.lock", "requirements.lock")
OLDEST = (3, 11)
# What is built from sources: (command of manage.py, words after it, files it depends on).
BUILDS = (
    ("messages", ("--compile",), ("*/*/locale/**/*.po",)),
    ("build_css", (), ("portal/**/*.html", "portal/**/*.css", "portal/**/*.js", "portal/**/*.py")),
)


class SetupError(Exception):
    """A sentence for the person at the keyboard."""


def main():
    require_python()
    try:
        with one_at_a_time():
            make_environment()
            build()
    except SetupError as refusal:
        sys.exit(f"gridhall: {refusal}")
    except KeyboardInterrupt:
        sys.exit("gridhall: stopped. Run the command again to go on.")


def require_python():
    """An old Python hands over to a newer one on the path, or says what is missing."""
    if sys.version_info >= OLDEST:
        return
    for minor in range(20, OLDEST[1] - 1, -1):
        newer = shutil.which(f"python3.{minor}")
        if newer and subprocess.run([newer, "-c", ""], stderr=subprocess.DEVNULL, check=False).returncode == 0:
            os.execv(newer, [newer, str(ROOT / "bootstrap.py"), *sys.argv[1:]])  # noqa: S606
    found = ".".join(str(part) for part in sys.version_info[:2])
    sys.exit(
        f"gridhall: Python {found} is too old; Gridhall needs 3.11 or newer. Install it, or name it: "
        "make setup PYTHON=/path/to/python3.12"
    )


@contextlib.contextmanager
def one_at_a_time():
    """Two commands started together wait for each other."""
    require_writable(ROOT)
    folder = os.open(str(ROOT), os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def require_writable(folder):
    try:
        with tempfile.TemporaryFile(dir=str(folder)):
            pass
    except OSError as error:
        reason = f"The folder {folder} cannot be written to ({error.strerror})."
        raise SetupError(f"{reason} Copy the checkout to a folder of your own.") from None


def make_environment():
    """Install exactly what the locks name, unless that was done already."""
    wanted = packages_fingerprint()
    if read(PACKAGES_STAMP) == wanted and PYTHON.exists():
        return
    started = time.monotonic()
    if not usable():
        say("making the environment in .venv")
        create_environment()
        write(PLACE, str(ENVIRONMENT))
    say("installing packages by hash")
    install_uv()
    sync_packages()
    write_path_file()
    write(PACKAGES_STAMP, wanted)
    say(f"environment ready in {time.monotonic() - started:.0f} s")


def packages_fingerprint():
    digest = hashlib.sha256()
    for name in LOCKS:
        if not (ROOT / name).exists():
            raise SetupError(f"The file {name} is missing; the checkout is not whole.")
        digest.update((ROOT / name).read_bytes())
    digest.update(str(ROOT).encode())
    digest.update((ROOT / "bootstrap.py").read_bytes())
    return digest.hexdigest()


def usable():
    """Whether .venv holds a new enough Python that stands where it was made."""
    if not PYTHON.exists():
        return False
    question = "import sys; sys.exit(sys.version_info < (3, 11))"
    try:
        answer = subprocess.run([str(PYTHON), "-c", question], capture_output=True, check=False)
    except OSError:
        return False
    return answer.returncode == 0 and read(PLACE) == str(ENVIRONMENT)


def create_environment():
    """`venv` with pip inside; where ensurepip was split off (Debian), the system's pip serves."""
    command = [sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)]
    if not has_module("ensurepip"):
        if not has_module("venv") or not has_module("pip"):
            package = f"python3.{sys.version_info[1]}-venv"
            reason = f"This Python ({sys.executable}) came without ensurepip and pip."
            raise SetupError(f"{reason} On Debian or Ubuntu: sudo apt-get install {package}")
        command.append("--without-pip")
    run(command, failure="The environment could not be made.")


def has_module(name):
    found = importlib.util.find_spec(name)
    return found is not None and found.origin is not None


def pip():
    """The words that call pip for the environment: its own, or the system's."""
    if list(ENVIRONMENT.glob("lib/python3*/site-packages/pip/__main__.py")):
        return [str(PYTHON), "-m", "pip"]
    return [sys.executable, "-m", "pip", "--python", str(PYTHON)]


def install_uv():
    command = [*pip(), "install", "--quiet", "--disable-pip-version-check", "--no-input", "--no-deps"]
    command += ["--retries", "2", "--timeout", "20", "--require-hashes", "-r", "bootstrap.lock"]
    run(command, failure=no_packages())


def sync_packages():
    command = [str(ENVIRONMENT / "bin" / "uv"), "pip", "sync", "--quiet", "--require-hashes", "--python", str(PYTHON)]
    run([*command, "requirements.lock"], failure=no_packages(), environment=uv_environment())


def uv_environment():
    """uv reads its own variables only, so a mirror that was named for pip is named again for uv."""
    environment = dict(os.environ)
    environment.setdefault("UV_SYSTEM_CERTS", "1")
    environment.setdefault("UV_HTTP_TIMEOUT", "60")
    environment.pop("VIRTUAL_ENV", None)
    index = os.environ.get("PIP_INDEX_URL") or pip_setting("global.index-url")
    if index and "UV_DEFAULT_INDEX" not in environment and "UV_INDEX_URL" not in environment:
        environment["UV_DEFAULT_INDEX"] = index
    return environment


def pip_setting(name):
    command = [*pip(), "config", "get", name]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return answer.stdout.strip() if answer.returncode == 0 else ""


def no_packages():
    return (
        "The packages could not be fetched. Is there a connection to the package index (PIP_INDEX_URL names another)? "
        "It is needed once; afterwards everything runs without the network."
    )


def write_path_file():
    """The checkout and its second source root, platform/, are importable everywhere in the environment."""
    for folder in ENVIRONMENT.glob("lib/python3*/site-packages"):
        write(folder / "gridhall.pth", f"{ROOT}\n{ROOT / 'platform'}\n")


def build():
    """Run the build commands whose sources changed since the last time."""
    done = dict(line.split(" ", 1) for line in read(BUILD_STAMP).splitlines() if " " in line)
    for command, words, patterns in BUILDS:
        if not list(ROOT.glob(f"*/*/management/commands/{command}.py")):
            continue
        state = sources_state(patterns)
        if done.get(command) != state:
            run([str(PYTHON), "manage.py", command, *words], failure=f"`manage.py {command}` failed.")
            done[command] = state
            write(BUILD_STAMP, "".join(f"{name} {value}\n" for name, value in sorted(done.items())))


def sources_state(patterns):
    digest = hashlib.sha256(packages_fingerprint().encode())
    for pattern in patterns:
        for path in sorted(ROOT.glob(pattern)):
            facts = path.stat()
            digest.update(f"{path} {facts.st_size} {facts.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def run(command, failure, environment=None):
    done = subprocess.run(command, cwd=str(ROOT), env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        details = "\n".join("    " + line for line in (done.stdout + done.stderr).strip().splitlines()[-12:])
        raise SetupError(f"{failure}\n{details}")


def read(path):
    try:
        return path.read_text()
    except OSError:
        return ""


def write(path, text):
    """Write whole or not at all."""
    partial = path.with_name(path.name + ".new")
    partial.write_text(text)
    partial.replace(path)


def say(text):
    print(f"gridhall: {text}", flush=True)


if __name__ == "__main__":
    main()
