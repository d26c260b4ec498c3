"""Channels of a supply point before their first reading, and what litres of them stand for."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from identity.capabilities import Capability
from portal.api import parsing, values
from portal.api.nouns import meters
from portal.api.nouns.registers import DecimalText
from tenants.customers import queries as customer_queries
from tenants.customers import values as customer_values
from tenants.metering import operations, queries
from tenants.metering.formats.base import ACCEPTED_MINUTES

FACTOR_KINDS = ["volume_correction", "energy_content"]


@values.example({"register": "E1", "energy": "gas", "kind": "consumption", "unit": "L", "interval_minutes": 60})
class NewChannel(parsing.Input):
    """A channel that readings will come for; volumes are recorded in litres."""

    register = serializers.RegexField(meters.REGISTER_CODE)
    energy = serializers.ChoiceField(choices=meters.ENERGIES)
    kind = serializers.ChoiceField(choices=meters.KINDS, default="consumption")
    unit = serializers.ChoiceField(choices=meters.UNITS, default="L")
    interval_minutes = serializers.ChoiceField(choices=ACCEPTED_MINUTES, default=60)
    zone = serializers.CharField(max_length=64, required=False, help_text="Of its days; else the site's.")


class ChannelFactor(serializers.Serializer):
    """A factor in force: litres × volume correction × kWh per cubic metre are Wh."""

    kind = serializers.ChoiceField(choices=FACTOR_KINDS)
    value = DecimalText(source="numerator")
    period = values.PeriodField()
    recorded_at = serializers.DateTimeField()
    recorded_by = serializers.CharField(allow_blank=True)


class ChannelFactors(serializers.Serializer):
    """The factors of a channel, the latest first in each kind."""

    results = ChannelFactor(many=True)


@values.example({"kind": "energy_content", "value": "11.2005", "since": "2026-05-01"})
class NewChannelFactor(parsing.Input):
    """A factor that holds from a day on, until the next one begins."""

    kind = serializers.ChoiceField(choices=FACTOR_KINDS, help_text="energy_content is kWh per cubic metre.")
    value = DecimalText()
    since = values.DayField()


class Channels(meters.SupplyPointMeters):
    """Channels of a supply point and their factors."""

    scopes = {
        "channels": Capability.SEE_READINGS,
        "add": Capability.IMPORT_READINGS,
        "factors": Capability.SEE_READINGS,
        "change_factor": Capability.IMPORT_READINGS,
    }

    @extend_schema(summary=_("Add a channel"), request=NewChannel, responses={201: meters.Channels})
    def add(self, request: Request, identifier: str) -> Response:
        given = self.body(NewChannel)
        point = customer_queries.supply_point_by_identifier(identifier=identifier)
        zone = customer_values.time_zone(given.pop("zone", None) or point.premises.time_zone, where="zone")
        minutes = given.pop("interval_minutes")
        operations.add_channel(supply_point_id=point.pk, minutes=minutes, zone=zone, **given)
        self.record("channel.add", f"supply point {identifier}", register=given["register"], energy=given["energy"])
        return self.show(self._channels(point), created=f"/api/v1/supply-points/{identifier}/channels")

    @extend_schema(summary=_("Show what litres of a channel stand for"), responses=ChannelFactors)
    def factors(self, request: Request, identifier: str, register: str) -> Response:
        return self.show(_factors(_channel(identifier, register)))

    @extend_schema(
        summary=_("Let another factor hold for a channel"), request=NewChannelFactor, responses={200: ChannelFactors}
    )
    def change_factor(self, request: Request, identifier: str, register: str) -> Response:
        given = self.body(NewChannelFactor)
        channel = _channel(identifier, register)
        operations.change_channel_factor(channel_id=channel.pk, at=timezone.now(), by=self.caller.name, **given)
        self.record("channel.factor", f"supply point {identifier}", register=register, kind=given["kind"])
        return self.show(_factors(channel))


def _channel(identifier: str, register: str) -> Any:
    point = customer_queries.supply_point_by_identifier(identifier=identifier)
    return queries.channel_at(supply_point_id=point.pk, register=register)


def _factors(channel: Any) -> dict[str, Any]:
    return {"results": ChannelFactor(queries.channel_factors(channel_ids=[channel.pk]), many=True).data}
