"""The meters and registers of a supply point: what hangs there, what was read, and what a person enters."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from identity.capabilities import Capability
from kernel.errors import NotFound, gettext_noop
from kernel.periods import Period
from portal.console import pages
from portal.console.forms import meters as forms
from portal.shared import tables
from tenants.customers import queries
from tenants.metering import operations
from tenants.metering import queries as metering

WH_PER_KWH = 1000
METER_COLUMNS = [
    tables.Column("serial", _("Meter"), primary=True),
    tables.Column("position", _("Metering position")),
    tables.Column("period", _("Hangs")),
    tables.Column("deeds", ""),
]
REGISTER_COLUMNS = [
    tables.Column("code", _("Register"), primary=True),
    tables.Column("meter", _("Meter")),
    tables.Column("kind", _("Measures")),
    tables.Column("unit", _("Unit")),
    tables.Column("digits", _("Digits"), kind="number"),
    tables.Column("ratio", _("Ratios")),
]
READ_COLUMNS = [
    tables.Column("day", _("Day"), kind="day", primary=True),
    tables.Column("register", _("Register")),
    tables.Column("value", _("Read"), kind="number"),
    tables.Column("quality", _("Quality")),
    tables.Column("reason", _("Reason")),
    tables.Column("state", _("State"), kind="status"),
]
PAUSE_COLUMNS = [
    tables.Column("kind", _("Pause"), primary=True),
    tables.Column("period", _("Period")),
    tables.Column("reason", _("Reason")),
]


@pages.page(Capability.SEE_READINGS)
def registers(request: HttpRequest, identifier: str) -> HttpResponse:
    point = queries.supply_point_by_identifier(identifier=identifier)
    held = list(metering.registers_of(supply_point_ids=[point.pk]))
    reads = metering.reads_of(register_ids=[each.pk for each in held], with_former="former" in request.GET)
    today = pages.today(request)
    meters = list(metering.meters_of(supply_point_ids=[point.pk]))
    page = {
        "point": point,
        "meters": tables.Table(columns=METER_COLUMNS, rows=meters),
        "hanging": {each.pk for each in meters if each.period.upper is None or each.period.upper > today},
        "registers": tables.Table(columns=REGISTER_COLUMNS, rows=held),
        "reads": tables.paged(request, reads, READ_COLUMNS, size=50),
        "pauses": tables.Table(columns=PAUSE_COLUMNS, rows=list(metering.pauses_of(supply_point_ids=[point.pk]))),
        "with_former": "former" in request.GET,
        "crumbs": _crumbs(point),
    }
    return render(request, "console/registers.html", page)


@pages.form_page(Capability.IMPORT_READINGS)
def new_reads(request: HttpRequest, identifier: str) -> HttpResponse:
    point = queries.supply_point_by_identifier(identifier=identifier)
    today = pages.today(request)
    held = [
        each
        for each in metering.registers_of(supply_point_ids=[point.pk])
        if each.meter.period.upper is None or each.meter.period.upper >= today
    ]
    form = forms.ReadsForm(request.POST or None, registers=held, required=False, initial={"on": today})

    def store() -> Any:
        return operations.store_reads(reads=form.reads(), at=timezone.now(), source="console", by=_name(request))

    return _answer(
        request, point, form, store, title=gettext("Enter reads"), submit=gettext("Store"), deed="read.enter"
    )


@pages.form_page(Capability.IMPORT_READINGS)
def install(request: HttpRequest, identifier: str) -> HttpResponse:
    point = queries.supply_point_by_identifier(identifier=identifier)
    form = forms.InstallForm(request.POST or None, initial={"on": pages.today(request)})

    def hang() -> Any:
        data = form.cleaned_data
        meter = operations.NewMeter(
            point.pk,
            data["serial"],
            data["on"],
            point.premises.time_zone,
            dials=[form.dial()],
            make=data["make"],
            position=data["position"],
        )
        return operations.reinstall_meter(meter=meter, at=timezone.now(), by=_name(request))

    return _answer(
        request, point, form, hang, title=gettext("Install a meter"), submit=gettext("Install"), deed="meter.install"
    )


@pages.form_page(Capability.IMPORT_READINGS)
def exchange(request: HttpRequest, identifier: str, meter_id: int) -> HttpResponse:
    point, meter, held = _of_meter(identifier, meter_id)
    form = forms.ExchangeForm(request.POST or None, registers=held, initial={"on": pages.today(request)})

    def change() -> Any:
        data = form.cleaned_data
        new = operations.NewMeter(
            point.pk, data["serial"], data["on"], point.premises.time_zone, dials=form.dials(), make=data["make"]
        )
        return operations.exchange_meter(
            old=meter.pk, on=data["on"], removal=form.shown, new=new, at=timezone.now(), by=_name(request)
        )

    title = gettext("Exchange meter {serial}").format(serial=meter.serial)
    return _answer(request, point, form, change, title=title, submit=gettext("Exchange"), deed="meter.exchange")


@pages.form_page(Capability.IMPORT_READINGS)
def ratios(request: HttpRequest, identifier: str, meter_id: int) -> HttpResponse:
    point, meter, held = _of_meter(identifier, meter_id)
    form = forms.RatiosForm(request.POST or None, registers=held, required=False, initial={"on": pages.today(request)})

    def change() -> Any:
        return operations.change_multiplier(
            meter_id=meter.pk,
            on=form.cleaned_data["on"],
            ratios=form.ratios(),
            shows=form.shown,
            at=timezone.now(),
            by=_name(request),
        )

    title = gettext("Change the ratios of meter {serial}").format(serial=meter.serial)
    return _answer(request, point, form, change, title=title, submit=gettext("Change"), deed="meter.ratios")


@pages.form_page(Capability.IMPORT_READINGS)
def remove(request: HttpRequest, identifier: str, meter_id: int) -> HttpResponse:
    point, meter, held = _of_meter(identifier, meter_id)
    form = forms.RemovalForm(request.POST or None, registers=held, initial={"on": pages.today(request)})

    def take_down() -> Any:
        data = form.cleaned_data
        return operations.remove_meter(
            meter_id=meter.pk,
            on=data["on"],
            removal=form.shown,
            reason=data["reason"],
            wh_per_day=int((data["kwh_per_day"] or 0) * WH_PER_KWH),
            at=timezone.now(),
            by=_name(request),
        )

    title = gettext("Remove meter {serial}").format(serial=meter.serial)
    return _answer(request, point, form, take_down, title=title, submit=gettext("Remove"), deed="meter.remove")


@pages.form_page(Capability.IMPORT_READINGS)
def suspend(request: HttpRequest, identifier: str) -> HttpResponse:
    point = queries.supply_point_by_identifier(identifier=identifier)
    form = forms.SuspensionForm(request.POST or None, initial={"on": pages.today(request)})

    def switch_off() -> Any:
        data = form.cleaned_data
        return operations.suspend(
            supply_point_id=point.pk,
            on=data["on"],
            shows={},
            reason=data["reason"],
            at=timezone.now(),
            by=_name(request),
        )

    title = gettext("Supply is suspended")
    return _answer(request, point, form, switch_off, title=title, submit=gettext("Record"), deed="supply.suspend")


@pages.form_page(Capability.IMPORT_READINGS)
def resume(request: HttpRequest, identifier: str) -> HttpResponse:
    point = queries.supply_point_by_identifier(identifier=identifier)
    form = forms.SuspensionForm(request.POST or None, initial={"on": pages.today(request)})

    def switch_on() -> Any:
        return operations.resume(
            supply_point_id=point.pk, on=form.cleaned_data["on"], shows={}, at=timezone.now(), by=_name(request)
        )

    title = gettext("Supply is resumed")
    return _answer(request, point, form, switch_on, title=title, submit=gettext("Record"), deed="supply.resume")


@pages.form_page(Capability.IMPORT_READINGS)
def correct(request: HttpRequest, identifier: str) -> HttpResponse:
    point = queries.supply_point_by_identifier(identifier=identifier)
    form = forms.CorrectionForm(request.POST or None, initial={"key": uuid.uuid4().hex})

    def ask() -> Any:
        data = dict(form.cleaned_data)
        return operations.request_correction(
            supply_point_id=point.pk,
            period=Period(data.pop("start"), data.pop("end")),
            by=_name(request),
            at=timezone.now(),
            **data,
        )

    title = gettext("Correct a quantity")
    return _answer(request, point, form, ask, title=title, submit=gettext("Ask for it"), deed="correction.request")


def _answer(
    request: HttpRequest, point: Any, form: django_forms.Form, operation: Callable[[], Any], **said: str
) -> HttpResponse:
    """Show the form, or carry it out and go back to the registers."""
    back = reverse("console:registers", args=[point.identifier])
    if request.method == "POST" and form.is_valid() and pages.filled_in(form, operation) is not None:
        pages.note(request, said["deed"], point.identifier)
        messages.success(request, gettext("It is recorded."))
        return redirect(back)
    page = {
        "form": form,
        "title": said["title"],
        "lead": point.identifier,
        "submit": said["submit"],
        "back": back,
        "crumbs": [*_crumbs(point)[:-1], (point.identifier, back), (said["title"], "")],
    }
    return render(request, "console/form.html", page, status=422 if form.is_bound else 200)


def _of_meter(identifier: str, meter_id: int) -> tuple[Any, Any, list[Any]]:
    point = queries.supply_point_by_identifier(identifier=identifier)
    meter = metering.meter(meter_id=meter_id)
    if meter.supply_point_id != point.pk:
        raise NotFound(what=gettext_noop("meter"), name=str(meter_id))
    held = [each for each in metering.registers_of(supply_point_ids=[point.pk]) if each.meter_id == meter.pk]
    return point, meter, held


def _name(request: HttpRequest) -> str:
    return str(request.user.email)  # type: ignore[union-attr]


def _crumbs(point: Any) -> list[tuple[str, str]]:
    return [
        (gettext("Customers"), reverse("console:customers")),
        (point.identifier, reverse("console:supply_point", args=[point.identifier])),
        (gettext("Meters and registers"), ""),
    ]
