"""Runs worked cases: tariffs with given values and the amounts that must come out (``manage.py rate FILE.json``)."""

from __future__ import annotations

import decimal
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np

from billing.rating import documents, evaluate, inputs
from billing.rating.bills import Bill
from billing.rating.documents import Resources
from billing.rating.errors import NotReady, RatingError, TariffError
from billing.rating.inputs import AccountInputs, IndexValue, Labels, Series, SliceInputs
from billing.rating.tariffs import Tariff
from kernel import money

USUAL_DAYS = 30


@dataclass(frozen=True, slots=True)
class Result:
    """One expected value of a case and what came out."""

    case: str
    key: str
    expected: str
    found: str
    ok: bool

    def __str__(self) -> str:
        outcome = "ok" if self.ok else f"DIFFERENT: {self.found}"
        return f"{self.case} {self.key} = {self.expected} {outcome}"


def run(text: str, *, tables: Mapping[str, Sequence[Mapping[str, Any]]] | None = None) -> list[Result]:
    """This will return the results of all cases of a file, one for each expected value, in the file's order."""
    file = json.loads(text, parse_float=str)
    loaded = _Tariffs(file, {} if tables is None else tables)
    with decimal.localcontext(money.EXACT):
        return [result for case in file["cases"] for result in _run_case(case, loaded)]


class _Tariffs:
    """The tariffs of the file, each loaded once; what any of its cases gives counts as declared."""

    def __init__(self, file: Mapping[str, Any], tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        self.documents = file.get("tariffs", {})
        self.tables = tables
        self.given: dict[str, list[Mapping[str, Any]]] = {}
        for case in file["cases"]:
            self.given.setdefault(str(case["tariff"]), []).append(case.get("given") or {})
        self.loaded: dict[str, Tariff] = {}

    def load(self, named: Any) -> Tariff:
        key = str(named)
        if key not in self.loaded:
            document = named if isinstance(named, dict) else self.documents[key]
            self.loaded[key] = documents.load(document, resources=self.resources(key))
        return self.loaded[key]

    def resources(self, key: str) -> Resources:
        parts = [part for given in self.given[key] for part in (given, *given.get("slices", ()))]
        declared = {
            kind: {name: None for part in parts for name in part.get(kind) or ()} for kind in ("params", "channels")
        }
        return Resources(tables=self.tables, parameters=declared["params"], channels=declared["channels"], by_use=True)


def _run_case(case: Mapping[str, Any], tariffs: _Tariffs) -> Iterator[Result]:
    name = str(case.get("case", case["tariff"]))
    expected = _expected(case)
    try:
        tariff = tariffs.load(case["tariff"])
        bill: Bill | None = evaluate.rate(tariff, _account(case, tariff))
        problem, missing = "", ""
    except (TariffError, RatingError) as error:
        bill, problem = None, str(error)
        missing = error.missing if isinstance(error, NotReady) else ""
    except (KeyError, TypeError, ValueError, InvalidOperation) as error:
        bill, problem, missing = None, f"{type(error).__name__}: {error}", ""
    if "error" in case:
        wanted = str(case["error"])
        yield Result(
            name,
            "error",
            wanted,
            problem or "no error",
            wanted in (missing, missing.replace("fact ", "parameter "), problem),
        )
    tolerance = Decimal(str(case.get("tolerance", 0)))
    for key, value in expected.items():
        if bill is None:
            yield Result(name, key, str(value), problem, False)
        else:
            yield _compared(name, key, value, bill, tolerance)


def _expected(case: Mapping[str, Any]) -> dict[str, Decimal]:
    return {key: Decimal(str(value)) for key, value in (case.get("expect") or {}).items()}


def _compared(name: str, key: str, value: Decimal, bill: Bill, tolerance: Decimal) -> Result:
    try:
        found = sum((amount_of(bill, part.strip()) for part in key.split("+")), Decimal(0))
    except KeyError:
        return Result(name, key, str(value), f"there is no charge or cell “{key}”", False)
    return Result(name, key, str(value), format(found, "f"), abs(found - value) <= tolerance)


def amount_of(bill: Bill, key: str) -> Decimal:
    """This will return what ``key`` names: a charge (``e``), a cell (``e.peak``) or a band (``e.2``, ``e.peak.2``)."""
    code, *parts = key.split(".")
    line = bill.line(code)
    if not parts:
        return line.amount
    cells = [cell for cell in line.cells if cell.label == parts[0]]
    if not cells:
        cells, parts = list(line.cells), ["", *parts]
    if len(parts) > 1:
        cells = [cell for cell in cells if str(cell.band) == parts[1]]
    if not cells:
        raise KeyError(key)
    return sum((cell.amount for cell in cells), Decimal(0))


def _account(case: Mapping[str, Any], tariff: Tariff) -> AccountInputs:
    given = case.get("given") or {}
    slices = [
        {**given, **part, "params": {**(given.get("params") or {}), **(part.get("params") or {})}}
        for part in given.get("slices", ({},))
    ]
    carried = {name: _listed(values) for name, values in (given.get("carried") or {}).items()}
    already = {name: _value(value) for name, value in (given.get("already") or {}).items()}
    facts = {name: _decimal(value) for name, value in (given.get("facts") or {}).items()}
    period = given.get("period_days", (given.get("params") or {}).get("period_days", case.get("period_days")))
    parts = [_slice(part, case) for part in slices]
    return AccountInputs(parts, None if period is None else int(period), already, carried, facts)


def _slice(given: Mapping[str, Any], case: Mapping[str, Any]) -> SliceInputs:
    parameters = {name: _value(value) for name, value in (given.get("params") or {}).items()}
    days = given.get("days", parameters.get("days", case.get("days", USUAL_DAYS)))
    channels, published = given.get("channels") or {}, given.get("index") or {}
    lists = [*channels.values(), *published.values()]
    order = tuple(dict.fromkeys(label for part in lists if isinstance(part, Mapping) for label in part))
    channels = {name: _series(values, order) for name, values in channels.items() if values is not None}
    indices = {name: _index(value, order) for name, value in published.items() if value is not None}
    return SliceInputs(days=int(days), parameters=parameters, channels=channels, indices=indices)


def _series(values: Any, order: tuple[str, ...]) -> Series:
    """A channel: a bare list, or a list per label, laid out in one ``order`` of labels for the whole case."""
    if not isinstance(values, Mapping):
        return inputs.scaled(_readings(values), free=True)
    names = tuple(name for name in order if name in values)
    lists = {name: _readings(part) for name, part in values.items()}
    codes = [at for at, name in enumerate(names) for _ in lists[name]]
    return inputs.scaled(
        [value for name in names for value in lists[name]], labels=Labels(names, np.array(codes, np.int8))
    )


def _readings(values: Any) -> list[Decimal | None]:
    listed = values if isinstance(values, list) else [values]
    return [None if value is None else _decimal(value) for value in listed]


def _index(value: Any, order: tuple[str, ...]) -> IndexValue:
    if isinstance(value, list):
        return _series(value, order)
    if isinstance(value, Mapping):
        if any(isinstance(part, list) for part in value.values()):
            return _series(value, order)
        return {label: _decimal(part) for label, part in value.items() if part is not None}
    return _decimal(value)


def _value(value: Any) -> Any:
    if isinstance(value, list):
        return _listed(value)
    if isinstance(value, Mapping):
        return {key: _value(part) for key, part in value.items()}
    return None if value is None else _decimal(value)


def _listed(values: Any) -> list[Decimal]:
    return [_decimal(value) for value in (values if isinstance(values, list) else [values])]


def _decimal(value: Any) -> Decimal:
    return Decimal(str(value))
