"""A row for any table, from what its model says of its fields: nobody has to write one for a new table."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.contrib.postgres import fields as postgres
from django.db import connection, models
from django.db.backends.postgresql.psycopg_any import DateRange, NumericRange

DAY = dt.date(2026, 10, 5)
WANTED: dict[str, dict[str, Any]] = {
    "identity.SecurityPolicy": {"id": 1},
    "tariffs.TariffPolicy": {"id": 1},
    "metering.MeterPause": {"kind": "suspended", "wh_per_day": 0},
    "metering.RegisterFactor": {"period": DateRange(dt.date(2025, 10, 1), None)},
    "identity.SupportEntry": {"cause": "", "ended_at": None, "minutes": 30},
    "payments.ProviderConnection": {"provider": "stripe"},
}
"""What a table's own rules ask beyond what its fields say: “app.Model” → field → value."""


def is_of_company(model: Any) -> bool:
    """Return whether a model's table stands in a company's space and not in the registry."""
    if not model._meta.managed or model._meta.proxy:
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(current_schema() || '.' || %s)", [f'"{model._meta.db_table}"'])
        return cursor.fetchone()[0] is not None


def make(model: Any, *, at: dt.datetime, sparing: bool = False, **given: Any) -> Any:
    """Store a row of ``model``: choices take the first, keys the first row of their table; ``sparing``: no more than
    must be there."""
    fields = [f for f in model._meta.local_concrete_fields if _asks(f)]
    filled = {f.name: None if sparing and f.null else _value(f, at) for f in fields}
    return model._default_manager.create(**{**filled, **WANTED.get(model._meta.label, {}), **given})


def few_readings(start: dt.date) -> None:
    """Forget readings before ``start``: a fleet of twenty needs no year of them."""
    model = apps.get_model("metering", "IntervalDay")
    model._default_manager.filter(day__lt=start).delete()


def _asks(field: Any) -> bool:
    if field.primary_key and isinstance(field, models.AutoField | models.BigAutoField):
        return False
    return not getattr(field, "generated", False)


def _value(field: Any, at: dt.datetime) -> Any:
    if field.is_relation:
        if field.null and field.remote_field.model is field.model:
            return None
        first = field.remote_field.model._default_manager.order_by("pk")
        if field.one_to_one:
            first = first.exclude(pk__in=field.model._default_manager.values(field.name))
        return first.first()
    if field.choices:
        return next(key for key, _ in field.flatchoices)
    for kind, make_value in _VALUES:
        if isinstance(field, kind):
            return make_value(field, at)
    raise TypeError(f"{field.model._meta.label}.{field.name}: say in isolation/rows.py what a {type(field)} holds")


def _text(field: Any, at: dt.datetime) -> str:
    known = {
        "currency": "CNY", "language": "en", "time_zone": "Asia/Shanghai", "zone": "Asia/Shanghai", "unit": "Wh",
        "recording_zone": "Asia/Shanghai", "market": "cn", "country": "CN", "email": "siyuan@lanjiang.example",
    }  # fmt: skip
    fitting = known.get(field.name) or f"{field.name}-text"
    return fitting[: field.max_length or 99]


def _decimal(field: Any, at: dt.datetime) -> Decimal:
    return Decimal("1.00")


_VALUES: list[tuple[Any, Any]] = [
    (models.EmailField, lambda f, at: "siyuan@lanjiang.example"),
    (models.URLField, lambda f, at: "https://example.test/page"),
    (models.UUIDField, lambda f, at: uuid.UUID(int=17)),
    (models.FileField, lambda f, at: "made/file.txt"),
    (models.CharField | models.TextField, _text),
    (models.BooleanField, lambda f, at: f.default if f.has_default() else False),
    (models.DecimalField, _decimal),
    (models.FloatField, lambda f, at: 1.0),
    (models.IntegerField, lambda f, at: f.default if f.has_default() and not callable(f.default) else 1),
    (models.DateTimeField, lambda f, at: None if f.null else at),
    (models.DateField, lambda f, at: None if f.null else DAY),
    (models.DurationField, lambda f, at: dt.timedelta(days=1)),
    (models.BinaryField, lambda f, at: b"\x00" * 8),
    (models.JSONField, lambda f, at: f.get_default() if f.has_default() else {}),
    (postgres.DateRangeField, lambda f, at: DateRange(DAY, DAY + dt.timedelta(days=1))),
    (postgres.IntegerRangeField, lambda f, at: NumericRange(0, 1)),
    (postgres.ArrayField, lambda f, at: f.get_default() if f.has_default() else []),
    (models.GenericIPAddressField, lambda f, at: "127.0.0.1"),
]
