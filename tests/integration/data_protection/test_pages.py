"""The pages of data protection: console, operator and portal."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client

from harness import portal_cast, second_factor
from hosting import deletion_queries
from identity import operations as identity_operations
from identity.capabilities import Role
from tenancy import context
from tenants.customers import operations as customer_operations
from tenants.customers import queries as customer_queries
from tenants.protection import queries

AT = dt.datetime(2025, 6, 2, 4, tzinfo=dt.UTC)
LEFT = dt.date(2025, 2, 1)


@pytest.fixture
def household(alder, settings, tmp_path):
    settings.FILES_DIR, settings.BACKUP_DIR = tmp_path / "files", tmp_path / "backups"
    with context.use(alder):
        made = portal_cast.household(number="1", product=portal_cast.tiered_product())
        customer_operations.move_out(supply_point=made.point, on=LEFT)
        customer_operations.close_account(account=made.account, on=LEFT)
        identity_operations.create_user(
            email="second@alder.test", name="Second", roles=[Role.ADMINISTRATOR], at=AT, password=portal_cast.PASSWORD
        )
    return made


def staff(email="staff@alder.test"):
    client = Client(HTTP_HOST="alder.localhost", HTTP_ACCEPT_LANGUAGE="en")
    client.post("/accounts/login/", {"login": email, "password": portal_cast.PASSWORD})
    return client


class TestTheWayOfARequest:
    def test_from_the_portal_over_two_people_to_a_certificate(self, fresh_db, alder, household):
        customer = portal_cast.signed_in(household.email)
        assert "Ask to be erased" in customer.get("/account/data/").content.decode()
        customer.post("/account/data/ask/", {"kind": "erasure"})
        with context.use(alder):
            [found] = queries.requests()
        page = f"/console/company/data-protection/requests/{found.pk}/"

        first, second = staff(), staff("second@alder.test")
        assert "Checked: it is this person" in first.get(page).content.decode()
        first.post(f"{page}check/")
        first.post(f"{page}approve/")
        with context.use(alder):
            assert queries.request(request_id=found.pk).state == "checked", "not by whoever checked it"
        second.post(f"{page}approve/")

        with context.use(alder):
            assert queries.request(request_id=found.pk).state == "done"
        assert second.get(f"{page}certificate.pdf").content.startswith(b"%PDF-")
        assert second.get(f"{page}certificate.json").json()["certificate"] == "gridhall-person-erased"
        assert customer.get("/account/data/").status_code == 302

    def test_a_copy_is_the_customers_alone(self, fresh_db, alder, household):
        customer = portal_cast.signed_in(household.email)
        customer.post("/account/data/ask/", {"kind": "access"})
        with context.use(alder):
            [found] = queries.requests()
            other = customer_operations.create_customer(number="C2", name="Other")
            portal_cast.sign_in_of("c2@example.test", other)
        staff().post(f"/console/company/data-protection/requests/{found.pk}/give-out/")

        stranger = portal_cast.signed_in("c2@example.test")

        assert customer.get(f"/account/data/{found.pk}/archive.zip").content.startswith(b"PK")
        assert stranger.get(f"/account/data/{found.pk}/archive.zip").status_code == 404
        assert stranger.post(f"/account/data/{found.pk}/withdraw/").status_code == 404

    @pytest.mark.slow
    def test_another_company_finds_nothing_under_the_same_number(self, fresh_db, alder, birch, household):
        with context.use(alder):
            customer_queries.customer(number="C1")
        portal_cast.signed_in(household.email).post("/account/data/ask/", {"kind": "access"})
        client = Client(HTTP_HOST="birch.localhost")
        client.post("/accounts/login/", {"login": "staff@birch.test", "password": portal_cast.PASSWORD})

        for page in ("company/data-protection/requests/1/", "customers/C1/-/data/"):
            assert client.get(f"/console/{page}").status_code == 404


class TestACorrection:
    def test_is_recorded_shown_and_carried_out(self, fresh_db, alder, household):
        client = staff()
        page = "/console/customers/C1/-/data/"
        given = {"kind": "correction", "name": "Lin Mei-Hua", "email": "", "phone": "", "note": "my street, too"}

        empty = client.post(f"{page}ask/", {"kind": "correction"}, follow=True).content.decode()
        wrong = client.post(f"{page}ask/", {**given, "email": "nonsense"}, follow=True).content.decode()
        shown = client.post(f"{page}ask/", given, follow=True).content.decode()
        with context.use(alder):
            [found] = queries.requests()
        own = portal_cast.signed_in(household.email).get("/account/data/").content.decode()
        client.post(f"/console/company/data-protection/requests/{found.pk}/correct/")

        assert "Say what is wrong" in empty
        assert "look at what you filled in" in wrong
        assert all(word in shown for word in ("Lin Mei-Hua", "my street, too", "Carry it out", "Correct name"))
        assert "Correct my data" in own
        with context.use(alder):
            done = queries.request(request_id=found.pk)
            assert (done.state, done.wanted) == ("done", None)
            assert str(customer_queries.customer(number="C1").name) == "Lin Mei-Hua"


class TestRetentionPage:
    def test_shows_each_kind_with_its_law_and_takes_a_number(self, fresh_db, alder, household):
        client = staff()

        page = client.get("/console/company/data-protection/").content.decode()
        client.post("/console/company/data-protection/keep/messages/", {"months": "48"})
        refused = client.post("/console/company/data-protection/keep/messages/", {"months": "2"}, follow=True)

        assert "会计档案管理办法" in page
        assert "Between 36 and" in refused.content.decode()
        assert "48 months" in client.get("/console/company/data-protection/").content.decode()

    @pytest.mark.slow
    def test_a_legal_hold_is_placed_and_lifted(self, fresh_db, alder, household):
        client = staff()

        client.post("/console/customers/C1/-/data/hold/", {"reason": "court order 7"})
        shown = client.get("/console/customers/C1/-/data/").content.decode()
        client.post("/console/customers/C1/-/data/hold/", {"lift": "yes"})

        assert "court order 7" in shown
        assert "court order 7" not in client.get("/console/customers/C1/-/data/").content.decode()


class TestTheEndOfTheCompany:
    def test_is_asked_for_and_taken_back_by_its_administrator(self, fresh_db, alder, household):
        client = staff()

        wrong = client.post("/console/company/end/", {"typed": "birch", "meanwhile": "read_only", "reason": "moving"})
        client.post("/console/company/end/", {"typed": "alder", "meanwhile": "read_only", "reason": "moving"})
        found = deletion_queries.open_one(code="alder")
        readonly = client.post("/console/customers/-/new/", {"number": "C9", "name": "Nine"})
        client.post("/console/company/end/revoke/", {"reason": "we stay"})

        assert wrong.status_code == 422
        assert (found.by_company, found.meanwhile) == (True, "read_only")
        assert readonly.status_code == 403
        assert deletion_queries.open_one(code="alder") is None

    def test_is_asked_for_by_the_host_with_its_second_factor(self, fresh_db, alder, operator, household):
        host = Client(HTTP_HOST="operator.localhost", HTTP_ACCEPT_LANGUAGE="en")
        second_factor.sign_in(host)

        assert host.get("/companies/alder/end/").status_code == 200
        host.post("/companies/alder/end/ask/", {"typed": "alder", "meanwhile": "closed", "reason": "ended"})

        assert deletion_queries.open_one(code="alder").meanwhile == "closed"
        assert "Waits for its day" in host.get("/deletions/").content.decode()
        assert Client(HTTP_HOST="alder.localhost").get("/").status_code == 503
        host.post("/companies/alder/end/revoke/", {"reason": "not yet"})
        assert Client(HTTP_HOST="alder.localhost").get("/").status_code != 503

    @pytest.mark.slow
    def test_of_the_host_itself_has_no_page(self, fresh_db, operator, alder):
        host = Client(HTTP_HOST="operator.localhost")
        second_factor.sign_in(host)

        assert host.get("/companies/operator/end/").status_code == 404
        assert host.get("/companies/nobody/end/").status_code == 404


class TestSomethingIsWrong:
    ADDRESS = "/account/data/correct/"

    def test_goes_from_the_portal_to_the_list_of_staff_and_into_the_customer(self, fresh_db, alder, household):
        customer = portal_cast.signed_in(household.email)
        shown = customer.get(self.ADDRESS).content.decode()
        with context.use(alder):
            held = customer_queries.customer(number="C1")

        answer = customer.post(
            self.ADDRESS, {"name": held.name, "email": held.email, "phone": "13900005678", "note": "My street is new."}
        )

        assert f'value="{held.name}"' in shown
        assert answer["Location"] == "/account/data/"
        with context.use(alder):
            [found] = queries.requests()
            wishes = {name: str(value) for name, value in queries.wishes(request=found).items()}
        assert (found.kind, found.source, found.state) == ("correction", "portal", "asked")
        assert wishes == {"phone": "13900005678", "note": "My street is new."}
        assert "Correct my data" in customer.get("/account/data/").content.decode()

        first = staff()
        assert "Wants a correction" in first.get("/console/company/data-protection/requests/").content.decode()
        first.post(f"/console/company/data-protection/requests/{found.pk}/correct/")

        with context.use(alder):
            assert customer_queries.customer(number="C1").phone == "13900005678"
            assert queries.request(request_id=found.pk).state == "done"

    @pytest.mark.parametrize(
        ("given", "sentence"),
        [
            ({"note": " "}, "Say what is wrong and what shall stand there."),
            ({"email": "nowhere"}, "is not an e-mail address"),
            ({"phone": "call me"}, "is not a telephone number"),
            ({"note": "x" * 401}, "at most 400 characters"),
        ],
    )
    def test_is_refused_with_a_reason_and_nothing_is_asked(self, fresh_db, alder, household, given, sentence):
        answer = portal_cast.signed_in(household.email).post(self.ADDRESS, given)

        assert answer.status_code == 422
        assert sentence in answer.content.decode()
        with context.use(alder):
            assert not queries.requests().exists()

    def test_said_again_the_later_word_counts(self, fresh_db, alder, household):
        customer = portal_cast.signed_in(household.email)
        customer.post(self.ADDRESS, {"phone": "13900005678"})
        customer.post(self.ADDRESS, {"phone": "13900009999"})

        with context.use(alder):
            [found] = queries.requests()
            assert {name: str(value) for name, value in queries.wishes(request=found).items()} == {
                "phone": "13900009999"
            }
