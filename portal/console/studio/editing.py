"""A filled-in studio becomes a document again: answers at their places, then one step such as “add a charge”."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from django.http import QueryDict

from portal.console.studio import label_prices, places
from portal.console.studio.layout import CHECKS, LONGEST, Field, Layout
from portal.console.studio.places import Path

MOST_ROWS = 200


def filled_in(document: Mapping[str, Any], layout: Layout, given: QueryDict) -> dict[str, Any]:
    """This will return the document with the answers; a place that was not asked about stays as it is."""
    made: dict[str, Any] = copy.deepcopy(dict(document))
    fields = list(layout.every())
    for one in fields:
        if one.inside:
            continue
        if one.kind == CHECKS:
            if f"{one.name}#" in given:
                places.put(made, one.path, [str(label) for label in given.getlist(one.name)] or None)
        elif one.name in given:
            _answer(made, one, _text(given[one.name]))
    _label_prices(made, [one for one in fields if one.inside], given)
    _tidy(made)
    return made


def step(document: dict[str, Any], order: str) -> dict[str, Any]:
    """This will do one step, such as ``remove:/charges/2``; what cannot be done leaves the document as it is."""
    name, _, target = order.partition(":")
    path = tuple(part for part in target.split("/") if part)
    steps: dict[str, Callable[[dict[str, Any], Path], None]] = {
        "add-charge": _add_charge,
        "add-table": _add_table,
        "add-parameter": _add_parameter,
        "add-row": _add_row,
        "remove": _remove,
        "up": lambda made, at: _move(made, at, -1),
        "down": lambda made, at: _move(made, at, 1),
        "to-tiers": _to_tiers,
        "to-price": _to_price,
    }
    if name in steps:
        steps[name](document, path)
    return document


def _text(given: object) -> str:
    return str(given).replace("\x00", "")[:LONGEST].strip()


def _answer(document: dict[str, Any], one: Field, text: str) -> None:
    if text == one.text:
        return
    if one.path[-1] == "post":
        places.put(document, one.path, False if text == "false" else None)
    elif len(one.path) > 1 and one.path[-2] == "title":
        title = places.texts(places.get(document, one.path[:-1]))
        title[one.path[-1]] = text
        places.put(document, one.path[:-1], {language: said for language, said in title.items() if said} or None)
    else:
        places.put(document, one.path, text or None)


def _label_prices(document: dict[str, Any], fields: list[Field], given: QueryDict) -> None:
    """Write changed numbers of labels into their formula, as it stands now."""
    for path in dict.fromkeys(one.path for one in fields):
        mine = [one for one in fields if one.path == path]
        asked = {one.inside: _text(given.get(one.name, one.text)) for one in mine}
        if all(asked[one.inside] == one.text for one in mine):
            continue
        formula = str(places.get(document, path) or "")
        found = label_prices.find(formula)
        if found:
            merged = {**found, **asked}
            places.put(document, path, label_prices.replace(formula, {k: v for k, v in merged.items() if v}))


def _tidy(document: dict[str, Any]) -> None:
    for charge in places.items(document.get("charges")):
        if isinstance(charge, dict) and charge.get("round") == {}:
            del charge["round"]


def _add_charge(document: dict[str, Any], _path: Path) -> None:
    charges = document.setdefault("charges", [])
    if not isinstance(charges, list) or len(charges) >= MOST_ROWS:
        return
    taken = {str(one.get("code")) for one in charges if isinstance(one, dict)}
    code = next(name for name in (f"charge_{n}" for n in range(1, MOST_ROWS + 2)) if name not in taken)
    charges.append({"code": code, "title": {}, "quantity": "sum(consumption)", "price": "0", "round": {"line": "2"}})


def _add_table(document: dict[str, Any], _path: Path) -> None:
    tables = document.setdefault("tables", {})
    if isinstance(tables, dict) and len(tables) < MOST_ROWS:
        name = next(name for name in (f"steps_{n}" for n in range(1, MOST_ROWS + 2)) if name not in tables)
        tables[name] = [{"below": "100", "value": "0"}, {"value": "0"}]


def _add_parameter(document: dict[str, Any], path: Path) -> None:
    parameters = document.setdefault("parameters", {})
    if isinstance(parameters, dict) and path and len(parameters) < MOST_ROWS:
        parameters.setdefault(path[0], {})


def _add_row(document: dict[str, Any], path: Path) -> None:
    """Put a row before the last one, which is open upwards."""
    rows = places.get(document, path)
    if isinstance(rows, list) and len(rows) < MOST_ROWS:
        row = {"below": "0", "value": "0"} if path[0] == "tables" else {"to": "0", "price": "0"}
        rows.insert(max(0, len(rows) - 1), row)


def _remove(document: dict[str, Any], path: Path) -> None:
    if len(path) > 1 and path[0] in ("charges", "parameters", "tables") and places.get(document, path) is not None:
        places.put(document, path, None)
        if document.get(path[0]) in ({}, []):
            del document[path[0]]


def _move(document: dict[str, Any], path: Path, by: int) -> None:
    charges = document.get("charges")
    if len(path) != len(("charges", "0")) or not isinstance(charges, list) or not path[1].isdecimal():
        return
    old, new = int(path[1]), int(path[1]) + by
    if old < len(charges) and 0 <= new < len(charges):
        charges[old], charges[new] = charges[new], charges[old]


def _to_tiers(document: dict[str, Any], path: Path) -> None:
    charge = places.get(document, path)
    if isinstance(charge, dict) and "tiers" not in charge:
        price = charge.pop("price", "0")
        bands = [{"to": "100", "price": price}, {"price": price}]
        charge["tiers"] = {"mode": "graduated", "window": "bill", "bands": bands}


def _to_price(document: dict[str, Any], path: Path) -> None:
    charge = places.get(document, path)
    if isinstance(charge, dict) and "tiers" in charge:
        tiers = places.entries(charge.pop("tiers"))
        first = places.get(tiers, ("bands", "0", "price"))
        charge["price"] = first if isinstance(first, str) else "0"
