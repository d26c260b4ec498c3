"""Triggers: an invoice closes its lines and equals their sum; neither ever changes, nor does an issued draft."""

from __future__ import annotations

from django.db import migrations

FUNCTIONS = r"""
CREATE FUNCTION invoices_check_lines() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    closed bigint;
BEGIN
    EXECUTE format('SELECT i.id FROM new_rows n JOIN %I.invoices_invoice i ON i.id = n.invoice_id LIMIT 1',
                   TG_TABLE_SCHEMA) INTO closed;
    IF closed IS NOT NULL THEN
        RAISE EXCEPTION 'invoice % is issued and takes no more lines', closed
            USING ERRCODE = 'check_violation', CONSTRAINT = 'invoices_invoice_closed', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END
$body$;

CREATE FUNCTION invoices_check_totals() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    fault bigint;
BEGIN
    EXECUTE format('SELECT n.id FROM new_rows n LEFT JOIN (SELECT l.invoice_id, sum(l.net) AS net, sum(l.tax) AS tax '
                   'FROM %1$I.invoices_invoiceline l JOIN new_rows m ON m.id = l.invoice_id GROUP BY 1) s '
                   'ON s.invoice_id = n.id WHERE (s.net, s.tax) IS DISTINCT FROM (n.net, n.tax) LIMIT 1',
                   TG_TABLE_SCHEMA) INTO fault;
    IF fault IS NOT NULL THEN
        RAISE EXCEPTION 'the lines of invoice % do not sum to its totals', fault
            USING ERRCODE = 'check_violation', CONSTRAINT = 'invoices_lines_sum', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END
$body$;

CREATE FUNCTION invoices_check_draft() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    issued bigint;
BEGIN
    EXECUTE format('SELECT id FROM %I.invoices_invoice WHERE draft_id = $1', TG_TABLE_SCHEMA) INTO issued USING OLD.id;
    IF issued IS NOT NULL THEN
        RAISE EXCEPTION 'draft % was issued as invoice %', OLD.id, issued
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'invoices_draft_issued', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$body$;
"""

TRIGGERS = """
CREATE TRIGGER invoices_invoice_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON invoices_invoice
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER invoices_line_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON invoices_invoiceline
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER invoices_line_open AFTER INSERT ON invoices_invoiceline REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION invoices_check_lines();
CREATE TRIGGER invoices_invoice_sums AFTER INSERT ON invoices_invoice REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION invoices_check_totals();
CREATE TRIGGER invoices_draft_open BEFORE UPDATE OR DELETE ON invoices_draft
    FOR EACH ROW EXECUTE FUNCTION invoices_check_draft();
"""

UNDO = """
DROP TRIGGER invoices_invoice_append_only ON invoices_invoice;
DROP TRIGGER invoices_line_append_only ON invoices_invoiceline;
DROP TRIGGER invoices_line_open ON invoices_invoiceline;
DROP TRIGGER invoices_invoice_sums ON invoices_invoice;
DROP TRIGGER invoices_draft_open ON invoices_draft;
DROP FUNCTION invoices_check_lines();
DROP FUNCTION invoices_check_totals();
DROP FUNCTION invoices_check_draft();
"""


class Migration(migrations.Migration):
    dependencies = (("invoices", "0001_initial"), ("ledger", "0002_guards"))

    operations = (migrations.RunSQL(FUNCTIONS + TRIGGERS, UNDO),)
