"""Indexes over the marks of bank lines and known payers; each payer of an account once, by his marks."""

from __future__ import annotations

import django.contrib.postgres.indexes
from django.db import migrations, models

TWICE = """
DELETE FROM payments_knownpayer old USING payments_knownpayer new
 WHERE old.account_id = new.account_id AND old.marks = new.marks AND (old.last_on, old.id) < (new.last_on, new.id)
"""
"""The same number written in two ways was kept twice: the one that paid last stays."""
GinIndex = django.contrib.postgres.indexes.GinIndex


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0007_seal_bank_lines"),
    ]

    operations = [
        migrations.RunSQL(TWICE, migrations.RunSQL.noop),
        migrations.AddIndex("knownpayer", GinIndex(fields=["marks"], name="payments_known_payer_marks")),
        migrations.AddConstraint(
            "knownpayer", models.UniqueConstraint(fields=["account", "marks"], name="payments_payer_once")
        ),
        migrations.AddIndex("bankline", GinIndex(fields=["marks"], name="payments_line_marks")),
    ]
