"""Plans, subscriptions, bills and usage, for the operator's pages and for the company's own."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Count, Max, Q, QuerySet

from hosting import models, prices, usage
from hosting.subscription_states import CHARGED, Facts, State, Terms, until
from kernel.errors import NotFound, gettext_noop
from kernel.money import Money
from tenancy import context

SOON = dt.timedelta(days=7)
USAGE_DAYS = 60


@dataclass(frozen=True, slots=True)
class Offer:
    """A plan with its newest version and how many companies have it."""

    plan: models.Plan
    version: models.PlanVersion
    companies: int


@dataclass(frozen=True, slots=True)
class Row:
    """A subscription in the operator's list; ``month`` is what it brings in a month."""

    subscription: models.Subscription
    points: int
    month: Money
    until: dt.datetime | None
    owed: bool


@dataclass(frozen=True, slots=True)
class Overview:
    """All subscriptions with what the host lives on."""

    rows: list[Row]
    monthly: list[Money]
    trials_ending: int
    overdue: int
    drafts: int


def offers(*, all_plans: bool = False) -> list[Offer]:
    """Return the plans in their order with their newest version; those off the list too when asked."""
    with context.use_public():
        plans = models.Plan.objects.annotate(latest=Max("versions__number")).order_by("position", "code")
        rows = list(plans if all_plans else plans.filter(is_offered=True))
        versions = {
            (each.plan_id, each.number): each
            for each in models.PlanVersion.objects.filter(plan__in=[row.pk for row in rows])
        }
        live = models.Subscription.objects.exclude(state=State.ENDED)
        counts = dict(live.values_list("version__plan").annotate(n=Count("id")).values_list("version__plan", "n"))
    return [Offer(row, versions[row.pk, row.latest], counts.get(row.pk, 0)) for row in rows]


def offer(*, code: str) -> Offer:
    """Return a plan, offered or not; raises NotFound."""
    found = next((each for each in offers(all_plans=True) if each.plan.code == code), None)
    if found is None:
        raise NotFound(what=gettext_noop("plan"), name=code)
    return found


def versions(*, code: str) -> list[models.PlanVersion]:
    """Return all versions of a plan, the newest first, each with ``companies`` that have it."""
    with context.use_public():
        count = Count("subscriptions", filter=~Q(subscriptions__state=State.ENDED))
        rows = models.PlanVersion.objects.filter(plan__code=code).annotate(companies=count)
        return list(rows.order_by("-number"))


def coupons() -> list[models.Coupon]:
    """Return the coupons, the newest first."""
    with context.use_public():
        return list(models.Coupon.objects.annotate(companies=Count("subscriptions")).order_by("-made_at", "-id"))


def subscription(*, code: str) -> models.Subscription | None:
    """Return a company's subscription with version, plan and coupon; None without one."""
    with context.use_public():
        return _subscriptions().filter(retailer__code=code).first()


def state_ends(found: models.Subscription) -> dt.datetime | None:
    """Return when the state ends if nobody does anything."""
    return until(Facts.of(found), Terms.of(found.version.terms))


def price_of(found: models.Subscription) -> prices.Price | None:
    """Return what the company signed."""
    return prices.of(found.version.prices, currency=found.currency, interval=found.interval)


def overview(*, at: dt.datetime) -> Overview:
    """Return all subscriptions with their months' worth, summed by currency. Complimentary ones bring nothing."""
    with context.use_public():
        found = list(_subscriptions().order_by("retailer__code"))
        points = _points([each.retailer_id for each in found])
        drafts = models.HostingInvoice.objects.filter(state=models.HostingInvoice.State.DRAFT, source="manual").count()
    rows = [_row(each, points.get(each.retailer_id, 0), at) for each in found]
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        sums[row.month.currency] += row.month.amount
    ending = [
        row
        for row in rows
        if row.subscription.state == State.TRIAL and row.until is not None and row.until - at <= SOON
    ]
    return Overview(
        rows=rows,
        monthly=[Money.rounded(amount, currency) for currency, amount in sorted(sums.items()) if amount],
        trials_ending=len(ending),
        overdue=sum(row.owed for row in rows),
        drafts=drafts,
    )


def invoices(*, code: str) -> QuerySet[models.HostingInvoice]:
    """Return what the host charged a company, the newest first; read it in ``context.use_public()``."""
    rows = models.HostingInvoice.objects.filter(subscription__retailer__code=code)
    return rows.select_related("subscription__version").order_by("-made_at", "-id")


def company_invoices(*, code: str, drafts: bool = False) -> list[models.HostingInvoice]:
    """Return a company's bills, the newest first; drafts are the operator's alone."""
    with context.use_public():
        rows = invoices(code=code)
        return list(rows if drafts else rows.exclude(state=models.HostingInvoice.State.DRAFT))


def owed(*, subscription: models.Subscription) -> list[models.HostingInvoice]:
    """Return the bills a company has not paid, the oldest first."""
    with context.use_public():
        rows = models.HostingInvoice.objects.filter(subscription=subscription, state=models.HostingInvoice.State.OPEN)
        return list(rows.filter(total__gt=0).order_by("made_at", "id"))


def invoice(*, invoice_id: int, code: str = "") -> models.HostingInvoice:
    """Return a bill, of the company ``code`` when named; raises NotFound."""
    with context.use_public():
        rows = models.HostingInvoice.objects.select_related("subscription__retailer", "subscription__version")
        found = (rows.filter(subscription__retailer__code=code) if code else rows).filter(pk=invoice_id).first()
    if found is None:
        raise NotFound(what=gettext_noop("invoice"), name=str(invoice_id))
    return found


def usage_now(*, retailer_id: int) -> dict[str, int]:
    """Return the counts measured last; empty when none was."""
    with context.use_public():
        return usage.latest(retailer_id=retailer_id)


def usage_days(*, retailer_id: int, days: int = USAGE_DAYS) -> list[models.Usage]:
    """Return a company's latest days of usage, the oldest first."""
    with context.use_public():
        rows = models.Usage.objects.filter(retailer_id=retailer_id).order_by("-day")[:days]
        return list(reversed(rows))


def to_bill() -> list[int]:
    """Return the subscriptions that the host bills by hand."""
    return _keys(collection=models.Subscription.Collection.MANUAL, state__in=CHARGED)


def to_advance() -> list[int]:
    """Return the subscriptions that have not ended."""
    with context.use_public():
        return list(models.Subscription.objects.exclude(state=State.ENDED).order_by("id").values_list("id", flat=True))


def to_follow(*, before: dt.datetime) -> list[int]:
    """Return the subscriptions that Stripe was not asked about since ``before``, or is to be told about."""
    stripe = models.Subscription.Collection.STRIPE
    with context.use_public():
        waiting = (
            Q(collection=stripe) & ~Q(state=State.ENDED) & (Q(followed_at__isnull=True) | Q(followed_at__lt=before))
        )
        left = (Q(state=State.ENDED) | ~Q(collection=stripe)) & ~Q(provider_subscription="")
        rows = models.Subscription.objects.filter(waiting | left)
        return list(rows.order_by("id").values_list("id", flat=True))


def messages_waiting(*, before: dt.datetime) -> list[int]:
    """Return the provider's messages that are not worked off."""
    with context.use_public():
        rows = models.BillingMessage.objects.filter(state="new", received_at__lt=before).order_by("id")
        return list(rows.values_list("id", flat=True))


def stripe_offered() -> bool:
    """Return whether the host can collect by Stripe."""
    return bool(settings.STRIPE_SECRET_KEY)


def _keys(**facts: Any) -> list[int]:
    with context.use_public():
        return list(models.Subscription.objects.filter(**facts).order_by("id").values_list("id", flat=True))


def _subscriptions() -> QuerySet[models.Subscription]:
    return models.Subscription.objects.select_related("version__plan", "retailer", "coupon")


def _points(retailers: list[int]) -> dict[int, int]:
    rows = (
        models.Usage.objects.filter(retailer_id__in=retailers).order_by("retailer_id", "-day").distinct("retailer_id")
    )
    return dict(rows.values_list("retailer_id", "supply_points"))


def _row(found: models.Subscription, points: int, at: dt.datetime) -> Row:
    price = price_of(found)
    amount = Decimal(0)
    if price is not None and found.state in CHARGED and found.collection != models.Subscription.Collection.FREE:
        amount = price.of_month(points)
        if found.coupon is not None and (found.coupon_until is None or found.coupon_until > at.date()):
            amount -= amount * found.coupon.percent / 100
    owed = found.unpaid_since is not None and found.state != State.ENDED
    return Row(found, points, Money.rounded(amount, found.currency), state_ends(found), owed)
