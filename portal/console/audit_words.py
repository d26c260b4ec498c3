"""The audit trail in a reader's words: titles of deeds, of what they were done to, and of their details."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import override

from portal.console import audit_names, audit_titles_money, audit_titles_security, audit_titles_supply, code_words
from portal.console import data_protection_forms as protection
from portal.console.forms import company, meters
from portal.shared import entering_words, formats, sentence_values
from tenants.notices import queries as notices

TITLES: dict[str, Any] = {**audit_titles_security.TITLES, **audit_titles_supply.TITLES, **audit_titles_money.TITLES}
"""Every action that is ever recorded; a test reads the source and refuses one that is not here."""

VALUES: dict[str, Mapping[Any, Any]] = {
    "roles": audit_names.ROLES, "default_roles": audit_names.ROLES, "before": audit_names.ROLES,
    "after": audit_names.ROLES,
    "scopes": company.SCOPES, "cause": entering_words.CAUSES, "source": protection.SOURCES, "by": audit_names.WAYS,
    "change": audit_names.CHANGES, "factor": audit_names.FACTORS, "fields": audit_names.FIELDS,
    "kind": {**protection.KINDS, **audit_names.KINDS}, "state": audit_names.STATES,
    "channel": dict(notices.CHANNELS.choices), "energy": dict(meters.ENERGIES), "format": code_words.FORMATS,
}  # fmt: skip
"""Details whose values are codes."""

_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}.*")
_AMOUNT = re.compile(r"-?\d{1,15}\.\d{1,8}")
_NAMES = frozenset(
    {
        "account", "file", "giver", "key", "name", "former", "note", "number", "page", "path", "prefix", "product",
        "profile", "reason", "reference", "request", "series", "taker", "visit",
    }
)  # fmt: skip
"""Details that are names, and words of a person: never read as numbers."""
_WATT_HOURS = "_wh"


def title(action: str) -> str:
    """Return what a deed is called; one without a title is shown as it is written down."""
    return str(TITLES.get(action, action))


def named(wanted: str) -> list[str]:
    """Return the actions whose title has these words in it, in the reader's language or in English."""
    words = wanted.casefold()
    with override("en"):
        found = {action for action in TITLES if words in str(TITLES[action]).casefold()}
    return sorted(found | {action for action in TITLES if words in title(action).casefold()})


def subject(written: str) -> str:
    """Return what a deed was done to: ``run 7, account 100`` is “bill run 7, account 100” in the reader's language."""
    return _(", ").join(_part(part) for part in written.split(", "))


def details(written: Mapping[str, Any], *, zone: str | ZoneInfo) -> Iterator[tuple[str, str]]:
    """Yield title and value of each detail, as the reader writes days, numbers and lists."""
    for name, value in written.items():
        yield str(audit_names.DETAILS.get(name, name)), _value(name, value, zone)


def _part(part: str) -> str:
    if part in audit_names.WHOLE:
        return str(audit_names.WHOLE[part])
    count, __, what = part.partition(" ")
    if count.isdigit() and what in audit_names.COUNTED:
        return str(audit_names.COUNTED[what]).format(name=formats.number(int(count)))
    noun, name = _split(part)
    return str(audit_names.SUBJECTS[noun]).format(name=name) if noun else part


def _split(part: str) -> tuple[str, str]:
    """Return the longest known noun a subject begins with, and the rest; no noun when it is none."""
    words = part.split(" ")
    for many in range(min(len(words) - 1, 2), 0, -1):
        if (noun := " ".join(words[:many])) in audit_names.SUBJECTS:
            return noun, " ".join(words[many:])
    return "", part


def _value(name: str, value: Any, zone: str | ZoneInfo) -> str:
    if value is None or value in ("", [], {}):
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return _(", ").join(_value(name, each, zone) for each in value)
    if isinstance(value, Mapping):
        return _("; ").join(f"{key}: {_value(name, each, zone)}" for key, each in value.items())
    return _single(name, value, zone)


def _single(name: str, value: Any, zone: str | ZoneInfo) -> str:
    if name in VALUES:
        return str(VALUES[name].get(str(value), value))
    if name in _NAMES:
        return str(value)
    if isinstance(value, int):
        return formats.kwh(value) if name.endswith(_WATT_HOURS) else formats.number(value)
    return _written(str(value), zone)


def _written(value: str, zone: str | ZoneInfo) -> str:
    """Return a text that is a day, a moment or a number as its reader writes it, another as it is."""
    if _MOMENT.fullmatch(value):
        return _moment(value, zone)
    if _AMOUNT.fullmatch(value):
        return formats.number(formats.plain(Decimal(value)))
    return str(sentence_values.written("", value))


def _moment(value: str, zone: str | ZoneInfo) -> str:
    try:
        at = dt.datetime.fromisoformat(value)
    except ValueError:
        return value
    return formats.moment(at, zone) if at.tzinfo else value
