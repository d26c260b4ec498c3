"""What an answer looks like: lists by cursor, and keys expanded to the objects they stand for."""

from __future__ import annotations

import copy
from typing import Any

from config.stripe_server.refusals import Refused, missing
from config.stripe_server.state import Desk, Thing, shown

MOST = 100
USUAL = 10
DEEPEST = 4
_PAGING = frozenset({"limit", "starting_after", "ending_before", "expand"})
_BOUNDS = {
    "gt": lambda value, bound: value > bound,
    "gte": lambda value, bound: value >= bound,
    "lt": lambda value, bound: value < bound,
    "lte": lambda value, bound: value <= bound,
}


def page(desk: Desk, things: list[Thing], params: dict[str, Any], url: str, *, taken: tuple[str, ...] = ()) -> Thing:
    """Return the page that ``params`` ask for; those not named in ``taken`` filter by equality or range."""
    wanted = {key: value for key, value in params.items() if key not in _PAGING and key not in taken}
    found = [thing for thing in things if all(_matches(thing, key, value) for key, value in wanted.items())]
    limit = params.get("limit", USUAL)
    if not 1 <= limit <= MOST:
        raise Refused(f"This value must be between 1 and {MOST}.", code="parameter_invalid_integer", param="limit")
    start, stop = 0, len(found)
    if after := params.get("starting_after"):
        start = _position(found, after, "starting_after") + 1
    if before := params.get("ending_before"):
        stop = _position(found, before, "ending_before")
        start = max(start, stop - limit)
    rows = found[start:stop][:limit]
    more = stop - start > limit if not before else start > 0
    return {"object": "list", "url": url, "has_more": more, "data": rows}


def finished(desk: Desk, thing: Thing, expand: list[str]) -> Thing:
    """Return the answer: without private facts, with what was asked for in place of its key."""
    answer: Thing = shown(copy.deepcopy(thing))
    for path in expand:
        steps = path.split(".")
        if len(steps) > DEEPEST:
            raise Refused(f"You cannot expand more than {DEEPEST} levels of a property. Property: {path}")
        _expand(desk, answer, steps, path)
    return answer


def _expand(desk: Desk, here: Any, steps: list[str], path: str) -> None:
    if isinstance(here, list):
        for each in here:
            _expand(desk, each, steps, path)
        return
    if not steps or not isinstance(here, dict):
        return
    head, rest = steps[0], steps[1:]
    if head not in here:
        raise Refused(f"This property cannot be expanded ({path}).", param="expand")
    value = here[head]
    if isinstance(value, str):
        found = desk.store.things.get(value)
        if found is None:
            raise Refused(f"This property cannot be expanded ({path}).", param="expand")
        value = here[head] = shown(copy.deepcopy(found))
    elif not rest and isinstance(value, list):
        known = desk.store.things
        value = here[head] = [
            shown(copy.deepcopy(known[each])) if isinstance(each, str) and each in known else each for each in value
        ]
    _expand(desk, value, rest, path)


def _matches(thing: Thing, name: str, value: Any) -> bool:
    found = thing.get(name)
    if isinstance(value, dict):
        return found is not None and all(_BOUNDS[sign](found, bound) for sign, bound in value.items())
    return bool(found == value)


def _position(things: list[Thing], key: str, param: str) -> int:
    for n, thing in enumerate(things):
        if thing["id"] == key:
            return n
    raise missing("object", key, param=param)
