"""What is stored as JSON and read whole is kept as text: each table is written anew once."""

from __future__ import annotations

from django.db import migrations

from billing.invoices import stored_json

COLUMNS = {
    "draft": {"parts": "parts", "versions": "versions used"},
    "invoice": {
        "taxes": "tax summary",
        "buyer": "customer as billed",
        "seller": "seller as billed",
        "usage": "usage by day",
    },
    "invoiceline": {"titles": "titles", "cells": "explanation"},
}


def _statement(model: str, kind: str) -> str:
    changes = ", ".join(f'ALTER "{name}" TYPE {kind} USING "{name}"::{kind}' for name in COLUMNS[model])
    return f"ALTER TABLE invoices_{model} {changes}"


class Migration(migrations.Migration):
    dependencies = (("invoices", "0004_guards_of_parts"),)

    operations = tuple(
        migrations.RunSQL(
            _statement(model, "json"),
            _statement(model, "jsonb"),
            state_operations=[
                migrations.AlterField(model, name, stored_json.StoredJSONField(verbose_name=title))
                for name, title in titles.items()
            ],
        )
        for model, titles in COLUMNS.items()
    )
