"""What the registry says of a company, changed with a reason; and all that was done to it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from hosting import fleet_queries, operations, queries
from hosting.operations import changing
from identity import queries as identity_queries
from identity.capabilities import Capability
from portal.hosting_admin import company_pages, fleet_words
from portal.hosting_admin import fleet_forms as forms
from portal.shared import tables
from portal.shared.access import requires

EVENT_COLUMNS = [
    tables.Column("at", _("When"), primary=True),
    tables.Column("what", _("What")),
    tables.Column("who", _("Who")),
    tables.Column("reason", _("Reason")),
    tables.Column("details", _("Details")),
]
FAULT_COLUMNS = [
    tables.Column("kind", _("Error"), primary=True),
    tables.Column("place", _("Place")),
    tables.Column("source", _("Page or task")),
    tables.Column("times", _("Times"), kind="number"),
    tables.Column("last", _("Last"), kind="day"),
    tables.Column("request", _("Request")),
]


@require_safe
@requires(Capability.OPERATE_FLEET)
def history(request: HttpRequest, code: str) -> HttpResponse:
    """Show what was done to a company, and the faults of the last thirty days."""
    row = company_pages.row_of(code)
    events = queries.events(code=code)
    people = _people(events)
    found = [
        {
            "event": each, "what": fleet_words.event(each.action), "details": fleet_words.event_details(each),
            "who": gettext("The platform") if each.actor_id is None else people.get(each.actor_id, f"#{each.actor_id}"),
            "tone": "danger" if each.action in fleet_words.BAD_EVENTS else "neutral",
        }
        for each in events
    ]  # fmt: skip
    faults = fleet_queries.faults(retailer_id=row.retailer.pk, at=timezone.now())
    page = {
        "row": row, "retailer": row.retailer, "tab": "history",
        "table": tables.paged(request, found, EVENT_COLUMNS, size=40),
        "faults": tables.Table(FAULT_COLUMNS, faults),
    }  # fmt: skip
    return render(request, "hosting_admin/history.html", page)


@require_safe
@requires(Capability.OPERATE_FLEET)
def change(request: HttpRequest, code: str) -> HttpResponse:
    return _page(request, code, {})


@require_POST
@requires(Capability.OPERATE_FLEET)
def rename(request: HttpRequest, code: str) -> HttpResponse:
    form = forms.NamesForm(request.POST)

    def order(by: dict[str, Any]) -> Any:
        data = form.cleaned_data
        return changing.rename(
            code=code, names=form.names(), legal_name=data["legal_name"], reason=data["reason"], **by
        )

    return _ordered(request, code, "names_form", form, order)


@require_POST
@requires(Capability.OPERATE_FLEET)
def change_ground(request: HttpRequest, code: str) -> HttpResponse:
    form = forms.GroundForm(request.POST)

    def order(by: dict[str, Any]) -> Any:
        return changing.change_ground(code=code, **form.cleaned_data, **by)

    return _ordered(request, code, "ground_form", form, order)


@require_POST
@requires(Capability.OPERATE_FLEET)
def change_code(request: HttpRequest, code: str) -> HttpResponse:
    form = forms.CodeForm(request.POST)
    company_pages.row_of(code)

    def order(by: dict[str, Any]) -> Any:
        data = form.cleaned_data
        return changing.change_code(code=code, new=data["code"], typed=data["typed"], reason=data["reason"], **by)

    new = request.POST.get("code", "")
    then = reverse("hosting:company", args=[new if operations.CODE_PATTERN.fullmatch(new) else code])
    answer = company_pages.ordered(request, form, order, done=gettext("The company has its new code."), then=then)
    return answer or _page(request, code, {"code_form": form}, status=422)


def _ordered(request: HttpRequest, code: str, name: str, form: Any, order: Any) -> HttpResponse:
    company_pages.row_of(code)
    then = reverse("hosting:company", args=[code])
    answer = company_pages.ordered(request, form, order, done=gettext("Saved."), then=then)
    return answer or _page(request, code, {name: form}, status=422)


def _page(request: HttpRequest, code: str, filled: dict[str, Any], status: int = 200) -> HttpResponse:
    row = company_pages.row_of(code)
    retailer = row.retailer
    names = {"name_zh": retailer.names.get("zh-hans", ""), "name_en": retailer.names.get("en", "")}
    ground = {"market": retailer.market, "currency": retailer.currency, "time_zone": retailer.time_zone}
    page = {
        "row": row, "retailer": retailer, "tab": "change",
        "names_form": forms.NamesForm(initial=names | {"legal_name": retailer.legal_name}),
        "ground_form": forms.GroundForm(initial=ground), "code_form": forms.CodeForm(),
    }  # fmt: skip
    return render(request, "hosting_admin/change.html", company_pages.apart(page | filled), status=status)


def _people(events: list[Any]) -> dict[int, str]:
    """Return the names of the host's people who did it; this page stands at the host, so they are its own."""
    keys = {each.actor_id for each in events if each.actor_id is not None}
    return {user.pk: user.name for user in identity_queries.people(user_ids=keys)}
