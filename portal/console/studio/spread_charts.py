"""How a simulation's differences are spread, drawn."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext

from portal.shared import charts, formats

TONES = ("series-2", "series-3", "series-1")


def shares(bins: Sequence[Any]) -> charts.Figure:
    """This will draw how many accounts pay how much less or more, in percent of what they paid."""
    return _bars(bins, gettext("Accounts by the change of their bill"), lambda edge: formats.percent(edge, 0))


def amounts(bins: Sequence[Any], currency: str) -> charts.Figure:
    """This will draw how many accounts pay how much less or more, in money."""
    return _bars(bins, gettext("Accounts by the change in money"), lambda edge: formats.money(edge, currency))


def _bars(bins: Sequence[Any], title: str, written: Any) -> charts.Figure:
    names = [_name(one, written) for one in bins]
    parts = [(gettext("pay less"), -1), (gettext("unchanged"), 0), (gettext("pay more"), 1)]
    series = [
        charts.Series(name, [Decimal(one.count) if _sign(one) == sign else None for one in bins], tone)
        for (name, sign), tone in zip(parts, TONES, strict=True)
    ]
    return charts.StackedBars(
        title=title, categories=names, details=names, series=series, unit=gettext("accounts"), places=0
    ).figure()


def _sign(one: Any) -> int:
    if one.low == 0 and one.high == 0:
        return 0
    return -1 if one.high is not None and one.high <= 0 else 1


def _name(one: Any, written: Any) -> str:
    if _sign(one) == 0:
        return written(Decimal(0))
    if one.low is None:
        return gettext("below {edge}").format(edge=written(one.high))
    if one.high is None:
        return gettext("above {edge}").format(edge=written(one.low))
    return f"{written(one.low)} … {written(one.high)}"
