"""What stands in the console's addresses: numbers, keys, counts, days. Whoever writes addresses imports them."""

from __future__ import annotations

import datetime as dt

from django.urls import register_converter


class NumberConverter:
    """Numbers of customers, accounts, products and invoices: what the rooms accept as one."""

    regex = r"[A-Za-z0-9_][A-Za-z0-9_\-./]{0,47}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return str(value)


class KeyConverter:
    """Keys of rows: no longer than the database counts."""

    regex = "[0-9]{1,18}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)


class CountConverter(KeyConverter):
    """Numbers of runs and versions, which count from one."""

    regex = "[0-9]{1,9}"


class DayConverter:
    """Days as the calendar has them: 2026-03-31."""

    regex = "[0-9]{4}-[0-9]{2}-[0-9]{2}"

    def to_python(self, value: str) -> dt.date:
        return dt.date.fromisoformat(value)

    def to_url(self, value: dt.date | str) -> str:
        return str(value)


register_converter(NumberConverter, "number")
register_converter(DayConverter, "day")
register_converter(KeyConverter, "key")
register_converter(CountConverter, "count")
