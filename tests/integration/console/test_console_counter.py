"""At the counter: a whole customer on one page, moving in and out, another product; refused, nothing is stored."""

from __future__ import annotations

import datetime as dt

import pytest
from bs4 import BeautifulSoup

from billing.runs import operations as run_operations
from billing.runs import queries as run_queries
from harness import supply
from identity.models import AuditEvent
from tenants.customers import operations, queries
from tenants.customers.models import Account, Customer, Occupancy, SupplyPoint
from tenants.tariffs.models import Agreement

NEW = "/console/customers/-/new/"
POINT = "/console/customers/-/supply-points/P1/-/"
ACCOUNT = "/console/customers/-/accounts/A1/-/"
MARCH, APRIL, MAY = dt.date(2026, 3, 1), dt.date(2026, 4, 1), dt.date(2026, 5, 1)
WHOLE = {
    "number": "Z1", "name": "李明", "kind": "household", "segment": "", "email": "li@z.test", "phone": "13800001234",
    "language": "zh-hans", "account_number": "ZA1", "billing_address": "", "lot": "", "on": "2026-03-01",
    "which": "new", "identifier": "ZP1", "address": "人民路1号", "region": "CN", "time_zone": "Asia/Shanghai",
    "product": "home", "parameters": "rebate: 0.05",
}  # fmt: skip


def soup_of(response):
    return BeautifulSoup(response.content, "html.parser")


def error_at(response, field):
    found = soup_of(response).select_one(f"#id_{field}_error")
    return found.get_text(" ", strip=True) if found else ""


def counts():
    return tuple(model.objects.count() for model in (Customer, Account, SupplyPoint, Occupancy, Agreement))


def agreed(identifier="P1"):
    found = Agreement.objects.filter(supply_point__identifier=identifier).order_by("period")
    return [
        (each.account.number, each.product.code, each.parameters, each.period.lower, each.period.upper)
        for each in found
    ]


def held(identifier="P1"):
    found = Occupancy.objects.filter(supply_point__identifier=identifier).order_by("period")
    return [(each.account.number, each.period.lower, each.period.upper) for each in found]


def deeds(action):
    return [(each.subject, each.details) for each in AuditEvent.objects.filter(action=action)]


class TestANewCustomer:
    def test_is_entered_whole_on_one_page(self, admin, home):
        response = admin.post(NEW, WHOLE)

        account = queries.account(number="ZA1")
        assert (response.status_code, response["Location"]) == (302, "/console/customers/Z1/")
        assert (account.customer.name, account.currency, account.opened_on) == ("李明", "CNY", MARCH)
        assert account.billing_address == "人民路1号"
        point = queries.supply_point_by_identifier(identifier="ZP1")
        assert (point.premises.address, point.premises.region, point.premises.time_zone) == (
            "人民路1号", "CN", "Asia/Shanghai",
        )  # fmt: skip
        assert held("ZP1") == [("ZA1", MARCH, None)]
        assert agreed("ZP1") == [("ZA1", "home", {"rebate": "0.05"}, MARCH, None)]
        assert deeds("customer.create") == [("Z1", {"account": "ZA1", "lot": ""})]
        assert [subject for subject, _ in deeds("supply.move_in")] == ["ZP1"]

    def test_takes_over_a_supply_point_that_is_free(self, admin, home):
        operations.add_supply_point(identifier="F1", address="1 Free Street", time_zone="Asia/Shanghai")

        response = admin.post(NEW, WHOLE | {"which": "existing", "identifier": "F1", "address": ""})

        assert response.status_code == 302
        assert (held("F1"), SupplyPoint.objects.count()) == ([("ZA1", MARCH, None)], 1)

    def test_is_put_into_the_lot_that_was_chosen(self, admin, home):
        run_operations.create_cycle(
            code="m1", titles={"en": "Monthly"}, months=1, cut_off_day=1, first_month=dt.date(2026, 1, 1)
        )
        run_operations.create_lot(cycle_code="m1", code="L1", titles={"en": "North"})

        admin.post(NEW, WHOLE | {"lot": "L1"})

        account = queries.account(number="ZA1")
        assert run_queries.lot_of_account(account_id=account.pk).code == "L1"

    def test_comes_alone_or_with_an_account_alone(self, admin, home):
        only = {name: "" for name in WHOLE} | {"number": "Y1", "name": "Yu", "kind": "business"}

        answers = [admin.post(NEW, only), admin.post(NEW, only | {
            "number": "Y2", "account_number": "YA2", "on": "2026-03-01", "billing_address": "2 Way",
        })]  # fmt: skip

        assert [each.status_code for each in answers] == [302, 302]
        assert counts() == (2, 1, 0, 0, 0)
        assert queries.account(number="YA2").billing_address == "2 Way"

    @pytest.mark.parametrize(
        ("given", "field", "sentence"),
        [
            ({"number": "C1"}, "number", "The number “C1” is already in use."),
            ({"account_number": "A1"}, "account_number", "The number “A1” is already in use."),
            ({"account_number": "a b"}, "account_number", "“a b” is not a number"),
            ({"account_number": ""}, "account_number", "This is needed to open the account or to move in."),
            ({"identifier": "P1"}, "identifier", "The number “P1” is already in use."),
            ({"identifier": ""}, "identifier", "This is needed"),
            ({"address": ""}, "address", "A new supply point needs its address."),
            ({"which": "existing", "identifier": "NONE"}, "identifier", "NONE"),
            ({"which": "existing", "identifier": "P1"}, "on", "P1 is already occupied"),
            ({"on": ""}, "on", "This is needed"),
            ({"on": "9999-12-31"}, "on", "Give a day from"),
            ({"on": "0001-01-01"}, "on", "Give a day from"),
            ({"on": "2025-03-01"}, "product", "no published version"),
            ({"parameters": "rebate: 0.5"}, "parameters", "rebate must lie between"),
            ({"parameters": "other: 1"}, "parameters", "no parameter"),
            ({"product": ""}, "product", "Choose the product"),
            ({"product": "none"}, "product", "Select a valid choice"),
            ({"email": "nowhere"}, "email", "“nowhere” is not an e-mail address."),
            ({"time_zone": "Moon/Base"}, "time_zone", "Select a valid choice"),
        ],
    )
    def test_is_refused_at_the_field_and_nothing_is_stored(self, admin, household, given, field, sentence):
        before = counts()

        response = admin.post(NEW, WHOLE | given)

        assert response.status_code == 422
        assert sentence in error_at(response, field)
        assert (counts(), deeds("customer.create")) == (before, [])

    def test_is_told_all_that_is_wrong_at_once(self, admin, household):
        response = admin.post(NEW, WHOLE | {"number": "C1", "account_number": "A1", "phone": "x", "identifier": "P1"})

        assert all(error_at(response, name) for name in ("number", "account_number", "phone", "identifier"))

    def test_is_asked_for_in_chinese(self, admin, household):
        response = admin.post(NEW, WHOLE | {"address": ""}, HTTP_ACCEPT_LANGUAGE="zh-hans")

        assert error_at(response, "address") == "新计量点需要填写地址。"

    def test_of_a_free_supply_point_starts_from_its_page(self, admin, home):
        page = soup_of(admin.get(f"{NEW}?point=F1"))

        assert page.select_one("[name=identifier]")["value"] == "F1"
        assert page.select_one("[name=which][checked]")["value"] == "existing"


class TestAnotherPlace:
    def test_is_added_to_an_account(self, admin, household):
        given = {name: WHOLE[name] for name in ("on", "which", "identifier", "address", "time_zone", "product")}

        response = admin.post(f"{ACCOUNT}add-supply-point/", given)

        assert response["Location"] == "/console/customers/-/accounts/A1/"
        assert held("ZP1") == [("A1", MARCH, None)]
        assert agreed("ZP1") == [("A1", "home", {}, MARCH, None)]

    def test_is_refused_to_a_closed_account(self, admin, household):
        account = operations.open_account(
            customer=household.customer, number="A2", currency="CNY", opened_on=dt.date(2026, 1, 1)
        )
        operations.close_account(account=account, on=dt.date(2026, 2, 1))
        before = counts()

        response = admin.post(
            "/console/customers/-/accounts/A2/-/add-supply-point/",
            {"on": "2026-03-01", "which": "new", "identifier": "Q1", "address": "x", "time_zone": "Asia/Shanghai"},
        )

        assert response.status_code == 422
        assert "The account A2 is closed from 1 Feb 2026 on" in response.content.decode()
        assert counts() == before


class TestMovingOut:
    def test_ends_who_answers_and_what_is_agreed(self, admin, household, home):
        response = admin.post(f"{POINT}move-out/", {"on": "2026-03-01"})

        assert response["Location"] == "/console/customers/-/accounts/A1/"
        assert held() == [("A1", dt.date(2026, 1, 1), MARCH)]
        assert [each[3:] for each in agreed()] == [(dt.date(2026, 1, 1), MARCH)]
        assert deeds("supply.move_out") == [("P1", {"account": "A1", "on": "2026-03-01"})]
        assert not run_queries.runs().exists()

    def test_of_the_last_place_starts_the_final_bill(self, admin, household):
        response = admin.post(f"{POINT}move-out/", {"on": "2026-03-01", "final_bill": "on"})

        runs = list(run_queries.runs())
        assert response["Location"].startswith("/console/runs/")
        assert {run.kind for run in runs} == {"final"}
        assert held() == [("A1", dt.date(2026, 1, 1), MARCH)]

    def test_of_one_of_two_places_starts_none(self, admin, household, home):
        supply.add_point(account=household, number="9", product=home, start=dt.date(2026, 1, 1))

        admin.post(f"{POINT}move-out/", {"on": "2026-03-01", "final_bill": "on"})

        assert (held()[0][2], held("P9")[0][2]) == (MARCH, None)
        assert not run_queries.runs().exists()

    def test_by_a_post_that_starts_no_bills_asks_for_none(self, as_role, household):
        client = as_role("service")

        assert not soup_of(client.get(f"{POINT}move-out/")).select("[name=final_bill]")
        assert client.post(f"{POINT}move-out/", {"on": "2026-03-01", "final_bill": "on"}).status_code == 302

        assert held()[0][2] == MARCH
        assert not run_queries.runs().exists()

    @pytest.mark.parametrize("day", ["2026-01-01", "2025-01-01", "9999-12-31", "x", ""])
    def test_is_refused_where_nobody_lives_or_no_calendar_reaches(self, admin, household, day):
        response = admin.post(f"{POINT}move-out/", {"on": day})

        assert response.status_code == 422
        assert error_at(response, "on")
        assert held() == [("A1", dt.date(2026, 1, 1), None)]

    def test_leaves_no_agreement_that_was_to_begin_later(self, admin, household, home):
        admin.post(f"{POINT}change-product/", {"on": "2026-05-01", "product": "home", "parameters": "rebate: 0.01"})

        admin.post(f"{POINT}move-out/", {"on": "2026-04-01"})

        assert [each[3:] for each in agreed()] == [(dt.date(2026, 1, 1), APRIL)]


class TestMovingIn:
    def test_lets_the_next_one_agree_at_once(self, admin, household, home, add_customer):
        other = add_customer(number="C2", name="Next")
        operations.open_account(customer=other, number="A2", currency="CNY", opened_on=MARCH)
        operations.move_out(supply_point=queries.supply_point_by_identifier(identifier="P1"), on=MARCH)

        response = admin.post(f"{POINT}move-in/", {"account": "A2", "on": "2026-03-01", "product": "home"})

        assert response.status_code == 302
        assert held() == [("A1", dt.date(2026, 1, 1), MARCH), ("A2", MARCH, None)]
        assert [(each[0], *each[3:]) for each in agreed()] == [("A1", dt.date(2026, 1, 1), MARCH), ("A2", MARCH, None)]

    @pytest.mark.parametrize(
        ("given", "field", "sentence"),
        [
            ({"account": "NONE"}, "account", "NONE"),
            ({"on": "2026-03-01"}, "on", "P1 is already occupied"),
            ({"on": "2025-01-01", "until": "2024-12-31"}, "until", "The end must lie after the start."),
            ({"product": "home", "on": "2025-01-01", "until": "2025-02-01"}, "product", "no published version"),
        ],
    )
    def test_is_refused_at_the_field(self, admin, household, given, field, sentence):
        before = counts()

        response = admin.post(f"{POINT}move-in/", {"account": "A1", "on": "2026-03-01"} | given)

        assert (response.status_code, counts()) == (422, before)
        assert sentence in error_at(response, field)

    def test_shows_who_was_there_before_and_who_is_now(self, admin, household, add_customer):
        other = add_customer(number="C2", name="Next")
        operations.open_account(customer=other, number="A2", currency="CNY", opened_on=MARCH)
        admin.post(f"{POINT}move-out/", {"on": "2026-02-01"})
        admin.post(f"{POINT}move-in/", {"account": "A2", "on": "2026-02-01"})

        page = soup_of(admin.get("/console/customers/-/supply-points/P1/"))
        rows = [" ".join(row.get_text(" ").split()) for row in page.select("li") if "2026" in row.get_text()]

        assert any("A2 Next" in row and "Here now" in row for row in rows)
        assert any("A1 Customer 1" in row and "Was here" in row for row in rows)


class TestAnotherProduct:
    def test_holds_from_its_day(self, admin, household):
        response = admin.post(
            f"{POINT}change-product/", {"on": "2026-03-01", "product": "home", "parameters": "rebate: 0.02"}
        )

        assert response.status_code == 302
        assert agreed() == [
            ("A1", "home", {}, dt.date(2026, 1, 1), MARCH), ("A1", "home", {"rebate": "0.02"}, MARCH, None),
        ]  # fmt: skip
        assert deeds("agreement.change") == [("P1", {"product": "home", "on": "2026-03-01"})]

    def test_ends_where_the_next_one_was_agreed_already(self, admin, household):
        admin.post(f"{POINT}change-product/", {"on": "2026-05-01", "product": "home", "parameters": "rebate: 0.02"})

        admin.post(f"{POINT}change-product/", {"on": "2026-04-01", "product": "home", "parameters": "rebate: 0.03"})

        assert [(each[2], *each[3:]) for each in agreed()] == [
            ({}, dt.date(2026, 1, 1), APRIL), ({"rebate": "0.03"}, APRIL, MAY), ({"rebate": "0.02"}, MAY, None),
        ]  # fmt: skip

    def test_replaces_one_that_begins_that_day(self, admin, household):
        admin.post(f"{POINT}change-product/", {"on": "2026-01-01", "product": "home", "parameters": "rebate: 0.02"})

        assert agreed() == [("A1", "home", {"rebate": "0.02"}, dt.date(2026, 1, 1), None)]

    @pytest.mark.parametrize(
        ("given", "field", "sentence"),
        [
            ({"on": "2025-12-01"}, "on", "Nobody answers for P1 on 1 Dec 2025"),
            ({"parameters": ""}, "product", "has this product with these parameters"),
            ({"parameters": "rebate: x"}, "parameters", "is not a number"),
            ({"product": ""}, "product", "This field is required."),
        ],
    )
    def test_is_refused_and_the_present_one_stays(self, admin, household, given, field, sentence):
        before = agreed()

        response = admin.post(
            f"{POINT}change-product/",
            {"on": "2026-03-01", "product": "home", "parameters": "rebate: 0.02"} | given,
        )

        assert (response.status_code, agreed()) == (422, before)
        assert sentence in error_at(response, field)


class TestAnAccount:
    def test_has_its_bills_sent_elsewhere(self, admin, household):
        admin.post(f"{ACCOUNT}edit/", {"billing_address": " 9 New Street "})

        assert queries.account(number="A1").billing_address == "9 New Street"
        assert deeds("account.change") == [("A1", {"fields": ["billing_address"]})]

    def test_is_closed_when_it_answers_for_nothing(self, admin, household):
        refused = admin.post(f"{ACCOUNT}close/", {"on": "2026-03-01"})
        admin.post(f"{POINT}move-out/", {"on": "2026-03-01"})
        closed = admin.post(f"{ACCOUNT}close/", {"on": "2026-03-01"})

        assert "still answers for a supply point" in error_at(refused, "on")
        assert (refused.status_code, closed.status_code) == (422, 302)
        assert queries.account(number="A1").closed_on == MARCH
