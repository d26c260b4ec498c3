"""Money that came in and went out stays in the books; saved cards, known payers and consents lose their person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from billing.payments.models import (
    Allocation,
    Attempt,
    Authority,
    BankLine,
    KnownPayer,
    LineBooking,
    OpenItem,
    Payer,
    Payment,
    PaymentReversal,
    ProviderEvent,
    Refund,
    SavedMethod,
)
from billing.payments.queries import balances
from kernel.errors import gettext_noop
from tenancy import retention, subjects
from tenancy.subjects import Deed, Holding, Objection, Subject

OWES = gettext_noop("Something is still owed ({count} open items): let it be paid, or write it off first.")
CREDIT = gettext_noop("The account has credit: pay it back first.")
REFUNDING = gettext_noop("A refund is on its way ({count}): wait until it is paid.")
PAYING = gettext_noop("A payment by the provider is on its way ({count}): wait until it ended.")
IN_FLIGHT = ("requested", "approved", "sent")
LAST = 20


def objections(subject: Subject, on: dt.date) -> Iterator[Objection]:
    """This will name what is owed by or to the person, and money on its way."""
    owed = balances.open_debits(account_ids=list(subject.account_ids))
    if owed:
        yield Objection("owes", OWES, {"count": len(owed)})
    if balances.account_credit(account_ids=list(subject.account_ids)):
        yield Objection("has_credit", CREDIT)
    refunds = Refund.objects.filter(account_id__in=subject.account_ids, state__in=IN_FLIGHT).count()
    if refunds:
        yield Objection("refund_open", REFUNDING, {"count": refunds})
    tries = Attempt.objects.filter(account_id__in=subject.account_ids, state__in=("asked", "waiting")).count()
    if tries:
        yield Objection("payment_open", PAYING, {"count": tries})


def _needed() -> retention.Held:
    """Accounts that owe: their readings and messages prove the debt."""
    owing = {row.account_id for row in balances.open_debits()}
    return retention.Held(accounts=frozenset(owing))


def _of_provider(subject: Subject) -> Any:
    """What the provider wrote about the person, by the references under which it knows him."""
    payers = Payer.objects.filter(customer_id=subject.customer_id).values_list("reference", flat=True)
    tries = Attempt.objects.filter(account_id__in=subject.account_ids).exclude(reference="")
    known = {*payers, *tries.values_list("reference", flat=True)}
    rows = ProviderEvent.objects.values_list("pk", "subject", "body")
    held = [key for key, about, body in rows.iterator() if about in known or known & _texts(body)]
    return ProviderEvent.objects.filter(pk__in=held)


def _texts(value: Any) -> set[str]:
    if isinstance(value, Mapping):
        return set().union(*(_texts(each) for each in value.values()))
    if isinstance(value, list):
        return set().union(*(_texts(each) for each in value))
    return {value} if isinstance(value, str) else set()


def _lines(subject: Subject) -> Any:
    booked = LineBooking.objects.filter(payment__account_id__in=subject.account_ids).values("line_id")
    return BankLine.objects.filter(pk__in=booked)


retention.need("payments", _needed)
subjects.object_with("payments", objections)
subjects.hold_many(
    Holding("payments_providerevent", {"en": "Messages of the payment provider", "zh-hans": "支付服务商通知"},
            _of_provider, Deed.BLANK, blank=lambda row: {"body": {}, "note": ""}),
    Holding(
        "payments_knownpayer", {"en": "Known payers", "zh-hans": "已知付款账户"},
        lambda subject: KnownPayer.objects.filter(account_id__in=subject.account_ids), Deed.REMOVE, place=1,
        hidden=frozenset({"marks"}),
    ),
    Holding(
        "payments_attempt", {"en": "Tries to pay", "zh-hans": "支付尝试"},
        lambda subject: Attempt.objects.filter(account_id__in=subject.account_ids), Deed.BLANK,
        blank=lambda row: {"page": "", "receipt": ""}, place=LAST,
    ),
    Holding(
        "payments_authority", {"en": "Standing authorities", "zh-hans": "自动扣款授权"},
        lambda subject: Authority.objects.filter(account_id__in=subject.account_ids), Deed.BLANK,
        blank=lambda row: {"given_by": subjects.MARK, "revoked_by": subjects.MARK if row.revoked_by else ""},
        place=LAST,
    ),
    Holding(
        "payments_savedmethod", {"en": "Saved cards", "zh-hans": "已存支付方式"},
        lambda subject: SavedMethod.objects.filter(payer__customer_id=subject.customer_id), Deed.BLANK,
        blank=lambda row: {"title": subjects.MARK, "reference": f"erased-{row.pk}", "expires_on": None}, place=LAST + 1,
    ),
    Holding(
        "payments_payer", {"en": "Known to the provider as", "zh-hans": "服务商处的付款人"},
        lambda subject: Payer.objects.filter(customer_id=subject.customer_id), Deed.BLANK,
        blank=lambda row: {"reference": f"erased-{row.pk}"}, place=LAST + 2,
    ),
    Holding("payments_bankline", {"en": "Lines of bank statements", "zh-hans": "银行流水"}, _lines, Deed.KEEP,
            why="books", hidden=frozenset({"marks"})),
    Holding(
        "payments_payment", {"en": "Payments", "zh-hans": "收款"},
        lambda subject: Payment.objects.filter(account_id__in=subject.account_ids), Deed.KEEP, why="books",
    ),
    Holding(
        "payments_refund", {"en": "Refunds", "zh-hans": "退款"},
        lambda subject: Refund.objects.filter(account_id__in=subject.account_ids), Deed.KEEP, why="books",
        words=subjects.texts_marked("reason", "note"),
    ),
    Holding(
        "payments_paymentreversal", {"en": "Payments taken back", "zh-hans": "收款冲正"},
        lambda subject: PaymentReversal.objects.filter(payment__account_id__in=subject.account_ids), Deed.KEEP,
        why="books", words=subjects.texts_marked("reason"), guarded=True,
    ),
    Holding(
        "payments_openitem", {"en": "Open items", "zh-hans": "未结项"},
        lambda subject: OpenItem.objects.filter(account_id__in=subject.account_ids), Deed.KEEP, why="books",
    ),
    Holding(
        "payments_allocation", {"en": "What paid what", "zh-hans": "销账记录"},
        lambda subject: Allocation.objects.filter(debit__account_id__in=subject.account_ids), Deed.KEEP, why="books",
    ),
)  # fmt: skip
