"""Numbers without gaps, whoever issues at once and whatever is rolled back."""

from __future__ import annotations

import threading
from typing import Any

from django.db import connection, transaction

from billing.invoices import models, operations
from billing.ledger import queries as ledger_queries
from harness import billing_cast as cast
from kernel.periods import Period
from tenancy import context

WORKERS, ROUNDS = 4, 6


class Abort(Exception):
    """A worker dies after issuing, before its commit."""


def issue_rounds(retailer: Any, worker: int, drafts: list[list[int]]) -> None:
    with context.use(retailer):
        for turn, keys in enumerate(drafts):
            try:
                with transaction.atomic():
                    operations.issue_drafts(draft_ids=keys, terms=cast.terms_of(retailer))
                    if (turn + worker) % 3 == 0:
                        raise Abort
            except Abort:
                continue
    connection.close()


class TestNumberSeries:
    def test_has_no_gap_after_rollbacks_in_many_threads(self, fresh_db: str, alder: Any) -> None:
        with context.use(alder):
            drafts = [[self.pair(worker, turn) for turn in range(ROUNDS)] for worker in range(WORKERS)]

        threads = [
            threading.Thread(target=issue_rounds, args=(alder, worker, drafts[worker])) for worker in range(WORKERS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        with context.use(alder):
            sequences = sorted(models.Invoice.objects.values_list("sequence", flat=True))
            report = ledger_queries.verify_chain()
        committed = WORKERS * ROUNDS * 2 * 2 // 3
        assert sequences == list(range(1, committed + 1))
        assert (report.seals, report.faults) == (committed // 2, ())

    def test_counts_each_kind_and_year_by_itself(self, in_alder: Any) -> None:
        account, point = cast.make_account("1")
        numbers = []
        for issued_on in (cast.ISSUED, cast.ISSUED.replace(year=2027)):
            draft = cast.make_draft(account, point, "1.13", period=Period.of_month(issued_on.year, 3))
            keys = operations.store_drafts(drafts=[draft], created_at=cast.AT)
            terms = cast.terms_of(in_alder, issued_on=issued_on)
            invoice_id = operations.issue_drafts(draft_ids=keys, terms=terms)[keys[0]]
            numbers += [invoice_id, operations.credit(invoice_id=invoice_id, terms=terms)]

        found = models.Invoice.objects.in_bulk(numbers)

        assert [found[key].number for key in numbers] == [
            "20260000000001",
            "C20260000000001",
            "20270000000001",
            "C20270000000001",
        ]

    def pair(self, worker: int, turn: int) -> list[int]:
        made = [cast.make_account(f"{worker}-{turn}-{n}") for n in range(2)]
        drafts = [cast.make_draft(account, point, "1.13") for account, point in made]
        return operations.store_drafts(drafts=drafts, created_at=cast.AT)
