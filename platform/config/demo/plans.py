"""What one demo company consists of: products, supply points with their customers and curves, people who sign in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from config.demo.profiles import Twist, WattHours
from hosting.operations import NewCompany

FIRST_DAY = dt.date(2025, 10, 1)
LAST_DAY = dt.date(2026, 11, 22)
"""Readings stand from the first day up to, not including, the last."""
MONTHS = [dt.date(2025 + (9 + n) // 12, (9 + n) % 12 + 1, 1) for n in range(13)]
DAYS = (LAST_DAY - FIRST_DAY).days
PASSWORD = "Gridhall-demo-2026"
MONTHLY = {"en": "Monthly", "zh-hans": "每月"}
OCTOBER, NOVEMBER = dt.date(2026, 10, 1), dt.date(2026, 11, 1)

Curves = Mapping[str, WattHours]


@dataclass(frozen=True, slots=True)
class ProductPlan:
    """A product made from a market's template, in force from the first day."""

    code: str
    template: str
    titles: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DraftPlan:
    """Prices that the pricing person is working on: new defaults of parameters, from a day on."""

    product: str
    valid_from: dt.date
    defaults: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RegisterPlan:
    """A register of a demo meter."""

    code: str
    kind: str
    unit: str = "Wh"


@dataclass(frozen=True, slots=True)
class DialPlan:
    """A register that somebody reads: what it shows on the first day, its time of use, and kWh a month."""

    code: str
    label: str
    shows: int
    kwh_a_month: int


class Pays(StrEnum):
    """When a customer pays his bills."""

    IN_TIME = "in_time"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class BankPlan:
    """The bank account of a demo company: how its statements are written, and who wrote what on his transfer."""

    name: str
    number: str
    bic: str
    written: str
    strangers: Sequence[Transfer]
    fee: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Transfer:
    """A line of a statement that nobody can match by its words: name, account, amount, text, is it a return."""

    name: str
    account: str
    amount: str
    text: str


@dataclass(frozen=True, slots=True)
class Work:
    """What waits for the people of a demo company; accounts by their numbers."""

    words: Mapping[str, str]
    """Sentences that its people write, in the company's language."""
    prepaid: Mapping[str, str] = field(default_factory=dict)
    """What each prepaid account paid ahead beyond its open bills."""
    promise: str = ""
    instalments: str = ""
    dispute: str = ""
    weak: Sequence[str] = ()
    """Accounts of weak credit: a deposit is held of the first and asked of the second."""
    overpaid: str = ""
    overpaid_by: str = "0"
    at_the_desk: Sequence[str] = ()
    """Accounts that pay cash: two in the closed session, the others in the open one."""
    by_transfer: Sequence[str] = ()
    """Accounts whose last bill comes by the bank statement."""
    held: str = ""
    add_ons: Sequence[str] = ()
    lots: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Lots by code: titles, days after the cut, rule, and whether its last run waits in review."""
    spike: str = ""
    gap: str = ""
    absent: str = ""
    edited: str = ""
    exchanged: str = ""
    doubted: str = ""


@dataclass(frozen=True, slots=True)
class PointPlan:
    """A customer with one account and one supply point, and the curves of its registers."""

    number: str
    name: str
    kind: str
    segment: str
    identifier: str
    address: str
    product: str
    registers: Sequence[RegisterPlan]
    curves: Callable[[], Curves]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)
    serial: str = ""
    email: str = ""
    phone: str = ""
    signs_in: bool = False
    pays: Pays = Pays.IN_TIME
    unpaid_from: dt.date | None = None
    """Bills of this month and of later ones are not paid."""
    dials: Sequence[DialPlan] = ()
    """Registers that are read once a month, in place of intervals."""
    twists: Sequence[Twist] = ()
    """What is odd in its consumption."""
    shows: str = ""
    """What a visitor finds who signs in as this customer."""
    file: Callable[[], tuple[str, bytes]] | None = None
    """A meter file that brings the readings in place of the curves."""


@dataclass(frozen=True, slots=True)
class CompanyPlan:
    """One demo company."""

    company: NewCompany
    staff: Sequence[tuple[str, str, Sequence[str]]]
    products: Sequence[ProductPlan]
    points: Sequence[PointPlan]
    minutes: int
    recording_zone: str
    draft: DraftPlan
    bank: BankPlan
    work: Work
    entities: Sequence[tuple[str, bool, Mapping[str, str]]] = ()
    """Legal entities that sell: code, whether it is the usual one, its particulars."""
    fiscal: bool = False
    """Whether the tax bureau is handed every invoice."""
    password: str = PASSWORD
    """What everybody signs in with."""
    files: Sequence[str] = ()
    """Meter files of `examples/` that are imported as they are, for the supply points they name."""


def account_number(point: PointPlan) -> str:
    """Return the number of a customer's account."""
    return f"A{point.number[1:]}" if point.number[0] != "B" else f"AB{point.number[1:]}"
