"""Say what a litre of a channel stands for, from a day on: the volume correction and the heat of gas."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from kernel.errors import Invalid, NotFound, gettext_noop
from tenants.metering.models import Channel, ChannelFactor

LONGEST_NAME = 254

LARGEST = Decimal(1_000_000_000)
FINEST = Decimal(1).scaleb(-9)


class NoLitres(Invalid):
    """Only what is recorded in litres is converted."""

    code = "channel_has_no_litres"
    template = gettext_noop("Register {register} records {unit}: only litres are turned into kWh by factors.")


class BadFactor(Invalid):
    """A factor is a number above zero."""

    code = "bad_channel_factor"
    template = gettext_noop("A factor is above zero, below a thousand million, with up to nine decimals.")


@transaction.atomic
def change_channel_factor(
    *, channel_id: int, kind: str, value: Decimal, since: dt.date, at: dt.datetime, by: str
) -> ChannelFactor:
    """This will let a factor of a channel hold from ``since`` on; the former one ends there, recorded ``at``.

    Later ones stay: it holds until the next begins. One that begins on the same day is replaced. Bills made of other
    factors are found by their versions. Raises NotFound, NoLitres, BadFactor.
    """
    channel = Channel.objects.select_for_update(no_key=True).filter(pk=channel_id).first()
    if channel is None:
        raise NotFound(what=gettext_noop("channel"), name=str(channel_id))
    if channel.unit != Channel.Unit.LITRE:
        raise NoLitres(register=channel.register_code, unit=channel.unit, where="channel")
    fits = value.is_finite() and FINEST <= value < LARGEST and value % FINEST == 0
    if kind not in ChannelFactor.Kind.values or not fits:
        raise BadFactor(where="value")
    held = ChannelFactor.objects.filter(channel=channel, kind=kind)
    held.filter(period__startswith=since).delete()
    for former in held.filter(period__contains=since):
        former.period = DateRange(former.period.lower, since)
        former.save(update_fields=["period"])
    later = held.filter(period__startswith__gt=since).order_by("period").first()
    until = later.period.lower if later is not None else None
    return ChannelFactor.objects.create(
        channel=channel,
        kind=kind,
        numerator=value,
        period=DateRange(since, until),
        recorded_at=at,
        recorded_by=by[:LONGEST_NAME],
    )
