"""What one demo company consists of: products, supply points with their customers and curves, people who sign in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from config.demo.profiles import WattHours
from hosting.operations import NewCompany

FIRST_DAY = dt.date(2025, 10, 1)
LAST_DAY = dt.date(2026, 11, 22)
"""Readings stand from the first day up to, not including, the last."""
MONTHS = [dt.date(2025 + (9 + n) // 12, (9 + n) % 12 + 1, 1) for n in range(13)]
DAYS = (LAST_DAY - FIRST_DAY).days
PASSWORD = "Gridhall-demo-2026"

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
    pays: bool = True
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
    files: Sequence[str] = ()
    """Meter files of `examples/` that are imported as they are, for the supply points they name."""
