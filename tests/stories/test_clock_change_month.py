"""April 2025 in Sydney from a NEM12 file: 721 hours, recorded at UTC+10, billed by the clock on the wall."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal

import pytest

from billing.runs import operations, queries
from harness import supply
from kernel.periods import Period
from tenants.customers import operations as customer_operations
from tenants.metering import operations as metering_operations
from tenants.tariffs import operations as tariff_operations

APRIL = Period.of_month(2025, 4)
AT = dt.datetime(2025, 5, 2, tzinfo=dt.UTC)
NMI = "4103000001"
PRICES = {"peak_price": "0.50", "shoulder_price": "0.30", "off_peak_price": "0.20", "supply_price": "1.10"}
pytestmark = pytest.mark.django_db


def _nem12():
    """Half a kWh in every half-hour from 31 March to 1 May, in market time."""
    days = Period(dt.date(2025, 3, 31), dt.date(2025, 5, 2))
    values = ",".join(["0.5"] * 48)
    rows = [f"300,{day:%Y%m%d},{values},A,,,{day:%Y%m%d}235900," for day in days]
    heading = ["100,NEM12,202505020600,MDP1,Birch", f"200,{NMI},E1,,E1,N1,METER1,kWh,30,"]
    return "\r\n".join([*heading, *rows, "900", ""]).encode()


@pytest.fixture
def home(in_birch):
    product = supply.product(document="au-weekday-peak", valid_from=APRIL.start, market="au")
    customer = customer_operations.create_customer(number="C1", name="Ada Moss")
    account = customer_operations.open_account(customer=customer, number="A1", currency="AUD", opened_on=APRIL.start)
    point = customer_operations.add_supply_point(
        identifier=NMI, address="1 Birch Street, Sydney", time_zone="Australia/Sydney", region="NSW"
    )
    customer_operations.move_in(account=account, supply_point=point, on=APRIL.start)
    tariff_operations.agree(account=account, supply_point=point, product=product, start=APRIL.start, parameters=PRICES)
    done = metering_operations.import_file(file=io.BytesIO(_nem12()), file_name="april.csv", source="test", at=AT)
    assert done.state == "done"
    return account


class TestClockChangeMonth:
    def test_bills_721_hours_by_label(self, home):
        run = operations.run_to_review(run=operations.create_run(period=APRIL, at=AT), at=AT)
        run = operations.issue_run_now(run=run, billing_date=AT.date(), at=AT)

        item = queries.items(run=run).get()
        lines = {line["code"]: line for line in item.draft.parts[0]["bill"]["lines"]}
        # 19 working days (Good Friday, Easter Monday and Anzac Day are none) × 6 h; 30 × 15 h less these; the rest.
        assert {cell["label"]: cell["quantity"] for cell in lines["usage"]["cells"]} == {
            "peak": "114",
            "shoulder": "336",
            "off_peak": "271",
        }
        # 57.00 + 100.80 + 54.20 and 30 × 1.10; GST 24.50
        assert {code: line["posted"] for code, line in lines.items()} == {
            "supply": "33.00",
            "usage": "212.00",
            "gst": "24.50",
        }
        assert (item.state, item.invoice.gross, item.invoice.tax) == ("issued", Decimal("269.50"), Decimal("24.50"))

    def test_the_long_day_has_25_hours_in_the_chart(self, home):
        run = operations.run_to_review(run=operations.create_run(period=APRIL, at=AT), at=AT)

        usage = queries.items(run=run).get().draft.parts[0]["usage"]

        assert [sum(day) for day in usage["days"]] == [24_000] * 5 + [25_000] + [24_000] * 24
