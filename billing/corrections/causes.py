"""What differs between what a bill was rated from and what it would be rated from now; pure."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

READINGS, REGISTER, CORRECTION, PAUSE = "readings", "register", "quantity_correction", "pause"
TERMS, PARAMETER, PRODUCT, INDEX, FACT = "terms", "parameter", "product", "index", "fact"
EARLIER, SUPPLY, UNKNOWN, RETURNED, CREDITED = "earlier_bills", "supply", "unknown", "returned", "credited"
PREFIXES = {"register": REGISTER, "corrections": CORRECTION, "pauses": PAUSE}
MOST_READS = 5

Cause = dict[str, Any]


def between(*, before: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]] | None) -> list[Cause]:
    """This will return one entry for each thing that changed, part by part: its ``what``, ``old`` and ``new``."""
    if now is None:
        return [{"what": UNKNOWN}]
    if [part["supply_point"] for part in before] != [part["supply_point"] for part in now]:
        return [{"what": SUPPLY, "old": len(before), "new": len(now)}]
    found = [cause for pair in zip(before, now, strict=True) for cause in _of_part(*pair)]
    return [cause for at, cause in enumerate(found) if cause not in found[:at]]


def channels_of(causes: Sequence[Cause]) -> list[int]:
    """This will return the channels whose readings changed."""
    return sorted({cause["channel"] for cause in causes if cause["what"] == READINGS})


def days_of(parts: Sequence[Mapping[str, Any]]) -> tuple[dt.date, dt.date]:
    """This will return the first day of the parts and the day after their last."""
    slices = [each for part in parts for each in part["slices"]]
    first = min(dt.date.fromisoformat(each["from"]) for each in slices)
    return first, max(dt.date.fromisoformat(each["to"]) for each in slices)


def _of_part(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Cause]:
    point = before["supply_point"]
    if before["product_version"] != now["product_version"]:
        yield {"what": PRODUCT, "point": point, "old": before["product_version"], "new": now["product_version"]}
    yield from _of_slices(point, before["slices"], now["slices"])
    for key in sorted({*before["readings"], *now["readings"]}):
        old, new = before["readings"].get(key), now["readings"].get(key)
        if old != new:
            yield _of_readings(point, key, old, new)
    for code in sorted({*before["indices"], *now["indices"]}):
        old, new = before["indices"].get(code), now["indices"].get(code)
        if old != new:
            yield {"what": INDEX, "point": point, "name": code, "old": old or [], "new": new or []}
    yield from _of_values(FACT, point, before.get("facts", {}), now.get("facts", {}))
    if (before["already"], before["carried"]) != (now["already"], now["carried"]):
        yield {"what": EARLIER, "point": point}


def _of_slices(point: int, before: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]]) -> Iterator[Cause]:
    days = [[(each["from"], each["to"]) for each in slices] for slices in (before, now)]
    if days[0] != days[1]:
        yield {"what": TERMS, "point": point, "days": sorted({day for pair in days[1] for day in pair})}
    for old, new in zip(before, now, strict=False):
        yield from _of_values(PARAMETER, point, old["parameters"], new["parameters"], start=new["from"])
    if days[0] != days[1]:
        for extra in now[len(before) :]:
            yield from _of_values(PARAMETER, point, before[-1]["parameters"], extra["parameters"], start=extra["from"])


def _of_values(
    what: str, point: int, before: Mapping[str, Any], now: Mapping[str, Any], **more: Any
) -> Iterator[Cause]:
    for name in sorted({*before, *now}):
        if before.get(name) != now.get(name):
            values = {"old": before.get(name), "new": now.get(name)}
            yield {"what": what, "point": point, "name": name, **values, **more}


def _of_readings(point: int, key: str, old: str | None, new: str | None) -> Cause:
    prefix, _mark, rest = key.partition(":")
    if prefix not in PREFIXES:
        return {"what": READINGS, "point": point, "channel": int(key)}
    was, now = set((old or "").split()), set((new or "").split())
    return {
        "what": PREFIXES[prefix],
        "point": point,
        "key": int(rest),
        "old": sorted(was - now)[:MOST_READS],
        "new": sorted(now - was)[:MOST_READS],
    }


def credited(causes: Collection[Cause]) -> bool:
    """This will say whether a person asked that a bill that was credited be billed anew."""
    return any(cause["what"] == CREDITED for cause in causes)


def own(causes: Collection[Cause]) -> bool:
    """This will say whether something changed beside the earlier bills."""
    return any(cause["what"] != EARLIER for cause in causes)


def merged(lists: Sequence[Sequence[Cause]]) -> list[Cause]:
    """This will put the causes of several bills of one invoice together, each once."""
    found = list(itertools.chain.from_iterable(lists))
    return [cause for at, cause in enumerate(found) if cause not in found[:at]]
