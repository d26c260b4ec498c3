"""Guards that look their rows up by key, one after the other.

A join with the rows of the statement let the planner read all lines or invoices that stand there: what a chunk of a
bill run costs must not grow with them. Bills reverse nothing, so the guard of credits is done with them at once.
"""

from __future__ import annotations

from django.db import migrations

FUNCTIONS = r"""
CREATE OR REPLACE FUNCTION invoices_check_lines() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    closed bigint;
BEGIN
    EXECUTE format('SELECT i.id FROM (SELECT DISTINCT invoice_id FROM new_rows) n, '
                   'LATERAL (SELECT id FROM %I.invoices_invoice WHERE id = n.invoice_id OFFSET 0) i LIMIT 1',
                   TG_TABLE_SCHEMA) INTO closed;
    IF closed IS NOT NULL THEN
        RAISE EXCEPTION 'invoice % is issued and takes no more lines', closed
            USING ERRCODE = 'check_violation', CONSTRAINT = 'invoices_invoice_closed', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END
$body$;

CREATE OR REPLACE FUNCTION invoices_check_totals() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    fault bigint;
BEGIN
    EXECUTE format('SELECT n.id FROM new_rows n, LATERAL (SELECT sum(net) AS net, sum(tax) AS tax '
                   'FROM %I.invoices_invoiceline WHERE invoice_id = n.id) s '
                   'WHERE (s.net, s.tax) IS DISTINCT FROM (n.net, n.tax) LIMIT 1',
                   TG_TABLE_SCHEMA) INTO fault;
    IF fault IS NOT NULL THEN
        RAISE EXCEPTION 'the lines of invoice % do not sum to its totals', fault
            USING ERRCODE = 'check_violation', CONSTRAINT = 'invoices_lines_sum', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END
$body$;

CREATE OR REPLACE FUNCTION invoices_check_credits() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    original bigint;
    fault bigint;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM new_rows WHERE reverses_id IS NOT NULL) THEN
        RETURN NULL;
    END IF;
    FOR original IN SELECT DISTINCT reverses_id FROM new_rows WHERE reverses_id IS NOT NULL ORDER BY 1 LOOP
        PERFORM pg_advisory_xact_lock(hashtext(TG_TABLE_SCHEMA || '.invoices_credits'), (original % 2147483647)::int);
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
            RAISE EXCEPTION 'the credits of invoice % exceed it', original
                USING ERRCODE = 'check_violation', CONSTRAINT = 'invoices_credits_within', TABLE = TG_TABLE_NAME;
        END IF;
    END LOOP;
    EXECUTE format(
        'SELECT n.id FROM new_rows n JOIN %1$I.invoices_invoiceline t ON t.invoice_id = n.id '
        'LEFT JOIN %1$I.invoices_invoiceline l ON l.invoice_id = n.reverses_id AND l.position = t.credits '
        'WHERE n.reverses_id IS NOT NULL AND l.id IS NULL LIMIT 1',
        TG_TABLE_SCHEMA) INTO fault;
    IF fault IS NOT NULL THEN
        RAISE EXCEPTION 'credit note % takes back a line that is none', fault
            USING ERRCODE = 'check_violation', CONSTRAINT = 'invoices_credits_a_line', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END
$body$;
"""


class Migration(migrations.Migration):
    dependencies = (("invoices", "0005_kept_as_text"),)

    operations = (migrations.RunSQL(FUNCTIONS, migrations.RunSQL.noop),)
