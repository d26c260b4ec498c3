"""Triggers: what is posted balances at once, is complete when it is sealed, and is never changed.

Checked when the statement ends (INSERT or COPY), not when the transaction commits: a check that waits can
run under another company's search path. Each function finds its tables through TG_TABLE_SCHEMA.
"""

from __future__ import annotations

from django.db import migrations

FUNCTIONS = r"""
CREATE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION '% is only ever added to: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'append_only', TABLE = TG_TABLE_NAME;
END
$body$;

CREATE FUNCTION ledger_check_postings() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    fault record;
    sealed bigint;
BEGIN
    SELECT entry_id, currency, sum(amount) AS difference INTO fault
        FROM new_rows GROUP BY entry_id, currency HAVING sum(amount) <> 0 ORDER BY entry_id LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'entry % does not balance: % % too much', fault.entry_id, fault.difference, fault.currency
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_entry_balances', TABLE = TG_TABLE_NAME;
    END IF;
    EXECUTE format('SELECT e.id FROM new_rows n JOIN %1$I.ledger_entry e ON e.id = n.entry_id '
                   'JOIN %1$I.ledger_seal s ON s.id = e.seal_id LIMIT 1', TG_TABLE_SCHEMA) INTO sealed;
    IF sealed IS NOT NULL THEN
        RAISE EXCEPTION 'entry % is sealed and takes no more postings', sealed
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_entry_sealed', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END
$body$;

CREATE FUNCTION ledger_check_entries() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    sealed bigint;
BEGIN
    EXECUTE format('SELECT s.id FROM new_rows n JOIN %I.ledger_seal s ON s.id = n.seal_id LIMIT 1',
                   TG_TABLE_SCHEMA) INTO sealed;
    IF sealed IS NOT NULL THEN
        RAISE EXCEPTION 'seal % is closed and takes no more entries', sealed
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_seal_closed', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END
$body$;

CREATE FUNCTION ledger_check_seals() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    empty bigint;
BEGIN
    EXECUTE format('SELECT e.id FROM new_rows n JOIN %1$I.ledger_entry e ON e.seal_id = n.id '
                   'WHERE NOT EXISTS (SELECT FROM %1$I.ledger_posting p WHERE p.entry_id = e.id) LIMIT 1',
                   TG_TABLE_SCHEMA) INTO empty;
    IF empty IS NOT NULL THEN
        RAISE EXCEPTION 'entry % has no postings', empty
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_entry_not_empty', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END
$body$;
"""

TRIGGERS = """
CREATE TRIGGER ledger_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_posting_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_posting
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_seal_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_seal
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();

CREATE TRIGGER ledger_posting_balances AFTER INSERT ON ledger_posting REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_check_postings();
CREATE TRIGGER ledger_entry_open AFTER INSERT ON ledger_entry REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_check_entries();
CREATE TRIGGER ledger_seal_complete AFTER INSERT ON ledger_seal REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_check_seals();
"""

UNDO = """
DROP TRIGGER ledger_entry_append_only ON ledger_entry;
DROP TRIGGER ledger_posting_append_only ON ledger_posting;
DROP TRIGGER ledger_seal_append_only ON ledger_seal;
DROP TRIGGER ledger_posting_balances ON ledger_posting;
DROP TRIGGER ledger_entry_open ON ledger_entry;
DROP TRIGGER ledger_seal_complete ON ledger_seal;
DROP FUNCTION ledger_refuse_change();
DROP FUNCTION ledger_check_postings();
DROP FUNCTION ledger_check_entries();
DROP FUNCTION ledger_check_seals();
"""


class Migration(migrations.Migration):
    dependencies = (("ledger", "0001_initial"),)

    operations = (migrations.RunSQL(FUNCTIONS + TRIGGERS, UNDO),)
