"""What the program reads from its environment, in one place."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


class SettingMissing(RuntimeError):
    """A setting the program cannot do without was not given."""


def flag(name: str, *, default: bool = False) -> bool:
    """Return whether ``name`` is switched on ("1", "true", "yes")."""
    return os.environ.get(name, str(default)).strip().lower() in {"1", "true", "yes", "on"}


def words(name: str, default: str = "") -> list[str]:
    """Return a comma-separated setting as a list."""
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


def required(name: str) -> str:
    """Return a setting or refuse to start, naming it."""
    value = os.environ.get(name)
    if not value:
        raise SettingMissing(f"Set {name} in the environment; docs/running.md lists the settings.")
    return value


def database(url: str) -> dict[str, Any]:
    """Turn ``postgresql://user:password@host:port/name?host=/run/dir`` into Django's settings."""
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "tenancy.database",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", None) or (parts.hostname or ""),
        "PORT": str(parts.port or options.pop("port", "")),
        "OPTIONS": options,
    }
