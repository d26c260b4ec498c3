"""Agreements within the bounds of their tariff, and the terms a period is billed under."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from kernel.periods import Period
from tenants.customers import operations as customer_operations
from tenants.tariffs import in_force, indices, operations, parameters, queries
from tenants.tariffs.models import Agreement, IndexSeries
from tenants.tariffs.operations import agreeing, facts

AT = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
JANUARY, MARCH, JULY = dt.date(2026, 1, 1), dt.date(2026, 3, 1), dt.date(2026, 7, 1)
pytestmark = pytest.mark.django_db


@pytest.fixture
def factory(in_alder):
    """An industrial account at one supply point, occupied from January on, and the product it may take."""
    customer = customer_operations.create_customer(number="C1", name="云杉纺织", kind="business")
    account = customer_operations.open_account(customer=customer, number="A1", currency="CNY", opened_on=JANUARY)
    point = customer_operations.add_supply_point(
        identifier="3201000001", address="南京市江宁区1号", time_zone="Asia/Shanghai"
    )
    customer_operations.move_in(account=account, supply_point=point, on=JANUARY)
    version = operations.create_product_from_template(
        market="cn", template="cn-two-part-industrial", valid_from=JANUARY
    )
    operations.publish(version=version, at=AT)
    return {"account": account, "supply_point": point, "product": version.product}


GOOD = {"flat_price": "0.38447", "capacity": 630}


class TestAgree:
    def test_keeps_the_parameters_as_their_own_text(self, factory):
        operations.agree(**factory, start=JANUARY, parameters={"flat_price": Decimal("0.38447"), "capacity": 630})

        agreement = Agreement.objects.get()
        assert agreement.parameters == {"flat_price": "0.38447", "capacity": "630"}
        assert (agreement.period.lower, agreement.period.upper) == (JANUARY, None)

    @pytest.mark.parametrize(
        ("given", "error", "where"),
        [
            ({"flat_price": "0.30", "capacity": "630"}, parameters.OutOfBounds, "flat_price"),
            ({"flat_price": "0.461365", "capacity": "630"}, parameters.OutOfBounds, "flat_price"),
            ({"flat_price": "0.38447"}, parameters.MissingParameter, "capacity"),
            ({**GOOD, "colour": "1"}, parameters.UnknownParameter, "colour"),
            ({**GOOD, "capacity": "much"}, parameters.MalformedParameter, "capacity"),
            ({**GOOD, "capacity": "NaN"}, parameters.MalformedParameter, "capacity"),
            ({**GOOD, "capacity": 630.5}, parameters.MalformedParameter, "capacity"),
        ],
    )
    def test_refuses_parameters_the_tariff_does_not_allow(self, factory, given, error, where):
        with pytest.raises(error) as refusal:
            operations.agree(**factory, start=JANUARY, parameters=given)

        assert refusal.value.where == where
        assert not Agreement.objects.exists()

    def test_binds_only_the_occupant(self, factory):
        customer_operations.move_out(supply_point=factory["supply_point"], on=MARCH)

        with pytest.raises(agreeing.NotTheOccupant):
            operations.agree(**factory, start=JANUARY, parameters=GOOD)

        assert not Agreement.objects.exists()

    def test_one_at_a_time(self, factory):
        operations.agree(**factory, start=JANUARY, parameters=GOOD)

        with pytest.raises(agreeing.AgreedAlready):
            operations.agree(**factory, start=MARCH, parameters=GOOD)

        assert Agreement.objects.count() == 1

    def test_needs_a_version_in_force(self, factory):
        early = dt.date(2025, 12, 1)

        with pytest.raises(in_force.NoVersionInForce):
            operations.agree(**factory, start=early, parameters=GOOD)

    def test_refuses_another_currency(self, factory):
        version = operations.create_product_from_template(market="us", template="us-tou", valid_from=JANUARY)
        operations.publish(version=version, at=AT)

        with pytest.raises(agreeing.CurrencyDiffers):
            operations.agree(
                **{**factory, "product": version.product}, start=JANUARY, parameters={"sales_tax_rate": "0"}
            )


class TestTermsIn:
    def test_are_cut_where_agreement_or_version_changes(self, factory):
        operations.agree(**factory, start=JANUARY, parameters=GOOD)
        operations.end_agreement(supply_point=factory["supply_point"], on=dt.date(2026, 6, 11))
        operations.agree(**factory, start=dt.date(2026, 6, 11), parameters={**GOOD, "capacity": "400"})
        first = queries.version(product_code="cn-two-part-industrial", number=1)
        second = operations.add_version(
            product=factory["product"], document=first.document, valid_from=dt.date(2026, 6, 21)
        )
        operations.publish(version=second, at=AT)

        terms = queries.terms_in(
            supply_point_ids=[factory["supply_point"].pk], period=Period(dt.date(2026, 6, 1), JULY)
        )

        assert [
            (each.period.start.day, each.period.days, each.agreement.parameters["capacity"], each.version.number)
            for each in terms[factory["supply_point"].pk]
        ] == [(1, 10, "630", 1), (11, 10, "400", 1), (21, 10, "400", 2)]

    def test_take_two_queries_for_any_number_of_points(self, factory, django_assert_max_num_queries):
        operations.agree(**factory, start=JANUARY, parameters=GOOD)

        with django_assert_max_num_queries(2):
            queries.terms_in(supply_point_ids=[factory["supply_point"].pk], period=Period(MARCH, JULY))


class TestIndices:
    def test_a_later_publication_replaces_the_former_and_keeps_it(self, in_alder):
        series = IndexSeries.objects.create(code="agency", titles={"en": "Agency price"}, unit="CNY/kWh")
        march = Period(MARCH, dt.date(2026, 4, 1))
        indices.publish(series=series, period=march, values=[Decimal("0.4143")], at=AT)
        indices.publish(series=series, period=march, values=[Decimal("0.4150")], at=AT)

        found = indices.publications(codes=["agency"], period=march)["agency"]

        assert (found.values, found.covered) == ({"": (Decimal("0.4150"),)}, True)
        assert [row.version for row in series.values.order_by("version")] == [1, 2]

    def test_a_period_only_partly_published_is_not_covered(self, in_alder):
        series = IndexSeries.objects.create(code="agency", titles={"en": "Agency price"}, unit="CNY/kWh")
        indices.publish(series=series, period=Period(MARCH, dt.date(2026, 3, 11)), values=[Decimal("0.4")], at=AT)

        found = indices.publications(codes=["agency"], period=Period(MARCH, dt.date(2026, 4, 1)))

        assert not found["agency"].covered

    def test_refuses_another_shape(self, in_alder):
        series = IndexSeries.objects.create(code="agency", titles={"en": "Agency price"}, unit="CNY/kWh")

        with pytest.raises(indices.WrongShape):
            indices.publish(series=series, period=Period(MARCH, JULY), values=[Decimal(1), Decimal(2)], at=AT)

        assert not series.values.exists()


class TestCalendarFacts:
    def test_are_known_only_for_a_whole_period(self, in_alder):
        operations.record_calendar_fact(
            name="hot_day", period=Period(MARCH, dt.date(2026, 5, 1)), days=[dt.date(2026, 4, 30)]
        )

        known = queries.calendar_facts(names=["hot_day"], period=Period(MARCH, dt.date(2026, 5, 1)))
        unknown = queries.calendar_facts(names=["hot_day"], period=Period(MARCH, dt.date(2026, 5, 2)))

        assert known == {"hot_day": frozenset({dt.date(2026, 4, 30)})}
        assert unknown == {}

    def test_are_said_once(self, in_alder):
        march = Period(MARCH, dt.date(2026, 4, 1))
        operations.record_calendar_fact(name="hot_day", period=march, days=[])

        with pytest.raises(facts.SaidAlready):
            operations.record_calendar_fact(name="hot_day", period=march, days=[MARCH])
