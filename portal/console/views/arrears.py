"""Collections: how old what is owed is, the cases, and an account's history with what can be agreed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from billing.arrears import operations, policies, queries
from billing.invoices import queries as invoice_queries
from identity.capabilities import Capability
from kernel.errors import GridhallError
from kernel.money import Money
from portal.console import arrears_words, csv_files, pages
from portal.console.forms import arrears as forms
from portal.shared import refusals, tables
from tenants.customers import queries as customer_queries

CASE_COLUMNS = [
    tables.Column("account", _("Account"), sort="account__number", primary=True),
    tables.Column("customer", _("Customer"), sort="account__customer__number"),
    tables.Column("overdue", _("Overdue"), kind="money", sort="overdue"),
    tables.Column("since", _("Due since"), kind="day", sort="due_since"),
    tables.Column("state", _("State"), kind="status", sort="state"),
    tables.Column("step", _("Steps taken"), kind="number", sort="step"),
    tables.Column("next", _("Next step"), kind="day", sort="next_on"),
]


@pages.page(Capability.SEE_ARREARS)
def overview(request: HttpRequest) -> HttpResponse:
    on = pages.today(request)
    page = {
        "ageing": [arrears_words.ageing_table(each) for each in queries.ageing(on=on)],
        "open_cases": queries.open_cases_count(),
        "work": queries.work_list(on=on).count(),
        "waiting": queries.waivers(state="asked").count() + queries.write_offs(state="asked").count(),
        "today": on,
    }
    return render(request, "console/arrears/overview.html", page)


@pages.page(Capability.SEE_ARREARS)
def cases(request: HttpRequest) -> HttpResponse:
    form, wanted = pages.filters(request, forms.CaseFilter)
    found = queries.cases(state=wanted["state"], search=wanted["q"])
    if wanted["work"]:
        found = found & queries.work_list(on=pages.today(request))
    table = tables.paged(request, found, CASE_COLUMNS, default="-overdue")
    for row in table.rows:
        row.sentence = queries.rest_sentence(reason=row.reason)
    page = {"form": form, "table": table, "agencies": queries.agencies()}
    return render(request, "console/arrears/cases.html", page)


@pages.action(Capability.WORK_ARREARS)
def bulk(request: HttpRequest) -> HttpResponse:
    """Show what would be done with the chosen cases; done only when a person is sure."""
    form = forms.BulkForm(_chosen(request))
    if not form.is_valid():
        messages.error(request, gettext("Choose cases and what to do with them."))
        return redirect("console:arrears_cases")
    given = form.cleaned_data
    chosen = list(queries.cases().filter(pk__in=given["case"]))
    if not given["sure"]:
        page = {"given": given, "chosen": chosen, "crumbs": _crumbs(gettext("Many at once"))}
        return render(request, "console/arrears/bulk.html", page)
    done = sum(_bulk_one(request, case, given) for case in chosen)
    pages.note(request, f"arrears.bulk_{given['deed']}", f"{done} cases")
    messages.success(request, ngettext("{n} case changed.", "{n} cases changed.", done).format(n=done))
    return redirect("console:arrears_cases")


def _chosen(request: HttpRequest) -> Any:
    """What was sent; a button that names an agency hands over to it."""
    data: Any = request.POST.copy()
    if data.get("place"):
        data["deed"], data["agency"] = "place", data["place"]
    return data


def _bulk_one(request: HttpRequest, case: Any, given: dict[str, Any]) -> int:
    on = pages.today(request)
    try:
        if given["deed"] == "hold":
            note = given["note"] or gettext("Kept back with others")
            operations.hold(account_id=case.account_id, kind="manual", note=note, since=on, **pages.signed(request))
        else:
            operations.place(account_id=case.account_id, agency=given["agency"], on=on, **pages.signed(request))
    except GridhallError as refusal:
        messages.error(request, f"{case.account.number}: {refusals.sentence(refusal)}")
        return 0
    return 1


@pages.page(Capability.SEE_ARREARS)
def cases_csv(request: HttpRequest) -> HttpResponse:
    heads = ["account", "customer", "overdue", "currency", "due_since", "state", "reason", "steps", "next_on"]
    rows = [
        [
            row.account.number,
            row.account.customer.name,
            row.overdue,
            row.currency,
            row.due_since,
            row.state,
            row.reason,
            row.step,
            row.next_on,
        ]
        for row in queries.cases()
    ]
    return csv_files.response(name="cases", heads=heads, rows=rows)


@pages.page(Capability.SEE_ARREARS)
def account(request: HttpRequest, number: str) -> HttpResponse:
    found, on = customer_queries.account(number=number), pages.today(request)
    known = queries.collection_of(account_id=found.pk, on=on)
    check = queries.check_of(case=known.case, on=on) if known.case else None
    standing = known.standing
    page = {
        "account": found,
        "known": known,
        "sentence": queries.rest_sentence(reason=known.case.reason) if known.case else "",
        "check": arrears_words.check_rows(check),
        "legal": bool(check and check.legal and not _is_stopping(known)),
        "events": [arrears_words.event(event, request.LANGUAGE_CODE) for event in known.events],  # type: ignore[attr-defined]
        "fees": [arrears_words.fee(part) for part in known.late_fees],
        "promise_form": forms.PromiseForm(initial={"amount": known.owed.amount if known.owed else None}),
        "plan_form": forms.PlanForm(initial={"count": 3, "first_on": on}),
        "hold_form": forms.HoldForm(),
        "standing_form": _standing_form(None, standing),
        "write_off_form": forms.WriteOffForm(initial={"amount": known.overdue.amount if known.overdue else None}),
        "waiver_form": forms.WaiverForm(initial=_waivable(known)),
        "deposit_form": forms.DepositForm(initial={"amount": operations.expect_deposit(account_id=found.pk) or None}),
        "flags": [arrears_words.FLAGS.get(flag, flag) for flag in standing.flags] if standing else [],
        "agencies": queries.agencies(),
        "neighbours": _neighbours(known.case),
        "today": on,
        "crumbs": _crumbs(found.number),
    }
    return render(request, "console/arrears/account.html", page)


@pages.action(Capability.WORK_ARREARS)
def promise(request: HttpRequest, number: str) -> HttpResponse:
    return _deed(
        request,
        number,
        forms.PromiseForm(request.POST),
        lambda found, given: operations.promise(
            account_id=found.pk,
            amount=Money.rounded(given["amount"], found.currency),
            due_on=given["due_on"],
            source="staff",
            on=pages.today(request),
            **pages.signed(request),
        ),
        word="arrears.promise",
        done=gettext("The promise is noted; dunning rests until then."),
    )


@pages.action(Capability.WORK_ARREARS)
def plan(request: HttpRequest, number: str) -> HttpResponse:
    return _deed(
        request,
        number,
        forms.PlanForm(request.POST),
        lambda found, given: operations.make_plan(
            account_id=found.pk, **given, source="staff", on=pages.today(request), **pages.signed(request)
        ),
        word="arrears.plan",
        done=gettext("The plan is made; dunning rests while it is kept."),
    )


@pages.action(Capability.WORK_ARREARS)
def hold(request: HttpRequest, number: str) -> HttpResponse:
    return _deed(
        request,
        number,
        forms.HoldForm(request.POST),
        lambda found, given: operations.hold(
            account_id=found.pk, **given, since=pages.today(request), **pages.signed(request)
        ),
        word="arrears.hold",
        done=gettext("Dunning rests."),
    )


@pages.action(Capability.WORK_ARREARS)
def release(request: HttpRequest, number: str, hold_id: int) -> HttpResponse:
    found = customer_queries.account(number=number)
    known = queries.collection_of(account_id=found.pk, on=pages.today(request))
    if hold_id not in {each.pk for each in known.holds}:
        raise Http404
    return pages.carry_out(
        request,
        lambda: operations.end_hold(hold_id=hold_id, on=pages.today(request)),
        done=gettext("Dunning goes on."),
        then=_home(number),
    )


@pages.action(Capability.WORK_ARREARS)
def standing(request: HttpRequest, number: str) -> HttpResponse:
    return _deed(
        request,
        number,
        _standing_form(request.POST, None),
        lambda found, given: operations.set_standing(account_id=found.pk, **given, **pages.signed(request)),
        word="arrears.standing",
        done=gettext("Noted."),
    )


@pages.action(Capability.WORK_ARREARS)
def write_off(request: HttpRequest, number: str) -> HttpResponse:
    return _deed(
        request,
        number,
        forms.WriteOffForm(request.POST),
        lambda found, given: operations.ask_write_off(
            account_id=found.pk,
            amount=Money.rounded(given["amount"], found.currency),
            reason=given["reason"],
            on=pages.today(request),
            **pages.signed(request),
        ),
        word="arrears.write_off",
        done=gettext("A colleague decides about it now."),
    )


@pages.action(Capability.WORK_ARREARS)
def waive(request: HttpRequest, number: str) -> HttpResponse:
    def ask(found: Any, given: dict[str, Any]) -> Any:
        bill = invoice_queries.invoice(number=given["invoice"], customer=found.customer).invoice
        amount = Money.rounded(given["amount"], found.currency)
        return operations.ask_waiver(invoice_id=bill.pk, amount=amount, reason=given["reason"], **pages.signed(request))

    done = gettext("A colleague decides about it now.")
    return _deed(request, number, forms.WaiverForm(request.POST), ask, word="arrears.waive", done=done)


@pages.action(Capability.WORK_ARREARS)
def place(request: HttpRequest, number: str) -> HttpResponse:
    return _deed(
        request,
        number,
        forms.PlaceForm(request.POST),
        lambda found, given: operations.place(
            account_id=found.pk, agency=given["agency"], on=pages.today(request), **pages.signed(request)
        ),
        word="arrears.place",
        done=gettext("The debt is at the agency."),
    )


@pages.action(Capability.APPROVE_ARREARS)
def stop(request: HttpRequest, number: str) -> HttpResponse:
    """Order that supply be stopped; refused with the conditions that are not met."""
    found = customer_queries.account(number=number)
    case = queries.case_of_account(account_id=found.pk)
    if case is None:
        raise Http404

    def ordered() -> None:
        operations.request_stop(case=case, on=pages.today(request), **pages.signed(request))
        pages.note(request, "arrears.stop", f"account {number}")

    return pages.carry_out(request, ordered, done=gettext("The order stands."), then=_home(number))


@pages.action(Capability.WORK_ARREARS)
def authority(request: HttpRequest, number: str) -> HttpResponse:
    """Note that the authority got its copy of the notice."""
    case = queries.case_of_account(account_id=customer_queries.account(number=number).pk)
    if case is None:
        raise Http404
    return pages.carry_out(
        request,
        lambda: operations.note_authority_copy(case_id=case.pk, on=pages.today(request), **pages.signed(request)),
        done=gettext("Noted."),
        then=_home(number),
    )


def _deed(
    request: HttpRequest,
    number: str,
    form: Any,
    operation: Callable[[Any, dict[str, Any]], Any],
    *,
    word: str,
    done: str,
) -> HttpResponse:
    """Carry out what a dialog of the account's page asks for; a wrong field is told like a refusal."""
    found = customer_queries.account(number=number)
    if not form.is_valid():
        for name, faults in form.errors.items():
            label = form.fields[name].label if name in form.fields else ""
            messages.error(request, f"{label}: {' '.join(faults)}")
        return redirect(_home(number))

    def carried_out() -> None:
        operation(found, form.cleaned_data)
        pages.note(request, word, f"account {number}")

    return pages.carry_out(request, carried_out, done=done, then=_home(number))


def _is_stopping(known: Any) -> bool:
    """Whether a stop is ordered already."""
    return any(order.kind == "stop" and order.state in ("requested", "dispatched") for order in known.orders)


def _standing_form(data: Any, standing: Any) -> forms.StandingForm:
    initial = (
        {"credit_class": standing.credit_class, "flags": standing.flags, "note": standing.note} if standing else {}
    )
    return forms.StandingForm(
        data,
        initial=initial,
        classes=[(name, arrears_words.CLASSES.get(name, name)) for name in policies.credit_classes()],
        protections=[(name, arrears_words.FLAGS.get(name, name)) for name in policies.protections()],
    )


def _waivable(known: Any) -> dict[str, Any]:
    part = next(iter(known.late_fees), None)
    return {"invoice": part.invoice.number, "amount": part.total} if part else {}


def _neighbours(case: Any) -> dict[str, str]:
    """The accounts before and after this one in the queue, so that it is worked through without going back."""
    if case is None:
        return {}
    numbers = list(queries.cases().values_list("account__number", flat=True))
    place = numbers.index(case.account.number)
    found = {"previous": place - 1, "next": place + 1}
    return {name: _home(numbers[at]) for name, at in found.items() if 0 <= at < len(numbers)}


def _home(number: str) -> str:
    return reverse("console:arrears_account", args=[number])


def _crumbs(here: str) -> list[tuple[str, str]]:
    return [
        (gettext("Arrears"), reverse("console:arrears")),
        (gettext("Cases"), reverse("console:arrears_cases")),
        (here, ""),
    ]
