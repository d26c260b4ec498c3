"""The demo companies' figures agree with each other: intervals, lines, invoices, ledger."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import Decimal

import pytest

from billing.invoices import queries as invoice_queries
from billing.ledger import queries as ledger_queries
from billing.runs import queries as run_queries
from config.demo import plans
from tenancy import context
from tenants.customers import queries as customer_queries

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
    for invoice in invoices:
        detail = invoice_queries.invoice_by_id(invoice_id=invoice.pk)
        for identifier in {line.identifier for line in detail.lines if line.identifier}:
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


class TestIntervalCosts:
    def test_sum_to_the_energy_lines_of_every_customers_last_bill(self, company):
        invoices = latest_invoices()

        assert len(invoices) > 100
        assert wrong_intervals(invoices) == []

    @pytest.mark.slow
    def test_sum_to_the_energy_lines_of_every_bill(self, company):
        assert wrong_intervals(invoice_queries.invoices(kind="invoice")) == []


class TestBills:
    def test_every_customer_has_thirteen_but_those_parked(self, company):
        months = defaultdict(int)
        for invoice in invoice_queries.invoices(kind="invoice"):
            months[invoice.account_id] += 1
        parked = sum(run_queries.progress(run=run).counts.get("parked", 0) for run in run_queries.runs())

        assert sum(len(plans.MONTHS) - count for count in months.values()) == parked
        assert 1 <= parked <= 4

    def test_nothing_was_refused(self, company):
        refused = [run_queries.progress(run=run).counts.get("refused", 0) for run in run_queries.runs()]

        assert sum(refused) == 0


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
