"""Agrees add-ons with accounts, and makes their charges up to a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.db.models import Count, DateField, F, Func, Max, Sum

from billing.charges import kinds, queries, recurring
from billing.charges.models import AccountCharge, AddOn
from billing.charges.operations import adding
from kernel.errors import Conflict, Invalid, NotFound, gettext_noop
from kernel.money import Money
from kernel.periods import Period
from tenants.customers import date_ranges

MONTHS = (1, 2, 3, 6, 12)
_RANGE_END = Func(F("period"), function="upper", output_field=DateField())
SOURCE = "add_on"


class NotRecurring(Invalid):
    """Only some kinds are charged month by month."""

    code = "charge_kind_not_recurring"
    template = gettext_noop("“{kind}” is charged once, not month by month.")


class QuantityNotPositive(Invalid):
    """So many pieces are more than none."""

    code = "add_on_quantity_not_positive"
    template = gettext_noop("The quantity of an add-on is above zero.")


class MonthsUnknown(Invalid):
    """An add-on is due each month or every few."""

    code = "add_on_months_unknown"
    template = gettext_noop("An add-on is due every so many months: {known}.")


class EndsBeforeStart(Invalid):
    """An add-on that ends has at least one day."""

    code = "add_on_ends_before_start"
    template = gettext_noop("The add-on starts on {start}; it ends after that day.")


class AddOnDiffers(Conflict):
    """The same source and reference were agreed before with another content."""

    code = "add_on_differs"
    template = gettext_noop("Add-on {reference} of {source} exists already, with another {fields}.")


@dataclass(frozen=True, slots=True)
class Made:
    """What was charged of an add-on: in all, up to which day, in how many charges."""

    total: Decimal = Decimal(0)
    last: dt.date = dt.date.min
    count: int = 0


@transaction.atomic
def agree_add_on(
    *,
    account_id: int,
    kind: str,
    source: str,
    reference: str,
    amount: Money,
    start: dt.date,
    at: dt.datetime,
    end: dt.date | None = None,
    quantity: Decimal = Decimal(1),
    months: int = 1,
    prorated: bool = True,
    titles: Mapping[str, str] | None = None,
    supply_point_id: int | None = None,
) -> AddOn:
    """This will agree an add-on from ``start`` up to, not including, ``end``: ``amount`` per piece and ``months``.

    Idempotent by source and reference like a charge. Raises UnknownKind, NotRecurring, QuantityNotPositive,
    MonthsUnknown, EndsBeforeStart, AddOnDiffers, and what ``add`` raises of amount and account.
    """
    known = kinds.kind(code=kind)
    _check(known, amount, quantity, months)
    if end is not None and end <= start:
        raise EndsBeforeStart(where="end", start=start.isoformat())
    adding.require_currency(account_id=account_id, currency=amount.currency)
    new = AddOn(
        account_id=account_id,
        supply_point_id=supply_point_id,
        kind=kind,
        source=source,
        reference=reference,
        titles=dict(titles or known.titles),
        amount=amount.amount,
        currency=amount.currency,
        quantity=quantity,
        months=months,
        prorated=prorated,
        payee=known.payee,
        tax=known.tax,
        period=date_ranges.to_range(start, end),
        agreed_at=at,
    )
    AddOn.objects.bulk_create([new], ignore_conflicts=True)
    stored = AddOn.objects.get(source=source, reference=reference)
    names = ("account_id", "kind", "titles", "amount", "currency", "quantity", "months", "prorated", "supply_point_id")
    different = [name for name in names if getattr(stored, name) != getattr(new, name)]
    if different or stored.period.lower != start:
        raise AddOnDiffers(source=source, reference=reference, fields=", ".join([*different] or ["start"]))
    return stored


@transaction.atomic
def end_add_on(*, add_on_id: int, end: dt.date) -> AddOn:
    """This will end an add-on; its last day is the one before ``end``.

    Days that were charged already come back as a credit with the next bill. Raises NotFound or EndsBeforeStart.
    """
    found = AddOn.objects.select_for_update().filter(pk=add_on_id).first()
    if found is None:
        raise NotFound(what=queries.ADD_ON, name=str(add_on_id))
    if end <= found.period.lower:
        raise EndsBeforeStart(where="end", start=found.period.lower.isoformat())
    found.period = date_ranges.to_range(found.period.lower, end)
    found.save(update_fields=["period"])
    return found


@transaction.atomic
def accrue(*, account_ids: Collection[int], until: dt.date, at: dt.datetime) -> int:
    """This will make the charges of the accounts' add-ons for all days before ``until`` not charged yet.

    Returns how many; asked again it makes none. Two at once wait for each other. Three queries, whatever the number.
    """
    held = list(
        AddOn.objects.select_for_update()
        .filter(account_id__in=account_ids, period__startswith__lt=until)
        .order_by("pk")
    )
    if not held:
        return 0
    made = _made([each.pk for each in held])
    new = [charge for each in held if (charge := _next(each, made.get(each.pk, Made()), until, at)) is not None]
    AccountCharge.objects.bulk_create(new)
    return len(new)


def _made(add_on_ids: Sequence[int]) -> dict[int, Made]:
    rows = (
        AccountCharge.objects.filter(add_on_id__in=add_on_ids)
        .order_by()
        .values_list("add_on_id")
        .annotate(total=Sum("amount"), last=Max(_RANGE_END), count=Count("pk"))
    )
    return {key: Made(total, last, count) for key, total, last, count in rows}


def _next(add_on: AddOn, made: Made, until: dt.date, at: dt.datetime) -> AccountCharge | None:
    """The charge for the days from where the last one ended, or the credit of days charged after the end."""
    start, end = add_on.period.lower, add_on.period.upper
    held = max(until, made.last)
    held = held if end is None else min(held, end)
    terms = recurring.Terms(add_on.amount, add_on.quantity, add_on.months, add_on.prorated, add_on.currency, start, end)
    amount = recurring.due_until(terms=terms, until=held) - made.total
    if not amount or held == made.last:
        return None
    days = Period(max(start, made.last), held) if held > made.last else Period(held, made.last)
    return AccountCharge(
        account_id=add_on.account_id,
        supply_point_id=add_on.supply_point_id,
        kind=add_on.kind,
        source=SOURCE,
        reference=f"{add_on.pk}/{made.count + 1}",
        titles=add_on.titles,
        on=held - dt.timedelta(days=1),
        period=date_ranges.of_period(days),
        quantity=add_on.quantity,
        price=add_on.amount,
        amount=amount,
        currency=add_on.currency,
        payee=add_on.payee,
        tax=add_on.tax,
        add_on=add_on,
        added_at=at,
    )


def _check(kind: kinds.Kind, amount: Money, quantity: Decimal, months: int) -> None:
    if not kind.recurring:
        raise NotRecurring(where="kind", kind=kind.code)
    if not amount.amount:
        raise adding.NothingToCharge(where="amount")
    if quantity <= 0:
        raise QuantityNotPositive(where="quantity")
    if months not in MONTHS:
        raise MonthsUnknown(where="months", known=", ".join(map(str, MONTHS)))
