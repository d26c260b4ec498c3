"""What is written into a correction: its bill, and what changed told so that a person understands it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any

from billing.corrections import causes
from billing.corrections.chains import Touched
from billing.corrections.models import Correction
from billing.runs.operations import exchanging
from billing.runs.rebilling import Again
from kernel.errors import NotFound, gettext_noop
from kernel.periods import Period
from tenants.customers import date_ranges
from tenants.customers import queries as customer_queries
from tenants.metering import queries as metering_queries
from tenants.metering.queries import changes as metering_changes
from tenants.tariffs import changes as tariff_changes
from tenants.tariffs import queries as tariff_queries

CORRECTION = gettext_noop("correction")
MOST_DAYS = 62
ONE_DAY = dt.timedelta(days=1)
METER_ERROR = "meter_error"


def correction(*, correction_id: int) -> Correction:
    """This will return a correction with account and invoice; raises NotFound."""
    found = Correction.objects.select_related("account__customer", "invoice").filter(pk=correction_id).first()
    if found is None:
        raise NotFound(what=CORRECTION, name=str(correction_id))
    return found


def new_row(touched: Touched, at: dt.datetime) -> Correction:
    """This will make the correction of a bill that nobody found before the chain did; it is not saved."""
    return Correction(
        account_id=touched.invoice.account_id,
        invoice=touched.invoice,
        period=date_ranges.of_period(touched.period),
        currency=touched.invoice.currency,
        before=touched.before,
        before_wh=touched.energy[0],
        found_at=at,
    )


def refresh(agains: Sequence[Again]) -> None:
    """This will write anew what later bills need to know of bills that come out the same."""
    if agains:
        exchanging.refresh_sections(bills=agains)


def explained(touched: Touched) -> list[dict[str, Any]]:
    """This will return what changed with the names of supply points, the days of readings and published values."""
    names = _identifiers(touched.reasons)
    days = _days(touched)
    values = _values(touched.reasons)
    products = _products(touched.reasons)
    found = []
    for cause in touched.reasons:
        told = {**cause, "identifier": names.get(cause.get("point", 0), "")}
        if cause["what"] == causes.READINGS:
            told |= days.get(cause["channel"], {})
        elif cause["what"] == causes.INDEX:
            told |= {side: [values[key] for key in cause[side] if key in values] for side in ("old", "new")}
        elif cause["what"] == causes.PRODUCT:
            told |= {side: products.get(cause[side], "") for side in ("old", "new")}
        found.append(told)
    return found


def wrong_meter_periods(reasons: Sequence[causes.Cause]) -> tuple[Period, ...]:
    """This will return the days of corrections of quantities made because a meter was out of tolerance."""
    keys = {int(key) for cause in reasons if cause["what"] == causes.CORRECTION for key in cause["new"]}
    if not keys:
        return ()
    rows = metering_queries.corrections().filter(pk__in=keys, cause=METER_ERROR)
    return tuple(date_ranges.to_period(row.period) for row in rows)


def _identifiers(reasons: Collection[causes.Cause]) -> dict[int, str]:
    points = {cause["point"] for cause in reasons if "point" in cause}
    rows = customer_queries.supply_points().filter(pk__in=points)
    return dict(rows.values_list("pk", "identifier"))


def _days(touched: Touched) -> dict[int, dict[str, Any]]:
    channels = causes.channels_of(touched.reasons)
    drafts = [again.item.draft for again in touched.agains if again.item.draft]
    if not channels or not drafts:
        return {}
    since = min(draft.created_at for draft in drafts)
    rows = metering_changes.days_changed(
        channel_ids=channels,
        start=touched.period.start - ONE_DAY,
        end=touched.period.end + ONE_DAY,
        since=since,
        limit=MOST_DAYS * len(channels),
    )
    found: dict[int, dict[str, Any]] = {}
    for row in rows:
        told = found.setdefault(row.channel_id, {"register": row.register, "days": []})
        told["days"].append(
            {
                "day": row.day.isoformat(),
                "old_version": row.old_version,
                "new_version": row.new_version,
                "old": row.old_total,
                "new": row.new_total,
            }
        )
    return found


def _values(reasons: Collection[causes.Cause]) -> dict[int, dict[str, Any]]:
    keys = {key for cause in reasons if cause["what"] == causes.INDEX for side in ("old", "new") for key in cause[side]}
    named = tariff_changes.publications_named(value_ids=keys) if keys else {}
    return {key: {"version": version, "value": value} for key, (_code, version, value) in named.items()}


def _products(reasons: Collection[causes.Cause]) -> dict[int, str]:
    keys = {cause[side] for cause in reasons if cause["what"] == causes.PRODUCT for side in ("old", "new")}
    versions = tariff_queries.versions_by_id(version_ids=keys) if keys else {}
    return {key: f"{version.product.code} v{version.number}" for key, version in versions.items()}
