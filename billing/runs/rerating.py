"""Rates issued invoices again from what they stored, and compares byte by byte."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from billing.charges import queries as charge_queries
from billing.runs import gathering, rated, schedules, used_versions
from billing.runs.gathering import Plan
from billing.runs.models import BillRunItem
from billing.runs.rated import RatedPart
from billing.runs.sections import Section, Slice
from kernel.periods import Period
from tenants.customers import queries as customer_queries
from tenants.tariffs import queries as tariff_queries
from tenants.tariffs import tariff_documents

CHUNK = 200


@dataclass(slots=True)
class Checked:
    """How many invoices came out the same, whose inputs have newer versions by now, and which differ."""

    same: int = 0
    changed: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Stored:
    """Stands for the history and the facts of accounts: what each section found when it was rated."""

    used: dict[tuple[int, int, int], Mapping[str, Any]]

    def already(self, section: Section) -> dict[str, Any]:
        """This will return the balances as they were."""
        return {name: _decimals(value) for name, value in self._of(section)["already"].items()}

    def carried(self, section: Section) -> dict[str, list[Decimal]]:
        """This will return the carried values as they were."""
        return {name: _decimals(value) for name, value in self._of(section)["carried"].items()}

    def of(self, section: Section) -> dict[str, Decimal]:
        """This will return the facts of the account as they were."""
        return {name: Decimal(value) for name, value in self._of(section).get("facts", {}).items()}

    def add(self, section: Section, past: Any) -> None:
        """What a section left behind is stored with the next one."""

    def _of(self, section: Section) -> Mapping[str, Any]:
        return self.used[section.item_id, section.supply_point.pk, section.place]


def check(*, limit: int | None = None) -> Checked:
    """This will rate every issued bill of the runs again, and say which give the same bytes.

    ``changed`` names those whose readings or published values have newer versions: they are corrected by a new bill,
    never by another result of the old one. Reads only.
    """
    issued = BillRunItem.objects.filter(state=BillRunItem.State.ISSUED).order_by("pk")
    rows = issued.select_related("run__lot__cycle", "draft", "invoice")[:limit].iterator(chunk_size=CHUNK)
    checked = Checked()
    for chunk in _chunks(rows):
        by_run = itertools.groupby(sorted(chunk, key=lambda item: (item.run_id, item.pk)), key=lambda item: item.run_id)
        for _run, items in by_run:
            for period, alike in used_versions.by_period(items).items():
                _check(alike, period, checked)
    return checked


def _chunks(rows: Iterator[BillRunItem]) -> Iterator[list[BillRunItem]]:
    while chunk := list(itertools.islice(rows, CHUNK)):
        yield chunk


def _check(items: Sequence[BillRunItem], period: Period, checked: Checked) -> None:
    made = _plan(items, period)
    found: dict[int, list[RatedPart]] = {}
    for part in rated.rate(made=made, read=gathering.read(made)):
        found.setdefault(part.section.item_id, []).append(part)
    for item in items:
        parts = sorted(
            found.get(item.pk, ()), key=lambda each: (each.section.supply_point.identifier, each.section.place)
        )
        number = item.invoice.number if item.invoice else ""
        if _same(item, parts):
            checked.same += 1
        elif _inputs(parts) != item.draft.versions["parts"]:  # type: ignore[union-attr]
            checked.changed.append(number)
        else:
            checked.different.append(number)


def _plan(items: Sequence[BillRunItem], period: Period) -> Plan:
    stored = [(item, used) for item in items for used in item.draft.versions["parts"]]  # type: ignore[union-attr]
    points = {
        each.pk: each
        for each in customer_queries.supply_points().filter(pk__in={used["supply_point"] for _item, used in stored})
    }
    versions = tariff_queries.versions_by_id(version_ids={used["product_version"] for _item, used in stored})
    made = Plan(period=period)
    book = Stored({})
    places: dict[tuple[int, int], int] = {}
    for item, used in stored:
        key = (item.pk, used["supply_point"])
        place = places[key] = places.get(key, -1) + 1
        book.used[item.pk, used["supply_point"], place] = used
        made.sections.append(_section(item, used, points, versions, place))
    gathering.read_sources(plans=[made])
    made.history, made.account_facts = book, book  # type: ignore[assignment]
    return made


def _section(
    item: BillRunItem, used: Mapping[str, Any], points: Mapping[int, Any], versions: Mapping[int, Any], place: int
) -> Section:
    point, version = points[used["supply_point"]], versions[used["product_version"]]
    slices = tuple(
        Slice(
            Period(dt.date.fromisoformat(each["from"]), dt.date.fromisoformat(each["to"])),
            each["agreement"],
            {name: Decimal(value) for name, value in each["parameters"].items()},
        )
        for each in used["slices"]
    )
    step = next(step for step in schedules.steps_of(item.run) if slices[0].period.start in step)
    return Section(
        item_id=item.pk,
        account_id=item.account_id,
        supply_point=point,
        zone=ZoneInfo(point.premises.time_zone),
        version=version,
        tariff=tariff_documents.tariff_of(version=version),
        slices=slices,
        contract_start=slices[0].period.start,
        place=place,
        full_days=step.days,
    )


def _same(item: BillRunItem, parts: Sequence[RatedPart]) -> bool:
    assert item.draft is not None
    now = [part.bill.as_document() for part in parts]
    carried = charge_queries.by_ids(charge_ids=item.draft.versions.get("charges", ()))
    if carried:
        now.append({"currency": carried[0].currency, "lines": charge_queries.lines(charges=carried)})
    return _bytes(now) == _bytes([part["bill"] for part in item.draft.parts])


def _place(part: RatedPart) -> tuple[str, int]:
    return part.section.supply_point.identifier, part.section.place


def _inputs(parts: Sequence[RatedPart]) -> list[dict[str, Any]]:
    return [dict(part.used) for part in parts]


def _bytes(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=False).encode()


def _decimals(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _decimals(each) for name, each in value.items()}
    return [_decimals(each) for each in value] if isinstance(value, list) else Decimal(value)
