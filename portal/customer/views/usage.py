"""Usage by interval, day and month, and the same as a file."""

from __future__ import annotations

from typing import Any

import numpy as np
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from kernel.periods import Period
from portal.customer import access, billed, forms, readings, usage_charts, usage_files, usage_pages
from portal.customer.access import customer_page
from portal.shared import formats

CSV = "text/csv; charset=utf-8"
ALL_INTERVALS = "intervals"


@customer_page
def usage(request: HttpRequest, customer: Any) -> HttpResponse:
    found = usage_pages.asked(customer, request.GET, access.today(request))
    if found is None:
        return render(request, "customer/usage_nothing.html")
    choice = found.choice
    slots, parts, costs = _gathered(customer, found)
    before, after = usage_pages.neighbours(found)
    currency = choice.place.account.currency
    cost = sum((each for each in costs if each is not None), start=billed.ZERO) if parts else None
    page = {
        "asked": found,
        "choice": choice,
        "heading": _heading(choice),
        "latest": choice.at(found.span.end - usage_pages.ONE_DAY) if found.span else "",
        "before": before,
        "after": after,
        "places": [(place.identifier, place.address, choice.elsewhere(place)) for place in found.places],
        "views": _views(choice),
        "kinds": [(usage_charts.title_of(kind), choice.other(kind=kind), kind == choice.kind) for kind in found.kinds],
        "figure": _chart(slots, costs, currency, choice.view) if not slots.missing.all() else None,
        "downloads": reverse("portal:usage_download") + choice.query,
        "kind_title": usage_charts.title_of(choice.kind),
        "jump": forms.DayForm(choice.fields, initial=choice.fields),
        "is_days": choice.view == usage_pages.DAY,
        "is_interval": choice.view == usage_pages.INTERVAL,
        "all_intervals": f"{reverse('portal:usage_download')}{choice.query}&detail={ALL_INTERVALS}",
        "total": int(slots.wh.sum()),
        "cost": cost,
        "credit": -cost if cost is not None else None,
        "currency": currency,
        "quality": _quality(found, slots),
        "reckonings": billed.reckonings(parts, slots, by_day=choice.view == usage_pages.DAY),
    }
    return render(request, "customer/usage.html", page)


@customer_page
def download(request: HttpRequest, customer: Any) -> HttpResponse:
    found = usage_pages.asked(customer, request.GET, access.today(request))
    if found is None:
        raise Http404
    choice = found.choice
    currency = choice.place.account.currency
    slots, parts, costs = _gathered(customer, found)
    if choice.view == usage_pages.INTERVAL:
        text = usage_files.intervals(slots, costs, currency)
    elif request.GET.get("detail") == ALL_INTERVALS and choice.view == usage_pages.DAY:
        text = usage_files.intervals(slots, billed.costs_by_slot(parts, slots), currency)
    elif choice.view == usage_pages.DAY:
        text = usage_files.days(slots, costs, currency)
    else:
        text = usage_files.months(slots)
    name = f"{choice.place.identifier}-{choice.kind}-{choice.period.start}-{choice.period.end}.csv"
    return HttpResponse(text, CSV, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _gathered(customer: Any, found: usage_pages.Asked) -> tuple[readings.Slots, list[billed.BilledPart], list[Any]]:
    """Return readings, bills and the cost of each interval or day; months are shown without cost."""
    choice = found.choice
    slots = readings.read(choice.place, found.channels, choice.kind, choice.period)
    if choice.view == usage_pages.MONTH:
        return slots, [], []
    parts = billed.parts_over(customer, choice.place, choice.period)
    costs = billed.costs_by_slot if choice.view == usage_pages.INTERVAL else billed.costs_by_day
    return slots, parts, costs(parts, slots)


def _chart(slots: readings.Slots, costs: list[Any], currency: str, view: str) -> Any:
    if view == usage_pages.INTERVAL:
        return usage_charts.day_curve(slots, costs, currency).figure()
    if view == usage_pages.DAY:
        return usage_charts.day_bars(slots, costs, currency).figure()
    return usage_charts.month_bars(slots).figure()


def _heading(choice: usage_pages.Choice) -> str:
    if choice.view == usage_pages.INTERVAL:
        return formats.day(choice.date)
    if choice.view == usage_pages.DAY and choice.period == Period.of_month(choice.date.year, choice.date.month):
        return formats.month(choice.date)
    if choice.view == usage_pages.MONTH:
        return f"{formats.month(choice.period.start)} – {formats.month(choice.date)}"
    return formats.period(choice.period)


def _views(choice: usage_pages.Choice) -> list[tuple[str, str, bool]]:
    names = {
        usage_pages.INTERVAL: gettext("Day"),
        usage_pages.DAY: gettext("Month"),
        usage_pages.MONTH: gettext("Year"),
    }
    return [(name, choice.other(view=view), view == choice.view) for view, name in names.items()]


def _quality(found: usage_pages.Asked, slots: readings.Slots) -> dict[str, Any]:
    """Count what is missing up to the last reading and what is estimated, by day or by interval."""
    span = found.span
    expected = np.array([span is not None and day in span and found.choice.place.is_held(day) for day in slots.days])
    gaps, poor = slots.missing & expected[slots.day_at], slots.estimated
    return {
        "missing": int(gaps.sum()),
        "estimated": int(poor.sum()),
        "missing_days": len(set(slots.day_at[gaps].tolist())),
        "estimated_days": len(set(slots.day_at[poor].tolist())),
        "until": span.end - usage_pages.ONE_DAY if span else None,
    }
