"""What changed of agreements, product versions and published series since a moment, in sets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping

from django.db import connection, transaction

from tenants.tariffs import tariff_documents
from tenants.tariffs.models import IndexValue, ProductVersion

AT_ONCE = 20_000
Days = tuple[int, dt.date, dt.date | None]
"""Supply point, first day, day after the last (None: for ever)."""


def changed_since(*, since: dt.datetime, clock: dt.datetime) -> Iterator[list[Days]]:
    """This will give the supply points and days whose terms changed, in batches.

    Agreements and versions are compared with ``clock``, the database's own; publications also with ``since``. A
    version that was published or withdrawn touches its product's agreements from its first day on, a publication
    those whose tariff names the series. Inside a transaction.
    """
    products, starts, ends = _touched_products(since, clock)
    with transaction.atomic(), connection.chunked_cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute(_CHANGED, {"clock": clock, "products": products, "starts": starts, "ends": ends})
        while rows := cursor.fetchmany(AT_ONCE):
            yield list(rows)


def publications_named(*, value_ids: Collection[int]) -> Mapping[int, tuple[str, int, str]]:
    """This will return series, version and (of a single value) the value of publications, by key."""
    rows = IndexValue.objects.filter(pk__in=value_ids).select_related("series")
    return {
        row.pk: (row.series.code, row.version, format(row.values[0].normalize(), "f") if len(row.values) == 1 else "")
        for row in rows
    }


def _touched_products(since: dt.datetime, clock: dt.datetime) -> tuple[list[int], list[dt.date], list[dt.date | None]]:
    found: list[tuple[int, dt.date, dt.date | None]] = []
    published = ProductVersion.objects.exclude(status__in=[ProductVersion.Status.DRAFT, ProductVersion.Status.REVIEWED])
    touched = published.filter(changed_at__gte=clock) | published.filter(published_at__gte=since)
    for product_id, valid_from in touched.values_list("product_id", "valid_from"):
        found.append((product_id, valid_from, None))
    fresh = IndexValue.objects.filter(published_at__gte=since).values_list("series__code", "period").distinct()
    periods: dict[str, list[tuple[dt.date, dt.date | None]]] = {}
    for code, period in fresh:
        periods.setdefault(code, []).append((period.lower, period.upper))
    if periods:
        for version in published.select_related("product"):
            for code in tariff_documents.tariff_of(version=version).required_indices & periods.keys():
                found += [(version.product_id, *days) for days in periods[code]]
    unique = sorted(set(found), key=lambda row: (row[0], row[1], row[2] or dt.date.max))
    return [row[0] for row in unique], [row[1] for row in unique], [row[2] for row in unique]


_CHANGED = """
WITH changes (point, days) AS (
    SELECT supply_point_id, daterange(lower(period), NULL) FROM tariffs_agreement WHERE changed_at >= %(clock)s
    UNION ALL
    SELECT a.supply_point_id, a.period * daterange(t.first, t.last)
      FROM unnest(%(products)s::bigint[], %(starts)s::date[], %(ends)s::date[]) AS t (product, first, last)
      JOIN tariffs_agreement a ON a.product_id = t.product AND a.period && daterange(t.first, t.last)
)
SELECT point, min(lower(days)), CASE WHEN bool_or(upper_inf(days)) THEN NULL ELSE max(upper(days)) END
  FROM changes GROUP BY point ORDER BY point
"""
"""An agreement that was ended leaves what came after it, so every day from its first on is looked at."""
