"""A bill in pictures: why it is higher than the last one, or what it is made of; and the use by label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import get_language, gettext

from kernel import texts
from kernel.periods import Period
from portal.customer import bands, comparing
from portal.customer.bill_sections import ENERGY
from portal.shared import charts, formats

MOST_STEPS = 9


@dataclass(frozen=True, slots=True)
class Former:
    """An earlier bill to compare with."""

    invoice: Any
    lines: Sequence[Any]

    @property
    def period(self) -> Period:
        return Period(self.invoice.supply_period.lower, self.invoice.supply_period.upper)


def difference(detail: Any, former: Former) -> charts.Waterfall:
    """Return the way from the last bill to this one."""
    parts = compared_with(detail, former)
    named = [
        (gettext("Number of days"), parts.days),
        (gettext("Use a day"), parts.use),
        (gettext("Prices and times of use"), parts.price),
        (gettext("Other charges"), parts.other),
    ]
    steps = [charts.Step(name, amount) for name, amount in named if amount]
    return charts.Waterfall(
        gettext("From the last bill to this one"),
        [
            charts.Step(gettext("Last bill"), former.invoice.gross, total=True),
            *steps,
            charts.Step(gettext("This bill"), detail.invoice.gross, total=True),
        ],
        symbol=formats.symbol(detail.invoice.currency),
    )


def composition(detail: Any) -> charts.Waterfall | None:
    """Return what the bill is made of, charge by charge; None when it is a single one."""
    sums: dict[str, Decimal] = {}
    titles: dict[str, str] = {}
    for line in detail.lines:
        titles.setdefault(line.code, texts.pick(line.titles, get_language() or "en"))
        sums[line.code] = sums.get(line.code, Decimal(0)) + line.gross
    codes = [code for code in sums if sums[code]]
    if len(codes) < 2:
        return None
    if len(codes) > MOST_STEPS:
        kept, rest = codes[: MOST_STEPS - 1], codes[MOST_STEPS - 1 :]
        sums["…"], titles["…"] = sum((sums[code] for code in rest), Decimal(0)), gettext("Other charges")
        codes = [*kept, "…"]
    return charts.Waterfall(
        gettext("What this bill is made of"),
        [
            *[charts.Step(titles[code], sums[code], tone="series-1" if sums[code] > 0 else "") for code in codes],
            charts.Step(gettext("This bill"), detail.invoice.gross, total=True),
        ],
        symbol=formats.symbol(detail.invoice.currency),
    )


def by_label(detail: Any) -> charts.Donut | None:
    """Return the use by time-of-use label, None where the bill knows fewer than two."""
    use, titles = _use_by_label(detail)
    known = {label: wh for label, wh in use.items() if wh > 0}
    if len(known) < 2:
        return None
    tone_of = bands.tones(use)
    cheap_first = bands.in_order(known, tone_of)
    return charts.Donut(
        gettext("When it was used"),
        [charts.Share(titles[label], known[label], f"band-{tone_of[label]}") for label in reversed(cheap_first)],
        middle=formats.number(sum(known.values(), Decimal(0)), 1),
        note=ENERGY,
        unit=ENERGY,
    )


def compared_with(detail: Any, former: Former) -> comparing.Compared:
    """Return why a bill differs from a former one."""
    held = detail.invoice.supply_period
    return comparing.compared(
        now=detail.lines,
        before=former.lines,
        days=((held.upper - held.lower).days, former.period.days),
        currency=detail.invoice.currency,
    )


def _use_by_label(detail: Any) -> tuple[dict[str, Decimal], dict[str, str]]:
    """The kWh of each label over all places, and the labels' names."""
    places: dict[tuple[Any, ...], list[Any]] = {}
    titles: dict[str, str] = {}
    for line in detail.lines:
        if line.unit == ENERGY and (line.quantity or 0) >= 0:
            places.setdefault((line.identifier, line.supply_period.lower), []).append(line)
            titles |= {cell["label"]: _label_title(cell) for cell in line.cells if cell["label"]}
    use: dict[str, Decimal] = {}
    for lines in places.values():
        for label, quantity in comparing.by_label(lines).items():
            use[label] = use.get(label, Decimal(0)) + quantity
    return use, titles


def _label_title(cell: Mapping[str, Any]) -> str:
    return texts.pick(cell["label_titles"] or cell["label"], get_language() or "en")
