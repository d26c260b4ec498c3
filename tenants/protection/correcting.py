"""What a correction asks for: new values of a customer's own fields, and words about anything else. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping

from kernel import personal
from kernel.errors import Invalid, gettext_noop

FIELDS = ("name", "email", "phone")
"""What staff can set by one button; an address or a reading is corrected where it is kept."""
NOTE = "note"
LONGEST = 400
SORTS = {"name": "name", "email": "mail", "phone": "phone", NOTE: "text"}


def said(*, kind: str, wanted: Mapping[str, str], note: str) -> str:
    """This will return as JSON what is asked for; nothing for other requests. Raises Invalid."""
    given = {name: " ".join(wanted[name].split()) for name in FIELDS if wanted.get(name)}
    unknown = sorted(set(wanted) - set(FIELDS))
    words = note.strip()
    if unknown:
        raise Invalid(where="wanted", reason=gettext_noop("Only name, e-mail and telephone can be asked for by field."))
    if kind != "correction":
        if given or words:
            raise Invalid(where="wanted", reason=gettext_noop("Only a correction says what shall stand there."))
        return ""
    if not given and not words:
        raise Invalid(where="wanted", reason=gettext_noop("Say what is wrong and what shall stand there."))
    if len(words) > LONGEST:
        raise Invalid(where=NOTE, reason=gettext_noop("Say it in at most 400 characters."))
    return json.dumps({**given, **({NOTE: words} if words else {})}, ensure_ascii=False)


def joined(before: str | None, later: str) -> str:
    """This will return both wishes; of the same field the later."""
    return json.dumps({**_read(before), **_read(later)}, ensure_ascii=False)


def fields_of(wanted: str | None) -> dict[str, str]:
    """This will return the fields that shall be set."""
    return {name: value for name, value in _read(wanted).items() if name in FIELDS}


def note_of(wanted: str | None) -> str:
    """This will return what was said in words."""
    return _read(wanted).get(NOTE, "")


def wishes(*, wanted: str | None, customer_id: int) -> dict[str, personal.Personal]:
    """This will return what is asked for, by field, as texts that are masked and recorded where they are shown."""
    found = {}
    for field, value in _read(wanted).items():
        made = personal.SORTS[SORTS[field]](value)
        made.owner, made.field = ("customer", customer_id), f"DataRequest.{field}"
        found[field] = made
    return found


def _read(text: str | None) -> dict[str, str]:
    return dict(json.loads(str(text))) if text else {}
