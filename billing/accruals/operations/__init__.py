"""What changes unbilled amounts: rating them anew, and booking their sum."""

from billing.accruals.operations.booking import book_unbilled
from billing.accruals.operations.rating import CHUNK, rate_unbilled

__all__ = ["CHUNK", "book_unbilled", "rate_unbilled"]
