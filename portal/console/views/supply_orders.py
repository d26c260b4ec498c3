"""Orders to the field: sent when the law allows it, reported, and those that broke a promise."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from identity.capabilities import Capability
from portal.console import arrears_words, pages
from portal.console.forms import arrears as forms
from portal.shared import tables
from tenants.service import operations, queries

COLUMNS = [
    tables.Column("order", _("Order"), sort="id", primary=True),
    tables.Column("kind", _("What"), sort="kind"),
    tables.Column("point", _("Supply point"), sort="supply_point__identifier"),
    tables.Column("account", _("Account"), sort="account__number"),
    tables.Column("state", _("State"), kind="status", sort="state"),
    tables.Column("earliest", _("Not before"), kind="day", sort="earliest_at"),
    tables.Column("promised", _("Promised until"), kind="day", sort="promised_until"),
]


@pages.page(Capability.SEE_ARREARS)
def orders(request: HttpRequest) -> HttpResponse:
    form, wanted = pages.filters(request, forms.OrderFilter)
    found = queries.orders(kind=wanted["kind"], state=wanted["state"], search=wanted["q"])
    late = queries.breaches(at=timezone.now())
    page = {
        "form": form,
        "table": tables.paged(request, found, COLUMNS, default="-id"),
        "late": list(late[:20]),
        "late_count": late.count(),
    }
    return render(request, "console/arrears/orders.html", page)


@pages.page(Capability.SEE_ARREARS)
def order(request: HttpRequest, order_id: int) -> HttpResponse:
    found, now = queries.order(order_id=order_id), timezone.now()
    hindrances = queries.hindrances(supply_point=found.supply_point, at=now) if found.kind == "stop" else ()
    page = {
        "order": found,
        "place": ZoneInfo(found.supply_point.premises.time_zone).key,
        "steps": queries.events(order=found),
        "conditions": _conditions(found),
        "hindrances": [arrears_words.HINDRANCES.get(name, name) for name in hindrances],
        "too_early": found.earliest_at > now,
        "needs_notice": _needs_notice(found),
        "late": found in queries.breaches(at=now),
        "report_form": forms.ReportForm(),
        "cancel_form": forms.NoteForm(),
        "crumbs": [(gettext("Supply orders"), reverse("console:supply_orders")), (str(found.pk), "")],
    }
    return render(request, "console/arrears/order.html", page)


@pages.action(Capability.WORK_ARREARS)
def dispatch(request: HttpRequest, order_id: int) -> HttpResponse:
    return _step(request, order_id, operations.dispatch, "dispatch", gettext("The order is at the field."))


@pages.action(Capability.WORK_ARREARS)
def final_notice(request: HttpRequest, order_id: int) -> HttpResponse:
    """Write down that the customer was told for the last time, by telephone or at the door."""
    return _step(request, order_id, operations.give_final_notice, "final_notice", gettext("Noted."))


@pages.action(Capability.WORK_ARREARS)
def report(request: HttpRequest, order_id: int) -> HttpResponse:
    form = forms.ReportForm(request.POST)
    if not form.is_valid():
        messages.error(request, gettext("Say what was done or seen."))
        return redirect("console:supply_order", order_id=order_id)
    given = form.cleaned_data
    more = {
        "done": given["outcome"] == "done",
        "happened_at": timezone.now(),
        "evidence": {"note": given["note"]},
    }
    return _step(request, order_id, operations.report, "report", gettext("Noted."), **more)


@pages.action(Capability.WORK_ARREARS)
def cancel(request: HttpRequest, order_id: int) -> HttpResponse:
    note = request.POST.get("note", "")[:400]
    return _step(request, order_id, operations.cancel, "cancel", gettext("The order is taken back."), note=note)


def _step(request: HttpRequest, order_id: int, operation: Any, word: str, done: str, **more: Any) -> HttpResponse:
    queries.order(order_id=order_id)

    def carried_out() -> None:
        operation(order_id=order_id, at=timezone.now(), by=str(request.user)[:200], **more)
        pages.note(request, f"supply_order.{word}", f"supply order {order_id}")

    return pages.carry_out(request, carried_out, done=done, then=reverse("console:supply_order", args=[order_id]))


def _conditions(found: Any) -> list[dict[str, Any]]:
    rows = found.calculation.get("conditions", ())
    return [
        {
            **row,
            "title": arrears_words.CONDITIONS.get(row["code"], row["code"]),
            "asked": arrears_words.named(row["asked"]),
            "found": arrears_words.named(row["found"]),
        }
        for row in rows
    ]


def _needs_notice(found: Any) -> bool:
    return found.kind == "stop" and found.final_notice_at is None and bool(queries.stop_rules().final_notice)
