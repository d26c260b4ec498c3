"""Trigger: a charge stands on one invoice in force at most, on one of its own account, and its content never changes."""

from __future__ import annotations

from django.db import migrations

FUNCTION = r"""
CREATE FUNCTION charges_check_charge() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    fits boolean;
    in_force boolean;
BEGIN
    IF TG_OP = 'UPDATE' AND (NEW.account_id, NEW.supply_point_id, NEW.kind, NEW.source, NEW.reference, NEW.titles,
            NEW."on", NEW.period, NEW.quantity, NEW.price, NEW.amount, NEW.currency, NEW.payee, NEW.tax,
            NEW.add_on_id, NEW.added_at)
        IS DISTINCT FROM (OLD.account_id, OLD.supply_point_id, OLD.kind, OLD.source, OLD.reference, OLD.titles,
            OLD."on", OLD.period, OLD.quantity, OLD.price, OLD.amount, OLD.currency, OLD.payee, OLD.tax,
            OLD.add_on_id, OLD.added_at) THEN
        RAISE EXCEPTION 'charge % is never changed', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'charges_content_frozen', TABLE = TG_TABLE_NAME;
    END IF;
    IF OLD.invoice_id IS NOT NULL AND (TG_OP = 'DELETE' OR NEW.invoice_id IS DISTINCT FROM OLD.invoice_id) THEN
        EXECUTE format('SELECT NOT EXISTS (SELECT 1 FROM %I.invoices_invoice WHERE reverses_id = $1)',
                       TG_TABLE_SCHEMA) INTO in_force USING OLD.invoice_id;
        IF in_force THEN
            RAISE EXCEPTION 'charge % is billed on invoice %', OLD.id, OLD.invoice_id
                USING ERRCODE = 'unique_violation', CONSTRAINT = 'charges_billed_once', TABLE = TG_TABLE_NAME;
        END IF;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    IF NEW.invoice_id IS NOT NULL AND NEW.invoice_id IS DISTINCT FROM OLD.invoice_id THEN
        EXECUTE format('SELECT account_id = $2 AND currency = $3 AND kind = ''invoice'' FROM %I.invoices_invoice '
                       'WHERE id = $1', TG_TABLE_SCHEMA)
            INTO fits USING NEW.invoice_id, NEW.account_id, NEW.currency;
        IF fits IS NOT TRUE THEN
            RAISE EXCEPTION 'charge % is not of the account of invoice %', NEW.id, NEW.invoice_id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'charges_invoice_of_account', TABLE = TG_TABLE_NAME;
        END IF;
    END IF;
    RETURN NEW;
END
$body$;
CREATE TRIGGER charges_charge_guard BEFORE UPDATE OR DELETE ON charges_accountcharge
    FOR EACH ROW EXECUTE FUNCTION charges_check_charge();
"""

UNDO = """
DROP TRIGGER charges_charge_guard ON charges_accountcharge;
DROP FUNCTION charges_check_charge();
"""


class Migration(migrations.Migration):
    dependencies = (("charges", "0001_initial"), ("invoices", "0002_guards"))

    operations = (migrations.RunSQL(FUNCTION, UNDO),)
