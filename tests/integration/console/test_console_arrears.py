"""Collections at the console: pages with real cases, deeds of people, decisions by four eyes, orders to the field."""

from __future__ import annotations

import datetime as dt
import html
from decimal import Decimal

import pytest

from billing.arrears import operations
from billing.arrears.models import Agency, Deposit, DunningPath, InstalmentPlan, Placement, Promise, WriteOff
from harness import arrears_cast
from identity.capabilities import Role
from tenants.service.models import SupplyOrder

pytestmark = pytest.mark.django_db


@pytest.fixture
def overdue(in_alder):
    """A household that owes 300.00 since the middle of March, all steps but the last taken."""
    account, point = arrears_cast.account("7")
    arrears_cast.bill(in_alder, account, point, "300.00", issued_on=dt.date(2026, 2, 27))
    arrears_cast.on_days("2026-03-15", "2026-03-24", "2026-04-08", "2026-04-15")
    return account


class TestPages:
    def test_show_what_is(self, admin, overdue):
        expected = {
            "arrears/": "¥300.00",
            "arrears/cases/": "A7",
            "arrears/cases/?state=running&q=A7": "A7",
            "arrears/cases/?work=on": "Cases",
            "arrears/accounts/A7/": "Notice of disconnection",
            "arrears/paths/": "standard",
            "arrears/paths/standard/": "dunning_demand",
            "arrears/decisions/": "Nothing waits",
            "arrears/deposits/": "No deposits",
            "arrears/agencies/": "None yet",
            "supply-orders/": "P7",
        }

        answers = {page: admin.get(f"/console/{page}") for page in expected}

        assert {page: answer.status_code for page, answer in answers.items()} == dict.fromkeys(expected, 200)
        assert [page for page, shown in expected.items() if shown not in answers[page].content.decode()] == []

    def test_the_ageing_is_the_ledgers_receivable(self, admin, overdue):
        page = admin.get("/console/arrears/").content.decode()

        assert "Together ¥300.00; the ledger's receivable is ¥300.00." in html.unescape(page)
        assert "do not add up" not in page

    def test_the_list_of_cases_needs_few_queries(self, admin, overdue, django_assert_max_num_queries):
        admin.get("/console/arrears/cases/")

        with django_assert_max_num_queries(25):
            admin.get("/console/arrears/cases/")

    def test_the_order_tells_why_it_is_allowed(self, admin, overdue):
        order = SupplyOrder.objects.get()

        page = admin.get(f"/console/supply-orders/{order.pk}/").content.decode()

        assert "Notice was given so many days before" in page
        assert "The last notice was given" in page


class TestDeeds:
    def test_a_promise_is_taken(self, admin, overdue):
        due = dt.date.today() + dt.timedelta(days=5)

        answer = admin.post("/console/arrears/accounts/A7/-/promise/", {"amount": "300", "due_on": due}, follow=True)

        assert "dunning rests until then" in answer.content.decode()
        assert Promise.objects.get().amount == 300

    def test_a_promise_too_far_ahead_is_refused(self, admin, overdue):
        answer = admin.post(
            "/console/arrears/accounts/A7/-/promise/", {"amount": "300", "due_on": "2099-01-01"}, follow=True
        )

        assert "Choose a day from" in answer.content.decode()
        assert not Promise.objects.exists()

    def test_a_plan_is_made(self, admin, overdue):
        soon = dt.date.today() + dt.timedelta(days=3)

        admin.post("/console/arrears/accounts/A7/-/plan/", {"count": 3, "first_on": soon})

        assert [part.amount for part in InstalmentPlan.objects.get().instalments.all()] == [100, 100, 100]

    def test_a_write_off_needs_another_person(self, as_role, overdue):
        clerk, finance = as_role(Role.COLLECTIONS), as_role(Role.FINANCE)
        clerk.post("/console/arrears/accounts/A7/-/write-off/", {"amount": "300", "reason": "moved away"})
        asked = WriteOff.objects.get()

        forbidden = clerk.post(f"/console/arrears/decisions/write-offs/{asked.pk}/", {"approved": "yes"})
        finance.post(f"/console/arrears/decisions/write-offs/{asked.pk}/", {"approved": "yes"})

        asked.refresh_from_db()
        assert (forbidden.status_code, asked.state, asked.entry_id is None) == (403, "approved", False)

    def test_whoever_asked_does_not_decide(self, admin, overdue):
        admin.post("/console/arrears/accounts/A7/-/write-off/", {"amount": "300", "reason": "moved away"})
        asked = WriteOff.objects.get()

        answer = admin.post(f"/console/arrears/decisions/write-offs/{asked.pk}/", {"approved": "yes"}, follow=True)

        asked.refresh_from_db()
        assert "ask a colleague" in answer.content.decode()
        assert asked.state == "asked"

    def test_many_are_shown_before_they_are_handed_over(self, admin, overdue):
        operations.add_agency(code="acme", name="Acme", commission=Decimal("0.15"))
        case = arrears_cast.case_of(overdue)

        preview = admin.post("/console/arrears/cases/bulk/", {"case": [case.pk], "place": "acme"})
        before = Placement.objects.count()
        admin.post("/console/arrears/cases/bulk/", {"case": [case.pk], "deed": "place", "agency": "acme", "sure": "on"})

        assert "1 case will go to acme" in preview.content.decode()
        assert (before, Placement.objects.get().amount) == (0, 300)
        assert "A7,Customer 7" in admin.get("/console/arrears/agencies/acme.csv").content.decode()

    def test_an_agency_is_added(self, admin, overdue):
        admin.post("/console/arrears/agencies/", {"code": "acme", "name": "Acme", "commission": "12.5"})

        assert Agency.objects.get().commission == Decimal("0.125")

    def test_a_deposit_is_asked_for_and_booked(self, admin, overdue):
        arrears_cast.pay(overdue, "300.00", dt.date(2026, 5, 1))
        admin.post("/console/arrears/accounts/A7/-/deposit/", {"kind": "cash", "amount": "500"})
        asked = Deposit.objects.get()

        admin.post(
            f"/console/arrears/deposits/{asked.pk}/receive/",
            {"method": "bank_transfer", "reference": "R1", "received_on": "2026-05-02"},
        )

        asked.refresh_from_db()
        assert asked.state == "held"
        assert "¥500.00" in admin.get(f"/console/arrears/deposits/{asked.pk}/").content.decode()

    def test_a_guarantee_is_noted_and_replaced_by_a_longer_one(self, admin, overdue):
        admin.post("/console/arrears/accounts/A7/-/deposit/", {"kind": "guarantee", "amount": "500"})
        page = f"/console/arrears/deposits/{Deposit.objects.get().pk}/"
        bank = {"guarantor": "Bank of Alder", "document": "G1"}

        first, no_longer, longer = (
            admin.post(f"{page}receive/", bank | {"expires_on": last}, follow=True).content.decode()
            for last in ("2099-06-30", "2099-06-30", "2100-06-30")
        )

        assert "The security is held." in first
        assert "valid to 30 June 2099" in no_longer
        assert "The security is held." in longer
        assert (Deposit.objects.get().state, Deposit.objects.get().expires_on) == ("held", dt.date(2100, 6, 30))
        assert "Another guarantee came in its place" in admin.get(page).content.decode()

    def test_a_hold_starts_and_ends(self, admin, overdue):
        admin.post("/console/arrears/accounts/A7/-/hold/", {"kind": "disputed", "note": "asks about the meter"})
        page = admin.get("/console/arrears/accounts/A7/").content.decode()

        assert "asks about the meter" in page
        assert "Let it go on" in page

    def test_standing_is_noted(self, admin, overdue):
        admin.post("/console/arrears/accounts/A7/-/standing/", {"credit_class": "weak", "flags": ["life_support"]})

        assert "Life support" in admin.get("/console/arrears/accounts/A7/").content.decode()


class TestPaths:
    def test_a_draft_is_tried_on_real_accounts_and_put_in_force(self, admin, overdue):
        page = {
            "title_en": "Short",
            "title_zh": "短流程",
            "minimum": "0",
            "steps": '[{"code": "call", "wait": 3, "channel": "none", "action": "call", "title": {"en": "Call him"}}]',
        }
        admin.post("/console/arrears/paths/-/new/", {"code": "short"})

        preview = admin.post("/console/arrears/paths/short/", {**page, "deed": "preview"}).content.decode()
        admin.post("/console/arrears/paths/short/", page)
        admin.post("/console/arrears/paths/short/publish/")

        assert "Who would get what today" in preview
        assert DunningPath.objects.get(code="short").state == "published"

    def test_a_wrong_step_is_pointed_at_and_nothing_is_kept(self, admin, overdue):
        page = {"title_en": "x", "title_zh": "x", "minimum": "0", "steps": '[{"code": "a", "wait": -1}]'}

        answer = admin.post("/console/arrears/paths/standard/", page)

        assert answer.status_code == 422
        assert "steps.0.wait" in answer.content.decode()
        assert DunningPath.objects.count() == 1


class TestOrders:
    def test_one_is_sent_reported_and_cannot_be_sent_again(self, admin, overdue):
        order = SupplyOrder.objects.get()
        address = f"/console/supply-orders/{order.pk}/"

        too_early = admin.post(f"{address}dispatch/", follow=True).content.decode()
        admin.post(f"{address}cancel/", {"note": "paid at the door"})
        again = admin.post(f"{address}dispatch/", follow=True).content.decode()

        order.refresh_from_db()
        assert "last notice" in too_early
        assert (order.state, "cannot be done now" in again) == ("cancelled", True)
