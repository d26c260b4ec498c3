"""Bills of the host's own hand, for companies that do not pay by the provider: drafted by dates, marked by people.

A draft holds the base of the period that begins and the supply-point days that no bill holds yet. Each day of usage
carries the bill it stands on, so it is charged once.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Min, Sum

from hosting import models, prices
from hosting.subscription_states import CHARGED, Terms
from kernel.errors import Conflict, Invalid, NotFound, gettext_noop
from kernel.money import Money
from tenancy import context

State = models.HostingInvoice.State
MANUAL = models.Subscription.Collection.MANUAL
MOST_PERIODS = 36
"""So many periods are caught up at once; the next sweep goes on."""
LONGEST_NUMBER = 60


def bill_due(*, subscription_id: int, at: dt.datetime) -> int:
    """Draft the bills of all periods that have begun; return how many. Asked again it drafts none."""
    made = 0
    with context.use_public(), transaction.atomic():
        found = _locked(subscription_id)
        while made < MOST_PERIODS and found.collection == MANUAL and found.state in CHARGED and _is_due(found, at):
            _draft_period(found, at)
            made += 1
    return made


def settle_change(
    *, subscription: models.Subscription, version: models.PlanVersion, interval: str, at: dt.datetime
) -> models.HostingInvoice | None:
    """Bill a change of plan: usage so far and the new rest, less what is paid ahead; the rest of it stays as credit.

    With another rhythm a new period begins today; else the new base is charged for the days left.
    """
    today, old = at.date(), _price(subscription, subscription.version, subscription.interval)
    new = _price(subscription, version, interval)
    start, end = subscription.period_start, subscription.period_end
    if start is None or end is None or not start <= today < end:
        return None
    back = prices.rest(old.base, start=start, end=end, on=today)
    lines = [*_usage_lines(subscription, old, today), _line("unused", subscription.version, -back, start, end)]
    if interval == subscription.interval:
        amount = prices.rest(new.base, start=start, end=end, on=today)
    else:
        subscription.anchor_day, subscription.period_start = today.day, today
        subscription.period_end = end = prices.period_after(today, interval=interval, anchor_day=today.day)
        amount = new.base
    period = (today, end)
    lines.append(_line("base", version, amount, *period))
    occasion = f"change:{subscription.pk}:{at:%Y%m%dT%H%M%S%f}"
    return _store(subscription, occasion, lines, period, at, until=today)


def issue(*, invoice_id: int, number: str, at: dt.datetime) -> models.HostingInvoice:
    """Say that a draft was sent under ``number``; it is due after the plan's days.

    Raises NotFound, Conflict or Invalid.
    """
    if not number.strip() or len(number) > LONGEST_NUMBER:
        raise Invalid(where="number", reason=gettext_noop("Give the number under which you sent it."))
    try:
        with context.use_public(), transaction.atomic():
            found = _marked(invoice_id, State.DRAFT, State.OPEN)
            days = Terms.of(found.subscription.version.terms).payment_days
            found.number, found.issued_at, found.due_at = number.strip(), at, at + dt.timedelta(days=days)
            found.save(update_fields=["number", "issued_at", "due_at"])
    except IntegrityError as error:
        raise Conflict(where="number", reason=gettext_noop("an invoice stands under that number already.")) from error
    return found


def pay(*, invoice_id: int, at: dt.datetime) -> models.HostingInvoice:
    """Say that an invoice was paid. Raises NotFound or Conflict."""
    with context.use_public(), transaction.atomic():
        found = _marked(invoice_id, State.OPEN, State.PAID)
        found.paid_at = at
        found.save(update_fields=["paid_at"])
    return found


def void(*, invoice_id: int, at: dt.datetime) -> models.HostingInvoice:
    """Declare a draft or an open invoice void; its days of usage go to the next bill. Raises NotFound or Conflict."""
    with context.use_public(), transaction.atomic():
        found = models.HostingInvoice.objects.select_for_update().filter(pk=invoice_id, source=MANUAL).first()
        if found is None:
            raise NotFound(what=gettext_noop("invoice"), name=str(invoice_id))
        if found.state not in (State.DRAFT, State.OPEN):
            raise Conflict(reason=gettext_noop("the invoice is {state}."), state=found.state)
        found.days.update(invoice=None)
        found.state = State.VOID
        found.save()
    return found


def drop_drafts(*, subscription: models.Subscription) -> None:
    """Void what was never sent."""
    for draft in subscription.invoices.filter(source=MANUAL, state=State.DRAFT):
        draft.days.update(invoice=None)
        draft.state = State.VOID
        draft.save()


def unpaid_since(*, subscription: models.Subscription, at: dt.datetime) -> dt.datetime | None:
    """Return since when a bill is overdue; None when none is."""
    late = subscription.invoices.filter(state=State.OPEN, due_at__lte=at)
    found: dt.datetime | None = late.aggregate(since=Min("due_at"))["since"]
    return found


def _is_due(found: models.Subscription, at: dt.datetime) -> bool:
    return found.period_end is None or found.period_end <= at.date()


def _draft_period(found: models.Subscription, at: dt.datetime) -> None:
    start = found.period_end
    if start is None:
        began = found.trial_ends_at if found.trial_ends_at and found.trial_ends_at <= at else at
        start, found.anchor_day = began.date(), began.day
    end = prices.period_after(start, interval=found.interval, anchor_day=found.anchor_day)
    found.period_start, found.period_end = start, end
    price = _price(found, found.version, found.interval)
    lines = [*_usage_lines(found, price, start), _line("base", found.version, price.base, start, end)]
    _store(found, f"period:{found.pk}:{found.provider_round}:{start}", lines, (start, end), at, until=start)
    found.save()


def _price(found: models.Subscription, version: models.PlanVersion, interval: str) -> prices.Price:
    price = prices.of(version.prices, currency=found.currency, interval=interval)
    if price is None:
        raise Conflict(reason=gettext_noop("the plan has no price in {currency}."), currency=found.currency)
    return price


def _usage_lines(found: models.Subscription, price: prices.Price, until: dt.date) -> list[dict[str, Any]]:
    days = _open_days(found, until).aggregate(points=Sum("supply_points"), first=Min("day"))
    if not days["points"]:
        return []
    amount = prices.usage(price, point_days=days["points"])
    return [_line("usage", found.version, amount, days["first"], until, quantity=days["points"])]


def _open_days(found: models.Subscription, until: dt.date) -> Any:
    return models.Usage.objects.filter(
        retailer_id=found.retailer_id, charged=True, invoice__isnull=True, reported_at__isnull=True, day__lt=until
    )


def _store(
    found: models.Subscription,
    occasion: str,
    lines: list[dict[str, Any]],
    period: tuple[dt.date, dt.date],
    at: dt.datetime,
    *,
    until: dt.date,
) -> models.HostingInvoice:
    total = Money.rounded(sum((Decimal(line["amount"]) for line in lines), Decimal(0)), found.currency)
    coupon = found.coupon if found.coupon_until is None or found.coupon_until > at.date() else None
    if coupon is not None and total.amount > 0:
        taken = prices.off(total, coupon.percent)
        lines.append(_line("coupon", found.version, -taken, *period, note=coupon.code))
        total -= taken
    total = _with_credit(found, lines, total, period)
    made = models.HostingInvoice.objects.create(
        subscription=found, occasion=occasion, source=MANUAL, state=State.DRAFT, currency=found.currency,
        total=total.amount, lines=lines, made_at=at, period_start=period[0], period_end=period[1],
    )  # fmt: skip
    _open_days(found, until).update(invoice=made)
    return made


def _with_credit(
    found: models.Subscription, lines: list[dict[str, Any]], total: Money, period: tuple[dt.date, dt.date]
) -> Money:
    """Set what is paid ahead off; a total below zero becomes credit and the bill is over nothing."""
    if total.amount < 0:
        found.credit -= total.amount
        lines.append(_line("credit_kept", found.version, -total, *period))
        total = Money.zero(found.currency)
    elif found.credit and total.amount:
        used = Money.rounded(min(found.credit, total.amount), found.currency)
        found.credit -= used.amount
        lines.append(_line("credit_used", found.version, -used, *period))
        total -= used
    found.save(update_fields=["credit"])
    return total


def _line(
    kind: str,
    version: models.PlanVersion,
    amount: Money,
    start: dt.date,
    end: dt.date,
    *,
    quantity: int = 1,
    note: str = "",
) -> dict[str, Any]:
    return {
        "kind": kind, "titles": version.titles, "amount": str(amount.amount), "quantity": quantity, "note": note,
        "start": start.isoformat(), "end": end.isoformat(),
    }  # fmt: skip


def _locked(subscription_id: int) -> models.Subscription:
    rows = models.Subscription.objects.select_for_update(of=("self",)).select_related("version", "coupon")
    return rows.get(pk=subscription_id)


def _marked(invoice_id: int, before: str, after: str) -> models.HostingInvoice:
    """Move an invoice of ours, once; raises NotFound or Conflict."""
    with context.use_public():
        rows = models.HostingInvoice.objects.filter(pk=invoice_id, source=MANUAL)
        if not rows.filter(state=before).update(state=after):
            found = rows.first()
            if found is None:
                raise NotFound(what=gettext_noop("invoice"), name=str(invoice_id))
            raise Conflict(reason=gettext_noop("the invoice is {state}."), state=found.state)
        return rows.select_related("subscription__version").get()
