"""A checked tariff: what ``documents.load`` returns and the engine evaluates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from billing.rating.formulas import nodes, units
from billing.rating.formulas.uses import NOTHING, Uses

GRADUATED, SLAB = "graduated", "slab"
DAY = "day"
WINDOWS = ("bill", DAY, "month", "two_months", "quarter", "year", "contract")
PAYEES = ("retailer", "grid", "state", "customer")


@dataclass(frozen=True, slots=True, eq=False)
class Formula:
    """A formula with its text and its place in the document."""

    tree: nodes.Node
    text: str
    pointer: str
    uses: Uses = NOTHING
    """What it reaches itself, without the tables it names."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """What an agreement fills in; ``least`` and ``most`` are bounds."""

    name: str
    unit: units.Known
    least: Decimal | None = None
    most: Decimal | None = None
    default: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A step: ``value`` holds where x < ``below``; without ``below`` everywhere else."""

    below: Decimal | None
    value: Formula


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class ChannelRule:
    """A channel: its unit, and for a derived one what is taken of what on every day."""

    name: str
    unit: units.Known
    of: Formula | None = None
    take: str | None = None


@dataclass(frozen=True, slots=True)
class Carried:
    """A value stored after each bill; its last ``keep`` values are a channel of the next one."""

    name: str
    next: Formula
    keep: int
    first: Decimal | None


@dataclass(frozen=True, slots=True)
class Band:
    to: Formula | None
    price: Formula
    flat: Formula | None


@dataclass(frozen=True, slots=True)
class Tiers:
    mode: str
    window: str
    already: tuple[Formula, ...]
    already_per_band: bool
    share: bool
    bands: Mapping[str | None, tuple[Band, ...]]
    """Per label, or under None for all."""

    def of_label(self, label: str | None) -> tuple[Band, ...]:
        found = self.bands.get(label) or self.bands.get(nodes.OTHER if None not in self.bands else None)
        return found or ()


@dataclass(frozen=True, slots=True)
class Rounding:
    price: int | None = None
    cell: int | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Charge:
    code: str
    title: Mapping[str, str]
    payee: str | None
    post: bool
    by: tuple[str, ...] | None
    calendar: str | None
    quantity: Formula | None
    price: Formula | None
    tiers: Tiers | None
    round: Rounding
    uses: Uses = NOTHING
    """Of all its formulas, also through tables and derived channels."""
    unit: str = ""
    """Of the quantity, for people."""
    channel: str | None = None
    """The channel whose plain sum is the quantity: its intervals have a cost of their own."""

    @property
    def formulas(self) -> tuple[Formula, ...]:
        """This will return all formulas of the charge."""
        own = [self.quantity, self.price]
        if self.tiers is not None:
            own += self.tiers.already
            own += [
                f for bands in self.tiers.bands.values() for band in bands for f in (band.to, band.price, band.flat)
            ]
        return tuple(formula for formula in own if formula is not None)


@dataclass(frozen=True, slots=True)
class Tariff:
    code: str
    title: Mapping[str, str]
    currency: str | None
    calendar: str | None
    calendars: Mapping[str, tuple[str, ...]]
    """The labels of every calendar in use."""
    parameters: Mapping[str, Parameter]
    facts: Mapping[str, Parameter]
    tables: Mapping[str, Table]
    channels: Mapping[str, ChannelRule]
    carried: Mapping[str, Carried]
    charges: tuple[Charge, ...]
    order: tuple[int, ...] = ()
    """Positions of the charges, each after those it depends on."""
    table_uses: Mapping[str, Uses] = field(default_factory=dict)
    late: frozenset[str] = frozenset()
    """Aggregates (by key) that need amounts or a table's ``x``, and so wait for the second step."""
    plain: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Formulas (by pointer) that read neither readings nor amounts, with the parameters they read."""
    balances: frozenset[str] = field(default_factory=frozenset)
    """Names that ``already`` uses: filled by the quantities of earlier bills."""
    required_channels: frozenset[str] = field(init=False, repr=False, compare=False)
    """Metered channels the charges read: asked for with every section, and so worked out once."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "required_channels", self._required_channels())

    def charge(self, code: str) -> Charge:
        """This will return the charge called ``code``; raises KeyError."""
        return next(charge for charge in self.charges if charge.code == code)

    @property
    def required_parameters(self) -> frozenset[str]:
        """Parameters without a default that an agreement or market must give."""
        return frozenset(name for name, parameter in self.parameters.items() if parameter.default is None)

    def _required_channels(self) -> frozenset[str]:
        used = frozenset[str]().union(
            *(c.uses.channels for c in self.charges), *(c.next.uses.channels for c in self.carried.values())
        )
        derived = {name for name, rule in self.channels.items() if rule.of is not None}
        return used - derived - self.carried.keys()

    @property
    def required_indices(self) -> frozenset[str]:
        """Published series the charges read."""
        return frozenset[str]().union(
            *(c.uses.indices for c in self.charges), *(c.next.uses.indices for c in self.carried.values())
        )
