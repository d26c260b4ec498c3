"""Posting: entries come in batches, balance at once, and are sealed into the hash chain."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from django.db import connection, transaction

from billing.ledger import chain, copying
from billing.ledger.chart import CHART
from billing.ledger.entries import LedgerAccountKey, NewEntry, NewPosting
from billing.ledger.kinds import EntryKind
from billing.ledger.models import ChainHead, ClosedDay, Entry, LedgerAccount, Posting, Seal
from kernel.errors import GridhallError, NotFound, gettext_noop
from kernel.money import Money
from tenants.customers import refusals

_ENTRY_FIELDS = ("id", "posted_at", "business_date", "kind", "reference", "reverses", "seal")
_POSTING_FIELDS = ("id", "entry", "ledger_account", "amount", "currency")


_FIND = """
SELECT l.code, l.account_id, l.id FROM ledger_ledgeraccount l WHERE l.account_id IS NULL AND l.code = ANY(%s)
UNION ALL
SELECT l.code, l.account_id, l.id FROM unnest(%s::text[], %s::bigint[]) AS wanted(code, account_id)
  JOIN ledger_ledgeraccount l ON l.account_id = wanted.account_id AND l.code = wanted.code
"""
"""In two halves: a comparison that holds for no account too would read every account of the books."""


class Unbalanced(GridhallError):
    """The debits and credits of an entry differ."""

    code = "ledger_unbalanced"
    template = gettext_noop("Debits and credits of an entry differ; nothing was posted.")


class EmptyEntry(GridhallError):
    """An entry came without postings."""

    code = "ledger_entry_empty"
    template = gettext_noop("An entry needs at least two postings; nothing was posted.")


class AlreadyReversed(GridhallError):
    """An entry is reversed at most once."""

    code = "ledger_already_reversed"
    template = gettext_noop("Entry {entry} was already reversed.")


class UnknownLedgerAccount(GridhallError):
    """A posting names an account that is neither in the books nor in the chart."""

    code = "ledger_account_unknown"
    template = gettext_noop("There is no ledger account “{ledger_account}”.")


class DayClosed(GridhallError):
    """An entry names a day that was closed."""

    code = "ledger_day_closed"
    template = gettext_noop("The books are closed up to {day}. Use {first} or a later date; nothing was posted.")

    def __init__(self, *, day: dt.date) -> None:
        super().__init__(day=day.isoformat(), first=(day + dt.timedelta(days=1)).isoformat())


def reserve_entry_ids(*, count: int) -> list[int]:
    """This will set ``count`` entry keys aside, so that documents can name the entries they are posted by."""
    return copying.reserve_ids(model=Entry, count=count)


def post(*, entries: Sequence[NewEntry], posted_at: dt.datetime) -> list[int]:
    """This will post the entries in one batch under one new seal and return their keys, in the given order.

    Runs in the caller's transaction where there is one; call it last, since it locks the head of the hash
    chain until commit. Raises Unbalanced, EmptyEntry, AlreadyReversed, DayClosed or UnknownLedgerAccount; the
    transaction is then to be rolled back. ``queries.booking_day`` names the day to use for what happened earlier.
    """
    if not entries:
        return []
    refused = {
        "ledger_entry_balances": Unbalanced(),
        "ledger_entry_not_empty": EmptyEntry(),
        "ledger_posting_not_zero": EmptyEntry(),
        "ledger_entry_reversed_once": AlreadyReversed(entry=_reversed_names(entries)),
    }
    with transaction.atomic(), refusals.named(refused):
        return _post(entries, posted_at)


def reverse(*, entry_id: int, business_date: dt.date, posted_at: dt.datetime, reference: str) -> int:
    """This will post the mirror image of an entry and return its key; raises NotFound or AlreadyReversed."""
    mirror = mirrored(entry_id=entry_id, business_date=business_date, reference=reference)
    return post(entries=[mirror], posted_at=posted_at)[0]


def mirrored(
    *, entry_id: int, business_date: dt.date, reference: str, kind: EntryKind = EntryKind.REVERSAL
) -> NewEntry:
    """This will return, not post, the entry that takes ``entry_id`` back; raises NotFound."""
    rows = Posting.objects.filter(entry=entry_id).select_related("ledger_account").order_by("id")
    postings = [
        NewPosting(
            LedgerAccountKey(row.ledger_account.code, row.ledger_account.account_id),
            -Money.rounded(row.amount, row.currency),
        )
        for row in rows
    ]
    if not postings:
        raise NotFound(what="ledger entry", name=entry_id)
    return NewEntry(business_date, kind, reference, postings, reverses_id=entry_id)


def _post(entries: Sequence[NewEntry], posted_at: dt.datetime) -> list[int]:
    accounts = _ledger_accounts({posting.ledger_account for entry in entries for posting in entry.postings})
    entry_ids = _keys_of(entries)
    [seal_id] = copying.reserve_ids(model=Seal, count=1)
    rows = _rows(entries, entry_ids, accounts, posted_at)
    copying.copy_rows(
        model=Entry,
        fields=_ENTRY_FIELDS,
        rows=(
            (key, posted_at, new.business_date, new.kind, new.reference, new.reverses_id, seal_id)
            for key, new in zip(entry_ids, entries, strict=True)
        ),
    )
    copying.copy_rows(
        model=Posting,
        fields=_POSTING_FIELDS,
        rows=((row.posting_id, row.entry_id, row.ledger_account_id, row.amount, row.currency) for row in rows),
    )
    _seal(seal_id, rows, entries, posted_at)
    return entry_ids


def _rows(
    entries: Sequence[NewEntry],
    entry_ids: Sequence[int],
    accounts: Mapping[LedgerAccountKey, int],
    posted_at: dt.datetime,
) -> list[chain.SealedRow]:
    posting_ids = iter(copying.reserve_ids(model=Posting, count=sum(len(entry.postings) for entry in entries)))
    return [
        chain.SealedRow(
            entry_id=entry_id,
            posting_id=next(posting_ids),
            posted_at=posted_at,
            business_date=entry.business_date,
            kind=str(entry.kind),
            reference=entry.reference,
            reverses_id=entry.reverses_id,
            ledger_account_id=accounts[posting.ledger_account],
            ledger_account_code=posting.ledger_account.code,
            account_id=posting.ledger_account.account_id,
            currency=posting.money.currency,
            amount=posting.money.amount,
        )
        for entry_id, entry in zip(entry_ids, entries, strict=True)
        for posting in entry.postings
    ]


def _seal(seal_id: int, rows: Iterable[chain.SealedRow], entries: Sequence[NewEntry], sealed_at: dt.datetime) -> None:
    in_order = sorted(rows, key=lambda row: (row.entry_id, row.posting_id))
    head = lock_head()
    _refuse_closed(min(entry.business_date for entry in entries))
    digest = chain.seal(previous=head.digest, rows=in_order)
    Seal.objects.create(
        id=seal_id,
        position=head.position + 1,
        previous=head.digest,
        digest=digest,
        entry_count=len(entries),
        sealed_at=sealed_at,
    )
    ChainHead.objects.update(position=head.position + 1, digest=digest)


def lock_head() -> ChainHead:
    """This will lock the head of the chain until commit: what is posted or closed meanwhile waits."""
    ChainHead.objects.bulk_create([ChainHead()], ignore_conflicts=True)
    return ChainHead.objects.select_for_update().get()


def _refuse_closed(earliest: dt.date) -> None:
    closed = ClosedDay.objects.order_by("-day").values_list("day", flat=True).first()
    if closed is not None and earliest <= closed:
        raise DayClosed(day=closed)


def _keys_of(entries: Sequence[NewEntry]) -> list[int]:
    reserved = iter(reserve_entry_ids(count=sum(entry.entry_id is None for entry in entries)))
    return [next(reserved) if entry.entry_id is None else entry.entry_id for entry in entries]


def _ledger_accounts(keys: set[LedgerAccountKey]) -> dict[LedgerAccountKey, int]:
    found = _find_ledger_accounts(keys)
    missing = sorted(keys - found.keys(), key=lambda key: (key.code, key.account_id or 0))
    if not missing:
        return found
    LedgerAccount.objects.bulk_create([_from_chart(key) for key in missing], ignore_conflicts=True)
    return _find_ledger_accounts(keys)


def _find_ledger_accounts(keys: set[LedgerAccountKey]) -> dict[LedgerAccountKey, int]:
    with connection.cursor() as cursor:
        own = [key for key in keys if key.account_id is not None]
        shared = [key.code for key in keys if key.account_id is None]
        cursor.execute(_FIND, [shared, [key.code for key in own], [key.account_id for key in own]])
        return {LedgerAccountKey(code, account_id): key for code, account_id, key in cursor.fetchall()}


def _from_chart(key: LedgerAccountKey) -> LedgerAccount:
    if key.code not in CHART:
        raise UnknownLedgerAccount(ledger_account=key.code)
    account = CHART[key.code]
    return LedgerAccount(code=key.code, kind=account.kind, account_id=key.account_id, titles=dict(account.titles))


def _reversed_names(entries: Sequence[NewEntry]) -> str:
    return ", ".join(str(entry.reverses_id) for entry in entries if entry.reverses_id is not None)
