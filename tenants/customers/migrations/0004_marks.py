"""Indexes over the marks of what is sealed, and over the beginnings of numbers."""

from __future__ import annotations

import django.contrib.postgres.indexes
import django.db.models.functions.text
from django.db import migrations, models


def _starts_with(model: str, column: str, name: str) -> migrations.AddIndex:
    opened = django.contrib.postgres.indexes.OpClass(
        django.db.models.functions.text.Upper(column), name="text_pattern_ops"
    )
    return migrations.AddIndex(model_name=model, index=models.Index(opened, name=name))


def _marks(model: str, name: str) -> migrations.AddIndex:
    return migrations.AddIndex(
        model_name=model, index=django.contrib.postgres.indexes.GinIndex(fields=["marks"], name=name)
    )


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0003_seal_personal"),
    ]

    operations = [
        _marks("customer", "customers_customer_marks"),
        _marks("premises", "customers_premises_marks"),
        _starts_with("customer", "number", "customers_customer_from"),
        _starts_with("account", "number", "customers_account_from"),
        _starts_with("supplypoint", "identifier", "customers_supplypoint_from"),
    ]
