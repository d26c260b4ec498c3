"""Reads of payments."""

from billing.payments.queries.balances import OpenDebit, account_credit, open_debits, outstanding
from billing.payments.queries.received import (
    PaymentDetail,
    Settled,
    accounts_changed_since,
    accounts_to_settle,
    payment,
    payment_of,
    payments,
    payments_of,
    settled_by,
)
from billing.payments.queries.suggesting import suggestions, weights

__all__ = [
    "OpenDebit",
    "PaymentDetail",
    "Settled",
    "account_credit",
    "accounts_changed_since",
    "accounts_to_settle",
    "open_debits",
    "outstanding",
    "payment",
    "payment_of",
    "payments",
    "payments_of",
    "settled_by",
    "suggestions",
    "weights",
]
