"""Whether this program could serve now: each thing it needs, by name, without addresses and secrets."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path

from celery import current_app
from django.conf import settings
from django.core.cache import cache

from tenancy import context, fleet
from tenancy.database import connection

BROKER_SECONDS = 2
WORKS = "ok"


class NotTheProgramsTables(RuntimeError):
    """The database was not migrated as far as this program needs."""


def checks() -> dict[str, str]:
    """Return for each thing that is needed ``ok`` or the class of what went wrong."""
    return {name: _tried(check) for name, check in CHECKS.items()}


def database() -> None:
    """The database answers."""
    with context.use_public(), connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def shared_cache() -> None:
    """The cache gives back what was put there."""
    word = secrets.token_hex(4)
    cache.set("readiness", word, 30)
    if not cache.get("readiness"):
        raise LookupError


def broker() -> None:
    """Messages can be sent."""
    with current_app.connection_for_write(connect_timeout=BROKER_SECONDS) as sender:
        sender.ensure_connection(max_retries=1, timeout=BROKER_SECONDS)
        sender.default_channel.connection  # type: ignore[attr-defined]  # noqa: B018


def template() -> None:
    """Companies made now get the tables that this program knows, or newer ones while an upgrade is under way."""
    if fleet.template_state() == fleet.TemplateState.OLDER:
        raise NotTheProgramsTables


def files() -> None:
    """The companies' files can be written."""
    folder = Path(settings.FILES_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".readiness-") as written:
        written.write(b"x")


CHECKS: dict[str, Callable[[], None]] = {
    "database": database,
    "cache": shared_cache,
    "broker": broker,
    "template": template,
    "files": files,
}


def _tried(check: Callable[[], None]) -> str:
    try:
        check()
    except Exception as fault:
        return type(fault).__name__
    return WORKS
