"""Role and path follow the retailer, come back after rollbacks, and never change inside a transaction."""

from __future__ import annotations

import threading
from contextlib import contextmanager

import pytest
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection, transaction

from identity import queries as identity_queries
from tenancy import context, models
from tenancy.database import pooling
from tenancy.database.base import SwitchInsideTransaction
from tenancy.sessions import SessionStore


def whoami() -> tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_schema()")
        return cursor.fetchone()


def use_pool(size: int) -> None:
    connection.close()
    connection.settings_dict["OPTIONS"]["pool"] = pooling.options(size=size)


class TestPool:
    def test_a_connection_goes_back_without_role_and_path(self, fresh_db, alder):
        use_pool(1)
        with context.use(alder):
            inside = whoami()
            connection.close()
        with psycopg_pool_connection() as raw:
            after = raw.execute("SELECT current_user, current_schema()").fetchone()
        connection.close_pool()
        connection.settings_dict["OPTIONS"].pop("pool")

        assert inside == ("t_alder0000000", "t_alder0000000")
        assert after == ("gridhall_app", "public")


@contextmanager
def psycopg_pool_connection():
    with connection.pool.connection() as raw:
        yield raw


class TestSwitching:
    def test_goes_back_to_where_it_was(self, fresh_db, alder, birch):
        with context.use(alder):
            with context.use(birch):
                inner = whoami()
            outer = whoami()
        after = whoami()

        assert inner == ("t_birch0000000", "t_birch0000000")
        assert outer == ("t_alder0000000", "t_alder0000000")
        assert after == ("gridhall_app", "public")

    def test_is_refused_inside_a_transaction(self, fresh_db, alder, birch):
        with context.use(alder), transaction.atomic():
            with pytest.raises(SwitchInsideTransaction):
                connection.set_tenant(birch)
            with pytest.raises(SwitchInsideTransaction), context.use_public():
                pass
            still = whoami()

        assert still == ("t_alder0000000", "t_alder0000000")

    def test_of_a_schema_that_is_not_there_is_an_error(self, fresh_db):
        ghost = models.Retailer(schema_name="t_ghost0000000", code="ghost")

        with context.use(ghost), pytest.raises(DatabaseError, match="t_ghost0000000"):
            list(identity_queries.staff())

    def test_of_a_role_without_its_schema_is_an_error(self, fresh_db, alder):
        from harness import databases

        with databases.server().connect(database=fresh_db) as superuser:
            superuser.execute("ALTER SCHEMA t_alder0000000 RENAME TO t_moved0000000")

        with context.use(alder), pytest.raises(DatabaseError, match='schema "t_alder0000000" does not exist'):
            list(identity_queries.staff())

    def test_without_a_retailer_reads_nobody(self, fresh_db):
        with pytest.raises(DatabaseError, match="identity_user"):
            list(identity_queries.staff())


class TestRollback:
    def test_of_a_transaction_sets_role_and_path_again(self, fresh_db, alder):
        with context.use(alder):
            with pytest.raises(RuntimeError), transaction.atomic():
                assert whoami()[0] == "t_alder0000000"
                raise RuntimeError
            after = whoami()

        assert after == ("t_alder0000000", "t_alder0000000")

    def test_of_a_savepoint_sets_role_and_path_again(self, fresh_db, alder):
        with context.use(alder), transaction.atomic():
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT nothing FROM nowhere")
            after = whoami()

        assert after == ("t_alder0000000", "t_alder0000000")

    @pytest.mark.parametrize("pool_size", [0, 3], ids=["own connections", "six threads on a pool of three"])
    def test_many_threads_with_aborts_always_see_their_own(self, fresh_db, alder, birch, pool_size):
        if pool_size:
            use_pool(pool_size)
        wrong: list[str] = []

        def work(retailers) -> None:
            for round_number in range(40):
                retailer = retailers[round_number % 2]
                with context.use(retailer):
                    try:
                        with transaction.atomic():
                            if whoami()[0] != retailer.schema_name:
                                wrong.append("inside")
                            if round_number % 5 == 0:
                                raise ArithmeticError
                    except ArithmeticError:
                        pass
                    if whoami() != (retailer.schema_name, retailer.schema_name):
                        wrong.append("after")
            connection.close()

        threads = [threading.Thread(target=work, args=(order,)) for order in [(alder, birch), (birch, alder)] * 3]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        connection.close_pool()
        connection.settings_dict["OPTIONS"].pop("pool", None)

        assert wrong == []


class TestSharedKeys:
    def test_cache_is_the_retailers_own(self, fresh_db, alder, birch):
        with context.use(alder):
            cache.set("bill", "alder's")
        with context.use(birch):
            seen = cache.get("bill")

        assert seen is None

    def test_a_session_is_empty_for_another_retailer(self, fresh_db, alder, birch):
        with context.use(alder):
            session = SessionStore()
            session["person"] = 1
            session.save()
        with context.use(birch):
            seen = SessionStore(session.session_key).get("person")

        assert seen is None

    def test_a_session_row_copied_over_is_still_empty(self, fresh_db, alder, birch):
        with context.use(alder):
            session = SessionStore()
            session["person"] = 1
            session.save()
            row = SessionStore.get_model_class().objects.get(pk=session.session_key)
        with context.use(birch):
            SessionStore.get_model_class().objects.create(
                session_key=row.session_key, session_data=row.session_data, expire_date=row.expire_date
            )
            seen = SessionStore(session.session_key).get("person")

        assert seen is None

    def test_files_stand_in_the_retailers_own_folder(self, fresh_db, alder, birch, settings, tmp_path):
        settings.FILES_DIR = tmp_path
        with context.use(alder):
            name = default_storage.save("invoices/1.pdf", ContentFile(b"alder"))
        with context.use(birch):
            seen = default_storage.exists(name)

        assert seen is False
        assert (tmp_path / "t_alder0000000" / "invoices" / "1.pdf").read_bytes() == b"alder"

    def test_files_need_a_retailer(self, fresh_db):
        with pytest.raises(context.NoRetailer):
            default_storage.exists("invoices/1.pdf")

    def test_a_file_does_not_leave_its_folder(self, fresh_db, alder, settings, tmp_path):
        settings.FILES_DIR = tmp_path
        with context.use(alder), pytest.raises(Exception, match="(?i)path"):
            default_storage.open("../t_birch0000000/secret")
