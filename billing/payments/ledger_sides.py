"""Which ledger account receives the money of a payment.

Where the company keeps statements of a bank account, only statements move the account ``bank``: what is said to have
been transferred waits in ``clearing`` until its line is read, and what a line brought stands in ``suspense``.
"""

from __future__ import annotations

from billing.ledger import chart
from billing.payments.models import PaymentMethod

RECEIVABLE, SUSPENSE, CLEARING, CASH, BANK = chart.RECEIVABLE, chart.SUSPENSE, chart.CLEARING, chart.CASH, chart.BANK
_BY_METHOD = {
    PaymentMethod.CASH: CASH,
    PaymentMethod.BANK_TRANSFER: BANK,
    PaymentMethod.DIRECT_DEBIT: BANK,
    PaymentMethod.CHEQUE: BANK,
}


def of_method(method: str) -> str:
    """This will return the ledger account that a payment of ``method`` debits: cash, bank or clearing."""
    return _BY_METHOD.get(PaymentMethod(method), CLEARING)
