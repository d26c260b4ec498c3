"""Published index series: what a tariff's ``index(name)`` reads, with the version it was read at."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.db.models import QuerySet

from kernel.errors import Invalid, NotFound, gettext_noop
from kernel.periods import Period
from tenants.customers import date_ranges
from tenants.tariffs.models import IndexSeries, IndexValue


class WrongShape(Invalid):
    """A series has one value, one per label, or one per interval; another shape was given."""

    code = "index_shape"
    template = gettext_noop("The series {series} takes {expected}; {given} values were given.")


@dataclass(frozen=True, slots=True)
class Publication:
    """A series over a period: ``values`` by label ("" when the series has none) and the version of each part."""

    series: str
    shape: str
    values: Mapping[str, tuple[Decimal, ...]]
    versions: tuple[int, ...]
    covered: bool


def series() -> QuerySet[IndexSeries]:
    """This will list the series by code."""
    return IndexSeries.objects.order_by("code")


def units() -> dict[str, str | None]:
    """This will return the unit of every series, by code: what a tariff may name."""
    return dict(IndexSeries.objects.values_list("code", "unit"))


def series_by_code(*, code: str) -> IndexSeries:
    """This will return a series; raises NotFound."""
    found = IndexSeries.objects.filter(code=code).first()
    if found is None:
        raise NotFound(what=gettext_noop("index series"), name=code)
    return found


def publications(*, codes: Collection[str], period: Period) -> dict[str, Publication]:
    """This will return the latest publication of each series over ``period``, by code, in one query.

    A series of single or label shape counts when one row covers the whole period; an interval series is put
    together from the rows of its days. What is not published, or only in part, has ``covered`` false.
    """
    rows = (
        IndexValue.objects.select_related("series")
        .filter(series__code__in=codes, period__overlap=date_ranges.of_period(period))
        .order_by("series_id", "label", "period", "-version")
        .distinct("series_id", "label", "period")
    )
    grouped: dict[str, list[IndexValue]] = {}
    for row in rows:
        grouped.setdefault(row.series.code, []).append(row)
    return {code: _publication(found, period) for code, found in grouped.items()}


@transaction.atomic
def publish(
    *, series: IndexSeries, period: Period, values: Sequence[Decimal], at: dt.datetime, label: str = ""
) -> IndexValue:
    """This will add a publication; one that stands for the same period stays as a former version."""
    _require_shape(series, values, label)
    IndexSeries.objects.select_for_update().get(pk=series.pk)
    covered = date_ranges.of_period(period)
    former = IndexValue.objects.filter(series=series, label=label, period=covered).order_by("-version").first()
    return IndexValue.objects.create(
        series=series,
        period=covered,
        label=label,
        values=list(values),
        version=former.version + 1 if former else 1,
        published_at=at,
    )


def _publication(rows: list[IndexValue], period: Period) -> Publication:
    shape = rows[0].series.shape
    values: dict[str, tuple[Decimal, ...]] = {}
    if shape == IndexSeries.Shape.INTERVAL:
        values[""] = tuple(value for row in rows for value in row.values)
        days = sum((part.days for row in rows if (part := date_ranges.within(row.period, period))), 0)
        covered = days == period.days
    else:
        whole = [row for row in rows if date_ranges.covers(row.period, period.start, period.end)]
        values = {row.label: tuple(row.values) for row in whole}
        covered = bool(whole)
    versions = tuple(row.pk for row in rows)
    return Publication(series=rows[0].series.code, shape=shape, values=values, versions=versions, covered=covered)


def _require_shape(series: IndexSeries, values: Sequence[Decimal], label: str) -> None:
    single = series.shape != IndexSeries.Shape.INTERVAL
    labelled = series.shape == IndexSeries.Shape.LABEL
    if (single and len(values) != 1) or labelled != bool(label):
        raise WrongShape(
            series=series.code, expected=str(series.get_shape_display()), given=len(values), where="values"
        )
