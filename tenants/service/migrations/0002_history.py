"""The steps of an order are only ever added, and an order that ended stays as it ended."""

from __future__ import annotations

from django.db import migrations

GUARDS = """
CREATE FUNCTION service_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION '% is only ever added to: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'service_history_append_only', TABLE = TG_TABLE_NAME;
END
$body$;

CREATE FUNCTION service_refuse_change_of_ended() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.state IN ('requested', 'dispatched') THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'A supply order that ended cannot be changed.'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'service_order_ended_stays', TABLE = TG_TABLE_NAME;
END
$body$;

CREATE TRIGGER service_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON service_supplyorderevent
    FOR EACH STATEMENT EXECUTE FUNCTION service_refuse_change();
CREATE TRIGGER service_order_ended_stays BEFORE UPDATE OR DELETE ON service_supplyorder
    FOR EACH ROW EXECUTE FUNCTION service_refuse_change_of_ended();
"""

UNDO = """
DROP TRIGGER service_event_append_only ON service_supplyorderevent;
DROP TRIGGER service_order_ended_stays ON service_supplyorder;
DROP FUNCTION service_refuse_change();
DROP FUNCTION service_refuse_change_of_ended();
"""


class Migration(migrations.Migration):
    dependencies = (("service", "0001_initial"),)

    operations = (migrations.RunSQL(GUARDS, UNDO),)
