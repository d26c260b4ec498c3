"""What waits for a person, in all open runs: filtered, looked at, released one by one or many at once."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from billing.runs import operations, queries
from identity.capabilities import Capability
from kernel.errors import GridhallError
from portal.console import pages
from portal.console.forms import billing as forms
from portal.console.views import runs as run_views
from portal.shared import formats, refusals, tables

COLUMNS = [
    tables.Column("choose", ""),
    tables.Column("account", _("Account"), sort="account__number", primary=True),
    tables.Column("customer", _("Customer"), sort="account__customer__number"),
    tables.Column("run", _("Run"), sort="run__number"),
    tables.Column("state", _("State"), kind="status", sort="state"),
    tables.Column("reason", _("Why")),
    tables.Column("energy", _("Energy"), kind="energy", sort="energy_wh"),
    tables.Column("total", _("Total"), kind="money", sort="total"),
]
PREVIEW_COLUMNS = COLUMNS[1:]


@pages.page(Capability.SEE_BILLS)
def exceptions(request: HttpRequest) -> HttpResponse:
    form, wanted = pages.filters(request, forms.ExceptionFilter)
    found = queries.exceptions(state=wanted["state"], code=wanted["code"], search=wanted["q"])
    table = tables.paged(request, found, COLUMNS, size=50)
    for item in table.rows:
        item.sentences = sentences(item)
    words = run_views.names()
    counts = queries.exception_counts()
    page = {
        "form": form,
        "table": table,
        "reasons": [
            {"name": words.get(code, code), "code": code, "count": count, "active": code == wanted["code"]}
            for code, count in counts.items()
        ],
        "every": sum(counts.values()),
        "chosen": wanted["code"],
        "crumbs": [(gettext("Bill runs"), reverse("console:runs")), (gettext("Exceptions"), "")],
    }
    return render(request, "console/billing/exceptions.html", page)


@pages.page(Capability.RUN_BILLS)
def preview(request: HttpRequest) -> HttpResponse:
    """Show exactly what would be released: the ticked bills, or all that a brake parked."""
    ids = [int(each) for each in request.GET.getlist("item") if each.isdecimal()][: operations.MOST_AT_ONCE]
    code = request.GET.get("code", "")[:40]
    if not ids and code:
        rows = queries.exceptions(state="parked", code=code).values_list("pk", flat=True)
        ids = list(rows[: operations.MOST_AT_ONCE])
    shown = operations.preview_release(item_ids=ids)
    if not shown.items:
        messages.error(request, gettext("Nothing to release: tick parked bills that have a draft."))
        return redirect("console:exceptions")
    for item in shown.items:
        item.sentences = sentences(item)  # type: ignore[attr-defined]
    title = gettext("Release bills")
    page = {
        "table": tables.Table(columns=PREVIEW_COLUMNS, rows=shown.items),
        "shown": shown,
        "totals": sorted(shown.totals.items()),
        "title": title,
        "left_out": _left_out(shown.left_out),
        "crumbs": [
            (gettext("Bill runs"), reverse("console:runs")),
            (gettext("Exceptions"), reverse("console:exceptions")),
            (title, ""),
        ],
    }
    return render(request, "console/billing/release.html", page)


@pages.action(Capability.RUN_BILLS)
def release(request: HttpRequest) -> HttpResponse:
    """Release what was shown, or nothing when a bill changed meanwhile."""
    ids = [int(each) for each in request.POST.getlist("item") if each.isdecimal()]

    def operation() -> int:
        count = operations.release_many(
            item_ids=ids, mark=request.POST.get("mark", ""), by=request.user, at=timezone.now()
        )
        pages.note(request, "bill.release_many", f"{count} bills", items=ids[:200])
        return count

    try:
        count = operation()
    except GridhallError as refusal:
        messages.error(request, refusals.sentence(refusal))
    else:
        done = ngettext("{count} bill is released.", "{count} bills are released.", count)
        messages.success(request, done.format(count=formats.number(count)))
    return redirect("console:exceptions")


def sentences(item: Any) -> list[str]:
    """Return why an item waits: what a person wrote, then every brake."""
    found = [queries.brake_sentence(code=each["code"], params=each["params"]) for each in item.brakes]
    own = queries.reason_sentence(item=item)
    return list(dict.fromkeys([own, *found] if own else found))


def _left_out(count: int) -> str:
    text = ngettext(
        "{count} bill is left out: it has no draft or does not wait any more.",
        "{count} bills are left out: they have no draft or do not wait any more.",
        count,
    )
    return text.format(count=formats.number(count)) if count else ""
