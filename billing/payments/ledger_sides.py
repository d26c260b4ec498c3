"""Which ledger account receives the money of a payment.

Where the company keeps statements of a bank account, only statements move the account ``bank``: what is said to have
been transferred waits in ``clearing`` until its line is read, and what a line brought stands in ``suspense``.
"""

from __future__ import annotations

from billing.ledger import chart
from billing.ledger import queries as ledger_queries
from billing.payments.models import BankAccount, Payment, PaymentMethod

RECEIVABLE, SUSPENSE, CLEARING, CASH, BANK = chart.RECEIVABLE, chart.SUSPENSE, chart.CLEARING, chart.CASH, chart.BANK
BY_BANK = (PaymentMethod.BANK_TRANSFER, PaymentMethod.DIRECT_DEBIT, PaymentMethod.CHEQUE)


def of_method(method: str) -> str:
    """This will return the ledger account that a payment of ``method`` debits: cash, bank or clearing."""
    if method == PaymentMethod.CASH:
        return CASH
    if method in BY_BANK:
        return CLEARING if BankAccount.objects.exists() else BANK
    return CLEARING


def of_payment(payment: Payment) -> str:
    """This will return the ledger account that a payment debited."""
    postings = ledger_queries.entries().get(pk=payment.entry_id).postings.all()
    return next(posting.ledger_account.code for posting in postings if posting.amount > 0)
