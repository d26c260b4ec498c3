"""A segment's past months under another tariff: what was billed, what it would have been."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.simulation import operations, purchases, queries
from billing.simulation.distribution import Side
from billing.simulation.operations import lifecycle
from harness import portal_cast, supply
from kernel.periods import Period
from tenants.customers.models import SupplyPoint
from tenants.tariffs import indices, tariff_documents
from tenants.tariffs import operations as tariff_operations
from tenants.tariffs.models import IndexSeries, Product

AT = dt.datetime(2026, 5, 2, tzinfo=dt.UTC)
JANUARY = dt.date(2026, 1, 1)
MARCH, APRIL = Period.of_month(2026, 3), Period.of_month(2026, 4)
SPRING = Period(MARCH.start, APRIL.end)
FLAT = """
tariff: 1
code: flat
title: {en: Flat, zh-hans: 单一费率}
currency: CNY
charges:
  - {code: standing, title: {en: Standing}, price: 12.40, round: {line: 2}, payee: grid}
  - {code: energy, title: {en: Energy}, quantity: sum(consumption), price: 0.50, round: {line: 2}, payee: retailer}
"""
DEARER = """
tariff: 1
code: proposed
title: {en: Proposed, zh-hans: 拟议}
currency: CNY
parameters: {margin: {unit: CNY/kWh, min: 0, max: 0.20}}
charges:
  - {code: energy, title: {en: Energy}, quantity: sum(consumption), price: 0.45 + margin, round: {line: 2}}
"""
TIERED = """
tariff: 1
code: proposed
title: {en: Proposed, zh-hans: 拟议}
currency: CNY
charges:
  - code: energy
    quantity: sum(consumption)
    round: {line: 2}
    tiers: {mode: graduated, window: year, already: used, bands: [{to: 600, price: 0.40}, {price: 0.80}]}
"""
pytestmark = pytest.mark.django_db


def draft(document):
    read = tariff_documents.read(document)
    return tariff_operations.create_product(
        code=read["code"], titles=read["title"], market="cn", document=read, valid_from=JANUARY
    )


def household(number, product, each, *, until=APRIL.end, **options):
    account = supply.supply(number=number, product=product, start=JANUARY, **options)
    channel = supply.channel(point=SupplyPoint.objects.get(identifier=f"P{number}"))
    supply.read(channel=channel, period=Period(JANUARY, until), each=each)
    return account


@pytest.fixture
def flat(in_alder):
    return supply.product(document=FLAT, valid_from=JANUARY)


class TestSimulate:
    def test_billed_and_simulated_by_account_and_month(self, flat):
        household("1", flat, 100)
        household("2", flat, 10)
        portal_cast.bill(MARCH, issued=dt.date(2026, 4, 2))

        made = operations.create_simulation(version=draft(DEARER), period=SPRING, at=AT, parameters={"margin": "0.07"})
        done = operations.run_now(simulation=made, at=AT)

        # March: 31 × 9.6 kWh = 297.6 kWh; 12.40 + 148.80 = 161.20 against 297.6 × 0.52 = 154.752
        rows = queries.months(simulation=done).values_list(
            "simulated_account__account__number", "month", "source", "energy_wh", "billed", "simulated"
        )
        assert done.state == "done"
        assert list(rows) == [
            ("A1", MARCH.start, "invoiced", 297_600, Decimal("161.20"), Decimal("154.75")),
            ("A1", APRIL.start, "rated", 288_000, Decimal("156.40"), Decimal("149.76")),
            ("A2", MARCH.start, "invoiced", 29_760, Decimal("27.28"), Decimal("15.48")),
            ("A2", APRIL.start, "rated", 28_800, Decimal("26.80"), Decimal("14.98")),
        ]

    def test_results_sum_up_who_wins_and_who_loses(self, flat):
        household("1", flat, 100)
        household("2", flat, 10)
        portal_cast.bill(MARCH, issued=dt.date(2026, 4, 2))

        found = queries.results(simulation=simulated(SPRING, margin="0.17"))

        # 12.40 less and 0.12 more a kWh: 585.6 kWh cost 45.47 more, 58.56 kWh 17.77 less
        assert (found.now, found.then, found.difference) == (
            Decimal("371.68"), Decimal("399.38"), Decimal("27.70"),
        )  # fmt: skip
        assert (found.accounts, found.months, found.invoiced_months) == (2, 4, 2)
        assert found.spread.losers == Side(1, Decimal("45.47"))
        assert found.spread.winners == Side(1, Decimal("17.77"))
        assert [row.account.number for row in found.gainers] == ["A2"]
        assert [row.account.number for row in found.payers] == ["A1"]

    def test_a_credited_month_is_rated_under_the_agreement(self, flat):
        household("1", flat, 100)
        portal_cast.bill(MARCH, issued=dt.date(2026, 4, 2))
        credit_everything()

        done = simulated(MARCH)

        assert list(queries.months(simulation=done).values_list("source", "billed")) == [("rated", Decimal("161.20"))]

    def test_an_account_without_readings_is_refused_and_the_other_goes_on(self, flat):
        household("1", flat, 100)
        household("2", flat, 10, until=dt.date(2026, 4, 20))

        done = simulated(SPRING)

        rows = {row.account.number: row for row in queries.accounts(simulation=done)}
        assert [(row.state, row.months, row.refused_months) for row in rows.values()] == [
            ("compared", 2, 0), ("compared", 1, 1),
        ]  # fmt: skip
        assert rows["A2"].reason == "readings_missing"
        assert queries.reason_sentence(row=rows["A2"]) == (
            "P2 has no consumption readings for 1056 intervals, the first on 2026-04-20."
        )
        assert queries.results(simulation=done).refusals == {"readings_missing": 1}

    def test_an_account_that_lacks_a_parameter_is_refused(self, flat):
        household("1", flat, 100)

        done = simulated(MARCH, margin=None)

        row = queries.accounts(simulation=done).get()
        assert (row.state, row.reason, row.billed) == ("refused", "parameter_missing", None)
        assert queries.results(simulation=done).refused_accounts == 1

    def test_the_customers_own_parameter_counts_where_none_is_given(self, in_alder):
        own = supply.product(document=DEARER.replace("code: proposed", "code: own"), valid_from=JANUARY)
        household("1", own, 100, parameters={"margin": "0.05"})

        done = simulated(MARCH, document=DEARER.replace("0.45", "0.40"), margin=None)

        # 297.6 kWh × 0.50 and × 0.45
        row = queries.accounts(simulation=done).get()
        assert (row.billed, row.simulated) == (Decimal("148.80"), Decimal("133.92"))

    def test_only_supply_points_on_the_product_get_the_tariff(self, flat):
        other = supply.product(document=FLAT.replace("code: flat", "code: other"), valid_from=JANUARY)
        account = household("1", flat, 100)
        second = supply.add_point(account=account, number="2", product=other, start=JANUARY)
        supply.read(channel=supply.channel(point=second), period=Period(JANUARY, APRIL.end), each=100)
        household("3", other, 100)

        done = simulated(MARCH, margin="0.00", product_code="flat")

        # P1: 297.6 × 0.45 = 133.92; P2 stays at 161.20; A3 has another product
        row = queries.accounts(simulation=done).get()
        assert (row.account.number, row.billed, row.simulated) == ("A1", Decimal("322.40"), Decimal("295.12"))

    def test_a_change_of_the_draft_changes_nothing(self, flat):
        household("1", flat, 100)
        version = draft(DEARER)
        made = operations.create_simulation(version=version, period=MARCH, at=AT, parameters={"margin": "0.05"})
        tariff_operations.delete_draft(version=version)

        done = operations.run_now(simulation=queries.simulation(number=made.number), at=AT)

        assert (done.version, queries.results(simulation=done).then) == (None, Decimal("148.80"))


class TestTiers:
    def test_are_filled_from_the_start_of_their_year(self, flat):
        household("1", flat, 100)

        done = simulated(MARCH, document=TIERED, margin=None)

        # January and February use 566.4 of the 600 kWh; of March's 297.6 only 33.6 are left: 13.44 + 264 × 0.80
        assert queries.accounts(simulation=done).get().simulated == Decimal("224.64")


class TestMargin:
    def test_is_income_less_energy_at_purchase_prices(self, flat):
        household("1", flat, 100)
        publish("spot", MARCH, [Decimal("0.30000001")] * (31 * 24))

        found = queries.results(simulation=simulated(SPRING, margin="0.05", purchase_series="spot")).margin

        # The grid's 12.40 is no income; 297.6 × 0.30000001 = 89.280002976
        assert (found.income_now, found.income_then, found.purchase) == (
            Decimal("148.80"), Decimal("148.80"), Decimal("89.2800"),
        )  # fmt: skip
        assert (found.then, found.months, found.months_without_price) == (Decimal("59.5200"), 1, 1)

    def test_prices_per_mwh_and_month_work_too(self, flat):
        household("1", flat, 100)
        publish("monthly", MARCH, [Decimal(350)], unit="CNY/MWh", shape="single")

        found = queries.results(simulation=simulated(MARCH, purchase_series="monthly")).margin

        assert found.purchase == Decimal("104.16")

    def test_another_kind_of_series_is_refused(self, flat):
        household("1", flat, 100)
        publish("heat", MARCH, [Decimal(20)], unit="K", shape="single")

        with pytest.raises(purchases.NotAPrice):
            simulated(MARCH, purchase_series="heat")
        assert not queries.simulations().exists()


class TestLifeCycle:
    def test_a_cancelled_one_claims_nothing_more(self, flat):
        household("1", flat, 100)
        made = operations.create_simulation(version=draft(DEARER), period=MARCH, at=AT)

        operations.cancel_simulation(simulation_id=made.pk, at=AT)

        assert operations.simulate_chunk(simulation_id=made.pk, at=AT).claimed == 0
        assert queries.progress(simulation=made).counts == {"cancelled": 1}
        with pytest.raises(lifecycle.NotRunning):
            operations.cancel_simulation(simulation_id=made.pk, at=AT)

    def test_one_is_deleted_once_it_has_ended(self, flat):
        household("1", flat, 100)
        made = operations.create_simulation(version=draft(DEARER), period=MARCH, at=AT)

        with pytest.raises(lifecycle.StillRunning):
            operations.delete_simulation(simulation_id=made.pk)
        operations.run_now(simulation=made, at=AT)
        operations.delete_simulation(simulation_id=made.pk)

        assert not queries.simulations().exists()

    def test_a_chunk_costs_the_same_queries_however_many_accounts(self, flat):
        for number in ("1", "2"):
            household(number, flat, 100)
        few = counted(SPRING)
        for number in ("3", "4", "5", "6"):
            household(number, flat, 100)

        assert counted(SPRING) == few

    def test_chunks_share_the_work(self, flat):
        for number in ("1", "2", "3"):
            household(number, flat, 100)
        made = operations.create_simulation(version=draft(DEARER), period=MARCH, at=AT, parameters={"margin": "0"})

        first = operations.simulate_chunk(simulation_id=made.pk, at=AT, limit=2)

        assert (first.compared, queries.progress(simulation=made).share) == (2, 66)
        assert operations.run_now(simulation=made, at=AT).state == "done"
        assert queries.results(simulation=made).then == Decimal("401.76")


def simulated(period, *, document=DEARER, margin="0.07", **options):
    """Make a simulation and run it through."""
    given = {} if margin is None else {"margin": margin}
    made = operations.create_simulation(version=draft(document), period=period, at=AT, parameters=given, **options)
    return operations.run_now(simulation=made, at=AT)


def counted(period):
    made = operations.create_simulation(version=draft(DEARER), period=period, at=AT, parameters={"margin": "0"})
    with CaptureQueriesContext(connection) as captured:
        operations.simulate_chunk(simulation_id=made.pk, at=AT)
    made.version.delete()
    Product.objects.filter(code="proposed").delete()
    return len(captured)


def credit_everything():
    from billing.invoices import operations as invoice_operations
    from billing.invoices import queries as invoice_queries
    from billing.invoices import terms
    from tenancy import context

    said = terms.of_retailer(retailer=context.current_retailer(), issued_on=dt.date(2026, 4, 3), posted_at=AT)
    for invoice in list(invoice_queries.invoices()):
        invoice_operations.credit(invoice_id=invoice.pk, terms=said)


def publish(code, period, prices, *, unit="CNY/kWh", shape="interval"):
    minutes = 60 if shape == "interval" else None
    series = IndexSeries.objects.create(code=code, unit=unit, shape=shape, interval_minutes=minutes)
    indices.publish(series=series, period=period, values=prices, at=AT)
