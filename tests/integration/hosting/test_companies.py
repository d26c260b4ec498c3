"""A company is registered by the web login, made by the owner, watched by its own worker."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import databases
from hosting import operations, queries
from identity import operations as identity_operations
from identity import queries as identity_queries
from kernel.errors import Conflict, Invalid
from tenancy import context, hosts

AT = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)


def cedar(**changes) -> operations.NewCompany:
    values = {
        "code": "cedar",
        "host": "cedar.localhost",
        "names": {"en": "Cedar Power", "zh-hans": "雪松售电"},
        "legal_name": "Cedar Power Ltd",
        "market": "cn",
        "currency": "CNY",
        "time_zone": "Asia/Shanghai",
        "default_language": "zh-hans",
        "admin_email": "admin@cedar.test",
        "admin_name": "Ada",
    }
    return operations.NewCompany(**{**values, **changes})


def as_owner(database: str, code: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "manage.py", "provision_company", code, "--email", "admin@cedar.test", "--name", "Ada"]
    return subprocess.run(
        command,
        cwd=databases.ROOT,
        env=databases.environment(database, role="owner"),
        capture_output=True,
        text=True,
        check=False,
    )


class TestRegisterCompany:
    def test_enters_it_with_a_generated_schema_to_be_provisioned(self, fresh_db):
        retailer = operations.register_company(company=cedar(), at=AT)

        assert retailer.status == "provisioning"
        assert retailer.schema_name.startswith("t_")
        assert len(retailer.schema_name) == 14
        assert "cedar" not in retailer.schema_name

    @pytest.mark.parametrize(
        ("changes", "where"),
        [
            ({"code": "Cedar!"}, "code"),
            ({"host": "not a host"}, "host"),
            ({"time_zone": "Mars/Olympus"}, "time_zone"),
            ({"currency": "yuan"}, "currency"),
            ({"default_language": "fr"}, "default_language"),
        ],
    )
    def test_refuses_what_cannot_be(self, fresh_db, changes, where):
        with pytest.raises(Invalid) as refusal:
            operations.register_company(company=cedar(**changes), at=AT)

        assert refusal.value.where == where
        assert [c.retailer.code for c in queries.companies(at=AT)] == ["alder", "birch"]

    def test_refuses_a_code_or_host_that_is_taken(self, fresh_db):
        with pytest.raises(operations.CodeTaken):
            operations.register_company(company=cedar(code="alder"), at=AT)
        with pytest.raises(operations.HostTaken):
            operations.register_company(company=cedar(host="Birch.localhost"), at=AT)

        assert [c.retailer.code for c in queries.companies(at=AT)] == ["alder", "birch"]


class TestProvisionCompany:
    def test_makes_its_space_and_its_first_administrator_and_may_be_run_again(self, fresh_db):
        operations.register_company(company=cedar(), at=AT)

        done = as_owner(fresh_db, "cedar")

        assert done.returncode == 0, done.stderr
        retailer = hosts.find_retailer("cedar.localhost:8000")
        assert retailer.status == "active"
        with context.use(retailer):
            assert [(user.email, user.roles) for user in identity_queries.staff()] == [
                ("admin@cedar.test", ["administrator"])
            ]

        again = as_owner(fresh_db, "cedar")

        assert again.returncode == 0, again.stderr
        with context.use(retailer):
            assert identity_queries.staff().count() == 1

    @pytest.mark.slow
    def test_is_made_once_when_two_orders_arrive_at_once(self, fresh_db):
        operations.register_company(company=cedar(), at=AT)

        with ThreadPoolExecutor(3) as pool:
            done = list(pool.map(lambda _: as_owner(fresh_db, "cedar"), range(3)))

        assert [(each.returncode, each.stderr) for each in done if each.returncode] == []
        with context.use(context.retailer_by_code(code="cedar")):
            assert [user.email for user in identity_queries.staff()] == ["admin@cedar.test"]


class TestSuspendCompany:
    def test_closes_and_opens_its_doors(self, fresh_db, client, alder):
        operations.suspend_company(code="alder", reason="unpaid since March", at=AT)
        closed = client.get("/", HTTP_HOST="alder.localhost").status_code
        neighbour = client.get("/accounts/login/", HTTP_HOST="birch.localhost").status_code
        operations.resume_company(code="alder", reason="paid", at=AT)
        opened = client.get("/accounts/login/", HTTP_HOST="alder.localhost").status_code

        assert (closed, neighbour, opened) == (503, 200, 200)
        assert [(e.action, e.reason) for e in queries.events(code="alder")] == [
            ("resume", "paid"),
            ("suspend", "unpaid since March"),
        ]

    def test_needs_a_reason(self, fresh_db):
        with pytest.raises(Invalid):
            operations.suspend_company(code="alder", reason=" ", at=AT)

        assert context.retailer_by_code(code="alder").status == "active"

    def test_twice_is_a_conflict(self, fresh_db):
        operations.suspend_company(code="alder", reason="unpaid", at=AT)

        with pytest.raises(Conflict):
            operations.suspend_company(code="alder", reason="unpaid", at=AT)

        assert len(queries.events(code="alder")) == 1


class TestMeasureHealth:
    def test_reports_figures_and_size_to_the_registry(self, fresh_db, alder):
        with context.use(alder):
            operations.measure_health(at=AT)

        company = queries.company(code="alder", at=AT)
        assert company.measured_at == AT
        assert company.storage_bytes > 0
        assert company.stale is False
        assert queries.company(code="birch", at=AT).stale is True


@pytest.mark.django_db
class TestCompanies:
    def test_takes_the_same_queries_for_any_number(self, django_assert_num_queries, alder):
        queries.companies(at=AT)

        with django_assert_num_queries(2):
            queries.companies(at=AT)


class TestInvitation:
    def test_of_the_first_administrator_leads_to_his_password(self, fresh_db, alder, client, mailoutbox, settings):
        settings.PUBLIC_PORT = "8000"
        with context.use(alder):
            operations.provision_company(code="alder", admin_email="new@alder.test", admin_name="Lin", at=AT)
        [mail] = mailoutbox
        address = next(word for word in mail.body.split() if word.startswith("http"))
        path = address.removeprefix("http://alder.localhost:8000")

        at_home = client.get(path, HTTP_HOST="alder.localhost", follow=True)
        abroad = client.get(path, HTTP_HOST="birch.localhost", follow=True)

        assert mail.subject == "您的 桤木售电 账号已开通"
        assert 'name="password1"' in at_home.content.decode()
        assert 'name="password1"' not in abroad.content.decode()

    def test_is_sent_again_by_a_run_that_follows_a_cut_one_until_it_was_used(self, fresh_db, alder, mailoutbox):
        def provision():
            operations.provision_company(code="alder", admin_email="new@alder.test", admin_name="Lin", at=AT)

        provision()
        provision()
        sent_before = len(mailoutbox)
        with context.use(alder):
            person = identity_queries.user_by_email(email="new@alder.test")
            identity_operations.set_password(user=person, password="correct horse battery")
            person.save()
        provision()

        assert (sent_before, len(mailoutbox)) == (2, 2)
