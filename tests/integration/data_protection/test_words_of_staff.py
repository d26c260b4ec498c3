"""What staff and field crews wrote about a person goes with him, also where rows are only ever added; facts stay."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import psycopg
import pytest

from billing.arrears.models import Case, CaseEvent, DunningPath
from billing.ledger import queries as ledger_queries
from billing.payments import operations as payment_operations
from billing.payments.models import PaymentReversal, Refund
from billing.prepayment.models import PrepaidAccount, PrepaymentEvent
from harness import databases, owner_forks, portal_cast
from hosting import certificate_pages
from identity import operations as identity_operations
from identity import queries as identity_queries
from identity import trail
from identity.capabilities import Role
from kernel.money import Money
from tenancy import context, subjects
from tenants.customers import operations as customer_operations
from tenants.customers import queries as customer_queries
from tenants.customers.models import PersonalAccess
from tenants.protection import queries
from tenants.protection.operations import requests
from tenants.service import operations as service_operations
from tenants.service.models import SupplyOrder, SupplyOrderEvent

AT = dt.datetime(2026, 6, 2, 4, tzinfo=dt.UTC)
NOON = dt.datetime(2026, 4, 20, 2, tzinfo=dt.UTC)
LEFT, PAID = dt.date(2026, 6, 1), dt.date(2026, 5, 4)
CANARY = "zq7canary"
EMAIL = f"{CANARY}@example.test"
EVIDENCE = {"relay": f"open, {CANARY} shouted", "register": "10512.5", "at": "2026-04-20T02:00:00Z", "photos": 2}


@pytest.fixture
def cast(fresh_db, alder, birch, settings, tmp_path):
    settings.FILES_DIR = tmp_path / "files"
    for company in (alder, birch):
        with context.use(company):
            _person(company)
    return alder


def _person(company):
    """C1, of whom something is written in every table that keeps its rows; he moved out and owes nothing."""
    household = portal_cast.household(number="1", product=portal_cast.tiered_product())
    customer_operations.update_customer(number="C1", name=f"Ida {CANARY}", email=EMAIL)
    _written(household.account, household.point)
    customer_operations.move_out(supply_point=household.point, on=LEFT)
    customer_operations.close_account(account=household.account, on=LEFT)
    identity_operations.create_user(
        email="second@alder.test", name="Second", roles=[Role.ADMINISTRATOR], at=AT, password="x1 y2 z3 long"
    )


def _written(account, point):
    order = service_operations.request(
        kind="stop", reason="arrears", supply_point_id=point.pk, account_id=account.pk, request_key="k",
        earliest_at=NOON, at=NOON,
    )  # fmt: skip
    service_operations.give_final_notice(order_id=order.pk, at=NOON - dt.timedelta(hours=1))
    service_operations.dispatch(order_id=order.pk, at=NOON, by="crew 7")
    service_operations.report(order_id=order.pk, done=False, happened_at=NOON, evidence=EVIDENCE, at=NOON, by="crew 7")
    path = DunningPath.objects.create(code="p", number=1, titles={}, document={}, changed_at=AT)
    case = Case.objects.create(
        account=account, path=path, opened_on=PAID, due_since=PAID, overdue=1, currency=account.currency,
        state="closed", reason="paid", closed_on=PAID, next_on=None, advanced_on=PAID,
    )  # fmt: skip
    CaseEvent.objects.create(case=case, key="k", kind="promise", on=PAID, at=AT, by=EMAIL, details={"amount": "1.00"})
    CaseEvent.objects.create(case=case, key="l", kind="letter", on=PAID, at=AT, by="Staff", details={})
    prepaid = PrepaidAccount.objects.create(account=account, since=PAID, until=LEFT, state="ended")
    PrepaymentEvent.objects.create(prepaid=prepaid, at=AT, what="enrolled", by=EMAIL, figures={})
    PersonalAccess(
        at=AT, actor_name="Staff", door="shown", page="p", customers=[account.customer_id], fields=["Customer.name"],
        reason=f"{CANARY} called",
    ).save(force_insert=True)  # fmt: skip
    _paid_and_taken_back(account)


def _paid_and_taken_back(account):
    payment = payment_operations.receive(
        account_id=account.pk, money=Money(Decimal(5), account.currency), method="cash", source="t", reference="r",
        received_on=PAID, at=AT,
    )  # fmt: skip
    payment_operations.reverse(payment_id=payment.pk, reason=f"{CANARY} came back", at=AT)
    Refund.objects.create(
        reference="RF1", account=account, amount=1, currency=account.currency, method="cash", state="rejected",
        reason=f"{CANARY} asked", requested_by="1", requested_at=AT, decided_by="2", decided_at=AT, note=CANARY,
    )  # fmt: skip


def staff(email="staff@alder.test"):
    return identity_queries.user_by_email(email=email)


def approved():
    customer = customer_queries.customer(number="C1")
    request = requests.ask(customer=customer, kind="erasure", source="staff", at=AT, by=staff())
    requests.check(request_id=request.pk, at=AT, by=staff())
    return requests.approve(request_id=request.pk, at=AT, by=staff("second@alder.test"))


def as_owner(company, request):
    def finished():
        with context.use(company):
            requests.finish(request_id=request.pk, at=AT)

    assert owner_forks.as_owner(finished) == 0
    with context.use(company):
        return queries.request(request_id=request.pk)


def said():
    """What stands in the tables of the present company, as people wrote it."""
    return {
        "evidence": SupplyOrder.objects.get(kind="stop").evidence,
        "step": SupplyOrderEvent.objects.get(what="failed").details["evidence"],
        "case": list(CaseEvent.objects.order_by("pk").values_list("by", "details")),
        "prepaid": PrepaymentEvent.objects.get().by,
        "access": list(PersonalAccess.objects.exclude(reason="").values_list("actor_name", "reason")),
        "reversal": PaymentReversal.objects.get().reason,
        "refund": list(Refund.objects.values_list("reason", "note", "amount")),
    }


class TestWords:
    def test_go_and_facts_stay(self, cast, birch):
        mark, kept = subjects.MARK, {"register": "10512.5", "at": "2026-04-20T02:00:00Z", "photos": 2}
        with context.use(cast):
            waiting = approved()
            assert (waiting.state, waiting.certificate) == ("erasing", None), "the owner's worker has to go on"
            assert CANARY not in str(waiting.work), "no word of the person waits with it"

        done = as_owner(cast, waiting)

        with context.use(cast):
            assert said() == {
                "evidence": {"relay": mark, **kept}, "step": {"relay": mark, **kept},
                "case": [("customer", {"amount": "1.00"}), ("Staff", {})], "prepaid": "customer",
                "access": [("Staff", mark)], "reversal": mark, "refund": [(mark, mark, Decimal(1))],
            }  # fmt: skip
            assert ledger_queries.verify_chain().faults == ()
            assert trail.verify().intact
        tables = {each["table"]: each.get("words") for each in done.certificate["body"]["tables"]}
        assert (done.state, tables["service_supplyorderevent"], tables["payments_paymentreversal"]) == ("done", 1, 1)
        found = {each["table"] for each in done.certificate["body"]["words_found"]}
        assert not found & {"service_supplyorderevent", "arrears_caseevent", "payments_refund"}
        assert certificate_pages.draw(document=done.certificate, language="zh-hans").startswith(b"%PDF-")
        with context.use(birch):
            assert str(said()).count(CANARY) == 8

    def test_can_be_changed_by_nobody_afterwards_as_before(self, fresh_db, cast):
        with context.use(cast):
            waiting = approved()
        as_owner(cast, waiting)

        with psycopg.connect(databases.server().owner_url(fresh_db)) as owner:
            for table in ("service_supplyorderevent", "arrears_caseevent", "payments_paymentreversal"):
                with pytest.raises(psycopg.errors.RestrictViolation), owner.transaction():
                    owner.execute(f"UPDATE {cast.schema_name}.{table} SET id = id")

    def test_are_shown_to_nobody_in_between_as_certified(self, cast):
        with context.use(cast):
            waiting = approved()
            again = requests.finish(request_id=waiting.pk, at=AT)

        assert (again.state, len(again.work["guarded"])) == ("erasing", 6)


class TestWhatAFactIs:
    @pytest.mark.parametrize(
        "fact", ["10512.5", "-3", "2026-04-20", "2026-04-20T02:00:00Z", "2026-04-20 02:00:00+08:00"]
    )
    def test_stays(self, fact):
        assert subjects.without_words({"a": [fact, 7, True, None]}) == {"a": [fact, 7, True, None]}

    @pytest.mark.parametrize("word", ["Ida", "13877766655", "ida@example.test", "2026", "0x", " 1"])
    def test_anything_else_is_a_word(self, word):
        assert subjects.without_words([word]) == ([word] if word == "2026" else [subjects.MARK])
