"""How a program that refuses to run as root is run by root.

PostgreSQL will not start as user 0. Three ways, the first that works:

1. an ordinary user needs nothing;
2. root enters a user namespace that shows it as user 1000 (`unshare`): files keep their owner, nothing is copied;
3. where namespaces are forbidden (many containers), the program runs as `nobody`. Then its files, and its data, must
   stand where `nobody` can reach them, so they are copied or moved out of closed folders.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

OPEN_ROOT = Path("/var/lib/gridhall")
NAMESPACE = ("unshare", "--user", "--map-user=1000", "--map-group=1000")


@dataclass(frozen=True)
class Launch:
    """The way a program is run: words before its command, and the keywords given to `subprocess`."""

    prefix: tuple[str, ...] = ()
    keywords: Mapping[str, Any] = field(default_factory=dict)
    uid: int | None = None

    def can(self, *command: str) -> bool:
        """This will tell whether a command succeeds when it is run this way."""
        try:
            done = subprocess.run(
                [*self.prefix, *command], capture_output=True, check=False, cwd="/", timeout=30, **self.keywords
            )
        except OSError:
            return False
        return done.returncode == 0


def choose(*, program: Path, folder: Path) -> Launch:
    """This will choose how `program` is run so that it is not root and can write to `folder`."""
    if os.getuid() != 0:
        return Launch()
    namespace = Launch(prefix=NAMESPACE)
    if namespace.can(str(program), "--version") and namespace.can("test", "-w", str(folder)):
        return namespace
    return as_nobody()


def as_nobody() -> Launch:
    """This will give the way of running a program as `nobody`."""
    nobody = pwd.getpwnam("nobody")
    keywords = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    return Launch(keywords=keywords, uid=nobody.pw_uid)


def reachable_program(program: Path, *, launch: Launch, package: Path) -> Path:
    """This will give the program's path, out of a copy of its `package` when it stands in a closed folder.

    Libraries beside the package (`NAME.libs`) are copied with it, since the program finds them by relative path.
    """
    if launch.uid is None or launch.can(str(program), "--version"):
        return program
    digest = hashlib.sha256(f"{package}:{program.stat().st_mtime_ns}".encode()).hexdigest()[:12]
    copy = OPEN_ROOT / digest
    if not copy.exists():
        _copy_package(package, copy)
    return copy / program.relative_to(package.parent)


def reachable_folder(folder: Path, *, launch: Launch) -> Path:
    """This will give a folder that belongs to the program's user and that it can reach.

    A folder inside a closed one is moved away; a link stands in its place.
    """
    uid = os.getuid() if launch.uid is None else launch.uid
    present = folder.resolve()
    _give(present, uid)
    if launch.uid is None or launch.can("test", "-w", str(present)):
        return present
    digest = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
    place = _open_root() / f"{digest}-data"
    shutil.rmtree(place, ignore_errors=True)
    shutil.move(present, place)
    _give(place, uid)
    folder.symlink_to(place)
    return place


def forget(folder: Path) -> None:
    """This will remove a folder, also when only a link to it stands there."""
    place = folder.resolve()
    if folder.is_symlink():
        folder.unlink()
    shutil.rmtree(place, ignore_errors=True)


def give(path: Path, *, launch: Launch) -> None:
    """This will hand one folder to the user that the program runs as."""
    if launch.uid is not None:
        os.chown(path, launch.uid, -1)
    elif os.getuid() == 0:
        os.chown(path, 0, 0)


def _give(folder: Path, uid: int) -> None:
    if folder.stat().st_uid == uid:
        return
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            os.lchown(Path(parent, name), uid, -1)
    os.chown(folder, uid, -1)


def _copy_package(package: Path, copy: Path) -> None:
    partial = _open_root() / f"{copy.name}.{os.getpid()}"
    for source in (package, package.with_name(f"{package.name}.libs")):
        if source.exists():
            shutil.copytree(source, partial / source.name, symlinks=True)
    partial.chmod(0o755)
    try:
        partial.rename(copy)
    except OSError:
        shutil.rmtree(partial)


def _open_root() -> Path:
    OPEN_ROOT.mkdir(mode=0o755, parents=True, exist_ok=True)
    OPEN_ROOT.chmod(0o755)
    return OPEN_ROOT
