"""Tell customers what became of the numbers they gave."""

from __future__ import annotations

import datetime as dt

from tenants.metering.models import SelfRead
from tenants.notices import operations as notices

TEMPLATES = {
    SelfRead.State.ACCEPTED: "self_read_accepted",
    SelfRead.State.CORRECTED: "self_read_corrected",
    SelfRead.State.REFUSED: "self_read_refused",
}


def decided(*, given: SelfRead, at: dt.datetime) -> None:
    """This will queue the notice of a decision, once for each number."""
    register = given.register
    value = given.value if given.decided_value is None else given.decided_value
    notices.enqueue(
        customer_id=given.customer_id,
        template=TEMPLATES[SelfRead.State(given.state)],
        params={
            "meter": register.meter.serial,
            "register": register.code,
            "day": given.day,
            "given": f"{given.value.normalize():f}",
            "value": f"{value.normalize():f}",
            "unit": register.unit,
            "reason": given.note,
        },
        reference=f"self-read:{given.pk}:{given.state}",
        at=at,
    )
