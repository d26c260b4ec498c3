"""What Citus' schema-based sharding asks of a company's schema, as far as Citus is not needed to see it."""

from __future__ import annotations

from typing import Any

import pytest

from harness import databases

SCHEMA = "t_alder0000000"
OF_A_LIBRARY = {"account_emailaddress_id_seq", "account_emailconfirmation_id_seq"}
"""Written by the sign-in library, which counts them in four bytes: they must be written through the coordinator."""


@pytest.fixture
def found(fresh_db):
    """Return a function that gives the rows of a question to the catalogue."""
    with databases.server().connect(database=fresh_db) as superuser:

        def rows(question: str) -> list[Any]:
            return superuser.execute(question.format(schema=SCHEMA)).fetchall()

        yield rows


class TestOneSchemaIsOneShard:
    def test_no_foreign_key_leaves_a_schema(self, found):
        leaving = found(
            "SELECT c.conname FROM pg_constraint c JOIN pg_class a ON a.oid = c.conrelid "
            "JOIN pg_class b ON b.oid = c.confrelid WHERE c.contype = 'f' AND a.relnamespace <> b.relnamespace"
        )

        assert leaving == []

    def test_the_function_of_every_trigger_stands_beside_its_table(self, found):
        elsewhere = found(
            "SELECT t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid "
            "WHERE NOT t.tgisinternal AND p.pronamespace <> c.relnamespace "
            "AND c.relnamespace = '{schema}'::regnamespace"
        )

        assert elsewhere == []

    def test_no_default_takes_from_another_schema(self, found):
        foreign = found(
            "SELECT d.objid FROM pg_depend d "
            "JOIN pg_attrdef a ON a.oid = d.objid AND d.classid = 'pg_attrdef'::regclass "
            "JOIN pg_class t ON t.oid = a.adrelid JOIN pg_class s ON s.oid = d.refobjid AND s.relkind = 'S' "
            "WHERE t.relnamespace = '{schema}'::regnamespace AND s.relnamespace <> t.relnamespace"
        )

        assert foreign == []

    def test_there_is_nothing_that_would_stay_on_the_coordinator(self, found):
        views_and_rules = found(
            "SELECT relname FROM pg_class WHERE relnamespace = '{schema}'::regnamespace AND relkind IN ('v', 'm', 'f') "
            "UNION ALL SELECT r.rulename FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class "
            "WHERE c.relnamespace = '{schema}'::regnamespace"
        )

        assert views_and_rules == []


class TestPartitions:
    def test_there_are_partitioned_tables_to_look_at(self, found):
        assert found("SELECT 1 FROM pg_class WHERE relnamespace = '{schema}'::regnamespace AND relkind = 'p'")

    def test_every_unique_key_of_a_partitioned_table_holds_the_partition_key(self, found):
        without = found(
            "SELECT i.indexrelid::regclass FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid "
            "JOIN pg_partitioned_table p ON p.partrelid = coalesce("
            "  (SELECT inhparent FROM pg_inherits WHERE inhrelid = c.oid), c.oid) "
            "WHERE c.relnamespace = '{schema}'::regnamespace AND (i.indisunique OR i.indisexclusion) "
            "AND NOT p.partattrs::int2[] <@ i.indkey::int2[]"
        )

        assert without == []

    def test_partitions_are_one_level_deep_and_stand_beside_their_table(self, found):
        deeper = found(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
            "JOIN pg_class parent ON parent.oid = i.inhparent WHERE c.relkind = 'p' OR parent.relkind <> 'p' "
            "AND c.relkind = 'r' OR c.relnamespace <> parent.relnamespace"
        )

        assert deeper == []


class TestNumbers:
    def test_every_sequence_counts_in_eight_bytes(self, found):
        """Citus writes the number of the node into the upper bits of what a sequence gives."""
        narrow = found(
            "SELECT c.relname, format_type(s.seqtypid, NULL) FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid "
            "WHERE c.relnamespace = '{schema}'::regnamespace AND s.seqtypid <> 'bigint'::regtype"
        )

        assert {name for name, _ in narrow} <= OF_A_LIBRARY
