"""What of a company stands outside its own space: in the catalogue, the registry, folders, the cache and the broker.

``find`` looks, ``forget_shared`` removes from cache and broker. Both look for words (a schema's name, a mail address)
and never for what they ought to be: what is found is found by its text alone.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis
from django.conf import settings
from django.core.cache import caches
from django.core.cache.backends.locmem import LocMemCache
from psycopg import sql

from tenancy import context
from tenancy.database import connection
from tenancy.database.base import PUBLIC

UNACKED, UNACKED_INDEX = b"unacked", b"unacked_index"
"""Where kombu keeps messages that a worker took and did not confirm, and since when."""
BODY = re.compile(rb'\\*"body\\*": ?\\*"([A-Za-z0-9+/]+={0,2})\\*"')
SHORTEST = 4
"""A word of fewer letters is found everywhere and proves nothing."""
NAMES = {
    "schema": "SELECT nspname FROM pg_namespace",
    "role": "SELECT rolname FROM pg_roles",
    "relation": "SELECT relname FROM pg_class",
    "member": "SELECT roleid::regrole::text || ' ' || member::regrole::text FROM pg_auth_members",
    "function": "SELECT proname || ' ' || prosrc FROM pg_proc WHERE pronamespace <> 'pg_catalog'::regnamespace",
    "rights": "SELECT coalesce(nspacl::text, '') FROM pg_namespace",
    "default rights": "SELECT coalesce(defaclacl::text, '') FROM pg_default_acl",
    "setting": "SELECT setconfig::text FROM pg_db_role_setting",
}
"""Where PostgreSQL itself keeps names and texts of schemas and roles."""


@dataclass(frozen=True, slots=True)
class Trace:
    """Where words were found: ``catalogue``, ``registry``, ``files``, ``cache`` or ``broker``, and how often."""

    where: str
    name: str
    count: int


def find(*, words: Collection[str]) -> list[Trace]:
    """Return every place outside the companies' spaces where one of the words stands; short words are not looked for.

    The registry is read row by row as text; of folders the names, of the cache and the broker keys and content.
    """
    wanted = sorted({word for word in words if len(word) >= SHORTEST})
    if not wanted:
        return []
    found = [*_in_catalogue(wanted), *_in_registry(wanted), *_in_folders(wanted), *_in_memory_cache(wanted)]
    for where, client in _stores():
        found += [Trace(where, name, count) for name, count in _in_store(client, wanted, remove=False)]
    return found


def forget_shared(*, schema_name: str) -> dict[str, int]:
    """Remove from cache and broker what carries the schema's name; return how much, by place."""
    removed = {"cache": _forget_memory_cache(schema_name), "broker": 0}
    for where, client in _stores():
        removed[where] += sum(count for _, count in _in_store(client, [schema_name], remove=True))
    return removed


def _in_catalogue(words: list[str]) -> Iterator[Trace]:
    with context.use_public(), connection.cursor() as cursor:
        for name, source in NAMES.items():
            query = sql.SQL(
                "SELECT count(*) FROM ({source}) AS found(word) "
                "WHERE EXISTS (SELECT 1 FROM unnest(%s::text[]) each WHERE strpos(lower(found.word), lower(each)) > 0)"
            ).format(source=sql.SQL(source))
            cursor.execute(query, [words])
            if count := cursor.fetchone()[0]:
                yield Trace("catalogue", name, count)


def _in_registry(words: list[str]) -> Iterator[Trace]:
    with context.use_public(), connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s ORDER BY tablename", [PUBLIC])
        for (table,) in cursor.fetchall():
            if count := rows_holding(cursor, PUBLIC, table, words):
                yield Trace("registry", table, count)


def rows_holding(cursor: Any, schema: str, table: str, words: list[str], *, but: Collection[int] = ()) -> int:
    """Return how many rows of a table hold one of the words, as the text of the whole row; letters count alike.

    Rows whose ``id`` is in ``but`` are left out.
    """
    query = sql.SQL(
        "SELECT count(*) FROM {} AS one "
        "WHERE EXISTS (SELECT 1 FROM unnest(%s::text[]) each WHERE strpos(lower(one::text), lower(each)) > 0)"
    ).format(sql.Identifier(schema, table))
    if but:
        query += sql.SQL(" AND NOT one.id = ANY(%s)")
    cursor.execute(query, [words, sorted(but)] if but else [words])
    return int(cursor.fetchone()[0])


def _in_folders(words: list[str]) -> Iterator[Trace]:
    for folder in (settings.FILES_DIR, settings.BACKUP_DIR):
        root = Path(folder)
        names = (path.relative_to(root).as_posix().lower() for path in root.rglob("*")) if root.is_dir() else ()
        if count := sum(any(word.lower() in name for word in words) for name in names):
            yield Trace("files", root.name, count)


def _in_memory_cache(words: list[str]) -> Iterator[Trace]:
    if count := sum(any(word in key for word in words) for key in _memory_keys()):
        yield Trace("cache", "memory", count)


def _forget_memory_cache(word: str) -> int:
    keys = [key for key in _memory_keys() if word in key]
    cache: Any = caches["default"]
    for key in keys:
        cache._cache.pop(key, None)
        cache._expire_info.pop(key, None)
    return len(keys)


def _memory_keys() -> list[str]:
    cache: Any = caches["default"]
    is_memory = isinstance(cache, LocMemCache)
    return list(cache.__dict__["_cache"]) if is_memory else []


def _stores() -> Iterator[tuple[str, Any]]:
    """Yield cache and broker where they are Redis or Valkey, each server and database once."""
    places = {"cache": str(settings.CACHES["default"].get("LOCATION", "")), "broker": settings.CELERY_BROKER_URL}
    seen = set()
    for where, url in places.items():
        address = _address(url)
        if address and address not in seen:
            seen.add(address)
            yield where, redis.Redis.from_url(address)


def _address(url: str) -> str:
    """The address as its client reads it; nothing for other kinds. Celery writes a socket in a way of its own."""
    if url.startswith("redis+socket://"):
        path, _, rest = url.removeprefix("redis+socket://").partition("?")
        return f"unix://{path}?{rest.replace('virtual_host=', 'db=')}"
    known = url.startswith(("redis://", "rediss://", "unix://", "valkey://", "valkeys://"))
    return url.replace("valkey", "redis", 1) if url.startswith("valkey") else url if known else ""


def _in_store(client: Any, words: list[str], *, remove: bool) -> Iterator[tuple[str, int]]:
    """Yield keys that carry a word in name or content, with the number of entries; removed where asked."""
    marks = [word.encode() for word in words]
    for key in client.scan_iter(count=1000):
        if any(mark in key for mark in marks):
            if remove:
                client.delete(key)
            yield key.decode(errors="replace"), 1
        elif count := _entries(client, key, marks, remove=remove):
            yield key.decode(errors="replace"), count


def _entries(client: Any, key: bytes, marks: list[bytes], *, remove: bool) -> int:
    """Count what holds a mark in one key. Of a message that a worker took the index goes with it."""
    kind = client.type(key)
    if kind == b"list":
        held = [each for each in client.lrange(key, 0, -1) if _holds(each, marks)]
        drop = [lambda each=each: client.lrem(key, 0, each) for each in held]
    elif kind == b"hash":
        held = [name for name, value in client.hgetall(key).items() if _holds(name, marks) or _holds(value, marks)]
        drop = [lambda each=each: _forget_field(client, key, each) for each in held]
    elif kind in {b"set", b"zset"}:
        members = client.smembers(key) if kind == b"set" else client.zrange(key, 0, -1)
        held = [each for each in members if _holds(each, marks)]
        take = client.srem if kind == b"set" else client.zrem
        drop = [lambda each=each: take(key, each) for each in held]
    elif kind == b"string":
        held = [key] if _holds(client.get(key) or b"", marks) else []
        drop = [lambda each=each: client.delete(each) for each in held]
    else:
        held, drop = [], []
    for each in drop if remove else ():
        each()
    return len(held)


def _forget_field(client: Any, key: bytes, name: bytes) -> None:
    client.hdel(key, name)
    if key == UNACKED:
        client.zrem(UNACKED_INDEX, name)


def _holds(value: bytes, marks: list[bytes]) -> bool:
    """Whether a mark stands in a value, or in what stands there as base64: the bodies of messages do."""
    if any(mark in value for mark in marks):
        return True
    return any(mark in body for body in _bodies(value) for mark in marks)


def _bodies(value: bytes) -> Iterator[bytes]:
    for each in BODY.findall(value):
        try:
            yield base64.b64decode(each, validate=True)
        except ValueError:
            continue
