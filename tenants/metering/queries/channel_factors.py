"""What litres of channels stand for: their dated factors, and kWh a cubic metre on a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from fractions import Fraction

from django.db.models import QuerySet

from kernel.errors import NotFound, gettext_noop
from tenants.metering.models import Channel, ChannelFactor
from tenants.metering.queries import channel_energy


def channel_factors(*, channel_ids: Collection[int]) -> QuerySet[ChannelFactor]:
    """This will list the factors of channels, the latest first in each kind."""
    return ChannelFactor.objects.filter(channel_id__in=channel_ids).order_by("channel_id", "kind", "-period")


def channel_at(*, supply_point_id: int, register: str) -> Channel:
    """This will return the channel of a register of a supply point; raises NotFound."""
    found = Channel.objects.filter(supply_point_id=supply_point_id, register_code=register).first()
    if found is None:
        raise NotFound(what=gettext_noop("channel"), name=register)
    return found


def kwh_a_cubic_metre(*, channel_id: int, day: dt.date) -> Fraction | None:
    """This will return what a recorded cubic metre holds on a day; None where no heat content is known."""
    return channel_energy.of_litres([channel_id]).ratio(channel_id, day)
