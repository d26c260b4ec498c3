"""Money that comes in and goes back: payments, open items, allocations."""

from billing.payments.models.allocating import Allocation, OpenItem
from billing.payments.models.bank import (
    BankAccount,
    BankLine,
    BankStatement,
    FileProfile,
    KnownPayer,
    LineBooking,
)
from billing.payments.models.cash import Agent, AgentStatement, CashDesk, CashMovement, CashSession
from billing.payments.models.payments import Payment, PaymentMethod, PaymentReversal
from billing.payments.models.providing import (
    Attempt,
    Authority,
    Payer,
    ProviderConnection,
    ProviderEvent,
    ProviderMovement,
    SavedMethod,
)
from billing.payments.models.refunds import Refund

__all__ = [
    "Agent",
    "AgentStatement",
    "Allocation",
    "Attempt",
    "Authority",
    "BankAccount",
    "BankLine",
    "BankStatement",
    "CashDesk",
    "CashMovement",
    "CashSession",
    "FileProfile",
    "KnownPayer",
    "LineBooking",
    "OpenItem",
    "Payer",
    "Payment",
    "PaymentMethod",
    "PaymentReversal",
    "ProviderConnection",
    "ProviderEvent",
    "ProviderMovement",
    "Refund",
    "SavedMethod",
]
