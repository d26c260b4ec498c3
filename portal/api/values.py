"""How values look in JSON: money, periods, texts in several languages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from kernel import personal
from kernel.money import Money
from kernel.periods import Period
from portal.api.parsing import Input

CURRENCY = r"^[A-Z]{3}$"
AMOUNT = r"^-?\d+(\.\d+)?$"
EARLIEST, LATEST = dt.date(1900, 1, 1), dt.date(2200, 1, 1)


class PersonalField(serializers.CharField):
    """A text about a person: masked for a key without the scope `customers:personal`."""

    def to_representation(self, value: Any) -> str:
        return str(personal.shown(value))


class MoneyField(serializers.Serializer):
    """An amount as a decimal string, never a float, with its ISO 4217 currency."""

    amount = serializers.RegexField(AMOUNT, help_text="Decimal, with a point.")
    currency = serializers.RegexField(CURRENCY, help_text="ISO 4217.")

    class Meta:
        ref_name = "Money"

    def to_representation(self, instance: Money) -> dict[str, Any]:
        return dict(money(instance) or {})


class PeriodField(serializers.Serializer):
    """Days from `start` up to, not including, `end`; an open period has no end."""

    start = serializers.DateField(help_text="The first day.")
    end = serializers.DateField(allow_null=True, help_text="The day after the last one; null while it runs.")

    class Meta:
        ref_name = "Period"

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return dict(period(instance) or {})


class ClosedPeriodField(Input):
    """Days from `start` up to, not including, `end`."""

    start = serializers.DateField(help_text="The first day.")
    end = serializers.DateField(help_text="The day after the last one.")

    class Meta:
        ref_name = "ClosedPeriod"


@extend_schema_field(
    {
        "type": "object",
        "additionalProperties": {"type": "string"},
        "description": "The same text by language.",
        "example": {"en": "Energy", "zh-hans": "电能量电费"},
    }
)
class TextsField(serializers.Field):
    """Texts by language, as they stand."""

    def to_representation(self, value: Any) -> dict[str, str]:
        return {"en": value} if isinstance(value, str) else {name: str(text) for name, text in (value or {}).items()}

    def to_internal_value(self, data: Any) -> dict[str, str]:
        if not isinstance(data, dict) or not data or not all(isinstance(text, str) and text for text in data.values()):
            raise serializers.ValidationError(_('Give the text by language, such as {"en": "Energy"}.'), code="texts")
        return dict(data)


@extend_schema_field({"type": "object", "additionalProperties": True})
class ObjectField(serializers.Field):
    """Any JSON object."""

    def to_representation(self, value: Any) -> Any:
        return value

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            raise serializers.ValidationError(_("Give an object."), code="object")
        return data


@extend_schema_field({"type": "object", "additionalProperties": True})
class AttributesField(ObjectField):
    """A JSON object whose fractions become text, so that they keep their digits."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        return dict(_with_text(super().to_internal_value(data)))


class DayField(serializers.DateField):
    """A day within reach of the calendars."""

    def to_internal_value(self, value: Any) -> dt.date:
        day = super().to_internal_value(value)
        if not EARLIEST <= day < LATEST:
            said = gettext("Give a day from {first} to {last}.").format(first=EARLIEST, last=LATEST)
            raise serializers.ValidationError(said, code="out_of_range")
        return day


def example(value: dict[str, Any]) -> Callable[[type], type]:
    """Show ``value`` as the example of a body."""
    return extend_schema_serializer(examples=[OpenApiExample("Example", value=value, request_only=True)])


def money(value: Money | None) -> dict[str, str] | None:
    """Return an amount as it is shown; `format` keeps the decimals of its currency."""
    return None if value is None else {"amount": f"{value.amount:f}", "currency": value.currency}


def amount(value: Any, currency: str) -> dict[str, str] | None:
    """Return a stored amount, to the minor unit of its currency."""
    return None if value is None else money(Money.rounded(value, currency))


def decimal(value: Decimal | None) -> str | None:
    """Return a decimal without an exponent and without idle zeros: 120, 0.5583."""
    if value is None:
        return None
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def period(value: Any) -> dict[str, str | None] | None:
    """Return a range of days, as it is stored or as it is reckoned."""
    if value is None:
        return None
    first, after = (value.start, value.end) if isinstance(value, Period) else (value.lower, value.upper)
    return {"start": _day(first), "end": _day(after)}


def _with_text(value: Any) -> Any:
    if isinstance(value, Decimal):
        return decimal(value)
    if isinstance(value, dict):
        return {name: _with_text(inner) for name, inner in value.items()}
    return [_with_text(inner) for inner in value] if isinstance(value, list) else value


def _day(value: dt.date | None) -> str | None:
    return None if value is None else value.isoformat()
