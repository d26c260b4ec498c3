"""What waits for a person, and the figures of the first page; each only for those who may see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import get_language, gettext, ngettext

from billing.arrears import queries as arrears_queries
from billing.ledger import chart
from billing.ledger import queries as ledger_queries
from billing.payments import queries as payment_queries
from billing.runs import queries as run_queries
from identity.capabilities import Capability
from kernel import texts
from portal.shared import formats
from tenants.customers import queries as customer_queries
from tenants.metering import queries as metering_queries
from tenants.service import queries as service_queries
from tenants.tariffs import queries as tariff_queries

MOST = 20


@dataclass(frozen=True, slots=True)
class Task:
    """Something to be done, and where."""

    title: str
    note: str
    url: str
    tone: str
    icon: str


def tasks(capabilities: frozenset[Capability]) -> list[Task]:
    """This will list what waits, the most urgent first."""
    found: list[Task] = []
    if Capability.SEE_BILLS in capabilities:
        found += _runs()
    if Capability.SEE_READINGS in capabilities:
        found += _imports()
        found += _readings()
    if Capability.SEE_PAYMENTS in capabilities:
        found += _money()
    if Capability.SEE_ARREARS in capabilities:
        found += _collections()
    if Capability.SEE_TARIFFS in capabilities:
        found += _drafts()
    return found


def figures(capabilities: frozenset[Capability]) -> dict[str, Any]:
    """This will count customers and supply points and sum what is owed, by currency."""
    found: dict[str, Any] = {}
    if Capability.SEE_CUSTOMERS in capabilities:
        found["customers"] = customer_queries.customers().count()
        found["supply_points"] = customer_queries.supply_points().count()
    if Capability.SEE_READINGS in capabilities:
        found["readings_until"] = metering_queries.readings_until()
    if Capability.SEE_LEDGER in capabilities:
        rows = ledger_queries.trial_balance()
        found["owed"] = [(row.balance, row.currency) for row in rows if row.code == chart.RECEIVABLE]
    return found


def _runs() -> list[Task]:
    open_runs: Any = run_queries.runs().filter(state__in=("review", "rating"))[:MOST]
    return [_run(run) for run in open_runs if run.review_count or run.state == "review"]


def _run(run: Any) -> Task:
    name = run_name(run)
    address = reverse("console:run", args=[run.number])
    count = run.review_count
    if not count:
        return Task(gettext("{run} is ready to issue").format(run=name), "", address, "info", "run")
    title = ngettext("{count} bill of {run} to look at", "{count} bills of {run} to look at", count)
    note = gettext("They are parked, held or refused; the others can be issued.")
    return Task(title.format(count=formats.number(count), run=name), note, f"{address}#bills", "warn", "bill")


def run_name(run: Any) -> str:
    """This will return what a run is called: its own title, else its lot's and its month, else its number."""
    if run.title:
        return str(run.title)
    if run.lot is not None:
        return f"{texts.pick(run.lot.titles, get_language())} {run.period.lower:%Y-%m}"
    return gettext("Run {number}").format(number=run.number)


def _counted(count: int, title: str, page: str, icon: str, note: str = "") -> list[Task]:
    """One line for a queue that holds something; ``title`` has a place for the count."""
    if not count:
        return []
    return [Task(title.format(count=formats.number(count)), note, reverse(f"console:{page}"), "info", icon)]


def _readings() -> list[Task]:
    held = metering_queries.exceptions(blocking=True).count()
    count = sum(metering_queries.exception_counts().values())
    doubted = metering_queries.doubted_reads().count()
    title = ngettext("{count} day of readings to look at", "{count} days of readings to look at", count)
    note = ngettext("{count} of them holds a bill.", "{count} of them hold bills.", held).format(count=held)
    reads = ngettext("{count} register read in doubt", "{count} register reads in doubt", doubted)
    return [
        *_counted(count, title, "readings_queue", "pulse", note if held else ""),
        *_counted(doubted, reads, "doubted_reads", "meter"),
    ]


def _money() -> list[Task]:
    lines = payment_queries.queue_counts().open
    refunds = payment_queries.refunds(state="requested").count()
    counted = payment_queries.sessions().filter(state="counted").count()
    line_title = ngettext("{count} receipt to match", "{count} receipts to match", lines)
    refund_title = ngettext("{count} refund to approve", "{count} refunds to approve", refunds)
    cash_title = ngettext("{count} cash difference to approve", "{count} cash differences to approve", counted)
    return [
        *_counted(lines, line_title, "bank_queue", "search"),
        *_counted(refunds, refund_title, "refunds", "undo"),
        *_counted(counted, cash_title, "cash", "key"),
    ]


def _collections() -> list[Task]:
    waiting = arrears_queries.waivers(state="asked").count() + arrears_queries.write_offs(state="asked").count()
    orders = service_queries.open_orders().filter(state="requested").count()
    title = ngettext("{count} decision of collections waits", "{count} decisions of collections wait", waiting)
    order_title = ngettext("{count} supply order to send", "{count} supply orders to send", orders)
    return [
        *_counted(waiting, title, "arrears_decisions", "check"),
        *_counted(orders, order_title, "supply_orders", "plug"),
    ]


def _imports() -> list[Task]:
    latest = metering_queries.imports()[:MOST]
    found = []
    for record in latest:
        address = reverse("console:import", args=[record.pk])
        if record.state == "checked":
            title = gettext("{file} waits for confirmation").format(file=record.file_name)
            note = gettext("{count} days were read; nothing is stored yet.").format(
                count=formats.number(record.days_read)
            )
            found.append(Task(title, note, address, "info", "upload"))
        elif record.state == "refused":
            title = gettext("{file} was refused").format(file=record.file_name)
            note = gettext("Nothing of it was stored. Its report names every row.")
            found.append(Task(title, note, address, "danger", "danger"))
    return found


def _drafts() -> list[Task]:
    products = tariff_queries.products().filter(versions__status="draft")[:MOST]
    note = gettext("A draft holds for nobody before it is published.")
    return [
        Task(
            gettext("A draft of {product} is not published").format(product=product.code),
            note,
            reverse("console:product", args=[product.code]),
            "neutral",
            "tariff",
        )
        for product in products
    ]
