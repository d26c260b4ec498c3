"""Laws: lines = total = postings for invented tariffs; a run twice writes nothing; two at once share the work."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.charges import operations as charge_operations
from billing.invoices.models import Invoice, InvoiceLine
from billing.ledger.models import Posting
from billing.runs import operations, queries
from harness import bill_cast, supply
from harness.bill_cast import AT, BILLED, JANUARY, MARCH
from tenants.customers import queries as customer_queries
from tenants.customers.models import SupplyPoint

pytestmark = pytest.mark.django_db
PRICES = st.decimals("-0.5", "2", places=4)
CHARGES = st.lists(
    st.tuples(
        st.sampled_from(("sum(consumption)", "1", "peak(demand)")),
        PRICES,
        st.sampled_from(("retailer", "grid", "state", "customer")),
        st.sampled_from((None, 1, 2, 3)),
    ),
    min_size=1,
    max_size=5,
)


def _document(code, charges):
    lines = []
    for n, (quantity, price, payee, places) in enumerate(charges):
        one = {
            "code": f"c{n}",
            "title": {"en": f"C{n}", "zh-hans": f"费{n}"},
            "quantity": quantity,
            "price": f"{price}",
            "payee": payee,
        }
        lines.append(one | ({"round": {"line": places}} if places else {}))
    return (
        json.dumps(
            {"tariff": 1, "code": code, "title": {"en": code, "zh-hans": code}, "currency": "CNY", "charges": lines}
        )
        + "\n"
    )


def _product(charges):
    return supply.product(document=_document("t0001", charges), valid_from=JANUARY)


def _tables():
    """Every row of the company's tables as text, but for counters of the tasks."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1")
        names = [name for (name,) in cursor.fetchall() if not name.startswith("django_")]
        rows = {}
        for name in names:
            cursor.execute(f'SELECT t::text FROM "{name}" t ORDER BY 1')
            rows[name] = cursor.fetchall()
    return rows


class TestLines:
    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    @given(charges=CHARGES, extra=st.decimals("-40", "40", places=2), each=st.integers(1, 4000))
    def test_sum_to_the_total_and_to_the_postings(self, in_alder, charges, extra, each):
        with transaction.atomic():
            self.bill(charges, extra, each)
            transaction.set_rollback(True)

    def bill(self, charges, extra, each):
        account = supply.supply(number="0001", product=_product(charges), start=JANUARY)
        channel = supply.channel(point=SupplyPoint.objects.get(identifier="P0001"))
        supply.read(channel=channel, period=MARCH, each=each)
        if extra:
            money = bill_cast.cny(str(extra))
            charge_operations.add(
                account_id=account.pk, kind="adjustment", source="law", reference="1", amount=money,
                on=MARCH.start, at=AT,
            )  # fmt: skip

        operations.set_rules(rules={"brakes": {"approval_above": {"household": "1000000"}}})
        run = bill_cast.reviewed(account_ids=[account.pk])
        item = queries.items(run=run).get()
        if item.state == "parked":
            operations.release(item_id=item.pk, at=AT)
        run = bill_cast.issued(run)

        invoice = queries.items(run=run).get().invoice
        lines = InvoiceLine.objects.filter(invoice=invoice)
        amounts = list(Posting.objects.filter(entry=invoice.entry_id).values_list("ledger_account__code", "amount"))
        owed = sum((amount for code, amount in amounts if code == "receivable"), Decimal(0))
        earned = sum((amount for code, amount in amounts if code != "receivable"), Decimal(0))
        assert run.state == "done"
        assert sum(line.amount for line in lines) == queries.items(run=run).get().total
        assert sum(line.gross for line in lines) == invoice.gross == owed == -earned


class TestTwice:
    def test_a_finished_run_writes_nothing_the_second_time(self, in_alder):
        bill_cast.households("1", "2", "3")
        account = customer_queries.account(number="A1")
        charge_operations.agree_add_on(
            account_id=account.pk, kind="service_fee", source="law", reference="1", amount=bill_cast.cny("9.90"),
            start=JANUARY, at=AT,
        )  # fmt: skip
        run = bill_cast.issued(bill_cast.reviewed())
        before = _tables()

        later = AT + dt.timedelta(days=1)
        operations.rate_chunk(run_id=run.pk, at=later)
        operations.issue_chunk(run_id=run.pk, at=later)
        operations.finish_rating(run_id=run.pk)
        operations.finish_issuing(run_id=run.pk, at=later)
        operations.wake(at=later)
        operations.start_due_runs(on=later.date(), at=later)
        operations.run_to_review(run=run, at=later)

        assert _tables() == before

    def test_a_reviewed_run_writes_nothing_when_it_is_rated_again(self, in_alder):
        bill_cast.households("1", "2")
        run = bill_cast.reviewed()
        before = _tables()

        operations.run_to_review(run=run, at=AT + dt.timedelta(days=1))

        assert _tables() == before

    def test_a_second_run_of_the_month_has_nothing_to_bill(self, in_alder):
        bill_cast.households("1", "2")
        bill_cast.issued(bill_cast.reviewed())
        before = _tables()

        with pytest.raises(operations.lifecycle.NothingToBill):
            operations.create_run(period=MARCH, at=AT)

        assert _tables() == before
        assert Invoice.objects.filter(issued_on=BILLED).count() == 2
