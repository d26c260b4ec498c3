"""The proof that nothing was changed: every seal and every closing computed again from what stands there."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db.models import Count, F, Min

from billing.ledger import chain, chart, closing
from billing.ledger.closing import Closing
from billing.ledger.models import ChainHead, ClosedDay, Entry, LedgerAccount, Posting, Seal


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What the check of the hash chain found; ``faults`` is empty when nothing was changed."""

    seals: int
    postings: int
    head: str
    faults: tuple[str, ...]
    closings: int = 0

    @property
    def intact(self) -> bool:
        return not self.faults


def head() -> str:
    """This will return the last seal: note it elsewhere, and verify_chain can later prove that it is still there."""
    return ChainHead.objects.values_list("digest", flat=True).first() or chain.GENESIS


def head_position() -> int:
    """This will return how many seals there are."""
    return ChainHead.objects.values_list("position", flat=True).first() or 0


def verify_chain(*, noted: str | None = None, exported: Sequence[Closing] = ()) -> ChainReport:
    """This will compute every seal and closing again from the rows and report each that differs.

    ``noted`` is a seal written down earlier, ``exported`` are the closings that were exported day by day: they must
    still be there, which shows that the chain was not cut and rewritten since. Reads rows in a stream; memory stays
    that of one batch and of the positions of closings.
    """
    faults: list[str] = []
    stored = list(_closings())
    watched = {each.position for each in (*stored, *exported)}
    digest, position, postings, seen = chain.GENESIS, 0, 0, noted in (None, chain.GENESIS)
    at_position = {0: chain.GENESIS}
    for position, (seal, rows) in enumerate(_batches(faults), start=1):
        postings += len(rows)
        faults += _faults_of(seal, rows, position, digest)
        digest = seal.digest
        seen = seen or digest == noted
        if position in watched:
            at_position[position] = digest
    last = ChainHead.objects.first() or ChainHead()
    if (last.position, last.digest) != (position, digest):
        faults.append(f"The head names seal {last.position}, the last one is {position}.")
    if not seen:
        faults.append(f"The noted seal {noted} is not in the chain.")
    faults += _faults_of_entries()
    faults += _faults_of_accounts()
    faults += _faults_of_closings(stored, at_position)
    faults += _faults_of_exports(exported, {each.day: each for each in stored}, at_position)
    return ChainReport(position, postings, digest, tuple(faults), len(stored))


def _faults_of(seal: Seal, rows: list[chain.SealedRow], position: int, previous: str) -> Iterator[str]:
    if seal.position != position or seal.previous != previous:
        yield f"Seal {seal.position} does not follow the one before it."
    if len({row.entry_id for row in rows}) != seal.entry_count:
        yield f"Seal {seal.position} covers {seal.entry_count} entries, but others stand there now."
    if chain.seal(previous=seal.previous, rows=rows) != seal.digest:
        yield f"Seal {seal.position} does not match its rows: they were changed after posting."
    if any(row.posted_at != seal.sealed_at for row in rows):
        yield f"Seal {seal.position} bears another time than its entries."


def _faults_of_entries() -> Iterator[str]:
    """Entries that no posting shows, and so no seal covers."""
    bare = Entry.objects.filter(postings__isnull=True).order_by("id").values_list("id", flat=True)
    yield from (f"Entry {entry_id} has no postings." for entry_id in bare)
    counted = Seal.objects.annotate(found=Count("entries")).exclude(found=F("entry_count")).order_by("position")
    yield from (
        f"Seal {seal.position} covers {seal.entry_count} entries, but {seal.found} name it." for seal in counted
    )


def _faults_of_accounts() -> Iterator[str]:
    """The kind of an account decides how its balance is read; it is that of the chart, for good."""
    for account in LedgerAccount.objects.order_by("id").iterator():
        known = chart.CHART.get(account.code)
        if known is None or known.kind != account.kind:
            yield f"Ledger account {account} is not the one of the chart."
        elif account.titles != dict(known.titles):
            yield f"Ledger account {account} bears another title than in the chart."


def _faults_of_closings(stored: Sequence[Closing], at_position: dict[int, str]) -> Iterator[str]:
    previous = closing.GENESIS
    for each in stored:
        if each.previous != previous or each.computed() != each.proof:
            yield f"The closing of {each.day} does not match what it closed: it was changed afterwards."
        if at_position.get(each.position) != each.digest:
            yield f"The closing of {each.day} names a seal that is not in the chain."
        previous = each.proof
    yield from _faults_of_closed_entries(stored)


def _faults_of_closed_entries(stored: Sequence[Closing]) -> Iterator[str]:
    """What was posted after a closing must not stand in the days it closed."""
    if not stored:
        return
    firsts = list(Seal.objects.annotate(first=Min("entries__business_date")).values_list("position", "first"))
    for each in stored:
        late = [position for position, first in firsts if position > each.position and first and first <= each.day]
        if late:
            yield f"Seal {min(late)} was posted into {each.day} or before, which was closed."


def _faults_of_exports(
    exported: Sequence[Closing], stored: dict[dt.date, Closing], at_position: dict[int, str]
) -> Iterator[str]:
    for each in exported:
        if each.computed() != each.proof:
            yield f"The exported closing of {each.day} was changed after its export."
        elif stored.get(each.day) != each:
            yield f"The closing of {each.day} is not the one that was exported: the books were rewritten since."
        elif at_position.get(each.position) != each.digest:
            yield f"The seal that was exported for {each.day} is not in the chain: the books were rewritten since."


def _closings() -> Iterator[Closing]:
    return (row.as_closing() for row in ClosedDay.objects.order_by("day"))


def _sealed_rows() -> Iterator[tuple[int, chain.SealedRow]]:
    values = (
        Posting.objects.order_by("entry__seal__position", "entry_id", "id")
        .values_list(
            "entry__seal_id", "entry_id", "id", "entry__posted_at", "entry__business_date", "entry__kind",
            "entry__reference", "entry__reverses_id", "ledger_account_id", "ledger_account__code",
            "ledger_account__account_id", "currency", "amount",
        )
        .iterator(chunk_size=5000)
    )  # fmt: skip
    return ((value[0], chain.SealedRow(*value[1:])) for value in values)


def _batches(faults: list[str]) -> Iterator[tuple[Seal, list[chain.SealedRow]]]:
    groups = itertools.groupby(_sealed_rows(), key=lambda pair: pair[0])
    seal_id, group = next(groups, (None, iter(())))
    for seal in Seal.objects.order_by("position").iterator():
        if seal.pk != seal_id:
            yield seal, []
            continue
        yield seal, [row for _, row in group]
        seal_id, group = next(groups, (None, iter(())))
    if seal_id is not None:
        faults.append("There are postings that no seal in the chain covers.")
