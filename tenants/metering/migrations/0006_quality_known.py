"""Each slot's quality is a known byte, so that each interval has exactly one state; a determination is never rewritten."""

from __future__ import annotations

from django.db import migrations

KNOWN = r"""
ALTER TABLE metering_intervalday ADD CONSTRAINT metering_intervalday_quality_known
    CHECK (octet_length(btrim(quality, '\x010203040506ff'::bytea)) = 0);
"""
UNKNOWN = "ALTER TABLE metering_intervalday DROP CONSTRAINT metering_intervalday_quality_known"

KEEP = r"""
CREATE FUNCTION metering_keep_determination() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a determination is kept'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'metering_determination_kept', TABLE = TG_TABLE_NAME;
    END IF;
    IF OLD.replaced_at IS NOT NULL
        OR to_jsonb(NEW) - 'replaced_at' IS DISTINCT FROM to_jsonb(OLD) - 'replaced_at' THEN
        RAISE EXCEPTION 'a determination is not rewritten'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'metering_determination_kept', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$body$;
CREATE TRIGGER metering_determination_kept BEFORE UPDATE OR DELETE ON metering_determination
    FOR EACH ROW EXECUTE FUNCTION metering_keep_determination();
"""
LET_GO = """
DROP TRIGGER metering_determination_kept ON metering_determination;
DROP FUNCTION metering_keep_determination();
"""


class Migration(migrations.Migration):
    dependencies = [("metering", "0005_validation")]

    operations = [migrations.RunSQL(KNOWN, UNKNOWN), migrations.RunSQL(KEEP, LET_GO)]
