"""A file of customers that says what is agreed: all of it or nothing, every fault with its row and column."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest

from tenants.customers.models import Account, Customer, Occupancy, SupplyPoint
from tenants.tariffs import operations
from tenants.tariffs.models import Agreement
from tenants.tariffs.operations import customer_files

AT = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
JANUARY = dt.date(2026, 1, 1)
HEADING = "customer_number,name,account_number,supply_point,address,move_in,product,agreed_from,parameter.capacity\n"
GOOD = (
    HEADING
    + "C1,李明,A1,3201000001,中山路1号,2015-05-01,home,2026-01-01,\n"
    + "C2,云杉纺织,A2,3201000002,江宁区2号,2026-02-01,industry,,630\n"
    + "C3,王芳,A3,3201000003,江宁区3号,2026-02-01,,,\n"
)
pytestmark = pytest.mark.django_db


@pytest.fixture
def products(in_alder):
    """Two products on sale from January on."""
    for code, template in (("home", "cn-two-part-industrial"), ("industry", "cn-two-part-industrial")):
        version = operations.create_product_from_template(market="cn", template=template, valid_from=JANUARY, code=code)
        document = dict(version.document)
        document["parameters"] = {
            **document["parameters"], "flat_price": {**document["parameters"]["flat_price"], "default": "0.4"},
            "capacity": {**document["parameters"]["capacity"], "default": "100" if code == "home" else None},
        }  # fmt: skip
        if code == "industry":
            del document["parameters"]["capacity"]["default"]
        operations.save_draft(version=version, document=document, valid_from=JANUARY)
        version.refresh_from_db()
        operations.publish(version=version, at=AT)


def _import(text, **options):
    rows = csv.DictReader(io.StringIO(text))
    return customer_files.import_customers(rows=rows, currency="CNY", time_zone="Asia/Shanghai", **options)


def _counts():
    return tuple(model.objects.count() for model in (Customer, Account, SupplyPoint, Occupancy, Agreement))


def _faults(report):
    return [(each.row, each.column, each.error.code) for each in report.errors]


class TestAgreementsFromAFile:
    def test_are_made_with_the_customers_from_the_day_given_or_the_day_of_moving_in(self, products):
        report = _import(GOOD)

        assert report.errors == []
        assert (report.rows, report.customers, report.moves, report.agreements) == (3, 3, 3, 2)
        found = {each.supply_point.identifier: each for each in Agreement.objects.select_related("supply_point")}
        assert {point: (each.product.code, each.period.lower) for point, each in found.items()} == {
            "3201000001": ("home", JANUARY),
            "3201000002": ("industry", dt.date(2026, 2, 1)),
        }
        assert found["3201000002"].parameters == {"capacity": "630"}

    def test_twice_is_once(self, products):
        _import(GOOD)
        before = _counts()

        report = _import(GOOD)

        assert report.errors == []
        assert (report.customers, report.moves, report.agreements) == (0, 0, 0)
        assert _counts() == before == (3, 3, 3, 3, 2)

    def test_a_dry_run_counts_and_writes_nothing(self, products):
        report = _import(GOOD, dry_run=True)

        assert (report.customers, report.agreements) == (3, 2)
        assert _counts() == (0, 0, 0, 0, 0)

    def test_come_later_for_customers_that_stand_already(self, products):
        _import("\n".join(line.rsplit(",", 3)[0] for line in GOOD.splitlines()))
        assert _counts() == (3, 3, 3, 3, 0)

        report = _import(GOOD)

        assert (report.customers, report.agreements) == (0, 2)
        assert _counts() == (3, 3, 3, 3, 2)

    @pytest.mark.parametrize(
        ("row", "fault"),
        [
            ("C1,李明,A1,P1,地址,2026-01-01,nothing,,", (2, "product", "not_found")),
            ("C1,李明,A1,P1,地址,2015-05-01,home,,", (2, "agreed_from", "no_price_yet")),
            ("C1,李明,A1,P1,地址,2026-02-01,home,2026-01-15,", (2, "agreed_from", "agreed_before_moving_in")),
            ("C1,李明,A1,P1,地址,2026-02-01,home,soon,", (2, "agreed_from", "date_malformed")),
            ("C1,李明,A1,P1,地址,2026-02-01,,2026-03-01,", (2, "product", "value_missing")),
            ("C1,李明,A1,P1,地址,2026-02-01,industry,,", (2, "parameter.capacity", "parameter_missing")),
            ("C1,李明,A1,P1,地址,2026-02-01,industry,,much", (2, "parameter.capacity", "parameter_malformed")),
        ],
    )
    def test_name_row_and_column_of_what_cannot_be_agreed(self, products, row, fault):
        report = _import(HEADING + row)

        assert _faults(report) == [fault]
        assert _counts() == (0, 0, 0, 0, 0)

    def test_faults_of_customers_and_of_prices_are_told_at_once_and_nothing_is_kept(self, products):
        report = _import(GOOD + "C4,,A4,P4,地址,2026-01-01,nothing,,\n")

        assert _faults(report) == [(5, "name", "value_missing"), (5, "product", "not_found")]
        assert _counts() == (0, 0, 0, 0, 0)

    def test_another_agreement_that_stands_is_in_the_way(self, products):
        _import(GOOD)

        report = _import(HEADING + "C1,李明,A1,3201000001,中山路1号,2015-05-01,industry,2026-03-01,100")

        assert _faults(report) == [(2, "product", "agreed_already")]
        assert Agreement.objects.filter(product__code="industry").count() == 1

    def test_another_currency_is_refused(self, products):
        rows = csv.DictReader(io.StringIO(GOOD))

        report = customer_files.import_customers(rows=rows, currency="AUD", time_zone="Australia/Sydney")

        assert {fault[1:] for fault in _faults(report)} == {("product", "currency_differs")}
        assert _counts() == (0, 0, 0, 0, 0)

    def test_many_are_made_in_few_queries(self, products, django_assert_max_num_queries):
        text = HEADING + "".join(
            f"C{n},Name {n},A{n},P{n},Road {n},2026-01-{n % 28 + 1:02},home,,\n" for n in range(300)
        )

        with django_assert_max_num_queries(40):
            report = _import(text)

        assert (report.errors, report.agreements) == ([], 300)


class TestHeadings:
    def test_are_understood_in_both_languages_and_as_spreadsheets_write_days(self, products):
        heading = "客户编号,客户名称,客户类型,户号,计量点编号,用电地址,入户日期,套餐,协议开始日期\n"

        report = _import(heading + "C1,李明,居民,A1,P1,中山路1号,2026/1/5,home,2026年2月1日\n")

        assert report.errors == []
        agreement = Agreement.objects.get()
        assert agreement.period.lower == dt.date(2026, 2, 1)
        assert agreement.account.customer.kind == "household"
        assert Occupancy.objects.get().period.lower == dt.date(2026, 1, 5)

    def test_are_named_in_faults_as_the_file_writes_them(self, products):
        heading = "Customer Number,Customer's name,Account number,Supply point,Supply Address,Moved in on\n"

        report = _import(heading + "C1,Li,A1,P1,Road 1,yesterday\n")

        assert _faults(report) == [(2, "Moved in on", "date_malformed")]

    def test_of_a_column_nobody_knows_are_refused(self, products):
        report = _import(GOOD.replace("agreed_from", "agreed_until"))

        assert (1, "agreed_until", "column_unknown") in _faults(report)
        assert _counts() == (0, 0, 0, 0, 0)
