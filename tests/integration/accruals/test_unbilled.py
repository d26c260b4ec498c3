"""What is supplied and not yet billed: as the bill would be, estimated where readings are missing, booked once."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.accruals import operations, queries, tasks
from billing.accruals.models import Unbilled
from billing.invoices.models import Invoice
from billing.ledger import queries as ledger_queries
from billing.ledger import tasks as ledger_tasks
from billing.ledger.models import Entry
from billing.runs import operations as run_operations
from config.celery import app
from harness import supply
from kernel.periods import Period
from tenants.customers import operations as customer_operations
from tenants.customers.models import Account, SupplyPoint
from tenants.tariffs import operations as tariff_operations

AT = dt.datetime(2026, 4, 2, tzinfo=dt.UTC)
DAY, CENT = dt.timedelta(days=1), Decimal("0.01")
JANUARY, FEBRUARY, MARCH, APRIL = (dt.date(2026, month, 1) for month in (1, 2, 3, 4))
FLAT = """
tariff: 1
code: flat
title: {en: Flat, zh-hans: 单一费率}
currency: CNY
charges:
  - code: energy
    title: {en: Energy, zh-hans: 电能量电费}
    quantity: sum(consumption)
    price: 0.5283
    round: {line: 2}
    payee: retailer
"""
pytestmark = pytest.mark.django_db


@pytest.fixture
def flat(in_alder):
    return supply.product(document=FLAT, valid_from=JANUARY)


def household(product, number="1", until=APRIL, start=JANUARY, each=100, **more):
    """100 Wh in every quarter-hour: 9.6 kWh a day."""
    account = supply.supply(number=number, product=product, start=start, **more)
    channel = supply.channel(point=SupplyPoint.objects.get(identifier=f"P{number}"))
    supply.read(channel=channel, period=Period(start, until), each=each)
    return account


def rated(account, until):
    operations.rate_unbilled(account_ids=[account.pk], until=until, at=AT)
    return queries.unbilled_of(account_ids=[account.pk])[account.pk]


def bill(month):
    run = run_operations.run_to_review(run=run_operations.create_run(period=month, at=AT), at=AT)
    run_operations.issue_run_now(run=run, billing_date=AT.date(), at=AT)


class TestRateUnbilled:
    def test_counts_the_days_since_supply_began(self, flat):
        found = rated(household(flat, until=dt.date(2026, 1, 11)), dt.date(2026, 1, 11))

        assert (found.since, found.rated_until, found.until) == (JANUARY, dt.date(2026, 1, 11), dt.date(2026, 1, 11))
        assert (found.energy_wh, found.gross, found.estimated_days) == (96_000, Decimal("50.72"), 0)
        assert (found.net, found.income) == (Decimal("44.88"), Decimal("44.88"))

    def test_begins_after_the_last_invoice(self, flat):
        account = household(flat)
        bill(Period.of_month(2026, 1))

        found = rated(account, dt.date(2026, 3, 11))

        assert (found.since, found.energy_wh) == (FEBRUARY, 38 * 9_600)

    def test_is_zero_when_everything_is_billed(self, flat):
        account = household(flat, until=FEBRUARY)
        bill(Period.of_month(2026, 1))

        found = rated(account, FEBRUARY)

        assert (found.state, found.gross, found.since) == (Unbilled.State.NOTHING, 0, FEBRUARY)

    def test_estimates_days_without_readings_from_those_with(self, flat):
        found = rated(household(flat, until=dt.date(2026, 1, 11)), dt.date(2026, 1, 21))

        assert (found.rated_until, found.estimated_days) == (dt.date(2026, 1, 11), 10)
        assert (found.rated, found.gross) == (Decimal("50.72"), Decimal("101.44"))

    def test_without_any_reading_takes_the_last_invoice(self, flat):
        account = household(flat, until=FEBRUARY)
        bill(Period.of_month(2026, 1))
        [invoice] = Invoice.objects.all()

        found = rated(account, dt.date(2026, 2, 11))

        assert found.rated == 0
        assert found.gross == (invoice.gross * 10 / 31).quantize(Decimal("0.01"))

    def test_ends_with_the_occupancy(self, flat):
        account = household(flat)
        customer_operations.move_out(supply_point=SupplyPoint.objects.get(identifier="P1"), on=dt.date(2026, 1, 11))

        assert rated(account, MARCH).energy_wh == 96_000

    def test_keeps_the_reason_when_nothing_was_agreed(self, flat):
        account = household(flat, until=FEBRUARY)
        tariff_operations.end_agreement(supply_point=SupplyPoint.objects.get(identifier="P1"), on=dt.date(2026, 1, 5))

        found = rated(account, FEBRUARY)

        assert (found.state, found.reason, found.rated) == (Unbilled.State.REFUSED, "no_agreement", 0)
        assert found.reason_params["identifier"] == "P1"

    def test_asks_the_same_for_many_as_for_one(self, flat, django_assert_num_queries):
        accounts = [household(flat, number=str(n), until=dt.date(2026, 1, 5)).pk for n in range(1, 4)]
        operations.rate_unbilled(account_ids=accounts, until=dt.date(2026, 1, 5), at=AT)
        with CaptureQueriesContext(connection) as one:
            operations.rate_unbilled(account_ids=accounts[:1], until=dt.date(2026, 1, 5), at=AT)

        with django_assert_num_queries(len(one)):
            operations.rate_unbilled(account_ids=accounts, until=dt.date(2026, 1, 5), at=AT)


class TestTheBillThatFollows:
    @pytest.mark.parametrize("template", ["cn-residential-tiered", "cn-residential-jiangsu"])
    def test_comes_to_the_same_amount(self, in_alder, template):
        product = supply.product(document=template, valid_from=JANUARY)
        account = household(product, each=700, parameters={"extra_household": 0})
        bill(Period.of_month(2026, 1))
        bill(Period.of_month(2026, 2))

        expected = rated(account, APRIL)
        bill(Period.of_month(2026, 3))

        issued = Invoice.objects.latest("id")
        assert (expected.net, expected.gross) == (issued.net, issued.gross)
        assert rated(account, APRIL).gross == 0

    def test_two_months_come_to_the_sum_of_their_bills(self, in_alder):
        product = supply.product(document="cn-residential-tiered", valid_from=JANUARY)
        account = household(product, each=700, parameters={"extra_household": 0})
        bill(Period.of_month(2026, 1))

        expected = rated(account, APRIL)
        bill(Period.of_month(2026, 2))
        bill(Period.of_month(2026, 3))

        assert expected.gross == sum(invoice.gross for invoice in Invoice.objects.order_by("-id")[:2])


class TestBookUnbilled:
    def test_books_the_retailers_part_and_only_what_changed(self, flat):
        account = household(flat, until=MARCH)
        rated(account, FEBRUARY)

        first = operations.book_unbilled(on=JANUARY, at=AT)
        again = operations.book_unbilled(on=JANUARY, at=AT)
        rated(account, MARCH)
        operations.book_unbilled(on=FEBRUARY, at=AT)

        assert (len(first), again) == (1, [])
        balances = {row.code: row.balance for row in ledger_queries.trial_balance()}
        assert balances["unbilled"] == -balances["income.unbilled"] == queries.totals()[0].income

    def test_gives_it_back_when_the_bill_is_issued(self, flat):
        account = household(flat, until=FEBRUARY)
        rated(account, FEBRUARY)
        operations.book_unbilled(on=JANUARY, at=AT)

        bill(Period.of_month(2026, 1))
        rated(account, FEBRUARY)
        operations.book_unbilled(on=FEBRUARY, at=AT)

        balances = {row.code: row.balance for row in ledger_queries.trial_balance()}
        assert balances["unbilled"] == 0
        assert ledger_queries.verify_chain().intact


class TestTheDailyTask:
    def test_looks_at_every_account_once_and_books(self, flat, freeze_today):
        for number in ("1", "2", "3"):
            household(flat, number=number, until=dt.date(2026, 1, 11))
        freeze_today(dt.date(2026, 1, 11))

        tasks.rate_unbilled.delay()
        tasks.rate_unbilled.delay()

        assert Unbilled.objects.count() == 3
        assert [total.gross for total in queries.totals()] == [Decimal("152.16")]
        assert Entry.objects.filter(kind="accrual").count() == 1

    def test_the_last_day_of_the_year_is_closed_with_what_was_supplied_on_it(self, flat, freeze_today):
        """9.6 kWh a day for 0.5283 are 5.07, 4.49 without tax: 31 December has its own, whoever comes first."""
        household(flat, start=dt.date(2026, 12, 1), until=dt.date(2027, 1, 2), each=100)
        last, unbilled = dt.date(2026, 12, 31), []

        for today in (last, dt.date(2027, 1, 1)):
            freeze_today(today)
            ledger_tasks.close_books.delay()
            tasks.rate_unbilled.delay()
            ledger_tasks.close_books.delay()
            [row] = [row for row in ledger_queries.trial_balance(on=today - DAY) if row.code == "unbilled"]
            unbilled.append(row.balance)

        assert ledger_queries.first_open_day() == dt.date(2027, 1, 1)
        assert list(Entry.objects.filter(kind="accrual").order_by("pk").values_list("business_date", flat=True)) == [
            dt.date(2026, 12, 30), last,
        ]  # fmt: skip
        net = [
            round((Decimal("9.6") * days * Decimal("0.5283")).quantize(CENT) / Decimal("1.13"), 2) for days in (30, 31)
        ]
        assert unbilled == net

    def test_a_day_of_which_nobody_says_that_it_is_complete_is_closed_a_day_later(self, flat, freeze_today):
        household(flat, until=dt.date(2026, 1, 11))
        freeze_today(dt.date(2026, 1, 11))
        operations.rate_unbilled(account_ids=[Account.objects.get().pk], until=dt.date(2026, 1, 11), at=AT)
        operations.book_unbilled(on=dt.date(2026, 1, 10), at=AT)

        ledger_tasks.close_books.delay()

        assert ledger_queries.first_open_day() == dt.date(2026, 1, 10)


@pytest.fixture
def freeze_today(monkeypatch):
    """Tasks run where they are sent, on a day of the test's own."""
    before, app.conf.task_always_eager = app.conf.task_always_eager, True

    def at(day):
        moment = dt.datetime(day.year, day.month, day.day, 2, tzinfo=dt.UTC)
        monkeypatch.setattr(tasks.timezone, "now", lambda: moment)

    yield at
    app.conf.task_always_eager = before
