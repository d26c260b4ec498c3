"""Jobs on a whole company: ordered by a person, done by the owner's worker step by step, never twice."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import time
import zipfile

import psycopg
import pytest
from django.utils import timezone

from harness import databases, owning, served
from hosting import models, operations, queries, session_locks
from hosting.operations import backups, job_running, jobs, keeping, takeouts, telling
from identity import queries as identity_queries
from tenancy import archives, context, vault
from tenancy.models import Domain, Retailer
from tenants.customers import queries as customer_queries
from tenants.customers.models import Customer

AT = dt.datetime(2026, 4, 2, 4, tzinfo=dt.UTC)
COMPARE = """
import django; django.setup()
from pathlib import Path
from tenancy import archives
print(*(each.name for each in archives.compare(path=Path({path!r}), schema_name={schema!r})))
"""
EVIL_BOUNDS = "DEFAULT; DROP TABLE public.tenancy_retailer"


def job(key):
    with context.use_public():
        return models.Job.objects.select_related("backup").get(pk=key.pk)


def rename_customer(retailer, name):
    with context.use(retailer):
        customer = Customer.objects.get()
        customer.name = name
        customer.save()


def customer_name(code):
    with context.use(context.retailer_by_code(code=code)):
        return customer_queries.customer(number="C1").name


def schemas(database):
    with psycopg.connect(databases.server().owner_url(database)) as owner:
        found = owner.execute("SELECT nspname FROM pg_namespace WHERE nspname ~ '^t_[a-z0-9]{12}$'").fetchall()
    return {name for (name,) in found}


class TestBackup:
    def test_by_order_is_written_by_the_worker_and_recorded(self, in_business, folder):
        ordered = jobs.order_backup(code="alder", at=AT, actor_id=7, reason="before the import")

        more = job_running.work(now=timezone.now)

        done = job(ordered)
        manifest = archives.read_manifest(path=backups.path_of(backups.backup(backup_id=done.backup_id)))
        assert not more
        assert (done.state, done.rows, done.done, done.total) == (
            "done", manifest.rows, len(manifest.tables), len(manifest.tables),
        )  # fmt: skip
        assert (done.sha256, done.size) == (done.backup.sha256, done.backup.size)
        [event] = queries.events(code="alder")
        assert (event.action, event.actor_id) == ("backup", 7)

    def test_of_a_company_that_is_busy_is_refused(self, in_business):
        jobs.order_backup(code="alder", at=AT)

        with pytest.raises(jobs.Busy):
            jobs.order_backup(code="alder", at=AT)
        jobs.order_backup(code="birch", at=AT)

        with context.use_public():
            assert models.Job.objects.count() == 2

    def test_that_fails_says_why_and_frees_the_company(self, in_business, folder, monkeypatch):
        def full(*_, **__):
            raise OSError("disk full")

        ordered = jobs.order_backup(code="alder", at=AT)
        monkeypatch.setattr(archives.writing, "_add_files", full)
        job_running.work(now=timezone.now)

        failed = job(ordered)
        assert (failed.state, failed.error_code, failed.error_params) == ("failed", "job_fault", {"kind": "OSError"})
        assert failed.backup.state == "failed"
        with context.use_public():
            [fault] = models.Fault.objects.all()
        assert (fault.kind, fault.source, fault.count) == ("builtins.OSError", "job backup", 1)
        assert "disk full" not in f"{fault.place}{fault.kind}"
        jobs.order_backup(code="alder", at=AT)

    def test_runs_once_however_many_workers_look(self, in_business):
        ordered = jobs.order_backup(code="alder", at=AT)
        with psycopg.connect(databases.server().owner_url(context.connection.settings_dict["NAME"])) as other:
            other.execute("SELECT pg_advisory_lock(%s, %s)", [session_locks.JOB, ordered.pk])

            job_running.work(now=timezone.now)
            held = job(ordered).state
        job_running.work(now=timezone.now)

        assert (held, job(ordered).state) == ("waiting", "done")

    def test_waits_while_every_lane_is_taken(self, in_business, settings):
        settings.JOBS_AT_ONCE = 1
        ordered = jobs.order_backup(code="alder", at=AT)
        with psycopg.connect(databases.server().owner_url(context.connection.settings_dict["NAME"])) as other:
            other.execute("SELECT pg_advisory_lock(%s, %s)", [session_locks.LANE, 0])

            more = job_running.work(now=timezone.now)

        assert (more, job(ordered).state) == (False, "waiting")

    def test_that_is_cut_off_again_and_again_is_given_up(self, in_business):
        ordered = jobs.order_backup(code="alder", at=AT)
        with context.use_public():
            models.Job.objects.filter(pk=ordered.pk).update(state="running", attempts=job_running.MOST_ATTEMPTS)

        job_running.work(now=timezone.now)

        assert (job(ordered).state, job(ordered).error_code) == ("failed", "job_interrupted")

    def test_can_be_stopped_while_it_waits(self, in_business):
        ordered = jobs.order_backup(code="alder", at=AT)

        jobs.stop(job_id=ordered.pk, at=AT)
        job_running.work(now=timezone.now)

        assert (job(ordered).state, job(ordered).error_code) == ("failed", "job_stopped")
        assert queries.backups(code="alder") == []


class TestReplacement:
    def test_puts_the_company_back_row_by_row_with_its_secrets(self, in_business, folder, fresh_db, work_off):
        with context.use(in_business):
            sealed = vault.seal(values={"key": "sk_live"}, purpose="test")
        made = operations.back_up(code="alder", at=AT)
        rename_customer(in_business, "Somebody else")

        ordered = jobs.order_replacement(backup_id=made.pk, typed="alder", reason="wrong import", at=AT, actor_id=7)
        work_off(seconds=0.5)

        done, now = job(ordered), context.retailer_by_code(code="alder")
        assert (done.state, done.done) == ("done", done.total), done.error_code
        assert now.schema_name == done.schema_name != in_business.schema_name
        assert customer_name("alder").startswith("alder Ça")
        with context.use(in_business):
            assert customer_queries.customer(number="C1").name == "Somebody else"
        assert customer_name("birch").startswith("birch")
        with context.use(now):
            assert vault.unseal(sealed=sealed, purpose="test") == {"key": "sk_live"}
            assert identity_queries.audit_events().filter(action="company.restored").count() == 1
        event = queries.events(code="alder")[0]
        assert (event.action, event.reason, event.details["former"]) == (
            "replace", "wrong import", in_business.schema_name,
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("typed", "reason", "refused"), [("birch", "why", "not_confirmed"), ("alder", " ", "invalid")]
    )
    def test_without_the_right_words_changes_nothing(self, in_business, folder, typed, reason, refused):
        made = operations.back_up(code="alder", at=AT)

        with pytest.raises(jobs.GridhallError) as refusal:
            jobs.order_replacement(backup_id=made.pk, typed=typed, reason=reason, at=AT)

        assert refusal.value.code == refused
        with context.use_public():
            assert models.Job.objects.count() == 0
        assert context.retailer_by_code(code="alder").schema_name == in_business.schema_name

    @pytest.mark.slow
    def test_of_a_damaged_archive_is_given_up_and_leaves_nothing(self, in_business, folder, fresh_db, work_off):
        made = operations.back_up(code="alder", at=AT)
        path = backups.path_of(made)
        with tarfile.open(path) as archive:
            member = archive.getmember("tables/invoices_invoice.copy.gz")
        content = bytearray(path.read_bytes())
        content[member.offset_data + member.size // 2] ^= 0xFF
        path.write_bytes(content)
        with context.use_public():
            models.Backup.objects.filter(pk=made.pk).update(sha256=archives.digest_of(path))
        before = schemas(fresh_db)

        ordered = jobs.order_replacement(backup_id=made.pk, typed="alder", reason="wrong import", at=AT)
        work_off()

        assert (job(ordered).state, job(ordered).error_code) == ("failed", "archive_damaged")
        assert schemas(fresh_db) == before
        assert context.retailer_by_code(code="alder").schema_name == in_business.schema_name
        assert queries.events(code="alder")[0].action == "job_failed"

    def test_of_an_archive_changed_since_it_was_written_is_refused(self, in_business, folder, work_off):
        made = operations.back_up(code="alder", at=AT)
        ordered = jobs.order_replacement(backup_id=made.pk, typed="alder", reason="wrong import", at=AT)
        backups.path_of(made).write_bytes(backups.path_of(made).read_bytes() + b"\0" * 512)

        work_off()

        assert (job(ordered).state, job(ordered).error_code) == ("failed", "archive_damaged")


class TestDrill:
    def test_proves_a_backup_and_leaves_no_schema(self, in_business, folder, fresh_db, work_off):
        made = operations.back_up(code="alder", at=AT)
        before = schemas(fresh_db)

        jobs.order_drill(backup_id=made.pk, at=AT)
        work_off()

        assert queries.latest_backup(code="alder").is_proven
        assert schemas(fresh_db) == before


@pytest.mark.slow
class TestCopy:
    def test_stands_beside_with_closed_doors_and_its_own_host(self, in_business, folder, work_off):
        made = operations.back_up(code="alder", at=AT)

        jobs.order_copy(backup_id=made.pk, code="alder-two", host="two.localhost", opened=True, reason="look", at=AT)
        work_off()

        twin = context.retailer_by_code(code="alder-two")
        assert twin.status == "suspended", "two that work would bill the same customers"
        assert customer_name("alder-two") == customer_name("alder")
        with context.use_public():
            assert [d.domain for d in Domain.objects.filter(tenant=twin)] == ["two.localhost"]

    def test_of_an_upload_makes_a_company_that_is_not_here(self, in_business, folder, work_off):
        made = operations.back_up(code="alder", at=AT)
        name = jobs.keep_upload(name="../x y.tar", blocks=[backups.path_of(made).read_bytes()])

        jobs.order_restore_of_upload(upload=name, code="cedar", reason="moves here", at=AT)
        work_off()

        assert name.startswith("x-y-")
        assert customer_name("cedar") == customer_name("alder")
        [event] = queries.events(code="cedar")
        assert (event.action, event.reason, event.details["from"]) == ("restore", "moves here", "alder")

    @pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\0" * 10240])
    def test_keeps_no_upload_that_is_no_archive(self, fresh_db, folder, content):
        with pytest.raises(archives.UnreadableArchive):
            jobs.keep_upload(name="x.tar", blocks=[content])

        assert jobs.uploads() == []

    @pytest.mark.parametrize("name", ["../alder/x.tar", "x", "/etc/passwd", ".tar", "a/b.tar"])
    def test_finds_no_file_elsewhere(self, fresh_db, folder, name):
        with pytest.raises(backups.BackupMissing):
            jobs.order_restore_of_upload(upload=name, code="cedar", reason="why", at=AT)

    def test_under_a_code_or_host_that_is_taken_is_refused(self, in_business, folder):
        made = operations.back_up(code="alder", at=AT)

        with pytest.raises(operations.CodeTaken):
            jobs.order_copy(backup_id=made.pk, code="birch", reason="why", at=AT)
        with pytest.raises(operations.HostTaken):
            jobs.order_copy(backup_id=made.pk, code="cedar", host="Birch.localhost", reason="why", at=AT)
        with context.use_public():
            assert models.Job.objects.count() == 0


def rewritten(path, change):
    """Write the archive again with its manifest changed, as somebody might who wants in."""
    with tarfile.open(path) as archive:
        members = [(each, archive.extractfile(each).read()) for each in archive.getmembers()]
    manifest = json.loads(members[-1][1])
    change(manifest)
    members[-1] = (members[-1][0], json.dumps(manifest).encode())
    with tarfile.open(path, "w") as archive:
        for info, content in members:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


class TestHostileArchive:
    @pytest.mark.parametrize(
        "change",
        [
            lambda m: m["partitions"].append({"name": "p", "table": "metering_intervalday", "bounds": EVIL_BOUNDS}),
            lambda m: m["sequences"].update({'x"."y': 1}),
            lambda m: m["tables"][0].update(name="public.tenancy_retailer"),
            lambda m: m.update(files={"path": 1}),
        ],
    )
    def test_is_not_even_kept(self, in_business, folder, change):
        path = backups.path_of(operations.back_up(code="alder", at=AT))
        rewritten(path, change)

        with pytest.raises(archives.UnreadableArchive):
            jobs.keep_upload(name="x.tar", blocks=[path.read_bytes()])

    def test_cannot_make_an_operator_or_name_its_schema(self, in_business, folder, operator, work_off):
        path = backups.path_of(operations.back_up(code="alder", at=AT))
        rewritten(path, lambda m: m["company"].update(standing={"x": 1}, id=operator.pk, schema_name="public"))
        name = jobs.keep_upload(name="x.tar", blocks=[path.read_bytes()])

        jobs.order_restore_of_upload(upload=name, code="cedar", reason="why", at=AT)
        work_off()

        made = context.retailer_by_code(code="cedar")
        assert (made.kind, made.standing, made.pk == operator.pk) == ("retailer", {}, False)
        assert made.schema_name.startswith("t_")

    @pytest.mark.slow
    def test_of_columns_that_are_not_there_is_refused(self, in_business, folder, fresh_db, work_off):
        path = backups.path_of(operations.back_up(code="alder", at=AT))
        rewritten(path, lambda m: m["tables"][3]["columns"].append("evil"))
        name = jobs.keep_upload(name="x.tar", blocks=[path.read_bytes()])
        before = schemas(fresh_db)

        ordered = jobs.order_restore_of_upload(upload=name, code="cedar", reason="why", at=AT)
        work_off()

        assert job(ordered).error_code == "archive_of_another_version"
        assert schemas(fresh_db) == before


class TestTakeout:
    def test_holds_every_row_in_clear_and_no_secret(self, in_business, folder):
        with context.use(in_business):
            ordered = jobs.order_takeout(at=AT, actor_id=1)
        job_running.work(now=timezone.now)

        done = job(ordered)
        path = takeouts.folder_of(code="alder") / done.name
        with zipfile.ZipFile(path) as archive:
            text = {name: archive.read(name) for name in archive.namelist()}
        manifest = json.loads(text["manifest.json"])
        customers = list(csv.DictReader(io.StringIO(text["tables/customers_customer.csv"].decode())))
        days = list(csv.DictReader(io.StringIO(text["tables/metering_intervalday.csv"].decode())))
        users = list(csv.DictReader(io.StringIO(text["tables/identity_user.csv"].decode())))
        assert [each["name"] for each in customers] == ["alder Ça\tva\\n\nsecond line"]
        assert (len(days), days[0]["values"].split(" ")[:2]) == (31, ["100", "100"])
        assert users and "password" not in users[0]
        assert text["files/letters/first.txt"] == b"alderalderalder"
        assert {each["name"] for each in manifest["tables"]} <= set(text)
        assert "django_session" in manifest["tables_left_out"]
        assert b"birch" not in b"".join(text.values())
        assert done.rows == sum(each["rows"] for each in manifest["tables"])


class TestClock:
    def test_orders_what_is_due_once_and_proves_in_turn(self, in_business, folder):
        now = timezone.now()

        first = keeping.order_due(at=now)
        again = keeping.order_due(at=now)
        while job_running.work(now=timezone.now):
            pass
        later = keeping.order_due(at=now + dt.timedelta(hours=1))
        drilled = [keeping.order_drills(at=now) for _ in range(2)]

        assert (first, again, later, drilled) == (2, 0, 0, [1, 0])
        assert keeping.order_due(at=timezone.now() + dt.timedelta(hours=25)) == 1, "the other one is being proven"

    def test_an_archive_whose_proof_failed_rests_a_day_and_lets_the_others_be_proven(self, in_business, folder):
        with context.use_public():
            rows = {code: backups.begin(code=code, at=AT) for code in ("alder", "birch")}
            models.Backup.objects.filter(pk__in=[row.pk for row in rows.values()]).update(state="done")
            for code, row in rows.items():
                path = backups.folder_of(code=code) / row.name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(b"x")
            failed = models.Job.objects.create(
                kind="drill", state="failed", retailer=rows["alder"].retailer, backup=rows["alder"],
                asked_at=AT, finished_at=AT,
            )  # fmt: skip

        ordered = keeping.order_drills(at=AT + dt.timedelta(minutes=5))

        with context.use_public():
            drills = models.Job.objects.filter(kind="drill").exclude(pk=failed.pk)
            assert (ordered, [job.backup_id for job in drills]) == (1, [rows["birch"].pk])
            drills.update(state="done", finished_at=AT)
            models.Backup.objects.filter(pk=rows["birch"].pk).update(tried_at=AT, differences=[])

        assert keeping.order_drills(at=AT + dt.timedelta(hours=23)) == 0
        assert keeping.order_drills(at=AT + dt.timedelta(hours=25)) == 1

    def test_tells_of_a_late_backup_once_a_day(self, in_business, folder):
        assert keeping.late(at=AT + dt.timedelta(days=3000)) == ["alder", "birch"]
        operations.back_up(code="alder", at=AT)
        at = AT + dt.timedelta(hours=37)
        with context.use_public():
            Retailer.objects.update(created_at=AT)

        assert keeping.late(at=AT + dt.timedelta(hours=35)) == []
        assert keeping.to_tell(at=at) == ["alder", "birch"]
        assert keeping.to_tell(at=at) == []

    def test_prunes_what_is_beyond_but_never_the_last_proven_one(self, in_business, folder, settings, as_owner):
        settings.BACKUPS_KEPT = 2
        with context.use_public():
            for day in range(5):
                row = backups.begin(code="alder", at=AT + dt.timedelta(days=day), scheduled=True)
                path = backups.folder_of(code="alder") / row.name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(b"x")
                models.Backup.objects.filter(pk=row.pk).update(state="done", differences=[] if day == 1 else None)

            removed = keeping._prune_company(Retailer.objects.get(code="alder"), AT + dt.timedelta(days=5))

        left = sorted(each.name[:14] for each in backups.folder_of(code="alder").iterdir())
        assert removed == 2
        assert left == ["alder-20260403", "alder-20260405", "alder-20260406"]


class TestTelling:
    def test_mails_the_hosts_people_once_a_day_which_companies_have_no_backup(self, fresh_db, folder, mailoutbox):
        at = timezone.now() + dt.timedelta(days=3)
        codes = [telling.tell_of_late_backups(at=at) for _ in range(2)]

        assert codes == [["alder", "birch"], []]
        [mail] = mailoutbox
        assert mail.to == ["staff@operator.test"]
        assert "alder\nbirch" in mail.body
        assert "operator.localhost" in mail.body
        assert "?wrong=backup" in mail.body


@pytest.mark.slow
class TestRealWorker:
    def test_goes_on_where_the_dead_one_was(self, in_business, folder, fresh_db):
        made = operations.back_up(code="alder", at=AT)
        rename_customer(in_business, "Somebody else")
        before = schemas(fresh_db)
        ordered = jobs.order_replacement(backup_id=made.pk, typed="alder", reason="wrong import", at=AT)
        with served.broker() as broker:
            environment = {**owning.environment(fresh_db, folder), **broker}
            first = _worker(environment)
            _send(environment)
            reached = _wait(lambda: job(ordered).done > 40 and job(ordered).done)
            os.killpg(first.pid, signal.SIGKILL)
            first.wait()
            stood = job(ordered)
            after_it = jobs.order_backup(code="birch", at=AT)
            second = _worker(environment)
            try:
                _send(environment)
                _wait(lambda: job(ordered).state in ("done", "failed"))
                _wait(lambda: job(after_it).state in ("done", "failed"))
            finally:
                os.killpg(second.pid, signal.SIGTERM)
                second.wait(30)

        done = job(ordered)
        assert job(after_it).state == "done", "one message leads to the next job"
        assert reached > 40
        assert (stood.state, stood.done < stood.total) == ("running", True)
        assert (done.state, done.schema_name) == ("done", stood.schema_name), done.error_code
        assert customer_name("alder").startswith("alder Ça")
        assert schemas(fresh_db) == before | {done.schema_name}
        script = COMPARE.format(path=str(backups.path_of(made)), schema=done.schema_name)
        compared = subprocess.run(
            [sys.executable, "-c", script], cwd=databases.ROOT, env=owning.environment(fresh_db, folder),
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        differing = set(compared.stdout.split())
        assert "identity_auditevent" in differing, "the restore itself stands in the company's trail"
        assert differing <= {"identity_auditevent", "identity_auditseal"}


def _worker(environment):
    command = [sys.executable, "-m", "celery", "-A", "config", "worker", "-c", "1", "-Q", "provision", "-n", "jobs@%h"]
    with (databases.FOLDER / "jobs-worker.log").open("ab") as log:
        return subprocess.Popen(
            command, cwd=databases.ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
        )


def _send(environment):
    code = "from config.celery import app; app.send_task('hosting.work_on_jobs', ignore_result=True)"
    subprocess.run([sys.executable, "-c", code], cwd=databases.ROOT, env=environment, check=True)


def _wait(found, seconds=90):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = found()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError("it did not come so far")
