"""One request as somebody, undone afterwards; what it answered, mailed, logged, cached and wrote is looked through."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from django.core import mail
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django.utils.html import escape
from isolation import canaries

WRITTEN = """
SELECT schemaname, relname FROM pg_stat_xact_user_tables WHERE n_tup_ins + n_tup_upd + n_tup_del > 0
"""


@dataclass(slots=True)
class Answer:
    """What came back: status, headers, the whole body (also of a stream), and what leaked with it."""

    status: int
    headers: dict[str, str]
    content: bytes
    leaks: set[str] = field(default_factory=set)


class Watch(logging.Handler):
    """Keeps what is logged, mailed and sent while one company is asked."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        said = record.getMessage()
        trace = logging.Formatter().formatException(record.exc_info) if record.exc_info else ""
        self.lines.append(f"{record.name} {said} {trace}")

    def drain(self) -> list[str]:
        """Return what was kept and forget it."""
        kept = [*self.lines, *(_letter(each) for each in getattr(mail, "outbox", []))]
        self.lines.clear()
        if hasattr(mail, "outbox"):
            mail.outbox.clear()
        return kept


WATCH = Watch()


@contextmanager
def watching() -> Iterator[Watch]:
    """Keep all log lines while it lasts."""
    root = logging.getLogger()
    before = root.level
    root.addHandler(WATCH)
    root.setLevel(logging.INFO)
    try:
        yield WATCH
    finally:
        root.removeHandler(WATCH)
        root.setLevel(before)


@contextmanager
def company_kept() -> Iterator[None]:
    """What waits for a commit is done for the company that asked for it, as a commit inside its request would."""
    plain = connection.on_commit

    def on_commit(function: Any, robust: bool = False) -> None:
        tenant = connection.tenant  # type: ignore[attr-defined]

        def kept() -> None:
            before = connection.tenant  # type: ignore[attr-defined]
            connection.set_tenant(tenant)  # type: ignore[attr-defined]
            try:
                function()
            finally:
                connection.set_tenant(before)  # type: ignore[attr-defined]

        plain(kept, robust)

    connection.on_commit = on_commit  # type: ignore[method-assign]
    try:
        yield
    finally:
        connection.on_commit = plain  # type: ignore[method-assign]


@contextmanager
def undone() -> Iterator[None]:
    """Take back all that is written inside, whichever company wrote it, and run first what waits for a commit."""
    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]
    with block, company_kept():
        waiting = len(connection.run_on_commit)
        try:
            yield
            _run_waiting(waiting)
        finally:
            del connection.run_on_commit[waiting:]
            transaction.set_rollback(True)
    connection.forget_path()  # type: ignore[attr-defined]


@contextmanager
def counted() -> Iterator[list[tuple[str, str]]]:
    """Collect (schema, table) of all that was written inside, also of what was undone."""
    found: list[tuple[str, str]] = []
    with undone():
        yield found
        connection.set_schema_to_public()
        with connection.cursor() as cursor:
            cursor.execute(WRITTEN)
            found.extend((schema, table) for schema, table in cursor.fetchall())


def ask(
    client: Client, method: str, path: str, *, own: int | None, data: Any = None, said: list[str] | None = None,
    registry: bool = False, **extra: Any,
) -> Answer:  # fmt: skip
    """Ask and look through everything; ``own`` is the company whose canaries may be seen."""
    connection.set_schema_to_public()
    echo = spoken(path, data, said or [])
    WATCH.drain()
    with undone():
        response = client.generic(method.upper(), path, **_body(method, data, extra))
        body = b"".join(response.streaming_content) if response.streaming else response.content
    answer = Answer(response.status_code, dict(response.headers), body)
    head = "\n".join([*(f"{k}: {v}" for k, v in response.headers.items()), response.cookies.output()])
    for place, content in (("body", body), ("headers", head), ("mail or log", "\n".join(WATCH.drain()))):
        found = canaries.foreign(content, own=own, said=echo, registry=registry)
        answer.leaks |= {f"{place}: {each}" for each in found}
    return answer


def cached(own: int, schema: str) -> set[str]:
    """Return foreign canaries in what the cache keeps under a company's keys, and entries without any company."""
    found = set()
    for key, value in list(getattr(cache, "_cache", {}).items()):
        place = key.partition(":")[0]
        if place == schema:
            found |= {f"cache {key}: {each}" for each in canaries.foreign(value, own=own)}
        elif not re.match(r"t_\w{12}$|public$", place):
            found.add(f"cache {key}: carries no company")
    return found


def spoken(path: str, data: Any, said: list[str]) -> list[str]:
    """Return what the asker said himself, in every way a page may write it."""
    words = [each for each in re.split(r"[/?&=]", path) if each]
    words += said
    if isinstance(data, dict):
        words += [str(value) for value in data.values() if isinstance(value, str | int)]
    elif isinstance(data, str):
        words += [word for pair in re.findall(r'"([^"]+)"|(\d{5,})', data) for word in pair if word]
    every = {
        form for word in words if len(word) > 3 for form in (word, quote(word), quote(word, safe=""), escape(word))
    }
    return sorted(every, key=len, reverse=True)


def _body(method: str, data: Any, extra: dict[str, Any]) -> dict[str, Any]:
    if method.upper() in ("GET", "HEAD") or data is None:
        return extra
    if isinstance(data, str):
        return {"data": data, "content_type": "application/json", **extra}
    from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

    return {"data": encode_multipart(BOUNDARY, data), "content_type": MULTIPART_CONTENT, **extra}


def _run_waiting(since: int) -> None:
    """Do what a commit would set off; what fails there fails later in the product too, not in the answer."""
    for entry in list(connection.run_on_commit[since:]):
        try:
            entry[1]()
        except Exception:
            logging.getLogger("isolation").exception("after the commit")


def _letter(message: Any) -> str:
    parts = [message.subject, message.body, *message.to, message.from_email, *map(str, message.extra_headers.values())]
    parts += [str(content) for content, _ in getattr(message, "alternatives", [])]
    files = [attachment[1] for attachment in message.attachments if isinstance(attachment, tuple)]
    for content in files:
        parts += canaries.texts_of(content if isinstance(content, str | bytes) else str(content))
    return "\n".join(parts)
