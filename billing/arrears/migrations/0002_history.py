"""What was done, charged and moved is only ever added; a path in force stays as it was published."""

from __future__ import annotations

from django.db import migrations

HISTORY = ("arrears_caseevent", "arrears_latefee", "arrears_depositmovement", "arrears_writeoffrecovery")

FUNCTIONS = """
CREATE FUNCTION arrears_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION '% is only ever added to: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'arrears_history_append_only', TABLE = TG_TABLE_NAME;
END
$body$;

CREATE FUNCTION arrears_refuse_change_of_path() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF OLD.state = 'draft' THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'UPDATE' AND (NEW.code, NEW.number, NEW.document, NEW.kinds, NEW.segments, NEW.credit_classes)
        IS NOT DISTINCT FROM (OLD.code, OLD.number, OLD.document, OLD.kinds, OLD.segments, OLD.credit_classes)
        AND OLD.state = 'published' AND NEW.state = 'retired' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'A dunning path in force cannot be changed; make a new version.'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'arrears_path_frozen', TABLE = TG_TABLE_NAME;
END
$body$;
"""
GUARDS = "".join(
    f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
    " FOR EACH STATEMENT EXECUTE FUNCTION arrears_refuse_change();\n"
    for table in HISTORY
) + (
    "CREATE TRIGGER arrears_path_frozen BEFORE UPDATE OR DELETE ON arrears_dunningpath"
    " FOR EACH ROW EXECUTE FUNCTION arrears_refuse_change_of_path();"
)
UNDO = "".join(f"DROP TRIGGER {table}_append_only ON {table};\n" for table in HISTORY) + (
    "DROP TRIGGER arrears_path_frozen ON arrears_dunningpath;"
    "DROP FUNCTION arrears_refuse_change(); DROP FUNCTION arrears_refuse_change_of_path();"
)


class Migration(migrations.Migration):
    dependencies = (("arrears", "0001_initial"),)

    operations = (migrations.RunSQL(FUNCTIONS + GUARDS, UNDO),)
