"""Calendars that a tariff document brings along under ``calendars``, named by their content.

A name ends in a digest of what the calendar says, so the same name means the same hours wherever it stands: in another
version, at another company, in a bill of years ago.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billing.rating import calendar_rules, calendars, documents
from kernel.errors import GridhallError
from markets import hour_schedules, packs
from markets.resources import resources

KEY = "calendars"
_NAME, _CHARGES = "calendar", "charges"


def named_by_content(document: Mapping[str, Any]) -> dict[str, Any]:
    """This will return the document with each of its own calendars under the name that its content gives it."""
    own = document.get(KEY)
    if not isinstance(own, Mapping):
        return dict(document)
    names = {name: _name(str(name), found) for name, found in own.items() if isinstance(found, Mapping)}
    kept = {names.get(name, name): _renamed(found, names.get(name)) for name, found in own.items()}
    named = {**_pointing(document, names), KEY: kept}
    if isinstance(document.get(_CHARGES), list):
        charges = document[_CHARGES]
        named[_CHARGES] = [_pointing(one, names) if isinstance(one, Mapping) else one for one in charges]
    return named


def of(document: Mapping[str, Any]) -> dict[str, calendars.Calendar]:
    """This will load a document's own calendars. Raises CalendarFault and its kin with a pointer into the document."""
    own = calendar_rules.require_keys(document.get(KEY) or {}, known=document.get(KEY) or (), key=KEY, where=f"/{KEY}")
    return {str(name): _placed(name, found) for name, found in own.items()}


def load(document: Mapping[str, Any], *, name: str) -> calendars.Calendar:
    """This will load one of them with the holidays of the market that its name starts with."""
    market = name.partition(packs.NAME_MARK)[0]
    days: calendars.DayKinds = calendars.PlainWeek()
    if market in packs.codes():
        days = packs.pack(market).day_kinds(document.get("region"))
    return calendars.load({**document, _NAME: name}, days=days)


def resources_of(document: Mapping[str, Any], *, market: str) -> documents.Resources:
    """This will return what the document may name: its market's calendars and tables, and its own calendars."""
    known = resources(market)
    return documents.Resources(calendars={**known.calendars, **of(document)}, tables=known.tables)


def _placed(name: object, found: Any) -> calendars.Calendar:
    place = f"/{KEY}/{name}"
    known = found if isinstance(found, Mapping) else ()
    document = calendar_rules.require_keys(found, known=known, key=str(name), where=place)
    try:
        return load(document, name=str(name))
    except GridhallError as fault:
        fault.where = place + (fault.where or "")
        raise


def _name(name: str, found: Mapping[str, Any]) -> str:
    content = {key: value for key, value in found.items() if key != _NAME}
    ending = hour_schedules.digest(content)
    head, _, tail = name.rpartition("-")
    stem = head if len(tail) == len(ending) and _is_hex(tail) else name
    return f"{stem}-{ending}"


def _is_hex(text: str) -> bool:
    return bool(text) and all(sign in "0123456789abcdef" for sign in text)


def _renamed(found: Any, name: str | None) -> Any:
    return {**found, _NAME: name} if isinstance(found, Mapping) and name else found


def _pointing(part: Mapping[str, Any], names: Mapping[Any, str]) -> dict[str, Any]:
    calendar = part.get(_NAME)
    return {**part, _NAME: names[calendar]} if isinstance(calendar, str) and calendar in names else dict(part)
