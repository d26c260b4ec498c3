"""Plan and usage: what the company signed with its host, what it uses of it, what it pays, and how to change it."""

from __future__ import annotations

import contextlib
import datetime as dt
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from kombu.exceptions import OperationalError

from hosting import fleet_queries, plan_queries, plan_tasks, plans, prices
from hosting.operations import following, subscriptions
from identity.capabilities import Capability
from kernel.errors import GridhallError
from portal.console import pages
from portal.shared import plan_words, refusals, tables
from tenancy import hosts

BILLS_SHOWN = 24
BILL_COLUMNS = [
    tables.Column("number", _("Invoice"), primary=True),
    tables.Column("made", _("Date"), kind="day"),
    tables.Column("state", _("State"), kind="status"),
    tables.Column("total", _("Total"), kind="money"),
    tables.Column("actions", _("Actions"), kind="actions"),
]
PAGE_OF_STRIPE = "https://billing.stripe.com"


@pages.page(Capability.MANAGE_STAFF)
def plan(request: HttpRequest) -> HttpResponse:
    retailer: Any = request.retailer  # type: ignore[attr-defined]
    found = plan_queries.subscription(code=retailer.code)
    page: dict[str, Any] = {"found": found, "zone": pages.zone(request)}
    if found is not None:
        used = plan_queries.usage_now(retailer_id=retailer.pk)
        bills = plan_queries.company_invoices(code=retailer.code)
        page |= {
            "state": plan_words.STATES[found.state], "tone": plan_words.TONES[found.state],
            "facts": _facts(found), "bars": plan_words.bars(found.version.limits, used),
            "features": [(plan_words.FEATURES[name], name in found.version.features) for name in plans.FEATURES],
            "standing": plans.of(retailer), "offers": _offers(found), "until": plan_queries.state_ends(found),
            "table": tables.paged(request, bills, BILL_COLUMNS, size=BILLS_SHOWN),
            "bill_states": plan_words.BILL_STATES, "bill_tones": plan_words.BILL_TONES,
            "pays_online": found.collection == "stripe" and found.provider_customer,
        }  # fmt: skip
    response = render(request, "console/plan.html", page)
    origin = settings.STRIPE_API_BASE or PAGE_OF_STRIPE
    response._csp_update = {"form-action": [origin]}  # type: ignore[attr-defined]
    return response


@pages.action(Capability.MANAGE_STAFF)
def pay(request: HttpRequest) -> HttpResponse:
    """Lead to the provider's own page, where open bills are paid and the card is changed."""
    retailer: Any = request.retailer  # type: ignore[attr-defined]
    back = hosts.address(retailer) + reverse("console:plan")
    try:
        url = following.portal_page(code=retailer.code, return_url=back, language=get_language() or "en")
    except GridhallError as refusal:
        messages.error(request, refusals.sentence(refusal))
        return redirect("console:plan")
    return redirect(url)


@pages.action(Capability.MANAGE_STAFF)
def change(request: HttpRequest) -> HttpResponse:
    chosen, interval = request.POST.get("plan", "")[:40], request.POST.get("interval", "")
    if interval not in prices.MONTHS:
        raise Http404
    done = gettext("The plan is changed. What was paid ahead is set off to the day.")
    return _changed(
        request, "plan.change", chosen, done,
        lambda code, at: subscriptions.change_plan(code=code, plan=chosen, interval=interval, at=at),
    )  # fmt: skip


@pages.action(Capability.MANAGE_STAFF)
def end(request: HttpRequest) -> HttpResponse:
    """End at the end of what is paid, or of the trial."""
    found = _subscription(request)
    now = timezone.now()
    ends = found.trial_ends_at if found.state == "trial" else _end_of_period(found)
    ends = max(ends or now, now)
    done = gettext("The subscription ends by itself; until then everything works.")
    return _changed(
        request, "plan.end", found.version.plan.code, done,
        lambda code, at: subscriptions.end_on(code=code, at=at, ends_at=ends),
    )  # fmt: skip


@pages.action(Capability.MANAGE_STAFF)
def keep(request: HttpRequest) -> HttpResponse:
    done = gettext("The subscription goes on.")
    return _changed(
        request, "plan.keep", "", done, lambda code, at: subscriptions.end_on(code=code, at=at, ends_at=None)
    )


@pages.page(Capability.MANAGE_STAFF)
def bill(request: HttpRequest, invoice_id: int) -> HttpResponse:
    found = plan_queries.invoice(invoice_id=invoice_id, code=request.retailer.code)  # type: ignore[attr-defined]
    if found.state == "draft":
        raise Http404
    return plan_words.bill_csv(found)


def _changed(request: HttpRequest, action: str, subject: str, done: str, operation: Any) -> HttpResponse:
    code: str = request.retailer.code  # type: ignore[attr-defined]
    try:
        found = operation(code, timezone.now())
    except GridhallError as refusal:
        messages.error(request, refusals.sentence(refusal))
        return redirect("console:plan")
    pages.note(request, action, subject or code)
    with contextlib.suppress(OperationalError):  # the sweep does it
        plan_tasks.follow_subscription.delay(subscription_id=found.pk)
    messages.success(request, done)
    return redirect("console:plan")


def _subscription(request: HttpRequest) -> Any:
    found = plan_queries.subscription(code=request.retailer.code)  # type: ignore[attr-defined]
    if found is None:
        raise Http404
    return found


def _end_of_period(found: Any) -> dt.datetime | None:
    return dt.datetime.combine(found.period_end, dt.time(), tzinfo=dt.UTC) if found.period_end else None


def _facts(found: Any) -> list[tuple[str, Any]]:
    facts = [
        (gettext("Plan"), plan_words.title(found.version.titles)),
        (gettext("Price of the plan"), plan_words.price(plan_queries.price_of(found))),
        (gettext("Way of payment"), plan_words.payment(found)),
        (gettext("Backups"), plan_words.backups(fleet_queries.backups_of(code=found.retailer.code))),
        *[pair for pair in plan_words.limits(found.version.limits) if pair[0] == plan_words.LIMITS["retention_months"]],
    ]
    if found.coupon is not None:
        facts.append((gettext("Coupon"), f"{found.coupon.code} (−{found.coupon.percent.normalize():f} %)"))
    return facts


def _offers(found: Any) -> list[dict[str, Any]]:
    """Return each plan on offer in the company's currency and rhythm, its own one marked."""
    shown = []
    for each in plan_queries.offers():
        price = prices.of(each.version.prices, currency=found.currency, interval=found.interval)
        if price is not None:
            shown.append({
                "code": each.plan.code, "title": plan_words.title(each.version.titles),
                "summary": plan_words.title(each.version.summaries), "price": plan_words.price(price),
                "limits": plan_words.limits(each.version.limits), "here": each.version.pk == found.version_id,
                "features": [plan_words.FEATURES[name] for name in each.version.features],
                "without": [
                    plan_words.FEATURES[name] for name in found.version.features if name not in each.version.features
                ],
            })  # fmt: skip
    return shown
