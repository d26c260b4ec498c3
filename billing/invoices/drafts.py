"""What a bill run hands over: the rated bill of one account, part by part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from kernel.periods import Period


@dataclass(frozen=True, slots=True)
class DraftPart:
    """The bill of one supply point under one product version: ``bill`` is the rated bill's ``as_document()``.

    ``slices`` are the stretches it was rated in, to date the cells; ``label_titles`` names the calendar's labels
    for people (``Pack.label_titles``). ``usage`` is what the document's chart shows, as ``billing.invoices.usage``
    makes it; an empty one shows none. ``estimated_days`` counts the days that rest on an estimated reading. A part
    of charges alone has neither supply point nor identifier.
    """

    supply_point_id: int | None
    identifier: str
    address: str
    period: Period
    product_titles: Mapping[str, str]
    product_version_id: int | None
    bill: Mapping[str, Any]
    slices: Sequence[Period] = ()
    label_titles: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    usage: Mapping[str, Any] = field(default_factory=dict)
    estimated_days: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return the part as it is stored in the draft."""
        plain = {name: getattr(self, name) for name in self.__slots__ if name not in {"period", "slices"}}
        return plain | _dates(self.period) | {"slices": [_dates(part) for part in self.slices]}


@dataclass(frozen=True, slots=True)
class NewDraft:
    """A draft to store: ``total`` is the sum of the parts as posted, ``versions`` what to recheck at issue.

    ``run_item`` makes storing repeatable: a second draft of the same item replaces the first.
    """

    account_id: int
    supply_period: Period
    currency: str
    total: Decimal
    parts: Sequence[DraftPart]
    versions: Mapping[str, Any]
    run_item: int | None = None


def _dates(period: Period) -> dict[str, str]:
    return {"from": period.start.isoformat(), "to": period.end.isoformat()}
