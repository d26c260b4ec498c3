"""Cash and refunds: what is in the drawer, whose approval it takes, never more than the credit."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from defusedxml.ElementTree import fromstring

from billing.ledger import chart
from billing.ledger import queries as ledger_queries
from billing.payments import operations, queries
from billing.payments.models import BankLine, Payment, Refund
from billing.payments.statements.shapes import FileRefused
from harness import billing_cast
from harness.bank_files import camt, entry
from kernel.money import Money

AT = dt.datetime(2026, 5, 4, 4, 0, tzinfo=dt.UTC)


def cny(amount: str) -> Money:
    return Money(Decimal(amount), "CNY")


def held(code: str) -> Decimal:
    return sum((row.balance for row in ledger_queries.trial_balance() if row.code == code), Decimal(0))


@pytest.fixture
def account(in_alder: Any) -> Any:
    return billing_cast.make_account("1", name="王小明")[0]


@pytest.fixture
def credit(account: Any) -> Any:
    """An account with 100.00 in credit."""
    operations.receive(
        account_id=account.pk, money=cny("100.00"), method="card", source="test", reference="c", received_on=AT.date(),
        at=AT,
    )  # fmt: skip
    return account


@pytest.fixture
def session(in_alder: Any) -> Any:
    """An open session of desk K1 with a float of 100.00."""
    desk = operations.add_desk(code="K1", name="Counter", currency="CNY")
    return operations.open_session(desk_id=desk.pk, cashier="cy", opening=cny("100.00"), at=AT)


def ask(account: Any, amount: str, **more: Any) -> Refund:
    terms = {"method": "cash", "reason": "too much", "requested_by": "ann", "at": AT} | more
    return operations.request_refund(account_id=account.pk, money=cny(amount), **terms)


class TestCash:
    def test_the_ledger_holds_what_lies_in_the_drawer(self, account, session):
        operations.take_payment(session_id=session.pk, account_id=account.pk, money=cny("50.00"), at=AT)
        operations.bring_to_bank(session_id=session.pk, money=cny("120.00"), reference="D7", at=AT)

        assert held(chart.CASH) == queries.desk(desk_id=session.desk_id).balance == Decimal("30.00")

    def test_cash_at_the_bank_clears_by_its_slip(self, account, session, bank_account):
        operations.take_payment(session_id=session.pk, account_id=account.pk, money=cny("50.00"), at=AT)
        operations.bring_to_bank(session_id=session.pk, money=cny("50.00"), reference="D7", at=AT)
        content = camt([entry("50.00", text="Einzahlung D7")], opening="0.00", closing="50.00")
        operations.import_statement(content=content, file_name="s.xml", imported_by="ann", at=AT)

        operations.match_lines(at=AT)

        assert held(chart.SUSPENSE) == 0
        assert held(chart.CLEARING) == Decimal("-100.00")
        assert BankLine.objects.get().used == Decimal("50.00")

    def test_a_refused_payment_takes_no_receipt_number(self, account, session):
        with pytest.raises(operations.NoAmount):
            operations.take_payment(session_id=session.pk, account_id=account.pk, money=cny("0.00"), at=AT)

        _, movement = operations.take_payment(session_id=session.pk, account_id=account.pk, money=cny("1.00"), at=AT)
        assert movement.reference == "K1-000001"

    def test_a_payment_taken_back_leaves_the_drawer_and_the_account(self, account, session):
        _, movement = operations.take_payment(session_id=session.pk, account_id=account.pk, money=cny("50.00"), at=AT)

        operations.take_back(session_id=session.pk, movement_id=movement.pk, reason="wrong account", at=AT)

        assert held(chart.CASH) == queries.desk(desk_id=session.desk_id).balance == Decimal("100.00")
        assert queries.account_credit(account_ids=[account.pk]) == {}
        with pytest.raises(operations.CashRefused):
            operations.take_back(session_id=session.pk, movement_id=movement.pk, reason="again", at=AT)

    def test_a_difference_needs_a_reason_and_another_person(self, session):
        with pytest.raises(operations.CashRefused):
            operations.count_out(session_id=session.pk, pieces={"50": 1}, reason="", at=AT)
        operations.count_out(session_id=session.pk, pieces={"50": 1}, reason="robbed", at=AT)
        with pytest.raises(operations.SamePerson):
            operations.approve_difference(session_id=session.pk, approved_by="cy", at=AT)

        closed = operations.approve_difference(session_id=session.pk, approved_by="ben", at=AT)

        assert closed.state == "closed"
        assert held(chart.CASH) == Decimal("50.00")
        assert held(chart.CASH_DIFFERENCES) == Decimal("50.00")

    def test_a_desk_has_one_session(self, session):
        with pytest.raises(operations.DeskTaken):
            operations.open_session(desk_id=session.desk_id, cashier="di", opening=cny("1.00"), at=AT)

    def test_more_than_the_drawer_holds_does_not_go_out(self, session):
        with pytest.raises(operations.CashRefused):
            operations.bring_to_bank(session_id=session.pk, money=cny("100.01"), reference="D1", at=AT)

        assert held(chart.CASH) == Decimal("100.00")


class TestRefunds:
    def test_asking_holds_the_credit_but_posts_nothing(self, credit):
        ask(credit, "60.00")

        with pytest.raises(operations.NotEnoughCredit):
            ask(credit, "40.01")
        assert held(chart.RECEIVABLE) == Decimal("-100.00")

    def test_nobody_approves_his_own(self, credit):
        refund = ask(credit, "60.00")

        with pytest.raises(operations.SamePerson):
            operations.approve_refund(refund_id=refund.pk, approved_by="ann", at=AT)

        assert held(chart.RECEIVABLE) == Decimal("-100.00")

    def test_credit_spent_meanwhile_cannot_be_approved(self, in_alder, credit, bill):
        refund = ask(credit, "60.00")
        bill(credit, billing_cast.SupplyPoint.objects.get(), "90.00")

        with pytest.raises(operations.NotEnoughCredit):
            operations.approve_refund(refund_id=refund.pk, approved_by="ben", at=AT)

    def test_cash_goes_out_of_the_drawer_once(self, credit, session):
        refund = ask(credit, "60.00")
        operations.approve_refund(refund_id=refund.pk, approved_by="ben", at=AT)

        operations.pay_refund(session_id=session.pk, refund_id=refund.pk, at=AT)

        with pytest.raises(operations.CashRefused):
            operations.pay_refund(session_id=session.pk, refund_id=refund.pk, at=AT)
        assert held(chart.CASH) == Decimal("40.00")
        assert queries.account_credit() == {credit.pk: cny("40.00")}

    def test_a_failed_one_is_credit_again(self, credit):
        refund = ask(credit, "60.00")
        operations.approve_refund(refund_id=refund.pk, approved_by="ben", at=AT)

        operations.fail_refund(refund_id=refund.pk, note="account closed", at=AT)

        assert queries.account_credit() == {credit.pk: cny("100.00")}
        with pytest.raises(operations.RefundRefused):
            operations.fail_refund(refund_id=refund.pk, note="again", at=AT)

    def test_what_is_written_back_is_income(self, credit):
        refund = ask(credit, "100.00", method="write_back")

        operations.approve_refund(refund_id=refund.pk, approved_by="ben", at=AT)

        assert held(chart.INCOME_FEES) == Decimal("-100.00")
        assert queries.account_credit() == {}

    def test_goes_back_the_way_it_came_up_to_the_payment(self, credit):
        payment = Payment.objects.get()
        ask(credit, "60.00", method="provider", payment_id=payment.pk)
        operations.receive(
            account_id=credit.pk, money=cny("500.00"), method="card", source="test", reference="d",
            received_on=AT.date(), at=AT,
        )  # fmt: skip

        with pytest.raises(operations.RefundRefused):
            ask(credit, "40.01", method="provider", payment_id=payment.pk)

    def test_the_file_for_the_bank_holds_each_once(self, credit, bank_account):
        payee = {"name": "Ada & <Co>", "account": "DE89 3704 0044 0532 0130 00"}
        refund = ask(credit, "60.00", method="bank_transfer", payee=payee)
        operations.approve_refund(refund_id=refund.pk, approved_by="ben", at=AT)

        _, content, count = operations.order_refunds(bank_account_id=bank_account.pk, file_format="pain.001", at=AT)

        tree = fromstring(content)
        assert count == 1
        assert tree.findtext(".//{*}CdtrAcct/{*}Id/{*}IBAN") == "DE89370400440532013000"
        assert (tree.findtext(".//{*}CtrlSum"), tree.findtext(".//{*}InstdAmt")) == ("60.00", "60.00")
        assert tree.findtext(".//{*}Cdtr/{*}Nm") == "Ada & <Co>"
        with pytest.raises(operations.RefundRefused):
            operations.order_refunds(bank_account_id=bank_account.pk, file_format="csv", at=AT)


class TestTransfer:
    def test_credit_moves_between_accounts_of_one_customer(self, credit):
        other = type(credit).objects.create(
            number="A9", customer=credit.customer, currency="CNY", opened_on=credit.opened_on
        )

        operations.transfer_credit(
            from_account_id=credit.pk, to_account_id=other.pk, money=cny("70.00"), reason="asked", at=AT
        )

        assert queries.account_credit() == {credit.pk: cny("30.00"), other.pk: cny("70.00")}

    def test_never_to_another_customer(self, credit):
        stranger, _ = billing_cast.make_account("2")

        with pytest.raises(operations.RefundRefused):
            operations.transfer_credit(
                from_account_id=credit.pk, to_account_id=stranger.pk, money=cny("1.00"), reason="x", at=AT
            )


class TestAgents:
    HEAD = "日期,户号,金额,流水\n"

    @pytest.fixture
    def agent(self, in_alder):
        columns = {"booked_on": "日期", "account": "户号", "amount": "金额", "reference": "流水"}
        return operations.add_agent(code="shop", name="Shop", settings={"columns": columns})

    def load(self, agent: Any, text: str) -> Any:
        return operations.import_agent_statement(
            agent_id=agent.pk, content=(self.HEAD + text).encode("gbk"), file_name="a.csv", commission=cny("0.50"),
            imported_by="ann", at=AT,
        )  # fmt: skip

    def test_each_receipt_counts_once_and_the_commission_is_a_cost(self, agent, account):
        rows = "2026-05-03,A1,20.00,R1\n2026-05-03,A1,30.00,R2\n"

        first = self.load(agent, rows)
        again = self.load(agent, rows)

        assert (first.collected, again.new_count) == (Decimal("50.00"), 0)
        assert held(chart.CLEARING) == Decimal("49.50")
        assert held(chart.PROVIDER_FEES) == Decimal("0.50")
        assert queries.account_credit() == {account.pk: cny("50.00")}

    def test_a_wrong_row_refuses_the_file(self, agent, account):
        with pytest.raises(FileRefused) as refusal:
            self.load(agent, "2026-05-03,A1,20.00,R1\n2026-05-03,A7,x,R1\n")

        assert [(fault.row, fault.column) for fault in refusal.value.faults] == [(3, "account")]
        assert Payment.objects.count() == 0
