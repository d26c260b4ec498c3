"""A company's subscription: signed, changed, given free, ended; its state follows dates and payments."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.db import transaction

from hosting import closing, models, prices, usage
from hosting.operations import companies, invoicing
from hosting.subscription_states import OPEN, Facts, State, Terms, following, until
from kernel.errors import Conflict, GridhallError, Invalid, NotFound, gettext_noop
from tenancy import context
from tenancy import models as tenancy_models

Collection = models.Subscription.Collection
Retailer = tenancy_models.Retailer
REASONS = {
    State.TRIAL: "The trial began.",
    State.ACTIVE: "The subscription is in order.",
    State.PAST_DUE: "A hosting bill is not paid.",
    State.READ_ONLY: "A hosting bill is still not paid: staff can read and change nothing.",
    State.SUSPENDED: "A hosting bill is still not paid: the doors are closed, nothing is deleted.",
    State.ENDED: "The subscription ended: the doors are closed, nothing is deleted.",
}


class NoPrice(GridhallError):
    """The plan has no price in that currency and rhythm."""

    code = "no_price"
    template = gettext_noop("The plan “{plan}” has no price in {currency} for that period. Choose another.")


def subscribe(
    *,
    code: str,
    plan: str,
    collection: str,
    at: dt.datetime,
    interval: str = "month",
    currency: str = "",
    trial_days: int | None = None,
    actor_id: int | None = None,
) -> models.Subscription:
    """Sign a company up to the newest version of a plan; a trial first unless ``trial_days`` is 0.

    ``collection`` is stripe, manual or free; ``currency`` the company's own when empty. With Stripe the sweep (or
    ``following.open_account``) makes it there. Raises NotFound, NoPrice or Conflict.
    """
    retailer = context.retailer_by_code(code=code)
    with context.use_public(), transaction.atomic():
        version = _newest(plan)
        money = _priced(version, currency or retailer.currency, interval)
        days = Terms.of(version.terms).trial_days if trial_days is None else trial_days
        facts = {
            "version": version, "interval": interval, "currency": money.base.currency, "collection": collection,
            "state": State.TRIAL if days else State.ACTIVE, "entered_at": at, "signed_at": at, "unpaid_since": None,
            "trial_ends_at": at + dt.timedelta(days=days) if days else None, "ends_at": None, "period_start": None,
            "period_end": None, "coupon": None, "coupon_until": None, "provider_subscription": "",
        }  # fmt: skip
        found = models.Subscription.objects.select_for_update().filter(retailer_id=retailer.pk).first()
        if found is None:
            found = models.Subscription(retailer=retailer, **facts)
        elif found.state != State.ENDED:
            raise Conflict(reason=gettext_noop("the company has a subscription. Change its plan instead."))
        else:
            found.provider_round += 1
            for name, value in facts.items():
                setattr(found, name, value)
        found.save()
        _note(found, "subscribe", at, actor_id, plan=plan, version=version.number, collection=collection)
        _open_doors(found, at)
        refresh(subscription=found)
    return found


def change_plan(
    *, code: str, plan: str, at: dt.datetime, interval: str = "", actor_id: int | None = None
) -> models.Subscription:
    """Move a company to the newest version of a plan, now: what is paid ahead is set off to the day.

    With Stripe call ``following.put_plan`` after it; the sweep does so anyway. Raises NotFound, NoPrice or Conflict.
    """

    def change(found: models.Subscription) -> None:
        version, rhythm = _newest(plan), interval or found.interval
        _priced(version, found.currency, rhythm)
        if (found.version_id, found.interval) == (version.pk, rhythm):
            raise Conflict(reason=gettext_noop("the company has that plan already."))
        if found.collection == Collection.MANUAL and found.period_end is not None:
            invoicing.settle_change(subscription=found, version=version, interval=rhythm, at=at)
        found.version, found.interval, found.followed_at = version, rhythm, None

    return _changed(code, change, "change_plan", at, actor_id, plan=plan)


def collect_by(*, code: str, collection: str, at: dt.datetime, actor_id: int | None = None) -> models.Subscription:
    """Choose how a company pays: stripe, manual, or free (complimentary: everything works, nothing is charged).

    Drafts of ours are void when it goes to Stripe or free; open invoices stay owed. Raises Invalid or Conflict.
    """
    if collection not in Collection.values:
        raise Invalid(where="collection", reason=gettext_noop("Choose one of the ways to pay."))

    def change(found: models.Subscription) -> None:
        if found.collection == collection:
            raise Conflict(reason=gettext_noop("that is how it pays already."))
        if found.collection == Collection.MANUAL:
            invoicing.drop_drafts(subscription=found)
        found.collection, found.followed_at = collection, None
        found.period_start = found.period_end = None

    return _changed(code, change, "collect_by", at, actor_id, collection=collection)


def give_coupon(*, code: str, coupon: str, at: dt.datetime, actor_id: int | None = None) -> models.Subscription:
    """Give a company a coupon, from its next bill on; an empty code takes it away. Raises NotFound."""

    def change(found: models.Subscription) -> None:
        given = models.Coupon.objects.filter(code=coupon, is_active=True).first() if coupon else None
        if coupon and given is None:
            raise NotFound(what=gettext_noop("coupon"), name=coupon, where="coupon")
        found.coupon, found.followed_at = given, None
        months = given.months if given else None
        found.coupon_until = prices.months_later(at.date(), months) if months else None

    return _changed(code, change, "give_coupon", at, actor_id, coupon=coupon)


def end_on(*, code: str, at: dt.datetime, ends_at: dt.datetime | None, actor_id: int | None = None) -> Any:
    """Let a subscription end at ``ends_at``; None takes that back. Raises Conflict for one that ended."""

    def change(found: models.Subscription) -> None:
        if ends_at is not None and ends_at < at:
            raise Invalid(where="ends_at", reason=gettext_noop("It cannot end in the past."))
        found.ends_at, found.followed_at = ends_at, None

    return _changed(code, change, "end_on", at, actor_id, ends_at=ends_at.isoformat() if ends_at else "")


def advance(*, subscription_id: int, at: dt.datetime) -> State:
    """Bring a subscription to the state that dates and payments ask for, one step; return it. Asked again: the same.

    Read-only begins with the standing on the registry, suspension closes the doors as the operator would, and what
    is paid opens them again, unless the operator closed them himself.
    """
    with context.use_public(), transaction.atomic():
        found = (
            models.Subscription.objects.select_for_update(of=("self",))
            .select_related("version")
            .get(pk=subscription_id)
        )
        before = State(found.state)
        if found.collection == Collection.MANUAL:
            found.unpaid_since = invoicing.unpaid_since(subscription=found, at=at)
        elif found.collection == Collection.FREE:
            found.unpaid_since = None
        after = following(Facts.of(found), Terms.of(found.version.terms), at=at)
        if after != before:
            found.state, found.entered_at = after, at
        found.save()
        if after != before:
            _enter(found, before, after, at)
        refresh(subscription=found)
    return after


def refresh(*, subscription: models.Subscription) -> None:
    """Write on the registry what the company's plan allows and how it stands, for ``hosting.plans``."""
    version = subscription.version
    end = until(Facts.of(subscription), Terms.of(version.terms))
    standing = {
        "state": str(subscription.state),
        "until": end.isoformat() if end else None,
        "titles": version.titles,
        "features": version.features,
        "limits": version.limits,
        "usage": usage.latest(retailer_id=subscription.retailer_id),
        **closing.present(retailer_id=subscription.retailer_id),
    }
    Retailer.objects.filter(pk=subscription.retailer_id).update(standing=standing)


def _enter(found: models.Subscription, before: State, after: State, at: dt.datetime) -> None:
    _note(found, "subscription", at, None, REASONS[after], before=str(before), after=str(after))
    if after not in OPEN and before in OPEN:
        closed = Retailer.objects.filter(pk=found.retailer_id, status=Retailer.Status.ACTIVE)
        if closed.update(status=Retailer.Status.SUSPENDED):
            _note(found, "suspend", at, None, REASONS[after])
            found.closed_doors = True
            found.save(update_fields=["closed_doors"])
    elif after in OPEN:
        _open_doors(found, at)


def _open_doors(found: models.Subscription, at: dt.datetime) -> None:
    """Open the doors that a subscription closed; those that the operator closed stay closed."""
    if not found.closed_doors or found.state not in OPEN:
        return
    Retailer.objects.select_for_update().get(pk=found.retailer_id)
    ends = closing.keeps_closed(retailer_id=found.retailer_id)
    if ends is not None:
        ends.closed_doors = True  # whoever takes the end back opens them
        ends.save(update_fields=["closed_doors"])
        found.closed_doors = False
        found.save(update_fields=["closed_doors"])
        return
    closed = Retailer.objects.filter(pk=found.retailer_id, status=Retailer.Status.SUSPENDED)
    if closed.update(status=Retailer.Status.ACTIVE):
        _note(found, "resume", at, None, REASONS[State(found.state)])
    found.closed_doors = False
    found.save(update_fields=["closed_doors"])


def _changed(
    code: str,
    change: Callable[[models.Subscription], None],
    action: str,
    at: dt.datetime,
    actor_id: int | None,
    **details: Any,
) -> models.Subscription:
    with context.use_public(), transaction.atomic():
        rows = models.Subscription.objects.select_for_update(of=("self",)).select_related("version", "retailer")
        found = rows.filter(retailer__code=code).first()
        if found is None:
            raise NotFound(what=gettext_noop("subscription"), name=code)
        if found.state == State.ENDED:
            raise Conflict(reason=gettext_noop("the subscription has ended. Sign a new one."))
        change(found)
        found.save()
        _note(found, action, at, actor_id, **details)
        refresh(subscription=found)
    return found


def _newest(plan: str) -> models.PlanVersion:
    found = models.PlanVersion.objects.filter(plan__code=plan, plan__is_offered=True).order_by("-number").first()
    if found is None:
        raise NotFound(what=gettext_noop("plan"), name=plan, where="plan")
    return found


def _priced(version: models.PlanVersion, currency: str, interval: str) -> prices.Price:
    found = prices.of(version.prices, currency=currency, interval=interval)
    if found is None:
        raise NoPrice(where="currency", plan=version.plan.code, currency=currency)
    return found


def _note(
    found: models.Subscription, action: str, at: dt.datetime, actor_id: int | None, reason: str = "", **details: Any
) -> None:
    companies.record(retailer=found.retailer, action=action, at=at, actor_id=actor_id, reason=reason, details=details)
