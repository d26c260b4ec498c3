"""A channel of gas, heat or water: added before its first reading, and turned into kWh by dated factors."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from identity.capabilities import Capability
from kernel.errors import NotFound, gettext_noop
from portal.console import pages
from portal.console.forms import channels as forms
from portal.shared import formats, tables
from tenants.customers import queries
from tenants.metering import operations
from tenants.metering import queries as metering

SHOWN_DECIMALS = 6
COLUMNS = [
    tables.Column("kind", _("Factor"), primary=True),
    tables.Column("value", _("Value"), kind="number"),
    tables.Column("period", _("Holds")),
    tables.Column("recorded", _("Recorded at")),
    tables.Column("by", _("By")),
]


@pages.form_page(Capability.IMPORT_READINGS)
def add(request: HttpRequest, identifier: str) -> HttpResponse:
    point = queries.supply_point_by_identifier(identifier=identifier)
    form = forms.ChannelForm(request.POST or None)
    back = reverse("console:supply_point", args=[point.identifier])

    def made() -> Any:
        return operations.add_channel(supply_point_id=point.pk, zone=point.premises.time_zone, **form.cleaned_data)

    if request.method == "POST" and form.is_valid():
        channel = pages.filled_in(form, made)
        if channel is not None:
            pages.note(request, "channel.add", point.identifier, register=channel.register_code)
            messages.success(request, gettext("The channel stands; readings for it can come."))
            return redirect("console:channel", identifier=point.identifier, channel_id=channel.pk)
    title = gettext("Add a channel")
    page = {
        "form": form,
        "title": title,
        "lead": point.identifier,
        "submit": gettext("Add"),
        "back": back,
        "crumbs": [*_crumbs(point), (title, "")],
    }
    return render(request, "console/form.html", page, status=422 if form.is_bound else 200)


@pages.page(Capability.SEE_READINGS)
def channel(request: HttpRequest, identifier: str, channel_id: int) -> HttpResponse:
    point, found = _of_point(identifier, channel_id)
    return render(request, "console/channel.html", _page(request, point, found, None))


@pages.action(Capability.IMPORT_READINGS)
def change_factor(request: HttpRequest, identifier: str, channel_id: int) -> HttpResponse:
    point, found = _of_point(identifier, channel_id)
    form = forms.FactorForm(request.POST, today=pages.today(request))

    def changed() -> Any:
        return operations.change_channel_factor(
            channel_id=found.pk,
            at=timezone.now(),
            by=str(request.user.email),  # type: ignore[union-attr]
            **form.cleaned_data,
        )

    if form.is_valid() and pages.filled_in(form, changed) is not None:
        data = form.cleaned_data
        pages.note(request, "channel.factor", point.identifier, register=found.register_code, kind=data["kind"])
        messages.success(request, gettext("The factor holds; bills made of another one are found."))
        return redirect("console:channel", identifier=point.identifier, channel_id=found.pk)
    return render(request, "console/channel.html", _page(request, point, found, form), status=422)


def _page(request: HttpRequest, point: Any, found: Any, form: Any) -> dict[str, Any]:
    today = pages.today(request)
    volume = found.unit == "L" and found.energy != "water"
    ratio = metering.kwh_a_cubic_metre(channel_id=found.pk, day=today) if volume else None
    content = None if ratio is None else Decimal(ratio.numerator) / ratio.denominator
    return {
        "point": point,
        "channel": found,
        "volume": volume,
        "factors": tables.Table(columns=COLUMNS, rows=list(metering.channel_factors(channel_ids=[found.pk]))),
        "content": None if content is None else formats.number(content, SHOWN_DECIMALS),
        "form": form or forms.FactorForm(today=today),
        "crumbs": [*_crumbs(point), (found.register_code, "")],
    }


def _of_point(identifier: str, channel_id: int) -> tuple[Any, Any]:
    point = queries.supply_point_by_identifier(identifier=identifier)
    found = metering.reading_channel(channel_id=channel_id)
    if found.supply_point_id != point.pk:
        raise NotFound(what=gettext_noop("channel"), name=str(channel_id))
    return point, found


def _crumbs(point: Any) -> list[tuple[str, str]]:
    return [
        (gettext("Customers"), reverse("console:customers")),
        (point.identifier, reverse("console:supply_point", args=[point.identifier])),
    ]
