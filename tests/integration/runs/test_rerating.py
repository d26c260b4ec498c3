"""Every issued invoice rates again to the same bytes."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from billing.charges import operations as charge_operations
from billing.invoices.models import Draft, Invoice
from billing.runs import operations, rerating
from harness import bill_cast, supply
from harness.bill_cast import AT, JANUARY, MARCH
from kernel.periods import Period
from tenancy import context
from tenants.customers import queries as customer_queries


class TestCheck:
    pytestmark = pytest.mark.django_db

    @pytest.fixture
    def channels(self, in_alder):
        found = bill_cast.households("1", "2", document=bill_cast.STANDING)
        charge_operations.agree_add_on(
            account_id=customer_queries.account(number="A1").pk,
            kind="service_fee",
            source="test",
            reference="1",
            amount=bill_cast.cny("9.90"),
            start=JANUARY,
            at=AT,
        )
        bill_cast.issued(bill_cast.reviewed())
        return found

    def test_finds_all_the_same(self, channels):
        checked = rerating.check()

        assert (checked.same, checked.changed, checked.different) == (2, [], [])

    def test_a_part_month_is_the_same(self, in_alder):
        bill_cast.households("1", document=bill_cast.STANDING)
        account = customer_queries.account(number="A1")
        days = Period(dt.date(2026, 3, 1), dt.date(2026, 3, 11))
        run = operations.create_single_run(
            account_id=account.pk, period=days, within=MARCH, cut_off_day=None, at=AT, final=False
        )
        bill_cast.issued(operations.run_to_review(run=run, at=AT))

        assert rerating.check().same == 1

    def test_names_what_has_newer_readings(self, channels):
        supply.read(channel=channels["2"], period=Period(MARCH.start, dt.date(2026, 3, 2)), each=200)

        checked = rerating.check()

        assert (checked.same, len(checked.changed), checked.different) == (1, 1, [])

    def test_finds_a_draft_that_somebody_changed(self, in_alder):
        bill_cast.households("1")
        run = bill_cast.reviewed()
        draft = Draft.objects.get()
        draft.parts[0]["bill"]["lines"][0]["cells"][0]["how"] = "0.5"
        draft.save()

        bill_cast.issued(run)

        assert rerating.check().different == [Invoice.objects.get().number]

    def test_the_command_refuses_when_one_differs(self, channels):
        said = io.StringIO()

        call_command("rerate_invoices", retailer="alder", stdout=said)

        assert said.getvalue() == "2 invoices rate to the same bytes.\n"
        with pytest.raises(CommandError):
            call_command("rerate_invoices", retailer="nobody")


@pytest.mark.slow
def test_every_invoice_of_the_demo(demo_db, retailers):
    for code in [code for code in retailers if code != "operator"]:
        with context.use(retailers[code]):
            checked = rerating.check()

            assert (checked.same, checked.changed, checked.different) == (
                Invoice.objects.filter(draft__isnull=False).count(),
                [],
                [],
            )
            assert Decimal(checked.same) > 0
