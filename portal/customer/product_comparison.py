"""One place's own year on every product, in the words of a page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from django.utils.translation import get_language, gettext

from billing.simulation import comparisons
from billing.simulation import queries as simulation_queries
from billing.simulation.comparisons import Comparison, Offer
from kernel import texts
from kernel.errors import GridhallError
from kernel.periods import Period
from portal.customer.places import Place
from portal.shared import formats

VALUE_MISSING = "parameter_missing"


@dataclass(frozen=True, slots=True)
class OfferRow:
    """A product with its cost; ``less`` or ``more`` than the present one, both None for that one and for equal ones."""

    title: str
    is_present: bool
    cost: Decimal
    less: Decimal | None
    more: Decimal | None


@dataclass(frozen=True, slots=True)
class View:
    """What the page shows of a comparison."""

    period: Period
    compared: str
    is_whole: bool
    left_out: Sequence[tuple[str, str]]
    days: int
    energy_wh: int
    currency: str
    present: OfferRow
    best: OfferRow | None
    rows: Sequence[OfferRow]
    declined: Sequence[tuple[str, str]]


def of_place(place: Place, on: dt.date) -> View:
    """Return the comparison of a place at the prices of a day; raises GridhallError when there is none."""
    return _view(comparisons.compare(account=place.account, supply_point=place.point, on=on))


def refusal_words(refusal: GridhallError) -> str:
    """Return in the reader's language why something cannot be compared."""
    if refusal.code == VALUE_MISSING:
        return gettext("Part of its price is agreed with each customer. Ask us.")
    return simulation_queries.refusal_sentence(refusal=refusal)


def subject(place: Place, view: View) -> str:
    """Return the subject of a letter that asks for the cheapest product, ready for an address."""
    title = (view.best or view.present).title
    return quote(gettext("Change {point} to {product}").format(point=place.identifier, product=title))


def _view(found: Comparison) -> View:
    rows = [_row(offer) for offer in found.offers]
    return View(
        period=found.period,
        compared=_months([month.start for month in found.compared]),
        is_whole=found.is_whole,
        left_out=[(formats.month(month), refusal_words(refusal)) for month, refusal in sorted(found.missing.items())],
        days=found.days,
        energy_wh=found.energy_wh,
        currency=found.currency,
        present=_row(found.present),
        best=_row(found.best) if found.best else None,
        rows=rows,
        declined=[(_title(each.version), refusal_words(each.refusal)) for each in found.declined],
    )


def _row(offer: Offer) -> OfferRow:
    return OfferRow(
        title=_title(offer.version),
        is_present=offer.is_present,
        cost=offer.cost,
        less=offer.saving if offer.saving > 0 else None,
        more=-offer.saving if offer.saving < 0 else None,
    )


def _title(version: Any) -> str:
    return texts.pick(version.product.titles, get_language() or "en")


def _months(months: Sequence[dt.date]) -> str:
    """Return the months in words, neighbours as a range: “Nov 2025 – Feb 2026, Apr 2026”."""
    runs: list[list[dt.date]] = []
    for month in months:
        if runs and (month - runs[-1][-1]).days < 32:
            runs[-1].append(month)
        else:
            runs.append([month])
    said = [formats.month(run[0]) if len(run) == 1 else _range(run) for run in runs]
    return gettext(", ").join(said)


def _range(run: Sequence[dt.date]) -> str:
    return gettext("{first} to {last}").format(first=formats.month(run[0]), last=formats.month(run[-1]))
