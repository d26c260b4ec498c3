"""What every provider can be asked, in our words; nothing above knows whose words a provider uses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from kernel.errors import GridhallError, gettext_noop
from kernel.money import Money


class State(StrEnum):
    """Where a payment stands at the provider."""

    WAITING = "waiting"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    EXPIRED = "expired"


class ProviderSilent(GridhallError):
    """The provider could not be reached or did not answer sensibly: what came of it is not known yet."""

    code = "provider_silent"
    template = gettext_noop(
        "The payment provider does not answer. Nothing was charged twice; try again in a few minutes."
    )


class ProviderRefused(GridhallError):
    """The provider refuses the request itself."""

    code = "provider_refused"
    template = gettext_noop("The payment provider refuses: {said}")


class BadSignature(GridhallError):
    """A message does not carry the provider's signature, or an old one."""

    code = "webhook_signature"
    template = gettext_noop("The message is not signed by the payment provider, or was signed too long ago.")


class NotOffered(GridhallError):
    """The provider cannot do this."""

    code = "provider_cannot"
    template = gettext_noop("{provider} cannot do this.")


@dataclass(frozen=True, slots=True)
class Capabilities:
    """``methods`` in the order in which they are offered; ``saves`` those that can be kept for later."""

    methods: tuple[str, ...]
    saves: tuple[str, ...] = ()
    collects: bool = False
    refunds: bool = False
    pays_out: bool = False
    online: bool = True


@dataclass(frozen=True, slots=True)
class Person:
    """Who pays, as far as a provider needs it."""

    reference: str
    name: str
    email: str
    language: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A payment or a saving that is asked for; ``key`` is derived from our own row and makes a repeat harmless."""

    key: str
    token: str
    person: Person
    title: str
    money: Money | None = None
    methods: tuple[str, ...] = ()
    return_url: str = ""
    cancel_url: str = ""
    saved: str = ""
    made_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Where a customer pays: an address at the provider, or facts to be shown on our own page."""

    reference: str
    url: str = ""
    facts: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """A method that the provider keeps for a customer."""

    reference: str
    kind: str
    title: str
    expires_on: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Back:
    """Money that went back after a payment: a refund or a dispute, with what became of it.

    ``taken`` tells whether it is gone now, ``returned`` whether it had gone and came back. ``ours`` is the reference of
    our own refund that caused it.
    """

    reference: str
    kind: str
    money: Money
    on: dt.datetime
    taken: bool
    returned: bool = False
    ours: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """What the provider says when it is asked: the only source of what is booked."""

    state: State
    reference: str = ""
    page: str = ""
    token: str = ""
    money: Money | None = None
    method: str = ""
    at: dt.datetime | None = None
    failure: str = ""
    receipt: str = ""
    kept: Kept | None = None
    backs: tuple[Back, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """A message of a provider in our words; ``topic`` says what to ask about under ``subject``."""

    event: str
    kind: str
    topic: str
    subject: str
    account: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PayoutPart:
    """One amount inside a payout: the payment it belongs to (empty: none of ours), gross and fee."""

    reference: str
    payment: str
    kind: str
    gross: Money
    fee: Money


@dataclass(frozen=True, slots=True)
class PayoutFound:
    """A transfer of the provider to the company's bank account; ``parts`` is empty when it does not say."""

    reference: str
    money: Money
    on: dt.datetime
    paid: bool
    failed: bool
    parts: tuple[PayoutPart, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Standing:
    """How the company's account at the provider stands."""

    ready: bool
    missing: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


class Provider(Protocol):
    """A connected provider. All methods may raise ProviderSilent or ProviderRefused."""

    name: str
    merchant: str
    capabilities: Capabilities

    def standing(self) -> Standing:
        """Return how the company's account stands."""

    def person(self, *, number: str, name: str, email: str, key: str) -> str:
        """Return the reference of a customer, made on the first call."""

    def start(self, asked: Asked) -> Page:
        """Open a page on which the customer pays."""

    def start_saving(self, asked: Asked) -> Page:
        """Open a page on which the customer leaves a method."""

    def charge(self, asked: Asked) -> Found:
        """Collect from a saved method without the customer."""

    def find(self, *, topic: str, subject: str) -> Found:
        """Return what stands under a page's or a payment's reference."""

    def search(self, asked: Asked, *, saving: bool) -> Found | None:
        """Return what became of an attempt whose answer was lost; None when it never arrived."""

    def forget(self, *, saved: str) -> None:
        """Let go of a saved method."""

    def erase_person(self, *, reference: str) -> bool:
        """Delete a customer with all that is saved of him; return False when there is none any more."""

    def refund(self, *, payment: str, money: Money, key: str, reference: str) -> Back:
        """Give money back the way it came."""

    def payout(self, *, reference: str) -> PayoutFound:
        """Return a payout with what it is made of."""

    def read(self, *, body: bytes, signature: str, at: dt.datetime) -> Told:
        """Return a message, its signature checked; raises BadSignature."""
