"""What each interval cost: over all intervals, days and months the bill's energy lines, to the cent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from billing.invoices import drafts, models, operations, queries
from billing.rating import evaluate, inputs
from harness import billing_cast as cast
from kernel import market_time
from kernel.errors import NotFound
from kernel.periods import Period
from tenants.customers.models import SupplyPoint
from tenants.metering.models import Channel
from tenants.metering.operations import storing
from tenants.tariffs import tariff_documents
from tenants.tariffs.operations import products


@dataclass
class Case:
    market: str
    template: str
    zone: str
    period: Period
    parameters: dict[str, str]
    calendar: str
    energy_lines: set[str]


CASES = {
    "time of use": Case(
        "cn",
        "cn-commercial-tou",
        "Asia/Shanghai",
        cast.MARCH,
        {"grid_price": "0.2035"},
        "cn/jiangxi-2025",
        {"energy", "network", "funds"},
    ),
    "two blocks over a clock change": Case(
        "au",
        "au-block",
        "Australia/Sydney",
        Period.of_month(2026, 4),
        {},
        "au/whole-day",
        {"usage"},
    ),
}


@pytest.fixture(params=CASES, ids=str)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


@pytest.fixture
def invoice(case: Case, request: pytest.FixtureRequest) -> models.Invoice:
    """A bill of uneven quarter hours, rated by the template of the market."""
    retailer = request.getfixturevalue("in_alder" if case.market == "cn" else "in_birch")
    account, point = cast.make_account("1", currency=retailer.currency, zone=case.zone)
    version = products.create_product_from_template(
        market=case.market, template=case.template, valid_from=case.period.start
    )
    readings = store_readings(point, case)
    draft = rated_draft(case, account, point, version, readings)
    keys = operations.store_drafts(drafts=[draft], created_at=cast.AT)
    issued = operations.issue_drafts(draft_ids=keys, terms=cast.terms_of(retailer))
    return models.Invoice.objects.get(pk=issued[keys[0]])


def store_readings(point: SupplyPoint, case: Case) -> list[Any]:
    channel = Channel.objects.create(
        supply_point=point, register_code="E1", kind="consumption", interval_minutes=15, recording_zone=case.zone
    )
    days = []
    for day in case.period:
        slots = market_time.slots_of_day(day, ZoneInfo(case.zone), 15)
        values = ((np.arange(slots) * 37 + day.day * 101) % 211).astype(np.int32)
        days.append(storing.DayReadings(channel_id=channel.pk, day=day, values=values))
    storing.store_interval_days(days=days, at=cast.AT)
    return days


def rated_draft(case: Case, account: Any, point: SupplyPoint, version: Any, readings: Sequence[Any]) -> drafts.NewDraft:
    calendar = tariff_documents.calendar_of(name=case.calendar)
    start, end = case.period.instants(ZoneInfo(case.zone))
    part = inputs.SliceInputs(
        days=case.period.days,
        period_start=case.period.start,
        parameters={name: Decimal(value) for name, value in case.parameters.items()},
        labels={case.calendar: calendar.labels_of(start=start, end=end, minutes=15)},
        channels={"consumption": np.concatenate([day.values for day in readings]).astype(np.int64)},
    )
    bill = evaluate.rate(tariff_documents.tariff_of(version=version), inputs.AccountInputs(slices=[part]))
    supply = drafts.DraftPart(
        supply_point_id=point.pk,
        identifier=point.identifier,
        address="",
        period=case.period,
        product_titles=version.product.titles,
        product_version_id=version.pk,
        bill=bill.as_document(),
        slices=[case.period],
    )
    return drafts.NewDraft(account.pk, case.period, account.currency, bill.total, [supply], {})


class TestIntervalCosts:
    def test_of_all_intervals_sum_to_each_energy_line(self, invoice: models.Invoice, case: Case) -> None:
        [costs] = queries.interval_costs(invoice=invoice, identifier="SP1")

        amounts = dict(invoice.lines.values_list("code", "amount"))
        assert {line.code for line in costs.lines} == case.energy_lines
        for line in costs.lines:
            assert sum(line.costs) == line.amount == amounts[line.code]
        assert sum(costs.costs()) == costs.amount

    def test_of_days_and_months_sum_to_each_energy_line(self, invoice: models.Invoice, case: Case) -> None:
        [costs] = queries.interval_costs(invoice=invoice, identifier="SP1")

        for buckets, count in ((costs.by_day(), case.period.days), (costs.by_month(), 1)):
            assert len(buckets) == count
            for line in costs.lines:
                shown = [bucket.by_line[line.code] for bucket in buckets]
                assert sum(shown) == line.amount
                assert all(value == round(value, 2) for value in shown)

    def test_days_show_the_energy_that_was_read(self, invoice: models.Invoice, case: Case) -> None:
        [costs] = queries.interval_costs(invoice=invoice, identifier="SP1")

        days = costs.by_day()

        total = sum(bucket.energy["consumption"] for bucket in days)
        assert total == int(costs.energy["consumption"].sum())
        assert [sum(bucket.by_label.values()) for bucket in days] == [bucket.energy["consumption"] for bucket in days]
        assert [bucket.start for bucket in days] == list(case.period)

    def test_cells_and_slots_carry_the_labels_in_words(self, invoice: models.Invoice, case: Case) -> None:
        [costs] = queries.interval_costs(invoice=invoice, identifier="SP1")

        assert set(costs.label_titles) == set(costs.labels.names if costs.labels else ())
        for cell in (cell for line in invoice.lines.all() for cell in line.cells if cell["label"]):
            assert cell["label_titles"]["zh-hans"] == costs.label_titles[cell["label"]]["zh-hans"]

    def test_a_tax_that_the_tariff_charges_is_not_added_again(self, invoice: models.Invoice, case: Case) -> None:
        stated = invoice.lines.filter(code="gst").first()

        assert (stated is None) == (case.market == "cn")
        if stated is not None:
            assert (invoice.tax, stated.net, stated.gross) == (stated.amount, Decimal(0), stated.amount)

    def test_of_another_supply_point_are_not_found(self, invoice: models.Invoice) -> None:
        with pytest.raises(NotFound):
            queries.interval_costs(invoice=invoice, identifier="SP2")


class TestClockChange:
    def test_the_day_of_25_hours_has_100_quarter_hours(self, request: pytest.FixtureRequest) -> None:
        case = CASES["two blocks over a clock change"]
        slots = [market_time.slots_of_day(day, ZoneInfo(case.zone), 15) for day in case.period]

        assert slots[dt.date(2026, 4, 5).day - 1] == 100
        assert sum(slots) == 30 * 96 + 4
