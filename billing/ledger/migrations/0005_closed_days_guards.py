"""Triggers: closings are only added, forward in time, and nothing is posted into a closed day."""

from __future__ import annotations

from django.db import migrations

FUNCTIONS = r"""
CREATE FUNCTION ledger_check_open_days() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    closed date;
    late bigint;
BEGIN
    EXECUTE format('SELECT max(day) FROM %I.ledger_closedday', TG_TABLE_SCHEMA) INTO closed;
    IF closed IS NULL THEN
        RETURN NULL;
    END IF;
    EXECUTE format('SELECT e.id FROM new_rows n JOIN %I.ledger_entry e ON e.seal_id = n.id '
                   'WHERE e.business_date <= $1 LIMIT 1', TG_TABLE_SCHEMA) INTO late USING closed;
    IF late IS NOT NULL THEN
        RAISE EXCEPTION 'entry % stands in a closed day: the books are closed up to %', late, closed
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_entry_day_open', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END
$body$;

CREATE FUNCTION ledger_check_closing() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    fault bigint;
BEGIN
    EXECUTE format('SELECT count(*) FROM %I.ledger_closedday WHERE day > $1', TG_TABLE_SCHEMA)
        INTO fault USING NEW.day;
    IF fault > 0 THEN
        RAISE EXCEPTION 'days are closed in order'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_closing_forward', TABLE = TG_TABLE_NAME;
    END IF;
    EXECUTE format('SELECT count(*) FROM %I.ledger_chainhead WHERE position <> $1 OR digest <> $2', TG_TABLE_SCHEMA)
        INTO fault USING NEW.position, NEW.digest;
    IF fault > 0 THEN
        RAISE EXCEPTION 'a closing names the head of the chain'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_closing_names_head', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$body$;
"""

TRIGGERS = """
CREATE TRIGGER ledger_closedday_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_closedday
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_closedday_forward AFTER INSERT ON ledger_closedday
    FOR EACH ROW EXECUTE FUNCTION ledger_check_closing();
CREATE TRIGGER ledger_seal_days_open AFTER INSERT ON ledger_seal REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_check_open_days();
"""

UNDO = """
DROP TRIGGER ledger_closedday_append_only ON ledger_closedday;
DROP TRIGGER ledger_closedday_forward ON ledger_closedday;
DROP TRIGGER ledger_seal_days_open ON ledger_seal;
DROP FUNCTION ledger_check_open_days();
DROP FUNCTION ledger_check_closing();
"""


class Migration(migrations.Migration):
    dependencies = (("ledger", "0004_closed_days"),)

    operations = (migrations.RunSQL(FUNCTIONS + TRIGGERS, UNDO),)
