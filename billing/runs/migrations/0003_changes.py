"""Rows that bills are made from say when they were changed last, by the database's own clock."""

from __future__ import annotations

import django.db.models.functions.datetime
from django.db import migrations, models

NOTE = """
CREATE FUNCTION runs_note_change() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    NEW.changed_at := clock_timestamp();
    RETURN NEW;
END
$body$;
CREATE TRIGGER runs_accountfact_changed BEFORE UPDATE ON runs_accountfact
    FOR EACH ROW EXECUTE FUNCTION runs_note_change();
"""
FORGET = """
DROP TRIGGER runs_accountfact_changed ON runs_accountfact;
DROP FUNCTION runs_note_change();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("runs", "0002_cycles_and_holds"),
    ]

    operations = [
        migrations.AddField(
            model_name="accountfact",
            name="changed_at",
            field=models.DateTimeField(
                db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="changed at"
            ),
        ),
        migrations.RunSQL(NOTE, FORGET),
    ]
