"""Who answers for what since when: the occupancies that changed since a moment."""

from __future__ import annotations

import datetime as dt

from tenants.customers.models import Occupancy


def changed_since(*, clock: dt.datetime) -> list[tuple[int, int, dt.date]]:
    """This will list (supply point, account, first day) of the occupancies changed since ``clock``, the database's."""
    rows = Occupancy.objects.filter(changed_at__gte=clock).order_by("pk")
    return [
        (point, account, period.lower)
        for point, account, period in rows.values_list("supply_point_id", "account_id", "period")
    ]
