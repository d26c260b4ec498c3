"""Money that is on its way: collections by standing authority that the provider has not answered yet."""

from __future__ import annotations

from collections.abc import Collection

from billing.payments.models.providing import Attempt


def accounts_in_flight(*, account_ids: Collection[int]) -> set[int]:
    """This will return those of the accounts with a collection under way; reminders rest for them."""
    under_way = Attempt.objects.filter(
        account_id__in=account_ids,
        kind=Attempt.Kind.AUTOMATIC,
        state__in=(Attempt.State.ASKED, Attempt.State.WAITING),
    )
    return set(under_way.values_list("account_id", flat=True))
