"""What was reviewed is what is published: a change of the document takes the review back; names stay once published."""

from django.db import migrations

FREEZE = """
CREATE OR REPLACE FUNCTION tariffs_refuse_change_of_published() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status = 'draft' OR (OLD.status = 'reviewed' AND TG_OP = 'DELETE') THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF OLD.status = 'reviewed' AND (NEW.status = 'draft'
        OR (NEW.product_id, NEW.number, NEW.document, NEW.valid_from, NEW.author_id, NEW.reviewer_id)
            IS NOT DISTINCT FROM
           (OLD.product_id, OLD.number, OLD.document, OLD.valid_from, OLD.author_id, OLD.reviewer_id))
    THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE'
        AND (NEW.product_id, NEW.number, NEW.document, NEW.valid_from, NEW.published_at,
             NEW.author_id, NEW.reviewer_id, NEW.reviewed_at, NEW.publisher_id, NEW.four_eyes)
            IS NOT DISTINCT FROM
            (OLD.product_id, OLD.number, OLD.document, OLD.valid_from, OLD.published_at,
             OLD.author_id, OLD.reviewer_id, OLD.reviewed_at, OLD.publisher_id, OLD.four_eyes)
        AND (NEW.status = OLD.status OR (OLD.status = 'published' AND NEW.status = 'withdrawn'))
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'A published product version cannot be changed.'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'tariffs_productversion_published_is_frozen';
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("tariffs", "0003_four_eyes")]

    operations = [migrations.RunSQL(FREEZE, migrations.RunSQL.noop)]
