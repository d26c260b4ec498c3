"""Who corrects an account's bills works alone: a lock per account, taken in one order, held until commit."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection


def hold_accounts(account_ids: Iterable[int]) -> None:
    """This will wait for the accounts' locks in ascending order; they are given back when the transaction ends.

    The schema is part of the lock: two companies with the same key do not wait for each other.
    """
    with connection.cursor() as cursor:
        for key in sorted(set(account_ids)):
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || ':corrections:' || %s::text, 0))",
                [key],
            )
