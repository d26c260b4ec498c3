"""Bill runs: started for a month, followed while they are rated, looked through, issued."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from billing.runs import operations, queries
from identity.capabilities import Capability
from portal.console import pages
from portal.console.forms import runs as forms
from portal.shared import formats, tables
from tenants.customers import date_ranges

FOR_REVIEW = frozenset(queries.FOR_REVIEW)
UNDER_WAY = frozenset({"preparing", "rating", "issuing"})
COLUMNS = [
    tables.Column("run", _("Run"), sort="number", primary=True),
    tables.Column("period", _("Supply period"), sort="period"),
    tables.Column("state", _("State"), kind="status", sort="state"),
    tables.Column("items", _("Bills"), kind="number", sort="item_count"),
    tables.Column("issued", _("Issued"), kind="number", sort="issued_count"),
    tables.Column("review", _("For review"), kind="number", sort="review_count"),
    tables.Column("billing_date", _("Billing date"), kind="day", sort="billing_date"),
    tables.Column("created", _("Started"), kind="day", sort="created_at"),
]
ITEM_COLUMNS = [
    tables.Column("account", _("Account"), sort="account__number", primary=True),
    tables.Column("customer", _("Customer"), sort="account__customer__number"),
    tables.Column("state", _("State"), kind="status", sort="state"),
    tables.Column("reason", _("Why")),
    tables.Column("energy", _("Energy"), kind="energy", sort="energy_wh"),
    tables.Column("total", _("Total"), kind="money", sort="total"),
    tables.Column("invoice", _("Invoice")),
]


@pages.page(Capability.SEE_BILLS)
def runs(request: HttpRequest) -> HttpResponse:
    form, wanted = pages.filters(request, forms.RunFilter)
    found = queries.runs().filter(state=wanted["state"]) if wanted["state"] else queries.runs()
    table = tables.paged(request, found, COLUMNS, default="-number")
    return render(request, "console/runs.html", {"form": form, "table": table})


@pages.form_page(Capability.RUN_BILLS)
def new(request: HttpRequest) -> HttpResponse:
    form = forms.RunForm(request.POST or None, initial={"month": f"{_last_month(request):%Y-%m}"})
    if request.method == "POST" and form.is_valid():
        run = pages.filled_in(form, lambda: _start(request, form))
        if run:
            return redirect("console:run", number=run.number)
    title = gettext("New bill run")
    page = {
        "form": form,
        "title": title,
        "lead": gettext("Readings are gathered and rated in the background. Nothing is sent before you have looked."),
        "back": reverse("console:runs"),
        "crumbs": [(gettext("Bill runs"), reverse("console:runs")), (title, "")],
        "submit": gettext("Start the run"),
    }
    return render(request, "console/form.html", page, status=422 if form.errors else 200)


@pages.page(Capability.SEE_BILLS)
def run(request: HttpRequest, number: int) -> HttpResponse:
    found = queries.run(number=number)
    form, wanted = pages.filters(request, forms.ItemFilter)
    items = queries.items(run=found, state=wanted["state"], reason=wanted["reason"], search=wanted["q"])
    table = tables.paged(request, items, ITEM_COLUMNS, size=50)
    for item in table.rows:
        item.sentence = queries.reason_sentence(item=item)
    page = _state(found) | {
        "form": form,
        "table": table,
        "reasons": [
            {"code": code, "count": count, "name": names().get(code, code), "active": code == wanted["reason"]}
            for code, count in queries.reason_counts(run=found).items()
        ],
        "states": _states(found, wanted["state"]),
        "hold_form": forms.HoldForm(),
        "issue_form": forms.IssueForm(initial={"billing_date": pages.today(request)}),
        "crumbs": [(gettext("Bill runs"), reverse("console:runs")), (_name(found), "")],
    }
    return render(request, "console/run.html", page)


@pages.page(Capability.SEE_BILLS)
def progress(request: HttpRequest, number: int) -> HttpResponse:
    """Answer the progress bar; when a phase is through, have the page loaded anew."""
    state = _state(queries.run(number=number))
    response = render(request, "console/parts/run_progress.html", state)
    if not state["under_way"]:
        response["HX-Redirect"] = reverse("console:run", args=[number])
    return response


@pages.action(Capability.ISSUE_BILLS)
def issue(request: HttpRequest, number: int) -> HttpResponse:
    found, form = queries.run(number=number), forms.IssueForm(request.POST)
    then = reverse("console:run", args=[number])
    if not form.is_valid():
        messages.error(request, gettext("Nothing was issued: the billing date is not a date."))
        return redirect(then)
    day = form.cleaned_data["billing_date"]

    def operation() -> None:
        started = operations.start_issuing(run_id=found.pk, billing_date=day)
        operations.begin(run=started)
        pages.note(request, "run.issue", f"run {number}", billing_date=day.isoformat())

    done = gettext("The bills are being issued with {day} on them.").format(day=formats.day(day))
    return pages.carry_out(request, operation, done=done, then=then)


@pages.action(Capability.RUN_BILLS)
def rerate(request: HttpRequest, number: int) -> HttpResponse:
    """Rate the open bills of a reason, or all of them, from what is there now."""
    found = queries.run(number=number)
    reason = request.POST.get("reason", "")[:40]

    def operation() -> None:
        operations.rerate(run_id=found.pk, at=timezone.now(), reason=reason)
        operations.begin(run=queries.run_by_id(run_id=found.pk))

    done = gettext("The bills are rated anew from the readings and prices there are now.")
    return pages.carry_out(request, operation, done=done, then=reverse("console:run", args=[number]))


@pages.action(Capability.ISSUE_BILLS)
def close(request: HttpRequest, number: int) -> HttpResponse:
    done = gettext("The run is closed. What was not issued can be billed in a later run.")
    return _end(request, number, operations.close_run, "run.close", done)


@pages.action(Capability.RUN_BILLS)
def cancel(request: HttpRequest, number: int) -> HttpResponse:
    return _end(request, number, operations.cancel_run, "run.cancel", gettext("The run is cancelled."))


def names() -> dict[str, str]:
    """Return the reasons in a few words, for filters."""
    return {
        "negative_total": gettext("Negative total"),
        "zero_use": gettext("No use on an active meter"),
        "far_above_history": gettext("Far above what is usual"),
        "far_below_history": gettext("Far below what is usual"),
        "readings_doubted": gettext("Readings in doubt"),
        "estimated_share": gettext("Much is estimated"),
        "first_bill": gettext("First bill"),
        "above_approval": gettext("Above the approval limit"),
        "account_held": gettext("Account held"),
        "sent_back": gettext("Not approved"),
        "inputs_changed": gettext("Inputs changed"),
        "held_by_person": gettext("Held by a person"),
        "readings_missing": gettext("Readings missing"),
        "earlier_bill_open": gettext("Earlier bill open"),
        "rating_not_ready": gettext("Published values missing"),
        "no_agreement": gettext("No agreement"),
        "nothing_supplied": gettext("Nothing supplied"),
        "unexpected": gettext("Fault of the program"),
    }


def _end(request: HttpRequest, number: int, operation: Callable[..., Any], word: str, done: str) -> HttpResponse:
    found = queries.run(number=number)

    def carried_out() -> None:
        operation(run_id=found.pk, at=timezone.now())
        pages.note(request, word, f"run {number}")

    return pages.carry_out(request, carried_out, done=done, then=reverse("console:run", args=[number]))


def _start(request: HttpRequest, form: forms.RunForm) -> Any:
    with transaction.atomic():
        made = operations.create_run(
            period=form.cleaned_data["month"], at=timezone.now(), title=form.cleaned_data["title"]
        )
        operations.begin(run=made)
        pages.note(request, "run.create", f"run {made.number}")
    return made


def _last_month(request: HttpRequest) -> Any:
    first = pages.today(request).replace(day=1)
    return first.replace(year=first.year - 1, month=12) if first.month == 1 else first.replace(month=first.month - 1)


def _state(found: Any) -> dict[str, Any]:
    """Return where the run stands, for its page and its progress bar."""
    progress = queries.progress(run=found)
    issuing = found.state == "issuing"
    review = progress.for_review
    return {
        "run": found,
        "name": _name(found),
        "period": date_ranges.to_period(found.period),
        "progress": progress,
        "under_way": found.state in UNDER_WAY,
        "done": progress.issued if issuing else progress.rated,
        "totals": [(total, currency) for currency, total in sorted(progress.totals.items())],
        "drafted": progress.counts.get("drafted", 0),
        "waits": ngettext("{count} bill waits for a person.", "{count} bills wait for a person.", review).format(
            count=formats.number(review)
        )
        if review
        else "",
        "poll": reverse("console:run_progress", args=[found.number]),
    }


def _states(found: Any, chosen: str) -> list[dict[str, Any]]:
    counts = queries.progress(run=found).counts
    every = {"label": gettext("All"), "url": "?", "count": sum(counts.values()), "active": not chosen}
    return [every] + [
        {
            "label": label,
            "url": f"?state={code}#bills",
            "count": counts[code],
            "active": code == chosen,
            "review": code in FOR_REVIEW,
            "action": gettext("{state}: {count}").format(state=label, count=formats.number(counts[code])),
        }
        for code, label in forms.ITEM_STATES
        if counts.get(code)
    ]


def _name(found: Any) -> str:
    return found.title or gettext("Run {number}").format(number=found.number)
