"""What a statement says, whatever its format."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from kernel.errors import GridhallError, gettext_noop

MOST_BYTES = 50_000_000
MOST_ROWS = 200_000


@dataclass(frozen=True, slots=True)
class RowFault:
    """Why a row cannot be taken: ``reason`` is a template of ``params``."""

    row: int
    column: str
    reason: str
    params: dict[str, str] = field(default_factory=dict)


class FileRefused(GridhallError):
    """A file is taken whole or not at all; ``faults`` name each row and column that stands in the way."""

    code = "statement_refused"
    template = gettext_noop("The file was not imported: {reason}")

    def __init__(self, *, reason: str, faults: Sequence[RowFault] = (), **params: object) -> None:
        super().__init__(where="file", reason=reason, **params)
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class StatementLine:
    """A movement: positive came in, negative went out."""

    row: int
    booked_on: dt.date
    value_on: dt.date
    amount: Decimal
    currency: str
    party_name: str = ""
    party_account: str = ""
    end_to_end: str = ""
    bank_reference: str = ""
    structured: str = ""
    text: str = ""
    is_return: bool = False
    balance: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """The lines of one account in the order of the file, with the balances the file states (None: it does not)."""

    format: str
    account_number: str
    currency: str
    lines: Sequence[StatementLine]
    identification: str = ""
    opening: Decimal | None = None
    closing: Decimal | None = None

    @property
    def total(self) -> Decimal:
        return sum((line.amount for line in self.lines), Decimal(0))

    @property
    def first_on(self) -> dt.date | None:
        return min((line.booked_on for line in self.lines), default=None)

    @property
    def last_on(self) -> dt.date | None:
        return max((line.booked_on for line in self.lines), default=None)
