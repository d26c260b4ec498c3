"""Usage as a CSV file that spreadsheets open as it is: UTF-8 with a mark, local time with its offset."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext

from kernel.energy import to_kwh
from portal.customer import usage_charts
from portal.customer.readings import Slots

MARK = "\ufeff"
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet reckons with when a cell begins with it."""

Costs = Sequence[Decimal | None]


def intervals(slots: Slots, costs: Costs, currency: str) -> str:
    """Return every interval with its time, energy, label, quality and cost."""
    names = slots.labels.names
    heads = [gettext("Start"), "kWh", gettext("Time of use"), gettext("Quality"), cost_head(currency)]
    rows = (
        [
            local.isoformat(timespec="minutes"),
            "" if gone else to_kwh(wh),
            _text(usage_charts.label_title(slots, names[code])) if code >= 0 else "",
            _quality(gone, poor),
            _written(cost),
        ]
        for local, wh, gone, poor, code, cost in zip(
            slots.local,
            slots.wh.tolist(),
            slots.missing.tolist(),
            slots.estimated.tolist(),
            slots.labels.codes.tolist(),
            costs,
            strict=True,
        )
    )
    return _file(heads, rows)


def days(slots: Slots, costs: Costs, currency: str) -> str:
    """Return every day with its energy, all and by label, its quality and its cost."""
    count = len(slots.days)
    sums, known = slots.sums(slots.day_at, count), slots.known(slots.day_at, count)
    gaps, poor = set(slots.day_at[slots.missing].tolist()), set(slots.day_at[slots.estimated].tolist())
    heads = [gettext("Day"), "kWh", *_label_heads(slots), gettext("Quality"), cost_head(currency)]
    rows = (
        [day.isoformat(), *_sums(sums[n], known[n], slots), _quality(n in gaps, n in poor), _written(costs[n])]
        for n, day in enumerate(slots.days)
    )
    return _file(heads, rows)


def months(slots: Slots) -> str:
    """Return every month with its energy, all and by label."""
    firsts, month_at = usage_charts.months_of(slots)
    sums, known = slots.sums(month_at, len(firsts)), slots.known(month_at, len(firsts))
    heads = [gettext("Month"), "kWh", *_label_heads(slots)]
    return _file(heads, ([f"{first:%Y-%m}", *_sums(sums[n], known[n], slots)] for n, first in enumerate(firsts)))


def cost_head(currency: str) -> str:
    """Return the head of the column of costs."""
    return gettext("Cost ({currency})").format(currency=currency)


def _label_heads(slots: Slots) -> list[str]:
    return [f"kWh {usage_charts.label_title(slots, name)}" for name in slots.labels.names]


def _sums(row: Any, known: bool, slots: Slots) -> list[Any]:
    if not known:
        return [""] * (1 + len(slots.labels.names))
    return [to_kwh(row.sum()), *[to_kwh(value) for value in row[:-1]]]


def _quality(missing: bool, estimated: bool) -> str:
    if missing:
        return gettext("missing")
    return gettext("estimated") if estimated else gettext("measured")


def _text(title: str) -> str:
    """Return somebody's words as a cell that no spreadsheet takes for a formula."""
    return f"'{title}" if title.startswith(FORMULA) else title


def _written(cost: Decimal | None) -> str:
    return "" if cost is None else format(cost, "f")


def _file(heads: Sequence[Any], rows: Iterable[Sequence[Any]]) -> str:
    out = io.StringIO()
    out.write(MARK)
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(heads)
    writer.writerows(rows)
    return out.getvalue()
