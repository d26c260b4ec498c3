"""Refuses what contradicts itself: bands and steps out of order, lists that do not match, names taken twice."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

from billing.rating.errors import TariffError
from billing.rating.formulas import nodes
from billing.rating.tariffs import Band, Charge, Formula, Parameter, Table, Tariff, Tiers
from kernel.errors import gettext_noop

RESERVED = (nodes.DAYS, nodes.PERIOD_DAYS, "label")
"""Names that formulas already know."""


def check(tariff: Tariff) -> None:
    """This will raise TariffError where a part of the tariff could never mean what it says."""
    for parameter in tariff.parameters.values():
        _parameter(parameter, tariff)
    for table in tariff.tables.values():
        _steps(table)
    for at, charge in enumerate(tariff.charges):
        if charge.tiers is not None:
            _tiers(charge.tiers, charge, f"/charges/{at}/tiers", tariff)


def _parameter(parameter: Parameter, tariff: Tariff) -> None:
    place = f"/parameters/{parameter.name}"
    if parameter.name in RESERVED or parameter.name in tariff.facts:
        sentence = gettext_noop("At {place}: the name “{found}” already means something else.")
        raise TariffError(sentence, where=place, place=place, found=parameter.name)
    if parameter.least is not None and parameter.most is not None and parameter.least > parameter.most:
        sentence = gettext_noop("At {place}: “min” is above “max”.")
        raise TariffError(sentence, where=f"{place}/min", place=place)


def _steps(table: Table) -> None:
    """Every row of a step table can be reached: limits rise, and only the last row is open."""
    before: Decimal | None = None
    for at, row in enumerate(table.rows):
        place = f"/tables/{table.name}/{at}"
        follows_open = at > 0 and table.rows[at - 1].below is None
        if follows_open or (before is not None and row.below is not None and row.below <= before):
            sentence = gettext_noop("At {place}: no value can reach this row; the limits “below” must rise.")
            raise TariffError(sentence, where=place, place=place)
        before = row.below


def _tiers(tiers: Tiers, charge: Charge, pointer: str, tariff: Tariff) -> None:
    known = tariff.calendars.get(charge.calendar or "")
    for label, bands in tiers.bands.items():
        place = f"{pointer}/bands" if label is None else f"{pointer}/bands/{label}"
        if label not in (None, nodes.OTHER) and known is not None and label not in known:
            sentence = gettext_noop("At {place}: the calendar has no label “{found}”; it has: {known}.")
            raise TariffError(sentence, where=place, place=place, found=label, known=", ".join(known))
        if tiers.already_per_band and len(tiers.already) != len(bands):
            sentence = gettext_noop("At {place}: “already” lists {given} values, but there are {bands} bands.")
            place = f"{pointer}/already"
            raise TariffError(sentence, where=place, place=place, given=len(tiers.already), bands=len(bands))
        _limits(bands)


def _limits(bands: Sequence[Band]) -> None:
    """Limits that are plain numbers must rise; those that are formulas are not known yet."""
    limits = [(band.to, _number(band.to)) for band in bands if band.to is not None]
    written = [(formula, value) for formula, value in limits if value is not None]
    for (_, before), (formula, value) in pairwise(written):
        if value < before:
            sentence = gettext_noop("At {place}: the limit {found} is below the one before.")
            raise TariffError(sentence, where=formula.pointer, place=formula.pointer, found=formula.text)


def _number(formula: Formula) -> Decimal | None:
    return formula.tree.value if isinstance(formula.tree, nodes.Number) else None
