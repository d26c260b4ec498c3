"""Stripe Billing: a customer and a subscription for each company that pays there, and what Stripe says of them.

Nothing is believed that a message brings: the state is fetched from the subscription and its invoices. Each step may
be taken again: what Stripe has already is found by our marks in its metadata.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeVar

import stripe
from django.conf import settings
from django.db import transaction

from hosting import models, prices, session_locks, stripe_client
from hosting.operations import subscriptions
from hosting.subscription_states import State
from kernel.errors import Conflict, GridhallError, gettext_noop
from kernel.money import Money, minor_places
from tenancy import context

COMPANY, ROUND = "gridhall_company", "gridhall_round"
EVENT_NAME = "gridhall_supply_point_days"
METER_TITLE = "Supply-point days"
BASE, POINT = "base", "point"
PAGE_SIZE = 100
NEVER_PAID, GIVEN_UP = "incomplete", "incomplete_expired"
DEAD = ("canceled", GIVEN_UP)
BY_DEBT = "payment_failed"
SAID_LONGEST = 200
STRIPE = models.Subscription.Collection.STRIPE
Invoice = models.HostingInvoice
_STATES = {"draft": Invoice.State.DRAFT, "open": Invoice.State.OPEN, "paid": Invoice.State.PAID}
_LOCALES = {"zh-hans": "zh", "en": "en"}
T = TypeVar("T")


class StripeNotSet(GridhallError):
    """The host has no key of Stripe."""

    code = "hosting_stripe_not_set"
    template = gettext_noop("Stripe is not set up at this host. Bill this company by hand.")


class StripeSilent(GridhallError):
    """Stripe did not answer; it is tried again."""

    code = "hosting_stripe_silent"
    template = gettext_noop("The payment provider did not answer. It is tried again by itself.")


class StripeRefused(GridhallError):
    """Stripe did not do what it was asked for."""

    code = "hosting_stripe_refused"
    template = gettext_noop("The payment provider refused: {said}")


def client() -> stripe.StripeClient:
    """Return the client of the host's own account; raises StripeNotSet."""
    if not settings.STRIPE_SECRET_KEY:
        raise StripeNotSet()
    return stripe_client.client(key=settings.STRIPE_SECRET_KEY)


def said(ask: Callable[[], T]) -> T:
    """Ask and turn Stripe's refusals into ours; raises StripeSilent or StripeRefused."""
    try:
        return ask()
    except (stripe.APIConnectionError, stripe.RateLimitError, stripe.APIError) as error:
        raise StripeSilent() from error
    except stripe.StripeError as error:
        text = error.user_message or type(error).__name__
        raise StripeRefused(said=text[:SAID_LONGEST].replace("{", "(").replace("}", ")")) from error


def keep_up(*, subscription_id: int, at: dt.datetime) -> State:
    """Make at Stripe what is missing there, bring it to the plan, follow what it says, and advance.

    One entrance for the sweep, for messages and for buttons, for one of them at a time: two would each make a
    subscription there, and an older answer overwrite a newer one. Raises StripeSilent, StripeRefused, StripeNotSet.
    """
    with context.use_public(), session_locks.waited_for(session_locks.SUBSCRIPTION, subscription_id):
        found = _subscription(subscription_id)
        if found.collection == STRIPE and found.state != State.ENDED:
            if not found.provider_subscription:
                open_account(found)
            if found.followed_at is None:
                put_plan(found, on=at.date())
            follow(found, at=at)
        elif found.provider_subscription:
            stop(found)
    return subscriptions.advance(subscription_id=subscription_id, at=at)


def open_account(found: models.Subscription) -> None:
    """Make the customer and the subscription, once; what an earlier try made is found by its round."""
    ask, retailer = client().v1, found.retailer
    if not found.provider_customer:
        facts: Any = {"name": retailer.legal_name or retailer.code, "metadata": {COMPANY: retailer.code}}
        key = {"idempotency_key": f"gridhall-host-{retailer.schema_name}-customer"}
        found.provider_customer = str(said(lambda: ask.customers.create(facts, options=key)).id)  # type: ignore[arg-type]
        found.save(update_fields=["provider_customer"])
    listed = said(lambda: ask.subscriptions.list({"customer": found.provider_customer, "limit": PAGE_SIZE}))
    mine = [each for each in listed.auto_paging_iter() if _round_of(each) == str(found.provider_round)]
    made = mine[0] if mine else said(lambda: ask.subscriptions.create(_wanted(found)))
    found.provider_subscription = str(made.id)
    found.save(update_fields=["provider_subscription"])


def put_plan(found: models.Subscription, *, on: dt.date) -> None:
    """Bring the subscription there to our version, coupon and end; what is so already is left alone.

    A change of plan is prorated and billed at once by Stripe.
    """
    ask, key = client().v1, found.provider_subscription
    there = said(lambda: ask.subscriptions.retrieve(key, {"expand": ["discounts"]})).to_dict()
    if there["status"] in DEAD:
        return
    changes: dict[str, Any] = {}
    items = _changed_items(found, there)
    if items:
        changes |= {"items": items, "proration_behavior": "always_invoice"}
    over = found.coupon_until is not None and found.coupon_until <= on
    coupon = "" if over else _coupon_of(found)
    if _coupons_there(there) != ([coupon] if coupon else []):
        changes["discounts"] = [{"coupon": coupon}] if coupon else ""
    if found.ends_at and not there["cancel_at"]:
        changes["cancel_at"] = int(found.ends_at.timestamp())
    elif there["cancel_at"] and not found.ends_at:
        changes["cancel_at"] = ""
    if changes:
        said(lambda: ask.subscriptions.update(key, changes))  # type: ignore[arg-type]


def stop(found: models.Subscription) -> None:
    """End the subscription there: the company pays another way, or not at all any more. It keeps its invoices."""
    ask, key = client().v1, found.provider_subscription
    there = said(lambda: ask.subscriptions.retrieve(key))
    if there.status not in DEAD:
        said(lambda: ask.subscriptions.cancel(key, {"prorate": True}))
    with transaction.atomic():
        row = models.Subscription.objects.select_for_update().get(pk=found.pk)
        row.provider_subscription, row.provider_round = "", row.provider_round + 1
        row.save(update_fields=["provider_subscription", "provider_round"])


def follow(found: models.Subscription, *, at: dt.datetime) -> None:
    """Fetch the subscription and its customer's invoices and write down what they say; the newest answer wins."""
    ask = client().v1
    there = said(lambda: ask.subscriptions.retrieve(found.provider_subscription)).to_dict()
    listed = said(lambda: ask.invoices.list({"customer": found.provider_customer, "limit": PAGE_SIZE}))
    invoices = [each.to_dict() for each in listed.auto_paging_iter()]
    with transaction.atomic():
        row = models.Subscription.objects.select_for_update(of=("self",)).select_related("version").get(pk=found.pk)
        for each in invoices:
            _keep_invoice(row, each, at)
        row.unpaid_since = _unpaid_since(row, there, invoices, at)
        row.trial_ends_at = _instant(there["trial_end"]) if there["trial_end"] else row.trial_ends_at
        if there["status"] != "trialing" and row.trial_ends_at and row.trial_ends_at > at:
            row.trial_ends_at = at
        _follow_end(row, there)
        _follow_period(row, there)
        if _signed(row) == _signed(found):  # else it was changed meanwhile and is still to be put there
            row.followed_at = at
        row.save()


def portal_page(*, code: str, return_url: str, language: str) -> str:
    """Return the address of Stripe's page on which the company pays and changes its card; raises Conflict."""
    with context.use_public():
        found = models.Subscription.objects.filter(retailer__code=code).first()
    if found is None or not found.provider_customer:
        raise Conflict(reason=gettext_noop("this company does not pay by the payment provider."))
    wanted: Any = {
        "customer": found.provider_customer, "return_url": return_url, "locale": _LOCALES.get(language, "auto"),
    }  # fmt: skip
    return str(said(lambda: client().v1.billing_portal.sessions.create(wanted)).url)


def _unpaid_since(
    row: models.Subscription, there: Mapping[str, Any], invoices: list[dict[str, Any]], at: dt.datetime
) -> dt.datetime | None:
    """Return since when money is owed. Stripe takes the first bill of a subscription back after a day without payment:
    that ends no debt, else a card that never pays would have a day's grace again and again.
    """
    moments = [_instant(each["created"]) for each in invoices if _is_owed(each, at)]
    if there["status"] in (NEVER_PAID, GIVEN_UP):
        moments += [_instant(there["created"]), *([row.unpaid_since] if row.unpaid_since else [])]
    return min(moments, default=None)


def _follow_end(row: models.Subscription, there: Mapping[str, Any]) -> None:
    """A subscription that Stripe gave up for debt runs through our own stages; once it is paid a new one is made.

    One whose first bill was never paid is made anew at once, so that a card that was changed meanwhile is tried.
    """
    if there["status"] not in DEAD:
        return
    if there["status"] == GIVEN_UP:
        row.provider_subscription, row.provider_round = "", row.provider_round + 1
        return
    reason = (there["cancellation_details"] or {}).get("reason")
    if reason != BY_DEBT:
        row.ends_at = _instant(there["ended_at"])
    elif row.unpaid_since is None and row.state != State.ENDED:
        row.provider_subscription, row.provider_round = "", row.provider_round + 1


def _follow_period(row: models.Subscription, there: Mapping[str, Any]) -> None:
    item = there["items"]["data"][0]
    start, end = _instant(item["current_period_start"]).date(), _instant(item["current_period_end"]).date()
    if start < end:
        row.period_start, row.period_end = start, end


def _is_owed(invoice: Mapping[str, Any], at: dt.datetime) -> bool:
    if invoice["status"] != "open" or not invoice["amount_remaining"]:
        return False
    overdue = invoice["due_date"] is not None and _instant(invoice["due_date"]) <= at
    return bool(invoice["attempted"] or invoice["attempt_count"] or overdue)


def _keep_invoice(row: models.Subscription, there: Mapping[str, Any], at: dt.datetime) -> None:
    currency = there["currency"].upper()
    moments = there["status_transitions"]
    facts = {
        "subscription": row, "source": STRIPE, "state": _STATES.get(there["status"], Invoice.State.VOID),
        "number": there["number"] or "", "currency": currency, "total": _money(there["total"], currency).amount,
        "made_at": _instant(there["created"]), "failed": _is_owed(there, at),
        "issued_at": _instant(moments["finalized_at"]) if moments["finalized_at"] else None,
        "due_at": _instant(there["due_date"]) if there["due_date"] else None,
        "paid_at": _instant(moments["paid_at"]) if moments["paid_at"] else None,
        "page": there["hosted_invoice_url"] or "", "document": there["invoice_pdf"] or "",
        "lines": [
            {"kind": "text", "note": each["description"] or "", "amount": str(_money(each["amount"], currency).amount)}
            for each in there["lines"]["data"]
        ],
    }  # fmt: skip
    Invoice.objects.update_or_create(occasion=there["id"], defaults=facts)


def _wanted(found: models.Subscription) -> Any:
    base, point = _price_ids(found)
    wanted: dict[str, Any] = {
        "customer": found.provider_customer,
        "items": [{"price": base, "quantity": 1}, {"price": point}],
        "metadata": {COMPANY: found.retailer.code, ROUND: str(found.provider_round)},
        "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}},
    }
    if found.state == State.TRIAL and found.trial_ends_at:
        wanted["trial_end"] = int(found.trial_ends_at.timestamp())
    coupon = _coupon_of(found)
    if coupon:
        wanted["discounts"] = [{"coupon": coupon}]
    return wanted


def _changed_items(found: models.Subscription, there: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what is to be said of the items there so that they have the prices of our version."""
    wanted = dict(zip((BASE, POINT), _price_ids(found), strict=True))
    changed = []
    for item in there["items"]["data"]:
        kind = POINT if item["price"]["recurring"]["usage_type"] == "metered" else BASE
        if item["price"]["id"] != wanted[kind]:
            changed.append({"id": item["id"], "price": wanted[kind]})
    return changed


def _price_ids(found: models.Subscription) -> tuple[str, str]:
    """Return Stripe's keys for base and supply-point day, made there on first use."""
    known = dict(
        models.ProviderPrice.objects.filter(
            version_id=found.version_id, currency=found.currency, interval=found.interval
        ).values_list("kind", "reference")
    )
    for kind in (BASE, POINT):
        if kind not in known:
            known[kind] = _make_price(found, kind)
    return known[BASE], known[POINT]


def _make_price(found: models.Subscription, kind: str) -> str:
    version = found.version
    price = prices.of(version.prices, currency=found.currency, interval=found.interval)
    if price is None:
        raise Conflict(reason=gettext_noop("the plan has no price in {currency}."), currency=found.currency)
    name = f"gridhall-{version.plan.code}-{version.number}-{found.currency}-{found.interval}-{kind}".lower()
    title = version.titles.get("en") or version.plan.code
    recurring: dict[str, Any] = {"interval": found.interval}
    if kind == POINT:
        recurring |= {"usage_type": "metered", "meter": _meter()}
    amount = price.base.amount if kind == BASE else price.point_day
    wanted: Any = {
        "currency": found.currency.lower(), "recurring": recurring, "nickname": name,
        "unit_amount_decimal": format(amount.scaleb(minor_places(found.currency)).normalize(), "f"),
        "product_data": {"name": title if kind == BASE else f"{title}: {METER_TITLE}"},
    }  # fmt: skip
    options: Any = {"idempotency_key": name}
    reference = str(said(lambda: client().v1.prices.create(wanted, options=options)).id)
    models.ProviderPrice.objects.get_or_create(
        version_id=found.version_id, currency=found.currency, interval=found.interval, kind=kind,
        defaults={"reference": reference},
    )  # fmt: skip
    return reference


def _meter() -> str:
    """Return the meter that sums supply-point days, made on first use."""
    ask = client().v1.billing.meters
    listed = said(lambda: ask.list({"status": "active", "limit": PAGE_SIZE}))
    for each in listed.auto_paging_iter():
        if each.event_name == EVENT_NAME:
            return str(each.id)
    wanted: Any = {
        "display_name": METER_TITLE, "event_name": EVENT_NAME, "default_aggregation": {"formula": "sum"},
    }  # fmt: skip
    return str(said(lambda: ask.create(wanted)).id)


def meter() -> str:
    """Return the key of the meter; raises StripeSilent or StripeRefused."""
    return _meter()


def _coupon_of(found: models.Subscription) -> str:
    """Return Stripe's key of the company's coupon, made there on first use; empty without one."""
    coupon = found.coupon
    if coupon is None:
        return ""
    ask, key = client().v1.coupons, f"gridhall-{coupon.code}".lower()
    duration = (
        {"duration": "repeating", "duration_in_months": coupon.months} if coupon.months else {"duration": "forever"}
    )
    wanted: Any = {"id": key, "name": coupon.code, "percent_off": str(coupon.percent), **duration}
    try:
        ask.retrieve(key)
    except stripe.InvalidRequestError:
        said(lambda: ask.create(wanted))
    except stripe.StripeError as error:
        raise StripeSilent() from error
    return key


def _coupons_there(there: Mapping[str, Any]) -> list[str]:
    """Return the coupons of expanded discounts."""
    found = []
    for each in there["discounts"] or []:
        source = each.get("source") or {}
        found.append(str(each["id"] if each["object"] == "coupon" else source.get("coupon")))
    return found


def _signed(found: models.Subscription) -> tuple[Any, ...]:
    return found.version_id, found.interval, found.coupon_id, found.ends_at, found.collection


def _round_of(there: Any) -> str:
    return str((there.to_dict()["metadata"] or {}).get(ROUND, ""))


def _subscription(key: int) -> models.Subscription:
    rows = models.Subscription.objects.select_related("version__plan", "retailer", "coupon")
    return rows.get(pk=key)


def _money(amount: int, currency: str) -> Money:
    return Money.rounded(Decimal(amount).scaleb(-minor_places(currency)), currency)


def _instant(seconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)
