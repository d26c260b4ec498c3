"""What an agreement may fill into a tariff, and within which bounds; pure."""

from __future__ import annotations

import decimal
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from billing.rating import tariffs
from kernel.errors import Invalid, gettext_noop


class UnknownParameter(Invalid):
    """The tariff declares no such parameter."""

    code = "parameter_unknown"
    template = gettext_noop("The tariff has no parameter “{name}”.")


class MissingParameter(Invalid):
    """The tariff needs a parameter that nobody gave."""

    code = "parameter_missing"
    template = gettext_noop("The tariff needs a value for “{name}”.")


class MalformedParameter(Invalid):
    """A parameter is a decimal number."""

    code = "parameter_malformed"
    template = gettext_noop("“{value}” is not a number for “{name}”.")


class OutOfBounds(Invalid):
    """The tariff allows only a range of values."""

    code = "parameter_out_of_bounds"
    template = gettext_noop("{name} must lie between {least} and {most}; {value} does not.")


def checked(*, given: Mapping[str, Any], declared: Mapping[str, tariffs.Parameter]) -> dict[str, str]:
    """This will return the parameters as decimal texts, each within the bounds its tariff declares.

    Raises UnknownParameter, MissingParameter, MalformedParameter or OutOfBounds with the name in ``where``.
    """
    for name in given:
        if name not in declared:
            raise UnknownParameter(name=name, where=name)
    values: dict[str, str] = {}
    for name, parameter in declared.items():
        if given.get(name) in (None, ""):
            if parameter.default is None:
                raise MissingParameter(name=name, where=name)
            continue
        values[name] = _within(_decimal(name, given[name]), parameter)
    return values


def _decimal(name: str, value: Any) -> Decimal:
    try:
        number = Decimal(str(value).strip())
    except decimal.InvalidOperation:
        raise MalformedParameter(name=name, value=str(value), where=name) from None
    if isinstance(value, float) or not number.is_finite():
        raise MalformedParameter(name=name, value=str(value), where=name)
    return number


def _within(value: Decimal, parameter: tariffs.Parameter) -> str:
    least, most = parameter.least, parameter.most
    if (least is not None and value < least) or (most is not None and value > most):
        raise OutOfBounds(
            name=parameter.name,
            value=str(value),
            least="−∞" if least is None else str(least),
            most="∞" if most is None else str(most),
            where=parameter.name,
        )
    return str(value)
