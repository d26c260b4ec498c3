"""Files that go with messages, stored once under their own digest."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

FOLDER = "notices/files"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file to send: its name for people, its type, and its bytes."""

    name: str
    content: bytes
    content_type: str = "application/pdf"


def store(*, content: bytes, folder: str = FOLDER, ending: str = "") -> str:
    """This will store bytes under their digest and return the name; the same bytes are stored once.

    The file is put in its place in one step, so that nobody sees half of it, whoever is killed.
    """
    digest = hashlib.sha256(content).hexdigest()
    name = f"{folder}/{digest[:2]}/{digest}{ending}"
    if not default_storage.exists(name):
        part = default_storage.save(f"{name}.part", ContentFile(content))
        Path(default_storage.path(part)).replace(default_storage.path(name))
    return name


def read(*, name: str) -> bytes:
    """This will return the bytes stored under ``name``."""
    with default_storage.open(name) as stored:
        return bytes(stored.read())
