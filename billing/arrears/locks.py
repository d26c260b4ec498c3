"""One at a time for an account: whoever decides about its arrears holds this lock until the transaction ends."""

from __future__ import annotations

from collections.abc import Collection

from django.db import connection

SPACE = "arrears"


def hold_accounts(account_ids: Collection[int]) -> None:
    """This will wait for the accounts' locks, in the order of their keys, so that two never wait for each other."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || %s, account))"
            " FROM unnest(%s::bigint[]) AS account ORDER BY account",
            [SPACE, sorted(set(account_ids))],
        )
