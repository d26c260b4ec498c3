"""Money that comes in and goes back: payments, open items, allocations."""

from billing.payments.models.allocating import Allocation, OpenItem
from billing.payments.models.payments import Payment, PaymentMethod, PaymentReversal

__all__ = ["Allocation", "OpenItem", "Payment", "PaymentMethod", "PaymentReversal"]
