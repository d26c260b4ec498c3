"""One company backed up, proven, restored and moved; the other never notices."""

from __future__ import annotations

import datetime as dt
import io
import tarfile

import psycopg
import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from billing.ledger import queries as ledger_queries
from billing.runs import operations as run_operations
from harness import databases
from hosting import operations, queries
from kernel.periods import Period
from tenancy import archives, context
from tenancy.models import Retailer
from tenants.customers import queries as customer_queries
from tenants.customers.models import Customer

AT = dt.datetime(2026, 4, 2, 4, tzinfo=dt.UTC)
MARCH = Period.of_month(2026, 3)


def path_of(backup, folder):
    return folder / "backups" / backup.retailer.code / backup.name


class TestBackUp:
    def test_writes_every_table_and_file_of_the_company_and_nothing_else(self, in_business, folder):
        made = operations.back_up(code="alder", at=AT)

        manifest = archives.read_manifest(path=path_of(made, folder))
        rows = {table.name: table.rows for table in manifest.tables}
        assert (made.state, made.rows, made.files) == ("done", manifest.rows, 1)
        assert (rows["customers_customer"], rows["invoices_invoice"], rows["metering_intervalday"]) == (1, 1, 31)
        assert [file.path for file in manifest.files] == ["letters/first.txt"]
        assert manifest.company["names"] == in_business.names
        with tarfile.open(path_of(made, folder)) as archive:
            assert b"birch" not in b"".join(archive.extractfile(each).read() for each in archive.getmembers())

    def test_is_the_same_text_twice(self, in_business, folder):
        first, second = (operations.back_up(code="alder", at=AT + dt.timedelta(seconds=n)) for n in range(2))

        one, other = (archives.read_manifest(path=path_of(each, folder)) for each in (first, second))
        assert one.tables == other.tables

    def test_records_a_failure_and_leaves_no_half(self, in_business, folder, monkeypatch):
        def break_off(*args):
            raise OSError("disk full")

        monkeypatch.setattr(archives.writing, "_add_files", break_off)

        with pytest.raises(OSError, match="disk full"):
            operations.back_up(code="alder", at=AT)

        [row] = queries.backups(code="alder")
        assert (row.state, row.error) == ("failed", "OSError: disk full")
        assert list((folder / "backups" / "alder").iterdir()) == []


class TestDrill:
    def test_restores_and_compares_every_row(self, fresh_db, in_business, folder, as_owner):
        operations.back_up(code="alder", at=AT)

        done = as_owner("drill_backup", "alder")

        assert done.returncode == 0, done.stderr
        assert "nothing differs" in done.stdout
        assert queries.latest_backup(code="alder").is_proven
        with psycopg.connect(databases.server().owner_url(fresh_db)) as owner:
            schemas = owner.execute("SELECT count(*) FROM pg_namespace WHERE nspname ~ '^t_[a-z0-9]{12}$'").fetchone()
        assert schemas[0] - Retailer.objects.count() in (0, 1), "the scratch schema is dropped"

    @pytest.mark.slow
    def test_tells_an_archive_that_was_changed(self, fresh_db, in_business, folder, as_owner):
        made = operations.back_up(code="alder", at=AT)
        path = path_of(made, folder)
        with tarfile.open(path) as archive:
            member = archive.getmember("tables/invoices_invoice.copy.gz")
        content = bytearray(path.read_bytes())
        content[member.offset_data + member.size // 2] ^= 0xFF
        path.write_bytes(content)

        done = as_owner("drill_backup", "alder")

        assert done.returncode == 1
        assert "take another backup" in done.stderr
        assert not queries.latest_backup(code="alder").is_proven

    def test_without_a_backup_says_what_to_do(self, fresh_db, birch, folder):
        with context.use_public(), pytest.raises(CommandError, match="run backup_company first"):
            call_command("drill_backup", "birch")


class TestRestore:
    @pytest.mark.slow
    def test_makes_a_second_company_with_all_that_it_had(self, fresh_db, in_business, folder, as_owner):
        made = operations.back_up(code="alder", at=AT)

        done = as_owner("restore_company", path_of(made, folder), "--code", "alder-two")

        assert done.returncode == 0, done.stderr
        twin = context.retailer_by_code(code="alder-two")
        assert (twin.names, twin.brand.primary_color) == (in_business.names, in_business.brand.primary_color)
        with context.use(twin):
            assert customer_queries.customer(number="C1").name == "alder Ça\tva\\n\nsecond line"
            assert default_storage.open("letters/first.txt").read() == b"alderalderalder"
            assert ledger_queries.verify_chain().faults == ()
            run = run_operations.create_run(period=Period.of_month(2026, 4), at=AT)
            assert run.number == 2, "sequences and constraints go on"

    def test_refuses_a_code_that_is_taken(self, in_business, folder):
        made = operations.back_up(code="alder", at=AT)

        with context.use_public(), pytest.raises(CommandError, match="under the code “alder” already"):
            call_command("restore_company", str(path_of(made, folder)))

    @pytest.mark.slow
    def test_puts_a_company_back_and_keeps_what_stood_there(self, fresh_db, in_business, folder, as_owner):
        made = operations.back_up(code="alder", at=AT)
        with context.use(in_business):
            customer = Customer.objects.get()
            customer.name = "Somebody else"
            customer.save()

        done = as_owner("restore_company", path_of(made, folder), "--replace", "wrong import")

        assert done.returncode == 0, done.stderr
        now = context.retailer_by_code(code="alder")
        assert now.schema_name != in_business.schema_name
        with context.use(now):
            assert customer_queries.customer(number="C1").name.startswith("alder")
        with context.use(in_business):
            assert Customer.objects.get().name == "Somebody else"
        with context.use(context.retailer_by_code(code="birch")):
            assert Customer.objects.get().name.startswith("birch")
        assert queries.events(code="alder")[0].reason == "wrong import"

    @pytest.mark.parametrize("content", [b"", b"not a tar", b"\0" * 10240])
    def test_refuses_what_is_no_archive(self, fresh_db, folder, content):
        (folder / "x.tar").write_bytes(content)

        with context.use_public(), pytest.raises(CommandError, match="x.tar is no archive of a company"):
            call_command("restore_company", str(folder / "x.tar"), code="other")

        assert not Retailer.objects.filter(code="other").exists()

    def test_is_refused_to_a_process_that_does_not_own_the_database(self, in_business, folder):
        made = operations.back_up(code="alder", at=AT)

        with context.use_public(), pytest.raises(Exception, match="permission denied|must be"):
            call_command("restore_company", str(path_of(made, folder)), code="other", stdout=io.StringIO())

        assert not Retailer.objects.filter(code="other").exists()


class TestTheCommand:
    def test_backs_up_all_or_one(self, in_business, folder):
        out = io.StringIO()
        with context.use_public():
            call_command("backup_company", to=folder / "elsewhere", stdout=out)

        assert {line.partition(":")[0] for line in out.getvalue().splitlines()} >= {"alder", "birch"}
        with context.use_public(), pytest.raises(CommandError, match="No company is registered under “nobody”"):
            call_command("backup_company", "nobody", stdout=out)
