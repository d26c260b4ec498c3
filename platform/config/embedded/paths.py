"""Where the embedded servers keep their files, and the short folders that hold their sockets."""

from __future__ import annotations

import contextlib
import hashlib
import os
import pwd
import stat
import tempfile
from pathlib import Path

from kernel.errors import GridhallError

ROOT = Path(__file__).resolve().parents[3]


class FolderRefused(GridhallError):
    """A folder that the embedded servers need cannot be used."""

    code = "folder_refused"
    template = "The folder {path} cannot be used: {reason} Name another one with GRIDHALL_DATA_DIR."


def data_dir() -> Path:
    """This will name the folder of all embedded data: GRIDHALL_DATA_DIR, or `.gridhall` in the checkout."""
    return Path(os.environ.get("GRIDHALL_DATA_DIR") or ROOT / ".gridhall").absolute()


def make_folder(path: Path) -> Path:
    """This will make a folder that can be written to, or refuse with a sentence that says why."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FolderRefused(path=path, reason=f"it cannot be made ({error.strerror}).", where=str(path)) from error
    if not os.access(path, os.W_OK | os.X_OK) or not _accepts_a_file(path):
        raise FolderRefused(path=path, reason="it cannot be written to.", where=str(path))
    return path


def refuse_foreign_owner(path: Path, *, allowed: set[int]) -> None:
    """This will refuse a folder that belongs to another user than those allowed (user numbers)."""
    owner = path.stat().st_uid
    if owner not in allowed:
        reason = f"it belongs to the user {user_name(owner)}; start Gridhall as that user."
        raise FolderRefused(path=path, reason=reason, where=str(path))


def socket_dir(data: Path) -> Path:
    """This will make the private folder (mode 0700) that holds the socket of the server whose data is in `data`.

    A unix socket's path has at most 103 bytes on every system, so the folder is named by a hash of the data's path.
    """
    digest = hashlib.sha256(f"{os.getuid()}:{data.absolute()}".encode()).hexdigest()[:12]
    path = _temporary_root() / f"gridhall-{digest}"
    path.mkdir(mode=0o700, exist_ok=True)
    facts = path.lstat()
    if not stat.S_ISDIR(facts.st_mode) or facts.st_uid not in own_users():
        raise FolderRefused(path=path, reason="it belongs to somebody else.", where=str(path))
    path.chmod(0o700)
    return path


def drop_socket_dir(data: Path) -> None:
    """This will remove the folder of a stopped server's socket, unless something is left in it."""
    with contextlib.suppress(OSError):
        socket_dir(data).rmdir()


def own_users() -> set[int]:
    """This will give the user numbers whose files this process may take for its own."""
    if os.getuid() != 0:
        return {os.getuid()}
    return {0, pwd.getpwnam("nobody").pw_uid}


def user_name(uid: int) -> str:
    """This will name a user, or give the number when the system knows no name for it."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _accepts_a_file(path: Path) -> bool:
    """Root passes every permission check, so only a real file tells a read-only file system."""
    try:
        with tempfile.TemporaryFile(dir=path):
            return True
    except OSError:
        return False


def _temporary_root() -> Path:
    """`/tmp` before TMPDIR: the place must be the same for two starts and short."""
    common = Path("/tmp")  # noqa: S108 - the folder inside is private and its owner is checked
    if os.access(common, os.W_OK | os.X_OK):
        return common
    return Path(tempfile.gettempdir())
