"""Personal fields at the console and the API: masked without the right, shown for a reason, each access on record."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from identity.capabilities import CAPABILITIES, Capability, Role
from tenancy import context
from tenants.customers import access_queries, operations, queries
from tenants.customers.models import PersonalAccess

NAME, MAIL, PHONE, STREET = (
    "Quentin Canaryman",
    "quentin.canary@example.com",
    "0412 777 333",
    "88 Canary Parade, Sydney",
)


@pytest.fixture
def person(in_alder):
    made = operations.create_customer(number="C77", name=NAME, email=MAIL, phone=PHONE)
    account = operations.open_account(
        customer=made, number="A77", currency="CNY", opened_on=in_alder.created_at.date(), billing_address=STREET
    )
    point = operations.add_supply_point(identifier="P77", address=STREET, time_zone="Asia/Shanghai")
    operations.move_in(account=account, supply_point=point, on=in_alder.created_at.date())
    return made


def _seen(text: str) -> list[str]:
    return [word for word in (NAME, MAIL, PHONE, "88 Canary") if word in text]


PAGES = ("customers/", "customers/C77/", "customers/-/accounts/A77/", "customers/-/supply-points/P77/", "search/?q=C77",
         "customers/-/export.csv")  # fmt: skip


class TestMasking:
    def test_posts_that_change_customers_see_them(self):
        assert all(
            Capability.SEE_PERSONAL in held for held in CAPABILITIES.values() if Capability.CHANGE_CUSTOMERS in held
        )

    @pytest.mark.parametrize("page", PAGES)
    def test_without_the_right_nothing_is_shown_whole(self, as_role, person, page):
        shown = as_role(Role.AUDITOR).get(f"/console/{page}").content.decode()

        assert "C77" in shown or "P77" in shown or "A77" in shown
        assert _seen(shown) == []
        assert "Q***" in shown or "*** Sydney" in shown

    @pytest.mark.parametrize("page", PAGES)
    def test_with_the_right_it_is_shown_and_recorded(self, as_role, person, page):
        shown = as_role(Role.SERVICE).get(f"/console/{page}").content.decode()

        assert _seen(shown)
        record = access_queries.accesses_to(customer=person).get()
        assert (record.door, record.everybody) == ("export" if "export" in page else "console", False)
        assert "service" in record.actor_name.lower()

    def test_looking_at_a_masked_page_is_no_access(self, as_role, person):
        as_role(Role.AUDITOR).get("/console/customers/C77/")

        assert not PersonalAccess.objects.exists()


class TestShowing:
    def test_takes_a_reason_and_opens_this_customer_only(self, as_role, person, in_alder):
        operations.create_customer(number="C78", name=f"{NAME} Junior")
        clerk = as_role(Role.BILLING)

        clerk.post("/console/customers/C77/-/show/", {"reason": " asked  about a bill "})

        assert NAME in clerk.get("/console/customers/C77/").content.decode()
        assert NAME not in clerk.get("/console/customers/C78/").content.decode()
        assert NAME not in clerk.get("/console/customers/").content.decode()
        asked, looked = PersonalAccess.objects.order_by("pk")
        assert (asked.door, asked.reason, asked.customers) == ("shown", "asked about a bill", [person.pk])
        assert (looked.door, looked.page, looked.customers) == ("console", "console:customer", [person.pk])

    def test_without_a_reason_nothing_is_shown(self, as_role, person):
        clerk = as_role(Role.BILLING)

        clerk.post("/console/customers/C77/-/show/", {"reason": "  "})

        assert NAME not in clerk.get("/console/customers/C77/").content.decode()
        assert not PersonalAccess.objects.exists()

    def test_is_nothing_for_who_sees_it_anyway(self, as_role, person):
        assert as_role(Role.SERVICE).post("/console/customers/C77/-/show/", {"reason": "x"}).status_code == 403


class TestTheRecord:
    def test_is_read_by_auditors(self, as_role, person):
        service, auditor = as_role(Role.SERVICE), as_role(Role.AUDITOR)
        service.get("/console/customers/C77/")

        page = auditor.get("/console/customers/C77/-/accesses/").content.decode()
        file = auditor.get("/console/customers/C77/-/accesses.csv").content.decode()

        assert "console:customer" in page
        assert "Customer.email Customer.name" in file
        assert service.get("/console/customers/C77/-/accesses/").status_code == 403

    def test_costs_one_statement_whatever_the_list(self, as_role, person, in_alder):
        clerk = as_role(Role.SERVICE)
        clerk.get("/console/customers/")
        with CaptureQueriesContext(connection) as one:
            clerk.get("/console/customers/")
        for number in range(30):
            operations.create_customer(number=f"D{number}", name="Somebody")

        with CaptureQueriesContext(connection) as many:
            clerk.get("/console/customers/")

        assert len(many) == len(one)
        assert sum('INSERT INTO "customers_personalaccess"' in each["sql"] for each in many) == 1
        assert len(PersonalAccess.objects.latest("pk").customers) == 31

    def test_of_one_company_says_nothing_of_another(self, as_role, person, birch):
        as_role(Role.SERVICE).get("/console/customers/C77/")

        with context.use(birch):
            assert not PersonalAccess.objects.exists()
            other = operations.create_customer(number="C77", name="Another")
            assert not access_queries.accesses_to(customer=other).exists()

    def test_supply_addresses_count_for_who_lives_there(self, as_role, person):
        as_role(Role.SERVICE).get("/console/customers/-/supply-points/P77/")

        record = access_queries.accesses_to(customer=queries.customer(number="C77")).get()
        assert "Premises.address" in record.fields
