"""A tariff put in the place of what was agreed: same days, same customer, other prices; pure but for loading."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from billing.rating import tariffs
from kernel.errors import Conflict, gettext_noop
from kernel.periods import Period
from tenants.tariffs import parameters as agreement_parameters
from tenants.tariffs import tariff_documents
from tenants.tariffs.queries import Terms

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


class CurrencyDiffers(Conflict):
    """An account pays in one currency, a tariff has its own."""

    code = "currency_differs"
    template = gettext_noop("The account pays in {account_currency}; the tariff is in {tariff_currency}.")


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """A tariff with the parameters that hold for everybody; it stands where a product version stands in a section."""

    pk: int
    tariff: tariffs.Tariff
    given: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Supposed:
    """What would have been agreed: it stands where an agreement stands in a section."""

    pk: int
    account_id: int
    period: Any
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Wording:
    """A document by itself, as an open version has it."""

    document: Mapping[str, Any]
    status: str = "draft"
    is_open: bool = True


def tariff_of(*, document: Mapping[str, Any]) -> tariffs.Tariff:
    """This will return the checked tariff of a document; raises TariffError."""
    return tariff_documents.tariff_of(version=cast(Any, Wording(document)))


def checked_given(*, given: Mapping[str, Any], tariff: tariffs.Tariff) -> dict[str, str]:
    """This will return parameters that are to hold for everybody as decimal texts; what is left open may be missing.

    Raises UnknownParameter, MalformedParameter or OutOfBounds with the name in ``where``.
    """
    filled = {name: value for name, value in given.items() if value not in (None, "")}
    named = {name: each for name, each in tariff.parameters.items() if name in filled}
    return agreement_parameters.checked(given=filled, declared=named)


def parameters_for(*, proposal: Proposal, agreed: Mapping[str, Any], attributes: Mapping[str, Any]) -> dict[str, str]:
    """This will return what one customer would have agreed to.

    A parameter is what was given for everybody, else the customer's own of that name, else what the grid knows of the
    supply point under it, else the tariff's default. Raises MissingParameter, MalformedParameter or OutOfBounds.
    """
    found: dict[str, Any] = {}
    numbers = _numbers(attributes)
    for name in proposal.tariff.parameters:
        sources = (proposal.given, agreed, numbers)
        known = [source[name] for source in sources if source.get(name) not in (None, "")]
        if known:
            found[name] = known[0]
    return agreement_parameters.checked(given=found, declared=proposal.tariff.parameters)


def under(*, proposal: Proposal, terms: Terms, attributes: Mapping[str, Any]) -> Terms:
    """This will put the proposal where ``terms`` stood, day for day; raises as ``parameters_for`` does."""
    agreement = terms.agreement
    parameters = parameters_for(proposal=proposal, agreed=agreement.parameters, attributes=attributes)
    return agreed(
        proposal=proposal,
        days=terms.period,
        payer=(agreement.pk, agreement.account_id),
        running=agreement.period,
        parameters=parameters,
    )


def agreed(
    *, proposal: Proposal, days: Period, payer: tuple[int, int], running: Any, parameters: Mapping[str, str]
) -> Terms:
    """This will return terms over ``days`` for ``payer`` (agreement, account), agreed since ``running`` began."""
    supposed = Supposed(pk=payer[0], account_id=payer[1], period=running, parameters=parameters)
    return Terms(period=days, agreement=cast(Any, supposed), version=cast(Any, proposal))


def require_currency(*, proposal: Proposal, currency: str) -> None:
    """This will raise CurrencyDiffers unless the account may pay under the proposal."""
    if proposal.tariff.currency not in (None, currency):
        raise CurrencyDiffers(account_currency=currency, tariff_currency=proposal.tariff.currency)


def tariff_of_version(version: Any) -> tariffs.Tariff:
    """This will return the tariff of a proposal, or of a product version."""
    return version.tariff if isinstance(version, Proposal) else tariff_documents.tariff_of(version=version)


def _numbers(attributes: Mapping[str, Any]) -> dict[str, str]:
    """What the grid knows of a supply point as a number; the rest is words."""
    texts = {name: str(value) for name, value in attributes.items() if not isinstance(value, bool)}
    return {name: text for name, text in texts.items() if _NUMBER.fullmatch(text)}
