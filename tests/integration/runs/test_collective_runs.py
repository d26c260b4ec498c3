"""Many sites on one bill: a run never issues a collective account's bills in two invoices, whatever the chunk."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from django.db import connection

from billing.invoices import operations as invoice_operations
from billing.invoices.models import Invoice
from billing.runs import operations
from harness import supply
from kernel.periods import Period
from tenancy import context
from tenants.customers import operations as customer_operations
from tenants.customers.models import Account, SupplyPoint

AT = dt.datetime(2026, 4, 2, tzinfo=dt.UTC)
MARCH = Period.of_month(2026, 3)
FLAT = """
tariff: 1
code: flat
title: {en: Flat}
currency: CNY
charges:
  - code: energy
    title: {en: Energy}
    quantity: sum(consumption)
    price: 0.5283
    round: {line: 2}
    payee: retailer
"""


def sites(count):
    """Accounts A1… of one customer; all but the last are billed on the account HEAD."""
    product = supply.product(document=FLAT, valid_from=MARCH.start)
    for number in map(str, range(1, count + 1)):
        supply.supply(number=number, product=product, start=MARCH.start)
        channel = supply.channel(point=SupplyPoint.objects.get(identifier=f"P{number}"), minutes=60)
        supply.read(channel=channel, period=MARCH, each=1000)
    customer = Account.objects.get(number="A1").customer
    Account.objects.update(customer=customer)
    customer_operations.open_account(customer=customer, number="HEAD", currency="CNY", opened_on=MARCH.start)
    for number in range(1, count):
        invoice_operations.arrange_billing(account_number=f"A{number}", collective_number="HEAD", tax_number="")
    run = operations.run_to_review(run=operations.create_run(period=MARCH, at=AT), at=AT)
    return operations.start_issuing(run_id=run.pk, billing_date=AT.date())


class TestACollectiveAccount:
    @pytest.mark.django_db
    def test_gets_one_invoice_in_however_small_chunks(self, in_alder):
        run = sites(6)

        chunks = [operations.issue_chunk(run_id=run.pk, at=AT, limit=1).issued for _ in range(3)]

        assert chunks == [1, 5, 0]
        assert sorted(Invoice.objects.values_list("account__number", flat=True)) == ["A6", "HEAD"]

    def test_gets_one_invoice_from_workers_at_once(self, fresh_db, alder):
        with context.use(alder):
            run = sites(8)
        start = threading.Barrier(4)

        def work():
            with context.use(alder):
                start.wait()
                while operations.issue_chunk(run_id=run.pk, at=AT, limit=2).claimed:
                    pass
            connection.close()

        workers = [threading.Thread(target=work) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

        with context.use(alder):
            assert sorted(Invoice.objects.values_list("account__number", flat=True)) == ["A8", "HEAD"]
