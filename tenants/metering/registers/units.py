"""The units that stand on registers, and what one of each is in the unit readings are kept in."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from kernel.errors import Invalid, gettext_noop

VOLUME = "m3"
KILO, MEGA, GIGA = 10**3, 10**6, 10**9
JOULES_PER_WH = 3600


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of a register: ``kept`` is the unit of quantities, ``scale`` how many of those one is.

    A volume is energy only by its heat: ``by_content`` says that kWh per unit must be known.
    """

    kept: str
    scale: Fraction
    by_content: bool = False


UNITS: dict[str, Unit] = {
    "Wh": Unit("Wh", Fraction(1)),
    "kWh": Unit("Wh", Fraction(KILO)),
    "MWh": Unit("Wh", Fraction(MEGA)),
    "MJ": Unit("Wh", Fraction(MEGA, JOULES_PER_WH)),
    "GJ": Unit("Wh", Fraction(GIGA, JOULES_PER_WH)),
    VOLUME: Unit("Wh", Fraction(KILO), by_content=True),
    "varh": Unit("varh", Fraction(1)),
    "kvarh": Unit("varh", Fraction(KILO)),
    "Mvarh": Unit("varh", Fraction(MEGA)),
    "VAh": Unit("VAh", Fraction(1)),
    "kVAh": Unit("VAh", Fraction(KILO)),
    "W": Unit("W", Fraction(1)),
    "kW": Unit("W", Fraction(KILO)),
    "MW": Unit("W", Fraction(MEGA)),
    "var": Unit("var", Fraction(1)),
    "kvar": Unit("var", Fraction(KILO)),
    "VA": Unit("VA", Fraction(1)),
    "kVA": Unit("VA", Fraction(KILO)),
}

_QUANTITIES = {"reactive": {"varh", "var"}, "apparent": {"VAh", "VA"}, "demand": {"W", "VA", "var"}}
_ENERGY = {"Wh"}


class UnknownUnit(Invalid):
    """A register counts in a unit that is known."""

    code = "unknown_register_unit"
    template = gettext_noop("“{unit}” is no unit of a register that counts {kind}; known are {known}.")


def unit(*, name: str) -> Unit:
    """This will return the unit; raises KeyError for one that ``require`` never let in."""
    return UNITS[name]


def require(*, name: str, kind: str, where: str | None = None) -> Unit:
    """This will return the unit called ``name`` when a register of ``kind`` may count in it; raises UnknownUnit."""
    fitting = _QUANTITIES.get(kind, _ENERGY)
    found = UNITS.get(name)
    if found is None or found.kept not in fitting:
        known = ", ".join(each for each, described in UNITS.items() if described.kept in fitting)
        raise UnknownUnit(unit=name[:8], kind=kind, known=known, where=where)
    return found


def names() -> list[str]:
    """This will list the units, the usual ones first in each kind."""
    return list(UNITS)
