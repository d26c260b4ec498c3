"""A chain of bills: those that changed, and in order of their days all later ones that build on them, rated anew."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from billing.corrections import causes, line_differences
from billing.invoices import lines as invoice_lines
from billing.invoices import queries as invoice_queries
from billing.runs import queries as run_queries
from billing.runs import rebilling
from billing.runs.rebilling import Again, Overlay
from kernel.errors import GridhallError
from kernel.periods import Period
from tenants.customers import date_ranges

Checked = Mapping[str, Any]
"""By bill (key as text): what it was held against when it was last looked at."""
_RETURNED: causes.Cause = {"what": causes.RETURNED}
_CREDITED: causes.Cause = {"what": causes.CREDITED}


@dataclass(slots=True, eq=False)
class Touched:
    """One invoice of the chain that would be another: its bills rated anew, why, and line by line."""

    invoice: Any
    agains: list[Again]
    reasons: list[causes.Cause]
    rows: list[dict[str, Any]]
    checked: dict[str, Any]
    follows: int | None = None
    """The invoice of the chain it follows from, where nothing of its own changed."""
    credit_note: int | None = None
    """What took the invoice back before: nothing of it stands, and its days are billed anew."""

    @property
    def refusal(self) -> GridhallError | None:
        return next((again.refusal for again in self.agains if again.refusal), None)

    @property
    def is_same(self) -> bool:
        return self.credit_note is None and line_differences.are_same(self.rows)

    @property
    def before(self) -> Decimal:
        if self.credit_note is not None:
            return Decimal(0)
        return sum((Decimal(again.item.draft.total) for again in self.agains if again.item.draft), Decimal(0))

    @property
    def after(self) -> Decimal:
        return sum((again.total for again in self.agains), Decimal(0))

    @property
    def period(self) -> Period:
        days = [date_ranges.to_period(again.item.period) for again in self.agains]
        return Period(min(each.start for each in days), max(each.end for each in days))

    @property
    def energy(self) -> tuple[int, int]:
        """Wh before and after."""
        stood = [] if self.credit_note is not None else self.agains
        return sum(again.item.energy_wh or 0 for again in stood), sum(again.energy_wh for again in self.agains)


@dataclass(slots=True)
class Chain:
    """What was found of a chain: the bills that would change or cannot be rated, those that come out the same."""

    touched: list[Touched] = field(default_factory=list)
    same: list[Touched] = field(default_factory=list)
    untouched: list[int] = field(default_factory=list)
    """Invoices asked for of which nothing changed any more."""
    overlay: Overlay = field(default_factory=Overlay)


def reach(*, invoice_ids: Collection[int]) -> tuple[set[int], dt.date | None]:
    """This will return all accounts whose bills may change with those of the invoices, and the first day of these.

    Those on the invoices, and those that share a collective invoice with one of them later.
    """
    items = list(run_queries.issued_items(invoice_ids=invoice_ids))
    if not items:
        return set(), None
    since = min(item.period.lower for item in items)
    accounts: set[int] = set()
    grown = {item.account_id for item in items}
    while grown - accounts:
        accounts |= grown
        invoices = run_queries.invoices_of_accounts(account_ids=accounts, since=since)
        grown = run_queries.accounts_of_invoices(invoice_ids=invoices) if invoices else set()
    return accounts, since


def rate(
    *,
    invoice_ids: Collection[int],
    left_alone: Collection[int],
    checked: Mapping[int, Checked],
    asked: Collection[int] = (),
) -> Chain:
    """This will rate the invoices anew, and every later one whose inputs change with them; nothing is stored.

    ``left_alone`` are invoices that a person decided to leave as they are, ``checked`` what invoices were held against
    when they were last looked at. Invoices that were credited whole are left out, but those ``asked`` for.
    """
    accounts, since = reach(invoice_ids=invoice_ids)
    chain = Chain()
    if since is None:
        chain.untouched = list(invoice_ids)
        return chain
    moved: dict[int, int] = {}
    bills = _by_invoice(accounts, since)
    credited = invoice_queries.whole_credits(invoice_ids=list(bills))
    for invoice_id, items in bills.items():
        wanted = invoice_id in invoice_ids
        if invoice_id in credited and invoice_id not in asked:
            chain.untouched += [invoice_id] if wanted else []
            continue
        follows = next((moved[item.account_id] for item in items if item.account_id in moved), None)
        if invoice_id in left_alone or not (wanted or follows):
            continue
        note = credited.get(invoice_id)
        found, against = _held_against(items, chain.overlay, checked.get(invoice_id, {}), note)
        if not found:
            chain.untouched += [invoice_id] if wanted else []
            continue
        touched = _rated(items, found, against, chain.overlay, note)
        touched.follows = follows
        (chain.same if touched.is_same and touched.refusal is None else chain.touched).append(touched)
        if touched.refusal is not None:
            break
        for again in touched.agains:
            chain.overlay.put(again)
            moved[again.item.account_id] = invoice_id
    return chain


def changes(
    *, items: Sequence[Any], checked: Mapping[int, Checked], waiting: Collection[int] = ()
) -> dict[int, list[causes.Cause]]:
    """This will say of bills, by item, what differs from what they were rated from or last held against.

    Bills of ``waiting`` invoices were rated on earlier ones that are not corrected yet: their own inputs count alone.
    """
    now = rebilling.used_now(items=items)
    found: dict[int, list[causes.Cause]] = {}
    for item in items:
        before, then = _before(item, checked.get(item.invoice_id, {})), now[item.pk]
        if item.invoice_id in waiting and then is not None:
            before, then = _own(before), _own(then)
        found[item.pk] = [] if then == before else causes.between(before=before, now=then) or [_RETURNED]
    return found


def _by_invoice(accounts: Collection[int], since: dt.date) -> dict[int, list[Any]]:
    invoices = run_queries.invoices_of_accounts(account_ids=accounts, since=since)
    found: dict[int, list[Any]] = {}
    for item in run_queries.issued_items(invoice_ids=invoices):
        found.setdefault(item.invoice_id or 0, []).append(item)
    ordered = sorted(found.items(), key=lambda each: (min(item.period.lower for item in each[1]), each[0]))
    return dict(ordered)


def _before(item: Any, checked: Checked) -> list[Any]:
    held = checked.get(str(item.pk))
    return list(held if held is not None else item.draft.versions["parts"])


def _own(parts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What parts were rated from beside the past."""
    return [{**part, "already": {}, "carried": {}} for part in parts]


def _held_against(
    items: Sequence[Any], overlay: Overlay, checked: Checked, credit_note: int | None
) -> tuple[dict[int, list[causes.Cause]], dict[str, Any]]:
    """What changed, by bill, and what each was held against; nothing where nothing changed."""
    now = rebilling.used_now(items=items, overlay=overlay)
    if credit_note is not None:
        return {item.pk: [_CREDITED] for item in items}, {str(key): used for key, used in now.items()}
    if all(now[item.pk] == _before(item, checked) for item in items):
        return {}, {}
    found = {
        item.pk: causes.between(before=item.draft.versions["parts"], now=now[item.pk])
        for item in items
        if now[item.pk] != item.draft.versions["parts"]
    }
    return found or {items[0].pk: [_RETURNED]}, {str(key): used for key, used in now.items()}


def _rated(
    items: Sequence[Any],
    found: Mapping[int, list[causes.Cause]],
    against: dict[str, Any],
    overlay: Overlay,
    credit_note: int | None,
) -> Touched:
    agains = rebilling.rate(items=items, overlay=overlay)
    stood = items if credit_note is None else []
    before = [line for item in stood for line in invoice_queries.lines_of_draft(draft=item.draft)]
    after = [
        line
        for item in items
        if not agains[item.pk].is_empty and agains[item.pk].refusal is None
        for line in invoice_lines.lines_of_parts([part.as_json() for part in agains[item.pk].draft().parts])
    ]
    reasons = causes.merged(list(found.values()))
    return Touched(
        invoice=items[0].invoice,
        agains=[agains[item.pk] for item in items],
        reasons=reasons,
        rows=line_differences.compared(before=before, after=after),
        checked=against,
        credit_note=credit_note,
    )
