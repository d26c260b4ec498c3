"""Channels of other energies, and what a litre of one stands for from a day on: volume correction and heat of gas."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from kernel.errors import Conflict, Invalid, NotFound, gettext_noop
from tenants.customers.refusals import named
from tenants.metering.formats.base import ACCEPTED_MINUTES
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


class ChannelStands(Conflict):
    """A supply point has each register once."""

    code = "channel_stands"
    template = gettext_noop("Register {register} already stands at this supply point.")


class BadChannel(Invalid):
    """What flows, and the unit it is recorded in, fit together."""

    code = "bad_channel"
    template = gettext_noop(
        "A channel of {energy} cannot be of {kind} in {unit} over {minutes} minutes: volumes (L) are gas, heat or "
        "water that is used, everything else is recorded in a unit of its kind."
    )


def require_fitting(*, energy: str, kind: str, unit: str, minutes: int, where: str | None = None) -> None:
    """This will refuse a channel whose energy, kind, unit and interval do not fit together; raises BadChannel."""
    volume = unit == Channel.Unit.LITRE
    fits = energy != Channel.Energy.ELECTRICITY and kind in _USED if volume else energy != Channel.Energy.WATER
    of_kind = {Channel.Unit.VAR_HOUR: Channel.Kind.REACTIVE, Channel.Unit.VOLT_AMPERE_HOUR: Channel.Kind.APPARENT}
    known = energy in Channel.Energy.values and kind in Channel.Kind.values and unit in Channel.Unit.values
    other = energy in _OTHER and not volume and unit != Channel.Unit.WATT_HOUR
    wrong_kind = unit in of_kind and kind not in (of_kind[Channel.Unit(unit)], Channel.Kind.CHECK)
    if not known or not fits or other or wrong_kind or minutes not in ACCEPTED_MINUTES:
        raise BadChannel(energy=energy[:16], kind=kind[:16], unit=unit[:8], minutes=minutes, where=where)


@transaction.atomic
def add_channel(
    *, supply_point_id: int, register: str, energy: str, kind: str, unit: str, minutes: int, zone: str
) -> Channel:
    """This will let a supply point have a channel before its first reading: files of volumes need one.

    ``zone`` is that of its days and is known. The same again returns what stands. Raises BadChannel, ChannelStands.
    """
    require_fitting(energy=energy, kind=kind, unit=unit, minutes=minutes, where="unit")
    wanted = {"kind": kind, "energy": energy, "unit": unit, "interval_minutes": minutes, "recording_zone": zone}
    standing = Channel.objects.filter(supply_point_id=supply_point_id, register_code=register).first()
    if standing is not None:
        if all(getattr(standing, name) == value for name, value in wanted.items()):
            return standing
        raise ChannelStands(register=register, where="register")
    with named({"metering_channel_register_unique": ChannelStands(register=register, where="register")}):
        return Channel.objects.create(supply_point_id=supply_point_id, register_code=register, **wanted)


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


_OTHER = frozenset({Channel.Energy.GAS, Channel.Energy.HEAT})
_USED = frozenset({Channel.Kind.CONSUMPTION, Channel.Kind.CHECK})
