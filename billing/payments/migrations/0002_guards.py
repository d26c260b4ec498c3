"""Triggers: receivable postings become open items, allocations are summed up on them, and neither is changed by hand.

The ledger knows nothing of open items; its postings write them here in the same statement (INSERT or COPY). Each
function finds its tables through TG_TABLE_SCHEMA.
"""

from __future__ import annotations

from django.db import migrations

ITEMS = """
    INSERT INTO {schema}payments_openitem
        (entry_id, account_id, currency, kind, amount, settled, business_date, due_on, reference, invoice_id, reverses_id)
    SELECT e.id, l.account_id, p.currency, e.kind, sum(p.amount), 0, e.business_date,
           coalesce(i.due_on, e.business_date), e.reference, i.id, r.id
      FROM {rows} p
      JOIN {schema}ledger_ledgeraccount l
        ON l.id = p.ledger_account_id AND l.code = {receivable} AND l.account_id IS NOT NULL
      JOIN {schema}ledger_entry e ON e.id = p.entry_id
      LEFT JOIN {schema}invoices_invoice i ON i.entry_id = e.id
      LEFT JOIN {schema}payments_openitem r
        ON r.entry_id = e.reverses_id AND r.account_id = l.account_id AND r.currency = p.currency
     GROUP BY e.id, l.account_id, p.currency, i.id, r.id
    HAVING sum(p.amount) <> 0
     ORDER BY e.id
"""
IN_TRIGGER = ITEMS.format(schema="%1$I.", rows="new_rows", receivable="''receivable''")

FUNCTIONS = f"""
CREATE FUNCTION payments_make_items() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    EXECUTE format('{IN_TRIGGER}', TG_TABLE_SCHEMA);
    RETURN NULL;
END
$body$;

CREATE FUNCTION payments_guard_item() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF TG_OP = 'INSERT' AND pg_trigger_depth() > 1 THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND pg_trigger_depth() > 1 THEN
        IF (to_jsonb(NEW) - 'settled') = (to_jsonb(OLD) - 'settled') THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'open items follow from the ledger and from allocations: % refused', TG_OP
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'payments_item_derived', TABLE = TG_TABLE_NAME;
END
$body$;

CREATE FUNCTION payments_apply_allocations() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    fault bigint;
BEGIN
    EXECUTE format('SELECT n.id FROM new_rows n JOIN %1$I.payments_openitem d ON d.id = n.debit_id '
                   'JOIN %1$I.payments_openitem c ON c.id = n.credit_id '
                   'LEFT JOIN %1$I.payments_allocation r ON r.id = n.reverses_id '
                   'WHERE d.amount < 0 OR c.amount > 0 OR d.account_id <> c.account_id OR d.currency <> c.currency '
                   'OR (n.reverses_id IS NOT NULL AND (r.reverses_id IS NOT NULL OR n.amount <> -r.amount '
                   'OR n.debit_id <> r.debit_id OR n.credit_id <> r.credit_id)) LIMIT 1', TG_TABLE_SCHEMA) INTO fault;
    IF fault IS NOT NULL THEN
        RAISE EXCEPTION 'allocation % does not join a debit and a credit of one account', fault
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payments_allocation_fits', TABLE = TG_TABLE_NAME;
    END IF;
    EXECUTE format('UPDATE %1$I.payments_openitem i SET settled = i.settled + s.total FROM ('
                   'SELECT item, sum(amount) AS total FROM (SELECT debit_id AS item, amount FROM new_rows '
                   'UNION ALL SELECT credit_id, amount FROM new_rows) sides GROUP BY item) s WHERE i.id = s.item',
                   TG_TABLE_SCHEMA);
    RETURN NULL;
END
$body$;
"""

BACKFILL = ITEMS.format(schema="", rows="ledger_posting", receivable="'receivable'") + ";"

TRIGGERS = """
CREATE TRIGGER payments_items_of_postings AFTER INSERT ON ledger_posting REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION payments_make_items();
CREATE TRIGGER payments_item_derived BEFORE INSERT OR UPDATE OR DELETE ON payments_openitem
    FOR EACH ROW EXECUTE FUNCTION payments_guard_item();
CREATE TRIGGER payments_item_kept BEFORE TRUNCATE ON payments_openitem
    FOR EACH STATEMENT EXECUTE FUNCTION payments_guard_item();
CREATE TRIGGER payments_allocation_applied AFTER INSERT ON payments_allocation REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION payments_apply_allocations();
CREATE TRIGGER payments_allocation_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON payments_allocation
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER payments_payment_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON payments_payment
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER payments_reversal_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON payments_paymentreversal
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
"""

UNDO = """
DROP TRIGGER payments_items_of_postings ON ledger_posting;
DROP TRIGGER payments_item_derived ON payments_openitem;
DROP TRIGGER payments_item_kept ON payments_openitem;
DROP TRIGGER payments_allocation_applied ON payments_allocation;
DROP TRIGGER payments_allocation_append_only ON payments_allocation;
DROP TRIGGER payments_payment_append_only ON payments_payment;
DROP TRIGGER payments_reversal_append_only ON payments_paymentreversal;
DROP FUNCTION payments_make_items();
DROP FUNCTION payments_guard_item();
DROP FUNCTION payments_apply_allocations();
"""


class Migration(migrations.Migration):
    dependencies = (("payments", "0001_initial"), ("ledger", "0003_more_kinds"), ("invoices", "0002_guards"))

    operations = (migrations.RunSQL(FUNCTIONS + BACKFILL + TRIGGERS, UNDO),)
