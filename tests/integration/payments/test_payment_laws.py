"""The laws of payments: one allocation however often and wherever a bill is paid, and books that always agree."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connections, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from billing.invoices import operations as invoice_operations
from billing.invoices.models import Invoice
from billing.ledger import queries as ledger_queries
from billing.payments import operations, queries
from billing.payments.models import Allocation, OpenItem, Payment, Refund
from harness import billing_cast, databases
from harness.issued import issue
from kernel.errors import GridhallError
from kernel.money import Money
from tenancy import context

AT = dt.datetime(2026, 5, 4, 4, 0, tzinfo=dt.UTC)
ON = dt.date(2026, 5, 4)
TIMES, WORKERS = 50, 10


def cny(amount: str | Decimal) -> Money:
    return Money(Decimal(amount), "CNY")


def at_once(retailer: Any, jobs: list[Callable[[], Any]]) -> list[Exception]:
    """Do the jobs in WORKERS threads that start together; return what was refused."""
    gate, refused = threading.Barrier(WORKERS), []

    def work(mine: list[Callable[[], Any]]) -> None:
        try:
            with context.use(retailer):
                gate.wait()
                for job in mine:
                    job()
        except Exception as error:
            refused.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(jobs[n::WORKERS],)) for n in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return refused


@pytest.fixture
def owing(fresh_db: str, alder: Any) -> Any:
    """An account with one bill of 100.00, really committed, and an open cash desk."""
    with context.use(alder):
        account, point = billing_cast.make_account("1")
        invoice = issue(alder, account, point, "100.00")
        desk = operations.add_desk(code="K1", name="Counter", currency="CNY")
        session = operations.open_session(desk_id=desk.pk, cashier="cy", opening=cny("0.00"), at=AT)
        yield alder, account, invoice, session


class TestPaidFiftyTimesAtOnce:
    def test_three_doors_make_one_allocation_and_the_rest_is_credit(self, owing):
        alder, account, invoice, session = owing

        def webhook(n: int) -> Callable[[], Any]:
            return lambda: operations.receive(
                account_id=account.pk, money=cny("100.00"), method="card", source="stripe", reference=f"ch_{n}",
                received_on=ON, at=AT, invoice_ids=[invoice.pk],
            )  # fmt: skip

        def api(n: int) -> Callable[[], Any]:
            return lambda: operations.receive(
                account_id=account.pk, money=cny("100.00"), method="bank_transfer", source="api", reference=f"a{n}",
                received_on=ON, at=AT,
            )  # fmt: skip

        def counter(n: int) -> Callable[[], Any]:
            return lambda: operations.take_payment(
                session_id=session.pk, account_id=account.pk, money=cny("100.00"), at=AT
            )

        refused = at_once(alder, [(webhook, api, counter)[n % 3](n) for n in range(TIMES)])

        assert refused == []
        assert Payment.objects.count() == TIMES
        assert Allocation.objects.count() == 1
        assert queries.outstanding(account_ids=[account.pk]) == []
        assert queries.account_credit(account_ids=[account.pk]) == {account.pk: cny("4900.00")}
        receipts = sorted(session.movements.filter(kind="payment").values_list("receipt", flat=True))
        assert receipts == list(range(1, len(receipts) + 1))
        assert ledger_queries.verify_chain().intact

    def test_the_same_message_fifty_times_is_one_payment(self, owing):
        alder, account, _, _ = owing

        def job() -> Any:
            return operations.receive(
                account_id=account.pk, money=cny("100.00"), method="card", source="stripe", reference="ch_1",
                received_on=ON, at=AT,
            )  # fmt: skip

        refused = at_once(alder, [job] * TIMES)

        assert refused == []
        assert Payment.objects.count() == Allocation.objects.count() == 1

    def test_one_reference_for_two_accounts_is_taken_once(self, owing):
        alder, account, _, _ = owing
        other, _ = billing_cast.make_account("2")

        def job(account_id: int) -> Callable[[], Any]:
            return lambda: operations.receive(
                account_id=account_id, money=cny("1.00"), method="card", source="stripe", reference="ch_1",
                received_on=ON, at=AT,
            )  # fmt: skip

        refused = at_once(alder, [job(one) for one in [account.pk, other.pk] * WORKERS])

        assert {type(error) for error in refused} == {operations.PaymentDiffers}
        assert Payment.objects.count() == 1

    def test_bills_and_payments_that_meet_are_settled_by_the_sweep(self, owing):
        alder, account, _, _ = owing
        point = billing_cast.SupplyPoint.objects.get(identifier="SP1")

        def paying(n: int) -> Callable[[], Any]:
            return lambda: operations.receive(
                account_id=account.pk, money=cny("50.00"), method="card", source="stripe", reference=f"ch_{n}",
                received_on=ON, at=AT,
            )  # fmt: skip

        def billing(n: int) -> Callable[[], Any]:
            return lambda: issue(alder, account, point, "50.00", month=n)

        jobs = [job for n in range(4, 9) for job in (paying(n), billing(n))]
        refused = at_once(alder, jobs)
        operations.settle_accounts(account_ids=queries.accounts_to_settle(limit=10), at=AT)

        assert refused == []
        assert sum(row.open.amount for row in queries.outstanding()) == Decimal(100)
        assert queries.account_credit() == {}
        assert queries.accounts_to_settle(limit=10) == []


_PAY = """
import datetime as dt, sys
from decimal import Decimal
import django
django.setup()
from billing.payments import operations
from kernel.money import Money
from tenancy import context
code, account, day, at, *numbers = sys.argv[1:]
print("ready", flush=True)
sys.stdin.readline()
with context.use(context.retailer_by_code(code=code)):
    for number in numbers:
        operations.receive(
            account_id=int(account), money=Money(Decimal("100.00"), "CNY"), method="card", source="stripe",
            reference=f"p{number}", received_on=dt.date.fromisoformat(day), at=dt.datetime.fromisoformat(at),
        )
"""


def _payer(database: str, account_id: int, numbers: range) -> subprocess.Popen[str]:
    """A program of its own that says when it is ready and pays when it is told to start."""
    words = [sys.executable, "-c", _PAY, "alder", str(account_id), str(ON), AT.isoformat(), *map(str, numbers)]
    environment = databases.environment(database)
    pipe = subprocess.PIPE
    return subprocess.Popen(words, cwd=databases.ROOT, env=environment, stdin=pipe, stdout=pipe, text=True)


class TestProcesses:
    def test_pay_one_bill_together_once(self, owing, fresh_db):
        _, account, _, _ = owing

        programs = [_payer(fresh_db, account.pk, numbers) for numbers in (range(10), range(10), range(5, 15))]
        ready = [program.stdout.readline() for program in programs]
        for program in programs:
            program.stdin.write("start\n")
            program.stdin.flush()

        assert ready == ["ready\n"] * 3
        assert [program.wait(120) for program in programs] == [0, 0, 0]
        assert Payment.objects.count() == 15
        assert Allocation.objects.count() == 1
        assert queries.account_credit() == {account.pk: cny("1400.00")}


AMOUNTS = st.decimals(min_value="0.01", max_value="300", places=2)


class Accounts(RuleBasedStateMachine):
    """Any order of bills, payments, reversals, refunds and transfers of two accounts of one customer."""

    retailer: Any = None

    @initialize()
    def start(self) -> None:
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()
        self.count, self.month = 0, 1
        first, self.point = billing_cast.make_account("91")
        second = type(first).objects.create(
            number="A92", customer=first.customer, currency="CNY", opened_on=first.opened_on
        )
        self.accounts = [first, second]

    def teardown(self) -> None:
        if hasattr(self, "savepoint"):
            transaction.set_rollback(True)
            self.savepoint.__exit__(None, None, None)

    @precondition(lambda self: self.month < 11)
    @rule(amount=AMOUNTS)
    def bill(self, amount: Decimal) -> None:
        issue(self.retailer, self.accounts[0], self.point, str(amount), month=self.month)
        self.month += 1

    @rule(amount=AMOUNTS, which=st.sampled_from([0, 1]))
    def pay(self, amount: Decimal, which: int) -> None:
        self.count += 1
        operations.receive(
            account_id=self.accounts[which].pk, money=cny(amount), method="card", source="test",
            reference=str(self.count), received_on=ON, at=AT,
        )  # fmt: skip

    @precondition(lambda self: self.count)
    @rule(place=st.integers(min_value=0, max_value=50))
    def take_back(self, place: int) -> None:
        payments = list(Payment.objects.filter(source="test").order_by("pk"))
        operations.reverse(payment_id=payments[place % len(payments)].pk, reason="bounced", at=AT)

    @rule(amount=AMOUNTS, which=st.sampled_from([0, 1]))
    def refund(self, amount: Decimal, which: int) -> None:
        account = self.accounts[which]
        credit = queries.account_credit(account_ids=[account.pk]).get(account.pk, cny("0.00"))
        waiting = sum(Refund.objects.filter(account=account, state="requested").values_list("amount", flat=True))
        try:
            operations.request_refund(
                account_id=account.pk, money=cny(amount), method="cash", reason="", requested_by="ann", at=AT
            )
        except GridhallError:
            assert amount > credit.amount - waiting
        else:
            assert amount <= credit.amount - waiting

    @rule(good=st.booleans())
    def decide(self, good: bool) -> None:
        waiting = Refund.objects.filter(state="requested").first()
        if waiting is None:
            return
        try:
            operations.approve_refund(refund_id=waiting.pk, approved_by="ben", at=AT)
        except operations.NotEnoughCredit:
            operations.reject_refund(refund_id=waiting.pk, rejected_by="ben", note="spent", at=AT)
        else:
            if not good:
                operations.fail_refund(refund_id=waiting.pk, note="closed", at=AT)

    @rule(amount=AMOUNTS, which=st.sampled_from([0, 1]))
    def transfer(self, amount: Decimal, which: int) -> None:
        giver, taker = self.accounts[which], self.accounts[1 - which]
        credit = queries.account_credit(account_ids=[giver.pk]).get(giver.pk, cny("0.00"))
        try:
            operations.transfer_credit(
                from_account_id=giver.pk, to_account_id=taker.pk, money=cny(amount), reason="asked", at=AT
            )
        except operations.NotEnoughCredit:
            return
        assert amount <= credit.amount

    @precondition(lambda self: self.month > 1)
    @rule()
    def credit_note(self) -> None:
        found = Invoice.objects.filter(kind="invoice", reversals__isnull=True).order_by("pk").first()
        if found is not None:
            terms = billing_cast.terms_of(self.retailer, issued_on=dt.date(2026, 12, 2))
            invoice_operations.credit(invoice_id=found.pk, terms=terms)

    @rule()
    def sweep(self) -> None:
        operations.settle_accounts(account_ids=queries.accounts_to_settle(limit=10), at=AT)

    @invariant()
    def books_and_items_agree(self) -> None:
        if not hasattr(self, "accounts"):
            return
        assert sum(row.balance for row in ledger_queries.trial_balance()) == 0
        keys = [account.pk for account in self.accounts]
        credit = queries.account_credit(account_ids=keys)
        for key in keys:
            owed = sum((row.open.amount for row in queries.open_debits(account_ids=[key])), Decimal(0))
            held = credit[key].amount if key in credit else Decimal(0)
            assert owed == 0 or held == 0
            assert owed - held == ledger_queries.balance(account_id=key, currency="CNY").amount

    @invariant()
    def nothing_is_allocated_twice(self) -> None:
        totals: dict[int, Decimal] = {}
        for debit, credit, amount in Allocation.objects.values_list("debit", "credit", "amount"):
            totals[debit] = totals.get(debit, Decimal(0)) + amount
            totals[credit] = totals.get(credit, Decimal(0)) + amount
        for item in OpenItem.objects.all():
            assert 0 <= totals.get(item.pk, 0) == item.settled <= abs(item.amount)


class TestAnyOrder:
    def test_keeps_allocations_and_ledger_together(self, in_alder):
        class Here(Accounts):
            retailer = in_alder

        run_state_machine_as_test(
            Here,
            settings=settings(
                max_examples=12, stateful_step_count=14, deadline=None,
                suppress_health_check=list(HealthCheck), derandomize=True,
            ),
        )  # fmt: skip
