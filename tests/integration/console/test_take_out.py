"""A company's administrator takes all of its data with him; nobody else does, and nobody of another company."""

from __future__ import annotations

import io
import zipfile

import pytest
from django.test import Client
from django.utils import timezone

from hosting import models
from hosting.operations import job_running
from identity import operations as identity_operations
from identity import queries as identity_queries
from identity.capabilities import Role
from tenancy import context

PASSWORD = "correct horse battery"


@pytest.fixture
def folders(fresh_db, settings, tmp_path):
    settings.BACKUP_DIR, settings.FILES_DIR = tmp_path / "backups", tmp_path / "files"


def signed_in(code, email=""):
    client = Client(HTTP_HOST=f"{code}.localhost", HTTP_ACCEPT_LANGUAGE="en")
    client.post("/accounts/login/", {"login": email or f"staff@{code}.test", "password": PASSWORD})
    return client


class TestTakeOut:
    def test_is_ordered_written_and_fetched_by_an_administrator(self, folders, alder):
        client = signed_in("alder")

        ordered = client.post("/console/company/data/order/", follow=True).content.decode()
        again = client.post("/console/company/data/order/", follow=True).content.decode()
        job_running.work(now=timezone.now)
        with context.use_public():
            job = models.Job.objects.get()
        answer = client.get(f"/console/company/data/{job.pk}/")
        archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))

        assert "being written" in ordered
        assert "another job of this company is under way" in again
        assert (job.state, job.by_company) == ("done", True)
        assert b"staff@alder.test" in archive.read("tables/identity_user.csv")
        assert b"pbkdf2" not in archive.read("tables/identity_user.csv")
        assert "README.txt" in archive.namelist()
        with context.use(alder):
            seen = list(identity_queries.audit_events().values_list("action", flat=True))
        assert seen.count("data.export") == 1
        assert "data.taken_along" in seen

    def test_of_one_company_is_not_there_for_another(self, folders):
        signed_in("alder").post("/console/company/data/order/")
        job_running.work(now=timezone.now)
        with context.use_public():
            job = models.Job.objects.get()

        assert signed_in("birch").get(f"/console/company/data/{job.pk}/").status_code == 404
        assert "Nothing was written yet" in signed_in("birch").get("/console/company/data/").content.decode()

    def test_is_for_administrators_alone(self, folders, alder):
        with context.use(alder):
            identity_operations.create_user(
                email="audit@alder.test", name="Au", roles=[Role.AUDITOR], at=timezone.now(), password=PASSWORD
            )
        client = signed_in("alder", "audit@alder.test")

        assert client.get("/console/company/data/").status_code == 403
        assert client.post("/console/company/data/order/").status_code == 403
        with context.use_public():
            assert models.Job.objects.count() == 0
