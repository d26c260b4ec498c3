"""Who works on an account's money works alone: a lock per account, taken in one order, held until commit.

An advisory lock, because the rows that must not be touched meanwhile (what another transaction is about to issue)
may not exist yet. Two companies with the same key do not wait for each other: the schema is part of the lock.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection


def hold_accounts(account_ids: Iterable[int]) -> None:
    """Wait for the accounts' locks, in ascending order; they are given back when the transaction ends."""
    _hold("account", sorted(set(account_ids)))


def hold(name: str, *keys: int) -> None:
    """Wait for locks named ``name`` with the given keys; given back when the transaction ends."""
    _hold(name, sorted(set(keys)))


def _hold(name: str, keys: list[int]) -> None:
    with connection.cursor() as cursor:
        for key in keys:
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || %s || %s::text, 0))",
                [f":payments:{name}:", key],
            )
