"""Triggers: a position has a meter or a pause on every day, a factor has no gap, a read hangs on a meter and stays."""

from __future__ import annotations

from django.db import migrations

FUNCTIONS = r"""
CREATE FUNCTION metering_name_position() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF NEW.position = '' THEN
        NEW.position := NEW.serial;
    END IF;
    RETURN NEW;
END
$body$;

CREATE FUNCTION metering_refuse_gap() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    points bigint[];
    place text;
    gap datemultirange;
BEGIN
    points := CASE TG_OP WHEN 'INSERT' THEN ARRAY[NEW.supply_point_id] WHEN 'DELETE' THEN ARRAY[OLD.supply_point_id]
                         ELSE ARRAY[OLD.supply_point_id, NEW.supply_point_id] END;
    EXECUTE format($sql$
        SELECT each.position, each.gap FROM (
            SELECT m.supply_point_id, m.position,
                   datemultirange(daterange(min(lower(m.period)), NULL)) - range_agg(m.period)
                   - coalesce((SELECT range_agg(p.period) FROM %1$I.metering_meterpause p
                               WHERE p.supply_point_id = m.supply_point_id AND p.position IN ('', m.position)),
                              '{}'::datemultirange) AS gap
              FROM %1$I.metering_meter m
             WHERE m.supply_point_id = ANY ($1) GROUP BY m.supply_point_id, m.position) each
         WHERE NOT isempty(each.gap) LIMIT 1$sql$, TG_TABLE_SCHEMA) INTO place, gap USING points;
    IF place IS NOT NULL THEN
        RAISE EXCEPTION 'position % has neither a meter nor a pause in %', place, gap
            USING ERRCODE = 'check_violation', CONSTRAINT = 'metering_position_without_gap', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END
$body$;

CREATE FUNCTION metering_check_meter() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    fault bigint;
BEGIN
    EXECUTE format($sql$
        SELECT r.id FROM %1$I.metering_register r
          JOIN %1$I.metering_registerread d ON d.register_id = r.id AND d.ended_at IS NULL
         WHERE r.meter_id = $1 AND (d.day < lower($2) OR d.day > upper($2)) LIMIT 1$sql$, TG_TABLE_SCHEMA)
       INTO fault USING NEW.id, NEW.period;
    IF fault IS NOT NULL THEN
        RAISE EXCEPTION 'register % has reads outside %', fault, NEW.period
            USING ERRCODE = 'check_violation', CONSTRAINT = 'metering_read_while_it_hangs', TABLE = TG_TABLE_NAME;
    END IF;
    EXECUTE format($sql$
        SELECT f.register_id FROM %1$I.metering_registerfactor f JOIN %1$I.metering_register r ON r.id = f.register_id
         WHERE r.meter_id = $1 AND f.kind IN ('ct', 'pt', 'constant')
         GROUP BY f.register_id, f.kind
        HAVING NOT isempty(datemultirange($2) - range_agg(f.period)) LIMIT 1$sql$, TG_TABLE_SCHEMA)
       INTO fault USING NEW.id, NEW.period;
    IF fault IS NOT NULL THEN
        RAISE EXCEPTION 'register % has days without a factor in %', fault, NEW.period
            USING ERRCODE = 'check_violation', CONSTRAINT = 'metering_factor_without_gap', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END
$body$;

CREATE FUNCTION metering_check_factor() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    registers bigint[];
    fault bigint;
BEGIN
    registers := CASE TG_OP WHEN 'INSERT' THEN ARRAY[NEW.register_id] WHEN 'DELETE' THEN ARRAY[OLD.register_id]
                            ELSE ARRAY[OLD.register_id, NEW.register_id] END;
    EXECUTE format($sql$
        SELECT f.register_id FROM %1$I.metering_registerfactor f
          JOIN %1$I.metering_register r ON r.id = f.register_id JOIN %1$I.metering_meter m ON m.id = r.meter_id
         WHERE f.register_id = ANY ($1)
         GROUP BY f.register_id, f.kind, m.period
        HAVING NOT isempty(CASE WHEN f.kind IN ('ct', 'pt', 'constant') THEN datemultirange(m.period)
                                ELSE datemultirange(range_merge(range_agg(f.period))) END
                           - range_agg(f.period)) LIMIT 1$sql$, TG_TABLE_SCHEMA)
       INTO fault USING registers;
    IF fault IS NOT NULL THEN
        RAISE EXCEPTION 'register % has days without a factor', fault
            USING ERRCODE = 'check_violation', CONSTRAINT = 'metering_factor_without_gap', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END
$body$;

CREATE FUNCTION metering_check_read() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    hangs daterange;
    most smallint;
    fine smallint;
BEGIN
    EXECUTE format('SELECT m.period, r.digits, r.decimals FROM %1$I.metering_register r '
                   'JOIN %1$I.metering_meter m ON m.id = r.meter_id WHERE r.id = $1', TG_TABLE_SCHEMA)
       INTO hangs, most, fine USING NEW.register_id;
    IF NEW.day < lower(hangs) OR NEW.day > upper(hangs) THEN
        RAISE EXCEPTION 'the meter of register % does not hang on %', NEW.register_id, NEW.day
            USING ERRCODE = 'check_violation', CONSTRAINT = 'metering_read_while_it_hangs', TABLE = TG_TABLE_NAME;
    END IF;
    IF most IS NOT NULL AND greatest(NEW.value, NEW.resumes_at) >= power(10::numeric, most) THEN
        RAISE EXCEPTION 'register % has % digits', NEW.register_id, most
            USING ERRCODE = 'check_violation', CONSTRAINT = 'metering_read_fits_the_dial', TABLE = TG_TABLE_NAME;
    END IF;
    IF round(NEW.value, fine) <> NEW.value OR round(NEW.resumes_at, fine) <> NEW.resumes_at THEN
        RAISE EXCEPTION 'register % has % decimals', NEW.register_id, fine
            USING ERRCODE = 'check_violation', CONSTRAINT = 'metering_read_has_its_decimals', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$body$;

CREATE FUNCTION metering_keep_read() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'read % is kept', OLD.id
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'metering_read_is_kept', TABLE = TG_TABLE_NAME;
    END IF;
    IF OLD.ended_at IS NOT NULL
       OR (NEW.id, NEW.register_id, NEW.day, NEW.read_at, NEW.value, NEW.resumes_at, NEW.quality, NEW.reason,
           NEW.source, NEW.note, NEW.version, NEW.recorded_at, NEW.recorded_by, NEW.import_id)
          IS DISTINCT FROM
          (OLD.id, OLD.register_id, OLD.day, OLD.read_at, OLD.value, OLD.resumes_at, OLD.quality, OLD.reason,
           OLD.source, OLD.note, OLD.version, OLD.recorded_at, OLD.recorded_by, OLD.import_id) THEN
        RAISE EXCEPTION 'read % does not change', OLD.id
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'metering_read_is_kept', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$body$;

CREATE FUNCTION metering_keep_correction() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.state IN ('refused', 'withdrawn')
       OR (OLD.state = 'approved' AND NEW.state <> 'withdrawn')
       OR (NEW.id, NEW.supply_point_id, NEW.kind, NEW.period, NEW.power_right, NEW.power_wrong, NEW.cause, NEW.reason,
           NEW.recorded_wh, NEW.added_wh, NEW.needs_approval, NEW.request_key, NEW.requested_at, NEW.requested_by)
          IS DISTINCT FROM
          (OLD.id, OLD.supply_point_id, OLD.kind, OLD.period, OLD.power_right, OLD.power_wrong, OLD.cause, OLD.reason,
           OLD.recorded_wh, OLD.added_wh, OLD.needs_approval, OLD.request_key, OLD.requested_at, OLD.requested_by) THEN
        RAISE EXCEPTION 'correction % is kept', OLD.id
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'metering_correction_is_kept', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$body$;
"""

TRIGGERS = """
CREATE TRIGGER metering_meter_position BEFORE INSERT OR UPDATE ON metering_meter
    FOR EACH ROW EXECUTE FUNCTION metering_name_position();
CREATE CONSTRAINT TRIGGER metering_meter_gap AFTER INSERT OR UPDATE OR DELETE ON metering_meter
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION metering_refuse_gap();
CREATE CONSTRAINT TRIGGER metering_pause_gap AFTER INSERT OR UPDATE OR DELETE ON metering_meterpause
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION metering_refuse_gap();
CREATE CONSTRAINT TRIGGER metering_meter_facts AFTER UPDATE ON metering_meter
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION metering_check_meter();
CREATE CONSTRAINT TRIGGER metering_factor_gap AFTER INSERT OR UPDATE OR DELETE ON metering_registerfactor
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION metering_check_factor();
CREATE TRIGGER metering_read_possible BEFORE INSERT ON metering_registerread
    FOR EACH ROW EXECUTE FUNCTION metering_check_read();
CREATE TRIGGER metering_read_kept BEFORE UPDATE OR DELETE ON metering_registerread
    FOR EACH ROW EXECUTE FUNCTION metering_keep_read();
CREATE TRIGGER metering_correction_kept BEFORE UPDATE OR DELETE ON metering_quantitycorrection
    FOR EACH ROW EXECUTE FUNCTION metering_keep_correction();
"""

UNDO = """
DROP TRIGGER metering_meter_position ON metering_meter;
DROP TRIGGER metering_meter_gap ON metering_meter;
DROP TRIGGER metering_pause_gap ON metering_meterpause;
DROP TRIGGER metering_meter_facts ON metering_meter;
DROP TRIGGER metering_factor_gap ON metering_registerfactor;
DROP TRIGGER metering_read_possible ON metering_registerread;
DROP TRIGGER metering_read_kept ON metering_registerread;
DROP TRIGGER metering_correction_kept ON metering_quantitycorrection;
DROP FUNCTION metering_name_position();
DROP FUNCTION metering_refuse_gap();
DROP FUNCTION metering_check_meter();
DROP FUNCTION metering_check_factor();
DROP FUNCTION metering_check_read();
DROP FUNCTION metering_keep_read();
DROP FUNCTION metering_keep_correction();
"""


class Migration(migrations.Migration):
    dependencies = (("metering", "0003_registers"),)

    operations = (migrations.RunSQL(FUNCTIONS + TRIGGERS, UNDO),)
