"""Rows that bills are made from say when they were changed last, by the database's own clock."""

from __future__ import annotations

import django.db.models.functions.datetime
from django.db import migrations, models

NOTE = """
CREATE FUNCTION metering_note_change() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    NEW.changed_at := clock_timestamp();
    RETURN NEW;
END
$body$;
CREATE TRIGGER metering_meter_changed BEFORE UPDATE ON metering_meter
    FOR EACH ROW EXECUTE FUNCTION metering_note_change();
"""
FORGET = """
DROP TRIGGER metering_meter_changed ON metering_meter;
DROP FUNCTION metering_note_change();
"""

FRESH = """
CREATE INDEX metering_intervalday_recorded ON metering_intervalday USING brin (recorded_at) WITH (pages_per_range = 32);
CREATE INDEX metering_revision_replaced ON metering_intervaldayrevision USING brin (replaced_at);
CREATE INDEX metering_read_recorded ON metering_registerread USING brin (recorded_at);
CREATE INDEX metering_read_ended ON metering_registerread (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX metering_factor_recorded ON metering_registerfactor USING brin (recorded_at);
"""
STALE = """
DROP INDEX metering_intervalday_recorded, metering_revision_replaced, metering_read_recorded, metering_read_ended,
    metering_factor_recorded;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0002_changes"),
        ("metering", "0007_self_reads_and_load"),
    ]

    operations = [
        migrations.AddField(
            model_name="meter",
            name="changed_at",
            field=models.DateTimeField(
                db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="changed at"
            ),
        ),
        migrations.AddIndex(
            model_name="meter",
            index=models.Index(fields=["changed_at"], name="metering_meter_changed"),
        ),
        migrations.RunSQL(NOTE, FORGET),
        migrations.RunSQL(FRESH, STALE),
    ]
