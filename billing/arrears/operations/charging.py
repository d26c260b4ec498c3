"""Late fees become charges, once for each bill and its days; a bill that is corrected corrects its late fee."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction

from billing.arrears import late_fee_policies, late_fees, locks, policies
from billing.arrears.late_fees import Debt, LateFee, OpenFrom
from billing.arrears.models import LateFee as LateFeePart
from billing.arrears.models import Waiver
from billing.arrears.operations import approvals
from billing.charges import operations as charge_operations
from billing.charges import queries as charge_queries
from billing.invoices import queries as invoice_queries
from billing.payments import operations as payment_operations
from billing.payments.queries.histories import BillHistory, histories
from kernel.errors import Conflict, NotFound, gettext_noop
from kernel.money import Money, minor_places
from kernel.periods import Period
from tenants.customers import date_ranges, refusals
from tenants.customers import queries as customer_queries

ONE_DAY = dt.timedelta(days=1)
LOOK_BACK = dt.timedelta(days=40)
"""How long after a payment its late fee is still looked at: longer than any task is ever late."""
CHUNK = 5000
NOTHING = Decimal(0)
KIND, SOURCE, WAIVED = "late_fee", "late_fee", "late_fee_waiver"
WAIVER = gettext_noop("waiver")


class NothingToWaive(Conflict):
    """No more can be waived than was charged."""

    code = "late_fee_nothing_to_waive"
    template = gettext_noop("At most {most} of the late fee of bill {invoice} can be waived.")


class WaiverAsked(Conflict):
    """One request at a time."""

    code = "late_fee_waiver_asked"
    template = gettext_noop("A waiver for this bill waits for approval already.")


def assess_late_fees(*, on: dt.date, at: dt.datetime, account_ids: Collection[int] | None = None) -> int:
    """This will charge what late fees have become up to ``on`` and are not charged yet; return how many parts.

    Bills that are open, or were paid or corrected lately, are computed from the history of their open amount. Asked
    again it charges nothing. Works in transactions of some hundred accounts.
    """
    accounts = sorted({bill.account_id for bill in _late(account_ids, on, at)})
    chunks = (accounts[place : place + CHUNK] for place in range(0, len(accounts), CHUNK))
    return sum(_assess_chunk(chunk, on, at) for chunk in chunks)


def _late(account_ids: Collection[int] | None, on: dt.date, at: dt.datetime) -> list[BillHistory]:
    """The bills whose late fee may have changed: open, settled lately, or corrected lately."""
    since = at - LOOK_BACK
    return histories(
        due_before=on,
        changed_since=since,
        account_ids=None if account_ids is None else list(account_ids),
        corrected=invoice_queries.corrected_since(since=since.date()),
    )


@transaction.atomic
def _assess_chunk(account_ids: Sequence[int], on: dt.date, at: dt.datetime) -> int:
    locks.hold_accounts(account_ids)
    bills = _late(account_ids, on, at)
    kinds = dict(customer_queries.accounts().filter(pk__in=account_ids).values_list("pk", "customer__kind"))
    parts = _parts([bill.invoice_id for bill in bills])
    waived = _waived([bill.invoice_id for bill in bills])
    carried = _carried(bills)
    credited = invoice_queries.credited_in_part(invoice_ids=[bill.invoice_id for bill in bills])
    invoices = _invoices(bills)
    due: list[_Due] = []
    for bill in bills:
        key, policy = bill.invoice_id, policies.late_fees(kind=kinds[bill.account_id])
        debt = _debt(bill, carried.get(key, NOTHING), credited.get(key, NOTHING), invoices[key], policy)
        one = _Assessed(bill, invoices[key], debt, policy, parts.get(key, []), waived.get(key, NOTHING))
        due += _due(one, on)
    _store(due, at)
    return len(due)


@dataclass(frozen=True, slots=True)
class _Assessed:
    """A bill with its debt, its rule, the parts charged before, and what of them was waived."""

    bill: BillHistory
    invoice: Any
    debt: Debt
    policy: late_fee_policies.LateFeePolicy
    before: Sequence[LateFeePart]
    waived: Decimal

    @property
    def charged(self) -> Decimal:
        return self.before[-1].total if self.before else Decimal(0)

    @property
    def first(self) -> dt.date:
        return late_fees.first_day(debt=self.debt, policy=self.policy)


@dataclass(frozen=True, slots=True)
class _Due:
    """What a bill's late fee has become, to be charged as its next part."""

    one: _Assessed
    fee: LateFee
    total: Decimal

    @property
    def amount(self) -> Decimal:
        return self.total - self.one.charged

    @property
    def number(self) -> int:
        return len(self.one.before) + 1


def _due(one: _Assessed, on: dt.date) -> list[_Due]:
    """The difference to what the fee is now, if any; what was waived is credited already and not given back again."""
    until = _until(one, on)
    if until is None:
        return []
    places = minor_places(one.bill.currency)
    fee = late_fees.of_debt(debt=one.debt, until=until, policy=one.policy, places=places)
    total = max(Decimal(0) if one.bill.taken_back else fee.total, one.waived)
    return [] if total == one.charged else [_Due(one, fee, total)]


def _until(one: _Assessed, on: dt.date) -> dt.date | None:
    """The day before which days are charged now; None when it is not time yet.

    A bill whose fee was charged as paid, and whose payment came back, is charged on from then on.
    """
    last = one.debt.history[-1]
    if one.bill.taken_back or last.amount <= 0:
        return max(on, last.day) + ONE_DAY
    if one.policy.charged == late_fee_policies.WHEN_PAID:
        return on if one.before else None
    return on.replace(day=1) if one.policy.charged == late_fee_policies.MONTHLY else on


def _days_of(due: _Due) -> tuple[Period, bool]:
    """The days of a part, and whether it corrects days that were charged before."""
    one = due.one
    charged_to = max((part.days.upper for part in one.before), default=one.first)
    ends = max((span.until for span in due.fee.spans), default=charged_to)
    corrects = due.amount < 0 or ends <= charged_to
    return Period(one.first, max(charged_to, one.first + ONE_DAY)) if corrects else Period(charged_to, ends), corrects


def _store(parts: Sequence[_Due], at: dt.datetime) -> None:
    """Write the parts and their charges, all in two statements."""
    days = [_days_of(due) for due in parts]
    charges = [
        charge_operations.NewCharge(
            account_id=due.one.bill.account_id,
            kind=KIND,
            source=SOURCE,
            reference=f"{due.one.invoice.number}/{due.number}",
            amount=Money.rounded(due.amount, due.one.bill.currency),
            on=period.end - ONE_DAY,
            period=period,
        )
        for due, (period, _corrects) in zip(parts, days, strict=True)
    ]
    added = charge_operations.add_many(charges=charges, at=at)
    LateFeePart.objects.bulk_create(
        LateFeePart(
            invoice_id=due.one.bill.invoice_id,
            account_id=due.one.bill.account_id,
            number=due.number,
            days=date_ranges.of_period(period),
            corrects=corrects,
            amount=due.amount,
            total=due.total,
            currency=due.one.bill.currency,
            calculation=_calculation(due.fee, due.one.bill),
            charge=charge,
            assessed_at=at,
        )
        for due, (period, corrects), charge in zip(parts, days, added, strict=True)
    )


def _debt(
    bill: BillHistory, fees: Decimal, credited: Decimal, invoice: Any, policy: late_fee_policies.LateFeePolicy
) -> Debt:
    """The bill's principal over time: late fees of older bills that it carries bear none.

    Nor does what was credited of it since: that was never owed.
    """
    left = max(bill.gross - credited, Decimal(0))
    principal = max(left - fees, Decimal(0))
    history = [OpenFrom(bill.billed_on, principal)]
    for day, amount in bill.settled:
        left -= amount
        open_now = left - fees if policy.order == late_fee_policies.AFTER_PRINCIPAL else min(left, principal)
        history.append(OpenFrom(day, max(open_now, Decimal(0))))
    years = {
        "due": bill.due_on.year,
        "issued": invoice.issued_on.year,
        "supplied": (invoice.supply_period.upper - ONE_DAY).year,
    }
    return Debt(due_on=bill.due_on, history=history, year=years[policy.year_of])


def _parts(invoice_ids: Collection[int]) -> dict[int, list[LateFeePart]]:
    found: dict[int, list[LateFeePart]] = {}
    for part in LateFeePart.objects.filter(invoice_id__in=invoice_ids).order_by("invoice_id", "number"):
        found.setdefault(part.invoice_id, []).append(part)
    return found


def _waived(invoice_ids: Collection[int]) -> dict[int, Decimal]:
    found: dict[int, Decimal] = {}
    approved = Waiver.objects.filter(invoice_id__in=invoice_ids, state=Waiver.State.APPROVED)
    for invoice_id, amount in approved.values_list("invoice_id", "amount"):
        found[invoice_id] = found.get(invoice_id, Decimal(0)) + amount
    return found


def _carried(bills: Sequence[BillHistory]) -> dict[int, Decimal]:
    """The late fees of older bills that bills carry; the others are left out."""
    carried = charge_queries.of_invoices(invoice_ids=[bill.invoice_id for bill in bills])
    with_fees = [invoice for invoice, charges in carried.items() if any(each.kind == KIND for each in charges)]
    return invoice_queries.gross_of_lines(invoice_ids=with_fees, code=KIND) if with_fees else {}


def _invoices(bills: Sequence[BillHistory]) -> dict[int, Any]:
    accounts = sorted({bill.account_id for bill in bills})
    wanted = [bill.invoice_id for bill in bills]
    return {each.pk: each for each in invoice_queries.invoices(account_ids=accounts).filter(pk__in=wanted)}


def _calculation(fee: LateFee, bill: BillHistory) -> dict[str, Any]:
    spans = [
        {
            "kind": span.kind,
            "first": span.first.isoformat(),
            "until": span.until.isoformat(),
            "amount": f"{span.amount:f}",
            "rate": f"{span.rate:f}",
            "fee": f"{span.fee:f}",
        }
        for span in fee.spans
    ]
    return {"due_on": bill.due_on.isoformat(), "exact": f"{fee.exact:f}", "taken_back": bill.taken_back, "spans": spans}


@transaction.atomic
def ask_waiver(*, invoice_id: int, amount: Money, reason: str, by: Any, at: dt.datetime) -> Waiver:
    """This will ask that late fees of a bill be waived; small amounts need nobody else, the rest four eyes.

    Raises NothingToWaive when more is asked than was charged and not yet waived, WaiverAsked while one waits.
    """
    detail = invoice_queries.invoice_by_id(invoice_id=invoice_id).invoice
    locks.hold_accounts([detail.account_id])
    _require_charged(detail, amount)
    with refusals.named({"arrears_waiver_asked_once": WaiverAsked()}):
        waiver = Waiver.objects.create(
            account_id=detail.account_id,
            invoice_id=invoice_id,
            amount=amount.amount,
            currency=amount.currency,
            reason=reason,
            asked_by=approvals.user_of(by),
            asked_at=at,
        )
    if amount.amount < policies.waiver_four_eyes_from():
        _approve(waiver, by, at)
    return waiver


@transaction.atomic
def decide_waiver(*, waiver_id: int, approved: bool, by: Any, at: dt.datetime) -> Waiver:
    """This will approve or refuse a waiver; approved it is credited on the next bill.

    Raises SamePerson, AlreadyDecided, NotFound.
    """
    waiver = Waiver.objects.select_for_update().filter(pk=waiver_id).first()
    if waiver is None:
        raise NotFound(what=WAIVER, name=str(waiver_id))
    if waiver.state != Waiver.State.ASKED:
        raise approvals.AlreadyDecided()
    approvals.require_other(asked_by_id=waiver.asked_by_id, by=by)
    if approved:
        locks.hold_accounts([waiver.account_id])
        detail = invoice_queries.invoice_by_id(invoice_id=waiver.invoice_id).invoice
        _require_charged(detail, Money.rounded(waiver.amount, waiver.currency))
        _approve(waiver, by, at)
    else:
        waiver.state, waiver.decided_by, waiver.decided_at = Waiver.State.REFUSED, by, at
        waiver.save(update_fields=["state", "decided_by", "decided_at"])
    return waiver


def _approve(waiver: Waiver, by: Any, at: dt.datetime) -> None:
    waiver.charge = charge_operations.add(
        account_id=waiver.account_id,
        kind=KIND,
        source=WAIVED,
        reference=str(waiver.pk),
        amount=-Money.rounded(waiver.amount, waiver.currency),
        on=payment_operations.day_of(at),
        at=at,
    )
    waiver.state, waiver.decided_by, waiver.decided_at = Waiver.State.APPROVED, approvals.user_of(by), at
    waiver.save(update_fields=["charge", "state", "decided_by", "decided_at"])


def _require_charged(invoice: Any, amount: Money) -> None:
    parts = _parts([invoice.pk]).get(invoice.pk, [])
    charged = parts[-1].total if parts else Decimal(0)
    left = charged - _waived([invoice.pk]).get(invoice.pk, Decimal(0))
    if not 0 < amount.amount <= left or amount.currency != invoice.currency:
        most = Money.rounded(max(left, Decimal(0)), invoice.currency)
        raise NothingToWaive(where="amount", most=most, invoice=invoice.number)
