"""A supply point: its meters and agreements, its use under their labels, and what is missing."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from identity.capabilities import Capability
from kernel.periods import Period
from portal.console import csv_files, pages, usage
from portal.console.forms.agreements import AgreementForm
from portal.shared import formats, tables
from tenants.customers import queries
from tenants.metering import queries as metering_queries
from tenants.tariffs import operations as tariff_operations
from tenants.tariffs import queries as tariff_queries

ONE_DAY = dt.timedelta(days=1)
QUALITY_DAYS = 400
GAPS_SHOWN = 12
CHANNEL_COLUMNS = [
    tables.Column("register", _("Register"), primary=True),
    tables.Column("kind", _("Measures")),
    tables.Column("unit", _("Unit")),
    tables.Column("interval", _("Interval"), kind="number"),
    tables.Column("zone", _("Recorded in")),
    tables.Column("meter", _("Meter")),
    tables.Column("missing", _("Days missing"), kind="number"),
]
AGREEMENT_COLUMNS = [
    tables.Column("product", _("Product"), primary=True),
    tables.Column("account", _("Account")),
    tables.Column("period", _("Period")),
    tables.Column("parameters", _("Parameters")),
]


@dataclass(frozen=True, slots=True)
class Gap:
    """Neighbouring days without whole readings."""

    start: dt.date
    end: dt.date

    @property
    def text(self) -> str:
        return formats.period(Period(self.start, self.end))

    @property
    def days(self) -> int:
        return (self.end - self.start).days


@pages.page(Capability.SEE_CUSTOMERS)
def supply_point(request: HttpRequest, identifier: str) -> HttpResponse:
    point = queries.supply_point_by_identifier(identifier=identifier)
    form = AgreementForm(initial={"start": pages.today(request).replace(day=1)})
    return render(request, "console/supply_point.html", _page(request, point, form))


@pages.page(Capability.SEE_READINGS)
def readings(request: HttpRequest, identifier: str) -> HttpResponse:
    point = queries.supply_point_by_identifier(identifier=identifier)
    channels = list(metering_queries.channels_of(supply_point_ids=[point.pk]))
    span = metering_queries.span_of(channel_ids=[channel.pk for channel in channels])
    month, day = _wanted(request, span)
    period = _day(day) if day else month
    rows = usage.rows(usage.read(point=point, channels=channels, period=period)) if period else []
    return csv_files.response(name=f"readings-{point.pk}", heads=["start", "used_wh", "fed_in_wh", "label"], rows=rows)


@pages.action(Capability.CHANGE_CUSTOMERS)
def agree(request: HttpRequest, identifier: str) -> HttpResponse:
    point = queries.supply_point_by_identifier(identifier=identifier)
    form = AgreementForm(request.POST)
    if form.is_valid() and _agree(request, point, form):
        messages.success(request, gettext("The agreement stands."))
        return redirect("console:supply_point", identifier=identifier)
    return render(request, "console/supply_point.html", _page(request, point, form), status=422)


def _agree(request: HttpRequest, point: Any, form: AgreementForm) -> Any:
    data = form.cleaned_data
    held = [each for each in _occupancies(point) if _stands_on(each.period, data["start"])]
    if not held:
        form.add_error("start", gettext("Nobody answers for the supply point on that day; move somebody in first."))
        return None
    made = pages.filled_in(
        form,
        lambda: tariff_operations.agree(
            account=held[0].account,
            supply_point=point,
            product=tariff_queries.product(code=data["product"]),
            start=data["start"],
            end=data["end"],
            parameters=data["parameters"],
        ),
    )
    if made:
        pages.note(request, "agreement.create", point.identifier, product=data["product"], start=str(data["start"]))
    return made


def _stands_on(period: Any, day: dt.date) -> bool:
    return period.lower <= day and (period.upper is None or day < period.upper)


def _when(period: Any, today: dt.date) -> str:
    if _stands_on(period, today):
        return "now"
    return "later" if period.lower > today else "before"


def _occupancies(point: Any) -> list[Any]:
    return list(point.occupancies.select_related("account__customer").order_by("-period"))


def _page(request: HttpRequest, point: Any, form: django_forms.Form) -> dict[str, Any]:
    occupancies, today = _occupancies(point), pages.today(request)
    for each in occupancies:
        each.when = _when(each.period, today)
    agreements = tariff_queries.agreements().filter(supply_point=point)
    page = {
        "point": point,
        "occupancies": occupancies,
        "is_held": any(each.when == "now" for each in occupancies),
        "leaves": any(each.when != "before" for each in occupancies),
        "meters": list(metering_queries.meters_of(supply_point_ids=[point.pk])),
        "agreements": tables.Table(columns=AGREEMENT_COLUMNS, rows=list(agreements)),
        "agreement_form": form,
        "attributes": sorted(point.attributes.items()),
        "crumbs": _crumbs(point, occupancies),
    }
    if request.user.can(Capability.SEE_READINGS):  # type: ignore[union-attr]
        page |= _readings(request, point)
    return page


def _readings(request: HttpRequest, point: Any) -> dict[str, Any]:
    channels = list(metering_queries.channels_of(supply_point_ids=[point.pk]))
    span = metering_queries.span_of(channel_ids=[channel.pk for channel in channels])
    month, day = _wanted(request, span)
    page: dict[str, Any] = {"span": span, "month": month, "day": day, "sees_readings": True}
    page |= _quality(channels, span)
    if month:
        read = usage.read(point=point, channels=channels, period=_day(day) if day else month)
        page["figure"] = usage.by_interval(read) if day else usage.by_day(read)
        page |= _steps(span, month, day)
    return page


def _quality(channels: list[Any], span: Period | None) -> dict[str, Any]:
    if span is None:
        missing: dict[int, list[dt.date]] = {}
    else:
        checked = Period(max(span.start, span.end - QUALITY_DAYS * ONE_DAY), span.end)
        missing = metering_queries.missing_days(channel_ids=[each.pk for each in channels], period=checked)
    days = sorted({day for found in missing.values() for day in found})
    gaps = _gaps(days)
    return {
        "channels": tables.Table(columns=CHANNEL_COLUMNS, rows=channels),
        "missing": {channel_id: len(found) for channel_id, found in missing.items()},
        "gaps": gaps[-GAPS_SHOWN:][::-1],
        "gap_days": len(days),
        "more_gaps": max(0, len(gaps) - GAPS_SHOWN),
    }


def _gaps(days: list[dt.date]) -> list[Gap]:
    gaps: list[Gap] = []
    for day in days:
        if gaps and gaps[-1].end == day:
            gaps[-1] = Gap(gaps[-1].start, day + ONE_DAY)
        else:
            gaps.append(Gap(day, day + ONE_DAY))
    return gaps


def _wanted(request: HttpRequest, span: Period | None) -> tuple[Period | None, dt.date | None]:
    """Return the month and the day that are asked for; without any, the last month with readings."""
    day, month = _date(request.GET.get("day", "")), _date(request.GET.get("month", ""), suffix="-01")
    last = day or month or (span.end - ONE_DAY if span else None)
    return (Period.of_month(last.year, last.month) if last else None), day


def _date(text: str, suffix: str = "") -> dt.date | None:
    if not text:
        return None
    try:
        found = dt.date.fromisoformat(text + suffix)
    except ValueError as error:
        raise BadRequest("A day is written as 2026-09-01, a month as 2026-09.") from error
    if not 1990 <= found.year <= 2200:
        raise BadRequest("There are no readings of that year.")
    return found


def _day(day: dt.date) -> Period:
    return Period(day, day + ONE_DAY)


def _steps(span: Period | None, month: Period, day: dt.date | None) -> dict[str, Any]:
    """Return the neighbours one can go to, and the switch between days and intervals."""
    last = (span.end if span else month.end) - ONE_DAY
    shown = day or min(last, month.end - ONE_DAY)
    options = [
        (pgettext("resolution", "Days"), f"?month={month.start:%Y-%m}", day is None),
        (pgettext("resolution", "Intervals"), f"?day={max(shown, month.start)}", day is not None),
    ]
    before, after = (day - ONE_DAY, day + ONE_DAY) if day else (month.start - ONE_DAY, month.end)
    write = "?day={:%Y-%m-%d}" if day else "?month={:%Y-%m}"
    return {
        "resolutions": options,
        "before": write.format(before) if span and before >= span.start else "",
        "after": write.format(after) if span and after < span.end else "",
        "here": f"?day={day}" if day else f"?month={month.start:%Y-%m}",
        "shown": formats.day(day) if day else formats.month(month.start),
    }


def _crumbs(point: Any, occupancies: list[Any]) -> list[tuple[str, str]]:
    crumbs = [(gettext("Customers"), reverse("console:customers"))]
    if occupancies:
        customer = occupancies[0].account.customer
        crumbs.append((customer.name, reverse("console:customer", args=[customer.number])))
    return [*crumbs, (point.identifier, "")]
