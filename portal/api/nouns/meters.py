"""Meters of a supply point and the channels (registers) they record."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from identity.capabilities import Capability
from kernel.errors import Conflict, gettext_noop
from portal.api import parsing, values, views
from tenants.customers import queries as customer_queries
from tenants.customers import values as customer_values
from tenants.metering import operations, queries
from tenants.metering.formats.base import ACCEPTED_MINUTES, Kind, Unit

KINDS, UNITS = [str(kind) for kind in Kind], [str(unit) for unit in Unit]
ENERGIES = ["electricity", "gas", "heat", "water"]
REGISTER_CODE = r"^[A-Za-z0-9_.:-]{1,16}$"


class RegisterStands(Conflict):
    """A supply point has each register once."""

    code = "register_stands"
    template = gettext_noop("The register {register} already stands at {identifier}.")


class Meter(serializers.Serializer):
    """A device and the period in which it hangs there."""

    serial = serializers.CharField()
    period = values.PeriodField()


class Meters(serializers.Serializer):
    """The meters, the latest first."""

    results = Meter(many=True)


class Channel(serializers.Serializer):
    """One register: what it measures, in which unit, on days of which zone."""

    register = serializers.CharField(source="register_code")
    energy = serializers.ChoiceField(choices=ENERGIES, help_text="What flows.")
    kind = serializers.ChoiceField(choices=KINDS)
    unit = serializers.ChoiceField(choices=UNITS, help_text="One whole number of a reading is one of these.")
    interval_minutes = serializers.IntegerField(help_text="Of its latest day.")
    recording_zone = serializers.CharField()
    meter = serializers.CharField(source="meter.serial", allow_null=True, default=None)


class Channels(serializers.Serializer):
    """The channels, by register."""

    results = Channel(many=True)


class NewRegister(parsing.Input):
    """A register of the new meter."""

    code = serializers.RegexField(REGISTER_CODE, help_text="Such as E1.")
    energy = serializers.ChoiceField(choices=ENERGIES, default="electricity")
    kind = serializers.ChoiceField(choices=KINDS)
    unit = serializers.ChoiceField(choices=UNITS, default="Wh")
    interval_minutes = serializers.ChoiceField(choices=ACCEPTED_MINUTES, default=15)


@values.example(
    {
        "serial": "M100",
        "since": "2026-05-01",
        "registers": [{"code": "E1", "kind": "consumption", "unit": "Wh", "interval_minutes": 30}],
    }
)
class NewMeter(parsing.Input):
    """A meter to be hung at the supply point."""

    serial = serializers.CharField(max_length=40)
    since = values.DayField(help_text="The first day.")
    zone = serializers.CharField(max_length=64, required=False, help_text="Of its days; else the site's.")
    registers = NewRegister(many=True, allow_empty=False)


class SupplyPointMeters(views.Noun):
    """Meters and channels of a supply point."""

    scopes = {
        "meters": Capability.SEE_READINGS,
        "install": Capability.IMPORT_READINGS,
        "channels": Capability.SEE_READINGS,
    }

    @extend_schema(summary=_("Show the meters of a supply point"), responses=Meters)
    def meters(self, request: Request, identifier: str) -> Response:
        point = customer_queries.supply_point_by_identifier(identifier=identifier)
        rows = queries.meters_of(supply_point_ids=[point.pk])
        return self.show({"results": Meter(rows, many=True).data})

    @extend_schema(summary=_("Install a meter"), request=NewMeter, responses={201: Channels})
    def install(self, request: Request, identifier: str) -> Response:
        given = self.body(NewMeter)
        point = customer_queries.supply_point_by_identifier(identifier=identifier)
        self._refuse_standing(point, given["registers"])
        zone = customer_values.time_zone(given.get("zone") or point.premises.time_zone, where="zone")
        registers = [
            operations.Register(each["code"], each["kind"], each["unit"], each["interval_minutes"], each["energy"])
            for each in given["registers"]
        ]
        for place, each in enumerate(registers):
            operations.require_fitting(
                energy=each.energy,
                kind=each.kind,
                unit=each.unit,
                minutes=each.minutes,
                where=f"registers.{place}.unit",
            )
        meter = operations.NewMeter(
            supply_point_id=point.pk, serial=given["serial"], since=given["since"], zone=zone, registers=registers
        )
        operations.install_meters(meters=[meter])
        return self.show(self._channels(point), created=f"/api/v1/supply-points/{identifier}/channels")

    @extend_schema(summary=_("Show the channels of a supply point"), responses=Channels)
    def channels(self, request: Request, identifier: str) -> Response:
        return self.show(self._channels(customer_queries.supply_point_by_identifier(identifier=identifier)))

    def _channels(self, point: Any) -> dict[str, Any]:
        return {"results": Channel(queries.channels_of(supply_point_ids=[point.pk]), many=True).data}

    def _refuse_standing(self, point: Any, registers: list[dict[str, Any]]) -> None:
        seen = {channel.register_code for channel in queries.channels_of(supply_point_ids=[point.pk])}
        for place, register in enumerate(registers):
            if register["code"] in seen:
                raise RegisterStands(
                    where=f"registers.{place}.code", register=register["code"], identifier=point.identifier
                )
            seen.add(register["code"])
