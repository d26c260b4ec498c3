"""Approved refunds are ordered at the bank: one file for all that wait, each in one file only."""

from __future__ import annotations

import datetime as dt
import secrets

from django.db import transaction
from django.db.models import QuerySet

from billing.payments import payment_files
from billing.payments.models import BankAccount, Refund
from billing.payments.operations import receiving, refunding
from kernel.errors import NotFound, gettext_noop
from kernel.money import Money
from tenancy import context

BANK_ACCOUNT = gettext_noop("bank account")
PAIN, CSV = "pain.001", "csv"
BATCH_BYTES = 4


def order_refunds(*, bank_account_id: int, file_format: str, at: dt.datetime) -> tuple[str, bytes, int]:
    """This will put the approved bank transfers of the account's currency into a file and mark them as sent.

    Returns the file's identification, its content (pain.001 or CSV) and how many transfers it holds. Raises NotFound,
    or RefundRefused when none waits.
    """
    with transaction.atomic():
        account = BankAccount.objects.filter(pk=bank_account_id).first()
        if account is None:
            raise NotFound(what=BANK_ACCOUNT, name=bank_account_id)
        waiting = list(_waiting(account.currency).select_for_update().order_by("pk"))
        if not waiting:
            raise refunding.RefundRefused(reason=gettext_noop("no approved bank transfer waits."))
        day = receiving.day_of(at)
        batch = f"RF{day:%Y%m%d}{secrets.token_hex(BATCH_BYTES).upper()}"
        for refund in waiting:
            refund.state, refund.batch = Refund.State.SENT, batch
        Refund.objects.bulk_update(waiting, ["state", "batch"])
    return (
        batch,
        content_of(refunds=waiting, bank_account=account, batch=batch, file_format=file_format, at=at),
        len(waiting),
    )


def content_of(
    *, refunds: list[Refund], bank_account: BankAccount, batch: str, file_format: str, at: dt.datetime
) -> bytes:
    """This will write the file of refunds that are ordered together; the same ones give the same file again."""
    orders = [_order(refund) for refund in refunds]
    if file_format == CSV:
        return payment_files.csv_orders(orders=orders)
    retailer = context.current_retailer()
    holder = bank_account.holder or str(getattr(retailer, "legal_name", "") or retailer.code)
    debtor = payment_files.Debtor(name=holder, account=bank_account.number, bic=bank_account.bic)
    return payment_files.pain_001(batch=batch, orders=orders, debtor=debtor, at=at, on=receiving.day_of(at))


def _waiting(currency: str) -> QuerySet[Refund]:
    return Refund.objects.filter(method=Refund.Method.BANK_TRANSFER, state=Refund.State.APPROVED, currency=currency)


def _order(refund: Refund) -> payment_files.Order:
    return payment_files.Order(
        reference=refund.reference,
        amount=Money.rounded(refund.amount, refund.currency).amount,
        currency=refund.currency,
        name=refund.payee.get("name", ""),
        account=refund.payee.get("account", ""),
        bic=refund.payee.get("bic", ""),
        text=f"{refund.reference} {refund.reason}".strip(),
    )
