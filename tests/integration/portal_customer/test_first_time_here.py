"""Customers come to their portal: let in by staff, or by a number and the mail address that is held of them."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from bs4 import BeautifulSoup
from django.core import mail
from django.core.cache import cache
from django.test import Client

from config.celery import app as workers
from harness import portal_cast
from identity import operations as identity_operations
from identity import queries as identity_queries
from identity.capabilities import Role
from identity.models import User
from kernel import masking
from kernel.errors import GridhallError
from tenancy import context
from tenants.customers import operations, queries
from tenants.customers.models import CustomerLogin
from tenants.customers.operations import register, sign_ins

AT = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
DAY = dt.date(2026, 1, 1)
EMAIL = "lin@example.test"
PASSWORD = "a long way to the sea"
pytestmark = pytest.mark.django_db


@pytest.fixture
def at_once():
    """The workers work at once."""
    before, workers.conf.task_always_eager = workers.conf.task_always_eager, True
    yield
    workers.conf.task_always_eager = before


@pytest.fixture
def lin(in_alder):
    """A customer with an account at a supply point, and nobody who signs in."""
    customer = operations.create_customer(number="C1", name="Lin Mei", email="Lin@Example.test", language="en")
    account = operations.open_account(customer=customer, number="A1", currency="CNY", opened_on=DAY)
    point = operations.add_supply_point(identifier="P1", address="1 Elm Road", time_zone="Asia/Shanghai")
    operations.move_in(account=account, supply_point=point, on=DAY)
    return customer


def stranger() -> Client:
    return Client(HTTP_HOST="alder.localhost", HTTP_ACCEPT_LANGUAGE="en")


def asked(number: str, email: str):
    return stranger().post("/join/", {"number": number, "email": email})


class TestAsking:
    @pytest.mark.parametrize("number", ["A1", "C1", "P1", " A1 "])
    def test_with_a_number_and_the_address_held_makes_a_sign_in_of_a_customer(self, lin, number):
        user = operations.ask_for_portal(number=number, email="LIN@example.test", at=AT)

        assert (user.email, user.roles, user.has_usable_password()) == ("Lin@Example.test", [Role.CUSTOMER], False)
        assert queries.customer_of_user(user=user) == lin

    @pytest.mark.parametrize(
        ("number", "email"), [("A1", "other@example.test"), ("A2", EMAIL), ("", EMAIL), ("A1", ""), ("%", EMAIL)]
    )
    def test_with_anything_else_makes_nothing(self, lin, number, email):
        assert operations.ask_for_portal(number=number, email=email, at=AT) is None
        assert not User.objects.filter(email__iexact=EMAIL).exists()

    def test_of_a_customer_without_an_address_makes_nothing(self, in_alder):
        operations.create_customer(number="C2", name="Wu")

        assert operations.ask_for_portal(number="C2", email="", at=AT) is None

    def test_for_a_place_somebody_else_moved_into_makes_nothing(self, lin):
        point = queries.supply_point_by_identifier(identifier="P1")
        operations.move_out(supply_point=point, on=dt.date(2026, 2, 1))

        assert operations.ask_for_portal(number="P1", email=EMAIL, at=AT) is None

    def test_again_makes_no_second_person(self, lin):
        first = operations.ask_for_portal(number="A1", email=EMAIL, at=AT)

        again = operations.ask_for_portal(number="A1", email=EMAIL, at=AT)

        assert again == first
        assert CustomerLogin.objects.filter(customer=lin).count() == 1

    def test_does_not_open_what_staff_closed(self, lin, in_alder):
        user = operations.open_portal(customer=lin, at=AT)
        operations.close_portal(customer=lin, user_id=user.pk, at=AT, by=user)

        assert operations.ask_for_portal(number="A1", email=EMAIL, at=AT) is None
        user.refresh_from_db()
        assert user.is_active is False

    def test_with_the_address_of_staff_gives_staff_nothing(self, lin):
        identity_operations.create_user(email=EMAIL, name="Clerk", roles=[Role.SERVICE], at=AT)

        assert operations.ask_for_portal(number="A1", email=EMAIL, at=AT) is None
        assert CustomerLogin.objects.filter(customer=lin).count() == 0


class TestThePage:
    def test_answers_the_same_to_everybody(self, lin):
        known, unknown = asked("A1", EMAIL), asked("A1", "nobody@example.test")

        assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"]) == (
            302, "/join/sent/",
        )  # fmt: skip
        assert "a link is on its way" in stranger().get("/join/sent/").content.decode()

    def test_mails_a_link_that_sets_a_password_and_opens_the_portal(
        self, lin, in_alder, at_once, django_capture_on_commit_callbacks
    ):
        with django_capture_on_commit_callbacks(execute=True), context.use(in_alder):
            operations.ask_for_portal(number="A1", email=EMAIL, at=AT)

        (sent,) = mail.outbox
        assert sent.to == ["Lin@Example.test"]
        path = re.search(r"https?://[^/]+(\S+)", sent.body)[1]
        client = stranger()
        form = client.get(path, follow=True)
        client.post(form.redirect_chain[-1][0], {"password1": PASSWORD, "password2": PASSWORD})
        signed_in = client.post("/accounts/login/", {"login": EMAIL, "password": PASSWORD})
        assert signed_in["Location"] == "/"
        assert client.get("/bills/").status_code == 200

    def test_mails_nothing_to_strangers(self, lin, at_once, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks(execute=True):
            asked("A1", "thief@example.test")

        assert mail.outbox == []

    def test_takes_only_so_many_in_a_minute(self, lin):
        cache.clear()

        answers = [asked("A1", EMAIL).status_code for _ in range(7)]

        assert answers == [302] * 5 + [429] * 2

    def test_is_offered_on_the_sign_in_page_of_a_company_alone(self, lin, operator):
        assert 'href="/join/"' in stranger().get("/accounts/login/").content.decode()
        assert "/join/" not in Client(HTTP_HOST="operator.localhost").get("/accounts/login/").content.decode()

    def test_of_another_company_knows_nobody_of_this_one(self, lin, birch, at_once):
        Client(HTTP_HOST="birch.localhost").post("/join/", {"number": "A1", "email": EMAIL})

        assert mail.outbox == []


class TestStaff:
    def test_let_somebody_sign_in_with_the_address_held_or_another(self, lin, in_alder):
        first = operations.open_portal(customer=lin, at=AT)
        second = operations.open_portal(customer=lin, email="son@example.test", at=AT)

        assert [login.user for login in queries.logins_of_customer(customer=lin)] == [first, second]

    @pytest.mark.parametrize(
        ("email", "refusal"), [("nonsense", "email_malformed"), ("clerk@example.test", "sign_in_address_taken")]
    )
    def test_give_no_address_that_is_none_or_somebody_elses(self, lin, email, refusal):
        identity_operations.create_user(email="clerk@example.test", name="Clerk", roles=[Role.SERVICE], at=AT)

        with pytest.raises(GridhallError) as raised:
            operations.open_portal(customer=lin, email=email, at=AT)

        assert raised.value.code == refusal
        assert CustomerLogin.objects.count() == 0

    def test_need_an_address(self, in_alder):
        nobody = operations.create_customer(number="C2", name="Wu")

        with pytest.raises(sign_ins.NoMailAddress):
            operations.open_portal(customer=nobody, at=AT)

    def test_who_see_a_mask_do_not_send_to_what_it_hides(self, lin):
        with masking.masked(), pytest.raises(register.ShownMasked):
            operations.open_portal(customer=lin, at=AT)

    def test_end_the_access_of_their_customers_people_only(self, lin):
        other = operations.create_customer(number="C2", name="Wu", email="wu@example.test")
        user = operations.open_portal(customer=lin, at=AT)

        with pytest.raises(sign_ins.NoSignIn):
            operations.close_portal(customer=other, user_id=user.pk, at=AT, by=user)

        assert identity_queries.user_by_email(email=EMAIL).is_active is True


class TestTheCustomersPage:
    @pytest.fixture
    def clerk(self, lin):
        person = identity_operations.create_user(
            email="clerk@example.test", name="Clerk", roles=[Role.SERVICE], at=AT, password=portal_cast.PASSWORD
        )
        return portal_cast.signed_in(person.email)

    def test_lets_in_and_ends(self, clerk, lin, in_alder):
        done = clerk.post("/console/customers/C1/-/portal/", {"email": ""}, follow=True)

        page = BeautifulSoup(done.content, "html.parser").get_text(" ")
        assert "The link is on its way to Lin@Example.test." in page
        assert "has not signed in yet" in page
        with context.use(in_alder):
            user = identity_queries.user_by_email(email=EMAIL)
            assert identity_queries.audit_events().first().action == "portal.open"

        ended = clerk.post(f"/console/customers/C1/-/portal/{user.pk}/end/", follow=True)

        assert "Access ended" in ended.content.decode()
        with context.use(in_alder):
            user.refresh_from_db()
        assert user.is_active is False

    def test_says_why_it_cannot(self, clerk, lin, in_alder):
        refused = clerk.post("/console/customers/C1/-/portal/", {"email": "clerk@example.test"}, follow=True)

        assert "Somebody else signs in with clerk@example.test already." in refused.content.decode()
        with context.use(in_alder):
            assert CustomerLogin.objects.count() == 0
