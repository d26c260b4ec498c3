"""Triggers: credits never exceed their invoice, nor any of its lines; drafts in collective invoices stay; so does
what the tax bureau issued."""

from __future__ import annotations

from django.db import migrations

FUNCTIONS = r"""
CREATE FUNCTION invoices_check_credits() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    original bigint;
    fault bigint;
BEGIN
    FOR original IN SELECT DISTINCT reverses_id FROM new_rows WHERE reverses_id IS NOT NULL ORDER BY 1 LOOP
        PERFORM pg_advisory_xact_lock(hashtext(TG_TABLE_SCHEMA || '.invoices_credits'), (original %% 2147483647)::int);
        EXECUTE format(
            'SELECT i.id FROM %1$I.invoices_invoice i, LATERAL (SELECT sum(c.gross) AS gross, sum(c.net) AS net, '
            'sum(c.tax) AS tax FROM %1$I.invoices_invoice c WHERE c.reverses_id = i.id) s '
            'WHERE i.id = $1 AND (s.gross * sign(i.gross) > 0 OR abs(s.gross) > abs(i.gross))',
            TG_TABLE_SCHEMA) INTO fault USING original;
        IF fault IS NULL THEN
            EXECUTE format(
                'SELECT l.id FROM %1$I.invoices_invoiceline l, LATERAL (SELECT sum(t.amount) AS amount, '
                'sum(t.tax) AS tax FROM %1$I.invoices_invoiceline t JOIN %1$I.invoices_invoice c ON c.id = t.invoice_id '
                'WHERE c.reverses_id = $1 AND t.credits = l.position) s WHERE l.invoice_id = $1 '
                'AND (s.amount * sign(l.amount) > 0 OR abs(s.amount) > abs(l.amount) OR abs(s.tax) > abs(l.tax)) LIMIT 1',
                TG_TABLE_SCHEMA) INTO fault USING original;
        END IF;
        IF fault IS NOT NULL THEN
            RAISE EXCEPTION 'the credits of invoice %% exceed it', original
                USING ERRCODE = 'check_violation', CONSTRAINT = 'invoices_credits_within', TABLE = TG_TABLE_NAME;
        END IF;
    END LOOP;
    EXECUTE format(
        'SELECT n.id FROM new_rows n JOIN %1$I.invoices_invoiceline t ON t.invoice_id = n.id '
        'LEFT JOIN %1$I.invoices_invoiceline l ON l.invoice_id = n.reverses_id AND l.position = t.credits '
        'WHERE n.reverses_id IS NOT NULL AND l.id IS NULL LIMIT 1',
        TG_TABLE_SCHEMA) INTO fault;
    IF fault IS NOT NULL THEN
        RAISE EXCEPTION 'credit note %% takes back a line that is none', fault
            USING ERRCODE = 'check_violation', CONSTRAINT = 'invoices_credits_a_line', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END
$body$;

CREATE OR REPLACE FUNCTION invoices_check_draft() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    issued bigint;
BEGIN
    EXECUTE format('SELECT id FROM %1$I.invoices_invoice WHERE draft_id = $1 '
                   'UNION ALL SELECT invoice_id FROM %1$I.invoices_issueddraft WHERE draft_id = $1 LIMIT 1',
                   TG_TABLE_SCHEMA) INTO issued USING OLD.id;
    IF issued IS NOT NULL THEN
        RAISE EXCEPTION 'draft %% was issued as invoice %%', OLD.id, issued
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'invoices_draft_issued', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$body$;

CREATE FUNCTION invoices_keep_fiscal() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION 'the tax bureau issued %%; it stays', OLD.number
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'invoices_fiscal_issued_stays', TABLE = TG_TABLE_NAME;
END
$body$;
""".replace("%%", "%")

TRIGGERS = """
CREATE TRIGGER invoices_credits_within AFTER INSERT ON invoices_invoice REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION invoices_check_credits();
CREATE TRIGGER invoices_issueddraft_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON invoices_issueddraft
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER invoices_fiscal_stays BEFORE UPDATE OR DELETE ON invoices_fiscaldocument
    FOR EACH ROW WHEN (OLD.state = 'issued') EXECUTE FUNCTION invoices_keep_fiscal();
"""

UNDO = """
DROP TRIGGER invoices_credits_within ON invoices_invoice;
DROP TRIGGER invoices_issueddraft_append_only ON invoices_issueddraft;
DROP TRIGGER invoices_fiscal_stays ON invoices_fiscaldocument;
DROP FUNCTION invoices_check_credits();
DROP FUNCTION invoices_keep_fiscal();
"""


class Migration(migrations.Migration):
    dependencies = (("invoices", "0003_issuers_and_parts"),)

    operations = (migrations.RunSQL(FUNCTIONS + TRIGGERS, UNDO),)
