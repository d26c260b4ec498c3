"""What is rated together: one supply point under one version, cut into slices; pure but for the rows it reads."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from billing.rating import tariffs
from billing.runs import windows
from kernel.errors import GridhallError, gettext_noop
from kernel.periods import Period
from tenants.customers import date_ranges
from tenants.tariffs.queries import Terms


class NoAgreement(GridhallError):
    """An occupied supply point has a day that nothing was agreed for."""

    code = "no_agreement"
    template = gettext_noop("{identifier} has no agreement with a price in force on {date}.")


class AnotherAccount(GridhallError):
    """The agreement of an occupied supply point names another account."""

    code = "agreement_of_another"
    template = gettext_noop("The agreement of {identifier} on {date} belongs to another account.")


@dataclass(frozen=True, slots=True)
class Slice:
    """A stretch under one agreement with its parameters."""

    period: Period
    agreement_id: int
    parameters: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """One supply point of one bill under one product version: what the engine rates at once.

    ``place`` counts the sections of the supply point in the bill; a later one sees what the earlier ones used.
    """

    item_id: int
    account_id: int
    supply_point: Any
    zone: ZoneInfo
    version: Any
    tariff: tariffs.Tariff
    slices: tuple[Slice, ...]
    contract_start: dt.date
    place: int
    full_days: int
    """Days of the month (or other stretch) that what is due per period is shared by."""

    @property
    def period(self) -> Period:
        return Period(self.slices[0].period.start, self.slices[-1].period.end)


def of_item(
    *,
    item_id: int,
    account_id: int,
    period: Period,
    occupancies: Iterable[Any],
    terms: Mapping[int, Sequence[Terms]],
    tariff_of: Callable[[Any], tariffs.Tariff],
    steps: Sequence[Period] = (),
) -> list[Section]:
    """This will cut one account's supply points into sections over ``period``; raises NoAgreement or AnotherAccount.

    A new section starts where a step starts (a month of a bill of several; without ``steps`` the period is one), where
    the product version changes and where a tier's window starts anew; a new slice where only the agreement changes.
    """
    sections: list[Section] = []
    for occupancy in occupancies:
        point = occupancy.supply_point
        for step in steps or (period,):
            inside = step.intersection(period)
            held = None if inside is None else date_ranges.within(occupancy.period, inside)
            if held is None:
                continue
            parts = _parts(point.identifier, account_id, held, terms.get(point.pk, ()))
            place = sum(section.supply_point.pk == point.pk for section in sections)
            for count, group in enumerate(_groups(parts, tariff_of), start=place):
                sections.append(_section((item_id, account_id, step.days), point, group, tariff_of, count))
    return sections


def _parts(identifier: str, account_id: int, held: Period, terms: Sequence[Terms]) -> list[Terms]:
    """The terms inside ``held``, without a gap and all of this account."""
    parts: list[Terms] = []
    day = held.start
    for each in terms:
        inside = each.period.intersection(held)
        if inside is None:
            continue
        if inside.start > day:
            raise NoAgreement(identifier=identifier, date=day.isoformat())
        if each.agreement.account_id != account_id:
            raise AnotherAccount(identifier=identifier, date=day.isoformat())
        parts.append(Terms(period=inside, agreement=each.agreement, version=each.version))
        day = inside.end
    if day < held.end:
        raise NoAgreement(identifier=identifier, date=day.isoformat())
    return parts


def _groups(parts: Sequence[Terms], tariff_of: Callable[[Any], tariffs.Tariff]) -> list[list[Terms]]:
    groups: list[list[Terms]] = []
    for part in parts:
        for piece, opens in _at_windows(part, tariff_of(part.version)):
            if groups and not opens and groups[-1][-1].version.pk == piece.version.pk:
                groups[-1].append(piece)
            else:
                groups.append([piece])
    return groups


def _at_windows(part: Terms, tariff: tariffs.Tariff) -> list[tuple[Terms, bool]]:
    """Cut the part where a window of its tiers starts; say of each piece whether one starts with it."""
    contract = part.agreement.period.lower
    kinds = {charge.tiers.window for charge in tariff.charges if charge.tiers is not None and charge.tiers.already}
    starts = {
        day for window in kinds for day in windows.starts_in(window=window, period=part.period, contract_start=contract)
    }
    edges = [part.period.start, *sorted(starts), part.period.end]
    pieces: list[tuple[Terms, bool]] = []
    for start, end in itertools.pairwise(edges):
        opens = any(windows.start_of(window=w, day=start, contract_start=contract) == start for w in kinds)
        pieces.append((Terms(Period(start, end), part.agreement, part.version), opens))
    return pieces


def _section(
    payer: tuple[int, int, int],
    point: Any,
    group: Sequence[Terms],
    tariff_of: Callable[[Any], tariffs.Tariff],
    place: int,
) -> Section:
    version = group[0].version
    return Section(
        item_id=payer[0],
        account_id=payer[1],
        supply_point=point,
        zone=ZoneInfo(point.premises.time_zone),
        version=version,
        tariff=tariff_of(version),
        slices=tuple(
            Slice(
                period=part.period,
                agreement_id=part.agreement.pk,
                parameters={name: Decimal(str(value)) for name, value in part.agreement.parameters.items()},
            )
            for part in group
        ),
        contract_start=group[0].agreement.period.lower,
        place=place,
        full_days=payer[2],
    )
