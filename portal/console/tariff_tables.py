"""A tariff explained: its charges with their formulas, and what an agreement may fill in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext, pgettext

from billing.rating.formulas import units
from billing.rating.tariffs import Band, Charge, Parameter, Tariff
from portal.console import usage
from portal.shared import formats


@dataclass(frozen=True, slots=True)
class ChargeRow:
    """One charge for people."""

    code: str
    title: Mapping[str, str]
    quantity: str
    unit: str
    price: str
    labels: list[str]
    tiers: list[str]
    notes: list[str]
    payee: str
    posted: bool


@dataclass(frozen=True, slots=True)
class ParameterRow:
    """What an agreement fills in, and between which bounds."""

    name: str
    unit: str
    bounds: str
    default: str


def charges(tariff: Tariff) -> list[ChargeRow]:
    """This will explain the charges in the order of the document."""
    return [_charge(charge) for charge in tariff.charges]


def parameters(tariff: Tariff) -> list[ParameterRow]:
    """This will list the parameters with their bounds."""
    return [_parameter(parameter) for parameter in tariff.parameters.values()]


def _charge(charge: Charge) -> ChargeRow:
    return ChargeRow(
        code=charge.code,
        title=charge.title,
        quantity=charge.quantity.text if charge.quantity else "",
        unit=charge.unit,
        price=charge.price.text if charge.price else "",
        labels=_labels(charge),
        tiers=_tiers(charge),
        notes=_notes(charge),
        payee=payees().get(charge.payee or "retailer", charge.payee or ""),
        posted=charge.post,
    )


def payees() -> dict[str, str]:
    """This will name who earns a charge."""
    return {
        "retailer": pgettext("payee", "Retailer"),
        "grid": pgettext("payee", "Grid"),
        "state": pgettext("payee", "State"),
        "customer": pgettext("payee", "Customer"),
    }


def _labels(charge: Charge) -> list[str]:
    titles = usage.label_titles(charge.calendar) if charge.calendar and charge.by else {}
    return [titles.get(label, label) for label in charge.by or ()]


def _tiers(charge: Charge) -> list[str]:
    if charge.tiers is None:
        return []
    rows = []
    for label, found in charge.tiers.bands.items():
        titles = usage.label_titles(charge.calendar) if charge.calendar and label else {}
        name = titles.get(label, label) if label else ""
        rows += [_band(band, name) for band in found]
    return rows


def _band(band: Band, name: str) -> str:
    reach = gettext("up to {amount}").format(amount=band.to.text) if band.to else gettext("above")
    flat = f" + {band.flat.text}" if band.flat else ""
    return f"{name}{' · ' if name else ''}{reach}: {band.price.text}{flat}"


def _notes(charge: Charge) -> list[str]:
    notes = []
    if charge.tiers is not None:
        modes = {
            "graduated": gettext("each tier at its own price"),
            "slab": gettext("all at the price of the tier reached"),
        }
        windows = {
            "bill": gettext("per bill"),
            "day": gettext("per day"),
            "month": gettext("per month"),
            "two_months": gettext("per two months"),
            "quarter": gettext("per quarter"),
            "year": gettext("per year"),
            "contract": gettext("per contract year"),
        }
        notes.append(f"{modes[charge.tiers.mode]}, {windows[charge.tiers.window]}")
    rounding = [
        (charge.round.price, gettext("price to {places} decimals")),
        (charge.round.cell, gettext("each part to {places} decimals")),
        (charge.round.line, gettext("line to {places} decimals")),
    ]
    notes += [sentence.format(places=places) for places, sentence in rounding if places is not None]
    return notes


def _parameter(parameter: Parameter) -> ParameterRow:
    least, most = (None if v is None else formats.number(v) for v in (parameter.least, parameter.most))
    bounds = "–" if least is None and most is None else f"{least or '−∞'} … {most or '∞'}"
    default: Any = parameter.default
    return ParameterRow(
        name=parameter.name,
        unit="" if parameter.unit is None else units.write(parameter.unit),
        bounds=bounds,
        default=gettext("must be given") if default is None else formats.number(default),
    )
