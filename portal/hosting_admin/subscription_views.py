"""Subscriptions: all of them with what they bring, then one company's plan, its bills, and what is ordered there."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe
from kombu.exceptions import OperationalError

from hosting import plan_queries, plan_tasks, queries
from hosting.operations import following, invoicing, subscriptions
from identity.capabilities import Capability
from kernel.errors import GridhallError, NotFound
from kernel.periods import Period
from portal.hosting_admin import plan_forms as forms
from portal.shared import formats, plan_words, refusals, tables
from portal.shared.access import requires
from tenancy import context

COLUMNS = [
    tables.Column("company", _("Company"), primary=True),
    tables.Column("plan", _("Plan")),
    tables.Column("state", _("State"), kind="status"),
    tables.Column("until", _("Until"), kind="day"),
    tables.Column("collection", _("Pays")),
    tables.Column("points", _("Supply points"), kind="number"),
    tables.Column("month", _("A month"), kind="money"),
]
BILL_COLUMNS = [
    tables.Column("number", _("Invoice"), primary=True),
    tables.Column("made", _("Date"), kind="day"),
    tables.Column("state", _("State"), kind="status"),
    tables.Column("total", _("Total"), kind="money"),
    tables.Column("actions", _("Actions"), kind="actions"),
]
FILTERS = {"": _("All"), "trial": _("Trials"), "owed": _("Overdue"), "ended": _("Ended")}


@require_safe
@requires(Capability.OPERATE_FLEET)
def overview(request: HttpRequest) -> HttpResponse:
    found = plan_queries.overview(at=timezone.now())
    chosen = request.GET.get("show", "")
    rows = [row for row in found.rows if _shown(row, chosen)]
    page = {
        "overview": found,
        "monthly": [formats.money(each) for each in found.monthly] or ["–"],
        "table": tables.paged(request, [_row(each) for each in rows], COLUMNS),
        "filters": [(label, f"?show={name}" if name else "?", name == chosen) for name, label in FILTERS.items()],
    }
    return render(request, "hosting_admin/subscriptions.html", page)


@require_safe
@requires(Capability.OPERATE_FLEET)
def company(request: HttpRequest, code: str) -> HttpResponse:
    return _page(request, code, {})


@require_POST
@requires(Capability.OPERATE_FLEET)
def sign(request: HttpRequest, code: str) -> HttpResponse:
    form = forms.SignForm(request.POST, offers=plan_queries.offers(), stripe=plan_queries.stripe_offered())

    def order(by: dict[str, Any]) -> Any:
        data = form.cleaned_data
        currency = (data.pop("currency") or "").upper()
        return subscriptions.subscribe(code=code, currency=currency, **data, **by)

    return _ordered(request, code, ("sign_form", form), order, gettext("The company is signed up."))


@require_POST
@requires(Capability.OPERATE_FLEET)
def change(request: HttpRequest, code: str) -> HttpResponse:
    form = forms.ChoiceForm(request.POST, offers=plan_queries.offers())
    return _ordered(
        request, code, ("change_form", form),
        lambda by: subscriptions.change_plan(code=code, **form.cleaned_data, **by), gettext("The plan is changed."),
    )  # fmt: skip


@require_POST
@requires(Capability.OPERATE_FLEET)
def collect(request: HttpRequest, code: str) -> HttpResponse:
    form = forms.CollectForm(request.POST, stripe=plan_queries.stripe_offered())
    return _ordered(
        request, code, ("collect_form", form),
        lambda by: subscriptions.collect_by(code=code, **form.cleaned_data, **by), gettext("Saved."),
    )  # fmt: skip


@require_POST
@requires(Capability.OPERATE_FLEET)
def coupon(request: HttpRequest, code: str) -> HttpResponse:
    form = forms.GiveCouponForm(request.POST, coupons=plan_queries.coupons())
    return _ordered(
        request, code, ("coupon_form", form),
        lambda by: subscriptions.give_coupon(code=code, **form.cleaned_data, **by), gettext("Saved."),
    )  # fmt: skip


@require_POST
@requires(Capability.OPERATE_FLEET)
def end(request: HttpRequest, code: str) -> HttpResponse:
    form = forms.EndForm(request.POST)
    return _ordered(
        request, code, ("end_form", form),
        lambda by: subscriptions.end_on(code=code, ends_at=form.ends_at(), **by), gettext("Saved."),
    )  # fmt: skip


@require_POST
@requires(Capability.OPERATE_FLEET)
def ask(request: HttpRequest, code: str) -> HttpResponse:
    """Ask the provider now, and bring the subscription to its state."""
    found = plan_queries.subscription(code=code)
    if found is None:
        raise Http404
    return _deed(
        request, code, lambda at: following.keep_up(subscription_id=found.pk, at=at), gettext("Asked just now.")
    )


@require_POST
@requires(Capability.OPERATE_FLEET)
def issue(request: HttpRequest, invoice_id: int) -> HttpResponse:
    number = request.POST.get("number", "")
    return _bill(
        request, invoice_id, lambda at: invoicing.issue(invoice_id=invoice_id, number=number, at=at),
        gettext("The bill is sent and open."),
    )  # fmt: skip


@require_POST
@requires(Capability.OPERATE_FLEET)
def pay(request: HttpRequest, invoice_id: int) -> HttpResponse:
    return _bill(
        request, invoice_id, lambda at: invoicing.pay(invoice_id=invoice_id, at=at), gettext("The bill is paid.")
    )


@require_POST
@requires(Capability.OPERATE_FLEET)
def void(request: HttpRequest, invoice_id: int) -> HttpResponse:
    return _bill(
        request, invoice_id, lambda at: invoicing.void(invoice_id=invoice_id, at=at), gettext("The bill is void.")
    )


@require_safe
@requires(Capability.OPERATE_FLEET)
def bill(request: HttpRequest, invoice_id: int) -> HttpResponse:
    return plan_words.bill_csv(_invoice(invoice_id))


def _shown(row: plan_queries.Row, chosen: str) -> bool:
    state = row.subscription.state
    return {"trial": state == "trial", "owed": row.owed, "ended": state == "ended"}.get(chosen, True)


def _row(row: plan_queries.Row) -> dict[str, Any]:
    found = row.subscription
    return {
        "subscription": found, "plan": plan_words.title(found.version.titles), "state": plan_words.STATES[found.state],
        "tone": plan_words.TONES[found.state], "until": row.until, "points": row.points, "month": row.month,
        "collection": plan_words.COLLECTIONS[found.collection],
    }  # fmt: skip


def _ordered(
    request: HttpRequest,
    code: str,
    named: tuple[str, django_forms.Form],
    order: Callable[[dict[str, Any]], Any],
    done: str,
) -> HttpResponse:
    """Carry out what was filled in, then bring it to the provider in the background."""
    name, form = named
    if form.is_valid():
        by = {"at": timezone.now(), "actor_id": request.user.pk}
        try:
            found = order(by)
        except context.UnknownRetailer as refusal:
            raise Http404 from refusal
        except GridhallError as refusal:
            refusals.show(form, refusal)
        else:
            with contextlib.suppress(OperationalError):  # the sweep does it
                plan_tasks.follow_subscription.delay(subscription_id=found.pk)
            messages.success(request, done)
            return redirect("hosting:company_plan", code=code)
    return _page(request, code, {name: form}, status=422)


def _bill(request: HttpRequest, invoice_id: int, deed: Callable[[Any], Any], done: str) -> HttpResponse:
    found = _invoice(invoice_id)

    def whole(at: Any) -> None:
        deed(at)
        subscriptions.advance(subscription_id=found.subscription_id, at=at)

    return _deed(request, found.subscription.retailer.code, whole, done)


def _deed(request: HttpRequest, code: str, deed: Callable[[Any], Any], done: str) -> HttpResponse:
    try:
        deed(timezone.now())
    except GridhallError as refusal:
        messages.error(request, refusals.sentence(refusal))
    else:
        messages.success(request, done)
    return redirect("hosting:company_plan", code=code)


def _invoice(invoice_id: int) -> Any:
    try:
        return plan_queries.invoice(invoice_id=invoice_id)
    except NotFound as refusal:
        raise Http404 from refusal


def _page(request: HttpRequest, code: str, filled: dict[str, Any], status: int = 200) -> HttpResponse:
    try:
        retailer = queries.company(code=code, at=timezone.now()).retailer
    except context.UnknownRetailer as refusal:
        raise Http404 from refusal
    found, offers = plan_queries.subscription(code=code), plan_queries.offers()
    stripe = plan_queries.stripe_offered()
    page: dict[str, Any] = {
        "retailer": retailer,
        "tab": "plan",
        "found": found,
        "live": found is not None and found.state != "ended",
    }
    page["sign_form"] = forms.SignForm(offers=offers, stripe=stripe)
    if found is not None:
        used = plan_queries.usage_now(retailer_id=retailer.pk)
        chosen = {"plan": found.version.plan.code, "interval": found.interval}
        bills = [
            {"bill": each, "label": plan_words.BILL_STATES[each.state], "tone": plan_words.BILL_TONES[each.state]}
            for each in plan_queries.company_invoices(code=code, drafts=True)
        ]
        page |= {
            "state": plan_words.STATES[found.state], "tone": plan_words.TONES[found.state],
            "facts": _facts(found, retailer.time_zone),
            "bars": plan_words.bars(found.version.limits, used), "until": plan_queries.state_ends(found),
            "table": tables.paged(request, bills, BILL_COLUMNS),
            "change_form": forms.ChoiceForm(offers=offers, initial=chosen),
            "collect_form": forms.CollectForm(stripe=stripe, initial={"collection": found.collection}),
            "coupon_form": forms.GiveCouponForm(
                coupons=plan_queries.coupons(), initial={"coupon": found.coupon and found.coupon.code}
            ),
            "end_form": forms.EndForm(initial={"ends_on": found.ends_at and found.ends_at.date()}),
        }  # fmt: skip
    return render(request, "hosting_admin/company_plan.html", page | filled, status=status)


def _facts(found: Any, zone: str) -> list[tuple[str, Any]]:
    facts = [
        (gettext("Plan"), f"{plan_words.title(found.version.titles)} · {found.version.number}"),
        (gettext("Price of the plan"), plan_words.price(plan_queries.price_of(found))),
        (gettext("Way of payment"), plan_words.payment(found)),
        (gettext("Signed"), formats.moment(found.signed_at, zone)),
        (gettext("Period"), formats.period(Period(found.period_start, found.period_end)) if found.period_end else "–"),
        (gettext("Credit"), formats.money(found.credit, found.currency)),
    ]
    if found.coupon is not None:
        facts.append((gettext("Coupon"), f"{found.coupon.code} (−{found.coupon.percent.normalize():f} %)"))
    if found.provider_customer:
        facts.append((gettext("Customer at Stripe"), found.provider_customer))
    return facts
