"""Bank transfer: no provider stands behind it. The page tells where to and under which reference; the bank statement
tells whether it came (billing.payments.statements books it)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from billing.payments.providers.base import (
    Asked,
    Back,
    BadSignature,
    Capabilities,
    Found,
    NotOffered,
    Page,
    PayoutFound,
    Standing,
    State,
    Told,
)
from kernel.errors import gettext_noop
from kernel.money import Money

NAME = "transfer"
FIELDS = (
    ("holder", gettext_noop("Account holder")),
    ("number", gettext_noop("Account number or IBAN")),
    ("bank", gettext_noop("Bank")),
)
REFERENCE = gettext_noop("Reference")
NEEDED = ("holder", "number")


class TransferProvider:
    """Instructions for a transfer; ``facts`` are those of the company's bank account."""

    name = NAME
    merchant = NAME

    def __init__(self, *, facts: Mapping[str, str]) -> None:
        self._facts = facts
        self.capabilities = Capabilities(("bank_transfer",), online=False)

    def standing(self) -> Standing:
        """Return what is missing of the bank account."""
        missing = tuple(name for name in NEEDED if not self._facts.get(name))
        return Standing(not missing, missing, dict(self._facts))

    def person(self, *, number: str, name: str, email: str, key: str) -> str:
        """Return the customer's own number: the bank knows no other."""
        return number

    def start(self, asked: Asked) -> Page:
        """Return where to transfer to; the reference is the one that statements are matched by."""
        facts = [(title, self._facts[name]) for name, title in FIELDS if self._facts.get(name)]
        return Page(reference="", facts=(*facts, (REFERENCE, asked.title)))

    def start_saving(self, asked: Asked) -> Page:
        """Refuse: there is nothing to be saved."""
        raise NotOffered(provider=NAME)

    def charge(self, asked: Asked) -> Found:
        """Refuse: a bank account is not charged by us."""
        raise NotOffered(provider=NAME)

    def find(self, *, topic: str, subject: str) -> Found:
        """Return that it waits: the statement tells, not we."""
        return Found(State.WAITING)

    def search(self, asked: Asked, *, saving: bool) -> Found | None:
        """Return that it waits."""
        return Found(State.WAITING)

    def forget(self, *, saved: str) -> None:
        """Do nothing: nothing was saved."""

    def erase_person(self, *, reference: str) -> bool:
        """Return that there is nobody: the bank knows no customers of ours."""
        return False

    def refund(self, *, payment: str, money: Money, key: str, reference: str) -> Back:
        """Refuse: refunds by transfer go out with the payment file."""
        raise NotOffered(provider=NAME)

    def payout(self, *, reference: str) -> PayoutFound:
        """Refuse: the money is at the bank already."""
        raise NotOffered(provider=NAME)

    def read(self, *, body: bytes, signature: str, at: dt.datetime) -> Told:
        """Refuse every message: nobody sends any."""
        raise BadSignature()
