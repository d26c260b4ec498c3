"""The demo companies' figures agree with each other: intervals, lines, invoices, ledger."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import Decimal

import pytest

from billing.arrears import queries as arrears_queries
from billing.invoices import queries as invoice_queries
from billing.ledger import queries as ledger_queries
from billing.payments import queries as payment_queries
from billing.prepayment import queries as prepayment_queries
from billing.runs import queries as run_queries
from config.demo import plans
from tenancy import context
from tenants.customers import queries as customer_queries
from tenants.metering import queries as metering_queries
from tenants.service import queries as service_queries

COMPANIES = ("lanjiang", "wattlebird")


@pytest.fixture(params=COMPANIES)
def company(request, demo_db):
    with context.use(context.retailer_by_code(code=request.param)) as retailer:
        yield retailer


def latest_invoices() -> list:
    """Return each account's last invoice."""
    newest = {}
    for invoice in invoice_queries.invoices(kind="invoice"):
        newest.setdefault(invoice.account_id, invoice)
    return list(newest.values())


def energy_lines(detail, identifier: str) -> dict[str, Decimal]:
    """Return what each energy line of a supply point shows on the bill, by code."""
    lines = [line for line in detail.lines if line.identifier == identifier and line.unit == "kWh"]
    return {line.code: line.amount for line in lines}


def wrong_intervals(invoices) -> list[str]:
    """Return what does not add up: the shown costs of all intervals against the line on the bill, both ways round."""
    wrong = []
    points = [point.pk for point in customer_queries.supply_points()]
    registers = metering_queries.registers_of(supply_point_ids=points)
    read_by_hand = {register.meter.supply_point.identifier for register in registers}
    for invoice in invoices:
        detail = invoice_queries.invoice_by_id(invoice_id=invoice.pk)
        for identifier in {line.identifier for line in detail.lines if line.identifier} - read_by_hand:
            shown = shown_costs(invoice, identifier)
            billed = energy_lines(detail, identifier)
            if shown != billed:
                wrong.append(f"{invoice.number} {identifier}: {shown} ≠ {billed}")
    return wrong


def shown_costs(invoice, identifier: str) -> dict[str, Decimal]:
    """Return the sum over all intervals of what the portal shows, by line."""
    shown: dict[str, Decimal] = defaultdict(Decimal)
    for part in invoice_queries.interval_costs(invoice=invoice, identifier=identifier):
        for line in part.lines:
            shown[line.code] += sum(line.costs, Decimal(0))
    return dict(shown)


def sold() -> list:
    """Return the accounts that are billed: those that take a product."""
    return [account for account in customer_queries.accounts() if not account.number.startswith("A900")]


def balance(code: str) -> Decimal:
    """Return what stands on a ledger account: debits less credits."""
    rows = [row for row in ledger_queries.trial_balance(on=dt.date(2026, 12, 31)) if row.code == code]
    return sum((row.debit - row.credit for row in rows), Decimal(0))


class TestIntervalCosts:
    def test_sum_to_the_energy_lines_of_every_customers_last_bill(self, company):
        invoices = latest_invoices()

        assert len(invoices) > 100
        assert wrong_intervals(invoices) == []

    @pytest.mark.slow
    def test_sum_to_the_energy_lines_of_every_bill(self, company):
        assert wrong_intervals(invoice_queries.invoices(kind="invoice")) == []


class TestBills:
    def test_every_customer_has_thirteen_but_those_that_wait(self, company):
        counts = defaultdict(int)
        for run in run_queries.runs():
            for state, count in run_queries.progress(run=run).counts.items():
                counts[state] += count
        issued = invoice_queries.invoices(kind="invoice").count()

        assert counts["issued"] == issued
        assert counts["refused"] == 0
        assert sum(counts.values()) == len(sold()) * len(plans.MONTHS)

    def test_one_lot_waits_in_review_with_brakes_of_several_kinds(self, company):
        waiting = next(run for run in run_queries.runs() if run.state == "review" and not run.issued_count)

        reasons = set(run_queries.reason_counts(run=waiting)) - {""}

        assert {"far_below_history", "readings_missing", "zero_use", "account_held"} <= reasons

    def test_all_of_them_sum_to_what_was_posted(self, company):
        issued = sum((invoice.gross for invoice in invoice_queries.invoices()), Decimal(0))
        posted = Decimal(0)
        for entry in ledger_queries.entries().filter(kind="invoice"):
            posted += sum((p.amount for p in entry.postings.all() if p.ledger_account.code == "receivable"), Decimal(0))

        assert issued == posted


class TestLedger:
    def test_balances(self, company):
        rows = ledger_queries.trial_balance(on=dt.date(2026, 12, 31))

        assert sum(row.debit for row in rows) == sum(row.credit for row in rows)

    def test_what_accounts_owe_is_what_the_receivable_says(self, company):
        accounts = list(customer_queries.accounts())
        owed = sum((o.balance.amount for o in invoice_queries.owed(accounts=accounts)), Decimal(0))
        [receivable] = [r for r in ledger_queries.trial_balance(on=dt.date(2026, 12, 31)) if r.code == "receivable"]

        assert owed == receivable.debit - receivable.credit

    def test_its_chain_of_seals_is_whole(self, company):
        assert ledger_queries.verify_chain().intact

    def test_the_open_items_of_all_accounts_are_the_receivable(self, company):
        ids = [account.pk for account in customer_queries.accounts()]
        debits = sum((one.open.amount for one in payment_queries.open_debits(account_ids=ids)), Decimal(0))
        credit = sum((money.amount for money in payment_queries.account_credit(account_ids=ids).values()), Decimal(0))

        assert debits - credit == balance("receivable")

    def test_the_bank_account_is_what_its_last_statement_says(self, company):
        [account] = payment_queries.bank_accounts()

        assert balance("bank") == account.position

    def test_suspense_is_what_nobody_has_claimed(self, company):
        left = sum((line.amount - line.used if line.amount > 0 else line.amount + line.used)
                   for line in payment_queries.lines())  # fmt: skip

        assert -balance("suspense") == left

    def test_the_drawer_holds_what_the_books_say(self, company):
        [desk] = payment_queries.desks()

        assert balance("cash") == desk.balance


class TestWork:
    """Whoever signs in finds something to do."""

    def test_for_metering(self, company):
        codes = {each.code for each in metering_queries.exceptions()}

        assert {"spike", "missing", "absent"} <= codes
        assert metering_queries.proposals().count() >= 2
        assert metering_queries.doubted_reads().exists()
        assert metering_queries.corrections(state="requested").count() == 1
        assert metering_queries.mapping_profiles().count() == 1

    def test_for_the_cashier_and_for_finance(self, company):
        counts = payment_queries.queue_counts()

        assert counts.open >= 4
        assert len(payment_queries.open_sessions()) == 1
        assert payment_queries.sessions().filter(state="closed").get().approved_by
        assert payment_queries.refunds(state="requested").count() == 1
        assert ledger_queries.first_open_day() == plans.LAST_DAY

    def test_for_collections(self, company):
        steps = {case.step for case in arrears_queries.cases()}

        assert len(steps) >= 3
        assert arrears_queries.promises(state="open").count() == 1
        assert arrears_queries.plans(state="active").count() == 1
        assert arrears_queries.deposits(state="held").count() == 2
        assert service_queries.open_orders(kind="stop").exists()

    def test_for_who_looks_after_prepaid_accounts(self, company):
        states = {row.state for row in prepayment_queries.prepaid_accounts()}

        assert {"ok", "low", "stopping"} <= states
