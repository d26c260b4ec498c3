"""Indexes over the marks of bank lines and known payers; each payer of an account once, by his marks."""

from __future__ import annotations

import django.contrib.postgres.indexes
from django.db import migrations, models

GinIndex = django.contrib.postgres.indexes.GinIndex


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0007_seal_bank_lines"),
    ]

    operations = [
        migrations.AddIndex("knownpayer", GinIndex(fields=["marks"], name="payments_known_payer_marks")),
        migrations.AddConstraint(
            "knownpayer", models.UniqueConstraint(fields=["account", "marks"], name="payments_payer_once")
        ),
        migrations.AddIndex("bankline", GinIndex(fields=["marks"], name="payments_line_marks")),
    ]
