"""What a line is made of, cell by cell: for the document, the pages and the API alike."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from kernel.money import largest_remainder, minor_places, round_half_up
from kernel.periods import Period
from kernel.texts import pick


@dataclass(frozen=True, slots=True)
class ExplainedCell:
    """One cell: ``quantity`` × ``price`` + ``flat`` = ``exact``.

    ``amount`` is what to show: in minor units, and the cells of a line sum to the line. ``how`` and ``how_much`` are
    the formulas of price and quantity with their values. ``days`` is None where the whole period was rated at once.
    """

    label: str | None
    label_title: str
    band: int | None
    days: Period | None
    quantity: Decimal
    unit: str
    price: Decimal
    flat: Decimal
    exact: Decimal
    amount: Decimal
    how: str
    how_much: str

    @property
    def title(self) -> str:
        """The label and the tier in words, as far as the cell has them."""
        tier = "" if self.band is None else _("tier {band}").format(band=self.band)
        return " · ".join(word for word in (self.label_title, tier) if word)


def cells_of(*, line: Any, currency: str, language: str) -> list[ExplainedCell]:
    """This will return the cells of an invoice line, titles in ``language``; a credit note's are negative."""
    exact = [Decimal(cell["amount"]) for cell in line.cells]
    shown = _shown(line.amount, exact, minor_places(currency))
    return [_cell(cell, amount, language) for cell, amount in zip(line.cells, shown, strict=True)]


def _shown(total: Decimal, exact: Sequence[Decimal], places: int) -> list[Decimal]:
    if sum(exact, Decimal(0)) == 0:
        return [round_half_up(amount, places) for amount in exact]
    return largest_remainder(total, exact, places=places)


def _cell(cell: Mapping[str, Any], amount: Decimal, language: str) -> ExplainedCell:
    label, titles, days = cell["label"], cell["label_titles"], cell["days"]
    return ExplainedCell(
        label=label,
        label_title=pick(titles, language) if titles else label or "",
        band=cell["band"],
        days=None if days is None else Period(*(dt.date.fromisoformat(days[end]) for end in ("from", "to"))),
        quantity=Decimal(cell["quantity"]),
        unit=cell["unit"],
        price=Decimal(cell["price"]),
        flat=Decimal(cell["flat"]),
        exact=Decimal(cell["amount"]),
        amount=amount,
        how=cell["how"],
        how_much=cell["how_much"],
    )
