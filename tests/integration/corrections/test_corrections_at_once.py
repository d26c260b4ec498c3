"""A process that is killed while it corrects, and workers that correct the same bill at the same moment."""

from __future__ import annotations

import datetime as dt
import os
import signal
import threading
from collections import Counter
from decimal import Decimal

import numpy as np
import pytest
from django.db import connections, transaction

from billing.corrections import operations
from billing.corrections.models import Correction, Rebill
from billing.invoices.models import Draft, Invoice, NumberSeries
from billing.ledger import queries as ledger_queries
from billing.ledger.models import Entry
from harness import bill_cast, correction_law, dying
from tenancy import context
from tenants.metering import operations as metering_operations

LATER = dt.datetime(2026, 5, 4, tzinfo=dt.UTC)


@pytest.fixture
def large(fresh_db, alder):
    """Two bills that a person decides about, really committed."""
    with context.use(alder):
        channels = bill_cast.households("1", "2")
        bill_cast.issued(bill_cast.reviewed())
        values = np.full(96, 20_000, np.int64)
        days = [metering_operations.DayReadings(each.pk, dt.date(2026, 3, 10), values) for each in channels.values()]
        metering_operations.store_interval_days(days=days, at=LATER)
        operations.work(at=LATER)
        yield alder, list(Correction.objects.order_by("pk"))


def figures():
    return {
        "kinds": Counter(Invoice.objects.values_list("kind", flat=True)),
        "entries": Entry.objects.count(),
        "drafts": Draft.objects.count(),
        "states": sorted(Correction.objects.values_list("state", flat=True)),
        "rebills": Rebill.objects.count(),
        "numbers": sorted(NumberSeries.objects.values_list("kind", "next_number")),
    }


def killed_before_commit(retailer, work):
    """Do ``work`` in a process of its own that is killed when all is written and nothing is committed."""

    def dies():
        with context.use(retailer), transaction.atomic():
            work()
            os.kill(os.getpid(), signal.SIGKILL)

    return dying.ended_by(dying.forked(dies))


def at_once(retailer, jobs):
    """Do the jobs on connections of their own that start together; return what each gave or raised."""
    gate, said = threading.Barrier(len(jobs)), []

    def run(job):
        try:
            with context.use(retailer):
                gate.wait()
                said.append(job())
        except Exception as error:
            said.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return said


class TestCorrecting:
    def test_leaves_nothing_half_done_when_killed_and_happens_once_however_many_do_it(self, large):
        alder, (first, second) = large
        person, other = correction_law.people_of_company()
        before = figures()

        def approve(row, by=person):
            return operations.approve(correction_id=row.pk, at=LATER, by=by, expected=row.after)

        ended = killed_before_commit(alder, lambda: approve(first))
        after_death = figures()
        done = approve(first)
        said = at_once(
            alder,
            [
                lambda: approve(second),
                lambda: approve(second, other),
                lambda: operations.act_due(at=LATER),
                lambda: operations.act(correction_id=first.pk, at=LATER),
            ],
        )

        assert (ended, after_death, done.done) == (signal.SIGKILL, before, True)
        refused = [each for each in said if isinstance(each, Exception)]
        assert [type(each) for each in refused] == [operations.WrongCorrectionState]
        after = figures()
        assert (after["kinds"], after["rebills"]) == ({"invoice": 4, "credit_note": 2}, 2)
        assert (after["states"], after["entries"]) == (["done", "done"], before["entries"] + 4)
        assert [number - 1 for _kind, number in after["numbers"]] == [2, 4]
        for row in (first, second):
            row.refresh_from_db()
            new = row.rebills.get().invoice
            assert new.gross == row.after > Decimal("157.22")
            assert ledger_queries.balance(account_id=row.account_id, currency="CNY").amount == new.gross
        assert ledger_queries.verify_chain().intact
