"""The operator's pages: the fleet, one company, a new one. Nobody else gets in."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from harness import second_factor
from hosting import queries
from hosting.operations import sign_up_steps
from tenancy import context

PASSWORD = "correct horse battery"
NEW = {
    "name_zh": "雪松售电",
    "name_en": "Cedar Power",
    "legal_name": "Cedar Power Ltd",
    "code": "cedar",
    "host": "cedar.localhost",
    "market": "cn",
    "currency": "CNY",
    "time_zone": "Asia/Shanghai",
    "default_language": "zh-hans",
    "admin_name": "Ada",
    "admin_email": "ada@cedar.test",
}


@pytest.fixture
def pages(retailers):
    client = Client(HTTP_HOST="operator.localhost", HTTP_ACCEPT_LANGUAGE="en")
    assert second_factor.sign_in(client).status_code == 302
    return client


class TestAccess:
    def test_a_stranger_is_asked_to_sign_in(self, retailers):
        response = Client(HTTP_HOST="operator.localhost").get("/")

        assert response.status_code == 302
        assert response["Location"].startswith("/accounts/login/")

    def test_a_companys_host_has_no_such_page(self, retailers):
        response = Client(HTTP_HOST="alder.localhost").get("/companies/new/")

        assert response.status_code == 404

    def test_a_companys_staff_cannot_sign_in_here(self, retailers):
        response = Client(HTTP_HOST="operator.localhost").post(
            "/accounts/login/", {"login": "staff@alder.test", "password": PASSWORD}
        )

        assert response.status_code == 200


class TestFleet:
    def test_lists_every_company_but_the_operator(self, pages):
        page = pages.get("/").content.decode()

        assert "Alder Power" in page
        assert "Birch Energy" in page
        assert 'href="/companies/operator/"' not in page

    def test_takes_the_same_queries_for_any_number(self, pages, django_assert_max_num_queries):
        with django_assert_max_num_queries(18):
            pages.get("/")


class TestNewCompany:
    def test_registers_and_sends_the_order_to_the_owners_queue(self, pages):
        response = pages.post("/companies/new/", NEW)

        assert response.status_code == 302, response.content.decode()
        assert response["Location"] == "/companies/cedar/"
        with context.use_public():
            assert context.retailer_by_code(code="cedar").status == "provisioning"
        assert "Its space is being made" in pages.get("/companies/cedar/").content.decode()

    @pytest.mark.parametrize(
        ("field", "value", "sentence"),
        [
            ("code", "alder", "A company stands under the code “alder” already"),
            ("host", "birch.localhost", "belongs to a company already"),
            ("currency", "yua", "is not a currency code such as CNY"),
            ("admin_email", "ada", "Enter a valid email address"),
        ],
    )
    def test_says_at_the_field_what_is_wrong(self, pages, field, value, sentence):
        response = pages.post("/companies/new/", {**NEW, field: value})

        assert response.status_code == 422
        assert sentence in response.content.decode()
        with pytest.raises(context.UnknownRetailer):
            context.retailer_by_code(code="cedar")


class TestCompany:
    def test_suspends_with_a_reason(self, pages):
        refused = pages.post("/companies/alder/suspend/", {"reason": ""})
        done = pages.post("/companies/alder/suspend/", {"reason": "unpaid since March"})
        shown = pages.get("/companies/alder/").content.decode()

        assert (refused.status_code, done.status_code) == (422, 302)
        assert "unpaid since March" in shown
        assert [event.action for event in queries.events(code="alder")] == ["suspend"]

    def test_that_is_not_there_is_404(self, pages):
        assert pages.get("/companies/nobody/").status_code == 404
        assert pages.post("/companies/nobody/suspend/", {"reason": "x"}).status_code == 404

    def test_speaks_chinese(self, pages):
        page = pages.get("/companies/alder/", HTTP_ACCEPT_LANGUAGE="zh-hans").content.decode()

        assert "桤木售电" in page
        assert 'lang="zh-hans"' in page


class TestOrder:
    def test_that_could_not_be_sent_is_sent_again_by_the_page_and_by_the_sweep(self, fresh_db, pages, monkeypatch):
        from celery import current_app
        from kombu.exceptions import OperationalError

        sent = []

        def away(*_, **__):
            raise OperationalError

        with monkeypatch.context() as patched:
            patched.setattr(current_app, "send_task", away)
            shown = pages.post("/companies/new/", NEW, follow=True).content.decode()
        monkeypatch.setattr(current_app, "send_task", lambda name, **order: sent.append((name, order["kwargs"])))
        due = sign_up_steps.to_carry_on(at=timezone.now())
        pages.post("/companies/cedar/provision/", {"admin_name": "Ada", "admin_email": "ada@cedar.test"})
        pages.post("/companies/alder/provision/", {"admin_name": "Ada", "admin_email": "ada@cedar.test"})

        assert "Its space is being made" in shown
        assert len(due) == 1
        assert sent == [("hosting.carry_on_sign_up", {"sign_up_id": due[0]})]
