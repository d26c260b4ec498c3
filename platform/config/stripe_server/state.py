"""What the server remembers: objects by key, in the order they were made; in a file when it is given one."""

from __future__ import annotations

import copy
import json
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from config.stripe_server.refusals import missing

Thing = dict[str, Any]
PLATFORM = "acct_platform"


class Store:
    """All objects of all accounts; an object's private facts have names that begin with an underscore."""

    def __init__(self, path: Path | None = None) -> None:
        self.things: dict[str, Thing] = {}
        self._changed: dict[str, Thing] = {}
        self._before: dict[str, Thing | None] = {}
        self._file = sqlite3.connect(path, check_same_thread=False) if path else None
        if self._file:
            self._file.execute("CREATE TABLE IF NOT EXISTS things (n INTEGER PRIMARY KEY, id TEXT UNIQUE, body TEXT)")
            for (body,) in self._file.execute("SELECT body FROM things ORDER BY n"):
                thing = json.loads(body)
                self.things[thing["id"]] = thing

    def touch(self, thing: Thing) -> Thing:
        """Remember that a thing is new or is about to change."""
        key = thing["id"]
        if key not in self._before:
            known = self.things.get(key)
            self._before[key] = copy.deepcopy(known) if known is not None else None
        self.things[key] = self._changed[key] = thing
        return thing

    def drop(self, thing: Thing) -> None:
        """Forget a thing by marking it."""
        self.touch(thing)["_dropped"] = True

    def commit(self) -> None:
        """Keep what was done since the last commit."""
        if self._file and self._changed:
            with self._file:
                self._file.executemany(
                    "INSERT INTO things (id, body) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body",
                    [(key, json.dumps(thing)) for key, thing in self._changed.items()],
                )
        self._changed, self._before = {}, {}

    def undo(self) -> None:
        """Take back what was done since the last commit."""
        for key, before in self._before.items():
            if before is None:
                self.things.pop(key, None)
            else:
                self.things[key] = before
        self._changed, self._before = {}, {}

    def close(self) -> None:
        """Let go of the file."""
        if self._file:
            self._file.close()


@dataclass(slots=True)
class Desk:
    """One request at one account: what it finds, makes and tells."""

    store: Store
    account: str
    base: str
    clock: Callable[[], int] = field(default=lambda: int(time.time()))
    request: str | None = None
    idempotency_key: str | None = None

    def now(self, owner: Thing | None = None) -> int:
        """Return the time: that of the owner's test clock where it has one."""
        clock = (owner or {}).get("test_clock")
        return int(self.store.things[clock]["frozen_time"]) if clock else self.clock()

    def new(self, prefix: str, kind: str, *, at: int | None = None, key: str = "", **facts: Any) -> Thing:
        """Make an object and remember it."""
        made = {
            "id": key or f"{prefix}_{secrets.token_hex(12)}",
            "object": kind,
            "created": at if at is not None else self.clock(),
            "livemode": False,
            "metadata": {},
            "_account": self.account,
            **facts,
        }
        if made["metadata"] in ("", None):
            made["metadata"] = {}
        return self.store.touch(made)

    def find(self, kind: str, key: Any, *, param: str = "id") -> Thing:
        """Return an object of this account, ready to be changed; raises Refused."""
        found = self.store.things.get(str(key))
        if found is None or found["object"] != kind or found["_account"] != self.account or found.get("_dropped"):
            raise missing(kind.replace(".", " "), str(key), param=param)
        return self.store.touch(found)

    def all(self, kind: str, **facts: Any) -> Iterator[Thing]:
        """Yield the objects of a kind whose facts are these, the newest first."""
        for thing in reversed(list(self.store.things.values())):
            mine = thing["_account"] == self.account and not thing.get("_dropped")
            if thing["object"] == kind and mine and all(thing.get(name) == value for name, value in facts.items()):
                yield thing

    def tell(self, kind: str, thing: Thing, *, previous: Thing | None = None, at: int | None = None) -> Thing:
        """Write an event down; webhooks carry it."""
        data: Thing = {"object": copy.deepcopy(shown(thing))}
        if previous is not None:
            data["previous_attributes"] = previous
        facts: Thing = {"account": self.account} if self.account.startswith("acct_") else {}
        if facts.get("account") == PLATFORM or not self.store.things.get(self.account, {}).get("_connected"):
            facts = {}
        return self.new(
            "evt",
            "event",
            at=at,
            type=kind,
            data=data,
            api_version=API_VERSION,
            pending_webhooks=1,
            request={"id": self.request, "idempotency_key": self.idempotency_key},
            **facts,
        )


def shown(thing: Any) -> Any:
    """Return an object without its private facts, as an answer holds it."""
    if isinstance(thing, dict):
        return {key: shown(value) for key, value in thing.items() if not key.startswith("_")}
    return [shown(each) for each in thing] if isinstance(thing, list) else thing


def changed_metadata(thing: Thing, new: Any) -> None:
    """Put metadata in: an empty value takes a name away, an empty text all of them."""
    if new == "":
        thing["metadata"] = {}
    elif new is not None:
        merged = {**thing.get("metadata", {}), **new}
        thing["metadata"] = {key: value for key, value in merged.items() if value != ""}


def listed(items: list[Thing], url: str) -> Thing:
    """Return a list object of all of ``items``."""
    return {"object": "list", "data": items, "has_more": False, "url": url, "total_count": len(items)}


def _api_version() -> str:
    from stripe import _api_version as pinned

    return str(pinned._ApiVersion.CURRENT)


API_VERSION = _api_version()
