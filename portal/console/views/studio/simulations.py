"""Simulate a version on past months of a segment: revenue now and then, who wins, who loses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from billing.simulation import operations, queries
from identity.capabilities import Capability
from kernel import texts
from kernel.energy import to_kwh
from kernel.errors import Invalid, gettext_noop
from kernel.periods import Period
from portal.console import csv_files, pages
from portal.console.forms import studio as forms
from portal.console.studio import spread_charts
from portal.shared import tables
from tenants.customers import queries as customer_queries
from tenants.tariffs import indices
from tenants.tariffs import queries as tariff_queries

COLUMNS = [
    tables.Column("number", _("Simulation"), primary=True),
    tables.Column("tariff", _("Tariff")),
    tables.Column("period", _("Months")),
    tables.Column("accounts", _("Accounts"), kind="number"),
    tables.Column("state", _("State"), kind="status"),
]
ACCOUNT_COLUMNS = [
    tables.Column("account", _("Account"), primary=True),
    tables.Column("customer", _("Customer")),
    tables.Column("now", _("Billed"), kind="money"),
    tables.Column("then", _("Simulated"), kind="money"),
    tables.Column("difference", _("Difference"), kind="money", sort="difference"),
    tables.Column("reason", _("Why not")),
]
CSV_HEADS = (
    *(_("Account"), _("Customer"), _("Month"), _("Source"), "kWh", _("Currency"), _("Billed"), _("Simulated")),
    *(_("Difference"), _("Why not")),
)


class Backwards(Invalid):
    """The last month lies before the first."""

    code = "simulation_backwards"
    template = gettext_noop("The last month lies before the first one.")


@pages.page(Capability.SEE_TARIFFS)
def simulations(request: HttpRequest) -> HttpResponse:
    page = {
        "table": tables.paged(request, queries.simulations(), COLUMNS, size=25),
        "crumbs": [(gettext("Tariffs"), reverse("console:products")), (gettext("Simulations"), "")],
    }
    return render(request, "console/studio/simulations.html", page)


@pages.form_page(Capability.CHANGE_TARIFFS)
def start(request: HttpRequest, code: str, number: int) -> HttpResponse:
    version = tariff_queries.version(product_code=code, number=number)
    language = get_language() or "en"
    form = forms.SimulationForm(
        request.POST or None,
        segments=customer_queries.segments(),
        products=[(one.code, texts.pick(one.titles, language) or one.code) for one in tariff_queries.products()],
        series=[(one.code, texts.pick(one.titles, language) or one.code) for one in indices.series()],
        initial={"product_code": code if version.number > 1 else ""},
    )
    if request.method == "POST" and form.is_valid():
        made = pages.filled_in(form, lambda: _start(request, version, form.cleaned_data))
        if made:
            return redirect("console:simulation", number=made.number)
    back = reverse("console:version", args=[code, number])
    title = gettext("Simulate on past months")
    page = {
        "form": form,
        "title": title,
        "lead": gettext("The readings of real customers, rated by this version. Nothing is billed and nobody sees it."),
        "back": back,
        "crumbs": [
            (gettext("Tariffs"), reverse("console:products")),
            (code, reverse("console:product", args=[code])),
            (gettext("Version {number}").format(number=number), back),
            (title, ""),
        ],
        "submit": gettext("Start the simulation"),
    }
    return render(request, "console/form.html", page, status=422 if form.errors else 200)


@pages.page(Capability.SEE_TARIFFS)
def simulation(request: HttpRequest, number: int) -> HttpResponse:
    found = queries.simulation(number=number)
    results = queries.results(simulation=found)
    table = tables.paged(request, queries.accounts(simulation=found), ACCOUNT_COLUMNS, size=25)
    for row in table.rows:
        row.sentence = queries.reason_sentence(row=row)
    page = _state(found) | {
        "results": results,
        "shares": spread_charts.shares(results.spread.shares) if results.accounts else None,
        "amounts": spread_charts.amounts(results.spread.amounts, results.currency) if results.accounts else None,
        "share": results.difference / results.now if results.now else None,
        "table": table,
        "csv": reverse("console:simulation_csv", args=[number]),
        "crumbs": [
            (gettext("Tariffs"), reverse("console:products")),
            (gettext("Simulations"), reverse("console:simulations")),
            (str(number), ""),
        ],
    }
    return render(request, "console/studio/simulation.html", page)


@pages.page(Capability.SEE_TARIFFS)
def progress(request: HttpRequest, number: int) -> HttpResponse:
    """Answer the progress bar; when all is done, have the page loaded anew."""
    state = _state(queries.simulation(number=number))
    answer = render(request, "console/studio/simulation_progress.html", state)
    if not state["under_way"]:
        answer["HX-Redirect"] = reverse("console:simulation", args=[number])
    return answer


@pages.action(Capability.CHANGE_TARIFFS)
def cancel(request: HttpRequest, number: int) -> HttpResponse:
    found = queries.simulation(number=number)
    return pages.carry_out(
        request,
        lambda: operations.cancel_simulation(simulation_id=found.pk, at=timezone.now()),
        done=gettext("The simulation is stopped; what was compared already stays."),
        then=reverse("console:simulation", args=[number]),
    )


@pages.page(Capability.SEE_TARIFFS)
def export(request: HttpRequest, number: int) -> HttpResponse:
    found = queries.simulation(number=number)
    return csv_files.response(name=f"simulation-{number}", heads=CSV_HEADS, rows=_rows(found))


def _start(request: HttpRequest, version: Any, given: dict[str, Any]) -> Any:
    if given["last"].end <= given["first"].start:
        raise Backwards(where="last")
    made = operations.create_simulation(
        version=version,
        period=Period(given["first"].start, given["last"].end),
        at=timezone.now(),
        title=given["title"],
        kind=given["kind"],
        segment=given["segment"],
        product_code=given["product_code"],
        purchase_series=given["purchase_series"],
    )
    operations.begin(simulation=made)
    pages.note(request, "tariff.simulate", f"{version.product.code} {version.number}", simulation=made.number)
    return made


def _state(found: Any) -> dict[str, Any]:
    done = queries.progress(simulation=found)
    return {
        "simulation": found,
        "progress": done,
        "under_way": found.state == "running",
        "poll": reverse("console:simulation_progress", args=[found.number]),
    }


def _rows(found: Any) -> Iterator[list[Any]]:
    for row in queries.month_rows(simulation=found):
        account = row.simulated_account.account
        difference = None if row.billed is None or row.simulated is None else row.simulated - row.billed
        yield [
            account.number,
            account.customer.name,
            row.month,
            row.get_source_display() if row.source else "",
            None if row.energy_wh is None else to_kwh(row.energy_wh),
            found.currency,
            row.billed,
            row.simulated,
            difference,
            queries.reason_sentence(row=row),
        ]
