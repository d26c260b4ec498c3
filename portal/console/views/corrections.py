"""Bills that would be others today: looked at line by line, approved with all that follows, or left as they are."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _

from billing.corrections import operations, queries
from identity.capabilities import Capability
from kernel import texts
from kernel.errors import GridhallError
from portal.console import pages
from portal.console.forms import corrections as forms
from portal.shared import charts, formats, refusals, tables

COLUMNS = [
    tables.Column("choose", ""),
    tables.Column("bill", _("Bill"), sort="invoice__number", primary=True),
    tables.Column("customer", _("Customer"), sort="account__customer__number"),
    tables.Column("period", _("Supply period"), sort="period"),
    tables.Column("state", _("State"), kind="status", sort="state"),
    tables.Column("why", _("What changed")),
    tables.Column("energy", _("Energy"), kind="energy"),
    tables.Column("difference", _("Difference"), kind="money", sort="difference"),
    tables.Column("needs", _("Decided by"), sort="needs"),
]
PREVIEW_COLUMNS = COLUMNS[1:]
LINE_COLUMNS = [
    tables.Column("line", _("Line"), primary=True),
    tables.Column("before_quantity", _("Quantity billed"), kind="number"),
    tables.Column("after_quantity", _("Quantity now"), kind="number"),
    tables.Column("before", _("Billed"), kind="money"),
    tables.Column("after", _("Now"), kind="money"),
    tables.Column("difference", _("Difference"), kind="money"),
]
CHAIN_COLUMNS = [
    tables.Column("bill", _("Bill"), primary=True),
    tables.Column("period", _("Supply period")),
    tables.Column("before", _("Billed"), kind="money"),
    tables.Column("after", _("Now"), kind="money"),
    tables.Column("difference", _("Difference"), kind="money"),
]
MOST_STEPS = 12


@pages.page(Capability.SEE_BILLS)
def corrections(request: HttpRequest) -> HttpResponse:
    form, wanted = pages.filters(request, forms.CorrectionFilter)
    found = queries.corrections(state=wanted["state"], needs=wanted["needs"], what=wanted["what"], search=wanted["q"])
    table = tables.paged(request, found, COLUMNS, size=50)
    page = {
        "form": form,
        "table": _told(table),
        "counts": queries.state_counts(),
        "totals": sorted(queries.waiting_totals().items()),
        "suspects": queries.suspects(),
        "last_look": queries.last_look(),
    }
    return render(request, "console/corrections/queue.html", page)


@pages.page(Capability.SEE_BILLS)
def correction(request: HttpRequest, correction_id: int) -> HttpResponse:
    return render(request, "console/corrections/correction.html", _page(correction_id, forms.DismissForm()))


@pages.page(Capability.ISSUE_BILLS)
def preview(request: HttpRequest) -> HttpResponse:
    """Show what approving the ticked corrections comes to."""
    chosen = _chosen(request.GET.getlist("item"))
    rows = [row for row in queries.of_chains(correction_ids=chosen) if row.state == "rated"]
    if not rows:
        messages.error(request, gettext("Nothing to approve: tick corrections that are rated."))
        return redirect("console:corrections")
    shown = operations.preview_many(correction_ids=[row.pk for row in rows])
    title = gettext("Approve corrections")
    totals = [(currency, shown.before[currency], shown.after[currency]) for currency in sorted(shown.after)]
    page = {
        "table": _told(tables.Table(columns=PREVIEW_COLUMNS, rows=rows)),
        "totals": [(currency, before, after, after - before) for currency, before, after in totals],
        "title": title,
        "crumbs": [(gettext("Corrections of bills"), reverse("console:corrections")), (title, "")],
    }
    return render(request, "console/corrections/approve.html", page)


@pages.action(Capability.RUN_BILLS)
def run(request: HttpRequest) -> HttpResponse:
    count = operations.run_now(at=timezone.now())
    pages.note(request, "correction.look", f"{count} open")
    done = ngettext("{count} correction is open.", "{count} corrections are open.", count)
    messages.success(request, done.format(count=formats.number(count)))
    return redirect("console:corrections")


@pages.action(Capability.RUN_BILLS)
def rate(request: HttpRequest, correction_id: int) -> HttpResponse:
    row = queries.correction(correction_id=correction_id)
    operations.preview(correction_id=row.pk, at=timezone.now())
    pages.note(request, "correction.rate", f"bill {row.invoice.number}")
    messages.success(request, gettext("The bill is rated anew from the readings and prices there are now."))
    return redirect("console:correction", correction_id=correction_id)


@pages.action(Capability.ISSUE_BILLS)
def approve(request: HttpRequest, correction_id: int) -> HttpResponse:
    row = queries.correction(correction_id=correction_id)
    try:
        outcome = operations.approve(
            correction_id=row.pk, by=request.user, at=timezone.now(), expected=_amount(request.POST.get("expected", ""))
        )
    except GridhallError as refusal:
        messages.error(request, refusals.sentence(refusal))
    else:
        pages.note(request, "correction.approve", f"bill {row.invoice.number}", done=outcome.done)
        messages.success(request, _said(outcome))
    return redirect("console:correction", correction_id=correction_id)


@pages.action(Capability.ISSUE_BILLS)
def dismiss(request: HttpRequest, correction_id: int) -> HttpResponse:
    row = queries.correction(correction_id=correction_id)

    def operation() -> None:
        operations.dismiss(
            correction_id=row.pk, note=request.POST.get("note", "")[:400], at=timezone.now(), by=request.user
        )
        pages.note(request, "correction.dismiss", f"bill {row.invoice.number}")

    done = gettext("The bill stays as it is. It comes back when something else changes.")
    return pages.carry_out(request, operation, done=done, then=reverse("console:correction", args=[correction_id]))


@pages.action(Capability.ISSUE_BILLS)
def approve_many(request: HttpRequest) -> HttpResponse:
    try:
        made = operations.approve_many(
            correction_ids=_chosen(request.POST.getlist("item")),
            by=request.user,
            at=timezone.now(),
            seen=_seen(request.POST.getlist("seen")),
        )
    except GridhallError as refusal:
        messages.error(request, refusals.sentence(refusal))
        return redirect("console:corrections")
    pages.note(request, "correction.approve_many", f"{made.done} bills", waiting=made.waiting)
    done = ngettext("{count} bill is corrected.", "{count} bills are corrected.", made.done)
    messages.success(request, done.format(count=formats.number(made.done)))
    if made.waiting:
        waits = ngettext("{count} waits for a second person.", "{count} wait for a second person.", made.waiting)
        messages.info(request, waits.format(count=formats.number(made.waiting)))
    for number, fault in made.refused:
        messages.error(request, f"{number}: {refusals.sentence(fault)}")
    return redirect("console:corrections")


def _page(correction_id: int, form: forms.DismissForm) -> dict[str, Any]:
    row = queries.correction(correction_id=correction_id)
    chain = queries.of_chain(correction=row)
    rated = [(Decimal(each.before), Decimal(each.after)) for each in chain if each.after is not None]
    return {
        "correction": row,
        "said": queries.reason_sentences(correction=row),
        "days": _days(row),
        "lines": tables.Table(columns=LINE_COLUMNS, rows=_lines(row)),
        "figure": _waterfall(row),
        "chain": tables.Table(columns=CHAIN_COLUMNS, rows=chain) if len(chain) > 1 else None,
        "expected": sum((after for _before, after in rated), Decimal(0)),
        "change": sum((after - before for before, after in rated), Decimal(0)),
        "trace": queries.trace_of(invoice_id=row.invoice_id),
        "form": form,
        "crumbs": [(gettext("Corrections of bills"), reverse("console:corrections")), (row.invoice.number, "")],
    }


def _lines(row: Any) -> list[dict[str, Any]]:
    found, language = [], get_language() or "en"
    for line in row.lines:
        before, after = line["before"] or {}, line["after"] or {}
        amounts = [Decimal(side.get("amount") or 0) for side in (before, after)]
        found.append(
            {
                "title": texts.pick(line["titles"], language),
                "identifier": line["identifier"],
                "unit": after.get("unit") or before.get("unit") or "",
                "before_quantity": _number(before.get("quantity")),
                "after_quantity": _number(after.get("quantity")),
                "before": amounts[0] if before else None,
                "after": amounts[1] if after else None,
                "difference": amounts[1] - amounts[0],
            }
        )
    return found


def _days(row: Any) -> list[dict[str, Any]]:
    """The days of readings that changed, in kWh."""
    return [
        {**day, "identifier": cause.get("identifier", ""), "register": cause.get("register", "")}
        for cause in row.reasons
        if cause["what"] == "readings"
        for day in cause.get("days", ())
    ]


def _waterfall(row: Any) -> Any:
    """From the bill that is out to the one that would take its place, line by line."""
    changes = [(line["title"], line["difference"]) for line in _lines(row) if line["difference"]]
    if row.after is None or not changes:
        return None
    changes.sort(key=lambda each: -abs(each[1]))
    steps = [charts.Step(gettext("Billed"), Decimal(row.before), total=True)]
    steps += [charts.Step(title, amount) for title, amount in changes[:MOST_STEPS]]
    rest = sum((amount for _title, amount in changes[MOST_STEPS:]), Decimal(0))
    steps += [charts.Step(gettext("Others"), rest)] if rest else []
    steps.append(charts.Step(gettext("Now"), Decimal(row.after), total=True))
    return charts.Waterfall(gettext("What changes"), steps, symbol=formats.symbol(row.currency)).figure()


def _told(table: tables.Table) -> tables.Table:
    for row in table.rows:
        row.said = queries.reason_sentences(correction=row)
    return table


def _said(outcome: Any) -> str:
    if outcome.done:
        return gettext("The bills are credited and billed anew.")
    if any(row.state == "approved" for row in outcome.corrections):
        return gettext("It is approved, and acted on when the account is held no more.")
    return gettext("It is approved; another person seconds it.")


def _chosen(values: list[str]) -> list[int]:
    return [int(each) for each in values if each.isdecimal()][: operations.MOST_AT_ONCE]


def _seen(values: list[str]) -> dict[int, Decimal]:
    """What each bill came to on the page: "key:amount"."""
    pairs = [(key, _amount(amount)) for key, _mark, amount in (each.partition(":") for each in values)]
    return {int(key): amount for key, amount in pairs if key.isdecimal() and amount is not None}


def _amount(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
