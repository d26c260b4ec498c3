"""Which ledger account receives the money of a payment.

Where the company keeps statements of a bank account, only statements move the account ``bank``: what is said to have
been transferred waits in ``clearing`` until its line is read, and what a line brought stands in ``suspense``.
"""

from __future__ import annotations

from billing.ledger import chart
from billing.ledger import queries as ledger_queries
from billing.payments.models import BankAccount, Payment, PaymentMethod, ProviderMovement

RECEIVABLE, SUSPENSE, CLEARING, CASH, BANK = chart.RECEIVABLE, chart.SUSPENSE, chart.CLEARING, chart.CASH, chart.BANK
BY_BANK = (PaymentMethod.BANK_TRANSFER, PaymentMethod.DIRECT_DEBIT, PaymentMethod.CHEQUE)


def of_method(method: str) -> str:
    """This will return the ledger account that a payment of ``method`` debits: cash, bank or clearing."""
    if method == PaymentMethod.CASH:
        return CASH
    if method in BY_BANK:
        return CLEARING if BankAccount.objects.exists() else BANK
    return CLEARING


def of_payout(currency: str) -> str:
    """This will return the ledger account that a provider's payout debits: it is in transit until a statement shows it.

    Where no statements are kept in the currency, it is taken to be in the bank.
    """
    return chart.IN_TRANSIT if BankAccount.objects.filter(currency=currency).exists() else BANK


def of_payment(payment: Payment) -> str:
    """This will return the ledger account that a payment debited."""
    postings = ledger_queries.entries().get(pk=payment.entry_id).postings.all()
    return next(posting.ledger_account.code for posting in postings if posting.amount > 0)


def is_in_transit(payout: ProviderMovement) -> bool:
    """Whether a payout was booked as in transit; one from before statements were kept went to the bank at once."""
    postings = ledger_queries.entries().get(pk=payout.entry_id or 0).postings.all()
    return any(posting.ledger_account.code == chart.IN_TRANSIT for posting in postings)
