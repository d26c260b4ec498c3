"""Rows that bills are made from say when they were changed last, by the database's own clock."""

from __future__ import annotations

import django.db.models.functions.datetime
from django.db import migrations, models

NOTE = """
CREATE FUNCTION tariffs_note_change() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    NEW.changed_at := clock_timestamp();
    RETURN NEW;
END
$body$;
CREATE TRIGGER tariffs_agreement_changed BEFORE UPDATE ON tariffs_agreement
    FOR EACH ROW EXECUTE FUNCTION tariffs_note_change();
CREATE TRIGGER tariffs_productversion_changed BEFORE UPDATE ON tariffs_productversion
    FOR EACH ROW EXECUTE FUNCTION tariffs_note_change();
"""
FORGET = """
DROP TRIGGER tariffs_agreement_changed ON tariffs_agreement;
DROP TRIGGER tariffs_productversion_changed ON tariffs_productversion;
DROP FUNCTION tariffs_note_change();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0002_changes"),
        ("tariffs", "0004_freeze_reviewed"),
    ]

    operations = [
        migrations.AddField(
            model_name="agreement",
            name="changed_at",
            field=models.DateTimeField(
                db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="changed at"
            ),
        ),
        migrations.AddField(
            model_name="productversion",
            name="changed_at",
            field=models.DateTimeField(
                db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="changed at"
            ),
        ),
        migrations.AddIndex(
            model_name="agreement",
            index=models.Index(fields=["changed_at"], name="tariffs_agreement_changed"),
        ),
        migrations.RunSQL(NOTE, FORGET),
    ]
