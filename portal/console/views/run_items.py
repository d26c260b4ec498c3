"""One bill of a run: the draft with every line explained, why it waits, and what a person decides."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.corrections import operations as correction_operations
from billing.invoices import queries as invoice_queries
from billing.runs import operations, queries
from billing.runs.operations import reviewing
from identity.capabilities import Capability
from kernel.errors import GridhallError
from portal.console import bill_lines, pages
from portal.console.forms import runs as forms
from portal.shared import charts, formats, refusals, tables

EARLIER = 12
EARLIER_COLUMNS = [
    tables.Column("number", _("Bill"), primary=True),
    tables.Column("period", _("Supply period")),
    tables.Column("total", _("Total"), kind="money"),
]


@pages.page(Capability.SEE_BILLS)
def item(request: HttpRequest, number: int, item_id: int) -> HttpResponse:
    return render(request, "console/run_item.html", _page(number, item_id, forms.HoldForm()))


@pages.action(Capability.RUN_BILLS)
def release(request: HttpRequest, number: int, item_id: int) -> HttpResponse:
    def operation(*, item_id: int, at: Any) -> None:
        operations.release(item_id=item_id, by=request.user, at=at)

    done = gettext("The bill is released; above the approval limit another person approves it, the others are issued.")
    return _decide(request, number, item_id, operation, word="bill.release", done=done)


@pages.action(Capability.RUN_BILLS)
def resume(request: HttpRequest, number: int, item_id: int) -> HttpResponse:
    done = gettext("The bill is back in the run.")
    return _decide(request, number, item_id, operations.resume, word="bill.resume", done=done, begin=True)


@pages.action(Capability.RUN_BILLS)
def rerate(request: HttpRequest, number: int, item_id: int) -> HttpResponse:
    def operation(*, item_id: int, at: Any) -> None:
        run = queries.run(number=number)
        if not operations.rerate(run_id=run.pk, at=at, item_ids=[item_id]):
            found = queries.item(run=run, item_id=item_id)
            raise reviewing.WrongItemState(account=found.account.number, state=found.state)

    done = gettext("The bill is rated anew from the readings and prices there are now.")
    return _decide(request, number, item_id, operation, word="bill.rerate", done=done, begin=True)


@pages.action(Capability.ISSUE_BILLS)
def rebill(request: HttpRequest, number: int, item_id: int) -> HttpResponse:
    """Put a bill that is out into the queue of corrections, and show what it would be now."""
    found = queries.item(run=queries.run(number=number), item_id=item_id)
    then = redirect("console:run_item", number=number, item_id=item_id)
    try:
        with transaction.atomic():
            row = correction_operations.ask(invoice_id=found.invoice_id or 0, at=timezone.now())
            pages.note(request, "bill.rebill", f"run {number}, account {found.account.number}")
    except GridhallError as refusal:
        messages.error(request, refusals.sentence(refusal))
        return then
    if row is None:
        messages.info(request, gettext("Nothing has changed since: the bill would be the same."))
        return then
    messages.success(request, gettext("The bill stands in the queue of corrections; it is made anew once approved."))
    return redirect("console:correction", correction_id=row.pk)


@pages.action(Capability.RUN_BILLS)
def hold(request: HttpRequest, number: int, item_id: int) -> HttpResponse:
    form = forms.HoldForm(request.POST)
    if not form.is_valid():
        messages.error(request, gettext("Say why the bill is held, so that others know."))
        return redirect("console:run_item", number=number, item_id=item_id)

    def operation(*, item_id: int, at: Any) -> None:
        operations.hold(item_id=item_id, note=form.cleaned_data["note"], at=at)

    return _decide(
        request, number, item_id, operation, word="bill.hold", done=gettext("The bill is held until you resume it.")
    )


def _decide(
    request: HttpRequest,
    number: int,
    item_id: int,
    operation: Callable[..., Any],
    *,
    word: str,
    done: str,
    begin: bool = False,
) -> HttpResponse:
    run = queries.run(number=number)
    found = queries.item(run=run, item_id=item_id)

    def carried_out() -> None:
        operation(item_id=found.pk, at=timezone.now())
        pages.note(request, word, f"run {number}, account {found.account.number}")
        if begin:
            operations.begin(run=queries.run(number=number))

    then = reverse("console:run_item", args=[number, item_id])
    return pages.carry_out(request, carried_out, done=done, then=then)


def _page(number: int, item_id: int, form: forms.HoldForm) -> dict[str, Any]:
    run = queries.run(number=number)
    found = queries.item(run=run, item_id=item_id)
    currency = found.account.currency
    lines = invoice_queries.lines_of_draft(draft=found.draft) if found.draft else []
    earlier = list(
        invoice_queries.invoices(account_ids=[found.account_id], kind="invoice").filter(
            supply_period__endswith__lte=found.period.lower
        )[:EARLIER]
    )
    name = run.title or gettext("Run {number}").format(number=run.number)
    return {
        "run": run,
        "item": found,
        "sentence": queries.reason_sentence(item=found),
        "brakes": [queries.brake_sentence(code=each["code"], params=each["params"]) for each in found.brakes[1:]],
        "groups": bill_lines.groups(lines=lines, currency=currency),
        "earlier": tables.Table(columns=EARLIER_COLUMNS, rows=earlier),
        "figure": _figure(found, earlier),
        "form": form,
        "crumbs": [
            (gettext("Bill runs"), reverse("console:runs")),
            (name, reverse("console:run", args=[number])),
            (found.account.number, ""),
        ],
    }


def _figure(found: Any, earlier: list[Any]) -> charts.Figure | None:
    """Draw this bill beside the earlier ones, so that the odd one is seen."""
    if found.total is None or not earlier:
        return None
    before = [(invoice.supply_period.lower, Decimal(invoice.gross)) for invoice in reversed(earlier)]
    months = [*before, (found.period.lower, Decimal(found.total))]
    values: list[Decimal | None] = [amount for _day, amount in before]
    return charts.StackedBars(
        title=gettext("Beside earlier bills"),
        subtitle=found.account.currency,
        categories=[formats.short_month(day) for day, _amount in months],
        details=[formats.month(day) for day, _amount in months],
        series=[
            charts.Series(gettext("Earlier bills"), [*values, None], "series-1"),
            charts.Series(gettext("This bill"), [*[None] * len(values), Decimal(found.total)], "series-2"),
        ],
        unit=found.account.currency,
        places=2,
    ).figure()
