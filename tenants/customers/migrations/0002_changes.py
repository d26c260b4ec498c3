"""Rows that bills are made from say when they were changed last, by the database's own clock."""

from __future__ import annotations

import django.db.models.functions.datetime
from django.db import migrations, models

NOTE = """
CREATE FUNCTION customers_note_change() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    NEW.changed_at := clock_timestamp();
    RETURN NEW;
END
$body$;
CREATE TRIGGER customers_occupancy_changed BEFORE UPDATE ON customers_occupancy
    FOR EACH ROW EXECUTE FUNCTION customers_note_change();
"""
FORGET = """
DROP TRIGGER customers_occupancy_changed ON customers_occupancy;
DROP FUNCTION customers_note_change();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="occupancy",
            name="changed_at",
            field=models.DateTimeField(
                db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="changed at"
            ),
        ),
        migrations.AddIndex(
            model_name="occupancy",
            index=models.Index(fields=["changed_at"], name="customers_occupancy_changed"),
        ),
        migrations.RunSQL(NOTE, FORGET),
    ]
