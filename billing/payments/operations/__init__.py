"""Changes of payments."""

from billing.payments.operations.allocating import settle_accounts
from billing.payments.operations.errors import (
    NoAmount,
    NoReference,
    NotEnoughCredit,
    OtherCurrency,
    OthersInvoice,
    PaymentDiffers,
    UnknownMethod,
)
from billing.payments.operations.receiving import day_of, receive, reverse

__all__ = [
    "NoAmount",
    "NoReference",
    "NotEnoughCredit",
    "OtherCurrency",
    "OthersInvoice",
    "PaymentDiffers",
    "UnknownMethod",
    "day_of",
    "receive",
    "reverse",
    "settle_accounts",
]
