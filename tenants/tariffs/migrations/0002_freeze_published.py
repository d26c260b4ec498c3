"""A published tariff document never changes: the database refuses it."""

from django.db import migrations

FREEZE = """
CREATE FUNCTION tariffs_refuse_change_of_published() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status = 'draft' THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'UPDATE'
        AND (NEW.product_id, NEW.number, NEW.document, NEW.valid_from, NEW.published_at)
            IS NOT DISTINCT FROM (OLD.product_id, OLD.number, OLD.document, OLD.valid_from, OLD.published_at)
        AND (NEW.status = OLD.status OR (OLD.status = 'published' AND NEW.status = 'withdrawn'))
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'A published product version cannot be changed.'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'tariffs_productversion_published_is_frozen';
END $$;

CREATE TRIGGER tariffs_productversion_published_is_frozen
    BEFORE UPDATE OR DELETE ON tariffs_productversion
    FOR EACH ROW EXECUTE FUNCTION tariffs_refuse_change_of_published();
"""

THAW = """
DROP TRIGGER tariffs_productversion_published_is_frozen ON tariffs_productversion;
DROP FUNCTION tariffs_refuse_change_of_published();
"""


class Migration(migrations.Migration):
    dependencies = [("tariffs", "0001_initial")]

    operations = [migrations.RunSQL(FREEZE, THAW)]
