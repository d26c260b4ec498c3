"""Believable data for the page that shows every component; nothing here is anybody's."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kernel.money import round_half_up
from kernel.periods import Period
from portal.shared import charts, formats, icons, tables

PRICES = {"tip": "1.2630", "peak": "1.0525", "flat": "0.6580", "valley": "0.2862", "deep": "0.1974"}
MONTH = Period.of_month(2026, 10)


class SampleForm(forms.Form):
    """One field of each kind."""

    name = forms.CharField(label=gettext_lazy("Name"), help_text=gettext_lazy("As it stands on the contract."))
    email = forms.EmailField(label=gettext_lazy("Email"))
    segment = forms.ChoiceField(
        label=gettext_lazy("Segment"),
        choices=[("household", gettext_lazy("Household")), ("business", gettext_lazy("Business"))],
    )
    capacity = forms.DecimalField(label=gettext_lazy("Capacity"), required=False)
    starts = forms.DateField(label=gettext_lazy("Starts on"), widget=forms.DateInput(attrs={"type": "date"}))
    delivery = forms.ChoiceField(
        label=gettext_lazy("How bills are sent"),
        widget=forms.RadioSelect,
        choices=[("email", gettext_lazy("By email")), ("paper", gettext_lazy("On paper"))],
        initial="email",
    )
    note = forms.CharField(label=gettext_lazy("Note"), required=False, widget=forms.Textarea(attrs={"rows": 3}))
    agreed = forms.BooleanField(label=gettext_lazy("The customer has seen the tariff sheet"))


class FilterForm(forms.Form):
    """Filters above a table."""

    q = forms.CharField(label=gettext_lazy("Search"), required=False, widget=forms.TextInput(attrs={"type": "search"}))
    status = forms.ChoiceField(
        label=gettext_lazy("Status"),
        required=False,
        choices=[("", gettext_lazy("All")), ("paid", gettext_lazy("Paid")), ("due", gettext_lazy("Due"))],
    )


def catalogue(request: HttpRequest) -> dict[str, Any]:
    """Return everything the catalogue shows."""
    return {
        "form": SampleForm({"email": "lin@", "segment": "household", "delivery": "email"}),
        "filter_form": FilterForm(request.GET or None),
        "table": _invoices(request),
        "columns": [_month_of_days(), _year_of_months()],
        "day": _day_curve(),
        "waterfall": _waterfall(),
        "tiers": _tiers(),
        "donut": _donut(),
        "spark": [Decimal(12 + round(6 * math.sin(n / 2))) for n in range(30)],
        "month": MONTH,
        "amount": Decimal("204.05"),
        "refund": Decimal("-34.20"),
        "bill_lines": _bill_lines(),
        "icon_names": icons.NAMES,
        "steps": [_("Upload"), _("Match columns"), _("Check"), _("Import")],
        "crumbs": [(_("Customers"), "#"), (_("Lakeside Textiles"), "#"), (_("October 2026"), "")],
        "document": {
            "product": "home-tou",
            "version": 3,
            "charges": [{"label": "peak", "price": "1.0525"}],
            "open": True,
        },
        "facts": [
            (_("Account number"), "3301 0045 7812"),
            (_("Supply point"), "0450 1278 3390 01"),
            (_("Address"), _("18 Lakeside Road, Xihu District, Hangzhou")),
            (_("Product"), _("Home, time of use")),
            (_("Since"), formats.day(dt.date(2023, 3, 1))),
            (_("Last reading"), formats.moment(dt.datetime(2026, 10, 31, 16, tzinfo=dt.UTC), "Asia/Shanghai")),
        ],
    }


def bands() -> dict[str, str]:
    """Return the names of the five labels."""
    return {
        "": _("Band"),
        "tip": _("Critical peak"),
        "peak": _("Peak"),
        "flat": _("Flat"),
        "valley": _("Valley"),
        "deep": _("Deep valley"),
    }


def band_at(hour: float) -> str:
    """Return the label of an hour of a summer day."""
    borders = [(6, "valley"), (8, "flat"), (11, "peak"), (13, "deep"), (15, "flat"), (18, "peak"), (20, "tip")]
    return next((name for until, name in borders if hour < until), "peak" if hour < 22 else "valley")


def _load(hour: float) -> int:
    morning, evening = math.exp(-(((hour - 7.5) / 1.6) ** 2)), math.exp(-(((hour - 19.5) / 2.2) ** 2))
    return round(70 + 260 * morning + 520 * evening + 25 * math.sin(hour * 7) + 20 * math.cos(hour * 23))


def _day_curve() -> charts.Figure:
    times = [f"{n // 4:02d}:{n % 4 * 15:02d}" for n in range(96)]
    labels = [band_at(n / 4) for n in range(96)]
    values = [None if 56 <= n < 59 else Decimal(_load(n / 4)) / 1000 for n in range(96)]
    prices = [Decimal(PRICES[label]) for label in labels]
    return charts.Curve(
        title=_("Use on 14 October"),
        subtitle=_("kWh in 15 minutes"),
        label="kWh",
        times=times,
        values=values,
        bands=labels,
        band_labels=bands(),
        overlay=charts.Overlay(_("Price per kWh"), prices, symbol="¥", places=4, step=True),
    ).figure()


def _month_of_days() -> charts.Figure:
    days = list(MONTH)
    share = {"deep": 0.12, "valley": 0.22, "flat": 0.26, "peak": 0.3, "tip": 0.1}
    totals = [11 + 4 * math.sin(n / 3) + (3 if day.weekday() > 4 else 0) for n, day in enumerate(days)]
    names = bands()
    series = [
        charts.Series(names[band], [Decimal(round(total * part * 100)) / 100 for total in totals], f"band-{band}")
        for band, part in share.items()
    ]
    costs = [
        sum((s.values[n] * Decimal(PRICES[band]) for s, band in zip(series, share, strict=True)), Decimal(0))  # type: ignore[operator]
        for n in range(len(days))
    ]
    return charts.StackedBars(
        title=_("Use by day"),
        categories=[str(day.day) for day in days],
        details=[formats.day(day) for day in days],
        series=series,
        overlay=charts.Overlay(_("Cost"), costs, symbol="¥"),
        links=[f"#day-{day.day}" for day in days],
    ).figure()


def _year_of_months() -> charts.Figure:
    months = [dt.date(2025 + (n + 10) // 12, (n + 10) % 12 + 1, 1) for n in range(12)]
    used = [Decimal(n) for n in (312, 388, 421, 366, 298, 274, 301, 396, 452, 431, 322, 341)]
    sold = [-Decimal(n) for n in (61, 48, 55, 82, 118, 146, 152, 160, 149, 121, 98, 77)]
    return charts.StackedBars(
        title=_("Use and sale by month"),
        categories=[formats.short_month(month) for month in months],
        details=[formats.month(month) for month in months],
        series=[charts.Series(_("Used"), used, "series-1"), charts.Series(_("Sold"), sold, "series-2")],
        places=0,
    ).figure()


def _waterfall() -> charts.Figure:
    steps = [
        charts.Step(_("September"), Decimal("174.64"), total=True),
        charts.Step(_("More use"), Decimal("34.85")),
        charts.Step(_("One more day"), Decimal("7.04")),
        charts.Step(_("Cheaper hours"), Decimal("-21.60")),
        charts.Step(_("Price since 1 October"), Decimal("9.12")),
        charts.Step(_("October"), Decimal("204.05"), total=True),
    ]
    return charts.Waterfall(_("Why this bill is higher"), steps, symbol="¥").figure()


def _tiers() -> charts.Figure:
    tiers = [
        charts.Tier(_("Tier 1"), Decimal(2760), "¥0.5380"),
        charts.Tier(_("Tier 2"), Decimal(4800), "¥0.5880"),
        charts.Tier(_("Tier 3"), None, "¥0.8380"),
    ]
    return charts.Tiers(_("This year's tiers"), Decimal(3412), tiers).figure()


def _donut() -> charts.Figure:
    names, kwh = bands(), {"tip": 34, "peak": 102, "flat": 89, "valley": 75, "deep": 41}
    shares = [charts.Share(names[band], Decimal(value), f"band-{band}") for band, value in kwh.items()]
    return charts.Donut(_("Shares of the day"), shares, middle="341", note="kWh", unit="kWh", places=0).figure()


def _bill_lines() -> list[dict[str, Any]]:
    used = {"tip": "34.102", "peak": "101.887", "flat": "88.640", "valley": "75.031", "deep": "41.218"}
    names = bands()
    return [
        {
            "band": band,
            "title": names[band],
            "amount": round_half_up(Decimal(kwh) * Decimal(PRICES[band]), 2),
            "kwh": int(Decimal(kwh) * 1000),
            "price": Decimal(PRICES[band]),
            "how": f"{formats.number(Decimal(kwh))} kWh × {formats.price(Decimal(PRICES[band]), 'CNY')}",
        }
        for band, kwh in used.items()
    ]


def _invoices(request: HttpRequest) -> tables.Table:
    columns = [
        tables.Column("number", _("Invoice"), sort="number", primary=True),
        tables.Column("customer", _("Customer"), sort="customer"),
        tables.Column("day", _("Issued"), sort="day"),
        tables.Column("use", _("Energy"), kind="energy", sort="use"),
        tables.Column("amount", _("Amount"), kind="money", sort="amount"),
        tables.Column("status", _("Status")),
        tables.Column("actions", _("Actions"), kind="actions"),
    ]
    people = [_("Lin Yue"), _("Lakeside Textiles"), _("Harbour Bakery"), _("Chen Wei"), _("Green Court"), _("Wu Fang")]
    tones = [("success", _("Paid")), ("warn", _("Due")), ("danger", _("Overdue")), ("neutral", _("Draft"))]
    rows = [
        {
            "number": f"2026-{10480 + n:06d}",
            "customer": people[n % len(people)],
            "day": dt.date(2026, 11, 2) - dt.timedelta(days=n // 4),
            "use": 341_207 + n * 97_133 % 900_000,
            "amount": Decimal(24071 + n * 7919 % 90000) / 100,
            "tone": tones[n % 4][0],
            "status": tones[n % 4][1],
        }
        for n in range(48)
    ]
    return tables.paged(request, rows, columns, size=8, default="-number")
