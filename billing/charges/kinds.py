"""Kinds of charges: what each is called, how it is taxed and who earns it, as the market's pack says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kernel.errors import Invalid, gettext_noop
from markets import packs
from tenancy import context

STANDARD, UNTAXED = "standard", "none"
TAXES = (STANDARD, UNTAXED)
PAYEES = ("retailer", "grid", "state", "customer")
RECURRING = "recurring"


class UnknownKind(Invalid):
    """The market's pack has no such kind of charge."""

    code = "charge_kind_unknown"
    template = gettext_noop("There is no kind of charge “{kind}”. Known are: {known}.")


@dataclass(frozen=True, slots=True)
class Kind:
    """``tax`` is ``standard`` or ``none``; ``ledger`` the account that earns it where that is not its payee's."""

    code: str
    titles: Mapping[str, str]
    tax: str
    payee: str
    ledger: str
    recurring: bool


def kinds() -> dict[str, Kind]:
    """This will return the kinds of the present retailer's market (``policies.billing.charges``), by code."""
    rows = packs.pack(context.current_retailer().market).policies["billing"]["charges"]
    return {code: _kind(code, row) for code, row in rows.items()}


def kind(*, code: str) -> Kind:
    """This will return one kind; raises UnknownKind."""
    known = kinds()
    if code not in known:
        raise UnknownKind(where="kind", kind=code, known=", ".join(known))
    return known[code]


def _kind(code: str, row: Mapping[str, Any]) -> Kind:
    return Kind(
        code=code,
        titles=row["title"],
        tax=row.get("tax", STANDARD),
        payee=row.get("payee", PAYEES[0]),
        ledger=row.get("ledger", ""),
        recurring=bool(row.get(RECURRING, False)),
    )
