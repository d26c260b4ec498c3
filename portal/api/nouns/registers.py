"""Registers of meters: what they count, and what happens to their meters."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from identity.capabilities import Capability
from kernel.errors import NotFound, gettext_noop
from portal.api import parsing, values, views
from portal.api.nouns import meters
from tenants.customers import queries as customer_queries
from tenants.metering import operations, queries
from tenants.metering.registers import units

DECIMAL = re.compile(r"[0-9]{1,14}(\.[0-9]{1,9})?", re.ASCII)
RATIO_KINDS = ["ct", "pt", "constant", "volume_correction", "energy_content"]
ENERGIES = ["electricity", "gas", "heat", "water"]
SETTLES = ["without_intervals", "always", "never"]
PAUSE_KINDS = ["removed", "suspended", "unmetered"]
UNITS = units.names()


@extend_schema_field({"type": "string", "pattern": r"^[0-9]{1,14}(\.[0-9]{1,9})?$", "example": "10512.5"})
class DecimalText(serializers.Field):
    """A number that is not negative, as text, so that no digit is lost."""

    def to_internal_value(self, data: Any) -> Decimal:
        if not isinstance(data, str) or not DECIMAL.fullmatch(data):
            raise serializers.ValidationError(_("Give a number as text, such as “10512.5”."), code="decimal")
        return Decimal(data)

    def to_representation(self, value: Any) -> str:
        return f"{value.normalize():f}" if value else "0"


class Factor(serializers.Serializer):
    """A ratio in force: one count stands for numerator / denominator."""

    kind = serializers.ChoiceField(choices=RATIO_KINDS)
    numerator = DecimalText()
    denominator = DecimalText()
    period = values.PeriodField()

    class Meta:
        ref_name = "RegisterFactor"


class Register(serializers.Serializer):
    """A register of a meter."""

    meter = serializers.CharField(source="meter.serial")
    code = serializers.CharField()
    kind = serializers.ChoiceField(choices=meters.KINDS)
    energy = serializers.ChoiceField(choices=ENERGIES)
    unit = serializers.CharField()
    digits = serializers.IntegerField(allow_null=True)
    decimals = serializers.IntegerField()
    label = serializers.CharField(allow_blank=True, help_text="Time of use; empty: all day.")  # type: ignore[assignment]
    settles = serializers.ChoiceField(choices=SETTLES)
    hangs = values.PeriodField(source="meter.period")
    factors = Factor(many=True)

    class Meta:
        ref_name = "MeterRegister"


class Registers(serializers.Serializer):
    """The registers, those of the latest meter first."""

    results = Register(many=True)


class Shown(parsing.Input):
    """What one register shows."""

    register = serializers.RegexField(meters.REGISTER_CODE)
    read = DecimalText()


class Ratio(parsing.Input):
    """Two numbers of a ratio: 10000 and 100."""

    kind = serializers.ChoiceField(choices=RATIO_KINDS)
    numerator = DecimalText()
    denominator = DecimalText()


class NewDial(parsing.Input):
    """A register of the new meter."""

    code = serializers.RegexField(meters.REGISTER_CODE)
    kind = serializers.ChoiceField(choices=meters.KINDS, default="consumption")
    energy = serializers.ChoiceField(choices=ENERGIES, default="electricity")
    unit = serializers.ChoiceField(choices=UNITS, default="kWh")
    digits = serializers.IntegerField(min_value=1, max_value=12, required=False, allow_null=True, default=None)
    decimals = serializers.IntegerField(min_value=0, max_value=6, default=0)
    label = serializers.RegexField(r"^[a-z0-9_]{0,32}$", required=False, default="")  # type: ignore[assignment]
    settles = serializers.ChoiceField(choices=SETTLES, default="without_intervals")
    ratios = Ratio(many=True, required=False, default=list)
    shows = DecimalText(required=False, help_text="Its first read.")


class NewDevice(parsing.Input):
    """A meter with registers that are read."""

    serial = serializers.CharField(max_length=40)
    make = serializers.CharField(max_length=80, required=False, default="", allow_blank=True)
    position = serializers.CharField(max_length=40, required=False, default="", allow_blank=True)
    registers = NewDial(many=True, allow_empty=False)


@values.example(
    {
        "on": "2026-05-01",
        "meter": {"serial": "M100", "registers": [{"code": "1", "digits": 5, "shows": "0"}]},
    }
)
class Installing(parsing.Input):
    """A meter is hung at the supply point."""

    on = values.DayField(help_text="The first day.")
    meter = NewDevice()


@values.example(
    {
        "on": "2026-05-16",
        "removed": "M100",
        "removal_reads": [{"register": "1", "read": "515"}],
        "meter": {"serial": "M101", "registers": [{"code": "1", "digits": 5, "shows": "7"}]},
    }
)
class Exchanging(parsing.Input):
    """One meter takes the place of another."""

    on = values.DayField(help_text="The first day of the new meter.")
    removed = serializers.CharField(max_length=40, help_text="The serial of the old meter.")
    removal_reads = Shown(many=True)
    meter = NewDevice()


@values.example(
    {"on": "2026-05-16", "removal_reads": [{"register": "1", "read": "515"}], "reason": "The house is rebuilt."}
)
class Removing(parsing.Input):
    """A meter is taken down."""

    on = values.DayField()
    removal_reads = Shown(many=True)
    reason = serializers.CharField(max_length=200)
    wh_per_day = serializers.IntegerField(
        min_value=0, max_value=10**12, default=0, help_text="What is agreed to be used a day while nothing is measured."
    )


@values.example(
    {
        "on": "2026-05-11",
        "ratios": [{"kind": "ct", "numerator": "150", "denominator": "5"}],
        "reads": [{"register": "1", "read": "10"}],
    }
)
class ChangingRatios(parsing.Input):
    """Other ratios hold from a day on."""

    on = values.DayField()
    registers = serializers.ListField(
        child=serializers.RegexField(meters.REGISTER_CODE), required=False, default=list, help_text="Without any: all."
    )
    ratios = Ratio(many=True, allow_empty=False)
    reads = Shown(many=True, required=False, default=list)


class MeterReads(parsing.Input):
    """What the registers of a meter show."""

    meter = serializers.CharField(max_length=40)
    reads = Shown(many=True)


@values.example(
    {
        "on": "2026-05-11",
        "reason": "Arrears.",
        "reads": [{"meter": "M100", "reads": [{"register": "1", "read": "10"}]}],
    }
)
class Suspending(parsing.Input):
    """The supply goes off."""

    on = values.DayField()
    reason = serializers.CharField(max_length=200)
    reads = MeterReads(many=True, required=False, default=list)


@values.example({"on": "2026-05-13", "reads": []})
class Resuming(parsing.Input):
    """The supply comes back."""

    on = values.DayField()
    reads = MeterReads(many=True, required=False, default=list)


class Pause(serializers.Serializer):
    """Why nothing is measured, or nothing should be used."""

    kind = serializers.ChoiceField(choices=PAUSE_KINDS)
    position = serializers.CharField(allow_blank=True)
    period = values.PeriodField()
    wh_per_day = serializers.IntegerField()
    reason = serializers.CharField(allow_blank=True)


class RegisterNoun(views.Noun):
    """Registers of a supply point and what happens to their meters."""

    scopes = {
        "registers": Capability.SEE_READINGS,
        "install": Capability.IMPORT_READINGS,
        "exchange": Capability.IMPORT_READINGS,
        "remove": Capability.IMPORT_READINGS,
        "ratios": Capability.IMPORT_READINGS,
        "suspend": Capability.IMPORT_READINGS,
        "resume": Capability.IMPORT_READINGS,
    }

    @extend_schema(summary=_("Show the registers of a supply point"), responses=Registers)
    def registers(self, request: Request, identifier: str) -> Response:
        return self.show(_registers(_point(identifier)))

    @extend_schema(
        summary=_("Install a meter with registers"), request=Installing, responses={200: Registers, 201: Registers}
    )
    def install(self, request: Request, identifier: str) -> Response:
        given, point = self.body(Installing), _point(identifier)
        made = operations.reinstall_meter(meter=_new(point, given["meter"], given["on"]), **self._signed())
        self.record("meter.install", f"meter {made.serial}", supply_point=identifier, on=str(given["on"]))
        return self.show(_registers(point), created=f"/api/v1/supply-points/{identifier}/registers")

    @extend_schema(summary=_("Exchange a meter"), request=Exchanging, responses={200: Registers})
    def exchange(self, request: Request, identifier: str) -> Response:
        given, point = self.body(Exchanging), _point(identifier)
        old = _meter(point, given["removed"], given["on"])
        operations.exchange_meter(
            old=old.pk,
            on=given["on"],
            removal=_shown(given["removal_reads"]),
            new=_new(point, given["meter"], given["on"]),
            **self._signed(),
        )
        self.record("meter.exchange", f"meter {old.serial}", new=given["meter"]["serial"], on=str(given["on"]))
        return self.show(_registers(point))

    @extend_schema(summary=_("Remove a meter"), request=Removing, responses={200: Pause})
    def remove(self, request: Request, identifier: str, serial: str) -> Response:
        given, point = self.body(Removing), _point(identifier)
        meter = _meter(point, serial, given["on"])
        pause = operations.remove_meter(
            meter_id=meter.pk,
            on=given["on"],
            removal=_shown(given["removal_reads"]),
            reason=given["reason"],
            wh_per_day=given["wh_per_day"],
            **self._signed(),
        )
        self.record("meter.remove", f"meter {serial}", on=str(given["on"]))
        return self.show(Pause(pause).data)

    @extend_schema(summary=_("Change ratios of a meter"), request=ChangingRatios, responses={200: Registers})
    def ratios(self, request: Request, identifier: str, serial: str) -> Response:
        given, point = self.body(ChangingRatios), _point(identifier)
        meter = _meter(point, serial, given["on"])
        operations.change_multiplier(
            meter_id=meter.pk,
            on=given["on"],
            ratios=_ratios(given["ratios"]),
            shows=_shown(given["reads"]),
            codes=given["registers"],
            **self._signed(),
        )
        self.record("meter.ratios", f"meter {serial}", on=str(given["on"]))
        return self.show(_registers(point))

    @extend_schema(summary=_("Note that supply is suspended"), request=Suspending, responses={200: Pause})
    def suspend(self, request: Request, identifier: str) -> Response:
        given, point = self.body(Suspending), _point(identifier)
        shows = {each["meter"]: _shown(each["reads"]) for each in given["reads"]}
        pause = operations.suspend(
            supply_point_id=point.pk, on=given["on"], shows=shows, reason=given["reason"], **self._signed()
        )
        self.record("supply.suspend", f"supply point {identifier}", on=str(given["on"]))
        return self.show(Pause(pause).data)

    @extend_schema(summary=_("Note that supply is resumed"), request=Resuming, responses={200: Pause})
    def resume(self, request: Request, identifier: str) -> Response:
        given, point = self.body(Resuming), _point(identifier)
        shows = {each["meter"]: _shown(each["reads"]) for each in given["reads"]}
        pause = operations.resume(supply_point_id=point.pk, on=given["on"], shows=shows, **self._signed())
        self.record("supply.resume", f"supply point {identifier}", on=str(given["on"]))
        return self.show(Pause(pause).data)

    def _signed(self) -> dict[str, Any]:
        return {"at": timezone.now(), "by": self.caller.name}


def _point(identifier: str) -> Any:
    return customer_queries.supply_point_by_identifier(identifier=identifier)


def _registers(point: Any) -> dict[str, Any]:
    rows = list(queries.registers_of(supply_point_ids=[point.pk]))
    return {"results": Register([_shape(row) for row in rows], many=True).data}


def _shape(row: Any) -> dict[str, Any]:
    names = ("code", "kind", "energy", "unit", "digits", "decimals", "label", "settles")
    shown = {name: getattr(row, name) for name in names}
    return {**shown, "meter": row.meter, "factors": list(row.factors.all())}


def _meter(point: Any, serial: str, on: Any) -> Any:
    """The meter of that serial that hangs there on that day, or was taken down on it."""
    found = [each for each in queries.meters_of(supply_point_ids=[point.pk]) if each.serial == serial]
    hanging = [
        each for each in found if each.period.lower <= on and (each.period.upper is None or on <= each.period.upper)
    ]
    if not hanging:
        raise NotFound(what=gettext_noop("meter"), name=serial)
    return hanging[-1]


def _new(point: Any, given: dict[str, Any], since: Any) -> operations.NewMeter:
    dials = [
        operations.Dial(**{**each, "ratios": _ratios(each["ratios"]), "shows": each.get("shows")})
        for each in given["registers"]
    ]
    return operations.NewMeter(
        point.pk,
        given["serial"],
        since,
        point.premises.time_zone,
        dials=dials,
        make=given["make"],
        position=given["position"],
    )


def _ratios(given: list[dict[str, Any]]) -> dict[str, tuple[Decimal, Decimal]]:
    return {each["kind"]: (each["numerator"], each["denominator"]) for each in given}


def _shown(given: list[dict[str, Any]]) -> dict[str, Decimal]:
    return {each["register"]: each["read"] for each in given}
