"""What happened to a prepaid account is only ever added."""

from __future__ import annotations

from django.db import migrations

FUNCTION = r"""
CREATE FUNCTION prepayment_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION '% is only ever added to: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'append_only', TABLE = TG_TABLE_NAME;
END
$body$;
CREATE TRIGGER prepayment_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON prepayment_prepaymentevent
    FOR EACH STATEMENT EXECUTE FUNCTION prepayment_refuse_change();
"""
UNDO = """
DROP TRIGGER prepayment_event_append_only ON prepayment_prepaymentevent;
DROP FUNCTION prepayment_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = (("prepayment", "0001_initial"),)

    operations = (migrations.RunSQL(FUNCTION, UNDO),)
