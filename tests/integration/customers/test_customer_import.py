"""Customers from a file: all rows or none, every fault with its row and column."""

from __future__ import annotations

import csv
import io

import pytest

from tenants.customers import operations, queries
from tenants.customers.models import Account, Customer, Occupancy, Premises, SupplyPoint

HEADING = "customer_number,name,kind,email,account_number,supply_point,address,move_in,attribute.capacity_kva\n"
GOOD = (
    HEADING
    + "C1,李明,,,A1,3201000001,南京市中山路1号,2026-01-01,\n"
    + "C2,云杉纺织,business,office@yunshan.example,A2,3201000002,南京市江宁区2号,2026-01-01,630\n"
    + "C2,云杉纺织,business,office@yunshan.example,A2,3201000003,南京市江宁区3号,2026-02-01,400\n"
)
pytestmark = pytest.mark.django_db


def _import(text, **options):
    rows = csv.DictReader(io.StringIO(text))
    return operations.import_customers(rows=rows, currency="CNY", time_zone="Asia/Shanghai", **options)


def _counts():
    return tuple(model.objects.count() for model in (Customer, Account, Premises, SupplyPoint, Occupancy))


def _faults(report):
    return [(each.row, each.column, each.error.code) for each in report.errors]


class TestImportCustomers:
    def test_adds_everything_in_the_rows(self, in_alder):
        report = _import(GOOD)

        assert (report.rows, report.customers, report.accounts, report.supply_points, report.moves) == (3, 2, 2, 3, 3)
        assert report.errors == []
        detail = queries.customer_detail(number="C2")
        held = [each.supply_point for each in detail.accounts[0].occupancies]
        assert {each.identifier: each.attributes for each in held} == {
            "3201000002": {"capacity_kva": 630},
            "3201000003": {"capacity_kva": 400},
        }
        assert held[0].premises.time_zone == "Asia/Shanghai"

    def test_twice_is_once(self, in_alder):
        _import(GOOD)
        before = _counts()

        report = _import(GOOD)

        assert (report.customers, report.accounts, report.supply_points, report.moves) == (0, 0, 0, 0)
        assert report.errors == []
        assert _counts() == before == (2, 2, 3, 3, 3)

    def test_a_dry_run_writes_nothing(self, in_alder):
        report = _import(GOOD, dry_run=True)

        assert (report.dry_run, report.customers, report.moves) == (True, 2, 3)
        assert _counts() == (0, 0, 0, 0, 0)

    def test_one_wrong_cell_refuses_the_whole_file(self, in_alder):
        wrong = GOOD + "C3,,robot,nobody,A3,32 01,路,yesterday,\n"

        report = _import(wrong)

        assert _faults(report) == [
            (5, "email", "email_malformed"),
            (5, "kind", "kind_unknown"),
            (5, "move_in", "date_malformed"),
            (5, "name", "value_missing"),
            (5, "supply_point", "number_malformed"),
        ]
        assert _counts() == (0, 0, 0, 0, 0)

    def test_names_columns_that_are_missing_or_unknown(self, in_alder):
        report = _import("customer_number,name,colour\nC1,李明,red\n")

        assert _faults(report) == [
            (1, "account_number", "column_missing"),
            (1, "address", "column_missing"),
            (1, "colour", "column_unknown"),
            (1, "move_in", "column_missing"),
            (1, "supply_point", "column_missing"),
        ]

    def test_refuses_rows_that_contradict_each_other(self, in_alder):
        wrong = GOOD + "C1,王芳,,,A2,3201000001,路,2026-03-01,\n"

        report = _import(wrong)

        assert _faults(report) == [
            (5, "account_number", "contradicts_row"),
            (5, "name", "contradicts_row"),
            (5, "supply_point", "contradicts_row"),
        ]
        assert _counts() == (0, 0, 0, 0, 0)

    def test_refuses_what_contradicts_the_register(self, in_alder):
        _import(GOOD)
        before = _counts()

        report = _import(HEADING + "C9,王芳,,,A1,3201000002,路,2026-03-01,\n")

        assert _faults(report) == [(2, "account_number", "belongs_to_another"), (2, "move_in", "occupied")]
        assert _counts() == before
