"""Runs worked cases: tariffs with given values and the amounts that must come out (``manage.py rate FILE.json``)."""

from __future__ import annotations

import decimal
import json
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
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
_WIDEST = 100
"""The most digits a number may have before or after the point."""
_UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)
"""What a case of another shape than the language's leads to."""


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
    file = _read(text)
    loaded = _Tariffs(file, {} if tables is None else tables)
    with decimal.localcontext(money.EXACT):
        return [result for case in file["cases"] for result in _run_case(case, loaded)]


def _read(text: str) -> dict[str, Any]:
    """The file's content, its decimals kept as text; raises ValueError where it is no file of cases."""
    try:
        file = json.loads(text, parse_float=_digits, parse_constant=_digits)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(file, dict) or not isinstance(file.get("cases"), list):
        raise ValueError("“cases”, a list, is expected in it")
    if not isinstance(file.get("tariffs", {}), dict):
        raise ValueError("“tariffs” are expected by name")
    return file


def _digits(written: str) -> str:
    """A number with a point or an exponent as plain digits (``5e-05`` is ``0.00005``)."""
    return format(_decimal(written), "f")


class _Tariffs:
    """The tariffs of the file, each loaded once; what any of its cases gives counts as declared."""

    def __init__(self, file: Mapping[str, Any], tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        self.documents = file.get("tariffs", {})
        self.tables = tables
        self.given: dict[str, list[Mapping[str, Any]]] = {}
        for case in file["cases"]:
            if isinstance(case, dict):
                self.given.setdefault(str(case.get("tariff")), []).append(case.get("given") or {})
        self.loaded: dict[str, Tariff] = {}

    def load(self, named: Any) -> Tariff:
        key = str(named)
        if key not in self.loaded:
            if not isinstance(named, dict) and key not in self.documents:
                raise ValueError(f"there is no tariff “{key}”")
            document = named if isinstance(named, dict) else self.documents[key]
            self.loaded[key] = documents.load(document, resources=self.resources(key))
        return self.loaded[key]

    def resources(self, key: str) -> Resources:
        parts = [part for given in self.given[key] for part in (given, *given.get("slices", ()))]
        declared = {
            kind: {name: None for part in parts for name in part.get(kind) or ()} for kind in ("params", "channels")
        }
        return Resources(tables=self.tables, parameters=declared["params"], channels=declared["channels"], by_use=True)


def _run_case(case: Any, tariffs: _Tariffs) -> Iterator[Result]:
    try:
        name = str(case.get("case", case.get("tariff")))
        expected = {key: _decimal(value) for key, value in (case.get("expect") or {}).items()}
        tolerance = _decimal(case.get("tolerance", 0))
    except _UNREADABLE as error:
        yield Result(str(case)[:60], "case", "readable", _unreadable(error), False)
        return
    bill, problem, missing = _rated(case, tariffs)
    if "error" in case:
        wanted = str(case["error"])
        yield Result(name, "error", wanted, problem or "no error", _names(wanted, problem, missing))
    for key, value in expected.items():
        if bill is None:
            yield Result(name, key, str(value), problem, False)
        else:
            yield _compared(name, key, value, bill, tolerance)


def _rated(case: Mapping[str, Any], tariffs: _Tariffs) -> tuple[Bill | None, str, str]:
    """The bill, or why there is none and what is missing by name."""
    try:
        tariff = tariffs.load(case["tariff"])
        return evaluate.rate(tariff, _account(case, tariff)), "", ""
    except (TariffError, RatingError) as error:
        missing = error.missing if isinstance(error, NotReady) else str(error.params.get("missing", ""))
        return None, str(error), missing
    except _UNREADABLE as error:
        return None, _unreadable(error), ""


def _unreadable(error: Exception) -> str:
    return f"The case cannot be read: {error if type(error) is ValueError else repr(error)}"


def _names(wanted: str, problem: str, missing: str) -> bool:
    """Whether what is missing is what was wanted; a refusal that knows no name must say the wanted words."""
    if missing:
        return wanted in (missing, missing.replace("fact ", "parameter "), problem)
    words, said = (" ".join(re.findall(r"[^\W_]+", text.lower())) for text in (wanted, problem))
    return bool(words) and f" {words} " in f" {said} "


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
    stored = {**(given.get("channels") or {}), **(given.get("carried") or {})}
    carried = {name: _listed(stored[name]) for name in tariff.carried if isinstance(stored.get(name), list)}
    already = {name: _value(value) for name, value in (given.get("already") or {}).items()}
    facts = {name: _decimal(value) for name, value in (given.get("facts") or {}).items()}
    period = given.get("period_days", (given.get("params") or {}).get("period_days", case.get("period_days")))
    parts = [_slice(part, case, carried) for part in slices]
    return AccountInputs(parts, None if period is None else _days(period), already, carried, facts)


def _slice(given: Mapping[str, Any], case: Mapping[str, Any], carried: Container[str]) -> SliceInputs:
    parameters = {name: _value(value) for name, value in (given.get("params") or {}).items()}
    days = given.get("days", parameters.get("days", case.get("days", USUAL_DAYS)))
    channels, published = given.get("channels") or {}, given.get("index") or {}
    lists = [*channels.values(), *published.values()]
    order = tuple(dict.fromkeys(label for part in lists if isinstance(part, Mapping) for label in part))
    metered = {name: values for name, values in channels.items() if values is not None and name not in carried}
    readings = {name: _series(values, order) for name, values in metered.items()}
    indices = {name: _index(value, order) for name, value in published.items() if value is not None}
    return SliceInputs(days=_days(days), parameters=parameters, channels=readings, indices=indices)


def _days(value: Any) -> int:
    days = _decimal(value)
    if days != int(days):
        raise ValueError(f"a whole number of days is expected, not {days}")
    return int(days)


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
    """A number from its own text, finite and of a sane length."""
    try:
        number = Decimal("NaN") if isinstance(value, bool) else Decimal(str(value))
    except decimal.InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number.adjusted()) > _WIDEST:
        raise ValueError(f"a number is expected, not “{str(value)[:40]}”")
    return number
